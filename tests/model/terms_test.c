/* Statements of consent and protection: each field comes back, and what breaks a rule is refused by its name. */
#include "model/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct statement_range one[] = {{4, 5}}, back[] = {{5, 4}};

/* Lists of the last reading. */
static void *lists[4];
static size_t list_count;
static void *room(void *context, size_t count, size_t size)
{
    (void)context;
    assert_true(list_count < COUNT(lists));
    return lists[list_count++] = calloc(count + 1, size);
}

static void lists_free(void)
{
    while (list_count > 0)
        free(lists[--list_count]);
}

/* ${as}: the claim's value; *ret lives until the next call. */
static void written(const struct statement *s, const char *as, struct json **document, struct statement *ret)
{
    OWN(buf_drop) struct buf text = {0};
    terms_put(s, &(struct json_out){.to = &text});
    assert_string_equal(buf_text(&text), as);
    json_drop(document);
    lists_free();
    assert_int_equal(json_parse(buf_bytes(&text), document, NULL), 0);
    *ret = (struct statement){.kind = s->kind};
    assert_int_equal(terms_get(json_root(*document), &(struct terms_reading){room, NULL}, ret, NULL), 0);
    assert_int_equal(terms_rule(ret, ERR_DAMAGED, NULL), 0);
}

static void come_back(void **state)
{
    static const char *codes[] = {"P-0001", "P-0002"};
    OWN(json_drop) struct json *document = NULL;
    struct statement s = {.kind = STATEMENT_CONSENT}, got;
    (void)state;
    s.consent = (struct statement_consent){.persons = {codes, 2}, .by = CONSENT_GUARDIAN, .date = "2026-11-20",
                                           .until = "2030-01-01", .language = "ko", .interpreter = "I-0003",
                                           .copy = true, .has_form = true, .form = 6};
    s.consent.answer[CONSENT_STORE] = CONSENT_YES;
    s.consent.answer[CONSENT_ANALYSE] = CONSENT_ASK_AGAIN;
    written(&s, "{\"answers\":{\"analyse\":\"ask-again\",\"store\":\"yes\"},\"by\":\"guardian\",\"copy\":true,"
                "\"date\":\"2026-11-20\",\"form\":6,\"interpreter\":\"I-0003\",\"language\":\"ko\","
                "\"persons\":[\"P-0001\",\"P-0002\"],\"until\":\"2030-01-01\"}", &document, &got);
    assert_true(got.consent.answer[CONSENT_STORE] == CONSENT_YES && got.consent.by == CONSENT_GUARDIAN);
    assert_true(got.consent.answer[CONSENT_ANALYSE] == CONSENT_ASK_AGAIN && got.consent.copy && got.consent.form == 6);
    assert_string_equal(got.consent.persons.codes[1], "P-0002");
    assert_string_equal(got.consent.until, "2030-01-01");
    s.consent.until = s.consent.interpreter = NULL;
    s.consent.has_form = s.consent.copy = false;
    written(&s, "{\"answers\":{\"analyse\":\"ask-again\",\"store\":\"yes\"},\"by\":\"guardian\",\"copy\":false,"
                "\"date\":\"2026-11-20\",\"language\":\"ko\",\"persons\":[\"P-0001\",\"P-0002\"]}", &document, &got);
    assert_true(!got.consent.has_form && got.consent.until == NULL && got.consent.interpreter == NULL);
    s = (struct statement){.kind = STATEMENT_WITHDRAWN,
                           .withdrawn = {.persons = {codes, 1}, .all = true, .by = CONSENT_SELF, .date = "2026-11-20"}};
    written(&s, "{\"by\":\"self\",\"date\":\"2026-11-20\",\"persons\":[\"P-0001\"]}", &document, &got);
    assert_true(got.withdrawn.all && got.withdrawn.persons.count == 1);
    s.withdrawn.all = false;
    s.withdrawn.scope[CONSENT_TESTIFY] = true;
    s.withdrawn.why = "W";
    written(&s, "{\"by\":\"self\",\"date\":\"2026-11-20\",\"persons\":[\"P-0001\"],\"scopes\":[\"testify\"],"
                "\"why\":\"W\"}", &document, &got);
    assert_true(!got.withdrawn.all && got.withdrawn.scope[CONSENT_TESTIFY] && !got.withdrawn.scope[CONSENT_STORE]);
    s = (struct statement){.kind = STATEMENT_CONCERNS, .concerns = {CONSENT_NOBODY, {NULL, 0}, one, 1, "a gazette"}};
    written(&s, "{\"items\":[[4,5]],\"link\":\"nobody\",\"why\":\"a gazette\"}", &document, &got);
    assert_true(got.concerns.link == CONSENT_NOBODY && got.concerns.items[0].last == 5);
    s.concerns = (struct statement_concerns){CONSENT_LINKED, {codes, 2}, one, 1, NULL};
    written(&s, "{\"items\":[[4,5]],\"link\":\"linked\",\"persons\":[\"P-0001\",\"P-0002\"]}", &document, &got);
    assert_true(got.concerns.link == CONSENT_LINKED && got.concerns.persons.count == 2);
    s = (struct statement){.kind = STATEMENT_PROTECTED,
                           .protected = {CONSENT_PROVIDER_CONFIDENTIAL, "S-0003", CONSENT_HIGH, one, 1, "W"}};
    written(&s, "{\"items\":[[4,5]],\"level\":\"high\",\"provider\":\"S-0003\","
                "\"restriction\":\"provider-confidential\",\"why\":\"W\"}", &document, &got);
    assert_true(got.protected.level == CONSENT_HIGH && got.protected.restriction == CONSENT_PROVIDER_CONFIDENTIAL);
    s = (struct statement){.kind = STATEMENT_HOLD, .hold = {CONSENT_COURT_ORDER, one, 1, "W"}};
    written(&s, "{\"ground\":\"court-order\",\"items\":[[4,5]],\"why\":\"W\"}", &document, &got);
    assert_true(got.hold.ground == CONSENT_COURT_ORDER && got.hold.item_count == 1);
    s = (struct statement){.kind = STATEMENT_RELEASED, .released = {7, "W"}};
    written(&s, "{\"hold\":7,\"why\":\"W\"}", &document, &got);
    assert_true(got.released.hold == 7);
    lists_free();
}

