#include "fixture.h"

/*
 * The table of crash states (FORMAT 3.4), every cell: what each copy holds, seen from `committed` (two records), times
 * what is pending.  The journal that could be has five records; a copy is described by what it has of each.
 */
enum { RECORDS = 5, COMMITTED = 2 };

enum piece { NONE, WHOLE, TORN, FLIPPED };
struct copy_kind {
    const char *name;
    enum piece piece[RECORDS]; /* pieces follow each other; NONE ends the file, TORN too */
    bool absent, bad_header, garbage, zeros;
};
static const struct copy_kind kinds[] = {
    {"at committed", {WHOLE, WHOLE}},
    {"one further", {WHOLE, WHOLE, WHOLE}},
    {"two further", {WHOLE, WHOLE, WHOLE, WHOLE}},
    {"torn tail", {WHOLE, WHOLE, TORN}},
    {"one further and a torn tail", {WHOLE, WHOLE, WHOLE, TORN}},
    {"garbage behind", {WHOLE, WHOLE}, .garbage = true},
    {"zeros behind", {WHOLE, WHOLE}, .zeros = true},
    {"short by a record", {WHOLE}},
    {"short inside a record", {WHOLE, TORN}},
    {"nothing but a header", {NONE}},
    {"bad committed record", {WHOLE, FLIPPED}},
    {"bad committed record, one further", {WHOLE, FLIPPED, WHOLE}},
    {"bad further record", {WHOLE, WHOLE, FLIPPED}},
    {"bad further record, another behind it", {WHOLE, WHOLE, FLIPPED, WHOLE}},
    {"absent", .absent = true},
    {"bad header", {WHOLE, WHOLE, WHOLE}, .bad_header = true},
};
enum pending { PENDING_NONE, PENDING_FIRST, PENDING_SECOND, PENDING_OTHER, PENDINGS };

struct journal {
    struct buf bytes[2];
    struct ledger_position at[RECORDS + 1];
};

static void journal_drop(struct journal *j)
{
    buf_drop(&j->bytes[0]);
    buf_drop(&j->bytes[1]);
}

static void journal_make(struct fixture *f, struct journal *j)
{
    struct ledger_opening opening;
    struct err e;
    *j = (struct journal){0};
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    for (unsigned i = 0; i < RECORDS; i++) {
        ledger_where(l, &j->at[i]);
        if (i == COMMITTED)
            assert_int_equal(ledger_publish(l, &e), 0);
        fixture_commit(l, 1 + i % 2, i % 3);
    }
    ledger_where(l, &j->at[RECORDS]);
    file_get(f, "a/journal", &j->bytes[0]);
    file_get(f, "b/journal", &j->bytes[1]);
}

static const char *name_of(int copy)
{
    return copy == 0 ? "a/journal" : "b/journal";
}

static void copy_write(const struct fixture *f, const struct journal *j, int copy, const struct copy_kind *k)
{
    OWN(buf_drop) struct buf b = {0};
    if (k->absent) {
        if (file_there(f, name_of(copy)))
            file_delete(f, name_of(copy));
        return;
    }
    buf_put(&b, j->bytes[copy].p, LEDGER_HEADER);
    for (unsigned i = 0; i < RECORDS && k->piece[i] != NONE; i++) {
        size_t begin = (size_t)j->at[i].bytes, n = (size_t)j->at[i + 1].bytes - begin;
        buf_put(&b, j->bytes[copy].p + begin, k->piece[i] == TORN ? n * 2 / 3 : n);
        if (k->piece[i] == FLIPPED)
            b.p[b.n - n / 2] ^= 0x10;
    }
    if (k->bad_header)
        b.p[25] ^= 1;
    for (unsigned i = 0; i < 200 && (k->garbage || k->zeros); i++)
        buf_put_u8(&b, k->zeros ? 0 : (uint8_t)(i * 37 + 11));
    file_put(f, name_of(copy), buf_bytes(&b));
}

/* The model: what the rule says, worked out from the description alone. */
struct expected {
    bool refused;
    unsigned records;
};

