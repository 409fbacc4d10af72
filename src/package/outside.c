/* What others say of the log, as far as it holds what is in the package. */
#include "package/package_internal.h"

#include <stdio.h>

static int consistency_put(struct packing *p, const char *path, uint64_t old_size, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    int rc = store_cosigner_request(p->store, old_size, &text, e);
    return rc == 0 ? package_put(p, path, buf_bytes(&text), e) : rc;
}

/* ---- cosigners ---- */

/* The checkpoint with its log's line and those of the policy's cosigners; who signed. */
static int lines_of(struct store *s, const struct store_cosigned *one, struct buf *to, uint64_t *ret_by,
                    struct err *e)
{
    OWN(note_drop) struct note n = {0};
    const struct policy *policy = store_policy(s);
    struct store_facts f;
    store_facts(s, &f);
    *ret_by = 0;
    int rc = note_parse(buf_bytes(&one->note), &n, e);
    if (rc != 0)
        return rc;
    buf_put_bytes(to, n.text);
    buf_put_u8(to, '\n');
    for (size_t i = 0; i < n.lines; i++) {
        bool known = false;
        for (size_t k = 0; k < f.history->logs.count; k++)
            known = known || (memcmp(n.line[i].id, f.history->logs.list[k].key.id, sizeof n.line[i].id) == 0 &&
                              bytes_equal(n.line[i].name, bytes_text(f.history->logs.list[k].key.name)));
        for (size_t k = 0; k < policy->nodes; k++)
            if (!policy->node[k].is_group && memcmp(n.line[i].id, policy->node[k].key.id, sizeof n.line[i].id) == 0 &&
                bytes_equal(n.line[i].name, bytes_text(policy->node[k].key.name))) {
                *ret_by |= UINT64_C(1) << k;
                known = true;
            }
        if (known)
            note_line_put(&n.line[i], to);
    }
    return buf_check(to, e);
}

/* Of those that hold everything: the newest that fulfils the policy, else the newest that anybody of it signed. */
static int cosigned_put(struct packing *p, struct err *e)
{
    OWN(store_cosignings_release) struct store_cosignings all = {0};
    OWN(buf_drop) struct buf best = {0};
    uint64_t size = 0;
    int rc = store_policy(p->store) == NULL ? 0 : store_cosignings_load(p->store, &all, e);
    for (size_t i = all.count; rc == 0 && i-- > 0 && all.list[i].checkpoint.size > p->contents->last_leaf;) {
        OWN(buf_drop) struct buf note = {0};
        uint64_t by;
        rc = lines_of(p->store, &all.list[i], &note, &by, e);
        bool fulfilled = rc == 0 && policy_fulfilled(store_policy(p->store), by);
        if (rc != 0 || by == 0 || (size > 0 && !fulfilled))
            continue;
        buf_clear(&best);
        buf_put_bytes(&best, buf_bytes(&note));
        size = all.list[i].checkpoint.size;
        if (fulfilled)
            break;
    }
    if (rc == 0)
        rc = buf_check(&best, e);
    if (rc != 0 || size == 0)
        return rc;
    rc = package_put(p, "proof/cosigned", buf_bytes(&best), e);
    return rc == 0 ? consistency_put(p, "proof/cosigned.consistency", size, e) : rc;
}

/* ---- time ---- */

static int stamp_put(struct packing *p, const struct store_stamp *stamp, unsigned number, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    char path[VERIFY_NAME_MAX];
    int rc = store_statement(p->store, stamp->leaf, &held, &st, e);
    if (rc != 0)
        return rc;
    const struct {
        const char *ending;
        struct bytes content;
    } files[] = {{"checkpoint", bytes_text(st.timestamped.checkpoint)},
                 {"pem", bytes_text(st.timestamped.chain)},
                 {"tsr", st.timestamped.response}};
    for (size_t i = 0; rc == 0 && i < COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "proof/time/%06u.%s", number, files[i].ending);
        rc = package_put(p, path, files[i].content, e);
    }
    (void)snprintf(path, sizeof path, "proof/time/%06u.consistency", number);
    return rc == 0 ? consistency_put(p, path, stamp->leaves, e) : rc;
}

/* Of each authority the one that says the earliest time, and the newest one, whose certificates live longest. */
static bool stamp_is_wanted(const struct store_stamps *all, size_t i, uint64_t last_leaf)
{
    const struct store_stamp *own = &all->list[i];
    bool earliest = true, newest = true;
    if (own->leaves <= last_leaf)
        return false;
    for (size_t k = 0; k < all->count; k++) {
        const struct store_stamp *other = &all->list[k];
        if (k == i || other->leaves <= last_leaf || !hash_equal(&own->pinned, &other->pinned))
            continue;
        earliest = earliest && (own->by_unix_s < other->by_unix_s || (own->by_unix_s == other->by_unix_s && i < k));
        newest = newest && i > k;
    }
    return earliest || newest;
}

static int stamps_put(struct packing *p, struct err *e)
{
    OWN(store_stamps_release) struct store_stamps all = {0};
    unsigned number = 0;
    int rc = store_stamps(p->store, &all, e);
    for (size_t i = 0; rc == 0 && i < all.count && number < VERIFY_STAMPS_MAX; i++)
        if (stamp_is_wanted(&all, i, p->contents->last_leaf))
            rc = stamp_put(p, &all.list[i], ++number, e);
    return rc;
}

int package_put_outside(struct packing *p, struct err *e)
{
    int rc = cosigned_put(p, e);
    return rc == 0 ? stamps_put(p, e) : rc;
}
