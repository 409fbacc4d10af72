/* Who signs: leaf 0, every key event behind it, and the checkpoint under which all of the package lies. */
#include "verify/verify_internal.h"

#include <assert.h>
#include <stdio.h>

static const char CHECKPOINT[] = "proof/checkpoint";
enum { EVENT_BYTES_MAX = 1 << 20 };

/* ---- what lies in the log ---- */

int verify_proof(struct verifying *v, const char *path, const uint8_t entry[LEAF_ENTRY], uint64_t *ret_leaf,
                 struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct proof p;
    struct hash leaf;
    int rc = verify_bag_read(&v->bag, path, PROOF_BYTES_MAX, &text, e);
    if (rc == 0)
        rc = proof_parse(buf_bytes(&text), &p, e);
    if (rc != 0)
        return err_add(e, rc, "%s", path);
    crypt_leaf_hash(bytes_of(entry, LEAF_ENTRY), &leaf);
    if (!bytes_equal(p.checkpoint_note, buf_bytes(&v->checkpoint_note)))
        return err_set(e, ERR_DAMAGED, "%s: is under another checkpoint than that of the package", path);
    if (!tree_check_inclusion(&leaf, p.index, v->checkpoint.size, &p.path, &v->checkpoint.root))
        return err_set(e, ERR_DAMAGED, "%s: what it proves is not in the log", path);
    *ret_leaf = p.index;
    return 0;
}

/* The log key of so many leaves; where they name it last, the one before signs too. */
static int log_lines(const struct verifying *v, struct bytes note, const struct note_key *key, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    struct note_key keys[2];
    size_t count = 1;
    keys[0] = *key;
    for (size_t i = 1; i < v->history.logs.count; i++)
        if (&v->history.logs.list[i].key == key) {
            keys[1] = v->history.logs.list[i - 1].key;
            count = 2;
        }
    int rc = note_parse(note, &n, e);
    return rc == 0 ? note_check(&n, keys, count, NOTE_STRICT, e) : rc;
}

/* Three lines and no further ones, in the log's name. */
static int text_check(const struct verifying *v, struct bytes note, const struct checkpoint *c, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    checkpoint_text(c, &text);
    int rc = buf_check(&text, e);
    if (rc == 0 && (strcmp(c->origin, v->history.origin) != 0 || note.n < text.n ||
                    memcmp(note.p, text.p, text.n) != 0 || note.p[text.n] != '\n'))
        rc = err_set(e, ERR_DAMAGED, "it is no checkpoint of this log");
    return rc;
}

int verify_log_signed(const struct verifying *v, struct bytes note, const struct note_key **ret_key,
                      struct checkpoint *ret, struct err *e)
{
    const struct history *h = &v->history;
    struct err mine = {0};
    for (size_t i = h->logs.count; i-- > 0;) {
        int rc = checkpoint_read(note, &h->logs.list[i].key, NOTE_FOREIGN, ret, &mine);
        if (rc == ERR_IO)
            return err_set(e, rc, "%s", mine.text);
        if (rc == 0 && history_log(&h->logs, ret->size) == &h->logs.list[i].key) {
            *ret_key = &h->logs.list[i].key;
            return text_check(v, note, ret, e);
        }
    }
    return err_set(e, ERR_DAMAGED, "it is no checkpoint of this log");
}

int verify_checkpoint(const struct verifying *v, struct bytes note, struct checkpoint *ret, struct err *e)
{
    const struct note_key *key = NULL;
    int rc = verify_log_signed(v, note, &key, ret, e);
    if (rc != 0)
        return rc;
    assert(key != NULL);
    return log_lines(v, note, key, e);
}

/* What the seal says of it; by whom it is signed is known when all key events are. */
static int checkpoint_find(struct verifying *v, struct err *e)
{
    v->checkpoint.size = v->seal.sealed.leaves;
    v->checkpoint.root = v->seal.sealed.root;
    return verify_bag_read(&v->bag, CHECKPOINT, NOTE_BYTES_MAX, &v->checkpoint_note, e);
}

static int checkpoint_hold(struct verifying *v, struct err *e)
{
    struct checkpoint c;
    int rc = verify_checkpoint(v, buf_bytes(&v->checkpoint_note), &c, e);
    if (rc != 0)
        return err_add(e, rc, "%s", CHECKPOINT);
    if (v->checkpoint.size != c.size || !hash_equal(&v->checkpoint.root, &c.root))
        return err_set(e, ERR_DAMAGED, "%s: is not the one that the seal names", CHECKPOINT);
    v->checkpoint = c;
    v->found.leaves = c.size;
    return 0;
}

