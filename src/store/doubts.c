/* What members signed who were revoked, from the leaf on from which it is doubtful.  Shown beside it, never dropped. */
#include "store/store_internal.h"

void store_doubts_release(struct store_doubts *d)
{
    free(d->list);
    *d = (struct store_doubts){.count = 0};
}

static int range_add(struct store_doubts *d, uint64_t first, uint64_t count, struct err *e)
{
    if (d->count == d->room) {
        size_t room = d->room * 2 + 16;
        struct statement_range *grown = reallocarray(d->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        d->list = grown;
        d->room = room;
    }
    d->list[d->count++] = (struct statement_range){first, first + count - 1};
    return 0;
}

bool store_doubtful_signer(const struct store *s, struct bytes name, uint64_t leaf)
{
    for (size_t i = 0; i < s->history.count; i++) {
        const struct history_member *m = &s->history.members[i];
        if (m->doubted && bytes_equal(bytes_text(m->key.name), name))
            return history_is_doubtful(m, leaf);
    }
    return false;
}

int store_doubtful_at(struct store *s, uint64_t leaf, bool *ret, struct err *e)
{
    struct store_held *held = NULL;
    struct statement st;
    struct bytes name = {0};
    int rc = store_statement(s, leaf, &held, &st, e);
    if (rc == 0)
        rc = store_signer(held, &name, e);
    if (rc == 0)
        *ret = store_doubtful_signer(s, name, leaf);
    store_held_drop(&held);
    return rc;
}

/* The first leaf that may be doubtful; UINT64_MAX: none is. */
static uint64_t first_of(const struct history *h)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < h->count; i++)
        if (h->members[i].doubted && h->members[i].doubtful_from < first)
            first = h->members[i].doubtful_from;
    return first;
}

struct seeking {
    const struct store *s;
    struct store_doubts *doubts;
    uint64_t first;
};

static int take_cover(const struct seeking *k, uint64_t leaf, struct bytes note, struct err *e)
{
    OWN(statement_held_drop) struct statement_held *held = NULL;
    const struct history_member *signer = NULL;
    struct statement st;
    int rc = history_read(&k->s->history, &(struct history_reading){.leaf = leaf, .bytes = note}, &held, &st, &signer,
                          e);
    if (rc != 0 || st.kind != STATEMENT_COVER || signer == NULL || !history_is_doubtful(signer, leaf))
        return rc;
    return range_add(k->doubts, st.cover.first, st.cover.count, e);
}

static int take_record(void *context, const struct ledger_record *r, struct err *e)
{
    const struct seeking *k = context;
    struct cursor open = cursor_of(r->open);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = take_cover(k, r->first_leaf + r->hidden_count + i, note, e);
    }
    return rc == 0 && r->first_leaf <= k->first ? ERR_STOPPED : rc; /* far enough */
}

int store_doubts_load(struct store *s, struct store_doubts *ret, struct err *e)
{
    struct seeking k = {s, ret, first_of(&s->history)};
    if (k.first == UINT64_MAX)
        return 0;
    int rc = ledger_walk_back(store_ledger(s), take_record, &k, e);
    return rc == ERR_STOPPED ? 0 : rc;
}

/* The ranges descend. */
bool store_doubtful(const struct store_doubts *d, uint64_t leaf)
{
    size_t low = 0, high = d->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->list[middle].first > leaf)
            low = middle + 1;
        else
            high = middle;
    }
    return low < d->count && leaf <= d->list[low].last;
}
