/*
 * Writing a large file: in long pieces past the page cache, where the file system can, because a whole archive that is
 * given back would only push out of it what is of use there; and with holes where aligned blocks are zero.
 */
#include "verbs/verbs_internal.h"

#include <errno.h>
#include <fcntl.h>

enum { BLOCK = 65536 };
_Static_assert(VERBS_PIECE % BLOCK == 0, "pieces begin with a block");

static void direct(int fd, bool wanted)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && ((flags & O_DIRECT) != 0) != wanted)
        (void)fcntl(fd, F_SETFL, flags ^ O_DIRECT); /* where it cannot be had, it is written the ordinary way */
}

static int put(int fd, const uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, p, n, (off_t)at);
        int number = done < 0 ? errno : EIO;
        if (number == EINTR)
            continue;
        int flags = done < 0 && number == EINVAL ? fcntl(fd, F_GETFL) : 0;
        if (flags > 0 && (flags & O_DIRECT) != 0) { /* blocks of the disk that are longer than ours, perhaps */
            direct(fd, false);
            continue;
        }
        if (done <= 0)
            return number;
        p += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* What was gathered, without blocks that are zero. */
static int settle(struct verbs_holes *h)
{
    size_t from = 0, n;
    int number = 0;
    for (size_t at = 0; number == 0 && at < h->used; at += n) {
        n = h->used - at < BLOCK ? h->used - at : BLOCK;
        if (!all_zero(h->piece + at, n))
            continue;
        number = put(h->fd, h->piece + from, at - from, h->at + from);
        from = at + n;
    }
    if (number == 0)
        number = put(h->fd, h->piece + from, h->used - from, h->at + from);
    h->at += h->used;
    h->used = 0;
    return number;
}

int verbs_holes_put(struct verbs_holes *h, struct bytes x)
{
    int number = 0;
    if (h->piece == NULL) {
        number = put(h->fd, x.p, x.n, h->at);
        h->at += x.n;
        return number;
    }
    if (h->at == 0 && h->used == 0)
        direct(h->fd, true);
    while (number == 0 && x.n > 0) {
        size_t n = VERBS_PIECE - h->used < x.n ? VERBS_PIECE - h->used : x.n;
        memcpy(h->piece + h->used, x.p, n);
        h->used += n;
        x = bytes_of(x.p + n, x.n - n);
        if (h->used == VERBS_PIECE)
            number = settle(h);
    }
    return number;
}

int verbs_holes_end(struct verbs_holes *h)
{
    if (h->piece == NULL)
        return 0;
    direct(h->fd, false); /* the last piece has any length */
    int number = settle(h);
    if (number == 0 && ftruncate(h->fd, (off_t)h->at) != 0)
        number = errno;
    return number;
}
