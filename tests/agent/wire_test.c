/* The socket: its name, its length, who is at the other end. */
#include "held.h"

#include <sys/socket.h>

static void names(void **state)
{
    (void)state;
    struct file_path path;
    struct err e;
    char want[512], pin[17], key[9];
    hex_put(pin, held.pin.b, 8);
    hex_put(key, held.member.id, 4);
    (void)snprintf(want, sizeof want, "/run/x/%s-%s.agent", pin, key);
    assert_int_equal(agent_path("/run/x", &held.pin, &held.member, &path, &e), 0);
    assert_string_equal(path.s, want);
}

/* The folder may be as deep as it likes; a name has the length that we give it, and another is refused. */
static void lengths(void **state)
{
    (void)state;
    struct file_path deep, path;
    struct err e;
    assert_int_equal(file_path(&deep, &e, "%s/%0200d", held_folder, 0), 0);
    assert_int_equal(file_make_folders(deep.s, &e), 0);
    assert_int_equal(agent_path(deep.s, &held.pin, &held.member, &path, &e), 0);
    OWN(fd_drop) int listening = -1, asking = -1;
    assert_int_equal(agent_bind(path.s, &listening, &e), 0);
    assert_int_equal(agent_connect(path.s, &asking, &e), 0);
    assert_int_equal(file_path(&path, &e, "%s/%0120d", held_folder, 0), 0);
    assert_int_equal(agent_connect(path.s, &(int){-1}, &e), ERR_USAGE);
    assert_int_equal(agent_connect("nofolder", &(int){-1}, &e), ERR_USAGE);
    assert_int_equal(agent_connect("/no/such/folder/x", &(int){-1}, &e), ERR_ABSENT);
}

static void packets(void **state)
{
    (void)state;
    int pair[2];
    static uint8_t longest[AGENT_PACKET_MAX + 1];
    OWN(agent_packet_drop) struct agent_packet *got = agent_packet_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    assert_true(agent_peer_is_us(pair[0]));
    assert_true(agent_send(pair[0], bytes_of(longest, AGENT_PACKET_MAX)) && agent_receive(pair[1], got));
    assert_int_equal(got->n, AGENT_PACKET_MAX);
    assert_true(agent_send(pair[0], bytes_of(longest, sizeof longest)));
    assert_false(agent_receive(pair[1], got));
    (void)close(pair[0]);
    assert_false(agent_receive(pair[1], got));
    assert_false(agent_send(pair[1], bytes_text("x")));
    (void)close(pair[1]);
}

/* Another user at the other end is told from us by the kernel. */
static void another_user(void **state)
{
    (void)state;
    if (!scratch_as_root())
        skip();
    OWN(fd_drop) int listening = -1;
    struct err e;
    int fd = -1;
    assert_int_equal(mkdir("run", 0700), 0);
    assert_int_equal(agent_bind(held_path.s, &listening, &e), 0);
    scratch_user(0);
    assert_int_equal(agent_connect(held_path.s, &fd, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "another user"));
    scratch_user(SCRATCH_NOBODY);
    assert_int_equal(unlink(held_path.s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(lengths), cmocka_unit_test(packets),
                                       cmocka_unit_test(another_user)};
    return cmocka_run_group_tests(tests, held_begin, held_end);
}
