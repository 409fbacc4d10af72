/* One file: opened without side effects, read, and held to what it was. */
#include "intake/intake_internal.h"

#include "../base/scratch.h"

#include <errno.h>

static void every_refusal_of_the_system_has_its_reason(void **state)
{
    static const struct {
        int number;
        const char *reason;
    } cases[] = {{E2BIG, "large"}, {ENOENT, "vanished"},  {EACCES, "unreadable"},
                 {EPERM, "unreadable"}, {ELOOP, "changed"},
                 {ENOTDIR, "changed"},  {EIO, "io"},
                 {ENXIO, "io"},         {0, "io"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(intake_reason_of(cases[i].number), cases[i].reason);
        assert_true(statement_reason_known(intake_reason_of(cases[i].number)));
    }
}

/* As the walk found it: listed first, opened then. */
static const char *open_as_listed(const char *name, const struct stat *listed, struct intake_open *ret)
{
    *ret = (struct intake_open){.fd = -1};
    return intake_open_file(AT_FDCWD, name, listed, ret);
}

static void refused_as(const char *reason, const char *name, const struct stat *listed)
{
    struct intake_open open;
    const char *told = open_as_listed(name, listed, &open);
    fd_drop(&open.fd);
    assert_non_null(told);
    assert_string_equal(told, reason);
}

static void what_came_in_its_place_is_not_read(void **state)
{
    struct stat listed;
    scratch_text("statement", "as it was");
    assert_int_equal(lstat("statement", &listed), 0);
    assert_int_equal(chmod("statement", 0), 0);
    if (scratch_as_root())
        refused_as("unreadable", "statement", &listed);
    assert_int_equal(rename("statement", "moved"), 0);
    refused_as("vanished", "statement", &listed);
    assert_int_equal(symlink("moved", "statement"), 0);
    refused_as("changed", "statement", &listed);
    assert_int_equal(unlink("statement"), 0);
    assert_int_equal(mkfifo("statement", 0600), 0); /* would be waited at without end */
    refused_as("changed", "statement", &listed);
    assert_int_equal(unlink("statement"), 0);
    scratch_mkdir("statement");
    refused_as("changed", "statement", &listed);
    assert_int_equal(rmdir("statement"), 0);
    scratch_text("statement", "another");
    refused_as("changed", "statement", &listed);
}

/* ---- reading ---- */

static void open_now(const char *name, struct intake_open *ret)
{
    struct stat listed;
    assert_int_equal(lstat(name, &listed), 0);
    const char *reason = open_as_listed(name, &listed, ret);
    if (reason != NULL)
        fail_msg("%s: %s", name, reason);
}

static void read_all(struct intake_open *open, size_t piece, struct buf *to)
{
    for (;;) {
        size_t n = SIZE_MAX;
        struct err e = {0};
        uint8_t *room = buf_more(to, piece);
        assert_non_null(room);
        assert_int_equal(intake_read(open, room, piece, &n, &e), 0);
        assert_true(n <= piece);
        to->n -= piece - n;
        if (n == 0)
            return;
    }
}

static void a_file_at_rest_is_read_whole_as_often_as_wanted(void **state)
{
    static const size_t pieces[] = {1, 7, 4096, 1 << 20};
    OWN(buf_drop) struct buf content = {0};
    for (unsigned i = 0; i < 30000; i++)
        buf_put_u8(&content, (uint8_t)(i * i >> 3));
    scratch_file("film", content.p, content.n);
    struct intake_open open;
    open_now("film", &open);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        OWN(buf_drop) struct buf got = {0};
        read_all(&open, pieces[i], &got);
        assert_true(bytes_equal(buf_bytes(&got), buf_bytes(&content)));
        assert_true(intake_unchanged(&open));
        assert_int_equal(intake_again(&open, NULL), 0);
        assert_false(intake_unchanged(&open)); /* nothing has come yet */
    }
    fd_drop(&open.fd);
}

static void an_empty_file_and_a_file_of_holes(void **state)
{
    struct intake_open open;
    OWN(buf_drop) struct buf got = {0};
    scratch_text("empty", "");
    open_now("empty", &open);
    assert_true(intake_unchanged(&open));
    read_all(&open, 10, &got);
    assert_int_equal(got.n, 0);
    assert_true(intake_unchanged(&open));
    fd_drop(&open.fd);
    enum { HOLE = 1 << 20 };
    scratch_text("sparse", "a");
    assert_int_equal(truncate("sparse", HOLE), 0);
    open_now("sparse", &open);
    read_all(&open, 65536, &got);
    assert_int_equal(got.n, HOLE);
    assert_int_equal(got.p[0], 'a');
    for (size_t i = 1; i < HOLE; i++)
        assert_int_equal(got.p[i], 0);
    assert_true(intake_unchanged(&open));
    fd_drop(&open.fd);
}

