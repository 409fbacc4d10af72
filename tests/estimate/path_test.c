#include "estimate/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_best_works(void **state)
{
    assert_true(estimate_path_works(ESTIMATE_PATH_PLAIN));
    assert_true(estimate_path_works(estimate_path_best()));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_best_works)};
    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
