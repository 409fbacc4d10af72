#include "index/index_internal.h"

#include <assert.h>

static_assert(STATEMENT_RECEIVED == 7, "the kind that the queries below give to rows of items");
static_assert(STATEMENT_ACCESSED == 27, "a device has numbers of its own, and is no investigation");

#define ITEM                                                                                                           \
    "SELECT i.leaf, i.deposit, i.seq, d.receipt, d.set_aside, i.further_of, i.duplicate_of, i.type, i.path, i.target," \
    " i.mode, i.mtime_s, i.mtime_ns, i.bytes, i.sha256, i.manifest "
#define DEPOSIT                                                                                                        \
    "SELECT leaf, receipt, receipt_leaf, giver, note, opened, closed, parts, set_aside, reason, totals,"               \
    " EXISTS (SELECT 1 FROM erased e WHERE e.leaf = deposits.leaf) FROM deposits "

/* Rows that overlap the leaves ?1 to ?2: none is longer than a stretch. */
static_assert(INDEX_STRETCH == 1024, "the number in the queries below");
#define OVERLAPS "WHERE first > ?1 - 1024 AND first <= ?2 AND last >= ?1"

/* CROSS JOIN fixes the order in which tables are read. */
static const char *const texts[SQL_COUNT] = {
    [SQL_STANDING] = "SELECT records, bytes, last, leaves, items, names, folders, item_bytes, distinct_bytes, notes"
                     " FROM standing",
    [SQL_STAND] = "UPDATE standing SET records = ?1, bytes = ?2, last = ?3, leaves = ?4, items = ?5, names = ?6,"
                  " folders = ?7, item_bytes = ?8, distinct_bytes = ?9, notes = ?10",

    [SQL_STATEMENT_ADD] = "INSERT INTO statements (leaf, kind, at, size) VALUES (?1, ?2, ?3, ?4)",
    [SQL_STATEMENT_ROW] = "SELECT leaf, kind, at, size FROM statements WHERE leaf = ?1 UNION ALL"
                          " SELECT leaf, 7, at, size FROM items WHERE leaf = ?1",
    [SQL_STATEMENT_LAST] = "SELECT leaf, kind, at, size FROM statements WHERE kind = ?1 ORDER BY leaf DESC LIMIT 1",
    [SQL_STATEMENTS_ALL] = "SELECT leaf, kind, at, size FROM statements WHERE leaf >= ?1 UNION ALL"
                           " SELECT leaf, 7, at, size FROM items WHERE leaf >= ?1 ORDER BY leaf",
    [SQL_STATEMENTS_ITEMS] = "SELECT leaf, 7, at, size FROM items WHERE leaf >= ?1 ORDER BY leaf",
    [SQL_STATEMENTS_KIND] = "SELECT leaf, kind, at, size FROM statements WHERE leaf >= ?1 AND kind = ?2 ORDER BY leaf",

    [SQL_ITEM_ADD] = "INSERT INTO items (leaf, deposit, seq, further_of, duplicate_of, type, mode, mtime_s, mtime_ns,"
                     " bytes, manifest, at, size, sha256, path, target)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    [SQL_PATH_ADD] = "INSERT INTO paths (hash, aside, leaf) VALUES (?1, ?2, ?3)",
    [SQL_PATH_ASIDE] = "UPDATE paths SET aside = 1 WHERE hash = ?1 AND aside = 0 AND leaf = ?2",
    [SQL_DIGEST_ADD] = "INSERT INTO digests (prefix, aside, leaf) VALUES (?1, ?2, ?3)",
    [SQL_DIGEST_ASIDE] = "UPDATE digests SET aside = 1 WHERE prefix = ?1 AND aside = 0 AND leaf = ?2",
    [SQL_DIGEST_FIND] = "SELECT g.aside, g.leaf FROM digests g CROSS JOIN items i ON i.leaf = g.leaf"
                        " WHERE g.prefix = ?1 AND i.sha256 = ?2 AND i.bytes = ?3 ORDER BY g.aside, g.leaf LIMIT 1",
    [SQL_SPAN_ADD] = "INSERT INTO spans (deposit, first, last) VALUES (?1, ?2, ?3)",
    [SQL_SPANS] = "SELECT first, last FROM spans WHERE deposit = ?1 ORDER BY first",
    [SQL_FRAME_ADD] = "INSERT OR IGNORE INTO frames (prefix, leaf, frame) VALUES (?1, ?2, ?3)",
    [SQL_FRAME_FIND] = "SELECT leaf, frame FROM frames WHERE prefix = ?1 ORDER BY leaf, frame LIMIT 1",

    [SQL_ITEMS] = ITEM "FROM items i CROSS JOIN deposits d ON d.leaf = i.deposit WHERE i.leaf >= ?1 ORDER BY i.leaf",
    [SQL_ITEMS_OF] = ITEM "FROM spans s CROSS JOIN deposits d ON d.leaf = s.deposit"
                          " CROSS JOIN items i ON i.leaf BETWEEN max(s.first, ?1) AND s.last"
                          " WHERE s.deposit = ?2 ORDER BY s.first, i.leaf",
    [SQL_ITEM] = ITEM "FROM items i CROSS JOIN deposits d ON d.leaf = i.deposit WHERE i.leaf = ?1",
    [SQL_FURTHER] = ITEM "FROM items i CROSS JOIN deposits d ON d.leaf = i.deposit WHERE i.further_of = ?1"
                         " ORDER BY i.leaf",
    [SQL_ITEMS_BETWEEN] = "SELECT count(*) FROM items WHERE leaf BETWEEN ?1 AND ?2",
    [SQL_ITEM_BETWEEN] = "SELECT 1 FROM items WHERE leaf BETWEEN ?1 AND ?2 LIMIT 1",
    [SQL_ITEM_BY_PATH] = ITEM "FROM paths p CROSS JOIN items i ON i.leaf = p.leaf"
                              " CROSS JOIN deposits d ON d.leaf = i.deposit"
                              " WHERE p.hash = ?1 AND i.path = ?2 ORDER BY i.leaf",
    [SQL_ITEM_BY_DIGEST] = ITEM "FROM digests g CROSS JOIN items i ON i.leaf = g.leaf"
                                " CROSS JOIN deposits d ON d.leaf = i.deposit"
                                " WHERE g.prefix BETWEEN ?1 AND ?2 AND i.sha256 BETWEEN ?3 AND ?4 ORDER BY i.leaf",
    [SQL_ALREADY] = "SELECT i.leaf, d.receipt, i.sha256, i.bytes FROM paths p CROSS JOIN items i ON i.leaf = p.leaf"
                    " CROSS JOIN deposits d ON d.leaf = i.deposit"
                    " WHERE p.hash = ?1 AND p.aside = 0 AND i.path = ?2 AND d.giver IS ?3 AND i.further_of IS NULL"
                    " AND i.type = ?4 AND i.mode = ?5 AND i.mtime_s = ?6 AND i.mtime_ns = ?7 AND i.target IS ?8"
                    " ORDER BY p.leaf DESC LIMIT 1",
    [SQL_ALREADY_NAME] = "SELECT n.leaf, d.receipt, i.sha256, i.bytes"
                         " FROM paths p CROSS JOIN items n ON n.leaf = p.leaf"
                         " CROSS JOIN deposits d ON d.leaf = n.deposit CROSS JOIN items i ON i.leaf = n.further_of"
                         " CROSS JOIN deposits o ON o.leaf = i.deposit"
                         " WHERE p.hash = ?1 AND p.aside = 0 AND n.path = ?2 AND d.giver IS ?3 AND n.further_of = ?4"
                         " AND o.set_aside = 0 ORDER BY p.leaf DESC LIMIT 1",
    [SQL_DUPLICATE] = "SELECT i.leaf, d.receipt, i.sha256, i.bytes FROM digests g CROSS JOIN items i ON i.leaf = g.leaf"
                      " CROSS JOIN deposits d ON d.leaf = i.deposit"
                      " WHERE g.prefix = ?1 AND g.aside = 0 AND i.sha256 = ?2 ORDER BY g.leaf LIMIT 1",
    [SQL_MANIFEST] = "SELECT manifest FROM items WHERE leaf = ?1 AND manifest IS NOT NULL",

    [SQL_DEPOSIT_ADD] = "INSERT INTO deposits (leaf, giver, note, opened, parts, set_aside)"
                        " VALUES (?1, ?2, ?3, ?4, 0, 0)",
    [SQL_DEPOSIT_ASIDE] = "SELECT set_aside FROM deposits WHERE leaf = ?1",
    [SQL_DEPOSIT_PART] = "UPDATE deposits SET parts = parts + 1 WHERE leaf = ?1",
    [SQL_DEPOSIT_CLOSE] = "UPDATE deposits SET receipt = ?1, receipt_leaf = ?2, closed = ?3, totals = ?4"
                          " WHERE leaf = ?5 AND receipt IS NULL",
    [SQL_DEPOSIT_SET_ASIDE] = "UPDATE deposits SET set_aside = 1, reason = ?1 WHERE leaf = ?2",
    [SQL_DEPOSITS] = DEPOSIT "ORDER BY leaf",
    [SQL_DEPOSIT_BY_RECEIPT] = DEPOSIT "WHERE receipt = ?1",
    [SQL_DEPOSIT_SUMS] = "SELECT count(*), count(receipt), max(receipt) FROM deposits",
    [SQL_REFUSED_ADD] = "INSERT INTO refused (deposit, leaf, n, path, reason, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_REFUSED] = "SELECT path, reason, bytes FROM refused WHERE deposit = ?1 ORDER BY leaf, n",
    [SQL_ALREADY_ADD] = "INSERT INTO already (deposit, leaf, n, first, last) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_ALREADY_OF] = "SELECT first, last FROM already WHERE deposit = ?1 ORDER BY leaf, n",

    [SQL_PLACE_PUT] = "INSERT INTO places (investigation, leaf, seq, prev) VALUES (?1, ?2, ?3, ?4)"
                      " ON CONFLICT (investigation) DO UPDATE SET seq = excluded.seq, prev = excluded.prev",
    [SQL_PLACE] = "SELECT seq, prev FROM places WHERE investigation = ?1",
    [SQL_PLACE_FIRST] = "SELECT leaf FROM places WHERE investigation = ?1",
    [SQL_WAITED_ADD] = "INSERT INTO waited (id, leaf, commitment) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
    [SQL_WAITED] = "SELECT leaf, commitment FROM waited WHERE id = ?1",
    [SQL_INVESTIGATION] = "SELECT investigation FROM places ORDER BY leaf LIMIT 1",
    [SQL_INVESTIGATIONS] = "SELECT p.leaf, p.investigation, p.seq, p.prev FROM places p"
                           " LEFT JOIN statements s ON s.leaf = p.leaf WHERE s.kind IS NOT 27 ORDER BY p.leaf",
    [SQL_RUN_ADD] = "INSERT INTO runs (pack, first_sector, sectors, first_record, records) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_RUNS] = "SELECT pack, first_sector, sectors, first_record, records FROM runs ORDER BY n",
    [SQL_PACK_PUT] = "INSERT INTO packs (pack, sectors, sealed, root) VALUES (?1, ?2, ?3, ?4)"
                     " ON CONFLICT (pack) DO UPDATE SET sectors = excluded.sectors, sealed = excluded.sealed,"
                     " root = excluded.root",
    [SQL_PACKS] = "SELECT pack, sectors, sealed, root FROM packs ORDER BY pack",
    [SQL_KEYRING_PUT] = "INSERT INTO keyring_files (name, bytes, sha256) VALUES (?1, ?2, ?3)"
                        " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, sha256 = excluded.sha256",
    [SQL_KEYRING_REMOVE] = "DELETE FROM keyring_files WHERE name = ?1",
    [SQL_KEYRING_FILES] = "SELECT name, bytes, sha256 FROM keyring_files ORDER BY name",
    [SQL_CONSENT_ADD] = "INSERT INTO consents (person, scope, leaf, answer, until, own, date)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_CONSENT_WORDS] = "SELECT scope, leaf, answer, until, own, date FROM consents WHERE person = ?1 AND leaf < ?2"
                          " ORDER BY scope, leaf",
    [SQL_CONSENT_PERSONS] = "SELECT person FROM consents UNION SELECT person FROM concerns WHERE person > ''"
                            " ORDER BY person",
    [SQL_CONSENT_ALL] = "SELECT person, scope, leaf, answer, until, own, date FROM consents"
                        " ORDER BY person, scope, leaf",
    [SQL_CONCERN_ADD] = "INSERT INTO concerns (first, leaf, n, last, person, link) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_CONCERNS] = "SELECT first, last, leaf, person, link FROM concerns " OVERLAPS " ORDER BY first, leaf, n",
    [SQL_CONCERNS_OF] = "SELECT first, last, leaf, person, link FROM concerns INDEXED BY concerns_of"
                        " WHERE person = ?1 ORDER BY first / 1024, leaf, first",
    [SQL_MEASURE_ADD] = "INSERT INTO measures (first, leaf, last, restriction, provider, level)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_MEASURES] = "SELECT first, last, leaf, restriction, provider, level FROM measures " OVERLAPS
                     " ORDER BY first, leaf",
    [SQL_HOLD_ADD] = "INSERT INTO hold_list (leaf, ground) VALUES (?1, ?2)",
    [SQL_HOLD_COVER] = "INSERT INTO holds (first, leaf, last) VALUES (?1, ?2, ?3)",
    [SQL_HOLD_RELEASE] = "UPDATE hold_list SET released = ?1 WHERE leaf = ?2 AND released IS NULL",
    [SQL_HOLDS] = "SELECT h.first, h.last, l.leaf, l.ground, l.released FROM holds h CROSS JOIN hold_list l"
                  " ON l.leaf = h.leaf " OVERLAPS " ORDER BY h.first, h.leaf",
    [SQL_HOLD] = "SELECT 0, 0, leaf, ground, released FROM hold_list WHERE leaf = ?1",
    [SQL_HOLD_LIST] = "SELECT 0, 0, leaf, ground, released FROM hold_list ORDER BY leaf",
    [SQL_HANDED_ADD] = "INSERT INTO handed (first, leaf, last) VALUES (?1, ?2, ?3)",
    [SQL_HANDED] = "SELECT first, last, leaf FROM handed " OVERLAPS " ORDER BY first, leaf",
    [SQL_SIEVE_PATHS] = "SELECT hash FROM paths",
    [SQL_SIEVE_DIGESTS] = "SELECT prefix FROM digests",
    [SQL_SIEVE_FRAMES] = "SELECT prefix FROM frames",
    [SQL_ERASED_ADD] = "INSERT OR IGNORE INTO erased (leaf) VALUES (?1)",
    [SQL_ERASED_DEPOSIT] = "INSERT OR IGNORE INTO deposits (leaf, opened, parts, set_aside)"
                           " SELECT leaf, ?2, 0, 0 FROM erased WHERE leaf = ?1",
    [SQL_ERASE_ITEMS] = "DELETE FROM items WHERE leaf BETWEEN ?1 AND ?2",
    [SQL_ERASE_STATEMENTS] = "DELETE FROM statements WHERE leaf BETWEEN ?1 AND ?2",
    [SQL_CHECK] = "PRAGMA integrity_check(1)",
};

