#include "match/match_internal.h"

#include <pthread.h>

enum {
    BIN_SHIFT = 4, /* of the histogram: 1/16 bit */
    BINS = 1 << 13,
    BIN_ZERO = BINS / 2,
    KEPT_PPM = 10000, /* pairs below this probability are not kept for clusters and review */
    ADJUST_MAX = 5 * MATCH_WEIGHT_ONE,
    SOUND_LEVEL = 2,
    HOPELESS_BITS = 10,
};

/* log2 of how frequent each value and each skeleton is, in 1/256 bit. */
struct rarity {
    int16_t *value[MATCH_FIELDS_MAX];
    int16_t *skeleton[MATCH_FIELDS_MAX]; /* by value */
    int32_t same[MATCH_FIELDS_MAX];      /* log2 of the chance of the same value, of the same skeleton */
    int32_t sound[MATCH_FIELDS_MAX];
    bool used[MATCH_FIELDS_MAX];
};

static void rarity_drop(struct rarity *r)
{
    for (unsigned i = 0; i < MATCH_FIELDS_MAX; i++) {
        free(r->value[i]);
        free(r->skeleton[i]);
    }
}

/* Records with a value in its role; at least one, where only the other role has it. */
static uint32_t often(const struct match_value *v, unsigned role)
{
    return v->count[role] == 0 ? 1 : v->count[role];
}

static int rarity_of(const struct match_frame *f, unsigned k, struct rarity *to, struct err *e)
{
    const struct match_dictionary *d = f->dictionary[k];
    unsigned role = match_role(f, k);
    uint32_t skeletons = match_map_count(d->skeletons);
    OWN(mem_drop) uint32_t *counts = calloc(skeletons + 1u, sizeof *counts);
    to->value[k] = calloc(d->count + 1u, sizeof **to->value);
    to->skeleton[k] = calloc(d->count + 1u, sizeof **to->skeleton);
    if (counts == NULL || to->value[k] == NULL || to->skeleton[k] == NULL)
        return err_memory(e);
    double all = 0, same = 0, sound = 0;
    for (uint32_t i = 1; i <= d->count; i++) {
        all += d->values[i].count[role];
        counts[d->values[i].skeleton] += often(&d->values[i], role);
    }
    to->used[k] = all > 0;
    for (uint32_t i = 1; i <= d->count && all > 0; i++) {
        const struct match_value *v = &d->values[i];
        uint32_t in_role = often(v, role), alike = counts[v->skeleton];
        to->value[k][i] = (int16_t)match_log2(in_role / all);
        to->skeleton[k][i] = (int16_t)match_log2((alike == 0 ? 1 : alike) / all);
        same += v->count[role] / all * (v->count[role] / all);
    }
    for (uint32_t i = 1; i <= skeletons && all > 0; i++)
        sound += counts[i] / all * (counts[i] / all);
    same = same > 1 ? 1 : same;
    sound = sound > 1 ? 1 : sound;
    to->same[k] = match_log2(same);
    to->sound[k] = match_log2(sound);
    return 0;
}

static int32_t bounded(int32_t x)
{
    return x > ADJUST_MAX ? ADJUST_MAX : x < -ADJUST_MAX ? -ADJUST_MAX : x;
}

/* To share a rare value says more than to share a frequent one; a slip of the pen makes a rare value of another. */
static int32_t adjustment(const struct match_frame *f, const struct rarity *t, uint32_t a, uint32_t b, unsigned field,
                          unsigned level, bool turned)
{
    enum match_field_kind kind = f->field[field].kind;
    if (level == 0 || level == match_levels_of(kind) || !t->used[field] || kind == MATCH_NUMBER)
        return 0;
    unsigned other = !turned ? field : (int)field == f->given ? (unsigned)f->surname : (unsigned)f->given;
    uint32_t x = f->row[(size_t)a * f->fields + field], y = f->row[(size_t)b * f->fields + other];
    if (level == 1)
        return bounded(t->same[field] - t->value[field][x]);
    if (kind == MATCH_DATE || kind == MATCH_TEXT || kind == MATCH_NAME || kind == MATCH_CODE)
        return 0;
    int32_t rarer = t->skeleton[field][x] < t->skeleton[field][y] ? t->skeleton[field][x] : t->skeleton[field][y];
    if (level == SOUND_LEVEL)
        return bounded(t->sound[field] - rarer);
    rarer = t->value[field][x] < t->value[field][y] ? t->value[field][x] : t->value[field][y];
    return bounded((t->same[field] - rarer) / 3);
}

