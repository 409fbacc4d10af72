/*
 * Trees against a second, recursive reading of RFC 6962 section 2.1 (roots, paths, consistency), for every size up to
 * MOST and every index; proofs that were changed; the largest trees; the paths of tiles.
 */
#include "model/tree.h"
#include "../base/chance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MOST = 130 };

static struct hash leaf[MOST];

static int start(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < MOST; i++) {
        if (i == 0 && crypt_start(NULL) != 0)
            return -1;
        crypt_leaf_hash(bytes_of(&i, 1), &leaf[i]);
    }
    return 0;
}

/* The definitions of RFC 6962, word for word. */
static size_t naive_split(size_t n)
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static struct hash naive_root(const struct hash *d, size_t n)
{
    struct hash h;
    if (n == 0)
        crypt_sha256(bytes_of(NULL, 0), &h);
    else if (n == 1)
        h = d[0];
    else {
        size_t k = naive_split(n);
        struct hash left = naive_root(d, k), right = naive_root(d + k, n - k);
        crypt_node_hash(&left, &right, &h);
    }
    return h;
}

static void put(struct tree_proof *p, struct hash h)
{
    p->hash[p->count++] = h;
}

static void naive_path(size_t m, const struct hash *d, size_t n, struct tree_proof *p)
{
    if (n == 1)
        return;
    size_t k = naive_split(n);
    if (m < k) {
        naive_path(m, d, k, p);
        put(p, naive_root(d + k, n - k));
    } else {
        naive_path(m - k, d + k, n - k, p);
        put(p, naive_root(d, k));
    }
}

static void naive_subproof(size_t m, const struct hash *d, size_t n, bool whole, struct tree_proof *p)
{
    if (m == n) {
        if (!whole)
            put(p, naive_root(d, n));
        return;
    }
    size_t k = naive_split(n);
    if (m <= k) {
        naive_subproof(m, d, k, whole, p);
        put(p, naive_root(d + k, n - k));
    } else {
        naive_subproof(m - k, d + k, n - k, false, p);
        put(p, naive_root(d, k));
    }
}

/* What a log has stored: perfect subtrees of the leaves it has, and nothing else; the call numbered fail_at fails. */
struct stored {
    size_t size;
    int calls;
    int fail_at;
};

static int read_stored(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    struct stored *s = context;
    if (++s->calls == s->fail_at)
        return err_set(e, ERR_BUSY, "made to fail");
    assert_true((index + 1) << level <= s->size);
    *ret = naive_root(leaf + (index << level), (size_t)1 << level);
    return 0;
}

static bool same_proof(const struct tree_proof *a, const struct tree_proof *b)
{
    return a->count == b->count && memcmp(a->hash, b->hash, a->count * sizeof a->hash[0]) == 0;
}

