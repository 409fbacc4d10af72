/* What this member can read here and holds a name that was sealed: names of items, their bytes, and what was said. */
#include "store/store_internal.h"

#include "base/seek.h"

struct leaking {
    struct store *s;
    struct seek *seek;
    struct store_leak_each each;
    struct store_held *held;
    bool of_bytes;
};

static int tell(const struct leaking *l, uint64_t leaf, enum statement_kind kind, struct err *e)
{
    const struct store_leak leak = {.leaf = leaf, .kind = kind, .in_bytes = l->of_bytes};
    return seek_found_any(l->seek) ? l->each.leak(l->each.context, &leak, e) : 0;
}

static int feed(void *context, struct bytes x, struct err *e)
{
    (void)e;
    seek_feed(context, x);
    return 0;
}

/* What cannot be read is told, and the rest is looked through. */
static int in_bytes(struct leaking *l, const struct index_item *item, struct err *e)
{
    const struct vault_sink sink = {.write = feed, .context = l->seek};
    struct err mine = {0};
    seek_begin(l->seek);
    int rc = store_get(l->s, item, &sink, &mine);
    if (rc != 0)
        return l->each.unread(l->each.context, mine.text, e);
    l->of_bytes = true;
    rc = tell(l, item->leaf, STATEMENT_RECEIVED, e);
    l->of_bytes = false;
    return rc;
}

static int look_at_item(void *context, const struct index_item *item, struct err *e)
{
    struct leaking *l = context;
    seek_begin(l->seek);
    seek_feed(l->seek, item->path);
    seek_feed(l->seek, bytes_text("\n"));
    seek_feed(l->seek, item->target);
    int rc = tell(l, item->leaf, STATEMENT_RECEIVED, e);
    if (rc == 0 && !item->further_name && item->type == STATEMENT_FILE)
        rc = in_bytes(l, item, e);
    return rc;
}

static int look_at_statement(void *context, const struct index_statement_row *row, struct err *e)
{
    struct leaking *l = context;
    struct statement st;
    int rc = store_statement(l->s, row->leaf, &l->held, &st, e);
    if (rc != 0)
        return rc;
    seek_begin(l->seek);
    seek_feed(l->seek, l->held->envelope.values);
    return tell(l, row->leaf, row->kind, e);
}

static int look_all(struct leaking *l, struct err *e)
{
    int rc = index_items(store_index(l->s), UINT64_MAX, 0, look_at_item, l, e);
    for (int kind = 1; rc == 0 && kind <= STATEMENT_KIND_LAST; kind++)
        if (statement_kind_known((enum statement_kind)kind) && statement_kind_hidden((enum statement_kind)kind) &&
            kind != STATEMENT_RECEIVED)
            rc = index_statements(store_index(l->s), 0, kind, look_at_statement, l, e);
    return rc;
}

int store_leaks(struct store *s, struct bytes record, const struct store_leak_each *each, struct err *e)
{
    OWN(crypt_hold_drop) struct buf room = {0};
    struct identity_record r;
    struct bytes texts[IDENTITY_NAMES_MAX + 2 * IDENTITY_LINES_MAX];
    struct leaking l = {.s = s, .each = *each};
    size_t count = 0;
    int rc = identity_record_read(record, &r, e);
    for (size_t i = 0; rc == 0 && i < r.names; i++)
        texts[count++] = r.name[i].text;
    for (size_t i = 0; rc == 0 && i < r.contacts; i++)
        texts[count++] = r.contact[i];
    for (size_t i = 0; rc == 0 && i < r.documents; i++)
        texts[count++] = r.document[i];
    size_t bytes = seek_room(count, record.n);
    if (rc == 0)
        rc = crypt_hold(&room, bytes, e);
    if (rc == 0)
        rc = seek_new(texts, count, memset(buf_more(&room, bytes), 0, bytes), &l.seek, e);
    if (rc == 0)
        rc = look_all(&l, e);
    seek_drop(&l.seek);
    store_held_drop(&l.held);
    return rc;
}
