/* The draft of a record: what is to be said, as it will be committed. */
#include "store/store_internal.h"

#include "base/clock.h"

#include <assert.h>

/* ---- copies of what statements borrow ---- */

static void *keep(struct draft *d, const void *p, size_t n)
{
    struct keep *k = malloc(sizeof *k + n + 1);
    if (k == NULL)
        return NULL;
    k->next = d->keeps;
    d->keeps = k;
    d->keep_bytes += n;
    if (n > 0)
        memcpy(k->bytes, p, n);
    k->bytes[n] = 0;
    return k->bytes;
}

static bool keep_bytes(struct draft *d, struct bytes *x)
{
    if (x->p == NULL)
        return true;
    x->p = keep(d, x->p, x->n);
    return x->p != NULL;
}

static bool keep_text(struct draft *d, const char **text)
{
    if (*text == NULL)
        return true;
    *text = keep(d, *text, strlen(*text));
    return *text != NULL;
}

/* Only what the index will be told again after the commit. */
static bool keep_statement(struct draft *d, struct statement *s)
{
    bool good = true;
    switch (s->kind) {
    case STATEMENT_RECEIVED:
        return keep_bytes(d, &s->received.path) && keep_bytes(d, &s->received.target);
    case STATEMENT_INVESTIGATION:
        return keep_text(d, &s->investigation.name);
    case STATEMENT_DEPOSIT:
        s->deposit.paths = keep(d, s->deposit.paths, s->deposit.path_count * sizeof *s->deposit.paths);
        good = s->deposit.paths != NULL && keep_text(d, &s->deposit.giver) && keep_text(d, &s->deposit.note);
        for (size_t i = 0; good && i < s->deposit.path_count; i++)
            good = keep_bytes(d, &s->deposit.paths[i]);
        return good;
    case STATEMENT_PART:
        s->part.refused = keep(d, s->part.refused, s->part.refused_count * sizeof *s->part.refused);
        s->part.already = keep(d, s->part.already, s->part.already_count * sizeof *s->part.already);
        good = s->part.refused != NULL && s->part.already != NULL;
        for (size_t i = 0; good && i < s->part.refused_count; i++)
            good = keep_bytes(d, &s->part.refused[i].path) && keep_text(d, &s->part.refused[i].reason);
        return good;
    case STATEMENT_NOTE:
        return keep_text(d, &s->note.text);
    case STATEMENT_SET_ASIDE:
        return keep_text(d, &s->set_aside.reason);
    default:
        return true;
    }
}

/* ---- digests of this draft ---- */

static bool digest_seen(const struct digest_set *set, uint64_t prefix)
{
    for (size_t i = prefix; set->room > 0; i++) {
        uint64_t v = set->slot[i & (set->room - 1)];
        if (v == 0 || v == prefix)
            return v == prefix;
    }
    return false;
}

static int digest_note(struct digest_set *set, uint64_t prefix, struct err *e)
{
    if (set->used * 2 >= set->room) {
        struct digest_set bigger = {.room = set->room == 0 ? 1024 : set->room * 2};
        bigger.slot = calloc(bigger.room, sizeof *bigger.slot);
        if (bigger.slot == NULL)
            return err_memory(e);
        for (size_t i = 0; i < set->room; i++)
            if (set->slot[i] != 0)
                (void)digest_note(&bigger, set->slot[i], NULL);
        free(set->slot);
        *set = bigger;
    }
    size_t i = prefix & (set->room - 1);
    while (set->slot[i] != 0 && set->slot[i] != prefix)
        i = (i + 1) & (set->room - 1);
    set->used += set->slot[i] == 0;
    set->slot[i] = prefix;
    return 0;
}

static int is_duplicate(struct store *s, const struct statement_received *r, bool *ret, struct err *e)
{
    struct index_twin twin;
    uint64_t prefix = u64_get(r->sha256.b) | 1;
    *ret = digest_seen(&s->draft.digests, prefix);
    if (*ret)
        return 0;
    pthread_mutex_lock(&s->asking);
    int rc = index_duplicate(s->index, &r->sha256, &twin, e);
    pthread_mutex_unlock(&s->asking);
    if (rc != 0 && rc != ERR_ABSENT)
        return rc;
    *ret = rc == 0;
    return digest_note(&s->draft.digests, prefix, e);
}

/* ---- the draft ---- */

void store_draft_drop(struct store *s)
{
    struct draft *d = &s->draft;
    if (d->leaves != NULL)
        crypt_wipe(d->leaves, d->room * sizeof *d->leaves);
    free(d->leaves);
    buf_wipe(&d->arena);
    free(d->digests.slot);
    while (d->keeps != NULL) {
        struct keep *next = d->keeps->next;
        free(d->keeps);
        d->keeps = next;
    }
    *d = (struct draft){0};
}

int store_writable(const struct store *s, struct err *e)
{
    if (s->failed)
        return err_set(e, ERR_IO, "an earlier write failed: nothing more is written; run the command again");
    assert(s->manner == STORE_WRITE);
    return 0;
}

int store_draft_begin(struct store *s, struct err *e)
{
    int rc = store_writable(s, e);
    if (rc != 0)
        return rc;
    store_draft_drop(s);
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    s->draft.begun = true;
    s->draft.first_leaf = now.leaves;
    return 0;
}

