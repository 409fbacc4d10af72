/*
 * The keyring: who holds which key, and the files in which keys lie sealed.
 *
 * A member's private keys lie in a file outside the repository, under a passphrase (FORMAT 2.3).  Inside, in two
 * copies under a/keys and b/keys: the log key boxed to each writer, the epoch key of each compartment boxed to each
 * member's receiving key, the compartment's table under the epoch key, and the leaf secrets in segments under keys of
 * the table (FORMAT 2.4).  Tables, wraps and the log key's box are written durably under new names before any commit
 * that needs them; what no commit names is removed by the next writer.
 *
 * Called by store/ only.
 */
#ifndef KEYRING_KEYRING_H
#define KEYRING_KEYRING_H

#include "model/note.h"
#include "model/statement.h"
#include "model/tree.h"

enum {
    KEYRING_ID = 16,                 /* a compartment's random id */
    KEYRING_EPOCHS = 2,              /* receiving keys: the present epoch's and the next one's, published ahead */
    KEYRING_HOLDINGS_MAX = 64,       /* compartments of a key file, */
    KEYRING_SEEDS_MAX = 4,           /* and receiving seeds of one of them */
    KEYRING_SEGMENT_LEAVES = 16384,  /* secrets of one segment */
    KEYRING_FILE_MAX = 16 << 20,
    KEYRING_NAME_MAX = 128,
    KEYRING_CALLED_MAX = 255,        /* bytes of a compartment's name */
    KEYRING_PASSPHRASE_MIN = 8,
    KEYRING_PASSPHRASE_MAX = 1024,
};

/* A seed of a receiving key, and the epoch from which on it receives. */
struct keyring_seed {
    uint64_t epoch;
    struct key seed;
};
/* What a member's key file holds of one compartment: seeds by ascending epoch. */
struct keyring_holding {
    uint8_t compartment[KEYRING_ID];
    size_t count;
    struct keyring_seed seeds[KEYRING_SEEDS_MAX];
};
/*
 * A member's private keys, as the key file holds them.  The first holding is of leaf 0's compartment, with the seeds
 * that were published when she joined; they receive for every compartment that has no holding of its own.
 */
struct keyring_identity {
    char origin[NOTE_NAME_MAX + 1];
    struct note_key member;    /* pseudonymous: "<origin>/m/<8 hex>" */
    struct key sign;
    struct key box;            /* receives the log key */
    struct key state;          /* authenticates the state kept outside the repository */
    struct keyring_holding holdings[KEYRING_HOLDINGS_MAX];
    size_t holding_count;
    struct hash pin;           /* SHA-256 of leaf 0 */
    uint64_t checkpoint_size;  /* newest checkpoint seen when the file was written */
    struct hash checkpoint_root;
};
void keyring_identity_drop(struct keyring_identity *id); /* wipes */
int keyring_identity_make(const char *origin, struct keyring_identity *ret, struct err *e);
/* keyring_identity_seed: which seed opens a box of this epoch key: of the compartment's own holding, or of the first
 * one where it has none, the one of the largest epoch that is not above; where there is none such, the oldest. */
const struct key *keyring_identity_seed(const struct keyring_identity *id, const uint8_t compartment[KEYRING_ID],
                                        uint64_t epoch);
/* Public halves, for the founding statement: of the first holding's first seeds. */
void keyring_identity_public(const struct keyring_identity *id, uint8_t ret_box[CRYPT_PUBLIC],
                             uint8_t ret_receiving[KEYRING_EPOCHS][CRYPT_PUBLIC]);

/*
 * keyring_identity_save: the key file, sealed under Argon2id of the passphrase (64 MiB), mode 0600.  ${replace} false:
 * ERR_REFUSED when a file is there.  ERR_REFUSED for a passphrase shorter than KEYRING_PASSPHRASE_MIN characters.
 * keyring_identity_load: ERR_ABSENT (no file), ERR_KEY (wrong passphrase), ERR_DAMAGED, ERR_NEWER.
 * keyring_identity_peek: what the file says in the clear: member and pin, unauthenticated.
 */
int keyring_identity_save(const char *path, const struct keyring_identity *id, struct bytes passphrase, bool replace,
                          struct err *e);
int keyring_identity_load(const char *path, struct bytes passphrase, struct keyring_identity *ret, struct err *e);
int keyring_identity_peek(const char *path, struct note_key *ret_member, struct hash *ret_pin, struct err *e);
/* keyring_identity_put: everything of it in the clear, appended, for another process of the same person; to be wiped.
 * keyring_identity_get: the way back.  ERR_DAMAGED, ERR_NEWER; then *ret is wiped. */
