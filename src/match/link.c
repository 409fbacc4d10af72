/*
 * Proposals, clusters and what should be asked next, from what a linkage has found.
 */
#include "match/match_internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>

struct ranked {
    struct match_pair pair;
    uint32_t effect_ppm; /* by how much the count of persons is expected to change by an answer */
};

static int by_effect(const void *x, const void *y)
{
    const struct ranked *p = x, *q = y;
    if (p->effect_ppm != q->effect_ppm)
        return p->effect_ppm > q->effect_ppm ? -1 : 1;
    return match_by_records(&p->pair, &q->pair);
}

/* The pairs that a person spoke of, in order. */
struct spoken {
    uint64_t *pair;
    size_t count;
};

static void spoken_drop(struct spoken *s)
{
    free(s->pair);
}

static uint64_t pair_of(uint32_t a, uint32_t b)
{
    return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

static int by_pair(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static int spoken_of(const struct match_options *o, struct spoken *to, struct err *e)
{
    to->pair = malloc((o->decisions_count + 1) * sizeof *to->pair);
    if (to->pair == NULL)
        return err_memory(e);
    for (; to->count < o->decisions_count; to->count++)
        to->pair[to->count] = pair_of(o->decisions[to->count].a, o->decisions[to->count].b);
    if (to->count != 0)
        qsort(to->pair, to->count, sizeof *to->pair, by_pair);
    return 0;
}

static bool decided(const struct spoken *s, const struct match_pair *p)
{
    uint64_t pair = pair_of(p->a, p->b);
    return s->count != 0 && bsearch(&pair, s->pair, s->count, sizeof pair, by_pair) != NULL;
}

/* What is apart may be joined, what is together may be torn: the likelier that is, the sooner it should be asked. */
static int make_review(const struct match_pair *pairs, size_t count, const struct spoken *spoken,
                       struct match_result *r, struct err *e)
{
    size_t n = 0;
    OWN(mem_drop) struct ranked *ranked = malloc((count + 1) * sizeof *ranked);
    OWN(mem_drop) uint32_t *sizes = calloc(r->records + 1, sizeof *sizes);
    if (ranked == NULL || sizes == NULL)
        return err_memory(e);
    for (size_t i = 0; i < r->records; i++)
        sizes[r->cluster[i]]++;
    for (size_t i = 0; i < count; i++) {
        uint32_t p = match_probability_ppm(pairs[i].weight), size = sizes[r->cluster[pairs[i].a]];
        bool together = r->cluster[pairs[i].a] == r->cluster[pairs[i].b];
        if (p < 50000 || p > 950000)
            continue;
        uint32_t effect = together ? (1000000 - p) / (size > 1 ? size - 1 : 1) : p / 2;
        ranked[n++] = (struct ranked){pairs[i], effect};
    }
    if (n != 0)
        qsort(ranked, n, sizeof *ranked, by_effect);
    r->review = malloc((MATCH_REVIEW_MAX + 1) * sizeof *r->review);
    if (r->review == NULL)
        return err_memory(e);
    for (size_t i = 0; i < n && r->review_count < MATCH_REVIEW_MAX; i++)
        if (!decided(spoken, &ranked[i].pair))
            r->review[r->review_count++] = ranked[i].pair;
    return 0;
}

uint64_t match_lot(uint32_t a, uint32_t b)
{
    return match_mix(((uint64_t)a << 32 | b) + 0x9E3779B97F4A7C15u);
}

/* The pairs with the lowest lots. */
static int draw_below(const struct match_pair *pairs, size_t count, int32_t threshold, struct match_result *r,
                      struct err *e)
{
    r->below = malloc((MATCH_SAMPLE + 1) * sizeof *r->below);
    if (r->below == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].weight >= threshold)
            continue;
        r->below_all++;
        uint64_t lot = match_lot(pairs[i].a, pairs[i].b);
        size_t at = r->below_count;
        while (at > 0 && match_lot(r->below[at - 1].a, r->below[at - 1].b) > lot)
            at--;
        if (at == MATCH_SAMPLE)
            continue;
        r->below_count += r->below_count < MATCH_SAMPLE;
        memmove(r->below + at + 1, r->below + at, (r->below_count - at - 1) * sizeof *r->below);
        r->below[at] = pairs[i];
    }
    return 0;
}

/* The proposals: pairs at the threshold or above, less those a person called different, with those called the same. */
static int propose(const struct match_pair *pairs, size_t count, const struct match_options *o,
                   const struct spoken *spoken, int32_t threshold, struct match_result *r, struct err *e)
{
    size_t n = 0;
    r->pairs = malloc((count + o->decisions_count + 1) * sizeof *r->pairs);
    if (r->pairs == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++)
        if (pairs[i].weight >= threshold && !decided(spoken, &pairs[i]))
            r->pairs[n++] = pairs[i];
    size_t own = n;
    for (size_t i = 0; i < o->decisions_count; i++) {
        const struct match_decision *d = &o->decisions[i];
        struct match_pair p = {d->a < d->b ? d->a : d->b, d->a < d->b ? d->b : d->a, 64 * MATCH_WEIGHT_ONE};
        if (d->says == MATCH_SAME)
            r->pairs[n++] = p;
    }
    if (n != own)
        qsort(r->pairs, n, sizeof *r->pairs, match_by_records);
    for (size_t i = 0; i < n; i++)
        if (r->pairs_count == 0 || match_by_records(&r->pairs[r->pairs_count - 1], &r->pairs[i]) != 0)
            r->pairs[r->pairs_count++] = r->pairs[i];
    return 0;
}

