/*
 * The audit of items: each decrypted and hashed again, by as many threads as there are processors.
 *
 * Small items are handed out by the handful.  What is found is told in the order of the items, and an item that cannot
 * be read for reasons of the disk ends the audit there, whatever other threads have done behind it.
 */
#include "store/store_internal.h"

#include <stdatomic.h>
#include <stdio.h>

/* A job is full of items, or of bytes; but large ones are handed out several together. */
enum { JOB_ITEMS = 64, JOB_BYTES = 4 << 20, LARGE_BYTES = 1 << 20, LARGE_TOGETHER = 3, STRETCH_ENDS = 1 };
/* What is as long waits for its whole stretch: versions of it are then read through together. */
enum { LONG_BYTES = 64 << 20 };

struct item_job {
    struct store_auditing *a;
    struct index_item items[JOB_ITEMS];
    struct vault_object_name names[JOB_ITEMS]; /* of those that are being checked */
    size_t first;                              /* the first of these among the items */
    uint64_t within;                           /* bytes counted of those that are not told yet */
    size_t count;
    size_t large;               /* of them: those that are worth being read in step */
    uint64_t bytes;             /* in all of them */
    size_t done_items;          /* looked at */
    uint64_t done_bytes;
    struct buf lines;           /* one for each that cannot be had */
    int rc;                     /* what ended it */
    struct err e;
};

struct items {
    struct store_auditing *a;
    struct store_crew *crew;
    struct item_job *filling; /* not given yet */
};

/* ---- in any thread ---- */

static int piece(void *context, struct bytes bytes, struct err *e)
{
    struct item_job *j = context;
    j->within += bytes.n;
    (void)atomic_fetch_add(&j->a->done, bytes.n);
    return atomic_load(&j->a->stop) ? store_audit_interrupted(j->a, e) : 0;
}

/* ERR_STOPPED and ERR_IO end the job; all else is an answer. */
static int item_told(void *context, size_t index, int rc, const struct vault_digest *digest, const struct err *why,
                     struct err *e)
{
    struct item_job *j = context;
    const struct index_item *item = &j->items[j->first + index];
    struct err mine = *why;
    if (rc == 0 && (digest->bytes != item->bytes || !hash_equal(&digest->sha256, &item->sha256)))
        rc = err_set(&mine, ERR_DAMAGED, "the bytes do not have the digest that its statement gives");
    if (rc != 0)
        (void)err_add(&mine, rc, "item %llu", (unsigned long long)item->leaf);
    if (rc == ERR_STOPPED || rc == ERR_IO)
        return err_set(e, rc, "%s", mine.text);
    if (rc != 0)
        buf_printf(&j->lines, "%s\n", mine.text);
    j->done_items++;
    j->done_bytes += item->bytes;
    uint64_t counted = item->bytes < j->within ? item->bytes : j->within;
    (void)atomic_fetch_add(&j->a->done, item->bytes - counted);
    j->within -= counted;
    return atomic_load(&j->a->stop) ? store_audit_interrupted(j->a, e) : 0;
}

/* How many items from ${from} on, up to one without a secret: *ret_rc and its words are of that one. */
static size_t names_take(struct item_job *j, size_t from, int *ret_rc, struct err *why)
{
    size_t n = 0;
    *ret_rc = 0;
    for (; from + n < j->count; n++) {
        OWN(key_drop) struct key secret = {0};
        *ret_rc = store_secret(j->a->s, j->items[from + n].leaf, &secret, why);
        if (*ret_rc != 0)
            break;
        leaf_manifest_key(&secret, &j->names[n].manifest_key);
        j->names[n].manifest_record = j->items[from + n].manifest_record;
    }
    return n;
}

/* When something is erased segments are written anew: who opened them before does not find what lives either. */
static bool is_beside(const struct store_auditing *a, int rc)
{
    return rc == ERR_ABSENT && ledger_outrun(a->s->ledger);
}

static int beside(struct err *e)
{
    return err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has ended");
}

static void job_work(void *context, void *job)
{
    struct item_job *j = job;
    struct vault_check check = {.names = j->names, .each = item_told, .context = j, .progress = {piece, j}};
    (void)context;
    while (j->rc == 0 && j->first < j->count && !atomic_load(&j->a->stop)) {
        struct err why = {0};
        int no_secret;
        check.count = names_take(j, j->first, &no_secret, &why);
        j->rc = vault_check(j->a->s->vault, j->a->seen, &check, &j->e);
        j->first += check.count;
        if (j->rc == 0 && is_beside(j->a, no_secret))
            j->rc = beside(&j->e);
        else if (j->rc == 0 && no_secret != 0) {
            j->rc = item_told(j, 0, no_secret, NULL, &why, &j->e);
            j->first++;
        }
    }
    crypt_wipe(j->names, sizeof j->names);
}

