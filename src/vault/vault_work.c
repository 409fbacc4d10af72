/*
 * What the threads of a writer do: cut, look up, compress, seal.
 *
 * One task is one gathering of small objects, one piece of a large one, or a pile of manifests.  The pieces of one
 * object are cut in their order (cutting goes on where the piece before ended); everything after the cut runs side by
 * side.
 */
#include "vault/vault_internal.h"

struct job { /* a thread at its work */
    struct vault_writer *w;
    struct lane *lane;
};

/* ---- chunks ---- */

static int chunk_store(const struct job *j, uint32_t entry, struct bytes plain, struct err *e)
{
    OWN(key_drop) struct key key = {{0}};
    size_t squeezed = 0;
    int rc = vault_squeeze(j->lane->squeezer, plain, j->lane->squeezed, j->lane->check, &squeezed, e);
    if (rc != 0)
        return rc;
    struct record_head head = {
        .type = RECORD_FRAME,
        .codec = squeezed != 0 ? CODEC_ZSTD : CODEC_RAW,
        .plain = (uint32_t)plain.n,
    };
    crypt_random_fast(key.b, sizeof(key.b));
    struct bytes payload = squeezed != 0 ? bytes_of(j->lane->squeezed, squeezed) : plain;
    rc = vault_append_record(&j->w->append, j->lane, &head, payload, &key, 0, e);
    if (rc == 0)
        vault_book_stored(&j->w->book, entry, head.number, &key);
    return rc;
}

static int chunk_take(const struct job *j, struct object *o, uint32_t frame, struct bytes plain,
                      const struct hash *digest, uint32_t *ret_entry, struct err *e)
{
    bool fresh = false;
    int rc = vault_book_see(&j->w->book, o->owner, frame, digest, (uint32_t)plain.n, ret_entry, &fresh, e);
    return rc == 0 && fresh ? chunk_store(j, *ret_entry, plain, e) : rc;
}

static int frames_room(struct object *o, size_t count, struct err *e)
{
    if (count <= o->frame_room)
        return 0;
    size_t room = o->frame_room < 8 ? 8 : (size_t)o->frame_room * 2;
    if (room < count)
        room = count;
    if (room > UINT32_MAX)
        return err_set(e, ERR_REFUSED, "the object has too many pieces");
    uint32_t *frames = reallocarray(o->frames, room, sizeof(*frames));
    if (frames == NULL)
        return err_memory(e);
    o->frames = frames;
    o->frame_room = (uint32_t)room;
    return 0;
}

/* ---- where chunks lie ---- */

struct cuts { /* chunks of one piece, or of gathered objects that are more than one */
    struct bytes *chunk;
    size_t count, room;
    uint32_t first_frame;
};

static int cuts_add(struct cuts *c, struct bytes chunk, struct err *e)
{
    if (c->count == c->room) {
        size_t room = c->room == 0 ? 64 : c->room * 2;
        struct bytes *grown = reallocarray(c->chunk, room, sizeof(*grown));
        if (grown == NULL)
            return err_memory(e);
        c->chunk = grown;
        c->room = room;
    }
    c->chunk[c->count++] = chunk;
    return 0;
}

/* Side by side; but a chunk that repeats the one before it, as in the holes of a disk image, has the same digest. */
static int cuts_hash(const struct cuts *c, struct hash **ret, struct err *e)
{
    OWN(mem_drop) struct hash *digest = calloc(c->count + 1, sizeof(*digest));
    OWN(mem_drop) struct hash *made = calloc(c->count + 1, sizeof(*made));
    OWN(mem_drop) struct bytes *distinct = calloc(c->count + 1, sizeof(*distinct));
    size_t count = 0;
    if (digest == NULL || made == NULL || distinct == NULL)
        return err_memory(e);
    for (size_t i = 0; i < c->count; i++)
        if (i == 0 || !bytes_equal(c->chunk[i], distinct[count - 1]))
            distinct[count++] = c->chunk[i];
    crypt_sha256_many(distinct, count, made);
    for (size_t i = 0, at = 0; i < c->count; i++) {
        at += at + 1 < count && c->chunk[i].p == distinct[at + 1].p;
        digest[i] = made[at];
    }
    *ret = TAKE(digest);
    return 0;
}

/* ---- gathered objects: whole in memory, one thread has all of each ---- */

