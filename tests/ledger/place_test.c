/* Files of the public log in their places, together. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static void numbered(unsigned i, char to[TREE_TILE_PATH_MAX], struct buf *content)
{
    tree_tile_path(0, i, TREE_TILE_WIDTH, to);
    buf_clear(content);
    buf_printf(content, "tile %u", i);
}

static bool there(const struct fixture *f, unsigned i)
{
    char name[TREE_TILE_PATH_MAX];
    OWN(buf_drop) struct buf want = {0}, got = {0}, path = {0};
    numbered(i, name, &want);
    buf_printf(&path, "log/%s", name);
    if (!file_there(f, buf_text(&path)))
        return false;
    file_get(f, buf_text(&path), &got);
    assert_true(bytes_equal(buf_bytes(&got), buf_bytes(&want)));
    return true;
}

static unsigned drafts(const struct fixture *f)
{
    OWN(buf_drop) struct buf names = {0};
    unsigned count = 0;
    log_names(f, &names);
    for (const char *at = buf_text(&names); (at = strstr(at, "log/" LEDGER_DRAFT)) != NULL; at++)
        count++;
    return count;
}

static void place(struct ledger_placing *p, unsigned i)
{
    char name[TREE_TILE_PATH_MAX];
    OWN(buf_drop) struct buf content = {0};
    numbered(i, name, &content);
    assert_int_equal(ledger_place(p, name, buf_bytes(&content), NULL), 0);
}

/* Below, at and above what is placed together: a file has its name only when it is whole, and in the end all have. */
static void any_number_of_files(void **state)
{
    struct fixture *f = *state;
    const unsigned counts[] = {0, 1, 7, 8, 33, LEDGER_PLACED_TOGETHER, LEDGER_PLACED_TOGETHER + 1,
                               3 * LEDGER_PLACED_TOGETHER};
    for (size_t c = 0; c < COUNT(counts); c++) {
        fixture_again(f);
        OWN(ledger_placing_drop) struct ledger_placing p = {.root = f->root.s};
        for (unsigned i = 0; i < counts[c]; i++) {
            place(&p, i);
            assert_int_equal(there(f, i), false);
        }
        assert_int_equal(ledger_place_all(&p, NULL), 0);
        for (unsigned i = 0; i < counts[c]; i++)
            assert_int_equal(there(f, i), true);
        assert_int_equal(there(f, counts[c]), false);
        assert_int_equal(drafts(f), 0);
    }
}

