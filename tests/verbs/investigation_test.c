/* Investigations from the command line: begun, chosen, listed, shown on receipts, and counted by verify. */
#include "fixture.h"

static void begun_and_listed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "investigation", "new", "The harbour", NULL), 0);
    fixture_said(f, "Investigation \"The harbour\" begins with leaf");
    assert_int_equal(fixture_run(f, "investigation", "new", "The harbour", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "there is one named \"The harbour\" already");
    assert_int_equal(fixture_run(f, "investigation", "list", NULL), 0);
    fixture_said(f, "1 statements  The harbour");
    fixture_said(f, "main");
    assert_int_equal(fixture_json(f, "investigation", "list", NULL), 0);
    assert_int_equal(json_count(json_get(json_root(f->json), "investigations")), 2);
    assert_int_equal(fixture_run(f, "investigation", "begin", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "investigation", "new", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "investigation", "list", "more", NULL), VERBS_USAGE);
}

static void chosen(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(file_make_folders("papers", NULL), 0);
    assert_int_equal(file_create("papers/one", bytes_text("a page of the harbour"), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "intake", "papers", "--investigation", "The harbour", NULL), 0);
    fixture_said(f, "Investigation: The harbour");
    assert_int_equal(fixture_run(f, "note", "about it", "--investigation", "The harbour", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "about it", "--investigation", "The harbor", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "there is no investigation \"The harbor\"");
    assert_int_equal(fixture_json(f, "receipt", "1", "--summary", NULL), 0);
    assert_string_equal(fixture_word(f, "investigation"), "The harbour");
}

static void counted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "Investigation \"main\": statements 1 to 1, none missing.");
    fixture_said(f, "Investigation \"The harbour\": statements 1 to 5, none missing.");
    assert_int_equal(fixture_json(f, "verify", NULL), 0);
    const struct json_node *two = json_at(json_get(json_root(f->json), "investigations"), 1);
    uint64_t last;
    assert_true(json_get_u64(json_get(two, "last"), &last) && last == 5);
    assert_int_equal(json_count(json_get(two, "gaps")), 0);
}

static void hear(void *context, const char *line)
{
    buf_printf(context, "%s\n", line);
}

static void gaps_are_named(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf said = {0};
    struct verbs_numbered n = {.count = 0};
    struct statement_range many[30];
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct statement_range){2 + 3 * i, 2 + 3 * i + i % 2};
    const struct store_numbered one = {.name = "main", .last = 9, .missing = 5, .gap = many, .gaps = 2},
                                two = {.name = "두번째", .last = 99, .missing = 45, .gap = many, .gaps = COUNT(many)};
    const struct verbs_face face = {.context = &said, .say = hear};
    verbs_numbered_add(&n, &one);
    verbs_numbered_add(&n, &two);
    assert_int_equal(verbs_numbered_tell(&n, &face, NULL), 0);
    assert_non_null(strstr(buf_text(&said), "\"main\": statements 1 to 9, 5 MISSING: 2, 5-6\n"));
    assert_non_null(strstr(buf_text(&said), "\"두번째\": statements 1 to 99, 45 MISSING: 2, 5-6, 8, "));
    assert_non_null(strstr(buf_text(&said), ", ...\n"));
    verbs_numbered_release(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(begun_and_listed), cmocka_unit_test(chosen),
                                       cmocka_unit_test(counted), cmocka_unit_test(gaps_are_named)};
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
