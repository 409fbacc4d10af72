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

bool intake_digest(struct intake_open *open, struct hash *ret, uint64_t *ret_bytes)
{
    open->asked = true;
    if (open->digests_wanted != NULL)
        atomic_store_explicit(open->digests_wanted, true, memory_order_relaxed);
    if (!open->digested)
        return false;
    *ret = open->digest;
    *ret_bytes = (uint64_t)open->opened.st_size;
    return true;
}

const struct hash *intake_held_digest(const struct intake_open *open)
{
    return open->held != NULL && open->hashed ? &open->digest : NULL;
}

static size_t read_held(struct intake_open *open, void *to, size_t n)
{
    uint64_t left = (uint64_t)open->opened.st_size - open->came;
    size_t got = n < left ? n : (size_t)left;
    if (got > 0)
        memcpy(to, open->held + open->came, got);
    return got;
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
    open->digested = false; /* from here on it is what is read that counts */
    if (open->digests_wanted != NULL && !open->asked)
        atomic_store_explicit(open->digests_wanted, false, memory_order_relaxed);
    if (open->held != NULL)
        got = (ssize_t)read_held(open, to, n);
    else
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
    if (open->held == NULL && lseek(open->fd, 0, SEEK_SET) != 0)
        return err_os(e, ERR_IO, errno, "read again");
    open->came = 0;
    open->ended = open->digested = false;
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

bool intake_still(int fd, const struct stat *opened)
{
    struct stat st;
    struct file_state was, now;
    if (fstat(fd, &st) != 0)
        return false;
    intake_state_of(opened, &was);
    intake_state_of(&st, &now);
    return intake_state_same(&was, &now);
}

bool intake_unchanged(const struct intake_open *open)
{
    if (open->digested)
        return true;
    if (open->came != (uint64_t)open->opened.st_size)
        return false;
    return open->held != NULL || intake_still(open->fd, &open->opened);
}
