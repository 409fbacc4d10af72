#include "report/report_internal.h"

#include "base/file.h"
#include "chart/chart.h"

#include <stdio.h>

enum { OVERLAPS_MAX = 40, HIDDEN_BELOW = 5 };

static int save(const char *folder, const char *name, size_t index, const struct buf *svg, struct err *e)
{
    struct file_path path;
    int rc = buf_check(svg, e);
    if (rc == 0)
        rc = file_path(&path, e, "%s/%s-%zu.svg", folder, name, index + 1);
    return rc != 0 ? rc : file_replace(path.s, buf_bytes(svg), 0644, e);
}

static const char *title_of(const struct report_table *t, const char *words, char *to, size_t room)
{
    (void)snprintf(to, room, "%s%s%s%s%s", words, t->stratum[0] != 0 ? ": " : "", t->stratum,
                   t->replicate[0] != 0 ? " / " : "", t->replicate);
    return to;
}

static void draw_forest(const struct report_table *t, const struct report_answer *a, struct buf *to)
{
    struct chart_interval rows[REPORT_METHODS];
    size_t count = 0;
    char title[600];
    for (unsigned m = 0; m < REPORT_METHODS; m++)
        if (a->method[m].asked && !a->method[m].refused)
            rows[count++] = (struct chart_interval){report_method_words(m), a->method[m].value.low,
                                                    a->method[m].value.n, a->method[m].value.high, a->method[m].bound};
    struct chart_forest c = {.title = title_of(t, text_tr("How many, by method"), title, sizeof title),
                             .mark_label = text_tr("documented"),
                             .mark = (double)estimate_observed(&t->table),
                             .rows = rows,
                             .count = count};
    chart_forest(&c, to);
}

static void draw_without(const struct report_input *in, const struct report_table *t, const struct report_answer *a,
                         struct buf *to)
{
    struct chart_interval rows[ESTIMATE_LISTS_MAX + 1];
    size_t count = 0;
    char title[600];
    if (!a->method[REPORT_LOGLINEAR].refused)
        rows[count++] = (struct chart_interval){
            text_tr("all lists"), a->method[REPORT_LOGLINEAR].value.low, a->method[REPORT_LOGLINEAR].value.n,
            a->method[REPORT_LOGLINEAR].value.high, a->method[REPORT_LOGLINEAR].bound};
    for (unsigned list = 0; list < in->list_count; list++)
        if (a->has_without[list])
            rows[count++] = (struct chart_interval){in->lists[list], a->without[list].low, a->without[list].n,
                                                    a->without[list].high, a->method[REPORT_LOGLINEAR].bound};
    struct chart_forest c = {
        .title = title_of(t, text_tr("Each list left out in turn (log-linear models, averaged)"), title, sizeof title),
        .mark_label = text_tr("documented"),
        .mark = (double)estimate_observed(&t->table),
        .rows = rows,
        .count = count};
    chart_forest(&c, to);
}

static void draw_density(const struct report_table *t, const struct report_answer *a, struct buf *to)
{
    struct chart_curve curves[2];
    size_t count = 0;
    char title[600];
    if (a->method[REPORT_DGA].asked && !a->method[REPORT_DGA].refused)
        curves[count++] =
            (struct chart_curve){report_method_words(REPORT_DGA), a->dga.curve_n, a->dga.curve_p, ESTIMATE_CURVE};
    if (a->method[REPORT_LATENT].asked && !a->method[REPORT_LATENT].refused)
        curves[count++] = (struct chart_curve){report_method_words(REPORT_LATENT), a->latent.curve_n, a->latent.curve_p,
                                               ESTIMATE_CURVE};
    if (count > 0)
        chart_density(title_of(t, text_tr("How probable each number is"), title, sizeof title), curves, count, to);
}

struct overlap_order {
    uint32_t lists;
    uint64_t count;
};

static int larger_first(const void *a, const void *b)
{
    const struct overlap_order *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->lists < y->lists ? -1 : x->lists > y->lists;
}

