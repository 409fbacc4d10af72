/* Who signed what: the history of keys, from the events beside the journal or from the journal itself. */
#include "store/store_internal.h"

int store_public_read(const struct history *h, uint64_t leaf, struct bytes note, struct statement_held **held,
                      struct statement *ret, struct err *e)
{
    const struct history_reading what = {.leaf = leaf, .bytes = note};
    return history_read(h, &what, held, ret, NULL, e);
}

static int begin(const struct store *s, struct history *h, struct err *e)
{
    uint8_t entry[LEAF_ENTRY];
    leaf_entry_public(buf_bytes(&s->founded_note), entry);
    return history_begin(h, &s->founded.founded, entry, e);
}

/* Sheets name the checkpoint before the record that first says of them: as proposed, or as made. */
static const struct statement_recovery *sheets_first_said(const struct statement *st)
{
    if (st->kind == STATEMENT_PROPOSED && st->proposed.act->kind == STATEMENT_RECOVERY)
        return &st->proposed.act->recovery;
    return st->kind == STATEMENT_RECOVERY && !st->recovery.event.by.said ? &st->recovery : NULL;
}

int store_history_step(struct history *h, const struct store_step *s, struct err *e)
{
    const struct ledger_record *r = s->record;
    const struct statement_recovery *sheets = sheets_first_said(s->statement);
    if (sheets != NULL && (sheets->leaves != r->first_leaf || !hash_equal(&sheets->root, s->before)))
        return err_set(e, ERR_DAMAGED, "rule recovery-checkpoint: it does not name the checkpoint before it");
    const struct history_event event = {
        s->leaf, s->statement, s->signer, r->entries.p + (s->leaf - r->first_leaf) * LEDGER_ENTRY};
    return history_take(h, &event, e);
}

/* ---- from the journal ---- */

void store_following_release(struct store_following *f)
{
    history_release(&f->history);
    buf_drop(&f->before);
}

/* The checkpoint before is read only where a statement names it. */
static int follow_statement(struct store_following *f, const struct store_step *step, struct err *e)
{
    struct checkpoint before = {0};
    struct store_step whole = *step;
    int rc = 0;
    whole.before = &before.root;
    if (sheets_first_said(step->statement) != NULL && f->before.n > 0)
        rc = history_checkpoint(buf_bytes(&f->before), &f->history.logs, NOTE_FOREIGN, &before, e);
    return rc == 0 ? store_history_step(&f->history, &whole, e) : rc;
}

int store_turn_check(const struct history *h, const struct ledger_record *r, size_t logs_before, struct err *e)
{
    struct checkpoint c;
    if (h->logs.count == logs_before)
        return history_checkpoint(r->checkpoint, &h->logs, NOTE_STRICT, &c, e);
    return history_turned(r->checkpoint, &h->logs.list[logs_before - 1].key, history_log_now(h), e);
}

int store_follow(struct store_following *f, const struct ledger_record *r, const struct store_follower *to,
                 struct err *e)
{
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = r->number == 0 ? history_begin(&f->history, f->founded, r->entries.p, e) : 0;
    const size_t logs = f->history.logs.count;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        struct store_step step = {.record = r, .leaf = r->first_leaf + r->hidden_count + i, .statement = &st};
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = history_read(&f->history, &(struct history_reading){.leaf = step.leaf, .bytes = note}, &held, &st,
                              &step.signer, e);
        if (rc == 0)
            rc = follow_statement(f, &step, e);
        if (rc == 0 && to != NULL)
            rc = to->each(to->context, step.leaf, note, &st, e);
    }
    if (rc == 0)
        rc = store_turn_check(&f->history, r, logs, e);
    buf_clear(&f->before);
    buf_put_bytes(&f->before, r->checkpoint);
    return rc == 0 ? buf_check(&f->before, e) : rc;
}

struct walking {
    struct store_following following;
    const char *restore; /* NULL, or the root of a repository whose files of key events are made whole */
    struct buf *words;   /* then: a line for each file */
};

static int walk_statement(void *context, uint64_t leaf, struct bytes note, const struct statement *st, struct err *e)
{
    const struct walking *w = context;
    if (w->restore == NULL || !history_is_event(st->kind))
        return 0;
    return keyring_event_restore(w->restore, w->following.history.events, leaf, note, w->words, e);
}

static int walk_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct walking *w = context;
    return store_follow(&w->following, r, &(struct store_follower){walk_statement, w}, e);
}

static int walk(struct store *s, struct walking *w, struct err *e)
{
    w->following.founded = &s->founded.founded;
    int rc = begin(s, &w->following.history, e);
    return rc != 0 ? rc : ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, walk_record, w, e);
}

int store_history_walk(struct store *s, struct history *ret, struct err *e)
{
    struct walking w = {.following.history = *ret};
    int rc = walk(s, &w, e);
    *ret = w.following.history;
    buf_drop(&w.following.before);
    return rc;
}

int store_history_restore(struct store *s, struct buf *words, struct err *e)
{
    struct walking w = {.restore = s->root, .words = words};
    int rc = walk(s, &w, e);
    store_following_release(&w.following);
    return rc;
}

/* ---- before the log key is known: by the signatures of the events alone ---- */

static int glance_event(struct history *h, uint64_t leaf, struct bytes note, struct err *e)
{
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct statement st;
    uint8_t entry[LEAF_ENTRY];
    struct history_event event = {.leaf = leaf, .statement = &st, .entry = entry};
    leaf_entry_public(note, entry);
    int rc = history_read(h, &(struct history_reading){.leaf = leaf, .bytes = note}, &held, &st, &event.signer, e);
    return rc == 0 ? history_take(h, &event, e) : rc;
}

