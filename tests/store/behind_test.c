/*
 * Parts whose log and index follow while the next is drafted, and single statements whose segments, log and state
 * follow when there are many of them: what is asked meanwhile, what fails, where it ends.
 */
#include "fixture.h"
#include "../base/thorough.h"

#include <signal.h>
#include <sys/wait.h>

enum { EACH = 8 }; /* files of a part */

struct parts {
    struct store *s;
    uint64_t deposit, seq;
};

static uint64_t begin(struct fixture *f, struct parts *p)
{
    struct statement st = {.kind = STATEMENT_DEPOSIT, .at_unix_s = 5, .deposit = {.giver = "a giver"}};
    *p = (struct parts){.s = fixture_open(f, STORE_WRITE)};
    assert_int_equal(store_draft_begin(p->s, &f->e), 0);
    assert_int_equal(store_add(p->s, &st, &p->deposit, NULL, &f->e), 0);
    return p->deposit;
}

/* Files whose bytes come from their ${seed}; *ret_duplicates of them were known. */
static int receive(struct fixture *f, struct parts *p, char kind, uint64_t seed, size_t *ret_duplicates)
{
    int rc = 0;
    *ret_duplicates = 0;
    for (uint64_t i = 0; rc == 0 && i < EACH; i++) {
        char name[40];
        bool duplicate = false;
        (void)snprintf(name, sizeof name, "bundle/%llu", (unsigned long long)p->seq);
        struct thing t = {name, kind, kind == 'r' ? 700000 : 3000 + i, seed + i};
        rc = fixture_receive(p->s, &t, p->deposit, p->seq, &duplicate, &f->e);
        p->seq += rc == 0;
        *ret_duplicates += duplicate;
    }
    return rc;
}

static int end_part(struct fixture *f, struct parts *p, uint64_t part)
{
    struct statement st = {
        .kind = STATEMENT_PART, .at_unix_s = 6, .part = {.deposit = p->deposit, .part = part}};
    int rc = store_add(p->s, &st, NULL, NULL, &f->e);
    if (rc == 0)
        rc = store_commit_part(p->s, &f->e);
    return rc == 0 ? store_draft_begin(p->s, &f->e) : rc;
}

/* Duplicates, frames and holders are found in a part before the index knows them, and every rule holds on. */
static void test_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct parts p;
    size_t duplicates = 0;
    uint64_t stored[4];
    struct store_facts facts;
    (void)begin(f, &p);
    for (uint64_t part = 0; part < 4; part++) {
        assert_int_equal(receive(f, &p, part < 2 ? 'r' : 't', part < 2 ? 100 : 300, &duplicates), 0);
        assert_int_equal(duplicates, part % 2 == 0 ? 0 : EACH);
        assert_int_equal(end_part(f, &p, part), 0);
        stored[part] = fixture_size(f, "vault/000/000000.pack");
    }
    assert_true(stored[1] - stored[0] < 200000); /* manifests, and no frame again */
    store_facts(p.s, &facts);
    assert_true(facts.position.records >= 5);
    struct statement early = {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = p.deposit, .number = 7}};
    assert_int_equal(store_add(p.s, &early, NULL, NULL, &f->e), ERR_REFUSED);
    struct statement other = {.kind = STATEMENT_PART, .part = {.deposit = p.deposit + 1}};
    assert_int_equal(store_add(p.s, &other, NULL, NULL, &f->e), ERR_REFUSED);
    struct index_sums sums;
    assert_int_equal(index_sums(store_index(p.s), &sums, &f->e), 0);
    assert_int_equal(sums.items, 4 * EACH);
    assert_int_equal(sums.open_deposits, 1);
    store_close(p.s);
    fixture_told_nothing(f);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    assert_int_equal(fixture_audit(f, true), 0);
    fixture_whole(f);
}

