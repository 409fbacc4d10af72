/* Hits: details, both modes, what is left out. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static size_t find(const struct screen *s, const char *name, const char *birth, bool exhaustive,
                   struct screen_hit hits[SCREEN_HITS_MAX], uint64_t *ret_compared)
{
    const struct screen_query q = {.name = bytes_text(name), .detail = {bytes_text(birth)}, .exhaustive = exhaustive};
    size_t count = 0;
    screen_find(s, &q, hits, &count, ret_compared);
    return count;
}

static void found(void **state)
{
    (void)state;
    OWN(screen_drop) struct screen *s = fixture_screen();
    struct screen_hit hits[SCREEN_HITS_MAX];
    struct screen_entry e;
    uint64_t compared;
    static const char *const same[] = {"Baek Dong Su", "Paek Tong-su", "백동수", "Tong Su Paek"};
    for (size_t i = 0; i < COUNT(same); i++)
        for (int exhaustive = 0; exhaustive < 2; exhaustive++) {
            assert_int_equal(find(s, same[i], "", exhaustive, hits, &compared), 1);
            screen_entry_at(s, hits[0].entry, &e);
            assert_string_equal(e.id, "KPi.901");
            assert_true(!exhaustive || compared == screen_names(s));
        }
    assert_int_equal(find(s, "Grey Heron", "", false, hits, &compared), 1);
    assert_int_equal(find(s, "Pol Murphy", "", false, hits, &compared), 0);
    assert_int_equal(find(s, "", "", true, hits, &compared), 0);
    assert_int_equal(find(s, "\xFF", "", false, hits, &compared), 0);
}

static void details(void **state)
{
    (void)state;
    OWN(screen_drop) struct screen *s = fixture_screen();
    struct screen_hit hits[SCREEN_HITS_MAX];
    uint64_t compared;
    assert_int_equal(find(s, "Paek Tong Su", "1961-04-05", false, hits, &compared), 1);
    assert_int_equal(hits[0].detail[SCREEN_BIRTH], SCREEN_AGREES);
    assert_int_equal(find(s, "Paek Tong Su", "1962", false, hits, &compared), 1);
    assert_int_equal(hits[0].detail[SCREEN_BIRTH], SCREEN_NEAR);
    assert_int_equal(find(s, "Paek Tong Su", "1990-01-01", false, hits, &compared), 0);
    assert_true(find(s, "Ignat Moroz", "1954-10-07", false, hits, &compared) >= 1);
    assert_int_equal(hits[0].detail[SCREEN_BIRTH], SCREEN_AGREES);
    const struct screen_query q = {.name = bytes_text("Green Storck"),
                                   .detail = {[SCREEN_IMO] = bytes_text("IMO 8412345")}};
    size_t count = 0;
    screen_find(s, &q, hits, &count, &compared);
    assert_int_equal(count, 1);
    assert_int_equal(hits[0].detail[SCREEN_IMO], SCREEN_AGREES);
}

static void best_first(void **state)
{
    (void)state;
    OWN(screen_drop) struct screen *s = NULL;
    OWN(buf_drop) struct buf list = {0};
    struct screen_hit hits[SCREEN_HITS_MAX];
    uint64_t compared;
    buf_put_text(&list, "id,name\n");
    for (unsigned i = 0; i < 300; i++)
        buf_printf(&list, "%u,Vera Lindqvis%s\n", i, i % 2 == 0 ? "t" : "");
    assert_int_equal(screen_new(&s, NULL), 0);
    assert_int_equal(screen_add(s, buf_bytes(&list), "x", NULL), 0);
    assert_int_equal(screen_index(s, NULL), 0);
    assert_int_equal(find(s, "Vera Lindqvist", "", true, hits, &compared), SCREEN_HITS_MAX);
    for (size_t i = 1; i < SCREEN_HITS_MAX; i++)
        assert_true(hits[i].score < hits[i - 1].score ||
                    (hits[i].score == hits[i - 1].score && hits[i].entry > hits[i - 1].entry));
}

/* The same text of many entries is compared once and told of each; of too many that share as much, the first ones. */
static void repeated(void **state)
{
    (void)state;
    static const char *const name[] = {"Vera Lindqvist", "Lindqvist Vera", "Omar Haddad", "Vera Lindkvist",
                                       "Igor Moroz"};
    static const unsigned entries[] = {60, 1000};
    struct screen_hit hits[SCREEN_HITS_MAX], all[SCREEN_HITS_MAX];
    uint64_t compared;
    for (size_t k = 0; k < COUNT(entries); k++) {
        OWN(screen_drop) struct screen *s = NULL;
        OWN(buf_drop) struct buf list = {0};
        buf_put_text(&list, "id,name\n");
        for (unsigned i = 0; i < entries[k]; i++)
            buf_printf(&list, "%u,%s\n", i, name[i % COUNT(name)]);
        assert_int_equal(screen_new(&s, NULL), 0);
        assert_int_equal(screen_add(s, buf_bytes(&list), "x", NULL), 0);
        assert_int_equal(screen_index(s, NULL), 0);
        size_t n = find(s, "Vera Lindqvist", "", false, hits, &compared);
        assert_int_equal(compared, k == 0 ? 36 : SCREEN_HITS_MAX);
        assert_int_equal(n, compared);
        for (unsigned i = 0; k == 1 && i < n; i++) /* of the two texts that share all with it, the first of both */
            assert_int_equal(hits[i].entry, i % (SCREEN_HITS_MAX / 2) * COUNT(name) + i / (SCREEN_HITS_MAX / 2) * 3);
        if (k == 1)
            continue;
        assert_int_equal(find(s, "Vera Lindqvist", "", true, all, &compared), n);
        assert_int_equal(compared, entries[k]);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(hits[i].entry, all[i].entry);
            assert_int_equal(hits[i].score, all[i].score);
            assert_true(bytes_equal(hits[i].name, bytes_text(name[hits[i].entry % COUNT(name)])));
        }
    }
}

