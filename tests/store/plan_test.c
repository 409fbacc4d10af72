/* What an erasure touches, and what may not be erased by itself. */
#include "fixture.h"

#include "base/clock.h"

struct tally {
    unsigned count[STORE_TOUCH_GIVEN_OUT + 1];
};

static int count(void *context, const struct store_touched *t, struct err *e)
{
    struct tally *n = context;
    (void)e;
    n->count[t->touch]++;
    return 0;
}

static const struct thing THINGS[] = {{"one", 't', 300, 1}, {"two", 't', 300, 2}, {"same", 't', 300, 1}};

static uint64_t custody(struct fixture *f, struct store *s, uint64_t first, uint64_t last)
{
    struct statement_range items = {first, last};
    struct statement st = {.kind = STATEMENT_CUSTODY, .at_unix_s = time_now_unix_s(),
                           .custody = {.act = "viewed", .items = &items, .item_count = 1, .why = "W"}};
    uint64_t leaf;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &st, &leaf, NULL, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    return leaf;
}

static uint64_t further_name(struct fixture *f, struct store *s, uint64_t of)
{
    struct statement st = {.kind = STATEMENT_DEPOSIT, .at_unix_s = time_now_unix_s()};
    struct bytes path = bytes_text("names");
    st.deposit.paths = &path;
    st.deposit.path_count = 1;
    uint64_t deposit, leaf;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &st, &deposit, NULL, &f->e), 0);
    struct statement name = {.kind = STATEMENT_RECEIVED,
                             .received = {.deposit = deposit, .further_name = true, .of = of,
                                          .path = bytes_text("one by another name")}};
    assert_int_equal(store_add(s, &name, &leaf, NULL, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    return leaf;
}

static void what_goes_and_what_stays(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    struct tally n = {{0}};
    OWN(store_erase_plan_release) struct store_erase_plan plan = {0};
    struct index_statement_row row;
    uint64_t request;
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, NULL), 0);
    const uint64_t one = row.leaf + 1, missing = row.leaf;
    uint64_t own = custody(f, s, one, one);
    (void)custody(f, s, one, one + 1);
    uint64_t name = further_name(f, s, one);
    const struct store_erase_wish wish = {&one, 1, 0}, wrong = {&missing, 1, 0};
    assert_int_equal(store_erase_plan(s, &wish, count, &n, &plan, &f->e), 0);
    assert_true(n.count[STORE_TOUCH_ITEM] == 1 && n.count[STORE_TOUCH_NAME] == 1 && n.count[STORE_TOUCH_CUSTODY] == 1);
    assert_true(n.count[STORE_TOUCH_CUSTODY_STAYS] == 1 && n.count[STORE_TOUCH_TWIN_STAYS] == 1);
    assert_int_equal(plan.count, 3);
    assert_true(plan.leaves[0].first == one && plan.leaves[1].first == own && plan.leaves[2].first == name);
    assert_int_equal(store_erase_plan(s, &wrong, NULL, NULL, &plan, &f->e), ERR_ABSENT);
    const struct {
        struct statement_range leaves;
        const char *words;
    } refused[] = {
        {{one, one}, "further name"},           {{row.leaf, row.leaf}, "items of its deposit"},
        {{one + 3, one + 3}, "deposit of leaf"}, {{one + 4, one + 4}, "\"receipt\", which stays"},
        {{1000, 1000}, "there is no leaf"},
    };
    for (size_t i = 0; i < COUNT(refused); i++)
        fixture_says(f, store_erase_ask(s, &refused[i].leaves, 1, "w", &request, &f->e), ERR_REFUSED,
                     refused[i].words, NULL);
    store_close(s);
    fixture_whole(f);
}

/* Side by side, apart, in any order: one spelling. */
static void a_receipt_is_few_runs(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    struct tally n = {{0}};
    OWN(store_erase_plan_release) struct store_erase_plan plan = {0};
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    assert_int_equal(store_erase_plan(s, &(struct store_erase_wish){NULL, 0, 1}, count, &n, &plan, &f->e), 0);
    assert_true(n.count[STORE_TOUCH_ITEM] == 3 && n.count[STORE_TOUCH_DEPOSIT] == 1 && n.count[STORE_TOUCH_PART] == 1 &&
                n.count[STORE_TOUCH_RECEIPT_STAYS] == 1 && n.count[STORE_TOUCH_TWIN_STAYS] == 0);
    assert_int_equal(plan.count, 1);
    assert_true(statement_ranges_good(plan.leaves, plan.count));
    fixture_says(f, store_erase_plan(s, &(struct store_erase_wish){NULL, 0, 2}, NULL, NULL, &plan, &f->e), ERR_ABSENT,
                 "receipt 2", NULL);
    store_close(s);
}

/* What else is on the log is no hindrance, however much it is and however it lies. */
static void among_many(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    OWN(store_erase_plan_release) struct store_erase_plan plan = {0};
    struct index_statement_row row;
    uint64_t leaf;
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, NULL), 0);
    const uint64_t one = row.leaf + 1;
    struct statement_range items = {one + 1, one + 1};
    struct statement about = {.kind = STATEMENT_CUSTODY, .at_unix_s = time_now_unix_s(),
                              .custody = {.act = "viewed", .items = &items, .item_count = 1, .why = "W"}};
    struct statement note = {.kind = STATEMENT_NOTE, .at_unix_s = time_now_unix_s(), .note = {"n"}};
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    for (unsigned i = 0; i < STATEMENT_RANGES_MAX + 1; i++) {
        if (i % 4096 == 4095) {
            assert_int_equal(store_commit(s, &f->e), 0);
            assert_int_equal(store_draft_begin(s, &f->e), 0);
        }
        assert_int_equal(store_add(s, &about, &leaf, NULL, &f->e), 0);
        assert_int_equal(store_add(s, &note, &leaf, NULL, &f->e), 0);
    }
    assert_int_equal(store_commit(s, &f->e), 0);
    if (store_erase_plan(s, &(struct store_erase_wish){&one, 1, 0, NULL}, NULL, NULL, &plan, &f->e) != 0)
        fail_msg("%s", f->e.text);
    assert_true(plan.count == 1 && plan.leaves[0].first == one && plan.leaves[0].last == one);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(what_goes_and_what_stays), FIXTURE_TEST(a_receipt_is_few_runs),
                                       FIXTURE_TEST(among_many)};
    return FIXTURE_RUN(tests);
}
