/*
 * Consent as data: who allowed what, and the one question that every way out asks: may this leaf go to this purpose and
 * recipient?  Pure: no clock, no file, no chance.  FORMAT 17.
 *
 * A person is a code here, like P-0001, and never a name: who she is stands elsewhere, if anywhere.  What was never
 * said is no: an item of which nobody said whose it is goes nowhere, and neither does one whose person was not asked.
 */
#ifndef MODEL_CONSENT_H
#define MODEL_CONSENT_H

#include "base/bytes.h"

enum {
    CONSENT_CODE_MAX = 32,     /* bytes of a person's code */
    CONSENT_PERSONS_MAX = 256, /* on one form, and that one statement links to items */
    CONSENT_LANGUAGE_MAX = 35, /* of a language's tag, as BCP 47 has it */
};

/*
 * What a person is asked about, one by one.  In the order of their names, which are the field's own.
 * consent_scope_name: "?" for what is none.  consent_scope_find: false for what is none.
 */
enum consent_scope {
    CONSENT_ANALYSE,
    CONSENT_PUBLISH_ANONYMOUS,
    CONSENT_PUBLISH_NAMED,
    CONSENT_RECONTACT,
    CONSENT_RECORD_AUDIO,
    CONSENT_RECORD_VIDEO,
    CONSENT_SHARE_CONTACT_DETAILS,
    CONSENT_SHARE_INTERNATIONAL_COURT,
    CONSENT_SHARE_NATIONAL_COURT,
    CONSENT_SHARE_OTHER_NGO,
    CONSENT_SHARE_UN,
    CONSENT_STORE,
    CONSENT_TESTIFY,
    CONSENT_SCOPES,
};
const char *consent_scope_name(enum consent_scope scope);
bool consent_scope_find(struct bytes name, enum consent_scope *ret);

/* What she said of one of them.  Withdrawn: she had said something, and took it back. */
enum consent_answer {
    CONSENT_UNSAID = 0,
    CONSENT_NO = 1,
    CONSENT_YES = 2,
    CONSENT_ASK_AGAIN = 3,
    CONSENT_WITHDRAWN = 4,
    CONSENT_ANSWER_LAST = CONSENT_WITHDRAWN,
};
const char *consent_answer_name(enum consent_answer answer);
bool consent_answer_find(const char *name, enum consent_answer *ret); /* no, yes, ask-again: what a form can say */

/* By whom it was said. */
enum consent_by { CONSENT_SELF = 1, CONSENT_GUARDIAN = 2, CONSENT_NEXT_OF_KIN = 3, CONSENT_BY_LAST = 3 };
const char *consent_by_name(enum consent_by by);
bool consent_by_find(const char *name, enum consent_by *ret);

/* 54(3)(e) of the Rome Statute, or equal: given in confidence, and not given on without the provider's consent. */
enum consent_restriction {
    CONSENT_RESTRICTION_UNSAID = 0,
    CONSENT_UNRESTRICTED = 1,
    CONSENT_PROVIDER_CONFIDENTIAL = 2,
    CONSENT_RESTRICTION_LAST = CONSENT_PROVIDER_CONFIDENTIAL,
};
const char *consent_restriction_name(enum consent_restriction restriction);
bool consent_restriction_find(const char *name, enum consent_restriction *ret);

/* How much an item can harm.  high: it is not published, whoever allowed it.  closed: it goes nowhere. */
enum consent_level {
    CONSENT_LEVEL_UNSAID = 0,
    CONSENT_ORDINARY = 1,
    CONSENT_HIGH = 2,
    CONSENT_CLOSED = 3,
    CONSENT_LEVEL_LAST = CONSENT_CLOSED,
};
const char *consent_level_name(enum consent_level level);
bool consent_level_find(const char *name, enum consent_level *ret);

/* Whose an item is: linked to a person, no longer linked, or of nobody, as a gazette is; that is said with a ground. */
enum consent_link { CONSENT_LINKED = 1, CONSENT_UNLINKED = 2, CONSENT_NOBODY = 3, CONSENT_LINK_LAST = CONSENT_NOBODY };
const char *consent_link_name(enum consent_link link);
bool consent_link_find(const char *name, enum consent_link *ret);

/* Why nothing may be destroyed. */
enum consent_ground {
    CONSENT_COURT_ORDER = 1,
    CONSENT_PENDING_DISCLOSURE = 2,
    CONSENT_EXONERATING = 3,
    CONSENT_OTHER_GROUND = 4,
    CONSENT_GROUND_LAST = CONSENT_OTHER_GROUND,
};
const char *consent_ground_name(enum consent_ground ground);
bool consent_ground_find(const char *name, enum consent_ground *ret);

