/* A receiving key published anew: seeds drawn, kept and forgotten, boxes to it, and what was opened before no more. */
#include "fixture.h"

static size_t seeds(const struct fixture *f)
{
    return f->id.holdings[0].count;
}

static uint64_t seed_number(const struct fixture *f, size_t at)
{
    return f->id.holdings[0].seeds[at].epoch;
}

static void drawn_kept_and_forgotten(void **state)
{
    struct fixture *f = *state;
    uint8_t first[CRYPT_PUBLIC], again[CRYPT_PUBLIC], derived[CRYPT_PUBLIC];
    struct err e = {0};
    assert_int_equal(keyring_identity_publish(&f->id, 0, 40, first, NULL), 0);
    assert_true(seeds(f) == 3 && seed_number(f, 2) == 40);
    crypt_box_public(&f->id.holdings[0].seeds[2].seed, derived);
    assert_memory_equal(first, derived, CRYPT_PUBLIC);
    /* It never came to be committed: another one is drawn in its place, and those that receive stay. */
    assert_int_equal(keyring_identity_publish(&f->id, 0, 40, again, NULL), 0);
    assert_true(seeds(f) == 3 && memcmp(first, again, CRYPT_PUBLIC) != 0);
    assert_true(keyring_identity_forget(&f->id, 40));
    assert_false(keyring_identity_forget(&f->id, 40));
    assert_true(seeds(f) == 1 && seed_number(f, 0) == 40);
    assert_false(keyring_identity_forget(&f->id, 41)); /* never the one that receives */
    assert_int_equal(seeds(f), 1);
    assert_int_equal(keyring_identity_publish(&f->id, 40, 77, first, NULL), 0);
    assert_int_equal(keyring_identity_publish(&f->id, 40, 78, again, NULL), 0);
    assert_true(seeds(f) == 2 && seed_number(f, 0) == 40 && seed_number(f, 1) == 78);
    assert_true(keyring_identity_forget(&f->id, 78));
    /* A copy of the key file from before: what was published is not in it. */
    assert_int_equal(keyring_identity_publish(&f->id, 90, 99, again, &e), ERR_KEY);
    assert_non_null(strstr(e.text, "old copy"));
    assert_int_equal(keyring_identity_publish(&f->id, 78, 78, again, &e), ERR_DAMAGED); /* numbers ascend */
    assert_int_equal(seeds(f), 1);
}

static void holdings_of_others_go_too(void **state)
{
    struct fixture *f = *state;
    uint8_t key[CRYPT_PUBLIC];
    f->id.holdings[1] = (struct keyring_holding){.compartment = {7}, .count = 1, .seeds = {{3, {{9}}}}};
    f->id.holding_count = 2;
    assert_int_equal(keyring_identity_publish(&f->id, 0, 12, key, NULL), 0);
    assert_int_equal(f->id.holding_count, 2);
    assert_true(keyring_identity_forget(&f->id, 12));
    assert_true(f->id.holding_count == 1 && f->id.holdings[1].seeds[0].seed.b[0] == 0);
}

static struct keyring_reader publish(struct fixture *f, uint64_t published, uint64_t number)
{
    struct keyring_reader r = {.key = f->id.member, .reads = true, .number = number};
    assert_int_equal(keyring_identity_publish(&f->id, published, number, r.receiving, NULL), 0);
    assert_int_equal(keyring_receiving_write(f->keyring, number, r.receiving, published, NULL), 0);
    assert_int_equal(keyring_box_again(f->keyring, &r, NULL), 0);
    return r;
}

static int opens(const struct fixture *f, const struct keyring_identity *id)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    return keyring_open(f->root.s, id, UINT64_MAX, &k, NULL);
}

static void clean(struct fixture *f)
{
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_int_equal(f->lines.n, 0);
}

/* The box to a fresh key replaces the one before, and until it is committed either opens. */
static void boxed_again(void **state)
{
    struct fixture *f = *state;
    const struct keyring_identity old = f->id;
    fixture_commit(f, 5, 0);
    (void)publish(f, 0, 30);
    assert_int_equal(opens(f, &f->id), 0);
    assert_int_equal(opens(f, &old), 0);
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0); /* it was not committed */
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    for (uint64_t number = 31; number < 34; number++) { /* several within one epoch */
        const struct keyring_identity before = f->id;
        (void)publish(f, number == 31 ? 0 : number - 1, number);
        fixture_commit(f, 5, 0);
        clean(f);
        assert_true(keyring_identity_forget(&f->id, number));
        fixture_reopen(f, UINT64_MAX);
        fixture_find_all(f);
        assert_int_equal(opens(f, &before), ERR_KEY);
    }
    assert_int_equal(opens(f, &old), ERR_KEY);
}

