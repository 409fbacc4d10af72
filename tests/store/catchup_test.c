#include "fixture.h"

/* ---- the table of extents ---- */

static void test_extents_come_back(void **state)
{
    struct fixture *f = *state;
    struct vault_run runs[40];
    OWN(buf_drop) struct buf table = {0};
    for (size_t i = 0; i < COUNT(runs); i++)
        runs[i] = (struct vault_run){.pack = chance_u64(&f->chance),
                                     .first_sector = (uint32_t)chance_u64(&f->chance),
                                     .sectors = 1 + (uint32_t)chance_below(&f->chance, 1000)};
    store_extents_put(runs, COUNT(runs), &table);
    assert_int_equal(table.n, 4 + 16 * COUNT(runs));
    struct cursor c = cursor_of(buf_bytes(&table));
    uint32_t left = cursor_u32(&c);
    for (size_t i = 0; i < COUNT(runs); i++) {
        struct vault_run run;
        assert_int_equal(left, COUNT(runs) - i);
        assert_int_equal(store_extents_next(&c, &left, &run, NULL), 0);
        assert_int_equal(run.pack, runs[i].pack);
        assert_int_equal(run.first_sector, runs[i].first_sector);
        assert_int_equal(run.sectors, runs[i].sectors);
    }
    assert_int_equal(left, 0);
    assert_true(cursor_done(&c));
}

static void test_extents_are_strict(void **state)
{
    struct fixture *f = *state;
    struct vault_run run = {.pack = 1, .first_sector = 2, .sectors = 0}, ret;
    OWN(buf_drop) struct buf table = {0};
    store_extents_put(&run, 1, &table);
    struct cursor c = cursor_of(buf_bytes(&table));
    uint32_t left = cursor_u32(&c);
    fixture_says(f, store_extents_next(&c, &left, &ret, &f->e), ERR_DAMAGED, "pack extents", NULL);
    u32_put(table.p + 16, 3);
    for (size_t n = 4; n < table.n; n++) {
        c = cursor_of(bytes_of(table.p, n));
        left = cursor_u32(&c);
        assert_int_equal(store_extents_next(&c, &left, &ret, &f->e), ERR_DAMAGED);
    }
}

/* ---- the index is brought up, or made anew, to the same content ---- */

static void dump_of(struct fixture *f, enum store_manner manner, struct buf *to)
{
    OWN(store_drop) struct store *s = fixture_open(f, manner);
    fixture_dump(s, to);
}

enum harm { MISSING, EMPTY, CUT, HEAD, INNER, TAIL, FOREIGN_KEY, NO_FOLDER, HARMS };

static void do_harm(struct fixture *f, enum harm harm)
{
    OWN(index_drop) struct index *x = NULL;
    struct key other = {{9}};
    switch (harm) {
    case MISSING: fixture_remove(f, "index/main.db"); break;
    case EMPTY: fixture_put(f, "index/main.db", bytes_of("", 0)); break;
    case CUT: fixture_cut(f, "index/main.db", (int64_t)fixture_size(f, "index/main.db") / 2); break;
    case HEAD: fixture_flip(f, "index/main.db", 30); break;
    case INNER: fixture_flip(f, "index/main.db", (int64_t)fixture_size(f, "index/main.db") / 2); break;
    case TAIL: fixture_flip(f, "index/main.db", -2000); break;
    case FOREIGN_KEY:
        assert_int_equal(index_remove(&(struct index_place){f->root.s, "main"}, NULL), 0);
        assert_int_equal(index_open(&(struct index_place){f->root.s, "main"}, &other, INDEX_WRITE, &x, NULL), 0);
        break;
    default: fixture_remove(f, "index"); break;
    }
}

/* What lies in the -wal is in the database too once it was closed; without it, harm shows. */
static void settle_wal(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_reindex(s, NULL, &f->e), 0);
    store_close(s);
    fixture_remove(f, "index/main.db-wal");
    fixture_remove(f, "index/main.db-shm");
}

static void test_harmed_index_is_made_anew(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    fixture_fill(f);
    settle_wal(f);
    dump_of(f, STORE_READ, &before);
    fixture_keep(f, "good");
    for (int harm = 0; harm < HARMS; harm++)
        for (int manner = STORE_READ; manner <= STORE_WRITE; manner++) {
            fixture_back(f, "good");
            do_harm(f, (enum harm)harm);
            buf_clear(&f->told);
            OWN(store_drop) struct store *s = fixture_open(f, (enum store_manner)manner);
            /* A page that opening does not read is found by whoever asks for it, and reindexing heals it. */
            bool later = f->told.n == 0;
            if (later) {
                assert_true(harm == INNER || harm == TAIL);
                if (index_check(store_index(s), NULL) == 0)
                    continue; /* a free page */
                store_close(TAKE(s));
                s = fixture_open(f, STORE_WRITE);
                assert_int_equal(store_reindex(s, NULL, &f->e), 0);
            } else
                fixture_told(f, "rebuilding it from the ledger");
            fixture_dump(s, &after);
            assert_string_equal(buf_text(&before), buf_text(&after));
        }
}

