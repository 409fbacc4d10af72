#include "sheet/records.h"

void sheet_ids_drop(struct sheet_ids *ids)
{
    buf_drop(&ids->text);
    free(ids->offset);
    free(ids->sorted);
}

void sheet_ids_clear(struct sheet_ids *ids)
{
    buf_clear(&ids->text);
    ids->count = ids->first_count = 0;
    ids->version = 0;
}

struct bytes sheet_id_of(const struct sheet_ids *ids, size_t record)
{
    return bytes_of(ids->text.p + ids->offset[record], ids->offset[record + 1] - ids->offset[record]);
}

int sheet_ids_add(struct sheet_ids *ids, struct bytes id, struct err *e)
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

int sheet_records_read(const char *path, const char *id, unsigned source, struct sheet_linkage *l, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    int columns[MATCH_FIELDS_MAX], rc = table_open(path, NULL, &t, e);
    if (rc != 0)
        return rc;
    int id_column = table_find(t, id);
    if (id_column < 0)
        return err_set(e, ERR_USAGE, "%s has no column \"%s\"", path, id);
    for (unsigned i = 0; i < l->fields->count; i++) {
        columns[i] = table_find(t, buf_text(&l->fields->header[i]));
        if (columns[i] < 0)
            sheet_say(stderr, "%s has no column \"%s\": missing in all its rows\n", path,
                      buf_text(&l->fields->header[i]));
    }
    while ((rc = table_next(t, &row, e)) == 1) {
        struct bytes values[MATCH_FIELDS_MAX];
        uint64_t version = l->ids->version;
        for (unsigned i = 0; i < l->fields->count; i++) {
            values[i] = columns[i] < 0 ? (struct bytes){0} : row.fields[columns[i]];
            version = (version ^ match_bytes_hash(values[i])) * 0x9E3779B97F4A7C15u;
        }
        l->ids->version = version;
        rc = match_frame_add(l->frame, values, source, e);
        rc = rc == 0 ? sheet_ids_add(l->ids, table_trim(row.fields[id_column]), e) : rc;
        if (rc != 0)
            return rc;
    }
    if (rc == 0)
        sheet_say_notes(path, table_notes(t));
    return rc;
}

static int compare_ids(const void *x, const void *y, void *context)
{
    const struct sheet_ids *ids = context;
    uint32_t p = *(const uint32_t *)x, q = *(const uint32_t *)y;
    struct bytes a = sheet_id_of(ids, p), b = sheet_id_of(ids, q);
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    if (order == 0 && a.n != b.n)
        order = a.n < b.n ? -1 : 1;
    return order != 0 ? order : p < q ? -1 : p > q;
}

bool sheet_ids_find(const struct sheet_ids *ids, struct bytes id, unsigned source, uint32_t *ret)
{
    size_t low = 0, high = ids->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        struct bytes x = sheet_id_of(ids, ids->sorted[middle]);
        int order = memcmp(x.p, id.p, x.n < id.n ? x.n : id.n);
        if (order < 0 || (order == 0 && x.n < id.n))
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < ids->count && bytes_equal(sheet_id_of(ids, ids->sorted[low]), id); low++) {
        *ret = ids->sorted[low];
        if (source == 2 || (ids->sorted[low] >= ids->first_count) == (source == 1))
            return true;
    }
    return false;
}

int sheet_ids_sort(struct sheet_ids *ids, struct err *e)
{
    uint32_t *sorted = realloc(ids->sorted, (ids->count + 1) * sizeof *sorted);
    if (sorted == NULL)
        return err_memory(e);
    ids->sorted = sorted;
    for (uint32_t i = 0; i < ids->count; i++)
        sorted[i] = i;
    qsort_r(sorted, ids->count, sizeof *sorted, compare_ids, ids);
    return 0;
}

int sheet_ids_check_new(struct sheet_ids *ids, size_t from, bool across, struct err *e)
{
    int rc = sheet_ids_sort(ids, e);
    for (size_t i = 1; rc == 0 && i < ids->count; i++) {
        uint32_t one = ids->sorted[i - 1], two = ids->sorted[i];
        bool of_second = !across || one >= ids->first_count;
        struct bytes id = sheet_id_of(ids, two);
        if (two >= from && of_second && bytes_equal(sheet_id_of(ids, one), id))
            rc = err_set(e, ERR_REFUSED, "the id %.*s is told already, in record %lu: a record counts once",
                         (int)(id.n > 64 ? 64 : id.n), (const char *)id.p, (unsigned long)one + 1);
    }
    return rc;
}
