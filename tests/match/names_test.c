/* Tokens of names: limits, hangul in both forms, readings of Chinese characters with the initial-sound rule. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void hangul(void **state)
{
    (void)state;
    struct match_name name = fixture_name("김정은");
    assert_int_equal(name.count, 1);
    assert_int_equal(name.t[0].syllables, 3);
    assert_memory_equal(name.t[0].s, "gimjeongeun", 11);
    struct match_name apart = fixture_name("\xE1\x84\x80\xE1\x85\xB5\xE1\x86\xB7"); /* the same, in jamo */
    assert_int_equal(apart.t[0].hangul[0], name.t[0].hangul[0]);
}

static void han(void **state)
{
    (void)state;
    struct match_name korean, mandarin;
    assert_true(match_name_read(bytes_text("李正恩"), MATCH_READ_KOREAN, &korean));
    assert_int_equal(korean.t[0].hangul[0], 0xC774); /* 이, not 리, at the beginning */
    assert_true(match_name_read(bytes_text("李正恩"), MATCH_READ_MANDARIN, &mandarin));
    assert_memory_equal(mandarin.t[0].s, "lizhengen", 9);
}

static void limits(void **state)
{
    (void)state;
    char text[200] = "";
    for (unsigned i = 0; i < MATCH_TOKENS_MAX + 1; i++)
        strcat(text, "ab ");
    assert_int_equal(fixture_name(text).count, MATCH_TOKENS_MAX);
    memset(text, 0x78, 199);
    text[199] = 0;
    assert_int_equal(fixture_name(text).t[0].n, MATCH_TOKEN_BYTES);
    assert_int_equal(fixture_name("").count, 0);
    struct match_name none = {.count = 1};
    assert_false(match_name_read(bytes_of(NULL, 0), MATCH_READ_KOREAN, &none));
    assert_int_equal(none.count, 0);
    assert_int_equal(fixture_name(" -- ").count, 0);
    assert_int_equal(fixture_name("김Kim").count, 2);
}

static void lost_letters(void **state)
{
    (void)state;
    struct match_name name = fixture_name("AL-SA?ADI J?R?ME ??x? a ?b");
    static const char *const expected[] = {"al", "saadi", "jrme", "x", "a", "b"};
    assert_int_equal(name.count, COUNT(expected));
    for (unsigned i = 0; i < COUNT(expected); i++) {
        assert_int_equal(name.t[i].n, strlen(expected[i]));
        assert_memory_equal(name.t[i].s, expected[i], name.t[i].n);
    }
    assert_int_equal(fixture_name("???").count, 0);
    assert_int_equal(fixture_name("a?").count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hangul),
        cmocka_unit_test(han),
        cmocka_unit_test(limits),
        cmocka_unit_test(lost_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
