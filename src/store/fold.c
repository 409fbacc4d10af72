/*
 * Accesses that wait in spools, put on the log by the next commit, as their readers signed them and under the secrets
 * that they drew.  FORMAT 15.3.
 *
 * Records are opened and checked by as many threads as there are processors, and taken in their order by one: which of
 * them follow, and which go on the log, does not depend on how many look.  Where all of them are to go on the log the
 * one commits as it goes, and the others look at what follows meanwhile.
 *
 * A file is shortened only when its frames are on the log for good.  The newest of them stays, so that whoever reads on
 * knows what to go on from.  What a crash between the two leaves is known by its number, and not put there twice.
 */
#include "store/store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
    FOLD_BYTES_MAX = 16 << 20, /* in one commit; the rest waits for the next one */
    FOLD_BYTES_WORTH = 2 << 20, /* a commit, when nothing more is ready */
};

void store_record_release(struct store_record *r)
{
    buf_wipe(&r->held);
    statement_held_drop(&r->statement);
    key_drop(&r->content.secret);
}

/* The last leaf up to ${now} where she could sign this kind; UINT64_MAX: there is none. */
static uint64_t signed_last(const struct history_member *m, enum statement_kind kind, uint64_t now)
{
    uint64_t end = m->until < now ? m->until : now;
    for (size_t i = m->turn_count; i-- > 0;)
        if (m->turns[i].from <= end) {
            if (statement_role_may(m->turns[i].role, kind))
                return end;
            if (m->turns[i].from == 0)
                break;
            end = m->turns[i].from - 1;
        }
    return UINT64_MAX;
}

int store_record_signed(struct store *s, const struct store_spool_lock *lock, enum statement_kind kind,
                        struct store_record *ret, struct err *e)
{
    const struct history_member *signer = NULL;
    struct history_reading what = {0, ret->content.statement, ret->content.values, &ret->content.secret, NULL,
                                   ret->owed};
    for (size_t i = 0; i < s->history.count; i++) {
        const struct history_member *m = &s->history.members[i];
        what.leaf = signed_last(m, kind, lock->leaves);
        if (memcmp(m->key.id, lock->of->b, sizeof m->key.id) != 0 || what.leaf == UINT64_MAX)
            continue;
        ret->gone = what.leaf != lock->leaves;
        int rc = history_read(&s->history, &what, &ret->statement, &ret->st, &signer, e);
        if (rc == 0 && (signer != m || ret->st.kind != kind || (m->held >> s->compartment_at & 1) == 0))
            rc = err_set(e, ERR_DAMAGED, "a record that waits is not of the member whose it says it is");
        if (rc == 0)
            leaf_entry_hidden(&ret->content.secret, ret->content.statement, ret->entry);
        return rc;
    }
    return err_set(e, ERR_DAMAGED, "the member of this spool is none of this repository's");
}

int store_record_read(struct store *s, const struct store_spool_lock *lock, struct bytes frame,
                      struct store_record *ret, struct err *e)
{
    int rc = store_spool_open(lock, frame, &ret->held, &ret->content, e);
    if (rc == 0)
        rc = store_record_signed(s, lock, STATEMENT_ACCESSED, ret, e);
    if (rc != 0)
        return rc;
    return memcmp(ret->st.place.investigation, lock->of->b + 4, STATEMENT_ID) == 0
               ? 0
               : err_set(e, ERR_DAMAGED, "a record of an access is not of the device of its spool");
}

/* ---- which spools there are ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct store_fold *)a)->name, ((const struct store_fold *)b)->name);
}

static int fold_room(struct store_folds *f, struct err *e)
{
    if (f->count < f->room)
        return 0;
    size_t room = f->room * 2 + 8;
    struct store_fold *grown = reallocarray(f->list, room, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    f->list = grown;
    f->room = room;
    return 0;
}

void store_folds_release(struct store_folds *f)
{
    free(f->list);
    *f = (struct store_folds){0};
}

/* Its frames are under a key of the compartment, so each compartment has a folder. */
int store_spool_folder(const struct store *s, struct file_path *ret, struct err *e)
{
    char hex[2 * KEYRING_ID + 1];
    hex_put(hex, s->compartment, KEYRING_ID);
    return s->compartment_at == 0 ? file_path(ret, e, "%s/spool", s->root)
                                  : file_path(ret, e, "%s/spool/%s", s->root, hex);
}

