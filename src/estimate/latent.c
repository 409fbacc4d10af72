#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

/*
 * Two stages.  Four chains from scattered starts, each cooled from the prior, go on in rounds until the gates are
 * passed; then twelve scouts, short chains from other starts, look whether there is another mode, which four chains may
 * all have missed.  Where chains do not agree, or a scout strays, there are four ladders: on each, rungs at powers of
 * the likelihood from 1 down to nearly the prior, neighbours exchanged by Metropolis' rule, so that modes reach one
 * another over the warm end.
 *
 * Scales and step sizes are learnt before any draw counts and before any exchange; learning while exchanging spoils
 * both.  What one chain learnt in a mode of its own serves badly in another: so scales are the geometric mean of the
 * four, and step sizes, learnt again for them, lie between the middle two.  The first half of a ladder's draws is
 * dropped: until positions have travelled, they tell where its rungs began.
 */
enum {
    CHAINS = 4,
    RUNGS = 16,
    COLD_RUNGS = 11, /* closer to one another than the warm ones, where little hinders */
    STEPS_PLAIN = 64,
    STEPS_TEMPERED = 48,
    STEPS_LEARNING = 24,
    STEPS_SCOUT = 16,
    SCOUTS = 3, /* beside each chain */
    SCOUT_DRAWS = 200,
    SCOUT_DRAWS_AGAIN = 4000, /* of one that strays: it may only not have arrived */
    ROUND_PLAIN = 1500, /* draws of each chain; each round doubles what there is */
    ROUND_TEMPERED = 3000,
    ROUNDS = 4,
    WINDOWS = 2,
    WINDOWS_SCOUT = 1,
    DRAWS_MAX = ROUND_TEMPERED << (ROUNDS - 1),
};
#define COLD_RATIO 0.80
#define WARM_RATIO 0.50
#define RHAT_MOST  1.01
#define ESS_LEAST  400

struct ladder {
    struct estimate_rung *rung;
    struct estimate_work *work;
    struct estimate_chance swaps;
    double *draws;
};

struct sampler {
    const struct estimate_latent_options *o;
    struct estimate_posterior posterior;
    unsigned rungs;
    size_t done, more; /* draws of each chain: there, and to come in this round */
    uint64_t seed, key;
    struct ladder ladder[CHAINS];
    double scouts_low, scouts_high; /* of log N: where one is expected */
    bool strays[CHAINS];
};

static bool is_tempered(const struct sampler *s)
{
    return s->rungs > 1;
}

/* Of each chain those that count. */
static size_t draws_kept(const struct sampler *s)
{
    return is_tempered(s) ? s->done - s->done / 2 : s->done;
}

static const double *chain_kept(const struct sampler *s, size_t chain)
{
    return s->ladder[chain].draws + (s->done - draws_kept(s));
}

static void begin_rung(struct sampler *s, struct ladder *l, struct estimate_rung *r, uint32_t stream,
                       const struct estimate_learning *how)
{
    estimate_chance_init(&r->chance, s->seed, s->key, ESTIMATE_FOR_CHAIN, stream);
    estimate_chance_init(&r->unseen_chance, s->seed, s->key, ESTIMATE_FOR_UNSEEN, stream);
    r->flight.work = l->work;
    r->unseen_max = s->o->bound > 0 ? s->o->bound * s->posterior.observed : (double)INFINITY;
    estimate_rung_begin(r, &s->posterior, s->o->path);
    estimate_rung_learn(r, &s->posterior, how, s->o->path);
}

static void begin_ladder(void *with, size_t index)
{
    struct sampler *s = with;
    struct ladder *l = &s->ladder[index];
    struct estimate_learning how = {.beta = 1, .windows = WINDOWS, .steps_mean = STEPS_LEARNING};
    estimate_chance_init(&l->swaps, s->seed, s->key, ESTIMATE_FOR_SWAPS, (uint32_t)index);
    for (unsigned i = 0; i < s->rungs; i++) {
        l->rung[i].steps_mean = is_tempered(s) ? STEPS_TEMPERED : STEPS_PLAIN;
        begin_rung(s, l, &l->rung[i], (uint32_t)(index << 16 | s->rungs << 8 | i), &how);
        how.beta *= i < COLD_RUNGS ? COLD_RATIO : WARM_RATIO;
    }
}

static void learn_steps(void *with, size_t index)
{
    struct sampler *s = with;
    for (unsigned i = 0; i < s->rungs; i++)
        estimate_rung_learn_step(&s->ladder[index].rung[i], &s->posterior, s->o->path);
}

