/* Items stay where they are while the shelf grows, and begin as zeros, also after a clearing. */
#include "fixture.h"

#include "vault/vault_internal.h"

static void items_never_move(void **state)
{
    struct shelf s = {.item_bytes = 24};
    uint8_t *first = NULL;
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < SHELF_ITEMS * 3 + 1; i++) {
            uint8_t *item = vault_shelf_add(&s);
            assert_non_null(item);
            for (size_t k = 0; k < s.item_bytes; k++)
                assert_int_equal(item[k], 0);
            u64_put(item, i + 1);
            if (i == 0)
                first = item;
        }
        assert_ptr_equal(vault_shelf_at(&s, 0), first);
        for (size_t i = 0; i < s.count; i++)
            assert_int_equal(u64_get(vault_shelf_at(&s, i)), i + 1);
        vault_shelf_clear(&s);
        assert_int_equal(s.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(items_never_move)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
