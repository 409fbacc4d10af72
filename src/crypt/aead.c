#include "crypt/crypt_internal.h"

#include <assert.h>
#include <pthread.h>

enum {
    NONCE = 12,
    STEP = 1 << 30, /* libcrypto counts in int */
};
static const uint64_t GCM_BYTES_MAX = (UINT64_C(1) << 36) - 32; /* SP 800-38D 5.2.1.1 */

struct crypt_aead {
    EVP_CIPHER_CTX *context;
    bool keeps; /* of a thread: its last key, for another one comes soon */
};

struct crypt_aead *crypt_aead_new(void)
{
    OWN(crypt_aead_drop) struct crypt_aead *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->context = EVP_CIPHER_CTX_new();
    if (c->context == NULL || EVP_CipherInit_ex2(c->context, crypt_gcm_method, NULL, NULL, 1, NULL) != 1)
        return NULL;
    return TAKE(c);
}

void crypt_aead_key(struct crypt_aead *c, const struct key *key)
{
    crypt_must(EVP_CipherInit_ex2(c->context, NULL, key->b, NULL, 1, NULL));
}

/* ${key}: NULL keeps the one that is set. */
static void begin(EVP_CIPHER_CTX *context, const struct key *key, uint64_t nonce, int encrypt)
{
    uint8_t bytes[NONCE] = {0};
    u64_put(bytes + 4, nonce);
    crypt_must(EVP_CipherInit_ex2(context, NULL, key == NULL ? NULL : key->b, bytes, encrypt, NULL));
}

/* Data to ${to}, or associated data when ${to} is NULL. */
static void feed(EVP_CIPHER_CTX *context, struct bytes x, uint8_t *to)
{
    for (size_t at = 0; at < x.n;) {
        int step = x.n - at < STEP ? (int)(x.n - at) : STEP;
        int done = 0;
        crypt_must(EVP_CipherUpdate(context, to == NULL ? NULL : to + at, &done, x.p + at, step));
        assert(done == step);
        at += (size_t)step;
    }
}

static void seal(struct crypt_aead *c, const struct key *key, uint64_t nonce, struct bytes aad, struct bytes plain,
                 uint8_t *to)
{
    assert(plain.n <= GCM_BYTES_MAX);
    begin(c->context, key, nonce, 1);
    feed(c->context, aad, NULL);
    feed(c->context, plain, to);
    uint8_t nothing[CRYPT_TAG];
    int done = 0;
    crypt_must(EVP_CipherFinal_ex(c->context, nothing, &done));
    crypt_must(EVP_CIPHER_CTX_ctrl(c->context, EVP_CTRL_AEAD_GET_TAG, CRYPT_TAG, to + plain.n));
}

static int unseal(struct crypt_aead *c, const struct key *key, uint64_t nonce, struct bytes aad, struct bytes sealed,
                  uint8_t *to)
{
    if (sealed.n < CRYPT_TAG || sealed.n - CRYPT_TAG > GCM_BYTES_MAX)
        return ERR_DAMAGED;
    size_t n = sealed.n - CRYPT_TAG;
    uint8_t tag[CRYPT_TAG];
    memcpy(tag, sealed.p + n, CRYPT_TAG);
    begin(c->context, key, nonce, 0);
    crypt_must(EVP_CIPHER_CTX_ctrl(c->context, EVP_CTRL_AEAD_SET_TAG, CRYPT_TAG, tag));
    feed(c->context, aad, NULL);
    feed(c->context, bytes_of(sealed.p, n), to);
    uint8_t nothing[CRYPT_TAG];
    int done = 0;
    if (EVP_CipherFinal_ex(c->context, nothing, &done) == 1)
        return 0;
    crypt_wipe(to, n);
    return ERR_DAMAGED;
}

void crypt_aead_seal(struct crypt_aead *c, uint64_t nonce, struct bytes aad, struct bytes plain, uint8_t *to)
{
    seal(c, NULL, nonce, aad, plain, to);
}

int crypt_aead_open(struct crypt_aead *c, uint64_t nonce, struct bytes aad, struct bytes sealed, uint8_t *to)
{
    return unseal(c, NULL, nonce, aad, sealed, to);
}

void crypt_aead_free(struct crypt_aead *c)
{
    if (c == NULL)
        return;
    EVP_CIPHER_CTX_free(c->context); /* wipes the key schedule */
    free(c);
}

void crypt_aead_drop(struct crypt_aead **c)
{
    crypt_aead_free(*c);
    *c = NULL;
}

/* One cipher per thread for the calls that bring their own key; freed when the thread ends. */
static pthread_key_t mine;

static void free_mine(void *c)
{
    crypt_aead_free(c);
}

int crypt_aead_start(struct err *e)
{
    int number = pthread_key_create(&mine, free_mine);
    if (number != 0)
        return err_os(e, ERR_IO, number, "cannot prepare a cipher for each thread");
    return 0;
}

static struct crypt_aead *take_mine(void)
{
    struct crypt_aead *c = pthread_getspecific(mine);
    if (c == NULL) {
        c = crypt_aead_new();
        if (c == NULL || pthread_setspecific(mine, c) != 0)
            err_memory_end();
    }
    return c;
}

/* The thread's cipher lives on; the key must not. */
static void forget(struct crypt_aead *c)
{
    static const struct key none;
    if (!c->keeps)
        crypt_aead_key(c, &none);
}

void crypt_batch_init(struct crypt_batch *b)
{
    b->of = take_mine();
    assert(!b->of->keeps);
    b->of->keeps = true;
}

void crypt_batch_release(struct crypt_batch *b)
{
    b->of->keeps = false;
    forget(b->of);
    b->of = NULL;
}

void crypt_seal(const struct key *key, uint64_t nonce, struct bytes aad, struct bytes plain, uint8_t *to)
{
    struct crypt_aead *c = take_mine();
    seal(c, key, nonce, aad, plain, to);
    forget(c);
}

int crypt_open(const struct key *key, uint64_t nonce, struct bytes aad, struct bytes sealed, uint8_t *to)
{
    struct crypt_aead *c = take_mine();
    int rc = unseal(c, key, nonce, aad, sealed, to);
    forget(c);
    return rc;
}
