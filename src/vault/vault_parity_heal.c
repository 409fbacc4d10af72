/*
 * Healing a stripe.
 *
 * Every sector is judged by its leaf hash.  Those of a file that has its logged root are its own; those of another come
 * from the trailers, which hold them for all members, each piece held to that member's logged root.  So bad sectors are
 * known by their place, and each row of sectors gives back as many of them as there are parity files.  Whatever is
 * written is a new file; it is read again and held to the logged root before it takes the name.
 */
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l/erasure_code.h>
#include <stdio.h>

enum {
    ROWS = 64, /* sectors of each member in memory at once */
    TABLE = 32,
    LOOKERS = 2, /* threads that read and hash the members */
    OTHERS_MAX = 8,
};

struct member {
    bool parity;
    uint32_t index; /* among the packs, or among the parity files */
    uint64_t number;
    struct file_path path, fresh_path;
    int fd, fresh;
    const struct hash *root;
    struct hash *leaves; /* as they must be, where that is known */
    bool *bad;           /* each row */
    bool *unsure;        /* each row: no leaf is known for it */
    uint32_t bad_count;
    uint32_t lost_count;
    bool damaged; /* is to be made anew */
    int other[OTHERS_MAX]; /* the same pack elsewhere, or its beginning, of whatever worth */
    unsigned others;
    uint8_t *by_other; /* each row: 0, or from which of them it comes, from 1 */
    uint32_t other_count;
};
struct healing {
    const struct vault_stripe_of *s;
    struct trailer t;
    struct member members[PARITY_MEMBERS_MAX];
    uint32_t count;
    struct hash *leaves;  /* of all members, as in the trailer */
    uint8_t *trailer;     /* whole, or NULL */
    pthread_mutex_t lock; /* over what the threads that look share: trailer, next, and the first failure */
    uint32_t next;
    int failed;
    struct err failure;
    uint8_t *rows[PARITY_MEMBERS_MAX];
    uint64_t pattern; /* bad members that the tables below bring back */
    uint8_t sources[PARITY_MEMBERS_MAX], targets[VAULT_PARITY_MAX];
    uint32_t source_count, target_count;
    uint8_t tables[PARITY_MEMBERS_MAX * VAULT_PARITY_MAX * TABLE];
};

static void healing_release(struct healing *h)
{
    for (uint32_t i = 0; i < h->count; i++) {
        struct member *m = &h->members[i];
        fd_drop(&m->fd);
        fd_drop(&m->fresh);
        for (unsigned k = 0; k < m->others; k++)
            fd_drop(&m->other[k]);
        free(m->by_other);
        free(m->bad);
        free(m->unsure);
        free(h->rows[i]);
        if (m->fresh_path.s[0] != 0)
            (void)unlink(m->fresh_path.s); /* what was not put in its place */
    }
    free(h->leaves);
    free(h->trailer);
    (void)pthread_mutex_destroy(&h->lock);
}

static int healing_init(struct healing *h, struct err *e)
{
    const struct vault_stripe_of *s = h->s;
    uint32_t packs = s->logged->packs;
    int rc = 0;
    h->count = packs + s->parity.files;
    vault_trailer_shape(s->pack_sectors, h->count, &h->t);
    h->leaves = calloc((size_t)h->count * s->pack_sectors, sizeof *h->leaves);
    for (uint32_t i = 0; i < h->count; i++) {
        struct member *m = &h->members[i];
        m->parity = i >= packs;
        m->index = m->parity ? i - packs : i;
        m->number = m->parity ? m->index : s->packs[i].pack;
        m->root = m->parity ? &s->logged->roots[m->index] : &s->packs[i].root;
        m->fd = m->fresh = -1;
        m->leaves = h->leaves == NULL ? NULL : h->leaves + (size_t)i * s->pack_sectors;
        m->bad = calloc(s->pack_sectors, sizeof *m->bad);
        m->unsure = calloc(s->pack_sectors, sizeof *m->unsure);
        m->by_other = calloc(s->pack_sectors, sizeof *m->by_other);
        h->rows[i] = aligned_alloc(PACK_ALIGN, (size_t)ROWS * VAULT_SECTOR);
        if (m->bad == NULL || m->unsure == NULL || m->by_other == NULL || h->rows[i] == NULL)
            rc = ERR_IO;
        if (rc == 0)
            rc = m->parity ? vault_parity_path(s->root, s->logged, m->index, &m->path, e)
                           : vault_pack_path(s->root, m->number, 'a', &m->path, e);
    }
    return rc != 0 || h->leaves == NULL ? err_memory(e) : 0;
}

