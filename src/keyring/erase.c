/*
 * Leaf secrets destroyed: segments without them, under keys that are in no earlier table, before the record that names
 * them; what is replaced goes after it.  FORMAT 2.5, 19.
 */
#include "keyring/keyring_internal.h"

/* Secrets that stay, as the new file will have them. */
struct rewriting {
    struct keyring *k;
    const struct keyring_erasing *what;
    struct segment fresh; /* the segment as it will be */
    struct buf file;
    struct key *run; /* leaves side by side */
    uint64_t first;
    uint32_t count;
    bool any; /* one of the leaves is in it */
};

static void rewriting_release(struct rewriting *w)
{
    if (w->run != NULL)
        crypt_wipe(w->run, KEYRING_SEGMENT_LEAVES * sizeof *w->run);
    free(w->run);
    buf_drop(&w->file);
    key_drop(&w->fresh.key);
}

static int run_end(struct rewriting *w, struct err *e)
{
    int rc = w->count == 0 ? 0 : keyring_block_put(w->k, &w->fresh, w->first, w->run, w->count, &w->file, e);
    w->count = 0;
    return rc;
}

static int block_keep(void *context, uint64_t first, uint32_t count, const struct key *secrets, struct err *e)
{
    struct rewriting *w = context;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        uint64_t leaf = first + i;
        bool erased = statement_ranges_have(w->what->leaves, w->what->leaf_count, leaf);
        w->any = w->any || erased;
        if (w->count > 0 && (erased || leaf != w->first + w->count))
            rc = run_end(w, e);
        if (rc != 0 || erased)
            continue;
        if (w->count == 0)
            w->first = leaf;
        w->run[w->count++] = secrets[i];
    }
    return rc;
}

/* Does it begin and end where one of the leaves can lie?  The last one has no end. */
static bool may_hold(const struct keyring *k, size_t i, const struct keyring_erasing *what)
{
    uint64_t first = k->segments[i].first_leaf,
             end = i + 1 < k->segment_count ? k->segments[i + 1].first_leaf : UINT64_MAX;
    for (size_t r = 0; r < what->leaf_count; r++)
        if (what->leaves[r].first < end && what->leaves[r].last >= first)
            return true;
    return false;
}

static int rewrite(struct rewriting *w, const struct segment *old, struct err *e)
{
    uint8_t head[HEAD_BYTES];
    struct head h = {.magic = "GWSEGMT\n", .number = old->number, .epoch = old->rewritten + 1};
    memcpy(h.compartment, w->k->compartment, KEYRING_ID);
    w->fresh = (struct segment){old->number, old->first_leaf, old->rewritten + 1, {{0}}};
    crypt_random(w->fresh.key.b, CRYPT_KEY);
    w->run = calloc(KEYRING_SEGMENT_LEAVES, sizeof *w->run);
    if (w->run == NULL)
        return err_memory(e);
    keyring_head_write(&h, head);
    buf_put(&w->file, head, HEAD_BYTES);
    int rc = keyring_segment_each(w->k, old, block_keep, w, e);
    if (rc == ERR_ABSENT) /* begun, and never filled */
        rc = 0;
    if (rc == 0)
        rc = run_end(w, e);
    return rc == 0 ? buf_check(&w->file, e) : rc;
}

/* Written anew where it holds one of the leaves; what it was called goes to ${gone}. */
static int segment_erase(struct keyring *k, size_t i, const struct keyring_erasing *what, struct buf *gone,
                         uint64_t *bytes, struct err *e)
{
    OWN(rewriting_release) struct rewriting w = {.k = k, .what = what};
    struct keyring_file old = {.removed = true};
    char name[KEYRING_NAME_MAX];
    int rc = rewrite(&w, &k->segments[i], e);
    if (rc != 0 || !w.any)
        return rc;
    keyring_segment_name(k->compartment, k->segments[i].number, k->segments[i].rewritten, old.name);
    keyring_segment_name(k->compartment, w.fresh.number, w.fresh.rewritten, name);
    rc = keyring_keys_write(k, name, buf_bytes(&w.file), e);
    if (rc != 0)
        return rc;
    k->segments[i] = w.fresh;
    *bytes += COPIES * w.file.n;
    keyring_forget_held(k);
    buf_put(gone, &old, sizeof old);
    return buf_check(gone, e);
}

static int epoch_begin(struct keyring *k, const struct keyring_erasing *what, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < what->before_count; i++)
        rc = keyring_epoch_wrap_remove(k, &what->before[i].key, e);
    k->epoch++;
    crypt_random(k->epoch_key.b, CRYPT_KEY);
    crypt_random(k->index.b, CRYPT_KEY);
    for (size_t i = 0; rc == 0 && i < what->count; i++)
        rc = keyring_epoch_wrap_write(k, &what->readers[i], e);
    return rc;
}

int keyring_erase(struct keyring *k, const struct keyring_erasing *what, uint64_t *ret_bytes, struct err *e)
{
    OWN(buf_drop) struct buf gone = {0};
    uint64_t bytes = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < k->segment_count; i++)
        if (may_hold(k, i, what))
            rc = segment_erase(k, i, what, &gone, &bytes, e);
    if (rc == 0 && what->turns)
        rc = keyring_turn_add(k, what->pack, what->sector, e);
    if (rc == 0 && (what->turns || (k->segment_count > 0 && k->segments[k->segment_count - 1].rewritten > 0)))
        rc = keyring_segment_begin(k, what->leaf, e);
    size_t before = k->change_count;
    if (rc == 0)
        rc = epoch_begin(k, what, e);
    if (rc == 0)
        rc = keyring_table_write(k, e);
    for (size_t i = before; rc == 0 && i < k->change_count; i++)
        bytes += COPIES * k->changes[i].bytes;
    for (size_t at = 0; rc == 0 && at < gone.n; at += sizeof(struct keyring_file))
        rc = keyring_change_add(k, (const struct keyring_file *)(const void *)(gone.p + at), e);
    if (rc == 0)
        *ret_bytes = bytes;
    return rc;
}
