/* The audit of what is stored: ciphertext against logged roots without keys, and every item decrypted with them. */
#include "store/store_internal.h"

#include "base/text.h"

struct auditing {
    struct store *s;
    const struct store_watch *watch;
    struct store_audited *count;
    uint64_t from_pack;
    uint64_t base, all; /* bytes done before the pack or item at hand; bytes in all */
    struct pack_list {
        struct vault_pack *list;
        size_t count, room;
    } packs;
    const struct vault_pack *pack; /* at hand */
    bool by_index;      /* the items are found by it */
    uint64_t next_leaf; /* behind the last item done */
    bool outrun; /* a writer was at work: the open pack need not be as the log we read says */
};

static void found(struct auditing *a, const char *line)
{
    a->count->findings++;
    a->watch->finding(a->watch->context, line);
}

static int advance(struct auditing *a, uint64_t done)
{
    if (a->watch->progress == NULL)
        return 0;
    return a->watch->progress(a->watch->context, a->base + done, a->all);
}

/* ---- packs as the log names them: from the journal's public statements, so that no key is needed ---- */

static int pack_note(struct auditing *a, const struct statement_pack *said, struct err *e)
{
    struct pack_list *p = &a->packs;
    const struct vault_pack pack = {said->pack, said->sectors, said->sealed, said->root};
    size_t i = p->count;
    while (i > 0 && p->list[i - 1].pack > pack.pack)
        i--;
    if (i > 0 && p->list[i - 1].pack == pack.pack) {
        p->list[i - 1] = pack;
        return 0;
    }
    if (i < p->count)
        return err_set(e, ERR_DAMAGED, "the log names pack %llu out of order", (unsigned long long)pack.pack);
    if (p->count == p->room) {
        size_t room = p->room * 2 + 64;
        struct vault_pack *grown = reallocarray(p->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->list = grown;
        p->room = room;
    }
    p->list[p->count++] = pack;
    return 0;
}

static int take_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct auditing *a = context;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = statement_read(note, bytes_of(NULL, 0), NULL, &a->s->founded.founded.member, 1, &held, &st, e);
        for (size_t k = 0; rc == 0 && st.kind == STATEMENT_PACKS && k < st.packs.count; k++)
            rc = pack_note(a, &st.packs.packs[k], e);
    }
    return rc;
}

static void pack_found(void *context, const struct vault_finding *f)
{
    struct auditing *a = context;
    struct err line = {0};
    a->outrun = a->outrun || (!a->pack->sealed && ledger_outrun(a->s->ledger));
    if (a->outrun)
        return;
    (void)err_set(&line, ERR_DAMAGED, "pack %llu, copy %c: %s", (unsigned long long)f->pack, f->copy, text_tr(f->what));
    found(a, line.text);
}

static int pack_progress(void *context, uint64_t bytes)
{
    return advance(context, bytes);
}

/* Bytes to be read: an open pack has two copies. */
static uint64_t pack_work(const struct vault_pack *p)
{
    return (uint64_t)p->sectors * VAULT_SECTOR * (p->sealed ? 1 : 2);
}

static int audit_packs(struct auditing *a, struct err *e)
{
    struct vault_watch watch = {pack_found, pack_progress, a};
    uint32_t pack_sectors = a->s->founded.founded.pack_sectors;
    for (size_t i = 0; i < a->packs.count; i++) {
        const struct vault_pack *p = &a->packs.list[i];
        if (p->pack < a->from_pack)
            continue;
        struct err mine = {0};
        uint64_t before = a->count->findings;
        a->pack = p;
        int rc = vault_audit_pack(a->s->root, pack_sectors, p, &watch, &mine);
        if (rc == ERR_DAMAGED && a->count->findings == before && !a->outrun)
            found(a, mine.text);
        if (rc == ERR_STOPPED)
            return err_set(e, rc, "interrupted: go on with --from-pack %llu", (unsigned long long)p->pack);
        if (rc != 0 && rc != ERR_DAMAGED)
            return err_set(e, rc, "%s", mine.text);
        uint64_t bytes = (uint64_t)p->sectors * VAULT_SECTOR;
        a->base += pack_work(p);
        a->count->bytes += bytes;
        a->count->packs++;
        if (advance(a, 0) != 0)
            return err_set(e, ERR_STOPPED, "interrupted: go on with --from-pack %llu", (unsigned long long)p->pack + 1);
    }
    return 0;
}

/* ---- items ---- */

static int piece(void *context, struct bytes bytes, struct err *e)
{
    struct auditing *a = context;
    a->base += bytes.n;
    return advance(a, 0) == 0 ? 0 : err_set(e, ERR_STOPPED, "interrupted: nothing was changed");
}

