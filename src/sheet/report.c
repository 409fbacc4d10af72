#include "sheet/report.h"

#include "base/file.h"
#include "base/text.h"

enum { CAPPED_TOLD = 10, PLOT_WIDTH = 640, PLOT_HEIGHT = 320, SIZES = 12 };

static double root(double x)
{
    double r = x > 1 ? x : 1;
    for (unsigned i = 0; i < 60; i++)
        r = (r + x / r) / 2;
    return x <= 0 ? 0 : r;
}

void sheet_interval(uint64_t right, uint64_t n, uint32_t *ret_low, uint32_t *ret_high)
{
    const double z = 1.959964, count = (double)n;
    if (n == 0) {
        *ret_low = 0;
        *ret_high = 1000000;
        return;
    }
    double p = (double)right / count, centre = p + z * z / (2 * count);
    double reach = z * root(p * (1 - p) / count + z * z / (4 * count * count)), of = 1 + z * z / count;
    double low = (centre - reach) / of, high = (centre + reach) / of;
    *ret_low = low <= 0 ? 0 : (uint32_t)(low * 1e6 + 0.5);
    *ret_high = high >= 1 ? 1000000 : (uint32_t)(high * 1e6 + 0.5);
}

static uint64_t persons(const struct match_result *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->records; i++)
        n += r->cluster[i] == i;
    return n;
}

static bool among_below(const struct match_result *r, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < r->below_count; i++)
        if ((r->below[i].a == a && r->below[i].b == b) || (r->below[i].a == b && r->below[i].b == a))
            return true;
    return false;
}

/*
 * What people said of pairs drawn by lot; a decision binds the linkage, so its own pair says where it stood by
 * the sample.
 */
static void say_reviewed(FILE *to, const struct sheet_linkage *l)
{
    uint64_t above[2] = {0}, below[2] = {0};
    for (size_t i = 0; i < l->decisions->count; i++) {
        const struct match_decision *d = &l->decisions->made[i];
        if (!l->decisions->by_lot[i] || d->says == MATCH_CANNOT_TELL)
            continue;
        bool was_below = among_below(&l->result, d->a, d->b);
        uint64_t *of = was_below ? below : above;
        of[0]++;
        of[1] += d->says == MATCH_SAME;
    }
    if (above[0] == 0) {
        sheet_say(to, "no reviewed sample: precision and recall of this linkage have not been measured\n");
        return;
    }
    uint32_t low, high, missed_low, missed_high;
    sheet_interval(above[1], above[0], &low, &high);
    sheet_say(to,
              "reviewed by lot: %lu of %lu proposed pairs were the same: precision %.3f "
              "(95 %% interval %.3f to %.3f)\n",
              (unsigned long)above[1], (unsigned long)above[0], (double)above[1] / (double)above[0], low / 1e6,
              high / 1e6);
    sheet_interval(below[1], below[0], &missed_low, &missed_high);
    double found = (double)l->result.pairs_count, rest = (double)l->result.below_all;
    double worst = found * low / 1e6 / (found * low / 1e6 + rest * missed_high / 1e6 + 1e-9);
    double best = found * high / 1e6 / (found * high / 1e6 + rest * missed_low / 1e6 + 1e-9);
    sheet_say(to,
              "reviewed by lot: %lu of %lu pairs below the threshold were the same: recall %.3f to %.3f of what was "
              "compared\n",
              (unsigned long)below[1], (unsigned long)below[0], worst, best);
}

void sheet_report_say(FILE *to, const struct sheet_linkage *l)
{
    const struct match_result *r = &l->result;
    sheet_say(to, "linkage %016llx: %zu records, %lu clusters, the largest of %u; %zu pairs at %.3f or above\n",
              (unsigned long long)l->ids->version, r->records, (unsigned long)persons(r), r->largest, r->pairs_count,
              r->threshold_ppm / 1e6);
    sheet_say(to, "%lu pairs compared by %u keys; %lu pairs at the threshold are kept apart by their clusters\n",
              (unsigned long)r->compared, r->keys, (unsigned long)r->broken);
    if (r->fitted_records != r->records)
        sheet_say(to, "keys and weights are those of a linkage of %zu records, kept\n", r->fitted_records);
    for (size_t i = 0; i < r->capped_count && i < CAPPED_TOLD; i++)
        sheet_say(to, "not compared pair by pair: %lu records with one value of %s\n",
                  (unsigned long)r->capped[i].size, r->key[r->capped[i].key].name);
    if (r->capped_count > CAPPED_TOLD)
        sheet_say(to, "and %zu more such blocks\n", r->capped_count - CAPPED_TOLD);
    for (unsigned k = 0; k < r->model.count; k++)
        if (r->model.refused[k])
            sheet_say(to, "field %s has no weight: agreement in it was not more frequent among the same\n",
                      l->fields->field[k].name);
    sheet_say(to, "a wrong merge hides a victim: the model expects %.3f of the proposed pairs to be wrong\n",
              1 - r->precision_ppm / 1e6);
    sheet_say(to, "a wrong split invents one: the model expects %.3f of the pairs that are the same to be missed\n",
              1 - r->recall_ppm / 1e6);
    sheet_say(to, "these two are the model's own opinion, not a measurement\n");
    say_reviewed(to, l);
}

