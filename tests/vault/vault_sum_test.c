/* What was added up is the sum, in whatever order and by however many; and without memory packs are read back. */
#include "fixture.h"

#include "vault/vault_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SECTORS = 256, THREADS = 4, PACKS = 3, STRIPE = 16, FILES = 2 };

static struct vault shape(void)
{
    return (struct vault){.pack_sectors = SECTORS, .parity = {STRIPE, FILES}};
}

static uint8_t product(uint8_t a, uint8_t b)
{
    unsigned sum = 0;
    unsigned shifted = a;
    for (; b != 0; b >>= 1) {
        sum ^= (b & 1) != 0 ? shifted : 0;
        shifted = (shifted << 1) ^ ((shifted & 0x80) != 0 ? 0x11d : 0);
    }
    return (uint8_t)sum;
}

struct adder {
    const struct vault *v;
    struct sum *sum;
    const uint8_t *pack[PACKS];
    unsigned number;
};

/* Every fourth stretch of each pack, of lengths that fit no region. */
static void *add_some(void *context)
{
    const struct adder *a = context;
    enum { STRETCH = 11 };
    OWN(mem_drop) uint8_t *scratch = malloc(SUM_SCRATCH);
    assert_non_null(scratch);
    for (uint32_t i = 0; i < PACKS; i++)
        for (uint32_t first = a->number * STRETCH; first < SECTORS; first += THREADS * STRETCH) {
            uint32_t n = SECTORS - first < STRETCH ? SECTORS - first : STRETCH;
            const struct sealed x = {5 * STRIPE + i, first, n, a->pack[i] + (size_t)first * VAULT_SECTOR};
            vault_sum_add(a->sum, a->v, &x, scratch);
        }
    return NULL;
}

static void sum_is(const struct vault *v, const struct sum *s, const uint8_t *const pack[PACKS], uint32_t packs)
{
    struct err e = {0};
    OWN(mem_drop) uint8_t *got = malloc((size_t)SECTORS * VAULT_SECTOR);
    assert_non_null(got);
    for (uint32_t file = 0; file < FILES; file++) {
        uint8_t times[PACKS][256];
        for (uint32_t i = 0; i < PACKS; i++)
            for (unsigned b = 0; b < 256; b++)
                times[i][b] = product(vault_parity_coefficient(&v->parity, i, file), (uint8_t)b);
        assert_int_equal(file_read_at(s->fds[file], got, (size_t)SECTORS * VAULT_SECTOR, 0, "sum", &e), 0);
        for (size_t b = 0; b < (size_t)SECTORS * VAULT_SECTOR; b++) {
            uint8_t want = 0;
            for (uint32_t i = 0; i < packs; i++)
                want ^= times[i][pack[i][b]];
            if (got[b] != want)
                fail_msg("file %u, byte %zu", file, b);
        }
    }
}

static void many_add_what_one_would(void **state)
{
    struct vault v = shape();
    struct sums sums;
    OWN(mem_drop) uint8_t *bytes = fixture_bytes('r', (size_t)PACKS * SECTORS * VAULT_SECTOR, 7);
    struct adder adder[THREADS];
    pthread_t thread[THREADS];
    (void)state;
    vault_sums_init(&sums, &v);
    struct sum *sum = vault_sum_join(&sums, 5 * STRIPE);
    assert_non_null(sum);
    for (uint32_t i = 1; i < PACKS; i++)
        assert_ptr_equal(vault_sum_join(&sums, 5 * STRIPE + i), sum);
    for (unsigned t = 0; t < THREADS; t++) {
        adder[t] = (struct adder){.v = &v, .sum = sum, .number = t};
        for (uint32_t i = 0; i < PACKS; i++)
            adder[t].pack[i] = bytes + (size_t)i * SECTORS * VAULT_SECTOR;
        assert_int_equal(pthread_create(&thread[t], NULL, add_some, &adder[t]), 0);
    }
    for (unsigned t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(thread[t], NULL), 0);
    sum_is(&v, sum, adder[0].pack, PACKS);
    OWN(mem_drop) uint8_t *scratch = malloc(SUM_SCRATCH);
    const struct sealed last = {5 * STRIPE + PACKS - 1, 0, SECTORS, adder[0].pack[PACKS - 1]};
    assert_non_null(scratch);
    vault_sum_add(sum, &v, &last, scratch);
    sum_is(&v, sum, adder[0].pack, PACKS - 1);
    vault_sums_release(&sums);
}

