/*
 * Charts as SVG: numbers and words in, one self-contained picture out.
 *
 * No script, no font file, no reference to anything outside; the same input gives the same bytes.  Words are escaped
 * here; numbers are shown with a comma between thousands.  Colours keep their distance for the colour-blind.
 */
#ifndef CHART_CHART_H
#define CHART_CHART_H

#include "base/bytes.h"

/* Estimates below one another, on one scale: a point and its limits each.  ${mark}: a line through all; 0: none. */
struct chart_interval {
    const char *label;
    double low, middle, high;
    bool bound; /* a lower bound: an arrow to the right instead of an upper limit */
};
struct chart_forest {
    const char *title, *mark_label;
    double mark;
    const struct chart_interval *rows;
    size_t count;
};
void chart_forest(const struct chart_forest *c, struct buf *to);

/* Densities over one axis: each in its own colour, each as high as the highest. */
struct chart_curve {
    const char *label;
    const double *x, *y;
    size_t count;
};
enum { CHART_CURVES_MAX = 4 };
void chart_density(const char *title, const struct chart_curve *curves, size_t count, struct buf *to);

/* Overlaps of lists (UpSet): a bar for each combination, dots for its lists.  A label stands for a hidden count. */
struct chart_overlap {
    uint32_t lists; /* bit j: list j */
    double height;
    const char *label;
};
struct chart_upset {
    const char *title;
    const char *const *lists;
    size_t list_count;
    const struct chart_overlap *overlaps; /* in the order shown */
    size_t count;
};
void chart_upset(const struct chart_upset *c, struct buf *to);

/* Documented, imputed and estimated side by side, for each stratum; the estimate with its limits.  0: not there. */
struct chart_bar {
    const char *label;
    double documented, imputed, estimated, low, high;
    bool bound; /* a lower bound: an arrow to the right instead of an upper limit */
};
struct chart_bars {
    const char *title, *documented, *imputed, *estimated; /* words of the legend */
    const struct chart_bar *bars;
    size_t count;
};
void chart_bars(const struct chart_bars *c, struct buf *to);

#endif
