/*
 * plain.h: the few helpers that the crash programs share.  These are programs of the tests: they print and exit.
 */
#ifndef TESTS_CRASH_PLAIN_H
#define TESTS_CRASH_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes, the project's own. */
enum {
    PLAIN_DONE = 0,
    PLAIN_FAILED = 1, /* a check failed */
    PLAIN_USAGE = 2,
    PLAIN_ENVIRONMENT = 4
};

/* die(code, format, ...): Print one line to standard error and end the program with ${code}. */
_Noreturn void die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* plain_alloc(bytes): That many zeroed bytes; ends the program where there is no memory. */
void *plain_alloc(size_t bytes);

/* plain_grow(array, count, ret_room, item_bytes): ${array}, with room for one more than ${count} items. */
void *plain_grow(void *array, size_t count, size_t *ret_room, size_t item_bytes);

/* plain_copy(bytes, count): A copy of ${count} bytes with a zero after them. */
char *plain_copy(const void *bytes, size_t count);

/* plain_number(text, what): A decimal number; wrong usage ends the program. */
uint64_t plain_number(const char *text, const char *what);

/*
 * plain_mix(x): 64 bits that look random, the same for the same ${x}.
 * Source: the finaliser of Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
 */
uint64_t plain_mix(uint64_t x);

/* plain_below(ret_state, limit): The next number below ${limit} (not 0) of the sequence held in ${ret_state}. */
uint64_t plain_below(uint64_t *ret_state, uint64_t limit);

#endif
