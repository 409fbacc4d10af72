/* Inside the store: its state, the draft of a record, and what its files lend each other. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "base/file.h"
#include "base/pace.h"
#include "model/history.h"
#include "model/tree.h"
#include "store/store.h"

#include <pthread.h>

/*
 * The state kept outside the repository (FORMAT 7.1): one small text file per repository and computer.
 *
 *     groundwork/state/v1
 *     pin <hex>
 *     committed <records> <bytes> <hex hash of the last record> <leaves> <hex root>
 *     pending none | pending <hex hash of the record being written>
 *     mac <hex>
 *
 * The MAC, under a key of the member's key file, covers all lines before it.
 */
struct store_state {
    bool known;
    struct ledger_position committed;
    bool has_pending;
    struct hash pending;
};
/* ${key} NULL: the MAC is not looked at.  A missing file is known = false and no error. */
int store_state_read(const char *path, const struct hash *pin, const struct key *key, struct store_state *ret,
                     struct err *e);
int store_state_write(const char *path, const struct hash *pin, const struct key *key, const struct store_state *state,
                struct err *e);

/* state.c: how a text file beside the state begins: its ${head}, and the line of this pin. */
bool store_outside_head(struct cursor *c, const char *head, const struct hash *pin);

/*
 * reports.c: what audits on this computer found, in a text file beside the state (FORMAT 7.6).  Whoever has no keys
 * writes it too, so it has no MAC: it is a claim, and goes on the log as one.
 */
struct store_report {
    struct statement_audit audit;
    bool logged;
};
struct store_reports {
    size_t count;
    struct store_report list[STATEMENT_AUDITS_MAX]; /* by time */
};
/* No file: none.  ERR_DAMAGED. */
int store_reports_read(const struct store *s, struct store_reports *ret, struct err *e);
int store_reports_write(const struct store *s, const struct store_reports *reports, struct err *e);
/* One more.  Older ones that are on the log and say no more than it, and the oldest when there is no room, go. */
void store_reports_add(struct store_reports *reports, const struct statement_audit *audit);
bool store_reports_parse(struct bytes text, const struct hash *pin, struct store_reports *ret);
void store_reports_put(const struct store_reports *reports, const struct hash *pin, struct buf *to);

/* A leaf of the draft.  Offsets point into draft.arena. */
struct draft_leaf {
    struct statement *statement; /* kept by the draft, as is all it points to; of it what its kind has, and no more */
    size_t text_at, text_bytes; /* as committed; 0 bytes: by its fields */
    size_t values_at, values_bytes;
    size_t fields_at, fields_bytes;
    uint8_t entry[LEAF_ENTRY]; /* DRAFT_UNSIGNED and the salt, until the sealer has signed it */
    uint64_t sealed_at; /* within the hidden section of the record; with its length, once it is sealed */
    uint32_t sealed_bytes;
};
enum { DRAFT_UNSIGNED = 0 };
struct store_sealer;
struct keep { /* copies of what statements borrow, many in one; freed together */
    struct keep *next;
    size_t used, room;
    _Alignas(max_align_t) uint8_t bytes[];
};
struct digest_set { /* digests of the files in this draft, for telling duplicates */
    struct hash *slot; /* zeros: empty */
    size_t used, room;
};
/* A key event, which comes before all that the record says in public: what follows is signed as it says.  Borrowed. */
struct draft_event {
    struct statement *statement; /* NULL: none; its place is filled by the commit */
    const struct note_key *key;  /* who signs it, when it is not the member */
    const struct key *seed;
};
/* Memory of drafts that are over, wiped, for those to come: to be given fresh pages costs more than to fill them. */
struct store_spare {
    struct draft_leaf *leaves;
    struct key *secrets;
    size_t room;              /* of both */
    struct buf arena, hidden; /* empty */
};
enum { DRAFT_AHEAD = 16 }; /* secrets that are drawn at once, for their salts are made sixteen at a time */
struct draft {
    bool begun;
    uint64_t first_leaf;
    struct draft_leaf *leaves;
    struct key *secrets; /* of the leaves, in locked memory; */
    size_t drawn;        /* so many of them, some of leaves to come, whose salts are */
    uint8_t salt[DRAFT_AHEAD][CRYPT_SALT];
    size_t count, room;
    size_t objects;      /* leaves among them that have one */
    struct store_sealer *sealer; /* NULL: leaves are signed when they are added, and sealed when they are committed */
    struct buf arena;
    struct buf text, values, note, fields; /* the statement at work */
    struct keep *keeps;
    size_t keep_bytes;
    struct digest_set digests;
    struct draft_event event;
    const char **repaired; /* names for a "repaired" statement; borrowed */
    size_t repaired_count;
    const char *cosigned; /* the note of a "cosigned" statement; borrowed */
    const struct statement_timestamped *stamped; /* for a "timestamped" statement; NULL: none; borrowed */
    bool open_known; /* the deposit below was found open, and is not closed in this draft */
    uint64_t open_deposit;
    bool placed; /* place below is the next one */
    struct statement_place place;
    bool folded; /* what waits in spools is in it */
    bool waited; /* and what waits in waiting/ */
    struct statement *erased; /* an "erased" statement; NULL: none; borrowed */
    bool keys;     /* files of the keyring changed, and need no other word */
    bool destroys; /* the keyring's changes end an epoch: index and old keys go with it */
};

/*
 * spool.c: records of accesses that wait for a writer, in spool/, a file for each member and device (FORMAT 15.3).
 * store_spool_name, _named: a file's name and whose it is; false: not such a name.
 * store_spool_head: its first sector; ${logged}: how many of its first frames are on the log.  store_spool_begin: the
 * opposite; false: damaged.
 * store_spool_next: the next frame from *at, a whole number of sectors, which moves on.  What is damaged is stepped
 * over.  TORN: what a crash left of the last one, whose view was never shown.
 * store_spool_file_open: to be read piece by piece, from behind its head, of which store_spool_begin said what it said;
 * longer: there is more than a spool can hold, which is not read.  ERR_IO: it cannot be read now.
 * store_spool_file_next: as store_spool_next; *ret_at: where in the file.  The frame is borrowed until the next call.
 * store_spool_lock: by what frames of this kind are sealed now, and those opened that are of before; into ${key}.
 * store_spool_seal: append a frame.  store_spool_open: what it holds; borrowed from ${held}, to be wiped.  ERR_DAMAGED.
 */