/* Its chunks to ${c}, unless it is one. */
static int object_cut(const struct vault *v, struct object *o, struct cuts *c, struct err *e)
{
    size_t left = (size_t)o->digest.bytes;
    const uint8_t *p = o->data;
    size_t before = c->count;
    int rc = 0;
    if (left > OBJECT_ONE_FRAME) {
        struct grain grain = vault_grain(bytes_of(p, left), v->chunk_max);
        while (left != 0 && rc == 0) {
            size_t n = vault_cut(&v->gear, &grain, p, left, 0, true);
            rc = cuts_add(c, bytes_of(p, n), e);
            p += n;
            left -= n;
        }
    }
    size_t frames = c->count - before;
    if (frames <= 1) {
        c->count = before;
        frames = o->digest.bytes != 0;
    }
    if (rc == 0)
        rc = frames_room(o, frames, e);
    o->frame_count = (uint32_t)frames;
    return rc;
}

/* All are cut before any is stored, so that their chunks are hashed side by side; one that is a chunk is hashed. */
static int gathered_store(const struct job *j, struct object *objects, struct err *e)
{
    struct cuts c = {0};
    OWN(mem_drop) struct hash *digest = NULL;
    size_t next = 0;
    int rc = 0;
    for (struct object *o = objects; o != NULL && rc == 0; o = o->next)
        rc = object_cut(j->w->v, o, &c, e);
    if (rc == 0)
        rc = cuts_hash(&c, &digest, e);
    for (struct object *o = objects; o != NULL && rc == 0; o = o->next) {
        if (o->frame_count == 1)
            rc = chunk_take(j, o, 0, bytes_of(o->data, (size_t)o->digest.bytes), &o->digest.sha256, o->frames, e);
        for (uint32_t i = 0; o->frame_count > 1 && i < o->frame_count && rc == 0; i++, next++)
            rc = chunk_take(j, o, i, c.chunk[next], &digest[next], &o->frames[i], e);
    }
    free(c.chunk);
    return rc;
}

static int gather_run(const struct job *j, struct task *t, struct err *e)
{
    int rc = atomic_load(&j->w->stop) ? ERR_STOPPED : gathered_store(j, t->objects, e);
    (void)pthread_mutex_lock(&j->w->lock);
    while (t->objects != NULL) {
        struct object *o = t->objects;
        t->objects = o->next;
        if (rc == 0)
            rc = vault_object_ready(j->w, o, e);
        else
            vault_object_free(j->w, o);
    }
    (void)pthread_mutex_unlock(&j->w->lock);
    return rc;
}

/* ---- one piece of a streamed object ---- */

/* Bring what the piece before left uncut in front of this one, then cut as far as the bytes decide. */
static int piece_cut(struct vault *v, struct object *o, const struct task *t, struct cuts *c, struct err *e)
{
    uint8_t *begin = t->piece->data - o->carry_n;
    const uint8_t *p = begin;
    size_t left = o->carry_n + t->n;
    size_t scanned = o->carry_n;
    if (o->carry_n != 0)
        memcpy(begin, o->carry_data, o->carry_n);
    if (begin < t->piece->low)
        t->piece->low = begin;
    if (t->turn == 0)
        o->grain = vault_grain(bytes_of(p, left), v->chunk_max);
    int rc = 0;
    while (left != 0 && rc == 0) {
        size_t n = vault_cut(&v->gear, &o->grain, p, left, scanned, t->last);
        scanned = 0;
        if (n == 0)
            break;
        rc = cuts_add(c, bytes_of(p, n), e);
        p += n;
        left -= n;
    }
    o->carry_data = p;
    o->carry_n = left;
    return rc;
}

static bool turn_wait(struct vault_writer *w, const struct object *o, uint64_t turn)
{
    while (o->turn != turn && !atomic_load(&w->stop))
        (void)pthread_cond_wait(&w->turned, &w->lock);
    return !atomic_load(&w->stop) && (!o->resolved || o->kept);
}

/* The frames' places are taken, the carry changes hands, and the next piece has its turn. */
static int turn_pass(struct vault_writer *w, struct task *t, struct cuts *c, struct err *e)
{
    struct object *o = t->objects;
    if (o->carry != NULL)
        vault_piece_release(w, o->carry);
    o->carry = t->last ? NULL : t->piece;
    if (o->carry != NULL)
        o->carry->refs++;
    int rc = frames_room(o, (size_t)o->frame_count + c->count, e);
    if (rc == 0) {
        c->first_frame = o->frame_count;
        o->frame_count += (uint32_t)c->count;
    }
    o->turn++;
    (void)pthread_cond_broadcast(&w->turned);
    return rc;
}

