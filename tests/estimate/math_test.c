#include "estimate/estimate_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static double relative(double got, double want, double least)
{
    return fabs(got - want) / fmax(fabs(want), least);
}

/* The C library is the second opinion; it may differ from itself between versions, by less than is allowed here. */
static void test_against_the_c_library(void **state)
{
    for (double x = -600; x < 600; x += 0.0371)
        assert_true(relative(estimate_exp(x), exp(x), 0) < 5e-16);
    for (double x = 1e-307; x < 1e300; x *= 1.0137)
        assert_true(relative(estimate_log(x), log(x), 1e-3) < 5e-16);
    for (double x = 0.001; x < 1e9; x *= 1.0137)
        assert_true(relative(estimate_lgamma(x), lgamma(x), 1) < 2e-14);
    for (double z = -8; z < 8; z += 0.0173)
        assert_true(relative(estimate_normal_below(z), erfc(-z / sqrt(2)) / 2, 0) < 1e-12);
}

static void test_ends(void **state)
{
    assert_true(estimate_exp(-1e9) == 0);
    assert_true(isinf(estimate_log(0)) && isinf(estimate_log(INFINITY)));
    assert_true(relative(estimate_log(5e-324), log(5e-324), 1) < 1e-15);
    assert_true(estimate_log(1) == 0 && estimate_exp(0) == 1);
}

static void test_lanes_agree(void **state)
{
    for (double x = 1e-200; x < 1e200; x *= 3.7) {
        estimate_v4 four = {x, 2 * x, 3 * x, 5 * x};
        estimate_v4 logs = estimate_log4(four), back = estimate_exp4(logs);
        for (int i = 0; i < 4; i++) {
            assert_true(logs[i] == estimate_log(four[i]));
            assert_true(back[i] == estimate_exp(logs[i]));
        }
    }
}

static void test_quantiles(void **state)
{
    assert_true(fabs(estimate_normal_quantile(0.975) - 1.959963984540054) < 1e-13);
    assert_true(fabs(estimate_normal_quantile(1e-6) + 4.753424308822899) < 1e-10);
    for (double p = 0.0005; p < 1; p += 0.0031)
        assert_true(fabs(estimate_normal_below(estimate_normal_quantile(p)) - p) < 1e-13);
    /* Tables of Student's t. */
    assert_true(fabs(estimate_student_quantile(0.975, 5) - 2.5705818366147395) < 1e-9);
    assert_true(fabs(estimate_student_quantile(0.975, 99) - 1.9842169515086827) < 1e-9);
    assert_true(fabs(estimate_student_quantile(0.975, 1e7) - 1.959963984540054) < 1e-6);
    assert_true(fabs(estimate_above_chi2_1(3.841458820694124) - 0.05) < 1e-12);
}

static void test_sorted_quantile(void **state)
{
    double x[] = {5, 1, 4, 2, 3};
    estimate_sort(x, 5);
    for (int i = 0; i < 5; i++)
        assert_true(x[i] == i + 1);
    assert_true(estimate_quantile(x, 5, 0.5) == 3 && estimate_quantile(x, 5, 1) == 5);
    assert_true(fabs(estimate_quantile(x, 5, 0.1) - 1.4) < 1e-12);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_the_c_library), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_lanes_agree),           cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_sorted_quantile),
    };
    return cmocka_run_group_tests_name("math", tests, NULL, NULL);
}
