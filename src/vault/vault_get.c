/*
 * Whole objects out of their frames.
 *
 * Frames are gathered into batches: opened, decompressed and held to their digests; then the batch goes into the whole
 * digest and to the sink.  Of a large object a second thread opens the next batches while the first is hashed and
 * handed on, so that one large file is not bound to one processor.
 */
#include "vault/vault_internal.h"

enum {
    BATCH_BYTES = VAULT_CHUNK_MAX,
    BATCH_FRAMES = 64,
    BATCHES = 3,                 /* one being handed on, one ready, one being filled */
    TWO_THREADS_FROM = 8 << 20,  /* bytes of an object that are worth a thread */
};

struct batch {
    uint8_t *bytes;
    size_t room, used;
    struct bytes frame[BATCH_FRAMES];
    struct hash wanted[BATCH_FRAMES];
    uint64_t record[BATCH_FRAMES];
    uint64_t mark[BATCH_FRAMES]; /* 0: it was seen */
    uint32_t count;
};

/* Where the reading of an object stands. */
struct getting {
    struct reader *r;
    struct opened *o;
    uint32_t next; /* frame */
    struct vault_seen *seen;
    uint64_t joined;
};

static int batch_init(struct batch *b, uint64_t object_bytes, struct err *e)
{
    *b = (struct batch){.room = object_bytes < BATCH_BYTES ? (size_t)object_bytes : BATCH_BYTES};
    b->bytes = malloc(b->room + 1);
    return b->bytes == NULL ? err_memory(e) : 0;
}

static void batch_release(struct batch *b)
{
    if (b->bytes != NULL)
        crypt_wipe(b->bytes, b->room);
    free(b->bytes);
    b->bytes = NULL;
}

static int digests_check(const struct batch *b, struct vault_seen *seen, struct err *e)
{
    struct bytes x[BATCH_FRAMES];
    struct hash digest[BATCH_FRAMES];
    uint32_t n = 0, k = 0;
    for (uint32_t i = 0; i < b->count; i++)
        if (seen == NULL || b->mark[i] != 0)
            x[n++] = b->frame[i];
    crypt_sha256_many(x, n, digest);
    for (uint32_t i = 0; i < b->count; i++) {
        if (seen != NULL && b->mark[i] == 0)
            continue;
        if (!hash_equal(&digest[k++], &b->wanted[i]))
            return err_set(e, ERR_DAMAGED, "record %llu: a frame does not have its digest",
                           (unsigned long long)b->record[i]);
        if (seen != NULL)
            vault_seen_put(seen, b->record[i], b->mark[i]);
    }
    return 0;
}

static void mark_note(struct getting *g, struct batch *b, const struct frame_ref *ref)
{
    uint64_t mark = vault_seen_mark(g->seen, ref);
    g->joined = vault_seen_join(g->seen, g->joined, mark);
    b->mark[b->count] = vault_seen_has(g->seen, ref->record, mark) ? 0 : mark;
}

/* As many further frames as the batch holds; none at the object's end. */
static int batch_fill(struct getting *g, struct batch *b, struct err *e)
{
    struct frame_ref ref;
    int rc = 0;
    b->used = 0;
    b->count = 0;
    while (rc == 0 && g->next < g->o->m.frames && b->count < BATCH_FRAMES) {
        rc = vault_opened_frame(g->r, g->o, g->next, &ref, e);
        if (rc != 0 || (b->count > 0 && ref.size_bytes > b->room - b->used))
            break;
        if (ref.size_bytes > b->room - b->used)
            rc = err_set(e, ERR_DAMAGED, "record %llu: a frame is not as long as its manifest says",
                         (unsigned long long)ref.record);
        else
            rc = vault_frame_read(g->r, &ref, b->bytes + b->used, e);
        if (rc != 0)
            break;
        if (g->seen != NULL)
            mark_note(g, b, &ref);
        b->frame[b->count] = bytes_of(b->bytes + b->used, ref.size_bytes);
        b->wanted[b->count] = ref.digest;
        b->record[b->count++] = ref.record;
        b->used += ref.size_bytes;
        g->next++;
    }
    crypt_wipe(&ref, sizeof(ref));
    return rc == 0 ? digests_check(b, g->seen, e) : rc;
}

/* ---- the second thread ---- */

struct pipe_line {
    struct getting *g;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct batch batch[BATCHES];
    uint64_t filled, taken; /* batches, counted on; ${taken} are done with */
    bool ended, stop;
    int rc; /* of the filling, once ended */
    struct err e;
};

