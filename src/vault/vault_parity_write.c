/*
 * Parity over sealed packs.
 *
 * A stripe that is full is written while further packs are filled; what is left over when an intake ends, then.  Each
 * stripe that is begun or extended gets new files: the sum of what the old ones say, of what was added up while packs
 * were sealed, and of the packs that came otherwise, row by row, by as many threads as there are processors.  The old
 * files stay until the commit.  Old parity is held to its leaf hashes as it is read; where it is damaged the stripe is
 * summed anew from its packs, held to theirs.
 */
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l/erasure_code.h>
#include <stdio.h>

enum {
    ROWS = 32, /* sectors of each member in memory at once, for each thread: long reads, for disks that seek */
    FEW_SOURCES = 8, /* then there is memory for twice the threads: all that they do is wait for the disk */
    TABLE = 32, /* bytes that ISA-L makes of a coefficient */
    SOURCES_MAX = VAULT_STRIPE_PACKS_MAX + 2 * VAULT_PARITY_MAX + 1,
};

struct source { /* what is summed: a pack, a parity file as it was, or what was added up of it */
    int fd;
    struct file_path path;
    struct hash *leaves; /* NULL: of what was added up there are none */
    uint32_t sectors;    /* that it has; zeros stand for the others */
    uint32_t first_row;  /* at a multiple of ROWS: what is before it is in another source; zeros stand for it */
    uint8_t weight[VAULT_PARITY_MAX]; /* its coefficient in each file */
    bool checked; /* the leaves are there, and what is read is held to them; else they are made here */
    bool own;     /* this writer wrote it: what does not come back is a failure, not a damage of long ago */
    bool lent;    /* the descriptor is somebody else's */
};
struct stripe_job {
    const struct vault *v;
    struct vault_stripe *stripe; /* as it will be */
    uint32_t packs;              /* covered by the old parity that is used: 0 when it is summed anew */
    struct source sources[SOURCES_MAX];
    uint32_t source_count;
    uint8_t tables[SOURCES_MAX * VAULT_PARITY_MAX * TABLE];
    int fds[VAULT_PARITY_MAX];
    struct file_path paths[VAULT_PARITY_MAX];
    struct hash *leaves; /* of all members, as in the trailer */
    unsigned threads;
    atomic_uint_fast32_t next_row;
    atomic_int failed;
    pthread_mutex_t lock; /* over what follows */
    struct err failure;
};

static void job_release(struct stripe_job *j)
{
    for (uint32_t i = 0; i < j->source_count; i++)
        if (!j->sources[i].lent)
            fd_drop(&j->sources[i].fd);
    for (uint32_t i = 0; i < VAULT_PARITY_MAX; i++)
        fd_drop(&j->fds[i]);
    free(j->leaves);
    (void)pthread_mutex_destroy(&j->lock);
}

static struct hash *member_leaves(const struct stripe_job *j, uint32_t member)
{
    return j->leaves + (size_t)member * j->v->pack_sectors;
}

/* ---- rows, in any thread ---- */

/* Past the page cache where the file system can, as packs are written: what is summed is then what the disk has. */
static int source_read(struct source *s, uint8_t *to, size_t n, uint64_t offset, struct err *e)
{
    if (pread(s->fd, to, n, (off_t)offset) == (ssize_t)n)
        return 0;
    int flags = fcntl(s->fd, F_GETFL);
    if (flags >= 0 && (flags & O_DIRECT) != 0)
        (void)fcntl(s->fd, F_SETFL, flags & ~O_DIRECT);
    int rc = file_read_at(s->fd, to, n, offset, s->path.s, e);
    return rc == ERR_IO && !s->own ? ERR_DAMAGED : rc;
}