/* ---- what is there ---- */

static uint64_t member_bytes(const struct healing *h, const struct member *m)
{
    return ((uint64_t)h->s->pack_sectors + (m->parity ? h->t.sectors : 0)) * VAULT_SECTOR;
}

static void trailer_take(struct healing *h, struct member *m)
{
    size_t n = (size_t)h->t.sectors * VAULT_SECTOR;
    uint8_t *bytes = malloc(n);
    struct hash *leaves = calloc(h->t.sectors, sizeof *leaves);
    bool *there = calloc(h->t.sectors, sizeof *there);
    struct hash root = {{0}};
    if (bytes != NULL && leaves != NULL && there != NULL) {
        vault_sectors_read(m->fd, h->s->pack_sectors, h->t.sectors, bytes, there);
        for (uint32_t i = 0; i < h->t.sectors; i++)
            crypt_leaf_hash(bytes_of(bytes + (size_t)i * VAULT_SECTOR, VAULT_SECTOR), &leaves[i]);
        vault_parity_root(leaves, h->t.sectors, &root);
    }
    (void)pthread_mutex_lock(&h->lock);
    if (!hash_equal(&root, &h->s->logged->trailer))
        m->damaged = true;
    else if (h->trailer == NULL) {
        h->trailer = bytes;
        bytes = NULL;
    }
    (void)pthread_mutex_unlock(&h->lock);
    free(bytes);
    free(leaves);
    free(there);
}

/* A file that is not there is one of which no sector is. */
static int member_look(struct healing *h, struct member *m, struct err *e)
{
    uint64_t bytes = 0;
    int rc = file_open_copy(m->path.s, &m->fd, e);
    if (rc == ERR_ABSENT || rc == ERR_DAMAGED)
        m->fd = -1;
    else if (rc == 0)
        rc = file_size(m->fd, &bytes, m->path.s, e);
    if (rc != 0 && rc != ERR_ABSENT && rc != ERR_DAMAGED)
        return rc;
    OWN(mem_drop) bool *there = calloc(h->s->pack_sectors, sizeof *there);
    if (there == NULL)
        return err_memory(e);
    rc = vault_sectors_hash(m->fd, 0, h->s->pack_sectors, m->leaves, there, NULL, NULL, e);
    if (rc != 0)
        return rc;
    struct hash root;
    vault_parity_root(m->leaves, h->s->pack_sectors, &root);
    for (uint32_t i = 0; i < h->s->pack_sectors; i++)
        m->bad[i] = !there[i];
    m->unsure[0] = !hash_equal(&root, m->root); /* for all of them, until the trailers were asked */
    m->damaged = m->unsure[0] || bytes != member_bytes(h, m);
    if (m->parity)
        trailer_take(h, m);
    return 0;
}

/* The part of a trailer that speaks of one member, from one file; zeros where it cannot be read. */
static void trailer_part(const struct healing *h, int fd, uint64_t at, struct hash *to, size_t count)
{
    uint64_t from = (uint64_t)h->s->pack_sectors * VAULT_SECTOR + at;
    size_t n = count * sizeof *to;
    memset(to, 0, n);
    for (size_t have = 0; fd >= 0 && have < n;) {
        size_t step = VAULT_SECTOR - (from + have) % VAULT_SECTOR;
        if (step > n - have)
            step = n - have;
        (void)!pread(fd, (uint8_t *)to + have, step, (off_t)(from + have)); /* what it did not give proves nothing */
        have += step;
    }
}

struct copies { /* what each parity file, and the member itself, say of a member */
    struct hash *pieces[VAULT_PARITY_MAX], *leaves[VAULT_PARITY_MAX + 1];
};

static void copies_release(struct copies *c)
{
    for (size_t i = 0; i < VAULT_PARITY_MAX; i++)
        free(c->pieces[i]);
    for (size_t i = 0; i < VAULT_PARITY_MAX + 1; i++)
        free(c->leaves[i]);
}

