/*
 * Compartments: which one a store is opened for, who reads it, and its keys brought up to what the history says.
 *
 * An act about a compartment needs no key of it: what follows among its keys is done by whoever holds it and writes
 * next.  Until then nothing is written in it.  What is behind is told by names alone: a box of the newest epoch for
 * somebody who reads it no more asks for a new epoch; a reader without a box gets one.
 */
#include "store/store_internal.h"

#include "base/unicode.h"

#include <assert.h>
#include <stdio.h>

static const char FIRST[] = "main"; /* what the first compartment is called */

/* Far more than are ever sealed, and stripes begin at the first pack of each. */
enum { SPAN_STRIPES_LOG2 = 27 };

struct vault_span store_span_of(const struct statement_founded *founded, size_t at)
{
    const uint64_t stripe = founded->parity_packs != 0 ? founded->parity_packs : VAULT_STRIPE_PACKS_MAX;
    const uint64_t packs = stripe << SPAN_STRIPES_LOG2;
    return (struct vault_span){at * packs, (at + 1) * packs};
}

struct vault_span store_span(const struct store *s, size_t at)
{
    return store_span_of(&s->founded.founded, at);
}

bool store_record_ours(const struct store *s, const struct ledger_record *r)
{
    return r->hidden_count > 0 && r->secrets.n >= KEYRING_ID && memcmp(r->secrets.p, s->compartment, KEYRING_ID) == 0;
}

void store_beside_close(struct store *s)
{
    while (s->beside_count > 0)
        keyring_close(s->beside[--s->beside_count]);
}

/* ---- which one ---- */

static void choose(struct store *s, size_t at)
{
    memcpy(s->compartment, s->history.compartments[at].id, KEYRING_ID);
    s->compartment_at = at;
    s->span = store_span(s, at);
}

/* Without a name: the first that is hers; of who holds none the very first, whose keys will not open. */
static size_t first_held(const struct store *s)
{
    const struct history_member *me = history_member_by_key(&s->history, &s->identity.member);
    for (size_t i = 0; me != NULL && s->sheets == NULL && i < s->history.compartment_count; i++)
        if (history_holds(me, i))
            return i;
    return 0;
}

static bool is_id(const uint8_t id[KEYRING_ID], const char *name)
{
    char hex[2 * KEYRING_ID + 1];
    hex_put(hex, id, KEYRING_ID);
    return strcmp(hex, name) == 0;
}

static bool is_called(const struct keyring *k, size_t at, const char *name)
{
    return strcmp(at == 0 ? FIRST : keyring_called(k), name) == 0;
}

/*
 * By its id, or by the name that its own table holds.  One that does not open has no name that could be told.  Others
 * may have given theirs the same name, and then grant it: which one is meant only its id says.
 */
static int find_held(struct store *s, const char *name, struct err *e)
{
    const struct history *h = &s->history;
    const struct history_member *me = history_member_by_key(h, &s->identity.member);
    OWN(keyring_drop) struct keyring *called = NULL;
    struct err closed = {0}; /* of one that does not open nobody knows the name */
    size_t at = 0;
    for (size_t i = 0; me != NULL && i < h->compartment_count; i++) {
        OWN(keyring_drop) struct keyring *k = NULL;
        struct err mine = {0};
        const bool meant = is_id(h->compartments[i].id, name);
        if (!history_holds(me, i))
            continue;
        int rc = store_keyring_unlock(s, h->compartments[i].id, UINT64_MAX, &k, &mine);
        if (rc != 0 && (meant || rc == ERR_IO))
            return err_set(e, rc, "%s", mine.text);
        if (rc != 0)
            closed = mine;
        else if (meant) {
            choose(s, i);
            s->keyring = TAKE(k);
            return 0;
        } else if (is_called(k, i, name)) {
            if (called != NULL)
                return err_set(e, ERR_USAGE,
                               "two compartments that you hold are called %s: give the id of the one that you mean, "
                               "as groundwork compartment list shows it",
                               name);
            called = TAKE(k);
            at = i;
        }
    }
    if (called != NULL) {
        choose(s, at);
        s->keyring = TAKE(called);
        return 0;
    }
    if (closed.code != 0)
        return err_set(e, closed.code, "%s", closed.text);
    return err_set(e, ERR_KEY, "you hold no compartment called %s: groundwork compartment list names yours", name);
}

int store_compartment_open(struct store *s, struct err *e)
{
    if (s->place.compartment != NULL && s->sheets == NULL)
        return find_held(s, s->place.compartment, e);
    choose(s, first_held(s));
    return store_keyring_unlock(s, s->compartment, UINT64_MAX, &s->keyring, e);
}

/* ---- who reads ---- */

