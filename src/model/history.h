/*
 * The history of keys: who signs, from which leaf on.  Pure.  FORMAT 5.7.
 *
 * Leaf 0 names the first member.  Every later key event names its number and the commitment of the event before, so
 * that none can be left out: a `recovery` statement, signed by the member of that moment, registers the one-time key of
 * a set of sheets, and a `member` statement, signed by that key and by nothing else, names the next member.  It spends
 * the key; from the leaf behind it on the new member signs, and the former one nothing more.  A `cosigners` statement,
 * signed by the member, says who is to sign checkpoints beside the log; the newest one counts.  Validity goes by leaf,
 * not by clock.
 */
#ifndef MODEL_HISTORY_H
#define MODEL_HISTORY_H

#include "model/policy.h"
#include "model/statement.h"

enum { HISTORY_EVENTS_MAX = 65536 };

/* Keys that sign from a leaf on, as statement_read takes them: the member's, and the one-time key that is not spent. */
struct history_span {
    uint64_t from;
    struct note_key keys[2];
    size_t count;
};
/* The newest sheets. */
struct history_sheets {
    bool known, spent;
    uint64_t leaf; /* of their statement */
    int64_t at_unix_s;
    struct note_key key;
    uint8_t receiving[CRYPT_PUBLIC];
    uint64_t epoch;
    uint8_t set[STATEMENT_ID];
    uint32_t needed, count;
    struct hash shares[CRYPT_SHARES_MAX];
};
struct history {
    struct hash pin;
    struct note_key log;
    struct policy *policy; /* of the cosigners; NULL: none yet */
    uint64_t policy_leaf;  /* of its statement */
    struct hash last; /* commitment of the newest event */
    uint64_t events;  /* behind leaf 0 */
    struct history_span *spans;
    size_t count, room;
    struct history_sheets sheets;
    uint8_t (*earlier)[STATEMENT_ID]; /* sets that newer ones replaced, oldest first */
    size_t earlier_count, earlier_room;
};
void history_release(struct history *h);
/* history_begin: leaf 0, and nothing else yet.  ${entry}: its 33 bytes.  ERR_IO: no memory. */
int history_begin(struct history *h, const struct statement_founded *founded, const uint8_t entry[LEAF_ENTRY],
                  struct err *e);
bool history_is_event(enum statement_kind kind);
/*
 * history_take: the next event, at ${leaf}, already read with the keys that sign there; other kinds are no events and
 * change nothing.  ERR_DAMAGED names the rule; the history is then as it was.
 */
int history_take(struct history *h, uint64_t leaf, const struct statement *s, const uint8_t entry[LEAF_ENTRY],
                 struct err *e);
/* history_at: the keys that sign the statement at ${leaf}; borrowed until the next history_take. */
const struct history_span *history_at(const struct history *h, uint64_t leaf);
const struct note_key *history_member(const struct history *h); /* who signs at the end */
/* history_sheets_earlier: is this the set of sheets that newer ones have replaced? */
bool history_sheets_earlier(const struct history *h, const uint8_t set[STATEMENT_ID]);
/*
 * history_set: the id of a set of sheets: the first 16 bytes of SHA-256 over a purpose, pin, checkpoint, both public
 * keys, k and n.  Whoever holds a sheet can hold a repository to it.
 */
void history_set(const struct hash *pin, const struct statement_recovery *r, uint8_t ret[STATEMENT_ID]);

#endif
