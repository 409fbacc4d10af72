/* Giving back: the same trees, nothing overwritten, nothing written outside. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* The C library's, but for what a file system without nameless files answers. */
static bool no_nameless;

int openat(int folder, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (no_nameless && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static void take_in(struct fixture *f, const char *path)
{
    if (fixture_run(f, "intake", path, NULL) != 0)
        fail_msg("%s", f->e.text);
}

/* The number of the newest receipt, as the folder that restore makes for it. */
static const char *newest(struct fixture *f, const char *below)
{
    static char path[PATH_MAX];
    assert_int_equal(fixture_json(f, "receipt", "latest", "--summary", NULL), 0);
    (void)snprintf(path, sizeof path, "back/%llu/%s", (unsigned long long)fixture_number(f, "receipt"), below);
    return path;
}

static void restore_newest(struct fixture *f)
{
    (void)fixture_run(f, "restore", "back", "--receipt", "latest", NULL);
}

static void what_is_restored_is_what_was_taken_in(void **state)
{
    struct fixture *f = *state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct chance chance = {seed * 1234567};
        struct tree_counts counts;
        char tree[16];
        (void)snprintf(tree, sizeof tree, "tree%u", (unsigned)seed);
        tree_grow(&chance, tree, 4);
        tree_count(tree, &counts);
        take_in(f, tree);
        assert_int_equal(fixture_json(f, "restore", "back", "--receipt", "latest", NULL), 0);
        assert_int_equal(f->warned.n, 0);
        assert_int_equal(fixture_number(f, "files"), counts.files);
        assert_int_equal(fixture_number(f, "failed"), 0);
        tree_same(tree, newest(f, tree));
        scratch_remove(tree);
        scratch_remove("back");
    }
}

static void nothing_is_overwritten(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("kept");
    scratch_text("kept/file", "evidence");
    assert_int_equal(symlink("file", "kept/link"), 0);
    scratch_mkdir("kept/folder");
    scratch_text("kept/folder/inner", "more");
    take_in(f, "kept");
    const char *folder = newest(f, "kept");
    restore_newest(f);
    fixture_went_well(f);
    fixture_said(f, "Restored 3 files (12 B) under back; every digest was checked.");
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/file", folder);
    scratch_text(path, "somebody's own");
    (void)snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("elsewhere", path), 0);
    (void)snprintf(path, sizeof path, "%s/folder", folder);
    scratch_remove(path);
    scratch_text(path, "a file where a folder was");
    assert_int_equal(fixture_json(f, "restore", "back", "--receipt", "latest", NULL), VERBS_FAILED);
    assert_int_equal(fixture_number(f, "files"), 0);
    assert_int_equal(fixture_number(f, "already"), 0);
    assert_int_equal(fixture_number(f, "failed"), 4);
    fixture_warned(f, ", kept/file: something is there already; nothing is overwritten");
    fixture_warned(f, ", kept/link: something is there already; nothing is overwritten");
    fixture_warned(f, ", kept/folder: something is there already; nothing is overwritten");
    fixture_warned(f, ", kept/folder/inner: Not a directory");
    restore_newest(f);
    fixture_said(f, "4 items could not be restored; each is named above.");
    fixture_not_said(f, "every digest was checked"); /* nothing was */
    scratch_remove("back");
}

/* ---- once more ---- */

/* The same bytes are the item, whoever put them there; mode and time are put right. */
static void what_is_there_and_the_same_counts_as_restored(void **state)
{
    struct fixture *f = *state;
    struct chance chance = {424242};
    struct tree_counts counts;
    char path[PATH_MAX];
    tree_grow(&chance, "again", 4);
    assert_int_equal(symlink("anywhere", "again/one way"), 0);
    scratch_text("again/file", "the same");
    assert_int_equal(link("again/file", "again/zz"), 0);
    tree_count("again", &counts);
    take_in(f, "again");
    restore_newest(f);
    fixture_went_well(f);
    assert_int_equal(fixture_json(f, "restore", "back", "--receipt", "latest", NULL), 0);
    assert_int_equal(f->warned.n, 0);
    assert_int_equal(fixture_number(f, "files"), 0);
    assert_int_equal(fixture_number(f, "already"), counts.files);
    assert_int_equal(fixture_number(f, "already_bytes"), counts.bytes);
    tree_same("again", newest(f, "again"));
    (void)snprintf(path, sizeof path, "%s", newest(f, "again/one way"));
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s", newest(f, "again/file"));
    assert_int_equal(chmod(path, 0600), 0);
    scratch_time(path, 77, 0);
    (void)snprintf(path, sizeof path, "%s", newest(f, "again/zz"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(newest(f, "again"), 0200), 0); /* shut: it is opened, and gets its own mode */
    restore_newest(f);
    fixture_went_well(f);
    fixture_said(f, "Restored 2 files (");
    fixture_said(f, " were there already under back; every digest was checked.");
    tree_same("again", newest(f, "again")); /* zz is linked to the first again */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(newest(f, "again"), 0500), 0);
    restore_newest(f);
    fixture_went_well(f);
    fixture_said(f, "Restored 1 files (");
    tree_same("again", newest(f, "again"));
    scratch_remove("back");
    scratch_remove("again");
}

