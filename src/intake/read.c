/* One file: opened without side effects, read, and held to what it was. */
#include "intake/intake_internal.h"

#include <errno.h>
#include <fcntl.h>

const char *intake_reason_of(int number)
{
    switch (number) {
    case ENOENT:
        return "vanished";
    case EACCES:
    case EPERM:
        return "unreadable";
    case ELOOP:
    case ENOTDIR:
        return "changed";
    case E2BIG:
        return "large";
    default:
        return "io";
    }
}

const char *intake_open_file(int folder, const char *name, const struct stat *listed, struct intake_open *ret)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    int fd = openat(folder, name, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM) /* only the owner may leave the access time alone */
        fd = openat(folder, name, flags);
    if (fd < 0)
        return intake_reason_of(errno);
    ret->fd = fd;
    ret->came = 0;
    ret->ended = false;
    if (fstat(fd, &ret->opened) != 0)
        return intake_reason_of(errno);
    if (!S_ISREG(ret->opened.st_mode) || ret->opened.st_ino != listed->st_ino || ret->opened.st_dev != listed->st_dev)
        return "changed";
    return NULL;
}

/* Fewer than were asked for, and then as many as there were when it was opened: that is the end, and need not be asked
 * for.  What is written behind it meanwhile changes the file's times. */
int intake_read(struct intake_open *open, void *to, size_t n, size_t *ret_n, struct err *e)
{
    ssize_t got;
    if (open->ended) {
        *ret_n = 0;
        return 0;
    }
    do
        got = read(open->fd, to, n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_os(e, ERR_IO, errno, "read");
    open->came += (uint64_t)got;
    open->ended = (size_t)got < n && open->came == (uint64_t)open->opened.st_size;
    *ret_n = (size_t)got;
    return 0;
}

int intake_again(struct intake_open *open, struct err *e)
{
    if (lseek(open->fd, 0, SEEK_SET) != 0)
        return err_os(e, ERR_IO, errno, "read again");
    open->came = 0;
    open->ended = false;
    return 0;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

void intake_state_of(const struct stat *st, struct file_state *ret)
{
    *ret = (struct file_state){(uint64_t)st->st_size, st->st_mtim, st->st_ctim};
}

bool intake_state_same(const struct file_state *a, const struct file_state *b)
{
    return a->bytes == b->bytes && same_time(a->mtime, b->mtime) && same_time(a->ctime, b->ctime);
}

bool intake_unchanged(const struct intake_open *open)
{
    struct stat st;
    struct file_state was, now;
    if (fstat(open->fd, &st) != 0)
        return false;
    intake_state_of(&open->opened, &was);
    intake_state_of(&st, &now);
    return intake_state_same(&was, &now) && now.bytes == open->came;
}