static int spool_path(const struct store *s, const struct store_fold *f, struct file_path *ret, struct err *e)
{
    struct file_path folder;
    int rc = store_spool_folder(s, &folder, e);
    return rc == 0 ? file_path(ret, e, "%s/%s", folder.s, f->name) : rc;
}

/* No folder is no spool. */
int store_folds_list(const struct store *s, struct store_folds *ret, struct err *e)
{
    struct file_path folder;
    int rc = store_spool_folder(s, &folder, e);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    errno = 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL; errno = 0) {
        struct store_spool_of of;
        if (!store_spool_named(d->d_name, &of))
            continue;
        rc = fold_room(ret, e);
        if (rc == 0) {
            ret->list[ret->count] = (struct store_fold){.of = of};
            memcpy(ret->list[ret->count++].name, d->d_name, STORE_SPOOL_NAME);
        }
    }
    if (rc == 0 && errno != 0)
        rc = err_os(e, ERR_IO, errno, "cannot read %s", folder.s);
    if (rc == 0 && ret->count > 0)
        qsort(ret->list, ret->count, sizeof ret->list[0], by_name);
    return rc;
}

/* Of what is longer than a spool can be, as much as one may hold: *ret_longer.  ERR_IO: it cannot be read now. */
static int spool_read(const struct store *s, const struct store_fold *f, struct buf *to, bool *ret_longer,
                      struct err *e)
{
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    struct stat status;
    int rc = spool_path(s, f, &path, e);
    if (rc == 0)
        rc = file_open_read(path.s, &fd, e);
    if (rc == 0 && fstat(fd, &status) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot read %s", path.s);
    if (rc != 0)
        return rc;
    bool longer = status.st_size > STORE_SPOOL_BYTES_MAX;
    size_t n = longer ? STORE_SPOOL_BYTES_MAX : (size_t)status.st_size;
    uint8_t *room = buf_more(to, n);
    if (room == NULL)
        return err_memory(e);
    rc = file_read_at(fd, room, n, 0, path.s, e);
    if (rc == ERR_DAMAGED) /* a writer made it anew meanwhile */
        rc = err_set(e, ERR_IO, "%s was shortened while it was read", path.s);
    if (rc == 0)
        *ret_longer = longer;
    return rc;
}

static void tell_unread(const struct store *s, const struct err *why)
{
    struct err line = {0};
    (void)err_set(&line, ERR_IO, "records of accesses wait where they cannot be read: %s", why->text);
    store_tell(s, line.text);
}

/* How many wait: by form alone, without keys.  What is damaged does not count; what cannot be read is told of. */
int store_accesses_waiting(const struct store *s, uint64_t *ret, struct err *e)
{
    OWN(store_folds_release) struct store_folds folds = {0};
    int rc = store_folds_list(s, &folds, e);
    uint64_t waiting = 0;
    for (size_t i = 0; rc == 0 && i < folds.count; i++) {
        OWN(buf_drop) struct buf file = {0};
        struct bytes frame;
        enum store_spool_step step;
        uint64_t frames = 0;
        uint32_t logged = 0;
        size_t at = STORE_SPOOL_SECTOR;
        struct err why = {0};
        bool longer;
        int read = spool_read(s, &folds.list[i], &file, &longer, &why);
        if (read == ERR_IO)
            tell_unread(s, &why);
        if (read != 0 || !store_spool_begin(buf_bytes(&file), &folds.list[i].of, &logged))
            continue;
        while ((step = store_spool_next(buf_bytes(&file), &at, &frame)) != STORE_SPOOL_END)
            frames += step == STORE_SPOOL_FRAME;
        waiting += frames > logged ? frames - logged : 0;
    }
    if (rc == 0)
        *ret = waiting;
    return rc;
}

/* ---- into the draft ---- */

struct folding {
    struct store *s;
    const struct store_folds *all;
    struct store_fold *f;
    struct statement_place next; /* of this device, behind what is on the log and what was folded */
    struct key key;
    uint64_t leaves; /* of the log when this began */
    bool dry;        /* only to learn what is there */
    bool commits;    /* as it goes, and is never full */
    bool committed;  /* something */
    size_t bytes;    /* folded so far, into the draft at hand */
    bool full;
};

static void unfit(struct folding *g, enum store_fold_why why)
{
    if (g->f->why < why)
        g->f->why = why;
}

/* A device is of one member and of nothing else: neither of another one, on the log or beside, nor an investigation. */
static int device_check(const struct folding *g, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    const struct store_spool_of *of = &g->f->of;
    struct statement first;
    struct bytes name;
    uint64_t leaf;
    for (const struct store_fold *f = g->all->list; f < g->f; f++)
        if (f->logged > 0 && memcmp(f->of.b + 4, of->b + 4, STATEMENT_ID) == 0)
            return err_set(e, ERR_DAMAGED, "the device of this spool is that of another one");
    int rc = index_place_first(store_index(g->s), of->b + 4, &leaf, e);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc == 0)
        rc = store_statement(g->s, leaf, &held, &first, e);
    if (rc == 0 && first.kind == STATEMENT_ACCESSED)
        rc = store_signer(held, &name, e);
    if (rc != 0)
        return rc;
    const struct history_member *m = NULL;
    for (size_t i = 0; first.kind == STATEMENT_ACCESSED && m == NULL && i < g->s->history.count; i++)
        if (bytes_equal(bytes_text(g->s->history.members[i].key.name), name))
            m = &g->s->history.members[i];
    return m != NULL && memcmp(m->key.id, of->b, sizeof m->key.id) == 0
               ? 0
               : err_set(e, ERR_DAMAGED, "the device of this spool is not its member's");
}

