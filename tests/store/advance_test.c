/* Members who forget: after an erasure nothing in a present key file opens a copy from before. */
#include "fixture.h"

#include "base/clock.h"

static const struct thing THINGS[] = {{"one", 't', 300, 1}, {"two", 't', 300, 2}, {"three", 't', 300, 3},
                                      {"four", 't', 300, 4}};

static int passphrase(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    (void)context, (void)key_path;
    buf_put_text(ret, FIXTURE_PASSPHRASE);
    return buf_check(ret, e);
}

/* As it was founded: the test before may have written it anew. */
static void key_file_back(struct fixture *f)
{
    assert_int_equal(keyring_identity_save(f->key.s, &f->id, bytes_text(FIXTURE_PASSPHRASE), true, &f->e), 0);
}

/* With a key file, which can be written anew. */
static void by_key_file(struct fixture *f)
{
    f->place.identity = NULL;
    f->place.passphrase = passphrase;
}

static void erase_one(struct fixture *f, unsigned number)
{
    struct index_statement_row row;
    uint64_t request, erased;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, NULL), 0);
    const struct statement_range leaf = {row.leaf + 1 + number, row.leaf + 1 + number};
    assert_int_equal(store_erase_ask(s, &leaf, 1, "w", &request, &f->e), 0);
    if (store_erase_carry_out(s, request, &erased, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
}

static int left(void *context, const struct history_member *m, struct err *e)
{
    (void)m, (void)e;
    ++*(unsigned *)context;
    return 0;
}

static unsigned not_advanced(struct fixture *f, enum store_manner manner)
{
    unsigned n = 0;
    struct store *s = fixture_open(f, manner);
    assert_int_equal(store_not_advanced(s, left, &n, &f->e), 0);
    store_close(s);
    return n;
}

static void load(struct fixture *f, struct keyring_identity *ret)
{
    assert_int_equal(keyring_identity_load(f->key.s, bytes_text(FIXTURE_PASSPHRASE), ret, &f->e), 0);
}

/* Any seed of the key file against the copy's boxes. */
static int opens(struct fixture *f, const char *copy, const struct keyring_identity *id)
{
    struct file_path path;
    struct keyring *k = NULL;
    struct keyring_trust trust = {&id->member, 1, 1};
    fixture_path(f, copy, &path);
    struct keyring_place place = {.root = path.s, .trust = &trust};
    memcpy(place.compartment, id->holdings[0].compartment, KEYRING_ID);
    int rc = keyring_open_among(&place, id, UINT64_MAX, &k, NULL);
    keyring_close(k);
    return rc;
}

/* What opens it, as it is now. */
static void copy(struct fixture *f)
{
    struct file_path path;
    fixture_path(f, "copy", &path);
    assert_int_equal(file_make_folder(path.s, &f->e), 0);
    fixture_copy(f, "a", "copy/a");
    fixture_copy(f, "b", "copy/b");
}

static void the_one_who_erases(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity before = {.holding_count = 0}, after = {.holding_count = 0};
    key_file_back(f);
    by_key_file(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    store_close(s);
    for (unsigned turn = 0; turn < 3; turn++) {
        copy(f);
        load(f, &before);
        assert_int_equal(opens(f, "copy", &before), 0);
        erase_one(f, turn);
        load(f, &after);
        assert_int_equal(opens(f, "copy", &after), ERR_KEY); /* the copy, by what is there now */
        assert_int_equal(opens(f, "copy", &before), 0);      /* an old key file opens it still */
        assert_int_equal(after.holdings[0].seeds[0].epoch, turn + 2);
        assert_int_equal(not_advanced(f, STORE_READ), 0);
        assert_int_equal(not_advanced(f, STORE_PUBLIC), 0);
        fixture_remove(f, "copy");
        fixture_whole(f);
    }
    assert_int_equal(f->verified.erased, 3);
}

/* Keys that were handed over: no key file can be written, and she is told of until she comes with her own. */
static void who_did_not_come_by_key_file(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity after = {.holding_count = 0};
    key_file_back(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    store_close(s);
    copy(f);
    for (unsigned turn = 0; turn < 3; turn++) /* away for three epochs */
        erase_one(f, turn);
    assert_int_equal(not_advanced(f, STORE_READ), 1);
    assert_int_equal(not_advanced(f, STORE_PUBLIC), 1);
    load(f, &after);
    assert_int_equal(opens(f, "copy", &after), 0);
    by_key_file(f);
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    assert_int_equal(not_advanced(f, STORE_READ), 1); /* reading changes nothing */
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
    assert_int_equal(not_advanced(f, STORE_READ), 0);
    load(f, &after);
    assert_int_equal(opens(f, "copy", &after), ERR_KEY);
    assert_true(after.holdings[0].seeds[0].epoch == 4 && after.holdings[0].count == 2);
    fixture_whole(f);
    struct ledger_position now = fixture_where(f, STORE_WRITE);
    assert_int_equal(fixture_where(f, STORE_WRITE).leaves, now.leaves); /* once */
}

/* Whatever moment her return ends at, she comes in, and the next time it is done. */
static void every_moment_of_a_return(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity after = {.holding_count = 0};
    OWN(buf_drop) struct buf key_before = {0};
    key_file_back(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    store_close(s);
    erase_one(f, 0);
    erase_one(f, 1);
    by_key_file(f);
    fixture_keep(f, "before");
    assert_int_equal(file_read_all(f->key.s, 1 << 20, &key_before, NULL), 0);
    fixture_calm();
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
    unsigned effects = fixture_effects(), stride = getenv("GROUNDWORK_TORTURE") != NULL ? 1 : 7;
    assert_true(effects > 20);
    for (unsigned effect = 1 + (unsigned)getpid() % stride; effect <= effects; effect += stride) {
        fixture_back(f, "before");
        assert_int_equal(file_replace(f->key.s, buf_bytes(&key_before), 0600, NULL), 0);
        fixture_die_at(effect);
        (void)fixture_try(f, STORE_WRITE);
        fixture_calm();
        if (fixture_verify(f, STORE_CHECK) != 0)
            fail_msg("effect %u: %s", effect, buf_text(&f->lines));
        assert_int_equal(fixture_try(f, STORE_READ), 0);
        assert_int_equal(fixture_try(f, STORE_WRITE), 0);
        assert_int_equal(not_advanced(f, STORE_READ), 0);
        load(f, &after);
        assert_true(after.holdings[0].seeds[0].epoch == 3 && after.holdings[0].count == 2);
    }
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(the_one_who_erases),
        FIXTURE_TEST(who_did_not_come_by_key_file),
        FIXTURE_TEST(every_moment_of_a_return),
    };
    return FIXTURE_RUN(tests);
}
