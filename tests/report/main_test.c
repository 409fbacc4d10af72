#include "fixture.h"

static int run(const char *a, const char *b, const char *c, const char *d)
{
    char *words[] = {(char *)(uintptr_t) "groundwork-estimate",
                     (char *)(uintptr_t)a,
                     (char *)(uintptr_t)b,
                     (char *)(uintptr_t)c,
                     (char *)(uintptr_t)d,
                     NULL};
    int count = 1;
    while (words[count] != NULL)
        count++;
    return report_main(count, words);
}

/* The exit codes that a caller may act on; what is said is the flow's to read. */
static void test_exit_codes(void **state)
{
    struct fixture good, bad;
    fixture_begin(&good, "a,b,count\n1,0,150\n0,1,100\n1,1,50\n");
    fixture_begin(&bad, "a,b,count\n1,0,-1\n");
    assert_int_equal(run("--version", NULL, NULL, NULL), 0);
    assert_int_equal(run("--help", NULL, NULL, NULL), 0);
    assert_int_equal(run(NULL, NULL, NULL, NULL), 2);
    assert_int_equal(run("--lang", "xx", good.path, NULL), 2);
    assert_int_equal(run(good.path, NULL, NULL, NULL), 0);
    assert_int_equal(run(good.path, "--method", "latent", NULL), 3);
    assert_int_equal(run(bad.path, NULL, NULL, NULL), 3);
    assert_int_equal(run("/nowhere/table.csv", NULL, NULL, NULL), 4);
    assert_int_equal(run("verify", bad.path, good.path, NULL), 1);
    fixture_end(&good);
    fixture_end(&bad);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_exit_codes)};
    return cmocka_run_group_tests_name("main", tests, NULL, NULL);
}
