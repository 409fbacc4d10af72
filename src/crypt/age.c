/*
 * age files, version 1, to X25519 recipients (c2sp.org/age, which is age-encryption.org/v1):
 *
 *     age-encryption.org/v1
 *     -> X25519 <ephemeral share>          one stanza for each recipient: the file key under
 *     <file key, sealed>                   HKDF(X25519(ephemeral, recipient), share ++ recipient, "…/X25519")
 *     --- <MAC of all above>               HMAC-SHA256 under HKDF(file key, "", "header")
 *     <nonce of 16><chunks>                ChaCha20-Poly1305 under HKDF(file key, nonce, "payload"), 64 KiB each
 */
#include "crypt/crypt_internal.h"

#include <assert.h>
#include <sodium.h>

enum {
    FILE_KEY = 16,
    TAG = crypto_aead_chacha20poly1305_ietf_ABYTES,
    NONCE = crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
    BODY = FILE_KEY + TAG,
    ENCODED = 43, /* base64 of 32 bytes, without the padding */
    COLUMNS = 64,
    PAYLOAD_NONCE = 16,
    CHUNK = 64 * 1024,
    LINE_BYTES_MAX = 4096,
};
_Static_assert((int)BODY == (int)CRYPT_KEY, "a wrapped file key is as long as a key");
_Static_assert(crypto_scalarmult_BYTES == CRYPT_KEY, "X25519");

static const char VERSION[] = "age-encryption.org/v1\n";
static const char WRAP[] = "age-encryption.org/v1/X25519";
static const char ARMOR[] = "-----BEGIN AGE ENCRYPTED FILE-----";

struct file_key {
    uint8_t b[FILE_KEY];
};

static void file_key_drop(struct file_key *k)
{
    crypt_wipe(k, sizeof *k);
}

static void hkdf(struct bytes input, struct bytes salt, const char *info, struct key *ret)
{
    OWN(key_drop) struct key prk;
    crypt_hkdf_extract(salt, input, &prk);
    crypt_hkdf_expand(&prk, bytes_text(info), bytes_of(NULL, 0), ret);
}

/* ---- Bech32 (BIP 173), of 32 bytes ---- */

