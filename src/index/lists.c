/* Where statements lie, and the lists of runs, packs and keyring files. */
#include "index/index_internal.h"

static void row_read(const struct index_query *q, struct index_statement_row *ret)
{
    *ret = (struct index_statement_row){.leaf = index_u64(q, 0), .kind = (enum statement_kind)index_u64(q, 1),
                                        .journal_at = index_u64(q, 2), .journal_bytes = (uint32_t)index_u64(q, 3)};
}

int index_statements(struct index *x, uint64_t from, int kind_or_0,
                     int (*each)(void *context, const struct index_statement_row *row, struct err *e), void *context,
                     struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    bool of_kind = kind_or_0 != 0 && kind_or_0 != STATEMENT_RECEIVED;
    if (from > INT64_MAX)
        return 0;
    int rc = index_ask(x, of_kind ? SQL_STATEMENTS_KIND : kind_or_0 == 0 ? SQL_STATEMENTS_ALL : SQL_STATEMENTS_ITEMS,
                       &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, from);
    if (of_kind)
        index_put_u64(&q, (uint64_t)kind_or_0);
    while ((rc = index_row(&q, e)) == 1) {
        struct index_statement_row row;
        row_read(&q, &row);
        rc = each(context, &row, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_statement_last(struct index *x, enum statement_kind kind, struct index_statement_row *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_STATEMENT_LAST, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, (uint64_t)kind);
    rc = index_row(&q, e);
    if (rc == 0)
        return err_set(e, ERR_ABSENT, "there is no statement of kind \"%s\"", statement_kind_name(kind));
    if (rc < 0)
        return rc;
    row_read(&q, ret);
    return 0;
}

int index_statement_row(struct index *x, uint64_t leaf, struct index_statement_row *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_STATEMENT_ROW, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    rc = index_row(&q, e);
    if (rc == 0)
        return err_set(e, ERR_ABSENT, "there is no leaf %llu", (unsigned long long)leaf);
    if (rc < 0)
        return rc;
    row_read(&q, ret);
    return 0;
}

int index_runs(struct index *x,
               int (*each)(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors,
                           uint64_t first_record, uint32_t records, struct err *e),
               void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_RUNS, &q, e);
    if (rc != 0)
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        rc = each(context, index_u64(&q, 0), (uint32_t)index_u64(&q, 1), (uint32_t)index_u64(&q, 2), index_u64(&q, 3),
                  (uint32_t)index_u64(&q, 4), e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_packs(struct index *x, int (*each)(void *context, const struct statement_pack *pack, struct err *e),
                void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_PACKS, &q, e);
    if (rc != 0)
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        struct statement_pack p = {.pack = index_u64(&q, 0), .sectors = (uint32_t)index_u64(&q, 1),
                                   .sealed = index_u64(&q, 2) != 0};
        index_hash(&q, 3, &p.root);
        rc = each(context, &p, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_keyring_files(struct index *x, int (*each)(void *context, const struct statement_file_hash *f, struct err *e),
                        void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_KEYRING_FILES, &q, e);
    if (rc != 0)
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        struct statement_file_hash f = {.name = index_text(&q, 0), .bytes = index_u64(&q, 1)};
        index_hash(&q, 2, &f.sha256);
        rc = each(context, &f, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}
