/*
 * Counting again what a receipt sums up: each deposit from its own leaves and part statements, as the walk of the
 * journal opens them.  Of every leaf only kind and size are kept, 8 bytes, for further names and for what was seen
 * again.  Which items came as duplicates depends on what lived when they came: that is the index's to say.
 */
#include "store/store_internal.h"

#include "base/text.h"

/* Links are files of 0 bytes. */
enum { KIND_SHIFT = 56, KIND_NONE = 0, KIND_FILE = 1, KIND_FOLDER = 2, KIND_ERASED = 3 };

static void found(const struct store_recount *c, uint64_t leaf, const char *line)
{
    struct err text = {0};
    (void)err_set(&text, ERR_DAMAGED, "leaf %llu: %s", (unsigned long long)leaf, text_tr(line));
    c->finding(c->context, text.text);
}

void store_recount_release(struct store_recount *c)
{
    free(c->open);
    free(c->leaf);
    free(c->run);
    *c = (struct store_recount){0};
}

static struct store_recounted *deposit_of(const struct store_recount *c, uint64_t leaf)
{
    for (size_t i = c->open_count; i-- > 0;)
        if (c->open[i].deposit == leaf)
            return &c->open[i];
    return NULL;
}

static int deposit_open(struct store_recount *c, uint64_t leaf, struct err *e)
{
    if (c->open_count == c->open_room) {
        size_t room = c->open_room * 2 + 4;
        struct store_recounted *grown = reallocarray(c->open, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        c->open = grown;
        c->open_room = room;
    }
    c->open[c->open_count++] = (struct store_recounted){.deposit = leaf};
    return 0;
}

static int run_note(struct store_recount *c, uint64_t leaf, struct err *e)
{
    if (c->run_count > 0 && c->run[c->run_count - 1].last + 1 == leaf) {
        c->run[c->run_count - 1].last = leaf;
        return 0;
    }
    if (c->run_count == c->run_room) {
        size_t room = c->run_room * 2 + 16;
        struct statement_range *grown = reallocarray(c->run, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        c->run = grown;
        c->run_room = room;
    }
    c->run[c->run_count++] = (struct statement_range){leaf, leaf};
    return 0;
}

static int leaf_note(struct store_recount *c, uint64_t leaf, uint64_t kind, uint64_t bytes, struct err *e)
{
    if (leaf >= c->leaf_room) {
        size_t room = (size_t)leaf + (size_t)leaf / 2 + 1024;
        uint64_t *grown = reallocarray(c->leaf, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        memset(grown + c->leaf_room, 0, (room - c->leaf_room) * sizeof *grown);
        c->leaf = grown;
        c->leaf_room = room;
    }
    c->leaf[leaf] = kind << KIND_SHIFT | (bytes & (((uint64_t)1 << KIND_SHIFT) - 1));
    return run_note(c, leaf, e);
}

static uint64_t kind_at(const struct store_recount *c, uint64_t leaf)
{
    return leaf < c->leaf_room ? c->leaf[leaf] >> KIND_SHIFT : KIND_NONE;
}

static uint64_t bytes_at(const struct store_recount *c, uint64_t leaf)
{
    return leaf < c->leaf_room ? c->leaf[leaf] & (((uint64_t)1 << KIND_SHIFT) - 1) : 0;
}

int store_recount_erased(struct store_recount *c, uint64_t leaf, struct err *e)
{
    c->erased++;
    return leaf_note(c, leaf, KIND_ERASED, 0, e);
}

static void add_to(struct statement_sum *sum, uint64_t bytes)
{
    sum->files++;
    sum->bytes += bytes;
}

static int received(struct store_recount *c, struct store_recounted *d, uint64_t leaf,
                    const struct statement_received *r, struct err *e)
{
    bool folder = !r->further_name && r->type == STATEMENT_FOLDER;
    uint64_t bytes = r->further_name                ? bytes_at(c, r->of)
                     : r->type == STATEMENT_FILE ? r->bytes
                                                 : 0;
    /* No more can be left out than is erased. */
    if (r->seq < d->items || r->seq - d->items > c->erased)
        found(c, leaf, TEXT("its number does not follow in its deposit"));
    d->items = r->seq + 1;
    if (r->further_name && kind_at(c, r->of) != KIND_FILE && kind_at(c, r->of) != KIND_ERASED)
        found(c, leaf, TEXT("it is a further name of what is no file"));
    if (folder)
        d->totals.folders_taken++;
    else
        add_to(&d->totals.taken, bytes);
    if (r->further_name)
        add_to(&d->totals.names, bytes);
    return leaf_note(c, leaf, folder ? KIND_FOLDER : KIND_FILE, bytes, e);
}

static void part(struct store_recount *c, struct store_recounted *d, uint64_t leaf, const struct statement_part *p)
{
    if (p->part != d->parts++)
        found(c, leaf, TEXT("its number does not follow in its deposit"));
    for (size_t i = 0; i < p->refused_count; i++)
        add_to(&d->totals.refused, p->refused[i].bytes);
    for (size_t i = 0; i < p->already_count; i++)
        for (uint64_t at = p->already[i].first; at <= p->already[i].last; at++)
            if (kind_at(c, at) == KIND_FOLDER)
                d->totals.folders_already++;
            else if (kind_at(c, at) == KIND_FILE)
                add_to(&d->totals.already, bytes_at(c, at));
            else if (kind_at(c, at) != KIND_ERASED) {
                found(c, leaf, TEXT("it names a leaf that is no item as seen again"));
                return;
            }
}

static bool same_sum(struct statement_sum a, struct statement_sum b)
{
    return a.files == b.files && a.bytes == b.bytes;
}

/* What is erased cannot be counted again: then what a receipt says is at least what is there. */
static bool agrees(const struct store_recount *c, struct statement_sum says, struct statement_sum counted)
{
    return c->erased == 0 ? same_sum(says, counted)
                          : says.files >= counted.files && says.files - counted.files <= c->erased &&
                                says.bytes >= counted.bytes;
}

static bool agree_folders(const struct store_recount *c, uint64_t says, uint64_t counted)
{
    return says >= counted && says - counted <= c->erased;
}

/* taken counts duplicates here too. */
static void receipt(struct store_recount *c, const struct store_recounted *d, uint64_t leaf,
                    const struct statement_receipt *r)
{
    const struct statement_totals *counted = &d->totals, *says = &r->totals;
    struct statement_sum came = {says->taken.files + says->duplicate.files,
                                 says->taken.bytes + says->duplicate.bytes};
    if (r->parts != d->parts)
        found(c, leaf, TEXT("the receipt does not agree with the parts of its deposit"));
    if (!agrees(c, came, counted->taken) || !agree_folders(c, says->folders_taken, counted->folders_taken))
        found(c, leaf, TEXT("the receipt does not agree with the items of its deposit"));
    if (!agrees(c, says->names, counted->names))
        found(c, leaf, TEXT("the receipt does not agree with the further names of its deposit"));
    if (!agrees(c, says->already, counted->already) ||
        !agree_folders(c, says->folders_already, counted->folders_already))
        found(c, leaf, TEXT("the receipt does not agree with what its deposit saw again"));
    if (!same_sum(says->refused, counted->refused))
        found(c, leaf, TEXT("the receipt does not agree with what its deposit refused"));
}

/* The first run of items that does not end before ${leaf}; none: past them all. */
static struct statement_range run_at(const struct store_recount *c, uint64_t leaf)
{
    size_t from = 0, to = c->run_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (c->run[middle].last < leaf)
            from = middle + 1;
        else
            to = middle;
    }
    return from < c->run_count ? c->run[from] : (struct statement_range){UINT64_MAX, UINT64_MAX};
}

/* Of items that were there before it, and of nothing else. */
static void of_items(const struct store_recount *c, uint64_t leaf, const struct statement_range *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct statement_range run = run_at(c, items[i].first);
        if (run.first > items[i].first || run.last < items[i].last) {
            found(c, leaf, TEXT("it is about a leaf that is no item"));
            return;
        }
    }
}

/* A record may name more than was accessed: ranges that were joined hold leaves that are no items. */
static void of_some_items(const struct store_recount *c, uint64_t leaf, const struct statement_range *items,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].last >= leaf || run_at(c, items[i].first).first > items[i].last) {
            found(c, leaf, TEXT("it is about leaves of which none is an item that was there before it"));
            return;
        }
}