/* Which rows of a member that is not whole are bad. */
static int member_judge(struct healing *h, struct member *m, struct err *e)
{
    const uint32_t files = h->s->parity.files;
    const uint32_t rows = h->s->pack_sectors;
    uint32_t number = (uint32_t)(m - h->members);
    OWN(copies_release) struct copies c = {{0}, {0}};
    OWN(mem_drop) bool *known = calloc(h->t.pieces_each, sizeof *known);
    OWN(mem_drop) struct hash *own = calloc(rows, sizeof *own);
    c.leaves[files] = calloc(rows, sizeof **c.leaves);
    if (known == NULL || own == NULL || c.leaves[files] == NULL)
        return err_memory(e);
    for (uint32_t i = 0; i < files; i++) {
        int fd = h->members[h->s->logged->packs + i].fd;
        c.pieces[i] = calloc(h->t.pieces_each, sizeof **c.pieces);
        c.leaves[i] = calloc(rows, sizeof **c.leaves);
        if (c.pieces[i] == NULL || c.leaves[i] == NULL)
            return err_memory(e);
        trailer_part(h, fd, vault_trailer_piece_at(&h->t, number, 0), c.pieces[i], h->t.pieces_each);
        trailer_part(h, fd, vault_trailer_leaf_at(&h->t, number, 0), c.leaves[i], rows);
    }
    const struct hash *pieces[VAULT_PARITY_MAX + 1] = {NULL};
    const struct hash *leaves[VAULT_PARITY_MAX + 1];
    memcpy(pieces, c.pieces, sizeof c.pieces);
    memcpy(leaves, c.leaves, sizeof c.leaves);
    memcpy(own, m->leaves, rows * sizeof *own);
    memcpy(c.leaves[files], own, rows * sizeof *own);
    vault_trailer_sift(&h->t, m->root, pieces, leaves, files + 1, m->leaves, known);
    for (uint32_t i = 0; i < rows; i++) {
        m->unsure[i] = !known[i / PARITY_PIECE];
        m->bad[i] = m->bad[i] || m->unsure[i] || !hash_equal(&own[i], &m->leaves[i]);
        m->bad_count += m->bad[i];
    }
    return 0;
}

static void other_open(struct member *m, const char *folder, const char *name)
{
    struct file_path path;
    if (m->others < OTHERS_MAX && file_path(&path, NULL, "%s/%s", folder, name) == 0 &&
        file_open_read(path.s, &m->other[m->others], NULL) == 0)
        m->others++; /* what is not there helps nobody */
}

/* Sealed, and as it was copied while it was open: open/<pack>-<sectors>.pack. */
static void others_open(struct member *m, const char *elsewhere)
{
    struct file_path folder;
    char name[VAULT_PLACE_MAX];
    vault_pack_place(m->number, 'a', name);
    other_open(m, elsewhere, name);
    int n = snprintf(name, sizeof name, "%06llu-", (unsigned long long)m->number);
    OWN(dir_drop) DIR *dir = file_path(&folder, NULL, "%s/open", elsewhere) == 0 ? opendir(folder.s) : NULL;
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        if (strncmp(d->d_name, name, (size_t)n) == 0)
            other_open(m, folder.s, d->d_name);
}

/* Bad rows of which a file elsewhere has what the trailers ask for are bad no more. */
static void member_other(struct healing *h, struct member *m)
{
    if (m->parity || h->s->elsewhere == NULL)
        return;
    others_open(m, h->s->elsewhere);
    for (uint32_t row = 0; row < h->s->pack_sectors; row++)
        for (unsigned k = 0; m->bad[row] && !m->unsure[row] && k < m->others; k++) {
            bool there = false;
            struct hash leaf;
            vault_sectors_read(m->other[k], row, 1, h->rows[m - h->members], &there);
            crypt_leaf_hash(bytes_of(h->rows[m - h->members], VAULT_SECTOR), &leaf);
            if (!there || !hash_equal(&leaf, &m->leaves[row]))
                continue;
            m->by_other[row] = (uint8_t)(k + 1);
            m->bad[row] = false;
            m->other_count++;
        }
}

