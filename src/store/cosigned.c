/*
 * Cosigners: who they are to be, what they are sent, and what they have signed.
 *
 * Their signatures are ground state: nobody can make them again.  So each answer goes on the log, as a public statement
 * that holds the checkpoint with the new lines; log/cosigned, the newest one with all its lines, is derived from those.
 */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/cosigning.h"

const struct policy *store_policy(const struct store *s)
{
    return s->history.policy;
}

/* ---- what others have signed ---- */

void store_cosignings_release(struct store_cosignings *c)
{
    for (size_t i = 0; i < c->count; i++)
        buf_drop(&c->list[i].note);
    free(c->list);
    *c = (struct store_cosignings){0};
}

/* The place of this size, and a new one there when it has none. */
static int place_of(struct store_cosignings *c, const struct checkpoint *at, struct store_cosigned **ret, struct err *e)
{
    size_t i = c->count;
    while (i > 0 && c->list[i - 1].checkpoint.size > at->size)
        i--;
    if (i > 0 && c->list[i - 1].checkpoint.size == at->size) {
        *ret = &c->list[i - 1];
        return hash_equal(&(*ret)->checkpoint.root, &at->root)
                   ? 0
                   : err_set(e, ERR_DAMAGED, "two checkpoints of %llu leaves were cosigned: these are two histories",
                             (unsigned long long)at->size);
    }
    if (c->count == c->room) {
        size_t room = c->room * 2 + 8;
        struct store_cosigned *grown = reallocarray(c->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        c->list = grown;
        c->room = room;
    }
    memmove(&c->list[i + 1], &c->list[i], (c->count - i) * sizeof c->list[0]);
    c->list[i] = (struct store_cosigned){.checkpoint = *at};
    c->count++;
    *ret = &c->list[i];
    return 0;
}

static bool same_signer(const struct note_line *a, const struct note_line *b)
{
    return memcmp(a->id, b->id, sizeof a->id) == 0 && bytes_equal(a->name, b->name);
}

static bool has_line(const struct note *n, const struct note_line *l)
{
    for (size_t i = 0; i < n->lines; i++)
        if (same_signer(&n->line[i], l))
            return true;
    return false;
}

/* Of one signer the first line stays: the earlier it signed, the more it says.  More lines than a note may have are
 * left out: a policy has fewer, so that only former cosigners can be too many. */
static int lines_add(struct store_cosigned *one, struct bytes note, struct err *e)
{
    OWN(note_drop) struct note had = {0}, more = {0};
    OWN(buf_drop) struct buf fresh = {0};
    int rc = note_parse(buf_bytes(&one->note), &had, e);
    if (rc == 0)
        rc = note_parse(note, &more, e);
    size_t lines = had.lines;
    for (size_t i = 0; rc == 0 && i < more.lines && lines < NOTE_SIGNATURES_MAX; i++)
        if (!has_line(&had, &more.line[i])) {
            note_line_put(&more.line[i], &fresh);
            lines++;
        }
    if (rc == 0)
        rc = buf_check(&fresh, e);
    if (rc != 0)
        return rc;
    buf_put_bytes(&one->note, buf_bytes(&fresh));
    return buf_check(&one->note, e);
}

int store_cosignings_add(struct store_cosignings *c, const struct history_logs *logs, struct bytes note, struct err *e)
{
    struct checkpoint at;
    struct store_cosigned *one = NULL;
    int rc = history_checkpoint(note, logs, NOTE_FOREIGN, &at, e);
    if (rc == 0)
        rc = place_of(c, &at, &one, e);
    if (rc != 0)
        return rc;
    if (one->note.n > 0)
        return lines_add(one, note, e);
    buf_put_bytes(&one->note, note);
    return buf_check(&one->note, e);
}

struct bytes store_cosigned_expect(const struct store_cosignings *c)
{
    return c->count == 0 ? bytes_of(NULL, 0) : buf_bytes(&c->list[c->count - 1].note);
}

struct loading {
    const struct store *s;
    struct store_cosignings *cosignings;
};

static int load_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct loading *l = context;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&l->s->history, r->first_leaf + r->hidden_count + i, note, &held, &st, e);
        if (rc == 0 && st.kind == STATEMENT_COSIGNED)
            rc = store_cosignings_add(l->cosignings, &l->s->history.logs,
                                      bytes_text(st.cosigned.checkpoint), e);
    }
    return rc;
}

