/*
 * An opening: a hidden leaf laid open for somebody who has no keys, by the salts that follow from its secret and not by
 * the secret itself.  Pure.  FORMAT 16.3.
 *
 *     groundwork/opening/v1
 *     leaf <number>
 *     salt <hex of the leaf's salt>
 *     claim <hex of the claim's salt> <claim, as it was digested>      a line each, by name
 *
 *     <the statement as committed>
 */
#ifndef MODEL_OPENING_H
#define MODEL_OPENING_H

#include "model/statement.h"

enum { OPENING_CLAIMS_MAX = 8, OPENING_BYTES_MAX = 16 << 20 };

struct opening {
    uint64_t leaf;
    uint8_t salt[CRYPT_SALT];
    uint8_t claim_salt[OPENING_CLAIMS_MAX][LEAF_CLAIM_SALT];
    struct bytes claim[OPENING_CLAIMS_MAX]; /* borrowed like the statement */
    size_t claims;
    struct bytes statement;
};
/* opening_make: of a leaf's secret, its statement and the values as stored; appended.  ERR_DAMAGED: no such values. */
int opening_make(uint64_t leaf, const struct key *secret, struct bytes statement, struct bytes values, struct buf *to,
                 struct err *e);
/* opening_parse: its form alone; ${text} must outlive ${ret}, which is written on success only.  ERR_DAMAGED. */
int opening_parse(struct bytes text, struct opening *ret, struct err *e);
void opening_entry(const struct opening *o, uint8_t ret[LEAF_ENTRY]);
/*
 * opening_read: the statement with all of its claims, as statement_read_opened.  ${values}: holds what *ret borrows
 * beside the opening.  ERR_DAMAGED.
 */
int opening_read(const struct opening *o, const struct note_key *keys, size_t key_count, struct buf *values,
                 struct statement_held **held, struct statement *ret, struct err *e);
/* opening_values: the claims as statement_read takes them, in ${values}, and their salts, borrowed from ${o}. */
int opening_values(const struct opening *o, struct buf *values, struct statement_salts *ret_salts, struct err *e);

#endif
