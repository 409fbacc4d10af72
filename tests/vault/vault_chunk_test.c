/* Cutting: a plain rewriting of the rule must cut at the same places, and an edit must move few of them. */
#include "fixture.h"

#include "vault/vault_internal.h"

static struct gear gear;

static int start(void **state)
{
    struct err e = {0};
    struct key key = {{5}};
    int rc = crypt_start(&e);
    vault_gear_make(&key, &gear);
    return rc;
}

/* One byte at a time, hashing the 64 bytes before each place anew. */
static size_t cut_plainly(const struct grain *grain, const uint8_t *p, size_t n, bool last)
{
    for (size_t length = grain->min + 1; length <= n && length < grain->max; length++) {
        uint64_t h = 0;
        for (size_t i = length - 64; i < length; i++)
            h = (h << 1) + gear.table[p[i]];
        if ((h & grain->mask) == 0)
            return length;
    }
    return n >= grain->max ? grain->max : last ? n : 0;
}

static void cuts_are_the_rule(void **state)
{
    struct grain small = {.min = 64, .max = 2000, .mask = (uint64_t)0xff << 55};
    size_t n = 60000;
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', n, 1);
    size_t cuts = 0;
    for (size_t at = 0; at < n; cuts++) {
        size_t got = vault_cut(&gear, &small, p + at, n - at, 0, true);
        assert_int_equal(got, cut_plainly(&small, p + at, n - at, true));
        at += got;
    }
    assert_true(cuts > n / 600 && cuts < n / 200);
}

/* Holes: one byte all the way, or all but the last. */
static void even_bytes(void **state)
{
    static const size_t lengths[] = {1, 64, 65, 66, 100, 1999, 2000, 2001, 3000};
    struct grain grain = {.min = 64, .max = 2000, .mask = (uint64_t)0x3 << 61};
    uint8_t p[3001];
    size_t cut = 0;
    for (unsigned v = 0; v < 512; v++)
        for (size_t i = 0; i < COUNT(lengths); i++) {
            size_t n = lengths[i];
            memset(p, (int)(v & 255), sizeof(p));
            p[n - 1] ^= v > 255;
            assert_int_equal(vault_cut(&gear, &grain, p, n, 0, true), cut_plainly(&grain, p, n, true));
            assert_int_equal(vault_cut(&gear, &grain, p, n, 0, false), cut_plainly(&grain, p, n, false));
            cut += n == 3000 && vault_cut(&gear, &grain, p, n, 0, true) == grain.min + 1;
        }
    assert_true(cut > 64 && cut < 256);
}

static void pieces_do_not_move_cuts(void **state)
{
    struct grain grain = {.min = 256, .max = 5000, .mask = (uint64_t)0x3ff << 53};
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', 300000, 2);
    for (size_t at = 0; at < 200000;) {
        size_t whole = vault_cut(&gear, &grain, p + at, 300000 - at, 0, true);
        size_t have = 0;
        size_t got = 0;
        while (got == 0) { /* the same bytes, a few more each time */
            size_t more = have + 1 + have / 3;
            got = vault_cut(&gear, &grain, p + at, more, have, false);
            have = more;
        }
        assert_int_equal(got, whole);
        at += got;
    }
}

static void the_end_is_a_cut(void **state)
{
    struct grain grain = {.min = 100, .max = 200, .mask = UINT64_MAX >> 1};
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', 400, 3);
    for (size_t n = 1; n < 200; n++) {
        assert_int_equal(vault_cut(&gear, &grain, p, n, 0, true), n);
        assert_int_equal(vault_cut(&gear, &grain, p, n, 0, false), 0);
    }
    assert_int_equal(vault_cut(&gear, &grain, p, 200, 0, false), 200);
    assert_int_equal(vault_cut(&gear, &grain, p, 201, 0, false), 200);
}

static size_t cut_all(const struct gear *g, const uint8_t *p, size_t n, uint32_t chunk_max, size_t *at, size_t room)
{
    struct grain grain = vault_grain(bytes_of(p, n), chunk_max);
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        size_t length = vault_cut(g, &grain, p + i, n - i, 0, true);
        assert_true(length <= grain.max && length <= chunk_max && (length > grain.min || i + length == n));
        i += length;
        assert_true(count < room);
        at[count++] = i;
    }
    return count;
}

static void grains_fit_the_bytes(void **state)
{
    size_t at[4096];
    size_t n = 32 << 20;
    OWN(mem_drop) uint8_t *text = fixture_bytes('t', n, 4);
    OWN(mem_drop) uint8_t *media = fixture_bytes('r', n, 4);
    size_t fine = cut_all(&gear, text, n, VAULT_CHUNK_MAX, at, COUNT(at));
    size_t coarse = cut_all(&gear, media, n, VAULT_CHUNK_MAX, at, COUNT(at));
    assert_true(fine > 300 && fine < 600);
    assert_true(coarse > 70 && coarse < 150);
    size_t small = cut_all(&gear, media, n, 256 << 10, at, COUNT(at));
    assert_true(small > 300 && small < 700);
}

static void an_edit_moves_few_cuts(void **state)
{
    static size_t before[4096];
    static size_t after[4096];
    size_t n = 8 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', n, 6);
    OWN(mem_drop) uint8_t *q = malloc(n + 1);
    assert_non_null(q);
    size_t middle = n / 2;
    memcpy(q, p, middle);
    q[middle] = 'x';
    memcpy(q + middle + 1, p + middle, n - middle);
    size_t had = cut_all(&gear, p, n, VAULT_CHUNK_MAX, before, COUNT(before));
    size_t has = cut_all(&gear, q, n + 1, VAULT_CHUNK_MAX, after, COUNT(after));
    size_t same = 0;
    for (size_t i = 0, k = 0; i < had && k < has;) {
        size_t moved = before[i] + (before[i] > middle ? 1 : 0);
        if (moved == after[k])
            same++;
        if (moved <= after[k])
            i++;
        else
            k++;
    }
    assert_true(same + 5 > had);
}

static void keys_cut_differently(void **state)
{
    static size_t one[4096];
    static size_t two[4096];
    struct gear other;
    struct key key = {{6}};
    size_t n = 4 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', n, 7);
    vault_gear_make(&key, &other);
    size_t count = cut_all(&gear, p, n, VAULT_CHUNK_MAX, one, COUNT(one));
    size_t others = cut_all(&other, p, n, VAULT_CHUNK_MAX, two, COUNT(two));
    size_t same = 0;
    for (size_t i = 0; i + 1 < count; i++)
        for (size_t k = 0; k + 1 < others; k++)
            same += one[i] == two[k];
    assert_true(same <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_the_rule), cmocka_unit_test(even_bytes),    cmocka_unit_test(pieces_do_not_move_cuts),
        cmocka_unit_test(the_end_is_a_cut),     cmocka_unit_test(grains_fit_the_bytes),
        cmocka_unit_test(an_edit_moves_few_cuts), cmocka_unit_test(keys_cut_differently),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
