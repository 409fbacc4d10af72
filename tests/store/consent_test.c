/* What was said of items and persons decides what may go; what is doubtful allows nothing; a hold stands. */
#include "rooms.h"

#include "base/clock.h"

static const char TODAY[] = "2026-11-27";
static const struct thing things[] = {{"one", 't', 30, 1}, {"two", 't', 40, 2}, {"three", 'r', 50, 3}};

static int first_leaf(void *context, const struct index_item *item, struct err *e)
{
    uint64_t *leaf = context;
    (void)e;
    if (*leaf == 0)
        *leaf = item->leaf;
    return 0;
}

/* Three items side by side; the leaf of the first. */
static uint64_t three(struct fixture *f, struct store *s)
{
    uint64_t leaf = 0;
    assert_int_equal(fixture_intake(s, "g", things, COUNT(things), &f->e), 0);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, first_leaf, &leaf, &f->e), 0);
    return leaf;
}

/* ---- saying ---- */

static int says_link(struct fixture *f, struct store *s, enum consent_link link, const char *code, uint64_t first,
                     uint64_t last)
{
    const char *codes[] = {code};
    struct statement_range items = {first, last};
    struct statement st = {.kind = STATEMENT_CONCERNS,
                           .concerns = {link, {codes, code != NULL}, &items, 1, "a test says so"}};
    return fixture_say(s, &st, &f->e);
}

static int says_measure(struct fixture *f, struct store *s, struct statement_protected measure, uint64_t leaf)
{
    struct statement_range items = {leaf, leaf};
    struct statement st = {.kind = STATEMENT_PROTECTED, .protected = measure};
    st.protected.items = &items;
    st.protected.item_count = 1;
    st.protected.why = "a test says so";
    return fixture_say(s, &st, &f->e);
}

static int says_consent(struct fixture *f, struct store *s, const char *code, enum consent_answer answer,
                        const char *until)
{
    const char *codes[] = {code};
    struct statement st = {.kind = STATEMENT_CONSENT,
                           .consent = {.persons = {codes, 1}, .by = CONSENT_SELF, .date = "2026-11-20",
                                       .language = "ko", .until = until}};
    st.consent.answer[CONSENT_STORE] = st.consent.answer[CONSENT_SHARE_UN] = answer;
    return fixture_say(s, &st, &f->e);
}

static int says_withdrawn(struct fixture *f, struct store *s, const char *code)
{
    const char *codes[] = {code};
    struct statement st = {.kind = STATEMENT_WITHDRAWN,
                           .withdrawn = {.persons = {codes, 1}, .all = true, .by = CONSENT_SELF, .date = "2026-11-20"}};
    return fixture_say(s, &st, &f->e);
}

static int says_hold(struct fixture *f, struct store *s, uint64_t first, uint64_t last)
{
    struct statement_range items = {first, last};
    struct statement st = {.kind = STATEMENT_HOLD, .hold = {CONSENT_COURT_ORDER, &items, 1, "an order"}};
    return fixture_say(s, &st, &f->e);
}

static int says_released(struct fixture *f, struct store *s, uint64_t hold)
{
    struct statement st = {.kind = STATEMENT_RELEASED, .released = {hold, "the order was lifted"}};
    return fixture_say(s, &st, &f->e);
}

/* ---- asking ---- */

static void goes(struct fixture *f, struct store *s, uint64_t leaf, enum consent_why why, const char *who)
{
    OWN(store_deciding_drop) struct store_deciding *d = NULL;
    const struct index_item item = {.leaf = leaf};
    struct consent_decision got;
    assert_int_equal(store_deciding_new(s, consent_use_find("accountability", "un"), TODAY, &d, &f->e), 0);
    assert_int_equal(store_may_go(d, &item, &got, &f->e), 0);
    assert_string_equal(consent_why_name(got.why), consent_why_name(why));
    assert_true((who == NULL) == (got.person == NULL));
    if (who != NULL)
        assert_string_equal(got.person, who);
}

