/*
 * Estimates of how many, from overlapping lists: numbers in, numbers out.
 *
 * This room knows no files, no SQL and no names of people.  A table holds how many persons were on which lists; each
 * method returns an estimate of all, those on no list included, or the reason why there is none.  A reason is a code
 * with arguments; the sentence is made by whoever speaks to people.
 *
 * Every result is a function of table, options and seed alone: the arithmetic has a fixed order, no libm function is
 * used, chance is counter-based and keyed by (seed, table, purpose, index), and threads share nothing but their queue.
 */
#ifndef ESTIMATE_ESTIMATE_H
#define ESTIMATE_ESTIMATE_H

#include "base/err.h"
#include "base/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ESTIMATE_LISTS_MAX = 10,
    ESTIMATE_CELLS_MAX = 1 << ESTIMATE_LISTS_MAX,
    ESTIMATE_TERMS_MAX = 1 + ESTIMATE_LISTS_MAX + ESTIMATE_LISTS_MAX * (ESTIMATE_LISTS_MAX - 1) / 2,
    ESTIMATE_ALL_MODELS_LISTS_MAX = 5, /* up to here all hierarchical models are fitted */
    ESTIMATE_GRAPHS_LISTS_MAX = 6,
};
#define ESTIMATE_COUNT_MAX ((uint64_t)1 << 31)

/* Capture histories.  Bit j of a cell's index: the person is on list j.  cells[0], on no list, is what is asked. */
struct estimate_table {
    unsigned lists;
    uint64_t cells[ESTIMATE_CELLS_MAX];
    uint64_t key; /* of the table's content; keys the chance */
};
static inline size_t estimate_cells(const struct estimate_table *t)
{
    return (size_t)1 << t->lists;
}
uint64_t estimate_observed(const struct estimate_table *t);
uint64_t estimate_on_list(const struct estimate_table *t, unsigned list);
uint64_t estimate_on_both(const struct estimate_table *t, unsigned list, unsigned other);
uint64_t estimate_recaptured(const struct estimate_table *t); /* persons on two lists or more */
/* estimate_without(t, list, ret): the same persons as the other lists alone saw them. */
void estimate_without(const struct estimate_table *t, unsigned list, struct estimate_table *ret);

/* Why a number is not given, or given with a warning. */
enum estimate_code {
    ESTIMATE_FINE,
    ESTIMATE_TOO_FEW_LISTS,        /* fewer than 2 lists */
    ESTIMATE_TWO_LISTS_ONLY,       /* this method needs 3 lists or more */
    ESTIMATE_TOO_MANY_LISTS,       /* this method takes fewer lists */
    ESTIMATE_NOT_TWO_LISTS,        /* this method takes exactly two */
    ESTIMATE_COUNT_TOO_LARGE,      /* a count or their sum above ESTIMATE_COUNT_MAX */
    ESTIMATE_NOBODY,               /* all counts are zero */
    ESTIMATE_LIST_EMPTY,           /* list: nobody is on it */
    ESTIMATE_LIST_ALONE,           /* list: it shares nobody with any other */
    ESTIMATE_TOO_FEW_PERSONS,      /* fewer than 10 documented */
    ESTIMATE_NO_RECAPTURE,         /* nobody on two lists */
    ESTIMATE_FEW_PERSONS,          /* warning: fewer than 30 documented */
    ESTIMATE_FEW_RECAPTURES,       /* warning: fewer than 5 on two lists */
    ESTIMATE_NO_MLE,               /* the model has no estimate by maximum likelihood */
    ESTIMATE_NO_MODEL,             /* none of the models has */
    ESTIMATE_NOT_CONVERGED,        /* the numerical search did not end */
    ESTIMATE_RHAT,                 /* the chains do not agree */
    ESTIMATE_ESS_BULK,             /* too few effective samples */
    ESTIMATE_ESS_TAIL,             /* too few in the tails */
    ESTIMATE_MODES,                /* chains stay in different modes */
    ESTIMATE_AT_BOUND,             /* the bound on N shapes the answer */
    ESTIMATE_FEW_REPLICATES,       /* warning: fewer than 10 imputed replicates */
    ESTIMATE_ONE_REPLICATE,        /* imputation needs more than one */
    ESTIMATE_NOT_PERSONS,          /* the counts are not of persons */
    ESTIMATE_OPEN_POPULATION,      /* people came and went between the lists */
    ESTIMATE_LINKAGE_UNDECLARED,   /* warning: nobody says how the lists were linked */
    ESTIMATE_ASSUMES_INDEPENDENCE, /* warning: two lists; the number stands on their independence */
    ESTIMATE_LISTS_SAME,           /* list, other: the same persons are on both */
    ESTIMATE_LISTS_AVOID,          /* list, other: they share fewer than chance gives; Chao's is then no lower bound */
    ESTIMATE_MAY_DIFFER,           /* bounds: that persons differ in how easily they are seen is not excluded */
    ESTIMATE_BELOW_OTHERS,         /* bounds: the upper limit lies below what another method found */
    ESTIMATE_CODES,
};
/* estimate_code_name(code): its stable name for result files: "list-alone". */
const char *estimate_code_name(enum estimate_code code);
bool estimate_code_refuses(enum estimate_code code); /* false: a warning */
bool estimate_code_bounds(enum estimate_code code);  /* the number is a lower bound */

