/* Many messages at once are what each is alone: by libcrypto, over lengths and numbers that leave lanes idle. */
#include "crypt/crypt.h"
#include "../base/chance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MESSAGES_MAX = 12, EDGE_MAX = 260, LONG_MAX = 70000 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_about_a_few_blocks),
        cmocka_unit_test(any_number_of_any_length),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
