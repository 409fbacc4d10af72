/*
 * recorder.c: an LD_PRELOAD library that records what a program does to its files.
 *
 * Every call below changes a file or folder under the recorded roots, makes such a change durable, or prints.  The real
 * call and its record lie under one lock, so the log's order is the order in which things happened, across threads and
 * child processes.  A call that fails is not recorded: it changed nothing.
 *
 * What cannot be seen from here: changes through a shared writable mapping, through FILE streams (the C library's own
 * writes are not interposable; the standard output is, because we put our own stream in its place), through syscall(2),
 * io_uring, splice and their like.  Those that can be noticed become REC_UNSUPPORTED, which the replay refuses.  What
 * cannot even be noticed shows when the replay, asked to --compare, finds the real trees to differ from the log.  So a
 * recorded program writes through plain descriptors.
 */
#undef _FILE_OFFSET_BITS
#include "recorder_log.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* --- one record ----------------------------------------------------------------------------------------------- */

static void put_spot(enum rec_op op, const struct spot *at)
{
    struct record r = {.op = op, .dev = at->dev, .ino = at->ino, .mode = at->mode};
    recorder_put(r, at->path, NULL, NULL, 0, 0);
}

static void put_length(enum rec_op op, const struct spot *at, uint64_t offset, uint64_t length)
{
    struct record r = {.op = op, .dev = at->dev, .ino = at->ino, .offset = offset, .length = length};
    recorder_put(r, at->path, NULL, NULL, 0, 0);
}

static void put_unsupported(const struct spot *at, const char *call)
{
    recorder_put((struct record){.op = REC_UNSUPPORTED, .dev = at->dev, .ino = at->ino}, at->path, call, NULL, 0, 0);
}

static void note_unsupported(int fd, const char *call)
{
    struct spot at;
    if (!recorder_at(fd, &at))
        return;
    int saved = errno;
    recorder_begin();
    put_unsupported(&at, call);
    recorder_end(saved);
}

/* --- writing -------------------------------------------------------------------------------------------------- */

enum where { AT_POSITION, AT_OFFSET };

/* Where ${n} bytes just written by ${fd} begin.  Linux appends with O_APPEND, whatever offset pwrite was given. */
static uint64_t began_at(int fd, int flags, enum where where, int64_t offset, uint64_t n)
{
    if (where == AT_POSITION)
        return (uint64_t)syscall(SYS_lseek, fd, 0L, SEEK_CUR) - n;
    if ((flags & O_APPEND) == 0)
        return (uint64_t)offset;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return (uint64_t)offset;
    return (uint64_t)st.st_size - n;
}

static void put_write(int fd, const struct spot *at, enum where where, int64_t offset, const struct iovec *pieces,
                      int n_pieces, uint64_t n)
{
    int flags = (int)syscall(SYS_fcntl, fd, F_GETFL, 0L);
    struct record r = {.op = REC_WRITE, .dev = at->dev, .ino = at->ino};
    r.offset = began_at(fd, flags, where, offset, n);
    recorder_put(r, at->path, NULL, pieces, n_pieces, n);
    if ((flags & O_DSYNC) != 0)
        put_spot(REC_FDATASYNC, at);
}

static ssize_t write_pieces(int fd, enum where where, const struct iovec *pieces, int n_pieces, int64_t offset,
                            int rwf_flags)
{
    struct spot at;
    bool printed = fd == STDOUT_FILENO && recorder_on();
    bool wanted = !printed && recorder_at(fd, &at);
    if (printed || wanted)
        recorder_begin();
    ssize_t n;
    if (where == AT_POSITION && n_pieces == 1)
        n = syscall(SYS_write, fd, pieces[0].iov_base, pieces[0].iov_len);
    else if (where == AT_POSITION)
        n = syscall(SYS_writev, fd, pieces, n_pieces);
    else if (rwf_flags != 0)
        n = syscall(SYS_pwritev2, fd, pieces, n_pieces, offset, 0L, rwf_flags);
    else if (n_pieces == 1)
        n = syscall(SYS_pwrite64, fd, pieces[0].iov_base, pieces[0].iov_len, offset);
    else
        n = syscall(SYS_pwritev, fd, pieces, n_pieces, offset, 0L);
    int saved = errno;
    if (n > 0 && printed)
        recorder_put((struct record){.op = REC_PRINTED}, NULL, NULL, pieces, n_pieces, (uint64_t)n);
    else if (n > 0 && wanted && rwf_flags != 0)
        put_unsupported(&at, "pwritev2 with flags");
    else if (n > 0 && wanted)
        put_write(fd, &at, where, offset, pieces, n_pieces, (uint64_t)n);
    if (printed || wanted)
        recorder_end(saved);
    return n;
}

