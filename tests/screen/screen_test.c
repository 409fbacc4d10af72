/* The collection: limits, and only the difference on a new list. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void difference(void **state)
{
    (void)state;
    OWN(screen_drop) struct screen *now = NULL;
    OWN(screen_drop) struct screen *before = NULL;
    assert_int_equal(screen_new(&now, NULL), 0);
    assert_int_equal(screen_new(&before, NULL), 0);
    static const char old[] = "id,name,dob\n1,Ann Bo,1970\n2,Cy Dee,\n";
    static const char new[] = "id,name,dob\n1,Ann Bo,1970\n2,Cy Dee,1980\n3,Eve Foy,\n";
    assert_int_equal(screen_add(before, bytes_text(old), "old", NULL), 0);
    assert_int_equal(screen_add(now, bytes_text(new), "new", NULL), 0);
    assert_int_equal(screen_known(now, before, NULL), 0);
    assert_int_equal(screen_skipped(now), 1);
    assert_int_equal(screen_index(now, NULL), 0);
    struct screen_hit hits[SCREEN_HITS_MAX];
    size_t count = 0;
    uint64_t compared;
    struct screen_query q = {.name = bytes_text("Ann Bo"), .exhaustive = true};
    screen_find(now, &q, hits, &count, &compared);
    assert_int_equal(count, 0);
    assert_int_equal(compared, 2);
    q.name = bytes_text("Cy Dee");
    screen_find(now, &q, hits, &count, &compared);
    assert_int_equal(count, 1);
}

static void limits(void **state)
{
    (void)state;
    OWN(screen_drop) struct screen *s = NULL;
    assert_int_equal(screen_new(&s, NULL), 0);
    for (unsigned i = 0; i < SCREEN_LISTS_MAX; i++)
        assert_int_equal(screen_add(s, bytes_text(fixture_plain), "x", NULL), 0);
    assert_int_equal(screen_add(s, bytes_text(fixture_plain), "x", NULL), ERR_REFUSED);
    assert_int_equal(screen_entries(s), SCREEN_LISTS_MAX);
    screen_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
