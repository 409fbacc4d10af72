/* The history of keys: who signs from which leaf on, and every event that does not follow. */
#include "model/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct scene {
    struct history h;
    struct note_key key[6]; /* 0: the founder; 1, 3: sheets; 2, 4: members; 5: anybody */
    struct hash shares[2];
    uint8_t entry[LEAF_ENTRY]; /* of the last event */
};

static void make_key(uint8_t seed, struct note_key *ret)
{
    struct key s = {{seed}};
    uint8_t public_key[CRYPT_PUBLIC];
    char name[64];
    snprintf(name, sizeof name, "example.org/m/0000000%u", seed);
    crypt_sign_public(&s, public_key);
    assert_int_equal(note_key_make(name, public_key, ret, NULL), 0);
}

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct statement_founded founded = {.origin = "example.org"};
    for (uint8_t i = 0; i < COUNT(s->key); i++)
        make_key(i, &s->key[i]);
    founded.member = s->key[0];
    founded.log = s->key[5];
    s->entry[0] = LEAF_PUBLIC;
    s->entry[5] = 77;
    assert_int_equal(history_begin(&s->h, &founded, s->entry, NULL), 0);
    *state = s;
    return crypt_start(NULL);
}

static int teardown(void **state)
{
    struct scene *s = *state;
    history_release(&s->h);
    free(s);
    return 0;
}

static struct statement sheets(struct scene *s, unsigned key)
{
    struct statement st = {.kind = STATEMENT_RECOVERY,
                           .at_unix_s = 1500000000 + key,
                           .recovery = {.event = {s->h.events + 1, s->h.last},
                                        .key = s->key[key],
                                        .epoch = 1,
                                        .needed = 1,
                                        .shares = s->shares,
                                        .share_count = 2}};
    history_set(&s->h.pin, &st.recovery, st.recovery.set);
    return st;
}

static struct statement member(struct scene *s, unsigned key)
{
    struct statement st = {.kind = STATEMENT_MEMBER,
                           .member = {.event = {s->h.events + 1, s->h.last}, .key = s->key[key]}};
    memcpy(st.member.set, s->h.sheets.set, STATEMENT_ID);
    return st;
}

static int take(struct scene *s, uint64_t leaf, const struct statement *st, struct err *e)
{
    s->entry[1] = (uint8_t)leaf;
    return history_take(&s->h, leaf, st, s->entry, e);
}

static void takes(struct scene *s, uint64_t leaf, const struct statement *st)
{
    struct err e = {0};
    if (take(s, leaf, st, &e) != 0)
        fail_msg("%s", e.text);
    assert_memory_equal(s->h.last.b, s->entry + 1, CRYPT_HASH);
}

/* Refused by this rule, and nothing is changed. */
static void refuses(struct scene *s, uint64_t leaf, const struct statement *st, const char *rule)
{
    struct err e = {0};
    struct history before = s->h;
    assert_int_equal(take(s, leaf, st, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, rule));
    assert_int_equal(s->h.count, before.count);
    assert_int_equal(s->h.events, before.events);
    assert_memory_equal(&s->h.last, &before.last, sizeof before.last);
    assert_memory_equal(&s->h.sheets, &before.sheets, sizeof before.sheets);
}

static void signs(struct scene *s, uint64_t leaf, unsigned key, int once)
{
    const struct history_span *span = history_at(&s->h, leaf);
    assert_memory_equal(span->keys[0].public_key, s->key[key].public_key, CRYPT_PUBLIC);
    assert_int_equal(span->count, once < 0 ? 1 : 2);
    if (once >= 0)
        assert_memory_equal(span->keys[1].public_key, s->key[once].public_key, CRYPT_PUBLIC);
}

