#include "base/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_0000_UNIX_S     INT64_C(-62167219200)
#define YEAR_9999_END_UNIX_S INT64_C(253402300799)

int64_t time_now_unix_s(void)
{
    struct timespec now;
    int rc = clock_gettime(CLOCK_REALTIME, &now);
    assert(rc == 0);
    (void)rc;
    return now.tv_sec;
}

uint64_t time_monotonic_ms(void)
{
    struct timespec now;
    int rc = clock_gettime(CLOCK_MONOTONIC, &now);
    assert(rc == 0);
    (void)rc;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Write ${digits} decimal digits of ${value} and the character that follows them; returns the place behind. */
static char *put_number(char *to, int digits, int value, char after)
{
    assert(value >= 0);
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
    to[digits] = after;
    return to + digits + 1;
}

void time_text(char to[TIME_TEXT_MAX], int64_t at_unix_s)
{
    struct tm t;
    time_t at = at_unix_s;
    if (at_unix_s < YEAR_0000_UNIX_S || at_unix_s > YEAR_9999_END_UNIX_S || gmtime_r(&at, &t) == NULL) {
        (void)snprintf(to, TIME_TEXT_MAX, "@%" PRId64, at_unix_s);
        return;
    }
    to = put_number(to, 4, t.tm_year + 1900, '-');
    to = put_number(to, 2, t.tm_mon + 1, '-');
    to = put_number(to, 2, t.tm_mday, 'T');
    to = put_number(to, 2, t.tm_hour, ':');
    to = put_number(to, 2, t.tm_min, ':');
    to = put_number(to, 2, t.tm_sec, 'Z');
    *to = 0;
}

void time_day_latest(char to[TIME_TEXT_MAX], int64_t at_unix_s)
{
    enum { DAY = sizeof "2026-11-23" - 1 };
    char here[TIME_TEXT_MAX];
    struct tm t;
    time_t at = at_unix_s;
    time_text(to, at_unix_s);
    if (to[0] == '@')
        return;
    to[DAY] = 0;
    tzset();
    if (localtime_r(&at, &t) == NULL)
        return;
    time_text(here, at_unix_s + t.tm_gmtoff);
    here[DAY] = 0;
    if (here[0] != '@' && strcmp(here, to) > 0)
        memcpy(to, here, DAY + 1);
}
