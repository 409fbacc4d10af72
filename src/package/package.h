/*
 * The package for a court: chosen items out of a repository, with all that is needed to check them without it.
 * FORMAT 16.
 *
 * It is written beside its place, DEST.exporting; sealed by one commit; verified by the verifier's own code; and only
 * then renamed: first the files of the seal, at last the folder, so that under its name a package is whole or not at
 * all.  A crash leaves DEST.exporting, which the next run removes, and at most a seal on the log of a package that
 * nobody has.
 *
 * No leaf secret leaves the store: what is opened is opened by the salts of that leaf alone.
 */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include "store/store.h"
#include "verify/verify.h"

struct package_request {
    const char *dest;
    const uint64_t *leaf; /* items, in any order; a further name brings the item that it names */
    size_t count;
    struct statement_use use; /* what for and to whom: goes into the seal */
    const struct statement_verifier *verifiers; /* that the seal names beside verify.sh; by name, all before it */
    size_t verifier_count;
    int (*still)(void *context, struct err *e); /* asked before the seal: may it be given out, now? NULL: not asked */
    int (*progress)(void *context, uint64_t files, uint64_t files_all, uint64_t bytes); /* non-zero: ERR_STOPPED */
    void *context;
};
struct package_made {
    struct verify_found found; /* to be released */
    struct hash tagmanifest, script; /* SHA-256 of tagmanifest-sha256.txt, and of verify.sh */
};
#define PACKAGE_SCRIPT "verify.sh"
/*
 * package_make: ${s} is opened to write.  ERR_REFUSED: something is in DEST's place, or an item has no receipt yet;
 * nothing is written then; or ${still} said no, and nothing is left of it.  ERR_ABSENT: no such item.  ERR_DAMAGED: an
 * item's bytes, or the package fails its own verification; nothing is left of it then.
 */
int package_make(struct store *s, const struct package_request *request, struct package_made *ret, struct err *e);

#endif
