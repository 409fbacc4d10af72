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

enum { TABLE = 32 }; /* bytes that ISA-L makes of a coefficient */

_Static_assert(VAULT_STRIPE_PACKS_MAX <= 64, "a bit for each pack");
_Static_assert(VAULT_SECTOR % 4096 == 0, "a sector begins where a page of memory does");

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

static void sum_begin(const struct vault *v, struct sum *s, uint64_t stripe)
{
    s->used = true;
    s->stripe = stripe;
    s->members = 0;
    atomic_store(&s->broken, false);
    for (size_t i = 0; i < COUNT(s->fds); i++)
        s->fds[i] = -1;
    for (uint32_t i = 0; i < v->parity.files; i++) {
        s->fds[i] = memfd_create("groundwork parity", MFD_CLOEXEC);
        if (s->fds[i] < 0 || ftruncate(s->fds[i], (off_t)v->pack_sectors * VAULT_SECTOR) != 0)
            atomic_store(&s->broken, true);
    }
}

struct sum *vault_sum_join(struct sums *s, uint64_t pack)
{
    struct sum *free_place = NULL;
    if (s->v->parity.packs == 0)
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

/* Sectors that lie in one region: nobody else adds to them meanwhile. */
static bool region_add(struct sum *s, const struct vault *v, uint8_t *tables, uint32_t first, size_t n,
                       const uint8_t *sectors)
{
    uint8_t *to[VAULT_PARITY_MAX];
    uint32_t mapped = 0;
    for (; mapped < v->parity.files; mapped++) {
        void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, s->fds[mapped],
                        (off_t)first * VAULT_SECTOR);
        if (at == MAP_FAILED)
            break;
        to[mapped] = at;
    }
    bool all = mapped == v->parity.files;
    /* A piece at a time stays near the processor; ISA-L takes it as const, and only reads it. */
    enum { PIECE_BYTES = 16 << 10 };
    for (size_t at = 0; all && at < n; at += PIECE_BYTES) {
        uint8_t *piece[VAULT_PARITY_MAX];
        for (uint32_t i = 0; i < mapped; i++)
            piece[i] = to[i] + at;
        ec_encode_data_update(PIECE_BYTES, 1, (int)mapped, 0, tables, (uint8_t *)(uintptr_t)(sectors + at), piece);
    }
    for (uint32_t i = 0; i < mapped; i++)
        (void)munmap(to[i], n);
    return all;
}

void vault_sum_add(struct sum *s, const struct vault *v, uint64_t pack, uint32_t first, uint32_t count,
                   const uint8_t *sectors)
{
    uint8_t matrix[VAULT_PARITY_MAX];
    uint8_t tables[VAULT_PARITY_MAX * TABLE];
    const uint32_t member = (uint32_t)(pack % v->parity.packs);
    for (uint32_t i = 0; i < v->parity.files; i++)
        matrix[i] = vault_parity_coefficient(&v->parity, member, i);
    ec_init_tables(1, (int)v->parity.files, matrix, tables);
    for (uint32_t end = first + count; first < end;) {
        uint32_t region = first / SUM_REGION;
        uint32_t to = (region + 1) * SUM_REGION < end ? (region + 1) * SUM_REGION : end;
        size_t n = (size_t)(to - first) * VAULT_SECTOR;
        pthread_mutex_t *lock = &s->region[region % COUNT(s->region)];
        (void)pthread_mutex_lock(lock);
        if (!atomic_load(&s->broken) && !region_add(s, v, tables, first, n, sectors))
            atomic_store(&s->broken, true);
        (void)pthread_mutex_unlock(lock);
        sectors += n;
        first = to;
    }
}
