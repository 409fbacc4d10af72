#include "chart/chart.h"

#include "xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_overlaps(void **state)
{
    static const char *const lists[] = {"A", "B", "C"};
    static const struct chart_overlap overlaps[] = {{1, 50, "50"}, {3, 20, "20"}, {5, 4, "<5"}};
    struct chart_upset c = {.title = "T", .lists = lists, .list_count = 3, .overlaps = overlaps, .count = 3};
    OWN(buf_drop) struct buf b = {0};
    chart_upset(&c, &b);
    assert_true(xml_is_whole(buf_text(&b)));
    assert_int_equal(xml_count(buf_text(&b), "<circle"), 9);
    assert_int_equal(xml_count(buf_text(&b), "#222222\"/>"), 5); /* dots of lists that are in */
    assert_non_null(strstr(buf_text(&b), "&lt;5"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlaps)};
    return cmocka_run_group_tests_name("upset", tests, NULL, NULL);
}
