#include "fake.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

static struct fake_run run;

#define RUN(...) fake_main(&run, (const char *const[]){__VA_ARGS__, NULL})

static void test_an_answer_that_cannot_be_written(void **state)
{
    fake_script.say = "said";
    fake_script.out = "/dev/full";
    RUN("do");
    assert_int_equal(run.exit_code, 4);
    assert_string_equal(run.err,
                        "groundwork: it is done, but the answer could not be written out: No space left on device\n");
    RUN("do", "--json");
    assert_int_equal(run.exit_code, 4);
    RUN("--help");
    assert_int_equal(run.exit_code, 4);
    /* What the verb itself found goes before. */
    fake_script.exit_code = 3;
    RUN("do");
    assert_int_equal(run.exit_code, 3);
    assert_string_equal(run.err, "groundwork: the answer could not be written out: No space left on device\n");
    fake_script = (struct fake_script){.out = "/dev/full"};
    RUN("do");
    assert_int_equal(run.exit_code, 0);
}

/* The program with its answer in a pipe that nobody reads, or with its descriptors 1 and 2 as told. */
static int with_answer_to(int fd)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char name[] = "groundwork", verb[] = "do";
        int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (dup2(err, STDERR_FILENO) < 0 || (fd >= 0 ? dup2(fd, STDOUT_FILENO) < 0 : close(STDOUT_FILENO) != 0))
            _exit(99);
        exit(cli_main(2, (char *[]){name, verb, NULL}));
    }
    return fake_ended(child);
}

static void error_is(const char *want)
{
    OWN(buf_drop) struct buf got = {0};
    assert_int_equal(file_read_all("err", 4096, &got, NULL), 0);
    assert_string_equal(buf_text(&got), want);
}

static void test_a_reader_that_went_away(void **state)
{
    int ends[2];
    fake_script.say = "said";
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_int_equal(with_answer_to(ends[1]), 4);
    (void)close(ends[1]);
    error_is("");
}

static void test_no_output_at_all(void **state)
{
    fake_script.say = "said";
    assert_int_equal(with_answer_to(-1), 4);
    error_is("groundwork: it is done, but the answer could not be written out: Bad file descriptor\n");
}

/* Both kinds of lines in one file: in the order in which they were said. */
static void test_order(void **state)
{
    OWN(buf_drop) struct buf got = {0};
    pid_t child = fork();
    if (child == 0) {
        struct cli_face f;
        int fd = open("both", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
        if (dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
            _exit(99);
        cli_face_init(&f, false);
        cli_face_set(&f, &(struct cli_line){.passphrase_fd = -1});
        f.verbs.say(f.verbs.context, "first");
        f.verbs.warn(f.verbs.context, "second");
        f.verbs.say(f.verbs.context, "third");
        int code = cli_face_finish(&f, 5);
        cli_face_drop(&f);
        _exit(code);
    }
    assert_int_equal(fake_ended(child), 5);
    assert_int_equal(file_read_all("both", 4096, &got, NULL), 0);
    assert_string_equal(buf_text(&got), "first\ngroundwork: second\nthird\n");
}

static void test_codes_have_names(void **state)
{
    static const char *const names[] = {"io",  "damaged", "usage", "refused", "absent",
                                        "key", "busy",    "newer", "stopped"};
    for (int code = ERR_IO; code >= ERR_STOPPED; code--)
        assert_string_equal(cli_error_name(code), names[-code - 1]);
}

/* Every document is JSON in its canonical form, whatever the words of the error are. */
static void test_documents_are_canonical(void **state)
{
    static const char *const verbs[] = {"\x1b[2J", "\xff\xfe", "\"\\", "영수증", "help\n"};
    for (size_t i = 0; i < COUNT(verbs); i++) {
        RUN(verbs[i], "--json");
        assert_int_equal(run.exit_code, 2);
        size_t n = strlen(run.out);
        assert_int_equal(run.out[n - 1], '\n');
        assert_true(json_canonical(bytes_of(run.out, n - 1)));
    }
    fake_script.say = "\x1b \"\\ 영수증 \u2028";
    RUN("--json");
    assert_string_equal(run.out, "{\"exit\":0,\"ok\":true,\"result\":{\"answer\":\"\\u001b \\\"\\\\ 영수증 \u2028\"},"
                                 "\"verb\":null}\n");
    assert_true(json_canonical(bytes_of(run.out, strlen(run.out) - 1)));
}

static void test_an_error_drops_the_half_written_document(void **state)
{
    fake_script.say = "half";
    fake_script.rc = ERR_BUSY;
    RUN("do", "--json");
    assert_null(strstr(run.out, "half"));
    assert_non_null(strstr(run.out, "\"code\":\"busy\""));
}

static void test_nobody_watches_a_pipe(void **state)
{
    fake_script.progress = 10;
    RUN("do");
    assert_int_equal(run.exit_code, 0);
    assert_string_equal(run.out, "");
    assert_string_equal(run.err, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_answer_that_cannot_be_written, fake_environment),
        cmocka_unit_test_setup(test_a_reader_that_went_away, fake_environment),
        cmocka_unit_test_setup(test_no_output_at_all, fake_environment),
        cmocka_unit_test_setup(test_order, fake_environment),
        cmocka_unit_test_setup(test_codes_have_names, fake_environment),
        cmocka_unit_test_setup(test_documents_are_canonical, fake_environment),
        cmocka_unit_test_setup(test_an_error_drops_the_half_written_document, fake_environment),
        cmocka_unit_test_setup(test_nobody_watches_a_pipe, fake_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
