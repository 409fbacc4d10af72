/*
 * Opening, and the one transaction.
 *
 * The database is in WAL mode, and its -wal and -shm stay when it is closed: so a reader finds them and writes nothing,
 * also beside a writer, whose commits never touch what a reader holds.  Every handle is inside a transaction all the
 * time: a reader sees one state from opening to closing, and the writer's many small questions take no lock each.
 */
#include "index/index_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
    KEY_TEXT = 4 + 2 * CRYPT_KEY, /* raw:<hex> */
    URI_MAX = 3 * FILE_PATH_MAX + 64,
    BUSY_MS = 10000,
};

static const char *const endings[] = {"", "-wal", "-shm", "-journal"};

static const char schema[] =
    "CREATE TABLE standing (one INTEGER PRIMARY KEY CHECK (one = 1), records INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " last BLOB NOT NULL, leaves INTEGER NOT NULL, items INTEGER NOT NULL, names INTEGER NOT NULL,"
    " folders INTEGER NOT NULL, item_bytes INTEGER NOT NULL, distinct_bytes INTEGER NOT NULL, notes INTEGER NOT NULL);"
    "INSERT INTO standing VALUES (1, 0, 0, zeroblob(32), 0, 0, 0, 0, 0, 0, 0);"
    "CREATE TABLE statements (leaf INTEGER PRIMARY KEY, kind INTEGER NOT NULL, at INTEGER NOT NULL,"
    " size INTEGER NOT NULL);"
    "CREATE TABLE items (leaf INTEGER PRIMARY KEY, deposit INTEGER NOT NULL, seq INTEGER NOT NULL, further_of INTEGER,"
    " duplicate_of INTEGER, type INTEGER NOT NULL, mode INTEGER, mtime_s INTEGER, mtime_ns INTEGER, bytes INTEGER,"
    " manifest INTEGER, at INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB, path BLOB NOT NULL, target BLOB);"
    "CREATE TABLE spans (deposit INTEGER, first INTEGER, last INTEGER NOT NULL, PRIMARY KEY (deposit, first))"
    " WITHOUT ROWID;"
    "CREATE TABLE paths (hash INTEGER, aside INTEGER, leaf INTEGER, PRIMARY KEY (hash, aside, leaf)) WITHOUT ROWID;"
    "CREATE TABLE digests (prefix INTEGER, aside INTEGER, leaf INTEGER, PRIMARY KEY (prefix, aside, leaf))"
    " WITHOUT ROWID;"
    "CREATE TABLE frames (prefix INTEGER, leaf INTEGER, frame INTEGER, PRIMARY KEY (prefix, leaf, frame))"
    " WITHOUT ROWID;"
    "CREATE TABLE deposits (leaf INTEGER PRIMARY KEY, giver TEXT, note TEXT, opened INTEGER NOT NULL,"
    " receipt INTEGER UNIQUE, receipt_leaf INTEGER, closed INTEGER, parts INTEGER NOT NULL, set_aside INTEGER NOT NULL,"
    " reason TEXT, totals BLOB);"
    "CREATE TABLE refused (deposit INTEGER, leaf INTEGER, n INTEGER, path BLOB NOT NULL, reason TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, PRIMARY KEY (deposit, leaf, n)) WITHOUT ROWID;"
    "CREATE TABLE already (deposit INTEGER, leaf INTEGER, n INTEGER, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY (deposit, leaf, n)) WITHOUT ROWID;"
    "CREATE TABLE places (investigation BLOB PRIMARY KEY, leaf INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " prev BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE waited (id BLOB PRIMARY KEY, leaf INTEGER NOT NULL, commitment BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE runs (n INTEGER PRIMARY KEY, pack INTEGER NOT NULL, first_sector INTEGER NOT NULL,"
    " sectors INTEGER NOT NULL, first_record INTEGER NOT NULL, records INTEGER NOT NULL);"
    "CREATE TABLE packs (pack INTEGER PRIMARY KEY, sectors INTEGER NOT NULL, sealed INTEGER NOT NULL,"
    " root BLOB NOT NULL);"
    "CREATE TABLE keyring_files (name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX further ON items (further_of) WHERE further_of IS NOT NULL;"
    "CREATE TABLE erased (leaf INTEGER PRIMARY KEY);"
    "CREATE TABLE consents (person TEXT, scope INTEGER, leaf INTEGER, answer INTEGER NOT NULL, until TEXT,"
    " own INTEGER NOT NULL, date TEXT NOT NULL, PRIMARY KEY (person, scope, leaf)) WITHOUT ROWID;"
    "CREATE TABLE concerns (first INTEGER, leaf INTEGER, n INTEGER, last INTEGER NOT NULL, person TEXT NOT NULL,"
    " link INTEGER NOT NULL, PRIMARY KEY (first, leaf, n)) WITHOUT ROWID;"
    "CREATE INDEX concerns_of ON concerns (person, first / 1024, leaf, first);"
    "CREATE TABLE measures (first INTEGER, leaf INTEGER, last INTEGER NOT NULL, restriction INTEGER NOT NULL,"
    " provider TEXT, level INTEGER NOT NULL, PRIMARY KEY (first, leaf)) WITHOUT ROWID;"
    "CREATE TABLE holds (first INTEGER, leaf INTEGER, last INTEGER NOT NULL, PRIMARY KEY (first, leaf)) WITHOUT ROWID;"
    "CREATE TABLE hold_list (leaf INTEGER PRIMARY KEY, ground INTEGER NOT NULL, released INTEGER);"
    "CREATE TABLE handed (first INTEGER, leaf INTEGER, last INTEGER NOT NULL, PRIMARY KEY (first, leaf))"
    " WITHOUT ROWID;";

/* ---- the file and how it may be opened ---- */

/* As a URI (RFC 3986): every byte that could mean something is written as %XX. */
static void uri_put(char to[URI_MAX], const char *path, const char *parameters)
{
    char *p = to + snprintf(to, URI_MAX, "file:%s", path[0] == '/' ? "//" : "");
    for (const char *c = path; *c != 0; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '/' ||
                     *c == '.' || *c == '-' || *c == '_';
        p += snprintf(p, 4, plain ? "%c" : "%%%02x", (unsigned char)*c);
    }
    (void)snprintf(p, (size_t)(to + URI_MAX - p), "?%s", parameters);
}

/* The size of the file beside the database, or -1 when it is not there. */
static int64_t beside(const struct index *x, const char *ending)
{
    struct file_path name;
    struct stat status;
    if (file_path(&name, NULL, "%s%s", x->path.s, ending) != 0 || stat(name.s, &status) != 0)
        return -1;
    return status.st_size;
}

/*
 * Without -wal or -shm (a copy that left them out) SQLite makes them where it may.  Where it may not, nobody writes
 * beside us, and the database stands for itself, unless a -wal that holds something came without its -shm.
 */
static int reading_parameters(const struct index *x, const char *root, const char **ret, struct err *e)
{
    struct file_path folder;
    int64_t wal = beside(x, "-wal"), shm = beside(x, "-shm");
    int rc = file_path(&folder, e, "%s/index", root);
    if (rc != 0)
        return rc;
    if (wal >= 0 && shm >= 0)
        *ret = "mode=ro&readonly_shm=1";
    else if (faccessat(AT_FDCWD, folder.s, W_OK, AT_EACCESS) == 0)
        *ret = "mode=ro";
    else if (wal <= 0)
        *ret = "mode=ro&immutable=1";
    else
        return err_set(e, ERR_DAMAGED, "%s was copied without its -shm file: run groundwork reindex", x->path.s);
    return 0;
}

static int file_there(const struct index *x, struct err *e)
{
    struct stat status;
    if (lstat(x->path.s, &status) == 0)
        return 0;
    if (errno == ENOENT || errno == ENOTDIR)
        return err_set(e, ERR_ABSENT, "%s is not there", x->path.s);
    return err_os(e, ERR_IO, errno, "cannot open %s", x->path.s);
}

/* SQLite would follow a link and wait at a pipe: what is no plain file is none of ours. */
static int files_plain(const struct index *x, struct err *e)
{
    for (size_t i = 0; i < COUNT(endings); i++) {
        struct file_path name;
        struct stat status;
        int rc = file_path(&name, e, "%s%s", x->path.s, endings[i]);
        if (rc != 0)
            return rc;
        if (lstat(name.s, &status) == 0 && !S_ISREG(status.st_mode))
            return err_set(e, ERR_DAMAGED, "%s is not a plain file", name.s);
    }
    return 0;
}

/* Made here, so that its mode, which SQLite gives to the files beside it too, is ours. */
static int file_make(const struct index *x, const char *root, struct err *e)
{
    struct file_path folder;
    int rc = file_path(&folder, e, "%s/index", root);
    if (rc == 0)
        rc = file_make_folder(folder.s, e);
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = open(x->path.s, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    return fd >= 0 ? 0 : err_os(e, ERR_IO, errno, "cannot open %s", x->path.s);
}

/* ---- key, pragmas, schema ---- */

static int unlock(struct index *x, const struct key *key, struct err *e)
{
    char text[KEY_TEXT + 1] = "raw:";
    int cipher = sqlite3mc_cipher_index("aegis"); /* its place among those that are compiled in */
    int result = cipher > 0 && sqlite3mc_config(x->db, "cipher", cipher) == cipher ? SQLITE_OK : SQLITE_NOMEM;
    hex_put(text + 4, key->b, CRYPT_KEY);
    if (result == SQLITE_OK)
        result = sqlite3_key(x->db, text, KEY_TEXT);
    crypt_wipe(text, sizeof text);
    return result == SQLITE_OK ? 0 : index_failed(x, result, e);
}

static int number_of(struct index *x, const char *sql, int64_t *ret, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int result = sqlite3_prepare_v2(x->db, sql, -1, &s, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(s);
    if (result == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    int rc = result == SQLITE_ROW ? 0 : index_failed(x, result, e);
    (void)sqlite3_finalize(s);
    return rc;
}

/* A state to stand on: see the head of this file. */
static int stand(struct index *x, struct err *e)
{
    return sqlite3_get_autocommit(x->db) ? index_run_sql(x, "BEGIN", e) : 0;
}

static int schema_check(struct index *x, struct err *e)
{
    int64_t version = 0, tables = 0;
    char made[sizeof schema + 64];
    int rc = number_of(x, "PRAGMA user_version", &version, e);
    if (rc == 0)
        rc = number_of(x, "SELECT count(*) FROM sqlite_master", &tables, e);
    if (rc == 0 && version == 0 && tables == 0 && x->manner == INDEX_WRITE) {
        (void)snprintf(made, sizeof made, "%sPRAGMA user_version = %d; COMMIT; BEGIN", schema, INDEX_SCHEMA);
        return index_run_sql(x, made, e);
    }
    if (rc == 0 && version == 0 && tables == 0) /* made, and interrupted before anything was in it */
        rc = err_set(e, ERR_ABSENT, "making %s was interrupted: the next writer makes it anew", x->path.s);
    else if (rc == 0 && version > 0 && version < INDEX_SCHEMA) /* of an earlier program: no damage, and of no use */
        rc = err_set(e, ERR_ABSENT, "%s has tables of an earlier version: it is made anew", x->path.s);
    else if (rc == 0 && version != INDEX_SCHEMA)
        rc = err_set(e, ERR_DAMAGED, "%s has tables of another version: run groundwork reindex", x->path.s);
    return rc;
}

static int settle(struct index *x, struct err *e)
{
    static const char both[] = "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;";
    static const char writing[] = "PRAGMA cache_size = -65536; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                  "PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864;";
    int keep = 1;
    int rc = index_run_sql(x, both, e);
    if (rc == 0)
        rc = index_run_sql(x, x->manner == INDEX_WRITE ? writing : "PRAGMA query_only = ON;", e);
    if (rc == 0 && x->manner == INDEX_WRITE &&
        sqlite3_file_control(x->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep) != SQLITE_OK)
        rc = index_failed(x, SQLITE_IOERR, e);
    if (rc == 0)
        rc = stand(x, e);
    return rc == 0 ? schema_check(x, e) : rc;
}

static void asking_init(struct index *x)
{
    pthread_mutexattr_t recursive;
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&x->asking, &recursive);
    (void)pthread_mutexattr_destroy(&recursive);
}

int index_open(const struct index_place *at, const struct key *key, enum index_manner manner, struct index **ret,
               struct err *e)
{
    OWN(index_drop) struct index *x = calloc(1, sizeof *x);
    char uri[URI_MAX];
    const char *parameters = "mode=rw";
    if (x == NULL)
        return err_memory(e);
    x->manner = manner;
    asking_init(x);
    int rc = file_path(&x->path, e, "%s/index/%s.db", at->root, at->name);
    if (rc == 0)
        rc = files_plain(x, e);
    if (rc == 0)
        rc = manner == INDEX_WRITE ? file_make(x, at->root, e) : file_there(x, e);
    if (rc == 0 && manner == INDEX_READ)
        rc = reading_parameters(x, at->root, &parameters, e);
    if (rc != 0)
        return rc;
    uri_put(uri, x->path.s, parameters);
    int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (manner == INDEX_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    int result = sqlite3_open_v2(uri, &x->db, flags, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_busy_timeout(x->db, BUSY_MS);
    if (result != SQLITE_OK)
        return x->db == NULL ? err_memory(e) : index_failed(x, result, e);
    rc = unlock(x, key, e);
    if (rc == 0)
        rc = settle(x, e);
    if (rc == 0)
        *ret = TAKE(x);
    return rc;
}

void index_close(struct index *x)
{
    if (x == NULL)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(x->kept[i]);
    if (x->db != NULL && !sqlite3_get_autocommit(x->db))
        (void)sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
    int result = sqlite3_close(x->db);
    assert(result == SQLITE_OK); /* no query is under way */
    (void)result;
    (void)pthread_mutex_destroy(&x->asking);
    index_sieve_leave(x);
    index_waiting_release(&x->paths);
    index_waiting_release(&x->frames);
    free(x);
}

void index_drop(struct index **x)
{
    index_close(*x);
}

/* A folder may hold what is somebody's: it is moved to quarantine/. */
static int folder_aside(const char *root, const struct file_path *name, struct err *e)
{
    struct file_path to;
    int rc = file_path(&to, e, "%s/quarantine", root);
    if (rc == 0)
        rc = file_make_folder(to.s, e);
    for (unsigned n = 1; rc == 0; n++) {
        rc = file_path(&to, e, "%s/quarantine/index-%s-%u", root, strrchr(name->s, '/') + 1, n);
        if (rc != 0 || file_exists(to.s))
            continue;
        if (rename(name->s, to.s) != 0)
            return err_os(e, ERR_IO, errno, "move %s aside", name->s);
        return file_sync_parent(to.s, e);
    }
    return rc;
}

int index_remove(const struct index_place *at, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(endings); i++) {
        struct file_path name;
        struct stat status;
        rc = file_path(&name, e, "%s/index/%s.db%s", at->root, at->name, endings[i]);
        if (rc == 0 && lstat(name.s, &status) == 0 && S_ISDIR(status.st_mode))
            rc = folder_aside(at->root, &name, e);
        else if (rc == 0)
            rc = file_remove(name.s, e);
    }
    return rc;
}

/* ---- where it stands, and one record ---- */

int index_where(struct index *x, struct index_position *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_STANDING, &q, e);
    if (rc == 0)
        rc = index_row(&q, e);
    if (rc == 0)
        rc = index_failed(x, SQLITE_CORRUPT, e);
    if (rc < 0)
        return rc;
    *ret = (struct index_position){.records = index_u64(&q, 0), .bytes = index_u64(&q, 1), .leaves = index_u64(&q, 3)};
    index_hash(&q, 2, &ret->last);
    return 0;
}

int index_counters_get(struct index *x, struct index_counters *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_STANDING, &q, e);
    if (rc == 0)
        rc = index_row(&q, e);
    if (rc == 0)
        rc = index_failed(x, SQLITE_CORRUPT, e);
    if (rc < 0)
        return rc;
    *ret = (struct index_counters){.items = index_u64(&q, 4), .names = index_u64(&q, 5), .folders = index_u64(&q, 6),
                                   .bytes = index_u64(&q, 7), .distinct_bytes = index_u64(&q, 8),
                                   .notes = index_u64(&q, 9)};
    return 0;
}

int index_begin(struct index *x, struct err *e)
{
    assert(x->manner == INDEX_WRITE && !x->writing);
    int rc = stand(x, e);
    if (rc == 0)
        rc = index_counters_get(x, &x->counters, e);
    x->writing = rc == 0;
    return rc;
}

static int put_standing(struct index *x, const struct index_position *now, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    const struct index_counters *c = &x->counters;
    int rc = index_ask(x, SQL_STAND, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, now->records);
    index_put_u64(&q, now->bytes);
    index_put_bytes(&q, bytes_of(now->last.b, CRYPT_HASH));
    index_put_u64(&q, now->leaves);
    index_put_u64(&q, c->items);
    index_put_u64(&q, c->names);
    index_put_u64(&q, c->folders);
    index_put_u64(&q, c->bytes);
    index_put_u64(&q, c->distinct_bytes);
    index_put_u64(&q, c->notes);
    return index_row(&q, e);
}

int index_end(struct index *x, const struct index_position *now, struct err *e)
{
    assert(x->writing);
    int rc = index_span_store(x, e);
    if (rc == 0)
        rc = index_waiting_store(x, e);
    if (rc == 0)
        rc = index_place_store(x, e);
    if (rc == 0)
        rc = put_standing(x, now, e);
    if (rc == 0)
        rc = index_run_sql(x, "COMMIT", e);
    if (rc != 0)
        return rc;
    x->writing = false;
    (void)stand(x, NULL); /* it is committed; index_begin tries again */
    return 0;
}

void index_undo(struct index *x)
{
    x->writing = false;
    x->span.count = x->paths.count = x->frames.count = 0;
    x->deposit.known = x->numbered.waits = false;
    if (!sqlite3_get_autocommit(x->db))
        (void)sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
    (void)stand(x, NULL); /* index_begin tries again */
}
