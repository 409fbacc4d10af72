#include "report/report_internal.h"

#include "base/unicode.h"
#include "crypt/crypt.h"
#include "table/table.h"

#include <assert.h>
#include <stdio.h>

enum { NAME_BYTES_MAX = 256 };

struct loader {
    struct table *t;
    const char *path;
    const struct report_options *o;
    struct report_input *in;
    int list_column[ESTIMATE_LISTS_MAX];
    int count, stratum, replicate; /* columns; -1: none */
    size_t room;
};

static int named_column(struct loader *l, const char *name, int *ret, struct err *e)
{
    *ret = -1;
    if (name == NULL)
        return 0;
    *ret = table_find(l->t, name);
    return *ret >= 0 ? 0 : err_set(e, ERR_USAGE, "%s: there is no column \"%s\"", l->path, name);
}

static char *copy(struct bytes x)
{
    return strndup((const char *)x.p, x.n);
}

static int add_list(struct loader *l, int column, struct err *e)
{
    struct bytes name = table_header(l->t, (size_t)column);
    if (l->in->list_count == ESTIMATE_LISTS_MAX)
        return err_set(e, ERR_REFUSED, "%s: more than %d lists; leave some out with --lists, or merge them", l->path,
                       ESTIMATE_LISTS_MAX);
    if (name.n == 0 || name.n > NAME_BYTES_MAX || !unicode_valid(name))
        return err_set(e, ERR_REFUSED, "%s: column %d has no name, or one of more than %d bytes; name it, or remove it",
                       l->path, column + 1, NAME_BYTES_MAX);
    l->list_column[l->in->list_count] = column;
    l->in->lists[l->in->list_count] = copy(name);
    return l->in->lists[l->in->list_count++] != NULL ? 0 : err_memory(e);
}

static int named_lists(struct loader *l, struct err *e)
{
    for (const char *at = l->o->lists; *at != 0;) {
        size_t n = strcspn(at, ",");
        char name[NAME_BYTES_MAX + 1];
        if (n > NAME_BYTES_MAX)
            return err_set(e, ERR_USAGE, "%s: there is no column \"%s\"", l->path, at);
        memcpy(name, at, n);
        name[n] = 0;
        int column;
        int rc = named_column(l, name, &column, e);
        if (rc == 0)
            rc = add_list(l, column, e);
        if (rc != 0)
            return rc;
        at += n + (at[n] == ',');
    }
    return 0;
}

static int find_columns(struct loader *l, struct err *e)
{
    int rc = named_column(l, l->o->count, &l->count, e);
    if (rc == 0)
        rc = named_column(l, l->o->stratum, &l->stratum, e);
    if (rc == 0)
        rc = named_column(l, l->o->replicate, &l->replicate, e);
    if (rc != 0)
        return rc;
    if (l->o->count == NULL)
        l->count = table_find(l->t, "count"); /* a column of that name is no list */
    if (l->o->lists != NULL)
        return named_lists(l, e);
    for (int column = 0; column < (int)table_columns(l->t); column++)
        if (column != l->count && column != l->stratum && column != l->replicate) {
            rc = add_list(l, column, e);
            if (rc != 0)
                return rc;
        }
    return 0;
}

/* Digits alone, but more than 64 bits hold. */
static bool is_endless(struct bytes x)
{
    for (size_t i = 0; i < x.n; i++)
        if (x.p[i] < '0' || x.p[i] > '9')
            return false;
    return x.n > 19;
}

static bool holds(struct bytes x, char c)
{
    return x.n > 0 && memchr(x.p, c, x.n) != NULL;
}

/* ${words}: what is the matter, and the remedy. */
static int no_count(const struct loader *l, const struct table_row *row, const char *words, struct err *e)
{
    struct bytes x = table_trim(row->fields[l->count]), column = table_header(l->t, (size_t)l->count);
    return err_set(e, ERR_REFUSED, "%s, line %llu, column %.*s: \"%.*s\" %s", l->path, (unsigned long long)row->line,
                   column.n < 40 ? (int)column.n : 40, (const char *)column.p, x.n < 40 ? (int)x.n : 40,
                   (const char *)x.p, text_tr(words));
}

static int read_count(const struct loader *l, const struct table_row *row, uint64_t *ret, struct err *e)
{
    struct bytes x = table_trim(row->fields[l->count]);
    uint64_t v = 0;
    if (x.n == 0)
        return no_count(l, row, TEXT("is no count; write 0 where there is nobody"), e);
    if (x.p[0] == '-')
        return no_count(l, row, TEXT("is negative; a count of persons is 0 or more"), e);
    if (holds(x, '.') || holds(x, ','))
        return no_count(l, row, TEXT("is no whole number of persons; write it in digits alone"), e);
    if (!is_endless(x) && decimal_get(x, &v) != 0)
        return no_count(l, row, TEXT("is no count; write it in digits alone"), e);
    if (is_endless(x) || v > ESTIMATE_COUNT_MAX)
        return no_count(l, row, TEXT("is above 2^31; these are hardly persons"), e);
    *ret = v;
    return 0;
}

