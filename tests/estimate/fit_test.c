#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Measured with Rcapture 1.4-4 (closedp.t, closedpMS.t); 0: not given there. */
static const struct {
    const char *table, *model;
    double n, se, deviance, aic, bic;
    unsigned freedom;
} reference[] = {
    {"kosovo", "[123,14,34]", 10356.5, 785.9, 9.3, 132.7, 203, 4},
    {"kosovo", "[123,134]", 12741, 1600.7, 1.0, 126.4, 203.1, 3},
    {"kosovo", "[1,2,3,4]", 7394.6, 129.6, 245.9, 357.4, 389.3, 10},
    {"kosovo", "[124,134,234]", 22888.7, 2825.7, 0, 130.2, 219.6, 0},
    {"spina", "[23,1]", 724.1, 16.8, 4.3, 54.3, 76.4, 2},
    {"spina", "[12,23]", 752.9, 25.5, 0, 51.9, 78.5, 0},
    {"HIV", "[12,3,4]", 12318.5, 1188.7, 0, 86.6, 119.9, 0},
    {"HIV", "[1,2,3,4]", 11124.6, 904.8, 0, 90.1, 117.8, 0},
    {"Artificial3", "[1,2,3]", 539.1, 201.4, 0, 0, 0, 0},
    {"UK", "[1,2,3,4,5,6]", 12214, 676.5, 0, 0, 0, 0},
    {"UK5", "[1,2,3,4,5]", 13444.1, 806.9, 0, 0, 0, 0},
    {"Ned", "[1,2,3,4,5,6]", 52823.5, 2316.4, 0, 0, 0, 0},
    {"Ned5", "[1,2,3,4,5]", 52923.9, 2333, 0, 0, 0, 0},
    {"NewOrl5", "[1,2,3,4,5]", 1034.2, 254.9, 0, 0, 0, 0},
    {"NewOrl", "[1,2,3,4,5,6,7,8]", 996.7, 237, 0, 0, 0, 0},
};

static void expect(const char *what, double got, double want, double within)
{
    if (want != 0 && !(fabs(got - want) <= within))
        fail_msg("%s: %.6f instead of %.6f", what, got, want);
}

static void test_reference(void **state)
{
    for (size_t i = 0; i < COUNT(reference); i++) {
        struct estimate_table t;
        struct estimate_model m;
        struct estimate_fit f;
        tables_get(reference[i].table, &t);
        assert_true(estimate_model_parse(reference[i].model, t.lists, &m));
        estimate_fit(&t, &m, &f);
        assert_int_equal(f.code, ESTIMATE_FINE);
        expect(reference[i].model, f.value.n, reference[i].n, reference[i].n * 1e-3);
        expect(reference[i].model, f.value.se, reference[i].se, reference[i].se * 1e-3);
        expect("deviance", f.deviance, reference[i].deviance, 0.051);
        expect("AIC", f.aic, reference[i].aic, 0.06);
        expect("BIC", f.bic, reference[i].bic, 0.06);
        if (reference[i].freedom != 0)
            assert_int_equal(f.freedom, reference[i].freedom);
        assert_true(f.value.low >= (double)estimate_observed(&t) && f.value.high > f.value.n);
    }
}

static void test_kosovo_to_the_digit(void **state)
{
    struct estimate_table t;
    struct estimate_model m;
    struct estimate_fit f;
    double low, high;
    tables_get("kosovo", &t);
    assert_true(estimate_model_parse("[123,14,34]", 4, &m));
    estimate_fit(&t, &m, &f);
    expect("N", f.value.n, 10356.5, 0.5);
    expect("deviance", f.deviance, 9.32, 0.005);
    expect("BIC", f.bic, 203.03, 0.005);
    assert_true(estimate_profile(&t, &m, &low, &high));
    expect("low", low, 8994, 8.994);
    expect("high", high, 12110, 12.11);
}

/* At the maximum the fitted margins of the model are the observed ones: the likelihood equations themselves. */
static void test_margins_are_met(void **state)
{
    struct estimate_table t;
    struct estimate_model m;
    struct estimate_cells_fit f;
    double counts[ESTIMATE_CELLS_MAX];
    bool used[ESTIMATE_CELLS_MAX];
    tables_get("kosovo", &t);
    assert_true(estimate_model_parse("[123,14,34]", 4, &m));
    for (size_t cell = 0; cell < 16; cell++) {
        counts[cell] = (double)t.cells[cell];
        used[cell] = cell != 0;
    }
    estimate_cells_fit(&(struct estimate_cells_data){4, counts, used}, &m, &f);
    assert_true(f.converged);
    for (unsigned i = 0; i < m.count; i++) {
        double want = 0, got = 0;
        for (size_t cell = 1; cell < 16; cell++)
            if ((cell & m.term[i]) == m.term[i]) {
                want += counts[cell];
                got += f.mean[cell];
            }
        expect("margin", got, want, 1e-5);
    }
}

static void test_no_mle(void **state)
{
    static const char *const names[] = {"[12,3]", "[12,13]", "[12,23]"};
    struct estimate_table t;
    tables_get("Artificial3", &t);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct estimate_model m;
        struct estimate_fit f;
        double low, high;
        assert_true(estimate_model_parse(names[i], 3, &m));
        estimate_fit(&t, &m, &f);
        assert_int_equal(f.code, ESTIMATE_NO_MLE);
        assert_false(estimate_profile(&t, &m, &low, &high));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_kosovo_to_the_digit),
        cmocka_unit_test(test_margins_are_met),
        cmocka_unit_test(test_no_mle),
    };
    return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
