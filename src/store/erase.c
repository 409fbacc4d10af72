/*
 * Erasing: keys are destroyed, and nothing else.  Two records (FORMAT 19.2): the first says which leaves, in public;
 * the second names what the compartment has without them, under a new epoch, and with it the old has ended.  What is
 * old is destroyed then, the index first, so that as long as one old segment is there something may be.
 */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>

/* ---- who reads ---- */

struct readers {
    struct keyring_reader *list;
    struct note_key *before;
    size_t count;
};

static void readers_release(struct readers *r)
{
    free(r->list);
    free(r->before);
}

static int readers_find(struct store *s, uint64_t epoch, struct readers *ret, struct err *e)
{
    const struct history *h = &s->history;
    ret->list = calloc(h->count + 1, sizeof *ret->list);
    ret->before = calloc(h->count + 1, sizeof *ret->before);
    if (ret->list == NULL || ret->before == NULL)
        return err_memory(e);
    for (size_t i = 0; i < h->count; i++) {
        const struct history_member *m = &h->members[i];
        if (!statement_role_writes(history_role(m, UINT64_MAX)))
            continue;
        bool own = m == history_member_by_key(h, &s->identity.member) && store_may_advance(s);
        uint8_t *receiving = ret->list[ret->count].receiving;
        int rc = own ? store_advance_prepare(s, epoch, receiving, e) : store_receiving(s, m, epoch, receiving, e);
        if (rc != 0)
            return rc;
        ret->before[ret->count] = ret->list[ret->count].key = m->key;
        ret->count++;
    }
    if (h->sheets.known && !h->sheets.spent) {
        ret->before[ret->count] = ret->list[ret->count].key = h->sheets.key;
        memcpy(ret->list[ret->count++].receiving, h->sheets.receiving, CRYPT_PUBLIC);
    }
    return 0;
}

/* ---- the second record, and what follows from it ---- */

static int rekey(struct store *s, const struct statement_erased *said, struct err *e)
{
    OWN(readers_release) struct readers r = {0};
    uint64_t bytes;
    s->failed = true; /* keys that no record names: only the next opening knows them apart */
    int rc = readers_find(s, said->epoch, &r, e);
    if (rc != 0)
        return rc;
    const struct keyring_erasing what = {said->leaves, said->count, r.list, r.count, r.before, r.count,
                                         s->draft.first_leaf};
    rc = keyring_erase(s->keyring, &what, &bytes, e);
    s->failed = rc != 0;
    return rc;
}

static int finish(struct store *s, const struct statement_erased *said, struct err *e)
{
    assert(keyring_epoch(s->keyring) + 1 == said->epoch);
    int rc = store_draft_begin(s, e);
    if (rc == 0) /* whose secrets are to be among the new ones */
        rc = store_fold_begin(s, e);
    if (rc == 0) /* all secrets are in the segments that are written anew */
        rc = store_settle(s, e);
    if (rc == 0)
        rc = rekey(s, said, e);
    if (rc != 0)
        return rc;
    s->draft.destroys = true;
    rc = store_commit(s, e);
    if (rc != 0)
        return rc;
    store_erased_done(s);
    if (s->failed)
        return 0;
    rc = store_may_advance(s) ? store_advance_finish(s, said->epoch, e) : 0;
    if (rc == 0)
        rc = store_index_anew(s, e);
    return rc == 0 ? store_state_write(s->state_file.s, &s->pin, &s->identity.state, &s->state, e) : rc;
}

int store_erase_resume(struct store *s, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    struct err line = {0};
    const struct store_erased *act = store_erase_pending(s);
    if (act == NULL || !act->ours || s->sheets != NULL) /* the member whom they bring goes on with it */
        return 0;
    if (act->epoch != keyring_epoch(s->keyring) + 1)
        return err_set(e, ERR_DAMAGED, "leaf %llu: it is to begin another epoch than the one that follows",
                       (unsigned long long)act->leaf);
    (void)err_set(&line, ERR_IO, "an erasure was interrupted (leaf %llu): it is finished now",
                  (unsigned long long)act->leaf);
    store_tell(s, line.text);
    int rc = store_statement(s, act->leaf, &held, &st, e);
    return rc == 0 ? finish(s, &st.erased, e) : rc;
}