static struct expected expect(const struct copy_kind *a, const struct copy_kind *b)
{
    const struct copy_kind *const both[2] = {a, b};
    struct expected x = {.refused = true, .records = COMMITTED};
    for (int copy = 0; copy < 2; copy++)
        if (!both[copy]->absent && both[copy]->piece[COMMITTED - 1] == WHOLE)
            x.refused = false;
    while (x.records < RECORDS && (a->piece[x.records] == WHOLE || b->piece[x.records] == WHOLE))
        x.records++;
    for (unsigned i = x.records; i < RECORDS; i++)
        x.refused |= a->piece[i] == WHOLE || b->piece[i] == WHOLE;
    return x;
}

/* What is certain of the words about one copy. */
static enum ledger_copy_state state_expected(const struct copy_kind *k, unsigned records)
{
    unsigned whole = 0;
    while (whole < RECORDS && k->piece[whole] == WHOLE)
        whole++;
    bool more = k->garbage || k->zeros || (whole < RECORDS && k->piece[whole] != NONE);
    if (k->absent)
        return LEDGER_COPY_ABSENT;
    if (k->bad_header)
        return LEDGER_COPY_BAD;
    return more ? LEDGER_COPY_BAD_TAIL : whole < records ? LEDGER_COPY_SHORT : LEDGER_COPY_GOOD;
}

static void is_mended(struct fixture *f, const struct journal *j, unsigned records)
{
    OWN(buf_drop) struct buf b = {0};
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, name_of(copy), &b);
        assert_int_equal(b.n, j->at[records].bytes);
        assert_memory_equal(b.p, j->bytes[copy].p, b.n);
    }
}

/* Nothing of a tail that the other copy does not have may be lost. */
static void tail_is_kept(const struct fixture *f, const struct journal *j, int copy, const struct copy_kind *k,
                         const struct buf *before)
{
    if (!k->garbage && !k->zeros)
        return;
    char name[80];
    OWN(buf_drop) struct buf kept = {0};
    (void)snprintf(name, sizeof(name), "quarantine/journal-tail-%c-%llu", copy == 0 ? 'a' : 'b',
                   LLU(j->at[COMMITTED].bytes));
    if (!file_there(f, name)) {
        /* Neither copy was whole, so this one was written anew and the old file kept. */
        (void)snprintf(name, sizeof(name), "quarantine/journal-damaged-%c", copy == 0 ? 'a' : 'b');
        file_get(f, name, &kept);
        assert_true(bytes_equal(buf_bytes(&kept), buf_bytes(before)));
        return;
    }
    file_get(f, name, &kept);
    assert_int_equal(kept.n, before->n - j->at[COMMITTED].bytes);
    assert_memory_equal(kept.p, before->p + j->at[COMMITTED].bytes, kept.n);
}

static void goes_on(struct fixture *f, struct ledger *l, unsigned records)
{
    struct err e;
    struct ledger_position at;
    assert_int_equal(ledger_publish(l, &e), 0);
    fixture_commit(l, 2, 1);
    assert_int_equal(ledger_publish(l, &e), 0);
    ledger_where(l, &at);
    assert_int_equal(at.records, records + 1);
    if (fixture_check(f, &at) != 0)
        fail_msg("%s", buf_text(&f->lines));
}