/* A turn of keys finds her box under whichever name, and boxes the next epoch to what she published. */
static void turned_behind_it(void **state)
{
    struct fixture *f = *state;
    struct keyring_reader r = publish(f, 0, 30);
    fixture_commit(f, 5, 0);
    assert_true(keyring_identity_forget(&f->id, 30));
    const struct keyring_turning t = {&r, 1, &r, 1, 9, 3, f->next_leaf, true, false};
    assert_int_equal(keyring_turn(f->keyring, &t, NULL), 0);
    fixture_commit(f, 5, 0);
    clean(f);
    fixture_reopen(f, UINT64_MAX);
    assert_int_equal(keyring_epoch(f->keyring), 2);
    fixture_find_all(f);
}

static void names_of_boxes(void **state)
{
    static const struct {
        const char *name;
        bool is;
        uint64_t epoch, number;
    } cases[] = {{"wrap-7-0123abcd", true, 7, 0},     {"wrap-7-0123abcd-12", true, 7, 12},
                 {"wrap-7-0123abcd-", false, 0, 0},   {"wrap-7-0123abc", false, 0, 0},
                 {"wrap-7-0123abcde", false, 0, 0},   {"wrap--0123abcd", false, 0, 0},
                 {"wrap-7-0123abcd-x", false, 0, 0},  {"wrap-7", false, 0, 0},
                 {"table-7", false, 0, 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct keyring_box box;
        assert_int_equal(keyring_box_name(cases[i].name, &box), cases[i].is);
        assert_true(!cases[i].is || (box.epoch == cases[i].epoch && box.number == cases[i].number &&
                                     memcmp(box.reader, "\x01\x23\xab\xcd", 4) == 0));
    }
}

static void read_by_what_the_log_names(void **state)
{
    struct fixture *f = *state;
    uint8_t found[CRYPT_PUBLIC], id[4];
    uint64_t number;
    char name[KEYRING_NAME_MAX];
    struct keyring_file logged = {.bytes = 0};
    struct note_key other = f->id.member;
    struct keyring_reader r = publish(f, 0, 30);
    keyring_receiving_name(&f->id.member, 30, name);
    assert_true(keyring_receiving_number(name, id, &number) && number == 30 && memcmp(id, other.id, 4) == 0);
    assert_false(keyring_receiving_number("receiving/30", id, &number));
    assert_false(keyring_receiving_number("log/1-0123abcd", id, &number));
    fixture_commit(f, 1, 0);
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->expected[i].name, name) == 0)
            logged = f->expected[i];
    assert_int_equal(keyring_receiving_read(f->root.s, &f->id.member, &logged, found, NULL), 0);
    assert_memory_equal(found, r.receiving, sizeof found);
    other.id[0] ^= 1;
    assert_int_equal(keyring_receiving_read(f->root.s, &other, &logged, found, NULL), ERR_KEY);
    OWN(buf_drop) struct buf file = {0};
    fixture_get(f, 'a', name, &file);
    file.p[HEAD_BYTES] ^= 1;
    fixture_put(f, 'a', name, buf_bytes(&file));
    assert_int_equal(keyring_receiving_read(f->root.s, &f->id.member, &logged, found, NULL), 0); /* copy b */
    fixture_put(f, 'b', name, buf_bytes(&file));
    assert_int_equal(keyring_receiving_read(f->root.s, &f->id.member, &logged, found, NULL), ERR_DAMAGED);
    fixture_remove(f, 'a', name);
    fixture_remove(f, 'b', name);
    assert_int_equal(keyring_receiving_read(f->root.s, &f->id.member, &logged, found, NULL), ERR_ABSENT);
    strcpy(logged.name, "log/1-0123abcd");
    assert_int_equal(keyring_receiving_read(f->root.s, &f->id.member, &logged, found, NULL), ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(drawn_kept_and_forgotten, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(holdings_of_others_go_too, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(boxed_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(turned_behind_it, fixture_setup, fixture_teardown),
        cmocka_unit_test(names_of_boxes),
        cmocka_unit_test_setup_teardown(read_by_what_the_log_names, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
