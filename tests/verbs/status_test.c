/* The state of a repository, without a passphrase, and the next step. */
#include "fixture.h"

static void status(struct fixture *f, int code)
{
    struct hash before, after;
    f->with_keys = false;
    fixture_digest(".", &before);
    assert_int_equal(fixture_run(f, "status", NULL), code);
    fixture_digest(".", &after);
    assert_true(hash_equal(&before, &after)); /* nothing is healed, nothing is noted */
    assert_int_equal(f->asked, 0);
    f->with_keys = true;
}

static void a_whole_repository(void **state)
{
    struct fixture *f = *state;
    status(f, 0);
    fixture_went_well(f);
    fixture_said(f, "Repository archive\n");
    fixture_said(f, "  Origin: tests.example/log, founded 20");
    fixture_said(f, " leaves in 2 commits, root ");
    fixture_said(f, "  Journal, copy a: good at its end; groundwork verify checks all of it\n"
                    "  Journal, copy b: good at its end; groundwork verify checks all of it\n");
    fixture_said(f, "  This computer vouches for it: nothing it saw committed is missing.");
    fixture_said(f, "  Key file: keys/own.key\n");
    fixture_said(f, "  Recovery: no sheets yet.");
    fixture_not_said(f, "Next:");
    fixture_not_said(f, "Audits on this computer"); /* there is no pack yet */
    f->key_path = "keys/none.key";
    status(f, 0);
    fixture_said(f, "  Key file: none at keys/none.key; bring your copy of it, or name it with --key\n");
    f->key_path = "keys/own.key";
    assert_int_equal(rename("state", "elsewhere"), 0);
    status(f, 0);
    fixture_said(f, "  This computer has not seen this repository before: run groundwork adopt");
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"state_known\":false"));
    assert_int_equal(rename("elsewhere", "state"), 0);
}

/* How old the audits of this computer are. */
static void how_old_audits_are(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("papers");
    scratch_text("papers/one", "evidence");
    assert_int_equal(fixture_run(f, "intake", "papers", NULL), 0);
    status(f, 0);
    fixture_said(f, "  Audits on this computer: 1 packs, of which never 1\n    packs 0 to 0: never\n");
    assert_int_equal(fixture_run(f, "audit", "--keyless", NULL), 0);
    status(f, 0);
    fixture_said(f, "    packs 0 to 0: without keys ");
    fixture_said(f, "0 days ago; findings: 0; in full never\n");
    assert_int_equal(fixture_run(f, "audit", "--limit", "1000", NULL), 0);
    status(f, 0);
    fixture_said(f, "    packs 0 to 0: in full ");
    fixture_said(f, "    2 reports of audits go on the log with the next commit\n");
    assert_int_equal(fixture_run(f, "audit", "--keyless", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "a remark", NULL), 0);
    status(f, 0);
    fixture_said(f, "findings: 0; in full 2");
    fixture_not_said(f, "go on the log");
    fixture_not_said(f, "Found damaged");
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"grade\":\"keyless\""));
    for (size_t i = 0; i < 3; i++) {
        static const char *const bad[] = {"0", "1000001", "fast"};
        assert_int_equal(fixture_run(f, "audit", "--limit", bad[i], NULL), VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, ": give a number of MB/s, 1 to 1000000");
    }
}

static void as_a_document(void **state)
{
    static const char *const keys[] = {
        "accesses_waiting", "agent_seconds",
        "audits",       "audits_waiting", "commits",      "journal_a",         "journal_b",  "key_file",
        "leaves",       "log_key",        "mirrors",      "mirrors_warn_days", "noes_waiting",
        "origin",       "pack_sectors",   "packs",        "packs_bare",        "packs_damaged",
        "packs_here",   "parity_files",   "parity_packs", "pin",
        "recovery",     "repository",     "root",         "state_known",       "stripes",    "stripes_whole",
        "timestamps"};
    struct fixture *f = *state;
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_true(json_keys_are(json_root(f->json), keys, COUNT(keys)));
    assert_string_equal(fixture_word(f, "journal_a"), "good");
    assert_string_equal(fixture_word(f, "journal_b"), "good");
    assert_int_equal(fixture_number(f, "commits"), 2);
    assert_int_equal(fixture_number(f, "pack_sectors"), (1 << 20) / VAULT_SECTOR);
    assert_int_equal(fixture_number(f, "parity_packs"), 16);
    assert_int_equal(fixture_number(f, "parity_files"), 2);
    assert_int_equal(fixture_number(f, "stripes"), 0);
}

