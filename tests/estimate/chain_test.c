#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct estimate_posterior posterior;
static struct estimate_work work;
static struct estimate_rung rung;

static void begin(double unseen_max)
{
    struct estimate_table t;
    tables_get("spina", &t);
    estimate_posterior_init(&posterior, &t, 10, 0.25, 0.25);
    memset(&rung, 0, sizeof rung);
    rung.flight.work = &work;
    rung.unseen_max = unseen_max;
    rung.steps_mean = 16;
    estimate_chance_init(&rung.chance, 2, 2, 2, 2);
    estimate_chance_init(&rung.unseen_chance, 2, 2, 2, 3);
    estimate_rung_begin(&rung, &posterior, estimate_path_best());
}

static void learn(double beta)
{
    const struct estimate_learning how = {.beta = beta, .windows = 3, .steps_mean = 16};
    estimate_rung_learn(&rung, &posterior, &how, estimate_path_best());
}

/*
 * At temperature nought the landscape is the prior, of which much is known.  Probabilities are uniform.  Each stick E
 * lies above x with the probability (b / (b + x))^a, alpha integrated out: for 3.75 one half.  Whether classes change
 * places by the right rule shows in these, as the rule is theirs.
 */
static void test_prior(void **state)
{
    enum { DRAWS = 20000 };
    const double *sticks = rung.flight.position + 3 * (size_t)ESTIMATE_CLASSES_MAX;
    begin((double)INFINITY);
    learn(1e-12);
    double mean = 0, square = 0, accepted = 0, longer[9] = {0};
    for (int i = 0; i < DRAWS; i++) {
        accepted += estimate_rung_move(&rung, &posterior, estimate_path_best()) / DRAWS;
        double p = 1 / (1 + estimate_exp(-rung.flight.position[0]));
        mean += p / DRAWS;
        square += p * p / DRAWS;
        for (unsigned k = 0; k < COUNT(longer); k++)
            longer[k] += estimate_exp(sticks[k]) > 3.75 ? 1.0 / DRAWS : 0;
    }
    assert_true(accepted > 0.6);
    assert_true(fabs(mean - 0.5) < 0.02);
    assert_true(fabs(square - mean * mean - 1.0 / 12) < 0.005);
    for (unsigned k = 0; k < COUNT(longer); k++)
        assert_true(fabs(longer[k] - 0.5) < 0.02);
}

static void test_bound_is_kept(void **state)
{
    begin(90); /* the median is 106 unseen */
    learn(1);
    double most = 0;
    for (int i = 0; i < 2000; i++) {
        (void)estimate_rung_move(&rung, &posterior, estimate_path_best());
        double unseen = estimate_rung_unseen(&rung, &posterior);
        assert_true(unseen <= 90);
        most = unseen > most ? unseen : most;
    }
    assert_true(most > 80);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prior),
        cmocka_unit_test(test_bound_is_kept),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
