/* Recovery sheets: drawn, divided, and made known to the log; and the one commit that they sign. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>

void store_sheets_release(struct store_sheets *sheets)
{
    crypt_wipe(sheets, sizeof *sheets);
}

/* As the log will say it.  Borrows from ${x}; its place among the key events is the commit's to fill. */
static struct statement said(const struct store *s, const struct store_sheets *x)
{
    struct statement st = {.kind = STATEMENT_RECOVERY,
                           .at_unix_s = x->at_unix_s,
                           .recovery = {.key = x->keys.key,
                                        .epoch = s->history.logs.count,
                                        .leaves = x->leaves,
                                        .root = x->root,
                                        .needed = x->needed,
                                        .shares = x->hash,
                                        .share_count = x->count}};
    memcpy(st.recovery.receiving, x->keys.public_key, CRYPT_PUBLIC);
    memcpy(st.recovery.compartment, s->compartment, STATEMENT_ID);
    memcpy(st.recovery.set, x->set, STATEMENT_ID);
    return st;
}

/* The last sheets and the first ones, both, must give the secret back before anyone relies on them. */
static int try_out(const struct store_sheets *x, const struct key *secret, const struct key *shares, struct err *e)
{
    uint8_t index[CRYPT_SHARES_MAX];
    for (unsigned i = 0; i < x->count; i++)
        index[i] = (uint8_t)(i + 1);
    for (int end = 0; end < 2; end++) {
        OWN(key_drop) struct key joined = {0};
        unsigned from = end == 0 ? 0 : x->count - x->needed;
        int rc = crypt_share_join(index + from, shares + from, x->needed, &joined, e);
        if (rc != 0)
            return rc;
        if (!crypt_equal(joined.b, secret->b, CRYPT_KEY))
            return err_set(e, ERR_IO, "the sheets do not give their secret back: this computer computes wrong results");
    }
    return 0;
}

static int divide(struct store_sheets *x, const struct key *secret, struct err *e)
{
    struct key shares[CRYPT_SHARES_MAX];
    int rc = crypt_share_split(secret, x->needed, x->count, shares, e);
    if (rc == 0)
        rc = try_out(x, secret, shares, e);
    for (unsigned i = 0; rc == 0 && i < x->count; i++) {
        struct keyring_share *share = &x->share[i];
        *share = (struct keyring_share){(uint8_t)x->needed, (uint8_t)x->count, (uint8_t)(i + 1), {0}, shares[i]};
        memcpy(share->set, x->set, KEYRING_ID);
        keyring_share_hash(share, &x->hash[i]);
    }
    crypt_wipe(shares, sizeof shares);
    return rc;
}

int store_history_whole(struct store *s, struct err *e)
{
    OWN(history_release) struct history h = {0};
    int rc = store_history_walk(s, &h, e);
    if (rc != 0)
        return rc;
    struct history before = s->history;
    s->history = h;
    h = before;
    return 0;
}

int store_sheets_make(struct store *s, unsigned needed, unsigned count, struct store_sheets *ret, struct err *e)
{
    OWN(key_drop) struct key secret = {0};
    struct ledger_position now;
    char name[NOTE_NAME_MAX + 32], hex[9];
    uint8_t pseudonym[4];
    if (needed < 1 || needed > count || count > CRYPT_SHARES_MAX)
        return err_set(e, ERR_USAGE, "a set has 1 to %d sheets, and 1 to all of them are needed", CRYPT_SHARES_MAX);
    int rc = store_writable(s, e);
    if (rc == 0)
        rc = store_settle(s, e); /* store_sheets_may_count tells by what is pending then */
    if (rc == 0)
        rc = store_history_whole(s, e);
    if (rc != 0)
        return rc;
    ledger_where(s->ledger, &now);
    *ret = (struct store_sheets){
        .at_unix_s = time_now_unix_s(), .leaves = now.leaves, .root = now.root, .needed = needed, .count = count};
    crypt_random(secret.b, CRYPT_KEY);
    crypt_random(pseudonym, sizeof pseudonym);
    hex_put(hex, pseudonym, sizeof pseudonym);
    snprintf(name, sizeof name, "%s/r/%s", s->founded.founded.origin, hex);
    rc = keyring_recovery_keys(&secret, name, &ret->keys, e);
    if (rc == 0) {
        struct statement st = said(s, ret);
        history_set(&s->pin, &st.recovery, ret->set);
        rc = divide(ret, &secret, e);
    }
    if (rc != 0)
        store_sheets_release(ret);
    return rc;
}

int store_sheets_commit(struct store *s, const struct store_sheets *sheets, struct err *e)
{
    struct statement st = said(s, sheets);
    struct store_acted acted;
    return store_act(s, &st, NULL, &acted, e);
}

bool store_sheets_may_count(const struct store *s)
{
    return s->state.has_pending; /* set just before the journal is written, and by nothing else while this is open */
}

/* ---- a member replaced ---- */

static struct statement said_of(const struct store_replacing *r)
{
    struct statement st = {.kind = STATEMENT_MEMBER, .at_unix_s = time_now_unix_s()};
    struct statement_member *m = &st.member;
    uint8_t receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    m->key = r->next->member;
    memcpy(m->set, r->set, STATEMENT_ID);
    m->replaces = r->named ? r->former->name : NULL;
    keyring_identity_public(r->next, m->box, receiving);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        m->receiving[i].epoch = r->next->holdings[0].seeds[i].epoch;
        memcpy(m->receiving[i].key, receiving[i], CRYPT_PUBLIC);
    }
    return st;
}

/* In the other compartments too.  One that the sheets do not open yet, because nobody wrote there since they were made,
 * is boxed to her by whoever holds it and writes there next. */
static int replace_beside(struct store *s, const struct store_replacing *r, struct err *e)
{
    for (size_t i = 1; i < s->history.compartment_count; i++) {
        const uint8_t *id = s->history.compartments[i].id;
        struct keyring *k = NULL;
        uint64_t version;
        struct err mine = {0};
        int rc = store_table_named(s, id, &version, e);
        if (rc != 0)
            return rc;
        rc = store_keyring_unlock(s, id, version, &k, &mine);
        if (rc == ERR_KEY || rc == ERR_ABSENT) {
            store_tell(s, text_tr("the sheets do not open one of the compartments: whoever holds it must write there "
                                  "once, and then you hold it too"));
            continue;
        }
        if (rc == 0) {
            s->beside[s->beside_count++] = k;
            rc = keyring_replace(k, r->next, false, &mine);
        }
        if (rc != 0)
            return err_set(e, rc, "%s", mine.text);
    }
    return 0;
}

/* The event, signed by the sheets, and the new member's boxes and table behind it. */
int store_replace(const struct store_place *place, const struct store_replacing *r, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf words = {0};
    struct store_place opening = *place;
    struct statement st = said_of(r);
    struct ledger_position now;
    opening.identity = r->next;
    int rc = store_open_to_recover(&opening, r->keys, r->former, &s, e);
    if (rc == 0)
        rc = store_history_restore(s, &words, e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = keyring_replace(s->keyring, r->next, true, e);
    if (rc == 0)
        rc = replace_beside(s, r, e);
    if (rc != 0)
        return rc;
    s->draft.event = (struct draft_event){&st, &r->keys->key, &r->keys->sign};
    rc = store_commit(s, e);
    if (rc == 0 && s->failed)
        rc = err_set(e, ERR_IO, "what follows from the commit could not be written");
    if (rc != 0)
        return rc;
    ledger_where(s->ledger, &now);
    r->next->checkpoint_size = now.leaves;
    r->next->checkpoint_root = now.root;
    return 0;
}
