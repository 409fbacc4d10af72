#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Expected counts of lists with given reach among classes of persons, rounded. */
static void expect_classes(struct estimate_table *t, size_t classes, const double *persons, const double (*reach)[4])
{
    *t = (struct estimate_table){.lists = 4};
    for (size_t cell = 1; cell < 16; cell++) {
        double sum = 0;
        for (size_t k = 0; k < classes; k++) {
            double p = persons[k];
            for (unsigned list = 0; list < 4; list++)
                p *= (cell >> list & 1) != 0 ? reach[k][list] : 1 - reach[k][list];
            sum += p;
        }
        t->cells[cell] = (uint64_t)(sum + 0.5);
    }
}

static void test_alike_and_not(void **state)
{
    static const double one[1] = {3000}, alike[1][4] = {{.3, .4, .25, .35}};
    static const double two[2] = {1500, 1500}, apart[2][4] = {{.5, .45, .4, .5}, {.1, .08, .12, .1}};
    struct estimate_table t;
    struct estimate_differ d;
    expect_classes(&t, 1, one, alike);
    assert_int_equal(estimate_differ(&t, &d, NULL), 0);
    assert_true(d.code == ESTIMATE_FINE && d.weight < ESTIMATE_DIFFER_WEIGHT);
    assert_true(fabs(d.n - 3000) < 60);
    expect_classes(&t, 2, two, apart);
    assert_int_equal(estimate_differ(&t, &d, NULL), 0);
    assert_true(d.code == ESTIMATE_FINE && d.weight > 1);
}

/*
 * The model itself: without pairs its means are b(k) times the product of list effects, and the one parameter is the
 * log of what all pairs have in common.  A table made so is fitted exactly, the unseen included.
 */
static void test_model_is_found_again(void **state)
{
    struct estimate_table t = {.lists = 4};
    struct estimate_model m;
    struct estimate_fit f;
    double truth = 0;
    for (size_t cell = 0; cell < 16; cell++) {
        int k = __builtin_popcountll(cell);
        double mean = 1e6;
        for (unsigned list = 0; list < 4; list++)
            mean *= (cell >> list & 1) != 0 ? 0.2 + 0.05 * list : 1;
        mean *= exp(0.3 * k * (k - 1) / 2);
        truth += mean;
        t.cells[cell] = cell == 0 ? 0 : (uint64_t)(mean + 0.5);
    }
    estimate_model_independence(4, &m);
    m.differ = true;
    estimate_fit(&t, &m, &f);
    assert_int_equal(f.code, ESTIMATE_FINE);
    assert_int_equal(f.freedom, 15 - 6);
    assert_true(f.deviance < 0.01 && fabs(f.value.n / truth - 1) < 1e-3);
}

static void test_few_and_many_lists(void **state)
{
    struct estimate_table t = {.lists = 2, .cells = {0, 9, 9, 9}};
    struct estimate_differ d;
    assert_int_equal(estimate_differ(&t, &d, NULL), 0);
    assert_true(d.code == ESTIMATE_TWO_LISTS_ONLY && !(d.weight > 0));
    tables_get("NewOrl", &t); /* eight lists: a search */
    assert_int_equal(estimate_differ(&t, &d, NULL), 0);
    assert_true(d.weight > 0);
    t = (struct estimate_table){.lists = 3, .cells = {0, 20, 20, 0, 20}}; /* no model: nothing is excluded */
    assert_int_equal(estimate_differ(&t, &d, NULL), 0);
    assert_true(d.code == ESTIMATE_NO_MODEL && d.weight > ESTIMATE_DIFFER_WEIGHT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike_and_not),
        cmocka_unit_test(test_model_is_found_again),
        cmocka_unit_test(test_few_and_many_lists),
    };
    return cmocka_run_group_tests_name("differ", tests, NULL, NULL);
}
