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
    bool healed = false;
    int rc = ledger_heal(place->root, m->pieces, &m->history.logs, &healed, words, e);
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

/* quarantine/pack-<number>-<copy>, or with a number behind it while that is taken. */
static int pack_aside(const char *root, const struct vault_pack *p, int copy, const char *path, struct err *e)
{
    struct file_path to;
    if (!file_exists(path))
        return 0;
    int rc = file_path(&to, e, "%s/quarantine", root);
    if (rc == 0)
        rc = file_make_folder(to.s, e);
    for (unsigned n = 1; rc == 0; n++) {
        rc = file_path(&to, e, "%s/quarantine/pack-%06llu-%c-%u", root, (unsigned long long)p->pack, "ab"[copy], n);
        if (rc != 0 || file_exists(to.s))
            continue;
        if (rename(path, to.s) != 0)
            return err_os(e, ERR_IO, errno, "cannot move %s aside", path);
        return file_sync_parent(to.s, e);
    }
    return rc;
}

int mirror_heal_pack(struct mirror *m, const char *root, const struct vault_pack *logged, struct err *e)
{
    struct vault_pack pack = *logged;
    struct store_bound_file f;
    struct file_path from, to, fresh;
    store_bound_pack(&pack, &f);
    int rc = file_path(&from, e, "%s/%s", m->folder, f.name);
    for (int copy = 0; rc == 0 && copy < 2 && f.place[copy][0] != 0; copy++) {
        struct mirror_carrying c = {.passes = 2};
        rc = file_path(&to, e, "%s/%s", root, f.place[copy]);
        if (rc == 0)
            rc = file_path(&fresh, e, "%s.repaired", to.s);
        if (rc == 0)
            rc = mirror_carry(&c, from.s, fresh.s, &f, e);
        if (rc == 0)
            rc = pack_aside(root, &pack, copy, to.s, e);
        if (rc == 0 && rename(fresh.s, to.s) != 0)
            rc = err_os(e, ERR_IO, errno, "cannot put %s in its place", to.s);
        if (rc == 0)
            rc = file_sync_parent(to.s, e);
    }
    return rc == ERR_ABSENT ? err_set(e, ERR_DAMAGED, "the mirror does not have pack %llu as it was logged",
                                      (unsigned long long)pack.pack)
                            : rc;
}

/* ---- a repair with it at hand ---- */

struct source {
    const struct store_place *place;
    struct mirror *m;
};

static int source_begin(void *context, struct buf *words, struct buf *names, struct err *e)
{
    const struct source *x = context;
    return mirror_heal(x->place, x->m, words, names, e);
}

static int source_pack(void *context, const struct vault_pack *logged, struct err *e)
{
    const struct source *x = context;
    return mirror_heal_pack(x->m, x->place->root, logged, e);
}

int mirror_repair(const struct store_place *place, const char *folder, const struct store_watch *watch,
                  struct buf *ret_words, struct err *e)
{
    OWN(mirror_drop) struct mirror *m = NULL;
    int rc = mirror_open(folder, &m, e);
    if (rc == 0 && !m->has_founded)
        rc = err_set(e, ERR_DAMAGED,
                     "the mirror in %s was never finished, or its beginning is damaged: groundwork "
                     "verify --mirror tells more",
                     m->folder);
    if (rc == 0)
        rc = hold_to_pin(place, m, e);
    if (rc != 0)
        return rc;
    struct source x = {place, m};
    return store_repair(place, &(struct store_source){source_begin, source_pack, folder, &x}, watch, ret_words, e);
}
