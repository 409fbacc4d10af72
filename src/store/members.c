/* Members: what administrators do about them, alone or with the approval of others, and what follows among the keys. */
#include "store/store_internal.h"

#include "base/clock.h"

#include <assert.h>

/* ---- who reads ---- */

static bool is_subject(const struct statement *act, const struct history_member *m)
{
    return (act->kind == STATEMENT_REVOKED && strcmp(act->revoked.name, m->key.name) == 0) ||
           (act->kind == STATEMENT_ROLE && strcmp(act->role.name, m->key.name) == 0) ||
           (act->kind == STATEMENT_UNGRANTED && strcmp(act->compartment.name, m->key.name) == 0);
}

/* A request from a copy that is newer than this one. */
static int request_check(const struct store *s, const struct statement_added *a, struct err *e)
{
    uint64_t epoch = s->history.logs.count;
    if (a->receiving[0].epoch <= epoch || a->receiving[1].epoch <= epoch)
        return 0;
    return err_set(e, ERR_REFUSED, "her request is for epoch %llu, and this repository is at epoch %llu: let her "
                                   "make it again from this copy",
                   (unsigned long long)a->receiving[0].epoch, (unsigned long long)epoch);
}

/* Who begins to write reads the first compartment; when another is open here, whoever writes there next boxes it. */
static int admit(struct store *s, const struct history_member *m, struct err *e)
{
    struct keyring_reader r = {.key = m->key, .reads = s->compartment_at == 0, .writes = true};
    memcpy(r.box, m->box, CRYPT_PUBLIC);
    int rc = store_receiving(s, m, keyring_epoch(s->keyring), &r, e);
    return rc == 0 ? keyring_admit(s->keyring, &r, e) : rc;
}

static int admit_added(struct store *s, const struct statement_added *a, struct err *e)
{
    struct history_member m = {.key = a->key};
    memcpy(m.box, a->box, CRYPT_PUBLIC);
    memcpy(m.receiving, a->receiving, sizeof m.receiving);
    return admit(s, &m, e);
}

/* Does the act take this compartment from somebody who reads it? */
static bool takes_from(const struct store *s, const struct statement *act)
{
    const struct history *h = &s->history;
    const struct history_member *m = act->kind == STATEMENT_REVOKED     ? history_member(h, act->revoked.name)
                                     : act->kind == STATEMENT_ROLE      ? history_member(h, act->role.name)
                                     : act->kind == STATEMENT_UNGRANTED ? history_member(h, act->compartment.name)
                                                                        : NULL;
    if (m == NULL || !history_holds(m, s->compartment_at))
        return false;
    return act->kind == STATEMENT_REVOKED ||
           (act->kind == STATEMENT_ROLE && !statement_role_writes(act->role.role)) ||
           (act->kind == STATEMENT_UNGRANTED &&
            memcmp(act->compartment.compartment, s->compartment, STATEMENT_ID) == 0);
}

/* New keys for what comes after, for all but one: of the log to the writers, of this compartment to who reads it, of
 * both to the sheets that count. */
static int turn_keys(struct store *s, const struct statement *act, bool log, bool compartment, struct err *e)
{
    const struct history *h = &s->history;
    const struct history_sheets *sheets = h->sheets.known && !h->sheets.spent ? &h->sheets : NULL;
    OWN(mem_drop) struct keyring_reader *stay = calloc(h->count + 1, sizeof *stay);
    OWN(mem_drop) struct keyring_reader *before = calloc(h->count + 1, sizeof *before);
    struct keyring_turning t = {
        .readers = stay, .before = before, .leaf = s->draft.first_leaf, .log = log, .compartment = compartment};
    const uint64_t epoch = keyring_epoch(s->keyring) + 1;
    int rc = stay == NULL || before == NULL ? err_memory(e) : 0;
    for (size_t i = 0; rc == 0 && i < h->count; i++) {
        const struct history_member *m = &h->members[i];
        if (!statement_role_writes(history_role(m, UINT64_MAX)))
            continue;
        struct keyring_reader r = {.key = m->key, .writes = log};
        r.reads = compartment && history_holds(m, s->compartment_at);
        memcpy(r.box, m->box, CRYPT_PUBLIC);
        bool receives = true, stays = !is_subject(act, m);
        rc = r.reads && stays ? store_receives(s, m, epoch, &r, &receives, e) : 0;
        before[t.before_count++] = r;
        r.reads = r.reads && receives;
        if (stays)
            stay[t.count++] = r;
    }
    if (sheets != NULL) {
        struct keyring_reader r = {.key = sheets->key, .writes = log, .reads = compartment};
        memcpy(r.receiving, sheets->receiving, CRYPT_PUBLIC);
        memcpy(r.box, sheets->receiving, CRYPT_PUBLIC);
        before[t.before_count++] = stay[t.count++] = r;
    }
    if (rc == 0 && compartment)
        rc = store_vault_end(s, &t.pack, &t.sector, e);
    return rc == 0 ? keyring_turn(s->keyring, &t, e) : rc;
}

