/*
 * Lines of inquiry: each numbers its own statements.  The first statement of one names it.  What is about a deposit,
 * its receipt or its items is numbered where the deposit is; everything else where the caller chose, or in the first
 * line of all.
 */
#include "store/store_internal.h"

/* ---- the list ---- */

/* Taken out of the index first: opening a statement asks it, too, under another lock. */
struct listing {
    struct index_investigation_row *list;
    size_t count, room;
    struct store_held *held;
};

static void listing_release(struct listing *l)
{
    free(l->list);
    store_held_drop(&l->held);
}

static int row_add(void *context, const struct index_investigation_row *row, struct err *e)
{
    struct listing *l = context;
    if (l->count == l->room) {
        size_t room = l->room * 2 + 4;
        struct index_investigation_row *grown = reallocarray(l->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        l->list = grown;
        l->room = room;
    }
    l->list[l->count++] = *row;
    return 0;
}

static int open_one(struct store *s, const struct index_investigation_row *row, struct store_held **held,
                    struct store_investigation *ret, struct err *e)
{
    struct statement st;
    int rc = store_statement(s, row->leaf, held, &st, e);
    if (rc == 0 && st.kind != STATEMENT_INVESTIGATION)
        rc = err_set(e, ERR_DAMAGED, "leaf %llu should name an investigation, and does not",
                     (unsigned long long)row->leaf);
    if (rc != 0)
        return rc;
    *ret = (struct store_investigation){
        .leaf = row->leaf, .statements = row->next.seq, .name = st.investigation.name};
    memcpy(ret->id, row->next.investigation, STATEMENT_ID);
    return 0;
}

int store_investigations(struct store *s,
                         int (*each)(void *context, const struct store_investigation *i, struct err *e), void *context,
                         struct err *e)
{
    OWN(listing_release) struct listing l = {.list = NULL};
    int rc = index_investigations(store_index(s), row_add, &l, e);
    for (size_t i = 0; rc == 0 && i < l.count; i++) {
        struct store_investigation one;
        rc = open_one(s, &l.list[i], &l.held, &one, e);
        if (rc == 0)
            rc = each(context, &one, e);
    }
    return rc;
}

/* ---- choosing one ---- */

struct named {
    const char *name;
    bool found;
    uint8_t id[STATEMENT_ID];
};

static int is_named(void *context, const struct store_investigation *i, struct err *e)
{
    struct named *n = context;
    (void)e;
    if (!n->found && strcmp(i->name, n->name) == 0) {
        n->found = true;
        memcpy(n->id, i->id, STATEMENT_ID);
    }
    return 0;
}

int store_investigate(struct store *s, const char *name, struct err *e)
{
    struct named n = {.name = name};
    int rc = store_investigations(s, is_named, &n, e);
    if (rc == 0 && !n.found)
        rc = err_set(e, ERR_ABSENT, "there is no investigation \"%s\": groundwork investigation list names them", name);
    if (rc != 0)
        return rc;
    s->chosen = true;
    memcpy(s->chosen_investigation, n.id, STATEMENT_ID);
    return 0;
}

/* ---- where a statement is numbered ---- */

static int of_leaf(struct store *s, uint64_t leaf, uint8_t ret[STATEMENT_ID], struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(s, leaf, &held, &st, e);
    if (rc == 0)
        memcpy(ret, st.place.investigation, STATEMENT_ID);
    return rc;
}

struct sought {
    uint8_t id[STATEMENT_ID];
    struct buf *to;
};

static int is_sought(void *context, const struct store_investigation *i, struct err *e)
{
    struct sought *k = context;
    (void)e;
    if (memcmp(i->id, k->id, STATEMENT_ID) == 0)
        buf_put_text(k->to, i->name);
    return 0;
}

int store_investigation_at(struct store *s, uint64_t leaf, struct buf *to, struct err *e)
{
    struct sought k = {.to = to};
    int rc = of_leaf(s, leaf, k.id, e);
    if (rc == 0)
        rc = store_investigations(s, is_sought, &k, e);
    return rc == 0 ? buf_check(to, e) : rc;
}

static int take_leaf(void *context, const struct index_deposit *d, struct err *e)
{
    (void)e;
    *(uint64_t *)context = d->leaf;
    return 0;
}

/* ERR_ABSENT: a rule will say that there is no such deposit or receipt. */
static int of_deposit(struct store *s, uint64_t deposit, uint8_t ret[STATEMENT_ID], struct err *e)
{
    struct index_statement_row row;
    int rc = index_statement_row(store_index(s), deposit, &row, e);
    if (rc == 0 && row.kind != STATEMENT_DEPOSIT)
        rc = err_set(e, ERR_ABSENT, "leaf %llu is no deposit", (unsigned long long)deposit);
    return rc == 0 ? of_leaf(s, deposit, ret, e) : rc;
}

static int of_receipt(struct store *s, uint64_t receipt, uint8_t ret[STATEMENT_ID], struct err *e)
{
    uint64_t deposit;
    int rc = index_deposit_by_receipt(store_index(s), receipt, take_leaf, &deposit, e);
    return rc == 0 ? of_deposit(s, deposit, ret, e) : rc;
}

/* The deposits of what is named, each once where they follow one another. */
struct deposits_walk {
    uint64_t last; /* of the range */
    uint64_t *list;
    size_t count, room;
};

static void deposits_walk_release(struct deposits_walk *w)
{
    free(w->list);
}

static int deposit_seen(void *context, const struct index_item *item, struct err *e)
{
    struct deposits_walk *w = context;
    if (item->leaf > w->last)
        return ERR_STOPPED;
    if (w->count > 0 && w->list[w->count - 1] == item->deposit)
        return 0;
    if (w->count == w->room) {
        size_t room = w->room * 2 + 4;
        uint64_t *grown = reallocarray(w->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        w->list = grown;
        w->room = room;
    }
    w->list[w->count++] = item->deposit;
    return 0;
}

/* All of it must be of one investigation: it is numbered there, and missed there. */
static int of_items(struct store *s, const struct statement_range *items, size_t count, uint8_t ret[STATEMENT_ID],
                    struct err *e)
{
    OWN(deposits_walk_release) struct deposits_walk w = {.list = NULL};
    uint8_t id[STATEMENT_ID];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        w.last = items[i].last;
        rc = index_items(store_index(s), UINT64_MAX, items[i].first, deposit_seen, &w, e);
        rc = rc == ERR_STOPPED ? 0 : rc;
    }
    if (rc == 0 && w.count == 0)
        return ERR_ABSENT;
    for (size_t i = 0; rc == 0 && i < w.count; i++) {
        rc = of_deposit(s, w.list[i], i == 0 ? ret : id, e);
        if (rc == 0 && i > 0 && memcmp(id, ret, STATEMENT_ID) != 0)
            rc = err_set(e, ERR_REFUSED, "rule items-together: items of two investigations: say it for each by itself");
    }
    return rc;
}

/* So that the numbers of what is erased lie before one that stays. */
static int of_leaves(struct store *s, const struct statement_erasing *x, uint8_t ret[STATEMENT_ID], struct err *e)
{
    uint8_t id[STATEMENT_ID];
    uint64_t deposit = UINT64_MAX;
    bool first = true;
    for (size_t i = 0; i < x->count; i++)
        for (uint64_t leaf = x->leaves[i].first; leaf <= x->leaves[i].last; leaf++) {
            OWN(store_held_drop) struct store_held *held = NULL;
            struct statement st;
            int rc = store_statement(s, leaf, &held, &st, e);
            if (rc != 0)
                return rc;
            if (st.kind == STATEMENT_RECEIVED && st.received.deposit == deposit)
                continue;
            deposit = st.kind == STATEMENT_RECEIVED ? st.received.deposit : UINT64_MAX;
            rc = st.kind == STATEMENT_RECEIVED ? of_deposit(s, deposit, id, e) : 0;
            if (rc != 0)
                return rc;
            if (st.kind != STATEMENT_RECEIVED)
                memcpy(id, st.place.investigation, STATEMENT_ID);
            if (!first && memcmp(id, ret, STATEMENT_ID) != 0)
                return err_set(e, ERR_REFUSED, "rule erasing-leaves: of two investigations: ask for each by itself");
            memcpy(ret, id, STATEMENT_ID);
            first = false;
        }
    return 0;
}

static int of_custody(struct store *s, const struct statement_custody *x, uint8_t ret[STATEMENT_ID], struct err *e)
{
    return x->receipt != 0 ? of_receipt(s, x->receipt, ret, e) : of_items(s, x->items, x->item_count, ret, e);
}

/* ERR_ABSENT: a rule will say that it is no hold. */
static int of_hold(struct store *s, uint64_t hold, uint8_t ret[STATEMENT_ID], struct err *e)
{
    struct index_hold h;
    int rc = index_hold(store_index(s), hold, &h, e);
    return rc == 0 ? of_leaf(s, hold, ret, e) : rc;
}

/* Is the deposit that a part or a receipt goes on with of the numbering at hand? */
static bool goes_on(const struct draft *d, uint64_t deposit)
{
    return d->placed && (deposit >= d->first_leaf || (d->open_known && d->open_deposit == deposit));
}

static int of_subject(struct store *s, const struct statement *st, uint8_t ret[STATEMENT_ID], struct err *e)
{
    const struct draft *d = &s->draft;
    if (st->kind == STATEMENT_SET_ASIDE)
        return of_receipt(s, st->set_aside.receipt, ret, e);
    if (st->kind == STATEMENT_CUSTODY)
        return of_custody(s, &st->custody, ret, e);
    if (st->kind == STATEMENT_ERASING)
        return of_leaves(s, &st->erasing, ret, e);
    if (st->kind == STATEMENT_ANSWERED)
        return of_leaf(s, st->answered.request, ret, e);
    if (st->kind == STATEMENT_SEALED)
        return of_deposit(s, st->sealed.deposits[0].deposit, ret, e);
    if (st->kind == STATEMENT_CONCERNS)
        return of_items(s, st->concerns.items, st->concerns.item_count, ret, e);
    if (st->kind == STATEMENT_PROTECTED)
        return of_items(s, st->protected.items, st->protected.item_count, ret, e);
    if (st->kind == STATEMENT_HOLD)
        return of_items(s, st->hold.items, st->hold.item_count, ret, e);
    if (st->kind == STATEMENT_RELEASED)
        return of_hold(s, st->released.hold, ret, e);
    if (st->kind != STATEMENT_PART && st->kind != STATEMENT_RECEIPT)
        return ERR_ABSENT;
    uint64_t deposit = st->kind == STATEMENT_PART ? st->part.deposit : st->receipt.deposit;
    if (!goes_on(d, deposit))
        return of_deposit(s, deposit, ret, e);
    memcpy(ret, d->place.investigation, STATEMENT_ID);
    return 0;
}

int store_investigation_of(struct store *s, const struct statement *st, uint8_t ret[STATEMENT_ID], struct err *e)
{
    const struct draft *d = &s->draft;
    struct err mine = {0};
    int rc = of_subject(s, st, ret, &mine);
    if (rc != ERR_ABSENT)
        return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
    if (!s->chosen && !d->placed)
        return index_investigation(store_index(s), ret, e);
    memcpy(ret, s->chosen ? s->chosen_investigation : d->place.investigation, STATEMENT_ID);
    return 0;
}

int store_investigation_fresh(struct store *s, const char *name, struct err *e)
{
    struct named n = {.name = name};
    if (s->draft.placed)
        return err_set(e, ERR_REFUSED, "rule investigation: it is named by a commit of its own");
    int rc = store_investigations(s, is_named, &n, e);
    if (rc == 0 && n.found)
        rc = err_set(e, ERR_REFUSED, "rule investigation: there is one named \"%s\" already", name);
    return rc;
}
