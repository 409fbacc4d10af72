#include "estimate/estimate_internal.h"

#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void run(const char *name, unsigned threads, struct estimate_bootstrap *ret)
{
    struct estimate_table t;
    tables_get(name, &t);
    struct estimate_bootstrap_options o = {.samples = 200, .threshold = 0.02, .seed = 1, .threads = threads};
    assert_int_equal(estimate_bootstrap(&t, &o, ret, NULL), 0);
}

static void test_kosovo(void **state)
{
    struct estimate_bootstrap r, again;
    run("kosovo", 1, &r);
    assert_true(r.chosen.value.n > 14341 && r.chosen.value.n < 14343);
    assert_true(r.chosen.value.low > 11500 && r.chosen.value.low < 13500);
    assert_true(r.chosen.value.high > 15000 && r.chosen.value.high < 18500);
    assert_true(r.failed == 0 && r.same > 150);
    run("kosovo", 8, &again);
    assert_memory_equal(&r.chosen.value.n, &again.chosen.value.n, sizeof r.chosen.value.n);
    assert_memory_equal(&r.chosen.value.low, &again.chosen.value.low, sizeof r.chosen.value.low);
    assert_memory_equal(&r.chosen.value.high, &again.chosen.value.high, sizeof r.chosen.value.high);
    assert_memory_equal(&r.percentile_low, &again.percentile_low, sizeof r.percentile_low);
    assert_memory_equal(&r.percentile_high, &again.percentile_high, sizeof r.percentile_high);
    assert_true(r.samples == again.samples && r.failed == again.failed && r.same == again.same);
}

/* Where the selection itself wavers, the limits are wider than the chosen model's own. */
static void test_selection_is_in_the_limits(void **state)
{
    struct estimate_table t;
    struct estimate_stepwise alone;
    struct estimate_bootstrap r;
    tables_get("UK5", &t);
    estimate_stepwise(&t, 0.02, &alone);
    run("UK5", 2, &r);
    assert_true(r.same < 100);
    assert_true(r.chosen.value.high - r.chosen.value.low > 1.5 * (alone.value.high - alone.value.low));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kosovo),
        cmocka_unit_test(test_selection_is_in_the_limits),
    };
    return cmocka_run_group_tests_name("bootstrap", tests, NULL, NULL);
}
