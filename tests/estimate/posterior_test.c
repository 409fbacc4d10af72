#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct estimate_posterior posterior;
static struct estimate_work work;
static struct estimate_rung rung;

static void begin(const char *name, uint32_t index)
{
    struct estimate_table t;
    tables_get(name, &t);
    estimate_posterior_init(&posterior, &t, 10, 0.25, 0.25);
    memset(&rung, 0, sizeof rung);
    rung.flight.work = &work;
    rung.unseen_max = (double)INFINITY;
    rung.steps_mean = 8;
    estimate_chance_init(&rung.chance, 1, 1, 1, index);
    estimate_rung_begin(&rung, &posterior, ESTIMATE_PATH_PLAIN);
}

static double height(void)
{
    estimate_rung_evaluate(&rung, &posterior, ESTIMATE_PATH_PLAIN);
    return rung.flight.height.likelihood + rung.flight.height.prior;
}

/* The slope in every direction is that of small steps. */
static void test_gradient(void **state)
{
    static const char *const names[] = {"kosovo", "NewOrl", "spina"};
    for (uint32_t n = 0; n < COUNT(names); n++) {
        begin(names[n], n);
        double slope[ESTIMATE_DIMENSIONS_MAX];
        memcpy(slope, rung.flight.gradient, sizeof slope);
        for (unsigned d = 0; d < (posterior.lists + 1) * ESTIMATE_CLASSES_MAX; d++) {
            double *x = &rung.flight.position[d], was = *x, above, below;
            if (!rung.live[d]) {
                assert_true(slope[d] == 0);
                continue;
            }
            *x = was + 1e-5;
            above = height();
            *x = was - 1e-5;
            below = height();
            *x = was;
            double measured = (above - below) / 2e-5;
            assert_true(fabs(measured - slope[d]) < 1e-5 * (1 + fabs(measured)));
        }
    }
}

/* The likelihood, written a second time from the model's own words. */
static void test_likelihood(void **state)
{
    struct estimate_table t;
    begin("kosovo", 7);
    tables_get("kosovo", &t);
    const double *y = rung.flight.position + t.lists * ESTIMATE_CLASSES_MAX;
    double sum = 0, p0 = 0;
    for (size_t cell = 0; cell < 16; cell++) {
        double p = 0, left = 1;
        for (unsigned k = 0; k < 10; k++) {
            double v = k < 9 ? 1 - exp(-exp(y[k])) : 1, q = left * v;
            left *= 1 - v;
            for (unsigned j = 0; j < 4; j++) {
                double lambda = 1 / (1 + exp(-rung.flight.position[j * ESTIMATE_CLASSES_MAX + k]));
                q *= (cell >> j & 1) != 0 ? lambda : 1 - lambda;
            }
            p += q;
        }
        p0 = cell == 0 ? p : p0;
        sum += cell == 0 ? -4400 * log(1 - p) : (double)t.cells[cell] * log(p);
    }
    assert_true(fabs(sum - rung.flight.height.likelihood) < 1e-6 * fabs(sum));
    assert_true(fabs(p0 - rung.flight.height.unseen_share) < 1e-12);
}

static void test_paths_agree(void **state)
{
    struct estimate_flight plain, wide;
    begin("UK", 3);
    for (unsigned d = 0; d < ESTIMATE_DIMENSIONS_MAX; d++)
        rung.flight.momentum[d] = rung.live[d] ? 0.01 * (d % 17) : 0;
    rung.flight.step = 0.01;
    rung.flight.steps = 20;
    plain = rung.flight;
    estimate_posterior_fly(ESTIMATE_PATH_PLAIN, &posterior, &plain);
    assert_true(isfinite(plain.height.likelihood));
    for (enum estimate_path path = ESTIMATE_PATH_AVX2; path <= ESTIMATE_PATH_AVX512; path++)
        if (estimate_path_works(path)) {
            wide = rung.flight;
            estimate_posterior_fly(path, &posterior, &wide);
            assert_memory_equal(plain.position, wide.position, sizeof plain.position);
            assert_memory_equal(plain.gradient, wide.gradient, sizeof plain.gradient);
            assert_memory_equal(&plain.height, &wide.height, sizeof plain.height);
        }
}

/* Off the map nothing is finite, and nothing is accepted. */
static void test_off_the_map(void **state)
{
    begin("spina", 1);
    for (unsigned k = 0; k < 10; k++)
        for (unsigned j = 0; j < 3; j++)
            rung.flight.position[j * ESTIMATE_CLASSES_MAX + k] = -40;
    (void)height();
    assert_true(isinf(rung.flight.height.likelihood));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_likelihood),
        cmocka_unit_test(test_paths_agree),
        cmocka_unit_test(test_off_the_map),
    };
    return cmocka_run_group_tests_name("posterior", tests, NULL, NULL);
}
