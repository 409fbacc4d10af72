/*
 * Parity as it grows: each sector is added while it is warm from sealing, so that no pack is read back for it.
 *
 * What is added up lies in memory of the kernel's, a file without a name, and never on a disk: it is lost with the
 * program, and then packs are read instead.  The sums are of all that was sealed of a pack, also of one that is still
 * open; whoever needs them without it adds it once more, which takes it out again.
 *
 * Memory that cannot be had is no failure: packs without a sum are read back.
 */
#include "vault/vault_internal.h"

#include <isa-l/erasure_code.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    TABLE = 32,           /* bytes that ISA-L makes of a coefficient */
    SUM_MAX = 256 << 20,  /* bytes for one stripe; what needs more is read back */
};

_Static_assert(VAULT_STRIPE_PACKS_MAX <= 64, "a bit for each pack");
_Static_assert((int)SUM_SCRATCH <= (int)LANE_BYTES_MIN, "a lane has room for it");

void vault_sums_init(struct sums *s, const struct vault *v)
{
    *s = (struct sums){.v = v};
    for (size_t i = 0; i < COUNT(s->sum); i++)
        for (size_t k = 0; k < COUNT(s->sum[i].region); k++)
            (void)pthread_mutex_init(&s->sum[i].region[k], NULL);
}

void vault_sum_end(struct sum *s)
{
    for (size_t i = 0; i < COUNT(s->fds); i++)
        if (s->used)
            fd_drop(&s->fds[i]);
    s->used = false;
}

void vault_sums_release(struct sums *s)
{
    for (size_t i = 0; i < COUNT(s->sum); i++) {
        if (s->v != NULL)
            vault_sum_end(&s->sum[i]);
        for (size_t k = 0; s->v != NULL && k < COUNT(s->sum[i].region); k++)
            (void)pthread_mutex_destroy(&s->sum[i].region[k]);
    }
}

/* Of no use, and its memory is free again; whoever still adds to it finds nothing there. */
static void sum_break(struct sum *s)
{
    atomic_store(&s->broken, true);
    for (size_t i = 0; i < COUNT(s->fds); i++)
        if (s->fds[i] >= 0)
            (void)!ftruncate(s->fds[i], 0); /* else it is free when the stripe ends */
}

static void sum_begin(const struct vault *v, struct sum *s, uint64_t stripe)
{
    s->used = true;
    s->stripe = stripe;
    s->members = 0;
    s->old_packs = s->old_rows = 0;
    s->old_failed = false;
    atomic_store(&s->broken, false);
    for (size_t i = 0; i < COUNT(s->fds); i++)
        s->fds[i] = -1;
    for (uint32_t i = 0; i < v->parity.files; i++) {
        s->fds[i] = memfd_create("groundwork parity", MFD_CLOEXEC);
        if (s->fds[i] < 0 || ftruncate(s->fds[i], (off_t)v->pack_sectors * VAULT_SECTOR) != 0)
            sum_break(s);
    }
}

struct sum *vault_sum_join(struct sums *s, uint64_t pack)
{
    struct sum *free_place = NULL;
    const uint64_t bytes = (uint64_t)s->v->parity.files * s->v->pack_sectors * VAULT_SECTOR;
    if (s->v->parity.packs == 0 || bytes > SUM_MAX)
        return NULL;
    const uint64_t stripe = pack / s->v->parity.packs;
    struct sum *found = NULL;
    for (size_t i = 0; i < COUNT(s->sum); i++) {
        if (!s->sum[i].used)
            free_place = &s->sum[i];
        else if (s->sum[i].stripe == stripe)
            found = &s->sum[i];
    }
    if (found == NULL && free_place != NULL)
        sum_begin(s->v, found = free_place, stripe);
    if (found == NULL || atomic_load(&found->broken))
        return NULL;
    found->members |= UINT64_C(1) << pack % s->v->parity.packs;
    return found;
}

struct sum *vault_sum_of(struct sums *s, uint64_t stripe)
{
    for (size_t i = 0; i < COUNT(s->sum); i++)
        if (s->sum[i].used && s->sum[i].stripe == stripe)
            return &s->sum[i];
    return NULL;
}

