/* Bringing what is derived up to the journal: segments of leaf secrets, and the index, record by record. */
#include "store/store_internal.h"

#include <stdio.h>

int store_extents_next(struct cursor *c, uint32_t *left, struct vault_run *ret, struct err *e)
{
    *ret = (struct vault_run){.pack = cursor_u64(c), .first_sector = cursor_u32(c), .sectors = cursor_u32(c)};
    (*left)--;
    return c->failed || ret->sectors == 0
               ? err_set(e, ERR_DAMAGED, "a record's table of pack extents has no known form")
               : 0;
}

void store_extents_put(const struct vault_run *runs, size_t count, struct buf *to)
{
    buf_put_u32(to, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        buf_put_u64(to, runs[i].pack);
        buf_put_u32(to, runs[i].first_sector);
        buf_put_u32(to, runs[i].sectors);
    }
}

/* ---- one record into the index ---- */

struct frame_take {
    struct index *index;
    uint64_t leaf;
};

static int take_frame(void *context, uint32_t frame, const struct hash *digest, uint32_t size_bytes, struct err *e)
{
    const struct frame_take *t = context;
    (void)size_bytes;
    return index_frame(t->index, digest, t->leaf, frame, e);
}

static int take_frames(struct store *s, uint64_t leaf, const struct key *secret, uint64_t manifest, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    struct frame_take t = {s->index, leaf};
    leaf_manifest_key(secret, &key);
    int rc = vault_list(s->vault, &key, manifest, take_frame, &t, e);
    return rc == 0 ? 0 : err_add(e, rc, "leaf %llu", (unsigned long long)leaf);
}

static int take_runs(struct store *s, const struct ledger_record *r, struct err *e)
{
    struct cursor c = cursor_of(r->extents);
    uint32_t left = cursor_u32(&c);
    int rc = c.failed ? err_set(e, ERR_DAMAGED, "a record's table of pack extents has no known form") : 0;
    while (rc == 0 && left > 0) {
        struct vault_run run;
        rc = store_extents_next(&c, &left, &run, e);
        if (rc == 0)
            rc = vault_run_read(s->vault, &run, e);
        if (rc == 0)
            rc = vault_run_add(s->vault, &run, e);
        if (rc == 0)
            rc = index_run(s->index, run.pack, run.first_sector, run.sectors, run.first_record, run.records, e);
    }
    if (rc == 0 && !cursor_done(&c))
        rc = err_set(e, ERR_DAMAGED, "a record's table of pack extents has no known form");
    return rc;
}

static int take_hidden(struct store *s, const struct ledger_record *r, uint64_t leaf, struct cursor *c,
                       struct store_held **held, struct err *e)
{
    struct bytes sealed;
    struct statement statement;
    int rc = ledger_statement_next(c, &sealed, e);
    if (rc == 0)
        rc = store_open_leaf(s, leaf, sealed, held, &statement, e);
    if (rc != 0)
        return rc;
    struct hash commitment;
    memcpy(commitment.b, r->entries.p + (leaf - r->first_leaf) * LEDGER_ENTRY + 1, CRYPT_HASH);
    uint64_t at = ledger_hidden_at(r) + (uint64_t)(sealed.p - r->hidden.p),
             manifest = (*held)->envelope.manifest_record;
    rc = index_statement(s->index, leaf, &statement, manifest, at, (uint32_t)sealed.n, &commitment, e);
    if (rc == 0 && manifest != LEAF_NO_MANIFEST)
        rc = take_frames(s, leaf, &(*held)->secret, manifest, e);
    return rc;
}

static int take_public(struct store *s, const struct ledger_record *r, uint64_t leaf, struct cursor *c, struct err *e)
{
    struct bytes note;
    struct statement statement;
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = ledger_statement_next(c, &note, e);
    if (rc == 0)
        rc = statement_read(note, bytes_of(NULL, 0), NULL, &s->founded.founded.member, 1, &held, &statement, e);
    uint64_t at = ledger_open_at(r) + (uint64_t)(note.p - r->open.p);
    return rc != 0 ? rc : index_statement(s->index, leaf, &statement, LEAF_NO_MANIFEST, at, (uint32_t)note.n, NULL, e);
}

int store_take_record(struct store *s, const struct ledger_record *r, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct cursor hidden = cursor_of(r->hidden), open = cursor_of(r->open);
    uint64_t leaf = r->first_leaf;
    int rc = take_runs(s, r, e);
    for (uint32_t i = 0; rc == 0 && i < r->hidden_count; i++)
        rc = take_hidden(s, r, leaf++, &hidden, &held, e);
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++)
        rc = take_public(s, r, leaf++, &open, e);
    return rc;
}

/* ---- all that is missing ---- */

struct catching {
    struct store *s;
    const struct store_watch *watch;
    uint64_t all;
    bool told; /* of a damaged copy */
};

int store_apply_blocks(struct store *s, struct bytes secrets, bool *told, struct err *e)
{
    struct err mine = {0};
    int rc = keyring_committed(s->keyring, secrets, &mine);
    if (rc != ERR_DAMAGED)
        return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
    if (!*told)
        store_tell(s, mine.text);
    *told = true;
    return 0;
}

static int catch_one(void *context, const struct ledger_record *r, struct err *e)
{
    struct catching *c = context;
    struct store *s = c->s;
    struct index_position now = {.records = r->number + 1,
                                 .bytes = r->at + r->bytes,
                                 .last = r->hash,
                                 .leaves = r->first_leaf + r->hidden_count + r->public_count};
    int rc = store_apply_blocks(s, r->secrets, &c->told, e);
    if (rc == 0)
        rc = index_begin(s->index, e);
    if (rc != 0)
        return rc;
    rc = store_take_record(s, r, e);
    if (rc == 0)
        rc = index_end(s->index, &now, e);
    if (rc != 0) {
        index_undo(s->index);
        return err_add(e, rc, "record %llu", (unsigned long long)r->number);
    }
    if (c->watch != NULL && c->watch->progress != NULL && c->watch->progress(c->watch->context, now.bytes, c->all) != 0)
        return err_set(e, ERR_STOPPED, "interrupted: what was done stays, the rest is done at the next opening");
    return 0;
}

int store_catch_up(struct store *s, const struct store_watch *watch, struct err *e)
{
    struct index_position at;
    struct ledger_position end;
    ledger_where(s->ledger, &end);
    int rc = index_where(s->index, &at, e);
    if (rc != 0)
        return rc;
    struct catching c = {.s = s, .watch = watch, .all = end.bytes};
    rc = ledger_walk(s->ledger, -1, at.records == 0 ? LEDGER_FIRST : at.bytes, at.records, catch_one, &c, e);
    if (rc == 0 && s->lock_fd >= 0)
        rc = ledger_publish(s->ledger, e);
    return rc;
}
