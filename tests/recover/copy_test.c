/* A folder of a repository copied: all that is needed, nothing that is not, and no link followed. */
#include "../store/fixture.h"
#include "recover/recover_internal.h"

#include <sys/stat.h>

static unsigned pieces;

static int count(void *context, uint64_t done, uint64_t all)
{
    pieces++;
    return 0;
}

static int stop(void *context, uint64_t done, uint64_t all)
{
    return 1;
}

static int copy(struct fixture *f, int (*progress)(void *context, uint64_t done, uint64_t all))
{
    const struct store_watch watch = {.progress = progress};
    struct file_path to;
    fixture_remove(f, "kept-copy");
    fixture_path(f, "kept-copy", &to);
    return recover_copy(f->root.s, to.s, &watch, &f->e);
}

static void a_copy_opens(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_put(f, "a/.journal.0123456789abcdef.tmp", bytes_text("a draft"));
    pieces = 0;
    assert_int_equal(copy(f, count), 0);
    assert_true(pieces > 5);
    assert_false(fixture_there(f, "kept-copy/lock"));
    assert_false(fixture_there(f, "kept-copy/index/main.db"));
    assert_false(fixture_there(f, "kept-copy/a/.journal.0123456789abcdef.tmp"));
    const struct file_path root = f->root;
    fixture_path(f, "kept-copy", &f->root); /* and from here on it is the repository */
    fixture_whole(f);
    f->root = root;
}

static void what_is_no_plain_file(void **state)
{
    struct fixture *f = *state;
    struct file_path link;
    fixture_path(f, "vault/link", &link);
    assert_int_equal(symlink("/etc/passwd", link.s), 0);
    fixture_says(f, copy(f, count), ERR_DAMAGED, "vault/link", NULL);
}

static void deeper_than_a_repository(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    fixture_path(f, "vault", &path);
    for (int i = 0; i < 20; i++) {
        strcat(path.s, "/d");
        assert_int_equal(mkdir(path.s, 0700), 0);
    }
    fixture_says(f, copy(f, count), ERR_DAMAGED, "deeper than a repository is", NULL);
}

static void interrupted(void **state)
{
    struct fixture *f = *state;
    fixture_says(f, copy(f, stop), ERR_STOPPED, "interrupted", NULL);
    const struct file_path root = f->root;
    fixture_path(f, "kept-nowhere", &f->root);
    fixture_says(f, copy(f, count), ERR_ABSENT, "look into", NULL);
    f->root = root;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_copy_opens), FIXTURE_TEST(what_is_no_plain_file), FIXTURE_TEST(deeper_than_a_repository),
        FIXTURE_TEST(interrupted),
    };
    return FIXTURE_RUN(tests);
}
