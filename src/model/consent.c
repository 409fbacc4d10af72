/* The vocabulary of consent and protection, and the one decision over it. */
#include "model/consent.h"

#include <assert.h>

static const char *const SCOPES[] = {
    "analyse",      "publish_anonymous",     "publish_named",             "recontact",            "record_audio",
    "record_video", "share_contact_details", "share_international_court", "share_national_court", "share_other_ngo",
    "share_un",     "store",                 "testify",
};
static_assert(COUNT(SCOPES) == CONSENT_SCOPES, "each scope has its name");
static const char *const ANSWERS[] = {"unsaid", "no", "yes", "ask-again", "withdrawn"};
static const char *const BY[] = {NULL, "self", "guardian", "next-of-kin"};
static const char *const RESTRICTIONS[] = {NULL, "none", "provider-confidential"};
static const char *const LEVELS[] = {NULL, "ordinary", "high", "closed"};
static const char *const LINKS[] = {NULL, "linked", "unlinked", "nobody"};
static const char *const GROUNDS[] = {NULL, "court-order", "pending-disclosure", "exonerating", "other"};
static const char *const WHYS[] = {"may",       "closed", "high",      "confidence", "not-said",
                                   "not-asked", "no",     "ask-again", "withdrawn",  "expired",
                                   "doubtful"};
static_assert(COUNT(ANSWERS) == CONSENT_ANSWER_LAST + 1 && COUNT(BY) == CONSENT_BY_LAST + 1 &&
                  COUNT(RESTRICTIONS) == CONSENT_RESTRICTION_LAST + 1 && COUNT(LEVELS) == CONSENT_LEVEL_LAST + 1 &&
                  COUNT(LINKS) == CONSENT_LINK_LAST + 1 && COUNT(GROUNDS) == CONSENT_GROUND_LAST + 1 &&
                  COUNT(WHYS) == CONSENT_WHY_LAST + 1,
              "each word has its name");

/* ---- words ---- */

static const char *name_of(const char *const *list, size_t count, size_t number)
{
    return number < count && list[number] != NULL ? list[number] : "?";
}

/* The number of ${name} from ${from} on; ${count}: it is none of them. */
static size_t find(const char *const *list, size_t from, size_t count, const char *name)
{
    size_t i = from;
    while (i < count && (name == NULL || strcmp(list[i], name) != 0))
        i++;
    return i;
}

const char *consent_scope_name(enum consent_scope scope)
{
    return name_of(SCOPES, COUNT(SCOPES), scope);
}

bool consent_scope_find(struct bytes name, enum consent_scope *ret)
{
    for (size_t i = 0; i < COUNT(SCOPES); i++)
        if (bytes_equal(name, bytes_text(SCOPES[i]))) {
            *ret = (enum consent_scope)i;
            return true;
        }
    return false;
}

const char *consent_answer_name(enum consent_answer answer)
{
    return name_of(ANSWERS, COUNT(ANSWERS), answer);
}

bool consent_answer_find(const char *name, enum consent_answer *ret)
{
    size_t i = find(ANSWERS, CONSENT_NO, CONSENT_WITHDRAWN, name);
    if (i < CONSENT_WITHDRAWN)
        *ret = (enum consent_answer)i;
    return i < CONSENT_WITHDRAWN;
}

const char *consent_by_name(enum consent_by by)
{
    return name_of(BY, COUNT(BY), by);
}

bool consent_by_find(const char *name, enum consent_by *ret)
{
    size_t i = find(BY, 1, COUNT(BY), name);
    if (i < COUNT(BY))
        *ret = (enum consent_by)i;
    return i < COUNT(BY);
}

const char *consent_restriction_name(enum consent_restriction restriction)
{
    return name_of(RESTRICTIONS, COUNT(RESTRICTIONS), restriction);
}

bool consent_restriction_find(const char *name, enum consent_restriction *ret)
{
    size_t i = find(RESTRICTIONS, 1, COUNT(RESTRICTIONS), name);
    if (i < COUNT(RESTRICTIONS))
        *ret = (enum consent_restriction)i;
    return i < COUNT(RESTRICTIONS);
}

const char *consent_level_name(enum consent_level level)
{
    return name_of(LEVELS, COUNT(LEVELS), level);
}

bool consent_level_find(const char *name, enum consent_level *ret)
{
    size_t i = find(LEVELS, 1, COUNT(LEVELS), name);
    if (i < COUNT(LEVELS))
        *ret = (enum consent_level)i;
    return i < COUNT(LEVELS);
}

const char *consent_link_name(enum consent_link link)
{
    return name_of(LINKS, COUNT(LINKS), link);
}

