#include "fake.h"

static void test_distances(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "abc", 0},
        {"abc", "abd", 1},
        {"abc", "ab", 1},
        {"intaek", "intake", 1},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3},
        {"repiar", "repair", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(cli_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(cli_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
}

static void random_word(char to[10])
{
    size_t n = fake_chance() % 9;
    for (size_t i = 0; i < n; i++)
        to[i] = (char)('a' + fake_chance() % 3);
    to[n] = 0;
}

/* The definition, without a table: what must be done to make the ends agree. */
static size_t by_definition(const char *a, size_t na, const char *b, size_t nb)
{
    if (na == 0 || nb == 0)
        return na + nb;
    size_t best = by_definition(a, na - 1, b, nb - 1) + (a[na - 1] != b[nb - 1]);
    size_t drop = by_definition(a, na - 1, b, nb) + 1, add = by_definition(a, na, b, nb - 1) + 1;
    best = drop < best ? drop : best;
    best = add < best ? add : best;
    if (na > 1 && nb > 1 && a[na - 1] == b[nb - 2] && a[na - 2] == b[nb - 1]) {
        size_t swap = by_definition(a, na - 2, b, nb - 2) + 1;
        best = swap < best ? swap : best;
    }
    return best;
}

static void test_as_defined(void **state)
{
    for (int i = 0; i < 60; i++) {
        char a[10], b[10];
        random_word(a);
        random_word(b);
        a[7] = b[7] = 0;
        assert_int_equal(cli_distance(a, b), by_definition(a, strlen(a), b, strlen(b)));
    }
}

static void test_long_words(void **state)
{
    char a[66], b[66];
    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    b[0] = 'y';
    a[64] = b[64] = 0;
    assert_int_equal(cli_distance(a, b), 1);
    a[64] = b[64] = 'x';
    a[65] = b[65] = 0;
    assert_int_equal(cli_distance(a, b), 65);
    assert_int_equal(cli_distance(a, "x"), 65);
}

static void test_nearest(void **state)
{
    static const char *const names[] = {"init", "intake", "passphrase", "set-aside", "show"};
    assert_string_equal(cli_nearest("intkae", names, COUNT(names)), "intake");
    assert_string_equal(cli_nearest("pass", names, COUNT(names)), "passphrase");
    assert_string_equal(cli_nearest("setaside", names, COUNT(names)), "set-aside");
    assert_string_equal(cli_nearest("inti", names, COUNT(names)), "init");
    assert_null(cli_nearest("frobnicate", names, COUNT(names)));
    assert_null(cli_nearest("", names, COUNT(names)));
    assert_null(cli_nearest("show", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_as_defined),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
