/* Cosigners from the command line: who may sign, files out and in, what is said; and the log held to a paper. */
#include "fixture.h"

#include "model/cosigning.h"

static char vkey[3][NOTE_VKEY_MAX];

static const struct key seeds[3] = {{{61}}, {{62}}, {{63}}};

static struct note_key key_of(size_t i)
{
    struct note_key key;
    uint8_t public_key[CRYPT_PUBLIC];
    char name[64];
    snprintf(name, sizeof name, "c%zu.example/cosigner", i);
    crypt_sign_public(&seeds[i], public_key);
    assert_int_equal(note_cosigner_make(name, public_key, &key, NULL), 0);
    return key;
}

/* What groundwork-cosign does, without its checks. */
static void answer(size_t i, const char *request, const char *to)
{
    OWN(buf_drop) struct buf asked = {0}, line = {0};
    OWN(note_drop) struct note n = {0};
    struct cosigning_request r;
    const struct note_key key = key_of(i);
    assert_int_equal(file_read_all(request, COSIGNING_REQUEST_MAX, &asked, NULL), 0);
    assert_int_equal(cosigning_request_parse(buf_bytes(&asked), &r, NULL), 0);
    assert_int_equal(note_parse(r.note, &n, NULL), 0);
    assert_int_equal(note_cosign(n.text, &key, &seeds[i], 1700000000, &line, NULL), 0);
    assert_int_equal(file_create(to, buf_bytes(&line), 0600, NULL), 0);
}

static void who_may_sign(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(vkey); i++) {
        const struct note_key key = key_of(i);
        note_key_text(&key, vkey[i]);
    }
    assert_int_equal(fixture_run(f, "cosigner", "list", NULL), 0);
    fixture_said(f, "No cosigners.");
    assert_int_equal(fixture_run(f, "cosigner", "export", "a", "request", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "there are no cosigners yet");
    assert_int_equal(fixture_run(f, "cosigner", "add", "a", vkey[0], NULL), 0);
    fixture_said(f, "From here on 1 of 1 cosigners are to sign.");
    assert_int_equal(fixture_run(f, "cosigner", "add", "b", vkey[1], "--needed", "2", NULL), 0);
    assert_int_equal(fixture_run(f, "cosigner", "add", "c", vkey[2], NULL), 0);
    fixture_said(f, "From here on 2 of 3 cosigners are to sign.");
    assert_int_equal(fixture_run(f, "cosigner", "remove", "b", NULL), 0);
    fixture_said(f, "From here on 2 of 2 cosigners are to sign.");
    assert_int_equal(fixture_run(f, "cosigner", "remove", "c", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "of 1 cosigners 1 to 1 can be needed");
    assert_int_equal(fixture_run(f, "cosigner", "remove", "c", "--needed", "1", NULL), 0);
    fixture_said(f, "  | quorum cosigners");
    assert_int_equal(fixture_run(f, "verify", NULL), VERBS_UNCOSIGNED);
    fixture_said(f, "UNCOSIGNED: the log is whole");
    fixture_said(f, "Cosigners: nobody has signed yet.");
    assert_int_equal(fixture_json(f, "verify", NULL), VERBS_UNCOSIGNED);
    assert_string_equal(fixture_word(f, "result"), "UNCOSIGNED");
}

static void refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *word[4];
        int exit_code;
        const char *why;
    } bad[] = {
        {{"sign"}, VERBS_USAGE, "there are list, add, remove"},
        {{"list", "x"}, VERBS_USAGE, "says what belongs behind it"},
        {{"add", "x"}, VERBS_USAGE, "says what belongs behind it"},
        {{"add", "x", "no key"}, VERBS_USAGE, "a verification key must read"},
        {{"add", "a", vkey[1]}, VERBS_USAGE, "the name a is taken"},
        {{"add", "none", vkey[1]}, VERBS_USAGE, "the name none is taken"},
        {{"add", "cosigners", vkey[1]}, VERBS_USAGE, "the name cosigners is taken"},
        {{"add", "x y", vkey[1]}, VERBS_USAGE, "white space"},
        {{"add", "x", vkey[0]}, VERBS_USAGE, "this key is the cosigner a's already"},
        {{"remove", "nobody"}, VERBS_USAGE, "no cosigner is called nobody"},
        {{"remove", "cosigners"}, VERBS_USAGE, "no cosigner is called cosigners"},
        {{"export", "nobody", "r"}, VERBS_USAGE, "no cosigner is called nobody"},
        {{"export", "a", "archive/r"}, VERBS_REFUSED, "name a place outside it"},
        {{"import", "nothing", "nothing"}, VERBS_ENVIRONMENT, "nothing"},
        {{"policy", "nothing"}, VERBS_ENVIRONMENT, "nothing"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *const *w = bad[i].word;
        int code = fixture_run(f, "cosigner", w[0], w[1], w[2], NULL);
        if (code != bad[i].exit_code || strstr(f->e.text, bad[i].why) == NULL)
            fail_msg("%s %s: %d, \"%s\"", w[0], w[1] != NULL ? w[1] : "", code, f->e.text);
    }
    assert_int_equal(fixture_run(f, "cosigner", "add", "x", vkey[1], "--needed", "0", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "cosigner", "add", "x", vkey[1], "--needed", "3", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "cosigner", "add", "x", vkey[1], "--needed", "one", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "cosigner", "export", "a", "r", "--old", "-1", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "cosigner", "export", "a", "r", "--old", "99999", NULL), VERBS_FAILED);
    assert_false(file_exists("r"));
}

