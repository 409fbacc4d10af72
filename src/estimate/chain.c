#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

enum {
    ANNEALING = 150, /* flights, from nearly the prior to the full likelihood */
    SETTLING = 150,  /* at the full likelihood, before scales are measured */
    WINDOWS = 3,     /* of measuring, each twice as long as the one before */
    WINDOW = 150,
    LAST_STEP_SIZE = 150, /* flights for the step size alone */
};
#define ACCEPTANCE 0.85
#define STEP_LEAST 0.25 /* of the step size learnt: short steps get a chain out of where the learnt ones are too long  \
                         */
#define STEP_MOST  1.1

/* Dual averaging of the step size (Hoffman and Gelman 2014). */
static void step_size_begin(struct estimate_rung *r)
{
    r->adapt_centre = estimate_log(10 * r->flight.step);
    r->adapt_error = r->adapt_mean = 0;
    r->adapt_count = 0;
}

static void step_size_learn(struct estimate_rung *r, double accepted)
{
    double m = ++r->adapt_count;
    r->adapt_error += (ACCEPTANCE - accepted - r->adapt_error) / (m + 10);
    double now = r->adapt_centre - sqrt(m) / 0.05 * r->adapt_error;
    double weight = estimate_exp(-0.75 * estimate_log(m));
    r->adapt_mean = weight * now + (1 - weight) * r->adapt_mean;
    r->flight.step = estimate_exp(now);
}

static void step_size_end(struct estimate_rung *r)
{
    r->flight.step = estimate_exp(r->adapt_mean);
}

static bool is_live(const struct estimate_posterior *p, unsigned d)
{
    unsigned k = d % ESTIMATE_CLASSES_MAX;
    return d < p->lists * ESTIMATE_CLASSES_MAX ? k < p->classes : k + 1 < p->classes;
}

static double energy(const struct estimate_flight *f, unsigned dimensions)
{
    double kinetic = 0;
    for (unsigned d = 0; d < dimensions; d++)
        kinetic += f->scale[d] * f->momentum[d] * f->momentum[d];
    return kinetic / 2 - f->beta * f->height.likelihood - f->height.prior;
}

/* N given the rest: negative binomial, as a Poisson number with a gamma mean. */
static double draw_unseen(struct estimate_rung *r, const struct estimate_posterior *p, double share)
{
    double rate = estimate_exp(estimate_log_gamma_variate(&r->unseen_chance, p->observed)) * share / (1 - share);
    return estimate_poisson(&r->unseen_chance, rate);
}

/* Another draw that the bound admits; the last one where none comes. */
double estimate_rung_unseen(struct estimate_rung *r, const struct estimate_posterior *p)
{
    double drawn = draw_unseen(r, p, r->flight.height.unseen_share);
    if (drawn <= r->unseen_max)
        r->unseen = drawn;
    return r->unseen;
}

static bool bound_admits(struct estimate_rung *r, const struct estimate_posterior *p)
{
    if (isinf(r->unseen_max) || r->flight.beta < 1)
        return true;
    double drawn = draw_unseen(r, p, r->flight.height.unseen_share);
    if (drawn > r->unseen_max)
        return false;
    r->unseen = drawn;
    return true;
}

