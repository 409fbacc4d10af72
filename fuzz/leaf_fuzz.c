/*
 * Hostile envelopes of leaves, from somebody who has the leaf's secret.  The first byte chooses: 0, the rest is what is
 * stored; 1, the plaintext of it as it stands; 2, the plaintext, filled up with zeros to its size class.
 *
 * Held: an envelope that opens is sealed again to the same bytes, and opens for no other leaf, pin or secret.
 */
#include "fuzz.h"
#include "model/leaf.h"

enum { AAD = CRYPT_HASH + 8, LEAF = 5 };

static const struct key secret = {{9}}, other_secret = {{10}};
static const struct hash pin = {{4}}, other_pin = {{5}};

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

static bool opens(const struct key *key, const struct hash *of, uint64_t leaf, struct bytes sealed)
{
    OWN(buf_drop) struct buf held = {0};
    struct leaf_envelope envelope;
    return leaf_open(key, of, leaf, sealed, &held, &envelope) == 0;
}

static void stored(struct bytes sealed)
{
    OWN(buf_drop) struct buf held = {0};
    OWN(buf_drop) struct buf again = {0};
    struct leaf_envelope envelope;
    if (leaf_open(&secret, &pin, LEAF, sealed, &held, &envelope) != 0)
        return;
    must(leaf_seal(&secret, &pin, LEAF, &envelope, &again) == 0);
    must(bytes_equal(buf_bytes(&again), sealed));
    must(!opens(&other_secret, &pin, LEAF, sealed) && !opens(&secret, &other_pin, LEAF, sealed));
    must(!opens(&secret, &pin, LEAF + 1, sealed));
}

static void seal(struct bytes plain, size_t padded)
{
    OWN(buf_drop) struct buf sealed = {0};
    uint8_t aad[AAD], *p = buf_more(&sealed, padded + CRYPT_TAG);
    struct key key;
    must(p != NULL && padded >= plain.n);
    memset(p, 0, padded);
    if (plain.n > 0)
        memcpy(p, plain.p, plain.n);
    memcpy(aad, pin.b, CRYPT_HASH);
    u64_put(aad + CRYPT_HASH, LEAF);
    crypt_derive(&secret, "groundwork/statement-key/v1", bytes_of(NULL, 0), &key);
    crypt_seal(&key, 0, bytes_of(aad, sizeof aad), bytes_of(p, padded), p);
    stored(buf_bytes(&sealed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    uint8_t what = cursor_u8(&c);
    struct bytes rest = cursor_rest(&c);
    if (what == 0)
        stored(rest);
    else if (what == 1)
        seal(rest, rest.n);
    else if (what == 2)
        seal(rest, leaf_padded(rest.n));
    return 0;
}
