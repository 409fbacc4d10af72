/*
 * The key file (FORMAT 2.3): text that a person can recognise, and one sealed line.
 *
 *     groundwork/key/v1
 *     member <vkey>
 *     pin <hex SHA-256 of leaf 0>
 *     kdf argon2id <passes> <KiB> <hex salt>
 *     sealed <base64>
 *
 * The sealed line is AES-256-GCM under the passphrase's key, with all lines before it as additional data.
 */
#include "base/file.h"
#include "base/unicode.h"
#include "keyring/keyring.h"

#include <assert.h>
#include <stdio.h>

enum {
    PASSES = 3,
    MEMORY_KIB = 65536,
    KEY_SALT = 16,
    KEY_FILE_MAX = 65536,
    BODY_VERSION = 2,
    BODY_OF_ONE = 1, /* of before there were several compartments: one, and two seeds */
};
static const char HEAD[] = "groundwork/key/v1\n";

void keyring_identity_drop(struct keyring_identity *id)
{
    crypt_wipe(id, sizeof *id);
}

int keyring_identity_make(const char *origin, struct keyring_identity *ret, struct err *e)
{
    *ret = (struct keyring_identity){0};
    char name[NOTE_NAME_MAX + 32];
    uint8_t pseudonym[4], public_key[CRYPT_PUBLIC];
    char hex[2 * sizeof pseudonym + 1];
    crypt_random(pseudonym, sizeof pseudonym);
    hex_put(hex, pseudonym, sizeof pseudonym);
    snprintf(ret->origin, sizeof ret->origin, "%s", origin);
    snprintf(name, sizeof name, "%s/m/%s", origin, hex);
    crypt_random(ret->sign.b, CRYPT_KEY);
    crypt_random(ret->box.b, CRYPT_KEY);
    crypt_random(ret->state.b, CRYPT_KEY);
    struct keyring_holding *first = &ret->holdings[ret->holding_count++];
    crypt_random(first->compartment, KEYRING_ID);
    for (; first->count < KEYRING_EPOCHS; first->count++) {
        first->seeds[first->count].epoch = first->count + 1;
        crypt_random(first->seeds[first->count].seed.b, CRYPT_KEY);
    }
    crypt_sign_public(&ret->sign, public_key);
    return note_key_make(name, public_key, &ret->member, e);
}

void keyring_identity_public(const struct keyring_identity *id, uint8_t ret_box[CRYPT_PUBLIC],
                             uint8_t ret_receiving[KEYRING_EPOCHS][CRYPT_PUBLIC])
{
    crypt_box_public(&id->box, ret_box);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        crypt_box_public(&id->holdings[0].seeds[i].seed, ret_receiving[i]);
}

const struct key *keyring_identity_seed(const struct keyring_identity *id, const uint8_t compartment[KEYRING_ID],
                                        uint64_t epoch)
{
    size_t at = id->holding_count;
    while (at > 1 && memcmp(id->holdings[at - 1].compartment, compartment, KEYRING_ID) != 0)
        at--;
    assert(at > 0);
    const struct keyring_holding *h = &id->holdings[at - 1];
    size_t best = 0;
    for (size_t i = 1; i < h->count; i++)
        if (h->seeds[i].epoch <= epoch)
            best = i;
    return &h->seeds[best].seed;
}

/* Body: u8 version, u16 origin length, origin, sign, box, state, u8 holdings, of each: compartment, u8 seeds, of each:
 * u64 epoch, seed; then u64 checkpoint size, checkpoint root.  In version 1 one holding with two seeds, not counted. */
static void body_put(const struct keyring_identity *id, struct buf *b)
{
    buf_put_u8(b, BODY_VERSION);
    buf_put_u16(b, (uint16_t)strlen(id->origin));
    buf_put_text(b, id->origin);
    buf_put(b, id->sign.b, CRYPT_KEY);
    buf_put(b, id->box.b, CRYPT_KEY);
    buf_put(b, id->state.b, CRYPT_KEY);
    assert(id->holding_count >= 1 && id->holding_count <= KEYRING_HOLDINGS_MAX);
    buf_put_u8(b, (uint8_t)id->holding_count);
    for (size_t i = 0; i < id->holding_count; i++) {
        const struct keyring_holding *h = &id->holdings[i];
        assert(h->count >= 1 && h->count <= KEYRING_SEEDS_MAX);
        buf_put(b, h->compartment, KEYRING_ID);
        buf_put_u8(b, (uint8_t)h->count);
        for (size_t k = 0; k < h->count; k++) {
            buf_put_u64(b, h->seeds[k].epoch);
            buf_put(b, h->seeds[k].seed.b, CRYPT_KEY);
        }
    }
    buf_put_u64(b, id->checkpoint_size);
    buf_put(b, id->checkpoint_root.b, CRYPT_HASH);
}

