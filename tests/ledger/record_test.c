#include "fixture.h"

#include "model/leaf.h"

/* One signed record as bytes, number 4 behind a made-up journal. */
struct sample {
    struct draft draft;
    struct ledger_position before;
    struct buf note, bytes;
};

static void sample_drop(struct sample *s)
{
    draft_drop(&s->draft);
    buf_drop(&s->note);
    buf_drop(&s->bytes);
}

static void sample_sign(const struct fixture *f, struct sample *s, uint64_t size, const char *origin)
{
    struct err e;
    struct checkpoint c = {.size = size, .root = {{5}}};
    struct note_key key;
    (void)snprintf(c.origin, sizeof(c.origin), "%s", origin);
    assert_int_equal(note_key_make(origin, f->key.public_key, &key, &e), 0);
    buf_clear(&s->note);
    buf_clear(&s->bytes);
    assert_int_equal(checkpoint_sign(&c, &key, &f->seed, &s->note, &e), 0);
    s->draft.record.checkpoint = buf_bytes(&s->note);
    struct ledger_built built = {0};
    struct hash whole;
    assert_int_equal(ledger_record_build(&s->draft.record, &s->before.last, &f->seed, &built, &e), 0);
    buf_drop(&s->bytes);
    s->bytes = built.bytes;
    crypt_sha256(buf_bytes(&s->bytes), &whole);
    assert_true(hash_equal(&built.hash, &whole));
}

static void sample_make(const struct fixture *f, struct sample *s)
{
    *s = (struct sample){.before = {.records = 4, .bytes = 9000, .last = {{3}}, .leaves = 70}};
    draft_make(&s->draft, &s->before, 2, 2, 30);
    sample_sign(f, s, 74, "example.org/log");
}

static int read_back(const struct fixture *f, struct bytes all, struct ledger_parsed *ret)
{
    struct err e;
    int rc = ledger_record_parse(all, ret, &e);
    return rc == 0 ? ledger_record_verify(ret, ONLY(&f->key), &e) : rc;
}

static void what_is_built_is_read_back(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    struct ledger_parsed p;
    struct ledger_position after;
    struct hash h;
    sample_make(f, &s);
    assert_int_equal(read_back(f, buf_bytes(&s.bytes), &p), 0);
    assert_int_equal(p.record.number, 4);
    assert_int_equal(p.record.first_leaf, 70);
    assert_int_equal(p.record.hidden_count, 2);
    assert_int_equal(p.record.public_count, 2);
    assert_true(bytes_equal(p.record.entries, s.draft.record.entries));
    assert_true(bytes_equal(p.record.hidden, s.draft.record.hidden));
    assert_true(bytes_equal(p.record.open, s.draft.record.open));
    assert_true(bytes_equal(p.record.secrets, s.draft.record.secrets));
    assert_true(bytes_equal(p.record.extents, s.draft.record.extents));
    assert_true(bytes_equal(p.record.checkpoint, buf_bytes(&s.note)));
    crypt_sha256(buf_bytes(&s.bytes), &h);
    assert_true(hash_equal(&h, &p.record.hash));
    assert_int_equal(ledger_record_follows(&p, &s.before, NULL), 0);
    ledger_position_after(&p, 9000, &after);
    assert_int_equal(after.records, 5);
    assert_int_equal(after.bytes, 9000 + s.bytes.n);
    assert_int_equal(after.leaves, 74);
    assert_true(hash_equal(&after.last, &h));
}

