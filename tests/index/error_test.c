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
        {SQLITE_READONLY_RECOVERY, ERR_BUSY}, {SQLITE_LOCKED, ERR_BUSY},           {SQLITE_CONSTRAINT_UNIQUE, ERR_DAMAGED},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_codes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_full, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
