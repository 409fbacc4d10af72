/*
 * Intake: walks what a giver hands over and opens each thing once, safely.
 *
 * It knows files, folders and links as they lie on a disk; not what becomes of them.  Walks by folder descriptors, so
 * neither a path longer than PATH_MAX nor a folder that is swapped for a link meanwhile leads it astray.  Never follows
 * a symbolic link, never opens a FIFO, socket or device, never changes an access time where the system allows that.
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "model/statement.h"

enum {
    INTAKE_DEPTH_MAX = 65536,
    INTAKE_PATHS_MAX = 65536,
    INTAKE_FOLDER_NAMES_MAX = 16 << 20, /* names in one folder */
};

/* One name that was met.  Borrowed until the visitor returns. */
struct intake_entry {
    struct bytes path;         /* as given, then below it: original bytes, no leading or trailing slash; never empty */
    enum statement_type type;  /* meaningful when refused is NULL */
    const char *refused;       /* a reason of model/statement.h, or NULL */
    struct bytes target;       /* of a link */
    uint32_t mode;             /* permission bits, 07777 */
    struct statement_time mtime;
    uint64_t bytes;            /* as the file system says; of a further name: as at the first */
    uint64_t first_cookie;     /* a further name of a file met before and still as it was when it was opened there
                                  (size, both times): what the visitor set then; else UINT64_MAX */
    uint64_t cookie;           /* the visitor may set it on a file with several names; begins as UINT64_MAX: a name
                                  whose cookie stays unset leaves the next name to be the first */
    struct intake_open *open;  /* a file to be read, else NULL */
};

/*
 * intake_read: up to n bytes of the entry's file, in order; *ret_n == 0 is the end.  ERR_IO.
 * intake_again: read from the beginning once more.
 * intake_unchanged: after the end: size, times and inode are still what they were at the opening and as many bytes
 * came; otherwise the file changed while it was read and what was read is no evidence.
 * intake_digest: its digest and length, when that was found out ahead: it was then unchanged behind its last byte, and
 * need not be read.  Who asks for one will be asking for the next ones too; who reads instead, not.
 * intake_held_digest: of a file that is in memory as a whole: SHA-256 of just what intake_read gives; else NULL.
 */
int intake_read(struct intake_open *open, void *to, size_t n, size_t *ret_n, struct err *e);
int intake_again(struct intake_open *open, struct err *e);
bool intake_unchanged(const struct intake_open *open);
bool intake_digest(struct intake_open *open, struct hash *ret, uint64_t *ret_bytes);
const struct hash *intake_held_digest(const struct intake_open *open);

struct intake_visitor {
    /* Non-zero ends the walk with it. */
    int (*entry)(void *context, struct intake_entry *entry, struct err *e);
    void *context;
    bool ahead; /* a second thread may look at, read and hash what follows meanwhile: what the visitor does to the
                   disk is then seen by chance only */
};

/*
 * intake_path_as_given: the path under which a PATH argument's tree is kept: "/usr/share" is usr/share, "./a/" is a,
 * "../x/y" is x/y, "." and "/" are the empty path.  Appended.
 * intake_paths_check: refuses before anything is read: a PATH that is not there, two PATHs kept under one name, a PATH
 * that lies in, or holds, ${forbidden} (the repository itself; it would take itself in).  ERR_REFUSED, ERR_ABSENT.
 */
void intake_path_as_given(const char *argument, struct buf *to);
int intake_paths_check(const char *const *arguments, size_t count, const char *forbidden, struct err *e);

/*
 * intake_walk: every PATH in order, folders before what is in them, names in ascending byte order.  A folder that is
 * the argument itself is met too, unless its kept path is empty; refused it is met in any case, then as ".".  What
 * cannot be looked at is met as refused, with the bytes that its folder told; a name whose path would be longer than
 * STATEMENT_PATH_MAX is met under its folder's.  Only the visitor's own error, or lost memory, ends the walk.
 * intake_measure: names and bytes that a walk would meet, without opening any file: for progress.  Before each it is
 * asked whether to stop: ERR_STOPPED then.
 */
struct intake_stopping {
    bool (*asked)(void *context);
    void *context;
};
int intake_walk(const char *const *arguments, size_t count, const struct intake_visitor *visitor, struct err *e);
int intake_measure(const char *const *arguments, size_t count, const struct intake_stopping *stopping,
                   uint64_t *ret_names, uint64_t *ret_bytes, struct err *e);

#endif
