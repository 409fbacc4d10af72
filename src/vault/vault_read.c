/*
 * Records out of packs.
 *
 * A reader is one thread's set of buffers and keys; readers rest in a pool, so that what one opened is warm for the
 * next.  It keeps some opened runs (key and directory) and some blocks of decrypted sectors: reading in the order of
 * record numbers touches every sector once.
 */
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>

enum {
    BLOCK_SECTORS = 8,
    BLOCKS = 16,
    OPEN_RUNS = 8,
    STORED_MAX = VAULT_CHUNK_MAX + CRYPT_TAG, /* the longest payload of any record */
};

struct open_run {
    struct vault_run run;
    uint64_t used_at; /* 0: this place is free */
    struct key key;
    struct run_footer footer;
    uint32_t *offsets;
};
struct block {
    uint64_t used_at;
    uint64_t pack;
    uint32_t run_first_sector;
    uint32_t number; /* in the run */
    uint32_t sectors;
    uint8_t *plain; /* SECTOR_REST bytes for each sector; the first of a run fills less */
};
struct reader {
    struct vault *v;
    struct reader *next;
    uint64_t clock;
    int fd; /* copy a of ${fd_pack}; -1: none */
    uint64_t fd_pack;
    struct crypt_aead *aead;
    struct squeezer *squeezer;
    struct open_run runs[OPEN_RUNS];
    struct block blocks[BLOCKS];
    uint8_t cipher[BLOCK_SECTORS * VAULT_SECTOR];
    uint8_t *stored; /* payload as it lies, then opened in place */
    uint8_t *plain;  /* decompressed */
};

static void run_forget(struct open_run *o)
{
    free(o->offsets);
    crypt_wipe(o, sizeof(*o));
}

static void reader_free(struct reader *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < OPEN_RUNS; i++)
        run_forget(&r->runs[i]);
    for (size_t i = 0; i < BLOCKS; i++) {
        if (r->blocks[i].plain != NULL)
            crypt_wipe(r->blocks[i].plain, (size_t)BLOCK_SECTORS * SECTOR_REST);
        free(r->blocks[i].plain);
    }
    fd_drop(&r->fd);
    crypt_aead_free(r->aead);
    vault_squeezer_free(r->squeezer);
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
    r->squeezer = vault_squeezer_new();
    r->stored = malloc(STORED_MAX);
    r->plain = malloc(VAULT_CHUNK_MAX);
    if (r->aead == NULL || r->squeezer == NULL || r->stored == NULL || r->plain == NULL) {
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
    rc = file_open_read(path.s, &r->fd, e);
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
    if (vault_pack_path(r->v->root, run->pack, 'b', &path, NULL) != 0 || file_open_read(path.s, &fd, NULL) != 0)
        return ERR_DAMAGED;
    uint8_t sector[VAULT_SECTOR];
    sectors_pread(fd, run->first_sector + i, 1, sector);
    int rc = crypt_aead_open(r->aead, run->first_sector + i, bytes_of(aad, SECTOR_AAD), sector_cipher(sector, i), to);
    if (rc == 0)
        atomic_fetch_add(&r->v->second_reads, 1);
    return rc;
}

/* Decrypt sectors first.. of the run to ${to}, SECTOR_REST bytes apart (the first of a run leaves its end unused). */
static int sectors_open(struct reader *r, const struct vault_run *run, const struct key *key, uint32_t first,
                        uint32_t count, uint8_t *to, struct err *e)
{
    assert(count <= BLOCK_SECTORS && first + count <= run->sectors);
    uint8_t aad[SECTOR_AAD];
    vault_sector_aad(r->v, run->pack, aad);
    int rc = pack_file(r, run->pack, e);
    if (rc != 0)
        return rc;
    sectors_pread(r->fd, (uint64_t)run->first_sector + first, count, r->cipher);
    crypt_aead_key(r->aead, key);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes sealed = sector_cipher(r->cipher + (size_t)i * VAULT_SECTOR, first + i);
        uint8_t *plain = to + (size_t)i * SECTOR_REST;
        uint64_t nonce = run->first_sector + first + i;
        if (crypt_aead_open(r->aead, nonce, bytes_of(aad, SECTOR_AAD), sealed, plain) != 0 &&
            sector_from_b(r, run, first + i, aad, plain) != 0)
            return err_set(e, ERR_DAMAGED, "pack %llu: sector %llu is damaged or written under another key",
                           (unsigned long long)run->pack, (unsigned long long)nonce);
    }
    return 0;
}

