#include "base/text.h"
#include "sheet/fields.h"
#include "sheet/kept.h"
#include "sheet/records.h"

/* ---- out ---- */

static void put_probability(struct table_out *out, int32_t weight)
{
    char text[16];
    uint32_t ppm = match_probability_ppm(weight);
    (void)snprintf(text, sizeof text, "%u.%06u", ppm / 1000000, ppm % 1000000);
    table_put_text(out, text);
}

static int write_pairs(const char *path, const struct sheet_linkage *l, struct err *e)
{
    OWN(table_out_drop) struct table_out *out = NULL;
    int rc = table_create(path, &out, e);
    if (rc != 0)
        return rc;
    table_put_text(out, "id_a");
    table_put_text(out, "id_b");
    table_put_text(out, "probability");
    table_end(out);
    for (size_t i = 0; i < l->result.pairs_count; i++) {
        table_put(out, sheet_id_of(l->ids, l->result.pairs[i].a));
        table_put(out, sheet_id_of(l->ids, l->result.pairs[i].b));
        put_probability(out, l->result.pairs[i].weight);
        table_end(out);
    }
    return table_commit(TAKE(out), e);
}

static int write_clusters(const char *path, const struct sheet_linkage *l, struct err *e)
{
    OWN(table_out_drop) struct table_out *out = NULL;
    int rc = table_create(path, &out, e);
    if (rc != 0)
        return rc;
    table_put_text(out, "id");
    table_put_text(out, "cluster");
    table_end(out);
    for (size_t i = 0; i < l->result.records; i++) {
        table_put(out, sheet_id_of(l->ids, i));
        table_put_decimal(out, (uint64_t)l->result.cluster[i] + 1);
        table_end(out);
    }
    return table_commit(TAKE(out), e);
}

static void put_explanation(struct table_out *out, const struct sheet_linkage *l, const struct match_pair *p)
{
    OWN(buf_drop) struct buf text = {0};
    uint8_t levels[MATCH_FIELDS_MAX];
    bool exchanged = match_explain(l->linkage, l->frame, p->a, p->b, levels);
    for (unsigned i = 0; i < l->fields->count; i++)
        buf_printf(&text, "%s%s: %s", i == 0 ? "" : "; ", l->fields->field[i].name,
                   text_tr(match_level_words(l->fields->field[i].kind, levels[i])));
    if (exchanged)
        buf_printf(&text, "; %s", text_tr("given name and surname are exchanged"));
    table_put_text(out, buf_text(&text));
}

static void put_review(struct table_out *out, const struct sheet_linkage *l, const struct match_pair *p,
                       const char *drawn)
{
    table_put(out, sheet_id_of(l->ids, p->a));
    table_put(out, sheet_id_of(l->ids, p->b));
    put_probability(out, p->weight);
    table_put_text(out, drawn);
    put_explanation(out, l, p);
    table_put_text(out, "");
    table_end(out);
}

/*
 * The queue by effect on the count, and behind it samples by lot above and below the threshold, for the error
 * report.
 */
static int write_review(const char *path, const struct sheet_linkage *l, struct err *e)
{
    static const char *const header[] = {"id_a", "id_b", "probability", "drawn", "explanation", "decision"};
    OWN(table_out_drop) struct table_out *out = NULL;
    const struct match_result *r = &l->result;
    int rc = table_create(path, &out, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < COUNT(header); i++)
        table_put_text(out, header[i]);
    table_end(out);
    for (size_t i = 0; i < r->review_count; i++)
        put_review(out, l, &r->review[i], "by effect");
    uint64_t lots = r->pairs_count <= MATCH_SAMPLE ? UINT64_MAX : UINT64_MAX / r->pairs_count * MATCH_SAMPLE;
    for (size_t i = 0; i < r->pairs_count; i++)
        if (match_lot(r->pairs[i].a, r->pairs[i].b) <= lots)
            put_review(out, l, &r->pairs[i], "by lot");
    for (size_t i = 0; i < r->below_count; i++)
        put_review(out, l, &r->below[i], "by lot");
    return table_commit(TAKE(out), e);
}

static int write_all(const struct sheet_arguments *a, const struct sheet_linkage *l, struct err *e)
{
    const char *review = sheet_option(a, "review"), *report = sheet_option(a, "report");
    int rc = write_pairs(sheet_option(a, "pairs"), l, e);
    rc = rc == 0 ? write_clusters(sheet_option(a, "clusters"), l, e) : rc;
    rc = rc == 0 && review != NULL ? write_review(review, l, e) : rc;
    return rc == 0 && report != NULL ? sheet_report_write(report, l, e) : rc;
}

/* ---- all of a linkage ---- */

/* What one command works with. */
struct work {
    struct sheet_ids ids;
    struct sheet_decisions decisions;
    struct sheet_fields fields;
    struct sheet_linkage l;
};

static struct work *work_new(struct err *e)
{
    struct work *w = calloc(1, sizeof *w);
    if (w == NULL)
        (void)err_memory(e);
    else
        w->l = (struct sheet_linkage){.ids = &w->ids, .fields = &w->fields, .decisions = &w->decisions};
    return w;
}

static void work_drop(struct work **w)
{
    if (*w == NULL)
        return;
    match_result_release(&(*w)->l.result);
    match_linkage_free((*w)->l.linkage);
    match_frame_free((*w)->l.frame);
    sheet_decisions_drop(&(*w)->decisions);
    sheet_fields_drop(&(*w)->fields);
    sheet_ids_drop(&(*w)->ids);
    free(*w);
    *w = NULL;
}

static int need_outputs(const struct sheet_arguments *a, const char **ret_id, struct err *e)
{
    const char *unused;
    int rc = sheet_need(a, "id", ret_id, e);
    rc = rc == 0 ? sheet_need(a, "pairs", &unused, e) : rc;
    return rc == 0 ? sheet_need(a, "clusters", &unused, e) : rc;
}

