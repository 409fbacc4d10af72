#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* All of log/ as one text: names and hashes of contents. */
static void picture(const struct fixture *f, struct buf *to)
{
    OWN(buf_drop) struct buf names = {0}, b = {0};
    char name[96];
    log_names(f, &names);
    buf_clear(to);
    struct cursor c = cursor_of(buf_bytes(&names));
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        struct hash h;
        assert_true(line.n < sizeof(name));
        memcpy(name, line.p, line.n);
        name[line.n] = 0;
        file_get(f, name, &b);
        crypt_sha256(buf_bytes(&b), &h);
        buf_put_bytes(to, line);
        buf_put_text(to, " ");
        buf_put_hex(to, bytes_of(h.b, sizeof(h.b)));
        buf_put_text(to, "\n");
    }
}

static void remove_log(const struct fixture *f)
{
    struct file_path from, to;
    char name[40];
    static unsigned number;
    (void)snprintf(name, sizeof(name), "old-log-%u", number++);
    path_in(f, "log", &from);
    path_in(f, name, &to);
    assert_int_equal(rename(from.s, to.s), 0);
}

/* Names that a public log of this size has, from the definition of tlog-tiles alone. */
static void expected_names(uint64_t size, struct buf *to)
{
    buf_clear(to);
    buf_put_text(to, "log/checkpoint\n");
    const char *const kinds[] = {"0", "1", "2", "entries"};
    const uint64_t counts[] = {size, size / 256, size / 65536, size};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (uint64_t n = 0; n < counts[i] / 256; n++)
            buf_printf(to, "log/tile/%s/%03u\n", kinds[i], (unsigned)n);
        if (counts[i] % 256 != 0)
            buf_printf(to, "log/tile/%s/%03u.p/%u\n", kinds[i], (unsigned)(counts[i] / 256),
                       (unsigned)(counts[i] % 256));
    }
}

/* After each publication exactly the files of that size, and the same as if all had been published at once. */
static void each_publication_is_exact(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf names = {0}, expect = {0}, stepwise = {0}, at_once = {0}, note = {0};
    const uint32_t leaves[] = {1, 1, 253, 1, 1, 200, 312, 256, 512, 3};
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    uint64_t size = 0;
    for (size_t i = 0; i < COUNT(leaves); i++) {
        fixture_commit(l, leaves[i], 0);
        size += leaves[i];
        assert_int_equal(ledger_publish(l, &e), 0);
        log_names(f, &names);
        expected_names(size, &expect);
        assert_string_equal(buf_text(&names), buf_text(&expect));
        file_get(f, "log/checkpoint", &note);
        assert_true(bytes_equal(buf_bytes(&note), buf_bytes(&l->note)));
        picture(f, &stepwise);
        remove_log(f);
        {
            struct ledger_opening again;
            OWN(ledger_drop) struct ledger *other = fixture_open(f, NULL, &again);
            assert_int_equal(ledger_publish(other, &e), 0);
        }
        picture(f, &at_once);
        assert_string_equal(buf_text(&stepwise), buf_text(&at_once));
    }
}

static void a_large_record_reaches_the_third_level(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf names = {0}, expect = {0};
    struct ledger_position at;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    fixture_commit(l, 65000, 0);
    assert_int_equal(ledger_publish(l, NULL), 0);
    fixture_commit(l, 1000, 0);
    assert_int_equal(ledger_publish(l, NULL), 0);
    ledger_where(l, &at);
    log_names(f, &names);
    expected_names(66000, &expect);
    assert_string_equal(buf_text(&names), buf_text(&expect));
    if (fixture_check(f, &at) != 0)
        fail_msg("%s", buf_text(&f->lines));
}

/* Files of one moment of log/, to be put back in parts. */
struct moment {
    char name[64][96];
    struct buf content[64];
    size_t count;
};

