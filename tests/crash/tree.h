/*
 * tree.h: the recorded trees, as they would stand on the disk after a crash.
 *
 * A tree knows for every file and folder what is durable and which changes came since.  fsync of a file makes its bytes
 * and size durable, and no name; fsync of a folder makes its names durable, and no bytes.  POSIX promises no more.
 * A rename within a folder happens whole or not at all.  A rename across folders never loses the file: it may stand
 * under both names until the old folder is synced, or under the old one alone until either is.
 *
 * What a crash leaves is the durable part and any of the later changes, as a struct choice says.
 */
#ifndef TESTS_CRASH_TREE_H
#define TESTS_CRASH_TREE_H

#include "content.h"
#include "record.h"

#include <sys/types.h>

enum model {
    MODEL_STRICT,      /* nothing that was not synced */
    MODEL_KEPT,        /* everything: the process was killed, the machine went on */
    MODEL_NAMES_SHORT, /* every name, but no unsynced bytes, and sizes as they were */
    MODEL_NAMES_ZERO,  /* every name and size, unsynced bytes zero */
    MODEL_BYTES,       /* every byte, but no unsynced name */
    MODEL_KEPT_TORN,   /* everything, but of the last write only the first sectors */
    MODEL_STRICT_TORN, /* nothing unsynced, but the first sectors of the last write */
    MODEL_LOST_ONE,    /* everything but one change */
    MODEL_RANDOM       /* any of the unsynced changes, writes also in part */
};

struct choice {
    enum model model;
    uint64_t seed;
    uint64_t last; /* the number of the last change that happened */
    uint64_t lost; /* for MODEL_LOST_ONE */
};

enum node_type { NODE_FILE, NODE_FOLDER, NODE_SYMLINK };

/* One name of a state, as shown to a visitor; what it points to lives until the visitor returns. */
struct node {
    const char *path; /* root name, then the path below it; folders come before what they hold */
    enum node_type type;
    mode_t mode;
    const struct content *content; /* of a file */
    struct digest digest;          /* of the content */
    const char *target;            /* of a symbolic link */
};

typedef void node_visitor(void *context, const struct node *node);

struct tree;

/* tree_new(skip): An empty tree; ${skip}: the rules of what is left out, kept by reference. */
struct tree *tree_new(const char *skip);

void tree_free(struct tree *t);

/*
 * tree_add_root(t, name, path, snapshot):
 * What was recorded under ${path} is called ${name} in states.  It begins, durably, as the folder ${snapshot}; NULL or
 * missing: it did not exist.
 */
void tree_add_root(struct tree *t, const char *name, const char *path, const char *snapshot);

/*
 * tree_apply(t, number, r, path, path2, data):
 * The call that record ${r} describes happened.  ${number} rises from 1; ${data} must stay where it is.
 */
void tree_apply(struct tree *t, uint64_t number, const struct record *r, const char *path, const char *path2,
                const uint8_t *data);

/* tree_visit(t, choice, visitor, context): Show the state that a crash leaves under ${choice}. */
void tree_visit(struct tree *t, const struct choice *choice, node_visitor *visitor, void *context);

/* tree_pending(t, ret_numbers, ret_count): Numbers of the changes not durable yet, rising; the caller frees them. */
void tree_pending(const struct tree *t, uint64_t **ret_numbers, size_t *ret_count);

#endif
