/* HMAC and HKDF by their RFCs' vectors, and against libcrypto's own HKDF. */
#include "crypt/crypt_internal.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

static struct bytes run_of(uint8_t *to, size_t n, unsigned first, unsigned step)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(first + i * step);
    return bytes_of(to, n);
}

/* RFC 4231, test cases 1, 2 and 6; the last has a key longer than a block. */
static void hmac_vectors(void **state)
{
    (void)state;
    uint8_t key[131], mac[CRYPT_HASH];
    crypt_hmac(run_of(key, 20, 0x0b, 0), bytes_text("Hi There"), NONE, NONE, mac);
    assert_hex(mac, sizeof mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypt_hmac(bytes_text("Jefe"), bytes_text("what do ya "), bytes_text("want "), bytes_text("for nothing?"), mac);
    assert_hex(mac, sizeof mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    crypt_hmac(run_of(key, 131, 0xaa, 0), bytes_text("Test Using Larger Than Block-Size Key - Hash Key First"), NONE,
               NONE, mac);
    assert_hex(mac, sizeof mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869 A.1, A.2, A.3: the first 32 bytes of the output. */
static void hkdf_vectors(void **state)
{
    (void)state;
    uint8_t input[80], salt[80], info[80];
    struct key prk, okm;
    crypt_hkdf_extract(run_of(salt, 13, 0, 1), run_of(input, 22, 0x0b, 0), &prk);
    assert_hex(prk.b, 32, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    crypt_hkdf_expand(&prk, run_of(info, 10, 0xf0, 1), NONE, &okm);
    assert_hex(okm.b, 32, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    crypt_hkdf_extract(run_of(salt, 80, 0x60, 1), run_of(input, 80, 0, 1), &prk);
    assert_hex(prk.b, 32, "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
    (void)run_of(info, 80, 0xb0, 1);
    crypt_hkdf_expand(&prk, bytes_of(info, 33), bytes_of(info + 33, 47), &okm);
    assert_hex(okm.b, 32, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
    crypt_hkdf_extract(NONE, run_of(input, 22, 0x0b, 0), &prk);
    assert_hex(prk.b, 32, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
    crypt_hkdf_expand(&prk, NONE, NONE, &okm);
    assert_hex(okm.b, 32, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

/* The same by libcrypto; salt NULL: the expansion alone. */
static void other_hkdf(const struct key *key, const uint8_t *salt, struct bytes info, uint8_t ret[CRYPT_KEY])
{
    EVP_KDF *method = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *c = EVP_KDF_CTX_new(method);
    assert_non_null(c);
    int mode = salt == NULL ? EVP_KDF_HKDF_MODE_EXPAND_ONLY : EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
    uint8_t key_bytes[CRYPT_KEY], salt_bytes[CRYPT_SALT], info_bytes[1024];
    memcpy(key_bytes, key->b, CRYPT_KEY);
    memcpy(info_bytes, info.p, info.n);
    OSSL_PARAM p[6], *next = p;
    char digest[] = "SHA256";
    *next++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    *next++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_bytes, CRYPT_KEY);
    *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info_bytes, info.n);
    if (salt != NULL) {
        memcpy(salt_bytes, salt, CRYPT_SALT);
        *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_bytes, CRYPT_SALT);
    }
    *next = OSSL_PARAM_construct_end();
    assert_int_equal(EVP_KDF_derive(c, ret, CRYPT_KEY, p), 1);
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(method);
}

/* Purposes and contexts of every length up to 200 bytes, over several blocks. */
static void derive_is_hkdf(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 200; n++) {
        char purpose[201];
        uint8_t context[200], salt[CRYPT_SALT], info[1024], want[CRYPT_KEY];
        struct key key, found;
        crypt_random(key.b, CRYPT_KEY);
        crypt_random(salt, sizeof salt);
        crypt_random(context, sizeof context);
        size_t letters = (n * 7) % 50;
        memset(purpose, 'a' + (int)(n % 26), letters);
        purpose[letters] = '\0';
        memcpy(info, purpose, letters + 1);
        memcpy(info + letters + 1, context, n);
        other_hkdf(&key, NULL, bytes_of(info, letters + 1 + n), want);
        crypt_derive(&key, purpose, bytes_of(context, n), &found);
        assert_memory_equal(found.b, want, CRYPT_KEY);
        other_hkdf(&key, salt, bytes_of(info, letters + 1), want);
        crypt_derive_salted(&key, salt, purpose, &found);
        assert_memory_equal(found.b, want, CRYPT_KEY);
        crypt_derive_salted(&key, salt, purpose, &key); /* in place */
        assert_memory_equal(key.b, want, CRYPT_KEY);
    }
}

static void every_part_matters(void **state)
{
    (void)state;
    const struct key key = {{7}}, other_key = {{8}};
    const uint8_t salt[CRYPT_SALT] = {1}, other_salt[CRYPT_SALT] = {2};
    struct key k[7];
    crypt_derive(&key, "statement", bytes_text("12"), &k[0]);
    crypt_derive(&other_key, "statement", bytes_text("12"), &k[1]);
    crypt_derive(&key, "statement1", bytes_text("2"), &k[2]);
    crypt_derive(&key, "manifest", bytes_text("12"), &k[3]);
    crypt_derive(&key, "statement", NONE, &k[4]);
    crypt_derive_salted(&key, salt, "statement", &k[5]);
    crypt_derive_salted(&key, other_salt, "statement", &k[6]);
    for (size_t i = 0; i < COUNT(k); i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(k[i].b, k[j].b, CRYPT_KEY);
    }
}

/* As many as leave some over behind each sixteen; what follows the last one is not written. */
static void each_is_one_by_one(void **state)
{
    enum { MOST = 50 };
    static const char *const purposes[] = {"", "groundwork/leaf-salt/v1",
                                           "the longest purpose that may be, of fifty-three bytes"};
    static struct key keys[MOST], found[MOST + 1], want;
    static uint8_t salts[MOST][CRYPT_SALT];
    (void)state;
    assert_int_equal(strlen(purposes[2]), 53);
    crypt_random(keys, sizeof keys);
    crypt_random(salts, sizeof salts);
    for (size_t p = 0; p < COUNT(purposes); p++)
        for (size_t count = 0; count <= MOST; count++) {
            memset(found, 0xa5, sizeof found);
            crypt_derive_each(keys, count, purposes[p], found);
            for (size_t i = 0; i < count; i++) {
                crypt_derive(&keys[i], purposes[p], NONE, &want);
                assert_memory_equal(found[i].b, want.b, CRYPT_KEY);
            }
            assert_int_equal(found[count].b[0], 0xa5);
            crypt_derive_salted_each(&keys[3], (const uint8_t(*)[CRYPT_SALT])salts, count, purposes[p], found);
            for (size_t i = 0; i < count; i++) {
                crypt_derive_salted(&keys[3], salts[i], purposes[p], &want);
                assert_memory_equal(found[i].b, want.b, CRYPT_KEY);
            }
            assert_int_equal(found[count].b[0], 0xa5);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_one_by_one),
        cmocka_unit_test(hmac_vectors),
        cmocka_unit_test(hkdf_vectors),
        cmocka_unit_test(derive_is_hkdf),
        cmocka_unit_test(every_part_matters),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
