/*
 * The agent: a process that holds one member's unlocked keys for a set time, so that no passphrase is typed meanwhile.
 *
 * It listens on a socket that only its own user may reach, in a folder of that user's; each side holds the other to the
 * same user, as the kernel says it (SO_PEERCRED).  It knows nothing but the keys: it opens no repository and writes no
 * file.  Keys lie in locked memory, which is wiped before it says that it has ended.  Time runs on while the computer
 * sleeps.  Any process of the same user can ask it, as it could read what that user types: THREATS says so.
 *
 * Called by verbs/ only.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "base/file.h"
#include "keyring/keyring.h"

enum {
    AGENT_MINUTES_MAX = 1440,
    AGENT_WAIT_MS = 2000, /* for the other side to answer */
};

/* agent_path: the socket of the agent for this member of this repository, in ${folder}, which need not exist. */
int agent_path(const char *folder, const struct hash *pin, const struct note_key *member, struct file_path *ret,
               struct err *e);

/*
 * agent_start: when 0 is returned an agent listens at ${path} and will hold the keys of ${id} for ${minutes}, from 1 to
 * AGENT_MINUTES_MAX (ERR_USAGE); one that was there has ended.  The folder is made, for this user alone; ERR_REFUSED:
 * others may write there.  It is a child of this process: what else lies in memory must be wiped before.  In the child
 * ${id} is wiped, and this does not return.  ret_locked: its memory cannot be written to swap.  ERR_IO.
 */
int agent_start(const char *path, struct keyring_identity *id, uint32_t minutes, bool *ret_locked, struct err *e);

/*
 * agent_ask: the keys that it holds.  agent_left: seconds until it ends.  agent_renew: it holds ${id} from now on, and
 * what it held is wiped; the time stays.  agent_end: it has wiped its keys and ended.  agent_end_all: of each that
 * listens in ${folder}, whosever keys it holds; *ret: how many have ended.  One that fails keeps no other one.
 * ERR_ABSENT: there is none.  ERR_REFUSED: what listens there is another user's.  ERR_IO: it does not answer.
 */
int agent_ask(const char *path, struct keyring_identity *ret, struct err *e);
int agent_left(const char *path, uint64_t *ret_seconds, struct err *e);
int agent_renew(const char *path, const struct keyring_identity *id, struct err *e);
int agent_end(const char *path, struct err *e);
int agent_end_all(const char *folder, size_t *ret, struct err *e);

#endif
