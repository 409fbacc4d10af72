#include "story.h"

/* After every record the index answers as the story does, and a rebuild in one go gives the same dump. */
static void test_story(void **state)
{
    struct fixture *f = *state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        OWN(story_drop) struct story s;
        OWN(buf_drop) struct buf grown = {0}, rebuilt = {0};
        story_make(&s, seed * 7919, 40);
        assert_int_equal(index_remove(&(struct index_place){f->root.s, "main"}, &f->e), 0);
        OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
        for (uint64_t r = 0; r < s.records; r++) {
            story_tell(x, &s, r, r + 1);
            if (r % 7 == 3) {
                index_close(TAKE(x));
                x = fixture_open(f, INDEX_WRITE);
            }
            if (r % 4 == 0 || r + 1 == s.records)
                story_check(x, &s, r + 1);
        }
        fixture_dump(x, &grown);
        index_close(TAKE(x));
        x = fixture_open(f, INDEX_READ);
        story_check(x, &s, s.records);
        index_close(TAKE(x));
        assert_int_equal(index_remove(&(struct index_place){f->root.s, "main"}, &f->e), 0);
        x = fixture_open(f, INDEX_WRITE);
        story_tell(x, &s, 0, s.records);
        fixture_dump(x, &rebuilt);
        assert_string_equal(buf_text(&grown), buf_text(&rebuilt));
        assert_int_equal(index_check(x, &f->e), 0);
    }
}

/* What was undone leaves nothing, in no table and in no sum. */
static void test_undo(void **state)
{
    struct fixture *f = *state;
    OWN(story_drop) struct story s;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    story_make(&s, 4242, 30);
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    for (uint64_t r = 0; r < s.records; r++) {
        fixture_dump(x, &before);
        assert_int_equal(index_begin(x, &f->e), 0);
        for (size_t i = 0; i < s.count; i++)
            if (s.told[i].record == r)
                assert_int_equal(index_statement(x, s.told[i].leaf, &s.told[i].s, s.told[i].manifest, 0, 0,
                                                 &s.told[i].commitment, &f->e),
                                 0);
        index_undo(x);
        fixture_dump(x, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
        story_tell(x, &s, r, r + 1);
    }
    story_check(x, &s, s.records);
}

/* Inside a record, what was just said is already answered. */
static void test_inside_a_record(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct statement deposit = {.kind = STATEMENT_DEPOSIT};
    struct statement item = {.kind = STATEMENT_RECEIVED,
                             .received = {.deposit = 5, .path = bytes_text("p"), .bytes = 9,
                                          .sha256 = story_digest(1)}};
    struct index_twin twin;
    struct index_sums sums;
    struct index_position now = {.records = 1};
    struct hash commitment = {0};
    assert_int_equal(index_begin(x, &f->e), 0);
    assert_int_equal(index_statement(x, 5, &deposit, LEAF_NO_MANIFEST, 0, 1, &commitment, &f->e), 0);
    assert_int_equal(index_statement(x, 6, &item, 0, 0, 1, &commitment, &f->e), 0);
    assert_int_equal(index_duplicate(x, &item.received.sha256, &twin, &f->e), 0);
    assert_int_equal(twin.leaf, 6);
    assert_int_equal(index_already(x, NULL, &item.received, &twin, &f->e), 0);
    uint64_t leaf;
    uint32_t frame;
    assert_int_equal(index_frame(x, &item.received.sha256, 6, 2, &f->e), 0);
    assert_int_equal(index_find_frame(x, &item.received.sha256, &leaf, &frame, &f->e), 0);
    assert_int_equal(leaf, 6);
    assert_int_equal(frame, 2);
    assert_int_equal(index_sums(x, &sums, &f->e), 0);
    assert_int_equal(sums.bytes, 9);
    assert_int_equal(index_end(x, &now, &f->e), 0);
}

/* More rows of one record than may wait: the first are stored before it ends. */
static void test_more_than_may_wait(void **state)
{
    enum { FRAMES = (1 << 17) + 1 };
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct index_position now = {.records = 1};
    struct hash digest = {0};
    uint64_t leaf;
    uint32_t frame;
    assert_int_equal(index_begin(x, &f->e), 0);
    for (uint32_t i = 0; i < FRAMES; i++) {
        u64_put(digest.b, i * UINT64_C(0x9E3779B97F4A7C15));
        assert_int_equal(index_frame(x, &digest, i, 1, &f->e), 0);
    }
    assert_int_equal(index_end(x, &now, &f->e), 0);
    for (uint32_t i = 0; i < FRAMES; i += i < FRAMES - 100 ? 1001 : 1) {
        u64_put(digest.b, i * UINT64_C(0x9E3779B97F4A7C15));
        assert_int_equal(index_find_frame(x, &digest, &leaf, &frame, &f->e), 0);
        assert_int_equal(leaf, i);
    }
}

/* What no ledger that holds together says is damage, and nothing of it stays. */
static void test_refused(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct statement open = {.kind = STATEMENT_DEPOSIT}, close = {.kind = STATEMENT_RECEIPT, .receipt = {1, 1}};
    assert_int_equal(fixture_say(x, 1, &open, &f->e), 0);
    assert_int_equal(fixture_say(x, 2, &close, &f->e), 0);
    assert_int_equal(fixture_say(x, 3, &open, &f->e), 0);
    fixture_dump(x, &before);
    const struct statement wrong[] = {
        {.kind = STATEMENT_RECEIVED, .received = {.deposit = 2, .path = bytes_text("p")}},
        {.kind = STATEMENT_RECEIVED, .received = {.deposit = 4, .path = bytes_text("p")}},
        {.kind = STATEMENT_PART, .part = {.deposit = 4}},
        {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = 1, .number = 2}}, /* closed already */
        {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = 4, .number = 2}},
        {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = 3, .number = 1}}, /* a number given already */
        {.kind = STATEMENT_SET_ASIDE, .set_aside = {.receipt = 2, .reason = "r"}},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(fixture_say(x, 4, &wrong[i], &f->e), ERR_DAMAGED);
        assert_true(strlen(f->e.text) > 20);
        fixture_dump(x, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
    }
    assert_int_equal(fixture_say(x, 3, &open, &f->e), ERR_DAMAGED); /* a leaf that is there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_story, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_undo, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_inside_a_record, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_more_than_may_wait, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
