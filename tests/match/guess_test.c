/* Guessing: headers, and values that contradict them. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static enum match_field_kind guess(const char *header, const char *const *values, size_t count)
{
    struct bytes v[16];
    struct match_field field;
    for (size_t i = 0; i < count; i++)
        v[i] = bytes_text(values[i]);
    match_guess(bytes_text(header), v, count, &field);
    return field.kind;
}

static void kinds(void **state)
{
    (void)state;
    static const char *const dates[] = {"1970-01-02", "1980", "", "1990-12-31"};
    static const char *const zeros[] = {"0000-00-00", "1970-01-02", "0000-00-00", "00/00/0000"};
    static const char *const words[] = {"Kim", "Lee", "Park", "Choi"};
    static const char *const codes[] = {"4223", "4566", "2135", "4552"};
    static const char *const prices[] = {"12.50", "3.99", "100.00", "7.25"};
    static const char *const texts[] = {"a long line of free text", "some other words of a product",
                                        "and one more of it"};
    static const char *const none[] = {"", "", " "};
    assert_int_equal(guess("date_of_birth", dates, 4), MATCH_DATE);
    assert_int_equal(guess("whatever", dates, 4), MATCH_DATE);
    assert_int_equal(guess("dob", zeros, 4), MATCH_DATE);
    assert_int_equal(guess("dob", zeros, 1), MATCH_IGNORED);
    assert_int_equal(guess("given_name", words, 4), MATCH_GIVEN);
    assert_int_equal(guess("Surname", words, 4), MATCH_SURNAME);
    assert_int_equal(guess("full name", words, 4), MATCH_NAME);
    assert_int_equal(guess("birth place", words, 4), MATCH_PLACE);
    assert_int_equal(guess("dob", words, 4), MATCH_CODE); /* no dates in it */
    assert_int_equal(guess("postcode", codes, 4), MATCH_CODE);
    assert_int_equal(guess("price", prices, 4), MATCH_NUMBER);
    assert_int_equal(guess("description", texts, 3), MATCH_TEXT);
    assert_int_equal(guess("name", texts, 3), MATCH_TEXT);
    assert_int_equal(guess("name", none, 3), MATCH_IGNORED);
}

static void order_of_dates(void **state)
{
    (void)state;
    const struct bytes values[] = {bytes_text("05/06/1970"), bytes_text("05/26/1970")};
    struct match_field field;
    match_guess(bytes_text("date"), values, 2, &field);
    assert_true(field.month_first);
    match_guess(bytes_text("date"), values, 1, &field);
    assert_false(field.month_first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(order_of_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
