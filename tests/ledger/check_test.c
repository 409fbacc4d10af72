#include "fixture.h"
#include "../base/thorough.h"

#include <sys/stat.h>

/* Every file of a small ledger, by name. */
static unsigned files_of(const struct fixture *f, char name[16][96])
{
    OWN(buf_drop) struct buf names = {0};
    log_names(f, &names);
    buf_put_text(&names, "a/journal\nb/journal\n");
    struct cursor c = cursor_of(buf_bytes(&names));
    unsigned count = 0;
    for (; c.left > 0; count++) {
        struct bytes line = cursor_line(&c);
        assert_true(count < 16 && line.n < 96);
        memcpy(name[count], line.p, line.n);
        name[count][line.n] = 0;
    }
    return count;
}

static void heals(struct fixture *f, const struct ledger_position *at, const char *name, size_t bit,
                  const struct buf *good)
{
    OWN(buf_drop) struct buf b = {0};
    if (fixture_repair(f, at) != 0)
        fail_msg("%s: bit %zu: %s", name, bit, buf_text(&f->words));
    file_get(f, name, &b);
    if (!bytes_equal(buf_bytes(good), buf_bytes(&b)))
        fail_msg("%s: bit %zu is not healed", name, bit);
    if (fixture_check(f, at) != 0)
        fail_msg("%s: bit %zu: %s", name, bit, buf_text(&f->lines));
}

/* No bit of any file is free; a flip in any byte is healed to the byte, and a repair leaves nothing to find. */
static void every_flipped_bit_is_found_and_healed(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0};
    char name[16][96];
    struct ledger_position at = fixture_fill(f, 1, 1, 1);
    unsigned files = files_of(f, name);
    assert_int_equal(files, 5); /* checkpoint, two partial tiles, two copies */
    for (unsigned i = 0; i < files; i++) {
        file_get(f, name[i], &good);
        for (size_t bit = 0; bit < good.n * 8; bit += every(1, 3)) {
            good.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            file_put(f, name[i], buf_bytes(&good));
            good.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (fixture_check(f, &at) != ERR_DAMAGED)
                fail_msg("%s: bit %zu is not found", name[i], bit);
            if (bit % 8 == bit / 8 % 8)
                heals(f, &at, name[i], bit, &good);
        }
        file_put(f, name[i], buf_bytes(&good));
    }
}

/* Without an outside state a flip is found all the same. */
static void flips_are_found_without_committed(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0};
    char name[16][96];
    (void)fixture_fill(f, 2, 1, 1);
    unsigned files = files_of(f, name);
    assert_int_equal(fixture_check(f, NULL), 0);
    for (unsigned i = 0; i < files; i++) {
        file_get(f, name[i], &good);
        for (size_t bit = 0; bit < good.n * 8; bit += every(11, 35)) {
            good.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            file_put(f, name[i], buf_bytes(&good));
            good.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (fixture_check(f, NULL) != ERR_DAMAGED)
                fail_msg("%s: bit %zu is not found", name[i], bit);
        }
        file_put(f, name[i], buf_bytes(&good));
    }
}

/* Each file longer, shorter, empty, missing: found, and healed to the byte. */
static void every_length_is_found_and_healed(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, b = {0};
    char name[16][96];
    struct ledger_position at = fixture_fill(f, 2, 150, 2);
    unsigned files = files_of(f, name);
    assert_int_equal(files, 8); /* two full tiles, three partial, checkpoint, two copies */
    for (unsigned i = 0; i < files; i++) {
        file_get(f, name[i], &good);
        for (int how = 0; how < 5; how++) {
            buf_clear(&b);
            buf_put_bytes(&b, buf_bytes(&good));
            if (how == 0)
                buf_put_u8(&b, 'x');
            else if (how == 1)
                buf_put_text(&b, "GWRECORD and more that is no record");
            else if (how == 4)
                file_delete(f, name[i]);
            if (how == 2 || how == 3)
                b.n = how == 2 ? b.n - 1 : 0;
            if (how != 4)
                file_put(f, name[i], buf_bytes(&b));
            if (fixture_check(f, &at) != ERR_DAMAGED)
                fail_msg("%s, change %d is not found", name[i], how);
            if (fixture_repair(f, &at) != 0)
                fail_msg("%s, change %d: %s", name[i], how, buf_text(&f->words));
            file_get(f, name[i], &b);
            assert_true(bytes_equal(buf_bytes(&good), buf_bytes(&b)));
            if (fixture_check(f, &at) != 0)
                fail_msg("%s, change %d: %s", name[i], how, buf_text(&f->lines));
        }
    }
}

