/*
 * The audit of what is stored: ciphertext against logged roots without keys, and every item decrypted with them.
 *
 * In full it goes in stretches of packs, by the memory there is: these are read from one end to the other and held to
 * their roots, then the items that are in them are decrypted out of the page cache.  So a disk is read in its order,
 * and once; only what an item shares with one of an earlier stretch is read again.  A stretch has steps: while items
 * of one are decrypted, the disk reads the packs of the next.  Parity files come last.
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

enum { PACK_THREADS = 2, WAIT_MS = 50 };
static const uint64_t stretch_min = 512 << 20, stretch_max = UINT64_C(2) << 30, step_bytes = 128 << 20;

struct packs {
    struct store_auditing *a;
    struct store_packs log;
    size_t jobs;     /* packs, then parity files stripe by stripe */
    size_t from;     /* of the jobs: where the audit began */
    size_t told;     /* and the next to be told */
    size_t part;     /* of the log's: the first whose items are not in a stretch yet */
    bool items_left; /* packs that were told are told again when this is interrupted: their items were not */
    bool outrun;     /* a writer was at work: the open pack need not be as the log we read says */
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

/* ---- one pack, or one parity file ---- */

struct pack_job {
    struct packs *packs;
    size_t number;
    const struct vault_pack *pack; /* NULL: a parity file */
    struct vault_stripe_of stripe;
    unsigned file;
    uint64_t all, done; /* bytes of it */
    struct buf lines, notes; /* one for each finding; of what is no damage */
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
    buf_printf(f->behind ? &j->notes : &j->lines, "%s\n", line.text);
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
    j->rc = j->pack == NULL
                ? vault_audit_parity(&j->stripe, j->file, &watch, &j->e)
                : vault_audit_pack(s->root, s->founded.founded.pack_sectors, j->pack, &watch, &j->e);
}

static void pack_release(void *job)
{
    struct pack_job *j = job;
    buf_drop(&j->lines);
    buf_drop(&j->notes);
}

/* Bytes to be read: an open pack has two copies. */
static uint64_t pack_bytes(const struct vault_pack *p)
{
    return (uint64_t)p->sectors * VAULT_SECTOR * (p->sealed ? 1 : 2);
}

static int job_fill(struct packs *p, size_t number, struct pack_job *j, struct err *e)
{
    const uint32_t files = store_parity(p->a->s).files;
    *j = (struct pack_job){.packs = p, .number = number, .lines = j->lines, .notes = j->notes};
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

/* Behind the last pack only parity files are left. */
static int interrupted(const struct packs *p, struct err *e)
{
    uint64_t pack = 0;
    if (p->items_left)
        return store_audit_interrupted(p->a, e);
    if (p->told < p->log.count)
        pack = p->log.list[p->told].pack;
    else if (p->log.count > 0)
        pack = p->log.list[p->log.count - 1].pack + 1;
    return err_set(e, ERR_STOPPED, "interrupted: go on with --from-pack %llu", (unsigned long long)pack);
}

/* Told, and not counted. */
static void note(struct store_auditing *a, const char *line)
{
    a->watch->finding(a->watch->context, line);
}

static void lines_tell(struct store_auditing *a, const struct buf *lines,
                       void (*tell)(struct store_auditing *a, const char *line))
{
    struct cursor c = cursor_of(buf_bytes(lines));
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        char text[ERR_TEXT_MAX];
        if (c.failed)
            break;
        (void)snprintf(text, sizeof text, "%.*s", (int)line.n, (const char *)line.p);
        tell(a, text);
    }
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
    if (!p->outrun && j->pack != NULL && j->lines.n != 0)
        store_notice(a->s, j->pack->pack);
    if (!p->outrun) {
        lines_tell(a, &j->lines, store_audit_found);
        lines_tell(a, &j->notes, a->settled ? store_audit_found : note);
    }
    int rc = buf_check(&j->lines, e);
    if (rc == 0)
        rc = buf_check(&j->notes, e);
    if (rc != 0)
        return rc;
    (void)atomic_fetch_add(&a->done, j->all - j->done);
    p->told = j->number + 1;
    a->count->bytes += j->pack == NULL ? j->all : (uint64_t)j->pack->sectors * VAULT_SECTOR;
    a->count->packs += j->pack != NULL;
    a->count->parity_files += j->pack == NULL;
    buf_clear(&j->lines);
    buf_clear(&j->notes);
    return store_audit_advance(a) == 0 ? 0 : interrupted(p, e);
}

