/* Compartments from the command line: made, listed, chosen by --compartment, looked at by every check. */
#include "fixture.h"

static void made_and_listed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "compartment", "new", "Names of witnesses", NULL), 0);
    fixture_said(f, "Compartment \"Names of witnesses\" begins with leaf");
    fixture_went_well(f); /* its index is new, and not damaged */
    assert_int_equal(fixture_run(f, "compartment", "new", "Names of witnesses", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "you hold a compartment called Names of witnesses already");
    assert_int_equal(fixture_run(f, "compartment", "new", "main", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "compartment", "list", NULL), 0);
    fixture_said(f, "main  (");
    fixture_said(f, "Names of witnesses  (");
    assert_int_equal(fixture_json(f, "compartment", "list", NULL), 0);
    const struct json_node *list = json_get(json_root(f->json), "compartments"), *one = json_at(list, 1);
    uint64_t holders;
    assert_int_equal(json_count(list), 2);
    assert_string_equal(json_text(json_get(one, "name")), "Names of witnesses");
    assert_true(json_get_u64(json_get(one, "holders"), &holders) && holders == 1);
    assert_int_equal(strlen(json_text(json_get(one, "id"))), 32);
    assert_int_equal(fixture_run(f, "compartment", "make", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "compartment", "new", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "compartment", "new", "", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "compartment", "grant", "main", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "compartment", "new", "x", "--proposal", "y", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "compartment", "new", "x", "--proposal", "1", NULL), VERBS_REFUSED);
}

static void granted_and_revoked(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "compartment", "grant", "Names of witnesses", "nobody", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "no member's key is called nobody");
    assert_int_equal(fixture_run(f, "compartment", "grant", "Another", "nobody", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_KEY, "you hold no compartment called Another");
    assert_int_equal(fixture_json(f, "member", "list", NULL), 0);
    OWN(mem_drop) char *me =
        strdup(json_text(json_get(json_at(json_get(json_root(f->json), "members"), 0), "key")));
    assert_int_equal(fixture_run(f, "compartment", "grant", "Names of witnesses", me, NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "rule compartment-held");
    assert_int_equal(fixture_run(f, "compartment", "revoke", "Names of witnesses", me, NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "rule compartment-self");
}

static void checks_look_at_all(void **state)
{
    struct fixture *f = *state;
    uint64_t opened, all;
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "VERIFIED");
    assert_int_equal(fixture_json(f, "verify", NULL), 0);
    assert_true(json_get_u64(json_get(json_root(f->json), "statements_opened"), &opened));
    assert_true(json_get_u64(json_get(json_root(f->json), "not_held"), &all) && all == 0);
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
    fixture_said(f, "WHOLE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_and_listed),
        cmocka_unit_test(granted_and_revoked),
        cmocka_unit_test(checks_look_at_all),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