/* ---- HTML and SVG ---- */

static void put_escaped(struct buf *to, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '&' || *s == '<' || *s == '>' || *s == '"')
            buf_printf(to, "&#%d;", *s);
        else
            buf_put_u8(to, (uint8_t)*s);
    }
}

static void svg_begin(struct buf *to, unsigned height, const char *title)
{
    buf_printf(to,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" font-family=\"sans-serif\" "
               "font-size=\"12\"><title>",
               PLOT_WIDTH, height);
    put_escaped(to, title);
    buf_put_text(to, "</title>\n");
}

static void svg_text(struct buf *to, int x, int y, const char *text)
{
    buf_printf(to, "<text x=\"%d\" y=\"%d\">", x, y);
    put_escaped(to, text);
    buf_put_text(to, "</text>\n");
}

static void plot_weights(struct buf *to, const struct sheet_linkage *l)
{
    const struct match_result *r = &l->result;
    unsigned rows = 0;
    for (unsigned k = 0; k < r->model.count; k++)
        rows += 1 + MATCH_LEVELS;
    svg_begin(to, rows * 16 + 20, text_tr("What agreement weighs, in bits"));
    int y = 16;
    for (unsigned k = 0; k < r->model.count; k++) {
        svg_text(to, 4, y, l->fields->field[k].name);
        y += 16;
        for (unsigned level = 1; level < MATCH_LEVELS; level++) {
            const struct match_level *v = &r->model.level[k][level];
            if (v->u_ppm == 0 && v->m_ppm == 0)
                continue;
            int width = v->weight * 10 / MATCH_WEIGHT_ONE;
            svg_text(to, 20, y, text_tr(match_level_words(l->fields->field[k].kind, level)));
            buf_printf(to, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"10\" fill=\"%s\"/>\n",
                       width < 0 ? 400 + width : 400, y - 9, width < 0 ? -width : width, width < 0 ? "#a33" : "#375");
            y += 16;
        }
    }
    buf_put_text(to, "</svg>\n");
}

static void plot_curve(struct buf *to, const struct match_result *r)
{
    svg_begin(to, PLOT_HEIGHT, text_tr("Expected precision and recall by threshold"));
    static const char *const colours[] = {"#375", "#a33"};
    for (unsigned which = 0; which < 2; which++) {
        buf_printf(to, "<polyline fill=\"none\" stroke=\"%s\" points=\"", colours[which]);
        for (unsigned i = 0; i < MATCH_CURVE; i++)
            if (r->curve[2 * i] != 0 || r->curve[2 * i + 1] != 0)
                buf_printf(to, "%u,%u ", i * PLOT_WIDTH / MATCH_CURVE,
                           PLOT_HEIGHT - (unsigned)((uint64_t)r->curve[2 * i + which] * PLOT_HEIGHT / 1000000));
        buf_put_text(to, "\"/>\n");
    }
    svg_text(to, 4, PLOT_HEIGHT - 24, text_tr("expected precision"));
    svg_text(to, 4, PLOT_HEIGHT - 8, text_tr("expected recall"));
    for (int which = 0; which < 2; which++)
        buf_printf(to, "<rect x=\"150\" y=\"%d\" width=\"24\" height=\"3\" fill=\"%s\"/>\n",
                   PLOT_HEIGHT - 28 + 16 * which, colours[which]);
    unsigned at = (unsigned)((uint64_t)r->threshold_ppm * PLOT_WIDTH / 1000000);
    buf_printf(to, "<line x1=\"%u\" x2=\"%u\" y1=\"0\" y2=\"%d\" stroke=\"#888\"/>\n</svg>\n", at, at, PLOT_HEIGHT);
}

