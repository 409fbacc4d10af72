/*
 * Hostile statements, from somebody who has the keys.  The first byte chooses.  0 and 1: the bytes as committed, a zero
 * byte and the values, read as public and as hidden.  2: the JSON of a public statement, which the member signs.  3 and
 * 4: the JSON of a hidden one behind its claims, `"deposit":1,...}`, a newline and the values; the digests of the
 * values are made here, so that the reader gets past them; the member signs in 3, and nobody in 4.  5: the fields of a
 * received one, filled up with zeros.
 *
 * Held: what is read is made again, text and values, byte for byte; and of fields the same fields.
 */
#include "base/json.h"
#include "base/unicode.h"
#include "fuzz.h"
#include "model/statement.h"

static const char HEAD[] = "groundwork/statement/v1\n";
static struct key seed, secret;
static struct note_key member, keys[2]; /* the member's, and as the one-time key once more */

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    uint8_t public_key[CRYPT_PUBLIC];
    must(crypt_start(NULL) == 0);
    memset(seed.b, 8, CRYPT_KEY); /* the keys of the corpus */
    memset(secret.b, 9, CRYPT_KEY);
    crypt_sign_public(&seed, public_key);
    must(note_key_make("example.org/m/7f3a09c1", public_key, &member, NULL) == 0);
    keys[0] = keys[1] = member;
    return 0;
}

static void read_and_make(struct bytes committed, struct bytes values, const struct key *hidden_by)
{
    OWN(statement_held_drop) struct statement_held *held = NULL;
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf again = {0};
    OWN(buf_drop) struct buf values_again = {0};
    struct statement s;
    if (statement_read(committed, values, hidden_by, keys, 2, &held, &s, NULL) != 0)
        return;
    must(s.kind >= 1 && s.kind <= STATEMENT_KIND_LAST && statement_kind_hidden(s.kind) == (hidden_by != NULL));
    must(statement_make(&s, hidden_by, &text, &values_again, NULL) == 0);
    must(bytes_equal(buf_bytes(&values_again), values));
    must(statement_finish(s.kind, buf_bytes(&text), &member, &seed, &again, NULL) == 0);
    must(bytes_equal(buf_bytes(&again), committed));
}

static void as_it_stands(struct bytes all, const struct key *hidden_by)
{
    const uint8_t *zero = all.n == 0 ? NULL : memchr(all.p, 0, all.n);
    size_t n = zero == NULL ? all.n : (size_t)(zero - all.p);
    struct bytes values = zero == NULL ? bytes_of("", 0) : bytes_of(zero + 1, all.n - n - 1);
    read_and_make(bytes_of(all.p, n), values, hidden_by);
}

static int digest_order(const void *a, const void *b)
{
    return memcmp(a, b, CRYPT_HASH);
}

/* The digests of whatever the values hold, in order, as the beginning of the statement's JSON. */
static void put_claims(struct bytes values, struct buf *to)
{
    enum { CLAIMS_MAX = 9 }; /* one more than a statement has */
    OWN(json_drop) struct json *document = NULL;
    struct hash digest[CLAIMS_MAX];
    size_t count = 0;
    if (json_parse(values, &document, NULL) != 0)
        return;
    const struct json_node *list = json_root(document);
    for (size_t i = 0; json_is_array(list) && i < json_count(list) && count < CLAIMS_MAX; i++) {
        OWN(buf_drop) struct buf pair = {0};
        const char *name = json_text(json_at(json_at(list, i), 0));
        if (name == NULL || !json_write(json_at(list, i), &pair))
            continue;
        uint8_t salt[LEAF_CLAIM_SALT];
        leaf_claim_salt(&secret, name, salt);
        leaf_claim_digest(salt, buf_bytes(&pair), &digest[count++]);
    }
    qsort(digest, count, sizeof digest[0], digest_order);
    buf_put_text(to, "{\"claims\":[");
    for (size_t i = 0; i < count; i++) {
        buf_put_text(to, i == 0 ? "\"" : ",\"");
        buf_put_base64(to, bytes_of(digest[i].b, CRYPT_HASH));
        buf_put_text(to, "\"");
    }
    buf_put_text(to, "],");
}

static void finished(struct buf *text, struct bytes values, bool is_signed, const struct key *hidden_by)
{
    OWN(buf_drop) struct buf committed = {0};
    enum statement_kind kind = is_signed ? STATEMENT_NOTE : STATEMENT_RECEIVED; /* signed or not is all it means here */
    buf_put_text(text, "\n");
    if (statement_finish(kind, buf_bytes(text), &member, &seed, &committed, NULL) == 0)
        read_and_make(buf_bytes(&committed), values, hidden_by);
}

static void public(struct bytes line)
{
    OWN(buf_drop) struct buf text = {0};
    buf_put_text(&text, HEAD);
    buf_put_bytes(&text, line);
    finished(&text, bytes_of("", 0), true, NULL);
}

static void hidden(struct cursor *c, bool is_signed)
{
    OWN(buf_drop) struct buf text = {0};
    struct bytes line = cursor_line(c), values = cursor_rest(c);
    buf_put_text(&text, HEAD);
    put_claims(values, &text);
    buf_put_bytes(&text, line);
    finished(&text, values, is_signed, &secret);
}

static void by_fields(struct bytes fields)
{
    OWN(buf_drop) struct buf padded = {0};
    OWN(buf_drop) struct buf committed = {0};
    OWN(buf_drop) struct buf values = {0};
    OWN(buf_drop) struct buf again = {0};
    struct statement s;
    buf_put_bytes(&padded, fields);
    while (padded.n < leaf_compact_padded(fields.n))
        buf_put_u8(&padded, 0);
    if (statement_expand(buf_bytes(&padded), &secret, &committed, &values, &s, NULL) != 0)
        return;
    if (!statement_compact(&s, buf_bytes(&values), &again)) { /* who wrote it may know more characters than we do */
        must(!unicode_known(s.received.path) || !unicode_known(s.received.target));
        return;
    }
    must(again.n <= padded.n && memcmp(again.p, padded.p, again.n) == 0);
    must(leaf_compact_padded(again.n) == padded.n);
    read_and_make(buf_bytes(&committed), buf_bytes(&values), &secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    uint8_t what = cursor_u8(&c);
    if (what <= 1)
        as_it_stands(cursor_rest(&c), what == 0 ? NULL : &secret);
    else if (what == 2)
        public(cursor_rest(&c));
    else if (what <= 4)
        hidden(&c, what == 3);
    else if (what == 5)
        by_fields(cursor_rest(&c));
    return 0;
}
