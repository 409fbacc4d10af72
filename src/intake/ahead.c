/*
 * The walk, ahead of whoever is told of it.
 *
 * One thread walks and fills batches, the calling thread tells them in order.  Between the two each batch is worked on
 * by whichever of them has nothing better to do: small files are read whole and hashed, several side by side; larger
 * ones are hashed only, and only where the visitor has been asking for digests.  What cannot be read, or changes
 * meanwhile, is left as it was opened: the visitor reads it and finds that out.  So what is told is what a walk alone
 * would tell.
 */
#include "intake/intake_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum {
    BATCHES = 32,
    BATCHES_READ = 6, /* while nobody asks for digests: what is read ahead should still be warm when it is told */
    BATCH_FILES = 32,
    OPEN_FILES = 192, /* with what the walk has open: far below what a process may */
    BATCH_BYTES = 1 << 20,
    FILE_BYTES = 64 << 20, /* of one that is hashed ahead: nobody is told anything for as long as that takes */
    HUNGRY_MS = 2,
};

enum batch_state { BATCH_EMPTY, BATCH_FILLED, BATCH_TAKEN, BATCH_DONE };

struct ahead_found {
    struct intake_found found;
    size_t path_at, path_bytes, target_at, target_bytes; /* in the text */
    size_t held_at;                                      /* in the bytes */
};
struct batch {
    enum batch_state state;
    struct ahead_found list[BATCH_FILES];
    size_t count, open;
    struct buf text;
    uint8_t *bytes; /* BATCH_BYTES */
    size_t bytes_used;
    uint64_t began_ms;
};
struct ahead {
    const char *const *arguments;
    size_t argument_count;
    struct intake_teller teller;
    pthread_mutex_t lock;
    pthread_cond_t for_walker, for_teller;
    bool walker_waits, teller_waits;
    bool ended;  /* the walk: nothing more is filled */
    bool ending; /* nobody will be told any more */
    _Atomic bool hungry; /* the teller waits: what there is is worth telling */
    uint64_t filled, told; /* batches; told <= filled <= told + BATCHES */
    struct batch batch[BATCHES];
    _Atomic bool digests_wanted;
    int rc; /* of the walk */
    struct err failure;
};

static struct batch *batch_at(struct ahead *a, uint64_t n)
{
    return &a->batch[n % BATCHES];
}

static void batch_clear(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        fd_drop(&b->list[i].found.open.fd);
    buf_clear(&b->text);
    b->count = b->open = b->bytes_used = 0;
}

static void ahead_free(struct ahead *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < BATCHES; i++) {
        batch_clear(&a->batch[i]);
        buf_drop(&a->batch[i].text);
        free(a->batch[i].bytes);
    }
    intake_links_release(&a->teller.links);
    (void)pthread_mutex_destroy(&a->lock);
    (void)pthread_cond_destroy(&a->for_walker);
    (void)pthread_cond_destroy(&a->for_teller);
    free(a);
}

static void ahead_drop(struct ahead **a)
{
    ahead_free(*a);
    *a = NULL;
}

/* ---- work on a batch, by either thread ---- */

/* What has several names is left to its visitor: it is told as it is then, not as it was a moment ago. */
static bool is_small(const struct intake_open *open)
{
    return open->fd >= 0 && open->opened.st_size < BATCH_BYTES && open->opened.st_nlink == 1;
}

static bool is_large(const struct intake_open *open)
{
    return open->fd >= 0 && !is_small(open);
}

/* One byte more than there should be is asked for, so that the end is seen. */
static bool hold(struct intake_open *open, uint8_t *to)
{
    size_t n = (size_t)open->opened.st_size;
    if (pread(open->fd, to, n + 1, 0) != (ssize_t)n || !intake_still(open->fd, &open->opened))
        return false;
    open->held = to;
    (void)close(TAKE_FD(open->fd));
    return true;
}

/* Side by side, which takes half the time or less: whoever reads them wants their digests too. */
static void hash_held(struct batch *b, bool told)
{
    struct bytes messages[BATCH_FILES] = {0};
    struct hash digests[BATCH_FILES];
    struct intake_open *of[BATCH_FILES];
    size_t count = 0;
    for (size_t i = 0; i < b->count; i++) {
        struct intake_open *open = &b->list[i].found.open;
        if (open->held == NULL)
            continue;
        messages[count] = bytes_of(open->held, (size_t)open->opened.st_size);
        of[count++] = open;
    }
    crypt_sha256_many(messages, count, digests);
    for (size_t i = 0; i < count; i++) {
        of[i]->digest = digests[i];
        of[i]->hashed = true;
        of[i]->digested = told;
    }
}

