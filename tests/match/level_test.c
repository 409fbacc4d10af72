/* Levels: each one of each kind, and that they are the same from both sides. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static unsigned level_of(enum match_field_kind kind, const char *a, const char *b)
{
    struct match_field field = {"x", kind, false};
    struct match_frame *f = NULL;
    uint8_t levels[MATCH_FIELDS_MAX], turned[MATCH_FIELDS_MAX];
    const struct bytes x = bytes_text(a), y = bytes_text(b);
    assert_int_equal(match_frame_new(&field, 1, &f, NULL), 0);
    assert_int_equal(match_frame_add(f, &x, 0, NULL), 0);
    assert_int_equal(match_frame_add(f, &y, 0, NULL), 0);
    assert_false(match_explain(NULL, f, 0, 1, levels));
    assert_false(match_explain(NULL, f, 1, 0, turned));
    assert_int_equal(levels[0], turned[0]);
    assert_true(strlen(match_level_words(kind, levels[0])) > 1);
    match_frame_free(f);
    return levels[0];
}

static void levels(void **state)
{
    (void)state;
    assert_int_equal(level_of(MATCH_GIVEN, "Jong", ""), 0);
    assert_int_equal(level_of(MATCH_GIVEN, "Jong", "jong"), 1);
    assert_int_equal(level_of(MATCH_GIVEN, "Jong", "Jung"), 2);
    assert_int_equal(level_of(MATCH_GIVEN, "Friedrich", "Friedxich"), 3);
    assert_int_equal(level_of(MATCH_GIVEN, "Kate", "K"), 5);
    assert_int_equal(level_of(MATCH_GIVEN, "Kate", "Bob"), 6);
    assert_int_equal(level_of(MATCH_DATE, "1970-01-02", "1970"), 2);
    assert_int_equal(level_of(MATCH_DATE, "1970-01-02", "1971-01-02"), 3);
    assert_int_equal(level_of(MATCH_DATE, "1970-01-02", "1970-02-01"), 4);
    assert_int_equal(level_of(MATCH_DATE, "1970-01-02", "1975-01-02"), 5);
    assert_int_equal(level_of(MATCH_DATE, "1970-01-02", "1971-05-09"), 6);
    assert_int_equal(level_of(MATCH_DATE, "1970-01-02", "1990-05-09"), 7);
    assert_int_equal(level_of(MATCH_CODE, "5304218", "5304219"), 2);
    assert_int_equal(level_of(MATCH_CODE, "M", "F"), 4);
    assert_int_equal(level_of(MATCH_PLACE, "Hoeryong", "Hoeryon"), 2);
    assert_int_equal(level_of(MATCH_PLACE, "Hoeryong", "Wonsan"), 5);
    assert_int_equal(level_of(MATCH_NUMBER, "100", "100.5"), 2);
    assert_int_equal(level_of(MATCH_NUMBER, "100", "300"), 5);
    assert_int_equal(level_of(MATCH_NAME, "Kim Jong Un", "Jong Un Kim"), 2);
    assert_int_equal(level_of(MATCH_TEXT, "red wooden box", "box red wooden"), 2);
    assert_int_equal(level_of(MATCH_TEXT, "red wooden box", "blue iron key"), 7);
}

/* What sort a thing is, many say in the same words; the number of a model, two records. */
static void rare_words(void **state)
{
    (void)state;
    static const struct match_field field = {"title", MATCH_TEXT, false};
    struct match_frame *f = NULL;
    uint8_t levels[MATCH_FIELDS_MAX];
    char text[64];
    assert_int_equal(match_frame_new(&field, 1, &f, NULL), 0);
    for (unsigned i = 0; i < 4000; i++) {
        snprintf(text, sizeof text, i % 2 == 0 ? "grey wireless printer zx%u" : "zx%u printer by acme", i / 2);
        const struct bytes value = bytes_text(text);
        assert_int_equal(match_frame_add(f, &value, 0, NULL), 0);
    }
    assert_false(match_explain(NULL, f, 0, 1, levels)); /* the number and one word of three */
    assert_in_range(levels[0], 2, 3);
    assert_false(match_explain(NULL, f, 0, 2, levels)); /* all but the number */
    assert_in_range(levels[0], 4, 6);
    assert_false(match_explain(NULL, f, 0, 3, levels)); /* one word that half of them have */
    assert_in_range(levels[0], 6, 7);
    match_frame_free(f);
}

static void exchanged(void **state)
{
    (void)state;
    static const struct match_field fields[] = {{"g", MATCH_GIVEN, false}, {"s", MATCH_SURNAME, false}};
    struct match_frame *f = NULL;
    uint8_t levels[MATCH_FIELDS_MAX];
    const struct bytes x[] = {bytes_text("Omar"), bytes_text("Haddad")},
                       y[] = {bytes_text("Hadad"), bytes_text("Omar")};
    assert_int_equal(match_frame_new(fields, 2, &f, NULL), 0);
    assert_int_equal(match_frame_add(f, x, 0, NULL), 0);
    assert_int_equal(match_frame_add(f, y, 0, NULL), 0);
    assert_true(match_explain(NULL, f, 0, 1, levels));
    assert_int_equal(levels[0], 1);
    assert_int_equal(levels[1], 2);
    match_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(rare_words),
        cmocka_unit_test(exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
