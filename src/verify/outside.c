/* What others say of the log: who cosigned it, and what authorities of time stamped. */
#include "verify/verify_internal.h"

#include "model/cosigning.h"

#include <stdio.h>

static const char POLICY[] = "proof/policy.txt", COSIGNED[] = "proof/cosigned";
enum { SECOND_US = 1000000 };

int verify_extends(struct verifying *v, const char *path, const struct checkpoint *old, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct cosigning_request r;
    const struct checkpoint *c = &v->checkpoint;
    int rc = verify_bag_read(&v->bag, path, COSIGNING_REQUEST_MAX, &text, e);
    if (rc == 0)
        rc = cosigning_request_parse(buf_bytes(&text), &r, e);
    if (rc != 0)
        return err_add(e, rc, "%s", path);
    if (r.old_size != old->size || !bytes_equal(r.note, buf_bytes(&v->checkpoint_note)) ||
        !tree_check_consistency(old->size, &old->root, c->size, &c->root, &r.proof))
        return err_set(e, ERR_DAMAGED, "%s: the package's log does not go on from that checkpoint", path);
    return 0;
}

/* ---- cosigners ---- */

/* The policy that counts: as the log says, or as it was given. */
static int policy_find_out(struct verifying *v, struct policy *ret, struct err *e)
{
    OWN(buf_drop) struct buf text = {0}, made = {0};
    const struct note_key *log = history_log_now(&v->history);
    int rc = verify_bag_read(&v->bag, POLICY, POLICY_BYTES_MAX, &text, e);
    verify_policy_text(&v->history, &made);
    if (rc == 0)
        rc = buf_check(&made, e);
    if (rc == 0 && !bytes_equal(buf_bytes(&text), buf_bytes(&made)))
        rc = err_set(e, ERR_DAMAGED, "%s: is not the one that the history of keys says", POLICY);
    if (rc != 0)
        return rc;
    if (v->request->policy.n == 0)
        return policy_parse(buf_bytes(&text), ret, e);
    rc = policy_parse(v->request->policy, ret, e);
    for (size_t i = 0; rc == 0 && i < ret->logs; i++)
        if (strcmp(ret->log[i].name, log->name) == 0 &&
            memcmp(ret->log[i].public_key, log->public_key, CRYPT_PUBLIC) == 0)
            return 0;
    return rc == 0 ? err_set(e, ERR_DAMAGED, "the policy that you gave is not for this log") : rc;
}

/* Who of the policy signed this note. */
static int signers_of(const struct policy *p, const struct note *n, uint64_t *ret, struct err *e)
{
    uint64_t at;
    *ret = 0;
    for (size_t i = 0; i < p->nodes; i++) {
        int one = p->node[i].is_group ? ERR_ABSENT : note_cosigned(n, &p->node[i].key, &at, e);
        if (one != 0 && one != ERR_ABSENT)
            return one;
        if (one == 0)
            *ret |= UINT64_C(1) << i;
    }
    return 0;
}

/* Lines by keys of the log, each of which must fit. */
static int log_lines(const struct verifying *v, const struct note *n, size_t *ret, struct err *e)
{
    const struct history *h = &v->history;
    *ret = 0;
    for (size_t i = 0; i < h->logs.count; i++)
        for (size_t k = 0; k < n->lines; k++)
            if (memcmp(n->line[k].id, h->logs.list[i].key.id, sizeof n->line[k].id) == 0 &&
                bytes_equal(n->line[k].name, bytes_text(h->logs.list[i].key.name))) {
                int rc = note_check(n, &h->logs.list[i].key, 1, NOTE_FOREIGN, e);
                if (rc != 0)
                    return rc;
                (*ret)++;
            }
    return 0;
}

/* ${own}: the log's own policy, by which each line of the note is held to somebody. */
static int cosigned_lines(const struct verifying *v, const struct policy *own, struct bytes text,
                          const struct policy *asked, uint64_t *ret, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    uint64_t by_own;
    size_t by_log = 0;
    int rc = note_parse(text, &n, e);
    if (rc == 0)
        rc = log_lines(v, &n, &by_log, e);
    if (rc == 0)
        rc = signers_of(own, &n, &by_own, e);
    if (rc == 0 && by_log + (unsigned)__builtin_popcountll(by_own) != n.lines)
        rc = err_set(e, ERR_DAMAGED, "it has a line by nobody of the policy");
    if (rc == 0 && signers_of(asked, &n, ret, NULL) != 0)
        *ret = 0;
    return rc;
}

