#include "cosign/cosign_internal.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>

enum { SECRET_BYTES_MAX = 1024 };

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t ended; /* what a signal handler may touch */

static void end_asked(int signal_number)
{
    (void)signal_number;
    ended = 1;
}

/* A signal ends the wait and nothing else, so that the terminal is put back before the program ends. */
struct waiting {
    struct sigaction was[COUNT(endings)];
    sigset_t held, before;
};

static void wait_begin(struct waiting *w)
{
    struct sigaction act = {.sa_handler = end_asked};
    (void)sigemptyset(&act.sa_mask);
    (void)sigemptyset(&w->held);
    for (size_t i = 0; i < COUNT(endings); i++)
        (void)sigaddset(&w->held, endings[i]);
    (void)sigaddset(&w->held, SIGTSTP); /* a stop in a hidden line would leave the shell without echo */
    (void)sigprocmask(SIG_BLOCK, &w->held, &w->before);
    for (size_t i = 0; i < COUNT(endings); i++)
        (void)sigaction(endings[i], &act, &w->was[i]);
}

static void wait_end(struct waiting *w)
{
    for (size_t i = 0; i < COUNT(endings); i++)
        (void)sigaction(endings[i], &w->was[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &w->before, NULL);
}

/* One byte; *ret_n 0 at the end. */
static int read_byte(int fd, const char *name, const struct waiting *w, uint8_t *to, size_t *ret_n, struct err *e)
{
    sigset_t open = w->before;
    (void)sigaddset(&open, SIGTSTP);
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        ssize_t n = ppoll(&wait, 1, NULL, &open) < 0 ? -1 : read(fd, to, 1);
        if (ended != 0)
            return err_set(e, ERR_STOPPED, "stopped at the passphrase; nothing was done");
        if (n >= 0) {
            *ret_n = (size_t)n;
            return 0;
        }
        if (errno != EINTR && errno != EAGAIN)
            return err_os(e, ERR_IO, errno, "cannot read %s", name);
    }
}

static int read_line(int fd, const char *name, const struct waiting *w, struct buf *to, struct err *e)
{
    uint8_t byte = 0;
    size_t n = 0;
    int rc = 0;
    while (rc == 0 && (rc = read_byte(fd, name, w, &byte, &n, e)) == 0 && n == 1 && byte != '\n') {
        if (to->n == SECRET_BYTES_MAX)
            rc = err_set(e, ERR_USAGE, "the passphrase from %s is longer than %d bytes", name, SECRET_BYTES_MAX);
        buf_put_u8(to, byte);
    }
    explicit_bzero(&byte, sizeof byte);
    if (rc == 0 && n == 1 && to->n > 0 && to->p[to->n - 1] == '\r')
        to->n--;
    if (rc == 0 && to->n == 0)
        rc = err_set(e, ERR_IO, "%s holds no passphrase; it must be its first line", name);
    return rc == 0 ? buf_check(to, e) : rc;
}

static int from_file(const char *path, struct buf *ret, struct err *e)
{
    OWN(fd_drop) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "cannot open the passphrase file %s (GROUNDWORK_PASSPHRASE_FILE)", path);
    struct waiting w;
    wait_begin(&w);
    int rc = read_line(fd, path, &w, ret, e);
    wait_end(&w);
    return rc;
}

static int typed_hidden(int fd, const char *prompt, const struct waiting *w, struct buf *ret, struct err *e)
{
    static const char terminal[] = "/dev/tty";
    struct termios was;
    if (tcgetattr(fd, &was) != 0)
        return err_os(e, ERR_IO, errno, "cannot hide what is typed on %s", terminal);
    struct termios hidden = was;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    hidden.c_lflag |= ICANON | ISIG;
    if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0)
        return err_os(e, ERR_IO, errno, "cannot hide what is typed on %s", terminal);
    int rc = dprintf(fd, "%s ", prompt) < 0 ? err_os(e, ERR_IO, errno, "cannot write to %s", terminal) : 0;
    if (rc == 0)
        rc = read_line(fd, terminal, w, ret, e);
    (void)tcsetattr(fd, TCSAFLUSH, &was);
    (void)dprintf(fd, "\n");
    return rc;
}

static int typed(int fd, const char *prompt, struct buf *ret, struct err *e)
{
    struct waiting w;
    wait_begin(&w); /* before the terminal is changed, so that no signal leaves it so */
    int rc = typed_hidden(fd, prompt, &w, ret, e);
    wait_end(&w);
    return rc;
}

int cosign_ask(const char *prompt, bool twice, struct buf *ret, struct err *e)
{
    OWN(buf_wipe) struct buf again = {0};
    const char *path = getenv("GROUNDWORK_PASSPHRASE_FILE");
    if (path != NULL && path[0] != 0)
        return from_file(path, ret, e);
    OWN(fd_drop) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(e, ERR_IO, "a passphrase is needed, and there is no terminal to ask on: set "
                                  "GROUNDWORK_PASSPHRASE_FILE, or run this in a terminal");
    int rc = typed(fd, prompt, ret, e);
    if (rc == 0 && twice)
        rc = typed(fd, text_tr("The same again:"), &again, e);
    if (rc == 0 && twice && !bytes_equal(buf_bytes(ret), buf_bytes(&again)))
        rc = err_set(e, ERR_KEY, "the two passphrases differ; nothing was done");
    return rc;
}