static void *members_work(void *healing)
{
    struct healing *h = healing;
    (void)pthread_mutex_lock(&h->lock);
    while (h->failed == 0 && h->next < h->count) {
        struct member *m = &h->members[h->next++];
        struct err e = {0};
        (void)pthread_mutex_unlock(&h->lock);
        int rc = member_look(h, m, &e);
        (void)pthread_mutex_lock(&h->lock);
        if (rc != 0 && h->failed == 0) {
            h->failed = rc;
            h->failure = e;
        }
    }
    (void)pthread_mutex_unlock(&h->lock);
    return NULL;
}

static int members_look(struct healing *h, bool *ret_damaged, struct err *e)
{
    pthread_t threads[LOOKERS - 1];
    unsigned started = 0;
    while (started < LOOKERS - 1 && pthread_create(&threads[started], NULL, members_work, h) == 0)
        started++;
    (void)members_work(h); /* no thread to be had is no reason to fail */
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    int rc = h->failed;
    if (rc != 0 && e != NULL)
        *e = h->failure;
    *ret_damaged = false;
    for (uint32_t i = 0; rc == 0 && i < h->count; i++) {
        struct member *m = &h->members[i];
        *ret_damaged = *ret_damaged || m->damaged;
        if (m->unsure[0])
            rc = member_judge(h, m, e);
        if (rc == 0 && m->damaged)
            member_other(h, m);
    }
    return rc;
}

/* ---- what can be brought back ---- */

/*
 * The good packs, and of the good parity files as many as packs are bad, give all bad members of a row.  With E the bad
 * packs, F those files and c the coefficients: the square matrix c(E, F) is inverted, which gives the bad packs as sums
 * of the sources; a bad parity file is the sum of all packs, the bad ones replaced by those sums.
 */
static void sums_of_packs(const struct healing *h, uint32_t bad_packs, const uint8_t *inverse, uint8_t *rows)
{
    const uint32_t packs = h->s->logged->packs;
    for (uint32_t b = 0; b < bad_packs; b++)
        for (uint32_t k = 0; k < h->source_count; k++) {
            uint8_t sum = 0;
            for (uint32_t f = 0; f < bad_packs; f++) {
                uint8_t part = inverse[b * bad_packs + f];
                uint32_t file = (uint32_t)h->sources[packs - bad_packs + f] - packs;
                if (k < packs - bad_packs)
                    sum ^= gf_mul(part, vault_parity_coefficient(&h->s->parity, h->sources[k], file));
                else if (k == packs - bad_packs + f)
                    sum ^= part;
            }
            rows[b * h->source_count + k] = sum;
        }
}

static void sums_of_files(const struct healing *h, uint32_t bad_packs, uint8_t *rows)
{
    const uint32_t packs = h->s->logged->packs;
    for (uint32_t t = bad_packs; t < h->target_count; t++)
        for (uint32_t k = 0; k < h->source_count; k++) {
            uint32_t file = (uint32_t)h->targets[t] - packs;
            uint8_t sum = k < packs - bad_packs ? vault_parity_coefficient(&h->s->parity, h->sources[k], file) : 0;
            for (uint32_t b = 0; b < bad_packs; b++)
                sum ^= gf_mul(vault_parity_coefficient(&h->s->parity, h->targets[b], file),
                              rows[b * h->source_count + k]);
            rows[t * h->source_count + k] = sum;
        }
}

/* Sources, targets and tables for the bad members of ${pattern}; false when they are too many. */
static bool tables_make(struct healing *h, uint64_t pattern)
{
    const uint32_t packs = h->s->logged->packs;
    uint8_t matrix[VAULT_PARITY_MAX * VAULT_PARITY_MAX];
    uint8_t inverse[VAULT_PARITY_MAX * VAULT_PARITY_MAX];
    uint8_t rows[PARITY_MEMBERS_MAX * VAULT_PARITY_MAX];
    if ((uint32_t)__builtin_popcountll(pattern) > h->s->parity.files)
        return false;
    if (pattern == h->pattern)
        return true;
    h->source_count = h->target_count = 0;
    uint32_t bad_packs = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        bool bad = (pattern >> i & 1) != 0;
        if (bad)
            h->targets[h->target_count++] = (uint8_t)i;
        else if (h->source_count < packs) /* good packs, then as many good files as are needed */
            h->sources[h->source_count++] = (uint8_t)i;
        bad_packs += bad && i < packs;
    }
    for (uint32_t b = 0; b < bad_packs; b++)
        for (uint32_t f = 0; f < bad_packs; f++)
            matrix[f * bad_packs + b] = vault_parity_coefficient(
                &h->s->parity, h->targets[b], (uint32_t)h->sources[packs - bad_packs + f] - packs);
    if (bad_packs != 0 && gf_invert_matrix(matrix, inverse, (int)bad_packs) != 0)
        return false;
    sums_of_packs(h, bad_packs, inverse, rows);
    sums_of_files(h, bad_packs, rows);
    ec_init_tables((int)h->source_count, (int)h->target_count, rows, h->tables);
    h->pattern = pattern;
    return true;
}

