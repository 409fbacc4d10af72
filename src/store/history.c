/* Who signed what: the history of keys, from the events beside the journal or from the journal itself. */
#include "store/store_internal.h"

int store_public_read(const struct history *h, uint64_t leaf, struct bytes note, struct statement_held **held,
                      struct statement *ret, struct err *e)
{
    const struct history_span *span = history_at(h, leaf);
    return statement_read(note, bytes_of(NULL, 0), NULL, span->keys, span->count, held, ret, e);
}

static int begin(const struct store *s, struct history *h, struct err *e)
{
    uint8_t entry[LEAF_ENTRY];
    leaf_entry_public(buf_bytes(&s->founded_note), entry);
    return history_begin(h, &s->founded.founded, entry, e);
}

int store_history_step(struct history *h, const struct ledger_record *r, const struct hash *before, uint64_t leaf,
                       const struct statement *st, struct err *e)
{
    if (st->kind == STATEMENT_RECOVERY &&
        (st->recovery.leaves != r->first_leaf || !hash_equal(&st->recovery.root, before)))
        return err_set(e, ERR_DAMAGED, "rule recovery-checkpoint: it does not name the checkpoint before it");
    return history_take(h, leaf, st, r->entries.p + (leaf - r->first_leaf) * LEDGER_ENTRY, e);
}

/* ---- from the journal ---- */

void store_following_release(struct store_following *f)
{
    history_release(&f->history);
    buf_drop(&f->before);
}

/* The checkpoint before is read only where a statement names it. */
static int follow_statement(struct store_following *f, const struct ledger_record *r, uint64_t leaf,
                            const struct statement *st, struct err *e)
{
    struct checkpoint before = {0};
    int rc = 0;
    if (st->kind == STATEMENT_RECOVERY && f->before.n > 0)
        rc = checkpoint_read(buf_bytes(&f->before), &f->founded->log, NOTE_STRICT, &before, e);
    return rc == 0 ? store_history_step(&f->history, r, &before.root, leaf, st, e) : rc;
}

int store_follow(struct store_following *f, const struct ledger_record *r, const struct store_follower *to,
                 struct err *e)
{
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = r->number == 0 ? history_begin(&f->history, f->founded, r->entries.p, e) : 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        uint64_t leaf = r->first_leaf + r->hidden_count + i;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&f->history, leaf, note, &held, &st, e);
        if (rc == 0)
            rc = follow_statement(f, r, leaf, &st, e);
        if (rc == 0 && to != NULL)
            rc = to->each(to->context, leaf, note, &st, e);
    }
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
    rc = store_public_read(h, leaf, buf_bytes(&note), &held, &st, e);
    return rc == 0 ? history_take(h, leaf, &st, entry, e) : rc;
}

/* Is the member who opens this known?  If not, an event may be lacking that the journal has. */
static bool is_known(const struct store *s)
{
    if (s->manner == STORE_PUBLIC)
        return true;
    for (size_t i = 0; i < s->history.count; i++)
        if (memcmp(s->history.spans[i].keys[0].public_key, s->identity.member.public_key, CRYPT_PUBLIC) == 0)
            return true;
    return false;
}

/* Keys that are boxed for somebody else tell of an event that is lacking here, and that the journal has. */
static bool is_whole(const struct store *s)
{
    struct note_key readers[2] = {*history_member(&s->history)};
    size_t count = 1;
    if (s->history.sheets.known && !s->history.sheets.spent)
        readers[count++] = s->history.sheets.key;
    return !keyring_is_boxed(s->root, readers, count);
}

int store_history_load(struct store *s, struct err *e)
{
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    int rc = begin(s, &s->history, e);
    if (rc != 0)
        return rc;
    while (rc == 0)
        rc = take_event(s, now.leaves, NULL);
    if (rc == ERR_ABSENT && s->sheets == NULL && is_known(s) && is_whole(s))
        return 0;
    rc = store_history_walk(s, &s->history, e);
    /* What is damaged in the journal is the check's to tell: what was read until then has to do. */
    return rc == ERR_DAMAGED && (s->manner == STORE_PUBLIC || s->manner == STORE_CHECK) ? 0 : rc;
}

int store_history_current(const struct store *s, struct err *e)
{
    const struct history *h = &s->history;
    size_t i = h->count;
    while (i > 0 && memcmp(h->spans[i - 1].keys[0].public_key, s->identity.member.public_key, CRYPT_PUBLIC) != 0)
        i--;
    if (i == h->count)
        return 0;
    if (i == 0)
        return err_set(e, ERR_KEY, "no key event of %s names the member of the key file %s", s->root, s->key_path.s);
    return err_set(e, ERR_KEY,
                   "the member of the key file %s was replaced with recovery sheets at leaf %llu: use the key file "
                   "that was made then",
                   s->key_path.s, (unsigned long long)h->spans[i].from - 1);
}
