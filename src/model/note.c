#include "model/note.h"

#include "base/unicode.h"

#include <assert.h>

enum {
    KEY_ID = 4,
    TIMED = 8 + CRYPT_SIGNATURE, /* a cosignature: time and signature */
    VKEY_BYTES = 1 + CRYPT_PUBLIC,    /* type || public key */
    VKEY_BASE64 = VKEY_BYTES / 3 * 4, /* a whole number of groups: never padded */
    SIGNED_BASE64 = (KEY_ID + CRYPT_SIGNATURE + 2) / 3 * 4,
    TIMED_BASE64 = (KEY_ID + TIMED + 2) / 3 * 4,
};
_Static_assert(VKEY_BYTES % 3 == 0, "no padding in a verification key");
_Static_assert(NOTE_NAME_MAX + 1 + 2 * KEY_ID + 1 + VKEY_BASE64 + 1 <= NOTE_VKEY_MAX, "room for a verification key");

static const char DASH[] = "\xE2\x80\x94 "; /* U+2014 and a space begin a signature line */
enum { DASH_BYTES = sizeof DASH - 1 };

/* The next character of valid UTF-8. */
static uint32_t next_character(struct bytes text, size_t *at)
{
    uint8_t first = text.p[(*at)++];
    if (first < 0x80)
        return first;
    unsigned more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t c = first & (0x3Fu >> more);
    while (more-- > 0)
        c = c << 6 | (text.p[(*at)++] & 0x3Fu);
    return c;
}

/* Unicode property White_Space, but for the control characters that have it. */
static bool is_space(uint32_t c)
{
    return c == 0x20 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

/* Of letters as most names are made of. */
static bool is_plain_name(struct bytes name)
{
    size_t n = 0;
    while (n < name.n && name.p[n] > 0x20 && name.p[n] < 0x7F && name.p[n] != '+')
        n++;
    return n == name.n && n > 0 && n <= NOTE_NAME_MAX;
}

static int name_check(struct bytes name, int code, struct err *e)
{
    if (is_plain_name(name))
        return 0;
    if (name.n == 0)
        return err_set(e, code, "a key name is empty");
    if (name.n > NOTE_NAME_MAX)
        return err_set(e, code, "a key name has %zu bytes; at most %d are allowed", name.n, NOTE_NAME_MAX);
    if (!unicode_valid(name))
        return err_set(e, code, "a key name is not valid UTF-8");
    for (size_t at = 0; at < name.n;) {
        uint32_t c = next_character(name, &at);
        if (is_space(c) || is_control(c) || c == '+')
            return err_set(e, code, "key name \"%.*s\": white space, '+' and control characters are not allowed",
                           (int)name.n, (const char *)name.p);
    }
    return 0;
}

int note_name_check(const char *name, struct err *e)
{
    return name_check(bytes_text(name), ERR_USAGE, e);
}

static void key_id(const struct note_key *key, uint8_t ret[KEY_ID])
{
    const size_t n = strlen(key->name);
    uint8_t text[NOTE_NAME_MAX + 2 + CRYPT_PUBLIC];
    memcpy(text, key->name, n);
    text[n] = '\n';
    text[n + 1] = key->type;
    memcpy(text + n + 2, key->public_key, CRYPT_PUBLIC);
    struct hash h;
    crypt_sha256(bytes_of(text, n + 2 + CRYPT_PUBLIC), &h);
    memcpy(ret, h.b, KEY_ID);
}

/* ${name} has been checked. */
static void make_key(struct bytes name, enum note_type type, const uint8_t public_key[CRYPT_PUBLIC],
                     struct note_key *ret)
{
    memset(ret, 0, sizeof *ret);
    memcpy(ret->name, name.p, name.n);
    memcpy(ret->public_key, public_key, CRYPT_PUBLIC);
    ret->type = (uint8_t)type;
    key_id(ret, ret->id);
}

int note_key_make(const char *name, const uint8_t public_key[CRYPT_PUBLIC], struct note_key *ret, struct err *e)
{
    int rc = note_name_check(name, e);
    if (rc == 0)
        make_key(bytes_text(name), NOTE_ED25519, public_key, ret);
    return rc;
}

int note_cosigner_make(const char *name, const uint8_t public_key[CRYPT_PUBLIC], struct note_key *ret, struct err *e)
{
    int rc = note_name_check(name, e);
    if (rc == 0)
        make_key(bytes_text(name), NOTE_COSIGNATURE, public_key, ret);
    return rc;
}

/* Base64 of whole groups of three bytes, with a zero byte behind. */
static void put_base64_groups(char *to, const uint8_t *p, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert(n % 3 == 0);
    for (; n != 0; p += 3, n -= 3) {
        uint32_t group = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *to++ = digit[group >> shift & 0x3F];
    }
    *to = '\0';
}

void note_key_text(const struct note_key *key, char to[NOTE_VKEY_MAX])
{
    uint8_t typed[VKEY_BYTES] = {key->type};
    memcpy(typed + 1, key->public_key, CRYPT_PUBLIC);
    char *p = stpcpy(to, key->name);
    *p++ = '+';
    hex_put(p, key->id, KEY_ID);
    p += 2 * KEY_ID;
    *p++ = '+';
    put_base64_groups(p, typed, sizeof typed);
}

/* The bytes before the next ${mark}; false when there is none. */
static bool take_until(struct bytes *text, char mark, struct bytes *ret)
{
    const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, mark, text->n);
    if (end == NULL)
        return false;
    *ret = bytes_of(text->p, (size_t)(end - text->p));
    *text = bytes_of(end + 1, text->n - ret->n - 1);
    return true;
}