static uint64_t pattern_of(const struct healing *h, uint32_t row)
{
    uint64_t pattern = 0;
    for (uint32_t i = 0; i < h->count; i++)
        pattern |= (uint64_t)h->members[i].bad[row] << i;
    return pattern;
}

/* ${count} rows from ${first} on that have the same bad members, all read. */
static int rows_solve(struct healing *h, uint32_t first, uint32_t count, uint32_t at, struct err *e)
{
    uint64_t pattern = pattern_of(h, first);
    size_t from = (size_t)at * VAULT_SECTOR;
    uint8_t *sources[PARITY_MEMBERS_MAX];
    uint8_t *targets[VAULT_PARITY_MAX];
    if (pattern == 0)
        return 0;
    if (!tables_make(h, pattern)) {
        for (uint32_t i = 0; i < h->count; i++)
            h->members[i].lost_count += (pattern >> i & 1) != 0 ? count : 0;
        return 0;
    }
    for (uint32_t i = 0; i < h->source_count; i++)
        sources[i] = h->rows[h->sources[i]] + from;
    for (uint32_t i = 0; i < h->target_count; i++)
        targets[i] = h->rows[h->targets[i]] + from;
    ec_encode_data((int)(count * VAULT_SECTOR), (int)h->source_count, (int)h->target_count, h->tables, sources,
                   targets);
    for (uint32_t i = 0; i < h->target_count; i++) {
        const struct member *m = &h->members[h->targets[i]];
        struct bytes sector[ROWS];
        struct hash made[ROWS];
        for (uint32_t k = 0; k < count; k++)
            sector[k] = bytes_of(targets[i] + (size_t)k * VAULT_SECTOR, VAULT_SECTOR);
        crypt_leaf_hash_many(sector, count, made);
        for (uint32_t k = 0; k < count; k++) {
            if (!m->unsure[first + k] && !hash_equal(&made[k], &m->leaves[first + k]))
                return err_set(e, ERR_IO, "%s: sector %u came back wrong: the disk or the memory is faulty",
                               m->path.s, first + k);
        }
    }
    return 0;
}

static bool rows_bad(const struct healing *h, uint32_t first, uint32_t count)
{
    for (uint32_t row = first; row < first + count; row++)
        if (pattern_of(h, row) != 0)
            return true;
    return false;
}

static int rows_by_other(const struct member *m, uint32_t first, uint32_t count, uint8_t *to, struct err *e)
{
    for (uint32_t k = 0; k < count; k++) {
        bool there = false;
        struct hash leaf;
        if (m->by_other[first + k] == 0)
            continue;
        vault_sectors_read(m->other[m->by_other[first + k] - 1], first + k, 1, to + (size_t)k * VAULT_SECTOR, &there);
        crypt_leaf_hash(bytes_of(to + (size_t)k * VAULT_SECTOR, VAULT_SECTOR), &leaf);
        if (!there || !hash_equal(&leaf, &m->leaves[first + k]))
            return err_set(e, ERR_IO, "%s: sector %u came back wrong: the disk or the memory is faulty", m->path.s,
                           first + k);
    }
    return 0;
}

