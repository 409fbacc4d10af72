#include "estimate/path.h"

#include <assert.h>
#include <math.h>

/*
 * The model of LCMCR (Manrique-Vallier 2016): K classes with stick-breaking weights, within a class the lists are
 * independent with probabilities uniform on (0, 1); alpha ~ Gamma(a, b).  Three things are integrated out:
 *   the classes of persons, by summing over classes in every cell;
 *   N, with its prior 1/N: what remains is the probability of each cell given that it was seen at all;
 *   alpha: with E_k = -log(1 - V_k) ~ Exp(alpha), the sticks together have the density
 *       (b + sum E)^-(a + K - 1).
 * The position is theta = logit of each probability, and y = log E, on which the weights have no funnel.
 *
 * A cell's class weights are those of the cell without its highest list, times the odds of that list; so the cells that
 * matter form a tree from the empty cell, walked down for the probabilities and up for the gradient.
 */

static unsigned add_node(struct estimate_posterior *p, const struct estimate_table *t, unsigned *number, size_t cell)
{
    if (cell == 0 || number[cell] != 0)
        return number[cell];
    unsigned list = 63 - (unsigned)__builtin_clzll(cell);
    unsigned parent = add_node(p, t, number, cell & ~((size_t)1 << list));
    unsigned i = p->nodes++;
    p->parent[i] = (uint16_t)parent;
    p->list[i] = (uint16_t)list;
    p->count[i] = (double)t->cells[cell];
    return number[cell] = i;
}

void estimate_posterior_init(struct estimate_posterior *p, const struct estimate_table *t, unsigned classes, double a,
                             double b)
{
    assert(classes >= 2 && classes <= ESTIMATE_CLASSES_MAX);
    unsigned number[ESTIMATE_CELLS_MAX] = {0};
    *p = (struct estimate_posterior){.lists = t->lists, .classes = classes, .a = a, .b = b, .nodes = 1};
    p->observed = (double)estimate_observed(t);
    for (size_t cell = 1; cell < estimate_cells(t); cell++)
        if (t->cells[cell] > 0)
            (void)add_node(p, t, number, cell);
    for (unsigned k = 0; k < ESTIMATE_CLASSES_MAX; k++) {
        p->live[k] = k < classes;
        p->live_stick[k] = k + 1 < classes;
    }
}

ESTIMATE_INLINE estimate_v4 load(const double *from)
{
    estimate_v4 x;
    memcpy(&x, from, sizeof x);
    return x;
}

ESTIMATE_INLINE void store(double *to, estimate_v4 x)
{
    memcpy(to, &x, sizeof x);
}

ESTIMATE_INLINE double fold(estimate_v4 x)
{
    return (x[0] + x[1]) + (x[2] + x[3]);
}

enum { WIDE = ESTIMATE_CLASSES_MAX / 4 };

struct sticks {
    estimate_v4 e[WIDE], v[WIDE], rest[WIDE]; /* E, V, 1 - V */
    estimate_v4 weight[WIDE];
    double sum;
};

/* V_k = 1 - exp(-E_k), by its series where the difference would lose its digits; the last class takes the rest. */
ESTIMATE_INLINE void break_sticks(const struct estimate_posterior *p, const double *y, struct sticks *s)
{
    double each[ESTIMATE_CLASSES_MAX], rest[ESTIMATE_CLASSES_MAX], left[ESTIMATE_CLASSES_MAX];
    for (unsigned i = 0; i < WIDE; i++) {
        estimate_v4 stick = load(p->live_stick + 4 * i);
        s->e[i] = estimate_exp4(load(y + 4 * i)) * stick;
        s->rest[i] = estimate_exp4(-s->e[i]) * stick;
        store(each + 4 * i, s->e[i]);
        store(rest + 4 * i, s->rest[i]);
    }
    s->sum = 0;
    left[0] = 1;
    for (unsigned k = 0; k < ESTIMATE_CLASSES_MAX; k++) {
        s->sum += each[k];
        if (k + 1 < ESTIMATE_CLASSES_MAX)
            left[k + 1] = left[k] * rest[k];
    }
    for (unsigned i = 0; i < WIDE; i++) {
        estimate_v4 e = s->e[i], small = e * (1.0 - e * (0.5 - e * (1.0 / 6)));
        s->v[i] = estimate_choose4((estimate_u4)(e < 1e-4), small, 1.0 - s->rest[i]);
        s->v[i] = estimate_choose4((estimate_u4)(load(p->live_stick + 4 * i) > 0.5), s->v[i], (estimate_v4){0} + 1.0);
        s->weight[i] = s->v[i] * load(left + 4 * i) * load(p->live + 4 * i);
    }
}

