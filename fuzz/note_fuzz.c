/*
 * Hostile notes and verification keys.  The first byte chooses: 0, the rest is a verification key; 1, a note as it
 * stands; 2, the second byte says who signs (its low four bits: how many lines; then one bit for each of the first
 * four, taken again from the beginning), and the rest is the text.
 *
 * Held: a key or a note that parses is made again byte for byte.  What we sign is read strictly exactly when no key
 * has signed twice, and as a foreign note always; a changed text never passes.
 */
#include "fuzz.h"
#include "model/note.h"

enum { KEYS = 2, WHO_BITS = 4 };

static struct key seeds[KEYS];
static struct note_key keys[KEYS];

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    static const char *const names[KEYS] = {"example.org/log", "example.org/m/7f3a09c1"};
    must(crypt_start(NULL) == 0);
    for (size_t i = 0; i < KEYS; i++) {
        uint8_t public_key[CRYPT_PUBLIC];
        memset(seeds[i].b, 7 + (int)i, CRYPT_KEY); /* the keys of the corpus */
        crypt_sign_public(&seeds[i], public_key);
        must(note_key_make(names[i], public_key, &keys[i], NULL) == 0);
    }
    return 0;
}

static void verification_key(struct bytes text)
{
    struct note_key key;
    char again[NOTE_VKEY_MAX];
    if (note_key_parse(text, &key, NULL) != 0)
        return;
    note_key_text(&key, again);
    must(bytes_equal(bytes_text(again), text) && note_name_check(key.name, NULL) == 0);
}

/* The note put together again from what was read of it. */
static void again(const struct note *n, struct bytes whole)
{
    OWN(buf_drop) struct buf b = {0};
    buf_put_bytes(&b, n->text);
    buf_put_text(&b, "\n");
    for (size_t i = 0; i < n->lines; i++) {
        OWN(buf_drop) struct buf signature = {0};
        buf_put(&signature, n->line[i].id, sizeof n->line[i].id);
        buf_put_bytes(&signature, n->line[i].signature);
        buf_put_text(&b, "\xE2\x80\x94 ");
        buf_put_bytes(&b, n->line[i].name);
        buf_put_text(&b, " ");
        buf_put_base64(&b, buf_bytes(&signature));
        buf_put_text(&b, "\n");
    }
    must(bytes_equal(buf_bytes(&b), whole));
}

static void as_it_stands(struct bytes bytes)
{
    OWN(note_drop) struct note n = {0};
    if (note_parse(bytes, &n, NULL) != 0)
        return;
    again(&n, bytes);
    must(n.lines > 0 && n.text.n > 0 && n.text.p[n.text.n - 1] == '\n');
    if (note_check(&n, keys, KEYS, NOTE_STRICT, NULL) == 0)
        must(n.lines <= KEYS && note_check(&n, keys, KEYS, NOTE_FOREIGN, NULL) == 0);
}

/* The signature lines alone: a whole note by each key is made, and its end is taken. */
static bool put_line(struct bytes text, size_t who, struct buf *to)
{
    OWN(buf_drop) struct buf whole = {0};
    if (note_sign(text, &keys[who], &seeds[who], &whole, NULL) != 0)
        return false;
    buf_put(to, whole.p + text.n + 1, whole.n - text.n - 1);
    return true;
}

static void signed_by_us(uint8_t who, struct bytes text)
{
    OWN(buf_drop) struct buf whole = {0};
    OWN(note_drop) struct note n = {0};
    size_t lines = who & 0x0f, by[KEYS] = {0};
    if (text.n == 0 || text.p[text.n - 1] != '\n')
        return; /* with an empty line behind, it might be a note by others */
    buf_put_bytes(&whole, text);
    buf_put_text(&whole, "\n");
    for (size_t i = 0; i < lines; i++) {
        size_t key = who >> (4 + i % WHO_BITS) & 1;
        if (!put_line(text, key, &whole))
            return;
        by[key]++;
    }
    int rc = note_parse(buf_bytes(&whole), &n, NULL);
    must((rc == 0) == (lines > 0));
    if (rc != 0)
        return;
    must(n.lines == lines && bytes_equal(n.text, text));
    must((note_check(&n, keys, KEYS, NOTE_STRICT, NULL) == 0) == (by[0] <= 1 && by[1] <= 1));
    must(note_check(&n, keys, KEYS, NOTE_FOREIGN, NULL) == 0);
    must((note_check(&n, keys, 1, NOTE_FOREIGN, NULL) == 0) == (by[0] > 0));
    whole.p[text.n / 2] ^= 1; /* the text is borrowed from here */
    must(note_check(&n, keys, KEYS, NOTE_FOREIGN, NULL) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    uint8_t what = cursor_u8(&c);
    if (what == 0)
        verification_key(cursor_rest(&c));
    else if (what == 1)
        as_it_stands(cursor_rest(&c));
    else if (what == 2) {
        uint8_t who = cursor_u8(&c);
        signed_by_us(who, cursor_rest(&c));
    }
    return 0;
}
