/* Scores: order, titles, legal forms, initials, scripts; symmetry and bounds for anything at all. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static unsigned score(const char *a, const char *b, enum match_kind kind)
{
    unsigned s = match_text_score(bytes_text(a), bytes_text(b), kind);
    assert_in_range(s, 0, MATCH_SCORE_ONE);
    return s;
}

static void persons(void **state)
{
    (void)state;
    assert_int_equal(score("bin Salman Mohammed", "Mohammed bin Salman", MATCH_PERSON), 1000);
    assert_true(score("Dr. Ram Wel", "Ram Wel", MATCH_PERSON) == 1000);
    assert_true(score("金正恩", "Kim Jong Un", MATCH_PERSON) >= 900);
    assert_true(score("Olaf Schulze", "Olaf Scholz", MATCH_PERSON) >= 800);
    assert_true(score("A. Velani", "Ali Velani", MATCH_PERSON) >= 800);
    assert_true(score("Ig0r Sech1n", "Igor Sechin", MATCH_PERSON) == 1000);
    assert_true(score("Pol Pot", "Paul Murphy", MATCH_PERSON) < 600);
    assert_true(score("Frank Richter", "Frederik Richter", MATCH_PERSON) < 820);
    assert_int_equal(score("", "Kim", MATCH_PERSON), 0);
    assert_int_equal(score("", "", MATCH_PERSON), 0);
    assert_int_equal(score("\xFF\xFE", "Kim", MATCH_PERSON), 0);
}

static void organisations(void **state)
{
    (void)state;
    assert_true(score("Crystal Trade Limited", "CRYSTAL TRADE LTD", MATCH_ORGANISATION) == 1000);
    assert_true(score("Good Will Company", "Goodwill Company", MATCH_ORGANISATION) >= 900);
    assert_true(score("Ost Bank AG", "Ost Bank GmbH", MATCH_ORGANISATION) < 900);
    assert_true(score("Some Joint Stock Company", "JSC Some", MATCH_ORGANISATION) == 1000);
    assert_true(score("A.B.C. Company", "ABC Co.", MATCH_ORGANISATION) == 1000);
    assert_true(score("Brigade Forty-Four", "Brigade Forty 4", MATCH_ORGANISATION) == 1000);
    assert_true(score("Victory 3", "Victory 5", MATCH_ORGANISATION) < 820);
}

static void reasons(void **state)
{
    (void)state;
    struct match_name a = fixture_name("Igor Sechin"), b = fixture_name("Sechyn Igor");
    struct match_reason reason;
    (void)match_name_score(&a, &b, MATCH_PERSON, &reason);
    assert_int_equal(reason.count, 2);
    assert_int_equal(reason.token[0].answer, MATCH_EXACT);
    assert_int_equal(reason.token[0].other, 1);
    assert_int_equal(reason.token[1].other, 0);
    assert_true(reason.token[1].closeness > 700 && reason.token[1].closeness < 1000);
}

static void symmetric(void **state)
{
    (void)state;
    static const char *const names[] = {"Kim Jong Un",
                                        "김정은",
                                        "Jong Un Kim",
                                        "A B",
                                        "Ali",
                                        "محمد علي",
                                        "Mohamad Aly",
                                        "JC Junker",
                                        "Jean-Claude Junker",
                                        "Good Will Ltd",
                                        "Goodwill",
                                        "x",
                                        "1 2 3",
                                        "Nikolai Patr ushev",
                                        "Nikolai Patrushev",
                                        "O",
                                        "",
                                        "the of and"};
    for (size_t i = 0; i < COUNT(names); i++)
        for (size_t k = 0; k < COUNT(names); k++)
            for (int kind = 0; kind < 3; kind++)
                assert_int_equal(score(names[i], names[k], (enum match_kind)kind),
                                 score(names[k], names[i], (enum match_kind)kind));
}

/* A name made ready once says of each other what two names say. */
static void asked(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Kim Jong Un",
        "Gim Jeong-eun",
        "김정은",
        "金正恩",
        "Sin Kim Dan",
        "신금단",
        "Dr. Ram Wel",
        "Ram Wel",
        "A.B.C. Company",
        "ABC Co.",
        "Namgung Ok-pyong",
        "Ким Чен Ын",
        "Kim Kim Kim Kim",
        "",
        "MV Victory 3",
        "Yi Yong-ho Ri",
        "\xFF",
        "Ost Bank GmbH",
        "محمد حداد",
        "Mohammed Haddad",
    };
    for (unsigned kind = 0; kind <= MATCH_VESSEL; kind++)
        for (unsigned i = 0; i < COUNT(names); i++) {
            struct match_name x = fixture_name(names[i]);
            struct match_asked *one = match_asked_new(&x, (enum match_kind)kind);
            assert_non_null(one);
            for (unsigned k = 0; k < COUNT(names); k++) {
                struct match_name y = fixture_name(names[k]);
                struct match_reason p, q;
                memset(&p, 0, sizeof p);
                memset(&q, 0, sizeof q);
                assert_int_equal(match_asked_score(one, &y, &p), match_name_score(&x, &y, (enum match_kind)kind, &q));
                assert_memory_equal(&p, &q, sizeof p);
            }
            match_asked_free(one);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(persons),   cmocka_unit_test(organisations), cmocka_unit_test(reasons),
        cmocka_unit_test(symmetric), cmocka_unit_test(asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
