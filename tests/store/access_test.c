/* An access is durable before it is allowed, numbered without gaps, by readers that know nothing of each other. */
#include "fixture.h"
#include "rooms.h"

#include <sys/stat.h>
#include <sys/wait.h>

static const struct thing things[] = {{"one", 't', 30, 1}, {"two", 't', 40, 2}, {"three", 'r', 50, 3}};

static int first_item(void *context, const struct index_item *item, struct err *e)
{
    uint64_t *leaf = context;
    (void)e;
    if (*leaf == 0)
        *leaf = item->leaf;
    return 0;
}

static uint64_t filled(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t leaf = 0;
    assert_int_equal(fixture_intake(s, "a giver", things, 3, &f->e), 0);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, first_item, &leaf, &f->e), 0);
    return leaf;
}

static int view_as(struct fixture *f, struct store *s, uint64_t leaf, bool must_log, struct err *unlogged)
{
    const struct statement_range one = {leaf, leaf};
    struct store_accessing a = {.act = "shown", .why = "a test", .items = &one, .count = 1, .must_log = must_log};
    return store_access(s, &a, unlogged, &f->e);
}

static void view(struct fixture *f, uint64_t leaf)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct err unlogged;
    if (view_as(f, s, leaf, false, &unlogged) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(unlogged.code, 0);
}

static uint64_t waiting(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    uint64_t n = 99;
    assert_int_equal(store_accesses_waiting(s, &n, &f->e), 0);
    return n;
}

static void test_devices_by_their_text(void **state)
{
    struct fixture *f = *state;
    struct store_device d = {.id = {1, 2, 3}}, got;
    for (int any = 0; any < 2; any++) {
        OWN(buf_drop) struct buf text = {0};
        d.any = any != 0;
        d.seq = any ? 18446744073709551614u : 0;
        d.commitment.b[5] = (uint8_t)any;
        store_device_put(&d, &f->pin, &text);
        assert_true(store_device_parse(buf_bytes(&text), &f->pin, &got));
        assert_true(memcmp(got.id, d.id, STATEMENT_ID) == 0 && got.any == d.any && got.seq == d.seq);
        assert_memory_equal(got.commitment.b, d.commitment.b, CRYPT_HASH);
        for (size_t n = 0; n < text.n; n++)
            assert_false(store_device_parse(bytes_of(text.p, n), &f->pin, &got));
        buf_put_u8(&text, '\n');
        assert_false(store_device_parse(buf_bytes(&text), &f->pin, &got));
        text.p[30] ^= 1; /* of another repository */
        assert_false(store_device_parse(bytes_of(text.p, text.n - 1), &f->pin, &got));
    }
}

static void test_each_access_waits_for_a_writer(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    assert_int_equal(waiting(f), 0);
    for (uint64_t i = 0; i < 5; i++) {
        view(f, leaf + i % 3);
        assert_int_equal(waiting(f), i + 1);
    }
    assert_int_equal(fixture_count(f, "spool", ""), 1);
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, 0);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "takes them along", &f->e), 0);
    store_close(TAKE(s));
    assert_int_equal(waiting(f), 0);
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, 5);
    assert_int_equal(f->verified.chains, 1);
    assert_int_equal(f->verified.gaps, 0);
}

/* No items, no record; a rule that is broken is refused, and nothing is left behind. */
static void test_what_is_no_access(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    struct err unlogged;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    const struct statement_range one = {leaf, leaf};
    struct store_accessing a = {.act = "shown"};
    assert_int_equal(store_access(s, &a, &unlogged, &f->e), 0);
    assert_false(fixture_there(f, "spool"));
    a = (struct store_accessing){.act = "seen", .items = &one, .count = 1};
    fixture_says(f, store_access(s, &a, &unlogged, &f->e), ERR_REFUSED, "rule accessed-act", NULL);
    a = (struct store_accessing){.act = "shown", .why = "\xff", .items = &one, .count = 1};
    fixture_says(f, store_access(s, &a, &unlogged, &f->e), ERR_REFUSED, "rule text-form", NULL);
    store_close(TAKE(s));
    assert_int_equal(waiting(f), 0);
}

/* However many ranges: one record, which names at least what was accessed. */
static void test_more_ranges_than_a_statement_holds(void **state)
{
    struct fixture *f = *state;
    struct err unlogged;
    (void)filled(f);
    static struct statement_range many[STATEMENT_RANGES_MAX * 2 + 1];
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct statement_range){i * 3, i * 3 + 1};
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct store_accessing a = {.act = "restored", .items = many, .count = COUNT(many)};
    assert_int_equal(store_access(s, &a, &unlogged, &f->e), 0);
    store_close(TAKE(s));
    assert_int_equal(waiting(f), 1);
}

