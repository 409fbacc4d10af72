/* Keys of names: alike names share one, whatever their order; none is zero or given twice. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool share(const char *a, const char *b)
{
    uint32_t x[MATCH_NAME_KEYS], y[MATCH_NAME_KEYS];
    uint8_t rank[MATCH_NAME_KEYS];
    struct match_name p = fixture_name(a), q = fixture_name(b);
    unsigned n = match_name_keys(&p, x, rank), m = match_name_keys(&q, y, rank);
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < m; k++)
            if (x[i] == y[k])
                return true;
    return false;
}

static void shared(void **state)
{
    (void)state;
    assert_true(share("Kim Jong Un", "Gim Jeong-eun"));
    assert_true(share("Hussein Muhammad", "Mohamed Hassan"));
    assert_true(share("Goodwill Trading", "Good Will Trading"));
    assert_false(share("Pol Pot", "Angela Merkel"));
    assert_false(share("", "Kim"));
}

static void distinct(void **state)
{
    (void)state;
    uint32_t keys[MATCH_NAME_KEYS];
    uint8_t rank[MATCH_NAME_KEYS];
    struct match_name name = fixture_name("ab ab ab cd ef gh ij kl mn op qr st");
    unsigned n = match_name_keys(&name, keys, rank);
    assert_true(n > 10 && n <= MATCH_NAME_KEYS);
    for (unsigned i = 0; i < n; i++) {
        assert_int_not_equal(keys[i], 0);
        for (unsigned k = 0; k < i; k++)
            assert_int_not_equal(keys[i], keys[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared),
        cmocka_unit_test(distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
