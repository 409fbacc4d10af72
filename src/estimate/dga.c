#include "estimate/estimate_internal.h"
#include "estimate/path.h"

#include <assert.h>
#include <math.h>

/*
 * For a set of lists S the log marginal likelihood of its margin is
 *     lgamma(1) - lgamma(N + 1) + sum over its cells of lgamma(n_c + 2^-|S|) - lgamma(2^-|S|),
 * where only the cell of those on none of S, z_S + unseen, and N depend on the unseen.  A graph's is the sum over its
 * cliques less that over its separators (Madigan and York 1997).  So one row of numbers per set serves all graphs.
 */

enum { BLOCK = 1024, SETS_MAX = 1 << ESTIMATE_GRAPHS_LISTS_MAX, COARSE = 1024 };
#define NEGLIGIBLE 45.0 /* e^-45 of the best point of the best graph */

struct graph_weight {
    double constant; /* all that does not depend on the unseen */
    double peak;
    double from, to; /* outside this range of the unseen it is negligible */
    double share;
    unsigned count;
    struct {
        uint8_t set; /* 0: lgamma(N + 1), to be taken away once for each component */
        int8_t times;
    } part[2 * ESTIMATE_GRAPHS_LISTS_MAX + 1];
};

struct dga {
    const struct estimate_table *t;
    enum estimate_path path;
    double observed;
    double unseen_by[SETS_MAX]; /* z_S */
    double constant[SETS_MAX];
    struct graph_weight *weights;
    size_t graphs;
    double top;
};

static double share_of(unsigned set)
{
    return 1.0 / (double)(1U << __builtin_popcount(set));
}

static void prepare_set(struct dga *d, unsigned set)
{
    double margin[SETS_MAX] = {0};
    for (size_t cell = 1; cell < estimate_cells(d->t); cell++)
        margin[cell & set] += (double)d->t->cells[cell];
    d->unseen_by[set] = margin[0];
    double prior = estimate_lgamma(share_of(set));
    d->constant[set] = -prior;
    for (unsigned cell = 1; cell < estimate_cells(d->t); cell++)
        if ((cell & set) == cell)
            d->constant[set] += estimate_lgamma(margin[cell] + share_of(set)) - prior;
}

static void prepare_graph(struct dga *d, const struct estimate_graph *g, struct graph_weight *w)
{
    int components = 0;
    *w = (struct graph_weight){.peak = -(double)INFINITY};
    for (unsigned set = 1; set < estimate_cells(d->t); set++) {
        if (g->times[set] == 0)
            continue;
        w->constant += g->times[set] * d->constant[set];
        components += g->times[set];
        w->part[w->count].set = (uint8_t)set;
        w->part[w->count++].times = g->times[set];
    }
    w->part[w->count].set = 0;
    w->part[w->count++].times = (int8_t)-components;
}

/* What all graphs share at ${unseen}: the number of ways, and the prior 1/N. */
static double base_at(const struct dga *d, double unseen)
{
    double n = d->observed + unseen;
    return estimate_lgamma(n + 1) - estimate_lgamma(unseen + 1) - estimate_log(n);
}

static double row_at(const struct dga *d, unsigned set, double unseen)
{
    return set == 0 ? estimate_lgamma(d->observed + unseen + 1)
                    : estimate_lgamma(d->unseen_by[set] + unseen + share_of(set));
}

static double weigh(const struct graph_weight *w, const double *row, double base)
{
    double sum = base + w->constant;
    for (unsigned i = 0; i < w->count; i++)
        sum += w->part[i].times * row[w->part[i].set];
    return sum;
}

/* The height of the parabola through three neighbours, the middle one the highest. */
static double crest(double before, double middle, double after)
{
    double bend = before - 2 * middle + after, slope = (after - before) / 2;
    return isfinite(bend) && bend < 0 ? middle - slope * slope / (2 * bend) : middle;
}

struct coarse {
    double unseen[COARSE], base[COARSE], row[COARSE][SETS_MAX];
};

static void coarse_fill(const struct dga *d, double unseen_max, struct coarse *c)
{
    double ratio = estimate_log(unseen_max + 1) / (COARSE - 1);
    for (unsigned i = 0; i < COARSE; i++) {
        c->unseen[i] = estimate_exp(ratio * i) - 1;
        c->base[i] = base_at(d, c->unseen[i]);
        for (unsigned set = 0; set < estimate_cells(d->t); set++)
            c->row[i][set] = row_at(d, set, c->unseen[i]);
    }
}

static double coarse_peak(const struct coarse *c, const struct graph_weight *w)
{
    double before = 0, last = 0, peak = -(double)INFINITY;
    for (unsigned i = 0; i < COARSE; i++) {
        double now = weigh(w, c->row[i], c->base[i]);
        double top = i >= 2 && last > before && last > now ? crest(before, last, now) : now;
        peak = top > peak ? top : peak;
        before = last;
        last = now;
    }
    return peak;
}

