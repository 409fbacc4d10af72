#include "base/bytes.h"

#include "chance.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_text(struct buf *b, const char *expected)
{
    assert_false(b->failed);
    assert_int_equal(b->n, strlen(expected));
    assert_string_equal(buf_text(b), expected);
}

static void test_equal(void **state)
{
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_text("")));
    assert_true(bytes_equal(bytes_text("act"), bytes_text("act")));
    assert_false(bytes_equal(bytes_text("act"), bytes_text("acts")));
    assert_false(bytes_equal(bytes_text("act"), bytes_text("ace")));
}

static void test_integers_are_big_endian_and_come_back(void **state)
{
    static const uint64_t samples[] = {0, 1, 0x80, 0xff, 0x0102030405060708, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < COUNT(samples); i++) {
        OWN(buf_drop) struct buf b = {0};
        buf_put_u8(&b, (uint8_t)samples[i]);
        buf_put_u16(&b, (uint16_t)samples[i]);
        buf_put_u32(&b, (uint32_t)samples[i]);
        buf_put_u64(&b, samples[i]);
        assert_int_equal(b.n, 15);
        struct cursor c = cursor_of(buf_bytes(&b));
        assert_int_equal(cursor_u8(&c), (uint8_t)samples[i]);
        assert_int_equal(cursor_u16(&c), (uint16_t)samples[i]);
        assert_int_equal(cursor_u32(&c), (uint32_t)samples[i]);
        assert_int_equal(cursor_u64(&c), samples[i]);
        assert_true(cursor_done(&c));
    }
    OWN(buf_drop) struct buf b = {0};
    buf_put_u64(&b, 0x0102030405060708);
    assert_memory_equal(b.p, "\1\2\3\4\5\6\7\10", 8);
}

static void test_buffer_keeps_everything_while_it_grows(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    for (size_t i = 0; i < 5000; i++) {
        uint8_t piece[3] = {(uint8_t)i, (uint8_t)(i >> 8), 0xaa};
        buf_put(&b, piece, i % 4);
    }
    struct cursor c = cursor_of(buf_bytes(&b));
    for (size_t i = 0; i < 5000; i++) {
        uint8_t piece[3] = {(uint8_t)i, (uint8_t)(i >> 8), 0xaa};
        assert_true(bytes_equal(cursor_take(&c, i % 4), bytes_of(piece, i % 4)));
    }
    assert_true(cursor_done(&c));
    assert_int_equal(buf_check(&b, NULL), 0);
}

static void test_empty_buffer_gives_a_place_and_a_text(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    assert_non_null(buf_more(&b, 0));
    assert_string_equal(buf_text(&b), "");
    assert_int_equal(b.n, 0);
    buf_clear(&b);
    assert_true(b.room > 0);
}

static void test_text_ends_at_a_full_room(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    buf_put_u8(&b, 'x');
    while (b.n < b.room)
        buf_put_u8(&b, 'x');
    size_t n = b.n;
    assert_int_equal(strlen(buf_text(&b)), n);
    assert_int_equal(b.n, n);
}

static void test_lost_memory_is_remembered(void **state)
{
    static const size_t impossible[] = {SIZE_MAX, SIZE_MAX - 2, (size_t)PTRDIFF_MAX, (size_t)PTRDIFF_MAX - 2};
    for (size_t i = 0; i < COUNT(impossible); i++) {
        OWN(buf_drop) struct buf b = {0};
        buf_put_text(&b, "act");
        assert_null(buf_more(&b, impossible[i]));
        assert_true(b.failed);
        buf_put_text(&b, "more");
        buf_printf(&b, "%d", 1);
        buf_put_base64(&b, bytes_text("x"));
        buf_put_hex(&b, bytes_text("x"));
        assert_int_equal(b.n, 3);
        assert_string_equal(buf_text(&b), "");
        buf_clear(&b);
        struct err e;
        assert_int_equal(buf_check(&b, &e), ERR_IO);
        assert_int_equal(e.code, ERR_IO);
        assert_true(strlen(e.text) > 0);
        assert_int_equal(base64_get(bytes_text("QUFB"), &b), ERR_IO);
    }
}

