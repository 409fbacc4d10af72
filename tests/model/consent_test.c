/* The vocabulary of consent, and the one decision: whatever can stand in the way does, each alone, and nothing else. */
#include "model/consent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void codes(void **state)
{
    static const char *const good[] = {"P-0001", "A-00", "ABCDEFGH-12", "TJ-W-2041", "P-A1-B2-0001",
                                       "ABCDEFGH-ABCD-ABCD-123456789012"};
    static const char *const bad[] = {
        "", "P", "0001", "P0001", "P-1", "p-0001", "P-", "-0001", "P--0001", "Kim", "Kim Mirae", "KIM-MIRAE", "P-0001 ",
        " P-0001", "P-0001-", "ABCDEFGHI-12", "P-1234567890123", "P-ABCDE-01", "P-A-B-C-01", "P-01A",
        "P-\xea\xb9\x80-01", "1P-0001", "P_0001", "P-0001,P-0002", "ABCDEFGH-ABCD-ABCD-ABCD-ABCD-123456789012"};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!consent_code_known(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (consent_code_known(bad[i]))
            fail_msg("%s", bad[i]);
    assert_true(strlen(good[COUNT(good) - 1]) == CONSENT_CODE_MAX - 1);
}

static void languages(void **state)
{
    static const char *const good[] = {"ko", "en", "kok", "zh-Hant", "de-CH-1996", "ko-KP"};
    static const char *const bad[] = {"", "k", "Korean", "KO", "ko-", "-ko", "ko--KP", "ko_KP", "ko-KoreanNorth",
                                      "korea", "ko-abcdefgh-abcdefgh-abcdefgh-abcdefgh"};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!consent_language_known(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (consent_language_known(bad[i]))
            fail_msg("%s", bad[i]);
}

/* Each name finds its number again, and what is none is none. */
static void words(void **state)
{
    enum consent_scope scope;
    enum consent_answer answer;
    enum consent_by by;
    enum consent_restriction restriction;
    enum consent_level level;
    enum consent_link link;
    enum consent_ground ground;
    (void)state;
    for (int i = 0; i < CONSENT_SCOPES; i++) {
        const char *name = consent_scope_name((enum consent_scope)i);
        assert_true(consent_scope_find(bytes_text(name), &scope) && (int)scope == i);
        assert_true(i == 0 || strcmp(consent_scope_name((enum consent_scope)(i - 1)), name) < 0);
    }
    assert_false(consent_scope_find(bytes_text("sharing"), &scope));
    assert_string_equal(consent_scope_name(CONSENT_SCOPES), "?");
    for (int i = CONSENT_NO; i <= CONSENT_ASK_AGAIN; i++)
        assert_true(consent_answer_find(consent_answer_name((enum consent_answer)i), &answer) && (int)answer == i);
    assert_false(consent_answer_find("withdrawn", &answer) || consent_answer_find("unsaid", &answer) ||
                 consent_answer_find(NULL, &answer));
    for (int i = 1; i <= CONSENT_BY_LAST; i++)
        assert_true(consent_by_find(consent_by_name((enum consent_by)i), &by) && (int)by == i);
    for (int i = 1; i <= CONSENT_RESTRICTION_LAST; i++)
        assert_true(consent_restriction_find(consent_restriction_name((enum consent_restriction)i), &restriction) &&
                    (int)restriction == i);
    for (int i = 1; i <= CONSENT_LEVEL_LAST; i++)
        assert_true(consent_level_find(consent_level_name((enum consent_level)i), &level) && (int)level == i);
    for (int i = 1; i <= CONSENT_LINK_LAST; i++)
        assert_true(consent_link_find(consent_link_name((enum consent_link)i), &link) && (int)link == i);
    for (int i = 1; i <= CONSENT_GROUND_LAST; i++)
        assert_true(consent_ground_find(consent_ground_name((enum consent_ground)i), &ground) && (int)ground == i);
    assert_false(consent_by_find("her", &by) || consent_level_find("top", &level) || consent_link_find("of", &link) ||
                 consent_ground_find("no", &ground) || consent_restriction_find("all", &restriction) ||
                 consent_level_find(NULL, &level));
    assert_string_equal(consent_level_name(0), "?");
    assert_string_equal(consent_why_name(CONSENT_MAY), "may");
    assert_string_equal(consent_why_name(CONSENT_WHY_LAST + 1), "?");
}

/* Each pair once; what may not be kept may not be given; each scope of a way out is needed by some use. */
static void uses(void **state)
{
    uint32_t all = 0;
    size_t n = 0;
    const struct consent_use *u;
    (void)state;
    for (; (u = consent_use(n)) != NULL; n++) {
        assert_ptr_equal(consent_use_find(u->purpose, u->to), u);
        assert_true((u->scopes >> CONSENT_STORE & 1) != 0);
        assert_true((u->scopes & (u->scopes - 1)) != 0);
        assert_true(u->published == (strcmp(u->to, "public") == 0));
        all |= u->scopes;
    }
    assert_int_equal(n, 14);
    for (int i = 0; i < CONSENT_SCOPES; i++) {
        bool within = i == CONSENT_RECORD_AUDIO || i == CONSENT_RECORD_VIDEO || i == CONSENT_RECONTACT;
        assert_true((all >> i & 1) != (uint32_t)within);
    }
    assert_null(consent_use_find("accountability", "public"));
    assert_null(consent_use_find("", ""));
}

static const char TODAY[] = "2026-11-27";

static struct consent_person person(const char *code, uint32_t scopes)
{
    struct consent_person p = {.code = code};
    for (int i = 0; i < CONSENT_SCOPES; i++)
        if ((scopes >> i & 1) != 0)
            p.word[i] = (struct consent_word){.answer = CONSENT_YES, .leaf = 100 + (uint64_t)i};
    return p;
}

static void decided(const struct consent_facts *f, const struct consent_use *u, enum consent_why why, const char *who)
{
    struct consent_decision d;
    consent_decide(f, u, TODAY, &d);
    assert_string_equal(consent_why_name(d.why), consent_why_name(why));
    if (who == NULL)
        assert_null(d.person);
    else
        assert_string_equal(d.person, who);
}

/* Of the scopes that a use needs each one alone stands in the way; of the others none does. */
static void every_scope_of_every_use(void **state)
{
    static const struct {
        struct consent_word word;
        enum consent_why why;
    } words_of[] = {{{.answer = CONSENT_UNSAID}, CONSENT_WHY_NOT_ASKED}, {{.answer = CONSENT_NO}, CONSENT_WHY_NO},
                    {{.answer = CONSENT_ASK_AGAIN}, CONSENT_WHY_ASK_AGAIN},
                    {{.answer = CONSENT_WITHDRAWN}, CONSENT_WHY_WITHDRAWN},
                    {{.answer = CONSENT_YES, .until = "2026-11-26"}, CONSENT_WHY_EXPIRED},
                    {{.answer = CONSENT_YES, .until = "2026-11-27"}, CONSENT_MAY},
                    {{.answer = CONSENT_YES, .doubtful = true}, CONSENT_WHY_DOUBTFUL},
                    {{.answer = CONSENT_YES}, CONSENT_MAY}};
    const struct consent_use *u;
    (void)state;
    for (size_t n = 0; (u = consent_use(n)) != NULL; n++)
        for (int scope = 0; scope < CONSENT_SCOPES; scope++)
            for (size_t i = 0; i < COUNT(words_of); i++) {
                struct consent_person p = person("P-0001", u->scopes);
                const struct consent_person *of[] = {&p};
                struct consent_facts f = {.persons = of, .person_count = 1};
                struct consent_decision d;
                bool needed = (u->scopes >> scope & 1) != 0;
                p.word[scope] = words_of[i].word;
                p.word[scope].leaf = 7;
                consent_decide(&f, u, TODAY, &d);
                assert_int_equal(d.why, needed ? words_of[i].why : CONSENT_MAY);
                if (d.why == CONSENT_MAY)
                    continue;
                assert_int_equal(d.scope, scope);
                assert_true(d.leaf == (d.why == CONSENT_WHY_NOT_ASKED ? UINT64_MAX : 7) && !d.provider);
            }
}

static void silence_is_no(void **state)
{
    const struct consent_use *u;
    (void)state;
    for (size_t n = 0; (u = consent_use(n)) != NULL; n++) {
        struct consent_person nobody_asked = person("P-0002", 0);
        const struct consent_person *of[] = {&nobody_asked};
        decided(&(struct consent_facts){.nobody = false}, u, CONSENT_WHY_NOT_SAID, NULL);
        decided(&(struct consent_facts){.nobody = true}, u, CONSENT_MAY, NULL);
        decided(&(struct consent_facts){.persons = of, .person_count = 1}, u, CONSENT_WHY_NOT_ASKED, "P-0002");
        /* Whoever is linked counts, whatever else was said. */
        decided(&(struct consent_facts){.persons = of, .person_count = 1, .nobody = true}, u, CONSENT_WHY_NOT_ASKED,
                "P-0002");
    }
}

/* Of many each one can say no. */
static void all_must_allow(void **state)
{
    enum { MANY = CONSENT_PERSONS_MAX };
    static struct consent_person list[MANY];
    static const struct consent_person *of[MANY];
    static char code[MANY][CONSENT_CODE_MAX + 1];
    const struct consent_use *u = consent_use_find("testimony", "international-court");
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(code[i], sizeof code[i], "P-%04zu", i);
        list[i] = person(code[i], u->scopes);
        of[i] = &list[i];
    }
    struct consent_facts f = {.persons = of, .person_count = MANY};
    decided(&f, u, CONSENT_MAY, NULL);
    for (size_t i = 0; i < MANY; i++) {
        list[i].word[CONSENT_TESTIFY].answer = CONSENT_NO;
        decided(&f, u, CONSENT_WHY_NO, code[i]);
        list[i].word[CONSENT_TESTIFY].answer = CONSENT_YES;
    }
}

static void levels(void **state)
{
    const struct consent_use *u;
    (void)state;
    for (size_t n = 0; (u = consent_use(n)) != NULL; n++) {
        struct consent_facts f = {.nobody = true, .level = CONSENT_ORDINARY};
        decided(&f, u, CONSENT_MAY, NULL);
        f.level = CONSENT_HIGH;
        decided(&f, u, u->published ? CONSENT_WHY_HIGH : CONSENT_MAY, NULL);
        f.level = CONSENT_CLOSED;
        decided(&f, u, CONSENT_WHY_CLOSED, NULL);
    }
}

/* 54(3)(e): without the provider nothing goes, whoever else allows it; with the provider the persons still count. */
static void in_confidence(void **state)
{
    const struct consent_use *u;
    (void)state;
    for (size_t n = 0; (u = consent_use(n)) != NULL; n++) {
        struct consent_person she = person("P-0001", u->scopes), provider = person("S-0003", 0);
        const struct consent_person *of[] = {&she};
        struct consent_facts f = {
            .persons = of, .person_count = 1, .restriction = CONSENT_PROVIDER_CONFIDENTIAL};
        struct consent_decision d;
        decided(&f, u, CONSENT_WHY_CONFIDENCE, NULL);
        f.provider = &provider;
        decided(&f, u, CONSENT_WHY_NOT_ASKED, "S-0003");
        consent_decide(&f, u, TODAY, &d);
        assert_true(d.provider);
        provider = person("S-0003", u->scopes);
        decided(&f, u, CONSENT_MAY, NULL);
        she.word[CONSENT_STORE].answer = CONSENT_WITHDRAWN;
        decided(&f, u, CONSENT_WHY_WITHDRAWN, "P-0001");
        f.restriction = CONSENT_UNRESTRICTED;
        f.nobody = true;
        f.person_count = 0;
        provider = person("S-0003", 0);
        decided(&f, u, CONSENT_MAY, NULL);
    }
}

/* A clock that shows no year of four digits lets nothing that expires stand. */
static void a_strange_clock(void **state)
{
    const struct consent_use *u = consent_use(0);
    struct consent_person she = person("P-0001", u->scopes);
    const struct consent_person *of[] = {&she};
    struct consent_decision d;
    (void)state;
    she.word[CONSENT_STORE].until = "9999-12-31";
    consent_decide(&(struct consent_facts){.persons = of, .person_count = 1}, u, "@253402300800", &d);
    assert_int_equal(d.why, CONSENT_WHY_EXPIRED);
}

/* ---- which word counts ---- */

/* y, n, a, w: yes, no, ask again, withdrawn; capital: she herself; behind it the day, and ? when it is doubtful. */
static struct consent_word said(const char *text, uint64_t leaf)
{
    static const char letters[] = "?nyaw";
    static const char *const days[] = {"2026-01-01", "2026-01-02T10:00", "2026-01-02T09:00Z", "2026-01-04"};
    struct consent_word w = {.leaf = leaf, .date = days[text[1] - '1'], .doubtful = text[2] == '?'};
    w.own = text[0] < 'a';
    w.answer = (enum consent_answer)(strchr(letters, text[0] | 0x20) - letters);
    return w;
}

/* One that stands and one that follows: heard, or why not. */
static void of_two_words(void **state)
{
    static const struct {
        const char *stands, *follows;
        enum consent_heard heard;
    } pairs[] = {
        {NULL, "y1", CONSENT_HEARD},     {NULL, "N1", CONSENT_HEARD},     {NULL, "Y1?", CONSENT_HEARD},
        {"Y2", "n1", CONSENT_HEARD},     {"Y2", "y1", CONSENT_HEARD},     {"Y2", "w1?", CONSENT_HEARD},
        {"N2", "Y2", CONSENT_HEARD},     {"N2", "Y3", CONSENT_HEARD},     {"N3", "Y2", CONSENT_HEARD},
        {"N2", "Y1", CONSENT_OLDER},     {"A4", "Y2", CONSENT_OLDER},     {"W2", "Y1?", CONSENT_OLDER},
        {"N2", "y4", CONSENT_HERS},      {"A2", "n4", CONSENT_HERS},      {"W2", "w4", CONSENT_HERS},
        {"N2", "Y2?", CONSENT_NOT_SURE}, {"n2", "y2?", CONSENT_NOT_SURE}, {"w2?", "Y4?", CONSENT_NOT_SURE},
        {"n2", "y1", CONSENT_OLDER},     {"n2", "Y1", CONSENT_OLDER},     {"n2", "y4", CONSENT_HEARD},
        {"N2", "A1", CONSENT_HEARD},     {"N2", "W1?", CONSENT_HEARD},    {"W2?", "y4", CONSENT_HERS},
        {"W2?", "Y4", CONSENT_HEARD},    {"Y1?", "y1", CONSENT_HEARD},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct consent_word stands = {.answer = CONSENT_UNSAID}, follows = said(pairs[i].follows, 2);
        if (pairs[i].stands != NULL)
            stands = said(pairs[i].stands, 1);
        if (consent_hear(&stands, &follows) != pairs[i].heard)
            fail_msg("%s, then %s", pairs[i].stands == NULL ? "nothing" : pairs[i].stands, pairs[i].follows);
        assert_true(pairs[i].stands == NULL || stands.leaf == (pairs[i].heard == CONSENT_HEARD ? 2U : 1U));
    }
}

/* Of a whole life: her no stands until a yes of her own that counts, whoever says what in between. */
static void her_no_stands(void **state)
{
    static const struct {
        const char *said[6];
        enum consent_answer answer;
        uint64_t leaf;
    } lives[] = {
        {{"N1", "Y2?", "y3"}, CONSENT_NO, 0},             /* her doubtful yes takes no no back for a guardian */
        {{"W1", "Y2?", "y3", "y4"}, CONSENT_WITHDRAWN, 0},
        {{"N1", "Y2?", "y3", "Y4"}, CONSENT_YES, 3},
        {{"A2", "Y1", "y4"}, CONSENT_ASK_AGAIN, 0},       /* nor does a form that was left lying */
        {{"N1", "Y2", "y3"}, CONSENT_YES, 2},
        {{"n1", "y2?", "y3"}, CONSENT_YES, 2},
        {{"n1", "y2?"}, CONSENT_NO, 0},
        {{"Y1", "N2?", "y3"}, CONSENT_NO, 1},             /* what forbids counts, doubtful or not */
        {{"N4", "A1", "Y2"}, CONSENT_ASK_AGAIN, 1},       /* an old form that forbids makes way for no old yes */
        {{"A1", "N4", "W2", "Y2"}, CONSENT_WITHDRAWN, 2},
        {{"N4", "A1", "Y4"}, CONSENT_YES, 2},
        {{"N4", "Y4", "N1", "Y2"}, CONSENT_YES, 3},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lives); i++) {
        struct consent_word stands = {.answer = CONSENT_UNSAID};
        for (size_t k = 0; k < COUNT(lives[i].said) && lives[i].said[k] != NULL; k++) {
            struct consent_word next = said(lives[i].said[k], k);
            (void)consent_hear(&stands, &next);
        }
        if (stands.answer != lives[i].answer || stands.leaf != lives[i].leaf)
            fail_msg("life %zu: %s of %d", i, consent_answer_name(stands.answer), (int)stands.leaf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes),         cmocka_unit_test(languages),      cmocka_unit_test(words),
        cmocka_unit_test(uses),          cmocka_unit_test(every_scope_of_every_use),
        cmocka_unit_test(silence_is_no), cmocka_unit_test(all_must_allow), cmocka_unit_test(levels),
        cmocka_unit_test(in_confidence), cmocka_unit_test(a_strange_clock), cmocka_unit_test(of_two_words),
        cmocka_unit_test(her_no_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
