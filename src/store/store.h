/*
 * The store: the only place where vault, ledger, keyring and index meet, and the one commit.
 *
 * A write: bytes durable in packs; `pending` noted outside; one journal record in both copies, synced (that is the
 * commit); then segments, tiles, checkpoint and index are brought up to it; outside says `committed`.  FORMAT 7 is the
 * table of all states a crash can leave, and what the next opening does with each.
 *
 * A writer holds the lock (an open file description lock on DIR/lock: it dies with the process).  Readers take none.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/file.h"
#include "index/index.h"
#include "keyring/keyring.h"
#include "ledger/ledger.h"
#include "model/history.h"
#include "vault/vault.h"

struct store;

enum store_manner {
    STORE_PUBLIC, /* no keys: what anyone can see */
    STORE_CHECK,  /* unlocked, to verify and to audit: writes nothing, and does without an index that is of no use */
    STORE_READ,   /* unlocked; heals nothing but the index */
    STORE_WRITE,  /* unlocked, with the lock; finishes what a crash interrupted */
};

/* Where things are, and how a face gets a passphrase. */
struct store_place {
    const char *root;         /* repository folder */
    const char *key_path;     /* private key file; NULL: the default for this repository's pin */
    const char *state_folder; /* folder of the outside state */
    const char *config_folder;
    int (*passphrase)(void *context, const char *key_path, struct buf *ret, struct err *e);
    void *context;
    const struct keyring_identity *identity; /* keys that are unlocked already; NULL: by key file and passphrase */
    uint64_t wait_ms;                        /* for the lock; 0: do not wait */
    /* one line for what was found and done while opening (a healed tail, a finished commit); may be NULL */
    void (*tell)(void *tell_context, const char *line);
    void *tell_context;
};

struct store_founding {
    const char *origin;
    uint32_t pack_mib;
    struct vault_parity parity;
    struct bytes passphrase;
    const char *investigation; /* name of the first one */
};
/*
 * store_found: make a repository at place->root, which must not exist or be empty; it appears whole or not at all.
 * The key file is written first, outside.  ret_pin, ret_key_path: for the face to print.
 */
int store_found(const struct store_place *place, const struct store_founding *founding, struct hash *ret_pin,
                struct buf *ret_key_path, struct err *e);

/*
 * store_open: ERR_ABSENT (no repository here), ERR_NEWER, ERR_BUSY (names the holder and since when), ERR_KEY,
 * ERR_DAMAGED (names what is damaged, and `repair` or `adopt`), ERR_IO.
 */
int store_open(const struct store_place *place, enum store_manner manner, struct store **ret, struct err *e);
void store_close(struct store *s);
void store_drop(struct store **s);

/* What is known of the repository itself. */
struct store_facts {
    const char *root, *origin;
    struct hash pin;
    struct note_key log_key, member;      /* who signs now */
    const struct history_sheets *sheets;  /* the newest recovery sheets; NULL: none; borrowed from the store */
    uint32_t pack_sectors;
    struct vault_parity parity;
    int64_t founded_unix_s;
    struct ledger_position position;
    bool state_known; /* this computer's outside state vouches for the journal */
    const char *state_path, *key_path;
    const struct ledger_opening *opening;
};
void store_facts(const struct store *s, struct store_facts *ret);
struct index *store_index(struct store *s); /* NULL when public, and when a check does without */
struct vault *store_vault(struct store *s); /* NULL when public */
struct ledger *store_ledger(struct store *s);
struct keyring *store_keyring(struct store *s); /* NULL when public */

/* ---- writing: one draft is one record ---- */

/*
 * store_draft_begin: a new draft at the ledger's end.
 * store_add: one hidden statement; its leaf number is *ret_leaf at once.  s->place is filled by the store for signed
 * kinds.  A received file is the object just vault_put: it is kept, or forgotten when the statement is refused.
 * ret_duplicate (may be NULL): these bytes are already held by a living item, or by an earlier one of this draft.
 * What the statement borrows is copied.  ERR_REFUSED names the rule that is broken; the draft is as it was.  Among the
 * rules: items, parts and receipts are of a deposit that is open, receipts are numbered on from the last one, and what
 * is set aside is a receipt that is there and is not set aside yet.
 * store_commit: cover, packs and keyring statements are added, all is made durable in the order above.  An empty draft
 * commits nothing.  After an error the store takes no more writes: what was committed before stands.  0 with a line
 * told: it is committed, but what follows from it could not be brought up to it; no more is written then either.
 * store_commit_part: the same, but second copies and parity are left to the deposit's last part (vault_flush_part),
 * and public log, index and outside state follow while the next draft is made; they are there when store_commit has
 * returned, or whatever asks for them.  What fails in it is told by the line, and the next commit returns ERR_IO.
 * Until then the new draft goes on with deposit and numbering of the one before.
 */
