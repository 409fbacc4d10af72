/* Items as the index lists them, and the receipts that they stand on. */
#include "verify/verify_internal.h"

#include <stdio.h>

static const char INDEX[] = "data/index.csv";

static int leaf_add(struct verifying *v, const struct verify_leaf *leaf, struct err *e)
{
    if (v->leaves == v->leaf_room) {
        size_t room = v->leaf_room * 2 + 64;
        struct verify_leaf *grown = reallocarray(v->leaf, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        v->leaf = grown;
        v->leaf_room = room;
    }
    v->leaf[v->leaves++] = *leaf;
    return 0;
}

int verify_leaf_add(struct verifying *v, const struct verify_leaf *leaf, struct err *e)
{
    int rc = leaf_add(v, leaf, e);
    if (rc == 0 && leaf->leaf > v->last_leaf)
        v->last_leaf = leaf->leaf;
    return rc;
}

/* Up to its comma. */
static bool take_number(struct cursor *c, uint64_t *ret)
{
    const uint8_t *comma = c->left > 0 ? memchr(c->p, ',', c->left) : NULL;
    if (comma == NULL)
        return false;
    struct bytes word = cursor_take(c, (size_t)(comma - c->p));
    return cursor_expect(c, ",") && decimal_get(word, ret) == 0;
}

bool verify_row_line(struct bytes line, struct verify_row *ret)
{
    struct cursor c = cursor_of(line);
    return take_number(&c, &ret->number) && take_number(&c, &ret->leaf) && take_number(&c, &ret->receipt);
}

static const struct verify_receipt *receipt_of(const struct verifying *v, uint64_t number)
{
    for (size_t i = 0; i < v->receipts; i++)
        if (v->receipt[i].number == number)
            return &v->receipt[i];
    return NULL;
}

/* The opening of an item: its statement, its leaf's entry, and that the entry lies in the log. */
static int item_open(struct verifying *v, uint64_t number, struct opening *o, struct buf *text,
                     uint8_t entry[LEAF_ENTRY], struct err *e)
{
    char path[VERIFY_NAME_MAX], proof[VERIFY_NAME_MAX];
    uint64_t leaf;
    (void)snprintf(path, sizeof path, "proof/items/%06llu.opening", (unsigned long long)number);
    (void)snprintf(proof, sizeof proof, "proof/items/%06llu.tlog-proof", (unsigned long long)number);
    int rc = verify_bag_read(&v->bag, path, OPENING_BYTES_MAX, text, e);
    if (rc == 0)
        rc = opening_parse(buf_bytes(text), o, e);
    if (rc != 0)
        return err_add(e, rc, "%s", path);
    opening_entry(o, entry);
    rc = verify_proof(v, proof, entry, &leaf, e);
    if (rc == 0 && leaf != o->leaf)
        rc = err_set(e, ERR_DAMAGED, "%s: what it proves is not in the log", proof);
    return rc;
}

static int item_bytes(struct verifying *v, uint64_t number, const struct statement_received *r, struct err *e)
{
    char path[VERIFY_NAME_MAX];
    if (r->further_name || r->type != STATEMENT_FILE)
        return 0;
    verify_item_file(number, r->path, path);
    int rc = verify_bag_use(&v->bag, path, e);
    const struct verify_file *f = rc == 0 ? verify_bag_file(&v->bag, path) : NULL;
    if (rc == 0 && (f->bytes != r->bytes || !hash_equal(&f->sha256, &r->sha256)))
        rc = err_set(e, ERR_DAMAGED, "%s: are not the bytes that its statement names", path);
    return rc;
}

/* The row must be the one that follows from what was opened. */
static int item_row(struct bytes line, const struct verify_row *row, struct err *e)
{
    OWN(buf_drop) struct buf made = {0};
    verify_index_row(row, &made);
    int rc = buf_check(&made, e);
    if (rc == 0 && (made.n != line.n + 1 || memcmp(made.p, line.p, line.n) != 0))
        rc = err_set(e, ERR_DAMAGED, "%s, row %llu: is not what the item's statement says", INDEX,
                     (unsigned long long)row->number);
    return rc;
}

static int item_check(struct verifying *v, uint64_t number, struct bytes line, struct err *e)
{
    OWN(buf_drop) struct buf text = {0}, values = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct verify_row row = {.number = 0};
    struct verify_leaf leaf = {.opened = true};
    struct statement s;
    struct opening o;
    if (!verify_row_line(line, &row) || row.number != number)
        return verify_broken(INDEX, e);
    int rc = item_open(v, number, &o, &text, leaf.entry, e);
    if (rc == 0)
        rc = opening_read(&o, NULL, 0, &values, &held, &s, e);
    if (rc == 0 && s.kind != STATEMENT_RECEIVED)
        rc = err_set(e, ERR_DAMAGED, "it is no item");
    const struct verify_receipt *receipt = receipt_of(v, row.receipt);
    if (rc == 0 && (receipt == NULL || receipt->deposit != s.received.deposit || row.leaf != o.leaf))
        rc = err_set(e, ERR_DAMAGED, "it is not on the receipt that the index names");
    if (rc != 0)
        return err_add(e, rc, "item %llu", (unsigned long long)number);
    row.item = &s.received;
    leaf.leaf = o.leaf;
    leaf.deposit = s.received.deposit;
    leaf.seq = s.received.seq;
    rc = item_row(line, &row, e);
    if (rc == 0)
        rc = item_bytes(v, number, &s.received, e);
    return rc == 0 ? verify_leaf_add(v, &leaf, e) : rc;
}

int verify_items(struct verifying *v, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    uint64_t number = 0, last = 0;
    int rc = verify_bag_read(&v->bag, INDEX, VERIFY_TEXT_MAX, &text, e);
    struct cursor c = cursor_of(buf_bytes(&text));
    if (rc == 0 && !cursor_expect(&c, VERIFY_INDEX_HEAD))
        rc = verify_broken(INDEX, e);
    while (rc == 0 && c.left > 0) {
        struct bytes line = cursor_line(&c);
        rc = c.failed ? verify_broken(INDEX, e) : item_check(v, ++number, line, e);
        if (rc == 0 && number > 1 && v->leaf[v->leaves - 1].leaf <= last)
            rc = verify_broken(INDEX, e); /* rows ascend by leaf: none is there twice */
        last = rc == 0 ? v->leaf[v->leaves - 1].leaf : 0;
    }
    if (rc == 0 && number != v->seal.sealed.items)
        rc = err_set(e, ERR_DAMAGED, "%s: has not as many items as the seal says", INDEX);
    v->found.items = number;
    return rc;
}

/* ---- receipts ---- */

static int receipt_add(struct verifying *v, const struct statement_receipt *r, struct err *e)
{
    if (receipt_of(v, r->number) != NULL)
        return err_set(e, ERR_DAMAGED, "receipt %llu is there twice", (unsigned long long)r->number);
    if (v->receipts == v->receipt_room) {
        size_t room = v->receipt_room * 2 + 8;
        struct verify_receipt *grown = reallocarray(v->receipt, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        v->receipt = grown;
        v->receipt_room = room;
    }
    v->receipt[v->receipts++] = (struct verify_receipt){r->number, r->deposit};
    return 0;
}

static int receipt_read(struct verifying *v, const char *path, const char *proof, struct err *e)
{
    OWN(buf_drop) struct buf text = {0}, values = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    uint8_t entry[LEAF_ENTRY];
    struct opening o;
    struct statement s;
    uint64_t leaf = 0;
    int rc = verify_bag_read(&v->bag, path, OPENING_BYTES_MAX, &text, e);
    if (rc == 0)
        rc = opening_parse(buf_bytes(&text), &o, e);
    if (rc != 0)
        return err_add(e, rc, "%s", path);
    opening_entry(&o, entry);
    rc = verify_proof(v, proof, entry, &leaf, e);
    if (rc != 0)
        return rc;
    rc = verify_signed_opening(v, leaf, &o, &values, &held, &s, e);
    if (rc == 0 && (s.kind != STATEMENT_RECEIPT || leaf != o.leaf))
        rc = err_set(e, ERR_DAMAGED, "it is no receipt of its leaf");
    if (rc == 0)
        rc = receipt_add(v, &s.receipt, e);
    if (leaf > v->last_leaf)
        v->last_leaf = leaf;
    return rc == 0 ? 0 : err_add(e, rc, "%s", path);
}

/* One for each deposit that the seal names. */
int verify_receipts(struct verifying *v, struct err *e)
{
    const struct statement_sealed *s = &v->seal.sealed;
    char path[VERIFY_NAME_MAX], proof[VERIFY_NAME_MAX];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->deposit_count; i++) {
        (void)snprintf(path, sizeof path, "proof/receipts/%06zu.opening", i + 1);
        (void)snprintf(proof, sizeof proof, "proof/receipts/%06zu.tlog-proof", i + 1);
        rc = receipt_read(v, path, proof, e);
        if (rc == 0 && v->receipt[i].deposit != s->deposits[i].deposit)
            rc = err_set(e, ERR_DAMAGED, "%s: is not the receipt of the deposit that the seal names", path);
    }
    return rc;
}
