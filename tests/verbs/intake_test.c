/* Taking in: every name on a receipt, sums that agree, nothing twice, nothing by a dry run. */
#include "fixture.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

static uint64_t sum(const struct fixture *f, const char *what, const char *of)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s.%s", what, of);
    return fixture_number(f, path);
}

/* A document's four sums add up to what was seen, and its entries are as many. */
static void sums_agree(struct fixture *f)
{
    static const char *const of[] = {"files", "bytes"};
    for (size_t i = 0; i < COUNT(of); i++)
        assert_int_equal(sum(f, "taken", of[i]) + sum(f, "duplicate", of[i]) + sum(f, "already", of[i]) +
                             sum(f, "refused", of[i]),
                         sum(f, "seen", of[i]));
}

static void receipt_agrees(struct fixture *f)
{
    uint64_t files = 0, folders = 0, bytes = 0, refused = 0;
    assert_int_equal(fixture_json(f, "receipt", "latest", NULL), 0);
    sums_agree(f);
    const struct json_node *entries = json_get(json_root(f->json), "entries");
    for (size_t i = 0; i < json_count(entries); i++) {
        const struct json_node *one = json_at(entries, i);
        const char *type = json_text(json_get(one, "type")), *state = json_text(json_get(one, "state"));
        uint64_t n = 0;
        assert_true(json_get_u64(json_get(one, "bytes"), &n));
        refused += strcmp(state, "refused") == 0;
        if (type != NULL && strcmp(type, "folder") == 0)
            folders++;
        else
            files++;
        bytes += n;
    }
    assert_int_equal(files, sum(f, "seen", "files"));
    assert_int_equal(refused, sum(f, "refused", "files"));
    assert_int_equal(folders, fixture_number(f, "folders_taken") + fixture_number(f, "folders_already"));
    if (sum(f, "names", "files") + sum(f, "already", "files") == 0) /* a further name's entry has no bytes of its own */
        assert_int_equal(bytes, sum(f, "seen", "bytes"));
}

static void whole(struct fixture *f)
{
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "VERIFIED");
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
    fixture_said(f, "WHOLE");
}

/* ---- random trees ---- */

static void a_receipt_agrees_with_the_tree(void **state)
{
    struct fixture *f = *state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct chance chance = {seed * 7654321};
        struct tree_counts counts;
        struct hash before, after;
        char tree[16];
        (void)snprintf(tree, sizeof tree, "tree%u", (unsigned)seed);
        tree_grow(&chance, tree, 4);
        tree_count(tree, &counts);

        fixture_digest(".", &before); /* archive, state and tree */
        assert_int_equal(fixture_json(f, "intake", tree, "--dry-run", NULL), 0);
        fixture_digest(".", &after);
        assert_true(hash_equal(&before, &after));
        uint64_t taken = fixture_number(f, "taken"), duplicate = fixture_number(f, "duplicate");
        assert_int_equal(fixture_number(f, "seen"), counts.files);

        assert_int_equal(fixture_json(f, "intake", tree, NULL), 0);
        sums_agree(f);
        assert_int_equal(sum(f, "seen", "files"), counts.files);
        assert_int_equal(sum(f, "seen", "bytes"), counts.bytes);
        assert_int_equal(sum(f, "taken", "files"), taken); /* as the dry run said */
        assert_int_equal(sum(f, "duplicate", "files"), duplicate);
        assert_int_equal(sum(f, "names", "files"), counts.names);
        assert_int_equal(fixture_number(f, "folders_taken"), counts.folders);
        receipt_agrees(f);

        assert_int_equal(fixture_json(f, "intake", tree, "--dry-run", NULL), 0);
        assert_int_equal(fixture_number(f, "already"), counts.files);
        assert_int_equal(fixture_number(f, "taken") + fixture_number(f, "duplicate"), 0);
        assert_int_equal(fixture_json(f, "intake", tree, NULL), 0);
        assert_null(fixture_word(f, "receipt"));
        assert_int_equal(fixture_number(f, "already"), counts.files);
        assert_int_equal(fixture_number(f, "folders_already"), counts.folders);

        /* From another giver: every file once more, now all of known bytes. */
        assert_int_equal(fixture_json(f, "intake", tree, "--from", "Another", NULL), 0);
        sums_agree(f);
        assert_int_equal(sum(f, "already", "files"), 0);
        assert_int_equal(sum(f, "taken", "files") + sum(f, "duplicate", "files"), counts.files);
        assert_string_equal(fixture_word(f, "giver"), "Another");
        receipt_agrees(f);
    }
    whole(f);
}

