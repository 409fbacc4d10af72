/* Trusting a journal on this computer, held to what was seen of it here and by the key file. */
#include "store/store_internal.h"

#include "base/text.h"

#include <stdio.h>

/* A position of the log that somebody of ours has seen. */
struct seen {
    uint64_t leaves;
    struct hash root;
    bool by_key; /* by the key file; else by this computer */
};

/* ---- does the journal hold it?  By its records: tiles are derived, and may be what is to be repaired ---- */

struct looking {
    struct store *s;
    const struct seen *seen;
    bool held;
};

static int look_at(void *context, const struct ledger_record *r, struct err *e)
{
    struct looking *l = context;
    struct checkpoint c;
    if (r->first_leaf + r->hidden_count + r->public_count < l->seen->leaves)
        return 0;
    int rc = history_checkpoint(r->checkpoint, &l->s->history.logs, NOTE_FOREIGN, &c, e);
    l->held = rc == 0 && c.size == l->seen->leaves && hash_equal(&c.root, &l->seen->root);
    return rc == 0 ? ERR_STOPPED : rc; /* far enough */
}

static int holds(struct store *s, const struct seen *seen, bool *ret, struct err *e)
{
    struct looking l = {.s = s, .seen = seen};
    struct err mine = {0};
    int rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, look_at, &l, &mine);
    *ret = l.held;
    return rc == 0 || rc == ERR_STOPPED ? 0 : err_set(e, rc, "%s", mine.text);
}

static int two_histories(const struct seen *seen, const struct ledger_position *now, struct err *e)
{
    char root[2 * CRYPT_HASH + 1];
    hex_put(root, seen->root.b, CRYPT_HASH);
    return err_set(e, ERR_DAMAGED,
                   seen->by_key ? TEXT("this copy holds %llu leaves, but not the %llu that your key file has seen "
                                       "(root %s): these are two histories. Keep both copies and ask for help")
                                : TEXT("this copy holds %llu leaves, but not the %llu that this computer has seen "
                                       "(root %s): these are two histories. Keep both copies and ask for help"),
                   (unsigned long long)now->leaves, (unsigned long long)seen->leaves, root);
}

static int older(const struct seen *seen, const struct ledger_position *now, struct err *e)
{
    char root[2 * CRYPT_HASH + 1], here[2 * CRYPT_HASH + 1];
    hex_put(root, seen->root.b, CRYPT_HASH);
    hex_put(here, now->root.b, CRYPT_HASH);
    return err_set(e, ERR_REFUSED,
                   seen->by_key ? TEXT("your key file has seen %llu leaves (root %s), and this copy holds %llu (root "
                                       "%s): look for the newer copy, or go back to this one with adopt --older")
                                : TEXT("this computer has seen %llu leaves (root %s), and this copy holds %llu (root "
                                       "%s): look for the newer copy, or go back to this one with adopt --older"),
                   (unsigned long long)seen->leaves, root, (unsigned long long)now->leaves, here);
}

/* That an older copy is the beginning of what was seen cannot be told: only the newer one could show it. */
static int hold_to(struct store *s, const struct seen *seen, const struct ledger_position *now, bool may_be_older,
                   struct store_adopted *ret, struct err *e)
{
    bool held = false;
    int rc = 0;
    if (seen->leaves > now->leaves) {
        bool most = seen->leaves - now->leaves > ret->lost_leaves;
        ret->lost_by_key = most ? seen->by_key : ret->lost_by_key;
        ret->lost_leaves = most ? seen->leaves - now->leaves : ret->lost_leaves;
        return may_be_older ? 0 : older(seen, now, e);
    }
    rc = seen->leaves == 0 ? 0 : holds(s, seen, &held, e);
    return rc == 0 && seen->leaves > 0 && !held ? two_histories(seen, now, e) : rc;
}

static int hold_to_all(struct store *s, bool may_be_older, struct store_adopted *ret, struct err *e)
{
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    const struct seen seen[] = {{s->state.committed.leaves, s->state.committed.root, false},
                                {s->identity.checkpoint_size, s->identity.checkpoint_root, true}};
    int rc = 0;
    for (size_t i = s->state.known ? 0 : 1; rc == 0 && i < COUNT(seen); i++)
        rc = hold_to(s, &seen[i], &now, may_be_older, ret, e);
    return rc;
}

