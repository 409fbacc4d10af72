/* Argon2id: a result of the reference program (argon2 -id), and the bounds, each at it and one past it. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t *const SALT = (const uint8_t *)"0123456789abcdef";

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static void reference_result(void **state)
{
    (void)state;
    struct key found;
    uint8_t want[CRYPT_KEY];
    assert_int_equal(hex_get(bytes_text("4b84dd36c8ff6962388661996da44d28f5cc65d7909686980aabbb6fd01ed7f3"), want,
                             sizeof want), 0);
    assert_int_equal(crypt_passphrase(bytes_text("correct horse"), SALT, 3, 8192, &found, NULL), 0);
    assert_memory_equal(found.b, want, CRYPT_KEY);
}

static void everything_matters(void **state)
{
    (void)state;
    struct key k[5];
    const uint8_t *other_salt = (const uint8_t *)"0123456789abcdeg";
    assert_int_equal(crypt_passphrase(bytes_text("a"), SALT, 1, 8192, &k[0], NULL), 0);
    assert_int_equal(crypt_passphrase(bytes_text("b"), SALT, 1, 8192, &k[1], NULL), 0);
    assert_int_equal(crypt_passphrase(bytes_text("a"), other_salt, 1, 8192, &k[2], NULL), 0);
    assert_int_equal(crypt_passphrase(bytes_text("a"), SALT, 2, 8192, &k[3], NULL), 0);
    assert_int_equal(crypt_passphrase(bytes_text("a"), SALT, 1, 8193, &k[4], NULL), 0);
    for (size_t i = 0; i < COUNT(k); i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(k[i].b, k[j].b, CRYPT_KEY);
    }
}

static void refuse(size_t passphrase, uint32_t passes, uint32_t memory_kib, int code)
{
    OWN(mem_drop) uint8_t *bytes = calloc(1, passphrase + 1);
    struct key untouched = {{5}};
    struct err e = {0};
    assert_int_equal(crypt_passphrase(bytes_of(bytes, passphrase), SALT, passes, memory_kib, &untouched, &e), code);
    assert_string_not_equal(e.text, "");
    assert_int_equal(untouched.b[0], 5);
}

static void bounds(void **state)
{
    (void)state;
    refuse(1, 0, 8192, ERR_DAMAGED);
    refuse(1, 17, 8192, ERR_DAMAGED);
    refuse(1, UINT32_MAX, 8192, ERR_DAMAGED);
    refuse(1, 1, 0, ERR_DAMAGED);
    refuse(1, 1, 8191, ERR_DAMAGED);
    refuse(1, 1, 1048577, ERR_DAMAGED);
    refuse(1, 1, UINT32_MAX, ERR_DAMAGED);
    refuse(4097, 1, 8192, ERR_USAGE);
    struct key key;
    uint8_t longest[4096] = {0};
    assert_int_equal(crypt_passphrase(bytes_of(longest, sizeof longest), SALT, 16, 8192, &key, NULL), 0);
    assert_int_equal(crypt_passphrase(bytes_of(NULL, 0), SALT, 1, 8192, &key, NULL), 0);
    /* A machine without a free GiB says so; it does not call the bounds damaged. */
    struct err e = {0};
    int rc = crypt_passphrase(bytes_text("a"), SALT, 1, 1048576, &key, &e);
    assert_true(rc == 0 || rc == ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_result),
        cmocka_unit_test(everything_matters),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
