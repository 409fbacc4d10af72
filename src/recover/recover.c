/* A repository and its member again, from a folder of it and from recovery sheets. */
#include "recover/recover_internal.h"

#include "base/clock.h"
#include "mirror/mirror.h"

#include <errno.h>
#include <stdio.h>

enum { SHOWN = 8 };

struct recovering {
    const struct store_place *place; /* as it is to be */
    const struct recover_wish *wish;
    struct recover_done *ret;
    bool mirror; /* is what is recovered from one; else a folder of the repository */
    int from_fd; /* held, so that nobody writes there; -1: not */
    struct recover_draft draft;
    struct file_path key_path, state_file;
    struct note_key former;           /* the member who is replaced */
    struct history_sheets sheets;     /* as the log knows them */
    uint64_t epoch;                   /* as many as there were log keys */
    struct keyring_recovery keys;     /* theirs */
    struct keyring_identity identity; /* of the new member */
    struct buf passphrase;
};

static void recovering_release(struct recovering *r)
{
    fd_drop(&r->from_fd);
    recover_draft_release(&r->draft);
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
                       (unsigned long long)h->once[h->once_count - 1].until);
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
    memcpy(r->identity.holdings[0].compartment, founded->compartment, KEYRING_ID);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        r->identity.holdings[0].seeds[i].epoch = r->epoch + i;
    r->identity.pin = *pin;
    return rc;
}

/* Where key file and state are to be. */
static int places_name(struct recovering *r, struct err *e)
{
    int rc = store_key_path(r->place, &r->identity.pin, &r->key_path, e);
    return rc == 0 ? store_outside(r->place, &r->identity.pin, "state", &r->state_file, e) : rc;
}

/* Whom the sheets replace: the one member there is, or the administrator who was named. */
static int former_find(struct recovering *r, const struct history *h, struct err *e)
{
    const char *name = r->wish->replaces;
    const struct history_member *found = name != NULL ? history_member_called(h, name) : NULL;
    size_t standing = 0;
    for (size_t i = 0; i < h->count; i++)
        if (history_role(&h->members[i], UINT64_MAX) != 0) {
            standing++;
            found = name == NULL ? &h->members[i] : found;
        }
    if (name == NULL && standing != 1)
        return err_set(e, ERR_REFUSED, "this repository has %zu members: say which administrator is replaced, with "
                                       "--replaces NAME (groundwork member list)", standing);
    if (found == NULL || history_role(found, UINT64_MAX) != STATEMENT_ADMINISTRATOR)
        return err_set(e, ERR_REFUSED, "%s is no administrator here: only one of them is replaced with sheets",
                       name != NULL ? name : "the member");
    r->former = found->key;
    return 0;
}

static int settle(struct recovering *r, const struct history *h, const struct statement_founded *founded, struct err *e)
{
    int rc = known_to(r, h, e);
    if (rc != 0)
        return rc;
    r->sheets = h->sheets;
    r->epoch = h->logs.count;
    rc = former_find(r, h, e);
    if (rc == 0)
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
    int rc = store_hold(r->wish->from, &r->from_fd, e);
    if (rc == 0)
        rc = store_open_alone(&place, &s, e);
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

/* ---- a run that was killed before its end ---- */

static struct recover_places places(const struct recovering *r)
{
    return (struct recover_places){r->place->root, r->key_path.s, r->state_file.s, &r->identity.pin};
}

/* Is what was left the recovery that is asked for now: by this set, from this state of the same log? */
static bool is_the_same(const struct recovering *r, const struct recover_left *left)
{
    return hash_equal(&left->pin, &r->identity.pin) && left->spent && left->before == r->ret->before &&
           memcmp(left->set, r->sheets.set, STATEMENT_ID) == 0;
}

/* Where all of it was made but the last step, that is done now. */
static int finish(struct recovering *r, bool *ret_done, struct err *e)
{
    const struct recover_places to = places(r);
    struct recover_left left;
    *ret_done = false;
    int rc = recover_draft_look(&r->draft, &to, &left, e);
    if (rc != 0 || !left.made)
        return rc;
    if (!is_the_same(r, &left))
        return err_set(e, ERR_REFUSED,
                       "%s holds a recovery that was interrupted, by other sheets or from another copy: run that one "
                       "again, or move this folder away, and the key file %s if it is there",
                       r->draft.folder.s, r->key_path.s);
    rc = recover_draft_place(&r->draft, &to, e);
    if (rc != 0)
        return rc;
    r->ret->checkpoint.size = left.position.leaves;
    r->ret->checkpoint.root = left.position.root;
    (void)snprintf(r->ret->checkpoint.origin, sizeof r->ret->checkpoint.origin, "%s", left.origin);
    r->ret->member = left.member;
    r->ret->finished = *ret_done = true;
    return 0;
}

static int places_free(const struct recovering *r, struct err *e)
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
    return rc;
}

