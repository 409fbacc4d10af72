#include "cosign/cosign_internal.h"

#include "base/unicode.h"

enum { SALT = 16, PASSES = 3, MEMORY_KIB = 64 * 1024, SEALED = CRYPT_KEY + CRYPT_TAG };

static const char HEAD[] = "groundwork/cosigner-key/v1\n";

/* One passphrase, one key, however it was typed: Hangul comes composed or in parts. */
static int one_form(struct bytes passphrase, struct buf *nfc, struct err *e)
{
    if (unicode_nfc(passphrase, nfc, NULL) != 0 && !nfc->failed)
        buf_put_bytes(nfc, passphrase); /* no text: as it is */
    return buf_check(nfc, e);
}

static int stretch(struct bytes passphrase, const uint8_t salt[SALT], uint64_t passes, uint64_t memory_kib,
                   struct key *ret, struct err *e)
{
    OWN(buf_wipe) struct buf nfc = {0};
    int rc = one_form(passphrase, &nfc, e);
    if (rc == 0 && (passes > UINT32_MAX || memory_kib > UINT32_MAX))
        rc = err_set(e, ERR_DAMAGED, "its parameters of Argon2id are out of bounds");
    return rc == 0 ? crypt_passphrase(buf_bytes(&nfc), salt, (uint32_t)passes, (uint32_t)memory_kib, ret, e) : rc;
}

static int long_enough(struct bytes passphrase, struct err *e)
{
    OWN(buf_wipe) struct buf nfc = {0};
    int rc = one_form(passphrase, &nfc, e);
    size_t characters = 0;
    for (size_t i = 0; i < nfc.n; i++)
        characters += (nfc.p[i] & 0xC0) != 0x80;
    if (rc == 0 && characters < COSIGN_PASSPHRASE_MIN)
        rc = err_set(e, ERR_REFUSED, "the passphrase is shorter than %d characters: use several words",
                     COSIGN_PASSPHRASE_MIN);
    return rc;
}

static int key_path(const char *folder, struct file_path *to, struct err *e)
{
    return file_path(to, e, "%s/key", folder);
}

int cosign_key_make(const char *folder, const char *name, struct bytes passphrase, struct note_key *ret,
                    struct err *e)
{
    OWN(key_drop) struct key seed = {0}, key = {0};
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    struct note_key own;
    uint8_t public_key[CRYPT_PUBLIC], salt[SALT], sealed[SEALED];
    char vkey[NOTE_VKEY_MAX];
    crypt_random(seed.b, CRYPT_KEY);
    crypt_random(salt, sizeof salt);
    crypt_sign_public(&seed, public_key);
    int rc = note_cosigner_make(name, public_key, &own, e);
    if (rc == 0)
        rc = long_enough(passphrase, e);
    if (rc == 0)
        rc = stretch(passphrase, salt, PASSES, MEMORY_KIB, &key, e);
    if (rc == 0)
        rc = key_path(folder, &path, e);
    if (rc != 0)
        return rc;
    note_key_text(&own, vkey);
    buf_printf(&text, "%skey %s\nkdf argon2id %d %d ", HEAD, vkey, PASSES, MEMORY_KIB);
    buf_put_hex(&text, bytes_of(salt, sizeof salt));
    buf_put_text(&text, "\n");
    crypt_seal(&key, 0, buf_bytes(&text), bytes_of(seed.b, CRYPT_KEY), sealed);
    buf_put_text(&text, "sealed ");
    buf_put_base64(&text, bytes_of(sealed, sizeof sealed));
    buf_put_text(&text, "\n");
    rc = buf_check(&text, e);
    if (rc == 0)
        rc = file_make_folders(folder, e);
    if (rc == 0)
        rc = file_create(path.s, buf_bytes(&text), 0600, e);
    if (rc == ERR_REFUSED)
        return err_set(e, rc, "there is a key already: %s", path.s);
    if (rc == 0)
        *ret = own;
    return rc;
}

struct key_file {
    struct buf content;
    struct bytes clear; /* the lines before "sealed" */
    struct note_key own;
    uint64_t passes, memory_kib;
    uint8_t salt[SALT], sealed[SEALED];
};

static void key_file_drop(struct key_file *f)
{
    buf_drop(&f->content);
}

static bool take_word(struct bytes *line, struct bytes *ret)
{
    const uint8_t *blank = line->n == 0 ? NULL : memchr(line->p, ' ', line->n);
    if (blank == NULL)
        return false;
    *ret = bytes_of(line->p, (size_t)(blank - line->p));
    *line = bytes_of(blank + 1, line->n - ret->n - 1);
    return true;
}

static bool kdf_parse(struct bytes line, struct key_file *f)
{
    struct bytes name, passes, memory;
    return take_word(&line, &name) && bytes_equal(name, bytes_text("argon2id")) && take_word(&line, &passes) &&
           decimal_get(passes, &f->passes) == 0 && take_word(&line, &memory) &&
           decimal_get(memory, &f->memory_kib) == 0 && hex_get(line, f->salt, SALT) == 0;
}

static bool parse(struct key_file *f)
{
    struct cursor c = cursor_of(buf_bytes(&f->content));
    bool good = cursor_expect(&c, HEAD) && cursor_expect(&c, "key ") &&
                note_cosigner_parse(cursor_line(&c), &f->own, NULL) == 0 && cursor_expect(&c, "kdf ") &&
                kdf_parse(cursor_line(&c), f);
    f->clear = bytes_of(f->content.p, f->content.n - c.left);
    return good && cursor_expect(&c, "sealed ") && base64_get_exact(cursor_line(&c), f->sealed, SEALED) == 0 &&
           cursor_done(&c);
}

static int key_file_read(const char *folder, struct key_file *f, struct err *e)
{
    struct file_path path;
    int rc = key_path(folder, &path, e);
    if (rc == 0)
        rc = file_read_all(path.s, COSIGN_FILE_MAX, &f->content, e);
    if (rc == ERR_ABSENT)
        return err_set(e, rc, "there is no key in %s: make one with groundwork-cosign init NAME", folder);
    if (rc == 0 && !parse(f))
        rc = err_set(e, ERR_DAMAGED, "the key file %s is damaged: use your copy of it", path.s);
    return rc;
}

int cosign_key_read(const char *folder, struct note_key *ret, struct err *e)
{
    OWN(key_file_drop) struct key_file f = {.passes = 0};
    int rc = key_file_read(folder, &f, e);
    if (rc == 0)
        *ret = f.own;
    return rc;
}

int cosign_key_open(const char *folder, struct bytes passphrase, struct key *ret_seed, struct err *e)
{
    OWN(key_file_drop) struct key_file f = {.passes = 0};
    OWN(key_drop) struct key key = {0}, seed = {0};
    uint8_t public_key[CRYPT_PUBLIC];
    int rc = key_file_read(folder, &f, e);
    if (rc == 0)
        rc = stretch(passphrase, f.salt, f.passes, f.memory_kib, &key, e);
    if (rc != 0)
        return err_add(e, rc, "key of %s", folder);
    if (crypt_open(&key, 0, f.clear, bytes_of(f.sealed, SEALED), seed.b) != 0)
        return err_set(e, ERR_KEY, "the passphrase does not open %s/key (or the file is damaged)", folder);
    crypt_sign_public(&seed, public_key);
    if (memcmp(public_key, f.own.public_key, CRYPT_PUBLIC) != 0)
        return err_set(e, ERR_DAMAGED, "the key in %s/key is not the one that it names", folder);
    *ret_seed = seed;
    return 0;
}
