/*
 * A repository and its member again, from a copy of it and from recovery sheets (FORMAT 2.6, 5.7).  Called by verbs.
 */
#ifndef RECOVER_RECOVER_H
#define RECOVER_RECOVER_H

#include "store/store.h"

/*
 * recover_member: a repository at place->root, which must not be there, from ${from}, another folder or a mirror of it,
 * which is only read, and from its sheets: copied, opened by them, and passed by one commit to a new member, whose key
 * file is written under the passphrase that ${fresh} gives.  This computer knows it then.  It appears whole or not at
 * all.
 * ERR_REFUSED: too few sheets, of several sets, replaced by newer ones, or spent; something is in the place of what is
 * to be made.  ERR_DAMAGED: a sheet that is not the one that was printed; a folder that is damaged.  ERR_KEY: a folder
 * that does not know these sheets.
 */
struct recover_sheet {
    struct keyring_share share;
    const char *name; /* where it was read, for the line */
};
struct recover_wish {
    const char *from;
    const struct recover_sheet *sheets;
    size_t count;
    const char *replaces; /* name of the key of the administrator who is replaced; NULL: there is one member */
    int (*fresh)(void *context, struct buf *ret, struct err *e);
    void *context;
    const struct store_watch *watch;
};
struct recover_done {
    struct checkpoint checkpoint; /* size, root, origin */
    uint64_t before;              /* leaves that the folder had */
    struct note_key member;
    struct file_path key_path;
    bool finished;     /* it had been made by a run that was killed: the passphrase is the one that was given then */
    uint64_t findings; /* told to the watch: what the mirror lacks, and was left out */
};
int recover_member(const struct store_place *place, const struct recover_wish *wish, struct recover_done *ret,
                   struct err *e);

#endif