static int rows_heal(struct healing *h, uint32_t first, uint32_t count, struct err *e)
{
    bool there[ROWS];
    bool any = rows_bad(h, first, count);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < h->count; i++) {
        if (any || h->members[i].damaged)
            vault_sectors_read(h->members[i].fd, first, count, h->rows[i], there);
        if (h->members[i].other_count > 0)
            rc = rows_by_other(&h->members[i], first, count, h->rows[i], e);
    }
    for (uint32_t at = 0, n = 1; rc == 0 && at < count; at += n, n = 1) {
        while (at + n < count && pattern_of(h, first + at + n) == pattern_of(h, first + at))
            n++;
        rc = rows_solve(h, first + at, n, at, e);
    }
    for (uint32_t i = 0; rc == 0 && i < h->count; i++)
        if (h->members[i].damaged)
            rc = vault_pack_write(h->members[i].fresh, h->rows[i], (size_t)count * VAULT_SECTOR,
                                  (uint64_t)first * VAULT_SECTOR, h->members[i].fresh_path.s, e);
    return rc;
}

static int fresh_make(struct healing *h, struct err *e)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < h->count; i++) {
        struct member *m = &h->members[i];
        struct file_path folder;
        if (!m->damaged)
            continue;
        rc = m->parity ? file_path(&folder, e, "%s/parity/%03llu", h->s->root,
                                   (unsigned long long)(h->s->logged->stripe / 1000))
                       : vault_pack_folder(h->s->root, m->number, 'a', &folder, e);
        if (rc == 0)
            rc = file_make_folders(folder.s, e);
        if (rc == 0)
            rc = file_path(&m->fresh_path, e, "%s.repaired", m->path.s);
        if (rc != 0)
            break;
        m->fresh = open(m->fresh_path.s, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (m->fresh < 0)
            rc = err_os(e, ERR_IO, errno, "cannot make %s", m->fresh_path.s);
    }
    return rc;
}

/* ---- what was made, read again ---- */

static int fresh_check(struct healing *h, struct member *m, struct err *e)
{
    const uint32_t rows = h->s->pack_sectors;
    OWN(mem_drop) struct hash *leaves = calloc(rows, sizeof *leaves);
    OWN(mem_drop) bool *there = calloc(rows, sizeof *there);
    struct hash root;
    if (leaves == NULL || there == NULL)
        return err_memory(e);
    int rc = file_sync(m->fresh, m->fresh_path.s, e);
    if (rc == 0)
        rc = vault_sectors_hash(m->fresh, 0, rows, leaves, there, NULL, NULL, e);
    if (rc != 0)
        return rc;
    vault_parity_root(leaves, rows, &root);
    bool whole = hash_equal(&root, m->root);
    if (m->lost_count == 0 && !whole)
        return err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty",
                       m->fresh_path.s);
    if (whole)
        memcpy(m->leaves, leaves, rows * sizeof *leaves);
    return 0;
}

/* The trailer as it must be: from a file that has it, or from the leaves once all of them are known. */
static int trailer_get(struct healing *h, struct err *e)
{
    if (h->trailer != NULL)
        return 0;
    for (uint32_t i = 0; i < h->count; i++)
        if (h->members[i].lost_count != 0)
            return 0;
    h->trailer = malloc((size_t)h->t.sectors * VAULT_SECTOR);
    if (h->trailer == NULL)
        return err_memory(e);
    vault_trailer_fill(&h->t, h->leaves, h->trailer);
    struct merkle m = {0};
    struct hash root;
    for (uint32_t i = 0; i < h->t.sectors; i++) {
        struct hash leaf;
        crypt_leaf_hash(bytes_of(h->trailer + (size_t)i * VAULT_SECTOR, VAULT_SECTOR), &leaf);
        vault_merkle_add(&m, &leaf);
    }
    vault_merkle_root(&m, &root);
    return hash_equal(&root, &h->s->logged->trailer)
               ? 0
               : err_set(e, ERR_DAMAGED, "stripe %llu: its packs do not make the trailer that was logged",
                         (unsigned long long)h->s->logged->stripe);
}

static int trailer_write(struct healing *h, struct member *m, struct err *e)
{
    size_t n = (size_t)h->t.sectors * VAULT_SECTOR;
    uint64_t at = (uint64_t)h->s->pack_sectors * VAULT_SECTOR;
    OWN(mem_drop) uint8_t *was = NULL;
    if (h->trailer == NULL) { /* what is readable of it serves the next repair, when more of the packs has come back */
        OWN(mem_drop) bool *there = calloc(h->t.sectors, sizeof *there);
        was = malloc(n);
        if (was == NULL || there == NULL)
            return err_memory(e);
        vault_sectors_read(m->fd, h->s->pack_sectors, h->t.sectors, was, there);
        m->lost_count += h->t.sectors;
    }
    int rc = file_write_at(m->fresh, was != NULL ? was : h->trailer, n, at, m->fresh_path.s, e);
    return rc == 0 ? file_sync(m->fresh, m->fresh_path.s, e) : rc;
}