/* As long, as old, and with other bytes; or a pipe, which must not be waited for. */
static void what_is_not_the_same_stays_and_is_named(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf content = {0};
    char path[PATH_MAX], pipe[PATH_MAX];
    scratch_mkdir("forged");
    scratch_text("forged/a", "evidence");
    scratch_text("forged/b", "evidence of b");
    take_in(f, "forged");
    restore_newest(f);
    fixture_went_well(f);
    (void)snprintf(path, sizeof path, "%s", newest(f, "forged/a"));
    (void)snprintf(pipe, sizeof pipe, "%s", newest(f, "forged/b"));
    scratch_text(path, "evidenCe");
    scratch_time(path, 99, 0);
    assert_int_equal(unlink(pipe), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    restore_newest(f);
    assert_int_equal(f->exit_code, VERBS_FAILED);
    fixture_warned(f, ", forged/a: something is there already; nothing is overwritten");
    fixture_warned(f, ", forged/b: something is there already; nothing is overwritten");
    assert_int_equal(file_read_all(path, 100, &content, NULL), 0);
    assert_string_equal(buf_text(&content), "evidenCe");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, 99); /* not even its time was touched */
    scratch_remove("back");
}

static void a_large_file_gets_its_holes_back(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    scratch_mkdir("hollow");
    scratch_text("hollow/disk", "begins");
    assert_int_equal(truncate("hollow/disk", 40000000), 0);
    take_in(f, "hollow");
    restore_newest(f);
    fixture_went_well(f);
    tree_same("hollow", newest(f, "hollow"));
    assert_int_equal(stat(newest(f, "hollow/disk"), &st), 0);
    assert_in_range(st.st_blocks * 512, 1, 200000);
    scratch_remove("back");
    scratch_remove("hollow");
}

/* A name is only linked to what this run wrote: what lies there otherwise may be anything. */
static void a_further_name_is_not_linked_to_a_strangers_file(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf content = {0};
    char path[PATH_MAX];
    scratch_mkdir("several");
    scratch_text("several/a", "evidence");
    assert_int_equal(link("several/a", "several/b"), 0);
    assert_int_equal(link("several/a", "several/c"), 0);
    take_in(f, "several");
    (void)snprintf(path, sizeof path, "%s", newest(f, "several/a"));
    restore_newest(f);
    fixture_went_well(f);
    tree_same("several", newest(f, "several"));
    assert_int_equal(unlink(newest(f, "several/a")), 0);
    assert_int_equal(unlink(newest(f, "several/b")), 0);
    assert_int_equal(unlink(newest(f, "several/c")), 0);
    scratch_text(path, "forged");
    restore_newest(f);
    assert_int_equal(f->exit_code, VERBS_FAILED);
    fixture_warned(f, ", several/a: something is there already");
    for (const char *name = "bc"; *name != 0; name++) {
        char one[32];
        (void)snprintf(one, sizeof one, "several/%c", *name);
        buf_clear(&content);
        assert_int_equal(file_read_all(newest(f, one), 1000, &content, NULL), 0);
        assert_string_equal(buf_text(&content), "evidence");
    }
    scratch_remove("back");
}

static void one_name_of_several_is_restored_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    scratch_mkdir("alone");
    scratch_mkdir("alone/first");
    scratch_text("alone/first/a", "evidence");
    assert_int_equal(link("alone/first/a", "alone/z"), 0);
    take_in(f, "alone");
    assert_int_equal(fixture_run(f, "restore", "back", "--item", "alone/z", NULL), 0);
    fixture_said(f, "Restored 1 files (8 B)");
    assert_int_equal(lstat(newest(f, "alone/z"), &st), 0);
    assert_int_equal(st.st_size, 8);
    assert_int_equal(lstat(newest(f, "alone/first"), &st), -1); /* no folder of another item */
    scratch_remove("back");
}

