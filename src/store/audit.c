/*
 * The audit of what is stored: ciphertext against logged roots without keys, and every item decrypted with them.
 *
 * In full it goes in stretches of some hundred MiB of packs: these are read from one end to the other and held to
 * their roots, then the items that are in them are decrypted out of the page cache.  So a disk is read in its order,
 * and once; only what an item shares with one of an earlier stretch is read again.
 *
 * Packs are read by two threads, each from one end of one pack to the other: enough to keep a disk busy, and no more
 * than it can serve in order.  What they find is told by pack, whichever was done first.
 */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PACK_THREADS = 2, WAIT_MS = 50, STRETCH_BYTES = 512 << 20 };

/* Of one journal record and those before: what its items are made of lies in packs below pack_end. */
struct part {
    uint64_t pack_end, leaf_end;
};

struct packs {
    struct store_auditing *a;
    struct vault_pack *list; /* as the log says, ascending */
    size_t count, room;
    size_t from; /* of the list: where the audit began */
    size_t told; /* and the next to be told */
    bool full;
    struct part *parts; /* the records of the journal that added to packs */
    size_t part_count, part_room, part;
    bool outrun; /* a writer was at work: the open pack need not be as the log we read says */
};

void store_audit_found(struct store_auditing *a, const char *line)
{
    a->count->findings++;
    a->watch->finding(a->watch->context, line);
}

/* In full, a stretch whose items were not all looked at is begun anew. */
int store_audit_interrupted(const struct store_auditing *a, struct err *e)
{
    if (a->stretch_pack == a->first_pack)
        return err_set(e, ERR_STOPPED, "interrupted: nothing was changed");
    return err_set(e, ERR_STOPPED, "interrupted: go on with --from-pack %llu", (unsigned long long)a->stretch_pack);
}

int store_audit_advance(struct store_auditing *a)
{
    return a->watch->progress == NULL ? 0 : a->watch->progress(a->watch->context, atomic_load(&a->done), a->all);
}

/* ---- packs as the log names them: from the journal's public statements, so that no key is needed ---- */

static int pack_note(struct packs *p, const struct statement_pack *said, struct err *e)
{
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

static int part_note(struct packs *p, const struct ledger_record *r, struct err *e)
{
    if (p->part_count == p->part_room) {
        size_t room = p->part_room * 2 + 64;
        struct part *grown = reallocarray(p->parts, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->parts = grown;
        p->part_room = room;
    }
    p->parts[p->part_count++] = (struct part){p->count > 0 ? p->list[p->count - 1].pack + 1 : 0,
                                              r->first_leaf + r->hidden_count + r->public_count};
    return 0;
}

static int take_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct packs *p = context;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = statement_read(note, bytes_of(NULL, 0), NULL, &p->a->s->founded.founded.member, 1, &held, &st, e);
        for (size_t k = 0; rc == 0 && st.kind == STATEMENT_PACKS && k < st.packs.count; k++)
            rc = pack_note(p, &st.packs.packs[k], e);
    }
    return rc == 0 && r->hidden_count > 0 ? part_note(p, r, e) : rc;
}

/* ---- one pack ---- */

struct pack_job {
    struct packs *packs;
    const struct vault_pack *pack;
    uint64_t done;    /* bytes of it */
    struct buf lines; /* one for each finding */
    bool outrun;
    int rc;
    struct err e;
};

static void pack_found(void *context, const struct vault_finding *f)
{
    struct pack_job *j = context;
    struct err line = {0};
    j->outrun = j->outrun || (!j->pack->sealed && ledger_outrun(j->packs->a->s->ledger));
    (void)err_set(&line, ERR_DAMAGED, "pack %llu, copy %c: %s", (unsigned long long)f->pack, f->copy, text_tr(f->what));
    buf_printf(&j->lines, "%s\n", line.text);
}

/* Whoever reads waits until it may; not longer than the work goes on. */
static void keep_pace(void *context, uint64_t bytes)
{
    struct store_auditing *a = context;
    if (a->s->audit_bytes_per_s == 0)
        return;
    (void)pthread_mutex_lock(&a->pace_lock);
    uint64_t wait_ms = pace_take(&a->pace, bytes, time_monotonic_ms());
    (void)pthread_mutex_unlock(&a->pace_lock);
    while (wait_ms > 0 && !atomic_load(&a->stop)) {
        uint64_t some_ms = wait_ms < WAIT_MS ? wait_ms : WAIT_MS;
        const struct timespec some = {.tv_nsec = (long)some_ms * 1000000};
        (void)nanosleep(&some, NULL);
        wait_ms -= some_ms;
    }
}