/* Seeds by ascending epoch, and no compartment twice. */
static bool holding_get(struct cursor *c, uint8_t version, struct keyring_identity *id)
{
    struct keyring_holding *h = &id->holdings[id->holding_count];
    cursor_copy(c, h->compartment, KEYRING_ID);
    size_t count = version == BODY_OF_ONE ? KEYRING_EPOCHS : cursor_u8(c);
    bool good = !c->failed && count >= 1 && count <= KEYRING_SEEDS_MAX;
    for (size_t i = 0; good && i < count; i++) {
        h->seeds[i].epoch = cursor_u64(c);
        cursor_copy(c, h->seeds[i].seed.b, CRYPT_KEY);
        good = !c->failed && (i == 0 || h->seeds[i - 1].epoch < h->seeds[i].epoch);
    }
    for (size_t i = 0; i < id->holding_count; i++)
        good = good && memcmp(id->holdings[i].compartment, h->compartment, KEYRING_ID) != 0;
    h->count = count;
    id->holding_count++;
    return good;
}

static bool holdings_get(struct cursor *c, uint8_t version, struct keyring_identity *id)
{
    size_t count = version == BODY_OF_ONE ? 1 : cursor_u8(c);
    bool good = !c->failed && count >= 1 && count <= KEYRING_HOLDINGS_MAX;
    while (good && id->holding_count < count)
        good = holding_get(c, version, id);
    return good;
}

static int body_get(struct bytes body, struct keyring_identity *id, struct err *e)
{
    struct cursor c = cursor_of(body);
    uint8_t version = cursor_u8(&c);
    if (version != BODY_VERSION && version != BODY_OF_ONE && !c.failed)
        return err_set(e, ERR_NEWER, "it was written by a newer groundwork: update the program");
    struct bytes origin = cursor_take(&c, cursor_u16(&c));
    if (c.failed || origin.n > NOTE_NAME_MAX)
        return err_set(e, ERR_DAMAGED, "its content has no known form");
    memcpy(id->origin, origin.p, origin.n);
    id->origin[origin.n] = 0;
    if (strlen(id->origin) != origin.n)
        return err_set(e, ERR_DAMAGED, "its content has no known form");
    cursor_copy(&c, id->sign.b, CRYPT_KEY);
    cursor_copy(&c, id->box.b, CRYPT_KEY);
    cursor_copy(&c, id->state.b, CRYPT_KEY);
    if (!holdings_get(&c, version, id))
        return err_set(e, ERR_DAMAGED, "its content has no known form");
    id->checkpoint_size = cursor_u64(&c);
    cursor_copy(&c, id->checkpoint_root.b, CRYPT_HASH);
    return cursor_done(&c) ? 0 : err_set(e, ERR_DAMAGED, "its content has no known form");
}

/* Only the member's own seed makes her signatures. */
static int seed_is_hers(const struct keyring_identity *id, struct err *e)
{
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(&id->sign, public_key);
    return memcmp(public_key, id->member.public_key, CRYPT_PUBLIC) == 0
               ? 0
               : err_set(e, ERR_DAMAGED, "its signing key is not the member's");
}

/* u16 length of the verification key, that as text, pin, body. */
void keyring_identity_put(const struct keyring_identity *id, struct buf *to)
{
    char vkey[NOTE_VKEY_MAX];
    note_key_text(&id->member, vkey);
    buf_put_u16(to, (uint16_t)strlen(vkey));
    buf_put_text(to, vkey);
    buf_put(to, id->pin.b, CRYPT_HASH);
    body_put(id, to);
}

int keyring_identity_get(struct bytes from, struct keyring_identity *ret, struct err *e)
{
    struct cursor c = cursor_of(from);
    *ret = (struct keyring_identity){0};
    struct bytes vkey = cursor_take(&c, cursor_u16(&c));
    cursor_copy(&c, ret->pin.b, CRYPT_HASH);
    int rc = c.failed || note_key_parse(vkey, &ret->member, NULL) != 0
                 ? err_set(e, ERR_DAMAGED, "its content has no known form")
                 : body_get(cursor_take(&c, c.left), ret, e);
    if (rc == 0)
        rc = seed_is_hers(ret, e);
    if (rc != 0)
        keyring_identity_drop(ret);
    return rc;
}