static int wrong_type(struct bytes name, enum note_type wanted, uint8_t type, struct err *e)
{
    if (wanted == NOTE_ED25519)
        return err_set(e, ERR_DAMAGED, "verification key of \"%.*s\": only Ed25519 (type 1) is known, this is type %d",
                       (int)name.n, (const char *)name.p, type);
    return err_set(e, ERR_DAMAGED, "verification key of \"%.*s\": a cosigner's has type 4 (Ed25519), this is type %d",
                   (int)name.n, (const char *)name.p, type);
}

static int parse_key(struct bytes text, enum note_type wanted, struct note_key *ret, struct err *e)
{
    struct bytes name, id_text;
    uint8_t id[KEY_ID], typed[VKEY_BYTES];
    if (text.n >= NOTE_VKEY_MAX || !take_until(&text, '+', &name) || !take_until(&text, '+', &id_text) ||
        hex_get(id_text, id, sizeof id) != 0 || base64_get_exact(text, typed, sizeof typed) != 0)
        return err_set(e, ERR_DAMAGED, "a verification key must read NAME+8 hex digits+base64 of 33 bytes");
    int rc = name_check(name, ERR_DAMAGED, e);
    if (rc != 0)
        return rc;
    if (typed[0] != wanted)
        return wrong_type(name, wanted, typed[0], e);
    struct note_key key;
    make_key(name, wanted, typed + 1, &key);
    if (memcmp(key.id, id, KEY_ID) != 0)
        return err_set(e, ERR_DAMAGED, "verification key of \"%s\": its 8 hex digits do not fit its name and key",
                       key.name);
    *ret = key;
    return 0;
}

int note_key_parse(struct bytes text, struct note_key *ret, struct err *e)
{
    return parse_key(text, NOTE_ED25519, ret, e);
}

int note_cosigner_parse(struct bytes text, struct note_key *ret, struct err *e)
{
    return parse_key(text, NOTE_COSIGNATURE, ret, e);
}

/* Behind what has no control character but newlines from ${at} on: eight bytes at once, few have any. */
static size_t plain_end(struct bytes text, size_t at)
{
    const uint64_t ones = UINT64_MAX / 0xFF;
    uint64_t word;
    for (; text.n - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.p + at, sizeof word);
        if (((word - ones * 0x20) & ~word & ones * 0x80) == 0)
            continue; /* no byte is below 0x20 */
        for (size_t i = 0; i < sizeof word; i++)
            if (text.p[at + i] < 0x20 && text.p[at + i] != '\n')
                return at + i;
    }
    while (at < text.n && (text.p[at] >= 0x20 || text.p[at] == '\n'))
        at++;
    return at;
}

/* What C2SP signed-note asks of any note: UTF-8, and of the characters below U+0020 only newlines. */
static int characters_check(struct bytes text, int code, struct err *e)
{
    if (!unicode_valid(text))
        return err_set(e, code, "the note is not valid UTF-8");
    size_t end = plain_end(text, 0);
    return end == text.n ? 0 : err_set(e, code, "the note has a control character at byte %zu", end);
}

