/* Healing from second copies, rebuilding what is derived, and sealing the key file anew. */
#include "store/store_internal.h"

#include "base/text.h"

#include <stdio.h>

static void found(const struct store_watch *watch, const struct err *line)
{
    watch->finding(watch->context, line->text);
}

int store_reindex(struct store *s, const struct store_watch *watch, struct err *e)
{
    int rc = s->lock_fd < 0 ? store_lock(s, e) : 0;
    if (rc == 0)
        rc = store_vault_reopen(s, e);
    if (rc == 0)
        rc = store_index_reopen(s, true, e);
    return rc != 0 ? rc : store_catch_up(s, watch, e);
}

/*
 * What one repair has done: lines for the person, and names for the log, one in each line.  Its steps open the store
 * each for itself, as far as what was healed before allows; the keys are unlocked by the first and kept for the others.
 */
struct healing {
    struct store_place place;
    struct keyring_identity identity;
    struct store_mirror *mirror; /* NULL: none is at hand */
    const struct store_watch *watch;
    struct buf *words;
    struct buf names;
};

static void healing_drop(struct healing *h)
{
    keyring_identity_drop(&h->identity);
    store_mirror_drop(&h->mirror);
    buf_drop(&h->names);
}

/* The journal first: everything else is healed by what it says.  Opened without trusting more than the outside state.
 */
static int repair_journal(struct healing *h, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    int rc = store_open_for_repair(&h->place, &s, e);
    if (rc == 0) {
        h->identity = s->identity;
        h->place.identity = &h->identity;
    }
    if (rc == 0)
        rc = store_way_clear(s, h->words, e);
    if (rc == 0)
        rc = ledger_mend(s->ledger, h->words, e);
    if (rc == 0)
        rc = ledger_repair(s->ledger, h->words, e);
    for (int copy = 0; rc == 0 && copy < 2; copy++)
        if (ledger_healed(s->ledger, copy))
            buf_put_text(&h->names, copy == 0 ? "a/journal\n" : "b/journal\n");
    return rc;
}

/* A segment is its head and its blocks in the journal's order, so that both its copies can be made again. */
struct segment_repair {
    struct store *s;
    struct buf *words;
    struct keyring_file file; /* no name: none at hand */
    struct buf content;
};

static int segment_end(struct segment_repair *g, struct err *e)
{
    if (g->file.name[0] == 0)
        return 0;
    int rc = buf_check(&g->content, e);
    if (rc != 0)
        return rc;
    g->file.bytes = g->content.n;
    crypt_sha256(buf_bytes(&g->content), &g->file.sha256);
    rc = keyring_restore(g->s->root, &g->file, buf_bytes(&g->content), g->words, e);
    buf_clear(&g->content);
    g->file.name[0] = 0;
    return rc;
}

static int segment_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct segment_repair *g = context;
    struct cursor c = cursor_of(r->secrets);
    while (c.left > 0) {
        struct keyring_block b;
        int rc = keyring_block_next(&c, &b, e);
        if (rc == 0 && strcmp(g->file.name, b.segment) != 0) {
            rc = segment_end(g, e);
            memcpy(g->file.name, b.segment, sizeof g->file.name);
            buf_put(&g->content, b.header, b.header_bytes);
        }
        if (rc != 0)
            return rc;
        buf_put_bytes(&g->content, b.block);
    }
    return 0;
}

int store_segments_restore(struct store *s, struct buf *words, struct err *e)
{
    struct segment_repair g = {.s = s, .words = words};
    int rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, segment_record, &g, e);
    if (rc == 0)
        rc = segment_end(&g, e);
    buf_drop(&g.content);
    return rc;
}

/* The keyring's words are the names of the files that it healed. */
static int repair_keys(struct healing *h, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_key_files_drop) struct store_key_files keys = {0};
    struct err mine = {0};
    size_t before = h->words->n;
    int rc = store_open_for_repair(&h->place, &s, e);
    if (rc == 0)
        rc = store_segments_restore(s, h->words, e);
    if (rc == 0)
        rc = store_key_files(s, &keys, e);
    if (rc != 0)
        return rc;
    rc = keyring_repair(s->root, keys.list, keys.count, h->words, &mine);
    buf_put_bytes(&h->names, bytes_of(h->words->p + before, h->words->n - before));
    if (rc == ERR_DAMAGED) {
        found(h->watch, &mine);
        return rc;
    }
    return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
}

struct pack_repair {
    struct store *s;
    struct healing *h;
    bool unhealed;
};