static int rows_check(struct source *s, const uint8_t *sectors, uint32_t first, uint32_t count, struct err *e)
{
    struct bytes sector[ROWS];
    struct hash made[ROWS];
    if (s->leaves == NULL)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        sector[i] = bytes_of(sectors + (size_t)i * VAULT_SECTOR, VAULT_SECTOR);
    crypt_leaf_hash_many(sector, count, made);
    for (uint32_t i = 0; i < count; i++) {
        if (!s->checked)
            s->leaves[first + i] = made[i];
        else if (!hash_equal(&made[i], &s->leaves[first + i]) && s->own)
            return err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty",
                           s->path.s);
        else if (!hash_equal(&made[i], &s->leaves[first + i]))
            return err_set(e, ERR_DAMAGED, "%s: sector %u is damaged", s->path.s, first + i);
    }
    return 0;
}

static int source_rows(struct source *s, uint8_t *to, uint32_t first, uint32_t count, struct err *e)
{
    uint32_t here = first >= s->sectors || first < s->first_row ? 0
                    : s->sectors - first < count                ? s->sectors - first
                                                                : count;
    size_t n = (size_t)here * VAULT_SECTOR;
    memset(to + n, 0, (size_t)(count - here) * VAULT_SECTOR);
    int rc = here == 0 ? 0 : source_read(s, to, n, (uint64_t)first * VAULT_SECTOR, e);
    return rc == 0 ? rows_check(s, to, first, here, e) : rc;
}

static int rows_sum(struct stripe_job *j, uint8_t *buffers, uint32_t first, uint32_t count, struct err *e)
{
    const uint32_t files = j->v->parity.files;
    size_t n = (size_t)count * VAULT_SECTOR;
    uint8_t *from[SOURCES_MAX];
    uint8_t *to[VAULT_PARITY_MAX];
    int rc = 0;
    for (uint32_t i = 0; i < j->source_count + files; i++) {
        uint8_t *buffer = buffers + (size_t)i * ROWS * VAULT_SECTOR;
        if (i < j->source_count)
            from[i] = buffer;
        else
            to[i - j->source_count] = buffer;
    }
    for (uint32_t i = 0; rc == 0 && i < j->source_count; i++)
        rc = source_rows(&j->sources[i], from[i], first, count, e);
    if (rc != 0)
        return rc;
    for (uint32_t k = 0; k < count; k++) { /* a sector of each at a time stays near the processor */
        ec_encode_data(VAULT_SECTOR, (int)j->source_count, (int)files, j->tables, from, to);
        for (uint32_t i = 0; i < j->source_count; i++)
            from[i] += VAULT_SECTOR;
        for (uint32_t i = 0; i < files; i++)
            to[i] += VAULT_SECTOR;
    }
    for (uint32_t i = 0; i < files; i++)
        to[i] -= n;
    for (uint32_t i = 0; rc == 0 && i < files; i++) {
        struct bytes sector[ROWS];
        for (uint32_t k = 0; k < count; k++)
            sector[k] = bytes_of(to[i] + (size_t)k * VAULT_SECTOR, VAULT_SECTOR);
        crypt_leaf_hash_many(sector, count, member_leaves(j, j->stripe->packs + i) + first);
        rc = vault_pack_write(j->fds[i], to[i], n, (uint64_t)first * VAULT_SECTOR, j->paths[i].s, e);
    }
    return rc;
}

static void *rows_work(void *job)
{
    struct stripe_job *j = job;
    struct err e = {0};
    size_t n = (size_t)(j->source_count + j->v->parity.files) * ROWS * VAULT_SECTOR;
    OWN(mem_drop) uint8_t *buffers = aligned_alloc(PACK_ALIGN, n);
    int rc = buffers == NULL ? err_memory(&e) : 0;
    while (rc == 0 && atomic_load(&j->failed) == 0) {
        uint32_t first = (uint32_t)atomic_fetch_add(&j->next_row, ROWS);
        if (first >= j->v->pack_sectors)
            break;
        uint32_t left = j->v->pack_sectors - first;
        rc = rows_sum(j, buffers, first, left < ROWS ? left : ROWS, &e);
    }
    if (rc != 0) {
        (void)pthread_mutex_lock(&j->lock);
        if (atomic_exchange(&j->failed, rc) == 0)
            j->failure = e;
        (void)pthread_mutex_unlock(&j->lock);
    }
    return NULL;
}

