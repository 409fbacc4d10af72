#include "chart/chart_internal.h"

enum { WIDTH = 860, LEFT = 220, RIGHT = 820, TOP = 76, ROW = 64, BAR = 14 };

static void put_stratum(const struct chart_bar *b, const struct chart_axis *a, double y, struct buf *to)
{
    chart_words(to, LEFT - 10, y + 26, CHART_END, b->label);
    chart_box(to, LEFT, y, chart_axis_at(a, b->documented) - LEFT, BAR, "#555555");
    if (b->imputed > 0)
        chart_box(to, LEFT, y + BAR + 2, chart_axis_at(a, b->imputed) - LEFT, BAR, chart_colours[2]);
    if (!(b->estimated > 0))
        return;
    double middle = y + 2 * (BAR + 2) + BAR / 2.0, low = chart_axis_at(a, b->low);
    double high = b->bound ? a->to_px : chart_axis_at(a, b->high);
    chart_box(to, LEFT, y + 2 * (BAR + 2), chart_axis_at(a, b->estimated) - LEFT, BAR, chart_colours[0]);
    chart_line(to, low, middle, high, middle, "#000000", 1.5);
    chart_line(to, low, middle - 5, low, middle + 5, "#000000", 1.5);
    chart_line(to, b->bound ? high - 7 : high, middle - 5, high, b->bound ? middle : middle + 5, "#000000", 1.5);
    if (b->bound)
        chart_line(to, high - 7, middle + 5, high, middle, "#000000", 1.5);
}

void chart_bars(const struct chart_bars *c, struct buf *to)
{
    const char *const words[] = {c->documented, c->imputed, c->estimated};
    const char *const colours[] = {"#555555", chart_colours[2], chart_colours[0]};
    double highest = 1;
    for (size_t i = 0; i < c->count; i++) {
        const struct chart_bar *b = &c->bars[i];
        highest = b->documented > highest ? b->documented : highest;
        highest = b->imputed > highest ? b->imputed : highest;
        highest = b->estimated > highest ? b->estimated : highest;
        highest = !b->bound && b->high > highest ? b->high : highest;
    }
    struct chart_axis axis;
    double bottom = TOP + (double)c->count * ROW;
    chart_axis_set(&axis, 0, highest, LEFT, RIGHT);
    chart_begin(to, WIDTH, (unsigned)bottom + 40, c->title);
    chart_axis_draw_below(&axis, bottom, TOP - 8, to);
    for (size_t i = 0; i < 3; i++) {
        chart_box(to, LEFT + (double)i * 180, 40, 12, 12, colours[i]);
        chart_words(to, LEFT + 18 + (double)i * 180, 51, CHART_START, words[i]);
    }
    for (size_t i = 0; i < c->count; i++)
        put_stratum(&c->bars[i], &axis, TOP + (double)i * ROW, to);
    chart_end(to);
}
