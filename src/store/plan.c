/*
 * What an erasure touches, before it is asked for: what goes, what stays although it is about it, and where copies are.
 *
 * With an item go its further names, and what was said of the custody of it and of nothing else.  With a receipt go its
 * items, the opening of its deposit (giver, note, paths) and its parts (names of what was refused); the receipt stays:
 * it has numbers alone.  Records of accesses stay: they name leaves.  With a person go items that are linked to her
 * alone, and who she is; what she allowed and withdrew stays: it has her code alone, and others have relied on it.
 */
#include "store/store_internal.h"

void store_erase_plan_release(struct store_erase_plan *p)
{
    free(p->leaves);
    *p = (struct store_erase_plan){0};
}

/* ---- a set of leaves ---- */

static int leaf_put(struct store_erase_plan *p, size_t runs_max, uint64_t leaf, struct err *e)
{
    size_t at = p->count;
    while (at > 0 && p->leaves[at - 1].first > leaf)
        at--;
    if (at > 0 && p->leaves[at - 1].last >= leaf)
        return 0;
    bool joins = at > 0 && p->leaves[at - 1].last + 1 == leaf, meets = at < p->count && p->leaves[at].first == leaf + 1;
    if (joins && meets) {
        p->leaves[at - 1].last = p->leaves[at].last;
        p->count--;
        memmove(p->leaves + at, p->leaves + at + 1, (p->count - at) * sizeof *p->leaves);
        return 0;
    }
    if (joins || meets) {
        if (joins)
            p->leaves[at - 1].last = leaf;
        else
            p->leaves[at].first = leaf;
        return 0;
    }
    if (p->count == runs_max)
        return err_set(e, ERR_REFUSED, "more than %d runs of leaves: erase it in several requests",
                       STATEMENT_RANGES_MAX);
    if (p->count == p->room) {
        size_t room = p->room * 2 + 16;
        struct statement_range *grown = reallocarray(p->leaves, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->leaves = grown;
        p->room = room;
    }
    memmove(p->leaves + at + 1, p->leaves + at, (p->count - at) * sizeof *p->leaves);
    p->leaves[at] = (struct statement_range){leaf, leaf};
    p->count++;
    return 0;
}

static bool ranges_hold(const struct statement_range *list, size_t count, const struct statement_range *r)
{
    for (uint64_t leaf = r->first; leaf <= r->last; leaf++)
        if (!statement_ranges_have(list, count, leaf))
            return false;
    return true;
}

/* ---- planning ---- */

/* Leaves are taken out of the index first: opening a statement asks it, too, under another lock. */
struct planning {
    struct store *s;
    struct store_erase_plan *plan;
    int (*each)(void *context, const struct store_touched *t, struct err *e);
    void *context;
    enum store_touch touch;
    struct store_erase_plan found; /* leaves that are looked at next */
    uint64_t until;
};

static int touch(const struct planning *p, enum store_touch touch, uint64_t leaf, const struct index_item *item,
                 struct err *e)
{
    const struct store_touched t = {.touch = touch, .leaf = leaf, .item = item};
    return p->each == NULL ? 0 : p->each(p->context, &t, e);
}

static int goes(const struct planning *p, enum store_touch what, uint64_t leaf, const struct index_item *item,
                struct err *e)
{
    if (statement_ranges_have(p->plan->leaves, p->plan->count, leaf))
        return 0;
    int rc = leaf_put(p->plan, STATEMENT_RANGES_MAX, leaf, e);
    return rc == 0 ? touch(p, what, leaf, item, e) : rc;
}

static int name_goes(void *context, const struct index_item *item, struct err *e)
{
    return goes(context, STORE_TOUCH_NAME, item->leaf, item, e);
}

/* A folder takes nothing along: what was in it are items of their own. */
static int item_goes(void *context, const struct index_item *item, struct err *e)
{
    const struct planning *p = context;
    int rc = goes(p, item->further_name ? STORE_TOUCH_NAME : STORE_TOUCH_ITEM, item->leaf, item, e);
    return rc == 0 && !item->further_name ? index_further(p->s->index, item->leaf, name_goes, context, e) : rc;
}

static int found_row(void *context, const struct index_statement_row *row, struct err *e)
{
    struct planning *p = context;
    return row->leaf > p->until ? ERR_STOPPED : leaf_put(&p->found, SIZE_MAX, row->leaf, e);
}

/* Statements of one kind between two leaves, into p->found. */
static int find(struct planning *p, enum statement_kind kind, uint64_t from, uint64_t until, struct err *e)
{
    p->found.count = 0;
    p->until = until;
    int rc = index_statements(store_index(p->s), from, (int)kind, found_row, p, e);
    return rc == ERR_STOPPED ? 0 : rc;
}

static int parts_go(struct planning *p, const struct store_deposit_of *d, struct err *e)
{
    int rc = find(p, STATEMENT_PART, d->deposit, d->receipt_leaf, e);
    for (size_t i = 0; rc == 0 && i < p->found.count; i++)
        for (uint64_t leaf = p->found.leaves[i].first; rc == 0 && leaf <= p->found.leaves[i].last; leaf++) {
            OWN(store_held_drop) struct store_held *held = NULL;
            struct statement st;
            rc = store_statement(p->s, leaf, &held, &st, e);
            if (rc == 0 && st.part.deposit == d->deposit)
                rc = goes(p, STORE_TOUCH_PART, leaf, NULL, e);
        }
    return rc;
}

static int deposit_keep(void *context, const struct index_deposit *d, struct err *e)
{
    struct store_deposit_of *of = context;
    (void)e;
    *of = (struct store_deposit_of){d->leaf, d->receipt_leaf, d->erased};
    return 0;
}

static int receipt_goes(struct planning *p, uint64_t receipt, struct err *e)
{
    struct store_deposit_of d;
    int rc = index_deposit_by_receipt(store_index(p->s), receipt, deposit_keep, &d, e);
    if (rc == 0 && d.erased)
        return err_set(e, ERR_REFUSED, "receipt %llu is erased already", (unsigned long long)receipt);
    if (rc == 0)
        rc = goes(p, STORE_TOUCH_DEPOSIT, d.deposit, NULL, e);
    if (rc == 0)
        rc = index_items(p->s->index, d.deposit, 0, item_goes, p, e);
    if (rc == 0)
        rc = parts_go(p, &d, e);
    return rc == 0 ? touch(p, STORE_TOUCH_RECEIPT_STAYS, d.receipt_leaf, NULL, e) : rc;
}

static int linked_keep(void *context, const struct statement_range *run, struct err *e)
{
    struct planning *p = context;
    int rc = 0;
    for (uint64_t leaf = run->first; rc == 0 && leaf <= run->last; leaf++)
        rc = leaf_put(&p->found, SIZE_MAX, leaf, e);
    return rc;
}

static int shared_stays(void *context, const struct index_item *item, struct err *e)
{
    return touch(context, STORE_TOUCH_SHARED_STAYS, item->leaf, item, e);
}

/* Of what is about others too she does not decide alone. */
static int linked_goes(struct planning *p, struct store_deciding *d, uint64_t leaf, struct err *e)
{
    const struct consent_facts *facts;
    struct err mine = {0};
    int rc = store_persons_at(d, leaf, &facts, e);
    if (rc != 0)
        return rc;
    rc = index_item(store_index(p->s), leaf, facts->person_count > 1 ? shared_stays : item_goes, p, &mine);
    return rc == 0 || rc == ERR_ABSENT ? 0 : err_set(e, rc, "%s", mine.text); /* what is no item was linked ahead */
}

static int items_of_person_go(struct planning *p, const char *person, struct err *e)
{
    OWN(store_deciding_drop) struct store_deciding *d = NULL;
    p->found.count = 0;
    int rc = store_items_of(p->s, person, linked_keep, p, e);
    if (rc == 0)
        rc = store_deciding_new(p->s, consent_use(0), "", &d, e);
    for (size_t i = 0; rc == 0 && i < p->found.count; i++)
        for (uint64_t leaf = p->found.leaves[i].first; rc == 0 && leaf <= p->found.leaves[i].last; leaf++)
            rc = linked_goes(p, d, leaf, e);
    return rc;
}

static int identities_go(struct planning *p, enum statement_kind kind, const char *person, struct err *e)
{
    int rc = find(p, kind, 0, UINT64_MAX, e);
    for (size_t i = 0; rc == 0 && i < p->found.count; i++)
        for (uint64_t leaf = p->found.leaves[i].first; rc == 0 && leaf <= p->found.leaves[i].last; leaf++) {
            OWN(store_held_drop) struct store_held *held = NULL;
            struct statement st;
            rc = store_statement(p->s, leaf, &held, &st, e);
            const char *of = rc != 0                      ? NULL
                             : kind == STATEMENT_IDENTITY ? st.identity.person
                                                          : st.identity_sealed.person;
            if (of != NULL && strcmp(of, person) == 0)
                rc = goes(p, STORE_TOUCH_IDENTITY, leaf, NULL, e);
        }
    return rc;
}

static int person_goes(struct planning *p, const char *person, struct err *e)
{
    int rc = items_of_person_go(p, person, e);
    if (rc == 0)
        rc = identities_go(p, STATEMENT_IDENTITY, person, e);
    if (rc == 0)
        rc = identities_go(p, STATEMENT_IDENTITY_SEALED, person, e);
    if (rc == 0 && p->plan->count == 0)
        rc = err_set(e, ERR_ABSENT, "nothing here is linked to %s alone, and nothing says who that is: "
                                    "groundwork consent show", person);
    return rc;
}

/* About these and nothing else: it goes too.  About others as well: it stays, and is told. */
static int custody_look(const struct planning *p, uint64_t leaf, uint64_t receipt, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    size_t in = 0;
    int rc = store_statement(p->s, leaf, &held, &st, e);
    if (rc != 0)
        return rc;
    if (st.custody.receipt != 0)
        return st.custody.receipt == receipt && receipt != 0 ? goes(p, STORE_TOUCH_CUSTODY, leaf, NULL, e) : 0;
    bool some = false;
    for (size_t i = 0; i < st.custody.item_count; i++) {
        in += ranges_hold(p->plan->leaves, p->plan->count, &st.custody.items[i]);
        for (uint64_t at = st.custody.items[i].first; !some && at <= st.custody.items[i].last; at++)
            some = statement_ranges_have(p->plan->leaves, p->plan->count, at);
    }
    if (in == st.custody.item_count)
        return goes(p, STORE_TOUCH_CUSTODY, leaf, NULL, e);
    return some ? touch(p, STORE_TOUCH_CUSTODY_STAYS, leaf, NULL, e) : 0;
}

static int custody_goes(struct planning *p, uint64_t receipt, struct err *e)
{
    int rc = find(p, STATEMENT_CUSTODY, 0, UINT64_MAX, e);
    for (size_t i = 0; rc == 0 && i < p->found.count; i++)
        for (uint64_t leaf = p->found.leaves[i].first; rc == 0 && leaf <= p->found.leaves[i].last; leaf++)
            rc = custody_look(p, leaf, receipt, e);
    return rc;
}

/* Whoever has what was given out has the item. */
static bool gave_out(const struct planning *p, const struct statement_accessed *x)
{
    bool some = false;
    if (strcmp(x->act, "exported") != 0 && strcmp(x->act, "restored") != 0)
        return false;
    for (size_t r = 0; r < x->item_count; r++)
        for (uint64_t at = x->items[r].first; !some && at <= x->items[r].last; at++)
            some = statement_ranges_have(p->plan->leaves, p->plan->count, at);
    return some;
}

static int export_ahead(void *context, const struct store_custody_event *event, struct err *e)
{
    const struct planning *p = context;
    return gave_out(p, event->accessed) ? touch(p, STORE_TOUCH_GIVEN_OUT, event->leaf, NULL, e) : 0;
}

static int exports_tell(struct planning *p, struct err *e)
{
    int rc = find(p, STATEMENT_ACCESSED, 0, UINT64_MAX, e);
    for (size_t i = 0; rc == 0 && i < p->found.count; i++)
        for (uint64_t leaf = p->found.leaves[i].first; rc == 0 && leaf <= p->found.leaves[i].last; leaf++) {
            OWN(store_held_drop) struct store_held *held = NULL;
            struct statement st;
            rc = store_statement(p->s, leaf, &held, &st, e);
            if (rc == 0 && gave_out(p, &st.accessed))
                rc = touch(p, STORE_TOUCH_GIVEN_OUT, leaf, NULL, e);
        }
    return rc == 0 ? store_accesses_ahead(p->s, export_ahead, p, e) : rc;
}

static int twin_tell(void *context, const struct index_item *item, struct err *e)
{
    const struct planning *p = context;
    return statement_ranges_have(p->plan->leaves, p->plan->count, item->leaf)
               ? 0
               : touch(p, STORE_TOUCH_TWIN_STAYS, item->leaf, item, e);
}

static int twin_look(void *context, const struct index_item *item, struct err *e)
{
    const struct planning *p = context;
    char hex[2 * CRYPT_HASH + 1];
    if (item->further_name || item->type != STATEMENT_FILE)
        return 0;
    hex_put(hex, item->sha256.b, CRYPT_HASH);
    return index_item_by_digest(p->s->index, hex, twin_tell, context, e);
}

static int twins_tell(struct planning *p, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && p->each != NULL && i < p->plan->count; i++)
        for (uint64_t leaf = p->plan->leaves[i].first; rc == 0 && leaf <= p->plan->leaves[i].last; leaf++) {
            struct err mine = {0};
            rc = index_item(store_index(p->s), leaf, twin_look, p, &mine);
            rc = rc == ERR_ABSENT ? 0 : rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
        }
    return rc;
}

