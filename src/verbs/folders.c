/*
 * The way down into DEST: a stack of open folders from DEST to the one that is worked in.  Neighbours share it, so a
 * tree costs a step for each folder and not for each item.  Only the innermost keep their descriptors; one above is
 * opened again by ".." and held to its inode.
 */
#include "verbs/verbs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

enum { DESCRIPTORS_KEPT = 64 };

struct verbs_folder {
    int fd; /* -1: closed to spare descriptors; then so are all above it */
    dev_t device;
    ino_t inode;
    size_t path_bytes;
    bool fresh, finishing;
    uint32_t mode;
    struct statement_time mtime;
};

int verbs_folder_finish(int fd, uint32_t mode, struct statement_time mtime)
{
    const struct timespec at = {.tv_sec = (time_t)mtime.s, .tv_nsec = (long)mtime.ns};
    const struct timespec when[2] = {at, at};
    if (fd < 0)
        return ENOENT;
    return fchmod(fd, mode) == 0 && futimens(fd, when) == 0 ? 0 : errno;
}

static void finish(struct verbs_folders *f, const struct verbs_folder *level)
{
    struct bytes path = bytes_of(f->path.p, level->path_bytes);
    if (f->left != NULL) {
        f->left(f->context, level->fd, path, level->mode, level->mtime);
        return;
    }
    int number = verbs_folder_finish(level->fd, level->mode, level->mtime);
    if (number != 0)
        f->failed(f->context, path, number);
}

/* When the folder above is no longer where it was, it stays closed. */
static void reopen(struct verbs_folder *above, int below)
{
    struct stat st;
    OWN(fd_drop) int fd = openat(below, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == above->device && st.st_ino == above->inode)
        above->fd = TAKE_FD(fd);
}

static void leave_one(struct verbs_folders *f)
{
    struct verbs_folder *level = &f->levels[f->depth - 1];
    if (level->finishing)
        finish(f, level);
    if (f->depth > 1 && level->fd >= 0 && f->levels[f->depth - 2].fd < 0)
        reopen(&f->levels[f->depth - 2], level->fd);
    fd_drop(&level->fd);
    f->depth--;
    f->moves++;
    f->path.n = f->depth > 0 ? f->levels[f->depth - 1].path_bytes : 0;
}

void verbs_folders_leave(struct verbs_folders *f)
{
    while (f->depth > 0)
        leave_one(f);
}

void verbs_folders_release(struct verbs_folders *f)
{
    verbs_folders_leave(f);
    free(f->levels);
    buf_drop(&f->path);
    f->levels = NULL;
    f->room = 0;
}

static int spare_one(struct verbs_folder *level)
{
    struct stat st;
    if (level->fd < 0)
        return 0;
    if (fstat(level->fd, &st) != 0)
        return errno;
    level->device = st.st_dev;
    level->inode = st.st_ino;
    fd_drop(&level->fd);
    level->fd = -1;
    return 0;
}

static int push(struct verbs_folders *f, struct verbs_folder level)
{
    if (f->depth == f->room) {
        size_t room = f->room * 2 + 16;
        struct verbs_folder *grown = reallocarray(f->levels, room, sizeof *grown);
        if (grown == NULL)
            return ENOMEM;
        f->levels = grown;
        f->room = room;
    }
    int number = f->depth >= DESCRIPTORS_KEPT ? spare_one(&f->levels[f->depth - DESCRIPTORS_KEPT]) : 0;
    if (number == 0) {
        f->levels[f->depth++] = level;
        f->moves++;
    }
    return number;
}

static int enter_one(struct verbs_folders *f, struct bytes name)
{
    char text[NAME_MAX + 1];
    if (name.n > NAME_MAX)
        return ENAMETOOLONG;
    memcpy(text, name.p, name.n);
    text[name.n] = 0;
    int above = verbs_folders_fd(f);
    bool fresh = !f->only_there && mkdirat(above, text, 0700) == 0;
    if (!fresh && !f->only_there && errno != EEXIST)
        return errno;
    OWN(fd_drop) int fd = openat(above, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    size_t before = f->path.n;
    if (before > 0)
        buf_put_u8(&f->path, '/');
    buf_put_bytes(&f->path, name);
    struct verbs_folder level = {.fd = fd, .path_bytes = f->path.n, .fresh = fresh};
    int number = f->path.failed ? ENOMEM : push(f, level);
    if (number == 0)
        fd = -1; /* the level's */
    else
        f->path.n = before;
    return number;
}

/* Does ${path} lead through the level, so far as both are the same for ${same} bytes? */
static bool leads_through(const struct verbs_folder *level, struct bytes path, size_t same)
{
    return level->fd >= 0 && level->path_bytes <= same &&
           (level->path_bytes == path.n || path.p[level->path_bytes] == '/');
}

int verbs_folders_enter(struct verbs_folders *f, struct bytes path)
{
    size_t same = 0;
    while (same < path.n && same < f->path.n && path.p[same] == f->path.p[same])
        same++;
    while (f->depth > 0 && !leads_through(&f->levels[f->depth - 1], path, same))
        leave_one(f);
    while (f->path.n < path.n) {
        size_t start = f->path.n > 0 ? f->path.n + 1 : 0;
        const uint8_t *slash = memchr(path.p + start, '/', path.n - start);
        size_t end = slash == NULL ? path.n : (size_t)(slash - path.p);
        int number = enter_one(f, bytes_of(path.p + start, end - start));
        if (number != 0)
            return number;
    }
    return 0;
}

int verbs_folders_fd(const struct verbs_folders *f)
{
    return f->depth > 0 ? f->levels[f->depth - 1].fd : f->dest;
}

bool verbs_folders_fresh(const struct verbs_folders *f)
{
    return f->depth > 0 && f->levels[f->depth - 1].fresh;
}

void verbs_folders_finish_as(struct verbs_folders *f, uint32_t mode, struct statement_time mtime)
{
    struct verbs_folder *level = &f->levels[f->depth - 1];
    struct stat st;
    level->finishing = true;
    level->mode = mode;
    level->mtime = mtime;
    /* One that an earlier run finished may be shut: what is missing in it still has to come. */
    if (!level->fresh && fstat(level->fd, &st) == 0 && (st.st_mode & 0700) != 0700)
        (void)fchmod(level->fd, (st.st_mode & 07777) | 0700);
}
