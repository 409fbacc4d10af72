/*
 * Which leaves are erased: by the `erased` statements of the log, from the index where it stands at the log's end, else
 * from the journal.  Asked for when a secret is wanted, so also by several threads.  FORMAT 19.
 */
#include "store/store_internal.h"

#include <stdio.h>

void store_erasures_release(struct store_erasures *x)
{
    free(x->list);
    free(x->acts);
    free(x->published);
    *x = (struct store_erasures){0};
}

static int range_order(const void *a, const void *b)
{
    const struct store_erased_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static int ranges_add(struct store_erasures *x, uint64_t leaf, const struct statement_erased *said, struct err *e)
{
    if (x->count + said->count > x->room) {
        size_t room = (x->count + said->count) * 2;
        struct store_erased_range *grown = reallocarray(x->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        x->list = grown;
        x->room = room;
    }
    for (size_t i = 0; i < said->count; i++)
        x->list[x->count++] = (struct store_erased_range){said->leaves[i].first, said->leaves[i].last, leaf};
    return 0;
}

/* No leaf is erased twice.  What says so all the same is cut to what is left, so that the ranges lie apart whatever the
 * log says: they are looked up by halves. */
static void ranges_sort(struct store_erasures *x)
{
    size_t kept = 0;
    if (x->count < 2)
        return;
    qsort(x->list, x->count, sizeof *x->list, range_order);
    for (size_t i = 1; i < x->count; i++) {
        struct store_erased_range r = x->list[i], *last = &x->list[kept];
        if (r.last <= last->last)
            continue;
        if (r.first <= last->last)
            r.first = last->last + 1;
        x->list[++kept] = r;
    }
    x->count = kept + 1;
}

static int act_add(struct store_erasures *x, uint64_t leaf, const struct statement *st, struct err *e)
{
    struct store_erased *grown = reallocarray(x->acts, x->act_count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    x->acts = grown;
    const struct statement_erased *said = &st->erased;
    struct store_erased *act = &grown[x->act_count];
    *act = (struct store_erased){
        .leaf = leaf, .at_unix_s = st->at_unix_s, .epoch = said->epoch, .request = said->by.proposal, .pending = true};
    memcpy(act->compartment, said->compartment, STATEMENT_ID);
    for (size_t i = 0; i < said->count; i++)
        act->leaves += said->leaves[i].last - said->leaves[i].first + 1;
    int rc = ranges_add(x, leaf, said, e);
    x->act_count += rc == 0;
    return rc;
}

int store_erasures_take(struct store *s, uint64_t leaf, const struct statement *st, struct err *e)
{
    int rc = act_add(&s->erasures, leaf, st, e);
    ranges_sort(&s->erasures);
    return rc;
}

/* ---- from the journal ---- */

/* The boxes of the epoch that it begins are named by the record that ends the one before. */
static bool is_done_by(const struct store_erased *act, const struct statement *st)
{
    char hex[2 * STATEMENT_ID + 1], box[2 * STATEMENT_ID + 32];
    hex_put(hex, act->compartment, STATEMENT_ID);
    int n = snprintf(box, sizeof box, "%s/wrap-%llu-", hex, (unsigned long long)act->epoch);
    for (size_t i = 0; i < st->keyring.count; i++)
        if (!st->keyring.files[i].removed && strncmp(st->keyring.files[i].name, box, (size_t)n) == 0)
            return true;
    return false;
}

static void keyring_take(struct store_erasures *x, uint64_t leaf, const struct statement *st)
{
    for (size_t a = 0; a < x->act_count; a++)
        if (x->acts[a].pending && is_done_by(&x->acts[a], st)) {
            x->acts[a].pending = false;
            x->acts[a].done = leaf;
        }
}

static int published_take(struct store_erasures *x, const struct statement *st, struct err *e)
{
    for (size_t i = 0; i < st->keyring.count; i++) {
        struct store_published p;
        if (st->keyring.files[i].removed || !keyring_receiving_number(st->keyring.files[i].name, p.member, &p.number))
            continue;
        struct store_published *grown = reallocarray(x->published, x->published_count + 1, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        x->published = grown;
        x->published[x->published_count++] = p;
    }
    return 0;
}

static bool says(struct bytes open, const char *kind)
{
    return memmem(open.p, open.n, kind, strlen(kind)) != NULL;
}

/* Most records say nothing of it, and are not taken apart. */
static int journal_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct store *s = context;
    struct store_erasures *x = &s->erasures;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    if (!says(r->open, "\"kind\":\"erased\"") && (x->act_count == 0 || !says(r->open, "\"kind\":\"keyring\"")))
        return 0;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        uint64_t leaf = r->first_leaf + r->hidden_count + i;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&s->history, leaf, note, &held, &st, e);
        if (rc == 0 && st.kind == STATEMENT_ERASED)
            rc = act_add(x, leaf, &st, e);
        if (rc == 0 && st.kind == STATEMENT_KEYRING)
            keyring_take(x, leaf, &st);
        if (rc == 0 && st.kind == STATEMENT_KEYRING)
            rc = published_take(x, &st, e);
    }
    return rc;
}

/* ---- from the index ---- */

static int index_row(void *context, const struct index_statement_row *row, struct err *e)
{
    struct store *s = context;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(s, row->leaf, &held, &st, e);
    return rc == 0 ? act_add(&s->erasures, row->leaf, &st, e) : rc;
}

/* What the keys tell is nearer than the log: an epoch that these keys have has begun. */
static void by_keys(struct store *s)
{
    for (size_t i = 0; i < s->erasures.act_count; i++) {
        struct store_erased *act = &s->erasures.acts[i];
        act->ours = memcmp(act->compartment, s->compartment, STATEMENT_ID) == 0;
        if (act->ours)
            act->pending = !act->refused && keyring_epoch(s->keyring) < act->epoch;
    }
}

struct ending {
    struct store *s;
    struct store_erased *act;
};

static int ending_row(void *context, const struct index_statement_row *row, struct err *e)
{
    const struct ending *x = context;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(x->s, row->leaf, &held, &st, e);
    if (rc != 0 || !is_done_by(x->act, &st))
        return rc;
    x->act->done = row->leaf;
    return ERR_STOPPED;
}

/* Has the epoch of each begun?  Of whatever compartment: its boxes are named to everybody. */
static int by_index(struct store *s, struct err *e)
{
    int rc = index_statements(s->index, 0, STATEMENT_ERASED, index_row, s, e);
    for (size_t i = 0; rc == 0 && i < s->erasures.act_count; i++) {
        OWN(store_boxed_release) struct store_boxed b = {.epoch = 0};
        rc = store_boxed(s, s->erasures.acts[i].compartment, &b, e);
        struct ending x = {s, &s->erasures.acts[i]};
        x.act->pending = b.epoch < x.act->epoch;
        if (rc == 0 && !x.act->pending)
            rc = index_statements(s->index, x.act->leaf, STATEMENT_KEYRING, ending_row, &x, e);
        rc = rc == ERR_STOPPED ? 0 : rc;
    }
    return rc;
}

static int load(struct store *s, struct err *e)
{
    struct err mine = {0};
    bool indexed = s->keyring != NULL && store_index_current(s);
    int rc = indexed ? by_index(s, &mine) : 0;
    if (!indexed || rc == ERR_DAMAGED) { /* of a damaged index its own check tells */
        store_erasures_release(&s->erasures);
        rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, journal_record, s, &mine);
    }
    bool checking = s->manner == STORE_PUBLIC || s->manner == STORE_CHECK;
    if (rc != 0 && !(rc == ERR_DAMAGED && checking)) { /* what is damaged in it, the check tells */
        store_erasures_release(&s->erasures);
        return err_set(e, rc, "%s", mine.text);
    }
    ranges_sort(&s->erasures);
    if (s->keyring != NULL)
        by_keys(s);
    s->erasures.known = true;
    return 0;
}