/* ---- what is made ---- */

static int pass_on(struct recovering *r, struct err *e)
{
    struct store_place place = *r->place;
    place.root = r->draft.repository.s;
    place.state_folder = r->draft.outside.s;
    return store_replace(&place, &(struct store_replacing){&r->keys, &r->former, r->sheets.set, &r->identity,
                                                          r->wish->replaces != NULL}, e);
}

static int folders(struct recovering *r, struct err *e)
{
    int rc = file_make_folders(r->place->state_folder, e);
    if (rc == 0 && r->place->key_path == NULL)
        rc = file_make_folders(r->place->config_folder, e);
    return rc;
}

static int fetch(struct recovering *r, struct err *e)
{
    struct mirror_restored restored;
    if (!r->mirror)
        return recover_copy(r->wish->from, r->draft.repository.s, r->wish->watch, e);
    int rc = mirror_restore(r->wish->from, r->draft.repository.s, r->wish->watch, &restored, e);
    r->ret->findings = rc == 0 ? restored.findings : 0;
    return rc;
}

/* With the key file all of it is made: what is killed from here on is finished by the next run. */
static int key_make(struct recovering *r, struct err *e)
{
    struct file_path key;
    int rc = file_path(&key, e, "%s/key", r->draft.outside.s);
    return rc == 0 ? keyring_identity_save(key.s, &r->identity, buf_bytes(&r->passphrase), false, e) : rc;
}

static int build(struct recovering *r, struct err *e)
{
    const struct recover_places to = places(r);
    int rc = fetch(r, e);
    if (rc == 0)
        rc = pass_on(r, e);
    if (rc == 0)
        rc = key_make(r, e);
    if (rc == 0)
        rc = recover_draft_place(&r->draft, &to, e);
    if (rc != 0 && (rc != ERR_STOPPED || !r->mirror)) /* what was copied out of a mirror is gone on with */
        recover_draft_clear(&r->draft);
    return rc;
}

static int anew(struct recovering *r, struct err *e)
{
    int rc = places_free(r, e);
    if (rc == 0)
        rc = r->wish->fresh(r->wish->context, &r->passphrase, e);
    if (rc == 0)
        rc = folders(r, e);
    if (rc == 0)
        rc = recover_draft_make(&r->draft, e);
    if (rc == 0)
        rc = build(r, e);
    if (rc != 0)
        return rc;
    r->ret->checkpoint.size = r->identity.checkpoint_size;
    r->ret->checkpoint.root = r->identity.checkpoint_root;
    (void)snprintf(r->ret->checkpoint.origin, sizeof r->ret->checkpoint.origin, "%s", r->identity.origin);
    r->ret->member = r->identity.member;
    return 0;
}

int recover_member(const struct store_place *place, const struct recover_wish *wish, struct recover_done *ret,
                   struct err *e)
{
    struct recover_done done = {0};
    bool finished = false;
    OWN(recovering_release)
    struct recovering r = {.place = place, .wish = wish, .ret = &done, .from_fd = -1, .draft.fd = -1};
    int rc = together(wish, e);
    if (rc == 0)
        rc = store_target_free(place->root, e);
    if (rc == 0)
        rc = look(&r, e);
    if (rc == 0)
        rc = recover_draft_open(place->root, &r.draft, e);
    if (rc == 0)
        rc = finish(&r, &finished, e);
    if (rc == 0 && !finished)
        rc = anew(&r, e);
    if (rc != 0)
        return rc;
    recover_draft_clear(&r.draft);
    done.key_path = r.key_path;
    *ret = done;
    return 0;
}
