/* Taking statements over: what each kind leaves in the tables. */
#include "index/index_internal.h"

#include <assert.h>

enum { TOTALS = sizeof(struct statement_totals) / sizeof(uint64_t), WAITING_MAX = 1 << 17 };
static_assert(sizeof(struct statement_totals) == 14 * sizeof(uint64_t), "a receipt's sums are 14 numbers");

/* Source: G. Fowler, L. C. Noll, K.-P. Vo: FNV-1a, 64 bits. */
uint64_t index_path_hash(struct bytes path)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < path.n; i++)
        h = (h ^ path.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static int do_it(struct index_query *q, struct err *e)
{
    int rc = index_row(q, e);
    assert(rc <= 0); /* no statement that writes gives rows */
    return rc;
}

/* As do_it, for an UPDATE that must find its row. */
static int do_one(struct index_query *q, uint64_t leaf, struct err *e)
{
    int rc = do_it(q, e);
    if (rc == 0 && sqlite3_changes(q->x->db) == 0)
        rc = err_set(e, ERR_DAMAGED, "leaf %llu is about a deposit that is not there or is closed",
                     (unsigned long long)leaf);
    return rc;
}

static void put_u64_or_null(struct index_query *q, bool given, uint64_t v)
{
    if (given)
        index_put_u64(q, v);
    else
        index_put_null(q);
}

/* ---- items ---- */

/* The deposit must be there; most items ask for the same one. */
static int deposit_know(struct index *x, uint64_t leaf, uint64_t deposit, struct err *e)
{
    if (x->deposit.known && x->deposit.leaf == deposit)
        return 0;
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_DEPOSIT_ASIDE, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, deposit);
    rc = index_row(&q, e);
    if (rc == 0)
        rc = err_set(e, ERR_DAMAGED, "leaf %llu is about a deposit that is not there or is closed",
                     (unsigned long long)leaf);
    if (rc < 0)
        return rc;
    x->deposit.known = true;
    x->deposit.leaf = deposit;
    x->deposit.aside = index_u64(&q, 0) != 0;
    return 0;
}

/* The earliest living item with these bytes, or UINT64_MAX; and whether any item, set aside or not, has them. */
static int earliest(struct index *x, const struct statement_received *r, uint64_t *ret, bool *ret_any, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    *ret_any = false;
    *ret = UINT64_MAX;
    if (!index_sieve_holds(x, INDEX_KEY_OF_DIGEST, index_prefix(&r->sha256)))
        return 0;
    int rc = index_ask(x, SQL_DIGEST_FIND, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, index_prefix(&r->sha256));
    index_put_bytes(&q, bytes_of(r->sha256.b, CRYPT_HASH));
    index_put_u64(&q, r->bytes);
    rc = index_row(&q, e);
    if (rc < 0)
        return rc;
    *ret_any = rc == 1;
    *ret = rc == 1 && index_u64(&q, 0) == 0 ? index_u64(&q, 1) : UINT64_MAX;
    return 0;
}

int index_span_store(struct index *x, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    if (x->span.count == 0)
        return 0;
    int rc = index_ask(x, SQL_SPAN_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, x->span.deposit);
    index_put_u64(&q, x->span.first);
    index_put_u64(&q, x->span.first + x->span.count - 1);
    x->span.count = 0;
    return do_it(&q, e);
}

static int span_add(struct index *x, uint64_t leaf, uint64_t deposit, struct err *e)
{
    bool follows = x->span.count > 0 && x->span.deposit == deposit && leaf == x->span.first + x->span.count;
    int rc = follows ? 0 : index_span_store(x, e);
    if (!follows) {
        x->span.deposit = deposit;
        x->span.first = leaf;
    }
    x->span.count++;
    return rc;
}

/* ---- rows that wait for the record's end ---- */

static int wait(struct index *x, struct index_waiting *w, const struct index_waiting_row *row, struct err *e)
{
    int rc = w->count == WAITING_MAX ? index_waiting_store(x, e) : 0;
    if (rc != 0)
        return rc;
    if (w->count == w->room) {
        size_t room = w->room * 2 + 256;
        struct index_waiting_row *grown = reallocarray(w->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        w->list = grown;
        w->room = room;
    }
    w->list[w->count++] = *row;
    return 0;
}

/* As SQL orders them: the key is a signed number there. */
static int in_key_order(const void *a, const void *b)
{
    const struct index_waiting_row *x = a, *y = b;
    int64_t kx = (int64_t)x->key, ky = (int64_t)y->key;
    if (kx != ky)
        return kx < ky ? -1 : 1;
    if (x->leaf != y->leaf)
        return x->leaf < y->leaf ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n);
}

