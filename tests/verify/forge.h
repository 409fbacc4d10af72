/*
 * Packages of a small log of our own, written without the package room, by whoever holds every key: so that each rule
 * of FORMAT 16.6 can be broken alone, and everything else made to fit again.
 */
#ifndef TESTS_VERIFY_FORGE_H
#define TESTS_VERIFY_FORGE_H

#include "model/history.h"
#include "verify/verify.h"

enum { FORGE_LEAVES = 32, FORGE_FILES = 96, FORGE_PATH = 128 };

struct forge_leaf {
    uint8_t entry[LEAF_ENTRY];
    struct key secret;
    struct buf note, values;
};
struct forge_file {
    char path[FORGE_PATH];
    struct buf content;
};
struct forge {
    struct key member_seed, log_seed, other_seed;
    struct note_key member, log, other, cosigner;
    uint32_t administrators; /* that leaf 0 asks for */
    const char *more_line;   /* a further signature line of the package's checkpoint; NULL: none */
    struct forge_leaf leaf[FORGE_LEAVES];
    size_t leaves;
    struct statement_place place; /* of the next placed statement */
    struct hash event;            /* commitment of the newest key event */
    struct buf policy;
    size_t sealed_at;             /* leaves of the package's checkpoint */
    struct forge_file file[FORGE_FILES];
    size_t files;
    struct statement_sealed_deposit deposit;
    struct statement_sealed sealed; /* what the seal is to say; all but the tag manifest is filled by forge_fill */
    const struct key *seal_seed;
    const struct note_key *seal_key;
    struct buf seal[3]; /* note, tlog-proof, consistency */
};

/* Its leaves. */
enum {
    FORGE_FOUNDED = 0,
    FORGE_COSIGNERS = 1,
    FORGE_INVESTIGATION = 2,
    FORGE_DEPOSIT = 3,
    FORGE_FILE = 4,   /* "a.txt": "one" */
    FORGE_FOLDER = 5,
    FORGE_HELD = 6,   /* withheld */
    FORGE_NAME = 7,   /* of FORGE_FILE */
    FORGE_PART = 8,
    FORGE_RECEIPT = 9,
    FORGE_COVER = 10,
};

void forge_begin(struct forge *f); /* keys alone */
void forge_release(struct forge *f);
/* One more leaf, signed by this key; of a placed kind the place is filled in, of a key event number and prev. */
size_t forge_add(struct forge *f, struct statement *s, const struct note_key *key, const struct key *seed);
void forge_log(struct forge *f);  /* the leaves above */
void forge_fill(struct forge *f); /* the files of a package over them */
/* forge_file: its content, to be changed; made when it is not there.  forge_drop: without it. */
struct buf *forge_file(struct forge *f, const char *path);
void forge_drop(struct forge *f, const char *path);
void forge_set(struct forge *f, const char *path, const char *text);
/* The proof of a leaf under the package's checkpoint, as it should be, in the place of what is there. */
void forge_prove(struct forge *f, const char *path, size_t leaf);
void forge_statement(struct forge *f, const char *name, size_t leaf); /* "proof/keys/000001": with its proof */
void forge_key(const char *name, uint8_t seed, struct key *ret_seed, struct note_key *ret);
void forge_open(struct forge *f, const char *path, size_t leaf);
void forge_checkpoint(struct forge *f, size_t leaves, const struct note_key *key, const struct key *seed,
                      struct buf *to);
void forge_manifests(struct forge *f); /* and the seal's leaf, with what it says now */
void forge_write(const struct forge *f, const char *folder);

#endif