static int log_key_of(const struct store *s, const struct key *seed, struct note_key *ret, struct err *e)
{
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(seed, public_key);
    return note_key_make(s->history.origin, public_key, ret, e);
}

/* ---- an act, once it may be done ---- */

/* Does a writer go?  Then a new log key is named. */
static bool goes(const struct store *s, const struct statement *act)
{
    if (act->kind != STATEMENT_REVOKED && act->kind != STATEMENT_ROLE)
        return false;
    const struct history_member *m =
        history_member(&s->history, act->kind == STATEMENT_REVOKED ? act->revoked.name : act->role.name);
    return m != NULL && statement_role_writes(history_role(m, UINT64_MAX)) &&
           (act->kind == STATEMENT_REVOKED || !statement_role_writes(act->role.role));
}

static void log_set(struct statement *act, const struct note_key *log)
{
    if (act->kind == STATEMENT_REVOKED) {
        act->revoked.log_known = true;
        act->revoked.log = *log;
    } else {
        act->role.log_known = true;
        act->role.log = *log;
    }
}

/* By the rules of whoever will read it, before anything is drawn or written. */
static int check(const struct store *s, struct statement *st, struct err *e)
{
    const struct history_event event = {.leaf = UINT64_MAX,
                                        .statement = st,
                                        .signer = history_member_by_key(&s->history, &s->identity.member)};
    struct statement_event *place = statement_event(st);
    place->number = s->history.events + 1;
    place->prev = s->history.last;
    int rc = store_may_sign(s, st->kind, e);
    if (rc == 0)
        rc = history_check(&s->history, &event, e);
    return rc == ERR_DAMAGED ? err_add(e, ERR_REFUSED, "\"%s\"", statement_kind_name(st->kind)) : rc;
}

static int try_act(const struct store *s, const struct statement *act, struct err *e)
{
    OWN(key_drop) struct key any = {0};
    struct statement trial = *act;
    struct note_key log;
    crypt_random(any.b, CRYPT_KEY);
    int rc = log_key_of(s, &any, &log, e);
    if (rc == 0 && goes(s, act))
        log_set(&trial, &log);
    return rc == 0 ? check(s, &trial, e) : rc;
}

static int sheets_wrap(struct store *s, const struct statement_recovery *r, struct err *e)
{
    const struct history_sheets *before = &s->history.sheets;
    struct keyring_recovery keys = {.key = r->key};
    memcpy(keys.public_key, r->receiving, CRYPT_PUBLIC);
    return keyring_recovery_wrap(s->keyring, &keys, before->known && !before->spent ? &before->key : NULL, e);
}

/* One more compartment: its keys are drawn here, and its name is told to nobody but who holds them. */
static int compartment_begin(struct store *s, const struct statement_compartment *x, const char *name, struct err *e)
{
    const struct history_member *me = history_member_by_key(&s->history, &s->identity.member);
    struct keyring_founding f = {.name = name};
    assert(me != NULL && s->beside_count == 0); /* the rules have found her */
    struct keyring_reader r = {.reads = true};
    memcpy(f.compartment, x->compartment, KEYRING_ID);
    int rc = store_receiving(s, me, 1, &r, e);
    if (rc != 0)
        return rc;
    memcpy(f.receiving, r.receiving, CRYPT_PUBLIC);
    f.number = r.number;
    rc = keyring_found_beside(s->keyring, &f, &s->beside[0], e);
    s->beside_count = rc == 0;
    return rc;
}

/* Where another compartment is open here than the one that is granted, whoever writes there next boxes it. */
static int grant(struct store *s, const struct statement_compartment *x, struct err *e)
{
    const struct history_member *m = history_member(&s->history, x->name);
    if (memcmp(x->compartment, s->compartment, STATEMENT_ID) != 0)
        return 0;
    struct keyring_reader r = {.key = m->key, .reads = true};
    int rc = store_receiving(s, m, keyring_epoch(s->keyring), &r, e);
    return rc == 0 ? keyring_admit(s->keyring, &r, e) : rc;
}