static void moment_take(const struct fixture *f, struct moment *m)
{
    OWN(buf_drop) struct buf names = {0};
    log_names(f, &names);
    struct cursor c = cursor_of(buf_bytes(&names));
    for (m->count = 0; c.left > 0; m->count++) {
        struct bytes line = cursor_line(&c);
        assert_true(m->count < COUNT(m->name) && line.n < sizeof(m->name[0]));
        memcpy(m->name[m->count], line.p, line.n);
        m->name[m->count][line.n] = 0;
        m->content[m->count] = (struct buf){0};
        file_get(f, m->name[m->count], &m->content[m->count]);
    }
}

static void moment_put(const struct fixture *f, const struct moment *m, size_t i)
{
    struct file_path folder;
    path_in(f, m->name[i], &folder);
    *strrchr(folder.s, '/') = 0;
    assert_int_equal(file_make_folders(folder.s, NULL), 0);
    file_put(f, m->name[i], buf_bytes(&m->content[i]));
}

static void moment_drop(struct moment *m)
{
    for (size_t i = 0; i < m->count; i++)
        buf_drop(&m->content[i]);
}

static bool moment_has(const struct moment *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->name[i], name) == 0)
            return true;
    return false;
}

/*
 * A publication killed after any of its steps: some new tiles, perhaps a file under way, some old widths gone, the old
 * checkpoint.  The check passes, proofs come, and the next publication makes it exact.
 */
static void killed_publication(struct fixture *f, const struct moment *before, const struct moment *after,
                               const struct ledger_position *at, size_t steps)
{
    struct err e;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf proof = {0};
    remove_log(f);
    for (size_t i = 0; i < before->count; i++)
        moment_put(f, before, i);
    size_t done = 0;
    for (size_t i = 0; i < after->count && done < steps; i++) {
        if (strcmp(after->name[i], "log/checkpoint") == 0 || moment_has(before, after->name[i]))
            continue;
        moment_put(f, after, i);
        if (++done >= steps)
            break;
        /* The width that this file replaces goes next. */
        size_t stem = strlen(after->name[i]);
        const char *part = strstr(after->name[i], ".p/");
        stem = part == NULL ? stem : (size_t)(part - after->name[i]);
        for (size_t k = 0; k < before->count; k++)
            if (strncmp(before->name[k], after->name[i], stem) == 0 && strncmp(before->name[k] + stem, ".p/", 3) == 0) {
                file_delete(f, before->name[k]);
                done++;
            }
    }
    if (steps % 2 == 1)
        file_put(f, "log/new-0", bytes_text("half a fi"));
    if (fixture_check(f, at) != 0)
        fail_msg("after %zu steps: %s", steps, buf_text(&f->lines));
    OWN(ledger_drop) struct ledger *l = fixture_open(f, at, &opening);
    for (uint64_t leaf = 0; leaf < at->leaves; leaf += 37)
        assert_int_equal(ledger_prove(l, leaf, &proof, &e), 0);
    assert_int_equal(ledger_publish(l, &e), 0);
    if (fixture_check(f, at) != 0)
        fail_msg("after %zu steps, published: %s", steps, buf_text(&f->lines));
}

static void a_killed_publication_is_completed(void **state)
{
    struct fixture *f = *state;
    const uint32_t sizes[][2] = {{0, 5}, {3, 4}, {250, 6}, {250, 7}, {250, 300}, {256, 1}, {511, 600}};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct ledger_opening opening;
        struct ledger_position at;
        OWN(moment_drop) struct moment before = {.count = 0}, after = {.count = 0};
        fixture_again(f);
        {
            OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
            if (sizes[i][0] > 0)
                fixture_commit(l, sizes[i][0], 0);
            assert_int_equal(ledger_publish(l, NULL), 0);
            moment_take(f, &before);
            fixture_commit(l, sizes[i][1], 0);
            assert_int_equal(ledger_publish(l, NULL), 0);
            moment_take(f, &after);
            ledger_where(l, &at);
        }
        for (size_t steps = 0; steps < 2 * after.count; steps++)
            killed_publication(f, &before, &after, &at, steps);
    }
}

