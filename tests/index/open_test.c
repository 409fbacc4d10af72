#include "story.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const beside[] = {"main.db", "main.db-wal", "main.db-shm", "main.db-journal"};

/* Names, sizes, times and bytes of everything in index/. */
static void folder_state(const struct fixture *f, struct buf *to)
{
    buf_clear(to);
    for (size_t i = 0; i < COUNT(beside); i++) {
        struct file_path path;
        struct stat status;
        OWN(buf_drop) struct buf content = {0};
        struct hash digest;
        fixture_file(f, beside[i], &path);
        if (stat(path.s, &status) != 0)
            continue;
        fixture_read(f, beside[i], &content);
        crypt_sha256(buf_bytes(&content), &digest);
        buf_printf(to, "%s %lld %lld.%09ld ", beside[i], (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                   status.st_mtim.tv_nsec);
        buf_put_hex(to, bytes_of(digest.b, CRYPT_HASH));
        buf_put_u8(to, '\n');
    }
    struct file_path folder;
    unsigned names = 0;
    fixture_file(f, ".", &folder);
    OWN(dir_drop) DIR *d = opendir(folder.s);
    assert_non_null(d);
    while (readdir(d) != NULL)
        names++;
    buf_printf(to, "%u\n", names);
}

static void delete(const struct fixture *f, const char *name)
{
    struct file_path path;
    fixture_file(f, name, &path);
    (void)unlink(path.s);
}

static struct story story; /* told by the tests below, read in child processes */

static void tell_all(struct fixture *f)
{
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    story_tell(x, &story, 0, story.records);
}

static int read_all(struct fixture *f)
{
    OWN(index_drop) struct index *x = NULL;
    int rc = index_open(f->root.s, &f->key, INDEX_READ, &x, &f->e);
    if (rc == 0)
        story_check(x, &story, story.records);
    return rc;
}

static void test_absent(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    assert_int_equal(fixture_try(f, INDEX_READ), ERR_ABSENT);
    assert_int_equal(index_remove(f->root.s, &f->e), 0);
    assert_int_equal(fixture_try(f, INDEX_WRITE), 0);
    assert_int_equal(fixture_try(f, INDEX_READ), 0);
    assert_int_equal(index_remove(f->root.s, &f->e), 0);
    folder_state(f, &before);
    assert_string_equal(buf_text(&before), "2\n");
    assert_int_equal(fixture_try(f, INDEX_READ), ERR_ABSENT);
    folder_state(f, &after);
    assert_string_equal(buf_text(&before), buf_text(&after));
    /* An empty file is what a crash at its making leaves. */
    fixture_write(f, "main.db", bytes_of("", 0));
    assert_int_equal(fixture_try(f, INDEX_READ), ERR_ABSENT);
    assert_int_equal(fixture_try(f, INDEX_WRITE), 0);
    assert_int_equal(fixture_try(f, INDEX_READ), 0);
}

/* Neither is a link followed nor a pipe waited for; a folder goes to quarantine/ when the files are taken away. */
static void test_no_plain_file(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(beside); i++)
        for (int kind = 0; kind < 3; kind++) {
            struct file_path path;
            fixture_file(f, beside[i], &path);
            assert_int_equal(index_remove(f->root.s, &f->e), 0);
            assert_int_equal(fixture_try(f, INDEX_WRITE), 0);
            delete(f, beside[i]);
            assert_int_equal(kind == 0   ? mkfifo(path.s, 0600)
                             : kind == 1 ? symlink("/dev/zero", path.s)
                                         : mkdir(path.s, 0700),
                             0);
            for (int manner = INDEX_WRITE; manner <= INDEX_READ; manner++) {
                assert_int_equal(fixture_try(f, (enum index_manner)manner), ERR_DAMAGED);
                assert_non_null(strstr(f->e.text, path.s));
                assert_non_null(strstr(f->e.text, "is not a plain file"));
            }
            assert_int_equal(index_remove(f->root.s, &f->e), 0);
            assert_false(file_exists(path.s));
        }
    struct file_path aside;
    assert_int_equal(file_path(&aside, NULL, "%s/quarantine/index-main.db-shm-1", f->root.s), 0);
    assert_true(file_exists(aside.s));
    assert_int_equal(fixture_try(f, INDEX_WRITE), 0);
}

