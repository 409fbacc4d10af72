#include "crypt/crypt_internal.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/random.h>

enum { POOL = 4096 };

void key_drop(struct key *k)
{
    if (k != NULL)
        sodium_memzero(k->b, sizeof k->b);
}

void crypt_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

bool crypt_equal(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void crypt_random(void *to, size_t n)
{
    randombytes_buf(to, n);
}

/*
 * Bytes not yet drawn, one pool per thread.  A forked child inherits the pools and would draw what its parent
 * draws: it raises the generation, and a pool of an older generation is thrown away.
 */
struct pool {
    uint8_t bytes[POOL];
    size_t left; /* the last ${left} bytes are fresh, the others wiped */
    unsigned generation;
};
static _Thread_local struct pool pool;
static atomic_uint generation;

static void child_begins(void)
{
    atomic_fetch_add(&generation, 1);
}

int crypt_random_start(struct err *e)
{
    int number = pthread_atfork(NULL, NULL, child_begins);
    if (number != 0)
        return err_os(e, ERR_IO, number, "cannot watch for new processes");
    return 0;
}

/* libsodium asks for 256 bytes at a time, sixteen calls for a pool. */
static void refill(void)
{
    for (size_t have = 0; have < POOL;) {
        ssize_t got = getrandom(pool.bytes + have, POOL - have, 0);
        if (got <= 0 && errno == EINTR)
            continue;
        if (got <= 0) { /* a kernel that lets nobody ask so */
            randombytes_buf(pool.bytes, POOL);
            return;
        }
        have += (size_t)got;
    }
}

void crypt_random_fast(void *to, size_t n)
{
    if (n > POOL / 4) {
        randombytes_buf(to, n);
        return;
    }
    unsigned now = atomic_load_explicit(&generation, memory_order_relaxed);
    if (pool.left < n || pool.generation != now) {
        refill();
        pool.left = POOL;
        pool.generation = now;
    }
    uint8_t *from = pool.bytes + POOL - pool.left;
    memcpy(to, from, n);
    sodium_memzero(from, n);
    pool.left -= n;
}
