#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>

static void a_record_extends_the_journal(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at = fixture_fill(f, 3, 2, 1);
    assert_int_equal(at.records, 3);
    assert_int_equal(at.leaves, 9);
    struct ledger_opening opening;
    ledger_close(fixture_open(f, &at, &opening));
    assert_int_equal(opening.copy[0], LEDGER_COPY_GOOD);
    assert_int_equal(opening.copy[1], LEDGER_COPY_GOOD);
    assert_memory_equal(&opening.position, &at, sizeof(at));
    if (fixture_check(f, &at) != 0)
        fail_msg("%s", buf_text(&f->lines));
}

static void the_copies_differ_in_their_header_only(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf a = {0}, b = {0};
    (void)fixture_fill(f, 4, 3, 2);
    file_get(f, "a/journal", &a);
    file_get(f, "b/journal", &b);
    assert_int_equal(a.n, b.n);
    assert_int_equal(a.p[23], 0);
    assert_int_equal(b.p[23], 1);
    assert_memory_equal(a.p + LEDGER_HEADER, b.p + LEDGER_HEADER, a.n - LEDGER_HEADER);
}

/* The same record whether the tree's edge came from tiles, from the journal, or was kept. */
static void the_edge_is_the_same_wherever_it_comes_from(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf kept = {0}, reopened = {0};
    (void)fixture_fill(f, 6, 200, 1);
    file_get(f, "a/journal", &kept);
    const char *const spoil[] = {NULL, "log/checkpoint", "log/tile/0/001.p/147", "log/tile/1/000.p/1"};
    for (size_t how = 0; how < COUNT(spoil); how++)
        for (int damage = 0; damage < 2; damage++) {
            fixture_again(f);
            for (unsigned i = 0; i < 6; i++) {
                OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
                if (i == 2 && spoil[how] != NULL && damage != 0)
                    file_put(f, spoil[how], bytes_text("nothing of use"));
                else if (i == 2 && spoil[how] != NULL && file_there(f, spoil[how]))
                    file_delete(f, spoil[how]);
                fixture_commit(l, 200, 1);
                assert_int_equal(ledger_publish(l, &e), 0);
            }
            file_get(f, "a/journal", &reopened);
            assert_true(bytes_equal(buf_bytes(&kept), buf_bytes(&reopened)));
            struct ledger_position at;
            OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
            ledger_where(l, &at);
            if (fixture_check(f, &at) != 0)
                fail_msg("%s", buf_text(&f->lines));
        }
}

/* Whatever the copy that is read first says inside: a checkpoint is signed over the true entries or not at all. */
static void damaged_entries_are_never_signed_over(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf a = {0}, b = {0};
    const size_t entry = LEDGER_HEADER + LEDGER_HEAD + LEDGER_SECTION_HEAD + 5;
    struct ledger_position at = fixture_fill(f, 3, 5, 1);
    file_delete(f, "log/checkpoint"); /* so that the tree's edge comes from the journal */
    file_get(f, "a/journal", &a);
    a.p[entry] ^= 1;
    file_put(f, "a/journal", buf_bytes(&a));
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        fixture_commit(l, 5, 1);
        assert_int_equal(ledger_publish(l, &e), 0);
        ledger_where(l, &at);
    }
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    assert_null(strstr(buf_text(&f->lines), "checkpoint"));
    assert_int_equal(fixture_repair(f, &at), 0);
    if (fixture_check(f, &at) != 0)
        fail_msg("%s", buf_text(&f->lines));

    file_delete(f, "log/checkpoint");
    file_get(f, "a/journal", &a);
    file_get(f, "b/journal", &b);
    a.p[entry] ^= 1;
    b.p[entry] ^= 1;
    file_put(f, "a/journal", buf_bytes(&a));
    file_put(f, "b/journal", buf_bytes(&b));
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    OWN(draft_drop) struct draft d;
    struct ledger_position next;
    draft_make(&d, &at, 1, 1, 20);
    assert_int_equal(ledger_prepare(l, &d.record, &next, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "record 0 is bad in both copies"));
}

static int prepare(struct ledger *l, const struct ledger_record *r)
{
    struct ledger_position next;
    return ledger_prepare(l, r, &next, NULL);
}

static void wrong_drafts_are_refused_before_anything_is_signed(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 1, 2, 2), after;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    OWN(draft_drop) struct draft d;
    draft_make(&d, &at, 2, 2, 20);
    struct ledger_record good = d.record, r;
