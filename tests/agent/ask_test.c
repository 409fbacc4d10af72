/* What is asked of an agent comes back; without one, that is said. */
#include "held.h"

static void nobody(void **state)
{
    (void)state;
    struct keyring_identity got;
    uint64_t left;
    struct err e;
    assert_int_equal(agent_ask(held_path.s, &got, &e), ERR_ABSENT);
    assert_int_equal(agent_left(held_path.s, &left, &e), ERR_ABSENT);
    assert_int_equal(agent_renew(held_path.s, &held, &e), ERR_ABSENT);
    assert_int_equal(agent_end(held_path.s, &e), ERR_ABSENT);
}

static void asked(void **state)
{
    (void)state;
    uint64_t left = 0;
    held_start(2);
    assert_int_equal(agent_left(held_path.s, &left, NULL), 0);
    assert_true(left > 60 && left <= 120);
    for (int i = 0; i < 20; i++)
        held_is(&held);
    struct keyring_identity other = held;
    other.checkpoint_size = 8;
    assert_int_equal(agent_renew(held_path.s, &other, NULL), 0);
    held_is(&other);
    keyring_identity_drop(&other);
    uint64_t then = 0;
    assert_int_equal(agent_left(held_path.s, &then, NULL), 0);
    assert_true(then <= left); /* the time stays */
    assert_int_equal(agent_end(held_path.s, NULL), 0);
    held_gone();
    nobody(state);
}

/* A socket that somebody left, and one that never answers. */
static void silent(void **state)
{
    (void)state;
    OWN(fd_drop) int listening = -1;
    struct keyring_identity got;
    struct err e;
    assert_int_equal(agent_bind(held_path.s, &listening, NULL), 0);
    assert_int_equal(agent_bind(held_path.s, &(int){-1}, NULL), ERR_REFUSED);
    assert_int_equal(agent_ask(held_path.s, &got, &e), ERR_IO);
    assert_non_null(strstr(e.text, "does not answer"));
    (void)close(TAKE_FD(listening));
    assert_int_equal(agent_ask(held_path.s, &got, &e), ERR_ABSENT);
    held_start(1); /* in its place */
    assert_int_equal(agent_end(held_path.s, NULL), 0);
    held_gone();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nobody), cmocka_unit_test(asked), cmocka_unit_test(silent)};
    return cmocka_run_group_tests(tests, held_begin, held_end);
}
