/* Checking everything, keys in hand: ledger, covers, statements, numbering, keyring, index, vault. */
#include "store/store_internal.h"

#include "base/text.h"

#include <stdio.h>

struct verifying {
    struct store *s;
    const struct store_watch *watch;
    struct store_verified *count;
    uint64_t all_bytes;
    struct statement_place place; /* expected next in the one investigation's numbering */
    bool placed;
    bool outrun; /* a writer was at work: what lies beside the journal need not fit it */
    struct store_held *held;
    uint64_t first_received, received; /* of the record at hand, to be covered */
    bool covered;
    struct store_recount recount;
    bool blind; /* a leaf did not open: nothing is counted from here on */
};

static void verifying_release(struct verifying *v)
{
    store_held_drop(&v->held);
    store_recount_release(&v->recount);
}

void store_key_files_drop(struct store_key_files *f)
{
    free(f->list);
    *f = (struct store_key_files){0};
}

static void found(struct verifying *v, const char *line)
{
    v->count->findings++;
    v->watch->finding(v->watch->context, line);
}

static void found_text(void *context, const char *line)
{
    found(context, line);
}

/* Segments grow behind the journal's back when a writer goes on. */
static void found_beside(void *context, const char *line)
{
    struct verifying *v = context;
    v->outrun = v->outrun || ledger_outrun(v->s->ledger);
    if (!v->outrun)
        found(v, line);
}

/* Told, but what an unfinished commit left is no damage: the caller counts when the check as a whole failed. */
static void told_text(void *context, const char *line)
{
    const struct verifying *v = context;
    v->watch->finding(v->watch->context, line);
}

#define FOUND(v, ...)                                                                                                  \
    do {                                                                                                               \
        struct err found_line = {0};                                                                                   \
        (void)err_set(&found_line, ERR_DAMAGED, __VA_ARGS__);                                                          \
        found((v), found_line.text);                                                                                   \
    } while (0)

/* ---- the keyring's files as the log names them ---- */

static struct keyring_file *key_file(struct store_key_files *f, const char *name, bool make)
{
    for (size_t i = f->count; i-- > 0;)
        if (strcmp(f->list[i].name, name) == 0)
            return &f->list[i];
    if (!make || strlen(name) >= KEYRING_NAME_MAX)
        return NULL;
    if (f->count == f->room) {
        size_t room = f->room * 2 + 16;
        struct keyring_file *grown = reallocarray(f->list, room, sizeof *grown);
        if (grown == NULL)
            return NULL;
        f->list = grown;
        f->room = room;
    }
    f->list[f->count] = (struct keyring_file){0};
    snprintf(f->list[f->count].name, KEYRING_NAME_MAX, "%s", name);
    return &f->list[f->count++];
}

static int take_key_files(struct store_key_files *keys, const struct statement *st, struct err *e)
{
    for (size_t i = 0; i < st->keyring.count; i++) {
        const struct statement_file_hash *h = &st->keyring.files[i];
        struct keyring_file *f = key_file(keys, h->name, true);
        if (f == NULL)
            return err_memory(e);
        f->bytes = h->bytes;
        f->sha256 = h->sha256;
        f->removed = h->removed;
    }
    return 0;
}

/* Segments are hashed as they grow; the running hash of the one at hand is closed when the next begins. */
struct segment_hash {
    struct crypt_sha256 *hash;
    char name[KEYRING_NAME_MAX];
    uint64_t bytes;
};

static int segment_close(struct segment_hash *g, struct store_key_files *keys, struct err *e)
{
    if (g->bytes == 0)
        return 0;
    struct keyring_file *f = key_file(keys, g->name, true);
    if (f == NULL)
        return err_memory(e);
    crypt_sha256_end(g->hash, &f->sha256);
    f->bytes = g->bytes;
    f->removed = false;
    g->bytes = 0;
    return 0;
}

static int segment_add(struct segment_hash *g, struct store_key_files *keys, struct bytes secrets, struct err *e)
{
    struct cursor c = cursor_of(secrets);
    while (c.left > 0) {
        struct keyring_block b;
        int rc = keyring_block_next(&c, &b, e);
        if (rc == 0 && (g->bytes == 0 || strcmp(g->name, b.segment) != 0)) {
            rc = segment_close(g, keys, e);
            if (rc == 0) {
                memcpy(g->name, b.segment, sizeof g->name);
                crypt_sha256_begin(g->hash);
                crypt_sha256_add(g->hash, bytes_of(b.header, b.header_bytes));
                g->bytes = b.header_bytes;
            }
        }
        if (rc != 0)
            return rc;
        crypt_sha256_add(g->hash, b.block);
        g->bytes += b.block.n;
    }
    return 0;
}

struct key_walk {
    struct store *s;
    struct store_key_files *keys;
    struct segment_hash segment;
};

