/*
 * Records out of packs.
 *
 * A reader is one thread's set of buffers and keys; readers rest in a pool, so that what one opened is warm for the
 * next.  It keeps some decrypted sectors: reading in the order of record numbers decrypts every sector once, and a
 * record that lies by itself costs no more sectors than it has.  Runs (key and directory) are opened once for all
 * readers: four bytes for each record of the runs that were asked for.
 */
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>

enum {
    WINDOW = 8, /* sectors read at once where reading goes on in order */
    KEPT = 128, /* decrypted sectors kept */
    STORED_MAX = VAULT_CHUNK_MAX + CRYPT_TAG, /* the longest payload of any record */
    WARM_ALL = 96 << 20, /* bytes of frames kept warm by as many readers as there are threads, */
    WARM_MIN = 16 << 20, /* but each of them keeps no fewer, */
    WARM_MAX = 48 << 20, /* and no more */
};
#define NOWHERE UINT32_MAX /* an offset that is not known */

struct open_run {
    struct open_run *next;
    struct vault_run run;
    struct key key;
    struct run_footer footer;
    uint32_t *offsets;    /* of each record, in the run's plaintext */
    const uint32_t *ends; /* of each record: where the next one begins */
    char *why;            /* offsets are not known: what is wrong with footer or directory */
};
struct kept {
    bool used;
    uint64_t pack;
    uint32_t sector; /* of the pack */
    uint8_t *plain;  /* SECTOR_REST bytes; the first of a run fills less */
};
struct reader {
    struct vault *v;
    struct reader *next;
    int fd; /* copy a of ${fd_pack}; -1: none */
    uint64_t fd_pack;
    struct crypt_aead *aead;        /* of sectors */
    const struct open_run *aead_of; /* the run whose key it has; NULL: none */
    struct crypt_aead *record_aead;
    struct squeezer *squeezer;
    const struct open_run *last; /* asked for before */
    struct kept kept[KEPT];
    uint64_t window_pack;
    uint32_t window_first, window_count; /* sectors of the pack, as they lie, in ${window} */
    uint32_t ahead;                      /* the last sector of the run that is known to be wanted */
    uint8_t window[WINDOW * VAULT_SECTOR];
    uint8_t *stored; /* payload as it lies, then opened in place */
    uint8_t *plain;  /* decompressed */
    struct warm *warm; /* NULL: none yet */
};

static void run_free(struct open_run *o)
{
    if (o == NULL)
        return;
    free(o->offsets);
    free(o->why);
    crypt_wipe(o, sizeof(*o));
    free(o);
}

static void run_drop(struct open_run **o)
{
    run_free(*o);
}

static void reader_free(struct reader *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < KEPT; i++) {
        if (r->kept[i].plain != NULL)
            crypt_wipe(r->kept[i].plain, SECTOR_REST);
        free(r->kept[i].plain);
    }
    fd_drop(&r->fd);
    crypt_aead_free(r->aead);
    crypt_aead_free(r->record_aead);
    vault_squeezer_free(r->squeezer);
    vault_warm_free(r->warm);
    free(r->stored);
    free(r->plain);
    free(r);
}

static struct reader *reader_new(struct vault *v)
{
    struct reader *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return NULL;
    r->v = v;
    r->fd = -1;
    r->aead = crypt_aead_new();
    r->record_aead = crypt_aead_new();
    r->squeezer = vault_squeezer_new();
    r->stored = malloc(STORED_MAX);
    r->plain = malloc(VAULT_CHUNK_MAX);
    if (r->aead == NULL || r->record_aead == NULL || r->squeezer == NULL || r->stored == NULL || r->plain == NULL) {
        reader_free(r);
        return NULL;
    }
    return r;
}

struct reader *vault_reader_take(struct vault *v, struct err *e)
{
    assert(v->keyed);
    (void)pthread_mutex_lock(&v->pool_lock);
    struct reader *r = v->pool;
    if (r != NULL)
        v->pool = r->next;
    (void)pthread_mutex_unlock(&v->pool_lock);
    if (r == NULL)
        r = reader_new(v);
    if (r == NULL)
        (void)err_memory(e);
    return r;
}

