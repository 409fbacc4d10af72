/*
 * String kernels.  Each has a plain version that says what it means and a faster one that agrees in every bit.
 */
#include "match/match_internal.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { LONGEST = 32, PREFIX_MAX = 4, ONE = 10000 };

/* From the number of letters in common, of exchanged ones among them, and of the common prefix. */
static unsigned jaro_winkler_of(unsigned common, unsigned exchanged, unsigned na, unsigned nb, unsigned prefix)
{
    if (common == 0)
        return 0;
    unsigned half = exchanged / 2;
    unsigned jaro = (unsigned)(((uint64_t)common * nb * common + (uint64_t)common * na * common +
                                (uint64_t)(common - half) * na * nb) *
                               ONE / (3ull * na * nb * common));
    return jaro <= 7 * ONE / 10 ? jaro : jaro + prefix * (ONE - jaro) / 10;
}

static unsigned common_prefix(const char *a, unsigned na, const char *b, unsigned nb)
{
    unsigned n = 0;
    while (n < PREFIX_MAX && n < na && n < nb && a[n] == b[n])
        n++;
    return n;
}

unsigned match_jaro_winkler_plain(const char *a, unsigned na, const char *b, unsigned nb)
{
    bool taken_a[LONGEST] = {false}, taken_b[LONGEST] = {false};
    na = na > LONGEST ? LONGEST : na;
    nb = nb > LONGEST ? LONGEST : nb;
    unsigned longer = na > nb ? na : nb, window = longer < 4 ? 0 : longer / 2 - 1, common = 0, exchanged = 0;
    for (unsigned i = 0; i < na; i++) {
        unsigned first = i > window ? i - window : 0, last = i + window < nb ? i + window + 1 : nb;
        for (unsigned k = first; k < last && !taken_a[i]; k++)
            if (!taken_b[k] && a[i] == b[k]) {
                taken_a[i] = taken_b[k] = true;
                common++;
            }
    }
    for (unsigned i = 0, k = 0; i < na; i++) {
        if (!taken_a[i])
            continue;
        while (!taken_b[k])
            k++;
        exchanged += a[i] != b[k++];
    }
    return jaro_winkler_of(common, exchanged, na, nb, common_prefix(a, na, b, nb));
}

#if defined(__x86_64__)
/* Where in ${b}, of 32 readable bytes, the letter stands: one compare instead of a walk through the window. */
__attribute__((target("avx2"))) static unsigned jaro_winkler_avx2(const char *a, unsigned na, const char *b,
                                                                  unsigned nb)
{
    char padded[LONGEST] = {0}, order[LONGEST];
    memcpy(padded, b, nb);
    const __m256i letters = _mm256_loadu_si256((const __m256i *)(const void *)padded);
    unsigned longer = na > nb ? na : nb, window = longer < 4 ? 0 : longer / 2 - 1, common = 0, exchanged = 0;
    uint32_t free_b = nb == LONGEST ? 0xFFFFFFFFu : (1u << nb) - 1, taken_b = 0;
    for (unsigned i = 0; i < na; i++) {
        uint64_t reach = ((2ull << (i + window)) - 1) & ~((1ull << (i > window ? i - window : 0)) - 1);
        uint32_t equal = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(letters, _mm256_set1_epi8(a[i])));
        uint32_t open = equal & free_b & (uint32_t)reach;
        if (open == 0)
            continue;
        uint32_t bit = open & -open;
        free_b ^= bit;
        taken_b |= bit;
        order[common++] = a[i];
    }
    for (unsigned i = 0; taken_b != 0; taken_b &= taken_b - 1, i++)
        exchanged += order[i] != b[__builtin_ctz(taken_b)];
    return jaro_winkler_of(common, exchanged, na, nb, common_prefix(a, na, b, nb));
}
#endif

unsigned match_jaro_winkler(const char *a, unsigned na, const char *b, unsigned nb)
{
    na = na > LONGEST ? LONGEST : na;
    nb = nb > LONGEST ? LONGEST : nb;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return jaro_winkler_avx2(a, na, b, nb);
#endif
    return match_jaro_winkler_plain(a, na, b, nb);
}

