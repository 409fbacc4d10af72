/*
 * The hidden statements of one record, opened and held to their entries: by as many threads as there are processors
 * where there are many of them, told in the order of their leaves by the thread that asked.  Checking a signature is
 * nearly all of the work.
 */
#include "store/store_internal.h"

enum { BATCH = 32, WORTH_THREADS = 4 * BATCH };

struct batch {
    size_t count;
    struct bytes sealed[BATCH];
    struct store_opened one[BATCH];
};

struct opening {
    struct store *s;
    const struct ledger_record *r;
    int (*each)(void *context, const struct store_opened *one, struct err *e);
    void *context;
};

static void open_one(struct store *s, struct bytes sealed, struct store_opened *one)
{
    uint8_t made[LEAF_ENTRY];
    one->why = (struct err){0};
    one->rc = store_open_leaf(s, one->leaf, sealed, &one->held, &one->statement, &one->why);
    if (one->rc != 0)
        return;
    leaf_entry_hidden(&one->held->secret, one->held->envelope.statement, made);
    one->committed = memcmp(made, one->entry, LEAF_ENTRY) == 0;
}

static void batch_work(void *context, void *job)
{
    const struct opening *o = context;
    struct batch *b = job;
    OWN(crypt_batch_release) struct crypt_batch opened;
    crypt_batch_init(&opened);
    for (size_t i = 0; i < b->count; i++)
        open_one(o->s, b->sealed[i], &b->one[i]);
}

static int batch_settle(void *context, void *job, struct err *e)
{
    const struct opening *o = context;
    struct batch *b = job;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->count; i++)
        rc = o->each(o->context, &b->one[i], e);
    b->count = 0;
    return rc;
}

static int batch_tick(void *context, struct err *e)
{
    (void)context;
    (void)e;
    return 0;
}

static void batch_release(void *job)
{
    struct batch *b = job;
    for (size_t i = 0; i < BATCH; i++)
        store_held_drop(&b->one[i].held);
}

static int batch_take(const struct opening *o, struct cursor *hidden, uint32_t *at, struct batch *b, struct err *e)
{
    int rc = 0;
    for (b->count = 0; rc == 0 && b->count < BATCH && *at < o->r->hidden_count; (*at)++) {
        rc = ledger_statement_next(hidden, &b->sealed[b->count], e);
        if (rc != 0)
            break;
        b->one[b->count].leaf = o->r->first_leaf + *at;
        b->one[b->count].entry = o->r->entries.p + (size_t)*at * LEDGER_ENTRY;
        b->count++;
    }
    return rc;
}

static int by_crew(const struct opening *o, unsigned threads, struct err *e)
{
    const struct store_crew_setup setup = {.threads = threads,
                                           .job_bytes = sizeof(struct batch),
                                           .work = batch_work,
                                           .settle = batch_settle,
                                           .tick = batch_tick,
                                           .release = batch_release,
                                           .context = (void *)(uintptr_t)o};
    OWN(store_crew_drop) struct store_crew *crew = NULL;
    struct cursor hidden = cursor_of(o->r->hidden);
    uint32_t at = 0;
    int rc = store_crew_new(&setup, &crew, e);
    while (rc == 0 && at < o->r->hidden_count) {
        void *job;
        rc = store_crew_slot(crew, &job, e);
        if (rc == 0)
            rc = batch_take(o, &hidden, &at, job, e);
        if (rc == 0)
            store_crew_give(crew);
    }
    /* What comes before a fault is told, however many look. */
    struct err mine = {0};
    int told = crew != NULL && rc != ERR_STOPPED ? store_crew_finish(crew, rc == 0 ? e : &mine) : 0;
    return rc == 0 ? told : rc;
}

static int alone(const struct opening *o, struct err *e)
{
    struct store_opened one = {.held = NULL};
    struct cursor hidden = cursor_of(o->r->hidden);
    struct bytes sealed;
    int rc = 0;
    for (uint32_t at = 0; rc == 0 && at < o->r->hidden_count; at++) {
        rc = ledger_statement_next(&hidden, &sealed, e);
        if (rc != 0)
            break;
        one.leaf = o->r->first_leaf + at;
        one.entry = o->r->entries.p + (size_t)at * LEDGER_ENTRY;
        open_one(o->s, sealed, &one);
        rc = o->each(o->context, &one, e);
    }
    store_held_drop(&one.held);
    return rc;
}

int store_opened_all(struct store *s, const struct ledger_record *r,
                     int (*each)(void *context, const struct store_opened *one, struct err *e), void *context,
                     struct err *e)
{
    const struct opening o = {.s = s, .r = r, .each = each, .context = context};
    unsigned threads = store_crew_threads(s);
    return threads > 1 && r->hidden_count >= WORTH_THREADS ? by_crew(&o, threads, e) : alone(&o, e);
}
