/* jansson comes first: our json_string and json_null are then named apart from its own (see json.h). */
#include <jansson.h>
#undef json_is_array
#undef json_is_object

#include "base/json.h"
#include "base/unicode.h"

#include <assert.h>
#include <pthread.h>

struct json {
    json_t *root;
};

/* What last_key holds inside an array, where there are no keys. */
static const char in_array[] = "";

/* Before a value: the comma of an array, or nothing behind a key. */
static void value_begins(struct json_out *j)
{
    if (j->depth == 0)
        return;
    bool is_array = j->last_key[j->depth - 1] == in_array;
    assert(j->after_key == !is_array);
    if (is_array && j->filled[j->depth - 1])
        buf_put_u8(j->to, ',');
    j->filled[j->depth - 1] = true;
    j->after_key = false;
}

static void container_begin(struct json_out *j, char bracket, const char *last_key)
{
    value_begins(j);
    assert(j->depth < JSON_DEPTH_MAX);
    buf_put_u8(j->to, (uint8_t)bracket);
    j->filled[j->depth] = false;
    j->last_key[j->depth] = last_key;
    j->depth++;
}

static void container_end(struct json_out *j, char bracket)
{
    assert(j->depth > 0 && !j->after_key);
    j->depth--;
    buf_put_u8(j->to, (uint8_t)bracket);
}

void json_object_begin(struct json_out *j)
{
    container_begin(j, '{', NULL);
}

void json_object_end(struct json_out *j)
{
    assert(j->depth > 0 && j->last_key[j->depth - 1] != in_array);
    container_end(j, '}');
}

void json_array_begin(struct json_out *j)
{
    container_begin(j, '[', in_array);
}

void json_array_end(struct json_out *j)
{
    assert(j->depth > 0 && j->last_key[j->depth - 1] == in_array);
    container_end(j, ']');
}

/* RFC 8785 section 3.2.2.2: the two-letter escapes, then \u00xx, and everything else as it is. */
static void put_escaped(struct buf *to, uint8_t c)
{
    static const char plain[] = "\b\t\n\f\r\"\\";
    static const char letter[] = "btnfr\"\\";
    const char *at = strchr(plain, c);
    if (at != NULL) {
        buf_put_u8(to, '\\');
        buf_put_u8(to, (uint8_t)letter[at - plain]);
    } else {
        buf_printf(to, "\\u%04x", c);
    }
}

/* How many bytes stand for themselves whatever the encoding: printable ASCII but for quote and backslash. */
static size_t plain_size(struct bytes text)
{
    size_t n = 0;
    while (n < text.n && text.p[n] >= 0x20 && text.p[n] < 0x80 && text.p[n] != '"' && text.p[n] != '\\')
        n++;
    return n;
}

/* A plain text between quotes, with what comes before and behind them. */
static void put_plain(struct buf *to, struct bytes before, struct bytes text, struct bytes behind)
{
    uint8_t *p = buf_more(to, before.n + 1 + text.n + 1 + behind.n);
    if (p == NULL)
        return;
    p = (uint8_t *)mempcpy(p, before.p, before.n);
    *p++ = '"';
    p = (uint8_t *)mempcpy(p, text.p, text.n);
    *p++ = '"';
    memcpy(p, behind.p, behind.n);
}

static void put_quoted(struct buf *to, struct bytes text)
{
    size_t from = 0;
    if (plain_size(text) == text.n) {
        put_plain(to, bytes_text(""), text, bytes_text(""));
        return;
    }
    assert(unicode_valid(text));
    buf_put_u8(to, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= 0x20 && text.p[i] != '"' && text.p[i] != '\\')
            continue;
        buf_put(to, text.p + from, i - from);
        put_escaped(to, text.p[i]);
        from = i + 1;
    }
    if (text.n > from)
        buf_put(to, text.p + from, text.n - from);
    buf_put_u8(to, '"');
}

void json_key(struct json_out *j, const char *key)
{
    struct bytes text = bytes_text(key);
    assert(j->depth > 0 && !j->after_key);
    const char *last = j->last_key[j->depth - 1];
    assert(last != in_array);
    assert(last == NULL || strcmp(last, key) < 0);
    struct bytes comma = bytes_text(last != NULL ? "," : "");
    if (plain_size(text) == text.n)
        put_plain(j->to, comma, text, bytes_text(":"));
    else {
        buf_put_bytes(j->to, comma);
        put_quoted(j->to, text);
        buf_put_u8(j->to, ':');
    }
    j->last_key[j->depth - 1] = key;
    j->after_key = true;
}

void json_string(struct json_out *j, const char *utf8)
{
    json_string_bytes(j, bytes_text(utf8));
}

void json_string_bytes(struct json_out *j, struct bytes utf8)
{
    value_begins(j);
    put_quoted(j->to, utf8);
}

