#include "fixture.h"

enum { RECORDS = 9 };

struct walk {
    uint64_t offset[RECORDS];
    unsigned seen;
    unsigned stop_after;
    int answer;
    struct ledger *places; /* to look where the sections are said to lie */
};

static void place_is(struct ledger *l, uint64_t at, struct bytes expect)
{
    OWN(mem_drop) uint8_t *got = malloc(expect.n + 1);
    assert_int_equal(ledger_read_at(l, at, got, expect.n, NULL), 0);
    assert_memory_equal(got, expect.p, expect.n);
}

static int see(void *context, const struct ledger_record *r, struct err *e)
{
    struct walk *w = context;
    struct ledger_position at = {.records = r->number, .leaves = r->first_leaf};
    OWN(draft_drop) struct draft d;
    draft_make(&d, &at, r->hidden_count, r->public_count, 50);
    assert_true(bytes_equal(r->entries, d.record.entries));
    assert_true(bytes_equal(r->hidden, d.record.hidden));
    assert_true(bytes_equal(r->open, d.record.open));
    assert_true(bytes_equal(r->secrets, d.record.secrets));
    assert_true(bytes_equal(r->extents, d.record.extents));
    assert_true(r->number < RECORDS);
    w->offset[r->number] = r->at;
    if (w->places != NULL) {
        place_is(w->places, ledger_hidden_at(r), r->hidden);
        place_is(w->places, ledger_open_at(r), r->open);
    }
    w->seen++;
    return w->seen == w->stop_after ? w->answer : 0;
}

static struct ledger *fill(const struct fixture *f)
{
    struct ledger_opening opening;
    struct ledger *l = fixture_open(f, NULL, &opening);
    for (unsigned i = 0; i < RECORDS; i++)
        fixture_commit(l, 1 + i % 3, i % 4);
    return l;
}

static void every_record_comes_back_in_order(void **state)
{
    struct fixture *f = *state;
    OWN(ledger_drop) struct ledger *l = fill(f);
    for (int copy = -1; copy < 2; copy++) {
        struct walk w = {.places = l};
        assert_int_equal(ledger_walk(l, copy, LEDGER_FIRST, 0, see, &w, NULL), 0);
        assert_int_equal(w.seen, RECORDS);
        for (unsigned from = 0; from < RECORDS; from++) {
            struct walk again = {0};
            assert_int_equal(ledger_walk(l, copy, w.offset[from], from, see, &again, NULL), 0);
            assert_int_equal(again.seen, RECORDS - from);
        }
        struct ledger_position end;
        struct walk none = {0};
        ledger_where(l, &end);
        assert_int_equal(ledger_walk(l, copy, end.bytes, RECORDS, see, &none, NULL), 0);
        assert_int_equal(none.seen, 0);
    }
}

static void a_visitor_ends_the_walk(void **state)
{
    struct fixture *f = *state;
    OWN(ledger_drop) struct ledger *l = fill(f);
    struct walk w = {.stop_after = 4, .answer = ERR_STOPPED};
    assert_int_equal(ledger_walk(l, -1, LEDGER_HEADER, 0, see, &w, NULL), ERR_STOPPED);
    assert_int_equal(w.seen, 4);
    w = (struct walk){.stop_after = 2, .answer = 5};
    assert_int_equal(ledger_walk(l, 0, LEDGER_HEADER, 0, see, &w, NULL), 5);
}

