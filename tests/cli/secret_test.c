#include "fake.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char warned[1024];

static void keep_warning(void *context, const char *line)
{
    (void)context;
    (void)snprintf(warned, sizeof warned, "%s", line);
}

static void source(struct cli_secret *s, int fd)
{
    cli_secret_init(s, fd);
    s->warn = keep_warning;
    warned[0] = 0;
}

static int ask(struct cli_secret *s, struct buf *ret, struct err *e)
{
    buf_clear(ret);
    return cli_secret_ask(s, "Passphrase: ", false, ret, e);
}

static void test_from_a_file(void **state)
{
    static const struct {
        const char *content, *want;
    } cases[] = {{"one line\n", "one line"},
                 {"no end", "no end"},
                 {"first\nsecond\n", "first"},
                 {"\nx\n", ""},
                 {"from elsewhere\r\n", "from elsewhere"},
                 {" spaces \n", " spaces "},
                 {"암호 문구\n", "암호 문구"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(cli_secret_drop) struct cli_secret s;
        OWN(buf_wipe) struct buf got = {0};
        fake_file("pass", cases[i].content, 0600);
        assert_int_equal(setenv("GROUNDWORK_PASSPHRASE_FILE", "pass", 1), 0);
        source(&s, -1);
        assert_int_equal(ask(&s, &got, NULL), 0);
        assert_string_equal(buf_text(&got), cases[i].want);
        assert_string_equal(warned, "");
    }
}

static void test_a_further_question_has_a_further_line(void **state)
{
    OWN(cli_secret_drop) struct cli_secret s;
    OWN(buf_wipe) struct buf got = {0};
    fake_file("pass", "old\nnew\n", 0600);
    assert_int_equal(setenv("GROUNDWORK_PASSPHRASE_FILE", "pass", 1), 0);
    source(&s, -1);
    assert_int_equal(ask(&s, &got, NULL), 0);
    assert_string_equal(buf_text(&got), "old");
    buf_clear(&got);
    assert_int_equal(cli_secret_ask(&s, "New: ", true, &got, NULL), 0);
    assert_string_equal(buf_text(&got), "new");
}

static void test_others_may_read_it(void **state)
{
    OWN(cli_secret_drop) struct cli_secret s;
    OWN(buf_wipe) struct buf got = {0};
    fake_file("pass", "open\n", 0640);
    assert_int_equal(setenv("GROUNDWORK_PASSPHRASE_FILE", "pass", 1), 0);
    source(&s, -1);
    assert_int_equal(ask(&s, &got, NULL), 0);
    assert_string_equal(buf_text(&got), "open");
    assert_string_equal(warned, "others on this computer may read the passphrase file pass; chmod 600 shuts it");
}

static void file_refused(const char *path, int code, const char *line)
{
    OWN(cli_secret_drop) struct cli_secret s;
    OWN(buf_wipe) struct buf got = {0};
    struct err e = {0};
    assert_int_equal(setenv("GROUNDWORK_PASSPHRASE_FILE", path, 1), 0);
    source(&s, -1);
    assert_int_equal(ask(&s, &got, &e), code);
    assert_string_equal(e.text, line);
}

static void test_refused_files(void **state)
{
    file_refused("absent", ERR_IO,
                 "cannot open the passphrase file absent (GROUNDWORK_PASSPHRASE_FILE): No such file or directory");
    (void)mkdir("folder", 0700);
    file_refused("folder", ERR_IO, "the passphrase file folder is a folder (GROUNDWORK_PASSPHRASE_FILE)");
    fake_file("pass", "", 0600);
    file_refused("pass", ERR_IO, "pass holds no passphrase; it must be its first line");
}

static void test_how_long_it_may_be(void **state)
{
    static const char *const ends[] = {"", "\n", "\r\n"};
    OWN(fd_drop) int fd = -1;
    for (size_t extra = 0; extra < 3; extra++)
        for (size_t i = 0; i < COUNT(ends); i++) {
            OWN(cli_secret_drop) struct cli_secret s;
            OWN(buf_wipe) struct buf got = {0};
            struct err e = {0};
            char text[CLI_SECRET_BYTES_MAX + 8];
            memset(text, 'p', sizeof text);
            (void)snprintf(text + CLI_SECRET_BYTES_MAX + extra, 4, "%s", ends[i]);
            fake_file("pass", text, 0600);
            fd = open("pass", O_RDONLY);
            source(&s, fd);
            assert_int_equal(ask(&s, &got, &e), extra == 0 ? 0 : ERR_USAGE);
            if (extra == 0)
                assert_int_equal(got.n, CLI_SECRET_BYTES_MAX);
            else
                assert_non_null(strstr(e.text, "is longer than 1024 bytes"));
            (void)close(TAKE_FD(fd));
        }
}

static void test_from_a_descriptor(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    OWN(fd_drop) int from = ends[0];
    OWN(cli_secret_drop) struct cli_secret s;
    OWN(buf_wipe) struct buf got = {0};
    /* The option goes before the variable. */
    fake_file("pass", "from the file\n", 0600);
    assert_int_equal(setenv("GROUNDWORK_PASSPHRASE_FILE", "pass", 1), 0);
    assert_int_equal(write(ends[1], "one\ntwo\nrest", 12), 12);
    (void)close(ends[1]);
    source(&s, from);
    assert_int_equal(ask(&s, &got, NULL), 0);
    assert_string_equal(buf_text(&got), "one");
    assert_int_equal(ask(&s, &got, NULL), 0);
    assert_string_equal(buf_text(&got), "two");
    char rest[8];
    assert_int_equal(read(from, rest, sizeof rest), 4);
    assert_memory_equal(rest, "rest", 4);
}

static void test_refused_descriptors(void **state)
{
    OWN(buf_wipe) struct buf got = {0};
    OWN(cli_secret_drop) struct cli_secret closed, empty;
    struct err e = {0};
    source(&closed, 1000);
    assert_int_equal(ask(&closed, &got, &e), ERR_IO);
    assert_string_equal(e.text, "cannot read --passphrase-fd 1000: Bad file descriptor");
    OWN(fd_drop) int fd = open("/dev/null", O_RDONLY);
    char want[128];
    (void)snprintf(want, sizeof want, "--passphrase-fd %d holds no passphrase; it must be its first line", fd);
    source(&empty, fd);
    assert_int_equal(ask(&empty, &got, &e), ERR_IO);
    assert_string_equal(e.text, want);
}

static void test_nowhere_to_ask(void **state)
{
    static struct fake_run run;
    fake_script.ask = "Passphrase: ";
    fake_main(&run, (const char *const[]){"do", NULL});
    assert_int_equal(run.exit_code, 4);
    assert_string_equal(run.out, "");
    assert_string_equal(run.err, "groundwork: a passphrase is needed, and there is no terminal to ask on: set "
                                 "GROUNDWORK_PASSPHRASE_FILE, give --passphrase-fd N, or run this in a terminal\n");
}

/* ---- the terminal ---- */

static int ask_there(void)
{
    fake_script.ask = "Passphrase \x1b[7mfor k: ";
    char name[] = "groundwork", verb[] = "do";
    return cli_main(2, (char *[]){name, verb, NULL});
}

static int ask_new_there(void)
{
    fake_script.twice = true;
    return ask_there();
}

/* A file that has answered, and a question more. */
static int ask_after_the_file(void)
{
    struct cli_secret s;
    struct buf got = {0};
    fake_file("pass", "old\n", 0600);
    if (setenv("GROUNDWORK_PASSPHRASE_FILE", "pass", 1) != 0)
        return 99;
    source(&s, -1);
    int rc = cli_secret_ask(&s, "Old: ", false, &got, NULL);
    if (rc == 0)
        rc = cli_secret_ask(&s, "New: ", false, &got, NULL);
    bool right = rc == 0 && strcmp(buf_text(&got), "oldnew") == 0;
    buf_wipe(&got);
    cli_secret_drop(&s);
    return right ? 0 : 1;
}

static bool echoes(int master)
{
    struct termios now;
    assert_int_equal(tcgetattr(master, &now), 0);
    return (now.c_lflag & ECHO) != 0;
}

struct talk {
    int master;
    struct buf seen;
    pid_t child;
};

static void talk_begin(struct talk *t, int (*run)(void), const char *prompt)
{
    *t = (struct talk){.master = -1};
    t->child = fake_terminal(run, &t->master);
    fake_wait_for(t->master, &t->seen, prompt);
    assert_false(echoes(t->master));
}

static void talk_end(struct talk *t, int exit_code)
{
    fake_wait_for(t->master, &t->seen, NULL);
    assert_int_equal(fake_ended(t->child), exit_code);
    assert_true(echoes(t->master));
}

static void talk_drop(struct talk *t)
{
    fd_drop(&t->master);
    buf_drop(&t->seen);
}

static void test_what_is_typed_is_not_shown(void **state)
{
    OWN(talk_drop) struct talk t;
    talk_begin(&t, ask_there, "Passphrase \\x1b[7mfor k: ");
    fake_typed(t.master, "hunter\x7fr 2\n");
    talk_end(&t, 0);
    assert_string_equal(buf_text(&t.seen), "Passphrase \\x1b[7mfor k: \r\nhunter 2\r\n");
}

static void test_a_new_one_is_typed_twice(void **state)
{
    OWN(talk_drop) struct talk t;
    talk_begin(&t, ask_new_there, "for k: ");
    fake_typed(t.master, "first\n");
    fake_wait_for(t.master, &t.seen, "The same again: ");
    fake_typed(t.master, "other\n");
    fake_wait_for(t.master, &t.seen, "The two differ.\r\nPassphrase \\x1b[7mfor k: ");
    fake_typed(t.master, "secret\n");
    buf_clear(&t.seen);
    fake_wait_for(t.master, &t.seen, "The same again: ");
    fake_typed(t.master, "secret\n");
    talk_end(&t, 0);
    assert_non_null(strstr(buf_text(&t.seen), "The same again: \r\nsecret\r\n"));
}

static void test_three_times_different(void **state)
{
    OWN(talk_drop) struct talk t;
    talk_begin(&t, ask_new_there, "for k: ");
    for (int i = 0; i < 3; i++) {
        fake_wait_for(t.master, &t.seen, "for k: ");
        fake_typed(t.master, "a\n");
        fake_wait_for(t.master, &t.seen, "The same again: ");
        buf_clear(&t.seen);
        fake_typed(t.master, "b\n");
    }
    talk_end(&t, 4);
    assert_non_null(strstr(buf_text(&t.seen), "the two passphrases differed 3 times; nothing was done\r\n"));
}

static void test_no_answer(void **state)
{
    static const char *const typed[] = {"\x03", "abc\x03", "\x04"};
    for (size_t i = 0; i < COUNT(typed); i++) {
        OWN(talk_drop) struct talk t;
        talk_begin(&t, ask_there, "for k: ");
        fake_typed(t.master, typed[i]);
        talk_end(&t, 4);
        assert_non_null(strstr(buf_text(&t.seen), "groundwork: stopped at the passphrase; nothing was done\r\n"));
    }
}

static void test_two_signals_at_once(void **state)
{
    OWN(talk_drop) struct talk t;
    talk_begin(&t, ask_there, "for k: ");
    assert_int_equal(kill(t.child, SIGSTOP) | kill(t.child, SIGINT) | kill(t.child, SIGTERM) | kill(t.child, SIGCONT),
                     0);
    fake_wait_for(t.master, &t.seen, NULL);
    assert_true(fake_ended(t.child) != 0);
    assert_true(echoes(t.master));
}

static void test_the_terminal_after_the_file(void **state)
{
    OWN(talk_drop) struct talk t;
    talk_begin(&t, ask_after_the_file, "New: ");
    assert_null(strstr(buf_text(&t.seen), "Old"));
    fake_typed(t.master, "new\n");
    talk_end(&t, 0);
}

/* A pipe that nobody writes to is waited for with open ears; the alarm is for a program that is deaf. */
static int ask_a_silent_pipe(void)
{
    OWN(cli_secret_drop) struct cli_secret s;
    OWN(buf_wipe) struct buf got = {0};
    struct err e = {0};
    if (cli_process_prepare(NULL) != 0 || mkfifo("pipe", 0600) != 0 ||
        setenv("GROUNDWORK_PASSPHRASE_FILE", "pipe", 1) != 0)
        return 99;
    (void)alarm(20);
    (void)raise(SIGINT);
    source(&s, -1);
    return ask(&s, &got, &e) == ERR_STOPPED ? 0 : 1;
}

static void test_a_silent_pipe(void **state)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(ask_a_silent_pipe());
    assert_int_equal(fake_ended(child), 0);
}

