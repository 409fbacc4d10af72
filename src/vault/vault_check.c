/*
 * Many objects held to their digests, and nothing shown twice.  Small ones are hashed side by side, large ones are read
 * in step; what is found is told in their order.
 *
 * A frame counts as seen under its record, key, digest and length together: the reference of another object that says
 * the same of it need not be followed, one that says otherwise is.  Eight bytes are kept of each, the beginning of a
 * hash salted anew for each check, so that nobody can make two references that look the same.
 */
#include "vault/vault_internal.h"

enum {
    TOGETHER = 64,           /* small objects hashed side by side */
    ROOM = 1 << 20,          /* bytes of them */
    OBJECTS_MIN = 256,
};

struct seen_object { /* of several frames; zeros: a free place */
    uint64_t digest, frames;
};
struct vault_seen {
    uint8_t salt[CRYPT_SALT];
    uint64_t records;
    _Atomic uint64_t *frame; /* of each record what was seen of it, 0: nothing */
    pthread_mutex_t lock;
    struct seen_object *objects; /* open addressing, half of it free */
    size_t used, room;
};

int vault_seen_new(struct vault *v, struct vault_seen **ret, struct err *e)
{
    OWN(vault_seen_drop) struct vault_seen *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_memory(e);
    (void)pthread_mutex_init(&s->lock, NULL);
    crypt_random(s->salt, sizeof(s->salt));
    (void)pthread_rwlock_rdlock(&v->runs_lock);
    if (v->run_count > 0)
        s->records = v->runs[v->run_count - 1].first_record + v->runs[v->run_count - 1].records;
    (void)pthread_rwlock_unlock(&v->runs_lock);
    s->frame = calloc((size_t)s->records + 1, sizeof(*s->frame));
    s->objects = calloc(OBJECTS_MIN, sizeof(*s->objects));
    if (s->frame == NULL || s->objects == NULL)
        return err_memory(e);
    s->room = OBJECTS_MIN;
    *ret = TAKE(s);
    return 0;
}

void vault_seen_free(struct vault_seen *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_destroy(&s->lock);
    free(s->frame);
    free(s->objects);
    free(s);
}

void vault_seen_drop(struct vault_seen **s)
{
    vault_seen_free(*s);
    *s = NULL;
}

static uint64_t mark_of(const uint8_t *p, size_t n)
{
    struct hash h;
    crypt_sha256(bytes_of(p, n), &h);
    uint64_t mark = u64_get(h.b);
    return mark != 0 ? mark : 1;
}

uint64_t vault_seen_mark(const struct vault_seen *s, const struct frame_ref *ref)
{
    uint8_t all[CRYPT_SALT + CRYPT_KEY + CRYPT_HASH + 12];
    memcpy(all, s->salt, CRYPT_SALT);
    memcpy(all + CRYPT_SALT, ref->key.b, CRYPT_KEY);
    memcpy(all + CRYPT_SALT + CRYPT_KEY, ref->digest.b, CRYPT_HASH);
    u32_put(all + CRYPT_SALT + CRYPT_KEY + CRYPT_HASH, ref->size_bytes);
    u64_put(all + CRYPT_SALT + CRYPT_KEY + CRYPT_HASH + 4, ref->record);
    uint64_t mark = mark_of(all, sizeof(all));
    crypt_wipe(all, sizeof(all));
    return mark;
}

bool vault_seen_has(const struct vault_seen *s, uint64_t record, uint64_t mark)
{
    return record < s->records && atomic_load(&s->frame[record]) == mark;
}

void vault_seen_put(struct vault_seen *s, uint64_t record, uint64_t mark)
{
    if (record < s->records)
        atomic_store(&s->frame[record], mark);
}

/* ---- objects of several frames ---- */

static uint64_t digest_mark(const struct vault_seen *s, const struct vault_digest *d)
{
    uint8_t all[CRYPT_SALT + CRYPT_HASH + 8];
    memcpy(all, s->salt, CRYPT_SALT);
    memcpy(all + CRYPT_SALT, d->sha256.b, CRYPT_HASH);
    u64_put(all + CRYPT_SALT + CRYPT_HASH, d->bytes);
    return mark_of(all, sizeof(all));
}

