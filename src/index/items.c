/* Items, and finding them by name, bytes or chunk. */
#include "index/index_internal.h"

#include <assert.h>

static void item_read(const struct index_query *q, struct index_item *ret)
{
    *ret = (struct index_item){
        .leaf = index_u64(q, 0), .deposit = index_u64(q, 1), .seq = index_u64(q, 2), .receipt = index_u64(q, 3),
        .set_aside = index_u64(q, 4) != 0, .further_name = !index_null(q, 5), .of = index_u64(q, 5),
        .duplicate_of = index_null(q, 6) ? UINT64_MAX : index_u64(q, 6),
        .type = (enum statement_type)index_u64(q, 7), .path = index_bytes(q, 8), .target = index_bytes(q, 9),
        .mode = (uint32_t)index_u64(q, 10),
        .mtime = {.s = (int64_t)index_u64(q, 11), .ns = (uint32_t)index_u64(q, 12)}, .bytes = index_u64(q, 13),
        .manifest_record = index_null(q, 15) ? LEAF_NO_MANIFEST : index_u64(q, 15)};
    index_hash(q, 14, &ret->sha256);
}

/* All rows, each shown; *ret_any tells whether there was one. */
static int each_item(struct index_query *q, index_item_each *each, void *context, bool *ret_any, struct err *e)
{
    int rc;
    while ((rc = index_row(q, e)) == 1) {
        struct index_item item;
        *ret_any = true;
        item_read(q, &item);
        rc = each(context, &item, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_items(struct index *x, uint64_t deposit, uint64_t from, index_item_each *each, void *context,
                struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool any = false, all = deposit == UINT64_MAX;
    if (from > INT64_MAX)
        return 0;
    int rc = index_span_store(x, e);
    if (rc == 0)
        rc = index_ask(x, all ? SQL_ITEMS : SQL_ITEMS_OF, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, from);
    if (!all)
        index_put_u64(&q, deposit);
    return each_item(&q, each, context, &any, e);
}

int index_item(struct index *x, uint64_t leaf, index_item_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool any = false;
    int rc = index_ask(x, SQL_ITEM, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    rc = each_item(&q, each, context, &any, e);
    if (rc == 0 && !any)
        rc = err_set(e, ERR_ABSENT, "leaf %llu is no item", (unsigned long long)leaf);
    return rc;
}

int index_further(struct index *x, uint64_t leaf, index_item_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool any = false;
    int rc = index_ask(x, SQL_FURTHER, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    return each_item(&q, each, context, &any, e);
}

int index_spans(struct index *x, uint64_t deposit,
                int (*each)(void *context, const struct statement_range *range, struct err *e), void *context,
                struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_span_store(x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_SPANS, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, deposit);
    while ((rc = index_row(&q, e)) == 1) {
        struct statement_range range = {index_u64(&q, 0), index_u64(&q, 1)};
        rc = each(context, &range, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

/* A row about the items from ${first} to ${last}: 1, or 0: there is none. */
static int between(struct index *x, enum index_sql sql, const uint64_t range[2], uint64_t *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    *ret = 0;
    if (range[0] > INT64_MAX)
        return 0;
    int rc = index_ask(x, sql, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, range[0]);
    index_put_u64(&q, range[1] > INT64_MAX ? INT64_MAX : range[1]);
    rc = index_row(&q, e);
    if (rc == 1)
        *ret = index_u64(&q, 0);
    return rc;
}

int index_items_between(struct index *x, uint64_t first, uint64_t last, uint64_t *ret, struct err *e)
{
    uint64_t count;
    int rc = between(x, SQL_ITEMS_BETWEEN, (const uint64_t[]){first, last}, &count, e);
    if (rc < 0)
        return rc;
    *ret = count;
    return 0;
}

int index_item_between(struct index *x, uint64_t first, uint64_t last, bool *ret, struct err *e)
{
    uint64_t leaf;
    int rc = between(x, SQL_ITEM_BETWEEN, (const uint64_t[]){first, last}, &leaf, e);
    if (rc < 0)
        return rc;
    *ret = rc == 1;
    return 0;
}

int index_item_by_path(struct index *x, struct bytes path, index_item_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool any = false;
    int rc = index_waiting_store(x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_ITEM_BY_PATH, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, index_path_hash(path));
    index_put_bytes(&q, path);
    return each_item(&q, each, context, &any, e);
}

/* The least and the greatest digest that begin with these digits. */
static int digest_range(const char *hex, struct hash *ret_low, struct hash *ret_high, struct err *e)
{
    enum { DIGITS_MIN = 8, DIGITS_MAX = 2 * CRYPT_HASH };
    char low[DIGITS_MAX], high[DIGITS_MAX];
    size_t n = strnlen(hex, DIGITS_MAX + 1);
    memset(low, '0', sizeof low);
    memset(high, 'f', sizeof high);
    if (n >= DIGITS_MIN && n <= DIGITS_MAX) {
        memcpy(low, hex, n);
        memcpy(high, hex, n);
    }
    if (n < DIGITS_MIN || n > DIGITS_MAX || hex_get(bytes_of(low, sizeof low), ret_low->b, CRYPT_HASH) != 0 ||
        hex_get(bytes_of(high, sizeof high), ret_high->b, CRYPT_HASH) != 0)
        return err_set(e, ERR_USAGE, "a digest is given by 8 to 64 of its hex digits, in small letters: %s", hex);
    return 0;
}

int index_item_by_digest(struct index *x, const char *hex, index_item_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    struct hash low, high;
    bool any = false;
    int rc = digest_range(hex, &low, &high, e);
    if (rc == 0)
        rc = index_ask(x, SQL_ITEM_BY_DIGEST, &q, e);
    if (rc != 0)
        return rc;
    /* Eight digits fix the first bit: the range is one of signed numbers too. */
    index_put_u64(&q, index_prefix(&low));
    index_put_u64(&q, index_prefix(&high));
    index_put_bytes(&q, bytes_of(low.b, CRYPT_HASH));
    index_put_bytes(&q, bytes_of(high.b, CRYPT_HASH));
    return each_item(&q, each, context, &any, e);
}

/* ---- seen before? ---- */

static int no_item(struct err *e)
{
    return err_set(e, ERR_ABSENT, "there is no such item");
}

static int no_frame(struct err *e)
{
    return err_set(e, ERR_ABSENT, "no frame of this chunk is known");
}

static int twin_get(struct index_query *q, struct index_twin *ret, struct err *e)
{
    int rc = index_row(q, e);
    if (rc == 0)
        return no_item(e);
    if (rc < 0)
        return rc;
    *ret = (struct index_twin){.leaf = index_u64(q, 0), .receipt = index_u64(q, 1), .bytes = index_u64(q, 3)};
    index_hash(q, 2, &ret->sha256);
    return 0;
}

int index_already(struct index *x, const char *giver, const struct statement_received *r, struct index_twin *ret,
                  struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    uint64_t path = index_path_hash(r->path);
    if (!index_sieve_holds(x, INDEX_KEY_OF_PATH, path))
        return no_item(e);
    int rc = index_waiting_store(x, e);
    if (rc == 0)
        rc = index_ask(x, r->further_name ? SQL_ALREADY_NAME : SQL_ALREADY, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, path);
    index_put_bytes(&q, r->path);
    index_put_text(&q, giver);
    if (r->further_name) {
        index_put_u64(&q, r->of);
        return twin_get(&q, ret, e);
    }
    index_put_u64(&q, r->type);
    index_put_u64(&q, r->mode);
    index_put_u64(&q, (uint64_t)r->mtime.s);
    index_put_u64(&q, r->mtime.ns);
    if (r->type == STATEMENT_LINK)
        index_put_bytes(&q, r->target);
    else
        index_put_null(&q);
    return twin_get(&q, ret, e);
}

int index_duplicate(struct index *x, const struct hash *sha256, struct index_twin *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    if (!index_sieve_holds(x, INDEX_KEY_OF_DIGEST, index_prefix(sha256)))
        return no_item(e);
    int rc = index_ask(x, SQL_DUPLICATE, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, index_prefix(sha256));
    index_put_bytes(&q, bytes_of(sha256->b, CRYPT_HASH));
    return twin_get(&q, ret, e);
}

int index_find_frame(struct index *x, const struct hash *digest, uint64_t *ret_leaf, uint32_t *ret_frame,
                     struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    if (!index_sieve_holds(x, INDEX_KEY_OF_FRAME, index_prefix(digest)))
        return no_frame(e);
    int rc = index_waiting_store(x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_FRAME_FIND, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, index_prefix(digest));
    rc = index_row(&q, e);
    if (rc == 0)
        return no_frame(e);
    if (rc < 0)
        return rc;
    *ret_leaf = index_u64(&q, 0);
    *ret_frame = (uint32_t)index_u64(&q, 1);
    return 0;
}

int index_manifest(struct index *x, uint64_t leaf, uint64_t *ret_record, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_MANIFEST, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    rc = index_row(&q, e);
    if (rc == 0)
        return err_set(e, ERR_ABSENT, "leaf %llu has no bytes", (unsigned long long)leaf);
    if (rc < 0)
        return rc;
    *ret_record = index_u64(&q, 0);
    return 0;
}
