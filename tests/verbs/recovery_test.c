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
        cmocka_unit_test(as_a_document),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