void keyring_identity_put(const struct keyring_identity *id, struct buf *to);
int keyring_identity_get(struct bytes from, struct keyring_identity *ret, struct err *e);

/* A keyring file that a commit must name: below keys/, without the copy. */
struct keyring_file {
    char name[KEYRING_NAME_MAX];
    uint64_t bytes;
    struct hash sha256;
    bool removed;
    bool unfinished; /* keyring_check: a copy is good also as it was before it was written last; 0 bytes: not there */
    uint64_t before_bytes;
    struct hash before_sha256;
};

/* Who may have signed the files (a member of the history of keys), and which log key it is: the first is 1. */
struct keyring_trust {
    const struct note_key *signers;
    size_t count;
    uint64_t log_number;
};
struct keyring;
/*
 * keyring_found: a new repository's keys: log key, epoch 1, table 1, boxes.  Durable in both copies when 0 is returned.
 * keyring_changes then lists the files for the first record.
 */
int keyring_found(const char *root, const struct keyring_identity *id, const struct key *log_seed, struct keyring **ret,
                  struct err *e);
/*
 * keyring_open_among: open the newest table of the place's compartment that is at most ${table_max} with the identity's
 * receiving keys, from the good copy of each file, each signed by one of the place's trust; keyring_open: of the first
 * holding, by ${id}'s member alone.  UINT64_MAX: the newest that is good, which the caller holds to the log
 * (keyring_table): an unfinished commit may have left one that is newer.
 * ERR_KEY: the keys do not open this repository (foreign, or of another epoch); ERR_DAMAGED; ERR_NEWER.
 */
int keyring_open(const char *root, const struct keyring_identity *id, uint64_t table_max, struct keyring **ret,
                 struct err *e);
struct keyring_place {
    const char *root;
    uint8_t compartment[KEYRING_ID];
    const struct keyring_trust *trust; /* NULL: by the member alone */
    struct hash pin;                   /* this and what follows: for recovery sheets alone */
    uint64_t epoch;
    const struct note_key *member;
};
int keyring_open_among(const struct keyring_place *place, const struct keyring_identity *id, uint64_t table_max,
                       struct keyring **ret, struct err *e);
void keyring_close(struct keyring *k); /* wipes */
void keyring_drop(struct keyring **k);

enum keyring_purpose { KEYRING_INDEX, KEYRING_PACK, KEYRING_CHUNK };
void keyring_key(const struct keyring *k, enum keyring_purpose purpose, struct key *ret);
/*
 * keyring_outside: the key of what has yet to come to the log, records of accesses or words that wait.  Made of the
 * newest pack key: number 0; those before it follow.  False: there is none of this number.
 */
enum keyring_outside { KEYRING_SPOOL, KEYRING_WAITING };
bool keyring_outside(const struct keyring *k, enum keyring_outside what, size_t number, struct key *ret);
/* Pack keys that followed the first: of runs that begin at this sector of this pack, or behind it. */
struct keyring_turn {
    uint64_t pack;
    uint32_t sector;
    struct key key;
};
void keyring_turns(const struct keyring *k, const struct keyring_turn **ret, size_t *ret_count);
const struct key *keyring_log_seed(const struct keyring *k);
void keyring_table(const struct keyring *k, uint64_t *ret_version, struct hash *ret_sha256);
/* keyring_called: the compartment's name, which its table holds; empty: it has none, as the first one.
 * keyring_epoch: the present one. */
const char *keyring_called(const struct keyring *k);
uint64_t keyring_epoch(const struct keyring *k);
/* keyring_tables: how many versions are there, good or not. */
int keyring_tables(const struct keyring *k, size_t *ret_count, struct err *e);

/*
 * keyring_seal: seal the secrets of leaves ${first}.. into blocks for the journal (FORMAT 2.5).  When a segment is full
 * a new one begins: its key goes into a new table version, which is durable before this returns.  After a failure ${k}
 * is to be closed.  ERR_REFUSED: the compartment has no room for a further segment.
 * keyring_changes: files written or to be removed since the last keyring_committed; borrowed until then.
 * keyring_committed: the journal holds the blocks: append them to the segments, behind those that are held
 * (keyring_hold), each file written once; remove replaced tables.  All of it is tried; ERR_DAMAGED when a copy of a
 * segment could not be brought up to date because it is damaged.
 */
