/*
 * What is derived from a record, made beside the drafting of the next one: public log, index and outside state, W8 to
 * W10 of FORMAT 7.2.  One record at a time is behind, and the next one is not committed before it is through.
 *
 * Its thread has the ledger's tiles and the index to itself.  Who asks meanwhile asks a reader of the index as it stood
 * before, and the record behind, which is still in memory.
 *
 * Records of a few hidden statements go another way: the index is told at once, which needs no sync, and the rest is
 * owed until there is enough of it.  A single statement then costs the syncs of its commit and no other.
 */
#include "store/store_internal.h"

#include <assert.h>

/* Frames of the record behind, by digest: open addressing, at most half full. */
struct frame_table {
    uint32_t *slot; /* number of a frame plus one; 0: none */
    size_t room;
};
struct store_behind {
    struct store *s;
    struct store_told told;
    struct frame_table frames;
    struct index *reader;
    pthread_t thread;
    bool running; /* the thread has not been waited for */
    bool waited;  /* and what it had to say was said, */
    bool heard;   /* but for why it could not commit: whoever writes on is told of that */
    bool logs;    /* it commits the record first, */
    bool owes;    /* and leaves all but the index to a later one */
    struct store_made made;
    uint64_t leaves_end;
    /* The thread's, until it has been waited for: */
    struct store_state state;
    bool logged;
    int rc;
    struct err failure, keys_damaged;
    struct store_spare spare;
    _Atomic bool over;
};

void store_told_release(struct store_told *t)
{
    store_draft_release(&t->draft);
    vault_flushed_release(&t->flushed);
    free(t->journal_offset);
    free(t->sealed_bytes);
    free(t->manifest);
    for (size_t i = 0; i < COUNT(t->public_notes); i++)
        buf_drop(&t->public_notes[i]);
    free(t->files);
    free(t->packs);
    free(t->stripes);
    free(t->audits);
    *t = (struct store_told){0};
}

void store_made_release(struct store_made *m)
{
    buf_drop(&m->entries);
    buf_drop(&m->hidden);
    buf_drop(&m->open);
    buf_drop(&m->secrets);
    buf_drop(&m->extents);
    *m = (struct store_made){.record = {.number = 0}};
}

static void behind_free(struct store_behind *b)
{
    if (b == NULL)
        return;
    assert(!b->running);
    store_told_release(&b->told);
    store_made_release(&b->made);
    store_spare_release(&b->spare);
    free(b->frames.slot);
    index_close(b->reader);
    free(b);
}

void store_tell_later(const struct store *s, const struct err *why)
{
    struct err line = {0};
    (void)err_set(&line, ERR_IO,
                  "it is committed; what is derived from it is brought up to date at the next opening "
                  "(%s)",
                  why->text);
    store_tell(s, line.text);
}

/* ---- in the thread, or at once ---- */

int store_log(struct store *s, struct store_made *made, struct store_state *state, struct store_told *told,
              struct err *e)
{
    struct ledger_record *r = &made->record;
    struct ledger_position before;
    ledger_where(s->ledger, &before);
    r->at = before.bytes;
    r->number = before.records;
    int rc = ledger_prepare(s->ledger, r, &told->now, e);
    if (rc == 0 && !state->has_pending) { /* else it names an earlier one, and all that follow it are meant */
        state->has_pending = true;
        state->pending = told->now.last;
        rc = store_state_write(s->state_file.s, &s->pin, &s->identity.state, state, e);
        state->has_pending = rc == 0;
    }
    told->hidden_at = ledger_hidden_at(r);
    told->open_at = ledger_open_at(r);
    return rc == 0 ? ledger_commit(s->ledger, e) : rc;
}

