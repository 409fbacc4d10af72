/* That lists hold what they must is shown by the stories of take_test; here: that a callback ends each of them. */
#include "story.h"

static int row(void *context, const struct index_statement_row *r, struct err *e)
{
    return ++*(int *)context == 2 ? ERR_STOPPED : 0;
}

static int run(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
               uint32_t records, struct err *e)
{
    return ++*(int *)context == 2 ? ERR_STOPPED : 0;
}

static int pack(void *context, const struct statement_pack *p, struct err *e)
{
    return ++*(int *)context == 2 ? ERR_STOPPED : 0;
}

static int file(void *context, const struct statement_file_hash *h, struct err *e)
{
    return ++*(int *)context == 2 ? ERR_STOPPED : 0;
}

static void test_callback_ends(void **state)
{
    struct fixture *f = *state;
    OWN(story_drop) struct story s;
    story_make(&s, 31337, 60);
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    story_tell(x, &s, 0, s.records);
    static const int kinds[] = {0, STATEMENT_RECEIVED, STATEMENT_DEPOSIT};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        int seen = 0;
        assert_int_equal(index_statements(x, 0, kinds[i], row, &seen, &f->e), ERR_STOPPED);
        assert_int_equal(seen, 2);
    }
    struct statement_file_hash files[2] = {{.name = "one"}, {.name = "two"}};
    struct statement keyring = {.kind = STATEMENT_KEYRING, .keyring = {files, COUNT(files)}};
    assert_int_equal(fixture_say(x, s.leaves, &keyring, &f->e), 0);
    int seen = 0;
    assert_int_equal(index_statements(x, UINT64_MAX, 0, row, &seen, &f->e), 0);
    assert_int_equal(seen, 0);
    assert_int_equal(index_runs(x, run, &seen, &f->e), ERR_STOPPED);
    seen = 0;
    assert_int_equal(index_packs(x, pack, &seen, &f->e), ERR_STOPPED);
    seen = 0;
    assert_int_equal(index_keyring_files(x, file, &seen, &f->e), ERR_STOPPED);
    assert_int_equal(seen, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_callback_ends, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