/* A founding that was cut off before its second commit left no line of inquiry: the first statement brings one. */
static int investigation_need(struct store *s, enum statement_kind kind, struct err *e)
{
    uint8_t investigation[STATEMENT_ID];
    if (s->draft.placed || kind == STATEMENT_INVESTIGATION)
        return 0;
    int rc = index_investigation(s->index, investigation, NULL);
    if (rc != ERR_ABSENT)
        return rc == 0 ? 0 : index_investigation(s->index, investigation, e);
    struct statement st = {
        .kind = STATEMENT_INVESTIGATION, .at_unix_s = time_now_unix_s(), .investigation = {.name = "main"}};
    return store_add(s, &st, NULL, NULL, e);
}

uint64_t store_draft_leaves(const struct store *s)
{
    return s->draft.count;
}

uint64_t store_draft_bytes(const struct store *s)
{
    return s->draft.arena.n + s->draft.keep_bytes + s->draft.count * sizeof *s->draft.leaves;
}

static int place_next(struct store *s, struct statement *st, struct err *e)
{
    struct draft *d = &s->draft;
    if (!d->placed) {
        uint8_t investigation[STATEMENT_ID] = {0};
        int rc = st->kind == STATEMENT_INVESTIGATION ? ERR_ABSENT : index_investigation(s->index, investigation, e);
        if (rc == ERR_ABSENT && st->kind == STATEMENT_INVESTIGATION) {
            crypt_random(investigation, sizeof investigation);
            memcpy(d->place.investigation, investigation, STATEMENT_ID);
            rc = 0;
        } else if (rc == 0)
            rc = index_place(s->index, investigation, &d->place, e);
        if (rc != 0)
            return err_add(e, rc, "the investigation's numbering");
        d->placed = true;
    }
    st->place = d->place;
    return 0;
}

static int leaf_room(struct draft *d, struct err *e)
{
    if (d->count < d->room)
        return 0;
    size_t room = d->room == 0 ? 256 : d->room * 2;
    struct draft_leaf *grown = calloc(room, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    if (d->leaves != NULL) {
        memcpy(grown, d->leaves, d->count * sizeof *grown);
        crypt_wipe(d->leaves, d->room * sizeof *grown);
    }
    free(d->leaves);
    d->leaves = grown;
    d->room = room;
    return 0;
}

/* The statement as it will be committed, and its claim values, into the arena. */
static int leaf_write(struct store *s, struct draft_leaf *leaf, struct err *e)
{
    struct draft *d = &s->draft;
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf values = {0};
    int rc = statement_make(&leaf->statement, &leaf->secret, &text, &values, e);
    if (rc != 0)
        return rc;
    leaf->text_at = d->arena.n;
    rc = statement_finish(leaf->statement.kind, buf_bytes(&text), &s->identity.member, &s->identity.sign, &d->arena, e);
    if (rc != 0)
        return rc;
    leaf->text_bytes = d->arena.n - leaf->text_at;
    leaf->values_at = d->arena.n;
    leaf->values_bytes = values.n;
    buf_put_bytes(&d->arena, buf_bytes(&values));
    rc = buf_check(&d->arena, e);
    if (rc == 0)
        leaf_entry_hidden(&leaf->secret, bytes_of(d->arena.p + leaf->text_at, leaf->text_bytes), leaf->entry);
    return rc;
}

bool store_has_object(const struct statement *st)
{
    return st->kind == STATEMENT_RECEIVED && !st->received.further_name && st->received.type == STATEMENT_FILE;
}

static int keep_object(struct store *s, const struct draft_leaf *leaf, uint64_t number, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    leaf_manifest_key(&leaf->secret, &key);
    return vault_keep(s->writer, &key, number, e);
}

int store_add(struct store *s, struct statement *statement, uint64_t *ret_leaf, bool *ret_duplicate, struct err *e)
{
    struct draft *d = &s->draft;
    bool duplicate = false;
    int rc = store_writable(s, e);
    assert(rc != 0 || (d->begun && statement_kind_hidden(statement->kind)));
    if (rc == 0 && statement->kind != STATEMENT_RECEIVED)
        rc = investigation_need(s, statement->kind, e);
    if (rc == 0)
        rc = leaf_room(d, e);
    if (rc == 0 && statement->kind != STATEMENT_RECEIVED)
        rc = place_next(s, statement, e);
    if (rc == 0 && store_has_object(statement))
        rc = is_duplicate(s, &statement->received, &duplicate, e);
    if (rc != 0)
        return rc;
    uint64_t number = d->first_leaf + d->count;
    struct draft_leaf *leaf = &d->leaves[d->count];
    *leaf = (struct draft_leaf){.statement = *statement};
    crypt_random_fast(leaf->secret.b, CRYPT_KEY);
    if (!keep_statement(d, &leaf->statement))
        return err_memory(e);
    rc = leaf_write(s, leaf, e);
    if (rc == 0 && store_has_object(statement))
        rc = keep_object(s, leaf, number, e);
    if (rc != 0)
        return rc;
    if (statement->kind != STATEMENT_RECEIVED) {
        d->place.seq++;
        memcpy(d->place.prev.b, leaf->entry + 1, CRYPT_HASH);
    }
    d->count++;
    if (ret_leaf != NULL)
        *ret_leaf = number;
    if (ret_duplicate != NULL)
        *ret_duplicate = duplicate;
    return 0;
}
