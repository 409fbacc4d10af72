/* Weights: bins, rare values, values never seen, and the same for any number of threads. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void bins(void **state)
{
    (void)state;
    for (int32_t w = -40000; w < 40000; w += 7) {
        int32_t middle = match_bin_weight(match_bin_of(w));
        assert_true(w - middle < 1 << MATCH_BIN_SHIFT && middle - w <= 1 << MATCH_BIN_SHIFT);
    }
    assert_int_equal(match_bin_of(INT32_MIN / 2), 0);
    assert_int_equal(match_bin_of(INT32_MAX / 2), MATCH_BINS - 1);
}

static struct match_frame *names(const char *const *name, unsigned count)
{
    static const struct match_field field = {"name", MATCH_GIVEN, false};
    struct match_frame *f = NULL;
    assert_int_equal(match_frame_new(&field, 1, &f, NULL), 0);
    for (unsigned i = 0; i < count; i++) {
        const struct bytes value = bytes_text(name[i]);
        assert_int_equal(match_frame_add(f, &value, 0, NULL), 0);
    }
    return f;
}

/* The same name weighs more when it is rarer, and one that the model never saw as much as one seen once. */
static void rare(void **state)
{
    (void)state;
    static const char *const fitted[] = {"Anna", "Anna", "Anna", "Anna", "Bela", "Bela", "Cyra"};
    static const char *const later[] = {"Dora", "Dora"};
    struct match_frame *f = names(fitted, COUNT(fitted));
    struct match_rarity rarity = {0};
    assert_int_equal(match_rarity_find(f, 0, &rarity, NULL), 0);
    for (unsigned i = 0; i < COUNT(later); i++) {
        const struct bytes value = bytes_text(later[i]);
        assert_int_equal(match_frame_add(f, &value, 0, NULL), 0);
    }
    struct match_model *m = calloc(1, sizeof *m);
    m->weight[0][1] = 10 * MATCH_WEIGHT_ONE;
    struct match_candidate pairs[] = {{0, 1, 0}, {4, 5, 0}, {7, 8, 0}, {6, 6, 0}};
    uint64_t pattern = 1, *counted = calloc(MATCH_BINS, sizeof *counted);
    struct match_candidates c = {.pairs = pairs, .count = 4, .patterns = &pattern, .patterns_count = 1};
    const struct match_weighing w = {f, m, &rarity, 7, 3};
    assert_int_equal(match_weigh(&w, &c, counted, NULL), 0);
    int32_t weight[4];
    for (unsigned i = 0; i < 4; i++)
        weight[i] = (int32_t)pairs[i].pattern;
    assert_true(weight[0] < weight[1] && weight[1] < weight[2]);
    assert_int_equal(weight[2], weight[3]);
    assert_int_equal(weight[1] - weight[0], MATCH_WEIGHT_ONE); /* half as frequent, one bit more */
    for (unsigned i = 0; i < 4; i++)
        assert_true(counted[match_bin_of(weight[i])] != 0);
    match_rarity_release(&rarity);
    free(counted);
    free(m);
    match_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins),
        cmocka_unit_test(rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
