/* Records: what is put on them is shown, and stays text whatever it is. */
#include "paper/paper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_page_in_two_languages(void **state)
{
    static const char *const columns[] = {"", "files", "bytes"};
    const char *const cells[] = {"<b>one</b> & \"two\"", NULL, "3"};
    (void)state;
    for (int korean = 0; korean < 2; korean++) {
        OWN(buf_drop) struct buf page = {0};
        struct paper_record p = {&page, korean ? TEXT_KOREAN : TEXT_ENGLISH};
        paper_record_begin(&p, "A <title>");
        paper_record_heading(&p, "files");
        paper_record_paragraph(&p, "bytes");
        paper_record_table(&p, columns, COUNT(columns));
        paper_record_row(&p, cells, COUNT(cells));
        paper_record_table_end(&p);
        paper_record_table(&p, NULL, 0);
        paper_record_fact(&p, "files", "<script>alert(1)</script>");
        paper_record_table_end(&p);
        paper_record_words(&p, "1: a\n2: b\n");
        assert_int_equal(paper_record_end(&p, NULL), 0);
        const char *text = buf_text(&page);
        const char *files = text_in(p.language, "files");
        assert_non_null(strstr(text, korean ? "<html lang=\"ko\">" : "<html lang=\"en\">"));
        assert_non_null(strstr(text, "<h1>A &lt;title&gt;</h1>"));
        assert_non_null(strstr(text, "<tr><th></th><th>"));
        assert_non_null(strstr(text, files));
        assert_int_equal(strcmp(files, "files") == 0, !korean);
        assert_non_null(strstr(text, "<td>&lt;b&gt;one&lt;/b&gt; &amp; "));
        assert_non_null(strstr(text, "<td></td><td>3</td></tr>"));
        assert_null(strstr(text, "<script"));
        assert_non_null(strstr(text, "<pre>1: a\n2: b\n</pre>"));
        assert_non_null(strstr(text, "</body></html>"));
        size_t open = 0, shut = 0;
        for (size_t i = 0; i < page.n; i++) {
            open += page.p[i] == '<';
            shut += page.p[i] == '>';
        }
        assert_int_equal(open, shut);
    }
}

static void without_memory(void **state)
{
    struct buf page = {.failed = true};
    struct paper_record p = {&page, TEXT_ENGLISH};
    struct err e = {0};
    (void)state;
    paper_record_begin(&p, "x");
    assert_int_equal(paper_record_end(&p, &e), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_page_in_two_languages), cmocka_unit_test(without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