static void refused(const struct statement *s, const char *rule)
{
    struct err e = {0};
    assert_int_equal(terms_rule(s, ERR_REFUSED, &e), ERR_REFUSED);
    if (strstr(e.text, rule) == NULL)
        fail_msg("%s expected, \"%s\" came", rule, e.text);
}

static struct statement a_consent(void)
{
    static const char *codes[] = {"P-0001"};
    struct statement s = {.kind = STATEMENT_CONSENT,
                          .consent = {.persons = {codes, 1}, .by = CONSENT_SELF, .date = "2026-11-20",
                                      .language = "ko"}};
    s.consent.answer[CONSENT_STORE] = CONSENT_YES;
    return s;
}

static void forms_refused(void **state)
{
    struct statement s = a_consent();
    (void)state;
    assert_int_equal(terms_rule(&s, ERR_REFUSED, NULL), 0);
    s.consent.answer[CONSENT_STORE] = CONSENT_UNSAID;
    refused(&s, "rule consent-answers: nothing");
    s.consent.answer[CONSENT_STORE] = CONSENT_WITHDRAWN;
    refused(&s, "rule consent-answers: a form");
    s = a_consent();
    s.consent.date = NULL;
    refused(&s, "rule terms-date");
    s.consent.date = "today";
    refused(&s, "rule terms-date");
    s = a_consent();
    s.consent.until = "2026-11-20T14:05";
    refused(&s, "rule consent-until");
    s.consent.until = "2026-02-30";
    refused(&s, "rule consent-until");
    s = a_consent();
    s.consent.language = NULL;
    refused(&s, "rule consent-language");
    s = a_consent();
    s.consent.interpreter = "Kim";
    refused(&s, "rule person-code");
}

static void persons_refused(void **state)
{
    static const char *codes[CONSENT_PERSONS_MAX + 1];
    static char text[CONSENT_PERSONS_MAX + 1][16];
    struct statement s = a_consent();
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        snprintf(text[i], sizeof text[i], "P-%04zu", i);
        codes[i] = text[i];
    }
    s.consent.persons = (struct statement_persons){codes, CONSENT_PERSONS_MAX};
    assert_int_equal(terms_rule(&s, ERR_REFUSED, NULL), 0);
    s.consent.persons.count++;
    refused(&s, "rule persons: 1 to 256");
    s.consent.persons.count = 0;
    refused(&s, "rule persons: 1 to 256");
    s.consent.persons.count = 2;
    codes[1] = "P-0000";
    refused(&s, "rule persons: codes ascend");
    codes[1] = "KIM MIRAE";
    refused(&s, "rule person-code");
}