static int pack_tick(void *context, struct err *e)
{
    const struct packs *p = context;
    return store_audit_advance(p->a) == 0 ? 0 : interrupted(p, e);
}

/* ---- all of it ---- */

/* Packs and parity files up to ${end} of the jobs. */
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

/* What is read twice must still lie in the page cache: an eighth of the memory there is. */
static uint64_t stretch_bytes(const struct store *s)
{
    uint64_t eighth = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 8;
    if (s->audit_stretch_bytes != 0)
        return s->audit_stretch_bytes;
    return eighth < stretch_min ? stretch_min : eighth > stretch_max ? stretch_max : eighth;
}

/* The next stretch: whole records, until their packs are enough; *ret_end: of the packs. */
static void stretch_next(struct packs *p, size_t *ret_end)
{
    struct store_auditing *a = p->a;
    uint64_t bytes = 0, enough = stretch_bytes(a->s);
    size_t end = p->told;
    if (end < p->log.count)
        a->stretch_pack = p->log.list[end].pack;
    while (p->part < p->log.part_count && bytes < enough) {
        const struct store_part *part = &p->log.parts[p->part++];
        for (; end < p->log.count && p->log.list[end].pack < part->pack_end; end++)
            bytes += pack_bytes(&p->log.list[end]);
        a->leaf_end = part->leaf_end;
    }
    if (p->part == p->log.part_count) {
        end = p->log.count;
        a->leaf_end = UINT64_MAX;
    }
    *ret_end = end;
}

/* The end of the step that begins with pack ${from}, of the stretch that ends with ${end}. */
static size_t step_end(const struct packs *p, size_t from, size_t end)
{
    const uint64_t enough = p->a->s->audit_step_bytes != 0 ? p->a->s->audit_step_bytes : step_bytes;
    uint64_t bytes = 0;
    while (from < end && bytes < enough)
        bytes += pack_bytes(&p->log.list[from++]);
    return from;
}

/* ---- reading ahead ---- */

struct ahead {
    const struct packs *p;
    size_t end; /* from p->told on */
    atomic_bool stop;
    pthread_t thread;
    bool running;
};

static void *ahead_work(void *ahead)
{
    struct ahead *a = ahead;
    const struct store *s = a->p->a->s;
    for (size_t i = a->p->told; i < a->end && !atomic_load(&a->stop); i++)
        vault_pack_ahead(s->root, &a->p->log.list[i], &a->stop);
    return NULL;
}

/* Not where somebody said how much may be read. */
static void ahead_start(struct ahead *a, const struct packs *p, size_t end)
{
    *a = (struct ahead){.p = p, .end = end};
    if (end > p->told && p->a->s->audit_bytes_per_s == 0)
        a->running = pthread_create(&a->thread, NULL, ahead_work, a) == 0;
}

static void ahead_end(struct ahead *a)
{
    atomic_store(&a->stop, true);
    if (a->running)
        (void)pthread_join(a->thread, NULL);
}

/* ---- stretches ---- */

/* The packs up to ${end}, step by step, and after each the items that lie in packs so far. */
static int audit_stretch(struct packs *p, size_t end, struct err *e)
{
    struct store_auditing *a = p->a;
    int rc = 0;
    do {
        struct ahead ahead;
        const size_t next = a->by_index ? step_end(p, p->told, end) : end;
        rc = audit_packs(p, next, e);
        if (rc != 0 || !p->items_left)
            return rc;
        a->pack_end = next < end ? p->log.list[next].pack : UINT64_MAX;
        ahead_start(&ahead, p, step_end(p, next, p->log.count));
        rc = store_audit_items(a, e);
        ahead_end(&ahead);
    } while (rc == 0 && p->told < end);
    return rc;
}

/* Packs and then their items: what is decrypted was read just before, and lies in the page cache. */
static int audit_stretches(struct packs *p, struct err *e)
{
    struct store_auditing *a = p->a;
    int rc = 0;
    p->items_left = true;
    do {
        size_t end = p->log.count;
        a->leaf_end = UINT64_MAX;
        if (a->by_index)
            stretch_next(p, &end);
        rc = audit_stretch(p, end, e);
        if (rc == 0)
            p->items_left = p->items_left && a->leaf_end != UINT64_MAX;
    } while (rc == 0 && (p->items_left || p->told < p->log.count));
    return rc;
}

