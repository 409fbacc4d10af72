#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

enum { STEPS_MAX = 60, HALVINGS_MAX = 30 };

/* The intercept stands last, so that its variance is the last diagonal of the factor alone. */
static unsigned term_at(const struct estimate_model *m, unsigned i)
{
    i -= m->differ;
    return m->term[i + 1 < m->count ? i + 1 : 0];
}

/* to[s] = the sum of from over all cells that hold s. */
static void sum_above(const double *from, unsigned lists, double *to)
{
    size_t cells = (size_t)1 << lists;
    memcpy(to, from, cells * sizeof *to);
    for (size_t bit = 1; bit < cells; bit <<= 1)
        for (size_t block = 0; block < cells; block += 2 * bit)
            for (size_t cell = block; cell < block + bit; cell++)
                to[cell] += to[cell + bit];
}

/* x[c] becomes the sum of x over all subsets of c: from coefficients to the linear predictor. */
static void sum_below(double *x, unsigned lists)
{
    size_t cells = (size_t)1 << lists;
    for (size_t bit = 1; bit < cells; bit <<= 1)
        for (size_t block = 0; block < cells; block += 2 * bit)
            for (size_t cell = block; cell < block + bit; cell++)
                x[cell + bit] += x[cell];
}

struct newton {
    const struct estimate_cells_data *data;
    const struct estimate_model *model;
    double beta[ESTIMATE_COLUMNS_MAX], step[ESTIMATE_COLUMNS_MAX];
    double factor[ESTIMATE_COLUMNS_MAX][ESTIMATE_COLUMNS_MAX]; /* lower Cholesky factor of the information */
    double mean[ESTIMATE_CELLS_MAX];
    double predictor[ESTIMATE_CELLS_MAX];
    double likelihood;
};

/* The column of persons who differ, which then stands first, is the sum of those of all pairs of lists. */
static bool is_sum(const struct newton *w, unsigned column)
{
    return w->model->differ && column == 0;
}

/* The sum of x over the cells of a column and of ${other}, a set of lists. */
static double sum_of(const struct newton *w, const double *above, unsigned column, unsigned other)
{
    if (!is_sum(w, column))
        return above[term_at(w->model, column) | other];
    double sum = 0;
    for (unsigned a = 0; a < w->data->lists; a++)
        for (unsigned b = a + 1; b < w->data->lists; b++)
            sum += above[1U << a | 1U << b | other];
    return sum;
}

static double product_of(const struct newton *w, const double *above, unsigned column, unsigned other)
{
    if (!is_sum(w, other))
        return sum_of(w, above, column, term_at(w->model, other));
    double sum = 0;
    for (unsigned a = 0; a < w->data->lists; a++)
        for (unsigned b = a + 1; b < w->data->lists; b++)
            sum += sum_of(w, above, column, 1U << a | 1U << b);
    return sum;
}

static void predict(struct newton *w)
{
    size_t cells = (size_t)1 << w->data->lists;
    memset(w->predictor, 0, cells * sizeof *w->predictor);
    for (unsigned i = w->model->differ; i < estimate_columns(w->model); i++)
        w->predictor[term_at(w->model, i)] = w->beta[i];
    for (unsigned a = 0; w->model->differ && a < w->data->lists; a++)
        for (unsigned b = a + 1; b < w->data->lists; b++)
            w->predictor[1U << a | 1U << b] += w->beta[0];
    sum_below(w->predictor, w->data->lists);
    w->likelihood = 0;
    for (size_t cell = 0; cell < cells; cell += 4) {
        estimate_v4 x;
        memcpy(&x, w->predictor + cell, sizeof x);
        x = estimate_exp4(x);
        memcpy(w->mean + cell, &x, sizeof x);
    }
    for (size_t cell = 0; cell < cells; cell++)
        if (w->data->used[cell])
            w->likelihood += w->data->counts[cell] * w->predictor[cell] - w->mean[cell];
}

/* Information from sums of the weights over supersets; false when it is not positive definite. */
static bool factorise(struct newton *w, const double *weight_above)
{
    unsigned p = estimate_columns(w->model);
    for (unsigned i = 0; i < p; i++)
        for (unsigned j = 0; j <= i; j++) {
            double sum = product_of(w, weight_above, i, j);
            double whole = sum;
            for (unsigned k = 0; k < j; k++)
                sum -= w->factor[i][k] * w->factor[j][k];
            if (i != j)
                w->factor[i][j] = sum / w->factor[j][j];
            else if (sum > whole * 1e-13)
                w->factor[i][i] = sqrt(sum);
            else
                return false;
        }
    return true;
}