void vault_reader_give(struct reader **r)
{
    if (*r == NULL)
        return;
    struct vault *v = (*r)->v;
    (void)pthread_mutex_lock(&v->pool_lock);
    (*r)->next = v->pool;
    v->pool = *r;
    (void)pthread_mutex_unlock(&v->pool_lock);
    *r = NULL;
}

unsigned vault_reader_threads(const struct reader *r)
{
    return r->v->threads;
}

int vault_reader_warm(struct reader *r, struct warm **ret, struct err *e)
{
    size_t each = WARM_ALL / r->v->threads;
    if (r->warm == NULL)
        r->warm = vault_warm_new(each < WARM_MIN ? WARM_MIN : each > WARM_MAX ? WARM_MAX : each);
    *ret = r->warm;
    return r->warm == NULL ? err_memory(e) : 0;
}

void vault_runs_forget(struct vault *v)
{
    vault_reader_free_all(v);
    for (size_t i = 0; i < VAULT_RUN_BUCKETS; i++)
        while (v->opened[i] != NULL) {
            struct open_run *o = v->opened[i];
            v->opened[i] = o->next;
            run_free(o);
        }
}

void vault_reader_free_all(struct vault *v)
{
    while (v->pool != NULL) {
        struct reader *r = v->pool;
        v->pool = r->next;
        reader_free(r);
    }
}

/* ---- sectors ---- */

/* Copy a of ${pack}; a file that is not there leaves -1, and copy b is asked. */
static int pack_file(struct reader *r, uint64_t pack, struct err *e)
{
    if (r->fd >= 0 && r->fd_pack == pack)
        return 0;
    fd_drop(&r->fd);
    r->fd = -1;
    struct file_path path;
    int rc = vault_pack_path(r->v->root, pack, 'a', &path, e);
    if (rc != 0)
        return rc;
    rc = file_open_copy(path.s, &r->fd, e);
    if (rc == ERR_ABSENT || rc == ERR_DAMAGED) /* something else lies in its place: as good as gone */
        return 0;
    r->fd_pack = pack;
    return rc;
}