static void cell(struct fixture *f, const struct journal *j, const struct copy_kind *a, const struct copy_kind *b,
                 enum pending pending)
{
    const struct copy_kind *const both[2] = {a, b};
    OWN(buf_drop) struct buf before_a = {0}, before_b = {0};
    struct buf *const before[2] = {&before_a, &before_b};
    struct err e;
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = NULL;
    const struct ledger_setup setup = fixture_setup_of(f, true);
    const struct hash other = {{1}};
    const struct hash *const hashes[PENDINGS] = {NULL, &j->at[COMMITTED + 1].last, &j->at[COMMITTED + 2].last, &other};
    const struct expected x = expect(a, b);
    for (int copy = 0; copy < 2; copy++) {
        copy_write(f, j, copy, both[copy]);
        if (!both[copy]->absent)
            file_get(f, name_of(copy), before[copy]);
    }
    int rc = ledger_open(&setup, &j->at[COMMITTED], hashes[pending], &l, &opening, &e);
    if (a->absent && b->absent) {
        assert_int_equal(rc, ERR_ABSENT);
        return;
    }
    if (x.refused != (rc != 0) || (rc != 0 && rc != ERR_DAMAGED))
        fail_msg("a: %s, b: %s, pending %d: %d %s", a->name, b->name, pending, rc, rc == 0 ? "" : e.text);
    if (rc != 0)
        return;
    if (opening.position.records != x.records || opening.committed_later != x.records - COMMITTED)
        fail_msg("a: %s, b: %s: %d records", a->name, b->name, (int)opening.position.records);
    assert_memory_equal(&opening.position, &j->at[x.records], sizeof(opening.position));
    assert_int_equal(opening.pending_found, (pending == PENDING_FIRST && x.records > COMMITTED) ||
                                                (pending == PENDING_SECOND && x.records > COMMITTED + 1));
    for (int copy = 0; copy < 2; copy++) {
        assert_int_equal(opening.copy[copy] == LEDGER_COPY_BAD_TAIL, opening.tail_bytes[copy] > 0);
        /* A copy whose own records lead nowhere may be called bad where the description says bad tail. */
        if (opening.copy[copy] != LEDGER_COPY_BAD)
            if (opening.copy[copy] != state_expected(both[copy], x.records))
                fail_msg("a: %s, b: %s: copy %d is %d", a->name, b->name, copy, opening.copy[copy]);
        if (!both[copy]->absent) {
            OWN(buf_drop) struct buf now = {0};
            file_get(f, name_of(copy), &now);
            assert_true(bytes_equal(buf_bytes(&now), buf_bytes(before[copy]))); /* opening writes nothing */
        }
    }
    buf_clear(&f->words);
    if (ledger_mend(l, &f->words, &e) != 0)
        fail_msg("a: %s, b: %s: %s", a->name, b->name, e.text);
    assert_int_equal(f->words.n == 0,
                     opening.copy[0] == LEDGER_COPY_GOOD && opening.copy[1] == LEDGER_COPY_GOOD);
    is_mended(f, j, x.records);
    tail_is_kept(f, j, 0, a, &before_a);
    tail_is_kept(f, j, 1, b, &before_b);
    goes_on(f, l, x.records);
}

/* log/ as it was at `committed`, so that each cell begins alike. */
static void cell_fresh(struct fixture *f, struct journal *j, const struct copy_kind *a, const struct copy_kind *b,
                       enum pending pending)
{
    fixture_again(f);
    journal_drop(j);
    journal_make(f, j);
    cell(f, j, a, b, pending);
}

static void every_crash_state_has_its_answer(void **state)
{
    struct journal j = {0};
    unsigned refused = 0;
    for (size_t a = 0; a < COUNT(kinds); a++)
        for (size_t b = 0; b < COUNT(kinds); b++)
            for (int pending = 0; pending < PENDINGS; pending++) {
                cell_fresh(*state, &j, &kinds[a], &kinds[b], (enum pending)pending);
                refused += expect(&kinds[a], &kinds[b]).refused;
            }
    assert_true(refused > 0);
    journal_drop(&j);
}

