/* SHA256_Init and its kin are deprecated, but 1.4 times as fast as EVP for a tree node, and trees are all nodes. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypt/crypt_internal.h"

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
    return calloc(1, sizeof(struct crypt_sha256));
}

void crypt_sha256_begin(struct crypt_sha256 *c)
{
    SHA256_Init(&c->context);
}

void crypt_sha256_add(struct crypt_sha256 *c, struct bytes x)
{
    if (x.n != 0)
        SHA256_Update(&c->context, x.p, x.n);
}

struct bytes crypt_sha256_edge(struct crypt_sha256 *c, struct bytes x)
{
    size_t wanted = c->context.num == 0 ? 0 : SHA256_CBLOCK - c->context.num;
    size_t n = wanted < x.n ? wanted : x.n;
    crypt_sha256_add(c, bytes_of(x.p, n));
    return bytes_of(n == 0 ? x.p : x.p + n, x.n - n);
}

void crypt_sha256_blocks(struct crypt_sha256 *c, size_t blocks)
{
    uint64_t bits = ((uint64_t)c->context.Nh << 32 | c->context.Nl) + (uint64_t)blocks * SHA256_CBLOCK * 8;
    c->context.Nh = (SHA_LONG)(bits >> 32);
    c->context.Nl = (SHA_LONG)bits;
}

void crypt_sha256_so_far(const struct crypt_sha256 *c, struct hash *ret)
{
    struct crypt_sha256 ending = *c;
    SHA256_Final(ret->b, &ending.context);
    crypt_wipe(&ending, sizeof ending);
}

void crypt_sha256_end(struct crypt_sha256 *c, struct hash *ret)
{
    SHA256_Final(ret->b, &c->context);
}

void crypt_sha256_free(struct crypt_sha256 *c)
{
    if (c != NULL)
        crypt_wipe(c, sizeof *c);
    free(c);
}

void crypt_sha256_drop(struct crypt_sha256 **c)
{
    crypt_sha256_free(*c);
    *c = NULL;
}