/* ${room}: what the signature will take of NOTE_BYTES_MAX. */
static int text_check(struct bytes text, size_t room, struct err *e)
{
    if (text.n == 0 || text.p[text.n - 1] != '\n')
        return err_set(e, ERR_USAGE, "the text of a note must end with a newline");
    if (text.n > NOTE_BYTES_MAX - room)
        return err_set(e, ERR_USAGE, "the text of a note has %zu bytes; at most %zu are allowed", text.n,
                       NOTE_BYTES_MAX - room);
    return characters_check(text, ERR_USAGE, e);
}

/* The empty line and that of a signature with so many characters of base64. */
static size_t line_room(const struct note_key *key, size_t base64)
{
    return 1 + DASH_BYTES + strlen(key->name) + 1 + base64 + 1;
}

/* May this signer sign this text, with a line of so many characters of base64? */
static int sign_check(struct bytes text, const struct note_key *key, const struct crypt_signer *signer, size_t base64,
                      struct err *e)
{
    int rc = text_check(text, line_room(key, base64), e);
    if (rc != 0)
        return rc;
    return memcmp(crypt_signer_public(signer), key->public_key, CRYPT_PUBLIC) == 0
               ? 0
               : err_set(e, ERR_KEY, "the signing key given is not that of \"%s\"", key->name);
}

static void put_line(struct bytes name, const uint8_t id[KEY_ID], struct bytes signature, struct buf *to)
{
    OWN(buf_drop) struct buf whole = {0};
    buf_put(&whole, id, KEY_ID);
    buf_put_bytes(&whole, signature);
    buf_put_text(to, DASH);
    buf_put_bytes(to, name);
    buf_put_text(to, " ");
    buf_put_base64(to, buf_bytes(&whole));
    buf_put_text(to, "\n");
    to->failed = to->failed || whole.failed;
}

void note_line_put(const struct note_line *l, struct buf *to)
{
    put_line(l->name, l->id, l->signature, to);
}

int note_sign_later(struct bytes text, const struct note_key *key, const struct crypt_signer *signer, struct buf *to,
                    struct err *e)
{
    static const uint8_t none[CRYPT_SIGNATURE];
    assert(key->type == NOTE_ED25519);
    int rc = sign_check(text, key, signer, SIGNED_BASE64, e);
    if (rc != 0)
        return rc;
    buf_put_bytes(to, text);
    buf_put_text(to, "\n");
    put_line(bytes_text(key->name), key->id, bytes_of(none, sizeof none), to);
    return buf_check(to, e);
}

void note_sign_now(uint8_t *note, size_t n, const struct note_key *key, const struct crypt_signer *signer)
{
    uint8_t whole[KEY_ID + CRYPT_SIGNATURE];
    const size_t line = line_room(key, SIGNED_BASE64);
    assert(n > line);
    memcpy(whole, key->id, KEY_ID);
    crypt_signer_sign(signer, bytes_of(note, n - line), whole + KEY_ID);
    base64_put(note + n - 1 - SIGNED_BASE64, bytes_of(whole, sizeof whole));
}

int note_sign_by(struct bytes text, const struct note_key *key, const struct crypt_signer *signer, struct buf *to,
                 struct err *e)
{
    size_t at = to->n;
    int rc = note_sign_later(text, key, signer, to, e);
    if (rc == 0)
        note_sign_now(to->p + at, to->n - at, key, signer);
    return rc;
}

int note_sign(struct bytes text, const struct note_key *key, const struct key *seed, struct buf *to, struct err *e)
{
    OWN(crypt_signer_drop) struct crypt_signer signer;
    crypt_signer_make(seed, &signer);
    return note_sign_by(text, key, &signer, to, e);
}

/* What a cosigner signs. */
static void timed_message(uint64_t at_unix_s, struct bytes text, struct buf *to)
{
    buf_put_text(to, "cosignature/v1\ntime ");
    buf_put_decimal(to, at_unix_s);
    buf_put_text(to, "\n");
    buf_put_bytes(to, text);
}

int note_cosign(struct bytes text, const struct note_key *key, const struct key *seed, uint64_t at_unix_s,
                struct buf *to, struct err *e)
{
    assert(key->type == NOTE_COSIGNATURE && at_unix_s <= INT64_MAX);
    OWN(buf_drop) struct buf message = {0};
    OWN(crypt_signer_drop) struct crypt_signer signer;
    crypt_signer_make(seed, &signer);
    int rc = sign_check(text, key, &signer, TIMED_BASE64, e);
    if (rc != 0)
        return rc;
    timed_message(at_unix_s, text, &message);
    rc = buf_check(&message, e);
    if (rc != 0)
        return rc;
    uint8_t signature[TIMED];
    u64_put(signature, at_unix_s);
    crypt_signer_sign(&signer, buf_bytes(&message), signature + 8);
    put_line(bytes_text(key->name), key->id, bytes_of(signature, sizeof signature), to);
    return buf_check(to, e);
}

