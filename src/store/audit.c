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

int store_audit(struct store *s, bool full, uint64_t from_pack, const struct store_watch *watch,
                struct store_audited *ret, struct err *e)
{
    *ret = (struct store_audited){0};
    struct auditing a = {.s = s, .watch = watch, .count = ret, .from_pack = from_pack};
    int rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, take_record, &a, e);
    for (size_t i = 0; rc == 0 && i < a.packs.count; i++)
        a.all += a.packs.list[i].pack < from_pack ? 0 : pack_work(&a.packs.list[i]);
    if (rc == 0 && full) {
        struct index_sums sums;
        rc = index_sums(s->index, &sums, e);
        a.all += sums.bytes;
    }
    if (rc == 0)
        rc = audit_packs(&a, e);
    if (rc == 0 && full)
        rc = index_items(s->index, UINT64_MAX, 0, audit_item, &a, e);
    free(a.packs.list);
    if (rc == 0 && a.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED, "%llu findings: run groundwork repair", (unsigned long long)ret->findings);
    return rc;
}
