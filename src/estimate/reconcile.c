#include "estimate/estimate_internal.h"

/* A figure that ten newspapers repeat is one source: each claim is followed to the one it comes from. */
static size_t find(const struct estimate_claim *claims, size_t count, const char *id)
{
    size_t i = 0;
    while (i < count && strcmp(claims[i].id, id) != 0)
        i++;
    return i;
}

static int check(const struct estimate_claim *claims, size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        if (find(claims, count, claims[i].id) != i)
            return err_set(e, ERR_DAMAGED, "claim %s is there twice", claims[i].id);
        if (claims[i].low > claims[i].high)
            return err_set(e, ERR_DAMAGED, "claim %s: its lower figure is above its upper", claims[i].id);
        if (claims[i].derived_from[0] != 0 && find(claims, count, claims[i].derived_from) == count)
            return err_set(e, ERR_DAMAGED, "claim %s is derived from %s, which is not there", claims[i].id,
                           claims[i].derived_from);
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = i, steps = 0;
        while (claims[at].derived_from[0] != 0 && steps++ <= count)
            at = find(claims, count, claims[at].derived_from);
        if (steps > count)
            return err_set(e, ERR_DAMAGED, "claim %s is derived from itself", claims[i].id);
    }
    return 0;
}

static bool comparable(const struct estimate_claim *a, const struct estimate_claim *b)
{
    return strcmp(a->quantity, b->quantity) == 0 && strcmp(a->kind, b->kind) == 0 && strcmp(a->date, b->date) == 0 &&
           strcmp(a->scope, b->scope) == 0;
}

static void take(struct estimate_group *g, const struct estimate_claim *c)
{
    if (g->claims++ == 0) {
        g->envelope_low = g->common_low = c->low;
        g->envelope_high = g->common_high = c->high;
        return;
    }
    g->envelope_low = c->low < g->envelope_low ? c->low : g->envelope_low;
    g->envelope_high = c->high > g->envelope_high ? c->high : g->envelope_high;
    g->common_low = c->low > g->common_low ? c->low : g->common_low;
    g->common_high = c->high < g->common_high ? c->high : g->common_high;
    g->disjoint = g->common_low > g->common_high;
}

/* A claim whose root is that of an earlier one of its group is no further source. */
static bool is_new_source(const struct estimate_claim *claims, size_t count, const size_t *group_of, size_t index)
{
    size_t root[2], of[2] = {index, 0};
    for (; of[1] < index; of[1]++) {
        if (group_of[of[1]] != group_of[index])
            continue;
        for (int k = 0; k < 2; k++) {
            root[k] = of[k];
            while (claims[root[k]].derived_from[0] != 0)
                root[k] = find(claims, count, claims[root[k]].derived_from);
        }
        if (root[0] == root[1])
            return false;
    }
    return true;
}

int estimate_reconcile(const struct estimate_claim *claims, size_t count, size_t *group_of,
                       struct estimate_group *groups, size_t *ret_count, struct err *e)
{
    int rc = check(claims, count, e);
    if (rc != 0)
        return rc;
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        size_t g = 0;
        while (g < number && !comparable(&claims[groups[g].first], &claims[i]))
            g++;
        if (g == number)
            groups[number++] = (struct estimate_group){.first = i};
        group_of[i] = g;
        take(&groups[g], &claims[i]);
        groups[g].independent += is_new_source(claims, count, group_of, i);
    }
    *ret_count = number;
    return 0;
}
