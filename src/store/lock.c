/* The lock of a repository: the kernel's, on DIR/lock, so that it dies with the process that holds it. */
#include "store/store_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { LOCK_WORDS_MAX = 256, LOCK_PAUSE_MS = 100 };

static void lock_words(int fd, char to[LOCK_WORDS_MAX])
{
    ssize_t n = pread(fd, to, LOCK_WORDS_MAX - 1, 0);
    to[n > 0 ? n : 0] = 0;
    char *end = strchr(to, '\n');
    if (end != NULL)
        *end = 0;
}

/* Who writes, for the line that another one will read.  Only words: the lock itself is the kernel's. */
static void lock_sign(int fd)
{
    char words[LOCK_WORDS_MAX], when[TIME_TEXT_MAX], host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    time_text(when, time_now_unix_s());
    int n = snprintf(words, sizeof words, "process %d on %s since %s\n", (int)getpid(), host, when);
    if (n > 0 && ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, words, (size_t)n, 0);
}

int store_lock(struct store *s, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/lock", s->root);
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = open(path.s, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EROFS)
        return err_set(e, ERR_IO, "%s is on a read-only disk: nothing can be taken in or changed there", s->root);
    if (fd < 0 && errno == EACCES)
        return err_set(e, ERR_IO, "%s may not be written by you: use the account that owns it", s->root);
    if (fd < 0 && (errno == ELOOP || errno == EISDIR))
        return err_set(e, ERR_DAMAGED, "%s is not a plain file: move it away, and the next writer makes it anew",
                       path.s);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "open %s", path.s);
    uint64_t until = time_monotonic_ms() + s->place.wait_ms;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return err_os(e, ERR_IO, errno, "lock %s", path.s);
        if (time_monotonic_ms() >= until) {
            char words[LOCK_WORDS_MAX];
            lock_words(fd, words);
            return err_set(e, ERR_BUSY, "another writer is at work (%s): wait for it, or use --wait", words);
        }
        usleep(LOCK_PAUSE_MS * 1000);
    }
    lock_sign(fd);
    s->lock_fd = TAKE_FD(fd);
    return 0;
}

/* Where there is none that can be opened, what is read is held to its own log alone. */
int store_hold(const char *root, int *ret_fd, struct err *e)
{
    struct file_path path;
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    char words[LOCK_WORDS_MAX];
    int rc = file_path(&path, e, "%s/lock", root);
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = open(path.s, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool held = fd >= 0 && fcntl(fd, F_OFD_SETLK, &whole) == 0;
    if (fd >= 0 && !held && (errno == EAGAIN || errno == EACCES)) {
        lock_words(fd, words);
        return err_set(e, ERR_BUSY, "a writer is at work in %s (%s): wait for it", root, words);
    }
    *ret_fd = held ? TAKE_FD(fd) : -1;
    return 0;
}
