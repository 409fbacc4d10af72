/* Wilson's interval, against values worked by hand. */
#include "sheet/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void interval(void **state)
{
    (void)state;
    uint32_t low, high;
    sheet_interval(0, 0, &low, &high);
    assert_int_equal(low, 0);
    assert_int_equal(high, 1000000);
    sheet_interval(10, 10, &low, &high);
    assert_in_range(low, 722400, 722500);
    assert_int_equal(high, 1000000);
    sheet_interval(0, 10, &low, &high);
    assert_int_equal(low, 0);
    assert_in_range(high, 277500, 277600);
    sheet_interval(50, 100, &low, &high);
    assert_in_range(low, 403700, 403900);
    assert_in_range(high, 596100, 596300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(interval)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