static ssize_t write_one(int fd, enum where where, const void *bytes, size_t count, int64_t offset)
{
    struct iovec one = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = count};
    return write_pieces(fd, where, &one, 1, offset, 0);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t count)
{
    return write_one(fd, AT_POSITION, bytes, count, 0);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return write_one(fd, AT_OFFSET, bytes, count, offset);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    return write_one(fd, AT_OFFSET, bytes, count, offset);
}

EXPORT ssize_t writev(int fd, const struct iovec *pieces, int n_pieces)
{
    return write_pieces(fd, AT_POSITION, pieces, n_pieces, 0, 0);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *pieces, int n_pieces, off_t offset)
{
    return write_pieces(fd, AT_OFFSET, pieces, n_pieces, offset, 0);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *pieces, int n_pieces, off64_t offset)
{
    return write_pieces(fd, AT_OFFSET, pieces, n_pieces, offset, 0);
}

EXPORT ssize_t pwritev2(int fd, const struct iovec *pieces, int n_pieces, off_t offset, int flags)
{
    return write_pieces(fd, offset == -1 ? AT_POSITION : AT_OFFSET, pieces, n_pieces, offset, flags);
}

EXPORT ssize_t pwritev64v2(int fd, const struct iovec *pieces, int n_pieces, off64_t offset, int flags)
{
    return write_pieces(fd, offset == -1 ? AT_POSITION : AT_OFFSET, pieces, n_pieces, offset, flags);
}

__attribute__((format(printf, 2, 0))) static int print_to(int fd, const char *format, va_list ap)
{
    char *text = NULL;
    int bytes = vasprintf(&text, format, ap);
    for (int done = 0; done < bytes;) {
        ssize_t n = write(fd, text + done, (size_t)(bytes - done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            bytes = -1;
        else
            done += (int)n;
    }
    free(text);
    return bytes;
}

EXPORT int vdprintf(int fd, const char *format, va_list ap)
{
    return print_to(fd, format, ap);
}

EXPORT int dprintf(int fd, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = print_to(fd, format, ap);
    va_end(ap);
    return n;
}

/* What the C library's headers make of dprintf under _FORTIFY_SOURCE. */
EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list ap) __attribute__((format(printf, 3, 0)));
EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list ap)
{
    (void)flag;
    return print_to(fd, format, ap);
}

EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...) __attribute__((format(printf, 3, 4)));
EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
    (void)flag;
    va_list ap;
    va_start(ap, format);
    int n = print_to(fd, format, ap);
    va_end(ap);
    return n;
}

/* --- sizes ---------------------------------------------------------------------------------------------------- */

static int truncate_fd(int fd, int64_t length)
{
    struct spot at;
    if (!recorder_at(fd, &at))
        return (int)syscall(SYS_ftruncate, fd, length);
    recorder_begin();
    int rc = (int)syscall(SYS_ftruncate, fd, length);
    int saved = errno;
    if (rc == 0)
        put_length(REC_TRUNCATE, &at, 0, (uint64_t)length);
    recorder_end(saved);
    return rc;
}

EXPORT int ftruncate(int fd, off_t length)
{
    return truncate_fd(fd, length);
}

EXPORT int ftruncate64(int fd, off64_t length)
{
    return truncate_fd(fd, length);
}

