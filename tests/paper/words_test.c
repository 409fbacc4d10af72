/* Codes as words and as base32: in both letters, and every single error in the line where it was made. */
#include "paper/paper.h"

#include "crypt/crypt.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"

static struct chance chance = {20261127};

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static void lines(const uint8_t code[PAPER_CODE], bool numbered, enum paper_letters letters, struct buf *to)
{
    for (unsigned i = 0; i < PAPER_LINES; i++) {
        if (numbered)
            buf_printf(to, "%u: ", i + 1);
        paper_line(i + 1, code + (size_t)i * PAPER_LINE, letters, to);
        buf_put_u8(to, '\n');
    }
}

static void finds(struct bytes text, const uint8_t code[PAPER_CODE])
{
    uint8_t found[PAPER_CODE];
    struct err e = {0};
    if (paper_find(text, found, &e) != 0)
        fail_msg("%s", e.text);
    assert_memory_equal(found, code, PAPER_CODE);
}

static void refuses(struct bytes text, int rc, const char *words)
{
    uint8_t found[PAPER_CODE];
    struct err e = {0};
    assert_int_equal(paper_find(text, found, &e), rc);
    if (strstr(e.text, words) == NULL)
        fail_msg("\"%s\" expected, \"%s\" came", words, e.text);
}

static void round_trips(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        OWN(buf_drop) struct buf text = {0};
        uint8_t code[PAPER_CODE];
        chance_fill(&chance, code, sizeof code);
        lines(code, i % 2 == 0, i % 4 < 2 ? PAPER_LATIN : PAPER_HANGUL, &text);
        finds(buf_bytes(&text), code);
        buf_clear(&text);
        buf_put_text(&text, "  read by a camera: ");
        paper_code(PAPER_SHEET, code, &text);
        buf_put_text(&text, "\n");
        finds(buf_bytes(&text), code);
        for (size_t k = 0; k < text.n; k++)
            text.p[k] = (uint8_t)tolower(text.p[k]);
        finds(buf_bytes(&text), code);
    }
}

/* FORMAT 2.7, worked by hand: 64 syllables in order, 6 bits each, from 0. */
static void the_syllables(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf text = {0};
    const uint8_t zeros[PAPER_LINE] = {0}, ones[PAPER_LINE] = {0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8B};
    paper_line(1, zeros, PAPER_LATIN, &text);
    assert_memory_equal(text.p, "baba baba baba baba baba baba ", 30);
    buf_clear(&text);
    paper_line(1, ones, PAPER_LATIN, &text);
    assert_memory_equal(text.p, "babe bibo buda dedi dodu gage ", 30);
    buf_clear(&text);
    paper_line(1, ones, PAPER_HANGUL, &text);
    assert_memory_equal(text.p, "바베 비보 부다 데디 도두 가게 ", 6 * 7);
}

static void however_it_is_parted(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf parted = {0};
    uint8_t bytes[PAPER_LINE], read[PAPER_LINE];
    chance_fill(&chance, bytes, sizeof bytes);
    paper_line(4, bytes, PAPER_LATIN, &text);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ' ')
            continue;
        buf_put_u8(&parted, (uint8_t)(i % 3 == 0 ? toupper(text.p[i]) : text.p[i]));
        if (isupper(text.p[i]) == 0 && strchr("aeiou", text.p[i]) != NULL)
            buf_put_text(&parted, i % 4 == 0 ? " \t- " : "");
    }
    buf_put_text(&parted, "\r");
    assert_int_equal(paper_line_read(4, buf_bytes(&parted), read, NULL), 0);
    assert_memory_equal(read, bytes, PAPER_LINE);
    /* Hangul in parts, as some systems type it. */
    buf_clear(&text);
    static const uint8_t parts[] = {0xE1, 0x84, 0x87, 0xE1, 0x85, 0xA1}; /* "ba" */
    const uint8_t zeros[PAPER_LINE] = {0};
    paper_line(1, zeros, PAPER_HANGUL, &text);
    buf_clear(&parted);
    buf_put(&parted, parts, sizeof parts);
    buf_put(&parted, text.p + 3, text.n - 3);
    assert_int_equal(paper_line_read(1, buf_bytes(&parted), read, NULL), 0);
    assert_memory_equal(read, zeros, PAPER_LINE);
}

/* One wrong letter, two exchanged words, a line in another's place: nearly always told, and by the line's number. */
static void errors_are_told_by_line(void **state)
{
    (void)state;
    unsigned missed = 0, tried = 0;
    for (int i = 0; i < 3000; i++) {
        OWN(buf_drop) struct buf text = {0};
        uint8_t bytes[PAPER_LINE], read[PAPER_LINE];
        struct err e = {0};
        unsigned line = 1 + (unsigned)chance_below(&chance, PAPER_LINES);
        chance_fill(&chance, bytes, sizeof bytes);
        paper_line(line, bytes, PAPER_LATIN, &text);
        size_t at = chance_below(&chance, text.n);
        uint8_t was = text.p[at];
        text.p[at] = (uint8_t)('a' + chance_below(&chance, 26));
        if (text.p[at] == was)
            continue;
        tried++;
        int rc = paper_line_read(line, buf_bytes(&text), read, &e);
        missed += rc == 0;
        if (rc == 0)
            continue;
        char words[16];
        (void)snprintf(words, sizeof words, "line %u", line);
        assert_int_equal(rc, ERR_DAMAGED);
        assert_non_null(strstr(e.text, words));
    }
    assert_in_range(missed, 0, tried / 500); /* one in 4096 is to be expected */
}