/* One passphrase, one key, however it was typed: Hangul comes composed or in parts. */
static void one_form(struct bytes passphrase, struct buf *nfc)
{
    if (unicode_nfc(passphrase, nfc, NULL) != 0 && !nfc->failed)
        buf_put_bytes(nfc, passphrase); /* no text: as it is */
}

static int passphrase_rule(struct bytes passphrase, struct err *e)
{
    OWN(buf_wipe) struct buf nfc = {0};
    if (passphrase.n > KEYRING_PASSPHRASE_MAX)
        return err_set(e, ERR_REFUSED, "the passphrase is longer than %d bytes", KEYRING_PASSPHRASE_MAX);
    one_form(passphrase, &nfc);
    size_t characters = 0;
    for (size_t i = 0; i < nfc.n; i++)
        characters += (nfc.p[i] & 0xC0) != 0x80;
    if (nfc.failed)
        return err_memory(e);
    if (characters < KEYRING_PASSPHRASE_MIN)
        return err_set(e, ERR_REFUSED, "the passphrase is shorter than %d characters: use several words",
                       KEYRING_PASSPHRASE_MIN);
    return 0;
}

static int stretch(struct bytes passphrase, const uint8_t salt[KEY_SALT], uint32_t passes, uint32_t memory_kib,
                   struct key *ret, struct err *e)
{
    OWN(buf_wipe) struct buf nfc = {0};
    one_form(passphrase, &nfc);
    int rc = buf_check(&nfc, e);
    return rc != 0 ? rc : crypt_passphrase(buf_bytes(&nfc), salt, passes, memory_kib, ret, e);
}

static int write_file(const char *path, struct bytes content, bool replace, struct err *e)
{
    if (replace) {
        int replaced = file_replace(path, content, 0600, e);
        if (replaced == 0) /* they may hold what was just forgotten */
            file_drafts_remove(path);
        return replaced;
    }
    int rc = file_create(path, content, 0600, e);
    if (rc == ERR_REFUSED)
        return err_set(e, rc, "key file %s is there already: move it away, or name another with --key", path);
    return rc;
}

int keyring_identity_save(const char *path, const struct keyring_identity *id, struct bytes passphrase, bool replace,
                          struct err *e)
{
    int rc = passphrase_rule(passphrase, e);
    if (rc != 0)
        return rc;
    OWN(buf_wipe) struct buf body = {0};
    OWN(buf_drop) struct buf sealed = {0};
    OWN(buf_drop) struct buf text = {0};
    OWN(key_drop) struct key key = {0};
    uint8_t salt[KEY_SALT];
    char vkey[NOTE_VKEY_MAX];
    crypt_random(salt, sizeof salt);
    rc = stretch(passphrase, salt, PASSES, MEMORY_KIB, &key, e);
    if (rc != 0)
        return rc;
    note_key_text(&id->member, vkey);
    buf_printf(&text, "%smember %s\npin ", HEAD, vkey);
    buf_put_hex(&text, bytes_of(id->pin.b, CRYPT_HASH));
    buf_printf(&text, "\nkdf argon2id %d %d ", PASSES, MEMORY_KIB);
    buf_put_hex(&text, bytes_of(salt, sizeof salt));
    buf_put_u8(&text, '\n');
    body_put(id, &body);
    uint8_t *p = buf_more(&sealed, body.n + CRYPT_TAG);
    if (p == NULL || buf_check(&body, e) != 0)
        return err_memory(e);
    crypt_seal(&key, 0, buf_bytes(&text), buf_bytes(&body), p);
    buf_put_text(&text, "sealed ");
    buf_put_base64(&text, buf_bytes(&sealed));
    buf_put_u8(&text, '\n');
    rc = buf_check(&text, e);
    return rc != 0 ? rc : write_file(path, buf_bytes(&text), replace, e);
}

struct key_file {
    struct buf content;
    struct bytes clear; /* the lines before "sealed" */
    struct note_key member;
    struct hash pin;
    uint64_t passes, memory_kib;
    uint8_t salt[KEY_SALT];
    struct bytes sealed; /* base64 */
};