/* Lengths that overflow, and a format that printf refuses. */
static void test_what_no_buffer_can_hold(void **state)
{
    static const wchar_t no_character[] = {0x7fffffff, 0};
    for (unsigned i = 0; i < 3; i++) {
        OWN(buf_drop) struct buf b = {0};
        if (i == 0)
            buf_put_hex(&b, bytes_of("", SIZE_MAX / 2 + 1));
        else if (i == 1)
            buf_put_base64(&b, bytes_of("", SIZE_MAX));
        else
            buf_printf(&b, "%ls", no_character);
        assert_int_equal(buf_check(&b, NULL), ERR_IO);
        assert_int_equal(b.n, 0);
    }
}

static void test_growing_when_memory_is_out(void **state)
{
    size_t growths = 0;
    for (size_t at = 1;; at++) {
        memory_fails_at(at);
        struct buf b = {0};
        for (unsigned i = 0; i < 300; i++)
            buf_put_u8(&b, (uint8_t)i);
        bool failed = memory_is_back();
        assert_int_equal(b.failed, failed);
        for (size_t i = 0; i < b.n; i++)
            assert_int_equal(b.p[i], (uint8_t)i);
        buf_drop(&b);
        if (!failed)
            break;
        growths++;
    }
    assert_int_equal(growths, 4); /* 64, 128, 256, 512 */
}

static void test_drop_leaves_a_buffer_that_can_be_used(void **state)
{
    buf_drop(NULL);
    buf_wipe(NULL);
    struct buf b = {0};
    buf_wipe(&b);
    buf_put_text(&b, "secret");
    buf_wipe(&b);
    assert_null(b.p);
    assert_int_equal(b.room, 0);
    buf_put_text(&b, "again");
    assert_text(&b, "again");
    buf_drop(&b);
    buf_drop(&b);
}

static void test_formatted_text(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    buf_printf(&b, "%s", "");
    assert_text(&b, "");
    buf_printf(&b, "%d-%s", 7, "acts");
    buf_put_decimal(&b, 0);
    buf_put_decimal(&b, UINT64_MAX);
    assert_text(&b, "7-acts018446744073709551615");
    buf_clear(&b);
    buf_printf(&b, "%5000d", 1);
    assert_int_equal(b.n, 5000);
    /* The zero byte that printf puts behind must have its room too. */
    for (int width = 1; width < 300; width++) {
        OWN(buf_drop) struct buf fresh = {0};
        buf_printf(&fresh, "%*d", width, 1);
        assert_int_equal(fresh.n, width);
        assert_true(fresh.room > fresh.n);
    }
}

static void test_cursor_stops_at_the_end(void **state)
{
    static const uint8_t p[] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t copy[9];
    for (size_t n = 0; n <= sizeof(p); n++) {
        struct cursor c = cursor_of(bytes_of(p, n));
        assert_int_equal(cursor_take(&c, n).n, n);
        assert_true(cursor_done(&c));

        c = cursor_of(bytes_of(p, n));
        assert_null(cursor_take(&c, n + 1).p);
        assert_true(c.failed);
        assert_false(cursor_done(&c));
        /* Nothing can be read once something failed, though bytes are left. */
        assert_int_equal(cursor_u8(&c), 0);
        assert_null(cursor_take(&c, 0).p);

        memset(copy, 0xaa, sizeof(copy));
        c = cursor_of(bytes_of(p, n));
        cursor_copy(&c, copy, n + 1);
        for (size_t i = 0; i <= n; i++)
            assert_int_equal(copy[i], 0);
        c = cursor_of(bytes_of(p, n));
        cursor_copy(&c, copy, n);
        assert_memory_equal(copy, p, n);
        assert_true(cursor_done(&c));
    }
    struct cursor c = cursor_of(bytes_of(p, 1));
    assert_int_equal(cursor_u16(&c), 0);
    assert_true(c.failed);
    c = cursor_of(bytes_of(p, 3));
    assert_int_equal(cursor_u32(&c), 0);
    assert_true(c.failed);
    c = cursor_of(bytes_of(p, 7));
    assert_int_equal(cursor_u64(&c), 0);
    assert_true(c.failed);
    c = cursor_of(bytes_of(NULL, 0));
    assert_true(cursor_done(&c));
    assert_int_equal(cursor_u8(&c), 0);
    assert_true(c.failed);
}