/* Closed at any moment of it, the part stands. */
static void test_closed_at_once(void **state)
{
    struct fixture *f = *state;
    for (uint64_t round = 0; round < 5; round++) {
        struct parts p;
        size_t duplicates = 0;
        (void)begin(f, &p);
        assert_int_equal(receive(f, &p, 't', 1000 * round, &duplicates), 0);
        assert_int_equal(end_part(f, &p, 0), 0);
        assert_int_equal(receive(f, &p, 't', 1000 * round + 500, &duplicates), 0);
        store_close(p.s);
    }
    fixture_whole(f);
    assert_int_equal(fixture_sums(f).items, 5 * EACH);
}

/* A disk that fails from some effect on: what was committed stands, and opens. */
static void test_ends_anywhere(void **state)
{
    struct fixture *f = *state;
    fixture_keep(f, "before");
    for (unsigned effect = 1;; effect += every(7, 11)) {
        struct parts p;
        size_t duplicates = 0;
        (void)begin(f, &p);
        fixture_calm();
        fixture_die_at(effect);
        int rc = receive(f, &p, 't', 40, &duplicates);
        for (uint64_t part = 0; rc == 0 && part < 2; part++) {
            rc = end_part(f, &p, part);
            if (rc == 0)
                rc = receive(f, &p, 't', 50 * (part + 2), &duplicates);
        }
        if (rc == 0)
            rc = end_part(f, &p, 2);
        store_close(p.s);
        bool all = rc == 0 && fixture_effects() < effect;
        fixture_calm();
        fixture_whole(f);
        assert_int_equal(fixture_sums(f).items % EACH, 0);
        fixture_back(f, "before");
        if (all)
            break;
    }
}

/* ---- single statements, whose segments, public log and outside state are owed ---- */

static void notes_add(struct fixture *f, struct store *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(fixture_note(s, "one of many", &f->e), 0);
}

static struct store_state outside(struct fixture *f)
{
    struct store_state st;
    assert_int_equal(store_state_read(f->state_file.s, &f->pin, &f->id.state, &st, &f->e), 0);
    return st;
}

static void assert_through(struct fixture *f, struct store *s)
{
    struct store_facts facts;
    store_facts(s, &facts);
    struct store_state st = outside(f);
    assert_memory_equal(&st.committed, &facts.position, sizeof st.committed);
    assert_false(st.has_pending);
    assert_true(ledger_shown(s->ledger));
    assert_int_equal(s->owed, 0);
}

/* Every statement of the log opens, in order, and has been seen by the index. */
static void read_all(struct fixture *f, struct store *s)
{
    struct store_facts facts;
    OWN(store_held_drop) struct store_held *held = NULL;
    store_facts(s, &facts);
    for (uint64_t leaf = 0; leaf < facts.position.leaves; leaf++) {
        struct statement st;
        if (store_statement(s, leaf, &held, &st, &f->e) != 0)
            fail_msg("leaf %llu: %s", (unsigned long long)leaf, f->e.text);
    }
}

/* One sync of each journal, and no other; but for the first, which is noted outside, and the last that may be owed. */
static void test_single_statement_costs_two_syncs(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    for (int round = 0; round < 2; round++)
        for (unsigned n = 1; n <= LEDGER_BEHIND_MAX; n++) {
            fixture_calm();
            notes_add(f, s, 1);
            if (n == 1)
                assert_in_range(fixture_syncs(), 4, 6); /* SQLite may begin its own journal */
            else if (n < LEDGER_BEHIND_MAX)
                assert_int_equal(fixture_syncs(), 2);
            else
                assert_true(fixture_syncs() > 6);
            assert_int_equal(s->owed, n % LEDGER_BEHIND_MAX);
        }
    assert_through(f, s);
    fixture_told_nothing(f);
}

/* Draft of ${count} notes in one record. */
static int say_many(struct fixture *f, struct store *s, unsigned count)
{
    int rc = store_draft_begin(s, &f->e);
    for (unsigned i = 0; rc == 0 && i < count; i++) {
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {"one of many in a record"}};
        rc = store_add(s, &st, NULL, NULL, &f->e);
    }
    return rc == 0 ? store_commit(s, &f->e) : rc;
}

