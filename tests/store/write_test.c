#include "fixture.h"
#include "../base/thorough.h"

/* ---- what ends at any moment ---- */

static const struct thing bundle[] = {{"bundle", 'd', 0, 0},
                                      {"bundle/a.txt", 't', 5000, 10},
                                      {"bundle/b.bin", 'r', 70000, 11},
                                      {"bundle/a again.txt", 't', 5000, 10},
                                      {"bundle/link", 'l', 0, 0}};
static const struct thing filling[] = {{"full/1.bin", 'r', 400000, 20}, {"full/2.bin", 'r', 500000, 21},
                                       {"full/3.bin", 'r', 300000, 22}};

static int act_note(struct store *s, struct err *e)
{
    return fixture_note(s, "what the witness said", e);
}

/* With all that follows from it, as a closing brings it about too. */
static int act_note_through(struct store *s, struct err *e)
{
    int rc = act_note(s, e);
    if (rc == 0)
        (void)store_ledger(s);
    return rc;
}

static int act_intake(struct store *s, struct err *e)
{
    return fixture_intake(s, "a giver", bundle, COUNT(bundle), e);
}

/* Seals a pack: copy b of it is removed, and the next one begins. */
static int act_seal(struct store *s, struct err *e)
{
    return fixture_intake(s, NULL, filling, COUNT(filling), e);
}

static int act_set_aside(struct store *s, struct err *e)
{
    return fixture_set_aside(s, 1, e);
}

/*
 * The process ends at each of the effects of an act, from its opening on.  What the next opening finds is the record or
 * its absence, never less than what was promised; everything verifies; and the act can be done again.
 */
static void end_anywhere(struct fixture *f, int (*act)(struct store *s, struct err *e), unsigned step, unsigned *ret)
{
    fixture_keep(f, "before");
    struct ledger_position before = fixture_where(f, STORE_PUBLIC);
    unsigned done = 0, lost = 0, at = 1;
    for (int rc = -1; rc != 0; at += every(1, step)) {
        fixture_back(f, "before");
        struct store *s = fixture_open(f, STORE_WRITE);
        fixture_die_at(at);
        rc = act(s, &f->e);
        if (rc != 0) /* nothing further is written by this process, on whatever grounds */
            assert_int_equal(fixture_note(s, "later", &f->e), ERR_IO);
        store_close(s);
        bool ended = fixture_effects() >= at; /* what a single statement leaves to be done is done by then */
        fixture_calm();
        struct ledger_position after = fixture_where(f, STORE_WRITE);
        if (after.records == before.records)
            lost++;
        else
            assert_int_equal(after.records, before.records + 1);
        assert_true(rc != 0 || after.records == before.records + 1);
        done += rc == 0 && ended; /* committed, and what follows from it was cut off */
        fixture_whole(f);
        if (rc == 0 && !ended)
            break;
        rc = -1;
        if (after.records == before.records) {
            s = fixture_open(f, STORE_WRITE);
            if (act(s, &f->e) != 0)
                fail_msg("%s", f->e.text);
            store_close(s);
        }
        assert_int_equal(fixture_where(f, STORE_READ).records, before.records + 1);
    }
    assert_true(lost > 0 && done > 0);
    *ret = at;
}

static void test_note_ends_anywhere(void **state)
{
    unsigned effects;
    fixture_fill(*state);
    end_anywhere(*state, act_note, 2, &effects);
    assert_true(effects > 20);
}

static void test_intake_ends_anywhere(void **state)
{
    unsigned effects;
    end_anywhere(*state, act_intake, 3, &effects);
}

static void test_sealing_ends_anywhere(void **state)
{
    unsigned effects;
    fixture_fill(*state);
    end_anywhere(*state, act_seal, 9, &effects);
}

static void test_set_aside_ends_anywhere(void **state)
{
    unsigned effects;
    fixture_fill(*state);
    end_anywhere(*state, act_set_aside, 7, &effects);
}

/* ---- one sync that fails ---- */