int store_cosignings_load(struct store *s, struct store_cosignings *ret, struct err *e)
{
    struct loading l = {s, ret};
    store_cosignings_release(ret);
    return ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, load_record, &l, e);
}

/* What lies there; nothing where there is no file, or none that can be read. */
static int cosigned_read(const struct store *s, struct buf *to, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/log/cosigned", s->root);
    return rc == 0 ? file_read_all(path.s, NOTE_BYTES_MAX, to, e) : rc;
}

int store_cosigned_restore(struct store *s, struct buf *words, struct err *e)
{
    OWN(store_cosignings_release) struct store_cosignings c = {0};
    OWN(buf_drop) struct buf there = {0};
    int rc = store_cosignings_load(s, &c, e);
    if (rc != 0)
        return rc;
    struct bytes expect = store_cosigned_expect(&c);
    int had = cosigned_read(s, &there, NULL);
    bool right = had == ERR_ABSENT ? expect.n == 0 : had == 0 && bytes_equal(buf_bytes(&there), expect);
    rc = ledger_publish_cosigned(s->ledger, expect, e);
    if (rc == 0 && !right && words != NULL)
        buf_put_text(words, text_tr("log/cosigned was made again\n"));
    return rc;
}

/* ---- what it amounts to ---- */

/* Nodes of the policy that signed this one, with the time of the last of them. */
static int signers_of(const struct store_cosigned *one, const struct policy *p, struct store_cosign_state *state,
                      uint64_t *ret_by, uint64_t *ret_at, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    int rc = note_parse(buf_bytes(&one->note), &n, e);
    *ret_by = *ret_at = 0;
    for (size_t i = 0; rc == 0 && i < p->nodes; i++) {
        uint64_t at = 0;
        int signed_it = p->node[i].is_group ? ERR_ABSENT : note_cosigned(&n, &p->node[i].key, &at, e);
        if (signed_it == ERR_ABSENT)
            continue;
        rc = signed_it;
        *ret_by |= UINT64_C(1) << i;
        *ret_at = at > *ret_at ? at : *ret_at;
        if (!state->one[i].known)
            state->one[i] = (struct store_cosign_one){true, one->checkpoint.size, at};
    }
    return rc;
}

/* From the newest on, until nothing further is to be learned. */
int store_cosignings_look(const struct store_cosignings *c, const struct policy *policy,
                          struct store_cosign_state *ret, struct err *e)
{
    *ret = (struct store_cosign_state){.any = false};
    size_t known = 0;
    for (size_t i = c->count; i-- > 0 && (known < policy->cosigners || !ret->fulfilled_any);) {
        uint64_t by, at;
        int rc = signers_of(&c->list[i], policy, ret, &by, &at, e);
        if (rc != 0)
            return rc;
        bool fulfilled = by != 0 && policy_fulfilled(policy, by);
        if (!ret->any && by != 0) {
            ret->any = true;
            ret->size = c->list[i].checkpoint.size;
            ret->signed_by = by;
            ret->at_unix_s = at;
            ret->fulfilled = fulfilled;
        }
        if (fulfilled && !ret->fulfilled_any) {
            ret->fulfilled_any = true;
            ret->fulfilled_size = c->list[i].checkpoint.size;
        }
        known = 0;
        for (size_t k = 0; k < policy->nodes; k++)
            known += ret->one[k].known;
    }
    return 0;
}

int store_cosigned_glance(struct store *s, struct store_cosign_state *ret, struct err *e)
{
    OWN(store_cosignings_release) struct store_cosignings c = {0};
    OWN(buf_drop) struct buf note = {0};
    struct hash root;
    *ret = (struct store_cosign_state){.any = false};
    int rc = s->history.policy == NULL ? ERR_ABSENT : cosigned_read(s, &note, e);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc == 0)
        rc = store_cosignings_add(&c, &s->history.logs, buf_bytes(&note), e);
    if (rc == 0)
        rc = ledger_root_at(s->ledger, c.list[0].checkpoint.size, &root, NULL, e);
    if (rc == 0 && !hash_equal(&root, &c.list[0].checkpoint.root))
        rc = err_set(e, ERR_DAMAGED, "the cosigned checkpoint of %llu leaves is of another history",
                     (unsigned long long)c.list[0].checkpoint.size);
    return rc == 0 ? store_cosignings_look(&c, s->history.policy, ret, e)
                   : err_add(e, rc, "log/cosigned (groundwork verify tells more)");
}

