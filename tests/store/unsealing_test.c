/* Reading a sealed record: by k approvals and their shares, once, and by nothing less; new shares likewise. */
#include "sealed.h"

static uint64_t request(struct fixture *f, struct store *s, struct store_asked_for *ret)
{
    uint64_t leaf = 0;
    if (store_request(s, "P-0001", "the court asks", &leaf, &f->e) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(store_asked_load(s, leaf, ret, &f->e), 0);
    return leaf;
}

/* How it stands now. */
static void again(struct fixture *f, struct store *s, struct store_asked_for *a)
{
    uint64_t leaf = a->leaf;
    store_asked_for_release(a);
    assert_int_equal(store_asked_load(s, leaf, a, &f->e), 0);
}

static int unseal(struct fixture *f, struct store *s, const struct store_asked_for *a, const struct store_returned *r,
                  struct buf *record)
{
    crypt_hold_drop(record);
    assert_int_equal(crypt_hold(record, IDENTITY_SEALED_MAX, &f->e), 0);
    return store_unseal(s, a, r, "to answer", record, &f->e);
}

static void test_three_of_five_open_it_once(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(store_asked_for_release) struct store_asked_for a = {.leaf = 0};
    OWN(store_returned_release) struct store_returned r = {.count = 0};
    OWN(crypt_hold_drop) struct buf record = {0};
    sealed_holders(f, s, &x);
    fixture_says(f, store_request(s, "P-0001", "w", &a.leaf, &f->e), ERR_ABSENT, "no sealed identity of P-0001", NULL);
    sealed_make(f, s, &x);
    request(f, s, &a);
    assert_int_equal(sealed_take(f, s, &x, 4, true, &a, &r), 0);
    assert_int_equal(sealed_take(f, s, &x, 1, true, &a, &r), 0);
    assert_int_equal(sealed_take(f, s, &x, 0, false, &a, &r), 0);
    again(f, s, &a);
    assert_int_equal(a.approvals, 2);
    fixture_says(f, unseal(f, s, &a, &r, &record), ERR_REFUSED, "rule identity-needed: 2 of the 3", NULL);
    fixture_says(f, sealed_take(f, s, &x, 1, true, &a, &r), ERR_REFUSED, "K-02 has approved it already", NULL);
    assert_int_equal(sealed_take(f, s, &x, 2, true, &a, &r), 0);
    again(f, s, &a);
    OWN(store_returned_release) struct store_returned few = {.count = 0};
    assert_int_equal(sealed_take(f, s, &x, 1, false, &a, &few), 0);
    assert_int_equal(sealed_take(f, s, &x, 0, false, &a, &few), 0); /* K-01 did not approve */
    assert_int_equal(sealed_take(f, s, &x, 2, false, &a, &few), 0);
    fixture_says(f, unseal(f, s, &a, &few, &record), ERR_REFUSED, "2 shares of keyholders who approved", NULL);
    assert_int_equal(unseal(f, s, &a, &r, &record), 0);
    assert_true(bytes_equal(buf_bytes(&record), bytes_text(SEALED_RECORD)));
    again(f, s, &a);
    assert_true(a.spent);
    fixture_says(f, unseal(f, s, &a, &r, &record), ERR_REFUSED, "rule identity-once", NULL);
    store_close(TAKE(s));
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
}

static void test_a_false_share_is_named(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(store_asked_for_release) struct store_asked_for a = {.leaf = 0};
    OWN(store_returned_release) struct store_returned r = {.count = 0};
    OWN(buf_wipe) struct buf plain = {0}, file = {0};
    uint8_t answer[1][CRYPT_PUBLIC];
    unsigned number;
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    request(f, s, &a);
    crypt_age_public(&a.request.identity_access.answer, answer[0]);
    assert_int_equal(crypt_age_open(&x.key[3], buf_bytes(&x.file[3]), &plain, &f->e), 0);
    for (size_t i = plain.n - 1 - 64; i < plain.n - 1; i++) { /* any digit of the value */
        uint8_t was = plain.p[i];
        plain.p[i] = was == '0' ? '1' : '0';
        buf_clear(&file);
        assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])answer, 1, buf_bytes(&plain), &file, &f->e), 0);
        fixture_says(f, store_share_take(s, &a, "back-4", buf_bytes(&file), &r, &number, &f->e), ERR_REFUSED,
                     "back-4: FALSE SHARE", "the share of K-04", NULL);
        plain.p[i] = was;
    }
    assert_int_equal(r.count, 0);
    fixture_says(f, store_share_take(s, &a, "f", buf_bytes(&x.file[3]), &r, &number, &f->e), ERR_REFUSED,
                 "f: this file of age is for somebody else", NULL);
    fixture_says(f, store_share_take(s, &a, "f", bytes_text("x"), &r, &number, &f->e), ERR_REFUSED, "f: ", NULL);
    buf_clear(&file);
    assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])answer, 1, bytes_text("x"), &file, &f->e), 0);
    fixture_says(f, store_share_take(s, &a, "f", buf_bytes(&file), &r, &number, &f->e), ERR_REFUSED,
                 "no keyholder's share", NULL);
    while (file.n <= IDENTITY_RETURNED_MAX)
        buf_put_u8(&file, 0);
    fixture_says(f, store_share_take(s, &a, "f", buf_bytes(&file), &r, &number, &f->e), ERR_REFUSED,
                 "no keyholder's share", NULL);
}