static void journals(const struct fixture *f, struct hash ret[2])
{
    OWN(buf_drop) struct buf b = {0};
    for (int copy = 0; copy < 2; copy++) {
        fixture_get(f, copy == 0 ? "a/journal" : "b/journal", &b);
        crypt_sha256(buf_bytes(&b), &ret[copy]);
    }
}

/*
 * The disk takes everything again after the one failure, and yet nothing more is written by this process: what the
 * kernel dropped cannot be known.  What was called committed stands; what failed before the commit was not.
 */
static void one_sync_fails(struct fixture *f, int (*act)(struct store *s, struct err *e))
{
    unsigned before_commit = 0, after_commit = 0;
    fixture_keep(f, "before");
    struct ledger_position before = fixture_where(f, STORE_PUBLIC);
    for (unsigned sync = 1;; sync++) {
        struct hash left[2], later[2];
        fixture_back(f, "before");
        struct store *s = fixture_open(f, STORE_WRITE);
        buf_clear(&f->told);
        fixture_fail_sync(sync);
        int rc = act(s, &f->e);
        bool failed = fixture_syncs() >= sync;
        if (!failed) {
            store_close(s);
            break;
        }
        size_t n = strlen(fixture_failed());
        if (rc == 0 && n > 6 && strcmp(fixture_failed() + n - 6, "/index") == 0) {
            fixture_told_nothing(f); /* SQLite does not look at this one, and all that lies there is derived */
            store_close(s);
            continue;
        }
        if (rc == 0)
            fixture_told(f, "it is committed; what is derived from it");
        else
            assert_int_equal(rc, ERR_IO);
        before_commit += rc != 0;
        after_commit += rc == 0;
        journals(f, left);
        for (int i = 0; i < 3; i++)
            assert_int_equal(fixture_note(s, "no more", &f->e), ERR_IO);
        assert_int_equal(act(s, &f->e), ERR_IO);
        journals(f, later);
        assert_memory_equal(left, later, sizeof left);
        store_close(s);
        fixture_calm();
        uint64_t records = fixture_where(f, STORE_WRITE).records;
        assert_true(records == before.records || records == before.records + 1);
        assert_true(rc != 0 || records == before.records + 1);
        fixture_whole(f);
    }
    assert_true(before_commit > 2 && after_commit > 2);
}

static void test_failed_sync_ends_all_writing(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    one_sync_fails(f, act_note_through);
}

static void test_failed_sync_of_bytes_ends_all_writing(void **state)
{
    one_sync_fails(*state, act_intake);
}

/* ---- anything, in any order, ended at any moment ---- */

enum { STEPS = 45, DEPOSITS = 100 };

struct model {
    unsigned notes, deposits, items;
    uint64_t bytes;
    bool aside[DEPOSITS + 1];
    unsigned aside_count;
    uint64_t records;
};

static struct thing random_things[4];
static char random_names[4][32];

static unsigned random_deposit(struct fixture *f, unsigned step)
{
    unsigned count = 1 + (unsigned)chance_below(&f->chance, COUNT(random_things));
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(random_names[i], sizeof random_names[i], "step %u/%u", step, i);
        random_things[i] = (struct thing){.name = random_names[i],
                                          .kind = "rt"[chance_below(&f->chance, 2)],
                                          .n = chance_below(&f->chance, 3) == 0 ? 80000 : 77,
                                          .seed = chance_below(&f->chance, 5)}; /* often the same */
    }
    return count;
}

static void model_step(struct fixture *f, struct store *s, struct model *m, unsigned step, bool dies)
{
    struct model next = *m;
    size_t what = chance_below(&f->chance, 4);
    unsigned count = 0;
    int rc;
    next.records++;
    if (what == 0 || (what == 1 && m->deposits == m->aside_count)) {
        next.notes++;
        rc = fixture_note(s, "a note", &f->e);
    } else if (what == 1) {
        unsigned receipt = 1;
        while (m->aside[receipt])
            receipt++;
        next.aside[receipt] = true;
        next.aside_count++;
        rc = fixture_set_aside(s, receipt, &f->e);
    } else {
        count = random_deposit(f, step);
        next.deposits++;
        next.items += count;
        for (unsigned i = 0; i < count; i++)
            next.bytes += random_things[i].n;
        rc = fixture_intake(s, step % 2 == 0 ? "a giver" : NULL, random_things, count, &f->e);
    }
    if (rc != 0 && !dies)
        fail_msg("%s", f->e.text);
    store_close(s);
    fixture_calm();
    struct ledger_position now = fixture_where(f, STORE_WRITE);
    if (rc == 0 || now.records == next.records)
        *m = next;
    assert_int_equal(now.records, m->records);
}