int store_erasures(struct store *s, struct err *e)
{
    pthread_mutex_lock(&s->erasures_lock);
    int rc = s->erasures.known ? 0 : load(s, e);
    pthread_mutex_unlock(&s->erasures_lock);
    return rc;
}

/* ---- asked ---- */

static size_t range_at(const struct store_erasures *x, uint64_t leaf)
{
    size_t low = 0, high = x->count; /* the first range that does not end before it */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x->list[middle].last < leaf)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool store_erased_at(const struct store *s, uint64_t leaf, uint64_t *ret_by)
{
    const struct store_erasures *x = &s->erasures;
    size_t i = range_at(x, leaf);
    bool is = x->known && i < x->count && x->list[i].first <= leaf;
    if (is && ret_by != NULL)
        *ret_by = x->list[i].by;
    return is;
}

const struct store_erased *store_erased_by(const struct store *s, uint64_t by)
{
    size_t i = s->erasures.act_count;
    while (i > 0 && s->erasures.acts[i - 1].leaf != by)
        i--;
    return i == 0 ? NULL : &s->erasures.acts[i - 1];
}

int store_is_erased(struct store *s, uint64_t leaf, bool *ret, struct err *e)
{
    store_behind_wait(s);
    int rc = store_erasures(s, e);
    if (rc == 0)
        *ret = store_erased_at(s, leaf, NULL);
    return rc;
}

