#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { READ_STEP = 64 * 1024, DRAFT_RANDOM = 8, FOLDER_MODE = 0700, DISK_SECTOR = 512 };

/* One system call is asked for at most this much: Linux moves no more, and ssize_t can count it. */
#define CALL_BYTES_MAX ((size_t)1 << 30)

int file_path(struct file_path *to, struct err *e, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int n = vsnprintf(to->s, sizeof(to->s), format, values);
    va_end(values);
    if (n < 0 || (size_t)n >= sizeof(to->s))
        return err_set(e, ERR_IO, "the path is longer than %d bytes: %.80s…", FILE_PATH_MAX - 1, n < 0 ? "" : to->s);
    return 0;
}

static int write_failed(struct err *e, int number, const char *name)
{
    if (number == ENOSPC || number == EDQUOT)
        return err_set(e, ERR_IO, "cannot write %s: no space is left; free some space on its disk and try again", name);
    return err_os(e, ERR_IO, number, "cannot write %s", name);
}

static int read_failed(struct err *e, int number, const char *name)
{
    return err_os(e, ERR_IO, number, "cannot read %s", name);
}

static bool is_absence(int number)
{
    return number == ENOENT || number == ENOTDIR;
}

int file_open_read(const char *path, int *ret_fd, struct err *e)
{
    /* O_NONBLOCK: a pipe that stands in the file's place must not hold us; it changes nothing for plain files. */
    OWN(fd_drop) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && is_absence(errno))
        return err_set(e, ERR_ABSENT, "%s is not there", path);
    if (fd < 0 && errno == ELOOP)
        return err_set(e, ERR_DAMAGED, "%s is a link; put the file itself in its place", path);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "cannot open %s", path);
    struct stat status;
    if (fstat(fd, &status) != 0)
        return read_failed(e, errno, path);
    if (!S_ISREG(status.st_mode))
        return err_set(e, ERR_DAMAGED, "%s is not a plain file", path);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int file_open_copy(const char *path, int *ret_fd, struct err *e)
{
    struct err mine = {0};
    int rc = file_open_read(path, ret_fd, &mine);
    if (rc == ERR_IO && !err_is_scarce(&mine))
        rc = ERR_DAMAGED;
    return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
}

static int too_long(struct err *e, const char *path, size_t bytes_max)
{
    return err_set(e, ERR_DAMAGED, "%s is longer than the %zu bytes it may have", path, bytes_max);
}

/* Append what is left of the file, at most ${bytes_max} bytes; about ${size} are expected. */
static int read_rest(int fd, const char *path, uint64_t size, size_t bytes_max, struct buf *to, struct err *e)
{
    size_t total = 0;
    for (;;) {
        /* One byte is asked for beyond what is expected and beyond the limit, to see whether there is one. */
        size_t left = bytes_max - total;
        uint64_t step_max = size >= total ? size - total + 1 : READ_STEP;
        size_t step = left < step_max ? left + 1 : (size_t)step_max;
        uint8_t *p = buf_more(to, step);
        if (p == NULL)
            return buf_check(to, e);
        ssize_t got = read(fd, p, step < CALL_BYTES_MAX ? step : CALL_BYTES_MAX);
        int number = errno;
        to->n -= got > 0 ? step - (size_t)got : step;
        if (got == 0)
            return 0;
        if (got < 0 && number != EINTR)
            return read_failed(e, number, path);
        if (got > 0 && (size_t)got > left)
            return too_long(e, path, bytes_max);
        total += got > 0 ? (size_t)got : 0;
    }
}

int file_read_all(const char *path, size_t bytes_max, struct buf *to, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    int rc = file_open_read(path, &fd, e);
    if (rc != 0)
        return rc;
    uint64_t size = 0;
    rc = file_size(fd, &size, path, e);
    if (rc != 0)
        return rc;
    if (size > bytes_max)
        return too_long(e, path, bytes_max);
    size_t before = to->n;
    rc = read_rest(fd, path, size, bytes_max, to, e);
    if (rc != 0)
        to->n = before;
    return rc;
}

