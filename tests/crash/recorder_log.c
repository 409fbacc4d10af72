/*
 * recorder_log.c: see recorder_log.h.
 *
 * Real calls go through syscall(2), which nothing here interposes: so no call of our own is recorded, and no symbol has
 * to be looked up before main.
 */
#undef _FILE_OFFSET_BITS
#include "recorder_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROOTS_MAX = 8, LOG_FD_FROM = 700 };

static struct {
    pthread_mutex_t lock;
    bool on;
    int fd;
    struct stat log_file;
    const char *log_path;
    const char *skip;
    size_t n_roots;
    char *roots[ROOTS_MAX];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .skip = ""};

/* A recording with a hole would show a crash that cannot happen, or hide one that can: so the program ends instead. */
static _Noreturn void give_up(const char *what)
{
    static const char head[] = "recorder: cannot go on: ";
    syscall(SYS_write, 2, head, sizeof(head) - 1);
    syscall(SYS_write, 2, what, strlen(what));
    syscall(SYS_write, 2, "\n", 1L);
    _exit(125);
}

static void log_open(void)
{
    int low = (int)syscall(SYS_openat, AT_FDCWD, state.log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (low < 0)
        give_up("the log cannot be opened");
    int high = (int)syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, LOG_FD_FROM);
    if (high < 0) {
        state.fd = low;
    } else {
        syscall(SYS_close, low);
        state.fd = high;
    }
    if (fstat(state.fd, &state.log_file) != 0)
        give_up("the log has no size");
}

/* The program may close every descriptor it does not know, and open something else under our number. */
static void log_ready(void)
{
    struct stat now;
    if (state.fd >= 0 && fstat(state.fd, &now) == 0 && now.st_ino == state.log_file.st_ino &&
        now.st_dev == state.log_file.st_dev)
        return;
    log_open();
}

static void before_fork(void)
{
    pthread_mutex_lock(&state.lock);
}

static void parent_after_fork(void)
{
    pthread_mutex_unlock(&state.lock);
}

/* The child needs an open file of its own: flock(2) belongs to the open file, and the parent holds the same one. */
static void child_after_fork(void)
{
    pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    state.lock = fresh;
    if (state.fd >= 0)
        syscall(SYS_close, state.fd);
    state.fd = -1;
}

/* The root itself may come to be while we record; the folder that holds it is there. */
static char *root_path(const char *text, size_t text_bytes)
{
    char path[PATH_MAX];
    while (text_bytes > 1 && text[text_bytes - 1] == '/')
        text_bytes--;
    if (text_bytes == 0 || text_bytes >= sizeof(path) || text[0] != '/')
        give_up("GW_RECORD_ROOTS must hold absolute paths");
    memcpy(path, text, text_bytes);
    path[text_bytes] = '\0';
    char *whole = realpath(path, NULL);
    if (whole != NULL)
        return whole;
    char *slash = strrchr(path, '/');
    *slash = '\0';
    char *parent = realpath(slash == path ? "/" : path, NULL);
    if (parent == NULL)
        give_up("the folder that holds a root of GW_RECORD_ROOTS is missing");
    char *joined = NULL;
    if (asprintf(&joined, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, slash + 1) < 0)
        give_up("no memory");
    free(parent);
    return joined;
}

__attribute__((constructor)) static void recorder_start(void)
{
    const char *roots = getenv("GW_RECORD_ROOTS");
    state.log_path = getenv("GW_RECORD_LOG");
    if (state.log_path == NULL || roots == NULL)
        return;
    if (getenv("GW_RECORD_SKIP") != NULL)
        state.skip = getenv("GW_RECORD_SKIP");
    for (const char *one = roots; *one != '\0';) {
        size_t bytes = strcspn(one, ":");
        if (state.n_roots == ROOTS_MAX)
            give_up("too many roots");
        if (bytes > 0)
            state.roots[state.n_roots++] = root_path(one, bytes);
        one += bytes + (one[bytes] == ':');
    }
    if (pthread_atfork(before_fork, parent_after_fork, child_after_fork) != 0)
        give_up("no fork handlers");
    state.on = true;
    recorder_begin();
    recorder_put((struct record){.op = REC_START}, roots, state.skip, NULL, 0, 0);
    recorder_end(0);
}

bool recorder_on(void)
{
    return state.on;
}

static bool is_wanted(const char *path)
{
    for (size_t i = 0; i < state.n_roots; i++)
        if (record_under(path, state.roots[i]))
            return !record_skipped(path, state.roots[i], state.skip);
    return false;
}

static bool is_above(const char *path)
{
    for (size_t i = 0; i < state.n_roots; i++)
        if (strcmp(path, "/") == 0 || record_under(state.roots[i], path))
            return true;
    return false;
}