/* What says something in public, gives a receipt or has many leaves leaves nothing behind, whatever was owed before. */
static void test_what_does_not_wait(void **state)
{
    struct fixture *f = *state;
    const struct thing one = {"a file", 't', 100, 1};
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    notes_add(f, s, 3);
    assert_int_equal(s->owed, 3);
    assert_true(outside(f).has_pending);
    assert_int_equal(fixture_intake(s, "a giver", &one, 1, &f->e), 0);
    assert_through(f, s);
    notes_add(f, s, 1);
    assert_int_equal(say_many(f, s, STORE_OWED_LEAVES - 1), 0);
    assert_int_equal(s->owed, 2); /* together as many as may be */
    assert_int_equal(say_many(f, s, 1), 0);
    assert_through(f, s);
    assert_int_equal(say_many(f, s, STORE_OWED_LEAVES + 1), 0);
    assert_through(f, s);
    notes_add(f, s, 1);
    (void)store_ledger(s); /* proofs are asked of the tiles */
    assert_through(f, s);
    notes_add(f, s, 1);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0); /* nothing more to say: then all is to be through */
    assert_through(f, s);
    notes_add(f, s, 2);
    store_close(TAKE(s));
    s = fixture_open(f, STORE_WRITE);
    assert_through(f, s);
    fixture_told_nothing(f);
}

/* Readers and checks beside a writer that owes, and after it has ended: here, by an older state, and by none. */
static void test_owed_and_never_paid(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_copy(f, "state", "kept-founded/older");
    const unsigned owed[] = {1, LEDGER_BEHIND_MAX - 1};
    for (size_t i = 0; i < COUNT(owed); i++) {
        struct store *s = fixture_open(f, STORE_WRITE);
        notes_add(f, s, owed[i]);
        read_all(f, s);
        struct store *reader = fixture_open(f, STORE_READ);
        read_all(f, reader);
        store_close(reader);
        if (fixture_verify(f, STORE_CHECK) != 0)
            fail_msg("%s %s", f->e.text, buf_text(&f->lines));
        fixture_keep(f, "owed");
        store_close(s);
        for (int outside_state = 0; outside_state < 3; outside_state++) {
            fixture_back(f, "owed");
            if (outside_state == 1)
                fixture_copy(f, "kept-founded/older", "state");
            else if (outside_state == 2)
                fixture_remove(f, "state");
            for (int manner = 0; manner < 2; manner++)
                if (fixture_verify(f, manner == 0 ? STORE_CHECK : STORE_PUBLIC) != 0)
                    fail_msg("%u, %d: %s %s", owed[i], outside_state, f->e.text, buf_text(&f->lines));
            reader = fixture_open(f, STORE_READ);
            read_all(f, reader);
            store_close(reader);
        }
        fixture_back(f, "owed");
        s = fixture_open(f, STORE_WRITE);
        assert_through(f, s);
        store_close(s);
        fixture_told_nothing(f);
        fixture_whole(f);
        fixture_back(f, "owed");
    }
    fixture_whole(f);
}

/* A segment that is shorter than what is owed explains is damage, and so is one that holds something else. */
static void test_what_is_owed_excuses_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct file_path segment;
    char folder[64] = "a/keys/";
    hex_put(folder + strlen(folder), f->id.holdings[0].compartment, KEYRING_ID);
    fixture_fill(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    notes_add(f, s, 3);
    fixture_keep(f, "owed");
    store_close(s);
    fixture_back(f, "owed");
    fixture_first(f, folder, "segment-", &segment);
    for (int how = 0; how < 2; how++) {
        if (how == 0)
            fixture_cut(f, segment.s, 1);
        else
            fixture_flip(f, segment.s, -3);
        assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
        fixture_back(f, "owed");
    }
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
}

