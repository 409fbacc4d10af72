/* Bytes as syllables and as base32, and back. */
#include "paper/paper.h"

#include "base/unicode.h"
#include "crypt/crypt.h"

#include <ctype.h>

static const char CHECK_PURPOSE[] = "groundwork/line/v1\n", SQUARE_VERSION[] = "1/",
                  BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", MARK[] = "\xEF\xBB\xBF", PAGE[] = "<!DOCTYPE HTML";
static const char *const SQUARE[] = {[PAPER_SHEET] = "GROUNDWORK/SHEET/",
                                     [PAPER_CHECKPOINT] = "GROUNDWORK/CHECKPOINT/"};
enum {
    SYLLABLES = 64,
    LINE_SYLLABLES = 14, /* 84 bits: nine bytes and 12 of check */
    WORD_SYLLABLES = 2,
    CHECK_BITS = 12,
    SQUARE_DIGITS = (8 * PAPER_CODE + 4) / 5,
    HANGUL_BYTES = 3,
};

/*
 * Twelve consonants that neither English nor Korean ears confuse, with five vowels; then four with y.  In Korean each
 * is one Hangul syllable of an initial and a medial (Unicode 3.12).
 */
static const char CONSONANTS[] = "bdghjkmnprst", VOWELS[] = "aeiou", WITH_Y[] = "aeou";
static const uint8_t INITIALS[] = {7, 3, 0, 18, 12, 15, 6, 2, 17, 5, 9, 16}, MEDIALS[] = {0, 5, 20, 8, 13},
                     MEDIALS_WITH_Y[] = {2, 7, 12, 17};
enum { INITIAL_OF_Y = 11, PLAIN = 60, HANGUL = 0xAC00, MEDIAL_COUNT = 21, FINAL_COUNT = 28 };

static void syllable_latin(unsigned s, char to[3])
{
    to[0] = 'y';
    if (s < PLAIN)
        to[0] = CONSONANTS[s / 5];
    to[1] = VOWELS[s % 5];
    if (s >= PLAIN)
        to[1] = WITH_Y[s - PLAIN];
    to[2] = 0;
}

static void syllable_hangul(unsigned s, char to[HANGUL_BYTES + 1])
{
    unsigned initial = s < PLAIN ? INITIALS[s / 5] : INITIAL_OF_Y,
             medial = s < PLAIN ? MEDIALS[s % 5] : MEDIALS_WITH_Y[s - PLAIN];
    unsigned c = HANGUL + (initial * MEDIAL_COUNT + medial) * FINAL_COUNT;
    to[0] = (char)(0xE0 | c >> 12);
    to[1] = (char)(0x80 | (c >> 6 & 0x3F));
    to[2] = (char)(0x80 | (c & 0x3F));
    to[3] = 0;
}

static uint16_t line_check(unsigned line, const uint8_t bytes[PAPER_LINE])
{
    uint8_t text[sizeof CHECK_PURPOSE - 1 + 1 + PAPER_LINE];
    struct hash digest;
    memcpy(text, CHECK_PURPOSE, sizeof CHECK_PURPOSE - 1);
    text[sizeof CHECK_PURPOSE - 1] = (uint8_t)line;
    memcpy(text + sizeof CHECK_PURPOSE, bytes, PAPER_LINE);
    crypt_sha256(bytes_of(text, sizeof text), &digest);
    crypt_wipe(text, sizeof text);
    return (uint16_t)(u16_get(digest.b) >> (16 - CHECK_BITS));
}

/* ${n} bits from the front of ${p} on, at ${at}. */
static unsigned bits_get(const uint8_t *p, size_t at, unsigned n)
{
    unsigned v = 0;
    for (unsigned i = 0; i < n; i++, at++)
        v = v << 1 | ((unsigned)p[at / 8] >> (7 - at % 8) & 1u);
    return v;
}

static void bits_put(uint8_t *p, size_t at, unsigned n, unsigned v)
{
    for (unsigned i = 0; i < n; i++, at++)
        if (v >> (n - 1 - i) & 1)
            p[at / 8] |= (uint8_t)(0x80 >> at % 8);
}

void paper_line(unsigned line, const uint8_t bytes[PAPER_LINE], enum paper_letters letters, struct buf *to)
{
    uint8_t whole[PAPER_LINE + 2] = {0};
    char syllable[HANGUL_BYTES + 1];
    memcpy(whole, bytes, PAPER_LINE);
    bits_put(whole, (size_t)8 * PAPER_LINE, CHECK_BITS, line_check(line, bytes));
    for (size_t i = 0; i < LINE_SYLLABLES; i++) {
        unsigned s = bits_get(whole, i * 6, 6);
        if (i > 0 && i % WORD_SYLLABLES == 0)
            buf_put_u8(to, ' ');
        if (letters == PAPER_LATIN)
            syllable_latin(s, syllable);
        else
            syllable_hangul(s, syllable);
        buf_put_text(to, syllable);
    }
    crypt_wipe(whole, sizeof whole);
    crypt_wipe(syllable, sizeof syllable);
}

