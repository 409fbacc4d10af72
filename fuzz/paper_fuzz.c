/*
 * Hostile files in place of a recovery sheet.  The first byte chooses: 0, a file; else the words of the line of that
 * number, taken round.
 *
 * Held: what is read is written again in both letters, and read as the same; a share that is accepted has one form.
 */
#include "fuzz.h"
#include "keyring/keyring.h"
#include "paper/paper.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

static void line_again(unsigned line, const uint8_t bytes[PAPER_LINE])
{
    for (int letters = PAPER_LATIN; letters <= PAPER_HANGUL; letters++) {
        OWN(buf_drop) struct buf words = {0};
        uint8_t again[PAPER_LINE];
        paper_line(line, bytes, (enum paper_letters)letters, &words);
        must(paper_line_read(line, buf_bytes(&words), again, NULL) == 0);
        must(memcmp(again, bytes, PAPER_LINE) == 0);
    }
}

static void file(struct bytes text)
{
    OWN(buf_drop) struct buf square = {0};
    uint8_t code[PAPER_CODE], again[PAPER_CODE];
    struct keyring_share share;
    if (paper_find(text, code, NULL) != 0)
        return;
    for (unsigned i = 0; i < PAPER_LINES; i++)
        line_again(i + 1, code + (size_t)i * PAPER_LINE);
    paper_code(PAPER_SHEET, code, &square);
    must(paper_find(buf_bytes(&square), again, NULL) == 0 && memcmp(again, code, PAPER_CODE) == 0);
    if (keyring_share_get(code, &share, NULL) != 0)
        return;
    keyring_share_put(&share, again);
    must(memcmp(again, code, PAPER_CODE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    unsigned what = cursor_u8(&c) % (PAPER_LINES + 1);
    uint8_t bytes[PAPER_LINE];
    if (what == 0)
        file(cursor_rest(&c));
    else if (paper_line_read(what, cursor_rest(&c), bytes, NULL) == 0)
        line_again(what, bytes);
    return 0;
}