static void test_cursor_reads_lines(void **state)
{
    struct cursor c = cursor_of(bytes_text("one\n\ntwo"));
    assert_true(bytes_equal(cursor_line(&c), bytes_text("one")));
    struct bytes empty = cursor_line(&c);
    assert_int_equal(empty.n, 0);
    assert_false(c.failed);
    assert_int_equal(c.left, 3);
    assert_null(cursor_line(&c).p);
    assert_true(c.failed);
    c = cursor_of(bytes_of(NULL, 0));
    assert_null(cursor_line(&c).p);
    assert_true(c.failed);
}

static void test_cursor_expects(void **state)
{
    struct cursor c = cursor_of(bytes_text("GWS1rest"));
    assert_true(cursor_expect(&c, ""));
    assert_true(cursor_expect(&c, "GWS1"));
    assert_int_equal(c.left, 4);
    assert_false(cursor_expect(&c, "resT"));
    assert_true(c.failed);
    c = cursor_of(bytes_text("GWS"));
    assert_false(cursor_expect(&c, "GWS1"));
    assert_false(cursor_expect(&c, "GWS"));
}

static void test_hex(void **state)
{
    uint8_t all[256];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    char text[2 * sizeof(all) + 1];
    hex_put(text, all, sizeof(all));
    uint8_t back[sizeof(all)];
    assert_int_equal(hex_get(bytes_text(text), back, sizeof(back)), 0);
    assert_memory_equal(back, all, sizeof(all));
    OWN(buf_drop) struct buf b = {0};
    buf_put_hex(&b, bytes_of(all, sizeof(all)));
    assert_text(&b, text);

    assert_int_equal(hex_get(bytes_text(""), back, 0), 0);
    assert_int_equal(hex_get(bytes_text("0a"), back, 1), 0);
    assert_int_equal(back[0], 10);
    static const char *const refused[] = {"", "0", "0A", "0a0", "0a0b", "0g", " 0", "/0", ":0", "`0", "+1"};
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(hex_get(bytes_text(refused[i]), back, 1), ERR_DAMAGED);
}

/* RFC 4648 section 10. */
static void test_base64_vectors(void **state)
{
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const text[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < COUNT(plain); i++) {
        OWN(buf_drop) struct buf b = {0};
        buf_put_base64(&b, bytes_text(plain[i]));
        assert_text(&b, text[i]);
        uint8_t put[16];
        memset(put, '.', sizeof put);
        base64_put(put, bytes_text(plain[i]));
        assert_memory_equal(put, text[i], strlen(text[i]));
        assert_int_equal(put[strlen(text[i])], '.');
        buf_clear(&b);
        assert_int_equal(base64_get(bytes_text(text[i]), &b), 0);
        assert_text(&b, plain[i]);
        uint8_t exact[8];
        assert_int_equal(base64_get_exact(bytes_text(text[i]), exact, i), 0);
        assert_memory_equal(exact, plain[i], i);
        assert_int_equal(base64_get_exact(bytes_text(text[i]), exact, i + 1), ERR_DAMAGED);
        if (i > 0)
            assert_int_equal(base64_get_exact(bytes_text(text[i]), exact, i - 1), ERR_DAMAGED);
    }
}

static void test_base64_comes_back(void **state)
{
    struct chance chance = {64};
    uint8_t p[200];
    for (size_t n = 0; n <= sizeof(p); n++) {
        chance_fill(&chance, p, n);
        OWN(buf_drop) struct buf text = {0};
        OWN(buf_drop) struct buf back = {0};
        buf_put_base64(&text, bytes_of(p, n));
        assert_int_equal(base64_get(buf_bytes(&text), &back), 0);
        assert_true(bytes_equal(buf_bytes(&back), bytes_of(p, n)));
    }
}

