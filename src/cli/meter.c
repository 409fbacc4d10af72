#include "cli/cli_internal.h"

#include "base/unicode.h"

#include <assert.h>
#include <stdio.h>

enum {
    REDRAW_MS = 200,
    SAMPLE_MS = 500, /* the rate is that of the last CLI_METER_SAMPLES of these */
    RATE_MS_MIN = 1000,
    LEFT_S_MAX = 100 * 3600 - 1, /* a longer guess is none */
    NUMBER_MAX = 32,
};

/* "1,234" */
static void put_number(struct buf *to, uint64_t v)
{
    char digits[NUMBER_MAX];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            buf_put_u8(to, ',');
        buf_put_u8(to, (uint8_t)digits[i]);
    }
}

static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

static size_t unit_of(uint64_t bytes)
{
    size_t unit = 0;
    for (uint64_t left = bytes; left >= 1024 && unit + 1 < COUNT(units); left /= 1024)
        unit++;
    return unit;
}

/* "1.2", in the unit; integers only, so that no locale and no rounding to 1024.0 comes in. */
static void put_amount(struct buf *to, uint64_t bytes, size_t unit)
{
    if (unit == 0) {
        buf_put_decimal(to, bytes);
        return;
    }
    uint64_t one = (uint64_t)1 << (10 * unit);
    buf_put_decimal(to, bytes / one);
    buf_put_u8(to, '.');
    buf_put_decimal(to, bytes % one / (one / 1024) * 10 / 1024);
}

static void put_size(struct buf *to, uint64_t bytes)
{
    put_amount(to, bytes, unit_of(bytes));
    buf_printf(to, " %s", units[unit_of(bytes)]);
}

/* "2:03", "1:02:03" */
static void put_duration(struct buf *to, int64_t s)
{
    if (s >= 3600)
        buf_printf(to, "%lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s / 60 % 60), (long long)(s % 60));
    else
        buf_printf(to, "%lld:%02lld", (long long)(s / 60), (long long)(s % 60));
}

static void put_files(struct buf *to, const struct verbs_progress *p, bool with_all)
{
    OWN(buf_drop) struct buf done = {0}, all = {0};
    put_number(&done, p->files);
    put_number(&all, p->files_all);
    if (with_all && p->files_all > 0)
        buf_printf(to, text_tr("files %s of %s"), buf_text(&done), buf_text(&all));
    else
        buf_printf(to, text_tr("files %s"), buf_text(&done));
}

static void put_bytes(struct buf *to, const struct verbs_progress *p)
{
    OWN(buf_drop) struct buf done = {0}, all = {0};
    if (p->bytes_all == 0) {
        put_size(to, p->bytes);
        return;
    }
    put_amount(&done, p->bytes, unit_of(p->bytes_all));
    put_size(&all, p->bytes_all);
    buf_printf(to, text_tr("%s of %s"), buf_text(&done), buf_text(&all));
}

static void put_part(struct buf *to)
{
    if (to->n > 0)
        buf_put_text(to, "  ");
}

/* What a form of the line shows, fullest first. */
struct form {
    bool files, files_all, bytes, rate, left;
};
static const struct form forms[] = {
    {true, true, true, true, true},    {true, false, true, true, true},    {false, false, true, true, true},
    {false, false, true, false, true}, {false, false, true, false, false}, {true, true, false, false, true},
    {true, true, false, false, false}, {true, false, false, false, false},
};

static void put_form(struct buf *to, const struct cli_meter_view *v, const struct form *form)
{
    const struct verbs_progress *p = &v->done;
    if (form->files && (p->files > 0 || p->files_all > 0))
        put_files(to, p, form->files_all);
    if (form->bytes && (p->bytes > 0 || p->bytes_all > 0)) {
        put_part(to);
        put_bytes(to, p);
    }
    if (to->n == 0)
        return;
    if (form->rate && v->bytes_per_s > 0) {
        put_part(to);
        put_size(to, v->bytes_per_s);
        buf_put_text(to, "/s");
    }
    if (form->left && v->left_s >= 0) {
        OWN(buf_drop) struct buf left = {0};
        put_duration(&left, v->left_s);
        put_part(to);
        buf_printf(to, text_tr("%s left"), buf_text(&left));
    }
}

void cli_meter_line(const struct cli_meter_view *view, size_t columns, struct buf *to)
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        OWN(buf_drop) struct buf line = {0};
        put_form(&line, view, &forms[i]);
        if (line.n > 0 && unicode_columns(buf_bytes(&line)) <= columns) {
            buf_put_bytes(to, buf_bytes(&line));
            return;
        }
    }
}

