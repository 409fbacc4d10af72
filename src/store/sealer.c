/*
 * The draft's leaves, sealed by another thread while further ones are made and signed.
 *
 * Each signed statement names the one before, so that signing is one thread's work; what follows the signature is not.
 * The thread seals in the order of the leaves, as far as they are handed over: those before the first whose object is
 * not in a pack yet.  The commit waits for it and seals what is left.
 *
 * Between two handings over both have leaves, secrets and arena to themselves: the one below ${ready}, the other from
 * there on.  Where they lie changes only under ${moving}.
 */
#include "store/store_internal.h"

#include <assert.h>

enum {
    SEALER_LEAVES_WORTH = 512, /* a thread */
    SEALER_HANDED = 256,       /* leaves at a time: to wake a thread takes as long as sealing a dozen */
    SEALER_STEP = 32,          /* leaves under one lock */
};

struct store_sealer {
    const struct draft *d;
    struct hash pin;
    pthread_t thread;
    bool running; /* it has not been waited for */
    pthread_mutex_t moving;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    size_t ready;
    bool ending;
    size_t sealed; /* the thread's, until it has been waited for */
    struct buf hidden;
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

/* How many leaves there are to be sealed; as many as there were: it is to end. */
static size_t wait_for_more(struct store_sealer *x)
{
    (void)pthread_mutex_lock(&x->lock);
    while (!x->ending && x->ready == x->sealed)
        (void)pthread_cond_wait(&x->more, &x->lock);
    size_t ready = x->ending ? x->sealed : x->ready;
    (void)pthread_mutex_unlock(&x->lock);
    return ready;
}

/* What it cannot seal, for memory is out, is left to the commit, which tells. */
static void *seal(void *sealer)
{
    struct store_sealer *x = sealer;
    int rc = 0;
    for (size_t ready = 0; rc == 0 && (x->sealed < ready || (ready = wait_for_more(x)) > x->sealed);) {
        size_t count = ready - x->sealed < SEALER_STEP ? ready - x->sealed : SEALER_STEP, sealed;
        (void)pthread_mutex_lock(&x->moving);
        rc = store_seal_leaves(x->d, &x->pin, x->sealed, count, NULL, &x->hidden, &sealed);
        (void)pthread_mutex_unlock(&x->moving);
        x->sealed += sealed;
        if (rc != 0)
            x->hidden.failed = false;
    }
    return NULL;
}

static struct store_sealer *sealer_new(struct store *s)
{
    struct store_sealer *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->d = &s->draft;
    x->pin = s->pin;
    x->hidden = s->spare.hidden;
    s->spare.hidden = (struct buf){0};
    (void)pthread_mutex_init(&x->moving, NULL);
    (void)pthread_mutex_init(&x->lock, NULL);
    (void)pthread_cond_init(&x->more, NULL);
    x->running = pthread_create(&x->thread, NULL, seal, x) == 0;
    return x;
}

void store_sealer_more(struct store *s)
{
    struct draft *d = &s->draft;
    if (d->count < SEALER_LEAVES_WORTH || d->count % SEALER_HANDED != 0)
        return;
    if (d->sealer == NULL && d->count == SEALER_LEAVES_WORTH && d->objects == 0 && store_crew_threads(s) > 1)
        d->sealer = sealer_new(s);
    struct store_sealer *x = d->sealer;
    if (x == NULL || !x->running || d->objects > 0)
        return;
    (void)pthread_mutex_lock(&x->lock);
    x->ready = d->count;
    (void)pthread_cond_signal(&x->more);
    (void)pthread_mutex_unlock(&x->lock);
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

/* Of what was handed over it leaves nothing, but for who gives the draft up. */
static void wait_for_end(struct store_sealer *x)
{
    if (!x->running)
        return;
    (void)pthread_mutex_lock(&x->lock);
    x->ending = true;
    (void)pthread_cond_signal(&x->more);
    (void)pthread_mutex_unlock(&x->lock);
    (void)pthread_join(x->thread, NULL);
    x->running = false;
}

size_t store_sealer_end(struct draft *d, struct buf *ret_hidden)
{
    struct store_sealer *x = d->sealer;
    if (x == NULL)
        return 0;
    wait_for_end(x);
    assert(ret_hidden->n == 0 && x->sealed <= d->count);
    buf_drop(ret_hidden);
    *ret_hidden = x->hidden;
    x->hidden = (struct buf){0};
    size_t sealed = x->sealed;
    store_sealer_free(d);
    return sealed;
}

void store_sealer_free(struct draft *d)
{
    struct store_sealer *x = d->sealer;
    d->sealer = NULL;
    if (x == NULL)
        return;
    wait_for_end(x);
    buf_drop(&x->hidden);
    (void)pthread_mutex_destroy(&x->moving);
    (void)pthread_mutex_destroy(&x->lock);
    (void)pthread_cond_destroy(&x->more);
    free(x);
}