static bool held(struct fixture *f, struct store *s, uint64_t leaf)
{
    bool stands = false;
    uint64_t hold = 0;
    assert_int_equal(store_hold_stands(s, leaf, leaf, &stands, &hold, &f->e), 0);
    return stands;
}

static uint64_t last_of(struct store *s, enum statement_kind kind)
{
    struct index_statement_row row = {0};
    assert_int_equal(index_statement_last(store_index(s), kind, &row, NULL), 0);
    return row.leaf;
}

static int run_add(void *context, const struct statement_range *run, struct err *e)
{
    char one[64];
    (void)e;
    snprintf(one, sizeof one, "%llu-%llu ", (unsigned long long)run->first, (unsigned long long)run->last);
    strcat(context, one);
    return 0;
}

static void hers(struct fixture *f, struct store *s, const char *code, const char *runs)
{
    char got[256] = "";
    assert_int_equal(store_items_of(s, code, run_add, got, &f->e), 0);
    assert_string_equal(got, runs);
}

/* ---- */

static void from_silence_to_withdrawal(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t a = three(f, s);
    char runs[64];
    goes(f, s, a, CONSENT_WHY_NOT_SAID, NULL);
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0001", a, a + 2), 0);
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0002", a + 1, a + 1), 0);
    goes(f, s, a, CONSENT_WHY_NOT_ASKED, "P-0001");
    assert_int_equal(says_consent(f, s, "P-0001", CONSENT_YES, "2026-11-27"), 0);
    goes(f, s, a, CONSENT_MAY, NULL);
    goes(f, s, a + 1, CONSENT_WHY_NOT_ASKED, "P-0002");
    assert_int_equal(says_consent(f, s, "P-0002", CONSENT_ASK_AGAIN, NULL), 0);
    goes(f, s, a + 1, CONSENT_WHY_ASK_AGAIN, "P-0002");
    assert_int_equal(says_link(f, s, CONSENT_UNLINKED, "P-0002", a + 1, a + 1), 0);
    goes(f, s, a + 1, CONSENT_MAY, NULL);
    hers(f, s, "P-0002", "");
    snprintf(runs, sizeof runs, "%llu-%llu ", (unsigned long long)a, (unsigned long long)a + 2);
    hers(f, s, "P-0001", runs);
    assert_int_equal(says_withdrawn(f, s, "P-0001"), 0);
    goes(f, s, a, CONSENT_WHY_WITHDRAWN, "P-0001");
    assert_int_equal(says_consent(f, s, "P-0001", CONSENT_YES, "2026-11-26"), 0);
    goes(f, s, a, CONSENT_WHY_EXPIRED, "P-0001");
    assert_int_equal(says_consent(f, s, "P-0001", CONSENT_YES, NULL), 0);
    goes(f, s, a, CONSENT_MAY, NULL);
    assert_int_equal(says_link(f, s, CONSENT_NOBODY, NULL, a + 2, a + 2), 0);
    assert_int_equal(says_withdrawn(f, s, "P-0001"), 0);
    goes(f, s, a + 2, CONSENT_WHY_WITHDRAWN, "P-0001"); /* who is linked counts */
    assert_int_equal(says_link(f, s, CONSENT_UNLINKED, "P-0001", a + 2, a + 2), 0);
    goes(f, s, a + 2, CONSENT_MAY, NULL);
    store_close(s);
    fixture_whole(f); /* the tables are the same when they are made again */
}

