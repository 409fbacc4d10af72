/*
 * Objects out of their frames, up to three in step.
 *
 * Frames of all of them are gathered into batches: opened and decompressed, unless they lie warm from before.  Then the
 * fresh ones are held to their digests while the objects' own digests grow, all side by side; then they are handed on.
 * Of large objects a second thread opens the next batches meanwhile, so that one large file is not bound to one
 * processor.
 *
 * Of objects that share frames one goes ahead and the others follow out of what it left warm.  That is sound because
 * batches are hashed in the order in which they were filled: a frame was held to its digest before it is met again.
 * After the first frame that is not what it must be, nothing that lies warm is believed any more.
 */
#include "vault/vault_internal.h"

enum {
    PARTS = 192,                 /* frames in a batch */
    SHARE = 2 << 20,             /* bytes of each object in it, or one frame */
    BATCHES = 3,                 /* one being handed on, one ready, one being filled */
    PLACED_MAX = (STRANDS + 1) * VAULT_CHUNK_MAX, /* what a batch takes of the ring, and leaves empty at its end */
    TWO_THREADS_FROM = 8 << 20,  /* bytes of objects that are worth a thread */
};

struct part { /* a frame in a batch */
    struct bytes plain;
    struct hash wanted;
    uint64_t record;
    uint64_t mark; /* with ${seen} */
    unsigned strand;
    bool fresh; /* it was opened for this batch */
};
struct looked { /* frames that are held to their digests */
    const struct part *part[PARTS];
    struct bytes x[PARTS];
    struct hash digest[PARTS];
    size_t count;
};
struct batch {
    struct part part[PARTS];
    unsigned count;
    struct looked fresh;
    bool hashed; /* these are, by the thread that filled it */
    uint64_t lowest; /* of the ring */
    size_t taken[STRANDS];
    const struct strand *bad; /* the one whose next frame could not be had */
    int rc;
    struct err why;
};
struct stepping {
    const struct vault_reading *reading;
    struct warm *warm;
    struct batch batch[BATCHES];
    bool distrust; /* of what lies warm */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint64_t filled, done; /* batches, counted on */
    bool ended;            /* nothing is left to be filled */
};

static size_t index_of(const struct stepping *t, const struct strand *s)
{
    return (size_t)(s - t->reading->strand);
}

/* ---- filling ---- */

/* Does a batch that is not handed on yet lie where the ring would be written up to ${end}? */
static bool in_the_way(const struct stepping *t, uint64_t end)
{
    uint64_t room = vault_warm_room(t->warm);
    for (uint64_t i = t->done; i < t->filled; i++)
        if (end > room && t->batch[i % BATCHES].lowest < end - room)
            return true;
    return false;
}

static void room_wait(struct stepping *t, uint64_t end)
{
    (void)pthread_mutex_lock(&t->lock);
    while (in_the_way(t, end))
        (void)pthread_cond_wait(&t->moved, &t->lock);
    (void)pthread_mutex_unlock(&t->lock);
}

static bool is_over(const struct strand *s)
{
    return atomic_load(&s->failed) || s->next == s->o->m.frames;
}

static void batch_spoil(struct batch *b, const struct strand *s, int rc)
{
    b->bad = s;
    b->rc = rc;
}

/* Whose frame comes next: one that lies warm, or else that of the object that is behind.  NULL: the batch is full. */
static struct strand *strand_choose(struct stepping *t, struct batch *b, uint64_t *ret_at, bool *ret_warm)
{
    struct strand *behind = NULL;
    *ret_warm = false;
    for (size_t i = 0; i < t->reading->count; i++) {
        struct strand *s = &t->reading->strand[i];
        if (is_over(s))
            continue;
        if (!s->known) {
            int rc = vault_opened_frame(t->reading->r, s->o, s->next, &s->ref, &b->why);
            if (rc != 0) {
                batch_spoil(b, s, rc);
                return NULL;
            }
            s->known = true;
        }
        if (b->taken[i] > 0 && b->taken[i] + s->ref.size_bytes > SHARE)
            continue;
        *ret_warm = vault_warm_get(t->warm, &s->ref, PLACED_MAX, ret_at);
        if (*ret_warm)
            return s;
        if (behind == NULL || s->bytes < behind->bytes)
            behind = s;
    }
    return behind;
}

static int part_open(struct stepping *t, struct strand *s, uint64_t *ret_at, struct err *e)
{
    uint64_t at = vault_warm_next(t->warm, s->ref.size_bytes);
    room_wait(t, at + s->ref.size_bytes);
    int rc = vault_frame_read(t->reading->r, &s->ref, vault_warm_place(t->warm, at), e);
    if (rc != 0)
        return rc;
    vault_warm_put(t->warm, &s->ref, at);
    *ret_at = at;
    return 0;
}

