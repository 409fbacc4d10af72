#include "estimate/estimate_internal.h"

#include <math.h>

enum { REPLICATES_WARNED = 10 };

/* Those not seen by the table are at least half a person, so that their logarithm exists. */
static double log_unseen(const struct estimate_replicate *r)
{
    double unseen = r->n - r->observed;
    return estimate_log(unseen > 0.5 ? unseen : 0.5);
}

static double log_variance(const struct estimate_replicate *r)
{
    double unseen = r->n - r->observed, spread = r->se / (unseen > 0.5 ? unseen : 0.5);
    return estimate_log(1 + spread * spread);
}

static void note_observed(const struct estimate_replicate *r, size_t count, struct estimate_combined *to)
{
    to->observed_low = to->observed_high = r[0].observed;
    for (size_t i = 0; i < count; i++) {
        to->observed_mean += r[i].observed / (double)count;
        to->observed_low = r[i].observed < to->observed_low ? r[i].observed : to->observed_low;
        to->observed_high = r[i].observed > to->observed_high ? r[i].observed : to->observed_high;
    }
}

void estimate_combine(const struct estimate_replicate *r, size_t count, struct estimate_combined *ret)
{
    struct estimate_combined c = {0};
    double m = (double)count, mean = 0;
    if (count < 2) {
        estimate_reason_add(&c.reasons, ESTIMATE_ONE_REPLICATE, 0, m);
        *ret = c;
        return;
    }
    if (count < REPLICATES_WARNED)
        estimate_reason_add(&c.reasons, ESTIMATE_FEW_REPLICATES, 0, m);
    note_observed(r, count, &c);
    for (size_t i = 0; i < count; i++) {
        mean += log_unseen(&r[i]) / m;
        c.within += log_variance(&r[i]) / m;
    }
    for (size_t i = 0; i < count; i++)
        c.between += (log_unseen(&r[i]) - mean) * (log_unseen(&r[i]) - mean) / (m - 1);
    double total = c.within + (1 + 1 / m) * c.between;
    double ratio = c.between > 0 ? 1 + m * c.within / ((m + 1) * c.between) : (double)INFINITY;
    c.freedom = isinf(ratio) ? 1e9 : (m - 1) * ratio * ratio;
    double reach = estimate_student_quantile(0.975, c.freedom) * sqrt(total);
    c.value.n = c.observed_mean + estimate_exp(mean);
    c.value.se = estimate_exp(mean) * sqrt(estimate_exp(total) - 1);
    c.value.low = c.observed_mean + estimate_exp(mean - reach);
    c.value.high = c.observed_mean + estimate_exp(mean + reach);
    *ret = c;
}
