#include "fixture.h"

#include <sys/stat.h>

/* ${name} is not what it must be: a pipe or a file for a folder, a folder that holds something for a file. */
static void misplace(struct fixture *f, const char *name, char kind)
{
    struct file_path path;
    fixture_path(f, name, &path);
    if (fixture_there(f, name))
        fixture_remove(f, name);
    if (kind == 'p')
        assert_int_equal(mkfifo(path.s, 0600), 0);
    if (kind == 'f')
        fixture_put(f, name, bytes_text("somebody's"));
    if (kind == 'd') {
        assert_int_equal(mkdir(path.s, 0700), 0);
        assert_true(strlen(path.s) + 8 < sizeof path.s);
        strcat(path.s, "/theirs");
        assert_int_equal(file_create(path.s, bytes_text("somebody's"), 0600, NULL), 0);
    }
}

static void moved_and_healed(struct fixture *f, const char *name, char kind)
{
    fixture_back(f, "good");
    misplace(f, name, kind);
    if (fixture_repair(f) != 0)
        fail_msg("%s as '%c': %s", name, kind, f->e.text);
    assert_non_null(strstr(buf_text(&f->words), "was in the way of what must be there and was moved to "));
    assert_int_equal(fixture_count(f, "quarantine", "in-the-way-"), 1);
    fixture_whole(f);
    assert_int_equal(fixture_repair(f), 0);
    assert_string_equal(buf_text(&f->words), "");
}

static void test_folders(void **state)
{
    struct fixture *f = *state;
    struct file_path name;
    char comp[2 * KEYRING_ID + 1];
    static const char *const kept_twice[] = {"", "/keys", "/keys/log", "/keys/"};
    static const char *const others[] = {"b/open", "log", "log/tile", "log/tile/entries", "index"};
    fixture_fill(f);
    fixture_keep(f, "good");
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    for (int copy = 'a'; copy <= 'b'; copy++)
        for (size_t i = 0; i < COUNT(kept_twice); i++) {
            assert_int_equal(file_path(&name, NULL, "%c%s%s", copy, kept_twice[i], i == 3 ? comp : ""), 0);
            moved_and_healed(f, name.s, i % 2 == 0 ? 'p' : 'f');
        }
    for (size_t i = 0; i < COUNT(others); i++) {
        moved_and_healed(f, others[i], 'p');
        moved_and_healed(f, others[i], 'f');
    }
}

static void test_files(void **state)
{
    struct fixture *f = *state;
    struct file_path name;
    char comp[2 * KEYRING_ID + 1], folder[2 * KEYRING_ID + 16];
    static const char *const kinds[] = {"table-", "wrap-", "segment-"};
    fixture_fill(f);
    fixture_keep(f, "good");
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    for (int copy = 'a'; copy <= 'b'; copy++) {
        (void)snprintf(folder, sizeof folder, "%c/journal", copy);
        moved_and_healed(f, folder, 'd');
        (void)snprintf(folder, sizeof folder, "%c/keys/%s", copy, comp);
        for (size_t i = 0; i < COUNT(kinds); i++) {
            fixture_back(f, "good");
            fixture_first(f, folder, kinds[i], &name);
            moved_and_healed(f, name.s, 'd');
        }
    }
    fixture_back(f, "good");
    fixture_first(f, "b/open", "", &name);
    moved_and_healed(f, name.s, 'd');
    fixture_back(f, "good");
    fixture_first(f, "vault/000", "", &name);
    moved_and_healed(f, name.s, 'd');
    moved_and_healed(f, "log/checkpoint", 'd');
    fixture_back(f, "good");
    fixture_first(f, "log/tile/0/000.p", "", &name);
    moved_and_healed(f, name.s, 'd');
}

/* What is not known is left alone; two things of one name are both kept; a link to a folder is a folder. */
static void test_what_is_left(void **state)
{
    struct fixture *f = *state;
    struct file_path from, to;
    fixture_fill(f);
    misplace(f, "more", 'p');
    misplace(f, "vault/more", 'p');
    fixture_path(f, "vault/000", &from);
    assert_int_equal(file_path(&to, NULL, "%s/elsewhere", f->work.s), 0);
    assert_int_equal(rename(from.s, to.s), 0);
    assert_int_equal(symlink(to.s, from.s), 0);
    for (unsigned i = 1; i <= 2; i++) {
        misplace(f, "index", 'f');
        assert_int_equal(fixture_repair(f), 0);
        assert_int_equal(fixture_count(f, "quarantine", "in-the-way-"), i);
    }
    assert_true(fixture_there(f, "more") && fixture_there(f, "vault/more") && fixture_there(f, "vault/000"));
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_folders),
        FIXTURE_TEST(test_files),
        FIXTURE_TEST(test_what_is_left),
    };
    return FIXTURE_RUN(tests);
}