/* Whatever is accepted is the one text of what it decodes to: tried over all endings of a group. */
static void test_base64_has_one_form(void **state)
{
    unsigned accepted = 0;
    for (unsigned last = 0; last < 65536; last++) {
        uint8_t text[4] = {'A', 'h', (uint8_t)(last >> 8), (uint8_t)last};
        OWN(buf_drop) struct buf plain = {0};
        buf_put_text(&plain, "kept");
        if (base64_get(bytes_of(text, 4), &plain) != 0) {
            assert_text(&plain, "kept");
            continue;
        }
        OWN(buf_drop) struct buf again = {0};
        buf_put_base64(&again, bytes_of(plain.p + 4, plain.n - 4));
        assert_true(bytes_equal(buf_bytes(&again), bytes_of(text, 4)));
        accepted++;
    }
    /* 64 * 64 whole groups, 16 two-byte endings; "Ah==" would leave bits over. */
    assert_int_equal(accepted, 64 * 64 + 16);
    static const char *const refused[] = {"A",        "AA",       "AAA",   "AAAAA",  "====",  "A===", "AA=A", "=AAA",
                                          "AAA=AAAA", "AA==AA==", "AAA A", "AAAA\n", "AAA\n", "AA-_", "Ah==", "Zm9="};
    OWN(buf_drop) struct buf plain = {0};
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(base64_get(bytes_text(refused[i]), &plain), ERR_DAMAGED);
    assert_int_equal(plain.n, 0);
}

static void test_decimals(void **state)
{
    static const uint64_t samples[] = {0, 1, 9, 10, 99, 9007199254740991, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < COUNT(samples); i++) {
        OWN(buf_drop) struct buf b = {0};
        buf_put_decimal(&b, samples[i]);
        uint64_t v = 0;
        assert_int_equal(decimal_get(buf_bytes(&b), &v), 0);
        assert_int_equal(v, samples[i]);
    }
    static const char *const refused[] = {"",
                                          "00",
                                          "01",
                                          "+1",
                                          "-1",
                                          " 1",
                                          "1 ",
                                          "1a",
                                          "0x",
                                          ":",
                                          "/",
                                          "18446744073709551616",
                                          "18446744073709551620",
                                          "99999999999999999999",
                                          "100000000000000000000",
                                          "018446744073709551615"};
    uint64_t v = 7;
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(decimal_get(bytes_text(refused[i]), &v), ERR_DAMAGED);
    assert_int_equal(v, 7);
}

static void test_words_of_a_line(void **state)
{
    struct bytes w[3];
    assert_true(bytes_words(bytes_text("pin ab cd"), "pin", w, 2));
    assert_true(bytes_equal(w[0], bytes_text("ab")) && bytes_equal(w[1], bytes_text("cd")));
    assert_true(bytes_words(bytes_text("pin"), "pin", w, 0));
    assert_true(bytes_words(bytes_text("pin  cd"), "pin", w, 2) && w[0].n == 0);
    assert_false(bytes_words(bytes_text("pin ab cd"), "pin", w, 1));
    assert_false(bytes_words(bytes_text("pin ab cd"), "pin", w, 3));
    assert_false(bytes_words(bytes_text("pin ab cd "), "pin", w, 2));
    assert_false(bytes_words(bytes_text("pins ab cd"), "pin", w, 2));
    assert_false(bytes_words(bytes_text(" pin ab cd"), "pin", w, 2));
    assert_false(bytes_words(bytes_text("pi"), "pin", w, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_words_of_a_line),
        cmocka_unit_test(test_integers_are_big_endian_and_come_back),
        cmocka_unit_test(test_buffer_keeps_everything_while_it_grows),
        cmocka_unit_test(test_empty_buffer_gives_a_place_and_a_text),
        cmocka_unit_test(test_text_ends_at_a_full_room),
        cmocka_unit_test(test_lost_memory_is_remembered),
        cmocka_unit_test(test_what_no_buffer_can_hold),
        cmocka_unit_test(test_growing_when_memory_is_out),
        cmocka_unit_test(test_drop_leaves_a_buffer_that_can_be_used),
        cmocka_unit_test(test_formatted_text),
        cmocka_unit_test(test_cursor_stops_at_the_end),
        cmocka_unit_test(test_cursor_reads_lines),
        cmocka_unit_test(test_cursor_expects),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_base64_vectors),
        cmocka_unit_test(test_base64_comes_back),
        cmocka_unit_test(test_base64_has_one_form),
        cmocka_unit_test(test_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
