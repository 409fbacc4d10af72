/* Unlocked for a while: what the verbs say; tests/agent holds the process itself to what it promises. */
#include "fixture.h"

#include "agent/agent.h"

static void for_a_while(void **state)
{
    struct fixture *f = *state;
    f->with_keys = false;
    assert_int_equal(fixture_run(f, "lock", NULL), 0);
    fixture_said(f, "Nothing was unlocked.");
    static const char *const bad[] = {"0", "1441", "-1", "ten", ""};
    for (size_t i = 0; i < COUNT(bad); i++) {
        fixture_run(f, "unlock", "--minutes", bad[i], NULL);
        fixture_failed(f, ERR_USAGE, "a number from 1 to 1440");
        assert_int_equal(f->asked, 0);
    }
    f->passphrase[0] = "not the passphrase";
    fixture_run(f, "unlock", NULL);
    fixture_failed(f, ERR_KEY, "does not open");
    f->passphrase[0] = NULL;
    assert_int_equal(fixture_json(f, "unlock", "--minutes", "1440", NULL), 0);
    assert_int_equal(fixture_number(f, "minutes"), 1440);
    assert_int_equal(f->asked, 1);

    assert_int_equal(fixture_run(f, "items", NULL), 0);
    assert_int_equal(f->asked, 0);
    assert_int_equal(fixture_run(f, "note", "said without a passphrase", NULL), 0);
    assert_int_equal(f->asked, 0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "unlocked for 1440 more minutes");
    assert_int_equal(fixture_run(f, "passphrase", NULL), 0);
    assert_int_equal(f->asked, 2); /* the present one first */

    assert_int_equal(fixture_run(f, "lock", NULL), 0);
    fixture_said(f, "Locked: the keys are wiped.");
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    assert_int_equal(f->asked, 1);
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "agent_seconds"), 0);
}

/* The key file, the repository, or both are out of reach: what is unlocked is locked all the same. */
static void without_the_stick(void **state)
{
    struct fixture *f = *state;
    static const char *const gone[] = {"archive", "keys"};
    f->with_keys = false;
    for (size_t i = 0; i < COUNT(gone); i++) {
        assert_int_equal(fixture_run(f, "unlock", NULL), 0);
        assert_int_equal(rename(gone[i], "away"), 0);
        assert_int_equal(fixture_run(f, "lock", NULL), 0);
        fixture_said(f, "Locked: the keys are wiped.");
        assert_int_equal(fixture_run(f, "lock", NULL), 0);
        fixture_said(f, "Nothing was unlocked.");
        assert_int_equal(rename("away", gone[i]), 0);
        assert_int_equal(fixture_run(f, "items", NULL), 0);
        assert_int_equal(f->asked, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(for_a_while), cmocka_unit_test(without_the_stick)};
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