void note_drop(struct note *n)
{
    buf_drop(&n->decoded);
    *n = (struct note){0};
}

/* Where the last empty line begins: the newline that is it; 0 when there is none (an empty line follows a text). */
static size_t last_empty_line(struct bytes note)
{
    size_t i = note.n;
    do {
        const uint8_t *line = memrchr(note.p, '\n', i);
        i = line == NULL ? 0 : (size_t)(line - note.p);
    } while (i > 0 && note.p[i - 1] != '\n');
    return i;
}

/* One line without its newline.  The signature is appended to n->decoded; its place is set when all have come. */
static int parse_line(struct bytes line, struct note *n, struct err *e)
{
    const size_t number = n->lines + 1;
    if (number > NOTE_SIGNATURES_MAX)
        return err_set(e, ERR_DAMAGED, "the note has more than %d signatures", NOTE_SIGNATURES_MAX);
    if (line.n < DASH_BYTES || memcmp(line.p, DASH, DASH_BYTES) != 0)
        return err_set(e, ERR_DAMAGED, "signature line %zu of the note does not begin with a dash (U+2014) and a space",
                       number);
    struct bytes rest = bytes_of(line.p + DASH_BYTES, line.n - DASH_BYTES), name;
    if (!take_until(&rest, ' ', &name))
        return err_set(e, ERR_DAMAGED, "signature line %zu of the note has no signature", number);
    int rc = name_check(name, ERR_DAMAGED, e);
    if (rc != 0)
        return err_add(e, rc, "signature line %zu of the note", number);
    const size_t before = n->decoded.n;
    rc = base64_get(rest, &n->decoded);
    if (rc == 0 && n->decoded.n - before <= KEY_ID)
        rc = ERR_DAMAGED;
    if (rc != 0)
        return n->decoded.failed ? err_memory(e)
                                 : err_set(e, ERR_DAMAGED, "signature line %zu of the note is not canonical base64 of "
                                           "a key id and a signature", number);
    struct note_line *l = &n->line[n->lines++];
    l->name = name;
    l->signature.n = n->decoded.n - before - KEY_ID;
    return 0;
}

static void place_signatures(struct note *n)
{
    const uint8_t *p = n->decoded.p;
    for (size_t i = 0; i < n->lines; i++) {
        struct note_line *l = &n->line[i];
        memcpy(l->id, p, KEY_ID);
        l->signature.p = p + KEY_ID;
        p = l->signature.p + l->signature.n;
    }
}

int note_parse(struct bytes bytes, struct note *ret, struct err *e)
{
    if (bytes.n > NOTE_BYTES_MAX)
        return err_set(e, ERR_DAMAGED, "the note has %zu bytes; at most %d are allowed", bytes.n, NOTE_BYTES_MAX);
    int rc = characters_check(bytes, ERR_DAMAGED, e);
    if (rc != 0)
        return rc;
    if (bytes.n == 0 || bytes.p[bytes.n - 1] != '\n')
        return err_set(e, ERR_DAMAGED, "the note does not end with a newline");
    const size_t empty = last_empty_line(bytes);
    if (empty == 0 || empty + 1 == bytes.n)
        return err_set(e, ERR_DAMAGED, "the note has no signatures behind an empty line");
    OWN(note_drop) struct note n = {.text = bytes_of(bytes.p, empty)};
    struct bytes rest = bytes_of(bytes.p + empty + 1, bytes.n - empty - 1), line;
    while (take_until(&rest, '\n', &line)) {
        rc = parse_line(line, &n, e);
        if (rc != 0)
            return rc;
    }
    place_signatures(&n);
    *ret = n;
    n.decoded = (struct buf){0};
    return 0;
}

static bool line_is_by(const struct note_line *l, const struct note_key *key)
{
    return memcmp(l->id, key->id, KEY_ID) == 0 && bytes_equal(l->name, bytes_text(key->name));
}

/*
 * The one key that made this line, or NULL.  A key id has four bytes only: with two different keys under one name and
 * id nobody can say whose the line is, so that is refused.
 */