static int audit_item(void *context, const struct index_item *item, struct err *e)
{
    struct auditing *a = context;
    a->next_leaf = item->leaf + 1;
    if (item->further_name || item->type != STATEMENT_FILE)
        return 0;
    struct vault_sink sink = {piece, a};
    struct err mine = {0};
    int rc = store_get(a->s, item, &sink, &mine);
    if (rc == ERR_STOPPED || rc == ERR_IO)
        return err_set(e, rc, "%s", mine.text);
    if (rc != 0)
        found(a, mine.text);
    a->count->items++;
    a->count->item_bytes += item->bytes;
    return 0;
}

/* ---- items where the index is of no use: the journal says it all ---- */

/* The items of one record from a->next_leaf on.  ${sums}: they are only counted, and their runs told to the vault. */
struct by_journal {
    struct auditing *a;
    bool sums;
    struct store_runs runs;
    struct store_held *held;
};

static int journal_leaf(struct by_journal *j, uint64_t leaf, struct bytes sealed, struct err *e)
{
    struct auditing *a = j->a;
    struct statement st;
    struct err mine = {0};
    int rc = store_open_leaf(a->s, leaf, sealed, &j->held, &st, &mine);
    if (rc == ERR_IO)
        return err_set(e, rc, "%s", mine.text);
    if (rc != 0 && !j->sums)
        found(a, mine.text);
    if (rc != 0 || st.kind != STATEMENT_RECEIVED)
        return 0;
    const struct index_item item = {.leaf = leaf,
                                    .further_name = st.received.further_name,
                                    .type = st.received.type,
                                    .bytes = st.received.bytes,
                                    .sha256 = st.received.sha256,
                                    .manifest_record = j->held->envelope.manifest_record};
    if (!j->sums)
        return audit_item(a, &item, e);
    a->all += store_has_object(&st) ? item.bytes : 0;
    return 0;
}

static int journal_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct by_journal *j = context;
    struct cursor hidden = cursor_of(r->hidden);
    int rc = j->sums ? store_runs_take(&j->runs, r, e) : 0;
    for (uint64_t leaf = r->first_leaf; rc == 0 && leaf < r->first_leaf + r->hidden_count; leaf++) {
        struct bytes sealed;
        rc = ledger_statement_next(&hidden, &sealed, e);
        if (rc == 0 && leaf >= j->a->next_leaf)
            rc = journal_leaf(j, leaf, sealed, e);
    }
    return rc;
}

static int walk_items(struct auditing *a, bool sums, struct err *e)
{
    struct by_journal j = {.a = a, .sums = sums, .runs = {.s = a->s, .told = true}}; /* the packs were told of */
    int rc = ledger_walk(a->s->ledger, -1, LEDGER_FIRST, 0, journal_record, &j, e);
    store_held_drop(&j.held);
    store_runs_release(&j.runs);
    return rc;
}

static void index_found(struct auditing *a, const struct err *why)
{
    struct err line = {0};
    (void)err_set(&line, ERR_DAMAGED, "the index is damaged (%s): run groundwork repair", why->text);
    found(a, line.text);
    a->by_index = false;
}

/* How much there is to be done, and by what. */
static int items_prepare(struct auditing *a, struct err *e)
{
    struct index_sums sums;
    struct err mine = {0};
    int rc = 0;
    a->by_index = store_index_current(a->s);
    if (a->s->index_fault.code != 0)
        index_found(a, &a->s->index_fault);
    if (a->by_index)
        rc = index_sums(a->s->index, &sums, &mine);
    if (rc == 0 && a->by_index)
        a->all += sums.bytes;
    else if (rc == ERR_DAMAGED)
        index_found(a, &mine);
    else if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    if (a->by_index)
        return 0;
    rc = store_vault_reopen(a->s, e);
    return rc == 0 ? walk_items(a, true, e) : rc;
}

static int audit_items(struct auditing *a, struct err *e)
{
    struct err mine = {0};
    int rc = a->by_index ? index_items(a->s->index, UINT64_MAX, 0, audit_item, a, &mine) : 0;
    if (rc == ERR_DAMAGED) /* where it ends, the journal goes on */
        index_found(a, &mine);
    else if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    return a->by_index ? 0 : walk_items(a, false, e);
}

int store_audit(struct store *s, bool full, uint64_t from_pack, const struct store_watch *watch,
                struct store_audited *ret, struct err *e)
{
    *ret = (struct store_audited){0};
    struct auditing a = {.s = s, .watch = watch, .count = ret, .from_pack = from_pack};
    int rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, take_record, &a, e);
    for (size_t i = 0; rc == 0 && i < a.packs.count; i++)
        a.all += a.packs.list[i].pack < from_pack ? 0 : pack_work(&a.packs.list[i]);
    if (rc == 0 && full)
        rc = items_prepare(&a, e);
    if (rc == 0)
        rc = audit_packs(&a, e);
    if (rc == 0 && full)
        rc = audit_items(&a, e);
    free(a.packs.list);
    if (rc == 0 && a.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED, "%llu findings: run groundwork repair", (unsigned long long)ret->findings);
    return rc;
}
