/*
 * What the charts share: the frame, words, numbers, and one axis from zero or not.
 */
#ifndef CHART_CHART_INTERNAL_H
#define CHART_CHART_INTERNAL_H

#include "chart/chart.h"

extern const char *const chart_colours[CHART_CURVES_MAX];

void chart_begin(struct buf *to, unsigned width, unsigned height, const char *title);
void chart_end(struct buf *to);
enum chart_anchor { CHART_START, CHART_MIDDLE, CHART_END };
void chart_words(struct buf *to, double x, double y, enum chart_anchor anchor, const char *words);
void chart_number(char to[32], double value); /* "12,345"; one decimal below 10 unless whole */
void chart_line(struct buf *to, double x1, double y1, double x2, double y2, const char *colour, double width);
void chart_box(struct buf *to, double x, double y, double width, double height, const char *colour);
void chart_dot(struct buf *to, double x, double y, double radius, const char *colour);

struct chart_axis {
    double low, high;   /* values at both ends, on round numbers */
    double step;        /* between marks */
    double from, to_px; /* pixels */
};
void chart_axis_set(struct chart_axis *a, double low, double high, double from_px, double to_px);
double chart_axis_at(const struct chart_axis *a, double value); /* the pixel, held within the axis */
void chart_axis_draw_below(const struct chart_axis *a, double y, double top, struct buf *to);
void chart_axis_draw_left(const struct chart_axis *a, double x, double right, struct buf *to);

#endif
