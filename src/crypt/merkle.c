/*
 * Leaves and nodes of Merkle trees (RFC 6962, 2.1): one, or many of a kind, whose blocks then lie side by side.
 */
/* The same choice as in hash.c: a leaf is one block and a node is two. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypt/crypt_internal.h"

#include <assert.h>

enum { BLOCK = SHA256_CBLOCK, LEAF = 0x00, NODE = 0x01, PAIR = 2 * CRYPT_HASH };
_Static_assert(CRYPT_LEAF_SHORT == BLOCK - 1 - 9, "mark, entry and what ends a message (FIPS 180-4, 5.1.1) in a block");

void crypt_leaf_hash(struct bytes entry, struct hash *ret)
{
    const uint8_t mark = LEAF;
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, &mark, 1);
    if (entry.n != 0)
        SHA256_Update(&c, entry.p, entry.n);
    SHA256_Final(ret->b, &c);
}

void crypt_node_hash(const struct hash *left, const struct hash *right, struct hash *ret)
{
    uint8_t node[1 + PAIR];
    node[0] = NODE;
    memcpy(node + 1, left->b, CRYPT_HASH);
    memcpy(node + 1 + CRYPT_HASH, right->b, CRYPT_HASH);
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, node, sizeof node);
    SHA256_Final(ret->b, &c);
}

/* Sixteen messages of as many bytes each: a mark and what is given, ended and filled up to ${blocks} blocks. */
struct sixteen {
    uint8_t message[CRYPT_WIDE][2 * BLOCK];
    const uint8_t *p[CRYPT_WIDE];
    uint32_t state[8][CRYPT_WIDE];
};

static void sixteen_begin(struct sixteen *x, uint8_t mark, size_t bytes, size_t blocks)
{
    for (size_t m = 0; m < CRYPT_WIDE; m++) {
        uint8_t *to = x->message[m];
        memset(to, 0, BLOCK * blocks);
        to[0] = mark;
        to[1 + bytes] = 0x80;
        u64_put(to + BLOCK * blocks - 8, (uint64_t)(1 + bytes) * 8);
        x->p[m] = to;
    }
}

static void sixteen_hash(struct sixteen *x, const uint8_t *given, size_t bytes, size_t apart, size_t blocks,
                         struct hash ret[CRYPT_WIDE])
{
    for (size_t m = 0; m < CRYPT_WIDE; m++)
        memcpy(x->message[m] + 1, given + m * apart, bytes);
    crypt_wide_begin(x->state);
    crypt_wide_blocks(x->state, x->p, blocks);
    for (size_t m = 0; m < CRYPT_WIDE; m++)
        crypt_wide_digest(x->state, m, ret[m].b);
}

static bool by_sixteen; /* set once by crypt_start */

void crypt_leaf_hash_each(const uint8_t *entries, size_t bytes, size_t apart, size_t count, struct hash *ret)
{
    size_t i = 0;
    assert(bytes <= CRYPT_LEAF_SHORT);
    if (by_sixteen && count >= CRYPT_WIDE) {
        struct sixteen x;
        sixteen_begin(&x, LEAF, bytes, 1);
        for (; count - i >= CRYPT_WIDE; i += CRYPT_WIDE)
            sixteen_hash(&x, entries + i * apart, bytes, apart, 1, ret + i);
    }
    for (; i < count; i++)
        crypt_leaf_hash(bytes_of(entries + i * apart, bytes), &ret[i]);
}

void crypt_node_hash_each(const struct hash *pairs, size_t count, struct hash *ret)
{
    size_t i = 0;
    if (by_sixteen && count >= CRYPT_WIDE) {
        struct sixteen x;
        sixteen_begin(&x, NODE, PAIR, 2);
        for (; count - i >= CRYPT_WIDE; i += CRYPT_WIDE)
            sixteen_hash(&x, pairs[2 * i].b, PAIR, PAIR, 2, ret + i);
    }
    for (; i < count; i++)
        crypt_node_hash(&pairs[2 * i], &pairs[2 * i + 1], &ret[i]);
}

/* Held to the single ones, whose hash libcrypto computes. */
bool crypt_merkle_start(void)
{
    enum { COUNT_MAX = 2 * CRYPT_WIDE + 1, APART = CRYPT_LEAF_SHORT + 3 };
    static const size_t lengths[] = {0, 1, 33, CRYPT_LEAF_SHORT};
    uint8_t entries[COUNT_MAX * APART];
    struct hash leaves[COUNT_MAX], nodes[COUNT_MAX / 2], want;
    bool right = true;
    by_sixteen = crypt_wide_supported();
    for (size_t i = 0; i < sizeof entries; i++)
        entries[i] = (uint8_t)(i * 11 + i / 256);
    for (size_t k = 0; k < COUNT(lengths); k++) {
        crypt_leaf_hash_each(entries, lengths[k], APART, COUNT_MAX, leaves);
        for (size_t i = 0; i < COUNT_MAX; i++) {
            crypt_leaf_hash(bytes_of(entries + i * APART, lengths[k]), &want);
            right = right && hash_equal(&want, &leaves[i]);
        }
    }
    crypt_node_hash_each(leaves, COUNT(nodes), nodes);
    for (size_t i = 0; i < COUNT(nodes); i++) {
        crypt_node_hash(&leaves[2 * i], &leaves[2 * i + 1], &want);
        right = right && hash_equal(&want, &nodes[i]);
    }
    return right;
}