/* Known roots of the eight entries that Certificate Transparency's own tests use. */
static void known_roots(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *root;
    } known[] = {
        {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct tree_edge t;
    tree_edge_begin(&t);
    for (size_t i = 0; i < COUNT(known); i++) {
        uint8_t entry[16], want[CRYPT_HASH];
        const size_t n = strlen(known[i].entry) / 2;
        assert_int_equal(hex_get(bytes_text(known[i].entry), entry, n), 0);
        assert_int_equal(hex_get(bytes_text(known[i].root), want, sizeof want), 0);
        struct hash h;
        crypt_leaf_hash(bytes_of(entry, n), &h);
        tree_edge_add(&t, &h);
        tree_edge_root(&t, &h);
        assert_memory_equal(h.b, want, CRYPT_HASH);
    }
}

static void roots_and_edges(void **state)
{
    (void)state;
    struct tree_edge grown;
    tree_edge_begin(&grown);
    for (size_t n = 0; n <= MOST; n++) {
        const struct hash want = naive_root(leaf, n);
        struct hash found;
        assert_int_equal(grown.size, n);
        tree_edge_root(&grown, &found);
        assert_true(hash_equal(&found, &want));
        tree_root(leaf, n, &found);
        assert_true(hash_equal(&found, &want));
        struct stored s = {.size = n};
        const struct tree_reader r = {read_stored, &s};
        struct tree_edge read;
        assert_int_equal(tree_edge_read(n, &r, &read, NULL), 0);
        assert_int_equal(read.size, n);
        assert_memory_equal(read.peak, grown.peak, (size_t)__builtin_popcountll(n) * sizeof read.peak[0]);
        if (n < MOST) {
            tree_edge_add(&read, &leaf[n]); /* an edge that was read goes on growing like one that grew */
            tree_edge_root(&read, &found);
            const struct hash next = naive_root(leaf, n + 1);
            assert_true(hash_equal(&found, &next));
            tree_edge_add(&grown, &leaf[n]);
        }
    }
}

/* No change to a proof may pass: a bit of each hash, one hash less, one more, two exchanged. */
typedef bool (*checker)(const struct tree_proof *p, const void *context);

static void no_change_passes(const struct tree_proof *p, checker check, const void *context)
{
    struct tree_proof changed = *p;
    assert_true(check(&changed, context));
    for (size_t i = 0; i < p->count; i++) {
        changed.hash[i].b[i % CRYPT_HASH] ^= (uint8_t)(1u << i % 8);
        assert_false(check(&changed, context));
        changed = *p;
    }
    for (size_t i = 0; i + 1 < p->count; i++) {
        if (hash_equal(&p->hash[i], &p->hash[i + 1]))
            continue;
        changed.hash[i] = p->hash[i + 1];
        changed.hash[i + 1] = p->hash[i];
        assert_false(check(&changed, context));
        changed = *p;
    }
    changed.hash[changed.count++] = leaf[0];
    assert_false(check(&changed, context));
    changed.count = TREE_PROOF_MAX + 1;
    assert_false(check(&changed, context));
    changed = *p;
    if (changed.count > 0) {
        changed.count--;
        assert_false(check(&changed, context));
        memmove(changed.hash, changed.hash + 1, changed.count * sizeof changed.hash[0]);
        assert_false(check(&changed, context));
    }
}

struct inclusion {
    size_t index, size;
    struct hash root;
};

static bool check_inclusion(const struct tree_proof *p, const void *context)
{
    const struct inclusion *c = context;
    return tree_check_inclusion(&leaf[c->index], c->index, c->size, p, &c->root);
}

static void inclusion_proofs(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MOST; n++) {
        struct inclusion c = {.size = n, .root = naive_root(leaf, n)};
        for (c.index = 0; c.index < n; c.index++) {
            struct stored s = {.size = n};
            const struct tree_reader r = {read_stored, &s};
            struct tree_proof found, want = {.count = 0};
            assert_int_equal(tree_prove_inclusion(c.index, n, &r, &found, NULL), 0);
            naive_path(c.index, leaf, n, &want);
            assert_true(same_proof(&found, &want));
            no_change_passes(&found, check_inclusion, &c);
            for (size_t other = 0; other < n; other++) {
                if (other != c.index)
                    assert_false(tree_check_inclusion(&leaf[c.index], other, n, &found, &c.root));
            }
            assert_false(tree_check_inclusion(&leaf[(c.index + 1) % MOST], c.index, n, &found, &c.root));
            assert_false(tree_check_inclusion(&leaf[c.index], n, n, &found, &c.root));
            assert_false(tree_check_inclusion(&leaf[c.index], c.index, 2 * n, &found, &c.root)); /* too short for it */
            assert_false(tree_check_inclusion(&leaf[c.index], c.index, n, &found, &leaf[0]) && n > 1);
        }
    }
}

struct consistency {
    size_t old_size, size;
    struct hash old_root, root;
};

static bool check_consistency(const struct tree_proof *p, const void *context)
{
    const struct consistency *c = context;
    return tree_check_consistency(c->old_size, &c->old_root, c->size, &c->root, p);
}

