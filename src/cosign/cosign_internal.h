/*
 * Inside groundwork-cosign.
 *
 *   main    the line that was typed, language, help
 *   run     one function for each command
 *   decide  what becomes of a request; pure
 *   log     the state of one log        key   the key file        ask   passphrases
 */
#ifndef COSIGN_COSIGN_INTERNAL_H
#define COSIGN_COSIGN_INTERNAL_H

#include "base/file.h"
#include "cosign/cosign.h"
#include "model/cosigning.h"

#define COSIGN_PROGRAM "groundwork-cosign"

enum {
    COSIGN_ARGUMENTS_MAX = 2,
    COSIGN_PASSPHRASE_MIN = 8, /* characters */
    COSIGN_FILE_MAX = NOTE_BYTES_MAX + (1 << 13),
};

/* ---- ask ---- */

/* cosign_ask: the first line of GROUNDWORK_PASSPHRASE_FILE, else what is typed on the terminal, unseen; ${twice}:
 * again, and both must agree.  ${ret} is for buf_wipe.  ERR_IO, ERR_USAGE: too long, ERR_KEY: they differ,
 * ERR_STOPPED. */
int cosign_ask(const char *prompt, bool twice, struct buf *ret, struct err *e);

/* ---- key ---- */

/*
 * FOLDER/key: the cosigner's signing seed, under a passphrase (FORMAT 12.3).
 * cosign_key_make: a new one, durably.  ERR_REFUSED: one is there, or the passphrase is too short; ERR_USAGE: the name.
 * cosign_key_read: whose it is, without passphrase.  cosign_key_open: the seed.  ERR_ABSENT, ERR_DAMAGED, ERR_NEWER,
 * ERR_KEY: the passphrase does not open it.
 */
int cosign_key_make(const char *folder, const char *name, struct bytes passphrase, struct note_key *ret,
                    struct err *e);
int cosign_key_read(const char *folder, struct note_key *ret, struct err *e);
int cosign_key_open(const char *folder, struct bytes passphrase, struct key *ret_seed, struct err *e);

/* ---- log ---- */

/*
 * FOLDER/<hex SHA-256 of the origin>.log: a log that is followed (FORMAT 12.3).  note: the newest checkpoint that was
 * signed, with the log's line and ours; empty: none yet.  answered: SHA-256 of the request that it was signed for.
 */
struct cosign_log {
    struct note_key log;
    bool turned; /* since the note was signed: its line of the log is by the key before */
    struct note_key before;
    bool signed_any;
    struct hash answered;
    struct checkpoint held;
    struct buf note;
};
void cosign_log_release(struct cosign_log *l);
/* cosign_log_parse: ${own}: the cosigner's key; both lines must be there and fit.  ERR_DAMAGED.  cosign_log_text: the
 * opposite. */
int cosign_log_parse(struct bytes text, const struct note_key *own, struct cosign_log *ret, struct err *e);
void cosign_log_text(const struct cosign_log *l, struct buf *to);
/* cosign_log_read: ERR_ABSENT: the log is not followed.  cosign_log_write: durable when 0 is returned. */
int cosign_log_read(const char *folder, const char *origin, const struct note_key *own, struct cosign_log *ret,
                    struct err *e);
int cosign_log_write(const char *folder, const struct cosign_log *l, struct err *e);
/* cosign_log_path: FOLDER/<hex><ending>. */
int cosign_log_path(const char *folder, const char *origin, const char *ending, struct file_path *to, struct err *e);

/* ---- decide ---- */

enum cosign_outcome {
    COSIGN_SIGN,     /* it extends what was signed */
    COSIGN_AGAIN,    /* the request that was answered last: the same answer */
    COSIGN_CONFLICT, /* it begins at another size than was signed last */
    COSIGN_FORK,     /* two histories, and the proof of it */
    COSIGN_DOUBT,    /* it does not extend what was signed, or its proof is damaged: which cannot be told */
};
struct cosign_decision {
    enum cosign_outcome outcome;
    struct checkpoint asked;
    struct cosigning_fork fork; /* of a fork or a doubt; borrows from log and request */
};
/*
 * cosign_decide: C2SP tlog-witness's checks of a request, whose SHA-256 is over ${text}.  ERR_DAMAGED: it is not signed
 * by the log's key, of another origin, or not what the protocol allows (old above the size, a proof where none may be).
 */
int cosign_decide(const struct cosign_log *l, struct bytes text, const struct cosigning_request *r,
                  struct cosign_decision *ret, struct err *e);

/* ---- run ---- */

struct cosign_line {
    const char *folder;
    const char *argument[COSIGN_ARGUMENTS_MAX];
};
typedef int cosign_run(const struct cosign_line *line, struct err *e);
cosign_run cosign_init, cosign_key, cosign_follow, cosign_turn,
    cosign_cosign, cosign_list, cosign_checkpoint, cosign_check;
void cosign_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