static int stream_cut(const struct job *j, struct task *t, struct cuts *c, struct err *e)
{
    struct vault_writer *w = j->w;
    (void)pthread_mutex_lock(&w->lock);
    bool wanted = turn_wait(w, t->objects, t->turn);
    (void)pthread_mutex_unlock(&w->lock);
    int rc = wanted ? piece_cut(w->v, t->objects, t, c, e) : 0;
    (void)pthread_mutex_lock(&w->lock);
    if (rc == 0)
        rc = turn_pass(w, t, c, e);
    (void)pthread_mutex_unlock(&w->lock);
    return rc == 0 && atomic_load(&w->stop) ? ERR_STOPPED : rc;
}

static int stream_chunks(const struct job *j, struct object *o, const struct cuts *c, struct err *e)
{
    OWN(mem_drop) struct hash *digest = NULL;
    int rc = cuts_hash(c, &digest, e);
    for (size_t i = 0; i < c->count && rc == 0; i++) {
        uint32_t entry = 0;
        uint32_t frame = c->first_frame + (uint32_t)i;
        rc = chunk_take(j, o, frame, c->chunk[i], &digest[i], &entry, e);
        if (rc != 0)
            break;
        (void)pthread_mutex_lock(&j->w->lock);
        o->frames[frame] = entry;
        (void)pthread_mutex_unlock(&j->w->lock);
    }
    return rc;
}

static int stream_run(const struct job *j, struct task *t, struct err *e)
{
    struct object *o = t->objects;
    struct cuts c = {0};
    int rc = stream_cut(j, t, &c, e);
    if (rc == 0)
        rc = stream_chunks(j, o, &c, e);
    free(c.chunk);
    (void)pthread_mutex_lock(&j->w->lock);
    o->tasks--;
    int ended = vault_object_end(j->w, o, e);
    (void)pthread_mutex_unlock(&j->w->lock);
    return rc != 0 ? rc : ended;
}

/* ---- manifests ---- */

static int manifests_run(const struct job *j, struct task *t, struct err *e)
{
    int rc = atomic_load(&j->w->stop) ? ERR_STOPPED : 0;
    while (t->objects != NULL) {
        struct object *o = t->objects;
        t->objects = o->next;
        if (rc == 0)
            rc = vault_manifest_write(j->w, j->lane, o, e);
        (void)pthread_mutex_lock(&j->w->lock);
        vault_object_free(j->w, o);
        (void)pthread_mutex_unlock(&j->w->lock);
    }
    return rc;
}

/* ---- threads ---- */

static int task_run(const struct job *j, struct task *t, struct err *e)
{
    switch (t->kind) {
    case TASK_GATHER:
        return gather_run(j, t, e);
    case TASK_STREAM:
        return stream_run(j, t, e);
    case TASK_MANIFESTS:
    default:
        return manifests_run(j, t, e);
    }
}

static struct task *task_wait(struct vault_writer *w)
{
    while (w->first == NULL && !w->closing)
        (void)pthread_cond_wait(&w->work, &w->lock);
    struct task *t = w->first;
    if (t != NULL) {
        w->first = t->next;
        if (w->first == NULL)
            w->last = &w->first;
        w->busy++;
    }
    return t;
}

static void task_done(struct vault_writer *w, struct task *t)
{
    if (t->piece != NULL)
        vault_piece_release(w, t->piece);
    free(t);
    w->busy--;
    if (w->busy == 0 && w->first == NULL)
        (void)pthread_cond_broadcast(&w->idle);
}

void *vault_worker(void *worker)
{
    const struct worker *me = worker;
    struct vault_writer *w = me->w;
    const struct job j = {w, me->lane};
    (void)pthread_mutex_lock(&w->lock);
    for (struct task *t = task_wait(w); t != NULL; t = task_wait(w)) {
        (void)pthread_mutex_unlock(&w->lock);
        struct err e = {0};
        int rc = task_run(&j, t, &e);
        if (rc != 0)
            (void)vault_writer_fail(w, rc, &e);
        (void)pthread_mutex_lock(&w->lock);
        task_done(w, t);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}