static void wrong_beginnings_are_refused(void **state)
{
    struct fixture *f = *state;
    OWN(ledger_drop) struct ledger *l = fill(f);
    struct walk w = {0};
    assert_int_equal(ledger_walk(l, -1, LEDGER_HEADER, 0, see, &w, NULL), 0);
    struct ledger_position end;
    ledger_where(l, &end);
    struct walk none = {0};
    assert_int_equal(ledger_walk(l, -1, w.offset[3], 2, see, &none, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_walk(l, 0, w.offset[3], 4, see, &none, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_walk(l, -1, w.offset[3] + 1, 3, see, &none, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_walk(l, -1, 0, 0, see, &none, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_walk(l, -1, end.bytes, 3, see, &none, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_walk(l, -1, end.bytes + 7, RECORDS, see, &none, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_walk(l, 1, UINT64_MAX, RECORDS, see, &none, NULL), ERR_DAMAGED);
    assert_int_equal(none.seen, 0);
}

static void take_both(const struct fixture *f, struct buf *a, struct buf *b)
{
    file_get(f, "a/journal", a);
    file_get(f, "b/journal", b);
}

/* Rightly signed records of the same length in the place of the last ones: a walk must lead to what was opened. */
static void another_ending_is_refused(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position first, at;
    OWN(buf_drop) struct buf a = {0}, b = {0}, other_a = {0}, other_b = {0};
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
        fixture_commit(l, 2, 1);
        ledger_where(l, &first);
        take_both(f, &a, &b);
        fixture_commit(l, 2, 1);
        take_both(f, &other_a, &other_b);
    }
    file_put(f, "a/journal", buf_bytes(&a));
    file_put(f, "b/journal", buf_bytes(&b));
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &first, &opening);
    fixture_commit(l, 1, 2);
    ledger_where(l, &at);
    assert_int_equal(at.bytes, other_a.n);
    struct walk w = {0};
    assert_int_equal(ledger_walk(l, -1, first.bytes, 1, see, &w, NULL), 0);
    file_put(f, "a/journal", buf_bytes(&other_a));
    file_put(f, "b/journal", buf_bytes(&other_b));
    for (int copy = -1; copy < 2; copy++) {
        w = (struct walk){0};
        assert_int_equal(ledger_walk(l, copy, first.bytes, 1, see, &w, NULL), ERR_DAMAGED);
    }
}

/* Damage inside one copy: that copy's walk tells, the good walk passes over to the other. */
static void a_damaged_record_is_read_from_the_other_copy(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf b = {0};
    OWN(ledger_drop) struct ledger *l = fill(f);
    const char *const names[] = {"a/journal", "b/journal"};
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, names[copy], &b);
        for (size_t at = LEDGER_HEADER; at < b.n; at += 101) {
            struct walk w = {0}, good = {0};
            b.p[at] ^= 0x40;
            file_put(f, names[copy], buf_bytes(&b));
            b.p[at] ^= 0x40;
            assert_int_equal(ledger_walk(l, copy, LEDGER_HEADER, 0, see, &w, &e), ERR_DAMAGED);
            assert_non_null(strstr(e.text, copy == 0 ? "journal a, record" : "journal b, record"));
            assert_int_equal(ledger_walk(l, 1 - copy, LEDGER_HEADER, 0, see, &good, NULL), 0);
            good = (struct walk){0};
            assert_int_equal(ledger_walk(l, -1, LEDGER_HEADER, 0, see, &good, NULL), 0);
            assert_int_equal(good.seen, RECORDS);
        }
        file_put(f, names[copy], buf_bytes(&b));
    }
}

struct backwards {
    struct ledger_record seen[64]; /* numbers and sizes */
    unsigned count, stop_at;
};

static int step_back(void *context, const struct ledger_record *r, struct err *e)
{
    struct backwards *b = context;
    b->seen[b->count++] = *r;
    return b->count == b->stop_at ? ERR_STOPPED : 0;
}

static void from_the_newest_to_the_first(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf b = {0};
    OWN(ledger_drop) struct ledger *l = fill(f);
    struct ledger_position end;
    ledger_where(l, &end);
    assert_true(end.records > 2 && end.records <= 64);
    struct backwards all = {.stop_at = 0}, two = {.stop_at = 2};
    assert_int_equal(ledger_walk_back(l, step_back, &all, NULL), 0);
    assert_int_equal(all.count, end.records);
    uint64_t at = end.bytes;
    for (unsigned i = 0; i < all.count; i++) {
        assert_int_equal(all.seen[i].number, end.records - 1 - i);
        at -= all.seen[i].bytes;
    }
    assert_int_equal(at, LEDGER_HEADER);
    assert_int_equal(ledger_walk_back(l, step_back, &two, NULL), ERR_STOPPED);
    /* One copy is enough; with a frame that is bad in both it ends there. */
    for (int copy = 0; copy < 2; copy++) {
        const char *const names[] = {"a/journal", "b/journal"};
        struct backwards some = {.stop_at = 0};
        file_get(f, names[copy], &b);
        b.p[end.bytes - all.seen[0].bytes - 4] ^= 1;
        file_put(f, names[copy], buf_bytes(&b));
        assert_int_equal(ledger_walk_back(l, step_back, &some, NULL), copy == 0 ? 0 : ERR_DAMAGED);
        assert_int_equal(some.count, copy == 0 ? end.records : 1);
    }
}

/* Any place is read rightly, whichever copy is damaged there. */
static void places_are_read_from_the_copy_that_is_right(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf b = {0};
    uint8_t got[64];
    OWN(ledger_drop) struct ledger *l = fill(f);
    const char *const names[] = {"a/journal", "b/journal"};
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, names[copy], &b);
        for (size_t at = LEDGER_HEADER + 100; at + sizeof(got) + 90 < b.n; at += 149) {
            b.p[at + 20] ^= 1;
            file_put(f, names[copy], buf_bytes(&b));
            b.p[at + 20] ^= 1;
            int rc = ledger_read_at(l, at, got, sizeof(got), NULL);
            /* Only what lies inside one record is ever asked for. */
            if (rc == 0)
                assert_memory_equal(got, b.p + at, sizeof(got));
            else
                assert_int_equal(rc, ERR_DAMAGED);
            assert_int_equal(ledger_read_at(l, at + 20, got, 1, NULL), 0);
            assert_int_equal(got[0], b.p[at + 20]);
        }
        file_put(f, names[copy], buf_bytes(&b));
    }
}

static void places_outside_the_journal_are_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t got[16];
    struct ledger_position end;
    OWN(ledger_drop) struct ledger *l = fill(f);
    ledger_where(l, &end);
    assert_int_equal(ledger_read_at(l, end.bytes - 16, got, 16, NULL), 0);
    assert_int_equal(ledger_read_at(l, end.bytes - 15, got, 16, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_read_at(l, end.bytes, got, 1, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_read_at(l, UINT64_MAX, got, 16, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_read_at(l, LEDGER_HEADER - 1, got, 1, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_read_at(l, LEDGER_HEADER, got, 0, NULL), 0);
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(every_record_comes_back_in_order),
        LEDGER_CASE(a_visitor_ends_the_walk),
        LEDGER_CASE(wrong_beginnings_are_refused),
        LEDGER_CASE(another_ending_is_refused),
        LEDGER_CASE(a_damaged_record_is_read_from_the_other_copy),
        LEDGER_CASE(from_the_newest_to_the_first),
        LEDGER_CASE(places_are_read_from_the_copy_that_is_right),
        LEDGER_CASE(places_outside_the_journal_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
