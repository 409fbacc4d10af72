/*
 * groundwork-cosign: the program of another organisation, which signs a log's checkpoints and never two histories.
 *
 * It knows one key of its own and, of each log that it follows, the log's key and the newest checkpoint that it signed.
 * It signs what extends that, and notes it durably before anybody can have the signature: after a crash the same
 * request gets the same answer.  Requests and answers are files (C2SP tlog-witness bodies); there is no network.
 * FORMAT 12.
 */
#ifndef COSIGN_COSIGN_H
#define COSIGN_COSIGN_H

/* cosign_main: the whole program; the exit code. */
int cosign_main(int argc, char **argv);

#endif
