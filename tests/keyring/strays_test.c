/* What no commit names: told, swept where it is surely ours and replaced, and otherwise left alone. */
#include "fixture.h"

#include <sys/stat.h>

static void put(const struct fixture *f, char copy, const char *format, const char *name, char ret[KEYRING_NAME_MAX])
{
    char comp[2 * KEYRING_ID + 1];
    keyring_comp_text(f->id.holdings[0].compartment, comp);
    snprintf(ret, KEYRING_NAME_MAX, "%s%s%s", format[0] == 'c' ? comp : format, format[0] == 0 ? "" : "/", name);
    if (strchr(ret, '/') != NULL) {
        char folder[KEYRING_NAME_MAX];
        struct file_path path;
        snprintf(folder, sizeof folder, "%.*s", (int)(strchr(ret, '/') - ret), ret);
        fixture_path(f, copy, folder, &path);
        assert_int_equal(file_make_folders(path.s, NULL), 0);
    }
    fixture_put(f, copy, ret, bytes_text("stray"));
}

struct given {
    const char *folder, *name; /* "c" stands for the compartment's folder */
    bool swept;
};
static const struct given GIVEN[] = {
    {"c", "table-99", true},
    {"c", "table-0", true},
    {"c", "wrap-7-0123abcd", true},
    {"log", "2-0123abcd", true},
    {"c", ".table-2.0123456789abcdef.tmp", true},
    {"c", ".segment-1.0123456789abcdef.tmp", true},
    {"log", ".1-0123abcd.0123456789abcdef.tmp", true},
    {"", ".x.0123456789abcdef.tmp", true},
    {"receiving", "7-0123abcd", true},
    {"c", "wrap-7-0123abcd-1", true},
    {"c", "segment-9", false},
    {"receiving", "7-0123abc", false},
    {"c", "wrap-7-0123abcd-", false},
    {"c", "segment-9-", false},
    {"c", "table-", false},
    {"c", "table-x", false},
    {"c", "table-01", false},
    {"c", "table-1~", false},
    {"c", "table-99999999999999999999", false},
    {"c", "wrap-1-0123abc", false},
    {"c", "wrap-1-0123abcde", false},
    {"c", "wrap-1-0123ABCD", false},
    {"log", "x", false},
    {"log", "1-", false},
    {"c", ".table-2.0123456789abcdeg.tmp", false},
    {"c", "table-2.0123456789abcdef.tmp", false},
    {"c", "..0123456789abcdef.tmp", false},
    {"c", ".table-2.0123456789abcdef.tm", false},
    {"", "note of a person", false},
    {"", "table-3", false},
};

static void told_and_swept(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 3, 0);
    for (int copy = 0; copy < COPIES; copy++)
        for (size_t i = 0; i < COUNT(GIVEN); i++) {
            char name[KEYRING_NAME_MAX];
            struct file_path path;
            put(f, COPY_NAME(copy), GIVEN[i].folder, GIVEN[i].name, name);
            fixture_path(f, COPY_NAME(copy), name, &path);
            assert_int_equal(fixture_check(f, NULL), 0); /* no damage, whatever it is */
            assert_int_equal(f->lines.n, 0);
            assert_int_equal(fixture_strays(f), 0);
            assert_ptr_equal(strstr(buf_text(&f->lines), path.s), (char *)f->lines.p);
            assert_non_null(
                strstr(buf_text(&f->lines), GIVEN[i].swept ? "the next intake removes it" : "is left alone"));
            assert_ptr_equal(strchr((char *)f->lines.p, '\n'), (char *)f->lines.p + f->lines.n - 1);
            assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
            assert_int_equal(file_exists(path.s), !GIVEN[i].swept);
            if (!GIVEN[i].swept)
                assert_int_equal(unlink(path.s), 0);
            assert_int_equal(fixture_check(f, NULL), 0);
        }
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
}

/* Folders and links of such names are no key files: nothing stumbles over them. */
static void not_files(void **state)
{
    struct fixture *f = *state;
    char name[KEYRING_NAME_MAX];
    struct file_path path;
    put(f, 'a', "c", "table-77", name);
    fixture_path(f, 'a', name, &path);
    assert_int_equal(unlink(path.s), 0);
    assert_int_equal(mkdir(path.s, 0700), 0);
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    assert_true(file_exists(path.s));
    assert_int_equal(rmdir(path.s), 0);
    assert_int_equal(symlink("/nowhere", path.s), 0);
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    assert_true(file_exists(path.s));
    assert_int_equal(fixture_strays(f), 0);
    assert_non_null(strstr(buf_text(&f->lines), "is left alone"));
}

