/* Signed and sealed while the draft grows: the log does not tell it from what was at its end. */
#include "fixture.h"

enum { MANY = 1500 };

static void add_notes(struct fixture *f, struct store *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "note %u of many", i);
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {.text = text}};
        if (store_add(s, &st, NULL, NULL, &f->e) != 0)
            fail_msg("%s", f->e.text);
    }
}

static void add_folder(struct fixture *f, struct store *s, uint64_t deposit, uint64_t number)
{
    char name[32];
    bool duplicate;
    (void)snprintf(name, sizeof name, "folder-%u", (unsigned)number);
    const struct thing folder = {name, 'd', 0, 0};
    assert_int_equal(fixture_receive(s, &folder, deposit, number, &duplicate, &f->e), 0);
}

static struct store *begin(struct fixture *f, unsigned threads)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    s->threads = threads;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    return s;
}

static void test_many_leaves(void **state)
{
    struct fixture *f = *state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        OWN(store_drop) struct store *s = begin(f, threads);
        add_notes(f, s, MANY);
        assert_true((s->draft.sealer != NULL) == (threads > 1));
        assert_int_equal(store_commit(s, &f->e), 0);
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        add_notes(f, s, MANY);
        assert_int_equal(store_commit_part(s, &f->e), 0); /* and beside what is derived from it */
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        add_notes(f, s, MANY);
        assert_int_equal(store_commit(s, &f->e), 0);
    }
    assert_int_equal(fixture_sums(f).notes, 6 * MANY);
    fixture_whole(f);
}

/* What was refused when others are being sealed is nowhere. */
static void test_a_refusal_among_many(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = begin(f, 2);
    struct statement bad = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {.text = ""}};
    struct statement range = {.kind = STATEMENT_RECEIPT, .at_unix_s = 1, .receipt = {.number = 9, .parts = 1}};
    for (unsigned i = 0; i < 20; i++) {
        add_notes(f, s, 77);
        size_t bytes = s->draft.arena.n;
        assert_int_equal(store_add(s, &bad, NULL, NULL, &f->e), ERR_REFUSED);
        assert_int_equal(store_add(s, &range, NULL, NULL, &f->e), ERR_REFUSED);
        assert_int_equal(s->draft.arena.n, bytes);
    }
    assert_non_null(s->draft.sealer);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(TAKE(s));
    assert_int_equal(fixture_sums(f).notes, 20 * 77);
    fixture_whole(f);
}

static void test_a_draft_that_is_given_up(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = begin(f, 2);
    add_notes(f, s, MANY);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_null(s->draft.sealer);
    add_notes(f, s, 3);
    assert_int_equal(store_commit(s, &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    add_notes(f, s, MANY);
    store_close(TAKE(s)); /* with the thread at work */
    assert_int_equal(fixture_sums(f).notes, 3);
    fixture_whole(f);
}

/* Where the bytes of an item lie is known when they are in a pack: from the first one on the commit seals. */
static void test_items_behind_many_leaves(void **state)
{
    struct fixture *f = *state;
    static const struct thing file = {"one", 't', 3000, 1};
    struct bytes path = bytes_text("things");
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = &path, .path_count = 1}};
    struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1};
    OWN(store_drop) struct store *s = begin(f, 2);
    bool duplicate;
    assert_int_equal(store_add(s, &deposit, &part.part.deposit, NULL, &f->e), 0);
    for (uint64_t i = 0; i < MANY; i++) {
        if (i != 700)
            add_folder(f, s, part.part.deposit, i);
        else
            assert_int_equal(fixture_receive(s, &file, part.part.deposit, i, &duplicate, &f->e), 0);
    }
    assert_non_null(s->draft.sealer);
    assert_int_equal(store_add(s, &part, NULL, NULL, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(TAKE(s));
    fixture_whole(f);
    assert_int_equal(fixture_audit(f, true), 0);
}

/* What has no signature of its own is passed over; what is numbered names the one before it, and the first of the next
 * draft the last of this one. */
static void test_kinds_among_many(void **state)
{
    struct fixture *f = *state;
    struct bytes path = bytes_text("things");
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = &path, .path_count = 1}};
    struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1};
    struct statement receipt = {.kind = STATEMENT_RECEIPT, .at_unix_s = 1, .receipt = {.number = 1, .parts = 1}};
    OWN(store_drop) struct store *s = begin(f, 2);
    add_notes(f, s, 600);
    assert_int_equal(store_add(s, &deposit, &part.part.deposit, NULL, &f->e), 0);
    for (uint64_t i = 0; i < 90; i++)
        add_folder(f, s, part.part.deposit, i);
    assert_int_equal(store_add(s, &part, NULL, NULL, &f->e), 0);
    add_notes(f, s, 300);
    assert_non_null(s->draft.sealer);
    assert_int_equal(store_commit_part(s, &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    add_notes(f, s, 70); /* the draft before was long: this one is taken to become so */
    assert_non_null(s->draft.sealer);
    receipt.receipt.deposit = part.part.deposit;
    receipt.receipt.totals.folders_taken = 90;
    if (store_add(s, &receipt, NULL, NULL, &f->e) != 0)
        fail_msg("%s", f->e.text);
    add_notes(f, s, 200);
    assert_int_equal(store_commit_part(s, &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    add_notes(f, s, 1);
    assert_null(s->draft.sealer);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(TAKE(s));
    assert_int_equal(fixture_sums(f).notes, 1171);
    fixture_whole(f);
}

/* Of items alone nobody knows what the last numbered one is called, until a part comes. */
static void test_items_first(void **state)
{
    struct fixture *f = *state;
    struct bytes path = bytes_text("things");
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = &path, .path_count = 1}};
    struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1};
    OWN(store_drop) struct store *s = begin(f, 2);
    assert_int_equal(store_add(s, &deposit, &part.part.deposit, NULL, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    for (uint64_t i = 0; i < 600; i++)
        add_folder(f, s, part.part.deposit, i);
    assert_int_equal(store_add(s, &part, NULL, NULL, &f->e), 0);
    add_notes(f, s, 3);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(TAKE(s));
    fixture_whole(f);
}

/* After memory was out nothing is added that is not there. */
static void test_memory_that_was_out(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = begin(f, 2);
    struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {.text = "short"}};
    add_notes(f, s, 700);
    s->draft.arena.failed = true;
    assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), ERR_IO);
    assert_int_equal(store_draft_leaves(s), 700);
    store_close(TAKE(s));
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_many_leaves),
        FIXTURE_TEST(test_a_refusal_among_many),
        FIXTURE_TEST(test_a_draft_that_is_given_up),
        FIXTURE_TEST(test_items_behind_many_leaves),
        FIXTURE_TEST(test_kinds_among_many),
        FIXTURE_TEST(test_items_first),
        FIXTURE_TEST(test_memory_that_was_out),
    };
    return FIXTURE_RUN(tests);
}
