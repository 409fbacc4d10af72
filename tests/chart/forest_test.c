#include "chart/chart.h"

#include "xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_rows(void **state)
{
    static const struct chart_interval rows[] = {{"one", 120, 150, 200, false}, {"at least", 110, 130, 0, true}};
    OWN(buf_drop) struct buf b = {0}, again = {0};
    struct chart_forest c = {.title = "T", .mark_label = "documented", .mark = 100, .rows = rows, .count = 2};
    chart_forest(&c, &b);
    chart_forest(&c, &again);
    assert_true(xml_is_whole(buf_text(&b)));
    assert_int_equal(xml_count(buf_text(&b), "<circle"), 2);
    assert_non_null(strstr(buf_text(&b), "at least"));
    assert_non_null(strstr(buf_text(&b), "documented"));
    assert_string_equal(buf_text(&b), buf_text(&again));
}

static void test_empty(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    chart_forest(&(struct chart_forest){.title = "T", .mark_label = ""}, &b);
    assert_true(xml_is_whole(buf_text(&b)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests_name("forest", tests, NULL, NULL);
}
