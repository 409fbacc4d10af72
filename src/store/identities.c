/* Identities: which records there are, and the restricted ones, which stand in their statements. */
#include "store/store_internal.h"

#include "base/clock.h"

/* ---- all of them ---- */

struct listing {
    struct store *s;
    int (*each)(void *context, const struct store_identity *i, struct err *e);
    void *context;
    struct store_held *held, *shares_held;
};

struct newest {
    struct store *s;
    uint64_t sealed, leaf;
    bool any;
    struct store_held **held;
};

static int look_at_shares(void *context, const struct index_statement_row *row, struct err *e)
{
    struct newest *n = context;
    struct statement st;
    int rc = store_statement(n->s, row->leaf, n->held, &st, e);
    if (rc == 0 && st.identity_shares.sealed == n->sealed) {
        n->leaf = row->leaf;
        n->any = true;
    }
    return rc;
}

int store_shares_of(struct store *s, uint64_t sealed, struct store_held **held, struct statement *ret,
                    uint64_t *ret_leaf, struct err *e)
{
    struct newest n = {.s = s, .sealed = sealed, .held = held};
    int rc = index_statements(store_index(s), sealed, STATEMENT_IDENTITY_SHARES, look_at_shares, &n, e);
    if (rc == 0 && !n.any)
        rc = err_set(e, ERR_DAMAGED, "leaf %llu is sealed, and no shares of it are on the log",
                     (unsigned long long)sealed);
    if (rc != 0)
        return rc;
    *ret_leaf = n.leaf;
    return store_statement(s, n.leaf, held, ret, e);
}

static int look_at_restricted(void *context, const struct index_statement_row *row, struct err *e)
{
    struct listing *l = context;
    struct statement st;
    int rc = store_statement(l->s, row->leaf, &l->held, &st, e);
    if (rc != 0)
        return rc;
    return l->each(l->context, &(struct store_identity){.person = st.identity.person, .leaf = row->leaf}, e);
}

static int look_at_sealed(void *context, const struct index_statement_row *row, struct err *e)
{
    struct listing *l = context;
    struct statement st, shares;
    struct store_identity i = {.is_sealed = true, .leaf = row->leaf};
    int rc = store_statement(l->s, row->leaf, &l->held, &st, e);
    if (rc == 0)
        rc = store_shares_of(l->s, row->leaf, &l->shares_held, &shares, &i.shares, e);
    if (rc != 0)
        return rc;
    i.person = st.identity_sealed.person;
    i.held_by = &shares.identity_shares;
    return l->each(l->context, &i, e);
}

int store_identities(struct store *s, int (*each)(void *context, const struct store_identity *i, struct err *e),
                     void *context, struct err *e)
{
    struct listing l = {.s = s, .each = each, .context = context};
    int rc = index_statements(store_index(s), 0, STATEMENT_IDENTITY, look_at_restricted, &l, e);
    if (rc == 0)
        rc = index_statements(store_index(s), 0, STATEMENT_IDENTITY_SEALED, look_at_sealed, &l, e);
    store_held_drop(&l.held);
    store_held_drop(&l.shares_held);
    return rc;
}

/* ---- the newest of one person ---- */

struct seeking {
    struct store *s;
    const char *person;
    uint64_t leaf;
    bool any;
    struct store_held *held;
};

static int look_for(void *context, const struct index_statement_row *row, struct err *e)
{
    struct seeking *x = context;
    struct statement st;
    int rc = store_statement(x->s, row->leaf, &x->held, &st, e);
    if (rc != 0)
        return rc;
    if (strcmp(row->kind == STATEMENT_IDENTITY ? st.identity.person : st.identity_sealed.person, x->person) == 0) {
        x->leaf = row->leaf;
        x->any = true;
    }
    return 0;
}

int store_identity_find(struct store *s, enum statement_kind kind, const char *person, uint64_t *ret, struct err *e)
{
    struct seeking x = {.s = s, .person = person};
    int rc = index_statements(store_index(s), 0, (int)kind, look_for, &x, e);
    store_held_drop(&x.held);
    if (rc == 0 && !x.any)
        rc = kind == STATEMENT_IDENTITY
                 ? err_set(e, ERR_ABSENT, "there is no restricted identity of %s: groundwork identity list", person)
                 : err_set(e, ERR_ABSENT, "there is no sealed identity of %s: groundwork identity list", person);
    if (rc == 0)
        *ret = x.leaf;
    return rc;
}

/* ---- restricted ones ---- */

int store_say(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e)
{
    st->at_unix_s = time_now_unix_s();
    int rc = store_writable(s, e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, st, ret_leaf, NULL, e);
    return rc == 0 ? store_commit(s, e) : rc;
}

int store_identity_add(struct store *s, const char *person, const char *record, uint64_t *ret_leaf, struct err *e)
{
    struct statement st = {.kind = STATEMENT_IDENTITY, .identity = {person, record}};
    return store_say(s, &st, ret_leaf, e);
}

int store_identity_show(struct store *s, const char *person, const char *why,
                        int (*each)(void *context, struct bytes record, struct err *e), void *context, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement said = {.kind = STATEMENT_IDENTITY_ACCESS,
                             .identity_access = {.step = STATEMENT_SHOWN, .person = person, .why = why}};
    struct statement st;
    uint64_t leaf;
    int rc = store_identity_find(s, STATEMENT_IDENTITY, person, &said.identity_access.of, e);
    if (rc == 0)
        rc = store_say(s, &said, &leaf, e);
    if (rc == 0)
        rc = store_statement(s, said.identity_access.of, &held, &st, e);
    return rc == 0 ? each(context, bytes_text(st.identity.record), e) : rc;
}