static int waiting_add(struct index *x, const struct index_waiting_row *row, bool frame, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, frame ? SQL_FRAME_ADD : SQL_PATH_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, row->key);
    index_put_u64(&q, frame ? row->leaf : row->n);
    index_put_u64(&q, frame ? row->n : row->leaf);
    return do_it(&q, e);
}

static int waiting_store(struct index *x, struct index_waiting *w, bool frames, struct err *e)
{
    int rc = 0;
    if (w->count > 1)
        qsort(w->list, w->count, sizeof *w->list, in_key_order);
    for (size_t i = 0; rc == 0 && i < w->count; i++)
        rc = waiting_add(x, &w->list[i], frames, e);
    w->count = 0;
    return rc;
}

int index_place_store(struct index *x, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    if (!x->writing || !x->numbered.waits)
        return 0;
    int rc = index_ask(x, SQL_PLACE_PUT, &q, e);
    if (rc != 0)
        return rc;
    index_put_bytes(&q, bytes_of(x->numbered.place.investigation, STATEMENT_ID));
    index_put_u64(&q, x->numbered.leaf);
    index_put_u64(&q, x->numbered.place.seq + 1);
    index_put_bytes(&q, bytes_of(x->numbered.commitment.b, CRYPT_HASH));
    x->numbered.waits = false;
    return do_it(&q, e);
}

/* Rows wait between begin and end alone; at other times several threads ask, and nothing may be touched. */
int index_waiting_store(struct index *x, struct err *e)
{
    if (!x->writing)
        return 0;
    int rc = waiting_store(x, &x->paths, false, e);
    return rc == 0 ? waiting_store(x, &x->frames, true, e) : rc;
}

void index_waiting_release(struct index_waiting *w)
{
    free(w->list);
    *w = (struct index_waiting){0};
}

/* Digests cannot wait: the next item asks whether its own is there. */
static int digest_add(struct index *x, uint64_t prefix, uint64_t leaf, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    index_sieve_add(x, INDEX_KEY_OF_DIGEST, prefix);
    int rc = index_ask(x, SQL_DIGEST_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, prefix);
    index_put_u64(&q, x->deposit.aside);
    index_put_u64(&q, leaf);
    return do_it(&q, e);
}

static int path_add(struct index *x, uint64_t hash, uint64_t leaf, struct err *e)
{
    index_sieve_add(x, INDEX_KEY_OF_PATH, hash);
    return wait(x, &x->paths, &(struct index_waiting_row){hash, leaf, x->deposit.aside}, e);
}

struct lying { /* where a statement lies */
    uint64_t leaf, manifest, at;
    uint32_t bytes;
};

/* Only what the statement says is kept: of a further name nothing but name and item. */
static int item_put(struct index *x, const struct lying *l, const struct statement_received *r, uint64_t duplicate_of,
                    struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool object = !r->further_name && r->type == STATEMENT_FILE;
    int rc = index_ask(x, SQL_ITEM_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, l->leaf);
    index_put_u64(&q, r->deposit);
    index_put_u64(&q, r->seq);
    put_u64_or_null(&q, r->further_name, r->of);
    put_u64_or_null(&q, duplicate_of != UINT64_MAX, duplicate_of);
    index_put_u64(&q, r->further_name ? STATEMENT_FILE : r->type);
    put_u64_or_null(&q, !r->further_name, r->mode);
    put_u64_or_null(&q, !r->further_name, (uint64_t)r->mtime.s);
    put_u64_or_null(&q, !r->further_name, r->mtime.ns);
    put_u64_or_null(&q, object, r->bytes);
    put_u64_or_null(&q, l->manifest != LEAF_NO_MANIFEST, l->manifest);
    index_put_u64(&q, l->at);
    index_put_u64(&q, l->bytes);
    if (object)
        index_put_bytes(&q, bytes_of(r->sha256.b, CRYPT_HASH));
    else
        index_put_null(&q);
    index_put_bytes(&q, r->path);
    if (!r->further_name && r->type == STATEMENT_LINK)
        index_put_bytes(&q, r->target);
    else
        index_put_null(&q);
    return do_it(&q, e);
}