#define REFUSED(change)                                                                                                \
    do {                                                                                                               \
        r = good;                                                                                                      \
        change;                                                                                                        \
        assert_int_equal(prepare(l, &r), ERR_USAGE);                                                                   \
    } while (0)
    REFUSED(r.number = 0);
    REFUSED(r.number = 2);
    REFUSED(r.first_leaf = 0);
    REFUSED(r.first_leaf = 5);
    REFUSED(r.hidden_count = 3);
    REFUSED((r.hidden_count = 0, r.public_count = 0, r.entries.n = 0, r.hidden.n = 0, r.open.n = 0));
    REFUSED(r.entries.n -= LEDGER_ENTRY);
    REFUSED(r.hidden.n -= 1);
    REFUSED(r.open.n -= 1);
    REFUSED(r.secrets = bytes_of(d.secrets.p, LEDGER_RECORD_MAX)); /* only the length is looked at */
#undef REFUSED
    assert_int_equal(prepare(l, &good), 0);
    ledger_where(l, &after);
    assert_memory_equal(&at, &after, sizeof(at));
}

static void what_is_prepared_is_committed_or_nothing_is(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 1, 1, 1);
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    OWN(draft_drop) struct draft d;
    draft_make(&d, &at, 1, 1, 20);
    assert_int_equal(prepare(l, &d.record), 0);
    assert_int_equal(prepare(l, &d.record), ERR_REFUSED);
    assert_int_equal(ledger_commit(l, NULL), 0);
    ledger_where(l, &at);
    OWN(draft_drop) struct draft next;
    draft_make(&next, &at, 1, 1, 20);
    assert_int_equal(prepare(l, &next.record), 0);
}

static void a_reader_does_not_append(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 1, 1, 1);
    const struct ledger_setup setup = fixture_setup_of(f, false);
    OWN(ledger_drop) struct ledger *l = NULL;
    assert_int_equal(ledger_open(&setup, &at, NULL, &l, &opening, NULL), 0);
    OWN(draft_drop) struct draft d;
    draft_make(&d, &at, 1, 1, 20);
    assert_int_equal(prepare(l, &d.record), ERR_REFUSED);
}

static void copies_that_differ_are_mended_first(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    file_delete(f, "b/journal");
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    OWN(draft_drop) struct draft d;
    draft_make(&d, &at, 1, 1, 20);
    assert_int_equal(prepare(l, &d.record), ERR_REFUSED);
    assert_int_equal(ledger_mend(l, &f->words, &e), 0);
    assert_int_equal(prepare(l, &d.record), 0);
}

