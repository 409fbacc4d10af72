/*
 * SHA-256 of several messages at once.
 *
 * A processor's SHA instructions answer after several cycles and take a new question in each: one message alone leaves
 * them waiting most of the time.  Here three messages go through them side by side, some of them perhaps the next
 * pieces of longer ones.  Of many messages sixteen at a time go through wider registers, where there are such (wide.c),
 * until too few are left.  Only whole blocks are done by hand; crypt_start holds the results to libcrypto's, and where
 * the instructions are missing libcrypto does it all.
 *
 * Source: FIPS 180-4, 6.2.2; Intel's description of SHA256RNDS2, SHA256MSG1 and SHA256MSG2.
 */
#include "crypt/crypt_internal.h"

/* What is to be hashed: the longer ones first, so that messages fill the lanes beside them. */
struct work {
    const struct crypt_growth *grown;
    size_t grown_count;
    int mark; /* before each message, unless it is negative */
    const struct bytes *x;
    size_t count;
    struct hash *ret;
};

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

enum { LANES = 3, BLOCK = 64, SOURCES = 3 };
/* Sixteen at once are worth it for as many.  Measured: half as fast again as, or nearly twice as fast as, by three. */
enum { WIDE_MIN = 11 };
static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
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
    struct hash *to; /* of a whole message */
    struct crypt_growth growth; /* or what is still to be added to a longer one; both NULL: nothing to do */
    struct bytes rest; /* of the piece at hand: less than a block */
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

/* ${n} is a constant wherever this is called, so that all but the loop over blocks is unrolled. */
TARGET static inline __attribute__((always_inline)) void blocks_side_by_side(struct lane *const *lane, unsigned n,
                                                                             size_t count)
{
    __m128i s0[LANES], s1[LANES], old0[LANES], old1[LANES], w[LANES][4];
    const uint8_t *p[LANES];
#pragma GCC unroll 3
    for (unsigned l = 0; l < n; l++) {
        s0[l] = lane[l]->abef;
        s1[l] = lane[l]->cdgh;
        p[l] = lane[l]->source[lane[l]->at].p;
    }
    for (size_t i = 0; i < count; i++) {
#pragma GCC unroll 3
        for (unsigned l = 0; l < n; l++) {
            old0[l] = s0[l];
            old1[l] = s1[l];
            block_load(p[l] + i * BLOCK, w[l]);
        }
#pragma GCC unroll 16
        for (unsigned g = 0; g < 16; g++) {
#pragma GCC unroll 3
            for (unsigned l = 0; l < n; l++)
                STEP(s0[l], s1[l], w[l], g);
        }
#pragma GCC unroll 3
        for (unsigned l = 0; l < n; l++) {
            s0[l] = _mm_add_epi32(s0[l], old0[l]);
            s1[l] = _mm_add_epi32(s1[l], old1[l]);
        }
    }
#pragma GCC unroll 3
    for (unsigned l = 0; l < n; l++) {
        lane[l]->abef = s0[l];
        lane[l]->cdgh = s1[l];
    }
}

TARGET static void blocks_of_one(struct lane *const *lane, size_t count)
{
    blocks_side_by_side(lane, 1, count);
}

TARGET static void blocks_of_two(struct lane *const *lane, size_t count)
{
    blocks_side_by_side(lane, 2, count);
}

TARGET static void blocks_of_three(struct lane *const *lane, size_t count)
{
    blocks_side_by_side(lane, 3, count);
}

/* The instructions want the state as ABEF and CDGH; FIPS 180-4 names it A to H. */
TARGET static void state_load(struct lane *lane, const uint32_t h[8])
{
    lane->abef = _mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]);
    lane->cdgh = _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7]);
}

TARGET static void state_store(const struct lane *lane, uint32_t h[8])
{
    uint32_t abef[4], cdgh[4];
    _mm_storeu_si128((__m128i *)(void *)abef, lane->abef);
    _mm_storeu_si128((__m128i *)(void *)cdgh, lane->cdgh);
    const uint32_t words[8] = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
    memcpy(h, words, sizeof words);
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
    state_load(lane, initial);
}

