/* What the checkers of flows share: a face that listens, one unlocked identity, and a list of what must be there. */
#ifndef TESTS_FLOW_CHECKER_H
#define TESTS_FLOW_CHECKER_H

#include "base/file.h"
#include "store/store.h"
#include "verbs/verbs.h"

struct checker {
    struct keyring_identity identity;
    char key_path[FILE_PATH_MAX];
    struct buf said;     /* what verbs said, newline-ended */
    uint64_t findings;
};
/* checker_unlock: once for each process; ends the program when it cannot. */
void checker_unlock(struct checker *c, const char *key_path, const char *passphrase_file);
void checker_place(struct checker *c, const char *repository, const char *state, struct store_place *ret);
/* checker_verb: run a verb of the table; its lines are in c->said.  The exit code, or 100 + the code of an error. */
int checker_verb(struct checker *c, const char *name, const char *repository, const char *state, const char *argument,
                 struct err *e);
/* checker_whole: opens, verifies and audits in full.  0 or an error, with words. */
int checker_whole(struct checker *c, const char *repository, const char *state, struct err *e);
/* checker_verified: opens and verifies, and no more. */
int checker_verified(struct checker *c, const char *repository, const char *state, struct err *e);

#endif
