/*
 * Which columns are compared, and as what: from FIELDS.json, or guessed.
 */
#include "sheet/fields.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <strings.h>

enum { GUESS_ROWS = 2000, JSON_BYTES_MAX = 1 << 20 };

/* Names of columns under which tables keep the answer: they must not be read while fitting. */
static bool is_answer(struct bytes header)
{
    static const char *const names[] = {"true_id", "cluster", "cluster_id", "label",     "is_match", "entity_id",
                                        "truth",   "gold",    "match_id",   "unique_id", "rec_id",   "record_id"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (header.n == strlen(names[i]) && strncasecmp((const char *)header.p, names[i], header.n) == 0)
            return true;
    return false;
}

static int kind_named(const char *word)
{
    static const struct {
        const char *word;
        enum match_field_kind kind;
    } also[] = {{"given name", MATCH_GIVEN},  {"first name", MATCH_GIVEN}, {"person", MATCH_NAME},
                {"person name", MATCH_NAME},  {"full name", MATCH_NAME},   {"free text", MATCH_TEXT},
                {"last name", MATCH_SURNAME}, {"ignore", MATCH_IGNORED},   {"id", MATCH_CODE},
                {"given_name", MATCH_GIVEN},  {"person_name", MATCH_NAME}, {"free_text", MATCH_TEXT}};
    for (unsigned i = 0; i < MATCH_FIELD_KINDS; i++)
        if (strcasecmp(word, match_field_kind_names[i]) == 0)
            return (int)i;
    for (size_t i = 0; i < COUNT(also); i++)
        if (strcasecmp(word, also[i].word) == 0)
            return (int)also[i].kind;
    return -1;
}

/* The first values of each column, copied: rows are borrowed while they are read. */
struct sample {
    struct buf text;
    size_t *offset; /* columns for each row, and the end */
    size_t rows, columns;
};

static void sample_drop(struct sample *s)
{
    buf_drop(&s->text);
    free(s->offset);
}

static int take_sample(const char *path, struct sample *s, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    int rc = table_open(path, NULL, &t, e);
    if (rc != 0)
        return rc;
    s->columns = table_columns(t);
    s->offset = calloc(GUESS_ROWS * s->columns + 1, sizeof *s->offset);
    if (s->offset == NULL)
        return err_memory(e);
    while (s->rows < GUESS_ROWS && (rc = table_next(t, &row, e)) == 1) {
        for (size_t i = 0; i < s->columns; i++) {
            buf_put_bytes(&s->text, row.fields[i]);
            s->offset[s->rows * s->columns + i + 1] = s->text.n;
        }
        s->rows++;
    }
    return rc < 0 ? rc : buf_check(&s->text, e);
}

static int kind_from_file(const struct json_node *root, struct bytes header, enum match_field_kind *ret, struct err *e)
{
    OWN(buf_drop) struct buf name = {0};
    buf_put_bytes(&name, header);
    const char *column = buf_text(&name), *word = json_text(json_get(root, column));
    *ret = MATCH_IGNORED;
    if (word != NULL) {
        int kind = kind_named(word);
        if (kind < 0)
            return err_set(e, ERR_USAGE,
                           "\"%s\" is no kind of field; known are name, given, surname, date, place, code, "
                           "number, text, ignored",
                           word);
        *ret = (enum match_field_kind)kind;
        return 0;
    }
    for (unsigned k = 1; k < MATCH_FIELD_KINDS; k++) {
        const struct json_node *columns = json_get(root, match_field_kind_names[k]);
        const char *one = json_text(columns);
        if (one != NULL && strcmp(one, column) == 0)
            *ret = (enum match_field_kind)k;
        for (size_t i = 0; i < json_count(columns) && json_is_array(columns); i++)
            if (json_text(json_at(columns, i)) != NULL && strcmp(json_text(json_at(columns, i)), column) == 0)
                *ret = (enum match_field_kind)k;
    }
    return 0;
}

void sheet_fields_drop(struct sheet_fields *fields)
{
    for (unsigned i = 0; i < MATCH_FIELDS_MAX; i++)
        buf_drop(&fields->header[i]);
}

static int choose(const struct table *t, const struct sample *s, const struct json_node *root, const char *id,
                  struct sheet_fields *to, struct err *e)
{
    OWN(mem_drop) struct bytes *values = calloc(s->rows + 1, sizeof *values);
    if (values == NULL)
        return err_memory(e);
    for (size_t c = 0; c < s->columns; c++) {
        struct match_field field;
        for (size_t r = 0; r < s->rows; r++) {
            size_t at = r * s->columns + c;
            values[r] = bytes_of(s->text.p + s->offset[at], s->offset[at + 1] - s->offset[at]);
        }
        struct bytes header = table_header(t, c);
        match_guess(header, values, s->rows, &field);
        if ((int)c == table_find(t, id) || (root == NULL && is_answer(header)))
            field.kind = MATCH_IGNORED;
        int rc = root == NULL ? 0 : kind_from_file(root, header, &field.kind, e);
        if (rc != 0)
            return rc;
        if (field.kind == MATCH_IGNORED)
            continue;
        if (to->count == MATCH_FIELDS_MAX) {
            sheet_say(stderr, "column %s is not used: %d fields are the most\n", field.name, MATCH_FIELDS_MAX);
            continue;
        }
        buf_put_bytes(&to->header[to->count], header);
        to->field[to->count++] = field;
    }
    return 0;
}

int sheet_fields_find(const char *path, const char *fields_path, const char *id, struct sheet_fields *to, struct err *e)
{
    struct sample s __attribute__((cleanup(sample_drop))) = {0};
    OWN(table_drop) struct table *t = NULL;
    OWN(json_drop) struct json *document = NULL;
    OWN(buf_drop) struct buf text = {0};
    int rc = table_open(path, NULL, &t, e);
    if (rc == 0 && table_find(t, id) < 0)
        rc = err_set(e, ERR_USAGE, "%s has no column \"%s\"", path, id);
    if (rc == 0 && fields_path != NULL) {
        rc = file_read_all(fields_path, JSON_BYTES_MAX, &text, e);
        rc = rc == 0 ? json_parse(buf_bytes(&text), &document, e) : rc;
        if (rc != 0)
            return err_add(e, rc, "%s", fields_path);
    }
    rc = rc == 0 ? take_sample(path, &s, e) : rc;
    rc = rc == 0 ? choose(t, &s, document == NULL ? NULL : json_root(document), id, to, e) : rc;
    if (rc == 0 && to->count == 0)
        rc = err_set(e, ERR_REFUSED, "%s: no column to compare was found", path);
    for (unsigned i = 0; rc == 0 && i < to->count; i++)
        sheet_say(stderr, "field %s: %s\n", to->field[i].name, match_field_kind_names[to->field[i].kind]);
    return rc;
}
