/*
 * Many messages at once, and longer ones piece by piece beside them, are what each is alone: by libcrypto, over lengths
 * and numbers that leave lanes idle.
 */
#include "crypt/crypt.h"
#include "../base/chance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MESSAGES_MAX = 50, GROWN_MAX = 5, PIECES_MAX = 6, EDGE_MAX = 260, LONG_MAX = 70000 };

static uint8_t text[LONG_MAX];

static int start(void **state)
{
    struct chance chance = {20170313};
    (void)state;
    chance_fill(&chance, text, sizeof text);
    return crypt_start(NULL);
}

static void assert_many(const struct bytes *x, size_t count)
{
    struct hash plain[MESSAGES_MAX], leaf[MESSAGES_MAX], want;
    crypt_sha256_many(x, count, plain);
    crypt_leaf_hash_many(x, count, leaf);
    for (size_t i = 0; i < count; i++) {
        crypt_sha256(x[i], &want);
        assert_memory_equal(plain[i].b, want.b, CRYPT_HASH);
        crypt_leaf_hash(x[i], &want);
        assert_memory_equal(leaf[i].b, want.b, CRYPT_HASH);
    }
}

static void every_length_about_a_few_blocks(void **state)
{
    (void)state;
    for (size_t n = 0; n <= EDGE_MAX; n++) {
        const struct bytes same[] = {bytes_of(text, n), bytes_of(text + 1, n), bytes_of(text + 2, n)};
        const struct bytes uneven[] = {bytes_of(text, n), bytes_of(text, EDGE_MAX - n), bytes_of(NULL, 0),
                                       bytes_of(text + n, 3 * n)};
        assert_many(same, COUNT(same));
        assert_many(uneven, COUNT(uneven));
    }
}

static void any_number_of_any_length(void **state)
{
    (void)state;
    struct chance chance = {34};
    for (unsigned turn = 0; turn < 400; turn++) {
        struct bytes x[MESSAGES_MAX];
        size_t count = chance_below(&chance, MESSAGES_MAX + 1);
        for (size_t i = 0; i < count; i++) {
            size_t n = chance_below(&chance, turn % 4 == 0 ? LONG_MAX : 300);
            x[i] = bytes_of(text + chance_below(&chance, LONG_MAX - n), n);
        }
        assert_many(x, count);
    }
}

static struct bytes some(struct chance *chance, size_t max)
{
    size_t n = chance_below(chance, max);
    return bytes_of(text + chance_below(chance, LONG_MAX - n), n);
}

/* One turn: every longer one is added some pieces, or none; messages are hashed meanwhile. */
static void grow(struct chance *chance, struct crypt_sha256 *const *together, struct crypt_sha256 *const *alone,
                 size_t grown_count)
{
    struct crypt_growth grown[GROWN_MAX] = {0};
    struct bytes pieces[GROWN_MAX][PIECES_MAX], x[MESSAGES_MAX] = {0};
    struct hash got[MESSAGES_MAX], want;
    size_t count = chance_below(chance, MESSAGES_MAX + 1), max = chance_below(chance, 4) == 0 ? LONG_MAX : 200;
    for (size_t i = 0; i < count; i++)
        x[i] = some(chance, max);
    for (size_t i = 0; i < grown_count; i++) {
        grown[i] = (struct crypt_growth){together[i], pieces[i], chance_below(chance, PIECES_MAX + 1)};
        for (size_t k = 0; k < grown[i].count; k++) {
            pieces[i][k] = some(chance, max);
            crypt_sha256_add(alone[i], pieces[i][k]);
        }
    }
    crypt_sha256_together(grown, grown_count, x, count, got);
    for (size_t i = 0; i < count; i++) {
        crypt_sha256(x[i], &want);
        assert_memory_equal(got[i].b, want.b, CRYPT_HASH);
    }
}

static void longer_ones_grow_beside_messages(void **state)
{
    (void)state;
    struct chance chance = {180};
    struct crypt_sha256 *together[GROWN_MAX], *alone[GROWN_MAX];
    for (size_t i = 0; i < GROWN_MAX; i++) {
        together[i] = crypt_sha256_new();
        alone[i] = crypt_sha256_new();
    }
    for (unsigned round = 0; round < 60; round++) {
        size_t count = chance_below(&chance, GROWN_MAX + 1);
        for (size_t i = 0; i < count; i++) {
            crypt_sha256_begin(together[i]);
            crypt_sha256_begin(alone[i]);
        }
        for (size_t turns = chance_below(&chance, 6); turns > 0; turns--)
            grow(&chance, together, alone, count);
        for (size_t i = 0; i < count; i++) {
            struct hash got, want;
            crypt_sha256_end(together[i], &got);
            crypt_sha256_end(alone[i], &want);
            assert_memory_equal(got.b, want.b, CRYPT_HASH);
        }
    }
    for (size_t i = 0; i < GROWN_MAX; i++) {
        crypt_sha256_free(together[i]);
        crypt_sha256_free(alone[i]);
    }
}

/* The count of bits is carried over 32 of them: 2^29 bytes, by blocks that were done in lanes and otherwise. */
static void a_length_of_more_than_32_bits(void **state)
{
    (void)state;
    enum { TURNS = (1 << 29) / LONG_MAX + 2 };
    struct crypt_sha256 *c[3];
    struct bytes piece[3];
    struct crypt_growth grown[3];
    struct hash got[3], want;
    for (size_t i = 0; i < COUNT(c); i++) {
        c[i] = crypt_sha256_new();
        crypt_sha256_begin(c[i]);
        piece[i] = bytes_of(text, LONG_MAX);
        grown[i] = (struct crypt_growth){c[i], &piece[i], 1};
    }
    for (unsigned turn = 0; turn < TURNS; turn++) {
        crypt_sha256_together(grown, 2, NULL, 0, NULL);
        crypt_sha256_add(c[2], piece[2]);
    }
    for (size_t i = 0; i < COUNT(c); i++) {
        crypt_sha256_end(c[i], &got[i]);
        crypt_sha256_free(c[i]);
    }
    want = got[2];
    assert_memory_equal(got[0].b, want.b, CRYPT_HASH);
    assert_memory_equal(got[1].b, want.b, CRYPT_HASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_about_a_few_blocks),
        cmocka_unit_test(any_number_of_any_length),
        cmocka_unit_test(longer_ones_grow_beside_messages),
        cmocka_unit_test(a_length_of_more_than_32_bits),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
