/* Lines of inquiry: several in one repository, what belongs to which, and what is refused. */
#include "fixture.h"

static int begin_another(struct fixture *f, struct store *s, const char *name)
{
    struct statement st = {.kind = STATEMENT_INVESTIGATION, .at_unix_s = 1, .investigation = {.name = name}};
    return fixture_say(s, &st, &f->e);
}

struct seen {
    size_t count;
    char name[8][32];
    uint64_t statements[8];
    uint8_t id[8][STATEMENT_ID];
};

static int see(void *context, const struct store_investigation *i, struct err *e)
{
    struct seen *x = context;
    (void)e;
    assert_in_range(x->count, 0, 7);
    snprintf(x->name[x->count], sizeof x->name[0], "%s", i->name);
    x->statements[x->count] = i->statements;
    memcpy(x->id[x->count], i->id, STATEMENT_ID);
    x->count++;
    return 0;
}

static struct seen all(struct fixture *f, struct store *s)
{
    struct seen x = {0};
    assert_int_equal(store_investigations(s, see, &x, &f->e), 0);
    return x;
}

static void test_each_has_its_own_numbers(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    const struct thing things[] = {{"one", 't', 500, 1}};
    assert_int_equal(begin_another(f, s, "the harbour"), 0);
    assert_int_equal(begin_another(f, s, "수용소"), 0);
    assert_int_equal(fixture_note(s, "in the first", &f->e), 0);
    assert_int_equal(store_investigate(s, "수용소", &f->e), 0);
    assert_int_equal(fixture_note(s, "in the third", &f->e), 0);
    assert_int_equal(fixture_intake(s, "a giver", things, 1, &f->e), 0);
    assert_int_equal(store_investigate(s, "the harbour", &f->e), 0);
    assert_int_equal(fixture_note(s, "in the second", &f->e), 0);
    /* What is about a receipt is numbered with it, whatever is chosen. */
    assert_int_equal(fixture_set_aside(s, 1, &f->e), 0);
    struct seen x = all(f, s);
    assert_int_equal(x.count, 3);
    assert_string_equal(x.name[0], "main");
    assert_string_equal(x.name[1], "the harbour");
    assert_string_equal(x.name[2], "수용소");
    assert_int_equal(x.statements[0], 2);
    assert_int_equal(x.statements[1], 2);
    assert_int_equal(x.statements[2], 6); /* named, note, deposit, part, receipt, set aside */
    store_close(s);
    fixture_whole(f);
}

static void test_a_deposit_stays_where_it_began(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    struct bytes paths[1] = {bytes_text("papers")};
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1};
    struct statement receipt = {.kind = STATEMENT_RECEIPT, .at_unix_s = 1, .receipt = {.number = 1, .parts = 1}};
    OWN(buf_drop) struct buf name = {0};
    uint64_t leaf;
    assert_int_equal(begin_another(f, s, "the harbour"), 0);
    assert_int_equal(store_investigate(s, "the harbour", &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &deposit, &leaf, NULL, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s); /* cut off: who comes next works on another one, and closes it where it is */
    s = fixture_open(f, STORE_WRITE);
    part.part.deposit = receipt.receipt.deposit = leaf;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &part, NULL, NULL, &f->e), 0);
    assert_int_equal(store_add(s, &receipt, NULL, NULL, &f->e), 0);
    struct statement other = {.kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = deposit.deposit};
    assert_int_equal(store_investigate(s, "main", &f->e), 0);
    fixture_says(f, store_add(s, &other, NULL, NULL, &f->e), ERR_REFUSED, "one commit is of one investigation", NULL);
    assert_int_equal(store_commit(s, &f->e), 0);
    struct seen x = all(f, s);
    assert_int_equal(x.statements[0], 1);
    assert_int_equal(x.statements[1], 4);
    assert_int_equal(store_investigation_at(s, leaf, &name, &f->e), 0);
    assert_string_equal(buf_text(&name), "the harbour");
    store_close(s);
    fixture_whole(f);
}

static void test_what_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    struct statement note = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {.text = "something"}};
    struct statement late = {.kind = STATEMENT_INVESTIGATION, .at_unix_s = 1, .investigation = {.name = "late"}};
    fixture_says(f, begin_another(f, s, "main"), ERR_REFUSED, "rule investigation", "\"main\" already", NULL);
    fixture_says(f, store_investigate(s, "nobody's", &f->e), ERR_ABSENT, "nobody's", "investigation list", NULL);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &note, NULL, NULL, &f->e), 0);
    fixture_says(f, store_add(s, &late, NULL, NULL, &f->e), ERR_REFUSED, "a commit of its own", NULL);
    assert_int_equal(store_commit(s, &f->e), 0);
    assert_int_equal(all(f, s).count, 1);
    store_close(s);
    fixture_whole(f);
}

/* Custody is numbered where its items are, and they must be of one investigation. */
static void test_custody_of_two(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    const struct thing one[] = {{"one", 't', 500, 1}}, two[] = {{"two", 't', 500, 2}};
    assert_int_equal(fixture_intake(s, "a giver", one, 1, &f->e), 0);
    assert_int_equal(begin_another(f, s, "the harbour"), 0);
    assert_int_equal(store_investigate(s, "the harbour", &f->e), 0);
    assert_int_equal(fixture_intake(s, "a giver", two, 1, &f->e), 0);
    uint64_t leaf[2] = {0};
    for (uint64_t at = 0, found = 0; found < 2; at++) {
        uint64_t count = 0;
        assert_int_equal(index_items_between(s->index, at, at, &count, &f->e), 0);
        if (count == 1)
            leaf[found++] = at;
    }
    struct statement_range range[2] = {{leaf[0], leaf[0]}, {leaf[1], leaf[1]}};
    struct statement st = {.kind = STATEMENT_CUSTODY,
                           .at_unix_s = 1,
                           .custody = {.act = "viewed", .items = range, .item_count = 2}};
    fixture_says(f, fixture_say(s, &st, &f->e), ERR_REFUSED, "rule items-together", NULL);
    struct seen before = all(f, s);
    assert_int_equal(store_investigate(s, "main", &f->e), 0);
    st.custody.items = range + 1;
    st.custody.item_count = 1;
    assert_int_equal(fixture_say(s, &st, &f->e), 0);
    assert_int_equal(all(f, s).statements[0], before.statements[0]);
    assert_int_equal(all(f, s).statements[1], before.statements[1] + 1);
    store_close(s);
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_each_has_its_own_numbers),
                                       FIXTURE_TEST(test_a_deposit_stays_where_it_began),
                                       FIXTURE_TEST(test_what_is_refused),
                                       FIXTURE_TEST(test_custody_of_two)};
    return FIXTURE_RUN(tests);
}