/* The process ends at any effect of many single statements: what was reported stands, and opens. */
static void test_singles_end_anywhere(void **state)
{
    struct fixture *f = *state;
    enum { NOTES = LEDGER_BEHIND_MAX + 1 };
    fixture_keep(f, "before");
    const uint64_t before = fixture_where(f, STORE_PUBLIC).records;
    for (unsigned effect = 3;; effect += every(23, 37)) {
        struct store *s = fixture_open(f, STORE_WRITE);
        unsigned reported = 0;
        fixture_calm();
        fixture_die_at(effect);
        while (reported < NOTES && fixture_note(s, "one of many", &f->e) == 0)
            reported++;
        store_close(s);
        bool all = fixture_effects() < effect;
        fixture_calm();
        buf_clear(&f->told);
        if (fixture_verify(f, STORE_CHECK) != 0)
            fail_msg("effect %u: %s %s", effect, f->e.text, buf_text(&f->lines));
        uint64_t records = fixture_where(f, STORE_WRITE).records - before;
        assert_true(records == reported || records == reported + 1);
        s = fixture_open(f, STORE_WRITE);
        read_all(f, s);
        assert_through(f, s);
        store_close(s);
        if (all)
            fixture_whole(f);
        fixture_back(f, "before");
        if (all)
            break;
    }
}

/* ---- parts that bring no bytes: logged, too, while the next is drafted ---- */

/* Few that owe all but the index until the end; and one more than may owe anything. */
static const struct sayings {
    unsigned count, notes;
} few_parts = {4, 40}, many_parts = {LEDGER_BEHIND_MAX + 1, 1};

static int say_part(struct store *s, unsigned notes, struct err *e)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < notes; i++) {
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {"one of a part"}};
        rc = store_add(s, &st, NULL, NULL, e);
    }
    return rc == 0 ? store_commit_part(s, e) : rc;
}

/* ${ret_parts}: how many were said to be committed, or on their way; *ret_all: and that they are through. */
static void say_parts(struct fixture *f, struct store *s, struct sayings p, unsigned *ret_parts, bool *ret_all)
{
    int rc = store_draft_begin(s, &f->e);
    for (*ret_parts = 0; rc == 0 && *ret_parts < p.count;) {
        rc = say_part(s, p.notes, &f->e);
        *ret_parts += rc == 0;
        if (rc == 0)
            rc = store_draft_begin(s, &f->e);
    }
    *ret_all = rc == 0 && store_commit(s, &f->e) == 0; /* of an empty draft */
}

static void test_parts_without_bytes(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    const uint64_t before = fixture_where(f, STORE_PUBLIC).records;
    unsigned parts;
    bool all;
    say_parts(f, s, few_parts, &parts, &all);
    assert_true(all && parts == few_parts.count);
    assert_through(f, s);
    read_all(f, s);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    fixture_note(s, "a last one, that is owed", &f->e);
    say_parts(f, s, many_parts, &parts, &all);
    assert_true(all && parts == many_parts.count);
    assert_through(f, s);
    store_close(TAKE(s));
    assert_int_equal(fixture_where(f, STORE_PUBLIC).records, before + few_parts.count + many_parts.count + 1);
    fixture_told_nothing(f);
    fixture_whole(f);
}

/* What parts owe, up to as many leaves as they may, and by one more nothing; as by the last record that may. */
static void test_parts_owe_so_much(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    const struct {
        unsigned notes, owed;
    } parts[] = {{2731, 2731}, {2731, 5462}, {2730, STORE_OWED_BY_PARTS}, {1, 0}, {STORE_OWED_BY_PARTS + 1, 0},
                 {STORE_OWED_BY_PARTS, STORE_OWED_BY_PARTS}};
    for (size_t i = 0; i < COUNT(parts); i++) {
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        assert_int_equal(say_part(s, parts[i].notes, &f->e), 0);
        store_behind_wait(s);
        assert_int_equal(s->owed_leaves, parts[i].owed);
        assert_int_equal(ledger_shown(s->ledger), parts[i].owed == 0);
    }
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    assert_through(f, s);
    for (unsigned i = 1; i <= LEDGER_BEHIND_MAX; i++) {
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        assert_int_equal(say_part(s, 1, &f->e), 0);
        store_behind_wait(s);
        assert_int_equal(s->owed, i % LEDGER_BEHIND_MAX);
    }
    assert_true(ledger_shown(s->ledger));
    store_close(TAKE(s));
    fixture_whole(f);
}

