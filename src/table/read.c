#include "table/table.h"

#include "base/file.h"
#include "base/text.h"
#include "base/unicode.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>

enum { READ_BYTES = 1 << 20 };

struct table {
    struct buf pending; /* read and not given out yet: from ${at}; unused over borrowed content */
    const uint8_t *p;   /* what is there to parse: p[at..n) */
    size_t n, at;
    int fd;
    bool ended; /* nothing more can be read */
    bool headless;
    uint8_t separator;
    struct file_path name;
    uint64_t line;
    struct buf text;      /* the fields of a row that hold quotes, put together without them */
    struct bytes *fields; /* room for fields_room of them */
    size_t fields_room;
    struct buf header_text;
    struct bytes *header;
    size_t columns;
    struct table_notes notes;
};

struct row_parse {
    size_t at;    /* the next byte */
    size_t count; /* fields so far */
    bool more;    /* the row goes on beyond what is read */
    bool stray;
};

void table_close(struct table *t)
{
    if (t == NULL)
        return;
    fd_drop(&t->fd);
    buf_drop(&t->pending);
    buf_drop(&t->text);
    buf_drop(&t->header_text);
    free(t->fields);
    free(t->header);
    free(t);
}

void table_drop(struct table **t)
{
    table_close(*t);
    *t = NULL;
}

size_t table_columns(const struct table *t)
{
    return t->columns;
}

struct bytes table_header(const struct table *t, size_t column)
{
    return t->header[column];
}

const struct table_notes *table_notes(const struct table *t)
{
    return &t->notes;
}

int table_find(const struct table *t, const char *name)
{
    struct bytes wanted = bytes_text(name);
    for (size_t i = 0; i < t->columns; i++)
        if (bytes_equal(t->header[i], wanted))
            return (int)i;
    for (size_t i = 0; i < t->columns; i++)
        if (t->header[i].n == wanted.n && strncasecmp((const char *)t->header[i].p, name, wanted.n) == 0)
            return (int)i;
    return -1;
}

struct bytes table_trim(struct bytes x)
{
    while (x.n != 0 && (x.p[0] == ' ' || x.p[0] == '\t'))
        x = bytes_of(x.p + 1, x.n - 1);
    while (x.n != 0 && (x.p[x.n - 1] == ' ' || x.p[x.n - 1] == '\t'))
        x.n--;
    return x;
}

