/* What the log binds: the last word on each pack and key file, and where it lies. */
#include "fixture.h"

static int take_record(void *context, const struct ledger_record *r, struct err *e)
{
    return store_bound_take(context, r, e);
}

/* As many bytes as the log says, and the digest that it gives. */
static void holds(const struct fixture *f, const char *place, const struct store_bound_file *b)
{
    OWN(buf_drop) struct buf content = {0};
    struct hash made;
    fixture_get(f, place, &content);
    assert_int_equal(content.n, b->bytes);
    if (b->sectors) {
        struct tree_edge edge;
        tree_edge_begin(&edge);
        for (size_t at = 0; at < content.n; at += VAULT_SECTOR) {
            crypt_leaf_hash(bytes_of(content.p + at, VAULT_SECTOR), &made);
            tree_edge_add(&edge, &made);
        }
        tree_edge_root(&edge, &made);
    } else
        crypt_sha256(buf_bytes(&content), &made);
    assert_true(hash_equal(&made, &b->digest));
}

static const struct thing large[] = {{"a.bin", 'r', 700000, 20}, {"b.bin", 'r', 600000, 21}};

/* Each bound file is there in each of its places, and is what it must be. */
static void test_all_of_it_is_there(void **state)
{
    struct fixture *f = *state;
    unsigned packs = 0, keys = 0, open = 0;
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "a giver", large, COUNT(large), &f->e), 0);
    OWN(store_bound_drop) struct store_bound *bound = NULL;
    assert_int_equal(store_bound_new(&s->founded.founded, &bound, &f->e), 0);
    assert_int_equal(ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, take_record, bound, &f->e), 0);
    assert_memory_equal(&store_bound_history(bound)->last, &s->history.last, CRYPT_HASH);
    for (size_t i = 0; i < store_bound_count(bound); i++) {
        struct store_bound_file b;
        store_bound_file(bound, i, &b);
        packs += b.pack != NULL && b.pack->sealed;
        open += b.pack != NULL && !b.pack->sealed;
        keys += b.key != NULL;
        assert_true((b.pack != NULL) == b.sectors);
        for (int copy = 0; copy < 2 && b.place[copy][0] != 0; copy++)
            holds(f, b.place[copy], &b);
    }
    assert_int_equal(packs, 1);
    assert_int_equal(open, 1);
    assert_int_equal(keys, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_all_of_it_is_there)};
    return FIXTURE_RUN(tests);
}
