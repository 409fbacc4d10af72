#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Two samplers of one model, written apart: they must tell the same. */
static void test_agrees_with_the_other(void **state)
{
    struct estimate_table t;
    struct estimate_latent slow, fast;
    struct estimate_latent_options o = {
        .classes = 10, .a = 0.25, .b = 0.25, .ess = 8000, .seed = 1, .threads = 2, .path = estimate_path_best()};
    tables_get("spina", &t);
    assert_int_equal(estimate_gibbs(&t, &o, 20000, &slow, NULL), 0);
    assert_int_equal(estimate_latent(&t, &o, &fast, NULL), 0);
    assert_true(slow.gates.rhat < 1.1);
    assert_true(fabs(slow.value.n / fast.value.n - 1) < 0.01);
    assert_true(fabs(slow.value.low / fast.value.low - 1) < 0.03);
    assert_true(fabs(slow.value.high / fast.value.high - 1) < 0.03);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_agrees_with_the_other)};
    return cmocka_run_group_tests_name("gibbs", tests, NULL, NULL);
}
