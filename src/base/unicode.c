#include "base/unicode.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include <assert.h>

/* The next character of ${utf8}, from ${*at}, which moves behind it; negative for a byte that belongs to none. */
static UChar32 next_character(struct bytes utf8, size_t *at)
{
    /* ICU counts in int32_t; it is shown the few bytes one character can have. */
    const uint8_t *p = utf8.p + *at;
    int32_t left = utf8.n - *at < U8_MAX_LENGTH ? (int32_t)(utf8.n - *at) : U8_MAX_LENGTH;
    int32_t i = 0;
    UChar32 c;
    U8_NEXT(p, i, left, c);
    *at += c < 0 ? 1 : (size_t)i;
    return c;
}

/* Behind the ASCII from ${at} on: eight bytes at once, most texts have little else. */
static size_t ascii_end(struct bytes text, size_t at)
{
    uint64_t word;
    for (; text.n - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.p + at, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (at < text.n && text.p[at] < 0x80)
        at++;
    return at;
}

/* Length of the leading part of ${utf8} that is well-formed; it may hold zero bytes. */
static size_t valid_size(struct bytes utf8)
{
    size_t at = ascii_end(utf8, 0);
    while (at < utf8.n) {
        size_t next = at;
        if (next_character(utf8, &next) < 0)
            break;
        at = ascii_end(utf8, next);
    }
    return at;
}

static bool is_ascii(struct bytes text)
{
    return ascii_end(text, 0) == text.n;
}

bool unicode_valid(struct bytes utf8)
{
    if (utf8.n == 0)
        return true;
    return memchr(utf8.p, 0, utf8.n) == NULL && valid_size(utf8) == utf8.n;
}

bool unicode_known(struct bytes utf8)
{
    if (is_ascii(utf8))
        return true;
    for (size_t at = 0; at < utf8.n;) {
        UChar32 c = next_character(utf8, &at);
        if (c < 0 || u_charType(c) == U_UNASSIGNED)
            return false;
    }
    return true;
}

static const UNormalizer2 *nfc(void)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *n = unorm2_getNFCInstance(&status);
    assert(U_SUCCESS(status));
    return n;
}

/* Text in ICU's own form: wiped, for it may be a name that must not stay behind. */
struct wide {
    UChar *p;
    int32_t n;
};

static void wide_drop(struct wide *w)
{
    if (w->p != NULL)
        explicit_bzero(w->p, (size_t)w->n * sizeof *w->p);
    free(w->p);
    *w = (struct wide){0};
}

/* Valid UTF-8 of at most UNICODE_BYTES_MAX to UTF-16, which has no more units than UTF-8 has bytes. */
static bool widen(struct bytes utf8, struct wide *ret)
{
    assert(utf8.n <= UNICODE_BYTES_MAX);
    ret->p = calloc(utf8.n + 1, sizeof(*ret->p));
    if (ret->p == NULL)
        return false;
    UErrorCode status = U_ZERO_ERROR;
    (void)u_strFromUTF8(ret->p, (int32_t)utf8.n + 1, &ret->n, (const char *)utf8.p, (int32_t)utf8.n, &status);
    assert(U_SUCCESS(status));
    return U_SUCCESS(status);
}

/* The normal form may be longer than the text: ask for the length, then write. */
static bool normalize(const struct wide *from, struct wide *ret)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = unorm2_normalize(nfc(), from->p, from->n, NULL, 0, &status);
    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return false;
    ret->p = calloc((size_t)n + 1, sizeof(*ret->p));
    if (ret->p == NULL)
        return false;
    status = U_ZERO_ERROR;
    ret->n = unorm2_normalize(nfc(), from->p, from->n, ret->p, n + 1, &status);
    return U_SUCCESS(status);
}

static void narrow(const struct wide *from, struct buf *to)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;
    (void)u_strToUTF8(NULL, 0, &n, from->p, from->n, &status);
    uint8_t *p = buf_more(to, (size_t)n);
    if (p == NULL)
        return;
    status = U_ZERO_ERROR;
    (void)u_strToUTF8((char *)p, n, &n, from->p, from->n, &status);
    assert(U_SUCCESS(status));
}

