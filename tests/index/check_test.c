#include "story.h"
#include "../base/thorough.h"

#include <stdio.h>

static int add_line(void *context, const char *text, struct err *e)
{
    struct buf *to = context;
    buf_put_text(to, text);
    buf_put_u8(to, '\n');
    return 0;
}

static int add_item(void *context, const struct index_item *item, struct err *e)
{
    struct buf *to = context;
    buf_printf(to, "%llu %llu\n", (unsigned long long)item->leaf, (unsigned long long)item->bytes);
    return 0;
}

/* All that it says, or a negative result. */
static int all(struct fixture *f, struct buf *to)
{
    OWN(index_drop) struct index *x = NULL;
    struct index_sums sums = {0};
    buf_clear(to);
    int rc = index_open(&(struct index_place){f->root.s, "main"}, &f->key, INDEX_READ, &x, &f->e);
    if (rc == 0)
        rc = index_dump(x, add_line, to, &f->e);
    if (rc == 0)
        rc = index_items(x, UINT64_MAX, 0, add_item, to, &f->e);
    if (rc == 0)
        rc = index_item_by_path(x, bytes_text(story_paths[2]), add_item, to, &f->e);
    if (rc == 0)
        rc = index_sums(x, &sums, &f->e);
    buf_printf(to, "%llu\n", (unsigned long long)sums.distinct_bytes);
    return rc;
}

/* A story, and behind it enough items that every tree has branches and some paths leave their page. */
static void tell(struct fixture *f, uint64_t seed)
{
    enum { ITEMS = 500, PATH = 200, LONG = 9000 };
    OWN(story_drop) struct story s;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct chance c = {seed};
    struct index_position now;
    uint8_t path[LONG];
    story_make(&s, seed, 60);
    story_tell(x, &s, 0, s.records);
    assert_int_equal(index_where(x, &now, &f->e), 0);
    assert_int_equal(index_begin(x, &f->e), 0);
    for (uint64_t i = 0; i < ITEMS; i++) {
        struct statement item = {.kind = STATEMENT_RECEIVED, .received = {.deposit = 2, .seq = 1000 + i, .bytes = i}};
        chance_fill(&c, path, sizeof path);
        chance_fill(&c, item.received.sha256.b, CRYPT_HASH);
        item.received.path = bytes_of(path, i % 100 == 0 ? LONG : PATH);
        assert_int_equal(index_statement(x, s.leaves + i, &item, i, i, 1, NULL, &f->e), 0);
        assert_int_equal(index_frame(x, &item.received.sha256, s.leaves + i, 0, &f->e), 0);
    }
    assert_int_equal(index_end(x, &now, &f->e), 0);
}

/* A byte changed anywhere: the same answers as before, or damage; and the check finds every change that matters. */
static void test_flipped_bytes(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, want = {0}, got = {0};
    struct chance c = {77};
    struct index *x = NULL;
    tell(f, 2024);
    assert_int_equal(all(f, &want), 0);
    fixture_read(f, "main.db", &good);
    assert_true(good.n > (size_t)40 * 4096);
    unsigned damaged = 0, tries = 0;
    for (size_t at = 0; at < good.n; at += at < 128 ? 1 : every(97, 300) + chance_below(&c, 500), tries++) {
        uint8_t was = good.p[at];
        good.p[at] ^= (uint8_t)(1U << chance_below(&c, 8));
        fixture_write(f, "main.db", buf_bytes(&good));
        good.p[at] = was;
        int rc = all(f, &got);
        if (rc != 0 && rc != ERR_DAMAGED)
            fail_msg("byte %zu: %d %s", at, rc, f->e.text);
        if (rc == 0)
            assert_string_equal(buf_text(&want), buf_text(&got));
        damaged += rc == ERR_DAMAGED;
        const struct index_place place = {f->root.s, "main"};
        if (rc == ERR_DAMAGED && index_open(&place, &f->key, INDEX_READ, &x, &f->e) == 0) {
            assert_int_equal(index_check(x, &f->e), ERR_DAMAGED);
            index_close(TAKE(x));
        }
    }
    assert_true(damaged > tries * 9 / 10);
    fixture_write(f, "main.db", buf_bytes(&good));
    assert_int_equal(all(f, &got), 0);
    assert_string_equal(buf_text(&want), buf_text(&got));
}

