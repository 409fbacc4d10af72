#include "fixture.h"

static void test_each_code_has_its_sentence(void **state)
{
    for (unsigned code = 0; code < ESTIMATE_CODES; code++)
        for (enum text_language language = TEXT_ENGLISH; language <= TEXT_KOREAN; language++) {
            OWN(buf_drop) struct buf b = {0};
            struct estimate_reason r = {.code = code};
            text_choose(language);
            report_reason_words(&r, "L", &b);
            assert_true(b.n > 20);
            assert_null(strstr(buf_text(&b), "%s"));
        }
    text_choose(TEXT_ENGLISH);
}

static void test_plain_words(void **state)
{
    struct fixture f;
    OWN(buf_drop) struct buf b = {0};
    fixture_begin(&f, FIXTURE_SPINA);
    f.o.method[REPORT_CHAO] = f.o.method[REPORT_LOGLINEAR] = true;
    f.o.linkage = "by hand";
    fixture_run(&f);
    assert_int_equal(report_words(&f.in, &f.o, f.answers, &b, NULL), 0);
    const char *text = buf_text(&b);
    assert_non_null(strstr(text, "Lists linked: by hand"));
    assert_non_null(strstr(text, "Documented: 621 persons on 3 lists"));
    assert_non_null(strstr(text, "at least 722"));
    assert_non_null(strstr(text, "Lowest BIC of 8 models: [23,1], 724"));
    fixture_end(&f);
}

static void test_numbers(void **state)
{
    char to[32];
    report_number(to, 1234567.6);
    assert_string_equal(to, "1,234,568");
    report_number(to, 0);
    assert_string_equal(to, "0");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_code_has_its_sentence),
        cmocka_unit_test(test_plain_words),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