static int chown_all(const char *path)
{
    OWN(buf_drop) struct buf command = {0};
    buf_printf(&command, "chown -R 65534:65534 '%s'", path);
    return geteuid() == 0 ? system(buf_text(&command)) : 0;
}

/* Only a place that is never hers to write lets an access go on; and not when it must be on the log. */
static int others_folders(struct fixture *f)
{
    struct err unlogged;
    OWN(store_drop) struct store *s = NULL;
    int rc = store_open(&f->place, STORE_READ, &s, &f->e);
    if (rc == 0)
        rc = view_as(f, s, 5, false, &unlogged);
    if (rc == 0 && strstr(unlogged.text, "cannot be written to: this access is not on record") == NULL)
        return err_set(&f->e, ERR_DAMAGED, "it went on with \"%s\"", unlogged.text);
    if (rc == 0 && (view_as(f, s, 5, true, &unlogged) != ERR_REFUSED || strstr(f->e.text, "nothing is shown") == NULL))
        return err_set(&f->e, ERR_DAMAGED, "it was not refused");
    return rc;
}

/* Who takes a bit off what is her own reads nothing by it. */
static int own_folders(struct fixture *f)
{
    struct err unlogged;
    OWN(store_drop) struct store *s = NULL;
    int rc = store_open(&f->place, STORE_READ, &s, &f->e);
    if (rc == 0 && (view_as(f, s, 5, false, &unlogged) != ERR_REFUSED ||
                    strstr(f->e.text, "nothing is shown; make it writable again") == NULL))
        return err_set(&f->e, ERR_DAMAGED, "it was not refused");
    return rc;
}

static void test_where_nothing_can_be_written(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    struct file_path name, spool, folder;
    view(f, leaf);
    fixture_first(f, "spool", "", &name);
    fixture_path(f, name.s, &spool);
    fixture_path(f, "spool", &folder);
    const struct {
        const char *path;
        mode_t own, others, before;
    } closed[] = {{f->root.s, 0500, 0755, 0700},
                  {spool.s, 0400, 0644, 0600},
                  {spool.s, 0, 0, 0600},
                  {folder.s, 0, 0, 0700},
                  {f->state.s, 0500, 0755, 0700}};
    for (size_t i = 0; i < COUNT(closed); i++) {
        assert_int_equal(chown_all(f->work.s), 0);
        assert_int_equal(chmod(closed[i].path, closed[i].own), 0);
        fixture_apart(own_folders, f);
        if (geteuid() == 0) {
            assert_int_equal(chown(closed[i].path, 0, 0), 0);
            assert_int_equal(chmod(closed[i].path, closed[i].others), 0);
            fixture_apart(others_folders, f);
        }
        assert_int_equal(chmod(closed[i].path, closed[i].before), 0);
    }
    assert_int_equal(waiting(f), 1);
}

/* The newest record is gone without a trace in its file: what this computer remembers tells. */
static void test_a_record_that_was_cut_off(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    struct file_path name;
    for (int i = 0; i < 3; i++)
        view(f, leaf);
    fixture_first(f, "spool", "", &name);
    fixture_told_nothing(f);
    fixture_cut(f, name.s, 1);
    fixture_keep(f, "cut");
    view(f, leaf);
    fixture_told(f, "records of accesses by this computer, 2 to 2, are neither in spool/ nor on the log");
    view(f, leaf);
    fixture_told_nothing(f);
    for (int how = 0; how < 2; how++) {
        fixture_back(f, "cut");
        if (how == 1)
            fixture_remove(f, "spool");
        struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(fixture_note(s, "folds", &f->e), 0);
        store_close(s);
        fixture_told(f, how == 0 ? "by this computer, 2 to 2, are" : "by this computer, 0 to 2, are");
        fixture_whole(f);
        assert_int_equal(f->verified.accesses, how == 0 ? 2 : 0);
    }
}

enum { READERS = 4, VIEWS = 6 };

