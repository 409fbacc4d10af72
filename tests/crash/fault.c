/*
 * fault.c: an LD_PRELOAD library that makes a program's Nth call of a kind fail.
 *
 * GW_FAULT_KIND    write, sync, open, read, rename, folder, unlink, truncate, memory, map, thread; short (a write takes
 *                  half), interrupt (EINTR), full (the disk has room for so many bytes)
 * GW_FAULT_AT      which call fails, from 1; for `full` the first byte more that has no room; 0: none, all are counted
 * GW_FAULT_FOR     so many calls fail from there on (1); 0: all of them
 * GW_FAULT_ERRNO   as a number (EIO; EINTR, ENOSPC, ENOMEM, EAGAIN where the kind says so)
 * GW_FAULT_ROOTS   folders, separated by colons: only files and names in them count; memory, map and thread always do
 * GW_FAULT_REPORT  a file to which lines are added: `fails CALL PATH`, `after CALL PATH` for each change or sync that
 *                  follows a sync that failed, and at the end `count NUMBER`
 *
 * libfiu does as much by chance or by a call's name; here every call has a number, so that each is tried once and a
 * failure can be had again.  Real calls go through syscall(2), as in recorder.c; what cannot be seen from there cannot
 * be failed from here.
 */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { ROOTS_MAX = 8 };

enum kind {
    KIND_NONE,
    KIND_WRITE,
    KIND_SYNC,
    KIND_OPEN,
    KIND_READ,
    KIND_RENAME,
    KIND_FOLDER,
    KIND_UNLINK,
    KIND_TRUNCATE,
    KIND_MEMORY,
    KIND_MAP,
    KIND_THREAD,
    KIND_SHORT,
    KIND_INTERRUPT,
    KIND_FULL
};

static const struct {
    const char *name;
    int number;
} kinds[] = {
    [KIND_NONE] = {"", 0},           [KIND_WRITE] = {"write", EIO},    [KIND_SYNC] = {"sync", EIO},
    [KIND_OPEN] = {"open", EIO},     [KIND_READ] = {"read", EIO},      [KIND_RENAME] = {"rename", EIO},
    [KIND_FOLDER] = {"folder", EIO}, [KIND_UNLINK] = {"unlink", EIO},  [KIND_TRUNCATE] = {"truncate", EIO},
    [KIND_MEMORY] = {"memory", ENOMEM}, [KIND_MAP] = {"map", ENOMEM},  [KIND_THREAD] = {"thread", EAGAIN},
    [KIND_SHORT] = {"short", 0},     [KIND_INTERRUPT] = {"interrupt", EINTR}, [KIND_FULL] = {"full", ENOSPC},
};

static struct {
    bool on;
    enum kind kind;
    unsigned long long at, for_calls;
    int number;
    const char *report;
    size_t n_roots;
    char roots[ROOTS_MAX][PATH_MAX];
    _Atomic unsigned long long count;
    _Atomic bool sync_failed;
} fault;

/* --- what is asked -------------------------------------------------------------------------------------------- */

static _Noreturn void give_up(const char *what)
{
    static const char head[] = "fault: ";
    syscall(SYS_write, 2, head, sizeof(head) - 1);
    syscall(SYS_write, 2, what, strlen(what));
    syscall(SYS_write, 2, "\n", 1L);
    _exit(125);
}

static unsigned long long number_of(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);
    char *end = NULL;
    if (text == NULL)
        return otherwise;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0')
        give_up("a number is no number");
    return value;
}

static void read_roots(const char *roots)
{
    while (*roots != '\0') {
        size_t n = strcspn(roots, ":");
        if (fault.n_roots == ROOTS_MAX || n >= PATH_MAX || roots[0] != '/')
            give_up("GW_FAULT_ROOTS holds too much, or a path that is not absolute");
        memcpy(fault.roots[fault.n_roots], roots, n);
        fault.roots[fault.n_roots++][n] = '\0';
        roots += n + (roots[n] == ':');
    }
}

__attribute__((constructor)) static void fault_start(void)
{
    const char *kind = getenv("GW_FAULT_KIND");
    if (kind == NULL)
        return;
    for (size_t i = 1; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kind, kinds[i].name) == 0)
            fault.kind = (enum kind)i;
    if (fault.kind == KIND_NONE)
        give_up("GW_FAULT_KIND names no kind");
    if (getenv("GW_FAULT_ROOTS") != NULL)
        read_roots(getenv("GW_FAULT_ROOTS"));
    fault.at = number_of("GW_FAULT_AT", 0);
    fault.for_calls = number_of("GW_FAULT_FOR", 1);
    fault.number = (int)number_of("GW_FAULT_ERRNO", (unsigned long long)kinds[fault.kind].number);
    fault.report = getenv("GW_FAULT_REPORT");
    fault.on = true;
}

