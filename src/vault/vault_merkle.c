/* The Merkle root of RFC 6962 section 2.1, kept as its right edge: one hash for each set bit of the leaf count. */
#include "vault/vault_internal.h"

void vault_merkle_add(struct merkle *m, const struct hash *leaf)
{
    struct hash h = *leaf;
    unsigned level = 0;
    for (uint64_t n = m->count; (n & 1) != 0; n >>= 1)
        crypt_node_hash(&m->level[level++], &h, &h);
    assert(level < MERKLE_LEVELS);
    m->level[level] = h;
    m->count++;
}

void vault_merkle_root(const struct merkle *m, struct hash *ret)
{
    if (m->count == 0) {
        crypt_sha256(bytes_of(NULL, 0), ret);
        return;
    }
    bool begun = false;
    struct hash h = {{0}};
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((m->count >> level & 1) == 0)
            continue;
        if (begun)
            crypt_node_hash(&m->level[level], &h, &h);
        else
            h = m->level[level];
        begun = true;
    }
    *ret = h;
}