/* ---- the policy ---- */

int store_policy_set(struct store *s, const struct policy *policy, struct err *e)
{
    OWN(buf_drop) struct buf text = {0}, before = {0};
    struct store_acted acted;
    policy_text(policy, &text);
    int rc = buf_check(&text, e);
    if (rc == 0 && s->history.policy != NULL) {
        policy_text(s->history.policy, &before);
        if (bytes_equal(buf_bytes(&text), buf_bytes(&before)))
            rc = err_set(e, ERR_REFUSED, "the policy is this already: nothing was changed");
    }
    if (rc == 0 && (policy->logs != 1 || strcmp(policy->log[0].name, s->history.origin) != 0 ||
                    memcmp(policy->log[0].public_key, history_log_now(&s->history)->public_key, CRYPT_PUBLIC) != 0))
        rc = err_set(e, ERR_REFUSED, "the policy names another log than this one: %s", s->history.origin);
    if (rc != 0)
        return rc;
    struct statement st = {
        .kind = STATEMENT_COSIGNERS, .at_unix_s = time_now_unix_s(), .cosigners = {.policy = buf_text(&text)}};
    return store_act(s, &st, NULL, &acted, e);
}

/* ---- what they are sent, and what comes back ---- */

static int older_copy(uint64_t seen, uint64_t here, struct err *e)
{
    return err_set(e, ERR_DAMAGED,
                   "%llu leaves were signed by a cosigner, and this copy of the repository has only %llu: it is an "
                   "older copy. Look for the newer one; write nothing here",
                   (unsigned long long)seen, (unsigned long long)here);
}

int store_cosigner_request(struct store *s, uint64_t old_size, struct buf *to, struct err *e)
{
    struct ledger_position now;
    struct cosigning_request r = {.old_size = old_size, .note = ledger_checkpoint(s->ledger)};
    ledger_where(s->ledger, &now);
    if (old_size > now.leaves)
        return older_copy(old_size, now.leaves, e);
    int rc = ledger_prove_consistency(s->ledger, old_size, &r.proof, e);
    if (rc != 0)
        return rc;
    cosigning_request_text(&r, to);
    return buf_check(to, e);
}

/* The request must be one of ours: signed by the log, and what this log holds. */
static int request_hold(struct store *s, struct bytes note, struct checkpoint *ret, struct err *e)
{
    struct ledger_position now;
    struct hash root;
    ledger_where(s->ledger, &now);
    int rc = history_checkpoint(note, &s->history.logs, NOTE_FOREIGN, ret, e);
    if (rc == 0 && strcmp(ret->origin, s->history.origin) != 0)
        rc = err_set(e, ERR_DAMAGED, "the request is of the log %s, and this one is %s", ret->origin,
                     s->history.origin);
    if (rc == 0 && ret->size > now.leaves)
        rc = older_copy(ret->size, now.leaves, e);
    if (rc == 0)
        rc = ledger_root_at(s->ledger, ret->size, &root, NULL, e);
    if (rc == 0 && !hash_equal(&root, &ret->root))
        rc = err_set(e, ERR_DAMAGED,
                     "the log does not hold the request's checkpoint of %llu leaves: one of the two was rewritten. "
                     "Keep both and ask for help",
                     (unsigned long long)ret->size);
    return rc;
}

/* The keys of the policy; the first is that of the log, for a tree of so many leaves. */
static size_t keys_of(const struct history *h, uint64_t leaves, struct note_key keys[1 + POLICY_COSIGNERS_MAX])
{
    size_t count = 0;
    keys[count++] = *history_log(&h->logs, leaves);
    for (size_t i = 0; i < h->policy->nodes; i++)
        if (!h->policy->node[i].is_group)
            keys[count++] = h->policy->node[i].key;
    return count;
}

static bool is_by(const struct note_line *l, const struct note_key *key)
{
    return memcmp(l->id, key->id, sizeof l->id) == 0 && bytes_equal(l->name, bytes_text(key->name));
}

