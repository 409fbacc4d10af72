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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
