#include "story.h"

#include <signal.h>
#include <sys/resource.h>

static void test_codes(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    static const struct {
        int result, code;
    } cases[] = {
        {SQLITE_CORRUPT, ERR_DAMAGED},        {SQLITE_CORRUPT_INDEX, ERR_DAMAGED}, {SQLITE_NOTADB, ERR_DAMAGED},
        {SQLITE_ERROR, ERR_DAMAGED},          {SQLITE_CONSTRAINT, ERR_DAMAGED},    {SQLITE_FULL, ERR_IO},
        {SQLITE_READONLY, ERR_IO},            {SQLITE_IOERR_WRITE, ERR_IO},        {SQLITE_IOERR_NOMEM, ERR_IO},
        {SQLITE_NOMEM, ERR_IO},               {SQLITE_CANTOPEN, ERR_IO},           {SQLITE_BUSY, ERR_BUSY},
        {SQLITE_READONLY_RECOVERY, ERR_BUSY}, {SQLITE_LOCKED, ERR_BUSY},           {SQLITE_PROTOCOL, ERR_DAMAGED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(index_failed(x, cases[i].result, &f->e), cases[i].code);
        bool memory = (cases[i].result & 0xff) == SQLITE_NOMEM || cases[i].result == SQLITE_IOERR_NOMEM;
        assert_true(memory || strstr(f->e.text, "index/main.db") != NULL);
    }
}

/* A disk that takes no more: ERR_IO that names the file, the record is undone, and afterwards all goes on. */
static void test_full(void **state)
{
    struct fixture *f = *state;
    OWN(story_drop) struct story s;
    story_make(&s, 99, 60);
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    story_tell(x, &s, 0, 20);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 16384;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct index_position now;
    int rc = index_where(x, &now, &f->e);
    if (rc == 0)
        rc = index_begin(x, &f->e);
    struct hash digest;
    for (uint32_t i = 0; rc == 0 && i < 5000; i++) {
        memset(&digest, (int)(i * 7), sizeof digest);
        u32_put(digest.b, i * 2654435761U);
        rc = index_frame(x, &digest, i, i, &f->e);
    }
    if (rc == 0)
        rc = index_end(x, &now, &f->e);
    index_undo(x);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(rc, ERR_IO);
    assert_non_null(strstr(f->e.text, "index/main.db"));
    story_check(x, &s, 20);
    story_tell(x, &s, 20, s.records);
    story_check(x, &s, s.records);
    assert_int_equal(index_check(x, &f->e), 0);
}

/* ---- memory ---- */

static sqlite3_mem_methods true_memory;
static long allocations_left = -1; /* negative: without end */
static bool lost_for_good;

static bool refuses(void)
{
    if (allocations_left < 0)
        return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    if (!lost_for_good)
        allocations_left = -1;
    return true;
}

static void *counted_malloc(int n)
{
    return refuses() ? NULL : true_memory.xMalloc(n);
}

static void *counted_realloc(void *p, int n)
{
    return refuses() ? NULL : true_memory.xRealloc(p, n);
}

static int take_name(void *context, const struct index_deposit *d, struct err *e)
{
    assert_string_equal(d->giver, "Witness 7"); /* never a NULL for lack of memory */
    return 0;
}

static int take_line(void *context, const char *text, struct err *e)
{
    return 0;
}

/* Open, write, ask, close: what the first failing step says. */
static int some_of_everything(struct fixture *f)
{
    OWN(index_drop) struct index *x = NULL;
    struct statement open = {.kind = STATEMENT_DEPOSIT, .deposit = {.giver = "Witness 7"}};
    struct statement item = {.kind = STATEMENT_RECEIVED, .received = {.path = bytes_text("p"), .bytes = 4}};
    struct index_twin twin;
    struct index_sums sums;
    int rc = index_open(&(struct index_place){f->root.s, "main"}, &f->key, INDEX_WRITE, &x, &f->e);
    if (rc == 0)
        rc = fixture_say(x, 0, &open, &f->e);
    if (rc == 0)
        rc = fixture_say(x, 1, &item, &f->e);
    if (rc == 0)
        rc = index_duplicate(x, &item.received.sha256, &twin, &f->e);
    if (rc == 0)
        rc = index_sums(x, &sums, &f->e);
    if (rc == 0)
        rc = index_deposits(x, take_name, NULL, &f->e);
    if (rc == 0)
        rc = index_dump(x, take_line, NULL, &f->e);
    return rc == 0 ? index_check(x, &f->e) : rc;
}

/* Memory that is lost at any moment, once or for good: a clean ERR_IO, and all goes on when it is back. */
static void test_memory(void **state)
{
    struct fixture *f = *state;
    for (int good = 0; good < 2; good++) {
        int rc = -1;
        for (long n = 0; rc != 0; n += 1 + n / 40) {
            assert_true(n < 100000);
            assert_int_equal(index_remove(&(struct index_place){f->root.s, "main"}, NULL), 0);
            allocations_left = n;
            lost_for_good = good;
            rc = some_of_everything(f);
            bool met = allocations_left <= 0;
            allocations_left = -1;
            if (rc != 0 && (rc != ERR_IO || !met))
                fail_msg("allocation %ld: %d %s", n, rc, f->e.text);
            if (rc == 0)
                continue;
            assert_int_equal(index_remove(&(struct index_place){f->root.s, "main"}, NULL), 0);
            assert_int_equal(some_of_everything(f), 0);
        }
    }
}

int main(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &true_memory), SQLITE_OK);
    sqlite3_mem_methods counted = true_memory;
    counted.xMalloc = counted_malloc;
    counted.xRealloc = counted_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &counted), SQLITE_OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_codes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_full, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_memory, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
