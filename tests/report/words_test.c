#include "fixture.h"

static void test_each_code_has_its_sentence(void **state)
{
    for (unsigned code = 0; code < ESTIMATE_CODES; code++)
        for (enum text_language language = TEXT_ENGLISH; language <= TEXT_KOREAN; language++) {
            OWN(buf_drop) struct buf b = {0};
            struct estimate_reason r = {.code = code};
            text_choose(language);
            report_reason_words(&r, (const char *const[]){"L"}, &b);
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
    assert_non_null(strstr(text, "lower bound (Chao): no number"));
    assert_non_null(strstr(text, "Refused (lists-avoid): Lists s2 and s3 share fewer persons"));
    assert_non_null(strstr(text, "Lowest BIC of 8 models: [23,1], 724"));
    fixture_end(&f);
}

/* Lists that may have met persons of different kinds: what is said is "at least", explained once. */
static void test_lower_bounds(void **state)
{
    struct fixture f;
    OWN(buf_drop) struct buf b = {0}, korean = {0}, result = {0};
    fixture_begin(&f, FIXTURE_CLASSES);
    f.o.method[REPORT_LOGLINEAR] = f.o.method[REPORT_DGA] = true;
    fixture_run(&f);
    assert_int_equal(report_words(&f.in, &f.o, f.answers, &b, NULL), 0);
    const char *text = buf_text(&b);
    assert_non_null(strstr(text, "log-linear models, averaged: at least "));
    assert_non_null(strstr(text, "decomposable graphs, averaged: at least "));
    assert_null(strstr(text, "estimated"));
    const char *once = strstr(text, "does not exclude that some persons are harder to see");
    assert_non_null(once);
    assert_null(strstr(once + 1, "does not exclude"));
    assert_non_null(strstr(text, "Note (may-differ): as above: a lower bound."));
    assert_non_null(strstr(text, "All methods together: at least "));
    text_choose(TEXT_KOREAN);
    assert_int_equal(report_words(&f.in, &f.o, f.answers, &korean, NULL), 0);
    text_choose(TEXT_ENGLISH);
    assert_non_null(strstr(buf_text(&korean), "모든 방법을 합쳐: 적어도 "));
    assert_int_equal(report_result(&f.in, &f.o, f.answers, &result, NULL), 0);
    assert_non_null(strstr(buf_text(&result), "\"status\":\"lower-bound\",\"value\":{\"high\":\""));
    assert_non_null(strstr(buf_text(&result), "{\"bounds\":true,\"code\":\"may-differ\""));
    assert_null(strstr(buf_text(&result), "\"status\":\"estimated\"")); /* nor with a list left out */
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
        cmocka_unit_test(test_lower_bounds),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
