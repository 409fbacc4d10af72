#include "model/leaf.h"

#include <assert.h>

static const char COMMIT_PURPOSE[] = "groundwork/commit/v1\n";
static const char CLAIM_PURPOSE[] = "groundwork/claim/v1\n";

/*
 * Envelope before encryption: u8 version 1, u8 codec, u16 zero, u64 manifest record; then of codec 0 u32 statement, u32
 * values, both; of codec 1 the fields.
 */
enum {
    ENVELOPE_FIXED = 12,
    ENVELOPE_HEAD = 20, /* of codec 0 */
    ENVELOPE_VERSION = 1,
    ENVELOPE_AAD = CRYPT_HASH + 8,
    PREFIX_MAX = 128,
};
enum envelope_codec { ENVELOPE_PLAIN = 0, ENVELOPE_FIELDS = 1 };

#define LEAF_SALT_PURPOSE "groundwork/leaf-salt/v1"

void leaf_salt(const struct key *secret, uint8_t ret[CRYPT_SALT])
{
    OWN(key_drop) struct key salt = {0};
    crypt_derive(secret, LEAF_SALT_PURPOSE, bytes_of(NULL, 0), &salt);
    memcpy(ret, salt.b, CRYPT_SALT);
}

void leaf_salts(const struct key *secrets, size_t count, uint8_t (*ret)[CRYPT_SALT])
{
    enum { ROW = 16 };
    struct key salts[ROW];
    for (size_t at = 0; at < count; at += ROW) {
        size_t n = count - at < ROW ? count - at : ROW;
        crypt_derive_each(secrets + at, n, LEAF_SALT_PURPOSE, salts);
        for (size_t i = 0; i < n; i++)
            memcpy(ret[at + i], salts[i].b, CRYPT_SALT);
    }
    crypt_wipe(salts, sizeof salts);
}

void leaf_manifest_key(const struct key *secret, struct key *ret)
{
    crypt_derive(secret, "groundwork/manifest/v1", bytes_of(NULL, 0), ret);
}

void leaf_statement_keys(const struct key *secrets, size_t count, struct key *ret)
{
    crypt_derive_each(secrets, count, "groundwork/statement-key/v1", ret);
}

void leaf_claim_salt(const struct key *secret, const char *claim, uint8_t ret[LEAF_CLAIM_SALT])
{
    OWN(key_drop) struct key salt = {0};
    crypt_derive(secret, "groundwork/claim-salt/v1", bytes_text(claim), &salt);
    memcpy(ret, salt.b, LEAF_CLAIM_SALT);
}

/* The hash of a short prefix and a long text without joining them in memory when the text is long. */
static void hash_two(const uint8_t *prefix, size_t n, struct bytes text, struct hash *ret)
{
    enum { JOINED_MAX = 2048 };
    assert(n <= PREFIX_MAX);
    if (n + text.n <= JOINED_MAX) {
        uint8_t joined[JOINED_MAX];
        memcpy(joined, prefix, n);
        if (text.n > 0)
            memcpy(joined + n, text.p, text.n);
        crypt_sha256(bytes_of(joined, n + text.n), ret);
        return;
    }
    struct crypt_sha256 *c = crypt_sha256_new();
    if (c == NULL)
        err_memory_end();
    crypt_sha256_begin(c);
    crypt_sha256_add(c, bytes_of(prefix, n));
    crypt_sha256_add(c, text);
    crypt_sha256_end(c, ret);
    crypt_sha256_free(c);
}

/* What is hashed before a statement; ${salt}: NULL for a public one. */
static size_t commit_prefix(const uint8_t *salt, size_t statement_bytes, uint8_t to[PREFIX_MAX])
{
    size_t n = sizeof COMMIT_PURPOSE - 1;
    memcpy(to, COMMIT_PURPOSE, n);
    if (salt != NULL) {
        memcpy(to + n, salt, CRYPT_SALT);
        n += CRYPT_SALT;
    }
    u64_put(to + n, statement_bytes);
    return n + 8;
}

static void entry_make(uint8_t kind, const uint8_t *salt, struct bytes statement, uint8_t ret[LEAF_ENTRY])
{
    uint8_t prefix[PREFIX_MAX];
    struct hash digest;
    hash_two(prefix, commit_prefix(salt, statement.n, prefix), statement, &digest);
    ret[0] = kind;
    memcpy(ret + 1, digest.b, CRYPT_HASH);
}

