#include "estimate/estimate_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

enum { JOBS = 1000 };

static void mark(void *with, size_t index)
{
    atomic_uint *times = with;
    atomic_fetch_add(&times[index], 1);
}

static void test_each_once(void **state)
{
    for (unsigned threads = 0; threads <= 9; threads += 3) {
        atomic_uint times[JOBS + 1];
        for (size_t i = 0; i <= JOBS; i++)
            atomic_init(&times[i], 0);
        estimate_pool_run(threads, JOBS, mark, times);
        for (size_t i = 0; i < JOBS; i++)
            assert_int_equal(atomic_load(&times[i]), 1);
        assert_int_equal(atomic_load(&times[JOBS]), 0);
    }
    estimate_pool_run(4, 0, mark, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_once)};
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