/* Of what a field's agreement weighs, the part that an agreement counted before it explains already. */
static int32_t taken(const struct match_frame *f, const struct match_model *m, uint64_t pattern)
{
    int32_t all = 0;
    unsigned agreeing[MATCH_FIELDS_MAX], count = 0;
    for (unsigned i = 0; i < f->fields; i++) {
        unsigned k = m->order[i], level = match_pattern_level(pattern, k);
        int32_t most = 0;
        if (level == 0 || level > SOUND_LEVEL || m->weight[k][level] <= 0)
            continue;
        for (unsigned n = 0; n < count; n++)
            most = m->taken[agreeing[n]][k] > most ? m->taken[agreeing[n]][k] : most;
        all += most;
        agreeing[count++] = k;
    }
    return all;
}

static int32_t weigh(const struct match_frame *f, const struct match_model *m, const struct rarity *t, uint32_t a,
                     uint32_t b, uint64_t pattern)
{
    bool turned = (pattern & MATCH_EXCHANGED) != 0;
    int32_t weight = turned ? m->exchanged : 0;
    for (unsigned k = 0; k < f->fields; k++) {
        unsigned level = match_pattern_level(pattern, k);
        bool name = (int)k == f->given || (int)k == f->surname;
        weight += m->weight[k][level];
        if (m->weight[k][1] != 0)
            weight += adjustment(f, t, a, b, k, level, turned && name);
    }
    return weight - taken(f, m, pattern);
}

static double all_pairs(const struct match_frame *f, bool across)
{
    double sources[2] = {0, 0};
    for (size_t i = 0; i < f->records; i++)
        sources[f->source[i] & 1]++;
    double n = (double)f->records;
    return across ? sources[0] * sources[1] : n * (n - 1) / 2;
}

static unsigned bin_of(int32_t weight)
{
    int32_t bin = (weight >> BIN_SHIFT) + BIN_ZERO;
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : (unsigned)bin;
}

static int32_t bin_weight(unsigned bin)
{
    return ((int32_t)bin - BIN_ZERO) * (1 << BIN_SHIFT) + (1 << BIN_SHIFT) / 2;
}

/* How many pairs are the same in all: the number that explains itself through the weights of those compared. */
static double find_prior(const uint64_t *bins, double all, double records, int32_t *ret_prior)
{
    double matches = records / 2 + 1;
    for (unsigned round = 0; round < 60; round++) {
        int32_t prior = match_log2(matches / (all + 1));
        double sum = 0;
        for (unsigned i = 0; i < BINS; i++)
            if (bins[i] != 0)
                sum += (double)bins[i] * match_probability_ppm(bin_weight(i) + prior) / 1e6;
        matches = sum < 0.5 ? 0.5 : sum;
        *ret_prior = match_log2(matches / (all + 1));
    }
    return matches;
}

/* The weight that a probability stands for. */
static int32_t weight_of_ppm(unsigned ppm)
{
    double p = ppm < 1 ? 1e-6 : ppm > 999999 ? 0.999999 : ppm / 1e6;
    return match_log2(p / (1 - p));
}

/* The threshold with the best expected F1, and expected precision and recall along the way. */
static int find_threshold(const uint64_t *bins, int32_t prior, double matches, struct match_result *r, bool given,
                          int32_t *ret_threshold, struct err *e)
{
    double taken = 0, right = 0, best = -1;
    unsigned best_ppm = 500000;
    int32_t best_weight = 0;
    r->curve = calloc((size_t)MATCH_CURVE * 2, sizeof *r->curve);
    if (r->curve == NULL)
        return err_memory(e);
    for (unsigned i = BINS; i-- > 0;) {
        uint32_t p = match_probability_ppm(bin_weight(i) + prior);
        taken += (double)bins[i];
        right += (double)bins[i] * p / 1e6;
        double precision = taken > 0 ? right / taken : 1, recall = matches > 0 ? right / matches : 1;
        recall = recall > 1 ? 1 : recall;
        unsigned at = (unsigned)(p * (uint64_t)MATCH_CURVE / 1000001);
        r->curve[2 * at] = (uint32_t)(precision * 1e6);
        r->curve[2 * at + 1] = (uint32_t)(recall * 1e6);
        double f1 = taken > 0 ? 2 * right / (taken + matches) : 0;
        if (f1 > best && p > 50000) {
            best = f1;
            /* The lower edge of the bin: all that was counted lies at it or above. */
            best_weight = bin_weight(i) - (1 << BIN_SHIFT) / 2 + prior;
            best_ppm = match_probability_ppm(best_weight);
        }
        if (p >= (given ? r->threshold_ppm : best_ppm)) {
            r->precision_ppm = (uint32_t)(precision * 1e6);
            r->recall_ppm = (uint32_t)(recall * 1e6);
        }
    }
    *ret_threshold = given ? weight_of_ppm(r->threshold_ppm) : best_weight;
    if (!given)
        r->threshold_ppm = best_ppm;
    return 0;
}

