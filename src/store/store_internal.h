/* Inside the store: its state, the draft of a record, and what its files lend each other. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "base/file.h"
#include "base/pace.h"
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
int store_state_path(const struct store_place *place, const struct hash *pin, struct file_path *to, struct err *e);
/* ${key} NULL: the MAC is not looked at.  A missing file is known = false and no error. */
int store_state_read(const char *path, const struct hash *pin, const struct key *key, struct store_state *ret,
                     struct err *e);
int store_state_write(const char *path, const struct hash *pin, const struct key *key, const struct store_state *state,
                struct err *e);

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
    struct statement statement; /* pointers inside are into the draft's own copies */
    struct key secret;
    size_t text_at, text_bytes; /* as committed */
    size_t values_at, values_bytes;
    uint8_t entry[LEAF_ENTRY];
};
struct keep { /* copies of what statements borrow; freed together */
    struct keep *next;
    uint8_t bytes[];
};
struct digest_set { /* digests of the files in this draft, for telling duplicates */
    struct hash *slot; /* zeros: empty */
    size_t used, room;
};
struct draft {
    bool begun;
    uint64_t first_leaf;
    struct draft_leaf *leaves;
    size_t count, room;
    struct buf arena;
    struct keep *keeps;
    size_t keep_bytes;
    struct digest_set digests;
    const char **repaired; /* names for a "repaired" statement; borrowed */
    size_t repaired_count;
    bool open_known; /* the deposit below was found open, and is not closed in this draft */
    uint64_t open_deposit;
    bool placed; /* place below is the next one */
    struct statement_place place;
};

struct store {
    struct store_place place;
    char *root;
    enum store_manner manner;
    struct file_path key_path, state_file;
    int lock_fd;
    bool failed; /* no further writes */
    unsigned threads; /* of an audit; 0: one for each processor */
    uint64_t audit_bytes_per_s;   /* 0: as fast as can be */
    uint64_t audit_stretch_bytes; /* 0: as audit.c has it */

    struct statement_held *founded_held;
    struct buf founded_note;
    struct statement founded;
    struct hash pin;

    struct keyring_identity identity;
    struct store_state state;
    struct ledger_opening opening;
    struct ledger *ledger;
    struct keyring *keyring;
    struct index *index;
    struct err index_fault; /* STORE_CHECK: why it is done without; no code when nothing is wrong */
    struct buf unfinished;  /* STORE_CHECK: blocks of secrets that the segments may lack, as the index is not current */
    bool index_anew;        /* it was rebuilt when this was opened */
    uint64_t table; /* version of the newest table of keys that a record names */
    struct vault *vault;
    struct vault_writer *writer;
    pthread_mutex_t asking; /* the keyring, which the vault's workers ask for holders too */
    struct draft draft;
};

/* draft.c */
void store_draft_release(struct draft *d);
int store_writable(const struct store *s, struct err *e); /* ERR_IO after an earlier failure */
bool store_has_object(const struct statement *st);        /* a received file: bytes of its own in the vault */

/* rules.c: may this be said now?  ERR_REFUSED names the rule. */
int store_rules_check(struct store *s, const struct statement *st, struct err *e);

/* open.c */
void store_tell(const struct store *s, const char *line);
int store_lock(struct store *s, struct err *e);         /* take DIR/lock, or ERR_BUSY with the holder's words */
int store_vault_reopen(struct store *s, struct err *e); /* knows no runs yet */
bool store_index_current(struct store *s);              /* it is there, and stands where the journal ends */
/* write.c: a record that says which files were healed from their second copies. */
int store_log_repair(struct store *s, const char **names, size_t count, struct err *e);
/* catchup.c: bring segments and index up to the journal. */
int store_catch_up(struct store *s, const struct store_watch *watch, struct err *e);
int store_index_reopen(struct store *s, bool anew, struct err *e);
/* Blocks of leaf secrets to both copies of their segments.  A damaged copy is told of, once for each *told, and left to
 * repair: the other one serves, and the journal holds the blocks too. */
int store_apply_blocks(struct store *s, struct bytes secrets, bool *told, struct err *e);

/* read.c */
int store_secret(struct store *s, uint64_t leaf, struct key *ret, struct err *e); /* from any thread */
int store_open_leaf(struct store *s, uint64_t leaf, struct bytes sealed, struct store_held **held,
                    struct statement *ret, struct err *e);
struct store_held {
    struct statement_held *statement;
    struct buf sealed, opened;
    struct key secret;
    struct leaf_envelope envelope;
};

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
    uint64_t first_pack, stretch_pack; /* where the audit began, and the stretch at hand */
    struct pace pace;        /* under pace_lock */
    pthread_mutex_t pace_lock;
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
    struct buf last_blocks; /* of the last record */
};
void store_key_files_drop(struct store_key_files *f);
int store_key_files(struct store *s, struct store_key_files *ret, struct err *e);

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
    uint64_t *leaf; /* kind and size of each */
    size_t leaf_room;
};
void store_recount_release(struct store_recount *c);
int store_recount_add(struct store_recount *c, uint64_t leaf, const struct statement *st, struct err *e);
int store_recount_duplicates(struct store_recount *c, struct index *x, struct err *e);

/* open.c, for repair.c and adopt.c: identity, lock, keyring and ledger, nothing derived.  To adopt, the journal is not
 * held to what was seen of it before. */
/* store_interrupted: a commit was under way here when its process ended: the index may lie there half written, which
 * the next writer mends, and which is nobody's fault. */
static inline bool store_interrupted(const struct store *s)
{
    return s->state.has_pending || s->opening.committed_later > 0;
}
int store_open_for_repair(const struct store_place *place, struct store **ret, struct err *e);
int store_open_to_adopt(const struct store_place *place, struct store **ret, struct err *e);

#endif