/* A letter that the other word has not at all is not in common. */
unsigned match_jaro_winkler_most(const char *a, unsigned na, uint32_t letters_a, const char *b, unsigned nb,
                                 uint32_t letters_b)
{
    unsigned of_a = na - match_bits(letters_a & ~letters_b);
    unsigned of_b = nb - match_bits(letters_b & ~letters_a), common = of_a < of_b ? of_a : of_b;
    return common == 0 ? 0 : jaro_winkler_of(common, 0, na, nb, common_prefix(a, na, b, nb));
}

size_t match_sets_near_plain(const uint32_t *sets, size_t n, uint32_t with, unsigned most, uint32_t *to)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if ((unsigned)__builtin_popcount(sets[i] ^ with) <= most)
            to[found++] = (uint32_t)i;
    return found;
}

#if defined(__x86_64__)
/* Bits of each byte by its halves, then the bytes of each set together. */
__attribute__((target("avx2"))) static size_t sets_near_avx2(const uint32_t *sets, size_t n, uint32_t with,
                                                             unsigned most, uint32_t *to)
{
    const __m256i bits = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                          2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi8(1), pairs = _mm256_set1_epi16(1);
    const __m256i other = _mm256_set1_epi32((int)with), limit = _mm256_set1_epi32((int)most);
    size_t found = 0, i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i x = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)(sets + i)), other);
        __m256i count = _mm256_add_epi8(_mm256_shuffle_epi8(bits, _mm256_and_si256(x, low)),
                                        _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
        __m256i sum = _mm256_madd_epi16(_mm256_maddubs_epi16(count, ones), pairs);
        unsigned far = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(sum, limit)));
        for (unsigned near = ~far & 0xFF; near != 0; near &= near - 1)
            to[found++] = (uint32_t)(i + (unsigned)__builtin_ctz(near));
    }
    for (; i < n; i++)
        if ((unsigned)__builtin_popcount(sets[i] ^ with) <= most)
            to[found++] = (uint32_t)i;
    return found;
}
#endif

size_t match_sets_near(const uint32_t *sets, size_t n, uint32_t with, unsigned most, uint32_t *to)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return sets_near_avx2(sets, n, with, most, to);
#endif
    return match_sets_near_plain(sets, n, with, most, to);
}

/* Hyyro's bit-parallel form of the distance with exchanged neighbours (optimal string alignment). */
unsigned match_distance(const char *a, unsigned na, const char *b, unsigned nb)
{
    na = na > LONGEST ? LONGEST : na;
    nb = nb > LONGEST ? LONGEST : nb;
    if (na == 0 || nb == 0)
        return na + nb;
    uint32_t vp = na == LONGEST ? 0xFFFFFFFFu : (1u << na) - 1, vn = 0, d0 = 0, pm_before = 0;
    const uint32_t last = 1u << (na - 1);
    unsigned distance = na;
    uint32_t where[128]; /* folded text is ASCII; only what is asked for is set: both words are short */
    for (unsigned k = 0; k < nb; k++)
        where[b[k] & 127] = 0;
    for (unsigned i = 0; i < na; i++)
        where[a[i] & 127] = 0;
    for (unsigned i = 0; i < na; i++)
        where[a[i] & 127] |= 1u << i;
    for (unsigned k = 0; k < nb; k++) {
        uint32_t pm = where[b[k] & 127];
        uint32_t exchanged = ((~d0 & pm) << 1) & pm_before;
        d0 = (((pm & vp) + vp) ^ vp) | pm | vn | exchanged;
        uint32_t hp = vn | ~(d0 | vp), hn = d0 & vp;
        distance += (hp & last) != 0;
        distance -= (hn & last) != 0;
        hp = hp << 1 | 1;
        hn <<= 1;
        vp = hn | ~(d0 | hp);
        vn = hp & d0;
        pm_before = pm;
    }
    return distance;
}
