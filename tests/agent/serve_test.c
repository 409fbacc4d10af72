/* The process: it ends when it should, holds locked memory, and heeds nobody who makes no sense. */
#include "held.h"

#include <signal.h>
#include <sys/resource.h>

static void limits(void **state)
{
    (void)state;
    struct keyring_identity given = held;
    struct err e;
    bool locked;
    assert_int_equal(agent_start(held_path.s, &given, 0, &locked, &e), ERR_USAGE);
    assert_int_equal(agent_start(held_path.s, &given, AGENT_MINUTES_MAX + 1, &locked, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "1 to 1440"));
    held_start(AGENT_MINUTES_MAX);
    assert_int_equal(agent_end(held_path.s, NULL), 0);
    held_gone();
    keyring_identity_drop(&given);
}

/* A second one takes the place of the first. */
static void replaced(void **state)
{
    (void)state;
    held_start(1);
    pid_t first = held_pid();
    held_start(2);
    assert_int_equal(waitpid(first, NULL, 0), first);
    held_is(&held);
    assert_int_equal(agent_end(held_path.s, NULL), 0);
    held_gone();
}

/* One that hung, and goes on when another holds the keys, takes the other's socket from nobody. */
static void hung(void **state)
{
    (void)state;
    held_start(1);
    pid_t first = held_pid();
    assert_int_equal(kill(first, SIGSTOP), 0);
    held_start(1);
    assert_int_equal(kill(first, SIGTERM) | kill(first, SIGCONT), 0);
    assert_int_equal(waitpid(first, NULL, 0), first);
    held_is(&held);
    assert_int_equal(agent_end(held_path.s, NULL), 0);
    held_gone();
}

static void signals(void **state)
{
    (void)state;
    static const int endings[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < COUNT(endings); i++) {
        held_start(1);
        assert_int_equal(kill(held_pid(), endings[i]), 0);
        held_gone();
    }
}

/* Nothing of ours is kept open by it, and it is in no folder of ours. */
static void let_go(void **state)
{
    (void)state;
    OWN(fd_drop) int mine = open(".", O_RDONLY | O_DIRECTORY);
    char path[64], to[256] = "";
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    OWN(fd_drop) int above = fcntl(mine, F_DUPFD, 100);
    const struct rlimit low = {64, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    held_start(1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(above >= 100);
    scratch_user(0); /* who may look */
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", (int)held_pid());
    ssize_t n = readlink(path, to, sizeof to - 1);
    assert_true(n == 1 && to[0] == '/');
    for (int fd = 0; fd < 128; fd++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)held_pid(), fd);
        n = readlink(path, to, sizeof to - 1);
        to[n > 0 ? n : 0] = 0;
        assert_null(strstr(to, held_folder));
    }
    scratch_user(SCRATCH_NOBODY);
    assert_int_equal(agent_end(held_path.s, NULL), 0);
    held_gone();
}

static void nonsense(void **state)
{
    (void)state;
    static uint8_t longest[AGENT_PACKET_MAX];
    OWN(agent_packet_drop) struct agent_packet *answer = agent_packet_new();
    memset(longest, 'r', sizeof longest);
    const struct bytes packets[] = {bytes_text("x"), bytes_text("r"), bytes_text("rubbish"),
                                    bytes_of(longest, sizeof longest)};
    held_start(1);
    for (size_t i = 0; i < COUNT(packets); i++) {
        OWN(fd_drop) int fd = -1;
        assert_int_equal(agent_connect(held_path.s, &fd, NULL), 0);
        assert_true(agent_send(fd, packets[i]));
        assert_false(agent_receive(fd, answer));
    }
    int fd = -1;
    assert_int_equal(agent_connect(held_path.s, &fd, NULL), 0);
    (void)close(fd); /* and who says nothing at all */
    held_is(&held);
    assert_int_equal(agent_end(held_path.s, NULL), 0);
    held_gone();
}

/* Where others may write, their socket could stand in the place of ours. */
static void folders(void **state)
{
    (void)state;
    struct keyring_identity given = held;
    struct file_path path;
    struct err e;
    bool locked;
    assert_int_equal(mkdir("open", 0700) | chmod("open", 0777), 0);
    assert_int_equal(file_path(&path, &e, "%s/open/x.agent", held_folder), 0);
    assert_int_equal(agent_start(path.s, &given, 1, &locked, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "chmod 700"));
    keyring_identity_drop(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(limits),   cmocka_unit_test(replaced),
                                       cmocka_unit_test(hung),
                                       cmocka_unit_test(signals),  cmocka_unit_test(let_go),
                                       cmocka_unit_test(nonsense), cmocka_unit_test(folders)};
    return cmocka_run_group_tests(tests, held_begin, held_end);
}
