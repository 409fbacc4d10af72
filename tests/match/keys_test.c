/* Blocks of keys: the limit of their size, and what they were before later records came. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Records of one name, of which the first ${women} are of one sex, the next ${men} of the other. */
static void start(struct fixture *x, unsigned women, unsigned men)
{
    static const struct match_field fields[] = {{"g", MATCH_GIVEN, false}, {"sex", MATCH_CODE, false}};
    struct match_frame *f = NULL;
    assert_int_equal(match_frame_new(fields, 2, &f, NULL), 0);
    for (unsigned i = 0; i < women + men; i++) {
        const struct bytes values[] = {bytes_text("Vera"), bytes_text(i < women ? "F" : "M")};
        assert_int_equal(match_frame_add(f, values, 0, NULL), 0);
    }
    *x = (struct fixture){.f = f};
    match_plan_add_atom(&x->plan, f, 0, MATCH_ATOM_SOUND);
    match_plan_add_atom(&x->plan, f, 1, MATCH_ATOM_VALUE);
    x->plan.keys = 1;
    x->plan.key[0] = (struct match_key){.atoms = 1, .atom = {0}, .fields = 1};
    x->s = (struct match_search){.f = f, .plan = &x->plan, .words = &x->words, .threads = 2};
}

static bool share(const uint32_t *of, size_t a, size_t b)
{
    return match_keys_shared(of + a * MATCH_KEYS_MAX, of + b * MATCH_KEYS_MAX, 1) == 1;
}

static void limits(void **state)
{
    (void)state;
    static const struct {
        unsigned women, men;
        size_t capped;
        bool first, mixed; /* do two women, do a woman and a man share it? */
    } cases[] = {{2, MATCH_BLOCK_MAX - 2, 0, true, true},
                 {2, MATCH_BLOCK_MAX - 1, 0, true, false},
                 {2, MATCH_BLOCK_MAX + 1, 1, true, false},
                 {MATCH_BLOCK_MAX + 1, 1, 1, false, false}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct fixture x;
        struct match_keys keys = {0};
        struct match_tally tally = {0};
        start(&x, cases[i].women, cases[i].men);
        assert_int_equal(match_keys_make(&x.s, &keys, &tally, NULL), 0);
        assert_int_equal(tally.capped_count, cases[i].capped);
        assert_int_equal(share(keys.of, 0, 1), cases[i].first);
        assert_int_equal(share(keys.of, 0, cases[i].women), cases[i].mixed);
        assert_null(keys.before);
        match_keys_release(&keys);
        free(tally.capped);
        fixture_stop(&x);
    }
}

/* One record more: the block is divided, or a part of it makes no pairs any more. */
static void crossings(void **state)
{
    (void)state;
    static const struct {
        unsigned women, men;
        size_t from, crossings, count;
        bool before, now; /* do the first two share it? */
    } cases[] = {{60, 61, 120, 1, 120, true, true},
                 {20, 121, 140, 1, 120, true, true},
                 {121, 60, 120, 1, 120, true, false},
                 {60, 61, 121, 0, 0, true, true},
                 {60, 59, 118, 0, 0, true, true}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct fixture x;
        struct match_keys keys = {0};
        struct match_tally tally = {0};
        start(&x, cases[i].women, cases[i].men);
        x.s.from = cases[i].from;
        assert_int_equal(match_keys_make(&x.s, &keys, &tally, NULL), 0);
        assert_int_equal(keys.crossings, cases[i].crossings);
        if (keys.crossings != 0)
            assert_int_equal(keys.crossing[0].count, cases[i].count);
        assert_int_equal(share(keys.before, 0, 1), cases[i].before);
        assert_int_equal(share(keys.of, 0, 1), cases[i].now);
        match_keys_release(&keys);
        free(tally.capped);
        fixture_stop(&x);
    }
}

/* What the numbers were is what they are when the later records are not there. */
static void before_as_alone(void **state)
{
    (void)state;
    struct fixture x;
    struct match_keys grown = {0}, alone = {0};
    struct match_tally tally = {0}, tally1 = {0};
    fixture_start(&x, 3000, false);
    x.s.from = 2000;
    assert_int_equal(match_keys_make(&x.s, &grown, &tally, NULL), 0);
    x.f->records = 2000;
    x.s.from = 0;
    assert_int_equal(match_keys_make(&x.s, &alone, &tally1, NULL), 0);
    for (size_t a = 0; a < 2000; a += 3)
        for (size_t b = a + 1; b < 2000; b += 7)
            assert_int_equal(
                match_keys_shared(grown.before + a * MATCH_KEYS_MAX, grown.before + b * MATCH_KEYS_MAX, x.plan.keys),
                match_keys_shared(alone.of + a * MATCH_KEYS_MAX, alone.of + b * MATCH_KEYS_MAX, x.plan.keys));
    match_keys_release(&grown);
    match_keys_release(&alone);
    free(tally.capped);
    free(tally1.capped);
    fixture_stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(crossings),
        cmocka_unit_test(before_as_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