/* Whatever is asked first waits for what is behind, and does not read what that writes. */
static void ask(struct fixture *f, struct store *s, unsigned round, uint64_t leaf)
{
    OWN(store_waiting_release) struct store_waiting waiting = {0};
    struct store_facts facts;
    struct store_packs_end end;
    struct hash commitment;
    bool erased = true;
    switch (round) {
    case 0:
        store_facts(s, &facts);
        assert_int_equal(facts.position.leaves, leaf + 1);
        break;
    case 1: assert_int_equal(store_commitment(s, leaf, &commitment, &f->e), 0); break;
    case 2: assert_int_equal(store_packs_end(s, 0, &end, &f->e), 0); break;
    case 3: assert_int_equal(store_is_erased(s, leaf, &erased, &f->e), 0); break;
    case 4:
        waiting.list = calloc(1, sizeof *waiting.list);
        waiting.count = waiting.room = 1;
        store_spool_name(&(struct store_spool_of){{7}}, waiting.list[0].name);
        assert_int_equal(store_waiting_mark(s, &waiting, &f->e), 0);
        assert_false(waiting.list[0].logged);
        break;
    default: break;
    }
}

/* Asked for anything meanwhile, what is asked is told of a log that has the part. */
static void test_asked_meanwhile(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    for (unsigned round = 0; round < 5; round++) {
        uint64_t leaf = 0;
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {"asked for at once"}};
        OWN(store_held_drop) struct store_held *held = NULL;
        struct statement got;
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        assert_int_equal(store_add(s, &st, &leaf, NULL, &f->e), 0);
        assert_int_equal(store_commit_part(s, &f->e), 0);
        ask(f, s, round, leaf);
        assert_int_equal(store_statement(s, leaf, &held, &got, &f->e), 0);
        assert_string_equal(got.note.text, st.note.text);
    }
    store_close(TAKE(s));
    fixture_whole(f);
}

/* The process ends at any effect: what store_commit said is there, each part is there whole or not at all, in order. */
static void parts_end_anywhere(struct fixture *f, struct sayings p, unsigned step)
{
    const uint64_t before = fixture_where(f, STORE_PUBLIC).records;
    for (unsigned effect = 1;; effect += step) {
        struct store *s = fixture_open(f, STORE_WRITE);
        unsigned parts;
        bool all;
        fixture_calm();
        fixture_die_at(effect);
        say_parts(f, s, p, &parts, &all);
        store_close(s);
        bool done = fixture_effects() < effect;
        fixture_calm();
        buf_clear(&f->told);
        assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
        uint64_t records = fixture_where(f, STORE_WRITE).records - before;
        assert_true(all ? records == p.count : records <= parts + 1 && records + 1 >= parts);
        assert_true(!done || all);
        s = fixture_open(f, STORE_WRITE);
        read_all(f, s);
        assert_through(f, s);
        store_close(s);
        fixture_back(f, "before");
        if (done)
            break;
    }
}

static void test_parts_without_bytes_end_anywhere(void **state)
{
    struct fixture *f = *state;
    fixture_keep(f, "before");
    parts_end_anywhere(f, few_parts, every(5, 9));
    parts_end_anywhere(f, many_parts, every(7, 31));
}

/* Parts that owe, then an index that the disk had forgotten; who brings it up ends anywhere: no copy is damaged. */
static void test_index_behind_what_is_owed(void **state)
{
    enum { INDEX_OLDER, INDEX_GONE, INDEXES };
    struct fixture *f = *state;
    const struct sayings parts = {12, 5};
    fixture_copy(f, "index", "kept-founded/older-index");
    const uint64_t before = fixture_where(f, STORE_PUBLIC).records;
    struct store *s = fixture_open(f, STORE_WRITE);
    for (unsigned i = 0; i < parts.count; i++) {
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        assert_int_equal(say_part(s, parts.notes, &f->e), 0);
    }
    store_behind_wait(s);
    fixture_keep(f, "owed");
    store_close(s);
    for (int how = 0; how < 2 * INDEXES; how++) {
        bool all = false;
        for (unsigned effect = 1; !all; effect += every(7, 41)) {
            fixture_back(f, "owed");
            if (how % INDEXES == INDEX_OLDER)
                fixture_copy(f, "kept-founded/older-index", "index");
            else
                fixture_remove(f, "index");
            fixture_calm();
            fixture_die_at(effect);
            (void)fixture_try(f, how < INDEXES ? STORE_READ : STORE_WRITE);
            all = fixture_effects() < effect;
            fixture_calm();
            buf_clear(&f->told);
            if (fixture_verify(f, STORE_CHECK) != 0)
                fail_msg("%d, effect %u: %s %s", how, effect, f->e.text, buf_text(&f->lines));
            s = fixture_open(f, STORE_WRITE);
            read_all(f, s);
            assert_through(f, s);
            store_close(s);
            assert_int_equal(fixture_where(f, STORE_PUBLIC).records, before + parts.count);
        }
    }
}

