/*
 * proof_bench [LEAVES]: how long an inclusion proof takes to be made and checked, and how long it is as a file.
 *
 * A tree of so many leaves (1,000,000 when not said; 64 bytes of memory for each) with all its hashes in memory, as
 * tiles have them on disk; ROUNDS leaves drawn by a fixed rule, each proven and checked.  Prints medians and the 99th
 * of 100 in microseconds, and the bytes of the longest proof under a checkpoint with one signature, also for 10,000,000
 * leaves.
 */
#include "model/checkpoint.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 20000, CHECKPOINT_BYTES = 300 };

struct levels {
    struct hash *hash[64];
};

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int stored(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    (void)e;
    *ret = ((const struct levels *)context)->hash[level][index];
    return 0;
}

static bool grow(struct levels *l, uint64_t leaves)
{
    for (unsigned level = 0; leaves >> level > 0; level++) {
        uint64_t count = leaves >> level;
        l->hash[level] = malloc((size_t)count * sizeof(struct hash));
        if (l->hash[level] == NULL)
            return false;
        for (uint64_t i = 0; i < count; i++) {
            uint8_t entry[33] = {1};
            u64_put(entry + 1, i);
            if (level == 0)
                crypt_leaf_hash(bytes_of(entry, sizeof entry), &l->hash[0][i]);
            else
                crypt_node_hash(&l->hash[level - 1][2 * i], &l->hash[level - 1][2 * i + 1], &l->hash[level][i]);
        }
    }
    return true;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void tell(const char *what, double *us)
{
    qsort(us, ROUNDS, sizeof *us, ascending);
    printf("%s: %.1f us in the median, %.1f us in 99 of 100 at most\n", what, us[ROUNDS / 2], us[ROUNDS * 99 / 100]);
}

static size_t longest_bytes(uint64_t leaves)
{
    OWN(buf_drop) struct buf text = {0};
    struct tree_proof p = {.count = 0};
    static const uint8_t note[CHECKPOINT_BYTES];
    while (p.count < TREE_PROOF_MAX && (UINT64_C(1) << p.count) < leaves)
        p.count++;
    proof_text(leaves - 1, &p, bytes_of(note, sizeof note), &text);
    return text.n;
}

int main(int argc, char **argv)
{
    static double made[ROUNDS], checked[ROUNDS];
    static struct levels levels;
    uint64_t leaves = 1000000;
    struct err e = {0};
    if (argc > 2 || (argc == 2 && decimal_get(bytes_text(argv[1]), &leaves) != 0) || leaves < 2 || leaves > 1u << 28 ||
        crypt_start(&e) != 0 || !grow(&levels, leaves))
        return 2;
    const struct tree_reader r = {stored, &levels};
    struct tree_edge edge;
    struct hash root;
    if (tree_edge_read(leaves, &r, &edge, &e) != 0)
        return 1;
    tree_edge_root(&edge, &root);
    for (size_t i = 0; i < ROUNDS; i++) {
        uint64_t leaf = (UINT64_C(0x9E3779B97F4A7C15) * (i + 1)) % leaves;
        struct tree_proof p;
        double begun = now_us();
        if (tree_prove_inclusion(leaf, leaves, &r, &p, &e) != 0)
            return 1;
        double between = now_us();
        if (!tree_check_inclusion(&levels.hash[0][leaf], leaf, leaves, &p, &root))
            return 1;
        checked[i] = now_us() - between;
        made[i] = between - begun;
    }
    printf("%llu leaves\n", (unsigned long long)leaves);
    tell("to make a proof", made);
    tell("to check it", checked);
    printf("the longest proof: %zu bytes; of 10,000,000 leaves: %zu bytes\n", longest_bytes(leaves),
           longest_bytes(10000000));
    return 0;
}
