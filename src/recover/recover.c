/* A repository and its member again, from a folder of it and from recovery sheets. */
#include "recover/recover_internal.h"

#include "base/clock.h"
#include "mirror/mirror.h"

#include <errno.h>
#include <stdio.h>

enum { SHOWN = 8, KEPT_MAX = 65536 };

struct recovering {
    const struct store_place *place; /* as it is to be */
    const struct recover_wish *wish;
    struct recover_done *ret;
    bool mirror; /* is what is recovered from one; else a folder of the repository */
    struct file_path temporary, key_path, state_file;
    struct file_path inner; /* in the temporary folder: where key file and state are until all of it is made */
    struct note_key former;           /* the member who is replaced */
    struct history_sheets sheets;     /* as the log knows them */
    struct keyring_recovery keys;     /* theirs */
    struct keyring_identity identity; /* of the new member */
    struct buf passphrase;
};

static void recovering_release(struct recovering *r)
{
    keyring_recovery_drop(&r->keys);
    keyring_identity_drop(&r->identity);
    buf_wipe(&r->passphrase);
}

/* ---- the sheets among themselves ---- */

static int together(const struct recover_wish *w, struct err *e)
{
    if (w->count == 0)
        return err_set(e, ERR_REFUSED, "no recovery sheet was given");
    const struct keyring_share *first = &w->sheets[0].share;
    for (size_t i = 1; i < w->count; i++) {
        const struct keyring_share *x = &w->sheets[i].share;
        if (memcmp(x->set, first->set, KEYRING_ID) != 0 || x->needed != first->needed || x->count != first->count)
            return err_set(e, ERR_REFUSED, "%s and %s are sheets of two sets: take all of them from one set",
                           w->sheets[0].name, w->sheets[i].name);
        for (size_t k = 0; k < i; k++)
            if (x->index == w->sheets[k].share.index)
                return err_set(e, ERR_REFUSED, "%s and %s are the same sheet, number %u: give another one",
                               w->sheets[k].name, w->sheets[i].name, (unsigned)x->index);
    }
    if (w->count < first->needed)
        return err_set(e, ERR_REFUSED, "%u sheets of this set are needed, and %u given: bring more of them",
                       (unsigned)first->needed, (unsigned)w->count);
    return 0;
}

/* ---- the sheets and the log ---- */

static int known_to(const struct recovering *r, const struct history *h, struct err *e)
{
    const struct recover_wish *w = r->wish;
    const uint8_t *set = w->sheets[0].share.set;
    char hex[2 * SHOWN + 1], newer[2 * SHOWN + 1], when[TIME_TEXT_MAX];
    hex_put(hex, set, SHOWN);
    hex_put(newer, h->sheets.set, SHOWN);
    time_text(when, h->sheets.at_unix_s);
    if (history_sheets_earlier(h, set))
        return err_set(e, ERR_REFUSED,
                       "the sheets of set %s were replaced by those of set %s, of %s: use the newer ones", hex, newer,
                       when);
    if (!h->sheets.known || memcmp(h->sheets.set, set, STATEMENT_ID) != 0)
        return err_set(e, ERR_KEY,
                       "%s does not know the sheets of set %s: it is another repository, or a copy from before they "
                       "were made",
                       w->from, hex);
    if (h->sheets.spent)
        return err_set(e, ERR_REFUSED,
                       "the sheets of set %s are spent: they replaced a member at leaf %llu, and do so once", hex,
                       (unsigned long long)h->spans[h->count - 1].from - 1);
    for (size_t i = 0; i < w->count; i++) {
        const struct keyring_share *x = &w->sheets[i].share;
        struct hash digest;
        keyring_share_hash(x, &digest);
        if (x->index > h->sheets.count || !hash_equal(&digest, &h->sheets.shares[x->index - 1]))
            return err_set(e, ERR_DAMAGED, "%s is not sheet %u as it was made: it was changed, or is of another set",
                           w->sheets[i].name, (unsigned)x->index);
    }
    return 0;
}

