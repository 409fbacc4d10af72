/* AES-256-GCM by the designers' vectors, against plain EVP calls, and against tampering. */
#include "crypt/crypt.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LONG = 70000 };

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static const struct bytes NONE = {NULL, 0};

static void assert_hex(const uint8_t *found, size_t n, const char *hex)
{
    uint8_t want[64];
    assert_true(n <= sizeof want);
    assert_int_equal(hex_get(bytes_text(hex), want, n), 0);
    assert_memory_equal(found, want, n);
}

/* McGrew and Viega, test cases 13 and 14. */
static void vectors(void **state)
{
    (void)state;
    const struct key key = {{0}};
    const uint8_t plain[16] = {0};
    uint8_t sealed[sizeof plain + CRYPT_TAG];
    crypt_seal(&key, 0, NONE, NONE, sealed);
    assert_hex(sealed, CRYPT_TAG, "530f8afbc74536b9a963b4f1c4cb738b");
    crypt_seal(&key, 0, NONE, bytes_of(plain, sizeof plain), sealed);
    assert_hex(sealed, sizeof sealed, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

static void other_seal(const struct key *key, uint64_t nonce, struct bytes aad, struct bytes plain, uint8_t *to)
{
    uint8_t iv[12] = {0};
    for (int i = 0; i < 8; i++)
        iv[11 - i] = (uint8_t)(nonce >> (8 * i));
    int n = 0;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->b, iv), 1);
    assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, aad.p, (int)aad.n), 1);
    assert_int_equal(EVP_EncryptUpdate(c, to, &n, plain.p, (int)plain.n), 1);
    assert_int_equal(EVP_EncryptFinal_ex(c, to + n, &n), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, CRYPT_TAG, to + plain.n), 1);
    EVP_CIPHER_CTX_free(c);
}

/* One length: both ways of sealing give what EVP gives, and both ways of opening undo it, also in place. */
static void agree_on(struct crypt_aead *c, uint8_t *plain, size_t n, size_t aad_n)
{
    OWN(mem_drop) uint8_t *want = malloc(n + CRYPT_TAG);
    OWN(mem_drop) uint8_t *found = malloc(n + CRYPT_TAG);
    uint8_t aad_bytes[100];
    crypt_random_fast(aad_bytes, sizeof aad_bytes);
    struct key key;
    uint64_t nonce;
    crypt_random(key.b, CRYPT_KEY);
    crypt_random(&nonce, sizeof nonce);
    const struct bytes aad = bytes_of(aad_bytes, aad_n), whole = bytes_of(found, n + CRYPT_TAG);
    other_seal(&key, nonce, aad, bytes_of(plain, n), want);
    crypt_seal(&key, nonce, aad, bytes_of(plain, n), found);
    assert_memory_equal(found, want, n + CRYPT_TAG);
    assert_int_equal(crypt_open(&key, nonce, aad, whole, found), 0);
    assert_true(n == 0 || memcmp(found, plain, n) == 0);
    crypt_aead_key(c, &key);
    crypt_aead_seal(c, nonce, aad, bytes_of(found, n), found);
    assert_memory_equal(found, want, n + CRYPT_TAG);
    assert_int_equal(crypt_aead_open(c, nonce, aad, whole, found), 0);
    assert_true(n == 0 || memcmp(found, plain, n) == 0);
}

static void all_ways_agree(void **state)
{
    (void)state;
    OWN(mem_drop) uint8_t *plain = malloc(LONG);
    crypt_random(plain, LONG);
    OWN(crypt_aead_drop) struct crypt_aead *c = crypt_aead_new();
    assert_non_null(c);
    for (size_t n = 0; n <= 300; n++)
        agree_on(c, plain, n, n % 100);
    agree_on(c, plain, LONG, 9);
}

/* Every bit of a sealed text: refused, and no byte of plaintext given out. */
static void no_bit_can_change(void **state)
{
    (void)state;
    const struct key key = {{1, 2, 3}};
    const struct bytes aad = bytes_text("sector 5");
    static const uint8_t zeros[40];
    uint8_t sealed[sizeof zeros + CRYPT_TAG], opened[sizeof zeros];
    OWN(crypt_aead_drop) struct crypt_aead *c = crypt_aead_new();
    assert_non_null(c);
    crypt_aead_key(c, &key);
    crypt_seal(&key, 9, aad, bytes_of("forty bytes of which none may leak out..", sizeof zeros), sealed);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(opened, 0xff, sizeof opened);
        assert_int_equal(crypt_open(&key, 9, aad, bytes_of(sealed, sizeof sealed), opened), ERR_DAMAGED);
        assert_memory_equal(opened, zeros, sizeof zeros);
        memset(opened, 0xff, sizeof opened);
        assert_int_equal(crypt_aead_open(c, 9, aad, bytes_of(sealed, sizeof sealed), opened), ERR_DAMAGED);
        assert_memory_equal(opened, zeros, sizeof zeros);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(crypt_aead_open(c, 9, aad, bytes_of(sealed, sizeof sealed), opened), 0);
}