static int by_records(const void *x, const void *y)
{
    const struct match_pair *p = x, *q = y;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

/* Keep what is of use later, with the prior in its weight, in order of records. */
static int keep_pairs(struct match_candidates *c, int32_t prior, int32_t threshold, struct match_pair **ret,
                      size_t *ret_count, struct err *e)
{
    int32_t least = weight_of_ppm(KEPT_PPM);
    least = threshold < least ? threshold : least;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += (int32_t)c->pairs[i].pattern + prior >= least;
    struct match_pair *pairs = malloc((n + 1) * sizeof *pairs);
    if (pairs == NULL)
        return err_memory(e);
    size_t to = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct match_candidate x = c->pairs[i];
        int32_t weight = (int32_t)x.pattern + prior;
        if (weight >= least)
            pairs[to++] = (struct match_pair){x.a < x.b ? x.a : x.b, x.a < x.b ? x.b : x.a, weight};
    }
    qsort(pairs, n, sizeof *pairs, by_records);
    *ret = pairs;
    *ret_count = n;
    return 0;
}

struct ranked {
    struct match_pair pair;
    uint32_t effect_ppm; /* by how much the count of persons is expected to change by an answer */
};

static int by_effect(const void *x, const void *y)
{
    const struct ranked *p = x, *q = y;
    if (p->effect_ppm != q->effect_ppm)
        return p->effect_ppm > q->effect_ppm ? -1 : 1;
    return by_records(&p->pair, &q->pair);
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
        qsort(r->pairs, n, sizeof *r->pairs, by_records);
    for (size_t i = 0; i < n; i++)
        if (r->pairs_count == 0 || by_records(&r->pairs[r->pairs_count - 1], &r->pairs[i]) != 0)
            r->pairs[r->pairs_count++] = r->pairs[i];
    return 0;
}

struct weighing {
    const struct match_frame *f;
    struct match_candidates *c;
    const struct match_model *m;
    const struct rarity *t;
    const int32_t *most; /* of each pattern: the weight that no values can raise it above */
    int32_t hopeless;    /* a pair that cannot weigh more is taken at that weight */
    size_t from, to;
    uint64_t *bins;
};

/* What a pattern weighs with the rarest of values: most pairs are done with when that is known. */
static int32_t most_of(const struct match_frame *f, const struct match_model *m, uint64_t pattern)
{
    int32_t weight = (pattern & MATCH_EXCHANGED) != 0 ? m->exchanged : 0;
    for (unsigned k = 0; k < f->fields; k++) {
        unsigned level = match_pattern_level(pattern, k);
        bool may_rise = level != 0 && level != match_levels_of(f->field[k].kind) && m->weight[k][1] != 0;
        weight += m->weight[k][level] + (may_rise ? ADJUST_MAX : 0);
    }
    return weight;
}

/* The pattern is not asked for again: its place in the candidate holds the weight from here on. */
static void *weigh_all(void *argument)
{
    struct weighing *w = argument;
    for (size_t i = w->from; i < w->to; i++) {
        struct match_candidate *x = &w->c->pairs[i];
        int32_t weight = w->most[x->pattern];
        if (weight >= w->hopeless)
            weight = weigh(w->f, w->m, w->t, x->a, x->b, w->c->patterns[x->pattern]);
        w->bins[bin_of(weight)]++;
        x->pattern = (uint32_t)weight;
    }
    return NULL;
}