enum { GROUPS = 52, CHECK = 6 }; /* of five bits: 32 bytes and four zero bits; of the checksum */
static const char BECH32[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const char RECIPIENT_HRP[] = "age", IDENTITY_HRP[] = "age-secret-key-";

static uint32_t polymod_step(uint32_t c, uint8_t v)
{
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = c >> 25;
    c = ((c & 0x1ffffff) << 5) ^ v;
    for (unsigned i = 0; i < 5; i++)
        c ^= (top >> i & 1) != 0 ? generator[i] : 0;
    return c;
}

static uint32_t polymod(const char *hrp, const uint8_t *groups, size_t count)
{
    uint32_t c = 1;
    for (const char *p = hrp; *p != 0; p++)
        c = polymod_step(c, (uint8_t)((uint8_t)*p >> 5));
    c = polymod_step(c, 0);
    for (const char *p = hrp; *p != 0; p++)
        c = polymod_step(c, (uint8_t)*p & 31);
    for (size_t i = 0; i < count; i++)
        c = polymod_step(c, groups[i]);
    return c;
}

static void bech32_put(const char *hrp, const uint8_t from[CRYPT_KEY], char *to)
{
    uint8_t groups[GROUPS + CHECK] = {0};
    for (size_t bit = 0; bit < 8 * CRYPT_KEY; bit++)
        groups[bit / 5] |= (uint8_t)((from[bit / 8] >> (7 - bit % 8) & 1) << (4 - bit % 5));
    uint32_t sum = polymod(hrp, groups, sizeof groups) ^ 1;
    for (size_t i = 0; i < CHECK; i++)
        groups[GROUPS + i] = (uint8_t)(sum >> 5 * (CHECK - 1 - i) & 31);
    size_t n = strlen(hrp);
    memcpy(to, hrp, n);
    to[n++] = '1';
    for (size_t i = 0; i < sizeof groups; i++)
        to[n++] = BECH32[groups[i]];
    to[n] = 0;
    crypt_wipe(groups, sizeof groups);
}

/* All in one case, which ${upper} says: the other one is another spelling. */
static bool bech32_get(struct bytes text, const char *hrp, bool upper, uint8_t ret[CRYPT_KEY])
{
    uint8_t groups[GROUPS + CHECK];
    size_t n = strlen(hrp);
    bool good = text.n == n + 1 + sizeof groups;
    for (size_t i = 0; good && i < text.n; i++) {
        uint8_t c = text.p[i];
        bool other = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
        uint8_t low = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        const char *at = i > n && low != 0 ? strchr(BECH32, low) : NULL;
        good = !other && (i < n ? low == (uint8_t)hrp[i] : i == n ? low == '1' : at != NULL);
        if (good && i > n)
            groups[i - n - 1] = (uint8_t)(at - BECH32);
    }
    good = good && polymod(hrp, groups, sizeof groups) == 1 && (groups[GROUPS - 1] & 15) == 0;
    if (good) {
        memset(ret, 0, CRYPT_KEY);
        for (size_t bit = 0; bit < 8 * CRYPT_KEY; bit++)
            ret[bit / 8] |= (uint8_t)((groups[bit / 5] >> (4 - bit % 5) & 1) << (7 - bit % 8));
    }
    crypt_wipe(groups, sizeof groups);
    return good;
}

void crypt_age_recipient_text(const uint8_t recipient[CRYPT_PUBLIC], char ret[CRYPT_AGE_RECIPIENT])
{
    bech32_put(RECIPIENT_HRP, recipient, ret);
}

int crypt_age_recipient(struct bytes text, uint8_t ret[CRYPT_PUBLIC], struct err *e)
{
    static const uint8_t any[CRYPT_KEY] = {8}; /* a scalar that tells a point of small order */
    uint8_t shared[CRYPT_KEY], found[CRYPT_PUBLIC];
    if (!bech32_get(text, RECIPIENT_HRP, false, found) || crypto_scalarmult(shared, any, found) != 0)
        return err_set(e, ERR_DAMAGED, "this is no recipient of age: it is a word of 62 letters that begins with age1");
    memcpy(ret, found, CRYPT_PUBLIC);
    return 0;
}

void crypt_age_identity_text(const struct key *identity, char ret[CRYPT_AGE_IDENTITY])
{
    bech32_put(IDENTITY_HRP, identity->b, ret);
    for (char *p = ret; *p != 0; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 32);
}

int crypt_age_identity(struct bytes text, struct key *ret, struct err *e)
{
    OWN(key_drop) struct key found;
    if (!bech32_get(text, IDENTITY_HRP, true, found.b))
        return err_set(e, ERR_DAMAGED, "this is no identity of age: it is a word of 74 letters that begins with "
                                       "AGE-SECRET-KEY-1");
    *ret = found;
    return 0;
}

void crypt_age_public(const struct key *identity, uint8_t ret[CRYPT_PUBLIC])
{
    crypto_scalarmult_base(ret, identity->b);
}

/* ---- what a stanza wraps ---- */

static void encode(struct buf *to, const uint8_t from[CRYPT_KEY])
{
    buf_put_base64(to, bytes_of(from, CRYPT_KEY));
    if (!to->failed)
        to->n--; /* the padding, which age leaves out */
}

static bool decode(struct bytes text, uint8_t ret[CRYPT_KEY])
{
    char padded[ENCODED + 1];
    if (text.n != ENCODED)
        return false;
    memcpy(padded, text.p, ENCODED);
    padded[ENCODED] = '=';
    return base64_get_exact(bytes_of(padded, sizeof padded), ret, CRYPT_KEY) == 0;
}

/* The key under which one stanza holds the file key.  false: a share or a recipient of small order. */
static bool wrap_key(const struct key *secret, const uint8_t other[CRYPT_PUBLIC], const uint8_t share[CRYPT_PUBLIC],
                     const uint8_t recipient[CRYPT_PUBLIC], struct key *ret)
{
    OWN(key_drop) struct key shared;
    uint8_t salt[2 * CRYPT_PUBLIC];
    if (crypto_scalarmult(shared.b, secret->b, other) != 0)
        return false;
    memcpy(salt, share, CRYPT_PUBLIC);
    memcpy(salt + CRYPT_PUBLIC, recipient, CRYPT_PUBLIC);
    hkdf(bytes_of(shared.b, CRYPT_KEY), bytes_of(salt, sizeof salt), WRAP, ret);
    return true;
}

static void mac(const struct file_key *file, struct bytes header, uint8_t ret[CRYPT_HASH])
{
    OWN(key_drop) struct key key;
    const struct bytes none = {NULL, 0};
    hkdf(bytes_of(file->b, FILE_KEY), none, "header", &key);
    crypt_hmac(bytes_of(key.b, CRYPT_KEY), header, none, none, ret);
}

static void payload_key(const struct file_key *file, const uint8_t nonce[PAYLOAD_NONCE], struct key *ret)
{
    hkdf(bytes_of(file->b, FILE_KEY), bytes_of(nonce, PAYLOAD_NONCE), "payload", ret);
}

static void chunk_nonce(uint64_t number, bool last, uint8_t ret[NONCE])
{
    memset(ret, 0, NONCE);
    u64_put(ret + 3, number);
    ret[NONCE - 1] = last;
}

/* ---- writing ---- */

static int stanza_put(const struct file_key *file, const uint8_t recipient[CRYPT_PUBLIC], struct buf *to, struct err *e)
{
    static const uint8_t zero[NONCE];
    OWN(key_drop) struct key secret, wrap;
    uint8_t share[CRYPT_PUBLIC], body[BODY];
    crypt_random(secret.b, CRYPT_KEY);
    crypto_scalarmult_base(share, secret.b);
    if (!wrap_key(&secret, recipient, share, recipient, &wrap))
        return err_set(e, ERR_DAMAGED, "a recipient of age is of small order: nothing is kept from anybody by it");
    crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file->b, FILE_KEY, NULL, 0, NULL, zero, wrap.b);
    buf_put_text(to, "-> X25519 ");
    encode(to, share);
    buf_put_u8(to, '\n');
    encode(to, body);
    buf_put_u8(to, '\n');
    return buf_check(to, e);
}

