#include "base/text.h"

#include "base/bytes.h"
#include "base/unicode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int in_english(void **state)
{
    text_choose(TEXT_ENGLISH);
    return 0;
}

static void test_english_is_itself(void **state)
{
    assert_int_equal(text_chosen(), TEXT_ENGLISH);
    assert_string_equal(text_tr("out of memory; close other programs and try again"),
                        "out of memory; close other programs and try again");
}

static void test_every_sentence_is_found(void **state)
{
    assert_true(text_table_count > 0);
    text_choose(TEXT_KOREAN);
    assert_int_equal(text_chosen(), TEXT_KOREAN);
    for (unsigned i = 0; i < text_table_count; i++) {
        assert_ptr_equal(text_tr(text_table[i].en), text_table[i].ko);
        if (i > 0)
            assert_true(strcmp(text_table[i - 1].en, text_table[i].en) < 0);
    }
}

static void test_what_is_not_there_stays_english(void **state)
{
    text_choose(TEXT_KOREAN);
    static const char *const unknown[] = {"", "no such sentence", "\x7f", "out of memory"};
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_ptr_equal(text_tr(unknown[i]), unknown[i]);
}

static void test_both_languages_are_clean_text(void **state)
{
    for (unsigned i = 0; i < text_table_count; i++) {
        assert_true(unicode_is_nfc(bytes_text(text_table[i].en)));
        assert_true(unicode_is_nfc(bytes_text(text_table[i].ko)));
        assert_true(text_table[i].ko[0] != 0);
    }
}

enum { CONVERSIONS_MAX = 16, CONVERSION_MAX = 16 };

/* The conversions of a format in the order of their arguments: "%2$s took %1$d" gives "d", "s".  Returns how many. */
static size_t conversions(const char *format, char to[CONVERSIONS_MAX][CONVERSION_MAX])
{
    size_t count = 0;
    for (const char *p = strchr(format, '%'); p != NULL; p = strchr(p, '%')) {
        p++;
        if (*p == '%') {
            p++;
            continue;
        }
        size_t place = count;
        size_t digits = strspn(p, "0123456789");
        if (digits > 0 && p[digits] == '$') {
            place = (size_t)atoi(p) - 1;
            p += digits + 1;
        }
        assert_true(place < CONVERSIONS_MAX);
        size_t n = strcspn(p, "diouxXeEfgGcspn") + 1;
        assert_true(n < CONVERSION_MAX);
        memcpy(to[place], p, n);
        count++;
        p += n;
    }
    return count;
}

static void test_both_languages_take_the_same_arguments(void **state)
{
    for (unsigned i = 0; i < text_table_count; i++) {
        char en[CONVERSIONS_MAX][CONVERSION_MAX] = {0};
        char ko[CONVERSIONS_MAX][CONVERSION_MAX] = {0};
        size_t count = conversions(text_table[i].en, en);
        if (count != conversions(text_table[i].ko, ko) || memcmp(en, ko, sizeof(en)) != 0)
            fail_msg("other conversions in the Korean of \"%s\"", text_table[i].en);
    }
}

static void test_languages_by_name(void **state)
{
    static const struct {
        const char *name;
        int language; /* -1: neither */
    } cases[] = {
        {"en", TEXT_ENGLISH},
        {"en_GB", TEXT_ENGLISH},
        {"en_US.UTF-8", TEXT_ENGLISH},
        {"ko", TEXT_KOREAN},
        {"ko_KR", TEXT_KOREAN},
        {"ko_KR.UTF-8", TEXT_KOREAN},
        {"ko-KR", TEXT_KOREAN},
        {"ko.UTF-8", TEXT_KOREAN},
        {"ko@hanja", TEXT_KOREAN},
        {"", -1},
        {"e", -1},
        {"k", -1},
        {"kok", -1},
        {"kok_IN", -1},
        {"eng", -1},
        {"EN", -1},
        {"C", -1},
        {"POSIX", -1},
        {"fr_FR.UTF-8", -1},
        {" ko", -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum text_language language = TEXT_ENGLISH;
        int rc = text_language_named(cases[i].name, &language);
        assert_int_equal(rc, cases[i].language < 0 ? -1 : 0);
        if (rc == 0)
            assert_int_equal(language, cases[i].language);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_english_is_itself, in_english),
        cmocka_unit_test_teardown(test_every_sentence_is_found, in_english),
        cmocka_unit_test_teardown(test_what_is_not_there_stays_english, in_english),
        cmocka_unit_test_teardown(test_both_languages_are_clean_text, in_english),
        cmocka_unit_test_teardown(test_both_languages_take_the_same_arguments, in_english),
        cmocka_unit_test_teardown(test_languages_by_name, in_english),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
