/* Ways out: what was typed, and every reason in words.  tests/flow/30-consent.sh goes the ways. */
#include "fixture.h"

static void what_was_typed(void **state)
{
    OWN(verbs_way_release) struct verbs_way w = {0}, other = {0};
    struct err e = {0};
    (void)state;
    assert_int_equal(verbs_way_read(&w, NULL, NULL, NULL, &e), 0);
    assert_null(w.use);
    assert_int_equal(verbs_way_read(&w, "accountability", NULL, NULL, &e), ERR_USAGE);
    assert_int_equal(verbs_way_read(&w, NULL, "un", NULL, &e), ERR_USAGE);
    assert_int_equal(verbs_way_read(&w, NULL, NULL, "somebody", &e), ERR_USAGE);
    assert_int_equal(verbs_way_read(&w, "accountability", "public", NULL, &e), ERR_USAGE);
    for (size_t i = 0; consent_use(i) != NULL; i++) {
        assert_non_null(strstr(e.text, consent_use(i)->purpose));
        assert_non_null(strstr(e.text, consent_use(i)->to));
    }
    assert_int_equal(verbs_way_read(&other, "accountability", "un", "", &e), ERR_USAGE);
    assert_int_equal(verbs_way_read(&w, "accountability", "un", "somebody", &e), 0);
    assert_string_equal(w.said.to, "un");
    assert_string_equal(w.said.whom, "somebody");
}

static void what_may(void **state)
{
    struct statement_range list[] = {{5, 5}, {7, 9}};
    const struct verbs_way w = {.may = {.list = list, .count = COUNT(list)}};
    const bool want[] = {false, false, false, false, false, true, false, true, true, true, false};
    (void)state;
    for (uint64_t leaf = 0; leaf < COUNT(want); leaf++)
        assert_true(verbs_way_may(&w, leaf) == want[leaf]);
    assert_false(verbs_way_may(&(struct verbs_way){.use = NULL}, 5));
}

static void keep(void *context, const char *line)
{
    buf_put_text(context, line);
    buf_put_u8(context, '\n');
}

static void every_reason_has_its_words(void **state)
{
    OWN(buf_drop) struct buf said = {0}, last = {0};
    const struct verbs_face face = {.context = &said, .say = keep};
    struct err e = {0};
    (void)state;
    for (int why = CONSENT_MAY + 1; why <= CONSENT_WHY_LAST; why++) {
        struct verbs_denied d = {.item = 5, .why = (enum consent_why)why, .scope = CONSENT_TESTIFY, .person = "P-0001",
                                 .until = "2026-11-20", .leaf = 9};
        struct verbs_way w = {.use = consent_use(0), .denied = &d, .denied_count = 1};
        buf_clear(&said);
        assert_int_equal(verbs_way_say(&w, &face, &e), 0);
        assert_non_null(strstr(buf_text(&said), "Denied to un for accountability: 1\n  item 5, "));
        assert_non_null(strstr(buf_text(&said), " (leaf 9)\n"));
        assert_true((strstr(buf_text(&said), "person P-0001") != NULL) == (why >= CONSENT_WHY_NOT_ASKED));
        assert_true((strstr(buf_text(&said), "2026-11-20") != NULL) == (why == CONSENT_WHY_EXPIRED));
        assert_false(bytes_equal(buf_bytes(&said), buf_bytes(&last)));
        buf_clear(&last);
        buf_put_bytes(&last, buf_bytes(&said));
    }
    struct verbs_way nothing = {.use = consent_use(0)};
    buf_clear(&said);
    assert_int_equal(verbs_way_say(&nothing, &face, &e), 0);
    assert_int_equal(said.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_typed), cmocka_unit_test(what_may),
                                       cmocka_unit_test(every_reason_has_its_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
