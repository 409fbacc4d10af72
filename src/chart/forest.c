#include "chart/chart_internal.h"

enum { WIDTH = 860, LEFT = 300, RIGHT = 820, TOP = 48, ROW = 26 };

static void put_row(const struct chart_interval *r, const struct chart_axis *a, double y, struct buf *to)
{
    double low = chart_axis_at(a, r->low), middle = chart_axis_at(a, r->middle);
    double high = r->bound ? a->to_px : chart_axis_at(a, r->high);
    chart_words(to, LEFT - 12, y + 4, CHART_END, r->label);
    chart_line(to, low, y, high, y, chart_colours[0], 2);
    chart_line(to, low, y - 5, low, y + 5, chart_colours[0], 2);
    if (r->bound) {
        chart_line(to, high - 7, y - 5, high, y, chart_colours[0], 2);
        chart_line(to, high - 7, y + 5, high, y, chart_colours[0], 2);
    } else
        chart_line(to, high, y - 5, high, y + 5, chart_colours[0], 2);
    chart_dot(to, middle, y, 4.5, chart_colours[1]);
}

void chart_forest(const struct chart_forest *c, struct buf *to)
{
    double low = c->mark > 0 ? c->mark : c->count > 0 ? c->rows[0].low : 0, high = low;
    for (size_t i = 0; i < c->count; i++) {
        double end = c->rows[i].bound ? c->rows[i].middle : c->rows[i].high;
        low = c->rows[i].low < low ? c->rows[i].low : low;
        high = end > high ? end : high;
    }
    struct chart_axis axis;
    double bottom = TOP + (double)c->count * ROW + 24;
    chart_axis_set(&axis, low, high, LEFT, RIGHT);
    chart_begin(to, WIDTH, (unsigned)bottom + 40, c->title);
    chart_axis_draw_below(&axis, bottom, TOP, to);
    for (size_t i = 0; i < c->count; i++)
        put_row(&c->rows[i], &axis, TOP + 20 + (double)i * ROW, to);
    if (c->mark > 0) {
        double x = chart_axis_at(&axis, c->mark);
        chart_line(to, x, TOP, x, bottom, "#000000", 1.5);
        chart_words(to, x + 4, TOP + 6, CHART_START, c->mark_label);
    }
    chart_end(to);
}
