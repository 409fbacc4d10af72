/*
 * The statements of consent and protection: their one claim as JSON, and their rules.  Part of statement.c, which has
 * the note around it.  FORMAT 17.
 *
 * terms_kind: is it one of these?  terms_put: the claim's value.  terms_get: the opposite; lists are taken from
 * ${reading}; ERR_DAMAGED without a line: it is not of the form; ERR_IO.  terms_rule: as the rules in statement.c.
 *
 * terms_words: whose words these are; NULL: it is neither a form nor a withdrawal.  terms_word: what such a statement
 * at ${leaf} says of a scope, but for what is doubtful or waits; borrowed; false: nothing.  terms_forbids: is it one of
 * them and allows nothing?
 */
#ifndef MODEL_TERMS_H
#define MODEL_TERMS_H

#include "base/json.h"
#include "model/statement.h"

struct terms_reading {
    void *(*room)(void *context, size_t count, size_t size); /* zeroed; NULL: no memory */
    void *context;
};
bool terms_kind(enum statement_kind kind);
void terms_put(const struct statement *s, struct json_out *j);
int terms_get(const struct json_node *value, const struct terms_reading *reading, struct statement *s, struct err *e);
int terms_rule(const struct statement *s, int code, struct err *e);
const struct statement_persons *terms_words(const struct statement *s);
bool terms_word(const struct statement *s, enum consent_scope scope, uint64_t leaf, struct consent_word *ret);
bool terms_forbids(const struct statement *s);

#endif
