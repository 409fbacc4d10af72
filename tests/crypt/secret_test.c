/* Memory for keys: zeroed, locked, gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypt/crypt.h"

static void made(void **state)
{
    (void)state;
    assert_int_equal(crypt_start(NULL), 0);
    for (size_t n = 1; n < 100000; n = n * 3 + 1) {
        uint8_t *p = crypt_secret_new(n);
        assert_non_null(p);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        assert_true(crypt_secret_locked(p, n));
        memset(p, 0xff, n);
        crypt_secret_free(p);
    }
    crypt_secret_free(NULL);
    assert_false(crypt_secret_locked(NULL, 1));
}

/* What cannot be locked is had all the same, and said. */
static void not_locked(void **state)
{
    (void)state;
    const struct rlimit none = {0, 0};
    if (geteuid() == 0)
        skip(); /* whom no limit binds */
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    uint8_t *p = crypt_secret_new(64);
    assert_non_null(p);
    assert_false(crypt_secret_locked(p, 64));
    crypt_secret_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(made), cmocka_unit_test(not_locked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