static int log_turned(struct store *s, struct statement *act, struct err *e)
{
    struct history_log next = {.from = s->draft.first_leaf + s->draft.count + 1};
    int rc = log_key_of(s, keyring_log_seed(s->keyring), &next.key, e);
    if (rc != 0)
        return rc;
    log_set(act, &next.key);
    return ledger_turn(s->ledger, &next, keyring_log_seed(s->keyring), e);
}

/* What the act changes among the keys, all of it durable before the record that names it. */
static int keys_change(struct store *s, struct statement *act, const char *name, struct err *e)
{
    const struct history_member *m;
    int rc;
    switch (act->kind) {
    case STATEMENT_ADDED: return statement_role_writes(act->added.role) ? admit_added(s, &act->added, e) : 0;
    case STATEMENT_RECOVERY: return sheets_wrap(s, &act->recovery, e);
    case STATEMENT_COMPARTMENT: return compartment_begin(s, &act->compartment, name, e);
    case STATEMENT_GRANTED: return grant(s, &act->compartment, e);
    case STATEMENT_UNGRANTED: return takes_from(s, act) ? turn_keys(s, act, false, true, e) : 0;
    default: break;
    }
    if (goes(s, act)) {
        rc = turn_keys(s, act, true, takes_from(s, act), e);
        return rc == 0 ? log_turned(s, act, e) : rc;
    }
    if (act->kind != STATEMENT_ROLE)
        return 0;
    m = history_member(&s->history, act->role.name);
    return m != NULL && statement_role_writes(act->role.role) && !statement_role_writes(history_role(m, UINT64_MAX))
               ? admit(s, m, e)
               : 0;
}

static int act_now(struct store *s, struct statement *act, const char *name, struct store_acted *ret, struct err *e)
{
    bool turns = goes(s, act), here = takes_from(s, act);
    int rc = try_act(s, act, e);
    if (rc == 0) /* whose leaf is behind these, and who goes signed them while she stood */
        rc = store_fold_begin(s, e);
    if (rc == 0)
        rc = keys_change(s, act, name, e);
    if (rc != 0)
        return rc;
    s->draft.event = (struct draft_event){.statement = act};
    ret->leaf = s->draft.first_leaf + s->draft.count;
    rc = store_commit(s, e);
    ret->done = rc == 0;
    ret->turned = ret->done && turns;
    return rc == 0 && here && !s->failed ? store_index_anew(s, e) : rc;
}

static int say(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e)
{
    int rc = check(s, st, e);
    if (rc == 0)
        rc = store_fold_begin(s, e);
    if (rc != 0)
        return rc;
    s->draft.event = (struct draft_event){.statement = st};
    *ret_leaf = s->draft.first_leaf + s->draft.count;
    return store_commit(s, e);
}

static int name_say(struct store *s, const struct statement *act, const char *name, struct err *e)
{
    if (name == NULL || act->kind != STATEMENT_ADDED)
        return 0;
    struct statement st = {.kind = STATEMENT_NAMED,
                           .at_unix_s = time_now_unix_s(),
                           .named = {.member = act->added.key.name, .text = name}};
    return store_add(s, &st, NULL, NULL, e);
}

/* An act that can only be refused later is refused now, also by who would be admitted. */
static int admissible(const struct store *s, const struct statement *act, struct err *e)
{
    return act->kind == STATEMENT_ADDED ? request_check(s, &act->added, e) : 0;
}