static void consistency_proofs(void **state)
{
    (void)state;
    struct hash wrong = leaf[0];
    wrong.b[0] ^= 1;
    for (size_t n = 0; n <= MOST; n++) {
        struct consistency c = {.size = n, .root = naive_root(leaf, n)};
        for (c.old_size = 0; c.old_size <= n; c.old_size++) {
            c.old_root = naive_root(leaf, c.old_size);
            struct stored s = {.size = n};
            const struct tree_reader r = {read_stored, &s};
            struct tree_proof found, want = {.count = 0};
            assert_int_equal(tree_prove_consistency(c.old_size, n, &r, &found, NULL), 0);
            if (c.old_size > 0)
                naive_subproof(c.old_size, leaf, n, true, &want);
            assert_true(same_proof(&found, &want));
            no_change_passes(&found, check_consistency, &c);
            assert_false(tree_check_consistency(c.old_size, &wrong, n, &c.root, &found));
            if (c.old_size > 0)
                assert_false(tree_check_consistency(c.old_size, &c.old_root, n, &wrong, &found));
            if (c.old_size > 0) /* too short for a tree twice the size */
                assert_false(tree_check_consistency(c.old_size, &c.old_root, 2 * n, &c.root, &found));
            if (c.old_size < n)
                assert_false(tree_check_consistency(n, &c.root, c.old_size, &c.old_root, &found));
        }
    }
}

/* Rewriting an old leaf leaves no proof that holds for both roots. */
static void rewritten_history(void **state)
{
    (void)state;
    struct hash forged[MOST];
    memcpy(forged, leaf, sizeof forged);
    forged[3].b[0] ^= 1;
    for (size_t n = 5; n <= 40; n++) {
        const struct hash old_root = naive_root(leaf, 5), root = naive_root(forged, n);
        struct tree_proof p = {.count = 0};
        naive_subproof(5, forged, n, true, &p);
        assert_false(tree_check_consistency(5, &old_root, n, &root, &p));
        p.count = 0;
        naive_subproof(5, leaf, n, true, &p);
        assert_false(tree_check_consistency(5, &old_root, n, &root, &p));
    }
}

/* From the newer root alone it is shown what the older one must have been; and nothing else can be. */
static void beginnings(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 40; n++) {
        const struct hash root = naive_root(leaf, n);
        for (size_t old = 1; old < n; old++) {
            const struct hash old_root = naive_root(leaf, old);
            struct tree_proof plain = {.count = 0}, p;
            struct hash found;
            naive_subproof(old, leaf, n, true, &plain);
            tree_beginning_from(old, &old_root, &plain, &p);
            assert_true(tree_beginning(old, n, &root, &p, &found) && hash_equal(&found, &old_root));
            for (size_t i = 0; i < p.count; i++) {
                p.hash[i].b[i % CRYPT_HASH] ^= 1;
                assert_false(tree_beginning(old, n, &root, &p, &found));
                p.hash[i].b[i % CRYPT_HASH] ^= 1;
            }
            p.count--;
            assert_false(tree_beginning(old, n, &root, &p, &found));
            p.count += 2;
            assert_false(tree_beginning(old, n, &root, &p, &found));
            p.count--;
            assert_false(tree_beginning(old, n, &old_root, &p, &found));
            assert_false(tree_beginning(n, n, &root, &p, &found));
            assert_false(tree_beginning(0, n, &root, &p, &found));
        }
    }
}

