/* New sheets: what is drawn, what the log then says, and what older sheets are worth. */
#include "fixture.h"

static void make(struct fixture *f, struct store *s, unsigned needed, unsigned count, struct store_sheets *ret)
{
    if (store_sheets_make(s, needed, count, ret, &f->e) != 0)
        fail_msg("%s", f->e.text);
    if (store_sheets_commit(s, ret, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void sheets_are_on_the_log(void **state)
{
    struct fixture *f = *state;
    struct store_sheets x, y;
    struct store_facts facts;
    fixture_fill(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    store_facts(s, &facts);
    assert_null(facts.sheets);
    uint64_t leaves = facts.position.leaves;
    make(f, s, 2, 3, &x);
    store_facts(s, &facts);
    assert_non_null(facts.sheets);
    assert_int_equal(x.leaves, leaves);
    assert_int_equal(facts.sheets->leaf, leaves);
    assert_int_equal(facts.sheets->needed, 2);
    assert_int_equal(facts.sheets->count, 3);
    assert_memory_equal(facts.sheets->set, x.set, STATEMENT_ID);
    make(f, s, 1, 1, &y);
    store_close(s);
    s = fixture_open(f, STORE_PUBLIC);
    store_facts(s, &facts);
    assert_memory_equal(facts.sheets->set, y.set, STATEMENT_ID);
    assert_true(history_sheets_earlier(&s->history, x.set));
    store_close(s);
    fixture_whole(f);
    assert_int_equal(fixture_count(f, "a/keys/history", ""), 2);
    store_sheets_release(&x);
    store_sheets_release(&y);
}

static void nothing_before_the_commit(void **state)
{
    struct fixture *f = *state;
    struct store_sheets x;
    struct hash before, after;
    struct store *s = fixture_open(f, STORE_WRITE);
    fixture_print(f, &before);
    assert_int_equal(store_sheets_make(s, 2, 3, &x, &f->e), 0);
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
    store_close(s);
    fixture_whole(f);
    store_sheets_release(&x);
}

static void numbers_at_their_limits(void **state)
{
    struct fixture *f = *state;
    struct store_sheets x;
    struct store *s = fixture_open(f, STORE_WRITE);
    fixture_says(f, store_sheets_make(s, 0, 1, &x, &f->e), ERR_USAGE, "1 to 16 sheets", NULL);
    fixture_says(f, store_sheets_make(s, 3, 2, &x, &f->e), ERR_USAGE, "1 to 16 sheets", NULL);
    fixture_says(f, store_sheets_make(s, 1, CRYPT_SHARES_MAX + 1, &x, &f->e), ERR_USAGE, "1 to 16 sheets", NULL);
    make(f, s, CRYPT_SHARES_MAX, CRYPT_SHARES_MAX, &x);
    store_close(s);
    fixture_whole(f);
    store_sheets_release(&x);
}

/* A lost event is not numbered a second time, and repair brings its file back. */
static void a_lost_event_is_known(void **state)
{
    struct fixture *f = *state;
    struct store_sheets x;
    struct store *s = fixture_open(f, STORE_WRITE);
    make(f, s, 1, 1, &x);
    store_close(s);
    fixture_remove(f, "a/keys/history");
    fixture_remove(f, "b/keys/history");
    s = fixture_open(f, STORE_WRITE);
    make(f, s, 1, 1, &x);
    assert_int_equal(s->history.events, 2);
    store_close(s);
    assert_int_equal(fixture_repair(f), 0);
    assert_true(fixture_there(f, "a/keys/history/1") && fixture_there(f, "b/keys/history/1"));
    fixture_whole(f);
    store_sheets_release(&x);
}

/* Each effect of the commit is the last one: sheets before it count, or those after it. */
static int commit_sheets(struct fixture *f, bool *ret_surely_not)
{
    struct store *s = NULL;
    struct store_sheets x;
    int rc = store_open(&f->place, STORE_WRITE, &s, &f->e);
    if (rc == 0)
        rc = store_sheets_make(s, 2, 3, &x, &f->e);
    if (rc == 0)
        rc = store_sheets_commit(s, &x, &f->e);
    *ret_surely_not = rc != 0 && (s == NULL || !store_sheets_may_count(s));
    store_close(s);
    return rc;
}

static void at_every_effect(void **state)
{
    struct fixture *f = *state;
    fixture_keep(f, "before-sheets");
    fixture_calm();
    bool surely_not;
    assert_int_equal(commit_sheets(f, &surely_not), 0);
    unsigned effects = fixture_effects();
    assert_true(effects > 10);
    for (unsigned i = 1; i <= effects; i += 1 + effects / 40) {
        fixture_back(f, "before-sheets");
        fixture_die_at(i);
        (void)commit_sheets(f, &surely_not);
        fixture_calm();
        fixture_whole(f);
        struct store *s = fixture_open(f, STORE_WRITE); /* sweeps */
        assert_true(!surely_not || s->history.events == 0);
        store_close(s);
        assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
        assert_int_equal(commit_sheets(f, &surely_not), 0);
        fixture_whole(f);
    }
}

static int any_item(void *context, const struct index_item *item, struct err *e)
{
    (void)e;
    *(uint64_t *)context = item->leaf;
    return 0;
}

static void view(struct fixture *f)
{
    uint64_t leaf = 0;
    struct err unlogged;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, any_item, &leaf, &f->e), 0);
    const struct statement_range one = {leaf, leaf};
    const struct store_accessing a = {.act = "shown", .items = &one, .count = 1, .must_log = true};
    assert_int_equal(store_access(s, &a, &unlogged, &f->e), 0);
}

/* The one commit that the sheets sign: the next member's from then on, and noted under her key alone.  What the former
 * one had shown is on record before it. */
static void a_member_replaced(void **state)
{
    struct fixture *f = *state;
    struct store_sheets x;
    struct keyring_identity next, kept = f->id;
    const struct note_key former = f->id.member;
    struct store_place place = f->place;
    struct file_path seen;
    struct store *s = fixture_open(f, STORE_WRITE);
    make(f, s, 2, 3, &x);
    struct ledger_position before;
    ledger_where(store_ledger(s), &before);
    store_close(s);
    fixture_fill(f);
    view(f);
    assert_int_equal(keyring_identity_make("example.org/log", &next, &f->e), 0);
    memcpy(next.holdings[0].compartment, f->id.holdings[0].compartment, KEYRING_ID);
    next.pin = f->pin;
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        next.holdings[0].seeds[i].epoch = f->id.holdings[0].seeds[0].epoch + i;
    fixture_path(f, "kept-seen", &seen);
    fixture_remove(f, "kept-seen");
    assert_int_equal(file_make_folder(seen.s, NULL), 0);
    place.state_folder = seen.s;
    const struct store_replacing r = {&x.keys, &former, x.set, &next};
    fixture_keep(f, "before-replacing");
    if (store_replace(&place, &r, &f->e) != 0)
        fail_msg("%s", f->e.text);
    assert_true(next.checkpoint_size > before.leaves);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "was replaced with recovery sheets", NULL);
    f->id = next;
    struct file_path state_folder = f->state;
    f->state = seen;
    f->place.state_folder = f->state.s;
    s = fixture_open(f, STORE_WRITE);
    const struct history_member *stands = history_member_by_key(&s->history, &next.member);
    assert_int_equal(history_role(stands, UINT64_MAX), STATEMENT_ADMINISTRATOR);
    store_close(s);
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, 1);
    /* Sheets are spent by it. */
    struct keyring_identity third = next;
    const struct store_replacing again = {&x.keys, &next.member, x.set, &third};
    assert_int_not_equal(store_replace(&f->place, &again, &f->e), 0);
    f->id = kept;
    f->state = state_folder;
    store_sheets_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(sheets_are_on_the_log), FIXTURE_TEST(nothing_before_the_commit),
        FIXTURE_TEST(numbers_at_their_limits), FIXTURE_TEST(a_lost_event_is_known),
        FIXTURE_TEST(at_every_effect),       FIXTURE_TEST(a_member_replaced),
    };
    return FIXTURE_RUN(tests);
}
