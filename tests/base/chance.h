/*
 * Chance that is the same in every run: a case that fails can be met again.
 * Source: G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (2003).
 */
#ifndef TESTS_BASE_CHANCE_H
#define TESTS_BASE_CHANCE_H

#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state; /* not zero */
};

static inline uint64_t chance_u64(struct chance *c)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return c->state;
}

/* A number from 0 to ${count} - 1. */
static inline size_t chance_below(struct chance *c, size_t count)
{
    return (size_t)(chance_u64(c) >> 11) % count;
}

static inline void chance_fill(struct chance *c, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(chance_u64(c) >> 24);
}

#endif
