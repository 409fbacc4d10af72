/* Consent, withdrawal, whose items are, protection, holds: form and rules of their statements. */
#include "model/terms.h"

#include "base/text.h"
#include "base/unicode.h"

#include <assert.h>

bool terms_kind(enum statement_kind kind)
{
    return kind >= STATEMENT_CONSENT && kind <= STATEMENT_RELEASED;
}

/* ---- making; keys ascend ---- */

static void put_text(struct json_out *j, const char *key, const char *text)
{
    if (text == NULL)
        return;
    json_key(j, key);
    json_string(j, text);
}

static void put_persons(struct json_out *j, const struct statement_persons *persons)
{
    json_key(j, "persons");
    json_array_begin(j);
    for (size_t i = 0; i < persons->count; i++)
        json_string(j, persons->codes[i]);
    json_array_end(j);
}

static void put_items(struct json_out *j, const struct statement_range *items, size_t count)
{
    json_key(j, "items");
    json_array_begin(j);
    for (size_t i = 0; i < count; i++) {
        json_array_begin(j);
        json_u64(j, items[i].first);
        json_u64(j, items[i].last);
        json_array_end(j);
    }
    json_array_end(j);
}

static void put_consent(const struct statement_consent *x, struct json_out *j)
{
    json_key(j, "answers");
    json_object_begin(j);
    for (int i = 0; i < CONSENT_SCOPES; i++)
        if (x->answer[i] != CONSENT_UNSAID)
            put_text(j, consent_scope_name((enum consent_scope)i), consent_answer_name(x->answer[i]));
    json_object_end(j);
    put_text(j, "by", consent_by_name(x->by));
    json_key(j, "copy");
    json_bool(j, x->copy);
    put_text(j, "date", x->date);
    if (x->has_form) {
        json_key(j, "form");
        json_u64(j, x->form);
    }
    put_text(j, "interpreter", x->interpreter);
    put_text(j, "language", x->language);
    put_persons(j, &x->persons);
    put_text(j, "until", x->until);
}

static void put_withdrawn(const struct statement_withdrawn *x, struct json_out *j)
{
    put_text(j, "by", consent_by_name(x->by));
    put_text(j, "date", x->date);
    put_persons(j, &x->persons);
    if (!x->all) {
        json_key(j, "scopes");
        json_array_begin(j);
        for (int i = 0; i < CONSENT_SCOPES; i++)
            if (x->scope[i])
                json_string(j, consent_scope_name((enum consent_scope)i));
        json_array_end(j);
    }
    put_text(j, "why", x->why);
}

static void put_concerns(const struct statement_concerns *x, struct json_out *j)
{
    put_items(j, x->items, x->item_count);
    put_text(j, "link", consent_link_name(x->link));
    if (x->link != CONSENT_NOBODY)
        put_persons(j, &x->persons);
    put_text(j, "why", x->why);
}

static void put_protected(const struct statement_protected *x, struct json_out *j)
{
    put_items(j, x->items, x->item_count);
    if (x->level != CONSENT_LEVEL_UNSAID)
        put_text(j, "level", consent_level_name(x->level));
    put_text(j, "provider", x->provider);
    if (x->restriction != CONSENT_RESTRICTION_UNSAID)
        put_text(j, "restriction", consent_restriction_name(x->restriction));
    put_text(j, "why", x->why);
}

void terms_put(const struct statement *s, struct json_out *j)
{
    json_object_begin(j);
    switch (s->kind) {
    case STATEMENT_CONSENT: put_consent(&s->consent, j); break;
    case STATEMENT_WITHDRAWN: put_withdrawn(&s->withdrawn, j); break;
    case STATEMENT_CONCERNS: put_concerns(&s->concerns, j); break;
    case STATEMENT_PROTECTED: put_protected(&s->protected, j); break;
    case STATEMENT_HOLD:
        put_text(j, "ground", consent_ground_name(s->hold.ground));
        put_items(j, s->hold.items, s->hold.item_count);
        put_text(j, "why", s->hold.why);
        break;
    case STATEMENT_RELEASED:
        json_key(j, "hold");
        json_u64(j, s->released.hold);
        put_text(j, "why", s->released.why);
        break;
    default: assert(false);
    }
    json_object_end(j);
}

