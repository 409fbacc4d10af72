/* The map from texts to numbers, far beyond its first room. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void numbers(void **state)
{
    (void)state;
    struct match_map *m = match_map_new();
    bool is_new;
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 100000; i++) {
            char text[16];
            int n = snprintf(text, sizeof text, "%u", i * 7);
            assert_int_equal(match_map_number(m, bytes_of(text, (size_t)n), &is_new), i + 1);
            assert_int_equal(is_new, round == 0);
        }
    assert_int_equal(match_map_number(m, (struct bytes){0}, &is_new), 100001);
    assert_int_equal(match_map_number(m, (struct bytes){0}, &is_new), 100001);
    assert_false(is_new);
    assert_int_equal(match_map_count(m), 100001);
    match_map_free(m);
    match_map_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
