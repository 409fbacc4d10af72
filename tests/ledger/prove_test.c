#include "fixture.h"

enum { SIZE_MAX_TRIED = 600 };

/* What the journal holds, kept beside it to check proofs against. */
struct truth {
    struct hash leaf[SIZE_MAX_TRIED];
    uint8_t entry[SIZE_MAX_TRIED][LEDGER_ENTRY];
    uint64_t size;
    struct hash root; /* of the signed checkpoint of this size */
};

static int learn(void *context, const struct ledger_record *r, struct err *e)
{
    struct truth *t = context;
    for (size_t at = 0; at < r->entries.n; at += LEDGER_ENTRY) {
        assert_true(t->size < SIZE_MAX_TRIED);
        memcpy(t->entry[t->size], r->entries.p + at, LEDGER_ENTRY);
        crypt_leaf_hash(bytes_of(r->entries.p + at, LEDGER_ENTRY), &t->leaf[t->size++]);
    }
    return 0;
}

static void learn_all(struct ledger *l, struct truth *t)
{
    t->size = 0;
    assert_int_equal(ledger_walk(l, -1, LEDGER_HEADER, 0, learn, t, NULL), 0);
}

/* What every proof carries: read as a stranger reads it, once for each size. */
static void checkpoint_is_signed(const struct fixture *f, struct ledger *l, struct truth *t)
{
    struct err e;
    struct checkpoint c;
    assert_int_equal(checkpoint_read(buf_bytes(&l->note), &f->key, NOTE_STRICT, &c, &e), 0);
    assert_int_equal(c.size, t->size);
    t->root = c.root;
}

static void leaf_is_proved(struct ledger *l, const struct truth *t, uint64_t leaf)
{
    struct err e;
    OWN(buf_drop) struct buf text = {0};
    struct proof p;
    uint8_t entry[LEDGER_ENTRY];
    if (ledger_prove(l, leaf, &text, &e) != 0)
        fail_msg("leaf %llu: %s", LLU(leaf), e.text);
    assert_int_equal(proof_parse(buf_bytes(&text), &p, &e), 0);
    assert_true(bytes_equal(p.checkpoint_note, buf_bytes(&l->note)));
    assert_int_equal(p.index, leaf);
    assert_true(tree_check_inclusion(&t->leaf[leaf], leaf, t->size, &p.path, &t->root));
    if (leaf % 16 != t->size % 16)
        return;
    assert_int_equal(ledger_entry(l, leaf, entry, &e), 0);
    assert_memory_equal(entry, t->entry[leaf], LEDGER_ENTRY);
}

static void growth_is_proved(struct ledger *l, const struct truth *t, uint64_t old_size)
{
    struct err e;
    struct tree_proof p;
    struct tree_proof again;
    struct hash old_root, root, at;
    if (ledger_prove_consistency(l, old_size, &p, &e) != 0)
        fail_msg("from %llu: %s", LLU(old_size), e.text);
    tree_root(t->leaf, (size_t)old_size, &old_root);
    tree_root(t->leaf, (size_t)t->size, &root);
    assert_true(tree_check_consistency(old_size, &old_root, t->size, &root, &p));
    assert_int_equal(ledger_root_at(l, old_size, &at, &again, &e), 0);
    assert_true(hash_equal(&at, &old_root) && again.count == p.count);
}

/* Small trees, those about a full tile, and some between. */
static bool is_looked_at_whole(uint64_t size)
{
    return size < 40 || size % 256 <= 2 || size % 256 >= 254 || size % 23 == 0;
}

/* Sizes 1 to 600: every leaf at some, every 16th and the newest at all; from every old size at some. */
static void every_leaf_of_every_size_is_proved(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_opening opening;
    OWN(mem_drop) struct truth *t = calloc(1, sizeof(*t));
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    for (uint64_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        struct ledger_position before;
        ledger_where(l, &before);
        fixture_commit(l, size % 2 == 0, size % 2 != 0);
        assert_int_equal(ledger_publish(l, &e), 0);
        assert_int_equal(ledger_walk(l, -1, before.bytes, before.records, learn, t, NULL), 0);
        assert_int_equal(t->size, size);
        checkpoint_is_signed(f, l, t);
        for (uint64_t leaf = 0; leaf < size; leaf += is_looked_at_whole(size) ? 1 : 16)
            leaf_is_proved(l, t, leaf);
        leaf_is_proved(l, t, size - 1);
        for (uint64_t old = 0; old <= size; old += size < 40 || size % 100 == 57 ? 1 : 41)
            growth_is_proved(l, t, old);
    }
}