/* Items whose bytes lie in packs before the first one are left out with these. */
static void begin_at(struct packs *p, uint64_t from_pack)
{
    const struct store_packs *log = &p->log;
    while (p->told < log->count && log->list[p->told].pack < from_pack)
        p->told++;
    p->from = p->told;
    p->a->first_pack = p->a->stretch_pack = p->told < log->count ? log->list[p->told].pack : 0;
    for (; p->part < log->part_count && log->parts[p->part].pack_end < from_pack; p->part++)
        p->a->next_leaf = log->parts[p->part].leaf_end;
}

/* No intake is at work or was cut off, so nothing is left to a later one: what is behind has been lost. */
static bool settled(struct store *s)
{
    struct index_sums sums;
    return s->keyring != NULL && s->index != NULL && store_index_current(s) &&
           index_sums(s->index, &sums, NULL) == 0 && sums.open_deposits == 0;
}

/* In full only what the keys of this compartment open, of what the member does not hold nothing but that, else all. */
static bool is_wanted(const struct store *s, bool full, uint64_t pack)
{
    const size_t at = (size_t)(pack / store_span(s, 0).end);
    const struct history_member *me = history_member_by_key(&s->history, &s->identity.member);
    if (full)
        return at == s->compartment_at;
    return !s->audit_rest || me == NULL || !history_holds(me, at);
}

static void choose(const struct store *s, bool full, struct store_packs *log)
{
    const uint32_t each = store_parity(s).packs;
    size_t stripes = 0;
    for (size_t i = 0; i < log->stripe_count; i++)
        if (is_wanted(s, full, log->stripes[i].stripe * each))
            log->stripes[stripes++] = log->stripes[i];
    log->stripe_count = stripes;
    size_t packs = 0;
    for (size_t i = 0; i < log->count; i++)
        if (is_wanted(s, full, log->list[i].pack))
            log->list[packs++] = log->list[i];
    log->count = packs;
}

static int audit(struct packs *p, bool full, uint64_t from_pack, struct err *e)
{
    struct store_auditing *a = p->a;
    int rc = store_packs_load(a->s, &p->log, e);
    choose(a->s, full, &p->log);
    a->settled = settled(a->s);
    p->jobs = p->log.count + p->log.stripe_count * store_parity(a->s).files;
    begin_at(p, from_pack);
    for (size_t i = p->told; rc == 0 && i < p->jobs; i++) {
        struct pack_job j = {0};
        rc = job_fill(p, i, &j, e);
        a->all += j.all;
    }
    if (rc == 0 && full)
        rc = store_audit_prepare_items(a, e);
    if (rc == 0 && full)
        rc = audit_stretches(p, e);
    vault_seen_drop(&a->seen);
    return rc == 0 ? audit_packs(p, p->jobs, e) : rc;
}

/* What was done, also when it was stopped, for whoever asks for its age and for the log. */
static void report(const struct packs *p, bool full)
{
    struct store *s = p->a->s;
    struct store_reports reports;
    struct ledger_position now;
    struct err mine = {0};
    size_t end = p->told < p->log.count ? p->told : p->log.count;
    if (end <= p->from || p->outrun)
        return;
    ledger_where(s->ledger, &now);
    int64_t at = time_now_unix_s();
    const struct statement_audit audit = {.first = p->log.list[p->from].pack,
                                          .last = p->log.list[end - 1].pack,
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

void store_audit_rest(struct store *s)
{
    s->audit_rest = true;
}

int store_audit(struct store *s, bool full, uint64_t from_pack, const struct store_watch *watch,
                struct store_audited *ret, struct err *e)
{
    *ret = (struct store_audited){0};
    struct store_auditing a = {.s = s, .watch = watch, .count = ret, .threads = store_crew_threads(s)};
    struct packs p = {.a = &a};
    (void)pthread_mutex_init(&a.pace_lock, NULL);
    pace_begin(&a.pace, s->audit_bytes_per_s, time_monotonic_ms());
    if (s->vault != NULL && s->audit_bytes_per_s != 0)
        vault_on_read(s->vault, keep_pace, &a);
    int rc = audit(&p, full, from_pack, e);
    if (s->vault != NULL)
        vault_on_read(s->vault, NULL, NULL);
    (void)pthread_mutex_destroy(&a.pace_lock);
    if (rc == 0 || rc == ERR_STOPPED)
        report(&p, full && rc == 0);
    if (rc == 0 && full && p.from == 0 && !p.outrun)
        store_notice_audited(s, ret->findings == 0);
    store_packs_release(&p.log);
    if (rc == 0 && p.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED, "%llu findings: run groundwork repair", (unsigned long long)ret->findings);
    return rc;
}
