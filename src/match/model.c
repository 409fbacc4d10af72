/*
 * What agreement weighs.
 *
 * After Fellegi and Sunter: a level weighs log2 of m (how often two records of one thing show it) over u (how often two
 * others do).  u is counted on pairs drawn at random, and stays fixed; letting it move as well finds "same name" where
 * "same person" is meant.  Only where the table is so small that some of the random pairs must be the same ones told
 * twice, these are taken out of it, no more than there can be: with them no pair could be found likely.  m is learned
 * once for each key, on the pairs that share it, from the fields the key says nothing about; trainings must agree
 * before they are averaged.  All counting is on patterns, of which there are few.
 */
#include "match/match_internal.h"

#define TELLING_MOST 0.15

enum {
    ROUNDS = 25,
    RANDOM_MIN = 30000,
    RANDOM_MAX = 400000,
    TRAINING_MATCHES_MIN = 15,
    SAME_AT_RANDOM = 5, /* of the random pairs, from which on they are taken out */
    CLEANSINGS = 4,
};

typedef double level_table[MATCH_FIELDS_MAX][MATCH_LEVELS];

int32_t match_log2(double x)
{
    int32_t whole = 0;
    if (x < 1e-30)
        x = 1e-30;
    while (x >= 2) {
        x /= 2;
        whole++;
    }
    while (x < 1) {
        x *= 2;
        whole--;
    }
    int32_t fraction = 0;
    for (int bit = 0; bit < 10; bit++) {
        x *= x;
        fraction <<= 1;
        if (x >= 2) {
            x /= 2;
            fraction |= 1;
        }
    }
    return whole * MATCH_WEIGHT_ONE + (fraction + 2) / 4;
}

/* 2 to the power of ${weight}/256, for weights of probabilities. */
static double power_of_two(int32_t weight)
{
    double x = 1, root = 1.0027112750502025; /* 2^(1/256) */
    int32_t w = weight < 0 ? -weight : weight;
    for (int32_t whole = w / MATCH_WEIGHT_ONE; whole > 0; whole--)
        x *= 2;
    for (int32_t rest = w % MATCH_WEIGHT_ONE; rest > 0; rest >>= 1) {
        x *= rest & 1 ? root : 1;
        root *= root;
    }
    return weight < 0 ? 1 / x : x;
}

uint32_t match_probability_ppm(int32_t weight)
{
    if (weight > 40 * MATCH_WEIGHT_ONE)
        return 1000000;
    if (weight < -40 * MATCH_WEIGHT_ONE)
        return 0;
    double odds = power_of_two(weight);
    return (uint32_t)(odds / (1 + odds) * 1e6 + 0.5);
}

/* What m is before anything is known, and holds while little is: half is the same, the rest falls off by half. */
static double m_before(enum match_field_kind kind, unsigned level)
{
    /* Two descriptions of one thing are seldom the same: they share some words, more or fewer. */
    static const double texts[MATCH_LEVELS] = {1, 0.15, 0.2, 0.2, 0.2, 0.12, 0.08, 0.05};
    unsigned last = match_levels_of(kind);
    if (kind == MATCH_TEXT)
        return texts[level];
    double share = level == 1 ? 0.7 : 0.15;
    for (unsigned i = 2; i < level; i++)
        share /= 2;
    return level == last ? 0.06 : share;
}

static double same_by_chance(const struct match_frame *f, unsigned field)
{
    const struct match_dictionary *d = f->dictionary[field];
    unsigned role = match_role(f, field);
    double all = 0, squares = 0;
    for (uint32_t i = 1; i <= d->count; i++)
        all += d->values[i].count[role];
    for (uint32_t i = 1; i <= d->count && all > 0; i++)
        squares += d->values[i].count[role] / all * ((d->values[i].count[role] - 1.0) / (all > 1 ? all - 1 : 1));
    return squares;
}

struct random {
    uint64_t *pattern; /* of each pair */
    double *same;      /* how likely it is to be the same */
    size_t count;
    double most;  /* how many of them can be the same */
    double pairs; /* all that there are */
};

static void random_drop(struct random *r)
{
    free(r->pattern);
    free(r->same);
}