static int read_history(const struct loader *l, const struct table_row *row, size_t *ret, struct err *e)
{
    size_t cell = 0;
    for (unsigned list = 0; list < l->in->list_count; list++) {
        struct bytes x = table_trim(row->fields[l->list_column[list]]);
        if (x.n != 1 || (x.p[0] != '0' && x.p[0] != '1'))
            return err_set(
                e, ERR_REFUSED,
                "%s, line %llu: list %s holds \"%.*s\"; only 0 and 1 say whether a person is on it (if it is "
                "no list, name the lists with --lists, the count with --count)",
                l->path, (unsigned long long)row->line, l->in->lists[list], x.n < 40 ? (int)x.n : 40,
                (const char *)x.p);
        cell |= (size_t)(x.p[0] - '0') << list;
    }
    *ret = cell;
    return 0;
}

static struct bytes key_of(const struct table_row *row, int column)
{
    return column < 0 ? bytes_text("") : table_trim(row->fields[column]);
}

/* The table of the row's stratum and replicate; a new one when there is none.  The last ones are the likeliest. */
static int find_table(struct loader *l, const struct table_row *row, struct report_table **ret, struct err *e)
{
    struct bytes stratum = key_of(row, l->stratum), replicate = key_of(row, l->replicate);
    for (size_t i = l->in->count; i-- > 0;) {
        struct report_table *t = &l->in->tables[i];
        if (bytes_equal(bytes_text(t->stratum), stratum) && bytes_equal(bytes_text(t->replicate), replicate)) {
            *ret = t;
            return 0;
        }
    }
    if (l->in->count == REPORT_TABLES_MAX)
        return err_set(e, ERR_REFUSED, "%s: more than %d strata and replicates", l->path, REPORT_TABLES_MAX);
    if (stratum.n > NAME_BYTES_MAX || replicate.n > NAME_BYTES_MAX || !row->utf8)
        return err_set(e, ERR_REFUSED, "%s, line %llu: the name of a stratum is longer than %d bytes, or no UTF-8",
                       l->path, (unsigned long long)row->line, NAME_BYTES_MAX);
    if (l->in->count == l->room) {
        size_t room = l->room == 0 ? 8 : 2 * l->room;
        struct report_table *more = realloc(l->in->tables, room * sizeof *more);
        if (more == NULL)
            return err_memory(e);
        l->in->tables = more;
        l->room = room;
    }
    struct report_table *t = &l->in->tables[l->in->count++];
    *t =
        (struct report_table){.stratum = copy(stratum), .replicate = copy(replicate), .table.lists = l->in->list_count};
    *ret = t;
    return t->stratum != NULL && t->replicate != NULL ? 0 : err_memory(e);
}

static int take_row(struct loader *l, const struct table_row *row, struct err *e)
{
    struct report_table *t = NULL;
    size_t cell = 0;
    uint64_t persons = 1;
    int rc = l->count >= 0 ? read_count(l, row, &persons, e) : 0;
    if (rc == 0)
        rc = read_history(l, row, &cell, e);
    if (rc == 0)
        rc = find_table(l, row, &t, e);
    if (rc != 0)
        return rc;
    if (cell == 0 && persons > 0)
        return err_set(e, ERR_REFUSED, "%s, line %llu: persons on no list cannot have been counted; remove the row",
                       l->path, (unsigned long long)row->line);
    t->table.cells[cell] += persons;
    if (t->table.cells[cell] > ESTIMATE_COUNT_MAX)
        return err_set(e, ERR_REFUSED, "%s, line %llu: the counts of one history sum to more than 2^31", l->path,
                       (unsigned long long)row->line);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct report_table *x = a, *y = b;
    int order = strcmp(x->stratum, y->stratum);
    if (order != 0)
        return order;
    size_t n = strlen(x->replicate), m = strlen(y->replicate);
    return n != m ? (n < m ? -1 : 1) : strcmp(x->replicate, y->replicate); /* 2 before 10 */
}

/* Equal histories have equal hashes, whatever the order of rows and the names of lists. */
static int hash_table(struct report_table *t, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct hash hash;
    buf_put_text(&text, "groundwork/capture-histories/v1\n");
    for (size_t cell = 1; cell < estimate_cells(&t->table); cell++) {
        if (t->table.cells[cell] == 0)
            continue;
        for (unsigned list = 0; list < t->table.lists; list++)
            buf_put_u8(&text, (uint8_t)('0' + (cell >> list & 1)));
        buf_put_u8(&text, ' ');
        buf_put_decimal(&text, t->table.cells[cell]);
        buf_put_u8(&text, '\n');
    }
    int rc = buf_check(&text, e);
    if (rc != 0)
        return rc;
    crypt_sha256(buf_bytes(&text), &hash);
    hex_put(t->hash, hash.b, sizeof hash.b);
    t->table.key = u64_get(hash.b);
    return 0;
}