struct estimate_reason {
    enum estimate_code code;
    unsigned list;  /* for the codes that name one */
    double value;   /* what was measured, where something was */
    unsigned other; /* for the codes that name two */
};
enum { ESTIMATE_REASONS_MAX = 32 };
struct estimate_reasons {
    size_t count;
    struct estimate_reason reason[ESTIMATE_REASONS_MAX];
};
void estimate_reason_add(struct estimate_reasons *to, enum estimate_code code, unsigned list, double value);
void estimate_reason_add_pair(struct estimate_reasons *to, enum estimate_code code, unsigned list, unsigned other,
                              double value);
/* estimate_refused(r): the first that refuses, or NULL. */
const struct estimate_reason *estimate_refused(const struct estimate_reasons *r);
/* estimate_check(t, ret): everything that forbids or qualifies an estimate from this table, before any fit. */
void estimate_check(const struct estimate_table *t, struct estimate_reasons *ret);

/* An estimate of all persons with its 95 % limits; the lower one is never below those documented. */
struct estimate_value {
    double n, se, low, high;
};

/* Two lists: Chapman 1951, variance Seber 1970, log-normal limits.  ESTIMATE_FINE, or ESTIMATE_NOT_TWO_LISTS. */
enum estimate_code estimate_chapman(const struct estimate_table *t, struct estimate_value *ret);
/*
 * Chao's lower bound from those seen once and twice: with lists taken as alike (Mh; the closed form of Chao 1987 with
 * the correction for few lists), or each with its own reach (Mth, by a log-linear fit of the cells of one and two
 * lists). ESTIMATE_FINE, ESTIMATE_NO_RECAPTURE, ESTIMATE_TWO_LISTS_ONLY, ESTIMATE_NO_MLE.
 */
enum estimate_code estimate_chao(const struct estimate_table *t, bool lists_alike, struct estimate_value *ret);

/*
 * A hierarchical log-linear model: the terms it holds, as sets of lists.  The empty set stands first.  With differ, one
 * more: persons differ in how easily they are seen, on all lists alike (Darroch and others 1993), which is one
 * parameter that all pairs of lists have in common.
 */
struct estimate_model {
    bool differ;
    unsigned count;
    uint16_t term[ESTIMATE_TERMS_MAX];
};
enum { ESTIMATE_MODEL_NAME_MAX = 256 };
/* "[123,14,34]": the largest terms, lists numbered from 1 (the tenth is 0). */
void estimate_model_name(const struct estimate_model *m, unsigned lists, char to[ESTIMATE_MODEL_NAME_MAX]);
/* estimate_model_parse: a name in any order.  False when it is none, names too many terms or the term of all lists. */
bool estimate_model_parse(const char *name, unsigned lists, struct estimate_model *ret);

