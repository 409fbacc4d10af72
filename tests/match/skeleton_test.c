/* Skeletons: spellings of one sound share one, others do not. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void skeleton_is(const char *word, const char *expected)
{
    char to[13] = "";
    unsigned n = match_skeleton(word, (unsigned)strlen(word), to);
    to[n] = 0;
    assert_string_equal(to, expected);
}

static void classes(void **state)
{
    (void)state;
    skeleton_is("gim", "km");
    skeleton_is("kim", "km");
    skeleton_is("park", "prk");
    skeleton_is("muhammad", "mt");
    skeleton_is("mohamed", "mt");
    skeleton_is("philip", "prp");
    skeleton_is("o", "o");
    skeleton_is("woo", "u");
    skeleton_is("", "");
    skeleton_is("bcdfghjklmnpqrst", "pktfkckrmnpk");
}

static uint32_t vowels(const char *s)
{
    return match_vowels(s, (unsigned)strlen(s));
}

/* One sound in the spellings of several systems; and sounds that no system writes alike. */
static void vowel_classes(void **state)
{
    (void)state;
    static const char *const same[][3] = {{"chol", "cheol", "chul"},
                                          {"kim", "gim", "keem"},
                                          {"hui", "hee", "heui"},
                                          {"yong", "yeong", "young"},
                                          {"mohammed", "muhammad", "mohamad"},
                                          {"hwang", "whang", "hwahng"}};
    static const char *const other[][2] = {
        {"chol", "chil"}, {"ha", "ho"}, {"min", "man"}, {"chol", "cholo"}, {"", "a"}};
    for (unsigned i = 0; i < COUNT(same); i++)
        for (unsigned k = 1; k < 3; k++)
            assert_int_equal(vowels(same[i][0]), vowels(same[i][k]));
    for (unsigned i = 0; i < COUNT(other); i++)
        assert_int_not_equal(vowels(other[i][0]), vowels(other[i][1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
        cmocka_unit_test(vowel_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