static int repair_pack(void *context, const struct statement_pack *p, struct err *e)
{
    struct pack_repair *r = context;
    struct vault_pack logged = {p->pack, p->sectors, p->sealed, p->root};
    struct err mine = {0};
    bool healed = false;
    int rc = vault_repair_pack(r->s->root, r->s->founded.founded.pack_sectors, &logged, &healed, &mine);
    if (healed) {
        buf_printf(r->h->words, text_tr("pack %llu healed from its second copy\n"), (unsigned long long)p->pack);
        buf_printf(&r->h->names, "pack %llu\n", (unsigned long long)p->pack);
    }
    if (rc == ERR_DAMAGED && r->h->mirror != NULL) {
        struct err lacking = {0};
        rc = store_mirror_heal_pack(r->h->mirror, r->s->root, &logged, &lacking);
        if (rc == 0) {
            buf_printf(r->h->words, text_tr("pack %llu healed from the mirror\n"), (unsigned long long)p->pack);
            buf_printf(&r->h->names, "pack %llu\n", (unsigned long long)p->pack);
        } else
            mine = lacking;
    }
    if (rc != ERR_DAMAGED)
        return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
    r->unhealed = true;
    found(r->h->watch, &mine);
    return 0;
}

/* Before the packs, which it names; it is made from whichever copy of them can be read. */
static int repair_index(struct store *s, struct healing *h, struct err *e)
{
    struct err mine = {0};
    int bad = index_check(s->index, &mine);
    if (bad != 0 && bad != ERR_DAMAGED)
        return err_set(e, bad, "%s", mine.text);
    int rc = bad != 0 ? store_reindex(s, h->watch, e) : 0;
    if (rc == 0 && (bad != 0 || s->index_anew))
        buf_put_text(h->words, text_tr("the index was rebuilt\n"));
    return rc;
}

/* One public statement names what was healed, so that a later reader knows why a file is younger than its content. */
static int log_healed(struct store *s, struct buf *names, struct err *e)
{
    size_t count = 0;
    int rc = buf_check(names, e);
    for (size_t i = 0; rc == 0 && i < names->n; i++)
        count += names->p[i] == '\n';
    if (rc != 0 || count == 0)
        return rc;
    OWN(mem_drop) const char **list = calloc(count, sizeof *list);
    if (list == NULL)
        return err_memory(e);
    char *at = (char *)names->p;
    for (size_t i = 0; i < count; i++) {
        list[i] = at;
        at = memchr(at, '\n', names->n - (size_t)((uint8_t *)at - names->p));
        *at++ = 0;
    }
    return store_log_repair(s, list, count, e);
}

int store_repair(const struct store_place *place, const char *mirror, const struct store_watch *watch,
                 struct buf *ret_words, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(healing_drop) struct healing h = {.place = *place, .watch = watch, .words = ret_words};
    int rc = mirror != NULL ? store_mirror_open(mirror, &h.mirror, e) : 0;
    if (rc == 0 && mirror != NULL)
        rc = store_mirror_heal(place, h.mirror, ret_words, &h.names, e);
    if (rc == 0)
        rc = repair_journal(&h, e);
    int keys = rc == 0 ? repair_keys(&h, e) : 0;
    if (keys != 0 && keys != ERR_DAMAGED)
        rc = keys;
    if (rc == 0)
        rc = store_open(&h.place, STORE_WRITE, &s, e);
    if (rc != 0)
        return rc;
    rc = repair_index(s, &h, e);
    struct pack_repair packs = {s, &h, keys != 0};
    if (rc == 0)
        rc = index_packs(s->index, repair_pack, &packs, e);
    if (rc == 0)
        rc = log_healed(s, &h.names, e);
    if (rc == 0)
        rc = buf_check(ret_words, e);
    if (rc == 0 && packs.unhealed)
        rc = err_set(e, ERR_DAMAGED,
                     "not everything could be healed from second copies: what is named above needs another "
                     "copy of the repository");
    return rc;
}

int store_passphrase(const struct store_place *place, int (*fresh)(void *context, struct buf *ret, struct err *e),
                     void *context, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_wipe) struct buf passphrase = {0};
    int rc = store_open(place, STORE_READ, &s, e);
    if (rc == 0)
        rc = fresh(context, &passphrase, e);
    if (rc != 0)
        return rc;
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    s->identity.checkpoint_size = now.leaves;
    s->identity.checkpoint_root = now.root;
    return keyring_identity_save(s->key_path.s, &s->identity, buf_bytes(&passphrase), true, e);
}
