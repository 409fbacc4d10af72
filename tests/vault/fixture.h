/*
 * A vault with a journal in memory: what store/ does around a vault, as little of it as tests need.
 */
#ifndef TESTS_VAULT_FIXTURE_H
#define TESTS_VAULT_FIXTURE_H

#include "vault/vault.h"

#include <pthread.h>

/* cmocka wants these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture_leaf {
    struct key key;
    uint64_t record;
    bool erased;
};
struct fixture_chunk {
    struct hash digest;
    uint32_t size_bytes;
    struct vault_known at;
};
struct fixture {
    char root[128];
    struct vault_setup setup;
    struct vault_keys keys;
    struct vault *v;
    struct vault_writer *w;
    /* The journal. */
    struct fixture_leaf *leaves;
    size_t leaf_count, leaf_room;
    pthread_mutex_t leaves_lock; /* the writer's threads ask for leaves while others are being kept */
    struct fixture_chunk *chunks; /* open addressing, by digest */
    size_t chunk_count, chunk_room;
    struct vault_run *runs;
    size_t run_count;
    struct vault_pack *packs;
    size_t pack_count;
    struct vault_stripe *stripes; /* by number */
    size_t stripe_count;
    size_t last_stripes; /* of them, those that the last commit to make any named */
    uint64_t next_pack, next_record;
    uint64_t finds, found;
};

/* fixture_begin: an empty vault with packs of ${pack_mib} MiB in a new folder, opened, with a writer. */
void fixture_begin(struct fixture *f, unsigned pack_mib, unsigned threads);
void fixture_begin_with(struct fixture *f, unsigned pack_mib, unsigned threads, struct vault_parity parity);
void fixture_end(struct fixture *f); /* removes everything */

void fixture_close(struct fixture *f);
void fixture_open(struct fixture *f);              /* the vault, with the committed runs */
int fixture_write(struct fixture *f, uint64_t *ret_cut_bytes, struct err *e); /* and its writer */

/* A source of bytes in memory, given out ${step} at a time (0: as asked), failing at ${fail_at} unless that is 0. */
struct fixture_source {
    struct bytes bytes;
    size_t at, step, fail_at;
};
struct vault_source fixture_source(struct fixture_source *s);

/* fixture_put: put and keep as the next leaf, which is returned; asserts that all went well. */
uint64_t fixture_put(struct fixture *f, struct bytes x);
uint64_t fixture_keep(struct fixture *f); /* what was put */
/* fixture_commit: flush, enter into the journal, committed. */
void fixture_commit(struct fixture *f, struct vault_flushed *ret);
/* fixture_enter: what a journal does with a flush; for tests that stand between flush and committed. */
void fixture_enter(struct fixture *f, const struct vault_flushed *x);
/* fixture_get: the object of ${leaf} appended to ${to}. */
int fixture_get(struct fixture *f, uint64_t leaf, struct buf *to, struct err *e);
void fixture_same(struct fixture *f, uint64_t leaf, struct bytes x); /* asserts that it is ${x} */
const struct vault_pack *fixture_open_pack(const struct fixture *f);
void fixture_audit(struct fixture *f); /* asserts that every pack is whole */

/* fixture_fill: commits of one object of random bytes each, until so many packs are sealed. */
void fixture_fill(struct fixture *f, size_t sealed, size_t object_bytes);
size_t fixture_sealed(const struct fixture *f);
struct vault_stripe_of fixture_stripe(const struct fixture *f, size_t stripe);
/* Member ${member} of a stripe: its packs, then its parity files. */
void fixture_member_path(const struct fixture *f, size_t stripe, unsigned member, char to[256]);

/* fixture_bytes: ${n} deterministic bytes: 'r' random, 't' text-like, 'z' zeros, 'm' a mixture. */
uint8_t *fixture_bytes(char kind, size_t n, uint64_t seed);
void fixture_pack_path(const struct fixture *f, uint64_t pack, char copy, char to[256]);

#endif