static void kept_back(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t a = three(f, s);
    assert_int_equal(says_link(f, s, CONSENT_NOBODY, NULL, a, a + 2), 0);
    goes(f, s, a, CONSENT_MAY, NULL);
    assert_int_equal(says_measure(f, s, (struct statement_protected){.level = CONSENT_CLOSED}, a), 0);
    goes(f, s, a, CONSENT_WHY_CLOSED, NULL);
    assert_int_equal(
        says_measure(f, s, (struct statement_protected){.restriction = CONSENT_PROVIDER_CONFIDENTIAL}, a), 0);
    goes(f, s, a, CONSENT_WHY_CLOSED, NULL); /* what is not said stays as it is */
    assert_int_equal(says_measure(f, s, (struct statement_protected){.level = CONSENT_ORDINARY}, a), 0);
    goes(f, s, a, CONSENT_WHY_CONFIDENCE, NULL);
    assert_int_equal(
        says_measure(f, s, (struct statement_protected){.restriction = CONSENT_PROVIDER_CONFIDENTIAL,
                                                        .provider = "S-0003"}, a), 0);
    goes(f, s, a, CONSENT_WHY_NOT_ASKED, "S-0003");
    assert_int_equal(says_consent(f, s, "S-0003", CONSENT_YES, NULL), 0);
    goes(f, s, a, CONSENT_MAY, NULL);
    assert_int_equal(says_withdrawn(f, s, "S-0003"), 0);
    goes(f, s, a, CONSENT_WHY_WITHDRAWN, "S-0003");
    assert_int_equal(says_measure(f, s, (struct statement_protected){.restriction = CONSENT_UNRESTRICTED}, a), 0);
    goes(f, s, a, CONSENT_MAY, NULL);
    goes(f, s, a + 1, CONSENT_MAY, NULL);
    store_close(s);
    fixture_whole(f);
}

/* A further name goes where the item goes, and where nothing forbids it of itself. */
static void further_names(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    OWN(store_deciding_drop) struct store_deciding *d = NULL;
    uint64_t a = three(f, s);
    const struct index_item name = {.leaf = a + 1, .further_name = true, .of = a};
    struct consent_decision got;
    const struct consent_facts *facts;
    assert_int_equal(says_link(f, s, CONSENT_NOBODY, NULL, a, a), 0);
    assert_int_equal(store_deciding_new(s, consent_use_find("accountability", "un"), TODAY, &d, &f->e), 0);
    assert_int_equal(store_may_go(d, &name, &got, &f->e), 0);
    assert_int_equal(got.why, CONSENT_MAY);
    store_deciding_drop(&d);
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0001", a + 1, a + 1), 0);
    assert_int_equal(store_deciding_new(s, consent_use_find("accountability", "un"), TODAY, &d, &f->e), 0);
    assert_int_equal(store_may_go(d, &name, &got, &f->e), 0);
    assert_int_equal(got.why, CONSENT_WHY_NOT_ASKED);
    store_deciding_drop(&d);
    assert_int_equal(says_consent(f, s, "P-0001", CONSENT_YES, NULL), 0);
    assert_int_equal(says_measure(f, s, (struct statement_protected){.level = CONSENT_CLOSED}, a), 0);
    assert_int_equal(store_deciding_new(s, consent_use_find("accountability", "un"), TODAY, &d, &f->e), 0);
    assert_int_equal(store_may_go(d, &name, &got, &f->e), 0);
    assert_int_equal(got.why, CONSENT_WHY_CLOSED);
    assert_int_equal(store_persons_at(d, a + 1, &facts, &f->e), 0);
    assert_true(facts->person_count == 1 && !facts->nobody);
    assert_string_equal(facts->persons[0]->code, "P-0001");
    store_close(s);
}

static void holds(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t a = three(f, s);
    struct statement twice[2];
    assert_false(held(f, s, a));
    assert_int_equal(says_hold(f, s, a, a + 1), 0);
    assert_true(held(f, s, a) && held(f, s, a + 1) && !held(f, s, a + 2));
    uint64_t first = last_of(s, STATEMENT_HOLD);
    assert_int_equal(says_hold(f, s, a, a), 0);
    fixture_says(f, says_released(f, s, a), ERR_REFUSED, "rule released-hold", "is no hold", NULL);
    assert_int_equal(says_released(f, s, first), 0);
    assert_true(held(f, s, a) && !held(f, s, a + 1));
    fixture_says(f, says_released(f, s, first), ERR_REFUSED, "rule released-hold", "released already", NULL);
    /* nor twice in one commit */
    uint64_t second = last_of(s, STATEMENT_HOLD);
    for (size_t i = 0; i < 2; i++)
        twice[i] = (struct statement){.kind = STATEMENT_RELEASED, .at_unix_s = 5, .released = {second, "W"}};
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &twice[0], NULL, NULL, &f->e), 0);
    fixture_says(f, store_add(s, &twice[1], NULL, NULL, &f->e), ERR_REFUSED, "released already", NULL);
    assert_int_equal(store_commit(s, &f->e), 0);
    assert_false(held(f, s, a));
    store_close(s);
    fixture_whole(f);
}

