/*
 * The ledger: the journal in two copies, which is the only commit, and the public log that is derived from it.
 *
 * It knows leaves, records and checkpoints, and no byte of evidence: what is sealed in a record came sealed.
 * FORMAT 3.  Called by store/ only.
 *
 *     a/journal, b/journal     header of 64 bytes, then records back to back (FORMAT 3.1)
 *     log/checkpoint           the newest signed checkpoint        \
 *     log/cosigned             the newest that others signed too    |
 *     log/tile/...             hashes and entries, C2SP tlog-tiles  > derived: rebuilt from the journal
 *
 * After a crash: a record is committed when it is whole in either copy and the state kept outside says so, or says it
 * was pending; the tail rule (FORMAT 3.4) decides, and nothing is thrown away: an uncommitted tail is moved aside.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "model/history.h"

enum {
    LEDGER_ENTRY = 33,                  /* kind byte and SHA-256 */
    LEDGER_LEAVES_MAX = 1 << 20,        /* leaves of one record */
    LEDGER_STATEMENT_MAX = 1 << 24,     /* bytes of one sealed or public statement */
    LEDGER_RECORD_MAX = 1 << 30,
    LEDGER_VERSION = 1,
    LEDGER_FIRST = 64,                  /* offset of record 0 in a journal */
    LEDGER_BEHIND_MAX = 32,             /* records by which the public log may be behind the journal */
};
enum ledger_entry_kind { LEDGER_HIDDEN = 1, LEDGER_PUBLIC = 2 };

/* How far a journal goes: what the outside state remembers. */
struct ledger_position {
    uint64_t records;
    uint64_t bytes;   /* journal length, header included */
    struct hash last; /* SHA-256 over all bytes of the last record */
    uint64_t leaves;
    struct hash root; /* of its checkpoint */
};

/* One commit, as drafted and as read back.  Order of leaves: the hidden ones first, then the public ones. */
struct ledger_record {
    uint64_t number;
    uint64_t first_leaf;
    uint32_t hidden_count, public_count;
    struct bytes entries;    /* LEDGER_ENTRY bytes each */
    struct bytes hidden;     /* per hidden leaf: u32 length, sealed statement */
    struct bytes open;       /* per public leaf: u32 length, statement as signed */
    struct bytes secrets;    /* leaf secrets sealed under their segment keys: keyring's own blocks */
    struct bytes extents;    /* runs of packs: store's own table */
    struct bytes checkpoint; /* read back only: the signed note */
    struct hash hash;        /* read back only */
    struct bytes all;        /* read back only: the record itself */
    uint64_t at;             /* read back only: offset in the journal */
    uint64_t bytes;          /* read back only: its whole length */
};

struct ledger;
struct ledger_setup {
    const char *root;          /* repository folder, kept until close */
    struct note_key log_key;   /* its name is the origin */
    const struct history_logs *logs; /* log_key and those that followed; copied; NULL: none did */
    const struct key *seed;    /* of the last one, to append; NULL to read */
};

/* ledger_found: write the headers of both copies of a new journal, durably.  ERR_REFUSED when one is there. */
int ledger_found(const char *root, struct err *e);

/*
 * ledger_peek: the first public statement of record 0 in one copy (0 is a), by its form alone: before the log key is
 * known there is nothing to verify it by, so the caller holds it to the pin.  ERR_ABSENT, ERR_DAMAGED, ERR_NEWER.
 */
int ledger_peek(const char *root, int copy, struct buf *ret_statement, struct err *e);

enum ledger_copy_state {
    LEDGER_COPY_GOOD,
    LEDGER_COPY_SHORT,
    LEDGER_COPY_BAD_TAIL,
    LEDGER_COPY_ABSENT,
    LEDGER_COPY_BAD,
};
/* What open found; a face makes lines of it.  Nothing has been written yet. */
struct ledger_opening {
    enum ledger_copy_state copy[2];
    bool interrupted[2];              /* what is wrong with it lies behind ${committed}: an unfinished commit left it */
    uint64_t tail_bytes[2];           /* bytes behind the last committed record that are no whole record */
    struct ledger_position position;  /* where the journal stands, tails left out */
    uint64_t committed_later;         /* whole records beyond ${committed}: the crash came after the commit */
    bool pending_found;               /* the ${pending} record is one of them */
};
/*
 * ledger_open(setup, committed, pending, ret, opening, e):
 * Hold the end of both copies to what the outside state remembers.  ${committed}: NULL trusts the journal's own end
 * (only `adopt`, `verify` and the first record do).  ${pending}: the hash of the record that was being written, or
 * NULL.  Reads the last records only: time does not grow with the journal.
 * Errors: ERR_DAMAGED (both copies fail what `committed` says: the line says whether it looks like damage or like an
 * older copy of the repository), ERR_NEWER, ERR_ABSENT, ERR_IO (no copy can be read there, or memory or descriptors are
 * lacking: a copy that the disk does not give is no error while the other has it).
 */