/* Larger than a batch's bytes, and alone in it. */
static void hash_large(struct ahead *a, struct batch *b, struct intake_open *open)
{
    uint64_t size = (uint64_t)open->opened.st_size, at = 0;
    OWN(crypt_sha256_drop) struct crypt_sha256 *hash = crypt_sha256_new();
    if (hash == NULL)
        return;
    crypt_sha256_begin(hash);
    for (ssize_t n = 1; n > 0 && atomic_load_explicit(&a->digests_wanted, memory_order_relaxed);) {
        n = pread(open->fd, b->bytes, BATCH_BYTES, (off_t)at);
        if (n < 0)
            return;
        crypt_sha256_add(hash, bytes_of(b->bytes, (size_t)n));
        at += (uint64_t)n;
        if (at > size) /* it grows, perhaps as fast as it is read */
            return;
        if (at == size && n < BATCH_BYTES)
            break;
    }
    crypt_sha256_end(hash, &open->digest);
    open->digested = at == size && intake_still(open->fd, &open->opened);
}

static void work(struct ahead *a, struct batch *b)
{
    bool digests = atomic_load_explicit(&a->digests_wanted, memory_order_relaxed);
    for (size_t i = 0; i < b->count; i++) {
        struct intake_open *open = &b->list[i].found.open;
        if (is_small(open))
            b->open -= hold(open, b->bytes + b->list[i].held_at);
        else if (is_large(open) && digests && open->opened.st_nlink == 1 && open->opened.st_size <= FILE_BYTES)
            hash_large(a, b, open);
    }
    hash_held(b, digests);
}

/* The oldest batch that nobody has worked on.  With the lock, which is let go of meanwhile. */
static bool work_on_one(struct ahead *a)
{
    for (uint64_t n = a->told; n < a->filled; n++) {
        struct batch *b = batch_at(a, n);
        if (b->state != BATCH_FILLED)
            continue;
        b->state = BATCH_TAKEN;
        (void)pthread_mutex_unlock(&a->lock);
        work(a, b);
        (void)pthread_mutex_lock(&a->lock);
        b->state = BATCH_DONE;
        if (a->teller_waits)
            (void)pthread_cond_signal(&a->for_teller);
        return true;
    }
    return false;
}

/* ---- the thread that walks ---- */

static int stopped(struct err *e)
{
    return err_set(e, ERR_STOPPED, "interrupted");
}

/* With the lock. */
static bool too_far_ahead(struct ahead *a)
{
    bool digests = atomic_load_explicit(&a->digests_wanted, memory_order_relaxed);
    size_t open = 0;
    for (uint64_t n = a->told; n < a->filled; n++)
        open += batch_at(a, n)->state == BATCH_TAKEN ? BATCH_FILES : batch_at(a, n)->open;
    return a->filled - a->told >= (digests ? BATCHES : BATCHES_READ) || open >= OPEN_FILES;
}

/* Gives away what is filled, if anything, and waits for an empty one, with work. */
static int batch_next(struct ahead *a, struct err *e)
{
    (void)pthread_mutex_lock(&a->lock);
    if (batch_at(a, a->filled)->count > 0) {
        batch_at(a, a->filled++)->state = BATCH_FILLED;
        if (a->teller_waits)
            (void)pthread_cond_signal(&a->for_teller);
    }
    while (!a->ending && too_far_ahead(a))
        if (!work_on_one(a)) {
            a->walker_waits = true;
            (void)pthread_cond_wait(&a->for_walker, &a->lock);
            a->walker_waits = false;
        }
    bool ending = a->ending;
    (void)pthread_mutex_unlock(&a->lock);
    return ending ? stopped(e) : 0;
}

/* Room that the file's bytes take in a batch, with the one that tells the end; none for what is not held. */
static size_t held_bytes(const struct intake_open *open)
{
    return is_small(open) ? (size_t)open->opened.st_size + 1 : 0;
}

static bool fits(const struct batch *b, const struct intake_open *open)
{
    return b->count == 0 || (b->count < BATCH_FILES && !is_large(open) &&
                             !is_large(&b->list[b->count - 1].found.open) &&
                             b->bytes_used + held_bytes(open) <= BATCH_BYTES);
}

static int batch_add(struct ahead *a, struct batch *b, struct intake_found *found, struct err *e)
{
    if (b->bytes == NULL)
        b->bytes = malloc(BATCH_BYTES);
    if (b->bytes == NULL)
        return err_memory(e);
    const size_t at = b->text.n;
    buf_put_bytes(&b->text, found->entry.path);
    buf_put_bytes(&b->text, found->entry.target);
    int rc = buf_check(&b->text, e);
    if (rc != 0) /* what is in the batch already is told all the same, and this stays the walk's */
        return rc;
    if (b->count == 0)
        b->began_ms = time_monotonic_ms();
    struct ahead_found *to = &b->list[b->count++];
    *to = (struct ahead_found){.found = *found,
                               .path_at = at,
                               .path_bytes = found->entry.path.n,
                               .target_at = at + found->entry.path.n,
                               .target_bytes = found->entry.target.n,
                               .held_at = b->bytes_used};
    found->open.fd = -1;
    to->found.open.digests_wanted = &a->digests_wanted;
    b->open += to->found.open.fd >= 0;
    b->bytes_used += held_bytes(&to->found.open);
    return 0;
}

