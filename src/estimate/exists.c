#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

/*
 * A maximum exists unless some direction y of the parameters never lowers the likelihood and sometimes raises it:
 * (Xy) is zero in every cell that counts somebody, at least zero in every empty one, and not zero everywhere (Haberman
 * 1974; Fienberg and Rinaldo 2012).  The directions that are zero on the counted cells are found by elimination;
 * whether one of them is non-negative on the empty cells is a small linear programme that starts feasible at zero.
 */

enum { DIRECTIONS_MAX = ESTIMATE_COLUMNS_MAX };
#define NEAR_ZERO 1e-9

struct directions {
    unsigned terms;
    double row[DIRECTIONS_MAX][DIRECTIONS_MAX]; /* eliminated rows of the counted cells */
    unsigned pivot[DIRECTIONS_MAX];             /* column of each */
    unsigned rank;
};

/* Behind the terms, where persons differ: how many pairs of lists the cell holds. */
static double value_at(const struct estimate_model *m, size_t cell, unsigned column)
{
    int lists = __builtin_popcountll(cell);
    return column == m->count ? lists * (lists - 1) / 2 : (cell & m->term[column]) == m->term[column];
}

static void eliminate(struct directions *d, const struct estimate_model *m, size_t cell)
{
    double x[DIRECTIONS_MAX] = {0};
    for (unsigned t = 0; t < d->terms; t++)
        x[t] = value_at(m, cell, t);
    for (unsigned r = 0; r < d->rank; r++) {
        double factor = x[d->pivot[r]];
        for (unsigned t = 0; factor != 0 && t < d->terms; t++)
            x[t] -= factor * d->row[r][t];
    }
    unsigned best = 0;
    for (unsigned t = 1; t < d->terms; t++)
        if (fabs(x[t]) > fabs(x[best]))
            best = t;
    if (fabs(x[best]) < NEAR_ZERO)
        return;
    double scale = 1 / x[best];
    for (unsigned t = 0; t < d->terms; t++)
        x[t] *= scale;
    for (unsigned r = 0; r < d->rank; r++) {
        double factor = d->row[r][best];
        for (unsigned t = 0; factor != 0 && t < d->terms; t++)
            d->row[r][t] -= factor * x[t];
    }
    for (unsigned t = 0; t < d->terms; t++)
        d->row[d->rank][t] = x[t];
    d->pivot[d->rank++] = best;
}

/* The value of direction number ${free_column} in an empty cell: the free term is one, the pivots follow from it. */
static double along(const struct directions *d, const struct estimate_model *m, size_t cell, unsigned free_column)
{
    double sum = value_at(m, cell, free_column);
    for (unsigned r = 0; r < d->rank; r++)
        sum -= value_at(m, cell, d->pivot[r]) * d->row[r][free_column];
    return sum;
}

static bool is_pivot(const struct directions *d, unsigned column)
{
    for (unsigned r = 0; r < d->rank; r++)
        if (d->pivot[r] == column)
            return true;
    return false;
}

/*
 * The programme: maximise the sum of Bw under 0 <= Bw <= 1, w free as a difference of two non-negative variables.
 * Rows 0..z-1: Bw <= 1; rows z..2z-1: -Bw <= 0; the last row is the objective.
 */
struct programme {
    unsigned rows, columns;
    double *cell; /* (rows + 1) by (columns + 1) */
    unsigned *basis;
};

static double *at(struct programme *p, unsigned row, unsigned column)
{
    return &p->cell[(size_t)row * (p->columns + 1) + column];
}

static void pivot_on(struct programme *p, unsigned row, unsigned column)
{
    double scale = 1 / *at(p, row, column);
    for (unsigned c = 0; c <= p->columns; c++)
        *at(p, row, c) *= scale;
    for (unsigned r = 0; r <= p->rows; r++) {
        double factor = *at(p, r, column);
        if (r == row || factor == 0)
            continue;
        for (unsigned c = 0; c <= p->columns; c++)
            *at(p, r, c) -= factor * *at(p, row, c);
        *at(p, r, column) = 0;
    }
    p->basis[row] = column;
}