/* The next piece that has a whole block; pieces without one are added at once. */
static void growth_next(struct lane *lane)
{
    struct crypt_growth *g = &lane->growth;
    while (g->count > 0) {
        struct bytes x = crypt_sha256_edge(g->to, *g->pieces);
        size_t blocks = x.n / BLOCK;
        g->pieces++;
        g->count--;
        lane->rest = bytes_of(blocks == 0 ? x.p : x.p + blocks * BLOCK, x.n % BLOCK);
        if (blocks > 0) {
            lane->at = 0;
            lane->source[0] = (struct source){x.p, blocks};
            lane->source[1] = lane->source[2] = (struct source){NULL, 0};
            crypt_sha256_blocks(g->to, blocks);
            state_load(lane, g->to->context.h);
            return;
        }
        crypt_sha256_add(g->to, lane->rest);
    }
    g->to = NULL;
}

static void lane_end(struct lane *lane)
{
    uint32_t words[8];
    if (lane->to == NULL) {
        state_store(lane, lane->growth.to->context.h);
        crypt_sha256_add(lane->growth.to, lane->rest);
        growth_next(lane);
        return;
    }
    state_store(lane, words);
    for (size_t i = 0; i < COUNT(words); i++)
        u32_put(lane->to->b + 4 * i, words[i]);
    lane->to = NULL;
}

static void lane_advance(struct lane *lane, size_t blocks)
{
    struct source *s = &lane->source[lane->at];
    s->p += blocks * BLOCK;
    s->blocks -= blocks;
    if (!lane_has_more(lane))
        lane_end(lane);
}

static bool lane_is_free(const struct lane *lane)
{
    return lane->to == NULL && lane->growth.to == NULL;
}

static void lane_take(struct lane *lane, struct work *w)
{
    while (lane_is_free(lane) && w->grown_count > 0) {
        lane->growth = *w->grown++;
        w->grown_count--;
        growth_next(lane);
    }
    if (!lane_is_free(lane) || w->count == 0)
        return;
    lane_begin(lane, w->mark, *w->x++, w->ret++);
    (void)lane_has_more(lane);
    w->count--;
}

/* ---- sixteen at once ---- */

struct wide {
    struct lane lane[CRYPT_WIDE];
    uint32_t state[8][CRYPT_WIDE];
};

static void wide_load(struct wide *x, unsigned i)
{
    uint32_t h[8];
    state_store(&x->lane[i], h);
    for (unsigned k = 0; k < 8; k++)
        x->state[k][i] = h[k];
}

static void wide_store(struct wide *x, unsigned i)
{
    uint32_t h[8];
    for (unsigned k = 0; k < 8; k++)
        h[k] = x->state[k][i];
    state_load(&x->lane[i], h);
}

/* The next message, if there is one. */
static void wide_take(struct wide *x, unsigned i, struct work *w)
{
    lane_take(&x->lane[i], w);
    if (!lane_is_free(&x->lane[i]))
        wide_load(x, i);
}

/* Where the blocks of all lanes are, and how many all that are busy have at least; the idle ones look at another's. */
static unsigned wide_busy(const struct wide *x, const uint8_t *p[CRYPT_WIDE], size_t *ret_blocks)
{
    const uint8_t *some = NULL;
    unsigned busy = 0;
    *ret_blocks = SIZE_MAX;
    for (unsigned i = 0; i < CRYPT_WIDE; i++) {
        const struct lane *l = &x->lane[i];
        p[i] = NULL;
        if (lane_is_free(l))
            continue;
        p[i] = some = l->source[l->at].p;
        *ret_blocks = l->source[l->at].blocks < *ret_blocks ? l->source[l->at].blocks : *ret_blocks;
        busy++;
    }
    for (unsigned i = 0; i < CRYPT_WIDE; i++)
        p[i] = p[i] != NULL ? p[i] : some;
    return busy;
}

