#include "base/unicode.h"

#include "chance.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_valid(void **state)
{
    static const char *const valid[] = {"",
                                        "a",
                                        "\x7f",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < COUNT(valid); i++)
        assert_true(unicode_valid(bytes_text(valid[i])));
    assert_true(unicode_valid(bytes_of(NULL, 0)));
    static const char *const refused[] = {"\x80",
                                          "\xbf",
                                          "\xc0\xaf",
                                          "\xc1\xbf",
                                          "\xc2",
                                          "\xc2"
                                          "a",
                                          "\xe0\x9f\xbf",
                                          "\xe1\x80",
                                          "\xed\xa0\x80",
                                          "\xed\xbf\xbf",
                                          "\xf0\x8f\xbf\xbf",
                                          "\xf0\x90\x80",
                                          "\xf4\x90\x80\x80",
                                          "\xf5\x80\x80\x80",
                                          "\xff",
                                          "a\xcc",
                                          "a\xfe"
                                          "b"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_false(unicode_valid(bytes_text(refused[i])));
        assert_false(unicode_is_nfc(bytes_text(refused[i])));
        OWN(buf_drop) struct buf b = {0};
        struct err e = {0};
        assert_int_equal(unicode_nfc(bytes_text(refused[i]), &b, &e), ERR_DAMAGED);
        assert_true(strlen(e.text) > 0);
        assert_int_equal(b.n, 0);
    }
    assert_false(unicode_valid(bytes_of("a\0b", 3)));
    assert_false(unicode_is_nfc(bytes_of("\0", 1)));
}

/* Samples of the Unicode normalization data: composed, reordered, excluded from composition, growing, Hangul. */
/* Unassigned: a noncharacter, and a place that the Greek block leaves free.  Private use is known as such. */
static void test_known(void **state)
{
    static const char *const known[] = {"", "plain", "\xEC\xA6\x9D\xEC\x96\xB8", "\xEE\x80\x80", "\xF0\x9F\x98\x80"};
    static const char *const unknown[] = {"\xCD\xB8",     "a\xCD\xB8", "\xCD\xB8z",
                                          "\xEF\xBF\xBF", "\xFF",      "\xEC\xA6"};
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++)
        assert_true(unicode_known(bytes_text(known[i])));
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_false(unicode_known(bytes_text(unknown[i])));
}

static void test_plain(void **state)
{
    assert_true(unicode_plain(bytes_text("Kim \xea\xb9\x80 e\xcc\x81 \\")));
    assert_true(unicode_plain(bytes_text("")));
    static const char *const hidden[] = {"\x01", "a\nb", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9",
                                         "\xe2\x80\xae", "\xff", "a\xe2\x82"};
    for (size_t i = 0; i < COUNT(hidden); i++)
        assert_false(unicode_plain(bytes_text(hidden[i])));
}

static void test_normal_form(void **state)
{
    static const struct {
        const char *text;
        const char *normal;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"e\xcc\x81", "é"},
        {"é", "é"},
        {"\xe2\x84\xab", "Å"},
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한"},
        {"가\xe1\x86\xa8", "각"},
        {"a\xcc\x81\xcc\xa3", "\xe1\xba\xa1\xcc\x81"},
        {"\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"},
        {"\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae"},
        {"\xef\xac\x81", "\xef\xac\x81"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(buf_drop) struct buf b = {0};
        buf_put_text(&b, "kept");
        assert_int_equal(unicode_nfc(bytes_text(cases[i].text), &b, NULL), 0);
        assert_string_equal(buf_text(&b) + 4, cases[i].normal);
        assert_int_equal(unicode_is_nfc(bytes_text(cases[i].text)), strcmp(cases[i].text, cases[i].normal) == 0);
        assert_true(unicode_is_nfc(bytes_text(cases[i].normal)));
    }
}