/* By way of a descriptor, so that the inode is known to the log. */
static int truncate_path(const char *path, int64_t length)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = truncate_fd(fd, length);
    int saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

EXPORT int truncate(const char *path, off_t length)
{
    return truncate_path(path, length);
}

EXPORT int truncate64(const char *path, off64_t length)
{
    return truncate_path(path, length);
}

static void put_allocate(const struct spot *at, int mode, int64_t offset, int64_t length)
{
    uint64_t end = (uint64_t)offset + (uint64_t)length;
    if (mode == 0)
        put_length(REC_ALLOCATE, at, 0, end);
    else if (mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) ||
             mode == (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE))
        put_length(REC_ZERO, at, (uint64_t)offset, (uint64_t)length);
    else if (mode != FALLOC_FL_KEEP_SIZE)
        put_unsupported(at, "fallocate of a rare mode");
}

static int allocate_fd(int fd, int mode, int64_t offset, int64_t length)
{
    struct spot at;
    if (!recorder_at(fd, &at))
        return (int)syscall(SYS_fallocate, fd, mode, offset, length);
    recorder_begin();
    int rc = (int)syscall(SYS_fallocate, fd, mode, offset, length);
    int saved = errno;
    if (rc == 0)
        put_allocate(&at, mode, offset, length);
    recorder_end(saved);
    return rc;
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return allocate_fd(fd, mode, offset, length);
}

EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    return allocate_fd(fd, mode, offset, length);
}

/* The C library falls back to writing a zero into every block where the file system has no fallocate; so do we not: the
 * error is the program's to meet. */
static int posix_allocate(int fd, int64_t offset, int64_t length)
{
    int saved = errno;
    int rc = allocate_fd(fd, 0, offset, length) == 0 ? 0 : errno;
    errno = saved;
    return rc;
}

EXPORT int posix_fallocate(int fd, off_t offset, off_t length)
{
    return posix_allocate(fd, offset, length);
}

EXPORT int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    return posix_allocate(fd, offset, length);
}

/* --- opening and closing -------------------------------------------------------------------------------------- */

static bool existed(int dir_fd, const char *path, uint64_t *ret_size_bytes)
{
    struct stat st;
    if (fstatat(dir_fd, path, &st, 0) != 0)
        return false;
    *ret_size_bytes = (uint64_t)st.st_size;
    return true;
}

static void put_open(const struct spot *at, int flags, bool was_there, uint64_t old_bytes)
{
    struct spot shown = *at;
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        shown.path[0] = '\0';
        put_spot(REC_CREATE, &shown);
        return;
    }
    put_spot(was_there ? REC_OPEN : REC_CREATE, &shown);
    if (was_there && (flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY && old_bytes > 0)
        put_length(REC_TRUNCATE, &shown, 0, 0);
}

/* An open that changes nothing takes the lock only afterwards: it may block for long, as on a FIFO. */
static int open_path(int dir_fd, const char *path, int flags, mode_t mode)
{
    if (!recorder_on() || (flags & O_PATH) != 0)
        return (int)syscall(SYS_openat, dir_fd, path, flags, mode);
    bool changes = (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    uint64_t old_bytes = 0;
    bool was_there = true;
    if (changes) {
        recorder_begin();
        was_there = existed(dir_fd, path, &old_bytes);
    }
    int fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode);
    int saved = errno;
    struct spot at;
    bool wanted = fd >= 0 && recorder_at(fd, &at);
    if (wanted && !changes)
        recorder_begin();
    /* The path again, now under the lock: it must be the one that the log so far has led to. */
    if (wanted && recorder_at(fd, &at))
        put_open(&at, flags, was_there, old_bytes);
    if (wanted || changes)
        recorder_end(saved);
    errno = saved;
    return fd;
}

