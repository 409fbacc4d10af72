/* The folder in which a recovery is made: nobody's but its own, one run at a time, and put in its place whole. */
#include "../store/fixture.h"
#include "recover/recover_internal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct scene {
    struct file_path base, root, key, state;
    struct hash pin;
    struct recover_places to;
};

static void scene_init(struct fixture *f, struct scene *x)
{
    *x = (struct scene){.pin = {{0xab}}};
    fixture_remove(f, "kept-draft");
    fixture_path(f, "kept-draft", &x->base);
    assert_int_equal(file_make_folder(x->base.s, NULL), 0);
    assert_int_equal(file_path(&x->root, NULL, "%s/repo", x->base.s), 0);
    assert_int_equal(file_path(&x->key, NULL, "%s/a.key", x->base.s), 0);
    assert_int_equal(file_path(&x->state, NULL, "%s/a.state", x->base.s), 0);
    x->to = (struct recover_places){x->root.s, x->key.s, x->state.s, &x->pin};
}

/* A draft with a repository of one file, a key file and a state. */
static void made(struct fixture *f, const struct scene *x, struct recover_draft *d)
{
    struct file_path path;
    struct store_place place = {.state_folder = d->outside.s};
    assert_int_equal(recover_draft_open(x->root.s, d, &f->e), 0);
    assert_int_equal(d->fd, -1);
    assert_int_equal(recover_draft_make(d, &f->e), 0);
    assert_true(d->fd >= 0);
    assert_int_equal(file_make_folder(d->repository.s, &f->e), 0);
    assert_int_equal(file_path(&path, NULL, "%s/evidence", d->repository.s), 0);
    assert_int_equal(file_create(path.s, bytes_text("all of it"), 0600, &f->e), 0);
    assert_int_equal(file_path(&path, NULL, "%s/key", d->outside.s), 0);
    assert_int_equal(file_create(path.s, bytes_text("a key file"), 0600, &f->e), 0);
    assert_int_equal(store_outside(&place, &x->pin, "state", &path, NULL), 0);
    assert_int_equal(file_create(path.s, bytes_text("what was seen"), 0600, &f->e), 0);
}

static void holds(struct fixture *f, const char *name, const char *content)
{
    OWN(buf_drop) struct buf there = {0};
    fixture_get(f, name, &there);
    assert_true(bytes_equal(buf_bytes(&there), bytes_text(content)));
}

static void in_its_place(void **state)
{
    struct fixture *f = *state;
    struct scene x;
    struct recover_draft d;
    scene_init(f, &x);
    made(f, &x, &d);
    assert_int_equal(recover_draft_place(&d, &x.to, &f->e), 0);
    recover_draft_clear(&d);
    recover_draft_release(&d);
    holds(f, "kept-draft/repo/evidence", "all of it");
    holds(f, "kept-draft/a.key", "a key file");
    holds(f, "kept-draft/a.state", "what was seen");
    assert_int_equal(fixture_count(f, "kept-draft", ""), 3);
    assert_int_equal(fixture_count(f, "kept-draft/repo", ""), 1);
}

/* Ended at each effect, and done again: the same; what was there already and is another file is left as it is. */
static void placed_again(void **state)
{
    struct fixture *f = *state;
    struct scene x;
    struct recover_draft d;
    scene_init(f, &x);
    made(f, &x, &d);
    recover_draft_release(&d);
    fixture_copy(f, "kept-draft", "kept-draft-made");
    for (unsigned i = 1, done = 0; done == 0; i++) {
        assert_true(i < 40);
        fixture_copy(f, "kept-draft-made", "kept-draft");
        assert_int_equal(recover_draft_open(x.root.s, &d, &f->e), 0);
        fixture_die_at(i);
        done = recover_draft_place(&d, &x.to, &f->e) == 0;
        fixture_calm();
        if (done == 0 && !file_exists(x.root.s))
            assert_int_equal(recover_draft_place(&d, &x.to, &f->e), 0);
        recover_draft_clear(&d);
        recover_draft_release(&d);
        holds(f, "kept-draft/repo/evidence", "all of it");
        holds(f, "kept-draft/a.key", "a key file");
        holds(f, "kept-draft/a.state", "what was seen");
        assert_int_equal(fixture_count(f, "kept-draft", "a."), 2);
        assert_int_equal(fixture_count(f, "kept-draft", "repo"), 1);
    }
    for (unsigned which = 0; which < 2; which++) {
        const char *const name = which == 0 ? "kept-draft/a.key" : "kept-draft/a.state";
        fixture_copy(f, "kept-draft-made", "kept-draft");
        fixture_put(f, name, bytes_text("another's"));
        assert_int_equal(recover_draft_open(x.root.s, &d, &f->e), 0);
        assert_int_equal(recover_draft_place(&d, &x.to, &f->e), ERR_REFUSED);
        holds(f, name, "another's");
        assert_int_equal(fixture_count(f, "kept-draft", ""), 2);
        assert_true(fixture_there(f, "kept-draft/repo.recovering/outside/key"));
        recover_draft_release(&d);
    }
    fixture_remove(f, "kept-draft-made");
}

