/* A writer's beginning and end, its failure, and what its threads wait for. */
#include "vault/vault_internal.h"

/* ---- failure ---- */

int vault_writer_fail(struct vault_writer *w, int rc, const struct err *e)
{
    assert(rc != 0);
    (void)pthread_mutex_lock(&w->lock);
    if (w->failed == 0) {
        w->failed = rc;
        w->failure = *e;
    }
    atomic_store(&w->stop, true);
    (void)pthread_cond_broadcast(&w->room);
    (void)pthread_cond_broadcast(&w->idle);
    (void)pthread_cond_broadcast(&w->turned);
    (void)pthread_mutex_unlock(&w->lock);
    vault_append_wake(&w->append);
    vault_book_wake(&w->book);
    return rc;
}

int vault_writer_failed(struct vault_writer *w, struct err *e)
{
    (void)pthread_mutex_lock(&w->lock);
    int rc = w->failed;
    if (rc != 0 && e != NULL)
        *e = w->failure;
    (void)pthread_mutex_unlock(&w->lock);
    return rc;
}

/* ---- tasks and pieces, under the lock ---- */

int vault_task_add(struct vault_writer *w, const struct task *t, struct err *e)
{
    struct task *task = malloc(sizeof(*task));
    if (task == NULL)
        return err_memory(e);
    *task = *t;
    task->next = NULL;
    *w->last = task;
    w->last = &task->next;
    (void)pthread_cond_signal(&w->work);
    return 0;
}

void vault_piece_release(struct vault_writer *w, struct piece *p)
{
    assert(p->refs != 0);
    if (--p->refs != 0)
        return;
    p->next = w->free_pieces;
    w->free_pieces = p;
    (void)pthread_cond_signal(&w->room);
}

/* ---- threads ---- */

/* The next sealed pack, once its sectors are all written: parity takes packs in their order. */
static struct pack_out *pack_to_sync(const struct append *a)
{
    struct pack_out *p = a->packs;
    while (p != NULL && p->synced)
        p = p->next;
    return p != NULL && p->sealed && p->written == p->sectors - p->first_sector ? p : NULL;
}

/* The lock is let go meanwhile. */
static int pack_sync(struct vault_writer *w, struct pack_out *p, struct err *e)
{
    struct append *a = &w->append;
    (void)pthread_mutex_unlock(&a->lock);
    int rc = vault_pack_finish(a, p, e);
    if (rc == 0)
        rc = vault_pack_sample(a, p, e);
    (void)pthread_mutex_lock(&a->lock);
    struct vault_pack pack = {p->number, p->sectors, true, p->root};
    if (rc == 0)
        rc = vault_parity_bare(w, &pack, &p->leaves, p->inherited, e);
    p->synced = rc == 0;
    fd_drop(&p->fd);
    p->fd = -1;
    return rc;
}

static int stripe_fill(struct vault_writer *w, struct err *e)
{
    struct append *a = &w->append;
    w->parity.summing = true;
    (void)pthread_mutex_unlock(&a->lock);
    int rc = vault_parity_fill(w, w->v->threads, e); /* they wait for the disk most of the time */
    (void)pthread_mutex_lock(&a->lock);
    w->parity.summing = false;
    return rc;
}

static void stripe_prepare(struct vault_writer *w)
{
    struct append *a = &w->append;
    w->parity.summing = true;
    (void)pthread_mutex_unlock(&a->lock);
    vault_parity_ahead(w);
    (void)pthread_mutex_lock(&a->lock);
    w->parity.summing = false;
}

/*
 * Sealed packs are synced while others are being filled, full stripes summed, and what a stripe's old files say is
 * fetched, so that the flush has little left to wait for.
 */
