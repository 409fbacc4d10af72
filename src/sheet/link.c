#include "base/file.h"
#include "base/text.h"
#include "sheet/fields.h"
#include "sheet/report.h"

#include <inttypes.h>

static void ids_drop(struct sheet_ids *ids)
{
    buf_drop(&ids->text);
    free(ids->offset);
    free(ids->sorted);
}

static struct bytes id_of(const struct sheet_ids *ids, size_t record)
{
    return bytes_of(ids->text.p + ids->offset[record], ids->offset[record + 1] - ids->offset[record]);
}

static int add_id(struct sheet_ids *ids, struct bytes id, struct err *e)
{
    if (ids->count + 2 > ids->room) {
        size_t room = ids->room * 2 + 4096;
        uint64_t *grown = realloc(ids->offset, room * sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        ids->offset = grown;
        ids->offset[0] = 0;
        ids->room = room;
    }
    buf_put_bytes(&ids->text, id);
    ids->offset[++ids->count] = ids->text.n;
    return buf_check(&ids->text, e);
}

static int read_table(const char *path, const struct sheet_fields *fields, unsigned source, const char *id,
                      const struct table *first, struct match_frame *f, struct sheet_ids *ids, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    int columns[MATCH_FIELDS_MAX], rc = table_open(path, NULL, &t, e);
    if (rc != 0)
        return rc;
    int id_column = table_find(t, id);
    if (id_column < 0)
        return err_set(e, ERR_USAGE, "%s has no column \"%s\"", path, id);
    for (unsigned i = 0; i < fields->count; i++) {
        OWN(buf_drop) struct buf name = {0};
        buf_put_bytes(&name, table_header(first, (size_t)fields->column[i]));
        columns[i] = table_find(t, buf_text(&name));
        if (columns[i] < 0)
            sheet_say(stderr, "%s has no column \"%s\": missing in all its rows\n", path, buf_text(&name));
    }
    while ((rc = table_next(t, &row, e)) == 1) {
        struct bytes values[MATCH_FIELDS_MAX];
        uint64_t version = ids->version;
        for (unsigned i = 0; i < fields->count; i++) {
            values[i] = columns[i] < 0 ? (struct bytes){0} : row.fields[columns[i]];
            version = (version ^ match_bytes_hash(values[i])) * 0x9E3779B97F4A7C15u;
        }
        ids->version = version;
        rc = match_frame_add(f, values, source, e);
        rc = rc == 0 ? add_id(ids, table_trim(row.fields[id_column]), e) : rc;
        if (rc != 0)
            return rc;
    }
    if (rc == 0)
        sheet_say_notes(path, table_notes(t));
    return rc;
}

/* ---- decisions ---- */

static int compare_ids(const void *x, const void *y, void *context)
{
    const struct sheet_ids *ids = context;
    uint32_t p = *(const uint32_t *)x, q = *(const uint32_t *)y;
    struct bytes a = id_of(ids, p), b = id_of(ids, q);
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    if (order == 0 && a.n != b.n)
        order = a.n < b.n ? -1 : 1;
    return order != 0 ? order : p < q ? -1 : p > q;
}

/* The record with that id of a source (0, 1), or of any (2). */
static bool find_id(const struct sheet_ids *ids, struct bytes id, unsigned source, uint32_t *ret)
{
    size_t low = 0, high = ids->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        struct bytes x = id_of(ids, ids->sorted[middle]);
        int order = memcmp(x.p, id.p, x.n < id.n ? x.n : id.n);
        if (order < 0 || (order == 0 && x.n < id.n))
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < ids->count && bytes_equal(id_of(ids, ids->sorted[low]), id); low++) {
        *ret = ids->sorted[low];
        if (source == 2 || (ids->sorted[low] >= ids->first_count) == (source == 1))
            return true;
    }
    return false;
}

static int decision_of(struct bytes word, struct match_decision *d)
{
    static const char *const words[] = {"same", "different", "cannot tell"};
    for (unsigned i = 0; i < COUNT(words); i++)
        if (bytes_equal(word, bytes_text(words[i]))) {
            d->says = i;
            return 1;
        }
    return word.n == 0 ? 0 : -1;
}

