/*
 * The draft's leaves, signed and sealed by another thread while further ones are made.
 *
 * Each signed statement names the one before, so that signing is one thread's work, and what a long draft takes.  Who
 * adds to it makes the statement and its claims, with room for the name and for the signature.  The thread fills in
 * both, and so knows the name for the next.  When nothing is to be signed it seals, in the order of the leaves, those
 * before the first whose object is not in a pack yet.  The commit waits for the last signature, and seals meanwhile.
 *
 * Between two handings over both have leaves, secrets and arena to themselves: the thread below ${ready}, the other
 * from there on.  Where they lie changes only under ${moving}.
 */
#include "store/store_internal.h"

#include <assert.h>

enum {
    SEALER_LEAVES_WORTH = 512, /* a thread; */
    SEALER_LEAVES_FEW = 64,    /* where the draft before had so many */
    SEALER_HANDED = 256,       /* leaves at a time: to wake a thread takes as long as sealing a dozen */
    SEALER_STEP = 32,          /* leaves at a time */
};

struct store_sealer {
    const struct draft *d;
    const struct note_key *member;
    const struct crypt_signer *signer;
    struct hash pin;
    pthread_t thread;
    pthread_mutex_t moving;
    struct hash prev;  /* what the last one signed is called: the thread's; */
    size_t sealed;     /* and these until ${last}, and it is out of what it ${seals} */
    struct buf hidden;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more, done;
    size_t ready;    /* leaves that may be signed, */
    size_t sealable; /* and sealed, once they are */
    size_t finished; /* leaves that are signed, or need not be */
    bool seals;
    bool last; /* there will be no further ones */
    bool given_up;
};

static int seal_one(const struct draft *d, const struct hash *pin, const struct key *key, size_t i, uint64_t manifest,
                    struct buf *to)
{
    struct draft_leaf *leaf = &d->leaves[i];
    const struct leaf_envelope envelope = {.manifest_record = manifest,
                                           .statement = bytes_of(d->arena.p + leaf->text_at, leaf->text_bytes),
                                           .values = bytes_of(d->arena.p + leaf->values_at, leaf->values_bytes),
                                           .fields = bytes_of(d->arena.p + leaf->fields_at, leaf->fields_bytes)};
    size_t head = to->n;
    buf_put_u32(to, 0);
    leaf->sealed_at = to->n;
    if (leaf_seal_under(key, pin, d->first_leaf + i, &envelope, to) != 0 || to->failed)
        return ERR_IO;
    leaf->sealed_bytes = (uint32_t)(to->n - leaf->sealed_at);
    u32_put(to->p + head, leaf->sealed_bytes);
    return 0;
}

static int seal_step(const struct draft *d, const struct hash *pin, size_t first, size_t count,
                     const uint64_t *manifest, struct buf *to, size_t *ret_sealed)
{
    struct key keys[SEALER_STEP];
    int rc = 0;
    leaf_statement_keys(d->secrets + first, count, keys);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        size_t before = to->n;
        rc = seal_one(d, pin, &keys[i], first + i, manifest == NULL ? LEAF_NO_MANIFEST : manifest[i], to);
        if (rc == 0)
            ++*ret_sealed;
        else
            to->n = before;
    }
    crypt_wipe(keys, sizeof keys);
    return rc;
}

int store_seal_leaves(const struct draft *d, const struct hash *pin, size_t first, size_t count,
                      const uint64_t *manifest, struct buf *to, size_t *ret_sealed)
{
    OWN(crypt_batch_release) struct crypt_batch batch;
    int rc = 0;
    *ret_sealed = 0;
    crypt_batch_init(&batch);
    for (size_t at = 0; rc == 0 && at < count; at += SEALER_STEP) {
        size_t n = count - at < SEALER_STEP ? count - at : SEALER_STEP;
        rc = seal_step(d, pin, first + at, n, manifest == NULL ? NULL : manifest + at, to, ret_sealed);
    }
    return rc;
}

static size_t step(size_t at, size_t end)
{
    return end - at < SEALER_STEP ? end - at : SEALER_STEP;
}

/* ---- in the thread ---- */

static void sign_one(struct store_sealer *x, struct draft_leaf *leaf)
{
    uint8_t *note = x->d->arena.p + leaf->text_at, salt[CRYPT_SALT];
    if (leaf->entry[0] != DRAFT_UNSIGNED)
        return;
    statement_follow(note, leaf->text_bytes, &x->prev);
    note_sign_now(note, leaf->text_bytes, x->member, x->signer);
    memcpy(salt, leaf->entry + 1, CRYPT_SALT);
    leaf_entry_opened(salt, bytes_of(note, leaf->text_bytes), leaf->entry);
    memcpy(x->prev.b, leaf->entry + 1, CRYPT_HASH);
    crypt_wipe(salt, sizeof salt);
}

struct work {
    size_t first, count; /* leaves; none: it is over */
    bool seal;           /* else they are to be signed */
};

/* What was done is told; to sign goes before. */
static struct work work_next(struct store_sealer *x, struct work done, bool may_seal)
{
    struct work w = {.count = 0};
    (void)pthread_mutex_lock(&x->lock);
    x->seals = false;
    x->finished += done.seal ? 0 : done.count;
    (void)pthread_cond_signal(&x->done);
    while (!x->given_up) {
        size_t end = x->finished < x->sealable ? x->finished : x->sealable;
        w = (struct work){x->finished, step(x->finished, x->ready), false};
        if (w.count > 0 || x->last)
            break;
        w = (struct work){x->sealed, step(x->sealed, end), true};
        x->seals = may_seal && w.count > 0;
        if (x->seals)
            break;
        (void)pthread_cond_wait(&x->more, &x->lock);
    }
    if (x->given_up)
        w.count = 0;
    (void)pthread_mutex_unlock(&x->lock);
    return w;
}

