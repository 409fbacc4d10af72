/* A second compartment, and members who come to hold it. */
#ifndef TESTS_STORE_ROOMS_H
#define TESTS_STORE_ROOMS_H

#include "fixture.h"

extern const char ROOMS_SECOND[]; /* what it is called */

void rooms_asks(const struct fixture *f, struct keyring_identity *ret); /* who wants to join */
struct statement rooms_added(const struct keyring_identity *id, enum statement_role role);
/* Who works from here on, and in which compartment; NULL: her first. */
void rooms_as(struct fixture *f, const struct keyring_identity *id, const char *compartment);
int rooms_acts(struct fixture *f, struct statement *act, const char *name);
void rooms_done(struct fixture *f, struct statement act, const char *name); /* asserts success */
void rooms_joins(struct fixture *f, struct keyring_identity *id, enum statement_role role);
struct statement rooms_about(enum statement_kind kind, const uint8_t id[STATEMENT_ID], const char *name);
void rooms_makes(struct fixture *f, uint8_t ret_id[STATEMENT_ID]);
void rooms_takes_in(struct fixture *f, const char *name, size_t bytes, uint64_t seed); /* one item */

#endif
