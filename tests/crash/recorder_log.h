/*
 * recorder_log.h: where a recorded call happened, and the one lock around call and record.
 *
 * Only recorder.c uses this.  The log is GW_RECORD_LOG (created where missing, always appended to); the folders looked
 * at are GW_RECORD_ROOTS (separated by colons; they need not exist yet, their parents must); what is left out is
 * GW_RECORD_SKIP (patterns as record_skipped takes them).  Without GW_RECORD_LOG nothing is recorded.
 */
#ifndef TESTS_CRASH_RECORDER_LOG_H
#define TESTS_CRASH_RECORDER_LOG_H

#include "record.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

/* A file, by its canonical path. */
struct spot {
    char path[PATH_MAX + 16];
    uint64_t dev;
    uint64_t ino;
    uint64_t size_bytes;
    mode_t mode;
    bool exists;
};

/* recorder_on(): Is there a log? */
bool recorder_on(void);

/* recorder_at(fd, ret): Is ${fd} an open file or folder under a root?  Then it is described in ${ret}. */
bool recorder_at(int fd, struct spot *ret);

/* recorder_above(fd, ret): The same, or a folder that holds a root: its fsync makes the root's own name durable. */
bool recorder_above(int fd, struct spot *ret);

/*
 * recorder_name(dir_fd, path, ret):
 * Is the name ${path} under a root?  Its last part is not followed, and need not exist.
 */
bool recorder_name(int dir_fd, const char *path, struct spot *ret);

/*
 * recorder_begin(), recorder_end():
 * Between them no other thread or recorded process changes anything or writes a record.  _end puts back errno.
 */
void recorder_begin(void);
void recorder_end(int saved_errno);

/* recorder_put(r, path, path2, pieces, n_pieces, data_bytes): Append a record; either path may be NULL. */
void recorder_put(struct record r, const char *path, const char *path2, const struct iovec *pieces, int n_pieces,
                  uint64_t data_bytes);

#endif