enum {
    STORE_SPOOL_SECTOR = 512,
    STORE_SPOOL_OF = 4 + STATEMENT_ID,               /* key id of the member, device */
    STORE_SPOOL_NAME = 2 * STORE_SPOOL_OF + 1 + 1,
    STORE_SPOOL_FRAME_MAX = 4 << 20,
    STORE_SPOOL_BYTES_MAX = 64 << 20,
};
enum store_spool_step { STORE_SPOOL_END, STORE_SPOOL_FRAME, STORE_SPOOL_TORN, STORE_SPOOL_DAMAGED };
struct store_spool_of {
    uint8_t b[STORE_SPOOL_OF];
};
struct store_spool_lock { /* what its frames are sealed under and bound to; borrowed */
    const struct key *key;
    const struct hash *pin;
    const struct store_spool_of *of;
    uint64_t leaves; /* of the log, at which its records are read */
    const struct keyring *keyring; /* has the keys before it; NULL: there are none */
    enum keyring_outside what;
};
struct store_spool_content {
    struct key secret; /* of the leaf to be */
    struct bytes statement, values;
};
void store_spool_name(const struct store_spool_of *of, char to[STORE_SPOOL_NAME]);
bool store_spool_named(const char *name, struct store_spool_of *ret);
void store_spool_head(const struct store_spool_of *of, uint32_t logged, struct buf *to);
bool store_spool_begin(struct bytes file, const struct store_spool_of *of, uint32_t *ret_logged);
enum store_spool_step store_spool_next(struct bytes file, size_t *at, struct bytes *ret);
struct store_spool_file {
    const char *path; /* borrowed */
    int fd;
    uint64_t size, read;
    bool longer;
    bool unread; /* it could not be read to its end, and why */
    struct err why;
    struct buf held;
    size_t base, at; /* of what is held, in the file; of what is next, in that */
};
int store_spool_file_open(const char *path, struct store_spool_file *ret, struct err *e);
void store_spool_file_close(struct store_spool_file *x);
struct bytes store_spool_file_head(const struct store_spool_file *x);
int store_spool_file_next(struct store_spool_file *x, enum store_spool_step *ret, size_t *ret_at,
                          struct bytes *ret_frame, struct err *e);
struct store_spool_lock store_spool_lock(const struct store *s, enum keyring_outside what,
                                         const struct store_spool_of *of, struct key *key);
int store_spool_seal(const struct store_spool_lock *lock, const struct store_spool_content *content, struct buf *to,
                     struct err *e);
int store_spool_open(const struct store_spool_lock *lock, struct bytes frame, struct buf *held,
                     struct store_spool_content *ret, struct err *e);
/* The same by keys that were derived for many frames at once, of which some may be none: without bytes. */
void store_spool_keys(const struct store_spool_lock *lock, const struct bytes *frames, size_t count, struct key *ret);
int store_spool_open_by(const struct key *frame_key, const struct store_spool_lock *lock, struct bytes frame,
                        struct buf *held, struct store_spool_content *ret, struct err *e);

/* Spools and how far they were folded into the draft at hand. */
enum store_fold_why { /* not all of it goes on the log; the last that holds */
    STORE_FOLD_WHOLE,
    STORE_FOLD_ELSEWHERE, /* it names items that are not here */
    STORE_FOLD_GONE,      /* its member signs no more, and some of it is not on the log */
    STORE_FOLD_DAMAGED,
    STORE_FOLD_UNREAD, /* it cannot be opened or read now: */
};
struct store_fold {
    struct store_spool_of of;
    char name[STORE_SPOOL_NAME];
    uint32_t said;   /* frames on the log, as its head says; */
    uint32_t logged; /* as they were found */
    enum store_fold_why why;
    struct err unread;
    uint64_t next; /* number of its device, behind all of it */
    size_t last_at, end; /* the newest frame that is on the log, or will be; 0: none */
};
struct store_folds {
    struct store_fold *list;
    size_t count, room;
};

/* erasures.c: leaves that are erased, ascending, and the statements that say so, by their leaves. */
struct store_erased_range {
    uint64_t first, last, by;
};
struct store_erasures {
    bool known;
    struct store_erased_range *list;
    size_t count, room;
    struct store_erased *acts;
    size_t act_count;
    struct store_published { /* receiving keys, as the journal names them: when there is no index to ask */
        uint8_t member[4];
        uint64_t number;
    } *published;
    size_t published_count;
};

struct store {
    struct store_place place;
    bool signs; /* the signer is set up */
    struct crypt_signer signer;
    bool chosen; /* by store_investigate */
    uint8_t chosen_investigation[STATEMENT_ID];
    char *root;
    enum store_manner manner; /* never STORE_SAY, */
    bool says;                /* but it was that */
    struct file_path key_path, state_file;
    int lock_fd;
    bool failed; /* no further writes */
    unsigned threads; /* of an audit; 0: one for each processor */
    uint64_t audit_bytes_per_s;   /* 0: as fast as can be */
    bool audit_rest;              /* only packs of compartments that the member does not hold */
    uint64_t audit_stretch_bytes, audit_step_bytes; /* 0: as audit.c has it */

    struct statement_held *founded_held;
    struct buf founded_note;
    struct statement founded;
    struct hash pin;

    struct history history; /* of keys, up to where the ledger stood when it was opened */
    const struct keyring_recovery *sheets; /* opened by them, to replace the member former; else NULL */
    struct note_key former;
    struct keyring_identity identity;
    uint8_t compartment[KEYRING_ID]; /* that this store reads and writes, */
    size_t compartment_at;           /* its place among those of the history, */
    struct vault_span span;          /* and its packs */
    struct keyring *beside[HISTORY_COMPARTMENTS_MAX]; /* of others, which the draft at hand changes too */
    size_t beside_count;
    struct store_state state;
    struct ledger_opening opening;
    struct ledger *ledger;
    struct keyring *keyring;
    struct index *index;
    struct err index_fault; /* STORE_CHECK: why it is done without; no code when nothing is wrong */
    bool index_anew;        /* it was rebuilt when this was opened */
    uint64_t table; /* version of the newest table of keys that a record names */
    struct vault *vault;
    bool suspects_known; /* the vault has been told of packs that something happened to */
    struct vault_writer *writer;
    struct { /* of the key file, which may have to be written anew; in here, for the store lies in locked memory */
        uint8_t b[KEYRING_PASSPHRASE_MAX];
        size_t n; /* 0: none was typed */
    } passphrase;
    struct store_erasures erasures;
    pthread_mutex_t erasures_lock; /* while they are loaded */
    pthread_mutex_t noticing; /* whoever reads tells of damaged packs */
    uint64_t noticed_last;    /* and told last of this one, less one; 0: of none */
    pthread_mutex_t asking; /* the keyring, which the vault's workers ask for holders too */
    struct draft draft;
    struct store_folds folds;
    size_t last_leaves, last_arena_bytes; /* of the draft before, if it had any */
    struct store_spare spare;
    bool waits;        /* what waited was committed: its files can go once the index knows it */
    bool waiting_told; /* of what cannot go on the log, once */
    size_t fold_bytes; /* taken from spools by one commit; 0: as fold.c has it */
    struct buf cosigned; /* what log/cosigned is to hold once the draft is committed; empty: as it is */
    struct store_behind *behind; /* a part that was committed, and what is derived from it; NULL: all is through */
    unsigned owed; /* records committed and indexed, whose segments, public log and outside state are to follow */
    uint64_t owed_leaves;
};

