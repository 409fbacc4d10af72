/* Making sheets: where they go, who may read them, what is said, and what is refused before anything is made. */
#include "fixture.h"

#include <sys/stat.h>

static void files_of_their_owner(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "recovery", "--sheets", "2", "--needed", "2", "--out", "sheets/new", NULL), 0);
    fixture_said(f, "Recovery sheets: 2, of which 2 are needed.");
    fixture_not_said(f, "One sheet is enough");
    fixture_not_said(f, "GROUNDWORK/SHEET");
    OWN(dir_drop) DIR *dir = opendir("sheets/new");
    assert_non_null(dir);
    unsigned files = 0;
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        struct stat st;
        if (d->d_name[0] == '.')
            continue;
        assert_int_equal(fstatat(dirfd(dir), d->d_name, &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        files++;
    }
    assert_int_equal(files, 4);
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "recovery.needed"), 2);
    assert_int_equal(fixture_number(f, "recovery.sheets"), 2);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "Recovery: 2 of 2 sheets of ");
}

static void to_the_terminal(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "recovery", NULL), 0);
    fixture_said(f, "Groundwork recovery sheet 3 of 3");
    fixture_said(f, "Any 2 of the 3 sheets");
    fixture_said(f, "6: ");
    assert_int_equal(fixture_run(f, "recovery", "--sheets", "1", NULL), 0);
    fixture_said(f, "One sheet is enough");
    fixture_said(f, "This one sheet is enough");
}

/* What could not be shown does not count, and nobody is left with sheets that she never saw. */
static int nowhere_to_write(void *context, struct err *e)
{
    (void)context;
    return err_set(e, ERR_IO, "the disk is full");
}

/* The record comes to copy a, and not to copy b: the next opening finds it made. */
static int second_copy_changes(void *context, struct err *e)
{
    (void)context;
    OWN(buf_drop) struct buf journal = {0};
    assert_int_equal(file_read_all("archive/b/journal", SIZE_MAX, &journal, e), 0);
    buf_put_u8(&journal, 0);
    return file_replace("archive/b/journal", buf_bytes(&journal), 0600, e);
}

static const char *set_now(struct fixture *f)
{
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    return fixture_word(f, "recovery.set");
}

static void shown_before_they_count(void **state)
{
    struct fixture *f = *state;
    char before[33];
    (void)snprintf(before, sizeof before, "%s", set_now(f));
    f->quiet = true;
    assert_int_equal(fixture_run(f, "recovery", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "-q shows no sheets");
    assert_int_equal(fixture_run(f, "recovery", "--out", "unseen", NULL), 0);
    f->quiet = false;
    assert_string_not_equal(set_now(f), before);
    (void)snprintf(before, sizeof before, "%s", set_now(f));
    f->flush = nowhere_to_write;
    assert_int_equal(fixture_run(f, "recovery", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_IO, "no sheets were made: the disk is full");
    fixture_warned(f, "The sheets that were shown do not count");
    fixture_not_said(f, "These sheets count from now on");
    assert_string_equal(set_now(f), before);
    f->flush = second_copy_changes;
    assert_int_not_equal(fixture_run(f, "recovery", NULL), 0);
    fixture_warned(f, "These sheets may count already: keep them");
    f->flush = NULL;
    assert_int_equal(fixture_run(f, "recovery", NULL), 0);
    fixture_said(f, "These sheets count from now on");
}

static void as_a_document(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_json(f, "recovery", "--out", "documents", NULL), 0);
    assert_int_equal(fixture_number(f, "needed"), 2);
    assert_int_equal(fixture_number(f, "sheets"), 3);
    assert_int_equal(strlen(fixture_word(f, "set")), 32);
    assert_int_equal(fixture_json(f, "recovery", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "name a folder for the sheets with --out");
}

static void what_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    uint64_t leaves = fixture_number(f, "leaves");
    static const char *const numbers[] = {"0", "17", "-1", "two", ""};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_int_equal(fixture_run(f, "recovery", "--sheets", numbers[i], NULL), VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, "give a number from 1 to 16");
    }
    assert_int_equal(fixture_run(f, "recovery", "--sheets", "2", "--needed", "3", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "there are only 2 sheets");
    assert_int_equal(fixture_run(f, "recovery", "--out", "archive/sheets", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "lies in the repository");
    assert_int_equal(fixture_run(f, "mirror", "stick", NULL), 0);
    static const char *const taken[] = {"stick", "stick/log", "stick/sheets/new"};
    for (size_t i = 0; i < COUNT(taken); i++) {
        assert_int_equal(fixture_run(f, "recovery", "--out", taken[i], NULL), VERBS_REFUSED);
        fixture_failed(f, ERR_REFUSED, "lies in the mirror");
    }
    scratch_mkdir("another");
    scratch_mkdir("another/b");
    scratch_text("another/b/journal", "of another one");
    assert_int_equal(fixture_run(f, "recovery", "--out", "another/sheets", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "lies in the repository");
    scratch_text("a-file", "in the way");
    assert_int_not_equal(fixture_run(f, "recovery", "--out", "a-file/sheets", NULL), 0);
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "leaves"), leaves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(files_of_their_owner),
        cmocka_unit_test(to_the_terminal),
        cmocka_unit_test(shown_before_they_count),
        cmocka_unit_test(as_a_document),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
