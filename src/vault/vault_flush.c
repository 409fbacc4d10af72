/*
 * Flush and commit.
 *
 * Order: all records into sectors, sectors into packs, packs fsynced; copy b of the open pack, parity; then the
 * folders.  Only then does the caller hear of it, and only when he says that it is committed does anything old go:
 * copies b of packs that are sealed now, parity that was replaced.
 */
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

void vault_flushed_release(struct vault_flushed *f)
{
    free(f->objects);
    free(f->frames);
    free(f->runs);
    free(f->packs);
    free(f->stripes);
    *f = (struct vault_flushed){0};
}

/* Until no task is left or the writer has failed. */
static void idle_wait(struct vault_writer *w)
{
    while ((w->busy != 0 || w->first != NULL) && w->failed == 0)
        (void)pthread_cond_wait(&w->idle, &w->lock);
}

static int objects_finish(struct vault_writer *w, struct err *e)
{
    int rc = vault_gather_send(w, e);
    if (rc != 0)
        return rc;
    (void)pthread_mutex_lock(&w->lock);
    idle_wait(w);
    rc = vault_manifests_send(w, e);
    if (rc == 0)
        idle_wait(w);
    (void)pthread_mutex_unlock(&w->lock);
    return rc == 0 ? vault_writer_failed(w, e) : rc;
}

static bool sealed_done(const struct vault_writer *w)
{
    for (const struct pack_out *p = w->append.packs; p != NULL; p = p->next)
        if (p->sealed && !p->synced)
            return false;
    return !w->parity.summing && !vault_parity_full(w);
}

/* Until the syncer has nothing left to do. */
static int sealed_wait(struct vault_writer *w)
{
    struct append *a = &w->append;
    (void)pthread_mutex_lock(&a->lock);
    while (!sealed_done(w) && !atomic_load(a->stop))
        (void)pthread_cond_wait(&a->moved, &a->lock);
    (void)pthread_mutex_unlock(&a->lock);
    return atomic_load(a->stop) ? ERR_STOPPED : 0;
}

/* The sectors that copy b lacks, read back from copy a and held to what was written. */
static int copy_b_write(const struct pack_out *p, const char *path_a, const char *path, int flags, uint32_t from,
                        struct err *e)
{
    OWN(fd_drop) int source = -1;
    OWN(fd_drop) int fd = -1;
    int rc = file_open_read(path_a, &source, e);
    if (rc == 0)
        rc = vault_pack_open(path, O_CREAT | flags, &fd, e);
    if (rc == 0)
        rc = vault_pack_copy(source, fd, from, p->sectors, p->leaves, path_a, e);
    return rc == 0 ? file_sync(fd, path, e) : rc;
}

static int copy_b_sectors(const char *path, uint64_t *ret, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    uint64_t bytes = 0;
    int rc = file_open_copy(path, &fd, e);
    if (rc == 0)
        rc = file_size(fd, &bytes, path, e);
    *ret = bytes / VAULT_SECTOR;
    return rc == ERR_ABSENT || rc == ERR_DAMAGED ? 0 : rc; /* a new one takes its place */
}

/*
 * Copy b of the open pack.  What this flush brought is written behind what was committed.  Where copy b lacks committed
 * sectors, after a part or a crash, a new one is made: an old or a whole copy b is there at any time, never a mixture.
 */