int keyring_seal(struct keyring *k, uint64_t first, const struct key *secrets, size_t count, struct buf *ret_blocks,
                 struct err *e);
void keyring_changes(const struct keyring *k, const struct keyring_file **ret, size_t *ret_count);
int keyring_committed(struct keyring *k, struct bytes blocks, struct err *e);

/* keyring_secret: the secret of one hidden leaf.  ERR_ABSENT: no segment has it; ERR_DAMAGED names the segment. */
int keyring_secret(struct keyring *k, uint64_t leaf, struct key *ret, struct err *e);
/* keyring_hold: ${blocks} of a record that the segments may lack yet: the journal holds them.  Copied, behind those
 * that are held.  Secrets are looked for in them first, until keyring_committed has brought them to the segments. */
int keyring_hold(struct keyring *k, struct bytes blocks, struct err *e);

/*
 * ---- members: who reads ----
 *
 * Who ${reads} has a box of the compartment's epoch key, who ${writes} one of the log key.
 * keyring_admit: one more of them: the boxes, durable, among the changes.
 * keyring_dismiss: the boxes of this reader are to go.
 * keyring_turn: what comes after is for ${readers} alone.  With ${compartment} a new epoch key, index key, pack key (of
 * runs from ${pack}, ${sector} on) and segment (of secrets from ${leaf} on, behind all that there are) in a new table;
 * with ${log} a new log key; boxed to them; all durable, among the changes; the boxes of ${before}, who read until now,
 * are to go.  ERR_REFUSED: too many pack keys follow each other.
 * keyring_found_beside: one more compartment, called ${name}: epoch 1 and table 1, boxed to the member of ${k}, who
 * receives by ${receiving}; durable, among the changes of what is returned, which knows the log key as ${k} does.
 */
struct keyring_reader {
    struct note_key key;
    uint8_t receiving[CRYPT_PUBLIC], box[CRYPT_PUBLIC];
    uint64_t number; /* of the receiving key; 0: one that she joined with */
    bool reads, writes;
};
struct keyring_turning {
    const struct keyring_reader *readers;
    size_t count;
    const struct keyring_reader *before;
    size_t before_count;
    uint64_t pack;
    uint32_t sector;
    uint64_t leaf;
    bool compartment, log;
};
struct keyring_founding {
    uint8_t compartment[KEYRING_ID];
    const char *name;
    uint8_t receiving[CRYPT_PUBLIC];
    uint64_t number;
};
/* A box of an epoch key, by its file's name within the compartment's folder: to which receiving key of whom; number 0:
 * one that she joined with.  False: another name. */
struct keyring_box {
    uint64_t epoch, number;
    uint8_t reader[4]; /* her key id */
};
bool keyring_box_name(const char *name, struct keyring_box *ret);
int keyring_found_beside(const struct keyring *k, const struct keyring_founding *founding, struct keyring **ret,
                         struct err *e);
int keyring_admit(struct keyring *k, const struct keyring_reader *reader, struct err *e);
int keyring_dismiss(struct keyring *k, const struct keyring_reader *reader, struct err *e);
int keyring_turn(struct keyring *k, const struct keyring_turning *t, struct err *e);

/*
 * ---- what is destroyed ----
 *
 * keyring_erase: what the compartment has from now on, without the secrets of ${leaves} (ascending, not touching): each
 * segment that holds one is written anew under a fresh key and a name of its own, and takes no further leaves; a new
 * epoch key, boxed to ${readers}, and a new index key, in a new table that names no replaced segment key; a segment for
 * what comes, from ${leaf} on, where the last one was written anew.  All durable and among the changes, before the
 * record that names it; with it as removed: the boxes of the epoch before (${before}), the table, and last the old
 * segments, so that as long as one of these is there something may be.  keyring_committed destroys them.
 * *ret_bytes: written, in all copies.  After a failure ${k} is to be closed.  ERR_DAMAGED: a segment opens in no copy.
 * With ${turns}, as keyring_turn does, a new pack key (of runs from ${pack}, ${sector} on) and segment.
 */
struct keyring_erasing {
    const struct statement_range *leaves;
    size_t leaf_count;
    const struct keyring_reader *readers;
    size_t count;
    const struct keyring_reader *before;
    size_t before_count;
    uint64_t leaf;
    bool turns;
    uint64_t pack;
    uint32_t sector;
};
int keyring_erase(struct keyring *k, const struct keyring_erasing *what, uint64_t *ret_bytes, struct err *e);

