/* Kernels: the fast versions against plain ones, on every pair of short words and on words drawn by lot. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static unsigned luck = 1;

static unsigned draw_word(char to[33])
{
    luck = luck * 1103515245u + 12345u;
    unsigned n = (luck >> 16) % 33;
    for (unsigned i = 0; i < n; i++) {
        luck = luck * 1103515245u + 12345u;
        to[i] = (char)(0x61 + (luck >> 16) % 5);
    }
    to[n] = 0;
    return n;
}

/* Optimal string alignment by the table of the textbook. */
static unsigned plain_distance(const char *a, unsigned na, const char *b, unsigned nb)
{
    unsigned d[34][34];
    for (unsigned i = 0; i <= na; i++)
        for (unsigned k = 0; k <= nb; k++) {
            if (i == 0 || k == 0) {
                d[i][k] = i + k;
                continue;
            }
            unsigned best = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            best = d[i - 1][k] + 1 < best ? d[i - 1][k] + 1 : best;
            best = d[i][k - 1] + 1 < best ? d[i][k - 1] + 1 : best;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && d[i - 2][k - 2] + 1 < best)
                best = d[i - 2][k - 2] + 1;
            d[i][k] = best;
        }
    return d[na][nb];
}

static void agree(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        char a[33], b[33];
        unsigned na = draw_word(a), nb = draw_word(b);
        assert_int_equal(match_jaro_winkler(a, na, b, nb), match_jaro_winkler_plain(a, na, b, nb));
        if (i % 20 == 0)
            assert_int_equal(match_distance(a, na, b, nb), plain_distance(a, na, b, nb));
    }
}

static void known(void **state)
{
    (void)state;
    assert_int_equal(match_jaro_winkler("martha", 6, "marhta", 6), 9610);
    assert_int_equal(match_jaro_winkler("dixon", 5, "dicksonx", 8), 8132);
    assert_int_equal(match_jaro_winkler("", 0, "a", 1), 0);
    assert_int_equal(match_jaro_winkler("a", 1, "a", 1), 10000);
    assert_int_equal(match_distance("kim", 3, "kmi", 3), 1);
    assert_int_equal(match_distance("", 0, "abc", 3), 3);
    assert_int_equal(match_distance("park", 4, "bak", 3), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agree),
        cmocka_unit_test(known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
