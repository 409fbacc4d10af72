/* Candidates: each pair once, every pair of a small block, large blocks listed and not hidden. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int by_pair(const void *x, const void *y)
{
    return memcmp(x, y, 8);
}

static void once(void **state)
{
    (void)state;
    struct fixture x;
    fixture_start(&x, 2000, false);
    struct match_candidates c = {0}, one = {0};
    struct match_tally tally = {0}, tally1 = {0};
    struct match_search three = x.s;
    three.threads = 3;
    assert_int_equal(match_candidates_find(&three, &c, &tally, NULL, NULL), 0);
    assert_int_equal(match_candidates_find(&x.s, &one, &tally1, NULL, NULL), 0);
    assert_int_equal(c.count, one.count);
    assert_memory_equal(c.pairs, one.pairs, c.count * sizeof *c.pairs);
    assert_memory_equal(c.patterns, one.patterns, c.patterns_count * sizeof *c.patterns);
    uint64_t listed = 0, same = 0, found = 0;
    for (unsigned i = 0; i <= x.plan.keys; i++)
        listed += tally.pairs[i];
    assert_int_equal(listed, c.count);
    for (size_t i = 0; i < c.count; i++)
        found += x.person[c.pairs[i].a] == x.person[c.pairs[i].b];
    for (unsigned a = 0; a < 2000; a++)
        for (unsigned b = a + 1; b < 2000 && x.person[b] == x.person[a]; b++)
            same++;
    assert_true(found * 100 >= same * 97);
    qsort(c.pairs, c.count, sizeof *c.pairs, by_pair);
    for (size_t i = 1; i < c.count; i++)
        assert_int_not_equal(memcmp(&c.pairs[i - 1], &c.pairs[i], 8), 0);
    match_candidates_release(&c);
    match_candidates_release(&one);
    free(tally.capped);
    free(tally1.capped);
    fixture_stop(&x);
}

static void all_alike(void **state)
{
    (void)state;
    static const struct match_field fields[] = {{"g", MATCH_GIVEN, false}, {"s", MATCH_SURNAME, false}};
    const struct bytes values[] = {bytes_text("Jong"), bytes_text("Kim")};
    struct match_frame *f = NULL;
    struct fixture x;
    struct match_candidates c = {0};
    struct match_tally tally = {0};
    assert_int_equal(match_frame_new(fields, 2, &f, NULL), 0);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(match_frame_add(f, values, 0, NULL), 0);
    fixture_of(&x, f);
    assert_int_equal(match_candidates_find(&x.s, &c, &tally, NULL, NULL), 0);
    for (size_t i = 0; i < tally.capped_count; i++)
        assert_int_equal(tally.capped[i].size, 10000);
    assert_int_equal(c.count, 0);
    match_candidates_release(&c);
    free(tally.capped);
    fixture_stop(&x);
}

/* Behind ${from}, exactly the pairs with a record that came later. */
static void later(void **state)
{
    (void)state;
    struct fixture x;
    fixture_start(&x, 1500, true);
    struct match_candidates all = {0}, more = {0};
    struct match_tally tally = {0}, tally1 = {0};
    struct match_lost lost = {0};
    assert_int_equal(match_candidates_find(&x.s, &all, &tally, NULL, NULL), 0);
    x.s.from = 1200;
    assert_int_equal(match_candidates_find(&x.s, &more, &tally1, &lost, NULL), 0);
    size_t n = 0;
    for (size_t i = 0; i < all.count; i++) {
        assert_true(all.pairs[i].a < all.pairs[i].b);
        if (all.pairs[i].b < 1200)
            continue;
        assert_true(n < more.count);
        assert_int_equal(all.pairs[i].a, more.pairs[n].a);
        assert_int_equal(all.pairs[i].b, more.pairs[n].b);
        assert_true(all.patterns[all.pairs[i].pattern] == more.patterns[more.pairs[n].pattern]);
        n++;
    }
    assert_int_equal(n, more.count);
    match_candidates_release(&all);
    match_candidates_release(&more);
    free(tally.capped);
    free(tally1.capped);
    free(lost.pair);
    fixture_stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once),
        cmocka_unit_test(all_alike),
        cmocka_unit_test(later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