/* Exhaustive is what a comparison of every name with the query finds, whatever the sieve lets pass. */
static void every_name(void **state)
{
    (void)state;
    static const char *const first[] = {"Vera", "Wera", "Tong Su", "Dong-soo", "Tongsu", "Omar", "V.", "Igor"};
    static const char *const last[] = {"Paek", "Baek", "Lindqvist", "Lindkvist", "Haddad", "Hadad", "Moroz", "Lind"};
    OWN(screen_drop) struct screen *s = NULL;
    OWN(buf_drop) struct buf list = {0};
    char name[COUNT(first) * COUNT(last)][40];
    struct screen_hit hits[SCREEN_HITS_MAX];
    uint64_t compared;
    size_t some = 0;
    buf_put_text(&list, "id,name\n");
    for (size_t i = 0; i < COUNT(name); i++) {
        const char *a = first[i / COUNT(last)], *b = last[i % COUNT(last)];
        (void)snprintf(name[i], sizeof name[i], "%s %s", i % 3 == 0 ? a : b, i % 3 == 0 ? b : a);
        buf_printf(&list, "%zu,%s\n", i, name[i]);
    }
    assert_int_equal(screen_new(&s, NULL), 0);
    assert_int_equal(screen_add(s, buf_bytes(&list), "x", NULL), 0);
    assert_int_equal(screen_index(s, NULL), 0);
    for (size_t q = 0; q < COUNT(name); q++)
        for (unsigned threshold = 600; threshold <= 1000; threshold += 50) {
            const struct screen_query query = {.name = bytes_text(name[q]), .threshold = threshold, .exhaustive = true};
            size_t count = 0, expected = 0;
            screen_find(s, &query, hits, &count, &compared);
            assert_int_equal(compared, COUNT(name));
            for (size_t i = 0; i < COUNT(name); i++)
                expected += match_text_score(query.name, bytes_text(name[i]), MATCH_PERSON) >= threshold;
            assert_int_equal(count, expected);
            some += expected;
            for (size_t i = 0; i < count; i++)
                assert_int_equal(hits[i].score, match_text_score(query.name, hits[i].name, MATCH_PERSON));
        }
    assert_true(some > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found),    cmocka_unit_test(details),    cmocka_unit_test(best_first),
        cmocka_unit_test(repeated), cmocka_unit_test(every_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