/* ---- links in the way ---- */

static void a_link_below_the_destination_is_not_followed(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    scratch_mkdir("led");
    scratch_mkdir("led/inner");
    scratch_text("led/inner/file", "evidence");
    take_in(f, "led");
    scratch_mkdir("back");
    scratch_mkdir("outside");
    scratch_time("outside", 1000000000, 0);
    char receipt[100], below[120];
    (void)snprintf(receipt, sizeof receipt, "%.*s", (int)strlen(newest(f, "")) - 1, newest(f, ""));
    (void)snprintf(below, sizeof below, "%s/led", receipt);
    fixture_digest("outside", &before);
    assert_int_equal(symlink("../outside", receipt), 0);
    restore_newest(f);
    assert_int_equal(f->exit_code, VERBS_FAILED);
    fixture_warned(f, ", led/inner/file: Not a directory");
    assert_int_equal(unlink(receipt), 0);
    scratch_mkdir(receipt);
    assert_int_equal(symlink("../../outside", below), 0);
    restore_newest(f);
    assert_int_equal(f->exit_code, VERBS_FAILED);
    fixture_warned(f, ", led: something is there already");
    fixture_digest("outside", &after);
    assert_true(hash_equal(&before, &after));
    scratch_remove("back");
    assert_int_equal(symlink("outside", "back"), 0); /* DEST itself is the person's to choose */
    restore_newest(f);
    fixture_went_well(f);
    tree_same("led", newest(f, "led"));
    assert_int_equal(unlink("back"), 0);
    scratch_remove("outside");
}

static char swapped[PATH_MAX];

/* While a later file is written, the folder of an earlier one becomes a link. */
static int swap_folder(const struct verbs_progress *p)
{
    struct stat st;
    (void)p;
    if (lstat(swapped, &st) == 0 && S_ISDIR(st.st_mode) && access("back/late", F_OK) != 0) {
        assert_int_equal(rename(swapped, "back/late"), 0);
        assert_int_equal(symlink("../../../outside", swapped), 0);
    }
    return 0;
}

