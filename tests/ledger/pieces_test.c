/* The journal in pieces: named, found and read record by record; what is not whole is not read. */
#include "fixture.h"

#include <sys/stat.h>

static struct {
    struct buf bytes;
    struct ledger_piece piece;
    unsigned in_piece;
    const struct fixture *f;
} cutting;

static int cut(void *context, const struct ledger_record *r, struct err *e)
{
    (void)context;
    (void)e;
    char name[LEDGER_PIECE_NAME_MAX];
    if (cutting.bytes.n == 0)
        cutting.piece.first = r->number;
    cutting.piece.last = r->number;
    buf_put_bytes(&cutting.bytes, r->all);
    if (r->number + 1 - cutting.piece.first < cutting.in_piece)
        return 0;
    ledger_piece_name(&cutting.piece, name);
    file_put(cutting.f, name, buf_bytes(&cutting.bytes));
    buf_clear(&cutting.bytes);
    return 0;
}

/* ${records} records in pieces of ${in_piece}, below the repository itself. */
static struct ledger_position fill(struct fixture *f, unsigned records, unsigned in_piece)
{
    struct file_path path;
    struct ledger_position end = fixture_fill(f, records, 2, 1);
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &end, &opening);
    path_in(f, "journal", &path);
    (void)mkdir(path.s, 0700);
    path_in(f, "journal/000", &path);
    (void)mkdir(path.s, 0700);
    cutting.f = f;
    cutting.in_piece = in_piece;
    assert_int_equal(ledger_walk(l, 0, LEDGER_FIRST, 0, cut, NULL, NULL), 0);
    assert_int_equal(cutting.bytes.n, 0);
    return end;
}

static int read_all(const struct fixture *f, struct ledger_position *at, struct err *e)
{
    OWN(ledger_pieces_drop) struct ledger_pieces *p = NULL;
    struct ledger_record r;
    ledger_begin(at);
    int rc = ledger_pieces_open(f->root.s, &p, e);
    while (rc == 0)
        rc = ledger_pieces_next(p, ONLY(&f->key), at, &r, e);
    return rc;
}

static void read_in_order(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at;
    struct err e;
    OWN(buf_drop) struct buf header = {0};
    struct ledger_position end = fill(f, 12, 3);
    assert_int_equal(read_all(f, &at, &e), ERR_ABSENT);
    assert_memory_equal(&at.last, &end.last, sizeof end.last);
    assert_int_equal(at.bytes, end.bytes);
    assert_int_equal(at.leaves, end.leaves);
    /* In any order, too. */
    OWN(ledger_pieces_drop) struct ledger_pieces *p = NULL;
    static const uint64_t numbers[] = {7, 8, 2, 2, 11, 0};
    assert_int_equal(ledger_pieces_open(f->root.s, &p, &e), 0);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct ledger_record r;
        assert_int_equal(ledger_pieces_record(p, ONLY(&f->key), numbers[i], NULL, &r, &e), 0);
        assert_int_equal(r.number, numbers[i]);
        assert_int_equal(r.all.n, r.bytes);
    }
    const struct ledger_piece *list;
    assert_int_equal(ledger_pieces_list(p, &list), 4);
    assert_true(list[1].first == 3 && list[1].last == 5);
}

static void what_is_not_whole(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at;
    struct err e;
    OWN(buf_drop) struct buf good = {0};
    OWN(buf_drop) struct buf bad = {0};
    static const char name[] = "journal/000/000000003-000000005";
    (void)fill(f, 9, 3);
    file_get(f, name, &good);
    for (size_t i = 0; i < good.n; i += 7) {
        buf_clear(&bad);
        buf_put_bytes(&bad, buf_bytes(&good));
        bad.p[i] ^= 4;
        file_put(f, name, buf_bytes(&bad));
        assert_int_equal(read_all(f, &at, &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, name));
        assert_true(at.records >= 3 && at.records < 6);
    }
    file_put(f, name, bytes_of(good.p, good.n - 1));
    assert_int_equal(read_all(f, &at, &e), ERR_DAMAGED);
    assert_int_equal(at.records, 5);
    file_delete(f, name);
    assert_int_equal(read_all(f, &at, &e), ERR_ABSENT);
    assert_int_equal(at.records, 3);
}

/* Drafts and what is not ours are no pieces. */
static void names(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static const char *const bad[] = {"journal/000/000000000-000000002.part",
                                      "journal/000/0-2",
                                      "journal/000/000000002-",
                                      "journal/000/000000009-000000002",
                                      "journal/000/notes",
                                      "journal/stray",
                                      "journal/000/000000000-00000000x",
                                      "journal/000/00000000000000000-00000000000000002"};
    OWN(ledger_pieces_drop) struct ledger_pieces *p = NULL;
    const struct ledger_piece *list;
    (void)fill(f, 3, 3);
    for (size_t i = 0; i < COUNT(bad); i++)
        file_put(f, bad[i], bytes_text("x"));
    assert_int_equal(ledger_pieces_open(f->root.s, &p, &e), 0);
    assert_int_equal(ledger_pieces_list(p, &list), 1);
    char name[LEDGER_PIECE_NAME_MAX];
    ledger_piece_name(&(struct ledger_piece){1234567, 12345678901}, name);
    assert_string_equal(name, "journal/1234/001234567-12345678901");
    OWN(ledger_pieces_drop) struct ledger_pieces *none = NULL;
    assert_int_equal(ledger_pieces_open("/nowhere", &none, &e), 0);
    assert_int_equal(ledger_pieces_list(none, &list), 0);
}

/* Pieces under names that claim more than is in them, or what another one has, hide nothing. */
static void names_that_claim_too_much(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at, end = fill(f, 12, 3);
    struct ledger_record r;
    struct err e;
    static const char *const forged[] = {"journal/000/000000000-000000000", "journal/000/000000000-000000999",
                                         "journal/000/000000001-000000011", "journal/000/000000003-000000004",
                                         "journal/000/000000009-000000500", "journal/000/000000012-000000900"};
    OWN(buf_drop) struct buf first = {0};
    file_get(f, "journal/000/000000000-000000002", &first);
    for (size_t i = 0; i < COUNT(forged); i++) {
        if (i % 2 == 0)
            file_put(f, forged[i], bytes_text("no records"));
        else
            file_put(f, forged[i], buf_bytes(&first));
    }
    assert_int_not_equal(read_all(f, &at, &e), 0);
    assert_memory_equal(&at.last, &end.last, sizeof end.last);
    OWN(ledger_pieces_drop) struct ledger_pieces *p = NULL;
    assert_int_equal(ledger_pieces_open(f->root.s, &p, &e), 0);
    static const uint64_t numbers[] = {11, 4, 0, 9, 3, 1};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_int_equal(ledger_pieces_record(p, ONLY(&f->key), numbers[i], NULL, &r, &e), 0);
        assert_int_equal(r.number, numbers[i]);
    }
    assert_int_not_equal(ledger_pieces_record(p, ONLY(&f->key), 12, NULL, &r, &e), 0); /* claimed, and by none kept */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(read_in_order, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_not_whole, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(names, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(names_that_claim_too_much, fixture_setup, fixture_teardown),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    buf_drop(&cutting.bytes);
    return rc;
}
