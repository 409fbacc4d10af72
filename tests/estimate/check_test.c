#include "estimate/estimate_internal.h"

#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool says(const struct estimate_table *t, enum estimate_code code, unsigned list)
{
    struct estimate_reasons r;
    estimate_check(t, &r);
    for (size_t i = 0; i < r.count; i++)
        if (r.reason[i].code == code && r.reason[i].list == list)
            return true;
    return false;
}

static bool is_refused(const struct estimate_table *t)
{
    struct estimate_reasons r;
    estimate_check(t, &r);
    return estimate_refused(&r) != NULL;
}

static void test_sums(void **state)
{
    struct estimate_table t, fewer;
    tables_get("kosovo", &t);
    assert_int_equal(estimate_observed(&t), 4400);
    assert_int_equal(estimate_on_list(&t, 3), 306 + 106 + 31 + 18 + 123 + 42 + 32 + 27);
    assert_int_equal(estimate_on_both(&t, 0, 1), 177 + 181 + 18 + 27);
    assert_int_equal(estimate_recaptured(&t), 4400 - 1131 - 845 - 936 - 306);
    estimate_without(&t, 1, &fewer);
    assert_int_equal(fewer.lists, 3);
    assert_int_equal(fewer.cells[0], 0);
    assert_int_equal(fewer.cells[1], 1131 + 177);
    assert_int_equal(fewer.cells[6], 123 + 32);
    assert_int_equal(estimate_observed(&fewer), 4400 - 845);
    assert_true(fewer.key != t.key);
}

static void test_good_tables_pass(void **state)
{
    for (size_t i = 0; i < COUNT(tables); i++) {
        struct estimate_table t;
        tables_get(tables[i].name, &t);
        assert_int_equal(is_refused(&t), strcmp(tables[i].name, "Artificial3") == 0);
    }
}

static void test_lists(void **state)
{
    struct estimate_table one = {.lists = 1, .cells = {0, 50}};
    assert_true(says(&one, ESTIMATE_TOO_FEW_LISTS, 0));
    struct estimate_table two = {.lists = 2, .cells = {0, 50, 40, 20}};
    assert_true(says(&two, ESTIMATE_ASSUMES_INDEPENDENCE, 0) && !is_refused(&two));
    struct estimate_table copied = {.lists = 3, .cells = {0, 0, 0, 0, 40, 0, 0, 4}}; /* four may be by chance */
    assert_false(says(&copied, ESTIMATE_LISTS_SAME, 0));
    copied.cells[3] = 1;
    assert_true(says(&copied, ESTIMATE_LISTS_SAME, 0) && is_refused(&copied));
    copied.cells[1] = 1;
    assert_false(says(&copied, ESTIMATE_LISTS_SAME, 0));
    struct estimate_table t = {.lists = 3, .cells = {0, 50, 40, 20}};
    assert_true(says(&t, ESTIMATE_LIST_EMPTY, 2) && is_refused(&t));
    t.cells[4] = 7;
    assert_true(says(&t, ESTIMATE_LIST_ALONE, 2) && is_refused(&t));
    t.cells[5] = 1;
    assert_false(is_refused(&t));
}

static void test_sizes(void **state)
{
    struct estimate_table t = {.lists = 3};
    assert_true(says(&t, ESTIMATE_NOBODY, 0) && is_refused(&t));
    t = (struct estimate_table){.lists = 3, .cells = {0, 2, 2, 1, 2, 1, 1, 0}};
    assert_true(says(&t, ESTIMATE_TOO_FEW_PERSONS, 0) && is_refused(&t));
    t.cells[7] = 1; /* ten */
    assert_true(says(&t, ESTIMATE_FEW_PERSONS, 0) && says(&t, ESTIMATE_FEW_RECAPTURES, 0) && !is_refused(&t));
    t.cells[7] = 2;
    assert_false(says(&t, ESTIMATE_FEW_RECAPTURES, 0));
    t.cells[1] = 2 + 18;
    assert_true(says(&t, ESTIMATE_FEW_PERSONS, 0));
    t.cells[1]++;
    assert_false(says(&t, ESTIMATE_FEW_PERSONS, 0));
    t = (struct estimate_table){.lists = 3, .cells = {0, 20, 20, 0, 20}};
    assert_true(says(&t, ESTIMATE_NO_RECAPTURE, 0) && is_refused(&t));
}

static void test_large_counts(void **state)
{
    struct estimate_table t = {.lists = 3, .cells = {0, 9, 9, 9, 9, 9, 9, ESTIMATE_COUNT_MAX - 54}};
    assert_false(is_refused(&t));
    t.cells[1]++;
    assert_true(says(&t, ESTIMATE_COUNT_TOO_LARGE, 0));
    t.cells[1] = UINT64_MAX; /* their sum would run over */
    assert_true(says(&t, ESTIMATE_COUNT_TOO_LARGE, 0));
}

static void test_code_names(void **state)
{
    for (unsigned a = 0; a < ESTIMATE_CODES; a++) {
        assert_non_null(estimate_code_name(a));
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(estimate_code_name(a), estimate_code_name(b));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),  cmocka_unit_test(test_good_tables_pass), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_sizes), cmocka_unit_test(test_large_counts),     cmocka_unit_test(test_code_names),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