static void job_release(void *job)
{
    struct item_job *j = job;
    buf_drop(&j->lines);
}

/* ---- in the calling thread ---- */

static int tick(void *context, struct err *e)
{
    const struct items *t = context;
    return store_audit_advance(t->a) == 0 ? 0 : store_audit_interrupted(t->a, e);
}

static int job_settle(void *context, void *job, struct err *e)
{
    struct items *t = context;
    struct item_job *j = job;
    struct cursor c = cursor_of(buf_bytes(&j->lines));
    int rc = buf_check(&j->lines, e);
    while (rc == 0 && c.left > 0) {
        struct bytes line = cursor_line(&c);
        char text[ERR_TEXT_MAX];
        if (c.failed)
            break;
        (void)snprintf(text, sizeof text, "%.*s", (int)line.n, (const char *)line.p);
        store_audit_found(t->a, text);
    }
    t->a->count->items += j->done_items;
    t->a->count->item_bytes += j->done_bytes;
    if (rc == 0 && j->rc != 0)
        rc = err_set(e, j->rc, "%s", j->e.text);
    buf_clear(&j->lines);
    return rc == 0 ? tick(t, e) : rc;
}

static void job_give(struct items *t)
{
    if (t->filling != NULL && t->filling->count > 0)
        store_crew_give(t->crew);
    t->filling = NULL;
}

/* All that was handed out is told. */
static int settle_all(struct items *t, struct err *e)
{
    job_give(t);
    return store_crew_finish(t->crew, e);
}

/* An object's frames are stored before its manifest. */
static bool is_later(const struct store_auditing *a, const struct index_item *item)
{
    uint64_t pack = 0;
    if (a->pack_end == UINT64_MAX || item->further_name || item->type != STATEMENT_FILE || item->bytes == 0)
        return false;
    return item->bytes >= LONG_BYTES ||
           (vault_pack_of(a->s->vault, item->manifest_record, &pack) && pack >= a->pack_end);
}

static int item_give(void *context, const struct index_item *item, struct err *e)
{
    struct items *t = context;
    if (item->leaf >= t->a->leaf_end || is_later(t->a, item))
        return STRETCH_ENDS;
    t->a->next_leaf = item->leaf + 1;
    if (item->further_name || item->type != STATEMENT_FILE)
        return 0;
    if (t->filling == NULL) {
        void *slot;
        int rc = store_crew_slot(t->crew, &slot, e);
        if (rc != 0)
            return rc;
        t->filling = slot;
        *t->filling = (struct item_job){.a = t->a, .lines = t->filling->lines};
    }
    struct index_item *to = &t->filling->items[t->filling->count++];
    *to = *item;
    to->path = to->target = bytes_of(NULL, 0); /* they live until we return */
    t->filling->bytes += item->bytes;
    t->filling->large += item->bytes >= LARGE_BYTES;
    bool enough = t->filling->bytes >= JOB_BYTES && (t->filling->large == 0 || t->filling->large >= LARGE_TOGETHER);
    if (t->filling->count == JOB_ITEMS || enough)
        job_give(t);
    return 0;
}

/* ---- items where the index is of no use: the journal says it all ---- */

/* The items of one record from a->next_leaf on.  ${sums}: they are only counted, and their runs told to the vault. */
struct by_journal {
    struct items *items;
    struct store_auditing *a;
    bool sums;
    struct store_runs runs;
    struct store_held *held;
};

static int leaf_bad(struct by_journal *j, uint64_t leaf, int rc, const struct err *why, struct err *e)
{
    if (rc == ERR_IO)
        return err_set(e, rc, "%s", why->text);
    if (j->sums)
        return 0;
    rc = settle_all(j->items, e); /* in its place among the items */
    store_audit_found(j->a, why->text);
    j->a->next_leaf = leaf + 1;
    return rc;
}

