/* Inside intake: an open file, and the memory of files with several names. */
#ifndef INTAKE_INTAKE_INTERNAL_H
#define INTAKE_INTAKE_INTERNAL_H

#include "intake/intake.h"

#include <sys/stat.h>

struct intake_open {
    int fd;
    struct stat opened;
    uint64_t came; /* bytes read since the beginning */
    bool ended;    /* all of it came */
};

/* What a file was like: as long as this is the same, so are its bytes. */
struct file_state {
    uint64_t bytes;
    struct timespec mtime, ctime;
};
void intake_state_of(const struct stat *st, struct file_state *ret);
bool intake_state_same(const struct file_state *a, const struct file_state *b);

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

const char *intake_reason_of(int number); /* a refusal's code for errno; E2BIG: more names than a folder may have */
/* intake_open_file: a regular file below ${folder}, or the reason why not. */
const char *intake_open_file(int folder, const char *name, const struct stat *listed, struct intake_open *ret);

#endif
