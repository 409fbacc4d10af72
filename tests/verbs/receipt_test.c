/* Receipts: the list, the sums, and every file one by one. */
#include "fixture.h"

static void before_anything_was_taken_in(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "receipt", NULL), 0);
    fixture_said(f, "there is no receipt yet: take something in first\n");
    assert_int_equal(fixture_json(f, "receipt", NULL), 0);
    assert_string_equal(buf_text(&f->document), "{\"receipts\":[]}");
    assert_int_equal(fixture_run(f, "receipt", "latest", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "there is no receipt yet: take something in first");
    fixture_run(f, "receipt", "1", NULL);
    fixture_failed(f, ERR_ABSENT, "there is no receipt yet");
}

/* Every state that a name can have, on receipt 2. */
static void make_receipts(struct fixture *f)
{
    scratch_mkdir("papers");
    scratch_text("papers/early", "the first bytes");
    scratch_time("papers", 5, 0);
    assert_int_equal(fixture_run(f, "intake", "papers", "--from", "A giver", "--note", "two\nlines", NULL), 0);
    scratch_text("papers/copy", "the first bytes");
    scratch_text("papers/new", "12345");
    assert_int_equal(link("papers/new", "papers/new again"), 0);
    assert_int_equal(symlink("new", "papers/way"), 0);
    assert_int_equal(mkfifo("papers/pipe", 0600), 0);
    scratch_text("papers/\x1b[2J\xff", "");
    scratch_mkdir("papers/z");
    scratch_time("papers", 5, 0);
    assert_int_equal(fixture_run(f, "intake", "papers", "--from", "A giver", NULL), 0);
}

static void the_sums(void **state)
{
    struct fixture *f = *state;
    make_receipts(f);
    assert_int_equal(fixture_run(f, "receipt", "2", "--summary", NULL), 0);
    fixture_said(f, "Receipt 2, 20");
    fixture_said(f, "\n  From: A giver\n");
    fixture_said(f, "  Seen:                          7 files                 40 bytes\n");
    fixture_said(f, "    taken in:                    4 files                 10 bytes\n");
    fixture_said(f, "    duplicates:                  1 files                 15 bytes\n");
    fixture_said(f, "    already here:                1 files                 15 bytes\n");
    fixture_said(f, "    refused:                     1 files                  0 bytes\n");
    fixture_said(f, "  Of those taken in, 1 are further names (hard links) of others.\n");
    fixture_said(f, "  Folders: 1 taken in, 1 already here\n");
    fixture_not_said(f, "papers");
    fixture_not_said(f, "Note:");
    assert_int_equal(fixture_run(f, "receipt", "1", "--summary", NULL), 0);
    fixture_said(f, "  Note: two\\x0alines\n");
    fixture_not_said(f, "further names");
}

static void every_file_one_by_one(void **state)
{
    static const char *const lines[] = {
        "  duplicate of item ",
        ": papers/copy\n",
        "  taken in: papers/new\n",
        "  further name of item ",
        ": papers/new again\n",
        "  taken in (link): papers/way\n",
        "  taken in (folder): papers/z\n",
        "  already on receipt 1: papers\n",
        "  already on receipt 1: papers/early\n",
        "         -  refused: papers/pipe: a pipe is no document\n",
        "  taken in: papers/\\x1b[2J\\xff\n",
    };
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "receipt", "latest", NULL), 0);
    for (size_t i = 0; i < COUNT(lines); i++)
        fixture_said(f, lines[i]);
    assert_int_equal(fixture_json(f, "receipt", "2", NULL), 0);
    const struct json_node *entries = json_get(json_root(f->json), "entries");
    uint64_t taken = 0, further = 0, duplicate = 0, already = 0, refused = 0;
    assert_int_equal(json_count(entries), 9);
    for (size_t i = 0; i < json_count(entries); i++) {
        const struct json_node *one = json_at(entries, i);
        const char *is = json_text(json_get(one, "state"));
        taken += strcmp(is, "taken") == 0;
        further += strcmp(is, "further-name") == 0;
        duplicate += strcmp(is, "duplicate") == 0;
        already += strcmp(is, "already") == 0;
        refused += strcmp(is, "refused") == 0;
        assert_int_equal(json_get(one, "of") != NULL, strcmp(is, "further-name") == 0 || strcmp(is, "duplicate") == 0);
        if (strcmp(is, "refused") == 0)
            assert_string_equal(json_text(json_get(one, "reason")), "fifo");
        else
            assert_non_null(json_get(one, "item"));
    }
    assert_int_equal(taken, 4);
    assert_int_equal(further + duplicate + refused, 3);
    assert_int_equal(already, 2);
    assert_non_null(strstr(buf_text(&f->document), "\"name_hex\":\"7061706572732f1b5b324aff\""));
}

