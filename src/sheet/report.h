#ifndef SHEET_REPORT_H
#define SHEET_REPORT_H

#include "sheet/fields.h"

#include <stdio.h>

/* The ids of all records, in order; sorted is made when decisions are read. */
struct sheet_ids {
    struct buf text;
    uint64_t *offset;
    size_t count, room, first_count; /* first_count: records of the first table */
    uint32_t *sorted;
    uint64_t version; /* a hash of the values, decisions and threshold: which linkage this is */
};
struct sheet_decisions {
    struct match_decision *made;
    bool *by_lot;
    size_t count;
};
struct sheet_linkage {
    struct sheet_ids *ids;
    struct sheet_fields *fields;
    const struct sheet_decisions *decisions;
    struct match_frame *frame;
    struct match_linkage *linkage;
    struct match_result result;
};

/* sheet_report_say: the error report: counts, what was not compared, and both directions of error. */
void sheet_report_say(FILE *to, const struct sheet_linkage *l);
/* report.html, the same sentences and the pictures, and three .svg */
int sheet_report_write(const char *folder, const struct sheet_linkage *l, struct err *e);

/* sheet_interval(right, n, ret_low, ret_high): Wilson's interval of 95 % for a share, in ppm. */
void sheet_interval(uint64_t right, uint64_t n, uint32_t *ret_low, uint32_t *ret_high);

#endif