/* A process that says parts, of which it owes all but the index, until it is told to end, or for good. */
static pid_t writer_beside(struct fixture *f, struct sayings parts, int ready, int go)
{
    char c = 0;
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct store *s = fixture_open(f, STORE_WRITE);
    for (unsigned i = 0; i < parts.count; i++)
        if (store_draft_begin(s, &f->e) != 0 || say_part(s, parts.notes, &f->e) != 0)
            _exit(1);
    store_behind_wait(s);
    if (write(ready, &c, 1) != 1 || read(go, &c, 1) != 1)
        _exit(1);
    usleep((useconds_t)(chance_below(&f->chance, 60) * 1000));
    store_close(s);
    _exit(0);
}

/* Who verifies while what is owed is brought up sees no damage. */
static void test_verified_meanwhile(void **state)
{
    struct fixture *f = *state;
    const struct sayings parts = {LEDGER_BEHIND_MAX - 1, 100};
    fixture_keep(f, "before");
    for (unsigned round = 0; round < every(40, 3); round++) {
        int go[2], ready[2], status;
        char c = 0;
        assert_true(pipe(go) == 0 && pipe(ready) == 0);
        (void)chance_u64(&f->chance);
        pid_t writer = writer_beside(f, parts, ready[1], go[0]);
        assert_true(read(ready[0], &c, 1) == 1 && write(go[1], &c, 1) == 1);
        int rc = fixture_verify(f, round % 2 == 0 ? STORE_CHECK : STORE_PUBLIC);
        if (rc != 0 && rc != ERR_BUSY)
            fail_msg("round %u: %s %s", round, f->e.text, buf_text(&f->lines));
        assert_int_equal(waitpid(writer, &status, 0), writer);
        assert_int_equal(status, 0);
        for (int i = 0; i < 2; i++)
            assert_true(close(go[i]) == 0 && close(ready[i]) == 0);
        fixture_back(f, "before");
    }
}

/* The newest of what the index knows, each opened. */
static void read_newest(struct fixture *f, struct store *s, uint64_t first)
{
    struct index_position at;
    assert_int_equal(index_where(store_index(s), &at, &f->e), 0);
    for (uint64_t leaf = at.leaves; leaf > first && leaf + 45 > at.leaves; leaf--) {
        OWN(store_held_drop) struct store_held *held = NULL;
        struct statement st;
        if (store_statement(s, leaf - 1, &held, &st, &f->e) != 0)
            fail_msg("leaf %llu of %llu: %s", (unsigned long long)leaf - 1, (unsigned long long)at.leaves, f->e.text);
        if (st.kind == STATEMENT_NOTE) /* or what a new segment has the log say */
            assert_string_equal(st.note.text, "one of a part");
    }
}

