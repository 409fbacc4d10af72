/* A request to join: written, read, and every change of it refused. */
#include "fixture.h"

static void identity(const struct fixture *f, struct keyring_identity *ret)
{
    assert_int_equal(keyring_identity_make("example.org", ret, NULL), 0);
    ret->pin = f->id.pin;
}

static void round_trip(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity id = {0};
    OWN(buf_drop) struct buf text = {0};
    struct keyring_request r;
    uint8_t box[CRYPT_PUBLIC], receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    identity(f, &id);
    assert_int_equal(keyring_request_put(&id, &text, NULL), 0);
    assert_int_equal(keyring_request_parse(buf_bytes(&text), &r, NULL), 0);
    keyring_identity_public(&id, box, receiving);
    assert_string_equal(r.origin, "example.org");
    assert_true(hash_equal(&r.pin, &id.pin));
    assert_string_equal(r.key.name, id.member.name);
    assert_memory_equal(r.key.public_key, id.member.public_key, CRYPT_PUBLIC);
    assert_memory_equal(r.box, box, CRYPT_PUBLIC);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        assert_int_equal(r.receiving[i].epoch, id.holdings[0].seeds[i].epoch);
        assert_memory_equal(r.receiving[i].key, receiving[i], CRYPT_PUBLIC);
    }
}

/* Every byte counts, and nothing may stand behind it. */
static void any_change(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity id = {0};
    OWN(buf_drop) struct buf text = {0};
    struct keyring_request r;
    identity(f, &id);
    assert_int_equal(keyring_request_put(&id, &text, NULL), 0);
    for (size_t i = 0; i < text.n; i++) {
        text.p[i] ^= 1;
        assert_int_equal(keyring_request_parse(buf_bytes(&text), &r, NULL), ERR_DAMAGED);
        text.p[i] ^= 1;
        assert_int_equal(keyring_request_parse(bytes_of(text.p, i), &r, NULL), ERR_DAMAGED);
    }
    buf_put_u8(&text, 'x');
    assert_int_equal(keyring_request_parse(buf_bytes(&text), &r, NULL), ERR_DAMAGED);
    for (size_t i = text.n; i <= KEYRING_REQUEST_MAX; i++)
        buf_put_u8(&text, '\n');
    struct err e = {0};
    assert_int_equal(keyring_request_parse(buf_bytes(&text), &r, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "too long"));
}

/* Signed by the key that it names and by no other; epochs ascend. */
static void forged(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity id = {0}, other = {0};
    OWN(buf_drop) struct buf text = {0}, mixed = {0}, equal = {0};
    OWN(note_drop) struct note n = {0};
    struct keyring_request r;
    identity(f, &id);
    identity(f, &other);
    assert_int_equal(keyring_request_put(&id, &text, NULL), 0);
    assert_int_equal(note_parse(buf_bytes(&text), &n, NULL), 0);
    assert_int_equal(note_sign(n.text, &other.member, &other.sign, &mixed, NULL), 0);
    assert_int_equal(keyring_request_parse(buf_bytes(&mixed), &r, NULL), ERR_DAMAGED);
    id.holdings[0].seeds[1].epoch = id.holdings[0].seeds[0].epoch;
    assert_int_equal(keyring_request_put(&id, &equal, NULL), 0);
    assert_int_equal(keyring_request_parse(buf_bytes(&equal), &r, NULL), ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(round_trip, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(any_change, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(forged, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