/* write.c: where the bytes of an item that is committed lie, by any thread. */
int store_holder(struct store *s, uint64_t leaf, struct key *ret_key, uint64_t *ret_record, struct err *e);
/*
 * noticed.c: packs that were found damaged, ascending.  store_noticed_read: appended to ${ret}; ERR_DAMAGED: the file
 * is.  store_notice: one more, by any thread.  store_notice_repaired: what was set aside or marked as lost goes, and
 * what says that there may be others.  store_notice_audited: after an audit in full of this compartment, from its first
 * pack on; all of its packs go, if they are whole.  STORE_NOTICED_MORE less the place of a compartment, in place of a
 * pack: others of that compartment may be damaged that nobody looked at.
 * store_noticed_parse: ERR_DAMAGED without words, ERR_IO when memory is out.
 */
#define STORE_NOTICED_MORE UINT64_MAX
struct store_noticed {
    uint64_t *packs;
    size_t count, room;
};
int store_noticed_read(const struct store *s, struct store_noticed *ret, struct err *e);
int store_noticed_path(const struct store *s, struct file_path *to, struct err *e);
void store_notice(struct store *s, uint64_t pack);
void store_notice_repaired(struct store *s);
void store_notice_audited(struct store *s, bool whole);
void store_noticed_release(struct store_noticed *n);
int store_noticed_add(struct store_noticed *n, uint64_t pack);
bool store_noticed_has(const struct store_noticed *n, uint64_t pack);
int store_noticed_parse(struct bytes text, const struct hash *pin, struct store_noticed *ret);
void store_noticed_put(const struct store_noticed *n, const struct hash *pin, struct buf *to);
/* suspects.c: the vault is told, once, of packs that something happened to. */
int store_suspects(struct store *s, struct err *e);

/*
 * behind.c: after the commit.  What the index is told of one record; it keeps the record's draft, and what its public
 * statements borrow.
 */
/* a key event, cover, packs, parity, keyring, repaired, timestamped, audited, cosigned, erased */
enum { STORE_PUBLICS = 10 };
struct store_told {
    struct draft draft;
    struct vault_flushed flushed;
    struct ledger_position now;
    uint64_t hidden_at, open_at; /* of these sections, in the journal */
    uint64_t *journal_offset;    /* of each hidden leaf's sealed bytes, within the hidden section */
    uint32_t *sealed_bytes;
    uint64_t *manifest;
    uint32_t public_count;
    struct statement publics[STORE_PUBLICS];
    struct buf public_notes[STORE_PUBLICS];
    struct statement_file_hash *files;
    struct statement_pack *packs;
    struct statement_stripe *stripes;
    struct statement_audit *audits; /* those that were not on the log before */
};
void store_told_release(struct store_told *t);
/* A record on its way to the journal: its sections, and what borrows from them. */
struct store_made {
    struct buf entries, hidden, open, secrets, extents;
    struct ledger_record record; /* its number and place are filled when it is logged */
};
void store_made_release(struct store_made *m);
/*
 * store_log: W3 to W5 of FORMAT 7.2, by who has the ledger to himself: *state is what the outside state says then, and
 * *told where the record is.
 * store_behind_log: that, and all that follows, by a thread; *told and *made are taken over.  What fails in it, the
 * next store_behind_end says.  store_leaves_end: the log's leaves, and those of a record that is on its way.
 * store_behind_busy: it is not over yet.
 */
int store_log(struct store *s, struct store_made *made, struct store_state *state, struct store_told *told,
              struct err *e);
int store_behind_log(struct store *s, struct store_told *told, struct store_made *made, struct err *e);
uint64_t store_leaves_end(const struct store *s);
bool store_behind_busy(const struct store *s);
void store_tell_later(const struct store *s, const struct err *why); /* committed, but not all that follows from it */
/*
 * store_behind_begin: public log, index and outside state brought up to the record; ${beside}: by a thread, and *told
 * is taken over.  store_behind_wait: until it has ended, so that ledger and index are free; a failure is told, and
 * nothing more is written.  store_behind_end: that, and forget it; the vault's threads must be at rest.
 */
int store_behind_begin(struct store *s, struct store_told *told, bool beside, struct err *e);
/*
 * store_may_wait: does it do for this record when only the index knows of it at once?  One of few leaves, all hidden,
 * which gives no receipt.  store_owe: that; what the segments lack is held in memory.  When as many records wait as
 * may, and at any store_settle, segments, public log and outside state are brought up to all of them together.
 * store_settle: waits for what is behind; 0 when nothing is owed.  After a failure nothing more is written.
 * What a part owes goes up to STORE_OWED_BY_PARTS leaves: tiles are then written when they are full, most of them.
 */
enum { STORE_OWED_LEAVES = 4096, STORE_OWED_BY_PARTS = 8192 };
bool store_may_wait(const struct store *s, const struct store_told *told);
int store_owe(struct store *s, const struct store_told *told, struct bytes secrets, struct err *e);
int store_settle(struct store *s, struct err *e);
void store_behind_wait(struct store *s);
int store_behind_end(struct store *s, struct err *e);
/* store_behind_failed: why nothing more is written; never 0.  store_behind_unheard: nobody was told yet why the record
 * behind could not be committed.  store_behind_logs: it commits its record itself. */
int store_behind_failed(const struct store *s, struct err *e);
bool store_behind_unheard(struct store *s);
bool store_behind_logs(const struct store *s);
/*
 * While a record is behind, from any thread: the index to ask, which does not know it; its draft, or NULL; its frames
 * and manifest records.
 */
struct index *store_asked(struct store *s);
const struct draft *store_behind_draft(const struct store *s);
bool store_behind_frame(const struct store *s, const struct hash *digest, uint32_t size_bytes, struct vault_known *ret);
bool store_behind_manifest(const struct store *s, uint64_t leaf, uint64_t *ret_record);