static int index_record(struct index *x, const struct store_told *t, struct err *e)
{
    const struct draft *d = &t->draft;
    struct index_position position = {t->now.records, t->now.bytes, t->now.last, t->now.leaves};
    int rc = index_begin(x, e);
    for (size_t i = 0; rc == 0 && i < t->flushed.run_count; i++) {
        const struct vault_run *run = &t->flushed.runs[i];
        rc = index_run(x, run->pack, run->first_sector, run->sectors, run->first_record, run->records, e);
    }
    for (size_t i = 0; rc == 0 && i < d->count; i++) {
        struct hash commitment;
        memcpy(commitment.b, d->leaves[i].entry + 1, CRYPT_HASH);
        rc = index_statement(x, d->first_leaf + i, d->leaves[i].statement, t->manifest[i],
                             t->hidden_at + t->journal_offset[i], t->sealed_bytes[i], &commitment, e);
    }
    uint64_t at = t->open_at;
    for (uint32_t i = 0; rc == 0 && i < t->public_count; i++) {
        uint32_t n = (uint32_t)t->public_notes[i].n;
        rc = index_statement(x, d->first_leaf + d->count + i, &t->publics[i], LEAF_NO_MANIFEST, at + 4, n, NULL, e);
        at += 4 + n;
    }
    for (size_t i = 0; rc == 0 && i < t->flushed.frame_count; i++) {
        const struct vault_frame *f = &t->flushed.frames[i];
        rc = index_frame(x, &f->digest, f->cookie, f->frame, e);
    }
    if (rc == 0)
        rc = index_end(x, &position, e);
    if (rc != 0)
        index_undo(x);
    return rc;
}

static int derive(struct store *s, const struct store_told *t, struct err *e)
{
    struct store_state state = {.known = true, .committed = t->now};
    /* Before the checkpoint, so that after a crash the public log as a whole is a record behind. */
    int rc = s->cosigned.n > 0 ? ledger_publish_cosigned(s->ledger, buf_bytes(&s->cosigned), e) : 0;
    if (rc == 0)
        rc = ledger_publish(s->ledger, e);
    if (rc == 0 && s->index != NULL) /* it was destroyed with what it told of */
        rc = index_record(s->index, t, e);
    if (rc != 0 || t->draft.destroys) /* which is not over before the index is there anew */
        return rc;
    return store_state_write(s->state_file.s, &s->pin, &s->identity.state, &state, e);
}

/* ---- what is owed ---- */

/* Hidden statements that brought no bytes, none of them a receipt. */
static bool only_told(const struct store *s, const struct store_told *t)
{
    if (t->public_count > 0 || t->flushed.run_count > 0 || s->cosigned.n > 0 || s->index == NULL)
        return false;
    for (size_t i = 0; i < t->draft.count; i++)
        if (t->draft.leaves[i].statement->kind == STATEMENT_RECEIPT)
            return false;
    return true;
}

bool store_may_wait(const struct store *s, const struct store_told *t)
{
    return t->draft.count <= STORE_OWED_LEAVES && only_told(s, t);
}

/* A part: the one that would owe too much brings all of them up to date, beside the drafting of the next. */
static bool part_may_owe(const struct store *s, const struct store_told *t)
{
    return s->owed + 1 < LEDGER_BEHIND_MAX && s->owed_leaves + t->draft.count <= STORE_OWED_BY_PARTS && only_told(s, t);
}

static int owe(struct store *s, const struct store_told *told, struct bytes secrets, struct err *e)
{
    pthread_mutex_lock(&s->asking);
    int rc = keyring_hold(s->keyring, secrets, e);
    pthread_mutex_unlock(&s->asking);
    return rc == 0 ? index_record(s->index, told, e) : rc;
}

int store_owe(struct store *s, const struct store_told *told, struct bytes secrets, struct err *e)
{
    int rc = owe(s, told, secrets, e);
    if (rc != 0)
        return rc;
    s->owed++;
    s->owed_leaves += told->draft.count;
    return s->owed < LEDGER_BEHIND_MAX && s->owed_leaves <= STORE_OWED_LEAVES ? 0 : store_settle(s, e);
}

static int settle(struct store *s, struct err *e)
{
    struct store_state state = {.known = true};
    bool told = false;
    int rc = store_apply_blocks(s, bytes_of(NULL, 0), &told, e);
    if (rc == 0)
        rc = ledger_publish(s->ledger, e);
    ledger_where(s->ledger, &state.committed);
    if (rc == 0)
        rc = store_state_write(s->state_file.s, &s->pin, &s->identity.state, &state, e);
    if (rc == 0)
        s->state = state;
    return rc;
}

int store_settle(struct store *s, struct err *e)
{
    store_behind_wait(s);
    if (s->behind != NULL && s->behind->rc != 0)
        return store_behind_failed(s, e);
    if (s->owed == 0)
        return 0;
    s->owed = 0;
    s->owed_leaves = 0;
    int rc = settle(s, e);
    s->failed = s->failed || rc != 0;
    return rc;
}