static void report(const char *word, const char *call, const char *path)
{
    char line[PATH_MAX + 64];
    if (fault.report == NULL)
        return;
    int n = snprintf(line, sizeof(line), "%s %s %s\n", word, call, path);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, fault.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || n < 0)
        give_up("the report cannot be written");
    syscall(SYS_write, fd, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
    syscall(SYS_close, fd);
}

__attribute__((destructor)) static void fault_end(void)
{
    char number[32];
    if (!fault.on)
        return;
    snprintf(number, sizeof(number), "%llu", atomic_load(&fault.count));
    report("count", number, "");
}

/* --- which call this is --------------------------------------------------------------------------------------- */

static bool is_inside(const char *path)
{
    for (size_t i = 0; i < fault.n_roots; i++) {
        size_t n = strlen(fault.roots[i]);
        if (strncmp(path, fault.roots[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
            return true;
    }
    return false;
}

static bool path_of(int fd, char ret[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    long n = syscall(SYS_readlinkat, AT_FDCWD, link, ret, (size_t)PATH_MAX - 1);
    ret[n > 0 ? n : 0] = '\0';
    return n > 0 && ret[0] == '/';
}

static bool name_of(int folder, const char *path, char ret[PATH_MAX])
{
    char above[PATH_MAX] = "";
    if (path == NULL)
        return false;
    if (path[0] != '/' && folder == AT_FDCWD) {
        long n = syscall(SYS_getcwd, above, sizeof(above));
        above[n > 0 ? n - 1 : 0] = '\0';
    } else if (path[0] != '/' && !path_of(folder, above)) {
        return false;
    }
    return snprintf(ret, PATH_MAX, "%s%s%s", above, path[0] == '/' ? "" : "/", path) < PATH_MAX;
}

static bool is_due(const char *call, const char *path)
{
    unsigned long long now = atomic_fetch_add(&fault.count, 1) + 1;
    if (fault.at == 0 || now < fault.at || (fault.for_calls != 0 && now - fault.at >= fault.for_calls))
        return false;
    if (now == fault.at || fault.kind == KIND_SYNC)
        report("fails", call, path);
    errno = fault.number;
    return true;
}

/* What a failed sync forbids is told even where it does not fail itself. */
static void tell_after(const char *call, const char *path)
{
    if (atomic_load(&fault.sync_failed))
        report("after", call, path);
}

static bool fails_path(enum kind kind, const char *call, const char *path)
{
    int saved = errno;
    bool fails = false;
    if (kind != KIND_OPEN && kind != KIND_READ && kind != KIND_UNLINK)
        tell_after(call, path);
    if (fault.kind == kind || (fault.kind == KIND_INTERRUPT && (kind == KIND_WRITE || kind == KIND_READ)))
        fails = is_due(call, path);
    if (fails && kind == KIND_SYNC)
        atomic_store(&fault.sync_failed, true);
    if (!fails)
        errno = saved;
    return fails;
}

static bool fails_fd(enum kind kind, const char *call, int fd)
{
    char path[PATH_MAX];
    return fault.on && path_of(fd, path) && is_inside(path) && fails_path(kind, call, path);
}

static bool fails_name(enum kind kind, const char *call, int folder, const char *name)
{
    char path[PATH_MAX];
    return fault.on && name_of(folder, name, path) && is_inside(path) && fails_path(kind, call, path);
}

static bool fails_always(enum kind kind, const char *call)
{
    return fault.on && fault.kind == kind && is_due(call, "");
}

/* --- writing -------------------------------------------------------------------------------------------------- */

/* How far ${n} bytes at ${offset} (-1: where the file stands) make the file grow. */
static unsigned long long growth(int fd, size_t n, int64_t offset)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    bool appends = (syscall(SYS_fcntl, fd, F_GETFL, 0L) & O_APPEND) != 0;
    int64_t from = appends ? st.st_size : offset >= 0 ? offset : syscall(SYS_lseek, fd, 0L, SEEK_CUR);
    int64_t end = from + (int64_t)n;
    return end > st.st_size ? (unsigned long long)(end - st.st_size) : 0;
}

/* Of a write on a disk that fills up, how much is written: at least a byte, or it fails. */
static bool has_room(const char *call, int fd, size_t *n, int64_t offset)
{
    char path[PATH_MAX];
    if (!fault.on || fault.kind != KIND_FULL || *n == 0 || !path_of(fd, path) || !is_inside(path))
        return true;
    unsigned long long grows = growth(fd, *n, offset);
    unsigned long long before = atomic_fetch_add(&fault.count, grows);
    if (fault.at == 0 || grows == 0 || before + grows < fault.at)
        return true;
    unsigned long long room = before < fault.at - 1 ? fault.at - 1 - before : 0;
    if (before < fault.at)
        report("fails", call, path);
    *n -= (size_t)(grows - room) < *n ? (size_t)(grows - room) : *n;
    if (*n > 0)
        return true;
    errno = fault.number;
    return false;
}

static ssize_t write_some(const char *call, int fd, const void *bytes, size_t n, int64_t offset)
{
    if (fails_fd(KIND_WRITE, call, fd) || !has_room(call, fd, &n, offset))
        return -1;
    if (fault.kind == KIND_SHORT && n > 1 && fails_fd(KIND_SHORT, call, fd))
        n = n / 2;
    return offset >= 0 ? syscall(SYS_pwrite64, fd, bytes, n, offset) : syscall(SYS_write, fd, bytes, n);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t n)
{
    return write_some("write", fd, bytes, n, -1);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
    return write_some("pwrite", fd, bytes, n, offset);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset)
{
    return write_some("pwrite", fd, bytes, n, offset);
}

/* The first piece alone: a short write, which every caller must know how to go on from. */
EXPORT ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    return count <= 0 ? 0 : write_some("writev", fd, pieces[0].iov_base, pieces[0].iov_len, -1);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
    return count <= 0 ? 0 : write_some("pwritev", fd, pieces[0].iov_base, pieces[0].iov_len, offset);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset)
{
    return count <= 0 ? 0 : write_some("pwritev", fd, pieces[0].iov_base, pieces[0].iov_len, offset);
}

static int truncate_to(const char *call, int fd, int64_t length)
{
    return fails_fd(KIND_TRUNCATE, call, fd) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

EXPORT int ftruncate(int fd, off_t length)
{
    return truncate_to("ftruncate", fd, length);
}

EXPORT int ftruncate64(int fd, off64_t length)
{
    return truncate_to("ftruncate", fd, length);
}

static int allocate(const char *call, int fd, int mode, int64_t offset, int64_t length)
{
    size_t n = (size_t)length;
    if (fails_fd(KIND_TRUNCATE, call, fd))
        return -1;
    if (!has_room(call, fd, &n, offset) || n < (size_t)length) {
        errno = fault.number;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return allocate("fallocate", fd, mode, offset, length);
}

EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    return allocate("fallocate", fd, mode, offset, length);
}

EXPORT int posix_fallocate(int fd, off_t offset, off_t length)
{
    return allocate("posix_fallocate", fd, 0, offset, length) == 0 ? 0 : errno;
}

EXPORT int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    return allocate("posix_fallocate", fd, 0, offset, length) == 0 ? 0 : errno;
}

/* --- reading -------------------------------------------------------------------------------------------------- */

EXPORT ssize_t read(int fd, void *to, size_t n)
{
    return fails_fd(KIND_READ, "read", fd) ? -1 : syscall(SYS_read, fd, to, n);
}

EXPORT ssize_t pread(int fd, void *to, size_t n, off_t offset)
{
    return fails_fd(KIND_READ, "pread", fd) ? -1 : syscall(SYS_pread64, fd, to, n, offset);
}

EXPORT ssize_t pread64(int fd, void *to, size_t n, off64_t offset)
{
    return fails_fd(KIND_READ, "pread", fd) ? -1 : syscall(SYS_pread64, fd, to, n, offset);
}

/* --- durability ----------------------------------------------------------------------------------------------- */

EXPORT int fsync(int fd)
{
    return fails_fd(KIND_SYNC, "fsync", fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

EXPORT int fdatasync(int fd)
{
    return fails_fd(KIND_SYNC, "fdatasync", fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

EXPORT int syncfs(int fd)
{
    return fails_fd(KIND_SYNC, "syncfs", fd) ? -1 : (int)syscall(SYS_syncfs, fd);
}

/* --- names ---------------------------------------------------------------------------------------------------- */

static int open_at(const char *call, int folder, const char *path, int flags, mode_t mode)
{
    char whole[PATH_MAX];
    if (fails_name(KIND_OPEN, call, folder, path))
        return -1;
    /* A disk without room makes no new file either. */
    if (fault.on && fault.kind == KIND_FULL && (flags & O_CREAT) != 0 && fault.at != 0 &&
        atomic_load(&fault.count) >= fault.at && name_of(folder, path, whole) && is_inside(whole) &&
        syscall(SYS_faccessat, folder, path, F_OK) != 0) {
        errno = fault.number;
        return -1;
    }
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static mode_t mode_of(int flags, va_list ap)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? (mode_t)va_arg(ap, int) : 0;
}

#define OPEN_WITH(call, folder)                                                                                        \
    va_list ap;                                                                                                        \
    va_start(ap, flags);                                                                                               \
    mode_t mode = mode_of(flags, ap);                                                                                  \
    va_end(ap);                                                                                                        \
    return open_at(call, folder, path, flags, mode)

EXPORT int open(const char *path, int flags, ...)
{
    OPEN_WITH("open", AT_FDCWD);
}

EXPORT int open64(const char *path, int flags, ...)
{
    OPEN_WITH("open", AT_FDCWD);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
    OPEN_WITH("openat", folder);
}

EXPORT int openat64(int folder, const char *path, int flags, ...)
{
    OPEN_WITH("openat", folder);
}

EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
    return open_at("open", AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags)
{
    return open_at("open", AT_FDCWD, path, flags, 0);
}

EXPORT int renameat2(int old_folder, const char *old_name, int folder, const char *name, unsigned flags)
{
    if (fails_name(KIND_RENAME, "rename", folder, name))
        return -1;
    return (int)syscall(SYS_renameat2, old_folder, old_name, folder, name, flags);
}

EXPORT int renameat(int old_folder, const char *old_name, int folder, const char *name)
{
    return renameat2(old_folder, old_name, folder, name, 0);
}

EXPORT int rename(const char *old_name, const char *name)
{
    return renameat2(AT_FDCWD, old_name, AT_FDCWD, name, 0);
}

EXPORT int linkat(int old_folder, const char *old_name, int folder, const char *name, int flags)
{
    if (fails_name(KIND_RENAME, "link", folder, name))
        return -1;
    return (int)syscall(SYS_linkat, old_folder, old_name, folder, name, flags);
}

EXPORT int symlinkat(const char *target, int folder, const char *name)
{
    return fails_name(KIND_RENAME, "symlink", folder, name) ? -1 : (int)syscall(SYS_symlinkat, target, folder, name);
}

EXPORT int mkdirat(int folder, const char *name, mode_t mode)
{
    char whole[PATH_MAX];
    if (fails_name(KIND_FOLDER, "mkdir", folder, name))
        return -1;
    if (fault.on && fault.kind == KIND_FULL && fault.at != 0 && atomic_load(&fault.count) >= fault.at &&
        name_of(folder, name, whole) && is_inside(whole) && syscall(SYS_faccessat, folder, name, F_OK) != 0) {
        errno = fault.number;
        return -1;
    }
    return (int)syscall(SYS_mkdirat, folder, name, mode);
}

EXPORT int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}

EXPORT int unlinkat(int folder, const char *name, int flags)
{
    return fails_name(KIND_UNLINK, "unlink", folder, name) ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

EXPORT int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

EXPORT int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

/* --- memory and threads --------------------------------------------------------------------------------------- */

static void *next_symbol(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    if (symbol == NULL)
        give_up("a call of the C library is not there");
    return symbol;
}

EXPORT void *malloc(size_t n)
{
    static void *(*_Atomic real)(size_t);
    if (real == NULL)
        real = (void *(*)(size_t))(uintptr_t)next_symbol("malloc");
    return fails_always(KIND_MEMORY, "malloc") ? NULL : real(n);
}

EXPORT void *calloc(size_t count, size_t n)
{
    static void *(*_Atomic real)(size_t, size_t);
    if (real == NULL)
        real = (void *(*)(size_t, size_t))(uintptr_t)next_symbol("calloc");
    return fails_always(KIND_MEMORY, "calloc") ? NULL : real(count, n);
}

EXPORT void *realloc(void *p, size_t n)
{
    static void *(*_Atomic real)(void *, size_t);
    if (real == NULL)
        real = (void *(*)(void *, size_t))(uintptr_t)next_symbol("realloc");
    return fails_always(KIND_MEMORY, "realloc") ? NULL : real(p, n);
}

EXPORT void *reallocarray(void *p, size_t count, size_t n)
{
    static void *(*_Atomic real)(void *, size_t, size_t);
    if (real == NULL)
        real = (void *(*)(void *, size_t, size_t))(uintptr_t)next_symbol("reallocarray");
    return fails_always(KIND_MEMORY, "reallocarray") ? NULL : real(p, count, n);
}

EXPORT void *aligned_alloc(size_t alignment, size_t n)
{
    static void *(*_Atomic real)(size_t, size_t);
    if (real == NULL)
        real = (void *(*)(size_t, size_t))(uintptr_t)next_symbol("aligned_alloc");
    return fails_always(KIND_MEMORY, "aligned_alloc") ? NULL : real(alignment, n);
}

EXPORT void *mmap64(void *where, size_t n, int protection, int flags, int fd, off64_t offset)
{
    if (fails_always(KIND_MAP, "mmap"))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, where, n, protection, flags, fd, offset);
}

EXPORT void *mmap(void *where, size_t n, int protection, int flags, int fd, off_t offset)
{
    return mmap64(where, n, protection, flags, fd, offset);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = next_symbol("pthread_create");
    return fails_always(KIND_THREAD, "pthread_create") ? EAGAIN : real(thread, attributes, run, context);
}
