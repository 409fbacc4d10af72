/*
 * Mirrors: what was committed, on another disk, as files that are never written again (FORMAT 11).
 *
 * A mirror is made without keys, and holds nothing that opens it.  It can be ended at any moment: it then stands by the
 * commit before.  Nothing that lies in one is believed before it is held to the log.  Called by verbs and recover.
 */
#ifndef MIRROR_MIRROR_H
#define MIRROR_MIRROR_H

#include "store/store.h"

/*
 * mirror_make: copy what the mirror in ${wish->folder} lacks: packs and key files first, then the journal, then the
 * commit by which it stands as the log does now; only then what it holds too much is removed.  So it can be ended at
 * any moment, and the mirror stands as before; run again, it goes on.  Each file is held to the log while it is copied,
 * and read again from the other disk before it counts.  Needs no keys and no lock; what is committed meanwhile waits
 * for the next time.  What is damaged here is told and not copied, the rest is: ERR_DAMAGED at the end.  Of a pack that
 * is lacking so what was mirrored of it before stays; where it is a keyring file and a commit is there, there is no new
 * one, and the mirror stands as before.
 * ERR_REFUSED: the folder holds something else, another repository's mirror, or more than this copy of the repository;
 * or this computer made a mirror there that is not there now, so the disk may be another one.
 * ERR_DAMAGED: two histories.  ERR_BUSY: another one is writing there; or a file gave way to a newer one meanwhile.
 * ERR_IO: the disk is full, read-only or gone.
 * mirror_verify: is it whole, by its own journal?  Needs no keys, and not the repository: ${place} may be NULL,
 * else it tells how far behind it is.  Never writes.
 * mirror_restore: a repository at ${dest}, which must not exist or be empty, with everything but keys; it appears
 * whole or not at all, and after an interruption the next call goes on.  Every file is held to the journal.  As the
 * mirror's newest commit; this computer is to `adopt` it.  A pack that the mirror does not have as it was logged is
 * told and stays away but for its beginning as it was mirrored before, and so does its stripe's parity: 0 all the same,
 * and ${ret}'s findings say how many.
 */
enum { MIRROR_ID = 16, MIRROR_DAYS = 7, MIRROR_DAYS_MAX = 3650, MIRRORS_MAX = 256 };
struct mirror_wish {
    const char *folder;
    bool again;                /* what is there already is read and compared too */
    bool anew;                 /* begin one even where this computer made one before that is not there now */
    const uint32_t *warn_days; /* NULL: as it was */
};
struct mirror_made {
    uint8_t id[MIRROR_ID];
    uint64_t records, leaves;  /* as it stands now */
    uint64_t files, bytes;     /* copied */
    uint64_t findings;
    bool same_disk;            /* as the repository: lost together with it */
};
int mirror_make(struct store *s, const struct mirror_wish *wish, const struct store_watch *watch,
                struct mirror_made *ret, struct err *e);
struct mirror_verified {
    uint8_t id[MIRROR_ID]; /* zeros when its head is bad */
    struct hash pin;
    char origin[NOTE_NAME_MAX + 1];
    uint64_t records, leaves, files, bytes, findings;
    bool compared;            /* with the repository */
    uint64_t behind, ahead;   /* records that only the repository has; or only the mirror */
    struct hash root;
};
int mirror_verify(const char *folder, const struct store_place *place, const struct store_watch *watch,
                  struct mirror_verified *ret, struct err *e);
struct mirror_restored {
    struct hash pin;
    char origin[NOTE_NAME_MAX + 1];
    uint64_t records, leaves, files, bytes;
    uint64_t findings; /* packs that the mirror does not have as they were logged */
};
int mirror_restore(const char *folder, const char *dest, const struct store_watch *watch,
                   struct mirror_restored *ret, struct err *e);
/* mirror_notes: the mirrors that this computer made, newest first; after how many days without one to warn. */
struct mirror_noted {
    uint8_t id[MIRROR_ID];
    uint64_t records, leaves;
    int64_t at_unix_s;
    char *folder; /* where it was */
};
struct mirror_notes {
    uint32_t warn_days;
    struct mirror_noted list[MIRRORS_MAX];
    size_t count;
};
void mirror_notes_free(struct mirror_notes *n);
void mirror_notes_drop(struct mirror_notes **n);
int mirror_notes(const struct store_place *place, const struct hash *pin, struct mirror_notes **ret,
                 struct err *e);

/*
 * mirror_repair: store_repair with a mirror at hand, from which what is bad in every copy here is healed.  ERR_REFUSED:
 * it is not known to be a mirror of this repository.
 */
int mirror_repair(const struct store_place *place, const char *folder, const struct store_watch *watch,
                  struct buf *ret_words, struct err *e);

/*
 * mirror_look: what the journal of a mirror says up to its newest commit, each record held to what it must be; told to
 * ${seen}, whose result is passed on, and borrowed.  ERR_ABSENT (no mirror there), ERR_DAMAGED, also when there is no
 * commit, ERR_NEWER, ERR_IO.
 */
struct mirror_seen {
    const struct statement_founded *founded;
    const struct history *history; /* of keys */
    uint64_t leaves;
};
int mirror_look(const char *folder, int (*seen)(void *context, const struct mirror_seen *m, struct err *e),
                void *context, struct err *e);

#endif
