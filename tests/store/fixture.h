/*
 * A repository in a folder of its own, founded once for each program and laid out anew for each test; and the system
 * under our hands, so that a disk can fail, or everything end, at a chosen moment.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"
#include "store/store_internal.h"

#define FIXTURE_PASSPHRASE "a passphrase of seven words for tests"

struct fixture {
    struct file_path work;                     /* holds all of it */
    struct file_path root, state, config, key; /* repository, folders outside, key file */
    struct file_path state_file;
    struct hash pin;
    struct keyring_identity id; /* unlocked once */
    struct store_place place;   /* opens with id */
    struct buf told;            /* lines of openings */
    struct buf lines;           /* findings of the last check */
    struct buf words;           /* of the last repair */
    struct err e;
    struct chance chance;
    struct store_verified verified;
    struct store_audited audited;
    unsigned threads; /* of an audit; 0: one for each processor */
    uint64_t step_bytes; /* of an audit's steps; 0: as it has them */
};

int fixture_group_setup(void **state);
int fixture_group_teardown(void **state);
int fixture_setup(void **state); /* the repository as it was founded */
int fixture_teardown(void **state);
#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
#define FIXTURE_RUN(tests) cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown)

struct store *fixture_open(struct fixture *f, enum store_manner manner); /* asserts success */
int fixture_try(struct fixture *f, enum store_manner manner);            /* opens and closes; f->e */
struct ledger_position fixture_where(struct fixture *f, enum store_manner manner);
/* fixture_says: the last error has this code, and its line has each of these words (NULL ends them). */
void fixture_says(struct fixture *f, int rc, int code, ...) __attribute__((sentinel));
void fixture_told(struct fixture *f, const char *words); /* asserts that a line has it, and forgets all lines */
void fixture_told_nothing(struct fixture *f);

/* ---- a little evidence ---- */

struct thing {
    const char *name;
    char kind;   /* 'r' random bytes, 't' text, 'd' a folder, 'l' a link */
    size_t n;
    uint64_t seed;
};
void fixture_bytes(const struct thing *t, struct buf *to);
/* fixture_receive: one thing into the draft. */
int fixture_receive(struct store *s, const struct thing *t, uint64_t deposit, uint64_t seq, bool *ret_duplicate,
                    struct err *e);
/* fixture_intake: one deposit in one record, with its receipt. */
int fixture_intake(struct store *s, const char *giver, const struct thing *things, size_t count, struct err *e);
int fixture_say(struct store *s, struct statement *st, struct err *e); /* one statement in one record */
int fixture_note(struct store *s, const char *text, struct err *e);
int fixture_set_aside(struct store *s, uint64_t receipt, struct err *e);
/* fixture_force_access: the first record of a spool onto the log, as by a writer that asks nothing. */
void fixture_force_access(struct fixture *f, const char *spool);
/* fixture_force: a form or a withdrawal onto the log, in the first investigation, as by a writer that asks nothing. */
void fixture_force(struct fixture *f, struct store *s, struct statement *st);
/* fixture_fill: opens, takes in three deposits of a few files and two notes, closes. */
void fixture_fill(struct fixture *f);

/* fixture_watch: findings become lines, the old ones are forgotten. */
void fixture_watch(struct fixture *f, struct store_watch *ret);
int fixture_verify(struct fixture *f, enum store_manner manner);
int fixture_audit(struct fixture *f, bool full);
int fixture_repair(struct fixture *f);
/* fixture_whole: it opens to read, verifies, audits in full, and reindexing changes nothing. */
void fixture_whole(struct fixture *f);
void fixture_dump(struct store *s, struct buf *to);
struct index_sums fixture_sums(struct fixture *f);

/* ---- files; names are below the repository, or begin with state/, config/ or mirror ---- */

void fixture_path(const struct fixture *f, const char *name, struct file_path *to);
void fixture_get(const struct fixture *f, const char *name, struct buf *to);
void fixture_put(const struct fixture *f, const char *name, struct bytes content);
void fixture_remove(const struct fixture *f, const char *name); /* with what is in it */
bool fixture_there(const struct fixture *f, const char *name);
void fixture_flip(const struct fixture *f, const char *name, int64_t at); /* one bit; from the end when negative */
void fixture_cut(const struct fixture *f, const char *name, int64_t bytes); /* off the end */
void fixture_append(const struct fixture *f, const char *name, struct bytes more);
uint64_t fixture_size(const struct fixture *f, const char *name);
unsigned fixture_count(const struct fixture *f, const char *folder, const char *prefix); /* names that begin so */
/* fixture_first: the first name in ${folder} that begins so, as folder/name. */
void fixture_first(const struct fixture *f, const char *folder, const char *prefix, struct file_path *to);
/* fixture_copy: a file or a folder, in the place of what is there. */
void fixture_copy(const struct fixture *f, const char *from, const char *to);
/* fixture_keep: repository and state as they are now, to be brought ${back}. */
void fixture_keep(const struct fixture *f, const char *as);
void fixture_back(const struct fixture *f, const char *as);
/* fixture_print: SHA-256 over names and bytes of repository and state (but for lock, index/main.db-shm and
 * reports of audits and what they noticed). */
void fixture_print(const struct fixture *f, struct hash *ret);
/* fixture_apart: in a child process, as nobody when we are root; asserts that ${work} returned 0. */
void fixture_apart(int (*work)(struct fixture *f), struct fixture *f);

/* ---- the system ---- */

/* An effect is a write, a sync, a rename, a link, a removal, a new folder or a cut. */
void fixture_calm(void);              /* nothing fails; both counts are zero */
void fixture_die_at(unsigned effect); /* this effect, from 1, and all after it fail: the process has ended */
void fixture_fail_sync(unsigned sync); /* this one fails, alone */
unsigned fixture_effects(void);
unsigned fixture_syncs(void);
const char *fixture_failed(void); /* the file or folder whose sync failed */

#endif