static void refusals(void **state)
{
    (void)state;
    struct stored s = {.size = 0};
    const struct tree_reader r = {read_stored, &s};
    struct tree_proof p = {.count = 99};
    struct tree_edge t = {.size = 99};
    struct err e = {0};
    assert_int_equal(tree_prove_inclusion(0, 0, &r, &p, &e), ERR_ABSENT);
    assert_int_equal(tree_prove_inclusion(7, 7, &r, &p, &e), ERR_ABSENT);
    assert_string_equal(e.text, "there is no leaf 7 in a tree of 7 leaves");
    assert_int_equal(tree_prove_consistency(8, 7, &r, &p, &e), ERR_USAGE);
    assert_int_equal(tree_prove_inclusion(0, TREE_SIZE_MAX + 1, &r, &p, &e), ERR_DAMAGED);
    assert_int_equal(tree_prove_consistency(1, TREE_SIZE_MAX + 1, &r, &p, &e), ERR_DAMAGED);
    assert_int_equal(tree_edge_read(TREE_SIZE_MAX + 1, &r, &t, &e), ERR_DAMAGED);
    assert_int_equal(s.calls, 0);
    assert_int_equal(p.count, 99);
    assert_int_equal(t.size, 99);
}

/* Let each read fail in turn: its code comes through and nothing is given back. */
static void failing_reads(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct stored s = {.size = 107, .fail_at = 1};
        const struct tree_reader r = {read_stored, &s};
        for (;; s.fail_at++) {
            struct tree_proof p = {.count = 99};
            struct tree_edge t = {.size = 99};
            struct err e = {0};
            s.calls = 0;
            int rc = way == 0   ? tree_edge_read(107, &r, &t, &e)
                     : way == 1 ? tree_prove_inclusion(100, 107, &r, &p, &e)
                                : tree_prove_consistency(99, 107, &r, &p, &e);
            if (rc == 0)
                break;
            assert_int_equal(rc, ERR_BUSY);
            assert_string_equal(e.text, "made to fail");
            assert_int_equal(p.count, 99);
            assert_int_equal(t.size, 99);
        }
        assert_true(s.fail_at > 4);
    }
}

/* A tree of equal leaves has one root per level, so its largest sizes can be had. */
static int read_equal(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    (void)context;
    (void)index;
    (void)e;
    *ret = leaf[0];
    while (level-- > 0)
        crypt_node_hash(ret, ret, ret);
    return 0;
}

static void largest_trees(void **state)
{
    (void)state;
    const struct tree_reader r = {read_equal, NULL};
    static const uint64_t size[] = {TREE_SIZE_MAX, TREE_SIZE_MAX - 1, (TREE_SIZE_MAX >> 1) + 1,
                                    UINT64_C(0x5555555555555555), UINT64_C(1) << 40, (UINT64_C(1) << 53) - 1};
    for (size_t i = 0; i < COUNT(size); i++) {
        const uint64_t n = size[i];
        struct tree_edge t;
        struct hash root, old_root;
        struct tree_proof p;
        assert_int_equal(tree_edge_read(n, &r, &t, NULL), 0);
        tree_edge_root(&t, &root);
        const uint64_t index[] = {0, 1, n / 2, n / 3, n - 2, n - 1};
        for (size_t j = 0; j < COUNT(index); j++) {
            assert_int_equal(tree_prove_inclusion(index[j], n, &r, &p, NULL), 0);
            assert_true(tree_check_inclusion(&leaf[0], index[j], n, &p, &root));
            assert_false(tree_check_inclusion(&leaf[1], index[j], n, &p, &root));
            assert_int_equal(tree_prove_consistency(index[j] + 1, n, &r, &p, NULL), 0);
            assert_int_equal(tree_edge_read(index[j] + 1, &r, &t, NULL), 0);
            tree_edge_root(&t, &old_root);
            assert_true(tree_check_consistency(index[j] + 1, &old_root, n, &root, &p));
        }
    }
}

static void assert_path(int level, uint64_t n, unsigned width, const char *want)
{
    char found[TREE_TILE_PATH_MAX];
    tree_tile_path(level, n, width, found);
    assert_string_equal(found, want);
}

