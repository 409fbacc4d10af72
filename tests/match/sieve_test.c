/* The sieve lets every name through whose score reaches what is asked for: held to the comparison of all with all. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t luck = 3;
static unsigned draw(unsigned below)
{
    luck = luck * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((luck >> 33) % below);
}

/* Words of all scripts and sorts, so that every way up the score is taken. */
static const char *const words[] = {"Kim",
                                    "Gim",
                                    "Lee",
                                    "Ri",
                                    "Yi",
                                    "Park",
                                    "Pak",
                                    "Chol",
                                    "Cheol",
                                    "Yong",
                                    "Su",
                                    "Soo",
                                    "Hui",
                                    "Hee",
                                    "Kwang",
                                    "Namgung",
                                    "Omar",
                                    "Haddad",
                                    "Hadad",
                                    "al",
                                    "Mohammed",
                                    "Muhammad",
                                    "Petrov",
                                    "Petroff",
                                    "Alexandrovich",
                                    "Aleksandrovitch",
                                    "van",
                                    "der",
                                    "Dr",
                                    "A",
                                    "B",
                                    "O",
                                    "I9or",
                                    "Goodwill",
                                    "Good",
                                    "Will",
                                    "Chongchongang",
                                    "Chong",
                                    "Chon",
                                    "gang",
                                    "Ocean",
                                    "Maritime",
                                    "Limited",
                                    "Ltd",
                                    "Company",
                                    "Trading",
                                    "Corporation",
                                    "7",
                                    "12",
                                    "IMO",
                                    "8412345",
                                    "김",
                                    "철수",
                                    "박용희",
                                    "李",
                                    "金正恩",
                                    "Ким",
                                    "Чен",
                                    "Петров",
                                    "محمد",
                                    "حداد",
                                    "Jong",
                                    "Chung",
                                    "Un",
                                    "Eun",
                                    "Bartholomew",
                                    "Konstantinopolis",
                                    "Ab",
                                    "Cd",
                                    "Abcd",
                                    "Hong",
                                    "Kil",
                                    "Tong",
                                    "Dong",
                                    "g",
                                    "m",
                                    "h",
                                    "zao",
                                    "신금단",
                                    "Sin",
                                    "Kim Dan",
                                    "joint",
                                    "stock"};

static void make_name(char to[160])
{
    unsigned n = 1 + draw(4);
    to[0] = '\0';
    for (unsigned i = 0; i < n; i++) {
        char word[64];
        strcpy(word, words[draw(COUNT(words))]);
        size_t length = strlen(word);
        if (draw(6) == 0 && (uint8_t)word[0] < 0x80 && length > 2) {
            size_t at = 1 + draw((unsigned)length - 1);
            if (draw(2) == 0)
                word[at] = (char)('a' + draw(26));
            else
                memmove(word + at, word + at + 1, length - at);
        }
        strcat(to, word);
        if (i + 1 < n && draw(5) != 0)
            strcat(to, draw(4) == 0 ? "-" : " ");
    }
}

static bool is_set(const uint64_t *bits, size_t i)
{
    return (bits[i / 64] >> i % 64 & 1) != 0;
}

enum { NAMES = 2500, QUERIES = 120 };

static void superset(void **state)
{
    (void)state;
    static const unsigned asked[] = {1, 449, 450, 500, 600, 700, 780, 820, 880, 920, 940, 960, 961, 1000};
    static char text[NAMES][160];
    static enum match_kind kind[NAMES];
    uint64_t to[NAMES / 64 + 1], through[COUNT(asked)] = {0}, reach[COUNT(asked)] = {0};
    struct match_sieve *s = NULL;
    assert_int_equal(match_sieve_new(&s, NULL), 0);
    for (unsigned i = 0; i < NAMES; i++) {
        make_name(text[i]);
        kind[i] = (enum match_kind)(draw(5) < 3 ? MATCH_PERSON : draw(2) == 0 ? MATCH_ORGANISATION : MATCH_VESSEL);
        assert_int_equal(match_sieve_add(s, bytes_text(text[i]), kind[i], NULL), 0);
    }
    assert_int_equal(match_sieve_ready(s, NULL), 0);
    for (unsigned q = 0; q < QUERIES; q++) {
        char query[160];
        unsigned score[NAMES];
        make_name(query);
        for (unsigned i = 0; i < NAMES; i++)
            score[i] = match_text_score(bytes_text(query), bytes_text(text[i]), kind[i]);
        for (unsigned a = 0; a < COUNT(asked); a++) {
            assert_int_equal(match_sieve_find(s, bytes_text(query), asked[a], to, NULL), 0);
            for (unsigned i = 0; i < NAMES; i++) {
                if (score[i] >= asked[a] && !is_set(to, i))
                    fail_msg("%s / %s (%d): %u, lost at %u", query, text[i], kind[i], score[i], asked[a]);
                through[a] += is_set(to, i);
                reach[a] += score[i] >= asked[a];
            }
        }
    }
    /* It is a sieve: at the scores that are asked for, hardly more comes through than has to. */
    for (unsigned a = 6; a < COUNT(asked); a++) {
        assert_true(reach[a] > 50);
        assert_true(through[a] < 4 * reach[a]);
    }
    match_sieve_free(s);
}

static void nothing(void **state)
{
    (void)state;
    struct match_sieve *s = NULL;
    uint64_t to[1];
    assert_int_equal(match_sieve_new(&s, NULL), 0);
    assert_int_equal(match_sieve_ready(s, NULL), 0);
    assert_int_equal(match_sieve_find(s, bytes_text("Kim"), 900, to, NULL), 0);
    match_sieve_free(s);
    assert_int_equal(match_sieve_new(&s, NULL), 0);
    assert_int_equal(match_sieve_add(s, bytes_text(""), MATCH_PERSON, NULL), 0);
    assert_int_equal(match_sieve_add(s, bytes_text("\xFF"), MATCH_VESSEL, NULL), 0);
    assert_int_equal(match_sieve_ready(s, NULL), 0);
    assert_int_equal(match_sieve_find(s, bytes_text("Kim"), 900, to, NULL), 0);
    assert_int_equal(to[0], 0);
    assert_int_equal(match_sieve_find(s, bytes_text(""), 900, to, NULL), 0);
    assert_int_equal(to[0], 0);
    match_sieve_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(superset),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
