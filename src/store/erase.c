/*
 * Erasing: keys are destroyed, and nothing else.  Two records (FORMAT 19.2): the first says which leaves, in public;
 * the second names what the compartment has without them, under a new epoch, and with it the old has ended.  What is
 * old is destroyed then, the index first, so that as long as one old segment is there something may be.
 */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>

/* ---- the second record, and what follows from it ---- */

static struct keyring_reader *own_reader(const struct store *s, const struct store_readers *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (memcmp(r->list[i].key.public_key, s->identity.member.public_key, CRYPT_PUBLIC) == 0)
            return &r->list[i];
    return NULL;
}

/* Those who have boxes of the epoch that ends. */
static int boxed_before(struct store *s, struct keyring_erasing *what, struct keyring_reader **ret, struct err *e)
{
    OWN(store_boxed_release) struct store_boxed b = {.epoch = 0};
    int rc = store_boxed(s, s->compartment, &b, e);
    struct keyring_reader *list = rc == 0 ? calloc(b.count + 1, sizeof *list) : NULL;
    if (list == NULL)
        return rc == 0 ? err_memory(e) : rc;
    for (; what->before_count < b.count; what->before_count++) {
        list[what->before_count].reads = true;
        memcpy(list[what->before_count].key.id, b.list[what->before_count].reader, 4);
    }
    what->before = *ret = list;
    what->turns = store_turn_due(&s->history, &b, s->compartment_at); /* who went knows the pack key too */
    return what->turns ? store_vault_end(s, &what->pack, &what->sector, e) : 0;
}

/* Of what else is not done, copies could come about that the new key would open. */
static bool others_wait(const struct store *s)
{
    for (size_t i = 0; i < s->erasures.act_count; i++)
        if (s->erasures.acts[i].pending && !s->erasures.acts[i].ours)
            return true;
    return false;
}

/* *ret_number: of the signer's new receiving key; 0: she keeps hers. */
static int rekey(struct store *s, const struct statement_erased *said, uint64_t *ret_number, struct err *e)
{
    OWN(store_readers_drop) struct store_readers r = {0};
    OWN(mem_drop) struct keyring_reader *before = NULL;
    struct keyring_reader own = {.number = 0};
    struct err mine = {0};
    struct keyring_erasing what = {.leaves = said->leaves, .leaf_count = said->count, .leaf = s->draft.first_leaf};
    uint64_t bytes;
    *ret_number = 0;
    s->failed = true; /* keys that no record names: only the next opening knows them apart */
    int rc = store_readers(s, said->epoch, &r, e);
    if (rc == 0)
        rc = boxed_before(s, &what, &before, e);
    if (rc == 0)
        rc = others_wait(s) ? ERR_ABSENT : store_advance_prepare(s, &own, &mine);
    if (rc != 0 && rc != ERR_ABSENT)
        return mine.code != 0 ? err_set(e, rc, "%s", mine.text) : rc;
    struct keyring_reader *place = own_reader(s, &r);
    if (rc == 0 && place != NULL) {
        memcpy(place->receiving, own.receiving, CRYPT_PUBLIC);
        place->number = *ret_number = own.number;
    }
    what.readers = r.list;
    what.count = r.count;
    rc = keyring_erase(s->keyring, &what, &bytes, e);
    s->failed = rc != 0;
    return rc;
}

static int finish(struct store *s, const struct statement_erased *said, struct err *e)
{
    uint64_t number = 0;
    assert(keyring_epoch(s->keyring) + 1 == said->epoch);
    int rc = store_draft_begin(s, e);
    if (rc == 0) /* whose secrets are to be among the new ones */
        rc = store_fold_begin(s, e);
    if (rc == 0) /* all secrets are in the segments that are written anew */
        rc = store_settle(s, e);
    if (rc == 0)
        rc = rekey(s, said, &number, e);
    if (rc != 0)
        return rc;
    s->draft.destroys = true;
    rc = store_commit(s, e);
    if (rc != 0)
        return rc;
    store_erased_done(s);
    if (s->failed)
        return 0;
    rc = number != 0 ? store_advance_finish(s, number, e) : 0;
    if (rc == 0)
        rc = store_index_anew(s, e);
    return rc == 0 ? store_state_write(s->state_file.s, &s->pin, &s->identity.state, &s->state, e) : rc;
}

/* By one who held the compartment, and for the epoch that follows. */
static int signer_held(struct store *s, const struct store_erased *act, const struct store_held *held, struct err *e)
{
    OWN(note_drop) struct note note = {0};
    char name[NOTE_NAME_MAX + 1];
    int rc = note_parse(buf_bytes(&held->sealed), &note, e);
    if (rc != 0)
        return rc;
    (void)snprintf(name, sizeof name, "%.*s", (int)note.line[0].name.n, (const char *)note.line[0].name.p);
    const struct history_member *m = history_member(&s->history, name);
    if (m == NULL || !history_held(m, s->compartment_at, act->leaf))
        return err_set(e, ERR_REFUSED, "rule signer-compartment: %s does not hold this compartment here", name);
    return act->epoch == keyring_epoch(s->keyring) + 1
               ? 0
               : err_set(e, ERR_REFUSED, "it is to begin another epoch than the one that follows");
}

static int judge(struct store *s, struct store_erased *act, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    struct err why = {0}, line = {0};
    int rc = store_statement(s, act->leaf, &held, &st, e);
    if (rc != 0)
        return rc;
    rc = signer_held(s, act, held, &why);
    if (rc == 0)
        rc = store_erase_lawful(s, &(struct store_said){.leaf = act->leaf, .statement = &st}, &why);
    if (rc == 0 || rc == ERR_IO)
        return rc == 0 ? 0 : err_set(e, rc, "%s", why.text);
    act->refused = true;
    act->pending = false;
    (void)err_set(&line, rc, "leaf %llu says that something is erased, and nobody had the right to say so: nothing of "
                             "it is destroyed (%s)",
                  (unsigned long long)act->leaf, why.text);
    store_tell(s, line.text);
    return 0;
}

int store_erase_judge(struct store *s, struct err *e)
{
    int rc = 0;
    if (s->sheets != NULL) /* she is in the history, and holds something, when that is committed */
        return 0;
    for (size_t i = 0; rc == 0 && i < s->erasures.act_count; i++)
        if (s->erasures.acts[i].pending && s->erasures.acts[i].ours)
            rc = judge(s, &s->erasures.acts[i], e);
    return rc;
}

int store_erase_resume(struct store *s, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    struct err line = {0};
    const struct store_erased *act = store_erase_pending(s, true);
    if (act == NULL || s->sheets != NULL) /* the member whom they bring goes on with it */
        return 0;
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
    const struct store_erased *act = store_erase_pending(s, false);
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
