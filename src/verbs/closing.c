/*
 * The end of a deposit: its receipt; also for one whose intake was interrupted, whose sums are then made from what its
 * parts say.
 */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

int verbs_receipt_write(struct store *s, uint64_t deposit, uint64_t parts, const struct statement_totals *totals,
                        uint64_t *ret_number, struct err *e)
{
    struct index_sums sums;
    int rc = index_sums(store_index(s), &sums, e);
    if (rc != 0)
        return rc;
    struct statement st = {
        .kind = STATEMENT_RECEIPT,
        .at_unix_s = time_now_unix_s(),
        .receipt = {.deposit = deposit, .number = sums.next_receipt, .parts = parts, .totals = *totals}};
    *ret_number = sums.next_receipt;
    return store_add(s, &st, NULL, NULL, e);
}

struct open_deposit {
    struct store *store;
    uint64_t leaf, parts;
    bool found;
    int64_t opened;
    struct statement_totals totals;
};

static int find_open(void *context, const struct index_deposit *d, struct err *e)
{
    struct open_deposit *o = context;
    (void)e;
    if (d->receipt == 0 && !o->found) {
        o->found = true;
        o->leaf = d->leaf;
        o->parts = d->parts;
        o->opened = d->opened_unix_s;
    }
    return 0;
}

static void add_to(struct statement_sum *sum, uint64_t bytes)
{
    sum->files++;
    sum->bytes += bytes;
}

struct name_bytes {
    uint64_t bytes;
};

static int take_bytes(void *context, const struct index_item *item, struct err *e)
{
    (void)e;
    ((struct name_bytes *)context)->bytes = item->bytes;
    return 0;
}

static int count_item(void *context, const struct index_item *item, struct err *e)
{
    struct open_deposit *o = context;
    struct statement_totals *t = &o->totals;
    if (item->further_name) {
        struct name_bytes n = {0};
        int rc = index_item(store_index(o->store), item->of, take_bytes, &n, e);
        if (rc != 0)
            return rc;
        add_to(&t->taken, n.bytes);
        add_to(&t->names, n.bytes);
    } else if (item->type == STATEMENT_FOLDER)
        t->folders_taken++;
    else
        add_to(item->duplicate_of != UINT64_MAX ? &t->duplicate : &t->taken, item->bytes);
    return 0;
}

static int count_refused(void *context, const struct statement_refused *r, struct err *e)
{
    struct open_deposit *o = context;
    (void)e;
    add_to(&o->totals.refused, r->bytes);
    return 0;
}

static int count_seen_again(void *context, const struct index_item *item, struct err *e)
{
    struct open_deposit *o = context;
    struct name_bytes n = {item->bytes};
    int rc = item->further_name ? index_item(store_index(o->store), item->of, take_bytes, &n, e) : 0;
    if (item->type == STATEMENT_FOLDER && !item->further_name)
        o->totals.folders_already++;
    else
        add_to(&o->totals.already, n.bytes);
    return rc;
}

static int count_already(void *context, const struct statement_range *range, struct err *e)
{
    struct open_deposit *o = context;
    int rc = 0;
    for (uint64_t leaf = range->first; rc == 0 && leaf <= range->last; leaf++)
        rc = index_item(store_index(o->store), leaf, count_seen_again, o, e);
    return rc;
}

static void seen_from_parts(struct statement_totals *t)
{
    t->seen.files = t->taken.files + t->duplicate.files + t->already.files + t->refused.files;
    t->seen.bytes = t->taken.bytes + t->duplicate.bytes + t->already.bytes + t->refused.bytes;
}

int verbs_close_interrupted(struct store *s, const struct verbs_face *face, struct err *e)
{
    for (;;) {
        struct open_deposit o = {.store = s};
        struct index *x = store_index(s);
        uint64_t number = 0;
        int rc = index_deposits(x, find_open, &o, e);
        if (rc != 0 || !o.found)
            return rc;
        rc = index_items(x, o.leaf, 0, count_item, &o, e);
        if (rc == 0)
            rc = index_refused(x, o.leaf, count_refused, &o, e);
        if (rc == 0)
            rc = index_already_of(x, o.leaf, count_already, &o, e);
        seen_from_parts(&o.totals);
        if (rc == 0)
            rc = store_draft_begin(s, e);
        if (rc == 0)
            rc = verbs_receipt_write(s, o.leaf, o.parts, &o.totals, &number, e);
        if (rc == 0)
            rc = store_commit(s, e);
        if (rc != 0)
            return rc;
        char when[TIME_TEXT_MAX];
        time_text(when, o.opened);
        verbs_warn(face,
                   "The intake that began at %s was interrupted: what it had taken in (%" PRIu64 " files) is on "
                   "receipt %" PRIu64 " now.",
                   when, o.totals.taken.files + o.totals.duplicate.files, number);
    }
}