/* ---- a checkpoint from elsewhere ---- */

static int extends(struct store *s, struct bytes note, struct err *e)
{
    struct ledger_position now;
    struct checkpoint seen;
    struct tree_proof proof;
    ledger_where(s->ledger, &now);
    int rc = history_checkpoint(note, &s->history.logs, NOTE_FOREIGN, &seen, e);
    if (rc == 0 && seen.size > now.leaves)
        rc = err_set(e, ERR_DAMAGED,
                     "the checkpoint has %llu leaves and the journal only %llu: this is an older copy of "
                     "the repository",
                     (unsigned long long)seen.size, (unsigned long long)now.leaves);
    if (rc == 0)
        rc = ledger_prove_consistency(s->ledger, seen.size, &proof, e);
    if (rc == 0 && !tree_check_consistency(seen.size, &seen.root, now.leaves, &now.root, &proof))
        rc = err_set(e, ERR_DAMAGED,
                     "the journal does not extend this checkpoint: one of the two was rewritten. Keep "
                     "both and ask for help");
    return rc;
}

/* ---- what is written outside ---- */

/* The passphrase that opened the key file, kept for writing it again. */
struct keeping {
    const struct store_place *place;
    struct buf passphrase;
};

static void keeping_release(struct keeping *k)
{
    buf_wipe(&k->passphrase);
}

static int keep_passphrase(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    struct keeping *k = context;
    int rc = k->place->passphrase(k->place->context, key_path, &k->passphrase, e);
    if (rc != 0)
        return rc;
    buf_put_bytes(ret, buf_bytes(&k->passphrase));
    return buf_check(ret, e);
}

/* A key file that has seen more would refuse this copy at every opening. */
static int lower_key(struct store *s, struct keeping *k, struct err *e)
{
    OWN(keyring_identity_drop) struct keyring_identity id = {0};
    OWN(buf_wipe) struct buf passphrase = {0};
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    if (s->identity.checkpoint_size <= now.leaves)
        return 0;
    int rc = k->passphrase.n == 0 ? keep_passphrase(k, s->key_path.s, &passphrase, e) : 0;
    if (rc == 0)
        rc = keyring_identity_load(s->key_path.s, buf_bytes(&k->passphrase), &id, e);
    if (rc != 0)
        return rc;
    id.checkpoint_size = now.leaves;
    id.checkpoint_root = now.root;
    rc = keyring_identity_save(s->key_path.s, &id, buf_bytes(&k->passphrase), true, e);
    if (rc == 0 && k->place->changed != NULL)
        k->place->changed(k->place->held_context, &id);
    return rc;
}

static int note_adopted(struct store *s, struct keeping *k, struct err *e)
{
    struct store_state state = {.known = true};
    ledger_where(s->ledger, &state.committed);
    int rc = lower_key(s, k, e);
    if (rc == 0)
        rc = file_make_folders(s->place.state_folder, e);
    return rc == 0 ? store_state_write(s->state_file.s, &s->pin, &s->identity.state, &state, e) : rc;
}

int store_adopt(const struct store_place *place, struct bytes checkpoint_note, bool may_be_older,
                struct store_adopted *ret, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(keeping_release) struct keeping k = {.place = place};
    struct store_place asking = *place;
    struct store_adopted done = {0};
    struct ledger_position now;
    asking.passphrase = keep_passphrase;
    asking.context = &k;
    int rc = store_open_to_adopt(&asking, &s, e);
    if (rc == 0 && checkpoint_note.n > 0)
        rc = extends(s, checkpoint_note, e);
    if (rc == 0)
        rc = hold_to_all(s, may_be_older, &done, e);
    if (rc == 0)
        rc = note_adopted(s, &k, e);
    if (rc != 0)
        return rc;
    ledger_where(s->ledger, &now);
    done.checkpoint.size = now.leaves;
    done.checkpoint.root = now.root;
    snprintf(done.checkpoint.origin, sizeof done.checkpoint.origin, "%s", s->founded.founded.origin);
    *ret = done;
    return 0;
}