static void share_scales(struct sampler *s, unsigned rung)
{
    for (unsigned d = 0; d < (s->posterior.lists + 1) * ESTIMATE_CLASSES_MAX; d++) {
        double sum = 0;
        for (unsigned c = 0; c < CHAINS; c++)
            sum += estimate_log(s->ladder[c].rung[rung].flight.scale[d]);
        double scale = estimate_exp(sum / CHAINS);
        for (unsigned c = 0; c < CHAINS; c++) {
            s->ladder[c].rung[rung].flight.scale[d] = scale;
            s->ladder[c].rung[rung].unscale[d] = 1 / sqrt(scale);
        }
    }
}

static void share_step(struct sampler *s, unsigned rung)
{
    double steps[CHAINS];
    for (unsigned c = 0; c < CHAINS; c++)
        steps[c] = s->ladder[c].rung[rung].flight.step;
    estimate_sort(steps, CHAINS);
    for (unsigned c = 0; c < CHAINS; c++)
        s->ladder[c].rung[rung].flight.step = sqrt(steps[CHAINS / 2 - 1] * steps[CHAINS / 2]);
}

static void begin_ladders(struct sampler *s)
{
    estimate_pool_run(s->o->threads, CHAINS, begin_ladder, s);
    for (unsigned i = 0; i < s->rungs; i++)
        share_scales(s, i);
    estimate_pool_run(s->o->threads, CHAINS, learn_steps, s);
    for (unsigned i = 0; i < s->rungs; i++)
        share_step(s, i);
}

/* The median of log N over the last of ${draws} draws: is it where the chains are? */
static bool scout_strays(struct sampler *s, struct estimate_rung *r, unsigned draws)
{
    double last[SCOUT_DRAWS];
    for (unsigned i = 0; i < draws; i++) {
        (void)estimate_rung_move(r, &s->posterior, s->o->path);
        last[i % SCOUT_DRAWS] = estimate_log(s->posterior.observed + estimate_rung_unseen(r, &s->posterior));
    }
    estimate_sort(last, SCOUT_DRAWS);
    double median = estimate_quantile(last, SCOUT_DRAWS, 0.5);
    return median < s->scouts_low || median > s->scouts_high;
}

/* Scouts use the places of rungs that plain chains do not have. */
static void run_scouts(void *with, size_t index)
{
    struct sampler *s = with;
    struct ladder *l = &s->ladder[index];
    const struct estimate_learning how = {.beta = 1, .windows = WINDOWS_SCOUT, .steps_mean = STEPS_SCOUT};
    for (unsigned k = 0; k < SCOUTS; k++) {
        struct estimate_rung *r = &l->rung[1 + k];
        r->steps_mean = STEPS_SCOUT;
        begin_rung(s, l, r, (uint32_t)(index << 16 | 0xff00 | k), &how);
        if (!scout_strays(s, r, SCOUT_DRAWS))
            continue;
        estimate_rung_learn_step(r, &s->posterior, s->o->path); /* what it learnt on its way may not serve here */
        s->strays[index] |= scout_strays(s, r, SCOUT_DRAWS_AGAIN);
    }
}

/* Did a scout settle where the chains hardly ever are?  ${all}: their draws, sorted here. */
static bool scouts_stray(struct sampler *s, double *all)
{
    bool stray = false;
    size_t n = CHAINS * s->done;
    estimate_sort(all, n);
    s->scouts_low = estimate_quantile(all, n, 0.005);
    s->scouts_high = estimate_quantile(all, n, 0.995);
    estimate_pool_run(s->o->threads, CHAINS, run_scouts, s);
    for (unsigned c = 0; c < CHAINS; c++)
        stray |= s->strays[c];
    return stray;
}

/* Positions change places; scales, step sizes and chances stay with their temperature. */
static void exchange(const struct sampler *s, struct ladder *l, unsigned i)
{
    struct estimate_rung *a = &l->rung[i], *b = &l->rung[i + 1];
    double gain = (a->flight.beta - b->flight.beta) * (b->flight.height.likelihood - a->flight.height.likelihood);
    if (estimate_log(estimate_uniform(&l->swaps)) >= gain)
        return;
    for (unsigned d = 0; d < (s->posterior.lists + 1) * ESTIMATE_CLASSES_MAX; d++) {
        double was = a->flight.position[d];
        a->flight.position[d] = b->flight.position[d];
        b->flight.position[d] = was;
    }
    estimate_rung_evaluate(a, &s->posterior, s->o->path);
    estimate_rung_evaluate(b, &s->posterior, s->o->path);
}

static void run_round(void *with, size_t index)
{
    struct sampler *s = with;
    struct ladder *l = &s->ladder[index];
    for (size_t i = 0; i < s->more; i++) {
        for (unsigned k = 0; k < s->rungs; k++)
            (void)estimate_rung_move(&l->rung[k], &s->posterior, s->o->path);
        for (unsigned k = (unsigned)(i % 2); k + 1 < s->rungs; k += 2)
            exchange(s, l, k);
        double n = s->posterior.observed + estimate_rung_unseen(&l->rung[0], &s->posterior);
        l->draws[s->done + i] = estimate_log(n);
    }
    if (s->o->progress != NULL)
        s->o->progress(s->o->progress_with, (double)s->more * s->rungs * l->rung[0].steps_mean);
}