/*
 * The receiving key that a member publishes; it counts for every compartment, in the place of those that she joined
 * with.
 * Its number is larger than any before it (FORMAT 19.3).
 * keyring_receiving_name: of the file; keyring_receiving_number: the way back; false: another name.
 * keyring_receiving_write: by the member who opened this; durable, among the changes, the one before as removed
 * (${replaced}, 0: none).  keyring_receiving_read: what the log names so, under her own signature.  ERR_ABSENT,
 * ERR_DAMAGED, ERR_KEY.
 * keyring_identity_publish: a fresh seed.  ${published}: the number of the last one, 0: none but those she joined with.
 * All that was published stays, for boxes are to it still.  ERR_KEY: that one is not here.
 * keyring_identity_forget: what is older than ${published} is wiped; false: there was nothing.
 * keyring_box_again: the present epoch key boxed to another receiving key of the member who opened this; durable, among
 * the changes, with the boxes before as removed.
 */
void keyring_receiving_name(const struct note_key *member, uint64_t number, char to[KEYRING_NAME_MAX]);
bool keyring_receiving_number(const char *name, uint8_t ret_member[4], uint64_t *ret_number);
int keyring_receiving_write(struct keyring *k, uint64_t number, const uint8_t key[CRYPT_PUBLIC], uint64_t replaced,
                            struct err *e);
int keyring_receiving_read(const char *root, const struct note_key *member, const struct keyring_file *logged,
                           uint8_t ret[CRYPT_PUBLIC], struct err *e);
int keyring_identity_publish(struct keyring_identity *id, uint64_t published, uint64_t number,
                             uint8_t ret[CRYPT_PUBLIC], struct err *e);
bool keyring_identity_forget(struct keyring_identity *id, uint64_t published);
int keyring_box_again(struct keyring *k, const struct keyring_reader *reader, struct err *e);

/*
 * A request to join, which the new member signs with the key that it names (FORMAT 14.1).
 * keyring_request_parse: ERR_DAMAGED.  Whose it is tells the fingerprint, by another way.
 */
enum { KEYRING_REQUEST_MAX = 4096 };
struct keyring_request {
    char origin[NOTE_NAME_MAX + 1];
    struct hash pin;
    struct note_key key;
    uint8_t box[CRYPT_PUBLIC];
    struct {
        uint64_t epoch;
        uint8_t key[CRYPT_PUBLIC];
    } receiving[KEYRING_EPOCHS];
};
int keyring_request_put(const struct keyring_identity *id, struct buf *to, struct err *e);
int keyring_request_parse(struct bytes text, struct keyring_request *ret, struct err *e);

/* ---- recovery: one more reader, whose keys lie on printed sheets, k of n (FORMAT 2.6) ---- */

enum { KEYRING_SHARE = 54 };
/* What one sheet holds. */
struct keyring_share {
    uint8_t needed, count, index; /* k, n, and which: from 1 */
    uint8_t set[KEYRING_ID];
    struct key share;
};
void keyring_share_put(const struct keyring_share *s, uint8_t ret[KEYRING_SHARE]);
/* keyring_share_get: ERR_DAMAGED (its check does not fit, or its numbers), ERR_NEWER. */
int keyring_share_get(const uint8_t from[KEYRING_SHARE], struct keyring_share *ret, struct err *e);
void keyring_share_hash(const struct keyring_share *s, struct hash *ret); /* by which the log knows it */

/* Both keys of the sheets' secret: one receives, one signs, once. */
struct keyring_recovery {
    struct note_key key; /* of the one-time seed */
    struct key sign, receiving;
    uint8_t public_key[CRYPT_PUBLIC]; /* of receiving */
};
void keyring_recovery_drop(struct keyring_recovery *r); /* wipes */
/* keyring_recovery_keys: ${name}: of the verification key. */
int keyring_recovery_keys(const struct key *secret, const char *name, struct keyring_recovery *ret, struct err *e);
/* keyring_recovery_wrap: boxes of the epoch key and the log key to it, durable, among the changes; those of
 * ${replaced} (NULL: none) are to go. */
int keyring_recovery_wrap(struct keyring *k, const struct keyring_recovery *r, const struct note_key *replaced,
                          struct err *e);
/*
 * keyring_recovery_open: as keyring_open, by the sheets; ${member}: who signed the files that are there.
 * keyring_replace: what was opened so passes to ${fresh}: its boxes (that of the log key with ${log}) and a new table
 * under its signature, durable, among the changes; the boxes of the member before and of the sheets are to go.
 */
