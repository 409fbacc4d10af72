/* A repository out of a mirror: the same evidence again, whole or not at all. */
#include "fixture_mirror.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct thing large[] = {
    {"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 500000, 21}, {"c.bin", 'r', 300000, 22}};

static void fill(struct fixture *f)
{
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", large, COUNT(large), &f->e) != 0)
        fail_msg("%s", f->e.text);
}

/* But for the index, what is made again is byte for byte what was there. */
static void same(struct fixture *f, const char *name)
{
    OWN(buf_drop) struct buf was = {0};
    OWN(buf_drop) struct buf is = {0};
    char kept[FILE_PATH_MAX];
    (void)snprintf(kept, sizeof kept, "kept-good/repo/%s", name);
    fixture_get(f, kept, &was);
    fixture_get(f, name, &is);
    assert_true(bytes_equal(buf_bytes(&was), buf_bytes(&is)));
}

static void test_the_same_again(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    char comp[2 * KEYRING_ID + 1], folder[64];
    fill(f);
    fixture_keep(f, "good");
    fixture_mirror_whole(f);
    struct store *s = fixture_open(f, STORE_READ);
    fixture_dump(s, &before);
    store_close(s);
    fixture_remove(f, "");
    assert_int_equal(fixture_restore(f), 0);
    assert_string_equal(fixture_last.restored.origin, "example.org/log");
    static const char *const names[] = {
        "a/journal",         "b/journal", "log/checkpoint", "vault/000/000000.pack", "vault/000/000001.pack",
        "b/open/000001.pack"};
    for (size_t i = 0; i < COUNT(names); i++)
        same(f, names[i]);
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    for (char copy = 'a'; copy <= 'b'; copy++) {
        static const char *const kinds[] = {"table-", "wrap-", "segment-"};
        for (size_t i = 0; i < COUNT(kinds); i++) {
            struct file_path name;
            (void)snprintf(folder, sizeof folder, "%c/keys/%s", copy, comp);
            fixture_first(f, folder, kinds[i], &name);
            same(f, name.s);
        }
    }
    s = fixture_open(f, STORE_WRITE); /* this computer had seen just this much */
    fixture_dump(s, &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    store_close(s);
    fixture_whole(f);
}

static void test_only_into_a_free_place(void **state)
{
    struct fixture *f = *state;
    fixture_mirror_whole(f);
    fixture_says(f, fixture_restore(f), ERR_REFUSED, "is not empty: a repository needs", NULL);
    fixture_remove(f, "");
    assert_int_equal(mkdir(f->root.s, 0700), 0);
    assert_int_equal(fixture_restore(f), 0);
    fixture_whole(f);
}

/* While somebody writes there nothing is copied from it; two may read. */
static void test_beside_a_writer(void **state)
{
    struct fixture *f = *state;
    struct file_path folder;
    fixture_mirror_whole(f);
    fixture_remove(f, "");
    fixture_path(f, "mirror", &folder);
    OWN(fd_drop) int fd = open(folder.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    fixture_says(f, fixture_restore(f), ERR_BUSY, "another groundwork is writing to the mirror", NULL);
    assert_int_equal(flock(fd, LOCK_SH), 0);
    assert_int_equal(fixture_restore(f), 0);
    fixture_whole(f);
}

/* What is damaged of the packs is named and left out; the journal and the keyring's files must be there. */
static void test_out_of_a_damaged_one(void **state)
{
    struct fixture *f = *state;
    struct file_path name;
    char folder[2 * KEYRING_ID + 16] = "mirror/keys/";
    fill(f);
    fixture_mirror_whole(f);
    fixture_copy(f, "mirror", "kept-mirror");
    hex_put(folder + strlen(folder), f->id.holdings[0].compartment, KEYRING_ID);
    for (int missing = 0; missing < 2; missing++) {
        fixture_remove(f, "");
        if (missing)
            fixture_remove(f, "mirror/vault/000/000000.pack");
        else
            fixture_flip(f, "mirror/vault/000/000000.pack", 9999);
        buf_clear(&f->lines);
        assert_int_equal(fixture_restore(f), 0);
        assert_int_equal(fixture_last.restored.findings, 1);
        assert_non_null(strstr(buf_text(&f->lines), missing ? "000000.pack is missing in the mirror"
                                                            : "000000.pack is not what was logged"));
        assert_false(fixture_there(f, "vault/000/000000.pack"));
        assert_true(fixture_there(f, "vault/000/000001.pack"));
        assert_int_equal(fixture_verify(f, STORE_PUBLIC), 0);
        assert_int_equal(fixture_audit(f, false), ERR_DAMAGED);
    }
    const char *const needed[] = {"mirror/commits", folder, "mirror/journal/000"};
    for (size_t i = 0; i < COUNT(needed); i++) {
        fixture_remove(f, "mirror");
        fixture_copy(f, "kept-mirror", "mirror");
        fixture_remove(f, "");
        fixture_first(f, needed[i], i == 1 ? "table-" : "", &name);
        fixture_remove(f, name.s);
        fixture_says(f, fixture_restore(f), ERR_DAMAGED, NULL);
        assert_false(fixture_there(f, ""));
    }
    fixture_remove(f, "mirror");
    fixture_copy(f, "kept-mirror", "mirror");
    fixture_remove(f, "kept-mirror");
    assert_int_equal(fixture_restore(f), 0);
    fixture_whole(f);
}

/* Ended at any effect: nothing is there, and the next call makes all of it. */
static void test_ended_at_any_effect(void **state)
{
    struct fixture *f = *state;
    struct file_path draft;
    fill(f);
    fixture_mirror_whole(f);
    assert_int_equal(file_path(&draft, NULL, "%s.restoring", f->root.s), 0);
    fixture_remove(f, "");
    fixture_calm();
    assert_int_equal(fixture_restore(f), 0);
    unsigned effects = fixture_effects();
    for (unsigned n = 1; n <= effects; n += n < 12 || n + 12 > effects ? 1 : 3) {
        fixture_remove(f, "");
        fixture_die_at(n);
        int rc = fixture_restore(f);
        fixture_calm();
        assert_int_equal(rc, ERR_IO);
        if (fixture_there(f, "")) /* the last rename was done, and not yet known to be durable */
            continue;
        if (fixture_restore(f) != 0)
            fail_msg("%u: %s", n, f->e.text);
        assert_false(file_exists(draft.s));
        assert_int_equal(fixture_verify(f, STORE_PUBLIC), 0);
        assert_int_equal(fixture_audit(f, false), 0);
    }
}

/* What lies in the place of the draft is no way to another folder. */
static void test_links_are_not_followed(void **state)
{
    struct fixture *f = *state;
    struct file_path draft, inner, theirs;
    fill(f);
    fixture_mirror_whole(f);
    fixture_remove(f, "");
    fixture_path(f, "kept-theirs", &theirs);
    assert_int_equal(mkdir(theirs.s, 0700), 0);
    assert_int_equal(file_path(&draft, NULL, "%s.restoring", f->root.s), 0);
    assert_int_equal(symlink(theirs.s, draft.s), 0);
    fixture_says(f, fixture_restore(f), ERR_REFUSED, "is a link or no folder", NULL);
    assert_int_equal(unlink(draft.s), 0);
    static const char *const names[] = {"a", "log", "vault"};
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(file_make_folder(draft.s, NULL), 0);
        assert_int_equal(file_path(&inner, NULL, "%s/%s", draft.s, names[i]), 0);
        (void)rmdir(inner.s);
        assert_int_equal(symlink(theirs.s, inner.s), 0);
        fixture_says(f, fixture_restore(f), ERR_REFUSED, "is a link or no folder", NULL);
        assert_int_equal(unlink(inner.s), 0);
    }
    assert_int_equal(fixture_count(f, "kept-theirs", ""), 0);
    assert_int_equal(fixture_restore(f), 0);
    fixture_whole(f);
    fixture_remove(f, "kept-theirs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_the_same_again),         FIXTURE_TEST(test_only_into_a_free_place),
        FIXTURE_TEST(test_beside_a_writer),
        FIXTURE_TEST(test_out_of_a_damaged_one),   FIXTURE_TEST(test_ended_at_any_effect),
        FIXTURE_TEST(test_links_are_not_followed),
    };
    return FIXTURE_RUN(tests);
}