static void one_run_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct scene x;
    struct recover_draft d, other;
    scene_init(f, &x);
    made(f, &x, &d);
    fixture_says(f, recover_draft_open(x.root.s, &other, &f->e), ERR_BUSY, "another groundwork recover is at work",
                 NULL);
    recover_draft_release(&d);
    assert_int_equal(recover_draft_open(x.root.s, &other, &f->e), 0);
    assert_true(other.fd >= 0);
    assert_int_equal(recover_draft_make(&other, &f->e), 0); /* what was left goes */
    assert_int_equal(fixture_count(f, "kept-draft/repo.recovering", ""), 1);
    assert_int_equal(fixture_count(f, "kept-draft/repo.recovering/outside", ""), 0);
    recover_draft_clear(&other);
    recover_draft_release(&other);
    assert_int_equal(fixture_count(f, "kept-draft", ""), 0);
}

/* A folder of somebody's, a file, a link: refused, and as it was. */
static void what_is_not_ours(void **state)
{
    struct fixture *f = *state;
    struct scene x;
    struct recover_draft d;
    struct file_path folder;
    scene_init(f, &x);
    fixture_path(f, "kept-draft/repo.recovering", &folder);
    assert_int_equal(mkdir(folder.s, 0700), 0);
    fixture_put(f, "kept-draft/repo.recovering/letters", bytes_text("mine"));
    fixture_says(f, recover_draft_open(x.root.s, &d, &f->e), ERR_REFUSED, folder.s, "is in the way", NULL);
    recover_draft_release(&d);
    holds(f, "kept-draft/repo.recovering/letters", "mine");
    fixture_remove(f, "kept-draft/repo.recovering");
    fixture_put(f, "kept-draft/repo.recovering", bytes_text("mine"));
    fixture_says(f, recover_draft_open(x.root.s, &d, &f->e), ERR_REFUSED, "is in the way", NULL);
    fixture_remove(f, "kept-draft/repo.recovering");
    assert_int_equal(symlink(".", folder.s), 0);
    fixture_says(f, recover_draft_open(x.root.s, &d, &f->e), ERR_REFUSED, "is in the way", NULL);
    assert_int_equal(unlink(folder.s), 0);
}

/* While no key file was made nothing is there to be finished. */
static void nothing_to_finish(void **state)
{
    struct fixture *f = *state;
    struct scene x;
    struct recover_draft d;
    struct recover_left left = {.made = true};
    scene_init(f, &x);
    assert_int_equal(recover_draft_open(x.root.s, &d, &f->e), 0);
    assert_int_equal(recover_draft_look(&d, &x.to, &left, &f->e), 0);
    assert_false(left.made);
    made(f, &x, &d);
    assert_int_equal(recover_draft_look(&d, &x.to, &left, &f->e), 0);
    assert_false(left.made); /* no repository */
    fixture_remove(f, "kept-draft/repo.recovering/repository");
    fixture_copy(f, "", "kept-draft/repo.recovering/repository");
    assert_int_equal(recover_draft_look(&d, &x.to, &left, &f->e), 0);
    assert_false(left.made); /* and no sheets */
    recover_draft_clear(&d);
    recover_draft_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(in_its_place),     FIXTURE_TEST(placed_again),      FIXTURE_TEST(one_run_at_a_time),
        FIXTURE_TEST(what_is_not_ours), FIXTURE_TEST(nothing_to_finish),
    };
    return FIXTURE_RUN(tests);
}