static int key_walk_one(void *context, const struct ledger_record *r, struct err *e)
{
    struct key_walk *w = context;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = segment_add(&w->segment, w->keys, r->secrets, e);
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = statement_read(note, bytes_of(NULL, 0), NULL, &w->s->founded.founded.member, 1, &held, &st, e);
        if (rc == 0 && st.kind == STATEMENT_KEYRING)
            rc = take_key_files(w->keys, &st, e);
    }
    return rc;
}

int store_key_files(struct store *s, struct store_key_files *ret, struct err *e)
{
    struct key_walk w = {.s = s, .keys = ret, .segment = {.hash = crypt_sha256_new()}};
    if (w.segment.hash == NULL)
        return err_memory(e);
    int rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, key_walk_one, &w, e);
    if (rc == 0)
        rc = segment_close(&w.segment, ret, e);
    crypt_sha256_free(w.segment.hash);
    return rc;
}

/* ---- statements and covers ---- */

static void check_place(struct verifying *v, uint64_t leaf, const struct statement *st, const uint8_t *entry)
{
    bool same = !v->placed || memcmp(st->place.investigation, v->place.investigation, STATEMENT_ID) == 0;
    if (!same || st->place.seq != v->place.seq || !hash_equal(&st->place.prev, &v->place.prev))
        FOUND(v, "leaf %llu: its number or predecessor does not follow (number %llu, expected %llu)",
              (unsigned long long)leaf, (unsigned long long)st->place.seq, (unsigned long long)v->place.seq);
    v->place = st->place;
    v->place.seq++;
    memcpy(v->place.prev.b, entry + 1, CRYPT_HASH);
    v->placed = true;
}

static int check_hidden(struct verifying *v, const struct ledger_record *r, uint64_t leaf, struct bytes sealed,
                        struct err *e)
{
    struct statement st;
    struct err mine = {0};
    const uint8_t *entry = r->entries.p + (leaf - r->first_leaf) * LEDGER_ENTRY;
    uint8_t made[LEAF_ENTRY];
    if (store_open_leaf(v->s, leaf, sealed, &v->held, &st, &mine) != 0) {
        found(v, mine.text);
        v->blind = true;
        return 0;
    }
    v->count->statements_opened++;
    leaf_entry_hidden(&v->held->secret, v->held->envelope.statement, made);
    if (memcmp(made, entry, LEAF_ENTRY) != 0)
        FOUND(v, "leaf %llu: the statement is not the one that was committed", (unsigned long long)leaf);
    if (st.kind == STATEMENT_RECEIVED) {
        if (v->received == 0)
            v->first_received = leaf;
        if (leaf != v->first_received + v->received)
            FOUND(v, "leaf %llu: items of one record do not lie side by side", (unsigned long long)leaf);
        v->received++;
    } else
        check_place(v, leaf, &st, entry);
    return v->blind ? 0 : store_recount_add(&v->recount, leaf, &st, e);
}

static void check_cover(struct verifying *v, const struct ledger_record *r, uint64_t leaf, const struct statement *st)
{
    const struct statement_cover *c = &st->cover;
    struct hash root;
    v->count->covers++;
    v->covered = true;
    if (c->first < r->first_leaf || c->count > r->hidden_count ||
        c->first - r->first_leaf > r->hidden_count - c->count) {
        FOUND(v, "leaf %llu: the cover reaches beyond its record", (unsigned long long)leaf);
        return;
    }
    OWN(mem_drop) struct hash *hashes = calloc(c->count, sizeof *hashes);
    if (hashes == NULL) {
        FOUND(v, "leaf %llu: no memory to check the cover", (unsigned long long)leaf);
        return;
    }
    for (uint64_t i = 0; i < c->count; i++)
        crypt_leaf_hash(bytes_of(r->entries.p + (c->first - r->first_leaf + i) * LEDGER_ENTRY, LEDGER_ENTRY),
                        &hashes[i]);
    tree_root(hashes, c->count, &root);
    if (!hash_equal(&root, &c->root))
        FOUND(v, "leaf %llu: the cover signs other leaves than those of its record", (unsigned long long)leaf);
    if (v->s->keyring != NULL && (c->first != v->first_received || c->count != v->received))
        FOUND(v, "leaf %llu: the cover does not cover just the items of its record", (unsigned long long)leaf);
}

static void check_public(struct verifying *v, const struct ledger_record *r, uint64_t leaf, struct bytes note)
{
    struct statement st;
    struct err e = {0};
    uint8_t made[LEAF_ENTRY];
    OWN(statement_held_drop) struct statement_held *held = NULL;
    leaf_entry_public(note, made);
    if (memcmp(made, r->entries.p + (leaf - r->first_leaf) * LEDGER_ENTRY, LEAF_ENTRY) != 0)
        FOUND(v, "leaf %llu: the statement is not the one that was committed", (unsigned long long)leaf);
    if (statement_read(note, bytes_of(NULL, 0), NULL, &v->s->founded.founded.member, 1, &held, &st, &e) != 0) {
        FOUND(v, "leaf %llu: %s", (unsigned long long)leaf, e.text);
        return;
    }
    if ((st.kind == STATEMENT_FOUNDED) != (leaf == 0))
        FOUND(v, "leaf %llu: a repository is founded by its first leaf and by no other", (unsigned long long)leaf);
    if (st.kind == STATEMENT_COVER)
        check_cover(v, r, leaf, &st);
}