static void tile_paths(void **state)
{
    (void)state;
    assert_path(0, 0, 256, "tile/0/000");
    assert_path(0, 0, 1, "tile/0/000.p/1");
    assert_path(0, 999, 255, "tile/0/999.p/255");
    assert_path(0, 1000, 256, "tile/0/x001/000");
    assert_path(1, 999999, 256, "tile/1/x999/999");
    assert_path(0, 1234067, 256, "tile/0/x001/x234/067");
    assert_path(-1, 1234067, 7, "tile/entries/x001/x234/067.p/7");
    assert_path(63, UINT64_MAX, 255, "tile/63/x018/x446/x744/x073/x709/x551/615.p/255");
    assert_path(-1, UINT64_MAX, 256, "tile/entries/x018/x446/x744/x073/x709/x551/615");
}

/* Leaves that come by any number at a time grow the tree that they grow one by one, whatever there was before. */
static void leaves_by_any_number(void **state)
{
    enum { LEAVES = 9 * TREE_TILE_WIDTH + 3, ENTRY = 33 };
    static struct hash leaves[LEAVES];
    static uint8_t entries[LEAVES][ENTRY];
    struct chance chance = {6962};
    (void)state;
    chance_fill(&chance, entries[0], sizeof entries);
    for (size_t i = 0; i < LEAVES; i++)
        crypt_leaf_hash(bytes_of(entries[i], ENTRY), &leaves[i]);
    for (int run = 0; run < 300; run++) {
        const size_t most = (size_t)1 << run % 12;
        struct tree_edge edge, plain, of_entries;
        tree_edge_begin(&edge);
        tree_edge_begin(&plain);
        tree_edge_begin(&of_entries);
        for (size_t at = 0, some; at < LEAVES; at += some) {
            some = chance_below(&chance, most) + 1;
            some = some < LEAVES - at ? some : LEAVES - at;
            tree_edge_add_all(&edge, leaves + at, some, NULL);
            tree_edge_add_entries(&of_entries, entries[at], ENTRY, ENTRY, some);
            for (size_t i = 0; i < some; i++)
                tree_edge_add(&plain, &leaves[at + i]);
            assert_int_equal(edge.size, plain.size);
            const size_t peaks = (size_t)__builtin_popcountll(plain.size);
            assert_memory_equal(edge.peak, plain.peak, peaks * sizeof *plain.peak);
            assert_memory_equal(of_entries.peak, plain.peak, peaks * sizeof *plain.peak);
        }
    }
}

/* What an edge says of each tile that was filled is the root over its leaves, and of others it says nothing. */
static void tiles_of_an_edge(void **state)
{
    static struct hash leaves[5 * TREE_TILE_WIDTH + 3];
    static const struct hash none;
    struct chance chance = {256};
    (void)state;
    for (size_t i = 0; i < COUNT(leaves); i++)
        u64_put(leaves[i].b, i * 77 + 1);
    for (size_t most = 1; most <= TREE_TILE_WIDTH; most *= 2) {
        struct tree_edge edge;
        tree_edge_begin(&edge);
        for (size_t at = 0, some; at < COUNT(leaves); at += some) {
            struct hash above = none, want = none;
            size_t room = TREE_TILE_WIDTH - at % TREE_TILE_WIDTH;
            some = chance_below(&chance, most) + 1;
            some = some < room ? some : room;
            some = some < COUNT(leaves) - at ? some : COUNT(leaves) - at;
            tree_edge_add_all(&edge, leaves + at, some, &above);
            if (some == room)
                want = naive_root(leaves + at + some - TREE_TILE_WIDTH, TREE_TILE_WIDTH);
            assert_true(hash_equal(&above, &want));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_by_any_number),
        cmocka_unit_test(tiles_of_an_edge),
        cmocka_unit_test(known_roots),
        cmocka_unit_test(roots_and_edges),
        cmocka_unit_test(inclusion_proofs),
        cmocka_unit_test(consistency_proofs),
        cmocka_unit_test(rewritten_history),
        cmocka_unit_test(beginnings),
        cmocka_unit_test(refusals),
        cmocka_unit_test(failing_reads),
        cmocka_unit_test(largest_trees),
        cmocka_unit_test(tile_paths),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