/* Append the normal form of well-formed ${utf8}; memory is all that can fail. */
static void put_nfc(struct bytes utf8, struct buf *to)
{
    if (is_ascii(utf8)) {
        buf_put_bytes(to, utf8);
        return;
    }
    OWN(wide_drop) struct wide text = {0};
    OWN(wide_drop) struct wide normal = {0};
    if (widen(utf8, &text) && normalize(&text, &normal))
        narrow(&normal, to);
    else
        to->failed = true;
}

bool unicode_is_nfc(struct bytes utf8)
{
    if (utf8.n > UNICODE_BYTES_MAX || !unicode_valid(utf8))
        return false;
    if (is_ascii(utf8))
        return true;
    OWN(buf_wipe) struct buf normal = {0};
    put_nfc(utf8, &normal);
    return !normal.failed && bytes_equal(buf_bytes(&normal), utf8);
}

int unicode_nfc(struct bytes utf8, struct buf *to, struct err *e)
{
    if (utf8.n > UNICODE_BYTES_MAX)
        return err_set(e, ERR_DAMAGED, "this text is longer than %d bytes", UNICODE_BYTES_MAX);
    if (!unicode_valid(utf8))
        return err_set(e, ERR_DAMAGED, "this text is not UTF-8");
    size_t before = to->n;
    put_nfc(utf8, to);
    if (to->failed)
        to->n = before;
    return buf_check(to, e);
}

static void put_escape(struct buf *to, struct bytes hidden)
{
    for (size_t i = 0; i < hidden.n; i++) {
        buf_put_text(to, "\\x");
        buf_put_hex(to, bytes_of(hidden.p + i, 1));
    }
}

/* Controls move the cursor; separators break the line; bidirectional controls make it read as another. */
static bool is_hidden(UChar32 c)
{
    int8_t type = u_charType(c);
    return type == U_CONTROL_CHAR || type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR ||
           u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL);
}

bool unicode_plain(struct bytes utf8)
{
    for (size_t at = 0; at < utf8.n;) {
        UChar32 c = next_character(utf8, &at);
        if (c < 0 || is_hidden(c))
            return false;
    }
    return true;
}

/* Append text that is in normal form.  ${escaped} tells, before and after, that an escape stands directly in front. */
static void put_shown(struct bytes text, bool *escaped, struct buf *to)
{
    size_t at = 0;
    while (at < text.n) {
        size_t from = at;
        UChar32 c = next_character(text, &at);
        struct bytes character = bytes_of(text.p + from, at - from);
        /* A mark that followed what is now an escape would sit on its last digit, and the whole would not be NFC. */
        bool loose = *escaped && !unorm2_hasBoundaryBefore(nfc(), c);
        *escaped = loose || is_hidden(c);
        if (*escaped)
            put_escape(to, character);
        else if (c == '\\')
            buf_put_text(to, "\\\\");
        else
            buf_put_bytes(to, character);
    }
}

void unicode_display(struct bytes name, struct buf *to)
{
    if (name.n > UNICODE_BYTES_MAX) {
        to->failed = true;
        return;
    }
    bool escaped = false;
    while (name.n > 0 && !to->failed) {
        OWN(buf_drop) struct buf normal = {0};
        size_t n = valid_size(name);
        put_nfc(bytes_of(name.p, n), &normal);
        put_shown(buf_bytes(&normal), &escaped, to);
        to->failed = to->failed || normal.failed;
        if (n < name.n) {
            put_escape(to, bytes_of(name.p + n, 1));
            escaped = true;
            n++;
        }
        name = bytes_of(name.p + n, name.n - n);
    }
}

/* Marks and format characters take no column, and the vowels and finals of Hangul stand in the one of the initial. */
static size_t columns_of(UChar32 c)
{
    enum { SOFT_HYPHEN = 0x00ad };
    int8_t type = u_charType(c);
    if (c == SOFT_HYPHEN)
        return 1;
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR || type == U_CONTROL_CHAR)
        return 0;
    int32_t syllable = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
    if (syllable == U_HST_VOWEL_JAMO || syllable == U_HST_TRAILING_JAMO)
        return 0;
    int32_t width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

size_t unicode_columns(struct bytes utf8)
{
    size_t columns = 0;
    size_t at = 0;
    while (at < utf8.n) {
        UChar32 c = next_character(utf8, &at);
        columns += c < 0 ? 1 : columns_of(c);
    }
    return columns;
}
