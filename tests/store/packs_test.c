/* Packs and stripes as the journal's public statements name them, without keys. */
#include "fixture.h"

static const struct thing large[] = {{"a.bin", 'r', 900000, 20}, {"b.bin", 'r', 800000, 21},
                                     {"c.bin", 'r', 700000, 22}};

static void intake(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    for (size_t i = 0; i < COUNT(large); i++)
        if (fixture_intake(s, "a giver", &large[i], 1, &f->e) != 0)
            fail_msg("%s", f->e.text);
}

static void test_as_of_the_last_statement(void **state)
{
    struct fixture *f = *state;
    OWN(store_packs_release) struct store_packs p = {0};
    intake(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    const struct vault_parity parity = store_parity(s);
    uint64_t sealed = 0, covered = 0;
    assert_int_equal(store_packs_load(s, &p, &f->e), 0);
    assert_true(p.count >= 2 && p.stripe_count >= 1 && parity.packs > 0);
    for (size_t i = 0; i < p.count; i++) {
        assert_int_equal(p.list[i].pack, i);
        sealed += p.list[i].sealed;
        assert_int_equal(vault_audit_pack(f->root.s, 64, &p.list[i], NULL, &f->e), 0);
    }
    for (size_t i = 0; i < p.stripe_count; i++) {
        struct vault_stripe_of of;
        assert_int_equal(store_stripe_of(s, &p, i, &of, &f->e), 0);
        assert_int_equal(of.logged->stripe, i);
        assert_ptr_equal(of.packs, p.list + i * parity.packs);
        covered += of.logged->packs;
        for (unsigned file = 0; file < parity.files; file++)
            assert_int_equal(vault_audit_parity(&of, file, NULL, &f->e), 0);
    }
    assert_int_equal(covered, sealed);
}

static void test_what_does_not_fit_together(void **state)
{
    struct fixture *f = *state;
    struct vault_stripe_of of;
    OWN(store_packs_release) struct store_packs p = {0};
    intake(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    assert_int_equal(store_packs_load(s, &p, &f->e), 0);
    struct vault_stripe good = p.stripes[0];
    p.stripes[0].packs = store_parity(s).packs + 1;
    fixture_says(f, store_stripe_of(s, &p, 0, &of, &f->e), ERR_DAMAGED, "stripe 0", NULL);
    p.stripes[0] = good;
    p.stripes[0].stripe = 99;
    fixture_says(f, store_stripe_of(s, &p, 0, &of, &f->e), ERR_DAMAGED, "stripe 99", NULL);
    p.stripes[0] = good;
    p.list[0].sealed = false;
    fixture_says(f, store_stripe_of(s, &p, 0, &of, &f->e), ERR_DAMAGED, "are not sealed on the log", NULL);
}

static struct store_glance glance(struct fixture *f)
{
    struct store_glance g;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    if (store_glance(s, &g, &f->e) != 0)
        fail_msg("%s", f->e.text);
    return g;
}

/* The newest statements say what all of them together say; and what is gone is seen, also when all of it is. */
static void test_how_far_they_go(void **state)
{
    struct fixture *f = *state;
    struct store_glance g = glance(f);
    assert_true(g.packs == 0 && g.packs_here == 0 && g.stripes == 0);
    fixture_fill(f);
    g = glance(f);
    assert_true(g.packs == 1 && g.packs_here == 1 && g.stripes == 0); /* open */
    intake(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "no pack is named by this commit", &f->e), 0);
    OWN(store_packs_release) struct store_packs all = {0};
    struct store_packs_end end;
    assert_int_equal(store_packs_load(s, &all, &f->e), 0);
    assert_int_equal(store_packs_end(s, 0, &end, &f->e), 0);
    assert_int_equal(end.packs, all.count);
    assert_int_equal(end.open, !all.list[all.count - 1].sealed);
    const struct vault_stripe *last = &all.stripes[all.stripe_count - 1];
    assert_int_equal(end.covered, last->stripe * store_parity(s).packs + last->packs);
    store_close(s);
    g = glance(f);
    assert_true(g.packs == all.count && g.packs_here == g.packs);
    assert_true(g.stripes == all.stripe_count && g.whole == g.stripes);
    fixture_remove(f, "vault/000/000000.pack");
    g = glance(f);
    assert_true(g.packs_here == g.packs - 1 && g.whole == g.stripes - 1);
    fixture_remove(f, "vault");
    fixture_remove(f, "parity");
    g = glance(f);
    assert_true(g.packs == all.count && g.packs_here == (end.open ? 1 : 0)); /* copy b of the open one */
    assert_true(g.stripes == all.stripe_count && g.whole == 0);
}

static void test_a_stripe_of_another_shape(void **state)
{
    struct fixture *f = *state;
    struct statement_stripe said = {.stripe = 7, .packs = 1, .files = 2};
    struct vault_stripe stripe;
    memset(said.roots[1].b, 5, CRYPT_HASH);
    memset(said.trailer.b, 6, CRYPT_HASH);
    assert_int_equal(store_stripe_read(&said, 2, &stripe, &f->e), 0);
    assert_int_equal(stripe.stripe, 7);
    assert_int_equal(stripe.packs, 1);
    assert_true(hash_equal(&stripe.roots[1], &said.roots[1]) && hash_equal(&stripe.trailer, &said.trailer));
    fixture_says(f, store_stripe_read(&said, 1, &stripe, &f->e), ERR_DAMAGED, "stripe 7", "2 parity files instead of 1",
                 NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_as_of_the_last_statement),
        FIXTURE_TEST(test_what_does_not_fit_together),
        FIXTURE_TEST(test_how_far_they_go),
        FIXTURE_TEST(test_a_stripe_of_another_shape),
    };
    return FIXTURE_RUN(tests);
}