/* crew.c: as many threads as the work of this store is for. */
unsigned store_crew_threads(const struct store *s);
/*
 * sealer.c: leaves of the draft signed and sealed while it grows, by a thread of their own when there are many.
 * store_sealer_more: all leaves there are may be signed, and sealed.  Once there is a sealer, what is added is left
 * unsigned, and names any other as the one before it.  store_sealer_hold, _go_on: around what moves leaves, secrets or
 * arena.  store_sealer_end: it has ended, all are signed, and the draft knows again what the last one is called; how
 * many are sealed, from the first on, and the section so far, the caller's.  store_sealer_free: it has ended where it
 * was, for who gives the draft up.
 * store_seal_leaves: some more behind the section, from leaf ${first} of the draft on; says in each where.
 * ${manifest}: of each, or NULL.  *ret_sealed: how many; all of them, but for ERR_IO: no memory.
 */
void store_sealer_more(struct store *s);
void store_sealer_hold(const struct draft *d);
void store_sealer_go_on(const struct draft *d);
size_t store_sealer_end(struct draft *d, struct buf *ret_hidden);
void store_sealer_free(struct draft *d);
int store_seal_leaves(const struct draft *d, const struct hash *pin, size_t first, size_t count,
                      const uint64_t *manifest, struct buf *to, size_t *ret_sealed);
/* draft.c; store_signs_by: the member's key, set up when it is first asked for */
const struct crypt_signer *store_signs_by(struct store *s);
void store_draft_release(struct draft *d);
void store_draft_forget(struct draft *d); /* its leaves and all that they are made of; how many there were stays */
/* store_draft_spare: the same, but memory that may serve again is kept in ${to}, which is empty, that of the hidden
 * section, too.  store_spare_give: what ${from} holds to ${to}; what that had goes. */
void store_draft_spare(struct draft *d, struct buf *hidden, struct store_spare *to);
void store_spare_give(struct store_spare *from, struct store_spare *to);
void store_spare_release(struct store_spare *x);
int store_writable(const struct store *s, struct err *e); /* ERR_IO after an earlier failure */
bool store_has_object(const struct statement *st);        /* a received file: bytes of its own in the vault */

/*
 * numbering.c: the numbers of each investigation, statement by statement in the order of their leaves.  Begins as
 * {.finding, .context}; store_numbering_take: ERR_IO: no memory.  store_numbering_tell: to watch->numbered.
 */
struct store_numbering_one {
    char *name;
    struct statement_place next;
    struct statement_range *gap; /* numbers from 1, that are not there */
    size_t gaps, gap_room;
    uint64_t missing;
};
struct store_numbering {
    void (*finding)(void *context, const char *line);
    void *context;
    struct store_numbering_one *list;
    size_t count, room;
    struct hash *erased; /* commitments of leaves that are erased, as they were met */
    size_t erased_count, erased_room;
    size_t erased_told; /* numbers that are left out by them */
};
void store_numbering_release(struct store_numbering *n);
int store_numbering_take(struct store_numbering *n, uint64_t leaf, const struct statement *st,
                         const uint8_t entry[LEAF_ENTRY], struct err *e);
/* store_numbering_erased: a leaf whose statement nobody can open any more; it may be one of the numbered ones. */
int store_numbering_erased(struct store_numbering *n, const uint8_t entry[LEAF_ENTRY], struct err *e);
void store_numbering_tell(const struct store_numbering *n, const struct store_watch *watch);

/* investigations.c: where ${st} is numbered; and whether a new one may get this name.  ERR_REFUSED names the rule. */
int store_investigation_of(struct store *s, const struct statement *st, uint8_t ret[STATEMENT_ID], struct err *e);
int store_investigation_fresh(struct store *s, const char *name, struct err *e);

/* consent.c: the words that count of what stands below leaf ${end}. */
int store_words_before(struct store *s, const char *person, uint64_t end, struct consent_word words[CONSENT_SCOPES],
                       struct buf *held, struct err *e);

/* rules.c: may this be said now?  ERR_REFUSED names the rule.  store_may_sign: by the member who opened this? */
int store_may_sign(const struct store *s, enum statement_kind kind, struct err *e);
int store_rules_check(struct store *s, const struct statement *st, struct err *e);
/* store_yes_counts: each yes of a form, against what stands below leaf ${end} and in the draft.  ERR_REFUSED: it would
 * be overruled, and by what. */
int store_yes_counts(struct store *s, const struct statement *st, uint64_t end, struct err *e);

/*
 * identities.c, sealing.c, unsealing.c, for each other.  store_say: one hidden statement, committed.
 * store_identity_check: a statement of identities held to those before leaf ${end}; ${code}: ERR_REFUSED when it is
 * made, ERR_DAMAGED when it is read.  store_identity_find: the newest record of a person.  store_shares_of: the newest
 * shares of a sealed one.  store_asked_before: a request as it stood before leaf ${end}.  store_asked_enough: may it
 * serve?  store_seal_begin: whom it is for.  store_seal_share: ${a} in shares for them.
 */
int store_say(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e);
int store_identity_check(struct store *s, const struct statement *st, uint64_t end, int code, struct err *e);
int store_identity_find(struct store *s, enum statement_kind kind, const char *person, uint64_t *ret, struct err *e);
int store_shares_of(struct store *s, uint64_t sealed, struct store_held **held, struct statement *ret,
                    uint64_t *ret_leaf, struct err *e);
int store_asked_before(struct store *s, uint64_t leaf, uint64_t end, int code, struct store_asked_for *ret,
                       struct err *e);
int store_asked_enough(const struct store_asked_for *a, int code, struct err *e);
int store_seal_begin(struct store *s, const struct store_seal_for *whom, struct store_sealing *x, struct err *e);
int store_seal_share(struct store *s, const struct key *a, struct store_sealing *x, struct err *e);

/*
 * access.c.  What this computer remembers of the accesses of one member (FORMAT 15.3): store_device_parse takes apart
 * what store_device_put writes.
 * store_device_known: what is remembered here of the member who opened this; false: nothing that can be read.
 * store_device_tell_lost: when it remembers more than there is: ${next} would be the next number.
 * store_spool_take: open a spool and lock it, against readers and writers: the file that has the name once it is
 * locked.  ERR_ABSENT, ERR_BUSY, ERR_IO.
 */