static void *fill_all(void *context)
{
    struct pipe_line *p = context;
    (void)pthread_mutex_lock(&p->lock);
    while (!p->ended) {
        while (p->filled - p->taken == BATCHES && !p->stop)
            (void)pthread_cond_wait(&p->moved, &p->lock);
        if (p->stop)
            break;
        struct batch *b = &p->batch[p->filled % BATCHES];
        (void)pthread_mutex_unlock(&p->lock);
        int rc = batch_fill(p->g, b, &p->e);
        (void)pthread_mutex_lock(&p->lock);
        p->rc = rc;
        p->ended = rc != 0 || b->count == 0;
        p->filled += !p->ended;
        (void)pthread_cond_broadcast(&p->moved);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The next batch, or NULL at the end of what could be filled. */
static struct batch *batch_wait(struct pipe_line *p)
{
    (void)pthread_mutex_lock(&p->lock);
    while (p->filled == p->taken && !p->ended)
        (void)pthread_cond_wait(&p->moved, &p->lock);
    struct batch *b = p->filled == p->taken ? NULL : &p->batch[p->taken % BATCHES];
    (void)pthread_mutex_unlock(&p->lock);
    return b;
}

static void batch_done(struct pipe_line *p, bool stop)
{
    (void)pthread_mutex_lock(&p->lock);
    p->taken += !stop;
    p->stop = stop;
    (void)pthread_cond_broadcast(&p->moved);
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- handing on ---- */

struct handing {
    struct crypt_sha256 *whole; /* NULL for an object of one frame, whose digest is the object's */
    const struct vault_sink *sink;
    uint64_t bytes;
};

static int batch_hand_on(const struct batch *b, struct handing *h, struct err *e)
{
    int rc = 0;
    h->bytes += b->used;
    if (h->whole != NULL)
        crypt_sha256_add(h->whole, bytes_of(b->bytes, b->used));
    for (uint32_t i = 0; i < b->count && rc == 0 && h->sink != NULL; i++)
        rc = h->sink->write(h->sink->context, b->frame[i], e);
    return rc;
}

static int one_thread(struct getting *g, struct handing *h, struct err *e)
{
    OWN(batch_release) struct batch b;
    int rc = batch_init(&b, g->o->m.digest.bytes, e);
    while (rc == 0) {
        rc = batch_fill(g, &b, e);
        if (rc != 0 || b.count == 0)
            break;
        rc = batch_hand_on(&b, h, e);
    }
    return rc;
}

static int hand_on_all(struct pipe_line *p, struct handing *h, struct err *e)
{
    int rc = 0;
    for (struct batch *b = batch_wait(p); b != NULL && rc == 0; b = rc == 0 ? batch_wait(p) : NULL) {
        rc = batch_hand_on(b, h, e);
        batch_done(p, rc != 0);
    }
    return rc;
}

static int two_threads(struct getting *g, struct handing *h, struct err *e)
{
    struct pipe_line p = {.g = g};
    pthread_t thread;
    int rc = 0;
    (void)pthread_mutex_init(&p.lock, NULL);
    (void)pthread_cond_init(&p.moved, NULL);
    for (size_t i = 0; i < BATCHES && rc == 0; i++)
        rc = batch_init(&p.batch[i], g->o->m.digest.bytes, e);
    bool started = rc == 0 && pthread_create(&thread, NULL, fill_all, &p) == 0;
    if (started) {
        rc = hand_on_all(&p, h, e);
        (void)pthread_join(thread, NULL);
        if (rc == 0 && p.rc != 0) {
            rc = p.rc;
            if (e != NULL)
                *e = p.e;
        }
    }
    for (size_t i = 0; i < BATCHES; i++)
        batch_release(&p.batch[i]);
    (void)pthread_cond_destroy(&p.moved);
    (void)pthread_mutex_destroy(&p.lock);
    return rc == 0 && !started ? one_thread(g, h, e) : rc; /* no thread to be had is no reason to fail */
}

int vault_object_read(const struct vault_reading *reading, struct err *e)
{
    const struct manifest *m = &reading->o->m;
    OWN(crypt_sha256_drop) struct crypt_sha256 *whole = m->one ? NULL : crypt_sha256_new();
    struct getting g = {.r = reading->r, .o = reading->o, .seen = reading->seen};
    struct handing h = {whole, reading->sink, 0};
    if (!m->one && whole == NULL)
        return err_memory(e);
    if (whole != NULL)
        crypt_sha256_begin(whole);
    bool two = reading->v->threads > 1 && m->digest.bytes >= TWO_THREADS_FROM;
    int rc = two ? two_threads(&g, &h, e) : one_thread(&g, &h, e);
    if (rc != 0)
        return rc;
    if (h.bytes != m->digest.bytes)
        return err_set(e, ERR_DAMAGED, "record %llu: a manifest is damaged", (unsigned long long)reading->o->record);
    struct hash digest = m->digest.sha256;
    if (whole != NULL)
        crypt_sha256_end(whole, &digest);
    if (!hash_equal(&digest, &m->digest.sha256))
        return err_set(e, ERR_DAMAGED, "record %llu: the object does not have its digest",
                       (unsigned long long)reading->o->record);
    if (reading->seen != NULL)
        *reading->frames = g.joined;
    return 0;
}

int vault_get(struct vault *v, const struct key *manifest_key, uint64_t manifest_record, const struct vault_sink *sink,
              struct vault_digest *ret, struct err *e)
{
    OWN(vault_reader_give) struct reader *r = vault_reader_take(v, e);
    if (r == NULL)
        return ERR_IO;
    OWN(vault_opened_release) struct opened o = {0};
    const struct vault_reading reading = {.v = v, .r = r, .o = &o, .sink = sink};
    int rc = vault_opened_init(r, manifest_key, manifest_record, &o, e);
    if (rc == 0)
        rc = vault_object_read(&reading, e);
    if (rc == 0 && ret != NULL)
        *ret = o.m.digest;
    return rc;
}