/* ---- reading ---- */

struct getting {
    const struct json_node *value;
    const struct terms_reading *reading;
    struct err *e;
};

/* Exactly these keys, but that those behind a question mark need not be there. */
static bool keys_are(const struct getting *g, const char *const *keys, size_t count)
{
    enum { KEYS_MAX = 9 };
    const char *there[KEYS_MAX];
    size_t n = 0;
    assert(count <= KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        bool optional = keys[i][0] == '?';
        const char *key = keys[i] + optional;
        if (!optional || json_get(g->value, key) != NULL)
            there[n++] = key;
    }
    return json_keys_are(g->value, there, n);
}

/* false: it is there, and no text. */
static bool get_text(const struct getting *g, const char *key, const char **ret)
{
    const struct json_node *node = json_get(g->value, key);
    *ret = json_text(node);
    return (node == NULL) == (*ret == NULL);
}

/* false: it is neither true nor false. */
static bool get_bool(const struct getting *g, const char *key, bool *ret)
{
    OWN(buf_drop) struct buf text = {0};
    const struct json_node *node = json_get(g->value, key);
    if (node == NULL || !json_write(node, &text))
        return false;
    *ret = bytes_equal(buf_bytes(&text), bytes_text("true"));
    return *ret || bytes_equal(buf_bytes(&text), bytes_text("false"));
}

static int get_persons(const struct getting *g, struct statement_persons *ret)
{
    const struct json_node *list = json_get(g->value, "persons");
    size_t count = json_count(list);
    if (!json_is_array(list) || count > CONSENT_PERSONS_MAX)
        return ERR_DAMAGED;
    const char **codes = g->reading->room(g->reading->context, count, sizeof *codes);
    if (codes == NULL)
        return err_memory(g->e);
    for (size_t i = 0; i < count; i++) {
        codes[i] = json_text(json_at(list, i));
        if (codes[i] == NULL)
            return ERR_DAMAGED;
    }
    *ret = (struct statement_persons){codes, count};
    return 0;
}

static int get_items(const struct getting *g, struct statement_range **ret, size_t *ret_count)
{
    const struct json_node *list = json_get(g->value, "items");
    size_t count = json_count(list);
    if (!json_is_array(list) || count > STATEMENT_RANGES_MAX)
        return ERR_DAMAGED;
    struct statement_range *items = g->reading->room(g->reading->context, count, sizeof *items);
    if (items == NULL)
        return err_memory(g->e);
    for (size_t i = 0; i < count; i++) {
        const struct json_node *pair = json_at(list, i);
        if (json_count(pair) != 2 || !json_get_u64(json_at(pair, 0), &items[i].first) ||
            !json_get_u64(json_at(pair, 1), &items[i].last))
            return ERR_DAMAGED;
    }
    *ret = items;
    *ret_count = count;
    return 0;
}

static bool get_answers(const struct getting *g, enum consent_answer to[CONSENT_SCOPES])
{
    const struct json_node *answers = json_get(g->value, "answers");
    const char *there[CONSENT_SCOPES];
    size_t n = 0;
    for (int i = 0; i < CONSENT_SCOPES; i++) {
        const char *scope = consent_scope_name((enum consent_scope)i);
        const struct json_node *said = json_get(answers, scope);
        if (said == NULL)
            continue;
        there[n++] = scope;
        if (!consent_answer_find(json_text(said), &to[i]))
            return false;
    }
    return json_keys_are(answers, there, n);
}

static int get_consent(const struct getting *g, struct statement_consent *x)
{
    static const char *const keys[] = {"answers",   "by",      "copy",   "date", "?form", "?interpreter",
                                       "language", "persons", "?until"};
    const struct json_node *form = json_get(g->value, "form");
    bool good = keys_are(g, keys, COUNT(keys)) && get_answers(g, x->answer) &&
                consent_by_find(json_text(json_get(g->value, "by")), &x->by) && get_bool(g, "copy", &x->copy) &&
                get_text(g, "date", &x->date) && get_text(g, "interpreter", &x->interpreter) &&
                get_text(g, "language", &x->language) && get_text(g, "until", &x->until) &&
                (form == NULL || json_get_u64(form, &x->form));
    x->has_form = form != NULL;
    return good ? get_persons(g, &x->persons) : ERR_DAMAGED;
}