int ledger_open(const struct ledger_setup *setup, const struct ledger_position *committed, const struct hash *pending,
                struct ledger **ret, struct ledger_opening *opening, struct err *e);
void ledger_close(struct ledger *l);
void ledger_drop(struct ledger **l);
/* ledger_mend: before the first append: bring both copies to the position; tails go to quarantine/ (FORMAT 3.4), a
 * short or bad copy is made anew from the good one.  ret_words: one line for each thing done, or empty. */
int ledger_mend(struct ledger *l, struct buf *ret_words, struct err *e);

void ledger_where(const struct ledger *l, struct ledger_position *ret);
/* ledger_stood: did the journal end at ${bytes} once, with ${records} records the last of hash ${last}? */
bool ledger_stood(const struct ledger *l, uint64_t records, uint64_t bytes, const struct hash *last);
/* ledger_outrun: has a copy grown since it was opened?  Then what lies beside the journal need not fit it any more. */
bool ledger_outrun(const struct ledger *l);

/*
 * ledger_prepare(l, draft, ret_position, e): build and sign checkpoint and record, in memory.  *ret_position is where
 * the journal will stand: note it outside as pending, then
 * ledger_commit(l, e): append to both copies, then sync both at once.  0: committed.  What cannot be written to one is
 * taken back from both, if that can be done: there is no record.  A sync that fails is ERR_IO, and a record that either
 * copy holds whole counts as committed at the next opening.  After any error the ledger takes no more.
 */
int ledger_prepare(struct ledger *l, const struct ledger_record *draft, struct ledger_position *ret_position,
                   struct err *e);
int ledger_commit(struct ledger *l, struct err *e);
/*
 * ledger_turn: the log key that follows: the next record prepared is signed by the key before, its checkpoint by both,
 * and all that come after by this one alone.  ${from}: the leaf behind the event that names it, which must be in that
 * record.  ERR_IO: no memory.
 */
int ledger_turn(struct ledger *l, const struct history_log *next, const struct key *seed, struct err *e);
/*
 * ledger_glance: every record of one copy (0 is a) by its form alone, as far as it has one, before the log keys are
 * known: nothing is verified.  A non-zero result of ${each} ends it with that.  ERR_ABSENT, ERR_IO.
 */
int ledger_glance(const char *root, int copy,
                  int (*each)(void *context, const struct ledger_record *record, struct err *e), void *context,
                  struct err *e);
/* ledger_publish: bring tiles and log/checkpoint up to the journal, durably (all that is missing; every partial tile
 * that a newer one replaces is removed). */
int ledger_publish(struct ledger *l, struct err *e);
/*
 * ledger_shown: is log/checkpoint that of the last record?
 * ledger_behind: each record that log/checkpoint does not cover, from the oldest on, as ledger_walk gives it; only the
 * newest LEDGER_BEHIND_MAX, by more than which no writer leaves it behind.
 */
bool ledger_shown(const struct ledger *l);
int ledger_behind(struct ledger *l, int (*each)(void *context, const struct ledger_record *record, struct err *e),
                  void *context, struct err *e);
/*
 * ledger_publish_cosigned: log/cosigned, the newest checkpoint that others have signed too, durably; nothing is done
 * where it is there already.  Empty: none, and a file of that name is removed.  What it must hold follows from the
 * statements of the log, which whoever calls knows; so ledger_check lets the file be, whatever is in it.
 */
int ledger_publish_cosigned(struct ledger *l, struct bytes note, struct err *e);

/*
 * ledger_walk(l, copy, from_at, from_number, each, context, e): every record in order from a record's offset (64 is
 * the first).  Checks lengths, the chain of hashes, the record's signature and the checkpoint's.  ${copy}: 0, 1, or -1
 * for the good one.  The record's bytes are borrowed until the callback returns; non-zero ends the walk with it.
 */
int ledger_walk(struct ledger *l, int copy, uint64_t from_at, uint64_t from_number,
                int (*each)(void *context, const struct ledger_record *record, struct err *e), void *context,
                struct err *e);
/*
 * ledger_walk_back: the same from the newest record to the first, each held to its signature and its number alone.
 */
int ledger_walk_back(struct ledger *l, int (*each)(void *context, const struct ledger_record *record, struct err *e),
                     void *context, struct err *e);
/* Where the content of the hidden and of the open section begins in the journal: from at and the counts. */
uint64_t ledger_hidden_at(const struct ledger_record *record);
uint64_t ledger_open_at(const struct ledger_record *record);
/* ledger_hidden_next / public: take the next statement out of record->hidden or ->open.  ERR_DAMAGED. */
int ledger_statement_next(struct cursor *c, struct bytes *ret_statement, struct err *e);
/* ledger_read_at: ${n} bytes of the journal (a sealed statement whose place the index remembers).  Both copies are
 * read; where they differ, from the one whose record there is valid. */
int ledger_read_at(struct ledger *l, uint64_t at, void *to, size_t n, struct err *e);

