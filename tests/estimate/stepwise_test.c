#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* SparseMSE 2.0.1's published answers for the same procedure. */
static void test_published(void **state)
{
    static const struct {
        const char *name;
        double n;
    } reference[] = {{"kosovo", 14342}, {"UK5", 11313}, {"Ned5", 121522}, {"NewOrl5", 1034}};
    for (size_t i = 0; i < COUNT(reference); i++) {
        struct estimate_table t;
        struct estimate_stepwise r;
        tables_get(reference[i].name, &t);
        estimate_stepwise(&t, ESTIMATE_STEPWISE_P, &r);
        assert_int_equal(r.code, ESTIMATE_FINE);
        assert_true(fabs(r.value.n - reference[i].n) < 1);
    }
}

static void test_none(void **state)
{
    struct estimate_table two = {.lists = 2, .cells = {0, 9, 9, 9}};
    struct estimate_table apart = {.lists = 3, .cells = {0, 20, 20, 0, 20}};
    struct estimate_stepwise r;
    estimate_stepwise(&two, ESTIMATE_STEPWISE_P, &r);
    assert_int_equal(r.code, ESTIMATE_TWO_LISTS_ONLY);
    estimate_stepwise(&apart, ESTIMATE_STEPWISE_P, &r);
    assert_int_equal(r.code, ESTIMATE_NO_MLE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests_name("stepwise", tests, NULL, NULL);
}
