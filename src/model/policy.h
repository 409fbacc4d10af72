/*
 * Who must have signed a checkpoint beside its log (C2SP tlog-policy).  Pure.
 *
 *     log <verification key of the log>
 *     witness <name> <verification key of the cosigner>
 *     group <name> <k|all|any> <name>...
 *     quorum <name>|none
 *
 * A group counts when k of its members do.  Names are defined on a line above their use, and each is a member once, so
 * that no cosigner counts twice.
 */
#ifndef MODEL_POLICY_H
#define MODEL_POLICY_H

#include "model/note.h"

enum {
    POLICY_LOGS_MAX = 32,
    POLICY_COSIGNERS_MAX = 32,
    POLICY_GROUPS_MAX = 32,
    POLICY_NODES_MAX = POLICY_COSIGNERS_MAX + POLICY_GROUPS_MAX,
    POLICY_BYTES_MAX = 1 << 16,
};

/* A cosigner or a group, in the order of the lines. */
struct policy_node {
    char name[NOTE_NAME_MAX + 1];
    bool is_group;
    struct note_key key; /* of a cosigner */
    unsigned needed;     /* of a group */
    uint64_t members;    /* of a group: a bit for each node, all of them before it */
};
struct policy {
    struct note_key log[POLICY_LOGS_MAX];
    size_t logs;
    struct policy_node node[POLICY_NODES_MAX];
    size_t nodes, cosigners;
    int quorum; /* a node; -1: none */
};

/*
 * policy_parse: a policy as C2SP writes it: blanks and tabs between the words, comments, empty lines, addresses behind
 * the keys, which are passed over.  ERR_DAMAGED names line and rule.
 * policy_text: the one form in which it is kept: a blank between words, k in decimal, members in the order of their
 * lines, nothing else.  policy_parse of it gives the same policy.
 */
int policy_parse(struct bytes text, struct policy *ret, struct err *e);
void policy_text(const struct policy *p, struct buf *to);
/* policy_fulfilled: is it, when the cosigners with these bits have signed? */
bool policy_fulfilled(const struct policy *p, uint64_t signed_by);
/* policy_find: the node of this name, or -1. */
int policy_find(const struct policy *p, const char *name);

/*
 * Policies of one group, "cosigners", in which all cosigners are: what `cosigner add` and `remove` make.
 * policy_plain_needed: its k; 0 for no cosigners; -1 for a policy of another form.
 * policy_plain: from these cosigners (nodes of *p that are none are passed over) the policy in which ${needed} of them
 * must sign; 0 where there are none: quorum none.
 */
#define POLICY_PLAIN_GROUP "cosigners"
int policy_plain_needed(const struct policy *p);
void policy_plain(struct policy *p, unsigned needed);

#endif