static bool get_scopes(const struct json_node *list, bool to[CONSENT_SCOPES])
{
    int last = -1;
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_count(list); i++) {
        const char *name = json_text(json_at(list, i));
        enum consent_scope scope;
        if (name == NULL || !consent_scope_find(bytes_text(name), &scope) || (int)scope <= last)
            return false;
        last = (int)scope;
        to[scope] = true;
    }
    return true;
}

static int get_withdrawn(const struct getting *g, struct statement_withdrawn *x)
{
    static const char *const keys[] = {"by", "date", "persons", "?scopes", "?why"};
    const struct json_node *scopes = json_get(g->value, "scopes");
    bool good = keys_are(g, keys, COUNT(keys)) && consent_by_find(json_text(json_get(g->value, "by")), &x->by) &&
                get_text(g, "date", &x->date) && get_text(g, "why", &x->why) &&
                (scopes == NULL || get_scopes(scopes, x->scope));
    x->all = scopes == NULL;
    return good ? get_persons(g, &x->persons) : ERR_DAMAGED;
}

static int get_concerns(const struct getting *g, struct statement_concerns *x)
{
    static const char *const some[] = {"items", "link", "persons", "?why"}, *const nobody[] = {"items", "link", "why"};
    if (!consent_link_find(json_text(json_get(g->value, "link")), &x->link) || !get_text(g, "why", &x->why))
        return ERR_DAMAGED;
    bool none = x->link == CONSENT_NOBODY;
    if (!(none ? keys_are(g, nobody, COUNT(nobody)) : keys_are(g, some, COUNT(some))))
        return ERR_DAMAGED;
    int rc = none ? 0 : get_persons(g, &x->persons);
    return rc == 0 ? get_items(g, &x->items, &x->item_count) : rc;
}

static int get_protected(const struct getting *g, struct statement_protected *x)
{
    static const char *const keys[] = {"items", "?level", "?provider", "?restriction", "why"};
    const struct json_node *level = json_get(g->value, "level"), *restriction = json_get(g->value, "restriction");
    bool good = keys_are(g, keys, COUNT(keys)) && get_text(g, "provider", &x->provider) &&
                get_text(g, "why", &x->why) && (level == NULL || consent_level_find(json_text(level), &x->level)) &&
                (restriction == NULL || consent_restriction_find(json_text(restriction), &x->restriction));
    return good ? get_items(g, &x->items, &x->item_count) : ERR_DAMAGED;
}

static int get_hold(const struct getting *g, struct statement_hold *x)
{
    static const char *const keys[] = {"ground", "items", "why"};
    bool good = keys_are(g, keys, COUNT(keys)) &&
                consent_ground_find(json_text(json_get(g->value, "ground")), &x->ground) && get_text(g, "why", &x->why);
    return good ? get_items(g, &x->items, &x->item_count) : ERR_DAMAGED;
}

static int get_released(const struct getting *g, struct statement_released *x)
{
    static const char *const keys[] = {"hold", "why"};
    bool good = keys_are(g, keys, COUNT(keys)) && json_get_u64(json_get(g->value, "hold"), &x->hold) &&
                get_text(g, "why", &x->why);
    return good ? 0 : ERR_DAMAGED;
}

int terms_get(const struct json_node *value, const struct terms_reading *reading, struct statement *s, struct err *e)
{
    const struct getting g = {value, reading, e};
    switch (s->kind) {
    case STATEMENT_CONSENT: return get_consent(&g, &s->consent);
    case STATEMENT_WITHDRAWN: return get_withdrawn(&g, &s->withdrawn);
    case STATEMENT_CONCERNS: return get_concerns(&g, &s->concerns);
    case STATEMENT_PROTECTED: return get_protected(&g, &s->protected);
    case STATEMENT_HOLD: return get_hold(&g, &s->hold);
    case STATEMENT_RELEASED: return get_released(&g, &s->released);
    default: break;
    }
    assert(false);
    return ERR_DAMAGED;
}

