#include "estimate/estimate_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DRAWS = 100000 };

static void test_streams(void **state)
{
    struct estimate_chance a, b;
    estimate_chance_init(&a, 1, 2, 3, 4);
    estimate_chance_init(&b, 1, 2, 3, 4);
    for (int i = 0; i < 1000; i++)
        assert_true(estimate_bits(&a) == estimate_bits(&b));
    const uint64_t other[4][4] = {{9, 2, 3, 4}, {1, 9, 3, 4}, {1, 2, 9, 4}, {1, 2, 3, 9}};
    for (int i = 0; i < 4; i++) {
        estimate_chance_init(&a, 1, 2, 3, 4);
        estimate_chance_init(&b, other[i][0], other[i][1], (uint32_t)other[i][2], (uint32_t)other[i][3]);
        assert_true(estimate_bits(&a) != estimate_bits(&b));
    }
}

/* The published test vector of Philox 4x32-10: counter and key all ones. */
static void test_philox(void **state)
{
    struct estimate_chance c = {.key = {0xffffffff, 0xffffffff},
                                .counter = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}};
    uint64_t second = estimate_bits(&c), first = estimate_bits(&c);
    assert_true(first == (UINT64_C(0x408f276d) << 32 | 0x41c83b0eU));
    assert_true(second == (UINT64_C(0xa20bc7c6) << 32 | 0x6d5451fdU));
}

struct moments {
    double mean, variance;
};

static struct moments of(double (*draw)(struct estimate_chance *c, double a, double b), double a, double b)
{
    struct estimate_chance c;
    double sum = 0, square = 0;
    estimate_chance_init(&c, 7, 7, 7, 7);
    for (int i = 0; i < DRAWS; i++) {
        double x = draw(&c, a, b);
        sum += x;
        square += x * x;
    }
    return (struct moments){sum / DRAWS, square / DRAWS - sum / DRAWS * (sum / DRAWS)};
}

static double draw_normal(struct estimate_chance *c, double a, double b)
{
    return a + b * estimate_normal(c);
}
static double draw_gamma(struct estimate_chance *c, double shape, double b)
{
    return b * estimate_exp(estimate_log_gamma_variate(c, shape));
}
static double draw_poisson(struct estimate_chance *c, double mean, double b)
{
    return b * estimate_poisson(c, mean);
}
static double draw_binomial(struct estimate_chance *c, double n, double p)
{
    return estimate_binomial(c, n, p);
}

/* Five standard errors of a mean, and a twentieth of a variance. */
static void expect(struct moments got, double mean, double variance)
{
    assert_true(fabs(got.mean - mean) < 5 * sqrt(variance / DRAWS));
    assert_true(fabs(got.variance - variance) < variance / 20);
}

static void test_moments(void **state)
{
    expect(of(draw_normal, 3, 2), 3, 4);
    expect(of(draw_gamma, 0.3, 1), 0.3, 0.3);
    expect(of(draw_gamma, 7.5, 1), 7.5, 7.5);
    expect(of(draw_poisson, 0.7, 1), 0.7, 0.7);
    expect(of(draw_poisson, 29, 1), 29, 29);
    expect(of(draw_poisson, 12345, 1), 12345, 12345);
    expect(of(draw_binomial, 12, 0.3), 3.6, 2.52);
    expect(of(draw_binomial, 5000, 0.01), 50, 49.5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_philox),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests_name("chance", tests, NULL, NULL);
}
