/*
 * One file on a bad disk: some of its bytes cannot be read, or it cannot be opened.  It is known by its number in the
 * file system, whatever its name is; the copy that comes in its place is on a good one.
 */
#ifndef TESTS_BASE_BAD_DISK_H
#define TESTS_BASE_BAD_DISK_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    int held; /* while it is open, its number goes to no other file */
    struct stat file;
    int read_number, open_number; /* errno; 0: it works */
    off_t from, to;               /* what cannot be read */
} bad_disk = {.held = -1};

static inline void bad_disk_end(void)
{
    if (bad_disk.held >= 0)
        (void)close(bad_disk.held);
    bad_disk.held = -1;
    bad_disk.read_number = bad_disk.open_number = 0;
}

static inline void bad_disk_begin(const char *path)
{
    bad_disk_end();
    bad_disk.held = open(path, O_PATH | O_CLOEXEC);
    assert_true(bad_disk.held >= 0);
    assert_int_equal(fstat(bad_disk.held, &bad_disk.file), 0);
}

static inline void bad_disk_read(const char *path, off_t from, off_t n, int number)
{
    bad_disk_begin(path);
    bad_disk.from = from;
    bad_disk.to = from + n;
    bad_disk.read_number = number;
}

static inline void bad_disk_open(const char *path, int number)
{
    bad_disk_begin(path);
    bad_disk.open_number = number;
}

static inline bool bad_disk_is(const struct stat *file)
{
    return file->st_dev == bad_disk.file.st_dev && file->st_ino == bad_disk.file.st_ino;
}

static inline bool bad_disk_refuses(int fd, off_t from, size_t n)
{
    struct stat file;
    if (bad_disk.read_number == 0 || fstat(fd, &file) != 0 || !bad_disk_is(&file) || from >= bad_disk.to ||
        from + (off_t)n <= bad_disk.from)
        return false;
    errno = bad_disk.read_number;
    return true;
}

/* In place of the C library's. */
ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    ssize_t (*real)(int, void *, size_t, off_t);
    *(void **)&real = dlsym(RTLD_NEXT, "pread64");
    return bad_disk_refuses(fd, at, n) ? -1 : real(fd, to, n, at);
}

ssize_t read(int fd, void *to, size_t n)
{
    ssize_t (*real)(int, void *, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, "read");
    return bad_disk.read_number != 0 && bad_disk_refuses(fd, lseek(fd, 0, SEEK_CUR), n) ? -1 : real(fd, to, n);
}

int open(const char *path, int how, ...)
{
    int (*real)(const char *, int, ...);
    struct stat file;
    mode_t mode = 0;
    va_list values;
    *(void **)&real = dlsym(RTLD_NEXT, "open64");
    va_start(values, how);
    if ((how & O_CREAT) != 0)
        mode = va_arg(values, mode_t);
    va_end(values);
    if (bad_disk.open_number != 0 && (how & O_PATH) == 0 && stat(path, &file) == 0 && bad_disk_is(&file)) {
        errno = bad_disk.open_number;
        return -1;
    }
    return real(path, how, mode);
}

#endif
