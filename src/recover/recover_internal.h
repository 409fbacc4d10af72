/* Inside the recovery's room. */
#ifndef RECOVER_RECOVER_INTERNAL_H
#define RECOVER_RECOVER_INTERNAL_H

#include "recover/recover.h"

/* copy.c: the files of a repository, without what is derived under keys, durable; ${to} must not be there. */
int recover_copy(const char *from, const char *to, const struct store_watch *watch, struct err *e);

#endif