void store_audit_limit(struct store *s, uint64_t bytes_per_s)
{
    s->audit_bytes_per_s = bytes_per_s;
}

static int pack_progress(void *context, uint64_t bytes)
{
    struct pack_job *j = context;
    struct store_auditing *a = j->packs->a;
    keep_pace(a, bytes - j->done);
    (void)atomic_fetch_add(&a->done, bytes - j->done);
    j->done = bytes;
    return atomic_load(&a->stop);
}

static void pack_work(void *context, void *job)
{
    struct pack_job *j = job;
    const struct store *s = ((struct packs *)context)->a->s;
    struct vault_watch watch = {pack_found, pack_progress, j};
    j->rc = vault_audit_pack(s->root, s->founded.founded.pack_sectors, j->pack, &watch, &j->e);
}

static void pack_release(void *job)
{
    struct pack_job *j = job;
    buf_drop(&j->lines);
}

/* Bytes to be read: an open pack has two copies. */
static uint64_t pack_bytes(const struct vault_pack *p)
{
    return (uint64_t)p->sectors * VAULT_SECTOR * (p->sealed ? 1 : 2);
}

static int pack_settle(void *context, void *job, struct err *e)
{
    struct packs *p = context;
    struct pack_job *j = job;
    struct store_auditing *a = p->a;
    unsigned long long number = j->pack->pack;
    if (j->rc != 0 && j->rc != ERR_DAMAGED)
        return err_set(e, j->rc, "%s", j->e.text);
    p->outrun = p->outrun || j->outrun;
    if (j->rc == ERR_DAMAGED && j->lines.n == 0)
        buf_printf(&j->lines, "%s\n", j->e.text);
    struct cursor c = cursor_of(buf_bytes(&j->lines));
    while (c.left > 0 && !p->outrun) {
        struct bytes line = cursor_line(&c);
        char text[ERR_TEXT_MAX];
        if (c.failed)
            break;
        (void)snprintf(text, sizeof text, "%.*s", (int)line.n, (const char *)line.p);
        store_audit_found(a, text);
    }
    int rc = buf_check(&j->lines, e);
    if (rc != 0)
        return rc;
    (void)atomic_fetch_add(&a->done, pack_bytes(j->pack) - j->done);
    p->told = (size_t)(j->pack - p->list) + 1;
    a->count->bytes += (uint64_t)j->pack->sectors * VAULT_SECTOR;
    a->count->packs++;
    buf_clear(&j->lines);
    if (store_audit_advance(a) == 0)
        return 0;
    return p->full ? store_audit_interrupted(a, e)
                   : err_set(e, ERR_STOPPED, "interrupted: go on with --from-pack %llu", number + 1);
}

static int pack_tick(void *context, struct err *e)
{
    struct packs *p = context;
    if (store_audit_advance(p->a) == 0)
        return 0;
    if (p->full)
        return store_audit_interrupted(p->a, e);
    return err_set(e, ERR_STOPPED, "interrupted: go on with --from-pack %llu",
                   (unsigned long long)p->list[p->told].pack); /* something is still to be told while we wait */
}

/* ---- all of it ---- */

static unsigned threads_of(const struct store *s)
{
    long processors = s->threads > 0 ? (long)s->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > STORE_CREW_MAX ? STORE_CREW_MAX : (unsigned)processors;
}

static int audit_packs(struct packs *p, size_t end, struct err *e)
{
    OWN(store_crew_drop) struct store_crew *crew = NULL;
    struct store_crew_setup setup = {.threads = p->a->threads < PACK_THREADS ? p->a->threads : PACK_THREADS,
                                     .job_bytes = sizeof(struct pack_job),
                                     .work = pack_work,
                                     .settle = pack_settle,
                                     .tick = pack_tick,
                                     .release = pack_release,
                                     .context = p};
    int rc = store_crew_new(&setup, &crew, e);
    for (size_t i = p->told; rc == 0 && i < end; i++) {
        void *slot;
        rc = store_crew_slot(crew, &slot, e);
        if (rc != 0)
            break;
        struct pack_job *j = slot;
        *j = (struct pack_job){.packs = p, .pack = &p->list[i], .lines = j->lines};
        store_crew_give(crew);
    }
    if (rc == 0)
        rc = store_crew_finish(crew, e);
    atomic_store(&p->a->stop, rc != 0);
    return rc;
}

