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

struct catching {
    struct store *s;
    const struct store_watch *watch;
    uint64_t all;
    bool told_keys; /* of damage that leaves the rest readable */
    bool cosigned;  /* a record that was caught up holds cosignatures */
    struct store_runs runs;
};

/* One bad sector must not keep everything else from being read. */
static void tell_pack(struct store_runs *r, const struct err *why)
{
    struct err line = {0};
    if (!r->told)
        (void)err_set(&line, ERR_DAMAGED, "%s; what can be read is indexed: when the pack is whole again, run "
                                          "groundwork reindex", why->text);
    if (!r->told)
        store_tell(r->s, line.text);
    r->told = true;
}

static bool is_lost(int rc)
{
    return rc == ERR_DAMAGED || rc == ERR_ABSENT;
}

struct frame_take {
    struct index *index;
    uint64_t leaf;
    int failed; /* the index, not the pack */
};

static int take_frame(void *context, uint32_t frame, const struct hash *digest, uint32_t size_bytes, struct err *e)
{
    struct frame_take *t = context;
    (void)size_bytes;
    t->failed = index_frame(t->index, digest, t->leaf, frame, e);
    return t->failed;
}

static int take_frames(struct catching *c, uint64_t leaf, const struct key *secret, uint64_t manifest, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    struct frame_take t = {c->s->index, leaf, 0};
    struct err mine = {0};
    leaf_manifest_key(secret, &key);
    int rc = vault_list(c->s->vault, &key, manifest, take_frame, &t, &mine);
    if (rc == 0)
        return 0;
    (void)err_add(&mine, rc, "leaf %llu", (unsigned long long)leaf);
    if (t.failed != 0 || !is_lost(rc))
        return err_set(e, rc, "%s", mine.text);
    tell_pack(&c->runs, &mine);
    return 0;
}

void store_runs_release(struct store_runs *r)
{
    free(r->lost);
    *r = (struct store_runs){0};
}

static int run_known(struct store_runs *r, const struct vault_run *run, struct err *e)
{
    int rc = vault_run_add(r->s->vault, run, e);
    r->next_record = run->first_record + run->records;
    if (rc != 0 || r->index == NULL)
        return rc;
    return index_run(r->index, run->pack, run->first_sector, run->sectors, run->first_record, run->records, e);
}

static int run_lost(struct store_runs *r, const struct vault_run *run, const struct err *why, struct err *e)
{
    if (r->lost_count == r->lost_room) {
        size_t room = r->lost_room * 2 + 4;
        struct vault_run *grown = reallocarray(r->lost, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        r->lost = grown;
        r->lost_room = room;
    }
    if (r->lost_count == 0)
        r->why_lost = *why;
    r->lost[r->lost_count++] = *run;
    tell_pack(r, why);
    return 0;
}

/* Records are numbered without gaps: what lies before ${next} is in the runs that were lost. */
static int lost_settle(struct store_runs *r, uint64_t next, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->lost_count; i++) {
        r->lost[i].first_record = r->next_record;
        r->lost[i].records = next < r->next_record ? 0 : (uint32_t)(next - r->next_record);
        rc = run_known(r, &r->lost[i], e);
    }
    r->lost_count = 0;
    return rc;
}

int store_runs_take(struct store_runs *r, const struct ledger_record *record, struct err *e)
{
    struct cursor x = cursor_of(record->extents);
    uint32_t left = cursor_u32(&x);
    int rc = x.failed ? err_set(e, ERR_DAMAGED, "a record's table of pack extents has no known form") : 0;
    while (rc == 0 && left > 0) {
        struct vault_run run;
        struct err mine = {0};
        rc = store_extents_next(&x, &left, &run, e);
        if (rc != 0)
            return rc;
        if (run.pack < r->s->span.first || run.pack >= r->s->span.end)
            continue; /* another compartment's */
        int read = vault_run_read(r->s->vault, &run, &mine);
        if (is_lost(read))
            rc = run_lost(r, &run, &mine, e);
        else if (read != 0)
            rc = err_set(e, read, "%s", mine.text);
        else {
            rc = lost_settle(r, run.first_record, e);
            if (rc == 0)
                rc = run_known(r, &run, e);
        }
    }
    if (rc == 0 && !cursor_done(&x))
        rc = err_set(e, ERR_DAMAGED, "a record's table of pack extents has no known form");
    return rc;
}

static int take_hidden(struct catching *c, const struct ledger_record *r, uint64_t leaf, struct cursor *hidden,
                       struct store_held **held, struct err *e)
{
    struct store *s = c->s;
    struct bytes sealed;
    struct statement statement;
    struct err mine = {0};
    bool erased = false;
    int rc = ledger_statement_next(hidden, &sealed, e);
    if (rc != 0)
        return rc;
    rc = store_open_leaf(s, leaf, sealed, held, &statement, &mine);
    if (rc == ERR_ABSENT && store_is_erased(s, leaf, &erased, &mine) == 0 && erased)
        return index_erased(s->index, leaf, e);
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    struct hash commitment;
    memcpy(commitment.b, r->entries.p + (leaf - r->first_leaf) * LEDGER_ENTRY + 1, CRYPT_HASH);
    uint64_t at = ledger_hidden_at(r) + (uint64_t)(sealed.p - r->hidden.p),
             manifest = (*held)->envelope.manifest_record;
    rc = index_statement(s->index, leaf, &statement, manifest, at, (uint32_t)sealed.n, &commitment, e);
    if (rc == 0 && manifest != LEAF_NO_MANIFEST)
        rc = take_frames(c, leaf, &(*held)->secret, manifest, e);
    return rc;
}

