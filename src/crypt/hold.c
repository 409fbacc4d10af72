/* Memory that reaches no disk: in pages of its own, so that what is let go of elsewhere does not unlock it. */
#include "crypt/crypt_internal.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static size_t pages_of(size_t room)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (room + page - 1) / page * page;
}

int crypt_hold(struct buf *b, size_t room, struct err *e)
{
    size_t whole = pages_of(room);
    *b = (struct buf){0};
    void *p = aligned_alloc((size_t)sysconf(_SC_PAGESIZE), whole);
    if (p == NULL)
        return err_memory(e);
    /* By its number: the sanitizers pass over the function of this name. */
    if (syscall(SYS_mlock, p, whole) != 0) {
        int number = errno;
        free(p);
        return err_os(e, ERR_IO, number, "this computer does not let %zu bytes of memory be locked, and a name could "
                                         "reach the disk by swapping: raise the limit (ulimit -l)", room);
    }
    (void)madvise(p, whole, MADV_DONTDUMP);
    *b = (struct buf){.p = p, .room = whole};
    return 0;
}

void crypt_hold_drop(struct buf *b)
{
    if (b->p == NULL)
        return;
    crypt_wipe(b->p, b->room);
    (void)madvise(b->p, b->room, MADV_DODUMP);
    (void)syscall(SYS_munlock, b->p, b->room);
    buf_drop(b);
}
