/* Which records there are; restricted ones; and that each step is held to those before it. */
#include "sealed.h"

static int gather(void *context, const struct store_identity *i, struct err *e)
{
    (void)e;
    buf_printf(context, "%s %s %u;", i->person, i->is_sealed ? "sealed" : "restricted",
               i->is_sealed ? i->held_by->needed : 0);
    return 0;
}

static int copy(void *context, struct bytes record, struct err *e)
{
    buf_clear(context);
    buf_put_bytes(context, record);
    return buf_check(context, e);
}

static void test_records_of_both_grades(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(buf_wipe) struct buf list = {0}, record = {0};
    uint64_t leaf;
    const char *first = "groundwork/identity/v1\nperson P-0002\nname: A\n";
    const char *second = "groundwork/identity/v1\nperson P-0002\nname: B\n";
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    assert_int_equal(store_identity_add(s, "P-0002", first, &leaf, &f->e), 0);
    assert_int_equal(store_identity_add(s, "P-0002", second, &leaf, &f->e), 0);
    fixture_says(f, store_identity_add(s, "P-0003", first, &leaf, &f->e), ERR_REFUSED, "another person", NULL);
    assert_int_equal(store_identities(s, gather, &list, &f->e), 0);
    assert_string_equal(buf_text(&list), "P-0002 restricted 0;P-0002 restricted 0;P-0001 sealed 3;");
    struct ledger_position before, after;
    ledger_where(store_ledger(s), &before);
    assert_int_equal(store_identity_show(s, "P-0002", "to write to her", copy, &record, &f->e), 0);
    assert_string_equal(buf_text(&record), second);
    ledger_where(store_ledger(s), &after);
    assert_true(after.leaves > before.leaves); /* it is on the log */
    fixture_says(f, store_identity_show(s, "P-0001", "w", copy, &record, &f->e), ERR_ABSENT, "no restricted identity",
                 NULL);
}

static void said(struct fixture *f, struct store *s, struct statement_identity_access x, const char *rule)
{
    struct statement st = {.kind = STATEMENT_IDENTITY_ACCESS, .at_unix_s = 5, .identity_access = x};
    struct ledger_position now;
    fixture_says(f, fixture_say(s, &st, &f->e), ERR_REFUSED, rule, NULL);
    ledger_where(store_ledger(s), &now); /* and by who reads what another program wrote */
    fixture_says(f, store_identity_check(s, &st, now.leaves, ERR_DAMAGED, &f->e), ERR_DAMAGED, rule, NULL);
}

static void test_a_step_is_held_to_those_before_it(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    uint64_t leaf = 0, request = 0, shares;
    const char *record = "groundwork/identity/v1\nperson P-0002\nname: A\n";
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    shares = x.leaf + 1;
    assert_int_equal(store_identity_add(s, "P-0002", record, &leaf, &f->e), 0);
    assert_int_equal(store_request(s, "P-0001", "w", &request, &f->e), 0);
    const struct statement_identity_access wrong[] = {
        {.step = STATEMENT_REQUESTED, .person = "P-0001", .why = "w", .of = x.leaf},
        {.step = STATEMENT_REQUESTED, .person = "P-0001", .why = "w", .of = request + 9},
        {.step = STATEMENT_SHOWN, .person = "P-0002", .why = "w", .of = x.leaf},
        {.step = STATEMENT_OPENED, .person = "P-0001", .why = "w", .of = shares},
        {.step = STATEMENT_SHARE_RETURNED, .person = "P-0001", .why = "w", .of = leaf, .keyholder = "K-01"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        said(f, s, wrong[i], i < 3 ? "rule identity-of" : "is no request");
    said(f, s, (struct statement_identity_access){.step = STATEMENT_REQUESTED, .person = "P-0002", .why = "w",
                                                  .of = shares}, "rule identity-person");
    said(f, s, (struct statement_identity_access){.step = STATEMENT_SHOWN, .person = "P-0001", .why = "w", .of = leaf},
         "rule identity-person");
    said(f, s, (struct statement_identity_access){.step = STATEMENT_OPENED, .person = "P-0002", .why = "w",
                                                  .of = request}, "rule identity-person");
    said(f, s, (struct statement_identity_access){.step = STATEMENT_OPENED, .person = "P-0001", .why = "w",
                                                  .of = request}, "rule identity-needed");
    said(f, s, (struct statement_identity_access){.step = STATEMENT_SHARE_RETURNED, .person = "P-0001", .why = "w",
                                                  .of = request, .keyholder = "K-99"}, "holds none of these");
    struct statement_share_holder holder = {.code = x.code[0], .recipient = x.word[0]};
    struct statement st = {.kind = STATEMENT_IDENTITY_SHARES, .at_unix_s = 5,
                           .identity_shares = {.person = "P-0001", .sealed = leaf, .needed = 1, .holders = &holder,
                                               .holder_count = 1}};
    fixture_says(f, fixture_say(s, &st, &f->e), ERR_REFUSED, "rule identity-of", NULL);
    st.identity_shares.sealed = request + 1; /* itself */
    fixture_says(f, fixture_say(s, &st, &f->e), ERR_REFUSED, "rule identity-of", NULL);
    st.identity_shares.sealed = x.leaf;
    st.identity_shares.person = "P-0002";
    fixture_says(f, fixture_say(s, &st, &f->e), ERR_REFUSED, "rule identity-person", NULL);
    st.identity_shares.person = "P-0001";
    st.identity_shares.follows = true;
    st.identity_shares.why = "w";
    st.identity_shares.request = request;
    fixture_says(f, fixture_say(s, &st, &f->e), ERR_REFUSED, "rule identity-needed", NULL);
    sealed_make(f, s, &x); /* another record of the same person */
    st.identity_shares.sealed = x.leaf;
    fixture_says(f, fixture_say(s, &st, &f->e), ERR_REFUSED, "rule identity-request", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_records_of_both_grades),
        FIXTURE_TEST(test_a_step_is_held_to_those_before_it),
    };
    return FIXTURE_RUN(tests);
}
