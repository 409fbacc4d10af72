#include "estimate/estimate_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
    static const size_t number[] = {8, 113, 6893};
    for (unsigned lists = 3; lists <= 5; lists++) {
        struct estimate_model *models;
        size_t count;
        assert_int_equal(estimate_models(lists, &models, &count, NULL), 0);
        assert_int_equal(count, number[lists - 3]);
        free(models);
    }
}

/* Each model is itself again after its name was written and read. */
static void test_names_round(void **state)
{
    struct estimate_model *models, back;
    size_t count;
    char name[ESTIMATE_MODEL_NAME_MAX], again[ESTIMATE_MODEL_NAME_MAX];
    assert_int_equal(estimate_models(4, &models, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        estimate_model_name(&models[i], 4, name);
        assert_true(estimate_model_parse(name, 4, &back));
        estimate_model_name(&back, 4, again);
        assert_string_equal(name, again);
        assert_int_equal(back.count, models[i].count);
    }
    free(models);
}

static void test_names(void **state)
{
    struct estimate_model m;
    char name[ESTIMATE_MODEL_NAME_MAX];
    assert_true(estimate_model_parse("[34,321,41]", 4, &m));
    assert_int_equal(m.count, 1 + 4 + 5 + 1); /* 12 13 23 14 34 and 123 */
    estimate_model_name(&m, 4, name);
    assert_string_equal(name, "[123,14,34]");
    assert_true(estimate_model_parse("[1,2,3,4,5,6,7,8,90]", 10, &m));
    estimate_model_name(&m, 10, name);
    assert_string_equal(name, "[90,1,2,3,4,5,6,7,8]");
}

static void test_no_names(void **state)
{
    static const char *const bad[] = {"", "[", "[]", "[12", "12]", "[12,]", "[11]", "[5]", "[1234]", "[12]3", "[a]"};
    struct estimate_model m;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(estimate_model_parse(bad[i], 4, &m));
    assert_false(estimate_model_parse("[123456789]", 10, &m)); /* more terms than a model holds */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names_round),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_names),
    };
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
