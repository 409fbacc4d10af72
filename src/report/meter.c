#include "report/report_internal.h"

#include "base/clock.h"

#include <pthread.h>
#include <unistd.h>

enum { REDRAW_MS = 250, GUESS_AFTER_MS = 1500 };

/* What has been done of the most there can be; the work may end sooner, when the gates are passed. */
void report_meter_line(const struct report_meter *m, uint64_t now_ms, struct buf *to)
{
    double share = m->all > 0 ? m->done / m->all : 0;
    share = share > 1 ? 1 : share;
    buf_printf(to, "%3.0f %%", 100 * share);
    uint64_t spent_ms = now_ms - m->begun_ms;
    if (spent_ms < GUESS_AFTER_MS || !(share > 0))
        return;
    unsigned left_s = (unsigned)((double)spent_ms / 1000 * (1 - share) / share + 0.5);
    buf_put_text(to, "  ");
    buf_printf(to, text_tr("at most %u:%02u left"), left_s / 60, left_s % 60);
}

void report_meter_add(void *meter, double work)
{
    struct report_meter *m = meter;
    if (m == NULL || !m->on)
        return;
    (void)pthread_mutex_lock(m->lock);
    m->done += work;
    uint64_t now_ms = time_monotonic_ms();
    if (now_ms - m->drawn_ms >= REDRAW_MS) {
        OWN(buf_drop) struct buf line = {0};
        m->drawn_ms = now_ms;
        buf_put_text(&line, "\r\033[K");
        report_meter_line(m, now_ms, &line);
        ssize_t written = write(m->fd, line.p, line.n);
        (void)written; /* progress that cannot be shown is not missed */
    }
    (void)pthread_mutex_unlock(m->lock);
}
