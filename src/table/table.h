/*
 * Tables: comma-separated values read row by row and written beside, then renamed.
 *
 * Reading takes what people hand over: RFC 4180 with CRLF or LF, a byte order mark, quoted fields with line breaks and
 * doubled quotes, and comma, semicolon or tab between fields.  Nothing is corrected in silence: rows that are shorter
 * or longer than the header, rows that are not UTF-8 and text behind a closing quote are counted in table_notes with
 * the first line of each, and the caller says so.  A quote that is never closed, a field or row beyond its limit and
 * a zero byte end the reading with one line.
 *
 * Writing: the file has its name only when table_commit has returned 0, and is then durable.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include "base/bytes.h"

enum {
    TABLE_COLUMNS_MAX = 4096,
    TABLE_FIELD_BYTES_MAX = 1 << 20,
    TABLE_ROW_BYTES_MAX = 1 << 24, /* as it stands in the file */
};

struct table; /* a table being read */

struct table_options {
    char separator; /* 0: that of , ; and tab which the first line holds most often outside quotes */
    bool headless;  /* the first line is a row; columns then have no names, and rows may differ in length */
};

struct table_row {
    const struct bytes *fields; /* exactly table_columns(t) of them; with headless as many as the line has */
    size_t count;
    uint64_t line; /* of its first character, from 1 */
    bool utf8;     /* all fields are valid UTF-8 */
};

struct table_notes {
    uint64_t rows;
    uint64_t short_rows, short_line;     /* missing fields were taken as empty */
    uint64_t long_rows, long_line;       /* more fields than the header, not all empty: they were passed over */
    uint64_t invalid_rows, invalid_line; /* not UTF-8; the bytes are given as they are */
    uint64_t quote_rows, quote_line;     /* text behind a closing quote; taken as part of the field */
};

/*
 * table_open(path, options, ret_table, e):
 * Open ${path} and read its header.  ${options} may be NULL.  Header names lose blanks at both ends.
 * Errors: ERR_ABSENT, ERR_IO, ERR_DAMAGED (empty, two columns of one name, or as in table_next).
 */
int table_open(const char *path, const struct table_options *options, struct table **ret_table, struct err *e);
/* table_open_bytes: the same over ${content}, which must outlive the table; ${name} is for the lines of errors. */
int table_open_bytes(struct bytes content, const char *name, const struct table_options *options,
                     struct table **ret_table, struct err *e);
void table_close(struct table *t);
void table_drop(struct table **t);

size_t table_columns(const struct table *t); /* 0 when headless */
struct bytes table_header(const struct table *t, size_t column);
/* table_find(t, name): the column of that name, or -1; exact first, then without regard to ASCII case. */
int table_find(const struct table *t, const char *name);
const struct table_notes *table_notes(const struct table *t);

/*
 * table_next(t, ret_row, e):
 * 1 and the next row, 0 at the end, or an error.  Lines that hold nothing are passed over.  The fields are borrowed
 * until the next call.  Errors: ERR_DAMAGED with file and line, ERR_IO.
 */
int table_next(struct table *t, struct table_row *ret_row, struct err *e);

/* table_trim(x): without ASCII blanks and tabs at both ends. */
struct bytes table_trim(struct bytes x);

struct table_out; /* a table being written */

/* table_create(path, ret_out, e): begin a table that will be ${path}.  Errors: ERR_IO. */
int table_create(const char *path, struct table_out **ret_out, struct err *e);
/* table_put(o, field): one more field of the row; quoted when it must be.  A failure is kept until table_commit. */
void table_put(struct table_out *o, struct bytes field);
void table_put_text(struct table_out *o, const char *field);
void table_put_decimal(struct table_out *o, uint64_t value);
void table_end(struct table_out *o); /* ends the row, with LF */
/* table_commit(o, e): make it durable under its name.  ${o} is freed in every case.  Errors: ERR_IO. */
int table_commit(struct table_out *o, struct err *e);
void table_abandon(struct table_out *o); /* removes what was written; NULL is fine */
void table_out_drop(struct table_out **o);

#endif
