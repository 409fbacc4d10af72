/* Passphrases: from a file, and typed on a terminal where nobody sees them. */
#include "logs.h"

#include <signal.h>
#include <sys/wait.h>

static int start(void **state)
{
    (void)state;
    scratch_begin();
    return logs_begin();
}

static int end(void **state)
{
    (void)state;
    scratch_end();
    return 0;
}

static void from_a_file(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        int rc;
        const char *is;
    } files[] = {
        {"words\n", 0, "words"}, {"words", 0, "words"}, {"words\r\nmore\n", 0, "words"}, {" \n", 0, " "},
        {"\n", ERR_IO, NULL},    {"", ERR_IO, NULL},
    };
    assert_int_equal(setenv("GROUNDWORK_PASSPHRASE_FILE", "passphrase", 1), 0);
    for (size_t i = 0; i < COUNT(files); i++) {
        OWN(buf_wipe) struct buf got = {0};
        assert_int_equal(file_replace("passphrase", bytes_text(files[i].content), 0600, NULL), 0);
        assert_int_equal(cosign_ask("?", true, &got, NULL), files[i].rc);
        if (files[i].is != NULL)
            assert_string_equal(buf_text(&got), files[i].is);
    }
    OWN(buf_drop) struct buf longest = {0};
    OWN(buf_wipe) struct buf got = {0};
    while (longest.n < 1024)
        buf_put_u8(&longest, 'x');
    assert_int_equal(file_replace("passphrase", buf_bytes(&longest), 0600, NULL), 0);
    assert_int_equal(cosign_ask("?", false, &got, NULL), 0);
    assert_int_equal(got.n, 1024);
    buf_put_u8(&longest, 'x');
    assert_int_equal(file_replace("passphrase", buf_bytes(&longest), 0600, NULL), 0);
    buf_clear(&got);
    assert_int_equal(cosign_ask("?", false, &got, NULL), ERR_USAGE);
    assert_int_equal(unlink("passphrase"), 0);
    assert_int_equal(cosign_ask("?", false, &got, NULL), ERR_IO);
    assert_int_equal(unsetenv("GROUNDWORK_PASSPHRASE_FILE"), 0);
}

/* In a process of its own, with a terminal of its own: exit code 0 when "quiet words" came. */
static int at_a_terminal(bool twice, const char *typed, int signal_number, struct buf *seen)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY), status;
    assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setsid(); /* the first terminal that is opened then is its own */
        if (open(ptsname(fd), O_RDWR) < 0 || close(fd) != 0)
            _exit(99);
        OWN(buf_wipe) struct buf got = {0};
        struct err e = {0};
        int rc = cosign_ask("Say:", twice, &got, &e);
        _exit(rc == 0 ? (strcmp(buf_text(&got), "quiet words") == 0 ? 0 : 1) : -rc);
    }
    char c;
    /* A line for each question: what is typed ahead of one is thrown away by the terminal. */
    for (const char *line = typed; *line != 0 || signal_number != 0;) {
        do {
            assert_true(read(fd, &c, 1) == 1);
            buf_put_u8(seen, (uint8_t)c);
        } while (c != ':');
        if (signal_number != 0) {
            assert_int_equal(kill(child, signal_number), 0);
            break;
        }
        size_t n = strcspn(line, "\n") + 1;
        assert_true(write(fd, line, n) == (ssize_t)n);
        line += n;
    }
    while (read(fd, &c, 1) == 1)
        buf_put_u8(seen, (uint8_t)c);
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)close(fd);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void typed_unseen(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf once = {0}, twice = {0}, differ = {0}, stopped = {0};
    assert_int_equal(at_a_terminal(false, "quiet words\n", 0, &once), 0);
    assert_null(strstr(buf_text(&once), "quiet"));
    assert_int_equal(at_a_terminal(true, "quiet words\nquiet words\n", 0, &twice), 0);
    assert_null(strstr(buf_text(&twice), "quiet"));
    assert_int_equal(at_a_terminal(true, "quiet words\nother words\n", 0, &differ), -ERR_KEY);
    assert_int_equal(at_a_terminal(false, "", SIGTERM, &stopped), -ERR_STOPPED);
}

static void no_terminal(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        OWN(buf_wipe) struct buf got = {0};
        (void)setsid(); /* no terminal belongs to a new session */
        _exit(-cosign_ask("?", false, &got, NULL));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), -ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_a_file),
        cmocka_unit_test(typed_unseen),
        cmocka_unit_test(no_terminal),
    };
    return cmocka_run_group_tests(tests, start, end);
}
