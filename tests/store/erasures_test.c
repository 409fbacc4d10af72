/* Which leaves are erased, by the index and by the journal, and how many lie in a range. */
#include "fixture.h"

static const struct thing THINGS[] = {{"one", 't', 300, 1}, {"two", 't', 300, 2}, {"three", 't', 300, 3}};

static int tell(void *context, const struct store_erased *act, struct err *e)
{
    struct store_erased *last = context;
    (void)e;
    *last = *act;
    return 0;
}

static void the_same_whoever_looks(void **state)
{
    struct fixture *f = *state;
    struct index_statement_row row;
    struct store_erased last = {0};
    uint64_t request, erased, by = 0;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, NULL), 0);
    const uint64_t first = row.leaf + 1;
    const struct statement_range leaves[] = {{first, first}, {first + 2, first + 2}};
    assert_int_equal(store_erased_each(s, tell, &last, &f->e), 0);
    assert_int_equal(last.leaf, 0);
    assert_int_equal(store_erase_ask(s, leaves, 2, "w", &request, &f->e), 0);
    assert_int_equal(store_erase_carry_out(s, request, &erased, &f->e), 0);
    fixture_says(f, store_erase_leaves(s, leaves, 1, &(struct statement_by){true, request, {0}, 0}, &erased, &f->e),
                 ERR_REFUSED, "erased already", NULL);
    const struct statement_range public = {0, 0}, cover = {first + 5, first + 5};
    fixture_says(f, store_erase_leaves(s, &cover, 1, &(struct statement_by){true, request, {0}, 0}, &erased, &f->e),
                 ERR_REFUSED, "is public", NULL);
    fixture_says(f, store_erase_leaves(s, &public, 1, &(struct statement_by){true, request, {0}, 0}, &erased, &f->e),
                 ERR_REFUSED, "public", NULL);
    store_close(s);
    const enum store_manner manners[] = {STORE_PUBLIC, STORE_CHECK, STORE_READ};
    for (size_t i = 0; i < 2 * COUNT(manners); i++) {
        if (i == COUNT(manners))
            fixture_remove(f, "index"); /* by the journal */
        s = fixture_open(f, manners[i % COUNT(manners)]);
        assert_int_equal(store_erased_each(s, tell, &last, &f->e), 0);
        assert_true(last.request == request && last.leaves == 2 && last.epoch == 2 && !last.pending);
        assert_true(last.done == last.leaf + 1); /* the next record, which has no other statement */
        assert_int_equal(last.ours, manners[i % COUNT(manners)] != STORE_PUBLIC);
        assert_true(store_erased_at(s, first, &by) && by == last.leaf && !store_erased_at(s, first + 1, NULL));
        assert_true(store_erased_at(s, first + 2, NULL) && !store_erased_at(s, first + 3, NULL));
        assert_int_equal(store_erased_between(s, 0, UINT64_MAX), 2);
        assert_int_equal(store_erased_between(s, first + 1, first + 1), 0);
        assert_int_equal(store_erased_between(s, first, first + 1), 1);
        assert_null(store_erase_pending(s, false));
        store_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(the_same_whoever_looks)};
    return FIXTURE_RUN(tests);
}
