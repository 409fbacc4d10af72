/*
 * Verbs: what a person can do, one file each, and the one table from which command line, manual and completion are
 * made.
 *
 * A verb checks its request, works through the rooms below, and speaks through its face: lines for people, or one JSON
 * document for programs.  It never reads the terminal, the environment or the process's arguments: the face does.
 */
#ifndef VERBS_VERBS_H
#define VERBS_VERBS_H

#include "base/json.h"

struct keyring_identity;

enum {
    VERBS_OPTIONS_MAX = 14,
    VERBS_DONE = 0, /* exit codes: DESIGN section 6 */
    VERBS_FAILED = 1,
    VERBS_USAGE = 2,
    VERBS_REFUSED = 3,
    VERBS_ENVIRONMENT = 4,
    VERBS_UNCOSIGNED = 6, /* of verify: whole, but cosigners have not signed as the policy asks */
};

/* How far a long work is; *_all is 0 when it is not known. */
struct verbs_progress {
    uint64_t files, files_all;
    uint64_t bytes, bytes_all;
};

/* How a verb speaks.  All calls come from the thread that called the verb. */
struct verbs_face {
    void *context;
    void (*say)(void *context, const char *line);  /* a line of the answer; not called when json is set */
    void (*warn)(void *context, const char *line); /* a line beside the answer: found, healed, to be known */
    /* Called often; non-zero: the person wants to stop. */
    int (*progress)(void *context, const struct verbs_progress *p);
    int (*passphrase)(void *context, const char *prompt, bool twice, struct buf *ret, struct err *e);
    struct json_out *json; /* NULL, or the document's writer at its top object: the verb adds keys in order */
    bool watched;          /* a person looks on: counting beforehand is worth it */
    bool quiet;            /* what is said is not shown */
    int (*flush)(void *context, struct err *e); /* what was said is written out; ERR_IO: not all of it */
    int (*typed)(void *context, const char *prompt, struct buf *ret, struct err *e); /* on the terminal alone */
    /* What stands on standard input, to its end, straight into held memory: ERR_USAGE when it is longer than that.  And
     * the way back: straight to standard output.  Neither leaves a copy behind. */
    int (*record)(void *context, struct buf *held, struct err *e);
    int (*reveal)(void *context, struct bytes text, struct err *e);
};

/* A request: what was typed, options by name. */
struct verbs_request {
    const char *const *arguments;
    size_t count;
    const char *option[VERBS_OPTIONS_MAX]; /* by the order of verb->options; NULL: not given; "" for a given flag */
    const char *repository;                /* -R, GROUNDWORK_REPO or the nearest parent; NULL when there is none */
    const char *compartment;               /* --compartment; NULL: the first one that is held */
    const char *key_path;                  /* --key or GROUNDWORK_KEY; NULL: the default */
    const char *config_folder, *state_folder; /* .../groundwork */
    const char *runtime_folder;               /* .../groundwork, for the agent's socket */
    const struct keyring_identity *identity;  /* keys that are unlocked already; NULL: the face asks */
};

struct verbs_option {
    const char *name;  /* "from": --from */
    const char *value; /* "WHO"; NULL for a flag */
    const char *help;  /* catalogue text */
};
struct verb {
    const char *name;
    const char *arguments; /* "PATH..." for the usage line; "" for none */
    const char *help;      /* one line, catalogue text */
    const char *more;      /* a paragraph, catalogue text */
    size_t arguments_min, arguments_max;
    bool needs_repository;
    struct verbs_option options[VERBS_OPTIONS_MAX]; /* ended by a NULL name */
    /* 0, or an ERR_ code with words; *ret_exit: the exit code when 0 is not it (a refusal under --strict). */
    int (*run)(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e);
};
extern const struct verb verbs_table[];
extern const size_t verbs_count;

/* verbs_state: what `groundwork` alone says: the state and the next step. */
int verbs_state(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e);

/* verbs_start: once, before anything else.  ERR_IO. */
int verbs_start(struct err *e);
/* verbs_exit: the exit code of an error. */
int verbs_exit(int rc);

#endif