static int payload_put(const struct file_key *file, struct bytes plain, struct buf *to, struct err *e)
{
    OWN(key_drop) struct key key;
    uint8_t start[PAYLOAD_NONCE], nonce[NONCE];
    crypt_random(start, sizeof start);
    payload_key(file, start, &key);
    buf_put(to, start, sizeof start);
    for (size_t at = 0, number = 0; at < plain.n || number == 0; number++) {
        size_t n = plain.n - at < CHUNK ? plain.n - at : CHUNK;
        uint8_t *out = buf_more(to, n + TAG);
        if (out == NULL)
            break;
        chunk_nonce(number, at + n == plain.n, nonce);
        crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, n > 0 ? plain.p + at : nonce, n, NULL, 0, NULL, nonce,
                                                  key.b);
        at += n;
    }
    return buf_check(to, e);
}

int crypt_age_seal(const uint8_t (*recipients)[CRYPT_PUBLIC], size_t count, struct bytes plain, struct buf *to,
                   struct err *e)
{
    OWN(file_key_drop) struct file_key file;
    uint8_t sum[CRYPT_HASH];
    size_t before = to->n;
    assert(count >= 1 && count <= CRYPT_AGE_RECIPIENTS_MAX && plain.n <= CRYPT_AGE_PLAIN_MAX);
    crypt_random(file.b, FILE_KEY);
    buf_put_text(to, VERSION);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = stanza_put(&file, recipients[i], to, e);
    if (rc != 0)
        return rc;
    buf_put_text(to, "---");
    rc = buf_check(to, e);
    if (rc != 0)
        return rc;
    mac(&file, bytes_of(to->p + before, to->n - before), sum);
    buf_put_u8(to, ' ');
    encode(to, sum);
    buf_put_u8(to, '\n');
    return payload_put(&file, plain, to, e);
}