int verify_signed_note(const struct verifying *v, uint64_t leaf, struct bytes note, struct statement_held **held,
                       struct statement *ret, struct err *e)
{
    return history_read(&v->history, &(struct history_reading){.leaf = leaf, .bytes = note}, held, ret, NULL, e);
}

int verify_signed_opening(const struct verifying *v, uint64_t leaf, const struct opening *o, struct buf *values,
                          struct statement_held **held, struct statement *ret, struct err *e)
{
    struct statement_salts salts;
    int rc = opening_values(o, values, &salts, e);
    const struct history_reading what = {
        .leaf = leaf, .bytes = o->statement, .values = buf_bytes(values), .salts = &salts};
    return rc == 0 ? history_read(&v->history, &what, held, ret, NULL, e) : rc;
}

/* ---- key events ---- */

static void event_path(uint64_t number, const char *ending, char to[VERIFY_NAME_MAX])
{
    (void)snprintf(to, VERIFY_NAME_MAX, "proof/keys/%06llu.%s", (unsigned long long)number, ending);
}

static int founding_take(struct verifying *v, struct bytes note, const uint8_t entry[LEAF_ENTRY], struct err *e)
{
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct statement s;
    int rc = statement_read(note, bytes_of(NULL, 0), NULL, NULL, 0, &held, &s, e);
    if (rc == 0 && s.kind != STATEMENT_FOUNDED)
        rc = err_set(e, ERR_DAMAGED, "it is no founding statement");
    if (rc == 0)
        rc = history_begin(&v->history, &s.founded, entry, e);
    if (rc != 0)
        return rc;
    v->found.pin = v->history.pin;
    memcpy(v->found.origin, v->history.origin, sizeof v->found.origin);
    if (v->request->pin != NULL && !hash_equal(v->request->pin, &v->found.pin))
        return err_set(e, ERR_DAMAGED, "this is the log of another repository: its pin is not the one you gave");
    return 0;
}

static int event_take(struct verifying *v, struct bytes note, uint64_t leaf, const uint8_t entry[LEAF_ENTRY],
                      struct err *e)
{
    OWN(statement_held_drop) struct statement_held *held = NULL;
    const struct history_reading what = {.leaf = leaf, .bytes = note};
    const struct history_member *signer = NULL;
    struct statement s;
    int rc = history_read(&v->history, &what, &held, &s, &signer, e);
    if (rc == 0 && !history_is_event(s.kind))
        rc = err_set(e, ERR_DAMAGED, "it is no key event");
    const struct history_event event = {.leaf = leaf, .statement = &s, .signer = signer, .entry = entry};
    return rc == 0 ? history_take(&v->history, &event, e) : rc;
}

static int event_read(struct verifying *v, uint64_t number, uint64_t *last, struct err *e)
{
    OWN(buf_drop) struct buf note = {0};
    char path[VERIFY_NAME_MAX], proof[VERIFY_NAME_MAX];
    uint8_t entry[LEAF_ENTRY];
    uint64_t leaf = 0;
    event_path(number, "statement", path);
    event_path(number, "tlog-proof", proof);
    int rc = verify_bag_read(&v->bag, path, EVENT_BYTES_MAX, &note, e);
    if (rc != 0)
        return rc;
    leaf_entry_public(buf_bytes(&note), entry);
    if (number == 0) {
        rc = founding_take(v, buf_bytes(&note), entry, e);
        rc = rc == 0 ? checkpoint_find(v, e) : err_add(e, rc, "%s", path);
    }
    if (rc == 0)
        rc = verify_proof(v, proof, entry, &leaf, e);
    if (rc != 0)
        return rc;
    if (number == 0 ? leaf != 0 : leaf <= *last)
        return err_set(e, ERR_DAMAGED, "%s: is not the key event of its number", path);
    rc = number == 0 ? 0 : event_take(v, buf_bytes(&note), leaf, entry, e);
    *last = leaf;
    return rc == 0 ? 0 : err_add(e, rc, "%s", path);
}

/* As many as the seal says: so that the last ones cannot be left out. */
int verify_keys(struct verifying *v, struct err *e)
{
    const struct statement_sealed *s = &v->seal.sealed;
    uint64_t last = 0;
    int rc = 0;
    if (s->events > HISTORY_EVENTS_MAX)
        return err_set(e, ERR_DAMAGED, "the seal names more than %d key events", HISTORY_EVENTS_MAX);
    for (uint64_t i = 0; rc == 0 && i <= s->events; i++)
        rc = event_read(v, i, &last, e);
    if (rc != 0)
        return rc;
    if (v->history.events != s->events || !hash_equal(&v->history.last, &s->event))
        return err_set(e, ERR_DAMAGED, "the last key event is not the one that the seal names");
    v->found.events = s->events;
    return checkpoint_hold(v, e);
}
