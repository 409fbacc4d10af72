#include "fixture.h"

static void read_picture(const char *folder, const char *name, struct buf *to)
{
    struct file_path path;
    assert_int_equal(file_path(&path, NULL, "%s/%s", folder, name), 0);
    assert_int_equal(file_read_all(path.s, 1 << 20, to, NULL), 0);
    (void)unlink(path.s);
}

/* Counts of one to four could name persons: no picture shows them. */
static void test_small_counts_are_hidden(void **state)
{
    char folder[] = "/tmp/report-pictures-XXXXXX";
    static const char *const others[] = {"methods-1.svg", "probability-1.svg", "left-out-1.svg", "strata-1.svg"};
    struct fixture f;
    OWN(buf_drop) struct buf overlap = {0};
    assert_non_null(mkdtemp(folder));
    fixture_begin(&f, FIXTURE_SPINA);
    fixture_run(&f);
    assert_int_equal(report_pictures(&f.in, f.answers, folder, NULL), 0);
    read_picture(folder, "overlap-1.svg", &overlap);
    assert_non_null(strstr(buf_text(&overlap), ">&lt;5<"));
    assert_null(strstr(buf_text(&overlap), ">4<"));
    assert_non_null(strstr(buf_text(&overlap), ">12<"));
    for (size_t i = 0; i < COUNT(others); i++) {
        OWN(buf_drop) struct buf picture = {0};
        read_picture(folder, others[i], &picture);
        assert_non_null(strstr(buf_text(&picture), "</svg>"));
    }
    assert_int_equal(rmdir(folder), 0);
    fixture_end(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_small_counts_are_hidden)};
    return cmocka_run_group_tests_name("pictures", tests, NULL, NULL);
}
