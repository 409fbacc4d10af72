/* Checking and healing: audit, verify, reindex, repair. */
#include "fixture.h"

static int begin(void **state)
{
    int rc = fixture_begin(state);
    struct fixture *f = *state;
    struct chance chance = {21};
    OWN(mem_drop) uint8_t *content = malloc(1500000);
    chance_fill(&chance, content, 1500000);
    scratch_mkdir("papers");
    scratch_file("papers/film", content, 1500000); /* one pack is sealed, one is open */
    scratch_text("papers/letter", "dear sirs");
    assert_int_equal(link("papers/letter", "papers/again"), 0);
    assert_int_equal(fixture_run(f, "intake", "papers", "--from", "A giver", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "a remark", NULL), 0);
    assert_int_equal(system("cp -a archive whole && cp -a state seen"), 0);
    return rc;
}

static int heal(void **state)
{
    struct fixture *f = *state;
    (void)f;
    assert_int_equal(system("rm -rf archive state && cp -a whole archive && cp -a seen state"), 0);
    return 0;
}

static void flip(const char *path, off_t at)
{
    uint8_t byte;
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    if (at < 0)
        at += st.st_size;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
}

/* The open pack has the largest number. */
static const char *open_pack(char copy)
{
    static char path[64];
    for (int pack = 9; pack >= 0; pack--) {
        (void)snprintf(path, sizeof path, copy == 'b' ? "archive/b/open/%06d.pack" : "archive/vault/000/%06d.pack",
                       pack);
        if (access(path, F_OK) == 0)
            return path;
    }
    fail_msg("there is no open pack");
    return NULL;
}

/* A check never writes into the repository, whatever it finds. */
static int check(struct fixture *f, const char *verb, const char *option)
{
    struct hash before, after;
    fixture_digest("archive", &before);
    int code = option != NULL ? fixture_run(f, verb, option, NULL) : fixture_run(f, verb, NULL);
    fixture_digest("archive", &after);
    assert_true(hash_equal(&before, &after));
    return code;
}

static void whole(struct fixture *f)
{
    assert_int_equal(check(f, "verify", NULL), 0);
    fixture_said(f, "VERIFIED\n");
    assert_int_equal(check(f, "audit", NULL), 0);
    fixture_said(f, "WHOLE\n");
}

static void what_is_whole_is_called_so(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(check(f, "verify", NULL), 0);
    fixture_went_well(f);
    fixture_said(f, "4 commits, ");
    fixture_said(f, " covers checked.\nInvestigation \"main\": statements 1 to 5, none missing.\nNo time-stamp attests "
                    "when this was there: groundwork timestamp request asks for one.\nVERIFIED\n");
    assert_int_equal(check(f, "audit", NULL), 0);
    fixture_said(f, "2 packs and 2 parity files (");
    fixture_said(f, ") compared with their logged roots.\n2 items (1.4 MiB) decrypted and re-hashed.\nWHOLE\n");
    assert_int_equal(check(f, "audit", "--full"), 0);
    fixture_said(f, "2 items (1.4 MiB) decrypted");
    assert_int_equal(fixture_json(f, "verify", NULL), 0);
    assert_string_equal(fixture_word(f, "result"), "VERIFIED");
    assert_int_equal(fixture_number(f, "records"), 4);
    assert_int_equal(fixture_number(f, "covers"), 1);
    assert_int_equal(json_count(json_get(json_root(f->json), "findings")), 0);
    assert_int_equal(fixture_json(f, "audit", NULL), 0);
    assert_string_equal(fixture_word(f, "result"), "WHOLE");
    assert_int_equal(fixture_number(f, "items"), 2);
    assert_int_equal(fixture_number(f, "packs"), 2);
    assert_int_equal(fixture_run(f, "repair", NULL), 0);
    fixture_said(f, "Nothing needed healing. groundwork audit checks what is stored.\n");
}

