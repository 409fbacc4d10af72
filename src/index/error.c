#include "index/index_internal.h"

#include <errno.h>

static int failed_file(struct index *x, struct err *e)
{
    int number = sqlite3_system_errno(x->db);
    const char *name = x->path.s;
    if (number == ENOSPC || number == EDQUOT)
        return err_set(e, ERR_IO, "cannot write %s: no space is left; free some space on its disk and try again", name);
    if (number == 0)
        return err_set(e, ERR_IO, "cannot read or write %s: check its disk and try again", name);
    return err_os(e, ERR_IO, number, "cannot read or write %s", name);
}

int index_failed(struct index *x, int result, struct err *e)
{
    const char *name = x->path.s;
    if (result == SQLITE_IOERR_NOMEM)
        return err_memory(e);
    if (result == SQLITE_READONLY_RECOVERY || result == SQLITE_READONLY_CANTINIT)
        return err_set(e, ERR_BUSY, "%s is being written by another program: try again when that has ended", name);
    if (result == SQLITE_READONLY_ROLLBACK) /* a -journal is there only until the first tables are */
        return err_set(e, ERR_ABSENT, "making %s was interrupted: the next writer makes it anew", name);
    switch (result & 0xff) {
    case SQLITE_NOMEM:
        return err_memory(e);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_PROTOCOL: /* the head of the -wal is damaged, and a reader may not mend it */
    case SQLITE_SCHEMA:
    case SQLITE_ERROR: /* a table that is not there: our own statements are well formed */
        return err_set(e, ERR_DAMAGED, "%s is damaged or under another key: run groundwork reindex", name);
    case SQLITE_CONSTRAINT:
        return err_set(e, ERR_DAMAGED, "%s holds already what is to be added: run groundwork reindex", name);
    case SQLITE_FULL:
        return err_set(e, ERR_IO, "cannot write %s: no space is left; free some space on its disk and try again", name);
    case SQLITE_READONLY:
        return err_set(e, ERR_IO, "cannot write %s: give yourself the right to write it and its folder", name);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_BUSY, "%s is being written by another program: try again when that has ended", name);
    default:
        return failed_file(x, e);
    }
}
