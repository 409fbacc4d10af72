#include "chart/chart_internal.h"

enum { LEFT = 220, TOP = 60, BARS = 200, COLUMN = 28, ROW = 24 };

static void put_overlap(const struct chart_upset *c, size_t i, const struct chart_axis *a, struct buf *to)
{
    const struct chart_overlap *o = &c->overlaps[i];
    double x = LEFT + 18 + (double)i * COLUMN, y = chart_axis_at(a, o->height);
    double first = 0, last = 0;
    bool any = false;
    chart_box(to, x - 8, y, 16, TOP + BARS - y, chart_colours[0]);
    chart_words(to, x, y - 5, CHART_MIDDLE, o->label);
    for (size_t list = 0; list < c->list_count; list++) {
        double at = TOP + BARS + 20 + (double)list * ROW;
        bool on = (o->lists >> list & 1) != 0;
        chart_dot(to, x, at, 6, on ? "#222222" : "#e0e0e0");
        if (on) {
            first = any ? first : at;
            last = at;
            any = true;
        }
    }
    if (any)
        chart_line(to, x, first, x, last, "#222222", 2);
}

void chart_upset(const struct chart_upset *c, struct buf *to)
{
    double highest = 1;
    for (size_t i = 0; i < c->count; i++)
        highest = c->overlaps[i].height > highest ? c->overlaps[i].height : highest;
    struct chart_axis axis;
    double right = LEFT + 36 + (double)c->count * COLUMN;
    chart_axis_set(&axis, 0, highest, TOP + BARS, TOP);
    chart_begin(to, (unsigned)(right < 480 ? 480 : right), (unsigned)(TOP + BARS + 30 + (double)c->list_count * ROW),
                c->title);
    chart_axis_draw_left(&axis, LEFT, right - 12, to);
    for (size_t list = 0; list < c->list_count; list++)
        chart_words(to, LEFT - 6, TOP + BARS + 24 + (double)list * ROW, CHART_END, c->lists[list]);
    for (size_t i = 0; i < c->count; i++)
        put_overlap(c, i, &axis, to);
    chart_end(to);
}
