/* A lost member is replaced, once; what does not fit is refused before anything is made; a failure leaves nothing. */
#include "../mirror/fixture_mirror.h"
#include "recover/recover.h"

#define PASSPHRASE "another passphrase of seven words"

struct site {
    struct keyring_identity kept_id;
    struct file_path kept_root, kept_state;
    struct store_sheets sheets;
    struct recover_sheet given[CRYPT_SHARES_MAX];
    struct recover_wish wish;
    struct file_path from, root, state, config, key;
    struct store_place place;
    struct recover_done done;
    struct store_watch watch;
    unsigned asked;
};

static int fresh(void *context, struct buf *ret, struct err *e)
{
    struct site *t = context;
    t->asked++;
    buf_put_text(ret, PASSPHRASE);
    return buf_check(ret, e);
}

static int go_on(void *context, uint64_t done, uint64_t all)
{
    return 0;
}

static void make_sheets(struct fixture *f, unsigned needed, unsigned count, struct store_sheets *ret)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_sheets_make(s, needed, count, ret, &f->e), 0);
    assert_int_equal(store_sheets_commit(s, ret, &f->e), 0);
    store_close(s);
}

static void give(struct site *t, const struct store_sheets *x, unsigned index)
{
    static const char *const names[] = {"sheet 1", "sheet 2", "sheet 3"};
    t->given[t->wish.count++] = (struct recover_sheet){x->share[index - 1], names[index - 1]};
}

/* The repository with sheets 2 of 3, of which none is given yet, and places for another computer. */
static void site_init(struct fixture *f, struct site *t)
{
    *t = (struct site){0};
    fixture_remove(f, "kept-site");
    struct file_path base;
    fixture_path(f, "kept-site", &base);
    assert_int_equal(file_make_folder(base.s, NULL), 0);
    t->from = f->root;
    assert_int_equal(file_path(&t->root, NULL, "%s/repo", base.s), 0);
    assert_int_equal(file_path(&t->state, NULL, "%s/state", base.s), 0);
    assert_int_equal(file_path(&t->config, NULL, "%s/config", base.s), 0);
    assert_int_equal(file_make_folder(t->state.s, NULL), 0);
    assert_int_equal(file_make_folder(t->config.s, NULL), 0);
    t->place = (struct store_place){.root = t->root.s, .state_folder = t->state.s, .config_folder = t->config.s};
    t->watch = (struct store_watch){.progress = go_on};
    t->wish = (struct recover_wish){.from = t->from.s, .sheets = t->given, .fresh = fresh, .watch = &t->watch};
    t->wish.context = t;
    fixture_fill(f);
    make_sheets(f, 2, 3, &t->sheets);
}

static int recover(struct fixture *f, struct site *t)
{
    f->e = (struct err){0};
    return recover_member(&t->place, &t->wish, &t->done, &f->e);
}

static void recovers(struct fixture *f, struct site *t)
{
    if (recover(f, t) != 0)
        fail_msg("%s", f->e.text);
}

/* From here on the fixture is at the other computer, until it goes back. */
static void move_there(struct fixture *f, struct site *t)
{
    t->kept_id = f->id;
    t->kept_root = f->root;
    t->kept_state = f->state;
    assert_int_equal(keyring_identity_load(t->done.key_path.s, bytes_text(PASSPHRASE), &f->id, &f->e), 0);
    f->root = t->root;
    f->state = t->state;
}

static void go_back(struct fixture *f, struct site *t)
{
    f->id = t->kept_id;
    f->root = t->kept_root;
    f->state = t->kept_state;
    store_sheets_release(&t->sheets);
}

static void nothing_made(struct fixture *f, const struct site *t)
{
    assert_false(file_exists(t->root.s));
    assert_int_equal(fixture_count(f, "kept-site", "repo"), 0);
    assert_int_equal(fixture_count(f, "kept-site/state", ""), 0);
    assert_int_equal(fixture_count(f, "kept-site/config", ""), 0);
}

