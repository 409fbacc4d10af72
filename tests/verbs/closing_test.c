/* The end of a deposit: by its own intake, or by the next one after an interruption. */
#include "fixture.h"

static void opened(struct fixture *f, enum store_manner manner, struct store **ret)
{
    struct err e = {0};
    struct store_place place = {
        .root = f->repository, .state_folder = "state", .config_folder = "config", .identity = &f->identity};
    if (store_open(&place, manner, ret, &e) != 0)
        fail_msg("%s", e.text);
}

static void sums_that_do_not_agree_cannot_be_written(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = NULL;
    struct err e = {0};
    uint64_t number = 0, deposit;
    struct bytes path = bytes_text("papers");
    struct statement st = {.kind = STATEMENT_DEPOSIT, .deposit = {.paths = &path, .path_count = 1}};
    struct statement_totals totals = {.seen = {3, 30}, .taken = {1, 10}, .duplicate = {1, 10}, .refused = {1, 10}};
    opened(f, STORE_WRITE, &s);
    assert_int_equal(store_draft_begin(s, &e), 0);
    assert_int_equal(store_add(s, &st, &deposit, NULL, &e), 0);
    assert_int_equal(verbs_receipt_write(s, deposit, 0, &totals, &number, &e), 0);
    assert_int_equal(number, 1);
    totals.seen.bytes++;
    assert_int_equal(verbs_receipt_write(s, deposit, 0, &totals, &number, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "rule receipt-sums"));
    totals.seen.bytes--;
    totals.seen.files--;
    assert_int_equal(verbs_receipt_write(s, deposit, 0, &totals, &number, &e), ERR_REFUSED);
    store_draft_drop(s); /* nothing of it was committed */
}

static uint64_t stop_at;

static int stop_there(const struct verbs_progress *p)
{
    return p->files >= stop_at;
}

/* Names and bytes of the first ${count} things that a walk meets, folders apart. */
static void sums_of_entries(const struct fixture *f, struct tree_counts *ret)
{
    const struct json_node *entries = json_get(json_root(f->json), "entries");
    *ret = (struct tree_counts){0};
    for (size_t i = 0; i < json_count(entries); i++) {
        const struct json_node *one = json_at(entries, i);
        const char *type = json_text(json_get(one, "type"));
        uint64_t bytes = 0;
        assert_true(json_get_u64(json_get(one, "bytes"), &bytes));
        if (type != NULL && strcmp(type, "folder") == 0)
            ret->folders++;
        else {
            ret->files++;
            ret->bytes += bytes;
        }
    }
}

/* Wherever it stops: the receipt that the next intake gives accounts for all that had been met until then. */
static void an_interrupted_deposit_is_closed_with_all_that_it_had_met(void **state)
{
    struct fixture *f = *state;
    scratch_text("small", "x");
    for (uint64_t at = 1; at <= 40; at += 3) {
        struct chance chance = {at * 31};
        struct tree_counts all, met;
        char tree[16], words[64], number[32];
        (void)snprintf(tree, sizeof tree, "t%u", (unsigned)at);
        tree_grow(&chance, tree, 2);
        if (chance_below(&chance, 2) == 0) { /* half of them meet what is here already */
            assert_int_equal(fixture_run(f, "intake", tree, NULL), 0);
            char more[32];
            (void)snprintf(more, sizeof more, "%s/ first", tree);
            scratch_text(more, more);
            (void)snprintf(more, sizeof more, "%s/ pipe", tree);
            assert_int_equal(mkfifo(more, 0600), 0);
        }
        tree_count(tree, &all);
        stop_at = at;
        f->progress = stop_there;
        int code = fixture_run(f, "intake", tree, NULL);
        f->progress = NULL;
        if (code == 0) { /* the tree was smaller */
            assert_true(all.files + all.folders < at);
            continue;
        }
        fixture_failed(f, ERR_STOPPED, "interrupted: what was taken in so far is safe (");
        scratch_time("small", (time_t)at, 0); /* so that it is new */
        assert_int_equal(fixture_json(f, "intake", "small", NULL), 0);
        assert_int_equal(fixture_number(f, "seen.files"), 1);
        uint64_t receipt = fixture_number(f, "receipt") - 1;
        (void)snprintf(words, sizeof words, "is on receipt %u now.", (unsigned)receipt);
        fixture_warned(f, words);
        (void)snprintf(number, sizeof number, "%u", (unsigned)receipt);
        assert_int_equal(fixture_json(f, "receipt", number, NULL), 0);
        sums_of_entries(f, &met);
        assert_int_equal(met.files + met.folders, at);
        assert_int_equal(met.files, fixture_number(f, "seen.files"));
        assert_int_equal(met.folders, fixture_number(f, "folders_taken") + fixture_number(f, "folders_already"));
        assert_int_equal(met.bytes, fixture_number(f, "seen.bytes"));
    }
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
}

/* The sums made from parts are those that the intake itself had made of the same tree. */
static void it_makes_the_sums_that_the_intake_makes(void **state)
{
    static const char *const sums[] = {"taken.files",     "taken.bytes",   "duplicate.files", "duplicate.bytes",
                                       "already.files",   "already.bytes", "refused.files",   "refused.bytes",
                                       "seen.files",      "seen.bytes",    "names.files",     "names.bytes",
                                       "folders_already", "folders_taken"};
    struct fixture *f = *state;
    struct chance chance = {99};
    struct tree_counts all;
    uint64_t expected[COUNT(sums)];
    tree_grow(&chance, "sums", 3);
    scratch_text("sums/ first", "here before the others");
    assert_int_equal(link("sums/ first", "sums/ further"), 0);
    scratch_text("sums/ own", "two names, both new");
    assert_int_equal(link("sums/ own", "sums/ own too"), 0);
    assert_int_equal(mkfifo("sums/ pipe", 0600), 0);
    tree_count("sums", &all);
    assert_int_equal(fixture_run(f, "intake", "sums/ first", "sums/ further", NULL), 0);
    assert_int_equal(fixture_json(f, "intake", "sums", NULL), 0);
    for (size_t i = 0; i < COUNT(sums); i++)
        expected[i] = fixture_number(f, sums[i]);
    assert_int_equal(fixture_run(f, "set-aside", "latest", "--reason", "to take it in once more", NULL), 0);
    stop_at = all.files + all.folders;
    f->progress = stop_there;
    assert_int_equal(fixture_run(f, "intake", "sums", NULL), VERBS_ENVIRONMENT);
    f->progress = NULL;
    assert_int_equal(fixture_run(f, "intake", "sums/ first", NULL), 0);
    fixture_warned(f, "was interrupted");
    assert_int_equal(fixture_json(f, "receipt", "latest", "--summary", NULL), 0);
    for (size_t i = 0; i < COUNT(sums); i++)
        if (fixture_number(f, sums[i]) != expected[i])
            fail_msg("%s", sums[i]);
    assert_int_equal(fixture_number(f, "already.files"), 2);
    assert_int_equal(fixture_number(f, "names.files"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_that_do_not_agree_cannot_be_written),
        cmocka_unit_test(an_interrupted_deposit_is_closed_with_all_that_it_had_met),
        cmocka_unit_test(it_makes_the_sums_that_the_intake_makes),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
