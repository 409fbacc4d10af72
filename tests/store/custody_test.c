/* What is said of custody is found again by item and by receipt, and is about what is there. */
#include "fixture.h"

static struct statement about(const char *act, const struct statement_range *items, size_t count)
{
    return (struct statement){.kind = STATEMENT_CUSTODY, .at_unix_s = 5,
                              .custody = {.act = act, .items = (struct statement_range *)(uintptr_t)items,
                                          .item_count = count}};
}

static struct statement of_receipt(const char *act, uint64_t receipt)
{
    return (struct statement){
        .kind = STATEMENT_CUSTODY, .at_unix_s = 6, .custody = {.act = act, .receipt = receipt, .to = "the archive"}};
}

struct gathered {
    const char *member;
    char acts[512]; /* in their order, each with a blank behind */
};

static int gather(void *context, const struct store_custody_event *event, struct err *e)
{
    struct gathered *g = context;
    (void)e;
    assert_true(bytes_equal(event->signer, bytes_text(g->member)));
    strncat(g->acts, event->said->act, sizeof g->acts - strlen(g->acts) - 1);
    strncat(g->acts, " ", sizeof g->acts - strlen(g->acts) - 1);
    return 0;
}

static int take_of(void *context, const struct index_deposit *d, struct err *e)
{
    struct store_custody_of *of = context;
    (void)e;
    *of = (struct store_custody_of){UINT64_MAX, d->receipt, d->leaf, d->receipt_leaf};
    return 0;
}

static void expect(struct fixture *f, struct store *s, uint64_t item, uint64_t receipt, const char *acts)
{
    struct gathered g = {.member = f->id.member.name};
    struct store_custody_of of;
    assert_int_equal(index_deposit_by_receipt(store_index(s), receipt, take_of, &of, &f->e), 0);
    of.item = item;
    assert_int_equal(store_custody(s, &of, gather, &g, &f->e), 0);
    assert_string_equal(g.acts, acts);
}

static int first_leaf(void *context, const struct index_item *item, struct err *e)
{
    uint64_t *leaf = context;
    (void)e;
    if (*leaf == 0)
        *leaf = item->leaf;
    return 0;
}

static const struct thing things[] = {{"one", 't', 30, 1}, {"two", 't', 40, 2}, {"three", 'r', 50, 3}};

static void say(struct fixture *f, struct store *s, struct statement st)
{
    if (fixture_say(s, &st, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void test_found_by_item_and_by_receipt(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t leaf = 0;
    assert_int_equal(fixture_intake(s, "a giver", things, 3, &f->e), 0);
    assert_int_equal(fixture_intake(s, "another", things, 2, &f->e), 0);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, first_leaf, &leaf, &f->e), 0);
    const struct statement_range first = {leaf, leaf}, ends[] = {{leaf, leaf}, {leaf + 2, leaf + 2}};
    say(f, s, about("collected", &first, 1));
    say(f, s, of_receipt("transferred", 1));
    say(f, s, about("viewed", ends, 2));
    say(f, s, of_receipt("returned", 2));
    assert_int_equal(fixture_note(s, "between", &f->e), 0);
    say(f, s, about("destroyed", &(struct statement_range){leaf + 1, leaf + 2}, 1));
    store_close(TAKE(s));
    s = fixture_open(f, STORE_READ);
    expect(f, s, leaf, 1, "collected transferred viewed ");
    expect(f, s, leaf + 1, 1, "transferred destroyed ");
    expect(f, s, leaf + 2, 1, "transferred viewed destroyed ");
    expect(f, s, UINT64_MAX, 1, "collected transferred viewed destroyed ");
    expect(f, s, UINT64_MAX, 2, "returned ");
    store_close(TAKE(s));
    fixture_whole(f);
}

static void refused(struct fixture *f, struct store *s, struct statement st, const char *rule)
{
    fixture_says(f, store_add(s, &st, NULL, NULL, &f->e), ERR_REFUSED, rule, NULL);
    assert_int_equal(store_draft_leaves(s), 0);
}

static void test_only_of_what_is_there(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t leaf = 0;
    assert_int_equal(fixture_intake(s, NULL, things, 3, &f->e), 0);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, first_leaf, &leaf, &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    refused(f, s, of_receipt("viewed", 2), "rule custody-receipt: there is no receipt 2");
    refused(f, s, about("viewed", &(struct statement_range){leaf - 1, leaf}, 1), "are not all items");
    refused(f, s, about("viewed", &(struct statement_range){leaf, leaf + 3}, 1), "are not all items");
    refused(f, s, about("viewed", &(struct statement_range){leaf, UINT64_MAX}, 1), "are not all items");
    refused(f, s, about("viewed", &(struct statement_range){UINT64_MAX, UINT64_MAX}, 1), "are not all items");
    refused(f, s, about("lost", &(struct statement_range){leaf, leaf}, 1), "rule custody-act");
    struct statement st = about("viewed", &(struct statement_range){leaf, leaf + 2}, 1);
    st.custody.refers = true;
    st.custody.refers_leaf = s->draft.first_leaf;
    refused(f, s, st, "rule custody-refers: there is no leaf");
    st.custody.refers_leaf = leaf;
    refused(f, s, st, "rule custody-refers: leaf");
    assert_int_equal(store_commitment(s, leaf, &st.custody.refers_commitment, &f->e), 0);
    assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    struct hash none;
    struct ledger_position now;
    ledger_where(store_ledger(s), &now);
    fixture_says(f, store_commitment(s, now.leaves, &none, &f->e), ERR_ABSENT, "there is no leaf", NULL);
    store_close(TAKE(s));
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_found_by_item_and_by_receipt),
        FIXTURE_TEST(test_only_of_what_is_there),
    };
    return FIXTURE_RUN(tests);
}