static void a_new_member(void **state)
{
    struct fixture *f = *state;
    struct site t;
    struct hash before, after;
    struct store_facts facts;
    struct store *s = NULL;
    site_init(f, &t);
    fixture_print(f, &before);
    give(&t, &t.sheets, 3);
    give(&t, &t.sheets, 1);
    recovers(f, &t);
    assert_int_equal(t.asked, 1);
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after)); /* what was given is only read */
    move_there(f, &t);
    assert_string_equal(t.done.checkpoint.origin, "example.org/log");
    assert_int_equal(t.done.checkpoint.size, t.done.before + 2);
    s = fixture_open(f, STORE_WRITE);
    store_facts(s, &facts);
    assert_true(facts.sheets->spent && facts.state_known);
    assert_memory_equal(facts.member.public_key, f->id.member.public_key, CRYPT_PUBLIC);
    assert_int_equal(fixture_note(s, "by the new member", &f->e), 0);
    store_close(s);
    fixture_whole(f);
    /* Another computer has the state that the lost key sealed. */
    struct store_place old = f->place;
    old.state_folder = t.kept_state.s;
    s = NULL;
    fixture_says(f, store_open(&old, STORE_READ, &s, &f->e), ERR_DAMAGED, "by the key of the former member",
                 "move it away and run groundwork adopt", NULL);
    fixture_says(f, store_open_to_adopt(&old, &s, &f->e), ERR_DAMAGED, "by the key of the former member", NULL);
    /* The lost key opens it no more, and is told why. */
    struct store_place place = f->place;
    place.identity = &t.kept_id;
    s = NULL;
    fixture_says(f, store_open(&place, STORE_READ, &s, &f->e), ERR_KEY, "was replaced with recovery sheets", NULL);
    /* The sheets are spent there. */
    struct file_path again;
    assert_int_equal(file_path(&again, NULL, "%s-again", t.root.s), 0);
    t.place.root = again.s;
    t.wish.from = t.root.s;
    fixture_says(f, recover(f, &t), ERR_REFUSED, "are spent", NULL);
    go_back(f, &t);
}

static void sheets_that_do_not_fit(void **state)
{
    struct fixture *f = *state;
    struct site t;
    struct store_sheets newer, wrong;
    site_init(f, &t);
    fixture_says(f, recover(f, &t), ERR_REFUSED, "no recovery sheet was given", NULL);
    give(&t, &t.sheets, 1);
    fixture_says(f, recover(f, &t), ERR_REFUSED, "2 sheets of this set are needed, and 1 given", NULL);
    give(&t, &t.sheets, 1);
    fixture_says(f, recover(f, &t), ERR_REFUSED, "are the same sheet, number 1", NULL);
    t.wish.count = 1;
    give(&t, &t.sheets, 2);
    t.given[1].share.share.b[5] ^= 1; /* its check was made to fit */
    fixture_says(f, recover(f, &t), ERR_DAMAGED, "sheet 2 is not sheet 2 as it was made", NULL);
    t.given[1].share.share.b[5] ^= 1;
    t.given[0].share.set[3] ^= 1;
    t.given[1].share.set[3] ^= 1;
    fixture_says(f, recover(f, &t), ERR_KEY, "does not know the sheets", NULL);
    t.given[0].share.set[3] ^= 1;
    fixture_says(f, recover(f, &t), ERR_REFUSED, "are sheets of two sets", NULL);
    t.wish.count = 0;
    wrong = t.sheets;
    wrong.share[0].needed = wrong.share[1].needed = 1; /* a sheet that asks for fewer is none of the set */
    give(&t, &wrong, 1);
    fixture_says(f, recover(f, &t), ERR_DAMAGED, "is not sheet 1 as it was made", NULL);
    t.wish.count = 0;
    make_sheets(f, 1, 1, &newer);
    give(&t, &t.sheets, 1);
    give(&t, &t.sheets, 2);
    fixture_says(f, recover(f, &t), ERR_REFUSED, "were replaced by those of set", NULL);
    assert_int_equal(t.asked, 0);
    nothing_made(f, &t);
    t.wish.count = 0;
    give(&t, &newer, 1);
    recovers(f, &t);
    store_sheets_release(&newer);
    store_sheets_release(&wrong);
    store_sheets_release(&t.sheets);
}

