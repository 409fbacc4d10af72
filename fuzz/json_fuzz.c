/*
 * Hostile JSON, and the text forms of bytes and numbers.  The first byte chooses: 0, the rest is JSON; 1, base64; 2, a
 * decimal; 3, hex.
 *
 * Held: what is written again is canonical and stays as it is; a text is called canonical exactly when it is what is
 * written again; a number or a text has the form in which we write it; what base64, decimal and hex accept is written
 * again byte for byte.
 */
#include "base/json.h"
#include "base/unicode.h"
#include "fuzz.h"

static void written(const struct json_out *j, const struct json_node *node)
{
    OWN(buf_drop) struct buf again = {0};
    must(json_write(node, &again) && bytes_equal(buf_bytes(&again), buf_bytes(j->to)));
}

static void scalar(const struct json_node *node)
{
    uint64_t u;
    int64_t i;
    OWN(buf_drop) struct buf text = {0};
    struct json_out j = {.to = &text};
    const char *s = json_text(node);
    if (json_get_u64(node, &u)) {
        json_u64(&j, u);
        written(&j, node);
    } else if (json_get_i64(node, &i)) {
        json_i64(&j, i);
        written(&j, node);
    } else if (s != NULL) {
        must(unicode_valid(bytes_text(s)));
        json_string(&j, s);
        written(&j, node);
    }
}

static void walk(const struct json_node *node, int depth)
{
    must(depth <= JSON_DEPTH_MAX);
    scalar(node);
    for (size_t i = 0; json_is_array(node) && i < json_count(node); i++)
        walk(json_at(node, i), depth + 1);
}

static void json(struct bytes text)
{
    OWN(json_drop) struct json *document = NULL;
    OWN(buf_drop) struct buf again = {0};
    bool canonical = json_canonical(text);
    if (json_parse(text, &document, NULL) != 0) {
        must(!canonical);
        return;
    }
    walk(json_root(document), 0);
    bool can_be_written = json_write(json_root(document), &again);
    must(canonical == (can_be_written && bytes_equal(buf_bytes(&again), text)));
    must(!can_be_written || json_canonical(buf_bytes(&again)));
}

static void base64(struct bytes text)
{
    OWN(buf_drop) struct buf bytes = {0};
    OWN(buf_drop) struct buf again = {0};
    if (base64_get(text, &bytes) != 0)
        return;
    buf_put_base64(&again, buf_bytes(&bytes));
    must(bytes_equal(buf_bytes(&again), text));
}

static void decimal(struct bytes text)
{
    uint64_t value;
    OWN(buf_drop) struct buf again = {0};
    if (decimal_get(text, &value) != 0)
        return;
    buf_put_decimal(&again, value);
    must(bytes_equal(buf_bytes(&again), text));
}

static void hex(struct bytes text)
{
    OWN(buf_drop) struct buf bytes = {0};
    OWN(buf_drop) struct buf again = {0};
    uint8_t *p = buf_more(&bytes, text.n / 2);
    must(p != NULL);
    if (hex_get(text, p, text.n / 2) != 0)
        return;
    buf_put_hex(&again, buf_bytes(&bytes));
    must(bytes_equal(buf_bytes(&again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    uint8_t what = cursor_u8(&c);
    struct bytes rest = cursor_rest(&c);
    if (what == 0)
        json(rest);
    else if (what == 1)
        base64(rest);
    else if (what == 2)
        decimal(rest);
    else if (what == 3)
        hex(rest);
    return 0;
}
