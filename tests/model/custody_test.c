/* The vocabulary of custody. */
#include "model/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"

static struct chance chance = {20261127};

static void acts_are_seven(void **state)
{
    size_t n = 0;
    (void)state;
    for (; statement_act(n) != NULL; n++)
        assert_true(statement_act_known(statement_act(n)));
    assert_int_equal(n, 7);
    assert_false(statement_act_known(""));
    assert_false(statement_act_known("Received"));
    assert_false(statement_act_known("deleted"));
}

static void days_and_times(void **state)
{
    static const char *const good[] = {"2026-11-20",       "0001-01-01",       "2000-02-29",
                                       "2024-02-29T00:00", "2026-12-31T23:59", "2026-11-20T14:05Z",
                                       "2026-11-20T14:05+09:00", "2026-11-20T14:05-03:30"};
    static const char *const bad[] = {"", "2026", "2026-11", "2026-11-2", "2026-00-01", "2026-13-01", "2026-11-00",
                                      "2026-11-31", "1900-02-29", "0000-01-01", "2026-11-20T", "2026-11-20T24:00",
                                      "2026-11-20T14:60", "2026-11-20 14:05", "2026-11-20T14:05:00",
                                      "2026-11-20T14:05z", "2026-11-20T14:05+9:00", "2026-11-20T14:05+15:00",
                                      "2026-11-20T14:05+09:60", "2026-11-20T14:05Z ", " 2026-11-20", "20261120",
                                      "2026-11-20T14:05+09:001", "+026-11-20", "2026-11--1"};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!statement_date_known(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (statement_date_known(bad[i]))
            fail_msg("%s", bad[i]);
}

static void accesses(void **state)
{
    static const char *const good[] = {"shown", "read", "restored", "exported"};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(statement_access_known(good[i]));
    assert_false(statement_access_known("") || statement_access_known("viewed") || statement_access_known("Shown"));
    assert_true(statement_access_may_go_unlogged(true, false));
    assert_false(statement_access_may_go_unlogged(true, true) || statement_access_may_go_unlogged(false, false) ||
                 statement_access_may_go_unlogged(false, true));
}

/* Every day that the C library knows, and no other of 31 in each month. */
static void the_calendar(void **state)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char text[32];
    (void)state;
    for (int year = 1890; year < 2110; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 31; day++) {
                bool leap = (year % 4 == 0) != (year % 100 == 0 && year % 400 != 0);
                int last = days[month - 1] + (month == 2 && leap);
                (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                assert_int_equal(statement_date_known(text), day <= last);
            }
}

/* A set of leaves drawn bit by bit has one good spelling, and every way to cut it further is refused. */
static void one_spelling_for_a_set(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        struct statement_range list[64], cut[65];
        size_t count = 0;
        for (uint64_t leaf = 0; leaf < 64; leaf++) {
            if (chance_below(&chance, 2) == 0)
                continue;
            if (count > 0 && list[count - 1].last + 1 == leaf)
                list[count - 1].last = leaf;
            else
                list[count++] = (struct statement_range){leaf, leaf};
        }
        assert_true(statement_ranges_good(list, count));
        for (size_t i = 0; i < count; i++) {
            if (list[i].first == list[i].last)
                continue;
            memcpy(cut, list, (i + 1) * sizeof cut[0]);
            memcpy(cut + i + 1, list + i, (count - i) * sizeof cut[0]);
            cut[i].last = list[i].first;
            cut[i + 1].first = list[i].first + 1;
            assert_false(statement_ranges_good(cut, count + 1));
        }
        if (count > 1) {
            struct statement_range first = list[0];
            list[0] = list[count - 1];
            list[count - 1] = first;
            assert_false(statement_ranges_good(list, count));
        }
    }
    const struct statement_range edge[] = {{0, 0}, {UINT64_MAX, UINT64_MAX}}, back[] = {{5, 4}};
    const struct statement_range zero[] = {{3, 4}, {0, 1}};
    assert_true(statement_ranges_good(edge, 2) && statement_ranges_good(NULL, 0));
    assert_false(statement_ranges_good(back, 1) || statement_ranges_good(zero, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_are_seven),
        cmocka_unit_test(accesses),
        cmocka_unit_test(days_and_times),
        cmocka_unit_test(the_calendar),
        cmocka_unit_test(one_spelling_for_a_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
