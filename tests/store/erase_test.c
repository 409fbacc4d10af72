/* Erasing: what is gone is gone, all else stays, and whatever moment it ends at, the next writer finishes it. */
#include "rooms.h"

#include "base/clock.h"

static const struct thing FIRST[] = {
    {"papers", 'd', 0, 0},
    {"papers/one.txt", 't', 3000, 1},
    {"papers/two.bin", 'r', 400000, 2},
    {"papers/three.txt", 't', 500, 3},
};
static const struct thing SECOND[] = {
    {"two again.bin", 'r', 400000, 2}, /* the same bytes, given by somebody else */
    {"four.bin", 'r', 70000, 4},
};

static void intake(struct fixture *f, const char *giver, const struct thing *things, size_t count)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, giver, things, count, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
}

struct sought {
    const char *path;
    uint64_t leaf;
};

static int is_sought(void *context, const struct index_item *item, struct err *e)
{
    struct sought *w = context;
    (void)e;
    if (bytes_equal(item->path, bytes_text(w->path)))
        w->leaf = item->leaf;
    return 0;
}

/* UINT64_MAX: there is none. */
static uint64_t leaf_of(struct store *s, const char *path)
{
    struct sought w = {path, UINT64_MAX};
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, is_sought, &w, NULL), 0);
    return w.leaf;
}

static int read_item(struct store *s, const char *path)
{
    struct read {
        struct store *s;
        int rc;
    };
    uint64_t leaf = leaf_of(s, path);
    struct index_item item = {.leaf = leaf};
    struct store_held *held = NULL;
    struct statement st;
    int rc = leaf == UINT64_MAX ? ERR_ABSENT : store_statement(s, leaf, &held, &st, NULL);
    if (rc == 0) {
        item.bytes = st.received.bytes;
        item.sha256 = st.received.sha256;
        item.manifest_record = held->envelope.manifest_record;
        rc = store_get(s, &item, NULL, NULL);
    }
    store_held_drop(&held);
    return rc;
}

/* Asked for; the leaf of the request. */
static uint64_t ask(struct fixture *f, struct store *s, const char *path)
{
    OWN(store_erase_plan_release) struct store_erase_plan plan = {0};
    const uint64_t item[] = {leaf_of(s, path)};
    uint64_t request = 0;
    int rc = store_erase_plan(s, &(struct store_erase_wish){item, 1, 0}, NULL, NULL, &plan, &f->e);
    if (rc == 0)
        rc = store_erase_ask(s, plan.leaves, plan.count, "she asked for it", &request, &f->e);
    if (rc != 0)
        fail_msg("%s", f->e.text);
    return request;
}