static int take_item(struct index *x, const struct lying *l, const struct statement_received *r, struct err *e)
{
    struct index_counters *c = &x->counters;
    bool object = !r->further_name && r->type == STATEMENT_FILE, any = false;
    uint64_t duplicate_of = UINT64_MAX;
    int rc = deposit_know(x, l->leaf, r->deposit, e);
    if (rc == 0 && object)
        rc = earliest(x, r, &duplicate_of, &any, e);
    if (rc == 0)
        rc = item_put(x, l, r, duplicate_of, e);
    if (rc == 0)
        rc = path_add(x, index_path_hash(r->path), l->leaf, e);
    if (rc == 0 && object)
        rc = digest_add(x, index_prefix(&r->sha256), l->leaf, e);
    if (rc == 0)
        rc = span_add(x, l->leaf, r->deposit, e);
    if (r->further_name)
        c->names++;
    else if (r->type == STATEMENT_FOLDER)
        c->folders++;
    else
        c->items++;
    c->bytes += object ? r->bytes : 0;
    c->distinct_bytes += object && !any ? r->bytes : 0;
    return rc;
}

/* ---- deposits ---- */

static int take_deposit(struct index *x, uint64_t leaf, const struct statement *s, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_DEPOSIT_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    index_put_text(&q, s->deposit.giver);
    index_put_text(&q, s->deposit.note);
    index_put_u64(&q, (uint64_t)s->at_unix_s);
    return do_it(&q, e);
}

static int take_refused(struct index *x, uint64_t leaf, uint64_t deposit, size_t n, const struct statement_refused *r,
                        struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_REFUSED_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, deposit);
    index_put_u64(&q, leaf);
    index_put_u64(&q, n);
    index_put_bytes(&q, r->path);
    index_put_text(&q, r->reason);
    index_put_u64(&q, r->bytes);
    return do_it(&q, e);
}

static int take_already(struct index *x, uint64_t leaf, uint64_t deposit, size_t n, const struct statement_range *r,
                        struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_ALREADY_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, deposit);
    index_put_u64(&q, leaf);
    index_put_u64(&q, n);
    index_put_u64(&q, r->first);
    index_put_u64(&q, r->last);
    return do_it(&q, e);
}

static int take_part(struct index *x, uint64_t leaf, const struct statement_part *p, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_DEPOSIT_PART, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, p->deposit);
    rc = do_one(&q, leaf, e);
    for (size_t i = 0; rc == 0 && i < p->refused_count; i++)
        rc = take_refused(x, leaf, p->deposit, i, &p->refused[i], e);
    for (size_t i = 0; rc == 0 && i < p->already_count; i++)
        rc = take_already(x, leaf, p->deposit, i, &p->already[i], e);
    return rc;
}

/* A receipt outlives its deposit: number and sums say nothing of anybody. */
static int deposit_erased(struct index *x, uint64_t deposit, int64_t at_unix_s, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_ERASED_DEPOSIT, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, deposit);
    index_put_u64(&q, (uint64_t)at_unix_s);
    return do_it(&q, e);
}

static int take_receipt(struct index *x, uint64_t leaf, const struct statement *s, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    uint64_t sums[TOTALS];
    uint8_t totals[sizeof sums];
    int rc = index_ask(x, SQL_DEPOSIT_CLOSE, &q, e);
    if (rc != 0)
        return rc;
    memcpy(sums, &s->receipt.totals, sizeof sums);
    for (size_t i = 0; i < TOTALS; i++)
        u64_put(totals + i * sizeof(uint64_t), sums[i]);
    rc = deposit_erased(x, s->receipt.deposit, s->at_unix_s, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, s->receipt.number);
    index_put_u64(&q, leaf);
    index_put_u64(&q, (uint64_t)s->at_unix_s);
    index_put_bytes(&q, bytes_of(totals, sizeof totals));
    index_put_u64(&q, s->receipt.deposit);
    return do_one(&q, leaf, e);
}

/* ---- setting aside ---- */

static int finder_aside(struct index *x, enum index_sql sql, uint64_t hash, uint64_t leaf, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, sql, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, hash);
    index_put_u64(&q, leaf);
    return do_it(&q, e);
}

