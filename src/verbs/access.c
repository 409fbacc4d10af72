/* Sets of items, and the record of an access to them. */
#include "verbs/verbs_internal.h"

void verbs_ranges_release(struct verbs_ranges *r)
{
    free(r->list);
    *r = (struct verbs_ranges){0};
}

int verbs_ranges_add(struct verbs_ranges *r, uint64_t first, uint64_t last, struct err *e)
{
    if (r->count == r->room) {
        size_t room = r->room * 2 + 8;
        struct statement_range *grown = reallocarray(r->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        r->list = grown;
        r->room = room;
    }
    r->list[r->count++] = (struct statement_range){first, last};
    return 0;
}

static int by_first(const void *a, const void *b)
{
    uint64_t x = ((const struct statement_range *)a)->first, y = ((const struct statement_range *)b)->first;
    return (x > y) - (x < y);
}

void verbs_ranges_settle(struct verbs_ranges *r)
{
    size_t kept = 0;
    if (r->count == 0)
        return;
    qsort(r->list, r->count, sizeof r->list[0], by_first);
    for (size_t i = 1; i < r->count; i++) {
        struct statement_range *last = &r->list[kept];
        if (r->list[i].first > last->last && r->list[i].first - last->last > 1)
            r->list[++kept] = r->list[i];
        else if (r->list[i].last > last->last)
            last->last = r->list[i].last;
    }
    r->count = kept + 1;
}

static int take_span(void *context, const struct statement_range *range, struct err *e)
{
    return verbs_ranges_add(context, range->first, range->last, e);
}

int verbs_ranges_deposit(struct verbs_ranges *r, struct index *x, uint64_t deposit, struct err *e)
{
    return index_spans(x, deposit, take_span, r, e);
}

struct gathering {
    struct index *index;
    struct verbs_ranges *ranges;
};

static int take_living(void *context, const struct index_deposit *d, struct err *e)
{
    const struct gathering *g = context;
    return d->set_aside ? 0 : verbs_ranges_deposit(g->ranges, g->index, d->leaf, e);
}

int verbs_ranges_living(struct verbs_ranges *r, struct index *x, struct err *e)
{
    struct gathering g = {x, r};
    return index_deposits(x, take_living, &g, e);
}

int verbs_access(struct store *s, const struct verbs_face *face, struct verbs_access *a, struct err *e)
{
    OWN(buf_drop) struct buf held = {0};
    struct err unlogged;
    const char *why;
    verbs_ranges_settle(&a->ranges);
    int rc = verbs_text("--why", a->why, &held, &why, e);
    if (rc != 0)
        return rc;
    struct store_accessing what = {.act = a->act, .why = why, .items = a->ranges.list, .count = a->ranges.count,
                                   .must_log = a->must_log};
    rc = store_access(s, &what, &unlogged, e);
    if (rc == 0 && unlogged.code != 0)
        face->warn(face->context, unlogged.text);
    return rc;
}
