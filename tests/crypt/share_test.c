/* Shares: any k of n give the secret back, fewer or wrong ones do not, and each is what another reckoning gives. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libgfshare.h>

#include "../base/chance.h"

static void fill_again(unsigned char *to, unsigned int n)
{
    crypt_random(to, n);
}

static struct chance chance = {20261127};

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

/* In GF(2^8) with the polynomial 11d, bit by bit: not as the library does it. */
static uint8_t multiply(unsigned a, unsigned b)
{
    unsigned product = 0;
    for (; b > 0; b >>= 1) {
        product ^= (b & 1) != 0 ? a : 0;
        a = (a << 1) ^ ((a & 0x80) != 0 ? 0x11Du : 0);
    }
    return (uint8_t)product;
}

static uint8_t inverse(uint8_t a)
{
    for (unsigned b = 1; b < 256; b++)
        if (multiply(a, b) == 1)
            return (uint8_t)b;
    fail();
    return 0;
}

/* The value at 0 by Lagrange's formula. */
static void reckon(const uint8_t *index, const struct key *shares, unsigned count, struct key *ret)
{
    *ret = (struct key){{0}};
    for (unsigned i = 0; i < count; i++) {
        uint8_t factor = 1;
        for (unsigned k = 0; k < count; k++)
            if (k != i)
                factor = multiply(factor, multiply(index[k], inverse(index[k] ^ index[i])));
        for (size_t b = 0; b < CRYPT_KEY; b++)
            ret->b[b] ^= multiply(factor, shares[i].b[b]);
    }
}

/* ${count} different numbers of 1..n, in any order, and their shares. */
static void choose(const struct key *all, unsigned n, unsigned count, uint8_t *index, struct key *shares)
{
    uint8_t order[CRYPT_SHARES_MAX];
    for (unsigned i = 0; i < n; i++)
        order[i] = (uint8_t)(i + 1);
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i + (unsigned)chance_below(&chance, n - i);
        uint8_t swap = order[i];
        order[i] = order[at];
        order[at] = swap;
        index[i] = order[i];
        shares[i] = all[order[i] - 1];
    }
}

static void any_that_are_enough_give_the_secret(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= CRYPT_SHARES_MAX; n++)
        for (unsigned k = 1; k <= n; k++) {
            struct key secret, all[CRYPT_SHARES_MAX], shares[CRYPT_SHARES_MAX], joined, reckoned;
            uint8_t index[CRYPT_SHARES_MAX];
            crypt_random(secret.b, CRYPT_KEY);
            assert_int_equal(crypt_share_split(&secret, k, n, all, NULL), 0);
            for (unsigned count = k; count <= n; count += 1 + (n - k) / 2) {
                choose(all, n, count, index, shares);
                assert_int_equal(crypt_share_join(index, shares, count, &joined, NULL), 0);
                assert_memory_equal(joined.b, secret.b, CRYPT_KEY);
                reckon(index, shares, count, &reckoned);
                assert_memory_equal(reckoned.b, secret.b, CRYPT_KEY);
            }
        }
}

static void fewer_give_another(void **state)
{
    (void)state;
    for (unsigned k = 2; k <= CRYPT_SHARES_MAX; k++) {
        struct key secret, all[CRYPT_SHARES_MAX], shares[CRYPT_SHARES_MAX], joined;
        uint8_t index[CRYPT_SHARES_MAX];
        crypt_random(secret.b, CRYPT_KEY);
        assert_int_equal(crypt_share_split(&secret, k, CRYPT_SHARES_MAX, all, NULL), 0);
        choose(all, CRYPT_SHARES_MAX, k - 1, index, shares);
        assert_int_equal(crypt_share_join(index, shares, k - 1, &joined, NULL), 0);
        assert_memory_not_equal(joined.b, secret.b, CRYPT_KEY);
    }
}

static void a_wrong_one_gives_another(void **state)
{
    (void)state;
    struct key secret, all[3], joined;
    crypt_random(secret.b, CRYPT_KEY);
    assert_int_equal(crypt_share_split(&secret, 2, 3, all, NULL), 0);
    all[1].b[31] ^= 1;
    assert_int_equal(crypt_share_join((const uint8_t[]){1, 2}, all, 2, &joined, NULL), 0);
    assert_memory_not_equal(joined.b, secret.b, CRYPT_KEY);
}

/* Of one secret there are many sets, and one alone shows nothing of it: each byte of a share takes every value. */
static void a_share_is_drawn_anew(void **state)
{
    (void)state;
    const struct key secret = {{7}};
    bool seen[256] = {false};
    unsigned values = 0;
    for (int i = 0; i < 4096; i++) {
        struct key all[2];
        assert_int_equal(crypt_share_split(&secret, 2, 2, all, NULL), 0);
        values += !seen[all[0].b[0]];
        seen[all[0].b[0]] = true;
    }
    assert_int_equal(values, 256);
}

/* ---- what two of three shares tell ---- */

/* The coefficients that the library draws: all of them in turn.  It asks for both rows of them at once; what it asks
 * for afterwards it fills freed memory with. */
static unsigned drawn_from;

static void draw_in_turn(unsigned char *to, unsigned int n)
{
    for (unsigned i = 0; i < n; i++)
        to[i] = (unsigned char)(i < CRYPT_KEY ? (drawn_from + i) >> 8 : drawn_from + i - CRYPT_KEY);
}

/*
 * 3 of 5, every secret byte with every pair of coefficients, by the code that divides: each pair of shares takes each
 * of its 65,536 values once, whatever the secret byte is; so two shares leave all 256 equally possible.
 */
static void two_of_three_leave_every_byte_equally_possible(void **state)
{
    (void)state;
    static uint8_t seen[10][65536 / 8], every[65536 / 8];
    memset(every, 0xff, sizeof every);
    for (unsigned byte = 0; byte < 256; byte++) {
        struct key secret, all[5];
        memset(secret.b, (int)byte, CRYPT_KEY);
        memset(seen, 0, sizeof seen);
        gfshare_fill_rand = draw_in_turn;
        for (drawn_from = 0; drawn_from < 65536; drawn_from += CRYPT_KEY) {
            assert_int_equal(crypt_share_split(&secret, 3, 5, all, NULL), 0);
            for (unsigned pair = 0, a = 0; a < 5; a++)
                for (unsigned b = a + 1; b < 5; b++, pair++)
                    for (size_t i = 0; i < CRYPT_KEY; i++) {
                        unsigned value = (unsigned)all[a].b[i] << 8 | all[b].b[i];
                        seen[pair][value / 8] |= (uint8_t)(1u << value % 8);
                    }
        }
        gfshare_fill_rand = fill_again;
        for (size_t pair = 0; pair < 10; pair++)
            assert_memory_equal(seen[pair], every, sizeof every);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_that_are_enough_give_the_secret),
        cmocka_unit_test(fewer_give_another),
        cmocka_unit_test(a_wrong_one_gives_another),
        cmocka_unit_test(a_share_is_drawn_anew),
        cmocka_unit_test(two_of_three_leave_every_byte_equally_possible),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
