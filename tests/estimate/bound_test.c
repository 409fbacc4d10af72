#include "estimate/estimate_internal.h"

#include "tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct estimate_reasons bound_of(const struct estimate_value *v, const struct estimate_signs *s)
{
    struct estimate_reasons r = {0};
    estimate_bound(v, s, &r);
    return r;
}

/* Each gate at its threshold and past it. */
static void test_gates(void **state)
{
    struct estimate_value v = {.n = 150, .low = 120, .high = 200};
    struct estimate_signs s = {.differ = {.code = ESTIMATE_FINE, .weight = ESTIMATE_DIFFER_WEIGHT},
                               .has_chao = true,
                               .has_loglinear = true,
                               .chao.n = 200,
                               .loglinear.n = 180};
    struct estimate_reasons r = bound_of(&v, &s);
    assert_true(r.count == 0 && !estimate_bounded(&r));
    s.differ.weight = nextafter(ESTIMATE_DIFFER_WEIGHT, 1);
    r = bound_of(&v, &s);
    assert_true(r.count == 1 && r.reason[0].code == ESTIMATE_MAY_DIFFER && estimate_bounded(&r));
    assert_null(estimate_refused(&r));
    s.differ.weight = 0;
    s.chao.n = nextafter(200, 201);
    r = bound_of(&v, &s);
    assert_true(r.count == 1 && r.reason[0].code == ESTIMATE_BELOW_OTHERS && estimate_bounded(&r));
    s.has_chao = false;
    assert_int_equal(bound_of(&v, &s).count, 0);
    s.loglinear.n = 201;
    assert_int_equal(bound_of(&v, &s).count, 1);
    s.has_loglinear = false;
    assert_int_equal(bound_of(&v, &s).count, 0);
    /* Where no model has an estimate, nothing is excluded; with two lists nothing is asked. */
    s.differ = (struct estimate_differ){.code = ESTIMATE_NO_MODEL, .weight = 1};
    assert_int_equal(bound_of(&v, &s).count, 1);
    s.differ = (struct estimate_differ){.code = ESTIMATE_TWO_LISTS_ONLY};
    assert_int_equal(bound_of(&v, &s).count, 0);
}

/* Of the spina bifida lists the second and the third are known to avoid each other; those of Kosovo do not. */
static void test_avoid(void **state)
{
    struct estimate_table t;
    struct estimate_signs s = {0};
    struct estimate_reasons r = {0};
    tables_get("spina", &t);
    estimate_avoid(&t, &s.avoid);
    assert_true(s.avoid.list == 1 && s.avoid.other == 2 && s.avoid.z < -5 && s.avoid.z > -5.5);
    estimate_bound_chao(&s, &r);
    assert_true(r.count == 1 && r.reason[0].code == ESTIMATE_LISTS_AVOID && estimate_refused(&r) != NULL);
    assert_true(r.reason[0].list == 1 && r.reason[0].other == 2);
    s.avoid.z = ESTIMATE_AVOID_Z;
    r.count = 0;
    estimate_bound_chao(&s, &r);
    assert_int_equal(r.count, 0);
    tables_get("kosovo", &t);
    estimate_avoid(&t, &s.avoid);
    assert_true(s.avoid.z > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_avoid),
    };
    return cmocka_run_group_tests_name("bound", tests, NULL, NULL);
}
