/* Clusters: weak bridges, decisions, components too large to be held pair by pair. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void run(const struct match_pair *pairs, size_t count, size_t records, const struct match_decision *decisions,
                size_t decided, struct match_result *r, int expected)
{
    const struct match_options o = {.decisions = decisions, .decisions_count = decided};
    struct err e = {0};
    *r = (struct match_result){.records = records};
    assert_int_equal(match_cluster(pairs, count, &o, 0, r, &e), expected);
}

static void bridge(void **state)
{
    (void)state;
    /* Two triangles, and one weak pair between them. */
    static const struct match_pair pairs[] = {{0, 1, 2000}, {0, 2, 2000}, {1, 2, 2000}, {2, 3, 100},
                                              {3, 4, 2000}, {3, 5, 2000}, {4, 5, 2000}};
    struct match_result r;
    run(pairs, COUNT(pairs), 7, NULL, 0, &r, 0);
    assert_int_equal(r.cluster[2], 0);
    assert_int_equal(r.cluster[3], 3);
    assert_int_equal(r.cluster[5], 3);
    assert_int_equal(r.cluster[6], 6);
    assert_int_equal(r.broken, 1);
    assert_int_equal(r.largest, 3);
    match_result_release(&r);
}

static void decisions(void **state)
{
    (void)state;
    static const struct match_pair pairs[] = {{0, 1, 2000}, {1, 2, 2000}, {0, 2, 2000}};
    const struct match_decision apart[] = {{0, 2, MATCH_DIFFERENT}, {3, 4, MATCH_SAME}, {1, 3, MATCH_CANNOT_TELL}};
    struct match_result r;
    run(pairs, 3, 5, apart, 3, &r, 0);
    assert_int_not_equal(r.cluster[0], r.cluster[2]);
    assert_int_equal(r.cluster[3], r.cluster[4]);
    match_result_release(&r);
    const struct match_decision absurd[] = {{0, 1, MATCH_SAME}, {1, 2, MATCH_SAME}, {0, 2, MATCH_DIFFERENT}};
    run(pairs, 3, 5, absurd, 3, &r, ERR_REFUSED);
    match_result_release(&r);
}

static void long_chain(void **state)
{
    (void)state;
    enum { LENGTH = 5000 };
    struct match_pair *pairs = calloc(LENGTH, sizeof *pairs);
    for (uint32_t i = 0; i < LENGTH; i++)
        pairs[i] = (struct match_pair){i, i + 1, 300 + (int32_t)(match_mix(i) % 4000)};
    struct match_result r;
    run(pairs, LENGTH, LENGTH + 1, NULL, 0, &r, 0);
    assert_in_range(r.largest, 2, 600);
    match_result_release(&r);
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bridge),
        cmocka_unit_test(decisions),
        cmocka_unit_test(long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
