/* The whole linkage: found without truth, the same for any number of threads, bound by decisions. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct outcome {
    double precision, recall;
};

static struct outcome outcome_of(const struct match_result *r, const uint32_t *person)
{
    uint64_t right = 0, same = 0;
    for (size_t i = 0; i < r->pairs_count; i++)
        right += person[r->pairs[i].a] == person[r->pairs[i].b];
    for (size_t a = 0; a < r->records; a++)
        for (size_t b = a + 1; b < r->records && person[b] == person[a]; b++)
            same++;
    return (struct outcome){(double)right / (double)r->pairs_count, (double)right / (double)same};
}

static void threads(void **state)
{
    (void)state;
    uint32_t *person;
    struct match_frame *f = fixture_people(4000, false, &person);
    struct match_result r[2];
    for (unsigned i = 0; i < 2; i++) {
        const struct match_options o = {.threads = 1 + 3 * i};
        assert_int_equal(match_link(f, &o, &r[i], NULL), 0);
    }
    assert_int_equal(r[0].pairs_count, r[1].pairs_count);
    assert_memory_equal(r[0].pairs, r[1].pairs, r[0].pairs_count * sizeof *r[0].pairs);
    assert_memory_equal(r[0].cluster, r[1].cluster, r[0].records * sizeof *r[0].cluster);
    assert_memory_equal(&r[0].model, &r[1].model, sizeof r[0].model);
    struct outcome o = outcome_of(&r[0], person);
    assert_true(o.precision > 0.95 && o.recall > 0.95);
    match_result_release(&r[0]);
    match_result_release(&r[1]);
    match_frame_free(f);
    free(person);
}

/* Where many are alike, as without them: the threshold is within 0.02 of the best there is, and nobody told it. */
static void threshold(void **state)
{
    (void)state;
    for (unsigned crowd = 0; crowd < 2; crowd++) {
        uint32_t *person;
        struct match_frame *f = crowd ? fixture_crowd(4000, false, &person) : fixture_people(4000, false, &person);
        double chosen = 0, best = 0;
        for (unsigned percent = 0; percent < 100; percent += 5) {
            const struct match_options o = {.threads = 2, .threshold_ppm = percent * 10000};
            struct match_result r;
            assert_int_equal(match_link(f, &o, &r, NULL), 0);
            struct outcome now = outcome_of(&r, person);
            double f1 = 2 * now.precision * now.recall / (now.precision + now.recall);
            chosen = percent == 0 ? f1 : chosen;
            best = f1 > best ? f1 : best;
            match_result_release(&r);
        }
        if (chosen < best - 0.02)
            fail_msg("%.4f where %.4f is to be had (crowd: %u)", chosen, best, crowd);
        match_frame_free(f);
        free(person);
    }
}

static void decided(void **state)
{
    (void)state;
    uint32_t *person;
    struct match_frame *f = fixture_people(2000, false, &person);
    struct match_result before, after;
    struct match_options o = {.threads = 2};
    assert_int_equal(match_link(f, &o, &before, NULL), 0);
    struct match_pair first = before.pairs[0];
    const struct match_decision decisions[] = {{first.a, first.b, MATCH_DIFFERENT}, {0, 1999, MATCH_SAME}};
    o.decisions = decisions;
    o.decisions_count = 2;
    assert_int_equal(match_link(f, &o, &after, NULL), 0);
    assert_int_not_equal(after.cluster[first.a], after.cluster[first.b]);
    assert_int_equal(after.cluster[0], after.cluster[1999]);
    bool told = false;
    for (size_t i = 0; i < after.pairs_count; i++) {
        assert_false(after.pairs[i].a == first.a && after.pairs[i].b == first.b);
        told = told || (after.pairs[i].a == 0 && after.pairs[i].b == 1999);
    }
    assert_true(told);
    for (size_t i = 0; i < after.review_count; i++)
        assert_false(after.review[i].a == first.a && after.review[i].b == first.b);
    match_result_release(&before);
    match_result_release(&after);
    match_frame_free(f);
    free(person);
}

static void across(void **state)
{
    (void)state;
    uint32_t *person;
    struct match_frame *f = fixture_people(2000, true, &person);
    struct match_result r;
    const struct match_options o = {.threads = 2, .across = true, .threshold_ppm = 900000};
    assert_int_equal(match_link(f, &o, &r, NULL), 0);
    assert_int_equal(r.threshold_ppm, 900000);
    for (size_t i = 0; i < r.pairs_count; i++) {
        assert_int_not_equal(f->source[r.pairs[i].a], f->source[r.pairs[i].b]);
        assert_true(match_probability_ppm(r.pairs[i].weight) >= 899000);
    }
    assert_true(outcome_of(&r, person).recall > 0.93);
    match_result_release(&r);
    match_frame_free(f);
    free(person);
}

static void few(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        uint32_t *person;
        struct match_frame *f = fixture_people(n, false, &person);
        struct match_result r;
        const struct match_options o = {.threads = 2};
        int rc = match_link(f, &o, &r, NULL);
        assert_true(rc == 0 || rc == ERR_REFUSED);
        if (rc == 0)
            match_result_release(&r);
        match_frame_free(f);
        free(person);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads), cmocka_unit_test(threshold), cmocka_unit_test(decided),
        cmocka_unit_test(across),  cmocka_unit_test(few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