static void a_part_of_a_tree_that_is_here_already(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("part");
    scratch_text("part/one", "first bytes");
    scratch_text("part/two", "second bytes");
    assert_int_equal(link("part/two", "part/two again"), 0);
    assert_int_equal(fixture_json(f, "intake", "part", NULL), 0);
    scratch_text("part/three", "first bytes");
    scratch_text("part/four", "fourth");
    assert_int_equal(fixture_json(f, "intake", "part", NULL), 0);
    sums_agree(f);
    assert_int_equal(sum(f, "already", "files"), 3);
    assert_int_equal(sum(f, "already", "bytes"), 11 + 12 + 12);
    assert_int_equal(sum(f, "taken", "files"), 1);
    assert_int_equal(sum(f, "duplicate", "files"), 1);
    assert_int_equal(sum(f, "duplicate", "bytes"), 11);
    assert_int_equal(fixture_number(f, "folders_taken"), 1); /* its time changed */
    receipt_agrees(f);
}

/* Same giver, path, kind, bytes, mode and time: else it is a name of its own. */
static void what_differs_in_anything_is_taken_in_again(void **state)
{
    struct fixture *f = *state;
    scratch_text("one", "same bytes");
    scratch_time("one", 1000000000, 7);
    assert_int_equal(fixture_json(f, "intake", "one", "--from", "A", NULL), 0);
    assert_int_equal(sum(f, "taken", "files"), 1);
    fixture_run(f, "intake", "one", "--from", "A", NULL);
    fixture_said(f, "Nothing new: zero items taken in. 1 files and 0 folders are already on receipts.");
    scratch_time("one", 1000000000, 8);
    assert_int_equal(fixture_json(f, "intake", "one", "--from", "A", NULL), 0);
    assert_int_equal(sum(f, "duplicate", "files"), 1);
    assert_int_equal(chmod("one", 0600), 0);
    assert_int_equal(fixture_json(f, "intake", "one", "--from", "A", NULL), 0);
    assert_int_equal(sum(f, "duplicate", "files"), 1);
    assert_int_equal(fixture_json(f, "intake", "one", NULL), 0);
    assert_int_equal(sum(f, "duplicate", "files"), 1);
    scratch_text("one", "other byte");
    scratch_time("one", 1000000000, 8);
    assert_int_equal(fixture_json(f, "intake", "one", "--from", "A", NULL), 0);
    assert_int_equal(sum(f, "taken", "files"), 1);
    assert_int_equal(unlink("one"), 0);
    assert_int_equal(symlink("two", "one"), 0);
    assert_int_equal(fixture_json(f, "intake", "one", "--from", "A", NULL), 0);
    assert_int_equal(sum(f, "taken", "files"), 1);
    fixture_run(f, "intake", "one", "--from", "A", NULL);
    fixture_said(f, "Nothing new");
}

/* ---- refusals ---- */

static void make_odd(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[64];
    scratch_mkdir(folder);
    (void)snprintf(path, sizeof path, "%s/good", folder);
    scratch_text(path, folder);
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    OWN(fd_drop) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
}

