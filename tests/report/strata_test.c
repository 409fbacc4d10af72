#include "fixture.h"

static void test_replicates_are_combined(void **state)
{
    OWN(buf_drop) struct buf text = {0};
    buf_put_text(&text, "a,b,c,r,count\n1,0,0,0,100\n0,1,0,0,80\n0,0,1,0,60\n1,1,0,0,20\n0,1,1,0,15\n1,0,1,0,12\n");
    for (int r = 1; r <= 3; r++)
        buf_printf(&text, "1,0,0,%d,%d\n0,1,0,%d,80\n0,0,1,%d,60\n1,1,0,%d,20\n0,1,1,%d,15\n1,0,1,%d,12\n", r, 105 + r,
                   r, r, r, r, r);
    struct fixture f;
    fixture_begin(&f, buf_text(&text));
    f.o.replicate = "r";
    f.o.method[REPORT_LOGLINEAR] = true;
    fixture_run(&f);
    OWN(mem_drop) struct report_stratum *strata = NULL;
    size_t count;
    assert_int_equal(report_strata(&f.in, f.answers, &strata, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_true(strata[0].documented == 287);
    assert_true(strata[0].has_combined[REPORT_LOGLINEAR] && !strata[0].has_combined[REPORT_DGA]);
    const struct estimate_combined *c = &strata[0].combined[REPORT_LOGLINEAR];
    assert_true(c->observed_mean == 294 && c->observed_low == 293 && c->observed_high == 295);
    assert_int_equal(c->reasons.reason[0].code, ESTIMATE_FEW_REPLICATES);
    assert_true(c->value.n > 400 && c->value.low >= 294 && !strata[0].refused);
    fixture_end(&f);
}

static void test_refused_stratum(void **state)
{
    struct fixture f;
    fixture_begin(&f, "a,b,c,at,count\n1,0,0,big,44\n0,1,1,big,20\n1,1,0,big,9\n1,0,0,small,4\n0,1,1,small,2\n");
    f.o.stratum = "at";
    f.o.method[REPORT_LOGLINEAR] = true;
    fixture_run(&f);
    OWN(mem_drop) struct report_stratum *strata = NULL;
    size_t count;
    assert_int_equal(report_strata(&f.in, f.answers, &strata, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_true(!strata[0].refused && strata[1].refused);
    assert_int_equal(report_headline(&f.answers[0]), REPORT_LOGLINEAR);
    assert_int_equal(report_headline(&f.answers[1]), -1);
    OWN(buf_drop) struct buf words = {0};
    assert_int_equal(report_words(&f.in, &f.o, f.answers, &words, NULL), 0);
    assert_non_null(strstr(buf_text(&words), "No total is estimated: 1 of 2 strata were refused."));
    fixture_end(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replicates_are_combined),
        cmocka_unit_test(test_refused_stratum),
    };
    return cmocka_run_group_tests_name("strata", tests, NULL, NULL);
}
