/*
 * Bytes: a borrowed run (struct bytes), a growing buffer (struct buf) through which everything written passes, and
 * a bounded cursor (struct cursor) through which everything stored is read.  Integers are big-endian on disk.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/err.h"
#include "base/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *p;
    size_t n;
};

static inline struct bytes bytes_of(const void *p, size_t n)
{
    return (struct bytes){p, n};
}
static inline struct bytes bytes_text(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}
/* bytes_large: ${p}, fresh from malloc, is to be had in few large pages, where there are such. */
void bytes_large(void *p, size_t n);

bool bytes_equal(struct bytes a, struct bytes b);
/* bytes_words: of "name a b c" what stands behind the name, by single blanks; exactly ${count}. */
bool bytes_words(struct bytes line, const char *name, struct bytes *list, size_t count);

static inline void u16_put(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void u32_put(uint8_t *p, uint32_t v)
{
    u16_put(p, (uint16_t)(v >> 16));
    u16_put(p + 2, (uint16_t)v);
}
static inline void u64_put(uint8_t *p, uint64_t v)
{
    u32_put(p, (uint32_t)(v >> 32));
    u32_put(p + 4, (uint32_t)v);
}
static inline uint16_t u16_get(const uint8_t *p)
{
    return (uint16_t)((uint16_t)p[0] << 8 | p[1]);
}
static inline uint32_t u32_get(const uint8_t *p)
{
    return (uint32_t)u16_get(p) << 16 | u16_get(p + 2);
}
static inline uint64_t u64_get(const uint8_t *p)
{
    return (uint64_t)u32_get(p) << 32 | u32_get(p + 4);
}

/*
 * A growing buffer.  Zeroed is empty and valid.  A failed growth is remembered, also by buf_clear, and nothing is
 * appended after it: check with buf_check once at the end.  Growing leaves no copy behind, so buf_wipe reaches all.
 * What is put must not be a piece of the buffer itself.
 */
struct buf {
    uint8_t *p;
    size_t n;
    size_t room;
    bool failed;
};
void buf_drop(struct buf *b);               /* frees; NULL and zeroed are fine */
void buf_wipe(struct buf *b);               /* overwrites the whole room, then frees: for secrets */
void buf_clear(struct buf *b);              /* empties, keeps the room */
uint8_t *buf_more(struct buf *b, size_t n); /* n further bytes to be filled by the caller; NULL when memory is out */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_bytes(struct buf *b, struct bytes x);
static inline void buf_put_text(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s)); /* here, where most are literals */
}
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_decimal(struct buf *b, uint64_t v);
void buf_put_hex(struct buf *b, struct bytes x);
void buf_put_base64(struct buf *b, struct bytes x);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
int buf_check(const struct buf *b, struct err *e); /* 0, or ERR_IO with the line for lost memory */
/* buf_text(b): the content as a C string (a zero byte is put behind, not counted); "" when memory was lost. */
const char *buf_text(struct buf *b);
static inline struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->p, b->n};
}

/* A bounded reader.  Reading past the end sets failed and returns zeros; check cursor_done once at the end. */
struct cursor {
    const uint8_t *p;
    size_t left;
    bool failed;
};
static inline struct cursor cursor_of(struct bytes x)
{
    return (struct cursor){x.p, x.n, false};
}
struct bytes cursor_take(struct cursor *c, size_t n);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
void cursor_copy(struct cursor *c, void *to, size_t n); /* zeros when it failed */
/* cursor_line(c): the bytes up to the next newline, which is consumed; failed when there is none. */
struct bytes cursor_line(struct cursor *c);
bool cursor_expect(struct cursor *c, const char *literal); /* consume exactly these bytes, else failed */
/* cursor_done(c): true when nothing failed and nothing is left over. */
static inline bool cursor_done(const struct cursor *c)
{
    return !c->failed && c->left == 0;
}

/* Text forms.  All are strict: canonical base64 with padding (RFC 4648 section 4), lower-case hex, decimals
 * without sign or leading zero.  Each returns 0, or ERR_DAMAGED without words; base64_get also ERR_IO when memory is
 * out, and appends nothing when it fails. */
void hex_put(char *to, const uint8_t *p, size_t n); /* 2n characters and a zero byte */
int hex_get(struct bytes text, uint8_t *to, size_t n);
void base64_put(uint8_t *to, struct bytes x); /* four characters for every three bytes begun, and nothing behind */
int base64_get(struct bytes text, struct buf *to); /* appends */
int base64_get_exact(struct bytes text, uint8_t *to, size_t n);
int decimal_get(struct bytes text, uint64_t *ret_value);

#endif