static void others_refused(void **state)
{
    static char longest[STATEMENT_TEXT_MAX + 2];
    static const char *codes[] = {"P-0001"};
    struct statement s = {.kind = STATEMENT_WITHDRAWN,
                          .withdrawn = {.persons = {codes, 1}, .by = CONSENT_SELF, .date = "2026-11-20"}};
    (void)state;
    memset(longest, 'a', STATEMENT_TEXT_MAX);
    refused(&s, "rule withdrawn-scopes");
    s.withdrawn.all = true;
    s.withdrawn.why = longest;
    assert_int_equal(terms_rule(&s, ERR_REFUSED, NULL), 0);
    longest[STATEMENT_TEXT_MAX] = 'a';
    refused(&s, "rule text-length");
    s.withdrawn.why = "\xff";
    refused(&s, "rule text-form");
    s = (struct statement){.kind = STATEMENT_CONCERNS, .concerns = {CONSENT_NOBODY, {NULL, 0}, one, 1, NULL}};
    refused(&s, "rule terms-why");
    s.concerns.link = CONSENT_UNLINKED;
    refused(&s, "rule persons");
    s.concerns.persons = (struct statement_persons){codes, 1};
    refused(&s, "rule terms-why");
    s.concerns.why = "W";
    s.concerns.items = back;
    refused(&s, "rule range-order");
    s.concerns.item_count = 0;
    refused(&s, "rule terms-items");
    s = (struct statement){.kind = STATEMENT_PROTECTED, .protected = {.items = one, .item_count = 1, .why = "W"}};
    refused(&s, "rule protected-what");
    s.protected.level = CONSENT_CLOSED;
    s.protected.provider = "S-0003";
    refused(&s, "rule protected-provider");
    s.protected.restriction = CONSENT_PROVIDER_CONFIDENTIAL;
    s.protected.why = NULL;
    refused(&s, "rule terms-why");
    s = (struct statement){.kind = STATEMENT_HOLD, .hold = {CONSENT_OTHER_GROUND, one, 1, NULL}};
    refused(&s, "rule terms-why");
    s = (struct statement){.kind = STATEMENT_RELEASED};
    refused(&s, "rule terms-why");
}

static void kinds(void **state)
{
    (void)state;
    for (int kind = 0; kind <= STATEMENT_KIND_LAST + 1; kind++)
        assert_true(terms_kind((enum statement_kind)kind) == (kind >= 30 && kind <= 35));
}

/* Of whom and of what a statement speaks, scope by scope, is told without knowing which kind it is. */
static void word_by_word(void **state)
{
    static const char *she[] = {"P-0001"};
    struct statement form = {.kind = STATEMENT_CONSENT,
                             .consent = {.persons = {she, 1}, .by = CONSENT_GUARDIAN, .date = "2026-11-20",
                                         .until = "2030-01-01"}};
    struct statement gone = {.kind = STATEMENT_WITHDRAWN,
                             .withdrawn = {.persons = {she, 1}, .by = CONSENT_SELF, .date = "2026-11-21"}};
    struct statement other = {.kind = STATEMENT_HOLD};
    struct consent_word w;
    (void)state;
    assert_null(terms_words(&other));
    assert_false(terms_forbids(&other));
    assert_ptr_equal(terms_words(&form), &form.consent.persons);
    assert_ptr_equal(terms_words(&gone), &gone.withdrawn.persons);
    form.consent.answer[CONSENT_STORE] = CONSENT_NO;
    form.consent.answer[CONSENT_TESTIFY] = CONSENT_ASK_AGAIN;
    gone.withdrawn.scope[CONSENT_STORE] = true;
    assert_true(terms_forbids(&form) && terms_forbids(&gone));
    form.consent.answer[CONSENT_TESTIFY] = CONSENT_YES;
    assert_false(terms_forbids(&form));
    assert_true(terms_word(&form, CONSENT_TESTIFY, 7, &w));
    assert_true(w.answer == CONSENT_YES && w.leaf == 7 && !w.own && !w.waiting && !w.doubtful);
    assert_string_equal(w.date, "2026-11-20");
    assert_string_equal(w.until, "2030-01-01");
    assert_false(terms_word(&form, CONSENT_ANALYSE, 7, &w));
    assert_true(terms_word(&gone, CONSENT_STORE, 8, &w));
    assert_true(w.answer == CONSENT_WITHDRAWN && w.leaf == 8 && w.own && w.until == NULL);
    assert_false(terms_word(&gone, CONSENT_TESTIFY, 8, &w));
    gone.withdrawn.all = true;
    assert_true(terms_word(&gone, CONSENT_TESTIFY, 8, &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(come_back), cmocka_unit_test(forms_refused),
                                       cmocka_unit_test(persons_refused), cmocka_unit_test(others_refused),
                                       cmocka_unit_test(kinds), cmocka_unit_test(word_by_word)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
