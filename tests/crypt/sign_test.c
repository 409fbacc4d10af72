/* Ed25519 by the vectors of RFC 8032, against libcrypto's own, and against tampering. */
#include "crypt/crypt.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static void unhex(const char *hex, uint8_t *to, size_t n)
{
    assert_int_equal(hex_get(bytes_text(hex), to, n), 0);
}

struct vector {
    const char *seed, *public_key, *message, *signature;
};
/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct vector vector[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"},
};

static void vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vector); i++) {
        struct key seed;
        uint8_t want_public[CRYPT_PUBLIC], want[CRYPT_SIGNATURE], message[8];
        uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE];
        const size_t n = strlen(vector[i].message) / 2;
        unhex(vector[i].seed, seed.b, CRYPT_KEY);
        unhex(vector[i].public_key, want_public, CRYPT_PUBLIC);
        unhex(vector[i].message, message, n);
        unhex(vector[i].signature, want, CRYPT_SIGNATURE);
        crypt_sign_public(&seed, public_key);
        assert_memory_equal(public_key, want_public, CRYPT_PUBLIC);
        crypt_sign_raw(&seed, bytes_of(message, n), signature);
        assert_memory_equal(signature, want, CRYPT_SIGNATURE);
        struct crypt_signer signer;
        crypt_signer_make(&seed, &signer);
        assert_memory_equal(crypt_signer_public(&signer), want_public, CRYPT_PUBLIC);
        crypt_signer_sign(&signer, bytes_of(message, n), signature);
        assert_memory_equal(signature, want, CRYPT_SIGNATURE);
        crypt_signer_drop(&signer);
        for (size_t k = 0; k < sizeof signer.secret; k++)
            assert_int_equal(signer.secret[k], 0);
        assert_true(crypt_verify_raw(public_key, bytes_of(message, n), signature));
    }
}

static void libcrypto_agrees(void **state)
{
    (void)state;
    uint8_t message[300];
    crypt_random(message, sizeof message);
    for (size_t n = 0; n <= sizeof message; n += 25) {
        struct key seed;
        crypt_random(seed.b, CRYPT_KEY);
        uint8_t found[CRYPT_SIGNATURE], want[CRYPT_SIGNATURE];
        crypt_sign_raw(&seed, bytes_of(message, n), found);
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.b, CRYPT_KEY);
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        size_t want_n = sizeof want;
        assert_int_equal(EVP_DigestSignInit(c, NULL, NULL, NULL, key), 1);
        assert_int_equal(EVP_DigestSign(c, want, &want_n, message, n), 1);
        assert_memory_equal(found, want, CRYPT_SIGNATURE);
        EVP_MD_CTX_free(c);
        EVP_PKEY_free(key);
    }
}

static void no_bit_can_change(void **state)
{
    (void)state;
    const struct key seed = {{42}};
    uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE], message[] = "the root of today";
    const struct bytes m = bytes_of(message, sizeof message);
    crypt_sign_public(&seed, public_key);
    assert_int_equal(crypt_sign(&seed, "groundwork/test/v1", m, signature, NULL), 0);
    assert_true(crypt_verify(public_key, "groundwork/test/v1", m, signature));
    struct {
        uint8_t *p;
        size_t n;
    } part[] = {{signature, sizeof signature}, {message, sizeof message}, {public_key, sizeof public_key}};
    for (size_t i = 0; i < COUNT(part); i++) {
        for (size_t bit = 0; bit < 8 * part[i].n; bit++) {
            part[i].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(crypt_verify(public_key, "groundwork/test/v1", m, signature));
            part[i].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    assert_true(crypt_verify(public_key, "groundwork/test/v1", m, signature));
}

/* The message is purpose || 0x00 || message, and a signature for one purpose is none for another. */
static void purpose_is_part_of_the_message(void **state)
{
    (void)state;
    const struct key seed = {{7}};
    uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE], raw[CRYPT_SIGNATURE];
    crypt_sign_public(&seed, public_key);
    assert_int_equal(crypt_sign(&seed, "seal", bytes_text("abc"), signature, NULL), 0);
    crypt_sign_raw(&seed, bytes_of("seal\0abc", 8), raw);
    assert_memory_equal(signature, raw, CRYPT_SIGNATURE);
    assert_false(crypt_verify(public_key, "sealabc", bytes_of(NULL, 0), signature));
    assert_false(crypt_verify(public_key, "sea", bytes_text("labc"), signature));
    assert_false(crypt_verify(public_key, "receipt", bytes_text("abc"), signature));
    assert_false(crypt_verify_raw(public_key, bytes_text("abc"), signature));
    assert_int_equal(crypt_sign(&seed, "", bytes_of(NULL, 0), signature, NULL), 0);
    assert_true(crypt_verify(public_key, "", bytes_of(NULL, 0), signature));
}