static void solve(struct newton *w, const double *right)
{
    unsigned p = estimate_columns(w->model);
    for (unsigned i = 0; i < p; i++) {
        double sum = right[i];
        for (unsigned k = 0; k < i; k++)
            sum -= w->factor[i][k] * w->step[k];
        w->step[i] = sum / w->factor[i][i];
    }
    for (unsigned i = p; i-- > 0;) {
        double sum = w->step[i];
        for (unsigned k = i + 1; k < p; k++)
            sum -= w->factor[k][i] * w->step[k];
        w->step[i] = sum / w->factor[i][i];
    }
}

static void sums_over_used(const struct newton *w, const double *x, double *above)
{
    double masked[ESTIMATE_CELLS_MAX];
    for (size_t cell = 0; cell < (size_t)1 << w->data->lists; cell++)
        masked[cell] = w->data->used[cell] ? x[cell] : 0;
    sum_above(masked, w->data->lists, above);
}

/* The first step of weighted least squares, from the counts themselves. */
static bool begin(struct newton *w)
{
    size_t cells = (size_t)1 << w->data->lists;
    double weight[ESTIMATE_CELLS_MAX], aim[ESTIMATE_CELLS_MAX], above[ESTIMATE_CELLS_MAX];
    double right[ESTIMATE_COLUMNS_MAX];
    for (size_t cell = 0; cell < cells; cell++) {
        weight[cell] = w->data->counts[cell] + 0.5;
        aim[cell] = weight[cell] * estimate_log(weight[cell]) - 0.5;
    }
    sums_over_used(w, weight, above);
    if (!factorise(w, above))
        return false;
    sums_over_used(w, aim, above);
    for (unsigned i = 0; i < estimate_columns(w->model); i++)
        right[i] = sum_of(w, above, i, 0);
    solve(w, right);
    memcpy(w->beta, w->step, sizeof w->beta);
    predict(w);
    return true;
}

/* One step of Newton's, halved until the likelihood does not fall.  False: no step helps. */
static bool advance(struct newton *w)
{
    double before = w->likelihood, factor = 1;
    for (unsigned i = 0; i < estimate_columns(w->model); i++)
        w->beta[i] += w->step[i];
    for (int halving = 0; halving < HALVINGS_MAX; halving++) {
        predict(w);
        if (w->likelihood >= before - 1e-12 * (1 + fabs(before)))
            return true;
        factor /= 2;
        for (unsigned i = 0; i < estimate_columns(w->model); i++)
            w->beta[i] -= factor * w->step[i];
    }
    return false;
}

static bool climb(struct newton *w, unsigned *ret_steps)
{
    double counted[ESTIMATE_CELLS_MAX], above[ESTIMATE_CELLS_MAX], right[ESTIMATE_COLUMNS_MAX];
    sums_over_used(w, w->data->counts, counted);
    for (*ret_steps = 1; *ret_steps < STEPS_MAX; ++*ret_steps) {
        sums_over_used(w, w->mean, above);
        if (!factorise(w, above))
            return false;
        double gain = 0;
        for (unsigned i = 0; i < estimate_columns(w->model); i++)
            right[i] = sum_of(w, counted, i, 0) - sum_of(w, above, i, 0);
        solve(w, right);
        for (unsigned i = 0; i < estimate_columns(w->model); i++)
            gain += right[i] * w->step[i];
        if (gain < 1e-16 * (1 + counted[0]))
            return true;
        if (!advance(w))
            return gain < 1e-9;
    }
    return false;
}

static void run(struct newton *w, bool begun, struct estimate_cells_fit *ret)
{
    if (begun)
        predict(w); /* the counts are others now */
    ret->converged = (begun || begin(w)) && climb(w, &ret->steps);
    if (!ret->converged)
        return;
    unsigned at = estimate_columns(w->model) - 1;
    double last = w->factor[at][at];
    memcpy(ret->mean, w->mean, sizeof *w->mean << w->data->lists);
    ret->variance0 = 1 / (last * last);
    ret->log_likelihood = w->likelihood;
}

void estimate_cells_fit(const struct estimate_cells_data *d, const struct estimate_model *m,
                        struct estimate_cells_fit *ret)
{
    struct newton w;
    w.data = d;
    w.model = m;
    run(&w, false, ret);
}

static void observed_cells(const struct estimate_table *t, double *counts, bool *used)
{
    for (size_t cell = 0; cell < estimate_cells(t); cell++) {
        counts[cell] = (double)t->cells[cell];
        used[cell] = cell != 0;
    }
}

/* Deviance, and the logarithm of the probability of the counts with all its constants. */
static void measure(const struct estimate_table *t, const struct estimate_cells_fit *f, struct estimate_fit *ret)
{
    double deviance = 0, probability = f->log_likelihood, observed = (double)estimate_observed(t);
    for (size_t cell = 1; cell < estimate_cells(t); cell++) {
        double n = (double)t->cells[cell];
        if (n > 0)
            deviance += n * estimate_log(n / f->mean[cell]);
        deviance -= n - f->mean[cell];
        probability -= estimate_lgamma(n + 1);
    }
    ret->deviance = 2 * deviance;
    unsigned columns = estimate_columns(&ret->model);
    ret->aic = 2 * columns - 2 * probability;
    ret->bic = estimate_log(observed) * columns - 2 * probability;
    ret->freedom = (unsigned)estimate_cells(t) - 1 - columns;
    ret->value.n = observed + f->mean[0];
    ret->value.se = sqrt(f->mean[0] + f->mean[0] * f->mean[0] * f->variance0);
    estimate_limits(&ret->value, observed);
}

