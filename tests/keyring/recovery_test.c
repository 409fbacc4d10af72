/* Shares, the sheets as a reader, the passing on to a new member, and the events beside the journal. */
#include "fixture.h"

static const char NAME[] = "example.org/r/00000001";

static struct keyring_share drawn(struct fixture *f)
{
    struct keyring_share s = {.count = (uint8_t)(1 + chance_below(&f->chance, CRYPT_SHARES_MAX))};
    s.needed = (uint8_t)(1 + chance_below(&f->chance, s.count));
    s.index = (uint8_t)(1 + chance_below(&f->chance, s.count));
    chance_fill(&f->chance, s.set, KEYRING_ID);
    chance_fill(&f->chance, s.share.b, CRYPT_KEY);
    return s;
}

static void shares_round_trip(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++) {
        struct keyring_share s = drawn(f), read;
        uint8_t bytes[KEYRING_SHARE];
        struct hash a, b;
        keyring_share_put(&s, bytes);
        assert_int_equal(keyring_share_get(bytes, &read, NULL), 0);
        assert_true(read.needed == s.needed && read.count == s.count && read.index == s.index);
        assert_memory_equal(read.set, s.set, KEYRING_ID);
        assert_memory_equal(read.share.b, s.share.b, CRYPT_KEY);
        keyring_share_hash(&s, &a);
        keyring_share_hash(&read, &b);
        assert_true(hash_equal(&a, &b));
        size_t at = chance_below(&f->chance, KEYRING_SHARE);
        bytes[at] ^= (uint8_t)(1u << chance_below(&f->chance, 8));
        struct err e = {0};
        assert_int_equal(keyring_share_get(bytes, &read, &e), ERR_DAMAGED);
        fixture_no_secret_in(f, e.text);
    }
}

/* With a check that fits: versions and numbers that cannot be. */
static void shares_that_cannot_be(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t needed, count, index;
    } cases[] = {{0, 1, 1}, {2, 1, 1}, {1, 1, 2}, {1, 1, 0}, {1, CRYPT_SHARES_MAX + 1, 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct keyring_share s = drawn(f), read;
        uint8_t bytes[KEYRING_SHARE];
        s.needed = cases[i].needed;
        s.count = cases[i].count;
        s.index = cases[i].index;
        keyring_share_put(&s, bytes);
        assert_int_equal(keyring_share_get(bytes, &read, NULL), ERR_DAMAGED);
    }
}

static void recovery_of(uint8_t seed, struct keyring_recovery *ret)
{
    struct key secret = {{seed}};
    assert_int_equal(keyring_recovery_keys(&secret, NAME, ret, NULL), 0);
}

static struct keyring_place place_of(struct fixture *f)
{
    struct keyring_place p = {.root = f->root.s, .pin = f->id.pin, .epoch = 1, .member = &f->id.member};
    memcpy(p.compartment, f->id.holdings[0].compartment, KEYRING_ID);
    return p;
}

static void same_keys(const struct keyring *a, const struct keyring *b)
{
    assert_memory_equal(a->epoch_key.b, b->epoch_key.b, CRYPT_KEY);
    assert_memory_equal(a->log_seed.b, b->log_seed.b, CRYPT_KEY);
    assert_memory_equal(a->index.b, b->index.b, CRYPT_KEY);
    assert_memory_equal(a->pack.b, b->pack.b, CRYPT_KEY);
    assert_memory_equal(a->chunk.b, b->chunk.b, CRYPT_KEY);
}

static void the_sheets_open_and_no_others(void **state)
{
    struct fixture *f = *state;
    struct keyring_recovery mine, other;
    OWN(keyring_drop) struct keyring *k = NULL;
    struct err e = {0};
    const struct keyring_place place = place_of(f);
    recovery_of(1, &mine);
    recovery_of(2, &other);
    fixture_commit(f, 3, 0);
    assert_int_equal(keyring_recovery_open(&place, &mine, UINT64_MAX, &k, &e), ERR_KEY);
    assert_int_equal(keyring_recovery_wrap(f->keyring, &mine, NULL, NULL), 0);
    fixture_commit(f, 1, 0);
    assert_int_equal(keyring_recovery_open(&place, &mine, UINT64_MAX, &k, &e), 0);
    same_keys(k, f->keyring);
    struct keyring *none = NULL;
    other.key = mine.key; /* the name of the boxes, but not what opens them */
    assert_int_equal(keyring_recovery_open(&place, &other, UINT64_MAX, &none, &e), ERR_KEY);
    assert_non_null(strstr(e.text, "your keys do not open it"));
    struct keyring_place by_other = place;
    struct note_key stranger = mine.key;
    by_other.member = &stranger;
    assert_int_equal(keyring_recovery_open(&by_other, &mine, UINT64_MAX, &none, &e), ERR_KEY);
    assert_null(none);
    keyring_recovery_drop(&mine);
    keyring_recovery_drop(&other);
}

