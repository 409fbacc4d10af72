#ifndef SHEET_FIELDS_H
#define SHEET_FIELDS_H

#include "sheet/sheet_internal.h"
#include "table/table.h"

struct sheet_fields {
    unsigned count;
    struct match_field field[MATCH_FIELDS_MAX];
    struct buf header[MATCH_FIELDS_MAX]; /* of the column; other tables are asked for the same */
};
void sheet_fields_drop(struct sheet_fields *fields);

/*
 * sheet_fields_find(path, fields_path, id, to, e):
 * The fields of the table at ${path}: as ${fields_path} says ({"column": "kind", ...} or {"kind": ["column", ...]}),
 * or,
 * when it is NULL, guessed and told on stderr.  ${id} is never one of them, nor are columns that name the answer.
 * Errors: ERR_USAGE, ERR_REFUSED (nothing to compare), as for reading.
 */
int sheet_fields_find(const char *path, const char *fields_path, const char *id, struct sheet_fields *to,
                      struct err *e);

#endif