/* Un-synced files that a power failure emptied or lost: the next writer's first publication writes them again. */
static void files_lost_by_a_power_failure_come_back(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at = fixture_fill(f, 12, 90, 1);
    OWN(moment_drop) struct moment all = {.count = 0};
    moment_take(f, &all);
    for (size_t i = 0; i < all.count; i++)
        for (int how = 0; how < 3; how++) {
            struct ledger_opening opening;
            if (how == 0)
                file_delete(f, all.name[i]);
            else
                file_put(f, all.name[i], bytes_of(all.content[i].p, how == 1 ? 0 : all.content[i].n / 2));
            assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
            OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
            assert_int_equal(ledger_publish(l, NULL), 0);
            if (fixture_check(f, &at) != 0)
                fail_msg("%s: %s", all.name[i], buf_text(&f->lines));
        }
}

/* More records than are looked at again: what is older is trusted, what is newer is put right. */
static void the_first_publication_looks_back_so_far(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, LEDGER_SETTLE_RECORDS + 40, 8, 0); /* 832 leaves; 320 are old */
    file_put(f, "log/tile/0/002", bytes_of("", 0));
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        assert_int_equal(ledger_publish(l, NULL), 0);
    }
    assert_int_equal(fixture_check(f, &at), 0);
    file_put(f, "log/tile/0/000", bytes_of("", 0));
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        assert_int_equal(ledger_publish(l, NULL), 0);
    }
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED); /* named, and for repair */
    assert_non_null(strstr(buf_text(&f->lines), "log/tile/0/000 is damaged"));
    assert_int_equal(fixture_repair(f, &at), 0);
    assert_int_equal(fixture_check(f, &at), 0);
}

/* A damaged entry in the preferred copy must not reach the tiles. */
static void damaged_entries_are_not_published(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf a = {0}, good = {0}, now = {0};
    struct ledger_position at = fixture_fill(f, 3, 20, 0);
    picture(f, &good);
    file_get(f, "a/journal", &a);
    a.p[LEDGER_HEADER + LEDGER_HEAD + LEDGER_SECTION_HEAD + 7] ^= 1;
    file_put(f, "a/journal", buf_bytes(&a));
    remove_log(f);
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    assert_int_equal(ledger_publish(l, NULL), 0);
    picture(f, &now);
    assert_string_equal(buf_text(&good), buf_text(&now));
}

/* A full disk ends a publication with an error; what is there stays right, and the next one completes it. */
static void a_full_disk_stops_a_publication(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct rlimit r;
    const rlim_t rooms[] = {0, 31, 1000, 8191, 8959};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    for (size_t i = 0; i < COUNT(rooms); i++) {
        struct ledger_opening opening;
        struct ledger_position at;
        struct rlimit tight = {rooms[i], r.rlim_max};
        fixture_again(f);
        OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
        fixture_commit(l, 200, 0);
        assert_int_equal(ledger_publish(l, &e), 0);
        fixture_commit(l, 200, 0);
        ledger_where(l, &at);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        int rc = ledger_publish(l, &e);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
        assert_int_equal(rc, ERR_IO);
        if (fixture_check(f, &at) != 0)
            fail_msg("room for %d bytes: %s", (int)rooms[i], buf_text(&f->lines));
        assert_int_equal(ledger_publish(l, &e), 0);
        assert_int_equal(fixture_check(f, &at), 0);
    }
}

static void nothing_is_published_of_an_empty_journal(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    assert_int_equal(ledger_publish(l, NULL), 0);
    assert_false(file_there(f, "log"));
}

/* By one record always; by more up to the limit, but never behind what the outside state calls committed. */
static void how_far_a_public_log_may_be_behind(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at, committed;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    for (int round = 0; round < 2; round++) { /* before the first publication, and after one */
        ledger_where(l, &committed);
        for (unsigned behind = 1; behind <= LEDGER_BEHIND_MAX + 1; behind++) {
            fixture_commit(l, 3, 1);
            ledger_where(l, &at);
            if (behind > 2 && behind < LEDGER_BEHIND_MAX)
                continue;
            assert_int_equal(fixture_check(f, &at), behind == 1 ? 0 : ERR_DAMAGED);
            assert_int_equal(fixture_check(f, NULL), behind <= LEDGER_BEHIND_MAX ? 0 : ERR_DAMAGED);
            if (round > 0) {
                const char *told = behind <= LEDGER_BEHIND_MAX ? "" : "log/checkpoint is not";
                assert_int_equal(fixture_check(f, &committed), behind <= LEDGER_BEHIND_MAX ? 0 : ERR_DAMAGED);
                assert_non_null(strstr(buf_text(&f->lines), told));
            }
        }
        assert_int_equal(ledger_publish(l, NULL), 0);
        assert_int_equal(fixture_check(f, &at), 0);
    }
}

