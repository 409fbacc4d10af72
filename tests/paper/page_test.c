/* The pages: what is on them can be found again, fits the paper, and nothing on it can be markup. */
#include "paper/paper.h"

#include "crypt/crypt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static struct paper_sheet some(const char *origin)
{
    struct paper_sheet s = {.origin = origin,
                            .pin = "00000000000000000000000000000000ffffffffffffffffffffffffffffffff",
                            .set = "0123456789abcdef0123456789abcdef",
                            .made = "2026-11-27T02:00:00Z",
                            .root = "ffffffffffffffffffffffffffffffff00000000000000000000000000000000",
                            .leaves = 12,
                            .index = 2,
                            .count = 3,
                            .needed = 2};
    crypt_random(s.code, sizeof s.code);
    return s;
}

static void a_page_of_text(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf page = {0};
    const struct paper_sheet s = some("centre.example/log");
    uint8_t code[PAPER_CODE];
    assert_int_equal(paper_sheet_text(&s, &page, NULL), 0);
    assert_int_equal(paper_find(buf_bytes(&page), code, NULL), 0);
    assert_memory_equal(code, s.code, PAPER_CODE);
    unsigned lines = 0;
    for (struct cursor c = cursor_of(buf_bytes(&page)); c.left > 0; lines++) {
        struct bytes line = cursor_line(&c);
        size_t columns = 0;
        for (size_t i = 0; i < line.n; i++)
            columns += (line.p[i] & 0xC0) == 0x80 ? 0 : line.p[i] >= 0xE1 ? 2 : 1;
        assert_in_range(columns, 0, 80);
    }
    assert_in_range(lines, 40, 80);
}

static void a_page_with_the_square_code(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf page = {0};
    const struct paper_sheet s = some("<b>&example");
    assert_int_equal(paper_sheet_page(&s, &page, NULL), 0);
    const char *text = buf_text(&page);
    assert_non_null(strstr(text, "&lt;b&gt;&amp;example"));
    assert_null(strstr(text, "<b>"));
    assert_non_null(strstr(text, "<svg "));
    assert_null(strstr(text, "GROUNDWORK/SHEET/")); /* it is in the code alone */
    assert_null(strstr(text, "<script"));
    assert_memory_equal(text + strlen(text) - 15, "</body></html>\n", 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_page_of_text), cmocka_unit_test(a_page_with_the_square_code)};
    return cmocka_run_group_tests(tests, start, NULL);
}