static void places_that_are_taken(void **state)
{
    struct fixture *f = *state;
    struct site t;
    site_init(f, &t);
    give(&t, &t.sheets, 1);
    give(&t, &t.sheets, 2);
    t.wish.from = t.state.s;
    fixture_says(f, recover(f, &t), ERR_ABSENT, "no repository", NULL);
    t.wish.from = t.from.s;
    t.place.key_path = f->key.s;
    fixture_says(f, recover(f, &t), ERR_REFUSED, "is there already", NULL);
    t.place.key_path = NULL;
    t.place.state_folder = f->state.s;
    fixture_says(f, recover(f, &t), ERR_REFUSED, "move it away first", NULL);
    t.place.state_folder = t.state.s;
    t.place.root = f->root.s;
    fixture_says(f, recover(f, &t), ERR_REFUSED, "is not empty", NULL);
    t.place.root = t.root.s;
    nothing_made(f, &t);
    store_sheets_release(&t.sheets);
}

/* A checkpoint that the statement does not follow is a log of another making: nobody can make one without its keys. */
static void a_damaged_copy(void **state)
{
    struct fixture *f = *state;
    struct site t;
    site_init(f, &t);
    give(&t, &t.sheets, 1);
    give(&t, &t.sheets, 2);
    fixture_flip(f, "a/journal", -200);
    fixture_flip(f, "b/journal", -200);
    assert_int_equal(recover(f, &t), ERR_KEY); /* without its last record it is a copy from before the sheets */
    nothing_made(f, &t);
    store_sheets_release(&t.sheets);
}

/* Each effect is the last one: nothing is there, or all of it, and it is run again as it was, with nothing moved. */
static void at_every_effect(void **state)
{
    struct fixture *f = *state;
    struct site t;
    site_init(f, &t);
    give(&t, &t.sheets, 2);
    give(&t, &t.sheets, 3);
    fixture_calm();
    recovers(f, &t);
    unsigned effects = fixture_effects(), finished = 0;
    struct keyring_identity is;
    const unsigned end = effects - 14, step = 1 + effects / 12; /* one by one where it is put in its place */
    for (unsigned i = 1; i <= effects; i = i >= end ? i + 1 : i + step < end ? i + step : end) {
        fixture_remove(f, "kept-site/repo");
        fixture_remove(f, "kept-site/state");
        fixture_remove(f, "kept-site/config");
        fixture_die_at(i);
        int rc = recover(f, &t);
        fixture_calm();
        if (rc != 0 && !file_exists(t.root.s))
            recovers(f, &t);
        finished += t.done.finished;
        t.done.finished = false;
        assert_int_equal(fixture_count(f, "kept-site", ""), 3);
        assert_true(file_exists(t.done.key_path.s));
        assert_int_equal(keyring_identity_load(t.done.key_path.s, bytes_text(PASSPHRASE), &is, &f->e), 0);
        assert_memory_equal(is.member.public_key, t.done.member.public_key, CRYPT_PUBLIC);
    }
    assert_true(finished > 3); /* those at the very end */
    move_there(f, &t);
    fixture_whole(f);
    go_back(f, &t);
}