static int join(struct recovering *r, struct err *e)
{
    OWN(key_drop) struct key secret = {0};
    struct key shares[CRYPT_SHARES_MAX];
    uint8_t index[CRYPT_SHARES_MAX];
    for (unsigned i = 0; i < r->sheets.needed; i++) {
        shares[i] = r->wish->sheets[i].share.share;
        index[i] = r->wish->sheets[i].share.index;
    }
    int rc = crypt_share_join(index, shares, r->sheets.needed, &secret, e);
    crypt_wipe(shares, sizeof shares);
    if (rc == 0)
        rc = keyring_recovery_keys(&secret, r->sheets.key.name, &r->keys, e);
    if (rc == 0 && (memcmp(r->keys.public_key, r->sheets.receiving, CRYPT_PUBLIC) != 0 ||
                    memcmp(r->keys.key.public_key, r->sheets.key.public_key, CRYPT_PUBLIC) != 0))
        rc = err_set(e, ERR_DAMAGED, "the sheets together do not give the keys that the log names");
    return rc;
}

static int identity_make(struct recovering *r, const struct statement_founded *founded, const struct hash *pin,
                         struct err *e)
{
    int rc = keyring_identity_make(founded->origin, &r->identity, e);
    memcpy(r->identity.compartment, founded->compartment, KEYRING_ID);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        r->identity.receiving[i].epoch = r->sheets.epoch + i;
    r->identity.pin = *pin;
    return rc;
}

/* Where key file and state are to be. */
static int places_name(struct recovering *r, struct err *e)
{
    int rc = store_key_path(r->place, &r->identity.pin, &r->key_path, e);
    return rc == 0 ? store_outside(r->place, &r->identity.pin, "state", &r->state_file, e) : rc;
}

static int settle(struct recovering *r, const struct history *h, const struct statement_founded *founded, struct err *e)
{
    int rc = known_to(r, h, e);
    if (rc != 0)
        return rc;
    r->sheets = h->sheets;
    r->former = *history_member(h);
    rc = join(r, e);
    if (rc == 0)
        rc = identity_make(r, founded, &h->pin, e);
    return rc == 0 ? places_name(r, e) : rc;
}

static int take(void *context, const struct ledger_record *r, struct err *e)
{
    return store_bound_take(context, r, e);
}

/* The folder as it stands, read only: everything that can be refused is, before anything is made. */
static int look_at_folder(struct recovering *r, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_bound_drop) struct store_bound *b = NULL;
    struct store_place place = *r->place;
    struct store_facts facts;
    place.root = r->wish->from;
    int rc = store_open_alone(&place, &s, e);
    if (rc != 0)
        return rc;
    store_facts(s, &facts);
    rc = store_bound_new(facts.founded, &b, e);
    if (rc == 0)
        rc = ledger_walk(store_ledger(s), -1, LEDGER_FIRST, 0, take, b, e);
    r->ret->before = facts.position.leaves;
    return rc == 0 ? settle(r, store_bound_history(b), facts.founded, e) : rc;
}

/* A mirror is made a folder later; its journal tells already. */
static int seen(void *context, const struct mirror_seen *m, struct err *e)
{
    struct recovering *r = context;
    r->ret->before = m->leaves;
    return settle(r, m->history, m->founded, e);
}

static int look(struct recovering *r, struct err *e)
{
    struct file_path head;
    int rc = file_path(&head, e, "%s/mirror", r->wish->from);
    r->mirror = rc == 0 && file_exists(head.s);
    return rc != 0 ? rc : r->mirror ? mirror_look(r->wish->from, seen, r, e) : look_at_folder(r, e);
}

static int places_free(struct recovering *r, struct err *e)
{
    int rc = store_target_free(r->place->root, e);
    if (rc == 0 && file_exists(r->key_path.s))
        rc = err_set(e, ERR_REFUSED, "key file %s is there already: move it away, or name another with --key",
                     r->key_path.s);
    if (rc == 0 && file_exists(r->state_file.s))
        rc = err_set(e, ERR_REFUSED,
                     "%s holds what this computer saw of this repository, and only the lost key can vouch for it: move "
                     "it away first",
                     r->state_file.s);
    if (rc == 0)
        rc = file_path(&r->temporary, e, "%s.recovering-%d", r->place->root, (int)getpid());
    for (unsigned n = 2; rc == 0 && file_exists(r->temporary.s); n++)
        rc = file_path(&r->temporary, e, "%s.recovering-%d-%u", r->place->root, (int)getpid(), n);
    return rc;
}

/* ---- what is made ---- */

static int pass_on(struct recovering *r, struct err *e)
{
    struct store_place place = *r->place;
    place.root = r->temporary.s;
    place.state_folder = r->inner.s;
    return store_replace(&place, &(struct store_replacing){&r->keys, &r->former, r->sheets.set, &r->identity}, e);
}

