/* Leaves: every derived value made again by hand, padding, and that no changed bit opens. */
#include "model/leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"

static struct chance chance = {20260317};

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

/* ---- the formulas of FORMAT 5, from SHA-256 alone ---- */

static void hmac(const struct key *key, struct bytes message, uint8_t ret[CRYPT_HASH])
{
    OWN(buf_drop) struct buf b = {0};
    struct hash inner, outer;
    for (size_t i = 0; i < 64; i++)
        buf_put_u8(&b, (i < CRYPT_KEY ? key->b[i] : 0) ^ 0x36);
    buf_put_bytes(&b, message);
    crypt_sha256(buf_bytes(&b), &inner);
    buf_clear(&b);
    for (size_t i = 0; i < 64; i++)
        buf_put_u8(&b, (i < CRYPT_KEY ? key->b[i] : 0) ^ 0x5c);
    buf_put(&b, inner.b, CRYPT_HASH);
    crypt_sha256(buf_bytes(&b), &outer);
    memcpy(ret, outer.b, CRYPT_HASH);
}

/* RFC 5869 section 2.3 for 32 bytes: T(1) = HMAC(PRK, info || 0x01), info = purpose || 0x00 || context. */
static void expand(const struct key *secret, const char *purpose, const char *context, uint8_t ret[CRYPT_HASH])
{
    OWN(buf_drop) struct buf info = {0};
    buf_put(&info, purpose, strlen(purpose) + 1);
    buf_put_text(&info, context);
    buf_put_u8(&info, 1);
    hmac(secret, buf_bytes(&info), ret);
}

static void draw(void *to, size_t n)
{
    chance_fill(&chance, to, n);
}

static void derived_values(void **state)
{
    for (int i = 0; i < 20; i++) {
        struct key secret, manifest;
        uint8_t salt[CRYPT_SALT], claim[LEAF_CLAIM_SALT], by_hand[CRYPT_HASH];
        draw(secret.b, sizeof secret.b);
        leaf_salt(&secret, salt);
        expand(&secret, "groundwork/leaf-salt/v1", "", by_hand);
        assert_memory_equal(salt, by_hand, CRYPT_SALT);
        leaf_manifest_key(&secret, &manifest);
        expand(&secret, "groundwork/manifest/v1", "", by_hand);
        assert_memory_equal(manifest.b, by_hand, CRYPT_KEY);
        leaf_claim_salt(&secret, "name", claim);
        expand(&secret, "groundwork/claim-salt/v1", "name", by_hand);
        assert_memory_equal(claim, by_hand, LEAF_CLAIM_SALT);
    }
}

static void entries(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 1900, 1983, 1984, 1985, 2040, 2048, 2049, 5000, 1 << 20};
    struct key secret;
    draw(secret.b, sizeof secret.b);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        OWN(buf_drop) struct buf statement = {0};
        OWN(buf_drop) struct buf b = {0};
        uint8_t entry[LEAF_ENTRY], salt[CRYPT_HASH];
        struct hash digest;
        draw(buf_more(&statement, sizes[i]), sizes[i]);

        buf_put_text(&b, "groundwork/commit/v1\n");
        buf_put_u64(&b, sizes[i]);
        buf_put_bytes(&b, buf_bytes(&statement));
        crypt_sha256(buf_bytes(&b), &digest);
        leaf_entry_public(buf_bytes(&statement), entry);
        assert_int_equal(entry[0], LEAF_PUBLIC);
        assert_memory_equal(entry + 1, digest.b, CRYPT_HASH);

        buf_clear(&b);
        expand(&secret, "groundwork/leaf-salt/v1", "", salt);
        buf_put_text(&b, "groundwork/commit/v1\n");
        buf_put(&b, salt, CRYPT_SALT);
        buf_put_u64(&b, sizes[i]);
        buf_put_bytes(&b, buf_bytes(&statement));
        crypt_sha256(buf_bytes(&b), &digest);
        leaf_entry_hidden(&secret, buf_bytes(&statement), entry);
        assert_int_equal(entry[0], LEAF_HIDDEN);
        assert_memory_equal(entry + 1, digest.b, CRYPT_HASH);

        uint8_t claim_salt[LEAF_CLAIM_SALT];
        leaf_claim_salt(&secret, "note", claim_salt);
        buf_clear(&b);
        buf_put_text(&b, "groundwork/claim/v1\n");
        buf_put(&b, claim_salt, LEAF_CLAIM_SALT);
        buf_put_bytes(&b, buf_bytes(&statement));
        crypt_sha256(buf_bytes(&b), &digest);
        struct hash claim;
        leaf_claim_digest(claim_salt, buf_bytes(&statement), &claim);
        assert_memory_equal(claim.b, digest.b, CRYPT_HASH);
    }
}

