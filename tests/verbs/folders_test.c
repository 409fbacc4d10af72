/* The way down: linear in the tree, with few descriptors, through no link, and finished when it is left. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static unsigned opened;

int openat(int folder, const char *name, int flags, ...)
{
    opened++;
    return (int)syscall(SYS_openat, folder, name, flags, 0600);
}

static struct buf told;

static void tell(void *context, struct bytes path, int number)
{
    (void)context;
    buf_put_bytes(&told, path);
    buf_printf(&told, ": %d\n", number);
}

static void begin(struct verbs_folders *f, const char *dest)
{
    *f = (struct verbs_folders){.dest = open(dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .failed = tell};
    assert_true(f->dest >= 0);
    buf_clear(&told);
}

static void end(struct verbs_folders *f)
{
    verbs_folders_release(f);
    fd_drop(&f->dest);
}

static int enter(struct verbs_folders *f, const char *path)
{
    return verbs_folders_enter(f, bytes_text(path));
}

static bool stands_in(const struct verbs_folders *f, const char *path)
{
    struct stat a, b;
    assert_int_equal(fstat(verbs_folders_fd(f), &a), 0);
    return stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void from_anywhere_to_anywhere(void **state)
{
    static const char *const names[] = {"a", "b", "ab", "a b"};
    struct chance chance = {3};
    struct verbs_folders f;
    scratch_mkdir("dest");
    begin(&f, "dest");
    for (unsigned i = 0; i < 3000; i++) {
        char path[64] = "", whole[80];
        for (size_t n = chance_below(&chance, 6) + 1; n > 0; n--) {
            size_t at = strlen(path);
            (void)snprintf(path + at, sizeof path - at, "%s%s", at > 0 ? "/" : "", names[chance_below(&chance, 4)]);
        }
        (void)snprintf(whole, sizeof whole, "dest/%s", path);
        bool there = access(whole, F_OK) == 0;
        assert_int_equal(enter(&f, path), 0);
        assert_true(stands_in(&f, whole));
        assert_true(there ? true : verbs_folders_fresh(&f));
    }
    verbs_folders_leave(&f);
    assert_true(stands_in(&f, "dest"));
    assert_int_equal(enter(&f, "a"), 0);
    assert_false(verbs_folders_fresh(&f));
    end(&f);
    scratch_remove("dest");
}

enum { DEEP = 1000 };

/* Down by one, and back up by one: each folder is opened once on each way, whatever the depth. */
static void deep_is_not_dear(void **state)
{
    struct verbs_folders f;
    OWN(buf_drop) struct buf path = {0};
    struct rlimit was, few = {100, 100};
    scratch_mkdir("deep");
    begin(&f, "deep");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    few.rlim_max = was.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    opened = 0;
    for (unsigned i = 0; i < DEEP; i++) {
        buf_put_text(&path, i > 0 ? "/d" : "d");
        assert_int_equal(verbs_folders_enter(&f, buf_bytes(&path)), 0);
        verbs_folders_finish_as(&f, 0700 | i % 8, (struct statement_time){1000 + i, 5});
    }
    for (; path.n > 1; path.n -= 2)
        assert_int_equal(verbs_folders_enter(&f, buf_bytes(&path)), 0);
    verbs_folders_leave(&f);
    assert_in_range(opened, DEEP, 2 * DEEP);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(told.n, 0);
    for (unsigned i = 0; i < DEEP; i++) {
        struct stat st;
        buf_put_text(&path, i > 0 ? "/d" : "");
        assert_int_equal(verbs_folders_enter(&f, buf_bytes(&path)), 0);
        assert_int_equal(fstat(verbs_folders_fd(&f), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700 | i % 8);
        assert_int_equal(st.st_mtim.tv_sec, 1000 + i);
        assert_int_equal(st.st_mtim.tv_nsec, 5);
    }
    end(&f);
    scratch_remove("deep");
}

static void a_way_that_was_moved_is_taken_anew(void **state)
{
    struct verbs_folders f;
    OWN(buf_drop) struct buf path = {0};
    OWN(buf_drop) struct buf low = {0};
    scratch_mkdir("dest");
    scratch_mkdir("away");
    begin(&f, "dest");
    for (unsigned i = 0; i < 100; i++) {
        buf_put_text(&path, i > 0 ? "/d" : "d");
        assert_int_equal(verbs_folders_enter(&f, buf_bytes(&path)), 0);
        if (i == 5)
            verbs_folders_finish_as(&f, 0777, (struct statement_time){5, 5});
    }
    /* The seventh goes: above it nothing can be reached from below. */
    assert_int_equal(rename("dest/d/d/d/d/d/d/d", "away/d"), 0);
    buf_put_text(&low, "d/d/x");
    assert_int_equal(verbs_folders_enter(&f, buf_bytes(&low)), 0);
    assert_true(stands_in(&f, "dest/d/d/x"));
    assert_string_equal(buf_text(&told), "d/d/d/d/d/d: 2\n");
    end(&f);
    scratch_remove("dest");
    scratch_remove("away");
}

static void links_and_files_are_no_way(void **state)
{
    struct verbs_folders f;
    struct stat st;
    scratch_mkdir("dest");
    scratch_mkdir("outside");
    scratch_mkdir("dest/real");
    assert_int_equal(symlink("../outside", "dest/way"), 0);
    scratch_text("dest/file", "");
    begin(&f, "dest");
    assert_int_equal(enter(&f, "way"), ENOTDIR);
    assert_int_equal(enter(&f, "way/below"), ENOTDIR);
    assert_int_equal(enter(&f, "file/below"), ENOTDIR);
    assert_int_equal(lstat("outside/below", &st), -1);
    assert_int_equal(enter(&f, "real/below/file"), 0);
    f.only_there = true;
    assert_int_equal(enter(&f, "real/other/file"), ENOENT);
    assert_true(stands_in(&f, "dest/real")); /* as deep as it came */
    assert_int_equal(enter(&f, "real/below"), 0);
    char name[NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    f.only_there = false;
    assert_int_equal(enter(&f, name), ENAMETOOLONG);
    name[NAME_MAX] = 0;
    assert_int_equal(enter(&f, name), 0);
    end(&f);
    scratch_remove("dest");
    scratch_remove("outside");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_anywhere_to_anywhere),
        cmocka_unit_test(deep_is_not_dear),
        cmocka_unit_test(a_way_that_was_moved_is_taken_anew),
        cmocka_unit_test(links_and_files_are_no_way),
    };
    int rc = cmocka_run_group_tests(tests, fixture_begin, fixture_end);
    buf_drop(&told);
    return rc;
}
