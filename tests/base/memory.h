/*
 * Memory that runs out.  memory_fails_at(n) lets the n-th allocation from now fail, once; memory_is_back() ends that
 * and says whether it came to it.  memory_kept() counts what was allocated since and not freed.
 *
 * The sanitizers bring their own allocator, which cannot be stood in for: MEMORY_CAN_FAIL is 0 with them, and the
 * tests that need it are skipped there and run in the plain build.
 * The names with two underscores are glibc's own doors behind malloc.
 */
#ifndef TESTS_BASE_MEMORY_H
#define TESTS_BASE_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MEMORY_CAN_FAIL 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_CAN_FAIL 0
#endif
#ifndef MEMORY_CAN_FAIL
#define MEMORY_CAN_FAIL 1
#endif

static size_t memory_left;
static bool memory_watched;
static bool memory_failed;
static long memory_balance;

#if MEMORY_CAN_FAIL
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static bool memory_runs_out(void)
{
    if (!memory_watched)
        return false;
    if (memory_left > 0 && --memory_left == 0) {
        memory_failed = true;
        errno = ENOMEM;
        return true;
    }
    memory_balance++;
    return false;
}

void *malloc(size_t n)
{
    return memory_runs_out() ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    return memory_runs_out() ? NULL : __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
    if (memory_runs_out())
        return NULL;
    if (p != NULL)
        memory_balance -= memory_watched;
    return __libc_realloc(p, n);
}

void free(void *p)
{
    if (p != NULL)
        memory_balance -= memory_watched;
    __libc_free(p);
}
#endif

static inline void memory_fails_at(size_t n)
{
    memory_left = n;
    memory_failed = false;
    memory_balance = 0;
    memory_watched = true;
}

static inline bool memory_is_back(void)
{
    memory_watched = false;
    return memory_failed;
}

static inline long memory_kept(void)
{
    return memory_balance;
}

#endif
