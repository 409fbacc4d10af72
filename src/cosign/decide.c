#include "cosign/cosign_internal.h"

/* What was signed last; before the first time, the tree of no leaves. */
static struct checkpoint held_of(const struct cosign_log *l)
{
    struct checkpoint c = {.size = 0};
    if (l->signed_any)
        return l->held;
    crypt_sha256(bytes_of(NULL, 0), &c.root);
    return c;
}

static int read_asked(const struct cosign_log *l, const struct cosigning_request *r, struct checkpoint *ret,
                      struct err *e)
{
    int rc = checkpoint_read(r->note, &l->log, NOTE_FOREIGN, ret, e);
    if (rc == 0 && strcmp(ret->origin, l->log.name) != 0)
        rc = err_set(e, ERR_DAMAGED, "the checkpoint of \"%s\" is signed by \"%s\"", ret->origin, l->log.name);
    if (rc == 0 && r->old_size > ret->size)
        rc = err_set(e, ERR_DAMAGED, "the request goes from %llu leaves back to %llu", (unsigned long long)r->old_size,
                     (unsigned long long)ret->size);
    return rc;
}

static struct cosigning_fork fork_of(const struct cosign_log *l, const struct cosigning_request *r)
{
    const struct note_key *log = l->turned ? &l->before : &l->log;
    return (struct cosigning_fork){.log = *log, .older = buf_bytes(&l->note), .newer = r->note};
}

/* The proof in the request may itself show which root the newer tree has where ours ends. */
static void unfitting(const struct cosign_log *l, const struct cosigning_request *r, struct cosign_decision *d)
{
    struct hash beginning;
    d->fork = fork_of(l, r);
    d->outcome = COSIGN_DOUBT;
    if (!tree_beginning(l->held.size, d->asked.size, &d->asked.root, &r->proof, &beginning) ||
        hash_equal(&beginning, &l->held.root))
        return;
    d->outcome = COSIGN_FORK;
    d->fork.proof = r->proof;
}

int cosign_decide(const struct cosign_log *l, struct bytes text, const struct cosigning_request *r,
                  struct cosign_decision *ret, struct err *e)
{
    struct cosign_decision d = {.outcome = COSIGN_CONFLICT};
    const struct checkpoint held = held_of(l);
    struct hash digest;
    int rc = read_asked(l, r, &d.asked, e);
    if (rc != 0)
        return rc;
    crypt_sha256(text, &digest);
    if (l->signed_any && hash_equal(&digest, &l->answered))
        d.outcome = COSIGN_AGAIN;
    else if (l->signed_any && d.asked.size == held.size && !hash_equal(&d.asked.root, &held.root)) {
        d.outcome = COSIGN_FORK;
        d.fork = fork_of(l, r);
    } else if (r->old_size == held.size) {
        if (tree_check_consistency(held.size, &held.root, d.asked.size, &d.asked.root, &r->proof))
            d.outcome = COSIGN_SIGN;
        else if (held.size > 0 && held.size < d.asked.size)
            unfitting(l, r, &d);
        else
            return err_set(e, ERR_DAMAGED, "the request has a proof where none may be, or the root of no leaves is "
                                           "wrong");
    }
    if (l->turned && d.outcome == COSIGN_FORK) /* a proof is of one log key, and these are of two */
        d.outcome = COSIGN_DOUBT;
    *ret = d;
    return 0;
}
