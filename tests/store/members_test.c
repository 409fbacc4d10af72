/* Members: added, in other roles, revoked, with the keys that follow; alone and with the approval of others. */
#include "rooms.h"

#include "base/clock.h"

/* Somebody who asks to join, from what is public. */
static void asks(const struct fixture *f, uint64_t epoch, struct keyring_identity *ret)
{
    assert_int_equal(keyring_identity_make(f->id.origin, ret, NULL), 0);
    ret->pin = f->pin;
    memcpy(ret->holdings[0].compartment, f->id.holdings[0].compartment, KEYRING_ID);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        ret->holdings[0].seeds[i].epoch = epoch + i;
}

static struct statement revoked(const struct keyring_identity *id)
{
    return (struct statement){.kind = STATEMENT_REVOKED,
                              .revoked = {.name = id->member.name, .reason = STATEMENT_ARRESTED}};
}

static struct statement turned(const struct keyring_identity *id, enum statement_role role)
{
    return (struct statement){.kind = STATEMENT_ROLE, .role = {.name = id->member.name, .role = role}};
}

static int acts(struct fixture *f, struct statement *act, const char *name, struct store_acted *ret)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    int rc = store_act(s, act, name, ret, &f->e);
    store_close(s);
    return rc;
}

static void done(struct fixture *f, struct statement act, const char *name)
{
    struct store_acted a;
    if (acts(f, &act, name, &a) != 0)
        fail_msg("%s", f->e.text);
    assert_true(a.done);
}

/* The fixture opens as this member. */
static void as(struct fixture *f, const struct keyring_identity *id)
{
    f->place.identity = id;
}

/* On this computer the member has not seen the repository before. */
static void adopts(struct fixture *f, const struct keyring_identity *id)
{
    struct store_adopted adopted;
    as(f, id);
    if (store_adopt(&f->place, bytes_of("", 0), false, &adopted, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void notes(struct fixture *f, const char *text)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_note(s, text, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
}

static void a_second_member_writes(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const struct thing things[] = {{"hers", 'r', 50000, 7}};
    fixture_fill(f);
    asks(f, 1, &second);
    as(f, &second);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, NULL);
    as(f, &f->id);
    done(f, rooms_added(&second, STATEMENT_INVESTIGATOR), "A name");
    adopts(f, &second);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "her giver", things, COUNT(things), &f->e), 0);
    struct store_acted a;
    struct statement other = rooms_added(&second, STATEMENT_ANALYST);
    fixture_says(f, store_act(s, &other, NULL, &a, &f->e), ERR_REFUSED, "rule signer-role", NULL);
    store_close(s);
    fixture_whole(f);
    as(f, &f->id);
    fixture_whole(f);
    notes(f, "the founder again");
    fixture_whole(f);
}

static void an_analyst_takes_nothing_in(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const struct thing things[] = {{"hers", 'r', 5000, 7}};
    asks(f, 1, &second);
    done(f, rooms_added(&second, STATEMENT_ANALYST), NULL);
    adopts(f, &second);
    notes(f, "an analyst may");
    struct store *s = fixture_open(f, STORE_WRITE);
    fixture_says(f, fixture_intake(s, NULL, things, COUNT(things), &f->e), ERR_REFUSED, "rule signer-role", NULL);
    store_close(s);
    fixture_whole(f);
}

static void keyholders_and_auditors_open_nothing(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    asks(f, 1, &second);
    done(f, rooms_added(&second, STATEMENT_AUDITOR), NULL);
    as(f, &second);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "auditor", NULL);
    as(f, &f->id);
    done(f, turned(&second, STATEMENT_INVESTIGATOR), NULL); /* and now she does */
    adopts(f, &second);
    notes(f, "she writes");
    fixture_whole(f);
}

/* Leaf secrets of what is there now, by a keyring that was opened before. */
static bool reads(struct keyring *k, uint64_t leaf)
{
    struct key secret;
    return keyring_secret(k, leaf, &secret, NULL) == 0;
}

static uint64_t last_hidden(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_READ);
    struct index_statement_row row;
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_NOTE, &row, NULL), 0);
    store_close(s);
    return row.leaf;
}

