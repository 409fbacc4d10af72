/* Fields that go together take from one another; those that do not, hardly. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void together(void **state)
{
    (void)state;
    static const struct match_field fields[] = {
        {"postcode", MATCH_CODE, false}, {"state", MATCH_CODE, false}, {"sex", MATCH_CODE, false}};
    struct match_frame *f = NULL;
    struct match_words words = {0};
    struct match_model *m = calloc(1, sizeof *m);
    assert_int_equal(match_frame_new(fields, 3, &f, NULL), 0);
    for (unsigned i = 0; i < 20000; i++) {
        char postcode[16], region[16];
        unsigned code = (unsigned)(match_mix(i) % 100);
        (void)snprintf(postcode, sizeof postcode, "p%u", code);
        (void)snprintf(region, sizeof region, "s%u", code / 10);
        const struct bytes values[] = {bytes_text(postcode), bytes_text(region), bytes_text(i % 3 == 0 ? "M" : "F")};
        assert_int_equal(match_frame_add(f, values, 0, NULL), 0);
    }
    const struct match_search s = {.f = f, .words = &words};
    m->weight[0][1] = 1700;
    m->weight[1][1] = 800;
    m->weight[2][1] = 200;
    assert_int_equal(match_dependence_find(&s, m, NULL), 0);
    assert_int_equal(m->order[0], 0);
    assert_in_range(m->taken[0][1], 3 * MATCH_WEIGHT_ONE, 4 * MATCH_WEIGHT_ONE); /* a postcode says its state */
    assert_in_range(m->taken[0][2], 0, MATCH_WEIGHT_ONE / 4);
    assert_int_equal(m->taken[1][0], 0); /* only from the more telling to the less */
    free(m);
    match_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