int store_draft_begin(struct store *s, struct err *e);
int store_add(struct store *s, struct statement *statement, uint64_t *ret_leaf, bool *ret_duplicate, struct err *e);
uint64_t store_draft_leaves(const struct store *s); /* added so far */
uint64_t store_draft_bytes(const struct store *s);  /* memory the draft holds */
int store_commit(struct store *s, struct err *e);
int store_commit_part(struct store *s, struct err *e);
/* store_draft_drop: forget what was added and not committed, in the vault too: its writer is asked for anew after. */
void store_draft_drop(struct store *s);

/* The writer of the vault, for vault_put and vault_forget; keeping is store_add's. */
int store_writer(struct store *s, struct vault_writer **ret, struct err *e);

/* ---- reading ---- */

/* store_statement: open the statement of one leaf.  *ret borrows from *held. */
struct store_held;
void store_held_drop(struct store_held **held);
int store_statement(struct store *s, uint64_t leaf, struct store_held **held, struct statement *ret, struct err *e);
/* store_get: an item's bytes into ${sink} (NULL: only checked), held to the digest in its statement; by any thread. */
int store_get(struct store *s, const struct index_item *item, const struct vault_sink *sink, struct err *e);

/* ---- checking and healing ---- */

struct store_watch {
    void (*finding)(void *context, const char *line);
    int (*progress)(void *context, uint64_t done, uint64_t all); /* non-zero: ERR_STOPPED */
    void *context;
};
struct store_verified {
    uint64_t records, leaves, hidden, public_leaves, covers, statements_opened;
    uint64_t stamps; /* of time, each checked again */
    uint64_t findings;
};
/*
 * store_verify: the ledger (both copies, every signature, root, tile), every public statement's rule, every cover over
 * its leaves, every hidden statement opened and held to its commitment (when unlocked), numbering without gaps, every
 * receipt's sums counted again from its deposit, every time-stamp with its files, the keyring's files in both copies
 * against what the log names, the index: every page, and where it stands.  Never writes when opened with STORE_PUBLIC
 * or STORE_CHECK: an index that is damaged or of another history is a finding, one that is behind or not there is
 * none.
 */
int store_verify(struct store *s, const struct store_watch *watch, struct store_verified *ret, struct err *e);

struct store_audited {
    uint64_t packs, parity_files, bytes, items, item_bytes, findings; /* bytes: of packs and parity files */
};
/*
 * store_audit: ciphertext of every pack and parity file against its logged root; ${full}: every item decrypted and
 * re-hashed too.  ${from_pack}: resume there, parity files come last; *ret tells how far it came also when stopped.
 * Where the index is of no use the items are found by the journal.  Never writes into the repository.  Two threads read
 * packs, as many as there are processors read items; ${watch} is called by the calling thread alone, and what is told,
 * in what order, does not depend on them.
 */
int store_audit(struct store *s, bool full, uint64_t from_pack, const struct store_watch *watch,
                struct store_audited *ret, struct err *e);

/* store_audit_limit: audits read no more than ${bytes_per_s} from now on, the page cache counted in; 0: no limit. */
void store_audit_limit(struct store *s, uint64_t bytes_per_s);
/*
 * What store_audit saw is noted outside the repository, and goes on the log as a public statement, "audited", with the
 * next commit that is made on this computer.  store_audit_ages: the last report of each pack, in runs of packs that
 * have the same ones, ascending; at_unix_s 0 where there is none.  No key is needed.  ERR_DAMAGED, ERR_IO.
 */
enum { STORE_AGES_MAX = 2 * STATEMENT_AUDITS_MAX + 1 };
struct store_age {
    struct statement_audit last; /* its packs are those of the run */
    uint64_t full_at_unix_s;     /* the last one in full; 0: never */
};
struct store_ages {
    size_t count;
    struct store_age run[STORE_AGES_MAX];
    uint64_t packs, never; /* in all; of them without a report */
    uint64_t waiting;      /* reports that are not on the log */
};
int store_audit_ages(struct store *s, struct store_ages *ret, struct err *e);

