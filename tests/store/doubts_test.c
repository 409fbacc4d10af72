/* What a revoked member signed from a leaf on: items by their covers, statements by their signatures, and the sums. */
#include "rooms.h"

#include "base/clock.h"

/* One item and a receipt; the item's leaf. */
static uint64_t takes_in(struct fixture *f, const struct keyring_identity *id, const char *name, uint64_t seed)
{
    const struct thing thing = {name, 'r', 3000, seed};
    struct index_statement_row row;
    f->place.identity = id;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "g", &thing, 1, &f->e), 0);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, NULL), 0);
    store_close(s);
    return row.leaf + 1;
}

static void from_a_leaf_on(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    rooms_as(f, &second, NULL);
    uint64_t mine = takes_in(f, &f->id, "mine", 1), early = takes_in(f, &second, "early", 2);
    uint64_t late = takes_in(f, &second, "late", 3), other = takes_in(f, &f->id, "other", 4);
    f->place.identity = &f->id;
    OWN(store_doubts_release) struct store_doubts none = {.count = 0}, some = {.count = 0};
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_doubts_load(s, &none, &f->e), 0);
    assert_int_equal(none.count, 0);
    struct statement act = {.kind = STATEMENT_REVOKED,
                            .revoked = {.name = second.member.name,
                                        .reason = STATEMENT_LEFT,
                                        .doubted = true,
                                        .doubtful_from = late - 1}};
    struct store_acted acted;
    assert_int_equal(store_act(s, &act, NULL, &acted, &f->e), 0);
    assert_int_equal(store_doubts_load(s, &some, &f->e), 0);
    assert_true(store_doubtful(&some, late));
    assert_false(store_doubtful(&some, early) || store_doubtful(&some, mine) || store_doubtful(&some, other));
    bool doubtful = true;
    assert_int_equal(store_doubtful_at(s, early - 1, &doubtful, &f->e), 0);
    assert_false(doubtful);
    assert_int_equal(store_doubtful_at(s, late - 1, &doubtful, &f->e), 0);
    assert_true(doubtful);
    assert_true(store_doubtful_signer(s, bytes_text(second.member.name), late));
    assert_false(store_doubtful_signer(s, bytes_text(f->id.member.name), late));
    store_close(s);
    fixture_whole(f); /* never dropped, and no damage */
    assert_true(f->verified.doubtful >= 4); /* deposit, item, part, receipt */
    assert_int_equal(f->verified.doubtful_first, late - 1);
    assert_true(f->verified.doubtful_last < other - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(from_a_leaf_on)};
    return FIXTURE_RUN(tests);
}
