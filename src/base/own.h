/*
 * Ownership made visible: OWN(drop) releases at the end of the scope, TAKE hands over.
 */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define OWN(drop) __attribute__((cleanup(drop)))
#define TAKE(p)                                                                                                        \
    ({                                                                                                                 \
        __typeof__(p) take_value_ = (p);                                                                               \
        (p) = NULL;                                                                                                    \
        take_value_;                                                                                                   \
    })
#define TAKE_FD(fd)                                                                                                    \
    ({                                                                                                                 \
        int take_value_ = (fd);                                                                                        \
        (fd) = -1;                                                                                                     \
        take_value_;                                                                                                   \
    })

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void fd_drop(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* mem_drop(p): free what any pointer variable holds; its address comes as void *. */
static inline void mem_drop(void *p)
{
    free(*(void **)p);
}

static inline void dir_drop(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

#endif
