#include "estimate/estimate_internal.h"

#include <math.h>

/*
 * Persons who are easy or hard to see make all pairs of lists look dependent at once, and hide others.  Whether that is
 * what a table shows, or some pairs that depend on each other, is a question of two families of models: sets of pairs,
 * and sets of pairs with one parameter more that all pairs have in common.
 */
enum { PAIRS_MAX = ESTIMATE_LISTS_MAX * (ESTIMATE_LISTS_MAX - 1) / 2, FITS_MAX = PAIRS_MAX * PAIRS_MAX + 1 };

struct family {
    const struct estimate_table *table;
    unsigned pairs;
    uint16_t pair[PAIRS_MAX];
    bool differ;
    double *bic, *n; /* of those fitted; room for FITS_MAX */
    size_t fitted;
};

static bool try_pairs(struct family *f, uint64_t chosen, double *ret_bic)
{
    struct estimate_model model;
    struct estimate_fit fit;
    estimate_model_independence(f->table->lists, &model);
    model.differ = f->differ;
    for (unsigned i = 0; i < f->pairs; i++)
        if ((chosen >> i & 1) != 0)
            (void)estimate_model_add(&model, f->pair[i]);
    estimate_fit(f->table, &model, &fit);
    if (fit.code != ESTIMATE_FINE)
        return false;
    f->bic[f->fitted] = *ret_bic = fit.bic;
    f->n[f->fitted++] = fit.value.n;
    return true;
}

/* With all pairs but one beside it, the common parameter says nothing of its own. */
static unsigned most_pairs(const struct family *f)
{
    return f->differ ? f->pairs - 2 : f->pairs;
}

static void fit_all(struct family *f)
{
    double bic;
    for (uint64_t chosen = 0; chosen >> f->pairs == 0; chosen++)
        if ((unsigned)__builtin_popcountll(chosen) <= most_pairs(f))
            (void)try_pairs(f, chosen, &bic);
}

static void fit_forward(struct family *f)
{
    uint64_t chosen = 0, next;
    double best, bic;
    if (!try_pairs(f, 0, &best))
        return;
    do {
        next = chosen;
        for (unsigned i = 0; i < f->pairs && (unsigned)__builtin_popcountll(chosen) < most_pairs(f); i++)
            if ((chosen >> i & 1) == 0 && try_pairs(f, chosen | (uint64_t)1 << i, &bic) && bic < best) {
                best = bic;
                next = chosen | (uint64_t)1 << i;
            }
    } while (next != chosen && (chosen = next) != 0);
}

static void fit_family(struct family *f, bool differ)
{
    f->differ = differ;
    f->fitted = 0;
    if (f->table->lists <= ESTIMATE_ALL_MODELS_LISTS_MAX)
        fit_all(f);
    else
        fit_forward(f);
}

int estimate_differ(const struct estimate_table *t, struct estimate_differ *ret, struct err *e)
{
    struct estimate_differ d = {.code = ESTIMATE_NO_MODEL, .weight = 1};
    struct family f = {.table = t};
    double least = (double)INFINITY, sum = 0;
    *ret = (struct estimate_differ){.code = ESTIMATE_TWO_LISTS_ONLY};
    if (t->lists < 3)
        return 0;
    for (unsigned a = 0; a < t->lists; a++)
        for (unsigned b = a + 1; b < t->lists; b++)
            f.pair[f.pairs++] = (uint16_t)(1U << a | 1U << b);
    OWN(mem_drop) double *room = calloc(2 * (size_t)FITS_MAX, sizeof *room);
    if (room == NULL)
        return err_memory(e);
    f.bic = room;
    f.n = room + FITS_MAX;
    fit_family(&f, false);
    for (size_t i = 0; i < f.fitted; i++)
        least = f.bic[i] < least ? f.bic[i] : least;
    bool apart = f.fitted > 0;
    fit_family(&f, true);
    if (apart && f.fitted > 0) {
        d = (struct estimate_differ){.code = ESTIMATE_FINE};
        for (size_t i = 0; i < f.fitted; i++) {
            double weight = estimate_exp((least - f.bic[i]) / 2);
            d.weight += weight;
            sum += weight * f.n[i];
        }
        d.n = d.weight > 0 ? sum / d.weight : 0;
    }
    *ret = d;
    return 0;
}
