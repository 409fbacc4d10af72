#include "crypt/crypt_internal.h"

#include <sodium.h>

_Static_assert(crypto_sign_SEEDBYTES == CRYPT_KEY, "a seed is a key");
_Static_assert(crypto_sign_PUBLICKEYBYTES == CRYPT_PUBLIC, "public keys of Ed25519");
_Static_assert(crypto_sign_BYTES == CRYPT_SIGNATURE, "signatures of Ed25519");
_Static_assert(crypto_sign_SECRETKEYBYTES == CRYPT_KEY + CRYPT_PUBLIC, "libsodium's secret key is seed and public key");

void crypt_sign_public(const struct key *seed, uint8_t ret_public[CRYPT_PUBLIC])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(ret_public, secret, seed->b);
    sodium_memzero(secret, sizeof secret);
}

void crypt_signer_make(const struct key *seed, struct crypt_signer *ret)
{
    uint8_t public_key[CRYPT_PUBLIC];
    crypto_sign_seed_keypair(public_key, ret->secret, seed->b);
}

void crypt_signer_drop(struct crypt_signer *s)
{
    sodium_memzero(s, sizeof *s);
}

const uint8_t *crypt_signer_public(const struct crypt_signer *s)
{
    return s->secret + CRYPT_KEY;
}

void crypt_signer_sign(const struct crypt_signer *s, struct bytes message, uint8_t ret[CRYPT_SIGNATURE])
{
    crypto_sign_detached(ret, NULL, message.p, message.n, s->secret);
}

void crypt_sign_raw(const struct key *seed, struct bytes message, uint8_t ret[CRYPT_SIGNATURE])
{
    OWN(crypt_signer_drop) struct crypt_signer signer;
    crypt_signer_make(seed, &signer);
    crypt_signer_sign(&signer, message, ret);
}

/* The one way to check.  What libsodium takes is said in FORMAT 1: no cofactor, one form of each signature, no points
 * of small order. */
bool crypt_verify_raw(const uint8_t key[CRYPT_PUBLIC], struct bytes message, const uint8_t signature[CRYPT_SIGNATURE])
{
    return crypto_sign_verify_detached(signature, message.p, message.n, key) == 0;
}

/* ${purpose} || 0x00 || message; may be secret, so it is wiped. */
static void put_purposed(struct buf *to, const char *purpose, struct bytes message)
{
    size_t label = strlen(purpose) + 1;
    uint8_t *p = buf_more(to, label + message.n);
    if (p == NULL)
        return;
    memcpy(p, purpose, label);
    if (message.n != 0)
        memcpy(p + label, message.p, message.n);
}

int crypt_sign(const struct key *seed, const char *purpose, struct bytes message, uint8_t ret[CRYPT_SIGNATURE],
               struct err *e)
{
    OWN(buf_wipe) struct buf whole = {0};
    put_purposed(&whole, purpose, message);
    int rc = buf_check(&whole, e);
    if (rc == 0)
        crypt_sign_raw(seed, buf_bytes(&whole), ret);
    return rc;
}

bool crypt_verify(const uint8_t key[CRYPT_PUBLIC], const char *purpose, struct bytes message,
                  const uint8_t signature[CRYPT_SIGNATURE])
{
    OWN(buf_wipe) struct buf whole = {0};
    put_purposed(&whole, purpose, message);
    if (whole.failed)
        err_memory_end(); /* "false" would call a good signature forged */
    return crypt_verify_raw(key, buf_bytes(&whole), signature);
}
