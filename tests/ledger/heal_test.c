/* Journals out of pieces: both anew, or copy a where a record is bad in both. */
#include "fixture.h"

#include "../base/bad_disk.h"

#include <sys/stat.h>

static int keep(void *context, const struct ledger_record *r, struct err *e)
{
    (void)e;
    buf_put_bytes(context, r->all);
    return 0;
}

/* ${records} records, all of them in one piece below the repository itself. */
static struct ledger_position fill(struct fixture *f, unsigned records)
{
    static const char *const folders[] = {"journal", "journal/000"};
    OWN(buf_drop) struct buf all = {0};
    struct ledger_position end = fixture_fill(f, records, 1, 2);
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &end, &opening);
    char name[LEDGER_PIECE_NAME_MAX];
    for (size_t i = 0; i < COUNT(folders); i++) {
        struct file_path path;
        path_in(f, folders[i], &path);
        assert_int_equal(mkdir(path.s, 0700), 0);
    }
    assert_int_equal(ledger_walk(l, 0, LEDGER_FIRST, 0, keep, &all, NULL), 0);
    ledger_piece_name(&(struct ledger_piece){0, records - 1}, name);
    file_put(f, name, buf_bytes(&all));
    return end;
}

static int heal(struct fixture *f, bool *ret_healed, struct err *e)
{
    OWN(ledger_pieces_drop) struct ledger_pieces *p = NULL;
    buf_clear(&f->words);
    assert_int_equal(ledger_pieces_open(f->root.s, &p, e), 0);
    return ledger_heal(f->root.s, p, ONLY(&f->key), ret_healed, &f->words, e);
}

static void flip(const struct fixture *f, const char *name, size_t at)
{
    OWN(buf_drop) struct buf b = {0};
    file_get(f, name, &b);
    assert_true(at < b.n);
    b.p[at] ^= 1;
    file_put(f, name, buf_bytes(&b));
}

static void nothing_is_done_without_need(void **state)
{
    struct fixture *f = *state;
    bool healed = true;
    struct err e;
    struct ledger_position end = fill(f, 5);
    assert_int_equal(heal(f, &healed, &e), 0);
    assert_false(healed);
    flip(f, "a/journal", 400);
    flip(f, "b/journal", end.bytes - 40); /* another record */
    assert_int_equal(heal(f, &healed, &e), 0);
    assert_false(healed);
    assert_int_equal(f->words.n, 0);
}

static void what_is_bad_in_both(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf good = {0};
    OWN(buf_drop) struct buf is = {0};
    struct ledger_position end = fill(f, 6);
    file_get(f, "a/journal", &good);
    for (size_t at = 70; at < end.bytes; at += 211) {
        bool healed = false;
        flip(f, "a/journal", at);
        flip(f, "b/journal", at);
        assert_int_equal(heal(f, &healed, &e), 0);
        assert_true(healed);
        assert_non_null(strstr(buf_text(&f->words), "journal a: 1 records that were bad in both copies"));
        buf_clear(&is);
        file_get(f, "a/journal", &is);
        assert_true(bytes_equal(buf_bytes(&is), buf_bytes(&good)));
        assert_int_equal(fixture_repair(f, &end), 0); /* copy b from copy a */
        assert_int_equal(fixture_check(f, &end), 0);
    }
    assert_true(aside_count(f, "journal-damaged-a") > 3);
}

/* What a disk does not give of copy a is as damaged as what is wrong in copy b. */
static void what_cannot_be_read_in_one(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct file_path path;
    OWN(buf_drop) struct buf good = {0};
    struct ledger_position end = fill(f, 6);
    file_get(f, "a/journal", &good);
    path_in(f, "a/journal", &path);
    for (int way = 0; way < 3; way++) {
        OWN(buf_drop) struct buf is = {0};
        bool healed = false;
        flip(f, "b/journal", LEDGER_HEADER + 100);
        if (way == 0)
            bad_disk_read(path.s, 0, 512, EIO);
        else
            bad_disk_open(path.s, way == 1 ? EUCLEAN : EMFILE);
        int rc = heal(f, &healed, &e);
        if (way == 0)
            assert_non_null(strstr(buf_text(&f->words), "512 bytes that cannot be read"));
        bad_disk_end();
        if (way == 2) {
            assert_int_equal(rc, ERR_IO);
            assert_false(healed);
            break;
        }
        assert_int_equal(rc, 0);
        assert_true(healed);
        file_get(f, "a/journal", &is);
        assert_true(bytes_equal(buf_bytes(&is), buf_bytes(&good)));
        assert_int_equal(aside_count(f, "journal-damaged-a"), way + 1);
        assert_int_equal(fixture_repair(f, &end), 0);
        assert_int_equal(fixture_check(f, &end), 0);
    }
}

/* The pieces end before the damage, and behind it more is good: nothing is touched. */
static void pieces_that_end_too_early(void **state)
{
    struct fixture *f = *state;
    bool healed = false;
    struct err e;
    struct ledger_position before = fill(f, 3);
    struct ledger_opening opening;
    struct ledger *l = fixture_open(f, &before, &opening);
    fixture_commit(l, 1, 1);
    fixture_commit(l, 1, 1);
    ledger_close(l);
    flip(f, "a/journal", before.bytes + 100);
    flip(f, "b/journal", before.bytes + 100);
    assert_int_equal(heal(f, &healed, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "record 3 of the journal is bad in both copies"));
    assert_false(healed);
    assert_int_equal(aside_count(f, ""), 0);
}

static void both_anew(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(ledger_pieces_drop) struct ledger_pieces *p = NULL;
    OWN(buf_drop) struct buf was = {0};
    OWN(buf_drop) struct buf is = {0};
    struct ledger_position end = fill(f, 4);
    assert_int_equal(ledger_pieces_open(f->root.s, &p, &e), 0);
    assert_int_equal(ledger_from_pieces(f->root.s, p, ONLY(&f->key), 4, &e), ERR_REFUSED);
    file_get(f, "b/journal", &was);
    file_delete(f, "a/journal");
    file_delete(f, "b/journal");
    assert_int_equal(ledger_from_pieces(f->root.s, p, ONLY(&f->key), 5, &e), ERR_ABSENT);
    file_delete(f, "a/journal.new");
    assert_int_equal(ledger_from_pieces(f->root.s, p, ONLY(&f->key), 4, &e), 0);
    file_get(f, "b/journal", &is);
    assert_true(bytes_equal(buf_bytes(&is), buf_bytes(&was)));
    assert_int_equal(fixture_check(f, &end), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_done_without_need, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_bad_in_both, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_in_one, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(pieces_that_end_too_early, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(both_anew, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