/* Probabilities of the tree's cells.  Returns the log prior of the thetas, when it is asked for. */
ESTIMATE_INLINE double walk_down(const struct estimate_posterior *p, const double *position, const struct sticks *s,
                                 struct estimate_work *w, bool with_height)
{
    double prior = 0;
    for (unsigned i = 0; i < WIDE; i++) {
        estimate_v4 none = s->weight[i], spread = (estimate_v4){0} + 1.0;
        for (unsigned j = 0; j < p->lists; j++) {
            estimate_v4 odds = estimate_exp4(load(position + j * ESTIMATE_CLASSES_MAX + 4 * i));
            estimate_v4 miss = 1.0 / (1.0 + odds), hit = odds * miss;
            none *= miss;
            spread *= hit * miss;
            store(w->odds[j] + 4 * i, odds);
            store(w->lambda[j] + 4 * i, hit);
        }
        store(w->q[0] + 4 * i, none);
        if (with_height)
            prior += fold(estimate_log4(spread) * load(p->live + 4 * i));
    }
    for (unsigned n = 0; n < p->nodes; n++) {
        estimate_v4 sum = {0};
        for (unsigned i = 0; i < WIDE; i++) {
            estimate_v4 q = load(w->q[n == 0 ? 0 : p->parent[n]] + 4 * i);
            if (n != 0) {
                q *= load(w->odds[p->list[n]] + 4 * i);
                store(w->q[n] + 4 * i, q);
            }
            sum += q;
        }
        w->p[n] = fold(sum);
    }
    return prior;
}

/* The log likelihood when it is asked for (-infinity off the map, always); w->ratio becomes count / probability, that
 * of the empty cell n / (1 - p0). */
ESTIMATE_INLINE double likelihood(const struct estimate_posterior *p, struct estimate_work *w, bool with_height)
{
    estimate_v4 sum = {0};
    double seen = 1 - w->p[0];
    if (!(seen > 1e-12))
        return -(double)INFINITY;
    for (unsigned n = p->nodes; n % 4 != 0; n++)
        w->p[n] = 1;
    w->p[0] = seen;
    for (unsigned n = 0; n < p->nodes; n += 4) {
        estimate_v4 x = load(w->p + n), count = load(p->count + n);
        if (with_height)
            sum += count * estimate_log4(x);
        store(w->ratio + n, count / x);
    }
    w->ratio[0] = p->observed / seen;
    return with_height ? fold(sum) - p->observed * estimate_log4((estimate_v4){seen, 1, 1, 1})[0] : 0;
}

ESTIMATE_INLINE void walk_up(const struct estimate_posterior *p, struct estimate_work *w)
{
    memset(w->list_sum, 0, p->lists * sizeof w->list_sum[0]);
    for (unsigned n = 0; n < p->nodes; n++)
        for (unsigned i = 0; i < WIDE; i++)
            store(w->above[n] + 4 * i, load(w->q[n] + 4 * i) * w->ratio[n]);
    for (unsigned n = p->nodes; n-- > 1;)
        for (unsigned i = 0; i < WIDE; i++) {
            estimate_v4 x = load(w->above[n] + 4 * i);
            double *up = w->above[p->parent[n]] + 4 * i, *list = w->list_sum[p->list[n]] + 4 * i;
            store(up, load(up) + x);
            store(list, load(list) + x);
        }
}

