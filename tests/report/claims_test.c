#include "fixture.h"

#define HEADER "id,quantity,kind,date,scope,low,high,meaning,derived_from\n"

static int run(const char *content, struct buf *words, struct buf *json, struct err *e)
{
    struct fixture f;
    fixture_begin(&f, content);
    int rc = report_reconcile(f.path, words, json, e);
    fixture_end(&f);
    return rc;
}

static void test_worked_example(void **state)
{
    OWN(buf_drop) struct buf words = {0}, json = {0};
    assert_int_equal(run(HEADER "coi,prisoners,stock,2014,four camps,80000,120000,,\n"
                                "press,prisoners,stock,2014,four camps,80000,120000,,coi\n"
                                "old,prisoners,stock,2011,six camps,150000,200000,,\n",
                         &words, &json, NULL),
                     0);
    assert_non_null(strstr(buf_text(&words), "2 claims from 1 independent sources"));
    assert_non_null(strstr(buf_text(&words), "all within 150,000 to 200,000"));
    assert_non_null(strstr(buf_text(&words), "they are not in conflict"));
    assert_non_null(strstr(buf_text(&words), "meaning of the range not stated"));
    assert_non_null(strstr(buf_text(&json), "\"envelope\":[80000,120000],\"independent_sources\":1"));
}

static void test_refusals(void **state)
{
    static const struct {
        const char *content;
        int rc;
    } cases[] = {
        {"id,low\nx,1\n", ERR_USAGE},
        {HEADER "a,q,s,d,p,-1,2,,\n", ERR_REFUSED},
        {HEADER "a,q,s,d,p,1,many,,\n", ERR_REFUSED},
        {HEADER ",q,s,d,p,1,2,,\n", ERR_REFUSED},
        {HEADER "a,q,s,d,p,3,2,,\n", ERR_DAMAGED},
        {HEADER "a,q,s,d,p,1,2,,b\n", ERR_DAMAGED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(buf_drop) struct buf words = {0}, json = {0};
        assert_int_equal(run(cases[i].content, &words, &json, NULL), cases[i].rc);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
