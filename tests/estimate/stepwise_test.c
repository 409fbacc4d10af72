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

/*
 * Casale Monferrato diabetes (Bruno and others 1994): 2,771 by the model that was published.  Hepatitis A in Taiwan
 * 1995 (Chao and others 2001): 388 by independence, while a screening of all found about 545; so the gates must say
 * "at least".
 */
static void test_other_published(void **state)
{
    static const struct estimate_table diabetes = {
        .lists = 4, .cells = {0, 709, 74, 104, 182, 650, 20, 157, 10, 12, 7, 18, 8, 46, 14, 58}};
    static const struct estimate_table hepatitis = {.lists = 3, .cells = {0, 69, 55, 21, 63, 17, 18, 28}};
    struct estimate_stepwise s;
    struct estimate_reasons r = {0};
    struct estimate_signs signs = {0};
    char name[ESTIMATE_MODEL_NAME_MAX];
    assert_int_equal(estimate_observed(&diabetes), 2069);
    estimate_stepwise(&diabetes, ESTIMATE_STEPWISE_P, &s);
    estimate_model_name(&s.model, 4, name);
    assert_string_equal(name, "[12,13,23,24,34]");
    assert_true(s.value.n > 2770.5 && s.value.n < 2771.5);
    assert_int_equal(estimate_observed(&hepatitis), 271);
    estimate_stepwise(&hepatitis, ESTIMATE_STEPWISE_P, &s);
    assert_true(s.value.n > 387.5 && s.value.n < 388.6 && s.value.high < 545);
    assert_int_equal(estimate_differ(&hepatitis, &signs.differ, NULL), 0);
    estimate_bound(&s.value, &signs, &r);
    assert_true(estimate_bounded(&r));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_other_published),
    };
    return cmocka_run_group_tests_name("stepwise", tests, NULL, NULL);
}
