/* Compression where it pays, and never anything that does not come back. */
#include "fixture.h"

#include "vault/vault_internal.h"

static size_t squeeze(struct squeezer *s, const uint8_t *p, size_t n)
{
    OWN(mem_drop) uint8_t *to = malloc(n + 1);
    OWN(mem_drop) uint8_t *check = malloc(n + 1);
    OWN(mem_drop) uint8_t *back = malloc(n + 1);
    size_t got = 99;
    struct err e = {0};
    assert_int_equal(vault_squeeze(s, bytes_of(p, n), to, check, &got, &e), 0);
    assert_true(got <= n - n / 32);
    if (got != 0) {
        assert_int_equal(vault_unsqueeze(s, bytes_of(to, got), back, n), 0);
        assert_memory_equal(back, p, n);
        assert_int_equal(vault_unsqueeze(s, bytes_of(to, got), back, n - 1), ERR_DAMAGED);
        assert_int_equal(vault_unsqueeze(s, bytes_of(to, got), back, n + 1), ERR_DAMAGED);
        assert_int_equal(vault_unsqueeze(s, bytes_of(to, got - 1), back, n), ERR_DAMAGED);
    }
    return got;
}

static void kinds_are_told_apart(void **state)
{
    struct squeezer *s = vault_squeezer_new();
    assert_non_null(s);
    static const size_t sizes[] = {64, 100, 1000, 3072, 3073, 65536, 1 << 20};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        OWN(mem_drop) uint8_t *text = fixture_bytes('t', sizes[i], i);
        OWN(mem_drop) uint8_t *random = fixture_bytes('r', sizes[i], i);
        OWN(mem_drop) uint8_t *zeros = fixture_bytes('z', sizes[i], i);
        assert_false(vault_looks_random(bytes_of(text, sizes[i])));
        assert_false(vault_looks_random(bytes_of(zeros, sizes[i])));
        assert_int_equal(squeeze(s, random, sizes[i]), 0);
        assert_true(squeeze(s, zeros, sizes[i]) != 0);
        if (sizes[i] >= 1000) {
            assert_true(vault_looks_random(bytes_of(random, sizes[i])));
            assert_true(squeeze(s, text, sizes[i]) != 0);
        }
    }
    vault_squeezer_free(s);
}

static void the_smallest_are_left_alone(void **state)
{
    struct squeezer *s = vault_squeezer_new();
    uint8_t zeros[64] = {0};
    assert_int_equal(squeeze(s, zeros, 1), 0);
    assert_int_equal(squeeze(s, zeros, 63), 0);
    assert_true(squeeze(s, zeros, 64) != 0);
    vault_squeezer_free(s);
}

static void random_bytes_are_told_in_any_amount(void **state)
{
    unsigned taken_for_text = 0;
    for (unsigned seed = 0; seed < 2000; seed++) {
        size_t n = 512 + seed * 7;
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', n, seed);
        taken_for_text += !vault_looks_random(bytes_of(p, n));
    }
    assert_int_equal(taken_for_text, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(the_smallest_are_left_alone),
        cmocka_unit_test(random_bytes_are_told_in_any_amount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