/* Cut anywhere, or with pages exchanged: damage, never other answers. */
static void test_cut_and_exchanged(void **state)
{
    enum { PAGE = 4096 };
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, want = {0}, got = {0};
    tell(f, 2025);
    assert_int_equal(all(f, &want), 0);
    fixture_read(f, "main.db", &good);
    for (size_t pages = 0; pages < good.n / PAGE; pages++) {
        fixture_write(f, "main.db", bytes_of(good.p, pages * PAGE));
        assert_int_equal(all(f, &got), pages == 0 ? ERR_ABSENT : ERR_DAMAGED);
    }
    for (size_t a = 0; a + 1 < good.n / PAGE; a++) {
        uint8_t *p = good.p + a * PAGE, page[PAGE];
        memcpy(page, p, PAGE);
        memcpy(p, p + PAGE, PAGE);
        memcpy(p + PAGE, page, PAGE);
        fixture_write(f, "main.db", buf_bytes(&good));
        int rc = all(f, &got);
        assert_true(rc == ERR_DAMAGED || (rc == 0 && strcmp(buf_text(&want), buf_text(&got)) == 0));
        memcpy(p + PAGE, p, PAGE);
        memcpy(p, page, PAGE);
    }
}

static struct story crashed;

static int crash(struct fixture *f)
{
    story_tell(fixture_open(f, INDEX_WRITE), &crashed, 0, crashed.records);
    return 0; /* the process ends here, nothing is closed */
}

static int each_state(struct fixture *f)
{
    OWN(buf_drop) struct buf good = {0};
    uint64_t before = UINT64_MAX, states = 0;
    enum { WAL_HEAD = 32 }; /* a change there is told by SQLite after ten seconds only */
    fixture_read(f, "main.db-wal", &good);
    for (size_t at = good.n - 1; at >= WAL_HEAD && at < good.n; at -= good.n / 150) {
        OWN(index_drop) struct index *x = NULL;
        struct index_position now;
        good.p[at] ^= 4;
        fixture_write(f, "main.db-wal", buf_bytes(&good));
        good.p[at] ^= 4;
        int rc = index_open(&(struct index_place){f->root.s, "main"}, &f->key, INDEX_READ, &x, &f->e);
        if (rc == 0)
            rc = index_where(x, &now, &f->e);
        /* Where the change lies in what made the first tables, the index is as if that had been interrupted. */
        bool begun = rc == ERR_ABSENT && before == 0;
        if (rc != ERR_DAMAGED && !begun && (rc != 0 || now.records > before))
            fail_msg("byte %zu of %zu: %d %s", at, good.n, rc, f->e.text);
        if (rc == 0 && now.records > 0)
            story_check(x, &crashed, now.records);
        states += rc == 0 && now.records < before;
        before = rc == 0 ? now.records : 0;
    }
    assert_true(states > 5);
    return 0;
}

/* A -wal that a crash left and something changed afterwards: an earlier record's end, or damage. */
static void test_wal_flipped(void **state)
{
    struct fixture *f = *state;
    story_make(&crashed, 1212, 30);
    fixture_apart(crash, f, false);
    fixture_apart(each_state, f, false);
    story_drop(&crashed);
}

static int stop(void *context, const char *text, struct err *e)
{
    return ++*(int *)context == 3 ? ERR_STOPPED : 0;
}

static void test_dump_stops(void **state)
{
    struct fixture *f = *state;
    OWN(story_drop) struct story s;
    story_make(&s, 5, 10);
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    story_tell(x, &s, 0, s.records);
    int seen = 0;
    assert_int_equal(index_dump(x, stop, &seen, &f->e), ERR_STOPPED);
    assert_int_equal(seen, 3);
    OWN(buf_drop) struct buf dump = {0};
    fixture_dump(x, &dump);
    assert_non_null(strstr(buf_text(&dump), "note=\"as \\x22given\\x22\\x0a\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flipped_bytes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_cut_and_exchanged, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_wal_flipped, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_dump_stops, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
