#include "chart/chart_internal.h"

#include "base/xml.h"

#include <math.h>
#include <stdio.h>

/* Okabe and Ito 2008. */
const char *const chart_colours[CHART_CURVES_MAX] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

void chart_begin(struct buf *to, unsigned width, unsigned height, const char *title)
{
    buf_printf(to,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
               "font-family=\"sans-serif\" font-size=\"13\">\n<title>",
               width, height, width, height);
    xml_put_text(to, title);
    buf_printf(to, "</title>\n<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n", width, height);
    buf_put_text(to, "<text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">");
    xml_put_text(to, title);
    buf_put_text(to, "</text>\n");
}

void chart_end(struct buf *to)
{
    buf_put_text(to, "</svg>\n");
}

void chart_words(struct buf *to, double x, double y, enum chart_anchor anchor, const char *words)
{
    static const char *const names[] = {"start", "middle", "end"};
    buf_printf(to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, names[anchor]);
    xml_put_text(to, words);
    buf_put_text(to, "</text>\n");
}

void chart_number(char to[32], double value)
{
    char digits[32];
    double whole = floor(fabs(value) + 0.5);
    if (fabs(value) < 10 && value != floor(value)) {
        (void)snprintf(to, 32, "%.1f", value);
        return;
    }
    if (whole >= 1e15) {
        (void)snprintf(to, 32, "%.3g", value);
        return;
    }
    int n = snprintf(digits, sizeof digits, "%.0f", whole), at = 0;
    if (value <= -0.5)
        to[at++] = '-';
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            to[at++] = ',';
        to[at++] = digits[i];
    }
    to[at] = 0;
}

void chart_line(struct buf *to, double x1, double y1, double x2, double y2, const char *colour, double width)
{
    buf_printf(to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>\n", x1,
               y1, x2, y2, colour, width);
}

void chart_box(struct buf *to, double x, double y, double width, double height, const char *colour)
{
    buf_printf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width, height,
               colour);
}

void chart_dot(struct buf *to, double x, double y, double radius, const char *colour)
{
    buf_printf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n", x, y, radius, colour);
}

/* Steps of 1, 2 or 5 times a power of ten, four to ten of them. */
void chart_axis_set(struct chart_axis *a, double low, double high, double from_px, double to_px)
{
    if (!(high > low))
        high = low + 1;
    double step = 1e-6;
    static const double next[] = {2, 2.5, 2};
    for (unsigned i = 0; (high - low) / step > 8; i++)
        step *= next[i % 3];
    a->step = step;
    a->low = floor(low / step) * step;
    a->high = ceil(high / step) * step;
    a->from = from_px;
    a->to_px = to_px;
}

double chart_axis_at(const struct chart_axis *a, double value)
{
    double share = (value - a->low) / (a->high - a->low);
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return a->from + (a->to_px - a->from) * share;
}

static unsigned marks(const struct chart_axis *a)
{
    return (unsigned)((a->high - a->low) / a->step + 1.5);
}

void chart_axis_draw_below(const struct chart_axis *a, double y, double top, struct buf *to)
{
    for (unsigned i = 0; i < marks(a); i++) {
        char number[32];
        double value = a->low + i * a->step, x = chart_axis_at(a, value);
        chart_line(to, x, top, x, y, "#dddddd", 1);
        chart_number(number, value);
        chart_words(to, x, y + 18, CHART_MIDDLE, number);
    }
    chart_line(to, a->from, y, a->to_px, y, "#444444", 1);
}

void chart_axis_draw_left(const struct chart_axis *a, double x, double right, struct buf *to)
{
    for (unsigned i = 0; i < marks(a); i++) {
        char number[32];
        double value = a->low + i * a->step, y = chart_axis_at(a, value);
        chart_line(to, x, y, right, y, "#dddddd", 1);
        chart_number(number, value);
        chart_words(to, x - 6, y + 4, CHART_END, number);
    }
}
