/* Compartments: each with items, numbers, packs and keys of its own; who holds one, and what follows when not. */
#include "rooms.h"

#include "base/clock.h"
#include "../base/thorough.h"

struct seen {
    struct store_compartment list[4];
    size_t count;
};

static int see(void *context, const struct store_compartment *c, struct err *e)
{
    struct seen *seen = context;
    (void)e;
    assert_true(seen->count < COUNT(seen->list));
    seen->list[seen->count++] = *c;
    return 0;
}

/* The compartment at this place, as the one who is set sees it. */
static struct store_compartment look(struct fixture *f, size_t at)
{
    struct seen seen = {.count = 0};
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(store_compartments(s, see, &seen, &f->e), 0);
    store_close(s);
    assert_true(at < seen.count);
    return seen.list[at];
}

static uint64_t items(struct fixture *f)
{
    return fixture_sums(f).items;
}

static void each_whole(struct fixture *f, const struct keyring_identity *id, const char *const *names)
{
    for (; *names != NULL; names++) {
        rooms_as(f, id, *names);
        if (fixture_verify(f, STORE_CHECK) != 0 || fixture_audit(f, true) != 0)
            fail_msg("%s: %s", *names, buf_text(&f->lines));
    }
    rooms_as(f, id, NULL);
}

static const char *const BOTH[] = {"main", ROOMS_SECOND, NULL};

/* Packs of several sizes in turns, so that each has an open pack while the other seals some. */
static void each_has_its_own(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STATEMENT_ID];
    rooms_makes(f, id);
    for (uint64_t i = 0; i < 3; i++) {
        rooms_as(f, &f->id, NULL);
        rooms_takes_in(f, "first", 900000, 10 + i);
        rooms_as(f, &f->id, ROOMS_SECOND);
        rooms_takes_in(f, "second", i == 1 ? 2500000 : 700000, 20 + i);
    }
    assert_int_equal(items(f), 3);
    struct index_sums sums = fixture_sums(f);
    assert_int_equal(sums.next_receipt, 4); /* numbered by itself */
    rooms_as(f, &f->id, NULL);
    rooms_takes_in(f, "once more", 1000, 30);
    assert_int_equal(items(f), 4);
    each_whole(f, &f->id, BOTH);
    assert_true(f->verified.elsewhere > 0 && f->verified.elsewhere < f->verified.hidden);
    for (const char *const *name = BOTH; *name != NULL; name++) {
        rooms_as(f, &f->id, *name);
        fixture_whole(f);
    }
    rooms_as(f, &f->id, NULL);
    f->place.identity = NULL;
    assert_int_equal(fixture_audit(f, false), 0); /* all of it without keys */
    rooms_as(f, &f->id, NULL);
    assert_int_equal(fixture_repair(f), 0);
    assert_int_equal(f->words.n, 0);
}

/* What a crash left in one compartment's packs is its own writer's to cut off, and nobody else's. */
static void what_is_left_over(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STATEMENT_ID];
    rooms_makes(f, id);
    rooms_takes_in(f, "first", 5000, 1);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "second", 5000, 2);
    struct file_path of_first, of_second;
    fixture_first(f, "vault/000", "000000", &of_first);
    fixture_first(f, "b/open", "2", &of_second);
    const uint64_t first = fixture_size(f, of_first.s), second = fixture_size(f, of_second.s);
    OWN(buf_drop) struct buf more = {0};
    memset(buf_more(&more, VAULT_SECTOR), 'x', VAULT_SECTOR);
    fixture_append(f, of_first.s, buf_bytes(&more));
    fixture_append(f, of_second.s, buf_bytes(&more));
    rooms_takes_in(f, "third", 100, 3);
    assert_true(fixture_size(f, of_first.s) == first + VAULT_SECTOR);
    assert_true(fixture_size(f, of_second.s) >= second);
    rooms_as(f, &f->id, NULL);
    rooms_takes_in(f, "fourth", 100, 4);
    each_whole(f, &f->id, BOTH);
}