/* Each range must hold an item that is here, or this log would name what it does not have. */
static int items_here(struct store *s, const struct statement_accessed *x, bool *ret, struct err *e)
{
    bool here = x->item_count > 0 && x->items[x->item_count - 1].last < s->draft.first_leaf;
    int rc = 0;
    for (size_t i = 0; rc == 0 && here && i < x->item_count; i++)
        rc = index_item_between(store_index(s), x->items[i].first, x->items[i].last, &here, e);
    if (rc == 0)
        *ret = here;
    return rc;
}

static int take(struct folding *g, const struct store_record *r, size_t bytes, struct err *e)
{
    int rc = g->dry ? 0 : store_draft_fold(g->s, r, e);
    if (rc != 0)
        return rc;
    g->bytes += bytes;
    g->next.seq = r->st.place.seq + 1;
    memcpy(g->next.prev.b, r->entry + 1, CRYPT_HASH);
    return 0;
}

/* What is in the draft goes on the log, and another draft is begun. */
static int fold_commit(struct folding *g, struct err *e)
{
    int rc = store_commit(g->s, e);
    if (rc == 0)
        rc = store_draft_begin(g->s, e);
    g->s->draft.folded = true; /* by whoever folds here */
    g->bytes = 0;
    g->committed = true;
    return rc;
}

/* A frame that was read, or what lies where one should be. */
struct folded {
    enum store_spool_step step;
    struct bytes frame;
    size_t at;
    struct store_record record;
    struct buf kept; /* ranges and texts of its statement */
    int rc; /* of opening and checking it */
};
enum {
    FOLD_BATCH = 32,
    FOLD_AHEAD = 64, /* batches, so that threads which look do not wait for a commit */
    FOLD_WORTH_BYTES = 128 << 10,
};
struct fold_batch {
    size_t count;
    struct folded one[FOLD_BATCH];
    struct err why; /* one of them could not be looked at, if it is not damaged */
};

/* A frame that is on the log, or follows from what is.  Its statement may come behind a gap, never before.  What is on
 * the log was signed by who could sign then. */