void leaf_entry_hidden(const struct key *secret, struct bytes statement, uint8_t ret[LEAF_ENTRY])
{
    uint8_t salt[CRYPT_SALT];
    leaf_salt(secret, salt);
    entry_make(LEAF_HIDDEN, salt, statement, ret);
    crypt_wipe(salt, sizeof salt);
}

/* Short ones lie in a row, each behind its prefix; a long one is hashed where it is. */
enum { ROW = 32, ROW_BYTES = 1024 };
struct row {
    struct key salt[ROW];
    uint8_t joined[ROW][ROW_BYTES];
};

static void entries_row(struct row *r, const struct key *secrets, const struct bytes *statements, size_t count,
                        uint8_t (*ret)[LEAF_ENTRY])
{
    struct bytes x[ROW];
    struct hash digest[ROW];
    crypt_derive_each(secrets, count, LEAF_SALT_PURPOSE, r->salt);
    for (size_t i = 0; i < count; i++) {
        struct bytes s = statements[i];
        size_t n = commit_prefix(r->salt[i].b, s.n, r->joined[i]);
        bool fits = s.n <= ROW_BYTES - n;
        if (fits && s.n > 0)
            memcpy(r->joined[i] + n, s.p, s.n);
        x[i] = bytes_of(r->joined[i], fits ? n + s.n : 0);
    }
    crypt_sha256_many(x, count, digest);
    for (size_t i = 0; i < count; i++) {
        ret[i][0] = LEAF_HIDDEN;
        memcpy(ret[i] + 1, digest[i].b, CRYPT_HASH);
        if (x[i].n == 0)
            entry_make(LEAF_HIDDEN, r->salt[i].b, statements[i], ret[i]);
    }
}

void leaf_entries_hidden(const struct key *secrets, const struct bytes *statements, size_t count,
                         uint8_t (*ret)[LEAF_ENTRY])
{
    struct row r;
    for (size_t i = 0; i < count; i += ROW)
        entries_row(&r, secrets + i, statements + i, count - i < ROW ? count - i : ROW, ret + i);
    crypt_wipe(&r, sizeof r);
}

void leaf_entry_opened(const uint8_t salt[CRYPT_SALT], struct bytes statement, uint8_t ret[LEAF_ENTRY])
{
    entry_make(LEAF_HIDDEN, salt, statement, ret);
}

void leaf_entry_public(struct bytes statement, uint8_t ret[LEAF_ENTRY])
{
    entry_make(LEAF_PUBLIC, NULL, statement, ret);
}

void leaf_claim_digest(const uint8_t salt[LEAF_CLAIM_SALT], struct bytes claim_json, struct hash *ret)
{
    uint8_t prefix[PREFIX_MAX];
    size_t n = sizeof CLAIM_PURPOSE - 1;
    memcpy(prefix, CLAIM_PURPOSE, n);
    memcpy(prefix + n, salt, LEAF_CLAIM_SALT);
    hash_two(prefix, n + LEAF_CLAIM_SALT, claim_json, ret);
}

size_t leaf_padded(size_t n)
{
    size_t step = 64;
    if (n > 512) {
        size_t power = 512;
        while (power <= n / 2)
            power *= 2;
        step = power / 8 > 128 ? power / 8 : 128;
    }
    return (n + step - 1) / step * step;
}

static void envelope_aad(const struct hash *pin, uint64_t leaf, uint8_t to[ENVELOPE_AAD])
{
    memcpy(to, pin->b, CRYPT_HASH);
    u64_put(to + CRYPT_HASH, leaf);
}

size_t leaf_compact_padded(size_t n)
{
    return leaf_padded(ENVELOPE_FIXED + n) - ENVELOPE_FIXED;
}

static void put_plain(const struct leaf_envelope *envelope, uint8_t *p)
{
    u32_put(p + ENVELOPE_FIXED, (uint32_t)envelope->statement.n);
    u32_put(p + ENVELOPE_FIXED + 4, (uint32_t)envelope->values.n);
    memcpy(p + ENVELOPE_HEAD, envelope->statement.p, envelope->statement.n);
    if (envelope->values.n > 0)
        memcpy(p + ENVELOPE_HEAD + envelope->statement.n, envelope->values.p, envelope->values.n);
}