static struct block *block_oldest(struct reader *r)
{
    struct block *oldest = &r->blocks[0];
    for (size_t i = 1; i < BLOCKS; i++)
        if (r->blocks[i].used_at < oldest->used_at)
            oldest = &r->blocks[i];
    return oldest;
}

/* Block ${number} of the run, decrypted: from memory, or read now. */
static int block_get(struct reader *r, const struct open_run *o, uint32_t number, const struct block **ret,
                     struct err *e)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        struct block *b = &r->blocks[i];
        if (b->used_at != 0 && b->number == number && b->run_first_sector == o->run.first_sector &&
            b->pack == o->run.pack) {
            b->used_at = ++r->clock;
            *ret = b;
            return 0;
        }
    }
    struct block *b = block_oldest(r);
    b->used_at = 0;
    if (b->plain == NULL)
        b->plain = malloc((size_t)BLOCK_SECTORS * SECTOR_REST);
    if (b->plain == NULL)
        return err_memory(e);
    uint32_t first = number * BLOCK_SECTORS;
    uint32_t left = o->run.sectors - first;
    b->sectors = left < BLOCK_SECTORS ? left : BLOCK_SECTORS;
    int rc = sectors_open(r, &o->run, &o->key, first, b->sectors, b->plain, e);
    if (rc != 0)
        return rc;
    b->pack = o->run.pack;
    b->run_first_sector = o->run.first_sector;
    b->number = number;
    b->used_at = ++r->clock;
    *ret = b;
    return 0;
}

