#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void near(double got, double want, double within)
{
    if (!(fabs(got - want) <= within))
        fail_msg("%.6f instead of %.6f", got, want);
}

/* By hand: (n1 + 1)(n2 + 1)/(m + 1) - 1 and Seber's variance for 200, 150 and 50 on both. */
static void test_chapman(void **state)
{
    struct estimate_table t = {.lists = 2, .cells = {0, 150, 100, 50}};
    struct estimate_value v;
    assert_int_equal(estimate_chapman(&t, &v), ESTIMATE_FINE);
    near(v.n, 201.0 * 151 / 51 - 1, 1e-9);
    near(v.se, sqrt(201.0 * 151 * 150 * 100 / (51.0 * 51 * 52)), 1e-9);
    assert_true(v.low > 300 && v.low < v.n && v.high > v.n);
    tables_get("spina", &t);
    assert_int_equal(estimate_chapman(&t, &v), ESTIMATE_NOT_TWO_LISTS);
}

static void test_chapman_without_doubt(void **state)
{
    struct estimate_table t = {.lists = 2, .cells = {0, 0, 0, 50}};
    struct estimate_value v;
    assert_int_equal(estimate_chapman(&t, &v), ESTIMATE_FINE);
    near(v.n, 50, 1e-9);
    assert_true(v.low == 50 && v.high == 50);
}

/* Rcapture's value for the hares. */
static void test_chao_lists_alike(void **state)
{
    struct estimate_table t;
    struct estimate_value v;
    tables_get("hare", &t);
    assert_int_equal(estimate_chao(&t, true, &v), ESTIMATE_FINE);
    near(v.n, 79.8, 0.08);
    near(v.se, 6.4, 0.05);
    assert_true(v.low >= 68);
}

/* Under independence with lists of different reach the bound is the truth; expected counts of 10,000 persons. */
static void test_chao_each_list_its_own(void **state)
{
    static const double reach[] = {0.1, 0.3, 0.5};
    struct estimate_table t = {.lists = 3};
    struct estimate_value apart, alike;
    for (size_t cell = 1; cell < 8; cell++) {
        double p = 10000;
        for (unsigned list = 0; list < 3; list++)
            p *= (cell >> list & 1) != 0 ? reach[list] : 1 - reach[list];
        t.cells[cell] = (uint64_t)(p + 0.5);
    }
    assert_int_equal(estimate_chao(&t, false, &apart), ESTIMATE_FINE);
    assert_int_equal(estimate_chao(&t, true, &alike), ESTIMATE_FINE);
    near(apart.n, 10000, 5);
    assert_true(alike.n > 10500); /* taken as alike, unequal lists overstate: the reason for the other form */
}

static void test_chao_refusals(void **state)
{
    struct estimate_table two = {.lists = 2, .cells = {0, 9, 9, 9}};
    struct estimate_table none = {.lists = 3, .cells = {0, 9, 9, 0, 9}};
    struct estimate_table third = {.lists = 3, .cells = {0, 9, 9, 9, 9}}; /* the third list overlaps with nobody */
    struct estimate_table all = {.lists = 3, .cells = {0, 0, 0, 5, 0, 5, 5, 5}};
    struct estimate_value v;
    assert_int_equal(estimate_chao(&two, true, &v), ESTIMATE_TWO_LISTS_ONLY);
    assert_int_equal(estimate_chao(&none, true, &v), ESTIMATE_NO_RECAPTURE);
    assert_int_equal(estimate_chao(&third, true, &v), ESTIMATE_FINE);
    assert_int_equal(estimate_chao(&all, false, &v), ESTIMATE_FINE);
    assert_true(v.n == 20 && v.high == 20);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chapman),          cmocka_unit_test(test_chapman_without_doubt),
        cmocka_unit_test(test_chao_lists_alike), cmocka_unit_test(test_chao_each_list_its_own),
        cmocka_unit_test(test_chao_refusals),
    };
    return cmocka_run_group_tests_name("closed", tests, NULL, NULL);
}