static void files_too_many_are_found(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 2, 150, 2);
    const char *const strays[] = {
        "a/journal.new", "b/journal2", "log/new-0", "log/notes", "log/tile/readme", "log/tile/0/000.p/7",
        "log/tile/0/001.p/47", "log/tile/0/002", "log/tile/1/000", "log/tile/2/000.p/1", "log/tile/entries/001",
        "log/checkpoint~",
    };
    const size_t known = 3; /* two widths and a draft are known for what they are, and removed */
    file_put(f, "a/other", bytes_text("not the ledger's"));
    assert_int_equal(fixture_check(f, &at), 0);
    for (size_t i = 0; i < COUNT(strays); i++) {
        path_in(f, strays[i], &path);
        *strrchr(path.s, '/') = 0;
        assert_int_equal(file_make_folders(path.s, NULL), 0);
        assert_int_equal(fixture_check(f, &at), 0); /* an empty folder is nothing */
        file_put(f, strays[i], bytes_text("stray"));
        if (fixture_check(f, &at) != ERR_DAMAGED)
            fail_msg("%s", strays[i]);
        assert_non_null(strstr(buf_text(&f->lines), strays[i]));
        assert_int_equal(fixture_repair(f, &at), 0);
        assert_false(file_there(f, strays[i]));
        if (fixture_check(f, &at) != 0)
            fail_msg("%s", buf_text(&f->lines));
    }
    assert_int_equal(aside_count(f, "stray-"), COUNT(strays) - known);
    path_in(f, "log/tile/0/005", &path);
    assert_int_equal(symlink("000", path.s), 0);
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
}

static void a_record_bad_in_both_copies_is_named(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf b = {0};
    struct ledger_opening opening;
    struct ledger_position at, border = {0};
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
        for (int i = 0; i < 5; i++) {
            if (i == 2)
                ledger_where(l, &border);
            fixture_commit(l, 3, 1);
        }
        assert_int_equal(ledger_publish(l, NULL), 0);
        ledger_where(l, &at);
    }
    const char *const names[] = {"a/journal", "b/journal"};
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, names[copy], &b);
        b.p[border.bytes + 200] ^= 1;
        file_put(f, names[copy], buf_bytes(&b));
    }
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "record 2 is bad in both copies"));
    assert_int_equal(fixture_repair(f, &at), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->words), "record 2 is bad in both copies"));
    /* Neither copy was touched. */
    for (int copy = 0; copy < 2; copy++) {
        OWN(buf_drop) struct buf now = {0};
        file_get(f, names[copy], &now);
        now.p[23] = b.p[23];
        assert_memory_equal(now.p + LEDGER_HEADER, b.p + LEDGER_HEADER, b.n - LEDGER_HEADER);
    }
}

/* Different records bad in each copy: together they still hold everything. */
static void two_damaged_copies_heal_each_other(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf a = {0}, b = {0}, now = {0};
    struct ledger_position at = fixture_fill(f, 6, 3, 1);
    file_get(f, "a/journal", &a);
    file_get(f, "b/journal", &b);
    for (size_t in_a = 100; in_a < a.n; in_a += 211) {
        size_t in_b = a.n - 1 - (in_a - 64) / 3;
        uint64_t record = (a.n - LEDGER_HEADER) / 6;
        if ((in_a - LEDGER_HEADER) / record == (in_b - LEDGER_HEADER) / record)
            continue;
        a.p[in_a] ^= 1;
        b.p[in_b] ^= 1;
        file_put(f, "a/journal", buf_bytes(&a));
        file_put(f, "b/journal", buf_bytes(&b));
        a.p[in_a] ^= 1;
        b.p[in_b] ^= 1;
        assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
        if (fixture_repair(f, &at) != 0)
            fail_msg("%zu and %zu: %s", in_a, in_b, buf_text(&f->words));
        file_get(f, "a/journal", &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&a)));
        file_get(f, "b/journal", &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&b)));
        assert_int_equal(fixture_check(f, &at), 0);
    }
}

