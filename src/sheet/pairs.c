#include "sheet/sheet_internal.h"
#include "table/table.h"

static enum match_kind kind_of(struct bytes schema)
{
    if (schema.n == 0 || (schema.n == 6 && memcmp(schema.p, "Person", 6) == 0))
        return MATCH_PERSON;
    return schema.n == 6 && memcmp(schema.p, "Vessel", 6) == 0 ? MATCH_VESSEL : MATCH_ORGANISATION;
}

static int column_named(const struct table *t, const char *path, const char *name, int *ret, struct err *e)
{
    *ret = table_find(t, name);
    return *ret >= 0 ? 0 : err_set(e, ERR_USAGE, "%s has no column \"%s\"", path, name);
}

/* The row as it is, and the score behind it. */
static void put_scored(struct table_out *out, const struct table_row *row, unsigned score)
{
    char text[16];
    for (size_t i = 0; i < row->count; i++)
        table_put(out, row->fields[i]);
    (void)snprintf(text, sizeof text, "%u.%03u", score / 1000, score % 1000);
    table_put_text(out, text);
    table_end(out);
}

int sheet_pairs(const struct sheet_arguments *a, struct err *e)
{
    const char *left, *right, *path, *schema = sheet_option(a, "schema");
    OWN(table_drop) struct table *t = NULL;
    OWN(table_out_drop) struct table_out *out = NULL;
    int columns[3] = {-1, -1, -1}, rc = sheet_need(a, "left", &left, e);
    rc = rc == 0 ? sheet_need(a, "right", &right, e) : rc;
    rc = rc == 0 ? sheet_need(a, "out", &path, e) : rc;
    if (rc == 0 && a->words != 1)
        rc = err_set(e, ERR_USAGE, "one table of pairs is wanted");
    rc = rc == 0 ? table_open(a->word[0], NULL, &t, e) : rc;
    rc = rc == 0 ? column_named(t, a->word[0], left, &columns[0], e) : rc;
    rc = rc == 0 ? column_named(t, a->word[0], right, &columns[1], e) : rc;
    rc = rc == 0 && schema != NULL ? column_named(t, a->word[0], schema, &columns[2], e) : rc;
    rc = rc == 0 ? table_create(path, &out, e) : rc;
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < table_columns(t); i++)
        table_put(out, table_header(t, i));
    table_put_text(out, "score");
    table_end(out);
    struct table_row row;
    while ((rc = table_next(t, &row, e)) == 1) {
        struct bytes kind = columns[2] < 0 ? (struct bytes){0} : row.fields[columns[2]];
        put_scored(out, &row, match_text_score(row.fields[columns[0]], row.fields[columns[1]], kind_of(kind)));
    }
    if (rc != 0)
        return rc;
    sheet_say_notes(a->word[0], table_notes(t));
    return table_commit(TAKE(out), e);
}