/* One syllable off the front; SYLLABLES when none is there. */
static unsigned syllable_take(struct bytes *text)
{
    for (unsigned s = 0; s < SYLLABLES; s++) {
        char latin[3], hangul[HANGUL_BYTES + 1];
        syllable_latin(s, latin);
        syllable_hangul(s, hangul);
        size_t n = 0;
        if (text->n >= 2 && tolower(text->p[0]) == latin[0] && tolower(text->p[1]) == latin[1])
            n = 2;
        else if (text->n >= HANGUL_BYTES && memcmp(text->p, hangul, HANGUL_BYTES) == 0)
            n = HANGUL_BYTES;
        if (n > 0) {
            *text = bytes_of(text->p + n, text->n - n);
            return s;
        }
    }
    return SYLLABLES;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '-';
}

static struct bytes trimmed(struct bytes text)
{
    while (text.n > 0 && is_blank(text.p[0]))
        text = bytes_of(text.p + 1, text.n - 1);
    while (text.n > 0 && is_blank(text.p[text.n - 1]))
        text.n--;
    return text;
}

int paper_line_read(unsigned line, struct bytes text, uint8_t ret[PAPER_LINE], struct err *e)
{
    OWN(buf_wipe) struct buf composed = {0};
    uint8_t whole[PAPER_LINE + 2] = {0};
    unsigned count = 0;
    if (unicode_nfc(text, &composed, NULL) == 0)
        text = buf_bytes(&composed);
    if (composed.failed)
        return err_memory(e);
    for (text = trimmed(text); text.n > 0; text = trimmed(text), count++) {
        unsigned s = syllable_take(&text);
        if (s == SYLLABLES)
            break;
        if (count < LINE_SYLLABLES)
            bits_put(whole, (size_t)count * 6, 6, s);
    }
    bool good = text.n == 0 && count == LINE_SYLLABLES &&
                bits_get(whole, (size_t)8 * PAPER_LINE, CHECK_BITS) == line_check(line, whole);
    if (good)
        memcpy(ret, whole, PAPER_LINE);
    crypt_wipe(whole, sizeof whole);
    if (text.n > 0)
        return err_set(e, ERR_DAMAGED, "line %u: after %u syllables comes what is none: compare it with the paper",
                       line, count);
    if (count != LINE_SYLLABLES)
        return err_set(e, ERR_DAMAGED, "line %u has %u syllables, and must have %d: compare it with the paper", line,
                       count, LINE_SYLLABLES);
    return good ? 0
                : err_set(e, ERR_DAMAGED, "line %u is mistyped: its check does not fit; compare it with the paper",
                          line);
}

/* ---- the square code's text ---- */

void paper_code(enum paper_kind kind, const uint8_t code[PAPER_CODE], struct buf *to)
{
    uint8_t padded[PAPER_CODE + 1] = {0};
    memcpy(padded, code, PAPER_CODE);
    buf_put_text(to, SQUARE[kind]);
    buf_put_text(to, SQUARE_VERSION);
    for (size_t i = 0; i < SQUARE_DIGITS; i++)
        buf_put_u8(to, (uint8_t)BASE32[bits_get(padded, 5 * i, 5)]);
    crypt_wipe(padded, sizeof padded);
}