/* Read more behind what is pending; what is given out already is let go of first. */
static int fill(struct table *t, struct err *e)
{
    if (t->fd < 0) {
        t->ended = true;
        return 0;
    }
    size_t left = t->n - t->at;
    if (t->at != 0 && left != 0)
        memmove(t->pending.p, t->pending.p + t->at, left);
    t->pending.n = left;
    t->at = 0;
    uint8_t *room = buf_more(&t->pending, READ_BYTES);
    if (room == NULL)
        return err_memory(e);
    ssize_t n;
    do
        n = read(t->fd, room, READ_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_os(e, ERR_IO, errno, "%s", t->name.s);
    t->pending.n = left + (size_t)n;
    t->p = t->pending.p;
    t->n = t->pending.n;
    t->ended = n == 0;
    return 0;
}

static int damaged(const struct table *t, uint64_t line, const char *what, struct err *e)
{
    return err_set(e, ERR_DAMAGED, "%s, line %lu: %s", t->name.s, (unsigned long)line, text_tr(what));
}

static int field_room(struct table *t, size_t count, struct err *e)
{
    if (count < t->fields_room)
        return 0;
    size_t room = t->fields_room == 0 ? 64 : t->fields_room * 2;
    struct bytes *fields = realloc(t->fields, room * sizeof *fields);
    if (fields == NULL)
        return err_memory(e);
    t->fields = fields;
    t->fields_room = room;
    return 0;
}

/* The end of a bare field: the separator or the end of the line. */
static size_t bare_end(const struct table *t, size_t at)
{
    const uint8_t *p = t->p, separator = t->separator;
    while (at < t->n && p[at] != separator && p[at] != '\n')
        at++;
    return at;
}

/* A field that begins with a quote; its text goes to t->text, which has room for it, so that it does not move. */
static int quoted_field(struct table *t, struct row_parse *r, struct bytes *ret_field, struct err *e)
{
    size_t start = t->text.n;
    size_t at = r->at + 1;
    for (;;) {
        const uint8_t *quote = memchr(t->p + at, '"', t->n - at);
        if (quote == NULL || (quote + 1 == t->p + t->n && !t->ended)) {
            if (t->ended)
                return damaged(t, t->line, TEXT("a quote is opened here and never closed"), e);
            r->more = true;
            return 0;
        }
        size_t end = (size_t)(quote - t->p);
        buf_put(&t->text, t->p + at, end - at);
        at = end + 1;
        if (at == t->n || t->p[at] != '"')
            break;
        buf_put_u8(&t->text, '"');
        at++;
    }
    size_t end = bare_end(t, at);
    size_t stray = end - at;
    if (stray != 0 && end < t->n && t->p[end] == '\n' && t->p[end - 1] == '\r')
        stray--;
    struct bytes behind = table_trim(bytes_of(t->p + at, stray));
    if (behind.n != 0) {
        r->stray = true;
        buf_put(&t->text, t->p + at, stray);
    }
    r->at = end;
    *ret_field = bytes_of(t->text.p + start, t->text.n - start);
    return buf_check(&t->text, e);
}

static int bare_field(struct table *t, struct row_parse *r, struct bytes *ret_field)
{
    size_t end = bare_end(t, r->at), n = end - r->at;
    if (n != 0 && (end == t->n || t->p[end] == '\n') && t->p[end - 1] == '\r')
        n--;
    *ret_field = bytes_of(t->p + r->at, n);
    r->at = end;
    return 0;
}

/* One try at a row from t->at.  r->more: it does not end within what is read. */
static int parse_row(struct table *t, struct row_parse *r, struct err *e)
{
    *r = (struct row_parse){.at = t->at};
    buf_clear(&t->text);
    for (;;) {
        int rc = field_room(t, r->count, e);
        struct bytes field = {0};
        if (rc == 0)
            rc = r->at < t->n && t->p[r->at] == '"' ? quoted_field(t, r, &field, e) : bare_field(t, r, &field);
        if (rc != 0 || r->more)
            return rc;
        if (r->at == t->n && !t->ended) {
            r->more = true;
            return 0;
        }
        if (field.n > TABLE_FIELD_BYTES_MAX)
            return damaged(t, t->line, TEXT("a field is longer than 1 MiB"), e);
        if (r->count == TABLE_COLUMNS_MAX)
            return damaged(t, t->line, TEXT("more than 4096 fields"), e);
        t->fields[r->count++] = field;
        if (r->at == t->n)
            return 0;
        if (t->p[r->at++] == '\n')
            return 0;
    }
}

static uint64_t lines_in(const uint8_t *p, size_t n)
{
    uint64_t lines = 0;
    for (const uint8_t *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        lines++;
    return lines;
}

/* The bytes that quoted fields of a row may need: made ready beforehand, because fields point into them. */
static int text_room(struct table *t, struct err *e)
{
    size_t wanted = t->n - t->at < TABLE_ROW_BYTES_MAX ? t->n - t->at : TABLE_ROW_BYTES_MAX;
    if (t->text.room > wanted)
        return 0;
    buf_clear(&t->text);
    (void)buf_more(&t->text, wanted + 1);
    buf_clear(&t->text);
    return buf_check(&t->text, e);
}

/* The next row as it stands; 1, 0 at the end. */
static int raw_row(struct table *t, struct table_row *row, struct err *e)
{
    for (;;) {
        if (t->at == t->n && t->ended)
            return 0;
        struct row_parse r = {.more = true};
        int rc = t->at == t->n ? 0 : text_room(t, e);
        if (rc == 0 && t->at != t->n)
            rc = parse_row(t, &r, e);
        if (rc == 0 && (r.more ? t->n - t->at : r.at - t->at) > TABLE_ROW_BYTES_MAX)
            rc = damaged(t, t->line, TEXT("a row is longer than 16 MiB"), e);
        if (rc == 0 && r.more) {
            rc = fill(t, e);
            if (rc != 0)
                return rc;
            continue;
        }
        if (rc != 0)
            return rc;
        struct bytes whole = bytes_of(t->p + t->at, r.at - t->at);
        *row = (struct table_row){.fields = t->fields, .count = r.count, .line = t->line};
        t->at = r.at;
        t->line += lines_in(whole.p, whole.n);
        if (r.count == 1 && t->fields[0].n == 0)
            continue;
        if (memchr(whole.p, 0, whole.n) != NULL)
            return damaged(t, row->line, TEXT("a zero byte; this is not text"), e);
        row->utf8 = unicode_valid(whole);
        if (r.stray && t->notes.quote_rows++ == 0)
            t->notes.quote_line = row->line;
        return 1;
    }
}

/* Bring a row to the number of columns, and count what was wrong with it. */
static int fit_row(struct table *t, struct table_row *row, struct err *e)
{
    size_t filled = row->count;
    while (filled > t->columns && t->fields[filled - 1].n == 0)
        filled--;
    if (filled > t->columns && t->notes.long_rows++ == 0)
        t->notes.long_line = row->line;
    if (row->count < t->columns && t->notes.short_rows++ == 0)
        t->notes.short_line = row->line;
    int rc = 0;
    while (rc == 0 && t->fields_room < t->columns)
        rc = field_room(t, t->fields_room, e);
    for (size_t i = row->count; rc == 0 && i < t->columns; i++)
        t->fields[i] = (struct bytes){0};
    row->fields = t->fields;
    row->count = t->columns;
    return rc;
}

int table_next(struct table *t, struct table_row *ret_row, struct err *e)
{
    struct table_row row;
    int rc = raw_row(t, &row, e);
    if (rc != 1)
        return rc;
    if (!t->headless) {
        rc = fit_row(t, &row, e);
        if (rc != 0)
            return rc;
    }
    t->notes.rows++;
    if (!row.utf8 && t->notes.invalid_rows++ == 0)
        t->notes.invalid_line = row.line;
    *ret_row = row;
    return 1;
}

static uint8_t guess_separator(const struct table *t)
{
    static const uint8_t candidates[] = {',', ';', '\t'};
    size_t counts[COUNT(candidates)] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = t->at; i < t->n && (quoted || t->p[i] != '\n'); i++) {
        if (t->p[i] == '"')
            quoted = !quoted;
        for (size_t k = 0; !quoted && k < COUNT(candidates); k++)
            counts[k] += t->p[i] == candidates[k];
    }
    for (size_t k = 1; k < COUNT(candidates); k++)
        if (counts[k] > counts[best])
            best = k;
    return candidates[best];
}

static int keep_header(struct table *t, const struct table_row *row, struct err *e)
{
    t->columns = row->count;
    t->header = calloc(row->count, sizeof *t->header);
    if (t->header == NULL)
        return err_memory(e);
    for (size_t i = 0; i < row->count; i++)
        buf_put_bytes(&t->header_text, table_trim(row->fields[i]));
    buf_put_u8(&t->header_text, 0); /* so that there is memory also when no name has a letter */
    int rc = buf_check(&t->header_text, e);
    const uint8_t *p = t->header_text.p;
    for (size_t i = 0; rc == 0 && i < row->count; i++) {
        t->header[i] = bytes_of(p, table_trim(row->fields[i]).n);
        p += t->header[i].n;
        for (size_t k = 0; rc == 0 && k < i; k++)
            if (t->header[i].n != 0 && bytes_equal(t->header[i], t->header[k]))
                rc = err_set(e, ERR_DAMAGED, "%s: two columns are called \"%.*s\"", t->name.s, (int)t->header[i].n,
                             (const char *)t->header[i].p);
    }
    return rc;
}

static int begin(struct table *t, const struct table_options *options, struct err *e)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    t->line = 1;
    int rc = t->fd < 0 ? 0 : fill(t, e);
    if (rc != 0)
        return rc;
    if (t->n - t->at >= sizeof mark && memcmp(t->p + t->at, mark, sizeof mark) == 0)
        t->at += sizeof mark;
    t->headless = options != NULL && options->headless;
    t->separator = options != NULL && options->separator != 0 ? (uint8_t)options->separator : guess_separator(t);
    if (t->headless)
        return 0;
    struct table_row row;
    rc = raw_row(t, &row, e);
    if (rc == 0)
        return err_set(e, ERR_DAMAGED, "%s is empty: a table begins with the names of its columns", t->name.s);
    if (rc < 0)
        return rc;
    if (!row.utf8)
        return damaged(t, row.line, TEXT("the names of the columns are not UTF-8"), e);
    return keep_header(t, &row, e);
}

static int table_new(const char *name, struct table **ret_table, struct err *e)
{
    struct table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return err_memory(e);
    t->fd = -1;
    int rc = file_path(&t->name, e, "%s", name);
    if (rc != 0) {
        table_close(t);
        return rc;
    }
    *ret_table = t;
    return 0;
}

int table_open(const char *path, const struct table_options *options, struct table **ret_table, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    int rc = table_new(path, &t, e);
    if (rc != 0)
        return rc;
    assert(t != NULL);
    t->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (t->fd < 0)
        return err_os(e, errno == ENOENT ? ERR_ABSENT : ERR_IO, errno, "%s", path);
    rc = begin(t, options, e);
    if (rc != 0)
        return rc;
    *ret_table = TAKE(t);
    return 0;
}

int table_open_bytes(struct bytes content, const char *name, const struct table_options *options,
                     struct table **ret_table, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    int rc = table_new(name, &t, e);
    if (rc != 0)
        return rc;
    assert(t != NULL);
    t->p = content.p;
    t->n = content.n;
    t->ended = true;
    rc = begin(t, options, e);
    if (rc != 0)
        return rc;
    *ret_table = TAKE(t);
    return 0;
}