struct estimate_fit {
    enum estimate_code code; /* ESTIMATE_FINE, ESTIMATE_NO_MLE, ESTIMATE_NOT_CONVERGED; what follows holds for FINE */
    struct estimate_model model;
    struct estimate_value value; /* limits: log-normal on those not seen */
    double deviance, aic, bic;
    unsigned freedom;
};
/* Maximum likelihood under Poisson cells.  BIC counts the persons observed (as Rcapture does). */
void estimate_fit(const struct estimate_table *t, const struct estimate_model *m, struct estimate_fit *ret);
/* estimate_profile: 95 % limits of N by the multinomial profile likelihood (Cormack 1992).  False: no limit found. */
bool estimate_profile(const struct estimate_table *t, const struct estimate_model *m, double *ret_low,
                      double *ret_high);

/*
 * All hierarchical models without the term of all lists: 8, 113, 6,893 for 3, 4, 5 lists.  From 6 lists on: those that
 * a forward search by BIC over pairs visits.  Averages weigh models by exp(-IC/2); their limits are quantiles of the
 * mixture of the models' log-normal distributions, so that the doubt between models is in them.
 */
struct estimate_loglinear {
    enum estimate_code code; /* ESTIMATE_FINE, ESTIMATE_NO_MODEL, ESTIMATE_TWO_LISTS_ONLY */
    bool all;                /* every hierarchical model was tried */
    size_t tried, fitted, no_mle;
    struct estimate_fit *fits; /* those fitted, lowest BIC first; on the heap */
    size_t best_aic;           /* index */
    struct estimate_value by_aic, by_bic;
    double profile_low, profile_high; /* of the lowest BIC; 0 when none was found */
    double spread_low, spread_high;   /* lowest and highest N of models within 10 of the lowest BIC or AIC */
};
int estimate_loglinear(const struct estimate_table *t, struct estimate_loglinear *ret, struct err *e);
void estimate_loglinear_drop(struct estimate_loglinear *l);
/* estimate_models(lists, ret, ret_count, e): the models by themselves, on the heap.  ${lists} 3 to 5. */
int estimate_models(unsigned lists, struct estimate_model **ret, size_t *ret_count, struct err *e);

/*
 * Do persons differ in how easily they are seen?  All sets of pairs of lists as models (from 6 lists on: those that a
 * forward search by BIC visits), without and with one parameter more for that.
 */
struct estimate_differ {
    enum estimate_code code; /* ESTIMATE_FINE; ESTIMATE_NO_MODEL: no model of one kind has an estimate */
    double weight;           /* of those with it, each exp(-BIC/2), against the best without, which weighs 1 */
    double n;                /* their weighted mean */
};
int estimate_differ(const struct estimate_table *t, struct estimate_differ *ret, struct err *e);

/*
 * Of those who are on a list besides the two: the two that share fewest of them, in standard errors of the logarithm of
 * the odds ratio.  Persons who differ in how easily they are seen make it positive; lists that avoid each other, or
 * persons that only one of them can see, negative.  From 3 lists on.
 */
struct estimate_avoid {
    unsigned list, other;
    double z;
};
#define ESTIMATE_AVOID_Z (-4.0)
void estimate_avoid(const struct estimate_table *t, struct estimate_avoid *ret);

/*
 * The gates that call an estimate a lower bound.  What they go by is of the table alone, whatever else was asked:
 * that persons differ is not excluded, or the upper limit lies below what Chao's bound or log-linear models found.
 */
#define ESTIMATE_DIFFER_WEIGHT 0.05
struct estimate_signs {
    struct estimate_differ differ;
    struct estimate_avoid avoid;
    bool has_chao, has_loglinear;          /* has_chao: and no lists avoid each other */
    struct estimate_value chao, loglinear; /* averaged by BIC */
};
/* estimate_bound_chao(signs, to): ESTIMATE_LISTS_AVOID, where Chao's number is none. */
void estimate_bound_chao(const struct estimate_signs *signs, struct estimate_reasons *to);
/* estimate_bound(v, signs, to): each gate that holds is added to the reasons of ${v}. */
void estimate_bound(const struct estimate_value *v, const struct estimate_signs *signs, struct estimate_reasons *to);
/* estimate_bounded(r): whether one of the reasons makes it a lower bound. */
bool estimate_bounded(const struct estimate_reasons *r);

