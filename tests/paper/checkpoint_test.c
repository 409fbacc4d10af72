/* Checkpoints on paper: their bytes and back, told from sheets, and everything on the page in both languages. */
#include "paper/paper_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../base/chance.h"

static struct chance chance = {20261128};

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static struct paper_checkpoint some(void)
{
    struct paper_checkpoint c = {.origin = "centre.example/<log>", .made = "2026-11-27T02:00:00Z"};
    c.leaves = chance_below(&chance, 1000) == 0 ? 0 : chance_u64(&chance) >> 1;
    chance_fill(&chance, c.root.b, CRYPT_HASH);
    chance_fill(&chance, c.pin.b, CRYPT_HASH);
    return c;
}

static void there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        OWN(buf_drop) struct buf text = {0};
        const struct paper_checkpoint c = some();
        struct paper_checkpoint read;
        uint8_t code[PAPER_CODE];
        assert_int_equal(paper_checkpoint_text(&c, &text, NULL), 0);
        assert_int_equal(paper_find(buf_bytes(&text), code, NULL), 0);
        assert_int_equal(paper_checkpoint_read(code, &read, NULL), 0);
        assert_true(read.leaves == c.leaves);
        assert_memory_equal(read.root.b, c.root.b, CRYPT_HASH);
        assert_memory_equal(read.pin.b, c.pin.b, PAPER_PIN);
        buf_clear(&text);
        paper_code(PAPER_CHECKPOINT, code, &text);
        uint8_t again[PAPER_CODE];
        assert_int_equal(paper_find(buf_bytes(&text), again, NULL), 0);
        assert_memory_equal(again, code, PAPER_CODE);
    }
}

/* Whatever bit is wrong, the whole does not pass; nor does a sheet, nor what a later version may write. */
static void any_flip_is_seen(void **state)
{
    (void)state;
    const struct paper_checkpoint c = some();
    uint8_t code[PAPER_CODE];
    struct paper_checkpoint read;
    paper_checkpoint_code(&c, code);
    for (unsigned bit = 0; bit < 8 * PAPER_CODE; bit++) {
        struct err e = {0};
        code[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(paper_checkpoint_read(code, &read, &e), 0);
        code[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    static const struct {
        uint8_t first;
        int rc;
        const char *words;
    } cases[] = {{1, ERR_REFUSED, "keep them secret"},
                 {0xC2, ERR_NEWER, "newer groundwork"},
                 {0xD1, ERR_DAMAGED, "no checkpoint"},
                 {0, ERR_DAMAGED, "no checkpoint"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {0};
        code[0] = cases[i].first;
        assert_int_equal(paper_checkpoint_read(code, &read, &e), cases[i].rc);
        assert_non_null(strstr(e.text, cases[i].words));
    }
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

static void everything_in_both_languages(void **state)
{
    (void)state;
    static const char *const words[] = {"centre.example/<log>", "2026-11-27T02:00:00Z", "Groundwork checkpoint",
                                        "Groundwork 체크포인트", "verify --against FILE", "1: ", "6: ",
                                        "GROUNDWORK/CHECKPOINT/1/", "비밀이 아니며", "FORMAT.md"};
    struct heard h = {{0}, {0}};
    const struct paper_checkpoint c = some();
    const struct paper_layout layout = {hear, &h};
    assert_int_equal(paper_checkpoint_tell(&c, &layout, NULL), 0);
    for (size_t i = 0; i < COUNT(words); i++)
        if (strstr(buf_text(&h.text), words[i]) == NULL)
            fail_msg("no \"%s\" on it", words[i]);
    assert_int_equal(h.pieces[PAPER_TITLE], 2);
    assert_int_equal(h.pieces[PAPER_WORDS], 2 * PAPER_LINES);
    assert_int_equal(h.pieces[PAPER_SQUARE], 1);
    buf_drop(&h.text);
}

static void nothing_on_the_page_is_markup(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf page = {0};
    const struct paper_checkpoint c = some();
    assert_int_equal(paper_checkpoint_page(&c, &page, NULL), 0);
    assert_non_null(strstr(buf_text(&page), "centre.example/&lt;log&gt;"));
    assert_non_null(strstr(buf_text(&page), "<svg "));
    assert_null(strstr(buf_text(&page), "<log>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back), cmocka_unit_test(any_flip_is_seen),
        cmocka_unit_test(everything_in_both_languages), cmocka_unit_test(nothing_on_the_page_is_markup)};
    return cmocka_run_group_tests(tests, start, NULL);
}