static void test_wrong_key(void **state)
{
    struct fixture *f = *state;
    tell_all(f);
    struct key good = f->key;
    char hex[2 * CRYPT_KEY + 1];
    f->key.b[31] ^= 1;
    hex_put(hex, f->key.b, CRYPT_KEY);
    for (int manner = INDEX_WRITE; manner <= INDEX_READ; manner++) {
        assert_int_equal(fixture_try(f, (enum index_manner)manner), ERR_DAMAGED);
        assert_null(strstr(f->e.text, "5a5a"));
        assert_null(strstr(f->e.text, hex));
    }
    f->key = good;
    assert_int_equal(read_all(f), 0);
    fixture_write(f, "main.db", bytes_text("this is no database, but it is long enough to be looked at as if it were "
                                           "one, with a header of a hundred bytes and more behind it"));
    assert_int_equal(fixture_try(f, INDEX_READ), ERR_DAMAGED);
    assert_int_equal(fixture_try(f, INDEX_WRITE), ERR_DAMAGED);
}

static void test_other_schema(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    assert_int_equal(index_run_sql(x, "PRAGMA user_version = 99; COMMIT; BEGIN", &f->e), 0);
    index_close(TAKE(x));
    assert_int_equal(fixture_try(f, INDEX_READ), ERR_DAMAGED);
    assert_int_equal(fixture_try(f, INDEX_WRITE), ERR_DAMAGED);
}

/* No file holds a path, a giver, a note or the header of a plain database, also while the writer is at work. */
static void test_nothing_in_the_clear(void **state)
{
    struct fixture *f = *state;
    static const char *const words[] = {"c.jpg", "Witness 7", "as \"given\"", "SQLite format", "CREATE TABLE",
                                        "wrong stick", "sha256", "table-1"};
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    story_tell(x, &story, 0, story.records);
    for (int closed = 0; closed < 2; closed++) {
        size_t bytes = 0;
        for (size_t i = 0; i < COUNT(beside); i++) {
            struct file_path path;
            OWN(buf_drop) struct buf content = {0};
            fixture_file(f, beside[i], &path);
            if (!file_exists(path.s))
                continue;
            struct stat status;
            assert_int_equal(stat(path.s, &status), 0);
            assert_int_equal(status.st_mode & 0777, 0600);
            fixture_read(f, beside[i], &content);
            bytes += content.n;
            for (size_t w = 0; w < COUNT(words); w++)
                assert_null(memmem(content.p, content.n, words[w], strlen(words[w])));
        }
        assert_true(bytes > 50000);
        if (closed == 0)
            index_close(TAKE(x));
    }
}

static void test_reading_changes_nothing(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    tell_all(f);
    folder_state(f, &before);
    assert_int_equal(read_all(f), 0);
    folder_state(f, &after);
    assert_string_equal(buf_text(&before), buf_text(&after));
}

