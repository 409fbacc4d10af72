/*
 * Each reading of the bytes (UTF-8; UTF-16 in two orders from even and from odd places) is a stream of characters, each
 * decomposed and folded; each text an automaton after Knuth, Morris and Pratt (1977), once for each stream.
 */
#include "base/seek.h"

#include <assert.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

enum { STREAMS = 5, PLAIN = 0x10000, FOLDED_MAX = 32, BARRIER = 0xffffffff };

/* A text, in the caller's room. */
struct text {
    const uint32_t *point;
    const uint32_t *border; /* of each beginning, as the failure function says */
    uint32_t points;
};

struct stream {
    uint8_t held[4]; /* of a character that is not whole yet */
    unsigned count;
    uint32_t at[SEEK_TEXTS_MAX]; /* how much of each text stands before here */
};

struct seek {
    struct text text[SEEK_TEXTS_MAX];
    bool found[SEEK_TEXTS_MAX];
    size_t count;
    struct stream stream[STREAMS];
    uint64_t fed;
    const UNormalizer2 *nfd;
    uint32_t fold[PLAIN]; /* of what folds to one character; 0: not known yet; BARRIER: to several */
};

/* ---- one character ---- */

/* Canonically decomposed, then folded: what looks the same in any case is the same. */
static size_t fold(const UNormalizer2 *nfd, UChar32 c, uint32_t ret[FOLDED_MAX])
{
    UErrorCode status = U_ZERO_ERROR;
    UChar parts[FOLDED_MAX / 2];
    int32_t n = unorm2_getDecomposition(nfd, c, parts, COUNT(parts), &status), at = 0;
    size_t count = 0;
    if (n < 0 || U_FAILURE(status)) {
        ret[0] = (uint32_t)u_foldCase(c, U_FOLD_CASE_DEFAULT);
        return 1;
    }
    while (at < n && count < FOLDED_MAX) {
        uint32_t unit = parts[at++];
        UChar32 part = (UChar32)unit;
        if (U16_IS_LEAD(unit) && at < n) {
            part = U16_GET_SUPPLEMENTARY(unit, parts[at]);
            at++;
        }
        ret[count++] = (uint32_t)u_foldCase(part, U_FOLD_CASE_DEFAULT);
    }
    return count;
}

static size_t fold_known(struct seek *s, UChar32 c, uint32_t ret[FOLDED_MAX])
{
    if (c >= PLAIN)
        return fold(s->nfd, c, ret);
    uint32_t one = s->fold[c];
    if (one != 0 && one != BARRIER) {
        ret[0] = one;
        return 1;
    }
    size_t n = fold(s->nfd, c, ret);
    s->fold[c] = n == 1 && ret[0] != 0 ? ret[0] : BARRIER;
    return n;
}

/* ---- the texts ---- */

size_t seek_room(size_t count, size_t bytes)
{
    (void)count;
    /* A byte of UTF-8 gives no more than two characters: three bytes of Hangul give three. */
    return bytes * 2 * 2 * sizeof(uint32_t);
}

static uint32_t unfold(const UNormalizer2 *nfd, struct bytes text, uint32_t *to, uint32_t room)
{
    uint32_t n = 0;
    for (size_t at = 0; at < text.n;) {
        uint32_t folded[FOLDED_MAX];
        UChar32 c;
        int32_t i = 0, left = text.n - at < U8_MAX_LENGTH ? (int32_t)(text.n - at) : U8_MAX_LENGTH;
        U8_NEXT(text.p + at, i, left, c);
        at += (size_t)i;
        size_t count = fold(nfd, c, folded);
        for (size_t k = 0; k < count && n < room; k++)
            to[n++] = folded[k];
    }
    return n;
}

static void borders(const uint32_t *point, uint32_t n, uint32_t *to)
{
    uint32_t k = 0;
    to[0] = 0;
    for (uint32_t i = 1; i < n; i++) {
        while (k > 0 && point[i] != point[k])
            k = to[k - 1];
        k += point[i] == point[k];
        to[i] = k;
    }
}

