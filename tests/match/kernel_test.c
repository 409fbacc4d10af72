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

static void bound(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        char a[33], b[33];
        unsigned na = draw_word(a), nb = draw_word(b);
        unsigned most = match_jaro_winkler_most(a, na, match_letters_of(a, na), b, nb, match_letters_of(b, nb));
        assert_true(most >= match_jaro_winkler_plain(a, na, b, nb));
    }
}

static void sets(void **state)
{
    (void)state;
    uint32_t sets[67], fast[67], plain[67];
    for (unsigned n = 0; n <= 67; n++)
        for (unsigned most = 0; most < 34; most += n % 3 + 1) {
            for (unsigned i = 0; i < n; i++)
                sets[i] = (uint32_t)(match_mix(i * 77 + n) >> (i % 4 * 8)); /* dense and sparse ones */
            uint32_t with = (uint32_t)match_mix(most);
            size_t found = match_sets_near(sets, n, with, most, fast);
            assert_int_equal(found, match_sets_near_plain(sets, n, with, most, plain));
            for (size_t i = 0; i < found; i++)
                assert_int_equal(fast[i], plain[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agree),
        cmocka_unit_test(known),
        cmocka_unit_test(sets),
        cmocka_unit_test(bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
