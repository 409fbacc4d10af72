#include "base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

enum { BUF_ROOM_FIRST = 64, DECIMAL_U64_MAX = 20 };

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool bytes_words(struct bytes line, const char *name, struct bytes *list, size_t count)
{
    size_t n = strlen(name);
    if (line.n < n || memcmp(line.p, name, n) != 0)
        return false;
    line = bytes_of(line.p + n, line.n - n);
    for (size_t i = 0; i < count; i++) {
        if (line.n == 0 || line.p[0] != ' ')
            return false;
        line = bytes_of(line.p + 1, line.n - 1);
        const uint8_t *space = memchr(line.p, ' ', line.n);
        size_t length = space == NULL ? line.n : (size_t)(space - line.p);
        list[i] = bytes_of(line.p, length);
        line = bytes_of(line.p + length, line.n - length);
    }
    return line.n == 0;
}

void buf_drop(struct buf *b)
{
    if (b == NULL)
        return;
    free(b->p);
    *b = (struct buf){0};
}

void buf_wipe(struct buf *b)
{
    if (b == NULL)
        return;
    if (b->p != NULL)
        explicit_bzero(b->p, b->room);
    buf_drop(b);
}

void buf_clear(struct buf *b)
{
    b->n = 0;
}

void bytes_large(void *p, size_t n)
{
    enum { LARGE = 2 << 20 }; /* a page of that kind on all machines that have them */
    uintptr_t from = ((uintptr_t)p + LARGE - 1) / LARGE * LARGE, end = ((uintptr_t)p + n) / LARGE * LARGE;
    if (p != NULL && end > from)
        (void)madvise((uint8_t *)p + (from - (uintptr_t)p), end - from, MADV_HUGEPAGE);
}

/*
 * Make room for ${n} further bytes.  The old room is wiped rather than given to realloc: a buffer may hold a secret,
 * and buf_wipe could not reach a copy that growing had left behind.
 */
static bool make_room(struct buf *b, size_t n)
{
    if (b->failed)
        return false;
    size_t needed = 0;
    if (__builtin_add_overflow(b->n, n, &needed) || needed > PTRDIFF_MAX) {
        b->failed = true;
        return false;
    }
    if (b->p != NULL && needed <= b->room)
        return true;
    size_t room = b->room < BUF_ROOM_FIRST ? BUF_ROOM_FIRST : b->room;
    while (room < needed)
        room = room > PTRDIFF_MAX / 2 ? PTRDIFF_MAX : room * 2;
    uint8_t *p = malloc(room);
    if (p == NULL) {
        b->failed = true;
        return false;
    }
    bytes_large(p, room);
    if (b->p != NULL) {
        memcpy(p, b->p, b->n);
        explicit_bzero(b->p, b->room);
        free(b->p);
    }
    b->p = p;
    b->room = room;
    return true;
}

uint8_t *buf_more(struct buf *b, size_t n)
{
    if (!make_room(b, n))
        return NULL;
    uint8_t *at = b->p + b->n;
    b->n += n;
    assert(b->n <= b->room);
    return at;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    /* A piece of the buffer itself would be freed by the growth before it is copied. */
    assert((uintptr_t)p + n <= (uintptr_t)b->p || (uintptr_t)p >= (uintptr_t)b->p + b->room);
    uint8_t *to = buf_more(b, n);
    if (to != NULL)
        memcpy(to, p, n);
}

void buf_put_bytes(struct buf *b, struct bytes x)
{
    buf_put(b, x.p, x.n);
}

void buf_put_u8(struct buf *b, uint8_t v)
{
    if (!b->failed && b->n < b->room)
        b->p[b->n++] = v;
    else
        buf_put(b, &v, sizeof(v));
}

void buf_put_u16(struct buf *b, uint16_t v)
{
    uint8_t p[sizeof(v)];
    u16_put(p, v);
    buf_put(b, p, sizeof(p));
}

void buf_put_u32(struct buf *b, uint32_t v)
{
    uint8_t p[sizeof(v)];
    u32_put(p, v);
    buf_put(b, p, sizeof(p));
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    uint8_t p[sizeof(v)];
    u64_put(p, v);
    buf_put(b, p, sizeof(p));
}

