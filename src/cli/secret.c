#include "cli/cli_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

enum { TRIES = 3, OTHERS = S_IRWXG | S_IRWXO };

void cli_secret_init(struct cli_secret *s, int fd)
{
    *s = (struct cli_secret){.fd = fd};
    if (fd < 0)
        return;
    s->opened = true;
    (void)snprintf(s->name, sizeof s->name, "--passphrase-fd %d", fd);
}

void cli_secret_drop(struct cli_secret *s)
{
    if (s->owned)
        fd_drop(&s->fd);
    s->fd = -1;
}

static int stopped(struct err *e)
{
    return err_set(e, ERR_STOPPED, "stopped at the passphrase; nothing was done");
}

/* One byte, or 0 bytes at the end.  A signal that asks for an end is never slept through. */
static int read_byte(int fd, const char *name, const struct cli_held *held, uint8_t *to, size_t *ret_n, struct err *e)
{
    for (;;) {
        if (cli_process_stopping())
            return stopped(e);
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        ssize_t n = ppoll(&wait, 1, NULL, &held->waiting) < 0 ? -1 : read(fd, to, 1);
        if (n >= 0) {
            *ret_n = (size_t)n;
            return 0;
        }
        if (errno != EINTR && errno != EAGAIN)
            return err_os(e, ERR_IO, errno, "cannot read %s", name);
    }
}

/* A line without its end, read byte by byte: what stands behind it belongs to the next question.  ${ret_none}: the
 * end came before any byte. */
static int read_line(int fd, const char *name, const struct cli_held *held, struct buf *to, bool *ret_none,
                     struct err *e)
{
    size_t before = to->n, n = 0;
    uint8_t byte = 0;
    int rc;
    *ret_none = false;
    while ((rc = read_byte(fd, name, held, &byte, &n, e)) == 0) {
        if (n == 0 || byte == '\n')
            break;
        /* One more than a passphrase may have: the return of a file from elsewhere. */
        if (to->n - before > CLI_SECRET_BYTES_MAX)
            return err_set(e, ERR_USAGE, "the passphrase from %s is longer than %d bytes", name, CLI_SECRET_BYTES_MAX);
        buf_put_u8(to, byte);
    }
    *ret_none = n == 0 && to->n == before;
    if (rc == 0 && n == 1 && to->n > before && to->p[to->n - 1] == '\r')
        to->n--;
    explicit_bzero(&byte, sizeof byte);
    if (rc == 0 && to->n - before > CLI_SECRET_BYTES_MAX)
        return err_set(e, ERR_USAGE, "the passphrase from %s is longer than %d bytes", name, CLI_SECRET_BYTES_MAX);
    return rc == 0 ? buf_check(to, e) : rc;
}

static int open_file(struct cli_secret *s, const char *path, struct err *e)
{
    /* A pipe is fine here (a descriptor of the shell's), so base's plain files only will not do.  One that nobody
     * writes to yet is waited for in read_byte, where a signal is heard. */
    OWN(fd_drop) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return err_os(e, ERR_IO, errno, "cannot open the passphrase file %s (GROUNDWORK_PASSPHRASE_FILE)", path);
    if (S_ISDIR(status.st_mode))
        return err_set(e, ERR_IO, "the passphrase file %s is a folder (GROUNDWORK_PASSPHRASE_FILE)", path);
    if (S_ISREG(status.st_mode) && (status.st_mode & OTHERS) != 0 && s->warn != NULL) {
        struct err line;
        (void)err_set(&line, ERR_REFUSED, "others on this computer may read the passphrase file %s; chmod 600 shuts it",
                      path);
        s->warn(s->context, line.text);
    }
    (void)snprintf(s->name, sizeof s->name, "%s", path);
    s->fd = TAKE_FD(fd);
    s->owned = true;
    return 0;
}