static int rows_all(struct stripe_job *j, struct err *e)
{
    pthread_t threads[VAULT_THREADS_MAX];
    unsigned started = 0;
    unsigned wanted = j->source_count <= FEW_SOURCES ? 2 * j->threads : j->threads;
    wanted = wanted < VAULT_THREADS_MAX ? wanted : VAULT_THREADS_MAX;
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, rows_work, j) == 0)
        started++;
    (void)rows_work(j); /* no thread to be had is no reason to fail */
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    int rc = atomic_load(&j->failed);
    if (rc != 0 && e != NULL)
        *e = j->failure;
    return rc;
}

/* ---- one stripe ---- */

static int source_open(struct stripe_job *j, const char *path, struct hash *leaves, struct source **ret, struct err *e)
{
    struct source *s = &j->sources[j->source_count];
    *s = (struct source){.fd = -1, .leaves = leaves, .sectors = j->v->pack_sectors};
    int rc = file_path(&s->path, e, "%s", path);
    if (rc == 0)
        rc = file_open_copy(s->path.s, &s->fd, e);
    if (rc == ERR_ABSENT)
        rc = ERR_DAMAGED;
    if (rc != 0)
        return rc;
    (void)fcntl(s->fd, F_SETFL, O_RDONLY | O_DIRECT);
    j->source_count++;
    *ret = s;
    return 0;
}

/* A member of the stripe, whatever of it is covered. */
static int member_source(struct stripe_job *j, uint32_t member, struct hash *leaves, struct source **ret,
                         struct err *e)
{
    struct file_path path;
    uint64_t number = j->stripe->stripe * j->v->parity.packs + member;
    int rc = vault_pack_path(j->v->root, number, 'a', &path, e);
    if (rc == 0)
        rc = source_open(j, path.s, leaves, ret, e);
    for (uint32_t i = 0; rc == 0 && i < j->v->parity.files; i++)
        (*ret)->weight[i] = vault_parity_coefficient(&j->v->parity, member, i);
    return rc;
}

/* Its leaves were made as it was written, unless an earlier writer did that, or ${b} is NULL. */
static int pack_source(struct stripe_job *j, uint32_t member, const struct bare *b, const struct sum *sum,
                       struct err *e)
{
    struct hash *leaves = member_leaves(j, member);
    struct source *s = NULL;
    bool own = b != NULL && b->leaves != NULL;
    if (own)
        memcpy(leaves, b->leaves, (size_t)j->v->pack_sectors * sizeof *leaves);
    if (own && vault_sum_has(sum, member))
        return 0;
    int rc = member_source(j, member, leaves, &s, e);
    if (rc == 0)
        s->checked = s->own = own;
    return rc;
}

/* What was added up while packs were sealed; ${open}: of the one that is not full it comes out again. */
static int sum_sources(struct stripe_job *j, const struct sum *sum, const struct pack_out *open, struct err *e)
{
    struct source *s = NULL;
    for (uint32_t i = 0; i < j->v->parity.files; i++) {
        s = &j->sources[j->source_count++];
        *s = (struct source){.fd = sum->fds[i], .sectors = j->v->pack_sectors, .own = true, .lent = true};
        s->weight[i] = 1;
    }
    if (open == NULL)
        return 0;
    int rc = member_source(j, (uint32_t)(open->number % j->v->parity.packs), open->leaves, &s, e);
    if (rc == 0) {
        s->sectors = open->sectors;
        s->checked = s->own = true;
    }
    return rc;
}

int vault_parity_trailer(const struct vault *v, const struct vault_stripe *stripe, const struct trailer *t, uint8_t *to,
                         struct err *e)
{
    int rc = ERR_DAMAGED;
    for (uint32_t i = 0; rc == ERR_DAMAGED && i < v->parity.files; i++) {
        OWN(fd_drop) int fd = -1;
        struct file_path path;
        struct merkle m = {0};
        rc = vault_parity_path(v->root, stripe, i, &path, e);
        if (rc == 0)
            rc = file_open_copy(path.s, &fd, e);
        if (rc == 0)
            rc = file_read_at(fd, to, (size_t)t->sectors * VAULT_SECTOR, (uint64_t)t->leaves_each * VAULT_SECTOR,
                              path.s, e);
        for (uint32_t k = 0; rc == 0 && k < t->sectors; k++) {
            struct hash leaf;
            crypt_leaf_hash(bytes_of(to + (size_t)k * VAULT_SECTOR, VAULT_SECTOR), &leaf);
            vault_merkle_add(&m, &leaf);
        }
        struct hash root;
        vault_merkle_root(&m, &root);
        bool unread = fd >= 0 && rc == ERR_IO; /* by the disk */
        if (rc == ERR_ABSENT || unread || (rc == 0 && !hash_equal(&root, &stripe->trailer)))
            rc = err_set(e, ERR_DAMAGED, "%s is damaged", path.s);
    }
    return rc;
}