void buf_put_decimal(struct buf *b, uint64_t v)
{
    uint8_t text[DECIMAL_U64_MAX];
    size_t at = sizeof(text);
    do {
        text[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    buf_put(b, text + at, sizeof(text) - at);
}

static void put_hex_digits(uint8_t *to, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = (uint8_t)digits[p[i] >> 4];
        to[2 * i + 1] = (uint8_t)digits[p[i] & 0x0f];
    }
}

void buf_put_hex(struct buf *b, struct bytes x)
{
    size_t n = 0;
    if (__builtin_mul_overflow(x.n, 2, &n)) {
        b->failed = true;
        return;
    }
    uint8_t *to = buf_more(b, n);
    if (to != NULL)
        put_hex_digits(to, x.p, x.n);
}

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One to three bytes as four letters. */
static void put_base64_group(uint8_t to[4], const uint8_t *p, size_t n)
{
    uint32_t v = (uint32_t)p[0] << 16;
    if (n > 1)
        v |= (uint32_t)p[1] << 8;
    if (n > 2)
        v |= p[2];
    to[0] = (uint8_t)base64_letters[v >> 18];
    to[1] = (uint8_t)base64_letters[v >> 12 & 63];
    to[2] = n > 1 ? (uint8_t)base64_letters[v >> 6 & 63] : '=';
    to[3] = n > 2 ? (uint8_t)base64_letters[v & 63] : '=';
}

void base64_put(uint8_t *to, struct bytes x)
{
    size_t whole = x.n - x.n % 3;
    for (size_t i = 0; i < whole; i += 3, to += 4)
        put_base64_group(to, x.p + i, 3);
    if (whole < x.n)
        put_base64_group(to, x.p + whole, x.n - whole);
}

void buf_put_base64(struct buf *b, struct bytes x)
{
    size_t n = 0;
    if (__builtin_mul_overflow(x.n / 3 + (x.n % 3 != 0), 4, &n)) {
        b->failed = true;
        return;
    }
    uint8_t *to = buf_more(b, n);
    if (to != NULL)
        base64_put(to, x);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list measured;
    va_list values;
    va_start(values, format);
    va_copy(measured, values);
    int n = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (n < 0)
        b->failed = true;
    else if (make_room(b, (size_t)n + 1)) {
        int written = vsnprintf((char *)b->p + b->n, (size_t)n + 1, format, values);
        assert(written == n);
        b->n += (size_t)written;
    }
    va_end(values);
}

int buf_check(const struct buf *b, struct err *e)
{
    return b->failed ? err_memory(e) : 0;
}

const char *buf_text(struct buf *b)
{
    if (!make_room(b, 1))
        return "";
    b->p[b->n] = 0;
    return (const char *)b->p;
}

struct bytes cursor_take(struct cursor *c, size_t n)
{
    if (c->failed || n > c->left) {
        c->failed = true;
        return (struct bytes){0};
    }
    if (n == 0)
        return bytes_of(c->p, 0);
    struct bytes taken = bytes_of(c->p, n);
    c->p += n;
    c->left -= n;
    return taken;
}

uint8_t cursor_u8(struct cursor *c)
{
    struct bytes x = cursor_take(c, sizeof(uint8_t));
    return c->failed ? 0 : x.p[0];
}

uint16_t cursor_u16(struct cursor *c)
{
    struct bytes x = cursor_take(c, sizeof(uint16_t));
    return c->failed ? 0 : u16_get(x.p);
}

uint32_t cursor_u32(struct cursor *c)
{
    struct bytes x = cursor_take(c, sizeof(uint32_t));
    return c->failed ? 0 : u32_get(x.p);
}

uint64_t cursor_u64(struct cursor *c)
{
    struct bytes x = cursor_take(c, sizeof(uint64_t));
    return c->failed ? 0 : u64_get(x.p);
}

void cursor_copy(struct cursor *c, void *to, size_t n)
{
    struct bytes x = cursor_take(c, n);
    if (n == 0)
        return;
    if (c->failed)
        memset(to, 0, n);
    else
        memcpy(to, x.p, n);
}

struct bytes cursor_line(struct cursor *c)
{
    const uint8_t *end = c->failed || c->left == 0 ? NULL : memchr(c->p, '\n', c->left);
    if (end == NULL) {
        c->failed = true;
        return (struct bytes){0};
    }
    struct bytes line = cursor_take(c, (size_t)(end - c->p));
    (void)cursor_take(c, 1);
    return line;
}

bool cursor_expect(struct cursor *c, const char *literal)
{
    struct bytes x = cursor_take(c, strlen(literal));
    if (!c->failed && !bytes_equal(x, bytes_text(literal)))
        c->failed = true;
    return !c->failed;
}

void hex_put(char *to, const uint8_t *p, size_t n)
{
    put_hex_digits((uint8_t *)to, p, n);
    to[2 * n] = 0;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int hex_get(struct bytes text, uint8_t *to, size_t n)
{
    if (text.n / 2 != n || text.n % 2 != 0)
        return ERR_DAMAGED;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(text.p[2 * i]);
        int low = hex_value(text.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return ERR_DAMAGED;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

/* Each letter's value and one; 0: it is none. */
static const uint8_t base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,  ['I'] = 9,
    ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27,
    ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45,
    ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64,
};

/* The number of bytes that ${text} stands for; false when its length or padding cannot be right. */
static bool base64_size(struct bytes text, size_t *ret_n)
{
    if (text.n % 4 != 0)
        return false;
    size_t padding = 0;
    if (text.n > 0 && text.p[text.n - 1] == '=')
        padding = text.p[text.n - 2] == '=' ? 2 : 1;
    *ret_n = text.n / 4 * 3 - padding;
    return true;
}

/* Whole groups of four letters; false for other letters, which is looked at once for all: there hardly ever are any. */
static bool get_base64_groups(const uint8_t *text, size_t groups, uint8_t *to)
{
    uint32_t others = 0;
    for (; groups > 0; groups--, text += 4, to += 3) {
        uint32_t a = base64_values[text[0]] - 1u, b = base64_values[text[1]] - 1u;
        uint32_t c = base64_values[text[2]] - 1u, d = base64_values[text[3]] - 1u;
        uint32_t v = a << 18 | b << 12 | c << 6 | d;
        others |= a | b | c | d;
        to[0] = (uint8_t)(v >> 16);
        to[1] = (uint8_t)(v >> 8);
        to[2] = (uint8_t)v;
    }
    return others < 64;
}

/* The last letters, two for one byte or three for two; false also for bits that no byte holds. */
static bool get_base64_end(const uint8_t *text, uint8_t *to, size_t n)
{
    uint32_t a = base64_values[text[0]] - 1u, b = base64_values[text[1]] - 1u;
    uint32_t c = n == 2 ? base64_values[text[2]] - 1u : 0, v = a << 18 | b << 12 | c << 6;
    to[0] = (uint8_t)(v >> 16);
    if (n == 2)
        to[1] = (uint8_t)(v >> 8);
    return (a | b | c) < 64 && (v & (n == 2 ? 0xff : 0xffff)) == 0;
}

int base64_get_exact(struct bytes text, uint8_t *to, size_t n)
{
    size_t size = 0;
    if (!base64_size(text, &size) || size != n)
        return ERR_DAMAGED;
    size_t groups = n / 3, rest = n % 3;
    bool good = get_base64_groups(text.p, groups, to) &&
                (rest == 0 || get_base64_end(text.p + groups * 4, to + groups * 3, rest));
    return good ? 0 : ERR_DAMAGED;
}

int base64_get(struct bytes text, struct buf *to)
{
    size_t size = 0;
    if (!base64_size(text, &size))
        return ERR_DAMAGED;
    size_t before = to->n;
    uint8_t *p = buf_more(to, size);
    if (p == NULL)
        return ERR_IO;
    int rc = base64_get_exact(text, p, size);
    if (rc != 0)
        to->n = before;
    return rc;
}

int decimal_get(struct bytes text, uint64_t *ret_value)
{
    if (text.n == 0 || text.n > DECIMAL_U64_MAX || (text.p[0] == '0' && text.n > 1))
        return ERR_DAMAGED;
    uint64_t value = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return ERR_DAMAGED;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text.p[i] - '0', &value))
            return ERR_DAMAGED;
    }
    *ret_value = value;
    return 0;
}
