#include "crypt/crypt_internal.h"

#include <sodium.h>

_Static_assert(crypto_box_SEEDBYTES == CRYPT_KEY, "a seed is a key");
_Static_assert(crypto_box_PUBLICKEYBYTES == CRYPT_PUBLIC, "public keys of X25519");
_Static_assert(crypto_box_SEALBYTES + CRYPT_HASH == CRYPT_BOX_OVERHEAD, "what a box adds");

void crypt_box_public(const struct key *seed, uint8_t ret_public[CRYPT_PUBLIC])
{
    OWN(key_drop) struct key secret;
    crypto_box_seed_keypair(ret_public, secret.b, seed->b);
}

/* Take back the last ${n} bytes of ${b}, leaving nothing of them. */
static void give_back(struct buf *b, size_t n)
{
    sodium_memzero(b->p + b->n - n, n);
    b->n -= n;
}

int crypt_box_seal(const uint8_t receiver[CRYPT_PUBLIC], struct bytes context, struct bytes plain, struct buf *to)
{
    OWN(buf_wipe) struct buf inside = {0};
    struct hash bound;
    crypt_sha256(context, &bound);
    uint8_t *in = buf_more(&inside, CRYPT_HASH + plain.n);
    if (in == NULL)
        return ERR_IO;
    uint8_t *out = buf_more(to, plain.n + CRYPT_BOX_OVERHEAD);
    if (out == NULL)
        return ERR_IO;
    memcpy(in, bound.b, CRYPT_HASH);
    if (plain.n != 0)
        memcpy(in + CRYPT_HASH, plain.p, plain.n);
    if (crypto_box_seal(out, in, inside.n, receiver) == 0)
        return 0;
    give_back(to, plain.n + CRYPT_BOX_OVERHEAD);
    return ERR_KEY;
}

int crypt_box_open(const struct key *seed, struct bytes context, struct bytes box, struct buf *to)
{
    if (box.n < CRYPT_BOX_OVERHEAD)
        return ERR_KEY;
    size_t inside = box.n - crypto_box_SEALBYTES;
    uint8_t *out = buf_more(to, inside);
    if (out == NULL)
        return ERR_IO;
    uint8_t public_key[CRYPT_PUBLIC];
    OWN(key_drop) struct key secret;
    crypto_box_seed_keypair(public_key, secret.b, seed->b);
    struct hash bound;
    crypt_sha256(context, &bound);
    if (crypto_box_seal_open(out, box.p, box.n, public_key, secret.b) != 0 ||
        !crypt_equal(out, bound.b, CRYPT_HASH)) {
        give_back(to, inside);
        return ERR_KEY;
    }
    memmove(out, out + CRYPT_HASH, inside - CRYPT_HASH);
    give_back(to, CRYPT_HASH);
    return 0;
}