/*
 * store_repair: journal, keyring and open packs from their second copies, segments from the journal, sealed packs by
 * parity and parity from them; tiles and index rebuilt.  Each thing done is one line of ret_words; what cannot be
 * healed is told to ${watch}.  What was healed is named in a public statement of the log, "repaired".  The passphrase
 * is asked for once.  ${mirror}: a folder from which what is bad in every copy here is healed, or NULL.
 */
int store_repair(const struct store_place *place, const char *mirror, const struct store_watch *watch,
                 struct buf *ret_words, struct err *e);
/*
 * ---- mirrors: what was committed, on another disk, as files that are never written again (FORMAT 11) ----
 *
 * store_mirror: copy what the mirror in ${wish->folder} lacks: packs and key files first, then the journal, then the
 * commit by which it stands as the log does now; only then what it holds too much is removed.  So it can be ended at
 * any moment, and the mirror stands as before; run again, it goes on.  Each file is held to the log while it is copied,
 * and read again from the other disk before it counts.  Needs no keys and no lock; what is committed meanwhile waits
 * for the next time.  What is damaged here is told and not copied, the rest is: ERR_DAMAGED at the end;
 * and where the commit before does not lack it, there is no new one, and the mirror stands as before.
 * ERR_REFUSED: the folder holds something else, another repository's mirror, or more than this copy of the repository;
 * or this computer made a mirror there that is not there now, so the disk may be another one.
 * ERR_DAMAGED: two histories.  ERR_BUSY: another one is writing there; or a file gave way to a newer one meanwhile.
 * ERR_IO: the disk is full, read-only or gone.
 * store_mirror_verify: is it whole, by its own journal?  Needs no keys, and not the repository: ${place} may be NULL,
 * else it tells how far behind it is.  Never writes.
 * store_mirror_restore: a repository at ${dest}, which must not exist or be empty, with everything but keys; it appears
 * whole or not at all, and after an interruption the next call goes on.  Every file is held to the journal.  As the
 * mirror's newest commit; this computer is to `adopt` it.  A pack that the mirror does not have as it was logged is
 * told and stays away, and so does its stripe's parity: 0 all the same, and ${ret}'s findings say how many.
 */
enum { STORE_MIRROR_ID = 16, STORE_MIRROR_DAYS = 7, STORE_MIRROR_DAYS_MAX = 3650, STORE_MIRRORS_MAX = 256 };
struct store_mirror_wish {
    const char *folder;
    bool again;                /* what is there already is read and compared too */
    bool anew;                 /* begin one even where this computer made one before that is not there now */
    const uint32_t *warn_days; /* NULL: as it was */
};
struct store_mirrored {
    uint8_t id[STORE_MIRROR_ID];
    uint64_t records, leaves;  /* as it stands now */
    uint64_t files, bytes;     /* copied */
    uint64_t findings;
    bool same_disk;            /* as the repository: lost together with it */
};
int store_mirror(struct store *s, const struct store_mirror_wish *wish, const struct store_watch *watch,
                 struct store_mirrored *ret, struct err *e);
struct store_mirror_verified {
    uint8_t id[STORE_MIRROR_ID]; /* zeros when its head is bad */
    struct hash pin;
    char origin[NOTE_NAME_MAX + 1];
    uint64_t records, leaves, files, bytes, findings;
    bool compared;            /* with the repository */
    uint64_t behind, ahead;   /* records that only the repository has; or only the mirror */
    struct hash root;
};
int store_mirror_verify(const char *folder, const struct store_place *place, const struct store_watch *watch,
                        struct store_mirror_verified *ret, struct err *e);
struct store_mirror_restored {
    struct hash pin;
    char origin[NOTE_NAME_MAX + 1];
    uint64_t records, leaves, files, bytes;
    uint64_t findings; /* packs that the mirror does not have as they were logged */
};
int store_mirror_restore(const char *folder, const char *dest, const struct store_watch *watch,
                         struct store_mirror_restored *ret, struct err *e);
/* store_mirror_notes: the mirrors that this computer made, newest first; after how many days without one to warn. */
struct store_mirror_noted {
    uint8_t id[STORE_MIRROR_ID];
    uint64_t records, leaves;
    int64_t at_unix_s;
    char *folder; /* where it was */
};
struct store_mirror_notes {
    uint32_t warn_days;
    struct store_mirror_noted list[STORE_MIRRORS_MAX];
    size_t count;
};
void store_mirror_notes_free(struct store_mirror_notes *n);
void store_mirror_notes_drop(struct store_mirror_notes **n);
int store_mirror_notes(const struct store_place *place, const struct hash *pin, struct store_mirror_notes **ret,
                       struct err *e);

