/* Dates: each form, what is not known, what cannot be. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void is(const char *text, bool month_first, int year, unsigned month, unsigned day)
{
    struct match_date d = {0};
    assert_int_equal(match_date_read(bytes_text(text), month_first, &d), year != 0);
    assert_int_equal(d.year, year);
    assert_int_equal(d.month, month);
    assert_int_equal(d.day, day);
}

static void forms(void **state)
{
    (void)state;
    is("1970-05-17", false, 1970, 5, 17);
    is("1970/5/7", false, 1970, 5, 7);
    is("19700517", false, 1970, 5, 17);
    is("17051970", false, 1970, 5, 17);
    is("17.05.1970", false, 1970, 5, 17);
    is("05/06/1970", false, 1970, 6, 5);
    is("05/06/1970", true, 1970, 5, 6);
    is("17 May 1970", false, 1970, 5, 17);
    is("May 17, 1970", false, 1970, 5, 17);
    is("Oct 1954", false, 1954, 10, 0);
    is("circa 1970", false, 1970, 0, 0);
    is("1970-05", false, 1970, 5, 0);
    is("1970-05-17T10:00:00Z", false, 1970, 5, 17);
}

static void not_dates(void **state)
{
    (void)state;
    is("0000-00-00", false, 0, 0, 0);
    is("", false, 0, 0, 0);
    is("12", false, 0, 0, 0);
    is("abc", false, 0, 0, 0);
    is("999999999999", false, 0, 0, 0);
    is("1970-13-40", false, 1970, 0, 0);
    is("1970-02-00", false, 1970, 2, 0);
    is("1 2 3 4 5", false, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(not_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