/* The layout of FORMAT 3.2 by hand, so that the builder and the parser cannot be wrong together. */
static void the_layout_is_as_written(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    struct hash h;
    sample_make(f, &s);
    struct cursor c = cursor_of(buf_bytes(&s.bytes));
    assert_true(cursor_expect(&c, "GWRECORD"));
    assert_int_equal(cursor_u64(&c), s.bytes.n);
    assert_int_equal(cursor_u64(&c), 4);
    assert_int_equal(cursor_u64(&c), 70);
    assert_int_equal(cursor_u32(&c), 2);
    assert_int_equal(cursor_u32(&c), 2);
    assert_memory_equal(cursor_take(&c, 32).p, s.before.last.b, 32);
    const struct bytes sections[] = {s.draft.record.entries, s.draft.record.hidden,  s.draft.record.open,
                                     s.draft.record.secrets, s.draft.record.extents, buf_bytes(&s.note)};
    for (unsigned i = 0; i < COUNT(sections); i++) {
        assert_int_equal(cursor_u32(&c), i + 1);
        assert_int_equal(cursor_u32(&c), 0);
        assert_int_equal(cursor_u64(&c), sections[i].n);
        assert_true(bytes_equal(cursor_take(&c, sections[i].n), sections[i]));
    }
    crypt_sha256(bytes_of(s.bytes.p, s.bytes.n - c.left), &h);
    assert_true(crypt_verify(f->key.public_key, "groundwork/journal/v1", bytes_of(h.b, 32), cursor_take(&c, 64).p));
    assert_int_equal(cursor_u64(&c), s.bytes.n);
    assert_true(cursor_expect(&c, "GWRECEND"));
    assert_true(cursor_done(&c));
}

