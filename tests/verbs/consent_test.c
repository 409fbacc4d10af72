/* Consent by its words: given, shown, listed, withdrawn, and everything that is refused. */
#include "fixture.h"

static int setup(void **state)
{
    int rc = fixture_begin(state);
    if (rc != 0)
        return rc;
    struct fixture *f = *state;
    scratch_text("one", "1");
    scratch_text("form", "a form");
    assert_int_equal(fixture_run(f, "intake", "one", "form", NULL), 0);
    return 0;
}

static void given_and_shown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "consent", "list", NULL), 0);
    fixture_said(f, "Nothing was said of any person yet.");
    assert_int_equal(fixture_run(f, "consent", "give", "P-0002,P-0001", "--yes", "store,share_un", "--no",
                                 "publish_named", "--ask", "testify", "--by", "guardian", "--date",
                                 "2026-11-20T14:05+09:00",
                                 "--language", "ko", "--interpreter", "I-0001", "--copy", "--form", "form", "--until",
                                 "2099-12-31", NULL), 0);
    fixture_said(f, ": consent of P-0001, P-0002.");
    assert_int_equal(fixture_run(f, "consent", "show", "P-0001", NULL), 0);
    fixture_said(f, "P-0001\n");
    fixture_said(f, "  store                      yes until 2099-12-31 (leaf ");
    fixture_said(f, "  publish_named              no (leaf ");
    fixture_said(f, "  testify                    ask again, and so no for now (leaf ");
    fixture_said(f, "  analyse                    not said, and so no\n");
    fixture_said(f, "No item is linked to this person.");
    assert_int_equal(fixture_json(f, "consent", "show", "P-0002", NULL), 0);
    assert_string_equal(fixture_word(f, "scopes.testify.answer"), "ask-again");
    assert_string_equal(fixture_word(f, "scopes.store.until"), "2099-12-31");
    assert_string_equal(fixture_word(f, "person"), "P-0002");
    assert_int_equal(fixture_run(f, "consent", "list", NULL), 0);
    fixture_said(f, "  P-0001\n  P-0002\nTo be asked again:\n");
    fixture_said(f, "P-0002, testify: wishes to be asked each time");
    fixture_not_said(f, "2099");
    assert_int_equal(fixture_run(f, "consent", "give", "P-0003", "--yes", "store", "--by", "self", "--language", "ko",
                                 "--until", "2020-02-29", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "list", NULL), 0);
    fixture_said(f, "P-0003, store: EXPIRED after 2020-02-29");
    assert_int_equal(fixture_run(f, "consent", "show", "P-0003", NULL), 0);
    fixture_said(f, "  store                      EXPIRED after 2020-02-29");
    assert_int_equal(fixture_json(f, "consent", "list", NULL), 0);
}

static void withdrawn(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "protect", "one", "--person", "P-0011", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0011", "--yes", "store,share_un,analyse", "--by", "self",
                                 "--language", "ko", NULL), 0);
    assert_int_equal(fixture_run(f, "restore", "out", "--item", "one", "--for", "accountability", "--to", "un",
                                 "--whom", "an office", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "withdraw", "P-0011", "--by", "self", "--scopes", "analyse", NULL), 0);
    fixture_said(f, "What needs these scopes goes out no more.");
    fixture_said(f, "What has gone out, and to whom:\n");
    fixture_said(f, "restored, un for accountability\n           to: an office\n");
    assert_int_equal(fixture_run(f, "restore", "again", "--item", "one", "--for", "accountability", "--to", "un", NULL),
                     0);
    assert_int_equal(fixture_json(f, "consent", "withdraw", "P-0011", "--by", "self", "--why", "fear", NULL), 0);
    assert_true(fixture_number(f, "leaf") > 0);
    assert_int_equal(fixture_run(f, "restore", "third", "--item", "one", "--for", "accountability", "--to", "un", NULL),
                     VERBS_REFUSED);
    fixture_said(f, "person P-0011 has withdrawn share_un");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