/* The next stretch: whole records, until their packs are some hundred MiB; *ret_end: of the list. */
static void stretch_next(struct packs *p, size_t *ret_end)
{
    struct store_auditing *a = p->a;
    uint64_t bytes = 0, enough = a->s->audit_stretch_bytes != 0 ? a->s->audit_stretch_bytes : STRETCH_BYTES;
    size_t end = p->told;
    if (end < p->count)
        a->stretch_pack = p->list[end].pack;
    while (p->part < p->part_count && bytes < enough) {
        const struct part *part = &p->parts[p->part++];
        for (; end < p->count && p->list[end].pack < part->pack_end; end++)
            bytes += pack_bytes(&p->list[end]);
        a->leaf_end = part->leaf_end;
    }
    if (p->part == p->part_count) {
        end = p->count;
        a->leaf_end = UINT64_MAX;
    }
    *ret_end = end;
}

/* Packs and then their items: what is decrypted was read just before, and lies in the page cache. */
static int audit_stretches(struct packs *p, struct err *e)
{
    struct store_auditing *a = p->a;
    int rc = 0;
    bool items = true;
    do {
        size_t end = p->count;
        a->leaf_end = UINT64_MAX;
        if (a->by_index)
            stretch_next(p, &end);
        rc = audit_packs(p, end, e);
        if (rc == 0 && items)
            rc = store_audit_items(a, e);
        items = items && a->leaf_end != UINT64_MAX;
    } while (rc == 0 && (items || p->told < p->count));
    return rc;
}

/* Items whose bytes lie in packs before the first one are left out with these. */
static void begin_at(struct packs *p, uint64_t from_pack)
{
    while (p->told < p->count && p->list[p->told].pack < from_pack)
        p->told++;
    p->from = p->told;
    p->a->first_pack = p->a->stretch_pack = p->told < p->count ? p->list[p->told].pack : 0;
    for (; p->part < p->part_count && p->parts[p->part].pack_end < from_pack; p->part++)
        p->a->next_leaf = p->parts[p->part].leaf_end;
}

static int audit(struct packs *p, uint64_t from_pack, struct err *e)
{
    struct store_auditing *a = p->a;
    int rc = ledger_walk(a->s->ledger, -1, LEDGER_FIRST, 0, take_record, p, e);
    if (rc == 0)
        begin_at(p, from_pack);
    for (size_t i = p->told; rc == 0 && i < p->count; i++)
        a->all += pack_bytes(&p->list[i]);
    if (rc == 0 && !p->full)
        return audit_packs(p, p->count, e);
    if (rc == 0)
        rc = store_audit_prepare_items(a, e);
    if (rc == 0)
        rc = audit_stretches(p, e);
    vault_seen_drop(&a->seen);
    return rc;
}

/* What was done, also when it was stopped, for whoever asks for its age and for the log. */
static void report(const struct packs *p, bool full)
{
    struct store *s = p->a->s;
    struct store_reports reports;
    struct ledger_position now;
    struct err mine = {0};
    if (p->told == p->from || p->outrun)
        return;
    ledger_where(s->ledger, &now);
    int64_t at = time_now_unix_s();
    const struct statement_audit audit = {.first = p->list[p->from].pack,
                                          .last = p->list[p->told - 1].pack,
                                          .findings = p->a->count->findings,
                                          .leaves = now.leaves,
                                          .at_unix_s = at > 0 ? (uint64_t)at : 1,
                                          .full = full};
    if (store_reports_read(s, &reports, &mine) != 0)
        store_tell(s, mine.text); /* begun anew: only older ages are lost */
    store_reports_add(&reports, &audit);
    if (store_reports_write(s, &reports, &mine) != 0)
        store_tell(s, mine.text);
}

int store_audit(struct store *s, bool full, uint64_t from_pack, const struct store_watch *watch,
                struct store_audited *ret, struct err *e)
{
    *ret = (struct store_audited){0};
    struct store_auditing a = {.s = s, .watch = watch, .count = ret, .threads = threads_of(s)};
    struct packs p = {.a = &a, .full = full};
    (void)pthread_mutex_init(&a.pace_lock, NULL);
    pace_begin(&a.pace, s->audit_bytes_per_s, time_monotonic_ms());
    if (s->vault != NULL && s->audit_bytes_per_s != 0)
        vault_on_read(s->vault, keep_pace, &a);
    int rc = audit(&p, from_pack, e);
    if (s->vault != NULL)
        vault_on_read(s->vault, NULL, NULL);
    (void)pthread_mutex_destroy(&a.pace_lock);
    if (rc == 0 || rc == ERR_STOPPED)
        report(&p, full && rc == 0);
    free(p.list);
    free(p.parts);
    if (rc == 0 && p.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED, "%llu findings: run groundwork repair", (unsigned long long)ret->findings);
    return rc;
}
