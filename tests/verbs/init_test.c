/* Making a repository: it appears whole, or nothing does. */
#include "fixture.h"

/* Everything that a refused init must leave alone. */
static void refused(struct fixture *f, int rc, const char *words)
{
    struct stat st;
    fixture_failed(f, rc, words);
    assert_int_equal(lstat("new", &st), -1);
    assert_int_equal(lstat("other.key", &st), -1);
}

static void a_new_repository_is_ready_to_take_in(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    f->key_path = "other.key";
    f->with_keys = false;
    assert_int_equal(fixture_run(f, "init", "new/", "--origin", "new.example/log", NULL), 0);
    fixture_said(f, "Repository new is ready.");
    fixture_said(f, "  Pin: ");
    fixture_said(f, "  Key file: other.key");
    fixture_said(f, "Copy the key file to a safe place now");
    fixture_said(f, "Next: groundwork -R new intake FOLDER");
    assert_int_equal(f->asked, 1);
    assert_true(f->asked_twice[0]);
    assert_string_equal(buf_text(&f->prompts), "New passphrase for your key file, 8 characters or more: \n");
    assert_int_equal(stat("other.key", &st), 0);
    assert_int_equal(st.st_mode & 077, 0); /* nobody else's to read */
    f->repository = "new";
    scratch_text("first", "1");
    assert_int_equal(fixture_run(f, "intake", "first", NULL), 0);
    assert_int_equal(f->asked, 1);
    assert_false(f->asked_twice[0]);
    assert_int_equal(fixture_run(f, "note", "said", NULL), 0);
    f->passphrase[0] = "another passphrase";
    assert_int_equal(fixture_run(f, "items", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_KEY, "the passphrase does not open other.key");
    f->passphrase[0] = NULL;
    f->repository = "archive";
    f->with_keys = true;
    scratch_remove("new");
    assert_int_equal(unlink("other.key"), 0);
}

static void as_a_document(void **state)
{
    struct fixture *f = *state;
    f->key_path = "other.key";
    assert_int_equal(
        fixture_json(f, "init", "new", "--origin", "new.example/log", "--investigation", "e\xcc\x81tude", NULL), 0);
    assert_string_equal(fixture_word(f, "key_file"), "other.key");
    assert_string_equal(fixture_word(f, "origin"), "new.example/log");
    assert_string_equal(fixture_word(f, "repository"), "new");
    assert_int_equal(strlen(fixture_word(f, "pin")), 2 * CRYPT_HASH);
    scratch_remove("new");
    assert_int_equal(unlink("other.key"), 0);
}

static void what_is_missing_or_out_of_range_is_named(void **state)
{
    struct fixture *f = *state;
    f->key_path = "other.key";
    assert_int_equal(fixture_run(f, "init", "new", NULL), VERBS_USAGE);
    refused(f, ERR_USAGE, "--origin NAME is missing");
    static const char *const sizes[] = {"0", "1025", "-1", "+1", "01", "", "64 MiB", "1.5", "18446744073709551617"};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char words[80];
        (void)snprintf(words, sizeof words, "--pack-size %s: give whole MiB from 1 to 1024", sizes[i]);
        fixture_run(f, "init", "new", "--origin", "new.example/log", "--pack-size", sizes[i], NULL);
        refused(f, ERR_USAGE, words);
    }
    fixture_run(f, "init", "new", "--origin", "groundwork/log", NULL);
    refused(f, ERR_USAGE, "--origin: names that begin with groundwork/ are ours");
    fixture_run(f, "init", "new", "--origin", "two words", NULL);
    refused(f, ERR_USAGE, "--origin");
    fixture_run(f, "init", "new", "--origin", "new.example/log", "--investigation", "\xff", NULL);
    refused(f, ERR_USAGE, "--investigation is no UTF-8 text");
    fixture_run(f, "init", "new", "--origin", "new.example/log", "--investigation", "", NULL);
    refused(f, ERR_USAGE, "--investigation is empty");
    f->passphrase[0] = "short";
    assert_int_equal(fixture_run(f, "init", "new", "--origin", "new.example/log", NULL), VERBS_REFUSED);
    refused(f, ERR_REFUSED, "the passphrase is shorter than");
    f->passphrase[0] = NULL;
    char *path = calloc(FILE_PATH_MAX + 1, 1);
    memset(path, 'x', FILE_PATH_MAX);
    assert_int_equal(fixture_run(f, "init", path, "--origin", "new.example/log", NULL), VERBS_ENVIRONMENT);
    free(path);
}