/* The leaves of the packs before, and the old parity as further sources, from where it is not in the sum already. */
static int old_sources(struct stripe_job *j, const struct vault_stripe *old, uint32_t first_row,
                       struct hash *old_leaves, struct err *e)
{
    struct trailer t;
    vault_trailer_shape(j->v->pack_sectors, old->packs + j->v->parity.files, &t);
    OWN(mem_drop) uint8_t *bytes = malloc((size_t)t.sectors * VAULT_SECTOR);
    if (bytes == NULL)
        return err_memory(e);
    int rc = vault_parity_trailer(j->v, old, &t, bytes, e);
    if (rc != 0)
        return rc;
    size_t each = (size_t)j->v->pack_sectors * CRYPT_HASH;
    memcpy(j->leaves, bytes + vault_trailer_leaf_at(&t, 0, 0), each * old->packs);
    memcpy(old_leaves, bytes + vault_trailer_leaf_at(&t, old->packs, 0), each * j->v->parity.files);
    for (uint32_t i = 0; rc == 0 && first_row < j->v->pack_sectors && i < j->v->parity.files; i++) {
        struct file_path path;
        struct source *s = NULL;
        rc = vault_parity_path(j->v->root, old, i, &path, e);
        if (rc == 0)
            rc = source_open(j, path.s, old_leaves + (size_t)i * j->v->pack_sectors, &s, e);
        if (rc == 0) {
            s->checked = true;
            s->weight[i] = 1;
            s->first_row = first_row;
        }
    }
    return rc;
}

static void tables_make(struct stripe_job *j)
{
    const struct vault_parity *p = &j->v->parity;
    uint8_t matrix[SOURCES_MAX * VAULT_PARITY_MAX];
    for (uint32_t file = 0; file < p->files; file++)
        for (uint32_t i = 0; i < j->source_count; i++)
            matrix[file * j->source_count + i] = j->sources[i].weight[file];
    ec_init_tables((int)j->source_count, (int)p->files, matrix, j->tables);
}

static int files_make(struct stripe_job *j, struct err *e)
{
    struct file_path folder;
    int rc = file_path(&folder, e, "%s/parity/%03llu", j->v->root, (unsigned long long)(j->stripe->stripe / 1000));
    if (rc == 0)
        rc = file_make_folders(folder.s, e);
    for (uint32_t i = 0; rc == 0 && i < j->v->parity.files; i++) {
        rc = vault_parity_path(j->v->root, j->stripe, i, &j->paths[i], e);
        if (rc == 0)
            rc = vault_pack_open(j->paths[i].s, O_CREAT | O_TRUNC, &j->fds[i], e);
    }
    return rc;
}

/* Packs that were open or were read anew: what was summed is what the log has, or will have. */
static int packs_check(const struct stripe_job *j, const struct vault_pack *packs, struct err *e)
{
    for (uint32_t i = 0; i < j->stripe->packs; i++) {
        struct hash root;
        if (i < j->packs)
            continue;
        vault_parity_root(member_leaves(j, i), j->v->pack_sectors, &root);
        if (!hash_equal(&root, &packs[i].root))
            return err_set(e, ERR_DAMAGED, "pack %llu is damaged: run groundwork repair",
                           (unsigned long long)packs[i].pack);
    }
    return 0;
}