static const struct cli_meter_sample *newest(const struct cli_meter *m)
{
    return &m->sample[(m->samples - 1) % CLI_METER_SAMPLES];
}

static void take_sample(struct cli_meter *m, const struct verbs_progress *p, uint64_t now_ms)
{
    /* Another stretch of the work, which counts from its own beginning. */
    if (m->samples > 0 && (p->bytes < newest(m)->bytes || p->files < newest(m)->files))
        m->samples = 0;
    if (m->samples > 0 && now_ms - newest(m)->at_ms < SAMPLE_MS)
        return;
    m->sample[m->samples % CLI_METER_SAMPLES] = (struct cli_meter_sample){now_ms, p->files, p->bytes};
    m->samples++;
}

static uint64_t per_second(uint64_t amount, uint64_t ms)
{
    assert(ms > 0);
    return amount <= UINT64_MAX / 1000 ? amount * 1000 / ms : amount / ms * 1000;
}

static int64_t time_left(uint64_t done, uint64_t all, uint64_t moved, uint64_t ms)
{
    uint64_t rate = per_second(moved, ms);
    if (all == 0 || done > all || rate == 0)
        return -1;
    uint64_t left_s = (all - done) / rate;
    return left_s <= LEFT_S_MAX ? (int64_t)left_s : -1;
}

void cli_meter_view_at(struct cli_meter *m, const struct verbs_progress *p, uint64_t now_ms, struct cli_meter_view *ret)
{
    take_sample(m, p, now_ms);
    *ret = (struct cli_meter_view){.done = *p, .left_s = -1};
    size_t first = m->samples > CLI_METER_SAMPLES ? m->samples - CLI_METER_SAMPLES : 0;
    const struct cli_meter_sample *oldest = &m->sample[first % CLI_METER_SAMPLES];
    uint64_t ms = now_ms - oldest->at_ms;
    if (ms < RATE_MS_MIN)
        return;
    ret->bytes_per_s = per_second(p->bytes - oldest->bytes, ms);
    ret->left_s = p->bytes_all > 0 ? time_left(p->bytes, p->bytes_all, p->bytes - oldest->bytes, ms)
                                   : time_left(p->files, p->files_all, p->files - oldest->files, ms);
}

static void write_all(int fd, struct bytes x)
{
    /* Progress that cannot be shown is not missed: the answer goes another way. */
    while (x.n > 0) {
        ssize_t n = write(fd, x.p, x.n);
        if (n <= 0)
            return;
        x = bytes_of(x.p + n, x.n - (size_t)n);
    }
}

/* Back to the line's beginning, and nothing behind it (ECMA-48 EL). */
static const char blank[] = "\r\033[K";

void cli_meter_show(struct cli_meter *m, const struct verbs_progress *p, uint64_t now_ms)
{
    if (!m->on)
        return;
    struct cli_meter_view view;
    cli_meter_view_at(m, p, now_ms, &view);
    bool first = m->drawn_ms == 0;
    if (!first && now_ms - m->drawn_ms < REDRAW_MS)
        return;
    m->drawn_ms = now_ms;
    if (first)
        return; /* what is done at once needs no line */
    OWN(buf_drop) struct buf line = {0};
    buf_put_text(&line, blank);
    cli_meter_line(&view, cli_terminal_columns(m->fd) - 1, &line);
    write_all(m->fd, buf_bytes(&line));
    m->drawn = true;
}

void cli_meter_clear(struct cli_meter *m)
{
    if (m->drawn)
        write_all(m->fd, bytes_text(blank));
    m->drawn = false;
}
