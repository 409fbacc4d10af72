/*
 * A rate that is not exceeded: so many bytes in a second, and what was not used for a while is not saved up.  The clock
 * is the caller's.
 */
#ifndef BASE_PACE_H
#define BASE_PACE_H

#include <stdint.h>

struct pace {
    uint64_t bytes_per_s; /* 0: no limit */
    uint64_t at_ms;       /* when the last bytes were due to be done */
    uint64_t rest;        /* thousandths of a byte's time beyond it: bytes x 1000 modulo the rate */
};

/* pace_begin: from ${now_ms} on. */
void pace_begin(struct pace *p, uint64_t bytes_per_s, uint64_t now_ms);
/* pace_take: ${bytes} are about to be read at ${now_ms}: how many milliseconds to wait first. */
uint64_t pace_take(struct pace *p, uint64_t bytes, uint64_t now_ms);

#endif
