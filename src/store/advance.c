/*
 * Members who forget: after an erasure each one publishes fresh receiving keys, has the epoch key boxed to the first of
 * them, and wipes what opened earlier epochs out of her key file.  Until then an older copy of the repository is opened
 * by her key file.  FORMAT 19.3.
 */
#include "store/store_internal.h"

#include <stdio.h>

/* ---- what is published ---- */

struct published {
    char prefix[KEYRING_NAME_MAX];
    struct keyring_file file; /* the newest; no name: none */
    uint64_t epoch;
};

static int published_look(void *context, const struct statement_file_hash *f, struct err *e)
{
    struct published *p = context;
    uint64_t epoch = 0;
    size_t n = strlen(p->prefix);
    (void)e;
    if (strncmp(f->name, p->prefix, n) != 0 || decimal_get(bytes_text(f->name + n), &epoch) != 0 || epoch < p->epoch)
        return 0;
    p->epoch = epoch;
    p->file = (struct keyring_file){.bytes = f->bytes, .sha256 = f->sha256};
    (void)snprintf(p->file.name, sizeof p->file.name, "%s", f->name);
    return 0;
}

static int published_find(struct store *s, const struct note_key *member, struct published *ret, struct err *e)
{
    *ret = (struct published){.epoch = 0};
    keyring_receiving_name(s->compartment, member, 0, ret->prefix);
    return index_keyring_files(store_index(s), published_look, ret, e);
}

/* By the newest receiving key that is not of a later epoch: who was away uses her last one again. */
int store_receiving(struct store *s, const struct history_member *m, uint64_t epoch, uint8_t ret[CRYPT_PUBLIC],
                    struct err *e)
{
    struct published p;
    uint8_t keys[KEYRING_EPOCHS][CRYPT_PUBLIC];
    int rc = published_find(s, &m->key, &p, e);
    if (rc == 0 && p.epoch == 0)
        memcpy(ret, m->receiving[m->receiving[1].epoch <= epoch].key, CRYPT_PUBLIC);
    if (rc != 0 || p.epoch == 0)
        return rc;
    rc = keyring_receiving_read(s->root, s->compartment, &m->key, &p.file, p.epoch, keys, e);
    if (rc == 0)
        memcpy(ret, keys[p.epoch + 1 <= epoch], CRYPT_PUBLIC);
    return rc;
}

/* ---- her own ---- */

static int key_file_save(struct store *s, struct err *e)
{
    return keyring_identity_save(s->key_path.s, &s->identity, bytes_of(s->passphrase.b, s->passphrase.n), true, e);
}

/* Without the passphrase no key file is written: keys that were unlocked before by others, or handed over. */
bool store_may_advance(const struct store *s)
{
    return s->passphrase.n > 0;
}

/* The seeds are in the key file before anything is boxed to them. */
int store_advance_prepare(struct store *s, uint64_t epoch, uint8_t ret[CRYPT_PUBLIC], struct err *e)
{
    struct published p;
    uint8_t keys[KEYRING_EPOCHS][CRYPT_PUBLIC];
    int rc = published_find(s, &s->identity.member, &p, e);
    if (rc == 0)
        rc = keyring_identity_publish(&s->identity, s->compartment, p.epoch, epoch, keys, e);
    if (rc == 0)
        rc = key_file_save(s, e);
    if (rc == 0)
        rc = keyring_receiving_write(s->keyring, epoch, keys, p.epoch != 0 ? &p.file : NULL, e);
    if (rc == 0)
        memcpy(ret, keys[0], CRYPT_PUBLIC);
    return rc;
}

int store_advance_finish(struct store *s, uint64_t epoch, struct err *e)
{
    return keyring_identity_forget(&s->identity, s->compartment, epoch) ? key_file_save(s, e) : 0;
}

/* The newest epoch of this compartment that an erasure began; 0: none. */
static uint64_t erased_epoch(const struct store *s)
{
    uint64_t epoch = 0;
    for (size_t i = 0; i < s->erasures.act_count; i++)
        if (s->erasures.acts[i].ours && !s->erasures.acts[i].pending && s->erasures.acts[i].epoch > epoch)
            epoch = s->erasures.acts[i].epoch;
    return epoch;
}

static int advance_now(struct store *s, struct err *e)
{
    uint8_t receiving[CRYPT_PUBLIC];
    uint64_t epoch = keyring_epoch(s->keyring);
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_fold_begin(s, e);
    if (rc == 0)
        rc = store_advance_prepare(s, epoch, receiving, e);
    if (rc == 0)
        rc = keyring_box_again(s->keyring, receiving, e);
    if (rc != 0) {
        s->failed = true;
        return rc;
    }
    s->draft.advances = true;
    rc = store_commit(s, e);
    return rc == 0 && !s->failed ? store_advance_finish(s, epoch, e) : rc;
}

int store_advance(struct store *s, struct err *e)
{
    struct published p;
    uint64_t erased = erased_epoch(s);
    if (erased == 0 || !store_may_advance(s) || s->sheets != NULL || store_may_sign(s, STATEMENT_KEYRING, NULL) != 0)
        return 0;
    int rc = published_find(s, &s->identity.member, &p, e);
    if (rc != 0)
        return rc;
    if (p.epoch < erased)
        return advance_now(s, e);
    return store_advance_finish(s, p.epoch, e); /* what a crash left undone */
}

/* ---- who has not ---- */

static int published_epoch(struct store *s, const uint8_t compartment[STATEMENT_ID], const struct note_key *member,
                           uint64_t *ret, struct err *e)
{
    const struct store_erasures *x = &s->erasures;
    struct published p;
    *ret = 0;
    if (s->index != NULL && memcmp(compartment, s->compartment, STATEMENT_ID) == 0) {
        int rc = published_find(s, member, &p, e);
        *ret = p.epoch;
        return rc;
    }
    for (size_t i = 0; i < x->published_count; i++)
        if (memcmp(x->published[i].id, member->id, sizeof member->id) == 0 &&
            memcmp(x->published[i].compartment, compartment, STATEMENT_ID) == 0 && x->published[i].epoch > *ret)
            *ret = x->published[i].epoch;
    return 0;
}

/* The last statement of a compartment tells its newest epoch. */
static bool is_newest(const struct store_erasures *x, size_t act)
{
    for (size_t i = act + 1; i < x->act_count; i++)
        if (!x->acts[i].pending && memcmp(x->acts[i].compartment, x->acts[act].compartment, STATEMENT_ID) == 0)
            return false;
    return !x->acts[act].pending;
}

int store_not_advanced(struct store *s, int (*each)(void *context, const struct history_member *m, struct err *e),
                       void *context, struct err *e)
{
    const struct history *h = &s->history;
    int rc = store_erasures(s, e);
    for (size_t a = 0; rc == 0 && a < s->erasures.act_count; a++)
        for (size_t i = 0; rc == 0 && is_newest(&s->erasures, a) && i < h->count; i++) {
            const struct store_erased *act = &s->erasures.acts[a];
            uint64_t epoch = 0;
            if (!statement_role_writes(history_role(&h->members[i], UINT64_MAX)))
                continue;
            rc = published_epoch(s, act->compartment, &h->members[i].key, &epoch, e);
            if (rc == 0 && epoch < act->epoch)
                rc = each(context, &h->members[i], e);
        }
    return rc;
}
