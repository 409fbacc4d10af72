/*
 * Inside the index: the handle, and queries that are prepared once and kept.
 *
 * Tables.  What a number means is the same everywhere: leaf, deposit (leaf of its opening), receipt (its number).
 *
 *     standing      one row: where the index stands in the journal, and sums over all items
 *     statements    where each statement but those of items lies in the journal
 *     items         each received statement, with where it lies in the journal
 *     spans         runs of leaves side by side that are items of one deposit
 *     paths         FNV-1a of a path -> leaf; aside 1 when the deposit was set aside
 *     digests       first 64 bits of a file's digest -> leaf; aside as above.  Further names are not in it
 *     frames        first 64 bits of a chunk's digest -> where a frame of it is
 *     deposits      with what their receipts and a setting aside add
 *     refused, already, runs, packs, keyring_files, places
 *     erased        hidden leaves that were met and whose secrets are destroyed
 *     waited        statements that stood before they were on the log (FORMAT 17.5), by their ids
 *     consents      what a person said of a scope, by the leaf of the statement: which one counts is asked later
 *     concerns      whose leaves are; a person of no letters: that they are nobody's
 *     measures      restriction and level of leaves
 *     holds         leaves that a hold stands over; hold_list has each hold, and what released it
 *     handed        leaves that were given out, and by which statement
 *
 * In the last four but hold_list a run of leaves is cut where a stretch of INDEX_STRETCH leaves ends, so that what is
 * said of one leaf is found among the rows that begin in its stretch.
 *
 * Whatever is found by 64 bits is compared whole.  Unsigned numbers are stored as the signed ones of the same bits:
 * only leaves, which are small, are compared by size.
 */
#ifndef INDEX_INDEX_INTERNAL_H
#define INDEX_INDEX_INTERNAL_H

#include "index/index.h"

#include "base/file.h"

#include <pthread.h>
#include <sqlite3.h>

enum { INDEX_SCHEMA = 5 }; /* of the tables; another one is rebuilt */

enum index_sql {
    SQL_STANDING,
    SQL_STAND,
    SQL_STATEMENT_ADD,
    SQL_STATEMENT_ROW,
    SQL_STATEMENT_LAST,
    SQL_STATEMENTS_ALL,
    SQL_STATEMENTS_ITEMS,
    SQL_STATEMENTS_KIND,
    SQL_ITEM_ADD,
    SQL_PATH_ADD,
    SQL_PATH_ASIDE,
    SQL_DIGEST_ADD,
    SQL_DIGEST_ASIDE,
    SQL_DIGEST_FIND,
    SQL_SPAN_ADD,
    SQL_SPANS,
    SQL_FRAME_ADD,
    SQL_FRAME_FIND,
    SQL_ITEMS,
    SQL_ITEMS_OF,
    SQL_ITEM,
    SQL_FURTHER,
    SQL_ITEMS_BETWEEN,
    SQL_ITEM_BETWEEN,
    SQL_ITEM_BY_PATH,
    SQL_ITEM_BY_DIGEST,
    SQL_ALREADY,
    SQL_ALREADY_NAME,
    SQL_DUPLICATE,
    SQL_MANIFEST,
    SQL_DEPOSIT_ADD,
    SQL_DEPOSIT_ASIDE,
    SQL_DEPOSIT_PART,
    SQL_DEPOSIT_CLOSE,
    SQL_DEPOSIT_SET_ASIDE,
    SQL_DEPOSITS,
    SQL_DEPOSIT_BY_RECEIPT,
    SQL_DEPOSIT_SUMS,
    SQL_REFUSED_ADD,
    SQL_REFUSED,
    SQL_ALREADY_ADD,
    SQL_ALREADY_OF,
    SQL_PLACE_PUT,
    SQL_PLACE,
    SQL_PLACE_FIRST,
    SQL_WAITED_ADD,
    SQL_WAITED,
    SQL_INVESTIGATION,
    SQL_INVESTIGATIONS,
    SQL_RUN_ADD,
    SQL_RUNS,
    SQL_PACK_PUT,
    SQL_PACKS,
    SQL_KEYRING_PUT,
    SQL_KEYRING_REMOVE,
    SQL_KEYRING_FILES,
    SQL_ERASED_ADD,
    SQL_ERASED_DEPOSIT,
    SQL_ERASE_ITEMS,
    SQL_ERASE_STATEMENTS,
    SQL_CHECK,
    SQL_CONSENT_ADD,
    SQL_CONSENT_WORDS,
    SQL_CONSENT_PERSONS,
    SQL_CONSENT_ALL,
    SQL_CONCERN_ADD,
    SQL_CONCERNS,
    SQL_CONCERNS_OF,
    SQL_MEASURE_ADD,
    SQL_MEASURES,
    SQL_HOLD_ADD,
    SQL_HOLD_COVER,
    SQL_HOLD_RELEASE,
    SQL_HOLDS,
    SQL_HOLD,
    SQL_HOLD_LIST,
    SQL_HANDED_ADD,
    SQL_HANDED,
    SQL_SIEVE_PATHS,
    SQL_SIEVE_DIGESTS,
    SQL_SIEVE_FRAMES,
    SQL_COUNT,
};