/* A whole record of the same length from the same log in a wrong place. */
static void records_in_a_wrong_place_are_found(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf b = {0};
    struct ledger_position at = fixture_fill(f, 3, 2, 1);
    file_get(f, "b/journal", &b);
    size_t record = (b.n - LEDGER_HEADER) / 3;
    memcpy(b.p + LEDGER_HEADER + record, b.p + LEDGER_HEADER, record);
    file_put(f, "b/journal", buf_bytes(&b));
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "journal b, record 1"));
    assert_int_equal(fixture_repair(f, &at), 0);
    assert_int_equal(fixture_check(f, &at), 0);
}

/* Swapped or doubled copies: each knows which it is. */
static void a_copy_in_the_others_place_is_found(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf a = {0}, now = {0};
    struct ledger_position at = fixture_fill(f, 3, 2, 1);
    file_get(f, "a/journal", &a);
    file_put(f, "b/journal", buf_bytes(&a));
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    assert_int_equal(fixture_repair(f, &at), 0);
    file_get(f, "b/journal", &now);
    assert_int_equal(now.p[23], 1);
    assert_int_equal(fixture_check(f, &at), 0);
}

/* What an interrupted program leaves is no fault. */
static void interrupted_writes_are_no_fault(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf a = {0}, b = {0};
    struct ledger_position at = fixture_fill(f, 2, 20, 3);
    size_t committed = (size_t)at.bytes;
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        fixture_commit(l, 300, 3); /* and not published */
    }
    file_get(f, "a/journal", &a);
    file_get(f, "b/journal", &b);
    /* Both are written before either is synced: each ends wherever it likes. */
    for (size_t n = committed; n <= a.n; n += n + 4999 < a.n || n == a.n ? 4999 : a.n - n) {
        file_put(f, "a/journal", bytes_of(a.p, n));
        for (size_t other = committed; other <= b.n; other += other + 7001 < b.n || other == b.n ? 7001 : b.n - other) {
            file_put(f, "b/journal", bytes_of(b.p, other));
            if (fixture_check(f, &at) != 0)
                fail_msg("%zu and %zu of %zu: %s", n, other, a.n, buf_text(&f->lines));
        }
    }
    file_put(f, "a/journal", buf_bytes(&a));
    file_put(f, "b/journal", buf_bytes(&b));
    /* The same shortness is damage once it is committed. */
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    ledger_where(l, &at);
    ledger_drop(&l);
    assert_int_equal(fixture_check(f, &at), 0);
    file_put(f, "b/journal", bytes_of(b.p, b.n - 1));
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    file_put(f, "b/journal", bytes_of(b.p, committed));
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    l = fixture_open(f, &at, &opening);
    assert_int_equal(ledger_mend(l, &f->words, &e), 0);
    assert_int_equal(fixture_check(f, &at), 0);
}