/* Moved behind the living ones in paths and digests, so that looking for a living item passes none of these. */
static int item_aside(void *context, const struct index_item *item, struct err *e)
{
    struct index *x = context;
    int rc = finder_aside(x, SQL_PATH_ASIDE, index_path_hash(item->path), item->leaf, e);
    if (rc == 0 && !item->further_name && item->type == STATEMENT_FILE)
        rc = finder_aside(x, SQL_DIGEST_ASIDE, index_prefix(&item->sha256), item->leaf, e);
    return rc;
}

static int keep_leaf(void *context, const struct index_deposit *deposit, struct err *e)
{
    uint64_t *leaf = context;
    (void)e;
    *leaf = deposit->set_aside ? UINT64_MAX : deposit->leaf;
    return 0;
}

/* A second setting aside of the same receipt changes nothing: the first reason stays. */
static int take_set_aside(struct index *x, uint64_t leaf, const struct statement *s, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    uint64_t deposit = UINT64_MAX;
    int rc = index_deposit_by_receipt(x, s->set_aside.receipt, keep_leaf, &deposit, e);
    if (rc == ERR_ABSENT)
        return err_set(e, ERR_DAMAGED, "leaf %llu sets receipt %llu aside, which is not there",
                       (unsigned long long)leaf, (unsigned long long)s->set_aside.receipt);
    if (rc != 0 || deposit == UINT64_MAX)
        return rc;
    rc = index_waiting_store(x, e); /* its items' own may be among them */
    if (rc == 0)
        rc = index_items(x, deposit, 0, item_aside, x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_DEPOSIT_SET_ASIDE, &q, e);
    if (rc != 0)
        return rc;
    x->deposit.known = false;
    index_put_text(&q, s->set_aside.reason);
    index_put_u64(&q, deposit);
    return do_one(&q, leaf, e);
}

/* ---- what lies elsewhere: packs, runs, frames, the keyring's files ---- */

static int take_packs(struct index *x, const struct statement *s, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->packs.count; i++) {
        OWN(index_query_drop) struct index_query q = {0};
        const struct statement_pack *p = &s->packs.packs[i];
        rc = index_ask(x, SQL_PACK_PUT, &q, e);
        if (rc != 0)
            return rc;
        index_put_u64(&q, p->pack);
        index_put_u64(&q, p->sectors);
        index_put_u64(&q, p->sealed);
        index_put_bytes(&q, bytes_of(p->root.b, CRYPT_HASH));
        rc = do_it(&q, e);
    }
    return rc;
}

static int take_keyring(struct index *x, const struct statement *s, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->keyring.count; i++) {
        OWN(index_query_drop) struct index_query q = {0};
        const struct statement_file_hash *f = &s->keyring.files[i];
        rc = index_ask(x, f->removed ? SQL_KEYRING_REMOVE : SQL_KEYRING_PUT, &q, e);
        if (rc != 0)
            return rc;
        index_put_text(&q, f->name);
        if (!f->removed) {
            index_put_u64(&q, f->bytes);
            index_put_bytes(&q, bytes_of(f->sha256.b, CRYPT_HASH));
        }
        rc = do_it(&q, e);
    }
    return rc;
}

/* ---- what is erased ---- */

int index_erased(struct index *x, uint64_t leaf, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    assert(x->writing);
    int rc = index_ask(x, SQL_ERASED_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    return do_it(&q, e);
}

static int range_erase(struct index *x, enum index_sql sql, const struct statement_range *r, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, sql, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, r->first);
    index_put_u64(&q, r->last);
    return do_it(&q, e);
}

static int take_erased(struct index *x, const struct statement_erased *s, struct err *e)
{
    int rc = index_waiting_store(x, e);
    for (size_t i = 0; rc == 0 && i < s->count; i++) {
        rc = range_erase(x, SQL_ERASE_ITEMS, &s->leaves[i], e);
        if (rc == 0)
            rc = range_erase(x, SQL_ERASE_STATEMENTS, &s->leaves[i], e);
    }
    return rc;
}

int index_frame(struct index *x, const struct hash *digest, uint64_t leaf, uint32_t frame, struct err *e)
{
    assert(x->writing);
    index_sieve_add(x, INDEX_KEY_OF_FRAME, index_prefix(digest));
    return wait(x, &x->frames, &(struct index_waiting_row){index_prefix(digest), leaf, frame}, e);
}

int index_run(struct index *x, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
              uint32_t records, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    assert(x->writing);
    int rc = index_ask(x, SQL_RUN_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, pack);
    index_put_u64(&q, first_sector);
    index_put_u64(&q, sectors);
    index_put_u64(&q, first_record);
    index_put_u64(&q, records);
    return do_it(&q, e);
}

