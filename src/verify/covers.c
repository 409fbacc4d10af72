/* Covers, which sign for the items, and what is withheld: together each deposit to its last leaf. */
#include "verify/verify_internal.h"

#include <stdio.h>

static const char GAPS[] = "proof/gaps.csv";
enum { COVER_BYTES_MAX = 1 << 20 };

/* ---- gaps ---- */

bool verify_gap_line(struct bytes line, struct verify_leaf *ret)
{
    static const char state[] = ",WITHHELD";
    const size_t tail = 2 * CRYPT_HASH + sizeof state - 1;
    if (line.n < tail + 2 || line.p[line.n - tail - 1] != ',' ||
        memcmp(line.p + line.n - (sizeof state - 1), state, sizeof state - 1) != 0)
        return false;
    ret->entry[0] = LEAF_HIDDEN;
    return decimal_get(bytes_of(line.p, line.n - tail - 1), &ret->leaf) == 0 &&
           hex_get(bytes_of(line.p + line.n - tail, 2 * CRYPT_HASH), ret->entry + 1, CRYPT_HASH) == 0;
}

static int withheld_add(struct verify_found *f, uint64_t leaf, struct err *e)
{
    f->withheld_count++;
    if (f->withheld_ranges > 0 && f->withheld[f->withheld_ranges - 1].last + 1 == leaf) {
        f->withheld[f->withheld_ranges - 1].last = leaf;
        return 0;
    }
    struct statement_range *grown = reallocarray(f->withheld, f->withheld_ranges + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    f->withheld = grown;
    f->withheld[f->withheld_ranges++] = (struct statement_range){leaf, leaf};
    return 0;
}

static int gaps_read(struct verifying *v, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    uint64_t last = 0;
    int rc = verify_bag_read(&v->bag, GAPS, VERIFY_TEXT_MAX, &text, e);
    struct cursor c = cursor_of(buf_bytes(&text));
    if (rc == 0 && !cursor_expect(&c, VERIFY_GAPS_HEAD))
        rc = verify_broken(GAPS, e);
    while (rc == 0 && c.left > 0) {
        struct verify_leaf gap = {0};
        struct bytes line = cursor_line(&c);
        if (c.failed || !verify_gap_line(line, &gap) || gap.leaf <= last)
            return verify_broken(GAPS, e);
        last = gap.leaf;
        rc = verify_leaf_add(v, &gap, e);
        if (rc == 0)
            rc = withheld_add(&v->found, gap.leaf, e);
    }
    if (rc == 0 && v->found.withheld_count != v->seal.sealed.withheld)
        rc = err_set(e, ERR_DAMAGED, "%s: does not withhold as much as the seal says", GAPS);
    return rc;
}

static int by_leaf(const void *a, const void *b)
{
    uint64_t x = ((const struct verify_leaf *)a)->leaf, y = ((const struct verify_leaf *)b)->leaf;
    return x < y ? -1 : x > y;
}

static struct verify_leaf *leaf_find(const struct verifying *v, uint64_t leaf)
{
    struct verify_leaf key = {.leaf = leaf};
    return bsearch(&key, v->leaf, v->leaves, sizeof key, by_leaf);
}

/* ---- covers ---- */

/* A deposit while its covers are gone through, in their order. */
struct deposit {
    const struct statement_sealed_deposit *sealed;
    uint64_t count;
    struct hash head;
};

static int cover_leaves(struct verifying *v, const struct statement_cover *c, struct deposit *d, struct err *e)
{
    struct tree_edge edge;
    struct hash root;
    tree_edge_begin(&edge);
    for (uint64_t i = 0; i < c->count; i++) {
        const uint64_t leaf = c->first + i;
        struct verify_leaf *l = leaf_find(v, leaf);
        if (l == NULL)
            return err_set(e, ERR_DAMAGED, "leaf %llu is neither in the package nor listed as withheld",
                           (unsigned long long)leaf);
        if (l->covered || (l->opened && (l->deposit != c->deposit || l->seq != d->count)))
            return err_set(e, ERR_DAMAGED, "leaf %llu is not the one of its deposit that it says",
                           (unsigned long long)l->leaf);
        struct hash hash;
        crypt_leaf_hash(bytes_of(l->entry, LEAF_ENTRY), &hash);
        tree_edge_add(&edge, &hash);
        l->covered = true;
        memcpy(d->head.b, l->entry + 1, CRYPT_HASH);
        d->count++;
    }
    tree_edge_root(&edge, &root);
    return hash_equal(&root, &c->root)
               ? 0
               : err_set(e, ERR_DAMAGED, "the cover does not sign for the leaves that the package gives");
}

static int cover_read(struct verifying *v, uint64_t number, struct statement *ret, struct statement_held **held,
                      uint64_t *ret_leaf, struct err *e)
{
    OWN(buf_drop) struct buf note = {0};
    char path[VERIFY_NAME_MAX], proof[VERIFY_NAME_MAX];
    uint8_t entry[LEAF_ENTRY];
    (void)snprintf(path, sizeof path, "proof/covers/%06llu.statement", (unsigned long long)number);
    (void)snprintf(proof, sizeof proof, "proof/covers/%06llu.tlog-proof", (unsigned long long)number);
    int rc = verify_bag_read(&v->bag, path, COVER_BYTES_MAX, &note, e);
    if (rc != 0)
        return rc;
    leaf_entry_public(buf_bytes(&note), entry);
    rc = verify_proof(v, proof, entry, ret_leaf, e);
    if (rc != 0)
        return rc;
    rc = verify_signed_note(v, *ret_leaf, buf_bytes(&note), held, ret, e);
    if (rc == 0 && (ret->kind != STATEMENT_COVER || ret->cover.count > *ret_leaf ||
                    ret->cover.first > *ret_leaf - ret->cover.count))
        rc = err_set(e, ERR_DAMAGED, "it is no cover over leaves before it");
    return rc == 0 ? 0 : err_add(e, rc, "%s", path);
}

/* Ascending by leaf, and so by deposit: the covers of one lie side by side in no order but this. */
static int covers_read(struct verifying *v, struct deposit *list, size_t count, struct err *e)
{
    uint64_t last = 0;
    char path[VERIFY_NAME_MAX];
    for (uint64_t number = 1;; number++) {
        OWN(statement_held_drop) struct statement_held *held = NULL;
        struct statement s;
        uint64_t leaf = 0;
        (void)snprintf(path, sizeof path, "proof/covers/%06llu.statement", (unsigned long long)number);
        if (verify_bag_file(&v->bag, path) == NULL)
            return 0;
        int rc = cover_read(v, number, &s, &held, &leaf, e);
        if (rc != 0)
            return rc;
        size_t i = 0;
        while (i < count && list[i].sealed->deposit != s.cover.deposit)
            i++;
        if (i == count || leaf <= last)
            return err_set(e, ERR_DAMAGED, "%s: is of no deposit that the seal names, or not in order", path);
        rc = cover_leaves(v, &s.cover, &list[i], e);
        if (rc != 0)
            return err_add(e, rc, "%s", path);
        last = leaf;
        if (leaf > v->last_leaf)
            v->last_leaf = leaf;
    }
}

static int deposits_whole(const struct verifying *v, const struct deposit *list, size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].count != list[i].sealed->count || !hash_equal(&list[i].head, &list[i].sealed->head))
            return err_set(e, ERR_DAMAGED, "deposit %llu: the package ends before it does, by what the seal says",
                           (unsigned long long)list[i].sealed->deposit);
    for (size_t i = 0; i < v->leaves; i++)
        if (!v->leaf[i].covered)
            return err_set(e, ERR_DAMAGED, "leaf %llu lies under no cover", (unsigned long long)v->leaf[i].leaf);
    return 0;
}

int verify_covers(struct verifying *v, struct err *e)
{
    const struct statement_sealed *s = &v->seal.sealed;
    OWN(mem_drop) struct deposit *list = calloc(s->deposit_count, sizeof *list);
    if (list == NULL)
        return err_memory(e);
    for (size_t i = 0; i < s->deposit_count; i++)
        list[i].sealed = &s->deposits[i];
    int rc = gaps_read(v, e);
    if (rc != 0)
        return rc;
    qsort(v->leaf, v->leaves, sizeof v->leaf[0], by_leaf);
    for (size_t i = 1; i < v->leaves; i++)
        if (v->leaf[i].leaf == v->leaf[i - 1].leaf)
            return err_set(e, ERR_DAMAGED, "leaf %llu is in the package and listed as withheld",
                           (unsigned long long)v->leaf[i].leaf);
    rc = covers_read(v, list, s->deposit_count, e);
    return rc == 0 ? deposits_whole(v, list, s->deposit_count, e) : rc;
}