static int plot_clusters(struct buf *to, const struct match_result *r, struct err *e)
{
    uint64_t count[SIZES + 1] = {0}, most = 1;
    OWN(mem_drop) uint32_t *sizes = calloc(r->records + 1, sizeof *sizes);
    if (sizes == NULL)
        return err_memory(e);
    for (size_t i = 0; i < r->records; i++)
        sizes[r->cluster[i]]++;
    for (size_t i = 0; i < r->records; i++)
        if (sizes[i] != 0)
            count[sizes[i] < SIZES ? sizes[i] : SIZES]++;
    for (unsigned i = 1; i <= SIZES; i++)
        most = count[i] > most ? count[i] : most;
    svg_begin(to, SIZES * 18 + 24, text_tr("Clusters by how many records they hold"));
    for (unsigned i = 1; i <= SIZES; i++) {
        char label[32];
        (void)snprintf(label, sizeof label, i < SIZES ? "%u" : "%u+", i);
        svg_text(to, 4, (int)i * 18, label);
        buf_printf(to, "<rect x=\"40\" y=\"%u\" width=\"%llu\" height=\"12\" fill=\"#357\"/>\n", i * 18 - 11,
                   (unsigned long long)(count[i] * 480 / most));
        (void)snprintf(label, sizeof label, "%llu", (unsigned long long)count[i]);
        svg_text(to, 530, (int)i * 18, label);
    }
    buf_put_text(to, "</svg>\n");
    return 0;
}

static int write_one(const char *folder, const char *name, struct buf *content, struct err *e)
{
    struct file_path path;
    int rc = buf_check(content, e);
    rc = rc == 0 ? file_path(&path, e, "%s/%s", folder, name) : rc;
    return rc == 0 ? file_replace(path.s, buf_bytes(content), 0666, e) : rc;
}

/* The sentences of the report, each a paragraph. */
static int put_sentences(struct buf *to, const struct sheet_linkage *l, struct err *e)
{
    OWN(mem_drop) char *text = NULL;
    size_t n = 0;
    FILE *memory = open_memstream(&text, &n);
    if (memory == NULL)
        return err_memory(e);
    sheet_report_say(memory, l);
    if (fclose(memory) != 0)
        return err_memory(e);
    struct cursor c = cursor_of(bytes_of((const uint8_t *)text, n));
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        if (c.failed)
            break;
        text[line.p + line.n - (const uint8_t *)text] = '\0';
        buf_put_text(to, "<p>");
        put_escaped(to, (const char *)line.p);
        buf_put_text(to, "</p>\n");
    }
    return 0;
}

static void put_picture(struct buf *to, const char *title, const struct buf *picture)
{
    buf_put_text(to, "<h2>");
    put_escaped(to, title);
    buf_put_text(to, "</h2>\n");
    buf_put_bytes(to, buf_bytes(picture));
}

int sheet_report_write(const char *folder, const struct sheet_linkage *l, struct err *e)
{
    OWN(buf_drop) struct buf weights = {0}, curve = {0}, clusters = {0}, page = {0};
    int rc = file_make_folders(folder, e);
    if (rc != 0)
        return rc;
    plot_weights(&weights, l);
    plot_curve(&curve, &l->result);
    rc = plot_clusters(&clusters, &l->result, e);
    buf_put_text(&page, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>");
    put_escaped(&page, text_tr("Linkage"));
    buf_printf(&page, " %016llx</title>", (unsigned long long)l->ids->version);
    buf_put_text(&page, "<style>body{max-width:44em;margin:2em auto;font-family:sans-serif}</style></head>\n");
    buf_put_text(&page, "<body>\n<h1>");
    put_escaped(&page, text_tr("Linkage"));
    buf_printf(&page, " %016llx</h1>\n", (unsigned long long)l->ids->version);
    rc = rc == 0 ? put_sentences(&page, l, e) : rc;
    put_picture(&page, text_tr("What agreement weighs, in bits"), &weights);
    put_picture(&page, text_tr("Expected precision and recall by threshold"), &curve);
    put_picture(&page, text_tr("Clusters by how many records they hold"), &clusters);
    buf_put_text(&page, "</body></html>\n");
    rc = rc == 0 ? write_one(folder, "weights.svg", &weights, e) : rc;
    rc = rc == 0 ? write_one(folder, "threshold.svg", &curve, e) : rc;
    rc = rc == 0 ? write_one(folder, "clusters.svg", &clusters, e) : rc;
    return rc == 0 ? write_one(folder, "report.html", &page, e) : rc;
}