static void long_messages(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    OWN(mem_drop) uint8_t *message = malloc(N);
    memset(message, 'x', N);
    const struct key seed = {{9}};
    uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE];
    crypt_sign_public(&seed, public_key);
    assert_int_equal(crypt_sign(&seed, "long", bytes_of(message, N), signature, NULL), 0);
    assert_true(crypt_verify(public_key, "long", bytes_of(message, N), signature));
    message[N - 1] = 'y';
    assert_false(crypt_verify(public_key, "long", bytes_of(message, N), signature));
}

/* A key of small order would let one signature fit every message. */
static void keys_that_are_none(void **state)
{
    (void)state;
    uint8_t public_key[CRYPT_PUBLIC] = {1}, signature[CRYPT_SIGNATURE] = {1};
    assert_false(crypt_verify_raw(public_key, bytes_text("anything"), signature));
    memset(public_key, 0, sizeof public_key);
    assert_false(crypt_verify_raw(public_key, bytes_text("anything"), signature));
}

/* ${to} + the order of the group, little-endian: the same number modulo the order, written another way. */
static void add_order(uint8_t to[32])
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                      0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)to[i] + order[i];
        to[i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
}

/* One signature has one form: a number not below the order is refused, though the equation holds. */
static void numbers_are_below_the_order(void **state)
{
    (void)state;
    const struct key seed = {{11}};
    uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE];
    crypt_sign_public(&seed, public_key);
    crypt_sign_raw(&seed, bytes_text("anything"), signature);
    assert_true(crypt_verify_raw(public_key, bytes_text("anything"), signature));
    add_order(signature + 32);
    assert_false(crypt_verify_raw(public_key, bytes_text("anything"), signature));
}

/* A point of small order that is the first half, under a key that is none: the equation without it would hold too. */
static void points_of_small_order(void **state)
{
    (void)state;
    static const uint8_t small[][32] = {
        {0},
        {1},
        {0xec, [1 ... 30] = 0xff, [31] = 0x7f}, /* -1 */
        {0xed, [1 ... 30] = 0xff, [31] = 0x7f}, /* 0, not canonical */
        {0xee, [1 ... 30] = 0xff, [31] = 0x7f}, /* 1, not canonical */
    };
    const struct key seed = {{12}};
    uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE];
    crypt_sign_public(&seed, public_key);
    for (size_t i = 0; i < COUNT(small); i++) {
        crypt_sign_raw(&seed, bytes_text("anything"), signature);
        assert_false(crypt_verify_raw(small[i], bytes_text("anything"), signature));
        memcpy(signature, small[i], 32);
        assert_false(crypt_verify_raw(public_key, bytes_text("anything"), signature));
        memset(signature + 32, 0, 32);
        assert_false(crypt_verify_raw(small[i], bytes_text("anything"), signature));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(libcrypto_agrees),
        cmocka_unit_test(no_bit_can_change),
        cmocka_unit_test(purpose_is_part_of_the_message),
        cmocka_unit_test(long_messages),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(numbers_are_below_the_order),
        cmocka_unit_test(points_of_small_order),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
