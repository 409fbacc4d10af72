/*
 * SHA-256 of several messages at once.
 *
 * A processor's SHA instructions answer after several cycles and take a new question in each: one message alone leaves
 * them waiting most of the time.  Here three messages go through them side by side.  Only whole blocks are done by
 * hand; crypt_start holds the results to libcrypto's, and where the instructions are missing libcrypto does it all.
 *
 * Source: FIPS 180-4, 6.2.2; Intel's description of SHA256RNDS2, SHA256MSG1 and SHA256MSG2.
 */
#include "crypt/crypt_internal.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

enum { LANES = 3, BLOCK = 64, SOURCES = 3 };
#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t rounds[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* One message on its way: its blocks come from up to three places, in this order. */
struct lane {
    __m128i abef, cdgh;
    struct source {
        const uint8_t *p;
        size_t blocks;
    } source[SOURCES];
    unsigned at;
    struct hash *to; /* NULL: nothing to do */
    uint8_t first[BLOCK];
    uint8_t last[2 * BLOCK];
};

/* Four rounds and four words of the schedule, for one lane. */
#define STEP(s0, s1, w, g)                                                                                             \
    do {                                                                                                               \
        if ((g) >= 4)                                                                                                  \
            (w)[(g)&3] =                                                                                               \
                _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32((w)[(g)&3], (w)[((g) + 1) & 3]),               \
                                                   _mm_alignr_epi8((w)[((g) + 3) & 3], (w)[((g) + 2) & 3], 4)),        \
                                     (w)[((g) + 3) & 3]);                                                              \
        __m128i sum = _mm_add_epi32((w)[(g)&3], _mm_load_si128((const __m128i *)(const void *)(rounds + 4 * (g))));    \
        (s1) = _mm_sha256rnds2_epu32(s1, s0, sum);                                                                     \
        (s0) = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(sum, 0x0e));                                            \
    } while (0)

TARGET static inline void block_load(const uint8_t *p, __m128i w[4])
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (unsigned i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)), swap);
}

TARGET static void blocks_of_three(struct lane lane[LANES], size_t count)
{
    __m128i a0 = lane[0].abef, a1 = lane[0].cdgh, b0 = lane[1].abef, b1 = lane[1].cdgh, c0 = lane[2].abef,
            c1 = lane[2].cdgh;
    const uint8_t *pa = lane[0].source[lane[0].at].p, *pb = lane[1].source[lane[1].at].p,
                  *pc = lane[2].source[lane[2].at].p;
    for (size_t i = 0; i < count; i++) {
        __m128i wa[4], wb[4], wc[4];
        __m128i olda0 = a0, olda1 = a1, oldb0 = b0, oldb1 = b1, oldc0 = c0, oldc1 = c1;
        block_load(pa + i * BLOCK, wa);
        block_load(pb + i * BLOCK, wb);
        block_load(pc + i * BLOCK, wc);
#pragma GCC unroll 16
        for (unsigned g = 0; g < 16; g++) {
            STEP(a0, a1, wa, g);
            STEP(b0, b1, wb, g);
            STEP(c0, c1, wc, g);
        }
        a0 = _mm_add_epi32(a0, olda0);
        a1 = _mm_add_epi32(a1, olda1);
        b0 = _mm_add_epi32(b0, oldb0);
        b1 = _mm_add_epi32(b1, oldb1);
        c0 = _mm_add_epi32(c0, oldc0);
        c1 = _mm_add_epi32(c1, oldc1);
    }
    lane[0].abef = a0;
    lane[0].cdgh = a1;
    lane[1].abef = b0;
    lane[1].cdgh = b1;
    lane[2].abef = c0;
    lane[2].cdgh = c1;
}

TARGET static void blocks_of_one(struct lane *lane, size_t count)
{
    __m128i s0 = lane->abef, s1 = lane->cdgh;
    const uint8_t *p = lane->source[lane->at].p;
    for (size_t i = 0; i < count; i++) {
        __m128i w[4];
        __m128i old0 = s0, old1 = s1;
        block_load(p + i * BLOCK, w);
#pragma GCC unroll 16
        for (unsigned g = 0; g < 16; g++)
            STEP(s0, s1, w, g);
        s0 = _mm_add_epi32(s0, old0);
        s1 = _mm_add_epi32(s1, old1);
    }
    lane->abef = s0;
    lane->cdgh = s1;
}

/* The instructions want the state as ABEF and CDGH; FIPS 180-4 names it A to H. */
TARGET static void state_begin(struct lane *lane)
{
    lane->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
    lane->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
}

TARGET static void state_end(const struct lane *lane)
{
    uint32_t abef[4], cdgh[4];
    _mm_storeu_si128((__m128i *)(void *)abef, lane->abef);
    _mm_storeu_si128((__m128i *)(void *)cdgh, lane->cdgh);
    const uint32_t words[8] = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
    for (size_t i = 0; i < COUNT(words); i++)
        u32_put(lane->to->b + 4 * i, words[i]);
}

/* Steps over sources that have no blocks. */
static bool lane_has_more(struct lane *lane)
{
    while (lane->at < SOURCES && lane->source[lane->at].blocks == 0)
        lane->at++;
    return lane->at < SOURCES;
}