/* Without an outside state the journal's own end is taken. */
static void without_committed_the_own_end_counts(void **state)
{
    struct fixture *f = *state;
    struct journal j;
    struct err e;
    journal_make(f, &j);
    for (size_t a = 0; a < COUNT(kinds); a++)
        for (size_t b = 0; b < COUNT(kinds); b++) {
            OWN(ledger_drop) struct ledger *l = NULL;
            struct ledger_opening opening;
            const struct ledger_setup setup = fixture_setup_of(f, false);
            unsigned end = 0;
            const struct copy_kind *const both[2] = {&kinds[a], &kinds[b]};
            if (both[0]->absent && both[1]->absent)
                continue;
            for (int copy = 0; copy < 2; copy++) {
                copy_write(f, &j, copy, both[copy]);
                for (unsigned i = 0; i < RECORDS; i++)
                    if (!both[copy]->absent && both[copy]->piece[i] == WHOLE && i + 1 > end)
                        end = i + 1;
            }
            int rc = ledger_open(&setup, NULL, NULL, &l, &opening, &e);
            if (rc != 0)
                fail_msg("a: %s, b: %s: %s", both[0]->name, both[1]->name, e.text);
            assert_int_equal(opening.position.records, end);
            assert_int_equal(opening.committed_later, 0);
        }
    journal_drop(&j);
}

static int open_as(const struct fixture *f, const struct ledger_position *committed, struct err *e)
{
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = NULL;
    const struct ledger_setup setup = fixture_setup_of(f, true);
    return ledger_open(&setup, committed, NULL, &l, &opening, e);
}

static void an_older_copy_of_the_repository_is_called_that(void **state)
{
    struct fixture *f = *state;
    struct journal j;
    struct err e;
    journal_make(f, &j);
    copy_write(f, &j, 0, &kinds[0]);
    copy_write(f, &j, 1, &kinds[0]);
    assert_int_equal(open_as(f, &j.at[RECORDS], &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "older copy"));
    journal_drop(&j);
}

static void another_history_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    struct ledger_position here = fixture_fill(f, 2, 2, 1);
    fixture_again(f);
    struct ledger_position there = fixture_fill(f, 3, 1, 1);
    assert_int_equal(open_as(f, &here, &e), ERR_DAMAGED);
    assert_int_equal(open_as(f, &there, &e), 0);
    /* Longer than what is remembered, but not from it. */
    there.records = 2;
    assert_int_equal(open_as(f, &there, &e), ERR_DAMAGED);
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    ledger_where(l, &there);
    there.root.b[5] ^= 1;
    assert_int_equal(open_as(f, &there, &e), ERR_DAMAGED);
}

static void another_log_key_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err e;
    uint8_t public_key[CRYPT_PUBLIC];
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    memset(f->seed.b, 9, sizeof(f->seed.b));
    assert_int_equal(open_as(f, &at, &e), ERR_KEY); /* the seed is not the key's */
    crypt_sign_public(&f->seed, public_key);
    assert_int_equal(note_key_make("example.org/log", public_key, &f->key, &e), 0);
    assert_int_equal(open_as(f, &at, &e), ERR_DAMAGED);
    assert_int_equal(open_as(f, NULL, &e), ERR_DAMAGED);
}

static void another_origin_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    const struct note_key key = f->key;
    assert_int_equal(note_key_make("example.org/other", key.public_key, &f->key, &e), 0);
    assert_int_equal(open_as(f, &at, &e), ERR_DAMAGED);
}

static void two_signed_histories_are_refused(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct journal j;
    journal_make(f, &j);
    copy_write(f, &j, 0, &kinds[0]);
    copy_write(f, &j, 1, &kinds[0]);
    struct ledger_opening opening;
    struct ledger *l = fixture_open(f, &j.at[COMMITTED], &opening);
    fixture_commit(l, 7, 0); /* another record 2 than the one in j */
    ledger_close(l);
    copy_write(f, &j, 1, &kinds[1]);
    assert_int_equal(open_as(f, &j.at[COMMITTED], &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "two different records"));
    assert_int_equal(open_as(f, NULL, &e), ERR_DAMAGED);
    journal_drop(&j);
}

