/*
 * Healing from a mirror what is bad in every copy here.  Nothing of the mirror is believed before it is held to the
 * log; what gives way goes to quarantine/.
 */
#include "mirror/mirror_internal.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>

/* ---- is it this repository's mirror? ---- */

static bool pin_here(const struct store_place *place, int copy, struct hash *ret)
{
    OWN(buf_drop) struct buf note = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct statement st;
    uint8_t entry[LEAF_ENTRY];
    if (ledger_peek(place->root, copy, &note, NULL) != 0 ||
        statement_read(buf_bytes(&note), bytes_of(NULL, 0), NULL, NULL, 0, &held, &st, NULL) != 0)
        return false;
    leaf_entry_public(buf_bytes(&note), entry);
    crypt_sha256(bytes_of(entry, LEAF_ENTRY), ret);
    return true;
}

/* By its own first record; where that is bad in both copies, by the key file that must open it afterwards. */
static int hold_to_pin(const struct store_place *place, const struct mirror *m, struct err *e)
{
    struct hash pin;
    struct file_path key;
    struct note_key member;
    bool told = false;
    for (int copy = 0; copy < 2; copy++)
        if (pin_here(place, copy, &pin)) {
            told = true;
            if (hash_equal(&pin, &m->pin))
                return 0;
        }
    int rc = store_key_path(place, &m->pin, &key, e);
    if (rc != 0)
        return rc;
    if (!told && keyring_identity_peek(key.s, &member, &pin, NULL) == 0 && hash_equal(&pin, &m->pin))
        return 0;
    return err_set(e, ERR_REFUSED,
                   "%s is not known to be a mirror of %s: name the right folder, or your key file with "
                   "--key",
                   m->folder, place->root);
}

/* ---- the journal ---- */

static int heal_journal(const struct store_place *place, struct mirror *m, struct buf *words, struct buf *names,
                        struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_facts facts = {.logs = &m->history.logs};
    bool healed = false;
    if (!m->has_founded && store_open_alone(place, &s, NULL) != 0)
        return 0; /* nothing tells who signed the log */
    if (!m->has_founded)
        store_facts(s, &facts);
    int rc = ledger_heal(place->root, m->pieces, facts.logs, &healed, words, e);
    if (healed)
        buf_put_text(names, "a/journal\n");
    return rc;
}

/* ---- the keyring's files ---- */

static int take(void *context, const struct ledger_record *r, struct err *e)
{
    return store_bound_take(context, r, e);
}

static bool is_here(const char *root, const struct store_bound_file *f)
{
    for (int copy = 0; copy < 2; copy++) {
        struct file_path path;
        struct mirror_carrying look = {.passes = 1};
        if (file_path(&path, NULL, "%s/%s", root, f->place[copy]) == 0 &&
            mirror_carry_check(&look, path.s, f, NULL) == 0)
            return true;
    }
    return false;
}

static int heal_key(const char *root, struct mirror *m, const struct store_bound_file *f, struct buf *words,
                    struct buf *names, struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    struct file_path path;
    struct hash digest;
    int rc = file_path(&path, e, "%s/%s", m->folder, f->name);
    if (rc != 0 || is_here(root, f) || file_read_all(path.s, KEYRING_FILE_MAX, &content, NULL) != 0)
        return rc; /* what stays bad is named by the repair that follows */
    crypt_sha256(buf_bytes(&content), &digest);
    if (content.n != f->bytes || !hash_equal(&digest, &f->digest))
        return 0;
    size_t before = words->n;
    rc = keyring_restore(root, f->key, buf_bytes(&content), words, e);
    buf_put_bytes(names, bytes_of(words->p + before, words->n - before));
    return rc;
}

static int heal_keys(const struct store_place *place, struct mirror *m, struct buf *words, struct buf *names,
                     struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_bound_drop) struct store_bound *b = NULL;
    struct store_facts facts;
    int rc = 0;
    if (store_open_alone(place, &s, NULL) != 0)
        return 0; /* the repair that follows says why */
    store_facts(s, &facts);
    if (store_bound_new(facts.founded, &b, e) != 0)
        return ERR_IO;
    if (ledger_walk(store_ledger(s), -1, LEDGER_FIRST, 0, take, b, NULL) != 0)
        return 0; /* and this */
    for (size_t i = 0; rc == 0 && i < store_bound_count(b); i++) {
        struct store_bound_file f;
        store_bound_file(b, i, &f);
        rc = f.key != NULL ? heal_key(place->root, m, &f, words, names, e) : 0;
    }
    return rc;
}

