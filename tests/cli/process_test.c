#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { RIGHT = 7, WRONG = 8 };

/* The process is prepared once and for all, so each case is tried in a child. */
static int in_child(int (*run)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(run());
    return fake_ended(child);
}

static int prepared(void)
{
    return cli_process_prepare(NULL) == 0;
}

static int limits(void)
{
    struct rlimit core, files;
    if (!prepared() || getrlimit(RLIMIT_CORE, &core) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0)
        return WRONG;
    bool right = core.rlim_cur == 0 && core.rlim_max == 0 && files.rlim_cur == files.rlim_max && umask(0) == 077;
#if !defined(__SANITIZE_ADDRESS__)
    right = right && prctl(PR_GET_DUMPABLE) == 0;
#endif
    return right ? RIGHT : WRONG;
}

static int closed_descriptors(void)
{
    char byte = 0;
    (void)close(0);
    (void)close(1);
    (void)close(2);
    if (!prepared())
        return WRONG;
    int next = open("/dev/null", O_RDONLY);
    bool right = next > 2 && read(0, &byte, 1) < 0 && write(1, &byte, 1) < 0 && write(2, &byte, 1) < 0;
    return right ? RIGHT : WRONG;
}

static int first; /* the signal that first_signal is to raise */

static int first_signal(void)
{
    (void)signal(first, SIG_DFL);
    if (!prepared() || cli_process_stopping() || raise(SIGPIPE) != 0 || cli_process_stopping())
        return WRONG;
    return raise(first) == 0 && cli_process_stopping() ? RIGHT : WRONG;
}

static int second_signal(void)
{
    if (!prepared())
        return WRONG;
    (void)raise(SIGINT);
    (void)raise(SIGTERM);
    return RIGHT;
}

static int ignored_signal(void)
{
    (void)signal(SIGHUP, SIG_IGN);
    if (!prepared())
        return WRONG;
    (void)raise(SIGHUP);
    (void)raise(SIGHUP);
    return cli_process_stopping() ? WRONG : RIGHT;
}

static int held_signal(void)
{
    struct cli_held held;
    if (!prepared())
        return WRONG;
    cli_process_hold(&held);
    (void)raise(SIGINT);
    bool early = cli_process_stopping();
    cli_process_release(&held);
    return !early && cli_process_stopping() && sigismember(&held.waiting, SIGTSTP) == 1 &&
                   sigismember(&held.waiting, SIGINT) == 0
               ? RIGHT
               : WRONG;
}

/* A write beyond the largest file that this user may make fails, and does not end the program. */
static int too_large_a_file(void)
{
    char text[20] = {0};
    struct rlimit size = {10, 10};
    FILE *file = tmpfile();
    if (file == NULL || !prepared() || setrlimit(RLIMIT_FSIZE, &size) != 0)
        return WRONG;
    return write(fileno(file), text, sizeof text) == 10 && write(fileno(file), text, 1) < 0 && errno == EFBIG ? RIGHT
                                                                                                               : WRONG;
}

static void test_each(void **state)
{
    assert_int_equal(in_child(limits), RIGHT);
    assert_int_equal(in_child(too_large_a_file), RIGHT);
    assert_int_equal(in_child(closed_descriptors), RIGHT);
    static const int asking[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < COUNT(asking); i++) {
        first = asking[i];
        assert_int_equal(in_child(first_signal), RIGHT);
    }
    assert_int_equal(in_child(ignored_signal), RIGHT);
    assert_int_equal(in_child(held_signal), RIGHT);
}

static void test_second_signal_ends_at_once(void **state)
{
    assert_int_equal(in_child(second_signal), 128 + SIGTERM);
}

/* A terminal that was made deaf comes back as it was, also when the process is ended by a second signal. */
static int deaf(void)
{
    struct termios was;
    if (!prepared() || tcgetattr(0, &was) != 0)
        return WRONG;
    struct termios hidden = was;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    cli_process_terminal(0, &was);
    if (tcsetattr(0, TCSANOW, &hidden) != 0 || write(1, "deaf", 4) != 4)
        return WRONG;
    (void)raise(SIGINT);
    (void)raise(SIGINT);
    return WRONG;
}

static void test_terminal_is_put_back(void **state)
{
    OWN(buf_drop) struct buf seen = {0};
    OWN(fd_drop) int master = -1;
    pid_t child = fake_terminal(deaf, &master);
    fake_wait_for(master, &seen, "deaf");
    assert_int_equal(fake_ended(child), 128 + SIGINT);
    struct termios now;
    assert_int_equal(tcgetattr(master, &now), 0);
    assert_true((now.c_lflag & ECHO) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_second_signal_ends_at_once),
        cmocka_unit_test(test_terminal_is_put_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
