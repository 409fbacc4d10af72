/* Inside the verifier: the bag's files, and what is known while one package is looked at. */
#ifndef VERIFY_VERIFY_INTERNAL_H
#define VERIFY_VERIFY_INTERNAL_H

#include "model/checkpoint.h"
#include "model/history.h"
#include "model/opening.h"
#include "verify/verify.h"

enum {
    VERIFY_FILES_MAX = 1 << 24,
    VERIFY_TEXT_MAX = 1 << 30, /* of a manifest, the index, the gaps */
    VERIFY_DEPTH_MAX = 3,      /* folders below one another */
    VERIFY_PATH_MAX = 4 * VERIFY_NAME_MAX + 4,
};

/* A file of the package. */
struct verify_file {
    char *path;
    bool listed; /* in a manifest, and its hash is right: */
    struct hash sha256;
    uint64_t bytes;
    bool used;   /* it was looked at for what it says */
};
struct verify_bag {
    int folder;
    struct verify_file *file; /* by path, ascending */
    size_t count, room;
};

/* verify_manifest_line: "<64 hex>  <path>".  verify_gap_line: "<leaf>,<hex of the commitment>,WITHHELD".
 * verify_row_line: the first three numbers of a row; the rest is compared. */
struct verify_leaf;
bool verify_manifest_line(struct bytes line, struct hash *ret, char path[VERIFY_PATH_MAX]);
bool verify_gap_line(struct bytes line, struct verify_leaf *ret);
bool verify_row_line(struct bytes line, struct verify_row *ret);
/*
 * verify_bag_open: what lies in the folder.  ERR_DAMAGED: a link, a device, a name that no file of a package has.
 * verify_bag_hash: every file by its manifest, both manifests by their own; ${tagmanifest} is what the seal says.
 * verify_bag_read: a listed file, appended; it counts as looked at.  ERR_DAMAGED: not there, longer than ${bytes_max}.
 * verify_bag_file: it, or NULL.  verify_bag_end: was every file looked at?
 * verify_text_read: the same of a file that no manifest names.
 */
int verify_bag_open(const char *path, struct verify_bag *ret, struct err *e);
void verify_bag_release(struct verify_bag *b);
int verify_bag_hash(struct verify_bag *b, const struct hash *tagmanifest, struct verify_found *f, struct err *e);
int verify_bag_read(struct verify_bag *b, const char *path, size_t bytes_max, struct buf *to, struct err *e);
struct verify_file *verify_bag_file(const struct verify_bag *b, const char *path);
int verify_bag_use(struct verify_bag *b, const char *path, struct err *e); /* nothing is to be read of it */
int verify_bag_end(const struct verify_bag *b, struct err *e);
int verify_text_read(int folder, const char *path, size_t bytes_max, struct buf *to, struct err *e);

/* A leaf of a deposit: opened, or withheld. */
struct verify_leaf {
    uint64_t leaf;
    uint64_t deposit, seq; /* when it is opened */
    uint8_t entry[LEAF_ENTRY];
    bool opened, covered;
};
struct verify_receipt {
    uint64_t number, deposit;
};
struct verifying {
    const struct verify_request *request;
    struct verify_found found;
    struct verify_bag bag;
    struct history history;
    struct buf checkpoint_note;
    struct checkpoint checkpoint;
    struct buf seal_text, seal_values;
    struct opening seal_opening;
    struct statement_held *seal_held;
    struct statement seal;
    struct verify_receipt *receipt; /* in the order of their files */
    size_t receipts, receipt_room;
    struct verify_leaf *leaf; /* opened ones and gaps, ascending once both are known */
    size_t leaves, leaf_room;
    uint64_t last_leaf; /* the greatest one that the package stands on */
};

/* verify_checkpoint: by the log key of its size, and at most the one before it too: no other line. */
int verify_checkpoint(const struct verifying *v, struct bytes note, struct checkpoint *ret, struct err *e);
/* verify_log_signed: by the log key of its size, whoever else signed it. */
int verify_log_signed(const struct verifying *v, struct bytes note, const struct note_key **ret_key,
                      struct checkpoint *ret, struct err *e);
/* verify_signed_note, _opening: the statement at ${leaf}, signed by who may sign it there. */
int verify_signed_note(const struct verifying *v, uint64_t leaf, struct bytes note, struct statement_held **held,
                       struct statement *ret, struct err *e);
int verify_signed_opening(const struct verifying *v, uint64_t leaf, const struct opening *o, struct buf *values,
                          struct statement_held **held, struct statement *ret, struct err *e);
/* verify_keys: the history, the checkpoint, and the proof of each event.  Needs nothing but the bag. */
int verify_keys(struct verifying *v, struct err *e);
/* verify_proof: ${entry} lies at *ret_leaf under the package's checkpoint, by the proof in this file. */
int verify_proof(struct verifying *v, const char *path, const uint8_t entry[LEAF_ENTRY], uint64_t *ret_leaf,
                 struct err *e);
/*
 * verify_seal_find: what the seal says, by its form alone: nothing of it is proven yet.  verify_seal_prove: signed by
 * the member of its moment, and in the log behind the package's checkpoint.
 */
int verify_seal_find(struct verifying *v, struct err *e);
int verify_seal_prove(struct verifying *v, struct err *e);
int verify_receipts(struct verifying *v, struct err *e);
int verify_items(struct verifying *v, struct err *e);
int verify_covers(struct verifying *v, struct err *e); /* and gaps, and that each deposit is whole */
int verify_leaf_add(struct verifying *v, const struct verify_leaf *leaf, struct err *e);
int verify_outside(struct verifying *v, struct err *e); /* cosigners and time-stamps: found.word */
/* verify_extends: the package's checkpoint extends ${old}, by the consistency proof in this file. */
int verify_extends(struct verifying *v, const char *path, const struct checkpoint *old, struct err *e);
int verify_broken(const char *path, struct err *e); /* "is not what it must be" */

#endif
