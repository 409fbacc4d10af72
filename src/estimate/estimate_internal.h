/*
 * What the files of estimate/ share.
 */
#ifndef ESTIMATE_ESTIMATE_INTERNAL_H
#define ESTIMATE_ESTIMATE_INTERNAL_H

#include "estimate/estimate.h"
#include "estimate/lanes.h"

/* math.c */
double estimate_exp(double x);
double estimate_log(double x);    /* -infinity for 0 and below */
double estimate_lgamma(double x); /* x > 0 */
double estimate_normal_below(double z);
double estimate_normal_quantile(double p);
double estimate_student_quantile(double p, double freedom); /* 0.5 < p < 1 */
double estimate_above_chi2_1(double x);                     /* one degree of freedom */
void estimate_sort(double *x, size_t n);
double estimate_quantile(const double *sorted, size_t n, double p); /* R's type 7 */

/* chance.c: one stream of random numbers; the same for the same four values of init, wherever it runs. */
struct estimate_chance {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t out[4];
    unsigned left;
    bool has_normal;
    double normal;
};
enum { ESTIMATE_FOR_CHAIN = 1, ESTIMATE_FOR_BOOTSTRAP, ESTIMATE_FOR_GIBBS, ESTIMATE_FOR_SWAPS, ESTIMATE_FOR_UNSEEN };
void estimate_chance_init(struct estimate_chance *c, uint64_t seed, uint64_t table_key, uint32_t purpose,
    uint32_t index);
uint64_t estimate_bits(struct estimate_chance *c);
double estimate_uniform(struct estimate_chance *c); /* strictly between 0 and 1 */
double estimate_normal(struct estimate_chance *c);
double estimate_log_gamma_variate(struct estimate_chance *c, double shape); /* scale 1 */
double estimate_poisson(struct estimate_chance *c, double mean);
double estimate_binomial(struct estimate_chance *c, double n, double p);

/* closed.c */
#define ESTIMATE_NORMAL_975 1.95996398454005423552
/* estimate_limits: the log-normal limits of Burnham and others 1987 on those not seen, for v->n and v->se. */
void estimate_limits(struct estimate_value *v, double observed);

/* fit.c: Poisson regression on the cells of ${used} (others are no data), terms as in the model. */
struct estimate_cells_fit {
    double mean[ESTIMATE_CELLS_MAX]; /* of every cell, used or not */
    double variance0;                /* of the intercept */
    double log_likelihood;           /* without the terms of the counts alone */
    bool converged;
    unsigned steps;
};
struct estimate_cells_data {
    unsigned lists;
    const double *counts;
    const bool *used;
};
void estimate_cells_fit(const struct estimate_cells_data *d, const struct estimate_model *m,
    struct estimate_cells_fit *ret);

/* exists.c: is there a maximum of the likelihood?  By linear programming where zero counts leave it open. */
bool estimate_mle_exists(const struct estimate_cells_data *d, const struct estimate_model *m);

/* models.c */
void estimate_model_independence(unsigned lists, struct estimate_model *ret);
bool estimate_model_add(struct estimate_model *m, uint16_t term); /* false: full; present already is fine */

/* graphs.c: the decomposable graphs; how often each set of lists stands above the line less how often below. */
struct estimate_graph {
    uint32_t edges; /* bit of the pair (a, b), a < b, in lexical order */
    int8_t times[1 << ESTIMATE_GRAPHS_LISTS_MAX];
};
int estimate_graphs(unsigned lists, struct estimate_graph **ret, size_t *ret_count, struct err *e);

#endif
