/*
 * The history of keys: who may sign what, from which leaf on, and by which key the log signs.  Pure.  FORMAT 5.7.
 *
 * Leaf 0 names the first member and the log key.  Every later key event names its number and the commitment of the
 * event before, so that none can be left out.  Administrators sign them: `added`, `role` and `revoked` say who may sign
 * from the leaf behind them on; `recovery` registers the one-time key of a set of sheets; `cosigners` says who is to
 * sign checkpoints beside the log; `compartment`, `granted` and `ungranted` say who reads what.  A `member` statement
 * is signed by that one-time key and by nothing else; it spends the key and replaces a member.  Where several
 * administrators are needed, the act follows a `proposed` statement and `approved` ones, and names them.  Validity goes
 * by leaf, not by clock.
 */
#ifndef MODEL_HISTORY_H
#define MODEL_HISTORY_H

#include "model/checkpoint.h"
#include "model/policy.h"
#include "model/statement.h"

enum {
    HISTORY_EVENTS_MAX = 65536,
    HISTORY_LOGS_MAX = 4096, /* log keys, one after another */
    HISTORY_COMPARTMENTS_MAX = 64,
};

struct history_turn { /* of a role, or of what she holds: from this leaf on */
    uint64_t from;
    enum statement_role role;
    uint64_t holds; /* as below */
};
struct history_member {
    struct note_key key;
    uint8_t box[CRYPT_PUBLIC];
    struct statement_receiving receiving[2];
    uint64_t holds; /* a bit for each compartment, the first the lowest; it counts as long as she writes */
    uint64_t held;  /* the same of every one that she ever held */
    struct history_turn *turns; /* oldest first */
    size_t turn_count;
    uint64_t at;    /* leaf that named her; her statements stand behind it (the founder's from 0 on) */
    uint64_t until; /* leaf of the event that ended her, which she may have signed herself; UINT64_MAX: she stands */
    bool added;     /* by an administrator: neither the founder nor who came by recovery sheets */
    bool replaced;  /* with recovery sheets */
    enum statement_leaving reason; /* revoked: why */
    bool doubted;
    uint64_t doubtful_from; /* then: what she signed from this leaf on is doubtful */
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
struct history_once { /* a one-time key: between these leaves, the first left out */
    uint64_t after, until;
    struct note_key key;
};
struct history_log { /* the log key of trees of at least so many leaves */
    uint64_t from;
    struct note_key key;
};
struct history_logs { /* all of them, the first from 0 on */
    struct history_log *list;
    size_t count;
};
struct history_compartment {
    uint8_t id[STATEMENT_ID];
    uint64_t leaf; /* that made it; 0: the first */
};
struct history_proposal {
    uint64_t leaf;
    struct hash commitment, act; /* of the leaf; of what is proposed (statement_act_hash) */
    enum statement_kind kind;
    size_t by[STATEMENT_ADMINISTRATORS_MAX + 1]; /* the proposer, then who approved: among the members */
    uint64_t leaves[STATEMENT_ADMINISTRATORS_MAX + 1];
    size_t count;
    bool done;
};
struct history {
    struct hash pin;
    char origin[NOTE_NAME_MAX + 1];
    uint32_t needed; /* administrators for a key event, as far as so many stand */
    struct history_logs logs;
    struct policy *policy; /* of the cosigners; NULL: none yet */
    uint64_t policy_leaf;  /* of its statement */
    struct hash last; /* commitment of the newest event */
    uint64_t last_leaf;
    uint64_t events;  /* behind leaf 0 */
    size_t room; /* of each list here */
    struct history_member *members; /* by the leaf that named them; they move when one is added */
    size_t count;
    size_t *by_id; /* members by the id of their keys */
    struct history_compartment compartments[HISTORY_COMPARTMENTS_MAX]; /* by the leaf that made them */
    size_t compartment_count;
    struct history_once *once;
    size_t once_count;
    struct history_proposal *proposals;
    size_t proposal_count;
    uint8_t (*keys)[CRYPT_PUBLIC]; /* every key that was ever named, sorted */
    size_t key_count;
    struct history_sheets sheets;
    uint8_t (*earlier)[STATEMENT_ID]; /* sets that newer ones replaced, oldest first */
    size_t earlier_count;
};
void history_release(struct history *h);
/* history_begin: leaf 0, and nothing else yet.  ${entry}: its 33 bytes.  ERR_IO: no memory. */
int history_begin(struct history *h, const struct statement_founded *founded, const uint8_t entry[LEAF_ENTRY],
                  struct err *e);
bool history_is_event(enum statement_kind kind);
/*
 * history_read: statement_read of what stands at ${leaf}, signed by a member who may sign this kind there, or by the
 * one-time key that stands there.  *ret_signer (unless NULL): who signed; NULL when no member did; borrowed until the
 * next history_take.  ERR_DAMAGED names the rule.
 */
struct history_reading {
    uint64_t leaf;
    struct bytes bytes, values;
    const struct key *secret;
    const struct statement_salts *salts; /* in its place, for who was given these; NULL: not used */
    struct note_owed *owed; /* NULL: signatures are checked; else, of kind accessed alone, by who calls: see note.h */
};
int history_read(const struct history *h, const struct history_reading *what, struct statement_held **held,
                 struct statement *ret, const struct history_member **ret_signer, struct err *e);
/*
 * history_take: the next event, at ${leaf}, already read by history_read, which names its ${signer} (NULL of kind
 * member); other kinds are no events and change nothing.  ERR_DAMAGED names the rule; the history is then as it was.
 */
struct history_event {
    uint64_t leaf;
    const struct statement *statement;
    const struct history_member *signer;
    const uint8_t *entry; /* LEAF_ENTRY bytes */
};
int history_take(struct history *h, const struct history_event *event, struct err *e);
/*
 * history_check: would the event be taken at that leaf?  ${entry} is not looked at.  ERR_DAMAGED names the rule.  So
 * whoever makes one asks by the same rules as whoever reads it.
 */
int history_check(const struct history *h, const struct history_event *event, struct err *e);

/* history_member: by the name of her key; NULL: there is none.  history_member_by_key: by the key itself. */
const struct history_member *history_member(const struct history *h, const char *name);
/* history_member_called: by the whole name, or by what stands behind its last stroke. */
const struct history_member *history_member_called(const struct history *h, const char *name);
const struct history_member *history_member_by_key(const struct history *h, const struct note_key *key);
/* history_role: at a leaf; 0 when she may sign nothing there.  UINT64_MAX: behind all events. */
enum statement_role history_role(const struct history_member *m, uint64_t leaf);
/* history_compartment: its place among the compartments; HISTORY_COMPARTMENTS_MAX: there is none.
 * history_holds: does she read it, behind all events?  history_held: at a leaf, did she?
 * history_receiving: her receiving key for this epoch: of the largest epoch that is not above it, else the first. */
size_t history_compartment(const struct history *h, const uint8_t id[STATEMENT_ID]);
bool history_holds(const struct history_member *m, size_t compartment);
bool history_held(const struct history_member *m, size_t compartment, uint64_t leaf);
const uint8_t *history_receiving(const struct history_member *m, uint64_t epoch);
bool history_is_doubtful(const struct history_member *m, uint64_t leaf);
/* history_administrators: how many stand at a leaf.  history_needed: so many of them a key event needs there. */
size_t history_administrators(const struct history *h, uint64_t leaf);
size_t history_needed(const struct history *h, uint64_t leaf);
/* history_proposal: by its leaf; NULL: there is none.  history_approvers: how many of those who spoke for it count. */
const struct history_proposal *history_proposal(const struct history *h, uint64_t leaf);
size_t history_approvers(const struct history *h, const struct history_proposal *p, uint64_t leaf);

/*
 * The log key that signs the checkpoint of a tree of so many leaves: the last one that its own leaves name.  A record
 * is signed by that of the leaves before it; where the two differ, its checkpoint carries both signatures.
 */
const struct note_key *history_log(const struct history_logs *logs, uint64_t leaves);
const struct note_key *history_log_now(const struct history *h);
/*
 * history_checkpoint: checkpoint_read by the log key of its size; NOTE_STRICT lets the line of the key before stand
 * beside it.  history_turned: is it the first one under a new log key, signed by both?  ERR_DAMAGED: signed by another
 * or one alone.
 */
int history_checkpoint(struct bytes note, const struct history_logs *logs, enum note_manner manner,
                       struct checkpoint *ret, struct err *e);
int history_turned(struct bytes note, const struct note_key *before, const struct note_key *after, struct err *e);

/* history_sheets_earlier: is this the set of sheets that newer ones have replaced? */
bool history_sheets_earlier(const struct history *h, const uint8_t set[STATEMENT_ID]);
/*
 * history_set: the id of a set of sheets: the first 16 bytes of SHA-256 over a purpose, pin, checkpoint, both public
 * keys, k and n.  Whoever holds a sheet can hold a repository to it.
 */
void history_set(const struct hash *pin, const struct statement_recovery *r, uint8_t ret[STATEMENT_ID]);

#endif
