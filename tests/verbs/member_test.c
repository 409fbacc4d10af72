/* Members by their words: asking, adding, roles, revoking, and two under one account. */
#include "fixture.h"

#define OWN_KEY "keys/own.key"

static char key_file[2][4096], key[2][256], words[2][256];

static void asks(struct fixture *f, int who, const char *file)
{
    f->key_path = NULL; /* where it is not named */
    assert_int_equal(fixture_json(f, "member", "request", file, NULL), 0);
    f->key_path = OWN_KEY;
    (void)snprintf(key_file[who], sizeof key_file[who], "%s", fixture_word(f, "key_file"));
    (void)snprintf(key[who], sizeof key[who], "%s", fixture_word(f, "key"));
    (void)snprintf(words[who], sizeof words[who], "%s", fixture_word(f, "fingerprint"));
}

/* The fixture is another member from here on; NULL: the founder again. */
static void as(struct fixture *f, const char *path)
{
    f->with_keys = path == NULL;
    f->key_path = path == NULL ? OWN_KEY : path;
}

static void what_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "member", "sing", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "show", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "show", "12345678", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "approve", "x", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "approve", "0", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "member", "add", "nothing", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "add", "nothing", "--role", "king", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "add", "nothing", "--role", "analyst", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "member", "revoke", "12345678", "--reason", "bored", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "role", "12345678", "owner", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "request", "archive/request", NULL), VERBS_REFUSED);
}

static void two_join(void **state)
{
    struct fixture *f = *state;
    asks(f, 0, "first.request");
    asks(f, 1, "second.request");
    assert_string_not_equal(key_file[0], key_file[1]); /* under one account */
    assert_int_equal(fixture_run(f, "member", "request", "first.request", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "member", "add", "first.request", "--role", "investigator", "--confirm", words[1],
                                 NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "another key");
    assert_int_equal(fixture_run(f, "member", "add", "first.request", "--role", "investigator", "--confirm",
                                 "ba be bi bo bu", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "member", "add", "first.request", "--role", "investigator", "--confirm", words[0],
                                 "--name", "A. Person", NULL), 0);
    fixture_said(f, "Done, at leaf ");
    assert_int_equal(fixture_run(f, "member", "add", "first.request", "--role", "analyst", "--confirm", words[0], NULL),
                     VERBS_REFUSED);
    assert_int_equal(fixture_json(f, "member", "add", "second.request", "--role", "analyst", "--confirm", words[1],
                                  NULL), 0);
    assert_int_equal(fixture_run(f, "member", "list", NULL), 0);
    fixture_said(f, "investigator, stands");
    fixture_said(f, "analyst, stands");
    fixture_not_said(f, "A. Person"); /* no public matter */
    assert_int_equal(fixture_run(f, "member", "list", "--names", NULL), 0);
    fixture_said(f, "A. Person");
    assert_int_equal(fixture_run(f, "member", "show", strrchr(key[0], '/') + 1, NULL), 0);
    fixture_said(f, words[0]);
    assert_int_equal(fixture_json(f, "member", "list", NULL), 0);
    assert_int_equal(fixture_number(f, "administrators"), 1);
    assert_int_equal(fixture_number(f, "log_keys"), 1);
    assert_int_equal(fixture_number(f, "needed"), 1);
    /* Each with her own key file and her own record of what she saw. */
    as(f, key_file[0]);
    assert_int_equal(fixture_run(f, "adopt", NULL), 0);
    scratch_text("one", "1");
    assert_int_equal(fixture_run(f, "intake", "one", "--from", "A giver", NULL), 0);
    as(f, key_file[1]);
    assert_int_equal(fixture_run(f, "note", "what I saw", NULL), VERBS_REFUSED); /* not adopted here yet */
    assert_int_equal(fixture_run(f, "adopt", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "what I saw", NULL), 0);
    assert_int_equal(fixture_run(f, "intake", "one", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "member", "revoke", key[0], "--reason", "left", NULL), VERBS_REFUSED);
    as(f, NULL);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

static void one_goes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "member", "role", key[1], "investigator", NULL), 0);
    assert_int_equal(fixture_run(f, "member", "revoke", key[0], "--reason", "arrested", "--doubtful-from", "1000",
                                 NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "member", "revoke", key[0], "--reason", "arrested", "--doubtful-from", "6",
                                 NULL), 0);
    fixture_said(f, "under new keys");
    fixture_said(f, "nothing takes that back");
    assert_int_equal(fixture_run(f, "member", "show", key[0], NULL), 0);
    fixture_said(f, "(arrested)");
    fixture_said(f, "DOUBTFUL from leaf 6 on");
    as(f, key_file[0]);
    assert_int_equal(fixture_run(f, "items", NULL), VERBS_ENVIRONMENT);
    as(f, key_file[1]);
    assert_int_equal(fixture_run(f, "note", "still here", NULL), 0);
    as(f, NULL);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
    assert_int_equal(fixture_json(f, "member", "list", NULL), 0);
    assert_int_equal(fixture_number(f, "log_keys"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(two_join),
        cmocka_unit_test(one_goes),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
