#include "estimate/estimate_internal.h"

#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void name_of(const struct estimate_loglinear *l, size_t i, char to[ESTIMATE_MODEL_NAME_MAX])
{
    estimate_model_name(&l->fits[i].model, 4, to);
}

static void test_kosovo(void **state)
{
    struct estimate_table t;
    struct estimate_loglinear l;
    char name[ESTIMATE_MODEL_NAME_MAX];
    tables_get("kosovo", &t);
    assert_int_equal(estimate_loglinear(&t, &l, NULL), 0);
    assert_int_equal(l.code, ESTIMATE_FINE);
    assert_true(l.all && l.tried == 113 && l.fitted == 113);
    name_of(&l, 0, name);
    assert_string_equal(name, "[123,14,34]");
    name_of(&l, l.best_aic, name);
    assert_string_equal(name, "[123,134]");
    assert_true(l.profile_low > 8985 && l.profile_low < 9003 && l.profile_high > 12098 && l.profile_high < 12122);
    /* The doubt between models is in the averages: they are wider than the best model's own limits. */
    assert_true(l.by_bic.high - l.by_bic.low > 2 * (l.profile_high - l.profile_low));
    assert_true(l.spread_high > 22888 && l.spread_low < 9000);
    for (size_t i = 1; i < l.fitted; i++)
        assert_true(l.fits[i - 1].bic <= l.fits[i].bic);
    estimate_loglinear_drop(&l);
}

static void test_sparse(void **state)
{
    struct estimate_table t;
    struct estimate_loglinear l;
    tables_get("Artificial3", &t);
    assert_int_equal(estimate_loglinear(&t, &l, NULL), 0);
    assert_true(l.tried == 8 && l.fitted == 1 && l.no_mle == 7);
    estimate_loglinear_drop(&l);
    tables_get("NewOrl", &t); /* eight lists: a search */
    assert_int_equal(estimate_loglinear(&t, &l, NULL), 0);
    assert_true(!l.all && l.fitted > 1 && l.by_bic.low >= 185);
    estimate_loglinear_drop(&l);
}

static void test_none(void **state)
{
    struct estimate_table t = {.lists = 2, .cells = {0, 9, 9, 9}};
    struct estimate_loglinear l;
    assert_int_equal(estimate_loglinear(&t, &l, NULL), 0);
    assert_int_equal(l.code, ESTIMATE_TWO_LISTS_ONLY);
    t = (struct estimate_table){.lists = 3, .cells = {0, 20, 20, 0, 20}}; /* not even independence */
    assert_int_equal(estimate_loglinear(&t, &l, NULL), 0);
    assert_int_equal(l.code, ESTIMATE_NO_MODEL);
    estimate_loglinear_drop(&l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kosovo),
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests_name("loglinear", tests, NULL, NULL);
}
