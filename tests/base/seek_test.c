/* Texts are found in any form, case and encoding, across pieces, and nowhere else: held to a plain search. */
#include "base/seek.h"

#include "base/unicode.h"
#include "chance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t room[1 << 16];

static struct seek *seek_for(const char *const *texts, size_t count)
{
    struct bytes list[SEEK_TEXTS_MAX];
    struct seek *s = NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        list[i] = bytes_text(texts[i]);
        bytes += list[i].n;
    }
    assert_true(seek_room(count, bytes) <= sizeof room);
    memset(room, 0, sizeof room);
    assert_int_equal(seek_new(list, count, room, &s, NULL), 0);
    return s;
}

/* In one piece, and byte by byte. */
static bool has(struct seek *s, struct bytes where, size_t text)
{
    seek_begin(s);
    seek_feed(s, where);
    bool whole = seek_found(s, text);
    seek_begin(s);
    for (size_t i = 0; i < where.n; i++)
        seek_feed(s, bytes_of(where.p + i, 1));
    assert_int_equal(seek_found(s, text), whole);
    assert_true(!whole || seek_found_any(s));
    return whole;
}

static void any_form_and_case_is_found(void **state)
{
    static const char *const texts[] = {"\xea\xb9\x80\xec\xb2\xa0\xec\x88\x98", "J\xc3\xbcrgen K\xc3\xb6hler", "x"};
    static const struct {
        const char *where;
        bool korean, german;
    } cases[] = {
        {"", false, false},
        {"said by \xea\xb9\x80\xec\xb2\xa0\xec\x88\x98.", true, false},
        /* the same in conjoining letters */
        {"\xe1\x84\x80\xe1\x85\xb5\xe1\x86\xb7\xe1\x84\x8e\xe1\x85\xa5\xe1\x86\xaf\xe1\x84\x89\xe1\x85\xae", true,
         false},
        {"\xea\xb9\x80\xec\xb2\xa0", false, false},
        {"\xea\xb9\x80\xea\xb9\x80\xec\xb2\xa0\xec\x88\x98", true, false},
        {"J\xc3\x9cRGEN k\xc3\xb6hler", false, true},
        {"ju\xcc\x88rgen ko\xcc\x88hler", false, true},
        {"jurgen kohler", false, false},
        {"J\xc3\xbcrgen  K\xc3\xb6hler", false, false},
        {"J\xc3\xbcrgen\xff K\xc3\xb6hler", false, false},
        {"J\xc3\xbcrgen K\xc3\xc3\xb6hler", false, false},
        {"\xe2\x82J\xc3\xbcrgen K\xc3\xb6hler", false, true},
        {"J\xc3\xbcrgen J\xc3\xbcrgen K\xc3\xb6hler", false, true},
        {"x", false, false},
    };
    struct seek *s = seek_for(texts, COUNT(texts));
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(has(s, bytes_text(cases[i].where), 0), cases[i].korean);
        assert_int_equal(has(s, bytes_text(cases[i].where), 1), cases[i].german);
        assert_false(has(s, bytes_text(cases[i].where), 2));
    }
    seek_free(s);
}

static void both_orders_of_utf16_are_found(void **state)
{
    static const char *const texts[] = {"\xea\xb9\x80\xec\xb2\xa0\xec\x88\x98"};
    const uint16_t units[] = {0xae40, 0xcca0, 0xc218};
    struct seek *s = seek_for(texts, 1);
    for (unsigned before = 0; before < 3; before++)
        for (unsigned little = 0; little < 2; little++) {
            OWN(buf_drop) struct buf b = {0};
            for (unsigned i = 0; i < before; i++)
                buf_put_u8(&b, 'x');
            for (size_t i = 0; i < COUNT(units); i++) {
                buf_put_u8(&b, (uint8_t)(little ? units[i] : units[i] >> 8));
                buf_put_u8(&b, (uint8_t)(little ? units[i] >> 8 : units[i]));
            }
            assert_true(has(s, buf_bytes(&b), 0));
            b.n--;
            assert_false(has(s, buf_bytes(&b), 0));
        }
    seek_free(s);
}

/* Over few letters, so that the automata often go back. */
static void it_finds_what_a_plain_search_finds(void **state)
{
    struct chance chance = {7};
    for (int round = 0; round < 400; round++) {
        char text[3][12], where[200];
        const char *texts[3];
        for (size_t i = 0; i < 3; i++) {
            size_t n = 2 + chance_below(&chance, 9);
            for (size_t k = 0; k < n; k++)
                text[i][k] = (char)('a' + chance_below(&chance, 2));
            text[i][n] = 0;
            texts[i] = text[i];
        }
        size_t n = chance_below(&chance, sizeof where);
        for (size_t k = 0; k < n; k++)
            where[k] = (char)('a' + chance_below(&chance, 2));
        where[n] = 0;
        struct seek *s = seek_for(texts, 3);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(has(s, bytes_text(where), i), strstr(where, text[i]) != NULL);
        seek_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_form_and_case_is_found),
        cmocka_unit_test(both_orders_of_utf16_are_found),
        cmocka_unit_test(it_finds_what_a_plain_search_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
