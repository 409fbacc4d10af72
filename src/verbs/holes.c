/*
 * Writing a file with holes.  What is zero in a whole aligned block is not written; zeros that begin a block are only
 * counted until it is clear what the block is.
 */
#include "verbs/verbs_internal.h"

#include <errno.h>

enum { BLOCK = 65536 };

static int put(struct verbs_holes *h, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t done = pwrite(h->fd, p, n, (off_t)h->at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : EIO;
        p += done;
        n -= (size_t)done;
        h->at += (uint64_t)done;
    }
    return 0;
}

static int put_zeros(struct verbs_holes *h)
{
    static const uint8_t zeros[BLOCK];
    size_t n = h->zeros;
    h->zeros = 0;
    return put(h, zeros, n);
}

static bool all_zero(const uint8_t *p, size_t n)
{
    return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* Up to a block's end.  Zeros can be held back only while nothing else stood in the block. */
static int take_zeros(struct verbs_holes *h, struct bytes before, size_t n)
{
    int number = put(h, before.p, before.n);
    h->zeros += n;
    if (number == 0 && (h->at + h->zeros) % BLOCK == 0) {
        h->at += h->zeros;
        h->zeros = 0;
    }
    return number;
}

int verbs_holes_put(struct verbs_holes *h, struct bytes piece)
{
    size_t from = 0, n; /* what lies before is written or held back */
    int number = 0;
    if (!h->sparse)
        return put(h, piece.p, piece.n);
    for (size_t at = 0; number == 0 && at < piece.n; at += n) {
        uint64_t place = h->at + h->zeros + (at - from);
        n = BLOCK - (size_t)(place % BLOCK);
        n = n < piece.n - at ? n : piece.n - at;
        bool zero = all_zero(piece.p + at, n);
        if (zero && (h->zeros > 0 || place % BLOCK == 0)) {
            number = take_zeros(h, bytes_of(piece.p + from, at - from), n);
            from = at + n;
        } else if (h->zeros > 0)
            number = put_zeros(h);
    }
    return number != 0 ? number : put(h, piece.p + from, piece.n - from);
}

int verbs_holes_end(struct verbs_holes *h)
{
    return !h->sparse || ftruncate(h->fd, (off_t)(h->at + h->zeros)) == 0 ? 0 : errno;
}
