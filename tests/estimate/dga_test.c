#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Measured with dga 2.0.2 at the same grid, prior and weights. */
static const struct {
    const char *table;
    size_t graphs;
    double mean, median, low, high;
} reference[] = {
    {"kosovo", 61, 12749, 12595, 9827, 16544},  {"UK5", 822, 21282, 22990, 10387, 33510},
    {"Ned5", 822, 88567, 50383, 41666, 203389}, {"NewOrl5", 822, 936, 869, 511, 1762},
    {"Artificial3", 8, 393, 282, 96, 1839},     {"HIV", 61, 11357, 11220, 9404, 14095},
    {"spina", 8, 728, 725, 686, 784},
};

static void run(const char *name, enum estimate_path path, struct estimate_dga *ret)
{
    struct estimate_table t;
    tables_get(name, &t);
    assert_int_equal(estimate_dga(&t, &(struct estimate_dga_options){30, path}, ret, NULL), 0);
}

static void test_reference(void **state)
{
    for (size_t i = 0; i < COUNT(reference); i++) {
        struct estimate_dga r;
        run(reference[i].table, estimate_path_best(), &r);
        assert_int_equal(r.code, ESTIMATE_FINE);
        assert_int_equal(r.graphs, reference[i].graphs);
        assert_true(fabs(r.mean - reference[i].mean) <= 1);
        assert_true(fabs(r.value.n - reference[i].median) <= 1);
        assert_true(fabs(r.value.low - reference[i].low) <= 1);
        assert_true(fabs(r.value.high - reference[i].high) <= 1);
    }
}

static void test_paths_agree(void **state)
{
    struct estimate_dga plain, wide;
    run("hare", ESTIMATE_PATH_PLAIN, &plain);
    assert_int_equal(plain.graphs, 18154);
    for (enum estimate_path path = ESTIMATE_PATH_AVX2; path <= ESTIMATE_PATH_AVX512; path++)
        if (estimate_path_works(path)) {
            run("hare", path, &wide);
            assert_memory_equal(&plain, &wide, sizeof plain);
        }
}

/* A thinned grid finds the same: a hundred times as many persons in every cell as in the spina table. */
static void test_thinned(void **state)
{
    struct estimate_table t;
    struct estimate_dga r;
    tables_get("spina", &t);
    for (size_t cell = 1; cell < 8; cell++)
        t.cells[cell] *= 100;
    assert_int_equal(estimate_dga(&t, &(struct estimate_dga_options){30, estimate_path_best()}, &r, NULL), 0);
    assert_true(r.value.n > 74000 && r.value.n < 76500); /* [12,23] now fits alone: 100 times 752.9 */
    assert_true(r.value.high - r.value.low < 1500);
}

static void test_wrong_number_of_lists(void **state)
{
    struct estimate_table two = {.lists = 2, .cells = {0, 9, 9, 9}};
    struct estimate_dga r;
    assert_int_equal(estimate_dga(&two, &(struct estimate_dga_options){30, ESTIMATE_PATH_PLAIN}, &r, NULL), 0);
    assert_int_equal(r.code, ESTIMATE_TWO_LISTS_ONLY);
    run("NewOrl", ESTIMATE_PATH_PLAIN, &r);
    assert_int_equal(r.code, ESTIMATE_TOO_MANY_LISTS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_paths_agree),
        cmocka_unit_test(test_thinned),
        cmocka_unit_test(test_wrong_number_of_lists),
    };
    return cmocka_run_group_tests_name("dga", tests, NULL, NULL);
}
