/*
 * A linkage that grows: keys, model, threshold and rarities are settled once, and what they find follows the records.
 *
 * All of what is found depends on the records there are and not on how they came, so each portion only has to be
 * compared with what was there, and what it takes away be taken away.
 */
#include "match/match_internal.h"

#include "base/text.h"

#include <assert.h>

enum { KEPT_PPM = 10000 /* pairs below this probability are not kept for clusters and review */ };

int match_by_records(const void *x, const void *y)
{
    const struct match_pair *p = x, *q = y;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

static double all_pairs(const struct match_frame *f, bool across)
{
    double sources[2] = {0, 0};
    for (size_t i = 0; i < f->records; i++)
        sources[f->source[i] & 1]++;
    double n = (double)f->records;
    return across ? sources[0] * sources[1] : n * (n - 1) / 2;
}

/* How many pairs are the same in all: the number that explains itself through the weights of those compared. */
static int32_t find_prior(const uint64_t *bins, double all, double records)
{
    int32_t prior = 0;
    double matches = records / 2 + 1;
    for (unsigned round = 0; round < 60; round++) {
        prior = match_log2(matches / (all + 1));
        double sum = 0;
        for (unsigned i = 0; i < MATCH_BINS; i++)
            if (bins[i] != 0)
                sum += (double)bins[i] * match_probability_ppm(match_bin_weight(i) + prior) / 1e6;
        matches = sum < 0.5 ? 0.5 : sum;
    }
    return match_log2(matches / (all + 1));
}

/* The weight that a probability stands for. */
static int32_t weight_of_ppm(unsigned ppm)
{
    double p = ppm < 1 ? 1e-6 : ppm > 999999 ? 0.999999 : ppm / 1e6;
    return match_log2(p / (1 - p));
}

/* The threshold with the best expected F1, when ${apart} pairs of each bin are not the same. */
static void choose_threshold(struct match_linkage *l, const uint64_t *apart)
{
    double taken = 0, right = 0, matches = 0, best = -1;
    for (unsigned i = 0; i < MATCH_BINS; i++)
        matches += (double)(l->bins[i] - apart[i]) * match_probability_ppm(match_bin_weight(i) + l->prior) / 1e6;
    l->threshold_ppm = 500000;
    for (unsigned i = MATCH_BINS; i-- > 0;) {
        uint32_t p = match_probability_ppm(match_bin_weight(i) + l->prior);
        taken += (double)l->bins[i];
        right += (double)(l->bins[i] - apart[i]) * p / 1e6;
        double f1 = taken > 0 ? 2 * right / (taken + matches) : 0;
        if (f1 > best && p > 50000) {
            best = f1;
            /* The lower edge of the bin: all that was counted lies at it or above. */
            l->threshold = match_bin_weight(i) - (1 << MATCH_BIN_SHIFT) / 2 + l->prior;
            l->threshold_ppm = match_probability_ppm(l->threshold);
        }
    }
}

/* Of all that was weighed, what is of use later, with the prior in its weight. */
static int keep_pairs(const struct match_linkage *l, const struct match_candidates *c, struct match_pair **ret,
                      size_t *ret_count, struct err *e)
{
    int32_t least = weight_of_ppm(KEPT_PPM);
    least = l->threshold < least ? l->threshold : least;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += (int32_t)c->pairs[i].pattern + l->prior >= least;
    struct match_pair *pairs = malloc((n + 1) * sizeof *pairs);
    if (pairs == NULL)
        return err_memory(e);
    size_t to = 0;
    for (size_t i = 0; i < c->count; i++) {
        int32_t weight = (int32_t)c->pairs[i].pattern + l->prior;
        if (weight >= least)
            pairs[to++] = (struct match_pair){c->pairs[i].a, c->pairs[i].b, weight};
    }
    if (n != 0)
        qsort(pairs, n, sizeof *pairs, match_by_records);
    *ret = pairs;
    *ret_count = n;
    return 0;
}

/*
 * Pair by pair the model is too sure of itself where many records are alike: what a pair is said to be, its neighbours
 * may contradict.  Which pairs the clusters keep apart is known without truth, so the threshold is chosen once more.
 */
static int choose_again(struct match_linkage *l, const struct match_frame *f, struct err *e)
{
    const struct match_options plain = {.across = l->across};
    struct match_result r = {.records = f->records};
    OWN(mem_drop) uint64_t *apart = calloc(MATCH_BINS, sizeof *apart);
    if (apart == NULL)
        return err_memory(e);
    int rc = match_cluster(l->pairs, l->pairs_count, &plain, l->joining, &r, e);
    for (size_t i = 0; rc == 0 && i < l->pairs_count; i++) {
        const struct match_pair *p = &l->pairs[i];
        apart[match_bin_of(p->weight - l->prior)] += p->weight >= l->threshold && r.cluster[p->a] != r.cluster[p->b];
    }
    match_result_release(&r);
    if (rc == 0)
        choose_threshold(l, apart);
    return rc;
}

static struct match_search search_of(const struct match_linkage *l, const struct match_frame *f, unsigned threads,
                                     size_t from)
{
    threads = threads == 0 ? 1 : threads;
    return (struct match_search){f, &l->plan, &l->words, l->across, threads, from};
}

static struct match_weighing weighing_of(const struct match_linkage *l, const struct match_frame *f, unsigned threads)
{
    return (struct match_weighing){f, &l->model, l->rarity, l->words.records, threads};
}

static int fit(struct match_linkage *l, const struct match_frame *f, const struct match_options *o,
               struct match_candidates *c, struct err *e)
{
    int rc = match_words_count(f, &l->words, e);
    rc = rc == 0 ? match_plan_make(f, &l->plan, e) : rc;
    struct match_search s = search_of(l, f, o->threads, 0);
    rc = rc == 0 ? match_candidates_find(&s, c, &l->tally, NULL, e) : rc;
    rc = rc == 0 ? match_model_fit(&s, c, &l->fit, &l->model, e) : rc;
    for (unsigned k = 0; rc == 0 && k < f->fields; k++)
        rc = match_rarity_find(f, k, &l->rarity[k], e);
    if (rc != 0)
        return rc;
    struct match_weighing w = weighing_of(l, f, o->threads);
    rc = match_weigh(&w, c, l->bins, e);
    if (rc != 0)
        return rc;
    l->prior = find_prior(l->bins, all_pairs(f, o->across), (double)f->records);
    l->threshold_ppm = o->threshold_ppm;
    if (o->threshold_ppm != 0)
        l->threshold = weight_of_ppm(o->threshold_ppm);
    else
        choose_threshold(l, (const uint64_t[MATCH_BINS]){0});
    l->records = f->records;
    l->joining = l->threshold;
    rc = keep_pairs(l, c, &l->pairs, &l->pairs_count, e);
    return rc == 0 && o->threshold_ppm == 0 ? choose_again(l, f, e) : rc;
}

int match_linkage_new(const struct match_frame *f, const struct match_options *o, struct match_linkage **ret_linkage,
                      struct err *e)
{
    OWN(match_linkage_drop) struct match_linkage *l = calloc(1, sizeof *l);
    struct match_candidates c = {0};
    if (l == NULL)
        return err_memory(e);
    memcpy(l->field, f->field, sizeof l->field);
    l->fields = f->fields;
    l->across = o->across;
    int rc = fit(l, f, o, &c, e);
    match_candidates_release(&c);
    if (rc == 0)
        *ret_linkage = TAKE(l);
    return rc;
}

void match_linkage_restart(struct match_linkage *l)
{
    free(l->pairs);
    free(l->tally.capped);
    l->pairs = NULL;
    l->pairs_count = l->records = 0;
    l->tally = (struct match_tally){0};
    memset(l->bins, 0, sizeof l->bins);
}

/* What a portion of records adds and takes away, before any of it is done. */
struct change {
    struct match_candidates found, gone;
    struct match_lost lost;
    struct match_tally tally;
    uint64_t added[MATCH_BINS], taken[MATCH_BINS];
    struct match_pair *pairs;
    size_t pairs_count;
};

static void change_release(struct change *c)
{
    match_candidates_release(&c->found);
    match_candidates_release(&c->gone);
    free(c->lost.pair);
    free(c->tally.capped);
    free(c->pairs);
}

/* The lost pairs are weighed once more, to be taken out of where they were counted. */
static int weigh_lost(const struct match_linkage *l, const struct match_frame *f, struct change *c, struct err *e)
{
    struct match_cache *cache = match_cache_new(&l->words);
    struct match_candidates *gone = &c->gone;
    gone->pairs = malloc((c->lost.count + 1) * sizeof *gone->pairs);
    gone->patterns = malloc((c->lost.count + 1) * sizeof *gone->patterns);
    if (cache == NULL || gone->pairs == NULL || gone->patterns == NULL) {
        match_cache_free(cache);
        return err_memory(e);
    }
    for (; gone->count < c->lost.count; gone->count++) {
        uint32_t a = (uint32_t)(c->lost.pair[gone->count] >> 32), b = (uint32_t)c->lost.pair[gone->count];
        gone->patterns[gone->count] = match_pattern(f, cache, a, b);
        gone->pairs[gone->count] = (struct match_candidate){a, b, (uint32_t)gone->count};
    }
    gone->patterns_count = (uint32_t)gone->count;
    match_cache_free(cache);
    struct match_weighing w = weighing_of(l, f, 1);
    return match_weigh(&w, gone, c->taken, e);
}

/* The kept pairs without the lost ones, and the new ones among them. */
static int merge_pairs(const struct match_linkage *l, struct change *c, struct err *e)
{
    OWN(mem_drop) struct match_pair *found = NULL;
    size_t found_count = 0, at = 0, lost = 0, n = 0;
    int rc = keep_pairs(l, &c->found, &found, &found_count, e);
    if (rc != 0)
        return rc;
    c->pairs = malloc((l->pairs_count + found_count + 1) * sizeof *c->pairs);
    if (c->pairs == NULL)
        return err_memory(e);
    for (size_t i = 0; i < l->pairs_count; i++) {
        const struct match_pair *p = &l->pairs[i];
        uint64_t pair = (uint64_t)p->a << 32 | p->b;
        while (lost < c->lost.count && c->lost.pair[lost] < pair)
            lost++;
        if (lost < c->lost.count && c->lost.pair[lost] == pair)
            continue;
        while (at < found_count && match_by_records(&found[at], p) < 0)
            c->pairs[n++] = found[at++];
        c->pairs[n++] = *p;
    }
    while (at < found_count)
        c->pairs[n++] = found[at++];
    c->pairs_count = n;
    return 0;
}

/* A forged file may say of itself what its own records deny; then nothing of it is believed. */
static int check_change(const struct match_linkage *l, const struct change *c, struct err *e)
{
    uint64_t weighed = 0, tallied = 0;
    bool fine = true;
    for (unsigned i = 0; i < MATCH_BINS; i++) {
        fine = fine && c->taken[i] <= l->bins[i] + c->added[i];
        weighed += l->bins[i] + c->added[i] - c->taken[i];
    }
    for (unsigned i = 0; i <= l->plan.keys; i++)
        tallied += c->tally.pairs[i];
    return fine && weighed == tallied
               ? 0
               : err_set(e, ERR_DAMAGED, "a kept linkage is damaged: %s", text_tr(TEXT("its counts")));
}

static void make_change(struct match_linkage *l, const struct match_frame *f, struct change *c)
{
    for (unsigned i = 0; i < MATCH_BINS; i++)
        l->bins[i] += c->added[i] - c->taken[i];
    free(l->tally.capped);
    free(l->pairs);
    l->tally = c->tally;
    l->pairs = TAKE(c->pairs);
    l->pairs_count = c->pairs_count;
    l->records = f->records;
    c->tally.capped = NULL;
}

int match_linkage_add(struct match_linkage *l, const struct match_frame *f, unsigned threads, struct err *e)
{
    assert(f->records >= l->records && f->fields == l->fields);
    struct match_search s = search_of(l, f, threads, l->records);
    OWN(mem_drop) struct change *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_memory(e);
    memcpy(c->tally.pairs, l->tally.pairs, sizeof c->tally.pairs);
    int rc = match_candidates_find(&s, &c->found, &c->tally, &c->lost, e);
    struct match_weighing w = weighing_of(l, f, threads);
    rc = rc == 0 ? match_weigh(&w, &c->found, c->added, e) : rc;
    rc = rc == 0 ? weigh_lost(l, f, c, e) : rc;
    rc = rc == 0 ? check_change(l, c, e) : rc;
    rc = rc == 0 ? merge_pairs(l, c, e) : rc;
    if (rc == 0)
        make_change(l, f, c);
    change_release(c);
    return rc;
}

size_t match_linkage_records(const struct match_linkage *l)
{
    return l->records;
}

bool match_linkage_across(const struct match_linkage *l)
{
    return l->across;
}

void match_linkage_free(struct match_linkage *l)
{
    if (l == NULL)
        return;
    for (unsigned k = 0; k < MATCH_FIELDS_MAX; k++)
        match_rarity_release(&l->rarity[k]);
    match_words_release(&l->words);
    free(l->tally.capped);
    free(l->pairs);
    free(l);
}

void match_linkage_drop(struct match_linkage **l)
{
    match_linkage_free(*l);
    *l = NULL;
}