/* ---- reading ---- */

struct age {
    const struct key *identity;
    uint8_t recipient[CRYPT_PUBLIC];
    struct file_key file;
    bool found;
    struct err *e;
};

static void age_release(struct age *a)
{
    file_key_drop(&a->file);
}

static int malformed(const struct age *a, const char *what)
{
    return err_set(a->e, ERR_DAMAGED, "this is no whole file of age: %s", what);
}

static bool is_word(struct bytes x)
{
    for (size_t i = 0; i < x.n; i++)
        if (x.p[i] < 0x21 || x.p[i] > 0x7e)
            return false;
    return x.n > 0;
}

/* The next word of an argument line; the one after the last is empty. */
static struct bytes word_next(struct bytes *line)
{
    const uint8_t *blank = line->n > 0 ? memchr(line->p, ' ', line->n) : NULL;
    size_t n = blank == NULL ? line->n : (size_t)(blank - line->p);
    struct bytes word = {line->p, n};
    *line = blank == NULL ? bytes_of(NULL, 0) : bytes_of(blank + 1, line->n - n - 1);
    return word;
}

/* A line of base64 without padding, canonical. */
static bool is_encoded(struct bytes line)
{
    OWN(buf_drop) struct buf decoded = {0};
    char padded[COLUMNS + 3];
    size_t n = line.n;
    if (n > COLUMNS || n % 4 == 1 || (n > 0 && memchr(line.p, '=', n) != NULL))
        return false;
    if (n > 0)
        memcpy(padded, line.p, n);
    while (n % 4 != 0)
        padded[n++] = '=';
    return base64_get(bytes_of(padded, n), &decoded) == 0;
}

static int body_next(struct age *a, struct cursor *c, struct bytes *ret_first, size_t *ret_lines)
{
    struct bytes line;
    *ret_lines = 0;
    do {
        line = cursor_line(c);
        if (c->failed || !is_encoded(line))
            return malformed(a, "a stanza's body");
        if ((*ret_lines)++ == 0)
            *ret_first = line;
    } while (line.n == COLUMNS);
    return 0;
}

static int stanza_x25519(struct age *a, struct bytes arguments, struct bytes body, size_t lines)
{
    static const uint8_t zero[NONCE];
    OWN(key_drop) struct key wrap;
    uint8_t share[CRYPT_PUBLIC], sealed[BODY];
    struct bytes first = word_next(&arguments);
    if (!decode(first, share) || arguments.p != NULL || lines != 1 || !decode(body, sealed))
        return malformed(a, "a stanza of kind X25519");
    if (!wrap_key(a->identity, share, share, a->recipient, &wrap))
        return malformed(a, "a share of small order");
    if (!a->found)
        a->found = crypto_aead_chacha20poly1305_ietf_decrypt(a->file.b, NULL, NULL, sealed, BODY, NULL, 0, zero,
                                                             wrap.b) == 0;
    return 0;
}

/* What is for other kinds of recipients is passed over. */
static int stanza_next(struct age *a, struct bytes line, struct cursor *c)
{
    struct bytes rest = bytes_of(line.p + 3, line.n - 3), words = rest, body = {0};
    size_t lines;
    do {
        if (!is_word(word_next(&words)))
            return malformed(a, "a stanza's arguments");
    } while (words.p != NULL);
    int rc = body_next(a, c, &body, &lines);
    if (rc != 0 || !bytes_equal(word_next(&rest), bytes_text("X25519")))
        return rc;
    return rest.p == NULL ? malformed(a, "a stanza of kind X25519") : stanza_x25519(a, rest, body, lines);
}

