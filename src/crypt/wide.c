/*
 * SHA-256 of sixteen messages at once, a word of each in a register of 512 bits.
 *
 * Where a processor has such registers this is faster than its SHA instructions, which do three at once (lanes.c),
 * as long as nearly all sixteen have something to do.
 *
 * Source: FIPS 180-4, 4.1.2 and 6.2.2.
 */
#include "crypt/crypt_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw")))

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* x ^ y ^ z, x ? y : z, and the majority, as truth tables. */
enum { PARITY = 0x96, CHOICE = 0xca, MAJORITY = 0xe8 };

#define SIGMA(x, n1, n2, n3)                                                                                           \
    _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, n1), _mm512_ror_epi32(x, n2), _mm512_ror_epi32(x, n3), PARITY)
#define SCHEDULE(x, n1, n2, n3)                                                                                        \
    _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, n1), _mm512_ror_epi32(x, n2), _mm512_srli_epi32(x, n3), PARITY)

/* One round; h becomes a and d becomes e when the names move on by one. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                                               \
    do {                                                                                                               \
        __m512i t = _mm512_add_epi32(h, _mm512_add_epi32(w[(i)&15], _mm512_set1_epi32((int)k[i])));                    \
        t = _mm512_add_epi32(t, _mm512_ternarylogic_epi32(e, f, g, CHOICE));                                           \
        t = _mm512_add_epi32(t, SIGMA(e, 6, 11, 25));                                                                  \
        (d) = _mm512_add_epi32(d, t);                                                                                  \
        (h) = _mm512_add_epi32(t, _mm512_add_epi32(SIGMA(a, 2, 13, 22), _mm512_ternarylogic_epi32(a, b, c, MAJORITY)));\
    } while (0)

#define EIGHT_ROUNDS(i)                                                                                                \
    do {                                                                                                               \
        ROUND(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], (i) + 0);                                                \
        ROUND(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], (i) + 1);                                                \
        ROUND(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], (i) + 2);                                                \
        ROUND(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], (i) + 3);                                                \
        ROUND(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], (i) + 4);                                                \
        ROUND(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], (i) + 5);                                                \
        ROUND(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], (i) + 6);                                                \
        ROUND(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], (i) + 7);                                                \
    } while (0)

/* Word i of every message to register i: rows become columns. */
TARGET static inline void turn(__m512i r[16])
{
    __m512i t[16];
#pragma GCC unroll 8
    for (unsigned i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
#pragma GCC unroll 4
    for (unsigned i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
}

TARGET static inline void words_load(const uint8_t *const p[CRYPT_WIDE], size_t offset, __m512i w[16])
{
    const __m512i swap = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
#pragma GCC unroll 16
    for (unsigned i = 0; i < 16; i++)
        w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(p[i] + offset), swap);
    turn(w);
}

TARGET void crypt_wide_blocks(uint32_t state[8][CRYPT_WIDE], const uint8_t *const p[CRYPT_WIDE], size_t blocks)
{
    __m512i s[8], old[8], w[16];
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i++)
        s[i] = _mm512_loadu_si512(state[i]);
    for (size_t n = 0; n < blocks; n++) {
        const uint32_t *k = rounds;
        words_load(p, n * 64, w);
#pragma GCC unroll 8
        for (unsigned i = 0; i < 8; i++)
            old[i] = s[i];
        EIGHT_ROUNDS(0);
        EIGHT_ROUNDS(8);
        for (k += 16; k < rounds + 64; k += 16) {
#pragma GCC unroll 16
            for (unsigned i = 0; i < 16; i++)
                w[i] = _mm512_add_epi32(
                    _mm512_add_epi32(w[i], w[(i + 9) & 15]),
                    _mm512_add_epi32(SCHEDULE(w[(i + 1) & 15], 7, 18, 3), SCHEDULE(w[(i + 14) & 15], 17, 19, 10)));
            EIGHT_ROUNDS(0);
            EIGHT_ROUNDS(8);
        }
#pragma GCC unroll 8
        for (unsigned i = 0; i < 8; i++)
            s[i] = _mm512_add_epi32(s[i], old[i]);
    }
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i++)
        _mm512_storeu_si512(state[i], s[i]);
}

bool crypt_wide_supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

#else

void crypt_wide_blocks(uint32_t state[8][CRYPT_WIDE], const uint8_t *const p[CRYPT_WIDE], size_t blocks)
{
    (void)state, (void)p, (void)blocks;
    abort();
}

bool crypt_wide_supported(void)
{
    return false;
}

#endif

void crypt_wide_begin(uint32_t state[8][CRYPT_WIDE])
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (size_t i = 0; i < 8; i++)
        for (size_t m = 0; m < CRYPT_WIDE; m++)
            state[i][m] = initial[i];
}

void crypt_wide_digest(uint32_t state[8][CRYPT_WIDE], size_t m, uint8_t to[CRYPT_HASH])
{
    for (size_t i = 0; i < 8; i++)
        u32_put(to + 4 * i, state[i][m]);
}
