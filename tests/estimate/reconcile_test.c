#include "estimate/estimate_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct estimate_claim claim(const char *id, const char *date, const char *scope, double low, double high,
                                   const char *from)
{
    return (struct estimate_claim){.id = id,
                                   .quantity = "people held",
                                   .kind = "stock",
                                   .date = date,
                                   .scope = scope,
                                   .meaning = "bounds",
                                   .low = low,
                                   .high = high,
                                   .derived_from = from};
}

/* The worked example: other date, other scope; no conflict, and nothing to pool. */
static void test_two_figures(void **state)
{
    struct estimate_claim c[] = {
        claim("coi", "2014", "four camps", 80000, 120000, ""),
        claim("old", "2011", "six camps", 150000, 200000, ""),
        claim("press", "2014", "four camps", 80000, 120000, "coi"),
    };
    struct estimate_group g[3];
    size_t of[3], n;
    assert_int_equal(estimate_reconcile(c, 3, of, g, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_true(of[0] == of[2] && of[0] != of[1]);
    assert_int_equal(g[of[0]].claims, 2);
    assert_int_equal(g[of[0]].independent, 1);
    assert_true(g[of[0]].envelope_low == 80000 && g[of[0]].common_high == 120000 && !g[of[0]].disjoint);
}

static void test_envelope_and_intersection(void **state)
{
    struct estimate_claim c[] = {
        claim("a", "2014", "x", 10, 20, ""),
        claim("b", "2014", "x", 15, 30, ""),
        claim("c", "2014", "x", 40, 50, ""),
    };
    struct estimate_group g[3];
    size_t of[3], n;
    assert_int_equal(estimate_reconcile(c, 2, of, g, &n, NULL), 0);
    assert_true(g[0].envelope_low == 10 && g[0].envelope_high == 30);
    assert_true(!g[0].disjoint && g[0].common_low == 15 && g[0].common_high == 20 && g[0].independent == 2);
    assert_int_equal(estimate_reconcile(c, 3, of, g, &n, NULL), 0);
    assert_true(g[0].disjoint && g[0].envelope_high == 50);
}

/* Two that come from a third, which is of another group, are one source. */
static void test_common_root(void **state)
{
    struct estimate_claim c[] = {
        claim("root", "2010", "x", 1, 2, ""),
        claim("a", "2014", "x", 1, 2, "root"),
        claim("b", "2014", "x", 1, 2, "a"),
        claim("c", "2014", "x", 1, 2, ""),
    };
    struct estimate_group g[4];
    size_t of[4], n;
    assert_int_equal(estimate_reconcile(c, 4, of, g, &n, NULL), 0);
    assert_int_equal(g[of[1]].claims, 3);
    assert_int_equal(g[of[1]].independent, 2);
}

static void test_refusals(void **state)
{
    struct estimate_group g[2];
    size_t of[2], n;
    struct estimate_claim twice[] = {claim("a", "", "", 1, 2, ""), claim("a", "", "", 1, 2, "")};
    struct estimate_claim upside[] = {claim("a", "", "", 3, 2, "")};
    struct estimate_claim unknown[] = {claim("a", "", "", 1, 2, "b")};
    struct estimate_claim circle[] = {claim("a", "", "", 1, 2, "b"), claim("b", "", "", 1, 2, "a")};
    assert_int_equal(estimate_reconcile(twice, 2, of, g, &n, NULL), ERR_DAMAGED);
    assert_int_equal(estimate_reconcile(upside, 1, of, g, &n, NULL), ERR_DAMAGED);
    assert_int_equal(estimate_reconcile(unknown, 1, of, g, &n, NULL), ERR_DAMAGED);
    assert_int_equal(estimate_reconcile(circle, 2, of, g, &n, NULL), ERR_DAMAGED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_figures),
        cmocka_unit_test(test_envelope_and_intersection),
        cmocka_unit_test(test_common_root),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
