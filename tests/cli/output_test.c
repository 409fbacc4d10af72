#include "fake.h"

#include "base/unicode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static void cleans(const char *text, const char *want)
{
    OWN(buf_drop) struct buf got = {0};
    cli_clean(text, &got);
    assert_string_equal(buf_text(&got), want);
}

static void test_what_can_be_shown_stays(void **state)
{
    static const char *const plain[] = {"", "abc \\x41", "영수증 3호…", "é\u0301 \U0001f600 \u2014", "\u00a0"};
    for (size_t i = 0; i < COUNT(plain); i++)
        cleans(plain[i], plain[i]);
}

static void test_what_moves_the_cursor_does_not(void **state)
{
    cleans("a\x1b[31mb\n\t\x7f", "a\\x1b[31mb\\x0a\\x09\\x7f");
    cleans("\xc2\x9b\xc2\x80z", "\\xc2\\x9b\\xc2\\x80z");
    cleans("\u2028\u202e\u2066\u2069", "\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
    cleans("\u2027\u202f\u2065\u206a", "\u2027\u202f\u2065\u206a");
    cleans("\xff\xed\xa0\x80\xc0\x80\xf5\x80\x80\x80\xe2\x80",
           "\\xff\\xed\\xa0\\x80\\xc0\\x80\\xf5\\x80\\x80\\x80\\xe2\\x80");
}

static void test_chance_bytes_are_clean(void **state)
{
    for (int i = 0; i < 2000; i++) {
        OWN(buf_drop) struct buf once = {0}, twice = {0};
        char text[40];
        size_t n = fake_chance() % sizeof text;
        for (size_t k = 0; k < n; k++)
            text[k] = (char)(1 + fake_chance() % 255);
        text[n < sizeof text ? n : n - 1] = 0;
        cli_clean(text, &once);
        assert_true(unicode_valid(buf_bytes(&once)) || once.n == 0);
        for (size_t k = 0; k < once.n; k++)
            assert_true(once.p[k] >= 0x20 && once.p[k] != 0x7f);
        cli_clean(buf_text(&once), &twice);
        assert_true(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    }
}

static void test_a_full_disk_is_remembered(void **state)
{
    OWN(fd_drop) int fd = open("/dev/full", O_WRONLY);
    OWN(cli_output_drop) struct cli_output o;
    cli_output_init(&o, fd, false);
    cli_output_line(&o, "waits");
    assert_int_equal(o.failed, 0);
    cli_output_flush(&o);
    assert_int_equal(o.failed, ENOSPC);
    cli_output_line(&o, "is not kept");
    cli_output_bytes(&o, bytes_text("nor this"));
    assert_int_equal(o.pending.n, 0);
    assert_int_equal(o.failed, ENOSPC);
}

static void test_lines_wait_for_company(void **state)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    OWN(fd_drop) int from = ends[0];
    OWN(fd_drop) int to = ends[1];
    char got[16];
    OWN(cli_output_drop) struct cli_output lazy, eager;
    cli_output_init(&lazy, to, false);
    cli_output_init(&eager, to, true);
    cli_output_line(&lazy, "late");
    cli_output_line(&eager, "now");
    assert_int_equal(read(from, got, sizeof got), 4);
    assert_memory_equal(got, "now\n", 4);
    cli_output_flush(&lazy);
    assert_int_equal(read(from, got, sizeof got), 5);
    assert_memory_equal(got, "late\n", 5);
}

/* A pipe that takes no more at the moment is waited for, and nothing is lost or doubled. */
static void test_a_slow_reader(void **state)
{
    enum { LINES = 40000 };
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        struct cli_output o;
        cli_output_init(&o, ends[1], false);
        for (int i = 0; i < LINES; i++) {
            char line[16];
            (void)snprintf(line, sizeof line, "%07d", i);
            cli_output_line(&o, line);
        }
        cli_output_flush(&o);
        _exit(o.failed == 0 ? 7 : 8);
    }
    (void)close(ends[1]);
    assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
    FILE *from = fdopen(ends[0], "r");
    assert_non_null(from);
    char line[16];
    for (int i = 0; i < LINES; i++) {
        assert_non_null(fgets(line, sizeof line, from));
        assert_int_equal(atoi(line), i);
    }
    assert_null(fgets(line, sizeof line, from));
    (void)fclose(from);
    assert_int_equal(fake_ended(child), 7);
}

static void test_columns(void **state)
{
    static const struct {
        const char *text;
        size_t want;
    } cases[] = {{NULL, 80}, {"", 80},         {"132", 132},  {"0", 80},
                 {"-5", 80}, {"10000", 10000}, {"10001", 80}, {"9x", 80}};
    OWN(fd_drop) int fd = open("/dev/null", O_WRONLY);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(cases[i].text == NULL ? unsetenv("COLUMNS") : setenv("COLUMNS", cases[i].text, 1), 0);
        assert_int_equal(cli_terminal_columns(fd), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_shown_stays),         cmocka_unit_test(test_what_moves_the_cursor_does_not),
        cmocka_unit_test(test_chance_bytes_are_clean),          cmocka_unit_test(test_a_full_disk_is_remembered),
        cmocka_unit_test(test_lines_wait_for_company),          cmocka_unit_test(test_a_slow_reader),
        cmocka_unit_test_setup(test_columns, fake_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