static void what_is_refused_stands_on_the_receipt_with_its_reason(void **state)
{
    struct fixture *f = *state;
    make_odd("odd");
    assert_int_equal(fixture_run(f, "intake", "odd", NULL), 0);
    fixture_said(f, "  refused: odd/pipe: a pipe is no document");
    fixture_said(f, "  refused: odd/socket: a socket is no document");
    fixture_said(f, "Every file, one by one: groundwork receipt ");
    receipt_agrees(f);
    assert_int_equal(sum(f, "refused", "files"), 2);
    assert_int_equal(fixture_run(f, "intake", "odd", "--strict", NULL), VERBS_REFUSED); /* again: no receipt, told */
    fixture_said(f, "Nothing new");
    fixture_said(f, "  refused: odd/pipe: a pipe is no document");
    assert_int_equal(f->rc, 0);
    assert_int_equal(fixture_json(f, "intake", "odd", NULL), 0);
    assert_null(fixture_word(f, "receipt"));
    assert_int_equal(fixture_number(f, "refused"), 2);
    assert_int_equal(fixture_run(f, "intake", "odd", "--dry-run", "--strict", NULL), VERBS_REFUSED);
    fixture_said(f, "Would refuse 2:");
    fixture_said(f, "Nothing was written.");
    assert_int_equal(fixture_run(f, "intake", "/dev/null", NULL), 0);
    fixture_said(f, "  refused: dev/null: a device is no document");
    /* The same name for another reason is news, and gets a receipt. */
    assert_int_equal(unlink("odd/pipe"), 0);
    assert_int_equal(rename("odd/socket", "odd/pipe"), 0);
    assert_int_equal(fixture_json(f, "intake", "odd", NULL), 0);
    assert_int_equal(sum(f, "refused", "files"), 1);
    receipt_agrees(f);
}

static void what_may_not_be_read_is_refused_with_its_size(void **state)
{
    struct fixture *f = *state;
    if (!scratch_as_root())
        skip();
    scratch_mkdir("shut");
    scratch_text("shut/file", "seven b");
    assert_int_equal(chmod("shut/file", 0), 0);
    scratch_mkdir("shut/folder");
    assert_int_equal(chmod("shut/folder", 0), 0);
    assert_int_equal(fixture_run(f, "intake", "shut", NULL), 0);
    fixture_said(f, "refused: shut/file: you may not read it: run the intake with an account that may");
    fixture_said(f, "refused: shut/folder: you may not read it");
    receipt_agrees(f);
    assert_int_equal(sum(f, "refused", "files"), 2);
    assert_int_equal(sum(f, "refused", "bytes"), 7);
    assert_int_equal(chmod("shut/file", 0600), 0);
    assert_int_equal(chmod("shut/folder", 0700), 0);
    assert_int_equal(fixture_json(f, "intake", "shut", NULL), 0);
    assert_int_equal(sum(f, "taken", "files"), 1);
}

static void the_first_twenty_refusals_are_shown_and_the_others_counted(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("pipes");
    for (int i = 0; i < 20; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "pipes/%02d", i);
        assert_int_equal(mkfifo(path, 0600), 0);
    }
    assert_int_equal(fixture_run(f, "intake", "pipes", NULL), 0);
    fixture_said(f, "refused: pipes/19:");
    fixture_not_said(f, " more");
    assert_int_equal(mkfifo("pipes/20", 0600), 0);
    assert_int_equal(fixture_run(f, "intake", "pipes", NULL), 0);
    fixture_said(f, "refused: pipes/19:");
    fixture_not_said(f, "refused: pipes/20:");
    fixture_said(f, "  ... and 1 more");
    assert_int_equal(fixture_run(f, "receipt", "latest", NULL), 0);
    fixture_said(f, "refused: pipes/20: a pipe is no document");
}

/* ---- files that change while they are read ---- */

static int append_meanwhile(const struct verbs_progress *p)
{
    if (p->bytes > 0 && access("changing/touched", F_OK) != 0) {
        int fd = open("changing/film", O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, "+", 1), 1);
        assert_int_equal(close(fd), 0);
        scratch_text("changing/touched", "");
    }
    return 0;
}