/* Any bit of the index: opening, or at the latest a reindex, leads back to the same content. */
static void test_no_flipped_bit_is_a_dead_end(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    fixture_fill(f);
    fixture_keep(f, "good");
    dump_of(f, STORE_READ, &before);
    uint64_t size = fixture_size(f, "index/main.db"), wal = fixture_size(f, "index/main.db-wal");
    for (int round = 0; round < 40; round++) {
        fixture_back(f, "good");
        bool main = round % 2 == 0 || wal == 0;
        fixture_flip(f, main ? "index/main.db" : "index/main.db-wal",
                     (int64_t)chance_below(&f->chance, main ? size : wal));
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(store_reindex(s, NULL, &f->e), 0);
        fixture_dump(s, &after);
        assert_string_equal(buf_text(&before), buf_text(&after));
    }
}

static void test_index_behind_is_brought_up(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    fixture_copy(f, "index", "kept-founded/index");
    fixture_fill(f);
    dump_of(f, STORE_READ, &before);
    for (int manner = STORE_READ; manner <= STORE_WRITE; manner++) {
        fixture_copy(f, "kept-founded/index", "index");
        dump_of(f, (enum store_manner)manner, &after);
        fixture_told_nothing(f);
        assert_string_equal(buf_text(&before), buf_text(&after));
    }
}

/* The same number of records, of another history: nothing of it may stay. */
static void test_index_of_another_history(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    fixture_keep(f, "fork");
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "what was said", &f->e), 0);
    store_close(s);
    fixture_copy(f, "index", "kept-index-1");
    assert_int_equal(fixture_note(s = fixture_open(f, STORE_WRITE), "and more", &f->e), 0);
    store_close(s);
    fixture_copy(f, "index", "kept-index-2");
    fixture_back(f, "fork");
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "what was told", &f->e), 0);
    store_close(s);
    fixture_keep(f, "other");
    for (int ahead = 1; ahead <= 2; ahead++)
        for (int further = 0; further < 2; further++) {
            fixture_back(f, "other");
            s = fixture_open(f, STORE_WRITE);
            if (further)
                assert_int_equal(fixture_note(s, "later", &f->e), 0);
            fixture_dump(s, &before);
            store_close(s);
            fixture_copy(f, ahead == 1 ? "kept-index-1" : "kept-index-2", "index");
            dump_of(f, further ? STORE_WRITE : STORE_READ, &after);
            fixture_told(f, "rebuilding it from the ledger");
            assert_string_equal(buf_text(&before), buf_text(&after));
        }
}

/* ---- segments ---- */

static void test_segments_are_brought_up(void **state)
{
    struct fixture *f = *state;
    fixture_copy(f, "a/keys", "kept-founded/keys");
    fixture_copy(f, "index", "kept-founded/index");
    fixture_fill(f);
    for (int copies = 1; copies <= 3; copies++) {
        fixture_copy(f, "kept-founded/index", "index");
        if (copies & 1)
            fixture_copy(f, "kept-founded/keys", "a/keys");
        if (copies & 2)
            fixture_copy(f, "kept-founded/keys", "b/keys");
        assert_int_equal(fixture_try(f, STORE_READ), 0);
        fixture_whole(f);
        fixture_told_nothing(f);
    }
}

static void segment(struct fixture *f, char copy, struct file_path *to)
{
    struct file_path folder;
    char comp[2 * KEYRING_ID + 1];
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    assert_int_equal(file_path(&folder, NULL, "%c/keys/%s", copy, comp), 0);
    fixture_first(f, folder.s, "segment-", to);
}

/* One damaged copy of a segment stops nobody: it is told once, left as it is, and repaired when that is asked. */
static void test_damaged_segment_is_told_and_left(void **state)
{
    struct fixture *f = *state;
    struct file_path name;
    OWN(buf_drop) struct buf damaged = {0};
    OWN(buf_drop) struct buf after = {0};
    fixture_fill(f);
    fixture_keep(f, "good");
    for (int copy = 'a'; copy <= 'b'; copy++) {
        fixture_back(f, "good");
        segment(f, (char)copy, &name);
        fixture_flip(f, name.s, 65);
        fixture_get(f, name.s, &damaged);
        fixture_remove(f, "index");
        buf_clear(&f->told);
        struct store *s = fixture_open(f, STORE_WRITE);
        const char *first = strstr(buf_text(&f->told), "is damaged: run groundwork repair");
        assert_non_null(first);
        assert_null(strstr(first + 1, "is damaged: run groundwork repair"));
        buf_clear(&f->told);
        assert_int_equal(fixture_note(s, "goes on", &f->e), 0);
        assert_int_equal(fixture_note(s, "and on", &f->e), 0);
        (void)store_ledger(s); /* what is owed comes to the segments */
        fixture_told(f, "is damaged: run groundwork repair");
        store_close(s);
        fixture_get(f, name.s, &after);
        assert_true(bytes_equal(buf_bytes(&damaged), buf_bytes(&after)));
        assert_int_equal(fixture_verify(f, STORE_READ), ERR_DAMAGED);
        assert_int_equal(fixture_repair(f), 0);
        fixture_whole(f);
    }
}