struct store_device {
    uint8_t id[STATEMENT_ID];
    bool any; /* something was accessed: */
    uint64_t seq;
    struct hash commitment;
};
bool store_device_parse(struct bytes text, const struct hash *pin, struct store_device *ret);
void store_device_put(const struct store_device *d, const struct hash *pin, struct buf *to);
bool store_device_known(const struct store *s, struct store_device *ret);
void store_device_tell_lost(const struct store *s, const struct store_device *d, uint64_t next);
int store_spool_take(const char *path, int *ret_fd, struct err *e);
int store_spool_folder(const struct store *s, struct file_path *ret, struct err *e);

/*
 * fold.c.
 * store_record_read: what is in a frame, signed by the member of its spool; gone: she could sign it, and no longer
 * may.  ${frame_key}: NULL, or what it was sealed under.  By any thread, while no key event is taken.  ERR_DAMAGED.
 * store_record_signed: the statement of a record, as of the last leaf where its member could sign this kind, and so
 * once more after she left; who never held the compartment signed nothing in it.  ERR_DAMAGED.
 * store_fold_begin: what waits, beside the log and in spools, into the draft at hand, once; what cannot be read is told
 * of, and left.  Nothing that waits comes behind it: who asks where the leaf of her act will be asks afterwards.
 * store_fold_end: it is on the log: spools are shortened.  store_fold_all: by commits of their own, until none waits
 * that can be put on the log; the draft at hand is a fresh one then.
 * store_spools_look: what there is, as of now, and what of it cannot go on the log.  store_spools_aside: those, to
 * quarantine/, but for what cannot be opened.
 */
struct store_record {
    struct buf held;
    struct statement_held *statement;
    struct store_spool_content content;
    struct statement st;
    uint8_t entry[LEAF_ENTRY]; /* of the leaf to be */
    bool gone;
    const struct history_member *signer;
    struct note_owed *owed; /* NULL: its signature is checked, its entry made; else by who reads it: see note.h */
};
void store_record_release(struct store_record *r);
int store_record_read(struct store *s, const struct store_spool_lock *lock, const struct key *frame_key,
                      struct bytes frame, struct store_record *ret, struct err *e);
int store_record_signed(struct store *s, const struct store_spool_lock *lock, enum statement_kind kind,
                        struct store_record *ret, struct err *e);
int store_folds_list(const struct store *s, struct store_folds *ret, struct err *e);
void store_folds_release(struct store_folds *f);
int store_fold_begin(struct store *s, struct err *e);
void store_fold_end(struct store *s);
int store_fold_all(struct store *s, struct err *e);
int store_spools_look(struct store *s, struct store_folds *ret, struct err *e);
int store_spools_aside(const struct store *s, const struct store_folds *folds, struct buf *words, struct err *e);

/*
 * waiting.c: what forbids, and waits for the log, in waiting/<hex compartment>/, a file for each (FORMAT 17.5).
 * store_waiting_file: the frame in it, and whose it is by its name; false: it has another form.
 * store_waiting_read: all there are.  A file that cannot be read stands in the list with its reason: it may hold a no.
 * store_waiting_mark: which of them are on the log, as this store's index knows.
 * store_waiting_same: are the files those that were read?
 * store_waiting_fold: into the draft at hand, once; files of what is on the log go; what cannot go there is told, once.
 * store_waiting_sweep: files of what was committed go.  store_waiting_settle: all of it by commits of their own.
 * store_waiting_aside: for repair: to quarantine/ what cannot be read, and of members who no longer sign what the log
 * forbids by other words; one line of ${words} each.
 */
struct store_waiting_one {
    char name[256];
    struct store_spool_of of;
    struct store_record record; /* when rc is 0 */
    int rc;
    struct err why;
    bool logged;
};
struct store_waiting {
    struct store_waiting_one *list;
    size_t count, room;
};
bool store_waiting_file(const char *name, struct bytes file, struct store_spool_of *ret_of, struct bytes *ret_frame);
void store_waiting_release(struct store_waiting *w);
int store_waiting_read(struct store *s, struct store_waiting *ret, struct err *e);
int store_waiting_mark(struct store *s, struct store_waiting *w, struct err *e);
int store_waiting_same(const struct store *s, const struct store_waiting *w, bool *ret, struct err *e);
int store_waiting_fold(struct store *s, struct err *e);
void store_waiting_sweep(struct store *s);
int store_waiting_settle(struct store *s, struct err *e);
bool store_waiting_damaged(const struct store_waiting *w); /* any file, beyond what is on the log */
int store_waiting_aside(struct store *s, struct store_waiting *w, struct buf *words, struct err *e);
/* draft.c: a statement that was made and signed elsewhere, under its own secret. */
int store_draft_fold(struct store *s, const struct store_record *r, struct err *e);
/* way.c: ${below} the root to quarantine/, as ${how}-<its path>-<number>; durable. */
int store_move_aside(const char *root, const char *below, const char *how, struct file_path *ret_to, struct err *e);

/* custody.c: does it refer to a leaf below ${end}, by that one's commitment, if to any?  ${code}: as in a rule. */
int store_refers_check(struct store *s, const struct statement_custody *x, uint64_t end, int code, struct err *e);

/*
 * compartments.c.  store_span: the packs of the compartment at this place.
 * store_compartment_open: chooses the compartment of this store, by what the history says of its member, and unlocks
 * it.
 * ERR_KEY: she holds none of that name.
 * store_record_ours: are the hidden leaves of this record this compartment's?  False when there are none.
 * store_keys_settle: the keys of this compartment as the history wants them: when somebody reads it no more, other
 * keys; who lacks a box gets one.  For who has it open to write.
 * store_readers: who has a box of its epoch key from here on, at epoch ${epoch}: members, and the sheets.
 * store_receives: her receiving key; false: it is lost, which is told: she is left out.
 * store_boxed: whose boxes of the newest epoch key of a compartment the log names.  store_turn_due: is there one of
 * somebody who reads it no more?  Then all that she could open until now is old.
 */
struct store_boxed {
    char folder[KEYRING_NAME_MAX];
    uint64_t epoch;
    struct keyring_box *list;
    size_t count, room;
};
void store_boxed_release(struct store_boxed *b);
int store_boxed(struct store *s, const uint8_t id[KEYRING_ID], struct store_boxed *b, struct err *e);
bool store_is_boxed(const struct store_boxed *b, const struct note_key *key);
bool store_turn_due(const struct history *h, const struct store_boxed *b, size_t at);
struct store_readers {
    struct keyring_reader *list;
    size_t count;
};
void store_readers_drop(struct store_readers *r);
struct vault_span store_span(const struct store *s, size_t at);
struct vault_span store_span_of(const struct statement_founded *founded, size_t at);
int store_compartment_open(struct store *s, struct err *e);
bool store_record_ours(const struct store *s, const struct ledger_record *r);
int store_keys_settle(struct store *s, struct err *e);
int store_readers(struct store *s, uint64_t epoch, struct store_readers *ret, struct err *e);
int store_receives(struct store *s, const struct history_member *m, uint64_t epoch, struct keyring_reader *to,
                   bool *ret, struct err *e);
