#include "estimate/estimate_internal.h"

#include <math.h>

enum { SPREAD_WITHIN = 10 };

void estimate_loglinear_drop(struct estimate_loglinear *l)
{
    free(l->fits);
    l->fits = NULL;
}

static int by_bic(const void *a, const void *b)
{
    const struct estimate_fit *x = a, *y = b;
    if (x->bic != y->bic)
        return x->bic < y->bic ? -1 : 1;
    return x->model.count < y->model.count ? -1 : x->model.count > y->model.count;
}

/* A fit is kept when it was one; otherwise it is counted. */
static void take(struct estimate_loglinear *l, const struct estimate_fit *fit)
{
    l->tried++;
    l->no_mle += fit->code == ESTIMATE_NO_MLE;
    if (fit->code == ESTIMATE_FINE)
        l->fits[l->fitted++] = *fit;
}

static int fit_all(const struct estimate_table *t, struct estimate_loglinear *l, struct err *e)
{
    OWN(mem_drop) struct estimate_model *models = NULL;
    size_t count;
    int rc = estimate_models(t->lists, &models, &count, e);
    if (rc != 0)
        return rc;
    l->all = true;
    l->fits = calloc(count, sizeof *l->fits);
    if (l->fits == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        struct estimate_fit fit;
        estimate_fit(t, &models[i], &fit);
        take(l, &fit);
    }
    return 0;
}

/* From independence on, the pair that lowers BIC most joins, until none does; all that was tried is kept. */
static int fit_forward(const struct estimate_table *t, struct estimate_loglinear *l, struct err *e)
{
    unsigned pairs = t->lists * (t->lists - 1) / 2;
    struct estimate_model model;
    struct estimate_fit fit, best;
    l->fits = calloc((size_t)pairs * pairs + 1, sizeof *l->fits);
    if (l->fits == NULL)
        return err_memory(e);
    estimate_model_independence(t->lists, &model);
    estimate_fit(t, &model, &best);
    take(l, &best);
    for (bool better = best.code == ESTIMATE_FINE; better;) {
        better = false;
        model = best.model;
        for (unsigned a = 0; a < t->lists; a++)
            for (unsigned b = a + 1; b < t->lists; b++) {
                struct estimate_model with = model;
                (void)estimate_model_add(&with, (uint16_t)(1U << a | 1U << b));
                if (with.count == model.count)
                    continue;
                estimate_fit(t, &with, &fit);
                take(l, &fit);
                if (fit.code == ESTIMATE_FINE && fit.bic < best.bic) {
                    best = fit;
                    better = true;
                }
            }
    }
    return 0;
}

/* The share of the mixture that lies below ${n}. */
static double mixture_below(const struct estimate_loglinear *l, const double *weight, double observed, double n)
{
    double sum = 0;
    for (size_t i = 0; i < l->fitted; i++) {
        if (weight[i] < 1e-9)
            continue;
        const struct estimate_value *v = &l->fits[i].value;
        double unseen = v->n - observed;
        if (unseen <= 0 || n <= observed) {
            sum += n >= v->n ? weight[i] : 0;
            continue;
        }
        double sigma = sqrt(estimate_log(1 + (v->se / unseen) * (v->se / unseen)));
        double z = (estimate_log(n - observed) - estimate_log(unseen)) / sigma;
        sum += weight[i] * (z < -8 ? 0 : z > 8 ? 1 : estimate_normal_below(z));
    }
    return sum;
}

static double mixture_quantile(const struct estimate_loglinear *l, const double *weight, double observed, double p)
{
    double low = observed, high = observed;
    for (size_t i = 0; i < l->fitted; i++)
        if (weight[i] >= 1e-9 && l->fits[i].value.n + 20 * l->fits[i].value.se > high)
            high = l->fits[i].value.n + 20 * l->fits[i].value.se;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (mixture_below(l, weight, observed, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double criterion(const struct estimate_fit *f, bool bic)
{
    return bic ? f->bic : f->aic;
}

static int average(const struct estimate_loglinear *l, double observed, bool bic, struct estimate_value *ret,
                   struct err *e)
{
    OWN(mem_drop) double *weight = calloc(l->fitted, sizeof *weight);
    if (weight == NULL)
        return err_memory(e);
    double least = (double)INFINITY, sum = 0;
    for (size_t i = 0; i < l->fitted; i++)
        least = criterion(&l->fits[i], bic) < least ? criterion(&l->fits[i], bic) : least;
    for (size_t i = 0; i < l->fitted; i++)
        sum += weight[i] = estimate_exp((least - criterion(&l->fits[i], bic)) / 2);
    struct estimate_value v = {0};
    for (size_t i = 0; i < l->fitted; i++)
        v.n += (weight[i] /= sum) * l->fits[i].value.n;
    double variance = 0;
    for (size_t i = 0; i < l->fitted; i++) {
        double away = l->fits[i].value.n - v.n, se = l->fits[i].value.se;
        variance += weight[i] * (se * se + away * away);
    }
    v.se = sqrt(variance);
    v.low = mixture_quantile(l, weight, observed, 0.025);
    v.high = mixture_quantile(l, weight, observed, 0.975);
    *ret = v;
    return 0;
}

static void note_spread(struct estimate_loglinear *l)
{
    l->spread_low = (double)INFINITY;
    for (size_t i = 0; i < l->fitted; i++) {
        const struct estimate_fit *f = &l->fits[i];
        if (f->bic > l->fits[0].bic + SPREAD_WITHIN && f->aic > l->fits[l->best_aic].aic + SPREAD_WITHIN)
            continue;
        l->spread_low = f->value.n < l->spread_low ? f->value.n : l->spread_low;
        l->spread_high = f->value.n > l->spread_high ? f->value.n : l->spread_high;
    }
}

static int summarise(const struct estimate_table *t, struct estimate_loglinear *l, struct err *e)
{
    double observed = (double)estimate_observed(t);
    qsort(l->fits, l->fitted, sizeof *l->fits, by_bic);
    for (size_t i = 1; i < l->fitted; i++)
        if (l->fits[i].aic < l->fits[l->best_aic].aic)
            l->best_aic = i;
    note_spread(l);
    int rc = average(l, observed, false, &l->by_aic, e);
    if (rc == 0)
        rc = average(l, observed, true, &l->by_bic, e);
    if (rc == 0 && !estimate_profile(t, &l->fits[0].model, &l->profile_low, &l->profile_high))
        l->profile_low = l->profile_high = 0;
    return rc;
}

int estimate_loglinear(const struct estimate_table *t, struct estimate_loglinear *ret, struct err *e)
{
    struct estimate_loglinear l = {0};
    if (t->lists < 3) {
        l.code = ESTIMATE_TWO_LISTS_ONLY;
        *ret = l;
        return 0;
    }
    int rc = t->lists <= ESTIMATE_ALL_MODELS_LISTS_MAX ? fit_all(t, &l, e) : fit_forward(t, &l, e);
    if (rc == 0 && l.fitted > 0)
        rc = summarise(t, &l, e);
    if (rc != 0) {
        estimate_loglinear_drop(&l);
        return rc;
    }
    if (l.fitted == 0)
        l.code = ESTIMATE_NO_MODEL;
    *ret = l;
    return 0;
}