/* ---- packs ---- */

struct counting {
    unsigned whole, lost;
    struct store *s;
};

static int count_whole(void *context, const struct index_item *item, struct err *e)
{
    struct counting *c = context;
    bool whole = store_get(c->s, item, NULL, NULL) == 0;
    c->whole += whole;
    c->lost += !whole;
    return 0;
}

/* A sealed pack is damaged or gone, and the index too: what lies elsewhere is had, and writing goes on. */
static void test_damaged_pack_and_no_index(void **state)
{
    struct fixture *f = *state;
    static const struct thing large[] = {{"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 300000, 21}};
    static const struct thing more[] = {{"c.bin", 'r', 300000, 22}, {"d.bin", 'r', 300000, 23}};
    static const struct thing last[] = {{"e.txt", 't', 3000, 24}};
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, NULL, large, COUNT(large), &f->e) != 0 ||
        fixture_intake(s, NULL, more, COUNT(more), &f->e) != 0 ||
        fixture_intake(s, NULL, last, COUNT(last), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    assert_int_equal(fixture_count(f, "vault/000", ""), 2);
    uint64_t sectors = fixture_size(f, "vault/000/000000.pack") / VAULT_SECTOR;
    fixture_keep(f, "good");
    for (uint64_t i = 0; i <= sectors; i += 3) {
        struct counting c = {0};
        fixture_back(f, "good");
        if (i + 3 > sectors)
            fixture_remove(f, "vault/000/000000.pack");
        else
            fixture_flip(f, "vault/000/000000.pack", (int64_t)(i * VAULT_SECTOR + 999));
        fixture_remove(f, "index");
        buf_clear(&f->told);
        s = fixture_open(f, STORE_WRITE);
        c.s = s;
        assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, count_whole, &c, &f->e), 0);
        assert_int_equal(c.whole + c.lost, 5);
        assert_true(c.whole >= 1); /* the one in the other pack */
        const struct thing again[] = {{"again/a.bin", 'r', 400000, 20}};
        assert_int_equal(fixture_intake(s, NULL, again, 1, &f->e), 0);
        store_close(s);
        assert_int_equal(fixture_audit(f, true), ERR_DAMAGED);
        /* The pack comes back from a backup: with a new index all is as if nothing had been. */
        fixture_copy(f, "kept-good/repo/vault/000/000000.pack", "vault/000/000000.pack");
        s = fixture_open(f, STORE_WRITE);
        assert_int_equal(store_reindex(s, NULL, &f->e), 0);
        store_close(s);
        fixture_whole(f);
    }
}

/* ---- a stop keeps what is done ---- */

static int stop_soon(void *context, uint64_t done, uint64_t all)
{
    unsigned *left = context;
    assert_true(done <= all);
    return (*left)-- == 0;
}

static void test_stopped_and_gone_on(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    fixture_fill(f);
    dump_of(f, STORE_READ, &before);
    for (unsigned stop = 0; stop < 8; stop++) {
        struct store *s = fixture_open(f, STORE_WRITE);
        unsigned left = stop;
        struct store_watch watch = {.progress = stop_soon, .context = &left};
        int rc = store_reindex(s, &watch, &f->e);
        if (stop < 6)
            fixture_says(f, rc, ERR_STOPPED, "what was done stays", NULL);
        store_close(s);
        buf_clear(&f->told);
        dump_of(f, STORE_READ, &after);
        fixture_told_nothing(f);
        assert_string_equal(buf_text(&before), buf_text(&after));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_extents_come_back),
        FIXTURE_TEST(test_extents_are_strict),
        FIXTURE_TEST(test_harmed_index_is_made_anew),
        FIXTURE_TEST(test_no_flipped_bit_is_a_dead_end),
        FIXTURE_TEST(test_index_behind_is_brought_up),
        FIXTURE_TEST(test_index_of_another_history),
        FIXTURE_TEST(test_segments_are_brought_up),
        FIXTURE_TEST(test_damaged_segment_is_told_and_left),
        FIXTURE_TEST(test_damaged_pack_and_no_index),
        FIXTURE_TEST(test_stopped_and_gone_on),
    };
    return FIXTURE_RUN(tests);
}
