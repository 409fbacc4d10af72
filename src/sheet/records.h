#ifndef SHEET_RECORDS_H
#define SHEET_RECORDS_H

#include "sheet/report.h"

void sheet_ids_drop(struct sheet_ids *ids);
void sheet_ids_clear(struct sheet_ids *ids); /* empty, and the version with it */
struct bytes sheet_id_of(const struct sheet_ids *ids, size_t record);
int sheet_ids_add(struct sheet_ids *ids, struct bytes id, struct err *e);
int sheet_ids_sort(struct sheet_ids *ids, struct err *e); /* before any is looked for */
/* sheet_ids_find: the record with that id of a source (0, 1), or of any (2). */
bool sheet_ids_find(const struct sheet_ids *ids, struct bytes id, unsigned source, uint32_t *ret);
/*
 * sheet_ids_check_new(ids, from, across, e):
 * ERR_REFUSED when a record from ${from} on has the id of another one of its source: across two tables, of the second.
 * Sorts.
 */
int sheet_ids_check_new(struct sheet_ids *ids, size_t from, bool across, struct err *e);

/* sheet_records_read: the rows of a table, behind those there are, into frame, ids and version. */
int sheet_records_read(const char *path, const char *id, unsigned source, struct sheet_linkage *l, struct err *e);

/* sheet_decisions_read: what persons decided of pairs; the records are known by their ids.  Part of the version. */
int sheet_decisions_read(const char *path, bool across, struct sheet_ids *ids, struct sheet_decisions *to,
                         struct err *e);
void sheet_decisions_drop(struct sheet_decisions *d);

#endif
