/* SHA256_Init and its kin are deprecated, but 1.4 times as fast as EVP for a tree node, and trees are all nodes. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypt/crypt_internal.h"

#include <openssl/sha.h>

struct crypt_sha256 {
    EVP_MD_CTX *context;
};

void crypt_sha256(struct bytes x, struct hash *ret)
{
    SHA256_CTX c;
    SHA256_Init(&c);
    if (x.n != 0)
        SHA256_Update(&c, x.p, x.n);
    SHA256_Final(ret->b, &c);
}

struct crypt_sha256 *crypt_sha256_new(void)
{
    OWN(crypt_sha256_drop) struct crypt_sha256 *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->context = EVP_MD_CTX_new();
    if (c->context == NULL || EVP_DigestInit_ex2(c->context, crypt_sha256_method, NULL) != 1)
        return NULL;
    return TAKE(c);
}

void crypt_sha256_begin(struct crypt_sha256 *c)
{
    crypt_must(EVP_DigestInit_ex2(c->context, NULL, NULL));
}

void crypt_sha256_add(struct crypt_sha256 *c, struct bytes x)
{
    if (x.n != 0)
        crypt_must(EVP_DigestUpdate(c->context, x.p, x.n));
}

void crypt_sha256_end(struct crypt_sha256 *c, struct hash *ret)
{
    crypt_must(EVP_DigestFinal_ex(c->context, ret->b, NULL));
}

void crypt_sha256_free(struct crypt_sha256 *c)
{
    if (c == NULL)
        return;
    EVP_MD_CTX_free(c->context);
    free(c);
}

void crypt_sha256_drop(struct crypt_sha256 **c)
{
    crypt_sha256_free(*c);
    *c = NULL;
}

void crypt_leaf_hash(struct bytes entry, struct hash *ret)
{
    const uint8_t mark = 0x00;
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, &mark, 1);
    if (entry.n != 0)
        SHA256_Update(&c, entry.p, entry.n);
    SHA256_Final(ret->b, &c);
}

void crypt_node_hash(const struct hash *left, const struct hash *right, struct hash *ret)
{
    uint8_t node[1 + 2 * CRYPT_HASH];
    node[0] = 0x01;
    memcpy(node + 1, left->b, CRYPT_HASH);
    memcpy(node + 1 + CRYPT_HASH, right->b, CRYPT_HASH);
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, node, sizeof node);
    SHA256_Final(ret->b, &c);
}