/* What was brought to a folder before, and may not go out, is not given away with it. */
static void lies_there(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("some");
    scratch_text("some/of-nobody", "o");
    scratch_text("some/of-her", "h");
    assert_int_equal(fixture_run(f, "intake", "some", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "some/of-nobody", "--nobody", "--why", "W", NULL), 0);
    assert_int_equal(fixture_run(f, "restore", "l1", "--receipt", "latest", NULL), 0);
    assert_int_equal(fixture_run(f, "restore", "l1", "--receipt", "latest", "--for", "accountability", "--to", "un",
                                 NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "may not go out, and lies in l1 already: name an empty folder");
    for (int i = 0; i < 2; i++) /* again: what went is there already */
        assert_int_equal(fixture_run(f, "restore", "l2", "--receipt", "latest", "--for", "accountability", "--to",
                                     "un", NULL), 0);
}

/* Who gave in confidence is told what went out of that, though no item is linked to him. */
static void provider_is_told(void **state)
{
    struct fixture *f = *state;
    scratch_text("confided", "c");
    assert_int_equal(fixture_run(f, "intake", "confided", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "confided", "--nobody", "--restriction", "provider-confidential",
                                 "--provider", "S-0051", "--why", "W", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "S-0051", "--yes", "store,share_un", "--by", "self",
                                 "--language", "en", NULL), 0);
    assert_int_equal(fixture_run(f, "restore", "c1", "--item", "confided", "--for", "accountability", "--to", "un",
                                 NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "withdraw", "S-0051", "--by", "self", NULL), 0);
    fixture_said(f, "restored, un for accountability");
    fixture_said(f, "Tell these recipients");
    assert_int_equal(fixture_run(f, "consent", "show", "S-0051", NULL), 0);
    fixture_said(f, "No item is linked to this person.");
    fixture_said(f, "restored, un for accountability");
}

/* What she said no to herself nobody else allows; where only a guardian did, a guardian may. */
static void nobody_says_yes_in_her_stead(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "consent", "give", "P-0042", "--yes", "store,share_un", "--no", "testify", "--by",
                                 "guardian", "--language", "ko", "--date", "2026-05-02", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "withdraw", "P-0042", "--by", "self", "--scopes", "share_un", "--date",
                                 "2026-06-01", NULL), 0);
    static const char *const others[] = {"guardian", "next-of-kin"};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(fixture_run(f, "consent", "give", "P-0042", "--yes", "store,share_un", "--by", others[i],
                                     "--language", "ko", "--date", "2026-07-01", NULL), VERBS_REFUSED);
        fixture_failed(f, ERR_REFUSED, "share_un: she did not say yes herself on 2026-06-01");
        assert_int_equal(fixture_run(f, "consent", "give", "P-0042", "--yes", "store,testify", "--by", others[i],
                                     "--language", "ko", "--date", "2026-07-01", NULL), 0);
    }
    assert_int_equal(fixture_run(f, "consent", "withdraw", "P-0042", "--by", "guardian", "--date", "2026-07-02", NULL),
                     0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0042", "--yes", "share_un", "--by", "guardian",
                                 "--language", "ko", "--date", "2026-07-03", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0042", "--yes", "share_un", "--by", "self", "--language",
                                 "ko", "--date", "2026-07-03", NULL), 0);
}

/* A form that was left lying undoes nothing that she said since. */
static void older_forms(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "consent", "give", "P-0041", "--yes", "store", "--no", "testify", "--ask",
                                 "analyse", "--by", "self", "--language", "ko", "--date", "2026-05-02", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "withdraw", "P-0041", "--by", "self", "--scopes", "share_un", "--date",
                                 "2026-06-01T10:00", NULL), 0);
    static const char *const scopes[] = {"testify", "analyse", "store,share_un"};
    for (size_t i = 0; i < COUNT(scopes); i++) {
        assert_int_equal(fixture_run(f, "consent", "give", "P-0040,P-0041", "--yes", scopes[i], "--by", "self",
                                     "--language", "ko", "--date", "2026-05-01", NULL), VERBS_REFUSED);
        fixture_failed(f, ERR_REFUSED, "is newer than this form of 2026-05-01, and no yes: ask her again");
    }
    assert_int_equal(fixture_run(f, "consent", "give", "P-0041", "--yes", "testify,store", "--no", "share_un", "--by",
                                 "self", "--language", "ko", "--date", "2026-05-02", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0041", "--yes", "share_un", "--by", "self", "--language",
                                 "ko", "--date", "2999-05-01", NULL), 0);
    fixture_warned(f, "2999-05-01 lies after today, by this computer's clock");
    /* Nor does one that forbids, and was found later than it was signed, make way for it. */
    assert_int_equal(fixture_run(f, "consent", "give", "P-0041", "--ask", "testify", "--by", "self", "--language", "ko",
                                 "--date", "2026-06-02", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0041", "--no", "testify", "--by", "self", "--language", "ko",
                                 "--date", "2025-06-02", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0041", "--yes", "testify", "--by", "self", "--language",
                                 "ko", "--date", "2026-05-02", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "is newer than this form of 2026-05-02, and no yes: ask her again");
}

