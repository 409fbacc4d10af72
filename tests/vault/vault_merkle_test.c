/* The edge against the definition of RFC 6962 section 2.1, written as it stands there. */
#include "fixture.h"

#include "vault/vault_internal.h"

static void root_by_definition(const struct hash *leaves, size_t n, struct hash *ret)
{
    if (n == 1) {
        *ret = leaves[0];
        return;
    }
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    struct hash left;
    struct hash right;
    root_by_definition(leaves, k, &left);
    root_by_definition(leaves + k, n - k, &right);
    crypt_node_hash(&left, &right, ret);
}

static void every_length_has_the_defined_root(void **state)
{
    struct hash leaves[300];
    struct merkle m = {0};
    struct hash root;
    struct hash expected;
    vault_merkle_root(&m, &root);
    crypt_sha256(bytes_of(NULL, 0), &expected);
    assert_memory_equal(&root, &expected, sizeof(root));
    for (size_t n = 1; n <= COUNT(leaves); n++) {
        uint8_t entry[8];
        u64_put(entry, n);
        crypt_leaf_hash(bytes_of(entry, sizeof(entry)), &leaves[n - 1]);
        vault_merkle_add(&m, &leaves[n - 1]);
        vault_merkle_root(&m, &root);
        root_by_definition(leaves, n, &expected);
        assert_memory_equal(&root, &expected, sizeof(root));
    }
}

static int start(void **state)
{
    struct err e = {0};
    return crypt_start(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_length_has_the_defined_root)};
    return cmocka_run_group_tests(tests, start, NULL);
}
