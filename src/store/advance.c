/*
 * Members who forget: after something was erased each one publishes a fresh receiving key, has the epoch keys of all
 * her compartments boxed to it, and wipes what opened earlier boxes out of her key file.  Until then an older copy of
 * the repository is opened by her key file.  FORMAT 19.3.
 */
#include "store/store_internal.h"

#include <stdio.h>

/* ---- what is published ---- */

struct published {
    const struct note_key *member;
    struct keyring_file file;
    uint64_t number; /* the newest; 0: none but those that she joined with */
};

static int published_look(void *context, const struct statement_file_hash *f, struct err *e)
{
    struct published *p = context;
    uint64_t number;
    uint8_t member[4];
    (void)e;
    if (!keyring_receiving_number(f->name, member, &number) || memcmp(member, p->member->id, sizeof member) != 0 ||
        number < p->number)
        return 0;
    p->number = number;
    p->file = (struct keyring_file){.bytes = f->bytes, .sha256 = f->sha256};
    (void)snprintf(p->file.name, sizeof p->file.name, "%s", f->name);
    return 0;
}

static int published_find(struct store *s, const struct note_key *member, struct published *ret, struct err *e)
{
    *ret = (struct published){.member = member};
    return index_keyring_files(store_index(s), published_look, ret, e);
}

int store_receiving(struct store *s, const struct history_member *m, uint64_t epoch, struct keyring_reader *ret,
                    struct err *e)
{
    struct published p;
    int rc = published_find(s, &m->key, &p, e);
    if (rc == 0 && p.number == 0)
        memcpy(ret->receiving, history_receiving(m, epoch), CRYPT_PUBLIC);
    if (rc == 0 && p.number != 0)
        rc = keyring_receiving_read(s->root, &m->key, &p.file, ret->receiving, e);
    if (rc == 0)
        ret->number = p.number;
    return rc;
}

/* ---- her own ---- */

static int key_file_save(struct store *s, struct err *e)
{
    int rc = keyring_identity_save(s->key_path.s, &s->identity, bytes_of(s->passphrase.b, s->passphrase.n), true, e);
    if (rc == 0 && s->place.changed != NULL) /* also where it is held unlocked */
        s->place.changed(s->place.held_context, &s->identity);
    return rc;
}

/* The keyrings of her other compartments, as far as boxes in them are to her.  ERR_ABSENT: one does not open, so that
 * what opened it until now has to stay. */
static int others_open(struct store *s, const struct history_member *me, struct err *e)
{
    for (size_t i = 0; i < s->history.compartment_count; i++) {
        OWN(store_boxed_release) struct store_boxed b = {.epoch = 0};
        const uint8_t *id = s->history.compartments[i].id;
        uint64_t version;
        if (i == s->compartment_at || !history_holds(me, i))
            continue;
        int rc = store_boxed(s, id, &b, e);
        if (rc == 0 && !store_is_boxed(&b, &me->key)) /* whoever writes there next does it, by her newest key */
            continue;
        if (rc == 0)
            rc = store_table_named(s, id, &version, e);
        if (rc != 0)
            return rc;
        if (store_keyring_unlock(s, id, version, &s->beside[s->beside_count], NULL) != 0)
            return err_set(e, ERR_ABSENT, "a compartment that you hold does not open");
        s->beside_count++;
    }
    return 0;
}

static int publish(struct store *s, const struct history_member *me, struct keyring_reader *ret, struct err *e)
{
    struct published p;
    int rc = published_find(s, &me->key, &p, e);
    if (rc == 0)
        rc = keyring_identity_publish(&s->identity, p.number, ret->number, ret->receiving, e);
    if (rc == 0) /* before anything is boxed to it */
        rc = key_file_save(s, e);
    if (rc == 0)
        rc = keyring_receiving_write(s->keyring, ret->number, ret->receiving, p.number, e);
    for (size_t i = 0; rc == 0 && i < s->beside_count; i++)
        rc = keyring_box_again(s->beside[i], ret, e);
    return rc;
}

/* Without the passphrase no key file is written: keys that were unlocked before by others, or handed over. */
int store_advance_prepare(struct store *s, struct keyring_reader *ret, struct err *e)
{
    const struct history_member *me = history_member_by_key(&s->history, &s->identity.member);
    if (s->passphrase.n == 0 || s->sheets != NULL || me == NULL || s->beside_count > 0)
        return err_set(e, ERR_ABSENT, "the key file cannot be written");
    *ret = (struct keyring_reader){.key = me->key, .number = s->draft.first_leaf, .reads = true};
    int rc = others_open(s, me, e);
    if (rc == 0)
        rc = publish(s, me, ret, e);
    if (rc != 0)
        store_beside_close(s);
    return rc;
}