/* Different secrets, claims and purposes lead to values that have nothing in common. */
static void values_differ(void **state)
{
    uint8_t seen[200][LEAF_CLAIM_SALT];
    size_t count = 0;
    for (int s = 0; s < 20; s++) {
        struct key secret, manifest;
        uint8_t salt[CRYPT_SALT];
        draw(secret.b, sizeof secret.b);
        leaf_salt(&secret, salt);
        memcpy(seen[count++], salt, LEAF_CLAIM_SALT);
        leaf_manifest_key(&secret, &manifest);
        memcpy(seen[count++], manifest.b, LEAF_CLAIM_SALT);
        memcpy(seen[count++], secret.b, LEAF_CLAIM_SALT);
        static const char *const claims[] = {"name", "file", "object", "", "names"};
        for (size_t i = 0; i < COUNT(claims); i++)
            leaf_claim_salt(&secret, claims[i], seen[count++]);
    }
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < a; b++)
            assert_memory_not_equal(seen[a], seen[b], LEAF_CLAIM_SALT);
}

/* ---- padding ---- */

static size_t class_step(size_t n)
{
    if (n <= 512)
        return 64;
    size_t largest = 1;
    while (largest * 2 <= n)
        largest *= 2;
    return largest / 8 < 128 ? 128 : largest / 8;
}

static void padding_classes(void **state)
{
    static const size_t edges[][2] = {{1, 64}, {64, 64}, {65, 128}, {512, 512}, {513, 640}, {640, 640}, {641, 768},
                                      {1024, 1024}, {1025, 1152}, {2047, 2048}, {2048, 2048}, {2049, 2304},
                                      {65536, 65536}, {65537, 73728}};
    for (size_t i = 0; i < COUNT(edges); i++)
        assert_int_equal(leaf_padded(edges[i][0]), edges[i][1]);
    size_t before = 0;
    for (size_t n = 1; n <= LEAF_STATEMENT_MAX; n += n < 5000 ? 1 : n / 97) {
        size_t padded = leaf_padded(n);
        assert_true(padded >= n && padded >= before);
        assert_int_equal(padded % class_step(n), 0);
        assert_true(padded - n < class_step(n));
        assert_int_equal(leaf_padded(padded), padded); /* a class is its own class */
        if (n >= 1024) /* what padding costs is bounded */
            assert_true(padded - n < n / 8 + 1);
        before = padded;
    }
}

/* ---- sealing ---- */

struct sealed {
    struct key secret;
    struct hash pin;
    uint64_t leaf;
    struct buf statement, values, bytes;
    struct leaf_envelope envelope;
};

static void sealed_drop(struct sealed *s)
{
    buf_drop(&s->statement);
    buf_drop(&s->values);
    buf_drop(&s->bytes);
}

static void seal(struct sealed *s, size_t statement, size_t values)
{
    draw(s->secret.b, sizeof s->secret.b);
    draw(s->pin.b, sizeof s->pin.b);
    s->leaf = chance_u64(&chance);
    draw(buf_more(&s->statement, statement), statement);
    draw(buf_more(&s->values, values), values);
    s->envelope = (struct leaf_envelope){chance_u64(&chance), buf_bytes(&s->statement), buf_bytes(&s->values)};
    assert_int_equal(leaf_seal(&s->secret, &s->pin, s->leaf, &s->envelope, &s->bytes), 0);
}

/* An envelope that does not open leaves what was there before. */
static int reopen(const struct sealed *s, struct buf *held, struct leaf_envelope *ret)
{
    static const uint8_t mark[] = {1};
    *ret = (struct leaf_envelope){.manifest_record = 77, .values = {mark, 1}};
    int rc = leaf_open(&s->secret, &s->pin, s->leaf, buf_bytes(&s->bytes), held, ret);
    if (rc != 0) {
        assert_int_equal(ret->manifest_record, 77);
        assert_null(ret->statement.p);
        assert_ptr_equal(ret->values.p, mark);
    }
    return rc;
}

