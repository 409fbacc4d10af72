#include "estimate/estimate_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
    static const size_t number[] = {8, 61, 822, 18154};
    for (unsigned lists = 3; lists <= 6; lists++) {
        struct estimate_graph *g;
        size_t count;
        assert_int_equal(estimate_graphs(lists, &g, &count, NULL), 0);
        assert_int_equal(count, number[lists - 3]);
        /* Each list is counted once: cliques less separators. */
        for (size_t i = 0; i < count; i++)
            for (unsigned list = 0; list < lists; list++) {
                int times = 0;
                for (unsigned set = 0; set < 1U << lists; set++)
                    times += (set >> list & 1) != 0 ? g[i].times[set] : 0;
                assert_int_equal(times, 1);
            }
        free(g);
    }
}

static void test_names(void **state)
{
    /* Pairs of four lists in order: 12 13 14 23 24 34. */
    static const struct {
        uint32_t edges;
        const char *name;
    } cases[] = {{0, "[1,2,3,4]"}, {0x3f, "[1234]"}, {0x0b, "[123,4]"}, {0x2f, "[123,134]"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[ESTIMATE_MODEL_NAME_MAX];
        estimate_graph_name(cases[i].edges, 4, name);
        assert_string_equal(name, cases[i].name);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("graphs", tests, NULL, NULL);
}
