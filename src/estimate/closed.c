#include "estimate/estimate_internal.h"

#include <math.h>

void estimate_limits(struct estimate_value *v, double observed)
{
    double unseen = v->n - observed;
    if (unseen <= 0) {
        v->low = v->high = observed;
        return;
    }
    double spread = v->se / unseen;
    double factor = estimate_exp(ESTIMATE_NORMAL_975 * sqrt(estimate_log(1 + spread * spread)));
    v->low = observed + unseen / factor;
    v->high = observed + unseen * factor;
}

enum estimate_code estimate_chapman(const struct estimate_table *t, struct estimate_value *ret)
{
    if (t->lists != 2)
        return ESTIMATE_NOT_TWO_LISTS;
    double a = (double)estimate_on_list(t, 0), b = (double)estimate_on_list(t, 1), both = (double)t->cells[3];
    struct estimate_value v = {.n = (a + 1) * (b + 1) / (both + 1) - 1};
    v.se = sqrt((a + 1) * (b + 1) * (a - both) * (b - both) / ((both + 1) * (both + 1) * (both + 2)));
    estimate_limits(&v, (double)estimate_observed(t));
    *ret = v;
    return ESTIMATE_FINE;
}

static double seen_times(const struct estimate_table *t, int times)
{
    uint64_t sum = 0;
    for (size_t cell = 1; cell < estimate_cells(t); cell++)
        if (__builtin_popcountll(cell) == times)
            sum += t->cells[cell];
    return (double)sum;
}

/* log-linear in the number of lists, exact for those on one and on two: (f1/t)^2 / (f2 / pairs). */
static double unseen_alike(const struct estimate_table *t, double *ret_variance)
{
    double once = seen_times(t, 1), twice = seen_times(t, 2), lists = t->lists;
    *ret_variance = 4 / once + 1 / twice;
    return once * once * (lists - 1) / (2 * lists * twice);
}

static bool unseen_apart(const struct estimate_table *t, double *ret_unseen, double *ret_variance)
{
    double counts[ESTIMATE_CELLS_MAX];
    bool used[ESTIMATE_CELLS_MAX];
    for (size_t cell = 0; cell < estimate_cells(t); cell++) {
        counts[cell] = (double)t->cells[cell];
        used[cell] = cell != 0 && __builtin_popcountll(cell) <= 2;
    }
    struct estimate_cells_data data = {t->lists, counts, used};
    struct estimate_model model;
    struct estimate_cells_fit fit;
    estimate_model_independence(t->lists, &model);
    if (!estimate_mle_exists(&data, &model))
        return false;
    estimate_cells_fit(&data, &model, &fit);
    *ret_unseen = fit.mean[0];
    *ret_variance = fit.variance0;
    return fit.converged;
}

enum estimate_code estimate_chao(const struct estimate_table *t, bool lists_alike, struct estimate_value *ret)
{
    if (t->lists < 3)
        return ESTIMATE_TWO_LISTS_ONLY;
    double observed = (double)estimate_observed(t), unseen, variance;
    if (seen_times(t, 2) == 0)
        return ESTIMATE_NO_RECAPTURE;
    if (seen_times(t, 1) == 0) {
        *ret = (struct estimate_value){observed, 0, observed, observed};
        return ESTIMATE_FINE;
    }
    if (lists_alike)
        unseen = unseen_alike(t, &variance);
    else if (!unseen_apart(t, &unseen, &variance))
        return ESTIMATE_NO_MLE;
    struct estimate_value v = {.n = observed + unseen, .se = sqrt(unseen + unseen * unseen * variance)};
    estimate_limits(&v, observed);
    *ret = v;
    return ESTIMATE_FINE;
}