int store_advance_finish(struct store *s, uint64_t number, struct err *e)
{
    return keyring_identity_forget(&s->identity, number) ? key_file_save(s, e) : 0;
}

/* Did she hold it by then?  Who came later never had a box of what it ended. */
static bool held_until(const struct history_member *m, size_t compartment, uint64_t leaf)
{
    for (size_t i = 0; i < m->turn_count && m->turns[i].from <= leaf; i++)
        if ((m->turns[i].holds >> compartment & 1) != 0)
            return true;
    return false;
}

/* The newest statement by which something was erased that she could open; 0: none.  *ret_waits: one is not done yet. */
static uint64_t erased_for(const struct store *s, const struct history_member *m, bool *ret_waits)
{
    uint64_t leaf = 0;
    *ret_waits = false;
    for (size_t i = 0; i < s->erasures.act_count; i++) {
        const struct store_erased *act = &s->erasures.acts[i];
        size_t at = history_compartment(&s->history, act->compartment);
        if (at >= s->history.compartment_count || !held_until(m, at, act->leaf))
            continue;
        *ret_waits = *ret_waits || act->pending;
        if (!act->pending && !act->refused && act->leaf > leaf)
            leaf = act->leaf;
    }
    return leaf;
}

/* ---- when ---- */

static int advance_now(struct store *s, struct err *e)
{
    struct keyring_reader own = {.number = 0};
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_fold_begin(s, e);
    if (rc != 0)
        return rc;
    s->failed = true; /* keys that no record names: only the next opening knows them apart */
    rc = store_advance_prepare(s, &own, e);
    if (rc == ERR_ABSENT) { /* later, and until then she is told of */
        s->failed = false;
        store_draft_drop(s);
        return 0;
    }
    if (rc == 0)
        rc = keyring_box_again(s->keyring, &own, e);
    if (rc != 0)
        return rc;
    s->failed = false;
    s->draft.keys = true;
    rc = store_commit(s, e);
    return rc == 0 && !s->failed ? store_advance_finish(s, own.number, e) : rc;
}

int store_advance(struct store *s, struct err *e)
{
    struct published p;
    const struct history_member *me = history_member_by_key(&s->history, &s->identity.member);
    bool waits;
    if (me == NULL || s->passphrase.n == 0 || s->sheets != NULL || s->erasures.act_count == 0 ||
        store_may_sign(s, STATEMENT_KEYRING, NULL) != 0)
        return 0;
    uint64_t leaf = erased_for(s, me, &waits);
    int rc = leaf == 0 ? 0 : published_find(s, &me->key, &p, e);
    if (rc != 0 || leaf == 0)
        return rc;
    if (p.number > leaf)
        return store_advance_finish(s, p.number, e); /* what a crash left undone */
    return waits ? 0 : advance_now(s, e);
}

/* ---- who has not ---- */

static int published_number(struct store *s, const struct note_key *member, uint64_t *ret, struct err *e)
{
    const struct store_erasures *x = &s->erasures;
    struct published p;
    *ret = 0;
    if (s->index != NULL) {
        int rc = published_find(s, member, &p, e);
        *ret = p.number;
        return rc;
    }
    for (size_t i = 0; i < x->published_count; i++)
        if (memcmp(x->published[i].member, member->id, sizeof member->id) == 0 && x->published[i].number > *ret)
            *ret = x->published[i].number;
    return 0;
}

int store_not_advanced(struct store *s, int (*each)(void *context, const struct history_member *m, struct err *e),
                       void *context, struct err *e)
{
    const struct history *h = &s->history;
    int rc = store_erasures(s, e);
    for (size_t i = 0; rc == 0 && i < h->count; i++) {
        bool waits;
        uint64_t number = 0, leaf = erased_for(s, &h->members[i], &waits);
        if (leaf == 0 || !statement_role_writes(history_role(&h->members[i], UINT64_MAX)))
            continue;
        rc = published_number(s, &h->members[i].key, &number, e);
        if (rc == 0 && number <= leaf)
            rc = each(context, &h->members[i], e);
    }
    return rc;
}