int index_ask(struct index *x, enum index_sql sql, struct index_query *q, struct err *e)
{
    assert(q->x == NULL);
    (void)pthread_mutex_lock(&x->asking);
    *q = (struct index_query){.x = x, .sql = sql, .s = TAKE(x->kept[sql]), .next = 1};
    if (q->s != NULL)
        return 0;
    int result = sqlite3_prepare_v3(x->db, texts[sql], -1, SQLITE_PREPARE_PERSISTENT, &q->s, NULL);
    return result == SQLITE_OK ? 0 : index_failed(x, result, e);
}

void index_query_drop(struct index_query *q)
{
    struct index *x = q->x;
    if (x == NULL)
        return;
    if (q->s != NULL)
        (void)sqlite3_reset(q->s); /* says again what the last step said */
    if (q->s != NULL && x->kept[q->sql] == NULL)
        x->kept[q->sql] = q->s;
    else
        (void)sqlite3_finalize(q->s);
    *q = (struct index_query){0};
    (void)pthread_mutex_unlock(&x->asking);
}

/* Text is given its final zero here, so that lost memory is told and not taken for a text that was not said. */
static int texts_end(struct index_query *q, struct err *e)
{
    for (int i = 0; i < sqlite3_data_count(q->s); i++)
        if (sqlite3_column_type(q->s, i) == SQLITE_TEXT && sqlite3_column_text(q->s, i) == NULL)
            return err_memory(e);
    return 1;
}

