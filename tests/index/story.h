/*
 * A story: records of statements made up from a number, as a ledger would give them; and what the index must answer
 * about it, found by reading all of it each time.
 */
#ifndef TESTS_INDEX_STORY_H
#define TESTS_INDEX_STORY_H

#include "fixture.h"

struct told {
    uint64_t record, leaf, manifest, at;
    uint32_t bytes, frames;
    struct statement s;
    struct hash commitment, frame[3];
};
struct story_run {
    uint64_t record, pack, first_record;
    uint32_t first_sector, sectors, records;
};
struct story {
    struct told *told;
    size_t count, room;
    struct story_run *runs;
    size_t run_count;
    uint64_t records, leaves;
    void *kept[4096]; /* lists that statements borrow */
    size_t kept_count;
};

void story_make(struct story *s, uint64_t seed, uint64_t records);
void story_drop(struct story *s);
/* story_tell: records ${from}..${to}-1 into the index, each as a transaction. */
void story_tell(struct index *x, const struct story *s, uint64_t from, uint64_t to);
/* story_check: every question about the first ${records} records, asked of the index and of the story. */
void story_check(struct index *x, const struct story *s, uint64_t records);

extern const char *const story_givers[3];
extern const char *const story_paths[8];
struct hash story_digest(size_t number); /* some differ only behind their first 64 bits */

#endif