/* From the descriptor or file; ${ret_none} when there is no such source, or no further line in it. */
static int from_source(struct cli_secret *s, const struct cli_held *held, struct buf *ret, bool *ret_none,
                       struct err *e)
{
    const char *path = getenv("GROUNDWORK_PASSPHRASE_FILE");
    if (!s->opened && path != NULL && path[0] != 0) {
        int rc = open_file(s, path, e);
        if (rc != 0)
            return rc;
    }
    s->opened = true;
    *ret_none = true;
    if (s->fd < 0)
        return 0;
    int rc = read_line(s->fd, s->name, held, ret, ret_none, e);
    if (rc == 0 && *ret_none && s->lines == 0)
        return err_set(e, ERR_IO, "%s holds no passphrase; it must be its first line", s->name);
    s->lines += rc == 0 && !*ret_none;
    return rc;
}

/* ---- the terminal ---- */

/* The one we were started from, wherever input and output go. */
static const char terminal_name[] = "/dev/tty";

struct terminal {
    int fd;
    const struct cli_held *held;
};

static int set_terminal(const struct terminal *t, const struct termios *how, struct err *e)
{
    while (tcsetattr(t->fd, TCSAFLUSH, how) != 0)
        if (errno != EINTR)
            return err_os(e, ERR_IO, errno, "cannot hide what is typed on %s", terminal_name);
    return 0;
}

static int tell_terminal(const struct terminal *t, const char *text, struct err *e)
{
    struct cli_output out;
    cli_output_init(&out, t->fd, true);
    cli_output_bytes(&out, bytes_text(text));
    cli_output_drop(&out);
    return out.failed == 0 ? 0 : err_os(e, ERR_IO, out.failed, "cannot write to %s", terminal_name);
}

static int ask_once(const struct terminal *t, const char *prompt, struct buf *ret, struct err *e)
{
    OWN(buf_drop) struct buf shown = {0};
    cli_clean(prompt, &shown);
    if (shown.n > 0 && shown.p[shown.n - 1] != ' ')
        buf_put_u8(&shown, ' ');
    struct termios was;
    if (tcgetattr(t->fd, &was) != 0)
        return err_os(e, ERR_IO, errno, "cannot hide what is typed on %s", terminal_name);
    struct termios hidden = was;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    hidden.c_lflag |= ICANON | ISIG;
    hidden.c_iflag |= ICRNL;
    cli_process_terminal(t->fd, &was);
    int rc = set_terminal(t, &hidden, e);
    if (rc == 0)
        rc = tell_terminal(t, buf_text(&shown), e);
    bool none = false;
    if (rc == 0)
        rc = read_line(t->fd, terminal_name, t->held, ret, &none, e);
    int rc_back = set_terminal(t, &was, rc == 0 ? e : NULL);
    cli_process_terminal(-1, NULL);
    (void)tell_terminal(t, "\n", NULL);
    if (rc == 0 && rc_back == 0 && none)
        return stopped(e);
    return rc != 0 ? rc : rc_back;
}

static int ask_new(const struct terminal *t, const char *prompt, struct buf *ret, struct err *e)
{
    for (int i = 0; i < TRIES; i++) {
        OWN(buf_wipe) struct buf first = {0}, second = {0};
        int rc = ask_once(t, prompt, &first, e);
        if (rc == 0)
            rc = ask_once(t, text_tr("The same again:"), &second, e);
        if (rc != 0)
            return rc;
        if (bytes_equal(buf_bytes(&first), buf_bytes(&second))) {
            buf_put_bytes(ret, buf_bytes(&first));
            return buf_check(ret, e);
        }
        rc = tell_terminal(t, text_tr("The two differ.\n"), e);
        if (rc != 0)
            return rc;
    }
    return err_set(e, ERR_KEY, "the two passphrases differed %d times; nothing was done", TRIES);
}

static int terminal_open(void)
{
    OWN(fd_drop) int fd = open(terminal_name, O_RDWR | O_CLOEXEC | O_NOCTTY);
    return fd >= 0 && isatty(fd) ? TAKE_FD(fd) : -1;
}

