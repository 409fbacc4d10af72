/*
 * record.h: the log that recorder.c writes and replay.c reads.
 *
 * One record per call that succeeded, in the order in which the calls took effect.  A record is the fixed struct below,
 * then path_bytes, path2_bytes and data_bytes bytes.  Both sides are built together and the log never leaves the
 * machine, so its integers are the machine's own.
 *
 * Files are named by device and inode, so that duplicated descriptors and renames need no bookkeeping here; names are
 * canonical absolute paths.  An inode means a file from its REC_OPEN or REC_CREATE on.
 */
#ifndef TESTS_CRASH_RECORD_H
#define TESTS_CRASH_RECORD_H

#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum rec_op {
    REC_START = 1,   /* a process begins; path: the roots, path2: the skip rules, both as given */
    REC_OPEN,        /* an existing file or folder was opened; path, inode */
    REC_CREATE,      /* a regular file came to be; path (empty: it has no name yet), inode, mode */
    REC_MKDIR,       /* path, inode, mode */
    REC_SYMLINK,     /* path; data: the target */
    REC_LINK,        /* path: the new name, path2: the old one (may be empty), inode */
    REC_RENAME,      /* path to path2 */
    REC_EXCHANGE,    /* path and path2 change places */
    REC_UNLINK,      /* path; a file or symbolic link */
    REC_RMDIR,       /* path */
    REC_WRITE,       /* inode, offset, data */
    REC_TRUNCATE,    /* inode, length */
    REC_ALLOCATE,    /* inode, length: the size grows to at least length */
    REC_ZERO,        /* inode, offset, length: bytes become zero, the size stays */
    REC_CHMOD,       /* inode or path, mode */
    REC_FSYNC,       /* inode, path: data, size and mode of a file, or the entries of a folder, are durable */
    REC_FDATASYNC,   /* as REC_FSYNC, the mode excepted */
    REC_SYNC_ALL,    /* everything is durable */
    REC_SYNC_RANGE,  /* inode; promises nothing */
    REC_CLOSE,       /* inode */
    REC_PRINTED,     /* data went to standard output */
    REC_UNSUPPORTED, /* path: a change that this log cannot carry, path2: by which call */
    REC_OP_END
};

enum { RECORD_MAGIC = 0x47575243 };

struct record {
    uint32_t magic;
    uint32_t op;
    uint32_t mode;
    uint32_t path_bytes;
    uint32_t path2_bytes;
    uint32_t pid;
    uint64_t data_bytes;
    uint64_t dev;
    uint64_t ino;
    uint64_t offset;
    uint64_t length;
};
_Static_assert(sizeof(struct record) == 64, "a record has no padding");

/* record_under(path, root): Is ${path} the folder ${root} or anything in it? */
static inline bool record_under(const char *path, const char *root)
{
    size_t root_bytes = strlen(root);
    return strncmp(path, root, root_bytes) == 0 && (path[root_bytes] == '/' || path[root_bytes] == '\0');
}

/*
 * record_skipped(path, root, rules):
 * Is ${path}, which lies under ${root}, left out?  ${rules}: shell patterns separated by colons, each held against
 * every single name of the path below the root ("*-shm", "index").
 */
static inline bool record_skipped(const char *path, const char *root, const char *rules)
{
    const char *name = path + strlen(root);
    while (*name == '/') {
        size_t name_bytes = strcspn(++name, "/");
        char one[256];
        if (name_bytes < sizeof(one)) {
            memcpy(one, name, name_bytes);
            one[name_bytes] = '\0';
            for (const char *rule = rules; *rule != '\0';) {
                size_t rule_bytes = strcspn(rule, ":");
                char pattern[256];
                if (rule_bytes > 0 && rule_bytes < sizeof(pattern)) {
                    memcpy(pattern, rule, rule_bytes);
                    pattern[rule_bytes] = '\0';
                    if (fnmatch(pattern, one, 0) == 0)
                        return true;
                }
                rule += rule_bytes + (rule[rule_bytes] == ':');
            }
        }
        name += name_bytes;
    }
    return false;
}

#endif
