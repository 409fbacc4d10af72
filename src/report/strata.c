#include "report/report_internal.h"

/* Averages before choices, wide before narrow: what one number for a stratum may best be. */
int report_headline(const struct report_answer *a)
{
    static const enum report_method order[] = {REPORT_LATENT, REPORT_DGA, REPORT_LOGLINEAR, REPORT_STEPWISE,
                                               REPORT_CHAPMAN};
    for (size_t i = 0; !a->refused && i < COUNT(order); i++)
        if (a->method[order[i]].asked && !a->method[order[i]].refused)
            return (int)order[i];
    return -1;
}

/* Replicate 0 is what was documented before imputing; the others are combined where a method has all of them. */
static int combine(const struct report_input *in, const struct report_answer *answers, struct report_stratum *s,
                   unsigned m, struct err *e)
{
    OWN(mem_drop) struct estimate_replicate *r = calloc(s->count, sizeof *r);
    size_t n = 0;
    if (r == NULL)
        return err_memory(e);
    for (size_t i = s->first; i < s->first + s->count; i++) {
        const struct report_method_answer *a = &answers[i].method[m];
        if (strcmp(in->tables[i].replicate, "0") == 0)
            continue;
        if (answers[i].refused || !a->asked || a->refused)
            return 0;
        s->bound[m] |= a->bound;
        r[n++] = (struct estimate_replicate){a->value.n, a->value.se, (double)estimate_observed(&in->tables[i].table)};
    }
    s->has_combined[m] = true;
    estimate_combine(r, n, &s->combined[m]);
    return 0;
}

static int close_stratum(const struct report_input *in, const struct report_answer *answers, struct report_stratum *s,
                         struct err *e)
{
    bool replicates = in->tables[s->first].replicate[0] != 0;
    int rc = 0;
    s->documented = replicates && strcmp(in->tables[s->first].replicate, "0") != 0
                        ? 0
                        : (double)estimate_observed(&in->tables[s->first].table);
    for (unsigned m = 0; rc == 0 && replicates && m < REPORT_METHODS; m++)
        if (m != REPORT_CHAO)
            rc = combine(in, answers, s, m, e);
    s->refused = !replicates && report_headline(&answers[s->first]) < 0;
    if (replicates) {
        s->refused = true;
        for (unsigned m = 0; m < REPORT_METHODS; m++)
            s->refused &= !s->has_combined[m] || estimate_refused(&s->combined[m].reasons) != NULL;
    }
    return rc;
}

int report_strata(const struct report_input *in, const struct report_answer *answers, struct report_stratum **ret,
                  size_t *ret_count, struct err *e)
{
    struct report_stratum *strata = calloc(in->count, sizeof *strata);
    if (strata == NULL)
        return err_memory(e);
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < in->count; i++) {
        if (i == 0 || strcmp(in->tables[i].stratum, in->tables[i - 1].stratum) != 0)
            strata[count++].first = i;
        strata[count - 1].count++;
        if (i + 1 == in->count || strcmp(in->tables[i].stratum, in->tables[i + 1].stratum) != 0)
            rc = close_stratum(in, answers, &strata[count - 1], e);
    }
    if (rc != 0) {
        free(strata);
        return rc;
    }
    *ret = strata;
    *ret_count = count;
    return 0;
}