/* Before the row is read: what is missing from it would be taken for something else. */
static int check_row(const struct loader *l, struct err *e)
{
    const struct table_notes *n = table_notes(l->t);
    if (n->short_rows > 0 || n->long_rows > 0)
        return err_set(e, ERR_REFUSED,
                       "%s, line %llu: the row has not as many fields as there are columns; a field is empty, not left "
                       "out",
                       l->path, (unsigned long long)(n->short_rows > 0 ? n->short_line : n->long_line));
    return 0;
}

static int load(struct loader *l, struct err *e)
{
    struct table_row row;
    int rc = find_columns(l, e);
    while (rc == 0 && (rc = table_next(l->t, &row, e)) == 1)
        if ((rc = check_row(l, e)) == 0)
            rc = take_row(l, &row, e);
    if (rc == 0)
        rc = check_row(l, e);
    if (rc == 0 && l->in->count == 0)
        rc = err_set(e, ERR_REFUSED, "%s: there are no rows below the names of the columns", l->path);
    if (rc != 0)
        return rc;
    assert(l->in->tables != NULL); /* no rows are refused above */
    qsort(l->in->tables, l->in->count, sizeof *l->in->tables, by_name);
    for (size_t i = 0; rc == 0 && i < l->in->count; i++)
        rc = hash_table(&l->in->tables[i], e);
    return rc;
}

/* Nobody calls lists by numbers alone: the first row was taken for the names. */
static int no_names(const char *path, const struct bytes *fields, size_t count, struct err *e)
{
    uint64_t v;
    for (size_t i = 0; i < count; i++)
        if (decimal_get(table_trim(fields[i]), &v) != 0)
            return 0;
    return err_set(e, ERR_REFUSED, "%s, line 1: numbers stand where the names of the lists should; begin with names",
                   path);
}

/* A table without names, or one of two bytes for each letter: why its first line is none.  A pipe cannot be read twice.
 */
static int explain(const char *path, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    unsigned char start[2] = {1, 1};
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return ERR_REFUSED;
    size_t n = fread(start, 1, sizeof start, file);
    (void)fclose(file);
    bool marked = (start[0] == 0xFF && start[1] == 0xFE) || (start[0] == 0xFE && start[1] == 0xFF);
    if (n == 2 && (marked || (start[0] == 0) != (start[1] == 0)))
        return err_set(e, ERR_REFUSED, "%s: the text is UTF-16; save it as UTF-8", path);
    if (table_open(path, &(struct table_options){.headless = true}, &t, NULL) != 0 || table_next(t, &row, NULL) != 1)
        return ERR_REFUSED;
    if (no_names(path, row.fields, row.count, e) != 0)
        return ERR_REFUSED;
    for (size_t a = 0; a < row.count; a++)
        for (size_t b = a + 1; b < row.count; b++) {
            struct bytes x = table_trim(row.fields[a]);
            if (x.n > 0 && bytes_equal(x, table_trim(row.fields[b])))
                return err_set(e, ERR_REFUSED, "%s: columns %zu and %zu are both called \"%.*s\"; name them apart",
                               path, a + 1, b + 1, x.n < 40 ? (int)x.n : 40, (const char *)x.p);
        }
    return ERR_REFUSED;
}

static int open_table(const char *path, struct table **ret, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    int rc = table_open(path, NULL, &t, e);
    if (rc == ERR_DAMAGED)
        return explain(path, e);
    if (rc != 0)
        return rc;
    struct bytes names[TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < table_columns(t); i++)
        names[i] = table_header(t, i);
    if (no_names(path, names, table_columns(t), e) != 0)
        return ERR_REFUSED;
    *ret = TAKE(t);
    return 0;
}

int report_load(const char *path, const struct report_options *o, struct report_input *ret, struct err *e)
{
    OWN(report_input_drop) struct report_input in = {0};
    OWN(table_drop) struct table *t = NULL;
    int rc = open_table(path, &t, e);
    if (rc != 0)
        return rc;
    struct loader l = {.t = t, .path = path, .o = o, .in = &in};
    rc = load(&l, e);
    if (rc != 0)
        return rc == ERR_DAMAGED ? ERR_REFUSED : rc; /* of the table; a result that differs is something else */
    *ret = in;
    in = (struct report_input){0};
    return 0;
}

void report_input_drop(struct report_input *in)
{
    for (unsigned i = 0; i < in->list_count; i++)
        free(in->lists[i]);
    for (size_t i = 0; i < in->count; i++) {
        free(in->tables[i].stratum);
        free(in->tables[i].replicate);
    }
    free(in->tables);
    *in = (struct report_input){0};
}
