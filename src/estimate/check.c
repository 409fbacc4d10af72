#include "estimate/estimate_internal.h"

#include <assert.h>

/* Thresholds of our own: below the first an interval says nothing, below the second it says little. */
enum { PERSONS_REFUSED = 10, PERSONS_WARNED = 30, RECAPTURES_WARNED = 5, COPIED = 5 };

static const struct {
    const char *name;
    bool refuses, bounds;
} codes[ESTIMATE_CODES] = {
    [ESTIMATE_FINE] = {.name = "fine"},
    [ESTIMATE_TOO_FEW_LISTS] = {.name = "too-few-lists", .refuses = true},
    [ESTIMATE_TWO_LISTS_ONLY] = {.name = "two-lists-only", .refuses = true},
    [ESTIMATE_TOO_MANY_LISTS] = {.name = "too-many-lists", .refuses = true},
    [ESTIMATE_NOT_TWO_LISTS] = {.name = "not-two-lists", .refuses = true},
    [ESTIMATE_COUNT_TOO_LARGE] = {.name = "count-too-large", .refuses = true},
    [ESTIMATE_NOBODY] = {.name = "nobody", .refuses = true},
    [ESTIMATE_LIST_EMPTY] = {.name = "list-empty", .refuses = true},
    [ESTIMATE_LIST_ALONE] = {.name = "list-alone", .refuses = true},
    [ESTIMATE_TOO_FEW_PERSONS] = {.name = "too-few-persons", .refuses = true},
    [ESTIMATE_NO_RECAPTURE] = {.name = "no-recapture", .refuses = true},
    [ESTIMATE_FEW_PERSONS] = {.name = "few-persons"},
    [ESTIMATE_FEW_RECAPTURES] = {.name = "few-recaptures"},
    [ESTIMATE_NO_MLE] = {.name = "no-mle", .refuses = true},
    [ESTIMATE_NO_MODEL] = {.name = "no-model", .refuses = true},
    [ESTIMATE_NOT_CONVERGED] = {.name = "not-converged", .refuses = true},
    [ESTIMATE_RHAT] = {.name = "rhat", .refuses = true},
    [ESTIMATE_ESS_BULK] = {.name = "ess-bulk", .refuses = true},
    [ESTIMATE_ESS_TAIL] = {.name = "ess-tail", .refuses = true},
    [ESTIMATE_MODES] = {.name = "modes", .refuses = true},
    [ESTIMATE_AT_BOUND] = {.name = "at-bound", .refuses = true},
    [ESTIMATE_FEW_REPLICATES] = {.name = "few-replicates"},
    [ESTIMATE_ONE_REPLICATE] = {.name = "one-replicate", .refuses = true},
    [ESTIMATE_NOT_PERSONS] = {.name = "not-persons", .refuses = true},
    [ESTIMATE_OPEN_POPULATION] = {.name = "open-population", .refuses = true},
    [ESTIMATE_LINKAGE_UNDECLARED] = {.name = "linkage-undeclared"},
    [ESTIMATE_ASSUMES_INDEPENDENCE] = {.name = "assumes-independence"},
    [ESTIMATE_LISTS_SAME] = {.name = "lists-same", .refuses = true},
    [ESTIMATE_LISTS_AVOID] = {.name = "lists-avoid", .refuses = true},
    [ESTIMATE_MAY_DIFFER] = {.name = "may-differ", .bounds = true},
    [ESTIMATE_BELOW_OTHERS] = {.name = "below-others", .bounds = true},
};

const char *estimate_code_name(enum estimate_code code)
{
    assert(code < ESTIMATE_CODES);
    return codes[code].name;
}

bool estimate_code_refuses(enum estimate_code code)
{
    assert(code < ESTIMATE_CODES);
    return codes[code].refuses;
}

bool estimate_code_bounds(enum estimate_code code)
{
    assert(code < ESTIMATE_CODES);
    return codes[code].bounds;
}

void estimate_reason_add_pair(struct estimate_reasons *to, enum estimate_code code, unsigned list, unsigned other,
                              double value)
{
    if (to->count < ESTIMATE_REASONS_MAX)
        to->reason[to->count++] = (struct estimate_reason){code, list, value, other};
}

void estimate_reason_add(struct estimate_reasons *to, enum estimate_code code, unsigned list, double value)
{
    estimate_reason_add_pair(to, code, list, 0, value);
}

const struct estimate_reason *estimate_refused(const struct estimate_reasons *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (estimate_code_refuses(r->reason[i].code))
            return &r->reason[i];
    return NULL;
}

