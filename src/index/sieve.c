/*
 * The sieve: says of most keys that the index cannot hold them, without asking it.
 *
 * A Bloom filter over the hashes by which the index finds paths, digests and frames.  Whatever is added to the index
 * goes through it, so what falls through is not there.  What is met for the first time is most of what a first intake
 * brings, and each question of it would search a tree of encrypted pages.
 */
#include "index/index_internal.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    WORDS = 1 << 19, /* 4 MiB: a million items and their frames leave one in a hundred to be asked for in vain */
    PROBES = 4,
};
struct index_sieve {
    atomic_uint holders;
    atomic_uint_fast64_t words[WORDS];
};

/* Keys are hashes, or beginnings of digests; what each is of makes another key of it. */
static uint64_t mixed(enum index_key_of of, uint64_t key)
{
    uint64_t x = (key ^ (uint64_t)of) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

/* The places of a key, one after the other. */
static atomic_uint_fast64_t *probe(struct index_sieve *s, uint64_t *state, uint64_t *ret_bit)
{
    *state = *state * 0xd1342543de82ef95u + 0x632be59bd9b4e019u;
    uint64_t place = *state >> 32;
    *ret_bit = (uint64_t)1 << (place & 63);
    return &s->words[(place >> 6) % WORDS];
}

void index_sieve_add(struct index *x, enum index_key_of of, uint64_t key)
{
    uint64_t state = mixed(of, key);
    for (int i = 0; x->sieve != NULL && i < PROBES; i++) {
        uint64_t bit;
        atomic_uint_fast64_t *word = probe(x->sieve, &state, &bit);
        if ((atomic_load_explicit(word, memory_order_relaxed) & bit) == 0)
            (void)atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
    }
}

bool index_sieve_holds(const struct index *x, enum index_key_of of, uint64_t key)
{
    uint64_t state = mixed(of, key);
    for (int i = 0; x->sieve != NULL && i < PROBES; i++) {
        uint64_t bit;
        atomic_uint_fast64_t *word = probe(x->sieve, &state, &bit);
        if ((atomic_load_explicit(word, memory_order_relaxed) & bit) == 0)
            return false;
    }
    return true;
}

void index_sieve_leave(struct index *x)
{
    struct index_sieve *s = TAKE(x->sieve);
    if (s != NULL && atomic_fetch_sub(&s->holders, 1) == 1)
        free(s);
}

static int fill(struct index *x, enum index_sql sql, enum index_key_of of, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, sql, &q, e);
    if (rc != 0)
        return rc;
    while ((rc = index_row(&q, e)) == 1)
        index_sieve_add(x, of, index_u64(&q, 0));
    return rc;
}

int index_sieve_begin(struct index *x, struct err *e)
{
    struct index_counters c;
    assert(x->manner == INDEX_WRITE && !x->writing);
    if (x->sieve != NULL)
        return 0;
    int rc = index_counters_get(x, &c, e);
    if (rc != 0 || c.items + c.names + c.folders > INDEX_SIEVE_ITEMS)
        return rc;
    x->sieve = calloc(1, sizeof *x->sieve);
    if (x->sieve == NULL)
        return err_memory(e);
    atomic_store(&x->sieve->holders, 1);
    rc = fill(x, SQL_SIEVE_PATHS, INDEX_KEY_OF_PATH, e);
    if (rc == 0)
        rc = fill(x, SQL_SIEVE_DIGESTS, INDEX_KEY_OF_DIGEST, e);
    if (rc == 0)
        rc = fill(x, SQL_SIEVE_FRAMES, INDEX_KEY_OF_FRAME, e);
    if (rc != 0)
        index_sieve_leave(x);
    return rc;
}

void index_sieve_share(struct index *x, const struct index *writing)
{
    assert(writing->manner == INDEX_WRITE && x->sieve == NULL);
    x->sieve = writing->sieve;
    if (x->sieve != NULL)
        (void)atomic_fetch_add(&x->sieve->holders, 1);
}
