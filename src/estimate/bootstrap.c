#include "estimate/estimate_internal.h"

#include <math.h>

enum { SAMPLES_A_JOB = 50 };

struct boot {
    const struct estimate_table *t;
    const struct estimate_bootstrap_options *o;
    uint64_t observed;
    double *n; /* of each sample; infinite: no estimate */
    bool *same;
    struct estimate_model model;
};

/* As many persons again, each with the history of one of those observed: cell by cell, binomial of what is left. */
static void resample(const struct boot *b, struct estimate_chance *c, struct estimate_table *to)
{
    double left = (double)b->observed, persons = (double)b->observed;
    *to = (struct estimate_table){.lists = b->t->lists, .key = b->t->key};
    for (size_t cell = 1; cell < estimate_cells(b->t) && persons > 0; cell++) {
        double n = (double)b->t->cells[cell];
        if (n == 0)
            continue;
        double drawn = n >= left ? persons : estimate_binomial(c, persons, n / left);
        to->cells[cell] = (uint64_t)drawn;
        persons -= drawn;
        left -= n;
    }
}

static bool same_model(const struct estimate_model *a, const struct estimate_model *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++) {
        unsigned k = 0;
        while (k < b->count && b->term[k] != a->term[i])
            k++;
        if (k == b->count)
            return false;
    }
    return true;
}

static void run_samples(void *with, size_t job)
{
    struct boot *b = with;
    for (unsigned i = (unsigned)job * SAMPLES_A_JOB; i < (job + 1) * SAMPLES_A_JOB && i < b->o->samples; i++) {
        struct estimate_chance chance;
        struct estimate_table sample;
        struct estimate_stepwise r;
        estimate_chance_init(&chance, b->o->seed, b->t->key, ESTIMATE_FOR_BOOTSTRAP, i);
        resample(b, &chance, &sample);
        estimate_stepwise(&sample, b->o->threshold, &r);
        b->n[i] = r.code == ESTIMATE_FINE ? r.value.n : (double)INFINITY;
        b->same[i] = r.code == ESTIMATE_FINE && same_model(&r.model, &b->model);
    }
    if (b->o->progress != NULL)
        b->o->progress(b->o->progress_with, SAMPLES_A_JOB);
}

/* Efron's acceleration, from leaving out one person of each history in turn. */
static double acceleration(const struct boot *b)
{
    double n[ESTIMATE_CELLS_MAX] = {0}, mean = 0, square = 0, cube = 0;
    struct estimate_table less = *b->t;
    struct estimate_stepwise r;
    for (size_t cell = 1; cell < estimate_cells(b->t); cell++) {
        if (b->t->cells[cell] == 0)
            continue;
        less.cells[cell]--;
        estimate_stepwise(&less, b->o->threshold, &r);
        less.cells[cell]++;
        if (r.code != ESTIMATE_FINE)
            return 0;
        n[cell] = r.value.n;
        mean += n[cell] * (double)b->t->cells[cell] / (double)b->observed;
    }
    for (size_t cell = 1; cell < estimate_cells(b->t); cell++)
        if (b->t->cells[cell] > 0) {
            double away = mean - n[cell], times = (double)b->t->cells[cell];
            square += times * away * away;
            cube += times * away * away * away;
        }
    return square > 0 ? cube / (6 * square * sqrt(square)) : 0;
}

static double bca_level(double centre, double a, double z)
{
    double shifted = centre + (centre + z) / (1 - a * (centre + z));
    double p = estimate_normal_below(shifted);
    return p < 1e-4 ? 1e-4 : p > 1 - 1e-4 ? 1 - 1e-4 : p;
}

static void limits(struct boot *b, struct estimate_bootstrap *r)
{
    double below = 0, samples = b->o->samples;
    for (unsigned i = 0; i < b->o->samples; i++) {
        below += b->n[i] < r->chosen.value.n ? 1 : b->n[i] == r->chosen.value.n ? 0.5 : 0;
        r->failed += isinf(b->n[i]) ? 1U : 0U;
        r->same += b->same[i] ? 1U : 0U;
    }
    estimate_sort(b->n, b->o->samples);
    /* Where there is no estimate the limit is that of the largest there is: it is said how many failed. */
    size_t kept = b->o->samples - r->failed;
    if (kept == 0)
        return;
    for (size_t i = kept; i < b->o->samples; i++)
        b->n[i] = b->n[kept - 1];
    r->percentile_low = estimate_quantile(b->n, b->o->samples, 0.025);
    r->percentile_high = estimate_quantile(b->n, b->o->samples, 0.975);
    double share = (below + 0.5) / (samples + 1), centre = estimate_normal_quantile(share), a = acceleration(b);
    r->chosen.value.low = estimate_quantile(b->n, b->o->samples, bca_level(centre, a, -ESTIMATE_NORMAL_975));
    r->chosen.value.high = estimate_quantile(b->n, b->o->samples, bca_level(centre, a, ESTIMATE_NORMAL_975));
}

int estimate_bootstrap(const struct estimate_table *t, const struct estimate_bootstrap_options *o,
                       struct estimate_bootstrap *ret, struct err *e)
{
    struct estimate_bootstrap r = {.samples = o->samples};
    struct boot b = {.t = t, .o = o, .observed = estimate_observed(t)};
    estimate_stepwise(t, o->threshold, &r.chosen);
    if (r.chosen.code != ESTIMATE_FINE || o->samples == 0) {
        *ret = r;
        return 0;
    }
    OWN(mem_drop) double *n = calloc(o->samples, sizeof *n);
    OWN(mem_drop) bool *same = calloc(o->samples, sizeof *same);
    if (n == NULL || same == NULL)
        return err_memory(e);
    b.n = n;
    b.same = same;
    b.model = r.chosen.model;
    estimate_pool_run(o->threads, (o->samples + SAMPLES_A_JOB - 1) / SAMPLES_A_JOB, run_samples, &b);
    limits(&b, &r);
    *ret = r;
    return 0;
}
