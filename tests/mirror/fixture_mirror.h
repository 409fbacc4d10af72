/* A mirror beside the repository of the store's fixture: mirror/, which is gone before each test. */
#ifndef TESTS_MIRROR_FIXTURE_MIRROR_H
#define TESTS_MIRROR_FIXTURE_MIRROR_H

#include "../store/fixture.h"
#include "mirror/mirror_internal.h"

/* What the last of each gave. */
struct fixture_last {
    struct mirror_made made;
    struct mirror_verified verified;
    struct mirror_restored restored;
};
extern struct fixture_last fixture_last;

/* fixture_mirror_whole: made or brought up to date, it verifies, beside the repository and behind it by nothing.
 * fixture_restore: a repository where it was. */
int fixture_mirror(struct fixture *f, bool again);
int fixture_mirror_verify(struct fixture *f, bool beside);
void fixture_mirror_whole(struct fixture *f);
int fixture_repair_from_mirror(struct fixture *f);
int fixture_restore(struct fixture *f);

/* fixture_unreadable: these bytes of the file that has this name now (another one that takes its name has none such)
 * cannot be read, with this errno, until fixture_readable. */
void fixture_unreadable(const struct fixture *f, const char *name, int64_t at, int64_t bytes, int number);
void fixture_readable(void);

#endif