static int gather(const struct sampler *s, double *all, struct estimate_gates *ret, struct err *e)
{
    size_t n = draws_kept(s);
    for (size_t c = 0; c < CHAINS; c++)
        memcpy(all + c * n, chain_kept(s, c), n * sizeof *all);
    return estimate_diagnose(all, CHAINS, n, ret, e);
}

static bool gates_passed(const struct estimate_gates *g, double ess)
{
    return g->rhat <= RHAT_MOST && g->ess_bulk >= ess && g->ess_tail >= ESS_LEAST;
}

/* ${all}: room for CHAINS * DRAWS_MAX. */
static int run_stage(struct sampler *s, double *all, struct estimate_gates *ret, struct err *e)
{
    double ess = s->o->ess > ESS_LEAST ? s->o->ess : ESS_LEAST;
    begin_ladders(s);
    s->done = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        s->more = s->done > 0 ? s->done : is_tempered(s) ? ROUND_TEMPERED : ROUND_PLAIN;
        estimate_pool_run(s->o->threads, CHAINS, run_round, s);
        s->done += s->more;
        int rc = gather(s, all, ret, e);
        if (rc != 0 || gates_passed(ret, ess))
            return rc;
    }
    return 0;
}

/* ---- What the draws say ------------------------------------------------------------------------------------------ */

static double kernel_density(const double *sorted, size_t n, double at, double width)
{
    double sum = 0;
    /* Every so many draws are enough for a picture. */
    size_t stride = 1 + n / 4000, taken = n / stride + 1;
    for (size_t i = 0; i < n; i += stride) {
        double z = (sorted[i] - at) / width;
        sum += z > -6 && z < 6 ? estimate_exp(-z * z / 2) : 0;
    }
    return sum / ((double)taken * width * 2.50662827463100050242);
}

/* The humps of the density of log N, with the share of draws around each. */
static void note_modes(const double *sorted, size_t n, const double *grid, const double *density,
                       struct estimate_latent *r)
{
    double highest = 0;
    for (size_t i = 0; i < ESTIMATE_CURVE; i++)
        highest = density[i] > highest ? density[i] : highest;
    size_t from = 0;
    for (size_t i = 1; i + 1 < ESTIMATE_CURVE && r->modes < ESTIMATE_MODES_MAX; i++) {
        if (density[i] < density[i - 1] || density[i] <= density[i + 1] || density[i] < highest / 50)
            continue;
        /* It ends in the valley before the next rise of some height. */
        size_t valley = i;
        double lowest = density[i];
        for (size_t k = i + 1; k < ESTIMATE_CURVE && density[k] < lowest * 1.25; k++)
            if (density[k] < lowest) {
                lowest = density[k];
                valley = k;
            }
        size_t end = from;
        while (end < n && (sorted[end] < grid[valley] || valley + 1 >= ESTIMATE_CURVE))
            end++;
        r->mode_n[r->modes] = estimate_exp(grid[i]);
        r->mode_share[r->modes++] = (double)(end - from) / (double)n;
        from = end;
        i = valley > i ? valley : i;
    }
    if (r->modes > 0)
        r->mode_share[r->modes - 1] += (double)(n - from) / (double)n;
}

static void note_curve(const double *sorted, size_t n, struct estimate_latent *r)
{
    double grid[ESTIMATE_CURVE], density[ESTIMATE_CURVE];
    double low = estimate_quantile(sorted, n, 0.001), high = estimate_quantile(sorted, n, 0.999);
    double spread = estimate_quantile(sorted, n, 0.84) - estimate_quantile(sorted, n, 0.16);
    /* Finer than the rule for a thousand draws of one hump, since humps are what is looked for. */
    double least = (high - low) / 80, width = 0.15 * spread;
    width = width > least ? width : least;
    if (!(width > 0))
        width = 1e-6;
    for (size_t i = 0; i < ESTIMATE_CURVE; i++) {
        grid[i] = low - 3 * width + (high - low + 6 * width) * (double)i / (ESTIMATE_CURVE - 1);
        density[i] = kernel_density(sorted, n, grid[i], width);
        r->curve_n[i] = estimate_exp(grid[i]);
        r->curve_p[i] = density[i] / r->curve_n[i];
    }
    note_modes(sorted, n, grid, density, r);
}

