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

int verbs_ranges_item(struct verbs_ranges *r, const struct index_item *item, struct err *e)
{
    int rc = verbs_ranges_add(r, item->leaf, item->leaf, e);
    return rc == 0 && item->further_name ? verbs_ranges_add(r, item->of, item->of, e) : rc;
}

/* "7" or "7-9". */
static bool range_parse(struct bytes word, struct statement_range *ret)
{
    const uint8_t *dash = word.n > 0 ? memchr(word.p, '-', word.n) : NULL;
    size_t n = dash != NULL ? (size_t)(dash - word.p) : word.n;
    if (decimal_get(bytes_of(word.p, n), &ret->first) != 0)
        return false;
    ret->last = ret->first;
    if (dash != NULL && decimal_get(bytes_of(dash + 1, word.n - n - 1), &ret->last) != 0)
        return false;
    return ret->last >= ret->first;
}

static int take_nothing(void *context, const struct index_item *item, struct err *e)
{
    (void)context, (void)item, (void)e;
    return 0;
}

/* Of those that stand alone: no item, and erased. */
static int not_erased(struct store *s, const struct verbs_ranges *r, size_t from, struct err *e)
{
    int rc = 0;
    for (size_t i = from; rc == 0 && i < r->count; i++) {
        struct err mine = {0};
        if (r->list[i].first == r->list[i].last &&
            index_item(store_index(s), r->list[i].first, take_nothing, NULL, &mine) == ERR_ABSENT)
            rc = verbs_not_erased(s, r->list[i].first, e);
    }
    return rc;
}

int verbs_ranges_read(struct verbs_ranges *r, struct store *s, const char *text, struct err *e)
{
    OWN(verbs_item_drop) struct verbs_item_held held = {0};
    struct statement_range range;
    size_t before = r->count;
    bool numbers = true;
    for (const char *at = text; numbers; at += strcspn(at, ",") + 1) {
        numbers = range_parse(bytes_of((const uint8_t *)at, strcspn(at, ",")), &range);
        int rc = numbers ? verbs_ranges_add(r, range.first, range.last, e) : 0;
        if (rc != 0)
            return rc;
        if (at[strcspn(at, ",")] == 0)
            break;
    }
    if (numbers)
        return not_erased(s, r, before, e);
    r->count = before;
    int rc = verbs_item(s, text, &held, e);
    return rc == 0 ? verbs_ranges_add(r, held.item.leaf, held.item.leaf, e) : rc;
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

struct gathering {
    struct index *index;
    struct verbs_ranges *ranges;
    bool all; /* also what is set aside */
};

/* What a further name names may have come in another deposit, and be set aside. */
static int take_original(void *context, const struct index_item *item, struct err *e)
{
    const struct gathering *g = context;
    return item->further_name && (g->all || !item->set_aside) ? verbs_ranges_add(g->ranges, item->of, item->of, e) : 0;
}

static int take_originals(struct gathering *g, uint64_t deposit, struct err *e)
{
    struct index_sums sums;
    int rc = index_sums(g->index, &sums, e);
    return rc == 0 && sums.names > 0 ? index_items(g->index, deposit, 0, take_original, g, e) : rc;
}

int verbs_ranges_deposit(struct verbs_ranges *r, struct index *x, uint64_t deposit, struct err *e)
{
    int rc = index_spans(x, deposit, take_span, r, e);
    return rc == 0 ? take_originals(&(struct gathering){x, r, true}, deposit, e) : rc;
}

static int take_living(void *context, const struct index_deposit *d, struct err *e)
{
    const struct gathering *g = context;
    return d->set_aside ? 0 : index_spans(g->index, d->leaf, take_span, g->ranges, e);
}

int verbs_ranges_living(struct verbs_ranges *r, struct index *x, struct err *e)
{
    struct gathering g = {x, r, false};
    int rc = index_deposits(x, take_living, &g, e);
    return rc == 0 ? take_originals(&g, UINT64_MAX, e) : rc;
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
                                   .must_log = a->must_log, .use = a->use};
    rc = store_access(s, &what, &unlogged, e);
    if (rc == 0 && unlogged.code != 0)
        face->warn(face->context, unlogged.text);
    return rc;
}
