/* Inside the recovery's room. */
#ifndef RECOVER_RECOVER_INTERNAL_H
#define RECOVER_RECOVER_INTERNAL_H

#include "recover/recover.h"

/* copy.c: the files of a repository, without what is derived under keys, durable; ${to} must not be there. */
int recover_copy(const char *from, const char *to, const struct store_watch *watch, struct err *e);

/*
 * draft.c: the folder DEST.recovering, in which everything is made, and what of it lies outside in the end.
 *
 *     repository         what becomes DEST by one rename
 *     outside/key        the key file, the last that is made: with it all of the recovery is
 *     outside/PIN.state  what this computer saw
 *
 * recover_draft_open: what a run that is gone left, if anything; locked from here on.  ERR_BUSY: a run is at work;
 * ERR_REFUSED: something else is there.
 * recover_draft_make: an empty one, durably; what a run that is gone left of a repository goes.
 * recover_draft_look: what was left.  Nothing, while the repository in it is not whole or no key file was made.
 * recover_draft_place: key file and state to their places, then the repository to its own.  A file that is there
 * already with the same content is fine; what was put there by a failing call is taken away again.
 * recover_draft_clear: with all that is in it, as far as it can be.
 */
struct recover_draft {
    struct file_path folder, repository, outside;
    int fd; /* -1: it is not there */
};
struct recover_places {
    const char *root, *key_path, *state_path;
    const struct hash *pin;
};
struct recover_left {
    bool made; /* key file and all: what follows is known, and it can be put in its place */
    struct hash pin;
    struct note_key member;
    bool spent;
    uint8_t set[STATEMENT_ID];
    uint64_t before; /* leaves before its last commit */
    struct ledger_position position;
    char origin[NOTE_NAME_MAX + 1];
};
int recover_draft_open(const char *root, struct recover_draft *ret, struct err *e);
int recover_draft_make(struct recover_draft *d, struct err *e);
int recover_draft_look(const struct recover_draft *d, const struct recover_places *to, struct recover_left *ret,
                       struct err *e);
int recover_draft_place(const struct recover_draft *d, const struct recover_places *to, struct err *e);
void recover_draft_clear(struct recover_draft *d);
void recover_draft_release(struct recover_draft *d);

#endif