/* Which instructions the long loops use.  The results are the same bits. */
enum estimate_path { ESTIMATE_PATH_PLAIN, ESTIMATE_PATH_AVX2, ESTIMATE_PATH_AVX512 };
bool estimate_path_works(enum estimate_path path); /* on this machine */
enum estimate_path estimate_path_best(void);

enum { ESTIMATE_CURVE = 121, ESTIMATE_TOP_GRAPHS = 5, ESTIMATE_GRID_MAX = 1 << 20 };

/*
 * Averages over all decomposable graphs of 3 to 6 lists (8, 61, 822, 18,154) and over N from those observed to
 * (1 + bound) times as many, with hyper-Dirichlet cells of weight 2^-lists, a uniform prior on graphs and 1/N on N
 * (Madigan and York 1997, as the R package dga has it).  Above ESTIMATE_GRID_MAX points the grid is thinned evenly.
 */
struct estimate_dga_options {
    double bound; /* 30 is usual */
    enum estimate_path path;
};
struct estimate_dga {
    enum estimate_code code; /* ESTIMATE_FINE, ESTIMATE_TWO_LISTS_ONLY, ESTIMATE_TOO_MANY_LISTS */
    size_t graphs;
    double unseen_max;
    struct estimate_value value; /* n is the median */
    double mean;
    double at_bound; /* posterior mass in the last 5 % of the grid */
    double curve_n[ESTIMATE_CURVE], curve_p[ESTIMATE_CURVE];
    size_t top_count;
    uint32_t top_edges[ESTIMATE_TOP_GRAPHS]; /* for estimate_graph_name */
    double top_weight[ESTIMATE_TOP_GRAPHS];
};
int estimate_dga(const struct estimate_table *t, const struct estimate_dga_options *o, struct estimate_dga *ret,
                 struct err *e);
/* estimate_graph_name: "[123,14,34]" by its cliques. */
void estimate_graph_name(uint32_t edges, unsigned lists, char to[ESTIMATE_MODEL_NAME_MAX]);

enum { ESTIMATE_THREADS_MAX = 64, ESTIMATE_CHAINS_MAX = 8 };
/* work(with, index) for each index below ${jobs}, on at most ${threads} threads; returns when all are done. */
void estimate_pool_run(unsigned threads, size_t jobs, void (*work)(void *with, size_t index), void *with);

/* Whether chains may be believed (Vehtari and others 2021), for log N. */
struct estimate_gates {
    double rhat; /* rank-normalised, split; the larger of location and spread */
    double ess_bulk, ess_tail;
};

/*
 * Latent classes: LCMCR's model (Manrique-Vallier 2016) by Hamiltonian Monte Carlo on the posterior from which classes,
 * N and alpha are integrated out; tempered where plain chains do not agree.  Four chains from scattered starts.
 */
enum { ESTIMATE_MODES_MAX = 6, ESTIMATE_CLASSES_MOST = 12 };
struct estimate_latent_options {
    unsigned classes; /* 2 to ESTIMATE_CLASSES_MOST; 10 is usual */
    double a, b;      /* alpha ~ Gamma(a, b); 0.25 is usual */
    double bound;     /* N at most (1 + bound) times those observed; 0: none; LCMCR has 20, without saying so */
    double ess;       /* effective samples wanted in bulk; at least 400 */
    bool tempered;    /* at once */
    uint64_t seed;
    unsigned threads;
    enum estimate_path path;
    void (*progress)(void *with, double work); /* from any thread; NULL */
    void *progress_with;
};
struct estimate_latent {
    struct estimate_reasons reasons; /* gates not passed; the numbers below are there all the same */
    struct estimate_gates gates;
    bool tempered;
    size_t chains, draws;        /* of each chain */
    struct estimate_value value; /* n is the median */
    double mean, at_bound;
    double chain_median[ESTIMATE_CHAINS_MAX];
    unsigned modes;
    double mode_n[ESTIMATE_MODES_MAX], mode_share[ESTIMATE_MODES_MAX];
    double curve_n[ESTIMATE_CURVE], curve_p[ESTIMATE_CURVE];
};
int estimate_latent(const struct estimate_table *t, const struct estimate_latent_options *o,
                    struct estimate_latent *ret, struct err *e);
