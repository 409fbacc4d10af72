/*
 * Proofs from the tiles.  Each is checked against the last checkpoint before it is given away, so that a damaged or
 * missing tile costs time and nothing else: the journal's entries are asked then.
 */
#include "ledger/ledger_internal.h"


/* One read tile of each level, because proofs of neighbours share almost all of them. */
struct ledger_shelf {
    struct {
        bool held;
        uint64_t n;
        unsigned width;
        struct hash hash[TREE_TILE_WIDTH];
    } level[LEDGER_LEVELS];
};

/* Where hashes and entries come from: 0 and 1 are copies of the journal. */
enum { FROM_TILES = -1 };
struct prover {
    struct ledger *l;
    int from;
};
/* In which order the sources are asked; the second one's words are the reason when all fail. */
enum { TURNS = 3, TURN_OF_WORDS = 1 };
static int source_of(const struct ledger *l, int turn)
{
    const int sources[TURNS] = {FROM_TILES, ledger_prefer(l), 1 - ledger_prefer(l)};
    return sources[turn];
}

/* ---- from the tiles ---- */

static int by_tile(struct prover *v, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    struct ledger *l = v->l;
    int tile_level = (int)(level / 8);
    unsigned inside = level % 8;
    uint64_t n = (index << inside) / TREE_TILE_WIDTH;
    unsigned first = (unsigned)((index << inside) % TREE_TILE_WIDTH), count = 1u << inside;
    __typeof__(l->shelf->level[0]) *s = &l->shelf->level[tile_level];
    if (!s->held || s->n != n || s->width < first + count) {
        s->held = false;
        s->n = n;
        s->width = ledger_tile_width(tile_level, n, l->position.leaves);
        int rc = ledger_tile_read(l->root, tile_level, n, s->width, s->hash[0].b, NULL);
        if (rc != 0) {
            /* The tiles may be a record behind the journal; what is asked for can be there all the same. */
            s->width = first + count;
            rc = ledger_tile_read(l->root, tile_level, n, s->width, s->hash[0].b, e);
        }
        if (rc != 0)
            return rc;
        s->held = true;
    }
    tree_root(&s->hash[first], count, ret);
    return 0;
}

/* ---- from the journal ---- */

/* The entries of leaves from ... from + count, in order. */
static int journal_entries(const struct prover *v, uint64_t from, uint64_t count,
                           int (*each)(void *context, const uint8_t entry[LEDGER_ENTRY]), void *context,
                           struct err *e)
{
    const struct ledger *l = v->l;
    const int copy = v->from;
    OWN(buf_drop) struct buf bytes = {0};
    struct ledger_head head;
    for (uint64_t at = LEDGER_HEADER; count > 0 && at < l->position.bytes; at += head.bytes) {
        if (!ledger_frame_at(l, copy, at, &head))
            break;
        uint64_t leaves = (uint64_t)head.hidden_count + head.public_count;
        if (from < head.first_leaf || from - head.first_leaf >= leaves)
            continue;
        uint64_t skip = from - head.first_leaf, take = leaves - skip < count ? leaves - skip : count;
        buf_clear(&bytes);
        uint8_t *to = buf_more(&bytes, (size_t)take * LEDGER_ENTRY);
        int rc = to == NULL ? buf_check(&bytes, e)
                            : file_read_at(l->copy[copy].fd, to, (size_t)take * LEDGER_ENTRY,
                                           at + LEDGER_HEAD + LEDGER_SECTION_HEAD + skip * LEDGER_ENTRY, "journal", e);
        for (uint64_t i = 0; rc == 0 && i < take; i++)
            rc = each(context, to + i * LEDGER_ENTRY);
        if (rc != 0)
            return rc;
        from += take;
        count -= take;
    }
    return count == 0 ? 0 : err_set(e, ERR_DAMAGED, "the journal's frames do not lead to leaf %llu", LLU(from));
}

static int add_entry(void *context, const uint8_t entry[LEDGER_ENTRY])
{
    struct hash h;
    crypt_leaf_hash(bytes_of(entry, LEDGER_ENTRY), &h);
    tree_edge_add(context, &h);
    return 0;
}

static int copy_entry(void *context, const uint8_t entry[LEDGER_ENTRY])
{
    memcpy(context, entry, LEDGER_ENTRY);
    return 0;
}

static int read_hash(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    struct prover *v = context;
    if (v->from == FROM_TILES)
        return by_tile(v, level, index, ret, e);
    struct tree_edge edge;
    tree_edge_begin(&edge);
    int rc = journal_entries(v, index << level, (uint64_t)1 << level, add_entry, &edge, e);
    if (rc == 0)
        tree_edge_root(&edge, ret);
    return rc;
}

/* ---- proofs ---- */

static int shelf_need(struct ledger *l, struct err *e)
{
    l->shelf = l->shelf != NULL ? l->shelf : calloc(1, sizeof(*l->shelf));
    return l->shelf != NULL ? 0 : err_memory(e);
}

static void shelf_clear(struct ledger *l)
{
    for (int level = 0; level < LEDGER_LEVELS; level++)
        l->shelf->level[level].held = false;
}