void *vault_syncer(void *writer)
{
    struct vault_writer *w = writer;
    struct append *a = &w->append;
    (void)pthread_mutex_lock(&a->lock);
    while (!atomic_load(&w->stop)) {
        struct err e = {0};
        struct pack_out *p = pack_to_sync(a);
        int rc = 0;
        if (p != NULL)
            rc = pack_sync(w, p, &e);
        else if (w->parity.known && vault_parity_full(w))
            rc = stripe_fill(w, &e);
        else if (vault_parity_waits(w))
            stripe_prepare(w);
        else {
            (void)pthread_cond_wait(&a->moved, &a->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&a->lock);
        if (rc != 0)
            (void)vault_writer_fail(w, rc, &e);
        (void)pthread_mutex_lock(&a->lock);
        (void)pthread_cond_broadcast(&a->moved);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

static int threads_start(struct vault_writer *w, struct err *e)
{
    for (unsigned i = 0; i < w->v->threads; i++) {
        struct worker *me = &w->workers[i];
        me->w = w;
        me->lane = &w->append.lanes[i];
        int number = pthread_create(&me->thread, NULL, vault_worker, me);
        if (number != 0)
            return err_os(e, ERR_IO, number, "cannot start a thread");
        w->worker_count++;
    }
    int number = pthread_create(&w->syncer, NULL, vault_syncer, w);
    if (number != 0)
        return err_os(e, ERR_IO, number, "cannot start a thread");
    w->syncing = true;
    return 0;
}

static void threads_join(struct vault_writer *w)
{
    atomic_store(&w->stop, true);
    (void)pthread_mutex_lock(&w->lock);
    w->closing = true;
    (void)pthread_cond_broadcast(&w->work);
    (void)pthread_cond_broadcast(&w->turned);
    (void)pthread_mutex_unlock(&w->lock);
    vault_append_wake(&w->append);
    vault_book_wake(&w->book);
    for (unsigned i = 0; i < w->worker_count; i++)
        (void)pthread_join(w->workers[i].thread, NULL);
    if (w->syncing)
        (void)pthread_join(w->syncer, NULL);
}

/* ---- beginning ---- */

static int pieces_init(struct vault_writer *w, struct err *e)
{
    for (size_t i = 0; i < PIECES; i++) {
        struct piece *p = &w->pieces[i];
        p->memory = malloc((size_t)w->v->chunk_max + PIECE);
        if (p->memory == NULL)
            return err_memory(e);
        p->data = p->memory + w->v->chunk_max;
        p->next = w->free_pieces;
        w->free_pieces = p;
    }
    return 0;
}

static int open_pack_check(const struct vault *v, const struct vault_pack *open_pack, uint64_t next_pack,
                           uint64_t next_record, struct err *e)
{
    bool sane = next_pack >= v->span.first && next_pack < v->span.end;
    sane = sane && (open_pack == NULL || (!open_pack->sealed && open_pack->sectors < v->pack_sectors &&
                                      open_pack->sectors != 0 && open_pack->pack < next_pack));
    if (v->run_count != 0) {
        const struct vault_run *last = &v->runs[v->run_count - 1];
        sane = sane && last->first_record + last->records == next_record;
    }
    if (!sane)
        return err_set(e, ERR_DAMAGED, "the journal's runs and packs do not fit together: run groundwork verify");
    return 0;
}

/* The open pack as it was committed, held to its root, ready to be written on. */
static int open_pack_take(const struct vault *v, const struct vault_pack *logged, struct pack_out **ret,
                          struct err *e)
{
    struct file_path path;
    struct pack_out *p = vault_pack_out_new(logged->pack, v->pack_sectors);
    if (p == NULL)
        return err_memory(e);
    p->first_sector = logged->sectors;
    p->inherited = true;
    p->sectors = logged->sectors;
    OWN(fd_drop) int fd = -1;
    OWN(mem_drop) bool *there = calloc(logged->sectors, sizeof *there);
    int rc = there == NULL ? err_memory(e) : vault_pack_path(v->root, logged->pack, 'a', &path, e);
    if (rc == 0)
        rc = file_open_copy(path.s, &fd, e);
    if (rc == 0)
        rc = vault_sectors_hash(fd, 0, logged->sectors, p->leaves, there, NULL, NULL, e);
    for (uint32_t i = 0; rc == 0 && i < logged->sectors; i++)
        vault_merkle_add(&p->tree, &p->leaves[i]);
    vault_merkle_root(&p->tree, &p->root);
    if (rc == ERR_ABSENT || (rc == 0 && !hash_equal(&p->root, &logged->root)))
        rc = ERR_DAMAGED;
    if (rc == ERR_DAMAGED)
        (void)err_set(e, rc, "pack %llu: the open pack is not as it was logged: run groundwork repair",
                      (unsigned long long)logged->pack);
    if (rc == 0)
        rc = vault_pack_open(path.s, 0, &p->fd, e);
    if (rc != 0) {
        vault_pack_out_free(p);
        return rc;
    }
    *ret = p;
    return 0;
}

static int folders_make(const struct vault *v, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/vault", v->root);
    if (rc == 0)
        rc = file_make_folders(path.s, e);
    if (rc == 0)
        rc = file_path(&path, e, "%s/b/open", v->root);
    return rc == 0 ? file_make_folders(path.s, e) : rc;
}

static int writer_init(struct vault_writer *w, const struct vault_memory *memory, uint64_t next_pack,
                       uint64_t next_record, struct err *e)
{
    w->last = &w->first;
    w->gathered_last = &w->gathered;
    w->owes = true;
    vault_parity_init(&w->parity);
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->work, NULL);
    (void)pthread_cond_init(&w->room, NULL);
    (void)pthread_cond_init(&w->idle, NULL);
    (void)pthread_cond_init(&w->turned, NULL);
    int book = vault_book_init(&w->book, w->v, memory, e);
    int append = vault_append_init(&w->append, w->v, &w->stop, w->v->threads + 1, e);
    int rc = book != 0 ? book : append;
    if (rc == 0)
        rc = pieces_init(w, e);
    int digest = vault_digest_init(w, e);
    if (rc != 0 || digest != 0)
        return err_memory(e);
    w->lane = &w->append.lanes[w->v->threads];
    w->append.next_pack = w->next_pack = next_pack;
    w->append.next_record = w->next_record = next_record;
    return 0;
}

int vault_writer_open(struct vault *v, const struct vault_pack *open_pack, uint64_t next_pack, uint64_t next_record,
                      const struct vault_memory *memory, struct vault_writer **ret, uint64_t *ret_cut_bytes,
                      struct err *e)
{
    assert(v->keyed);
    int rc = open_pack_check(v, open_pack, next_pack, next_record, e);
    if (rc != 0)
        return rc;
    OWN(vault_writer_drop) struct vault_writer *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return err_memory(e);
    w->v = v;
    rc = writer_init(w, memory, next_pack, next_record, e);
    if (rc == 0 && open_pack != NULL)
        rc = open_pack_take(v, open_pack, &w->append.pack, e);
    w->append.packs = w->append.pack;
    if (rc == 0)
        rc = folders_make(v, e);
    if (rc == 0)
        rc = vault_pack_cut(&(struct vault_cut){v->root, v->span, open_pack, next_pack}, ret_cut_bytes, e);
    if (rc == 0)
        rc = threads_start(w, e);
    if (rc == 0)
        *ret = TAKE(w);
    return rc;
}

/* ---- end ---- */

static void objects_free(struct vault_writer *w, struct object *o)
{
    while (o != NULL) {
        struct object *next = o->next;
        vault_object_free(w, o);
        o = next;
    }
}

void vault_writer_close(struct vault_writer *w)
{
    if (w == NULL)
        return;
    threads_join(w);
    vault_digest_release(w);
    objects_free(w, w->gathered);
    objects_free(w, w->ready);
    vault_object_free(w, w->current);
    for (size_t i = 0; i < PIECES; i++) {
        const struct piece *p = &w->pieces[i];
        if (p->low != NULL)
            crypt_wipe(p->low, (size_t)(p->data + PIECE - p->low));
        free(p->memory);
    }
    vault_append_release(&w->append);
    vault_parity_release(&w->parity);
    vault_book_release(&w->book);
    (void)pthread_mutex_destroy(&w->lock);
    (void)pthread_cond_destroy(&w->work);
    (void)pthread_cond_destroy(&w->room);
    (void)pthread_cond_destroy(&w->idle);
    (void)pthread_cond_destroy(&w->turned);
    free(w);
}

void vault_writer_drop(struct vault_writer **w)
{
    vault_writer_close(*w);
}
