/*
 * Content-defined chunking with a gear hash under a secret table.
 *
 * A cut lies behind a byte where the hash of the 64 bytes up to it has its masked bits zero.  The table comes from
 * the compartment's key, so that nobody without it can tell where a known text would be cut; and since sectors hide
 * every length, nobody can see where one was.  Source of the idea: Xia and others, FastCDC (2016, 2020).
 */
#include "vault/vault_internal.h"

enum {
    WINDOW = 64,           /* a byte has left the 64-bit hash after as many shifts */
    FINE_MIN = 16 << 10,   /* text and the like: small chunks find what an edit left alone */
    FINE_BITS = 16,
    FINE_MAX = 256 << 10,
    COARSE_MIN = 64 << 10, /* media: what looks random is edited rarely and is large */
    COARSE_BITS = 18,
};

void vault_gear_make(const struct key *chunk_key, struct gear *ret)
{
    for (unsigned i = 0; i < 256; i += 4) {
        OWN(key_drop) struct key four = {{0}};
        uint8_t index = (uint8_t)i;
        crypt_derive(chunk_key, "groundwork/gear/v1", bytes_of(&index, 1), &four);
        for (unsigned j = 0; j < 4; j++) {
            ret->table[i + j] = u64_get(four.b + 8 * j);
            ret->doubled[i + j] = ret->table[i + j] << 1;
        }
    }
}

/* The mask leaves the top bit free: the hash after the first byte of a pair is tested one bit higher. */
static uint64_t mask_of(unsigned bits)
{
    return (((uint64_t)1 << bits) - 1) << (63 - bits);
}

struct grain vault_grain(struct bytes first, uint32_t chunk_max)
{
    if (first.n > GRAIN_BYTES)
        first.n = GRAIN_BYTES;
    struct grain g = {FINE_MIN, FINE_MAX, mask_of(FINE_BITS)};
    if (vault_looks_random(first)) {
        /* A small pack has a small chunk_max; minimum and mean keep their distance from it. */
        unsigned bits = COARSE_BITS;
        for (uint32_t max = chunk_max; max < VAULT_CHUNK_MAX && bits > FINE_BITS; max <<= 1)
            bits--;
        g = (struct grain){COARSE_MIN >> (COARSE_BITS - bits), chunk_max, mask_of(bits)};
    }
    if (g.max > chunk_max)
        g.max = chunk_max;
    return g;
}

/* The length up to and with the byte that ends a chunk, within [from, limit); 0 when there is none. */
static size_t scan(const struct gear *g, uint64_t mask, const uint8_t *p, size_t from, size_t limit)
{
    uint64_t h = 0;
    for (size_t i = from - WINDOW; i < from; i++)
        h = (h << 1) + g->table[p[i]];
    uint64_t high = mask << 1;
    size_t i = from;
    for (; i + 2 <= limit; i += 2) {
        h = (h << 2) + g->doubled[p[i]];
        if ((h & high) == 0)
            return i + 1;
        h += g->table[p[i + 1]];
        if ((h & mask) == 0)
            return i + 2;
    }
    if (i < limit) {
        h = (h << 1) + g->table[p[i]];
        if ((h & mask) == 0)
            return i + 1;
    }
    return 0;
}

/* One byte all the way, as in the holes of a disk image: then the hash stays as it is, and is looked at once. */
static bool is_even(const uint8_t *p, size_t n)
{
    return memcmp(p, p + 1, n - 1) == 0;
}

size_t vault_cut(const struct gear *g, const struct grain *grain, const uint8_t *p, size_t n, size_t from, bool last)
{
    assert(grain->min >= WINDOW && from <= n);
    size_t limit = n < grain->max ? n : grain->max;
    size_t begin = from < grain->min ? grain->min : from;
    if (begin < limit) {
        size_t cut = scan(g, grain->mask, p, begin, is_even(p, limit) ? begin + 1 : limit);
        if (cut != 0)
            return cut;
    }
    if (n >= grain->max)
        return grain->max;
    return last ? n : 0;
}