/* By another process, while what is denied is told. */
static void withdraws(struct fixture *f)
{
    const struct store_place place = {.root = "archive", .key_path = f->key_path, .state_folder = "state",
                                      .config_folder = "config", .identity = &f->identity};
    const char *codes[] = {"P-0031"};
    struct statement st = {.kind = STATEMENT_WITHDRAWN, .at_unix_s = time_now_unix_s(),
                           .withdrawn = {.persons = {codes, 1}, .all = true, .by = CONSENT_SELF, .date = "2026-11-20"}};
    struct store *s = NULL;
    f->saying = NULL;
    assert_int_equal(store_open(&place, STORE_WRITE, &s, NULL), 0);
    assert_int_equal(store_draft_begin(s, NULL) | store_add(s, &st, NULL, NULL, NULL) | store_commit(s, NULL), 0);
    store_close(s);
}

/* What is withdrawn between the decision and its record does not go out by it. */
static void withdrawn_meanwhile(void **state)
{
    struct fixture *f = *state;
    scratch_text("hers", "h");
    scratch_text("unsaid", "u");
    assert_int_equal(fixture_run(f, "intake", "hers", "unsaid", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "hers", "--person", "P-0031", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0031", "--yes", "store,share_un", "--by", "self",
                                 "--language", "ko", NULL), 0);
    f->saying = withdraws;
    assert_int_equal(fixture_run(f, "restore", "m1", "--receipt", "latest", "--for", "accountability", "--to", "un",
                                 NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_BUSY, "somebody wrote in the repository meanwhile");
    assert_int_equal(rmdir("m1"), 0); /* nothing is in it */
    assert_int_equal(fixture_run(f, "restore", "m1", "--receipt", "latest", "--for", "accountability", "--to", "un",
                                 NULL), VERBS_REFUSED);
    fixture_said(f, "person P-0031 has withdrawn share_un");
}

static void goes_from_other(struct fixture *f, const char *to, int exit_code, const char *says)
{
    f->compartment = "Other";
    assert_int_equal(fixture_run(f, "restore", to, "--item", "two", "--for", "accountability", "--to", "un", NULL),
                     exit_code);
    fixture_said(f, says);
    f->compartment = NULL;
}

/* What she no longer allows goes out of no compartment; one that knows nothing of her learns nothing. */
static void in_every_compartment(void **state)
{
    struct fixture *f = *state;
    scratch_text("two", "2");
    assert_int_equal(fixture_run(f, "compartment", "new", "Other", NULL), 0);
    assert_int_equal(fixture_run(f, "compartment", "new", "Third", NULL), 0);
    f->compartment = "Other";
    assert_int_equal(fixture_run(f, "intake", "two", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "two", "--person", "P-0021", NULL), 0);
    f->compartment = NULL;
    assert_int_equal(fixture_run(f, "consent", "give", "P-0021", "--yes", "store,share_un", "--by", "self",
                                 "--language", "ko", "--form", "form", NULL), 0);
    assert_non_null(strstr(strstr(buf_text(&f->said), "consent of P-0021") + 1, "consent of P-0021"));
    goes_from_other(f, "a1", 0, "Restored 1 files");
    assert_int_equal(fixture_run(f, "consent", "give", "P-0021,P-0022", "--no", "share_un", "--by", "self",
                                 "--language", "ko", NULL), 0);
    goes_from_other(f, "a2", VERBS_REFUSED, "person P-0021 said no to share_un");
    f->compartment = "Other";
    assert_int_equal(fixture_run(f, "consent", "give", "P-0021", "--yes", "share_un", "--by", "self", "--language",
                                 "ko", NULL), 0);
    f->compartment = NULL;
    assert_int_equal(fixture_run(f, "consent", "withdraw", "P-0021", "--by", "self", NULL), 0);
    fixture_said(f, "restored, un for accountability");
    fixture_said(f, "Tell these recipients");
    goes_from_other(f, "a3", VERBS_REFUSED, "person P-0021 has withdrawn share_un");
    assert_int_equal(fixture_json(f, "consent", "withdraw", "P-0021", "--by", "self", NULL), 0);
    const struct json_node *others = json_get(json_root(f->json), "others");
    assert_int_equal(json_count(others), 1);
    assert_int_equal(json_count(json_get(json_at(others, 0), "given_out")), 1);
    f->compartment = "Other";
    assert_int_equal(fixture_run(f, "consent", "list", NULL), 0);
    fixture_not_said(f, "P-0022");
    f->compartment = "Third";
    assert_int_equal(fixture_run(f, "consent", "list", NULL), 0);
    fixture_said(f, "Nothing was said of any person yet.");
    f->compartment = NULL;
}

/* A yes by a key that may have been in other hands is shown as what it is. */
static void doubtful_is_shown(void **state)
{
    struct fixture *f = *state;
    char file[4096], key[256], words[256], leaf[32];
    const char *own = f->key_path;
    f->key_path = NULL;
    assert_int_equal(fixture_json(f, "member", "request", "her.request", NULL), 0);
    f->key_path = own;
    (void)snprintf(file, sizeof file, "%s", fixture_word(f, "key_file"));
    (void)snprintf(key, sizeof key, "%s", fixture_word(f, "key"));
    (void)snprintf(words, sizeof words, "%s", fixture_word(f, "fingerprint"));
    assert_int_equal(fixture_run(f, "member", "add", "her.request", "--role", "investigator", "--confirm", words, NULL),
                     0);
    f->with_keys = false;
    f->key_path = file;
    assert_int_equal(fixture_run(f, "adopt", NULL), 0);
    assert_int_equal(fixture_json(f, "consent", "give", "P-0061", "--yes", "store", "--by", "self", "--language", "ko",
                                  NULL), 0);
    (void)snprintf(leaf, sizeof leaf, "%llu", (unsigned long long)fixture_number(f, "leaf"));
    f->with_keys = true;
    f->key_path = own;
    assert_int_equal(fixture_run(f, "member", "revoke", key, "--reason", "stolen", "--doubtful-from", leaf, NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "show", "P-0061", NULL), 0);
    fixture_said(f, "  store                      yes, but DOUBTFUL, and so no: ask her again (leaf ");
    assert_int_equal(fixture_json(f, "consent", "show", "P-0061", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"doubtful\":true"));
}

/* ---- beside a writer ---- */

static struct store *opened(struct fixture *f, enum store_manner manner)
{
    const struct store_place place = {.root = "archive", .key_path = f->key_path, .state_folder = "state",
                                      .config_folder = "config", .identity = &f->identity};
    struct store *s = NULL;
    assert_int_equal(store_open(&place, manner, &s, NULL), 0);
    return s;
}

/* She takes it back while another program writes: it stands at once, wherever she is spoken of; a yes waits. */
static void beside_a_writer(void **state)
{
    struct fixture *f = *state;
    scratch_text("beside", "b");
    assert_int_equal(fixture_run(f, "intake", "beside", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "beside", "--person", "P-0071", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0071", "--yes", "store,share_un,analyse", "--by", "self",
                                 "--language", "ko", NULL), 0);
    struct store *writer = opened(f, STORE_WRITE);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0071", "--no", "analyse", "--by", "self", "--language", "ko",
                                 NULL), 0);
    fixture_said(f, "Another program is writing. This stands now, and goes on the log with the next write:\n"
                    "consent of P-0071.\n");
    assert_int_equal(fixture_run(f, "restore", "b1", "--item", "beside", "--for", "accountability", "--to", "un",
                                 NULL), 0);
    assert_int_equal(fixture_run(f, "restore", "b2", "--item", "beside", "--for", "analysis", "--to", "analyst",
                                 NULL), VERBS_REFUSED);
    fixture_said(f, "person P-0071 said no to analyse (it stands, and is not on the log yet)");
    assert_int_equal(fixture_run(f, "consent", "withdraw", "P-0071", "--by", "self", "--scopes", "share_un", NULL), 0);
    fixture_said(f, "P-0071 withdrew. What needs these scopes goes out no more.\n");
    fixture_said(f, "What is being given out at this moment is not among it");
    assert_int_equal(fixture_json(f, "consent", "withdraw", "P-0071", "--by", "self", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"waiting\":true"));
    for (const char *leaf = buf_text(&f->document); (leaf = strstr(leaf, "\"leaf\":")) != NULL; leaf++)
        assert_int_equal(strncmp(leaf, "\"leaf\":null", 11), 0); /* what was restored before has none yet, either */
    assert_int_equal(fixture_json(f, "restore", "b3", "--item", "beside", "--for", "accountability", "--to", "un",
                                  NULL), VERBS_REFUSED);
    assert_non_null(strstr(buf_text(&f->document), "\"waiting\":true,\"why\":\"withdrawn\""));
    assert_int_equal(fixture_run(f, "consent", "show", "P-0071", NULL), 0);
    fixture_said(f, "  share_un                   withdrawn (it stands, and is not on the log yet)\n");
    assert_int_equal(fixture_json(f, "consent", "show", "P-0071", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"waiting\":true"));
    assert_int_equal(fixture_run(f, "consent", "give", "P-0071", "--yes", "share_un", "--by", "self", "--language",
                                 "ko", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_BUSY, "another writer is at work");
    assert_int_equal(fixture_run(f, "consent", "give", "P-0071", "--no", "share_un", "--by", "self", "--language",
                                 "ko", "--form", "form", NULL), VERBS_ENVIRONMENT);
    (void)fixture_run(f, "status", NULL);
    fixture_said(f, "  Withdrawals and refusals that stand, and go on the log with the next commit: 3\n");
    (void)fixture_json(f, "status", NULL);
    assert_int_equal(fixture_number(f, "noes_waiting"), 3);
    scratch_mkdir("other-disk");
    assert_int_equal(fixture_run(f, "mirror", "other-disk/mirror", NULL), 0);
    fixture_warned(f, "not on the log yet, and so not in this mirror: 3; groundwork note puts them there");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    store_close(writer);
    assert_int_equal(fixture_run(f, "note", "the next write", NULL), 0);
    (void)fixture_json(f, "status", NULL);
    assert_int_equal(fixture_number(f, "noes_waiting"), 0);
    assert_int_equal(fixture_run(f, "consent", "show", "P-0071", NULL), 0);
    fixture_said(f, "  share_un                   withdrawn (leaf ");
    assert_int_equal(fixture_run(f, "mirror", "other-disk/mirror", NULL), 0);
    assert_string_equal(buf_text(&f->warned), "");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

/* In the second compartment it waits in a folder of its own; where nothing is known of her, nothing waits. */
static void beside_a_writer_everywhere(void **state)
{
    struct fixture *f = *state;
    f->compartment = "Other";
    scratch_text("three", "3");
    assert_int_equal(fixture_run(f, "intake", "three", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "three", "--person", "P-0072", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0072", "--yes", "store,share_un", "--by", "self",
                                 "--language", "ko", NULL), 0);
    f->compartment = NULL;
    struct store *writer = opened(f, STORE_WRITE);
    assert_int_equal(fixture_run(f, "consent", "withdraw", "P-0072", "--by", "self", NULL), 0);
    (void)fixture_json(f, "status", NULL);
    assert_int_equal(fixture_number(f, "noes_waiting"), 2); /* here, where it was said, and there */
    store_close(writer);
    f->compartment = "Other";
    assert_int_equal(fixture_run(f, "restore", "e1", "--item", "three", "--for", "accountability", "--to", "un", NULL),
                     VERBS_REFUSED);
    fixture_said(f, "P-0072 has withdrawn share_un (it stands, and is not on the log yet)");
    assert_int_equal(fixture_run(f, "note", "W", NULL), 0);
    (void)fixture_json(f, "status", NULL);
    assert_int_equal(fixture_number(f, "noes_waiting"), 1);
    f->compartment = NULL;
    assert_int_equal(fixture_run(f, "note", "W", NULL), 0);
    (void)fixture_json(f, "status", NULL);
    assert_int_equal(fixture_number(f, "noes_waiting"), 0);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

static struct fixture *giving;

static void waits_for_it(struct fixture *f)
{
    const char *codes[] = {"P-0073"};
    struct statement st = {.kind = STATEMENT_WITHDRAWN, .at_unix_s = time_now_unix_s(),
                           .withdrawn = {.persons = {codes, 1}, .all = true, .by = CONSENT_SELF, .date = "2026-11-20"}};
    struct store *s = opened(f, STORE_READ);
    f->saying = NULL;
    f->progress = NULL;
    assert_int_equal(store_wait(s, &st, NULL), 0);
    store_close(s);
}

static int waits_for_export(const struct verbs_progress *p)
{
    (void)p;
    waits_for_it(giving);
    return 0;
}

/* A package that is being made, or a restore that was decided, does not go out past a no that came meanwhile. */
static void while_it_is_given_out(void **state)
{
    struct fixture *f = *state;
    giving = f;
    scratch_text("given", "g");
    scratch_text("of nobody", "o");
    assert_int_equal(fixture_run(f, "intake", "given", "of nobody", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "given", "--person", "P-0073", NULL), 0);
    assert_int_equal(fixture_run(f, "protect", "of nobody", "--nobody", "--why", "W", NULL), 0);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0073", "--yes", "store,share_un", "--by", "self",
                                 "--language", "ko", NULL), 0);
    f->progress = waits_for_export;
    assert_int_equal(fixture_run(f, "export", "package", "given", "--for", "accountability", "--to", "un", NULL),
                     VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "somebody said no while the package was made");
    assert_null(f->progress);
    assert_true(access("package", F_OK) != 0 && access("package.exporting", F_OK) != 0);
    assert_int_equal(fixture_run(f, "export", "package", "given", "--for", "accountability", "--to", "un", NULL),
                     VERBS_REFUSED);
    fixture_said(f, "P-0073 has withdrawn share_un");
    f->progress = waits_for_export; /* of somebody whose it is not */
    assert_int_equal(fixture_run(f, "export", "package", "of nobody", "--for", "accountability", "--to", "un", NULL),
                     0);
    assert_null(f->progress);
    assert_int_equal(fixture_run(f, "consent", "give", "P-0073", "--yes", "store,share_un", "--by", "self",
                                 "--language", "ko", NULL), 0);
    f->saying = waits_for_it;
    scratch_text("unsaid too", "u");
    assert_int_equal(fixture_run(f, "intake", "unsaid too", "given", NULL), 0);
    f->saying = waits_for_it;
    assert_int_equal(fixture_run(f, "restore", "g1", "--all", "--for", "accountability", "--to", "un", NULL),
                     VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_BUSY, "somebody wrote in the repository meanwhile");
    assert_int_equal(rmdir("g1"), 0);
}