static void test_new_shares_by_old_ones(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(store_asked_for_release) struct store_asked_for a = {.leaf = 0}, b = {.leaf = 0};
    OWN(store_returned_release) struct store_returned r = {.count = 0}, fresh = {.count = 0};
    OWN(store_sealing_release) struct store_sealing sealing = {.count = 0};
    OWN(crypt_hold_drop) struct buf record = {0};
    OWN(buf_drop) struct buf old = {0};
    const struct store_seal_for two = {.person = "P-0001", .keyholders = x.codes, .needed = 2, .count = 2};
    unsigned number;
    uint64_t leaf;
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    request(f, s, &a);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(sealed_take(f, s, &x, i, i < 2, &a, &r), 0);
    again(f, s, &a);
    fixture_says(f, store_reseal(s, &a, &r, "K-05 left", &two, &sealing, &f->e), ERR_REFUSED, "rule identity-needed",
                 NULL);
    assert_int_equal(store_share_approve(s, &a, 3, "a letter", &f->e), 0);
    again(f, s, &a);
    assert_int_equal(store_reseal(s, &a, &r, "K-05 left", &two, &sealing, &f->e), 0);
    sealed_back(f, &x, 0, &a, &old);
    sealed_files(f, &sealing, &x);
    assert_int_equal(store_seal_commit(s, &sealing, &leaf, &f->e), 0);
    assert_int_equal(leaf, x.leaf);
    again(f, s, &a);
    assert_true(a.spent);
    request(f, s, &b);
    assert_int_equal(b.shares.identity_shares.needed, 2);
    OWN(buf_wipe) struct buf plain = {0}, file = {0};
    uint8_t answer[1][CRYPT_PUBLIC];
    crypt_age_public(&b.request.identity_access.answer, answer[0]);
    assert_int_equal(crypt_age_open(&a.request.identity_access.answer, buf_bytes(&old), &plain, &f->e), 0);
    assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])answer, 1, buf_bytes(&plain), &file, &f->e), 0);
    fixture_says(f, store_share_take(s, &b, "old", buf_bytes(&file), &fresh, &number, &f->e), ERR_REFUSED,
                 "of other shares", NULL);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(sealed_take(f, s, &x, i, true, &b, &fresh), 0);
    again(f, s, &b);
    assert_int_equal(unseal(f, s, &b, &fresh, &record), 0);
    assert_true(bytes_equal(buf_bytes(&record), bytes_text(SEALED_RECORD)));
}

static int count(void *context, const struct store_asked_for *a, struct err *e)
{
    (void)e;
    *(unsigned *)context += 1 + (a->spent ? 100u : 0);
    return 0;
}

static void test_what_the_keyholders_are_sent(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    OWN(store_asked_for_release) struct store_asked_for a = {.leaf = 0}, none = {.leaf = 0};
    OWN(buf_wipe) struct buf file = {0};
    unsigned requests = 0;
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    uint64_t leaf = request(f, s, &a);
    assert_int_equal(store_asked_document(s, &a, &file, &f->e), 0);
    for (unsigned i = 0; i < SEALED_HOLDERS; i++) {
        OWN(buf_wipe) struct buf plain = {0};
        OWN(json_drop) struct json *json = NULL;
        assert_int_equal(crypt_age_open(&x.key[i], buf_bytes(&file), &plain, &f->e), 0);
        assert_int_equal(json_parse(buf_bytes(&plain), &json, &f->e), 0);
        assert_string_equal(json_text(json_get(json_root(json), "why")), "the court asks");
        assert_string_equal(json_text(json_get(json_root(json), "person")), "P-0001");
    }
    assert_int_equal(store_requests(s, count, &requests, &f->e), 0);
    assert_int_equal(requests, 1);
    fixture_says(f, store_asked_load(s, leaf - 1, &none, &f->e), ERR_REFUSED, "is no request", NULL);
    fixture_says(f, store_asked_load(s, leaf + 9, &none, &f->e), ERR_REFUSED, "is no request", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_three_of_five_open_it_once),
        FIXTURE_TEST(test_a_false_share_is_named),
        FIXTURE_TEST(test_new_shares_by_old_ones),
        FIXTURE_TEST(test_what_the_keyholders_are_sent),
    };
    return FIXTURE_RUN(tests);
}