static void names(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STATEMENT_ID];
    char hex[2 * STATEMENT_ID + 1], longest[KEYRING_CALLED_MAX + 2];
    rooms_makes(f, id);
    hex_put(hex, id, STATEMENT_ID);
    struct store *s = fixture_open(f, STORE_WRITE);
    memset(longest, 'n', sizeof longest);
    longest[KEYRING_CALLED_MAX + 1] = 0;
    fixture_says(f, store_compartment_called(s, longest, &f->e), ERR_USAGE, "1 to 255 bytes", NULL);
    longest[KEYRING_CALLED_MAX] = 0;
    assert_int_equal(store_compartment_called(s, longest, &f->e), 0);
    fixture_says(f, store_compartment_called(s, "", &f->e), ERR_USAGE, "one line", NULL);
    fixture_says(f, store_compartment_called(s, "a\nb", &f->e), ERR_USAGE, "one line", NULL);
    fixture_says(f, store_compartment_called(s, "e\xcc\x81", &f->e), ERR_USAGE, "one line", NULL);
    fixture_says(f, store_compartment_called(s, hex, &f->e), ERR_REFUSED, "give another name", NULL);
    store_close(s);
    uint8_t other[STATEMENT_ID];
    crypt_random(other, STATEMENT_ID);
    rooms_done(f, rooms_about(STATEMENT_COMPARTMENT, other, NULL), longest);
    rooms_as(f, &f->id, longest);
    fixture_whole(f);
    rooms_as(f, &f->id, hex); /* by its id */
    fixture_whole(f);
    rooms_as(f, &f->id, "another");
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "no compartment called another", NULL);
    rooms_as(f, &f->id, ROOMS_SECOND);
    struct store_compartment c = look(f, 1);
    assert_true(c.held && c.here && c.holders == 1 && !c.turn_due && !c.sheets);
    assert_memory_equal(c.id, id, STATEMENT_ID);
    rooms_as(f, &f->id, NULL);
}

/* Somebody else's has the same name, and is granted: nothing is read or written in one that may not be meant. */
static void two_of_one_name(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    uint8_t hers[STATEMENT_ID], id[STATEMENT_ID];
    char hex[2 * STATEMENT_ID + 1];
    rooms_joins(f, &second, STATEMENT_ADMINISTRATOR);
    crypt_random(hers, STATEMENT_ID);
    rooms_as(f, &second, NULL);
    rooms_done(f, rooms_about(STATEMENT_COMPARTMENT, hers, NULL), ROOMS_SECOND);
    rooms_makes(f, id);
    rooms_as(f, &second, ROOMS_SECOND);
    rooms_done(f, rooms_about(STATEMENT_GRANTED, hers, f->id.member.name), NULL);
    rooms_as(f, &f->id, ROOMS_SECOND);
    fixture_says(f, fixture_try(f, STORE_WRITE), ERR_USAGE, "two compartments that you hold are called", NULL);
    hex_put(hex, id, STATEMENT_ID);
    rooms_as(f, &f->id, hex);
    rooms_takes_in(f, "mine", 3000, 1);
    assert_int_equal(items(f), 1);
    hex_put(hex, hers, STATEMENT_ID);
    rooms_as(f, &f->id, hex);
    assert_int_equal(items(f), 0);
    rooms_as(f, &f->id, NULL);
}