bool vault_sum_has(const struct sum *s, uint32_t member)
{
    return s != NULL && !atomic_load(&s->broken) && (s->members >> member & 1) != 0;
}

void vault_sum_sectors(const struct vault_parity *p, uint32_t member, struct bytes sectors, uint8_t **to)
{
    uint8_t matrix[VAULT_PARITY_MAX];
    uint8_t tables[VAULT_PARITY_MAX * TABLE];
    for (uint32_t i = 0; i < p->files; i++)
        matrix[i] = vault_parity_coefficient(p, member, i);
    ec_init_tables(1, (int)p->files, matrix, tables);
    /* ISA-L only reads them. */
    ec_encode_data_update((int)sectors.n, 1, (int)p->files, 0, tables, (uint8_t *)(uintptr_t)sectors.p, to);
}

/* At most a piece: fetched, added to and put back while nobody else does, and near the processor meanwhile. */
static bool piece_add(const struct sum *s, const struct vault *v, uint32_t member, uint64_t at, struct bytes sectors,
                      uint8_t scratch[SUM_SCRATCH])
{
    uint8_t *to[VAULT_PARITY_MAX];
    bool good = true;
    for (uint32_t i = 0; good && i < v->parity.files; i++) {
        to[i] = scratch + (size_t)i * SUM_PIECE * VAULT_SECTOR;
        good = pread(s->fds[i], to[i], sectors.n, (off_t)at) == (ssize_t)sectors.n;
    }
    if (!good)
        return false;
    vault_sum_sectors(&v->parity, member, sectors, to);
    for (uint32_t i = 0; good && i < v->parity.files; i++)
        good = pwrite(s->fds[i], to[i], sectors.n, (off_t)at) == (ssize_t)sectors.n;
    return good;
}

void vault_sum_add(struct sum *s, const struct vault *v, const struct sealed *x, uint8_t scratch[SUM_SCRATCH])
{
    const uint32_t member = (uint32_t)(x->pack % v->parity.packs);
    for (uint32_t at = 0, next; at < x->count; at = next) {
        const uint32_t first = x->first + at, edge = (first / SUM_PIECE + 1) * SUM_PIECE;
        next = edge - x->first < x->count ? edge - x->first : x->count;
        struct bytes some = bytes_of(x->sectors + (size_t)at * VAULT_SECTOR, (size_t)(next - at) * VAULT_SECTOR);
        pthread_mutex_t *lock = &s->region[first / SUM_PIECE % COUNT(s->region)];
        (void)pthread_mutex_lock(lock);
        if (!atomic_load(&s->broken) && !piece_add(s, v, member, (uint64_t)first * VAULT_SECTOR, some, scratch))
            sum_break(s);
        (void)pthread_mutex_unlock(lock);
    }
}

static bool piece_mix(const struct sum *s, uint32_t file, uint64_t at, struct bytes sectors, uint8_t *to)
{
    if (pread(s->fds[file], to, sectors.n, (off_t)at) != (ssize_t)sectors.n)
        return false;
    for (size_t i = 0; i < sectors.n; i++)
        to[i] ^= sectors.p[i];
    return pwrite(s->fds[file], to, sectors.n, (off_t)at) == (ssize_t)sectors.n;
}

void vault_sum_mix(struct sum *s, uint32_t file, uint32_t first, struct bytes sectors, uint8_t scratch[SUM_SCRATCH])
{
    const size_t piece = (size_t)SUM_PIECE * VAULT_SECTOR;
    assert(first % SUM_PIECE == 0);
    for (size_t at = 0; at < sectors.n; at += piece, first += SUM_PIECE) {
        struct bytes some = bytes_of(sectors.p + at, sectors.n - at < piece ? sectors.n - at : piece);
        pthread_mutex_t *lock = &s->region[first / SUM_PIECE % COUNT(s->region)];
        (void)pthread_mutex_lock(lock);
        if (!atomic_load(&s->broken) && !piece_mix(s, file, (uint64_t)first * VAULT_SECTOR, some, scratch))
            sum_break(s);
        (void)pthread_mutex_unlock(lock);
    }
}
