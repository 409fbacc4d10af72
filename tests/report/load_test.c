#include "fixture.h"

static void test_histories(void **state)
{
    struct fixture f;
    fixture_begin(&f, FIXTURE_SPINA);
    assert_int_equal(fixture_load(&f, NULL), 0);
    assert_int_equal(f.in.count, 1);
    assert_int_equal(f.in.list_count, 3);
    assert_string_equal(f.in.lists[2], "s3");
    assert_int_equal(f.in.tables[0].table.cells[1], 244);
    assert_int_equal(f.in.tables[0].table.cells[6], 4);
    assert_int_equal(estimate_observed(&f.in.tables[0].table), 621);
    fixture_end(&f);
}

/* One row per person, other order of rows, other names: the same histories, the same hash. */
static void test_hash_is_of_the_histories(void **state)
{
    struct fixture a, b;
    fixture_begin(&a, "x,y,n\n1,0,2\n1,1,1\n");
    fixture_begin(&b, "p;q\n1;1\n1;0\n1;0\n");
    a.o.count = "n";
    assert_int_equal(fixture_load(&a, NULL), 0);
    assert_int_equal(fixture_load(&b, NULL), 0);
    assert_string_equal(a.in.tables[0].hash, b.in.tables[0].hash);
    assert_true(a.in.tables[0].table.key == b.in.tables[0].table.key);
    fixture_end(&a);
    fixture_end(&b);
}

static void test_strata_and_replicates_are_sorted(void **state)
{
    struct fixture f;
    fixture_begin(&f, "a,b,where,r\n1,0,south,10\n1,0,south,2\n1,0,north,1\n1,1,south,2\n");
    f.o.stratum = "where";
    f.o.replicate = "r";
    assert_int_equal(fixture_load(&f, NULL), 0);
    assert_int_equal(f.in.count, 3);
    assert_string_equal(f.in.tables[0].stratum, "north");
    assert_string_equal(f.in.tables[1].replicate, "2");
    assert_string_equal(f.in.tables[2].replicate, "10");
    assert_int_equal(estimate_observed(&f.in.tables[1].table), 2);
    fixture_end(&f);
}

static void test_named_lists(void **state)
{
    struct fixture f;
    fixture_begin(&f, "name,a,b,c\nx,1,0,1\n");
    f.o.lists = "c,a";
    assert_int_equal(fixture_load(&f, NULL), 0);
    assert_int_equal(f.in.list_count, 2);
    assert_string_equal(f.in.lists[0], "c");
    fixture_end(&f);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *content, *words;
    } cases[] = {
        {"a,b,count\n1,0,-3\n", "line 2, column count: \"-3\" is negative"},
        {"a,b,count\n1,0,2.5\n", "column count: \"2.5\" is no whole number"},
        {"a;b;count\n1;0;2,5\n", "column count: \"2,5\" is no whole number"},
        {"a,b,count\n1,0,\"1,131\"\n", "write it in digits alone"},
        {"a,b,count\n1,0,1e3\n", "column count: \"1e3\" is no count; write it in digits alone"},
        {"a,b,count\n1,0,+3\n", "\"+3\" is no count"},
        {"a,b,count\n1,0,two\n", "\"two\" is no count"},
        {"a,b,count\n1,0,\n", "write 0 where there is nobody"},
        {"a,b,count\n1,0,2147483649\n", "above 2^31"},
        {"a,b,count\n1,0,99999999999999999999999\n", "above 2^31"},
        {"a,b,count\n1,0,2147483648\n1,0,1\n", "sum to more than 2^31"},
        {"a,b,count\n2,0,1\n", "line 2: list a holds \"2\"; only 0 and 1"},
        {"a,b,count\n,0,1\n", "only 0 and 1"},
        {"a,b,count\n1.0,0,1\n", "only 0 and 1"},
        {"a,b,c\n1,0,1\nTRUE,FALSE,TRUE\n", "line 3: list a holds \"TRUE\"; only 0 and 1"},
        {"a,b,c\nyes,no,yes\n", "list a holds \"yes\"; only 0 and 1"},
        {"name,a,b\nKim,1,0\n",
         "list name holds \"Kim\"; only 0 and 1 say whether a person is on it (if it is no list, "
         "name the lists with --lists"},
        {"id,a,b\n1,1,0\n2,0,1\n", "line 3: list id holds \"2\""},
        {"a,b,freq\n1,0,40\n", "the count with --count"},
        {"a,b,count\n0,0,7\n", "line 2: persons on no list cannot have been counted; remove the row"},
        {"a,b\n1,1\n0,0\n", "line 3: persons on no list"},
        {"a,b,count\n1,0,3,9\n", "line 2: the row has not as many fields"},
        {"a,b,count\n1,0,3\n1,0\n", "line 3: the row has not as many fields"},
        {"a,b,count\n", "no rows below the names"},
        {"a,b,a,count\n1,0,1,3\n", "columns 1 and 3 are both called \"a\"; name them apart"},
        {"a,,count\n1,0,3\n", "column 2 has no name"},
        {"1,0,0,40\n0,1,0,30\n", "begin with names"},
        {"1,0\n0,1\n", "begin with names"},
        {"\xff\xfe"
         "a,b",
         "is UTF-16; save it as UTF-8"},
        {"", "is empty"},
        {"\n\n", "is empty"},
        {"a,b,count\n1,0,\"3\n", "quote"},
        {"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t\n1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n",
         "more than 10 lists; leave some out with --lists, or merge them"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        struct err e = {0};
        fixture_begin(&f, cases[i].content);
        assert_int_equal(fixture_load(&f, &e), ERR_REFUSED);
        if (strstr(e.text, cases[i].words) == NULL)
            fail_msg("%s does not say %s", e.text, cases[i].words);
        fixture_end(&f);
    }
}

