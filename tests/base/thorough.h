/*
 * How much of the same a test looks at.  `make test` looks at every so many of the places where something may end or
 * be wrong; `make torture` sets GW_THOROUGH=1 and looks at each.  Under the thread sanitizer a place more says little:
 * it looks at who touches what, which is the same at each of them.
 */
#ifndef TESTS_BASE_THOROUGH_H
#define TESTS_BASE_THOROUGH_H

#include <stdlib.h>

#ifdef __SANITIZE_THREAD__
enum { THOROUGH_LESS = 4 };
#else
enum { THOROUGH_LESS = 1 };
#endif

/* The distance from one place to the next: ALL in torture, else SOME. */
static inline unsigned every(unsigned all, unsigned some)
{
    return getenv("GW_THOROUGH") != NULL ? all : some * THOROUGH_LESS;
}

/* How many: ALL in torture, else SOME, and one at least. */
static inline unsigned many(unsigned all, unsigned some)
{
    return getenv("GW_THOROUGH") != NULL ? all : some > THOROUGH_LESS ? some / THOROUGH_LESS : 1;
}

#endif