/* ---- what changes meanwhile shows ---- */

static void append(void)
{
    int fd = open("file", O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "+", 1), 1);
    assert_int_equal(close(fd), 0);
}
static void cut(void)
{
    assert_int_equal(truncate("file", 3), 0);
}
static void rewrite(void)
{
    scratch_text("file", "CONTENT");
}
static void rewrite_and_put_the_time_back(void)
{
    scratch_text("file", "CONTENT");
    scratch_time("file", 1000000000, 5);
}
static void close_it(void)
{
    assert_int_equal(chmod("file", 0600), 0);
}
static void name_it_again(void)
{
    assert_int_equal(link("file", "file 2"), 0);
}
static void put_another_in_its_place(void)
{
    scratch_text("new", "content");
    assert_int_equal(rename("new", "file"), 0);
}
static void remove_it(void)
{
    assert_int_equal(unlink("file"), 0);
}

static void a_change_while_it_is_read_shows(void **state)
{
    void (*const changes[])(void) = {
        append,   cut, rewrite, rewrite_and_put_the_time_back, close_it, name_it_again, put_another_in_its_place,
        remove_it};
    for (size_t i = 0; i < COUNT(changes); i++)
        for (int after = 0; after < 2; after++) {
            struct intake_open open;
            OWN(buf_drop) struct buf got = {0};
            (void)unlink("file");
            (void)unlink("file 2");
            scratch_text("file", "content");
            scratch_time("file", 1000000000, 5);
            usleep(12000); /* a kernel's clock of files moves in steps */
            open_now("file", &open);
            if (!after)
                changes[i]();
            read_all(&open, 5, &got);
            if (after)
                changes[i]();
            assert_false(intake_unchanged(&open));
            fd_drop(&open.fd);
        }
}

static void a_file_that_was_not_read_to_its_end_is_not_whole(void **state)
{
    struct intake_open open;
    char piece[4];
    size_t n;
    scratch_text("file", "content");
    open_now("file", &open);
    assert_int_equal(intake_read(&open, piece, sizeof piece, &n, NULL), 0);
    assert_int_equal(n, 4);
    assert_false(intake_unchanged(&open));
    fd_drop(&open.fd);
}

static void a_read_that_fails_is_an_error_with_words(void **state)
{
    struct err e = {0};
    char piece[4];
    size_t n = 77;
    int ends[2];
    struct intake_open folder = {.fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    assert_int_equal(intake_read(&folder, piece, sizeof piece, &n, &e), ERR_IO);
    assert_int_equal(n, 77);
    assert_string_equal(e.text, "read: Is a directory");
    fd_drop(&folder.fd);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct intake_open pipe_end = {.fd = ends[0]};
    assert_int_equal(intake_again(&pipe_end, &e), ERR_IO);
    assert_string_equal(e.text, "read again: Illegal seek");
    assert_false(intake_unchanged(&(struct intake_open){.fd = -1}));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* Reading leaves no trace on what is ours; what is another's is read all the same. */
static void the_time_of_access_is_left_alone(void **state)
{
    struct stat was, is;
    struct intake_open open;
    OWN(buf_drop) struct buf got = {0};
    scratch_text("mine", "content");
    scratch_time("mine", 1000000000, 0);
    assert_int_equal(stat("mine", &was), 0);
    open_now("mine", &open);
    read_all(&open, 5, &got);
    fd_drop(&open.fd);
    assert_int_equal(stat("mine", &is), 0);
    assert_int_equal(is.st_atim.tv_sec, was.st_atim.tv_sec);
    open_now("/etc/passwd", &open);
    read_all(&open, 4096, &got);
    assert_true(intake_unchanged(&open));
    fd_drop(&open.fd);
}

static int setup(void **state)
{
    scratch_begin();
    return 0;
}

static int teardown(void **state)
{
    scratch_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_of_the_system_has_its_reason),
        cmocka_unit_test_setup_teardown(what_came_in_its_place_is_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_at_rest_is_read_whole_as_often_as_wanted, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_file_and_a_file_of_holes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_while_it_is_read_shows, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_was_not_read_to_its_end_is_not_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_that_fails_is_an_error_with_words, setup, teardown),
        cmocka_unit_test_setup_teardown(the_time_of_access_is_left_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
