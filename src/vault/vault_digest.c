/*
 * The SHA-256 of an object that is streamed, made in a thread of its own: a message is a chain, which no second
 * processor can help with, so nothing else may be in its way, least of all reading.
 *
 * Without such a thread, where none can be had, the calling thread hashes.
 */
#include "vault/vault_internal.h"

/* What was handed over is hashed also where the writer has failed: whoever waits for the end must not wait forever. */
static void *digest_work(void *writer)
{
    struct vault_writer *w = writer;
    struct digester *d = &w->digester;
    (void)pthread_mutex_lock(&w->lock);
    for (;;) {
        while (d->count == 0 && !d->ending)
            (void)pthread_cond_wait(&d->more, &w->lock);
        if (d->count == 0)
            break;
        struct digest_part part = d->part[d->first];
        (void)pthread_mutex_unlock(&w->lock);
        crypt_sha256_add(d->whole, bytes_of(part.piece->data, part.n));
        (void)pthread_mutex_lock(&w->lock);
        d->first = (d->first + 1) % PIECES;
        d->count--;
        vault_piece_release(w, part.piece);
        if (d->count == 0)
            (void)pthread_cond_signal(&d->done);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

int vault_digest_init(struct vault_writer *w, struct err *e)
{
    struct digester *d = &w->digester;
    (void)pthread_cond_init(&d->more, NULL);
    (void)pthread_cond_init(&d->done, NULL);
    d->whole = crypt_sha256_new();
    return d->whole == NULL ? err_memory(e) : 0;
}

void vault_digest_release(struct vault_writer *w)
{
    struct digester *d = &w->digester;
    (void)pthread_mutex_lock(&w->lock);
    d->ending = true;
    (void)pthread_cond_signal(&d->more);
    (void)pthread_mutex_unlock(&w->lock);
    if (d->running)
        (void)pthread_join(d->thread, NULL);
    crypt_sha256_free(d->whole);
    (void)pthread_cond_destroy(&d->more);
    (void)pthread_cond_destroy(&d->done);
}

void vault_digest_begin(struct vault_writer *w)
{
    struct digester *d = &w->digester;
    assert(d->count == 0);
    crypt_sha256_begin(d->whole);
    if (!d->running)
        d->running = pthread_create(&d->thread, NULL, digest_work, w) == 0;
}

void vault_digest_add(struct vault_writer *w, struct piece *p, size_t n)
{
    struct digester *d = &w->digester;
    if (!d->running) {
        crypt_sha256_add(d->whole, bytes_of(p->data, n));
        return;
    }
    (void)pthread_mutex_lock(&w->lock);
    assert(d->count < PIECES); /* each piece is here once */
    d->part[(d->first + d->count) % PIECES] = (struct digest_part){p, n};
    d->count++;
    p->refs++;
    (void)pthread_cond_signal(&d->more);
    (void)pthread_mutex_unlock(&w->lock);
}

void vault_digest_end(struct vault_writer *w, struct hash *ret)
{
    struct digester *d = &w->digester;
    (void)pthread_mutex_lock(&w->lock);
    while (d->count != 0)
        (void)pthread_cond_wait(&d->done, &w->lock);
    (void)pthread_mutex_unlock(&w->lock);
    crypt_sha256_end(d->whole, ret);
}
