/* Opening, and the order in which runs may be told. */
#include "fixture.h"

static int start(void **state)
{
    struct err e = {0};
    return crypt_start(&e);
}

static int open_with(uint32_t pack_sectors)
{
    struct vault_setup setup = {.root = "/nowhere", .pack_sectors = pack_sectors};
    OWN(vault_drop) struct vault *v = NULL;
    struct err e = {0};
    return vault_open(&setup, &v, &e);
}

static void pack_sizes_have_limits(void **state)
{
    assert_int_equal(open_with(0), ERR_REFUSED);
    assert_int_equal(open_with(63), ERR_REFUSED);
    assert_int_equal(open_with(64), 0);
    assert_int_equal(open_with(65536), 0);
    assert_int_equal(open_with(65537), ERR_REFUSED);
}

static int add(struct vault *v, uint64_t pack, uint32_t first, uint32_t sectors, uint64_t record, uint32_t records)
{
    struct vault_run run = {pack, first, sectors, record, records};
    struct err e = {0};
    return vault_run_add(v, &run, &e);
}

static void runs_follow_each_other(void **state)
{
    struct vault_setup setup = {.root = "/nowhere", .pack_sectors = 64};
    OWN(vault_drop) struct vault *v = NULL;
    struct err e = {0};
    assert_int_equal(vault_open(&setup, &v, &e), 0);
    assert_int_equal(add(v, 0, 0, 0, 0, 1), ERR_DAMAGED);
    assert_int_equal(add(v, 0, 0, 65, 0, 1), ERR_DAMAGED);
    assert_int_equal(add(v, 0, 64, 1, 0, 1), ERR_DAMAGED);
    assert_int_equal(add(v, 0, UINT32_MAX, 2, 0, 1), ERR_DAMAGED);
    assert_int_equal(add(v, 0, 0, 64, 0, (1 << 18) + 1), ERR_DAMAGED);
    assert_int_equal(add(v, 0, 0, 64, 0, 5), 0);
    assert_int_equal(add(v, 1, 0, 64, 6, 5), ERR_DAMAGED);
    assert_int_equal(add(v, 1, 0, 64, 4, 5), ERR_DAMAGED);
    for (unsigned i = 1; i < 200; i++)
        assert_int_equal(add(v, i, 0, 64, 5 * (uint64_t)i, 5), 0);
    assert_int_equal(add(v, 200, 0, 10, 1000, 0), 0); /* one that only fills up */
    assert_int_equal(add(v, 201, 0, 64, 1000, 5), 0);
}

static void a_closed_vault_may_be_closed(void **state)
{
    struct vault *v = NULL;
    vault_drop(&v);
    vault_close(NULL);
    vault_writer_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pack_sizes_have_limits),
        cmocka_unit_test(runs_follow_each_other),
        cmocka_unit_test(a_closed_vault_may_be_closed),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
