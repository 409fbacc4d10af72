#include "estimate/estimate_internal.h"

#include <math.h>

struct state {
    const struct estimate_table *t;
    double counts[ESTIMATE_CELLS_MAX];
    bool used[ESTIMATE_CELLS_MAX];
    struct estimate_model model;
    struct estimate_cells_fit fit;
};

/* The model with one more pair.  Where the pair shares nobody, its cells leave the data instead: the term is minus
 * infinity there, and they are expected to be empty. */
static bool try_pair(const struct state *from, uint16_t pair, struct state *with)
{
    *with = *from;
    double shared = 0;
    for (size_t cell = 1; cell < estimate_cells(from->t); cell++)
        shared += (cell & pair) == pair ? from->counts[cell] : 0;
    if (shared > 0)
        (void)estimate_model_add(&with->model, pair);
    else
        for (size_t cell = 1; cell < estimate_cells(from->t); cell++)
            if ((cell & pair) == pair)
                with->used[cell] = false;
    struct estimate_cells_data data = {from->t->lists, with->counts, with->used};
    if (!estimate_mle_exists(&data, &with->model))
        return false;
    estimate_cells_fit(&data, &with->model, &with->fit);
    return with->fit.converged;
}

static bool begin(const struct estimate_table *t, struct state *s, enum estimate_code *ret)
{
    s->t = t;
    for (size_t cell = 0; cell < estimate_cells(t); cell++) {
        s->counts[cell] = (double)t->cells[cell];
        s->used[cell] = cell != 0;
    }
    estimate_model_independence(t->lists, &s->model);
    struct estimate_cells_data data = {t->lists, s->counts, s->used};
    *ret = ESTIMATE_NO_MLE;
    if (!estimate_mle_exists(&data, &s->model))
        return false;
    *ret = ESTIMATE_NOT_CONVERGED;
    estimate_cells_fit(&data, &s->model, &s->fit);
    return s->fit.converged;
}

void estimate_stepwise(const struct estimate_table *t, double threshold, struct estimate_stepwise *ret)
{
    struct state s, with, best;
    struct estimate_stepwise r = {.code = ESTIMATE_TWO_LISTS_ONLY};
    uint64_t tried = 0;
    bool go_on = t->lists >= 3 && begin(t, &s, &r.code);
    bool begun = go_on;
    while (go_on) {
        double least = threshold;
        unsigned chosen = 0, number = 0;
        go_on = false;
        for (unsigned a = 0; a < t->lists; a++)
            for (unsigned b = a + 1; b < t->lists; b++, number++) {
                if ((tried >> number & 1) != 0 || !try_pair(&s, (uint16_t)(1U << a | 1U << b), &with))
                    continue;
                double p = estimate_above_chi2_1(2 * (with.fit.log_likelihood - s.fit.log_likelihood));
                if (p < least) {
                    least = p;
                    best = with;
                    chosen = number;
                    go_on = true;
                }
            }
        if (go_on) {
            s = best;
            tried |= (uint64_t)1 << chosen;
        }
    }
    if (begun) {
        double observed = (double)estimate_observed(t), unseen = s.fit.mean[0];
        r.code = ESTIMATE_FINE;
        r.model = s.model;
        r.value =
            (struct estimate_value){.n = observed + unseen, .se = sqrt(unseen + unseen * unseen * s.fit.variance0)};
        estimate_limits(&r.value, observed);
    }
    *ret = r;
}
