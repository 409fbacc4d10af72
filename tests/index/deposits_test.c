#include "story.h"

static int fail_with(void *context, const struct index_deposit *d, struct err *e)
{
    return ERR_REFUSED;
}

static int keep_reason(void *context, const struct index_deposit *d, struct err *e)
{
    struct buf *to = context;
    buf_clear(to);
    buf_printf(to, "%llu %s %s", (unsigned long long)d->receipt, d->set_aside ? "aside" : "stands",
               d->set_aside_reason == NULL ? "-" : d->set_aside_reason);
    return 0;
}

static void test_empty(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    uint8_t investigation[STATEMENT_ID] = {1};
    struct statement_place place = {.seq = 7};
    struct index_sums sums, none = {.next_receipt = 1};
    assert_int_equal(index_sums(x, &sums, &f->e), 0);
    assert_memory_equal(&sums, &none, sizeof sums);
    assert_int_equal(index_deposits(x, fail_with, NULL, &f->e), 0);
    assert_int_equal(index_deposit_by_receipt(x, 0, fail_with, NULL, &f->e), ERR_ABSENT);
    assert_int_equal(index_investigation(x, investigation, &f->e), ERR_ABSENT);
    uint64_t first;
    assert_int_equal(index_place_first(x, investigation, &first, &f->e), ERR_ABSENT);
    assert_int_equal(index_place(x, investigation, &place, &f->e), 0);
    assert_int_equal(place.seq, 0);
    assert_memory_equal(place.investigation, investigation, STATEMENT_ID);
    struct hash zeros = {0};
    assert_true(hash_equal(&place.prev, &zeros));
}

static void test_set_aside_twice(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    OWN(buf_drop) struct buf line = {0};
    struct statement open = {.kind = STATEMENT_DEPOSIT};
    struct statement close = {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = 0, .number = 3}};
    struct statement aside = {.kind = STATEMENT_SET_ASIDE, .set_aside = {.receipt = 3, .reason = "first"}};
    assert_int_equal(fixture_say(x, 0, &open, &f->e), 0);
    assert_int_equal(index_deposits(x, fail_with, NULL, &f->e), ERR_REFUSED);
    assert_int_equal(fixture_say(x, 1, &close, &f->e), 0);
    assert_int_equal(index_deposit_by_receipt(x, 3, keep_reason, &line, &f->e), 0);
    assert_string_equal(buf_text(&line), "3 stands -");
    assert_int_equal(fixture_say(x, 2, &aside, &f->e), 0);
    aside.set_aside.reason = "second";
    assert_int_equal(fixture_say(x, 3, &aside, &f->e), 0);
    assert_int_equal(index_deposit_by_receipt(x, 3, keep_reason, &line, &f->e), 0);
    assert_string_equal(buf_text(&line), "3 aside first");
    struct index_sums sums;
    assert_int_equal(index_sums(x, &sums, &f->e), 0);
    assert_int_equal(sums.next_receipt, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_set_aside_twice, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