static bool path_of(int fd, struct spot *ret)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, ret->path, sizeof(ret->path) - 1);
    if (n <= 0 || ret->path[0] != '/')
        return false;
    ret->path[n] = '\0';
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    static const char gone[] = " (deleted)";
    size_t gone_bytes = sizeof(gone) - 1;
    if (st.st_nlink == 0 && (size_t)n > gone_bytes && strcmp(ret->path + n - gone_bytes, gone) == 0)
        ret->path[(size_t)n - gone_bytes] = '\0';
    ret->dev = st.st_dev;
    ret->ino = st.st_ino;
    ret->size_bytes = (uint64_t)st.st_size;
    ret->mode = st.st_mode;
    ret->exists = true;
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode);
}

bool recorder_at(int fd, struct spot *ret)
{
    int saved = errno;
    bool found = state.on && fd >= 0 && fd != state.fd && path_of(fd, ret) && is_wanted(ret->path);
    errno = saved;
    return found;
}

bool recorder_above(int fd, struct spot *ret)
{
    int saved = errno;
    bool found = state.on && fd >= 0 && path_of(fd, ret) &&
                 (is_wanted(ret->path) || (S_ISDIR(ret->mode) && is_above(ret->path)));
    errno = saved;
    return found;
}

static bool find_name(int dir_fd, const char *path, struct spot *ret)
{
    size_t path_bytes = strlen(path);
    while (path_bytes > 1 && path[path_bytes - 1] == '/')
        path_bytes--;
    if (path_bytes == 0 || path_bytes >= PATH_MAX)
        return false;
    char folder[PATH_MAX];
    memcpy(folder, path, path_bytes);
    folder[path_bytes] = '\0';
    char *slash = strrchr(folder, '/');
    const char *name = slash == NULL ? folder : slash + 1;
    char last[NAME_MAX + 1];
    if (strlen(name) >= sizeof(last) || *name == '\0')
        return false;
    strcpy(last, name);
    const char *open_path = ".";
    if (slash != NULL) {
        slash[slash == folder] = '\0';
        open_path = folder;
    }
    int fd = (int)syscall(SYS_openat, dir_fd, open_path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool found = path_of(fd, ret);
    size_t n = found ? strlen(ret->path) : 0;
    if (found && n + strlen(last) + 2 < sizeof(ret->path)) {
        snprintf(ret->path + n, sizeof(ret->path) - n, "%s%s", n == 1 ? "" : "/", last);
        struct stat st;
        ret->exists = fstatat(fd, last, &st, AT_SYMLINK_NOFOLLOW) == 0;
        ret->dev = ret->exists ? st.st_dev : 0;
        ret->ino = ret->exists ? st.st_ino : 0;
        ret->size_bytes = ret->exists ? (uint64_t)st.st_size : 0;
        ret->mode = ret->exists ? st.st_mode : 0;
        found = is_wanted(ret->path);
    } else {
        found = false;
    }
    syscall(SYS_close, fd);
    return found;
}

bool recorder_name(int dir_fd, const char *path, struct spot *ret)
{
    int saved = errno;
    bool found = state.on && path != NULL && find_name(dir_fd, path, ret);
    errno = saved;
    return found;
}

void recorder_begin(void)
{
    int saved = errno;
    pthread_mutex_lock(&state.lock);
    log_ready();
    while (flock(state.fd, LOCK_EX) != 0)
        if (errno != EINTR)
            give_up("the log cannot be locked");
    errno = saved;
}

void recorder_end(int saved_errno)
{
    flock(state.fd, LOCK_UN);
    pthread_mutex_unlock(&state.lock);
    errno = saved_errno;
}

static void log_write(const void *bytes, uint64_t count)
{
    const char *from = bytes;
    while (count > 0) {
        long n = syscall(SYS_write, state.fd, from, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            give_up("the log cannot be written");
        from += n;
        count -= (uint64_t)n;
    }
}

void recorder_put(struct record r, const char *path, const char *path2, const struct iovec *pieces, int n_pieces,
                  uint64_t data_bytes)
{
    r.magic = RECORD_MAGIC;
    r.pid = (uint32_t)getpid();
    r.path_bytes = path == NULL ? 0 : (uint32_t)strlen(path);
    r.path2_bytes = path2 == NULL ? 0 : (uint32_t)strlen(path2);
    r.data_bytes = data_bytes;
    log_write(&r, sizeof(r));
    log_write(path, r.path_bytes);
    log_write(path2, r.path2_bytes);
    for (int i = 0; i < n_pieces && data_bytes > 0; i++) {
        uint64_t take = pieces[i].iov_len < data_bytes ? pieces[i].iov_len : data_bytes;
        log_write(pieces[i].iov_base, take);
        data_bytes -= take;
    }
}