/* Proofs over the tiles, which are checked against the checkpoint on the way. */
int ledger_prove(struct ledger *l, uint64_t leaf, struct buf *ret_tlog_proof, struct err *e);
int ledger_prove_consistency(struct ledger *l, uint64_t old_size, struct tree_proof *ret, struct err *e);
/* ledger_root_at: the root of the first ${size} leaves, and the consistency proof from there (NULL: not wanted). */
int ledger_root_at(struct ledger *l, uint64_t size, struct hash *ret, struct tree_proof *ret_proof, struct err *e);
/* ledger_checkpoint: the newest one as the log key signed it; empty without records.  Borrowed until a commit. */
struct bytes ledger_checkpoint(const struct ledger *l);
int ledger_entry(struct ledger *l, uint64_t leaf, uint8_t ret[LEDGER_ENTRY], struct err *e);

/*
 * ledger_check(l, finding, context, e): everything: both copies record by record, root of every checkpoint recomputed
 * from the entries, every tile and log/checkpoint compared byte for byte with what they must be, no file too many.
 * Never writes.  Each fault is told in one line to ${finding}; ERR_DAMAGED when there was any.  What an interrupted
 * write leaves is none: a copy that lacks what was never called committed, a tail that begins like the next record, a
 * public log that is one record behind, or up to LEDGER_BEHIND_MAX that the outside state does not call committed.
 * ERR_BUSY: the journal grew meanwhile, and something did not fit.
 * ${each}: as in ledger_walk over the good copy, for what only higher floors can check; may be NULL.
 */
int ledger_check(struct ledger *l, void (*finding)(void *context, const char *line),
                 int (*each)(void *context, const struct ledger_record *record, struct err *e), void *context,
                 struct err *e);
/* ledger_repair: make a copy that is damaged or cannot be read anew from the good records of both, move what lay there
 * to quarantine/, and rebuild the public log.  ERR_DAMAGED or, from the disk, ERR_IO names the record that is bad in
 * both.  ret_words as ledger_mend.
 * ledger_healed: was this copy (0 is a) written again, wholly or its end, by mend or repair? */
int ledger_repair(struct ledger *l, struct buf *ret_words, struct err *e);
bool ledger_healed(const struct ledger *l, int copy);

/*
 * ---- the journal in pieces, as a mirror keeps it (FORMAT 11.2) ----
 *
 * A piece is a file of whole records, back to back, that is never written again; its name says which.
 * ledger_pieces_open: the pieces below ${folder}, which is kept; none is fine.  ERR_IO.
 * ledger_pieces_record: the record ${number}, out of any piece that has it, held to its signature by ${logs} and,
 * unless NULL, to what stands before it; borrowed until the next call.  ${logs} NULL: by its form alone, for who does
 * not know the log keys yet.  ERR_ABSENT (no piece has it), ERR_DAMAGED, also where the disk does not give it, ERR_IO
 * (this computer has no memory or file descriptors left).
 * ledger_pieces_next: the record behind *at, which moves on; an empty position is the beginning.
 */
enum {
    LEDGER_PIECE_BYTES = 16 << 20, /* a writer ends a piece with the record that reaches this */
    LEDGER_PIECE_NAME_MAX = 64,
};
struct ledger_piece {
    uint64_t first, last; /* numbers of its records */
};
void ledger_piece_name(const struct ledger_piece *p, char to[LEDGER_PIECE_NAME_MAX]); /* below the mirror's folder */
struct ledger_pieces;
int ledger_pieces_open(const char *folder, struct ledger_pieces **ret, struct err *e);
void ledger_pieces_close(struct ledger_pieces *p);
void ledger_pieces_drop(struct ledger_pieces **p);
size_t ledger_pieces_list(const struct ledger_pieces *p, const struct ledger_piece **ret); /* ascending */
int ledger_pieces_record(struct ledger_pieces *p, const struct history_logs *logs, uint64_t number,
                         const struct ledger_position *before, struct ledger_record *ret, struct err *e);
int ledger_pieces_next(struct ledger_pieces *p, const struct history_logs *logs, struct ledger_position *at,
                       struct ledger_record *ret, struct err *e);
void ledger_begin(struct ledger_position *ret); /* where a journal without records stands */
/*
 * ledger_from_pieces: both journals of a repository that has none, durably, with the first ${records} records.
 * ledger_heal: records that are bad in both copies come from the pieces: copy a is written anew, its damaged file goes
 * to quarantine/, and ledger_repair makes copy b from it.  Nothing is done where one good copy of each record is here,
 * or where the pieces end before the damage does (ERR_DAMAGED names the record).  ret_words as ledger_mend.
 */
int ledger_from_pieces(const char *root, struct ledger_pieces *p, const struct history_logs *logs, uint64_t records,
                       struct err *e);
int ledger_heal(const char *root, struct ledger_pieces *p, const struct history_logs *logs, bool *ret_healed,
                struct buf *ret_words, struct err *e);

#endif