static uint64_t erase(struct fixture *f, const char *path)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t erased = 0, request = ask(f, s, path);
    if (store_erase_carry_out(s, request, &erased, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    return erased;
}

static void keys_path(const struct fixture *f, char copy, const char *name, char to[256])
{
    char comp[2 * KEYRING_ID + 1];
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    snprintf(to, 256, "%c/keys/%s/%s", copy, comp, name);
}

static bool key_there(const struct fixture *f, const char *name)
{
    char a[256], b[256];
    keys_path(f, 'a', name, a);
    keys_path(f, 'b', name, b);
    return fixture_there(f, a) || fixture_there(f, b);
}

static void one_item(void **state)
{
    struct fixture *f = *state;
    intake(f, "A.", FIRST, COUNT(FIRST));
    intake(f, "B.", SECOND, COUNT(SECOND));
    fixture_whole(f);
    uint64_t by = erase(f, "papers/two.bin");
    fixture_whole(f);
    assert_int_equal(f->verified.erased, 1);
    assert_true(!key_there(f, "segment-1") && key_there(f, "segment-1-1"));
    struct store *s = fixture_open(f, STORE_READ);
    fixture_told_nothing(f);
    assert_int_equal(leaf_of(s, "papers/two.bin"), UINT64_MAX);
    assert_int_equal(read_item(s, "papers/one.txt"), 0);
    assert_int_equal(read_item(s, "two again.bin"), 0); /* its bytes are hers as well */
    assert_true(by > 0 && store_erase_pending(s, true) == NULL && s->erasures.act_count == 1);
    store_close(s);
    /* Life goes on: the same stick brings it back as a new item, and nothing names the erased one as its holder. */
    intake(f, "A.", FIRST + 2, 1);
    fixture_whole(f);
    erase(f, "two again.bin");
    fixture_whole(f);
    assert_int_equal(f->verified.erased, 2);
    s = fixture_open(f, STORE_READ);
    assert_int_equal(read_item(s, "papers/two.bin"), 0);
    assert_int_equal(read_item(s, "four.bin"), 0);
    store_close(s);
}

/* The whole of a receipt: its number stays. */
static void a_receipt(void **state)
{
    struct fixture *f = *state;
    OWN(store_erase_plan_release) struct store_erase_plan plan = {0};
    uint64_t request, erased;
    intake(f, "A.", FIRST, COUNT(FIRST));
    intake(f, "B.", SECOND, COUNT(SECOND));
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_erase_plan(s, &(struct store_erase_wish){NULL, 0, 2}, NULL, NULL, &plan, &f->e), 0);
    assert_int_equal(store_erase_ask(s, plan.leaves, plan.count, "all of it", &request, &f->e), 0);
    if (store_erase_carry_out(s, request, &erased, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    fixture_whole(f);
    assert_int_equal(f->verified.erased, 4); /* two items, opening, part */
    assert_int_equal(fixture_sums(f).next_receipt, 3);
    assert_int_equal(fixture_sums(f).items, 3);
    intake(f, "B.", SECOND, COUNT(SECOND));
    fixture_whole(f);
    assert_int_equal(fixture_sums(f).next_receipt, 4);
    s = fixture_open(f, STORE_WRITE);
    fixture_says(f, store_erase_plan(s, &(struct store_erase_wish){NULL, 0, 2}, NULL, NULL, &plan, &f->e), ERR_REFUSED,
                 "receipt 2", "erased already", NULL);
    store_close(s);
}

/* ---- whatever moment it ends at ---- */

/* Each one where there is time, else some of them, others each time. */
static unsigned stride(void)
{
    return getenv("GROUNDWORK_TORTURE") != NULL ? 1 : 5;
}

static void ended(struct fixture *f, unsigned effect)
{
    struct store *s = NULL;
    uint64_t erased, request;
    fixture_back(f, "before");
    s = fixture_open(f, STORE_WRITE);
    request = ask(f, s, "papers/two.bin");
    fixture_die_at(effect);
    (void)store_erase_carry_out(s, request, &erased, NULL);
    store_close(s);
    fixture_calm();
    buf_clear(&f->told);
    buf_clear(&f->lines);
}

static bool pending_told(const struct fixture *f)
{
    return strstr(buf_text((struct buf *)(uintptr_t)&f->told), "ERASE PENDING") != NULL;
}

static void every_moment(void **state)
{
    struct fixture *f = *state;
    intake(f, "A.", FIRST, COUNT(FIRST));
    intake(f, "B.", SECOND, COUNT(SECOND));
    fixture_keep(f, "before");
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t erased, request = ask(f, s, "papers/two.bin");
    fixture_calm();
    assert_int_equal(store_erase_carry_out(s, request, &erased, &f->e), 0);
    unsigned effects = fixture_effects();
    store_close(s);
    assert_true(effects > 40);
    unsigned not_begun = 0, pending = 0, done = 0;
    for (unsigned effect = 1 + (unsigned)getpid() % stride(); effect <= effects; effect += stride()) {
        ended(f, effect);
        if (fixture_verify(f, STORE_CHECK) != 0) /* never damage, whoever looks */
            fail_msg("effect %u: %s", effect, buf_text(&f->lines));
        bool unfinished = strstr(buf_text(&f->lines), "ERASE PENDING") != NULL;
        if (fixture_verify(f, STORE_PUBLIC) != 0)
            fail_msg("effect %u: %s", effect, buf_text(&f->lines));
        fixture_keep(f, "ended");
        buf_clear(&f->told);
        s = fixture_open(f, STORE_READ); /* a reader sees that it is to come */
        bool listed = s->erasures.act_count == 1, shown = leaf_of(s, "papers/two.bin") != UINT64_MAX;
        assert_int_equal(shown, !listed);
        assert_int_equal(read_item(s, "papers/one.txt"), 0);
        assert_int_equal(read_item(s, "two again.bin"), 0);
        pending += pending_told(f);
        unfinished = unfinished || pending_told(f);
        store_close(s);
        fixture_back(f, "ended");
        s = fixture_open(f, STORE_WRITE); /* a writer finishes it */
        assert_null(store_erase_pending(s, true));
        store_close(s);
        fixture_whole(f);
        assert_int_equal(f->verified.erased, listed);
        assert_int_equal(key_there(f, "segment-1"), !listed);
        not_begun += !listed;
        done += listed && !unfinished;
    }
    assert_true(not_begun > 0 && pending > 0 && done > 0);
}

/* ---- on the word of one statement alone ---- */

/* As another program may write it: whatever it likes. */
static void erased_said(struct fixture *f, struct store *s, const uint8_t *compartment, struct statement_range range,
                        uint64_t request)
{
    struct statement st = {.kind = STATEMENT_ERASED,
                           .erased = {.epoch = keyring_epoch(s->keyring) + 1,
                                      .leaves = &range,
                                      .count = 1,
                                      .by = {.said = true, .proposal = request}}};
    memcpy(st.erased.compartment, compartment, STATEMENT_ID);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    s->draft.erased = &st;
    if (store_commit(s, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void finds(struct fixture *f, const char *words)
{
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    if (strstr(buf_text(&f->lines), words) == NULL)
        fail_msg("%s: %s", words, buf_text(&f->lines));
}

static void is_left_alone(struct fixture *f)
{
    for (unsigned i = 0; i < 2; i++) {
        buf_clear(&f->told);
        struct store *s = fixture_open(f, i == 0 ? STORE_READ : STORE_WRITE);
        assert_null(store_erase_pending(s, true));
        if (i == 1)
            assert_int_equal(fixture_note(s, "life goes on", &f->e), 0);
        store_close(s);
        fixture_told(f, "nothing of it is destroyed");
        assert_true(key_there(f, "segment-1") && !key_there(f, "segment-1-1"));
    }
}

/* Nobody destroys anything, and what is asked for is done. */
static void what_nobody_asked_for(void **state)
{
    struct fixture *f = *state;
    intake(f, "A.", FIRST, COUNT(FIRST));
    struct store *s = fixture_open(f, STORE_WRITE);
    const uint64_t leaf = leaf_of(s, "papers/two.bin");
    uint64_t request = ask(f, s, "papers/three.txt");
    erased_said(f, s, s->compartment, (struct statement_range){leaf, leaf}, request);
    store_close(s);
    is_left_alone(f);
    finds(f, "asks for no such thing");
    erase(f, "papers/one.txt");
    assert_true(!key_there(f, "segment-1") && key_there(f, "segment-1-1"));
}

static void while_a_hold_stands(void **state)
{
    struct fixture *f = *state;
    intake(f, "A.", FIRST, COUNT(FIRST));
    struct store *s = fixture_open(f, STORE_WRITE);
    const uint64_t leaf = leaf_of(s, "papers/two.bin");
    struct statement_range range = {leaf, leaf};
    struct statement hold = {.kind = STATEMENT_HOLD, .at_unix_s = time_now_unix_s(),
                             .hold = {.ground = CONSENT_COURT_ORDER, .items = &range, .item_count = 1, .why = "W"}};
    uint64_t request = ask(f, s, "papers/two.bin");
    if (fixture_say(s, &hold, &f->e) != 0)
        fail_msg("%s", f->e.text);
    erased_said(f, s, s->compartment, range, request);
    store_close(s);
    is_left_alone(f);
    finds(f, "over which a hold stood");
}

/* More leaves than there can be, and some twice: told, and soon; what is there is found as before. */
static void of_any_leaves(void **state)
{
    struct fixture *f = *state;
    intake(f, "A.", FIRST, COUNT(FIRST));
    erase(f, "papers/two.bin");
    struct store *s = fixture_open(f, STORE_WRITE);
    const uint64_t leaf = leaf_of(s, "papers/three.txt");
    erased_said(f, s, s->compartment, (struct statement_range){leaf, UINT64_MAX - 2}, UINT64_MAX - 1);
    erased_said(f, s, s->compartment, (struct statement_range){leaf - 2, leaf}, leaf + 1);
    store_close(s);
    finds(f, "no hidden one before it");
    finds(f, "was erased before");
    fixture_remove(f, "index");
    s = fixture_open(f, STORE_WRITE);
    assert_true(leaf_of(s, "papers") != UINT64_MAX);
    store_close(s);
}

/* From one compartment nothing goes in another. */
static void in_another_compartment(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STATEMENT_ID];
    intake(f, "A.", FIRST, COUNT(FIRST));
    struct store *s = fixture_open(f, STORE_READ);
    const uint64_t leaf = leaf_of(s, "papers/two.bin");
    store_close(s);
    rooms_makes(f, id);
    rooms_as(f, &f->id, ROOMS_SECOND);
    s = fixture_open(f, STORE_WRITE);
    erased_said(f, s, id, (struct statement_range){leaf, leaf}, leaf + 1);
    store_close(s);
    rooms_as(f, &f->id, NULL);
    for (unsigned i = 0; i < 2; i++) {
        s = fixture_open(f, STORE_READ);
        assert_int_equal(leaf_of(s, "papers/two.bin"), leaf);
        assert_int_equal(read_item(s, "papers/two.bin"), 0);
        store_close(s);
        fixture_remove(f, "index");
    }
    finds(f, "which is of another compartment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(one_item),
        FIXTURE_TEST(a_receipt),
        FIXTURE_TEST(every_moment),
        FIXTURE_TEST(what_nobody_asked_for),
        FIXTURE_TEST(while_a_hold_stands),
        FIXTURE_TEST(of_any_leaves),
        FIXTURE_TEST(in_another_compartment),
    };
    return FIXTURE_RUN(tests);
}