/* The same model by Gibbs sampling: slow, written apart, and kept to hold the other against.  Medians and limits only.
 */
int estimate_gibbs(const struct estimate_table *t, const struct estimate_latent_options *o, size_t draws,
                   struct estimate_latent *ret, struct err *e);

/*
 * Forward selection of pairs among log-linear models (Chan, Silverman and Vincent 2021): the pair of the smallest p of
 * the likelihood ratio joins while p < threshold and a maximum exists.  A pair that shares nobody may join with its
 * term at minus infinity: its cells are then no data.
 */
struct estimate_stepwise {
    enum estimate_code code; /* ESTIMATE_FINE, ESTIMATE_NO_MLE, ESTIMATE_NOT_CONVERGED, ESTIMATE_TWO_LISTS_ONLY */
    struct estimate_model model;
    struct estimate_value value;
};
#define ESTIMATE_STEPWISE_P 0.02
void estimate_stepwise(const struct estimate_table *t, double threshold, struct estimate_stepwise *ret);

/* The selection as a whole is repeated on resampled persons: percentile limits and BCa limits (Efron 1987). */
struct estimate_bootstrap_options {
    unsigned samples;
    double threshold;
    uint64_t seed;
    unsigned threads;
    void (*progress)(void *with, double work);
    void *progress_with;
};
struct estimate_bootstrap {
    struct estimate_stepwise chosen; /* on the table itself; its limits are BCa */
    double percentile_low, percentile_high;
    unsigned samples, failed; /* failed: no estimate; counted as larger than all others */
    unsigned same;            /* samples on which the same model was chosen */
};
int estimate_bootstrap(const struct estimate_table *t, const struct estimate_bootstrap_options *o,
                       struct estimate_bootstrap *ret, struct err *e);

/*
 * Rubin's rules on the log of those not seen, over imputed replicates: m estimates with their standard errors and
 * numbers observed.  Degrees of freedom are Rubin's 1987, (m - 1)(1 + m W / ((m + 1) B))^2.
 */
struct estimate_replicate {
    double n, se, observed;
};
struct estimate_combined {
    struct estimate_reasons reasons; /* ESTIMATE_ONE_REPLICATE refuses; ESTIMATE_FEW_REPLICATES warns */
    struct estimate_value value;
    double observed_mean, observed_low, observed_high; /* imputed: the mean, and its range over replicates */
    double within, between, freedom;
};
void estimate_combine(const struct estimate_replicate *r, size_t count, struct estimate_combined *ret);

/* ---- Published figures, which are not estimates of ours ---------------------------------------------------------- */

enum { ESTIMATE_CLAIMS_MAX = 1000 };
struct estimate_claim {
    const char *id, *quantity, *kind, *date, *scope, *meaning; /* compared as text; borrowed */
    const char *derived_from;                                  /* id of another claim, or "" */
    double low, high;
    bool has_point;
    double point;
};
/* A group of claims of the same quantity, kind, date and scope. */
struct estimate_group {
    size_t first; /* a claim of the group, for its words */
    size_t claims;
    size_t independent; /* after those derived from others of the group are counted with them */
    double envelope_low, envelope_high;
    bool disjoint;
    double common_low, common_high; /* where they all agree, unless disjoint */
};
/*
 * estimate_reconcile(claims, count, group_of, groups, ret_count, e):
 * Put each claim into its group.  ${group_of} and ${groups}: ${count} of each, the caller's.
 * Errors: ERR_DAMAGED: a low above its high, an id twice, derived_from of an unknown claim, or in a circle.
 */
int estimate_reconcile(const struct estimate_claim *claims, size_t count, size_t *group_of,
                       struct estimate_group *groups, size_t *ret_count, struct err *e);

#endif
