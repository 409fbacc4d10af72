#include "fixture_mirror.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct fixture_last fixture_last;

/* ---- a disk with a bad place ---- */

static atomic_ullong bad_file; /* 0: none */
static atomic_llong bad_from, bad_to;
static atomic_int bad_number;

void fixture_unreadable(const struct fixture *f, const char *name, int64_t at, int64_t bytes, int number)
{
    struct file_path path;
    struct stat status;
    fixture_path(f, name, &path);
    assert_int_equal(stat(path.s, &status), 0);
    atomic_store(&bad_from, at);
    atomic_store(&bad_to, at + bytes);
    atomic_store(&bad_number, number);
    atomic_store(&bad_file, status.st_ino);
}

void fixture_readable(void)
{
    atomic_store(&bad_file, 0);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    struct stat status;
    bool meets = atomic_load(&bad_file) != 0 && at < atomic_load(&bad_to) && at + (off_t)n > atomic_load(&bad_from);
    if (!meets || fstat(fd, &status) != 0 || status.st_ino != atomic_load(&bad_file))
        return syscall(SYS_pread64, fd, to, n, at);
    errno = atomic_load(&bad_number);
    return -1;
}

/* ---- the mirror ---- */

int fixture_mirror(struct fixture *f, bool again)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    struct mirror_wish wish = {.folder = folder.s, .again = again, .anew = true};
    fixture_watch(f, &watch);
    return mirror_make(s, &wish, &watch, &fixture_last.made, &f->e);
}

int fixture_mirror_verify(struct fixture *f, bool beside)
{
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    fixture_watch(f, &watch);
    return mirror_verify(folder.s, beside ? &f->place : NULL, &watch, &fixture_last.verified, &f->e);
}

void fixture_mirror_whole(struct fixture *f)
{
    if (fixture_mirror(f, false) != 0 || fixture_mirror_verify(f, true) != 0)
        fail_msg("%s %s", f->e.text, buf_text(&f->lines));
    assert_string_equal(buf_text(&f->lines), "");
    assert_int_equal(fixture_last.verified.behind + fixture_last.verified.ahead, 0);
}

int fixture_repair_from_mirror(struct fixture *f)
{
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    fixture_watch(f, &watch);
    buf_clear(&f->words);
    return mirror_repair(&f->place, folder.s, &watch, &f->words, &f->e);
}

int fixture_restore(struct fixture *f)
{
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    fixture_watch(f, &watch);
    return mirror_restore(folder.s, f->root.s, &watch, &fixture_last.restored, &f->e);
}
