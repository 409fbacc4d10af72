/* The model: logarithms, probabilities, and the trap it must not walk into. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void logarithms(void **state)
{
    (void)state;
    assert_int_equal(match_log2(1), 0);
    assert_int_equal(match_log2(8), 3 * MATCH_WEIGHT_ONE);
    assert_int_equal(match_log2(0.25), -2 * MATCH_WEIGHT_ONE);
    assert_in_range(match_log2(3), 405, 406);
    assert_true(match_log2(0) < -99 * MATCH_WEIGHT_ONE);
    assert_int_equal(match_probability_ppm(0), 500000);
    assert_in_range(match_probability_ppm(MATCH_WEIGHT_ONE), 666666, 666667);
    assert_int_equal(match_probability_ppm(100 * MATCH_WEIGHT_ONE), 1000000);
    assert_int_equal(match_probability_ppm(-100 * MATCH_WEIGHT_ONE), 0);
}

/* Two thousand people of one name: "same name" must not be taken for "same person". */
static void trap(void **state)
{
    (void)state;
    struct fixture x;
    fixture_start(&x, 3000, false);
    struct match_candidates c = {0};
    struct match_tally tally = {0};
    struct match_model *m = calloc(1, sizeof *m);
    struct match_fit *fit = calloc(1, sizeof *fit);
    assert_int_equal(match_candidates_find(&x.s, &c, &tally, NULL, NULL), 0);
    assert_int_equal(match_model_fit(&x.s, &c, fit, m, NULL), 0);
    for (unsigned k = 0; k < fit->count; k++) {
        unsigned last = match_levels_of(x.f->field[k].kind);
        assert_true(m->weight[k][1] > 0 && m->weight[k][last] < 0);
        for (unsigned l = 1; l < last; l++)
            assert_true(m->weight[k][l] + 2 >= m->weight[k][l + 1]); /* falls, but for rounding */
    }
    /* Given names are drawn from 400 and slip in one of ten: m and u are known. */
    assert_in_range(fit->level[0][1].m_ppm, 700000, 900000);
    assert_in_range(fit->level[0][1].u_ppm, 1500, 4500);
    assert_in_range(fit->level[4][1].u_ppm, 480000, 520000);
    free(m);
    free(fit);
    free(tally.capped);
    match_candidates_release(&c);
    fixture_stop(&x);
}

/*
 * Of the random pairs of a small table some are the same told twice: were they counted as chance, no agreement could
 * weigh more than what it takes to be as likely as not.
 */
static void small(void **state)
{
    (void)state;
    enum { THINGS = 800 };
    static const struct match_field fields[] = {{"title", MATCH_TEXT, false}, {"price", MATCH_NUMBER, false}};
    struct match_frame *f = NULL;
    const struct match_options o = {.threads = 1, .across = true};
    struct match_result r = {0};
    char title[64], price[16];
    assert_int_equal(match_frame_new(fields, 2, &f, NULL), 0);
    for (unsigned source = 0; source < 2; source++)
        for (unsigned i = 0; i < THINGS; i++) {
            static const char *const sorts[] = {"printer", "camera", "router", "phone", "oven"};
            static const char *const makers[] = {"acme", "bolt", "crow", "dune", "echo", "fern", "gale"};
            uint64_t luck = match_mix(i);
            const char *sort = sorts[luck % 5], *maker = makers[luck / 8 % 7];
            if (source == 0)
                snprintf(title, sizeof title, "%s %s zx%u", maker, sort, i);
            else
                snprintf(title, sizeof title, "zx%u grey %s by %s", i, sort, maker);
            snprintf(price, sizeof price, "%u", (unsigned)(luck >> 40) % 900 + 100 + source * 3);
            const struct bytes values[] = {bytes_text(title), bytes_text(i % 2 == 0 ? "" : price)};
            assert_int_equal(match_frame_add(f, values, source, NULL), 0);
        }
    assert_int_equal(match_link(f, &o, &r, NULL), 0);
    size_t right = 0;
    for (size_t i = 0; i < r.pairs_count; i++)
        right += r.pairs[i].b - r.pairs[i].a == THINGS;
    assert_true(right > THINGS * 9 / 10 && r.pairs_count - right < THINGS / 10);
    match_result_release(&r);
    match_frame_free(f);
}

static void refused(void **state)
{
    (void)state;
    struct match_field field = {"sex", MATCH_CODE, false};
    struct match_frame *f = NULL;
    struct match_result r;
    const struct match_options o = {.threads = 1};
    struct err e = {0};
    assert_int_equal(match_frame_new(&field, 1, &f, NULL), 0);
    for (unsigned i = 0; i < 100; i++) {
        const struct bytes value = bytes_text(i % 2 == 0 ? "M" : "F");
        assert_int_equal(match_frame_add(f, &value, 0, NULL), 0);
    }
    assert_int_equal(match_link(f, &o, &r, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "do not tell records apart"));
    match_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms),
        cmocka_unit_test(trap),
        cmocka_unit_test(small),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