static int take_public(struct catching *x, const struct ledger_record *r, uint64_t leaf, struct cursor *c,
                       struct err *e)
{
    struct store *s = x->s;
    struct bytes note;
    struct statement statement;
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = ledger_statement_next(c, &note, e);
    if (rc == 0)
        rc = store_public_read(&s->history, leaf, note, &held, &statement, e);
    x->cosigned = x->cosigned || (rc == 0 && statement.kind == STATEMENT_COSIGNED);
    if (rc == 0 && statement.kind == STATEMENT_ERASED &&
        memcmp(statement.erased.compartment, s->compartment, STATEMENT_ID) != 0)
        statement.erased.count = 0; /* of another compartment: here nothing goes */
    uint64_t at = ledger_open_at(r) + (uint64_t)(note.p - r->open.p);
    return rc != 0 ? rc : index_statement(s->index, leaf, &statement, LEAF_NO_MANIFEST, at, (uint32_t)note.n, NULL, e);
}

static int take_record(struct catching *c, const struct ledger_record *r, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct cursor hidden = cursor_of(r->hidden), open = cursor_of(r->open);
    uint64_t leaf = r->first_leaf;
    const bool ours = store_record_ours(c->s, r);
    int rc = store_runs_take(&c->runs, r, e);
    for (uint32_t i = 0; rc == 0 && ours && i < r->hidden_count; i++)
        rc = take_hidden(c, r, leaf++, &hidden, &held, e);
    leaf = r->first_leaf + r->hidden_count;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++)
        rc = take_public(c, r, leaf++, &open, e);
    return rc;
}

/* ---- all that is missing ---- */

int store_apply(struct store *s, struct bytes secrets, struct err *ret_damaged, struct err *e)
{
    struct err mine = {0};
    pthread_mutex_lock(&s->asking);
    int rc = keyring_committed(s->keyring, secrets, &mine);
    pthread_mutex_unlock(&s->asking);
    if (rc != ERR_DAMAGED)
        return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
    *ret_damaged = mine;
    return 0;
}

int store_apply_blocks(struct store *s, struct bytes secrets, bool *told, struct err *e)
{
    struct err damaged = {0};
    int rc = store_apply(s, secrets, &damaged, e);
    if (damaged.code != 0 && !*told)
        store_tell(s, damaged.text);
    *told = *told || damaged.code != 0;
    return rc;
}

struct owed {
    struct keyring *keyring;
    uint64_t records;
};

static int owed_hold(void *context, const struct ledger_record *r, struct err *e)
{
    struct owed *o = context;
    return r->number < o->records ? keyring_hold(o->keyring, r->secrets, e) : 0;
}

/* What is damaged in the journal is others' to tell: what was read until then has to do. */
int store_owed(struct store *s, uint64_t records, struct err *e)
{
    struct owed o = {s->keyring, records};
    struct err mine = {0};
    bool told = false;
    if (ledger_shown(s->ledger))
        return 0;
    int rc = ledger_behind(s->ledger, owed_hold, &o, &mine);
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    return s->lock_fd < 0 ? 0 : store_apply_blocks(s, bytes_of(NULL, 0), &told, e);
}

static int catch_one(void *context, const struct ledger_record *r, struct err *e)
{
    struct catching *c = context;
    struct store *s = c->s;
    struct index_position now = {.records = r->number + 1,
                                 .bytes = r->at + r->bytes,
                                 .last = r->hash,
                                 .leaves = r->first_leaf + r->hidden_count + r->public_count};
    int rc = store_apply_blocks(s, r->secrets, &c->told_keys, e);
    if (rc == 0)
        rc = index_begin(s->index, e);
    if (rc != 0)
        return rc;
    rc = take_record(c, r, e);
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

static int last_run(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
                    uint32_t records, struct err *e)
{
    struct store_runs *r = context;
    (void)pack, (void)first_sector, (void)sectors, (void)e;
    r->next_record = first_record + records;
    return 0;
}

int store_catch_up(struct store *s, const struct store_watch *watch, struct err *e)
{
    struct index_position at;
    struct ledger_position end;
    ledger_where(s->ledger, &end);
    struct catching c = {.s = s, .watch = watch, .all = end.bytes, .runs = {.s = s, .index = s->index}};
    int rc = index_where(s->index, &at, e);
    if (rc == 0 && s->lock_fd >= 0) /* what is held already is not to be held twice */
        rc = store_apply_blocks(s, bytes_of(NULL, 0), &c.told_keys, e);
    if (rc == 0 && s->lock_fd >= 0) /* all of them at once: a segment is as it was, or whole */
        rc = store_owed(s, UINT64_MAX, e);
    if (rc == 0)
        rc = index_runs(s->index, last_run, &c.runs, e);
    if (rc == 0)
        rc = ledger_walk(s->ledger, -1, at.records == 0 ? LEDGER_FIRST : at.bytes, at.records, catch_one, &c, e);
    if (rc == 0 && c.runs.lost_count > 0) /* the newest run: where the next one is to begin nobody knows */
        rc = err_set(e, ERR_DAMAGED, "%s", c.runs.why_lost.text);
    store_runs_release(&c.runs);
    if (rc == 0 && s->lock_fd >= 0 && c.cosigned)
        rc = store_cosigned_restore(s, NULL, e);
    if (rc == 0 && s->lock_fd >= 0)
        rc = ledger_publish(s->ledger, e);
    return rc;
}