static void who_signs_where(void **state)
{
    struct scene *s = *state;
    signs(s, 0, 0, -1);
    signs(s, UINT64_MAX, 0, -1);
    struct statement st = sheets(s, 1);
    takes(s, 10, &st);
    uint8_t first[STATEMENT_ID];
    memcpy(first, s->h.sheets.set, STATEMENT_ID);
    signs(s, 10, 0, -1); /* the sheets count behind their own leaf */
    signs(s, 11, 0, 1);
    st = member(s, 2);
    takes(s, 20, &st);
    assert_true(s->h.sheets.spent);
    signs(s, 10, 0, -1);
    signs(s, 20, 0, 1);
    signs(s, 21, 2, -1);
    st = sheets(s, 3);
    takes(s, 21, &st);
    assert_false(s->h.sheets.spent);
    assert_true(history_sheets_earlier(&s->h, first));
    assert_false(history_sheets_earlier(&s->h, s->h.sheets.set));
    st = member(s, 4);
    takes(s, 22, &st);
    signs(s, 21, 2, -1);
    signs(s, 22, 2, 3);
    signs(s, 23, 4, -1);
    assert_memory_equal(history_member(&s->h)->public_key, s->key[4].public_key, CRYPT_PUBLIC);
    assert_int_equal(s->h.events, 4);
}

static void newer_sheets_replace_older_ones(void **state)
{
    struct scene *s = *state;
    struct statement st = sheets(s, 1);
    takes(s, 10, &st);
    struct statement by_old = member(s, 2);
    st = sheets(s, 3);
    takes(s, 11, &st);
    signs(s, 12, 0, 3);
    by_old.member.event = (struct statement_event){s->h.events + 1, s->h.last};
    refuses(s, 12, &by_old, "rule member-set");
    st = member(s, 2);
    takes(s, 12, &st);
}

static void once_only(void **state)
{
    struct scene *s = *state;
    struct statement st = member(s, 2);
    refuses(s, 5, &st, "rule member-set"); /* no sheets yet */
    st = sheets(s, 1);
    takes(s, 10, &st);
    st = member(s, 2);
    takes(s, 11, &st);
    st = member(s, 4);
    refuses(s, 12, &st, "rule member-set");
}

static void a_place_that_does_not_follow(void **state)
{
    struct scene *s = *state;
    struct statement st = sheets(s, 1);
    st.recovery.event.number++;
    refuses(s, 10, &st, "rule event-place");
    st.recovery.event.number = 0;
    refuses(s, 10, &st, "rule event-place");
    st = sheets(s, 1);
    st.recovery.event.prev.b[31] ^= 1;
    refuses(s, 10, &st, "rule event-place");
    st = sheets(s, 1);
    takes(s, 10, &st);
    st = member(s, 2);
    refuses(s, 10, &st, "rule event-place"); /* not behind the one before */
    takes(s, 11, &st);
}

static void keys_that_were_there_before(void **state)
{
    struct scene *s = *state;
    struct statement st = sheets(s, 0);
    refuses(s, 10, &st, "rule event-key");
    st = sheets(s, 1);
    takes(s, 10, &st);
    for (unsigned key = 0; key <= 1; key++) {
        st = member(s, key);
        refuses(s, 11, &st, "rule event-key");
    }
    st = member(s, 2);
    takes(s, 11, &st);
    for (unsigned key = 0; key <= 2; key++) {
        st = sheets(s, key);
        refuses(s, 12, &st, "rule event-key");
    }
}

/* The id binds pin, checkpoint, keys and numbers: a sheet of another repository names another set. */
static void the_id_of_a_set(void **state)
{
    struct scene *s = *state;
    const struct statement st = sheets(s, 1);
    struct statement other[8];
    for (size_t i = 0; i < COUNT(other); i++)
        other[i] = st;
    other[0].recovery.leaves++;
    other[1].recovery.root.b[0] ^= 1;
    other[2].recovery.key = s->key[5];
    other[3].recovery.receiving[9] ^= 1;
    other[4].recovery.needed = 2;
    other[5].recovery.share_count = 1;
    other[6].recovery.set[15] ^= 1;
    other[7].recovery.leaves = 11; /* later than itself */
    history_set(&s->h.pin, &other[7].recovery, other[7].recovery.set);
    for (size_t i = 0; i < COUNT(other); i++)
        refuses(s, 10, &other[i], "rule recovery-set");
    struct hash pin = s->h.pin;
    uint8_t set[STATEMENT_ID];
    pin.b[7] ^= 1;
    history_set(&pin, &st.recovery, set);
    assert_memory_not_equal(set, st.recovery.set, STATEMENT_ID);
    takes(s, 10, &st);
}

