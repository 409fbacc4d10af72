/*
 * bench-floor FOLDER: what an intake of FOLDER, and an audit after it, cannot do without, by one thread, each kind of
 * work timed by itself.
 *
 * Every file is read, and its bytes go through what the format asks of them: the digest of the file, cuts, digests of
 * chunks, zstd and back for what is new, both layers of AES-256-GCM, leaves of sectors, Reed-Solomon 16+2 with the
 * leaves of what comes out.  The functions are the vault's own, on bytes that are warm.  Nothing is written, looked
 * up on disk, signed or put in order between threads, and no statement or row is made: an intake can only take longer.
 * The sum, halved, is the floor of two processors.  An audit in full checks leaves, opens both layers, decompresses and
 * makes the digests of files, of one that is here twice once; that the disk must be read for it is not counted.
 */
#include "vault/vault_internal.h"

#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { READ, DIGEST, CUT, CHUNKS, ZSTD, INNER, OUTER, LEAVES, PARITY, BACK, KINDS };
enum { TO_READ = 4 << 20, TOGETHER = 128 };
enum { PACKS = 16, FILES = 2, SEALED = 256, SEEN = 1 << 22, CHUNK = 4 << 20 };

static const char *const NAMES[KINDS] = {
    "read", "digests of files", "cuts", "digests of chunks", "zstd, and back", "AES-GCM, inner", "AES-GCM, outer",
    "leaves", "parity", "zstd, back only",
};

static struct {
    double took[KINDS];
    uint64_t bytes, files, fresh, stored;
    struct gear gear;
    struct squeezer *squeezer;
    struct crypt_aead *outer;
    struct key key;
    struct hash *seen; /* by the first bytes, open addressing */
    uint8_t *squeezed, *check, *sealed, *sectors, *parity;
    size_t room; /* bytes in ${sealed} */
} b;