/*
 * consent_code_known: groups with hyphens between, two to four of them: capital letters, 1 to 8; between, 1 to 4
 * capital letters or digits; at last 2 to 12 digits: P-0001, TJ-W-2041.  What a name could be is none.
 * consent_language_known: letters and digits in groups of 1 to 8 with hyphens between, the first one 2 or 3 small
 * letters: ko, en, zh-Hant.
 */
bool consent_code_known(const char *text);
bool consent_language_known(const char *text);

/*
 * Purposes and recipients are a closed list: each pair that there is needs certain scopes, store among them always, for
 * what may not be kept may not be given either.  consent_use: by its number, from 0; NULL behind the last one.
 * consent_use_find: NULL for a pair that there is not.
 */
struct consent_use {
    const char *purpose, *to;
    uint32_t scopes; /* bits: 1 << enum consent_scope */
    bool published;
};
const struct consent_use *consent_use(size_t number);
const struct consent_use *consent_use_find(const char *purpose, const char *to);

/*
 * The one decision.  ${facts}: what stands at the leaf asked about; ${today}: 2026-11-20, for what expires; a consent
 * holds through its last day.  Nothing stands in the way: why is CONSENT_MAY.  Else the first thing that does, with the
 * person, the scope and the leaf of her statement where there are such (leaf UINT64_MAX: she said nothing).  Of several
 * persons all must allow it; of a provider's confidence, so must the provider, whoever the persons are.
 * *ret borrows from ${facts}.
 */
struct consent_word { /* the newest that a person said of one scope */
    enum consent_answer answer;
    const char *until; /* last day; NULL: it does not expire */
    uint64_t leaf;     /* of the statement */
    bool doubtful;     /* its signer's key may have been in other hands by then */
    bool own;          /* she said it herself */
    bool waiting;      /* the statement is not on the log yet: leaf is UINT64_MAX */
    const char *date;  /* when it was said, which begins with a day; NULL: it is not needed any more */
};
/*
 * consent_hear: one more word of hers about a scope, in the order of the log; *standing is the one that counted so far
 * (zeroed: none), and the new one when that counts.  HEARD: it does.  Else what stands was no yes, and: HERS: she said
 * that herself, and this is another's word; OLDER: this is a yes on a form from before it; NOT_SURE: this is a yes that
 * is doubtful.  A no waits for nobody: only the first of these can keep it from counting.  Behind another no it keeps
 * the later day of the two, from which a yes must be.
 */
enum consent_heard { CONSENT_HEARD, CONSENT_HERS, CONSENT_OLDER, CONSENT_NOT_SURE };
enum consent_heard consent_hear(struct consent_word *standing, const struct consent_word *said);

struct consent_person {
    const char *code;
    struct consent_word word[CONSENT_SCOPES];
};
struct consent_facts {
    const struct consent_person *const *persons; /* whose it is */
    size_t person_count;
    bool nobody;   /* it was said that it is nobody's; does not count where there are persons */
    bool doubtful; /* that it is theirs was said by doubtful words alone: they must allow it, and it may be others' */
    enum consent_restriction restriction;
    const struct consent_person *provider; /* NULL: not named */
    enum consent_level level;
};
enum consent_why {
    CONSENT_MAY = 0,
    CONSENT_WHY_CLOSED,      /* its level */
    CONSENT_WHY_HIGH,        /* its level, and this is publication */
    CONSENT_WHY_CONFIDENCE,  /* given in confidence, and no provider is named who could allow it */
    CONSENT_WHY_NOT_SAID,    /* whose it is */
    CONSENT_WHY_NOT_ASKED,   /* the person was never asked of this scope */
    CONSENT_WHY_NO,
    CONSENT_WHY_ASK_AGAIN,
    CONSENT_WHY_WITHDRAWN,
    CONSENT_WHY_EXPIRED,
    CONSENT_WHY_DOUBTFUL,    /* she is said to have allowed it, by a key that may have been in other hands */
    CONSENT_WHY_LAST = CONSENT_WHY_DOUBTFUL,
};
struct consent_decision {
    enum consent_why why;
    bool provider; /* the person is the provider */
    const char *person;
    enum consent_scope scope;
    const char *until;
    uint64_t leaf;
    bool waiting; /* her statement is not on the log yet, and stands */
};
const char *consent_why_name(enum consent_why why); /* a code, for documents: "may", "closed", ... */
void consent_decide(const struct consent_facts *facts, const struct consent_use *use, const char *today,
                    struct consent_decision *ret);

#endif
