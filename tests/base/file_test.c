#include "base/file.h"

#include "base/unicode.h"
#include "chance.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

/*
 * The system under our hands.  The calls of file.c are bound to these functions, which go to the kernel unless the
 * test has asked for trouble: the call number ${fail_at} fails with ${fail_number}; ${dribble} moves at most that many
 * bytes at once and interrupts every second call.
 */
static unsigned calls;
static unsigned fail_at;
static int fail_number;
static size_t dribble;
static unsigned interruptions;
static unsigned syncs;
static bool rename_knows_no_flags;
static const char *taken_meanwhile; /* a file that somebody else makes just before ours gets its name */
static off_t lost_from, lost_to; /* bytes that the disk does not give */
static int lost_number;
static struct file_path last_draft; /* the name that was renamed last */

static bool trouble(void)
{
    calls++;
    if (calls != fail_at)
        return false;
    errno = fail_number;
    return true;
}

static bool interrupted(void)
{
    if (dribble == 0 || calls % 2 == 0)
        return false;
    interruptions++;
    errno = EINTR;
    return true;
}

static size_t portion(size_t n)
{
    return dribble != 0 && dribble < n ? dribble : n;
}

static int open_number; /* the next file that is opened gives this error */

int open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if (open_number == 0)
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    errno = open_number;
    open_number = 0;
    return -1;
}

ssize_t read(int fd, void *buf, size_t n)
{
    return trouble() || interrupted() ? -1 : syscall(SYS_read, fd, buf, portion(n));
}

ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
    if (offset < lost_to && offset + (off_t)n > lost_from) {
        errno = lost_number;
        return -1;
    }
    return trouble() || interrupted() ? -1 : syscall(SYS_pread64, fd, buf, portion(n), offset);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    return trouble() || interrupted() ? -1 : syscall(SYS_pwrite64, fd, buf, portion(n), offset);
}

