/*
 * Healing from a mirror what is bad in every copy here.  Nothing of the mirror is believed before it is held to the
 * log; what gives way goes to quarantine/.
 */
#include "store/store_internal.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>

enum { SHOWN_PIN = 8 };

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
static int hold_to_pin(const struct store_place *place, const struct store_mirror *m, struct err *e)
{
    struct hash pin;
    struct file_path key;
    struct note_key member;
    char hex[2 * SHOWN_PIN + 1];
    bool told = false;
    for (int copy = 0; copy < 2; copy++)
        if (pin_here(place, copy, &pin)) {
            told = true;
            if (hash_equal(&pin, &m->pin))
                return 0;
        }
    hex_put(hex, m->pin.b, SHOWN_PIN);
    int rc = place->key_path != NULL ? file_path(&key, e, "%s", place->key_path)
                                     : file_path(&key, e, "%s/%s.key", place->config_folder, hex);
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

static int heal_journal(const struct store_place *place, struct store_mirror *m, struct buf *words, struct buf *names,
                        struct err *e)
{
    bool healed = false;
    int rc = ledger_heal(place->root, m->pieces, &m->founded.founded.log, &healed, words, e);
    if (healed)
        buf_put_text(names, "a/journal\n");
    return rc;
}

/* ---- the keyring's files ---- */

struct named {
    struct store_bound bound;
    const struct statement_founded *founded;
};

static int take(void *context, const struct ledger_record *r, struct err *e)
{
    struct named *n = context;
    return store_bound_take(&n->bound, r, n->founded, e);
}

static bool is_here(const struct store *s, const struct store_bound_file *f)
{
    for (int copy = 0; copy < 2; copy++) {
        struct file_path path;
        struct store_carrying look = {.passes = 1};
        if (file_path(&path, NULL, "%s/%s", s->root, f->place[copy]) == 0 &&
            store_carry_check(&look, path.s, f, NULL) == 0)
            return true;
    }
    return false;
}

static int heal_key(struct store *s, struct store_mirror *m, const struct store_bound_file *f, struct buf *words,
                    struct buf *names, struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    struct file_path path;
    struct hash digest;
    int rc = file_path(&path, e, "%s/%s", m->folder, f->name);
    if (rc != 0 || is_here(s, f) || file_read_all(path.s, KEYRING_FILE_MAX, &content, NULL) != 0)
        return rc; /* what stays bad is named by the repair that follows */
    crypt_sha256(buf_bytes(&content), &digest);
    if (content.n != f->bytes || !hash_equal(&digest, &f->digest))
        return 0;
    size_t before = words->n;
    rc = keyring_restore(s->root, f->key, buf_bytes(&content), words, e);
    buf_put_bytes(names, bytes_of(words->p + before, words->n - before));
    return rc;
}

static int heal_keys(const struct store_place *place, struct store_mirror *m, struct buf *words, struct buf *names,
                     struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct named n = {.founded = &m->founded.founded};
    struct err none = {0};
    if (store_open_alone(place, &s, &none) != 0 || ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, take, &n, &none) != 0) {
        store_bound_drop(&n.bound);
        return 0; /* the repair that follows says why */
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n.bound.key_count; i++) {
        struct store_bound_file f;
        store_bound_file(&n.bound, i, &f);
        rc = heal_key(s, m, &f, words, names, e);
    }
    store_bound_drop(&n.bound);
    return rc;
}

int store_mirror_heal(const struct store_place *place, struct store_mirror *m, struct buf *ret_words,
                      struct buf *ret_names, struct err *e)
{
    struct store locking = {.place = *place, .root = (char *)(uintptr_t)place->root, .lock_fd = -1};
    if (!m->has_founded)
        return err_set(e, ERR_DAMAGED,
                       "the mirror in %s was never finished, or its beginning is damaged: groundwork "
                       "verify --mirror tells more",
                       m->folder);
    int rc = hold_to_pin(place, m, e);
    if (rc == 0)
        rc = store_lock(&locking, e);
    if (rc == 0)
        rc = heal_journal(place, m, ret_words, ret_names, e);
    if (rc == 0)
        rc = heal_keys(place, m, ret_words, ret_names, e);
    fd_drop(&locking.lock_fd);
    return rc;
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

int store_mirror_heal_pack(struct store_mirror *m, const char *root, const struct vault_pack *logged, struct err *e)
{
    struct vault_pack pack = *logged;
    const struct store_bound bound = {.packs = &pack, .pack_count = 1};
    struct store_bound_file f;
    struct file_path from, to, fresh;
    store_bound_file(&bound, 0, &f);
    int rc = file_path(&from, e, "%s/%s", m->folder, f.name);
    for (int copy = 0; rc == 0 && copy < 2 && f.place[copy][0] != 0; copy++) {
        struct store_carrying c = {.passes = 2};
        rc = file_path(&to, e, "%s/%s", root, f.place[copy]);
        if (rc == 0)
            rc = file_path(&fresh, e, "%s.repaired", to.s);
        if (rc == 0)
            rc = store_carry(&c, from.s, fresh.s, &f, e);
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