static void two_stripes_have_a_place(void **state)
{
    struct vault v = shape();
    struct sums sums;
    (void)state;
    vault_sums_init(&sums, &v);
    struct sum *first = vault_sum_join(&sums, 0);
    struct sum *second = vault_sum_join(&sums, STRIPE + 2);
    assert_true(first != NULL && second != NULL && first != second);
    assert_null(vault_sum_join(&sums, 2 * STRIPE));
    assert_true(vault_sum_has(second, 2));
    assert_false(vault_sum_has(second, 1));
    assert_false(vault_sum_has(NULL, 0));
    vault_sum_end(first);
    assert_null(vault_sum_of(&sums, 0));
    assert_ptr_equal(vault_sum_join(&sums, 2 * STRIPE), first);
    assert_false(vault_sum_has(first, 1));
    vault_sums_release(&sums);
    v.parity = (struct vault_parity){0, 0};
    vault_sums_init(&sums, &v);
    assert_null(vault_sum_join(&sums, 0));
    vault_sums_release(&sums);
}

/* What would take more memory than the default shapes do is read back. */
static void large_packs_have_none(void **state)
{
    enum { MIB = (1 << 20) / VAULT_SECTOR };
    static const struct {
        struct vault_parity parity;
        uint32_t mib;
        bool any;
    } shapes[] = {{{16, 2}, 64, true}, {{16, 4}, 64, true}, {{32, 2}, 128, true}, {{16, 4}, 65, false},
                  {{16, 2}, 129, false}, {{16, 4}, 1024, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct vault v = {.pack_sectors = shapes[i].mib * MIB, .parity = shapes[i].parity};
        struct sums sums;
        vault_sums_init(&sums, &v);
        assert_int_equal(vault_sum_join(&sums, 0) != NULL, shapes[i].any);
        vault_sums_release(&sums);
    }
}

/* Memory that ends in the middle: the sum is of no use, and what it had is free. */
static void what_breaks_lets_go(void **state)
{
    struct vault v = shape();
    struct sums sums;
    OWN(mem_drop) uint8_t *scratch = malloc(SUM_SCRATCH);
    OWN(mem_drop) uint8_t *bytes = fixture_bytes('r', 8 * VAULT_SECTOR, 7);
    (void)state;
    vault_sums_init(&sums, &v);
    struct sum *sum = vault_sum_join(&sums, 0);
    const struct sealed x = {0, 0, 8, bytes};
    assert_true(sum != NULL && scratch != NULL);
    vault_sum_add(sum, &v, &x, scratch);
    assert_true(vault_sum_has(sum, 0));
    assert_int_equal(ftruncate(sum->fds[1], 0), 0); /* as if it could not be had */
    vault_sum_add(sum, &v, &x, scratch);
    assert_false(vault_sum_has(sum, 0));
    assert_null(vault_sum_join(&sums, 1));
    assert_int_equal(lseek(sum->fds[0], 0, SEEK_END), 0);
    vault_sums_release(&sums);
}

/* Where no further file can be opened there is no sum, and nobody fails. */
static void without_memory_there_is_none(void **state)
{
    struct vault v = shape();
    struct sums sums;
    struct rlimit limit, none;
    (void)state;
    vault_sums_init(&sums, &v);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct sum *sum = vault_sum_join(&sums, 0);
    struct sum *again = vault_sum_join(&sums, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_null(sum);
    assert_null(again);
    assert_false(vault_sum_has(vault_sum_of(&sums, 0), 0));
    vault_sums_release(&sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_add_what_one_would),
        cmocka_unit_test(two_stripes_have_a_place),
        cmocka_unit_test(large_packs_have_none),
        cmocka_unit_test(what_breaks_lets_go),
        cmocka_unit_test(without_memory_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