void store_beside_close(struct store *s);
/* open.c: the keyring of one compartment; table_max as in keyring_open. */
int store_keyring_unlock(struct store *s, const uint8_t id[KEYRING_ID], uint64_t table_max, struct keyring **ret,
                         struct err *e);
/* The newest table of a compartment that a record names, by the index; 0: none. */
int store_table_named(struct store *s, const uint8_t id[KEYRING_ID], uint64_t *ret, struct err *e);

/* lock.c: take DIR/lock, or ERR_BUSY with the holder's words. */
int store_lock(struct store *s, struct err *e);
/* write.c: where the vault's next run begins. */
int store_vault_end(struct store *s, uint64_t *ret_pack, uint32_t *ret_sector, struct err *e);
/* open.c */
int store_index_anew(struct store *s, struct err *e); /* after the keys have turned: vault and index by the new ones */
int store_vault_reopen(struct store *s, struct err *e); /* knows no runs yet */
/* write.c: a record that says which files were healed from their second copies. */
int store_log_repair(struct store *s, const char **names, size_t count, struct err *e);
/*
 * history.c: who signed what.
 * store_history_load: the history of keys up to the ledger's end, from the events beside the journal, each held to the
 * log; from the journal itself, all of it, when one is damaged, when the member that opened this is not in it, when
 * keys are boxed for a reader whom it does not know, and always for sheets.
 * store_history_walk: from the journal.  ERR_DAMAGED: an event that does not follow from what is before it.
 * store_history_restore: and the files beside it are made whole by it.
 * store_follow: the public statements of one record, in order, records from the first one on: each is read as the
 * history says who signs there, moves the history on, and is then handed on; ${to} may be NULL.
 * store_history_step: one public statement of a record, by whom it was signed; ${before}: root of the checkpoint of the
 * record before.
 */
struct store_following {
    const struct statement_founded *founded;
    struct history history; /* of keys, so far */
    struct buf before;      /* checkpoint of the record before */
};
struct store_follower {
    int (*each)(void *context, uint64_t leaf, struct bytes note, const struct statement *st, struct err *e);
    void *context;
};
void store_following_release(struct store_following *f);
int store_follow(struct store_following *f, const struct ledger_record *r, const struct store_follower *to,
                 struct err *e);
/*
 * Before anything is unlocked the log keys and the members must be known, by whose signatures all else is believed.
 * store_history_glance: from the events beside the journal, each by its own signature.  store_history_scan: the same
 * from the journal's bytes, all of them; false: it tells no more than was known.  Which of it counts, the log says.
 */
int store_history_glance(struct store *s, struct err *e);
bool store_history_scan(struct store *s);
int store_history_load(struct store *s, struct err *e);
/* store_history_whole: from the journal alone, for who adds an event: beside it one may be lacking. */
int store_history_whole(struct store *s, struct err *e);
int store_history_walk(struct store *s, struct history *ret, struct err *e);
int store_history_restore(struct store *s, struct buf *words, struct err *e);
struct store_step {
    const struct ledger_record *record;
    const struct hash *before;
    uint64_t leaf;
    const struct statement *statement;
    const struct history_member *signer; /* NULL: no member */
};
int store_history_step(struct history *h, const struct store_step *step, struct err *e);
/* store_turn_check: after all of a record's statements: its checkpoint is by the log key, and where the record names a
 * new one (${logs_before}: how many were known before it) by both.  ERR_DAMAGED. */
int store_turn_check(const struct history *h, const struct ledger_record *r, size_t logs_before, struct err *e);
/* ERR_KEY: the member of this key file was replaced or revoked, or has a role without keys. */
int store_history_current(const struct store *s, struct err *e);
/* store_public_read: a public statement of a leaf, as ${h} says who signs there. */
int store_public_read(const struct history *h, uint64_t leaf, struct bytes note, struct statement_held **held,
                      struct statement *ret, struct err *e);

/*
 * cosigned.c.  store_cosignings_add: one note that a statement holds: its lines to what is known of its checkpoint.
 * store_cosigned_expect: what log/cosigned holds then; empty when nobody has signed; borrowed.
 * store_cosigned_restore: log/cosigned as the journal says; ${words}, unless NULL, gets a line when it was not so.
 */
int store_cosignings_add(struct store_cosignings *c, const struct history_logs *logs, struct bytes note, struct err *e);
struct bytes store_cosigned_expect(const struct store_cosignings *c);
int store_cosigned_restore(struct store *s, struct buf *words, struct err *e);

/* catchup.c: bring segments and index up to the journal. */
int store_catch_up(struct store *s, const struct store_watch *watch, struct err *e);
int store_index_reopen(struct store *s, bool anew, struct err *e);
/* open.c: its files are taken away; there is none then. */
int store_index_remove(struct store *s, struct err *e);
int store_index_reader(struct store *s, struct index **ret, struct err *e); /* a second handle, as it stands now */
/* store_owed: what a commit was to bring up to the journal and did not, as log/checkpoint shows: blocks of secrets are
 * held by the keyring, those of records before ${records} alone; who writes also appends them. */
int store_owed(struct store *s, uint64_t records, struct err *e);
/* Blocks of leaf secrets to both copies of their segments, behind those that are held.  A damaged copy is told of, once
 * for each *told, and left to repair: the other one serves, and the journal holds the blocks too. */
int store_apply_blocks(struct store *s, struct bytes secrets, bool *told, struct err *e);
int store_apply(struct store *s, struct bytes secrets, struct err *ret_damaged, struct err *e); /* told by the caller */

/*
 * erasures.c.  store_erasures: they are known from now on; from any thread.  store_erasures_take: one more, which was
 * just committed.  store_erased_at, _between: of those that are known: is this leaf, and how many in a range?
 * store_is_erased: the same, once they are known.  store_erased_by: the statement at a leaf; NULL: none.
 * store_erase_pending: a statement whose epoch has not begun, of this compartment (${ours}) or of any; NULL: none is
 * known.  store_erased_done: it has begun, as the keyring says.
 */