/* Bland's rule: the lowest column that helps, the lowest basic variable among equal ratios; it cannot go round. */
static bool improve(struct programme *p)
{
    unsigned column = 0;
    while (column < p->columns && *at(p, p->rows, column) < NEAR_ZERO)
        column++;
    if (column == p->columns)
        return false;
    unsigned row = p->rows;
    double least = 0;
    for (unsigned r = 0; r < p->rows; r++) {
        double slope = *at(p, r, column);
        if (slope < NEAR_ZERO)
            continue;
        double ratio = *at(p, r, p->columns) / slope;
        bool better = row == p->rows || ratio < least - NEAR_ZERO;
        if (better || (ratio < least + NEAR_ZERO && p->basis[r] < p->basis[row])) {
            row = r;
            least = ratio;
        }
    }
    if (row == p->rows)
        return false;
    pivot_on(p, row, column);
    return true;
}

static bool rises(const double *b, unsigned empty, unsigned free_count)
{
    struct programme p = {.rows = 2 * empty, .columns = 2 * free_count + 2 * empty};
    OWN(mem_drop) double *cell = calloc((size_t)(p.rows + 1) * (p.columns + 1), sizeof *cell);
    OWN(mem_drop) unsigned *basis = calloc(p.rows + 1, sizeof *basis);
    if (cell == NULL || basis == NULL)
        return true; /* nothing is claimed to exist that was not shown to */
    p.cell = cell;
    p.basis = basis;
    for (unsigned i = 0; i < empty; i++)
        for (unsigned j = 0; j < free_count; j++) {
            double x = b[(size_t)i * free_count + j];
            *at(&p, i, 2 * j) = *at(&p, empty + i, 2 * j + 1) = x;
            *at(&p, i, 2 * j + 1) = *at(&p, empty + i, 2 * j) = -x;
            *at(&p, p.rows, 2 * j) += x;
            *at(&p, p.rows, 2 * j + 1) -= x;
        }
    for (unsigned r = 0; r < p.rows; r++) {
        basis[r] = 2 * free_count + r;
        *at(&p, r, basis[r]) = 1;
        *at(&p, r, p.columns) = r < empty;
    }
    for (unsigned step = 0; step < 20000 && improve(&p); step++)
        if (*at(&p, p.rows, p.columns) < -1e-6)
            return true;
    return *at(&p, p.rows, p.columns) < -1e-6;
}

bool estimate_mle_exists(const struct estimate_cells_data *data, const struct estimate_model *m)
{
    OWN(mem_drop) struct directions *d = calloc(1, sizeof *d);
    if (d == NULL)
        return false;
    d->terms = estimate_columns(m);
    size_t cells = (size_t)1 << data->lists;
    for (size_t cell = 0; cell < cells && d->rank < d->terms; cell++)
        if (data->used[cell] && data->counts[cell] > 0)
            eliminate(d, m, cell);
    unsigned free_count = d->terms - d->rank, empty = 0;
    if (free_count == 0)
        return true;
    OWN(mem_drop) double *b = calloc(cells * free_count, sizeof *b);
    if (b == NULL)
        return false;
    for (size_t cell = 0; cell < cells; cell++) {
        if (!data->used[cell] || data->counts[cell] > 0)
            continue;
        unsigned column = 0;
        bool moves = false;
        for (unsigned t = 0; t < d->terms; t++)
            if (!is_pivot(d, t)) {
                double x = along(d, m, cell, t);
                moves |= fabs(x) > NEAR_ZERO;
                b[(size_t)empty * free_count + column++] = fabs(x) > NEAR_ZERO ? x : 0;
            }
        empty += moves;
    }
    /* A direction that no used cell feels leaves the unseen free. */
    return empty >= free_count && !rises(b, empty, free_count);
}
