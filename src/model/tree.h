/*
 * The Merkle tree of RFC 6962 / RFC 9162: growing it, proving from it, checking proofs, and where its hashes lie
 * in C2SP tlog-tiles.  Pure: stored hashes come through a callback.
 */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H

#include "crypt/crypt.h"

enum { TREE_PROOF_MAX = 64, TREE_TILE_WIDTH = 256, TREE_TILE_PATH_MAX = 96 };

/* No proof in a tree of this size is longer than TREE_PROOF_MAX. */
#define TREE_SIZE_MAX (UINT64_C(1) << 63)

/* The right edge of a growing tree: one hash per set bit of size, the largest subtree first. */
struct tree_edge {
    uint64_t size;
    struct hash peak[64];
};
void tree_edge_begin(struct tree_edge *t);
void tree_edge_add(struct tree_edge *t, const struct hash *leaf_hash);
/* tree_edge_add_all: ${count} of them; where that fills tiles of level 0, *ret (or NULL) is the root over the last. */
void tree_edge_add_all(struct tree_edge *t, const struct hash *leaf_hashes, size_t count, struct hash *ret);
/* tree_edge_add_entries: the leaves that are these entries, as in crypt_leaf_hash_each. */
void tree_edge_add_entries(struct tree_edge *t, const uint8_t *entries, size_t bytes, size_t apart, size_t count);
void tree_edge_root(const struct tree_edge *t, struct hash *ret);
/* tree_root: the root over ${count} leaf hashes. */
void tree_root(const struct hash *leaf_hashes, size_t count, struct hash *ret);

/*
 * A reader of stored subtree hashes: the root of the perfect subtree of 2^${level} leaves that begins at leaf
 * ${index} << level.  Returns 0 or an error that ends the proof.
 */
struct tree_reader {
    int (*hash)(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e);
    void *context;
};
struct tree_proof {
    struct hash hash[TREE_PROOF_MAX];
    size_t count;
};
/*
 * What the reader refuses comes through with its code.  ERR_DAMAGED: a size above TREE_SIZE_MAX.  ERR_ABSENT: no leaf
 * ${index} in a tree of ${size}.  ERR_USAGE: ${old_size} above ${size}.  ${ret} is written on success only.
 * An inclusion proof in a tree of one leaf is empty, as is a consistency proof from 0 or from ${size} itself.
 */
int tree_edge_read(uint64_t size, const struct tree_reader *r, struct tree_edge *ret, struct err *e);
int tree_prove_inclusion(uint64_t index, uint64_t size, const struct tree_reader *r, struct tree_proof *ret,
                         struct err *e);
int tree_prove_consistency(uint64_t old_size, uint64_t size, const struct tree_reader *r, struct tree_proof *ret,
                           struct err *e);
/* RFC 9162 sections 2.1.3.2 and 2.1.4.2.  From old size 0 the proof is empty and the old root that of nothing. */
bool tree_check_inclusion(const struct hash *leaf_hash, uint64_t index, uint64_t size, const struct tree_proof *p,
                          const struct hash *root);
bool tree_check_consistency(uint64_t old_size, const struct hash *old_root, uint64_t size, const struct hash *root,
                            const struct tree_proof *p);
/*
 * tree_beginning: what root the first ${old_size} leaves have in the tree of ${size} leaves with ${root}.  The proof is
 * a consistency proof that always has the root of the old tree's last perfect subtree first (a plain one leaves it out
 * where it is the whole old tree: tree_beginning_from puts it there).  All hashes that make the old root make ${root}
 * too, so whoever has signed ${root} cannot deny the old one.  False: the proof does not lead to ${root}.
 */
void tree_beginning_from(uint64_t old_size, const struct hash *old_root, const struct tree_proof *plain,
                         struct tree_proof *ret);
bool tree_beginning(uint64_t old_size, uint64_t size, const struct hash *root, const struct tree_proof *p,
                    struct hash *ret_old_root);

/*
 * tree_tile_path: "tile/<level>/<N>[.p/<width>]" or, for level -1, "tile/entries/<N>[.p/<width>]"; ${width} is 1 to
 * TREE_TILE_WIDTH, which is full.  N 1234067 is written x001/x234/067.
 */
void tree_tile_path(int level, uint64_t n, unsigned width, char to[TREE_TILE_PATH_MAX]);

#endif
