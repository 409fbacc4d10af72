/* What the log binds: the last word on each pack and key file, and where it lies. */
#include "fixture.h"

struct taking {
    struct store_bound bound;
    const struct statement_founded *founded;
};

static int take_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct taking *t = context;
    return store_bound_take(&t->bound, r, t->founded, e);
}

static const struct thing large[] = {{"a.bin", 'r', 700000, 20}, {"b.bin", 'r', 600000, 21}};

/* Each bound file is there in each of its places, and is what it must be. */
static void test_all_of_it_is_there(void **state)
{
    struct fixture *f = *state;
    unsigned packs = 0, keys = 0, open = 0;
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "a giver", large, COUNT(large), &f->e), 0);
    struct taking t = {.founded = &s->founded.founded};
    assert_int_equal(ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, take_record, &t, &f->e), 0);
    for (size_t i = 0; i < store_bound_count(&t.bound); i++) {
        struct store_bound_file b;
        store_bound_file(&t.bound, i, &b);
        packs += b.pack != NULL && b.pack->sealed;
        open += b.pack != NULL && !b.pack->sealed;
        keys += b.key != NULL;
        assert_true((b.pack != NULL) == b.sectors);
        for (int copy = 0; copy < 2 && b.place[copy][0] != 0; copy++) {
            struct file_path path;
            struct store_carrying c = {.passes = 1};
            fixture_path(f, b.place[copy], &path);
            assert_int_equal(store_carry_check(&c, path.s, &b, &f->e), 0);
        }
    }
    assert_int_equal(packs, 1);
    assert_int_equal(open, 1);
    assert_int_equal(keys, 3);
    store_bound_drop(&t.bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_all_of_it_is_there)};
    return FIXTURE_RUN(tests);
}
