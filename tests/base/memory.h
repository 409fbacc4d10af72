/*
 * Memory that runs out.  memory_fails_at(n) lets the n-th allocation from now fail, once; memory_is_back() ends that
 * and says whether it came to it.  memory_kept() counts what was allocated since and not freed.
 *
 * malloc and its like are bound to the functions below, which pass on to the doors behind them: the ones of the
 * sanitizers' runtime where there is one, glibc's own otherwise.
 */
#ifndef TESTS_BASE_MEMORY_H
#define TESTS_BASE_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_IS_WATCHED 1
#endif
#endif
#ifdef MEMORY_IS_WATCHED
#define MEMORY_DOOR(name) __interceptor_##name
#else
#define MEMORY_DOOR(name) __libc_##name
#endif

static size_t memory_left;
static bool memory_watched;
static bool memory_failed;
static long memory_balance;

void *MEMORY_DOOR(malloc)(size_t n);
void *MEMORY_DOOR(calloc)(size_t count, size_t n);
void *MEMORY_DOOR(realloc)(void *p, size_t n);
void MEMORY_DOOR(free)(void *p);

/* Called before the sanitizers have begun: nothing here is theirs to look at. */
#define MEMORY_UNSEEN __attribute__((no_sanitize("address", "undefined", "thread")))

MEMORY_UNSEEN static bool memory_runs_out(void)
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

MEMORY_UNSEEN void *malloc(size_t n)
{
    return memory_runs_out() ? NULL : MEMORY_DOOR(malloc)(n);
}

MEMORY_UNSEEN void *calloc(size_t count, size_t n)
{
    return memory_runs_out() ? NULL : MEMORY_DOOR(calloc)(count, n);
}

MEMORY_UNSEEN void *realloc(void *p, size_t n)
{
    if (memory_runs_out())
        return NULL;
    if (p != NULL)
        memory_balance -= memory_watched;
    return MEMORY_DOOR(realloc)(p, n);
}

MEMORY_UNSEEN void free(void *p)
{
    if (p != NULL)
        memory_balance -= memory_watched;
    MEMORY_DOOR(free)(p);
}

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