static void stop(const char *what)
{
    fprintf(stderr, "bench-floor: %s\n", what);
    exit(4);
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double tick(int kind, double since)
{
    double t = now();
    b.took[kind] += t - since;
    return t;
}

static void *room(size_t n)
{
    void *p = calloc(1, n);
    if (p == NULL)
        stop("memory is out");
    return p;
}

/* ${SEALED} sectors that are full: the outer layer, leaves, parity. */
static void sectors_seal(void)
{
    static struct bytes leaf[SEALED];
    static struct hash hash[SEALED];
    static uint8_t *to[FILES];
    double t = now();
    for (size_t i = 0; i < SEALED; i++) {
        uint8_t *at = b.sectors + i * VAULT_SECTOR;
        crypt_aead_seal(b.outer, i, bytes_of(b.key.b, 32), bytes_of(b.sealed + i * SECTOR_REST, SECTOR_REST), at);
        leaf[i] = bytes_of(at, VAULT_SECTOR);
    }
    t = tick(OUTER, t);
    crypt_leaf_hash_many(leaf, SEALED, hash);
    t = tick(LEAVES, t);
    for (int i = 0; i < FILES; i++)
        to[i] = b.parity + (size_t)i * SEALED * VAULT_SECTOR;
    for (size_t i = 0; i < SEALED; i += SUM_PIECE) {
        uint8_t *some[FILES] = {to[0] + i * VAULT_SECTOR, to[1] + i * VAULT_SECTOR};
        vault_sum_sectors(&(struct vault_parity){PACKS, FILES}, (uint32_t)(b.stored / SEALED % PACKS),
                          bytes_of(b.sectors + i * VAULT_SECTOR, (size_t)SUM_PIECE * VAULT_SECTOR), some);
    }
    for (size_t i = 0; i < SEALED * FILES / PACKS; i++)
        leaf[i] = bytes_of(b.parity + i * VAULT_SECTOR, VAULT_SECTOR);
    crypt_leaf_hash_many(leaf, SEALED * FILES / PACKS, hash);
    (void)tick(PARITY, t);
    b.stored += SEALED;
}

static void payload_seal(struct bytes payload)
{
    double t = now();
    struct key key;
    crypt_random_fast(key.b, sizeof key.b);
    uint8_t *to = b.check;
    crypt_seal(&key, 0, bytes_of(b.key.b, RECORD_HEAD), payload, to);
    size_t n = payload.n + RECORD_HEAD + CRYPT_TAG;
    (void)tick(INNER, t);
    for (size_t at = 0, some; at < n; at += some) {
        some = n - at < SEALED * SECTOR_REST - b.room ? n - at : SEALED * SECTOR_REST - b.room;
        memcpy(b.sealed + b.room, to + at, some);
        b.room += some;
        if (b.room == SEALED * SECTOR_REST) {
            sectors_seal();
            b.room = 0;
        }
    }
}

static bool is_fresh(const struct hash *h)
{
    uint64_t at;
    memcpy(&at, h->b, sizeof at);
    for (at %= SEEN;; at = (at + 1) % SEEN) {
        if (memcmp(&b.seen[at], h, sizeof *h) == 0)
            return false;
        if (b.seen[at].b[0] == 0 && memcmp(b.seen[at].b, (uint8_t[32]){0}, 32) == 0)
            break;
    }
    b.seen[at] = *h;
    return true;
}

static void chunk(struct bytes plain, const struct hash *h)
{
    struct err e = {0};
    size_t n = 0;
    if (plain.n == 0 || !is_fresh(h))
        return;
    b.fresh++;
    double t = now();
    if (vault_squeeze(b.squeezer, plain, b.squeezed, b.check, &n, &e) != 0)
        stop(e.text);
    t = tick(ZSTD, t);
    if (n != 0 && vault_unsqueeze(b.squeezer, bytes_of(b.squeezed, n), b.check, plain.n) != 0)
        stop("a frame does not come back");
    (void)tick(BACK, t);
    payload_seal(n != 0 ? bytes_of(b.squeezed, n) : plain);
}

static void chunks(const struct bytes *x, size_t count)
{
    static struct hash h[TO_READ / 4096];
    double t = now();
    crypt_sha256_many(x, count, h);
    (void)tick(CHUNKS, t);
    for (size_t i = 0; i < count; i++)
        chunk(x[i], &h[i]);
}

/* ---- files ---- */

static struct {
    uint8_t *data;
    struct bytes file[TOGETHER];
    size_t count, bytes;
} gathered;

static void gathered_end(void)
{
    static struct hash h[TOGETHER];
    double t = now();
    crypt_sha256_many(gathered.file, gathered.count, h);
    (void)tick(DIGEST, t);
    for (size_t i = 0; i < gathered.count; i++)
        chunk(gathered.file[i], &h[i]);
    gathered.count = gathered.bytes = 0;
}

static void small(int fd, size_t n)
{
    if (gathered.count == TOGETHER || gathered.bytes + n > TO_READ)
        gathered_end();
    uint8_t *to = gathered.data + gathered.bytes;
    double t = now();
    if (read(fd, to, n) != (ssize_t)n)
        stop("a file changed");
    (void)tick(READ, t);
    gathered.file[gathered.count++] = bytes_of(to, n);
    gathered.bytes += n;
}

static void large(int fd, size_t n, uint8_t *room_for)
{
    static struct bytes cut[TO_READ / 4096];
    struct crypt_sha256 *whole = crypt_sha256_new();
    struct hash digest;
    struct grain grain = {0};
    size_t left = 0;
    crypt_sha256_begin(whole);
    for (size_t done = 0; done < n;) {
        uint8_t *at = room_for + CHUNK;
        double t = now();
        ssize_t some = read(fd, at, TO_READ);
        if (some <= 0)
            stop("a file changed");
        t = tick(READ, t);
        crypt_sha256_add(whole, bytes_of(at, (size_t)some));
        t = tick(DIGEST, t);
        uint8_t *p = at - left;
        size_t have = left + (size_t)some, count = 0, from = left;
        if (done == 0)
            grain = vault_grain(bytes_of(p, have), CHUNK);
        done += (size_t)some;
        for (size_t got; have != 0; p += got, have -= got, from = 0) {
            got = vault_cut(&b.gear, &grain, p, have, from, done == n);
            if (got == 0)
                break;
            cut[count++] = bytes_of(p, got);
        }
        (void)tick(CUT, t);
        chunks(cut, count);
        memmove(at - have, p, have);
        left = have;
    }
    double t = now();
    crypt_sha256_end(whole, &digest);
    (void)tick(DIGEST, t);
    crypt_sha256_free(whole);
}

static void file_take(const char *path, uint8_t *room_for)
{
    double t = now();
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        stop(path);
    t = tick(READ, t);
    b.files++;
    b.bytes += (uint64_t)st.st_size;
    if ((size_t)st.st_size <= OBJECT_ONE_FRAME)
        small(fd, (size_t)st.st_size);
    else
        large(fd, (size_t)st.st_size, room_for);
    t = now();
    (void)close(fd);
    (void)tick(READ, t);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc != 2 || crypt_start(&e) != 0) {
        fprintf(stderr, "usage: bench-floor FOLDER\n");
        return 2;
    }
    uint8_t *room_for = room(CHUNK + TO_READ);
    gathered.data = room(TO_READ + OBJECT_ONE_FRAME);
    b.squeezer = vault_squeezer_new();
    b.outer = crypt_aead_new();
    b.seen = room(SEEN * sizeof *b.seen);
    b.squeezed = room(CHUNK + 4096);
    b.check = room(CHUNK + 4096);
    b.sealed = room(SEALED * SECTOR_REST);
    b.sectors = room(SEALED * VAULT_SECTOR);
    b.parity = room((size_t)FILES * SEALED * VAULT_SECTOR);
    vault_gear_make(&b.key, &b.gear);
    crypt_aead_key(b.outer, &b.key);
    char *const from[] = {argv[1], NULL};
    FTS *walk = fts_open(from, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *x; walk != NULL && (x = fts_read(walk)) != NULL;)
        if (x->fts_info == FTS_F)
            file_take(x->fts_path, room_for);
    gathered_end();
    double intake = 0, audit = b.took[DIGEST] + b.took[INNER] + b.took[OUTER] + b.took[LEAVES] + b.took[BACK];
    printf("%llu files, %llu bytes, %llu chunks new, %llu MiB stored\n", (unsigned long long)b.files,
           (unsigned long long)b.bytes, (unsigned long long)b.fresh, (unsigned long long)(b.stored >> 6));
    for (int i = 0; i < KINDS; i++) {
        printf("%-18s %6.3f s\n", NAMES[i], b.took[i]);
        intake += i != BACK ? b.took[i] : 0;
    }
    printf("%-18s %6.3f s; two processors %.2f s\n", "an intake", intake, intake / 2);
    printf("%-18s %6.3f s; two processors %.2f s\n", "an audit", audit, audit / 2);
    return 0;
}