/* Two writers that both got past the lock: the second must not sign a second history into the journal. */
static void a_journal_that_grew_meanwhile_takes_nothing(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    OWN(ledger_drop) struct ledger *first = fixture_open(f, &at, &opening);
    OWN(ledger_drop) struct ledger *second = fixture_open(f, &at, &opening);
    OWN(draft_drop) struct draft d;
    draft_make(&d, &at, 5, 1, 20);
    assert_int_equal(prepare(second, &d.record), 0);
    fixture_commit(first, 1, 1);
    file_get(f, "a/journal", &before);
    assert_int_equal(ledger_commit(second, &e), ERR_DAMAGED);
    file_get(f, "a/journal", &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    assert_int_equal(prepare(second, &d.record), ERR_REFUSED); /* spoiled */
    assert_int_equal(ledger_commit(second, &e), ERR_REFUSED);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    r.rlim_cur = bytes < r.rlim_max ? bytes : r.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/*
 * A disk that fills at every possible byte of a record: there is no record then, in either copy.
 */
static void a_full_disk_leaves_a_state_of_the_table(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 1, 1, 1), next, now;
    (void)signal(SIGXFSZ, SIG_IGN);
    OWN(draft_drop) struct draft d;
    draft_make(&d, &at, 2, 1, 40);
    uint64_t record = 0;
    for (uint64_t room = 0; record == 0 || room <= record; room += record == 0 || room + 13 <= record ? 13 : 1) {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        assert_int_equal(opening.copy[0], LEDGER_COPY_GOOD);
        assert_int_equal(opening.copy[1], LEDGER_COPY_GOOD);
        assert_int_equal(ledger_prepare(l, &d.record, &next, &e), 0);
        record = next.bytes - at.bytes;
        limit_files(at.bytes + room);
        int rc = ledger_commit(l, &e);
        limit_files(RLIM_INFINITY);
        assert_int_equal(rc, room < record ? ERR_IO : 0);
        if (rc != 0)
            assert_int_equal(prepare(l, &d.record), ERR_REFUSED);
        ledger_drop(&l);
        l = fixture_open(f, &at, &opening);
        ledger_where(l, &now);
        assert_int_equal(now.records, rc == 0 ? 2 : 1);
    }
}

/* What one copy does not take is taken back from the other, so that a refusal leaves nothing. */
static void what_only_one_copy_takes_is_no_record(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 1, 1, 1), next;
    for (int copy = 0; copy < 2; copy++) {
        struct file_path journal, aside;
        path_in(f, copy == 0 ? "a/journal" : "b/journal", &journal);
        path_in(f, copy == 0 ? "a/elsewhere" : "b/elsewhere", &aside);
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        OWN(draft_drop) struct draft d;
        draft_make(&d, &at, 2, 1, 40);
        assert_int_equal(ledger_prepare(l, &d.record, &next, &e), 0);
        assert_int_equal(rename(journal.s, aside.s), 0);
        assert_int_equal(ledger_commit(l, &e), ERR_IO);
        assert_int_equal(ledger_commit(l, &e), ERR_REFUSED);
        assert_int_equal(rename(aside.s, journal.s), 0);
        ledger_drop(&l);
        l = fixture_open(f, &at, &opening);
        assert_memory_equal(&opening.position, &at, sizeof(at));
        assert_int_equal(opening.copy[0], LEDGER_COPY_GOOD);
        assert_int_equal(opening.copy[1], LEDGER_COPY_GOOD);
    }
}

/* Both copies are synced at once: either of them may be the one that a crash left whole. */
static void a_record_that_only_one_copy_holds_is_committed(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf whole = {0};
    for (int copy = 0; copy < 2; copy++)
        for (size_t more = 0; more < 3; more++) {
            const char *other = copy == 0 ? "b/journal" : "a/journal";
            fixture_again(f);
            struct ledger_position at = fixture_fill(f, 1, 1, 1), next;
            OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
            fixture_commit(l, 2, 1);
            ledger_where(l, &next);
            ledger_drop(&l);
            file_get(f, other, &whole);
            const size_t kept[] = {0, 200, (size_t)(next.bytes - at.bytes) - 1};
            file_put(f, other, bytes_of(whole.p, (size_t)at.bytes + kept[more]));

            const struct ledger_setup setup = fixture_setup_of(f, true);
            assert_int_equal(ledger_open(&setup, &at, &next.last, &l, &opening, &e), 0);
            assert_memory_equal(&opening.position, &next, sizeof(next));
            assert_int_equal(opening.committed_later, 1);
            assert_true(opening.pending_found);
            assert_int_equal(opening.copy[copy], LEDGER_COPY_GOOD);
            assert_int_equal(opening.copy[1 - copy], more == 0 ? LEDGER_COPY_SHORT : LEDGER_COPY_BAD_TAIL);
            assert_true(opening.interrupted[1 - copy]);
            assert_int_equal(ledger_mend(l, &f->words, &e), 0);
            assert_int_equal(ledger_publish(l, &e), 0);
            if (fixture_check(f, &next) != 0)
                fail_msg("%s", buf_text(&f->lines));
        }
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(a_record_extends_the_journal),
        LEDGER_CASE(the_copies_differ_in_their_header_only),
        LEDGER_CASE(the_edge_is_the_same_wherever_it_comes_from),
        LEDGER_CASE(damaged_entries_are_never_signed_over),
        LEDGER_CASE(wrong_drafts_are_refused_before_anything_is_signed),
        LEDGER_CASE(what_is_prepared_is_committed_or_nothing_is),
        LEDGER_CASE(a_reader_does_not_append),
        LEDGER_CASE(copies_that_differ_are_mended_first),
        LEDGER_CASE(a_journal_that_grew_meanwhile_takes_nothing),
        LEDGER_CASE(a_full_disk_leaves_a_state_of_the_table),
        LEDGER_CASE(what_only_one_copy_takes_is_no_record),
        LEDGER_CASE(a_record_that_only_one_copy_holds_is_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
