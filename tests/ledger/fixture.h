/*
 * A ledger in a folder of its own under /tmp, filled with records whose every byte follows from a number.
 */
#ifndef TESTS_LEDGER_FIXTURE_H
#define TESTS_LEDGER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ledger/ledger_internal.h"

/* The one log key there is. */
#define ONLY(log_key) (&(const struct history_logs){&(struct history_log){0, *(log_key)}, 1})

struct fixture {
    struct file_path root;
    struct key seed;
    struct note_key key;
    struct buf words; /* of the last mend or repair */
    struct buf lines; /* findings of the last check */
};

int fixture_setup(void **state);    /* the folder and an empty journal */
int fixture_teardown(void **state); /* the folder is removed */
/* Remove and found again. */
void fixture_again(struct fixture *f);

/* A draft that owns its bytes. */
struct draft {
    struct ledger_record record;
    struct buf entries, hidden, open, secrets, extents;
};
/* draft_make: ${bytes} per statement; what the record holds follows from its number alone. */
void draft_make(struct draft *d, const struct ledger_position *at, uint32_t hidden, uint32_t open, uint32_t bytes);
void draft_drop(struct draft *d);

struct ledger_setup fixture_setup_of(const struct fixture *f, bool writes);
/* Opens and asserts success. */
struct ledger *fixture_open(const struct fixture *f, const struct ledger_position *committed,
                            struct ledger_opening *opening);
/* One record with ${hidden} and ${open} leaves: prepared and committed, not published. */
void fixture_commit(struct ledger *l, uint32_t hidden, uint32_t open);
/* ${records} records of ${hidden} and ${open} leaves, published; where the journal stands. */
struct ledger_position fixture_fill(const struct fixture *f, unsigned records, uint32_t hidden, uint32_t open);
int fixture_check(struct fixture *f, const struct ledger_position *committed); /* ledger_check's result */
int fixture_repair(struct fixture *f, const struct ledger_position *committed);

void path_in(const struct fixture *f, const char *name, struct file_path *to);
void file_get(const struct fixture *f, const char *name, struct buf *to); /* asserts that it is there */
void file_put(const struct fixture *f, const char *name, struct bytes content);
void file_delete(const struct fixture *f, const char *name);
bool file_there(const struct fixture *f, const char *name);
/* All regular files below log/, as "log/..." lines, sorted. */
void log_names(const struct fixture *f, struct buf *to);
/* How many files of quarantine/ begin so. */
unsigned aside_count(const struct fixture *f, const char *prefix);

#endif