struct behind_seen {
    uint64_t first, count;
};

static int see_behind(void *context, const struct ledger_record *r, struct err *e)
{
    struct behind_seen *s = context;
    (void)e;
    if (s->count == 0)
        s->first = r->number;
    assert_int_equal(r->number, s->first + s->count);
    s->count++;
    return 0;
}

/* Exactly the records that the shown checkpoint does not cover; of a log that shows nothing right, the newest ones. */
static void the_records_that_the_log_is_behind(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    struct behind_seen seen = {0};
    for (int round = 0; round < 2; round++) {
        for (unsigned behind = 1; behind <= LEDGER_BEHIND_MAX + 2; behind++) {
            unsigned told = behind < LEDGER_BEHIND_MAX ? behind : LEDGER_BEHIND_MAX;
            fixture_commit(l, 2, 1);
            assert_false(ledger_shown(l));
            seen = (struct behind_seen){0};
            assert_int_equal(ledger_behind(l, see_behind, &seen, NULL), 0);
            assert_int_equal(seen.count, told);
            assert_int_equal(seen.first + told, l->position.records);
        }
        assert_int_equal(ledger_publish(l, NULL), 0);
        assert_true(ledger_shown(l));
        seen = (struct behind_seen){0};
        assert_int_equal(ledger_behind(l, see_behind, &seen, NULL), 0);
        assert_int_equal(seen.count, 0);
    }
    file_put(f, "log/checkpoint", bytes_text("nothing of use"));
    assert_false(ledger_shown(l));
    assert_int_equal(ledger_behind(l, see_behind, &seen, NULL), 0);
    assert_int_equal(seen.count, LEDGER_BEHIND_MAX);
}

/* What it holds is for whoever knows the statements: here it is put, kept, replaced and removed, and no fault. */
static void what_others_signed_lies_beside(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at;
    OWN(buf_drop) struct buf there = {0};
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    fixture_commit(l, 3, 1);
    assert_int_equal(ledger_publish(l, NULL), 0);
    ledger_where(l, &at);
    static const char *const contents[] = {"one\n", "one\n", "another\n"};
    for (size_t i = 0; i < COUNT(contents); i++) {
        assert_int_equal(ledger_publish_cosigned(l, bytes_text(contents[i]), NULL), 0);
        file_get(f, "log/cosigned", &there);
        assert_true(bytes_equal(buf_bytes(&there), bytes_text(contents[i])));
        assert_int_equal(fixture_check(f, &at), 0);
    }
    fixture_commit(l, 3, 1);
    assert_int_equal(ledger_publish(l, NULL), 0);
    assert_true(file_there(f, "log/cosigned"));
    assert_int_equal(ledger_publish_cosigned(l, bytes_of(NULL, 0), NULL), 0);
    assert_int_equal(ledger_publish_cosigned(l, bytes_of(NULL, 0), NULL), 0);
    assert_false(file_there(f, "log/cosigned"));
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(each_publication_is_exact),
        LEDGER_CASE(a_large_record_reaches_the_third_level),
        LEDGER_CASE(a_killed_publication_is_completed),
        LEDGER_CASE(files_lost_by_a_power_failure_come_back),
        LEDGER_CASE(the_first_publication_looks_back_so_far),
        LEDGER_CASE(damaged_entries_are_not_published),
        LEDGER_CASE(a_full_disk_stops_a_publication),
        LEDGER_CASE(nothing_is_published_of_an_empty_journal),
        LEDGER_CASE(how_far_a_public_log_may_be_behind),
        LEDGER_CASE(the_records_that_the_log_is_behind),
        LEDGER_CASE(what_others_signed_lies_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