/* ---- a part's record, beside the next part ---- */

static int log_it(struct store_behind *b)
{
    int rc = store_log(b->s, &b->made, &b->state, &b->told, &b->failure);
    b->logged = rc == 0;
    if (rc == 0 && b->owes)
        return owe(b->s, &b->told, buf_bytes(&b->made.secrets), &b->failure);
    return rc == 0 ? store_apply(b->s, buf_bytes(&b->made.secrets), &b->keys_damaged, &b->failure) : rc;
}

/* It mostly waits for the disk.  Whoever signs or checks meanwhile is not to be sent off its processor for a moment's
 * work each time the disk has answered: that took a fifteenth of its time. */
static void give_way(void)
{
    struct sched_param param;
    int policy;
    if (pthread_getschedparam(pthread_self(), &policy, &param) == 0 && policy == SCHED_OTHER) /* else it was chosen */
        (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &param); /* refused: all is slower, not wrong */
}

/* No one asks for the draft's leaves any more, and who signs need not wipe them. */
static void *behind_run(void *behind)
{
    struct store_behind *b = behind;
    if (b->logs)
        b->rc = log_it(b);
    if (b->rc == 0 && !b->owes) {
        b->rc = derive(b->s, &b->told, &b->failure);
        if (b->rc == 0)
            b->state = (struct store_state){.known = true, .committed = b->told.now};
    }
    store_draft_spare(&b->told.draft, &b->made.hidden, &b->spare);
    b->over = true;
    return NULL;
}

/* ---- begun and ended by the writer ---- */

static int frames_note(struct store_behind *b, const struct vault_flushed *f, struct err *e)
{
    struct frame_table *t = &b->frames;
    t->room = 1024;
    while (t->room < f->frame_count * 2)
        t->room *= 2;
    t->slot = calloc(t->room, sizeof *t->slot);
    if (t->slot == NULL)
        return err_memory(e);
    for (size_t i = 0; i < f->frame_count; i++) {
        size_t at = (size_t)u64_get(f->frames[i].digest.b) & (t->room - 1);
        while (t->slot[at] != 0)
            at = (at + 1) & (t->room - 1);
        t->slot[at] = (uint32_t)i + 1;
    }
    return 0;
}

static void behind_free_later(struct store_behind **b)
{
    behind_free(*b);
    *b = NULL;
}

/* What is told and what is to be logged are taken over by what it becomes, or stay with the caller. */
static int behind_new(struct store *s, struct store_told *told, struct store_made *made, struct store_behind **ret,
                      struct err *e)
{
    OWN(behind_free_later) struct store_behind *b = calloc(1, sizeof *b);
    if (b == NULL)
        return err_memory(e);
    b->s = s;
    b->state = s->state;
    b->logs = made != NULL;
    b->logged = made == NULL;
    int rc = store_index_reader(s, &b->reader, e);
    if (rc == 0)
        rc = frames_note(b, &told->flushed, e);
    if (rc != 0)
        return rc;
    b->told = *told;
    *told = (struct store_told){0};
    b->leaves_end = b->told.draft.first_leaf + b->told.draft.count + b->told.public_count;
    if (made != NULL) {
        b->made = *made;
        *made = (struct store_made){.record = {.number = 0}};
    }
    *ret = TAKE(b);
    return 0;
}

static void *behind_thread(void *behind)
{
    give_way();
    return behind_run(behind);
}

static void behind_start(struct store_behind *b)
{
    struct store *s = b->s;
    pthread_mutex_lock(&s->asking);
    s->behind = b;
    pthread_mutex_unlock(&s->asking);
    b->running = pthread_create(&b->thread, NULL, behind_thread, b) == 0;
    if (!b->running) /* no thread to be had is no reason to fail */
        (void)behind_run(b);
}

int store_behind_log(struct store *s, struct store_told *told, struct store_made *made, struct err *e)
{
    struct store_behind *b = NULL;
    assert(s->behind == NULL);
    bool owes = part_may_owe(s, told);
    int rc = behind_new(s, told, made, &b, e);
    if (b == NULL)
        return rc;
    b->owes = owes;
    behind_start(b);
    return 0;
}