static void an_audit_without_keys_asks_for_none(void **state)
{
    struct fixture *f = *state;
    f->with_keys = false;
    f->key_path = "keys/none.key";
    assert_int_equal(check(f, "audit", "--keyless"), 0);
    assert_int_equal(f->asked, 0);
    fixture_said(f, "WHOLE\n");
    fixture_not_said(f, "decrypted");
    flip(open_pack('a'), 5000);
    assert_int_equal(check(f, "audit", "--keyless"), VERBS_FAILED);
    fixture_said(f, "FAILED: ");
    assert_int_equal(fixture_run(f, "audit", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_KEY, "no key file at keys/none.key");
    f->key_path = "keys/own.key";
    f->with_keys = true;
}

static void options_that_do_not_fit(void **state)
{
    static const char *const bad[] = {"", "first", "-1", "1 ", "18446744073709551616"};
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "audit", "--full", "--keyless", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "give one of --keyless and --full");
    for (size_t i = 0; i < COUNT(bad); i++) {
        char words[80];
        (void)snprintf(words, sizeof words, "--from-pack %s: give the number of a pack", bad[i]);
        assert_int_equal(fixture_run(f, "audit", "--from-pack", bad[i], NULL), VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, words);
    }
    assert_int_equal(fixture_run(f, "audit", "--keyless", "--from-pack", "1", NULL), 0);
    fixture_said(f, "1 packs and 2 parity files (");
    f->repository = NULL;
    static const char *const verbs[] = {"audit", "verify", "reindex", "repair"};
    for (size_t i = 0; i < COUNT(verbs); i++) {
        assert_int_equal(fixture_run(f, verbs[i], NULL), VERBS_ENVIRONMENT);
        fixture_failed(f, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    }
    f->repository = "archive";
}

static int stop(const struct verbs_progress *p)
{
    return 1;
}

static void an_interrupted_audit_says_how_to_go_on(void **state)
{
    struct fixture *f = *state;
    f->progress = stop;
    assert_int_equal(fixture_run(f, "audit", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_STOPPED, "interrupted: nothing was changed"); /* in full, the first stretch is begun anew */
    assert_int_equal(fixture_run(f, "audit", "--keyless", NULL), VERBS_ENVIRONMENT);
    f->progress = NULL;
    fixture_failed(f, ERR_STOPPED, "interrupted: go on with --from-pack 0");
    assert_int_equal(fixture_run(f, "audit", "--from-pack", "0", NULL), 0);
}

/* ---- damage in one copy: found, exit 1, healed ---- */

static void heals(struct fixture *f, const char *checked_by, const char *finding, const char *healed)
{
    assert_int_equal(check(f, checked_by, NULL), VERBS_FAILED);
    assert_int_equal(f->rc, 0); /* an answer, not an error */
    fixture_said(f, finding);
    fixture_said(f, "FAILED: ");
    assert_int_equal(fixture_json(f, checked_by, NULL), VERBS_FAILED);
    assert_string_equal(fixture_word(f, "result"), "FAILED");
    assert_true(json_count(json_get(json_root(f->json), "findings")) > 0);
    if (fixture_run(f, "repair", NULL) != 0 || f->warned.n > 0)
        fail_msg("%s%s", f->e.text, buf_text(&f->said));
    fixture_said(f, healed);
    fixture_said(f, "Healed. Damaged files are kept in quarantine/; run groundwork verify and groundwork audit now.");
    whole(f);
}

static void a_damaged_journal_is_healed_from_the_other(void **state)
{
    struct fixture *f = *state;
    flip("archive/a/journal", 2000);
    heals(f, "verify", "journal a", "  healed: journal a: written anew from the good records");
    flip("archive/b/journal", 2000);
    heals(f, "verify", "journal b", "  healed: journal b: written anew from the good records");
    assert_int_equal(unlink("archive/b/journal"), 0);
    heals(f, "verify", "journal b", "  healed: journal b: was not there and was written anew from the other copy");
}

static void a_damaged_open_pack_is_healed_from_the_other(void **state)
{
    struct fixture *f = *state;
    for (char copy = 'a'; copy <= 'b'; copy++) {
        char finding[32];
        (void)snprintf(finding, sizeof finding, "pack 1, copy %c: ", copy);
        flip(open_pack(copy), 5000);
        heals(f, "audit", finding, "  healed: pack 1 healed from its second copy");
    }
    /* Without keys a second copy that is not there may be what a part of an intake leaves: told, and no damage. */
    assert_int_equal(unlink(open_pack('b')), 0);
    assert_int_equal(fixture_run(f, "audit", "--keyless", NULL), 0);
    fixture_said(f, "pack 1, copy b: is not whole");
    heals(f, "audit", "pack 1, copy b: ", "  healed: pack 1 healed from its second copy");
}

static void a_damaged_keyring_file_is_healed_from_the_other(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(system("for t in archive/a/keys/*/table-*; do printf x >>$t; done"), 0);
    heals(f, "verify", "/a/keys/", "  healed: ");
}

static void damage_in_both_copies_is_named_and_not_invented(void **state)
{
    struct fixture *f = *state;
    flip(open_pack('a'), 5000);
    flip(open_pack('b'), 5000);
    assert_int_equal(check(f, "audit", NULL), VERBS_FAILED);
    fixture_said(f, "pack 1, copy a: ");
    fixture_said(f, "pack 1, copy b: ");
    assert_int_equal(fixture_run(f, "repair", NULL), VERBS_FAILED);
    fixture_said(f, "FAILED: not everything could be healed from second copies and parity: what is named above needs "
                    "a mirror (repair --from) or another copy of the repository");
    assert_int_equal(fixture_json(f, "repair", NULL), VERBS_FAILED);
    assert_string_equal(fixture_word(f, "result"), "FAILED");
    assert_non_null(strstr(fixture_word(f, "findings.0"), "pack 1"));
}

/* What cannot even be opened is an answer as well, in lines and as a document. */
static void a_repository_that_does_not_open_has_failed(void **state)
{
    static const char *const verbs[] = {"verify", "audit", "repair"};
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(stat("archive/a/journal", &st), 0);
    assert_int_equal(truncate("archive/a/journal", st.st_size - 300), 0);
    assert_int_equal(truncate("archive/b/journal", st.st_size - 300), 0);
    for (size_t i = 0; i < COUNT(verbs); i++) {
        assert_int_equal(fixture_run(f, verbs[i], NULL), VERBS_FAILED);
        fixture_said(f, "FAILED: both copies of the journal");
        assert_int_equal(fixture_json(f, verbs[i], NULL), VERBS_FAILED);
        assert_string_equal(fixture_word(f, "result"), "FAILED");
        assert_non_null(strstr(fixture_word(f, "findings.0"), "both copies of the journal"));
    }
    assert_int_equal(fixture_run(f, "items", NULL), VERBS_FAILED);
    fixture_failed(f, ERR_DAMAGED, "both copies of the journal");
}

/* ---- reindex ---- */

static void a_rebuilt_index_has_the_same_content(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf first = {0};
    OWN(buf_drop) struct buf second = {0};
    struct stat st;
    assert_int_equal(fixture_run(f, "reindex", "--dump", "first", NULL), 0);
    fixture_said(f, "The index is rebuilt from the log: 2 items.");
    scratch_remove("archive/index");
    assert_int_equal(fixture_json(f, "reindex", "--dump", "second", NULL), 0);
    assert_int_equal(fixture_number(f, "items"), 2);
    assert_int_equal(file_read_all("first", SIZE_MAX, &first, NULL), 0);
    assert_int_equal(file_read_all("second", SIZE_MAX, &second, NULL), 0);
    assert_true(first.n > 0 && bytes_equal(buf_bytes(&first), buf_bytes(&second)));
    assert_non_null(memmem(first.p, first.n, "A giver", 7));
    assert_int_equal(stat("first", &st), 0);
    assert_int_equal(st.st_mode & 077, 0); /* it is not encrypted: nobody else's to read */
    whole(f);
}

static void a_dump_does_not_go_into_the_repository(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(symlink("archive/index", "way"), 0);
    static const char *const places[] = {"archive/dump", "archive/new/../dump", "way/dump", "archive"};
    for (size_t i = 0; i < COUNT(places); i++) {
        assert_int_equal(fixture_run(f, "reindex", "--dump", places[i], NULL), VERBS_REFUSED);
        fixture_failed(f, ERR_REFUSED, "lies in the repository ");
        fixture_failed(f, ERR_REFUSED, ": name a place outside it");
    }
    assert_int_equal(unlink("way"), 0);
}

static void a_dump_in_the_way_is_noticed_before_the_work(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    scratch_text("taken", "");
    fixture_digest("archive", &before);
    assert_int_equal(fixture_run(f, "reindex", "--dump", "taken", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "taken is there already: name another file");
    fixture_digest("archive", &after);
    assert_true(hash_equal(&before, &after));
    fixture_run(f, "reindex", "--dump", "nowhere/dump", NULL);
    fixture_failed(f, ERR_IO, "nowhere/dump");
    whole(f);
}

/* It is derived: whoever opens it next makes it again, and says so. */
static void a_damaged_index_is_made_again(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    OWN(mem_drop) char *items = strdup(buf_text(&f->said));
    for (off_t at = 1000; at < 60000; at += 4096)
        flip("archive/index/main.db", at);
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    fixture_warned(f, "the index is missing, damaged or foreign: rebuilding it from the ledger");
    assert_string_equal(buf_text(&f->said), items);
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    fixture_went_well(f);
    whole(f);
}

#define CHECK(test) cmocka_unit_test_teardown(test, heal)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK(what_is_whole_is_called_so),
        CHECK(an_audit_without_keys_asks_for_none),
        CHECK(options_that_do_not_fit),
        CHECK(an_interrupted_audit_says_how_to_go_on),
        CHECK(a_damaged_journal_is_healed_from_the_other),
        CHECK(a_damaged_open_pack_is_healed_from_the_other),
        CHECK(a_damaged_keyring_file_is_healed_from_the_other),
        CHECK(damage_in_both_copies_is_named_and_not_invented),
        CHECK(a_repository_that_does_not_open_has_failed),
        CHECK(a_rebuilt_index_has_the_same_content),
        CHECK(a_dump_does_not_go_into_the_repository),
        CHECK(a_dump_in_the_way_is_noticed_before_the_work),
        CHECK(a_damaged_index_is_made_again),
    };
    return cmocka_run_group_tests(tests, begin, fixture_end);
}
