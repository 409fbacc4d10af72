/* Korean: syllables by arithmetic, spellings of three systems and of passports, surname in either place. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void letters(void **state)
{
    (void)state;
    char to[8];
    assert_int_equal(match_hangul_letters(0xAE40, to), 3);
    assert_memory_equal(to, "gim", 3);
    /* Every syllable is one that its own letters may spell. */
    for (uint32_t code = 0xAC00; code <= 0xD7A3; code++) {
        struct match_token hangul = {.script = MATCH_HANGUL, .syllables = 1, .hangul = {(uint16_t)code}}, latin = {0};
        latin.n = (uint8_t)match_hangul_letters(code, latin.s);
        struct match_korean own[MATCH_READINGS_MAX], spelt[MATCH_READINGS_MAX];
        unsigned n = match_korean_read(&latin, spelt), found = 0;
        assert_int_equal(match_korean_read(&hangul, own), 1);
        for (unsigned i = 0; i < n; i++)
            found += spelt[i].count == 1 && match_syllables_agree(&own[0], &spelt[i]);
        assert_true(found != 0 || code % 28 > 1); /* clusters of final consonants are written by sound */
    }
}

static enum match_korean_likeness alike(const char *a, const char *b)
{
    struct match_name x = fixture_name(a), y = fixture_name(b);
    struct match_korean_name p, q;
    match_korean_begin(&p, &x);
    match_korean_begin(&q, &y);
    enum match_korean_likeness one = match_korean_alike(&p, &q, NULL);
    assert_int_equal(match_korean_alike(&q, &p, NULL), one);
    return one;
}

static bool same(const char *a, const char *b)
{
    return alike(a, b) == MATCH_KOREAN_WHOLE;
}

static void spellings(void **state)
{
    (void)state;
    assert_true(same("김정은", "Kim Jong Un"));
    assert_true(same("김정은", "Kim Jong-un"));
    assert_true(same("김정은", "Gim Jeong-eun"));
    assert_true(same("김정은", "Jong Un Kim"));
    assert_true(same("김정은", "Ким Чен Ын"));
    assert_true(same("金正恩", "Kim Jong Un"));
    assert_true(same("리설주", "Ri Sol Ju"));
    assert_true(same("이설주", "Ri Sol Ju"));
    assert_true(same("박근혜", "Park Geun-hye"));
    assert_true(same("최룡해", "Choe Ryong-hae"));
    assert_true(same("Choi Young-chul", "Choe Yong Chol"));
    assert_true(same("노무현", "Roh Moo-hyun"));
    /* As passports have it, by the foreign ministry's cases, and Yale. */
    static const char *const attested[][2] = {
        {"황기세", "Whang Ky-sea"},    {"황병규", "Hwang Boung-kyou"}, {"최옥근", "Choy Oak Kuen"},
        {"전만식", "Jeun Mahn-shick"}, {"복남 김", "Bongnam Kim"},     {"허철", "Hur Churl"},
        {"류세환", "Lew Sei Whan"},    {"서인", "Suh Yinn"},           {"김재경", "Kim Cay-kyeng"},
        {"배근", "Bea Guen"},          {"이승엽", "Lee Seung-yuop"},   {"기성용", "Ki Sung-yueng"},
        {"안익태", "Ahn Eak-tai"},     {"김의겸", "Kimeuikyeom"},      {"김관", "Kim Quan"},
        {"최혜진", "Choi Haejin"},     {"정세균", "Chung Sye-kyun"},   {"박정수", "Pahk Jyungsoo"}};
    for (unsigned i = 0; i < COUNT(attested); i++)
        if (!same(attested[i][0], attested[i][1]))
            fail_msg("%s is not %s", attested[i][0], attested[i][1]);
}

static bool nearly(const char *a, const char *b)
{
    return alike(a, b) == MATCH_KOREAN_NEAR;
}