static int found_ahead(void *context, struct intake_found *found, struct err *e)
{
    struct ahead *a = context;
    int rc = fits(batch_at(a, a->filled), &found->open) ? 0 : batch_next(a, e);
    struct batch *b = batch_at(a, a->filled);
    if (rc == 0)
        rc = batch_add(a, b, found, e);
    if (rc == 0 && atomic_load_explicit(&a->hungry, memory_order_relaxed) &&
        time_monotonic_ms() - b->began_ms >= HUNGRY_MS)
        rc = batch_next(a, e);
    return rc;
}

static void *walk(void *context)
{
    struct ahead *a = context;
    struct intake_walking walking = {found_ahead, a};
    a->rc = intake_walk_all(a->arguments, a->argument_count, &walking, false, &a->failure);
    struct err mine = {0};
    (void)batch_next(a, &mine); /* the last one */
    (void)pthread_mutex_lock(&a->lock);
    a->ended = true;
    while (!a->ending && work_on_one(a))
        ;
    (void)pthread_cond_signal(&a->for_teller);
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* ---- the thread that tells ---- */

/* The next batch, worked on; NULL behind the last. */
static struct batch *next(struct ahead *a)
{
    struct batch *b = NULL;
    (void)pthread_mutex_lock(&a->lock);
    for (;;) {
        bool any = a->told < a->filled;
        if (any && batch_at(a, a->told)->state == BATCH_DONE) {
            b = batch_at(a, a->told);
            b->state = BATCH_TAKEN;
            break;
        }
        if (!any && a->ended)
            break;
        if (work_on_one(a))
            continue;
        a->teller_waits = true;
        atomic_store_explicit(&a->hungry, !any, memory_order_relaxed);
        (void)pthread_cond_wait(&a->for_teller, &a->lock);
        atomic_store_explicit(&a->hungry, false, memory_order_relaxed);
        a->teller_waits = false;
    }
    (void)pthread_mutex_unlock(&a->lock);
    return b;
}

/* What was not read may have changed since it was opened: as if it were opened now. */
static void look_again(struct intake_found *f)
{
    struct stat st;
    if (f->open.fd < 0 || f->open.digested || fstat(f->open.fd, &st) != 0)
        return;
    f->open.opened = st;
    intake_entry_of(&st, &f->entry);
}

static int tell_batch(struct ahead *a, struct batch *b, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->count; i++) {
        struct ahead_found *f = &b->list[i];
        f->found.entry.path = bytes_of(b->text.p + f->path_at, f->path_bytes);
        f->found.entry.target = bytes_of(b->text.p + f->target_at, f->target_bytes);
        look_again(&f->found);
        rc = intake_tell(&a->teller, &f->found, e);
    }
    batch_clear(b);
    return rc;
}

static void batch_told(struct ahead *a, struct batch *b)
{
    (void)pthread_mutex_lock(&a->lock);
    b->state = BATCH_EMPTY;
    a->told++;
    if (a->walker_waits)
        (void)pthread_cond_signal(&a->for_walker);
    (void)pthread_mutex_unlock(&a->lock);
}

static void end(struct ahead *a, pthread_t walker)
{
    (void)pthread_mutex_lock(&a->lock);
    a->ending = true;
    (void)pthread_cond_signal(&a->for_walker);
    (void)pthread_mutex_unlock(&a->lock);
    (void)pthread_join(walker, NULL);
}

int intake_walk_ahead(const char *const *arguments, size_t count, const struct intake_visitor *visitor, struct err *e)
{
    OWN(ahead_drop) struct ahead *a = calloc(1, sizeof *a);
    pthread_t walker;
    if (a == NULL)
        return err_memory(e);
    a->arguments = arguments;
    a->argument_count = count;
    a->teller.visitor = visitor;
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->for_walker, NULL);
    (void)pthread_cond_init(&a->for_teller, NULL);
    if (pthread_create(&walker, NULL, walk, a) != 0) { /* no thread to be had is no reason to fail */
        struct intake_visitor alone = {visitor->entry, visitor->context, false};
        return intake_walk(arguments, count, &alone, e);
    }
    int rc = 0;
    for (struct batch *b; rc == 0 && (b = next(a)) != NULL;) {
        rc = tell_batch(a, b, e);
        batch_told(a, b);
    }
    end(a, walker);
    if (rc == 0 && a->rc != 0)
        rc = err_set(e, a->rc, "%s", a->failure.text);
    return rc;
}