static int cosigned_read(struct verifying *v, const struct policy *own, const struct policy *asked, uint64_t *ret,
                         struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    const struct note_key *key = NULL;
    struct checkpoint c;
    *ret = 0;
    if (verify_bag_file(&v->bag, COSIGNED) == NULL)
        return 0;
    int rc = verify_bag_read(&v->bag, COSIGNED, NOTE_BYTES_MAX, &text, e);
    if (rc == 0)
        rc = verify_log_signed(v, buf_bytes(&text), &key, &c, e);
    if (rc == 0)
        rc = cosigned_lines(v, own, buf_bytes(&text), asked, ret, e);
    if (rc != 0)
        return err_add(e, rc, "%s", COSIGNED);
    rc = verify_extends(v, "proof/cosigned.consistency", &c, e);
    if (rc == 0 && c.size <= v->last_leaf)
        *ret = 0;
    return rc;
}

static int cosigners_check(struct verifying *v, bool *ret_fulfilled, struct err *e)
{
    OWN(mem_drop) struct policy *asked = calloc(1, sizeof *asked);
    OWN(mem_drop) struct policy *own = calloc(1, sizeof *own);
    OWN(buf_drop) struct buf text = {0};
    uint64_t by;
    if (asked == NULL || own == NULL)
        return err_memory(e);
    int rc = policy_find_out(v, asked, e);
    if (rc != 0)
        return rc;
    verify_policy_text(&v->history, &text);
    rc = buf_check(&text, e);
    if (rc == 0)
        rc = policy_parse(buf_bytes(&text), own, e);
    if (rc == 0)
        rc = cosigned_read(v, own, asked, &by, e);
    if (rc != 0)
        return rc;
    *ret_fulfilled = policy_fulfilled(asked, by);
    v->found.cosigners = (unsigned)asked->cosigners;
    v->found.cosigned_by = (unsigned)__builtin_popcountll(by);
    return 0;
}

/* ---- time ---- */

static int stamp_check(struct verifying *v, const char *path, struct bytes note, struct verify_stamp *ret,
                       struct err *e)
{
    OWN(buf_drop) struct buf response = {0}, chain = {0}, again = {0};
    char name[VERIFY_NAME_MAX];
    struct crypt_stamp stamp;
    struct hash imprint;
    (void)snprintf(name, sizeof name, "%s.tsr", path);
    int rc = verify_bag_read(&v->bag, name, CRYPT_STAMP_BYTES_MAX, &response, e);
    (void)snprintf(name, sizeof name, "%s.pem", path);
    if (rc == 0)
        rc = verify_bag_read(&v->bag, name, CRYPT_STAMP_CHAIN_MAX, &chain, e);
    if (rc == 0)
        rc = crypt_stamp_read(buf_bytes(&response), buf_bytes(&chain), &stamp, &again, e);
    if (rc != 0)
        return rc;
    crypt_sha256(note, &imprint);
    if (!hash_equal(&imprint, &stamp.imprint) || !bytes_equal(buf_bytes(&chain), buf_bytes(&again)))
        return err_set(e, ERR_DAMAGED, "it is over something else than the checkpoint beside it");
    ret->by_unix_s = stamp.at_unix_s + (int64_t)((stamp.accuracy_us + SECOND_US - 1) / SECOND_US);
    ret->root = stamp.root;
    memcpy(ret->name, stamp.name, sizeof ret->name);
    return 0;
}

/* Any number of them; each that is there must be good, those that hold the package's leaves count. */
static int stamp_read(struct verifying *v, unsigned number, bool *ret_there, struct err *e)
{
    OWN(buf_drop) struct buf note = {0};
    char path[VERIFY_NAME_MAX / 2], name[VERIFY_NAME_MAX];
    struct verify_stamp stamp;
    struct checkpoint c;
    (void)snprintf(path, sizeof path, "proof/time/%06u", number);
    (void)snprintf(name, sizeof name, "%s.checkpoint", path);
    *ret_there = verify_bag_file(&v->bag, name) != NULL;
    if (!*ret_there)
        return 0;
    int rc = verify_bag_read(&v->bag, name, NOTE_BYTES_MAX, &note, e);
    if (rc == 0)
        rc = verify_checkpoint(v, buf_bytes(&note), &c, e);
    if (rc == 0)
        rc = stamp_check(v, path, buf_bytes(&note), &stamp, e);
    if (rc != 0)
        return err_add(e, rc, "%s", path);
    (void)snprintf(name, sizeof name, "%s.consistency", path);
    rc = verify_extends(v, name, &c, e);
    if (rc == 0 && c.size > v->last_leaf)
        v->found.stamp[v->found.stamps++] = stamp;
    return rc;
}

int verify_outside(struct verifying *v, struct err *e)
{
    bool fulfilled = false, there = true;
    int rc = cosigners_check(v, &fulfilled, e);
    for (unsigned i = 1; rc == 0 && there && i <= VERIFY_STAMPS_MAX; i++)
        rc = stamp_read(v, i, &there, e);
    v->found.word = !fulfilled             ? VERIFY_UNCOSIGNED
                    : v->found.stamps == 0 ? VERIFY_TIME_UNPROVEN
                                           : VERIFY_VERIFIED;
    return rc;
}