static void seal_and_open(void **state)
{
    OWN(buf_drop) struct buf held = {0};
    for (int i = 0; i < 300; i++) {
        OWN(sealed_drop) struct sealed s = {0};
        struct leaf_envelope opened;
        size_t statement = chance_below(&chance, i < 200 ? 700 : 20000), values = chance_below(&chance, 600);
        seal(&s, statement, i % 3 == 0 ? 0 : values);
        assert_int_equal(s.bytes.n, leaf_padded(20 + s.statement.n + s.values.n) + CRYPT_TAG);
        assert_int_equal(reopen(&s, &held, &opened), 0);
        assert_true(opened.manifest_record == s.envelope.manifest_record);
        assert_true(bytes_equal(opened.statement, s.envelope.statement));
        assert_true(bytes_equal(opened.values, s.envelope.values));
    }
}

/* What is appended to stays as it is. */
static void sealing_appends(void **state)
{
    OWN(sealed_drop) struct sealed s = {0};
    OWN(buf_drop) struct buf held = {0};
    struct leaf_envelope opened;
    buf_put_text(&s.bytes, "before");
    seal(&s, 100, 10);
    assert_memory_equal(s.bytes.p, "before", 6);
    assert_int_equal(leaf_open(&s.secret, &s.pin, s.leaf, bytes_of(s.bytes.p + 6, s.bytes.n - 6), &held, &opened), 0);
    assert_true(bytes_equal(opened.statement, s.envelope.statement));
}

static void every_flipped_bit(void **state)
{
    OWN(buf_drop) struct buf held = {0};
    OWN(sealed_drop) struct sealed s = {0};
    struct leaf_envelope opened;
    seal(&s, 150, 40);
    for (size_t bit = 0; bit < s.bytes.n * 8; bit++) {
        s.bytes.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
        s.bytes.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(reopen(&s, &held, &opened), 0);
}

static void bound_to_secret_pin_and_leaf(void **state)
{
    OWN(buf_drop) struct buf held = {0};
    OWN(sealed_drop) struct sealed s = {0};
    struct leaf_envelope opened;
    seal(&s, 150, 40);
    for (size_t bit = 0; bit < 64; bit++) {
        s.leaf ^= UINT64_C(1) << bit;
        assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
        s.leaf ^= UINT64_C(1) << bit;
    }
    for (size_t bit = 0; bit < 256; bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8);
        s.pin.b[bit / 8] ^= mask;
        assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
        s.pin.b[bit / 8] ^= mask;
        s.secret.b[bit / 8] ^= mask;
        assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
        s.secret.b[bit / 8] ^= mask;
    }
    assert_int_equal(reopen(&s, &held, &opened), 0);
}

static void other_lengths(void **state)
{
    OWN(buf_drop) struct buf held = {0};
    OWN(sealed_drop) struct sealed s = {0};
    struct leaf_envelope opened;
    seal(&s, 150, 40);
    size_t whole = s.bytes.n;
    for (size_t n = 0; n < whole; n++)
        assert_int_equal(leaf_open(&s.secret, &s.pin, s.leaf, bytes_of(s.bytes.p, n), &held, &opened), ERR_DAMAGED);
    buf_put_u8(&s.bytes, 0);
    assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
}

/* What a holder of the key might seal beside the format: each field at another value, padding that is not zero, and
 * another size class. */
static void sealed_by_hand(struct sealed *s, const uint8_t *plain, size_t n)
{
    uint8_t aad[CRYPT_HASH + 8], derived[CRYPT_HASH];
    struct key key;
    expand(&s->secret, "groundwork/statement-key/v1", "", derived);
    memcpy(key.b, derived, CRYPT_KEY);
    memcpy(aad, s->pin.b, CRYPT_HASH);
    u64_put(aad + CRYPT_HASH, s->leaf);
    buf_clear(&s->bytes);
    crypt_seal(&key, 0, bytes_of(aad, sizeof aad), bytes_of(plain, n), buf_more(&s->bytes, n + CRYPT_TAG));
}