static int read_decisions(const char *path, bool across, struct sheet_ids *ids, struct sheet_decisions *to,
                          struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    int rc = table_open(path, NULL, &t, e);
    if (rc != 0)
        return rc;
    int a = table_find(t, "id_a"), b = table_find(t, "id_b"), says = table_find(t, "decision"),
        drawn = table_find(t, "drawn");
    if (a < 0 || b < 0 || says < 0)
        return err_set(e, ERR_USAGE, "%s: the columns id_a, id_b and decision are wanted", path);
    ids->sorted = malloc((ids->count + 1) * sizeof *ids->sorted);
    if (ids->sorted == NULL)
        return err_memory(e);
    for (uint32_t i = 0; i < ids->count; i++)
        ids->sorted[i] = i;
    qsort_r(ids->sorted, ids->count, sizeof *ids->sorted, compare_ids, ids);
    while ((rc = table_next(t, &row, e)) == 1) {
        struct match_decision d = {0};
        int word = decision_of(table_trim(row.fields[says]), &d);
        if (word == 0)
            continue;
        if (word < 0)
            return err_set(e, ERR_USAGE, "%s, line %lu: a decision is same, different or cannot tell", path,
                           (unsigned long)row.line);
        if (!find_id(ids, table_trim(row.fields[a]), across ? 0 : 2, &d.a) ||
            !find_id(ids, table_trim(row.fields[b]), across ? 1 : 2, &d.b) || d.a == d.b)
            return err_set(e, ERR_USAGE, "%s, line %lu: no two records have these ids", path, (unsigned long)row.line);
        if ((to->count & (to->count - 1)) == 0) {
            size_t room = to->count == 0 ? 1 : to->count * 2;
            struct match_decision *grown = realloc(to->made, room * sizeof *grown);
            bool *by_lot = realloc(to->by_lot, room * sizeof *by_lot);
            to->made = grown != NULL ? grown : to->made;
            to->by_lot = by_lot != NULL ? by_lot : to->by_lot;
            if (grown == NULL || by_lot == NULL)
                return err_memory(e);
        }
        to->by_lot[to->count] = drawn >= 0 && bytes_equal(table_trim(row.fields[drawn]), bytes_text("by lot"));
        to->made[to->count++] = d;
        ids->version = (ids->version ^ ((uint64_t)d.a << 32 | d.b) ^ (uint64_t)d.says) * 0x9E3779B97F4A7C15u;
    }
    return rc;
}

static void decisions_drop(struct sheet_decisions *d)
{
    free(d->made);
    free(d->by_lot);
}

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
        table_put(out, id_of(l->ids, l->result.pairs[i].a));
        table_put(out, id_of(l->ids, l->result.pairs[i].b));
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
        table_put(out, id_of(l->ids, i));
        table_put_decimal(out, (uint64_t)l->result.cluster[i] + 1);
        table_end(out);
    }
    return table_commit(TAKE(out), e);
}

static void put_explanation(struct table_out *out, const struct sheet_linkage *l, const struct match_pair *p)
{
    OWN(buf_drop) struct buf text = {0};
    uint8_t levels[MATCH_FIELDS_MAX];
    bool exchanged = match_explain(l->frame, p->a, p->b, levels);
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
    table_put(out, id_of(l->ids, p->a));
    table_put(out, id_of(l->ids, p->b));
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

static int read_all(const struct sheet_arguments *a, const char *id, struct sheet_linkage *l, struct err *e)
{
    OWN(table_drop) struct table *first = NULL;
    int rc = match_frame_new(l->fields->field, l->fields->count, &l->frame, e);
    rc = rc == 0 ? table_open(a->word[0], NULL, &first, e) : rc;
    for (unsigned i = 0; rc == 0 && i < a->words; i++) {
        rc = read_table(a->word[i], l->fields, i, id, first, l->frame, l->ids, e);
        if (i == 0)
            l->ids->first_count = l->ids->count;
    }
    if (rc == 0)
        sheet_say(stderr, "%zu records read\n", l->ids->count);
    return rc;
}

static int write_all(const struct sheet_arguments *a, const struct sheet_linkage *l, struct err *e)
{
    const char *review = sheet_option(a, "review"), *report = sheet_option(a, "report");
    int rc = write_pairs(sheet_option(a, "pairs"), l, e);
    rc = rc == 0 ? write_clusters(sheet_option(a, "clusters"), l, e) : rc;
    rc = rc == 0 && review != NULL ? write_review(review, l, e) : rc;
    rc = rc == 0 && report != NULL ? sheet_report_write(report, l, e) : rc;
    if (rc == 0)
        sheet_report_say(l);
    return rc;
}

int sheet_link(const struct sheet_arguments *a, struct err *e)
{
    struct sheet_ids ids __attribute__((cleanup(ids_drop))) = {0};
    struct sheet_decisions decisions __attribute__((cleanup(decisions_drop))) = {0};
    struct sheet_fields fields;
    struct sheet_linkage l = {.ids = &ids, .fields = &fields, .decisions = &decisions};
    struct match_options o = {.across = a->words == 2, .threads = sheet_threads(a)};
    const char *id, *unused, *decided = sheet_option(a, "decisions");
    int rc = a->words == 1 || a->words == 2 ? 0 : err_set(e, ERR_USAGE, "one or two tables are wanted");
    rc = rc == 0 ? sheet_need(a, "id", &id, e) : rc;
    rc = rc == 0 ? sheet_need(a, "pairs", &unused, e) : rc;
    rc = rc == 0 ? sheet_need(a, "clusters", &unused, e) : rc;
    rc = rc == 0 ? sheet_threshold(a, 1000000, &o.threshold_ppm, e) : rc;
    rc = rc == 0 ? sheet_fields_find(a->word[0], sheet_option(a, "fields"), id, &fields, e) : rc;
    rc = rc == 0 ? read_all(a, id, &l, e) : rc;
    if (rc == 0 && decided != NULL)
        rc = read_decisions(decided, o.across, &ids, &decisions, e);
    o.decisions = decisions.made;
    o.decisions_count = decisions.count;
    rc = rc == 0 ? match_link(l.frame, &o, &l.result, e) : rc;
    ids.version = (ids.version ^ l.result.threshold_ppm) * 0x9E3779B97F4A7C15u;
    rc = rc == 0 ? write_all(a, &l, e) : rc;
    match_result_release(&l.result);
    match_frame_free(l.frame);
    return rc;
}
