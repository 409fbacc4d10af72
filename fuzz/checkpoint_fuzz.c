/*
 * Hostile checkpoints and proofs.  The first byte chooses: 0, the rest is a checkpoint as it stands; 1, the text of one
 * that the log signs; 2, a proof that travels; 3, a proof in a small tree: what a tree of ours proves is changed by
 * the rest, and checked.
 *
 * Held: what parses is made again byte for byte; what is read strictly is read as a foreign checkpoint too; and of all
 * proofs in one tree just the one that the tree gives is accepted.
 */
#include "fuzz.h"
#include "model/checkpoint.h"

enum { LEAVES_MAX = 64 };

static struct key seed;
static struct note_key log_key;
static struct hash leaves[LEAVES_MAX];

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    uint8_t public_key[CRYPT_PUBLIC];
    must(crypt_start(NULL) == 0);
    memset(seed.b, 7, CRYPT_KEY); /* the key that signed the corpus */
    crypt_sign_public(&seed, public_key);
    must(note_key_make("example.org/log", public_key, &log_key, NULL) == 0);
    for (uint8_t i = 0; i < LEAVES_MAX; i++)
        crypt_leaf_hash(bytes_of(&i, 1), &leaves[i]);
    return 0;
}

static void checkpoint(struct bytes note)
{
    struct checkpoint strict, foreign;
    OWN(buf_drop) struct buf again = {0};
    int rc = checkpoint_read(note, &log_key, NOTE_FOREIGN, &foreign, NULL);
    if (checkpoint_read(note, &log_key, NOTE_STRICT, &strict, NULL) != 0)
        return;
    must(rc == 0 && foreign.size == strict.size && hash_equal(&foreign.root, &strict.root));
    must(checkpoint_sign(&strict, &log_key, &seed, &again, NULL) == 0 && bytes_equal(buf_bytes(&again), note));
}

static void checkpoint_by_us(struct bytes text)
{
    OWN(buf_drop) struct buf note = {0};
    if (note_sign(text, &log_key, &seed, &note, NULL) == 0)
        checkpoint(buf_bytes(&note));
}

static void travelling(struct bytes text)
{
    struct proof p;
    OWN(buf_drop) struct buf again = {0};
    if (proof_parse(text, &p, NULL) != 0)
        return;
    must(p.path.count <= TREE_PROOF_MAX);
    proof_text(p.index, &p.path, p.checkpoint_note, &again);
    must(bytes_equal(buf_bytes(&again), text));
    checkpoint(p.checkpoint_note);
}

/* ---- in a tree ---- */

static int read_hash(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    (void)context;
    (void)e;
    must(level < 7 && (index + 1) << level <= LEAVES_MAX);
    tree_root(leaves + (index << level), (size_t)1 << level, ret);
    return 0;
}

static const struct tree_reader reader = {read_hash, NULL};

/* Two bytes a time: where, and what becomes of it there. */
static void change(struct tree_proof *p, struct cursor *c)
{
    for (int i = 0; i < 8 && c->left >= 2; i++) {
        uint8_t where = cursor_u8(c), what = cursor_u8(c);
        size_t at = p->count == 0 ? 0 : where % p->count;
        if (what % 4 == 0 && p->count < TREE_PROOF_MAX)
            p->hash[p->count++] = leaves[where % LEAVES_MAX];
        else if (what % 4 == 1 && p->count > 0)
            p->count--;
        else if (what % 4 == 2 && p->count > 0)
            p->hash[at].b[what / 4 % CRYPT_HASH] ^= (uint8_t)(1 + where % 255);
        else if (p->count > 1) {
            struct hash first = p->hash[0];
            p->hash[0] = p->hash[at];
            p->hash[at] = first;
        }
    }
}

static bool same(const struct tree_proof *a, const struct tree_proof *b)
{
    return a->count == b->count && memcmp(a->hash, b->hash, a->count * sizeof a->hash[0]) == 0;
}

static void in_a_tree(struct cursor *c)
{
    uint64_t size = 1 + cursor_u8(c) % LEAVES_MAX, index = cursor_u8(c) % size, asked = cursor_u8(c) % size;
    uint64_t old_size = cursor_u8(c) % (size + 1);
    struct tree_proof given, changed;
    struct hash root, old_root;
    tree_root(leaves, size, &root);
    tree_root(leaves, old_size, &old_root);
    struct cursor again = *c;

    must(tree_prove_inclusion(index, size, &reader, &given, NULL) == 0);
    changed = given;
    change(&changed, c);
    must(tree_check_inclusion(&leaves[index], asked, size, &changed, &root) ==
         (asked == index && same(&given, &changed)));

    must(tree_prove_consistency(old_size, size, &reader, &given, NULL) == 0);
    changed = given;
    change(&changed, &again);
    must(tree_check_consistency(old_size, &old_root, size, &root, &changed) == same(&given, &changed));
    if (asked != old_size) {
        tree_root(leaves, asked, &old_root); /* another state is not the one before */
        must(!tree_check_consistency(old_size, &old_root, size, &root, &given));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    uint8_t what = cursor_u8(&c);
    if (what == 0)
        checkpoint(cursor_rest(&c));
    else if (what == 1)
        checkpoint_by_us(cursor_rest(&c));
    else if (what == 2)
        travelling(cursor_rest(&c));
    else if (what == 3)
        in_a_tree(&c);
    return 0;
}