int mirror_heal(const struct store_place *place, struct mirror *m, struct buf *ret_words, struct buf *ret_names,
                struct err *e)
{
    int rc = heal_journal(place, m, ret_words, ret_names, e);
    return rc == 0 ? heal_keys(place, m, ret_words, ret_names, e) : rc;
}

/* ---- packs ---- */

/* In the place of copy a, and of b while it is open; the damaged file goes to quarantine/. */
static int whole_pack(struct mirror *m, const char *root, const struct vault_pack *logged, struct err *e)
{
    struct store_bound_file f;
    struct file_path from, fresh;
    store_bound_pack(logged, &f);
    int rc = file_path(&from, e, "%s/%s", m->folder, f.name);
    for (int copy = 0; rc == 0 && copy < 2 && f.place[copy][0] != 0; copy++) {
        struct mirror_carrying c = {.passes = 2};
        rc = file_path(&fresh, e, "%s/%s.repaired", root, f.place[copy]);
        if (rc == 0)
            rc = mirror_carry(&c, from.s, fresh.s, &f, e);
        if (rc == 0)
            rc = mirror_pack_exchange(root, logged->pack, copy, fresh.s, e);
    }
    return rc == ERR_ABSENT ? err_set(e, ERR_DAMAGED, "the mirror does not have pack %llu as it was logged",
                                      (unsigned long long)logged->pack)
                            : rc;
}

/* ---- a repair with it at hand ---- */

struct source {
    const struct store_place *place;
    struct mirror *m;
    struct mirror_said said; /* of packs; asked for when one is not to be had whole */
    bool said_known;
};

static void source_release(struct source *x)
{
    mirror_said_release(&x->said);
}

static int source_begin(void *context, struct buf *words, struct buf *names, struct err *e)
{
    const struct source *x = context;
    return mirror_heal(x->place, x->m, words, names, e);
}

static int said_take(void *context, const struct ledger_record *r, struct err *e)
{
    return mirror_said_take(context, r, e);
}

/* By the journal here, which is healed by now; without it only whole packs come from the mirror. */
static void said_know(struct source *x)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_facts facts;
    if (x->said_known || store_open_alone(x->place, &s, NULL) != 0)
        return;
    store_facts(s, &facts);
    x->said.history = facts.history;
    (void)ledger_walk(store_ledger(s), -1, LEDGER_FIRST, 0, said_take, &x->said, NULL);
    x->said.history = NULL;
    x->said_known = true;
}

static int source_pack(void *context, const struct vault_pack *logged, uint32_t *ret_brought, struct err *e)
{
    struct source *x = context;
    const struct mirror_gathering gathering = {x->m->folder, x->place->root, logged, &x->said};
    struct err why = {0}, mine = {0};
    *ret_brought = 0;
    int rc = whole_pack(x->m, x->place->root, logged, &why);
    if (rc != ERR_DAMAGED)
        return rc == 0 ? 0 : err_set(e, rc, "%s", why.text);
    said_know(x);
    rc = mirror_gather(&gathering, ret_brought, &mine);
    return rc == 0 ? 0 : err_set(e, rc, "%s", rc == ERR_DAMAGED && *ret_brought == 0 ? why.text : mine.text);
}

int mirror_repair(const struct store_place *place, const char *folder, const struct store_watch *watch,
                  struct buf *ret_words, struct err *e)
{
    OWN(mirror_drop) struct mirror *m = NULL;
    int rc = mirror_open(folder, &m, e);
    if (rc == 0)
        rc = hold_to_pin(place, m, e);
    if (rc != 0)
        return rc;
    OWN(source_release) struct source x = {.place = place, .m = m};
    return store_repair(place, &(struct store_source){source_begin, source_pack, folder, &x}, watch, ret_words, e);
}
