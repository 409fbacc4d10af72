/* What belongs into a package: items, the deposits they came with, all covers of those, and every key event. */
#include "package/package_internal.h"

void package_contents_release(struct package_contents *c)
{
    free(c->item);
    free(c->deposit);
    free(c->cover);
    free(c->event);
    *c = (struct package_contents){0};
}

/* One more of ${list}, whose members have ${size} bytes. */
static int room_for(void *list, size_t count, size_t *room, size_t size, struct err *e)
{
    void **p = list;
    if (count < *room)
        return 0;
    size_t more = *room * 2 + 64;
    void *grown = reallocarray(*p, more, size);
    if (grown == NULL)
        return err_memory(e);
    *p = grown;
    *room = more;
    return 0;
}

static int item_take(void *context, const struct index_item *item, struct err *e)
{
    struct package_contents *c = context;
    int rc = room_for(&c->item, c->items, &c->item_room, sizeof *c->item, e);
    if (rc != 0)
        return rc;
    if (item->receipt == 0)
        return err_set(e, ERR_REFUSED,
                       "item %llu has no receipt yet: its intake was interrupted; run it again to the end",
                       (unsigned long long)item->leaf);
    struct package_item *one = &c->item[c->items++];
    *one = (struct package_item){.item = *item, .of = item->further_name ? item->of : UINT64_MAX};
    one->item.path = one->item.target = bytes_of(NULL, 0);
    return 0;
}

static int by_item(const void *a, const void *b)
{
    uint64_t x = ((const struct package_item *)a)->item.leaf, y = ((const struct package_item *)b)->item.leaf;
    return x < y ? -1 : x > y;
}

static void items_settle(struct package_contents *c)
{
    size_t kept = 0;
    qsort(c->item, c->items, sizeof c->item[0], by_item);
    for (size_t i = 0; i < c->items; i++)
        if (kept == 0 || c->item[kept - 1].item.leaf != c->item[i].item.leaf)
            c->item[kept++] = c->item[i];
    c->items = kept;
}

bool package_holds(const struct package_contents *c, uint64_t leaf)
{
    const struct package_item key = {.item = {.leaf = leaf}};
    return bsearch(&key, c->item, c->items, sizeof key, by_item) != NULL;
}

static int items_gather(struct store *s, const struct package_request *request, struct package_contents *c,
                        struct err *e)
{
    int rc = 0;
    if (request->count == 0)
        return err_set(e, ERR_USAGE, "a package holds at least one item: name items, or a receipt");
    for (size_t i = 0; rc == 0 && i < request->count; i++)
        rc = index_item(store_index(s), request->leaf[i], item_take, c, e);
    if (rc != 0)
        return rc;
    items_settle(c);
    size_t asked = c->items;
    for (size_t i = 0; rc == 0 && i < asked; i++)
        if (c->item[i].of != UINT64_MAX)
            rc = index_item(store_index(s), c->item[i].of, item_take, c, e);
    items_settle(c);
    for (size_t i = 0; i < c->items; i++) {
        const struct index_item *item = &c->item[i].item;
        c->bytes += item->type == STATEMENT_FILE && !item->further_name ? item->bytes : 0;
    }
    return rc;
}

/* ---- deposits ---- */

static int deposit_take(void *context, const struct index_deposit *d, struct err *e)
{
    struct package_contents *c = context;
    int rc = room_for(&c->deposit, c->deposits, &c->deposit_room, sizeof *c->deposit, e);
    if (rc == 0)
        c->deposit[c->deposits++] =
            (struct package_deposit){.leaf = d->leaf, .receipt = d->receipt, .receipt_leaf = d->receipt_leaf};
    if (rc == 0 && d->receipt_leaf > c->last_leaf)
        c->last_leaf = d->receipt_leaf;
    return rc;
}

static int by_deposit(const void *a, const void *b)
{
    uint64_t x = ((const struct package_deposit *)a)->leaf, y = ((const struct package_deposit *)b)->leaf;
    return x < y ? -1 : x > y;
}

static struct package_deposit *deposit_find(const struct package_contents *c, uint64_t deposit)
{
    for (size_t i = 0; i < c->deposits; i++)
        if (c->deposit[i].leaf == deposit)
            return &c->deposit[i];
    return NULL;
}

const struct package_deposit *package_deposit_of(const struct package_contents *c, uint64_t deposit)
{
    return deposit_find(c, deposit);
}

static int deposits_gather(struct store *s, struct package_contents *c, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->items; i++)
        if (deposit_find(c, c->item[i].item.deposit) == NULL)
            rc = index_deposit_by_receipt(store_index(s), c->item[i].item.receipt, deposit_take, c, e);
    if (rc == 0 && c->deposits > STATEMENT_DEPOSITS_MAX)
        rc = err_set(e, ERR_REFUSED,
                     "these items came with %zu deposits; one package draws on at most %d: make several", c->deposits,
                     STATEMENT_DEPOSITS_MAX);
    if (rc == 0)
        qsort(c->deposit, c->deposits, sizeof c->deposit[0], by_deposit);
    return rc;
}

/* ---- covers and key events ---- */

struct gathering {
    struct store *store;
    struct package_contents *contents;
};

static int cover_take(void *context, const struct index_statement_row *row, struct err *e)
{
    struct gathering *g = context;
    struct package_contents *c = g->contents;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(g->store, row->leaf, &held, &st, e);
    struct package_deposit *d = rc == 0 ? deposit_find(c, st.cover.deposit) : NULL;
    if (rc != 0 || d == NULL)
        return rc;
    rc = room_for(&c->cover, c->covers, &c->cover_room, sizeof *c->cover, e);
    if (rc != 0)
        return rc;
    c->cover[c->covers++] = (struct package_cover){row->leaf, st.cover.deposit, st.cover.first, st.cover.count};
    uint8_t entry[LEDGER_ENTRY];
    rc = ledger_entry(store_ledger(g->store), st.cover.first + st.cover.count - 1, entry, e);
    memcpy(d->head.b, entry + 1, CRYPT_HASH);
    d->count += st.cover.count;
    c->last_leaf = row->leaf > c->last_leaf ? row->leaf : c->last_leaf;
    for (uint64_t i = 0; i < st.cover.count; i++)
        c->withheld += !package_holds(c, st.cover.first + i);
    return rc;
}

static int event_take(void *context, const struct index_statement_row *row, struct err *e)
{
    struct package_contents *c = ((struct gathering *)context)->contents;
    int rc = row->leaf == 0 ? 0 : room_for(&c->event, c->events, &c->event_room, sizeof *c->event, e);
    if (rc == 0 && row->leaf != 0)
        c->event[c->events++] = row->leaf;
    return rc;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int package_gather(struct store *s, const struct package_request *request, struct package_contents *ret, struct err *e)
{
    struct gathering g = {s, ret};
    int rc = items_gather(s, request, ret, e);
    if (rc == 0)
        rc = deposits_gather(s, ret, e);
    if (rc == 0)
        rc = index_statements(store_index(s), 0, STATEMENT_COVER, cover_take, &g, e);
    for (int kind = 1; rc == 0 && kind <= STATEMENT_KIND_LAST; kind++)
        if (history_is_event((enum statement_kind)kind))
            rc = index_statements(store_index(s), 0, kind, event_take, &g, e);
    if (rc == 0 && ret->events > 0)
        qsort(ret->event, ret->events, sizeof ret->event[0], by_number);
    return rc;
}