static int fold_frame(struct folding *g, const struct folded *one, struct err *e)
{
    const struct store_record *r = &one->record;
    const struct statement_place *p = &r->st.place;
    const uint8_t *commitment = r->entry + 1;
    bool here = false;
    int rc = items_here(g->s, &r->st.accessed, &here, e);
    if (rc != 0)
        return rc;
    if (!here) {
        unfit(g, STORE_FOLD_ELSEWHERE);
        return 0;
    }
    if (p->seq + 1 < g->next.seq) {
        g->f->logged++;
        return 0;
    }
    if (p->seq + 1 == g->next.seq ? memcmp(commitment, g->next.prev.b, CRYPT_HASH) != 0
                                  : p->seq == g->next.seq && !hash_equal(&p->prev, &g->next.prev))
        return err_set(e, ERR_DAMAGED, "a record of an access does not follow from what is on the log");
    if (p->seq >= g->next.seq && r->gone) {
        unfit(g, STORE_FOLD_GONE);
        return 0;
    }
    if (p->seq >= g->next.seq)
        rc = take(g, r, one->frame.n, e);
    if (rc != 0)
        return rc;
    g->f->logged++;
    g->f->last_at = one->at;
    g->f->end = one->at + one->frame.n;
    return 0;
}

/* As much as one commit takes: that commit, or no more. */
static int fold_room_need(struct folding *g, struct err *e)
{
    bool enough = !g->dry && g->bytes >= (g->s->fold_bytes != 0 ? g->s->fold_bytes : FOLD_BYTES_MAX);
    g->full = enough && !g->commits;
    return enough && g->commits ? fold_commit(g, e) : 0;
}

/* In the thread that asked, in the order of the file.  Behind a full draft nothing is looked at any more. */
static int fold_settle(void *context, void *job, struct err *e)
{
    struct folding *g = context;
    struct fold_batch *b = job;
    struct err mine = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->count && !g->full; i++) {
        struct folded *one = &b->one[i];
        if (one->step == STORE_SPOOL_FRAME)
            rc = one->rc != 0 ? one->rc : fold_frame(g, one, &mine);
        if (rc != 0 && rc != ERR_DAMAGED)
            return err_set(e, rc, "%s", one->rc != 0 ? b->why.text : mine.text);
        if (rc != 0 || one->step == STORE_SPOOL_DAMAGED)
            unfit(g, STORE_FOLD_DAMAGED);
        rc = fold_room_need(g, e);
    }
    b->count = 0;
    return rc;
}

/* What of a statement is asked for when it is settled moves to ${kept}; false: memory is out. */
static bool accessed_keep(struct statement_accessed *x, struct buf *kept)
{
    const char **const texts[] = {&x->act, &x->why, &x->use.purpose, &x->use.to, &x->use.whom};
    size_t ranges = x->item_count * sizeof *x->items, n = ranges;
    for (size_t i = 0; i < COUNT(texts); i++)
        n += *texts[i] == NULL ? 0 : strlen(*texts[i]) + 1;
    buf_clear(kept);
    uint8_t *p = buf_more(kept, n);
    if (p == NULL)
        return false;
    x->items = memcpy(p, x->items, ranges);
    p += ranges;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (*texts[i] != NULL) {
            char *to = (char *)p;
            p = mempcpy(p, *texts[i], strlen(*texts[i]) + 1);
            *texts[i] = to;
        }
    return true;
}

/* Statements are read one after another into the same memory, which the processor has at hand then. */
static int read_one(const struct folding *g, const struct store_spool_lock *lock, struct folded *one,
                    struct statement_held **held, struct err *e)
{
    struct store_record *r = &one->record;
    r->statement = TAKE(*held);
    int rc = store_record_read(g->s, lock, one->frame, r, e);
    if (rc == 0 && !accessed_keep(&r->st.accessed, &one->kept))
        rc = err_memory(e);
    *held = TAKE(r->statement);
    return rc;
}

/* By any thread: while spools are folded nothing changes of the history, by which their signers are known. */
static void fold_read(void *context, void *job)
{
    const struct folding *g = context;
    struct fold_batch *b = job;
    const struct store_spool_lock lock = {&g->key, &g->s->pin, &g->f->of, g->leaves};
    OWN(crypt_batch_release) struct crypt_batch opened;
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct note_owed owed[FOLD_BATCH];
    struct err mine = {0};
    crypt_batch_init(&opened);
    for (size_t i = 0; i < b->count; i++) {
        struct folded *one = &b->one[i];
        one->record.owed = &owed[i];
        one->rc = one->step == STORE_SPOOL_FRAME ? read_one(g, &lock, one, &held, &mine) : 0;
        one->record.owed = NULL;
        if (one->rc != 0 && one->rc != ERR_DAMAGED)
            b->why = mine;
        if (one->rc != 0)
            mine = (struct err){0};
    }
    /* All of them in a row: the processor need not fetch its instructions anew for each. */
    for (size_t i = 0; i < b->count; i++)
        if (b->one[i].step == STORE_SPOOL_FRAME && b->one[i].rc == 0 && !note_owed_good(&owed[i]))
            b->one[i].rc = ERR_DAMAGED;
}