/* ${n} bytes of the run's plaintext from ${offset}; the caller has checked that they lie within it. */
static int plain_read(struct reader *r, const struct open_run *o, uint64_t offset, uint8_t *to, size_t n,
                      struct err *e)
{
    assert(offset + n <= vault_run_room(o->run.sectors));
    while (n != 0) {
        uint32_t sector = vault_run_sectors(offset + 1) - 1;
        const struct block *b = NULL;
        int rc = block_get(r, o, sector / BLOCK_SECTORS, &b, e);
        if (rc != 0)
            return rc;
        uint64_t within = offset - vault_sector_offset(sector);
        size_t some = (size_t)(vault_sector_room(sector) - within);
        if (some > n)
            some = n;
        memcpy(to, b->plain + (size_t)(sector % BLOCK_SECTORS) * SECTOR_REST + within, some);
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
    vault_run_key(r->v, salt_sector, &o->key);
    uint8_t last[SECTOR_REST];
    uint32_t last_sector = o->run.sectors - 1;
    rc = sectors_open(r, &o->run, &o->key, last_sector, 1, last, e);
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
    if (rc != 0 || file_open_read(path.s, &fd, NULL) != 0)
        return ERR_DAMAGED;
    int a = r->fd;
    r->fd = fd;
    r->fd_pack = o->run.pack;
    rc = run_begin(r, o, e);
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
    int rc = plain_read(r, o, offset, head_bytes, RECORD_HEAD, e);
    if (rc == 0)
        rc = vault_head_get(head_bytes, head, e);
    if (rc != 0)
        return rc;
    if (offset + RECORD_HEAD + head->stored != end)
        return err_set(e, ERR_DAMAGED, "a record's head is damaged");
    return plain_read(r, o, offset + RECORD_HEAD, r->stored, head->stored, e);
}

/* Decrypt r->stored in place. */
static int record_open(struct reader *r, const uint8_t head_bytes[RECORD_HEAD], const struct record_head *head,
                       const struct key *key, uint64_t nonce, struct err *e)
{
    uint8_t aad[RECORD_AAD];
    vault_record_aad(r->v, head_bytes, aad);
    if (crypt_open(key, nonce, bytes_of(aad, RECORD_AAD), bytes_of(r->stored, head->stored), r->stored) != 0)
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
    rc = record_open(r, head_bytes, &head, &key, 0, e);
    if (rc != 0)
        return rc;
    o->offsets = calloc((size_t)o->footer.records + 1, sizeof(*o->offsets));
    if (o->offsets == NULL)
        return err_memory(e);
    rc = vault_directory_get(bytes_of(r->stored, head.plain), &o->footer, o->offsets, e);
    o->offsets[o->footer.records] = o->footer.directory;
    return rc;
}

static int run_open(struct reader *r, const struct vault_run *run, const struct open_run **ret, struct err *e)
{
    struct open_run *o = &r->runs[0];
    for (size_t i = 0; i < OPEN_RUNS; i++) {
        struct open_run *x = &r->runs[i];
        if (x->used_at != 0 && x->run.pack == run->pack && x->run.first_sector == run->first_sector) {
            x->used_at = ++r->clock;
            *ret = x;
            return 0;
        }
        if (x->used_at < o->used_at)
            o = x;
    }
    run_forget(o);
    o->run = *run;
    int rc = run_open_footer(r, o, e);
    if (rc == 0 && (o->footer.first_record != run->first_record || o->footer.records != run->records))
        rc = err_set(e, ERR_DAMAGED, "the run at sector %u is not the one that was committed", run->first_sector);
    if (rc == 0)
        rc = run_directory(r, o, e);
    if (rc != 0) {
        run_forget(o);
        return rc;
    }
    o->used_at = ++r->clock;
    *ret = o;
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
    int rc = run_open_footer(r, &o, e);
    if (rc == 0) {
        run->first_record = o.footer.first_record;
        run->records = o.footer.records;
    }
    run_forget(&o);
    return rc == 0 ? 0 : err_add(e, rc, "pack %llu", (unsigned long long)run->pack);
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

static int record_get(struct reader *r, const struct vault_run *run, uint64_t record, enum record_type type,
                      const struct key *key, uint64_t nonce, struct bytes *ret, struct err *e)
{
    const struct open_run *o = NULL;
    int rc = run_open(r, run, &o, e);
    if (rc != 0)
        return rc;
    uint32_t i = (uint32_t)(record - run->first_record);
    uint8_t head_bytes[RECORD_HEAD];
    struct record_head head;
    rc = record_load(r, o, o->offsets[i], o->offsets[i + 1], head_bytes, &head, e);
    if (rc != 0)
        return rc;
    if (head.type != type || head.number != record)
        return err_set(e, ERR_DAMAGED, "a record's head is damaged");
    rc = record_open(r, head_bytes, &head, key, nonce, e);
    if (rc != 0)
        return err_add(e, rc, "sector %llu",
                       (unsigned long long)run->first_sector + vault_run_sectors(o->offsets[i] + 1) - 1);
    *ret = bytes_of(r->stored, head.plain);
    if (head.codec != CODEC_ZSTD)
        return 0;
    if (vault_unsqueeze(r->squeezer, bytes_of(r->stored, head.stored - CRYPT_TAG), r->plain, head.plain) != 0)
        return err_set(e, ERR_DAMAGED, "a frame does not decompress");
    *ret = bytes_of(r->plain, head.plain);
    return 0;
}

int vault_record_read(struct reader *r, uint64_t record, enum record_type type, const struct key *key, uint64_t nonce,
                      struct bytes *ret, struct err *e)
{
    struct vault_run run = {0};
    int rc = run_of(r->v, record, &run, e);
    if (rc != 0)
        return rc;
    rc = record_get(r, &run, record, type, key, nonce, ret, e);
    if (rc != 0)
        return err_add(e, rc, "pack %llu, record %llu", (unsigned long long)run.pack, (unsigned long long)record);
    return 0;
}

int vault_record_pack(struct reader *r, uint64_t record, uint64_t *ret_pack, struct err *e)
{
    struct vault_run run = {0};
    int rc = run_of(r->v, record, &run, e);
    if (rc == 0)
        *ret_pack = run.pack;
    return rc;
}
