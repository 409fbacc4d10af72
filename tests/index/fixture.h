/*
 * An index in a folder of its own under /tmp.
 */
#ifndef TESTS_INDEX_FIXTURE_H
#define TESTS_INDEX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "index/index_internal.h"

/* Chance that is the same in every run.  Source: G. L. Steele, D. Lea, C. H. Flood, Fast Splittable Pseudorandom
 * Number Generators, OOPSLA 2014. */
struct chance {
    uint64_t state;
};
uint64_t chance_u64(struct chance *c);
size_t chance_below(struct chance *c, size_t count);
void chance_fill(struct chance *c, uint8_t *p, size_t n);

struct fixture {
    struct file_path root;
    struct key key;
    struct err e;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
struct index *fixture_open(struct fixture *f, enum index_manner manner); /* asserts success */
int fixture_try(struct fixture *f, enum index_manner manner);            /* opens and closes; the result */
void fixture_file(const struct fixture *f, const char *name, struct file_path *to); /* below index/ */
void fixture_read(const struct fixture *f, const char *name, struct buf *to);
void fixture_write(const struct fixture *f, const char *name, struct bytes content);
void fixture_dump(struct index *x, struct buf *to); /* all lines of index_dump, each with a newline */
/* One record of one statement, at ${leaf}. */
int fixture_say(struct index *x, uint64_t leaf, const struct statement *s, struct err *e);
/* In a child process, as nobody when we are root; asserts that ${work} returned 0. */
void fixture_apart(int (*work)(struct fixture *f), struct fixture *f, bool nobody);

#endif