static void every_flipped_bit_spoils_a_record(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    struct ledger_parsed p;
    sample_make(f, &s);
    for (size_t bit = 0; bit < s.bytes.n * 8; bit++) {
        s.bytes.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (read_back(f, buf_bytes(&s.bytes), &p) != ERR_DAMAGED)
            fail_msg("bit %zu", bit);
        s.bytes.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(read_back(f, buf_bytes(&s.bytes), &p), 0);
}

static void every_cut_spoils_a_record(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    struct ledger_parsed p;
    sample_make(f, &s);
    for (size_t n = 0; n < s.bytes.n; n++) {
        /* Of exactly this length, so that a sanitizer sees any reading behind it. */
        OWN(mem_drop) uint8_t *cut = malloc(n + 1);
        memcpy(cut, s.bytes.p, n);
        assert_int_equal(ledger_record_parse(bytes_of(cut, n), &p, NULL), ERR_DAMAGED);
    }
}

static void a_record_must_follow(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    struct ledger_parsed p;
    sample_make(f, &s);
    assert_int_equal(read_back(f, buf_bytes(&s.bytes), &p), 0);
    struct ledger_position at = s.before;
    at.records++;
    assert_int_equal(ledger_record_follows(&p, &at, NULL), ERR_DAMAGED);
    at = s.before;
    at.leaves--;
    assert_int_equal(ledger_record_follows(&p, &at, NULL), ERR_DAMAGED);
    at = s.before;
    at.last.b[31] ^= 1;
    assert_int_equal(ledger_record_follows(&p, &at, NULL), ERR_DAMAGED);
}

/* Rightly signed records whose checkpoint does not fit them. */
static void the_checkpoint_must_fit(void **state)
{
    struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    struct ledger_parsed p;
    sample_make(f, &s);
    sample_sign(f, &s, 73, "example.org/log");
    assert_int_equal(read_back(f, buf_bytes(&s.bytes), &p), ERR_DAMAGED);
    sample_sign(f, &s, 75, "example.org/log");
    assert_int_equal(read_back(f, buf_bytes(&s.bytes), &p), ERR_DAMAGED);
    sample_sign(f, &s, 74, "example.org/other");
    assert_int_equal(read_back(f, buf_bytes(&s.bytes), &p), ERR_DAMAGED);
    sample_sign(f, &s, 74, "example.org/log");
    assert_int_equal(read_back(f, buf_bytes(&s.bytes), &p), 0);
}

static void a_public_leaf_must_be_its_statement(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    sample_make(f, &s);
    assert_int_equal(ledger_record_check(&s.draft.record, ERR_USAGE, NULL), 0);
    s.draft.entries.p[3 * LEDGER_ENTRY + 20] ^= 1;
    assert_int_equal(ledger_record_check(&s.draft.record, ERR_USAGE, NULL), ERR_USAGE);
    s.draft.entries.p[3 * LEDGER_ENTRY + 20] ^= 1;
    s.draft.open.p[4 + 30 + 4] ^= 1;
    assert_int_equal(ledger_record_check(&s.draft.record, ERR_USAGE, NULL), ERR_USAGE);
    s.draft.open.p[4 + 30 + 4] ^= 1;
    s.draft.hidden.p[4] ^= 1; /* sealed: nothing to compare with */
    assert_int_equal(ledger_record_check(&s.draft.record, ERR_USAGE, NULL), 0);
}

static void counts_kinds_and_lengths_must_agree(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    sample_make(f, &s);
    struct ledger_record good = s.draft.record, r;
#define REFUSED(change)                                                                                                \
    do {                                                                                                               \
        r = good;                                                                                                      \
        change;                                                                                                        \
        assert_int_equal(ledger_record_check(&r, ERR_USAGE, NULL), ERR_USAGE);                                         \
    } while (0)
    REFUSED(r.hidden_count = 1);
    REFUSED(r.hidden_count = 3);
    REFUSED(r.public_count = 1);
    REFUSED((r.hidden_count = 3, r.public_count = 1));
    REFUSED((r.hidden_count = 0, r.public_count = 0));
    REFUSED((r.hidden_count = UINT32_MAX, r.public_count = 5)); /* sums to 4 in 32 bits */
    REFUSED(r.entries.n--);
    REFUSED(r.hidden.n--);
    REFUSED(r.open.n--);
    REFUSED(r.open = r.hidden);
    REFUSED(r.first_leaf = LEDGER_LEAF_MAX - 3);
#undef REFUSED
    r = good;
    r.first_leaf = LEDGER_LEAF_MAX - 4;
    assert_int_equal(ledger_record_check(&r, ERR_USAGE, NULL), 0);
    s.draft.entries.p[0] = 3;
    assert_int_equal(ledger_record_check(&good, ERR_USAGE, NULL), ERR_USAGE);
}

static void leaves_of_a_record_are_limited(void **state)
{
    const size_t over = (size_t)LEDGER_LEAVES_MAX + 1;
    OWN(mem_drop) uint8_t *entries = calloc(over, LEDGER_ENTRY);
    OWN(mem_drop) uint8_t *hidden = calloc(over, 4); /* statements of no bytes */
    for (size_t i = 0; i < over; i++)
        entries[i * LEDGER_ENTRY] = LEDGER_HIDDEN;
    struct ledger_record r = {.hidden_count = LEDGER_LEAVES_MAX};
    r.entries = bytes_of(entries, (over - 1) * LEDGER_ENTRY);
    r.hidden = bytes_of(hidden, (over - 1) * 4);
    assert_int_equal(ledger_record_check(&r, ERR_USAGE, NULL), 0);
    r.hidden_count++;
    r.entries.n += LEDGER_ENTRY;
    r.hidden.n += 4;
    assert_int_equal(ledger_record_check(&r, ERR_USAGE, NULL), ERR_USAGE);
}

static void statements_are_limited(void **state)
{
    OWN(mem_drop) uint8_t *long_one = calloc(1, (size_t)LEDGER_STATEMENT_MAX + 5);
    struct bytes statement;
    u32_put(long_one, LEDGER_STATEMENT_MAX);
    struct cursor c = cursor_of(bytes_of(long_one, (size_t)LEDGER_STATEMENT_MAX + 4));
    assert_int_equal(ledger_statement_next(&c, &statement, NULL), 0);
    assert_int_equal(statement.n, LEDGER_STATEMENT_MAX);
    assert_true(cursor_done(&c));
    u32_put(long_one, LEDGER_STATEMENT_MAX + 1);
    c = cursor_of(bytes_of(long_one, (size_t)LEDGER_STATEMENT_MAX + 5));
    assert_int_equal(ledger_statement_next(&c, &statement, NULL), ERR_DAMAGED);
    c = cursor_of(bytes_of(long_one, 3));
    assert_int_equal(ledger_statement_next(&c, &statement, NULL), ERR_DAMAGED);
    u32_put(long_one, 10);
    c = cursor_of(bytes_of(long_one, 13));
    assert_int_equal(ledger_statement_next(&c, &statement, NULL), ERR_DAMAGED);
}

static void records_are_limited(void **state)
{
    const struct fixture *f = *state;
    OWN(sample_drop) struct sample s;
    uint64_t total;
    sample_make(f, &s);
    struct ledger_record r = s.draft.record;
    assert_int_equal(ledger_record_length(&r, &total, NULL), 0);
    assert_int_equal(total, s.bytes.n);
    r.extents.n += LEDGER_RECORD_MAX - (size_t)total; /* only lengths are looked at */
    assert_int_equal(ledger_record_length(&r, &total, NULL), 0);
    assert_int_equal(total, LEDGER_RECORD_MAX);
    r.extents.n++;
    assert_int_equal(ledger_record_length(&r, &total, NULL), ERR_USAGE);
    r.extents.n = SIZE_MAX;
    assert_int_equal(ledger_record_length(&r, &total, NULL), ERR_USAGE);

    struct ledger_head head;
    uint8_t b[LEDGER_HEAD], trailer[LEDGER_TRAILER];
    memcpy(b, s.bytes.p, sizeof(b));
    memcpy(trailer, s.bytes.p + s.bytes.n - sizeof(trailer), sizeof(trailer));
    const struct {
        uint64_t bytes;
        bool fits;
    } lengths[] = {{LEDGER_RECORD_MAX, true}, {(uint64_t)LEDGER_RECORD_MAX + 1, false}, {LEDGER_RECORD_MIN, true},
                   {LEDGER_RECORD_MIN - 1, false}, {0, false}, {UINT64_MAX, false}};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        u64_put(b + 8, lengths[i].bytes);
        u64_put(trailer, lengths[i].bytes);
        assert_int_equal(ledger_head_parse(b, &head), lengths[i].fits);
        assert_int_equal(ledger_trailer_parse(trailer), lengths[i].fits ? lengths[i].bytes : 0);
    }
}

