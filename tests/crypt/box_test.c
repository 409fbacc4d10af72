/* Boxes: what lies in them, whom they open to, and that a refusal leaves nothing behind. */
#include "crypt/crypt.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct key SEED = {{1, 2, 3}};

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static void round_trips(void **state)
{
    (void)state;
    uint8_t receiver[CRYPT_PUBLIC], plain[5000];
    crypt_random(plain, sizeof plain);
    crypt_box_public(&SEED, receiver);
    static const size_t size[] = {0, 1, 31, 32, 33, 100, 5000};
    for (size_t i = 0; i < COUNT(size); i++) {
        OWN(buf_drop) struct buf box = {0};
        OWN(buf_drop) struct buf opened = {0};
        buf_put_text(&box, "before");
        buf_put_text(&opened, "kept");
        assert_int_equal(crypt_box_seal(receiver, bytes_text("epoch 7"), bytes_of(plain, size[i]), &box), 0);
        assert_int_equal(box.n, 6 + size[i] + CRYPT_BOX_OVERHEAD);
        assert_memory_equal(box.p, "before", 6);
        const struct bytes sealed = bytes_of(box.p + 6, box.n - 6);
        assert_int_equal(crypt_box_open(&SEED, bytes_text("epoch 7"), sealed, &opened), 0);
        assert_int_equal(opened.n, 4 + size[i]);
        assert_memory_equal(opened.p, "kept", 4);
        assert_true(size[i] == 0 || memcmp(opened.p + 4, plain, size[i]) == 0);
    }
}

/* FORMAT: libsodium's sealed box of SHA-256(context) || plain, keys by crypto_box_seed_keypair. */
static void layout(void **state)
{
    (void)state;
    uint8_t public_key[CRYPT_PUBLIC], receiver[CRYPT_PUBLIC], secret[32];
    crypto_box_seed_keypair(public_key, secret, SEED.b);
    crypt_box_public(&SEED, receiver);
    assert_memory_equal(receiver, public_key, CRYPT_PUBLIC);
    OWN(buf_drop) struct buf box = {0};
    assert_int_equal(crypt_box_seal(receiver, bytes_text("context"), bytes_text("plain"), &box), 0);
    uint8_t inside[CRYPT_HASH + 5];
    assert_int_equal(box.n, sizeof inside + crypto_box_SEALBYTES);
    assert_int_equal(crypto_box_seal_open(inside, box.p, box.n, public_key, secret), 0);
    struct hash context;
    crypt_sha256(bytes_text("context"), &context);
    assert_memory_equal(inside, context.b, CRYPT_HASH);
    assert_memory_equal(inside + CRYPT_HASH, "plain", 5);
}

static void refuse(const struct key *seed, const char *context, struct bytes box)
{
    OWN(buf_drop) struct buf opened = {0};
    buf_put_text(&opened, "kept");
    assert_int_equal(crypt_box_open(seed, bytes_text(context), box, &opened), ERR_KEY);
    assert_int_equal(opened.n, 4);
    assert_memory_equal(opened.p, "kept", 4);
    assert_false(opened.failed);
}

static void refusals(void **state)
{
    (void)state;
    const struct key other = {{9}};
    uint8_t receiver[CRYPT_PUBLIC];
    crypt_box_public(&SEED, receiver);
    OWN(buf_drop) struct buf box = {0};
    assert_int_equal(crypt_box_seal(receiver, bytes_text("epoch 7"), bytes_text("key"), &box), 0);
    refuse(&other, "epoch 7", buf_bytes(&box));
    refuse(&SEED, "epoch 8", buf_bytes(&box));
    refuse(&SEED, "", buf_bytes(&box));
    for (size_t n = 0; n < box.n; n++)
        refuse(&SEED, "epoch 7", bytes_of(box.p, n));
    for (size_t i = 0; i < box.n; i++) {
        box.p[i] ^= 1;
        refuse(&SEED, "epoch 7", buf_bytes(&box));
        box.p[i] ^= 1;
    }
}

/* A point of small order would make a box that everybody can open. */
static void receivers_that_are_none(void **state)
{
    (void)state;
    const uint8_t none[CRYPT_PUBLIC] = {0};
    OWN(buf_drop) struct buf box = {0};
    buf_put_text(&box, "kept");
    assert_int_equal(crypt_box_seal(none, bytes_text("c"), bytes_text("secret"), &box), ERR_KEY);
    assert_int_equal(box.n, 4);
}

static void boxes_never_repeat(void **state)
{
    (void)state;
    uint8_t receiver[CRYPT_PUBLIC];
    crypt_box_public(&SEED, receiver);
    OWN(buf_drop) struct buf a = {0};
    OWN(buf_drop) struct buf b = {0};
    assert_int_equal(crypt_box_seal(receiver, bytes_text("c"), bytes_text("same"), &a), 0);
    assert_int_equal(crypt_box_seal(receiver, bytes_text("c"), bytes_text("same"), &b), 0);
    assert_false(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(layout),
        cmocka_unit_test(refusals),
        cmocka_unit_test(receivers_that_are_none),
        cmocka_unit_test(boxes_never_repeat),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
