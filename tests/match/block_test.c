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
    uint32_t *person;
    struct match_frame *f = fixture_people(2000, false, &person);
    struct match_candidates c = {0}, one = {0};
    struct match_result r = {0}, r1 = {0};
    const struct match_options o = {.threads = 3}, o1 = {.threads = 1};
    assert_int_equal(match_candidates_find(f, &o, &c, &r, NULL), 0);
    assert_int_equal(match_candidates_find(f, &o1, &one, &r1, NULL), 0);
    assert_int_equal(c.count, one.count);
    assert_memory_equal(c.pairs, one.pairs, c.count * sizeof *c.pairs);
    assert_memory_equal(c.patterns, one.patterns, c.patterns_count * sizeof *c.patterns);
    uint64_t listed = 0, same = 0, found = 0;
    for (unsigned i = 0; i < r.keys; i++)
        listed += r.key[i].pairs;
    assert_int_equal(listed, c.count);
    for (size_t i = 0; i < c.count; i++)
        found += person[c.pairs[i].a] == person[c.pairs[i].b];
    for (unsigned a = 0; a < 2000; a++)
        for (unsigned b = a + 1; b < 2000 && person[b] == person[a]; b++)
            same++;
    assert_true(found * 100 >= same * 97);
    qsort(c.pairs, c.count, sizeof *c.pairs, by_pair);
    for (size_t i = 1; i < c.count; i++)
        assert_int_not_equal(memcmp(&c.pairs[i - 1], &c.pairs[i], 8), 0);
    match_candidates_release(&c);
    match_candidates_release(&one);
    match_result_release(&r);
    match_result_release(&r1);
    match_frame_free(f);
    free(person);
}

static void all_alike(void **state)
{
    (void)state;
    static const struct match_field fields[] = {{"g", MATCH_GIVEN, false}, {"s", MATCH_SURNAME, false}};
    const struct bytes values[] = {bytes_text("Jong"), bytes_text("Kim")};
    struct match_frame *f = NULL;
    struct match_candidates c = {0};
    struct match_result r = {0};
    const struct match_options o = {.threads = 2};
    assert_int_equal(match_frame_new(fields, 2, &f, NULL), 0);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(match_frame_add(f, values, 0, NULL), 0);
    assert_int_equal(match_candidates_find(f, &o, &c, &r, NULL), 0);
    for (size_t i = 0; i < r.capped_count; i++)
        assert_int_equal(r.capped[i].size, 10000);
    assert_int_equal(c.count, 0);
    match_candidates_release(&c);
    match_result_release(&r);
    match_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once),
        cmocka_unit_test(all_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
