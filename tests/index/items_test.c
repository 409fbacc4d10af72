#include "story.h"

#include <stdio.h>

static int count_item(void *context, const struct index_item *item, struct err *e)
{
    ++*(uint64_t *)context;
    return 0;
}

static int stop_at_two(void *context, const struct index_item *item, struct err *e)
{
    uint64_t *seen = context;
    return ++*seen == 2 ? err_set(e, ERR_STOPPED, "interrupted: nothing was changed") : 0;
}

static struct statement file_item(uint64_t deposit, const char *path, size_t digest)
{
    return (struct statement){.kind = STATEMENT_RECEIVED,
                              .received = {.deposit = deposit, .path = bytes_text(path), .mode = 0644,
                                           .mtime = {.s = 100, .ns = 5}, .bytes = 10,
                                           .sha256 = story_digest(digest)}};
}

/* Leaf 0: a deposit by somebody; 1..3: files; further statements from leaf 4. */
static struct index *three_items(struct fixture *f)
{
    struct index *x = fixture_open(f, INDEX_WRITE);
    struct statement open = {.kind = STATEMENT_DEPOSIT, .deposit = {.giver = "somebody"}};
    assert_int_equal(fixture_say(x, 0, &open, &f->e), 0);
    for (uint64_t i = 1; i <= 3; i++) {
        char path[8];
        (void)snprintf(path, sizeof path, "p%d", (int)i);
        struct statement s = file_item(0, path, i == 3 ? 1 : i);
        assert_int_equal(fixture_say(x, i, &s, &f->e), 0);
    }
    return x;
}

static void test_callback_ends(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = three_items(f);
    uint64_t seen = 0;
    assert_int_equal(index_items(x, UINT64_MAX, 0, stop_at_two, &seen, &f->e), ERR_STOPPED);
    assert_int_equal(seen, 2);
    seen = 0;
    assert_int_equal(index_items(x, UINT64_MAX, 2, count_item, &seen, &f->e), 0);
    assert_int_equal(seen, 2);
    seen = 0;
    assert_int_equal(index_items(x, 0, UINT64_MAX, count_item, &seen, &f->e), 0);
    assert_int_equal(index_items(x, 77, 0, count_item, &seen, &f->e), 0);
    assert_int_equal(index_item(x, 4, count_item, &seen, &f->e), ERR_ABSENT);
    assert_int_equal(index_item(x, 0, count_item, &seen, &f->e), ERR_ABSENT); /* the deposit itself */
    assert_int_equal(index_item(x, UINT64_MAX, count_item, &seen, &f->e), ERR_ABSENT);
    assert_int_equal(seen, 0);
}

static void test_digest_digits(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = three_items(f);
    struct hash digest = story_digest(1);
    char hex[2 * CRYPT_HASH + 2];
    uint64_t seen = 0;
    hex_put(hex, digest.b, CRYPT_HASH);
    assert_int_equal(index_item_by_digest(x, hex, count_item, &seen, &f->e), 0);
    assert_int_equal(seen, 2);
    hex[64] = '0';
    hex[65] = 0;
    assert_int_equal(index_item_by_digest(x, hex, count_item, &seen, &f->e), ERR_USAGE);
    hex[8] = 0;
    seen = 0;
    assert_int_equal(index_item_by_digest(x, hex, count_item, &seen, &f->e), 0);
    assert_int_equal(seen, 2);
    hex[7] = 0;
    assert_int_equal(index_item_by_digest(x, hex, count_item, &seen, &f->e), ERR_USAGE);
    assert_int_equal(index_item_by_digest(x, "", count_item, &seen, &f->e), ERR_USAGE);
    assert_int_equal(index_item_by_digest(x, "A0A0A0A0", count_item, &seen, &f->e), ERR_USAGE);
    assert_int_equal(index_item_by_digest(x, "0123456%", count_item, &seen, &f->e), ERR_USAGE);
    assert_int_equal(seen, 2);
}