static int read_all(const struct sheet_arguments *a, const char *id, struct sheet_linkage *l, struct err *e)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < a->words; i++) {
        rc = sheet_records_read(a->word[i], id, i, l, e);
        if (i == 0)
            l->ids->first_count = l->ids->count;
    }
    if (rc == 0)
        sheet_say(stderr, "%zu records read\n", l->ids->count);
    return rc;
}

/* Proposals and clusters under the decisions that the person names, written; then the linkage, when it is kept. */
static int conclude(const struct sheet_arguments *a, const char *kept, struct work *w, struct err *e)
{
    const char *decided = sheet_option(a, "decisions");
    bool across = match_linkage_across(w->l.linkage);
    uint64_t rows = w->ids.version;
    int rc = decided == NULL ? 0 : sheet_decisions_read(decided, across, &w->ids, &w->decisions, e);
    const struct match_options o = {
        .across = across, .decisions = w->decisions.made, .decisions_count = w->decisions.count};
    rc = rc == 0 ? match_linkage_result(w->l.linkage, w->l.frame, &o, &w->l.result, e) : rc;
    w->ids.version = (w->ids.version ^ w->l.result.threshold_ppm) * 0x9E3779B97F4A7C15u;
    rc = rc == 0 ? write_all(a, &w->l, e) : rc;
    if (rc == 0 && kept != NULL)
        rc = sheet_kept_write(kept, &w->l, rows, e);
    if (rc == 0)
        sheet_report_say(stdout, &w->l);
    return rc;
}

static int link_anew(const struct sheet_arguments *a, const char *id, struct work *w, struct err *e)
{
    struct match_options o = {.across = a->words == 2, .threads = sheet_threads(a)};
    int rc = sheet_threshold(a, 1000000, &o.threshold_ppm, e);
    rc = rc == 0 ? sheet_fields_find(a->word[0], sheet_option(a, "fields"), id, &w->fields, e) : rc;
    rc = rc == 0 ? match_frame_new(w->fields.field, w->fields.count, &w->l.frame, e) : rc;
    rc = rc == 0 ? read_all(a, id, &w->l, e) : rc;
    return rc == 0 ? match_linkage_new(w->l.frame, &o, &w->l.linkage, e) : rc;
}

/* All records from the beginning, by the keys and the model of a linkage that was kept. */
static int link_by_model(const struct sheet_arguments *a, const char *model, const char *id, struct work *w,
                         struct err *e)
{
    struct sheet_kept kept;
    if (sheet_option(a, "fields") != NULL || sheet_option(a, "threshold") != NULL)
        return err_set(e, ERR_USAGE, "--model brings its own fields and threshold: leave --fields and --threshold out");
    int rc = sheet_kept_read(model, &w->l, &w->fields, &kept, e);
    if (rc == 0 && match_linkage_across(w->l.linkage) != (a->words == 2))
        rc = a->words == 2 ? err_set(e, ERR_USAGE, "%s is a linkage within one table", model)
                           : err_set(e, ERR_USAGE, "%s is a linkage across two tables", model);
    if (rc != 0)
        return rc;
    match_linkage_restart(w->l.linkage);
    match_frame_restart(w->l.frame);
    sheet_ids_clear(&w->ids);
    rc = read_all(a, id, &w->l, e);
    return rc == 0 ? match_linkage_add(w->l.linkage, w->l.frame, sheet_threads(a), e) : rc;
}

int sheet_link(const struct sheet_arguments *a, struct err *e)
{
    OWN(work_drop) struct work *w = work_new(e);
    const char *id, *model = sheet_option(a, "model");
    if (w == NULL)
        return ERR_IO;
    int rc = a->words == 1 || a->words == 2 ? 0 : err_set(e, ERR_USAGE, "one or two tables are wanted");
    rc = rc == 0 ? need_outputs(a, &id, e) : rc;
    if (rc == 0)
        rc = model == NULL ? link_anew(a, id, w, e) : link_by_model(a, model, id, w, e);
    return rc == 0 ? conclude(a, sheet_option(a, "keep"), w, e) : rc;
}

int sheet_add(const struct sheet_arguments *a, struct err *e)
{
    OWN(work_drop) struct work *w = work_new(e);
    struct sheet_kept kept;
    const char *id;
    if (w == NULL)
        return ERR_IO;
    int rc = a->words == 2 ? 0 : err_set(e, ERR_USAGE, "a kept linkage and one table of new records are wanted");
    rc = rc == 0 ? need_outputs(a, &id, e) : rc;
    rc = rc == 0 ? sheet_kept_read(a->word[0], &w->l, &w->fields, &kept, e) : rc;
    if (rc == 0 && kept.decided && sheet_option(a, "decisions") == NULL)
        rc = err_set(e, ERR_USAGE, "%s was made with decisions: name their file with --decisions", a->word[0]);
    size_t before = w->ids.count;
    bool across = rc == 0 && match_linkage_across(w->l.linkage);
    rc = rc == 0 ? sheet_records_read(a->word[1], id, across, &w->l, e) : rc;
    rc = rc == 0 ? sheet_ids_check_new(&w->ids, before, across, e) : rc;
    if (!across)
        w->ids.first_count = w->ids.count;
    if (rc == 0)
        sheet_say(stderr, "%zu records read\n", w->ids.count - before);
    rc = rc == 0 ? match_linkage_add(w->l.linkage, w->l.frame, sheet_threads(a), e) : rc;
    const char *keep = sheet_option(a, "keep");
    return rc == 0 ? conclude(a, keep == NULL ? a->word[0] : keep, w, e) : rc;
}