static void part_add(struct stepping *t, struct batch *b, struct strand *s, uint64_t at, bool fresh)
{
    struct vault_seen *seen = t->reading->seen;
    struct part *p = &b->part[b->count++];
    *p = (struct part){
        .plain = bytes_of(vault_warm_place(t->warm, at), s->ref.size_bytes),
        .wanted = s->ref.digest,
        .record = s->ref.record,
        .mark = seen == NULL ? 0 : vault_seen_mark(seen, &s->ref),
        .strand = (unsigned)index_of(t, s),
        .fresh = fresh,
    };
    if (seen != NULL)
        s->joined = vault_seen_join(seen, s->joined, p->mark);
    b->lowest = at < b->lowest ? at : b->lowest;
    b->taken[p->strand] += p->plain.n;
    s->bytes += p->plain.n;
    s->next++;
    s->known = false;
}

/* Those of a batch that are fresh, or those that are not; none that was seen. */
static void looked_gather(const struct stepping *t, const struct batch *b, bool fresh, struct looked *l)
{
    const struct vault_seen *seen = t->reading->seen;
    l->count = 0;
    for (unsigned i = 0; i < b->count; i++) {
        const struct part *p = &b->part[i];
        if (p->fresh != fresh || (seen != NULL && vault_seen_has(seen, p->record, p->mark)))
            continue;
        l->part[l->count] = p;
        l->x[l->count++] = p->plain;
    }
}

/* The next frames; none when all objects are at their end. */
static void batch_fill(struct stepping *t, struct batch *b)
{
    b->count = 0;
    b->lowest = UINT64_MAX;
    b->bad = NULL;
    memset(b->taken, 0, sizeof(b->taken));
    while (b->count < PARTS && b->bad == NULL) {
        uint64_t at = 0;
        bool warm;
        struct strand *s = strand_choose(t, b, &at, &warm);
        if (s == NULL)
            break;
        int rc = warm ? 0 : part_open(t, s, &at, &b->why);
        if (rc == 0)
            part_add(t, b, s, at, !warm);
        else
            batch_spoil(b, s, rc);
    }
    b->hashed = false;
    looked_gather(t, b, true, &b->fresh);
}

/* ---- hashing and handing on ---- */

static void strand_fail(struct stepping *t, struct strand *s, int rc, const struct err *why)
{
    if (s->rc == 0) {
        s->rc = rc;
        s->why = *why;
    }
    atomic_store(&s->failed, true);
    t->distrust = true;
}

/* Those of one object, neighbours in memory as one. */
static size_t pieces_of(const struct batch *b, size_t strand, struct bytes pieces[PARTS])
{
    size_t n = 0;
    for (unsigned i = 0; i < b->count; i++) {
        struct bytes x = b->part[i].plain;
        if (b->part[i].strand != strand)
            continue;
        if (n > 0 && pieces[n - 1].p + pieces[n - 1].n == x.p)
            pieces[n - 1].n += x.n;
        else
            pieces[n++] = x;
    }
    return n;
}

static void looked_settle(struct stepping *t, const struct looked *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct part *p = l->part[i];
        struct err why = {0};
        if (hash_equal(&l->digest[i], &p->wanted)) {
            if (t->reading->seen != NULL)
                vault_seen_put(t->reading->seen, p->record, p->mark);
            continue;
        }
        int rc = err_set(&why, ERR_DAMAGED, "record %llu: a frame does not have its digest",
                         (unsigned long long)p->record);
        strand_fail(t, &t->reading->strand[p->strand], rc, &why);
    }
}

static void batch_hash(struct stepping *t, struct batch *b, struct bytes pieces[STRANDS][PARTS],
                       size_t piece_count[STRANDS])
{
    struct looked *fresh = &b->fresh, warm;
    struct crypt_growth grown[STRANDS];
    size_t n = 0;
    for (size_t i = 0; i < t->reading->count; i++) {
        struct strand *s = &t->reading->strand[i];
        piece_count[i] = s->rc == 0 ? pieces_of(b, i, pieces[i]) : 0;
        if (piece_count[i] > 0)
            grown[n++] = (struct crypt_growth){s->whole, pieces[i], piece_count[i]};
    }
    crypt_sha256_together(grown, n, fresh->x, b->hashed ? 0 : fresh->count, fresh->digest);
    looked_settle(t, fresh);
    if (!t->distrust)
        return;
    looked_gather(t, b, false, &warm);
    crypt_sha256_many(warm.x, warm.count, warm.digest);
    looked_settle(t, &warm);
}

static void strand_hand_on(struct stepping *t, struct strand *s, const struct bytes *pieces, size_t count)
{
    struct err why = {0};
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0 && s->rc == 0; i++) {
        s->handed += pieces[i].n;
        if (s->sink != NULL)
            rc = s->sink->write(s->sink->context, pieces[i], &why);
    }
    if (rc != 0)
        strand_fail(t, s, rc, &why);
}

static void batch_hand_on(struct stepping *t, struct batch *b)
{
    struct bytes pieces[STRANDS][PARTS];
    size_t count[STRANDS];
    batch_hash(t, b, pieces, count);
    for (size_t i = 0; i < t->reading->count; i++)
        strand_hand_on(t, &t->reading->strand[i], pieces[i], count[i]);
    if (b->bad != NULL)
        strand_fail(t, &t->reading->strand[index_of(t, b->bad)], b->rc, &b->why);
}