/* ---- into its place ---- */

/* The damaged file gets a name in quarantine/ before it loses its own. */
int vault_set_aside(const char *root, const char *path, struct err *e)
{
    struct file_path folder;
    struct file_path to;
    const char *name = strrchr(path, '/') + 1;
    int number = EEXIST;
    int rc = file_path(&folder, e, "%s/quarantine", root);
    if (rc == 0)
        rc = file_make_folder(folder.s, e);
    for (unsigned n = 1; rc == 0 && number == EEXIST; n++) {
        rc = n == 1 ? file_path(&to, e, "%s/%s", folder.s, name) : file_path(&to, e, "%s/%s-%u", folder.s, name, n);
        if (rc != 0)
            break;
        number = link(path, to.s) == 0 ? 0 : errno;
        if (number != 0 && number != EEXIST && number != ENOENT) /* a folder, or a file system without links */
            number = file_rename_new(AT_FDCWD, path, AT_FDCWD, to.s);
    }
    if (rc == 0 && number != 0 && number != ENOENT)
        rc = err_os(e, ERR_IO, number, "cannot put %s aside", path);
    return rc == 0 ? file_sync_folder(folder.s, e) : rc;
}

static int member_exchange(struct healing *h, struct member *m, struct err *e)
{
    int rc = vault_set_aside(h->s->root, m->path.s, e);
    if (rc == 0 && rename(m->fresh_path.s, m->path.s) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot rename %s", m->fresh_path.s);
    if (rc != 0)
        return rc;
    m->fresh_path.s[0] = 0;
    return file_sync_parent(m->path.s, e);
}

static int stripe_heal(struct healing *h, struct err *e)
{
    int rc = fresh_make(h, e);
    for (uint32_t row = 0; rc == 0 && row < h->s->pack_sectors; row += ROWS) {
        uint32_t left = h->s->pack_sectors - row;
        rc = rows_heal(h, row, left < ROWS ? left : ROWS, e);
    }
    for (uint32_t i = 0; rc == 0 && i < h->count; i++)
        if (h->members[i].damaged)
            rc = fresh_check(h, &h->members[i], e);
    if (rc == 0)
        rc = trailer_get(h, e);
    for (uint32_t i = h->s->logged->packs; rc == 0 && i < h->count; i++)
        if (h->members[i].damaged)
            rc = trailer_write(h, &h->members[i], e);
    return rc;
}

int vault_repair_stripe(const struct vault_stripe_of *s, void (*mended)(void *context, const struct vault_mended *m),
                        void *context, struct err *e)
{
    OWN(healing_release) struct healing h = {.s = s, .lock = PTHREAD_MUTEX_INITIALIZER};
    bool damaged = false;
    bool lost = false;
    int rc = vault_stripe_check(s, e);
    if (rc == 0)
        rc = healing_init(&h, e);
    if (rc == 0)
        rc = members_look(&h, &damaged, e);
    if (rc != 0 || !damaged)
        return rc;
    rc = stripe_heal(&h, e);
    for (uint32_t i = 0; rc == 0 && i < h.count; i++) {
        struct member *m = &h.members[i];
        if (!m->damaged)
            continue;
        uint32_t healed = m->bad_count > m->lost_count ? m->bad_count - m->lost_count : 0;
        struct vault_mended told = {m->parity, m->number, healed, m->lost_count, m->other_count};
        if (told.lost == 0 || told.healed > 0)
            rc = member_exchange(&h, m, e);
        if (rc == 0)
            mended(context, &told);
        lost = lost || (!m->parity && m->lost_count != 0);
    }
    if (rc == 0 && lost)
        rc = err_set(e, ERR_DAMAGED, "stripe %llu: more is damaged than its parity can bring back",
                     (unsigned long long)s->logged->stripe);
    return rc;
}
