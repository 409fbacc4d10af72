/*
 * Hostile requests to join, from somebody who signs them: the bytes are the text of the note, signed here by the key of
 * the corpus.
 *
 * Held: what parses is that text and no other, written again from what was read.
 */
#include "fuzz.h"
#include "keyring/keyring.h"

static struct key seed;
static struct note_key member;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    uint8_t public_key[CRYPT_PUBLIC];
    must(crypt_start(NULL) == 0);
    memset(seed.b, 8, CRYPT_KEY);
    crypt_sign_public(&seed, public_key);
    must(note_key_make("example.org/m/7f3a09c1", public_key, &member, NULL) == 0);
    return 0;
}

static void written_again(const struct keyring_request *r, struct buf *to)
{
    char vkey[NOTE_VKEY_MAX];
    note_key_text(&r->key, vkey);
    buf_printf(to, "groundwork/request/v1\norigin %s\npin ", r->origin);
    buf_put_hex(to, bytes_of(r->pin.b, CRYPT_HASH));
    buf_printf(to, "\nkey %s\nbox ", vkey);
    buf_put_base64(to, bytes_of(r->box, CRYPT_PUBLIC));
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        buf_printf(to, "\nreceiving %llu ", (unsigned long long)r->receiving[i].epoch);
        buf_put_base64(to, bytes_of(r->receiving[i].key, CRYPT_PUBLIC));
    }
    buf_put_u8(to, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN(buf_drop) struct buf note = {0}, again = {0};
    struct keyring_request r;
    (void)keyring_request_parse(bytes_of(data, size), &r, NULL);
    if (note_sign(bytes_of(data, size), &member, &seed, &note, NULL) != 0 ||
        keyring_request_parse(buf_bytes(&note), &r, NULL) != 0)
        return 0;
    must(note_name_check(r.origin, NULL) == 0 && r.receiving[0].epoch < r.receiving[1].epoch);
    written_again(&r, &again);
    must(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
    return 0;
}
