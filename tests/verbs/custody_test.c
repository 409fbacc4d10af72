/* Custody by its words: what is said, found again, and refused. */
#include "fixture.h"

static int setup(void **state)
{
    int rc = fixture_begin(state);
    if (rc != 0)
        return rc;
    struct fixture *f = *state;
    scratch_text("one", "1");
    scratch_text("two", "22");
    assert_int_equal(fixture_run(f, "intake", "one", "two", "--from", "A giver", NULL), 0);
    return 0;
}

static uint64_t leaf_of(struct fixture *f, const char *path)
{
    assert_int_equal(fixture_json(f, "show", path, NULL), 0);
    return fixture_number(f, "item.item");
}

static void a_chain_is_told_from_the_intake_on(void **state)
{
    struct fixture *f = *state;
    char items[64], words[96];
    uint64_t one = leaf_of(f, "one"), two = leaf_of(f, "two");
    (void)snprintf(items, sizeof items, "%u,%u", (unsigned)two, (unsigned)one);
    assert_int_equal(fixture_run(f, "custody", "add", "collected", "--item", "one", "--date", "2026-11-02", "--from",
                                 "\xe1\x84\x80\xe1\x85\xa1", "--place", "a kitchen", NULL), 0);
    fixture_said(f, ": collected.");
    assert_int_equal(fixture_json(f, "custody", "add", "transferred", "--receipt", "1", "--to", "the archive", "--why",
                                  "the house is searched", NULL), 0);
    (void)snprintf(words, sizeof words, "%u", (unsigned)fixture_number(f, "leaf"));
    assert_int_equal(fixture_run(f, "custody", "add", "returned", "--item", items, "--refers", words, "--date",
                                 "2026-11-20T14:05+09:00", NULL), 0);
    assert_int_equal(fixture_run(f, "custody", "show", "one", NULL), 0);
    fixture_said(f, "  SHA-256: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
    fixture_said(f, "taken in\n           from: A giver\n           signed by ");
    fixture_said(f, "collected\n           date claimed: 2026-11-02\n           from: \xea\xb0\x80\n"
                    "           place: a kitchen\n");
    fixture_said(f, "transferred\n           to: the archive\n           why: the house is searched\n");
    fixture_said(f, "returned\n           date claimed: 2026-11-20T14:05+09:00\n           refers to leaf ");
    assert_int_equal(fixture_run(f, "custody", "show", "two", NULL), 0);
    fixture_not_said(f, "collected");
    fixture_said(f, "transferred");
    assert_int_equal(fixture_run(f, "custody", "show", "--receipt", "latest", NULL), 0);
    fixture_said(f, "Receipt 1\n");
    fixture_said(f, "collected");
    fixture_not_said(f, "SHA-256");
    assert_int_equal(fixture_json(f, "custody", "show", "one", NULL), 0);
    assert_int_equal(fixture_number(f, "item"), one);
    assert_int_equal(fixture_number(f, "receipt"), 1);
    assert_string_equal(fixture_word(f, "giver"), "A giver");
    assert_null(fixture_word(f, "set_aside"));
    assert_int_equal(fixture_run(f, "set-aside", "1", "--reason", "not ours", NULL), 0);
    assert_int_equal(fixture_run(f, "custody", "show", "one", NULL), 0);
    fixture_said(f, "  Set aside: not ours\n");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

static void wrong(struct fixture *f, int rc, const char *words)
{
    fixture_failed(f, rc, words);
}

static void what_cannot_be_said(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    uint64_t before = fixture_number(f, "leaves");
    fixture_run(f, "custody", "lend", NULL);
    wrong(f, ERR_USAGE, "add or show");
    fixture_run(f, "custody", "add", NULL);
    wrong(f, ERR_USAGE, "custody add takes one act");
    fixture_run(f, "custody", "add", "lost", "--item", "one", NULL);
    wrong(f, ERR_USAGE, "no act of custody");
    fixture_run(f, "custody", "add", "viewed", NULL);
    wrong(f, ERR_USAGE, "give --item ITEMS or --receipt N");
    fixture_run(f, "custody", "add", "viewed", "--item", "one", "--receipt", "1", NULL);
    wrong(f, ERR_USAGE, "give --item ITEMS or --receipt N");
    fixture_run(f, "custody", "add", "viewed", "--item", "one", "--date", "2026-11-31", NULL);
    wrong(f, ERR_USAGE, "is no date");
    fixture_run(f, "custody", "add", "viewed", "--item", "one", "--to", "", NULL);
    wrong(f, ERR_USAGE, "--to is empty");
    fixture_run(f, "custody", "add", "viewed", "--item", "three", NULL);
    wrong(f, ERR_ABSENT, "no item is called three");
    fixture_run(f, "custody", "add", "viewed", "--item", "0", NULL);
    wrong(f, ERR_REFUSED, "are not all items");
    fixture_run(f, "custody", "add", "viewed", "--item", "9-3", NULL);
    wrong(f, ERR_ABSENT, "no item is called 9-3");
    fixture_run(f, "custody", "add", "viewed", "--receipt", "9", NULL);
    wrong(f, ERR_ABSENT, "there is no receipt 9");
    fixture_run(f, "custody", "add", "viewed", "--item", "one", "--refers", "x", NULL);
    wrong(f, ERR_USAGE, "is no leaf");
    fixture_run(f, "custody", "add", "viewed", "--item", "one", "--refers", "100000", NULL);
    wrong(f, ERR_ABSENT, "there is no leaf 100000");
    fixture_run(f, "custody", "show", NULL);
    wrong(f, ERR_USAGE, "custody show takes one item, or --receipt N");
    fixture_run(f, "custody", "show", "one", "--receipt", "1", NULL);
    wrong(f, ERR_USAGE, "custody show takes one item, or --receipt N");
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "leaves"), before);
}

static void every_act_has_words(void **state)
{
    (void)state;
    for (size_t i = 0; statement_act(i) != NULL; i++)
        assert_string_equal(verbs_act(statement_act(i)), statement_act(i));
    static const char *const accesses[] = {"shown", "read", "restored", "exported"};
    for (size_t i = 0; i < COUNT(accesses); i++)
        assert_true(statement_access_known(accesses[i]) && strcmp(verbs_act(accesses[i]), accesses[i]) == 0);
    assert_string_equal(verbs_act("?"), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_said),
        cmocka_unit_test(a_chain_is_told_from_the_intake_on),
        cmocka_unit_test(every_act_has_words),
    };
    return cmocka_run_group_tests(tests, setup, fixture_end);
}