/* As many whole sectors as the file gives, the rest zeros: the tags decide. */
static void sectors_pread(int fd, uint64_t first, uint32_t count, uint8_t *to)
{
    size_t n = (size_t)count * VAULT_SECTOR;
    size_t have = 0;
    while (fd >= 0 && have < n) {
        ssize_t got = pread(fd, to + have, n - have, (off_t)(first * VAULT_SECTOR + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    memset(to + have, 0, n - have);
}

/* The ciphertext of sector ${i} of a run: behind the salt when it is the first. */
static struct bytes sector_cipher(const uint8_t *sector, uint32_t i)
{
    size_t salt = i == 0 ? CRYPT_SALT : 0;
    return bytes_of(sector + salt, VAULT_SECTOR - salt);
}

static int sector_from_b(struct reader *r, const struct vault_run *run, uint32_t i, const uint8_t aad[SECTOR_AAD],
                         uint8_t *to)
{
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    if (vault_pack_path(r->v->root, run->pack, 'b', &path, NULL) != 0 || file_open_copy(path.s, &fd, NULL) != 0)
        return ERR_DAMAGED;
    uint8_t sector[VAULT_SECTOR];
    sectors_pread(fd, run->first_sector + i, 1, sector);
    int rc = crypt_aead_open(r->aead, run->first_sector + i, bytes_of(aad, SECTOR_AAD), sector_cipher(sector, i), to);
    if (rc == 0)
        atomic_fetch_add(&r->v->second_reads, 1);
    return rc;
}

/* Sector ${i} of the run as it lies, read together with those that are wanted next. */
static int window_get(struct reader *r, const struct vault_run *run, uint32_t i, const uint8_t **ret, struct err *e)
{
    uint32_t sector = run->first_sector + i;
    bool same = r->window_pack == run->pack && r->window_count != 0;
    if (!same || sector < r->window_first || sector - r->window_first >= r->window_count) {
        bool on = same && sector == r->window_first + r->window_count;
        uint32_t count = on ? WINDOW : i > r->ahead ? 1 : r->ahead - i + 1;
        count = count < WINDOW ? count : WINDOW;
        count = count < run->sectors - i ? count : run->sectors - i;
        r->window_count = 0;
        int rc = pack_file(r, run->pack, e);
        if (rc != 0)
            return rc;
        if (r->v->on_read != NULL)
            r->v->on_read(r->v->on_read_context, (uint64_t)count * VAULT_SECTOR);
        sectors_pread(r->fd, sector, count, r->window);
        r->window_pack = run->pack;
        r->window_first = sector;
        r->window_count = count;
    }
    *ret = r->window + (size_t)(sector - r->window_first) * VAULT_SECTOR;
    return 0;
}

/* Decrypt sector ${i} of a run to ${to}: as many bytes as it has room for. */
static int sector_open(struct reader *r, const struct open_run *o, uint32_t i, uint8_t *to, struct err *e)
{
    const uint8_t *sector = NULL;
    uint8_t aad[SECTOR_AAD];
    assert(i < o->run.sectors);
    int rc = window_get(r, &o->run, i, &sector, e);
    if (rc != 0)
        return rc;
    vault_sector_aad(r->v, o->run.pack, aad);
    if (r->aead_of != o)
        crypt_aead_key(r->aead, &o->key);
    r->aead_of = o;
    uint64_t nonce = o->run.first_sector + i;
    if (crypt_aead_open(r->aead, nonce, bytes_of(aad, SECTOR_AAD), sector_cipher(sector, i), to) != 0 &&
        sector_from_b(r, &o->run, i, aad, to) != 0)
        return err_set(e, ERR_DAMAGED, "pack %llu: sector %llu is damaged or written under another key",
                       (unsigned long long)o->run.pack, (unsigned long long)nonce);
    return 0;
}

/* Sector ${i} of the run, decrypted: from memory, or opened now. */
static int kept_get(struct reader *r, const struct open_run *o, uint32_t i, const uint8_t **ret, struct err *e)
{
    uint32_t sector = o->run.first_sector + i;
    struct kept *k = &r->kept[(o->run.pack * 37 + sector) % KEPT];
    if (!k->used || k->pack != o->run.pack || k->sector != sector) {
        k->used = false;
        if (k->plain == NULL)
            k->plain = malloc(SECTOR_REST);
        if (k->plain == NULL)
            return err_memory(e);
        int rc = sector_open(r, o, i, k->plain, e);
        if (rc != 0)
            return rc;
        *k = (struct kept){true, o->run.pack, sector, k->plain};
    }
    *ret = k->plain;
    return 0;
}

/*
 * ${n} bytes of the run's plaintext from ${offset}; the caller has checked that they lie within it.  What fills a whole
 * sector goes to its place without being kept: nothing else lies in it.
 */
static int plain_read(struct reader *r, const struct open_run *o, uint64_t offset, uint8_t *to, size_t n,
                      struct err *e)
{
    assert(offset + n <= vault_run_room(o->run.sectors));
    while (n != 0) {
        uint32_t sector = vault_run_sectors(offset + 1) - 1;
        size_t within = (size_t)(offset - vault_sector_offset(sector));
        size_t some = vault_sector_room(sector) - within;
        const uint8_t *plain = NULL;
        int rc;
        if (within == 0 && some <= n)
            rc = sector_open(r, o, sector, to, e);
        else
            rc = kept_get(r, o, sector, &plain, e);
        if (rc != 0)
            return rc;
        some = some < n ? some : n;
        if (plain != NULL)
            memcpy(to, plain + within, some);
        to += some;
        offset += some;
        n -= some;
    }
    return 0;
}

/* ---- runs ---- */

/* Key and footer of a run. */
static int run_begin(struct reader *r, struct open_run *o, struct err *e)
{
    uint8_t salt_sector[VAULT_SECTOR];
    int rc = pack_file(r, o->run.pack, e);
    if (rc != 0)
        return rc;
    sectors_pread(r->fd, o->run.first_sector, 1, salt_sector);
    vault_run_key(r->v, o->run.pack, o->run.first_sector, salt_sector, &o->key);
    uint8_t last[SECTOR_REST];
    uint32_t last_sector = o->run.sectors - 1;
    r->aead_of = NULL;
    r->ahead = 0;
    rc = sector_open(r, o, last_sector, last, e);
    r->aead_of = NULL; /* ${o} may be given up, and another come to its place */
    if (rc != 0)
        return rc;
    const uint8_t *footer = last + vault_sector_room(last_sector) - FOOTER;
    return vault_footer_get(footer, vault_run_room(o->run.sectors), &o->footer, e);
}

/* A damaged salt is as bad as a damaged sector: try the one of copy b, if there is one. */
static int run_begin_b(struct reader *r, struct open_run *o, struct err *e)
{
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    int rc = vault_pack_path(r->v->root, o->run.pack, 'b', &path, e);
    if (rc != 0 || file_open_copy(path.s, &fd, NULL) != 0)
        return ERR_DAMAGED;
    int a = r->fd;
    r->fd = fd;
    r->fd_pack = o->run.pack;
    r->window_count = 0; /* of copy a */
    rc = run_begin(r, o, e);
    r->window_count = 0;
    r->fd = a;
    if (rc == 0)
        atomic_fetch_add(&r->v->second_reads, 1);
    return rc;
}

static int run_open_footer(struct reader *r, struct open_run *o, struct err *e)
{
    struct err second = {0};
    int rc = run_begin(r, o, e);
    if (rc == ERR_DAMAGED && run_begin_b(r, o, &second) == 0)
        rc = 0;
    return rc == 0 ? 0 : err_add(e, rc, "the run at sector %u", o->run.first_sector);
}

/* Read a record's head and payload at ${offset}; its end must be ${end}.  The payload lands in r->stored. */
static int record_load(struct reader *r, const struct open_run *o, uint64_t offset, uint64_t end,
                       uint8_t head_bytes[RECORD_HEAD], struct record_head *head, struct err *e)
{
    assert(offset + RECORD_HEAD <= end);
    r->ahead = vault_run_sectors(end) - 1;
    int rc = plain_read(r, o, offset, head_bytes, RECORD_HEAD, e);
    if (rc == 0)
        rc = vault_head_get(head_bytes, head, e);
    if (rc != 0)
        return rc;
    if (offset + RECORD_HEAD + head->stored != end)
        return err_set(e, ERR_DAMAGED, "a record's head is damaged");
    return plain_read(r, o, offset + RECORD_HEAD, r->stored, head->stored, e);
}

struct lock { /* what a record is under */
    enum record_type type;
    const struct key *key;
    uint64_t nonce;
};

/* Decrypt r->stored to ${to}, which may be the same. */
static int record_open(struct reader *r, const uint8_t head_bytes[RECORD_HEAD], const struct record_head *head,
                       const struct lock *lock, uint8_t *to, struct err *e)
{
    uint8_t aad[RECORD_AAD];
    vault_record_aad(r->v, head_bytes, aad);
    crypt_aead_key(r->record_aead, lock->key);
    if (crypt_aead_open(r->record_aead, lock->nonce, bytes_of(aad, RECORD_AAD), bytes_of(r->stored, head->stored),
                        to) != 0)
        return err_set(e, ERR_DAMAGED, "it is damaged or written under another key");
    return 0;
}

static int run_directory(struct reader *r, struct open_run *o, struct err *e)
{
    OWN(key_drop) struct key key = {{0}};
    uint8_t head_bytes[RECORD_HEAD];
    struct record_head head;
    uint64_t end = (uint64_t)o->footer.directory + RECORD_HEAD + (uint64_t)o->footer.records * 4 + CRYPT_TAG;
    int rc = record_load(r, o, o->footer.directory, end, head_bytes, &head, e);
    if (rc != 0)
        return rc;
    if (head.type != RECORD_DIRECTORY || head.number != o->footer.first_record)
        return err_set(e, ERR_DAMAGED, "a run's directory is damaged");
    vault_directory_key(&o->key, &key);
    const struct lock lock = {RECORD_DIRECTORY, &key, 0};
    rc = record_open(r, head_bytes, &head, &lock, r->stored, e);
    if (rc != 0)
        return rc;
    o->offsets = calloc((size_t)o->footer.records + 1, sizeof(*o->offsets));
    if (o->offsets == NULL)
        return err_memory(e);
    rc = vault_directory_get(bytes_of(r->stored, head.plain), &o->footer, o->offsets, e);
    o->offsets[o->footer.records] = o->footer.directory;
    o->ends = o->offsets + 1;
    return rc;
}

/* ---- runs without their directory ---- */

/*
 * Records lie back to back, and each head says the record's number and length.  So where directory or footer cannot be
 * read, the records in sectors that can are found by their heads.  What looks like a head and is none opens under no
 * key; without the salt nothing can be found.
 */
static bool salt_key(struct reader *r, struct open_run *o, char copy)
{
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    uint8_t sector[VAULT_SECTOR];
    if (vault_pack_path(r->v->root, o->run.pack, copy, &path, NULL) != 0 || file_open_copy(path.s, &fd, NULL) != 0)
        return false;
    sectors_pread(fd, o->run.first_sector, 1, sector);
    vault_run_key(r->v, o->run.pack, o->run.first_sector, sector, &o->key);
    r->aead_of = NULL;
    r->ahead = 0;
    return true;
}

static bool head_at(struct reader *r, const struct open_run *o, uint64_t at, struct record_head *ret)
{
    uint8_t bytes[RECORD_HEAD];
    return at + RECORD_HEAD + CRYPT_TAG <= vault_run_room(o->run.sectors) &&
           plain_read(r, o, at, bytes, RECORD_HEAD, NULL) == 0 && vault_head_get(bytes, ret, NULL) == 0 &&
           ret->stored <= vault_run_room(o->run.sectors) - at - RECORD_HEAD;
}

/* The next byte at which a head may begin: what lies in a sector that cannot be read is passed over. */
static uint64_t next_byte(struct reader *r, const struct open_run *o, uint64_t at)
{
    const uint8_t *plain;
    uint32_t sector = vault_run_sectors(at + 1) - 1;
    return kept_get(r, o, sector, &plain, NULL) == 0 ? at + 1 : vault_sector_offset(sector + 1);
}

/* Of a run whose records are known by number; false when none of them was found. */
static bool records_scan(struct reader *r, struct open_run *o)
{
    const uint32_t records = o->run.records;
    uint32_t *ends = o->offsets + records;
    uint64_t at = 0;
    bool any = false;
    for (uint32_t i = 0; i < 2 * records; i++)
        o->offsets[i] = NOWHERE;
    for (uint32_t next = 0; next < records && at < vault_run_room(o->run.sectors);) {
        struct record_head head;
        if (head_at(r, o, at, &head) && head.type != RECORD_DIRECTORY && head.number >= o->run.first_record + next &&
            head.number - o->run.first_record < records) {
            next = (uint32_t)(head.number - o->run.first_record);
            o->offsets[next] = (uint32_t)at;
            at += RECORD_HEAD + head.stored;
            ends[next++] = (uint32_t)at;
            any = true;
        } else
            at = next_byte(r, o, at);
    }
    o->ends = ends;
    return any;
}

/* Once for each run, whether anything is found or not; false when there is nothing to look at. */
static bool run_scan(struct reader *r, struct open_run *o, const struct err *why)
{
    free(o->offsets);
    o->offsets = calloc(2 * (size_t)o->run.records + 1, sizeof(*o->offsets));
    o->why = strdup(why->text);
    if (o->offsets == NULL || o->why == NULL)
        return false;
    bool looked = salt_key(r, o, 'a');
    bool found = looked && records_scan(r, o);
    if (!found && salt_key(r, o, 'b')) {
        looked = true;
        (void)records_scan(r, o);
    }
    return looked;
}

/* Footer of a run whose last sector is lost: by its heads, when they lead from the first record to the directory. */
static bool footer_scan(struct reader *r, struct open_run *o)
{
    struct record_head head;
    uint64_t at = 0;
    uint32_t records = 0;
    if (!head_at(r, o, 0, &head))
        return false;
    const uint64_t first = head.number;
    while (head.type != RECORD_DIRECTORY && head.number == first + records && records < RUN_RECORDS_MAX) {
        records++;
        at += RECORD_HEAD + head.stored;
        if (!head_at(r, o, at, &head))
            return false;
    }
    o->footer = (struct run_footer){(uint32_t)at, records, first};
    return head.type == RECORD_DIRECTORY && head.number == first && head.plain == 4 * records;
}

static struct open_run **run_bucket(struct vault *v, const struct vault_run *run)
{
    return &v->opened[(run->pack * 1021 + run->first_sector) % VAULT_RUN_BUCKETS];
}

static bool run_same(const struct open_run *o, const struct vault_run *run)
{
    return o->run.pack == run->pack && o->run.first_sector == run->first_sector;
}

/* An opened run stays until the vault is closed, so that whoever was given it may go on using it. */
static const struct open_run *run_opened(struct vault *v, const struct vault_run *run)
{
    (void)pthread_mutex_lock(&v->pool_lock);
    struct open_run *o = *run_bucket(v, run);
    while (o != NULL && !run_same(o, run))
        o = o->next;
    (void)pthread_mutex_unlock(&v->pool_lock);
    return o;
}

static const struct open_run *run_publish(struct vault *v, struct open_run **fresh)
{
    (void)pthread_mutex_lock(&v->pool_lock);
    struct open_run **bucket = run_bucket(v, &(*fresh)->run);
    struct open_run *o = *bucket;
    while (o != NULL && !run_same(o, &(*fresh)->run))
        o = o->next;
    if (o == NULL) { /* else another thread was faster */
        o = TAKE(*fresh);
        o->next = *bucket;
        *bucket = o;
    }
    (void)pthread_mutex_unlock(&v->pool_lock);
    return o;
}

static int run_open(struct reader *r, const struct vault_run *run, const struct open_run **ret, struct err *e)
{
    if (r->last == NULL || !run_same(r->last, run))
        r->last = run_opened(r->v, run);
    *ret = r->last;
    if (r->last != NULL)
        return 0;
    OWN(run_drop) struct open_run *o = calloc(1, sizeof(*o));
    if (o == NULL)
        return err_memory(e);
    o->run = *run;
    struct err mine = {0};
    int rc = run_open_footer(r, o, &mine);
    if (rc == 0 && (o->footer.first_record != run->first_record || o->footer.records != run->records))
        return err_set(e, ERR_DAMAGED, "the run at sector %u is not the one that was committed", run->first_sector);
    if (rc == 0)
        rc = run_directory(r, o, &mine);
    if (rc == ERR_DAMAGED && run_scan(r, o, &mine))
        rc = 0;
    r->aead_of = NULL;
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    *ret = r->last = run_publish(r->v, &o);
    return 0;
}

int vault_run_read(struct vault *v, struct vault_run *run, struct err *e)
{
    if (run->sectors == 0 || run->sectors > v->pack_sectors || run->first_sector > v->pack_sectors - run->sectors)
        return err_set(e, ERR_DAMAGED, "pack %llu: the run at sector %u does not lie within the pack",
                       (unsigned long long)run->pack, run->first_sector);
    OWN(vault_reader_give) struct reader *r = vault_reader_take(v, e);
    if (r == NULL)
        return ERR_IO;
    struct open_run o = {.run = *run};
    struct err mine = {0};
    int rc = run_open_footer(r, &o, &mine);
    if (rc == ERR_DAMAGED && ((salt_key(r, &o, 'a') && footer_scan(r, &o)) ||
                              (salt_key(r, &o, 'b') && footer_scan(r, &o))))
        rc = 0;
    r->aead_of = NULL;
    if (rc == 0) {
        run->first_record = o.footer.first_record;
        run->records = o.footer.records;
    }
    key_drop(&o.key);
    if (rc == 0)
        return 0;
    (void)err_set(e, rc, "%s", mine.text);
    return err_add(e, rc, "pack %llu", (unsigned long long)run->pack);
}

/* The last run whose first record is not behind ${record}: empty runs share theirs with the run that follows. */
static int run_of(struct vault *v, uint64_t record, struct vault_run *ret, struct err *e)
{
    (void)pthread_rwlock_rdlock(&v->runs_lock);
    size_t low = 0;
    size_t high = v->run_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->runs[middle].first_record <= record)
            low = middle + 1;
        else
            high = middle;
    }
    if (low != 0)
        *ret = v->runs[low - 1];
    (void)pthread_rwlock_unlock(&v->runs_lock);
    if (low == 0 || record - ret->first_record >= ret->records)
        return err_set(e, ERR_DAMAGED, "record %llu does not lie in any committed run", (unsigned long long)record);
    return 0;
}

/* ---- records ---- */

/* The record's bytes: at ${to} when that is given, else in the reader's own; ${n}: as many must come out, 0: any. */
struct place {
    uint8_t *to;
    size_t n;
};

static int record_get(struct reader *r, const struct vault_run *run, uint64_t record, const struct lock *lock,
                      struct place place, struct bytes *ret, struct err *e)
{
    const struct open_run *o = NULL;
    int rc = run_open(r, run, &o, e);
    if (rc != 0)
        return rc;
    uint32_t i = (uint32_t)(record - run->first_record);
    uint8_t head_bytes[RECORD_HEAD];
    struct record_head head;
    if (o->offsets[i] == NOWHERE)
        return err_set(e, ERR_DAMAGED, "%s", o->why);
    rc = record_load(r, o, o->offsets[i], o->ends[i], head_bytes, &head, e);
    if (rc != 0)
        return rc;
    if (head.type != lock->type || head.number != record)
        return err_set(e, ERR_DAMAGED, "a record's head is damaged");
    if (place.n != 0 && head.plain != place.n)
        return err_set(e, ERR_DAMAGED, "a frame is not as long as its manifest says");
    bool squeezed = head.codec == CODEC_ZSTD;
    uint8_t *opened = squeezed || place.to == NULL ? r->stored : place.to;
    rc = record_open(r, head_bytes, &head, lock, opened, e);
    if (rc != 0)
        return err_add(e, rc, "sector %llu",
                       (unsigned long long)run->first_sector + vault_run_sectors(o->offsets[i] + 1) - 1);
    *ret = bytes_of(opened, head.plain);
    if (!squeezed)
        return 0;
    uint8_t *plain = place.to == NULL ? r->plain : place.to;
    if (vault_unsqueeze(r->squeezer, bytes_of(r->stored, head.stored - CRYPT_TAG), plain, head.plain) != 0)
        return err_set(e, ERR_DAMAGED, "a frame does not decompress");
    *ret = bytes_of(plain, head.plain);
    return 0;
}

static int record_find(struct reader *r, uint64_t record, const struct lock *lock, struct place place,
                       struct bytes *ret, struct err *e)
{
    struct vault_run run = {0};
    int rc = run_of(r->v, record, &run, e);
    if (rc != 0)
        return rc;
    rc = record_get(r, &run, record, lock, place, ret, e);
    if (rc == ERR_DAMAGED && r->v->on_damage != NULL)
        r->v->on_damage(r->v->on_damage_context, run.pack);
    if (rc != 0)
        return err_add(e, rc, "pack %llu, record %llu", (unsigned long long)run.pack, (unsigned long long)record);
    return 0;
}

int vault_record_read(struct reader *r, uint64_t record, enum record_type type, const struct key *key, uint64_t nonce,
                      struct bytes *ret, struct err *e)
{
    const struct lock lock = {type, key, nonce};
    return record_find(r, record, &lock, (struct place){NULL, 0}, ret, e);
}

int vault_frame_read(struct reader *r, const struct frame_ref *ref, uint8_t *to, struct err *e)
{
    const struct lock lock = {RECORD_FRAME, &ref->key, 0};
    struct bytes plain;
    return record_find(r, ref->record, &lock, (struct place){to, ref->size_bytes}, &plain, e);
}

int vault_frame_borrow(struct reader *r, const struct frame_ref *ref, struct bytes *ret, struct err *e)
{
    const struct lock lock = {RECORD_FRAME, &ref->key, 0};
    return record_find(r, ref->record, &lock, (struct place){NULL, ref->size_bytes}, ret, e);
}

bool vault_pack_of(struct vault *v, uint64_t record, uint64_t *ret_pack)
{
    struct vault_run run = {0};
    struct err mine = {0};
    bool found = run_of(v, record, &run, &mine) == 0;
    *ret_pack = run.pack;
    return found;
}

int vault_record_pack(struct reader *r, uint64_t record, uint64_t *ret_pack, struct err *e)
{
    struct vault_run run = {0};
    int rc = run_of(r->v, record, &run, e);
    if (rc == 0)
        *ret_pack = run.pack;
    return rc;
}
