/* Trusting a repository on this computer, and the passphrase of the key file. */
#include "fixture.h"

static void forget_what_was_seen(void)
{
    scratch_remove("state");
    scratch_mkdir("state");
}

static void a_repository_that_was_not_seen_here_is_adopted(void **state)
{
    struct fixture *f = *state;
    scratch_text("one", "1");
    assert_int_equal(fixture_run(f, "intake", "one", NULL), 0);
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    uint64_t leaves = fixture_number(f, "leaves");
    OWN(mem_drop) char *root = strdup(fixture_word(f, "root"));
    forget_what_was_seen();
    scratch_text("two", "2");
    assert_int_equal(fixture_run(f, "intake", "two", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "this computer has not seen this repository before: run groundwork adopt");
    assert_int_equal(fixture_run(f, "items", NULL), 0); /* reading asks for no trust */
    assert_int_equal(fixture_run(f, "adopt", NULL), 0);
    char words[256];
    (void)snprintf(words, sizeof words, "Adopted: tests.example/log, %u leaves, root %s.\n", (unsigned)leaves, root);
    fixture_said(f, words);
    fixture_said(f, "Nothing outside vouched for it: compare the root with another copy of the checkpoint.");
    assert_int_equal(fixture_run(f, "intake", "two", NULL), 0);
}

static void by_a_checkpoint_that_it_extends(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf note = {0};
    assert_int_equal(file_read_all("archive/log/checkpoint", 1 << 20, &note, NULL), 0);
    scratch_file("seen", note.p, note.n);
    assert_int_equal(fixture_run(f, "note", "one further statement", NULL), 0);
    forget_what_was_seen();
    assert_int_equal(fixture_run(f, "adopt", "seen", NULL), 0);
    fixture_said(f, "Adopted: tests.example/log, ");
    fixture_not_said(f, "Nothing outside vouched for it");
    forget_what_was_seen();
    assert_int_equal(fixture_json(f, "adopt", "seen", NULL), 0);
    assert_string_equal(fixture_word(f, "origin"), "tests.example/log");
    assert_true(fixture_number(f, "leaves") > 0);
    assert_int_equal(strlen(fixture_word(f, "root")), 2 * CRYPT_HASH);
    assert_int_equal(fixture_run(f, "note", "trusted", NULL), 0);
}

/* Whatever is not exactly a checkpoint of this log vouches for nothing: no trust, and no state is written. */
static void by_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    OWN(buf_drop) struct buf note = {0};
    assert_int_equal(file_read_all("archive/log/checkpoint", 1 << 20, &note, NULL), 0);
    forget_what_was_seen();
    fixture_digest("state", &before);
    fixture_run(f, "adopt", "nowhere", NULL);
    fixture_failed(f, ERR_ABSENT, "nowhere");
    scratch_text("empty", "");
    assert_int_equal(fixture_run(f, "adopt", "empty", NULL), VERBS_FAILED);
    fixture_failed(f, ERR_DAMAGED, "empty is empty: it is no checkpoint");
    scratch_text("nonsense", "not a checkpoint\n");
    assert_int_equal(fixture_run(f, "adopt", "nonsense", NULL), VERBS_FAILED);
    for (size_t i = 0; i < note.n; i += 7) { /* any byte of it */
        note.p[i] ^= 1;
        scratch_file("forged", note.p, note.n);
        note.p[i] ^= 1;
        assert_int_equal(fixture_run(f, "adopt", "forged", NULL), VERBS_FAILED);
        assert_int_equal(f->rc, ERR_DAMAGED);
    }
    OWN(mem_drop) char *large = calloc((1 << 20) + 1, 1);
    scratch_file("large", large, (1 << 20) + 1);
    assert_int_equal(fixture_run(f, "adopt", "large", NULL), VERBS_FAILED);
    fixture_failed(f, ERR_DAMAGED, "large");
    fixture_digest("state", &after);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(fixture_run(f, "note", "x", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "adopt", NULL), 0);
}