int keyring_recovery_open(const struct keyring_place *place, const struct keyring_recovery *r, uint64_t table_max,
                          struct keyring **ret, struct err *e);
int keyring_replace(struct keyring *k, const struct keyring_identity *fresh, bool log, struct err *e);

/*
 * Key events beside the journal, so that who signs is known without reading all of it: history/<number>, in the clear.
 * keyring_event_read: ERR_ABSENT, ERR_DAMAGED; by its form alone, the caller holds leaf and statement to the log.
 * keyring_event_restore: both copies, by what the journal says; a bad one goes to quarantine/.  ${ret_words}: one line
 * for each file healed.
 */
int keyring_event_write(struct keyring *k, uint64_t number, uint64_t leaf, struct bytes statement, struct err *e);
int keyring_event_read(const char *root, uint64_t number, uint64_t *ret_leaf, struct buf *ret_statement,
                       struct err *e);
int keyring_event_restore(const char *root, uint64_t number, uint64_t leaf, struct bytes statement,
                          struct buf *ret_words, struct err *e);

/*
 * One block of a record's secrets section: its segment's file name, the bytes that stand in that file, and its leaves.
 * For bringing segments up to the journal and for checking them.  A segment file is its header and its blocks.
 */
struct keyring_block {
    char segment[KEYRING_NAME_MAX];
    uint8_t header[64];
    size_t header_bytes;
    struct bytes block;
    uint64_t number; /* of the segment */
    uint64_t first_leaf;
    uint32_t count;
};
int keyring_block_next(struct cursor *c, struct keyring_block *ret, struct err *e);
/* keyring_block_apply: make both copies of the segment end with the block, unless they hold it.  Blocks are to be
 * applied in the order of the journal.  ERR_DAMAGED when a copy is damaged or holds other bytes in the block's place
 * (it is left as it is, and the other one is served all the same). */
int keyring_block_apply(const char *root, const struct keyring_block *block, struct err *e);

/*
 * keyring_check: both copies of every file in ${expected} (tables, wraps and segments as the journal says).  Never
 * writes.  Each fault in one line, a copy that cannot be read among them; ERR_DAMAGED when there was any.
 * keyring_repair: a bad or missing copy from the good one, the bad one to quarantine/; ERR_DAMAGED names what is bad
 * in both, after everything else has been healed.  ret_words: one line for each file healed.
 * keyring_restore: each copy of ${file} that is not ${content}, which is known to be right, gives way to it.
 */
int keyring_check(const char *root, const struct keyring_file *expected, size_t count,
                  void (*finding)(void *context, const char *line), void *context, struct err *e);
int keyring_restore(const char *root, const struct keyring_file *file, struct bytes content, struct buf *ret_words,
                    struct err *e);
int keyring_repair(const char *root, const struct keyring_file *expected, size_t count, struct buf *ret_words,
                   struct err *e);

/*
 * What lies under a/keys and b/keys and is not in ${expected}: an unfinished commit leaves such, and it is no damage.
 * keyring_strays: one line for each; never writes.
 * keyring_sweep: for a writer whose ${expected} is what the journal says to its very end.  Removes drafts, key events
 * and the tables, wraps and log key boxes that are not in ${expected}, for old ones may hold what was to be forgotten.
 * A key file is left alone unless one of its kind that is in ${expected} is good in a copy (of a key event the journal
 * holds the content), and whatever is of no known name always.  Durable.  ERR_IO.
 * Segments as they were before they were written anew go too, and so do those whose writing no commit names; and
 * damaged copies of all of these which a repair has moved aside.
 * keyring_remains: are there such?
 * keyring_is_boxed: is the log key boxed for a reader who is none of ${known}, by the names of files alone?
 */
int keyring_strays(const char *root, const struct keyring_file *expected, size_t count,
                   void (*stray)(void *context, const char *line), void *context, struct err *e);
int keyring_sweep(const char *root, const struct keyring_file *expected, size_t count, struct err *e);
/* keyring_rewritten: is there any segment that was written anew, by names alone? */
int keyring_rewritten(const char *root, bool *ret, struct err *e);
int keyring_remains(const char *root, const struct keyring_file *expected, size_t count, bool *ret, struct err *e);
bool keyring_is_boxed(const char *root, const struct note_key *known, size_t count);

#endif