static void what_is_no_line(void **state)
{
    (void)state;
    uint8_t read[PAPER_LINE];
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "line 3 has 0 syllables"},
        {"baba baba baba baba baba baba bab", "line 3: after 13 syllables comes what is none"},
        {"baba baba baba baba baba baba", "line 3 has 12 syllables, and must have 14"},
        {"baba baba baba baba baba baba baba baba", "line 3 has 16 syllables, and must have 14"},
        {"baba baba baba baba baba baba baba", "line 3 is mistyped"},
        {"baba baba yi", "line 3: after 4 syllables"},
        {"fafa", "line 3: after 0 syllables"},
        {"\xff\xfe", "line 3: after 0 syllables"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {0};
        assert_int_equal(paper_line_read(3, bytes_text(cases[i].text), read, &e), ERR_DAMAGED);
        if (strstr(e.text, cases[i].words) == NULL)
            fail_msg("\"%s\" expected, \"%s\" came", cases[i].words, e.text);
    }
}

static void texts_that_hold_none(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf other = {0};
    uint8_t code[PAPER_CODE], second[PAPER_CODE];
    chance_fill(&chance, code, sizeof code);
    chance_fill(&chance, second, sizeof second);
    refuses(bytes_text(""), ERR_ABSENT, "no recovery sheet");
    refuses(bytes_text("a passphrase"), ERR_ABSENT, "no recovery sheet");
    refuses(bytes_text("GROUNDWORK/SHEET/2/ABC"), ERR_NEWER, "newer groundwork");
    paper_code(PAPER_SHEET, code, &text);
    refuses(bytes_of(text.p, text.n - 1), ERR_DAMAGED, "square code is not whole");
    text.p[text.n - 1] = '1';
    refuses(buf_bytes(&text), ERR_DAMAGED, "square code is not whole");
    buf_clear(&text);
    paper_code(PAPER_SHEET, code, &text);
    buf_put_text(&text, "A");
    refuses(buf_bytes(&text), ERR_DAMAGED, "square code is not whole");
    buf_clear(&text);
    lines(code, true, PAPER_LATIN, &text);
    lines(second, true, PAPER_LATIN, &text);
    refuses(buf_bytes(&text), ERR_DAMAGED, "line 1 is there twice, differently");
    buf_clear(&text);
    lines(code, true, PAPER_LATIN, &text);
    text.p[text.n - 2] = 'x';
    refuses(buf_bytes(&text), ERR_DAMAGED, "line 6");
    lines(code, true, PAPER_HANGUL, &text); /* the other letters make up for it */
    finds(buf_bytes(&text), code);
    lines(code, true, PAPER_LATIN, &other);
    uint8_t *cut = memchr(other.p, '\n', other.n);
    refuses(bytes_of(cut, other.n - (size_t)(cut - other.p)), ERR_DAMAGED, "line 1 of its words is missing");
    buf_clear(&text);
    lines(code, false, PAPER_LATIN, &text);
    buf_put_text(&text, "and one more\n");
    refuses(buf_bytes(&text), ERR_ABSENT, "no recovery sheet");
}

/* Whatever comes in from a file: no more than a refusal. */
static void anything(void **state)
{
    (void)state;
    static const char alphabet[] = "GROUNDWORK/SHEET/1/baeiou12345:\n \xEB\xB0\x94";
    for (int i = 0; i < 20000; i++) {
        uint8_t text[256], found[PAPER_CODE];
        size_t n = chance_below(&chance, sizeof text);
        for (size_t k = 0; k < n; k++)
            text[k] = (uint8_t)alphabet[chance_below(&chance, sizeof alphabet - 1)];
        assert_int_not_equal(paper_find(bytes_of(text, n), found, NULL), 0);
    }
}

/* As people and their editors write it. */
static void as_it_is_typed(void **state)
{
    (void)state;
    static const char *const labels[] = {"%u:", "%u :", "%u.", "%u)", "%u\xEF\xBC\x9A", " %u  ) "};
    uint8_t code[PAPER_CODE], found[PAPER_CODE];
    chance_fill(&chance, code, sizeof code);
    for (size_t k = 0; k < 2 * COUNT(labels); k++) {
        OWN(buf_drop) struct buf text = {0};
        buf_put_text(&text, k % 2 == 0 ? "\xEF\xBB\xBF" : "A sheet\n");
        for (unsigned i = 0; i < PAPER_LINES; i++) {
            char label[16];
            (void)snprintf(label, sizeof label, "%u%s", i + 1, labels[k / 2] + (labels[k / 2][0] == ' ' ? 3 : 2));
            buf_printf(&text, "%s%s", labels[k / 2][0] == ' ' ? " " : "", label);
            paper_line(i + 1, code + (size_t)i * PAPER_LINE, PAPER_LATIN, &text);
            buf_put_text(&text, "\r\n");
        }
        finds(buf_bytes(&text), code);
    }
    OWN(buf_drop) struct buf plain = {0};
    buf_put_text(&plain, "\xEF\xBB\xBF");
    lines(code, false, PAPER_HANGUL, &plain);
    finds(buf_bytes(&plain), code);
    struct err e = {0};
    assert_int_equal(paper_find(bytes_text("\xEF\xBB\xBF<!doctype html>\n<pre>1: bado</pre>"), found, &e), ERR_ABSENT);
    assert_non_null(strstr(e.text, "give the .txt, or type the six lines"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),         cmocka_unit_test(the_syllables),
        cmocka_unit_test(however_it_is_parted), cmocka_unit_test(errors_are_told_by_line),
        cmocka_unit_test(what_is_no_line),     cmocka_unit_test(texts_that_hold_none),
        cmocka_unit_test(as_it_is_typed),      cmocka_unit_test(anything),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
