/* The lock from its other side: who copies a folder keeps writers away, and is kept away by one. */
#include "fixture.h"

#include <fcntl.h>
#include <unistd.h>

static void test_a_writer_keeps_copies_away(void **state)
{
    struct fixture *f = *state;
    char who[64];
    int fd = 7;
    struct store *s = fixture_open(f, STORE_WRITE);
    (void)snprintf(who, sizeof who, "process %d on ", (int)getpid());
    fixture_says(f, store_hold(f->root.s, &fd, &f->e), ERR_BUSY, "a writer is at work in", who, NULL);
    assert_int_equal(fd, 7);
    store_close(s);
    assert_int_equal(store_hold(f->root.s, &fd, &f->e), 0);
    assert_true(fd >= 0);
    (void)close(fd);
}

/* Two copies at once are fine; a writer waits for both. */
static void test_copies_keep_a_writer_away(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    int first, second;
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
    fixture_get(f, "lock", &before);
    assert_int_equal(store_hold(f->root.s, &first, &f->e), 0);
    assert_int_equal(store_hold(f->root.s, &second, &f->e), 0);
    fixture_get(f, "lock", &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after))); /* nothing is written */
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_BUSY);
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    (void)close(first);
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_BUSY);
    (void)close(second);
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
}

/* A copy on a disk that cannot be written, or one that came without its lock, is copied as it is. */
static void test_where_there_is_none(void **state)
{
    struct fixture *f = *state;
    struct file_path lock;
    int fd;
    fixture_path(f, "lock", &lock);
    fixture_remove(f, "lock");
    assert_int_equal(store_hold(f->root.s, &fd, &f->e), 0);
    assert_int_equal(fd, -1);
    assert_false(fixture_there(f, "lock"));
    assert_int_equal(symlink("state", lock.s), 0);
    assert_int_equal(store_hold(f->root.s, &fd, &f->e), 0);
    assert_int_equal(fd, -1);
    assert_int_equal(unlink(lock.s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_a_writer_keeps_copies_away),
        FIXTURE_TEST(test_copies_keep_a_writer_away),
        FIXTURE_TEST(test_where_there_is_none),
    };
    return FIXTURE_RUN(tests);
}
