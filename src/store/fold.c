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
    FOLD_BYTES_WORTH = 4 << 20, /* a commit, when nothing more is ready */
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
        ret->signer = m;
        int rc = history_read(&s->history, &what, &ret->statement, &ret->st, &signer, e);
        if (rc == 0 && (signer != m || ret->st.kind != kind || (m->held >> s->compartment_at & 1) == 0))
            rc = err_set(e, ERR_DAMAGED, "a record that waits is not of the member whose it says it is");
        if (rc == 0 && ret->owed == NULL)
            leaf_entry_hidden(&ret->content.secret, ret->content.statement, ret->entry);
        return rc;
    }
    return err_set(e, ERR_DAMAGED, "the member of this spool is none of this repository's");
}

int store_record_read(struct store *s, const struct store_spool_lock *lock, const struct key *frame_key,
                      struct bytes frame, struct store_record *ret, struct err *e)
{
    int rc = frame_key == NULL ? store_spool_open(lock, frame, &ret->held, &ret->content, e)
                               : store_spool_open_by(frame_key, lock, frame, &ret->held, &ret->content, e);
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

static void tell_unread(const struct store *s, const struct err *why)
{
    struct err line = {0};
    (void)err_set(&line, ERR_IO, "records of accesses wait where they cannot be read: %s", why->text);
    store_tell(s, line.text);
}

static int frames_waiting(const struct store *s, const struct store_fold *f, uint64_t *ret, struct err *e)
{
    OWN(store_spool_file_close) struct store_spool_file file = {.fd = -1};
    struct file_path path;
    struct bytes frame;
    enum store_spool_step step = STORE_SPOOL_TORN;
    uint64_t frames = 0;
    uint32_t logged = 0;
    size_t at;
    int rc = spool_path(s, f, &path, e);
    if (rc == 0)
        rc = store_spool_file_open(path.s, &file, e);
    if (rc != 0 || !store_spool_begin(store_spool_file_head(&file), &f->of, &logged))
        return rc;
    while (rc == 0 && step != STORE_SPOOL_END) {
        rc = store_spool_file_next(&file, &step, &at, &frame, e);
        frames += rc == 0 && step == STORE_SPOOL_FRAME;
    }
    *ret = frames > logged ? frames - logged : 0;
    return rc;
}

/* How many wait: by form alone, without keys.  What is damaged does not count; what cannot be read is told of. */
int store_accesses_waiting(const struct store *s, uint64_t *ret, struct err *e)
{
    OWN(store_folds_release) struct store_folds folds = {0};
    int rc = store_folds_list(s, &folds, e);
    uint64_t waiting = 0;
    for (size_t i = 0; rc == 0 && i < folds.count; i++) {
        uint64_t here = 0;
        struct err why = {0};
        int read = frames_waiting(s, &folds.list[i], &here, &why);
        if (read == ERR_IO)
            tell_unread(s, &why);
        waiting += read == 0 ? here : 0;
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
    uint64_t leaves; /* of the log when this began */
    bool dry;        /* only to learn what is there, and to tell of it: */
    int (*each)(void *context, const struct store_custody_event *event, struct err *e);
    void *context;
    bool commits;    /* as it goes, and is never full */
    bool committed;  /* something */
    size_t bytes;    /* folded so far, into the draft at hand */
    bool full;
    struct statement_range here[1024]; /* ranges in which there is an item; last 0: none */
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

/* Is there an item in this range?  What was seen before is known: most look at the same ones again. */
static int item_here(struct folding *g, const struct statement_range *x, bool *ret, struct err *e)
{
    struct statement_range *known = &g->here[(x->first ^ x->first >> 12) % COUNT(g->here)];
    if (known->last != 0 && known->first == x->first && known->last == x->last) {
        *ret = true;
        return 0;
    }
    int rc = index_item_between(store_asked(g->s), x->first, x->last, ret, e);
    if (rc == 0 && !*ret) { /* the record stays where what it is about was erased */
        rc = store_erasures(g->s, e);
        *ret = rc == 0 && store_erased_between(g->s, x->first, x->last) > 0;
    }
    if (rc == 0 && *ret)
        *known = *x;
    return rc;
}

/* Each range must hold an item that is here or was, or this log would name what it does not have. */
static int items_here(struct folding *g, const struct statement_accessed *x, bool *ret, struct err *e)
{
    bool here = x->item_count > 0 && x->items[x->item_count - 1].last < g->leaves;
    int rc = 0;
    for (size_t i = 0; rc == 0 && here && i < x->item_count; i++)
        rc = item_here(g, &x->items[i], &here, e);
    if (rc == 0)
        *ret = here;
    return rc;
}

static int tell_of(const struct folding *g, const struct store_record *r, struct err *e)
{
    const struct store_custody_event event = {.leaf = UINT64_MAX,
                                              .at_unix_s = r->st.at_unix_s,
                                              .signer = bytes_text(r->signer->key.name),
                                              .doubtful = history_is_doubtful(r->signer, g->leaves),
                                              .accessed = &r->st.accessed};
    return g->each(g->context, &event, e);
}

static int take(struct folding *g, const struct store_record *r, size_t bytes, struct err *e)
{
    int rc = !g->dry ? store_draft_fold(g->s, r, e) : g->each != NULL ? tell_of(g, r, e) : 0;
    if (rc != 0)
        return rc;
    g->bytes += bytes;
    g->next.seq = r->st.place.seq + 1;
    memcpy(g->next.prev.b, r->entry + 1, CRYPT_HASH);
    return 0;
}

/* What is in the draft goes on the log, beside what is folded next; ${last}: now, and all that went before. */
static int fold_commit(struct folding *g, bool last, struct err *e)
{
    int rc = last ? store_commit(g->s, e) : store_commit_part(g->s, e);
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
    struct bytes frame; /* in its batch's bytes */
    size_t at;
    struct store_record record;
    struct buf kept; /* ranges and texts of its statement */
    int rc; /* of opening and checking it */
};
enum {
    FOLD_BATCH = 128,
    FOLD_BATCH_BYTES = 256 << 10, /* nor one more, where records are long */
    FOLD_AHEAD = 16, /* batches, so that threads which look do not wait for a commit */
    FOLD_WORTH_BYTES = 128 << 10,
};
struct fold_batch {
    size_t count;
    struct buf bytes;
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
    int rc = items_here(g, &r->st.accessed, &here, e);
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
    return enough && g->commits ? fold_commit(g, false, e) : 0;
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
static int read_one(const struct folding *g, const struct store_spool_lock *lock, const struct key *frame_key,
                    struct folded *one, struct statement_held **held, struct err *e)
{
    struct store_record *r = &one->record;
    r->statement = TAKE(*held);
    int rc = store_record_read(g->s, lock, frame_key, one->frame, r, e);
    if (rc == 0 && !accessed_keep(&r->st.accessed, &one->kept))
        rc = err_memory(e);
    *held = TAKE(r->statement);
    return rc;
}

/* Keys of its frames, or secrets of its records, where there is one. */
struct fold_keys {
    struct key key[FOLD_BATCH];
};

static void fold_keys_wipe(struct fold_keys *k)
{
    crypt_wipe(k, sizeof *k);
}

/* What its records say, but for signatures, which are owed. */
static void read_all(const struct folding *g, struct fold_batch *b, struct note_owed *owed)
{
    OWN(key_drop) struct key key = {0};
    struct store_spool_lock lock = store_spool_lock(g->s, KEYRING_SPOOL, &g->f->of, &key);
    OWN(fold_keys_wipe) struct fold_keys keys;
    OWN(crypt_batch_release) struct crypt_batch opened;
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct bytes frames[FOLD_BATCH];
    struct err mine = {0};
    lock.leaves = g->leaves;
    for (size_t i = 0; i < b->count; i++)
        frames[i] = b->one[i].frame;
    store_spool_keys(&lock, frames, b->count, keys.key);
    crypt_batch_init(&opened);
    for (size_t i = 0; i < b->count; i++) {
        struct folded *one = &b->one[i];
        one->record.owed = &owed[i];
        one->rc = one->step == STORE_SPOOL_FRAME ? read_one(g, &lock, &keys.key[i], one, &held, &mine) : 0;
        one->record.owed = NULL;
        if (one->rc != 0 && one->rc != ERR_DAMAGED)
            b->why = mine;
        if (one->rc != 0)
            mine = (struct err){0};
    }
}

static bool is_read(const struct folded *one)
{
    return one->step == STORE_SPOOL_FRAME && one->rc == 0;
}

static void entries_make(struct fold_batch *b)
{
    OWN(fold_keys_wipe) struct fold_keys secrets;
    struct bytes statements[FOLD_BATCH];
    uint8_t entries[FOLD_BATCH][LEAF_ENTRY];
    size_t n = 0;
    for (size_t i = 0; i < b->count; i++)
        if (is_read(&b->one[i])) {
            secrets.key[n] = b->one[i].record.content.secret;
            statements[n++] = b->one[i].record.content.statement;
        }
    leaf_entries_hidden(secrets.key, statements, n, entries);
    for (size_t i = b->count; i-- > 0;)
        if (is_read(&b->one[i]))
            memcpy(b->one[i].record.entry, entries[--n], LEAF_ENTRY);
}

/* By any thread: while spools are folded nothing changes of the history, by which their signers are known.  Each step
 * for all of them: the processor need not fetch its instructions anew for each, and hashes many beside each other. */
static void fold_read(void *context, void *job)
{
    struct fold_batch *b = job;
    struct note_owed owed[FOLD_BATCH];
    read_all(context, b, owed);
    entries_make(b);
    for (size_t i = 0; i < b->count; i++)
        if (is_read(&b->one[i]) && !note_owed_good(&owed[i]))
            b->one[i].rc = ERR_DAMAGED;
}

/* Nothing more is ready: what there is goes on the log meanwhile, if there is enough of it and nothing on its way. */
static int fold_tick(void *context, struct err *e)
{
    struct folding *g = context;
    bool worth = g->commits && g->bytes >= FOLD_BYTES_WORTH && !store_behind_busy(g->s);
    return worth ? fold_commit(g, false, e) : 0;
}

static void fold_batch_release(void *job)
{
    struct fold_batch *b = job;
    for (size_t i = 0; i < FOLD_BATCH; i++) {
        store_record_release(&b->one[i].record);
        buf_drop(&b->one[i].kept);
    }
    buf_drop(&b->bytes);
}

/* The next frames; *ret_any: there are some.  Where the file cannot be read any further it ends. */
static int fold_fill(struct store_spool_file *file, struct fold_batch *b, bool *ret_any, struct err *e)
{
    buf_clear(&b->bytes);
    for (b->count = 0; b->count < FOLD_BATCH && b->bytes.n < FOLD_BATCH_BYTES && !file->unread; b->count++) {
        struct folded *one = &b->one[b->count];
        one->frame = bytes_of(NULL, 0);
        int rc = store_spool_file_next(file, &one->step, &one->at, &one->frame, e);
        if (rc != 0 && !file->unread)
            return rc;
        if (rc != 0 || one->step == STORE_SPOOL_END)
            break;
        if (one->step == STORE_SPOOL_FRAME)
            buf_put_bytes(&b->bytes, one->frame);
    }
    const uint8_t *p = b->bytes.p;
    for (size_t i = 0; i < b->count; i++)
        if (b->one[i].step == STORE_SPOOL_FRAME) {
            b->one[i].frame.p = p;
            p += b->one[i].frame.n;
        }
    *ret_any = b->count > 0;
    return buf_check(&b->bytes, e);
}

static int frames_by_crew(struct folding *g, struct store_spool_file *file, unsigned threads, struct err *e)
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
    int rc = store_crew_new(&setup, &crew, e);
    for (bool more = true; rc == 0 && more && !g->full;) {
        void *job;
        rc = store_crew_slot(crew, &job, e);
        if (rc == 0 && !g->full)
            rc = fold_fill(file, job, &more, e);
        if (rc == 0 && more && !g->full)
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

static int frames_alone(struct folding *g, struct store_spool_file *file, struct err *e)
{
    OWN(fold_batch_drop) struct fold_batch *b = calloc(1, sizeof *b);
    int rc = b == NULL ? err_memory(e) : 0;
    for (bool more = true; rc == 0 && more && !g->full;) {
        rc = fold_fill(file, b, &more, e);
        if (rc == 0 && more)
            fold_read(g, b);
        if (rc == 0)
            rc = fold_settle(g, b, e);
    }
    return rc;
}

static int fold_frames(struct folding *g, struct store_spool_file *file, struct err *e)
{
    unsigned threads = store_crew_threads(g->s);
    if (file->size <= STORE_SPOOL_SECTOR)
        return 0;
    bool worth = (threads > 1 || g->commits) && file->size >= FOLD_WORTH_BYTES;
    return worth ? frames_by_crew(g, file, threads, e) : frames_alone(g, file, e);
}

static int unread(struct folding *g, const struct err *why)
{
    g->f->unread = *why;
    unfit(g, STORE_FOLD_UNREAD);
    return 0;
}

static int fold_file(struct folding *g, struct err *e)
{
    OWN(store_spool_file_close) struct store_spool_file file = {.fd = -1};
    struct store_fold *f = g->f;
    struct file_path path;
    struct err mine = {0};
    int rc = spool_path(g->s, f, &path, &mine);
    if (rc == 0)
        rc = store_spool_file_open(path.s, &file, &mine);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc == ERR_IO)
        return unread(g, &mine);
    if (rc == 0)
        rc = device_check(g, &mine);
    if (rc == 0)
        rc = index_place(store_index(g->s), f->of.b + 4, &g->next, &mine);
    if (rc == ERR_DAMAGED) {
        unfit(g, STORE_FOLD_DAMAGED);
        return 0;
    }
    if (rc == 0) {
        if (file.longer || !store_spool_begin(store_spool_file_head(&file), &f->of, &f->said))
            unfit(g, STORE_FOLD_DAMAGED);
        rc = fold_frames(g, &file, &mine);
        f->next = g->next.seq;
    }
    if (rc == 0 && file.unread) /* what is before is folded */
        return unread(g, &file.why);
    return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
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
    int rc = store_behind_end(g->s, e); /* items are asked of an index that knows all but what is folded here */
    if (rc != 0)
        return rc;
    g->leaves = store_leaves_end(g->s);
    g->all = folds;
    for (size_t i = 0; rc == 0 && !g->full && i < folds->count; i++) {
        g->f = &folds->list[i];
        rc = fold_file(g, e);
    }
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
    if (rc == 0 && g->commits && (s->draft.count > 0 || g->committed))
        rc = fold_commit(g, true, e);
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

/* ---- for who asks what will be on the log ---- */

int store_accesses_ahead(struct store *s,
                         int (*each)(void *context, const struct store_custody_event *event, struct err *e),
                         void *context, struct err *e)
{
    OWN(store_folds_release) struct store_folds folds = {0};
    struct folding g = {.s = s, .dry = true, .each = each, .context = context};
    struct err mine = {0};
    int rc = 0;
    if (store_folds_list(s, &folds, &mine) != 0)
        store_tell(s, mine.text);
    else
        rc = folds_walk(&g, &folds, e);
    /* What does not fit may be of a commit that this reader has not seen: that is for writers to tell. */
    for (size_t i = 0; i < folds.count; i++)
        if (folds.list[i].why == STORE_FOLD_DAMAGED || folds.list[i].why == STORE_FOLD_UNREAD)
            tell_unfit(s, &folds.list[i]);
    return rc;
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
