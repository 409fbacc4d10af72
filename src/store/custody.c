/* What was said of custody: found by kind, opened, and held to what it is about. */
#include "store/store_internal.h"

int store_commitment(struct store *s, uint64_t leaf, struct hash *ret, struct err *e)
{
    struct ledger_position now;
    uint8_t entry[LEDGER_ENTRY];
    ledger_where(s->ledger, &now);
    if (leaf >= now.leaves)
        return err_set(e, ERR_ABSENT, "there is no leaf %llu", (unsigned long long)leaf);
    int rc = ledger_entry(s->ledger, leaf, entry, e);
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

static bool is_about(const struct store_custody_of *about, const struct statement_custody *x)
{
    if (x->receipt != 0)
        return x->receipt == about->receipt;
    bool whole = about->item == UINT64_MAX;
    uint64_t first = whole ? about->first : about->item, last = whole ? about->last : about->item;
    for (size_t i = 0; i < x->item_count; i++)
        if (x->items[i].first <= last && x->items[i].last >= first)
            return true;
    return false;
}

static int look(void *context, const struct index_statement_row *row, struct err *e)
{
    struct finding *f = context;
    struct statement st;
    int rc = store_statement(f->s, row->leaf, &f->held, &st, e);
    if (rc != 0 || !is_about(f->about, &st.custody))
        return rc;
    struct store_custody_event event = {.leaf = row->leaf, .at_unix_s = st.at_unix_s, .said = &st.custody};
    rc = store_signer(f->held, &event.signer, e);
    return rc == 0 ? f->each(f->context, &event, e) : rc;
}

int store_custody(struct store *s, const struct store_custody_of *about,
                  int (*each)(void *context, const struct store_custody_event *event, struct err *e), void *context,
                  struct err *e)
{
    struct finding f = {.s = s, .about = about, .each = each, .context = context};
    int rc = index_statements(store_index(s), 0, STATEMENT_CUSTODY, look, &f, e);
    store_held_drop(&f.held);
    return rc;
}