int store_erase_plan(struct store *s, const struct store_erase_wish *wish,
                     int (*each)(void *context, const struct store_touched *t, struct err *e), void *context,
                     struct store_erase_plan *ret, struct err *e)
{
    struct planning p = {.s = s, .plan = ret, .each = each, .context = context};
    int rc = wish->receipt != 0 ? receipt_goes(&p, wish->receipt, e) : 0;
    for (size_t i = 0; rc == 0 && i < wish->count; i++)
        rc = index_item(store_index(s), wish->items[i], item_goes, &p, e);
    if (rc == 0 && wish->person != NULL)
        rc = person_goes(&p, wish->person, e);
    if (rc == 0)
        rc = custody_goes(&p, wish->receipt, e);
    if (rc == 0)
        rc = twins_tell(&p, e);
    if (rc == 0)
        rc = exports_tell(&p, e);
    store_erase_plan_release(&p.found);
    return rc;
}

/* ---- may these be erased? ---- */

struct checking {
    struct store *s;
    const struct statement_range *leaves;
    size_t count;
    struct store_deposit_of whole; /* the last deposit that was found to go as a whole */
};

static int name_check(void *context, const struct index_item *item, struct err *e)
{
    const struct checking *c = context;
    return statement_ranges_have(c->leaves, c->count, item->leaf)
               ? 0
               : err_set(e, ERR_REFUSED, "rule erasing-leaves: leaf %llu is a further name of item %llu, and is not "
                                         "to be erased with it",
                         (unsigned long long)item->leaf, (unsigned long long)item->of);
}