static int files_end(struct stripe_job *j, struct err *e)
{
    struct trailer t;
    vault_trailer_shape(j->v->pack_sectors, j->stripe->packs + j->v->parity.files, &t);
    size_t n = (size_t)t.sectors * VAULT_SECTOR;
    OWN(mem_drop) uint8_t *bytes = aligned_alloc(PACK_ALIGN, n);
    if (bytes == NULL)
        return err_memory(e);
    vault_trailer_fill(&t, j->leaves, bytes);
    struct merkle m = {0};
    for (uint32_t i = 0; i < t.sectors; i++) {
        struct hash leaf;
        crypt_leaf_hash(bytes_of(bytes + (size_t)i * VAULT_SECTOR, VAULT_SECTOR), &leaf);
        vault_merkle_add(&m, &leaf);
    }
    vault_merkle_root(&m, &j->stripe->trailer);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < j->v->parity.files; i++) {
        vault_parity_root(member_leaves(j, j->stripe->packs + i), j->v->pack_sectors, &j->stripe->roots[i]);
        rc = vault_pack_write(j->fds[i], bytes, n, (uint64_t)j->v->pack_sectors * VAULT_SECTOR, j->paths[i].s, e);
        if (rc == 0)
            rc = file_sync(j->fds[i], j->paths[i].s, e);
    }
    return rc == 0 ? file_sync_parent(j->paths[0].s, e) : rc;
}

struct summing {
    struct vault_stripe *stripe;
    uint32_t first;          /* of the stripe's packs, the first that no parity covers */
    const struct bare *bare; /* it and those behind it */
    const struct sum *sum;   /* NULL: none, or of no use */
    const struct pack_out *open; /* the pack that is in the sum and not full; NULL: none */
    unsigned threads;
};
static int stripe_sum(const struct vault_writer *w, const struct summing *s, const struct vault_stripe *old,
                      struct err *e)
{
    const struct vault *v = w->v;
    const struct vault_stripe *stripe = s->stripe;
    const struct bare *bare = s->bare;
    OWN(job_release) struct stripe_job j = {.v = v, .stripe = s->stripe, .packs = old != NULL ? old->packs : 0,
                                            .threads = s->threads, .fds = {-1, -1, -1, -1}};
    (void)pthread_mutex_init(&j.lock, NULL);
    j.leaves = calloc((size_t)(stripe->packs + v->parity.files) * v->pack_sectors, sizeof *j.leaves);
    OWN(mem_drop) struct hash *old_leaves = calloc((size_t)v->parity.files * v->pack_sectors, sizeof *old_leaves);
    int rc = j.leaves == NULL || old_leaves == NULL ? err_memory(e) : 0;
    for (uint32_t i = j.packs; rc == 0 && i < stripe->packs; i++) {
        rc = pack_source(&j, i, i < s->first ? NULL : bare, s->sum, e);
        if (i >= s->first)
            bare = bare->next;
    }
    if (rc == 0 && s->sum != NULL)
        rc = sum_sources(&j, s->sum, s->open, e);
    uint32_t ahead = s->sum != NULL && old != NULL && s->sum->old_packs == old->packs ? s->sum->old_rows : 0;
    if (rc == 0 && old != NULL)
        rc = old_sources(&j, old, ahead, old_leaves, e);
    if (rc == 0)
        rc = files_make(&j, e);
    if (rc != 0)
        return rc;
    tables_make(&j);
    rc = rows_all(&j, e);
    if (rc == 0)
        rc = packs_check(&j, w->parity.packs, e);
    return rc == 0 ? files_end(&j, e) : rc;
}

/* ---- packs that wait ---- */

void vault_parity_init(struct parity_out *p)
{
    p->bare_last = &p->bare;
}

static void bare_free(struct bare *b)
{
    free(b->leaves);
    free(b);
}

void vault_parity_release(struct parity_out *p)
{
    while (p->bare != NULL) {
        struct bare *b = p->bare;
        p->bare = b->next;
        bare_free(b);
    }
    free(p->made);
}

