#include "base/clock.h"

#include "chance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void assert_time(int64_t at_unix_s, const char *expected)
{
    char text[TIME_TEXT_MAX];
    time_text(text, at_unix_s);
    assert_string_equal(text, expected);
}

static void test_known_times(void **state)
{
    assert_time(0, "1970-01-01T00:00:00Z");
    assert_time(-1, "1969-12-31T23:59:59Z");
    assert_time(951782400, "2000-02-29T00:00:00Z");
    assert_time(1795473994, "2026-11-23T22:46:34Z");
}

static void test_years_at_the_limits_and_one_second_past(void **state)
{
    assert_time(-62167219200, "0000-01-01T00:00:00Z");
    assert_time(-62167219201, "@-62167219201");
    assert_time(253402300799, "9999-12-31T23:59:59Z");
    assert_time(253402300800, "@253402300800");
    assert_time(INT64_MIN, "@-9223372036854775808");
    assert_time(INT64_MAX, "@9223372036854775807");
}

/* Against the C library, for years it writes with four digits. */
static void test_random_times_as_the_library_writes_them(void **state)
{
    struct chance chance = {1970};
    for (size_t i = 0; i < 20000; i++) {
        time_t at = (time_t)(chance_u64(&chance) % 284000000000) - 30600000000;
        struct tm t;
        assert_non_null(gmtime_r(&at, &t));
        char expected[TIME_TEXT_MAX];
        assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &t) > 0);
        assert_time(at, expected);
    }
}

/* A day is over as soon as it is over in UTC or here. */
static void test_the_day_that_is_further_on(void **state)
{
    static const struct {
        const char *zone;
        int64_t at_unix_s;
        const char *day;
    } cases[] = {
        {"UTC0", 1795473994, "2026-11-23"},    {"KST-9", 1795473994, "2026-11-24"}, /* 22:46:34 UTC */
        {"PST8", 1795473994, "2026-11-23"},    {"KST-9", 1795444799, "2026-11-23"}, /* 14:39:59 UTC */
        {"PST8", 1795392001, "2026-11-23"},    {"KST-9", 1795392001, "2026-11-23"}, /* 00:00:01 UTC */
        {"AAA-24", 1798761599, "2027-01-01"},  {"AAA24", 1798761600, "2027-01-01"},
        {"UTC0", 253402300800, "@253402300800"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char day[TIME_TEXT_MAX];
        assert_int_equal(setenv("TZ", cases[i].zone, 1), 0);
        time_day_latest(day, cases[i].at_unix_s);
        assert_string_equal(day, cases[i].day);
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

static void test_clocks_run(void **state)
{
    assert_true(time_now_unix_s() > 1700000000);
    uint64_t before = time_monotonic_ms();
    const struct timespec pause = {.tv_nsec = 20000000};
    assert_int_equal(nanosleep(&pause, NULL), 0);
    uint64_t after = time_monotonic_ms();
    assert_in_range(after - before, 19, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_times),
        cmocka_unit_test(test_years_at_the_limits_and_one_second_past),
        cmocka_unit_test(test_random_times_as_the_library_writes_them),
        cmocka_unit_test(test_the_day_that_is_further_on),
        cmocka_unit_test(test_clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