void store_erasures_release(struct store_erasures *x);
int store_erasures(struct store *s, struct err *e);
int store_erasures_take(struct store *s, uint64_t leaf, const struct statement *st, struct err *e);
bool store_erased_at(const struct store *s, uint64_t leaf, uint64_t *ret_by);
uint64_t store_erased_between(const struct store *s, uint64_t first, uint64_t last);
int store_is_erased(struct store *s, uint64_t leaf, bool *ret, struct err *e);
const struct store_erased *store_erased_by(const struct store *s, uint64_t by);
const struct store_erased *store_erase_pending(const struct store *s, bool ours);
void store_erased_done(struct store *s);
/*
 * erase.c.  store_erase_leaves: both records, and the destroying.  *ret_leaf is written as soon as the first is
 * committed: from then on it will be finished, by whom ever.  ERR_REFUSED: of leaves that are public, or erased.
 * store_erase_judge: is what is pending in this compartment what was asked for and agreed to?  What is not is told, and
 * nobody carries it out.
 * store_erase_resume: what was interrupted, by a writer who holds the compartment.  store_erase_tell: for all others.
 */
int store_erase_leaves(struct store *s, const struct statement_range *leaves, size_t count,
                       const struct statement_by *by, uint64_t *ret_leaf, struct err *e);
int store_erase_judge(struct store *s, struct err *e);
int store_erase_resume(struct store *s, struct err *e);
int store_erase_tell(struct store *s, struct err *e);

/*
 * advance.c.  store_receiving: the receiving key to which an epoch key is boxed for a member, and its number.
 * store_advance_prepare: a fresh one of her own, durable in her key file and among the keyring's changes, as are boxes
 * to it of every other compartment that she holds; *ret is it.  ERR_ABSENT: that cannot be done now, and nothing was.
 * store_advance_finish: it is committed: what is older goes out of her key file.
 * store_advance: both, by a commit of its own, when something was erased since she published last.
 */
int store_receiving(struct store *s, const struct history_member *m, uint64_t epoch, struct keyring_reader *ret,
                    struct err *e);
int store_advance_prepare(struct store *s, struct keyring_reader *ret, struct err *e);
int store_advance_finish(struct store *s, uint64_t number, struct err *e);
int store_advance(struct store *s, struct err *e);
/*
 * requests.c: requests to erase and the answers to them, in the order of the log; an answer comes behind its request.
 * store_requests_take: one statement of these kinds; others are nothing.  ERR_DAMAGED: an answer to nothing.
 * store_requests_check: may this be erased by what was said so far?  ${code} when not.  It is done then.
 * store_erase_lawful: the same of an `erased` statement that is on the log, and no hold stands; ERR_REFUSED.
 * store_erase_persons: how many are needed, who asks among them, as far as so many stand at a leaf.
 */
struct store_said {
    uint64_t leaf;
    struct hash commitment;
    struct bytes signer;
    const struct statement *statement;
};
struct store_requests {
    struct store_request *list;
    size_t count;
};
void store_requests_release(struct store_requests *x);
int store_requests_take(struct store_requests *x, const struct store_said *said, struct err *e);
int store_requests_check(const struct store *s, struct store_requests *x, const struct store_said *said, int code,
                         struct err *e);
int store_requests_load(struct store *s, struct store_requests *ret, struct err *e);
int store_erase_lawful(struct store *s, const struct store_said *said, struct err *e);
size_t store_erase_persons(const struct store *s, uint64_t leaf);
int64_t store_erase_due(const struct store *s, const struct store_request *r);
struct store_deposit_of {
    uint64_t deposit, receipt_leaf;
    bool erased;
};
/* plan.c: of a kind that can be erased, with all that hangs on it, and of one investigation; ERR_REFUSED. */
int store_erase_leaves_check(struct store *s, const struct statement_range *leaves, size_t count, struct err *e);

/* read.c */
int store_secret(struct store *s, uint64_t leaf, struct key *ret, struct err *e); /* from any thread */
int store_open_leaf(struct store *s, uint64_t leaf, struct bytes sealed, struct store_held **held,
                    struct statement *ret, struct err *e);
struct store_held {
    struct statement_held *statement;
    const struct history_member *signer; /* of a hidden statement, no item's; borrowed as history_read lends it */
    struct buf sealed, opened;
    struct buf made, values; /* of a statement that was stored by its fields */
    struct key secret;
    struct leaf_envelope envelope;
};

/*
 * opened.c: each hidden statement of a record, opened by several threads, told in the order of leaves by the calling
 * one.  What is told is borrowed until ${each} returns.
 */
struct store_opened {
    uint64_t leaf;
    const uint8_t *entry;
    int rc;         /* of opening it; */
    struct err why; /* then why it does not open */
    bool committed; /* it is the statement that the entry commits to */
    struct statement statement;
    struct store_held *held;
};
int store_opened_all(struct store *s, const struct ledger_record *r,
                     int (*each)(void *context, const struct store_opened *one, struct err *e), void *context,
                     struct err *e);

/*
 * catchup.c: the vault's runs, record by record of the journal, told to the vault and, unless NULL, to the index.
 * Runs that cannot be read are told of, unless ${told} says that they were, and take the place that is left for them.
 */
struct store_runs {
    struct store *s;
    struct index *index;
    bool told;
    uint64_t next_record;   /* of the vault, behind the last run taken */
    struct vault_run *lost; /* how many records they have, the next one will tell */
    size_t lost_count, lost_room;
    struct err why_lost;
};
int store_runs_take(struct store_runs *r, const struct ledger_record *record, struct err *e);
void store_runs_release(struct store_runs *r);

/*
 * packs.c: packs and stripes as the log names them, ascending and as of the last statement; from the journal alone.
 * store_packs_take: what one public statement says of them.
 * store_stripe_of: stripe ${i} with its packs, which the lists keep.  ERR_DAMAGED when they do not fit together.
 */
struct store_part { /* a record with items: what they and those before are made of lies in packs below pack_end */
    uint64_t pack_end, leaf_end;
};
struct store_packs {
    struct vault_pack *list;
    size_t count, room;
    struct vault_stripe *stripes;
    size_t stripe_count, stripe_room;
    struct store_part *parts; /* in their order */
    size_t part_count, part_room;
};
int store_packs_load(struct store *s, struct store_packs *ret, struct err *e);
int store_packs_take(struct store_packs *p, const struct statement *st, const struct statement_founded *founded,
                     struct err *e);