static void key_file_drop(struct key_file *f)
{
    buf_drop(&f->content);
}

static bool field(struct cursor *c, const char *name, struct bytes *ret)
{
    *ret = cursor_line(c);
    size_t n = strlen(name);
    if (c->failed || ret->n <= n || memcmp(ret->p, name, n) != 0 || ret->p[n] != ' ')
        return false;
    *ret = bytes_of(ret->p + n + 1, ret->n - n - 1);
    return true;
}

static struct bytes word(struct bytes *line)
{
    const uint8_t *space = memchr(line->p, ' ', line->n);
    size_t n = space == NULL ? line->n : (size_t)(space - line->p);
    struct bytes w = bytes_of(line->p, n);
    *line = space == NULL ? bytes_of(line->p + n, 0) : bytes_of(space + 1, line->n - n - 1);
    return w;
}

static bool kdf_parse(struct bytes line, struct key_file *f)
{
    return bytes_equal(word(&line), bytes_text("argon2id")) && decimal_get(word(&line), &f->passes) == 0 &&
           decimal_get(word(&line), &f->memory_kib) == 0 && hex_get(line, f->salt, KEY_SALT) == 0 &&
           f->passes <= UINT32_MAX && f->memory_kib <= UINT32_MAX;
}

static int key_file_read(const char *path, struct key_file *f, struct err *e)
{
    int rc = file_read_all(path, KEY_FILE_MAX, &f->content, e);
    if (rc != 0)
        return rc;
    struct cursor c = cursor_of(buf_bytes(&f->content));
    struct bytes line;
    if (!cursor_expect(&c, HEAD)) {
        static const char family[] = "groundwork/key/v";
        if (f->content.n > sizeof family && memcmp(f->content.p, family, sizeof family - 1) == 0)
            return err_set(e, ERR_NEWER, "%s was written by a newer groundwork: update the program", path);
        return err_set(e, ERR_KEY, "%s is no groundwork key file", path);
    }
    bool good = field(&c, "member", &line) && note_key_parse(line, &f->member, NULL) == 0 &&
                field(&c, "pin", &line) && hex_get(line, f->pin.b, CRYPT_HASH) == 0 && field(&c, "kdf", &line) &&
                kdf_parse(line, f);
    f->clear = bytes_of(f->content.p, f->content.n - c.left);
    good = good && field(&c, "sealed", &f->sealed) && cursor_done(&c);
    return good ? 0 : err_set(e, ERR_DAMAGED, "key file %s is damaged: use your copy of it", path);
}

int keyring_identity_peek(const char *path, struct note_key *ret_member, struct hash *ret_pin, struct err *e)
{
    OWN(key_file_drop) struct key_file f = {0};
    int rc = key_file_read(path, &f, e);
    if (rc != 0)
        return rc;
    *ret_member = f.member;
    *ret_pin = f.pin;
    return 0;
}

int keyring_identity_load(const char *path, struct bytes passphrase, struct keyring_identity *ret, struct err *e)
{
    OWN(key_file_drop) struct key_file f = {0};
    OWN(key_drop) struct key key = {0};
    OWN(buf_wipe) struct buf body = {0};
    OWN(buf_drop) struct buf sealed = {0};
    *ret = (struct keyring_identity){0};
    int rc = key_file_read(path, &f, e);
    if (rc != 0)
        return rc;
    rc = stretch(passphrase, f.salt, (uint32_t)f.passes, (uint32_t)f.memory_kib, &key, e);
    if (rc != 0)
        return err_add(e, rc, "key file %s", path);
    if (base64_get(f.sealed, &sealed) != 0 || sealed.n < CRYPT_TAG)
        return err_set(e, ERR_DAMAGED, "key file %s is damaged: use your copy of it", path);
    uint8_t *p = buf_more(&body, sealed.n);
    if (p == NULL)
        return err_memory(e);
    if (crypt_open(&key, 0, f.clear, buf_bytes(&sealed), p) != 0)
        return err_set(e, ERR_KEY, "the passphrase does not open %s (or the file is damaged)", path);
    body.n = sealed.n - CRYPT_TAG;
    rc = body_get(buf_bytes(&body), ret, e);
    ret->member = f.member;
    ret->pin = f.pin;
    if (rc == 0)
        rc = seed_is_hers(ret, e);
    if (rc != 0)
        keyring_identity_drop(ret);
    return rc == 0 ? 0 : err_add(e, rc, "key file %s", path);
}
