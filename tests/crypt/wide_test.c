/* Sixteen messages at once are what each is alone: block after block, against libcrypto's own compression. */
#include "crypt/crypt_internal.h"
#include "../base/chance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { BLOCK = 64, BLOCKS_MAX = 9 };

static void each_is_what_it_is_alone(void **state)
{
    static uint8_t text[CRYPT_WIDE][BLOCKS_MAX * BLOCK + CRYPT_WIDE];
    struct chance chance = {512};
    (void)state;
    if (!crypt_wide_supported())
        skip();
    for (size_t blocks = 0; blocks <= BLOCKS_MAX; blocks++) {
        uint32_t states[8][CRYPT_WIDE];
        const uint8_t *p[CRYPT_WIDE];
        struct crypt_sha256 alone[CRYPT_WIDE];
        chance_fill(&chance, text[0], sizeof text);
        for (size_t m = 0; m < CRYPT_WIDE; m++) {
            p[m] = text[m] + m; /* aligned to nothing */
            crypt_sha256_begin(&alone[m]);
            for (size_t i = 0; i < 8; i++)
                states[i][m] = alone[m].context.h[i] = (uint32_t)chance_u64(&chance);
            crypt_sha256_add(&alone[m], bytes_of(p[m], blocks * BLOCK));
        }
        crypt_wide_blocks(states, p, blocks);
        for (size_t m = 0; m < CRYPT_WIDE; m++)
            for (size_t i = 0; i < 8; i++)
                assert_int_equal(states[i][m], alone[m].context.h[i]);
    }
}

/* Several lanes may look at the same bytes, as those do that have nothing to do. */
static void lanes_may_share_their_bytes(void **state)
{
    uint8_t block[BLOCK];
    uint32_t states[8][CRYPT_WIDE] = {{0}};
    const uint8_t *p[CRYPT_WIDE];
    struct chance chance = {3};
    (void)state;
    if (!crypt_wide_supported())
        skip();
    chance_fill(&chance, block, sizeof block);
    for (size_t m = 0; m < CRYPT_WIDE; m++)
        p[m] = block;
    crypt_wide_blocks(states, p, 1);
    for (size_t i = 0; i < 8; i++)
        for (size_t m = 1; m < CRYPT_WIDE; m++)
            assert_int_equal(states[i][m], states[i][0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_what_it_is_alone),
        cmocka_unit_test(lanes_may_share_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