static mode_t mode_given(int flags, va_list ap)
{
    bool given = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    return given ? va_arg(ap, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_given(flags, ap);
    va_end(ap);
    return open_path(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_given(flags, ap);
    va_end(ap);
    return open_path(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int dir_fd, const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_given(flags, ap);
    va_end(ap);
    return open_path(dir_fd, path, flags, mode);
}

EXPORT int openat64(int dir_fd, const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_given(flags, ap);
    va_end(ap);
    return open_path(dir_fd, path, flags, mode);
}

/* What the headers make of an open without a mode under _FORTIFY_SOURCE. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
    return open_path(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags)
{
    return open_path(AT_FDCWD, path, flags, 0);
}

EXPORT int __openat_2(int dir_fd, const char *path, int flags);
EXPORT int __openat_2(int dir_fd, const char *path, int flags)
{
    return open_path(dir_fd, path, flags, 0);
}

EXPORT int __openat64_2(int dir_fd, const char *path, int flags);
EXPORT int __openat64_2(int dir_fd, const char *path, int flags)
{
    return open_path(dir_fd, path, flags, 0);
}

EXPORT int creat(const char *path, mode_t mode)
{
    return open_path(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int creat64(const char *path, mode_t mode)
{
    return open_path(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int close(int fd)
{
    struct spot at;
    if (!recorder_at(fd, &at))
        return (int)syscall(SYS_close, fd);
    recorder_begin();
    int rc = (int)syscall(SYS_close, fd);
    int saved = errno;
    put_spot(REC_CLOSE, &at);
    recorder_end(saved);
    return rc;
}

/* --- temporary names: the C library opens them by a call that is not interposable ----------------------------- */

typedef int make_file(char *template, int suffix_bytes, int flags);

static void *next_symbol(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

static int make_temporary(char *template, int suffix_bytes, int flags)
{
    make_file *real;
    *(void **)&real = next_symbol("mkostemps");
    if (!recorder_on())
        return real(template, suffix_bytes, flags);
    recorder_begin();
    int fd = real(template, suffix_bytes, flags);
    int saved = errno;
    struct spot at;
    if (fd >= 0 && recorder_at(fd, &at))
        put_spot(REC_CREATE, &at);
    recorder_end(saved);
    return fd;
}

EXPORT int mkstemp(char *template)
{
    return make_temporary(template, 0, 0);
}

EXPORT int mkstemp64(char *template)
{
    return make_temporary(template, 0, 0);
}

EXPORT int mkostemp(char *template, int flags)
{
    return make_temporary(template, 0, flags);
}

EXPORT int mkostemp64(char *template, int flags)
{
    return make_temporary(template, 0, flags);
}

EXPORT int mkstemps(char *template, int suffix_bytes)
{
    return make_temporary(template, suffix_bytes, 0);
}

EXPORT int mkostemps(char *template, int suffix_bytes, int flags)
{
    return make_temporary(template, suffix_bytes, flags);
}

EXPORT char *mkdtemp(char *template)
{
    char *(*real)(char *);
    *(void **)&real = next_symbol("mkdtemp");
    if (!recorder_on())
        return real(template);
    recorder_begin();
    char *made = real(template);
    int saved = errno;
    struct spot at;
    if (made != NULL && recorder_name(AT_FDCWD, made, &at))
        put_spot(REC_MKDIR, &at);
    recorder_end(saved);
    return made;
}

/* --- names ---------------------------------------------------------------------------------------------------- */

EXPORT int mkdirat(int dir_fd, const char *path, mode_t mode)
{
    struct spot at;
    if (!recorder_name(dir_fd, path, &at))
        return (int)syscall(SYS_mkdirat, dir_fd, path, mode);
    recorder_begin();
    int rc = (int)syscall(SYS_mkdirat, dir_fd, path, mode);
    int saved = errno;
    if (rc == 0 && recorder_name(dir_fd, path, &at))
        put_spot(REC_MKDIR, &at);
    recorder_end(saved);
    return rc;
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

static void put_rename(const struct spot *old, bool old_wanted, const struct spot *new, bool new_wanted, unsigned flags)
{
    if (old_wanted != new_wanted) {
        put_unsupported(old_wanted ? old : new, "rename across the edge of what is recorded");
        return;
    }
    enum rec_op op = (flags & RENAME_EXCHANGE) != 0 ? REC_EXCHANGE : REC_RENAME;
    if ((flags & RENAME_WHITEOUT) != 0)
        put_unsupported(old, "rename with a whiteout");
    else if (old->dev != new->dev || old->ino != new->ino)
        recorder_put((struct record){.op = op, .dev = old->dev, .ino = old->ino}, old->path, new->path, NULL, 0, 0);
}

EXPORT int renameat2(int old_fd, const char *old_path, int new_fd, const char *new_path, unsigned flags)
{
    struct spot old, new;
    bool old_wanted = recorder_name(old_fd, old_path, &old);
    bool new_wanted = recorder_name(new_fd, new_path, &new);
    if (!old_wanted && !new_wanted)
        return (int)syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, flags);
    recorder_begin();
    /* Looked at again under the lock, since the target may have come to be meanwhile; renaming one name of a file over
     * another name of the same file does nothing. */
    recorder_name(old_fd, old_path, &old);
    recorder_name(new_fd, new_path, &new);
    int rc = (int)syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, flags);
    int saved = errno;
    if (rc == 0)
        put_rename(&old, old_wanted, &new, new_wanted, flags);
    recorder_end(saved);
    return rc;
}

EXPORT int renameat(int old_fd, const char *old_path, int new_fd, const char *new_path)
{
    return renameat2(old_fd, old_path, new_fd, new_path, 0);
}

EXPORT int rename(const char *old_path, const char *new_path)
{
    return renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

EXPORT int unlinkat(int dir_fd, const char *path, int flags)
{
    struct spot at;
    if (!recorder_name(dir_fd, path, &at))
        return (int)syscall(SYS_unlinkat, dir_fd, path, flags);
    recorder_begin();
    int rc = (int)syscall(SYS_unlinkat, dir_fd, path, flags);
    int saved = errno;
    if (rc == 0)
        put_spot((flags & AT_REMOVEDIR) != 0 ? REC_RMDIR : REC_UNLINK, &at);
    recorder_end(saved);
    return rc;
}

EXPORT int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

EXPORT int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

EXPORT int remove(const char *path)
{
    int rc = unlinkat(AT_FDCWD, path, 0);
    return rc != 0 && errno == EISDIR ? rmdir(path) : rc;
}

EXPORT int linkat(int old_fd, const char *old_path, int new_fd, const char *new_path, int flags)
{
    struct spot old, new;
    if (!recorder_name(new_fd, new_path, &new))
        return (int)syscall(SYS_linkat, old_fd, old_path, new_fd, new_path, flags);
    recorder_begin();
    int rc = (int)syscall(SYS_linkat, old_fd, old_path, new_fd, new_path, flags);
    int saved = errno;
    if (rc == 0 && recorder_name(new_fd, new_path, &new)) {
        bool named = recorder_name(old_fd, old_path, &old) && old.ino == new.ino && old.dev == new.dev;
        struct record r = {.op = REC_LINK, .dev = new.dev, .ino = new.ino};
        recorder_put(r, new.path, named ? old.path : NULL, NULL, 0, 0);
    }
    recorder_end(saved);
    return rc;
}

EXPORT int link(const char *old_path, const char *new_path)
{
    return linkat(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

EXPORT int symlinkat(const char *target, int dir_fd, const char *path)
{
    struct spot at;
    if (!recorder_name(dir_fd, path, &at))
        return (int)syscall(SYS_symlinkat, target, dir_fd, path);
    recorder_begin();
    int rc = (int)syscall(SYS_symlinkat, target, dir_fd, path);
    int saved = errno;
    struct iovec text = {.iov_base = (void *)(uintptr_t)target, .iov_len = strlen(target)};
    if (rc == 0)
        recorder_put((struct record){.op = REC_SYMLINK}, at.path, NULL, &text, 1, text.iov_len);
    recorder_end(saved);
    return rc;
}

EXPORT int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}

EXPORT int mknodat(int dir_fd, const char *path, mode_t mode, dev_t device)
{
    struct spot at;
    bool wanted = recorder_name(dir_fd, path, &at);
    int rc = (int)syscall(SYS_mknodat, dir_fd, path, mode, device);
    int saved = errno;
    if (rc == 0 && wanted) {
        recorder_begin();
        put_unsupported(&at, "mknod");
        recorder_end(saved);
    }
    return rc;
}

EXPORT int mknod(const char *path, mode_t mode, dev_t device)
{
    return mknodat(AT_FDCWD, path, mode, device);
}

EXPORT int mkfifoat(int dir_fd, const char *path, mode_t mode)
{
    return mknodat(dir_fd, path, mode | S_IFIFO, 0);
}

EXPORT int mkfifo(const char *path, mode_t mode)
{
    return mknodat(AT_FDCWD, path, mode | S_IFIFO, 0);
}

/* --- modes ---------------------------------------------------------------------------------------------------- */

EXPORT int fchmod(int fd, mode_t mode)
{
    struct spot at;
    if (!recorder_at(fd, &at))
        return (int)syscall(SYS_fchmod, fd, mode);
    recorder_begin();
    int rc = (int)syscall(SYS_fchmod, fd, mode);
    int saved = errno;
    at.mode = mode;
    if (rc == 0)
        put_spot(REC_CHMOD, &at);
    recorder_end(saved);
    return rc;
}

/* Through the descriptor's name in /proc, for the kernel has no fchmodat with flags; it follows as chmod does. */
EXPORT int fchmodat(int dir_fd, const char *path, mode_t mode, int flags)
{
    if ((flags & AT_SYMLINK_NOFOLLOW) != 0) {
        errno = EOPNOTSUPP;
        return -1;
    }
    int fd = (int)syscall(SYS_openat, dir_fd, path, O_PATH | O_CLOEXEC, 0);
    struct spot at;
    bool wanted = fd >= 0 && recorder_at(fd, &at);
    if (fd >= 0)
        syscall(SYS_close, fd);
    if (!wanted)
        return (int)syscall(SYS_fchmodat, dir_fd, path, mode);
    recorder_begin();
    int rc = (int)syscall(SYS_fchmodat, dir_fd, path, mode);
    int saved = errno;
    at.mode = mode;
    if (rc == 0)
        put_spot(REC_CHMOD, &at);
    recorder_end(saved);
    return rc;
}

EXPORT int chmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, 0);
}

/* --- durability ----------------------------------------------------------------------------------------------- */

static int sync_fd(int fd, enum rec_op op)
{
    long number = op == REC_FSYNC ? SYS_fsync : SYS_fdatasync;
    struct spot at;
    if (!recorder_above(fd, &at))
        return (int)syscall(number, fd);
    recorder_begin();
    int rc = (int)syscall(number, fd);
    int saved = errno;
    if (rc == 0 && recorder_above(fd, &at))
        put_spot(op, &at);
    recorder_end(saved);
    return rc;
}

EXPORT int fsync(int fd)
{
    return sync_fd(fd, REC_FSYNC);
}

EXPORT int fdatasync(int fd)
{
    return sync_fd(fd, REC_FDATASYNC);
}

EXPORT int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags)
{
    struct spot at;
    int rc = (int)syscall(SYS_sync_file_range, fd, offset, length, flags);
    int saved = errno;
    if (rc == 0 && recorder_at(fd, &at)) {
        recorder_begin();
        put_spot(REC_SYNC_RANGE, &at);
        recorder_end(saved);
    }
    return rc;
}

EXPORT void sync(void)
{
    if (!recorder_on()) {
        syscall(SYS_sync);
        return;
    }
    recorder_begin();
    syscall(SYS_sync);
    recorder_put((struct record){.op = REC_SYNC_ALL}, NULL, NULL, NULL, 0, 0);
    recorder_end(errno);
}

EXPORT int syncfs(int fd)
{
    struct spot at;
    if (!recorder_at(fd, &at))
        return (int)syscall(SYS_syncfs, fd);
    recorder_begin();
    int rc = (int)syscall(SYS_syncfs, fd);
    int saved = errno;
    if (rc == 0)
        put_spot(REC_SYNC_ALL, &at);
    recorder_end(saved);
    return rc;
}

/* --- what the log cannot carry -------------------------------------------------------------------------------- */

static void *map(void *where, size_t bytes, int protection, int flags, int fd, int64_t offset)
{
    int type = flags & MAP_TYPE;
    if (fd >= 0 && (flags & MAP_ANONYMOUS) == 0 && (protection & PROT_WRITE) != 0 &&
        (type == MAP_SHARED || type == MAP_SHARED_VALIDATE))
        note_unsupported(fd, "shared writable mmap");
    return (void *)syscall(SYS_mmap, where, bytes, protection, flags, fd, offset);
}

EXPORT void *mmap(void *where, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    return map(where, bytes, protection, flags, fd, offset);
}

EXPORT void *mmap64(void *where, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
    return map(where, bytes, protection, flags, fd, offset);
}

EXPORT ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t bytes, unsigned flags)
{
    note_unsupported(out, "copy_file_range");
    return syscall(SYS_copy_file_range, in, in_at, out, out_at, bytes, flags);
}

EXPORT ssize_t sendfile(int out, int in, off_t *in_at, size_t bytes)
{
    note_unsupported(out, "sendfile");
    return syscall(SYS_sendfile, out, in, in_at, bytes);
}

EXPORT ssize_t sendfile64(int out, int in, off64_t *in_at, size_t bytes)
{
    note_unsupported(out, "sendfile");
    return syscall(SYS_sendfile, out, in, in_at, bytes);
}

EXPORT ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t bytes, unsigned flags)
{
    note_unsupported(out, "splice");
    return syscall(SYS_splice, in, in_at, out, out_at, bytes, flags);
}

