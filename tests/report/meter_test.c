#include "report/report_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(double done, uint64_t now_ms, const char *line)
{
    OWN(buf_drop) struct buf b = {0};
    struct report_meter m = {.all = 200, .done = done};
    report_meter_line(&m, now_ms, &b);
    assert_string_equal(buf_text(&b), line);
}

static void test_line(void **state)
{
    expect(0, 5000, "  0 %");
    expect(50, 1000, " 25 %"); /* too soon to guess */
    expect(50, 60000, " 25 %  at most 3:00 left");
    expect(500, 60000, "100 %  at most 0:00 left");
}

/* Off a terminal nothing is counted and nothing drawn. */
static void test_off(void **state)
{
    struct report_meter m = {.fd = -1};
    report_meter_add(&m, 5);
    report_meter_add(NULL, 5);
    assert_true(m.done == 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_off),
    };
    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
