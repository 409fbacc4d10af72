/* What is sealed: shares for those who were named and nobody else, and no byte of the record anywhere. */
#include "sealed.h"

static void test_each_share_is_for_one(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    uint64_t leaf = 0;
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    assert_int_equal(store_shares_of(s, x.leaf, &held, &st, &leaf, &f->e), 0);
    assert_int_equal(leaf, x.leaf + 1);
    for (unsigned i = 0; i < SEALED_HOLDERS; i++)
        for (unsigned k = 0; k < SEALED_HOLDERS; k++) {
            OWN(buf_wipe) struct buf plain = {0};
            struct identity_share share;
            struct hash digest;
            int rc = crypt_age_open(&x.key[k], buf_bytes(&x.file[i]), &plain, NULL);
            assert_int_equal(rc, i == k ? 0 : ERR_KEY);
            if (i != k)
                continue;
            assert_int_equal(identity_share_read(buf_bytes(&plain), &share, &f->e), 0);
            assert_true(share.index == i + 1 && share.count == 5 && share.needed == 3);
            assert_string_equal(share.person, "P-0001");
            crypt_sha256(buf_bytes(&plain), &digest);
            assert_true(hash_equal(&digest, &st.identity_shares.holders[i].sha256));
        }
}

static bool holds(struct bytes where, struct bytes what)
{
    return memmem(where.p, where.n, what.p, what.n) != NULL;
}

static int look(void *context, const struct index_statement_row *row, struct err *e)
{
    static const char *const words[] = {"Gim Haneul", "R2ltIEhhbmV1b", "dpbSBIYW5ldW", "HaW0gSGFuZXVs",
                                        "47696d2048616e"};
    struct store *s = context;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    if (!statement_kind_hidden(row->kind))
        return 0;
    assert_int_equal(store_statement(s, row->leaf, &held, &st, e), 0);
    for (size_t i = 0; i < COUNT(words); i++)
        assert_false(holds(buf_bytes(&held->opened), bytes_text(words[i])));
    return 0;
}

/* With every key that there is here: all statements opened, and all that the index holds. */
static void test_the_record_is_in_nothing_that_opens(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf dump = {0};
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    assert_int_equal(index_statements(store_index(s), 0, 0, look, s, &f->e), 0);
    fixture_dump(s, &dump);
    assert_false(holds(buf_bytes(&dump), bytes_text("Haneul")));
}

static void refused(struct fixture *f, struct store *s, struct store_seal_for whom, const char *record, int code,
                    const char *words)
{
    struct store_sealing sealing = {.count = 0};
    fixture_says(f, store_seal_make(s, &whom, bytes_text(record), &sealing, &f->e), code, words, NULL);
    assert_null(sealing.held.p);
}

static void test_what_cannot_be_sealed(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(store_sealing_release) struct store_sealing sealing = {.count = 0};
    const char *twice[] = {"K-01", "K-01"}, *many[CRYPT_SHARES_MAX + 1], *nobody[] = {"K-09"};
    uint64_t leaf;
    sealed_holders(f, s, &x);
    for (size_t i = 0; i <= CRYPT_SHARES_MAX; i++)
        many[i] = "K-01";
    const struct store_seal_for too_many = {"P-0001", many, 1, CRYPT_SHARES_MAX + 1};
    refused(f, s, too_many, SEALED_RECORD, ERR_USAGE, "1 to 16");
    refused(f, s, (struct store_seal_for){"P-0001", x.codes, 0, 5}, SEALED_RECORD, ERR_USAGE, "1 to all");
    refused(f, s, (struct store_seal_for){"P-0001", x.codes, 6, 5}, SEALED_RECORD, ERR_USAGE, "1 to all");
    refused(f, s, (struct store_seal_for){"P-0001", nobody, 1, 1}, SEALED_RECORD, ERR_REFUSED, "K-09 is no keyholder");
    refused(f, s, (struct store_seal_for){"Haneul", x.codes, 3, 5}, SEALED_RECORD, ERR_REFUSED, "rule identity-code");
    refused(f, s, (struct store_seal_for){"P-0002", x.codes, 3, 5}, SEALED_RECORD, ERR_REFUSED, "another person");
    refused(f, s, (struct store_seal_for){"P-0001", x.codes, 3, 5}, "name: A\n", ERR_DAMAGED, "rule identity-record");
    assert_int_equal(store_seal_make(s, &(struct store_seal_for){"P-0001", twice, 1, 2}, bytes_text(SEALED_RECORD),
                                     &sealing, &f->e), 0);
    fixture_says(f, store_seal_commit(s, &sealing, &leaf, &f->e), ERR_REFUSED, "rule identity-holders", NULL);
    assert_false(store_seal_may_count(s, &sealing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_each_share_is_for_one),
        FIXTURE_TEST(test_the_record_is_in_nothing_that_opens),
        FIXTURE_TEST(test_what_cannot_be_sealed),
    };
    return FIXTURE_RUN(tests);
}