static int check_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct verifying *v = context;
    struct cursor hidden = cursor_of(r->hidden), open = cursor_of(r->open);
    uint64_t leaf = r->first_leaf;
    int rc = 0;
    v->received = 0;
    v->covered = false;
    for (uint32_t i = 0; rc == 0 && i < r->hidden_count; i++, leaf++) {
        struct bytes sealed;
        rc = ledger_statement_next(&hidden, &sealed, e);
        if (rc == 0 && v->s->keyring != NULL)
            rc = check_hidden(v, r, leaf, sealed, e);
    }
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++, leaf++) {
        struct bytes note;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            check_public(v, r, leaf, note);
    }
    if (v->received > 0 && !v->covered)
        FOUND(v, "leaf %llu: %llu items have no cover: nobody signed for them", (unsigned long long)v->first_received,
              (unsigned long long)v->received);
    v->count->records++;
    v->count->hidden += r->hidden_count;
    v->count->public_leaves += r->public_count;
    v->count->leaves = leaf;
    if (rc == 0 && v->watch->progress != NULL && v->watch->progress(v->watch->context, r->at + r->bytes, v->all_bytes))
        rc = err_set(e, ERR_STOPPED, "interrupted: nothing was changed");
    return rc;
}

/* ---- the index against the journal ---- */

static int check_index(struct verifying *v, struct err *e)
{
    struct index_position at;
    struct ledger_position now;
    struct err mine = {0};
    ledger_where(v->s->ledger, &now);
    int rc = index_where(v->s->index, &at, &mine);
    if (rc == 0)
        rc = index_check(v->s->index, &mine);
    /* At a record before the end it is served beside a writer at work. */
    if (rc == ERR_DAMAGED || (rc == 0 && !ledger_stood(v->s->ledger, at.records, at.bytes, &at.last)))
        FOUND(v, "the index is damaged or stands elsewhere than the journal (%s): run groundwork reindex", mine.text);
    else if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    else {
        rc = store_recount_duplicates(&v->recount, v->s->index, &mine);
        if (rc == ERR_DAMAGED)
            FOUND(v, "%s", mine.text);
        else if (rc != 0)
            return err_set(e, rc, "%s", mine.text);
    }
    return 0;
}

static int check_keys(struct verifying *v, struct err *e)
{
    OWN(store_key_files_drop) struct store_key_files keys = {0};
    struct err mine = {0};
    uint64_t before = v->count->findings;
    const char *root = v->s->root;
    int rc = store_key_files(v->s, &keys, &mine);
    if (rc == 0)
        rc = keyring_check(root, keys.list, keys.count, found_beside, v, &mine);
    if (rc == ERR_DAMAGED && v->count->findings == before && !v->outrun)
        FOUND(v, "%s", mine.text);
    if (rc == 0)
        rc = keyring_strays(root, keys.list, keys.count, told_text, v, &mine);
    return rc == 0 || rc == ERR_DAMAGED ? 0 : err_set(e, rc, "%s", mine.text);
}

/* The log must extend the checkpoint that the key file saw, wherever the file was carried since. */
static int check_pinned(struct verifying *v, const struct ledger_position *now, struct err *e)
{
    const struct keyring_identity *id = &v->s->identity;
    struct tree_proof proof;
    struct err mine = {0};
    if (v->s->keyring == NULL || id->checkpoint_size == 0)
        return 0;
    int rc = ledger_prove_consistency(v->s->ledger, id->checkpoint_size, &proof, &mine);
    if (rc == ERR_DAMAGED)
        FOUND(v, "%s", mine.text);
    else if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    else if (!tree_check_consistency(id->checkpoint_size, &id->checkpoint_root, now->leaves, &now->root, &proof))
        FOUND(v, "the log does not extend the checkpoint that your key file saw (%llu leaves): one of the two was "
                 "rewritten",
              (unsigned long long)id->checkpoint_size);
    return 0;
}

int store_verify(struct store *s, const struct store_watch *watch, struct store_verified *ret, struct err *e)
{
    struct ledger_position now;
    OWN(verifying_release) struct verifying v = {.s = s, .watch = watch, .count = ret};
    struct err mine = {0};
    *ret = (struct store_verified){0};
    ledger_where(s->ledger, &now);
    v.all_bytes = now.bytes;
    v.recount.finding = found_text;
    v.recount.context = &v;
    int rc = ledger_check(s->ledger, found_text, check_record, &v, &mine);
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    if (rc == ERR_DAMAGED && ret->findings == 0)
        FOUND(&v, "%s", mine.text);
    rc = check_keys(&v, e);
    if (rc == 0)
        rc = check_pinned(&v, &now, e);
    if (rc == 0 && s->index != NULL)
        rc = check_index(&v, e);
    if (rc == 0 && v.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED, "%llu findings: run groundwork repair", (unsigned long long)ret->findings);
    return rc;
}