void store_packs_release(struct store_packs *p);
int store_stripe_of(const struct store *s, const struct store_packs *p, size_t i, struct vault_stripe_of *ret,
                    struct err *e);
/* store_packs_end: of the compartment at this place: how many packs there are, whether the last one is open, how many
 * are under parity: from the newest statements alone. */
struct store_packs_end {
    uint64_t packs, covered;
    bool open;
};
int store_packs_end(struct store *s, size_t at, struct store_packs_end *ret, struct err *e);
int store_stripe_read(const struct statement_stripe *said, uint32_t files, struct vault_stripe *ret, struct err *e);
struct vault_parity store_parity(const struct store *s);

/* audit.c, and audit_items.c for what needs keys. */
struct store_auditing {
    struct store *s;
    const struct store_watch *watch;
    struct store_audited *count;
    _Atomic uint64_t done; /* bytes read so far, by whichever thread */
    uint64_t all;          /* bytes in all */
    _Atomic bool stop;     /* what is being worked on is to end */
    unsigned threads;
    struct vault_seen *seen; /* in full: what the items before have shown */
    bool by_index;           /* items are found by the index, else by the journal */
    uint64_t next_leaf;      /* behind the last item that was handed out */
    uint64_t leaf_end;       /* items before it belong to the stretch at hand; UINT64_MAX: all */
    uint64_t pack_end;       /* and to the step when their manifest lies before it; UINT64_MAX: all of the stretch */
    uint64_t first_pack, stretch_pack; /* where the audit began, and the stretch at hand */
    struct pace pace;        /* under pace_lock */
    pthread_mutex_t pace_lock;
    bool settled; /* nothing is left to a later intake */
};
void store_audit_found(struct store_auditing *a, const char *line);
int store_audit_advance(struct store_auditing *a); /* tells the progress; non-zero: stop */
int store_audit_interrupted(const struct store_auditing *a, struct err *e);
int store_audit_prepare_items(struct store_auditing *a, struct err *e);
int store_audit_items(struct store_auditing *a, struct err *e); /* those of the stretch at hand */

/* The section of pack extents in a record: u32 count, then {u64 pack, u32 first sector, u32 sectors}. */
int store_extents_next(struct cursor *c, uint32_t *left, struct vault_run *ret, struct err *e);
void store_extents_put(const struct vault_run *runs, size_t count, struct buf *to);

/* verify.c: the keyring files that the log names, with segments as the journal's blocks make them. */
struct store_key_files {
    struct keyring_file *list;
    size_t count, room;
};
void store_key_files_drop(struct store_key_files *f);
int store_key_files(struct store *s, struct store_key_files *ret, struct err *e);
int store_key_files_named(struct store *s, struct store_key_files *ret, struct err *e); /* open.c: by the index */

/*
 * recount.c: receipts held to what they sum up.  store_recount_add: every hidden statement, in leaf order; what does
 * not agree is told to finding.  store_recount_duplicates: as the index knows them.  ERR_IO when memory is out.
 */
struct store_recounted {
    uint64_t deposit, items, parts;
    struct statement_totals totals;
};
struct store_recount {
    void (*finding)(void *context, const char *line);
    void *context;
    struct store_recounted *open; /* deposits without a receipt so far */
    size_t open_count, open_room;
    uint64_t receipts; /* so far */
    uint64_t *leaf; /* kind and size of each */
    size_t leaf_room;
    struct statement_range *run; /* of leaves that are items, ascending */
    size_t run_count, run_room;
    uint64_t erased; /* leaves so far that nobody can open any more */
};
/* store_recount_erased: one of those; it may have been an item. */
int store_recount_erased(struct store_recount *c, uint64_t leaf, struct err *e);
void store_recount_release(struct store_recount *c);
int store_recount_add(struct store_recount *c, uint64_t leaf, const struct statement *st, struct err *e);
int store_recount_duplicates(struct store_recount *c, struct index *x, struct err *e);

/*
 * stamps.c.  store_stamp_check: everything that a "timestamped" statement at ${leaf} says, against its response, its
 * certificates and the log.  ERR_DAMAGED.
 * store_stamp_place: its files beside the log, durably; ${note}: the statement as signed.
 * store_stamp_look: the same files held to it; what is missing or differs is told, and counted by whoever listens.
 * store_stamps_restore: the files of all stamps as the journal makes them; ${words}: the name of each that was healed.
 */
enum { STORE_STAMP_PIECES = 4 };
int store_stamp_check(struct store *s, uint64_t leaf, const struct statement_timestamped *t, struct store_stamp *ret,
                      struct err *e);
int store_stamp_place(struct store *s, uint64_t leaf, struct bytes note, const struct statement_timestamped *t,
                      struct err *e);
int store_stamp_look(struct store *s, uint64_t leaf, struct bytes note, const struct statement_timestamped *t,
                     void (*finding)(void *context, const char *line), void *context, struct err *e);
int store_stamps_restore(struct store *s, struct buf *words, struct err *e);
/* stamp_ask.c: how many wait; and the file of one: store_asked_parse takes apart what store_asked_put writes. */
int store_asked_count(const struct store *s, uint64_t *ret, struct err *e);
void store_asked_put(uint64_t nonce, const char *name, struct bytes checkpoint, struct buf *to);
bool store_asked_parse(struct bytes text, uint64_t *ret_nonce, struct buf *ret_name, struct bytes *ret_checkpoint);

/* open.c, for repair.c and adopt.c: identity, lock, keyring and ledger, nothing derived.  To adopt, the journal is not
 * held to what was seen of it before. */
/* repair.c: both copies of every segment, as the journal's blocks make them. */
int store_segments_restore(struct store *s, struct buf *words, struct err *e);
/* store_interrupted: a commit was under way here when its process ended: the index may lie there half written, which
 * the next writer mends, and which is nobody's fault. */
static inline bool store_interrupted(const struct store *s)
{
    return s->state.has_pending || s->opening.committed_later > 0;
}
/* way.c: what is no folder, or no file, where one must be is moved to quarantine/, one line of ${words} for each.
 * Before anything is healed, under the lock. */
int store_way_clear(const struct store *s, struct buf *words, struct err *e);
int store_open_for_repair(const struct store_place *place, struct store **ret, struct err *e);
int store_open_to_adopt(const struct store_place *place, struct store **ret, struct err *e);
/* store_open_to_recover: to write, by the sheets' keys instead of those of the member ${former}; what is written is the
 * place's identity's, which is new. */
int store_open_to_recover(const struct store_place *place, const struct keyring_recovery *sheets,
                          const struct note_key *former, struct store **ret, struct err *e);

#endif
