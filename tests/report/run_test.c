#include "fixture.h"

static bool says(const struct estimate_reasons *r, enum estimate_code code)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->reason[i].code == code)
            return true;
    return false;
}

static void test_methods_that_fit(void **state)
{
    struct fixture f;
    fixture_begin(&f, FIXTURE_SPINA);
    fixture_run(&f);
    const struct report_answer *a = &f.answers[0];
    assert_false(a->refused);
    assert_false(a->method[REPORT_CHAPMAN].asked);
    assert_true(a->method[REPORT_CHAO].refused && says(&a->method[REPORT_CHAO].reasons, ESTIMATE_LISTS_AVOID));
    for (unsigned m = REPORT_LOGLINEAR; m < REPORT_METHODS; m++) {
        assert_true(a->method[m].asked && !a->method[m].refused);
        assert_true(a->method[m].value.n > 650 && a->method[m].value.n < 800);
        assert_true(a->method[m].value.low >= 621);
    }
    assert_true(a->has_without[0] && a->has_without[1] && a->has_without[2]);
    assert_true(says(&a->reasons, ESTIMATE_LINKAGE_UNDECLARED));
    fixture_end(&f);
}

static void test_two_lists(void **state)
{
    struct fixture f;
    fixture_begin(&f, "a,b,count\n1,0,150\n0,1,100\n1,1,50\n");
    f.o.method[REPORT_CHAPMAN] = f.o.method[REPORT_LATENT] = true;
    fixture_run(&f);
    assert_false(f.answers[0].method[REPORT_CHAPMAN].refused);
    assert_true(f.answers[0].method[REPORT_LATENT].refused);
    assert_true(says(&f.answers[0].method[REPORT_LATENT].reasons, ESTIMATE_TWO_LISTS_ONLY));
    fixture_end(&f);
}

static void test_declarations_refuse(void **state)
{
    struct fixture f;
    fixture_begin(&f, FIXTURE_SPINA);
    f.o.unit = "events";
    fixture_run(&f);
    assert_true(f.answers[0].refused && says(&f.answers[0].reasons, ESTIMATE_NOT_PERSONS));
    fixture_end(&f);
    fixture_begin(&f, FIXTURE_SPINA);
    f.o.population = "open";
    fixture_run(&f);
    assert_true(f.answers[0].refused && says(&f.answers[0].reasons, ESTIMATE_OPEN_POPULATION));
    fixture_end(&f);
}

/* A gate that is not passed refuses; overridden, it lets the number through and stays among the reasons. */
static void test_override(void **state)
{
    struct fixture f;
    fixture_begin(&f, "a,b,c,count\n1,0,0,40\n0,1,0,30\n1,1,0,6\n0,0,1,20\n");
    f.o.method[REPORT_LOGLINEAR] = true;
    fixture_run(&f);
    assert_true(f.answers[0].refused && says(&f.answers[0].reasons, ESTIMATE_LIST_ALONE));
    fixture_end(&f);
    fixture_begin(&f, "a,b,c,count\n1,0,0,40\n0,1,0,30\n1,1,0,6\n0,0,1,20\n");
    f.o.method[REPORT_LOGLINEAR] = f.o.override[ESTIMATE_LIST_ALONE] = true;
    f.o.models[f.o.model_count++] = "[12,3]";
    fixture_run(&f);
    assert_true(!f.answers[0].refused && says(&f.answers[0].reasons, ESTIMATE_LIST_ALONE));
    assert_true(f.answers[0].method[REPORT_LOGLINEAR].value.n > 538);
    assert_int_equal(f.answers[0].fits[0].code, ESTIMATE_NO_MLE);
    fixture_end(&f);
}

/* What a gate goes by is computed whatever was asked: asking for one method alone does not avoid it. */
static void test_lower_bounds(void **state)
{
    for (enum report_method m = REPORT_LOGLINEAR; m < REPORT_METHODS; m++) {
        struct fixture f;
        fixture_begin(&f, FIXTURE_CLASSES);
        f.o.method[m] = true;
        fixture_run(&f);
        const struct report_method_answer *a = &f.answers[0].method[m];
        assert_true(!a->refused && a->bound && says(&a->reasons, ESTIMATE_MAY_DIFFER) && a->value.low < 3000);
        fixture_end(&f);
    }
    struct fixture f;
    fixture_begin(&f, FIXTURE_SPINA);
    f.o.method[REPORT_CHAO] = f.o.override[ESTIMATE_LISTS_AVOID] = true;
    fixture_run(&f);
    assert_true(!f.answers[0].method[REPORT_CHAO].refused && f.answers[0].method[REPORT_CHAO].bound);
    assert_true(says(&f.answers[0].method[REPORT_CHAO].reasons, ESTIMATE_LISTS_AVOID));
    fixture_end(&f);
}

static void test_equal_tables_once(void **state)
{
    struct fixture f;
    fixture_begin(&f, "a,b,c,at,count\n1,0,0,x,44\n0,1,1,x,20\n1,1,0,x,9\n1,0,0,y,44\n0,1,1,y,20\n1,1,0,y,9\n");
    f.o.stratum = "at";
    f.o.method[REPORT_LOGLINEAR] = true;
    f.o.threads = 2;
    fixture_run(&f);
    assert_int_equal(f.in.count, 2);
    assert_true(f.answers[0].loglinear.fits != NULL && f.answers[0].loglinear.fits == f.answers[1].loglinear.fits);
    fixture_end(&f);
}

static void test_no_such_model(void **state)
{
    struct fixture f;
    struct err e = {0};
    fixture_begin(&f, FIXTURE_SPINA);
    f.o.method[REPORT_CHAO] = true;
    f.o.models[f.o.model_count++] = "[14]";
    assert_int_equal(fixture_load(&f, NULL), 0);
    assert_int_equal(report_run(&f.in, &f.o, NULL, &f.answers, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "[14]"));
    fixture_end(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_that_fit),    cmocka_unit_test(test_two_lists),
        cmocka_unit_test(test_declarations_refuse), cmocka_unit_test(test_override),
        cmocka_unit_test(test_equal_tables_once),   cmocka_unit_test(test_no_such_model),
        cmocka_unit_test(test_lower_bounds),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