static void test_readers_at_once(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    pid_t child[READERS];
    for (int i = 0; i < READERS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            struct store *s = NULL; /* of one moment, and read from for long */
            struct err unlogged;
            int rc = store_open(&f->place, STORE_READ, &s, &f->e);
            for (int k = 0; rc == 0 && k < VIEWS; k++)
                rc = view_as(f, s, leaf, true, &unlogged);
            if (rc != 0)
                fprintf(stderr, "reader: %s\n", f->e.text);
            _exit(rc != 0);
        }
    }
    /* A writer commits meanwhile, and takes along what it finds. */
    for (int k = 0; k < 4; k++) {
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(fixture_note(s, "meanwhile", &f->e), 0);
    }
    for (int i = 0; i < READERS; i++) {
        int ended;
        assert_int_equal(waitpid(child[i], &ended, 0), child[i]);
        assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    }
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "the rest", &f->e), 0);
    store_close(TAKE(s));
    assert_int_equal(waiting(f), 0);
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, READERS * VIEWS);
    assert_int_equal(f->verified.gaps, 0);
    assert_int_equal(f->verified.chains, 1);
}

/* A crash at every step: the access is on record, or it was never allowed; and a reader goes on from what is there. */
static void test_an_end_at_every_step(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    fixture_keep(f, "filled");
    for (int before = 0; before < 2; before++) {
        unsigned last = 0;
        for (unsigned step = 1; last == 0; step++) {
            fixture_back(f, "filled");
            if (before)
                view(f, leaf);
            struct store *reader = fixture_open(f, STORE_READ);
            struct err unlogged;
            fixture_die_at(step);
            int rc = view_as(f, reader, leaf, true, &unlogged);
            if (fixture_effects() < step)
                last = step;
            store_close(reader);
            fixture_calm();
            uint64_t n = waiting(f);
            assert_true(n >= (uint64_t)before + (rc == 0) && n <= (uint64_t)before + 1);
            view(f, leaf);
            assert_int_equal(waiting(f), n + 1);
            OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
            assert_int_equal(fixture_note(s, "folds", &f->e), 0);
            store_close(TAKE(s));
            fixture_whole(f);
            assert_int_equal(f->verified.accesses, n + 1);
            assert_int_equal(f->verified.gaps, 0);
        }
        assert_true(last > 3);
    }
}

/* What is damaged is named and not written on; a spool that was taken away leaves a gap. */
static void test_damaged_and_taken_away(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    struct err unlogged;
    struct file_path path;
    view(f, leaf);
    view(f, leaf);
    fixture_keep(f, "two");
    static const int64_t at[] = {3, 513, -600, -3};
    for (size_t i = 0; i < COUNT(at); i++) {
        fixture_back(f, "two");
        fixture_first(f, "spool", "", &path);
        fixture_flip(f, path.s, at[i]);
        OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
        fixture_says(f, view_as(f, s, leaf, false, &unlogged), ERR_DAMAGED, "spool/", "run groundwork repair", NULL);
    }
    fixture_back(f, "two");
    fixture_remove(f, "spool");
    view(f, leaf);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "folds", &f->e), 0);
    store_close(TAKE(s));
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, 1);
    assert_int_equal(f->verified.gaps, 1);
    assert_int_equal(f->verified.gap[0].first, 0);
    assert_int_equal(f->verified.gap[0].last, 1);
}

struct ahead {
    uint64_t leaf;
    size_t count;
    bool others;
};

static int take_ahead(void *context, const struct store_custody_event *event, struct err *e)
{
    struct ahead *a = context;
    (void)e;
    assert_non_null(event->accessed);
    assert_string_equal(event->accessed->act, "shown");
    assert_string_equal(event->accessed->why, "a test");
    a->count += event->leaf == UINT64_MAX;
    a->others = a->others || event->leaf != UINT64_MAX || event->accessed->items[0].first != a->leaf;
    return 0;
}

/* Who asks meanwhile is told of them as well; of an item, of that alone. */
static void test_what_waits_is_told(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    for (int i = 0; i < 3; i++)
        view(f, leaf);
    view(f, leaf + 1);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    const struct store_custody_of about = {.item = leaf};
    struct ahead one = {.leaf = leaf}, all = {.leaf = leaf};
    assert_int_equal(store_accesses(s, &about, take_ahead, &one, &f->e), 0);
    assert_true(one.count == 3 && !one.others);
    assert_int_equal(store_accesses_ahead(s, take_ahead, &all, &f->e), 0);
    assert_true(all.count == 4 && all.others);
    assert_int_equal(waiting(f), 4);
    store_close(TAKE(s));
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "folds", &f->e), 0);
    all = one = (struct ahead){.leaf = leaf};
    assert_int_equal(store_accesses_ahead(s, take_ahead, &all, &f->e), 0);
    assert_int_equal(all.count, 0);
    assert_int_equal(store_accesses(s, &about, take_ahead, &one, &f->e), 0);
    assert_int_equal(one.count, 0);
    assert_true(one.others);
    fixture_told_nothing(f);
}

