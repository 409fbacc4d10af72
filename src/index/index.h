/*
 * The index: what the ledger says, made quick to ask.  Derived: thrown away and rebuilt at any time, never the only
 * place of anything.  The only user of SQL.  FORMAT 6.
 *
 * One encrypted database per compartment (SQLite3 Multiple Ciphers, AEGIS, raw key): index/main.db, beside it
 * main.db-wal (encrypted) and main.db-shm (page numbers only), which stay when it is closed.  One journal record is one
 * transaction: after a crash the index stands at a record's end (index_where), and store/ brings it up to the journal
 * record by record.  A commit is atomic but not synced: what a loss of power takes is taken over again.
 *
 * From any call: ERR_DAMAGED (a page that fails authentication, or a record that contradicts what is there: the caller
 * rebuilds), ERR_IO (naming the file and, where there is one, the remedy), ERR_BUSY.  Keys are in no line.
 *
 * One writer at a time (store/ holds the lock); readers need none.  Several threads may ask one handle: a question
 * waits for the one before it, callbacks included; a callback may ask further questions of the same handle.  While one
 * thread is between index_begin and index_end no other may ask.  What a callback is shown lives until it returns.
 *
 * Called by store/ and read by verbs/ through the queries below.
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "model/statement.h"

struct index;

enum index_manner { INDEX_WRITE, INDEX_READ };
/* Which one: a repository has an index for each compartment, called by ${name}: no part of a path, and short. */
struct index_place {
    const char *root, *name;
};
/*
 * index_open: open or, when writing, create.  ERR_ABSENT (none there when reading, nothing in it yet, or tables of an
 * earlier version), ERR_DAMAGED (wrong key, failed page, tables of a later version, what is no plain file in the place
 * of one of its files): rebuild.
 * Reading never changes a byte of the folder, also on read-only media; only where a copy left -wal or -shm out of a
 * folder that can be written are they made again.  A reader sees one state, that of its opening, until it is closed.
 * index_remove: take the files away, before a rebuild; a folder in the place of one goes to quarantine/.
 */
int index_open(const struct index_place *at, const struct key *key, enum index_manner manner, struct index **ret,
               struct err *e);
void index_close(struct index *x);
void index_drop(struct index **x);
int index_remove(const struct index_place *at, struct err *e);

/*
 * A sieve in memory (4 MiB) answers most questions about what is not there: index_already, index_duplicate and
 * index_find_frame then say ERR_ABSENT without asking.  index_sieve_begin: ${x} has one from now on, unless it holds
 * more than INDEX_SIEVE_ITEMS already, of which most will be met again.  index_sieve_share: a reader that was opened
 * later uses the same; what is added through ${writing} meanwhile may fall through or not.
 */
enum { INDEX_SIEVE_ITEMS = 16384 };
int index_sieve_begin(struct index *x, struct err *e);
void index_sieve_share(struct index *x, const struct index *writing);

/* Where the index stands in the journal. */
struct index_position {
    uint64_t records, bytes; /* of the journal: records taken over, and where they end */
    struct hash last;        /* hash of the last one */
    uint64_t leaves;
};
int index_where(struct index *x, struct index_position *ret, struct err *e);

/* ---- writing: begin, statements of one record in leaf order, its frames, runs and packs, end ---- */

int index_begin(struct index *x, struct err *e);
/* One statement: leaf, where its stored bytes lie in the journal, its manifest.  STATEMENT_PACKS and _KEYRING update
 * the packs and the keyring files.  commitment: of hidden signed kinds, for prev.  ERR_DAMAGED: it is about a deposit
 * or a receipt that is not there, closes a closed one, or its leaf or receipt's number is taken. */
int index_statement(struct index *x, uint64_t leaf, const struct statement *s, uint64_t manifest_record,
                    uint64_t journal_at, uint32_t journal_bytes, const struct hash *commitment, struct err *e);