static void the_list(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "set-aside", "2", "--reason", "by mistake", NULL), 0);
    scratch_text("alone", "x");
    assert_int_equal(fixture_run(f, "intake", "alone", NULL), 0);
    assert_int_equal(fixture_run(f, "receipt", NULL), 0);
    fixture_said(f, "           1 files          15 B  A giver\n");
    fixture_said(f, "           5 files          25 B  A giver  (set aside)\n");
    fixture_said(f, "           1 files           1 B  -\n");
    assert_int_equal(fixture_json(f, "receipt", NULL), 0);
    assert_int_equal(json_count(json_get(json_root(f->json), "receipts")), 3);
    assert_string_equal(fixture_word(f, "receipts.1.set_aside"), "by mistake");
    assert_null(fixture_word(f, "receipts.0.set_aside"));
    assert_null(fixture_word(f, "receipts.2.giver"));
    assert_int_equal(fixture_number(f, "receipts.1.taken"), 5);
    assert_int_equal(fixture_json(f, "receipt", "2", "--summary", NULL), 0);
    assert_string_equal(fixture_word(f, "set_aside"), "by mistake");
    assert_null(json_get(json_root(f->json), "entries"));
}

static void a_receipt_that_is_not_there(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "receipt", "4", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "there is no receipt 4: the newest is 3");
    fixture_run(f, "receipt", "0", NULL);
    fixture_failed(f, ERR_ABSENT, "there is no receipt 0: the newest is 3");
    fixture_run(f, "receipt", "18446744073709551615", NULL);
    fixture_failed(f, ERR_ABSENT, "there is no receipt 18446744073709551615");
    static const char *const bad[] = {"", "last", "-1", "+1", "01", "1 ", "18446744073709551616"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(fixture_run(f, "receipt", bad[i], NULL), VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, "is no receipt number: give a number, or latest");
    }
}

/* A path is named whole, however long a line that makes. */
static void a_long_path_is_not_cut(void **state)
{
    struct fixture *f = *state;
    enum { LEVELS = 60 };
    char name[241];
    OWN(buf_drop) struct buf path = {0};
    for (size_t i = 0; i < 240; i += 3)
        memcpy(name + i, "\xea\xb0\x80", 3);
    name[240] = 0;
    scratch_mkdir("deep");
    buf_put_text(&path, "deep");
    assert_int_equal(chdir("deep"), 0);
    for (int i = 0; i < LEVELS; i++) {
        scratch_mkdir(name);
        assert_int_equal(chdir(name), 0);
        buf_printf(&path, "/%s", name);
    }
    assert_int_equal(mkfifo("pipe", 0600), 0);
    for (int i = 0; i <= LEVELS; i++)
        assert_int_equal(chdir(".."), 0);
    assert_int_equal(fixture_run(f, "intake", "deep", NULL), 0);
    assert_int_equal(fixture_run(f, "receipt", "latest", NULL), 0);
    OWN(buf_drop) struct buf line = {0};
    buf_printf(&line, "  taken in (folder): %s\n", buf_text(&path));
    fixture_said(f, buf_text(&line));
    buf_clear(&line);
    buf_printf(&line, "  refused: %s/pipe: a pipe is no document\n", buf_text(&path));
    fixture_said(f, buf_text(&line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_anything_was_taken_in), cmocka_unit_test(the_sums),
        cmocka_unit_test(every_file_one_by_one),        cmocka_unit_test(the_list),
        cmocka_unit_test(a_receipt_that_is_not_there),  cmocka_unit_test(a_long_path_is_not_cut),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