static void envelope_form(void **state)
{
    OWN(buf_drop) struct buf held = {0};
    OWN(sealed_drop) struct sealed s = {0};
    struct leaf_envelope opened;
    enum { PADDED = 128, USED = 20 + 60 + 10 };
    uint8_t plain[2 * PADDED] = {1};
    u64_put(plain + 4, 77);
    u32_put(plain + 12, 60);
    u32_put(plain + 16, 10);
    memset(plain + 20, 's', 60);
    memset(plain + 80, 'v', 10);
    sealed_by_hand(&s, plain, PADDED);
    assert_int_equal(reopen(&s, &held, &opened), 0);
    assert_true(opened.manifest_record == 77 && opened.statement.n == 60 && opened.values.n == 10);
    assert_int_equal(opened.statement.p[59], 's');
    assert_int_equal(opened.values.p[0], 'v');

    static const size_t must_be_as_they_are[] = {0, 1, 2, 3, 12, 13, 14, 16, 17, 18};
    for (size_t i = 0; i < COUNT(must_be_as_they_are); i++) {
        plain[must_be_as_they_are[i]] ^= 0xff;
        sealed_by_hand(&s, plain, PADDED);
        assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
        plain[must_be_as_they_are[i]] ^= 0xff;
    }
    for (size_t i = USED; i < PADDED; i++) {
        plain[i] = 1;
        sealed_by_hand(&s, plain, PADDED);
        assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
        plain[i] = 0;
    }
    for (size_t n = 1; n < 2 * PADDED; n++) {
        sealed_by_hand(&s, plain, n);
        assert_int_equal(reopen(&s, &held, &opened), n == PADDED ? 0 : ERR_DAMAGED);
    }
    u32_put(plain + 12, UINT32_MAX);
    u32_put(plain + 16, UINT32_MAX);
    sealed_by_hand(&s, plain, PADDED);
    assert_int_equal(reopen(&s, &held, &opened), ERR_DAMAGED);
}

static void largest(void **state)
{
    OWN(buf_drop) struct buf held = {0};
    OWN(sealed_drop) struct sealed s = {0};
    struct leaf_envelope opened;
    seal(&s, LEAF_STATEMENT_MAX - 20 - 5, 5);
    assert_int_equal(reopen(&s, &held, &opened), 0);
    assert_true(bytes_equal(opened.statement, s.envelope.statement));
    assert_true(bytes_equal(opened.values, s.envelope.values));
    size_t room = (size_t)LEAF_STATEMENT_MAX * 2 + 1;
    OWN(mem_drop) uint8_t *too_long = calloc(room, 1);
    assert_non_null(too_long);
    assert_int_equal(leaf_open(&s.secret, &s.pin, s.leaf, bytes_of(too_long, room), &held, &opened), ERR_DAMAGED);
}

/* Many at once are what each is alone, also about the length from which a statement is hashed where it lies. */
static void many_at_once(void **state)
{
    enum { MANY = 70, LONGEST = 2100 };
    static struct key secrets[MANY], keys[MANY];
    static uint8_t text[LONGEST], entries[MANY][LEAF_ENTRY], salts[MANY][CRYPT_SALT];
    struct bytes statements[MANY];
    (void)state;
    crypt_random(secrets, sizeof secrets);
    crypt_random(text, sizeof text);
    for (size_t from = 0; from < LONGEST; from += MANY) {
        for (size_t i = 0; i < MANY; i++)
            statements[i] = bytes_of(text, from + i);
        leaf_entries_hidden(secrets, statements, MANY, entries);
        for (size_t i = 0; i < MANY; i++) {
            uint8_t want[LEAF_ENTRY];
            leaf_entry_hidden(&secrets[i], statements[i], want);
            assert_memory_equal(entries[i], want, LEAF_ENTRY);
        }
    }
    leaf_salts(secrets, MANY, salts);
    leaf_statement_keys(secrets, MANY, keys);
    for (size_t i = 0; i < MANY; i++) {
        OWN(buf_drop) struct buf one = {0}, under = {0};
        const struct hash pin = {{5}};
        const struct leaf_envelope envelope = {.manifest_record = 7, .statement = statements[i]};
        uint8_t salt[CRYPT_SALT];
        leaf_salt(&secrets[i], salt);
        assert_memory_equal(salts[i], salt, CRYPT_SALT);
        assert_int_equal(leaf_seal(&secrets[i], &pin, i, &envelope, &one), 0);
        assert_int_equal(leaf_seal_under(&keys[i], &pin, i, &envelope, &under), 0);
        assert_true(bytes_equal(buf_bytes(&one), buf_bytes(&under)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(derived_values),
        cmocka_unit_test(entries),
        cmocka_unit_test(values_differ),
        cmocka_unit_test(padding_classes),
        cmocka_unit_test(seal_and_open),
        cmocka_unit_test(sealing_appends),
        cmocka_unit_test(every_flipped_bit),
        cmocka_unit_test(bound_to_secret_pin_and_leaf),
        cmocka_unit_test(other_lengths),
        cmocka_unit_test(envelope_form),
        cmocka_unit_test(largest),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