/* store_reindex: throw the index away and rebuild it from ground state. */
int store_reindex(struct store *s, const struct store_watch *watch, struct err *e);
/*
 * store_adopt: trust the journal as it stands (and, if ${checkpoint_note} is not empty, only if it extends that) and
 * note it as committed on this computer.  Held to what this computer and the key file have seen:
 * ERR_DAMAGED: the journal is as long and does not hold it; these are two histories, whatever ${may_be_older} says.
 * ERR_REFUSED: the journal is shorter, unless ${may_be_older}.  Then the state outside, and the key file when it had
 * seen more, are written anew with what is here; what was seen of later leaves is forgotten, and counted.  An older
 * copy that was written on, but is shorter than what was seen, cannot be told from one that was not.
 * ERR_DAMAGED too: a state outside that is not of this key, which is to be moved away first.
 */
struct store_adopted {
    struct checkpoint checkpoint; /* size, root, origin */
    uint64_t lost_leaves;         /* seen before, and not in this copy */
    bool lost_by_key;             /* it was the key file that had seen them */
};
int store_adopt(const struct store_place *place, struct bytes checkpoint_note, bool may_be_older,
                struct store_adopted *ret, struct err *e);
/* store_passphrase: seal the key file anew.  ${fresh} is asked for the new passphrase once the present one has opened
 * the key file; its failure is passed on, and nothing is changed. */
int store_passphrase(const struct store_place *place, int (*fresh)(void *context, struct buf *ret, struct err *e),
                     void *context, struct err *e);

/* ---- work in several threads ---- */

/*
 * Jobs done by several threads and told in order by the one that gave them.
 *
 * store_crew_slot: the next job, zeroed or as settle left it; until it is given it is the caller's.  What is done is
 * settled meanwhile, in the order of giving.  store_crew_finish: until everything is.
 * work: in any thread.  settle, tick (about each 50 ms while there is nothing else to do): in the thread that calls; an
 * error from them is returned, and ends it: only store_crew_free may follow.
 * store_crew_free: waits for what is being worked on (the caller has told it to end), and releases every job.
 */
enum { STORE_CREW_MAX = 64 };
struct store_crew;
struct store_crew_setup {
    unsigned threads; /* 1 to STORE_CREW_MAX */
    size_t job_bytes;
    void (*work)(void *context, void *job);
    int (*settle)(void *context, void *job, struct err *e);
    int (*tick)(void *context, struct err *e);
    void (*release)(void *job);
    void *context;
};
int store_crew_new(const struct store_crew_setup *setup, struct store_crew **ret, struct err *e);
void store_crew_free(struct store_crew *c);
void store_crew_drop(struct store_crew **c);
int store_crew_slot(struct store_crew *c, void **ret, struct err *e);
void store_crew_give(struct store_crew *c);
int store_crew_finish(struct store_crew *c, struct err *e);

/* ---- recovery sheets (FORMAT 2.6, 5.7) ---- */

/*
 * store_sheets_make: new sheets, any ${needed} of ${count} of which replace a member who lost her keys; nothing is
 * written yet, and ${s} is to commit nothing else in between.  store_sheets_commit: they take effect, and earlier ones
 * open this repository no more (copies of it that were made before are opened by them still).  ERR_USAGE: numbers that
 * cannot be.  store_sheets_may_count: of a commit that failed: it reached the journal, and the next opening may find
 * that it was made; the sheets must be kept.
 */
struct store_sheets {
    int64_t at_unix_s;
    uint8_t set[STATEMENT_ID];
    uint64_t leaves; /* the newest checkpoint, which the set's id binds with the pin */
    struct hash root;
    struct keyring_share share[CRYPT_SHARES_MAX];
    struct hash hash[CRYPT_SHARES_MAX];
    unsigned needed, count;
    struct keyring_recovery keys;
};
void store_sheets_release(struct store_sheets *sheets); /* wipes */
int store_sheets_make(struct store *s, unsigned needed, unsigned count, struct store_sheets *ret, struct err *e);
int store_sheets_commit(struct store *s, const struct store_sheets *sheets, struct err *e);
bool store_sheets_may_count(const struct store *s);