/* Who does not hold it acts about it all the same; what follows among its keys is done by who does, and writes next. */
static void waits_for_a_holder(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second, third;
    uint8_t id[STATEMENT_ID];
    rooms_joins(f, &second, STATEMENT_ADMINISTRATOR);
    rooms_joins(f, &third, STATEMENT_INVESTIGATOR);
    rooms_makes(f, id);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "before", 3000, 1);
    rooms_as(f, &second, NULL);
    struct store_compartment c = look(f, 1);
    assert_true(!c.held && c.name == NULL && c.holders == 1);
    rooms_as(f, &second, ROOMS_SECOND);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "you hold no compartment", NULL);
    rooms_as(f, &second, NULL);
    rooms_done(f, rooms_about(STATEMENT_GRANTED, id, third.member.name), NULL);
    rooms_as(f, &third, ROOMS_SECOND);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "no key boxed", NULL);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "between", 3000, 2);
    rooms_as(f, &third, ROOMS_SECOND);
    assert_int_equal(items(f), 2);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    rooms_takes_in(f, "hers", 3000, 3);

    rooms_as(f, &second, NULL); /* she is arrested, and whoever is there writes her off */
    struct statement act = {.kind = STATEMENT_REVOKED, .at_unix_s = time_now_unix_s()};
    act.revoked.name = third.member.name;
    act.revoked.reason = STATEMENT_ARRESTED;
    rooms_done(f, act, NULL);
    assert_true(look(f, 1).turn_due && !look(f, 0).turn_due);
    const struct note_key signers[] = {f->id.member, second.member, third.member};
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "after", 3000, 4);
    assert_false(look(f, 1).turn_due);
    const struct keyring_trust trust = {signers, 3, 2};
    struct keyring_place place = {.root = f->root.s, .trust = &trust};
    struct keyring *k = NULL;
    memcpy(place.compartment, id, KEYRING_ID);
    assert_int_equal(keyring_open_among(&place, &third, UINT64_MAX, &k, NULL), ERR_KEY);
    assert_int_equal(keyring_open_among(&place, &f->id, UINT64_MAX, &k, NULL), 0);
    assert_int_equal(keyring_epoch(k), 2);
    keyring_close(k);
    assert_int_equal(items(f), 4);
    each_whole(f, &f->id, BOTH);
}

/* Without the bytes of what comes after: her keys, kept, open what was there and nothing else. */
static void what_she_may_have_kept(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    uint8_t id[STATEMENT_ID];
    struct key secret;
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    rooms_makes(f, id);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "before", 3000, 1);
    rooms_done(f, rooms_about(STATEMENT_GRANTED, id, second.member.name), NULL);
    const struct note_key signers[] = {f->id.member, second.member};
    const struct keyring_trust trust = {signers, 2, 1};
    struct keyring_place place = {.root = f->root.s, .trust = &trust};
    struct keyring *kept = NULL, *none = NULL;
    memcpy(place.compartment, id, KEYRING_ID);
    assert_int_equal(keyring_open_among(&place, &second, UINT64_MAX, &kept, NULL), 0);
    uint64_t leaf = fixture_where(f, STORE_READ).leaves;
    rooms_done(f, rooms_about(STATEMENT_UNGRANTED, id, second.member.name), NULL);
    rooms_takes_in(f, "after", 3000, 2);
    uint64_t end = fixture_where(f, STORE_READ).leaves;
    unsigned opened = 0;
    for (uint64_t i = 0; i < end; i++) {
        bool opens = keyring_secret(kept, i, &secret, NULL) == 0;
        opened += opens;
        assert_true(!opens || i < leaf);
    }
    assert_true(opened >= 3);
    assert_int_equal(keyring_open_among(&place, &second, UINT64_MAX, &none, NULL), ERR_KEY);
    keyring_close(kept);
    assert_false(look(f, 1).turn_due);
    each_whole(f, &f->id, BOTH);
}

/* Sheets open what its holder has written in since they were made. */
static void sheets(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STATEMENT_ID];
    rooms_makes(f, id);
    for (unsigned again = 0; again < 2; again++) {
        struct store_sheets x;
        rooms_as(f, &f->id, NULL);
        struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(store_sheets_make(s, 1, 1, &x, &f->e), 0);
        assert_int_equal(store_sheets_commit(s, &x, &f->e), 0);
        store_close(s);
        store_sheets_release(&x);
        assert_true(look(f, 0).sheets && !look(f, 1).sheets);
        rooms_as(f, &f->id, ROOMS_SECOND);
        fixture_try(f, STORE_WRITE);
        assert_true(look(f, 0).sheets && look(f, 1).sheets);
    }
    uint64_t leaves = fixture_where(f, STORE_READ).leaves;
    fixture_try(f, STORE_WRITE);
    assert_true(fixture_where(f, STORE_READ).leaves == leaves); /* nothing is left to do */
    each_whole(f, &f->id, BOTH);
}

/* ---- the process ends at every effect; at every third of them where that is enough ---- */

