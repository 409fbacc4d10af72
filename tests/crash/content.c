/* content.c: see content.h.  Bytes of the last block beyond the size are zero always. */
#include "content.h"

#include <stdlib.h>
#include <string.h>

struct block {
    uint32_t holders;
    bool is_hashed;
    struct digest digest;
    uint8_t bytes[CONTENT_BLOCK_BYTES];
};

void digest_add(struct digest *d, const void *bytes, size_t count)
{
    const uint8_t *from = bytes;
    uint64_t a = d->a ^ count;
    uint64_t b = d->b + count;
    for (size_t left = count; left > 0;) {
        uint64_t word = 0;
        size_t take = left < sizeof(word) ? left : sizeof(word);
        memcpy(&word, from, take);
        unsigned __int128 product = (unsigned __int128)(a ^ word) * UINT64_C(0x9ddfea08eb382d69);
        a = (uint64_t)product ^ (uint64_t)(product >> 64) ^ (word << 1);
        b = (b ^ word) * UINT64_C(0xc6a4a7935bd1e995);
        b ^= b >> 29;
        from += take;
        left -= take;
    }
    d->a = plain_mix(a);
    d->b = plain_mix(b);
}

static void block_drop(struct block *block)
{
    if (block != NULL && --block->holders == 0)
        free(block);
}

/* A block that ${c} alone holds, so that it may be written. */
static struct block *block_own(struct content *c, size_t i)
{
    struct block *old = c->blocks[i];
    if (old != NULL && old->holders == 1) {
        old->is_hashed = false;
        return old;
    }
    struct block *fresh = plain_alloc(sizeof(*fresh));
    if (old != NULL) {
        memcpy(fresh->bytes, old->bytes, sizeof(fresh->bytes));
        old->holders--;
    }
    fresh->holders = 1;
    c->blocks[i] = fresh;
    return fresh;
}

struct content content_copy(const struct content *from)
{
    struct content to = *from;
    to.room = from->n_blocks;
    to.blocks = plain_alloc(from->n_blocks * sizeof(*to.blocks));
    for (size_t i = 0; i < from->n_blocks; i++) {
        to.blocks[i] = from->blocks[i];
        if (to.blocks[i] != NULL)
            to.blocks[i]->holders++;
    }
    return to;
}

void content_release(struct content *c)
{
    for (size_t i = 0; i < c->n_blocks; i++)
        block_drop(c->blocks[i]);
    free(c->blocks);
    *c = (struct content){0};
}

void content_resize(struct content *c, uint64_t size_bytes)
{
    if (size_bytes > CONTENT_BYTES_MAX)
        die(PLAIN_ENVIRONMENT, "the log makes a file of %llu bytes", (unsigned long long)size_bytes);
    size_t n = (size_t)((size_bytes + CONTENT_BLOCK_BYTES - 1) / CONTENT_BLOCK_BYTES);
    for (size_t i = n; i < c->n_blocks; i++)
        block_drop(c->blocks[i]);
    while (c->n_blocks < n) {
        c->blocks = plain_grow(c->blocks, c->n_blocks, &c->room, sizeof(*c->blocks));
        c->blocks[c->n_blocks++] = NULL;
    }
    c->n_blocks = n;
    size_t tail = (size_t)(size_bytes % CONTENT_BLOCK_BYTES);
    if (size_bytes < c->size_bytes && tail > 0 && c->blocks[n - 1] != NULL)
        memset(block_own(c, n - 1)->bytes + tail, 0, CONTENT_BLOCK_BYTES - tail);
    c->size_bytes = size_bytes;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* ${bytes} NULL: zeroes. */
static void put(struct content *c, uint64_t offset, const uint8_t *bytes, uint64_t count)
{
    while (count > 0) {
        size_t i = (size_t)(offset / CONTENT_BLOCK_BYTES);
        size_t within = (size_t)(offset % CONTENT_BLOCK_BYTES);
        size_t take = CONTENT_BLOCK_BYTES - within;
        if (take > count)
            take = (size_t)count;
        bool zeroes = bytes == NULL || is_zero(bytes, take);
        if (!zeroes)
            memcpy(block_own(c, i)->bytes + within, bytes, take);
        else if (c->blocks[i] != NULL)
            memset(block_own(c, i)->bytes + within, 0, take);
        bytes = bytes == NULL ? NULL : bytes + take;
        offset += take;
        count -= take;
    }
}

void content_write(struct content *c, uint64_t offset, const uint8_t *bytes, uint64_t count)
{
    if (count == 0)
        return;
    if (offset + count > c->size_bytes)
        content_resize(c, offset + count);
    put(c, offset, bytes, count);
}

void content_zero(struct content *c, uint64_t offset, uint64_t count)
{
    if (offset >= c->size_bytes)
        return;
    uint64_t within = c->size_bytes - offset;
    put(c, offset, NULL, count < within ? count : within);
}

/* A block of zeroes that is present and one that is absent are the same bytes: both count as absent. */
static struct digest block_digest(struct block *block)
{
    if (!block->is_hashed) {
        block->digest = (struct digest){0};
        if (!is_zero(block->bytes, sizeof(block->bytes)))
            digest_add(&block->digest, block->bytes, sizeof(block->bytes));
        block->is_hashed = true;
    }
    return block->digest;
}

struct digest content_digest(const struct content *c)
{
    struct digest whole = {0};
    digest_add(&whole, &c->size_bytes, sizeof(c->size_bytes));
    for (size_t i = 0; i < c->n_blocks; i++) {
        struct digest one = {0};
        if (c->blocks[i] != NULL)
            one = block_digest(c->blocks[i]);
        digest_add(&whole, &one, sizeof(one));
    }
    return whole;
}

const uint8_t *content_block(const struct content *c, size_t i, size_t *ret_bytes)
{
    uint64_t left = c->size_bytes - (uint64_t)i * CONTENT_BLOCK_BYTES;
    *ret_bytes = left < CONTENT_BLOCK_BYTES ? (size_t)left : (size_t)CONTENT_BLOCK_BYTES;
    return c->blocks[i] == NULL ? NULL : c->blocks[i]->bytes;
}