/*
 * store_recover: a repository at place->root, which must not be there, from ${from}, another folder or a mirror of it,
 * which is only read, and from its sheets: copied, opened by them, and passed by one commit to a new member, whose key
 * file is written under the passphrase that ${fresh} gives.  This computer knows it then.  It appears whole or not at
 * all.
 * ERR_REFUSED: too few sheets, of several sets, replaced by newer ones, or spent; something is in the place of what is
 * to be made.  ERR_DAMAGED: a sheet that is not the one that was printed; a folder that is damaged.  ERR_KEY: a folder
 * that does not know these sheets.
 */
struct store_sheet {
    struct keyring_share share;
    const char *name; /* where it was read, for the line */
};
struct store_recovery {
    const char *from;
    const struct store_sheet *sheets;
    size_t count;
    int (*fresh)(void *context, struct buf *ret, struct err *e);
    void *context;
    const struct store_watch *watch;
};
struct store_recovered {
    struct checkpoint checkpoint; /* size, root, origin */
    uint64_t before;              /* leaves that the folder had */
    struct note_key member;
    struct file_path key_path;
    uint64_t findings; /* told to the watch: what the mirror lacks, and was left out */
};
int store_recover(const struct store_place *place, const struct store_recovery *wish, struct store_recovered *ret,
                  struct err *e);

/*
 * ---- time-stamps of outside authorities over checkpoints (FORMAT 5.8) ----
 *
 * A stamp is on the log with all that is needed to check it, in a public statement, "timestamped"; beside the log lie
 * the same bytes as files, for whoever has no program of ours: stamps/NNNNNNNNN.tsr, .pem, .checkpoint, and .statement.
 *
 * store_stamp_ask: a request over the newest checkpoint, in DER, appended.  What was asked is remembered in
 * stamps/asked/, durably, so that its answer is known when it comes, also after the log has grown.  ${name}: of whom it
 * is asked, for the person's own memory; may be NULL.  Needs no key and no lock.  ERR_REFUSED: STORE_ASKED_MAX wait
 * already.  store_stamp_unask: forget it again; ERR_IO.
 * store_stamp_take: the response to one of them, checked (crypt_stamp_read), held to what was asked and to the log,
 * and committed.  ERR_DAMAGED: it fails, or the log does not extend what was stamped.  ERR_REFUSED: no request with its
 * nonce waits here, or it is on the log already.  *ret_name: of whom it was asked; empty when that was not said.
 */
enum { STORE_ASKED_MAX = 64, STORE_STAMPS_GLANCE = 256 };
struct store_stamp {
    uint64_t leaf;   /* of its statement */
    uint64_t leaves; /* of the checkpoint: what they say was there no later than: */
    int64_t by_unix_s;    /* the authority's time, with the accuracy that it claims */
    int64_t until_unix_s; /* when the first of its certificates expires */
    struct hash response, authority, pinned; /* SHA-256 of the response, of the authority's certificate, of the root */
    char name[CRYPT_STAMP_NAME_MAX];         /* of the authority; from outside: escape before showing */
};
struct store_asked {
    uint64_t nonce, leaves;
    struct hash root;
};
int store_stamp_ask(struct store *s, const char *name, struct buf *to, struct store_asked *ret, struct err *e);
int store_stamp_unask(struct store *s, const struct store_asked *asked, struct err *e);
int store_stamp_take(struct store *s, struct bytes response, struct bytes chain, struct store_stamp *ret,
                     struct buf *ret_name, struct err *e);

/*
 * store_stamps: the newest stamps, at most STORE_STAMPS_GLANCE, by their files, each held to the log and checked again;
 * ascending.  What is damaged or not on the log is passed over: groundwork verify tells of it.  No key is needed.
 * store_stamp_renewed: is there one over a later checkpoint, that holds this one's statement, from before this one's
 * certificates expired?  Then what this one proves stays proven.
 * store_stamps_newest: how many authorities (by their roots) have stamped the newest checkpoint that is stamped.
 */
struct store_stamps {
    struct store_stamp *list;
    size_t count;
    uint64_t asked; /* requests that wait for an answer */
};
void store_stamps_release(struct store_stamps *x);
int store_stamps(struct store *s, struct store_stamps *ret, struct err *e);
bool store_stamp_renewed(const struct store_stamps *x, const struct store_stamp *stamp);
size_t store_stamps_newest(const struct store_stamps *x, uint64_t *ret_leaves);

/* ---- questions a writer asks while the vault's workers run ---- */

int store_already(struct store *s, const char *giver, const struct statement_received *r, struct index_twin *ret,
                  struct err *e);

#endif