/* A number, or a string when the magnitude is beyond what every reader of JSON keeps exactly. */
static void put_integer(struct json_out *j, bool negative, uint64_t magnitude)
{
    value_begins(j);
    bool quoted = magnitude > (uint64_t)JSON_INTEGER_MAX;
    if (quoted)
        buf_put_u8(j->to, '"');
    if (negative)
        buf_put_u8(j->to, '-');
    buf_put_decimal(j->to, magnitude);
    if (quoted)
        buf_put_u8(j->to, '"');
}

void json_u64(struct json_out *j, uint64_t v)
{
    put_integer(j, false, v);
}

void json_i64(struct json_out *j, int64_t v)
{
    put_integer(j, v < 0, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json_bool(struct json_out *j, bool v)
{
    value_begins(j);
    buf_put_text(j->to, v ? "true" : "false");
}

void json_null(struct json_out *j)
{
    value_begins(j);
    buf_put_text(j->to, "null");
}

void json_base64(struct json_out *j, struct bytes x)
{
    value_begins(j);
    buf_put_u8(j->to, '"');
    buf_put_base64(j->to, x);
    buf_put_u8(j->to, '"');
}

void json_hex(struct json_out *j, struct bytes x)
{
    value_begins(j);
    buf_put_u8(j->to, '"');
    buf_put_hex(j->to, x);
    buf_put_u8(j->to, '"');
}

/* A node is jansson's value under our name. */
static const json_t *value_of(const struct json_node *node)
{
    return (const json_t *)(const void *)node;
}

static const struct json_node *node_of(const json_t *value)
{
    return (const struct json_node *)(const void *)value;
}

/* Is ${value} nested no deeper than ${depth_max} containers? */
static bool is_shallow(const json_t *value, unsigned depth_max)
{
    if (!json_is_object(node_of(value)) && !json_is_array(node_of(value)))
        return true;
    if (depth_max == 0)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_shallow(json_array_get(value, i), depth_max - 1))
            return false;
    /* jansson walks objects by a pointer that is not const, but changes nothing. */
    json_t *object = (json_t *)(uintptr_t)value;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at))
        if (!is_shallow(json_object_iter_value(at), depth_max - 1))
            return false;
    return true;
}

