#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

/*
 * Vehtari, Gelman, Simpson, Carpenter and Buerkner 2021: each chain is split in halves; ranks over all draws are made
 * normal scores; R-hat compares the variance between halves with that within, for the scores and for those of the
 * distance from the median; effective sizes come from Geyer's initial monotone sequence of autocorrelations.
 */

struct ranked {
    double x;
    size_t at;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->x != y->x)
        return x->x < y->x ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Equal values share the mean of their ranks. */
static int scores(const double *x, size_t n, double *to, struct err *e)
{
    OWN(mem_drop) struct ranked *r = calloc(n, sizeof *r);
    if (r == NULL)
        return err_memory(e);
    for (size_t i = 0; i < n; i++)
        r[i] = (struct ranked){x[i], i};
    qsort(r, n, sizeof *r, compare);
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        while (end < n && r[end].x == r[i].x)
            end++;
        double rank = (double)(i + end + 1) / 2;
        double score = estimate_normal_quantile((rank - 0.375) / ((double)n + 0.25));
        for (; i < end; i++)
            to[r[i].at] = score;
    }
    return 0;
}

/* ${x}: ${chains} chains of ${n}, one behind the other; each is two halves of n / 2. */
struct halves {
    const double *x;
    size_t chains, n;
};

static const double *half(const struct halves *h, size_t i)
{
    return h->x + i / 2 * h->n + (i % 2 != 0 ? h->n - h->n / 2 : 0);
}

static void moments(const double *x, size_t n, double *ret_mean, double *ret_variance)
{
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    *ret_mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - *ret_mean) * (x[i] - *ret_mean);
    *ret_variance = square / (double)(n - 1);
}

static void within_between(const struct halves *h, double *ret_within, double *ret_total)
{
    size_t m = 2 * h->chains, n = h->n / 2;
    double within = 0, sum = 0, square = 0;
    for (size_t i = 0; i < m; i++) {
        double mean, variance;
        moments(half(h, i), n, &mean, &variance);
        within += variance / (double)m;
        sum += mean;
        square += mean * mean;
    }
    double between = (square - sum * sum / (double)m) / (double)(m - 1);
    *ret_within = within;
    *ret_total = within * (double)(n - 1) / (double)n + between;
}

static double rhat(const struct halves *h)
{
    double within, total;
    within_between(h, &within, &total);
    return within > 0 ? sqrt(total / within) : total > 0 ? (double)INFINITY : 1;
}

static double autocovariance(const double *x, size_t n, double mean, size_t lag)
{
    double sum = 0;
    for (size_t i = 0; i + lag < n; i++)
        sum += (x[i] - mean) * (x[i + lag] - mean);
    return sum / (double)n;
}

static double correlation(const struct halves *h, const double *means, double within, double total, size_t lag)
{
    size_t m = 2 * h->chains, n = h->n / 2;
    double sum = 0;
    for (size_t i = 0; i < m; i++)
        sum += autocovariance(half(h, i), n, means[i], lag) * (double)n / (double)(n - 1);
    return 1 - (within - sum / (double)m) / total;
}

static double effective(const struct halves *h)
{
    size_t m = 2 * h->chains, n = h->n / 2;
    double means[2 * ESTIMATE_CHAINS_MAX], within, total, variance, all = (double)(m * n);
    assert(h->chains <= ESTIMATE_CHAINS_MAX);
    for (size_t i = 0; i < m; i++)
        moments(half(h, i), n, &means[i], &variance);
    within_between(h, &within, &total);
    if (!(total > 0))
        return all; /* a constant: nothing to estimate */
    double sum = 0, last = (double)INFINITY;
    for (size_t lag = 0; lag + 1 < n; lag += 2) {
        double even = lag == 0 ? 1 : correlation(h, means, within, total, lag);
        double pair = even + correlation(h, means, within, total, lag + 1);
        if (pair <= 0)
            break;
        last = pair < last ? pair : last;
        sum += last;
    }
    double tau = 2 * sum - 1, least = 1 / (estimate_log(all) / 2.302585092994045684);
    return all / (tau > least ? tau : least);
}

static double tail_effective(const struct halves *h, const double *sorted, double p, double *room)
{
    size_t all = h->chains * h->n;
    double limit = estimate_quantile(sorted, all, p);
    for (size_t i = 0; i < all; i++)
        room[i] = h->x[i] <= limit;
    struct halves indicator = {room, h->chains, h->n};
    return effective(&indicator);
}

int estimate_diagnose(const double *draws, size_t chains, size_t n, struct estimate_gates *ret, struct err *e)
{
    size_t all = chains * n;
    OWN(mem_drop) double *score = calloc(all, sizeof *score);
    OWN(mem_drop) double *sorted = calloc(all, sizeof *sorted);
    OWN(mem_drop) double *folded = calloc(all, sizeof *folded);
    if (score == NULL || sorted == NULL || folded == NULL)
        return err_memory(e);
    memcpy(sorted, draws, all * sizeof *sorted);
    estimate_sort(sorted, all);
    double median = estimate_quantile(sorted, all, 0.5);
    int rc = scores(draws, all, score, e);
    if (rc != 0)
        return rc;
    struct halves h = {score, chains, n};
    ret->rhat = rhat(&h);
    ret->ess_bulk = effective(&h);
    for (size_t i = 0; i < all; i++)
        folded[i] = fabs(draws[i] - median);
    rc = scores(folded, all, score, e);
    if (rc != 0)
        return rc;
    double far = rhat(&h);
    ret->rhat = far > ret->rhat ? far : ret->rhat;
    struct halves raw = {draws, chains, n};
    double low = tail_effective(&raw, sorted, 0.05, folded), high = tail_effective(&raw, sorted, 0.95, folded);
    ret->ess_tail = low < high ? low : high;
    return 0;
}
