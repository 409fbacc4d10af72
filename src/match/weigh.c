/*
 * What a pair weighs: the levels of its fields, how rare the values are that it shares, less what goes together anyway.
 */
#include "match/match_internal.h"

#include <pthread.h>

enum {
    BIN_ZERO = MATCH_BINS / 2,
    ADJUST_MAX = 5 * MATCH_WEIGHT_ONE,
    SOUND_LEVEL = 2,
    HOPELESS_BITS = 10,
    THREADS_MAX = 16,
};

/* Rarity spread over all values there are now. */
struct rarity {
    int16_t *value[MATCH_FIELDS_MAX];
    int16_t *skeleton[MATCH_FIELDS_MAX]; /* by value */
    int32_t same[MATCH_FIELDS_MAX], sound[MATCH_FIELDS_MAX];
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

void match_rarity_release(struct match_rarity *r)
{
    free(r->value);
    free(r->skeleton);
    *r = (struct match_rarity){0};
}

int match_rarity_find(const struct match_frame *f, unsigned field, struct match_rarity *to, struct err *e)
{
    const struct match_dictionary *d = f->dictionary[field];
    unsigned role = match_role(f, field);
    to->values = d->count;
    to->skeletons = match_map_count(d->skeletons);
    to->value = calloc(to->values + 1u, sizeof *to->value);
    to->skeleton = calloc(to->skeletons + 1u, sizeof *to->skeleton);
    OWN(mem_drop) uint32_t *counts = calloc(to->skeletons + 1u, sizeof *counts);
    if (counts == NULL || to->value == NULL || to->skeleton == NULL)
        return err_memory(e);
    double all = 0, same = 0, sound = 0;
    for (uint32_t i = 1; i <= d->count; i++) {
        all += d->values[i].count[role];
        counts[d->values[i].skeleton] += often(&d->values[i], role);
    }
    to->used = all > 0;
    to->once = all > 0 ? match_log2(1 / all) : 0;
    for (uint32_t i = 1; i <= d->count && all > 0; i++) {
        to->value[i] = (int16_t)match_log2(often(&d->values[i], role) / all);
        same += d->values[i].count[role] / all * (d->values[i].count[role] / all);
    }
    for (uint32_t i = 1; i <= to->skeletons && all > 0; i++) {
        to->skeleton[i] = (int16_t)match_log2((counts[i] == 0 ? 1 : counts[i]) / all);
        sound += counts[i] / all * (counts[i] / all);
    }
    to->same = match_log2(same > 1 ? 1 : same);
    to->sound = match_log2(sound > 1 ? 1 : sound);
    return 0;
}

static int spread(const struct match_frame *f, unsigned k, const struct match_rarity *from, struct rarity *to,
                  struct err *e)
{
    const struct match_dictionary *d = f->dictionary[k];
    to->value[k] = calloc(d->count + 1u, sizeof **to->value);
    to->skeleton[k] = calloc(d->count + 1u, sizeof **to->skeleton);
    if (to->value[k] == NULL || to->skeleton[k] == NULL)
        return err_memory(e);
    for (uint32_t i = 1; i <= d->count; i++) {
        uint32_t skeleton = d->values[i].skeleton;
        to->value[k][i] = (int16_t)(i <= from->values ? from->value[i] : from->once);
        to->skeleton[k][i] = (int16_t)(skeleton <= from->skeletons ? from->skeleton[skeleton] : from->once);
    }
    to->same[k] = from->same;
    to->sound[k] = from->sound;
    to->used[k] = from->used;
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

unsigned match_bin_of(int32_t weight)
{
    int32_t bin = (weight >> MATCH_BIN_SHIFT) + BIN_ZERO;
    return bin < 0 ? 0 : bin >= MATCH_BINS ? MATCH_BINS - 1 : (unsigned)bin;
}

int32_t match_bin_weight(unsigned bin)
{
    return ((int32_t)bin - BIN_ZERO) * (1 << MATCH_BIN_SHIFT) + (1 << MATCH_BIN_SHIFT) / 2;
}

struct part {
    const struct match_weighing *w;
    struct match_candidates *c;
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
    struct part *p = argument;
    for (size_t i = p->from; i < p->to; i++) {
        struct match_candidate *x = &p->c->pairs[i];
        int32_t weight = p->most[x->pattern];
        if (weight >= p->hopeless)
            weight = weigh(p->w->f, p->w->model, p->t, x->a, x->b, p->c->patterns[x->pattern]);
        p->bins[match_bin_of(weight)]++;
        x->pattern = (uint32_t)weight;
    }
    return NULL;
}

static int weigh_threaded(struct part whole, unsigned threads, uint64_t *bins, struct err *e)
{
    struct part part[THREADS_MAX];
    pthread_t thread[THREADS_MAX] = {0};
    bool started[THREADS_MAX] = {false};
    threads = threads == 0 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    OWN(mem_drop) uint64_t *all = calloc((size_t)threads * MATCH_BINS, sizeof *all);
    if (all == NULL)
        return err_memory(e);
    for (unsigned i = 0; i < threads; i++) {
        part[i] = whole;
        part[i].from = whole.c->count * i / threads;
        part[i].to = whole.c->count * (i + 1) / threads;
        part[i].bins = all + (size_t)i * MATCH_BINS;
        started[i] = i != 0 && pthread_create(&thread[i], NULL, weigh_all, &part[i]) == 0;
    }
    for (unsigned i = 0; i < threads; i++)
        if (!started[i])
            (void)weigh_all(&part[i]);
    for (unsigned i = 0; i < threads; i++) {
        if (started[i])
            (void)pthread_join(thread[i], NULL);
        for (unsigned k = 0; k < MATCH_BINS; k++)
            bins[k] += part[i].bins[k];
    }
    return 0;
}

int match_weigh(const struct match_weighing *w, struct match_candidates *c, uint64_t bins[MATCH_BINS], struct err *e)
{
    struct rarity t __attribute__((cleanup(rarity_drop))) = {0};
    int rc = 0;
    for (unsigned k = 0; rc == 0 && k < w->f->fields; k++)
        rc = spread(w->f, k, &w->rarity[k], &t, e);
    OWN(mem_drop) int32_t *most = malloc((c->patterns_count + 1) * sizeof *most);
    if (rc != 0 || most == NULL)
        return rc != 0 ? rc : err_memory(e);
    for (uint32_t i = 0; i < c->patterns_count; i++)
        most[i] = most_of(w->f, w->model, c->patterns[i]);
    /* Even were every record one of a pair, a weight this low would be a probability below one in a thousand. */
    int32_t hopeless = match_log2((double)w->fitted_records) - HOPELESS_BITS * MATCH_WEIGHT_ONE;
    struct part whole = {.w = w, .c = c, .t = &t, .most = most, .hopeless = hopeless};
    return weigh_threaded(whole, w->threads, bins, e);
}
