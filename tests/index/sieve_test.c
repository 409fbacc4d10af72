/* What the sieve lets fall is not in the index, whichever handle asks, and however the rows came. */
#include "story.h"

#include <stdio.h>

enum { RECORDS = 40 };

/* Begun anywhere in a story: the same answers, by the writing handle and by a reader that shares it. */
static void test_same_answers(void **state)
{
    struct fixture *f = *state;
    struct story s;
    story_make(&s, 5, RECORDS);
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    uint64_t begun = 7;
    story_tell(x, &s, 0, begun);
    assert_int_equal(index_sieve_begin(x, &f->e), 0);
    assert_non_null(x->sieve);
    story_check(x, &s, begun);
    for (uint64_t r = begun; r < RECORDS; r += 11) {
        uint64_t end = r + 11 < RECORDS ? r + 11 : RECORDS;
        story_tell(x, &s, r, end);
        story_check(x, &s, end);
        OWN(index_drop) struct index *reader = fixture_open(f, INDEX_READ);
        index_sieve_share(reader, x);
        story_check(reader, &s, end);
    }
    story_drop(&s);
}

static void test_what_was_undone_and_what_never_came(void **state)
{
    struct fixture *f = *state;
    struct chance c = {11};
    unsigned held = 0;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    assert_int_equal(index_sieve_begin(x, &f->e), 0);
    struct hash digest = story_digest(1);
    uint64_t leaf;
    uint32_t frame;
    assert_int_equal(index_find_frame(x, &digest, &leaf, &frame, &f->e), ERR_ABSENT);
    assert_int_equal(index_begin(x, &f->e), 0);
    assert_int_equal(index_frame(x, &digest, 3, 1, &f->e), 0);
    index_undo(x);
    assert_true(index_sieve_holds(x, INDEX_KEY_OF_FRAME, index_prefix(&digest)));
    assert_int_equal(index_find_frame(x, &digest, &leaf, &frame, &f->e), ERR_ABSENT); /* asked for in vain */
    for (int i = 0; i < 100000; i++)
        index_sieve_add(x, INDEX_KEY_OF_FRAME, chance_u64(&c));
    for (int i = 0; i < 100000; i++) {
        uint64_t key = chance_u64(&c);
        held += index_sieve_holds(x, INDEX_KEY_OF_FRAME, key);
        index_sieve_add(x, INDEX_KEY_OF_PATH, key);
        assert_true(index_sieve_holds(x, INDEX_KEY_OF_PATH, key));
    }
    assert_in_range(held, 0, 100);
}

/* An index that holds much is asked: most of what comes will be there. */
static void test_not_for_a_large_index(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct statement open = {.kind = STATEMENT_DEPOSIT, .deposit = {.giver = "somebody"}};
    assert_int_equal(fixture_say(x, 0, &open, &f->e), 0);
    struct index_position now = {.records = 2, .bytes = 2000, .leaves = INDEX_SIEVE_ITEMS + 1};
    assert_int_equal(index_begin(x, &f->e), 0);
    for (uint64_t leaf = 1; leaf <= INDEX_SIEVE_ITEMS; leaf++) {
        char path[16];
        (void)snprintf(path, sizeof path, "p%u", (unsigned)leaf);
        struct statement s = {.kind = STATEMENT_RECEIVED,
                              .received = {.path = bytes_text(path), .sha256 = story_digest(leaf % 7)}};
        assert_int_equal(index_statement(x, leaf, &s, LEAF_NO_MANIFEST, 100 + leaf, 1, NULL, &f->e), 0);
    }
    assert_int_equal(index_end(x, &now, &f->e), 0);
    assert_int_equal(index_sieve_begin(x, &f->e), 0);
    assert_non_null(x->sieve);
    index_sieve_leave(x);
    struct statement more = {.kind = STATEMENT_RECEIVED, .received = {.path = bytes_text("one more")}};
    assert_int_equal(fixture_say(x, INDEX_SIEVE_ITEMS + 1, &more, &f->e), 0);
    assert_int_equal(index_sieve_begin(x, &f->e), 0);
    assert_null(x->sieve);
    struct index_twin twin;
    assert_int_equal(index_already(x, "somebody", &more.received, &twin, &f->e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_answers, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_was_undone_and_what_never_came, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_not_for_a_large_index, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
