/*
 * What travels between a log and its cosigners, each a whole file: requests and answers as C2SP tlog-witness writes
 * their bodies, and the proof that a log has signed two histories.  Pure.  FORMAT 12.
 */
#ifndef MODEL_COSIGNING_H
#define MODEL_COSIGNING_H

#include "model/checkpoint.h"

enum {
    COSIGNING_PROOF_MAX = 63, /* hashes of a request: C2SP */
    COSIGNING_REQUEST_MAX = NOTE_BYTES_MAX + (1 << 13),
    COSIGNING_ANSWER_MAX = 1 << 16,
    COSIGNING_FORK_MAX = 2 * NOTE_BYTES_MAX + (1 << 14),
};

/*
 * A request, add-checkpoint: "old <size>", the hashes of a consistency proof from it, an empty line, the checkpoint.
 * cosigning_request_parse: its form alone; ${text} must outlive ${ret}.  ERR_DAMAGED.
 */
struct cosigning_request {
    uint64_t old_size;
    struct tree_proof proof;
    struct bytes note; /* borrowed */
};
void cosigning_request_text(const struct cosigning_request *r, struct buf *to);
int cosigning_request_parse(struct bytes text, struct cosigning_request *ret, struct err *e);

/*
 * An answer: signature lines; or, where the cosigner has seen another size than the request says, that size in decimal
 * and a newline.  cosigning_answer_parse: tells them apart; what the lines are is note_parse's.  ERR_DAMAGED.
 */
struct cosigning_answer {
    bool conflict;
    uint64_t size;      /* of a conflict */
    struct bytes lines; /* else; borrowed */
};
int cosigning_answer_parse(struct bytes text, struct cosigning_answer *ret, struct err *e);
/* cosigning_join: the checkpoint ${note} with these signature lines behind its own. */
void cosigning_join(struct bytes note, struct bytes lines, struct buf *to);

/*
 * A fork: two checkpoints that one log has signed and that no one history holds.
 *
 *     groundwork/fork/v1
 *     log <verification key>
 *     older <bytes>
 *     newer <bytes>
 *     proof <hash>...            a line each; none for equal sizes, and where it could not be had
 *
 *     <older note><newer note>
 *
 * The proof is tree_beginning's: it shows what root the newer tree has where the older one ends.
 * cosigning_fork_check: holds both notes to the log's key and origin.  COSIGNING_FORK_PROVEN: equal sizes and two
 * roots, or the proof leads from the newer root to another older one.  COSIGNING_FORK_OPEN: no proof is in it; only
 * the log can give one that they fit together, and whoever has the log can tell.  ERR_DAMAGED: it is no fork: a
 * signature or origin does not fit, the sizes are in the wrong order, or the two do fit together.
 */
struct cosigning_fork {
    struct note_key log;
    struct bytes older, newer; /* borrowed */
    struct tree_proof proof;
};
enum cosigning_verdict { COSIGNING_FORK_PROVEN, COSIGNING_FORK_OPEN };
#define COSIGNING_FORK_HEAD "groundwork/fork/v1\n"
void cosigning_fork_text(const struct cosigning_fork *f, struct buf *to);
int cosigning_fork_parse(struct bytes text, struct cosigning_fork *ret, struct err *e);
int cosigning_fork_check(const struct cosigning_fork *f, enum cosigning_verdict *ret, struct checkpoint *ret_older,
                         struct checkpoint *ret_newer, struct err *e);

#endif
