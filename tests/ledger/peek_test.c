#include "fixture.h"

enum { SMALL = 3, LARGE = 1 << 20 };

/* Record 0 with ${hidden} hidden leaves and one public one of ${bytes}, in both copies. */
static void found_with(struct fixture *f, uint32_t hidden, uint32_t open, uint32_t bytes, struct draft *ret)
{
    struct ledger_opening opening;
    struct ledger_position at, next;
    fixture_again(f);
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    ledger_where(l, &at);
    draft_make(ret, &at, hidden, open, bytes);
    assert_int_equal(ledger_prepare(l, &ret->record, &next, NULL), 0);
    assert_int_equal(ledger_commit(l, NULL), 0);
}

static void the_first_public_statement_is_seen(void **state)
{
    struct fixture *f = *state;
    for (uint32_t hidden = 0; hidden < 3; hidden++)
        for (uint32_t open = 1; open < 3; open++) {
            OWN(draft_drop) struct draft d;
            found_with(f, hidden, open, SMALL + hidden, &d);
            for (int copy = 0; copy < 2; copy++) {
                OWN(buf_drop) struct buf statement = {0};
                assert_int_equal(ledger_peek(f->root.s, copy, &statement, NULL), 0);
                assert_int_equal(statement.n, SMALL + hidden);
                assert_memory_equal(statement.p, d.open.p + 4, statement.n);
            }
        }
}

static void other_beginnings_are_refused(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf statement = {0}, good = {0};
    assert_int_equal(ledger_peek(f->root.s, 0, &statement, NULL), ERR_DAMAGED); /* no record yet */
    {
        OWN(draft_drop) struct draft d;
        found_with(f, 2, 0, SMALL, &d);
        assert_int_equal(ledger_peek(f->root.s, 0, &statement, NULL), ERR_DAMAGED); /* none public */
    }
    {
        OWN(draft_drop) struct draft d;
        found_with(f, 0, 1, LARGE, &d);
        assert_int_equal(ledger_peek(f->root.s, 0, &statement, NULL), ERR_DAMAGED); /* larger than any founding */
    }
    OWN(draft_drop) struct draft d;
    found_with(f, 0, 1, SMALL, &d);
    file_get(f, "a/journal", &good);
    for (size_t n = 0; n < good.n; n += 9) {
        file_put(f, "a/journal", bytes_of(good.p, n));
        assert_int_equal(ledger_peek(f->root.s, 0, &statement, NULL), ERR_DAMAGED);
    }
    file_delete(f, "a/journal");
    assert_int_equal(ledger_peek(f->root.s, 0, &statement, NULL), ERR_ABSENT);
    assert_int_equal(statement.n, 0);
    file_put(f, "a/journal", buf_bytes(&good));
    file_put(f, "b/journal", buf_bytes(&good));
    assert_int_equal(ledger_peek(f->root.s, 1, &statement, NULL), ERR_DAMAGED); /* copy a in b's place */
    assert_int_equal(ledger_peek(f->root.s, 0, &statement, NULL), 0);
}

static void a_newer_journal_says_so(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf b = {0}, statement = {0};
    struct hash h;
    file_get(f, "a/journal", &b);
    b.p[11] = 2;
    crypt_sha256(bytes_of(b.p, 32), &h);
    memcpy(b.p + 32, h.b, sizeof(h.b));
    file_put(f, "a/journal", buf_bytes(&b));
    assert_int_equal(ledger_peek(f->root.s, 0, &statement, NULL), ERR_NEWER);
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(the_first_public_statement_is_seen),
        LEDGER_CASE(other_beginnings_are_refused),
        LEDGER_CASE(a_newer_journal_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