/* index_erased: the hidden leaf ${leaf} comes next, and its secret is destroyed.  What a STATEMENT_ERASED takes away
 * beside it stays in sums and finders until the index is rebuilt, which follows at once. */
int index_erased(struct index *x, uint64_t leaf, struct err *e);
int index_frame(struct index *x, const struct hash *digest, uint64_t leaf, uint32_t frame, struct err *e);
int index_run(struct index *x, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
              uint32_t records, struct err *e);
int index_end(struct index *x, const struct index_position *now, struct err *e); /* commits the transaction */
void index_undo(struct index *x); /* rolls it back; also after an index_end that failed */

/* ---- queries; a callback that returns non-zero ends the query with it ---- */

struct index_item {
    uint64_t leaf, deposit, seq;
    uint64_t receipt;      /* number of its receipt; 0 while the deposit is open */
    bool further_name;
    uint64_t of;           /* the item it is a further name of */
    uint64_t duplicate_of; /* earliest living item with the same bytes when it came; UINT64_MAX: none */
    bool set_aside;
    enum statement_type type;
    struct bytes path, target;
    uint32_t mode;
    struct statement_time mtime;
    uint64_t bytes;
    struct hash sha256;
    uint64_t manifest_record;
};
typedef int index_item_each(void *context, const struct index_item *item, struct err *e);

/* index_items: in leaf order, from leaf ${from}; ${deposit}: one deposit's, or UINT64_MAX for all. */
int index_items(struct index *x, uint64_t deposit, uint64_t from, index_item_each *each, void *context,
                struct err *e);
int index_item(struct index *x, uint64_t leaf, index_item_each *each, void *context, struct err *e); /* ERR_ABSENT */
/* index_further: the further names of an item, in whichever deposit. */
int index_further(struct index *x, uint64_t leaf, index_item_each *each, void *context, struct err *e);
/* index_spans: the runs of leaves side by side that are the items of one deposit, ascending. */
int index_spans(struct index *x, uint64_t deposit,
                int (*each)(void *context, const struct statement_range *range, struct err *e), void *context,
                struct err *e);
/* index_items_between: how many of the leaves ${first} to ${last} are items. */
int index_items_between(struct index *x, uint64_t first, uint64_t last, uint64_t *ret, struct err *e);
/* index_item_between: is any?  By one look, however many there are. */
int index_item_between(struct index *x, uint64_t first, uint64_t last, bool *ret, struct err *e);
/* Items whose path is exactly ${path}, or files whose digest begins with ${hex} (8 to 64 small digits, else ERR_USAGE),
 * in leaf order; 0 also when there is none. */
int index_item_by_path(struct index *x, struct bytes path, index_item_each *each, void *context, struct err *e);
int index_item_by_digest(struct index *x, const char *hex, index_item_each *each, void *context, struct err *e);

/* Names not in the index yet (same deposit, part not committed) are the caller's to know. */
struct index_twin {
    uint64_t leaf, receipt; /* receipt 0: of a deposit that is still open */
    struct hash sha256;
    uint64_t bytes;
};
/*
 * Living: not of a deposit that was set aside.  Items of open deposits live.
 * index_already: the newest living item with the same giver, path, type, mode and time, and for links the same target.
 * Further names: the newest living one with the same giver and path of the same living item (${r}->of); *ret has its
 * own leaf and receipt, and digest and size of the item.  Files: *ret carries the digest to be compared.  ERR_ABSENT.
 * The giver is NULL when nobody was named.
 */
int index_already(struct index *x, const char *giver, const struct statement_received *r, struct index_twin *ret,
                  struct err *e);
/* index_duplicate: the earliest living item with these bytes.  ERR_ABSENT. */
int index_duplicate(struct index *x, const struct hash *sha256, struct index_twin *ret, struct err *e);
/* index_find_frame: a frame that may hold this chunk (found by 64 bits of its digest: the vault compares the rest). */
int index_find_frame(struct index *x, const struct hash *digest, uint64_t *ret_leaf, uint32_t *ret_frame,
                     struct err *e);