int vault_parity_bare(struct vault_writer *w, const struct vault_pack *pack, struct hash **leaves, bool inherited,
                      struct err *e)
{
    struct parity_out *p = &w->parity;
    if (w->v->parity.packs == 0)
        return 0;
    struct bare *b = calloc(1, sizeof *b);
    if (b == NULL)
        return err_memory(e);
    *b = (struct bare){.pack = *pack, .inherited = inherited};
    b->leaves = leaves != NULL ? TAKE(*leaves) : NULL;
    *p->bare_last = b;
    p->bare_last = &b->next;
    p->bare_count++;
    return 0;
}

/* The last stripe has room: it is extended.  Otherwise another begins behind it. */
static bool stripe_open(const struct vault_writer *w)
{
    return w->parity.stripe.packs != 0 && w->parity.stripe.packs < w->v->parity.packs;
}

bool vault_parity_full(const struct vault_writer *w)
{
    const struct parity_out *p = &w->parity;
    uint32_t room = w->v->parity.packs - (stripe_open(w) ? p->stripe.packs : 0);
    return p->known && p->blocked.code == 0 && p->bare_count >= room;
}

bool vault_parity_urgent(const struct vault_writer *w)
{
    const struct bare *b = w->parity.bare;
    while (b != NULL && !b->inherited)
        b = b->next;
    return b != NULL;
}

/* ---- stripes ---- */

static int pack_follows(const struct vault_writer *w, uint64_t pack, struct err *e)
{
    const struct vault_stripe *last = &w->parity.stripe;
    uint64_t next = last->packs == 0 ? w->v->span.first : last->stripe * w->v->parity.packs + last->packs;
    if (pack == next)
        return 0;
    return err_set(e, ERR_DAMAGED, "pack %llu: the parity before it is not on the log: run groundwork verify",
                   (unsigned long long)pack);
}

static int files_remove(const struct vault *v, const struct vault_stripe *stripe, struct err *e)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < v->parity.files; i++) {
        struct file_path path;
        rc = vault_parity_path(v->root, stripe, i, &path, e);
        if (rc == 0)
            rc = file_remove(path.s, e);
    }
    return rc;
}