/* What the model expects of its own proposals, along all thresholds and at the chosen one. */
static int expect(const struct match_linkage *l, struct match_result *r, struct err *e)
{
    double taken = 0, right = 0, matches = 0;
    r->curve = calloc((size_t)MATCH_CURVE * 2, sizeof *r->curve);
    if (r->curve == NULL)
        return err_memory(e);
    for (unsigned i = 0; i < MATCH_BINS; i++) {
        r->compared += l->bins[i];
        matches += (double)l->bins[i] * match_probability_ppm(match_bin_weight(i) + l->prior) / 1e6;
    }
    matches = matches < 0.5 ? 0.5 : matches;
    r->prior_pairs = (uint64_t)(matches + 0.5);
    r->threshold_ppm = l->threshold_ppm;
    for (unsigned i = MATCH_BINS; i-- > 0;) {
        uint32_t p = match_probability_ppm(match_bin_weight(i) + l->prior);
        taken += (double)l->bins[i];
        right += (double)l->bins[i] * p / 1e6;
        double precision = taken > 0 ? right / taken : 1, recall = right / matches;
        recall = recall > 1 ? 1 : recall;
        unsigned at = (unsigned)(p * (uint64_t)MATCH_CURVE / 1000001);
        r->curve[2 * at] = (uint32_t)(precision * 1e6);
        r->curve[2 * at + 1] = (uint32_t)(recall * 1e6);
        if (p >= l->threshold_ppm) {
            r->precision_ppm = r->curve[2 * at];
            r->recall_ppm = r->curve[2 * at + 1];
        }
    }
    return 0;
}

static int describe(const struct match_linkage *l, const struct match_frame *f, struct match_result *r, struct err *e)
{
    const struct match_tally *t = &l->tally;
    bool words = match_plan_has_words(f);
    r->records = l->records;
    r->model = l->fit;
    r->fitted_records = l->words.records;
    r->keys = l->plan.keys + words;
    for (unsigned k = 0; k < l->plan.keys; k++) {
        match_plan_name_key(f, &l->plan, k, r->key[k].name);
        r->key[k].pairs = t->pairs[k];
    }
    if (words) {
        (void)snprintf(r->key[l->plan.keys].name, sizeof r->key[0].name, "%s", TEXT("rare words"));
        r->key[l->plan.keys].pairs = t->pairs[l->plan.keys];
    }
    r->capped = malloc((t->capped_count + 1) * sizeof *r->capped);
    if (r->capped == NULL)
        return err_memory(e);
    if (t->capped_count != 0)
        memcpy(r->capped, t->capped, t->capped_count * sizeof *r->capped);
    r->capped_count = t->capped_count;
    return expect(l, r, e);
}

/* Proposals that the clusters keep apart. */
static void count_broken(struct match_result *r)
{
    r->broken = 0;
    for (size_t i = 0; i < r->pairs_count; i++)
        r->broken += r->cluster[r->pairs[i].a] != r->cluster[r->pairs[i].b];
}

int match_linkage_result(const struct match_linkage *l, const struct match_frame *f, const struct match_options *o,
                         struct match_result *ret_result, struct err *e)
{
    assert(l->records == f->records);
    struct match_result r = {0};
    struct spoken spoken __attribute__((cleanup(spoken_drop))) = {0};
    int rc = describe(l, f, &r, e);
    rc = rc == 0 ? spoken_of(o, &spoken, e) : rc;
    rc = rc == 0 ? propose(l->pairs, l->pairs_count, o, &spoken, l->threshold, &r, e) : rc;
    rc = rc == 0 ? match_cluster(l->pairs, l->pairs_count, o, l->joining, &r, e) : rc;
    if (rc == 0)
        count_broken(&r);
    rc = rc == 0 ? draw_below(l->pairs, l->pairs_count, l->threshold, &r, e) : rc;
    rc = rc == 0 ? make_review(l->pairs, l->pairs_count, &spoken, &r, e) : rc;
    if (rc == 0)
        *ret_result = r;
    else
        match_result_release(&r);
    return rc;
}

int match_link(const struct match_frame *f, const struct match_options *o, struct match_result *ret_result,
               struct err *e)
{
    OWN(match_linkage_drop) struct match_linkage *l = NULL;
    int rc = match_linkage_new(f, o, &l, e);
    return rc == 0 ? match_linkage_result(l, f, o, ret_result, e) : rc;
}

void match_result_release(struct match_result *r)
{
    free(r->pairs);
    free(r->cluster);
    free(r->capped);
    free(r->review);
    free(r->below);
    free(r->curve);
    *r = (struct match_result){0};
}