/* ---- any statement ---- */

static int statement_put(struct index *x, const struct lying *l, enum statement_kind kind, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_STATEMENT_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, l->leaf);
    index_put_u64(&q, kind);
    index_put_u64(&q, l->at);
    index_put_u64(&q, l->bytes);
    return do_it(&q, e);
}

/* It is numbered nowhere.  Of two with one id, which only a forger makes, the first counts. */
static int waited_put(struct index *x, uint64_t leaf, const struct statement_place *place,
                      const struct hash *commitment, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_WAITED_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_bytes(&q, bytes_of(place->investigation, STATEMENT_ID));
    index_put_u64(&q, leaf);
    index_put_bytes(&q, bytes_of(commitment->b, CRYPT_HASH));
    return do_it(&q, e);
}

static int place_wait(struct index *x, uint64_t leaf, const struct statement_place *place,
                      const struct hash *commitment, struct err *e)
{
    if (place->waited)
        return waited_put(x, leaf, place, commitment, e);
    bool follows = x->numbered.waits &&
                   memcmp(x->numbered.place.investigation, place->investigation, STATEMENT_ID) == 0;
    int rc = follows ? 0 : index_place_store(x, e);
    if (!follows)
        x->numbered.leaf = leaf;
    x->numbered.waits = true;
    x->numbered.place = *place;
    x->numbered.commitment = *commitment;
    return rc;
}

static int take_kind(struct index *x, uint64_t leaf, const struct statement *s, struct err *e)
{
    switch (s->kind) {
    case STATEMENT_KEYRING:
        return take_keyring(x, s, e);
    case STATEMENT_PACKS:
        return take_packs(x, s, e);
    case STATEMENT_DEPOSIT:
        return take_deposit(x, leaf, s, e);
    case STATEMENT_PART:
        return take_part(x, leaf, &s->part, e);
    case STATEMENT_RECEIPT:
        return take_receipt(x, leaf, s, e);
    case STATEMENT_SET_ASIDE:
        return take_set_aside(x, leaf, s, e);
    case STATEMENT_NOTE:
        x->counters.notes++;
        return 0;
    case STATEMENT_ERASED:
        return take_erased(x, &s->erased, e);
    case STATEMENT_FOUNDED:
    case STATEMENT_COVER:
    case STATEMENT_INVESTIGATION:
    case STATEMENT_RECEIVED:
    case STATEMENT_REPAIRED:
    case STATEMENT_PARITY:
    case STATEMENT_RECOVERY:
    case STATEMENT_MEMBER:
    case STATEMENT_AUDITED:
    case STATEMENT_COSIGNERS:
    case STATEMENT_COSIGNED:
    case STATEMENT_TIMESTAMPED:
    case STATEMENT_ADDED:
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED:
    case STATEMENT_PROPOSED:
    case STATEMENT_APPROVED:
    case STATEMENT_NAMED:
    case STATEMENT_CUSTODY:
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
    case STATEMENT_ERASING:
    case STATEMENT_ANSWERED:
        return 0;
    case STATEMENT_ACCESSED:
    case STATEMENT_SEALED:
    case STATEMENT_CONSENT:
    case STATEMENT_WITHDRAWN:
    case STATEMENT_CONCERNS:
    case STATEMENT_PROTECTED:
    case STATEMENT_HOLD:
    case STATEMENT_RELEASED:
        return index_take_terms(x, leaf, s, e);
    case STATEMENT_IDENTITY:
    case STATEMENT_KEYHOLDER_SAID:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS:
        return 0;
    }
    return 0;
}

int index_statement(struct index *x, uint64_t leaf, const struct statement *s, uint64_t manifest_record,
                    uint64_t journal_at, uint32_t journal_bytes, const struct hash *commitment, struct err *e)
{
    struct lying l = {leaf, manifest_record, journal_at, journal_bytes};
    assert(x->writing);
    if (s->kind == STATEMENT_RECEIVED)
        return take_item(x, &l, &s->received, e);
    int rc = statement_put(x, &l, s->kind, e);
    if (rc == 0 && statement_kind_hidden(s->kind)) {
        assert(commitment != NULL);
        rc = place_wait(x, leaf, &s->place, commitment, e);
    }
    return rc == 0 ? take_kind(x, leaf, s, e) : rc;
}
