/* Reading one leaf and one item. */
#include "store/store_internal.h"

#include "model/opening.h"

#include <assert.h>

void store_held_drop(struct store_held **held)
{
    struct store_held *h = *held;
    if (h == NULL)
        return;
    statement_held_drop(&h->statement);
    buf_drop(&h->sealed);
    buf_wipe(&h->opened);
    buf_wipe(&h->made);
    buf_wipe(&h->values);
    key_drop(&h->secret);
    free(h);
    *held = NULL;
}

static int held_need(struct store_held **held, struct err *e)
{
    if (*held == NULL)
        *held = calloc(1, sizeof **held);
    return *held == NULL ? err_memory(e) : 0;
}

int store_secret(struct store *s, uint64_t leaf, struct key *ret, struct err *e)
{
    uint64_t by = 0;
    const struct store_erased *act = store_erased_at(s, leaf, &by) ? store_erased_by(s, by) : NULL;
    if (act != NULL && act->ours) /* who does not hold this compartment erases nothing in it */
        return err_set(e, ERR_ABSENT, "ERASED: leaf %llu, by leaf %llu", (unsigned long long)leaf,
                       (unsigned long long)by);
    pthread_mutex_lock(&s->asking);
    int rc = keyring_secret(s->keyring, leaf, ret, e);
    pthread_mutex_unlock(&s->asking);
    return rc;
}

/* Afterwards the envelope is as if the statement had been stored in full. */
static int held_expand(struct store_held *h, struct statement *ret, struct err *e)
{
    int rc = statement_expand(h->envelope.fields, &h->secret, &h->made, &h->values, ret, e);
    h->envelope.statement = buf_bytes(&h->made);
    h->envelope.values = buf_bytes(&h->values);
    return rc;
}

/* What waited in a spool, or beside the log, when she lost it was done before. */
static int signer_held(const struct store *s, uint64_t leaf, const struct history_member *m,
                       const struct statement *st, struct err *e)
{
    bool waited = st->kind == STATEMENT_ACCESSED || st->place.waited;
    bool held = waited ? (m->held >> s->compartment_at & 1) != 0 : history_held(m, s->compartment_at, leaf);
    return held ? 0 : err_set(e, ERR_DAMAGED, "rule signer-compartment: %s does not hold this compartment here",
                              m->key.name);
}

int store_open_leaf(struct store *s, uint64_t leaf, struct bytes sealed, struct store_held **held,
                    struct statement *ret, struct err *e)
{
    int rc = held_need(held, e);
    if (rc == 0)
        rc = store_secret(s, leaf, &(*held)->secret, e);
    if (rc == 0) {
        struct store_held *h = *held;
        h->signer = NULL;
        rc = leaf_open(&h->secret, &s->pin, leaf, sealed, &h->opened, &h->envelope);
        if (rc != 0)
            rc = err_set(e, rc, "the sealed statement does not open");
        else if (h->envelope.fields.n > 0)
            rc = held_expand(h, ret, e);
        else
            rc = history_read(&s->history,
                              &(struct history_reading){leaf, h->envelope.statement, h->envelope.values, &h->secret},
                              &h->statement, ret, &h->signer, e);
        if (rc == 0 && h->signer != NULL)
            rc = signer_held(s, leaf, h->signer, ret, e);
    }
    return rc == 0 ? 0 : err_add(e, rc, "leaf %llu", (unsigned long long)leaf);
}

/* As it is stored, appended. */
static int stored(struct store *s, uint64_t leaf, struct index_statement_row *ret, struct buf *to, struct err *e)
{
    int rc = index_statement_row(store_index(s), leaf, ret, e);
    if (rc != 0)
        return rc;
    uint8_t *p = buf_more(to, ret->journal_bytes);
    if (p == NULL)
        return err_memory(e);
    return ledger_read_at(s->ledger, ret->journal_at, p, ret->journal_bytes, e);
}

int store_note(struct store *s, uint64_t leaf, struct buf *to, struct err *e)
{
    struct index_statement_row row;
    int rc = stored(s, leaf, &row, to, e);
    assert(rc != 0 || !statement_kind_hidden(row.kind));
    return rc;
}

int store_opening(struct store *s, uint64_t leaf, struct store_held **held, struct statement *ret, struct buf *to,
                  struct err *e)
{
    int rc = store_statement(s, leaf, held, ret, e);
    if (rc != 0)
        return rc;
    assert(statement_kind_hidden(ret->kind));
    const struct leaf_envelope *v = &(*held)->envelope;
    return opening_make(leaf, &(*held)->secret, v->statement, v->values, to, e);
}

int store_statement(struct store *s, uint64_t leaf, struct store_held **held, struct statement *ret, struct err *e)
{
    struct index_statement_row row;
    int rc = held_need(held, e);
    if (rc != 0)
        return rc;
    struct store_held *h = *held;
    buf_clear(&h->sealed);
    rc = stored(s, leaf, &row, &h->sealed, e);
    if (rc != 0)
        return rc;
    if (statement_kind_hidden(row.kind))
        return store_open_leaf(s, leaf, buf_bytes(&h->sealed), held, ret, e);
    return store_public_read(&s->history, leaf, buf_bytes(&h->sealed), &h->statement, ret, e);
}

int store_signer(const struct store_held *held, struct bytes *ret, struct err *e)
{
    OWN(note_drop) struct note note = {0};
    int rc = note_parse(held->envelope.statement, &note, e);
    if (rc == 0)
        *ret = note.line[0].name;
    return rc;
}

int store_get(struct store *s, const struct index_item *item, const struct vault_sink *sink, struct err *e)
{
    OWN(key_drop) struct key secret = {0}, key = {0};
    struct vault_digest got;
    int rc = store_secret(s, item->leaf, &secret, e);
    if (rc == 0) {
        leaf_manifest_key(&secret, &key);
        rc = vault_get(s->vault, &key, item->manifest_record, sink, &got, e);
    }
    if (rc == 0 && (got.bytes != item->bytes || !hash_equal(&got.sha256, &item->sha256)))
        rc = err_set(e, ERR_DAMAGED, "the bytes do not have the digest that its statement gives");
    return rc == 0 ? 0 : err_add(e, rc, "item %llu", (unsigned long long)item->leaf);
}