static struct statement cosigners(struct scene *s, const char *policy)
{
    return (struct statement){.kind = STATEMENT_COSIGNERS,
                              .cosigners = {.event = {s->h.events + 1, s->h.last}, .policy = policy}};
}

/* The newest policy counts; who signs statements does not change; and the chain is one with that of the sheets. */
static void cosigners_are_events(void **state)
{
    struct scene *s = *state;
    char vkey[NOTE_VKEY_MAX], one[512], two[1024];
    struct key seed = {{9}};
    struct note_key cosigner;
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(&seed, public_key);
    assert_int_equal(note_cosigner_make("c.example/cosigner", public_key, &cosigner, NULL), 0);
    note_key_text(&s->key[5], vkey);
    snprintf(one, sizeof one, "log %s\nquorum none\n", vkey);
    char line[NOTE_VKEY_MAX];
    note_key_text(&cosigner, line);
    snprintf(two, sizeof two, "log %s\nwitness c %s\ngroup cosigners 1 c\nquorum cosigners\n", vkey, line);
    struct statement st = cosigners(s, one);
    assert_null(s->h.policy);
    takes(s, 10, &st);
    assert_int_equal(s->h.policy->nodes, 0);
    assert_int_equal(s->h.count, 1);
    signs(s, 11, 0, -1);
    st = cosigners(s, two);
    refuses(s, 10, &st, "rule event-place"); /* not behind the one before */
    takes(s, 11, &st);
    assert_int_equal(s->h.policy->cosigners, 1);
    assert_int_equal(s->h.policy_leaf, 11);
    st = sheets(s, 1);
    refuses(s, 11, &st, "rule event-place");
    takes(s, 12, &st);
    st = cosigners(s, one);
    refuses(s, 12, &st, "rule event-place");
    st.cosigners.event.number--;
    refuses(s, 13, &st, "rule event-place");
    st = cosigners(s, one);
    takes(s, 13, &st);
    assert_int_equal(s->h.events, 4);
    signs(s, 14, 0, 1);
}

static void a_policy_of_another_log(void **state)
{
    struct scene *s = *state;
    char vkey[NOTE_VKEY_MAX], text[512];
    note_key_text(&s->key[4], vkey);
    snprintf(text, sizeof text, "log %s\nquorum none\n", vkey);
    struct statement st = cosigners(s, text);
    refuses(s, 10, &st, "rule cosigners-log");
    st = cosigners(s, "quorum none\n");
    refuses(s, 10, &st, "rule cosigners-log");
    st = cosigners(s, "quorum nobody\n");
    refuses(s, 10, &st, "line 1 of the policy");
    assert_null(s->h.policy);
}

static void other_kinds_are_no_events(void **state)
{
    struct scene *s = *state;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind++) {
        struct statement st = {.kind = (enum statement_kind)kind};
        if (history_is_event(st.kind))
            continue;
        assert_int_equal(take(s, 10, &st, NULL), 0);
        assert_int_equal(s->h.events, 0);
    }
}

int main(void)
{
#define HISTORY_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(who_signs_where),
        HISTORY_TEST(newer_sheets_replace_older_ones),
        HISTORY_TEST(once_only),
        HISTORY_TEST(a_place_that_does_not_follow),
        HISTORY_TEST(keys_that_were_there_before),
        HISTORY_TEST(the_id_of_a_set),
        HISTORY_TEST(cosigners_are_events),
        HISTORY_TEST(a_policy_of_another_log),
        HISTORY_TEST(other_kinds_are_no_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