static void a_writer_is_revoked(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const struct thing before[] = {{"before", 'r', 90000, 8}}, after[] = {{"after", 'r', 90000, 9}};
    OWN(keyring_drop) struct keyring *kept = NULL;
    asks(f, 1, &second);
    done(f, rooms_added(&second, STATEMENT_INVESTIGATOR), NULL);
    adopts(f, &second);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "g", before, 1, &f->e), 0);
    assert_int_equal(fixture_note(s, "hers", &f->e), 0);
    store_close(s);
    uint64_t early = last_hidden(f);
    const struct note_key both[] = {f->id.member, second.member};
    const struct keyring_trust trust = {both, 2, 1};
    struct keyring_place place = {.root = f->root.s, .trust = &trust};
    memcpy(place.compartment, f->id.holdings[0].compartment, KEYRING_ID);
    assert_int_equal(keyring_open_among(&place, &second, UINT64_MAX, &kept, NULL), 0);
    as(f, &f->id);
    struct statement act = revoked(&second);
    act.revoked.doubted = true;
    act.revoked.doubtful_from = early;
    struct store_acted a;
    assert_int_equal(acts(f, &act, NULL, &a), 0);
    assert_true(a.done && a.turned);
    fixture_whole(f);
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(s->history.logs.count, 2);
    assert_int_equal(fixture_intake(s, "g", after, 1, &f->e), 0);
    assert_int_equal(fixture_note(s, "not hers", &f->e), 0);
    store_close(s);
    fixture_whole(f);
    assert_true(reads(kept, early)); /* what she had she has */
    assert_false(reads(kept, last_hidden(f)));
    as(f, &second);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "revoked", "arrested", NULL);
    as(f, &f->id);
    /* Twice more, past the epochs that were published ahead. */
    for (int i = 0; i < 2; i++) {
        static struct keyring_identity more;
        asks(f, 2 + (uint64_t)i, &more);
        done(f, rooms_added(&more, STATEMENT_ANALYST), NULL);
        done(f, revoked(&more), NULL);
        notes(f, "and on");
        fixture_whole(f);
    }
}

static int any_item(void *context, const struct index_item *item, struct err *e)
{
    (void)e;
    *(uint64_t *)context = item->leaf;
    return 0;
}

static void views(struct fixture *f)
{
    uint64_t leaf = 0;
    struct err unlogged;
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, any_item, &leaf, &f->e), 0);
    const struct statement_range one = {leaf, leaf};
    const struct store_accessing a = {.act = "shown", .items = &one, .count = 1, .must_log = true};
    if (store_access(s, &a, &unlogged, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
}

static void accesses(struct fixture *f, uint64_t count)
{
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, count);
}

/* What she had shown while she stood is on the log; what waits elsewhere until she is gone does not come there. */
static void accesses_of_who_leaves(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    fixture_fill(f);
    asks(f, 1, &second);
    done(f, rooms_added(&second, STATEMENT_INVESTIGATOR), NULL);
    adopts(f, &second);
    views(f);
    views(f);
    as(f, &f->id);
    struct statement act = revoked(&second);
    struct store_acted a;
    assert_int_equal(acts(f, &act, NULL, &a), 0); /* what waits is taken over first, and moves no leaf */
    assert_true(a.done && a.turned);
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(s->history.last_leaf, a.leaf);
    store_close(s);
    accesses(f, 2);
    notes(f, "on the log, and its signer is gone");
    fixture_told_nothing(f);
    accesses(f, 2);
}

static void accesses_that_come_too_late(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    OWN(buf_drop) struct buf carried = {0};
    struct file_path name;
    fixture_fill(f);
    asks(f, 1, &second);
    done(f, rooms_added(&second, STATEMENT_INVESTIGATOR), NULL);
    adopts(f, &second);
    views(f);
    as(f, &f->id);
    notes(f, "the first one is on the log");
    as(f, &second);
    views(f);
    fixture_first(f, "spool", "", &name);
    fixture_get(f, name.s, &carried);
    fixture_remove(f, name.s);
    as(f, &f->id);
    done(f, revoked(&second), NULL);
    fixture_told_nothing(f);
    fixture_put(f, name.s, buf_bytes(&carried));
    notes(f, "it came back");
    fixture_told(f, "signed by a member who no longer signs: they do not go on the log");
    accesses(f, 1);
    assert_int_equal(fixture_repair(f), 0);
    assert_non_null(strstr(buf_text(&f->words), "signed by a member who no longer signs; what waited in it is not on"));
    fixture_told(f, "no longer signs");
    assert_int_equal(fixture_count(f, "quarantine", "unfit-spool-"), 1);
    notes(f, "and is not told again");
    fixture_told_nothing(f);
    accesses(f, 1);
}