static int from_terminal(const struct cli_held *held, const char *prompt, bool twice, struct buf *ret, struct err *e)
{
    OWN(fd_drop) int fd = terminal_open();
    if (fd < 0)
        return err_set(e, ERR_IO,
                       "a passphrase is needed, and there is no terminal to ask on: set GROUNDWORK_PASSPHRASE_FILE, "
                       "give --passphrase-fd N, or run this in a terminal");
    struct terminal t = {fd, held};
    return twice ? ask_new(&t, prompt, ret, e) : ask_once(&t, prompt, ret, e);
}

int cli_secret_ask(struct cli_secret *s, const char *prompt, bool twice, struct buf *ret, struct err *e)
{
    struct cli_held held;
    cli_process_hold(&held);
    bool none = true;
    int rc = from_source(s, &held, ret, &none, e);
    if (rc == 0 && none)
        rc = from_terminal(&held, prompt, twice, ret, e);
    cli_process_release(&held);
    return rc;
}

int cli_secret_typed(const char *prompt, struct buf *ret, struct err *e)
{
    OWN(fd_drop) int fd = terminal_open();
    if (fd < 0)
        return err_set(e, ERR_IO, "there is no terminal to type sheets on: name the files that hold them");
    struct cli_held held;
    cli_process_hold(&held);
    const struct terminal t = {fd, &held};
    int rc = ask_once(&t, prompt, ret, e);
    cli_process_release(&held);
    return rc;
}

/* ---- who a person is ---- */

/* Into memory that is locked: read as it comes, without a buffer of the C library's between. */
static int read_all(int fd, const struct cli_held *held, struct buf *to, struct err *e)
{
    for (;;) {
        if (cli_process_stopping())
            return err_set(e, ERR_STOPPED, "stopped before the record was whole; nothing was done");
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        size_t room = to->room - to->n;
        if (room == 0)
            return err_set(e, ERR_USAGE, "what stands on standard input is longer than a record can be");
        ssize_t n = ppoll(&wait, 1, NULL, &held->waiting) < 0 ? -1 : read(fd, to->p + to->n, room);
        if (n == 0)
            return to->n > 0 ? 0 : err_set(e, ERR_USAGE, "nothing stands on standard input: write the record there");
        if (n > 0)
            to->n += (size_t)n;
        else if (errno != EINTR && errno != EAGAIN)
            return err_os(e, ERR_IO, errno, "cannot read %s", text_tr("standard input"));
    }
}

int cli_secret_record(const struct verbs_face *face, struct buf *held, struct err *e)
{
    struct stat status;
    struct cli_held waiting;
    if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode))
        face->warn(face->context,
                   text_tr("the record is read from a file, which holds the name in the clear: it is yours to destroy, "
                           "and a disk may keep what was deleted"));
    if (isatty(STDIN_FILENO))
        face->say(face->context,
                  text_tr("Type the record, a line for each thing: name: TEXT, birth: TEXT, contact: TEXT, document: "
                          "TEXT. End with Ctrl-D on a line of its own."));
    if (isatty(STDIN_FILENO) && face->flush != NULL) {
        int rc = face->flush(face->context, e);
        if (rc != 0)
            return rc;
    }
    cli_process_hold(&waiting);
    int rc = read_all(STDIN_FILENO, &waiting, held, e);
    cli_process_release(&waiting);
    return rc;
}

int cli_secret_reveal(struct bytes text, struct err *e)
{
    while (text.n > 0) {
        ssize_t n = write(STDOUT_FILENO, text.p, text.n);
        if (n < 0 && errno != EINTR)
            return err_os(e, ERR_IO, errno, "the answer could not be written out");
        if (n > 0)
            text = bytes_of(text.p + n, text.n - (size_t)n);
    }
    return 0;
}