/* Random text made of the characters that meet one another. */
static void put_random_text(struct chance *c, struct buf *to)
{
    static const char *const characters[] = {
        "a",
        "e",
        "\\",
        " ",
        "é",
        "\xcc\x81",
        "\xcc\xa3",
        "\xcc\xb8",
        "\xe1\x84\x92",
        "\xe1\x85\xa1",
        "\xe1\x86\xab",
        "하",
        "😀",
        "\x1e",
        "\x01",
        "\n",
        "\x7f",
        "\xc2\x85",
        "\xe2\x80\xae",
        "\xe2\x80\x8f",
        "\xe2\x80\xa8",
        "\xe0\xa5\x98",
        "\xef\xbf\xbf",
        "<",
        "=",
    };
    for (size_t n = chance_below(c, 8); n > 0; n--)
        buf_put_text(to, characters[chance_below(c, COUNT(characters))]);
}

static void test_normal_form_is_reached_at_once(void **state)
{
    struct chance chance = {5};
    for (size_t round = 0; round < 20000; round++) {
        OWN(buf_drop) struct buf text = {0};
        OWN(buf_drop) struct buf once = {0};
        OWN(buf_drop) struct buf twice = {0};
        put_random_text(&chance, &text);
        assert_int_equal(unicode_nfc(buf_bytes(&text), &once, NULL), 0);
        assert_int_equal(unicode_nfc(buf_bytes(&once), &twice, NULL), 0);
        assert_true(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
        assert_true(unicode_is_nfc(buf_bytes(&once)));
        assert_int_equal(unicode_is_nfc(buf_bytes(&text)), bytes_equal(buf_bytes(&text), buf_bytes(&once)));
    }
}

static void test_length_at_the_limit_and_one_past(void **state)
{
    OWN(mem_drop) char *text = malloc(UNICODE_BYTES_MAX + 1);
    assert_non_null(text);
    memset(text, 'x', UNICODE_BYTES_MAX + 1);
    OWN(buf_drop) struct buf b = {0};
    struct err e = {0};
    assert_int_equal(unicode_nfc(bytes_of(text, UNICODE_BYTES_MAX), &b, &e), 0);
    assert_int_equal(b.n, UNICODE_BYTES_MAX);
    assert_true(unicode_is_nfc(buf_bytes(&b)));
    buf_clear(&b);
    assert_int_equal(unicode_nfc(bytes_of(text, UNICODE_BYTES_MAX + 1), &b, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "longer than"));
    assert_int_equal(b.n, 0);
    assert_false(unicode_is_nfc(bytes_of(text, UNICODE_BYTES_MAX + 1)));
    unicode_display(bytes_of(text, UNICODE_BYTES_MAX + 1), &b);
    assert_int_equal(buf_check(&b, NULL), ERR_IO);
}

static void assert_shown(struct bytes name, const char *expected)
{
    OWN(buf_drop) struct buf b = {0};
    unicode_display(name, &b);
    assert_false(b.failed);
    assert_string_equal(buf_text(&b), expected);
}

static void test_names_are_shown(void **state)
{
    assert_shown(bytes_text(""), "");
    assert_shown(bytes_of(NULL, 0), "");
    assert_shown(bytes_text("photo 1.jpg"), "photo 1.jpg");
    assert_shown(bytes_text("e\xcc\x81té 한글 😀"), "été 한글 😀");
    assert_shown(bytes_text("a\\b"), "a\\\\b");
    assert_shown(bytes_text("a\nb\x1b\x7f"), "a\\x0ab\\x1b\\x7f");
    assert_shown(bytes_of("a\0b", 3), "a\\x00b");
    assert_shown(bytes_text("\xc2\x9b"
                            "1m"),
                 "\\xc2\\x9b1m");
    assert_shown(bytes_text("\xff\xfe"
                            "a\xe4\xb8"),
                 "\\xff\\xfea\\xe4\\xb8");
    assert_shown(bytes_text("\xe2\x80\xae"
                            "fdp"),
                 "\\xe2\\x80\\xaefdp");
    assert_shown(bytes_text("\xe2\x80\xa8\xd8\x9c"), "\\xe2\\x80\\xa8\\xd8\\x9c");
    /* The mark would join the digit of the escape in front of it, and an e with an acute would be read. */
    assert_shown(bytes_text("\x1e\xcc\x81"), "\\x1e\\xcc\\x81");
    assert_shown(bytes_text("\xfe\xcc\x81"
                            "e\xcc\x81"),
                 "\\xfe\\xcc\\x81é");
    /* But a mark on a doubled backslash, or on nothing, stays. */
    assert_shown(bytes_text("\\\xcc\x81"), "\\\\\xcc\x81");
    assert_shown(bytes_text("\xcc\x81"), "\xcc\x81");
}

/* What was escaped, taken back: the NFC of the name with its invalid bytes, for names that hold no loose marks. */
static void take_back(struct bytes shown, struct buf *to)
{
    struct cursor c = cursor_of(shown);
    while (c.left > 0) {
        uint8_t byte = cursor_u8(&c);
        if (byte == '\\' && cursor_u8(&c) == 'x')
            assert_int_equal(hex_get(cursor_take(&c, 2), &byte, 1), 0);
        buf_put_u8(to, byte);
    }
    assert_true(cursor_done(&c));
}

static void test_any_name_is_shown_as_clean_text(void **state)
{
    struct chance chance = {9};
    for (size_t round = 0; round < 20000; round++) {
        OWN(buf_drop) struct buf name = {0};
        OWN(buf_drop) struct buf shown = {0};
        bool valid = chance_below(&chance, 2) == 0;
        for (size_t n = chance_below(&chance, 4); n > 0; n--) {
            put_random_text(&chance, &name);
            if (!valid)
                buf_put_u8(&name, (uint8_t)chance_below(&chance, 256));
        }
        unicode_display(buf_bytes(&name), &shown);
        assert_true(unicode_is_nfc(buf_bytes(&shown)));
        for (size_t i = 0; i < shown.n; i++)
            assert_true(shown.p[i] >= 0x20 && shown.p[i] != 0x7f);
        assert_null(strstr(buf_text(&shown), "\xe2\x80\xae"));
        assert_null(strstr(buf_text(&shown), "\xe2\x80\xa8"));
        if (!valid)
            continue;
        OWN(buf_drop) struct buf back = {0};
        OWN(buf_drop) struct buf normal = {0};
        take_back(buf_bytes(&shown), &back);
        assert_int_equal(unicode_nfc(buf_bytes(&name), &normal, NULL), 0);
        assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&normal)));
    }
}

