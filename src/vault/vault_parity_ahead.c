/*
 * The old parity of a stripe that is to be extended, added to its sum before the last pack is sealed.
 *
 * Once a pack of the stripe is sealed its parity has to be written anew in any case.  Most of an intake is processors'
 * work; so the disk reads these files then, and not when all else is done and everybody waits for it.
 */
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { ROWS = 32, ROWS_BYTES = ROWS * VAULT_SECTOR }; /* at a time; vault_parity_fill takes as many */

bool vault_parity_waits(struct vault_writer *w)
{
    const struct parity_out *p = &w->parity;
    const struct vault_stripe *old = &p->stripe;
    if (!p->known || p->blocked.code != 0 || p->bare_count == 0 || atomic_load(&p->hurry))
        return false;
    if (old->packs == 0 || old->packs >= w->v->parity.packs)
        return false;
    const struct sum *s = vault_sum_of(&w->append.sums, old->stripe);
    return s != NULL && !atomic_load(&s->broken) && !s->old_failed &&
           (s->old_packs == 0 || s->old_rows < w->v->pack_sectors);
}

struct ahead {
    const struct vault *v;
    const struct vault_stripe *old;
    struct sum *sum;
    int fds[VAULT_PARITY_MAX];
    const struct hash *leaves[VAULT_PARITY_MAX];
    uint8_t *rows, *scratch;
};

static void ahead_release(struct ahead *a)
{
    for (size_t i = 0; i < COUNT(a->fds); i++)
        fd_drop(&a->fds[i]);
    free(a->rows);
    free(a->scratch);
}

static bool ahead_open(struct ahead *a)
{
    struct err e = {0};
    bool good = true;
    for (uint32_t i = 0; good && i < a->v->parity.files; i++) {
        struct file_path path;
        good = vault_parity_path(a->v->root, a->old, i, &path, &e) == 0 && file_open_copy(path.s, &a->fds[i], &e) == 0;
        if (good)
            (void)fcntl(a->fds[i], F_SETFL, O_RDONLY | O_DIRECT); /* where the file system can */
    }
    a->rows = aligned_alloc(PACK_ALIGN, (size_t)a->v->parity.files * ROWS_BYTES);
    a->scratch = malloc(SUM_SCRATCH);
    return good && a->rows != NULL && a->scratch != NULL;
}

/* As they were logged. */
static bool rows_read(const struct ahead *a, uint32_t file, uint32_t first, uint32_t count)
{
    uint8_t *to = a->rows + (size_t)file * ROWS_BYTES;
    struct bytes sector[ROWS];
    struct hash made[ROWS];
    size_t n = (size_t)count * VAULT_SECTOR;
    if (pread(a->fds[file], to, n, (off_t)first * VAULT_SECTOR) != (ssize_t)n)
        return false;
    for (uint32_t i = 0; i < count; i++)
        sector[i] = bytes_of(to + (size_t)i * VAULT_SECTOR, VAULT_SECTOR);
    crypt_leaf_hash_many(sector, count, made);
    for (uint32_t i = 0; i < count; i++)
        if (!hash_equal(&made[i], &a->leaves[file][first + i]))
            return false;
    return true;
}

/* Of all files or of none. */
static bool rows_add(const struct ahead *a, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < a->v->parity.files; i++)
        if (!rows_read(a, i, first, count))
            return false;
    for (uint32_t i = 0; i < a->v->parity.files; i++)
        vault_sum_mix(a->sum, i, first, bytes_of(a->rows + (size_t)i * ROWS_BYTES, (size_t)count * VAULT_SECTOR),
                      a->scratch);
    return true;
}

static bool all_add(struct vault_writer *w, const struct ahead *a)
{
    struct sum *s = a->sum;
    while (s->old_rows < a->v->pack_sectors && !atomic_load(&w->parity.hurry) && !atomic_load(&w->stop)) {
        uint32_t left = a->v->pack_sectors - s->old_rows;
        uint32_t count = left < ROWS ? left : ROWS;
        s->old_packs = a->old->packs; /* from here on there may be some of it in the sum */
        if (!rows_add(a, s->old_rows, count))
            return false;
        s->old_rows += count;
    }
    return true;
}

void vault_parity_ahead(struct vault_writer *w)
{
    const struct vault *v = w->v;
    const struct vault_stripe *old = &w->parity.stripe;
    OWN(ahead_release) struct ahead a = {.v = v, .old = old, .fds = {-1, -1, -1, -1}};
    struct trailer t;
    struct err e = {0};
    vault_trailer_shape(v->pack_sectors, old->packs + v->parity.files, &t);
    OWN(mem_drop) uint8_t *trailer = malloc((size_t)t.sectors * VAULT_SECTOR);
    (void)pthread_mutex_lock(&w->append.lock);
    a.sum = vault_sum_of(&w->append.sums, old->stripe);
    (void)pthread_mutex_unlock(&w->append.lock);
    assert(a.sum != NULL); /* only this thread and a flush, which waits for it, end one */
    bool good = trailer != NULL && vault_parity_trailer(v, old, &t, trailer, &e) == 0 && ahead_open(&a);
    for (uint32_t i = 0; good && i < v->parity.files; i++)
        a.leaves[i] = (const struct hash *)(const void *)(trailer + vault_trailer_leaf_at(&t, old->packs + i, 0));
    a.sum->old_failed = !good || !all_add(w, &a);
}
