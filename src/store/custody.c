/* What was said of custody, and who saw what: found by kind, opened, and held to what it is about. */
#include "store/store_internal.h"

int store_commitment(struct store *s, uint64_t leaf, struct hash *ret, struct err *e)
{
    struct ledger_position now;
    uint8_t entry[LEDGER_ENTRY];
    struct ledger *l = store_ledger(s);
    ledger_where(l, &now);
    if (leaf >= now.leaves)
        return err_set(e, ERR_ABSENT, "there is no leaf %llu", (unsigned long long)leaf);
    int rc = ledger_entry(l, leaf, entry, e);
    if (rc == 0)
        memcpy(ret->b, entry + 1, CRYPT_HASH);
    return rc;
}

int store_refers_check(struct store *s, const struct statement_custody *x, uint64_t end, int code, struct err *e)
{
    struct hash there;
    if (!x->refers)
        return 0;
    if (x->refers_leaf >= end)
        return err_set(e, code, "rule custody-refers: there is no leaf %llu before it",
                       (unsigned long long)x->refers_leaf);
    int rc = store_commitment(s, x->refers_leaf, &there, e);
    if (rc == 0 && !hash_equal(&there, &x->refers_commitment))
        rc = err_set(e, code, "rule custody-refers: leaf %llu has another commitment than is said",
                     (unsigned long long)x->refers_leaf);
    return rc;
}

struct finding {
    struct store *s;
    const struct store_custody_of *about;
    int (*each)(void *context, const struct store_custody_event *event, struct err *e);
    void *context;
    struct store_held *held;
};

/* ${receipt}: that it is about as a whole; 0: about these items. */
static bool is_about(const struct store_custody_of *about, uint64_t receipt, const struct statement_range *items,
                     size_t count)
{
    if (receipt != 0)
        return receipt == about->receipt;
    bool whole = about->item == UINT64_MAX;
    uint64_t first = whole ? about->first : about->item, last = whole ? about->last : about->item;
    for (size_t i = 0; i < count; i++)
        if (items[i].first <= last && items[i].last >= first)
            return true;
    return false;
}

static bool is_doubtful(const struct store *s, struct bytes signer, uint64_t leaf)
{
    char name[NOTE_NAME_MAX + 1];
    if (signer.n > NOTE_NAME_MAX)
        return false;
    memcpy(name, signer.p, signer.n);
    name[signer.n] = 0;
    const struct history_member *m = history_member(&s->history, name);
    return m != NULL && history_is_doubtful(m, leaf);
}

static int look(void *context, const struct index_statement_row *row, struct err *e)
{
    struct finding *f = context;
    struct statement st;
    int rc = store_statement(f->s, row->leaf, &f->held, &st, e);
    if (rc != 0)
        return rc;
    bool access = st.kind == STATEMENT_ACCESSED;
    if (access ? !is_about(f->about, 0, st.accessed.items, st.accessed.item_count)
               : !is_about(f->about, st.custody.receipt, st.custody.items, st.custody.item_count))
        return 0;
    struct store_custody_event event = {.leaf = row->leaf,
                                        .at_unix_s = st.at_unix_s,
                                        .said = access ? NULL : &st.custody,
                                        .accessed = access ? &st.accessed : NULL};
    rc = store_signer(f->held, &event.signer, e);
    if (rc != 0)
        return rc;
    event.doubtful = is_doubtful(f->s, event.signer, row->leaf);
    return f->each(f->context, &event, e);
}

static int find(struct finding *f, enum statement_kind kind, struct err *e)
{
    int rc = index_statements(store_index(f->s), 0, (int)kind, look, f, e);
    store_held_drop(&f->held);
    return rc;
}

int store_custody(struct store *s, const struct store_custody_of *about,
                  int (*each)(void *context, const struct store_custody_event *event, struct err *e), void *context,
                  struct err *e)
{
    return find(&(struct finding){.s = s, .about = about, .each = each, .context = context}, STATEMENT_CUSTODY, e);
}

static int look_ahead(void *context, const struct store_custody_event *event, struct err *e)
{
    struct finding *f = context;
    const struct statement_accessed *x = event->accessed;
    return is_about(f->about, 0, x->items, x->item_count) ? f->each(f->context, event, e) : 0;
}

int store_accesses(struct store *s, const struct store_custody_of *about,
                   int (*each)(void *context, const struct store_custody_event *event, struct err *e), void *context,
                   struct err *e)
{
    struct finding f = {.s = s, .about = about, .each = each, .context = context};
    int rc = find(&f, STATEMENT_ACCESSED, e);
    return rc == 0 ? store_accesses_ahead(s, look_ahead, &f, e) : rc;
}

/* ---- the digest of a deposit ---- */

struct covering {
    struct store *s;
    uint64_t deposit;
    int (*each)(void *context, const struct statement_cover *cover, struct err *e);
    void *context;
    struct store_held *held;
    struct hash *roots; /* hashed as leaves */
    size_t count, room;
};

static int take_root(struct covering *c, const struct hash *root, struct err *e)
{
    if (c->count == c->room) {
        size_t room = c->room * 2 + 8;
        struct hash *grown = reallocarray(c->roots, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        c->roots = grown;
        c->room = room;
    }
    crypt_leaf_hash(bytes_of(root->b, CRYPT_HASH), &c->roots[c->count++]);
    return 0;
}

/* Covers come in the order of the deposits: behind those of the next one there are none of this one. */
static int take_cover(void *context, const struct index_statement_row *row, struct err *e)
{
    struct covering *c = context;
    struct statement st;
    int rc = store_statement(c->s, row->leaf, &c->held, &st, e);
    if (rc != 0)
        return rc;
    if (st.cover.deposit > c->deposit)
        return ERR_STOPPED;
    if (st.cover.deposit < c->deposit)
        return 0;
    rc = take_root(c, &st.cover.root, e);
    return rc == 0 ? c->each(c->context, &st.cover, e) : rc;
}

int store_deposit_digest(struct store *s, uint64_t deposit,
                         int (*each)(void *context, const struct statement_cover *cover, struct err *e), void *context,
                         struct hash *ret, struct err *e)
{
    struct covering c = {.s = s, .deposit = deposit, .each = each, .context = context};
    int rc = index_statements(store_index(s), deposit, STATEMENT_COVER, take_cover, &c, e);
    if (rc == 0 || rc == ERR_STOPPED) {
        tree_root(c.roots, c.count, ret);
        rc = 0;
    }
    store_held_drop(&c.held);
    free(c.roots);
    return rc;
}
