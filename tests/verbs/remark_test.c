/* Signed remarks: a note, and a receipt that is set aside. */
#include "fixture.h"

static uint64_t leaves(struct fixture *f)
{
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    return fixture_number(f, "leaves");
}

/* The statement of a leaf, as it is stored. */
static void statement(struct fixture *f, uint64_t leaf, enum statement_kind kind, const char *text)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    struct store_place place = {
        .root = f->repository, .state_folder = "state", .config_folder = "config", .identity = &f->identity};
    assert_int_equal(store_open(&place, STORE_READ, &s, NULL), 0);
    assert_int_equal(store_statement(s, leaf, &held, &st, NULL), 0);
    assert_int_equal(st.kind, kind);
    assert_string_equal(kind == STATEMENT_NOTE ? st.note.text : st.set_aside.reason, text);
}

static void a_note_stands_on_the_log_as_it_was_written(void **state)
{
    static const char *const texts[][2] = {
        {"the key was handed over", "the key was handed over"},
        {"two\nlines, \"quotes\" and \\", "two\nlines, \"quotes\" and \\"},
        {"\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80"}, /* in normal form C */
        {"--strict", NULL},
    };
    struct fixture *f = *state;
    for (size_t i = 0; texts[i][1] != NULL; i++) {
        char words[64];
        uint64_t leaf = leaves(f);
        assert_int_equal(fixture_run(f, "note", texts[i][0], NULL), 0);
        (void)snprintf(words, sizeof words, "Noted as leaf %u of the log.\n", (unsigned)leaf);
        fixture_said(f, words);
        statement(f, leaf, STATEMENT_NOTE, texts[i][1]);
    }
    uint64_t leaf = leaves(f);
    assert_int_equal(fixture_json(f, "note", "as a document", NULL), 0);
    assert_int_equal(fixture_number(f, "leaf"), leaf);
}

static void the_longest_note_and_one_past_it(void **state)
{
    struct fixture *f = *state;
    char *text = calloc(STATEMENT_TEXT_MAX + 2, 1);
    memset(text, 'n', STATEMENT_TEXT_MAX);
    uint64_t leaf = leaves(f);
    assert_int_equal(fixture_run(f, "note", text, NULL), 0);
    statement(f, leaf, STATEMENT_NOTE, text);
    text[STATEMENT_TEXT_MAX] = 'n';
    leaf = leaves(f);
    assert_int_equal(fixture_run(f, "note", text, NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "the note is longer than 65536 bytes: put it in a file and take that in");
    free(text);
    assert_int_equal(leaves(f), leaf);
}

static void a_note_that_is_no_text_is_refused(void **state)
{
    static const char *const bad[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf", "ok \xf5\x80\x80\x80"};
    struct fixture *f = *state;
    uint64_t before = leaves(f);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(fixture_run(f, "note", bad[i], NULL), VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, "the note is no UTF-8 text: set the terminal to UTF-8 and type it again");
    }
    fixture_run(f, "note", "", NULL);
    fixture_failed(f, ERR_USAGE, "the note is empty");
    assert_int_equal(leaves(f), before);
    f->repository = NULL;
    fixture_run(f, "note", "x", NULL);
    fixture_failed(f, ERR_ABSENT, "no repository here");
    f->repository = "archive";
}

static void a_receipt_is_set_aside_once(void **state)
{
    struct fixture *f = *state;
    scratch_text("one", "1");
    assert_int_equal(fixture_run(f, "intake", "one", NULL), 0);
    uint64_t leaf = leaves(f);
    assert_int_equal(fixture_json(f, "set-aside", "1", "--reason", "the wrong folder", NULL), 0);
    assert_int_equal(fixture_number(f, "leaf"), leaf);
    assert_int_equal(fixture_number(f, "receipt"), 1);
    statement(f, leaf, STATEMENT_SET_ASIDE, "the wrong folder");
    leaf = leaves(f);
    assert_int_equal(fixture_run(f, "set-aside", "latest", "--reason", "again", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "receipt 1 is set aside already");
    assert_int_equal(leaves(f), leaf);
    assert_int_equal(fixture_run(f, "receipt", "1", NULL), 0);
    fixture_said(f, "  Set aside: the wrong folder");
    /* It no longer counts: the same file is taken in anew. */
    assert_int_equal(fixture_json(f, "intake", "one", NULL), 0);
    assert_int_equal(fixture_number(f, "taken.files"), 1);
    assert_int_equal(fixture_run(f, "set-aside", "2", "--reason", "also", NULL), 0);
    fixture_said(f, "Receipt 2 is set aside. Nothing was removed.");
}

static void what_cannot_be_set_aside_is_named(void **state)
{
    struct fixture *f = *state;
    uint64_t before = leaves(f);
    fixture_run(f, "set-aside", "1", NULL);
    fixture_failed(f, ERR_USAGE, "--reason TEXT is missing");
    fixture_run(f, "set-aside", "1", "--reason", "", NULL);
    fixture_failed(f, ERR_USAGE, "--reason is empty");
    fixture_run(f, "set-aside", "1", "--reason", "\x80", NULL);
    fixture_failed(f, ERR_USAGE, "--reason is no UTF-8 text");
    assert_int_equal(fixture_run(f, "set-aside", "3", "--reason", "x", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "there is no receipt 3: the newest is 2");
    fixture_run(f, "set-aside", "0", "--reason", "x", NULL);
    fixture_failed(f, ERR_ABSENT, "there is no receipt 0");
    assert_int_equal(fixture_run(f, "set-aside", "one", "--reason", "x", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "\"one\" is no receipt number: give a number, or latest");
    assert_int_equal(leaves(f), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_stands_on_the_log_as_it_was_written),
        cmocka_unit_test(the_longest_note_and_one_past_it),
        cmocka_unit_test(a_note_that_is_no_text_is_refused),
        cmocka_unit_test(a_receipt_is_set_aside_once),
        cmocka_unit_test(what_cannot_be_set_aside_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
