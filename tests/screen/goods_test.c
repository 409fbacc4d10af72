/* Goods: on a date, in a direction, with headings under chapters and the other way round. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static size_t ask(const char *hs, const char *on, bool exports, const char **ret_state, const char **ret_paragraph)
{
    const struct screen_ban *bans[8];
    struct match_date date;
    assert_true(match_date_read(bytes_text(on), false, &date));
    size_t n = screen_goods(hs, date, exports, bans, 8);
    if (n != 0) {
        *ret_state = screen_ban_state(bans[0], date);
        *ret_paragraph = bans[0]->paragraph;
    }
    return n;
}

static void coal(void **state)
{
    (void)state;
    const char *now, *paragraph;
    assert_int_equal(ask("2701", "2016-03-01", true, &now, &paragraph), 3);
    assert_string_equal(now, "not yet in force");
    assert_int_equal(ask("270112", "2017-08-05", true, &now, &paragraph), 1);
    assert_string_equal(now, "in force, winding down");
    assert_string_equal(paragraph, "8");
    assert_int_equal(ask("2701", "2017-09-04", true, &now, &paragraph), 1);
    assert_string_equal(now, "in force, winding down");
    assert_int_equal(ask("2701", "2017-09-05", true, &now, &paragraph), 1);
    assert_string_equal(now, "in force");
    assert_int_equal(ask("2701", "2018-01-01", false, &now, &paragraph), 0);
}

static void others(void **state)
{
    (void)state;
    const char *now, *paragraph;
    assert_int_equal(ask("0307", "2018-01-01", true, &now, &paragraph), 1);
    assert_string_equal(paragraph, "9");
    assert_int_equal(ask("2607", "2018-01-01", true, &now, &paragraph), 1);
    assert_string_equal(paragraph, "10");
    assert_int_equal(ask("7801", "2018-01-01", true, &now, &paragraph), 1);
    assert_int_equal(ask("8703", "2018-01-01", false, &now, &paragraph), 1);
    assert_string_equal(paragraph, "7");
    assert_int_equal(ask("49", "2018-01-01", true, &now, &paragraph), 0);
    assert_int_equal(ask("27", "2018-01-01", true, &now, &paragraph), 0); /* a chapter is not its headings */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coal),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
