/* Healing from second copies, rebuilding what is derived, and sealing the key file anew. */
#include "store/store_internal.h"

#include "base/text.h"
#include "base/unicode.h"

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
    const struct store_source *source; /* NULL: none is at hand */
    const struct store_watch *watch;
    struct buf *words;
    struct buf names;
    uint64_t *lost; /* packs that are damaged still */
    size_t lost_count;
    bool no_memory; /* to remember them */
    bool packs_healed;
};

static void healing_drop(struct healing *h)
{
    free(h->lost);
    keyring_identity_drop(&h->identity);
    buf_drop(&h->names);
}

/*
 * What a writer that was killed owed its segments is no damage, and not named as such.  What is damage is healed and
 * told by what follows, and so is what keeps this from being done.
 */
static void pay_owed(struct store *s)
{
    void (*tell)(void *context, const char *line) = s->place.tell;
    s->place.tell = NULL;
    (void)store_owed(s, UINT64_MAX, NULL);
    s->place.tell = tell;
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
    if (rc == 0) /* before the public log shows that there is nothing */
        pay_owed(s);
    if (rc == 0)
        rc = ledger_repair(s->ledger, h->words, e);
    for (int copy = 0; rc == 0 && copy < 2; copy++)
        if (ledger_healed(s->ledger, copy))
            buf_put_text(&h->names, copy == 0 ? "a/journal\n" : "b/journal\n");
    return rc;
}

/* A segment is its head and its blocks in the journal's order, so that both its copies can be made again. */
struct segment_made {
    struct keyring_file file; /* no name: none at hand */
    struct buf content;
};
struct segment_repair {
    struct store *s;
    struct store_key_files keys; /* as the log names them */
    struct buf *words;
    struct segment_made list[HISTORY_COMPARTMENTS_MAX]; /* of each compartment the one at hand */
    size_t count;
};

static int segment_end(const struct segment_repair *r, struct segment_made *g, struct err *e)
{
    if (g->file.name[0] == 0)
        return 0;
    int rc = buf_check(&g->content, e);
    if (rc != 0)
        return rc;
    g->file.bytes = g->content.n;
    crypt_sha256(buf_bytes(&g->content), &g->file.sha256);
    rc = keyring_restore(r->s->root, &g->file, buf_bytes(&g->content), r->words, e);
    buf_clear(&g->content);
    g->file.name[0] = 0;
    return rc;
}

/* Blocks of a segment that was written anew since are dead: its files are like tables. */
static bool is_dead(const struct segment_repair *r, const char *name)
{
    for (size_t i = 0; i < r->keys.count; i++)
        if (r->keys.list[i].removed && strcmp(r->keys.list[i].name, name) == 0)
            return true;
    return false;
}

static struct segment_made *made_of(struct segment_repair *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strncmp(r->list[i].file.name, name, (size_t)2 * KEYRING_ID) == 0)
            return &r->list[i];
    return r->count < COUNT(r->list) ? &r->list[r->count++] : NULL;
}

