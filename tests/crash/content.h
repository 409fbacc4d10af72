/*
 * content.h: the bytes of one file, in blocks that copies share until one of them is written.
 *
 * The replay makes thousands of states that differ in a few bytes; so a copy costs a pointer per block, a block is
 * hashed once, and a block that is all zero takes no room.
 */
#ifndef TESTS_CRASH_CONTENT_H
#define TESTS_CRASH_CONTENT_H

#include "plain.h"

enum { CONTENT_BLOCK_BYTES = 16384 };

/* The largest file a recording may hold: a wrong length must not become a wish for terabytes. */
#define CONTENT_BYTES_MAX (UINT64_C(1) << 32)

struct block;

/* All zero: an empty file. */
struct content {
    uint64_t size_bytes;
    size_t n_blocks;
    size_t room;
    struct block **blocks; /* NULL: a block of zeroes */
};

/* 128 bits, enough that two different states never pass for one; not meant to resist anybody. */
struct digest {
    uint64_t a;
    uint64_t b;
};

/* digest_add(d, bytes, count): ${d}, then these bytes and their count. */
void digest_add(struct digest *d, const void *bytes, size_t count);

/* content_copy(from): A copy; the caller releases it. */
struct content content_copy(const struct content *from);

/* content_release(c): Ends ${c}, which is empty then. */
void content_release(struct content *c);

/* content_write(c, offset, bytes, count): Put ${bytes} at ${offset}; what lies between the end and there is zero. */
void content_write(struct content *c, uint64_t offset, const uint8_t *bytes, uint64_t count);

/* content_resize(c, size_bytes): Cut, or grow by zeroes. */
void content_resize(struct content *c, uint64_t size_bytes);

/* content_zero(c, offset, count): Bytes become zero; the size stays. */
void content_zero(struct content *c, uint64_t offset, uint64_t count);

/* content_digest(c): Of size and bytes. */
struct digest content_digest(const struct content *c);

/* content_block(c, i, ret_bytes): Block ${i} and how many of its bytes lie within the file; NULL: that many zeroes. */
const uint8_t *content_block(const struct content *c, size_t i, size_t *ret_bytes);

#endif
