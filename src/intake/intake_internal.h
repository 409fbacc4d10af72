/* Inside intake: an open file, and the memory of files with several names. */
#ifndef INTAKE_INTAKE_INTERNAL_H
#define INTAKE_INTAKE_INTERNAL_H

#include "intake/intake.h"

#include <stdatomic.h>
#include <sys/stat.h>

struct intake_open {
    int fd;
    struct stat opened;
    uint64_t came; /* bytes read since the beginning */
    bool ended;    /* all of it came */

    /* Of a file that was looked at ahead of its visitor, else zero. */
    _Atomic bool *digests_wanted; /* was the last file asked for its digest?  Then those to come are hashed, too */
    bool asked;                   /* and this one */
    const uint8_t *held;          /* all of its bytes: it was unchanged behind them, and is closed already */
    struct hash digest;
    bool hashed;   /* the digest is of what is held */
    bool digested; /* of all of its bytes, and it was unchanged behind them; until it is read */
};

/* What a file was like: as long as this is the same, so are its bytes. */
struct file_state {
    uint64_t bytes;
    struct timespec mtime, ctime;
};
void intake_state_of(const struct stat *st, struct file_state *ret);
bool intake_state_same(const struct file_state *a, const struct file_state *b);
bool intake_still(int fd, const struct stat *opened); /* it is what it was when it was opened */

/* Files with more than one name: device and inode to the first name's cookie, and what the file was like then. */
struct links_seen {
    struct link_seen {
        uint64_t device, inode, cookie;
        struct file_state state; /* meaningful once the cookie is set */
        bool used;
    } *slot;
    size_t used, room;
};
void intake_links_release(struct links_seen *l);
/* The slot of this file, made when it is new; NULL when memory is out. */
struct link_seen *intake_links_find(struct links_seen *l, uint64_t device, uint64_t inode);

/* What the walk met, before its visitor is told.  Borrowed, but for ${open.fd}: it may be taken. */
struct intake_found {
    struct intake_entry entry; /* with no cookies and not yet open */
    struct intake_open open;   /* of a file; fd < 0: only looked at */
};
void intake_entry_of(const struct stat *st, struct intake_entry *ret); /* permissions, time and size */
/* Tells the visitor, and knows what it set as cookies. */
struct intake_teller {
    const struct intake_visitor *visitor;
    struct links_seen links;
};
int intake_tell(struct intake_teller *t, struct intake_found *found, struct err *e);

struct intake_walking {
    int (*found)(void *context, struct intake_found *found, struct err *e);
    void *context;
};
/* The walk itself, in the calling thread.  ${measuring}: nothing is opened but folders. */
int intake_walk_all(const char *const *arguments, size_t count, const struct intake_walking *walking, bool measuring,
                    struct err *e);
/* The same, told by the calling thread, while another one is ahead. */
int intake_walk_ahead(const char *const *arguments, size_t count, const struct intake_visitor *visitor, struct err *e);

const char *intake_reason_of(int number); /* a refusal's code for errno; E2BIG: more names than a folder may have */
/* intake_open_file: a regular file below ${folder}, or the reason why not. */
const char *intake_open_file(int folder, const char *name, const struct stat *listed, struct intake_open *ret);

#endif
