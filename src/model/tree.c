#include "model/tree.h"

#include <assert.h>
#include <stdio.h>

/* The largest power of two below n, where RFC 6962 splits a list of n; n is at least 2. */
static uint64_t split_of(uint64_t n)
{
    assert(n >= 2);
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static size_t peaks_of(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

void tree_edge_begin(struct tree_edge *t)
{
    memset(t, 0, sizeof *t);
}

/* A perfect subtree of ${leaves}, a power of two that divides what the tree has; *ret as in tree_edge_add_all. */
static void add_subtree(struct tree_edge *t, uint64_t leaves, struct hash h, struct hash *ret)
{
    assert(t->size <= TREE_SIZE_MAX - leaves);
    size_t peaks = peaks_of(t->size);
    uint64_t under = leaves; /* this hash */
    if (under == TREE_TILE_WIDTH && ret != NULL)
        *ret = h;
    for (; (t->size & under) != 0;) {
        crypt_node_hash(&t->peak[--peaks], &h, &h);
        under *= 2;
        if (under == TREE_TILE_WIDTH && ret != NULL)
            *ret = h;
    }
    t->peak[peaks] = h;
    t->size += leaves;
}

void tree_edge_add(struct tree_edge *t, const struct hash *leaf_hash)
{
    add_subtree(t, 1, *leaf_hash, NULL);
}

/* Of ${count} hashes, a power of two and at most TREE_TILE_WIDTH. */
static void perfect_root(const struct hash *leaf_hashes, size_t count, struct hash *ret)
{
    struct hash row[TREE_TILE_WIDTH / 2];
    if (count == 1) {
        *ret = *leaf_hashes;
        return;
    }
    crypt_node_hash_each(leaf_hashes, count / 2, row);
    for (count /= 2; count > 1; count /= 2)
        crypt_node_hash_each(row, count / 2, row);
    *ret = row[0];
}

/* The largest perfect subtree that can follow ${size} leaves when there are ${count} more. */
static size_t next_subtree(uint64_t size, size_t count)
{
    size_t leaves = TREE_TILE_WIDTH;
    while (leaves > count || (size & (leaves - 1)) != 0)
        leaves /= 2;
    return leaves;
}

void tree_edge_add_all(struct tree_edge *t, const struct hash *leaf_hashes, size_t count, struct hash *ret)
{
    while (count > 0) {
        struct hash h;
        size_t leaves = next_subtree(t->size, count);
        perfect_root(leaf_hashes, leaves, &h);
        add_subtree(t, leaves, h, ret);
        leaf_hashes += leaves;
        count -= leaves;
    }
}

void tree_edge_add_entries(struct tree_edge *t, const uint8_t *entries, size_t bytes, size_t apart, size_t count)
{
    struct hash leaf[TREE_TILE_WIDTH];
    for (size_t some; count > 0; count -= some) {
        some = count < COUNT(leaf) ? count : COUNT(leaf);
        crypt_leaf_hash_each(entries, bytes, apart, some, leaf);
        tree_edge_add_all(t, leaf, some, NULL);
        entries += some * apart;
    }
}

void tree_edge_root(const struct tree_edge *t, struct hash *ret)
{
    size_t peaks = peaks_of(t->size);
    if (peaks == 0) {
        crypt_sha256(bytes_of(NULL, 0), ret);
        return;
    }
    struct hash h = t->peak[--peaks];
    while (peaks > 0)
        crypt_node_hash(&t->peak[--peaks], &h, &h);
    *ret = h;
}

void tree_root(const struct hash *leaf_hashes, size_t count, struct hash *ret)
{
    struct tree_edge t;
    tree_edge_begin(&t);
    tree_edge_add_all(&t, leaf_hashes, count, NULL);
    tree_edge_root(&t, ret);
}

static int size_check(uint64_t size, struct err *e)
{
    if (size > TREE_SIZE_MAX)
        return err_set(e, ERR_DAMAGED, "a tree of %llu leaves is larger than any tree can be",
                       (unsigned long long)size);
    return 0;
}

/* The peaks of leaves begin .. end-1, where begin is a multiple of the largest of them. */
static int read_peaks(uint64_t begin, uint64_t end, const struct tree_reader *r, struct tree_edge *ret, struct err *e)
{
    ret->size = end - begin;
    size_t peaks = 0;
    for (uint64_t left = end - begin; left != 0;) {
        unsigned level = 63u - (unsigned)__builtin_clzll(left);
        int rc = r->hash(r->context, level, begin >> level, &ret->peak[peaks++], e);
        if (rc != 0)
            return rc;
        begin += UINT64_C(1) << level;
        left -= UINT64_C(1) << level;
    }
    return 0;
}

int tree_edge_read(uint64_t size, const struct tree_reader *r, struct tree_edge *ret, struct err *e)
{
    int rc = size_check(size, e);
    if (rc != 0)
        return rc;
    struct tree_edge t;
    tree_edge_begin(&t);
    rc = read_peaks(0, size, r, &t, e);
    if (rc == 0)
        *ret = t;
    return rc;
}

/* A proof while it grows: top down, because the tree is split from the root; turned round at the end. */
static int put_range(uint64_t begin, uint64_t end, const struct tree_reader *r, struct tree_proof *p, struct err *e)
{
    assert(p->count < TREE_PROOF_MAX);
    struct tree_edge t;
    int rc = read_peaks(begin, end, r, &t, e);
    if (rc == 0)
        tree_edge_root(&t, &p->hash[p->count++]);
    return rc;
}

static void turn_round(struct tree_proof *p)
{
    for (size_t i = 0; i < p->count / 2; i++) {
        struct hash h = p->hash[i];
        p->hash[i] = p->hash[p->count - 1 - i];
        p->hash[p->count - 1 - i] = h;
    }
}

/* PATH(m, D[n]) of RFC 9162 section 2.1.3.1. */
int tree_prove_inclusion(uint64_t index, uint64_t size, const struct tree_reader *r, struct tree_proof *ret,
                         struct err *e)
{
    int rc = size_check(size, e);
    if (rc != 0)
        return rc;
    if (index >= size)
        return err_set(e, ERR_ABSENT, "there is no leaf %llu in a tree of %llu leaves", (unsigned long long)index,
                       (unsigned long long)size);
    struct tree_proof p = {.count = 0};
    for (uint64_t begin = 0, end = size; end - begin > 1;) {
        uint64_t middle = begin + split_of(end - begin);
        bool left = index < middle;
        rc = left ? put_range(middle, end, r, &p, e) : put_range(begin, middle, r, &p, e);
        if (rc != 0)
            return rc;
        if (left)
            end = middle;
        else
            begin = middle;
    }
    turn_round(&p);
    *ret = p;
    return 0;
}

/* SUBPROOF(m, D[n], b) of RFC 9162 section 2.1.4.1; whole is its b: the old tree is the subtree itself. */
int tree_prove_consistency(uint64_t old_size, uint64_t size, const struct tree_reader *r, struct tree_proof *ret,
                           struct err *e)
{
    int rc = size_check(size, e);
    if (rc != 0)
        return rc;
    if (old_size > size)
        return err_set(e, ERR_USAGE, "a tree of %llu leaves is not an earlier state of one of %llu",
                       (unsigned long long)old_size, (unsigned long long)size);
    struct tree_proof p = {.count = 0};
    uint64_t begin = 0, end = old_size == 0 ? 0 : size;
    bool whole = true;
    while (end != old_size) {
        uint64_t middle = begin + split_of(end - begin);
        bool left = old_size <= middle;
        rc = left ? put_range(middle, end, r, &p, e) : put_range(begin, middle, r, &p, e);
        if (rc != 0)
            return rc;
        if (left) {
            end = middle;
        } else {
            begin = middle;
            whole = false;
        }
    }
    if (!whole)
        rc = put_range(begin, end, r, &p, e);
    if (rc != 0)
        return rc;
    turn_round(&p);
    *ret = p;
    return 0;
}

bool tree_check_inclusion(const struct hash *leaf_hash, uint64_t index, uint64_t size, const struct tree_proof *p,
                          const struct hash *root)
{
    if (index >= size || p->count > TREE_PROOF_MAX)
        return false;
    uint64_t fn = index, sn = size - 1;
    struct hash h = *leaf_hash;
    for (size_t i = 0; i < p->count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            crypt_node_hash(&p->hash[i], &h, &h);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            crypt_node_hash(&h, &p->hash[i], &h);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&h, root);
}

/* RFC 9162 speaks of old sizes of at least 1 below the new; these are the cases around them. */
static bool check_without_proof(uint64_t old_size, const struct hash *old_root, uint64_t size, const struct hash *root)
{
    struct hash empty;
    crypt_sha256(bytes_of(NULL, 0), &empty);
    if (old_size == 0 && !hash_equal(old_root, &empty))
        return false;
    return old_size != size || hash_equal(old_root, root);
}

/* RFC 9162 section 2.1.4.2, from ${first} on: both roots; false when the proof is of another length. */
static bool climb(uint64_t old_size, uint64_t size, const struct hash *first, const struct hash *rest, size_t count,
                  struct hash *ret_old, struct hash *ret_new)
{
    uint64_t fn = old_size - 1, sn = size - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    struct hash fr = *first, sr = *first;
    for (size_t i = 0; i < count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            crypt_node_hash(&rest[i], &fr, &fr);
            crypt_node_hash(&rest[i], &sr, &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            crypt_node_hash(&sr, &rest[i], &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    *ret_old = fr;
    *ret_new = sr;
    return sn == 0;
}

/* When the old tree is one perfect subtree its root is known and not sent. */
static bool is_perfect(uint64_t size)
{
    return (size & (size - 1)) == 0;
}

bool tree_check_consistency(uint64_t old_size, const struct hash *old_root, uint64_t size, const struct hash *root,
                            const struct tree_proof *p)
{
    if (old_size > size || p->count > TREE_PROOF_MAX)
        return false;
    if (old_size == 0 || old_size == size)
        return p->count == 0 && check_without_proof(old_size, old_root, size, root);
    if (p->count == 0)
        return false;
    const bool perfect = is_perfect(old_size);
    struct hash fr, sr;
    return climb(old_size, size, perfect ? old_root : &p->hash[0], p->hash + !perfect, p->count - !perfect, &fr, &sr) &&
           hash_equal(&fr, old_root) && hash_equal(&sr, root);
}

void tree_beginning_from(uint64_t old_size, const struct hash *old_root, const struct tree_proof *plain,
                         struct tree_proof *ret)
{
    assert(old_size > 0 && plain->count < TREE_PROOF_MAX);
    struct tree_proof p = {.count = 0};
    if (is_perfect(old_size))
        p.hash[p.count++] = *old_root;
    for (size_t i = 0; i < plain->count; i++)
        p.hash[p.count++] = plain->hash[i];
    *ret = p;
}

bool tree_beginning(uint64_t old_size, uint64_t size, const struct hash *root, const struct tree_proof *p,
                    struct hash *ret_old_root)
{
    struct hash fr, sr;
    if (old_size == 0 || old_size >= size || p->count == 0 || p->count > TREE_PROOF_MAX ||
        !climb(old_size, size, &p->hash[0], p->hash + 1, p->count - 1, &fr, &sr) || !hash_equal(&sr, root))
        return false;
    *ret_old_root = fr;
    return true;
}

/* ${n} in groups of three digits, all but the last marked with x: 1234067 is x001/x234/067. */
static void put_groups(uint64_t n, char *to, size_t room)
{
    uint64_t scale = 1;
    while (n / scale >= 1000)
        scale *= 1000;
    for (; scale > 1; scale /= 1000) {
        int put = snprintf(to, room, "x%03u/", (unsigned)(n / scale % 1000));
        to += put;
        room -= (size_t)put;
    }
    (void)snprintf(to, room, "%03u", (unsigned)(n % 1000));
}

void tree_tile_path(int level, uint64_t n, unsigned width, char to[TREE_TILE_PATH_MAX])
{
    assert(level >= -1 && level < 64 && width >= 1 && width <= TREE_TILE_WIDTH);
    int put = level < 0 ? snprintf(to, TREE_TILE_PATH_MAX, "tile/entries/")
                        : snprintf(to, TREE_TILE_PATH_MAX, "tile/%d/", level);
    assert(put > 0);
    put_groups(n, to + put, TREE_TILE_PATH_MAX - (size_t)put);
    if (width < TREE_TILE_WIDTH) {
        size_t used = strlen(to);
        (void)snprintf(to + used, TREE_TILE_PATH_MAX - used, ".p/%u", width);
    }
}
