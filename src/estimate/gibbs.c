#include "estimate/estimate_internal.h"

#include <math.h>

/* The full conditionals of Manrique-Vallier 2016, one after the other, nothing integrated out but what is said. */
struct gibbs {
    const struct estimate_table *t;
    unsigned classes;
    double a, b, alpha, observed, unseen, bound;
    double lambda[ESTIMATE_LISTS_MAX][ESTIMATE_CLASSES_MAX], weight[ESTIMATE_CLASSES_MAX];
    double members[ESTIMATE_CLASSES_MAX], on[ESTIMATE_LISTS_MAX][ESTIMATE_CLASSES_MAX];
    struct estimate_chance chance;
};

static double cell_weights(const struct gibbs *g, size_t cell, double *to)
{
    double sum = 0;
    for (unsigned k = 0; k < g->classes; k++) {
        to[k] = g->weight[k];
        for (unsigned j = 0; j < g->t->lists; j++)
            to[k] *= (cell >> j & 1) != 0 ? g->lambda[j][k] : 1 - g->lambda[j][k];
        sum += to[k];
    }
    return sum;
}

static void share_out(struct gibbs *g, size_t cell, double persons)
{
    double weight[ESTIMATE_CLASSES_MAX], left = cell_weights(g, cell, weight);
    for (unsigned k = 0; k < g->classes && persons > 0; k++) {
        double p = k + 1 == g->classes || weight[k] >= left ? 1 : weight[k] / left;
        double n = p >= 1 ? persons : estimate_binomial(&g->chance, persons, p);
        g->members[k] += n;
        for (unsigned j = 0; j < g->t->lists; j++)
            g->on[j][k] += (cell >> j & 1) != 0 ? n : 0;
        persons -= n;
        left -= weight[k];
    }
}

static void draw_unseen(struct gibbs *g)
{
    double weight[ESTIMATE_CLASSES_MAX], share = cell_weights(g, 0, weight), drawn;
    do {
        double rate = estimate_exp(estimate_log_gamma_variate(&g->chance, g->observed)) * share / (1 - share);
        drawn = estimate_poisson(&g->chance, rate);
    } while (g->bound > 0 && drawn > g->bound * g->observed);
    g->unseen = drawn;
}

static double draw_beta(struct gibbs *g, double a, double b)
{
    double x = estimate_log_gamma_variate(&g->chance, a), y = estimate_log_gamma_variate(&g->chance, b);
    return 1 / (1 + estimate_exp(y - x));
}

static void draw_weights(struct gibbs *g)
{
    double behind = g->observed + g->unseen, left = 1, sum_log = 0;
    for (unsigned k = 0; k + 1 < g->classes; k++) {
        behind -= g->members[k];
        /* In logarithms: a stick next to one must not become one. */
        double x = estimate_log_gamma_variate(&g->chance, 1 + g->members[k]);
        double y = estimate_log_gamma_variate(&g->chance, g->alpha + behind);
        double rest = 1 / (1 + estimate_exp(x - y));
        sum_log += rest > 1e-300 ? estimate_log(rest) : y - x;
        g->weight[k] = left * (1 - rest);
        left *= rest;
    }
    g->weight[g->classes - 1] = left;
    double log_alpha = estimate_log_gamma_variate(&g->chance, g->a + g->classes - 1) - estimate_log(g->b - sum_log);
    g->alpha = estimate_exp(log_alpha > -600 ? log_alpha : -600);
}

static void sweep(struct gibbs *g)
{
    memset(g->members, 0, sizeof g->members);
    memset(g->on, 0, sizeof g->on);
    draw_unseen(g);
    for (size_t cell = 1; cell < estimate_cells(g->t); cell++)
        if (g->t->cells[cell] > 0)
            share_out(g, cell, (double)g->t->cells[cell]);
    share_out(g, 0, g->unseen);
    for (unsigned j = 0; j < g->t->lists; j++)
        for (unsigned k = 0; k < g->classes; k++)
            g->lambda[j][k] = draw_beta(g, 1 + g->on[j][k], 1 + g->members[k] - g->on[j][k]);
    draw_weights(g);
}

int estimate_gibbs(const struct estimate_table *t, const struct estimate_latent_options *o, size_t draws,
                   struct estimate_latent *ret, struct err *e)
{
    enum { CHAINS = 4 };
    OWN(mem_drop) double *all = calloc(CHAINS * draws, sizeof *all);
    if (all == NULL)
        return err_memory(e);
    for (uint32_t c = 0; c < CHAINS; c++) {
        struct gibbs g = {.t = t, .classes = o->classes, .a = o->a, .b = o->b, .alpha = 0.5, .bound = o->bound};
        g.observed = (double)estimate_observed(t);
        estimate_chance_init(&g.chance, o->seed, t->key, ESTIMATE_FOR_GIBBS, c);
        double left = 1;
        for (unsigned k = 0; k < g.classes; k++) {
            /* A few large classes: from even ones the way is long. */
            g.weight[k] = k + 1 < g.classes ? left * 0.6 : left;
            left -= g.weight[k];
            for (unsigned j = 0; j < t->lists; j++)
                g.lambda[j][k] = 0.1 + 0.8 * estimate_uniform(&g.chance);
        }
        for (size_t i = 0; i < draws + draws / 4; i++) {
            sweep(&g);
            if (i >= draws / 4)
                all[c * draws + i - draws / 4] = estimate_log(g.observed + g.unseen);
        }
    }
    struct estimate_latent r = {.chains = CHAINS, .draws = draws};
    int rc = estimate_diagnose(all, CHAINS, draws, &r.gates, e);
    if (rc != 0)
        return rc;
    estimate_sort(all, CHAINS * draws);
    r.value.n = estimate_exp(estimate_quantile(all, CHAINS * draws, 0.5));
    r.value.low = estimate_exp(estimate_quantile(all, CHAINS * draws, 0.025));
    r.value.high = estimate_exp(estimate_quantile(all, CHAINS * draws, 0.975));
    *ret = r;
    return 0;
}