static int segment_record(void *context, const struct ledger_record *record, struct err *e)
{
    struct segment_repair *r = context;
    struct cursor c = cursor_of(record->secrets);
    while (c.left > 0) {
        struct keyring_block b;
        int rc = keyring_block_next(&c, &b, e);
        if (rc == 0 && is_dead(r, b.segment))
            continue;
        if (rc != 0)
            return rc;
        struct segment_made *g = made_of(r, b.segment);
        if (g == NULL)
            return err_set(e, ERR_DAMAGED, "leaf secrets of more compartments than there can be");
        if (strcmp(g->file.name, b.segment) != 0) {
            rc = segment_end(r, g, e);
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
    int rc = store_key_files(s, &g.keys, e);
    if (rc == 0)
        rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, segment_record, &g, e);
    for (size_t i = 0; i < g.count; i++) {
        if (rc == 0)
            rc = segment_end(&g, &g.list[i], e);
        buf_drop(&g.list[i].content);
    }
    store_key_files_drop(&g.keys);
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
        rc = store_stamps_restore(s, h->words, e);
    if (rc == 0)
        rc = store_history_restore(s, h->words, e);
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

/* ---- packs: an open one from its second copy, sealed ones by their stripe's parity ---- */

struct pack_repair {
    struct healing *h;
    const struct vault_stripe_of *stripe; /* at hand */
    bool again; /* the source may have brought what the stripe lacked: it is looked at once more */
    bool last;  /* and this is that look */
    struct err why[VAULT_STRIPE_PACKS_MAX];   /* why a whole pack was not to be had there, */
    uint32_t part[VAULT_STRIPE_PACKS_MAX];    /* and how many sectors of it came all the same */
    bool unhealed;
};

static void pack_lost(struct healing *h, uint64_t pack)
{
    uint64_t *grown = reallocarray(h->lost, h->lost_count + 1, sizeof *grown);
    h->no_memory = h->no_memory || grown == NULL;
    if (grown == NULL)
        return;
    h->lost = grown;
    h->lost[h->lost_count++] = pack;
}

static int pack_from_mirror(struct pack_repair *r, const struct vault_pack *p, uint32_t *ret_part, struct err *e)
{
    struct err lacking = {0};
    *ret_part = 0;
    int rc = r->h->source->pack(r->h->source->context, p, ret_part, &lacking);
    if (rc != 0)
        return err_set(e, rc, "%s", lacking.text);
    r->h->packs_healed = true;
    buf_printf(r->h->words, text_tr("pack %llu healed from the mirror\n"), (unsigned long long)p->pack);
    buf_printf(&r->h->names, "pack %llu\n", (unsigned long long)p->pack);
    return 0;
}

static void told_in_part(struct pack_repair *r, uint64_t pack, uint32_t sectors)
{
    buf_printf(r->h->words, text_tr("pack %llu healed in part: %u sectors came back\n"), (unsigned long long)pack,
               sectors);
    buf_printf(&r->h->names, "pack %llu\n", (unsigned long long)pack);
    r->h->packs_healed = true;
}

static int repair_copies(struct pack_repair *r, const struct store *s, const struct vault_pack *p, struct err *e)
{
    struct err mine = {0};
    uint32_t part = 0;
    bool healed = false;
    int rc = vault_repair_pack(s->root, s->founded.founded.pack_sectors, p, &healed, &mine);
    if (healed) {
        buf_printf(r->h->words, text_tr("pack %llu healed from its second copy\n"), (unsigned long long)p->pack);
        buf_printf(&r->h->names, "pack %llu\n", (unsigned long long)p->pack);
    }
    if (rc == ERR_DAMAGED && r->h->source != NULL)
        rc = pack_from_mirror(r, p, &part, &mine);
    if (rc != ERR_DAMAGED)
        return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
    if (part > 0)
        told_in_part(r, p->pack, part);
    r->unhealed = true;
    pack_lost(r->h, p->pack);
    found(r->h->watch, &mine);
    return 0;
}

static void mended(void *context, const struct vault_mended *m)
{
    struct pack_repair *r = context;
    unsigned long long number = (unsigned long long)m->number;
    const uint64_t first = r->stripe->logged->stripe * r->stripe->parity.packs;
    char name[VAULT_PARITY_NAME_MAX];
    struct err line = {0};
    if (m->lost > 0 && r->h->source != NULL && !r->last) {
        const uint64_t i = m->number - first;
        r->again = true;
        if (!m->parity)
            (void)pack_from_mirror(r, &r->stripe->packs[i], &r->part[i], &r->why[i]);
        return; /* what is lost is told by the next look, and why then */
    }
    const uint32_t part = m->parity ? 0 : r->part[m->number - first];
    vault_parity_name(r->stripe->logged, (unsigned)m->number, name);
    if (m->parity && m->lost == 0) {
        buf_printf(r->h->words, text_tr("%s made anew from the packs under it\n"), name);
        buf_printf(&r->h->names, "%s\n", name);
    } else if (m->parity)
        (void)err_set(&line, ERR_DAMAGED, "%s cannot be made anew while packs under it are damaged", name);
    else if (m->lost == 0 && m->brought + part > 0)
        buf_printf(r->h->words, text_tr("pack %llu healed by parity and the mirror: %u sectors came back\n"), number,
                   m->healed + part);
    else if (m->lost == 0)
        buf_printf(r->h->words, text_tr("pack %llu healed by parity: %u sectors came back\n"), number, m->healed);
    else {
        pack_lost(r->h, m->number);
        if (r->why[m->number - first].code != 0)
            found(r->h->watch, &r->why[m->number - first]);
        if (m->healed + part > 0)
            told_in_part(r, m->number, m->healed + part);
        (void)err_set(&line, ERR_DAMAGED,
                      "pack %llu: %u sectors are lost, more than parity brings back: run groundwork repair --from a "
                      "mirror, or bring the pack from another copy",
                      number, m->lost);
    }
    if (!m->parity && m->lost == 0) {
        r->h->packs_healed = r->h->packs_healed || m->healed > 0;
        buf_printf(&r->h->names, "pack %llu\n", number);
    }
    if (line.code != 0)
        found(r->h->watch, &line);
    r->unhealed = r->unhealed || line.code != 0;
}

/* Without parity are open packs, and those that an intake which was cut off sealed. */
static bool is_covered(const struct store_packs *p, uint32_t stripe_packs, uint64_t pack)
{
    for (size_t i = p->stripe_count; i-- > 0;)
        if (p->stripes[i].stripe <= pack / stripe_packs)
            return pack / stripe_packs == p->stripes[i].stripe && pack % stripe_packs < p->stripes[i].packs;
    return false;
}

/* A second time with what a mirror has, when the first look leaves something. */
static int repair_stripe(struct pack_repair *r, struct store *s, const struct store_packs *packs, size_t number,
                         struct err *e)
{
    struct vault_stripe_of stripe;
    struct err mine = {0};
    int rc = store_stripe_of(s, packs, number, &stripe, e);
    if (rc != 0)
        return rc;
    r->stripe = &stripe;
    r->again = r->last = false;
    memset(r->why, 0, sizeof r->why);
    memset(r->part, 0, sizeof r->part);
    rc = vault_repair_stripe(&stripe, mended, r, &mine);
    if (rc == ERR_DAMAGED && r->again) {
        r->last = true;
        stripe.elsewhere = r->h->source->elsewhere;
        mine = (struct err){0};
        rc = vault_repair_stripe(&stripe, mended, r, &mine);
    }
    r->stripe = NULL;
    r->unhealed = r->unhealed || rc == ERR_DAMAGED;
    return rc == 0 || rc == ERR_DAMAGED ? 0 : err_set(e, rc, "%s", mine.text);
}

/* For whoever takes in again what was lost: nothing is built on it. */
static int mark_lost(struct store *s, const struct healing *h, const struct store_packs *packs, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < packs->count; i++) {
        bool lost = false;
        for (size_t k = 0; !lost && k < h->lost_count; k++)
            lost = h->lost[k] == packs->list[i].pack;
        rc = vault_lost_mark(s->root, packs->list[i].pack, lost, e);
    }
    return rc;
}

static int repair_packs(struct healing *h, bool *ret_unhealed, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_packs_release) struct store_packs packs = {0};
    struct pack_repair r = {.h = h};
    int rc = store_open_for_repair(&h->place, &s, e);
    if (rc == 0)
        rc = store_packs_load(s, &packs, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < packs.count; i++) { /* what ends one of them does not keep the others from being healed */
        bool bare = store_parity(s).packs == 0 || !is_covered(&packs, store_parity(s).packs, packs.list[i].pack);
        int one = bare ? repair_copies(&r, s, &packs.list[i], rc == 0 ? e : NULL) : 0;
        rc = rc == 0 ? one : rc;
    }
    for (size_t i = 0; i < packs.stripe_count; i++) {
        int one = repair_stripe(&r, s, &packs, i, rc == 0 ? e : NULL);
        rc = rc == 0 ? one : rc;
    }
    int marked = mark_lost(s, h, &packs, rc == 0 ? e : NULL); /* also when something else ended in an error */
    rc = rc == 0 ? marked : rc;
    *ret_unhealed = r.unhealed;
    return rc;
}