static void a_header_has_no_free_bit(void **state)
{
    uint8_t h[2][LEDGER_HEADER];
    for (unsigned copy = 0; copy < 2; copy++) {
        ledger_header_make(copy, h[copy]);
        assert_int_equal(ledger_header_check(h[copy], copy, NULL), 0);
        assert_int_equal(ledger_header_check(h[copy], 1 - copy, NULL), ERR_DAMAGED);
        for (size_t bit = 0; bit < LEDGER_HEADER * 8; bit++) {
            h[copy][bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(ledger_header_check(h[copy], copy, NULL), ERR_DAMAGED);
            h[copy][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

/* The header with one byte changed and its hash made right again. */
static int header_with(size_t at, uint8_t value)
{
    uint8_t h[LEDGER_HEADER];
    struct hash sum;
    ledger_header_make(0, h);
    h[at] = value;
    crypt_sha256(bytes_of(h, 32), &sum);
    memcpy(h + 32, sum.b, sizeof(sum.b));
    return ledger_header_check(h, 0, NULL);
}

static void versions_and_features_decide(void **state)
{
    assert_int_equal(header_with(11, 1), 0);
    assert_int_equal(header_with(11, 2), ERR_NEWER);
    assert_int_equal(header_with(8, 0x80), ERR_NEWER);
    assert_int_equal(header_with(11, 0), ERR_DAMAGED);
    assert_int_equal(header_with(15, 1), 0); /* may be ignored */
    assert_int_equal(header_with(12, 0x80), 0);
    assert_int_equal(header_with(19, 1), ERR_NEWER);
    assert_int_equal(header_with(16, 0x80), ERR_NEWER);
    assert_int_equal(header_with(23, 1), ERR_DAMAGED);
    assert_int_equal(header_with(23, 2), ERR_DAMAGED);
    for (size_t at = 24; at < 32; at++)
        assert_int_equal(header_with(at, 1), ERR_DAMAGED);
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(what_is_built_is_read_back),
        LEDGER_CASE(the_layout_is_as_written),
        LEDGER_CASE(every_flipped_bit_spoils_a_record),
        LEDGER_CASE(every_cut_spoils_a_record),
        LEDGER_CASE(a_record_must_follow),
        LEDGER_CASE(the_checkpoint_must_fit),
        LEDGER_CASE(a_public_leaf_must_be_its_statement),
        LEDGER_CASE(counts_kinds_and_lengths_must_agree),
        LEDGER_CASE(leaves_of_a_record_are_limited),
        LEDGER_CASE(statements_are_limited),
        LEDGER_CASE(records_are_limited),
        LEDGER_CASE(a_header_has_no_free_bit),
        LEDGER_CASE(versions_and_features_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
