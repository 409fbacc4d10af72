/* What a sheet says: everything that is on it, in both languages, and plainly when one is enough. */
#include "paper/paper_internal.h"

#include "crypt/crypt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

struct heard {
    struct buf text;
    unsigned pieces[PAPER_SQUARE + 1];
};

static void hear(void *context, enum paper_piece piece, const char *text)
{
    struct heard *h = context;
    h->pieces[piece]++;
    buf_printf(&h->text, "%s\n", text);
}

static void tell(unsigned needed, unsigned count, struct heard *h)
{
    struct paper_sheet sheet = {.origin = "centre.example/log",
                                .pin = "0123456789abcdef",
                                .set = "fedcba9876543210",
                                .made = "2026-11-27T02:00:00Z",
                                .root = "00112233",
                                .leaves = 4321,
                                .index = 1,
                                .count = count,
                                .needed = needed};
    const struct paper_layout layout = {hear, h};
    assert_int_equal(paper_sheet_tell(&sheet, &layout, NULL), 0);
}

static void everything_in_both_languages(void **state)
{
    (void)state;
    static const char *const words[] = {"centre.example/log", "0123456789abcdef", "fedcba9876543210",
                                        "2026-11-27T02:00:00Z", "00112233", "4321", "sheet 1 of 3", "복구 용지 1번",
                                        "Any 2 of the 3 sheets", "아무 2장", "GROUNDWORK/SHEET/1/", "1: baba", "6: ",
                                        "바바", "groundwork recover", "FORMAT.md"};
    struct heard h = {{0}, {0}};
    tell(2, 3, &h);
    for (size_t i = 0; i < COUNT(words); i++)
        if (strstr(buf_text(&h.text), words[i]) == NULL)
            fail_msg("no \"%s\" on it", words[i]);
    assert_int_equal(h.pieces[PAPER_TITLE], 2);
    assert_int_equal(h.pieces[PAPER_WORDS], 2 * PAPER_LINES);
    assert_int_equal(h.pieces[PAPER_SQUARE], 1);
    assert_null(strstr(buf_text(&h.text), "This one sheet is enough"));
    buf_drop(&h.text);
}

static void one_is_enough_is_said(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= 2; count++) {
        struct heard h = {{0}, {0}};
        tell(1, count, &h);
        assert_non_null(strstr(buf_text(&h.text), "This one sheet is enough"));
        assert_non_null(strstr(buf_text(&h.text), "이 용지 한 장이면 충분합니다"));
        buf_drop(&h.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_in_both_languages),
                                       cmocka_unit_test(one_is_enough_is_said)};
    return cmocka_run_group_tests(tests, start, NULL);
}