/* index_manifest: the manifest record of an item that has bytes, set aside or not.  ERR_ABSENT. */
int index_manifest(struct index *x, uint64_t leaf, uint64_t *ret_record, struct err *e);

struct index_deposit {
    uint64_t leaf;
    uint64_t receipt; /* 0 while open */
    uint64_t receipt_leaf;
    const char *giver, *note; /* NULL when not said */
    int64_t opened_unix_s, closed_unix_s;
    uint64_t parts; /* committed so far */
    bool set_aside;
    const char *set_aside_reason;
    bool erased; /* its opening was, and with it giver and note */
    struct statement_totals totals; /* as the receipt says; zero while open */
};
typedef int index_deposit_each(void *context, const struct index_deposit *deposit, struct err *e);
int index_deposits(struct index *x, index_deposit_each *each, void *context, struct err *e); /* by leaf */
int index_deposit_by_receipt(struct index *x, uint64_t receipt, index_deposit_each *each, void *context,
                             struct err *e); /* ERR_ABSENT */
int index_refused(struct index *x, uint64_t deposit,
                  int (*each)(void *context, const struct statement_refused *refused, struct err *e), void *context,
                  struct err *e);
/* Ranges of earlier items seen again in a deposit, as its parts name them. */
int index_already_of(struct index *x, uint64_t deposit,
                     int (*each)(void *context, const struct statement_range *range, struct err *e), void *context,
                     struct err *e);

struct index_sums { /* over all, what was set aside included */
    uint64_t items;                 /* files and links */
    uint64_t names, folders;        /* further names; folders */
    uint64_t bytes, distinct_bytes; /* of files; each content once */
    uint64_t deposits, open_deposits, receipts, notes;
    uint64_t next_receipt;
};
int index_sums(struct index *x, struct index_sums *ret, struct err *e);

/* The next place in an investigation's numbering: seq 0 and prev zeros when nothing was said in it. */
int index_place(struct index *x, const uint8_t investigation[STATEMENT_ID], struct statement_place *ret,
                struct err *e);
/* index_place_first: the first leaf that is numbered there.  ERR_ABSENT. */
int index_place_first(struct index *x, const uint8_t investigation[STATEMENT_ID], uint64_t *ret, struct err *e);
/* index_waited: the statement that waited under this id: its leaf, and bytes 1 to 32 of its entry.  ERR_ABSENT. */
int index_waited(struct index *x, const uint8_t id[STATEMENT_ID], uint64_t *ret_leaf, struct hash *ret_commitment,
                 struct err *e);
int index_investigation(struct index *x, uint8_t ret[STATEMENT_ID], struct err *e); /* the first one; ERR_ABSENT */
/* All of them, by the leaf of their first statement. */
struct index_investigation_row {
    uint64_t leaf;
    struct statement_place next;
};
int index_investigations(struct index *x,
                         int (*each)(void *context, const struct index_investigation_row *row, struct err *e),
                         void *context, struct err *e);

/* Any statement: where it lies, so that it can be opened and shown. */
struct index_statement_row {
    uint64_t leaf;
    enum statement_kind kind;
    uint64_t journal_at;
    uint32_t journal_bytes;
};
int index_statements(struct index *x, uint64_t from, int kind_or_0,
                     int (*each)(void *context, const struct index_statement_row *row, struct err *e), void *context,
                     struct err *e);
/* index_statement_last: the newest of one kind, but for items.  ERR_ABSENT. */
int index_statement_last(struct index *x, enum statement_kind kind, struct index_statement_row *ret, struct err *e);
int index_statement_row(struct index *x, uint64_t leaf, struct index_statement_row *ret, struct err *e);

/*
 * ---- consent and protection, by leaf and by person (consent.c) ----
 *
 * A stretch: INDEX_STRETCH leaves from a multiple of it on.  Rows of the questions by leaf: those that overlap the
 * leaves ${first} to ${last}, by where they begin, then by statement; none is longer than a stretch.
 */