/* The boxes of the sheets before go with the commit. */
static void newer_sheets_take_the_place(void **state)
{
    struct fixture *f = *state;
    struct keyring_recovery first, second;
    OWN(keyring_drop) struct keyring *k = NULL;
    struct err e = {0};
    const struct keyring_place place = place_of(f);
    recovery_of(1, &first);
    struct key secret = {{2}};
    assert_int_equal(keyring_recovery_keys(&secret, "example.org/r/00000002", &second, NULL), 0);
    assert_int_equal(keyring_recovery_wrap(f->keyring, &first, NULL, NULL), 0);
    fixture_commit(f, 1, 0);
    assert_int_equal(keyring_recovery_wrap(f->keyring, &second, &first.key, NULL), 0);
    fixture_commit(f, 1, 0);
    assert_int_equal(keyring_recovery_open(&place, &first, UINT64_MAX, &k, &e), ERR_KEY);
    assert_int_equal(keyring_recovery_open(&place, &second, UINT64_MAX, &k, &e), 0);
    assert_int_equal(fixture_check(f, &e), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_int_equal(f->lines.n, 0);
    keyring_recovery_drop(&first);
    keyring_recovery_drop(&second);
}

static void a_new_member_takes_over(void **state)
{
    struct fixture *f = *state;
    struct keyring_recovery sheets;
    struct keyring *k = NULL;
    struct err e = {0};
    OWN(keyring_identity_drop) struct keyring_identity fresh = {0}, lost = f->id;
    recovery_of(1, &sheets);
    fixture_commit(f, 5, 0);
    assert_int_equal(keyring_recovery_wrap(f->keyring, &sheets, NULL, NULL), 0);
    fixture_commit(f, 1, 0);
    const struct keyring_place place = place_of(f);
    assert_int_equal(keyring_recovery_open(&place, &sheets, UINT64_MAX, &k, NULL), 0);
    keyring_close(f->keyring);
    f->keyring = k;
    assert_int_equal(keyring_identity_make(lost.origin, &fresh, NULL), 0);
    memcpy(fresh.holdings[0].compartment, lost.holdings[0].compartment, KEYRING_ID);
    fresh.pin = lost.pin;
    assert_int_equal(keyring_replace(k, &fresh, true, NULL), 0);
    f->id = fresh;
    fixture_log(f, bytes_of(NULL, 0));
    assert_int_equal(keyring_committed(k, bytes_of(NULL, 0), &e), 0);
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    fixture_commit(f, 3, 0);
    fixture_find_all(f);
    assert_int_equal(fixture_check(f, &e), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_int_equal(f->lines.n, 0);
    k = NULL;
    assert_int_equal(keyring_open(f->root.s, &lost, UINT64_MAX, &k, &e), ERR_KEY);
    assert_int_equal(keyring_recovery_open(&place, &sheets, UINT64_MAX, &k, &e), ERR_KEY);
    keyring_recovery_drop(&sheets);
}

static void events(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf said = {0};
    OWN(buf_drop) struct buf file = {0};
    struct err e = {0};
    uint64_t leaf = 0;
    assert_int_equal(keyring_event_read(f->root.s, 1, &leaf, &said, &e), ERR_ABSENT);
    assert_int_equal(keyring_event_write(f->keyring, 1, 77, bytes_text("a statement"), NULL), 0);
    fixture_commit(f, 1, 0);
    assert_int_equal(keyring_event_read(f->root.s, 1, &leaf, &said, &e), 0);
    assert_int_equal(leaf, 77);
    assert_true(bytes_equal(buf_bytes(&said), bytes_text("a statement")));
    assert_int_equal(fixture_check(f, &e), 0);

    fixture_get(f, 'a', "history/1", &file);
    fixture_put(f, 'a', "history/2", buf_bytes(&file)); /* under another number */
    assert_int_equal(keyring_event_read(f->root.s, 2, &leaf, &said, &e), ERR_DAMAGED);
    for (size_t i = 0; i < HEAD_BYTES; i++) {
        uint8_t was = file.p[i];
        file.p[i] ^= 1;
        fixture_put(f, 'a', "history/1", buf_bytes(&file));
        assert_int_equal(keyring_event_read(f->root.s, 1, &leaf, &said, &e), 0); /* by one of the copies */
        file.p[i] = was;
    }
    fixture_put(f, 'a', "history/1", bytes_of(file.p, HEAD_BYTES - 1));
    assert_int_equal(keyring_event_read(f->root.s, 1, &leaf, &said, &e), 0);
    fixture_remove(f, 'b', "history/1");
    assert_int_equal(keyring_event_read(f->root.s, 1, &leaf, &said, &e), ERR_DAMAGED);
}

/* What no commit names goes, and what one names stays. */
static void strays_among_the_events(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(keyring_event_write(f->keyring, 1, 5, bytes_text("committed"), NULL), 0);
    fixture_commit(f, 1, 0);
    fixture_put(f, 'a', "history/2", bytes_text("not committed"));
    fixture_put(f, 'b', "history/2", bytes_text("not committed"));
    assert_int_equal(fixture_strays(f), 0);
    assert_non_null(strstr(buf_text(&f->lines), "history/2 is named by no commit"));
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    assert_false(fixture_there(f, 'a', "history/2") || fixture_there(f, 'b', "history/2"));
    assert_true(fixture_there(f, 'a', "history/1") && fixture_there(f, 'b', "history/1"));
}

int main(void)
{
#define RECOVERY_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        RECOVERY_TEST(shares_round_trip),
        RECOVERY_TEST(shares_that_cannot_be),
        RECOVERY_TEST(the_sheets_open_and_no_others),
        RECOVERY_TEST(newer_sheets_take_the_place),
        RECOVERY_TEST(a_new_member_takes_over),
        RECOVERY_TEST(events),
        RECOVERY_TEST(strays_among_the_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
