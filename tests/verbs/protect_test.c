/* Whose items are and how they are kept back, by its words. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

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

static void whose(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "protect", "one", NULL), 0);
    fixture_said(f, "nobody has said whose it is, and so it goes nowhere");
    assert_int_equal(fixture_run(f, "protect", "one", "--person", "P-0002,P-0001", NULL), 0);
    fixture_said(f, ": of P-0001, P-0002\n");
    assert_int_equal(
        fixture_run(f, "protect", "one", "--not", "P-0002", "--person", "P-0003", "--why", "another", NULL), 0);
    fixture_said(f, ": of P-0001, P-0003\n");
    assert_int_equal(fixture_run(f, "protect", "--receipt", "latest", "--nobody", "--why", "of nobody", NULL), 0);
    fixture_said(f, ": of P-0001, P-0003\n"); /* who is linked counts */
    fixture_said(f, ": of nobody\n");
    assert_int_equal(fixture_json(f, "protect", "one", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"nobody\":false,\"persons\":[\"P-0001\",\"P-0003\"]"));
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

/* What is no item is not told of, and not for ever. */
static void no_items(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "protect", "0-18446744073709551615", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT,
                   "the leaves 0 to 18446744073709551615 are not all items: groundwork items lists them");
    assert_int_equal(fixture_run(f, "protect", "0", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(f->said.n, 0);
}

/* Who is linked to another name of a file is linked to its bytes; what allows more stays with the name. */
static void by_another_name(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir("linked", 0700), 0);
    scratch_text("linked/a", "the same file");
    assert_int_equal(link("linked/a", "linked/b"), 0);
    assert_int_equal(fixture_run(f, "intake", "linked", NULL), 0);
    assert_int_equal(
        fixture_run(f, "protect", "linked/b", "--person", "P-0007", "--level", "closed", "--why", "W", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "linked/a", NULL), 0);
    fixture_said(f, ": of P-0007\n  level closed: it goes nowhere\n");
    assert_int_equal(
        fixture_run(f, "protect", "linked/b", "--level", "ordinary", "--not", "P-0007", "--why", "W", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "linked/a", NULL), 0);
    fixture_said(f, ": of P-0007\n  level closed: it goes nowhere\n");
}

static void kept_back(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "protect", "two", "--restriction", "provider-confidential", "--level", "high",
                                 "--why", "as agreed", NULL),
                     0);
    fixture_said(f, "  given in confidence; no provider is named who could lift it\n");
    fixture_said(f, "  level high: it is not published\n");
    assert_int_equal(fixture_run(f, "protect", "two", "--restriction", "provider-confidential", "--provider", "S-0001",
                                 "--level", "closed", "--why", "as agreed", NULL),
                     0);
    fixture_said(f, "  given in confidence by S-0001\n  level closed: it goes nowhere\n");
    assert_int_equal(fixture_json(f, "protect", "two", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"level\":\"closed\",\"nobody\":"));
    assert_non_null(
        strstr(buf_text(&f->document), "\"provider\":\"S-0001\",\"restriction\":\"provider-confidential\""));
    assert_int_equal(
        fixture_run(f, "protect", "two", "--restriction", "none", "--level", "ordinary", "--why", "over", NULL), 0);
    fixture_not_said(f, "confidence");
    fixture_not_said(f, "level");
    assert_int_equal(fixture_run(f, "hold", "place", "two", "--ground", "other", "--why", "W", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "two", NULL), 0);
    fixture_said(f, "  a hold stands over it: leaf ");
}

static void refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *words[8];
        const char *says;
        int exit_code;
    } cases[] = {
        {{"protect"}, "name items, or a receipt", VERBS_USAGE},
        {{"protect", "one", "--nobody", "--person", "P-0001", "--why", "W"}, "somebody's or nobody's", VERBS_USAGE},
        {{"protect", "one", "--nobody"}, "say why", VERBS_USAGE},
        {{"protect", "one", "--not", "P-0001"}, "say why", VERBS_USAGE},
        {{"protect", "one", "--level", "high"}, "say why", VERBS_USAGE},
        {{"protect", "one", "--level", "top", "--why", "W"}, "is no level", VERBS_USAGE},
        {{"protect", "one", "--restriction", "secret", "--why", "W"}, "is no restriction", VERBS_USAGE},
        {{"protect", "one", "--provider", "S-0001", "--why", "W"}, "--provider goes with", VERBS_USAGE},
        {{"protect", "one", "--restriction", "provider-confidential", "--provider", "them", "--why", "W"},
         "names do not belong here",
         VERBS_USAGE},
        {{"protect", "one", "--person", "Kim"}, "no code of a person", VERBS_USAGE},
        {{"protect", "nothing", "--person", "P-0001"}, "no item is called nothing", VERBS_ENVIRONMENT},
        {{"protect", "1-3", "--person", "P-0001"}, "are not all items", VERBS_REFUSED},
        {{"protect", "--receipt", "9", "--person", "P-0001"}, "no receipt 9", VERBS_ENVIRONMENT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const *w = cases[i].words;
        assert_int_equal(fixture_run(f, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], NULL), cases[i].exit_code);
        fixture_failed(f, f->rc, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whose), cmocka_unit_test(no_items),
                                       cmocka_unit_test(by_another_name), cmocka_unit_test(kept_back),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, setup, fixture_end);
}