uint64_t vault_seen_join(const struct vault_seen *s, uint64_t joined, uint64_t mark)
{
    uint8_t all[CRYPT_SALT + 16];
    memcpy(all, s->salt, CRYPT_SALT);
    u64_put(all + CRYPT_SALT, joined);
    u64_put(all + CRYPT_SALT + 8, mark);
    return mark_of(all, sizeof(all));
}

static struct seen_object *object_place(struct seen_object *objects, size_t room, uint64_t digest)
{
    size_t i = (size_t)digest % room;
    while (objects[i].digest != 0 && objects[i].digest != digest)
        i = (i + 1) % room;
    return &objects[i];
}

static void objects_grow(struct vault_seen *s)
{
    size_t room = s->room * 2;
    struct seen_object *grown = calloc(room, sizeof(*grown));
    if (grown == NULL)
        return; /* what is not remembered is read again */
    for (size_t i = 0; i < s->room; i++)
        if (s->objects[i].digest != 0)
            *object_place(grown, room, s->objects[i].digest) = s->objects[i];
    free(s->objects);
    s->objects = grown;
    s->room = room;
}

static void object_put(struct vault_seen *s, const struct vault_digest *d, uint64_t frames)
{
    uint64_t digest = digest_mark(s, d);
    (void)pthread_mutex_lock(&s->lock);
    if (s->used * 2 >= s->room)
        objects_grow(s);
    struct seen_object *o = object_place(s->objects, s->room, digest);
    if (o->digest == 0 && s->used * 2 < s->room) {
        *o = (struct seen_object){digest, frames};
        s->used++;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

/* Zero when no object of this digest was seen. */
static uint64_t object_frames(struct vault_seen *s, const struct vault_digest *d)
{
    uint64_t digest = digest_mark(s, d);
    (void)pthread_mutex_lock(&s->lock);
    uint64_t frames = object_place(s->objects, s->room, digest)->frames;
    (void)pthread_mutex_unlock(&s->lock);
    return frames;
}

/* Has an object with this digest and exactly these frames been found right? */
static int object_has(struct vault_seen *s, struct reader *r, struct opened *o, bool *ret, struct err *e)
{
    uint64_t wanted = object_frames(s, &o->m.digest);
    uint64_t joined = 0;
    struct frame_ref ref;
    int rc = 0;
    *ret = false;
    if (wanted == 0)
        return 0;
    for (uint32_t i = 0; rc == 0 && i < o->m.frames; i++) {
        rc = vault_opened_frame(r, o, i, &ref, e);
        if (rc == 0)
            joined = vault_seen_join(s, joined, vault_seen_mark(s, &ref));
    }
    crypt_wipe(&ref, sizeof(ref));
    *ret = rc == 0 && joined == wanted;
    return rc;
}

/* ---- checking ---- */

struct waiting { /* a small object that is opened and not hashed yet */
    size_t found; /* where it is told */
    struct bytes plain;
    uint64_t record, mark;
};
struct found { /* what became of one object */
    int rc;
    struct vault_digest digest;
    struct err why; /* of use only after a failure */
};
struct checking {
    struct reader *r;
    struct vault_seen *seen;
    const struct vault_check *check;
    size_t first; /* name that is told first */
    struct found found[TOGETHER];
    size_t count; /* of those */
    uint8_t *room;
    size_t used;
    struct waiting waiting[TOGETHER];
    size_t waiting_count;
    struct opened opened[STRANDS];
    size_t large[STRANDS]; /* where these are told */
    size_t large_count;
};

static void checking_free(struct checking *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < STRANDS; i++)
        vault_opened_release(&c->opened[i]);
    if (c->room != NULL)
        crypt_wipe(c->room, ROOM);
    free(c->room);
    vault_reader_give(&c->r);
    free(c);
}

static void checking_drop(struct checking **c)
{
    checking_free(*c);
}

/* The small ones, hashed together. */
static void settle_small(struct checking *c)
{
    struct bytes x[TOGETHER];
    struct hash got[TOGETHER];
    for (size_t i = 0; i < c->waiting_count; i++)
        x[i] = c->waiting[i].plain;
    crypt_sha256_many(x, c->waiting_count, got);
    for (size_t i = 0; i < c->waiting_count; i++) {
        const struct waiting *w = &c->waiting[i];
        struct found *f = &c->found[w->found];
        if (hash_equal(&got[i], &f->digest.sha256))
            vault_seen_put(c->seen, w->record, w->mark);
        else
            f->rc = err_set(&f->why, ERR_DAMAGED, "record %llu: a frame does not have its digest",
                            (unsigned long long)w->record);
    }
    c->waiting_count = 0;
    c->used = 0;
}

/* The large ones, read in step. */
static int settle_large(struct checking *c, struct err *e)
{
    struct strand strand[STRANDS] = {0};
    const struct vault_reading reading = {c->r, c->seen, strand, c->large_count};
    if (c->large_count == 0)
        return 0;
    for (size_t i = 0; i < c->large_count; i++) {
        strand[i].o = &c->opened[i];
        strand[i].sink = &c->check->progress;
    }
    int rc = vault_objects_read(&reading, e);
    for (size_t i = 0; rc == 0 && i < c->large_count; i++) {
        struct found *f = &c->found[c->large[i]];
        f->rc = strand[i].rc;
        if (f->rc != 0)
            f->why = strand[i].why;
        else if (strand[i].joined != 0)
            object_put(c->seen, &f->digest, strand[i].joined);
    }
    c->large_count = 0;
    return rc;
}

/* All that was begun, and told in its order. */
static int settle(struct checking *c, struct err *e)
{
    settle_small(c);
    int rc = settle_large(c, e);
    for (size_t i = 0; rc == 0 && i < c->count; i++) {
        const struct found *f = &c->found[i];
        rc = c->check->each(c->check->context, c->first + i, f->rc, &f->digest, &f->why, e);
    }
    c->first += c->count;
    c->count = 0;
    return rc;
}

static int one_frame(struct checking *c, const struct frame_ref *ref, struct err *why)
{
    uint64_t mark = vault_seen_mark(c->seen, ref);
    if (vault_seen_has(c->seen, ref->record, mark))
        return 0;
    if (ref->size_bytes > ROOM - c->used)
        settle_small(c);
    uint8_t *to = c->room + c->used;
    int rc = vault_frame_read(c->r, ref, to, why);
    if (rc != 0)
        return rc;
    c->waiting[c->waiting_count++] = (struct waiting){c->count, bytes_of(to, ref->size_bytes), ref->record, mark};
    c->used += ref->size_bytes;
    return 0;
}

/* An object like one that waits is looked at when that was read: then it may be known. */
static bool large_waits(const struct checking *c, const struct vault_digest *digest)
{
    for (size_t i = 0; i < c->large_count; i++)
        if (hash_equal(&c->opened[i].m.digest.sha256, &digest->sha256))
            return true;
    return false;
}

static int several_frames(struct checking *c, struct opened *o, struct err *e)
{
    struct found *f = &c->found[c->count];
    bool known = false;
    int rc = 0;
    if (large_waits(c, &o->m.digest)) {
        rc = settle_large(c, e);
        struct opened it = *o;
        *o = c->opened[0];
        c->opened[0] = it;
        crypt_wipe(&it, sizeof(it));
        o = &c->opened[0]; /* the first that waits now */
    }
    if (rc == 0)
        f->rc = object_has(c->seen, c->r, o, &known, &f->why);
    if (rc != 0 || f->rc != 0 || known)
        return rc;
    c->large[c->large_count++] = c->count;
    return c->large_count == STRANDS ? settle_large(c, e) : 0;
}

static int check_one(struct checking *c, const struct vault_object_name *name, struct err *e)
{
    struct found *f = &c->found[c->count];
    struct opened *o = &c->opened[c->large_count];
    int rc = 0;
    f->rc = vault_opened_load(c->r, &name->manifest_key, name->manifest_record, o, &f->why);
    if (f->rc == 0) {
        f->digest = o->m.digest;
        if (o->m.one && o->m.only.size_bytes <= ROOM)
            f->rc = one_frame(c, &o->m.only, &f->why);
        else
            rc = several_frames(c, o, e);
    }
    if (rc == 0 && ++c->count == TOGETHER)
        rc = settle(c, e);
    return rc;
}

int vault_check(struct vault *v, struct vault_seen *seen, const struct vault_check *check, struct err *e)
{
    OWN(checking_drop) struct checking *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_memory(e);
    c->seen = seen;
    c->check = check;
    c->room = malloc(ROOM);
    c->r = c->room == NULL ? NULL : vault_reader_take(v, e);
    if (c->r == NULL)
        return err_memory(e);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < check->count; i++)
        rc = check_one(c, &check->names[i], e);
    return rc == 0 ? settle(c, e) : rc;
}