/* The first line by this key, unless ${had} has one; false when there is none. */
static bool put_first(const struct note *n, const struct note_key *key, const struct note *had, struct buf *to)
{
    for (size_t i = 0; i < n->lines; i++)
        if (is_by(&n->line[i], key)) {
            if (had != NULL && has_line(had, &n->line[i]))
                return false;
            note_line_put(&n->line[i], to);
            return true;
        }
    return false;
}

/* Text, the log's line, and the lines of those in the policy of whom ${had} has none. */
static int fresh_note(const struct history *h, struct bytes joined, const struct note *had, struct buf *to,
                      size_t *ret_fresh, struct err *e)
{
    struct note_key keys[1 + POLICY_COSIGNERS_MAX];
    OWN(note_drop) struct note n = {0};
    struct checkpoint at;
    size_t count = 0, known = 0;
    *ret_fresh = 0;
    int rc = history_checkpoint(joined, &h->logs, NOTE_FOREIGN, &at, e);
    if (rc == 0)
        rc = note_parse(joined, &n, e);
    if (rc == 0)
        count = keys_of(h, at.size, keys);
    if (rc == 0)
        rc = note_check(&n, keys, count, NOTE_FOREIGN, e);
    if (rc != 0)
        return rc;
    buf_put_bytes(to, n.text);
    buf_put_text(to, "\n");
    (void)put_first(&n, &keys[0], NULL, to);
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < n.lines; k++)
            known += is_by(&n.line[k], &keys[i]);
        *ret_fresh += put_first(&n, &keys[i], had, to);
    }
    if (known == 0)
        return err_set(e, ERR_REFUSED,
                       "no signature in the answer is by a cosigner of the policy: groundwork cosigner list names "
                       "them");
    return buf_check(to, e);
}

static const struct store_cosigned *find(const struct store_cosignings *c, uint64_t size)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->list[i].checkpoint.size == size)
            return &c->list[i];
    return NULL;
}

static int take_lines(struct store *s, const struct checkpoint *at, struct bytes joined, size_t *ret_fresh,
                      struct err *e)
{
    OWN(store_cosignings_release) struct store_cosignings c = {0};
    OWN(note_drop) struct note had = {0};
    OWN(buf_drop) struct buf note = {0};
    int rc = store_cosignings_load(s, &c, e);
    const struct store_cosigned *before = rc == 0 ? find(&c, at->size) : NULL;
    if (before != NULL)
        rc = note_parse(buf_bytes(&before->note), &had, e);
    if (rc == 0)
        rc = fresh_note(&s->history, joined, before != NULL ? &had : NULL, &note, ret_fresh, e);
    if (rc != 0 || *ret_fresh == 0)
        return rc;
    rc = store_cosignings_add(&c, &s->history.logs, buf_bytes(&note), e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc != 0)
        return rc;
    buf_clear(&s->cosigned);
    buf_put_bytes(&s->cosigned, store_cosigned_expect(&c));
    rc = buf_check(&s->cosigned, e);
    if (rc != 0)
        return rc;
    s->draft.cosigned = buf_text(&note);
    rc = store_commit(s, e);
    buf_clear(&s->cosigned);
    return rc;
}

int store_cosigner_answer(struct store *s, struct bytes request, struct bytes answer,
                          struct store_cosigner_answered *ret, struct err *e)
{
    OWN(buf_drop) struct buf joined = {0};
    struct cosigning_request r;
    struct cosigning_answer a;
    *ret = (struct store_cosigner_answered){.conflict = false};
    int rc = store_writable(s, e);
    if (rc == 0 && s->history.policy == NULL)
        rc = err_set(e, ERR_REFUSED, "there are no cosigners yet: groundwork cosigner add names one");
    if (rc == 0)
        rc = cosigning_request_parse(request, &r, e);
    if (rc == 0)
        rc = request_hold(s, r.note, &ret->checkpoint, e);
    if (rc == 0)
        rc = cosigning_answer_parse(answer, &a, e);
    if (rc != 0)
        return rc;
    ret->conflict = a.conflict;
    ret->conflict_size = a.size;
    if (a.conflict) {
        struct ledger_position now;
        ledger_where(s->ledger, &now);
        return a.size > now.leaves ? older_copy(a.size, now.leaves, e) : 0;
    }
    cosigning_join(r.note, a.lines, &joined);
    rc = buf_check(&joined, e);
    return rc == 0 ? take_lines(s, &ret->checkpoint, buf_bytes(&joined), &ret->fresh, e) : rc;
}
