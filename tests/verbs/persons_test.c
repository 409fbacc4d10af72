/* Persons as they are typed, and sets of leaves as they are told. */
#include "fixture.h"

static void codes_become_one_set(void **state)
{
    OWN(verbs_persons_release) struct verbs_persons p = {0};
    struct err e = {0};
    (void)state;
    assert_int_equal(verbs_persons("--person", "P-0002,P-0001,P-0002", &p, &e), 0);
    assert_int_equal(p.list.count, 2);
    assert_string_equal(p.list.codes[0], "P-0001");
    assert_string_equal(p.list.codes[1], "P-0002");
}

static void names_are_no_codes(void **state)
{
    static const char *const bad[] = {"", "Kim Mirae", "P-0001,", ",P-0001", "P-0001, P-0002", "KIM-MIRAE"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        OWN(verbs_persons_release) struct verbs_persons p = {0};
        struct err e = {0};
        assert_int_equal(verbs_persons("--person", bad[i], &p, &e), ERR_USAGE);
        assert_non_null(strstr(e.text, "no code of a person"));
        assert_null(strstr(e.text, "Mirae")); /* what was typed may be a name: it is not repeated */
    }
}

static void as_many_as_a_form_has(void **state)
{
    OWN(buf_drop) struct buf text = {0};
    struct err e = {0};
    (void)state;
    for (int i = 0; i < CONSENT_PERSONS_MAX; i++)
        buf_printf(&text, "%sP-%04d", i == 0 ? "" : ",", i);
    OWN(verbs_persons_release) struct verbs_persons all = {0}, more = {0};
    assert_int_equal(verbs_persons("--person", buf_text(&text), &all, &e), 0);
    assert_int_equal(all.list.count, CONSENT_PERSONS_MAX);
    buf_put_text(&text, ",P-9999");
    assert_int_equal(verbs_persons("--person", buf_text(&text), &more, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "at most 256 persons"));
}

static void ranges_are_told(void **state)
{
    struct statement_range list[] = {{5, 5}, {7, 9}};
    const struct verbs_ranges r = {.list = list, .count = COUNT(list)};
    OWN(buf_drop) struct buf words = {0}, json = {0};
    struct json_out j = {.to = &json};
    (void)state;
    verbs_ranges_say(&r, &words);
    assert_string_equal(buf_text(&words), "5, 7-9");
    json_object_begin(&j);
    verbs_ranges_json(&j, "items", &r);
    json_object_end(&j);
    assert_string_equal(buf_text(&json), "{\"items\":[[5,5],[7,9]]}");
}

static void today_is_a_day(void **state)
{
    char day[TIME_TEXT_MAX];
    (void)state;
    char before[TIME_TEXT_MAX];
    verbs_today(day);
    assert_true(statement_date_known(day) && strlen(day) == 10);
    assert_int_equal(setenv("TZ", "AAA-24", 1), 0); /* where it is tomorrow */
    time_text(before, time_now_unix_s());
    verbs_today(day);
    assert_int_equal(unsetenv("TZ"), 0);
    assert_true(strncmp(day, before, 10) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_become_one_set), cmocka_unit_test(names_are_no_codes),
        cmocka_unit_test(as_many_as_a_form_has), cmocka_unit_test(ranges_are_told), cmocka_unit_test(today_is_a_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
