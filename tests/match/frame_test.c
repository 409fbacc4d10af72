/* Records as numbers: folding, missing values, limits. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct match_field fields[] = {
    {"name", MATCH_GIVEN, false}, {"dob", MATCH_DATE, false}, {"text", MATCH_TEXT, false}, {"n", MATCH_NUMBER, false}};

static void add(struct match_frame *f, const char *name, const char *dob, const char *text, const char *number)
{
    const struct bytes values[] = {bytes_text(name), bytes_text(dob), bytes_text(text), bytes_text(number)};
    assert_int_equal(match_frame_add(f, values, 0, NULL), 0);
}

static void values(void **state)
{
    (void)state;
    struct match_frame *f = NULL;
    assert_int_equal(match_frame_new(fields, 4, &f, NULL), 0);
    add(f, "Yong-chol", "1970-01-02", "a b c", "1.5");
    add(f, " yong CHOL", "02.01.1970", "c b a a", "1.500");
    add(f, "", "0000-00-00", "n/a", "0");
    add(f, "\xFF", "x", "", "");
    const uint32_t *row = f->row;
    assert_int_equal(row[0], row[4]);
    assert_int_equal(row[1], row[5]);
    assert_int_not_equal(row[2], row[6]);
    assert_int_equal(row[3], row[7]);
    assert_int_equal(row[8] + row[9] + row[10], 0);
    assert_int_not_equal(row[11], 0); /* a number may be nought */
    assert_int_equal(row[12] + row[13] + row[14] + row[15], 0);
    assert_int_equal(f->own[2].values[row[6]].words_count, 3);
    assert_int_equal(match_frame_records(f), 4);
    match_frame_free(f);
}

static void limits(void **state)
{
    (void)state;
    struct match_frame *f = NULL;
    struct match_field many[MATCH_FIELDS_MAX + 1] = {{"x", MATCH_CODE, false}};
    assert_int_equal(match_frame_new(many, 0, &f, NULL), ERR_REFUSED);
    assert_int_equal(match_frame_new(many, MATCH_FIELDS_MAX + 1, &f, NULL), ERR_REFUSED);
    for (unsigned i = 0; i < MATCH_FIELDS_MAX; i++)
        many[i].kind = MATCH_CODE;
    assert_int_equal(match_frame_new(many, MATCH_FIELDS_MAX, &f, NULL), 0);
    match_frame_drop(&f);
    match_frame_drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