int store_act(struct store *s, struct statement *act, const char *name, struct store_acted *ret, struct err *e)
{
    struct statement st = {.kind = STATEMENT_PROPOSED, .proposed = {.act = act}};
    *ret = (struct store_acted){.have = 1};
    int rc = store_writable(s, e);
    if (rc == 0)
        rc = store_history_whole(s, e);
    if (rc == 0)
        rc = admissible(s, act, e);
    if (rc != 0)
        return rc;
    ret->needed = history_needed(&s->history, UINT64_MAX);
    rc = ret->needed > 1 ? check(s, &st, e) : try_act(s, act, e);
    if (rc == 0 && goes(s, act)) /* all of hers, however much it is */
        rc = store_fold_all(s, e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = name_say(s, act, name, e);
    if (rc != 0)
        return rc;
    return ret->needed > 1 ? say(s, &st, &ret->proposal, e) : act_now(s, act, name, ret, e);
}

/* ---- approving ---- */

static bool has_spoken(const struct store *s, const struct history_proposal *p)
{
    const struct history_member *me = history_member_by_key(&s->history, &s->identity.member);
    for (size_t i = 0; i < p->count; i++)
        if (&s->history.members[p->by[i]] == me)
            return true;
    return false;
}

static int approve(struct store *s, const struct history_proposal *p, struct err *e)
{
    struct statement st = {.kind = STATEMENT_APPROVED,
                           .approved = {.proposal = p->leaf, .commitment = p->commitment}};
    uint64_t leaf;
    int rc = store_draft_begin(s, e);
    return rc == 0 ? say(s, &st, &leaf, e) : rc;
}

static void by_whom(const struct history *h, const struct history_proposal *p, struct statement_by *ret)
{
    *ret = (struct statement_by){.said = true, .proposal = p->leaf};
    for (size_t i = 1; i < p->count; i++)
        if (history_role(&h->members[p->by[i]], UINT64_MAX) == STATEMENT_ADMINISTRATOR)
            ret->approvals[ret->count++] = p->leaves[i];
}

int store_approve(struct store *s, uint64_t proposal, const char *name, struct store_acted *ret, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st = {0};
    *ret = (struct store_acted){.proposal = proposal};
    int rc = store_writable(s, e);
    if (rc == 0)
        rc = store_history_whole(s, e);
    if (rc != 0)
        return rc;
    const struct history_proposal *p = history_proposal(&s->history, proposal);
    if (p == NULL || p->done)
        return err_set(e, ERR_REFUSED, "leaf %llu is no proposal that waits: groundwork member list names those that "
                                       "do", (unsigned long long)proposal);
    if (!has_spoken(s, p)) {
        rc = approve(s, p, e);
        p = history_proposal(&s->history, proposal);
    }
    if (rc == 0)
        rc = store_statement(s, proposal, &held, &st, e);
    if (rc != 0)
        return rc;
    assert(p != NULL);
    struct statement act = *st.proposed.act;
    ret->kind = act.kind;
    ret->needed = history_needed(&s->history, UINT64_MAX);
    ret->have = history_approvers(&s->history, p, UINT64_MAX);
    if (ret->have < ret->needed || (act.kind == STATEMENT_COMPARTMENT && name == NULL))
        return 0; /* of a compartment only who makes it says the name */
    act.at_unix_s = time_now_unix_s();
    if (ret->needed > 1)
        by_whom(&s->history, p, &statement_event(&act)->by);
    rc = goes(s, &act) ? store_fold_all(s, e) : 0;
    if (rc == 0)
        rc = store_draft_begin(s, e);
    return rc == 0 ? act_now(s, &act, name, ret, e) : rc;
}

struct turn_seek {
    uint64_t leaf;
    struct buf *to;
};

static int turn_look(void *context, const struct ledger_record *r, struct err *e)
{
    struct turn_seek *t = context;
    if (r->first_leaf > t->leaf)
        return 0;
    buf_put_bytes(t->to, r->checkpoint);
    int rc = buf_check(t->to, e);
    return rc == 0 ? ERR_STOPPED : rc; /* far enough */
}

int store_turn_note(struct store *s, uint64_t number, struct buf *to, struct err *e)
{
    const struct history_logs *logs = &s->history.logs;
    if (number < 2 || number > logs->count)
        return err_set(e, ERR_ABSENT, "this log has had %zu signing keys: there is no turn to number %llu", logs->count,
                       (unsigned long long)number);
    struct turn_seek t = {logs->list[number - 1].from - 1, to};
    int rc = ledger_walk_back(store_ledger(s), turn_look, &t, e);
    return rc == ERR_STOPPED ? 0 : rc;
}

struct naming {
    struct store *s;
    int (*each)(void *context, const char *member, const char *text, struct err *e);
    void *context;
};

static int named(void *context, const struct index_statement_row *row, struct err *e)
{
    const struct naming *n = context;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(n->s, row->leaf, &held, &st, e);
    return rc == 0 ? n->each(n->context, st.named.member, st.named.text, e) : rc;
}

int store_named(struct store *s, int (*each)(void *context, const char *member, const char *text, struct err *e),
                void *context, struct err *e)
{
    struct naming n = {s, each, context};
    return index_statements(store_index(s), 0, STATEMENT_NAMED, named, &n, e);
}

const struct history *store_history(const struct store *s)
{
    return &s->history;
}
