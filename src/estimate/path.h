/*
 * One body, three widths.  The body is inlined into functions compiled for the plain instruction set, for AVX2 and for
 * AVX-512; none may fuse a multiplication with an addition, so all give the same bits.
 */
#ifndef ESTIMATE_PATH_H
#define ESTIMATE_PATH_H

#include "estimate/estimate_internal.h"

#if defined(__x86_64__)
#define ESTIMATE_WIDE 1
#define ESTIMATE_PATHS(name, parameters, arguments)                                                                    \
    static void name##_plain parameters                                                                                \
    {                                                                                                                  \
        name##_body arguments;                                                                                         \
    }                                                                                                                  \
    __attribute__((target("avx2"))) static void name##_avx2 parameters                                                 \
    {                                                                                                                  \
        name##_body arguments;                                                                                         \
    }                                                                                                                  \
    __attribute__((target("avx2,avx512f,avx512dq,avx512vl"))) static void name##_avx512 parameters                     \
    {                                                                                                                  \
        name##_body arguments;                                                                                         \
    }                                                                                                                  \
    static void name(enum estimate_path path, ESTIMATE_UNWRAP parameters)                                              \
    {                                                                                                                  \
        if (path == ESTIMATE_PATH_AVX512)                                                                              \
            name##_avx512 arguments;                                                                                   \
        else if (path == ESTIMATE_PATH_AVX2)                                                                           \
            name##_avx2 arguments;                                                                                     \
        else                                                                                                           \
            name##_plain arguments;                                                                                    \
    }
#else
#define ESTIMATE_WIDE 0
#define ESTIMATE_PATHS(name, parameters, arguments)                                                                    \
    static void name(enum estimate_path path, ESTIMATE_UNWRAP parameters)                                              \
    {                                                                                                                  \
        (void)path;                                                                                                    \
        name##_body arguments;                                                                                         \
    }
#endif
#define ESTIMATE_UNWRAP(...) __VA_ARGS__

#endif
