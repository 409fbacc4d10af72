/*
 * A keyring in a folder of its own, and what a journal would hold of it: the blocks, and the hashes of its files.
 */
#ifndef TESTS_KEYRING_FIXTURE_H
#define TESTS_KEYRING_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"
#include "keyring/keyring_internal.h"

struct hidden_leaf {
    uint64_t leaf;
    struct key secret;
};
struct fixture {
    struct file_path root;
    struct keyring_identity id;
    struct key log_seed;
    struct keyring *keyring;
    struct chance chance;
    struct buf journal;            /* secrets sections of all records, one after another */
    struct keyring_file *expected; /* as the journal says */
    size_t count, room;
    struct hidden_leaf *leaves;
    size_t leaf_count, leaf_room;
    uint64_t next_leaf;
    struct buf lines; /* of the last check or search, each ended by a newline */
};

int fixture_setup(void **state); /* the folder, a member and a founded keyring whose files are expected */
int fixture_teardown(void **state);

/* Close, and open again by ${table_max}. */
void fixture_reopen(struct fixture *f, uint64_t table_max);
/* Draw secrets for ${count} further leaves, which begin ${gap} leaves on, and seal them; nothing is committed. */
void fixture_seal(struct fixture *f, size_t count, uint64_t gap, struct buf *ret_blocks);
/* What the journal says once it holds ${blocks}: they are remembered, and the files that changed are expected. */
void fixture_log(struct fixture *f, struct bytes blocks);
/* Seal, log and bring the files up to it. */
void fixture_commit(struct fixture *f, size_t count, uint64_t gap);
/* Forget the secrets of leaves from ${next} on: their commit never came to be. */
void fixture_forget(struct fixture *f, uint64_t next);

int fixture_check(struct fixture *f, struct err *e);
int fixture_strays(struct fixture *f);
/* Every secret is found again, in random order. */
void fixture_find_all(struct fixture *f);

void fixture_path(const struct fixture *f, char copy, const char *name, struct file_path *to);
void fixture_get(const struct fixture *f, char copy, const char *name, struct buf *to); /* asserts that it is there */
void fixture_put(const struct fixture *f, char copy, const char *name, struct bytes content);
void fixture_remove(const struct fixture *f, char copy, const char *name);
bool fixture_there(const struct fixture *f, char copy, const char *name);
/* The name of the expected file that begins, below its compartment's folder, so. */
const char *fixture_name(const struct fixture *f, const char *prefix);
/* Asserts that no secret of the fixture stands in ${line}, whatever it is written in. */
void fixture_no_secret_in(const struct fixture *f, const char *line);

#endif
