/* A linkage that grows: in whatever portions, the bytes of one from scratch. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void put_result(const struct match_linkage *l, const struct match_frame *f, struct buf *to)
{
    const struct match_decision decisions[] = {{1, 2, MATCH_SAME}, {3, 4, MATCH_DIFFERENT}};
    const struct match_options o = {.across = l->across, .decisions = decisions, .decisions_count = 2};
    struct match_result r;
    assert_int_equal(match_linkage_result(l, f, &o, &r, NULL), 0);
    buf_put(to, r.pairs, r.pairs_count * sizeof *r.pairs);
    buf_put(to, r.cluster, r.records * sizeof *r.cluster);
    buf_put(to, r.review, r.review_count * sizeof *r.review);
    buf_put(to, r.below, r.below_count * sizeof *r.below);
    buf_put(to, r.curve, sizeof(uint32_t) * 2 * MATCH_CURVE);
    buf_printf(to, "%zu %zu %lu %u %u %u %lu %lu %u", r.records, r.fitted_records, (unsigned long)r.compared,
               r.threshold_ppm, r.precision_ppm, r.recall_ppm, (unsigned long)r.broken, (unsigned long)r.prior_pairs,
               r.largest);
    for (unsigned k = 0; k < r.keys; k++)
        buf_printf(to, "%s %lu;", r.key[k].name, (unsigned long)r.key[k].pairs);
    for (size_t i = 0; i < r.capped_count; i++)
        buf_printf(to, "%u %lu;", r.capped[i].key, (unsigned long)r.capped[i].size);
    match_result_release(&r);
}

/* The text that was first read as a value. */
static struct bytes text_of(const struct match_dictionary *d, uint32_t value)
{
    uint32_t text = 1;
    while (value != 0 && d->raw_value[text] != value)
        text++;
    return value == 0 ? (struct bytes){0} : match_map_key(d->raw, text);
}

static void append(struct match_frame *to, const struct match_frame *from, size_t until)
{
    for (size_t i = to->records; i < until; i++) {
        struct bytes values[MATCH_FIELDS_MAX];
        for (unsigned k = 0; k < from->fields; k++)
            values[k] = text_of(from->dictionary[k], from->row[i * from->fields + k]);
        assert_int_equal(match_frame_add(to, values, from->source[i], NULL), 0);
    }
}

/*
 * Fit to the first records of ${f}, add the others in portions by ${seed}; then the same model over all at once.  What
 * is kept, and what is proposed from it, must be the same bytes.
 */
static void hold(const struct match_frame *all, bool across, size_t fitted, uint64_t seed)
{
    OWN(buf_drop) struct buf grown = {0}, scratch = {0}, early = {0};
    struct match_linkage *l = NULL, *again = NULL;
    struct match_frame *f = NULL, *copy = NULL;
    const struct match_options o = {.across = across, .threads = 2};
    size_t records = all->records;
    assert_int_equal(match_frame_new(all->field, all->fields, &f, NULL), 0);
    append(f, all, fitted);
    assert_int_equal(match_linkage_new(f, &o, &l, NULL), 0);
    match_linkage_put(l, f, &early);
    assert_int_equal(match_linkage_get(buf_bytes(&early), &again, &copy, NULL), 0);
    while (f->records < records) {
        seed = match_mix(seed + 1);
        size_t portion = seed % 5 == 0 ? 1 : 1 + (size_t)(seed % (records / 4));
        append(f, all, f->records + portion > records ? records : f->records + portion);
        assert_int_equal(match_linkage_add(l, f, 1 + (unsigned)(seed % 3), NULL), 0);
    }
    match_linkage_restart(again);
    match_frame_restart(copy);
    append(copy, all, records);
    assert_int_equal(match_linkage_add(again, copy, 3, NULL), 0);
    match_linkage_put(l, f, &grown);
    match_linkage_put(again, copy, &scratch);
    put_result(l, f, &grown);
    put_result(again, copy, &scratch);
    assert_int_equal(grown.n, scratch.n);
    assert_memory_equal(grown.p, scratch.p, grown.n);
    assert_true(l->pairs_count > 100);
    match_linkage_free(l);
    match_linkage_free(again);
    match_frame_free(copy);
    match_frame_free(f);
}

static void people(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        uint32_t *person;
        struct match_frame *f =
            round < 2 ? fixture_people(1600, round % 2 == 1, &person) : fixture_crowd(1600, round % 2 == 1, &person);
        hold(f, round % 2 == 1, round < 2 ? 900 : 200, round);
        match_frame_free(f);
        free(person);
    }
}

static void texts(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        struct match_frame *f = fixture_texts(700);
        hold(f, false, 350, 40 + round);
        match_frame_free(f);
    }
}

/* A fit and its own model over the same records are one linkage. */
static void fit_is_scratch(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf fresh = {0}, scratch = {0};
    struct fixture x;
    fixture_start(&x, 1500, false);
    struct match_linkage *l = NULL;
    const struct match_options o = {.threads = 2};
    assert_int_equal(match_linkage_new(x.f, &o, &l, NULL), 0);
    match_linkage_put(l, x.f, &fresh);
    match_linkage_restart(l);
    assert_int_equal(match_linkage_records(l), 0);
    assert_int_equal(match_linkage_add(l, x.f, 1, NULL), 0);
    match_linkage_put(l, x.f, &scratch);
    assert_int_equal(fresh.n, scratch.n);
    assert_memory_equal(fresh.p, scratch.p, fresh.n);
    assert_false(match_linkage_across(l));
    match_linkage_free(l);
    fixture_stop(&x);
}

/* A linkage that belies its records is found out when it grows, and left as it is. */
static void belied(void **state)
{
    (void)state;
    struct fixture x;
    struct err e = {0};
    fixture_start(&x, 400, false);
    struct match_linkage *l = NULL;
    const struct match_options o = {.threads = 1};
    assert_int_equal(match_linkage_new(x.f, &o, &l, NULL), 0);
    l->tally.pairs[0]++;
    size_t pairs = l->pairs_count;
    assert_int_equal(match_linkage_add(l, x.f, 1, &e), ERR_DAMAGED);
    assert_int_equal(l->pairs_count, pairs);
    match_linkage_free(l);
    fixture_stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people),
        cmocka_unit_test(texts),
        cmocka_unit_test(fit_is_scratch),
        cmocka_unit_test(belied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
