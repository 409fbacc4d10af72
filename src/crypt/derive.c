/* The same choice as in hash.c: an intake derives several keys per file, and EVP_KDF costs ten times the hashing. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypt/crypt_internal.h"

#include <openssl/sha.h>

enum { BLOCK = SHA256_CBLOCK };

static void add(SHA256_CTX *c, struct bytes x)
{
    if (x.n != 0)
        SHA256_Update(c, x.p, x.n);
}

/* Hash one block: the key, padded with zeros and masked. */
static void begin_masked(SHA256_CTX *c, const uint8_t padded[BLOCK], uint8_t mask)
{
    uint8_t masked[BLOCK];
    for (size_t i = 0; i < BLOCK; i++)
        masked[i] = padded[i] ^ mask;
    SHA256_Init(c);
    SHA256_Update(c, masked, BLOCK);
    crypt_wipe(masked, sizeof masked);
}

void crypt_hmac(struct bytes key, struct bytes a, struct bytes b, struct bytes c, uint8_t ret[CRYPT_HASH])
{
    uint8_t padded[BLOCK] = {0};
    SHA256_CTX hash;
    if (key.n > BLOCK) {
        SHA256_Init(&hash);
        add(&hash, key);
        SHA256_Final(padded, &hash);
    } else if (key.n != 0) {
        memcpy(padded, key.p, key.n);
    }
    uint8_t inner[CRYPT_HASH];
    begin_masked(&hash, padded, 0x36);
    add(&hash, a);
    add(&hash, b);
    add(&hash, c);
    SHA256_Final(inner, &hash);
    begin_masked(&hash, padded, 0x5c);
    SHA256_Update(&hash, inner, sizeof inner);
    SHA256_Final(ret, &hash);
    crypt_wipe(padded, sizeof padded);
    crypt_wipe(inner, sizeof inner);
    crypt_wipe(&hash, sizeof hash);
}

void crypt_hkdf_extract(struct bytes salt, struct bytes input, struct key *ret)
{
    const struct bytes none = {NULL, 0};
    crypt_hmac(salt, input, none, none, ret->b);
}

void crypt_hkdf_expand(const struct key *prk, struct bytes label, struct bytes context, struct key *ret)
{
    const uint8_t first = 0x01;
    crypt_hmac(bytes_of(prk->b, CRYPT_KEY), label, context, bytes_of(&first, 1), ret->b);
}

/* The purpose with its closing zero byte, so that no purpose and context run together to look like another pair. */
static struct bytes label_of(const char *purpose)
{
    return bytes_of(purpose, strlen(purpose) + 1);
}

void crypt_derive(const struct key *key, const char *purpose, struct bytes context, struct key *ret)
{
    crypt_hkdf_expand(key, label_of(purpose), context, ret);
}

void crypt_derive_salted(const struct key *key, const uint8_t salt[CRYPT_SALT], const char *purpose, struct key *ret)
{
    OWN(key_drop) struct key prk;
    crypt_hkdf_extract(bytes_of(salt, CRYPT_SALT), bytes_of(key->b, CRYPT_KEY), &prk);
    crypt_hkdf_expand(&prk, label_of(purpose), bytes_of(NULL, 0), ret);
}