/* A crash between the commit and the removal of what it replaced leaves the old table: it is what must go. */
static void replaced_table(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf old = {0};
    char name[KEYRING_NAME_MAX];
    strcpy(name, fixture_name(f, "table-"));
    fixture_get(f, 'a', name, &old);
    fixture_commit(f, 3, 0);
    assert_false(fixture_there(f, 'a', name));
    fixture_put(f, 'a', name, buf_bytes(&old));
    fixture_put(f, 'b', name, buf_bytes(&old));
    fixture_reopen(f, UINT64_MAX);
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    assert_false(fixture_there(f, 'a', name) || fixture_there(f, 'b', name));
    assert_int_equal(fixture_check(f, NULL), 0);
    fixture_find_all(f);
}

/* While what the log names is good in no copy, what might stand in for it stays. */
static void last_of_its_kind(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 3, 0);
    static const char *const kinds[][3] = {{"table-", "c", "table-99"}, {"wrap-", "c", "wrap-7-0123abcd"},
                                           {"1-", "log", "2-0123abcd"}};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        OWN(buf_drop) struct buf good = {0};
        char stray[KEYRING_NAME_MAX];
        const char *name = fixture_name(f, kinds[i][0]);
        put(f, 'a', kinds[i][1], kinds[i][2], stray);
        fixture_get(f, 'a', name, &good);
        fixture_put(f, 'a', name, bytes_text("bad"));
        fixture_remove(f, 'b', name);
        assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
        assert_true(fixture_there(f, 'a', stray));
        fixture_put(f, 'b', name, buf_bytes(&good));
        assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
        assert_false(fixture_there(f, 'a', stray));
        fixture_put(f, 'a', name, buf_bytes(&good));
    }
    /* An empty list names nothing: nothing but drafts would ever be removed by it. */
    assert_int_equal(keyring_sweep(f->root.s, NULL, 0, NULL), 0);
    assert_int_equal(fixture_check(f, NULL), 0);
}

static void no_folder(void **state)
{
    struct fixture *f = *state;
    struct file_path from, to;
    assert_int_equal(file_path(&from, NULL, "%s/b", f->root.s), 0);
    assert_int_equal(file_path(&to, NULL, "%s/c", f->root.s), 0);
    assert_int_equal(rename(from.s, to.s), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    assert_int_equal(f->lines.n, 0);
}

/* Damaged copies that a repair moved aside: of what counts they stay, of what was replaced they go. */
static void moved_aside(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *what, *behind;
        bool goes;
    } cases[] = {{"c-table-99", "-1", true},          {"c-wrap-7-0123abcd", "-2", true},
                 {"c-wrap-7-0123abcd-31", "-1", true}, {"c-segment-4-1", "-1", true},
                 {"log-9-0123abcd", "-1", true},       {"receiving-9-0123abcd", "-12", true},
                 {"c-segment-1", "-1", false},         {"history-3", "-1", false},
                 {"c-something", "-1", false},         {"c-table-99", "", false}};
    struct file_path folder, path;
    char comp[2 * KEYRING_ID + 1];
    keyring_comp_text(f->id.holdings[0].compartment, comp);
    fixture_commit(f, 3, 0);
    assert_int_equal(file_path(&folder, NULL, "%s/quarantine", f->root.s), 0);
    assert_int_equal(file_make_folder(folder.s, NULL), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *what = cases[i].what;
        bool ours = what[0] == 'c';
        assert_int_equal(file_path(&path, NULL, "%s/keys-a-%s%s%s", folder.s, ours ? comp : "", what + ours,
                                   cases[i].behind), 0);
        assert_int_equal(file_replace(path.s, bytes_text("x"), 0600, NULL), 0);
        assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
        if (file_exists(path.s) == cases[i].goes)
            fail_msg("%s%s", what, cases[i].behind);
        (void)unlink(path.s);
    }
    for (size_t i = 0; i < f->count; i++) { /* of what counts */
        char flat[KEYRING_NAME_MAX];
        snprintf(flat, sizeof flat, "%s", f->expected[i].name);
        *strchr(flat, '/') = '-';
        assert_int_equal(file_path(&path, NULL, "%s/keys-b-%s-1", folder.s, flat), 0);
        assert_int_equal(file_replace(path.s, bytes_text("x"), 0600, NULL), 0);
        assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
        assert_int_equal(file_exists(path.s), !f->expected[i].removed);
        (void)unlink(path.s);
    }
    assert_int_equal(rmdir(folder.s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(moved_aside, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(told_and_swept, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(not_files, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(replaced_table, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(last_of_its_kind, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(no_folder, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
