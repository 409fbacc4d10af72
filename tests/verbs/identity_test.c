/* Identities by their words: what is asked of a person before anything is done, and what she is told. */
#include "fixture.h"

static struct key secret[3];
static const char *const CODES[] = {"K-01", "K-02", "K-03"};
static const char RECORD[] = "name kind=birth: Gim Haneul\ncontact: +82 2 000\n";

static void wrong(struct fixture *f, int rc, const char *words)
{
    fixture_failed(f, rc, words);
}

static void keyholders_name(struct fixture *f)
{
    for (size_t i = 0; i < COUNT(secret); i++) {
        uint8_t recipient[CRYPT_PUBLIC];
        char word[CRYPT_AGE_RECIPIENT];
        crypt_random(secret[i].b, CRYPT_KEY);
        crypt_age_public(&secret[i], recipient);
        crypt_age_recipient_text(recipient, word);
        assert_int_equal(fixture_run(f, "identity", "keyholder", CODES[i], "--recipient", word, NULL), 0);
        fixture_said(f, "is a keyholder from now on");
    }
}

/* As a keyholder does it with age: ${number}, from 1, of the files in ${folder}. */
static void give_back(struct fixture *f, const char *folder, unsigned number, const char *answer, const char *to)
{
    struct file_path path;
    OWN(buf_wipe) struct buf file = {0}, plain = {0}, back = {0};
    uint8_t recipient[1][CRYPT_PUBLIC];
    char key[32];
    (void)snprintf(key, sizeof key, "files.%u", number - 1);
    assert_int_equal(file_path(&path, NULL, "%s", fixture_word(f, key)), 0);
    assert_int_equal(strncmp(path.s, folder, strlen(folder)), 0);
    assert_int_equal(file_read_all(path.s, IDENTITY_RETURNED_MAX, &file, NULL), 0);
    assert_int_equal(crypt_age_open(&secret[number - 1], buf_bytes(&file), &plain, NULL), 0);
    assert_int_equal(crypt_age_recipient(bytes_text(answer), recipient[0], NULL), 0);
    assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, 1, buf_bytes(&plain), &back, NULL), 0);
    assert_int_equal(file_replace(to, buf_bytes(&back), 0600, NULL), 0);
}

