/* SHA-256 by the vectors of FIPS 180-4, and by libcrypto's EVP. */
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

static void assert_hash(const struct hash *h, const char *hex)
{
    char found[2 * CRYPT_HASH + 1];
    hex_put(found, h->b, CRYPT_HASH);
    assert_string_equal(found, hex);
}

static void vectors(void **state)
{
    (void)state;
    struct hash h;
    crypt_sha256(bytes_of(NULL, 0), &h);
    assert_hash(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    crypt_sha256(bytes_text("abc"), &h);
    assert_hash(&h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crypt_sha256(bytes_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), &h);
    assert_hash(&h, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    struct crypt_sha256 *c = crypt_sha256_new();
    assert_non_null(c);
    crypt_sha256_begin(c);
    char thousand[1000];
    memset(thousand, 'a', sizeof thousand);
    for (int i = 0; i < 1000; i++)
        crypt_sha256_add(c, bytes_of(thousand, sizeof thousand));
    crypt_sha256_end(c, &h);
    crypt_sha256_free(c);
    assert_hash(&h, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length over several blocks, at once and in random pieces, against a third way. */
static void all_ways_agree(void **state)
{
    (void)state;
    uint8_t data[400];
    crypt_random(data, sizeof data);
    OWN(crypt_sha256_drop) struct crypt_sha256 *c = crypt_sha256_new();
    assert_non_null(c);
    for (size_t n = 0; n <= sizeof data; n++) {
        struct hash once, parts, evp;
        assert_int_equal(EVP_Digest(data, n, evp.b, NULL, EVP_sha256(), NULL), 1);
        crypt_sha256(bytes_of(data, n), &once);
        assert_true(hash_equal(&once, &evp));
        crypt_sha256_begin(c);
        for (size_t at = 0; at < n;) {
            uint8_t step;
            crypt_random_fast(&step, 1);
            size_t take = step % 97 < n - at ? step % 97 : n - at;
            crypt_sha256_add(c, bytes_of(data + at, take));
            at += take;
        }
        crypt_sha256_end(c, &parts);
        assert_true(hash_equal(&parts, &evp));
    }
}

static void begin_forgets_what_was_added(void **state)
{
    (void)state;
    OWN(crypt_sha256_drop) struct crypt_sha256 *c = crypt_sha256_new();
    assert_non_null(c);
    crypt_sha256_begin(c);
    crypt_sha256_add(c, bytes_text("left lying"));
    crypt_sha256_begin(c);
    crypt_sha256_add(c, bytes_text("abc"));
    struct hash h;
    crypt_sha256_end(c, &h);
    assert_hash(&h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    crypt_sha256_free(NULL);
    struct crypt_sha256 *c = NULL;
    crypt_sha256_drop(&c);
    c = crypt_sha256_new();
    crypt_sha256_drop(&c);
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(all_ways_agree),
        cmocka_unit_test(begin_forgets_what_was_added),
        cmocka_unit_test(nothing_can_be_freed),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