bool consent_link_find(const char *name, enum consent_link *ret)
{
    size_t i = find(LINKS, 1, COUNT(LINKS), name);
    if (i < COUNT(LINKS))
        *ret = (enum consent_link)i;
    return i < COUNT(LINKS);
}

const char *consent_ground_name(enum consent_ground ground)
{
    return name_of(GROUNDS, COUNT(GROUNDS), ground);
}

bool consent_ground_find(const char *name, enum consent_ground *ret)
{
    size_t i = find(GROUNDS, 1, COUNT(GROUNDS), name);
    if (i < COUNT(GROUNDS))
        *ret = (enum consent_ground)i;
    return i < COUNT(GROUNDS);
}

const char *consent_why_name(enum consent_why why)
{
    return name_of(WHYS, COUNT(WHYS), why);
}

/* ---- codes ---- */

static bool is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_small(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

/* Up to the next hyphen or the end; *ret_last says which. */
static struct bytes group_take(struct bytes *rest, bool *ret_last)
{
    const uint8_t *hyphen = rest->n > 0 ? memchr(rest->p, '-', rest->n) : NULL;
    size_t n = hyphen != NULL ? (size_t)(hyphen - rest->p) : rest->n;
    struct bytes group = bytes_of(rest->p, n);
    *ret_last = hyphen == NULL;
    *rest = hyphen != NULL ? bytes_of(hyphen + 1, rest->n - n - 1) : bytes_of(rest->p + n, 0);
    return group;
}

static bool all_are(struct bytes group, bool capitals, bool digits)
{
    for (size_t i = 0; i < group.n; i++)
        if (!(capitals && is_capital(group.p[i])) && !(digits && is_digit(group.p[i])))
            return false;
    return true;
}

bool consent_code_known(const char *text)
{
    enum { GROUPS_MAX = 4, FIRST_MAX = 8, MIDDLE_MAX = 4, LAST_MIN = 2, LAST_MAX = 12 };
    struct bytes rest = bytes_text(text);
    bool last = false;
    if (rest.n > CONSENT_CODE_MAX)
        return false;
    for (int i = 0; i < GROUPS_MAX && !last; i++) {
        struct bytes group = group_take(&rest, &last);
        bool good = i == 0 ? !last && group.n >= 1 && group.n <= FIRST_MAX && all_are(group, true, false)
                    : last ? group.n >= LAST_MIN && group.n <= LAST_MAX && all_are(group, false, true)
                           : group.n >= 1 && group.n <= MIDDLE_MAX && all_are(group, true, true);
        if (!good)
            return false;
    }
    return last;
}

bool consent_language_known(const char *text)
{
    struct bytes rest = bytes_text(text);
    bool last = false;
    if (rest.n > CONSENT_LANGUAGE_MAX)
        return false;
    for (bool first = true; !last; first = false) {
        struct bytes group = group_take(&rest, &last);
        if (group.n < (first ? 2 : 1) || group.n > (first ? 3 : 8))
            return false;
        for (size_t i = 0; i < group.n; i++) {
            uint8_t c = group.p[i];
            if (!is_small(c) && (first || (!is_capital(c) && !is_digit(c))))
                return false;
        }
    }
    return true;
}

/* ---- uses ---- */

#define BIT(scope) (UINT32_C(1) << CONSENT_##scope)
static const struct consent_use USES[] = {
    {"accountability", "un", BIT(STORE) | BIT(SHARE_UN), false},
    {"accountability", "national-court", BIT(STORE) | BIT(SHARE_NATIONAL_COURT), false},
    {"accountability", "international-court", BIT(STORE) | BIT(SHARE_INTERNATIONAL_COURT), false},
    {"testimony", "national-court", BIT(STORE) | BIT(SHARE_NATIONAL_COURT) | BIT(TESTIFY), false},
    {"testimony", "international-court", BIT(STORE) | BIT(SHARE_INTERNATIONAL_COURT) | BIT(TESTIFY), false},
    {"documentation", "un", BIT(STORE) | BIT(SHARE_UN), false},
    {"documentation", "ngo", BIT(STORE) | BIT(SHARE_OTHER_NGO), false},
    {"contact", "un", BIT(STORE) | BIT(SHARE_UN) | BIT(SHARE_CONTACT_DETAILS), false},
    {"contact", "ngo", BIT(STORE) | BIT(SHARE_OTHER_NGO) | BIT(SHARE_CONTACT_DETAILS), false},
    {"contact", "national-court", BIT(STORE) | BIT(SHARE_NATIONAL_COURT) | BIT(SHARE_CONTACT_DETAILS), false},
    {"contact", "international-court", BIT(STORE) | BIT(SHARE_INTERNATIONAL_COURT) | BIT(SHARE_CONTACT_DETAILS), false},
    {"analysis", "analyst", BIT(STORE) | BIT(ANALYSE), false},
    {"publication", "public", BIT(STORE) | BIT(PUBLISH_NAMED), true},
    {"anonymous-publication", "public", BIT(STORE) | BIT(PUBLISH_ANONYMOUS), true},
};

const struct consent_use *consent_use(size_t number)
{
    return number < COUNT(USES) ? &USES[number] : NULL;
}

const struct consent_use *consent_use_find(const char *purpose, const char *to)
{
    for (size_t i = 0; i < COUNT(USES); i++)
        if (strcmp(USES[i].purpose, purpose) == 0 && strcmp(USES[i].to, to) == 0)
            return &USES[i];
    return NULL;
}

/* ---- the decision ---- */

static enum consent_why word_why(const struct consent_word *word, const char *today)
{
    switch (word->answer) {
    case CONSENT_YES:
        if (word->doubtful)
            return CONSENT_WHY_DOUBTFUL;
        return word->until != NULL && strcmp(today, word->until) > 0 ? CONSENT_WHY_EXPIRED : CONSENT_MAY;
    case CONSENT_NO:
        return CONSENT_WHY_NO;
    case CONSENT_ASK_AGAIN:
        return CONSENT_WHY_ASK_AGAIN;
    case CONSENT_WITHDRAWN:
        return CONSENT_WHY_WITHDRAWN;
    case CONSENT_UNSAID:
        break;
    }
    return CONSENT_WHY_NOT_ASKED;
}

/* Only days are compared: how exact a time is, and of which place, need not be known. */
static bool day_before(const char *a, const char *b)
{
    enum { DAY = sizeof "2026-11-20" - 1 };
    return strncmp(a, b, DAY) < 0;
}

enum consent_heard consent_hear(struct consent_word *standing, const struct consent_word *said)
{
    bool no = standing->answer != CONSENT_UNSAID && standing->answer != CONSENT_YES;
    bool allows = said->answer == CONSENT_YES;
    assert(said->answer != CONSENT_UNSAID && said->date != NULL);
    if (no && standing->own && !said->own)
        return CONSENT_HERS;
    if (no && allows && day_before(said->date, standing->date))
        return CONSENT_OLDER;
    if (no && allows && said->doubtful)
        return CONSENT_NOT_SURE;
    const char *since = no && !allows && day_before(said->date, standing->date) ? standing->date : said->date;
    *standing = *said;
    standing->date = since;
    return CONSENT_HEARD;
}

/* Every scope that the use needs. */
static void person_decide(const struct consent_person *person, const struct consent_use *use, const char *today,
                          struct consent_decision *ret)
{
    for (int i = 0; i < CONSENT_SCOPES && ret->why == CONSENT_MAY; i++) {
        const struct consent_word *word = &person->word[i];
        if ((use->scopes >> i & 1) == 0 || word_why(word, today) == CONSENT_MAY)
            continue;
        *ret = (struct consent_decision){.why = word_why(word, today), .person = person->code,
                                         .scope = (enum consent_scope)i, .until = word->until,
                                         .leaf = word->answer == CONSENT_UNSAID ? UINT64_MAX : word->leaf,
                                         .waiting = word->waiting};
    }
}

void consent_decide(const struct consent_facts *facts, const struct consent_use *use, const char *today,
                    struct consent_decision *ret)
{
    bool confidence = facts->restriction == CONSENT_PROVIDER_CONFIDENTIAL;
    assert((use->scopes & BIT(STORE)) != 0);
    *ret = (struct consent_decision){.why = CONSENT_MAY, .leaf = UINT64_MAX};
    if (facts->level == CONSENT_CLOSED)
        ret->why = CONSENT_WHY_CLOSED;
    else if (facts->level == CONSENT_HIGH && use->published)
        ret->why = CONSENT_WHY_HIGH;
    else if (confidence && facts->provider == NULL)
        ret->why = CONSENT_WHY_CONFIDENCE;
    else if (confidence) {
        person_decide(facts->provider, use, today, ret);
        ret->provider = ret->why != CONSENT_MAY;
    }
    if (ret->why == CONSENT_MAY && facts->person_count == 0 && !facts->nobody)
        ret->why = CONSENT_WHY_NOT_SAID;
    for (size_t i = 0; ret->why == CONSENT_MAY && i < facts->person_count; i++)
        person_decide(facts->persons[i], use, today, ret);
    if (ret->why == CONSENT_MAY && facts->doubtful && !facts->nobody)
        ret->why = CONSENT_WHY_NOT_SAID;
}
