/* Letters: what each script folds to, and bytes that are not UTF-8. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void folds(const char *text, const char *expected)
{
    struct match_name name = fixture_name(text);
    char joined[256] = "";
    for (unsigned i = 0; i < name.count; i++) {
        strncat(joined, i == 0 ? "" : " ", 2);
        strncat(joined, name.t[i].s, name.t[i].n);
    }
    assert_string_equal(joined, expected);
}

static void scripts(void **state)
{
    (void)state;
    folds("Zoë Ñandú Łódź", "zoe nandu lodz");
    folds("Ким Чен Ын", "kim chen yn");
    folds("Жуков Щерба", "zhukov shcherba");
    folds("محمد", "mhmd");
    folds("Ａｂｃ１", "abc1");
    folds("O\xE2\x80\x99Neil D\x27"
          "Arc",
          "oneil darc");
    folds("a-b_c/d", "a b c d");
}

static void bad_bytes(void **state)
{
    (void)state;
    folds("a\xFF"
          "b",
          "a b");
    folds("\xC3", "");
    folds("\xE2\x80", "");
    folds("\xF5\x80\x80\x80x", "x");
    const uint8_t text[] = {0xEA, 0xB0, 0x80, 0xC0};
    const uint8_t *p = text;
    assert_int_equal(match_next_code(&p, text + 4), 0xAC00);
    assert_int_equal(match_next_code(&p, text + 4), 0xFFFD);
    assert_ptr_equal(p, text + 4);
}

static void han(void **state)
{
    (void)state;
    assert_int_equal(match_han_find(0x91D1)->hangul[0], 0xAE40); /* as a name, Kim */
    assert_string_equal(match_han_find(0x91D1)->mandarin, "jin");
    assert_null(match_han_find(0x41));
    for (unsigned i = 1; i < match_han_count; i++)
        assert_true(match_han_table[i - 1].code < match_han_table[i].code);
    for (unsigned i = 1; i < match_latin_count; i++)
        assert_true(match_latin_table[i - 1].code < match_latin_table[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts),
        cmocka_unit_test(bad_bytes),
        cmocka_unit_test(han),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