/* A full tile that no checkpoint names yet may have been cut off; until it does, narrower ones count. */
static void a_tile_that_was_cut_off(void **state)
{
    static const char *const names[] = {"log/tile/0/000", "log/tile/entries/000"};
    struct fixture *f = *state;
    struct file_path path;
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf whole = {0}, narrow = {0};
    struct ledger_position at = fixture_fill(f, 2, 20, 3);
    file_get(f, "log/tile/0/000.p/46", &narrow);
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        fixture_commit(l, 300, 3); /* and not published */
    }
    for (size_t i = 0; i < COUNT(names); i++)
        for (size_t n = 0; n < 8192; n += 4096)
            file_put(f, names[i], bytes_of((const uint8_t[8192]){0}, n));
    assert_int_equal(fixture_check(f, &at), 0);
    path_in(f, "log/tile/0/000.p/46", &path);
    assert_int_equal(file_remove(path.s, &e), 0);
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    file_put(f, "log/tile/0/000.p/46", buf_bytes(&narrow));
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    assert_int_equal(ledger_publish(l, &e), 0);
    ledger_where(l, &at);
    ledger_drop(&l);
    assert_int_equal(fixture_check(f, &at), 0);
    file_get(f, names[0], &whole);
    whole.p[77] ^= 1;
    file_put(f, names[0], buf_bytes(&whole));
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
}

struct seen {
    unsigned records;
    int answer;
};

static int see(void *context, const struct ledger_record *record, struct err *e)
{
    struct seen *s = context;
    assert_int_equal(record->number, s->records);
    s->records++;
    return s->records == 3 ? s->answer : 0;
}

static void ignore(void *context, const char *line)
{
}

static void keep_any(void *context, const char *line)
{
    struct fixture *f = context;
    buf_put_text(&f->lines, line);
}

static void higher_floors_check_along(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 5, 2, 1);
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    struct seen s = {0};
    assert_int_equal(ledger_check(l, ignore, see, &s, NULL), 0);
    assert_int_equal(s.records, 5);
    s = (struct seen){.answer = ERR_STOPPED};
    assert_int_equal(ledger_check(l, ignore, see, &s, NULL), ERR_STOPPED);
    assert_int_equal(s.records, 3);
}

/* A rightly signed record whose checkpoint's root is not that of its entries. */
static void a_lying_checkpoint_is_found(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 2, 2, 1);
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    assert_int_equal(ledger_edge_need(l, NULL), 0);
    l->edge.peak[0].b[0] ^= 1;
    fixture_commit(l, 2, 1);
    ledger_where(l, &at);
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "record 2: its checkpoint"));
    assert_int_equal(fixture_repair(f, &at), ERR_DAMAGED);
}

/* A check beside a writer: what the writer does is no damage. */
static void a_writer_beside_the_check_is_no_fault(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 3, 30, 1);
    OWN(ledger_drop) struct ledger *reader = fixture_open(f, &at, &opening);
    OWN(ledger_drop) struct ledger *writer = fixture_open(f, &at, &opening);
    struct seen s = {0};
    fixture_commit(writer, 30, 1);
    assert_int_equal(ledger_check(reader, ignore, see, &s, NULL), 0);
    assert_int_equal(ledger_publish(writer, NULL), 0);
    buf_clear(&f->lines);
    assert_int_equal(ledger_check(reader, keep_any, NULL, f, NULL), ERR_BUSY);
    assert_int_equal(f->lines.n, 0);
}

static void an_empty_ledger_is_whole(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at;
    ledger_position_begin(&at);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_check(f, &at), 0);
    assert_int_equal(fixture_repair(f, &at), 0);
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(every_flipped_bit_is_found_and_healed),
        LEDGER_CASE(flips_are_found_without_committed),
        LEDGER_CASE(every_length_is_found_and_healed),
        LEDGER_CASE(files_too_many_are_found),
        LEDGER_CASE(a_record_bad_in_both_copies_is_named),
        LEDGER_CASE(two_damaged_copies_heal_each_other),
        LEDGER_CASE(records_in_a_wrong_place_are_found),
        LEDGER_CASE(a_copy_in_the_others_place_is_found),
        LEDGER_CASE(interrupted_writes_are_no_fault),
        LEDGER_CASE(a_tile_that_was_cut_off),
        LEDGER_CASE(higher_floors_check_along),
        LEDGER_CASE(a_lying_checkpoint_is_found),
        LEDGER_CASE(a_writer_beside_the_check_is_no_fault),
        LEDGER_CASE(an_empty_ledger_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
