/* What is lost is what was compared before and is not now: held to two searches from scratch. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int by_u64(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static uint64_t *sorted_pairs(const struct match_candidates *c, size_t records, size_t *ret_count)
{
    uint64_t *pairs = malloc((c->count + 1) * sizeof *pairs);
    *ret_count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->pairs[i].b < records)
            pairs[(*ret_count)++] = (uint64_t)c->pairs[i].a << 32 | c->pairs[i].b;
    qsort(pairs, *ret_count, sizeof *pairs, by_u64);
    return pairs;
}

/* Returns how many were lost. */
static size_t hold(struct fixture *x, size_t from)
{
    struct match_candidates before = {0}, grown = {0}, all = {0};
    struct match_tally tally = {0}, whole = {0};
    struct match_lost lost = {0};
    size_t records = x->f->records, n_before, n_all;
    x->f->records = from;
    assert_int_equal(match_candidates_find(&x->s, &before, &tally, NULL, NULL), 0);
    x->f->records = records;
    x->s.from = from;
    assert_int_equal(match_candidates_find(&x->s, &grown, &tally, &lost, NULL), 0);
    x->s.from = 0;
    assert_int_equal(match_candidates_find(&x->s, &all, &whole, NULL, NULL), 0);
    assert_memory_equal(tally.pairs, whole.pairs, sizeof tally.pairs);
    assert_int_equal(tally.capped_count, whole.capped_count);
    uint64_t *p = sorted_pairs(&before, from, &n_before), *q = sorted_pairs(&all, from, &n_all);
    size_t at = 0;
    for (size_t i = 0; i < n_before; i++) {
        if (bsearch(&p[i], q, n_all, sizeof *q, by_u64) != NULL)
            continue;
        assert_true(at < lost.count);
        assert_true(lost.pair[at++] == p[i]);
    }
    assert_int_equal(at, lost.count);
    assert_int_equal(before.count - lost.count + grown.count, all.count);
    free(p);
    free(q);
    free(lost.pair);
    free(tally.capped);
    free(whole.capped);
    match_candidates_release(&before);
    match_candidates_release(&grown);
    match_candidates_release(&all);
    return at;
}

static void people(void **state)
{
    (void)state;
    /* By sex and sound of a name alone: such blocks soon are too large. */
    for (unsigned across = 0; across < 2; across++) {
        struct fixture x;
        uint32_t *person;
        fixture_of(&x, fixture_crowd(2400, across == 1, &person));
        x.person = person;
        x.s.across = across == 1;
        x.plan.keys = 0;
        for (unsigned i = 0; i < x.plan.atoms && x.plan.keys < MATCH_KEYS_MAX; i++)
            x.plan.key[x.plan.keys++] =
                (struct match_key){.atoms = 1, .atom = {(uint8_t)i}, .fields = x.plan.atom[i].fields};
        assert_true(hold(&x, 130) > 100);
        (void)hold(&x, 1500);
        (void)hold(&x, 2399);
        fixture_stop(&x);
    }
}

static void texts(void **state)
{
    (void)state;
    struct fixture x;
    fixture_of(&x, fixture_texts(900));
    assert_true(hold(&x, 300) > 10);
    (void)hold(&x, 899);
    fixture_stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