/* What spreadsheets make of one table: the same histories, the same hash. */
static void test_spellings(void **state)
{
    static const char *const same[] = {
        "A,B,C,count\n1,0,0,40\n0,1,1,30\n1,1,0,16\n",
        "\xef\xbb\xbf"
        "A,B,C,count\r\n1,0,0,40\r\n0,1,1,30\r\n1,1,0,16\r\n",
        "A;B;C;count\n1;0;0;40\n0;1;1;30\n1;1;0;16\n\n",
        "A\tB\tC\tcount\n1\t0\t0\t40\n0\t1\t1\t30\n1\t1\t0\t16",
        "\"A\",\"B\",\"C\",\"count\"\n\"1\",\"0\",\"0\",\"40\"\n\"0\",\"1\",\"1\",\"30\"\n\"1\",\"1\",\"0\",\"16\"\n",
        " A , B,C ,count \n 1 ,0, 0,40 \n0 , 1,1, 30\n1,1,0,16\n",
        "A,Count,B,C\n1,40,0,0\n0,30,1,1\n1,16,1,0\n",
        "A,B,C,count\n1,0,0,20\n1,0,0,20\n0,1,1,30\n1,1,0,16\n0,0,0,0\n0,0,1,0\n",
    };
    char hash[65] = "";
    for (size_t i = 0; i < COUNT(same); i++) {
        struct fixture f;
        fixture_begin(&f, same[i]);
        assert_int_equal(fixture_load(&f, NULL), 0);
        assert_int_equal(f.in.list_count, 3);
        assert_string_equal(f.in.lists[0], "A");
        if (i > 0)
            assert_string_equal(f.in.tables[0].hash, hash);
        memcpy(hash, f.in.tables[0].hash, sizeof hash);
        fixture_end(&f);
    }
}

static void test_limits_are_taken(void **state)
{
    struct fixture f;
    fixture_begin(&f, "a,b,c,d,e,f,g,h,i,j,count\n1,0,0,0,0,0,0,0,0,0,2147483648\n0,0,0,0,0,0,0,0,0,0,0\n");
    assert_int_equal(fixture_load(&f, NULL), 0);
    assert_int_equal(f.in.list_count, 10);
    fixture_end(&f);
    fixture_begin(&f, "a,b\n1,0\n");
    f.o.stratum = "nowhere";
    assert_int_equal(fixture_load(&f, NULL), ERR_USAGE);
    fixture_end(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
        cmocka_unit_test(test_hash_is_of_the_histories),
        cmocka_unit_test(test_strata_and_replicates_are_sorted),
        cmocka_unit_test(test_named_lists),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_limits_are_taken),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