/* A device is of who used it first: another member's records under its id are put on no log. */
static void a_device_of_two(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    struct file_path name, other;
    struct store_spool_of of;
    struct store_device d = {.any = false};
    OWN(buf_drop) struct buf text = {0};
    char hex[9], ending[32];
    fixture_fill(f);
    asks(f, 1, &second);
    done(f, rooms_added(&second, STATEMENT_INVESTIGATOR), NULL);
    adopts(f, &second);
    as(f, &f->id);
    views(f);
    fixture_first(f, "spool", "", &name);
    assert_true(store_spool_named(strchr(name.s, '/') + 1, &of));
    memcpy(d.id, of.b + 4, STATEMENT_ID);
    store_device_put(&d, &f->pin, &text);
    hex_put(hex, second.member.id, 4);
    (void)snprintf(ending, sizeof ending, "%s.device", hex);
    assert_int_equal(store_outside(&f->place, &f->pin, ending, &other, &f->e), 0);
    assert_int_equal(file_replace(other.s, buf_bytes(&text), 0600, &f->e), 0);
    as(f, &second);
    views(f);
    as(f, &f->id);
    for (int i = 0; i < 2; i++) { /* beside it, then behind it */
        notes(f, "takes one of the two");
        fixture_told(f, "is damaged");
        accesses(f, 1);
    }
    fixture_keep(f, "two");
    assert_int_equal(fixture_repair(f), 0);
    fixture_told(f, "is damaged");
    notes(f, "and is not told again");
    fixture_told_nothing(f);
    fixture_back(f, "two"); /* by a writer that did not ask */
    char spool[STORE_SPOOL_NAME];
    bool hers = memcmp(second.member.id, f->id.member.id, 4) < 0; /* they are taken by name */
    memcpy(of.b, hers ? f->id.member.id : second.member.id, 4);
    store_spool_name(&of, spool);
    assert_int_equal(file_path(&other, NULL, "spool/%s", spool), 0);
    fixture_force_access(f, other.s);
    assert_int_equal(fixture_verify(f, STORE_READ), ERR_DAMAGED);
    if (strstr(buf_text(&f->lines), "this record of an access is of another member's device") == NULL)
        fail_msg("%s", buf_text(&f->lines));
}

/* What the files beside the journal do not say, the journal does. */
static void events_that_are_lost(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const char *const files[] = {"a/keys/history/2", "b/keys/history/2", "a/keys/history/1", "b/keys/history/1"};
    asks(f, 1, &second);
    done(f, rooms_added(&second, STATEMENT_INVESTIGATOR), NULL);
    done(f, revoked(&second), NULL);
    notes(f, "after");
    for (size_t i = 0; i < COUNT(files); i++) {
        fixture_remove(f, files[i]);
        notes(f, "still");
    }
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    assert_int_equal(fixture_repair(f), 0);
    fixture_whole(f);
}

/* ---- several administrators ---- */

static void two_administrators(struct fixture *f, struct keyring_identity *second)
{
    struct store *s = NULL;
    asks(f, 1, second);
    done(f, rooms_added(second, STATEMENT_ADMINISTRATOR), NULL);
    adopts(f, second);
    as(f, &f->id);
    s = fixture_open(f, STORE_READ);
    assert_int_equal(history_administrators(store_history(s), UINT64_MAX), 2);
    store_close(s);
}

static void a_proposal_waits(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second, third;
    two_administrators(f, &second);
    asks(f, 1, &third);
    /* k of leaf 0 is 1 in this fixture: one is enough, and what was proposed nowhere cannot be approved. */
    struct store_acted a;
    struct store *s = fixture_open(f, STORE_WRITE);
    fixture_says(f, store_approve(s, 3, NULL, &a, &f->e), ERR_REFUSED, "no proposal", NULL);
    store_close(s);
    done(f, rooms_added(&third, STATEMENT_ANALYST), NULL);
    done(f, turned(&third, STATEMENT_INVESTIGATOR), NULL);
    fixture_whole(f);
}

static void nobody_writes_herself_off(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    struct statement act = revoked(&f->id);
    struct store_acted a;
    fixture_says(f, acts(f, &act, NULL, &a), ERR_REFUSED, "rule event-administrators", NULL);
    two_administrators(f, &second);
    act = revoked(&f->id);
    fixture_says(f, acts(f, &act, NULL, &a), ERR_REFUSED, "rule event-self", NULL);
    act = turned(&second, STATEMENT_ADMINISTRATOR);
    fixture_says(f, acts(f, &act, NULL, &a), ERR_REFUSED, "rule event-role", NULL);
    fixture_whole(f);
    as(f, &second);
    done(f, revoked(&f->id), NULL); /* the founder, by the other one */
    notes(f, "hers now");
    fixture_whole(f);
    as(f, &f->id);
    fixture_says(f, fixture_try(f, STORE_WRITE), ERR_KEY, "revoked", NULL);
}

/* A request of a later epoch than this copy knows is of another copy. */
static void a_request_of_a_later_epoch(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    struct store_acted a;
    asks(f, 2, &second);
    struct statement act = rooms_added(&second, STATEMENT_ANALYST);
    fixture_says(f, acts(f, &act, NULL, &a), ERR_REFUSED, "epoch", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_second_member_writes),
        FIXTURE_TEST(an_analyst_takes_nothing_in),
        FIXTURE_TEST(keyholders_and_auditors_open_nothing),
        FIXTURE_TEST(a_writer_is_revoked),
        FIXTURE_TEST(accesses_of_who_leaves),
        FIXTURE_TEST(accesses_that_come_too_late),
        FIXTURE_TEST(a_device_of_two),
        FIXTURE_TEST(events_that_are_lost),
        FIXTURE_TEST(a_proposal_waits),
        FIXTURE_TEST(nobody_writes_herself_off),
        FIXTURE_TEST(a_request_of_a_later_epoch),
    };
    return FIXTURE_RUN(tests);
}