int leaf_seal(const struct key *secret, const struct hash *pin, uint64_t leaf, const struct leaf_envelope *envelope,
              struct buf *to)
{
    OWN(key_drop) struct key key = {0};
    leaf_statement_keys(secret, 1, &key);
    return leaf_seal_under(&key, pin, leaf, envelope, to);
}

int leaf_seal_under(const struct key *statement_key, const struct hash *pin, uint64_t leaf,
                    const struct leaf_envelope *envelope, struct buf *to)
{
    bool fields = envelope->fields.n > 0;
    size_t n = fields ? ENVELOPE_FIXED + envelope->fields.n
                      : ENVELOPE_HEAD + envelope->statement.n + envelope->values.n;
    assert(n <= LEAF_STATEMENT_MAX);
    size_t padded = leaf_padded(n);
    uint8_t *p = buf_more(to, padded + CRYPT_TAG);
    if (p == NULL)
        return ERR_IO;
    p[0] = ENVELOPE_VERSION;
    p[1] = fields ? ENVELOPE_FIELDS : ENVELOPE_PLAIN;
    p[2] = p[3] = 0;
    u64_put(p + 4, envelope->manifest_record);
    if (fields)
        memcpy(p + ENVELOPE_FIXED, envelope->fields.p, envelope->fields.n);
    else
        put_plain(envelope, p);
    memset(p + n, 0, padded - n);
    uint8_t aad[ENVELOPE_AAD];
    envelope_aad(pin, leaf, aad);
    crypt_seal(statement_key, 0, bytes_of(aad, sizeof aad), bytes_of(p, padded), p);
    return 0;
}

static int get_plain(struct cursor *c, struct leaf_envelope *ret)
{
    size_t all = ENVELOPE_FIXED + c->left;
    uint32_t statement = cursor_u32(c), values = cursor_u32(c);
    ret->statement = cursor_take(c, statement);
    ret->values = cursor_take(c, values);
    if (c->failed || leaf_padded((size_t)ENVELOPE_HEAD + statement + values) != all)
        return ERR_DAMAGED;
    for (size_t i = 0; i < c->left; i++)
        if (c->p[i] != 0)
            return ERR_DAMAGED;
    return 0;
}

int leaf_open(const struct key *secret, const struct hash *pin, uint64_t leaf, struct bytes sealed, struct buf *held,
              struct leaf_envelope *ret)
{
    if (sealed.n < ENVELOPE_FIXED + CRYPT_TAG || sealed.n > LEAF_STATEMENT_MAX * 2u)
        return ERR_DAMAGED;
    buf_clear(held);
    uint8_t *p = buf_more(held, sealed.n);
    if (p == NULL)
        return ERR_IO;
    uint8_t aad[ENVELOPE_AAD];
    envelope_aad(pin, leaf, aad);
    OWN(key_drop) struct key key = {0};
    leaf_statement_keys(secret, 1, &key);
    if (crypt_open(&key, 0, bytes_of(aad, sizeof aad), sealed, p) != 0)
        return ERR_DAMAGED;
    struct cursor c = cursor_of(bytes_of(p, sealed.n - CRYPT_TAG));
    uint8_t version = cursor_u8(&c), codec = cursor_u8(&c);
    uint16_t zero = cursor_u16(&c);
    struct leaf_envelope envelope = {.manifest_record = cursor_u64(&c)};
    if (c.failed || version != ENVELOPE_VERSION || zero != 0 || codec > ENVELOPE_FIELDS)
        return ERR_DAMAGED;
    if (codec == ENVELOPE_FIELDS)
        envelope.fields = cursor_take(&c, c.left);
    else if (get_plain(&c, &envelope) != 0)
        return ERR_DAMAGED;
    size_t padded = sealed.n - CRYPT_TAG;
    if (codec == ENVELOPE_FIELDS && (envelope.fields.n == 0 || leaf_padded(padded) != padded))
        return ERR_DAMAGED;
    *ret = envelope;
    return 0;
}
