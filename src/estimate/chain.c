#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

enum {
    ANNEALING = 150, /* flights, from nearly the prior to the full likelihood */
    SETTLING = 150,  /* at the full likelihood, before scales are measured */
    WINDOW = 150,    /* of measuring; each is twice as long as the one before */
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

void estimate_rung_evaluate(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path)
{
    r->flight.steps = 0;
    estimate_posterior_fly(path, p, &r->flight);
}

/* -log(1 - v), with its digits where v is small. */
static double stick_of(double v)
{
    return v < 1e-4 ? v * (1 + v * (0.5 + v * (1.0 / 3))) : -estimate_log(1 - v);
}

/* 1 - exp(-e), likewise. */
static double stick_share(double e)
{
    return e < 1e-4 ? e * (1 - e * (0.5 - e * (1.0 / 6))) : 1 - estimate_exp(-e);
}

struct two_sticks {
    double first, second;
};

/* Classes k and k + 1 change places and keep their weights: what becomes of their sticks E. */
static struct two_sticks exchanged(struct two_sticks e)
{
    double rest = estimate_exp(-e.first), v = stick_share(e.first), u = stick_share(e.second);
    struct two_sticks to = {.first = stick_of(rest * u)};
    double second = v / (v + rest * (1 - u));
    to.second = second < 0.5 ? stick_of(second) : e.first + e.second - to.first;
    return to;
}

static void swap_classes(struct estimate_flight *f, const struct estimate_posterior *p, unsigned k)
{
    for (unsigned j = 0; j < p->lists; j++) {
        double *theta = f->position + j * ESTIMATE_CLASSES_MAX + k, was = theta[0];
        theta[0] = theta[1];
        theta[1] = was;
    }
}

/*
 * Neighbouring classes may change places, weights and all (Papaspiliopoulos and Roberts 2008): the likelihood stays,
 * and what the prior says of the sticks decides.  Of y = log E with alpha integrated out, and the volume, there is left
 * E'_k - E_k; where the last class takes part, whose stick is all that remains, the sum of the sticks changes too.
 */
static void relabel(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path)
{
    struct estimate_flight *f = &r->flight;
    double *y = f->position + p->lists * ESTIMATE_CLASSES_MAX, sum = 0;
    bool moved = false;
    for (unsigned k = 0; k + 1 < p->classes; k++) {
        bool last = k + 2 == p->classes;
        struct two_sticks e = {estimate_exp(y[k]), last ? 0 : estimate_exp(y[k + 1])}, to;
        if (last)
            to = (struct two_sticks){.first = stick_of(estimate_exp(-e.first))};
        else
            to = exchanged(e);
        double gain = to.first - e.first;
        if (last)
            gain -= (p->a + p->classes - 1) *
                    (estimate_log(p->b + sum + to.first) - estimate_log(p->b + sum + e.first));
        bool sound = to.first > 0 && isfinite(to.first) && (last || (to.second > 0 && isfinite(to.second)));
        if (estimate_log(estimate_uniform(&r->chance)) < gain && sound) {
            swap_classes(f, p, k);
            y[k] = estimate_log(to.first);
            if (!last)
                y[k + 1] = estimate_log(to.second);
            moved = true;
        }
        sum += estimate_exp(y[k]);
    }
    if (moved)
        estimate_rung_evaluate(r, p, path);
}

double estimate_rung_move(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path)
{
    unsigned dimensions = (p->lists + 1) * ESTIMATE_CLASSES_MAX;
    struct estimate_flight *f = &r->flight;
    relabel(r, p, path);
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

void estimate_rung_learn_step(struct estimate_rung *r, const struct estimate_posterior *p, enum estimate_path path)
{
    learn_flights(r, p, path, LAST_STEP_SIZE);
}

void estimate_rung_learn(struct estimate_rung *r, const struct estimate_posterior *p,
                         const struct estimate_learning *how, enum estimate_path path)
{
    unsigned steps_mean = r->steps_mean;
    r->steps_mean = how->steps_mean;
    step_size_begin(r);
    for (int i = 0; i < ANNEALING; i++) {
        double cold = (double)i / ANNEALING;
        r->flight.beta = how->beta * (0.01 + 0.99 * cold * cold);
        estimate_rung_evaluate(r, p, path);
        step_size_learn(r, estimate_rung_move(r, p, path));
    }
    r->flight.beta = how->beta;
    estimate_rung_evaluate(r, p, path);
    step_size_end(r);
    learn_flights(r, p, path, SETTLING);
    for (unsigned i = 0; i < how->windows; i++)
        learn_scales(r, p, path, WINDOW << i);
    r->steps_mean = steps_mean;
    estimate_rung_learn_step(r, p, path);
}