static void about_items(const struct store_recount *c, uint64_t leaf, const struct statement *st)
{
    if (st->kind == STATEMENT_CONSENT)
        of_items(c, leaf, &(struct statement_range){st->consent.form, st->consent.form}, st->consent.has_form);
    else if (st->kind == STATEMENT_CONCERNS)
        of_items(c, leaf, st->concerns.items, st->concerns.item_count);
    else if (st->kind == STATEMENT_PROTECTED)
        of_items(c, leaf, st->protected.items, st->protected.item_count);
    else if (st->kind == STATEMENT_HOLD)
        of_items(c, leaf, st->hold.items, st->hold.item_count);
}

int store_recount_add(struct store_recount *c, uint64_t leaf, const struct statement *st, struct err *e)
{
    uint64_t deposit = st->kind == STATEMENT_RECEIVED  ? st->received.deposit
                       : st->kind == STATEMENT_PART    ? st->part.deposit
                       : st->kind == STATEMENT_RECEIPT ? st->receipt.deposit
                                                       : UINT64_MAX;
    if (st->kind == STATEMENT_DEPOSIT)
        return deposit_open(c, leaf, e);
    if (st->kind == STATEMENT_CUSTODY && st->custody.receipt > c->receipts)
        found(c, leaf, TEXT("it is about a receipt that is not there"));
    if (st->kind == STATEMENT_CUSTODY)
        of_items(c, leaf, st->custody.items, st->custody.item_count);
    about_items(c, leaf, st);
    if (st->kind == STATEMENT_ACCESSED)
        of_some_items(c, leaf, st->accessed.items, st->accessed.item_count);
    c->receipts += st->kind == STATEMENT_RECEIPT;
    if (deposit == UINT64_MAX)
        return 0;
    struct store_recounted *d = deposit_of(c, deposit);
    if (d == NULL && kind_at(c, deposit) == KIND_ERASED) /* of which nothing is left to be counted */
        return 0;
    if (d == NULL) {
        found(c, leaf, TEXT("it is of a deposit that is not open"));
        return 0;
    }
    if (st->kind == STATEMENT_RECEIVED)
        return received(c, d, leaf, &st->received, e);
    if (st->kind == STATEMENT_PART)
        part(c, d, leaf, &st->part);
    else {
        receipt(c, d, leaf, &st->receipt);
        *d = c->open[--c->open_count];
    }
    return 0;
}

/* ---- duplicates, by the index ---- */

struct counting {
    struct store_recount *recount;
    struct index *index;
    struct statement_sum duplicate;
};

static int count_duplicate(void *context, const struct index_item *item, struct err *e)
{
    struct counting *x = context;
    (void)e;
    if (item->duplicate_of != UINT64_MAX && item->type == STATEMENT_FILE && !item->further_name)
        add_to(&x->duplicate, item->bytes);
    return 0;
}

static int count_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    struct counting *x = context;
    if (d->receipt == 0)
        return 0;
    x->duplicate = (struct statement_sum){0};
    int rc = index_items(x->index, d->leaf, 0, count_duplicate, x, e);
    bool good = x->recount->erased == 0 ? same_sum(x->duplicate, d->totals.duplicate)
                                        : x->duplicate.files <= d->totals.duplicate.files;
    if (rc == 0 && !good)
        found(x->recount, d->receipt_leaf, TEXT("the receipt does not agree with the duplicates of its deposit"));
    return rc;
}

int store_recount_duplicates(struct store_recount *c, struct index *x, struct err *e)
{
    struct counting counting = {c, x, {0}};
    return index_deposits(x, count_deposit, &counting, e);
}
