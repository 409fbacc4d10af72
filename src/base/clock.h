/*
 * Clock and time text.  A clock is only a claim: nothing is decided by it but when a consent is over.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { TIME_TEXT_MAX = 40 };

int64_t time_now_unix_s(void);
uint64_t time_monotonic_ms(void);
/* time_text(to, unix_s): "2026-11-23T22:46:34Z"; years outside 0000-9999 as "@seconds". */
void time_text(char to[TIME_TEXT_MAX], int64_t at_unix_s);
/* time_day_latest: the day then, 2026-11-23, in UTC or where this computer stands, whichever is further on. */
void time_day_latest(char to[TIME_TEXT_MAX], int64_t at_unix_s);

#endif