/* Counts of one to four could name persons: they are shown as "<5", all at one height. */
static void draw_upset(const struct report_input *in, const struct report_table *t, struct buf *to)
{
    struct overlap_order order[ESTIMATE_CELLS_MAX];
    struct chart_overlap shown[OVERLAPS_MAX];
    char labels[OVERLAPS_MAX][32], title[600];
    size_t count = 0;
    for (size_t cell = 1; cell < estimate_cells(&t->table); cell++)
        if (t->table.cells[cell] > 0)
            order[count++] = (struct overlap_order){
                (uint32_t)cell, t->table.cells[cell] < HIDDEN_BELOW ? HIDDEN_BELOW - 1 : t->table.cells[cell]};
    qsort(order, count, sizeof *order, larger_first);
    count = count < OVERLAPS_MAX ? count : OVERLAPS_MAX;
    for (size_t i = 0; i < count; i++) {
        bool hidden = order[i].count < HIDDEN_BELOW;
        report_number(labels[i], (double)order[i].count);
        shown[i] = (struct chart_overlap){order[i].lists, (double)order[i].count, hidden ? "<5" : labels[i]};
    }
    struct chart_upset c = {.title = title_of(t, text_tr("Who is on which lists"), title, sizeof title),
                            .lists = (const char *const *)in->lists,
                            .list_count = in->list_count,
                            .overlaps = shown,
                            .count = count};
    chart_upset(&c, to);
}

static int draw_table(const struct report_input *in, const struct report_answer *answers, size_t i, const char *folder,
                      struct err *e)
{
    const struct report_answer *a = &answers[i];
    const struct report_table *t = &in->tables[i];
    OWN(buf_drop) struct buf upset = {0}, forest = {0}, density = {0}, without = {0};
    draw_upset(in, t, &upset);
    int rc = save(folder, "overlap", i, &upset, e);
    if (rc != 0 || a->refused)
        return rc;
    draw_forest(t, a, &forest);
    draw_density(t, a, &density);
    rc = save(folder, "methods", i, &forest, e);
    if (rc == 0 && density.n > 0)
        rc = save(folder, "probability", i, &density, e);
    if (rc == 0 && a->method[REPORT_LOGLINEAR].asked) {
        draw_without(in, t, a, &without);
        rc = save(folder, "left-out", i, &without, e);
    }
    return rc;
}

static struct chart_bar bar_of(const struct report_input *in, const struct report_answer *answers,
                               const struct report_stratum *s)
{
    struct chart_bar b = {.label = in->tables[s->first].stratum, .documented = s->documented};
    int m = report_headline(&answers[s->first]);
    const struct estimate_value *v = m >= 0 ? &answers[s->first].method[m].value : NULL;
    b.bound = m >= 0 && answers[s->first].method[m].bound;
    if (in->tables[s->first].replicate[0] != 0) {
        v = NULL;
        for (unsigned k = 0; k < REPORT_METHODS; k++)
            if (s->has_combined[k] && estimate_refused(&s->combined[k].reasons) == NULL) {
                v = &s->combined[k].value;
                b.bound = s->bound[k];
                b.imputed = s->combined[k].observed_mean;
            }
    }
    if (v != NULL) {
        b.estimated = v->n;
        b.low = v->low;
        b.high = v->high;
    }
    return b;
}

static int draw_strata(const struct report_input *in, const struct report_answer *answers, const char *folder,
                       struct err *e)
{
    OWN(mem_drop) struct report_stratum *strata = NULL;
    OWN(buf_drop) struct buf svg = {0};
    size_t count = 0;
    int rc = report_strata(in, answers, &strata, &count, e);
    if (rc != 0)
        return rc;
    OWN(mem_drop) struct chart_bar *bars = calloc(count, sizeof *bars);
    if (bars == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++)
        bars[i] = bar_of(in, answers, &strata[i]);
    struct chart_bars c = {text_tr("Documented, imputed, estimated"),
                           text_tr("documented"),
                           text_tr("imputed"),
                           text_tr("estimated"),
                           bars,
                           count};
    chart_bars(&c, &svg);
    return save(folder, "strata", 0, &svg, e);
}

int report_pictures(const struct report_input *in, const struct report_answer *answers, const char *folder,
                    struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < in->count; i++)
        rc = draw_table(in, answers, i, folder, e);
    return rc == 0 ? draw_strata(in, answers, folder, e) : rc;
}