enum { INDEX_STRETCH = 1024 };
/*
 * Words as they are heard (model/consent.h), in the order of the log: those below leaf ${end}.  ${doubtful}: of a yes,
 * may its signer have been somebody else?  NULL: none is.
 */
struct index_hearing {
    uint64_t end;
    int (*doubtful)(void *context, uint64_t leaf, bool *ret, struct err *e);
    void *context;
};
/* The word that counts of each scope.  *ret_words: of CONSENT_SCOPES; their texts are copied into ${held}.  Nothing was
 * said: all are unsaid. */
int index_words(struct index *x, const char *person, const struct index_hearing *how,
                struct consent_word words[CONSENT_SCOPES], struct buf *held, struct err *e);
/* index_persons: every code of which something was said.  index_words_all: the word that counts of each person and
 * scope. */
int index_persons(struct index *x, int (*each)(void *context, const char *person, struct err *e), void *context,
                  struct err *e);
typedef int index_word_each(void *context, const char *person, enum consent_scope scope,
                            const struct consent_word *word, struct err *e);
int index_words_all(struct index *x, const struct index_hearing *how, index_word_each *each, void *context,
                    struct err *e);
struct index_concern {
    uint64_t first, last, leaf; /* leaf: of the statement */
    const char *person;         /* "": nobody */
    enum consent_link link;
};
typedef int index_concern_each(void *context, const struct index_concern *row, struct err *e);
int index_concerns(struct index *x, uint64_t first, uint64_t last, index_concern_each *each, void *context,
                   struct err *e);
/* index_concerns_of: those that name a person, stretch by stretch, in each by statement. */
int index_concerns_of(struct index *x, const char *person, index_concern_each *each, void *context, struct err *e);
struct index_measure {
    uint64_t first, last, leaf;
    enum consent_restriction restriction;
    const char *provider; /* NULL: not named */
    enum consent_level level;
};
int index_measures(struct index *x, uint64_t first, uint64_t last,
                   int (*each)(void *context, const struct index_measure *row, struct err *e), void *context,
                   struct err *e);
struct index_hold {
    uint64_t first, last; /* of index_holds */
    uint64_t leaf;
    enum consent_ground ground;
    bool released;
    uint64_t released_leaf;
};
typedef int index_hold_each(void *context, const struct index_hold *row, struct err *e);
/* index_holds: released ones too.  index_hold: one, by its leaf; ERR_ABSENT.  index_hold_list: all there ever were. */
int index_holds(struct index *x, uint64_t first, uint64_t last, index_hold_each *each, void *context, struct err *e);
int index_hold(struct index *x, uint64_t leaf, struct index_hold *ret, struct err *e);
int index_hold_list(struct index *x, index_hold_each *each, void *context, struct err *e);
/* index_handed: by which statements (sealed, accessed) they were given out. */
int index_handed(struct index *x, uint64_t first, uint64_t last,
                 int (*each)(void *context, const struct statement_range *range, uint64_t leaf, struct err *e),
                 void *context, struct err *e);

int index_runs(struct index *x,
               int (*each)(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors,
                           uint64_t first_record, uint32_t records, struct err *e),
               void *context, struct err *e); /* in journal order */
int index_packs(struct index *x, int (*each)(void *context, const struct statement_pack *pack, struct err *e),
                void *context, struct err *e); /* ascending */
int index_keyring_files(struct index *x, int (*each)(void *context, const struct statement_file_hash *f, struct err *e),
                        void *context, struct err *e); /* by name; removed ones left out */

/* index_check: every page authenticates and the database is well formed.  ERR_DAMAGED. */
int index_check(struct index *x, struct err *e);
/* index_dump: every table's rows in a fixed order as text lines, for proving that a rebuild gives the same content. */
int index_dump(struct index *x, int (*line)(void *context, const char *text, struct err *e), void *context,
               struct err *e);

#endif