static void only_items(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t a = three(f, s);
    const char *codes[] = {"P-0001"};
    struct statement form = {.kind = STATEMENT_CONSENT,
                             .consent = {.persons = {codes, 1}, .by = CONSENT_SELF, .date = "2026-11-20",
                                         .language = "ko", .has_form = true, .form = a + 3}};
    form.consent.answer[CONSENT_STORE] = CONSENT_YES;
    fixture_says(f, says_link(f, s, CONSENT_LINKED, "P-0001", a, a + 3), ERR_REFUSED, "rule terms-items",
                 "are not all items", NULL);
    fixture_says(f, says_hold(f, s, a - 1, a), ERR_REFUSED, "rule terms-items", NULL);
    fixture_says(f, says_measure(f, s, (struct statement_protected){.level = CONSENT_HIGH}, a + 3), ERR_REFUSED,
                 "rule terms-items", NULL);
    fixture_says(f, fixture_say(s, &form, &f->e), ERR_REFUSED, "rule consent-form", NULL);
    form.consent.form = a + 2;
    assert_int_equal(fixture_say(s, &form, &f->e), 0);
    store_close(s);
    fixture_whole(f);
}

/* Of nothing at all, too: where there is no item, as many as there can be leaves are not there either. */
static void no_items(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "nothing was taken in", &f->e), 0);
    fixture_says(f, says_hold(f, s, 0, UINT64_MAX), ERR_REFUSED, "rule terms-items", NULL);
    fixture_says(f, says_link(f, s, CONSENT_NOBODY, NULL, 0, UINT64_MAX), ERR_REFUSED, "rule terms-items", NULL);
    store_close(s);
}

/* ---- what a key said that may have been in other hands ---- */

static void what_is_doubtful_allows_nothing(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    char runs[64];
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t a = three(f, s);
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0001", a, a), 0);
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0002", a + 1, a + 1), 0);
    assert_int_equal(says_consent(f, s, "P-0002", CONSENT_YES, NULL), 0);
    assert_int_equal(says_measure(f, s, (struct statement_protected){.level = CONSENT_CLOSED}, a + 1), 0);
    assert_int_equal(says_hold(f, s, a, a), 0);
    uint64_t hold = last_of(s, STATEMENT_HOLD);
    store_close(s);
    rooms_joins(f, &second, STATEMENT_ADMINISTRATOR);
    rooms_as(f, &second, NULL);
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(says_consent(f, s, "P-0001", CONSENT_YES, NULL), 0);
    uint64_t from = last_of(s, STATEMENT_CONSENT);
    assert_int_equal(says_measure(f, s, (struct statement_protected){.level = CONSENT_ORDINARY}, a + 1), 0);
    assert_int_equal(says_link(f, s, CONSENT_NOBODY, NULL, a + 2, a + 2), 0);
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0002", a + 2, a + 2), 0); /* who allows it */
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0002", a + 1, a + 1), 0); /* who is linked already */
    assert_int_equal(says_link(f, s, CONSENT_UNLINKED, "P-0001", a, a), 0);
    hers(f, s, "P-0001", "");
    assert_int_equal(says_link(f, s, CONSENT_NOBODY, NULL, a, a), 0);
    assert_int_equal(says_released(f, s, hold), 0);
    goes(f, s, a, CONSENT_MAY, NULL);
    goes(f, s, a + 1, CONSENT_MAY, NULL);
    goes(f, s, a + 2, CONSENT_MAY, NULL);
    assert_false(held(f, s, a));
    store_close(s);
    f->place.identity = &f->id;
    s = fixture_open(f, STORE_WRITE);
    struct statement act = {.kind = STATEMENT_REVOKED,
                            .revoked = {.name = second.member.name, .reason = STATEMENT_ARRESTED, .doubted = true,
                                        .doubtful_from = from}};
    struct store_acted acted;
    assert_int_equal(store_act(s, &act, NULL, &acted, &f->e), 0);
    goes(f, s, a, CONSENT_WHY_DOUBTFUL, "P-0001");
    snprintf(runs, sizeof runs, "%llu-%llu ", (unsigned long long)a, (unsigned long long)a);
    hers(f, s, "P-0001", runs); /* she is told what went out of it */
    goes(f, s, a + 1, CONSENT_WHY_CLOSED, NULL);
    goes(f, s, a + 2, CONSENT_WHY_NOT_SAID, NULL);
    assert_true(held(f, s, a));
    assert_int_equal(says_measure(f, s, (struct statement_protected){.level = CONSENT_ORDINARY}, a + 1), 0);
    goes(f, s, a + 1, CONSENT_MAY, NULL);
    assert_int_equal(says_link(f, s, CONSENT_NOBODY, NULL, a + 2, a + 2), 0);
    goes(f, s, a + 2, CONSENT_MAY, NULL);
    assert_int_equal(says_withdrawn(f, s, "P-0002"), 0); /* what forbids counts */
    goes(f, s, a + 2, CONSENT_WHY_WITHDRAWN, "P-0002");
    assert_int_equal(says_consent(f, s, "P-0001", CONSENT_YES, NULL), 0); /* asked again */
    goes(f, s, a, CONSENT_MAY, NULL);
    store_close(s);
}