/* Nothing more is ready: what there is goes on the log meanwhile, if there is enough of it. */
static int fold_tick(void *context, struct err *e)
{
    struct folding *g = context;
    return g->commits && g->bytes >= FOLD_BYTES_WORTH ? fold_commit(g, e) : 0;
}

static void fold_batch_release(void *job)
{
    struct fold_batch *b = job;
    for (size_t i = 0; i < FOLD_BATCH; i++) {
        store_record_release(&b->one[i].record);
        buf_drop(&b->one[i].kept);
    }
}

/* The next frames; false: there are none. */
static bool fold_fill(struct bytes file, size_t *at, struct fold_batch *b)
{
    for (b->count = 0; b->count < FOLD_BATCH; b->count++) {
        struct folded *one = &b->one[b->count];
        one->at = *at;
        one->step = store_spool_next(file, at, &one->frame);
        if (one->step == STORE_SPOOL_END)
            break;
    }
    return b->count > 0;
}

static int frames_by_crew(struct folding *g, struct bytes file, unsigned threads, struct err *e)
{
    const struct store_crew_setup setup = {.threads = threads,
                                           .slots = g->commits ? FOLD_AHEAD : 0,
                                           .job_bytes = sizeof(struct fold_batch),
                                           .work = fold_read,
                                           .settle = fold_settle,
                                           .tick = fold_tick,
                                           .release = fold_batch_release,
                                           .context = g};
    OWN(store_crew_drop) struct store_crew *crew = NULL;
    size_t at = STORE_SPOOL_SECTOR;
    int rc = store_crew_new(&setup, &crew, e);
    for (bool more = true; rc == 0 && more && !g->full;) {
        void *job;
        rc = store_crew_slot(crew, &job, e);
        more = rc == 0 && fold_fill(file, &at, job);
        if (more)
            store_crew_give(crew);
    }
    return rc == 0 ? store_crew_finish(crew, e) : rc;
}

static void fold_batch_drop(struct fold_batch **b)
{
    if (*b != NULL)
        fold_batch_release(*b);
    free(*b);
    *b = NULL;
}

static int frames_alone(struct folding *g, struct bytes file, struct err *e)
{
    OWN(fold_batch_drop) struct fold_batch *b = calloc(1, sizeof *b);
    size_t at = STORE_SPOOL_SECTOR;
    int rc = b == NULL ? err_memory(e) : 0;
    while (rc == 0 && !g->full && fold_fill(file, &at, b)) {
        fold_read(g, b);
        rc = fold_settle(g, b, e);
    }
    return rc;
}

static int fold_frames(struct folding *g, struct bytes file, struct err *e)
{
    unsigned threads = store_crew_threads(g->s);
    if (file.n <= STORE_SPOOL_SECTOR)
        return 0;
    bool worth = (threads > 1 || g->commits) && file.n >= FOLD_WORTH_BYTES;
    return worth ? frames_by_crew(g, file, threads, e) : frames_alone(g, file, e);
}

static int fold_file(struct folding *g, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    struct store_fold *f = g->f;
    struct err mine = {0};
    bool longer = false;
    int rc = spool_read(g->s, f, &file, &longer, &mine);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc == ERR_IO) {
        f->unread = mine;
        unfit(g, STORE_FOLD_UNREAD);
        return 0;
    }
    if (rc == 0)
        rc = device_check(g, &mine);
    if (rc == 0)
        rc = index_place(store_index(g->s), f->of.b + 4, &g->next, &mine);
    if (rc == ERR_DAMAGED) {
        unfit(g, STORE_FOLD_DAMAGED);
        return 0;
    }
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    if (longer || !store_spool_begin(buf_bytes(&file), &f->of, &f->said))
        unfit(g, STORE_FOLD_DAMAGED);
    rc = fold_frames(g, buf_bytes(&file), e);
    f->next = g->next.seq;
    return rc;
}

