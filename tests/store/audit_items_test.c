#include "fixture.h"

#include <sys/wait.h>
#include <unistd.h>

static const struct thing large[] = {{"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 500000, 21},
                                     {"c.bin", 'r', 300000, 22}};

/* Two packs: one sealed, with one copy, and the open one, with two. */
static void fill(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", large, COUNT(large), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    assert_int_equal(fixture_count(f, "vault/000", ""), 2);
    assert_int_equal(fixture_count(f, "b/open", ""), 1);
}

/* A line for the pack whose sector was flipped, and one for each item that it was of: two share it, now and then. */
static void one_sector(struct fixture *f)
{
    uint64_t items = 0;
    for (const char *at = buf_text(&f->lines); (at = strstr(at, "item ")) != NULL; at++)
        items += at == buf_text(&f->lines) || at[-1] == '\n';
    assert_in_range(items, 1, 2);
    assert_int_equal(f->audited.findings, 1 + items);
}

/* With keys, each item that cannot be had is named; the others are counted. */
static void test_items_are_named(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_flip(f, "vault/000/000000.pack", 20 * VAULT_SECTOR + 77);
    assert_int_equal(fixture_audit(f, true), ERR_DAMAGED);
    one_sector(f);
    assert_int_equal(f->audited.items, 3);
}

/* Without an index that is of use, the items are found by the journal, and the same is said of them. */
static void test_items_by_the_journal(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fixture_copy(f, "index", "kept-founded/index");
    fixture_fill(f);
    fill(f);
    assert_int_equal(fixture_audit(f, true), 0);
    struct store_audited by_index = f->audited;
    fixture_keep(f, "good");
    for (int how = 0; how < 3; how++)
        for (int bad = 0; bad < 2; bad++) {
            unsigned faults = how == 2;
            fixture_back(f, "good");
            if (how == 0 || how == 1)
                fixture_remove(f, "index");
            if (how == 1)
                fixture_copy(f, "kept-founded/index", "index"); /* behind */
            if (how == 2)
                fixture_flip(f, "index/main.db", 100);
            if (bad)
                fixture_flip(f, "vault/000/000000.pack", 20 * VAULT_SECTOR + 77);
            buf_clear(&f->told);
            fixture_print(f, &before);
            int rc = fixture_audit(f, true);
            assert_int_equal(rc, faults > 0 || bad ? ERR_DAMAGED : 0);
            assert_int_equal(strstr(buf_text(&f->lines), "the index is damaged (") != NULL, faults > 0);
            f->audited.findings -= faults;
            if (bad)
                one_sector(f);
            else
                assert_int_equal(f->audited.findings, 0);
            assert_int_equal(f->audited.items, by_index.items);
            assert_int_equal(f->audited.item_bytes, by_index.item_bytes);
            fixture_told_nothing(f);
            fixture_print(f, &after);
            assert_true(hash_equal(&before, &after));
        }
}

/* Whichever page of the index is bad, before the items or among them: each item is looked at once. */
static void test_any_page_of_the_index(void **state)
{
    struct fixture *f = *state;
    unsigned told = 0;
    fixture_fill(f);
    fill(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_reindex(s, NULL, &f->e), 0);
    store_close(s);
    assert_int_equal(fixture_audit(f, true), 0);
    struct store_audited whole = f->audited;
    uint64_t pages = fixture_size(f, "index/main.db") / 4096;
    fixture_keep(f, "good");
    for (uint64_t page = 0; page < 2 * pages; page++) {
        fixture_back(f, "good");
        fixture_put(f, "index/main.db-wal", bytes_of("", 0)); /* nothing stands before the pages */
        fixture_flip(f, "index/main.db", (int64_t)(page % pages * 4096 + 100));
        f->step_bytes = page / pages; /* then each pack is a step */
        int rc = fixture_audit(f, true);
        assert_int_equal(rc, f->audited.findings > 0 ? ERR_DAMAGED : 0);
        assert_true(f->audited.findings <= 1);
        told += (unsigned)f->audited.findings;
        assert_int_equal(f->audited.items, whole.items);
        assert_int_equal(f->audited.item_bytes, whole.item_bytes);
    }
    assert_true(told > 2);
}

/* Many small items, of which some cannot be had: the same lines in the same order, by any number of threads. */
static void test_any_number_of_threads(void **state)
{
    struct fixture *f = *state;
    static struct thing small[600];
    static char names[COUNT(small)][16];
    OWN(buf_drop) struct buf first = {0};
    struct store_audited counted = {0};
    for (size_t i = 0; i < COUNT(small); i++) {
        (void)snprintf(names[i], sizeof names[i], "n%03zu", i);
        small[i] = (struct thing){names[i], 'r', 3000 + i, 100 + (unsigned)i};
    }
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, NULL, small, COUNT(small), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    for (int sector = 3; sector < 50; sector += 8)
        fixture_flip(f, "vault/000/000000.pack", (int64_t)sector * VAULT_SECTOR + 77);
    for (f->threads = 1; f->threads <= 6; f->threads++) {
        assert_int_equal(fixture_audit(f, true), ERR_DAMAGED);
        if (f->threads == 1) {
            buf_put_bytes(&first, buf_bytes(&f->lines));
            counted = f->audited;
            assert_true(counted.findings > 8);
            assert_int_equal(counted.items, COUNT(small));
        }
        assert_string_equal(buf_text(&f->lines), buf_text(&first));
        assert_memory_equal(&f->audited, &counted, sizeof counted);
    }
}

/* Versions of one thing: what is alike begins alike. */
static const struct thing versions[] = {{"a.bin", 'r', 1500000, 20}, {"b.bin", 'r', 1700000, 20},
                                        {"c.bin", 'r', 1048576, 21}, {"d.bin", 'r', 1048575, 20},
                                        {"e.bin", 'r', 10, 22}};

static void fill_versions(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", versions, COUNT(versions), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
}

/* Large items, handed out several together: whichever sector is bad, each that has it is named, and no other. */
static void test_large_items_together(void **state)
{
    struct fixture *f = *state;
    unsigned several = 0;
    fill_versions(f);
    assert_int_equal(fixture_audit(f, true), 0);
    assert_int_equal(f->audited.items, COUNT(versions));
    for (int64_t sector = 1; sector < 60; sector += 19) {
        OWN(buf_drop) struct buf first = {0};
        fixture_flip(f, "vault/000/000000.pack", sector * VAULT_SECTOR + 77);
        for (f->threads = 1; f->threads <= 2; f->threads++) {
            assert_int_equal(fixture_audit(f, true), ERR_DAMAGED);
            assert_int_equal(f->audited.items, COUNT(versions));
            if (f->threads == 1)
                buf_put_bytes(&first, buf_bytes(&f->lines));
            assert_string_equal(buf_text(&f->lines), buf_text(&first));
        }
        several += f->audited.findings > 2; /* the pack, and more than one item */
        for (const char *line = buf_text(&f->lines); (line = strstr(line, "item ")) != NULL; line++)
            assert_memory_equal(strstr(line, "pack 0, "), "pack 0, record ", 15);
        fixture_flip(f, "vault/000/000000.pack", sector * VAULT_SECTOR + 77);
    }
    assert_true(several > 0);
}

struct stopping {
    struct fixture *f;
    unsigned left;
    uint64_t last;
};

static void keep_line(void *context, const char *text)
{
    struct stopping *w = context;
    buf_printf(&w->f->lines, "%s\n", text);
}

static int stop_then(void *context, uint64_t done, uint64_t all)
{
    struct stopping *w = context;
    assert_true(done <= all && done >= w->last);
    w->last = done;
    return w->left-- == 0;
}

static void stopped_at_each_moment(struct fixture *f, bool together)
{
    unsigned stopped = 0;
    buf_clear(&f->lines);
    if (together)
        fill_versions(f);
    else
        fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_CHECK);
    for (s->threads = together ? 2 : 1; s->threads <= (together ? 2 : 3); s->threads++)
        for (unsigned at = 0;; at++) {
            struct stopping w = {f, at, 0};
            struct store_watch watch = {keep_line, stop_then, &w};
            int rc = store_audit(s, true, 0, &watch, &f->audited, &f->e);
            if (rc == 0)
                break;
            assert_int_equal(rc, ERR_STOPPED);
            assert_non_null(strstr(f->e.text, "interrupted: "));
            stopped += strstr(f->e.text, "nothing was changed") != NULL;
        }
    assert_true(stopped >= 3);
    assert_string_equal(buf_text(&f->lines), "");
}

