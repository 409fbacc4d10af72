/* choice.h: what becomes of one unsynced change.  Only tree.c asks. */
#ifndef TESTS_CRASH_CHOICE_H
#define TESTS_CRASH_CHOICE_H

#include "tree.h"

enum { SECTOR_BYTES = 512, PAGE_BYTES = 4096 };

enum fate {
    FATE_DROPPED,
    FATE_KEPT,
    FATE_SIZE,      /* the file has the size, the bytes are zero where it grew */
    FATE_TORN,      /* the first whole sectors only */
    FATE_SCATTERED  /* some sectors, anywhere */
};

struct verdict {
    enum fate fate;
    uint64_t draw; /* for FATE_TORN and FATE_SCATTERED: what the sectors are drawn from */
};

/* choice_of_bytes(c, number, r): The fate of a change to a file's bytes, size or mode. */
struct verdict choice_of_bytes(const struct choice *c, uint64_t number, const struct record *r);

/*
 * choice_of_name(c, number, is_old_half):
 * Is a change of names kept?  ${is_old_half}: it is the disappearing of the old name in a rename across folders.
 */
bool choice_of_name(const struct choice *c, uint64_t number, bool is_old_half);

/* choice_write(content, verdict, offset, bytes, count): Of a write, as much as ${verdict} lets through. */
void choice_write(struct content *content, struct verdict verdict, uint64_t offset, const uint8_t *bytes,
                  uint64_t count);

#endif