/* The message ${mark} || ${x}, ${mark} only when it is not negative. */
static void lane_begin(struct lane *lane, int mark, struct bytes x, struct hash *to)
{
    size_t mark_bytes = mark >= 0 ? 1 : 0;
    uint64_t bits = ((uint64_t)x.n + mark_bytes) * 8;
    size_t in_first = mark >= 0 && x.n >= BLOCK - 1 ? BLOCK - 1 : 0;
    lane->at = 0;
    lane->to = to;
    lane->source[0] = (struct source){lane->first, in_first != 0 ? 1 : 0};
    if (in_first != 0) {
        lane->first[0] = (uint8_t)mark;
        memcpy(lane->first + 1, x.p, in_first);
    }
    size_t whole = mark < 0 || in_first != 0 ? (x.n - in_first) / BLOCK : 0;
    lane->source[1] = (struct source){whole != 0 ? x.p + in_first : NULL, whole};
    size_t done = in_first + whole * BLOCK;
    size_t n = 0;
    memset(lane->last, 0, sizeof lane->last);
    if (mark >= 0 && in_first == 0)
        lane->last[n++] = (uint8_t)mark;
    if (x.n > done)
        memcpy(lane->last + n, x.p + done, x.n - done);
    n += x.n - done;
    lane->last[n] = 0x80;
    size_t blocks = n + 1 + 8 <= BLOCK ? 1 : 2;
    u64_put(lane->last + blocks * BLOCK - 8, bits);
    lane->source[2] = (struct source){lane->last, blocks};
    state_begin(lane);
}

static void lane_advance(struct lane *lane, size_t blocks)
{
    struct source *s = &lane->source[lane->at];
    s->p += blocks * BLOCK;
    s->blocks -= blocks;
    if (!lane_has_more(lane)) {
        state_end(lane);
        lane->to = NULL;
    }
}

static void hash_many(int mark, const struct bytes *x, size_t count, struct hash *ret)
{
    struct lane lane[LANES];
    size_t next = 0;
    for (unsigned i = 0; i < LANES; i++)
        lane[i].to = NULL;
    for (;;) {
        unsigned busy = 0, some = 0;
        size_t least = SIZE_MAX;
        for (unsigned i = 0; i < LANES; i++) {
            if (lane[i].to == NULL && next < count) {
                lane_begin(&lane[i], mark, x[next], &ret[next]);
                (void)lane_has_more(&lane[i]);
                next++;
            }
            if (lane[i].to == NULL)
                continue;
            busy++;
            some = i;
            if (lane[i].source[lane[i].at].blocks < least)
                least = lane[i].source[lane[i].at].blocks;
        }
        if (busy == 0)
            return;
        if (busy == LANES) {
            blocks_of_three(lane, least);
            for (unsigned i = 0; i < LANES; i++)
                lane_advance(&lane[i], least);
        } else {
            size_t blocks = lane[some].source[lane[some].at].blocks;
            blocks_of_one(&lane[some], blocks);
            lane_advance(&lane[some], blocks);
        }
    }
}

static bool supported(void)
{
    enum { SSSE3 = 1 << 9, SSE41 = 1 << 19, SHA = 1 << 29 };
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & SSSE3) == 0 || (c & SSE41) == 0)
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & SHA) != 0;
}

#else

static bool supported(void)
{
    return false;
}

static void hash_many(int mark, const struct bytes *x, size_t count, struct hash *ret)
{
    (void)mark, (void)x, (void)count, (void)ret;
    abort();
}

#endif

static bool by_lanes; /* set once by crypt_start */

/* Lengths about every edge of a block, and all numbers of messages that leave lanes idle in the end. */
static bool lanes_are_right(void)
{
    enum { MESSAGES = 7, BYTES = 200 };
    uint8_t text[BYTES];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 + 1);
    static const size_t lengths[MESSAGES] = {0, 55, 56, 63, 64, 119, BYTES};
    for (size_t count = 1; count <= MESSAGES; count++) {
        struct bytes x[MESSAGES];
        struct hash plain[MESSAGES], leaf[MESSAGES], want;
        for (size_t i = 0; i < count; i++)
            x[i] = bytes_of(text, lengths[i]);
        hash_many(-1, x, count, plain);
        hash_many(0, x, count, leaf);
        for (size_t i = 0; i < count; i++) {
            crypt_sha256(x[i], &want);
            bool right = hash_equal(&want, &plain[i]);
            crypt_leaf_hash(x[i], &want);
            if (!right || !hash_equal(&want, &leaf[i]))
                return false;
        }
    }
    return true;
}

bool crypt_lanes_start(void)
{
    bool have = supported();
    if (have && !lanes_are_right())
        return false;
    by_lanes = have;
    return true;
}

void crypt_sha256_many(const struct bytes *x, size_t count, struct hash *ret)
{
    if (by_lanes && count > 1)
        hash_many(-1, x, count, ret);
    else
        for (size_t i = 0; i < count; i++)
            crypt_sha256(x[i], &ret[i]);
}

void crypt_leaf_hash_many(const struct bytes *entries, size_t count, struct hash *ret)
{
    if (by_lanes && count > 1)
        hash_many(0, entries, count, ret);
    else
        for (size_t i = 0; i < count; i++)
            crypt_leaf_hash(entries[i], &ret[i]);
}
