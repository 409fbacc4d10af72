/* One more reader, one fewer, and what comes after for those who stay. */
#include "fixture.h"

struct other {
    struct keyring_identity id;
    struct keyring_reader reader;
};

static void other_make(const struct fixture *f, struct other *ret)
{
    uint8_t receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    assert_int_equal(keyring_identity_make("example.org", &ret->id, NULL), 0);
    ret->id.pin = f->id.pin;
    memcpy(ret->id.holdings[0].compartment, f->id.holdings[0].compartment, KEYRING_ID);
    keyring_identity_public(&ret->id, ret->reader.box, receiving);
    memcpy(ret->reader.receiving, receiving[0], CRYPT_PUBLIC);
    ret->reader.key = ret->id.member;
    ret->reader.reads = ret->reader.writes = true;
}

/* By the newest receiving key that is not of a later epoch. */
static struct keyring_reader reader_at(const struct keyring_identity *id, uint64_t epoch)
{
    struct keyring_reader r = {.key = id->member, .reads = true, .writes = true};
    uint8_t receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    keyring_identity_public(id, r.box, receiving);
    memcpy(r.receiving, receiving[epoch >= id->holdings[0].seeds[1].epoch], CRYPT_PUBLIC);
    return r;
}

static int open_as(const struct fixture *f, const struct keyring_identity *id, uint64_t log_number,
                   const struct note_key *signers, size_t count, struct keyring **ret)
{
    const struct keyring_trust trust = {signers, count, log_number};
    struct keyring_place place = {.root = f->root.s, .trust = &trust};
    memcpy(place.compartment, f->id.holdings[0].compartment, KEYRING_ID);
    return keyring_open_among(&place, id, UINT64_MAX, ret, NULL);
}

static void one_more_reader(void **state)
{
    struct fixture *f = *state;
    struct other x;
    OWN(keyring_drop) struct keyring *k = NULL, *none = NULL;
    other_make(f, &x);
    const struct note_key both[] = {f->id.member, x.id.member};
    fixture_commit(f, 10, 0);
    assert_int_equal(open_as(f, &x.id, 1, both, 2, &none), ERR_KEY);
    assert_int_equal(keyring_admit(f->keyring, &x.reader, NULL), 0);
    fixture_commit(f, 10, 0);
    assert_int_equal(open_as(f, &x.id, 1, both + 1, 1, &none), ERR_KEY); /* signed by nobody who is trusted */
    assert_int_equal(open_as(f, &x.id, 1, both, 2, &k), 0);
    assert_memory_equal(keyring_log_seed(k)->b, f->log_seed.b, CRYPT_KEY);
    assert_int_equal(keyring_dismiss(f->keyring, &x.reader, NULL), 0);
    fixture_commit(f, 1, 0);
    assert_int_equal(open_as(f, &x.id, 1, both, 2, &none), ERR_KEY);
}

/* What comes after a turn: other keys for everything, boxed for who stays; who goes keeps what she had. */
static void a_turn(void **state)
{
    struct fixture *f = *state;
    struct other x;
    OWN(keyring_drop) struct keyring *stays = NULL, *goes = NULL, *none = NULL;
    struct key index[2], pack[2];
    const struct keyring_turn *turns;
    size_t count;
    other_make(f, &x);
    const struct note_key both[] = {f->id.member, x.id.member};
    assert_int_equal(keyring_admit(f->keyring, &x.reader, NULL), 0);
    fixture_commit(f, 10, 0);
    assert_int_equal(open_as(f, &x.id, 1, both, 2, &goes), 0);
    keyring_key(f->keyring, KEYRING_INDEX, &index[0]);
    keyring_key(f->keyring, KEYRING_PACK, &pack[0]);
    for (uint64_t turn = 1; turn <= 3; turn++) { /* past what was published ahead: the last receiving key again */
        const struct keyring_reader readers[] = {reader_at(&f->id, turn + 1)};
        const struct keyring_reader before[] = {reader_at(&f->id, turn), x.reader};
        const struct keyring_turning t = {.readers = readers,
                                          .count = 1,
                                          .before = before,
                                          .before_count = turn == 1 ? 2 : 1,
                                          .pack = turn,
                                          .sector = 40,
                                          .leaf = f->next_leaf,
                                          .compartment = true,
                                          .log = true};
        assert_int_equal(keyring_turn(f->keyring, &t, NULL), 0);
        fixture_commit(f, 10, 0);
        fixture_find_all(f);
        keyring_drop(&stays);
        stays = NULL;
        assert_int_equal(open_as(f, &f->id, turn + 1, both, 1, &stays), 0);
        assert_memory_equal(keyring_log_seed(stays)->b, keyring_log_seed(f->keyring)->b, CRYPT_KEY);
        assert_int_equal(open_as(f, &x.id, turn + 1, both, 2, &none), ERR_KEY);
        keyring_turns(stays, &turns, &count);
        assert_int_equal(count, turn);
        assert_true(turns[turn - 1].pack == turn && turns[turn - 1].sector == 40);
    }
    assert_memory_not_equal(keyring_log_seed(stays)->b, f->log_seed.b, CRYPT_KEY);
    keyring_key(stays, KEYRING_INDEX, &index[1]);
    keyring_key(stays, KEYRING_PACK, &pack[1]);
    assert_memory_not_equal(index[0].b, index[1].b, CRYPT_KEY);
    assert_memory_equal(pack[0].b, pack[1].b, CRYPT_KEY); /* for what was there before */
    assert_memory_not_equal(turns[0].key.b, turns[1].key.b, CRYPT_KEY);
    struct key secret;
    assert_int_equal(keyring_secret(goes, f->next_leaf - 31, &secret, NULL), 0);
    assert_int_equal(keyring_secret(goes, f->next_leaf - 1, &secret, NULL), ERR_ABSENT);
    assert_int_equal(keyring_secret(stays, f->next_leaf - 31, &secret, NULL), 0);
    assert_int_equal(fixture_check(f, NULL), 0);
}

/* A turn that no commit names: the keys before it open what the log names. */
static void a_turn_that_was_not_committed(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_drop) struct keyring *k = NULL;
    uint64_t version;
    struct hash digest;
    fixture_commit(f, 10, 0);
    keyring_table(f->keyring, &version, &digest);
    const struct keyring_reader readers[] = {reader_at(&f->id, 2)};
    const struct keyring_turning t = {.readers = readers,
                                      .count = 1,
                                      .before = readers,
                                      .before_count = 1,
                                      .leaf = f->next_leaf,
                                      .compartment = true,
                                      .log = true};
    assert_int_equal(keyring_turn(f->keyring, &t, NULL), 0);
    const struct keyring_trust trust = {&f->id.member, 1, 1};
    struct keyring_place place = {.root = f->root.s, .trust = &trust};
    memcpy(place.compartment, f->id.holdings[0].compartment, KEYRING_ID);
    assert_int_equal(keyring_open_among(&place, &f->id, version, &k, NULL), 0);
    assert_memory_equal(keyring_log_seed(k)->b, f->log_seed.b, CRYPT_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_more_reader, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_turn, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_turn_that_was_not_committed, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
