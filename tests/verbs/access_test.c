/* Sets of items, and what the verbs put on record before they show anything. */
#include "fixture.h"

static int setup(void **state)
{
    int rc = fixture_begin(state);
    if (rc != 0)
        return rc;
    struct fixture *f = *state;
    scratch_text("one", "1");
    scratch_text("two", "22");
    assert_int_equal(fixture_run(f, "intake", "one", NULL), 0);
    assert_int_equal(fixture_run(f, "intake", "two", NULL), 0);
    return 0;
}

/* Against a set of bits. */
static void sets_have_one_spelling(void **state)
{
    struct chance chance = {20261128};
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct verbs_ranges r = {0};
        bool in[80] = {false};
        size_t count = chance_below(&chance, 12);
        for (size_t i = 0; i < count; i++) {
            uint64_t first = chance_below(&chance, 60), last = first + chance_below(&chance, 9);
            assert_int_equal(verbs_ranges_add(&r, first, last, NULL), 0);
            for (uint64_t k = first; k <= last; k++)
                in[k] = true;
        }
        verbs_ranges_settle(&r);
        assert_true(statement_ranges_good(r.list, r.count));
        for (uint64_t k = 0; k < COUNT(in); k++) {
            bool found = false;
            for (size_t i = 0; i < r.count; i++)
                found = found || (r.list[i].first <= k && k <= r.list[i].last);
            assert_int_equal(found, in[k]);
        }
        verbs_ranges_release(&r);
    }
}

static uint64_t waiting(struct fixture *f)
{
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    return fixture_number(f, "accesses_waiting");
}

static uint64_t on_log(struct fixture *f)
{
    assert_int_equal(fixture_json(f, "verify", NULL), 0);
    return fixture_number(f, "accesses");
}

static void what_is_shown_is_on_record(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(waiting(f), 0);
    assert_int_equal(fixture_run(f, "show", "one", "--why", "a question of the court", NULL), 0);
    fixture_went_well(f);
    assert_int_equal(waiting(f), 1);
    assert_int_equal(fixture_run(f, "restore", "out", "--must-log", NULL), 0);
    assert_int_equal(waiting(f), 2); /* one, however many items */
    assert_int_equal(fixture_run(f, "restore", "out", "--item", "two", NULL), 0);
    assert_int_equal(fixture_run(f, "restore", "out", "--receipt", "1", NULL), 0);
    assert_int_equal(waiting(f), 4);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "Records of accesses that go on the log with the next commit: 4");
    assert_int_equal(on_log(f), 0);
    assert_int_equal(fixture_run(f, "note", "takes them along", NULL), 0);
    assert_int_equal(waiting(f), 0);
    assert_int_equal(on_log(f), 4);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "4 records of accesses, by 1 devices.");
    /* Lists are no accesses. */
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    assert_int_equal(fixture_run(f, "receipt", "1", NULL), 0);
    assert_int_equal(fixture_run(f, "custody", "show", "one", NULL), 0);
    assert_int_equal(waiting(f), 0);
    /* What is refused beforehand is none. */
    assert_int_equal(fixture_run(f, "show", "nothing", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "restore", "out", "--item", "nothing", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "show", "one", "--out", "two", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "two is there already");
    assert_int_equal(fixture_run(f, "show", "one", "--out", "archive/x", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "show", "one", "--why", "", NULL), VERBS_USAGE);
    assert_int_equal(waiting(f), 0);
}

static void bytes_of_one_item(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf got = {0};
    assert_int_equal(fixture_run(f, "show", "two", "--out", "two.copy", NULL), 0);
    assert_int_equal(file_read_all("two.copy", 100, &got, NULL), 0);
    assert_string_equal(buf_text(&got), "22");
    assert_int_equal(waiting(f), 1);
}

static void gaps_are_named(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "show", "one", NULL), 0);
    file_remove_tree("archive/spool");
    assert_int_equal(fixture_run(f, "show", "one", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "takes it along", NULL), 0);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "never came to this log: its spool was lost, or another copy was read.");
    fixture_said(f, "VERIFIED");
    assert_int_equal(fixture_json(f, "verify", NULL), 0);
    assert_int_equal(fixture_number(f, "accesses"), 5);
}

/* Whoever is shown a further name is shown the item that it names. */
static void a_further_name_has_its_item_on_record(void **state)
{
    struct fixture *f = *state;
    scratch_text("three", "333");
    assert_int_equal(link("three", "trois"), 0);
    assert_int_equal(fixture_run(f, "intake", "three", "trois", NULL), 0);
    assert_int_equal(fixture_run(f, "show", "trois", NULL), 0);
    assert_int_equal(fixture_run(f, "restore", "third", "--item", "trois", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "takes them along", NULL), 0);
    assert_int_equal(fixture_run(f, "custody", "show", "three", NULL), 0);
    fixture_said(f, "Accesses on the log: 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_have_one_spelling),
        cmocka_unit_test(what_is_shown_is_on_record),
        cmocka_unit_test(bytes_of_one_item),
        cmocka_unit_test(gaps_are_named),
        cmocka_unit_test(a_further_name_has_its_item_on_record),
    };
    return cmocka_run_group_tests(tests, setup, fixture_end);
}
