/* The page for the wall: one page, in both forms, with the commands of this repository and no person's name. */
#include "fixture.h"

static void a_page_with_this_repository(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf page = {0};
    assert_int_equal(fixture_run(f, "member", "drill", NULL), 0);
    fixture_said(f, "IF A MEMBER LEAVES OR IS ARRESTED\n");
    fixture_said(f, "member revoke KEY --reason arrested --doubtful-from LEAF");
    fixture_said(f, "administrator");
    fixture_said(f, "1 of 1 administrators decide");
    fixture_not_said(f, "member approve"); /* one is enough here */
    assert_int_equal(fixture_run(f, "member", "drill", "--out", "wall", NULL), 0);
    assert_int_equal(file_read_all("wall/drill.html", 65536, &page, NULL), 0);
    assert_non_null(strstr(buf_text(&page), "<h1>IF A MEMBER LEAVES OR IS ARRESTED</h1>"));
    assert_null(strstr(buf_text(&page), "<script"));
    buf_clear(&page);
    assert_int_equal(file_read_all("wall/drill.txt", 65536, &page, NULL), 0);
    size_t lines = 0;
    for (size_t i = 0; i < page.n; i++)
        lines += page.p[i] == '\n';
    assert_true(lines <= 60); /* one page of a printer */
    assert_int_equal(fixture_run(f, "member", "drill", "--out", "wall", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_json(f, "member", "drill", NULL), 0);
    assert_non_null(strstr(fixture_word(f, "page"), "member revoke KEY"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_page_with_this_repository)};
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