static int normal_form_kept_apart(struct bytes text, struct buf *to)
{
    buf_put_text(to, "kept");
    return unicode_nfc(text, to, NULL);
}

static int shown_name(struct bytes text, struct buf *to)
{
    unicode_display(text, to);
    return buf_check(to, NULL);
}

static int normal_or_not(struct bytes text, struct buf *to)
{
    return unicode_is_nfc(text) ? 0 : ERR_IO;
}

static void test_each_allocation_fails(void **state)
{
    static const char text[] = "é한😀";
    int (*const uses[])(struct bytes, struct buf *) = {normal_form_kept_apart, shown_name, normal_or_not};
    for (size_t i = 0; i < COUNT(uses); i++) {
        size_t failures = 0;
        for (bool failed = true; failed;) {
            memory_fails_at(failures + 1);
            struct buf b = {0};
            int rc = uses[i](bytes_text(text), &b);
            bool half = b.n > strlen("kept");
            buf_drop(&b);
            failed = memory_is_back();
            assert_int_equal(memory_kept(), 0);
            assert_int_equal(rc, failed ? ERR_IO : 0);
            assert_false(failed && half && i == 0);
            failures += failed;
        }
        assert_true(failures >= 3);
    }
}

static void test_columns(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},         {"abc", 3},
        {"é", 1},        {"e\xcc\x81", 1},
        {"한글", 4},     {"漢字", 4},
        {"ｱ", 1},        {"Ａ", 2},
        {"😀", 2},        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 2},
        {"\xc2\xad", 1}, {"\xe2\x80\x8b", 0},
        {"…", 1},        {"\xff\xfe", 2},
        {"a\nb", 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(unicode_columns(bytes_text(cases[i].text)), cases[i].columns);
    assert_int_equal(unicode_columns(bytes_of(NULL, 0)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_normal_form),
        cmocka_unit_test(test_normal_form_is_reached_at_once),
        cmocka_unit_test(test_length_at_the_limit_and_one_past),
        cmocka_unit_test(test_names_are_shown),
        cmocka_unit_test(test_any_name_is_shown_as_clean_text),
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