/* ---- which items are not whole ---- */

struct item_lack {
    struct healing *h;
    struct store *s;
    const struct index_item *item;
};

/* The number says which it is; the name is for the person, as far as the line is long. */
static int range_tell(void *context, const struct vault_range *lost, struct err *e)
{
    const struct item_lack *l = context;
    OWN(buf_drop) struct buf shown = {0};
    struct err line = {0};
    (void)e;
    unicode_display(l->item->path, &shown);
    (void)err_set(&line, ERR_DAMAGED, "item %llu: bytes %llu to %llu of %llu are lost: %s",
                  (unsigned long long)l->item->leaf, (unsigned long long)lost->first,
                  (unsigned long long)(lost->first + lost->bytes - 1), (unsigned long long)l->item->bytes,
                  buf_text(&shown));
    found(l->h->watch, &line);
    return 0;
}

static int item_look(void *context, const struct index_item *item, struct err *e)
{
    struct item_lack *l = context;
    OWN(key_drop) struct key secret = {0}, key = {0};
    struct err mine = {0};
    struct vault_lacks wish = {l->h->lost, l->h->lost_count, range_tell, l};
    if (item->further_name || item->type != STATEMENT_FILE)
        return 0;
    l->item = item;
    int rc = store_secret(l->s, item->leaf, &secret, e);
    if (rc != 0)
        return rc;
    leaf_manifest_key(&secret, &key);
    rc = vault_lacks(l->s->vault, &key, item->manifest_record, &wish, &mine);
    if (rc == ERR_DAMAGED || rc == ERR_ABSENT)
        return item->bytes == 0 ? 0 : range_tell(l, &(struct vault_range){0, item->bytes}, e);
    return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
}