/* One step further on each side than the coarse points say. */
static void coarse_range(const struct coarse *c, double least, struct graph_weight *w)
{
    w->from = (double)INFINITY;
    w->to = -(double)INFINITY;
    for (unsigned i = 0; i < COARSE; i++) {
        if (weigh(w, c->row[i], c->base[i]) < least)
            continue;
        if (isinf(w->from))
            w->from = c->unseen[i < 2 ? 0 : i - 2];
        w->to = c->unseen[i + 2 < COARSE ? i + 2 : COARSE - 1] + 1;
    }
    if (isinf(w->from)) { /* a crest between two points */
        w->from = 0;
        w->to = (double)INFINITY;
    }
}

/* A walk over the whole range in equal ratios finds how high each graph gets, and where it is worth counting. */
static int drop_negligible(struct dga *d, double unseen_max, struct err *e)
{
    OWN(mem_drop) struct coarse *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_memory(e);
    coarse_fill(d, unseen_max, c);
    d->top = -(double)INFINITY;
    for (size_t g = 0; g < d->graphs; g++) {
        d->weights[g].peak = coarse_peak(c, &d->weights[g]);
        d->top = d->weights[g].peak > d->top ? d->weights[g].peak : d->top;
    }
    size_t kept = 0;
    for (size_t g = 0; g < d->graphs; g++)
        if (d->weights[g].peak > d->top - NEGLIGIBLE) {
            coarse_range(c, d->top - NEGLIGIBLE, &d->weights[g]);
            d->weights[kept++] = d->weights[g];
        }
    d->graphs = kept;
    return 0;
}

/* A row of lgamma(x), lgamma(x + 1), ...: the first by itself, the others by lgamma(x + 1) = lgamma(x) + log(x). */
ESTIMATE_INLINE void climb_body(double first, double from, double *to)
{
    double logs[BLOCK];
    for (unsigned i = 0; i < BLOCK; i += 4) {
        estimate_v4 x = {from + i, from + i + 1, from + i + 2, from + i + 3};
        x = estimate_log4(x);
        memcpy(logs + i, &x, sizeof x);
    }
    for (unsigned i = 0; i < BLOCK; i++) {
        to[i] = first;
        first += logs[i];
    }
}
ESTIMATE_PATHS(climb, (double first, double from, double *to), (first, from, to))

/* The probabilities of one graph along a block, added to ${to}; their sum to *share. */
ESTIMATE_INLINE void add_block_body(const struct graph_weight *w, const double (*row)[BLOCK], const double *base,
                                    double top, double *to, double *share)
{
    estimate_v4 total = {0};
    for (unsigned i = 0; i < BLOCK; i += 4) {
        estimate_v4 sum, x, was;
        memcpy(&sum, base + i, sizeof sum);
        sum += w->constant - top;
        for (unsigned k = 0; k < w->count; k++) {
            memcpy(&x, row[w->part[k].set] + i, sizeof x);
            sum += x * w->part[k].times;
        }
        /* Below e^-700 exp is held; what is that small is nothing here. */
        x = estimate_choose4((estimate_u4)(sum > -690.0), estimate_exp4(sum), (estimate_v4){0});
        memcpy(&was, to + i, sizeof was);
        was += x;
        memcpy(to + i, &was, sizeof was);
        total += x;
    }
    *share += (total[0] + total[1]) + (total[2] + total[3]);
}
ESTIMATE_PATHS(add_block,
               (const struct graph_weight *w, const double (*row)[BLOCK], const double *base, double top, double *to,
                double *share),
               (w, row, base, top, to, share))

static void fill_rows(const struct dga *d, double first, double step, double (*row)[BLOCK], double *base)
{
    double ways[BLOCK];
    for (unsigned set = 0; set < estimate_cells(d->t); set++)
        if (step == 1) {
            double x = set == 0 ? d->observed + first + 1 : d->unseen_by[set] + first + share_of(set);
            climb(d->path, estimate_lgamma(x), x, row[set]);
        } else
            for (unsigned i = 0; i < BLOCK; i++)
                row[set][i] = row_at(d, set, first + i * step);
    if (step == 1)
        climb(d->path, estimate_lgamma(first + 1), first + 1, ways);
    for (unsigned i = 0; i < BLOCK; i++) {
        double unseen = first + i * step;
        double way = step == 1 ? ways[i] : estimate_lgamma(unseen + 1);
        base[i] = row[0][i] - way - estimate_log(d->observed + unseen);
    }
}