static void a_file_that_changes_while_it_is_read_is_refused_and_taken_in_later(void **state)
{
    struct fixture *f = *state;
    OWN(mem_drop) uint8_t *content = malloc(3000000);
    struct chance chance = {9};
    chance_fill(&chance, content, 3000000);
    scratch_mkdir("changing");
    scratch_file("changing/film", content, 3000000);
    scratch_text("changing/z", "at rest");
    f->progress = append_meanwhile;
    assert_int_equal(fixture_run(f, "intake", "changing", "--dry-run", NULL), 0);
    fixture_said(f, "refused: changing/film: it changed while it was read");
    assert_int_equal(unlink("changing/touched"), 0);
    assert_int_equal(fixture_run(f, "intake", "changing", NULL), 0);
    f->progress = NULL;
    fixture_said(f, "refused: changing/film: it changed while it was read: run the intake again when it is at rest");
    receipt_agrees(f);
    assert_int_equal(sum(f, "taken", "files"), 1);
    assert_int_equal(sum(f, "refused", "files"), 1);
    assert_int_equal(fixture_json(f, "intake", "changing", NULL), 0);
    assert_int_equal(sum(f, "already", "files"), 1);
    assert_int_equal(sum(f, "taken", "bytes"), 3000002);
    receipt_agrees(f);
    whole(f);
}

static int append_to_the_first_name(const struct verbs_progress *p)
{
    struct stat st;
    if (p->bytes > 6 && stat("named/a", &st) == 0 && st.st_size == 6) {
        int fd = open("named/a", O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, "and more", 8), 8);
        assert_int_equal(close(fd), 0);
    }
    return 0;
}

static void a_name_of_a_file_that_changed_since_its_first_name_is_read_for_itself(void **state)
{
    struct fixture *f = *state;
    OWN(mem_drop) uint8_t *content = malloc(3000000);
    OWN(buf_drop) struct buf back = {0};
    struct chance chance = {10};
    char path[PATH_MAX];
    chance_fill(&chance, content, 3000000);
    scratch_mkdir("named");
    scratch_text("named/a", "small\n");
    assert_int_equal(link("named/a", "named/z"), 0);
    scratch_file("named/film", content, 3000000);
    f->progress = append_to_the_first_name;
    assert_int_equal(fixture_json(f, "intake", "named", NULL), 0);
    f->progress = NULL;
    assert_int_equal(sum(f, "taken", "files"), 3);
    assert_int_equal(sum(f, "taken", "bytes"), 3000000 + 6 + 14);
    assert_int_equal(sum(f, "names", "files"), 0);
    uint64_t receipt = fixture_number(f, "receipt");
    receipt_agrees(f);
    assert_int_equal(fixture_run(f, "restore", "named back", "--receipt", "latest", NULL), 0);
    (void)snprintf(path, sizeof path, "named back/%llu/named/z", (unsigned long long)receipt);
    assert_int_equal(file_read_all(path, 100, &back, NULL), 0);
    assert_string_equal(buf_text(&back), "small\nand more");
    whole(f);
}

/* ---- what is said of it ---- */

static void giver_and_note_are_kept_in_one_form(void **state)
{
    struct fixture *f = *state;
    scratch_text("letter", "dear sirs");
    /* Hangul in parts and composed are one giver. */
    const char *parts = "\xe1\x84\x80\xe1\x85\xa1", *composed = "\xea\xb0\x80";
    assert_int_equal(fixture_json(f, "intake", "letter", "--from", parts, "--note", "by post", NULL), 0);
    assert_string_equal(fixture_word(f, "giver"), composed);
    assert_string_equal(fixture_word(f, "note"), "by post");
    assert_int_equal(fixture_run(f, "intake", "letter", "--from", composed, NULL), 0);
    fixture_said(f, "Nothing new");
    assert_int_equal(fixture_run(f, "intake", "letter", "--from", parts, NULL), 0);
    fixture_said(f, "Nothing new");
    assert_int_equal(fixture_run(f, "receipt", "latest", NULL), 0);
    fixture_said(f, "  From: \xea\xb0\x80\n");
    fixture_said(f, "  Note: by post\n");
}