/* The last frame of the one spool. */
static void last_frame(struct fixture *f, struct buf *file, struct store_spool_of *of, struct bytes *ret)
{
    struct file_path path;
    size_t at = STORE_SPOOL_SECTOR;
    struct bytes frame;
    fixture_first(f, "spool", "", &path);
    assert_true(store_spool_named(strrchr(path.s, '/') + 1, of));
    fixture_get(f, path.s, file);
    while (store_spool_next(buf_bytes(file), &at, &frame) == STORE_SPOOL_FRAME)
        *ret = frame;
}

static int opens(const struct store *s, const struct store_spool_of *of, struct bytes frame, size_t newest)
{
    OWN(key_drop) struct key key = {0};
    OWN(buf_wipe) struct buf held = {0};
    struct store_spool_content content;
    struct store_spool_lock lock = store_spool_lock(s, KEYRING_SPOOL, of, &key);
    assert_true(keyring_outside(s->keyring, KEYRING_SPOOL, newest, &key));
    lock.keyring = newest == 0 ? lock.keyring : NULL;
    int rc = store_spool_open(&lock, frame, &held, &content, NULL);
    key_drop(&content.secret);
    return rc;
}

/*
 * Whoever left has the keys of then and perhaps the disk: who looks at what afterwards she does not see.
 * A program that was open before goes on by the keys that it has.  The next writer takes both over.
 */
static void test_keys_of_who_left(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    struct statement act = {.kind = STATEMENT_REVOKED, .revoked = {.reason = STATEMENT_LEFT}};
    struct store_acted acted;
    struct store_spool_of of;
    struct err unlogged;
    struct bytes frame = {0};
    OWN(buf_drop) struct buf file = {0};
    uint64_t leaf = filled(f);
    rooms_joins(f, &second, STATEMENT_ANALYST);
    rooms_as(f, &second, NULL);
    OWN(store_drop) struct store *hers = fixture_open(f, STORE_READ);
    rooms_as(f, &f->id, NULL);
    OWN(store_drop) struct store *before = fixture_open(f, STORE_READ);
    act.revoked.name = second.member.name;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_act(s, &act, NULL, &acted, &f->e), 0);
    store_close(TAKE(s));

    OWN(store_drop) struct store *now = fixture_open(f, STORE_READ);
    assert_int_equal(view_as(f, now, leaf, false, &unlogged), 0);
    last_frame(f, &file, &of, &frame);
    assert_int_equal(opens(now, &of, frame, 0), 0);
    assert_int_equal(opens(hers, &of, frame, 0), ERR_DAMAGED);
    assert_int_equal(opens(now, &of, frame, 1), ERR_DAMAGED); /* not by the key before */
    store_close(TAKE(now));
    fixture_remove(f, "spool");

    assert_int_equal(view_as(f, before, leaf, false, &unlogged), 0);
    last_frame(f, &file, &of, &frame);
    assert_int_equal(opens(hers, &of, frame, 0), 0);
    view(f, leaf + 1);
    last_frame(f, &file, &of, &frame);
    assert_int_equal(opens(hers, &of, frame, 0), ERR_DAMAGED);
    assert_int_equal(waiting(f), 2);
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "folds", &f->e), 0);
    store_close(TAKE(s));
    store_close(TAKE(hers));
    store_close(TAKE(before));
    assert_int_equal(waiting(f), 0);
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_what_waits_is_told),
        FIXTURE_TEST(test_keys_of_who_left),
        FIXTURE_TEST(test_devices_by_their_text),
        FIXTURE_TEST(test_each_access_waits_for_a_writer),
        FIXTURE_TEST(test_what_is_no_access),
        FIXTURE_TEST(test_more_ranges_than_a_statement_holds),
        FIXTURE_TEST(test_where_nothing_can_be_written),
        FIXTURE_TEST(test_a_record_that_was_cut_off),
        FIXTURE_TEST(test_readers_at_once),
        FIXTURE_TEST(test_an_end_at_every_step),
        FIXTURE_TEST(test_damaged_and_taken_away),
    };
    return FIXTURE_RUN(tests);
}