static void key_nonce_and_data_are_bound(void **state)
{
    (void)state;
    const struct key key = {{1}}, other = {{2}};
    const struct bytes aad = bytes_text("a"), plain = bytes_text("plain");
    uint8_t sealed[5 + CRYPT_TAG], opened[5];
    const struct bytes whole = bytes_of(sealed, sizeof sealed);
    crypt_seal(&key, UINT64_MAX, aad, plain, sealed);
    assert_int_equal(crypt_open(&key, UINT64_MAX, aad, whole, opened), 0);
    assert_int_equal(crypt_open(&other, UINT64_MAX, aad, whole, opened), ERR_DAMAGED);
    assert_int_equal(crypt_open(&key, UINT64_MAX - 1, aad, whole, opened), ERR_DAMAGED);
    assert_int_equal(crypt_open(&key, UINT64_MAX ^ (UINT64_C(1) << 63), aad, whole, opened), ERR_DAMAGED);
    assert_int_equal(crypt_open(&key, UINT64_MAX, bytes_text("b"), whole, opened), ERR_DAMAGED);
    assert_int_equal(crypt_open(&key, UINT64_MAX, NONE, whole, opened), ERR_DAMAGED);
    assert_int_equal(crypt_open(&key, UINT64_MAX, aad, bytes_of(sealed, sizeof sealed - 1), opened), ERR_DAMAGED);
}

static void shorter_than_a_tag(void **state)
{
    (void)state;
    const struct key key = {{1}};
    uint8_t sealed[CRYPT_TAG] = {0}, untouched = 0x77;
    for (size_t n = 0; n < CRYPT_TAG; n++)
        assert_int_equal(crypt_open(&key, 1, NONE, bytes_of(sealed, n), &untouched), ERR_DAMAGED);
    assert_int_equal(untouched, 0x77);
    crypt_seal(&key, 1, NONE, NONE, sealed);
    assert_int_equal(crypt_open(&key, 1, NONE, bytes_of(sealed, CRYPT_TAG), &untouched), 0);
}

/* Threads seal under their own keys at once; each must find its own text again. */
static void *work(void *seed)
{
    const struct key key = {{*(uint8_t *)seed}};
    uint8_t text[100 + CRYPT_TAG], want[100];
    memset(want, *(uint8_t *)seed, sizeof want);
    for (uint64_t i = 0; i < 2000; i++) {
        crypt_seal(&key, i, NONE, bytes_of(want, sizeof want), text);
        if (crypt_open(&key, i, NONE, bytes_of(text, sizeof text), text) != 0 ||
            memcmp(text, want, sizeof want) != 0)
            return seed;
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    (void)state;
    pthread_t thread[4];
    uint8_t seed[COUNT(thread)];
    for (size_t i = 0; i < COUNT(thread); i++) {
        seed[i] = (uint8_t)(i + 1);
        assert_int_equal(pthread_create(&thread[i], NULL, work, &seed[i]), 0);
    }
    for (size_t i = 0; i < COUNT(thread); i++) {
        void *failed = thread;
        assert_int_equal(pthread_join(thread[i], &failed), 0);
        assert_null(failed);
    }
}

/* What the thread's cipher seals by itself shows the key that it has. */
static void a_batch_leaves_no_key(void **state)
{
    (void)state;
    const struct key keys[3] = {{{1}}, {{2}}}, none = {{0}};
    const struct bytes plain = bytes_text("plain");
    uint8_t alone[5 + CRYPT_TAG], sealed[5 + CRYPT_TAG], opened[5];
    struct crypt_batch b;
    crypt_batch_init(&b);
    struct crypt_aead *c = b.of;
    for (size_t i = 0; i < COUNT(keys); i++) {
        OWN(crypt_aead_drop) struct crypt_aead *other = crypt_aead_new();
        crypt_aead_key(other, &keys[i]);
        crypt_aead_seal(other, i, NONE, plain, alone);
        crypt_seal(&keys[i], i, NONE, plain, sealed);
        assert_memory_equal(sealed, alone, sizeof alone);
        assert_int_equal(crypt_open(&keys[(i + 1) % 3], i, NONE, bytes_of(sealed, sizeof sealed), opened), ERR_DAMAGED);
        assert_int_equal(crypt_open(&keys[i], i, NONE, bytes_of(sealed, sizeof sealed), opened), 0);
        crypt_aead_seal(c, i, NONE, plain, sealed);
        assert_memory_equal(sealed, alone, sizeof alone);
    }
    crypt_seal(&keys[1], 7, NONE, plain, sealed);
    crypt_batch_release(&b);
    for (size_t i = 0; i < 2; i++) {
        crypt_aead_seal(c, 7, NONE, plain, sealed);
        crypt_seal(&none, 7, NONE, plain, alone);
        assert_memory_equal(sealed, alone, sizeof alone);
        crypt_seal(&keys[i], 7, NONE, plain, sealed); /* outside of one nothing stays, as before */
    }
    crypt_batch_init(&b);
    crypt_batch_release(&b);
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    crypt_aead_free(NULL);
    struct crypt_aead *c = crypt_aead_new();
    crypt_aead_drop(&c);
    assert_null(c);
    crypt_aead_drop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(all_ways_agree),
        cmocka_unit_test(no_bit_can_change),
        cmocka_unit_test(key_nonce_and_data_are_bound),
        cmocka_unit_test(shorter_than_a_tag),
        cmocka_unit_test(threads_do_not_meet),
        cmocka_unit_test(a_batch_leaves_no_key),
        cmocka_unit_test(nothing_can_be_freed),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
