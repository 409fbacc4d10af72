/* The same choice as in hash.c: an intake derives several keys per file, and EVP_KDF costs ten times the hashing. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypt/crypt_internal.h"

#include <assert.h>
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

/* ---- many at once ---- */

/*
 * HMAC of sixteen short texts, each under a key of its own: a block of the masked key and one of the text, twice.
 * Their keys, padded, and the texts with what ends them (FIPS 180-4, 5.1.1) lie side by side.
 */
enum { TEXT_MAX = BLOCK - 9, INNER = 0x36, OUTER = 0x5c };
struct many {
    uint8_t key[CRYPT_WIDE][BLOCK];
    uint8_t message[CRYPT_WIDE][2 * BLOCK];
    uint32_t state[8][CRYPT_WIDE];
};

/* A second block of ${n} bytes, which are there, behind a whole one. */
static void message_end(uint8_t block[BLOCK], size_t n)
{
    block[n] = 0x80;
    memset(block + n + 1, 0, BLOCK - n - 1);
    u64_put(block + BLOCK - 8, (uint64_t)(BLOCK + n) * 8);
}

static void hash_masked(struct many *x, uint8_t mask)
{
    const uint8_t *p[CRYPT_WIDE];
    for (size_t m = 0; m < CRYPT_WIDE; m++) {
        for (size_t i = 0; i < BLOCK; i++)
            x->message[m][i] = x->key[m][i] ^ mask;
        p[m] = x->message[m];
    }
    crypt_wide_begin(x->state);
    crypt_wide_blocks(x->state, p, 2);
}

/* ${text}: as many bytes for each, ${apart} from one to the next; 0: the same for all. */
static void hmac_sixteen(struct many *x, const uint8_t *text, size_t n, size_t apart, struct key ret[CRYPT_WIDE])
{
    for (size_t m = 0; m < CRYPT_WIDE; m++) {
        memcpy(x->message[m] + BLOCK, text + m * apart, n);
        message_end(x->message[m] + BLOCK, n);
    }
    hash_masked(x, INNER);
    for (size_t m = 0; m < CRYPT_WIDE; m++) {
        crypt_wide_digest(x->state, m, x->message[m] + BLOCK);
        message_end(x->message[m] + BLOCK, CRYPT_HASH);
    }
    hash_masked(x, OUTER);
    for (size_t m = 0; m < CRYPT_WIDE; m++)
        crypt_wide_digest(x->state, m, ret[m].b);
}

static void keys_put(struct many *x, const void *keys, size_t n)
{
    for (size_t m = 0; m < CRYPT_WIDE; m++) {
        memcpy(x->key[m], (const uint8_t *)keys + m * n, n);
        memset(x->key[m] + n, 0, BLOCK - n);
    }
}

static bool by_sixteen; /* set once by crypt_start */

/* What HKDF-Expand hashes of a purpose: with its closing zero byte, and the number of the first block. */
static size_t info_put(const char *purpose, uint8_t to[TEXT_MAX])
{
    size_t n = strlen(purpose) + 1;
    assert(n < TEXT_MAX);
    memcpy(to, purpose, n);
    to[n] = 1;
    return n + 1;
}

void crypt_derive_each(const struct key *keys, size_t count, const char *purpose, struct key *ret)
{
    uint8_t info[TEXT_MAX];
    size_t n = info_put(purpose, info), i = 0;
    struct many x;
    for (; by_sixteen && count - i >= CRYPT_WIDE; i += CRYPT_WIDE) {
        keys_put(&x, keys + i, CRYPT_KEY);
        hmac_sixteen(&x, info, n, 0, ret + i);
    }
    if (i > 0)
        crypt_wipe(&x, sizeof x);
    for (; i < count; i++)
        crypt_derive(&keys[i], purpose, bytes_of(NULL, 0), &ret[i]);
}

void crypt_derive_salted_each(const struct key *key, const uint8_t (*salts)[CRYPT_SALT], size_t count,
                              const char *purpose, struct key *ret)
{
    uint8_t info[TEXT_MAX];
    size_t n = info_put(purpose, info), i = 0;
    struct many x;
    for (; by_sixteen && count - i >= CRYPT_WIDE; i += CRYPT_WIDE) {
        keys_put(&x, salts + i, CRYPT_SALT);
        hmac_sixteen(&x, key->b, CRYPT_KEY, 0, ret + i); /* the extraction */
        keys_put(&x, ret + i, CRYPT_KEY);
        hmac_sixteen(&x, info, n, 0, ret + i);
    }
    if (i > 0)
        crypt_wipe(&x, sizeof x);
    for (; i < count; i++)
        crypt_derive_salted(key, salts[i], purpose, &ret[i]);
}

/* Held to the others, whose hash libcrypto computes. */
static bool each_is_right(void)
{
    enum { KEYS = CRYPT_WIDE + 1 };
    static const char *const purposes[] = {"", "groundwork/spool-frame/v1"};
    struct key keys[KEYS], many[KEYS], one;
    uint8_t salts[KEYS][CRYPT_SALT];
    bool right = true;
    for (size_t i = 0; i < KEYS; i++) {
        memset(keys[i].b, (int)(i * 5 + 3), CRYPT_KEY);
        memset(salts[i], (int)(i * 7 + 1), CRYPT_SALT);
    }
    for (size_t p = 0; p < COUNT(purposes); p++) {
        crypt_derive_each(keys, KEYS, purposes[p], many);
        for (size_t i = 0; i < KEYS; i++) {
            crypt_derive(&keys[i], purposes[p], bytes_of(NULL, 0), &one);
            right = right && memcmp(one.b, many[i].b, CRYPT_KEY) == 0;
        }
        crypt_derive_salted_each(&keys[1], (const uint8_t(*)[CRYPT_SALT])salts, KEYS, purposes[p], many);
        for (size_t i = 0; i < KEYS; i++) {
            crypt_derive_salted(&keys[1], salts[i], purposes[p], &one);
            right = right && memcmp(one.b, many[i].b, CRYPT_KEY) == 0;
        }
    }
    return right;
}

bool crypt_derive_start(void)
{
    by_sixteen = crypt_wide_supported();
    return each_is_right();
}