uint64_t store_leaves_end(const struct store *s)
{
    struct ledger_position now;
    if (s->behind != NULL)
        return s->behind->leaves_end;
    ledger_where(s->ledger, &now);
    return now.leaves;
}

bool store_behind_busy(const struct store *s)
{
    return s->behind != NULL && s->behind->running && !s->behind->over;
}

int store_behind_begin(struct store *s, struct store_told *told, bool beside, struct err *e)
{
    assert(s->behind == NULL);
    struct store_behind *b = NULL;
    if (beside) {
        int rc = behind_new(s, told, NULL, &b, e);
        if (b != NULL)
            behind_start(b);
        return rc;
    }
    int rc = derive(s, told, e);
    if (rc == 0)
        s->state = (struct store_state){.known = true, .committed = told->now};
    return rc;
}

void store_behind_wait(struct store *s)
{
    struct store_behind *b = s->behind;
    if (b == NULL || b->waited)
        return;
    if (b->running)
        (void)pthread_join(b->thread, NULL);
    b->running = false;
    b->waited = true;
    s->state = b->state;
    if (b->keys_damaged.code != 0)
        store_tell(s, b->keys_damaged.text);
    if (b->rc != 0 && b->logged)
        store_tell_later(s, &b->failure);
    s->failed = s->failed || b->rc != 0;
    if (b->logs && b->rc == 0) {
        s->owed = b->owes ? s->owed + 1 : 0;
        s->owed_leaves = b->owes ? s->owed_leaves + b->told.draft.count : 0;
    }
}

int store_behind_failed(const struct store *s, struct err *e)
{
    struct store_behind *b = s->behind;
    if (b == NULL || !b->waited || b->rc == 0 || b->logged)
        return err_set(e, ERR_IO, "an earlier write failed: nothing more is written; run the command again");
    b->heard = true;
    return err_set(e, b->rc, "%s", b->failure.text);
}

bool store_behind_unheard(struct store *s)
{
    store_behind_wait(s);
    const struct store_behind *b = s->behind;
    return b != NULL && b->rc != 0 && !b->logged && !b->heard;
}

bool store_behind_logs(const struct store *s)
{
    return s->behind != NULL && s->behind->logs;
}

int store_behind_end(struct store *s, struct err *e)
{
    store_behind_wait(s);
    int rc = s->behind != NULL && s->behind->rc != 0 ? store_behind_failed(s, e) : 0;
    pthread_mutex_lock(&s->asking);
    struct store_behind *b = TAKE(s->behind);
    pthread_mutex_unlock(&s->asking);
    if (b != NULL)
        store_spare_give(&b->spare, &s->spare);
    behind_free(b);
    return rc;
}

/* ---- asked meanwhile, by the vault's threads too: nothing of this changes until store_behind_end ---- */

struct index *store_asked(struct store *s)
{
    return s->behind != NULL ? s->behind->reader : s->index;
}

const struct draft *store_behind_draft(const struct store *s)
{
    return s->behind != NULL ? &s->behind->told.draft : NULL;
}

bool store_behind_frame(const struct store *s, const struct hash *digest, uint32_t size_bytes, struct vault_known *ret)
{
    const struct store_behind *b = s->behind;
    if (b == NULL)
        return false;
    const struct frame_table *t = &b->frames;
    for (size_t at = (size_t)u64_get(digest->b) & (t->room - 1); t->slot[at] != 0; at = (at + 1) & (t->room - 1)) {
        const struct vault_frame *f = &b->told.flushed.frames[t->slot[at] - 1];
        if (f->size_bytes == size_bytes && hash_equal(&f->digest, digest)) {
            *ret = (struct vault_known){f->cookie, f->frame};
            return true;
        }
    }
    return false;
}

bool store_behind_manifest(const struct store *s, uint64_t leaf, uint64_t *ret_record)
{
    const struct draft *d = store_behind_draft(s);
    if (d == NULL || leaf < d->first_leaf || leaf - d->first_leaf >= d->count)
        return false;
    uint64_t record = s->behind->told.manifest[leaf - d->first_leaf];
    if (record == LEAF_NO_MANIFEST)
        return false;
    *ret_record = record;
    return true;
}