static void from_sealing_to_reading(void **state)
{
    struct fixture *f = *state;
    char leaf[32], answer[CRYPT_AGE_RECIPIENT];
    keyholders_name(f);
    f->record = RECORD;
    assert_int_equal(fixture_run(f, "identity", "seal", "P-0001", "--keyholders", "K-01,K-02,K-03", "--needed", "2",
                                 "--out", "shares", NULL), 0);
    fixture_said(f, "2 of 3 keyholders open it together");
    assert_int_equal(fixture_json(f, "identity", "seal", "P-0002", "--keyholders", "K-01,K-02,K-03", "--needed", "2",
                                  "--out", "shares", NULL), 0);
    struct json *sealed = f->json; /* whose files are used below */
    f->json = NULL;
    assert_int_equal(fixture_json(f, "identity", "request", "P-0002", "--why", "the court asks", "--file", "ask", NULL),
                     0);
    (void)snprintf(leaf, sizeof leaf, "%u", (unsigned)fixture_number(f, "leaf"));
    (void)snprintf(answer, sizeof answer, "%s", fixture_word(f, "answer"));
    json_drop(&f->json);
    f->json = sealed;
    give_back(f, "shares", 1, answer, "back1");
    give_back(f, "shares", 3, answer, "back3");
    assert_int_equal(fixture_run(f, "identity", "approve", leaf, "back1", "--why", "a letter", NULL), 0);
    fixture_said(f, "K-01 approved");
    fixture_said(f, "1 of 2 keyholders have approved it");
    fixture_run(f, "identity", "open", leaf, "back1", "back3", "--why", "to answer", NULL);
    wrong(f, ERR_REFUSED, "1 of the 2 keyholders");
    assert_int_equal(f->revealed.n, 0);
    assert_int_equal(fixture_json(f, "identity", "approve", leaf, "back3", "--why", "a call", NULL), 0);
    assert_int_equal(fixture_number(f, "approvals"), 2);
    assert_int_equal(fixture_run(f, "identity", "open", leaf, "back1", "back3", "--why", "to answer", NULL), 0);
    assert_string_equal(buf_text(&f->revealed), "groundwork/identity/v1\nperson P-0002\nname kind=birth: Gim Haneul\n"
                                                "contact: +82 2 000\n");
    fixture_not_said(f, "Haneul");
    assert_int_equal(fixture_run(f, "identity", "list", NULL), 0);
    fixture_said(f, "P-0001  sealed at leaf");
    fixture_said(f, "it has served");
    fixture_not_said(f, "Haneul");
    assert_int_equal(fixture_json(f, "identity", "list", NULL), 0);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

static void what_cannot_be_done(void **state)
{
    struct fixture *f = *state;
    f->record = "Gim Haneul\n";
    fixture_run(f, "identity", "hide", NULL);
    wrong(f, ERR_USAGE, "say add, show, seal, list");
    fixture_run(f, "identity", "seal", NULL);
    wrong(f, ERR_USAGE, "other words");
    fixture_run(f, "identity", "list", "P-0001", NULL);
    wrong(f, ERR_USAGE, "other words");
    fixture_run(f, "identity", "seal", "Haneul", NULL);
    wrong(f, ERR_USAGE, "no code of a person");
    assert_null(strstr(f->e.text, "Haneul")); /* what was typed may be a name */
    fixture_run(f, "identity", "request", "Haneul", "--why", "x", "--file", "y", NULL);
    wrong(f, ERR_USAGE, "no code of a person");
    assert_null(strstr(f->e.text, "Haneul"));
    fixture_run(f, "identity", "seal", "P-0005", "--keyholders", "K-01,Haneul", "--needed", "1", "--out", "x", NULL);
    wrong(f, ERR_USAGE, "no code of a person");
    assert_null(strstr(f->e.text, "Haneul"));
    fixture_run(f, "identity", "seal", "P-0005", "--keyholders", "K-01", "--needed", "1", "--out", "x", NULL);
    wrong(f, ERR_USAGE, "line 1 is not");
    assert_null(strstr(f->e.text, "Haneul"));
    fixture_run(f, "identity", "keyholder", "K-05", NULL);
    wrong(f, ERR_USAGE, "--recipient AGE1, or --gone");
    fixture_run(f, "identity", "keyholder", "K-05", "--gone", NULL);
    wrong(f, ERR_USAGE, "say what for");
    fixture_run(f, "identity", "seal", "P-0005", "--keyholders", "K-01", "--needed", "1", NULL);
    wrong(f, ERR_USAGE, "--out FOLDER");
    fixture_run(f, "identity", "seal", "P-0005", "--keyholders", "K-01", "--needed", "one", "--out", "x", NULL);
    wrong(f, ERR_USAGE, "number from 1 to 16");
    fixture_run(f, "identity", "seal", "P-0005", "--keyholders", "K-01", "--needed", "1", "--out", "archive/x", NULL);
    wrong(f, ERR_REFUSED, "lies in the repository");
    fixture_run(f, "identity", "request", "P-0001", "--why", "x", NULL);
    wrong(f, ERR_USAGE, "--file FILE");
    fixture_run(f, "identity", "request", "P-0001", "--file", "x", NULL);
    wrong(f, ERR_USAGE, "say what for");
    fixture_run(f, "identity", "open", "first", "x", "--why", "x", NULL);
    wrong(f, ERR_USAGE, "give the leaf of the request");
    fixture_run(f, "identity", "open", "0", "x", "--why", "x", NULL);
    wrong(f, ERR_REFUSED, "is no request");
    fixture_json(f, "identity", "open", "0", "x", "--why", "x", NULL);
    wrong(f, ERR_USAGE, "--json shows no identity");
    assert_false(file_exists("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_sealing_to_reading),
        cmocka_unit_test(what_cannot_be_done),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