static int made_add(struct parity_out *p, const struct vault_stripe *fresh, struct err *e)
{
    if (p->made_count == p->made_room) {
        size_t room = p->made_room * 2 + 4;
        struct vault_stripe *grown = reallocarray(p->made, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->made = grown;
        p->made_room = room;
    }
    p->made[p->made_count++] = *fresh;
    return 0;
}

/* ${count} packs are under ${fresh} now: said in one go, for the syncer looks at both. */
static void stripe_made(struct vault_writer *w, const struct vault_stripe *fresh, uint32_t count)
{
    struct parity_out *p = &w->parity;
    (void)pthread_mutex_lock(&w->append.lock);
    p->stripe = *fresh;
    for (; count > 0; count--) {
        struct bare *b = p->bare;
        p->bare = b->next;
        if (p->bare == NULL)
            p->bare_last = &p->bare;
        p->bare_count--;
        bare_free(b);
    }
    (void)pthread_mutex_unlock(&w->append.lock);
}

/* Of use when no memory was missing; what is sealed from now on is not in it. */
static void sum_take(struct vault_writer *w, uint64_t stripe, struct sum **ret, struct summing *s)
{
    struct append *a = &w->append;
    (void)pthread_mutex_lock(&a->lock);
    struct sum *sum = *ret = vault_sum_of(&a->sums, stripe);
    for (struct pack_out *p = a->packs; sum != NULL && p != NULL; p = p->next)
        if (p->sum == sum) {
            s->open = p->sealed ? s->open : p;
            p->sum = NULL;
        }
    (void)pthread_mutex_unlock(&a->lock);
    s->sum = sum != NULL && !atomic_load(&sum->broken) ? sum : NULL;
}

static void sum_let_go(struct vault_writer *w, struct sum *sum)
{
    (void)pthread_mutex_lock(&w->append.lock);
    if (sum != NULL)
        vault_sum_end(sum);
    (void)pthread_mutex_unlock(&w->append.lock);
}

int vault_parity_fill(struct vault_writer *w, unsigned threads, struct err *e)
{
    struct parity_out *p = &w->parity;
    const uint32_t packs = w->v->parity.packs;
    const struct vault_stripe old = p->stripe;
    bool extends = stripe_open(w);
    uint32_t first = extends ? old.packs : 0;
    (void)pthread_mutex_lock(&w->append.lock);
    uint32_t waiting = p->bare_count;
    const struct bare *begin = p->bare;
    (void)pthread_mutex_unlock(&w->append.lock);
    uint32_t count = waiting < packs - first ? waiting : packs - first;
    assert(p->known && count != 0);
    int rc = pack_follows(w, begin->pack.pack, e);
    if (rc != 0)
        return rc;
    struct vault_stripe fresh = {.stripe = begin->pack.pack / packs, .packs = first};
    for (const struct bare *b = begin; fresh.packs < first + count; b = b->next)
        p->packs[fresh.packs++] = b->pack;
    struct err why = {0};
    struct summing s = {.stripe = &fresh, .first = first, .bare = begin, .threads = threads};
    struct sum *sum = NULL;
    sum_take(w, fresh.stripe, &sum, &s);
    rc = extends ? stripe_sum(w, &s, &old, &why) : ERR_DAMAGED;
    if (rc == ERR_DAMAGED && sum != NULL && sum->old_packs != 0)
        s.sum = NULL; /* some of what is damaged further on is in it */
    if (rc == ERR_DAMAGED)
        rc = stripe_sum(w, &s, NULL, &why);
    sum_let_go(w, sum);
    if (rc == ERR_DAMAGED) { /* a pack of earlier days: what comes is kept all the same, and parity stays owed */
        p->blocked = why;
        return 0;
    }
    if (rc != 0)
        return err_set(e, rc, "%s", why.text);
    rc = made_add(p, &fresh, e);
    if (rc != 0)
        return rc;
    if (extends && p->made_count == 1)
        p->replaced = old; /* the one on the log */
    stripe_made(w, &fresh, count);
    return 0;
}

int vault_parity_told(struct vault_writer *w, struct vault_flushed *f, struct err *e)
{
    struct parity_out *p = &w->parity;
    f->parity_blocked = p->blocked;
    if (p->made_count == 0)
        return 0;
    f->stripes = calloc(p->made_count, sizeof *f->stripes);
    if (f->stripes == NULL)
        return err_memory(e);
    memcpy(f->stripes, p->made, p->made_count * sizeof *p->made);
    f->stripe_count = p->made_count;
    p->made_count = 0;
    return 0;
}

int vault_parity_committed(struct vault_writer *w, struct err *e)
{
    struct parity_out *p = &w->parity;
    int rc = p->replaced.packs != 0 ? files_remove(w->v, &p->replaced, e) : 0;
    p->replaced = (struct vault_stripe){0};
    return rc;
}

int vault_writer_stripes(struct vault_writer *w, const struct vault_parity_end *end, struct err *e)
{
    const struct vault_parity *p = &w->v->parity;
    const struct vault_stripe *last = end->stripe_count == 0 ? NULL : &end->stripes[end->stripe_count - 1];
    size_t covered = last == NULL ? 0 : last->packs;
    assert(p->packs != 0 && !w->parity.known);
    if (last != NULL && (last->packs == 0 || last->packs > p->packs || end->pack_count < covered))
        return err_set(e, ERR_DAMAGED, "the journal's packs and parity do not fit together: run groundwork verify");
    const struct vault_span *packs = &w->v->span;
    int rc = vault_parity_cut(w->v->root, end, &(struct vault_span){packs->first / p->packs, packs->end / p->packs},
                              e);
    if (rc != 0)
        return rc;
    (void)pthread_mutex_lock(&w->append.lock);
    if (last != NULL) {
        w->parity.stripe = *last;
        memcpy(w->parity.packs, end->packs, covered * sizeof *end->packs);
    }
    for (size_t i = covered; rc == 0 && i < end->pack_count; i++)
        rc = vault_parity_bare(w, &end->packs[i], NULL, true, e);
    w->parity.known = rc == 0;
    (void)pthread_cond_broadcast(&w->append.moved);
    (void)pthread_mutex_unlock(&w->append.lock);
    return rc;
}
