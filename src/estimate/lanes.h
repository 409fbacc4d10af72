/*
 * exp and log with a fixed order of operations, over two and over four numbers at once.
 *
 * Only addition, multiplication, division, comparison and bit operations are used, each exactly rounded by IEEE 754,
 * and never fused: the result depends on the argument alone, not on compiler, libm or vector width.  Wider registers
 * do the same operations on more lanes.  Error: below 2 units in the last place.
 */
#ifndef ESTIMATE_LANES_H
#define ESTIMATE_LANES_H

#include <stdint.h>
#include <string.h>

/* A vector wider than the machine's registers is passed in memory; all that pass one here are inlined. */
#pragma GCC diagnostic ignored "-Wpsabi"
#ifndef __clang__
/* gcc's analyzer takes a shift of lanes of 64 bits for one of a single bit. */
#pragma GCC diagnostic ignored "-Wanalyzer-shift-count-overflow"
#endif

typedef double estimate_v2 __attribute__((vector_size(16)));
typedef uint64_t estimate_u2 __attribute__((vector_size(16)));
typedef double estimate_v4 __attribute__((vector_size(32)));
typedef uint64_t estimate_u4 __attribute__((vector_size(32)));

#define ESTIMATE_INLINE static inline __attribute__((always_inline, unused))

#define ESTIMATE_LN2_HIGH 0x1.62e42feep-1 /* its last 20 bits are zero: times an exponent it is exact */
#define ESTIMATE_LN2_LOW  0x1.a39ef35793c76p-33

/* 1/n! for n = 13 .. 2, and the odd reciprocals of the area tangent. */
#define ESTIMATE_EXP_TERMS                                                                                             \
    1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0,           \
        1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5
#define ESTIMATE_LOG_TERMS                                                                                             \
    2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3

/*
 * exp: x = k ln 2 + r, |r| < 0.35; the series of e^r, then k into the exponent.  The large constant leaves k, rounded,
 * in the low bits.  Arguments are held within +-700, where results are normal numbers.
 * log: the mantissa is brought between sqrt(1/2) and sqrt(2); log(1 + f) by the series in f / (2 + f).
 */
#define ESTIMATE_DEFINE_LANES(suffix, v, u)                                                                            \
    ESTIMATE_INLINE v estimate_choose##suffix(u mask, v yes, v no)                                                     \
    {                                                                                                                  \
        return (v)((mask & (u)yes) | (~mask & (u)no));                                                                 \
    }                                                                                                                  \
    ESTIMATE_INLINE v estimate_exp##suffix(v x)                                                                        \
    {                                                                                                                  \
        static const double term[] = {ESTIMATE_EXP_TERMS};                                                             \
        v low = (v){0} - 700.0, high = (v){0} + 700.0;                                                                 \
        x = estimate_choose##suffix((u)(x < low), low, x);                                                             \
        x = estimate_choose##suffix((u)(x > high), high, x);                                                           \
        v shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52;                                                               \
        v k = shifted - 0x1.8p52;                                                                                      \
        v r = x - k * ESTIMATE_LN2_HIGH - k * ESTIMATE_LN2_LOW;                                                        \
        v sum = (v){0} + term[0];                                                                                      \
        for (unsigned i = 1; i < sizeof term / sizeof term[0]; i++)                                                    \
            sum = sum * r + term[i];                                                                                   \
        sum = sum * (r * r) + r + 1.0;                                                                                 \
        return (v)((u)sum + ((u)shifted << 52));                                                                       \
    }                                                                                                                  \
    ESTIMATE_INLINE v estimate_log##suffix(v x)                                                                        \
    {                                                                                                                  \
        static const double term[] = {ESTIMATE_LOG_TERMS};                                                             \
        u half = (u){0} + UINT64_C(0x3fe6a09e667f3bcd);                                                                \
        u exponent = ((u)x - half + (UINT64_C(1024) << 52)) >> 52;                                                     \
        v k = (v)(exponent | UINT64_C(0x4330000000000000)) - (0x1p52 + 1024.0);                                        \
        v f = (v)((u)x - (exponent << 52) + (UINT64_C(1024) << 52)) - 1.0;                                             \
        v s = f / (f + 2.0);                                                                                           \
        v z = s * s;                                                                                                   \
        v sum = (v){0} + term[0];                                                                                      \
        for (unsigned i = 1; i < sizeof term / sizeof term[0]; i++)                                                    \
            sum = sum * z + term[i];                                                                                   \
        v half_square = f * f * 0.5;                                                                                   \
        return k * ESTIMATE_LN2_HIGH - ((half_square - (s * (half_square + sum * z) + k * ESTIMATE_LN2_LOW)) - f);     \
    }
ESTIMATE_DEFINE_LANES(2, estimate_v2, estimate_u2)
ESTIMATE_DEFINE_LANES(4, estimate_v4, estimate_u4)

#endif
