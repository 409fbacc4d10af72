/*
 * Requests to erase, what was answered to them, and whether that is enough: one rule for who carries one out and for
 * who checks it later.  FORMAT 19.1.
 */
#include "store/store_internal.h"

#include "base/clock.h"

#include <assert.h>
#include <stdio.h>

enum { DAY_S = 86400 };

static void one_release(struct store_request *r)
{
    free(r->leaves);
    free(r->why);
}

void store_requests_release(struct store_requests *x)
{
    for (size_t i = 0; i < x->count; i++)
        one_release(&x->list[i]);
    free(x->list);
    *x = (struct store_requests){0};
}

static struct store_request *request_at(const struct store_requests *x, uint64_t leaf)
{
    for (size_t i = 0; i < x->count; i++)
        if (x->list[i].leaf == leaf)
            return &x->list[i];
    return NULL;
}

static void name_keep(struct bytes name, char to[NOTE_NAME_MAX + 1])
{
    (void)snprintf(to, NOTE_NAME_MAX + 1, "%.*s", (int)name.n, (const char *)name.p);
}

/* ---- as they come, in the order of the log ---- */

static int asked(struct store_requests *x, const struct store_said *said, struct err *e)
{
    const struct statement_erasing *st = &said->statement->erasing;
    struct store_request r = {.leaf = said->leaf, .commitment = said->commitment,
                              .at_unix_s = said->statement->at_unix_s, .count = st->count};
    struct store_request *grown = reallocarray(x->list, x->count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    x->list = grown;
    name_keep(said->signer, r.signer);
    r.leaves = calloc(st->count, sizeof *r.leaves);
    r.why = strdup(st->why);
    if (r.leaves == NULL || r.why == NULL) {
        one_release(&r);
        return err_memory(e);
    }
    memcpy(r.leaves, st->leaves, st->count * sizeof *r.leaves);
    x->list[x->count++] = r;
    return 0;
}

static bool has_approved(const struct store_request *r, const char *signer)
{
    for (size_t i = 0; i < r->approvals; i++)
        if (strcmp(r->approved[i].signer, signer) == 0)
            return true;
    return false;
}

/* By another one than who asked, and by each once; what says nothing new is on the log all the same. */
static void approved(struct store_request *r, const struct store_said *said)
{
    char signer[NOTE_NAME_MAX + 1];
    name_keep(said->signer, signer);
    if (strcmp(signer, r->signer) == 0 || has_approved(r, signer) || r->approvals == COUNT(r->approved))
        return;
    strcpy(r->approved[r->approvals].signer, signer);
    r->approved[r->approvals++].leaf = said->leaf;
}

static int answered(struct store_requests *x, const struct store_said *said, struct err *e)
{
    const struct statement_answered *st = &said->statement->answered;
    struct store_request *r = request_at(x, st->request);
    if (r == NULL || !hash_equal(&r->commitment, &st->commitment))
        return err_set(e, ERR_DAMAGED, "rule answered-request: leaf %llu is no request to erase, or another one than "
                                       "was meant", (unsigned long long)st->request);
    if (strcmp(st->answer, "approved") == 0)
        approved(r, said);
    r->withdrawn = r->withdrawn || strcmp(st->answer, "withdrawn") == 0;
    r->held += strcmp(st->answer, "held") == 0;
    return 0;
}

int store_requests_take(struct store_requests *x, const struct store_said *said, struct err *e)
{
    if (said->statement->kind == STATEMENT_ERASING)
        return asked(x, said, e);
    return said->statement->kind == STATEMENT_ANSWERED ? answered(x, said, e) : 0;
}

/* ---- is it enough? ---- */

size_t store_erase_persons(const struct store *s, uint64_t leaf)
{
    const struct history *h = &s->history;
    size_t stand = 0, needed = s->founded.founded.erase_persons;
    for (size_t i = 0; i < h->count; i++)
        stand += statement_role_may(history_role(&h->members[i], leaf), STATEMENT_ERASING);
    needed = needed == 0 ? 1 : needed;
    return needed < stand || stand == 0 ? needed : stand;
}

static bool same_leaves(const struct store_request *r, const struct statement_erased *x)
{
    return r->count == x->count && memcmp(r->leaves, x->leaves, x->count * sizeof *x->leaves) == 0;
}

/* Who was revoked, replaced or lowered since is none of those who agree: her key may be in other hands, or come again
 * under another name. */
static bool may_agree(const struct store *s, const char *name, uint64_t leaf)
{
    const struct history_member *m = history_member(&s->history, name);
    return m != NULL && statement_role_may(history_role(m, leaf), STATEMENT_ERASING);
}

static bool is_named(const struct statement_by *by, uint64_t leaf)
{
    size_t i = 0;
    while (i < by->count && by->approvals[i] != leaf)
        i++;
    return i < by->count;
}

/* Of those whose approvals are named, and who asked. */
static size_t agreed(const struct store *s, const struct store_request *r, const struct statement_by *by,
                     uint64_t leaf, size_t *ret_named)
{
    size_t persons = may_agree(s, r->signer, leaf);
    *ret_named = 0;
    for (size_t i = 0; i < r->approvals; i++)
        if (r->approved[i].leaf < leaf && (by == NULL || is_named(by, r->approved[i].leaf))) {
            ++*ret_named;
            persons += may_agree(s, r->approved[i].signer, leaf);
        }
    return persons;
}

int store_requests_check(const struct store *s, struct store_requests *x, const struct store_said *said, int code,
                         struct err *e)
{
    const struct statement_erased *st = &said->statement->erased;
    struct store_request *r = request_at(x, st->by.proposal);
    size_t named, persons;
    if (r == NULL || !same_leaves(r, st))
        return err_set(e, code, "rule erased-request: leaf %llu asks for no such thing",
                       (unsigned long long)st->by.proposal);
    if (r->withdrawn || r->erased != 0)
        return err_set(e, code, "rule erased-request: the request of leaf %llu was withdrawn, or is done",
                       (unsigned long long)r->leaf);
    persons = agreed(s, r, &st->by, said->leaf, &named);
    if (named != st->by.count)
        return err_set(e, code, "rule erased-approvals: an approval that is named is none");
    if (persons < store_erase_persons(s, said->leaf))
        return err_set(e, code, "rule erased-approvals: %zu persons are needed, and %zu have agreed",
                       store_erase_persons(s, said->leaf), persons);
    if (said->statement->at_unix_s < store_erase_due(s, r))
        return err_set(e, code, "rule erased-waiting: the time to wait is not over");
    r->erased = said->leaf;
    return 0;
}

int64_t store_erase_due(const struct store *s, const struct store_request *r)
{
    return r->at_unix_s + (int64_t)s->founded.founded.erase_days * DAY_S;
}

/* ---- those of this repository ---- */

/* Taken out of the index first: opening a statement asks it, too, under another lock. */
struct leaves {
    uint64_t *list;
    size_t count, room;
};

static void leaves_release(struct leaves *l)
{
    free(l->list);
}

static int leaf_add(void *context, const struct index_statement_row *row, struct err *e)
{
    struct leaves *l = context;
    if (l->count == l->room) {
        size_t room = l->room * 2 + 16;
        uint64_t *grown = reallocarray(l->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        l->list = grown;
        l->room = room;
    }
    l->list[l->count++] = row->leaf;
    return 0;
}

static int one_take(struct store *s, struct store_requests *x, uint64_t leaf, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    struct store_said said = {.leaf = leaf, .statement = &st};
    int rc = store_statement(s, leaf, &held, &st, e);
    if (rc == 0)
        rc = store_signer(held, &said.signer, e);
    if (rc == 0)
        rc = store_commitment(s, leaf, &said.commitment, e);
    return rc == 0 ? store_requests_take(x, &said, e) : rc;
}

static int kind_take(struct store *s, struct store_requests *x, enum statement_kind kind, struct err *e)
{
    OWN(leaves_release) struct leaves l = {.list = NULL};
    int rc = index_statements(store_index(s), 0, (int)kind, leaf_add, &l, e);
    for (size_t i = 0; rc == 0 && i < l.count; i++)
        rc = one_take(s, x, l.list[i], e);
    return rc;
}

int store_requests_load(struct store *s, struct store_requests *ret, struct err *e)
{
    int rc = kind_take(s, ret, STATEMENT_ERASING, e);
    if (rc == 0)
        rc = kind_take(s, ret, STATEMENT_ANSWERED, e);
    if (rc == 0)
        rc = store_erasures(s, e);
    for (size_t i = 0; rc == 0 && i < s->erasures.act_count; i++) {
        struct store_request *r = request_at(ret, s->erasures.acts[i].request);
        if (r != NULL && s->erasures.acts[i].ours && !s->erasures.acts[i].refused && r->erased == 0)
            r->erased = s->erasures.acts[i].leaf;
    }
    return rc;
}

int store_erase_requests(struct store *s, int (*each)(void *context, const struct store_request *r, struct err *e),
                         void *context, struct err *e)
{
    OWN(store_requests_release) struct store_requests x = {.list = NULL};
    int rc = store_requests_load(s, &x, e);
    for (size_t i = 0, named; rc == 0 && i < x.count; i++) {
        x.list[i].agreed = agreed(s, &x.list[i], NULL, UINT64_MAX, &named);
        x.list[i].needed = store_erase_persons(s, UINT64_MAX);
        x.list[i].due_unix_s = store_erase_due(s, &x.list[i]);
        rc = each(context, &x.list[i], e);
    }
    return rc;
}

/* Nothing is destroyed on the word of one statement alone, whoever signed it: what follows from it cannot be undone. */
int store_erase_lawful(struct store *s, const struct store_said *said, struct err *e)
{
    OWN(store_requests_release) struct store_requests x = {.list = NULL};
    const struct statement_erased *st = &said->statement->erased;
    bool stands = false;
    uint64_t hold = 0;
    int rc = store_requests_load(s, &x, e);
    if (rc != 0)
        return rc;
    struct store_request *r = request_at(&x, st->by.proposal);
    if (r != NULL && r->erased == said->leaf)
        r->erased = 0;
    rc = store_requests_check(s, &x, said, ERR_REFUSED, e);
    for (size_t i = 0; rc == 0 && !stands && i < st->count; i++)
        rc = store_hold_stands(s, st->leaves[i].first, st->leaves[i].last, &stands, &hold, e);
    return rc == 0 && stands ? err_set(e, ERR_REFUSED, "a hold stands over it (leaf %llu)", (unsigned long long)hold)
                             : rc;
}

/* ---- asking, answering, carrying out ---- */

static int say(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e)
{
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, st, ret_leaf, NULL, e);
    if (rc != 0) {
        store_draft_drop(s);
        return rc;
    }
    return store_commit(s, e);
}

int store_erase_ask(struct store *s, const struct statement_range *leaves, size_t count, const char *why,
                    uint64_t *ret_leaf, struct err *e)
{
    struct statement st = {.kind = STATEMENT_ERASING,
                           .at_unix_s = time_now_unix_s(),
                           .erasing = {(struct statement_range *)(uintptr_t)leaves, count, why}};
    int rc = store_erase_leaves_check(s, leaves, count, e);
    return rc == 0 ? say(s, &st, ret_leaf, e) : rc;
}

static int request_open(struct store *s, struct store_requests *x, uint64_t leaf, struct store_request **ret,
                        struct err *e)
{
    int rc = store_requests_load(s, x, e);
    if (rc != 0)
        return rc;
    *ret = request_at(x, leaf);
    if (*ret == NULL || (*ret)->withdrawn || (*ret)->erased != 0)
        return err_set(e, ERR_REFUSED, "leaf %llu is no request to erase that waits: groundwork erase list names those "
                                       "that do", (unsigned long long)leaf);
    return 0;
}

int store_erase_answer(struct store *s, uint64_t request, const char *answer, const char *why, struct err *e)
{
    OWN(store_requests_release) struct store_requests x = {.list = NULL};
    struct store_request *r;
    uint64_t leaf;
    int rc = store_writable(s, e);
    if (rc == 0)
        rc = request_open(s, &x, request, &r, e);
    if (rc != 0)
        return rc;
    bool approves = strcmp(answer, "approved") == 0;
    if (approves && strcmp(r->signer, s->identity.member.name) == 0)
        return err_set(e, ERR_REFUSED, "rule answered-approved: who asked for it does not approve of it too: another "
                                       "member does");
    if (approves && has_approved(r, s->identity.member.name))
        return err_set(e, ERR_REFUSED, "rule answered-approved: you have approved of it already");
    struct statement st = {.kind = STATEMENT_ANSWERED,
                           .at_unix_s = time_now_unix_s(),
                           .answered = {answer, request, r->commitment, why}};
    return say(s, &st, &leaf, e);
}

/* A refusal goes on the log, for counsel; the request stays. */
static int holds_check(struct store *s, const struct store_request *r, struct err *e)
{
    bool stands = false;
    uint64_t hold = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && !stands && i < r->count; i++)
        rc = store_hold_stands(s, r->leaves[i].first, r->leaves[i].last, &stands, &hold, e);
    if (rc != 0 || !stands)
        return rc;
    rc = store_erase_answer(s, r->leaf, "held", NULL, e);
    if (rc != 0)
        return rc;
    return err_set(e, ERR_REFUSED,
                   "a hold stands over what is to be erased (leaf %llu): groundwork hold list; the refusal is on the "
                   "log",
                   (unsigned long long)hold);
}

