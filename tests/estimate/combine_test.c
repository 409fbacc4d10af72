#include "estimate/estimate_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool says(const struct estimate_combined *c, enum estimate_code code)
{
    return c->reasons.count > 0 && c->reasons.reason[0].code == code;
}

/* Rubin's rules by hand: logs of the unseen 4, 5, 6 with variance w each. */
static void test_by_hand(void **state)
{
    struct estimate_replicate r[3];
    struct estimate_combined c;
    for (int i = 0; i < 3; i++)
        r[i] = (struct estimate_replicate){.observed = 100, .n = 100 + exp(4 + i), .se = exp(4 + i) * 0.1};
    estimate_combine(r, 3, &c);
    double w = log(1.01), b = 1, ratio = 1 + 3 * w / (4 * b), freedom = 2 * ratio * ratio;
    assert_true(fabs(c.within - w) < 1e-12 && fabs(c.between - b) < 1e-9);
    assert_true(fabs(c.freedom - freedom) < 1e-9);
    assert_true(fabs(c.value.n - (100 + exp(5))) < 1e-6);
    double reach = estimate_student_quantile(0.975, freedom) * sqrt(w + 4.0 / 3 * b);
    assert_true(fabs(c.value.high - (100 + exp(5 + reach))) < 1e-6);
    assert_true(says(&c, ESTIMATE_FEW_REPLICATES));
}

static void test_numbers_of_replicates(void **state)
{
    struct estimate_replicate r[10];
    struct estimate_combined c;
    for (int i = 0; i < 10; i++)
        r[i] = (struct estimate_replicate){.observed = 90 + i, .n = 200, .se = 20};
    estimate_combine(r, 1, &c);
    assert_true(says(&c, ESTIMATE_ONE_REPLICATE));
    estimate_combine(r, 9, &c);
    assert_true(says(&c, ESTIMATE_FEW_REPLICATES));
    estimate_combine(r, 10, &c);
    assert_int_equal(c.reasons.count, 0);
    assert_true(c.observed_low == 90 && c.observed_high == 99 && c.observed_mean == 94.5);
    assert_true(c.value.low >= c.observed_mean);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_numbers_of_replicates),
    };
    return cmocka_run_group_tests_name("combine", tests, NULL, NULL);
}