/* A later checkpoint than the journal has: an older copy of the repository is what lies here. */
static void an_older_copy_is_not_adopted_against_what_was_seen(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf note = {0};
    assert_int_equal(system("cp -r archive old"), 0);
    assert_int_equal(fixture_run(f, "note", "later", NULL), 0);
    assert_int_equal(file_read_all("archive/log/checkpoint", 1 << 20, &note, NULL), 0);
    scratch_file("later", note.p, note.n);
    f->repository = "old";
    assert_int_equal(fixture_run(f, "adopt", "later", NULL), VERBS_FAILED);
    fixture_failed(f, ERR_DAMAGED, "this is an older copy of the repository");
    f->repository = NULL;
    fixture_run(f, "adopt", NULL);
    fixture_failed(f, ERR_ABSENT, "no repository here");
    f->repository = "archive";
}

static void opens_with(struct fixture *f, const char *passphrase, bool expected)
{
    f->with_keys = false;
    f->passphrase[0] = passphrase;
    int code = fixture_run(f, "items", NULL);
    f->passphrase[0] = NULL;
    f->with_keys = true;
    if (!expected)
        fixture_failed(f, ERR_KEY, "the passphrase does not open keys/own.key");
    else
        assert_int_equal(code, 0);
}

static void the_passphrase_is_changed(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf old = {0};
    assert_int_equal(file_read_all("keys/own.key", 1 << 20, &old, NULL), 0);
    f->with_keys = false;
    f->passphrase[1] = "a new passphrase of the tests";
    assert_int_equal(fixture_run(f, "passphrase", NULL), 0);
    f->passphrase[1] = NULL;
    fixture_said(f, "The passphrase is changed. Older copies of the key file still open with the old one.");
    assert_int_equal(f->asked, 2);
    assert_false(f->asked_twice[0]);
    assert_true(f->asked_twice[1]);
    assert_string_equal(buf_text(&f->prompts), "Passphrase for keys/own.key: \n"
                                               "New passphrase for your key file, 8 characters or more: \n");
    opens_with(f, FIXTURE_PASSPHRASE, false);
    opens_with(f, "a new passphrase of the tests", true);
    scratch_file("keys/own.key", old.p, old.n); /* as the sentence says */
    opens_with(f, FIXTURE_PASSPHRASE, true);
}

static void a_change_that_is_refused_leaves_the_old_one(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fixture_digest("keys", &before);
    f->with_keys = false;
    f->passphrase[1] = "short";
    assert_int_equal(fixture_run(f, "passphrase", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "the passphrase is shorter than");
    f->passphrase[0] = "not the old passphrase";
    f->passphrase[1] = "a new passphrase of the tests";
    assert_int_equal(fixture_run(f, "passphrase", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_KEY, "the passphrase does not open keys/own.key");
    assert_int_equal(f->asked, 1); /* no new one is asked for in vain */
    f->passphrase[0] = f->passphrase[1] = NULL;
    f->key_path = "keys/none.key";
    fixture_run(f, "passphrase", NULL);
    fixture_failed(f, ERR_KEY, "no key file at keys/none.key: bring your copy of it there");
    f->key_path = "keys/own.key";
    f->repository = NULL;
    fixture_run(f, "passphrase", NULL);
    fixture_failed(f, ERR_ABSENT, "no repository here");
    f->repository = "archive";
    f->with_keys = true;
    fixture_digest("keys", &after);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(fixture_json(f, "passphrase", NULL), 0);
    assert_string_equal(buf_text(&f->document), "{\"changed\":true}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repository_that_was_not_seen_here_is_adopted),
        cmocka_unit_test(by_a_checkpoint_that_it_extends),
        cmocka_unit_test(by_nothing_else),
        cmocka_unit_test(an_older_copy_is_not_adopted_against_what_was_seen),
        cmocka_unit_test(the_passphrase_is_changed),
        cmocka_unit_test(a_change_that_is_refused_leaves_the_old_one),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
