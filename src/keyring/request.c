/*
 * A request to join (FORMAT 14.1): the public halves of a new member's keys, as a note that she signs.
 *
 *     groundwork/request/v1
 *     origin <origin>
 *     pin <hex 32>
 *     key <verification key>
 *     box <base64>
 *     receiving <epoch> <base64>
 *     receiving <epoch> <base64>
 *
 *     <signature line>
 */
#include "keyring/keyring.h"

static const char HEAD[] = "groundwork/request/v1\n";

int keyring_request_put(const struct keyring_identity *id, struct buf *to, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    uint8_t box[CRYPT_PUBLIC], receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    char vkey[NOTE_VKEY_MAX];
    keyring_identity_public(id, box, receiving);
    note_key_text(&id->member, vkey);
    buf_printf(&text, "%sorigin %s\npin ", HEAD, id->origin);
    buf_put_hex(&text, bytes_of(id->pin.b, CRYPT_HASH));
    buf_printf(&text, "\nkey %s\nbox ", vkey);
    buf_put_base64(&text, bytes_of(box, CRYPT_PUBLIC));
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        buf_printf(&text, "\nreceiving %llu ", (unsigned long long)id->holdings[0].seeds[i].epoch);
        buf_put_base64(&text, bytes_of(receiving[i], CRYPT_PUBLIC));
    }
    buf_put_u8(&text, '\n');
    int rc = buf_check(&text, e);
    return rc == 0 ? note_sign(buf_bytes(&text), &id->member, &id->sign, to, e) : rc;
}

/* The rest of a line that begins with this word. */
static bool line_of(struct cursor *c, const char *word, struct bytes *ret)
{
    struct bytes line = cursor_line(c);
    size_t n = strlen(word);
    if (c->failed || line.n < n || memcmp(line.p, word, n) != 0)
        return false;
    *ret = bytes_of(line.p + n, line.n - n);
    return true;
}

static bool origin_get(struct bytes text, char to[NOTE_NAME_MAX + 1])
{
    if (text.n == 0 || text.n > NOTE_NAME_MAX)
        return false;
    memcpy(to, text.p, text.n);
    to[text.n] = 0;
    return strlen(to) == text.n && note_name_check(to, NULL) == 0;
}

static bool receiving_get(struct bytes line, uint64_t *ret_epoch, uint8_t ret[CRYPT_PUBLIC])
{
    const uint8_t *blank = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
    if (blank == NULL)
        return false;
    size_t n = (size_t)(blank - line.p);
    return decimal_get(bytes_of(line.p, n), ret_epoch) == 0 &&
           base64_get_exact(bytes_of(blank + 1, line.n - n - 1), ret, CRYPT_PUBLIC) == 0;
}

static bool text_get(struct bytes text, struct keyring_request *r)
{
    struct cursor c = cursor_of(text);
    struct bytes line;
    bool good = cursor_expect(&c, HEAD) && line_of(&c, "origin ", &line) && origin_get(line, r->origin) &&
                line_of(&c, "pin ", &line) && hex_get(line, r->pin.b, CRYPT_HASH) == 0 && line_of(&c, "key ", &line) &&
                note_key_parse(line, &r->key, NULL) == 0 && line_of(&c, "box ", &line) &&
                base64_get_exact(line, r->box, CRYPT_PUBLIC) == 0;
    for (size_t i = 0; good && i < KEYRING_EPOCHS; i++)
        good = line_of(&c, "receiving ", &line) &&
               receiving_get(line, &r->receiving[i].epoch, r->receiving[i].key);
    return good && cursor_done(&c) && r->receiving[0].epoch < r->receiving[1].epoch;
}

int keyring_request_parse(struct bytes text, struct keyring_request *ret, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    struct keyring_request r = {.origin = ""};
    int rc = text.n > KEYRING_REQUEST_MAX ? err_set(e, ERR_DAMAGED, "it is too long") : note_parse(text, &n, e);
    if (rc == 0 && !text_get(n.text, &r))
        rc = err_set(e, ERR_DAMAGED, "it has no known form");
    if (rc == 0)
        rc = note_check(&n, &r.key, 1, NOTE_STRICT, e);
    if (rc != 0)
        return err_add(e, rc, "the request to join");
    *ret = r;
    return 0;
}
