/* Parts whose log and index follow while the next is drafted: what is asked meanwhile, what fails, where it ends. */
#include "fixture.h"

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
    for (unsigned effect = 1;; effect += 7) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_meanwhile),
        FIXTURE_TEST(test_closed_at_once),
        FIXTURE_TEST(test_ends_anywhere),
    };
    return FIXTURE_RUN(tests);
}
