#include "chart/chart_internal.h"

#include <assert.h>

enum { WIDTH = 860, HEIGHT = 380, LEFT = 40, RIGHT = 820, TOP = 60, BOTTOM = 330 };

static void put_curve(const struct chart_curve *c, const struct chart_axis *a, const char *colour, struct buf *to)
{
    double highest = 0;
    for (size_t i = 0; i < c->count; i++)
        highest = c->y[i] > highest ? c->y[i] : highest;
    if (!(highest > 0))
        return;
    buf_printf(to, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (size_t i = 0; i < c->count; i++)
        buf_printf(to, "%s%.1f,%.1f", i > 0 ? " " : "", chart_axis_at(a, c->x[i]),
                   BOTTOM - (BOTTOM - TOP) * (c->y[i] / highest));
    buf_put_text(to, "\"/>\n");
}

void chart_density(const char *title, const struct chart_curve *curves, size_t count, struct buf *to)
{
    assert(count <= CHART_CURVES_MAX);
    double low = 0, high = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < curves[i].count; k++) {
            double x = curves[i].x[k];
            low = i + k == 0 || x < low ? x : low;
            high = i + k == 0 || x > high ? x : high;
        }
    struct chart_axis axis;
    chart_axis_set(&axis, low, high, LEFT, RIGHT);
    chart_begin(to, WIDTH, HEIGHT, title);
    chart_axis_draw_below(&axis, BOTTOM, TOP, to);
    for (size_t i = 0; i < count; i++) {
        double y = 46 + (double)i * 18;
        put_curve(&curves[i], &axis, chart_colours[i], to);
        chart_line(to, RIGHT - 190, y, RIGHT - 166, y, chart_colours[i], 3);
        chart_words(to, RIGHT - 160, y + 4, CHART_START, curves[i].label);
    }
    chart_end(to);
}