static void what_cannot_be_kept_is_refused_before_anything_is_read(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    char *text = calloc(STATEMENT_TEXT_MAX + 2, 1);
    memset(text, 'x', STATEMENT_TEXT_MAX);
    scratch_text("unread", "u");
    assert_int_equal(fixture_json(f, "intake", "unread", "--note", text, NULL), 0);
    assert_string_equal(fixture_word(f, "note"), text);
    text[STATEMENT_TEXT_MAX] = 'x';
    fixture_digest("archive", &before);
    assert_int_equal(fixture_run(f, "intake", "unread", "--note", text, NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "--note is longer than 65536 bytes: put it in a file and take that in");
    free(text);
    assert_int_equal(fixture_run(f, "intake", "unread", "--from", "\xff", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "--from is no UTF-8 text");
    fixture_run(f, "intake", "unread", "--from", "\xff", "--dry-run", NULL);
    fixture_failed(f, ERR_USAGE, "--from is no UTF-8 text");
    fixture_run(f, "intake", "unread", "--from", "", NULL);
    fixture_failed(f, ERR_USAGE, "--from is empty");
    fixture_run(f, "intake", "nowhere", NULL);
    fixture_failed(f, ERR_ABSENT, "nowhere is not there");
    assert_int_equal(fixture_run(f, "intake", ".", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, ". holds the repository");
    assert_int_equal(fixture_run(f, "intake", "archive/a", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "archive/a lies in the repository");
    assert_int_equal(fixture_run(f, "intake", "unread", "./unread", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "under the same name");
    f->repository = NULL;
    assert_int_equal(fixture_run(f, "intake", "unread", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "no repository here");
    f->repository = "archive";
    fixture_digest("archive", &after);
    assert_true(hash_equal(&before, &after));
}

/* ---- interruptions ---- */

static uint64_t stop_at_files, stop_at_bytes;

static int stop_there(const struct verbs_progress *p)
{
    return p->files >= stop_at_files && p->bytes >= stop_at_bytes;
}

static void interrupt(struct fixture *f, const char *path, uint64_t files, uint64_t bytes)
{
    stop_at_files = files;
    stop_at_bytes = bytes;
    f->progress = stop_there;
    assert_int_equal(fixture_run(f, "intake", path, NULL), VERBS_ENVIRONMENT);
    assert_int_equal(f->rc, ERR_STOPPED);
    f->progress = NULL;
}

static void an_interrupted_intake_keeps_what_it_had_and_goes_on(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("long");
    for (int i = 0; i < 8; i++) {
        char path[32], text[32];
        (void)snprintf(path, sizeof path, "long/%d", i);
        (void)snprintf(text, sizeof text, "the long text %d", i);
        scratch_text(path, text);
    }
    interrupt(f, "long", 1, 1); /* the folder, and in the midst of its first file */
    fixture_failed(f, ERR_STOPPED, "interrupted: what was taken in so far is safe (0 files); run the same command");
    interrupt(f, "long", 4, 0);
    fixture_warned(f, "was interrupted: what it had taken in (0 files) is on receipt ");
    fixture_failed(f, ERR_STOPPED, "interrupted: what was taken in so far is safe (3 files)");
    assert_int_equal(fixture_run(f, "receipt", NULL), 0);
    fixture_said(f, "  interrupted; the next intake gives it a receipt");
    assert_int_equal(fixture_json(f, "intake", "long", NULL), 0);
    fixture_warned(f, "was interrupted: what it had taken in (3 files) is on receipt ");
    assert_int_equal(sum(f, "already", "files"), 3);
    assert_int_equal(sum(f, "taken", "files"), 5);
    receipt_agrees(f);
    assert_int_equal(fixture_run(f, "intake", "long", NULL), 0);
    fixture_went_well(f);
    fixture_said(f, "Nothing new");
    whole(f);
}

static void an_interruption_before_anything_was_taken_in_says_so(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    assert_int_equal(fixture_json(f, "", NULL), 0);
    uint64_t leaves = fixture_number(f, "leaves");
    interrupt(f, "long", 2, 0); /* all of it is on receipts */
    fixture_failed(f, ERR_STOPPED, "interrupted: nothing was taken in");
    assert_int_equal(fixture_json(f, "", NULL), 0);
    assert_int_equal(fixture_number(f, "leaves"), leaves);
    stop_at_files = 1;
    scratch_text("brand new", "bytes");
    fixture_digest("archive", &before);
    f->progress = stop_there;
    fixture_run(f, "intake", "brand new", "--dry-run", NULL);
    f->progress = NULL;
    fixture_failed(f, ERR_STOPPED, "interrupted: nothing was taken in");
    fixture_digest("archive", &after);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(fixture_run(f, "intake", "long", NULL), 0);
    fixture_went_well(f);
}

enum { PART_LEAVES = 16384 };

/* Between two parts the draft is empty: what earlier parts hold is none the less safe, and said to be. */
static void an_interruption_right_after_a_part_tells_of_the_part(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("parts");
    for (int i = 0; i < PART_LEAVES - 2; i++) { /* with the deposit and the folder the part is full */
        char path[32];
        (void)snprintf(path, sizeof path, "parts/%05d", i);
        assert_int_equal(symlink("x", path), 0);
    }
    scratch_text("parts/z", "bytes that are interrupted");
    interrupt(f, "parts", 0, 1);
    fixture_failed(f, ERR_STOPPED, "interrupted: what was taken in so far is safe (16382 files)");
    assert_int_equal(fixture_json(f, "intake", "parts", NULL), 0);
    fixture_warned(f, "what it had taken in (16382 files) is on receipt ");
    assert_int_equal(sum(f, "already", "files"), PART_LEAVES - 2);
    assert_int_equal(sum(f, "taken", "files"), 1);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

/* Two receipts whose files alternate: each is a range of its own, and one statement does not hold them all. */
static void more_ranges_of_known_files_than_one_statement_holds(void **state)
{
    struct fixture *f = *state;
    enum { RANGES = 4096, EACH = RANGES / 2 + 1 };
    char path[32];
    scratch_mkdir("mixed");
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < EACH; i++) {
            (void)snprintf(path, sizeof path, "mixed/%05d", 2 * i + half);
            assert_int_equal(symlink("x", path), 0);
        }
        scratch_time("mixed", 7, 0);
        assert_int_equal(fixture_run(f, "intake", "mixed", NULL), 0);
    }
    scratch_text("mixed/z", "the last one is the first that is new");
    scratch_time("mixed", 7, 0);
    assert_int_equal(fixture_json(f, "intake", "mixed", NULL), 0);
    assert_int_equal(sum(f, "already", "files"), 2 * EACH);
    assert_int_equal(sum(f, "taken", "files"), 1);
    assert_int_equal(fixture_number(f, "folders_already"), 1);
    assert_int_equal(fixture_number(f, "parts"), 2); /* of ranges: the second with the end */
    receipt_agrees(f);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
}

/* What a dry run counts once it would be taken in once: the same new bytes under a second name are a duplicate. */
static void a_dry_run_sees_which_of_the_new_files_are_the_same(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("same");
    for (int i = 0; i < 3; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "same/%d", i);
        scratch_text(path, "bytes that nobody has handed in yet");
    }
    scratch_text("same/other", "and others");
    assert_int_equal(fixture_json(f, "intake", "same", "--dry-run", NULL), 0);
    assert_int_equal(fixture_number(f, "taken"), 2);
    assert_int_equal(fixture_number(f, "duplicate"), 2);
    assert_int_equal(fixture_run(f, "intake", "same", "--dry-run", NULL), 0);
    fixture_said(f, "Would take in 2 files (45 B).\nWould keep 2 duplicates under their own names.\n");
    assert_int_equal(fixture_json(f, "intake", "same", NULL), 0);
    assert_int_equal(sum(f, "taken", "files"), 2);
    assert_int_equal(sum(f, "duplicate", "files"), 2);
}

/* ---- the lock, the meter ---- */

static pid_t hold_the_lock(struct fixture *f, int *ret_go)
{
    int ready[2], go[2];
    char byte;
    assert_int_equal(pipe(ready) + pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store_place place = {
            .root = f->repository, .state_folder = "state", .config_folder = "config", .identity = &f->identity};
        struct store *s = NULL;
        (void)close(go[1]);
        bool good = store_open(&place, STORE_WRITE, &s, NULL) == 0 && write(ready[1], "r", 1) == 1;
        (void)!read(go[0], &byte, 1);
        usleep(300000);
        _exit(good ? 0 : 1); /* the lock dies with it */
    }
    (void)close(ready[1]);
    (void)close(go[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    *ret_go = go[1];
    return child;
}

static void another_writer_is_named_or_waited_for(void **state)
{
    struct fixture *f = *state;
    int go;
    scratch_text("waited", "for");
    pid_t child = hold_the_lock(f, &go);
    assert_int_equal(fixture_run(f, "intake", "waited", NULL), VERBS_ENVIRONMENT);
    char words[64];
    (void)snprintf(words, sizeof words, "another writer is at work (process %d on ", (int)child);
    fixture_failed(f, ERR_BUSY, words);
    assert_int_equal(fixture_run(f, "intake", "waited", "--dry-run", NULL), 0); /* a reader needs no lock */
    (void)close(go);
    assert_int_equal(fixture_run(f, "intake", "waited", "--wait", NULL), 0);
    fixture_said(f, "Receipt ");
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* All is counted before the first file is read: that can be stopped too. */
static int stop_while_counting(const struct verbs_progress *p)
{
    assert_int_equal(p->files + p->bytes + p->files_all, 0);
    return 1;
}

static void whoever_looks_on_sees_how_far_it_is(void **state)
{
    struct fixture *f = *state;
    struct chance chance = {77};
    struct tree_counts counts;
    tree_grow(&chance, "watched", 3);
    tree_count("watched", &counts);
    f->watched = true;
    f->progress = stop_while_counting;
    assert_int_equal(fixture_run(f, "intake", "watched", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_STOPPED, "interrupted: nothing was taken in");
    f->progress = NULL;
    assert_int_equal(fixture_run(f, "intake", "watched", NULL), 0);
    f->watched = false;
    assert_int_equal(f->last.files_all, counts.files + counts.folders);
    assert_int_equal(f->last.files, f->last.files_all);
    assert_int_equal(f->last.bytes, f->last.bytes_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_agrees_with_the_tree),
        cmocka_unit_test(a_part_of_a_tree_that_is_here_already),
        cmocka_unit_test(what_differs_in_anything_is_taken_in_again),
        cmocka_unit_test(what_is_refused_stands_on_the_receipt_with_its_reason),
        cmocka_unit_test(what_may_not_be_read_is_refused_with_its_size),
        cmocka_unit_test(the_first_twenty_refusals_are_shown_and_the_others_counted),
        cmocka_unit_test(a_file_that_changes_while_it_is_read_is_refused_and_taken_in_later),
        cmocka_unit_test(a_name_of_a_file_that_changed_since_its_first_name_is_read_for_itself),
        cmocka_unit_test(giver_and_note_are_kept_in_one_form),
        cmocka_unit_test(what_cannot_be_kept_is_refused_before_anything_is_read),
        cmocka_unit_test(an_interrupted_intake_keeps_what_it_had_and_goes_on),
        cmocka_unit_test(an_interruption_before_anything_was_taken_in_says_so),
        cmocka_unit_test(an_interruption_right_after_a_part_tells_of_the_part),
        cmocka_unit_test(more_ranges_of_known_files_than_one_statement_holds),
        cmocka_unit_test(a_dry_run_sees_which_of_the_new_files_are_the_same),
        cmocka_unit_test(another_writer_is_named_or_waited_for),
        cmocka_unit_test(whoever_looks_on_sees_how_far_it_is),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
