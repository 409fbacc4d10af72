#include "held.h"

struct keyring_identity held;
struct file_path held_path;
const char *held_folder;

int held_begin(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(crypt_start(&e), 0);
    scratch_begin();
    held_folder = scratch_folder;
    assert_int_equal(keyring_identity_make("agent.example/log", &held, &e), 0);
    crypt_random(held.pin.b, CRYPT_HASH);
    held.checkpoint_size = 7;
    struct file_path folder;
    assert_int_equal(file_path(&folder, &e, "%s/run", scratch_folder), 0);
    return agent_path(folder.s, &held.pin, &held.member, &held_path, &e);
}

int held_end(void **state)
{
    (void)state;
    (void)agent_end(held_path.s, NULL);
    keyring_identity_drop(&held);
    scratch_end();
    return 0;
}

void held_is(const struct keyring_identity *want)
{
    struct keyring_identity got;
    OWN(buf_wipe) struct buf a = {0}, b = {0};
    assert_int_equal(agent_ask(held_path.s, &got, NULL), 0);
    keyring_identity_put(want, &a);
    keyring_identity_put(&got, &b);
    assert_true(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
    keyring_identity_drop(&got);
}

void held_start(uint32_t minutes)
{
    struct keyring_identity given = held;
    struct err e = {0};
    bool locked = false;
    assert_int_equal(agent_start(held_path.s, &given, minutes, &locked, &e), 0);
    assert_true(locked);
    keyring_identity_drop(&given);
    held_is(&held);
}

pid_t held_pid(void)
{
    char path[64], text[64] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    OWN(fd_drop) int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
    return (pid_t)strtol(text, NULL, 10);
}

void held_gone(void)
{
    int fd = -1;
    assert_true(waitpid(-1, NULL, 0) > 0);
    assert_int_equal(agent_connect(held_path.s, &fd, NULL), ERR_ABSENT);
    assert_false(file_exists(held_path.s));
}
