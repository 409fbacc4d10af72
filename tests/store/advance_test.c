/* Members who forget: after an erasure nothing in a present key file opens a copy from before. */
#include "rooms.h"

#include "base/clock.h"

static const struct thing THINGS[] = {
    {"one", 't', 300, 1}, {"two", 't', 300, 2}, {"three", 't', 300, 3}, {"four", 't', 300, 4}};

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

/* Any seed of the key file against the copy's boxes of a compartment; NULL: the first. */
static int opens_in(struct fixture *f, const char *copy, const struct keyring_identity *id, const uint8_t *compartment)
{
    struct file_path path;
    struct keyring *k = NULL;
    struct keyring_trust trust = {&id->member, 1, 1};
    fixture_path(f, copy, &path);
    struct keyring_place place = {.root = path.s, .trust = &trust};
    memcpy(place.compartment, compartment != NULL ? compartment : id->holdings[0].compartment, KEYRING_ID);
    int rc = keyring_open_among(&place, id, UINT64_MAX, &k, NULL);
    keyring_close(k);
    return rc;
}

static int opens(struct fixture *f, const char *copy, const struct keyring_identity *id)
{
    return opens_in(f, copy, id, NULL);
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
        assert_int_equal(after.holdings[0].count, 1);
        assert_int_equal(not_advanced(f, STORE_READ), 0);
        assert_int_equal(not_advanced(f, STORE_PUBLIC), 0);
        fixture_remove(f, "copy");
        fixture_whole(f);
    }
    assert_int_equal(f->verified.erased, 3);
}

/* Whoever came after it has nothing to forget of it; of the next one she has. */
static void who_came_later(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity later = {.holding_count = 0};
    key_file_back(f);
    by_key_file(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    store_close(s);
    erase_one(f, 0);
    rooms_asks(f, &later);
    rooms_done(f, rooms_added(&later, STATEMENT_INVESTIGATOR), NULL);
    assert_int_equal(not_advanced(f, STORE_READ), 0);
    assert_int_equal(not_advanced(f, STORE_PUBLIC), 0);
    erase_one(f, 1);
    assert_int_equal(not_advanced(f, STORE_READ), 1);
    assert_int_equal(not_advanced(f, STORE_PUBLIC), 1);
    fixture_whole(f);
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
    assert_int_equal(after.holdings[0].count, 1);
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
        assert_int_equal(after.holdings[0].count, 1);
    }
    fixture_whole(f);
}

/* What was erased in one compartment, an older copy opened by keys that received for all of them. */
static void in_every_compartment(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity before = {.holding_count = 0}, after = {.holding_count = 0};
    uint8_t room[STATEMENT_ID];
    key_file_back(f);
    rooms_makes(f, room);
    rooms_takes_in(f, "in the first", 3000, 1);
    by_key_file(f);
    f->place.compartment = ROOMS_SECOND;
    rooms_takes_in(f, "in the second", 3000, 2);
    rooms_takes_in(f, "more in the second", 3000, 3);
    copy(f);
    load(f, &before);
    erase_one(f, 0);
    load(f, &after);
    assert_true(opens(f, "copy", &before) == 0 && opens_in(f, "copy", &before, room) == 0);
    assert_int_equal(opens(f, "copy", &after), ERR_KEY);
    assert_int_equal(opens_in(f, "copy", &after, room), ERR_KEY);
    assert_int_equal(after.holdings[0].count, 1);
    fixture_whole(f);
    assert_int_equal(f->verified.erased, 1);
    f->place.compartment = NULL;
    fixture_whole(f);
    assert_int_equal(f->verified.erased, 0);
    assert_int_equal(not_advanced(f, STORE_READ), 0);
    /* A third one, made afterwards, is boxed to what she published. */
    struct statement more = rooms_about(STATEMENT_COMPARTMENT, (const uint8_t[STATEMENT_ID]){3}, NULL);
    rooms_done(f, more, "the third room");
    f->place.compartment = "the third room";
    rooms_takes_in(f, "in the third", 3000, 4);
    fixture_whole(f);
}

/* Asked for in the second room, and cut off behind the first record. */
static void cut_off(struct fixture *f)
{
    uint64_t request, erased;
    struct index_statement_row row;
    fixture_keep(f, "before it");
    for (unsigned effect = 5;; effect += 3) {
        fixture_back(f, "before it");
        struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, NULL), 0);
        const struct statement_range leaf = {row.leaf + 1, row.leaf + 1};
        assert_int_equal(store_erase_ask(s, &leaf, 1, "w", &request, &f->e), 0);
        fixture_calm();
        fixture_die_at(effect);
        int rc = store_erase_carry_out(s, request, &erased, &f->e);
        store_close(s);
        fixture_calm();
        assert_int_not_equal(rc, 0); /* it was not caught between the two records */
        s = fixture_open(f, STORE_READ);
        bool pending = store_erase_pending(s, true) != NULL;
        store_close(s);
        if (pending)
            return;
    }
}