ESTIMATE_INLINE void slopes(const struct estimate_posterior *p, const struct sticks *s, struct estimate_work *w,
                            double beta, double *gradient)
{
    double members[ESTIMATE_CLASSES_MAX], behind[ESTIMATE_CLASSES_MAX], sum = 0;
    memcpy(members, w->above[0], sizeof members);
    for (unsigned k = ESTIMATE_CLASSES_MAX; k-- > 0;) {
        behind[k] = sum;
        sum += members[k];
    }
    double pull = (p->a + p->classes - 1) / (p->b + s->sum);
    for (unsigned i = 0; i < WIDE; i++) {
        estimate_v4 m = load(members + 4 * i), live = load(p->live + 4 * i);
        for (unsigned j = 0; j < p->lists; j++) {
            estimate_v4 hit = load(w->lambda[j] + 4 * i);
            estimate_v4 g = (load(w->list_sum[j] + 4 * i) - hit * m) * beta + (1.0 - 2.0 * hit);
            store(gradient + j * ESTIMATE_CLASSES_MAX + 4 * i, g * live);
        }
        estimate_v4 slope = m * s->rest[i] / s->v[i] - load(behind + 4 * i);
        estimate_v4 g = s->e[i] * slope * beta + 1.0 - s->e[i] * pull;
        store(gradient + p->lists * ESTIMATE_CLASSES_MAX + 4 * i, g * load(p->live_stick + 4 * i));
    }
}

ESTIMATE_INLINE double prior_of_sticks(const struct estimate_posterior *p, const double *y, const struct sticks *s)
{
    estimate_v4 sum = {0};
    for (unsigned i = 0; i < WIDE; i++)
        sum += load(y + 4 * i) * load(p->live_stick + 4 * i);
    return fold(sum) - (p->a + p->classes - 1) * estimate_log4((estimate_v4){p->b + s->sum, 1, 1, 1})[0];
}

/* The gradient at the position; with the height too at the ends of a flight, where alone it is needed. */
ESTIMATE_INLINE bool evaluate(const struct estimate_posterior *p, struct estimate_flight *f, bool with_height)
{
    struct sticks s;
    const double *y = f->position + p->lists * ESTIMATE_CLASSES_MAX;
    break_sticks(p, y, &s);
    double prior = walk_down(p, f->position, &s, f->work, with_height);
    f->height.unseen_share = f->work->p[0];
    f->height.likelihood = likelihood(p, f->work, with_height);
    f->height.prior = with_height ? prior + prior_of_sticks(p, y, &s) : 0;
    walk_up(p, f->work);
    slopes(p, &s, f->work, f->beta, f->gradient);
    return isfinite(f->height.likelihood);
}

/* Leapfrog: ${steps} of size ${step}, kinetic energy sum of scale * momentum^2 / 2. */
ESTIMATE_INLINE void fly_body(const struct estimate_posterior *p, struct estimate_flight *f)
{
    unsigned dimensions = (p->lists + 1) * ESTIMATE_CLASSES_MAX;
    if (f->steps == 0)
        (void)evaluate(p, f, true);
    for (unsigned n = 0; n < f->steps; n++) {
        for (unsigned d = 0; d < dimensions; d += 4) {
            estimate_v4 m = load(f->momentum + d) + load(f->gradient + d) * (f->step / 2);
            store(f->momentum + d, m);
            store(f->position + d, load(f->position + d) + m * load(f->scale + d) * f->step);
        }
        if (!evaluate(p, f, n + 1 == f->steps))
            return; /* off the map: the flight ends here and is not accepted */
        for (unsigned d = 0; d < dimensions; d += 4)
            store(f->momentum + d, load(f->momentum + d) + load(f->gradient + d) * (f->step / 2));
    }
}
ESTIMATE_PATHS(fly, (const struct estimate_posterior *p, struct estimate_flight *f), (p, f))

void estimate_posterior_fly(enum estimate_path path, const struct estimate_posterior *p, struct estimate_flight *f)
{
    fly(path, p, f);
}
