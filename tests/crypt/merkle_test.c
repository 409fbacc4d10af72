/* Leaves and nodes by the marks of RFC 6962, and many of them by one alone. */
#include "crypt/crypt.h"
#include "../base/chance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { COUNT_MAX = 50, ROOM = COUNT_MAX * 3 * CRYPT_LEAF_SHORT };

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static void leaves_and_nodes_are_marked(void **state)
{
    (void)state;
    uint8_t data[1 + 2 * CRYPT_HASH];
    crypt_random(data, sizeof data);
    for (size_t n = 0; n < sizeof data; n++) {
        struct hash found, want;
        data[0] = 0x00;
        crypt_sha256(bytes_of(data, 1 + n), &want);
        crypt_leaf_hash(bytes_of(data + 1, n), &found);
        assert_true(hash_equal(&found, &want));
    }
    struct hash left, right, found, want;
    memcpy(left.b, data + 1, CRYPT_HASH);
    memcpy(right.b, data + 1 + CRYPT_HASH, CRYPT_HASH);
    data[0] = 0x01;
    crypt_sha256(bytes_of(data, sizeof data), &want);
    crypt_node_hash(&left, &right, &found);
    assert_true(hash_equal(&found, &want));
    crypt_node_hash(&left, &right, &left); /* in place of an argument */
    assert_true(hash_equal(&left, &want));
    crypt_leaf_hash(bytes_of(NULL, 0), &found);
    char hex[2 * CRYPT_HASH + 1];
    hex_put(hex, found.b, CRYPT_HASH);
    assert_string_equal(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

/* Any number of any length, side by side or apart, at any address. */
static void leaves_are_what_each_is_alone(void **state)
{
    static uint8_t entries[ROOM];
    struct chance chance = {54};
    (void)state;
    for (size_t count = 0; count <= COUNT_MAX; count++) {
        size_t bytes = chance_below(&chance, CRYPT_LEAF_SHORT + 1);
        size_t apart = bytes + chance_below(&chance, CRYPT_LEAF_SHORT), at = chance_below(&chance, 17);
        struct hash many[COUNT_MAX + 1], want, behind;
        chance_fill(&chance, entries, sizeof entries);
        memset(many, 0xee, sizeof many);
        behind = many[count];
        crypt_leaf_hash_each(entries + at, bytes, apart, count, many);
        for (size_t i = 0; i < count; i++) {
            crypt_leaf_hash(bytes_of(entries + at + i * apart, bytes), &want);
            assert_true(hash_equal(&want, &many[i]));
        }
        assert_true(hash_equal(&behind, &many[count]));
    }
}

/* In a place of their own and in that of the pairs. */
static void nodes_are_what_each_is_alone(void **state)
{
    struct chance chance = {65};
    (void)state;
    for (size_t count = 0; count <= COUNT_MAX; count++) {
        struct hash pairs[2 * COUNT_MAX], many[COUNT_MAX + 1], want, behind;
        chance_fill(&chance, pairs[0].b, sizeof pairs);
        memset(many, 0xee, sizeof many);
        behind = many[count];
        crypt_node_hash_each(pairs, count, many);
        for (size_t i = 0; i < count; i++) {
            crypt_node_hash(&pairs[2 * i], &pairs[2 * i + 1], &want);
            assert_true(hash_equal(&want, &many[i]));
        }
        assert_true(hash_equal(&behind, &many[count]));
        crypt_node_hash_each(pairs, count, pairs);
        assert_memory_equal(pairs, many, count * sizeof *many);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_and_nodes_are_marked),
        cmocka_unit_test(leaves_are_what_each_is_alone),
        cmocka_unit_test(nodes_are_what_each_is_alone),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