double estimate_rung_move(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path)
{
    unsigned dimensions = (p->lists + 1) * ESTIMATE_CLASSES_MAX;
    struct estimate_flight *f = &r->flight;
    for (unsigned d = 0; d < dimensions; d++)
        f->momentum[d] = r->live[d] ? estimate_normal(&r->chance) * r->unscale[d] : 0;
    double before = energy(f, dimensions);
    memcpy(r->kept_position, f->position, dimensions * sizeof *f->position);
    memcpy(r->kept_gradient, f->gradient, dimensions * sizeof *f->gradient);
    struct estimate_height kept = f->height;
    f->steps = 1 + (unsigned)(estimate_uniform(&r->chance) * (2 * r->steps_mean - 1));
    double learnt = f->step;
    f->step *= STEP_LEAST + (STEP_MOST - STEP_LEAST) * estimate_uniform(&r->chance);
    estimate_posterior_fly(path, p, f);
    f->step = learnt;
    double change = before - energy(f, dimensions);
    double accepted = !(change < 0) && isfinite(change) ? 1 : isfinite(change) ? estimate_exp(change) : 0;
    if (estimate_uniform(&r->chance) < accepted && bound_admits(r, p))
        return accepted;
    memcpy(f->position, r->kept_position, dimensions * sizeof *f->position);
    memcpy(f->gradient, r->kept_gradient, dimensions * sizeof *f->gradient);
    f->height = kept;
    return accepted;
}

void estimate_rung_evaluate(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path)
{
    r->flight.steps = 0;
    estimate_posterior_fly(path, p, &r->flight);
}

void estimate_rung_begin(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path)
{
    for (unsigned d = 0; d < (p->lists + 1) * ESTIMATE_CLASSES_MAX; d++) {
        r->live[d] = is_live(p, d);
        r->flight.scale[d] = r->unscale[d] = 1;
        r->flight.position[d] = 0;
        if (!r->live[d])
            continue;
        /* Probabilities from their prior, sticks around even breaking, both spread wide. */
        double u = estimate_uniform(&r->chance);
        r->flight.position[d] =
            d < p->lists * ESTIMATE_CLASSES_MAX ? estimate_log(u / (1 - u)) : 1.5 * estimate_normal(&r->chance);
    }
    r->flight.step = 0.1;
    r->flight.beta = 1;
    r->unseen = isinf(r->unseen_max) ? 0 : r->unseen_max;
    estimate_rung_evaluate(r, p, path);
}

static void learn_flights(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path,
                          int flights)
{
    step_size_begin(r);
    for (int i = 0; i < flights; i++)
        step_size_learn(r, estimate_rung_move(r, p, path));
    step_size_end(r);
}

/* Variances along the way become the scales, drawn towards one where there is little to go by. */
static void learn_scales(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path,
                         int flights)
{
    unsigned dimensions = (p->lists + 1) * ESTIMATE_CLASSES_MAX;
    double mean[ESTIMATE_DIMENSIONS_MAX] = {0}, square[ESTIMATE_DIMENSIONS_MAX] = {0};
    step_size_begin(r);
    for (int i = 0; i < flights; i++) {
        step_size_learn(r, estimate_rung_move(r, p, path));
        for (unsigned d = 0; d < dimensions; d++) {
            double away = r->flight.position[d] - mean[d];
            mean[d] += away / (i + 1);
            square[d] += away * (r->flight.position[d] - mean[d]);
        }
    }
    step_size_end(r);
    for (unsigned d = 0; d < dimensions; d++)
        if (r->live[d]) {
            double weight = flights / (flights + 20.0);
            r->flight.scale[d] = weight * square[d] / (flights - 1) + (1 - weight) * 1;
            r->unscale[d] = 1 / sqrt(r->flight.scale[d]);
        }
}

void estimate_rung_learn(struct estimate_rung *r, const struct estimate_posterior *p, double beta,
                         enum estimate_path path)
{
    step_size_begin(r);
    for (int i = 0; i < ANNEALING; i++) {
        double cold = (double)i / ANNEALING;
        r->flight.beta = beta * (0.01 + 0.99 * cold * cold);
        estimate_rung_evaluate(r, p, path);
        step_size_learn(r, estimate_rung_move(r, p, path));
    }
    r->flight.beta = beta;
    estimate_rung_evaluate(r, p, path);
    step_size_end(r);
    learn_flights(r, p, path, SETTLING);
    for (int i = 0; i < WINDOWS; i++)
        learn_scales(r, p, path, WINDOW << i);
    learn_flights(r, p, path, LAST_STEP_SIZE);
}
