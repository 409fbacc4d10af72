#include "estimate/estimate_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CHAINS = 4, DRAWS = 2000 };

static void fill(double *x, double memory, double apart)
{
    for (uint32_t c = 0; c < CHAINS; c++) {
        struct estimate_chance chance;
        double now = 0;
        estimate_chance_init(&chance, 5, 5, 5, c);
        for (uint32_t i = 0; i < DRAWS; i++) {
            now = memory * now + sqrt(1 - memory * memory) * estimate_normal(&chance);
            x[c * DRAWS + i] = now + apart * c;
        }
    }
}

static double x[CHAINS * DRAWS];

static void test_independent(void **state)
{
    struct estimate_gates g;
    fill(x, 0, 0);
    assert_int_equal(estimate_diagnose(x, CHAINS, DRAWS, &g, NULL), 0);
    assert_true(g.rhat < 1.005);
    assert_true(g.ess_bulk > 7000 && g.ess_bulk < 9500);
    assert_true(g.ess_tail > 6000 && g.ess_tail < 9500);
}

/* Of an autoregression with memory r the effective share is (1 - r) / (1 + r). */
static void test_slow(void **state)
{
    struct estimate_gates g;
    fill(x, 0.9, 0);
    assert_int_equal(estimate_diagnose(x, CHAINS, DRAWS, &g, NULL), 0);
    assert_true(fabs(g.ess_bulk / (CHAINS * DRAWS / 19.0) - 1) < 0.25);
}

/* Chains that stay apart, and chains of one place but different spread. */
static void test_apart(void **state)
{
    struct estimate_gates g;
    fill(x, 0, 0.5);
    assert_int_equal(estimate_diagnose(x, CHAINS, DRAWS, &g, NULL), 0);
    assert_true(g.rhat > 1.05);
    assert_true(g.ess_bulk < 100);
    fill(x, 0, 0);
    for (size_t i = 0; i < DRAWS; i++)
        x[i] *= 3;
    assert_int_equal(estimate_diagnose(x, CHAINS, DRAWS, &g, NULL), 0);
    assert_true(g.rhat > 1.05);
}

static void test_constant(void **state)
{
    struct estimate_gates g;
    for (size_t i = 0; i < CHAINS * DRAWS; i++)
        x[i] = 7;
    assert_int_equal(estimate_diagnose(x, CHAINS, DRAWS, &g, NULL), 0);
    assert_true(g.rhat == 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_independent),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_constant),
    };
    return cmocka_run_group_tests_name("diagnose", tests, NULL, NULL);
}
