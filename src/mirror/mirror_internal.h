/* Inside the mirror's room: one file from disk to disk, the mirror as it was opened, and names. */
#ifndef MIRROR_MIRROR_INTERNAL_H
#define MIRROR_MIRROR_INTERNAL_H

#include "mirror/mirror.h"
#include "model/tree.h"

#define MIRROR_DRAFT ".part"

/*
 * carry.c: one file from disk to disk.  mirror_carry: the first f->bytes bytes of ${from}, held to their digest, as the
 * new file ${to}, whose folders are made: synced, read again and compared before it has its name, and durable when 0
 * is returned.  ERR_ABSENT, ERR_DAMAGED: the source is not there, cannot be read, or is not what was logged; ERR_IO is
 * the target's fault.  Nothing is left after an error.  mirror_carry_bytes: content at hand.
 * mirror_carry_check: is the file just what it must be?  Errors as of a source.
 * mirror_carry_way: ERR_REFUSED unless each folder on the way from ${within} to ${path} is a folder and no link, as far
 * as it is there.
 */
struct mirror_carrying {
    const struct store_watch *watch; /* its progress; may be NULL */
    const char *within;              /* below it no link is followed to a target; may be NULL */
    uint64_t done, all;
    unsigned passes; /* how often each byte is read: 2 when it is read again behind the writing */
};
int mirror_carry(struct mirror_carrying *c, const char *from, const char *to, const struct store_bound_file *f,
                 struct err *e);
int mirror_carry_bytes(struct mirror_carrying *c, struct bytes content, const char *to, struct err *e);
int mirror_carry_check(struct mirror_carrying *c, const char *path, const struct store_bound_file *f, struct err *e);
int mirror_carry_way(const char *within, const char *path, struct err *e);

/*
 * open.c: a mirror as it lies there (FORMAT 11).  Whose it is, is said by record 0 of its journal; the head says it
 * too, and gives the mirror its own number.
 * mirror_open: ERR_ABSENT (no mirror there), ERR_DAMAGED, ERR_NEWER, ERR_IO.  Nothing but record 0 and the
 * commits is read; they are held to their signatures by the log key that record 0 names.
 */
struct mirror {
    char *folder;
    bool has_head, has_founded, has_commit;
    struct err head_fault, founded_fault; /* no code: it is good, or not there */
    uint8_t id[MIRROR_ID];
    struct hash pin; /* by record 0, else by the head */
    struct ledger_pieces *pieces;
    struct buf founded_note;
    struct statement_held *founded_held;
    struct statement founded;
    struct history history; /* of keys, as far as they sign themselves; empty without founded */
    uint64_t records; /* of the newest commit that is good */
    struct checkpoint commit;
    uint64_t bad_commits;
};
int mirror_open(const char *folder, struct mirror **ret, struct err *e);
void mirror_drop(struct mirror **m);
void mirror_head(const struct hash *pin, const uint8_t id[MIRROR_ID], struct buf *to);
int mirror_head_parse(struct bytes text, struct hash *ret_pin, uint8_t ret_id[MIRROR_ID], struct err *e);
enum { MIRROR_COMMIT_NAME = 64 };
void mirror_commit_name(uint64_t records, char to[MIRROR_COMMIT_NAME]); /* below the mirror */
bool mirror_commit_parse(const char *name, uint64_t *ret_records);     /* the last part of it */
/* mirror_walk: each record up to the newest commit, in order, with what it must be; the leaves' roots too.
 * mirror_bound: by that, what the log binds; ${ret} borrows from ${m}. */
int mirror_walk(struct mirror *m, int (*each)(void *context, const struct ledger_record *r, struct err *e),
                void *context, struct err *e);
int mirror_bound(struct mirror *m, struct store_bound **ret, struct err *e);

/*
 * sweep.c: what lies below the mirror under names that a mirror gives, and is not needed by the commit of ${records}
 * records that bind ${bound}, is removed, and its folder synced.  All else stays, and no link is followed.  Of a pack
 * that is ${lacking}, which has one for each bound file, what was mirrored while it was open stays.
 */
enum { MIRROR_FOLDERS = 5 };
extern const char *const mirror_folders[MIRROR_FOLDERS];
int mirror_sweep(const char *folder, const struct store_bound *bound, const bool *lacking, uint64_t records,
                 struct err *e);

/* notes.c: what this computer remembers of mirrors: mirror_note, one that stands now as said. */
int mirror_note(const struct store_place *place, const struct hash *pin, const struct mirror_noted *now,
                const uint32_t *warn_days, struct err *e);
void mirror_notes_put(const struct mirror_notes *n, const struct hash *pin, struct buf *to);
int mirror_notes_parse(struct bytes text, const struct hash *pin, struct mirror_notes *ret, struct err *e);

/*
 * heal.c: before a repair, and without keys: what is bad in both copies of the journal and of the keyring's
 * files comes from the mirror.  ret_words: lines for the person; ret_names: for the log, one in each line.
 */
int mirror_heal(const struct store_place *place, struct mirror *m, struct buf *ret_words, struct buf *ret_names,
                struct err *e);

/*
 * gather.c: a pack of which no file is whole.  While it was open the log said again and again what its first sectors
 * were, and an open/ file of the mirror is those of one such statement.
 * mirror_said_take: records in order; all that each says of packs.
 * mirror_gather: the beginning of the pack as far as the statements bear it out, from the copies here and all files
 * that the mirror has of it; behind that what is here stays, and nothing is made up.  It takes the place of copy a, and
 * of b while the pack is open, where that brings sectors back; *ret_brought says how many.  0: it is whole now.
 * ERR_DAMAGED: it is not.  ERR_IO.
 * mirror_pack_exchange: ${fresh}, which is durable, takes the place of a copy (0 is a), and that goes to quarantine/.
 */
struct mirror_said {
    const struct history *history; /* of keys; needed while records are taken */
    struct vault_pack *list;
    size_t count, room;
};
void mirror_said_release(struct mirror_said *s);
int mirror_said_take(struct mirror_said *s, const struct ledger_record *r, struct err *e);
struct mirror_gathering {
    const char *folder; /* the mirror */
    const char *root;
    const struct vault_pack *logged;
    const struct mirror_said *said;
};
int mirror_gather(const struct mirror_gathering *of, uint32_t *ret_brought, struct err *e);
int mirror_pack_exchange(const char *root, uint64_t pack, int copy, const char *fresh, struct err *e);

#endif
