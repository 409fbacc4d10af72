/* A mirror checked by its own journal: every file and every bit of it, with and without the repository. */
#include "fixture_mirror.h"

#include <ftw.h>
#include <sys/stat.h>

enum { NAMES = 64 };
static struct {
    char name[NAMES][FILE_PATH_MAX];
    size_t count;
} files;
static size_t base;

static int gather(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)walk;
    if (kind == FTW_F) {
        assert_true(files.count < NAMES);
        (void)snprintf(files.name[files.count++], FILE_PATH_MAX, "mirror%s", path + base);
    }
    return 0;
}

static void list_files(struct fixture *f)
{
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    base = strlen(folder.s);
    files.count = 0;
    assert_int_equal(nftw(folder.s, gather, 8, FTW_PHYS), 0);
}

/* Nothing in a mirror is free: a bit turned, the last byte gone, or the file gone, is found in each of its files. */
static void test_every_file_counts(void **state)
{
    struct fixture *f = *state;
    static const struct thing more[] = {{"a.bin", 'r', 700000, 20}, {"b.bin", 'r', 600000, 21}};
    fixture_fill(f);
    fixture_mirror_whole(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "a giver", more, COUNT(more), &f->e), 0);
    fixture_mirror_whole(f);
    list_files(f);
    assert_true(files.count >= 9);
    for (size_t i = 0; i < files.count; i++)
        for (int how = 0; how < 10; how++) {
            const char *name = files.name[i];
            fixture_copy(f, name, "mirror-kept");
            if (how == 0)
                fixture_remove(f, name);
            else if (how == 1)
                fixture_cut(f, name, 1);
            else
                fixture_flip(f, name, (int64_t)chance_below(&f->chance, fixture_size(f, name)));
            int rc = fixture_mirror_verify(f, false);
            /* The number that a mirror has for itself may be any; nothing binds it. */
            if (rc != ERR_DAMAGED && rc != ERR_NEWER && strcmp(name, "mirror/mirror") != 0)
                fail_msg("%s, %d: %d", name, how, rc);
            fixture_remove(f, name);
            fixture_copy(f, "mirror-kept", name);
        }
    fixture_remove(f, "mirror-kept");
    assert_int_equal(fixture_mirror_verify(f, true), 0);
}

static void test_how_far_behind(void **state)
{
    struct fixture *f = *state;
    fixture_mirror_whole(f);
    uint64_t records = fixture_last.verified.records;
    fixture_fill(f);
    assert_int_equal(fixture_mirror_verify(f, true), 0);
    assert_true(fixture_last.verified.compared);
    assert_int_equal(fixture_last.verified.records, records);
    assert_int_equal(fixture_last.verified.behind, fixture_where(f, STORE_PUBLIC).records - records);
    assert_int_equal(fixture_mirror_verify(f, false), 0);
    assert_false(fixture_last.verified.compared);
    assert_string_equal(fixture_last.verified.origin, "example.org/log");
    assert_true(hash_equal(&fixture_last.verified.pin, &f->pin));
}

/* The repository is not needed, and nothing is written. */
static void test_elsewhere(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_mirror_whole(f);
    fixture_remove(f, "");
    fixture_remove(f, "state");
    fixture_calm();
    assert_int_equal(fixture_mirror_verify(f, false), 0);
    assert_int_equal(fixture_effects(), 0);
}

/* A repository that does not open is no reason not to check its mirror. */
static void test_beside_a_damaged_one(void **state)
{
    struct fixture *f = *state;
    fixture_mirror_whole(f);
    fixture_remove(f, "a/journal");
    fixture_cut(f, "b/journal", 30);
    assert_int_equal(fixture_mirror_verify(f, true), 0);
    assert_false(fixture_last.verified.compared);
    fixture_told(f, "the mirror was not compared with");
}

static void test_never_finished(void **state)
{
    struct fixture *f = *state;
    fixture_mirror_whole(f);
    fixture_remove(f, "mirror/commits");
    assert_int_equal(fixture_mirror_verify(f, false), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "the mirror was never finished: run groundwork mirror again"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_every_file_counts),    FIXTURE_TEST(test_how_far_behind), FIXTURE_TEST(test_elsewhere),
        FIXTURE_TEST(test_beside_a_damaged_one), FIXTURE_TEST(test_never_finished),
    };
    return FIXTURE_RUN(tests);
}