/* What was left is of the folder as it was then: when that has grown, a person says which it is to be. */
static void another_state_of_the_copy(void **state)
{
    struct fixture *f = *state;
    struct site t;
    site_init(f, &t);
    give(&t, &t.sheets, 1);
    give(&t, &t.sheets, 2);
    fixture_calm();
    recovers(f, &t);
    unsigned effects = fixture_effects();
    fixture_remove(f, "kept-site/repo");
    fixture_remove(f, "kept-site/state");
    fixture_remove(f, "kept-site/config");
    fixture_die_at(effects - 4);
    assert_int_not_equal(recover(f, &t), 0);
    fixture_calm();
    assert_true(fixture_there(f, "kept-site/repo.recovering"));
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "written meanwhile", &f->e), 0);
    store_close(s);
    fixture_says(f, recover(f, &t), ERR_REFUSED, "holds a recovery that was interrupted", "repo.recovering", NULL);
    assert_true(fixture_there(f, "kept-site/repo.recovering"));
    fixture_remove(f, "kept-site/repo.recovering");
    fixture_remove(f, "kept-site/state");
    fixture_remove(f, "kept-site/config");
    recovers(f, &t);
    assert_false(t.done.finished);
    store_sheets_release(&t.sheets);
}

/* Nobody writes to the folder while it is copied. */
static void beside_a_writer(void **state)
{
    struct fixture *f = *state;
    struct site t;
    site_init(f, &t);
    give(&t, &t.sheets, 1);
    give(&t, &t.sheets, 2);
    struct store *s = fixture_open(f, STORE_WRITE);
    fixture_says(f, recover(f, &t), ERR_BUSY, "a writer is at work in", t.from.s, NULL);
    nothing_made(f, &t);
    store_close(s);
    recovers(f, &t);
    store_sheets_release(&t.sheets);
}

static int stop(void *context, uint64_t done, uint64_t all)
{
    return 1;
}

/* Interrupted by a person: of a mirror it is gone on with, of a folder nothing is left. */
static void interrupted(void **state)
{
    struct fixture *f = *state;
    struct site t;
    struct file_path mirror;
    site_init(f, &t);
    give(&t, &t.sheets, 1);
    give(&t, &t.sheets, 2);
    assert_int_equal(fixture_mirror(f, false), 0);
    t.watch.progress = stop;
    fixture_says(f, recover(f, &t), ERR_STOPPED, "interrupted: nothing was made", NULL);
    nothing_made(f, &t);
    fixture_path(f, "mirror", &mirror);
    t.wish.from = mirror.s;
    fixture_says(f, recover(f, &t), ERR_STOPPED, "interrupted: run it again to go on", NULL);
    assert_true(fixture_there(f, "kept-site/repo.recovering/repository.restoring"));
    t.watch.progress = go_on;
    recovers(f, &t);
    assert_int_equal(fixture_count(f, "kept-site", "repo"), 1);
    store_sheets_release(&t.sheets);
}

/* A mirror that lacks a pack gives nothing, and nothing is left. */
static void a_mirror_that_is_not_whole(void **state)
{
    struct fixture *f = *state;
    struct site t;
    struct file_path mirror, pack;
    site_init(f, &t);
    give(&t, &t.sheets, 1);
    give(&t, &t.sheets, 2);
    assert_int_equal(fixture_mirror(f, false), 0);
    fixture_path(f, "mirror", &mirror);
    fixture_first(f, "mirror/open", "0", &pack);
    fixture_remove(f, pack.s);
    t.wish.from = mirror.s;
    assert_int_not_equal(recover(f, &t), 0);
    nothing_made(f, &t);
    store_sheets_release(&t.sheets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_new_member),
        FIXTURE_TEST(sheets_that_do_not_fit),
        FIXTURE_TEST(places_that_are_taken),
        FIXTURE_TEST(a_damaged_copy),
        FIXTURE_TEST(at_every_effect),
        FIXTURE_TEST(another_state_of_the_copy),
        FIXTURE_TEST(interrupted),
        FIXTURE_TEST(beside_a_writer),
        FIXTURE_TEST(a_mirror_that_is_not_whole),
    };
    return FIXTURE_RUN(tests);
}
