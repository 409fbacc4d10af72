/*
 * The audit of what is stored: ciphertext against logged roots without keys, and every item decrypted with them.
 *
 * Packs are read by two threads, each from one end of one pack to the other: enough to keep a disk busy, and no more
 * than it can serve in order.  What they find is told by pack, whichever was done first.
 */
#include "store/store_internal.h"

#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { PACK_THREADS = 2 };

struct packs {
    struct store_auditing *a;
    struct store_packs log;
    size_t jobs;           /* packs, then parity files stripe by stripe */
    size_t told;           /* of the jobs: the next to be told */
    bool outrun;           /* a writer was at work: the open pack need not be as the log we read says */
};

void store_audit_found(struct store_auditing *a, const char *line)
{
    a->count->findings++;
    a->watch->finding(a->watch->context, line);
}

int store_audit_advance(struct store_auditing *a)
{
    return a->watch->progress == NULL ? 0 : a->watch->progress(a->watch->context, atomic_load(&a->done), a->all);
}

/* ---- one pack, or one parity file ---- */

struct pack_job {
    struct packs *packs;
    size_t number;
    const struct vault_pack *pack; /* NULL: a parity file */
    struct vault_stripe_of stripe;
    unsigned file;
    uint64_t all, done; /* bytes of it */
    struct buf lines; /* one for each finding */
    bool outrun;
    int rc;
    struct err e;
};

static void pack_found(void *context, const struct vault_finding *f)
{
    struct pack_job *j = context;
    struct err line = {0};
    if (j->pack == NULL) {
        (void)err_set(&line, ERR_DAMAGED, "stripe %llu, parity file %c: %s", (unsigned long long)f->pack, f->copy,
                      text_tr(f->what));
        j->outrun = j->outrun || ledger_outrun(j->packs->a->s->ledger);
    } else {
        (void)err_set(&line, ERR_DAMAGED, "pack %llu, copy %c: %s", (unsigned long long)f->pack, f->copy,
                      text_tr(f->what));
        j->outrun = j->outrun || (!j->pack->sealed && ledger_outrun(j->packs->a->s->ledger));
    }
    buf_printf(&j->lines, "%s\n", line.text);
}

static int pack_progress(void *context, uint64_t bytes)
{
    struct pack_job *j = context;
    struct store_auditing *a = j->packs->a;
    (void)atomic_fetch_add(&a->done, bytes - j->done);
    j->done = bytes;
    return atomic_load(&a->stop);
}

static void pack_work(void *context, void *job)
{
    struct pack_job *j = job;
    const struct store *s = ((struct packs *)context)->a->s;
    struct vault_watch watch = {pack_found, pack_progress, j};
    j->rc = j->pack == NULL
                ? vault_audit_parity(&j->stripe, j->file, &watch, &j->e)
                : vault_audit_pack(s->root, s->founded.founded.pack_sectors, j->pack, &watch, &j->e);
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

static int job_fill(struct packs *p, size_t number, struct pack_job *j, struct err *e)
{
    const uint32_t files = store_parity(p->a->s).files;
    *j = (struct pack_job){.packs = p, .number = number, .lines = j->lines};
    if (number < p->log.count) {
        j->pack = &p->log.list[number];
        j->all = pack_bytes(j->pack);
        return 0;
    }
    size_t of_parity = number - p->log.count;
    int rc = store_stripe_of(p->a->s, &p->log, of_parity / files, &j->stripe, e);
    if (rc == 0)
        j->all = vault_parity_bytes(&j->stripe);
    j->file = (unsigned)(of_parity % files);
    return rc;
}

/* Where to go on when it is interrupted: behind the last pack only parity files are left. */
static unsigned long long resume_at(const struct packs *p)
{
    if (p->told < p->log.count)
        return p->log.list[p->told].pack;
    return p->log.count == 0 ? 0 : p->log.list[p->log.count - 1].pack + 1;
}

static int pack_settle(void *context, void *job, struct err *e)
{
    struct packs *p = context;
    struct pack_job *j = job;
    struct store_auditing *a = p->a;
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
    (void)atomic_fetch_add(&a->done, j->all - j->done);
    p->told = j->number + 1;
    a->count->bytes += j->pack == NULL ? j->all : (uint64_t)j->pack->sectors * VAULT_SECTOR;
    a->count->packs += j->pack != NULL;
    a->count->parity_files += j->pack == NULL;
    buf_clear(&j->lines);
    if (store_audit_advance(a) != 0)
        return err_set(e, ERR_STOPPED, "interrupted: go on with --from-pack %llu", resume_at(p));
    return 0;
}

static int pack_tick(void *context, struct err *e)
{
    struct packs *p = context;
    if (store_audit_advance(p->a) == 0)
        return 0;
    return err_set(e, ERR_STOPPED, "interrupted: go on with --from-pack %llu", resume_at(p));
}

/* ---- all of it ---- */

static unsigned threads_of(const struct store *s)
{
    long processors = s->threads > 0 ? (long)s->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > STORE_CREW_MAX ? STORE_CREW_MAX : (unsigned)processors;
}

static int audit_packs(struct packs *p, struct err *e)
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
    for (size_t i = p->told; rc == 0 && i < p->jobs; i++) {
        void *slot;
        rc = store_crew_slot(crew, &slot, e);
        if (rc == 0)
            rc = job_fill(p, i, slot, e);
        if (rc == 0)
            store_crew_give(crew);
    }
    if (rc == 0)
        rc = store_crew_finish(crew, e);
    atomic_store(&p->a->stop, rc != 0);
    return rc;
}

static int audit(struct packs *p, bool full, uint64_t from_pack, struct err *e)
{
    struct store_auditing *a = p->a;
    bool by_index = false;
    int rc = store_packs_load(a->s, &p->log, e);
    p->jobs = p->log.count + p->log.stripe_count * store_parity(a->s).files;
    while (rc == 0 && p->told < p->log.count && p->log.list[p->told].pack < from_pack)
        p->told++;
    for (size_t i = p->told; rc == 0 && i < p->jobs; i++) {
        struct pack_job j = {0};
        rc = job_fill(p, i, &j, e);
        a->all += j.all;
    }
    if (rc == 0 && full)
        rc = store_audit_prepare_items(a, &by_index, e);
    if (rc == 0)
        rc = audit_packs(p, e);
    if (rc == 0 && full)
        rc = store_audit_items(a, by_index, e);
    return rc;
}

int store_audit(struct store *s, bool full, uint64_t from_pack, const struct store_watch *watch,
                struct store_audited *ret, struct err *e)
{
    *ret = (struct store_audited){0};
    struct store_auditing a = {.s = s, .watch = watch, .count = ret, .threads = threads_of(s)};
    struct packs p = {.a = &a};
    int rc = audit(&p, full, from_pack, e);
    store_packs_release(&p.log);
    if (rc == 0 && p.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED, "%llu findings: run groundwork repair", (unsigned long long)ret->findings);
    return rc;
}
