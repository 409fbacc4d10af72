#include "chart/chart.h"

#include "xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_strata(void **state)
{
    static const struct chart_bar bars[] = {{"north", 100, 120, 200, 150, 300}, {"refused", 8, 0, 0, 0, 0}};
    struct chart_bars c = {"T", "documented", "imputed", "estimated", bars, 2};
    OWN(buf_drop) struct buf b = {0};
    chart_bars(&c, &b);
    assert_true(xml_is_whole(buf_text(&b)));
    /* Ground, three of the legend, three of the first stratum, one of the second. */
    assert_int_equal(xml_count(buf_text(&b), "<rect"), 8);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_strata)};
    return cmocka_run_group_tests_name("bars", tests, NULL, NULL);
}
