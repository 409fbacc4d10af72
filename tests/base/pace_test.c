/* A rate kept by a clock that is made up here. */
#include "base/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void no_limit_waits_for_nothing(void **state)
{
    struct pace p;
    (void)state;
    pace_begin(&p, 0, 5);
    for (int i = 0; i < 10; i++)
        assert_int_equal(pace_take(&p, UINT64_MAX, 5), 0);
}

/* Whatever the pieces are, what was taken by the end of a wait is never more than the rate, but for the burst. */
static void the_rate_is_kept_and_reached(void **state)
{
    static const uint64_t rates[] = {1, 999, 1000, 50000000, 1000000000000};
    static const uint64_t pieces[] = {1, 7, 131072, 1048576};
    (void)state;
    for (unsigned r = 0; r < sizeof rates / sizeof rates[0]; r++)
        for (unsigned k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
            struct pace p;
            uint64_t begin = 1000000, now = begin, taken = 0;
            pace_begin(&p, rates[r], now);
            for (int i = 0; i < 5000; i++) {
                now += pace_take(&p, pieces[k], now);
                taken += pieces[k];
            }
            now += pace_take(&p, 1, now); /* when the last one was done */
            uint64_t least = taken / rates[r] * 1000 + taken % rates[r] * 1000 / rates[r];
            assert_true(now - begin + 1 >= least);
            assert_true(now - begin <= least + 1);
        }
}

static void what_was_not_used_is_not_saved_up(void **state)
{
    struct pace p;
    (void)state;
    pace_begin(&p, 1000000, 0);
    assert_int_equal(pace_take(&p, 1000000, 0), 0);
    assert_int_equal(pace_take(&p, 1, 0), 1000);
    assert_int_equal(pace_take(&p, 1000000, 3600000), 0); /* an hour of nothing */
    assert_int_equal(pace_take(&p, 1, 3600000), 900);     /* and a tenth of a second made up for */
}

static void a_clock_that_goes_back_is_waited_for(void **state)
{
    struct pace p;
    (void)state;
    pace_begin(&p, 1000, 10000);
    assert_int_equal(pace_take(&p, 10, 10000), 0);
    assert_int_equal(pace_take(&p, 10, 9000), 1010);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_limit_waits_for_nothing),
        cmocka_unit_test(the_rate_is_kept_and_reached),
        cmocka_unit_test(what_was_not_used_is_not_saved_up),
        cmocka_unit_test(a_clock_that_goes_back_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
