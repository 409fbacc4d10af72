/*
 * states.h: every state that a crash could leave, one after the other.
 *
 * For every prefix of a recording, from nothing to all of it, under every model of tree.h; equal states are met once.
 */
#ifndef TESTS_CRASH_STATES_H
#define TESTS_CRASH_STATES_H

#include "log.h"
#include "tree.h"

/* Where the trees began. */
struct start {
    const char *name;
    const char *path;
    const char *snapshot; /* NULL: it did not exist */
};

struct plan {
    const struct log *log;
    const struct start *starts;
    size_t n_starts;
    uint64_t seed;
    unsigned n_random; /* how many random choices per prefix */
};

struct state {
    uint64_t ordinal; /* among the distinct ones, from 0 */
    size_t prefix;    /* this many records happened */
    struct choice choice;
    char model[48]; /* as people call the choice */
    struct tree *tree;
};

/* Takes a distinct state; false ends the walk. */
typedef bool state_taker(void *context, const struct state *state);

struct counts {
    uint64_t states;
    uint64_t distinct;
};

/* states_each(plan, taker, context): Show ${taker} each distinct state, always in the same order. */
struct counts states_each(const struct plan *plan, state_taker *taker, void *context);

/* states_tree(plan, n_records): The trees after ${n_records} records; the caller frees them. */
struct tree *states_tree(const struct plan *plan, size_t n_records);

/* states_digest(tree, choice): The same for equal states. */
struct digest states_digest(struct tree *tree, const struct choice *choice);

#endif