static int draw_random(const struct match_search *s, struct random *to, struct err *e)
{
    const struct match_frame *f = s->f;
    struct match_cache *cache = match_cache_new(s->words);
    size_t wanted = f->records * 2, sources[2] = {0, 0};
    wanted = wanted < RANDOM_MIN ? RANDOM_MIN : wanted > RANDOM_MAX ? RANDOM_MAX : wanted;
    to->pattern = malloc(wanted * sizeof *to->pattern);
    to->same = calloc(wanted, sizeof *to->same);
    if (cache == NULL || to->pattern == NULL || to->same == NULL) {
        match_cache_free(cache);
        return err_memory(e);
    }
    for (size_t i = 0; i < wanted; i++) {
        uint64_t luck = match_mix(i + 0x1234567);
        uint32_t a = (uint32_t)((luck >> 32) * f->records >> 32),
                 b = (uint32_t)((luck & 0xFFFFFFFF) * f->records >> 32);
        if (a == b || (s->across && f->source[a] == f->source[b]))
            continue;
        uint64_t pattern = match_pattern(f, cache, a, b);
        if ((pattern & MATCH_EXCHANGED) == 0)
            to->pattern[to->count++] = pattern;
    }
    match_cache_free(cache);
    for (size_t i = 0; i < f->records; i++)
        sources[f->source[i] & 1]++;
    double n = (double)f->records, fewer = (double)(sources[0] < sources[1] ? sources[0] : sources[1]);
    to->pairs = s->across ? (double)sources[0] * (double)sources[1] : n * (n - 1) / 2;
    to->most = (s->across ? fewer : n / 2) * (double)to->count / (to->pairs + 1);
    return 0;
}

static void count_random(const struct match_frame *f, const struct random *r, level_table u)
{
    double counts[MATCH_FIELDS_MAX][MATCH_LEVELS] = {{0}};
    for (size_t i = 0; i < r->count; i++)
        for (unsigned k = 0; k < f->fields; k++)
            counts[k][match_pattern_level(r->pattern[i], k)] += 1 - r->same[i];
    for (unsigned k = 0; k < f->fields; k++) {
        unsigned last = match_levels_of(f->field[k].kind);
        double all = 0, same = same_by_chance(f, k);
        for (unsigned l = 2; l <= last; l++)
            all += counts[k][l] + 0.5;
        u[k][1] = same > 1e-9 ? same : 1e-9;
        for (unsigned l = 2; l <= last; l++)
            u[k][l] = (1 - u[k][1]) * (counts[k][l] + 0.5) / all;
        u[k][0] = 1;
    }
}

struct training {
    level_table m;
    double matches; /* expected */
    double weight;  /* in the average: the matches, less where it is unsure which they are */
    bool used;
};

static void m_from_counts(const struct match_frame *f, const double (*counts)[MATCH_LEVELS], uint32_t skip,
                          level_table m)
{
    for (unsigned k = 0; k < f->fields; k++) {
        unsigned last = match_levels_of(f->field[k].kind);
        double all = 0, before = 0;
        if ((skip >> k & 1) != 0)
            continue;
        for (unsigned l = 1; l <= last; l++) {
            all += counts[k][l];
            before += m_before(f->field[k].kind, l);
        }
        for (unsigned l = 1; l <= last; l++)
            m[k][l] = (counts[k][l] + 8 * m_before(f->field[k].kind, l) / before) / (all + 8);
        m[k][0] = 1;
    }
}

/*
 * Learn m on the pairs that share ${key}.  A field in which chance agrees often (sex, state) learns, but does not
 * decide
 * who is the same: what the key says of it (a given name of the sex) would make all of its pairs look alike.
 */
