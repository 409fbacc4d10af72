/*
 * Checkpoints (C2SP tlog-checkpoint) and proofs that travel (tlog-proof@v1).  Pure.
 */
#ifndef MODEL_CHECKPOINT_H
#define MODEL_CHECKPOINT_H

#include "model/note.h"
#include "model/tree.h"

struct checkpoint {
    char origin[NOTE_NAME_MAX + 1];
    uint64_t size;
    struct hash root;
};
/* checkpoint_text: origin, size and root as three lines, appended. */
void checkpoint_text(const struct checkpoint *c, struct buf *to);
/* checkpoint_sign: the whole signed note, appended.  The origin is the log key's name.  ERR_KEY, ERR_IO. */
int checkpoint_sign(const struct checkpoint *c, const struct note_key *log, const struct key *seed, struct buf *to,
                    struct err *e);
/*
 * checkpoint_read: parse the note and verify it by ${log}; ${manner} as note_check.  ERR_DAMAGED.
 * Strict refuses extension lines and an origin that is not the name of ${log}.
 */
int checkpoint_read(struct bytes note, const struct note_key *log, enum note_manner manner, struct checkpoint *ret,
                    struct err *e);

enum { PROOF_BYTES_MAX = NOTE_BYTES_MAX + (1 << 13) };
/* A tlog-proof@v1 text for leaf ${index}, over the signed checkpoint as it stands. */
void proof_text(uint64_t index, const struct tree_proof *p, struct bytes checkpoint_note, struct buf *to);
struct proof {
    uint64_t index;
    struct tree_proof path;
    struct bytes checkpoint_note; /* borrowed */
};
/* proof_parse: the form only, not the checkpoint in it.  The optional "extra" line, which nothing signs, is refused.
 * ERR_DAMAGED.  ${text} must outlive ${ret}. */
int proof_parse(struct bytes text, struct proof *ret, struct err *e);

#endif