static int too_deep(struct err *e)
{
    return err_set(e, ERR_DAMAGED, "this JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
}

static int not_json(size_t at, struct err *e)
{
    return err_set(e, ERR_DAMAGED, "this is not JSON, from byte %zu", at);
}

static int parse_failed(const json_error_t *cause, struct err *e)
{
    switch (json_error_code(cause)) {
    case json_error_stack_overflow:
        return too_deep(e);
    case json_error_duplicate_key:
        return err_set(e, ERR_DAMAGED, "this JSON names a key of one object twice, before byte %d", cause->position);
    default:
        return not_json(cause->position < 0 ? 0 : (size_t)cause->position, e);
    }
}

/*
 * jansson 2.14 passes over a failed growth of its token buffer and then copies a string beyond its end, or takes a
 * number for a shorter one.  Ending the program is the only safe answer we can give it from inside an allocation.
 */
static void *malloc_or_end(size_t n)
{
    void *p = malloc(n);
    if (p == NULL)
        err_memory_end();
    return p;
}

static void set_memory(void)
{
    json_set_alloc_funcs(malloc_or_end, free);
}

int json_parse(struct bytes text, struct json **ret_document, struct err *e)
{
    /* jansson takes a zero byte for the end of the text, and would not look at what follows it. */
    const uint8_t *zero = text.n == 0 ? NULL : memchr(text.p, 0, text.n);
    if (zero != NULL)
        return not_json((size_t)(zero - text.p), e);
    static pthread_once_t memory_is_set = PTHREAD_ONCE_INIT;
    (void)pthread_once(&memory_is_set, set_memory);
    json_error_t cause;
    OWN(json_drop) struct json *document = calloc(1, sizeof(*document));
    if (document == NULL)
        return err_memory(e);
    const char *p = text.n == 0 ? "" : (const char *)text.p;
    document->root = json_loadb(p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &cause);
    if (document->root == NULL)
        return parse_failed(&cause, e);
    if (!is_shallow(document->root, JSON_DEPTH_MAX))
        return too_deep(e);
    *ret_document = TAKE(document);
    return 0;
}

void json_free(struct json *document)
{
    if (document == NULL)
        return;
    json_decref(document->root);
    free(document);
}

void json_drop(struct json **document)
{
    json_free(*document);
    *document = NULL;
}

const struct json_node *json_root(const struct json *document)
{
    return node_of(document->root);
}

bool json_is_object(const struct json_node *node)
{
    return node != NULL && json_typeof(value_of(node)) == JSON_OBJECT;
}

bool json_is_array(const struct json_node *node)
{
    return node != NULL && json_typeof(value_of(node)) == JSON_ARRAY;
}

const struct json_node *json_get(const struct json_node *object, const char *key)
{
    return node_of(json_object_get(value_of(object), key));
}

size_t json_count(const struct json_node *node)
{
    return json_is_object(node) ? json_object_size(value_of(node)) : json_array_size(value_of(node));
}

const struct json_node *json_at(const struct json_node *array, size_t index)
{
    return node_of(json_array_get(value_of(array), index));
}

bool json_keys_are(const struct json_node *object, const char *const *keys, size_t count)
{
    if (!json_is_object(object) || json_count(object) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        assert(i == 0 || strcmp(keys[i - 1], keys[i]) < 0);
        if (json_get(object, keys[i]) == NULL)
            return false;
    }
    return true;
}

const char *json_text(const struct json_node *node)
{
    const char *text = json_string_value(value_of(node));
    if (text == NULL || strlen(text) != json_string_length(value_of(node)))
        return NULL;
    return text;
}

bool json_get_u64(const struct json_node *node, uint64_t *ret)
{
    if (node != NULL && json_is_integer(value_of(node))) {
        json_int_t v = json_integer_value(value_of(node));
        if (v < 0 || v > JSON_INTEGER_MAX)
            return false;
        *ret = (uint64_t)v;
        return true;
    }
    const char *text = json_text(node);
    uint64_t v = 0;
    if (text == NULL || decimal_get(bytes_text(text), &v) != 0 || v <= (uint64_t)JSON_INTEGER_MAX)
        return false;
    *ret = v;
    return true;
}

bool json_get_i64(const struct json_node *node, int64_t *ret)
{
    if (node != NULL && json_is_integer(value_of(node))) {
        json_int_t v = json_integer_value(value_of(node));
        if (v < -JSON_INTEGER_MAX || v > JSON_INTEGER_MAX)
            return false;
        *ret = v;
        return true;
    }
    const char *text = json_text(node);
    if (text == NULL)
        return false;
    bool negative = text[0] == '-';
    uint64_t v = 0;
    if (decimal_get(bytes_text(text + negative), &v) != 0 || v <= (uint64_t)JSON_INTEGER_MAX)
        return false;
    if (v > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = negative ? -(int64_t)(v - 1) - 1 : (int64_t)v;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * RFC 8785 sorts keys by UTF-16 units and we by bytes.  The two orders are one as long as no key reaches beyond the
 * Basic Multilingual Plane (lead bytes from 0xf0), so such keys are outside our subset.
 */
static bool is_sortable(const char *key)
{
    for (const char *p = key; *p != 0; p++)
        if ((unsigned char)*p >= 0xf0)
            return false;
    return true;
}

static bool write_value(struct json_out *j, const json_t *value);

static bool write_object(struct json_out *j, const json_t *value)
{
    size_t count = json_object_size(value);
    OWN(mem_drop) const char **keys = calloc(count + 1, sizeof(*keys));
    if (keys == NULL) {
        j->to->failed = true;
        return false;
    }
    json_t *object = (json_t *)(uintptr_t)value;
    size_t n = 0;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        assert(n < count);
        keys[n++] = json_object_iter_key(at);
    }
    qsort(keys, n, sizeof(*keys), compare_keys);
    json_object_begin(j);
    for (size_t i = 0; i < n; i++) {
        if (!is_sortable(keys[i]))
            return false;
        json_key(j, keys[i]);
        if (!write_value(j, json_object_get(value, keys[i])))
            return false;
    }
    json_object_end(j);
    return true;
}

static bool write_array(struct json_out *j, const json_t *value)
{
    json_array_begin(j);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!write_value(j, json_array_get(value, i)))
            return false;
    json_array_end(j);
    return true;
}

static bool write_value(struct json_out *j, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(j, value);
    case JSON_ARRAY:
        return write_array(j, value);
    case JSON_STRING:
        json_string_bytes(j, bytes_of(json_string_value(value), json_string_length(value)));
        return true;
    case JSON_INTEGER: {
        json_int_t v = json_integer_value(value);
        if (v < -JSON_INTEGER_MAX || v > JSON_INTEGER_MAX)
            return false;
        json_i64(j, v);
        return true;
    }
    case JSON_TRUE:
    case JSON_FALSE:
        json_bool(j, json_typeof(value) == JSON_TRUE);
        return true;
    case JSON_NULL:
        json_null(j);
        return true;
    case JSON_REAL:
    default:
        return false;
    }
}

bool json_write(const struct json_node *node, struct buf *to)
{
    assert(node != NULL);
    size_t before = to->n;
    struct json_out j = {.to = to};
    bool written = write_value(&j, value_of(node)) && !to->failed;
    if (!written)
        to->n = before;
    return written;
}

bool json_canonical(struct bytes text)
{
    OWN(json_drop) struct json *document = NULL;
    OWN(buf_drop) struct buf again = {0};
    int rc = json_parse(text, &document, NULL);
    bool same = rc == 0 && json_write(json_root(document), &again) && bytes_equal(buf_bytes(&again), text);
    if (rc == ERR_IO || again.failed)
        err_memory_end(); /* "false" would call it damaged */
    return same;
}
