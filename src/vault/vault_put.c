/*
 * Putting an object: the calling thread reads.
 *
 * An object that fits into what is left of a piece waits there, uncut, until it is kept: what is forgotten (already
 * here) costs nobody else anything.  Longer ones are streamed: each piece goes to the workers as soon as it is read.
 */
#include "vault/vault_internal.h"

static struct piece *piece_take(struct vault_writer *w)
{
    (void)pthread_mutex_lock(&w->lock);
    while (w->free_pieces == NULL && !atomic_load(&w->stop))
        (void)pthread_cond_wait(&w->room, &w->lock);
    struct piece *p = atomic_load(&w->stop) ? NULL : w->free_pieces;
    if (p != NULL) {
        w->free_pieces = p->next;
        p->refs = 1;
        p->low = p->low != NULL ? p->low : p->data;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return p;
}

static void piece_give(struct vault_writer *w, struct piece *p)
{
    (void)pthread_mutex_lock(&w->lock);
    vault_piece_release(w, p);
    (void)pthread_mutex_unlock(&w->lock);
}

static int task_send(struct vault_writer *w, const struct task *t, struct err *e)
{
    (void)pthread_mutex_lock(&w->lock);
    int rc = vault_task_add(w, t, e);
    if (rc == 0 && t->piece != NULL)
        t->piece->refs++;
    if (rc == 0 && t->kind == TASK_STREAM)
        t->objects->tasks++;
    (void)pthread_mutex_unlock(&w->lock);
    return rc;
}

/* ---- gathering ---- */

int vault_gather_send(struct vault_writer *w, struct err *e)
{
    if (w->gathered == NULL)
        return 0;
    struct task t = {.kind = TASK_GATHER, .piece = w->gather, .objects = w->gathered};
    int rc = task_send(w, &t, e);
    if (rc != 0)
        return rc;
    w->gathered = NULL;
    w->gathered_last = &w->gathered;
    w->gathered_count = 0;
    w->gather_sent = w->gather_used;
    return 0;
}

/* Hand over what is gathered and begin another piece. */
static int gather_renew(struct vault_writer *w, struct err *e)
{
    int rc = vault_gather_send(w, e);
    if (rc != 0)
        return rc;
    struct piece *p = piece_take(w);
    if (p == NULL)
        return vault_writer_failed(w, e);
    if (w->gather != NULL)
        piece_give(w, w->gather);
    w->gather = p;
    w->gather_used = 0;
    w->gather_sent = 0;
    return 0;
}

static int gather_keep(struct vault_writer *w, struct object *o, struct err *e)
{
    *w->gathered_last = o;
    w->gathered_last = &o->next;
    w->gathered_count++;
    w->gather_used += (size_t)o->digest.bytes;
    if (w->gathered_count >= GATHER_OBJECTS || w->gather_used - w->gather_sent >= GATHER_BYTES)
        return vault_gather_send(w, e);
    return 0;
}

/* ---- reading ---- */

struct reading {
    struct vault_writer *w;
    const struct vault_source *source;
    struct object *o;
    bool ended;
};

/* Fill ${to} up to ${n} bytes or the source's end; *have counts on. */
static int fill(struct reading *r, uint8_t *to, size_t n, size_t *have, struct err *e)
{
    while (!r->ended && *have < n) {
        size_t got = 0;
        int rc = r->source->read(r->source->context, to + *have, n - *have, &got, e);
        if (rc != 0)
            return rc;
        assert(got <= n - *have);
        r->ended = got == 0;
        *have += got;
        r->o->digest.bytes += got;
        if (r->o->digest.bytes > r->w->v->object_bytes_max)
            return err_set(e, ERR_REFUSED, "longer than %llu bytes, the most that packs of this size can hold of one "
                                           "object", (unsigned long long)r->w->v->object_bytes_max);
    }
    return 0;
}

/* Piece after piece; ${n} bytes are in w->gather, which is given up. */
static int stream(struct reading *r, size_t n, struct err *e)
{
    struct vault_writer *w = r->w;
    struct piece *p = TAKE(w->gather);
    struct task t = {.kind = TASK_STREAM, .objects = r->o};
    int rc = 0;
    r->o->streamed = true;
    vault_digest_begin(w);
    for (;;) {
        t.piece = p;
        t.n = n;
        t.last = r->ended;
        rc = task_send(w, &t, e);
        if (rc == 0)
            vault_digest_add(w, p, n);
        piece_give(w, p);
        if (rc != 0 || t.last)
            break;
        p = piece_take(w);
        if (p == NULL) {
            rc = vault_writer_failed(w, e);
            break;
        }
        t.turn++;
        n = 0;
        rc = fill(r, p->data, PIECE, &n, e);
        if (rc != 0) {
            piece_give(w, p);
            break;
        }
    }
    vault_digest_end(w, &r->o->digest.sha256);
    return rc;
}

static int object_read(struct reading *r, struct err *e)
{
    struct vault_writer *w = r->w;
    size_t n = 0;
    int rc = 0;
    if (w->gather == NULL || PIECE - w->gather_used < GATHER_ROOM_MIN)
        rc = gather_renew(w, e);
    if (rc == 0)
        rc = fill(r, w->gather->data + w->gather_used, PIECE - w->gather_used, &n, e);
    if (rc == 0 && !r->ended && w->gather_used != 0) {
        struct piece *before = w->gather;
        size_t at = w->gather_used;
        (void)pthread_mutex_lock(&w->lock);
        before->refs++;
        (void)pthread_mutex_unlock(&w->lock);
        rc = gather_renew(w, e);
        if (rc == 0)
            memcpy(w->gather->data, before->data + at, n);
        piece_give(w, before);
        if (rc == 0)
            rc = fill(r, w->gather->data, PIECE, &n, e);
    }
    if (rc != 0)
        return rc;
    if (!r->ended)
        return stream(r, n, e);
    r->o->data = w->gather->data + w->gather_used;
    if (r->source->digest != NULL)
        r->o->digest.sha256 = *r->source->digest;
    else
        crypt_sha256(bytes_of(r->o->data, n), &r->o->digest.sha256);
    return 0;
}

/* ---- resolving ---- */

static int object_resolve(struct vault_writer *w, bool kept, uint64_t cookie, struct err *e)
{
    struct object *o = TAKE(w->current);
    vault_book_resolve(&w->book, o->owner, kept ? OWNER_KEPT : OWNER_FORGOTTEN, cookie);
    if (kept && !o->streamed)
        return gather_keep(w, o, e);
    (void)pthread_mutex_lock(&w->lock);
    o->resolved = true;
    o->kept = kept;
    int rc = vault_object_end(w, o, e);
    (void)pthread_mutex_unlock(&w->lock);
    return rc;
}

int vault_put(struct vault_writer *w, const struct vault_source *source, struct vault_digest *ret, struct err *e)
{
    assert(w->current == NULL && !w->flushed);
    int rc = vault_writer_failed(w, e);
    if (rc != 0)
        return rc;
    w->current = calloc(1, sizeof(*w->current));
    if (w->current == NULL)
        return err_memory(e);
    w->current->owner = vault_book_owner(&w->book);
    if (w->current->owner == NULL) {
        free(TAKE(w->current));
        return err_memory(e);
    }
    struct reading r = {.w = w, .source = source, .o = w->current};
    rc = object_read(&r, e);
    if (rc != 0)
        vault_forget(w);
    else
        *ret = w->current->digest;
    return rc;
}

int vault_keep(struct vault_writer *w, const struct key *manifest_key, uint64_t cookie, struct err *e)
{
    assert(w->current != NULL);
    int rc = vault_writer_failed(w, e);
    if (rc != 0) {
        vault_forget(w);
        return rc;
    }
    w->current->manifest_key = *manifest_key;
    rc = object_resolve(w, true, cookie, e);
    return rc == 0 ? 0 : vault_writer_fail(w, rc, e);
}

void vault_forget(struct vault_writer *w)
{
    assert(w->current != NULL);
    (void)object_resolve(w, false, 0, NULL);
}