void store_readers_drop(struct store_readers *r)
{
    free(r->list);
    *r = (struct store_readers){0};
}

int store_receives(struct store *s, const struct history_member *m, uint64_t epoch, struct keyring_reader *to,
                   bool *ret, struct err *e)
{
    struct err mine = {0}, line = {0};
    int rc = store_receiving(s, m, epoch, to, &mine);
    *ret = rc == 0;
    if (rc == ERR_IO)
        return err_set(e, rc, "%s", mine.text);
    if (rc != 0) { /* else nobody could be written off because one file is lost */
        (void)err_set(&line, rc,
                      "%s gets no keys, for her receiving key is lost (%s): bring it back with groundwork "
                      "repair --from MIRROR, or revoke her and add her again",
                      m->key.name, mine.text);
        store_tell(s, line.text);
    }
    return 0;
}

/* Those who have a box ${already} are not asked for; NULL: nobody. */
static int readers_find(struct store *s, uint64_t epoch, const struct store_boxed *already, struct store_readers *ret,
                        struct err *e)
{
    const struct history *h = &s->history;
    ret->list = calloc(h->count + 1, sizeof *ret->list);
    ret->count = 0;
    if (ret->list == NULL)
        return err_memory(e);
    for (size_t i = 0; i < h->count; i++) {
        const struct history_member *m = &h->members[i];
        struct keyring_reader *r = &ret->list[ret->count];
        bool receives = true;
        if (!history_holds(m, s->compartment_at))
            continue;
        *r = (struct keyring_reader){.key = m->key, .reads = true};
        memcpy(r->box, m->box, CRYPT_PUBLIC);
        int rc =
            already == NULL || !store_is_boxed(already, &m->key) ? store_receives(s, m, epoch, r, &receives, e) : 0;
        if (rc != 0)
            return rc;
        ret->count += receives;
    }
    if (h->sheets.known && !h->sheets.spent) {
        struct keyring_reader *r = &ret->list[ret->count++];
        *r = (struct keyring_reader){.key = h->sheets.key, .reads = true};
        memcpy(r->receiving, h->sheets.receiving, CRYPT_PUBLIC);
        memcpy(r->box, h->sheets.receiving, CRYPT_PUBLIC);
    }
    return 0;
}

int store_readers(struct store *s, uint64_t epoch, struct store_readers *ret, struct err *e)
{
    return readers_find(s, epoch, NULL, ret, e);
}

/* ---- what is behind ---- */

void store_boxed_release(struct store_boxed *b)
{
    free(b->list);
}

static int boxed_take(void *context, const struct statement_file_hash *f, struct err *e)
{
    struct store_boxed *b = context;
    struct keyring_box box;
    size_t n = strlen(b->folder);
    if (strncmp(f->name, b->folder, n) != 0 || !keyring_box_name(f->name + n, &box) || box.epoch < b->epoch)
        return 0;
    if (box.epoch > b->epoch) {
        b->epoch = box.epoch;
        b->count = 0;
    }
    if (b->count == b->room) {
        size_t room = b->room * 2 + 16;
        struct keyring_box *grown = reallocarray(b->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        b->list = grown;
        b->room = room;
    }
    b->list[b->count++] = box;
    return 0;
}

int store_boxed(struct store *s, const uint8_t id[KEYRING_ID], struct store_boxed *b, struct err *e)
{
    char hex[2 * KEYRING_ID + 1];
    hex_put(hex, id, KEYRING_ID);
    (void)snprintf(b->folder, sizeof b->folder, "%s/", hex);
    return index_keyring_files(s->index, boxed_take, b, e);
}

bool store_is_boxed(const struct store_boxed *b, const struct note_key *key)
{
    for (size_t i = 0; i < b->count; i++)
        if (memcmp(b->list[i].reader, key->id, 4) == 0)
            return true;
    return false;
}

static const struct history_member *member_of(const struct history *h, const uint8_t id[4])
{
    for (size_t i = 0; i < h->count; i++)
        if (memcmp(h->members[i].key.id, id, 4) == 0)
            return &h->members[i];
    return NULL;
}

/* Somebody's box who reads it no more: all that she could open until now is old. */
bool store_turn_due(const struct history *h, const struct store_boxed *b, size_t at)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct history_member *m = member_of(h, b->list[i].reader);
        if (m != NULL && !history_holds(m, at))
            return true;
    }
    return false;
}

/* ---- bringing it up ---- */