static int span_check(void *context, const struct statement_range *range, struct err *e)
{
    const struct checking *c = context;
    return ranges_hold(c->leaves, c->count, range)
               ? 0
               : err_set(e, ERR_REFUSED, "rule erasing-leaves: items of its deposit stay (leaves %llu to %llu)",
                         (unsigned long long)range->first, (unsigned long long)range->last);
}

static int is_whole(void *context, const struct index_deposit *d, struct err *e)
{
    struct checking *c = context;
    (void)e;
    if (d->leaf == c->whole.deposit && d->receipt != 0)
        c->whole.receipt_leaf = d->receipt_leaf;
    return 0;
}

/* Its opening, or one of its parts: only with all of its items, and when it is closed. */
static int deposit_check(struct checking *c, uint64_t deposit, struct err *e)
{
    if (c->whole.deposit == deposit && c->whole.receipt_leaf != 0)
        return 0;
    c->whole = (struct store_deposit_of){.deposit = deposit};
    int rc = index_deposits(store_index(c->s), is_whole, c, e);
    if (rc == 0 && (c->whole.receipt_leaf == 0 || !statement_ranges_have(c->leaves, c->count, deposit)))
        rc = err_set(e, ERR_REFUSED, "rule erasing-leaves: the deposit of leaf %llu is open, or stays",
                     (unsigned long long)deposit);
    return rc == 0 ? index_spans(c->s->index, deposit, span_check, c, e) : rc;
}

