#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

void estimate_avoid(const struct estimate_table *t, struct estimate_avoid *ret)
{
    assert(t->lists > 2);
    *ret = (struct estimate_avoid){.z = (double)INFINITY};
    for (unsigned a = 0; a < t->lists; a++)
        for (unsigned b = a + 1; b < t->lists; b++) {
            double n[4] = {0.5, 0.5, 0.5, 0.5}; /* so that an empty cell has a logarithm */
            for (size_t cell = 1; cell < estimate_cells(t); cell++)
                if ((cell & ~((size_t)1 << a | (size_t)1 << b)) != 0)
                    n[(cell >> a & 1) + 2 * (cell >> b & 1)] += (double)t->cells[cell];
            double ratio = estimate_log(n[0]) + estimate_log(n[3]) - estimate_log(n[1]) - estimate_log(n[2]);
            double z = ratio / sqrt(1 / n[0] + 1 / n[1] + 1 / n[2] + 1 / n[3]);
            if (z < ret->z)
                *ret = (struct estimate_avoid){a, b, z};
        }
}

void estimate_bound_chao(const struct estimate_signs *signs, struct estimate_reasons *to)
{
    if (signs->avoid.z < ESTIMATE_AVOID_Z)
        estimate_reason_add_pair(to, ESTIMATE_LISTS_AVOID, signs->avoid.list, signs->avoid.other, signs->avoid.z);
}

void estimate_bound(const struct estimate_value *v, const struct estimate_signs *signs, struct estimate_reasons *to)
{
    if (signs->differ.code != ESTIMATE_TWO_LISTS_ONLY && signs->differ.weight > ESTIMATE_DIFFER_WEIGHT)
        estimate_reason_add(to, ESTIMATE_MAY_DIFFER, 0, signs->differ.weight);
    double other = signs->has_chao ? signs->chao.n : 0;
    if (signs->has_loglinear && signs->loglinear.n > other)
        other = signs->loglinear.n;
    if (v->high < other)
        estimate_reason_add(to, ESTIMATE_BELOW_OTHERS, 0, other);
}

bool estimate_bounded(const struct estimate_reasons *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (estimate_code_bounds(r->reason[i].code))
            return true;
    return false;
}