static int says_form(struct fixture *f, struct store *s, enum consent_by by, enum consent_answer answer)
{
    const char *codes[] = {"P-0001"};
    struct statement st = {.kind = STATEMENT_CONSENT,
                           .consent = {.persons = {codes, 1}, .by = by, .date = "2026-11-20", .language = "ko"}};
    st.consent.answer[CONSENT_STORE] = st.consent.answer[CONSENT_SHARE_UN] = answer;
    return fixture_say(s, &st, &f->e);
}

/* A yes in her name by a key that was in other hands opens no way for a guardian's. */
static void her_no_outlasts_a_doubtful_yes(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t a = three(f, s);
    assert_int_equal(says_link(f, s, CONSENT_LINKED, "P-0001", a, a), 0);
    assert_int_equal(says_form(f, s, CONSENT_SELF, CONSENT_NO), 0);
    store_close(s);
    rooms_joins(f, &second, STATEMENT_ADMINISTRATOR);
    rooms_as(f, &second, NULL);
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(says_form(f, s, CONSENT_SELF, CONSENT_YES), 0);
    uint64_t from = last_of(s, STATEMENT_CONSENT);
    store_close(s);
    f->place.identity = &f->id;
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(says_form(f, s, CONSENT_GUARDIAN, CONSENT_YES), 0);
    goes(f, s, a, CONSENT_MAY, NULL); /* until it is known whose yes it was */
    struct statement act = {.kind = STATEMENT_REVOKED,
                            .revoked = {.name = second.member.name, .reason = STATEMENT_ARRESTED, .doubted = true,
                                        .doubtful_from = from}};
    struct store_acted acted;
    assert_int_equal(store_act(s, &act, NULL, &acted, &f->e), 0);
    goes(f, s, a, CONSENT_WHY_NO, "P-0001");
    fixture_says(f, says_form(f, s, CONSENT_GUARDIAN, CONSENT_YES), ERR_REFUSED, "rule consent-hers", NULL);
    assert_int_equal(says_form(f, s, CONSENT_SELF, CONSENT_YES), 0);
    goes(f, s, a, CONSENT_MAY, NULL);
    store_close(s);
    fixture_whole(f);
    assert_int_equal(f->verified.overruled, 1); /* the guardian's first, as it turned out */
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(from_silence_to_withdrawal), FIXTURE_TEST(kept_back),
                                       FIXTURE_TEST(further_names), FIXTURE_TEST(holds), FIXTURE_TEST(only_items),
                                       FIXTURE_TEST(no_items), FIXTURE_TEST(her_no_outlasts_a_doubtful_yes),
                                       FIXTURE_TEST(what_is_doubtful_allows_nothing)};
    return FIXTURE_RUN(tests);
}
