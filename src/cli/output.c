#include "cli/cli_internal.h"

#include "base/unicode.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>

enum { PENDING_MAX = 1 << 16, COLUMNS_ELSE = 80, COLUMNS_MAX = 10000 };

void cli_output_init(struct cli_output *o, int fd, bool at_once)
{
    *o = (struct cli_output){.fd = fd, .at_once = at_once};
}

void cli_output_drop(struct cli_output *o)
{
    buf_drop(&o->pending);
}

/* How long the character at ${p} is when it may be shown as it is; 0 when its first byte must be escaped. */
static size_t plain_size(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f;
    size_t size = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (size > left || !unicode_valid(bytes_of(p, size)))
        return 0;
    if (p[0] == 0xc2 && p[1] < 0xa0)
        return 0; /* C1 controls */
    if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
        return 0; /* line separators, directions */
    if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
        return 0; /* isolates */
    return size;
}

void cli_clean(const char *text, struct buf *to)
{
    struct bytes left = bytes_text(text);
    while (left.n > 0) {
        size_t size = plain_size(left.p, left.n);
        if (size > 0)
            buf_put(to, left.p, size);
        else
            buf_printf(to, "\\x%02x", left.p[0]);
        size += size == 0;
        left = bytes_of(left.p + size, left.n - size);
    }
}

/* A descriptor set to non-blocking by whoever shares it is waited for. */
static bool may_go_on(int fd, int number)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    if (number == EAGAIN)
        (void)poll(&wait, 1, -1);
    return number == EAGAIN || number == EINTR;
}

void cli_output_flush(struct cli_output *o)
{
    if (o->failed == 0 && o->pending.failed)
        o->failed = ENOMEM;
    for (size_t at = 0; o->failed == 0 && at < o->pending.n;) {
        ssize_t n = write(o->fd, o->pending.p + at, o->pending.n - at);
        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || !may_go_on(o->fd, errno))
            o->failed = n == 0 ? EIO : errno;
    }
    buf_clear(&o->pending);
}

static void flush_when_due(struct cli_output *o)
{
    if (o->at_once || o->pending.n >= PENDING_MAX)
        cli_output_flush(o);
}

void cli_output_line(struct cli_output *o, const char *line)
{
    if (o->failed != 0)
        return;
    cli_clean(line, &o->pending);
    buf_put_u8(&o->pending, '\n');
    flush_when_due(o);
}

void cli_output_bytes(struct cli_output *o, struct bytes x)
{
    if (o->failed != 0)
        return;
    buf_put_bytes(&o->pending, x);
    flush_when_due(o);
}

size_t cli_terminal_columns(int fd)
{
    struct winsize window;
    if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        return window.ws_col;
    const char *text = getenv("COLUMNS");
    uint64_t columns;
    if (text != NULL && decimal_get(bytes_text(text), &columns) == 0 && columns > 0 && columns <= COLUMNS_MAX)
        return (size_t)columns;
    return COLUMNS_ELSE;
}
