/*
 * The court's verifier: is a package what the log of its origin says?  Offline, without keys, by base, crypt and model
 * alone, so that an expert can read all of it.  FORMAT 16.
 *
 * It begins at the seal, which lies outside the package: the seal names the tag manifest, the tag manifest and the
 * payload manifest name every file.  Then the history of keys from leaf 0 on, the checkpoint, the seal's own place in
 * the log; each item's opening, its bytes, its place and the cover that signs for it; what is withheld of each deposit;
 * who cosigned, and what outside authorities stamped.  What does not fit is FAILED, whatever else is right.
 *
 * Nothing is written.  Every file is read to its end.  No link is followed.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "model/statement.h"

/* The words, and with them the exit codes. */
enum verify_word {
    VERIFY_VERIFIED = 0,
    VERIFY_FAILED = 1,
    VERIFY_TIME_UNPROVEN = 5,
    VERIFY_UNCOSIGNED = 6,
};

struct verify_request {
    const char *package;    /* folder; the seal's files lie beside it */
    const struct hash *pin; /* SHA-256 of leaf 0, got elsewhere; NULL: not known */
    struct bytes policy;    /* of who is to cosign, got elsewhere (C2SP tlog-policy); empty: by the log's own */
};

enum { VERIFY_STAMPS_MAX = 16 };
struct verify_stamp {
    int64_t by_unix_s; /* what is in the package was there no later than that */
    struct hash root;  /* SHA-256 of the certificate that is trusted for it */
    char name[CRYPT_STAMP_NAME_MAX];
};
struct verify_found {
    enum verify_word word;
    char origin[NOTE_NAME_MAX + 1];
    struct hash pin;
    uint64_t leaves; /* of the package's checkpoint */
    uint64_t items, files, bytes;
    struct statement_range *withheld; /* leaves, ascending */
    size_t withheld_ranges;
    uint64_t withheld_count;
    uint64_t seal_leaf;
    int64_t sealed_unix_s; /* as claimed */
    uint64_t events;       /* key events behind leaf 0 */
    unsigned cosigners, cosigned_by; /* of the policy, and of them who signed a checkpoint that holds the items */
    struct verify_stamp stamp[VERIFY_STAMPS_MAX]; /* that hold the items */
    size_t stamps;
};
void verify_found_release(struct verify_found *f);

/*
 * verify_package: 0 with one of the words but FAILED.  ERR_DAMAGED: FAILED, and why; *ret is touched on success only.
 * ERR_ABSENT, ERR_IO: there is no package there, or it cannot be read.
 */
int verify_package(const struct verify_request *request, struct verify_found *ret, struct err *e);

/* The program groundwork-verify. */
int verify_main(int argc, char **argv);

/* ---- what whoever makes a package writes, in the one form in which it is checked ---- */

enum { VERIFY_NAME_MAX = 200 };
#define VERIFY_INDEX_HEAD                                                                                              \
    "number,leaf,receipt,type,of,file,bytes,sha256,mode,mtime,mtime_ns,name_base64,name\n"
#define VERIFY_GAPS_HEAD "leaf,commitment,state\n"
/* verify_item_file: where the bytes of an item lie: data/items/NNNNNN, with its name's ending when that is safe. */
void verify_item_file(uint64_t number, struct bytes name, char to[VERIFY_NAME_MAX]);
/* verify_index_row: one row of data/index.csv, appended. */
struct verify_row {
    uint64_t number, leaf, receipt;
    const struct statement_received *item;
};
void verify_index_row(const struct verify_row *row, struct buf *to);
/* verify_policy_text: proof/policy.txt: that of the log's newest `cosigners` event, or that nobody is to cosign. */
struct history;
void verify_policy_text(const struct history *h, struct buf *to);

#endif
