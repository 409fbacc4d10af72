#include "chart/chart.h"

#include "xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_curves(void **state)
{
    static const double x[] = {1, 2, 3}, y[] = {0, 5, 0}, flat[] = {0, 0, 0};
    struct chart_curve curves[] = {{"first", x, y, 3}, {"nothing", x, flat, 3}};
    OWN(buf_drop) struct buf b = {0};
    chart_density("p(N)", curves, 2, &b);
    assert_true(xml_is_whole(buf_text(&b)));
    assert_int_equal(xml_count(buf_text(&b), "<polyline"), 1); /* what has no height is named, not drawn */
    assert_non_null(strstr(buf_text(&b), "nothing"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_curves)};
    return cmocka_run_group_tests_name("density", tests, NULL, NULL);
}
