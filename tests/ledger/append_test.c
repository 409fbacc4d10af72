#include "fixture.h"

static void a_record_extends_the_journal(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at = fixture_fill(f, 3, 2, 1);
    assert_int_equal(at.records, 3);
    assert_int_equal(at.leaves, 9);
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    assert_int_equal(opening.copy[0], LEDGER_COPY_GOOD);
    assert_int_equal(opening.copy[1], LEDGER_COPY_GOOD);
    assert_memory_equal(&opening.position, &at, sizeof(at));
    if (fixture_check(f, &at) != 0)
        fail_msg("%s", buf_text(&f->lines));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_extends_the_journal, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
