#include "report/report_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WORDS_MAX = 24 };

static int parse(const char *text, struct report_line *ret)
{
    static char room[512];
    char *words[WORDS_MAX] = {(char *)(uintptr_t) "groundwork-estimate"};
    int count = 1;
    assert_true(strlen(text) < sizeof room);
    memcpy(room, text, strlen(text) + 1);
    for (char *at = strtok(room, " "); at != NULL; at = strtok(NULL, " "))
        words[count++] = at;
    return report_parse(count, words, ret, NULL);
}

static void test_all_options(void **state)
{
    struct report_line l;
    assert_int_equal(parse("t.csv --method dga --method latent --count n --seed 7 --threads 3 --json o --report d "
                           "--override rhat --instructions plain --bound 20 --tempered",
                           &l),
                     0);
    assert_int_equal(l.action, REPORT_ESTIMATE);
    assert_string_equal(l.argument[0], "t.csv");
    assert_true(l.options.method[REPORT_DGA] && l.options.method[REPORT_LATENT] && !l.options.method[REPORT_CHAO]);
    assert_true(l.options.seed == 7 && l.options.threads == 3 && l.options.bound == 20 && l.options.tempered);
    assert_true(l.options.override[ESTIMATE_RHAT] && l.options.path == ESTIMATE_PATH_PLAIN);
    assert_int_equal(parse("verify r.json t.csv", &l), 0);
    assert_int_equal(l.action, REPORT_VERIFY);
    assert_int_equal(parse("reconcile c.csv", &l), 0);
    assert_int_equal(l.action, REPORT_RECONCILE);
    assert_int_equal(parse("-- verify", &l), 0); /* a table of that name */
    assert_int_equal(l.action, REPORT_ESTIMATE);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "a b",
                                      "a --seed",
                                      "a --seed -1",
                                      "a --classes 13",
                                      "a --classes 1",
                                      "a --ess 399",
                                      "a --threads 65",
                                      "a --method magic",
                                      "a --nothing",
                                      "verify a",
                                      "a --override no-recapture",
                                      "a --override nothing",
                                      "a --unit heads",
                                      "a --instructions sse",
                                      "a b c"};
    struct report_line l;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (parse(bad[i], &l) != ERR_USAGE)
            fail_msg("taken: %s", bad[i]);
}

/* What says that the table itself cannot carry a number is not to be overridden. */
static void test_what_may_be_overridden(void **state)
{
    assert_true(report_overridable(ESTIMATE_RHAT) && report_overridable(ESTIMATE_LIST_ALONE));
    assert_false(report_overridable(ESTIMATE_NO_MLE));
    assert_false(report_overridable(ESTIMATE_TOO_FEW_LISTS));
    assert_false(report_overridable(ESTIMATE_NOT_PERSONS));
    assert_false(report_overridable(ESTIMATE_OPEN_POPULATION));
}

static void test_help_names_all(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    report_help(&b);
    for (unsigned m = 0; m < REPORT_METHODS; m++)
        assert_non_null(strstr(buf_text(&b), report_method_names[m]));
    assert_non_null(strstr(buf_text(&b), "--linkage"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_options),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_what_may_be_overridden),
        cmocka_unit_test(test_help_names_all),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