static int folders(struct recovering *r, struct err *e)
{
    int rc = file_make_folders(r->place->state_folder, e);
    if (rc == 0 && r->place->key_path == NULL)
        rc = file_make_folders(r->place->config_folder, e);
    return rc;
}

static int appear(const struct recovering *r, struct err *e)
{
    if (rename(r->temporary.s, r->place->root) != 0)
        return err_os(e, ERR_IO, errno, "make %s", r->place->root);
    int rc = file_sync_parent(r->place->root, e);
    if (rc != 0)
        (void)rename(r->place->root, r->temporary.s);
    return rc;
}

static int fetch(struct recovering *r, struct err *e)
{
    struct mirror_restored restored;
    if (!r->mirror)
        return recover_copy(r->wish->from, r->temporary.s, r->wish->watch, e);
    int rc = mirror_restore(r->wish->from, r->temporary.s, r->wish->watch, &restored, e);
    r->ret->findings = rc == 0 ? restored.findings : 0;
    return rc;
}

/* What is to lie outside, made and read; then there is nothing of it inside. */
static int take_out(struct recovering *r, struct buf *key, struct buf *state, struct err *e)
{
    const struct store_place inner = {.state_folder = r->inner.s};
    struct file_path key_file, state_file;
    int rc = file_path(&key_file, e, "%s/key", r->inner.s);
    if (rc == 0)
        rc = keyring_identity_save(key_file.s, &r->identity, buf_bytes(&r->passphrase), false, e);
    if (rc == 0)
        rc = store_outside(&inner, &r->identity.pin, "state", &state_file, e);
    if (rc == 0)
        rc = file_read_all(key_file.s, KEPT_MAX, key, e);
    if (rc == 0)
        rc = file_read_all(state_file.s, KEPT_MAX, state, e);
    if (rc != 0)
        return rc;
    file_remove_tree(r->inner.s);
    return file_sync_folder(r->temporary.s, e);
}

/* Keys outside before the repository appears, as in founding; and close before it, for who is killed runs it again. */
static int put_in_place(struct recovering *r, struct err *e)
{
    OWN(buf_wipe) struct buf key = {0};
    OWN(buf_drop) struct buf state = {0};
    int rc = take_out(r, &key, &state, e);
    if (rc == 0)
        rc = file_create(r->state_file.s, buf_bytes(&state), 0600, e);
    if (rc != 0)
        return rc;
    rc = file_create(r->key_path.s, buf_bytes(&key), 0600, e);
    bool is_made = rc == 0;
    if (rc == 0)
        rc = appear(r, e);
    if (rc != 0 && is_made)
        (void)file_remove(r->key_path.s, NULL);
    if (rc != 0)
        (void)file_remove(r->state_file.s, NULL);
    return rc;
}

static int build(struct recovering *r, struct err *e)
{
    int rc = folders(r, e);
    if (rc == 0)
        rc = fetch(r, e);
    if (rc == 0)
        rc = file_path(&r->inner, e, "%s/.recovering", r->temporary.s);
    if (rc == 0)
        rc = file_make_folder(r->inner.s, e);
    if (rc == 0)
        rc = pass_on(r, e);
    return rc == 0 ? put_in_place(r, e) : rc;
}

static void clear_away(const struct recovering *r)
{
    struct file_path restoring; /* a draft of what a mirror gave */
    file_remove_tree(r->temporary.s);
    if (r->mirror && file_path(&restoring, NULL, "%s.restoring", r->temporary.s) == 0)
        file_remove_tree(restoring.s);
}

int recover_member(const struct store_place *place, const struct recover_wish *wish, struct recover_done *ret,
                  struct err *e)
{
    struct recover_done done = {0};
    OWN(recovering_release) struct recovering r = {.place = place, .wish = wish, .ret = &done};
    int rc = together(wish, e);
    if (rc == 0)
        rc = store_target_free(place->root, e);
    if (rc == 0)
        rc = look(&r, e);
    if (rc == 0)
        rc = places_free(&r, e);
    if (rc == 0)
        rc = wish->fresh(wish->context, &r.passphrase, e);
    if (rc != 0)
        return rc;
    rc = build(&r, e);
    if (rc != 0) {
        clear_away(&r);
        return rc;
    }
    done.checkpoint.size = r.identity.checkpoint_size;
    done.checkpoint.root = r.identity.checkpoint_root;
    snprintf(done.checkpoint.origin, sizeof done.checkpoint.origin, "%s", r.identity.origin);
    done.member = r.identity.member;
    done.key_path = r.key_path;
    *ret = done;
    return 0;
}