static void what_is_there_is_left_alone_and_what_is_wrong_replaced(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    struct stat before, after;
    struct ledger_placing p = {.root = f->root.s, .shown = 2 * TREE_TILE_WIDTH};
    fixture_again(f);
    place(&p, 0);
    place(&p, 1);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    path_in(f, "log/tile/0/000", &path);
    assert_int_equal(stat(path.s, &before), 0);
    file_put(f, "log/tile/0/001", bytes_text("tile x"));
    place(&p, 0);
    place(&p, 1);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    assert_int_equal(stat(path.s, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_true(there(f, 1));
}

static void what_is_given_up_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    fixture_again(f);
    {
        OWN(ledger_placing_drop) struct ledger_placing p = {.root = f->root.s};
        place(&p, 0);
        place(&p, 1);
        assert_int_equal(drafts(f), 2);
    }
    assert_int_equal(drafts(f), 0);
    assert_false(there(f, 0));
}

/* A first full tile is written in its place; what is narrower stays until it is durable. */
static void what_is_given_up_in_its_place(void **state)
{
    struct fixture *f = *state;
    fixture_again(f);
    for (int turn = 0; turn < 2; turn++) {
        OWN(ledger_placing_drop) struct ledger_placing p = {.root = f->root.s};
        assert_int_equal(ledger_place(&p, "tile/0/000.p/3", bytes_text("three"), NULL), 0);
        assert_int_equal(ledger_place_all(&p, NULL), 0);
        p.goes_on = true;
        p.before = 3;
        place(&p, 0);
        assert_int_equal(drafts(f), 0);
        assert_true(there(f, 0));
        assert_true(file_there(f, "log/tile/0/000.p/3"));
        if (turn == 1)
            assert_int_equal(ledger_place_all(&p, NULL), 0);
    }
    assert_true(there(f, 0));
    assert_false(file_there(f, "log/tile/0/000.p/3"));
    OWN(ledger_placing_drop) struct ledger_placing p = {.root = f->root.s, .goes_on = true, .before = 256};
    place(&p, 1);
    ledger_placing_drop(&p);
    assert_false(there(f, 1));
}

static void narrower_widths_go_and_others_stay(void **state)
{
    struct fixture *f = *state;
    struct ledger_placing p = {.root = f->root.s};
    fixture_again(f);
    assert_int_equal(ledger_place(&p, "tile/0/000.p/3", bytes_text("three"), NULL), 0);
    assert_int_equal(ledger_place(&p, "tile/0/001.p/3", bytes_text("three"), NULL), 0);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    assert_int_equal(ledger_place(&p, "tile/0/000.p/5", bytes_text("five"), NULL), 0);
    assert_true(file_there(f, "log/tile/0/000.p/3"));
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    assert_false(file_there(f, "log/tile/0/000.p/3"));
    assert_true(file_there(f, "log/tile/0/000.p/5"));
    assert_true(file_there(f, "log/tile/0/001.p/3"));
    place(&p, 0);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    struct file_path path;
    path_in(f, "log/tile/0/000.p", &path);
    assert_false(file_exists(path.s));
    assert_true(there(f, 0));
}

/* Who goes on from a tree of her own need not look at what she has not begun, and leaves the same. */
static void who_goes_on_leaves_the_same(void **state)
{
    struct fixture *f = *state;
    struct ledger_placing p = {.root = f->root.s};
    struct file_path path;
    fixture_again(f);
    assert_int_equal(ledger_place(&p, "tile/0/000.p/3", bytes_text("three"), NULL), 0);
    assert_int_equal(ledger_place(&p, "tile/1/000.p/1", bytes_text("one"), NULL), 0);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    p.goes_on = true;
    p.before = 3;
    p.anew = 0;
    file_put(f, "log/tile/0/001", bytes_text("of nobody"));
    assert_int_equal(ledger_place(&p, "tile/0/000", bytes_text("full"), NULL), 0);
    assert_int_equal(ledger_place(&p, "tile/0/001", bytes_text("full too"), NULL), 0);
    assert_int_equal(ledger_place(&p, "tile/1/000.p/1", bytes_text("one"), NULL), 0);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    assert_int_equal(p.anew, 2); /* and not what is there as it is to be */
    OWN(buf_drop) struct buf content = {0};
    path_in(f, "log/tile/0/001", &path);
    assert_int_equal(file_read_all(path.s, 100, &content, NULL), 0);
    assert_true(bytes_equal(buf_bytes(&content), bytes_text("full too")));
    path_in(f, "log/tile/0/000.p", &path);
    assert_false(file_exists(path.s));
    path_in(f, "log/tile/1/000.p/1", &path);
    assert_true(file_exists(path.s));
}

/* What lies in the place of a first full tile is replaced, not written into, nor waited for. */
static void what_is_in_the_place_of_a_first_tile(void **state)
{
    struct fixture *f = *state;
    struct file_path path, other;
    struct stat status;
    OWN(buf_drop) struct buf content = {0};
    fixture_again(f);
    struct ledger_placing p = {.root = f->root.s};
    place(&p, 9);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    p.goes_on = true;
    p.before = 10 * 256;
    file_put(f, "of another", bytes_text("of another"));
    path_in(f, "of another", &other);
    path_in(f, "log/tile/0/010", &path);
    assert_int_equal(link(other.s, path.s), 0);
    path_in(f, "log/tile/0/011", &path);
    assert_int_equal(symlink(other.s, path.s), 0);
    path_in(f, "log/tile/0/012", &path);
    assert_int_equal(mkfifo(path.s, 0600), 0);
    for (unsigned i = 10; i < 14; i++)
        place(&p, i);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    for (unsigned i = 10; i < 14; i++)
        assert_true(there(f, i));
    path_in(f, "log/tile/0/012", &path);
    assert_int_equal(lstat(path.s, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(file_read_all(other.s, 100, &content, NULL), 0);
    assert_true(bytes_equal(buf_bytes(&content), bytes_text("of another")));
    assert_int_equal(drafts(f), 0);
}

/* A full tile that is there as it is to be is written again before narrower ones go, unless a checkpoint covers it. */
static void what_is_there_may_not_be_durable(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    struct err e = {0};
    int pipes[2];
    fixture_again(f);
    {
        struct ledger_placing p = {.root = f->root.s};
        place(&p, 0);
        place(&p, 1);
        assert_int_equal(ledger_place(&p, "tile/0/002.p/3", bytes_text("three"), NULL), 0);
        assert_int_equal(ledger_place_all(&p, NULL), 0);
    }
    path_in(f, "log/tile/0/001.p", &path);
    assert_int_equal(mkdir(path.s, 0700), 0);
    file_put(f, "log/tile/0/001.p/7", bytes_text("seven")); /* as it was when who wrote the full one was killed */
    OWN(ledger_placing_drop) struct ledger_placing p = {.root = f->root.s, .shown = 256 + 7};
    place(&p, 0);
    place(&p, 1);
    assert_int_equal(p.file[0].fd, -1);
    assert_true(p.file[1].fd >= 0);
    assert_int_equal(pipe(pipes), 0);
    assert_true(dup2(pipes[1], p.file[1].fd) >= 0); /* what cannot be synced */
    assert_int_equal(ledger_place_all(&p, &e), ERR_IO);
    assert_non_null(strstr(e.text, "log/" LEDGER_DRAFT "1"));
    assert_true(file_there(f, "log/tile/0/001.p/7"));
    ledger_placing_drop(&p);
    assert_int_equal(drafts(f), 0);
    assert_true(there(f, 1));
    place(&p, 1);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    assert_int_equal(p.anew, 0); /* it held what it is to hold */
    assert_false(file_there(f, "log/tile/0/001.p/7"));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

static void drafts_of_a_killed_publication_are_swept(void **state)
{
    struct fixture *f = *state;
    struct ledger_placing p = {.root = f->root.s};
    fixture_again(f);
    assert_int_equal(ledger_drafts_sweep(f->root.s, NULL), 0); /* no log/ yet */
    place(&p, 7);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    file_put(f, "log/new-0", bytes_text("half"));
    file_put(f, "log/new-127", bytes_text(""));
    file_put(f, "log/new-128", bytes_text("not ours"));
    assert_int_equal(ledger_drafts_sweep(f->root.s, NULL), 0);
    assert_false(file_there(f, "log/new-0"));
    assert_false(file_there(f, "log/new-127"));
    assert_true(file_there(f, "log/new-128"));
    assert_true(there(f, 7));
    assert_true(ledger_is_draft("new-9"));
    assert_false(ledger_is_draft("new-"));
    assert_false(ledger_is_draft("new-09"));
    assert_false(ledger_is_draft("new-1x"));
    assert_false(ledger_is_draft("checkpoint"));
}

static void what_is_in_the_way_is_named(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    OWN(ledger_placing_drop) struct ledger_placing p = {.root = f->root.s};
    fixture_again(f);
    place(&p, 0);
    assert_int_equal(ledger_place_all(&p, NULL), 0);
    assert_int_equal(ledger_place(&p, "tile/0/000/000", bytes_text("x"), &e), 0);
    assert_int_equal(ledger_place_all(&p, &e), ERR_IO);
    assert_non_null(strstr(e.text, "log/tile/0/000"));
    ledger_placing_drop(&p);
    assert_int_equal(drafts(f), 0);
    struct file_path path;
    path_in(f, "log/tile/0/001", &path);
    assert_int_equal(file_make_folders(path.s, NULL), 0);
    place(&p, 1);
    assert_int_equal(ledger_place_all(&p, &e), ERR_IO);
    assert_non_null(strstr(e.text, "log/tile/0/001"));
}

/* Whichever thread meets it: nothing gets its name, and the error names the draft. */
static void one_sync_that_fails(void **state)
{
    struct fixture *f = *state;
    for (unsigned bad = 0; bad < 40; bad += 13) {
        int pipes[2];
        char draft[32];
        struct err e = {0};
        fixture_again(f);
        OWN(ledger_placing_drop) struct ledger_placing p = {.root = f->root.s};
        for (unsigned i = 0; i < 40; i++)
            place(&p, i);
        assert_int_equal(pipe(pipes), 0);
        assert_true(dup2(pipes[1], p.file[bad].fd) >= 0); /* what cannot be synced */
        assert_int_equal(ledger_place_all(&p, &e), ERR_IO);
        (void)snprintf(draft, sizeof(draft), "log/" LEDGER_DRAFT "%u", bad);
        assert_non_null(strstr(e.text, draft));
        for (unsigned i = 0; i < 40; i++)
            assert_int_equal(there(f, i), false);
        (void)close(pipes[0]);
        (void)close(pipes[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_files),
        cmocka_unit_test(one_sync_that_fails),
        cmocka_unit_test(what_is_there_is_left_alone_and_what_is_wrong_replaced),
        cmocka_unit_test(what_is_given_up_leaves_nothing),
        cmocka_unit_test(what_is_given_up_in_its_place),
        cmocka_unit_test(narrower_widths_go_and_others_stay),
        cmocka_unit_test(who_goes_on_leaves_the_same),
        cmocka_unit_test(what_is_in_the_place_of_a_first_tile),
        cmocka_unit_test(what_is_there_may_not_be_durable),
        cmocka_unit_test(drafts_of_a_killed_publication_are_swept),
        cmocka_unit_test(what_is_in_the_way_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