static size_t walk(struct dga *d, double step, size_t points, double *probability)
{
    static const size_t room = SETS_MAX + 1;
    double(*row)[BLOCK] = calloc(room, sizeof *row);
    if (row == NULL)
        return 0;
    for (size_t first = 0; first < points; first += BLOCK) {
        fill_rows(d, (double)first * step, step, row, row[SETS_MAX]);
        double sum[BLOCK] = {0};
        double from = (double)first * step, to = from + BLOCK * step;
        for (size_t g = 0; g < d->graphs; g++)
            if (d->weights[g].to >= from && d->weights[g].from <= to)
                add_block(d->path, &d->weights[g], (const double(*)[BLOCK])row, row[SETS_MAX], d->top, sum,
                          &d->weights[g].share);
        size_t n = points - first < BLOCK ? points - first : BLOCK;
        memcpy(probability + first, sum, n * sizeof *sum);
    }
    free(row);
    return points;
}

static void conclude(struct estimate_dga *r, double observed, double step, const double *p, size_t points)
{
    double all = 0, mean = 0, square = 0, sum = 0;
    for (size_t i = 0; i < points; i++)
        all += p[i];
    for (size_t i = 0; i < points; i++)
        mean += p[i] / all * (observed + (double)i * step);
    static const double level[] = {0.025, 0.5, 0.975};
    double *limit[] = {&r->value.low, &r->value.n, &r->value.high};
    unsigned next = 0;
    double tail = 0, end = (double)points * step * 0.95;
    for (size_t i = 0; i < points; i++) {
        double n = observed + (double)i * step;
        square += p[i] / all * (n - mean) * (n - mean);
        sum += p[i] / all;
        for (; next < 3 && sum >= level[next]; next++)
            *limit[next] = n;
        tail += (double)i * step > end ? p[i] / all : 0;
    }
    r->mean = mean;
    r->value.se = sqrt(square);
    r->at_bound = tail;
    for (size_t i = 0; i < ESTIMATE_CURVE; i++) {
        double x = r->value.low + (r->value.high - r->value.low) * ((double)i / (ESTIMATE_CURVE - 1) * 1.6 - 0.3);
        size_t at = x < observed ? points : (size_t)((x - observed) / step);
        r->curve_n[i] = x;
        r->curve_p[i] = at < points ? p[at] / all / step : 0;
    }
}

static int by_share(const void *a, const void *b)
{
    const struct graph_weight *x = a, *y = b;
    return x->share < y->share ? 1 : x->share > y->share ? -1 : 0;
}

static void note_graphs(struct dga *d, const struct estimate_graph *graphs, size_t count, struct estimate_dga *r)
{
    double all = 0;
    for (size_t g = 0; g < d->graphs; g++)
        all += d->weights[g].share;
    qsort(d->weights, d->graphs, sizeof *d->weights, by_share);
    for (size_t i = 0; i < d->graphs && i < ESTIMATE_TOP_GRAPHS; i++) {
        struct graph_weight w;
        r->top_weight[i] = d->weights[i].share / all;
        for (size_t g = 0; g < count; g++) {
            prepare_graph(d, &graphs[g], &w);
            if (w.count == d->weights[i].count && memcmp(w.part, d->weights[i].part, sizeof w.part) == 0)
                r->top_edges[i] = graphs[g].edges;
        }
        r->top_count = i + 1;
    }
}

int estimate_dga(const struct estimate_table *t, const struct estimate_dga_options *o, struct estimate_dga *ret,
                 struct err *e)
{
    struct estimate_dga r = {.code = t->lists < 3                           ? ESTIMATE_TWO_LISTS_ONLY
                                     : t->lists > ESTIMATE_GRAPHS_LISTS_MAX ? ESTIMATE_TOO_MANY_LISTS
                                                                            : ESTIMATE_FINE};
    if (r.code != ESTIMATE_FINE) {
        *ret = r;
        return 0;
    }
    OWN(mem_drop) struct estimate_graph *graphs = NULL;
    int rc = estimate_graphs(t->lists, &graphs, &r.graphs, e);
    if (rc != 0)
        return rc;
    struct dga d = {.t = t, .path = o->path, .observed = (double)estimate_observed(t), .graphs = r.graphs};
    OWN(mem_drop) struct graph_weight *weights = calloc(d.graphs, sizeof *weights);
    double unseen_max = o->bound * d.observed;
    double step = 1 + floor(unseen_max / ESTIMATE_GRID_MAX);
    size_t points = (size_t)(unseen_max / step) + 1;
    OWN(mem_drop) double *probability = calloc(points, sizeof *probability);
    if (weights == NULL || probability == NULL)
        return err_memory(e);
    d.weights = weights;
    for (unsigned set = 1; set < estimate_cells(t); set++)
        prepare_set(&d, set);
    for (size_t g = 0; g < d.graphs; g++)
        prepare_graph(&d, &graphs[g], &weights[g]);
    rc = drop_negligible(&d, unseen_max, e);
    if (rc != 0)
        return rc;
    if (walk(&d, step, points, probability) == 0)
        return err_memory(e);
    conclude(&r, d.observed, step, probability, points);
    r.unseen_max = unseen_max;
    note_graphs(&d, graphs, r.graphs, &r);
    *ret = r;
    return 0;
}