static int turn(struct store *s, const struct store_boxed *b, struct err *e)
{
    OWN(store_readers_drop) struct store_readers readers = {0};
    OWN(mem_drop) struct keyring_reader *before = calloc(b->count + 1, sizeof *before);
    struct keyring_turning t = {.before = before, .leaf = s->draft.first_leaf, .compartment = true};
    if (before == NULL)
        return err_memory(e);
    for (; t.before_count < b->count; t.before_count++) {
        before[t.before_count].reads = true;
        memcpy(before[t.before_count].key.id, b->list[t.before_count].reader, 4);
    }
    int rc = store_readers(s, keyring_epoch(s->keyring) + 1, &readers, e);
    if (rc == 0)
        rc = store_vault_end(s, &t.pack, &t.sector, e);
    t.readers = readers.list;
    t.count = readers.count;
    return rc == 0 ? keyring_turn(s->keyring, &t, e) : rc;
}

/* Boxes that are lacking; and those of sheets that newer ones have replaced, which are nobody's. */
static int boxes_settle(struct store *s, const struct store_boxed *b, struct err *e)
{
    OWN(store_readers_drop) struct store_readers readers = {0};
    int rc = readers_find(s, keyring_epoch(s->keyring), b, &readers, e);
    for (size_t i = 0; rc == 0 && i < readers.count; i++)
        if (!store_is_boxed(b, &readers.list[i].key))
            rc = keyring_admit(s->keyring, &readers.list[i], e);
    for (size_t i = 0; rc == 0 && i < b->count; i++) {
        bool reads = false;
        for (size_t k = 0; k < readers.count; k++)
            reads = reads || memcmp(readers.list[k].key.id, b->list[i].reader, 4) == 0;
        struct keyring_reader gone = {.reads = true};
        memcpy(gone.key.id, b->list[i].reader, 4);
        if (!reads)
            rc = keyring_dismiss(s->keyring, &gone, e);
    }
    return rc;
}

int store_keys_settle(struct store *s, struct err *e)
{
    OWN(store_boxed_release) struct store_boxed b = {.epoch = 0};
    const struct keyring_file *changes;
    size_t count = 0;
    int rc = store_boxed(s, s->compartment, &b, e);
    bool turns = rc == 0 && store_turn_due(&s->history, &b, s->compartment_at);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = turns ? turn(s, &b, e) : boxes_settle(s, &b, e);
    if (rc == 0)
        keyring_changes(s->keyring, &changes, &count);
    if (rc != 0 || count == 0) {
        store_draft_drop(s);
        return rc;
    }
    s->draft.keys = true;
    rc = store_commit(s, e);
    return rc == 0 && turns && !s->failed ? store_index_anew(s, e) : rc;
}

/* ---- what there is ---- */

const struct keyring_identity *store_identity(const struct store *s)
{
    return &s->identity;
}

int store_compartments(struct store *s, int (*each)(void *context, const struct store_compartment *c, struct err *e),
                       void *context, struct err *e)
{
    const struct history *h = &s->history;
    const struct history_member *me = history_member_by_key(h, &s->identity.member);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < h->compartment_count; i++) {
        OWN(store_boxed_release) struct store_boxed b = {.epoch = 0};
        OWN(keyring_drop) struct keyring *k = NULL;
        struct store_compartment c = {.at = i, .leaf = h->compartments[i].leaf};
        memcpy(c.id, h->compartments[i].id, STATEMENT_ID);
        c.held = s->keyring != NULL && me != NULL && history_holds(me, i);
        c.here = i == s->compartment_at;
        for (size_t m = 0; m < h->count; m++)
            c.holders += history_holds(&h->members[m], i);
        if (c.held && store_keyring_unlock(s, c.id, UINT64_MAX, &k, NULL) == 0)
            c.name = i == 0 ? FIRST : keyring_called(k);
        if (s->index != NULL)
            rc = store_boxed(s, c.id, &b, e);
        c.turn_due = store_turn_due(h, &b, i);
        c.sheets = h->sheets.known && !h->sheets.spent && store_is_boxed(&b, &h->sheets.key);
        if (rc == 0)
            rc = each(context, &c, e);
    }
    return rc;
}

int store_compartment_called(struct store *s, const char *name, struct err *e)
{
    OWN(buf_drop) struct buf nfc = {0};
    const size_t n = strlen(name);
    const bool fits = n > 0 && n <= KEYRING_CALLED_MAX && strpbrk(name, "\n\r\t") == NULL;
    int rc = fits ? unicode_nfc(bytes_text(name), &nfc, e) : 0;
    if (rc != 0)
        return rc;
    if (!fits || !bytes_equal(buf_bytes(&nfc), bytes_text(name)))
        return err_set(e, ERR_USAGE, "a compartment's name is one line of 1 to %d bytes", KEYRING_CALLED_MAX);
    for (size_t i = 0; i < s->history.compartment_count; i++)
        if (is_id(s->history.compartments[i].id, name))
            return err_set(e, ERR_REFUSED, "%s is the id of a compartment: give another name", name);
    return 0;
}
