/* plain.c: see plain.h. */
#include "plain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(int code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(code);
}

void *plain_alloc(size_t bytes)
{
    void *fresh = calloc(1, bytes == 0 ? 1 : bytes);
    if (fresh == NULL)
        die(PLAIN_ENVIRONMENT, "no memory for %zu bytes", bytes);
    return fresh;
}

void *plain_grow(void *array, size_t count, size_t *ret_room, size_t item_bytes)
{
    if (count < *ret_room)
        return array;
    size_t room = *ret_room == 0 ? 8 : *ret_room * 2;
    void *grown = reallocarray(array, room, item_bytes);
    if (grown == NULL)
        die(PLAIN_ENVIRONMENT, "no memory for %zu items of %zu bytes", room, item_bytes);
    *ret_room = room;
    return grown;
}

char *plain_copy(const void *bytes, size_t count)
{
    char *fresh = plain_alloc(count + 1);
    if (count > 0)
        memcpy(fresh, bytes, count);
    return fresh;
}

uint64_t plain_number(const char *text, const char *what)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-')
        die(PLAIN_USAGE, "%s must be a number, not \"%s\"", what, text);
    return value;
}

uint64_t plain_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t plain_below(uint64_t *ret_state, uint64_t limit)
{
    *ret_state = plain_mix(*ret_state);
    /* The high half of the product is even to within limit / 2^64, far below what a test could notice. */
    return (uint64_t)(((unsigned __int128)*ret_state * limit) >> 64);
}