static bool begins(struct bytes text, const char *with)
{
    size_t n = strlen(with);
    if (text.n < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (toupper(text.p[i]) != (uint8_t)with[i])
            return false;
    return true;
}

static int square_read(struct bytes text, uint8_t ret[PAPER_CODE], struct err *e)
{
    uint8_t whole[PAPER_CODE + 1] = {0};
    size_t n = 0;
    if (!begins(text, SQUARE_VERSION))
        return err_set(e, ERR_NEWER, "it was written by a newer groundwork: update the program");
    text = bytes_of(text.p + strlen(SQUARE_VERSION), text.n - strlen(SQUARE_VERSION));
    for (; n < SQUARE_DIGITS && n < text.n; n++) {
        const char *digit = strchr(BASE32, toupper(text.p[n]));
        if (digit == NULL || *digit == 0)
            break;
        bits_put(whole, 5 * n, 5, (unsigned)(digit - BASE32));
    }
    bool more = n < text.n && isalnum(text.p[n]);
    bool good = n == SQUARE_DIGITS && !more && whole[PAPER_CODE] == 0;
    if (good)
        memcpy(ret, whole, PAPER_CODE);
    crypt_wipe(whole, sizeof whole);
    return good ? 0 : err_set(e, ERR_DAMAGED, "the text of its square code is not whole: read it again");
}

/* ---- a code in a text ---- */

struct lines {
    uint8_t code[PAPER_CODE];
    bool read[PAPER_LINES];
    struct err why[PAPER_LINES]; /* of those that could not be read */
    bool labelled;
    unsigned plain; /* lines without a number so far */
};

/* A line printed twice, in both letters, counts when one is right; two that are right must be the same. */
static int line_add(struct lines *l, unsigned line, struct bytes text, struct err *e)
{
    uint8_t bytes[PAPER_LINE];
    struct err *why = &l->why[line - 1];
    int rc = paper_line_read(line, text, bytes, why->code == 0 ? why : NULL);
    if (rc != 0)
        return 0;
    uint8_t *place = l->code + (size_t)(line - 1) * PAPER_LINE;
    bool same = !l->read[line - 1] || crypt_equal(place, bytes, PAPER_LINE);
    memcpy(place, bytes, PAPER_LINE);
    crypt_wipe(bytes, sizeof bytes);
    l->read[line - 1] = true;
    return same ? 0 : err_set(e, ERR_DAMAGED, "line %u is there twice, differently: one paper to a file", line);
}

/* "1:", "1 :", "1.", "1)" or a full-width colon, as people type it: the number, and the rest; 0 when there is none. */
static unsigned label_take(struct bytes *line)
{
    static const char *const ends[] = {":", ".", ")", "\xEF\xBC\x9A"};
    if (line->n < 2 || line->p[0] < '1' || line->p[0] >= '1' + PAPER_LINES)
        return 0;
    struct bytes rest = trimmed(bytes_of(line->p + 1, line->n - 1));
    for (size_t i = 0; i < COUNT(ends); i++) {
        size_t n = strlen(ends[i]);
        if (rest.n >= n && memcmp(rest.p, ends[i], n) == 0) {
            unsigned number = (unsigned)(line->p[0] - '0');
            *line = bytes_of(rest.p + n, rest.n - n);
            return number;
        }
    }
    return 0;
}

static int lines_read(struct bytes text, struct lines *l, bool labelled, struct err *e)
{
    int rc = 0;
    while (rc == 0 && text.n > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);
        struct bytes line = trimmed(bytes_of(text.p, n));
        text = bytes_of(text.p + n + (end != NULL), text.n - n - (end != NULL));
        unsigned label = label_take(&line);
        l->labelled = l->labelled || label > 0;
        if (labelled && label > 0)
            rc = line_add(l, label, line, e);
        else if (!labelled && line.n > 0 && ++l->plain <= PAPER_LINES)
            rc = line_add(l, l->plain, line, e);
    }
    return rc;
}

static int lines_whole(const struct lines *l, struct err *e)
{
    for (unsigned i = 0; i < PAPER_LINES; i++)
        if (!l->read[i])
            return l->why[i].code != 0 ? err_set(e, l->why[i].code, "%s", l->why[i].text)
                                       : err_set(e, ERR_DAMAGED, "line %u of its words is missing", i + 1);
    return 0;
}

int paper_find(struct bytes text, uint8_t ret[PAPER_CODE], struct err *e)
{
    if (begins(text, MARK)) /* of an editor that wrote the text as UTF-8 */
        text = bytes_of(text.p + strlen(MARK), text.n - strlen(MARK));
    for (size_t i = 0; i < text.n; i++)
        for (size_t k = 0; k < COUNT(SQUARE); k++)
            if (begins(bytes_of(text.p + i, text.n - i), SQUARE[k])) {
                i += strlen(SQUARE[k]);
                return square_read(bytes_of(text.p + i, text.n - i), ret, e);
            }
    if (begins(text, PAGE))
        return err_set(e, ERR_ABSENT, "it is the page for the printer: give the .txt, or type the six lines");
    struct lines l = {0};
    int rc = lines_read(text, &l, true, e);
    if (rc == 0 && !l.labelled)
        rc = lines_read(text, &l, false, e);
    if (rc == 0 && !l.labelled && l.plain != PAPER_LINES)
        rc = err_set(e, ERR_ABSENT,
                     "no recovery sheet is in it: it needs the %d lines of words, or the text of the "
                     "square code",
                     PAPER_LINES);
    if (rc == 0)
        rc = lines_whole(&l, e);
    if (rc == 0)
        memcpy(ret, l.code, PAPER_CODE);
    crypt_wipe(&l, sizeof l);
    return rc;
}
