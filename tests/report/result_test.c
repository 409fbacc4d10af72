#include "fixture.h"

#include "base/json.h"

static void result_of(struct fixture *f, struct buf *to)
{
    assert_int_equal(report_result(&f->in, &f->o, f->answers, to, NULL), 0);
}

static void test_asked_comes_back(void **state)
{
    struct fixture f;
    OWN(buf_drop) struct buf result = {0}, again = {0};
    OWN(json_drop) struct json *document = NULL;
    fixture_begin(&f, FIXTURE_SPINA);
    f.o.method[REPORT_LOGLINEAR] = f.o.method[REPORT_DGA] = f.o.override[ESTIMATE_MODES] = true;
    f.o.linkage = "version 3, \"checked\"";
    f.o.models[f.o.model_count++] = "[12,3]";
    f.o.seed = 99;
    fixture_run(&f);
    result_of(&f, &result);
    assert_int_equal(result.p[result.n - 1], '\n');
    assert_true(json_canonical(bytes_of(result.p, result.n - 1)));

    struct report_options o, was = f.o;
    assert_int_equal(report_asked(buf_bytes(&result), &document, &o, NULL), 0);
    assert_true(o.seed == 99 && o.override[ESTIMATE_MODES] && o.method[REPORT_DGA] && !o.method[REPORT_LATENT]);
    assert_string_equal(o.linkage, f.o.linkage);
    assert_string_equal(o.models[0], "[12,3]");
    f.o = o;
    result_of(&f, &again);
    assert_true(bytes_equal(buf_bytes(&result), buf_bytes(&again)));
    f.o = was;
    fixture_end(&f);
}

/* A table that is refused leaves its reasons and no number. */
static void test_refused(void **state)
{
    struct fixture f;
    OWN(buf_drop) struct buf result = {0};
    fixture_begin(&f, "a,b,c,count\n1,0,0,40\n0,1,0,30\n1,1,0,6\n0,0,1,20\n");
    fixture_run(&f);
    result_of(&f, &result);
    assert_non_null(strstr(buf_text(&result), "{\"bounds\":false,\"code\":\"list-alone\",\"list\":\"c\""));
    assert_null(strstr(buf_text(&result), "\"high\""));
    fixture_end(&f);
}

static void test_hostile_results(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"format\":\"groundwork/estimate/v2\"}",
        "{\"format\":\"groundwork/estimate/v1\"}",
        "{\"format\":\"groundwork/estimate/v1\",\"asked\":[]}",
        "{\"format\":\"groundwork/estimate/v1\",\"asked\":{\"bound\":0,\"classes\":1000000,\"count\":null,\"ess\":1000,"
        "\"linkage\":null,\"lists\":null,\"methods\":[],\"models\":[],\"overrides\":[],\"population\":null,"
        "\"replicate\":null,\"samples\":1,\"seed\":1,\"stratum\":null,\"tempered\":false,\"unit\":null}}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        OWN(json_drop) struct json *document = NULL;
        struct report_options o;
        assert_int_equal(report_asked(bytes_text(bad[i]), &document, &o, NULL), ERR_DAMAGED);
        assert_null(document);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked_comes_back),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hostile_results),
    };
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
