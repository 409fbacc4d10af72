#include "base/pace.h"

enum { BURST_MS = 100 }; /* of what was not used, this much may be made up for */

void pace_begin(struct pace *p, uint64_t bytes_per_s, uint64_t now_ms)
{
    *p = (struct pace){bytes_per_s, now_ms, 0};
}

uint64_t pace_take(struct pace *p, uint64_t bytes, uint64_t now_ms)
{
    if (p->bytes_per_s == 0)
        return 0;
    if (now_ms > BURST_MS && p->at_ms < now_ms - BURST_MS) {
        p->at_ms = now_ms - BURST_MS;
        p->rest = 0;
    }
    uint64_t wait = p->at_ms > now_ms ? p->at_ms - now_ms : 0;
    uint64_t due = (bytes % p->bytes_per_s) * 1000 + p->rest;
    p->at_ms += bytes / p->bytes_per_s * 1000 + due / p->bytes_per_s;
    p->rest = due % p->bytes_per_s;
    return wait;
}
