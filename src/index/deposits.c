/* Deposits and their receipts, and the sums over everything. */
#include "index/index_internal.h"

static void totals_read(struct bytes stored, struct statement_totals *ret)
{
    uint64_t sums[sizeof *ret / sizeof(uint64_t)];
    struct cursor c = cursor_of(stored);
    for (size_t i = 0; i < COUNT(sums); i++)
        sums[i] = cursor_u64(&c); /* zeros while the deposit is open */
    memcpy(ret, sums, sizeof *ret);
}

static int each_deposit(struct index_query *q, index_deposit_each *each, void *context, bool *ret_any, struct err *e)
{
    int rc;
    while ((rc = index_row(q, e)) == 1) {
        struct index_deposit d = {
            .leaf = index_u64(q, 0), .receipt = index_u64(q, 1), .receipt_leaf = index_u64(q, 2),
            .giver = index_text(q, 3), .note = index_text(q, 4), .opened_unix_s = (int64_t)index_u64(q, 5),
            .closed_unix_s = (int64_t)index_u64(q, 6), .parts = index_u64(q, 7), .set_aside = index_u64(q, 8) != 0,
            .set_aside_reason = index_text(q, 9), .erased = index_u64(q, 11) != 0};
        *ret_any = true;
        totals_read(index_bytes(q, 10), &d.totals);
        rc = each(context, &d, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_deposits(struct index *x, index_deposit_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool any = false;
    int rc = index_ask(x, SQL_DEPOSITS, &q, e);
    return rc != 0 ? rc : each_deposit(&q, each, context, &any, e);
}

int index_deposit_by_receipt(struct index *x, uint64_t receipt, index_deposit_each *each, void *context,
                             struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool any = false;
    int rc = index_ask(x, SQL_DEPOSIT_BY_RECEIPT, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, receipt);
    rc = each_deposit(&q, each, context, &any, e);
    if (rc == 0 && !any)
        rc = err_set(e, ERR_ABSENT, "there is no receipt %llu", (unsigned long long)receipt);
    return rc;
}

int index_refused(struct index *x, uint64_t deposit,
                  int (*each)(void *context, const struct statement_refused *refused, struct err *e), void *context,
                  struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_REFUSED, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, deposit);
    while ((rc = index_row(&q, e)) == 1) {
        struct statement_refused r = {index_bytes(&q, 0), index_text(&q, 1), index_u64(&q, 2)};
        rc = each(context, &r, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_already_of(struct index *x, uint64_t deposit,
                     int (*each)(void *context, const struct statement_range *range, struct err *e), void *context,
                     struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_ALREADY_OF, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, deposit);
    while ((rc = index_row(&q, e)) == 1) {
        struct statement_range r = {index_u64(&q, 0), index_u64(&q, 1)};
        rc = each(context, &r, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_sums(struct index *x, struct index_sums *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    struct index_counters c = x->counters;
    int rc = x->writing ? 0 : index_counters_get(x, &c, e);
    if (rc == 0)
        rc = index_ask(x, SQL_DEPOSIT_SUMS, &q, e);
    if (rc == 0)
        rc = index_row(&q, e);
    if (rc < 0)
        return rc;
    *ret = (struct index_sums){.items = c.items, .names = c.names, .folders = c.folders, .bytes = c.bytes,
                               .distinct_bytes = c.distinct_bytes, .notes = c.notes, .deposits = index_u64(&q, 0),
                               .receipts = index_u64(&q, 1), .next_receipt = index_u64(&q, 2) + 1};
    ret->open_deposits = ret->deposits - ret->receipts;
    return 0;
}

int index_place(struct index *x, const uint8_t investigation[STATEMENT_ID], struct statement_place *ret,
                struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_place_store(x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_PLACE, &q, e);
    if (rc != 0)
        return rc;
    index_put_bytes(&q, bytes_of(investigation, STATEMENT_ID));
    rc = index_row(&q, e);
    if (rc < 0)
        return rc;
    struct statement_place place = {.seq = 0};
    memcpy(place.investigation, investigation, STATEMENT_ID);
    if (rc == 1) {
        place.seq = index_u64(&q, 0);
        index_hash(&q, 1, &place.prev);
    }
    *ret = place;
    return 0;
}

int index_place_first(struct index *x, const uint8_t investigation[STATEMENT_ID], uint64_t *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_place_store(x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_PLACE_FIRST, &q, e);
    if (rc != 0)
        return rc;
    index_put_bytes(&q, bytes_of(investigation, STATEMENT_ID));
    rc = index_row(&q, e);
    if (rc == 0)
        return err_set(e, ERR_ABSENT, "nothing is numbered there yet");
    if (rc < 0)
        return rc;
    *ret = index_u64(&q, 0);
    return 0;
}

int index_waited(struct index *x, const uint8_t id[STATEMENT_ID], uint64_t *ret_leaf, struct hash *ret_commitment,
                 struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_WAITED, &q, e);
    if (rc != 0)
        return rc;
    index_put_bytes(&q, bytes_of(id, STATEMENT_ID));
    rc = index_row(&q, e);
    if (rc == 0)
        return err_set(e, ERR_ABSENT, "nothing that waited has this id");
    if (rc < 0)
        return rc;
    *ret_leaf = index_u64(&q, 0);
    index_hash(&q, 1, ret_commitment);
    return 0;
}

int index_investigation(struct index *x, uint8_t ret[STATEMENT_ID], struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_place_store(x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_INVESTIGATION, &q, e);
    if (rc != 0)
        return rc;
    rc = index_row(&q, e);
    struct bytes id = rc == 1 ? index_bytes(&q, 0) : bytes_of(NULL, 0);
    if (rc == 0)
        return err_set(e, ERR_ABSENT, "no investigation is named yet");
    if (rc < 0 || id.n != STATEMENT_ID)
        return rc < 0 ? rc : index_failed(x, SQLITE_CORRUPT, e);
    memcpy(ret, id.p, STATEMENT_ID);
    return 0;
}

int index_investigations(struct index *x,
                         int (*each)(void *context, const struct index_investigation_row *row, struct err *e),
                         void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_place_store(x, e);
    if (rc == 0)
        rc = index_ask(x, SQL_INVESTIGATIONS, &q, e);
    if (rc != 0)
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        struct bytes id = index_bytes(&q, 1);
        struct index_investigation_row row = {.leaf = index_u64(&q, 0), .next = {.seq = index_u64(&q, 2)}};
        if (id.n != STATEMENT_ID)
            return index_failed(x, SQLITE_CORRUPT, e);
        memcpy(row.next.investigation, id.p, STATEMENT_ID);
        index_hash(&q, 3, &row.next.prev);
        rc = each(context, &row, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}