/* --- streams -------------------------------------------------------------------------------------------------- */

static FILE *checked_stream(FILE *stream, const char *mode, const char *call)
{
    if (stream != NULL && recorder_on() && strpbrk(mode, "wa+") != NULL)
        note_unsupported(fileno(stream), call);
    return stream;
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *);
    *(void **)&real = next_symbol("fopen");
    return checked_stream(real(path, mode), mode, "fopen for writing");
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *);
    *(void **)&real = next_symbol("fopen64");
    return checked_stream(real(path, mode), mode, "fopen for writing");
}

EXPORT FILE *freopen(const char *path, const char *mode, FILE *stream)
{
    FILE *(*real)(const char *, const char *, FILE *);
    *(void **)&real = next_symbol("freopen");
    return checked_stream(real(path, mode, stream), mode, "freopen for writing");
}

EXPORT FILE *fdopen(int fd, const char *mode)
{
    FILE *(*real)(int, const char *);
    *(void **)&real = next_symbol("fdopen");
    return checked_stream(real(fd, mode), mode, "fdopen for writing");
}

static ssize_t print_cookie(void *cookie, const char *bytes, size_t count)
{
    (void)cookie;
    size_t done = 0;
    while (done < count) {
        ssize_t n = write(STDOUT_FILENO, bytes + done, count - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return (ssize_t)done; /* short: the stream reports the error */
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static FILE *watched;

static int number_of(FILE *stream)
{
    int (*real)(FILE *);
    *(void **)&real = next_symbol("fileno");
    return stream != NULL && stream == watched ? STDOUT_FILENO : real(stream);
}

EXPORT int fileno(FILE *stream)
{
    return number_of(stream);
}

EXPORT int fileno_unlocked(FILE *stream)
{
    return number_of(stream);
}

/* The standard output becomes a stream that ends in our own write; it has no number unless we give it one. */
__attribute__((constructor)) static void watch_standard_output(void)
{
    if (getenv("GW_RECORD_LOG") == NULL || getenv("GW_RECORD_ROOTS") == NULL)
        return;
    watched = fopencookie(NULL, "w", (cookie_io_functions_t){.write = print_cookie});
    if (watched == NULL)
        abort();
    stdout = watched;
}
