/* Receiving keys published anew: seeds drawn, kept and forgotten, boxes to them, and what was opened before no more. */
#include "fixture.h"

static size_t seeds(const struct fixture *f)
{
    return f->id.holdings[0].count;
}

static void drawn_kept_and_forgotten(void **state)
{
    struct fixture *f = *state;
    uint8_t first[KEYRING_EPOCHS][CRYPT_PUBLIC], again[KEYRING_EPOCHS][CRYPT_PUBLIC], box[CRYPT_PUBLIC];
    const uint8_t *comp = f->keyring->compartment;
    assert_int_equal(keyring_identity_publish(&f->id, comp, 0, 2, first, NULL), 0);
    assert_int_equal(seeds(f), 3); /* of epochs 1, 2 and 3 */
    keyring_identity_public(&f->id, box, again);
    assert_memory_equal(first[0], again[1], CRYPT_PUBLIC); /* that of epoch 2 was published ahead */
    assert_int_equal(keyring_identity_publish(&f->id, comp, 0, 2, again, NULL), 0);
    assert_memory_equal(first, again, sizeof first);
    assert_true(keyring_identity_forget(&f->id, comp, 2));
    assert_false(keyring_identity_forget(&f->id, comp, 2));
    assert_true(seeds(f) == 2 && f->id.holdings[0].seeds[0].epoch == 2);
    /* Away for three epochs: those that were published stay until a box is to a fresh one. */
    assert_int_equal(keyring_identity_publish(&f->id, comp, 2, 5, again, NULL), 0);
    assert_true(seeds(f) == 4 && f->id.holdings[0].seeds[1].epoch == 3 && f->id.holdings[0].seeds[2].epoch == 5);
    assert_int_equal(keyring_identity_publish(&f->id, comp, 2, 5, first, NULL), 0);
    assert_memory_equal(first, again, sizeof first);
    /* Given up, and begun again later. */
    assert_int_equal(keyring_identity_publish(&f->id, comp, 2, 6, first, NULL), 0);
    assert_true(seeds(f) == 4 && f->id.holdings[0].seeds[2].epoch == 6 && f->id.holdings[0].seeds[3].epoch == 7);
    assert_memory_equal(first[0], again[1], CRYPT_PUBLIC);
    assert_int_equal(keyring_identity_publish(&f->id, comp, 2, 5, again, NULL), 0);
    assert_true(keyring_identity_forget(&f->id, comp, 5));
    assert_int_equal(seeds(f), 2);
    assert_false(keyring_identity_forget(&f->id, comp, 99) && seeds(f) == 0); /* never all of them */
}

/* A compartment without a holding of its own gets one, and the others keep what they have. */
static void another_compartment(void **state)
{
    struct fixture *f = *state;
    uint8_t keys[KEYRING_EPOCHS][CRYPT_PUBLIC];
    const uint8_t other[KEYRING_ID] = {7};
    assert_false(keyring_identity_forget(&f->id, other, 9));
    assert_int_equal(keyring_identity_publish(&f->id, other, 0, 2, keys, NULL), 0);
    assert_true(f->id.holding_count == 2 && seeds(f) == 2 && f->id.holdings[1].count == 3);
    assert_true(keyring_identity_forget(&f->id, other, 2));
    assert_true(seeds(f) == 2 && f->id.holdings[1].count == 2);
    for (uint8_t i = 10; f->id.holding_count < KEYRING_HOLDINGS_MAX; i++)
        assert_int_equal(keyring_identity_publish(&f->id, (uint8_t[KEYRING_ID]){i}, 0, 2, keys, NULL), 0);
    struct err e = {0};
    assert_int_equal(keyring_identity_publish(&f->id, (uint8_t[KEYRING_ID]){9}, 0, 2, keys, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "64 compartments"));
}

/* The box to a fresh key replaces the one before, and until it is committed either opens. */
static void boxed_again(void **state)
{
    struct fixture *f = *state;
    uint8_t keys[KEYRING_EPOCHS][CRYPT_PUBLIC];
    const struct keyring_identity old = f->id;
    OWN(keyring_drop) struct keyring *k = NULL;
    fixture_commit(f, 5, 0);
    assert_int_equal(keyring_identity_publish(&f->id, f->keyring->compartment, 0, 3, keys, NULL), 0);
    assert_int_equal(keyring_receiving_write(f->keyring, 3, keys, NULL, NULL), 0);
    assert_int_equal(keyring_box_again(f->keyring, keys[0], NULL), 0);
    assert_int_equal(keyring_open(f->root.s, &f->id, UINT64_MAX, &k, NULL), 0);
    keyring_drop(&k);
    k = NULL;
    assert_int_equal(keyring_open(f->root.s, &old, UINT64_MAX, &k, NULL), 0);
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0); /* it was not committed */
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    assert_int_equal(keyring_receiving_write(f->keyring, 3, keys, NULL, NULL), 0);
    assert_int_equal(keyring_box_again(f->keyring, keys[0], NULL), 0);
    fixture_commit(f, 5, 0);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_int_equal(f->lines.n, 0);
    assert_true(keyring_identity_forget(&f->id, f->keyring->compartment, 3));
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    keyring_drop(&k);
    k = NULL;
    assert_int_equal(keyring_open(f->root.s, &old, UINT64_MAX, &k, NULL), ERR_KEY);
}

static void read_by_what_the_log_names(void **state)
{
    struct fixture *f = *state;
    uint8_t keys[KEYRING_EPOCHS][CRYPT_PUBLIC], found[KEYRING_EPOCHS][CRYPT_PUBLIC];
    char name[KEYRING_NAME_MAX];
    struct keyring_file logged = {.bytes = 0};
    struct note_key other = f->id.member;
    assert_int_equal(keyring_identity_publish(&f->id, f->keyring->compartment, 0, 2, keys, NULL), 0);
    assert_int_equal(keyring_receiving_write(f->keyring, 2, keys, NULL, NULL), 0);
    keyring_receiving_name(f->keyring->compartment, &f->id.member, 2, name);
    fixture_commit(f, 1, 0);
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->expected[i].name, name) == 0)
            logged = f->expected[i];
    const uint8_t *comp = f->keyring->compartment;
    assert_int_equal(keyring_receiving_read(f->root.s, comp, &f->id.member, &logged, 2, found, NULL), 0);
    assert_memory_equal(found, keys, sizeof keys);
    assert_int_equal(keyring_receiving_read(f->root.s, comp, &f->id.member, &logged, 3, found, NULL), ERR_DAMAGED);
    other.id[0] ^= 1;
    assert_int_equal(keyring_receiving_read(f->root.s, comp, &other, &logged, 2, found, NULL), ERR_KEY);
    OWN(buf_drop) struct buf file = {0};
    fixture_get(f, 'a', name, &file);
    file.p[HEAD_BYTES] ^= 1;
    fixture_put(f, 'a', name, buf_bytes(&file));
    assert_int_equal(keyring_receiving_read(f->root.s, comp, &f->id.member, &logged, 2, found, NULL), 0); /* copy b */
    fixture_put(f, 'b', name, buf_bytes(&file));
    assert_int_equal(keyring_receiving_read(f->root.s, comp, &f->id.member, &logged, 2, found, NULL), ERR_DAMAGED);
    fixture_remove(f, 'a', name);
    fixture_remove(f, 'b', name);
    assert_int_equal(keyring_receiving_read(f->root.s, comp, &f->id.member, &logged, 2, found, NULL), ERR_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(drawn_kept_and_forgotten, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_compartment, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(boxed_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(read_by_what_the_log_names, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