/* What may hold a no and cannot be read keeps everything in, until repair has told of it. */
static void what_cannot_be_heard(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf name = {0};
    char hex[2 * KEYRING_ID + 1];
    hex_put(hex, f->identity.holdings[0].compartment, KEYRING_ID);
    buf_printf(&name, "archive/waiting/%s", hex);
    assert_int_equal(file_make_folders(buf_text(&name), NULL), 0);
    buf_put_text(&name, "/0123");
    scratch_text(buf_text(&name), "what was a withdrawal");
    assert_int_equal(fixture_run(f, "restore", "h1", "--item", "of nobody", "--for", "accountability", "--to", "un",
                                 NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "nothing goes out: 0123 in waiting/ may hold a withdrawal, and is damaged: run");
    assert_int_equal(fixture_run(f, "restore", "h1", "--item", "of nobody", NULL), 0); /* which stays within */
    assert_int_equal(fixture_run(f, "consent", "show", "P-0073", NULL), 0);
    fixture_warned(f, "has another form than such files have");
    assert_int_equal(fixture_run(f, "repair", NULL), 0);
    fixture_said(f, "ask who may have said it, and say it again");
    assert_int_equal(fixture_run(f, "restore", "h2", "--item", "of nobody", "--for", "accountability", "--to", "un",
                                 NULL), 0);
}

static void refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *words[12];
        const char *says;
    } cases[] = {
        {{"consent", "ask"}, "say consent give, withdraw, show or list"},
        {{"consent", "give"}, "groundwork help consent tells how"},
        {{"consent", "list", "P-0001"}, "groundwork help consent tells how"},
        {{"consent", "show", "P-0001,P-0002"}, "consent show takes one person"},
        {{"consent", "give", "Kim", "--yes", "store", "--by", "self", "--language", "ko"}, "no code of a person"},
        {{"consent", "give", "P-0001", "--yes", "store", "--language", "ko"}, "say by whom it was said"},
        {{"consent", "give", "P-0001", "--yes", "store", "--by", "her", "--language", "ko"}, "self, guardian or next"},
        {{"consent", "give", "P-0001", "--by", "self", "--language", "ko"}, "nothing was answered"},
        {{"consent", "give", "P-0001", "--yes", "store,sharing", "--by", "self", "--language", "ko"},
         "\"sharing\" is no scope"},
        {{"consent", "give", "P-0001", "--yes", "store,", "--by", "self", "--language", "ko"}, "\"\" is no scope"},
        {{"consent", "give", "P-0001", "--yes", "store", "--no", "store", "--by", "self", "--language", "ko"},
         "store was said already"},
        {{"consent", "give", "P-0001", "--yes", "store", "--by", "self"}, "in which language"},
        {{"consent", "give", "P-0001", "--yes", "store", "--by", "self", "--language", "Korean"}, "in which language"},
        {{"consent", "give", "P-0001", "--yes", "store", "--by", "self", "--language", "ko", "--date", "today"},
         "is no date"},
        {{"consent", "give", "P-0001", "--yes", "store", "--by", "self", "--language", "ko", "--until", "2030"},
         "is no day"},
        {{"consent", "give", "P-0001", "--yes", "store", "--by", "self", "--language", "ko", "--interpreter", "Lee"},
         "names do not belong here"},
        {{"consent", "withdraw", "P-0001"}, "say by whom it was said"},
        {{"consent", "withdraw", "P-0001", "--by", "self", "--scopes", "all"}, "\"all\" is no scope"},
        {{"consent", "withdraw", "P-0001", "--by", "self", "--why", ""}, "--why is empty"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const *w = cases[i].words;
        assert_int_equal(fixture_run(f, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], NULL),
                         VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, cases[i].says);
    }
    assert_int_equal(fixture_run(f, "consent", "give", "P-0001", "--yes", "store", "--by", "self", "--language", "ko",
                                 "--form", "nothing", NULL), VERBS_ENVIRONMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(given_and_shown), cmocka_unit_test(withdrawn),
                                       cmocka_unit_test(lies_there), cmocka_unit_test(provider_is_told),
                                       cmocka_unit_test(nobody_says_yes_in_her_stead),
                                       cmocka_unit_test(older_forms),
                                       cmocka_unit_test(withdrawn_meanwhile), cmocka_unit_test(in_every_compartment),
                                       cmocka_unit_test(beside_a_writer), cmocka_unit_test(beside_a_writer_everywhere),
                                       cmocka_unit_test(while_it_is_given_out), cmocka_unit_test(what_cannot_be_heard),
                                       cmocka_unit_test(refused), cmocka_unit_test(doubtful_is_shown)};
    return cmocka_run_group_tests(tests, setup, fixture_end);
}
