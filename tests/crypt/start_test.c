/* The start: nothing of the surroundings, such as a configuration of libcrypto, changes what is computed. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A configuration that activates only a provider without any algorithm. */
static const char HOSTILE[] = "openssl_conf = a\n[a]\nproviders = b\n[b]\nnull = c\n[c]\nactivate = 1\n";

static void starts_under_a_hostile_configuration(void **state)
{
    (void)state;
    char path[] = "/tmp/crypt_start_test_XXXXXX";
    OWN(fd_drop) int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, HOSTILE, sizeof HOSTILE - 1), sizeof HOSTILE - 1);
    assert_int_equal(setenv("OPENSSL_CONF", path, 1), 0);
    struct err e = {0};
    int rc = crypt_start(&e);
    (void)unlink(path);
    assert_int_equal(rc, 0);
    assert_string_equal(e.text, "");
}

static void starts_once(void **state)
{
    (void)state;
    assert_int_equal(crypt_start(NULL), 0);
    struct hash h;
    crypt_sha256(bytes_of(NULL, 0), &h);
    assert_int_equal(h.b[0], 0xe3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_under_a_hostile_configuration),
        cmocka_unit_test(starts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