/* ---- what is held to what was said before ---- */

static int of_kind(struct store *s, uint64_t leaf, uint64_t end, enum statement_kind kind, struct store_held **held,
                   struct statement *ret, int code, struct err *e)
{
    struct index_statement_row row = {0};
    bool erased = false;
    int rc = leaf < end ? index_statement_row(store_index(s), leaf, &row, NULL) : ERR_ABSENT;
    if (rc != 0 && rc != ERR_ABSENT)
        return index_statement_row(store_index(s), leaf, &row, e);
    if (rc == ERR_ABSENT && leaf < end)
        rc = store_is_erased(s, leaf, &erased, e) == 0 ? rc : ERR_IO;
    if (rc == ERR_IO || (erased && code == ERR_REFUSED))
        return rc == ERR_IO ? rc : err_set(e, code, "rule identity-of: leaf %llu is erased", (unsigned long long)leaf);
    if (erased) { /* what was said of it then nobody can hold to it any more */
        *ret = (struct statement){0};
        return 0;
    }
    if (rc != 0 || row.kind != kind)
        return err_set(e, code, "rule identity-of: leaf %llu is no \"%s\" before it", (unsigned long long)leaf,
                       statement_kind_name(kind));
    return store_statement(s, leaf, held, ret, e);
}

static int same_person(const char *one, const char *other, int code, struct err *e)
{
    return strcmp(one, other) == 0
               ? 0
               : err_set(e, code, "rule identity-person: it is of %s, and not of %s", one, other);
}

/* Its sealed record may be in the same draft. */
static int shares_check(struct store *s, const struct statement_identity_shares *x, uint64_t end, int code,
                        struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    OWN(store_asked_for_release) struct store_asked_for asked = {.leaf = 0};
    struct statement st;
    const struct draft *d = &s->draft;
    if (code == ERR_REFUSED && x->sealed >= d->first_leaf) {
        uint64_t at = x->sealed - d->first_leaf;
        return at < d->count && d->leaves[at].statement->kind == STATEMENT_IDENTITY_SEALED && !x->follows
                   ? same_person(d->leaves[at].statement->identity_sealed.person, x->person, code, e)
                   : err_set(e, code, "rule identity-of: leaf %llu is no \"%s\" before it",
                             (unsigned long long)x->sealed, statement_kind_name(STATEMENT_IDENTITY_SEALED));
    }
    int rc = of_kind(s, x->sealed, end, STATEMENT_IDENTITY_SEALED, &held, &st, code, e);
    if (rc == 0 && st.kind == STATEMENT_IDENTITY_SEALED)
        rc = same_person(st.identity_sealed.person, x->person, code, e);
    if (rc != 0 || !x->follows)
        return rc;
    rc = store_asked_before(s, x->request, end, code, &asked, e);
    if (rc == 0 && asked.shares.identity_shares.sealed != x->sealed)
        rc = err_set(e, code, "rule identity-request: it asks for the shares of another record");
    return rc == 0 ? store_asked_enough(&asked, code, e) : rc;
}

static int requested_check(struct store *s, const struct statement_identity_access *x, uint64_t end, int code,
                           struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = of_kind(s, x->of, end, STATEMENT_IDENTITY_SHARES, &held, &st, code, e);
    return rc == 0 ? same_person(st.identity_shares.person, x->person, code, e) : rc;
}

static int step_check(struct store *s, const struct statement_identity_access *x, uint64_t end, int code, struct err *e)
{
    OWN(store_asked_for_release) struct store_asked_for asked = {.leaf = 0};
    int rc = store_asked_before(s, x->of, end, code, &asked, e);
    if (rc == 0)
        rc = same_person(asked.request.identity_access.person, x->person, code, e);
    if (rc != 0)
        return rc;
    if (x->step == STATEMENT_OPENED)
        return store_asked_enough(&asked, code, e);
    const struct statement_identity_shares *shares = &asked.shares.identity_shares;
    for (size_t i = 0; i < shares->holder_count; i++)
        if (strcmp(shares->holders[i].code, x->keyholder) == 0)
            return !asked.approved[i] ? 0 : err_set(e, code, "rule identity-approved: %s has approved it already",
                                                    x->keyholder);
    return err_set(e, code, "rule identity-approved: %s holds none of these shares", x->keyholder);
}

static int access_check(struct store *s, const struct statement_identity_access *x, uint64_t end, int code,
                        struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc;
    switch (x->step) {
    case STATEMENT_REQUESTED: return requested_check(s, x, end, code, e);
    case STATEMENT_SHOWN:
        rc = of_kind(s, x->of, end, STATEMENT_IDENTITY, &held, &st, code, e);
        return rc == 0 && st.kind == STATEMENT_IDENTITY ? same_person(st.identity.person, x->person, code, e) : rc;
    case STATEMENT_SHARE_RETURNED:
    case STATEMENT_OPENED: break;
    }
    return step_check(s, x, end, code, e);
}

int store_identity_check(struct store *s, const struct statement *st, uint64_t end, int code, struct err *e)
{
    if (st->kind == STATEMENT_IDENTITY_SHARES)
        return shares_check(s, &st->identity_shares, end, code, e);
    return st->kind == STATEMENT_IDENTITY_ACCESS ? access_check(s, &st->identity_access, end, code, e) : 0;
}
