/*
 * A linkage that is kept in a file, so that later records can be added to it: FORMAT, "A linkage that is kept".
 *
 * It holds every value of every record that was compared, and is written for its owner only.
 */
#ifndef SHEET_KEPT_H
#define SHEET_KEPT_H

#include "sheet/report.h"

enum { SHEET_KEPT_BYTES_MAX = 1 << 30 };

struct sheet_kept {
    bool decided; /* decisions of persons were bound in it */
};

/* sheet_kept_write: ${rows} is the version before decisions and threshold.  Durable, beside and renamed.  ERR_IO. */
int sheet_kept_write(const char *path, const struct sheet_linkage *l, uint64_t rows, struct err *e);
/*
 * sheet_kept_read(path, l, fields, ret_kept, e):
 * Fill linkage, frame, ids (with the version of the rows) and ${fields}; what was begun is the caller's to free also on
 * failure.  Errors: ERR_ABSENT, ERR_IO, ERR_DAMAGED, ERR_NEWER.
 */
int sheet_kept_read(const char *path, struct sheet_linkage *l, struct sheet_fields *fields, struct sheet_kept *ret_kept,
                    struct err *e);

#endif