static void train(const struct match_frame *f, const struct match_candidates *c, unsigned key, const level_table u,
                  struct training *t)
{
    double counts[MATCH_FIELDS_MAX][MATCH_LEVELS] = {{0}}, lambda = 0.2, pairs = 0;
    uint32_t skip = c->key_fields[key];
    m_from_counts(f, (const double(*)[MATCH_LEVELS])counts, skip, t->m);
    for (uint32_t p = 0; p < c->patterns_count; p++)
        pairs += (double)c->trained[key][p];
    for (unsigned round = 0; round < ROUNDS && pairs > 0; round++) {
        memset(counts, 0, sizeof counts);
        t->matches = 0;
        double sure = 0;
        for (uint32_t p = 0; p < c->patterns_count; p++) {
            double same = lambda, other = 1 - lambda, n = (double)c->trained[key][p];
            if (c->trained[key][p] == 0)
                continue;
            for (unsigned k = 0; k < f->fields; k++) {
                unsigned l = match_pattern_level(c->patterns[p], k);
                if ((skip >> k & 1) == 0 && l != 0 && u[k][1] < TELLING_MOST) {
                    same *= t->m[k][l];
                    other *= u[k][l];
                }
            }
            double expected = n * same / (same + other);
            t->matches += expected;
            sure += expected * same / (same + other);
            for (unsigned k = 0; k < f->fields; k++)
                counts[k][match_pattern_level(c->patterns[p], k)] += expected;
        }
        double purity = t->matches > 0 ? sure / t->matches : 0;
        t->weight = purity > 0.5 ? t->matches * (purity - 0.5) * (purity - 0.5) * 4 : 0;
        lambda = (t->matches + 0.1) / (pairs + 1);
        m_from_counts(f, (const double(*)[MATCH_LEVELS])counts, skip, t->m);
    }
    t->used = t->matches >= TRAINING_MATCHES_MIN;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

/* Average the trainings of a field that agree with their median within a factor of two. */
static void average(const struct match_frame *f, const struct match_candidates *c, const struct training *t, unsigned k,
                    double *m, unsigned *ret_agreeing)
{
    unsigned last = match_levels_of(f->field[k].kind), n = 0;
    double same[MATCH_KEYS_MAX], weight = 0, sums[MATCH_LEVELS] = {0};
    for (unsigned i = 0; i < c->keys; i++)
        if (t[i].used && (c->key_fields[i] >> k & 1) == 0)
            same[n++] = t[i].m[k][1];
    *ret_agreeing = 0;
    if (n != 0)
        qsort(same, n, sizeof *same, by_value);
    double median = n == 0 ? 0 : same[n / 2];
    for (unsigned i = 0; i < c->keys; i++) {
        if (!t[i].used || (c->key_fields[i] >> k & 1) != 0 || t[i].m[k][1] > 2 * median || t[i].m[k][1] * 2 < median)
            continue;
        ++*ret_agreeing;
        weight += t[i].weight;
        for (unsigned l = 1; l <= last; l++)
            sums[l] += t[i].weight * t[i].m[k][l];
    }
    double before = 0;
    for (unsigned l = 1; l <= last; l++)
        before += m_before(f->field[k].kind, l);
    for (unsigned l = 1; l <= last; l++)
        m[l] = (sums[l] + 8 * m_before(f->field[k].kind, l) / before) / (weight + 8);
    m[0] = 1;
}

/* Weights must fall from level to level: neighbours that do not are taken together. */
static void make_monotone(double *m, double *u, unsigned last)
{
    for (unsigned pass = 0; pass < 64; pass++)
        for (unsigned l = 1; l < last; l++)
            if (m[l] * u[l + 1] < m[l + 1] * u[l] * 0.9999999) {
                double ms = (m[l] + m[l + 1]) / (u[l] + u[l + 1]);
                m[l] = ms * u[l];
                m[l + 1] = ms * u[l + 1];
            }
}

static uint32_t ppm(double x)
{
    return (uint32_t)(x * 1e6 + 0.5);
}

static void keep(const struct match_frame *f, unsigned k, double *m, double *u, struct match_fit *fit,
                 struct match_model *to)
{
    unsigned last = match_levels_of(f->field[k].kind);
    make_monotone(m, u, last);
    bool lawful = m[1] > u[1] && m[last] < u[last];
    fit->refused[k] = !lawful;
    to->weight[k][0] = 0;
    for (unsigned l = 1; l <= last; l++) {
        int32_t weight = lawful ? match_log2(m[l] / u[l]) : 0;
        to->weight[k][l] = weight;
        fit->level[k][l] = (struct match_level){ppm(m[l]), ppm(u[l]), weight};
    }
}

static int32_t weight_of(const struct match_frame *f, const struct match_model *m, uint64_t pattern)
{
    int32_t weight = (pattern & MATCH_EXCHANGED) != 0 ? m->exchanged : 0;
    for (unsigned k = 0; k < f->fields; k++)
        weight += m->weight[k][match_pattern_level(pattern, k)];
    return weight;
}

/* What the candidates say of how many pairs are the same, by the weights so far. */
static int find_same(const struct match_frame *f, const struct match_candidates *c, const struct match_model *m,
                     struct random *r, struct err *e)
{
    OWN(mem_drop) uint32_t *counts = calloc(c->patterns_count + 1u, sizeof *counts);
    if (counts == NULL)
        return err_memory(e);
    for (size_t i = 0; i < c->count; i++)
        counts[c->pairs[i].pattern]++;
    double matches = (double)f->records / 2;
    int32_t prior = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        prior = match_log2((matches + 1) / (r->pairs + 1));
        matches = 0;
        for (uint32_t i = 0; i < c->patterns_count; i++)
            if (counts[i] != 0)
                matches += counts[i] * match_probability_ppm(weight_of(f, m, c->patterns[i]) + prior) / 1e6;
    }
    double all = 0;
    for (size_t i = 0; i < r->count; i++)
        all += r->same[i] = match_probability_ppm(weight_of(f, m, r->pattern[i]) + prior) / 1e6;
    for (size_t i = 0; i < r->count && all > r->most; i++)
        r->same[i] *= r->most / all;
    return 0;
}