static void wide_advance(struct wide *x, unsigned i, size_t blocks, struct work *w)
{
    struct lane *l = &x->lane[i];
    bool last = l->source[l->at].blocks == blocks;
    if (last) /* perhaps of the message */
        wide_store(x, i);
    lane_advance(l, blocks);
    if (lane_is_free(l))
        wide_take(x, i, w);
}

/* Until fewer than WIDE_MIN messages are under way, which are left in ${x}. */
static void wide_all(struct wide *x, struct work *w)
{
    const uint8_t *p[CRYPT_WIDE];
    size_t blocks;
    for (unsigned i = 0; i < CRYPT_WIDE; i++)
        wide_take(x, i, w);
    while (wide_busy(x, p, &blocks) >= WIDE_MIN) {
        crypt_wide_blocks(x->state, p, blocks);
        for (unsigned i = 0; i < CRYPT_WIDE; i++)
            if (!lane_is_free(&x->lane[i]))
                wide_advance(x, i, blocks, w);
    }
    for (unsigned i = 0; i < CRYPT_WIDE; i++)
        if (!lane_is_free(&x->lane[i]))
            wide_store(x, i);
}

/* ---- three at once ---- */

/* Lanes to be filled, some perhaps under way already. */
struct filling {
    struct lane own[LANES], *lane[LANES];
    struct lane *begun;
    unsigned begun_count;
};

static void fill(struct filling *f, unsigned i, struct work *w)
{
    while (f->begun_count > 0 && lane_is_free(f->begun)) {
        f->begun++;
        f->begun_count--;
    }
    if (f->begun_count == 0) {
        f->lane[i] = &f->own[i];
        lane_take(f->lane[i], w);
        return;
    }
    f->lane[i] = f->begun++;
    f->begun_count--;
}

/* Those that have something to do, and how many blocks all of them have at least. */
static unsigned lanes_busy(struct filling *f, struct work *w, struct lane *ret[LANES], size_t *ret_blocks)
{
    unsigned busy = 0;
    *ret_blocks = SIZE_MAX;
    for (unsigned i = 0; i < LANES; i++) {
        if (lane_is_free(f->lane[i]))
            fill(f, i, w);
        if (lane_is_free(f->lane[i]))
            continue;
        size_t blocks = f->lane[i]->source[f->lane[i]->at].blocks;
        *ret_blocks = blocks < *ret_blocks ? blocks : *ret_blocks;
        ret[busy++] = f->lane[i];
    }
    return busy;
}

static void narrow_all(struct filling *f, struct work *w)
{
    static void (*const blocks_of[LANES])(struct lane *const *lane, size_t count) = {blocks_of_one, blocks_of_two,
                                                                                      blocks_of_three};
    struct lane *lane[LANES];
    size_t blocks;
    for (;;) {
        unsigned busy = lanes_busy(f, w, lane, &blocks);
        if (busy == 0)
            return;
        blocks_of[busy - 1](lane, blocks);
        for (unsigned i = 0; i < busy; i++)
            lane_advance(lane[i], blocks);
    }
}

static void lanes_free(struct lane *lane, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        lane[i].to = NULL;
        lane[i].growth.to = NULL;
    }
}