/* Until it is done nobody publishes, wherever she writes: her new key would open copies of what is not destroyed. */
static void not_while_one_waits(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity now = {.holding_count = 0};
    uint8_t room[STATEMENT_ID];
    key_file_back(f);
    rooms_makes(f, room);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "in the second", 3000, 2);
    erase_one(f, 0); /* by keys that were handed over: she has to publish still */
    rooms_takes_in(f, "more in the second", 3000, 3);
    cut_off(f);
    by_key_file(f);
    f->place.compartment = NULL;
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    fixture_told(f, "ERASE PENDING");
    rooms_takes_in(f, "in the first", 3000, 1);
    load(f, &now);
    assert_int_equal(now.holdings[0].count, 2);
    f->place.compartment = ROOMS_SECOND;
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
    fixture_told(f, "it is finished now");
    load(f, &now);
    assert_int_equal(now.holdings[0].count, 1);
    fixture_whole(f);
    assert_int_equal(f->verified.erased, 2);
}

/* Who was revoked meanwhile knows the pack key too: what is finished is finished under another one. */
static void without_who_was_revoked(void **state)
{
    struct fixture *f = *state;
    struct keyring_identity second;
    uint8_t room[STATEMENT_ID];
    const struct keyring_turn *turns;
    size_t count;
    key_file_back(f);
    rooms_makes(f, room);
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_done(f, rooms_about(STATEMENT_GRANTED, room, second.member.name), NULL);
    rooms_takes_in(f, "in the second", 3000, 2);
    rooms_as(f, &second, ROOMS_SECOND);
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    rooms_as(f, &f->id, ROOMS_SECOND);
    cut_off(f);
    f->place.compartment = NULL;
    struct statement revoked = {.kind = STATEMENT_REVOKED,
                                .at_unix_s = time_now_unix_s(),
                                .revoked = {.name = second.member.name, .reason = STATEMENT_LEFT}};
    rooms_done(f, revoked, NULL);
    f->place.compartment = ROOMS_SECOND;
    struct store *s = fixture_open(f, STORE_WRITE);
    keyring_turns(s->keyring, &turns, &count);
    assert_int_equal(count, 1);
    store_close(s);
    struct ledger_position now = fixture_where(f, STORE_WRITE);
    assert_int_equal(fixture_where(f, STORE_WRITE).leaves, now.leaves); /* nothing is left to be done */
    rooms_takes_in(f, "after it", 3000, 5);
    fixture_whole(f);
    rooms_as(f, &second, ROOMS_SECOND);
    assert_int_equal(fixture_try(f, STORE_READ), ERR_KEY);
    rooms_as(f, &f->id, NULL);
}

/* One lost file keeps nobody from writing, nor from writing somebody off; who has lost it gets no new keys. */
static void a_receiving_key_is_lost(void **state)
{
    struct fixture *f = *state;
    struct keyring_identity second, third;
    key_file_back(f);
    rooms_joins(f, &second, STATEMENT_ADMINISTRATOR);
    rooms_joins(f, &third, STATEMENT_INVESTIGATOR);
    by_key_file(f);
    rooms_takes_in(f, "one", 3000, 2);
    erase_one(f, 0);
    fixture_remove(f, "a/keys/receiving");
    fixture_remove(f, "b/keys/receiving");
    buf_clear(&f->told);
    rooms_takes_in(f, "two", 3000, 3);
    fixture_told_nothing(f);
    rooms_as(f, &second, NULL);
    rooms_done(f,
               (struct statement){.kind = STATEMENT_REVOKED,
                                  .at_unix_s = time_now_unix_s(),
                                  .revoked = {.name = third.member.name, .reason = STATEMENT_LEFT}},
               NULL);
    fixture_told(f, "gets no keys");
    rooms_takes_in(f, "three", 3000, 4);
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED); /* the file is missing still, and no item */
    assert_int_equal(f->verified.erased, 1);
    by_key_file(f);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, NULL);
    rooms_as(f, &f->id, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(who_came_later),
        FIXTURE_TEST(the_one_who_erases),
        FIXTURE_TEST(who_did_not_come_by_key_file),
        FIXTURE_TEST(every_moment_of_a_return),
        FIXTURE_TEST(in_every_compartment),
        FIXTURE_TEST(not_while_one_waits),
        FIXTURE_TEST(without_who_was_revoked),
        FIXTURE_TEST(a_receiving_key_is_lost),
    };
    return FIXTURE_RUN(tests);
}
