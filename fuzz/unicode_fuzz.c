/*
 * Hostile names: any bytes as a file's name.
 *
 * Held: the normal form is valid, and its own normal form; what is shown is in normal form, is one line, passes through
 * a line of error as it is, and can be turned back into the normal form of the name, so that no two names of different
 * normal form look alike.
 */
#include "base/unicode.h"
#include "fuzz.h"

static void normal_form(struct bytes name, struct buf *normal)
{
    OWN(buf_drop) struct buf again = {0};
    int rc = unicode_nfc(name, normal, NULL);
    must((rc == 0) == unicode_valid(name));
    if (rc != 0) {
        must(normal->n == 0 && !unicode_is_nfc(name));
        return;
    }
    must(unicode_valid(buf_bytes(normal)) && unicode_is_nfc(buf_bytes(normal)));
    must(unicode_nfc(buf_bytes(normal), &again, NULL) == 0 && bytes_equal(buf_bytes(&again), buf_bytes(normal)));
    must(unicode_is_nfc(name) == bytes_equal(buf_bytes(normal), name));
}

/* The opposite of an escape: \xNN is a byte, a doubled backslash one. */
static void turn_back(struct bytes shown, struct buf *to)
{
    struct cursor c = cursor_of(shown);
    while (c.left > 0) {
        uint8_t byte = cursor_u8(&c);
        if (byte == '\\') {
            byte = cursor_u8(&c);
            must(byte == '\\' || byte == 'x');
            if (byte == 'x')
                must(hex_get(cursor_take(&c, 2), &byte, 1) == 0);
        }
        buf_put_u8(to, byte);
    }
    must(!c.failed);
}

static void passes_through_an_error(struct buf *shown)
{
    struct err e = {0};
    if (shown->n >= ERR_TEXT_MAX)
        return;
    (void)err_set(&e, ERR_IO, "%s", buf_text(shown));
    must(bytes_equal(bytes_text(e.text), buf_bytes(shown)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes name = bytes_of(data, size);
    OWN(buf_drop) struct buf normal = {0};
    OWN(buf_drop) struct buf shown = {0};
    OWN(buf_drop) struct buf back = {0};
    normal_form(name, &normal);
    unicode_display(name, &shown);
    must(!shown.failed && unicode_is_nfc(buf_bytes(&shown)));
    must(shown.n == 0 || memchr(shown.p, '\n', shown.n) == NULL);
    must(unicode_columns(buf_bytes(&shown)) <= shown.n);
    passes_through_an_error(&shown);
    turn_back(buf_bytes(&shown), &back);
    must(!unicode_valid(name) || bytes_equal(buf_bytes(&back), buf_bytes(&normal)));
    return 0;
}