static int weigh_threaded(struct weighing whole, unsigned threads, uint64_t *bins, struct err *e)
{
    enum { MOST = 16 };
    struct weighing part[MOST];
    pthread_t thread[MOST] = {0};
    bool started[MOST] = {false};
    threads = threads == 0 ? 1 : threads > MOST ? MOST : threads;
    OWN(mem_drop) uint64_t *all = calloc((size_t)threads * BINS, sizeof *all);
    if (all == NULL)
        return err_memory(e);
    for (unsigned i = 0; i < threads; i++) {
        part[i] = whole;
        part[i].from = whole.c->count * i / threads;
        part[i].to = whole.c->count * (i + 1) / threads;
        part[i].bins = all + (size_t)i * BINS;
        started[i] = i != 0 && pthread_create(&thread[i], NULL, weigh_all, &part[i]) == 0;
    }
    for (unsigned i = 0; i < threads; i++)
        if (!started[i])
            (void)weigh_all(&part[i]);
    for (unsigned i = 0; i < threads; i++) {
        if (started[i])
            (void)pthread_join(thread[i], NULL);
        for (unsigned k = 0; k < BINS; k++)
            bins[k] += part[i].bins[k];
    }
    return 0;
}

static int settle(const struct match_frame *f, const struct match_options *o, struct match_candidates *c,
                  const struct match_model *m, uint64_t *bins, struct err *e)
{
    struct rarity t __attribute__((cleanup(rarity_drop))) = {0};
    int rc = 0;
    for (unsigned k = 0; rc == 0 && k < f->fields; k++)
        rc = rarity_of(f, k, &t, e);
    OWN(mem_drop) int32_t *most = malloc((c->patterns_count + 1) * sizeof *most);
    if (most == NULL)
        return err_memory(e);
    for (uint32_t i = 0; i < c->patterns_count; i++)
        most[i] = most_of(f, m, c->patterns[i]);
    /* Even were every record one of a pair, a weight this low would be a probability below one in a thousand. */
    int32_t hopeless = match_log2((double)f->records) - HOPELESS_BITS * MATCH_WEIGHT_ONE;
    struct weighing w = {.f = f, .c = c, .m = m, .t = &t, .most = most, .hopeless = hopeless};
    return rc == 0 ? weigh_threaded(w, o->threads, bins, e) : rc;
}

static int finish(const struct match_frame *f, const struct match_options *o, struct match_candidates *c,
                  const struct match_model *m, struct match_result *r, struct err *e)
{
    OWN(mem_drop) uint64_t *bins = calloc(BINS, sizeof *bins);
    int rc = bins == NULL ? err_memory(e) : settle(f, o, c, m, bins, e);
    if (rc != 0)
        return rc;
    int32_t prior;
    double matches = find_prior(bins, all_pairs(f, o->across), (double)f->records, &prior);
    r->prior_pairs = (uint64_t)(matches + 0.5);
    r->threshold_ppm = o->threshold_ppm;
    int32_t threshold = 0;
    rc = find_threshold(bins, prior, matches, r, o->threshold_ppm != 0, &threshold, e);
    OWN(mem_drop) struct match_pair *pairs = NULL;
    size_t count = 0;
    if (rc == 0)
        rc = keep_pairs(c, prior, threshold, &pairs, &count, e);
    match_candidates_release(c);
    struct spoken spoken __attribute__((cleanup(spoken_drop))) = {0};
    if (rc == 0)
        rc = spoken_of(o, &spoken, e);
    if (rc == 0)
        rc = propose(pairs, count, o, &spoken, threshold, r, e);
    if (rc == 0)
        rc = match_cluster(pairs, count, o, threshold, r, e);
    if (rc == 0)
        rc = draw_below(pairs, count, threshold, r, e);
    return rc == 0 ? make_review(pairs, count, &spoken, r, e) : rc;
}

int match_link(const struct match_frame *f, const struct match_options *o, struct match_result *ret_result,
               struct err *e)
{
    struct match_candidates c = {0};
    struct match_model *m = calloc(1, sizeof *m);
    struct match_result r = {.records = f->records};
    int rc = m == NULL ? err_memory(e) : match_candidates_find(f, o, &c, &r, e);
    if (rc == 0)
        rc = match_model_fit(f, o, &c, &r, m, e);
    if (rc == 0)
        rc = finish(f, o, &c, m, &r, e);
    free(m);
    match_candidates_release(&c);
    if (rc != 0) {
        match_result_release(&r);
        return rc;
    }
    *ret_result = r;
    return 0;
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