/* A folder that cannot be written: with what a writer leaves, and as a copy of the database alone. */
static void test_folder_read_only(void **state)
{
    struct fixture *f = *state;
    struct file_path folder;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    tell_all(f);
    fixture_file(f, ".", &folder);
    for (size_t alone = 0; alone < 2; alone++) {
        if (alone) {
            assert_int_equal(chmod(folder.s, 0700), 0);
            delete (f, "main.db-wal");
            delete (f, "main.db-shm");
        }
        for (size_t i = 0; i < COUNT(beside); i++) {
            struct file_path path;
            fixture_file(f, beside[i], &path);
            assert_true(chmod(path.s, 0444) == 0 || alone || i == 3);
        }
        assert_int_equal(chmod(f->root.s, 0755), 0);
        assert_int_equal(chmod(folder.s, 0555), 0);
        folder_state(f, &before);
        fixture_apart(read_all, f, true);
        folder_state(f, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
    }
}

static int expect_io(struct fixture *f)
{
    int rc = fixture_try(f, INDEX_WRITE);
    return rc == ERR_IO && strstr(f->e.text, "main.db") != NULL ? 0 : ERR_REFUSED;
}

static void test_writing_needs_the_right(void **state)
{
    struct fixture *f = *state;
    struct file_path folder, path;
    tell_all(f);
    fixture_file(f, ".", &folder);
    fixture_file(f, "main.db", &path);
    assert_int_equal(chmod(path.s, 0444), 0);
    assert_int_equal(chmod(f->root.s, 0755), 0);
    assert_int_equal(chmod(folder.s, 0555), 0);
    fixture_apart(expect_io, f, true);
}

/* A copy without -shm whose -wal holds something cannot be read where nothing can be made. */
static int crash_after_records(struct fixture *f)
{
    struct index *x = fixture_open(f, INDEX_WRITE);
    story_tell(x, &story, 0, story.records);
    assert_int_equal(index_begin(x, &f->e), 0); /* and a record begun */
    struct statement note = {.kind = STATEMENT_NOTE};
    struct hash commitment = {0};
    assert_int_equal(index_statement(x, 1 << 20, &note, LEAF_NO_MANIFEST, 0, 0, &commitment, &f->e), 0);
    return 0; /* the process ends here, nothing is closed */
}

static int expect_damaged(struct fixture *f)
{
    return fixture_try(f, INDEX_READ) == ERR_DAMAGED ? 0 : ERR_REFUSED;
}

static void test_crash(void **state)
{
    struct fixture *f = *state;
    struct file_path folder, shm, away;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    fixture_apart(crash_after_records, f, false);
    folder_state(f, &before);
    fixture_apart(read_all, f, false); /* from the -wal, changing nothing */
    folder_state(f, &after);
    assert_string_equal(buf_text(&before), buf_text(&after));

    fixture_file(f, ".", &folder);
    for (size_t i = 0; i < COUNT(beside); i++) {
        struct file_path path;
        fixture_file(f, beside[i], &path);
        assert_true(chmod(path.s, 0444) == 0 || i == 3);
    }
    assert_int_equal(chmod(f->root.s, 0755), 0);
    assert_int_equal(chmod(folder.s, 0555), 0);
    fixture_apart(read_all, f, true);
    assert_int_equal(chmod(folder.s, 0755), 0);
    fixture_file(f, "main.db-shm", &shm);
    assert_int_equal(file_path(&away, NULL, "%s/away", f->root.s), 0);
    assert_int_equal(rename(shm.s, away.s), 0);
    assert_int_equal(chmod(folder.s, 0555), 0);
    fixture_apart(expect_damaged, f, true);
    assert_int_equal(chmod(folder.s, 0700), 0);

    for (size_t i = 0; i < COUNT(beside); i++) {
        struct file_path path;
        fixture_file(f, beside[i], &path);
        (void)chmod(path.s, 0600);
    }
    assert_int_equal(fixture_try(f, INDEX_WRITE), 0);
    assert_int_equal(read_all(f), 0);
}

/* A reader beside a writer: sees one state from opening to closing, and never waits. */
struct pipes {
    int to_child[2], to_parent[2];
};
static struct pipes pipes;

static void say(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

static void hear(int fd)
{
    char c;
    assert_int_equal(read(fd, &c, 1), 1);
}

static int reader_beside(struct fixture *f)
{
    hear(pipes.to_child[0]); /* half is told */
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_READ);
    story_check(x, &story, story.records / 2);
    say(pipes.to_parent[1]);
    hear(pipes.to_child[0]); /* all is told */
    story_check(x, &story, story.records / 2);
    index_close(TAKE(x));
    x = fixture_open(f, INDEX_READ);
    story_check(x, &story, story.records);
    say(pipes.to_parent[1]);
    return 0;
}

static void test_reader_beside_writer(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(pipe2(pipes.to_child, O_CLOEXEC), 0);
    assert_int_equal(pipe2(pipes.to_parent, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(reader_beside(f));
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    story_tell(x, &story, 0, story.records / 2);
    say(pipes.to_child[1]);
    hear(pipes.to_parent[0]);
    story_tell(x, &story, story.records / 2, story.records);
    index_close(TAKE(x)); /* cannot empty the -wal: the reader holds it */
    x = fixture_open(f, INDEX_WRITE);
    story_check(x, &story, story.records);
    say(pipes.to_child[1]);
    hear(pipes.to_parent[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    index_close(TAKE(x));
    assert_int_equal(read_all(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_absent, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_no_plain_file, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_wrong_key, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_other_schema, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_in_the_clear, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_reading_changes_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_folder_read_only, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_writing_needs_the_right, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_crash, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_reader_beside_writer, fixture_setup, fixture_teardown),
    };
    story_make(&story, 600613, 40);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    story_drop(&story);
    return failed;
}