int store_history_glance(struct store *s, struct err *e)
{
    struct history *h = &s->history;
    int rc = begin(s, h, e);
    while (rc == 0) {
        OWN(buf_drop) struct buf note = {0};
        uint64_t leaf = 0;
        rc = keyring_event_read(s->root, h->events + 1, &leaf, &note, NULL);
        if (rc == 0)
            rc = glance_event(h, leaf, buf_bytes(&note), NULL);
        if (rc != 0)
            return 0; /* what is lacking is looked for in the journal */
    }
    return rc;
}

/* Every public statement that follows as a key event; all others are passed over, whatever they are. */
int store_history_glance_record(struct history *h, const struct ledger_record *r, struct err *e)
{
    struct cursor open = cursor_of(r->open);
    for (uint32_t i = 0; i < r->public_count; i++) {
        struct bytes note;
        int rc = ledger_statement_next(&open, &note, e);
        if (rc != 0)
            return rc;
        if (r->first_leaf + r->hidden_count + i > 0)
            (void)glance_event(h, r->first_leaf + r->hidden_count + i, note, NULL);
    }
    return 0;
}

static int glance_record(void *context, const struct ledger_record *r, struct err *e)
{
    return store_history_glance_record(context, r, e);
}

bool store_history_scan(struct store *s)
{
    uint64_t before = s->history.events;
    for (int copy = 0; copy < 2; copy++) {
        struct history h = {0};
        if (begin(s, &h, NULL) == 0 && ledger_glance(s->root, copy, glance_record, &h, NULL) == 0 &&
            h.events > s->history.events) {
            struct history old = s->history;
            s->history = h;
            h = old;
        }
        history_release(&h);
    }
    return s->history.events > before;
}

/* ---- from the events beside it ---- */

/* One event, held to the log.  ERR_ABSENT: there is none, or one that no commit has named. */
static int take_event(struct store *s, uint64_t leaves, struct err *e)
{
    OWN(buf_drop) struct buf note = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct history *h = &s->history;
    struct statement st;
    uint64_t leaf = 0;
    uint8_t made[LEAF_ENTRY], entry[LEAF_ENTRY];
    int rc = keyring_event_read(s->root, h->events + 1, &leaf, &note, e);
    if (rc == 0 && leaf >= leaves)
        rc = ERR_ABSENT;
    if (rc == 0)
        rc = ledger_entry(s->ledger, leaf, entry, e);
    if (rc != 0)
        return rc;
    leaf_entry_public(buf_bytes(&note), made);
    if (memcmp(made, entry, LEAF_ENTRY) != 0)
        return ERR_DAMAGED;
    struct history_event event = {.leaf = leaf, .statement = &st, .entry = entry};
    rc = history_read(h, &(struct history_reading){.leaf = leaf, .bytes = buf_bytes(&note)}, &held, &st, &event.signer,
                      e);
    return rc == 0 ? history_take(h, &event, e) : rc;
}

/* Is the member who opens this known?  If not, an event may be lacking that the journal has. */
static bool is_known(const struct store *s)
{
    if (s->manner == STORE_PUBLIC)
        return true;
    return history_member_by_key(&s->history, &s->identity.member) != NULL;
}

/* Keys that are boxed for somebody else tell of an event that is lacking here, and that the journal has. */
static bool is_whole(const struct store *s)
{
    const struct history *h = &s->history;
    OWN(mem_drop) struct note_key *readers = calloc(h->count + 1, sizeof *readers);
    size_t count = 0;
    if (readers == NULL)
        return false; /* the journal tells */
    for (size_t i = 0; i < h->count; i++)
        if (statement_role_writes(history_role(&h->members[i], UINT64_MAX)))
            readers[count++] = h->members[i].key;
    if (h->sheets.known && !h->sheets.spent)
        readers[count++] = h->sheets.key;
    return !keyring_is_boxed(s->root, readers, count);
}

int store_history_load(struct store *s, struct err *e)
{
    struct ledger_position now;
    const uint64_t events = s->history.events, last_leaf = s->history.last_leaf;
    ledger_where(s->ledger, &now);
    int rc = begin(s, &s->history, e);
    if (rc != 0)
        return rc;
    while (rc == 0)
        rc = take_event(s, now.leaves, NULL);
    bool lacking = s->history.events < events && last_leaf < now.leaves; /* the journal has told of more already */
    if (rc == ERR_ABSENT && s->sheets == NULL && !lacking && is_known(s) && is_whole(s))
        return 0;
    rc = store_history_walk(s, &s->history, e);
    /* What is damaged in the journal is the check's to tell: what was read until then has to do. */
    return rc == ERR_DAMAGED && (s->manner == STORE_PUBLIC || s->manner == STORE_CHECK) ? 0 : rc;
}

int store_history_current(const struct store *s, struct err *e)
{
    const struct history_member *m = history_member_by_key(&s->history, &s->identity.member);
    if (m == NULL)
        return err_set(e, ERR_KEY, "no key event of %s names the member of the key file %s", s->root, s->key_path.s);
    enum statement_role role = history_role(m, UINT64_MAX);
    if (statement_role_writes(role))
        return 0;
    if (role != 0)
        return err_set(e, ERR_KEY,
                       "the member of the key file %s is %s here, and holds no key that opens the repository",
                       s->key_path.s, statement_role_name(role));
    if (!m->replaced)
        return err_set(e, ERR_KEY, "the member of the key file %s was revoked at leaf %llu (%s)", s->key_path.s,
                       (unsigned long long)m->until, statement_leaving_name(m->reason));
    return err_set(e, ERR_KEY,
                   "the member of the key file %s was replaced with recovery sheets at leaf %llu: use the key file "
                   "that was made then",
                   s->key_path.s, (unsigned long long)m->until);
}