static void tell_unfit(const struct store *s, const struct store_fold *f)
{
    struct err line = {0};
    switch (f->why) {
    case STORE_FOLD_WHOLE:
        return;
    case STORE_FOLD_ELSEWHERE:
        (void)err_set(&line, ERR_REFUSED,
                      "spool/%s is of another copy of this repository, which has items that are not here: take it back "
                      "there, or run groundwork repair",
                      f->name);
        break;
    case STORE_FOLD_GONE:
        (void)err_set(&line, ERR_REFUSED,
                      "spool/%s holds records of accesses that wait, signed by a member who no longer signs: they do "
                      "not go on the log; run groundwork repair",
                      f->name);
        break;
    case STORE_FOLD_DAMAGED:
        (void)err_set(&line, ERR_DAMAGED,
                      "spool/%s is damaged: records of accesses may be lost there; run groundwork repair", f->name);
        break;
    case STORE_FOLD_UNREAD:
        tell_unread(s, &f->unread);
        return;
    }
    store_tell(s, line.text);
}

/* What cannot be read waits, and what is written does not wait for it. */
static int folds_walk(struct folding *g, struct store_folds *folds, struct err *e)
{
    struct ledger_position now;
    ledger_where(g->s->ledger, &now);
    g->leaves = now.leaves;
    g->all = folds;
    keyring_key(g->s->keyring, KEYRING_SPOOL, &g->key);
    int rc = 0;
    for (size_t i = 0; rc == 0 && !g->full && i < folds->count; i++) {
        g->f = &folds->list[i];
        rc = fold_file(g, e);
    }
    key_drop(&g->key);
    return rc;
}

/* A spool that was cut at a frame, or taken away, looks whole.  What is known to be damaged was told of. */
static int tell_lost(struct store *s, const struct store_folds *folds, const struct store_device *d, struct err *e)
{
    struct statement_place place;
    int rc = index_place(store_index(s), d->id, &place, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < folds->count; i++) {
        const struct store_fold *f = &folds->list[i];
        if (memcmp(f->of.b, s->identity.member.id, 4) != 0 || memcmp(f->of.b + 4, d->id, STATEMENT_ID) != 0)
            continue;
        if (f->why != STORE_FOLD_WHOLE)
            return 0;
        if (f->next > place.seq)
            place.seq = f->next;
    }
    store_device_tell_lost(s, d, place.seq);
    return 0;
}

/* All of them, listed anew. */
static int fold_pass(struct folding *g, struct store_folds *folds, struct err *e)
{
    struct store *s = g->s;
    struct err mine = {0};
    struct store_device device;
    bool known = store_device_known(s, &device); /* before the spools, which a reader writes first */
    s->draft.folded = true;
    if (store_folds_list(s, folds, &mine) != 0) {
        store_folds_release(folds);
        store_tell(s, mine.text);
        return 0;
    }
    int rc = folds_walk(g, folds, e);
    if (rc == 0 && g->commits && s->draft.count > 0)
        rc = fold_commit(g, e);
    for (size_t i = 0; i < folds->count; i++)
        tell_unfit(s, &folds->list[i]);
    return rc == 0 && known && !g->full ? tell_lost(s, folds, &device, e) : rc;
}

int store_fold_begin(struct store *s, struct err *e)
{
    struct folding g = {.s = s};
    int rc = store_waiting_fold(s, e);
    if (rc != 0 || s->draft.folded)
        return rc;
    store_folds_release(&s->folds);
    return fold_pass(&g, &s->folds, e);
}

/* ---- behind the commit ---- */

/* From its newest frame that is on the log to its end. */
static int read_kept(int fd, const struct store_fold *f, const char *name, struct buf *to, struct err *e)
{
    uint64_t size = 0;
    int rc = file_size(fd, &size, name, e);
    if (rc != 0)
        return rc;
    size_t n = (size < f->end ? f->end : (size_t)size) - f->last_at;
    uint8_t *room = n > STORE_SPOOL_BYTES_MAX ? NULL : buf_more(to, n);
    return room == NULL ? err_memory(e) : file_read_at(fd, room, n, f->last_at, name, e);
}