int seek_new(const struct bytes *texts, size_t count, void *room, struct seek **ret, struct err *e)
{
    UErrorCode status = U_ZERO_ERROR;
    OWN(seek_drop) struct seek *s = calloc(1, sizeof *s);
    uint32_t *at = room;
    assert(count <= SEEK_TEXTS_MAX);
    if (s == NULL)
        return err_memory(e);
    s->nfd = unorm2_getNFDInstance(&status);
    assert(U_SUCCESS(status));
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        size_t most = texts[i].n * 2 < SEEK_POINTS_MAX ? texts[i].n * 2 : SEEK_POINTS_MAX;
        uint32_t n = unfold(s->nfd, texts[i], at, (uint32_t)most);
        if (n > 0)
            borders(at, n, at + n);
        s->text[i] = (struct text){at, at + n, n >= 2 ? n : 0};
        at += 2 * (size_t)n;
    }
    *ret = TAKE(s);
    return 0;
}

void seek_free(struct seek *s)
{
    free(s);
}

void seek_drop(struct seek **s)
{
    seek_free(*s);
    *s = NULL;
}

/* ---- the bytes ---- */

void seek_begin(struct seek *s)
{
    memset(s->found, 0, sizeof s->found);
    memset(s->stream, 0, sizeof s->stream);
    s->fed = 0;
}

static void step(struct seek *s, struct stream *x, uint32_t c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct text *t = &s->text[i];
        uint32_t k = x->at[i];
        if (t->points == 0 || (k == 0 && c != t->point[0]))
            continue;
        while (k > 0 && c != t->point[k])
            k = t->border[k - 1];
        k += c == t->point[k];
        if (k == t->points) {
            s->found[i] = true;
            k = t->border[k - 1];
        }
        x->at[i] = k;
    }
}

static void take(struct seek *s, struct stream *x, UChar32 c)
{
    uint32_t folded[FOLDED_MAX];
    size_t n = fold_known(s, c, folded);
    for (size_t i = 0; i < n; i++)
        step(s, x, folded[i]);
}

/* A byte that belongs to no character ends whatever was begun. */
static void take_utf8(struct seek *s, struct stream *x, uint8_t byte)
{
    if (byte < 0x80 && x->count == 0) {
        take(s, x, byte);
        return;
    }
    x->held[x->count++] = byte;
    for (unsigned used = 0; x->count > 0; x->count -= used) {
        UChar32 c;
        int32_t i = 0;
        unsigned wanted = x->held[0] < 0x80 ? 1 : x->held[0] < 0xe0 ? 2 : x->held[0] < 0xf0 ? 3 : 4;
        bool good = x->count < 2 || (x->held[x->count - 1] & 0xc0) == 0x80;
        if (good && x->held[0] >= 0xc2 && x->held[0] < 0xf5 && x->count < wanted)
            return;
        U8_NEXT(x->held, i, (int32_t)x->count, c);
        used = (unsigned)i;
        if (c >= 0)
            take(s, x, c);
        else
            step(s, x, BARRIER);
        memmove(x->held, x->held + used, x->count - used);
    }
}

static void take_utf16(struct seek *s, struct stream *x, uint8_t byte, bool little)
{
    x->held[x->count++] = byte;
    if (x->count < 2)
        return;
    take(s, x, little ? x->held[1] << 8 | x->held[0] : x->held[0] << 8 | x->held[1]);
    x->count = 0;
}

void seek_feed(struct seek *s, struct bytes piece)
{
    for (size_t i = 0; i < piece.n; i++, s->fed++) {
        take_utf8(s, &s->stream[0], piece.p[i]);
        take_utf16(s, &s->stream[1], piece.p[i], true);
        take_utf16(s, &s->stream[2], piece.p[i], false);
        if (s->fed > 0) {
            take_utf16(s, &s->stream[3], piece.p[i], true);
            take_utf16(s, &s->stream[4], piece.p[i], false);
        }
    }
}

bool seek_found(const struct seek *s, size_t text)
{
    return s->found[text];
}

bool seek_found_any(const struct seek *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->found[i])
            return true;
    return false;
}
