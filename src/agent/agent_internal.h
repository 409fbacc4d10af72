/*
 * Inside the agent: one request and one answer for each connection, a packet each (SOCK_SEQPACKET).
 *
 *     'k'              the keys             -> the identity (keyring_identity_put)
 *     'l'              time left            -> u64 seconds
 *     'r' ++ identity  other keys           -> 'r'
 *     'e'              the end              -> 'e', when the keys are wiped and the socket is gone
 */
#ifndef AGENT_AGENT_INTERNAL_H
#define AGENT_AGENT_INTERNAL_H

#include "agent/agent.h"

enum { AGENT_PACKET_MAX = 1 << 16 };

/* What one side receives: locked, wiped when it goes. */
struct agent_packet {
    size_t n;
    uint8_t b[AGENT_PACKET_MAX];
};
struct agent_packet *agent_packet_new(void);
void agent_packet_drop(struct agent_packet **p);

/*
 * The socket's place without its length: a path of sun_path has 108 bytes, so the folder is opened and named by its
 * descriptor.  agent_bind: ERR_REFUSED: something is there.  agent_connect: ERR_ABSENT: nobody listens.
 */
int agent_bind(const char *path, int *ret_fd, struct err *e);
int agent_connect(const char *path, int *ret_fd, struct err *e);
bool agent_peer_is_us(int fd);
/* Whole packets; false: the other side has gone, or takes too long. */
bool agent_send(int fd, struct bytes packet);
bool agent_receive(int fd, struct agent_packet *to);

#endif