/* The header to its end; *ret_mac is what its last line says, *ret_signed how much of the file that is over. */
static int header_read(struct age *a, struct bytes file, struct cursor *c, uint8_t ret_mac[CRYPT_HASH],
                       size_t *ret_signed)
{
    size_t stanzas = 0;
    for (;;) {
        size_t at = file.n - c->left;
        struct bytes line = cursor_line(c);
        if (c->failed || line.n < 4 || line.n > LINE_BYTES_MAX || file.n - c->left > CRYPT_AGE_HEADER_MAX)
            return malformed(a, "its header");
        if (memcmp(line.p, "--- ", 4) == 0) {
            *ret_signed = at + 3;
            return stanzas > 0 && decode(bytes_of(line.p + 4, line.n - 4), ret_mac) ? 0
                                                                                    : malformed(a, "its header's end");
        }
        if (memcmp(line.p, "-> ", 3) != 0 || ++stanzas > CRYPT_AGE_STANZAS_MAX)
            return malformed(a, "its header");
        int rc = stanza_next(a, line, c);
        if (rc != 0)
            return rc;
    }
}

static int payload_read(const struct age *a, struct cursor *c, struct buf *to)
{
    OWN(key_drop) struct key key;
    uint8_t start[PAYLOAD_NONCE], nonce[NONCE];
    cursor_copy(c, start, sizeof start);
    if (c->failed || c->left < TAG)
        return malformed(a, "it ends too early");
    payload_key(&a->file, start, &key);
    for (uint64_t number = 0; c->left > 0; number++) {
        size_t n = c->left < CHUNK + TAG ? c->left : CHUNK + TAG;
        bool last = n == c->left;
        struct bytes sealed = cursor_take(c, n);
        if (n < TAG || (n == TAG && number > 0))
            return malformed(a, "its last chunk");
        uint8_t *out = buf_more(to, n - TAG);
        if (out == NULL && n > TAG)
            return err_memory(a->e);
        chunk_nonce(number, last, nonce);
        if (crypto_aead_chacha20poly1305_ietf_decrypt(out != NULL ? out : nonce, NULL, NULL, sealed.p, n, NULL, 0,
                                                      nonce, key.b) != 0)
            return malformed(a, "a chunk does not open");
    }
    return 0;
}

int crypt_age_open(const struct key *identity, struct bytes file, struct buf *to, struct err *e)
{
    OWN(age_release) struct age a = {.identity = identity, .e = e};
    struct cursor c = cursor_of(file);
    uint8_t said[CRYPT_HASH], made[CRYPT_HASH];
    size_t over = 0, before = to->n;
    if (file.n >= sizeof ARMOR - 1 && memcmp(file.p, ARMOR, sizeof ARMOR - 1) == 0)
        return err_set(e, ERR_USAGE, "this file of age is in letters: make it without -a (--armor)");
    if (file.n > CRYPT_AGE_FILE_MAX)
        return malformed(&a, "it is too long");
    if (!cursor_expect(&c, VERSION))
        return malformed(&a, "its first line");
    crypt_age_public(identity, a.recipient);
    int rc = header_read(&a, file, &c, said, &over);
    if (rc != 0)
        return rc;
    if (!a.found)
        return err_set(e, ERR_KEY, "this file of age is for somebody else");
    mac(&a.file, bytes_of(file.p, over), made);
    if (!crypt_equal(said, made, CRYPT_HASH))
        return malformed(&a, "its header was changed");
    rc = payload_read(&a, &c, to);
    if (rc != 0 && to->n > before) {
        crypt_wipe(to->p + before, to->n - before);
        to->n = before;
    }
    return rc;
}
