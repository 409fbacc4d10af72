#include "crypt/crypt_internal.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <sodium.h>

EVP_CIPHER *crypt_gcm_method;

static bool is_hex(const uint8_t *p, size_t n, const char *hex)
{
    char found[2 * CRYPT_SIGNATURE + 1];
    assert(n <= CRYPT_SIGNATURE);
    hex_put(found, p, n);
    return strcmp(found, hex) == 0;
}

/* FIPS 180-4, "abc", on both ways of hashing. */
static bool sha256_is_right(void)
{
    const char *want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    struct hash once, parts;
    crypt_sha256(bytes_text("abc"), &once);
    OWN(crypt_sha256_drop) struct crypt_sha256 *c = crypt_sha256_new();
    if (c == NULL)
        return false;
    crypt_sha256_begin(c);
    crypt_sha256_add(c, bytes_text("a"));
    crypt_sha256_add(c, bytes_text("bc"));
    crypt_sha256_end(c, &parts);
    return is_hex(once.b, sizeof once.b, want) && hash_equal(&once, &parts);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14; then the way back, and a changed tag. */
static bool gcm_is_right(void)
{
    const struct key key = {{0}};
    const uint8_t plain[16] = {0};
    uint8_t sealed[sizeof plain + CRYPT_TAG];
    uint8_t opened[sizeof plain] = {1};
    const struct bytes none = {NULL, 0};
    crypt_seal(&key, 0, none, bytes_of(plain, sizeof plain), sealed);
    if (!is_hex(sealed, sizeof sealed, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"))
        return false;
    if (crypt_open(&key, 0, none, bytes_of(sealed, sizeof sealed), opened) != 0 ||
        memcmp(opened, plain, sizeof plain) != 0)
        return false;
    sealed[sizeof sealed - 1] ^= 1;
    return crypt_open(&key, 0, none, bytes_of(sealed, sizeof sealed), opened) == ERR_DAMAGED;
}

/* RFC 5869 A.1; its output is longer than ours and begins with it. */
static bool hkdf_is_right(void)
{
    uint8_t input[22], salt[13], info[10];
    memset(input, 0x0b, sizeof input);
    for (size_t i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof info; i++)
        info[i] = (uint8_t)(0xf0 + i);
    struct key prk, okm;
    crypt_hkdf_extract(bytes_of(salt, sizeof salt), bytes_of(input, sizeof input), &prk);
    crypt_hkdf_expand(&prk, bytes_of(info, sizeof info), bytes_of(NULL, 0), &okm);
    return is_hex(prk.b, sizeof prk.b, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5") &&
           is_hex(okm.b, sizeof okm.b, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

/* RFC 8032 7.1, test 2: the message is one byte. */
static bool ed25519_is_right(void)
{
    struct key seed;
    uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE];
    const struct bytes message = bytes_text("r");
    if (hex_get(bytes_text("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"), seed.b,
                sizeof seed.b) != 0)
        return false;
    crypt_sign_public(&seed, public_key);
    crypt_sign_raw(&seed, message, signature);
    return is_hex(public_key, sizeof public_key, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") &&
           is_hex(signature, sizeof signature,
                  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00") &&
           crypt_verify_raw(public_key, message, signature) &&
           !crypt_verify_raw(public_key, bytes_text("s"), signature);
}

/*
 * No configuration file of libcrypto is read: one that names other providers would change what the same program
 * does on another desk.
 */
static bool fetch(void)
{
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
        return false;
    if (crypt_gcm_method == NULL)
        crypt_gcm_method = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    return crypt_gcm_method != NULL;
}

int crypt_start(struct err *e)
{
    static bool started;
    if (started)
        return 0;
    if (sodium_init() < 0)
        return err_set(e, ERR_IO, "libsodium cannot be started on this machine");
    if (!fetch())
        return err_set(e, ERR_IO, "libcrypto offers no AES-256-GCM: reinstall libssl3");
    int rc = crypt_aead_start(e);
    if (rc == 0)
        rc = crypt_random_start(e);
    if (rc != 0)
        return rc;
    if (!sha256_is_right() || !gcm_is_right() || !hkdf_is_right())
        return err_set(e, ERR_IO, "libcrypto computes wrong results: reinstall libssl3");
    if (!crypt_lanes_start() || !crypt_derive_start() || !crypt_merkle_start())
        return err_set(e, ERR_IO, "this processor computes wrong SHA-256 sums: use another machine");
    if (!crypt_share_start())
        return err_set(e, ERR_IO, "libgfshare computes wrong results: reinstall libgfshare2");
    if (!ed25519_is_right())
        return err_set(e, ERR_IO, "libsodium computes wrong results: reinstall libsodium23");
    started = true;
    return 0;
}