static int by_weight(const void *x, const void *y)
{
    int32_t a = *(const int32_t *)x, b = *(const int32_t *)y;
    return a < b ? 1 : a > b ? -1 : 0;
}

/*
 * To begin with, as if all those that can be the same were, and these the heaviest: with the same among the others,
 * nothing weighs so much that they would be found out.  Where it is not so, the candidates will not bear it out.
 */
static int suppose_same(const struct match_frame *f, const struct match_model *m, struct random *r, struct err *e)
{
    size_t n = (size_t)r->most, luck = 1;
    while (luck * luck < 4 * n) /* twice what chance moves such a number by */
        luck++;
    n += luck;
    OWN(mem_drop) int32_t *weights = malloc((r->count + 1) * sizeof *weights);
    if (weights == NULL)
        return err_memory(e);
    for (size_t i = 0; i < r->count; i++)
        weights[i] = weight_of(f, m, r->pattern[i]);
    qsort(weights, r->count, sizeof *weights, by_weight);
    for (size_t i = 0; i < r->count && n < r->count; i++)
        r->same[i] = weight_of(f, m, r->pattern[i]) > weights[n] ? 1 : 0;
    return 0;
}

/* The weights, by the random pairs as they are taken to be; ${ret_most} is what agreement in all fields weighs. */
static void fit_once(const struct match_frame *f, const struct match_candidates *c, const struct random *r,
                     struct training *t, level_table u, struct match_fit *fit, struct match_model *to,
                     int32_t *ret_most)
{
    count_random(f, r, u);
    for (unsigned i = 0; i < c->keys; i++)
        train(f, c, i, (const double(*)[MATCH_LEVELS])u, &t[i]);
    *ret_most = 0;
    fit->count = f->fields;
    for (unsigned k = 0; k < f->fields; k++) {
        double m[MATCH_LEVELS];
        average(f, c, t, k, m, &fit->trainings[k]);
        keep(f, k, m, u[k], fit, to);
        *ret_most += to->weight[k][1] > 0 ? to->weight[k][1] : 0;
    }
    to->exchanged = match_log2(0.04);
}

int match_model_fit(const struct match_search *s, const struct match_candidates *c, struct match_fit *ret_fit,
                    struct match_model *to, struct err *e)
{
    const struct match_frame *f = s->f;
    struct random r __attribute__((cleanup(random_drop))) = {0};
    OWN(mem_drop) struct training *t = calloc(MATCH_KEYS_MAX, sizeof *t);
    OWN(mem_drop) level_table *u = calloc(1, sizeof *u);
    if (t == NULL || u == NULL)
        return err_memory(e);
    int rc = draw_random(s, &r, e);
    int32_t most = 0;
    const unsigned rounds = r.most < SAME_AT_RANDOM ? 0 : CLEANSINGS;
    for (unsigned round = 0; rc == 0 && round <= rounds; round++) {
        fit_once(f, c, &r, t, *u, ret_fit, to, &most);
        if (round < rounds)
            rc = round == 0 ? suppose_same(f, to, &r, e) : find_same(f, c, to, &r, e);
    }
    if (rc != 0)
        return rc;
    if (most < 5 * MATCH_WEIGHT_ONE)
        return err_set(e, ERR_REFUSED,
                       "the fields do not tell records apart: agreement in all of them weighs %d/256 bits, and 1280 "
                       "are the least; name more columns",
                       (int)most);
    return match_dependence_find(s, to, e);
}
