/* Lists: what each format gives, and what each refuses. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void formats(void **state)
{
    (void)state;
    static const enum screen_format expected[] = {SCREEN_UN_XML, SCREEN_OFAC_CSV, SCREEN_OFAC_CSV,
                                                  SCREEN_EU_CSV, SCREEN_FTM_JSON, SCREEN_PLAIN_CSV};
    static const size_t entries[] = {2, 2, 1, 2, 1, 1};
    OWN(screen_drop) struct screen *s = fixture_screen();
    struct screen_entry e;
    for (unsigned i = 0; i < COUNT(expected); i++) {
        assert_int_equal(screen_list_format(s, i), expected[i]);
        assert_int_equal(screen_list_entries(s, i), entries[i]);
    }
    assert_string_equal(screen_list_date(s, 0), "2026-01-02");
    assert_string_equal(screen_list_date(s, 1), "");
    screen_entry_at(s, 0, &e);
    assert_string_equal(e.id, "KPi.901");
    assert_string_equal(e.detail[SCREEN_BIRTH], "1961-04-05");
    assert_string_equal(e.detail[SCREEN_PASSPORT], "P1234567");
    assert_string_equal(e.detail[SCREEN_NATIONALITY], "Nowhere");
    screen_entry_at(s, 1, &e);
    assert_int_equal(e.kind, MATCH_ORGANISATION);
    screen_entry_at(s, 2, &e);
    assert_string_equal(e.detail[SCREEN_BIRTH], "07 Oct 1954");
    screen_entry_at(s, 3, &e);
    assert_int_equal(e.kind, MATCH_VESSEL);
    assert_string_equal(e.detail[SCREEN_IMO], "7406784");
    screen_entry_at(s, 4, &e); /* a further name of 9001, with its details */
    assert_string_equal(e.id, "9001");
    assert_string_equal(e.detail[SCREEN_BIRTH], "07 Oct 1954");
}

static void refuses(const char *content, const char *expected)
{
    OWN(screen_drop) struct screen *s = NULL;
    struct err e = {0};
    assert_int_equal(screen_new(&s, NULL), 0);
    assert_int_equal(screen_add(s, bytes_text(content), "x", &e), ERR_DAMAGED);
    assert_string_equal(e.text, expected);
}

static void refusals(void **state)
{
    (void)state;
    refuses("", "x is empty: a table begins with the names of its columns");
    refuses("<aa/>", "x: no name was found in it; is it a list?");
    refuses("<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL>", "x, line 1: not well-formed XML, or cut off");
    refuses("<LIST><INDIVIDUAL></INDIVIDUAL></LIST>", "x: no name was found in it; is it a list?");
    refuses("1,2,3\n", "x, line 1: 3 fields, where sdn.csv has 12 and alt.csv 5");
    refuses("id,nom\n1,2\n", "x: no column is called name");
    refuses("{\"id\":1}\n", "x, line 1: not an entity: id, schema and properties are wanted");
    refuses("id,name,dob\n1,Ann,1970\n2,Be", "x, line 3: the last row breaks off: the list is cut off");
    refuses("name\n\"abc\n", "x, line 2: a quote is opened here and never closed");
}

/* A list cut anywhere ends in a line or in fewer entries, never in a crash. */
static void cut(void **state)
{
    (void)state;
    const char *const lists[] = {fixture_un, fixture_sdn, fixture_eu, fixture_ftm};
    for (size_t i = 0; i < COUNT(lists); i++)
        for (size_t n = 0; n < strlen(lists[i]); n++) {
            OWN(screen_drop) struct screen *s = NULL;
            struct err e = {0};
            assert_int_equal(screen_new(&s, NULL), 0);
            if (screen_add(s, bytes_of(lists[i], n), "x", &e) != 0)
                assert_string_not_equal(e.text, "");
        }
}

static void damaged(void **state)
{
    (void)state;
    OWN(screen_drop) struct screen *s = NULL;
    assert_int_equal(screen_new(&s, NULL), 0);
    static const char list[] = "<LIST><ENTITY><FIRST_NAME>Blue\xFFLamp & Co <04</FIRST_NAME>"
                               "<NAME_ORIGINAL_SCRIPT>3D7\x27"
                               "F</NAME_ORIGINAL_SCRIPT></ENTITY></LIST>";
    assert_int_equal(screen_add(s, bytes_text(list), "x", NULL), 0);
    assert_int_equal(screen_list_damaged(s, 0), 3);
    assert_int_equal(screen_names(s), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(refusals),
        cmocka_unit_test(cut),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