uint64_t store_erased_between(const struct store *s, uint64_t first, uint64_t last)
{
    const struct store_erasures *x = &s->erasures;
    uint64_t n = 0;
    for (size_t i = range_at(x, first); x->known && i < x->count && x->list[i].first <= last; i++) {
        uint64_t from = x->list[i].first > first ? x->list[i].first : first,
                 to = x->list[i].last < last ? x->list[i].last : last;
        n += to - from + 1;
    }
    return n;
}

int store_erased_ranges(struct store *s, uint64_t first, uint64_t last,
                        int (*each)(void *context, const struct statement_range *range, uint64_t by, struct err *e),
                        void *context, struct err *e)
{
    const struct store_erasures *x = &s->erasures;
    int rc = store_erasures(s, e);
    for (size_t i = rc == 0 ? range_at(x, first) : 0; rc == 0 && i < x->count && x->list[i].first <= last; i++) {
        const struct statement_range range = {x->list[i].first > first ? x->list[i].first : first,
                                              x->list[i].last < last ? x->list[i].last : last};
        rc = each(context, &range, x->list[i].by, e);
    }
    return rc;
}

enum { GLANCE_RECORDS = 64 };
struct glance {
    unsigned records;
    bool any;
};

static int glance_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct glance *g = context;
    (void)e;
    g->any = says(r->open, "\"kind\":\"erased\"");
    return g->any || ++g->records == GLANCE_RECORDS ? ERR_STOPPED : 0;
}

/* What is destroyed has left segments that were written anew; what is not yet is among what was said last. */
bool store_erase_glance(struct store *s)
{
    struct glance g = {0};
    bool rewritten = false;
    if (keyring_rewritten(s->root, &rewritten, NULL) != 0 || rewritten)
        return true;
    (void)ledger_walk_back(store_ledger(s), glance_record, &g, NULL);
    return g.any;
}

int store_erased_each(struct store *s, int (*each)(void *context, const struct store_erased *act, struct err *e),
                      void *context, struct err *e)
{
    int rc = store_erasures(s, e);
    for (size_t i = 0; rc == 0 && i < s->erasures.act_count; i++)
        rc = each(context, &s->erasures.acts[i], e);
    return rc;
}

const struct store_erased *store_erase_pending(const struct store *s, bool ours)
{
    for (size_t i = 0; s->erasures.known && i < s->erasures.act_count; i++)
        if (s->erasures.acts[i].pending && (s->erasures.acts[i].ours || !ours))
            return &s->erasures.acts[i];
    return NULL;
}

void store_erased_done(struct store *s)
{
    if (s->erasures.known && s->keyring != NULL)
        by_keys(s);
}