/* One vowel beside its neighbour, syllables against letters, in names of three syllables at least. */
static void neighbours(void **state)
{
    (void)state;
    assert_true(nearly("서재응", "Jae Weong Seo"));
    assert_true(nearly("신금단", "Sin Kim Dan"));
    assert_true(nearly("辛今丹", "Sin Kim Dan"));
    assert_false(nearly("신금단", "Sin Kim Ran"));      /* another consonant */
    assert_false(nearly("신금단", "Sin Kim Den"));      /* two vowels */
    assert_false(nearly("신금", "Sin Kim"));            /* two syllables */
    assert_false(nearly("김동연", "Kim Dongwan"));      /* w for y */
    assert_false(nearly("박세애", "Pak Se Ri"));        /* a consonant that may fall away, and a vowel */
    assert_false(nearly("Sin Kum Dan", "Sin Kim Dan")); /* letters against letters */
    struct match_name x = fixture_name("신금단"), y = fixture_name("Sin Kim Dan");
    struct match_reason reason;
    assert_int_equal(match_name_score(&x, &y, MATCH_PERSON, &reason), 880);
    assert_false(reason.korean);
    for (unsigned i = 0; i < reason.count; i++)
        assert_int_not_equal(reason.token[i].answer, MATCH_ABSENT);
}

static void others(void **state)
{
    (void)state;
    assert_false(same("김정은", "Kim Jong Il"));
    assert_false(same("황기세", "Whang Ky-rea"));
    assert_false(same("복남 김", "Bongdam Kim"));
    assert_false(same("김정은", "Kim Jong Chol"));
    assert_false(same("이재명", "이재형"));
    assert_false(same("Kim Jong Un", "Angela Merkel"));
    assert_false(same("Kim", "Kim Jong Un"));
}

static void bad_tokens(void **state)
{
    (void)state;
    struct match_korean readings[MATCH_READINGS_MAX];
    struct match_token t = {0};
    assert_int_equal(match_korean_read(&t, readings), 0);
    t.n = MATCH_TOKEN_BYTES;
    memset(t.s, 0x61, sizeof t.s);
    assert_int_equal(match_korean_read(&t, readings), 0); /* too long */
    t.n = 18;
    (void)match_korean_read(&t, readings); /* the worst of them ends */
    t = fixture_name("xq").t[0];
    assert_int_equal(match_korean_read(&t, readings), 0);
}

/* Names that agree in all syllables share a key: over every pair of a set of spellings. */
static void keys(void **state)
{
    (void)state;
    static const char *const names[] = {"Kim Chol Su",
                                        "Gim Cheol-soo",
                                        "Su Kim Chol",
                                        "\xEA\xB9\x80\xEC\xB2\xA0\xEC\x88\x98",
                                        "Ri Yong Hui",
                                        "Lee Younghee",
                                        "Yi Yeong-hui",
                                        "Rhee Yung Hee",
                                        "Park Un",
                                        "Pak Eun",
                                        "Pak",
                                        "Noh Tae Woo",
                                        "Ro Tae U",
                                        "Roh Tae-woo",
                                        "Vera Lindqvist",
                                        "\xEC\x8B\xA0\xEA\xB8\x88\xEB\x8B\xA8", /* Sin Kum Dan */
                                        "Sin Kim Dan",
                                        "\xE9\x87\x91\xE5\xA4\xA7"};
    struct match_korean_classes classes;
    uint32_t a[MATCH_KOREAN_KEYS], b[MATCH_KOREAN_KEYS];
    unsigned agreeing = 0;
    struct match_readings_cache *cache = match_readings_cache_new(1); /* of two words: each takes another's place */
    assert_non_null(cache);
    match_korean_classes_make(&classes);
    for (size_t i = 0; i < COUNT(names); i++)
        for (size_t k = 0; k < COUNT(names); k++) {
            struct match_name x = fixture_name(names[i]), y = fixture_name(names[k]);
            unsigned n = match_korean_keys(&classes, &x, NULL, a), m = match_korean_keys(&classes, &y, NULL, b);
            struct match_korean_name p, q, kept_p, kept_q;
            match_korean_begin(&p, &x);
            match_korean_begin(&q, &y);
            kept_p = p;
            kept_q = q;
            enum match_korean_likeness alike = match_korean_alike(&p, &q, NULL);
            assert_int_equal(match_korean_alike(&kept_p, &kept_q, cache), alike);
            bool shared = n > MATCH_KOREAN_KEYS || m > MATCH_KOREAN_KEYS;
            for (unsigned s = 0; s < n && s < MATCH_KOREAN_KEYS; s++)
                for (unsigned t = 0; t < m && t < MATCH_KOREAN_KEYS; t++)
                    shared = shared || a[s] == b[t];
            assert_true(shared || alike == MATCH_KOREAN_APART);
            agreeing += alike == MATCH_KOREAN_WHOLE;
        }
    assert_true(agreeing > 30);
    free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters), cmocka_unit_test(spellings),  cmocka_unit_test(neighbours),
        cmocka_unit_test(others),  cmocka_unit_test(bad_tokens), cmocka_unit_test(keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