/* Each thing that is compared, changed alone, makes another item. */
static void test_already(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = three_items(f);
    struct statement same = file_item(9, "p2", 7);
    struct index_twin twin;
    assert_int_equal(index_already(x, "somebody", &same.received, &twin, &f->e), 0);
    assert_int_equal(twin.leaf, 2);
    assert_int_equal(twin.receipt, 0);
    assert_int_equal(twin.bytes, 10);
    struct hash digest = story_digest(2);
    assert_true(hash_equal(&twin.sha256, &digest));
    assert_int_equal(index_already(x, NULL, &same.received, &twin, &f->e), ERR_ABSENT);
    assert_int_equal(index_already(x, "", &same.received, &twin, &f->e), ERR_ABSENT);
    struct statement_received other[6];
    for (size_t i = 0; i < COUNT(other); i++)
        other[i] = same.received;
    other[0].path = bytes_text("p2 ");
    other[1].mode = 0600;
    other[2].mtime.s = -100;
    other[3].mtime.ns = 6;
    other[4].type = STATEMENT_FOLDER;
    other[5].further_name = true;
    for (size_t i = 0; i < COUNT(other); i++)
        assert_int_equal(index_already(x, "somebody", &other[i], &twin, &f->e), ERR_ABSENT);
    /* A receipt gives its number, and setting it aside ends it. */
    struct statement close = {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = 0, .number = 12}};
    struct statement aside = {.kind = STATEMENT_SET_ASIDE, .set_aside = {.receipt = 12, .reason = "wrong"}};
    assert_int_equal(fixture_say(x, 4, &close, &f->e), 0);
    assert_int_equal(index_already(x, "somebody", &same.received, &twin, &f->e), 0);
    assert_int_equal(twin.receipt, 12);
    assert_int_equal(fixture_say(x, 5, &aside, &f->e), 0);
    assert_int_equal(index_already(x, "somebody", &same.received, &twin, &f->e), ERR_ABSENT);
    assert_int_equal(index_duplicate(x, &digest, &twin, &f->e), ERR_ABSENT);
    uint64_t seen = 0;
    assert_int_equal(index_item_by_path(x, bytes_text("p2"), count_item, &seen, &f->e), 0);
    assert_int_equal(seen, 1);
    /* What comes into it later is set aside from the start. */
    struct statement late = file_item(0, "late", 9);
    assert_int_equal(fixture_say(x, 6, &late, &f->e), 0);
    assert_int_equal(index_already(x, "somebody", &late.received, &twin, &f->e), ERR_ABSENT);
    assert_int_equal(index_duplicate(x, &late.received.sha256, &twin, &f->e), ERR_ABSENT);
}

/* The newest of those that look the same is given: a file changed under an unchanged time is compared with what it
 * was last. */
static void test_already_newest(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = three_items(f);
    struct statement changed = file_item(0, "p2", 8);
    struct index_twin twin;
    assert_int_equal(fixture_say(x, 4, &changed, &f->e), 0);
    assert_int_equal(index_already(x, "somebody", &changed.received, &twin, &f->e), 0);
    assert_int_equal(twin.leaf, 4);
}

static int keep_item(void *context, const struct index_item *item, struct err *e)
{
    struct index_item *to = context;
    *to = *item;
    return 0;
}

static void test_duplicate_of(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = three_items(f);
    struct index_item item;
    assert_int_equal(index_item(x, 1, keep_item, &item, &f->e), 0);
    assert_true(item.duplicate_of == UINT64_MAX);
    assert_int_equal(index_item(x, 3, keep_item, &item, &f->e), 0);
    assert_int_equal(item.duplicate_of, 1);
    static const uint64_t between[][3] = {{1, 3, 3}, {1, 1, 1}, {2, 3, 2}, {0, 3, 3}, {0, 0, 0}, {3, 2, 0},
                                          {3, UINT64_MAX, 1}, {0, INT64_MAX, 3}, {UINT64_MAX, UINT64_MAX, 0}};
    for (size_t i = 0; i < COUNT(between); i++) {
        uint64_t count = 99;
        assert_int_equal(index_items_between(x, between[i][0], between[i][1], &count, &f->e), 0);
        assert_int_equal(count, between[i][2]);
        bool any = count == 0;
        assert_int_equal(index_item_between(x, between[i][0], between[i][1], &any, &f->e), 0);
        assert_int_equal(any, count > 0);
    }
    struct index_sums sums;
    assert_int_equal(index_sums(x, &sums, &f->e), 0);
    assert_int_equal(sums.bytes, 30);
    assert_int_equal(sums.distinct_bytes, 20);
}

static void test_frames(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = three_items(f);
    struct index_position now = {.records = 9};
    struct hash digest = story_digest(1), none = story_digest(9);
    uint64_t leaf = 0;
    uint32_t frame = 0;
    assert_int_equal(index_begin(x, &f->e), 0);
    assert_int_equal(index_frame(x, &digest, 3, UINT32_MAX, &f->e), 0);
    assert_int_equal(index_frame(x, &digest, 3, UINT32_MAX, &f->e), 0); /* said twice is said once */
    assert_int_equal(index_end(x, &now, &f->e), 0);
    assert_int_equal(index_find_frame(x, &digest, &leaf, &frame, &f->e), 0);
    assert_int_equal(leaf, 3);
    assert_int_equal(frame, UINT32_MAX);
    assert_int_equal(index_find_frame(x, &none, &leaf, &frame, &f->e), ERR_ABSENT);
}

/* The longest path a statement may have, and bytes that are no text. */
static void test_long_path(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = three_items(f);
    OWN(mem_drop) uint8_t *path = malloc(STATEMENT_PATH_MAX);
    assert_non_null(path);
    for (size_t i = 0; i < STATEMENT_PATH_MAX; i++)
        path[i] = (uint8_t)(i % 255 + 1);
    struct statement s = file_item(0, "", 5);
    s.received.path = bytes_of(path, STATEMENT_PATH_MAX);
    uint64_t seen = 0;
    assert_int_equal(fixture_say(x, 4, &s, &f->e), 0);
    assert_int_equal(index_item_by_path(x, s.received.path, count_item, &seen, &f->e), 0);
    assert_int_equal(seen, 1);
    s.received.path.n--;
    assert_int_equal(index_item_by_path(x, s.received.path, count_item, &seen, &f->e), 0);
    assert_int_equal(seen, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_callback_ends, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_digest_digits, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_already, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_already_newest, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_duplicate_of, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_frames, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_long_path, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
