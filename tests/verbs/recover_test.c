/* Recovering by files and by typing, and what a person is told when something does not fit. */
#include "fixture.h"

#include "paper/paper.h"

static char set[9]; /* as the names of files have it */

static const char *sheet(unsigned n, const char *ending)
{
    static char names[4][128];
    static unsigned next;
    char *name = names[next++ % 4];
    (void)snprintf(name, sizeof names[0], "sheets/sheet-%s-%u-of-3.%s", set, n, ending);
    return name;
}

static void sheets_are_made(void **state)
{
    struct fixture *f = *state;
    scratch_text("one", "1");
    assert_int_equal(fixture_run(f, "intake", "one", NULL), 0);
    assert_int_equal(fixture_json(f, "recovery", "--out", "sheets", NULL), 0);
    memcpy(set, fixture_word(f, "set"), 8);
}

/* On another computer: neither key file nor what was seen is there. */
static void elsewhere(struct fixture *f, const char *key)
{
    f->key_path = key;
    f->repository = NULL;
    scratch_remove("state");
    scratch_mkdir("state");
}

static void what_does_not_fit(void **state)
{
    struct fixture *f = *state;
    elsewhere(f, "fresh.key");
    scratch_text("empty", "");
    assert_int_equal(fixture_run(f, "recover", "archive", "new", sheet(1, "txt"), "empty", NULL), VERBS_FAILED);
    fixture_failed(f, ERR_DAMAGED, "empty: no recovery sheet is in it");
    assert_int_equal(fixture_run(f, "recover", "archive", "new", sheet(1, "txt"), "nowhere", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "recover", "archive", "new", sheet(1, "txt"), NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "2 sheets of this set are needed, and 1 given");
    assert_int_equal(fixture_run(f, "recover", "archive", "archive/new", sheet(1, "txt"), sheet(2, "txt"), NULL),
                     VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "lie in each other");
    assert_int_equal(f->asked, 0);
    assert_false(file_exists("new") || file_exists("fresh.key"));
}

/* A set has at most 16 sheets. */
static void more_than_a_set_has(void **state)
{
    struct fixture *f = *state;
    const char *words[2 + CRYPT_SHARES_MAX + 1] = {"archive", "new"};
    for (size_t i = 2; i < COUNT(words); i++)
        words[i] = sheet(1, "txt");
    struct verbs_face face = {.context = f};
    struct verbs_request request = {.arguments = words, .count = COUNT(words)};
    struct err e = {0};
    int code = 0;
    assert_int_equal(verbs_recover(&request, &face, &code, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "a set has at most 16 sheets"));
    request.count--;
    assert_int_equal(verbs_recover(&request, &face, &code, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "are the same sheet"));
}

static void by_typing(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf page = {0};
    OWN(buf_drop) struct buf square = {0};
    uint8_t code[PAPER_CODE];
    elsewhere(f, "typed.key");
    for (unsigned n = 0; n < 2; n++) {
        buf_clear(&page);
        assert_int_equal(file_read_all(sheet(n + 1, "txt"), PAPER_TEXT_MAX, &page, NULL), 0);
        assert_int_equal(paper_find(buf_bytes(&page), code, NULL), 0);
        paper_code(PAPER_SHEET, code, &square);
        buf_put_u8(&square, 0);
    }
    f->passphrase[0] = "not a line";
    f->passphrase[1] = (const char *)square.p;
    f->passphrase[2] = (const char *)square.p + strlen((const char *)square.p) + 1;
    f->passphrase[3] = FIXTURE_PASSPHRASE;
    assert_int_equal(fixture_run(f, "recover", "archive", "typed", NULL), 0);
    fixture_warned(f, "line 1: after 1 syllables comes what is none");
    assert_non_null(strstr(buf_text(&f->prompts), "Recovery sheet 2, line 1: "));
    memset(f->passphrase, 0, sizeof f->passphrase);
    fixture_said(f, "Repository typed is recovered: tests.example/log");
    fixture_said(f, "  Key file: typed.key");
    fixture_said(f, "The sheets are spent");
}

static void by_files(void **state)
{
    struct fixture *f = *state;
    elsewhere(f, "fresh.key");
    assert_int_equal(fixture_json(f, "recover", "archive", "new/", sheet(3, "txt"), sheet(2, "txt"), NULL), 0);
    assert_string_equal(fixture_word(f, "repository"), "new");
    assert_int_equal(fixture_number(f, "leaves"), fixture_number(f, "leaves_before") + 2);
    f->repository = "new";
    f->with_keys = false;
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "VERIFIED");
    assert_int_equal(fixture_run(f, "restore", "back", NULL), 0);
    assert_true(file_exists("back/1/one"));
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "These sheets are spent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sheets_are_made),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(more_than_a_set_has),
        cmocka_unit_test(by_typing),
        cmocka_unit_test(by_files),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