uint64_t estimate_observed(const struct estimate_table *t)
{
    uint64_t sum = 0;
    for (size_t cell = 1; cell < estimate_cells(t); cell++)
        sum += t->cells[cell];
    return sum;
}

static uint64_t sum_where(const struct estimate_table *t, size_t lists)
{
    uint64_t sum = 0;
    for (size_t cell = 1; cell < estimate_cells(t); cell++)
        if ((cell & lists) == lists)
            sum += t->cells[cell];
    return sum;
}

uint64_t estimate_on_list(const struct estimate_table *t, unsigned list)
{
    return sum_where(t, (size_t)1 << list);
}

uint64_t estimate_on_both(const struct estimate_table *t, unsigned list, unsigned other)
{
    return sum_where(t, (size_t)1 << list | (size_t)1 << other);
}

uint64_t estimate_recaptured(const struct estimate_table *t)
{
    uint64_t sum = 0;
    for (size_t cell = 1; cell < estimate_cells(t); cell++)
        if ((cell & (cell - 1)) != 0)
            sum += t->cells[cell];
    return sum;
}

void estimate_without(const struct estimate_table *t, unsigned list, struct estimate_table *ret)
{
    assert(list < t->lists);
    struct estimate_table fewer = {.lists = t->lists - 1, .key = t->key + list + 1};
    size_t below = ((size_t)1 << list) - 1;
    for (size_t cell = 1; cell < estimate_cells(t); cell++)
        fewer.cells[(cell & below) | (cell >> 1 & ~below)] += t->cells[cell];
    fewer.cells[0] = 0;
    *ret = fewer;
}

/* Each count first, so that their sum cannot run over. */
static bool has_large_count(const struct estimate_table *t)
{
    for (size_t cell = 1; cell < estimate_cells(t); cell++)
        if (t->cells[cell] > ESTIMATE_COUNT_MAX)
            return true;
    return estimate_observed(t) > ESTIMATE_COUNT_MAX;
}

static void check_lists(const struct estimate_table *t, struct estimate_reasons *ret)
{
    for (unsigned list = 0; list < t->lists; list++) {
        uint64_t shared = 0;
        for (unsigned other = 0; other < t->lists; other++) {
            uint64_t both = other != list ? estimate_on_both(t, list, other) : 0;
            shared += both;
            /* Of fewer persons than this it may be by chance. */
            if (other > list && both >= COPIED && both == estimate_on_list(t, list) &&
                both == estimate_on_list(t, other))
                estimate_reason_add_pair(ret, ESTIMATE_LISTS_SAME, list, other, (double)both);
        }
        if (estimate_on_list(t, list) == 0)
            estimate_reason_add(ret, ESTIMATE_LIST_EMPTY, list, 0);
        else if (shared == 0)
            estimate_reason_add(ret, ESTIMATE_LIST_ALONE, list, (double)estimate_on_list(t, list));
    }
}

void estimate_check(const struct estimate_table *t, struct estimate_reasons *ret)
{
    assert(t->lists <= ESTIMATE_LISTS_MAX && t->cells[0] == 0);
    *ret = (struct estimate_reasons){0};
    if (t->lists < 2)
        estimate_reason_add(ret, ESTIMATE_TOO_FEW_LISTS, 0, t->lists);
    if (has_large_count(t)) {
        estimate_reason_add(ret, ESTIMATE_COUNT_TOO_LARGE, 0, (double)ESTIMATE_COUNT_MAX);
        return;
    }
    uint64_t persons = estimate_observed(t), recaptured = estimate_recaptured(t);
    if (persons == 0) {
        estimate_reason_add(ret, ESTIMATE_NOBODY, 0, 0);
        return;
    }
    check_lists(t, ret);
    if (persons < PERSONS_REFUSED)
        estimate_reason_add(ret, ESTIMATE_TOO_FEW_PERSONS, 0, (double)persons);
    else if (persons < PERSONS_WARNED)
        estimate_reason_add(ret, ESTIMATE_FEW_PERSONS, 0, (double)persons);
    if (recaptured == 0)
        estimate_reason_add(ret, ESTIMATE_NO_RECAPTURE, 0, 0);
    else if (recaptured < RECAPTURES_WARNED)
        estimate_reason_add(ret, ESTIMATE_FEW_RECAPTURES, 0, (double)recaptured);
    if (t->lists == 2)
        estimate_reason_add(ret, ESTIMATE_ASSUMES_INDEPENDENCE, 0, 0);
}