/* Do ${n} bytes at ${offset} lie where a file can have bytes at all? */
static bool is_place(size_t n, uint64_t offset)
{
    return offset <= INT64_MAX && n <= (uint64_t)INT64_MAX - offset;
}

int file_read_at(int fd, void *to, size_t n, uint64_t offset, const char *name, struct err *e)
{
    if (!is_place(n, offset))
        return err_set(e, ERR_DAMAGED, "%s ends too early", name);
    uint8_t *p = to;
    while (n > 0) {
        ssize_t got = pread(fd, p, n < CALL_BYTES_MAX ? n : CALL_BYTES_MAX, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return read_failed(e, errno, name);
        if (got == 0)
            return err_set(e, ERR_DAMAGED, "%s ends too early", name);
        p += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

static bool is_unreadable(int rc, const struct err *why)
{
    return rc == ERR_IO && !err_is_scarce(why);
}

int file_read_around(int fd, void *to, size_t n, uint64_t offset, const char *name, uint64_t *lost, struct err *e)
{
    struct err mine = {0};
    uint8_t *p = to;
    int rc = file_read_at(fd, to, n, offset, name, &mine);
    if (rc == 0)
        return 0;
    size_t step;
    for (size_t i = 0; i < n && (rc == 0 || is_unreadable(rc, &mine)); i += step) {
        size_t rest = DISK_SECTOR - (size_t)((offset + i) % DISK_SECTOR);
        step = n - i < rest ? n - i : rest;
        rc = file_read_at(fd, p + i, step, offset + i, name, &mine);
        if (is_unreadable(rc, &mine)) {
            memset(p + i, 0, step);
            *lost += step;
        }
    }
    if (rc == 0 || is_unreadable(rc, &mine))
        return 0;
    if (e != NULL)
        *e = mine;
    return rc;
}

int file_write_at(int fd, const void *p, size_t n, uint64_t offset, const char *name, struct err *e)
{
    if (!is_place(n, offset))
        return write_failed(e, EFBIG, name);
    const uint8_t *from = p;
    while (n > 0) {
        ssize_t put = pwrite(fd, from, n < CALL_BYTES_MAX ? n : CALL_BYTES_MAX, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return write_failed(e, put < 0 ? errno : EIO, name);
        from += put;
        n -= (size_t)put;
        offset += (uint64_t)put;
    }
    return 0;
}

int file_size(int fd, uint64_t *ret_bytes, const char *name, struct err *e)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return read_failed(e, errno, name);
    assert(status.st_size >= 0);
    *ret_bytes = (uint64_t)status.st_size;
    return 0;
}

int file_sync(int fd, const char *name, struct err *e)
{
    return fdatasync(fd) == 0 ? 0 : write_failed(e, errno, name);
}

int file_sync_folder(const char *path, struct err *e)
{
    OWN(fd_drop) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "cannot open the folder %s", path);
    return fsync(fd) == 0 ? 0 : write_failed(e, errno, path);
}

/* The length of ${path} without slashes at its end; "/" stays. */
static size_t trimmed(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

/* Where the last name of ${path} begins. */
static size_t name_start(const char *path)
{
    size_t at = trimmed(path);
    while (at > 0 && path[at - 1] != '/')
        at--;
    return at;
}

static int parent_of(const char *path, struct file_path *to, struct err *e)
{
    size_t n = name_start(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n == 0)
        return file_path(to, e, ".");
    if (n >= sizeof(to->s))
        return err_set(e, ERR_IO, "the path is longer than %d bytes: %.80s…", FILE_PATH_MAX - 1, path);
    memcpy(to->s, path, n);
    to->s[n] = 0;
    return 0;
}

int file_sync_parent(const char *path, struct err *e)
{
    struct file_path parent;
    int rc = parent_of(path, &parent, e);
    return rc != 0 ? rc : file_sync_folder(parent.s, e);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int file_make_folder(const char *path, struct err *e)
{
    if (mkdir(path, FOLDER_MODE) == 0)
        return file_sync_parent(path, e);
    int number = errno;
    if (number == EEXIST && is_folder(path))
        return 0;
    if (number == EEXIST)
        return err_set(e, ERR_IO, "%s is in the way: it is not a folder", path);
    if (number == ENOSPC || number == EDQUOT)
        return write_failed(e, number, path);
    return err_os(e, ERR_IO, number, "cannot make the folder %s", path);
}

int file_make_folders(const char *path, struct err *e)
{
    struct file_path upper;
    int rc = file_path(&upper, e, "%.*s", (int)trimmed(path), path);
    if (rc != 0)
        return rc;
    /* A slash that begins the path is no folder's end; an empty path is refused by mkdir. */
    for (char *slash = strchr(upper.s + (upper.s[0] == '/'), '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        /* Folders that are there are left alone: it may not be ours to make anything beside them. */
        rc = is_folder(upper.s) ? 0 : file_make_folder(upper.s, e);
        *slash = '/';
        if (rc != 0)
            return rc;
    }
    return file_make_folder(upper.s, e);
}

/* The name a file has until it is complete: ".name.<random>.tmp" in the same folder. */
static int draft_path(const char *path, struct file_path *to, struct err *e)
{
    uint8_t random[DRAFT_RANDOM];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return err_os(e, ERR_IO, errno, "the system gives no random numbers");
    char hex[2 * DRAFT_RANDOM + 1];
    hex_put(hex, random, sizeof(random));

    /* A long name is shortened, at a character, so that the longest allowed name has a draft too. */
    const char *name = path + name_start(path);
    size_t kept = strlen(name);
    size_t kept_max = NAME_MAX - strlen(".") - strlen(".") - strlen(hex) - strlen(".tmp");
    if (kept > kept_max) {
        kept = kept_max;
        while (kept > 0 && ((unsigned char)name[kept] & 0xc0) == 0x80)
            kept--;
    }
    return file_path(to, e, "%.*s.%.*s.%s.tmp", (int)name_start(path), path, (int)kept, name, hex);
}

static int fill_draft(int fd, struct bytes content, const char *path, struct err *e)
{
    int rc = file_write_at(fd, content.p, content.n, 0, path, e);
    if (rc != 0)
        return rc;
    return fsync(fd) == 0 ? 0 : write_failed(e, errno, path);
}

/* Write ${content} under the draft's name and make it durable; after a failure there is no draft. */
static int write_draft(const char *path, struct bytes content, mode_t mode, struct file_path *ret_draft, struct err *e)
{
    int rc = draft_path(path, ret_draft, e);
    if (rc != 0)
        return rc;
    int fd = open(ret_draft->s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0 && is_absence(errno))
        return err_set(e, ERR_IO, "cannot write %s: its folder is not there", path);
    if (fd < 0)
        return write_failed(e, errno, path);
    rc = fill_draft(fd, content, path, e);
    if (close(fd) != 0 && rc == 0)
        rc = write_failed(e, errno, path);
    if (rc != 0)
        (void)unlink(ret_draft->s);
    return rc;
}

int file_replace(const char *path, struct bytes content, mode_t mode, struct err *e)
{
    struct file_path draft;
    int rc = write_draft(path, content, mode, &draft, e);
    if (rc != 0)
        return rc;
    if (rename(draft.s, path) != 0) {
        rc = write_failed(e, errno, path);
        (void)unlink(draft.s);
        return rc;
    }
    return file_sync_parent(path, e);
}

/* Is it what draft_path may have called a draft of ${name}?  One whose long name was shortened is not told apart. */
static bool is_draft_of(const char *draft, const char *name)
{
    const size_t n = strlen(name), digits = (size_t)2 * DRAFT_RANDOM;
    return draft[0] == '.' && strncmp(draft + 1, name, n) == 0 && draft[n + 1] == '.' &&
           strspn(draft + n + 2, "0123456789abcdef") == digits && strcmp(draft + n + 2 + digits, ".tmp") == 0;
}

void file_drafts_remove(const char *path)
{
    const size_t at = name_start(path);
    struct file_path folder;
    bool removed = false;
    if (file_path(&folder, NULL, "%.*s", (int)at, at == 0 ? "" : path) != 0)
        return;
    OWN(dir_drop) DIR *dir = opendir(at == 0 ? "." : folder.s);
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        if (is_draft_of(d->d_name, path + at))
            removed = unlinkat(dirfd(dir), d->d_name, 0) == 0 || removed;
    if (removed)
        (void)file_sync_parent(path, NULL);
}

int file_rename_new(int from_folder, const char *from, int to_folder, const char *to)
{
    if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0)
        return 0;
    /* Network and user-space file systems may know no such rename. */
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return errno;
    if (linkat(from_folder, from, to_folder, to, 0) != 0)
        return errno;
    (void)unlinkat(from_folder, from, 0); /* what came under its new name is not undone for the old one's sake */
    return 0;
}

int file_create(const char *path, struct bytes content, mode_t mode, struct err *e)
{
    if (file_exists(path))
        return err_set(e, ERR_REFUSED, "%s is there already", path);
    struct file_path draft;
    int rc = write_draft(path, content, mode, &draft, e);
    if (rc != 0)
        return rc;
    int number = file_rename_new(AT_FDCWD, draft.s, AT_FDCWD, path);
    if (number != 0)
        (void)unlink(draft.s);
    if (number == EEXIST)
        return err_set(e, ERR_REFUSED, "%s is there already", path);
    if (number != 0)
        return write_failed(e, number, path);
    return file_sync_parent(path, e);
}

int file_remove(const char *path, struct err *e)
{
    if (unlink(path) == 0)
        return file_sync_parent(path, e);
    if (is_absence(errno))
        return 0;
    return err_os(e, ERR_IO, errno, "cannot remove %s", path);
}

bool file_exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

void file_remove_tree(const char *path)
{
    OWN(dir_drop) DIR *dir = opendir(path);
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
        struct file_path inner;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
            file_path(&inner, NULL, "%s/%s", path, d->d_name) != 0)
            continue;
        if (unlink(inner.s) != 0)
            file_remove_tree(inner.s);
    }
    (void)rmdir(path);
}

/* One component on: through a link where there is one, as it is named where there is nothing yet. */
static int resolve_step(struct file_path *at, const char *name, size_t n, struct err *e)
{
    size_t end = strcmp(at->s, "/") == 0 ? 0 : strlen(at->s);
    struct file_path next;
    char real[PATH_MAX];
    if (n == 0 || (n == 1 && name[0] == '.'))
        return 0;
    if (n == 2 && memcmp(name, "..", 2) == 0) {
        while (end > 0 && at->s[end - 1] != '/')
            end--;
        at->s[end > 1 ? end - 1 : 1] = 0;
        return 0;
    }
    int rc = file_path(&next, e, "%.*s/%.*s", (int)end, at->s, (int)n, name);
    if (rc != 0)
        return rc;
    return file_path(at, e, "%s", realpath(next.s, real) != NULL ? real : next.s);
}

int file_resolve(const char *path, struct file_path *ret, struct err *e)
{
    char real[PATH_MAX];
    struct file_path at;
    if (path[0] != '/' && realpath(".", real) == NULL)
        return read_failed(e, errno, ".");
    int rc = file_path(&at, e, "%s", path[0] == '/' ? "/" : real);
    while (rc == 0 && *path != 0) {
        size_t n = strcspn(path, "/");
        rc = resolve_step(&at, path, n, e);
        path += n + (path[n] == '/');
    }
    if (rc == 0)
        *ret = at;
    return rc;
}

bool file_holds(const char *outer, const char *inner)
{
    size_t n = strcmp(outer, "/") == 0 ? 0 : strlen(outer);
    return strncmp(outer, inner, n) == 0 && (inner[n] == 0 || inner[n] == '/');
}