struct index_counters {
    uint64_t items, names, folders, bytes, distinct_bytes, notes;
};

/*
 * Rows that are added in the order of their keys when the record ends: in the order in which they come each would go to
 * a page of its own, and with many items that page is no longer in memory when the next row for it comes.
 */
struct index_waiting {
    struct index_waiting_row {
        uint64_t key, leaf;
        uint32_t n; /* aside, or the number of the frame */
    } *list;
    size_t count, room;
};

struct index {
    sqlite3 *db;
    pthread_mutex_t asking; /* held from a question to its end; recursive, for a callback may ask again */
    struct file_path path; /* of the database, for the lines of errors */
    enum index_manner manner;
    bool writing; /* between index_begin and index_end */
    struct index_waiting paths, frames; /* rows of the record being written */
    struct index_counters counters; /* of the record being written */
    struct {
        uint64_t deposit, first, count;
    } span; /* the newest one, not yet stored; count 0: none */
    struct {
        bool waits;
        uint64_t leaf; /* the first of those that wait */
        struct statement_place place;
        struct hash commitment;
    } numbered; /* of the statement taken last, not yet stored: of many in a row the newest counts */
    struct {
        bool known, aside;
        uint64_t leaf;
    } deposit; /* the one asked for last */
    sqlite3_stmt *kept[SQL_COUNT];
    struct index_sieve *sieve; /* NULL: everything is asked for */
};

/* index_failed: the line for a result of SQLite, and our code for it. */
int index_failed(struct index *x, int result, struct err *e);

/*
 * A query under way.  index_ask takes the prepared one, or prepares a further one while the first is in use (a callback
 * may ask again); values are put in the order of their numbers; index_row: 1 a row, 0 the end, or an error.
 * index_ask_drop gives it back.
 */
struct index_query {
    struct index *x; /* NULL: nothing was asked */
    enum index_sql sql;
    sqlite3_stmt *s;
    int next;
};
int index_ask(struct index *x, enum index_sql sql, struct index_query *q, struct err *e);
void index_query_drop(struct index_query *q);
int index_row(struct index_query *q, struct err *e);
int index_run_sql(struct index *x, const char *sql, struct err *e); /* without result */

/* What is put is borrowed until the query is given back. */
void index_put_u64(struct index_query *q, uint64_t v);
void index_put_bytes(struct index_query *q, struct bytes v);
void index_put_text(struct index_query *q, const char *v); /* NULL is NULL */
void index_put_null(struct index_query *q);

uint64_t index_u64(const struct index_query *q, int column); /* NULL is 0 */
bool index_null(const struct index_query *q, int column);
struct bytes index_bytes(const struct index_query *q, int column);
void index_hash(const struct index_query *q, int column, struct hash *ret); /* zeros unless 32 bytes are there */
const char *index_text(const struct index_query *q, int column);            /* NULL is NULL */

uint64_t index_path_hash(struct bytes path);
static inline uint64_t index_prefix(const struct hash *digest)
{
    return u64_get(digest->b);
}

/* ---- sieve.c: what cannot be in the index ---- */

enum index_key_of { INDEX_KEY_OF_PATH, INDEX_KEY_OF_DIGEST, INDEX_KEY_OF_FRAME };
void index_sieve_add(struct index *x, enum index_key_of of, uint64_t key); /* before its row is */
bool index_sieve_holds(const struct index *x, enum index_key_of of, uint64_t key); /* perhaps; false: certainly not */
void index_sieve_leave(struct index *x);

/* consent.c: what statements of consent and protection leave in the tables. */
int index_take_terms(struct index *x, uint64_t leaf, const struct statement *s, struct err *e);

int index_counters_get(struct index *x, struct index_counters *ret, struct err *e);
int index_waiting_store(struct index *x, struct err *e);
int index_place_store(struct index *x, struct err *e); /* what waits of numbers */
void index_waiting_release(struct index_waiting *w);
int index_span_store(struct index *x, struct err *e);

#endif