int fsync(int fd)
{
    syncs++;
    return trouble() ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    syncs++;
    return trouble() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    assert_int_equal(file_path(&last_draft, NULL, "%s", from), 0);
    return trouble() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    if (trouble())
        return -1;
    if (taken_meanwhile != NULL)
        assert_int_equal(symlink("theirs", taken_meanwhile), 0);
    taken_meanwhile = NULL;
    if (rename_knows_no_flags) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    return trouble() ? -1 : (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

ssize_t getrandom(void *buf, size_t n, unsigned flags)
{
    return trouble() ? -1 : syscall(SYS_getrandom, buf, n, flags);
}

int fstat(int fd, struct stat *status)
{
    return trouble() ? -1 : fstatat(fd, "", status, AT_EMPTY_PATH);
}

int mkdir(const char *path, mode_t mode)
{
    return trouble() ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* Only a close that follows writing can tell of something lost. */
int close(int fd)
{
    bool writing = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
    int rc = (int)syscall(SYS_close, fd);
    return writing && trouble() ? -1 : rc;
}

static void calm(void)
{
    calls = 0;
    fail_at = 0;
    dribble = 0;
    interruptions = 0;
    syncs = 0;
    rename_knows_no_flags = false;
    taken_meanwhile = NULL;
}

/* A folder of its own for each test, removed with what is in it. */
static char folder[] = "/tmp/groundwork-file-XXXXXX";

static int set_up(void **state)
{
    calm();
    (void)strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static void empty_folder(const char *path)
{
    OWN(dir_drop) DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        struct file_path inner;
        assert_int_equal(file_path(&inner, NULL, "%s/%s", path, d->d_name), 0);
        if (d->d_type == DT_DIR) {
            empty_folder(inner.s);
            assert_int_equal(rmdir(inner.s), 0);
        } else {
            assert_int_equal(unlink(inner.s), 0);
        }
    }
}

static int tear_down(void **state)
{
    calm();
    empty_folder(folder);
    return rmdir(folder);
}

static struct file_path in_folder(const char *name)
{
    struct file_path p;
    assert_int_equal(file_path(&p, NULL, "%s/%s", folder, name), 0);
    return p;
}

static size_t count_files(void)
{
    OWN(dir_drop) DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t count = 0;
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
        count += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
    return count;
}

static void assert_content(const char *path, const char *expected)
{
    OWN(buf_drop) struct buf b = {0};
    assert_int_equal(file_read_all(path, 1 << 20, &b, NULL), 0);
    assert_string_equal(buf_text(&b), expected);
}

static void test_paths_up_to_the_limit(void **state)
{
    struct file_path p;
    struct err e = {0};
    assert_int_equal(file_path(&p, &e, "%s/a/journal", "root"), 0);
    assert_string_equal(p.s, "root/a/journal");
    assert_int_equal(file_path(&p, &e, "%0*d", FILE_PATH_MAX - 1, 0), 0);
    assert_int_equal(strlen(p.s), FILE_PATH_MAX - 1);
    assert_int_equal(file_path(&p, &e, "%0*d", FILE_PATH_MAX, 0), ERR_IO);
    assert_non_null(strstr(e.text, "4095"));
}

static void test_whole_files_up_to_the_limit(void **state)
{
    struct chance chance = {11};
    static const size_t sizes[] = {0, 1, 63, 64, 65, 65535, 65536, 65537, 200000};
    static uint8_t content[200000];
    chance_fill(&chance, content, sizeof(content));
    struct file_path p = in_folder("x");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(file_replace(p.s, bytes_of(content, sizes[i]), 0600, NULL), 0);
        OWN(buf_drop) struct buf b = {0};
        buf_put_text(&b, "kept");
        assert_int_equal(file_read_all(p.s, sizes[i], &b, NULL), 0);
        assert_true(bytes_equal(bytes_of(b.p + 4, b.n - 4), bytes_of(content, sizes[i])));
        if (sizes[i] == 0)
            continue;
        struct err e = {0};
        b.n = 4;
        assert_int_equal(file_read_all(p.s, sizes[i] - 1, &b, &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, p.s));
        assert_int_equal(b.n, 4);
    }
}

/* What is too long is refused before it is read. */
static void test_a_huge_file_is_not_read(void **state)
{
    struct file_path p = in_folder("x");
    assert_int_equal(file_replace(p.s, bytes_text("x"), 0600, NULL), 0);
    assert_int_equal(truncate(p.s, (off_t)1 << 32), 0);
    calm();
    OWN(buf_drop) struct buf b = {0};
    assert_int_equal(file_read_all(p.s, 1 << 20, &b, NULL), ERR_DAMAGED);
    assert_int_equal(calls, 2); /* fstat, twice */
    assert_null(b.p);
}

/* A file of the kernel has no size, and is held to the limit while it is read. */
static void test_files_without_a_size(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    assert_int_equal(file_read_all("/proc/self/status", 1 << 20, &b, NULL), 0);
    assert_true(b.n > 100);
    OWN(buf_drop) struct buf again = {0};
    assert_int_equal(file_read_all("/proc/self/status", 100, &again, NULL), ERR_DAMAGED);
    assert_int_equal(again.n, 0);
}

static void test_what_is_no_plain_file_is_refused(void **state)
{
    struct file_path file = in_folder("file");
    struct file_path link = in_folder("link");
    struct file_path pipe = in_folder("pipe");
    struct file_path gone = in_folder("gone");
    struct file_path under = in_folder("file/under");
    assert_int_equal(file_replace(file.s, bytes_text("x"), 0600, NULL), 0);
    assert_int_equal(symlink("file", link.s), 0);
    assert_int_equal(mkfifo(pipe.s, 0600), 0);
    int fd = -7;
    struct err e = {0};
    assert_int_equal(file_open_read(link.s, &fd, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "link"));
    assert_int_equal(file_open_read(pipe.s, &fd, NULL), ERR_DAMAGED);
    assert_int_equal(file_open_read(folder, &fd, NULL), ERR_DAMAGED);
    assert_int_equal(file_open_read(gone.s, &fd, &e), ERR_ABSENT);
    assert_non_null(strstr(e.text, gone.s));
    assert_int_equal(file_open_read(under.s, &fd, NULL), ERR_ABSENT);
    OWN(buf_drop) struct buf b = {0};
    assert_int_equal(file_read_all(gone.s, 10, &b, NULL), ERR_ABSENT);
    assert_int_equal(fd, -7);
}

static void test_a_file_does_not_reach_other_programs(void **state)
{
    struct file_path p = in_folder("x");
    assert_int_equal(file_replace(p.s, bytes_text("x"), 0600, NULL), 0);
    OWN(fd_drop) int fd = -1;
    assert_int_equal(file_open_read(p.s, &fd, NULL), 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

static void test_exact_reads_and_writes(void **state)
{
    struct file_path p = in_folder("x");
    OWN(fd_drop) int fd = open(p.s, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(file_write_at(fd, "testimony", 9, 3, "x", NULL), 0);
    uint64_t size = 0;
    assert_int_equal(file_size(fd, &size, "x", NULL), 0);
    assert_int_equal(size, 12);
    char got[16] = {0};
    assert_int_equal(file_read_at(fd, got, 9, 3, "x", NULL), 0);
    assert_string_equal(got, "testimony");
    assert_int_equal(file_read_at(fd, got, 0, 12, "x", NULL), 0);
    struct err e = {0};
    assert_int_equal(file_read_at(fd, got, 10, 3, "act 7", &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "act 7"));
    assert_int_equal(file_read_at(fd, got, 1, 12, "x", NULL), ERR_DAMAGED);
    assert_int_equal(file_read_at(fd, got, 1, INT64_MAX, "x", NULL), ERR_DAMAGED);
    assert_int_equal(file_read_at(fd, got, 2, UINT64_MAX, "x", NULL), ERR_DAMAGED);
    assert_int_equal(file_write_at(fd, got, 1, INT64_MAX, "x", NULL), ERR_IO);
    assert_int_equal(file_write_at(fd, got, 1, UINT64_MAX, "x", NULL), ERR_IO);
    assert_int_equal(file_sync(fd, "x", NULL), 0);
    assert_int_equal(file_size(-1, &size, "x", NULL), ERR_IO);
    assert_int_equal(file_read_at(-1, got, 1, 0, "x", NULL), ERR_IO);
    assert_int_equal(file_write_at(-1, got, 1, 0, "x", NULL), ERR_IO);
    assert_int_equal(file_sync(-1, "x", NULL), ERR_IO);
}

static void test_what_the_disk_does_not_give_is_read_around(void **state)
{
    enum { BYTES = 5000, SECTOR = 512 };
    static uint8_t put[BYTES], got[BYTES], want[BYTES];
    struct file_path p = in_folder("x");
    for (size_t i = 0; i < BYTES; i++)
        put[i] = (uint8_t)(1 + i % 255);
    assert_int_equal(file_replace(p.s, bytes_of(put, BYTES), 0600, NULL), 0);
    OWN(fd_drop) int fd = -1;
    assert_int_equal(file_open_read(p.s, &fd, NULL), 0);
    for (size_t from = 0; from < BYTES; from += 131)
        for (size_t n = 0; n <= BYTES - from; n += 977) {
            uint64_t lost = 7;
            lost_from = (off_t)(from / SECTOR * SECTOR) + SECTOR;
            lost_to = lost_from + SECTOR;
            lost_number = EIO;
            memcpy(want, put, BYTES);
            for (off_t i = lost_from; i < lost_to && i < BYTES; i++)
                want[i] = 0;
            size_t end = from + n, a = from > (size_t)lost_from ? from : (size_t)lost_from;
            size_t b = end < (size_t)lost_to ? end : (size_t)lost_to;
            assert_int_equal(file_read_around(fd, got, n, from, "x", &lost, NULL), 0);
            assert_memory_equal(got, want + from, n);
            assert_int_equal(lost, 7 + (b > a ? b - a : 0));
        }
    struct err e = {0};
    uint64_t lost = 0;
    assert_int_equal(file_read_around(fd, got, BYTES, 1, "act 7", &lost, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "act 7"));
    lost_from = 600;
    lost_to = 601;
    lost_number = ENOMEM;
    assert_int_equal(file_read_around(fd, got, BYTES, 0, "x", &lost, &e), ERR_IO);
    assert_true(err_is_scarce(&e));
    assert_int_equal(lost, 0);
    lost_to = lost_from = 0;
}

static void test_short_and_interrupted_calls_are_carried_on(void **state)
{
    struct file_path p = in_folder("x");
    for (dribble = 1; dribble < 12; dribble++) {
        calls = 0;
        interruptions = 0;
        assert_int_equal(file_replace(p.s, bytes_text("a long testimony"), 0600, NULL), 0);
        assert_content(p.s, "a long testimony");
        OWN(fd_drop) int fd = -1;
        char got[17] = {0};
        assert_int_equal(file_open_read(p.s, &fd, NULL), 0);
        assert_int_equal(file_read_at(fd, got, 16, 0, "x", NULL), 0);
        assert_string_equal(got, "a long testimony");
        assert_true(interruptions > 3);
    }
}

static void test_replace(void **state)
{
    struct file_path p = in_folder("state");
    assert_int_equal(file_replace(p.s, bytes_text("one"), 0600, NULL), 0);
    assert_content(p.s, "one");
    assert_int_equal(file_replace(p.s, bytes_text("two"), 0640, NULL), 0);
    assert_content(p.s, "two");
    struct stat status;
    assert_int_equal(stat(p.s, &status), 0);
    assert_int_equal(status.st_mode & 07777 & ~0640u, 0);
    assert_int_equal(file_replace(p.s, bytes_of(NULL, 0), 0600, NULL), 0);
    assert_content(p.s, "");
    assert_int_equal(count_files(), 1);

    struct err e = {0};
    struct file_path lost = in_folder("no/folder");
    assert_int_equal(file_replace(lost.s, bytes_text("x"), 0600, &e), ERR_IO);
    assert_non_null(strstr(e.text, "its folder is not there"));
    assert_int_equal(file_replace(folder, bytes_text("x"), 0600, NULL), ERR_IO);
}

static void test_replace_does_not_write_through_a_link(void **state)
{
    struct file_path file = in_folder("file");
    struct file_path link = in_folder("link");
    assert_int_equal(file_replace(file.s, bytes_text("old"), 0600, NULL), 0);
    assert_int_equal(symlink("file", link.s), 0);
    assert_int_equal(file_replace(link.s, bytes_text("new"), 0600, NULL), 0);
    assert_content(file.s, "old");
    assert_content(link.s, "new");
}

static void test_names_of_the_longest_length(void **state)
{
    char name[NAME_MAX + 2];
    memset(name, 'n', sizeof(name));
    name[NAME_MAX] = 0;
    /* Two-byte characters, to stand across every place where the draft's name is cut. */
    for (size_t shift = 0; shift < 2; shift++) {
        memset(name, 'n', NAME_MAX);
        for (size_t i = 200 + shift; i + 1 < NAME_MAX; i += 2)
            memcpy(name + i, "é", 2);
        struct file_path p = in_folder(name);
        assert_int_equal(file_create(p.s, bytes_text("x"), 0600, NULL), 0);
        assert_int_equal(file_replace(p.s, bytes_text("y"), 0600, NULL), 0);
        assert_content(p.s, "y");
        assert_true(unicode_valid(bytes_text(last_draft.s)));
        assert_int_equal(unlink(p.s), 0);
    }
    memset(name, 'n', NAME_MAX + 1);
    name[NAME_MAX + 1] = 0;
    struct file_path p = in_folder(name);
    assert_int_equal(file_replace(p.s, bytes_text("x"), 0600, NULL), ERR_IO);
    assert_int_equal(file_create(p.s, bytes_text("x"), 0600, NULL), ERR_IO);
    int fd = -1;
    assert_int_equal(file_open_read(p.s, &fd, NULL), ERR_IO);
    struct file_path under;
    assert_int_equal(file_path(&under, NULL, "%s/under", p.s), 0);
    assert_int_equal(file_replace(under.s, bytes_text("x"), 0600, NULL), ERR_IO);
    assert_int_equal(count_files(), 0);
}

static void test_create_never_replaces(void **state)
{
    struct file_path p = in_folder("x");
    struct file_path link = in_folder("dangling");
    struct err e = {0};
    assert_int_equal(file_create(p.s, bytes_text("one"), 0600, NULL), 0);
    assert_int_equal(file_create(p.s, bytes_text("two"), 0600, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, p.s));
    assert_content(p.s, "one");
    assert_int_equal(symlink("nowhere", link.s), 0);
    assert_int_equal(file_create(link.s, bytes_text("two"), 0600, NULL), ERR_REFUSED);
    assert_int_equal(file_create(folder, bytes_text("two"), 0600, NULL), ERR_REFUSED);
    assert_int_equal(count_files(), 2);
}

static void resolved(const char *path, const char *expected)
{
    struct file_path real, whole = in_folder(expected);
    struct err e = {0};
    if (file_resolve(path, &real, &e) != 0)
        fail_msg("%s", e.text);
    assert_string_equal(real.s, whole.s);
}

static void test_where_a_path_leads(void **state)
{
    struct file_path p;
    struct err e = {0};
    char before[PATH_MAX], home[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_non_null(realpath(folder, home));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("real", 0700), 0);
    assert_int_equal(mkdir("real/inner", 0700), 0);
    assert_int_equal(symlink("real/inner", "way"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    resolved("real", "real");
    resolved("./real//inner/", "real/inner");
    resolved("way", "real/inner");
    resolved("way/..", "real");
    resolved("way/new/deeper", "real/inner/new/deeper");
    resolved("new/../way/./x", "real/inner/x");
    resolved("dangling/x", "dangling/x");
    resolved("new/../../../../../../../../../../../../proc/self/cwd/way", "real/inner");
    assert_int_equal(file_resolve("", &p, NULL), 0);
    assert_string_equal(p.s, home);
    assert_int_equal(file_resolve("/..", &p, NULL), 0);
    assert_string_equal(p.s, "/");
    OWN(buf_drop) struct buf longest = {0};
    for (unsigned i = 0; i < FILE_PATH_MAX; i++)
        buf_put_u8(&longest, 'x');
    assert_int_equal(file_resolve(buf_text(&longest), &p, &e), ERR_IO);
    assert_non_null(strstr(e.text, "longer than"));
    assert_int_equal(unlink("way"), 0);
    assert_int_equal(unlink("dangling"), 0);
    assert_int_equal(rmdir("real/inner"), 0);
    assert_int_equal(rmdir("real"), 0);
    assert_int_equal(chdir(before), 0);
}

static void test_what_a_folder_holds(void **state)
{
    assert_true(file_holds("/a", "/a"));
    assert_true(file_holds("/a", "/a/b"));
    assert_true(file_holds("/", "/a"));
    assert_true(file_holds("/", "/"));
    assert_false(file_holds("/a", "/ab"));
    assert_false(file_holds("/a/b", "/a"));
    assert_false(file_holds("/a", "/"));
}

/* The name is taken between the look and the naming: found out by both ways of naming. */
static void test_create_loses_a_race(void **state)
{
    struct file_path p = in_folder("x");
    static const int numbers[] = {EEXIST, EACCES};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        for (unsigned way = 0; way < 2; way++) {
            calm();
            rename_knows_no_flags = way == 1;
            fail_number = numbers[i];
            fail_at = way == 0 ? 5 : 6; /* getrandom, pwrite, fsync, close, renameat2, linkat */
            int expected = numbers[i] == EEXIST ? ERR_REFUSED : ERR_IO;
            assert_int_equal(file_create(p.s, bytes_text("one"), 0600, NULL), expected);
            assert_int_equal(count_files(), 0);
        }
    }
    for (unsigned way = 0; way < 2; way++) {
        calm();
        rename_knows_no_flags = way == 1;
        taken_meanwhile = p.s;
        assert_int_equal(file_create(p.s, bytes_text("one"), 0600, NULL), ERR_REFUSED);
        char target[16] = {0};
        assert_int_equal(readlink(p.s, target, sizeof(target) - 1), 6);
        assert_string_equal(target, "theirs");
        assert_int_equal(count_files(), 1);
        assert_int_equal(unlink(p.s), 0);
    }
    calm();
    rename_knows_no_flags = true;
    assert_int_equal(file_create(p.s, bytes_text("one"), 0600, NULL), 0);
    assert_content(p.s, "one");
    assert_int_equal(count_files(), 1);
    assert_int_equal(file_create(p.s, bytes_text("two"), 0600, NULL), ERR_REFUSED);
}

/*
 * Every call fails once.  What is left is the old content or, when only the folder could not be synced, the new one,
 * and no draft.  A sync that failed is not tried again.
 */
static void each_call_fails(int (*make)(const char *, struct bytes, mode_t, struct err *), const char *old)
{
    struct file_path p = in_folder("x");
    unsigned failures = 0;
    for (unsigned at = 1;; at++) {
        calm();
        (void)unlink(p.s);
        if (old != NULL)
            assert_int_equal(file_replace(p.s, bytes_text(old), 0600, NULL), 0);
        calm();
        fail_number = EIO;
        fail_at = at;
        struct err e = {0};
        int rc = make(p.s, bytes_text("new"), 0600, &e);
        bool failed = calls >= at;
        unsigned made = calls;
        unsigned synced = syncs;
        calm();
        assert_int_equal(count_files(), file_exists(p.s) ? 1 : 0);
        if (!failed) {
            assert_int_equal(rc, 0);
            assert_content(p.s, "new");
            assert_int_equal(failures, made);
            assert_int_equal(synced, 2);
            break;
        }
        failures++;
        assert_int_equal(rc, ERR_IO);
        assert_non_null(strstr(e.text, "Input/output error"));
        /* getrandom, pwrite, fsync of the file, close, rename, fsync of the folder */
        assert_int_equal(synced, at < 3 ? 0 : at < 6 ? 1 : 2);
        OWN(buf_drop) struct buf left = {0};
        int absent = file_read_all(p.s, 100, &left, NULL);
        bool is_old = old == NULL ? absent == ERR_ABSENT : strcmp(buf_text(&left), old) == 0;
        assert_true(is_old || strcmp(buf_text(&left), "new") == 0);
        assert_true(is_old || at == 6);
    }
    assert_int_equal(failures, 6);
}

static void test_replace_when_each_call_fails(void **state)
{
    each_call_fails(file_replace, "old");
}

static void test_create_when_each_call_fails(void **state)
{
    each_call_fails(file_create, NULL);
}

static void test_a_full_disk_names_the_file_and_the_remedy(void **state)
{
    struct file_path p = in_folder("x");
    static const int numbers[] = {ENOSPC, EDQUOT};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        for (unsigned at = 2; at <= 6; at++) {
            calm();
            fail_number = numbers[i];
            fail_at = at;
            struct err e = {0};
            assert_int_equal(file_replace(p.s, bytes_text("x"), 0600, &e), ERR_IO);
            assert_non_null(strstr(e.text, folder));
            assert_non_null(strstr(e.text, "free some space"));
        }
    }
}

static void test_a_failed_read_appends_nothing(void **state)
{
    struct file_path p = in_folder("x");
    assert_int_equal(file_replace(p.s, bytes_text("twelve bytes"), 0600, NULL), 0);
    unsigned failures = 0;
    for (bool failed = true; failed;) {
        OWN(buf_drop) struct buf b = {0};
        buf_put_text(&b, "kept");
        calm();
        fail_number = EIO;
        fail_at = failures + 1;
        dribble = 5;
        int rc = file_read_all(p.s, 100, &b, NULL);
        failed = calls >= fail_at;
        assert_int_equal(rc, failed ? ERR_IO : 0);
        assert_int_equal(b.n, failed ? 4 : 16);
        failures += failed;
    }
    assert_true(failures > 5);
    calm();
    OWN(fd_drop) int fd = -1;
    assert_int_equal(file_open_read(p.s, &fd, NULL), 0);
    calm();
    fail_number = EIO;
    fail_at = 1;
    char got[4];
    assert_int_equal(file_read_at(fd, got, 4, 0, "x", NULL), ERR_IO);
}

static void test_a_read_without_memory_appends_nothing(void **state)
{
    struct file_path p = in_folder("x");
    assert_int_equal(file_replace(p.s, bytes_text("x"), 0600, NULL), 0);
    struct buf b = {0};
    memory_fails_at(1);
    int rc = file_read_all(p.s, 100, &b, NULL);
    assert_true(memory_is_back());
    assert_int_equal(rc, ERR_IO);
    assert_int_equal(b.n, 0);
}

static void test_folders(void **state)
{
    struct file_path deep = in_folder("a/b//c/");
    struct file_path top = in_folder("a");
    struct err e = {0};
    assert_int_equal(file_make_folder(deep.s, &e), ERR_IO);
    assert_int_equal(file_make_folders(deep.s, &e), 0);
    struct stat status;
    assert_int_equal(stat(deep.s, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(status.st_mode & 077, 0);
    assert_int_equal(syncs, 3);
    assert_int_equal(file_make_folders(deep.s, &e), 0);
    assert_int_equal(file_make_folder(top.s, &e), 0);
    assert_int_equal(file_make_folder("/", &e), 0);
    assert_int_equal(file_make_folders("/", &e), 0);
    assert_int_equal(file_make_folders(".", &e), 0);
    assert_int_equal(file_make_folder("", &e), ERR_IO);
    assert_int_equal(file_make_folders("", &e), ERR_IO);

    struct file_path file = in_folder("file");
    struct file_path under = in_folder("file/under");
    assert_int_equal(file_replace(file.s, bytes_text("x"), 0600, NULL), 0);
    assert_int_equal(file_make_folder(file.s, &e), ERR_IO);
    assert_non_null(strstr(e.text, "not a folder"));
    assert_int_equal(file_make_folders(under.s, &e), ERR_IO);

    static char longest[FILE_PATH_MAX + 1];
    memset(longest, 'x', FILE_PATH_MAX);
    assert_int_equal(file_make_folders(longest, &e), ERR_IO);

    struct file_path full = in_folder("full");
    calm();
    fail_number = ENOSPC;
    fail_at = 1;
    assert_int_equal(file_make_folder(full.s, &e), ERR_IO);
    assert_non_null(strstr(e.text, "free some space"));
}

static void test_syncing_folders(void **state)
{
    struct file_path inner = in_folder("inner/");
    struct file_path file = in_folder("file");
    assert_int_equal(file_make_folder(inner.s, NULL), 0);
    assert_int_equal(file_replace(file.s, bytes_text("x"), 0600, NULL), 0);
    assert_int_equal(file_sync_folder(folder, NULL), 0);
    assert_int_equal(file_sync_folder(file.s, NULL), ERR_IO);
    assert_int_equal(file_sync_parent(inner.s, NULL), 0);
    assert_int_equal(file_sync_parent("/", NULL), 0);
    assert_int_equal(file_sync_parent("/file", NULL), 0);
    assert_int_equal(file_sync_parent("file", NULL), 0);
    struct file_path lost = in_folder("lost/file");
    assert_int_equal(file_sync_parent(lost.s, NULL), ERR_IO);
    calm();
    fail_number = EIO;
    fail_at = 1;
    assert_int_equal(file_sync_folder(folder, NULL), ERR_IO);
    assert_int_equal(syncs, 1);

    static char longest[FILE_PATH_MAX + 3];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[FILE_PATH_MAX] = '/';
    assert_int_equal(file_sync_parent(longest, NULL), ERR_IO);
}

static void test_remove(void **state)
{
    struct file_path p = in_folder("x");
    struct file_path under = in_folder("x/under");
    assert_int_equal(file_replace(p.s, bytes_text("x"), 0600, NULL), 0);
    assert_true(file_exists(p.s));
    assert_int_equal(file_remove(under.s, NULL), 0);
    calm();
    assert_int_equal(file_remove(p.s, NULL), 0);
    assert_int_equal(syncs, 1);
    assert_false(file_exists(p.s));
    assert_int_equal(file_remove(p.s, NULL), 0);
    struct err e = {0};
    assert_int_equal(file_remove(folder, &e), ERR_IO);
    assert_non_null(strstr(e.text, folder));
    assert_int_equal(symlink("nowhere", p.s), 0);
    assert_true(file_exists(p.s));
}

static void test_remove_a_tree(void **state)
{
    struct file_path tree = in_folder("tree"), inner = in_folder("tree/a/b"), kept = in_folder("kept");
    struct file_path leaf = in_folder("tree/a/b/leaf"), link = in_folder("tree/a/link");
    struct file_path here = in_folder("kept/here");
    assert_int_equal(file_make_folders(inner.s, NULL), 0);
    assert_int_equal(file_make_folder(kept.s, NULL), 0);
    assert_int_equal(file_replace(leaf.s, bytes_text("x"), 0600, NULL), 0);
    assert_int_equal(file_replace(here.s, bytes_text("x"), 0600, NULL), 0);
    assert_int_equal(symlink(kept.s, link.s), 0);
    file_remove_tree(tree.s);
    assert_false(file_exists(tree.s));
    assert_true(file_exists(here.s)); /* a link was in it, and no more */
    file_remove_tree(tree.s);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* A disk that does not open a file of which there is another copy is no failure of this program; want of room is. */
static void test_a_copy_that_does_not_open_is_damaged(void **state)
{
    static const struct {
        int number, copy;
    } refusals[] = {{EIO, ERR_DAMAGED},   {EUCLEAN, ERR_DAMAGED}, {EACCES, ERR_DAMAGED}, {ENOENT, ERR_ABSENT},
                    {EMFILE, ERR_IO},     {ENFILE, ERR_IO},       {ENOMEM, ERR_IO}};
    struct file_path p = in_folder("copy");
    struct err e = {0};
    OWN(fd_drop) int fd = -1;
    assert_int_equal(file_replace(p.s, bytes_text("x"), 0600, NULL), 0);
    for (size_t i = 0; i < COUNT(refusals); i++) {
        open_number = refusals[i].number;
        assert_int_equal(file_open_copy(p.s, &fd, &e), refusals[i].copy);
        open_number = refusals[i].number;
        assert_int_equal(file_open_read(p.s, &fd, &e), refusals[i].number == ENOENT ? ERR_ABSENT : ERR_IO);
    }
    assert_int_equal(file_open_copy(p.s, &fd, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_paths_up_to_the_limit),
        CASE(test_whole_files_up_to_the_limit),
        CASE(test_a_huge_file_is_not_read),
        CASE(test_files_without_a_size),
        CASE(test_what_is_no_plain_file_is_refused),
        CASE(test_a_copy_that_does_not_open_is_damaged),
        CASE(test_a_file_does_not_reach_other_programs),
        CASE(test_exact_reads_and_writes),
        CASE(test_what_the_disk_does_not_give_is_read_around),
        CASE(test_short_and_interrupted_calls_are_carried_on),
        CASE(test_replace),
        CASE(test_replace_does_not_write_through_a_link),
        CASE(test_names_of_the_longest_length),
        CASE(test_create_never_replaces),
        CASE(test_create_loses_a_race),
        CASE(test_where_a_path_leads),
        CASE(test_what_a_folder_holds),
        CASE(test_replace_when_each_call_fails),
        CASE(test_create_when_each_call_fails),
        CASE(test_a_full_disk_names_the_file_and_the_remedy),
        CASE(test_a_failed_read_appends_nothing),
        CASE(test_a_read_without_memory_appends_nothing),
        CASE(test_folders),
        CASE(test_syncing_folders),
        CASE(test_remove),
        CASE(test_remove_a_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
