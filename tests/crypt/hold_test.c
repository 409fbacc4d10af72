/* Held memory is locked while it is held, stays where it is within its room, and cannot be had beyond the limit. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static unsigned long locked_kib(void)
{
    unsigned long kib = 0;
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmLck: %lu", &kib) == 1)
            break;
    (void)fclose(f);
    return kib;
}

static void it_is_locked_while_it_is_held(void **state)
{
    (void)state;
    struct buf b;
    unsigned long before = locked_kib();
    assert_int_equal(crypt_hold(&b, 20000, NULL), 0);
    assert_true(b.room >= 20000);
    assert_int_equal(b.n, 0);
    assert_true(locked_kib() >= before + 19);
    const uint8_t *at = b.p;
    uint8_t *more = buf_more(&b, 20000);
    assert_ptr_equal(more, at);
    memset(more, 'x', 20000);
    crypt_hold_drop(&b);
    assert_int_equal(locked_kib(), before);
    assert_null(b.p);
    crypt_hold_drop(&b); /* a zeroed one is none */
}

static void beyond_the_limit_it_is_refused(void **state)
{
    (void)state;
    struct rlimit before, none = {0, 0};
    struct err e;
    struct buf b;
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
    none.rlim_max = before.rlim_max;
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0); /* root is not held to it */
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    int rc = crypt_hold(&b, 4096, &e);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(rc, ERR_IO);
    assert_non_null(strstr(e.text, "ulimit -l"));
    assert_null(b.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_locked_while_it_is_held),
        cmocka_unit_test(beyond_the_limit_it_is_refused),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
