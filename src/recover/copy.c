/*
 * A repository's folder from another one of it.  Everything comes along but what the next opening makes anew, what was
 * moved aside, and drafts.
 */
#include "recover/recover_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 16, PIECE = 1 << 20 };
static const char *const PASSED_OVER[] = {"index", "lock", "quarantine"};

struct copying {
    const struct store_watch *watch;
    uint64_t done;
    uint8_t *piece;
};

static bool is_passed_over(const char *name, unsigned depth)
{
    for (size_t i = 0; depth == 0 && i < COUNT(PASSED_OVER); i++)
        if (strcmp(name, PASSED_OVER[i]) == 0)
            return true;
    return name[0] == '.'; /* itself, its parent, and drafts */
}

static int copy_bytes(struct copying *c, int from, const char *name, int to, const char *to_name, struct err *e)
{
    uint64_t bytes = 0, at = 0;
    int rc = file_size(from, &bytes, name, e);
    while (rc == 0 && at < bytes) {
        size_t n = bytes - at < PIECE ? (size_t)(bytes - at) : PIECE;
        rc = file_read_at(from, c->piece, n, at, name, e);
        if (rc == 0)
            rc = file_write_at(to, c->piece, n, at, to_name, e);
        at += n;
        c->done += n;
        if (rc == 0 && c->watch->progress(c->watch->context, c->done, 0) != 0)
            rc = err_set(e, ERR_STOPPED, "interrupted: nothing was made");
    }
    return rc == 0 ? file_sync(to, to_name, e) : rc;
}

static int copy_file(struct copying *c, const char *from, const char *to, struct err *e)
{
    OWN(fd_drop) int in = -1;
    int rc = file_open_read(from, &in, e);
    if (rc != 0)
        return rc;
    OWN(fd_drop) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0)
        return err_os(e, ERR_IO, errno, "make %s", to);
    return copy_bytes(c, in, from, out, to, e);
}

static int copy_folder(struct copying *c, const char *from, const char *to, unsigned depth, struct err *e)
{
    if (depth > DEPTH_MAX)
        return err_set(e, ERR_DAMAGED, "%s is deeper than a repository is", from);
    OWN(dir_drop) DIR *dir = opendir(from);
    if (dir == NULL)
        return err_os(e, errno == ENOENT ? ERR_ABSENT : ERR_IO, errno, "look into %s", from);
    int rc = file_make_folder(to, e);
    while (rc == 0) {
        struct file_path inner, made;
        struct stat st;
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (d == NULL)
            return errno == 0 ? file_sync_folder(to, e) : err_os(e, ERR_IO, errno, "look into %s", from);
        if (is_passed_over(d->d_name, depth))
            continue;
        rc = file_path(&inner, e, "%s/%s", from, d->d_name);
        if (rc == 0)
            rc = file_path(&made, e, "%s/%s", to, d->d_name);
        if (rc == 0 && lstat(inner.s, &st) != 0)
            rc = err_os(e, ERR_IO, errno, "look at %s", inner.s);
        if (rc == 0)
            rc = S_ISDIR(st.st_mode) ? copy_folder(c, inner.s, made.s, depth + 1, e) : copy_file(c, inner.s, made.s, e);
    }
    return rc;
}

int recover_copy(const char *from, const char *to, const struct store_watch *watch, struct err *e)
{
    OWN(mem_drop) uint8_t *piece = malloc(PIECE);
    struct copying c = {.watch = watch, .piece = piece};
    struct file_path index;
    if (piece == NULL)
        return err_memory(e);
    int rc = copy_folder(&c, from, to, 0, e);
    if (rc == 0)
        rc = file_path(&index, e, "%s/index", to);
    return rc == 0 ? file_make_folder(index.s, e) : rc;
}
