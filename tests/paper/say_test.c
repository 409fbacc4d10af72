/* Pieces of a page: by the catalogue in each language, and words in both letters with the square code. */
#include "paper/paper_internal.h"

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
};

static void hear(void *context, enum paper_piece piece, const char *text)
{
    struct heard *h = context;
    buf_printf(&h->text, "%d %s\n", (int)piece, text);
}

static void in_each_language(void **state)
{
    (void)state;
    struct heard h = {{0}};
    const struct paper_layout layout = {hear, &h};
    struct paper_telling t = {.layout = &layout};
    paper_say(&t, PAPER_FACT, TEXT_ENGLISH, "Pin: %s", "00ff");
    paper_say(&t, PAPER_FACT, TEXT_KOREAN, "Pin: %s", "00ff");
    assert_false(t.failed);
    assert_string_equal(buf_text(&h.text), "1 Pin: 00ff\n1 핀: 00ff\n");
    buf_drop(&h.text);
}

static void words_and_code(void **state)
{
    (void)state;
    static const char *const squares[] = {"4 GROUNDWORK/SHEET/1/AAAA", "4 GROUNDWORK/CHECKPOINT/1/AAAA"};
    const uint8_t zeros[PAPER_CODE] = {0};
    for (int kind = PAPER_SHEET; kind <= PAPER_CHECKPOINT; kind++) {
        struct heard h = {{0}};
        const struct paper_layout layout = {hear, &h};
        struct paper_telling t = {.layout = &layout};
        paper_say_code(&t, (enum paper_kind)kind, zeros);
        assert_false(t.failed);
        assert_non_null(strstr(buf_text(&h.text), "3 1: baba baba"));
        assert_non_null(strstr(buf_text(&h.text), "3 6: 바바 바바"));
        assert_non_null(strstr(buf_text(&h.text), squares[kind]));
        buf_drop(&h.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_each_language), cmocka_unit_test(words_and_code)};
    return cmocka_run_group_tests(tests, start, NULL);
}
