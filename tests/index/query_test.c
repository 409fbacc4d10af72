#include "story.h"

struct nested {
    struct index *x;
    uint64_t seen;
    int depth;
};

/* A callback may ask again, also the same question. */
static int ask_again(void *context, const struct index_item *item, struct err *e)
{
    struct nested *n = context;
    struct bytes path = item->path;
    uint8_t first = path.n > 0 ? path.p[0] : 0;
    n->seen++;
    if (n->depth < 2) {
        struct nested deeper = {.x = n->x, .depth = n->depth + 1};
        assert_int_equal(index_items(n->x, UINT64_MAX, 0, ask_again, &deeper, e), 0);
        assert_int_equal(deeper.seen, 5);
    }
    assert_true(path.n == 0 || path.p[0] == first); /* the row still stands */
    return 0;
}

static void test_nested(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct statement open = {.kind = STATEMENT_DEPOSIT};
    assert_int_equal(fixture_say(x, 0, &open, &f->e), 0);
    for (uint64_t i = 1; i <= 5; i++) {
        struct statement s = {.kind = STATEMENT_RECEIVED, .received = {.path = bytes_text(story_paths[i])}};
        assert_int_equal(fixture_say(x, i, &s, &f->e), 0);
    }
    for (int i = 0; i < 3; i++) {
        struct nested n = {.x = x};
        assert_int_equal(index_items(x, UINT64_MAX, 0, ask_again, &n, &f->e), 0);
        assert_int_equal(n.seen, 5);
    }
}

/* Every query is well formed, and reads in the order it promises without sorting what may be long. */
static void test_all_prepare(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    static const enum index_sql sorted[] = {SQL_ITEM_BY_PATH, SQL_ITEM_BY_DIGEST, SQL_INVESTIGATION,
                                          SQL_INVESTIGATIONS};
    for (int i = 0; i < SQL_COUNT; i++) {
        OWN(index_query_drop) struct index_query q = {0};
        if (index_ask(x, (enum index_sql)i, &q, &f->e) != 0)
            fail_msg("query %d: %s", i, sqlite3_errmsg(x->db));
        bool may_sort = false;
        for (size_t n = 0; n < COUNT(sorted); n++)
            may_sort = may_sort || (int)sorted[n] == i;
        OWN(buf_drop) struct buf text = {0};
        buf_printf(&text, "EXPLAIN QUERY PLAN %s", sqlite3_sql(q.s));
        sqlite3_stmt *plan = NULL;
        assert_int_equal(sqlite3_prepare_v2(x->db, buf_text(&text), -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(plan, 3);
            if (!may_sort && strstr(step, "TEMP B-TREE") != NULL)
                fail_msg("query %d sorts: %s: %s", i, sqlite3_sql(q.s), step);
        }
        assert_int_equal(sqlite3_finalize(plan), SQLITE_OK);
    }
}

static int count_item(void *context, const struct index_item *item, struct err *e)
{
    *(unsigned *)context += item->path.n > 0;
    return 0;
}

/* Asks as a worker of the vault does, again and again; NULL when every answer was right. */
static void *ask_often(void *handle)
{
    for (int i = 0; i < 300; i++) {
        struct index_sums sums;
        unsigned items = 0;
        if (index_items(handle, UINT64_MAX, 0, count_item, &items, NULL) != 0 || items != 5 ||
            index_sums(handle, &sums, NULL) != 0 || sums.items != 5)
            return handle;
    }
    return NULL;
}

static void test_several_threads(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct statement open = {.kind = STATEMENT_DEPOSIT};
    pthread_t threads[4];
    assert_int_equal(fixture_say(x, 0, &open, &f->e), 0);
    for (uint64_t i = 1; i <= 5; i++) {
        struct statement s = {.kind = STATEMENT_RECEIVED, .received = {.path = bytes_text(story_paths[i])}};
        assert_int_equal(fixture_say(x, i, &s, &f->e), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, x), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *wrong = x;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nested, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_several_threads, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_all_prepare, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