static int number_order(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static int name_items(struct store *s, struct healing *h, struct err *e)
{
    struct item_lack l = {.h = h, .s = s};
    if (h->no_memory)
        return err_memory(e);
    if (h->lost_count == 0)
        return 0;
    qsort(h->lost, h->lost_count, sizeof *h->lost, number_order);
    return index_items(s->index, UINT64_MAX, 0, item_look, &l, e);
}

/* An index that was made while neighbouring runs were lost has guessed which records lie in which of them. */
struct run_compare {
    const struct store *s;
    bool differs;
};

static int run_compare(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
                       uint32_t records, struct err *e)
{
    struct run_compare *c = context;
    struct vault_run run = {.pack = pack, .first_sector = first_sector, .sectors = sectors};
    struct err mine = {0};
    int rc = vault_run_read(c->s->vault, &run, &mine);
    if (rc != 0)
        return rc == ERR_DAMAGED || rc == ERR_ABSENT ? 0 : err_set(e, rc, "%s", mine.text);
    c->differs = c->differs || run.first_record != first_record || run.records != records;
    return 0;
}

/* Behind the packs, out of which it is made. */
static int repair_index(struct store *s, struct healing *h, struct err *e)
{
    struct err mine = {0};
    struct run_compare c = {.s = s};
    int bad = index_check(s->index, &mine);
    if (bad == 0 && h->packs_healed)
        bad = index_runs(s->index, run_compare, &c, &mine);
    if (bad == 0 && c.differs)
        bad = ERR_DAMAGED;
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

/* Sealed packs that no parity covers, as an intake leaves them that finds an earlier one damaged: it is made with the
 * commit that tells what was healed. */
static int owed_parity(struct store *s, struct healing *h, struct err *e)
{
    struct store_packs_end end;
    struct vault_writer *writer = NULL;
    int rc = store_packs_end(s, s->compartment_at, &end, e);
    const uint64_t sealed = rc == 0 ? end.packs - (end.open ? 1 : 0) : 0;
    if (rc != 0 || store_parity(s).packs == 0 || sealed <= end.covered)
        return rc;
    rc = store_writer(s, &writer, e);
    if (rc != 0)
        return rc;
    buf_printf(h->words, text_tr("parity over %llu packs that had none\n"), (unsigned long long)(sealed - end.covered));
    buf_put_text(&h->names, "parity\n");
    return 0;
}

/* What is bad in both copies comes first: nothing can be opened without it. */
static int begin(const struct healing *h, struct buf *words, struct buf *names, struct err *e)
{
    struct store locking = {.place = h->place, .root = (char *)(uintptr_t)h->place.root, .lock_fd = -1};
    int rc = store_lock(&locking, e);
    if (rc == 0)
        rc = h->source->begin(h->source->context, words, names, e);
    fd_drop(&locking.lock_fd);
    return rc;
}

/* First what can be put on the log of them; the public statement names the folder alone, not whose they are. */
static int repair_spools(struct store *s, struct healing *h, struct store_folds *folds, struct err *e)
{
    bool any = false, damaged = false;
    int rc = store_spools_look(s, folds, e);
    for (size_t i = 0; i < folds->count; i++) {
        any = any || folds->list[i].why != STORE_FOLD_WHOLE;
        damaged = damaged || folds->list[i].why == STORE_FOLD_DAMAGED;
    }
    if (damaged)
        buf_put_text(&h->names, "spool\n");
    return rc == 0 && any ? store_fold_all(s, e) : rc;
}

/* What can go on the log of it is there since the store was opened. */
static int repair_waiting(struct store *s, struct healing *h, struct store_waiting *waiting, struct err *e)
{
    int rc = store_waiting_read(s, waiting, e);
    if (rc == 0)
        rc = store_waiting_mark(s, waiting, e);
    if (rc == 0 && store_waiting_damaged(waiting))
        buf_put_text(&h->names, "waiting\n");
    return rc;
}

int store_repair(const struct store_place *place, const struct store_source *source, const struct store_watch *watch,
                 struct buf *ret_words, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_folds_release) struct store_folds spools = {0};
    OWN(store_waiting_release) struct store_waiting waiting = {0};
    OWN(healing_drop) struct healing h = {.place = *place, .source = source, .watch = watch, .words = ret_words};
    int rc = source != NULL ? begin(&h, ret_words, &h.names, e) : 0;
    if (rc == 0)
        rc = repair_journal(&h, e);
    int keys = rc == 0 ? repair_keys(&h, e) : 0;
    if (keys != 0 && keys != ERR_DAMAGED)
        rc = keys;
    bool unhealed = false;
    if (rc == 0)
        rc = repair_packs(&h, &unhealed, e);
    if (rc == 0)
        rc = store_open(&h.place, STORE_WRITE, &s, e);
    if (rc != 0)
        return rc;
    rc = store_cosigned_restore(s, ret_words, e);
    if (rc == 0)
        rc = repair_index(s, &h, e);
    if (rc == 0)
        rc = repair_spools(s, &h, &spools, e);
    if (rc == 0)
        rc = repair_waiting(s, &h, &waiting, e);
    if (rc == 0)
        rc = name_items(s, &h, e);
    if (rc == 0 && !unhealed)
        rc = owed_parity(s, &h, e);
    if (rc == 0)
        rc = log_healed(s, &h.names, e);
    if (rc == 0) /* what can be read of them is on the log by now */
        rc = store_spools_aside(s, &spools, ret_words, e);
    if (rc == 0)
        rc = store_waiting_aside(s, &waiting, ret_words, e);
    if (rc == 0)
        rc = buf_check(ret_words, e);
    if (rc == 0)
        store_notice_repaired(s);
    if (rc == 0 && (unhealed || keys != 0))
        rc = err_set(e, ERR_DAMAGED,
                     "not everything could be healed from second copies and parity: what is named above needs a mirror "
                     "(repair --from) or another copy of the repository");
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