static void test_random_histories(void **state)
{
    struct fixture *f = *state;
    struct model m = {.records = fixture_where(f, STORE_PUBLIC).records};
    unsigned ended = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        struct store *s = fixture_open(f, STORE_WRITE);
        bool dies = chance_below(&f->chance, 3) == 0;
        if (dies)
            fixture_die_at(1 + (unsigned)chance_below(&f->chance, 90));
        ended += dies;
        model_step(f, s, &m, step, dies);
        struct index_sums sums = fixture_sums(f);
        assert_int_equal(sums.notes, m.notes);
        assert_int_equal(sums.deposits, m.deposits);
        assert_int_equal(sums.receipts, m.deposits);
        assert_int_equal(sums.open_deposits, 0);
        assert_int_equal(sums.items, m.items);
        assert_int_equal(sums.bytes, m.bytes);
        if (step % 9 == 8)
            fixture_whole(f);
    }
    assert_true(ended > 5 && m.notes > 2 && m.deposits > 5 && m.aside_count > 1);
    fixture_whole(f);
}

/* ---- several parts, and questions while the vault is at work ---- */

/* A callback may ask again. */
static int ask_again(void *context, const struct index_deposit *d, struct err *e)
{
    struct index_sums sums;
    return index_sums(context, &sums, e);
}

static void test_questions_while_the_vault_works(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(store_held_drop) struct store_held *held = NULL;
    struct bytes paths[1] = {bytes_text("parts")};
    uint64_t deposit, seq = 0;
    struct statement open = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &open, &deposit, NULL, &f->e), 0);
    for (uint64_t part = 0; part < 4; part++) {
        for (unsigned i = 0; i < 6; i++) {
            /* From the second part on, their chunks are found through the index and the keyring. */
            struct thing t = {"parts/file", 't', 150000, i % 5};
            bool duplicate;
            struct index_sums sums;
            struct statement st;
            assert_int_equal(fixture_receive(s, &t, deposit, seq++, &duplicate, &f->e), 0);
            assert_int_equal(duplicate, part > 0 || i >= 5);
            assert_int_equal(index_sums(store_index(s), &sums, &f->e), 0);
            assert_int_equal(index_deposits(store_index(s), ask_again, store_index(s), &f->e), 0);
            assert_int_equal(store_statement(s, 2, &held, &st, &f->e), 0);
        }
        struct statement end = {.kind = STATEMENT_PART, .at_unix_s = 2, .part = {.deposit = deposit, .part = part}};
        assert_int_equal(store_add(s, &end, NULL, NULL, &f->e), 0);
        if (store_commit(s, &f->e) != 0 || store_draft_begin(s, &f->e) != 0)
            fail_msg("%s", f->e.text);
    }
    uint64_t stored = fixture_size(f, "vault/000/000000.pack");
    assert_true(stored < 6 * 150000); /* five contents, each once */
    store_close(TAKE(s));
    assert_int_equal(fixture_sums(f).open_deposits, 1); /* a state, not a failure */
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_note_ends_anywhere),
        FIXTURE_TEST(test_intake_ends_anywhere),
        FIXTURE_TEST(test_sealing_ends_anywhere),
        FIXTURE_TEST(test_set_aside_ends_anywhere),
        FIXTURE_TEST(test_failed_sync_ends_all_writing),
        FIXTURE_TEST(test_failed_sync_of_bytes_ends_all_writing),
        FIXTURE_TEST(test_random_histories),
        FIXTURE_TEST(test_questions_while_the_vault_works),
    };
    return FIXTURE_RUN(tests);
}