void estimate_fit(const struct estimate_table *t, const struct estimate_model *m, struct estimate_fit *ret)
{
    double counts[ESTIMATE_CELLS_MAX];
    bool used[ESTIMATE_CELLS_MAX];
    struct estimate_cells_fit fit;
    observed_cells(t, counts, used);
    struct estimate_cells_data data = {t->lists, counts, used};
    *ret = (struct estimate_fit){.model = *m, .code = ESTIMATE_NO_MLE};
    if (!estimate_mle_exists(&data, m))
        return;
    ret->code = ESTIMATE_NOT_CONVERGED;
    estimate_cells_fit(&data, m, &fit);
    if (!fit.converged)
        return;
    ret->code = ESTIMATE_FINE;
    measure(t, &fit, ret);
}

/* ---- Profile likelihood of N: the unseen are given, the rest is fitted, all cells are data ----------------------- */

struct profile {
    struct newton w;
    double counts[ESTIMATE_CELLS_MAX];
    bool used[ESTIMATE_CELLS_MAX];
    struct estimate_cells_data data;
    double observed;
    bool begun;
};

/* The multinomial likelihood at ${unseen}, from the last fit as a start; -infinity when the fit fails. */
static double profile_at(struct profile *p, double unseen)
{
    struct estimate_cells_fit fit;
    double n = p->observed + unseen, sum;
    p->counts[0] = unseen;
    run(&p->w, p->begun, &fit);
    p->begun = fit.converged;
    if (!fit.converged)
        return -(double)INFINITY;
    sum = estimate_lgamma(n + 1) - estimate_lgamma(unseen + 1) - n * estimate_log(n);
    for (size_t cell = 0; cell < (size_t)1 << p->data.lists; cell++)
        sum += p->counts[cell] * p->w.predictor[cell];
    return sum;
}

/* By golden section on the logarithm of the unseen, around the Poisson estimate. */
static double profile_top(struct profile *p, double near, double *ret_unseen)
{
    const double ratio = 0.61803398874989484820;
    double low = estimate_log(near) - 1, high = low + 2;
    double a = high - ratio * (high - low), b = low + ratio * (high - low);
    double at_a = profile_at(p, estimate_exp(a)), at_b = profile_at(p, estimate_exp(b));
    for (int i = 0; i < 60; i++)
        if (at_a > at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - ratio * (high - low);
            at_a = profile_at(p, estimate_exp(a));
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + ratio * (high - low);
            at_b = profile_at(p, estimate_exp(b));
        }
    *ret_unseen = estimate_exp((low + high) / 2);
    return at_a > at_b ? at_a : at_b;
}

static bool profile_limit(struct profile *p, double from, double level, bool upward, double *ret)
{
    double inside = from, outside = from;
    for (int i = 0; profile_at(p, outside) > level; i++) {
        if (i == 40 || (!upward && outside < 1e-3)) {
            *ret = 0; /* downward: nobody unseen is within the limits too */
            return !upward;
        }
        inside = outside;
        outside *= upward ? 1.5 : 1 / 1.5;
    }
    for (int i = 0; i < 50; i++) {
        double middle = (inside + outside) / 2;
        if (profile_at(p, middle) > level)
            inside = middle;
        else
            outside = middle;
    }
    *ret = inside;
    return true;
}

bool estimate_profile(const struct estimate_table *t, const struct estimate_model *m, double *ret_low, double *ret_high)
{
    struct estimate_fit fit;
    estimate_fit(t, m, &fit);
    OWN(mem_drop) struct profile *p = calloc(1, sizeof *p);
    if (fit.code != ESTIMATE_FINE || p == NULL)
        return false;
    observed_cells(t, p->counts, p->used);
    p->used[0] = true;
    p->data = (struct estimate_cells_data){t->lists, p->counts, p->used};
    p->w.data = &p->data;
    p->w.model = m;
    p->observed = (double)estimate_observed(t);
    double near = fit.value.n - p->observed, unseen, low, high;
    if (near < 1e-3)
        return false;
    double level = profile_top(p, near, &unseen) - 3.84145882069412447634 / 2;
    if (!profile_limit(p, unseen, level, false, &low) || !profile_limit(p, unseen, level, true, &high))
        return false;
    *ret_low = p->observed + low;
    *ret_high = p->observed + high;
    return true;
}
