/* Holds by their words. */
#include "fixture.h"

static int setup(void **state)
{
    int rc = fixture_begin(state);
    if (rc != 0)
        return rc;
    struct fixture *f = *state;
    scratch_text("one", "1");
    scratch_text("two", "22");
    assert_int_equal(fixture_run(f, "intake", "one", "two", NULL), 0);
    return 0;
}

static void placed_listed_released(void **state)
{
    struct fixture *f = *state;
    char hold[32];
    assert_int_equal(fixture_run(f, "hold", "list", NULL), 0);
    fixture_said(f, "There is no hold.");
    assert_int_equal(fixture_json(f, "hold", "place", "--receipt", "1", "--ground", "court-order", "--why", "order 12",
                                  NULL), 0);
    (void)snprintf(hold, sizeof hold, "%u", (unsigned)fixture_number(f, "leaf"));
    assert_int_equal(fixture_run(f, "hold", "list", NULL), 0);
    fixture_said(f, hold);
    fixture_said(f, "order of a court: order 12\n");
    fixture_not_said(f, "released");
    assert_int_equal(fixture_run(f, "hold", "place", "one", "--ground", "exonerating", "--why", "W", NULL), 0);
    fixture_said(f, "it may help the defence.");
    assert_int_equal(fixture_run(f, "hold", "release", hold, "--why", "lifted", NULL), 0);
    fixture_said(f, "is released (leaf ");
    assert_int_equal(fixture_run(f, "hold", "release", hold, "--why", "lifted", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "released already");
    assert_int_equal(fixture_run(f, "hold", "list", NULL), 0);
    fixture_said(f, "released by leaf ");
    assert_int_equal(fixture_json(f, "hold", "list", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"ground\":\"exonerating\""));
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

static void refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *words[8];
        const char *says;
    } cases[] = {
        {{"hold", "forever"}, "say hold place, release or list"},
        {{"hold", "place", "one", "--why", "W"}, "say the ground"},
        {{"hold", "place", "one", "--ground", "law", "--why", "W"}, "say the ground"},
        {{"hold", "place", "one", "--ground", "other"}, "say why"},
        {{"hold", "place", "--ground", "other", "--why", "W"}, "name items, or a receipt"},
        {{"hold", "release", "--why", "W"}, "takes the number of a hold"},
        {{"hold", "release", "one", "--why", "W"}, "takes the number of a hold"},
        {{"hold", "release", "7"}, "say why"},
        {{"hold", "list", "all"}, "takes nothing behind it"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const *w = cases[i].words;
        assert_int_equal(fixture_run(f, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], NULL), VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, cases[i].says);
    }
    assert_int_equal(fixture_run(f, "hold", "release", "1", "--why", "W", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "is no hold");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(placed_listed_released), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, setup, fixture_end);
}
