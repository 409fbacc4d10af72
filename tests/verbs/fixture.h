/*
 * A repository in a scratch folder and a face that remembers what it is told.  A verb is run by its words, as a person
 * would type them; what came of it stands in the fixture.
 *
 * The repository is founded once per program, and its key file opened once: a verb is then given the keys.
 */
#ifndef TESTS_VERBS_FIXTURE_H
#define TESTS_VERBS_FIXTURE_H

#include "verbs/verbs_internal.h"

#include "../base/chance.h"
#include "../base/scratch.h"

#define FIXTURE_PASSPHRASE "a passphrase of the tests"

struct fixture {
    struct keyring_identity identity;
    bool with_keys; /* a verb is given them; else it asks the face */
    const char *repository, *key_path, *compartment;

    /* What the face does. */
    const char *passphrase[4]; /* its answers, in order; NULL: FIXTURE_PASSPHRASE */
    unsigned asked;
    bool asked_twice[4];
    struct buf prompts;
    bool watched, quiet;
    int (*flush)(void *context, struct err *e); /* NULL: all goes well */
    int (*progress)(const struct verbs_progress *p); /* NULL: go on */
    void (*saying)(struct fixture *f); /* what happens when a line is said; NULL: nothing */
    struct verbs_progress last;

    /* What came of the last run. */
    int rc, exit_code; /* exit_code: as the program would end */
    struct err e;
    const char *record;  /* what stands on standard input */
    struct buf revealed; /* what went to standard output past all else */
    struct buf said, warned; /* lines, each ended by a newline */
    struct buf document;
    struct json *json; /* of fixture_json */
};

/* Group setup: the scratch folder, `init archive` with packs of 1 MiB, and the keys.  *state is the fixture. */
int fixture_begin(void **state);
int fixture_end(void **state);

/* fixture_run: "intake", "papers", "--from", "Somebody", NULL.  Returns the exit code. */
int fixture_run(struct fixture *f, ...) __attribute__((sentinel));
/* The same as one JSON document, in f->json. */
int fixture_json(struct fixture *f, ...) __attribute__((sentinel));

/* A number of the document, by path: "taken.files".  Asserts that it is there. */
uint64_t fixture_number(const struct fixture *f, const char *path);
const char *fixture_word(const struct fixture *f, const char *path); /* NULL for null */

/* Assertions about what was said: in an answer, beside it, in the line of the error. */
void fixture_said(const struct fixture *f, const char *words);
void fixture_not_said(const struct fixture *f, const char *words);
void fixture_warned(const struct fixture *f, const char *words);
void fixture_failed(const struct fixture *f, int rc, const char *words);
void fixture_went_well(const struct fixture *f); /* exit 0, nothing beside the answer */

/* Everything below a folder, names, kinds, modes, times and bytes, as one digest: for "nothing was written". */
void fixture_digest(const char *folder, struct hash *ret);

/* ---- trees ---- */

/* tree_grow: a random tree: nested folders, files of several sizes and modes, links, further names, odd names. */
void tree_grow(struct chance *chance, const char *path, int depth);
/* tree_same: names, kinds, bytes, modes, times and common names agree; what differs fails the test by name. */
void tree_same(const char *a, const char *b);
struct tree_counts {
    uint64_t files, bytes, folders, names; /* files: with links and further names; bytes: a further name's too */
};
void tree_count(const char *path, struct tree_counts *ret);

#endif