/* ERR_IO: no memory; what was sealed before stands. */
static int seal_some(struct store_sealer *x, size_t count)
{
    size_t sealed;
    int rc = store_seal_leaves(x->d, &x->pin, x->sealed, count, NULL, &x->hidden, &sealed);
    x->sealed += sealed;
    if (rc != 0)
        x->hidden.failed = false;
    return rc;
}

/* What it cannot seal, for memory is out, is left to the commit, which tells. */
static void *work(void *sealer)
{
    struct store_sealer *x = sealer;
    bool may_seal = true;
    for (struct work w = {0}; (w = work_next(x, w, may_seal)).count > 0;) {
        (void)pthread_mutex_lock(&x->moving);
        if (w.seal)
            may_seal = seal_some(x, w.count) == 0;
        for (size_t i = 0; !w.seal && i < w.count; i++)
            sign_one(x, &x->d->leaves[w.first + i]);
        (void)pthread_mutex_unlock(&x->moving);
    }
    return NULL;
}

/* ---- by who adds and commits ---- */

static void release(struct store_sealer *x)
{
    buf_drop(&x->hidden);
    (void)pthread_mutex_destroy(&x->moving);
    (void)pthread_mutex_destroy(&x->lock);
    (void)pthread_cond_destroy(&x->more);
    (void)pthread_cond_destroy(&x->done);
    free(x);
}

/* NULL: no memory or no thread to be had, which is no reason to fail. */
static struct store_sealer *sealer_new(struct store *s)
{
    struct store_sealer *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->d = &s->draft;
    x->member = &s->identity.member;
    x->signer = store_signs_by(s);
    x->prev = s->draft.place.prev;
    x->pin = s->pin;
    x->hidden = s->spare.hidden;
    s->spare.hidden = (struct buf){0};
    (void)pthread_mutex_init(&x->moving, NULL);
    (void)pthread_mutex_init(&x->lock, NULL);
    (void)pthread_cond_init(&x->more, NULL);
    (void)pthread_cond_init(&x->done, NULL);
    if (pthread_create(&x->thread, NULL, work, x) == 0)
        return x;
    release(x);
    return NULL;
}

static void hand_over(struct store_sealer *x, bool last)
{
    (void)pthread_mutex_lock(&x->lock);
    x->ready = x->d->count;
    x->sealable = x->d->objects > 0 ? x->sealable : x->d->count;
    x->last = last;
    (void)pthread_cond_signal(&x->more);
    (void)pthread_mutex_unlock(&x->lock);
}

void store_sealer_more(struct store *s)
{
    struct draft *d = &s->draft;
    const size_t worth = s->last_leaves < SEALER_LEAVES_WORTH ? SEALER_LEAVES_WORTH : SEALER_LEAVES_FEW;
    if (d->count != worth && d->count % SEALER_HANDED != 0)
        return;
    /* Before the first that is numbered nobody has asked what the one before it is called. */
    if (d->sealer == NULL && d->count == worth && d->placed && d->objects == 0 && store_crew_threads(s) > 1)
        d->sealer = sealer_new(s);
    if (d->sealer != NULL)
        hand_over(d->sealer, false);
}

void store_sealer_hold(const struct draft *d)
{
    if (d->sealer != NULL)
        (void)pthread_mutex_lock(&d->sealer->moving);
}

void store_sealer_go_on(const struct draft *d)
{
    if (d->sealer != NULL)
        (void)pthread_mutex_unlock(&d->sealer->moving);
}

/* Until more than so many are finished, or all; how many are. */
static size_t wait_for_finished(struct store_sealer *x, size_t seen)
{
    (void)pthread_mutex_lock(&x->lock);
    while (x->seals || (x->finished <= seen && x->finished < x->ready))
        (void)pthread_cond_wait(&x->done, &x->lock);
    size_t finished = x->finished;
    (void)pthread_mutex_unlock(&x->lock);
    return finished;
}

/* All that are left are signed meanwhile, and sealed as far as can be. */
static void finish(struct store_sealer *x)
{
    size_t finished = 0;
    int rc = 0;
    hand_over(x, true);
    do {
        finished = wait_for_finished(x, finished);
        size_t end = finished < x->sealable ? finished : x->sealable;
        rc = rc == 0 ? seal_some(x, end - x->sealed) : rc;
    } while (finished < x->ready);
    (void)pthread_join(x->thread, NULL);
}

size_t store_sealer_end(struct draft *d, struct buf *ret_hidden)
{
    struct store_sealer *x = d->sealer;
    if (x == NULL)
        return 0;
    finish(x);
    assert(ret_hidden->n == 0 && x->sealed <= d->count);
    buf_drop(ret_hidden);
    *ret_hidden = x->hidden;
    x->hidden = (struct buf){0};
    d->place.prev = x->prev;
    size_t sealed = x->sealed;
    d->sealer = NULL;
    release(x);
    return sealed;
}

void store_sealer_free(struct draft *d)
{
    struct store_sealer *x = d->sealer;
    d->sealer = NULL;
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->lock);
    x->given_up = true;
    (void)pthread_cond_signal(&x->more);
    (void)pthread_mutex_unlock(&x->lock);
    (void)pthread_join(x->thread, NULL);
    release(x);
}