static void the_next_step(void **state)
{
    struct fixture *f = *state;
    f->repository = NULL;
    assert_int_equal(fixture_run(f, "", NULL), 0);
    fixture_said(f, "No repository here.\nNext: groundwork init DIR --origin NAME makes one;");
    assert_int_equal(fixture_json(f, "", NULL), 0);
    assert_string_equal(buf_text(&f->document), "{\"repository\":null}");
    assert_int_equal(fixture_run(f, "status", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    f->repository = "nowhere";
    fixture_run(f, "status", NULL);
    fixture_failed(f, ERR_ABSENT, "no repository at nowhere: make one with groundwork init");
    f->repository = "archive";
    assert_int_equal(fixture_run(f, "", NULL), 0);
    fixture_said(f, "Next: groundwork intake FOLDER\n");
    scratch_text("one", "1");
    assert_int_equal(fixture_run(f, "intake", "one", NULL), 0);
    assert_int_equal(fixture_run(f, "", NULL), 0);
    fixture_said(f, "Next: groundwork receipt, groundwork audit, or groundwork help\n");
}

/* ---- what crashes and bad disks leave ---- */

static void copy_of_journal(char copy, char to[32])
{
    (void)snprintf(to, 32, "archive/%c/journal", copy);
}

static void with_journal(struct fixture *f, char copy, int (*change)(const char *path, struct buf *journal),
                         const char *line, const char *code)
{
    char path[32], words[160], key[16];
    OWN(buf_drop) struct buf journal = {0};
    copy_of_journal(copy, path);
    assert_int_equal(file_read_all(path, SIZE_MAX, &journal, NULL), 0);
    size_t n = journal.n;
    OWN(mem_drop) uint8_t *whole = malloc(n);
    memcpy(whole, journal.p, n);
    assert_int_equal(change(path, &journal), 0);
    const char *next = strstr(line, "next writer") != NULL ? "Next: groundwork receipt" : "Next: groundwork repair";
    status(f, VERBS_FAILED);
    (void)snprintf(words, sizeof words, "  Journal, copy %c: %s", copy, line);
    fixture_said(f, words);
    (void)snprintf(words, sizeof words, "  Journal, copy %c: good", "ba"[copy - 'a']);
    fixture_said(f, words);
    assert_int_equal(fixture_run(f, "", NULL), VERBS_FAILED);
    fixture_said(f, next);
    assert_int_equal(fixture_json(f, "status", NULL), VERBS_FAILED);
    (void)snprintf(key, sizeof key, "journal_%c", copy);
    assert_string_equal(fixture_word(f, key), code);
    scratch_file(path, whole, n);
    status(f, 0);
}

static int take_away(const char *path, struct buf *journal)
{
    return unlink(path);
}

static int add_a_tail(const char *path, struct buf *journal)
{
    buf_put_text(journal, "an unfinished record");
    scratch_file(path, journal->p, journal->n);
    return 0;
}

static int flip_a_bit(const char *path, struct buf *journal)
{
    journal->p[10] ^= 1;
    scratch_file(path, journal->p, journal->n);
    return 0;
}

static void a_copy_that_is_not_whole_is_named_with_the_remedy(void **state)
{
    struct fixture *f = *state;
    for (char copy = 'a'; copy <= 'b'; copy++) {
        with_journal(f, copy, take_away, "missing: run groundwork repair\n", "absent");
        with_journal(f, copy, add_a_tail, "an unfinished commit at its end; the next writer sees to it\n", "bad-tail");
        with_journal(f, copy, flip_a_bit, "damaged: run groundwork repair\n", "bad");
    }
}

static size_t cut_to;

static int cut(const char *path, struct buf *journal)
{
    return truncate(path, (off_t)cut_to);
}

static void a_copy_that_lacks_the_last_commit_is_short(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(stat("archive/a/journal", &st), 0);
    cut_to = (size_t)st.st_size;
    assert_int_equal(fixture_run(f, "note", "one commit more", NULL), 0);
    with_journal(f, 'a', cut, "short: run groundwork repair\n", "short");
    with_journal(f, 'b', cut, "short: run groundwork repair\n", "short");
}

/* Ended between the two copies: nothing that was ever called committed is lacking, and any writer copies it. */
static void a_commit_interrupted_between_the_copies(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(system("cp -r state state-before"), 0);
    assert_int_equal(stat("archive/b/journal", &st), 0);
    cut_to = (size_t)st.st_size;
    assert_int_equal(fixture_run(f, "note", "cut short", NULL), 0);
    assert_int_equal(system("mv state state-after && mv state-before state"), 0);
    const char *const words = "without its last commit, which was interrupted; the next writer sees to it\n";
    with_journal(f, 'a', cut, words, "short");
    with_journal(f, 'b', cut, words, "short");
    assert_int_equal(truncate("archive/b/journal", (off_t)cut_to), 0);
    assert_int_equal(fixture_run(f, "note", "the next writer", NULL), 0);
    status(f, 0);
    assert_int_equal(system("rm -r state-after"), 0);
}

/* All packs gone are packs that are missing, and no empty vault. */
static void a_vault_that_is_gone(void **state)
{
    struct fixture *f = *state;
    status(f, 0);
    fixture_not_said(f, "are here");
    assert_int_equal(system("mv archive/vault gone-vault; mv archive/b/open gone-open"), 0);
    status(f, VERBS_FAILED);
    fixture_said(f, "  Packs: 0 of 1 are here: run groundwork repair\n");
    assert_int_equal(fixture_run(f, "", NULL), VERBS_FAILED);
    fixture_said(f, "Next: groundwork repair");
    assert_int_equal(fixture_json(f, "status", NULL), VERBS_FAILED);
    assert_int_equal(fixture_number(f, "packs"), 1);
    assert_int_equal(fixture_number(f, "packs_here"), 0);
    assert_int_equal(system("mv gone-vault archive/vault; mv gone-open archive/b/open"), 0);
    status(f, 0);
}

static void what_a_crash_left_is_seen_to_by_the_next_writer(void **state)
{
    struct fixture *f = *state;
    for (char copy = 'a'; copy <= 'b'; copy++) {
        char path[32];
        copy_of_journal(copy, path);
        int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, "unfinished", 10), 10);
        assert_int_equal(close(fd), 0);
    }
    status(f, VERBS_FAILED);
    fixture_said(f, "  Journal, copy a: an unfinished commit at its end");
    fixture_said(f, "  Journal, copy b: an unfinished commit at its end");
    scratch_text("after", "the crash");
    assert_int_equal(fixture_run(f, "intake", "after", NULL), 0);
    assert_true(f->warned.n > 0); /* that the tail was moved aside */
    status(f, 0);
}

/* Both copies shorter than what was seen: an older copy of the repository is not the present one. */
static void an_older_copy_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(system("cp -r archive old"), 0);
    assert_int_equal(fixture_run(f, "note", "later", NULL), 0);
    f->repository = "old";
    assert_int_equal(fixture_run(f, "status", NULL), VERBS_FAILED);
    assert_int_equal(f->rc, ERR_DAMAGED);
    f->repository = "archive";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_repository),
        cmocka_unit_test(as_a_document),
        cmocka_unit_test(the_next_step),
        cmocka_unit_test(how_old_audits_are),
        cmocka_unit_test(a_copy_that_is_not_whole_is_named_with_the_remedy),
        cmocka_unit_test(a_copy_that_lacks_the_last_commit_is_short),
        cmocka_unit_test(a_commit_interrupted_between_the_copies),
        cmocka_unit_test(a_vault_that_is_gone),
        cmocka_unit_test(what_a_crash_left_is_seen_to_by_the_next_writer),
        cmocka_unit_test(an_older_copy_is_refused),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