struct ending {
    const char *compartment; /* in which the act is done */
    struct statement act;
    const char *name;
};

/* What is there then is what was before the act or after it; the next writers of each finish what is left. */
static void ends_at_every_effect(struct fixture *f, const struct ending *x, const char *const *whole)
{
    fixture_keep(f, "kept");
    for (unsigned at = 1;; at += every(1, 3)) {
        struct statement act = x->act;
        fixture_back(f, "kept");
        fixture_calm();
        rooms_as(f, &f->id, x->compartment);
        fixture_die_at(at);
        int rc = rooms_acts(f, &act, x->name);
        unsigned effects = fixture_effects();
        fixture_calm();
        for (const char *const *name = BOTH; *name != NULL; name++) {
            rooms_as(f, &f->id, *name);
            rc = fixture_try(f, STORE_WRITE);
            if (rc != 0 && strcmp(*name, ROOMS_SECOND) == 0 && x->name != NULL)
                fixture_says(f, rc, ERR_KEY, "no compartment called", NULL); /* it was not made */
            else if (rc != 0)
                fail_msg("effect %u: %s", at, f->e.text);
            if (rc != 0)
                continue;
            if (fixture_verify(f, STORE_CHECK) != 0)
                fail_msg("effect %u, %s: %s", at, *name, buf_text(&f->lines));
        }
        if (effects < at)
            break;
    }
    each_whole(f, &f->id, whole);
}

static void ends_while_it_is_made(void **state)
{
    struct fixture *f = *state;
    struct ending x = {NULL, rooms_about(STATEMENT_COMPARTMENT, (const uint8_t[STATEMENT_ID]){7}, NULL), ROOMS_SECOND};
    ends_at_every_effect(f, &x, BOTH);
}

static void ends_while_it_is_granted(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    uint8_t id[STATEMENT_ID];
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    rooms_makes(f, id);
    struct ending x = {ROOMS_SECOND, rooms_about(STATEMENT_GRANTED, id, second.member.name), NULL};
    ends_at_every_effect(f, &x, BOTH);
    rooms_as(f, &second, ROOMS_SECOND);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    rooms_as(f, &f->id, NULL);
}

static void ends_while_it_is_withdrawn(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    uint8_t id[STATEMENT_ID];
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    rooms_makes(f, id);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "something", 3000, 1);
    rooms_done(f, rooms_about(STATEMENT_GRANTED, id, second.member.name), NULL);
    struct ending x = {ROOMS_SECOND, rooms_about(STATEMENT_UNGRANTED, id, second.member.name), NULL};
    ends_at_every_effect(f, &x, BOTH);
    assert_false(look(f, 1).turn_due);
    rooms_as(f, &second, ROOMS_SECOND);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "you hold no compartment", NULL);
    rooms_as(f, &f->id, NULL);
}

/* A writer who has come by its keys, and does not hold it: what she signs in it does not count. */
static void signed_by_who_does_not_hold_it(void **state)
{
    struct fixture *f = *state;
    struct keyring_identity second;
    uint8_t id[STATEMENT_ID];
    rooms_makes(f, id);
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    rooms_as(f, &f->id, ROOMS_SECOND);
    struct store *s = fixture_open(f, STORE_WRITE);
    s->identity.member = second.member;
    s->identity.sign = second.sign;
    assert_int_equal(fixture_note(s, "as if she held it", &f->e), 0);
    store_close(s);
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "rule signer-compartment"));
    rooms_as(f, &f->id, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(each_has_its_own),
        FIXTURE_TEST(what_is_left_over),
        FIXTURE_TEST(names),
        FIXTURE_TEST(two_of_one_name),
        FIXTURE_TEST(waits_for_a_holder),
        FIXTURE_TEST(what_she_may_have_kept),
        FIXTURE_TEST(signed_by_who_does_not_hold_it),
        FIXTURE_TEST(sheets),
        FIXTURE_TEST(ends_while_it_is_made),
        FIXTURE_TEST(ends_while_it_is_granted),
        FIXTURE_TEST(ends_while_it_is_withdrawn),
    };
    return FIXTURE_RUN(tests);
}
