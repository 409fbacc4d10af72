#include "estimate/estimate_internal.h"

#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool exists(const struct estimate_table *t, const char *name)
{
    double counts[ESTIMATE_CELLS_MAX];
    bool used[ESTIMATE_CELLS_MAX];
    struct estimate_model m;
    for (size_t cell = 0; cell < estimate_cells(t); cell++) {
        counts[cell] = (double)t->cells[cell];
        used[cell] = cell != 0;
    }
    assert_true(estimate_model_parse(name, t->lists, &m));
    return estimate_mle_exists(&(struct estimate_cells_data){t->lists, counts, used}, &m);
}

/* Chan, Silverman and Vincent's table: a maximum exists for independence alone. */
static void test_artificial(void **state)
{
    struct estimate_table t;
    tables_get("Artificial3", &t);
    assert_true(exists(&t, "[1,2,3]"));
    assert_false(exists(&t, "[12,3]"));
    assert_false(exists(&t, "[12,13]"));
    assert_false(exists(&t, "[12,23]"));
}

static void test_full_tables(void **state)
{
    struct estimate_table t;
    tables_get("kosovo", &t);
    assert_true(exists(&t, "[123,124,134,234]"));
}

/* A pair that shares nobody has no estimate of its term; of other terms it has. */
static void test_empty_margin(void **state)
{
    struct estimate_table t = {.lists = 3, .cells = {0, 20, 20, 0, 20, 5, 5, 0}};
    assert_false(exists(&t, "[12,3]"));
    assert_true(exists(&t, "[13,2]"));
    assert_true(exists(&t, "[1,2,3]"));
}

/* All margins of the model are positive, and still there is none: the textbook pattern of two opposite zeros. */
static void test_hidden_face(void **state)
{
    struct estimate_table t = {.lists = 4};
    for (size_t cell = 1; cell < 16; cell++)
        t.cells[cell] = 10;
    /* In the layer of those on list 4, zeros at 000 and 111 of the others. */
    t.cells[8] = t.cells[15] = 0;
    assert_true(exists(&t, "[12,13,23,4]"));
    assert_false(exists(&t, "[124,134,234]"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_artificial),
        cmocka_unit_test(test_full_tables),
        cmocka_unit_test(test_empty_margin),
        cmocka_unit_test(test_hidden_face),
    };
    return cmocka_run_group_tests_name("exists", tests, NULL, NULL);
}