/* ---- rules ---- */

struct ruling {
    int code; /* ERR_REFUSED when a statement is made, ERR_DAMAGED when one is read */
    struct err *e;
};

static int code_rule(const struct ruling *r, const char *code)
{
    return consent_code_known(code)
               ? 0
               : err_set(r->e, r->code,
                         "rule person-code: \"%s\" is no code like P-0001: capital letters, a hyphen, digits. Names do "
                         "not belong here",
                         code);
}

static int persons_rule(const struct ruling *r, const struct statement_persons *persons)
{
    if (persons->count == 0 || persons->count > CONSENT_PERSONS_MAX)
        return err_set(r->e, r->code, "rule persons: 1 to %d persons, not %zu", CONSENT_PERSONS_MAX, persons->count);
    for (size_t i = 0; i < persons->count; i++) {
        int rc = code_rule(r, persons->codes[i]);
        if (rc == 0 && i > 0 && strcmp(persons->codes[i - 1], persons->codes[i]) >= 0)
            rc = err_set(r->e, r->code, "rule persons: codes ascend, and each is there once");
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int why_rule(const struct ruling *r, const char *why, bool must)
{
    if (why == NULL && must)
        return err_set(r->e, r->code, "rule terms-why: it must be said why");
    struct bytes t = bytes_text(why == NULL ? "" : why);
    if (why != NULL && (t.n == 0 || t.n > STATEMENT_TEXT_MAX))
        return err_set(r->e, r->code, "rule text-length: --why has 1 to %d bytes", STATEMENT_TEXT_MAX);
    if (why != NULL && !unicode_is_nfc(t))
        return err_set(r->e, r->code, "rule text-form: --why is not UTF-8 text in normal form C");
    return 0;
}

static int items_rule(const struct ruling *r, const struct statement_range *items, size_t count)
{
    if (count == 0)
        return err_set(r->e, r->code, "rule terms-items: it is about no item");
    return statement_ranges_good(items, count)
               ? 0
               : err_set(r->e, r->code, "rule range-order: ranges of leaves ascend, do not touch, and are at most %d",
                         STATEMENT_RANGES_MAX);
}

static int date_rule(const struct ruling *r, const char *date)
{
    return date != NULL && statement_date_known(date)
               ? 0
               : err_set(r->e, r->code, "rule terms-date: a date is written 2026-11-20, a time 2026-11-20T14:05 or "
                                        "with Z or an offset like +09:00 behind");
}

static bool is_day(const char *text)
{
    return statement_date_known(text) && strlen(text) == strlen("2026-11-20");
}

static int consent_rule(const struct ruling *r, const struct statement_consent *x)
{
    bool any = false;
    for (int i = 0; i < CONSENT_SCOPES; i++) {
        any = any || x->answer[i] != CONSENT_UNSAID;
        if (x->answer[i] == CONSENT_WITHDRAWN)
            return err_set(r->e, r->code, "rule consent-answers: a form says yes, no or ask-again");
    }
    if (!any)
        return err_set(r->e, r->code, "rule consent-answers: nothing was answered");
    int rc = persons_rule(r, &x->persons);
    if (rc == 0)
        rc = date_rule(r, x->date);
    if (rc != 0)
        return rc;
    if (x->until != NULL && !is_day(x->until))
        return err_set(r->e, r->code, "rule consent-until: the last day on which it holds is written 2026-11-20");
    if (x->language == NULL || !consent_language_known(x->language))
        return err_set(r->e, r->code, "rule consent-language: a language is written like ko, en or zh-Hant");
    return x->interpreter == NULL ? 0 : code_rule(r, x->interpreter);
}

static int withdrawn_rule(const struct ruling *r, const struct statement_withdrawn *x)
{
    bool any = x->all;
    for (int i = 0; i < CONSENT_SCOPES; i++)
        any = any || x->scope[i];
    if (!any)
        return err_set(r->e, r->code, "rule withdrawn-scopes: nothing was withdrawn");
    int rc = persons_rule(r, &x->persons);
    if (rc == 0)
        rc = date_rule(r, x->date);
    return rc == 0 ? why_rule(r, x->why, false) : rc;
}

static int concerns_rule(const struct ruling *r, const struct statement_concerns *x)
{
    int rc = x->link == CONSENT_NOBODY ? 0 : persons_rule(r, &x->persons);
    if (rc == 0)
        rc = items_rule(r, x->items, x->item_count);
    return rc == 0 ? why_rule(r, x->why, x->link != CONSENT_LINKED) : rc;
}

static int protected_rule(const struct ruling *r, const struct statement_protected *x)
{
    if (x->restriction == CONSENT_RESTRICTION_UNSAID && x->level == CONSENT_LEVEL_UNSAID)
        return err_set(r->e, r->code, "rule protected-what: neither restriction nor level is said");
    if (x->provider != NULL && x->restriction != CONSENT_PROVIDER_CONFIDENTIAL)
        return err_set(r->e, r->code, "rule protected-provider: only of what is provider-confidential");
    int rc = x->provider == NULL ? 0 : code_rule(r, x->provider);
    if (rc == 0)
        rc = items_rule(r, x->items, x->item_count);
    return rc == 0 ? why_rule(r, x->why, true) : rc;
}

/* What allows something must not stand before it is on the log, and what waits has not met the log's items. */
static int waited_rule(const struct ruling *r, const struct statement *s)
{
    bool form = s->kind == STATEMENT_CONSENT && s->consent.has_form;
    return terms_forbids(s) && !form
               ? 0
               : err_set(r->e, r->code,
                         "rule waited: only what allows nothing, and names no item, may wait for the log");
}

int terms_rule(const struct statement *s, int code, struct err *e)
{
    const struct ruling r = {code, e};
    int rc = s->place.waited ? waited_rule(&r, s) : 0;
    if (rc != 0)
        return rc;
    switch (s->kind) {
    case STATEMENT_CONSENT: return consent_rule(&r, &s->consent);
    case STATEMENT_WITHDRAWN: return withdrawn_rule(&r, &s->withdrawn);
    case STATEMENT_CONCERNS: return concerns_rule(&r, &s->concerns);
    case STATEMENT_PROTECTED: return protected_rule(&r, &s->protected);
    case STATEMENT_HOLD:
        rc = items_rule(&r, s->hold.items, s->hold.item_count);
        return rc == 0 ? why_rule(&r, s->hold.why, true) : rc;
    case STATEMENT_RELEASED: return why_rule(&r, s->released.why, true);
    default: break;
    }
    assert(false);
    return code;
}

/* ---- word by word ---- */

const struct statement_persons *terms_words(const struct statement *s)
{
    return s->kind == STATEMENT_CONSENT     ? &s->consent.persons
           : s->kind == STATEMENT_WITHDRAWN ? &s->withdrawn.persons
                                            : NULL;
}

bool terms_word(const struct statement *s, enum consent_scope scope, uint64_t leaf, struct consent_word *ret)
{
    if (s->kind == STATEMENT_CONSENT) {
        const struct statement_consent *x = &s->consent;
        *ret = (struct consent_word){.answer = x->answer[scope], .until = x->until, .leaf = leaf,
                                     .own = x->by == CONSENT_SELF, .date = x->date};
    } else {
        const struct statement_withdrawn *x = &s->withdrawn;
        *ret = (struct consent_word){.answer = x->all || x->scope[scope] ? CONSENT_WITHDRAWN : CONSENT_UNSAID,
                                     .leaf = leaf, .own = x->by == CONSENT_SELF, .date = x->date};
    }
    return ret->answer != CONSENT_UNSAID;
}

bool terms_forbids(const struct statement *s)
{
    bool no = terms_words(s) != NULL;
    for (int i = 0; s->kind == STATEMENT_CONSENT && i < CONSENT_SCOPES; i++)
        no = no && s->consent.answer[i] != CONSENT_YES;
    return no;
}