static int leaf_check(struct checking *c, uint64_t leaf, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(c->s, leaf, &held, &st, e);
    if (rc != 0)
        return rc;
    switch (st.kind) {
    case STATEMENT_RECEIVED:
        return st.received.further_name ? 0 : index_further(store_index(c->s), leaf, name_check, c, e);
    case STATEMENT_CUSTODY:
    case STATEMENT_NOTE:
    case STATEMENT_IDENTITY:
    case STATEMENT_IDENTITY_SEALED:
        return 0;
    case STATEMENT_DEPOSIT:
        return deposit_check(c, leaf, e);
    case STATEMENT_PART:
        return deposit_check(c, st.part.deposit, e);
    default:
        return err_set(e, ERR_REFUSED, "rule erasing-leaves: leaf %llu is \"%s\", which stays",
                       (unsigned long long)leaf, statement_kind_name(st.kind));
    }
}

int store_erase_leaves_check(struct store *s, const struct statement_range *leaves, size_t count, struct err *e)
{
    struct checking c = {s, leaves, count, {0}};
    struct ledger_position now;
    int rc = 0;
    ledger_where(store_ledger(s), &now);
    for (size_t i = 0; i < count; i++)
        if (leaves[i].last >= now.leaves || leaves[i].first > leaves[i].last)
            return err_set(e, ERR_REFUSED, "rule erasing-leaves: there is no leaf %llu",
                           (unsigned long long)leaves[i].last);
    for (size_t i = 0; rc == 0 && i < count; i++)
        for (uint64_t leaf = leaves[i].first; rc == 0 && leaf <= leaves[i].last; leaf++)
            rc = leaf_check(&c, leaf, e);
    return rc;
}
