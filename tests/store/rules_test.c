#include "fixture.h"

static struct bytes paths[1] = {{(const uint8_t *)"papers", 6}};

static struct statement deposit(void)
{
    return (struct statement){
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
}

static struct statement folder(uint64_t of, uint64_t seq)
{
    return (struct statement){.kind = STATEMENT_RECEIVED,
                              .received = {.deposit = of,
                                           .seq = seq,
                                           .type = STATEMENT_FOLDER,
                                           .path = {(const uint8_t *)"papers", 6},
                                           .mode = 0700}};
}

static struct statement part(uint64_t of, uint64_t number)
{
    return (struct statement){.kind = STATEMENT_PART, .at_unix_s = 1, .part = {.deposit = of, .part = number}};
}

static struct statement receipt(uint64_t of, uint64_t number)
{
    return (struct statement){.kind = STATEMENT_RECEIPT,
                              .at_unix_s = 1,
                              .receipt = {.deposit = of, .number = number, .parts = 1, .totals = {.folders_taken = 1}}};
}

static struct statement aside(uint64_t number)
{
    return (struct statement){.kind = STATEMENT_SET_ASIDE, .at_unix_s = 1, .set_aside = {number, "a mistake"}};
}

static void added(struct fixture *f, struct store *s, struct statement st, uint64_t *ret_leaf)
{
    if (store_add(s, &st, ret_leaf, NULL, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

/* Refused by the rule's name, and the draft is as it was. */
static void refused(struct fixture *f, struct store *s, struct statement st, const char *rule)
{
    uint64_t leaves = store_draft_leaves(s);
    size_t bytes = s->draft.arena.n;
    fixture_says(f, store_add(s, &st, NULL, NULL, &f->e), ERR_REFUSED, rule, NULL);
    assert_int_equal(store_draft_leaves(s), leaves);
    assert_int_equal(s->draft.arena.n, bytes);
}

/* The same rules within one draft and over commits. */
static void test_of_deposits_and_receipts(void **state)
{
    struct fixture *f = *state;
    for (int commits = 0; commits < 2; commits++) {
        fixture_back(f, "founded");
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        uint64_t opened = 0;
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        refused(f, s, folder(1, 0), "rule deposit-open");
        refused(f, s, part(7, 0), "rule deposit-open");
        refused(f, s, receipt(7, 1), "rule deposit-open");
        refused(f, s, aside(1), "rule set-aside: there is no receipt 1");
        added(f, s, deposit(), &opened);
        refused(f, s, folder(opened + 1, 0), "rule deposit-open");
        added(f, s, folder(opened, 0), NULL);
        added(f, s, part(opened, 0), NULL);
        if (commits) {
            assert_int_equal(store_commit(s, &f->e), 0);
            assert_int_equal(store_draft_begin(s, &f->e), 0);
        }
        for (uint64_t number = 0; number < 4; number++)
            if (number != 1)
                refused(f, s, receipt(opened, number), "rule receipt-number: the next receipt is 1");
        added(f, s, receipt(opened, 1), NULL);
        if (commits) {
            assert_int_equal(store_commit(s, &f->e), 0);
            assert_int_equal(store_draft_begin(s, &f->e), 0);
        }
        refused(f, s, folder(opened, 1), "rule deposit-open");
        refused(f, s, part(opened, 1), "rule deposit-open");
        refused(f, s, receipt(opened, 2), "rule deposit-open");
        refused(f, s, aside(2), "rule set-aside: there is no receipt 2");
        added(f, s, aside(1), NULL);
        if (commits) {
            assert_int_equal(store_commit(s, &f->e), 0);
            assert_int_equal(store_draft_begin(s, &f->e), 0);
        }
        refused(f, s, aside(1), "rule set-aside: receipt 1 is set aside already");
        assert_int_equal(store_commit(s, &f->e), 0);
        store_close(TAKE(s));
        fixture_whole(f);
    }
}

/* A deposit found open is remembered only as long as the draft, and until its receipt. */
static void test_what_was_open_is_asked_again(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t opened = 0;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    added(f, s, deposit(), &opened);
    added(f, s, folder(opened, 0), NULL);
    assert_int_equal(store_draft_begin(s, &f->e), 0); /* it was never committed */
    refused(f, s, folder(opened, 0), "rule deposit-open");
}

/* ---- a form against what was said before it ---- */

static struct statement form(const char **codes, size_t count, enum consent_by by, const char *date,
                             enum consent_answer answer)
{
    struct statement st = {.kind = STATEMENT_CONSENT,
                           .at_unix_s = 1,
                           .consent = {.persons = {codes, count}, .by = by, .date = date, .language = "ko"}};
    st.consent.answer[CONSENT_STORE] = st.consent.answer[CONSENT_TESTIFY] = answer;
    return st;
}

static struct statement takes_back(const char **codes, enum consent_by by, const char *date)
{
    struct statement st = {
        .kind = STATEMENT_WITHDRAWN, .at_unix_s = 1, .withdrawn = {.persons = {codes, 1}, .by = by, .date = date}};
    st.withdrawn.scope[CONSENT_TESTIFY] = true;
    return st;
}

/* Whatever program asks: within one draft, over commits, and of the second person of a form. */
static void test_of_forms(void **state)
{
    struct fixture *f = *state;
    static const char *two[] = {"P-0001", "P-0002"};
    for (int commits = 0; commits < 2; commits++) {
        fixture_back(f, "founded");
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        added(f, s, form(two, 2, CONSENT_SELF, "2026-05-02", CONSENT_YES), NULL);
        added(f, s, takes_back(two + 1, CONSENT_SELF, "2026-06-01T10:00"), NULL);
        if (commits) {
            assert_int_equal(store_commit(s, &f->e), 0);
            assert_int_equal(store_draft_begin(s, &f->e), 0);
        }
        refused(f, s, form(two, 2, CONSENT_SELF, "2026-05-31", CONSENT_YES), "rule consent-since: P-0002, testify");
        refused(f, s, form(two, 2, CONSENT_GUARDIAN, "2026-07-01", CONSENT_YES), "rule consent-hers: P-0002, testify");
        added(f, s, form(two, 2, CONSENT_SELF, "2026-05-31", CONSENT_NO), NULL); /* a no is heard of any day */
        refused(f, s, form(two, 1, CONSENT_SELF, "2026-05-30", CONSENT_YES), "rule consent-since: P-0001, store");
        added(f, s, form(two, 2, CONSENT_SELF, "2026-06-01", CONSENT_YES), NULL);
        added(f, s, takes_back(two, CONSENT_GUARDIAN, "2026-06-02"), NULL);
        refused(f, s, form(two, 1, CONSENT_GUARDIAN, "2026-06-01", CONSENT_YES), "rule consent-since: P-0001, testify");
        added(f, s, form(two, 1, CONSENT_GUARDIAN, "2026-06-02T01:00", CONSENT_YES), NULL);
        assert_int_equal(store_commit(s, &f->e), 0);
        store_close(TAKE(s));
        fixture_whole(f);
        assert_int_equal(f->verified.overruled, 0);
    }
}

/* What a program without the rule put on the log is valid, counts for nothing, and is told. */
static void test_forms_that_are_overruled(void **state)
{
    struct fixture *f = *state;
    static const char *she[] = {"P-0001"};
    struct consent_word words[CONSENT_SCOPES];
    OWN(buf_drop) struct buf held = {0};
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "a note", &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    added(f, s, takes_back(she, CONSENT_SELF, "2026-06-01"), NULL);
    assert_int_equal(store_commit(s, &f->e), 0);
    struct statement late = form(she, 1, CONSENT_GUARDIAN, "2026-07-01", CONSENT_YES),
                     old = form(she, 1, CONSENT_SELF, "2026-05-01", CONSENT_YES);
    uint64_t first = fixture_where(f, STORE_PUBLIC).leaves;
    fixture_force(f, s, &late);
    fixture_force(f, s, &old);
    assert_int_equal(store_words(s, she[0], words, &held, &f->e), 0);
    assert_int_equal(words[CONSENT_TESTIFY].answer, CONSENT_WITHDRAWN);
    assert_int_equal(words[CONSENT_STORE].answer, CONSENT_YES); /* of which she had said nothing */
    store_close(TAKE(s));
    fixture_whole(f);
    assert_int_equal(f->verified.findings, 0);
    assert_int_equal(f->verified.overruled, 2);
    assert_int_equal(f->verified.overruled_first, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_of_deposits_and_receipts),
        FIXTURE_TEST(test_what_was_open_is_asked_again),
        FIXTURE_TEST(test_of_forms),
        FIXTURE_TEST(test_forms_that_are_overruled),
    };
    return FIXTURE_RUN(tests);
}