static void a_newer_format_is_refused_in_either_copy(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct hash h;
    OWN(buf_drop) struct buf good = {0}, b = {0};
    (void)fixture_fill(f, 1, 1, 1);
    for (int copy = 0; copy < 2; copy++)
        for (size_t at = 11; at <= 19; at += 8) { /* version; features that must be known */
            file_get(f, name_of(copy), &good);
            buf_clear(&b);
            buf_put_bytes(&b, buf_bytes(&good));
            b.p[at] = 2;
            crypt_sha256(bytes_of(b.p, 32), &h);
            memcpy(b.p + 32, h.b, sizeof(h.b));
            file_put(f, name_of(copy), buf_bytes(&b));
            assert_int_equal(open_as(f, NULL, &e), ERR_NEWER);
            assert_non_null(strstr(e.text, "newer groundwork"));
            file_put(f, name_of(copy), buf_bytes(&good));
        }
    assert_int_equal(open_as(f, NULL, &e), 0);
}

/* Opening looks at the end only: damage further inside is the check's to find. */
static void opening_reads_the_end_only(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf b = {0};
    struct ledger_position at = fixture_fill(f, 20, 3, 1);
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, name_of(copy), &b);
        memset(b.p + LEDGER_HEADER, 0xee, b.n * 3 / 4);
        file_put(f, name_of(copy), buf_bytes(&b));
    }
    assert_int_equal(open_as(f, &at, &e), 0);
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
}

static void a_journal_is_founded_once(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(ledger_found(f->root.s, &e), ERR_REFUSED);
    file_delete(f, "a/journal");
    assert_int_equal(ledger_found(f->root.s, &e), ERR_REFUSED);
    assert_false(file_there(f, "a/journal"));
    file_delete(f, "b/journal");
    assert_int_equal(ledger_found(f->root.s, &e), 0);
}

/* Every end the journal ever had is one, and nothing else is: not another offset, number or hash. */
static void where_it_stood_is_known(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at[6];
    struct ledger_opening opening;
    at[0] = fixture_fill(f, 1, 2, 1);
    for (size_t i = 1; i < COUNT(at); i++)
        at[i] = fixture_fill(f, 1, (uint32_t)i, 1);
    for (int copy = 0; copy < 3; copy++) {
        if (copy > 0)
            file_delete(f, copy == 1 ? "a/journal" : "b/journal");
        OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
        for (size_t i = 0; i < COUNT(at); i++) {
            struct hash other = at[i].last;
            other.b[31] ^= 1;
            assert_true(ledger_stood(l, at[i].records, at[i].bytes, &at[i].last));
            assert_false(ledger_stood(l, at[i].records, at[i].bytes, &other));
            assert_false(ledger_stood(l, at[i].records + 1, at[i].bytes, &at[i].last));
            assert_false(ledger_stood(l, at[i].records, at[i].bytes - 1, &at[i].last));
            assert_false(ledger_stood(l, at[i].records, at[i].bytes + at[5].bytes, &at[i].last));
        }
        if (copy == 1) {
            OWN(buf_drop) struct buf words = {0};
            assert_false(ledger_healed(l, 0));
            assert_int_equal(ledger_mend(l, &words, NULL), 0);
            assert_true(ledger_healed(l, 0));
            assert_false(ledger_healed(l, 1));
        }
    }
}

static void who_was_outrun_knows_it(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    (void)fixture_fill(f, 2, 1, 1);
    OWN(ledger_drop) struct ledger *reader = fixture_open(f, NULL, &opening);
    assert_false(ledger_outrun(reader));
    (void)fixture_fill(f, 1, 1, 1);
    assert_true(ledger_outrun(reader));
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(every_crash_state_has_its_answer),
        LEDGER_CASE(without_committed_the_own_end_counts),
        LEDGER_CASE(an_older_copy_of_the_repository_is_called_that),
        LEDGER_CASE(another_history_is_refused),
        LEDGER_CASE(another_log_key_is_refused),
        LEDGER_CASE(another_origin_is_refused),
        LEDGER_CASE(two_signed_histories_are_refused),
        LEDGER_CASE(a_newer_format_is_refused_in_either_copy),
        LEDGER_CASE(opening_reads_the_end_only),
        LEDGER_CASE(a_journal_is_founded_once),
        LEDGER_CASE(where_it_stood_is_known),
        LEDGER_CASE(who_was_outrun_knows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