static void a_folder_that_became_a_link_meanwhile_lends_it_no_mode_and_no_time(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    scratch_mkdir("swap");
    scratch_mkdir("swap/a");
    scratch_text("swap/b", "evidence");
    assert_int_equal(chmod("swap/a", 0777), 0);
    take_in(f, "swap");
    scratch_mkdir("outside");
    assert_int_equal(chmod("outside", 0700), 0);
    (void)snprintf(swapped, sizeof swapped, "%s", newest(f, "swap/a"));
    f->progress = swap_folder;
    restore_newest(f);
    f->progress = NULL;
    fixture_went_well(f); /* the folder itself got them, wherever it lies now */
    assert_int_equal(stat("back/late", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0777);
    assert_int_equal(lstat(swapped, &st), 0);
    assert_true(S_ISLNK(st.st_mode)); /* the swap took place */
    assert_int_equal(stat("outside", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    scratch_remove("back");
    scratch_remove("outside");
}

/* ---- the passing name ---- */

static void an_item_with_a_name_like_ours_is_not_lost(void **state)
{
    struct fixture *f = *state;
    scratch_mkdir("names");
    for (unsigned i = 0; i < 12; i++) { /* one of these numbers is the next item's, whatever it is */
        char name[64];
        assert_int_equal(fixture_json(f, "", NULL), 0);
        (void)snprintf(name, sizeof name, "names/.groundwork-%llu.part",
                       (unsigned long long)fixture_number(f, "leaves") + 10 + i);
        scratch_text(name, name);
    }
    scratch_text("names/z", "last");
    take_in(f, "names");
    scratch_mkdir("back");
    char left[64];
    (void)snprintf(left, sizeof left, "back/.groundwork-%d-1.part", (int)getpid());
    scratch_text(left, "what a killed one left");
    no_nameless = true;
    restore_newest(f);
    no_nameless = false;
    fixture_went_well(f);
    tree_same("names", newest(f, "names"));
    assert_int_equal(access(left, F_OK), -1);
    scratch_remove("back");
}

/* ---- choices and refusals ---- */

static void what_was_set_aside_comes_back_only_by_name(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    scratch_mkdir("wrong");
    scratch_text("wrong/one", "1");
    scratch_text("wrong/two", "2");
    take_in(f, "wrong");
    assert_int_equal(fixture_run(f, "set-aside", "latest", "--reason", "wrong folder", NULL), 0);
    assert_int_equal(fixture_json(f, "restore", "back", "--all", NULL), 0);
    assert_int_equal(fixture_number(f, "set_aside"), 3);
    assert_int_equal(lstat(newest(f, ""), &st), -1);
    scratch_remove("back");
    assert_int_equal(fixture_run(f, "restore", "back", NULL), 0);
    fixture_said(f, "3 items of receipts that were set aside were left out; --receipt restores them.");
    scratch_remove("back");
    restore_newest(f);
    fixture_went_well(f);
    tree_same("wrong", newest(f, "wrong"));
    assert_int_equal(fixture_run(f, "restore", "one", "--item", "wrong/two", NULL), 0);
    fixture_said(f, "Restored 1 files (1 B) under one;");
    scratch_remove("back");
    scratch_remove("one");
}

static void what_is_not_there_and_what_is_too_much_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_run(f, "restore", "back", "--item", "nothing", NULL);
    fixture_failed(f, ERR_ABSENT, "no item is called nothing");
    fixture_run(f, "restore", "back", "--receipt", "4711", NULL);
    fixture_failed(f, ERR_ABSENT, "there is no receipt 4711");
    fixture_run(f, "restore", "back", "--receipt", "first", NULL);
    fixture_failed(f, ERR_USAGE, "\"first\" is no receipt number");
    assert_int_equal(fixture_run(f, "restore", "back", "--all", "--receipt", "1", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "give one of --item, --receipt and --all");
    scratch_text("plain", "no folder");
    assert_int_equal(fixture_run(f, "restore", "plain", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_IO, "plain");
    fixture_run(f, "restore", "plain/below", NULL);
    fixture_failed(f, ERR_IO, "plain is in the way: it is not a folder");
}

/* Contents in the clear would be carried about with the encrypted folder. */
static void the_repository_is_no_destination(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    char here[PATH_MAX], real[PATH_MAX + 16];
    scratch_mkdir("ways");
    assert_int_equal(symlink("../archive", "ways/in"), 0);
    assert_int_equal(symlink("archive", "there"), 0);
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(real, sizeof real, "%s/archive/x", here);
    const char *const inside[] = {"archive",       "archive/",           "archive/vault",       "archive/not/yet/there",
                                  "ways/in/a/b",   "there",              "./ways/../archive/x", real,
                                  "new/../archive", "new/../there/inner", "ways/in/../archive"};
    const char *const above[] = {".", "ways/..", "ways/in/..", "/"};
    fixture_digest("archive", &before);
    for (size_t i = 0; i < COUNT(inside); i++) {
        assert_int_equal(fixture_run(f, "restore", inside[i], NULL), VERBS_REFUSED);
        fixture_failed(f, ERR_REFUSED, "lies in the repository ");
        fixture_failed(f, ERR_REFUSED, "/archive: name a place outside it");
    }
    for (size_t i = 0; i < COUNT(above); i++) {
        assert_int_equal(fixture_run(f, "restore", above[i], NULL), VERBS_REFUSED);
        fixture_failed(f, ERR_REFUSED, "/archive itself: name a folder beside it");
    }
    fixture_digest("archive", &after);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(access("new", F_OK), -1);
    scratch_mkdir("archive2"); /* begins like it */
    assert_int_equal(fixture_run(f, "restore", "archive2", NULL), 0);
    scratch_remove("archive2");
    assert_int_equal(unlink("there"), 0);
    scratch_remove("ways");
}

static void a_folder_that_may_not_be_written_is_named(void **state)
{
    struct fixture *f = *state;
    if (!scratch_as_root())
        skip();
    scratch_mkdir("shut");
    assert_int_equal(chmod("shut", 0500), 0);
    assert_int_equal(fixture_run(f, "restore", "shut/below", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_IO, "shut/below: Permission denied");
    assert_int_equal(fixture_run(f, "restore", "shut", NULL), VERBS_FAILED); /* each item by its name */
    fixture_warned(f, "/file: Permission denied");
}

enum { FILM = 30000000 };

static int stop_at_once(const struct verbs_progress *p)
{
    return p->bytes > 0;
}

/* Files that need a passing name get the same bytes, modes, times and refusals. */
static void where_every_file_needs_a_name(void **state)
{
    struct fixture *f = *state;
    struct chance chance = {77};
    struct tree_counts counts;
    tree_grow(&chance, "tree", 4);
    tree_count("tree", &counts);
    take_in(f, "tree");
    no_nameless = true;
    assert_int_equal(fixture_json(f, "restore", "back", "--receipt", "latest", NULL), 0);
    assert_int_equal(fixture_number(f, "files"), counts.files);
    tree_same("tree", newest(f, "tree"));
    assert_int_equal(fixture_json(f, "restore", "back", "--receipt", "latest", NULL), 0);
    no_nameless = false;
    assert_int_equal(fixture_number(f, "already"), counts.files);
    scratch_remove("tree");
    scratch_remove("back");
}

static void an_interruption_leaves_only_whole_files(void **state)
{
    struct fixture *f = *state;
    OWN(mem_drop) uint8_t *content = malloc(FILM);
    struct chance chance = {5};
    struct stat st;
    scratch_mkdir("big");
    chance_fill(&chance, content, FILM);
    scratch_file("big/film", content, FILM);
    take_in(f, "big");
    f->progress = stop_at_once;
    restore_newest(f);
    f->progress = NULL;
    fixture_failed(f, ERR_STOPPED, "interrupted: what is under its name is whole");
    assert_int_equal(f->exit_code, VERBS_ENVIRONMENT);
    assert_int_equal(lstat(newest(f, "big"), &st), 0);
    if (lstat(newest(f, "big/film"), &st) == 0) /* it came before the interruption was heard */
        assert_int_equal(st.st_size, FILM);
    else
        assert_int_equal(errno, ENOENT);
    scratch_remove("back");
}

static void a_disk_that_takes_no_more_ends_the_work_and_is_named(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit small = {100000, 100000};
        (void)signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &small) != 0)
            _exit(97);
        (void)fixture_run(f, "restore", "back", "--item", "big/film", NULL);
        bool good = f->rc == ERR_IO && strcmp(f->e.text, "write below back: File too large") == 0;
        _exit(good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    char left[64];
    (void)snprintf(left, sizeof left, "back/.groundwork-%d-1.part", (int)child);
    assert_int_equal(access(left, F_OK), -1);
    scratch_remove("back");
}

/* Damage in the vault is named by item, and the others come back. */
static void a_damaged_item_does_not_hold_up_the_others(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    scratch_remove("back");
    take_in(f, "big"); /* is here already: nothing new, and the newest receipt stays */
    for (char copy = 'a'; copy <= 'b'; copy++) {
        const char *path = copy == 'a' ? "archive/vault/000/000000.pack" : "archive/b/open/000000.pack";
        if (access(path, F_OK) != 0)
            continue;
        int fd = open(path, O_RDWR | O_CLOEXEC);
        uint8_t sector[64];
        assert_int_equal(pread(fd, sector, sizeof sector, 8192), sizeof sector);
        for (size_t i = 0; i < sizeof sector; i++)
            sector[i] ^= 0x55;
        assert_int_equal(pwrite(fd, sector, sizeof sector, 8192), sizeof sector);
        assert_int_equal(close(fd), 0);
    }
    assert_int_equal(fixture_json(f, "restore", "back", NULL), VERBS_FAILED);
    assert_true(fixture_number(f, "failed") > 0);
    assert_true(fixture_number(f, "files") > 0);
    fixture_warned(f, "item ");
    assert_int_equal(lstat(newest(f, "big/film"), &st), 0);
    assert_int_equal(st.st_size, FILM);
    scratch_remove("back");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_restored_is_what_was_taken_in),
        cmocka_unit_test(nothing_is_overwritten),
        cmocka_unit_test(what_is_there_and_the_same_counts_as_restored),
        cmocka_unit_test(what_is_not_the_same_stays_and_is_named),
        cmocka_unit_test(a_large_file_gets_its_holes_back),
        cmocka_unit_test(a_further_name_is_not_linked_to_a_strangers_file),
        cmocka_unit_test(one_name_of_several_is_restored_alone),
        cmocka_unit_test(a_link_below_the_destination_is_not_followed),
        cmocka_unit_test(a_folder_that_became_a_link_meanwhile_lends_it_no_mode_and_no_time),
        cmocka_unit_test(an_item_with_a_name_like_ours_is_not_lost),
        cmocka_unit_test(what_was_set_aside_comes_back_only_by_name),
        cmocka_unit_test(what_is_not_there_and_what_is_too_much_is_refused),
        cmocka_unit_test(the_repository_is_no_destination),
        cmocka_unit_test(a_folder_that_may_not_be_written_is_named),
        cmocka_unit_test(where_every_file_needs_a_name),
        cmocka_unit_test(an_interruption_leaves_only_whole_files),
        cmocka_unit_test(a_disk_that_takes_no_more_ends_the_work_and_is_named),
        cmocka_unit_test(a_damaged_item_does_not_hold_up_the_others),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
