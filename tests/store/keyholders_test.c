/* A keyholder stands by what was said of her last.  Where several administrators decide: tests/flow/33-identity.sh. */
#include "rooms.h"
#include "sealed.h"

#include "base/clock.h"

static void say(struct fixture *f, struct store *s, const char *recipient, const char *name)
{
    struct statement st = {.kind = STATEMENT_KEYHOLDER_SAID, .at_unix_s = 5,
                           .keyholder = {"K-01", recipient, name, recipient == NULL ? "she left" : NULL}};
    assert_int_equal(fixture_say(s, &st, &f->e), 0);
}

static struct store_keyholder first(struct fixture *f, struct store *s)
{
    struct store_keyholders k;
    assert_int_equal(store_keyholders_load(s, &k, &f->e), 0);
    assert_int_equal(k.needed, 1);
    assert_null(store_keyholder(&k, "K-99"));
    struct store_keyholder h = *store_keyholder(&k, "K-01");
    h.name = h.by = (struct buf){0};
    store_keyholders_release(&k);
    return h;
}

static void test_the_newest_word_counts(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(store_keyholders_release) struct store_keyholders k;
    sealed_holders(f, s, &x);
    struct store_keyholder h = first(f, s);
    assert_true(h.stands && !h.gone && h.agreed == 1);
    assert_string_equal(h.recipient, x.word[0]);
    say(f, s, x.word[1], "A. Keeper"); /* another key of hers */
    h = first(f, s);
    assert_true(h.stands);
    assert_string_equal(h.recipient, x.word[1]);
    say(f, s, x.word[1], NULL); /* the same administrator again */
    assert_int_equal(store_keyholders_load(s, &k, &f->e), 0);
    assert_int_equal(k.count, SEALED_HOLDERS);
    assert_int_equal(store_keyholder(&k, "K-01")->agreed, 1);
    assert_string_equal(buf_text(&store_keyholder(&k, "K-01")->name), "A. Keeper");
    say(f, s, NULL, NULL);
    h = first(f, s);
    assert_true(h.gone && !h.stands && h.agreed == 0);
    say(f, s, x.word[0], NULL);
    assert_true(first(f, s).stands);
}

/* Of a key that may have been in other hands: whom it named is no keyholder; whom it took away is gone. */
static void test_what_is_doubtful_names_nobody(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    OWN(sealed_release) struct sealed x;
    struct index_statement_row row;
    struct store *s = fixture_open(f, STORE_WRITE);
    sealed_holders(f, s, &x);
    store_close(s);
    rooms_joins(f, &second, STATEMENT_ADMINISTRATOR);
    rooms_as(f, &second, NULL);
    s = fixture_open(f, STORE_WRITE);
    say(f, s, x.word[1], NULL);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_KEYHOLDER_SAID, &row, NULL), 0);
    assert_string_equal(first(f, s).recipient, x.word[1]);
    store_close(s);
    f->place.identity = &f->id;
    s = fixture_open(f, STORE_WRITE);
    struct statement act = {.kind = STATEMENT_REVOKED,
                            .revoked = {.name = second.member.name, .reason = STATEMENT_STOLEN, .doubted = true,
                                        .doubtful_from = row.leaf}};
    struct store_acted acted;
    assert_int_equal(store_act(s, &act, NULL, &acted, &f->e), 0);
    struct store_keyholder h = first(f, s);
    assert_true(h.stands);
    assert_string_equal(h.recipient, x.word[0]);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_the_newest_word_counts),
        FIXTURE_TEST(test_what_is_doubtful_names_nobody),
    };
    return FIXTURE_RUN(tests);
}
