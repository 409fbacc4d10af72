/*
 * Identities: who a person is that is a code everywhere else, in two grades.  Pure: no clock, no file, no chance.
 * FORMAT 20.
 *
 * Restricted: the record stands in a hidden statement, for whoever holds the compartment.  Sealed: the record lies
 * under a key of two halves, A in shares of which k of n keyholders are needed, B in the statement; so that neither all
 * who have keys here nor k - 1 keyholders can read it, and erasing B ends it for all.
 *
 * A record is text in one spelling, one line for each thing that is known, names first:
 *
 *     groundwork/identity/v1
 *     person P-0001
 *     name kind=birth script=Hang: <text>
 *     name romanisation=mr: <text>
 *     birth: <text>
 *     contact: <text>
 *     document: <text>
 */
#ifndef MODEL_IDENTITY_H
#define MODEL_IDENTITY_H

#include "base/json.h"
#include "model/statement.h"

/*
 * identity_record_read: held to its one spelling; *ret borrows from ${text}, and nothing is copied.  ERR_DAMAGED, by
 * the number of the line and the rule: never with words of the record.
 * identity_record_typed: what a person typed: the lines without the first two, in any order, blanks around allowed, in
 * any normal form; appended to ${to} as a record.  ERR_USAGE likewise.  ${to} has room for IDENTITY_RECORD_MAX.
 */
enum {
    IDENTITY_RECORD_MAX = 16384, /* bytes */
    IDENTITY_NAMES_MAX = 64,
    IDENTITY_LINES_MAX = 64,     /* of each other kind; one of birth */
    IDENTITY_LINE_MAX = 1024,    /* bytes of one line's text */
};
struct identity_name {
    struct bytes kind, script, romanisation; /* n == 0: not said */
    struct bytes text;
};
struct identity_record {
    struct bytes person, birth;
    struct identity_name name[IDENTITY_NAMES_MAX];
    size_t names;
    struct bytes contact[IDENTITY_LINES_MAX], document[IDENTITY_LINES_MAX];
    size_t contacts, documents;
};
int identity_record_read(struct bytes text, struct identity_record *ret, struct err *e);
int identity_record_typed(struct bytes typed, const char *person, struct buf *to, struct err *e);

/*
 * What lies under the two halves.  identity_key: of both.  identity_check: by which a key is known to be the right one.
 * identity_seal: the record, padded to a multiple of IDENTITY_PAD, bound to the repository and the person; appended.
 * identity_open: the opposite, into ${to}, which has room for all of it; ERR_DAMAGED without words.
 */
enum { IDENTITY_PAD = 4096, IDENTITY_SEALED_MAX = IDENTITY_RECORD_MAX + CRYPT_TAG };
void identity_key(const struct key *a, const uint8_t b[CRYPT_KEY], struct key *ret);
void identity_check(const struct key *key, struct hash *ret);
int identity_seal(const struct key *key, const struct hash *pin, const char *person, struct bytes record,
                  struct buf *to, struct err *e);
int identity_open(const struct key *key, const struct hash *pin, const char *person, struct bytes sealed,
                  struct buf *to);

/* One keyholder's share, as text in one spelling; the log knows it by the SHA-256 of this text. */
enum { IDENTITY_SHARE_MAX = 512, IDENTITY_RETURNED_MAX = 8192 }; /* bytes of its text; of a file that holds one */
struct identity_share {
    struct hash pin;
    uint8_t set[STATEMENT_ID];
    char person[CONSENT_CODE_MAX + 1];
    uint8_t needed, count, index; /* k, n, and which: from 1 */
    struct key value;
};
void identity_share_put(const struct identity_share *s, struct buf *to);
int identity_share_read(struct bytes text, struct identity_share *ret, struct err *e); /* ERR_DAMAGED */

/*
 * The statements of identities: their one claim as JSON, and their rules.  Part of statement.c, which has the note
 * around it.
 * identity_kind: is it one of these?  identity_put: the claim's value.  identity_get: the opposite; lists and bytes are
 * taken from ${reading}.  ERR_DAMAGED without a line: it is not of the form; ERR_IO.  identity_rule: as the rules in
 * statement.c.
 */
struct identity_reading {
    void *(*room)(void *context, size_t count, size_t size); /* zeroed; NULL: no memory */
    void *context;
};
bool identity_kind(enum statement_kind kind);
void identity_put(const struct statement *s, struct json_out *j);
int identity_get(const struct json_node *value, const struct identity_reading *reading, struct statement *s,
                 struct err *e);
int identity_rule(const struct statement *s, int code, struct err *e);

#endif
