/* Inside the package room: what goes into it, and its files while they are written. */
#ifndef PACKAGE_PACKAGE_INTERNAL_H
#define PACKAGE_PACKAGE_INTERNAL_H

#include "base/file.h"
#include "package/package.h"

struct package_item {
    struct index_item item; /* path and target: not kept */
    uint64_t of;
};
struct package_deposit {
    uint64_t leaf, receipt, receipt_leaf;
    uint64_t count;   /* items and further names of its covers */
    struct hash head; /* commitment of the last */
};
struct package_cover {
    uint64_t leaf, deposit, first, count;
};
struct package_contents {
    struct package_item *item; /* by leaf, ascending; likewise the others */
    size_t items, item_room;
    struct package_deposit *deposit;
    size_t deposits, deposit_room;
    struct package_cover *cover;
    size_t covers, cover_room;
    uint64_t *event;
    size_t events, event_room;
    uint64_t withheld;
    uint64_t last_leaf;
    uint64_t bytes; /* of all files */
};
void package_contents_release(struct package_contents *c);
/* package_gather: what belongs into it, by the index; nothing is written.  ERR_REFUSED, ERR_ABSENT. */
int package_gather(struct store *s, const struct package_request *request, struct package_contents *ret,
                   struct err *e);
const struct package_deposit *package_deposit_of(const struct package_contents *c, uint64_t deposit);
bool package_holds(const struct package_contents *c, uint64_t leaf);

/* A file that was written, for its manifest. */
struct package_file {
    char *path;
    struct hash sha256;
};
struct packing {
    struct store *store;
    const struct package_request *request;
    const struct package_contents *contents;
    struct file_path draft;
    struct package_file *file;
    size_t files, room;
    uint64_t payload_files, payload_bytes;
};
void package_packing_release(struct packing *p); /* its memory; files stay */
int package_put(struct packing *p, const char *path, struct bytes content, struct err *e);
int package_put_item(struct packing *p, const char *path, const struct index_item *item, struct err *e);
/* package_manifests: both, and what the seal is to say of the second. */
int package_manifests(struct packing *p, struct hash *ret_tagmanifest, struct err *e);
/* package_put_outside: policy, cosigned checkpoint, time-stamps. */
int package_put_outside(struct packing *p, struct err *e);
void package_readme(const char *origin, struct buf *to);

extern const unsigned char package_script[];
extern const unsigned package_script_bytes;

#endif
