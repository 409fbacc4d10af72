/* groundwork erase by its words: what it shows, asks for, refuses and does. */
#include "fixture.h"

static void intake(struct fixture *f)
{
    scratch_text("papers-one", "the first paper of a witness");
    scratch_text("papers-two", "another paper");
    assert_int_equal(fixture_run(f, "intake", "papers-one", "papers-two", "--from", "A giver", NULL), 0);
}

static void shown_and_nothing_done(void **state)
{
    struct fixture *f = *state;
    intake(f);
    assert_int_equal(fixture_run(f, "erase", "papers-one", NULL), 0);
    fixture_said(f, "papers-one");
    fixture_said(f, "Nothing was done");
    assert_int_equal(fixture_run(f, "erase", "list", NULL), 0);
    assert_int_equal(fixture_json(f, "erase", "papers-one", NULL), 0);
    assert_string_equal(fixture_word(f, "affected.0.what"), "item");
}

static void what_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "erase", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "erase", "no such item", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "erase", "list", "5", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "erase", "approve", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "erase", "approve", "x", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "erase", "approve", "5", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "erase", "withdraw", "5", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "erase", "finish", "5", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "erase", "papers-one", "--why", "", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "erase", "--receipt", "77", NULL), VERBS_ENVIRONMENT);
}

static void done_alone(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "erase", "papers-one", "--why", "she asked for it", NULL), 0);
    fixture_said(f, "ERASED, by leaf");
    fixture_said(f, "copies and key files kept elsewhere");
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    fixture_not_said(f, "papers-one");
    fixture_said(f, "papers-two");
    assert_int_equal(fixture_run(f, "show", "papers-one", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "ERASED");
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
    assert_int_equal(fixture_run(f, "erase", "list", NULL), 0);
    fixture_said(f, "she asked for it");
    assert_int_equal(fixture_run(f, "receipt", "latest", NULL), 0);
    fixture_said(f, "ERASED");
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "Erased");
    assert_int_equal(fixture_run(f, "erase", "--receipt", "1", "--why", "all of it", NULL), 0);
    assert_int_equal(fixture_run(f, "receipt", "1", NULL), 0);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown_and_nothing_done),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(done_alone),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