static int journal_leaf(struct by_journal *j, uint64_t leaf, struct bytes sealed, struct err *e)
{
    struct statement st;
    struct err mine = {0};
    int rc = store_open_leaf(j->a->s, leaf, sealed, &j->held, &st, &mine);
    if (rc == ERR_ABSENT && store_erased_at(j->a->s, leaf, NULL))
        return 0;
    if (is_beside(j->a, rc))
        return beside(e);
    if (rc != 0)
        return leaf_bad(j, leaf, rc, &mine, e);
    if (st.kind != STATEMENT_RECEIVED)
        return 0;
    const struct index_item item = {.leaf = leaf,
                                    .further_name = st.received.further_name,
                                    .type = st.received.type,
                                    .bytes = st.received.bytes,
                                    .sha256 = st.received.sha256,
                                    .manifest_record = j->held->envelope.manifest_record};
    if (!j->sums)
        return item_give(j->items, &item, e);
    j->a->all += store_has_object(&st) ? item.bytes : 0;
    return 0;
}

static int journal_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct by_journal *j = context;
    struct cursor hidden = cursor_of(r->hidden);
    int rc = j->sums ? store_runs_take(&j->runs, r, e) : 0;
    if (!store_record_ours(j->a->s, r))
        return rc;
    for (uint64_t leaf = r->first_leaf; rc == 0 && leaf < r->first_leaf + r->hidden_count; leaf++) {
        struct bytes sealed;
        rc = ledger_statement_next(&hidden, &sealed, e);
        if (rc == 0 && (j->sums || leaf >= j->a->next_leaf))
            rc = journal_leaf(j, leaf, sealed, e);
    }
    return rc;
}

static int walk_items(struct by_journal *j, struct err *e)
{
    int rc = ledger_walk(j->a->s->ledger, -1, LEDGER_FIRST, 0, journal_record, j, e);
    store_held_drop(&j->held);
    store_runs_release(&j->runs);
    return rc;
}

static void index_found(struct store_auditing *a, const struct err *why)
{
    struct err line = {0};
    if (store_interrupted(a->s))
        return;
    (void)err_set(&line, ERR_DAMAGED, "the index is damaged (%s): run groundwork repair", why->text);
    store_audit_found(a, line.text);
}

int store_audit_prepare_items(struct store_auditing *a, struct err *e)
{
    struct index_sums sums = {0};
    struct err mine = a->s->index_fault;
    int rc = mine.code;
    bool by_index = rc == 0 && store_index_current(a->s);
    if (by_index)
        rc = index_sums(a->s->index, &sums, &mine);
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    if (rc != 0)
        index_found(a, &mine);
    a->by_index = by_index && rc == 0;
    a->all += sums.bytes;
    struct by_journal j = {.a = a, .sums = true, .runs = {.s = a->s, .told = true}}; /* the packs are told of */
    rc = a->by_index ? 0 : store_vault_reopen(a->s, e);
    if (rc == 0 && !a->by_index)
        rc = store_erasures(a->s, e);
    if (rc == 0 && !a->by_index)
        rc = walk_items(&j, e);
    return rc == 0 ? vault_seen_new(a->s->vault, &a->seen, e) : rc;
}

/* Where the index ends, the journal goes on, and to its end. */
static int index_failed(struct items *t, const struct err *why, struct err *e)
{
    int rc = settle_all(t, e);
    index_found(t->a, why);
    t->a->by_index = false;
    t->a->leaf_end = t->a->pack_end = UINT64_MAX;
    return rc;
}

static int give_all(struct items *t, struct err *e)
{
    struct by_journal j = {.items = t, .a = t->a};
    struct err mine = {0};
    int rc = 0;
    if (t->a->by_index) {
        rc = index_items(t->a->s->index, UINT64_MAX, t->a->next_leaf, item_give, t, &mine);
        if (rc == 0 || rc == STRETCH_ENDS)
            return settle_all(t, e);
        if (rc != ERR_DAMAGED)
            return err_set(e, rc, "%s", mine.text);
        rc = index_failed(t, &mine, e);
    }
    if (rc == 0)
        rc = walk_items(&j, e);
    return rc == 0 ? settle_all(t, e) : rc;
}

int store_audit_items(struct store_auditing *a, struct err *e)
{
    struct items t = {.a = a};
    struct store_crew_setup setup = {.threads = a->threads,
                                     .job_bytes = sizeof(struct item_job),
                                     .work = job_work,
                                     .settle = job_settle,
                                     .tick = tick,
                                     .release = job_release,
                                     .context = &t};
    int rc = store_crew_new(&setup, &t.crew, e);
    if (rc == 0)
        rc = give_all(&t, e);
    atomic_store(&a->stop, rc != 0);
    store_crew_free(t.crew);
    return rc;
}