static int shorten(const struct store *s, const struct store_fold *f, struct err *e)
{
    OWN(buf_drop) struct buf file = {0}, kept = {0};
    OWN(fd_drop) int fd = -1;
    struct file_path path;
    struct bytes frame;
    size_t at = f->end - f->last_at;
    int rc = spool_path(s, f, &path, e);
    if (rc == 0)
        rc = store_spool_take(path.s, &fd, e);
    if (rc == 0)
        rc = read_kept(fd, f, path.s, &file, e);
    if (rc != 0)
        return rc;
    (void)buf_more(&kept, STORE_SPOOL_SECTOR + file.n); /* at once, and not by doubling */
    buf_clear(&kept);
    store_spool_head(&f->of, 1, &kept);
    buf_put(&kept, file.p, at);
    for (enum store_spool_step step; (step = store_spool_next(buf_bytes(&file), &at, &frame)) != STORE_SPOOL_END;) {
        if (step == STORE_SPOOL_DAMAGED)
            return 0; /* for the next writer to tell of */
        if (step == STORE_SPOOL_FRAME)
            buf_put_bytes(&kept, frame);
    }
    rc = buf_check(&kept, e);
    return rc == 0 ? file_replace(path.s, buf_bytes(&kept), 0600, e) : rc;
}

static void folds_shorten(struct store *s, const struct store_folds *folds)
{
    for (size_t i = 0; i < folds->count; i++) {
        const struct store_fold *f = &folds->list[i];
        struct err mine = {0};
        bool news = f->end > 0 && (f->logged > 1 || f->said != f->logged);
        if (news && f->why == STORE_FOLD_WHOLE && shorten(s, f, &mine) != 0)
            store_tell(s, mine.text);
    }
}

void store_fold_end(struct store *s)
{
    folds_shorten(s, &s->folds);
    store_folds_release(&s->folds);
}

int store_fold_all(struct store *s, struct err *e)
{
    for (;;) {
        OWN(store_folds_release) struct store_folds folds = {0};
        struct folding g = {.s = s, .commits = true};
        int rc = store_draft_begin(s, e);
        if (rc == 0)
            rc = store_waiting_fold(s, e); /* it stops a use: it goes first */
        if (rc == 0)
            rc = fold_pass(&g, &folds, e);
        if (rc != 0 || !g.committed)
            return rc;
        folds_shorten(s, &folds);
    }
}

/* ---- for repair ---- */

int store_spools_look(struct store *s, struct store_folds *ret, struct err *e)
{
    struct folding g = {.s = s, .dry = true};
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_folds_list(s, ret, e);
    return rc == 0 ? folds_walk(&g, ret, e) : rc;
}

static void aside_words(const struct store_fold *f, const char *to, struct err *line)
{
    if (f->why == STORE_FOLD_ELSEWHERE)
        (void)err_set(line, ERR_REFUSED,
                      "spool/%s names items that are not in this copy of the repository; what it says of items that "
                      "are here is on the log; it was moved to %s",
                      f->name, to);
    else if (f->why == STORE_FOLD_GONE)
        (void)err_set(line, ERR_REFUSED,
                      "spool/%s is signed by a member who no longer signs; what waited in it is not on the log; it was "
                      "moved to %s",
                      f->name, to);
    else if (f->logged == 0)
        (void)err_set(line, ERR_DAMAGED,
                      "spool/%s was damaged: none of the accesses in it could be put on the log; it was moved to %s",
                      f->name, to);
    else
        (void)err_set(line, ERR_DAMAGED,
                      "spool/%s was damaged: the accesses in it that could be read are on the log; it was moved to %s",
                      f->name, to);
}

int store_spools_aside(const struct store *s, const struct store_folds *folds, struct buf *words, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < folds->count; i++) {
        const struct store_fold *f = &folds->list[i];
        struct file_path below, to;
        struct err line = {0};
        if (f->why == STORE_FOLD_WHOLE || f->why == STORE_FOLD_UNREAD)
            continue;
        rc = file_path(&below, e, "spool/%s", f->name);
        if (rc == 0)
            rc = store_move_aside(s->root, below.s, f->why == STORE_FOLD_DAMAGED ? "damaged" : "unfit", &to, e);
        if (rc != 0)
            return rc;
        aside_words(f, to.s, &line);
        buf_put_text(words, line.text);
        buf_put_u8(words, '\n');
        rc = buf_check(words, e);
    }
    return rc;
}