/* What grows takes a lane for long: then there is no hurry for the others. */
static void hash_all(struct work w, bool wide)
{
    struct filling f;
    struct wide x;
    lanes_free(f.own, LANES);
    for (unsigned i = 0; i < LANES; i++)
        f.lane[i] = &f.own[i];
    f.begun = x.lane;
    f.begun_count = 0;
    if (wide && w.grown_count == 0 && w.count >= WIDE_MIN) {
        lanes_free(x.lane, CRYPT_WIDE);
        wide_all(&x, &w);
        f.begun_count = CRYPT_WIDE;
    }
    narrow_all(&f, &w);
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

static void hash_all(struct work w, bool wide)
{
    (void)w, (void)wide;
    abort();
}

#endif

static bool by_lanes, by_sixteen; /* set once by crypt_start */

/* Lengths about every edge of a block; and numbers of messages that leave lanes idle in the end, or all along. */
enum { LENGTHS = 7, MESSAGES_MAX = 41, TEXT_BYTES = 200 };
static const size_t lengths[LENGTHS] = {0, 55, 56, 63, 64, 119, TEXT_BYTES};
static const size_t counts[] = {1, 2, 3, 4, 7, 16, MESSAGES_MAX};

static bool messages_are_right(const uint8_t text[TEXT_BYTES], bool wide)
{
    for (size_t c = 0; c < COUNT(counts); c++) {
        struct bytes x[MESSAGES_MAX];
        struct hash plain[MESSAGES_MAX], leaf[MESSAGES_MAX], want;
        for (size_t i = 0; i < counts[c]; i++)
            x[i] = bytes_of(text, lengths[i % LENGTHS]);
        hash_all((struct work){.mark = -1, .x = x, .count = counts[c], .ret = plain}, wide);
        hash_all((struct work){.mark = 0, .x = x, .count = counts[c], .ret = leaf}, wide);
        for (size_t i = 0; i < counts[c]; i++) {
            crypt_sha256(x[i], &want);
            bool right = hash_equal(&want, &plain[i]);
            crypt_leaf_hash(x[i], &want);
            if (!right || !hash_equal(&want, &leaf[i]))
                return false;
        }
    }
    return true;
}

/* One that begins within a block and grows by all the lengths, beside a message. */
static bool growth_is_right(const uint8_t text[TEXT_BYTES])
{
    for (size_t before = 0; before < TEXT_BYTES; before += 31) {
        struct crypt_sha256 alone, together;
        struct bytes pieces[LENGTHS], x = bytes_of(text, TEXT_BYTES);
        struct hash got[2], want[2];
        crypt_sha256_begin(&alone);
        crypt_sha256_add(&alone, bytes_of(text, before));
        together = alone;
        for (size_t i = 0; i < LENGTHS; i++) {
            pieces[i] = bytes_of(text, lengths[i]);
            crypt_sha256_add(&alone, pieces[i]);
        }
        const struct crypt_growth grown = {&together, pieces, LENGTHS};
        hash_all((struct work){&grown, 1, -1, &x, 1, &got[0]}, false);
        crypt_sha256_end(&together, &got[1]);
        crypt_sha256(x, &want[0]);
        crypt_sha256_end(&alone, &want[1]);
        if (!hash_equal(&got[0], &want[0]) || !hash_equal(&got[1], &want[1]))
            return false;
    }
    return true;
}

static bool lanes_are_right(void)
{
    uint8_t text[TEXT_BYTES];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 + 1);
    return messages_are_right(text, false) && growth_is_right(text) &&
           (!crypt_wide_supported() || messages_are_right(text, true));
}

bool crypt_lanes_start(void)
{
    bool have = supported();
    if (have && !lanes_are_right())
        return false;
    by_lanes = have;
    by_sixteen = have && crypt_wide_supported();
    return true;
}

void crypt_sha256_together(const struct crypt_growth *grown, size_t grown_count, const struct bytes *x, size_t count,
                           struct hash *ret)
{
    if (by_lanes && grown_count + count > 1) {
        hash_all((struct work){grown, grown_count, -1, x, count, ret}, by_sixteen);
        return;
    }
    for (size_t i = 0; i < grown_count; i++)
        for (size_t k = 0; k < grown[i].count; k++)
            crypt_sha256_add(grown[i].to, grown[i].pieces[k]);
    for (size_t i = 0; i < count; i++)
        crypt_sha256(x[i], &ret[i]);
}

void crypt_sha256_many(const struct bytes *x, size_t count, struct hash *ret)
{
    crypt_sha256_together(NULL, 0, x, count, ret);
}

void crypt_leaf_hash_many(const struct bytes *entries, size_t count, struct hash *ret)
{
    if (by_lanes && count > 1)
        hash_all((struct work){.mark = 0, .x = entries, .count = count, .ret = ret}, by_sixteen);
    else
        for (size_t i = 0; i < count; i++)
            crypt_leaf_hash(entries[i], &ret[i]);
}