static void by_whom(const struct store_request *r, struct statement_by *ret)
{
    *ret = (struct statement_by){.said = true, .proposal = r->leaf, .count = r->approvals};
    for (size_t i = 0; i < r->approvals; i++)
        ret->approvals[i] = r->approved[i].leaf;
}

int store_erase_carry_out(struct store *s, uint64_t request, uint64_t *ret_leaf, struct err *e)
{
    OWN(store_requests_release) struct store_requests x = {.list = NULL};
    struct store_request *r;
    struct statement_by by;
    struct ledger_position now;
    int rc = store_writable(s, e);
    if (rc == 0)
        rc = request_open(s, &x, request, &r, e);
    if (rc != 0)
        return rc;
    rc = holds_check(s, r, e);
    if (rc != 0)
        return rc;
    by_whom(r, &by);
    struct statement st = {.kind = STATEMENT_ERASED,
                           .at_unix_s = time_now_unix_s(),
                           .erased = {.leaves = r->leaves, .count = r->count, .by = by}};
    ledger_where(store_ledger(s), &now);
    rc = store_requests_check(s, &x, &(struct store_said){.leaf = now.leaves, .statement = &st}, ERR_REFUSED, e);
    if (rc == 0) /* once more: names may have come since, and another program may have asked */
        rc = store_erase_leaves_check(s, r->leaves, r->count, e);
    return rc == 0 ? store_erase_leaves(s, r->leaves, r->count, &by, ret_leaf, e) : rc;
}