/* ---- one thread, or two ---- */

static bool batch_is_empty(const struct batch *b)
{
    return b->count == 0 && b->bad == NULL;
}

static void one_thread(struct stepping *t)
{
    struct batch *b = &t->batch[0];
    for (batch_fill(t, b); !batch_is_empty(b); batch_fill(t, b))
        batch_hand_on(t, b);
}

/* When batches wait already, their hashing is what takes long: some of it can be done here. */
static void batch_help(struct stepping *t, struct batch *b)
{
    (void)pthread_mutex_lock(&t->lock);
    b->hashed = t->filled > t->done;
    (void)pthread_mutex_unlock(&t->lock);
    if (b->hashed)
        crypt_sha256_many(b->fresh.x, b->fresh.count, b->fresh.digest);
}

static void *fill_all(void *context)
{
    struct stepping *t = context;
    (void)pthread_mutex_lock(&t->lock);
    while (!t->ended) {
        while (t->filled - t->done == BATCHES)
            (void)pthread_cond_wait(&t->moved, &t->lock);
        struct batch *b = &t->batch[t->filled % BATCHES];
        (void)pthread_mutex_unlock(&t->lock);
        batch_fill(t, b);
        batch_help(t, b);
        (void)pthread_mutex_lock(&t->lock);
        t->ended = batch_is_empty(b);
        t->filled += !t->ended;
        (void)pthread_cond_broadcast(&t->moved);
    }
    (void)pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* The next batch, or NULL at the end. */
static struct batch *batch_wait(struct stepping *t)
{
    (void)pthread_mutex_lock(&t->lock);
    while (t->filled == t->done && !t->ended)
        (void)pthread_cond_wait(&t->moved, &t->lock);
    struct batch *b = t->filled == t->done ? NULL : &t->batch[t->done % BATCHES];
    (void)pthread_mutex_unlock(&t->lock);
    return b;
}

static void batch_done(struct stepping *t)
{
    (void)pthread_mutex_lock(&t->lock);
    t->done++;
    (void)pthread_cond_broadcast(&t->moved);
    (void)pthread_mutex_unlock(&t->lock);
}

static bool two_threads(struct stepping *t)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, fill_all, t) != 0)
        return false;
    for (struct batch *b = batch_wait(t); b != NULL; b = batch_wait(t)) {
        batch_hand_on(t, b);
        batch_done(t);
    }
    (void)pthread_join(thread, NULL);
    return true;
}

/* ---- objects ---- */

static void strand_end(struct stepping *t, struct strand *s)
{
    const struct manifest *m = &s->o->m;
    struct err why = {0};
    struct hash digest;
    crypt_sha256_end(s->whole, &digest);
    if (s->handed != m->digest.bytes)
        strand_fail(t, s,
                    err_set(&why, ERR_DAMAGED, "record %llu: a manifest is damaged", (unsigned long long)s->o->record),
                    &why);
    else if (!hash_equal(&digest, &m->digest.sha256))
        strand_fail(t, s,
                    err_set(&why, ERR_DAMAGED, "record %llu: the object does not have its digest",
                            (unsigned long long)s->o->record),
                    &why);
}

static int strand_begin(struct strand *s, struct err *e)
{
    s->whole = crypt_sha256_new();
    if (s->whole == NULL)
        return err_memory(e);
    crypt_sha256_begin(s->whole);
    return 0;
}

/* By one thread or by two, and to the end. */
static void step_all(struct stepping *t)
{
    const struct vault_reading *reading = t->reading;
    uint64_t bytes = 0;
    for (size_t i = 0; i < reading->count; i++)
        bytes += reading->strand[i].o->m.digest.bytes;
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_cond_init(&t->moved, NULL);
    if (vault_reader_threads(reading->r) == 1 || bytes < TWO_THREADS_FROM || !two_threads(t))
        one_thread(t); /* no thread to be had is no reason to fail */
    for (size_t i = 0; i < reading->count; i++)
        strand_end(t, &reading->strand[i]);
    if (t->distrust)
        vault_warm_forget(t->warm);
    (void)pthread_cond_destroy(&t->moved);
    (void)pthread_mutex_destroy(&t->lock);
}

int vault_objects_read(const struct vault_reading *reading, struct err *e)
{
    OWN(mem_drop) struct stepping *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return err_memory(e);
    t->reading = reading;
    int rc = vault_reader_warm(reading->r, &t->warm, e);
    assert(reading->count <= STRANDS);
    for (size_t i = 0; rc == 0 && i < reading->count; i++)
        rc = strand_begin(&reading->strand[i], e);
    if (rc == 0)
        step_all(t);
    for (size_t i = 0; i < reading->count; i++) {
        crypt_sha256_drop(&reading->strand[i].whole);
        crypt_wipe(&reading->strand[i].ref, sizeof(reading->strand[i].ref));
    }
    return rc;
}
