#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void run(const char *name, struct estimate_latent_options o, struct estimate_latent *ret)
{
    struct estimate_table t;
    tables_get(name, &t);
    o.classes = o.classes == 0 ? 10 : o.classes;
    o.a = o.b = 0.25;
    o.path = estimate_path_best();
    assert_int_equal(estimate_latent(&t, &o, ret, NULL), 0);
}

/* LCMCR 0.4.14, K = 10, four seeds; those tables that take seconds here. */
static void test_reference(void **state)
{
    static const struct {
        const char *name;
        double median, low, high;
    } reference[] = {{"spina", 727, 680, 818},   {"HIV", 10931, 9357, 13081}, {"kosovo", 10393, 8807, 13748},
                     {"NewOrl", 717, 512, 1077}, {"NewOrl5", 833, 569, 1361}, {"hare", 76, 70, 90}};
    for (size_t i = 0; i < COUNT(reference); i++) {
        struct estimate_latent r;
        run(reference[i].name, (struct estimate_latent_options){.ess = 2000, .seed = 1, .threads = 2}, &r);
        assert_int_equal(r.reasons.count, 0);
        assert_true(fabs(r.value.n / reference[i].median - 1) < 0.02);
        assert_true(fabs(r.value.low / reference[i].low - 1) < 0.05);
        assert_true(fabs(r.value.high / reference[i].high - 1) < 0.05);
    }
}

static void test_threads_do_not_matter(void **state)
{
    struct estimate_latent one, many;
    run("spina", (struct estimate_latent_options){.seed = 3, .threads = 1}, &one);
    run("spina", (struct estimate_latent_options){.seed = 3, .threads = 8}, &many);
    assert_memory_equal(&one.value, &many.value, sizeof one.value);
    assert_memory_equal(&one.gates, &many.gates, sizeof one.gates);
    assert_memory_equal(one.chain_median, many.chain_median, sizeof one.chain_median);
    assert_memory_equal(one.curve_p, many.curve_p, sizeof one.curve_p);
    assert_int_equal(one.draws, many.draws);
    run("spina", (struct estimate_latent_options){.seed = 4, .threads = 8}, &many);
    assert_true(one.gates.ess_bulk != many.gates.ess_bulk);
}

static void test_tempered_finds_the_same(void **state)
{
    struct estimate_latent r;
    run("spina", (struct estimate_latent_options){.seed = 1, .threads = 2, .tempered = true}, &r);
    assert_true(r.tempered);
    assert_int_equal(r.reasons.count, 0);
    assert_true(fabs(r.value.n / 727 - 1) < 0.02);
}

/* A bound in the middle of the posterior is found out. */
static void test_bound_refused(void **state)
{
    struct estimate_latent r;
    run("spina", (struct estimate_latent_options){.seed = 1, .threads = 2, .bound = 0.2}, &r);
    assert_true(r.at_bound > 0.01);
    assert_true(r.value.high <= 621 * 1.2);
    bool said = false;
    for (size_t i = 0; i < r.reasons.count; i++)
        said |= r.reasons.reason[i].code == ESTIMATE_AT_BOUND;
    assert_true(said);
}

static void test_two_lists(void **state)
{
    struct estimate_table t = {.lists = 2, .cells = {0, 9, 9, 9}};
    struct estimate_latent r;
    struct estimate_latent_options o = {.classes = 10, .a = 0.25, .b = 0.25, .threads = 1};
    assert_int_equal(estimate_latent(&t, &o, &r, NULL), 0);
    assert_int_equal(r.reasons.reason[0].code, ESTIMATE_TWO_LISTS_ONLY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_tempered_finds_the_same),
        cmocka_unit_test(test_bound_refused),
        cmocka_unit_test(test_two_lists),
    };
    return cmocka_run_group_tests_name("latent", tests, NULL, NULL);
}
