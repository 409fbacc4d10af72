#include "chart/chart_internal.h"

#include "xml.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},    {7, "7"}, {7.25, "7.2"}, {999, "999"}, {1000, "1,000"}, {1234567.4, "1,234,567"},
                 {-20, "-20"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char to[32];
        chart_number(to, cases[i].value);
        assert_string_equal(to, cases[i].text);
    }
}

static void test_words_are_escaped(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    chart_begin(&b, 100, 100, "<script>&\"\x01");
    chart_words(&b, 1, 2, CHART_END, "a<b>&c");
    chart_end(&b);
    assert_true(xml_is_whole(buf_text(&b)));
    assert_null(strstr(buf_text(&b), "<script>"));
    assert_non_null(strstr(buf_text(&b), "a&lt;b&gt;&amp;c"));
}

/* Whatever the range, four to ten marks hold it. */
static void test_axis(void **state)
{
    for (double low = 0; low < 1e5; low = low * 3 + 1)
        for (double span = 0.5; span < 1e8; span *= 7.3) {
            struct chart_axis a;
            chart_axis_set(&a, low, low + span, 0, 100);
            double marks = (a.high - a.low) / a.step;
            assert_true(a.low <= low && a.high >= low + span);
            assert_true(marks > 2.5 && marks < 10.5);
            assert_true(chart_axis_at(&a, a.low - 5) == 0 && chart_axis_at(&a, a.high + 5) == 100);
        }
    struct chart_axis point;
    chart_axis_set(&point, 5, 5, 0, 100);
    assert_true(point.high > point.low);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_words_are_escaped),
        cmocka_unit_test(test_axis),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