/* ---- a record ---- */

static unsigned warned_of_it;

static void warn_record(void *context, const char *line)
{
    warned_of_it += strstr(line, "yours to destroy") != NULL;
}

/* Standard input from ${fd}, read into so much room: what came of it, in *ret. */
static int record_from(int fd, size_t room, struct buf *ret, struct err *e)
{
    const struct verbs_face face = {.warn = warn_record};
    int before = dup(STDIN_FILENO);
    assert_true(before >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    assert_non_null(buf_more(ret, room));
    buf_clear(ret);
    size_t whole = ret->room;
    ret->room = room;
    int rc = cli_secret_record(&face, ret, e);
    ret->room = whole;
    assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
    (void)close(before);
    (void)close(fd);
    return rc;
}

static int pipe_of(const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    (void)close(ends[1]);
    return ends[0];
}

static void test_a_record_is_read_to_its_end(void **state)
{
    OWN(buf_wipe) struct buf b = {0};
    struct err e;
    warned_of_it = 0;
    assert_int_equal(record_from(pipe_of("name: A\nbirth: 1"), 200, &b, &e), 0);
    assert_string_equal(buf_text(&b), "name: A\nbirth: 1");
    assert_int_equal(record_from(pipe_of(""), 200, &b, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "nothing stands on standard input"));
    assert_int_equal(record_from(pipe_of("123456789"), 10, &b, &e), 0); /* the end is met with room left */
    assert_int_equal(record_from(pipe_of("1234567890"), 10, &b, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "longer than a record"));
    assert_int_equal(warned_of_it, 0);
    fake_file("record", "name: A\n", 0600);
    assert_int_equal(record_from(open("record", O_RDONLY | O_CLOEXEC), 200, &b, &e), 0);
    assert_int_equal(warned_of_it, 1);
    assert_int_equal(record_from(open(".", O_RDONLY | O_CLOEXEC), 200, &b, &e), ERR_IO);
}

static void test_what_is_revealed_goes_to_standard_output(void **state)
{
    int ends[2], before = dup(STDOUT_FILENO);
    char got[32] = {0};
    struct err e;
    (void)fflush(stdout);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    int rc = cli_secret_reveal(bytes_text("name: A\n"), &e);
    assert_int_equal(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(rc, 0);
    assert_int_equal(read(ends[0], got, sizeof got - 1), 8);
    assert_string_equal(got, "name: A\n");
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(dup2(full, STDOUT_FILENO), STDOUT_FILENO);
    rc = cli_secret_reveal(bytes_text("name: A\n"), &e);
    assert_int_equal(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(rc, ERR_IO);
    (void)close(full);
    (void)close(before);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_from_a_file, fake_environment),
        cmocka_unit_test_setup(test_a_further_question_has_a_further_line, fake_environment),
        cmocka_unit_test_setup(test_others_may_read_it, fake_environment),
        cmocka_unit_test_setup(test_refused_files, fake_environment),
        cmocka_unit_test_setup(test_how_long_it_may_be, fake_environment),
        cmocka_unit_test_setup(test_from_a_descriptor, fake_environment),
        cmocka_unit_test_setup(test_refused_descriptors, fake_environment),
        cmocka_unit_test_setup(test_nowhere_to_ask, fake_environment),
        cmocka_unit_test_setup(test_what_is_typed_is_not_shown, fake_environment),
        cmocka_unit_test_setup(test_a_new_one_is_typed_twice, fake_environment),
        cmocka_unit_test_setup(test_three_times_different, fake_environment),
        cmocka_unit_test_setup(test_no_answer, fake_environment),
        cmocka_unit_test_setup(test_a_silent_pipe, fake_environment),
        cmocka_unit_test_setup(test_two_signals_at_once, fake_environment),
        cmocka_unit_test_setup(test_the_terminal_after_the_file, fake_environment),
        cmocka_unit_test_setup(test_a_record_is_read_to_its_end, fake_environment),
        cmocka_unit_test(test_what_is_revealed_goes_to_standard_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
