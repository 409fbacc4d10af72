/* A checkpoint that is kept on paper: its bytes, and what stands on the page, in both languages. */
#include "paper/paper_internal.h"

/*
 *     0      1   mark and version, 0xC1: no share of a sheet begins so
 *     1     11   first bytes of the pin
 *    12      8   leaves
 *    20     32   root
 *    52      2   first 2 bytes of SHA-256(purpose ++ bytes 0 to 51)
 */
enum { MARK = 0xC1, MARK_MASK = 0xF0, AT_PIN = 1, AT_LEAVES = 12, AT_ROOT = 20, AT_CHECK = 52, SHARE_VERSION = 1 };
static const char PURPOSE[] = "groundwork/checkpoint/v1\n";

static uint16_t check_of(const uint8_t code[PAPER_CODE])
{
    uint8_t text[sizeof PURPOSE - 1 + AT_CHECK];
    struct hash digest;
    memcpy(text, PURPOSE, sizeof PURPOSE - 1);
    memcpy(text + sizeof PURPOSE - 1, code, AT_CHECK);
    crypt_sha256(bytes_of(text, sizeof text), &digest);
    return u16_get(digest.b);
}

void paper_checkpoint_code(const struct paper_checkpoint *c, uint8_t ret[PAPER_CODE])
{
    ret[0] = MARK;
    memcpy(ret + AT_PIN, c->pin.b, PAPER_PIN);
    u64_put(ret + AT_LEAVES, c->leaves);
    memcpy(ret + AT_ROOT, c->root.b, CRYPT_HASH);
    u16_put(ret + AT_CHECK, check_of(ret));
}

int paper_checkpoint_read(const uint8_t code[PAPER_CODE], struct paper_checkpoint *ret, struct err *e)
{
    if (code[0] == SHARE_VERSION)
        return err_set(e, ERR_REFUSED, "these are the words of a recovery sheet, and no checkpoint: keep them secret");
    if (code[0] != MARK && (code[0] & MARK_MASK) == (MARK & MARK_MASK))
        return err_set(e, ERR_NEWER, "it was written by a newer groundwork: update the program");
    if (code[0] != MARK || u16_get(code + AT_CHECK) != check_of(code))
        return err_set(e, ERR_DAMAGED, "the words are no checkpoint: compare them with the paper");
    *ret = (struct paper_checkpoint){.leaves = u64_get(code + AT_LEAVES)};
    memcpy(ret->pin.b, code + AT_PIN, PAPER_PIN);
    memcpy(ret->root.b, code + AT_ROOT, CRYPT_HASH);
    return 0;
}

static void say_facts(struct paper_telling *t, const struct paper_checkpoint *c, enum text_language l)
{
    char pin[2 * CRYPT_HASH + 1], root[2 * CRYPT_HASH + 1];
    hex_put(pin, c->pin.b, CRYPT_HASH);
    hex_put(root, c->root.b, CRYPT_HASH);
    paper_say(t, PAPER_TITLE, l, "Groundwork checkpoint");
    paper_say(t, PAPER_FACT, l, "Repository: %s", c->origin);
    paper_say(t, PAPER_FACT, l, "Pin: %s", pin);
    paper_say(t, PAPER_FACT, l, "Printed: %s", c->made);
    paper_say(t, PAPER_FACT, l, "Leaves: %llu", (unsigned long long)c->leaves);
    paper_say(t, PAPER_FACT, l, "Its root: %s", root);
}

static void say_purpose(struct paper_telling *t, enum text_language l)
{
    paper_say(t, PAPER_PARAGRAPH, l,
              "Whoever keeps this paper can see later whether anything that stood on the log then was changed, dropped "
              "or moved since. It is no secret and tells nothing of what the repository holds. Write on it who got it "
              "and when, sign it, and keep it where others than the centre can get it.");
    paper_say(t, PAPER_PARAGRAPH, l,
              "To use it: type the six lines, with their numbers, into a text file, in either kind of letters, or let "
              "a camera read the square code into one. Then: groundwork -R REPOSITORY verify --against FILE. No key is "
              "needed.");
    paper_say(t, PAPER_PARAGRAPH, l,
              "Without this program: each syllable is 6 bits, counted from 0: b d g h j k m n p r s t, each with a e i "
              "o u, then ya ye yo yu. A line is 9 bytes and 12 bits of check. The six lines are: c1, 1 byte; the first "
              "11 bytes of the pin; leaves, 8 bytes; root, 32 bytes; check, 2 bytes. The root is that of RFC 6962 over "
              "the entries in log/tile/entries. Groundwork's FORMAT.md, 3.6.");
}

int paper_checkpoint_tell(const struct paper_checkpoint *c, const struct paper_layout *layout, struct err *e)
{
    static const enum text_language languages[] = {TEXT_ENGLISH, TEXT_KOREAN};
    struct paper_telling t = {.layout = layout};
    uint8_t code[PAPER_CODE];
    paper_checkpoint_code(c, code);
    for (size_t i = 0; i < COUNT(languages); i++)
        say_facts(&t, c, languages[i]);
    paper_say_code(&t, PAPER_CHECKPOINT, code);
    for (size_t i = 0; i < COUNT(languages); i++)
        say_purpose(&t, languages[i]);
    return t.failed ? err_memory(e) : 0;
}
