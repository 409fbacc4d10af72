/* A member's keys, a folder of this test's own, and the agent that holds them there. */
#ifndef TESTS_AGENT_HELD_H
#define TESTS_AGENT_HELD_H

#include "agent/agent_internal.h"

#include "../base/scratch.h"

extern struct keyring_identity held; /* what the agent is given, kept */
extern struct file_path held_path;
extern const char *held_folder; /* of the test; the agent's, below it, is not made before it is needed */

int held_begin(void **state); /* group set-up */
int held_end(void **state);
/* Start one for ${minutes}, and hold what it says to what was given. */
void held_start(uint32_t minutes);
void held_is(const struct keyring_identity *want);
pid_t held_pid(void); /* of the agent, which is the only child here */
void held_gone(void); /* it has ended, and nobody listens */

#endif