static void out_and_in(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_json(f, "cosigner", "export", "a", "asked", NULL), 0);
    assert_int_equal(fixture_number(f, "old"), 0);
    uint64_t leaves = fixture_number(f, "leaves");
    assert_int_equal(fixture_run(f, "cosigner", "export", "a", "asked", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "is there already");
    answer(0, "asked", "answered");
    answer(1, "asked", "by another");
    assert_int_equal(fixture_run(f, "cosigner", "import", "asked", "by another", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "cosigner", "import", "asked", "answered", NULL), 0);
    fixture_said(f, "1 new. They are on the log");
    assert_int_equal(fixture_run(f, "cosigner", "import", "asked", "answered", NULL), 0);
    fixture_said(f, "on the log already");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "The policy is fulfilled.");
    assert_int_equal(fixture_json(f, "verify", NULL), 0);
    assert_int_equal(fixture_number(f, "cosigned.leaves"), leaves);
    assert_int_equal(fixture_number(f, "cosigned.at"), 1700000000);
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "cosigned.leaves"), leaves);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "leaves are signed by a, at 2023-11-14T22:13:20Z as they say");
    fixture_said(f, "1 leaves came after.");
    assert_int_equal(fixture_json(f, "cosigner", "list", NULL), 0);
    assert_int_equal(fixture_number(f, "cosigned.fulfilled_leaves"), leaves);
    assert_non_null(strstr(fixture_word(f, "policy"), "group cosigners 1 a"));
    assert_int_equal(fixture_run(f, "cosigner", "list", NULL), 0);
    fixture_said(f, "  a: signed up to");
    assert_int_equal(fixture_json(f, "cosigner", "export", "a", "asked again", NULL), 0);
    assert_int_equal(fixture_number(f, "old"), leaves);
    assert_int_equal(file_create("conflict", bytes_text("3\n"), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "cosigner", "import", "asked again", "conflict", NULL), VERBS_REFUSED);
    fixture_said(f, "Export again with --old 3.");
    assert_int_equal(fixture_json(f, "cosigner", "export", "a", "asked from three", "--old", "3", NULL), 0);
    assert_int_equal(fixture_number(f, "old"), 3);
    assert_int_equal(fixture_run(f, "cosigner", "add", "b", vkey[1], "--needed", "2", NULL), 0);
    assert_int_equal(fixture_run(f, "cosigner", "list", NULL), 0);
    fixture_said(f, "The policy is not fulfilled.");
    fixture_said(f, "  b: nothing signed yet");
}

static void a_policy_from_a_file(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf text = {0};
    buf_printf(&text, "# two offices\nwitness a %s\nwitness b %s https://b.example/\ngroup both all b a\nquorum both\n",
               vkey[0], vkey[1]);
    assert_int_equal(file_create("policy", buf_bytes(&text), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "cosigner", "policy", "policy", NULL), 0);
    fixture_said(f, "  | group both 2 a b");
    assert_int_equal(fixture_run(f, "cosigner", "policy", "policy", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "already");
    assert_int_equal(fixture_run(f, "cosigner", "remove", "a", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "groups of its own");
    assert_int_equal(file_replace("policy", bytes_text("quorum\n"), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "cosigner", "policy", "policy", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "policy: line 1 of the policy");
    assert_int_equal(file_replace("policy", bytes_text("quorum none\n"), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "cosigner", "policy", "policy", NULL), 0);
    fixture_said(f, "From here on no cosigner needs to sign.");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "VERIFIED");
    assert_int_equal(fixture_json(f, "cosigner", "policy", "policy", NULL), VERBS_REFUSED);
}

static void against(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf note = {0}, wrong = {0};
    assert_int_equal(file_read_all("archive/log/checkpoint", NOTE_BYTES_MAX, &note, NULL), 0);
    assert_int_equal(file_create("kept", buf_bytes(&note), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "note", "one more", NULL), 0);
    f->with_keys = false; /* no key is asked for */
    f->asked = 0;
    assert_int_equal(fixture_run(f, "verify", "--against", "kept", NULL), 0);
    fixture_said(f, "VERIFIED");
    assert_int_equal(f->asked, 0);
    assert_int_equal(fixture_json(f, "verify", "--against", "kept", NULL), 0);
    assert_string_equal(fixture_word(f, "result"), "VERIFIED");
    assert_true(fixture_number(f, "given_leaves") < fixture_number(f, "leaves"));
    struct cursor c = cursor_of(buf_bytes(&note));
    struct bytes origin = cursor_line(&c);
    buf_put_bytes(&wrong, origin);
    buf_printf(&wrong, "\n2\n%064d\n", 7);
    assert_int_equal(file_create("paper", buf_bytes(&wrong), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "verify", "--against", "paper", "--fork", "proof", NULL), VERBS_FAILED);
    fixture_said(f, "FAILED: HISTORY WAS REWRITTEN: the first 2 leaves");
    assert_false(file_exists("proof")); /* a paper without signature proves nothing */
    assert_int_equal(fixture_json(f, "verify", "--against", "paper", NULL), VERBS_FAILED);
    assert_string_equal(fixture_word(f, "result"), "FAILED");
    assert_int_equal(fixture_run(f, "verify", "--against", "nowhere", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "verify", "--fork", "x", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "verify", "--against", "kept", "--mirror", "x", NULL), VERBS_USAGE);
    f->with_keys = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_sign),         cmocka_unit_test(refused), cmocka_unit_test(out_and_in),
        cmocka_unit_test(a_policy_from_a_file), cmocka_unit_test(against),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