static int copy_b_make(const struct vault *v, const struct pack_out *p, struct err *e)
{
    struct file_path path_a;
    struct file_path path;
    struct file_path fresh;
    uint64_t has = 0;
    int rc = vault_pack_path(v->root, p->number, 'a', &path_a, e);
    if (rc == 0)
        rc = vault_pack_path(v->root, p->number, 'b', &path, e);
    if (rc == 0)
        rc = file_path(&fresh, e, "%s" COPY_B_FRESH, path.s);
    if (rc == 0)
        rc = copy_b_sectors(path.s, &has, e);
    if (rc != 0 || has == p->sectors)
        return rc;
    if (has == p->first_sector && has != 0) {
        rc = copy_b_write(p, path_a.s, path.s, 0, p->first_sector, e);
        return rc == 0 ? file_sync_parent(path.s, e) : rc;
    }
    rc = copy_b_write(p, path_a.s, fresh.s, O_TRUNC, 0, e);
    if (rc == 0 && rename(fresh.s, path.s) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot rename %s", fresh.s);
    return rc == 0 ? file_sync_parent(path.s, e) : rc;
}

static int folders_sync(const struct vault *v, const struct append *a, struct err *e)
{
    uint64_t done = UINT64_MAX;
    for (const struct pack_out *p = a->packs; p != NULL; p = p->next) {
        if (!p->fresh || p->number / 1000 == done)
            continue;
        struct file_path folder;
        int rc = vault_pack_folder(v->root, p->number, 'a', &folder, e);
        if (rc == 0)
            rc = file_sync_folder(folder.s, e);
        if (rc != 0)
            return rc;
        done = p->number / 1000;
    }
    return 0;
}

static int packs_finish(struct vault_writer *w, struct err *e)
{
    struct append *a = &w->append;
    int rc = vault_append_end(a, w->lane, e);
    if (rc == 0)
        rc = sealed_wait(w);
    if (rc == 0 && a->pack != NULL)
        rc = vault_pack_finish(a, a->pack, e);
    return rc == 0 ? folders_sync(w->v, a, e) : rc;
}

static void summing_set(struct vault_writer *w, bool summing)
{
    (void)pthread_mutex_lock(&w->append.lock);
    w->parity.summing = summing;
    (void)pthread_mutex_unlock(&w->append.lock);
}

/* The second copy, made by a thread of its own beside parity: both wait for the disk. */
struct doubling {
    const struct vault *v;
    const struct pack_out *open;
    int rc;
    struct err e;
};

static void *copy_b_work(void *doubling)
{
    struct doubling *d = doubling;
    d->rc = copy_b_make(d->v, d->open, &d->e);
    return NULL;
}

static int parity_make(struct vault_writer *w, struct err *e)
{
    summing_set(w, true);
    int rc = vault_parity_fill(w, w->v->threads, e);
    summing_set(w, false);
    return rc;
}

/*
 * What parts leave to the last one: a second copy of everything that no parity covers, and parity over all that is
 * sealed.  A part itself sees to packs that hold something of earlier intakes: their copy b goes with its commit.
 */
static int doubled(struct vault_writer *w, bool part, struct err *e)
{
    struct doubling d = {.v = w->v, .open = w->append.pack};
    pthread_t thread;
    bool copied = d.open != NULL && !part;
    bool summed = w->parity.bare_count != 0 && w->parity.blocked.code == 0 && (!part || vault_parity_urgent(w));
    bool beside = copied && summed && pthread_create(&thread, NULL, copy_b_work, &d) == 0;
    if (copied && !beside)
        (void)copy_b_work(&d);
    bool failed = !beside && d.rc != 0;
    int rc = summed && !failed ? parity_make(w, e) : 0;
    if (beside)
        (void)pthread_join(thread, NULL);
    return rc == 0 && d.rc != 0 ? err_set(e, d.rc, "%s", d.e.text) : rc;
}

/* ---- what the caller is told ---- */

static int lists_make(struct vault_writer *w, struct vault_flushed *f, struct err *e)
{
    struct append *a = &w->append;
    size_t packs = 0;
    for (const struct pack_out *p = a->packs; p != NULL; p = p->next)
        packs++;
    int rc = vault_book_lists(&w->book, f, e);
    f->packs = calloc(packs + 1, sizeof(*f->packs));
    f->runs = calloc(a->done_count + 1, sizeof(*f->runs));
    if (rc != 0 || f->packs == NULL || f->runs == NULL)
        return err_memory(e);
    for (const struct pack_out *p = a->packs; p != NULL; p = p->next)
        if (p->sectors != p->first_sector)
            f->packs[f->pack_count++] = (struct vault_pack){p->number, p->sectors, p->sealed, p->root};
    if (a->done_count != 0)
        memcpy(f->runs, a->done, a->done_count * sizeof(*f->runs));
    f->run_count = a->done_count;
    f->next_pack = a->next_pack;
    f->next_record = a->next_record;
    f->stored_bytes = a->written_bytes;
    return 0;
}

/* The next flush begins where this one ended. */
static void append_renew(struct vault_writer *w)
{
    struct append *a = &w->append;
    (void)pthread_mutex_lock(&a->lock);
    while (a->packs != NULL && a->packs->sealed) {
        struct pack_out *p = a->packs;
        a->packs = p->next;
        vault_pack_out_free(p);
    }
    assert(a->packs == a->pack && a->runs == NULL);
    if (a->pack != NULL) {
        a->pack->fresh = false;
        a->pack->first_sector = a->pack->sectors;
        a->pack->written = 0;
    }
    a->done_count = 0;
    a->written_bytes = 0;
    w->next_pack = a->next_pack;
    w->next_record = a->next_record;
    (void)pthread_mutex_unlock(&a->lock);
}

static bool anything_kept(struct book *b)
{
    bool kept = false;
    (void)pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < b->owners.count && !kept; i++) {
        const struct owner *o = vault_shelf_at(&b->owners, i);
        kept = o->state == OWNER_KEPT;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return kept;
}

/* Nobody is at work, and nothing was written: an object that was forgotten may have been both. */
static bool at_rest(struct vault_writer *w)
{
    struct append *a = &w->append;
    (void)pthread_mutex_lock(&w->lock);
    bool rest = w->busy == 0 && w->first == NULL;
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_mutex_lock(&a->lock);
    rest = rest && a->run == NULL && a->runs == NULL && sealed_done(w) && w->parity.made_count == 0;
    for (const struct pack_out *p = a->packs; p != NULL; p = p->next)
        rest = rest && p->sectors == p->first_sector;
    (void)pthread_mutex_unlock(&a->lock);
    return rest;
}

static int flush(struct vault_writer *w, bool part, struct vault_flushed *ret, struct err *e)
{
    assert(w->current == NULL && !w->flushed);
    int rc = vault_writer_failed(w, e);
    if (rc != 0)
        return rc;
    struct vault_flushed f = {.next_pack = w->next_pack, .next_record = w->next_record};
    if (!anything_kept(&w->book) && at_rest(w) && (part || !w->owes)) {
        *ret = f;
        return 0;
    }
    struct err why = {0};
    rc = objects_finish(w, &why);
    atomic_store(&w->parity.hurry, true); /* until parity is made: the syncer may wake at any time, and for nothing */
    if (rc == 0)
        rc = packs_finish(w, &why);
    if (rc == 0)
        rc = lists_make(w, &f, &why);
    if (rc == 0)
        rc = doubled(w, part, &why);
    if (rc == 0)
        rc = vault_parity_told(w, &f, &why);
    atomic_store(&w->parity.hurry, false);
    if (rc != 0) {
        vault_flushed_release(&f);
        (void)vault_writer_fail(w, rc, &why);
        return vault_writer_failed(w, e);
    }
    append_renew(w);
    w->flushed = true;
    w->owes = part;
    *ret = f;
    return 0;
}

int vault_flush(struct vault_writer *w, struct vault_flushed *ret, struct err *e)
{
    return flush(w, false, ret, e);
}

int vault_flush_part(struct vault_writer *w, struct vault_flushed *ret, struct err *e)
{
    return flush(w, true, ret, e);
}

static int copy_b_remove(const struct vault_writer *w, uint64_t pack, struct err *e)
{
    struct file_path path;
    int rc = vault_pack_path(w->v->root, pack, 'b', &path, e);
    return rc == 0 && file_exists(path.s) ? file_remove(path.s, e) : rc;
}

/* A sealed pack that parity covers, or will not: one that an earlier damaged pack keeps parity from is bare meanwhile,
 * and its second copy stays until it is not. */
static int copies_b_remove(const struct vault_writer *w, const struct vault_flushed *f, struct err *e)
{
    const struct vault_parity *parity = &w->v->parity;
    int rc = 0;
    for (size_t i = 0; i < f->pack_count && rc == 0; i++)
        if (f->packs[i].sealed && (parity->packs == 0 || f->parity_blocked.code == 0))
            rc = copy_b_remove(w, f->packs[i].pack, e);
    for (size_t i = 0; i < f->stripe_count && rc == 0; i++)
        for (uint32_t k = 0; k < f->stripes[i].packs && rc == 0; k++)
            rc = copy_b_remove(w, f->stripes[i].stripe * parity->packs + k, e);
    return rc;
}

int vault_committed(struct vault_writer *w, const struct vault_flushed *f, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < f->run_count && rc == 0; i++)
        rc = vault_run_add(w->v, &f->runs[i], e);
    if (rc == 0)
        rc = copies_b_remove(w, f, e);
    if (rc == 0 && f->stripe_count != 0)
        rc = vault_parity_committed(w, e);
    if (rc != 0)
        return vault_writer_fail(w, rc, e);
    if (w->flushed && w->owes) /* a part: until the next commit nothing is erased */
        vault_book_age(&w->book);
    else if (w->flushed)
        vault_book_clear(&w->book);
    w->flushed = false;
    return 0;
}