static int find_key(const struct note_line *l, const struct note_key *keys, size_t count,
                    const struct note_key **ret, struct err *e)
{
    *ret = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!line_is_by(l, &keys[i]))
            continue;
        if (*ret != NULL && memcmp((*ret)->public_key, keys[i].public_key, CRYPT_PUBLIC) != 0)
            return err_set(e, ERR_DAMAGED, "two different keys of \"%s\" have the same key id", keys[i].name);
        *ret = &keys[i];
    }
    return 0;
}

static bool is_repeated(const struct note *n, size_t line, const struct note_key *key)
{
    for (size_t i = 0; i < line; i++) {
        if (line_is_by(&n->line[i], key))
            return true;
    }
    return false;
}

static int cosignature_check(const struct note *n, const struct note_line *l, const struct note_key *key, bool *ret,
                             struct err *e)
{
    OWN(buf_drop) struct buf message = {0};
    uint64_t at_unix_s = l->signature.n == TIMED ? u64_get(l->signature.p) : UINT64_MAX;
    *ret = false;
    if (at_unix_s > INT64_MAX)
        return 0;
    timed_message(at_unix_s, n->text, &message);
    int rc = buf_check(&message, e);
    if (rc == 0)
        *ret = crypt_verify_raw(key->public_key, buf_bytes(&message), l->signature.p + 8);
    return rc;
}

/* ERR_DAMAGED unless the line, which is by this key, fits the note. */
static int line_check(const struct note *n, const struct note_line *l, const struct note_key *key, struct err *e)
{
    bool good = false;
    if (key->type == NOTE_COSIGNATURE) {
        int rc = cosignature_check(n, l, key, &good, e);
        if (rc != 0)
            return rc;
    } else
        good = l->signature.n == CRYPT_SIGNATURE && crypt_verify_raw(key->public_key, n->text, l->signature.p);
    return good ? 0 : err_set(e, ERR_DAMAGED, "the signature by \"%s\" does not fit the note", key->name);
}

int note_check_later(const struct note *n, const struct note_key *key, struct note_owed *ret, struct err *e)
{
    assert(key->type != NOTE_COSIGNATURE);
    const struct note_line *l = &n->line[0];
    if (n->lines != 1 || !line_is_by(l, key) || l->signature.n != CRYPT_SIGNATURE) {
        int rc = note_check(n, key, 1, NOTE_STRICT, e);
        assert(rc != 0); /* no signature mends that */
        return rc;
    }
    ret->text = n->text;
    memcpy(ret->public_key, key->public_key, CRYPT_PUBLIC);
    memcpy(ret->signature, l->signature.p, CRYPT_SIGNATURE);
    return 0;
}

bool note_owed_good(const struct note_owed *o)
{
    return crypt_verify_raw(o->public_key, o->text, o->signature);
}

int note_cosigned(const struct note *n, const struct note_key *key, uint64_t *ret_at_unix_s, struct err *e)
{
    assert(key->type == NOTE_COSIGNATURE);
    size_t i = 0;
    while (i < n->lines && !line_is_by(&n->line[i], key))
        i++;
    if (i == n->lines)
        return ERR_ABSENT;
    int rc = line_check(n, &n->line[i], key, e);
    if (rc == 0)
        *ret_at_unix_s = u64_get(n->line[i].signature.p);
    return rc;
}

int note_check(const struct note *n, const struct note_key *keys, size_t count, enum note_manner manner,
               struct err *e)
{
    size_t good = 0;
    for (size_t i = 0; i < n->lines; i++) {
        const struct note_line *l = &n->line[i];
        const struct note_key *key;
        int rc = find_key(l, keys, count, &key, e);
        if (rc != 0)
            return rc;
        if (key == NULL && manner == NOTE_STRICT)
            return err_set(e, ERR_DAMAGED, "the note carries a signature by \"%.*s\", a key that is not known here",
                           (int)l->name.n, (const char *)l->name.p);
        if (key == NULL)
            continue;
        if (manner == NOTE_STRICT && is_repeated(n, i, key))
            return err_set(e, ERR_DAMAGED, "the note is signed twice by \"%s\"", key->name);
        rc = line_check(n, l, key, e);
        if (rc != 0)
            return rc;
        good++;
    }
    if (good == 0)
        return err_set(e, ERR_DAMAGED, "no key that is known here has signed the note");
    return 0;
}