int index_row(struct index_query *q, struct err *e)
{
    int result = sqlite3_step(q->s);
    if (result == SQLITE_ROW)
        return texts_end(q, e);
    return result == SQLITE_DONE ? 0 : index_failed(q->x, result, e);
}

int index_run_sql(struct index *x, const char *sql, struct err *e)
{
    int result = sqlite3_exec(x->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : index_failed(x, result, e);
}

/* ---- values: a number out of range is our mistake, and what is borrowed needs no memory ---- */

static void put(struct index_query *q, int result)
{
    assert(result == SQLITE_OK);
    (void)result;
    q->next++;
}

void index_put_u64(struct index_query *q, uint64_t v)
{
    put(q, sqlite3_bind_int64(q->s, q->next, (sqlite3_int64)v));
}

void index_put_bytes(struct index_query *q, struct bytes v)
{
    put(q, sqlite3_bind_blob64(q->s, q->next, v.n == 0 ? "" : (const void *)v.p, v.n, SQLITE_STATIC));
}

void index_put_text(struct index_query *q, const char *v)
{
    put(q, sqlite3_bind_text(q->s, q->next, v, -1, SQLITE_STATIC));
}

void index_put_null(struct index_query *q)
{
    put(q, sqlite3_bind_null(q->s, q->next));
}

uint64_t index_u64(const struct index_query *q, int column)
{
    return (uint64_t)sqlite3_column_int64(q->s, column);
}

bool index_null(const struct index_query *q, int column)
{
    return sqlite3_column_type(q->s, column) == SQLITE_NULL;
}

struct bytes index_bytes(const struct index_query *q, int column)
{
    const void *p = sqlite3_column_blob(q->s, column);
    return bytes_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(q->s, column));
}

void index_hash(const struct index_query *q, int column, struct hash *ret)
{
    struct bytes x = index_bytes(q, column);
    *ret = (struct hash){0};
    if (x.n == CRYPT_HASH)
        memcpy(ret->b, x.p, CRYPT_HASH);
}

const char *index_text(const struct index_query *q, int column)
{
    return (const char *)sqlite3_column_text(q->s, column);
}
