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

enum { ESTIMATE_COLUMNS_MAX = ESTIMATE_TERMS_MAX + 1 };
static inline unsigned estimate_columns(const struct estimate_model *m)
{
    return m->count + m->differ;
}

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

/* diagnose.c: ${draws} of ${chains} chains of ${n} each, one chain behind the other. */
int estimate_diagnose(const double *draws, size_t chains, size_t n, struct estimate_gates *ret, struct err *e);

/* posterior.c: the latent-class model with classes, N and alpha integrated out, as a landscape to move in. */
enum { ESTIMATE_CLASSES_MAX = 12, ESTIMATE_DIMENSIONS_MAX = (ESTIMATE_LISTS_MAX + 1) * ESTIMATE_CLASSES_MAX };
struct estimate_posterior {
    unsigned lists, classes, nodes; /* node 0: the empty cell */
    double a, b, observed;
    uint16_t parent[ESTIMATE_CELLS_MAX], list[ESTIMATE_CELLS_MAX];
    double count[ESTIMATE_CELLS_MAX];
    double live[ESTIMATE_CLASSES_MAX], live_stick[ESTIMATE_CLASSES_MAX]; /* 1, or 0 for lanes that are padding */
};
void estimate_posterior_init(struct estimate_posterior *p, const struct estimate_table *t, unsigned classes, double a,
                             double b);

struct estimate_height {
    double likelihood, prior; /* logarithms, without constants */
    double unseen_share;      /* probability of the empty cell */
};
struct estimate_work { /* room for one evaluation */
    double odds[ESTIMATE_LISTS_MAX][ESTIMATE_CLASSES_MAX];
    double lambda[ESTIMATE_LISTS_MAX][ESTIMATE_CLASSES_MAX];
    double q[ESTIMATE_CELLS_MAX][ESTIMATE_CLASSES_MAX];
    double above[ESTIMATE_CELLS_MAX][ESTIMATE_CLASSES_MAX];
    double p[ESTIMATE_CELLS_MAX], ratio[ESTIMATE_CELLS_MAX];
    double list_sum[ESTIMATE_LISTS_MAX][ESTIMATE_CLASSES_MAX];
};

/* Positions: theta of list j and class k at j * CLASSES_MAX + k, then y of stick k; padding stays zero. */
struct estimate_flight {
    double position[ESTIMATE_DIMENSIONS_MAX], momentum[ESTIMATE_DIMENSIONS_MAX];
    double gradient[ESTIMATE_DIMENSIONS_MAX]; /* of beta * likelihood + prior, at the position */
    double scale[ESTIMATE_DIMENSIONS_MAX];    /* inverse mass */
    double step, beta;
    unsigned steps; /* 0: only evaluate */
    struct estimate_height height;
    struct estimate_work *work; /* the caller's */
};
void estimate_posterior_fly(enum estimate_path path, const struct estimate_posterior *p, struct estimate_flight *f);

/* chain.c: Hamiltonian Monte Carlo at one temperature. */
struct estimate_rung {
    struct estimate_flight flight;
    bool live[ESTIMATE_DIMENSIONS_MAX];
    double unscale[ESTIMATE_DIMENSIONS_MAX]; /* 1 / sqrt(scale) */
    double kept_position[ESTIMATE_DIMENSIONS_MAX], kept_gradient[ESTIMATE_DIMENSIONS_MAX];
    double adapt_centre, adapt_error, adapt_mean, adapt_count;
    unsigned steps_mean;
    double unseen_max; /* a bound on the unseen; INFINITY for none */
    double unseen;     /* the last draw at beta 1 */
    struct estimate_chance chance, unseen_chance;
};
/* The chances, steps_mean, unseen_max and flight.work are set before. */
void estimate_rung_begin(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path);
/*
 * estimate_rung_learn: cool from the prior to ${beta}, then learn scales and step size there.  Short flights are enough
 * to learn from; the step size is learnt last by flights of the rung's own length.
 */
struct estimate_learning {
    double beta;
    unsigned windows; /* in which scales are measured */
    unsigned steps_mean;
};
void estimate_rung_learn(struct estimate_rung *r, const struct estimate_posterior *p,
                         const struct estimate_learning *how, enum estimate_path path);
/* estimate_rung_learn_step: the step size alone, for scales that were set. */
void estimate_rung_learn_step(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path);
void estimate_rung_evaluate(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path);
/*
 * estimate_rung_move: one flight, accepted or not; returns the probability with which it was.
 * Under a bound a flight is accepted only where a fresh draw of the unseen keeps it too: an unbiased estimate, one or
 * zero, of the factor that the bound puts on the position (Andrieu and Roberts 2009), at beta 1 alone.
 */
double estimate_rung_move(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path);
double estimate_rung_unseen(struct estimate_rung *r, const struct estimate_posterior *p); /* a draw */

#endif