/* ---- the first record ---- */

/* Each one is hidden, and was not erased before. */
static int leaves_check(struct store *s, const struct statement_erased *said, struct err *e)
{
    int rc = store_erasures(s, e);
    for (size_t i = 0; rc == 0 && i < said->count; i++) {
        const struct statement_range *r = &said->leaves[i];
        if (store_erased_between(s, r->first, r->last) > 0)
            return err_set(e, ERR_REFUSED, "rule erased-leaves: some of leaves %llu to %llu are erased already",
                           (unsigned long long)r->first, (unsigned long long)r->last);
        for (uint64_t leaf = r->first; rc == 0 && leaf <= r->last; leaf++) {
            uint8_t entry[LEDGER_ENTRY];
            rc = ledger_entry(store_ledger(s), leaf, entry, e);
            if (rc == 0 && entry[0] != LEDGER_HIDDEN)
                rc = err_set(e, ERR_REFUSED, "rule erased-leaves: leaf %llu is public", (unsigned long long)leaf);
        }
    }
    return rc;
}

int store_erase_leaves(struct store *s, const struct statement_range *leaves, size_t count,
                       const struct statement_by *by, uint64_t *ret_leaf, struct err *e)
{
    struct statement st = {.kind = STATEMENT_ERASED,
                           .erased = {.epoch = keyring_epoch(s->keyring) + 1,
                                      .leaves = (struct statement_range *)(uintptr_t)leaves,
                                      .count = count,
                                      .by = *by}};
    memcpy(st.erased.compartment, s->compartment, STATEMENT_ID);
    int rc = store_writable(s, e);
    if (rc == 0)
        rc = leaves_check(s, &st.erased, e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_fold_begin(s, e);
    if (rc != 0)
        return rc;
    s->draft.erased = &st;
    uint64_t leaf = s->draft.first_leaf + s->draft.count;
    rc = store_commit(s, e);
    if (rc == 0)
        rc = store_erasures_take(s, leaf, &st, e);
    if (rc != 0)
        return rc;
    store_erased_done(s);
    *ret_leaf = leaf;
    return s->failed ? err_set(e, ERR_IO, "an earlier write failed: nothing more is written; run the command again")
                     : finish(s, &st.erased, e);
}

/* ---- as others see it ---- */

/* Old segments that are still there, after the epoch has ended. */
int store_erase_remains(struct store *s, bool *ret, struct err *e)
{
    OWN(store_key_files_drop) struct store_key_files keys = {0};
    int rc = s->index != NULL ? store_key_files_named(s, &keys, e) : store_key_files(s, &keys, e);
    return rc == 0 ? keyring_remains(s->root, keys.list, keys.count, ret, e) : rc;
}

int store_erase_tell(struct store *s, struct err *e)
{
    const struct store_erased *act = store_erase_pending(s);
    struct err line = {0};
    bool left = false;
    int rc = s->erasures.act_count > 0 && act == NULL ? store_erase_remains(s, &left, e) : 0;
    if (rc != 0 || (act == NULL && !left))
        return rc;
    if (act != NULL)
        (void)err_set(&line, ERR_IO, "ERASE PENDING: what leaf %llu erases is not destroyed yet: the next member who "
                                     "holds its compartment and writes does it",
                      (unsigned long long)act->leaf);
    else
        (void)err_set(&line, ERR_IO, "ERASE PENDING: old keys are there still: the next member who holds their "
                                     "compartment and writes destroys them");
    store_tell(s, line.text);
    return 0;
}