static void what_is_not_there_is_refused(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf text = {0};
    struct tree_proof p;
    uint8_t entry[LEDGER_ENTRY];
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    assert_int_equal(ledger_prove(l, 0, &text, NULL), ERR_ABSENT);
    assert_int_equal(ledger_prove_consistency(l, 0, &p, NULL), 0);
    assert_int_equal(ledger_prove_consistency(l, 1, &p, NULL), ERR_ABSENT);
    fixture_commit(l, 3, 2);
    assert_int_equal(ledger_publish(l, NULL), 0);
    assert_int_equal(ledger_prove(l, 4, &text, NULL), 0);
    assert_int_equal(ledger_prove(l, 5, &text, NULL), ERR_ABSENT);
    assert_int_equal(ledger_prove(l, UINT64_MAX, &text, NULL), ERR_ABSENT);
    assert_int_equal(ledger_entry(l, 5, entry, NULL), ERR_ABSENT);
    assert_int_equal(ledger_prove_consistency(l, 5, &p, NULL), 0);
    assert_int_equal(ledger_prove_consistency(l, 6, &p, NULL), ERR_ABSENT);
    struct hash root;
    assert_int_equal(ledger_root_at(l, 5, &root, NULL, NULL), 0);
    assert_int_equal(ledger_root_at(l, 6, &root, NULL, NULL), ERR_ABSENT);
    assert_true(bytes_equal(ledger_checkpoint(l), buf_bytes(&l->note)));
}

static void all_are_proved(const struct fixture *f, const struct ledger_position *at)
{
    struct ledger_opening opening;
    OWN(mem_drop) struct truth *t = calloc(1, sizeof(*t));
    OWN(ledger_drop) struct ledger *l = fixture_open(f, at, &opening);
    learn_all(l, t);
    checkpoint_is_signed(f, l, t);
    for (uint64_t leaf = 0; leaf < t->size; leaf += 11)
        leaf_is_proved(l, t, leaf);
    leaf_is_proved(l, t, t->size - 1);
    for (uint64_t old = 0; old <= t->size; old += 83)
        growth_is_proved(l, t, old);
}

/* A missing or damaged file of the public log costs time, never a proof, and never a wrong one. */
static void proofs_come_from_the_journal_when_tiles_fail(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0};
    struct ledger_position at = fixture_fill(f, 4, 140, 5); /* 580 leaves */
    const char *const names[] = {"log/tile/0/000", "log/tile/0/002.p/68", "log/tile/1/000.p/2", "log/tile/entries/001",
                                 "log/tile/entries/002.p/68", "log/checkpoint"};
    for (size_t i = 0; i < COUNT(names); i++) {
        file_get(f, names[i], &good);
        for (size_t byte = 0; byte < good.n; byte += good.n / 3 + 1) {
            good.p[byte] ^= 8;
            file_put(f, names[i], buf_bytes(&good));
            good.p[byte] ^= 8;
            all_are_proved(f, &at);
        }
        file_put(f, names[i], bytes_of(good.p, good.n / 2));
        all_are_proved(f, &at);
        file_delete(f, names[i]);
        all_are_proved(f, &at);
        file_put(f, names[i], buf_bytes(&good));
    }
    assert_int_equal(fixture_check(f, &at), 0);
}

/* A damaged tile and a damaged copy: the other copy proves; all three: an error, and no proof. */
static void proofs_come_from_whichever_source_is_right(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    OWN(buf_drop) struct buf a = {0}, b = {0}, text = {0};
    const size_t entry = LEDGER_HEADER + LEDGER_HEAD + LEDGER_SECTION_HEAD + 3 * LEDGER_ENTRY + 9;
    struct ledger_position at = fixture_fill(f, 3, 140, 5);
    file_put(f, "log/tile/0/000", bytes_text("nothing"));
    file_get(f, "a/journal", &a);
    file_get(f, "b/journal", &b);
    a.p[entry] ^= 1;
    b.p[entry] ^= 1;
    file_put(f, "a/journal", buf_bytes(&a));
    all_are_proved(f, &at);
    file_put(f, "b/journal", buf_bytes(&b));
    OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
    assert_int_equal(ledger_prove(l, 200, &text, NULL), ERR_DAMAGED);
    assert_int_equal(ledger_prove(l, 3, &text, NULL), ERR_DAMAGED);
    assert_int_equal(text.n, 0);
}

static void what_is_not_yet_published_is_proved(void **state)
{
    struct fixture *f = *state;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 2, 140, 5);
    {
        OWN(ledger_drop) struct ledger *l = fixture_open(f, &at, &opening);
        fixture_commit(l, 240, 1);
        ledger_where(l, &at);
        OWN(mem_drop) struct truth *t = calloc(1, sizeof(*t));
        learn_all(l, t);
        checkpoint_is_signed(f, l, t);
        for (uint64_t leaf = 0; leaf < t->size; leaf += 7)
            leaf_is_proved(l, t, leaf);
        /* And with the same handle once they are. */
        assert_int_equal(ledger_publish(l, NULL), 0);
        for (uint64_t leaf = 0; leaf < t->size; leaf += 7)
            leaf_is_proved(l, t, leaf);
    }
    all_are_proved(f, &at);
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(every_leaf_of_every_size_is_proved),
        LEDGER_CASE(what_is_not_there_is_refused),
        LEDGER_CASE(proofs_come_from_the_journal_when_tiles_fail),
        LEDGER_CASE(proofs_come_from_whichever_source_is_right),
        LEDGER_CASE(what_is_not_yet_published_is_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