static void both_ends_of_the_size_of_a_pack(void **state)
{
    static const struct {
        const char *mib;
        uint64_t sectors;
    } ends[] = {{"1", (1 << 20) / VAULT_SECTOR}, {"1024", (1 << 30) / VAULT_SECTOR}};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        f->key_path = "other.key";
        assert_int_equal(fixture_run(f, "init", "new", "--origin", "new.example/log", "--pack-size", ends[i].mib, NULL),
                         0);
        f->repository = "new";
        assert_int_equal(fixture_json(f, "status", NULL), 0);
        assert_int_equal(fixture_number(f, "pack_sectors"), ends[i].sectors);
        f->repository = "archive";
        scratch_remove("new");
        assert_int_equal(unlink("other.key"), 0);
    }
}

static void a_place_that_is_not_free_is_left_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    f->key_path = "other.key";
    scratch_mkdir("full");
    scratch_text("full/letter", "somebody's");
    scratch_text("plain", "a file");
    fixture_digest(".", &before);
    assert_int_equal(fixture_run(f, "init", "full", "--origin", "new.example/log", NULL), VERBS_REFUSED);
    refused(f, ERR_REFUSED, "full is not empty: a repository needs a folder of its own");
    fixture_run(f, "init", "plain", "--origin", "new.example/log", NULL);
    refused(f, ERR_REFUSED, "plain is there and is no folder: name another");
    fixture_run(f, "init", "archive", "--origin", "new.example/log", NULL);
    refused(f, ERR_REFUSED, "archive is not empty");
    f->key_path = "plain";
    fixture_run(f, "init", "new", "--origin", "new.example/log", NULL);
    refused(f, ERR_REFUSED, "key file plain is there already");
    fixture_digest(".", &after);
    assert_true(hash_equal(&before, &after));
    scratch_mkdir("empty");
    f->key_path = "other.key";
    assert_int_equal(fixture_run(f, "init", "empty", "--origin", "new.example/log", NULL), 0);
    scratch_remove("empty");
    assert_int_equal(unlink("other.key"), 0);
}

static void the_key_lies_outside_however_its_place_is_written(void **state)
{
    static const struct {
        const char *root, *key;
    } inside[] = {{"new", "new/own.key"},
                  {"./new", "new/own.key"},
                  {"new", "./new/deep/own.key"},
                  {"new", "way/new/own.key"},
                  {"way/new", "new/own.key"},
                  {"keys/../new", "new/own.key"},
                  {"new", "new"},
                  {"new/", "new/own.key"}};
    struct fixture *f = *state;
    char here[PATH_MAX], absolute[PATH_MAX + 16];
    assert_int_equal(symlink(".", "way"), 0);
    for (size_t i = 0; i < COUNT(inside); i++) {
        char words[80];
        f->key_path = inside[i].key;
        (void)snprintf(words, sizeof words, "the key file %s would lie in the repository", inside[i].key);
        assert_int_equal(fixture_run(f, "init", inside[i].root, "--origin", "new.example/log", NULL), VERBS_REFUSED);
        refused(f, ERR_REFUSED, words);
    }
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(absolute, sizeof absolute, "%s/new/own.key", here);
    f->key_path = absolute;
    fixture_run(f, "init", "new", "--origin", "new.example/log", NULL);
    refused(f, ERR_REFUSED, "would lie in the repository");
    f->key_path = NULL; /* the default place: config/ */
    fixture_run(f, "init", "config", "--origin", "new.example/log", NULL);
    refused(f, ERR_REFUSED, "the key file config would lie in the repository");
    assert_int_equal(access("config", F_OK), -1);
    f->key_path = "new.key"; /* beside it, though its name begins alike */
    assert_int_equal(fixture_run(f, "init", "new", "--origin", "new.example/log", NULL), 0);
    scratch_remove("new");
    assert_int_equal(unlink("new.key"), 0);
}

static void where_nothing_may_be_written_nothing_stays(void **state)
{
    struct fixture *f = *state;
    if (!scratch_as_root())
        skip();
    scratch_mkdir("shut");
    assert_int_equal(chmod("shut", 0500), 0);
    f->key_path = "other.key";
    assert_int_equal(fixture_run(f, "init", "shut/new", "--origin", "new.example/log", NULL), VERBS_ENVIRONMENT);
    refused(f, ERR_IO, "shut/new");
    f->key_path = "shut/other.key";
    assert_int_equal(fixture_run(f, "init", "new", "--origin", "new.example/log", NULL), VERBS_ENVIRONMENT);
    refused(f, ERR_IO, "shut/other.key");
}

static int key_path_again(void **state)
{
    struct fixture *f = *state;
    f->key_path = "keys/own.key";
    return 0;
}

#define INIT(test) cmocka_unit_test_teardown(test, key_path_again)

int main(void)
{
    const struct CMUnitTest tests[] = {
        INIT(a_new_repository_is_ready_to_take_in),       INIT(as_a_document),
        INIT(what_is_missing_or_out_of_range_is_named),   INIT(both_ends_of_the_size_of_a_pack),
        INIT(a_place_that_is_not_free_is_left_as_it_is),  INIT(the_key_lies_outside_however_its_place_is_written),
        INIT(where_nothing_may_be_written_nothing_stays),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