/* Who reads beside a writer of many small parts is served, as of where the index stands. */
static void test_read_meanwhile(void **state)
{
    struct fixture *f = *state;
    const struct sayings parts = {UINT32_MAX, 20};
    int never[2], status;
    const uint64_t first = fixture_where(f, STORE_PUBLIC).leaves;
    assert_int_equal(pipe(never), 0);
    pid_t writer = writer_beside(f, parts, never[1], never[0]);
    usleep(300000);
    for (unsigned i = 0; i < every(200, 12); i++) {
        struct store *s = NULL;
        if (store_open(&f->place, STORE_READ, &s, &f->e) != 0)
            fail_msg("opened %u times: %s", i, f->e.text);
        read_newest(f, s, first);
        store_close(s);
        usleep(20000);
    }
    assert_true(kill(writer, SIGKILL) == 0 && waitpid(writer, &status, 0) == writer && WIFSIGNALED(status));
    assert_true(close(never[0]) == 0 && close(never[1]) == 0);
    buf_clear(&f->told);
    struct store *s = fixture_open(f, STORE_WRITE);
    read_all(f, s);
    assert_through(f, s);
    store_close(s);
}

/* A journal that cannot be synced: the commit behind the part says so, and nothing more is written. */
static void test_a_part_that_fails(void **state)
{
    struct fixture *f = *state;
    for (unsigned sync = 1; sync <= 8; sync++) {
        struct store *s = fixture_open(f, STORE_WRITE);
        unsigned parts;
        bool all;
        sync += sync == 6; /* of the index's folder: SQLite does not ask whether it was */
        fixture_calm();
        fixture_fail_sync(sync);
        say_parts(f, s, few_parts, &parts, &all);
        assert_false(all);
        assert_true(parts <= 1 || sync > 5);
        assert_int_equal(store_draft_begin(s, &f->e), ERR_IO);
        fixture_calm();
        store_close(s);
        buf_clear(&f->told);
        s = fixture_open(f, STORE_WRITE);
        read_all(f, s);
        store_close(s);
        buf_clear(&f->told);
    }
    fixture_whole(f);
}

/* Why it failed is said once: to whoever says more, or else when the repository is closed. */
static void test_why_a_part_failed(void **state)
{
    struct fixture *f = *state;
    static const char again[] = "an earlier write failed";
    for (int way = 0; way < 3; way++) {
        struct store *s = fixture_open(f, STORE_WRITE);
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {"of a part that fails"}};
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), 0);
        fixture_calm();
        fixture_fail_sync(3); /* behind the state's: a journal's */
        assert_int_equal(store_commit_part(s, &f->e), 0);
        if (way > 0)
            (void)store_index(s);
        if (way == 1) {
            assert_int_equal(store_draft_begin(s, &f->e), ERR_IO);
            assert_null(strstr(f->e.text, again));
        } else if (way == 2) {
            assert_int_equal(store_commit(s, &f->e), ERR_IO);
            assert_null(strstr(f->e.text, again));
            assert_int_equal(store_commit(s, &f->e), ERR_IO);
        }
        store_close(s);
        fixture_calm();
        if ((way == 0) != (f->told.n > 0))
            fail_msg("%d: %s", way, f->told.n > 0 ? buf_text(&f->told) : "nothing was told");
        assert_true(f->told.n == 0 || strstr(buf_text(&f->told), again) == NULL);
        buf_clear(&f->told);
        store_close(fixture_open(f, STORE_WRITE));
        buf_clear(&f->told);
    }
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_why_a_part_failed),
        FIXTURE_TEST(test_parts_without_bytes),
        FIXTURE_TEST(test_asked_meanwhile),
        FIXTURE_TEST(test_parts_owe_so_much),
        FIXTURE_TEST(test_parts_without_bytes_end_anywhere),
        FIXTURE_TEST(test_index_behind_what_is_owed),
        FIXTURE_TEST(test_verified_meanwhile),
        FIXTURE_TEST(test_read_meanwhile),
        FIXTURE_TEST(test_a_part_that_fails),
        FIXTURE_TEST(test_single_statement_costs_two_syncs),
        FIXTURE_TEST(test_what_does_not_wait),
        FIXTURE_TEST(test_owed_and_never_paid),
        FIXTURE_TEST(test_what_is_owed_excuses_nothing_else),
        FIXTURE_TEST(test_singles_end_anywhere),
        FIXTURE_TEST(test_meanwhile),
        FIXTURE_TEST(test_closed_at_once),
        FIXTURE_TEST(test_ends_anywhere),
    };
    return FIXTURE_RUN(tests);
}