static void note_chains(const struct sampler *s, double *all, struct estimate_latent *r)
{
    size_t n = draws_kept(s);
    for (size_t c = 0; c < CHAINS; c++) {
        double *chain = all + c * n;
        memcpy(chain, chain_kept(s, c), n * sizeof *chain);
        estimate_sort(chain, n);
        r->chain_median[c] = estimate_exp(estimate_quantile(chain, n, 0.5));
    }
    r->chains = CHAINS;
}

static void conclude(const struct sampler *s, double *all, struct estimate_latent *r)
{
    size_t n = CHAINS * draws_kept(s);
    note_chains(s, all, r);
    estimate_sort(all, n);
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += estimate_exp(all[i]) / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (estimate_exp(all[i]) - mean) * (estimate_exp(all[i]) - mean) / (double)n;
    r->mean = mean;
    r->value = (struct estimate_value){
        .n = estimate_exp(estimate_quantile(all, n, 0.5)),
        .se = sqrt(square),
        .low = estimate_exp(estimate_quantile(all, n, 0.025)),
        .high = estimate_exp(estimate_quantile(all, n, 0.975)),
    };
    if (s->o->bound > 0) {
        double end = estimate_log(0.95 * (1 + s->o->bound) * s->posterior.observed);
        for (size_t i = 0; i < n; i++)
            r->at_bound += all[i] > end ? 1 / (double)n : 0;
    }
    note_curve(all, n, r);
}

/* Chains whose medians lie further apart than sampling explains, when nothing else explains it. */
static void judge(const struct estimate_latent_options *o, struct estimate_latent *r)
{
    double low = (double)INFINITY, high = 0;
    for (size_t c = 0; c < r->chains; c++) {
        low = r->chain_median[c] < low ? r->chain_median[c] : low;
        high = r->chain_median[c] > high ? r->chain_median[c] : high;
    }
    if (r->gates.rhat > RHAT_MOST)
        estimate_reason_add(&r->reasons, ESTIMATE_RHAT, 0, r->gates.rhat);
    if (r->gates.rhat > RHAT_MOST && high > 1.25 * low)
        estimate_reason_add(&r->reasons, ESTIMATE_MODES, 0, high / low);
    if (r->gates.ess_bulk < ESS_LEAST)
        estimate_reason_add(&r->reasons, ESTIMATE_ESS_BULK, 0, r->gates.ess_bulk);
    if (r->gates.ess_tail < ESS_LEAST)
        estimate_reason_add(&r->reasons, ESTIMATE_ESS_TAIL, 0, r->gates.ess_tail);
    if (o->bound > 0 && r->at_bound > 0.01)
        estimate_reason_add(&r->reasons, ESTIMATE_AT_BOUND, 0, r->at_bound);
}

static int sample(struct sampler *s, struct estimate_latent *r, struct err *e)
{
    const struct estimate_latent_options *o = s->o;
    OWN(mem_drop) double *all = calloc((size_t)CHAINS * DRAWS_MAX, sizeof *all);
    OWN(mem_drop) double *draws = calloc((size_t)CHAINS * DRAWS_MAX, sizeof *draws);
    OWN(mem_drop) struct estimate_rung *rungs = calloc((size_t)CHAINS * RUNGS, sizeof *rungs);
    OWN(mem_drop) struct estimate_work *work = calloc(CHAINS, sizeof *work);
    if (all == NULL || draws == NULL || rungs == NULL || work == NULL)
        return err_memory(e);
    for (size_t c = 0; c < CHAINS; c++) {
        s->ladder[c].rung = rungs + c * RUNGS;
        s->ladder[c].work = work + c;
        s->ladder[c].draws = draws + c * DRAWS_MAX;
    }
    s->rungs = 1;
    int rc = o->tempered ? 0 : run_stage(s, all, &r->gates, e);
    if (rc == 0 && (o->tempered || !gates_passed(&r->gates, ESS_LEAST) || scouts_stray(s, all))) {
        s->rungs = RUNGS;
        memset(rungs, 0, (size_t)CHAINS * RUNGS * sizeof *rungs);
        r->tempered = true;
        rc = run_stage(s, all, &r->gates, e);
    }
    if (rc != 0)
        return rc;
    r->draws = draws_kept(s);
    conclude(s, all, r);
    judge(o, r);
    return 0;
}

int estimate_latent(const struct estimate_table *t, const struct estimate_latent_options *o,
                    struct estimate_latent *ret, struct err *e)
{
    struct estimate_latent r = {0};
    if (t->lists < 3) {
        estimate_reason_add(&r.reasons, ESTIMATE_TWO_LISTS_ONLY, 0, t->lists);
        *ret = r;
        return 0;
    }
    OWN(mem_drop) struct sampler *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_memory(e);
    s->o = o;
    s->seed = o->seed;
    s->key = t->key;
    estimate_posterior_init(&s->posterior, t, o->classes, o->a, o->b);
    int rc = sample(s, &r, e);
    if (rc == 0)
        *ret = r;
    return rc;
}
