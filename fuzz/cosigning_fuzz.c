/*
 * Hostile files between a log and its cosigners.  The first byte chooses: 0, a request as it stands; 1, an answer; 2, a
 * fork file; 3, the state that a cosigner keeps of a log; 4, a request to a cosigner that has signed some leaves: two
 * bytes, what it has signed and what the log has now, then changes of an honest proof; 5, the same as a fork file.
 *
 * Held: what parses is made again byte for byte; a cosigner signs just the honest request; and an honest log is never
 * proven to have two histories.
 */
#include "cosign/cosign_internal.h"
#include "fuzz.h"

enum { LEAVES_MAX = 64 };

static struct key seed, own_seed;
static struct note_key log_key, own;
static struct hash leaves[LEAVES_MAX];

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    uint8_t public_key[CRYPT_PUBLIC];
    must(crypt_start(NULL) == 0);
    memset(seed.b, 7, CRYPT_KEY); /* the keys of the corpus */
    memset(own_seed.b, 8, CRYPT_KEY);
    crypt_sign_public(&seed, public_key);
    must(note_key_make("example.org/log", public_key, &log_key, NULL) == 0);
    crypt_sign_public(&own_seed, public_key);
    must(note_cosigner_make("own.example/cosigner", public_key, &own, NULL) == 0);
    for (uint8_t i = 0; i < LEAVES_MAX; i++)
        crypt_leaf_hash(bytes_of(&i, 1), &leaves[i]);
    return 0;
}

static void request(struct bytes text)
{
    struct cosigning_request r;
    struct cosign_decision d;
    const struct cosign_log fresh = {.log = log_key};
    OWN(buf_drop) struct buf again = {0};
    if (cosigning_request_parse(text, &r, NULL) != 0)
        return;
    cosigning_request_text(&r, &again);
    must(bytes_equal(buf_bytes(&again), text));
    if (cosign_decide(&fresh, text, &r, &d, NULL) == 0) /* nothing was signed before: only what begins at nothing */
        must((d.outcome == COSIGN_SIGN) == (r.old_size == 0) && (r.old_size > 0 || r.proof.count == 0));
}

static void answer(struct bytes text)
{
    struct cosigning_answer a;
    OWN(buf_drop) struct buf again = {0};
    if (cosigning_answer_parse(text, &a, NULL) != 0)
        return;
    if (a.conflict) {
        buf_put_decimal(&again, a.size);
        buf_put_text(&again, "\n");
    } else
        cosigning_join(bytes_of(NULL, 0), a.lines, &again);
    must(bytes_equal(buf_bytes(&again), text));
}

static void fork_file(struct bytes text)
{
    struct cosigning_fork f;
    enum cosigning_verdict verdict;
    struct checkpoint older, newer;
    OWN(buf_drop) struct buf again = {0};
    if (cosigning_fork_parse(text, &f, NULL) != 0)
        return;
    cosigning_fork_text(&f, &again);
    must(bytes_equal(buf_bytes(&again), text));
    if (cosigning_fork_check(&f, &verdict, &older, &newer, NULL) == 0)
        must(older.size < newer.size || (older.size == newer.size && !hash_equal(&older.root, &newer.root)));
}

static void state(struct bytes text)
{
    struct cosign_log l = {.signed_any = false};
    OWN(buf_drop) struct buf again = {0};
    if (cosign_log_parse(text, &own, &l, NULL) != 0)
        return;
    cosign_log_text(&l, &again);
    must(bytes_equal(buf_bytes(&again), text));
    cosign_log_release(&l);
}

/* ---- an honest log, and a proof that is not left as it was ---- */

static int read_hash(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    (void)context;
    (void)e;
    tree_root(leaves + (index << level), (size_t)1 << level, ret);
    return 0;
}

static void put_checkpoint(uint64_t size, struct buf *to)
{
    struct checkpoint c = {.size = size};
    strcpy(c.origin, log_key.name);
    tree_root(leaves, size, &c.root);
    must(checkpoint_sign(&c, &log_key, &seed, to, NULL) == 0);
}

/* Two bytes a time: where, and what becomes of it there. */
static void change(struct tree_proof *p, struct cursor *c)
{
    for (int i = 0; i < 8 && c->left >= 2; i++) {
        uint8_t where = cursor_u8(c), what = cursor_u8(c);
        size_t at = p->count == 0 ? 0 : where % p->count;
        if (what % 4 == 0 && p->count < COSIGNING_PROOF_MAX)
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

static void honest(struct cursor *c, bool as_fork)
{
    static const struct tree_reader reader = {read_hash, NULL};
    uint64_t size = 1 + cursor_u8(c) % LEAVES_MAX, old = 1 + cursor_u8(c) % size;
    OWN(buf_drop) struct buf older = {0}, newer = {0}, text = {0};
    struct tree_proof plain;
    put_checkpoint(old, &older);
    put_checkpoint(size, &newer);
    must(tree_prove_consistency(old, size, &reader, &plain, NULL) == 0);
    if (as_fork) {
        struct cosigning_fork f = {.log = log_key, .older = buf_bytes(&older), .newer = buf_bytes(&newer)};
        enum cosigning_verdict verdict;
        struct checkpoint a, b;
        struct hash root;
        tree_root(leaves, old, &root);
        tree_beginning_from(old, &root, &plain, &f.proof);
        change(&f.proof, c);
        if (cosigning_fork_check(&f, &verdict, &a, &b, NULL) == 0)
            must(verdict == COSIGNING_FORK_OPEN && f.proof.count == 0);
        return;
    }
    struct cosign_log l = {.log = log_key, .signed_any = true, .held = {.size = old}, .note = older};
    tree_root(leaves, old, &l.held.root);
    struct cosigning_request r = {.old_size = old, .proof = plain, .note = buf_bytes(&newer)};
    struct cosign_decision d;
    change(&r.proof, c);
    cosigning_request_text(&r, &text);
    int rc = cosign_decide(&l, buf_bytes(&text), &r, &d, NULL);
    must((rc == 0 && d.outcome == COSIGN_SIGN) == same(&r.proof, &plain));
    must(rc != 0 || d.outcome != COSIGN_FORK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    switch (cursor_u8(&c)) {
    case 0: request(cursor_rest(&c)); break;
    case 1: answer(cursor_rest(&c)); break;
    case 2: fork_file(cursor_rest(&c)); break;
    case 3: state(cursor_rest(&c)); break;
    case 4: honest(&c, false); break;
    case 5: honest(&c, true); break;
    default: break;
    }
    return 0;
}