/* Stopped at each moment that it asks, by any number of threads: nothing was changed, and no thread is left. */
static void test_stopped(void **state)
{
    stopped_at_each_moment(*state, false);
}

static void test_stopped_among_large_items(void **state)
{
    stopped_at_each_moment(*state, true);
}

static int erase_first(struct fixture *f)
{
    struct store *s = NULL;
    uint64_t request, erased;
    struct index_sums sums;
    int rc = store_open(&f->place, STORE_WRITE, &s, &f->e);
    if (rc == 0)
        rc = index_sums(store_index(s), &sums, &f->e);
    if (rc == 0) {
        struct index_statement_row row;
        rc = index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, &f->e);
        const uint64_t leaf = row.leaf + 1 + (COUNT(large) - sums.items);
        const struct statement_range one = {leaf, leaf};
        if (rc == 0)
            rc = store_erase_ask(s, &one, 1, "w", &request, &f->e);
    }
    if (rc == 0)
        rc = store_erase_carry_out(s, request, &erased, &f->e);
    store_close(s);
    return rc;
}

/* What is erased meanwhile by somebody else makes nothing look damaged that lives. */
static void test_beside_an_erasure(void **state)
{
    struct fixture *f = *state;
    struct stopping context = {.f = f};
    struct store_watch watch = {.finding = keep_line, .context = &context};
    fill(f);
    for (unsigned journal = 0; journal < 2; journal++) {
        if (journal == 1)
            fixture_remove(f, "index");
        int go[2], status = -1;
        char byte = 0;
        assert_int_equal(pipe(go), 0);
        const pid_t other = fork(); /* first: SQLite in one process would know of both */
        if (other == 0)
            _exit(read(go[0], &byte, 1) == 1 && erase_first(f) == 0 ? 0 : 1);
        struct store *s = fixture_open(f, STORE_CHECK);
        assert_int_equal(write(go[1], &byte, 1), 1);
        assert_true(other > 0 && waitpid(other, &status, 0) == other && status == 0);
        assert_true(close(go[0]) == 0 && close(go[1]) == 0);
        buf_clear(&f->lines);
        assert_int_equal(store_audit(s, true, 0, &watch, &f->audited, &f->e), ERR_BUSY);
        assert_int_equal(f->lines.n, 0);
        struct store_verified seen;
        assert_int_equal(store_verify(s, &watch, &seen, &f->e), ERR_BUSY);
        if (seen.findings > 0)
            fail_msg("%s", buf_text(&f->lines));
        store_close(s);
    }
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_items_are_named),
        FIXTURE_TEST(test_items_by_the_journal),
        FIXTURE_TEST(test_any_page_of_the_index),
        FIXTURE_TEST(test_any_number_of_threads),
        FIXTURE_TEST(test_large_items_together),
        FIXTURE_TEST(test_stopped),
        FIXTURE_TEST(test_stopped_among_large_items),
        FIXTURE_TEST(test_beside_an_erasure),
    };
    return FIXTURE_RUN(tests);
}