static int read_entry(const struct prover *v, uint64_t leaf, uint8_t ret[LEDGER_ENTRY], struct err *e)
{
    const struct ledger *l = v->l;
    if (v->from != FROM_TILES)
        return journal_entries(v, leaf, 1, copy_entry, ret, e);
    uint8_t bundle[LEDGER_BUNDLE_MAX];
    uint64_t n = leaf / TREE_TILE_WIDTH;
    unsigned place = (unsigned)(leaf % TREE_TILE_WIDTH);
    int rc = ledger_tile_read(l->root, LEDGER_TILE_ENTRIES, n, place + 1, bundle, e);
    if (rc == 0)
        memcpy(ret, bundle + (size_t)place * LEDGER_BUNDLED + 2, LEDGER_ENTRY);
    return rc;
}

/* An entry and its proof, right or an error. */
static int prove_one(struct prover *v, uint64_t leaf, struct tree_proof *ret, uint8_t ret_entry[LEDGER_ENTRY],
                     struct err *e)
{
    const struct ledger_position *at = &v->l->position;
    const struct tree_reader reader = {read_hash, v};
    struct hash h;
    int rc = read_entry(v, leaf, ret_entry, e);
    if (rc == 0)
        rc = tree_prove_inclusion(leaf, at->leaves, &reader, ret, e);
    if (rc != 0)
        return rc;
    crypt_leaf_hash(bytes_of(ret_entry, LEDGER_ENTRY), &h);
    if (!tree_check_inclusion(&h, leaf, at->leaves, ret, &at->root))
        return err_set(e, ERR_DAMAGED, "leaf %llu does not lead to the checkpoint's root", LLU(leaf));
    return 0;
}

static int prove_leaf(struct ledger *l, uint64_t leaf, struct tree_proof *ret, uint8_t ret_entry[LEDGER_ENTRY],
                      struct err *e)
{
    if (leaf >= l->position.leaves)
        return err_set(e, ERR_ABSENT, "there is no leaf %llu: the log has %llu leaves", LLU(leaf),
                       LLU(l->position.leaves));
    int rc = shelf_need(l, e);
    if (rc != 0)
        return rc;
    for (int turn = 0; turn < TURNS; turn++) {
        struct prover v = {l, source_of(l, turn)};
        int one = prove_one(&v, leaf, ret, ret_entry, turn == TURN_OF_WORDS ? e : NULL);
        if (one == 0)
            return 0;
        if (turn == TURN_OF_WORDS)
            rc = one;
        shelf_clear(l);
    }
    return rc;
}

int ledger_prove(struct ledger *l, uint64_t leaf, struct buf *ret_tlog_proof, struct err *e)
{
    struct tree_proof p;
    uint8_t entry[LEDGER_ENTRY];
    int rc = prove_leaf(l, leaf, &p, entry, e);
    if (rc != 0)
        return rc;
    proof_text(leaf, &p, buf_bytes(&l->note), ret_tlog_proof);
    return buf_check(ret_tlog_proof, e);
}

int ledger_entry(struct ledger *l, uint64_t leaf, uint8_t ret[LEDGER_ENTRY], struct err *e)
{
    struct tree_proof p;
    return prove_leaf(l, leaf, &p, ret, e);
}

static int prove_growth(struct prover *v, uint64_t old_size, struct hash *ret_root, struct tree_proof *ret,
                        struct err *e)
{
    const struct ledger_position *at = &v->l->position;
    const struct tree_reader reader = {read_hash, v};
    struct tree_edge old;
    int rc = tree_edge_read(old_size, &reader, &old, e);
    if (rc == 0)
        rc = tree_prove_consistency(old_size, at->leaves, &reader, ret, e);
    if (rc != 0)
        return rc;
    tree_edge_root(&old, ret_root);
    if (!tree_check_consistency(old_size, ret_root, at->leaves, &at->root, ret))
        return err_set(e, ERR_DAMAGED, "the first %llu leaves do not lead to the checkpoint's root", LLU(old_size));
    return 0;
}

static int prove_consistency(struct ledger *l, uint64_t old_size, struct hash *ret_root, struct tree_proof *ret,
                             struct err *e)
{
    if (old_size > l->position.leaves)
        return err_set(e, ERR_ABSENT, "the log has %llu leaves, not %llu", LLU(l->position.leaves), LLU(old_size));
    int rc = shelf_need(l, e);
    if (rc != 0)
        return rc;
    for (int turn = 0; turn < TURNS; turn++) {
        struct prover v = {l, source_of(l, turn)};
        int one = prove_growth(&v, old_size, ret_root, ret, turn == TURN_OF_WORDS ? e : NULL);
        if (one == 0)
            return 0;
        if (turn == TURN_OF_WORDS)
            rc = one;
        shelf_clear(l);
    }
    return rc;
}

int ledger_prove_consistency(struct ledger *l, uint64_t old_size, struct tree_proof *ret, struct err *e)
{
    struct hash root;
    return prove_consistency(l, old_size, &root, ret, e);
}

int ledger_root_at(struct ledger *l, uint64_t size, struct hash *ret, struct tree_proof *ret_proof, struct err *e)
{
    struct tree_proof p;
    struct hash root;
    int rc = prove_consistency(l, size, &root, &p, e);
    if (rc != 0)
        return rc;
    *ret = root;
    if (ret_proof != NULL)
        *ret_proof = p;
    return 0;
}

struct bytes ledger_checkpoint(const struct ledger *l)
{
    return buf_bytes(&l->note);
}
