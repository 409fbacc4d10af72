#include "base/json.h"
#include "base/unicode.h"

#include <assert.h>

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

/* ---- reading ---- */

/*
 * A document is its nodes, the members of each container side by side and before it, the root last; those of an object
 * in the order of their keys.  Texts are decoded into what lies behind the head, each with a zero byte: a string takes
 * no more there than between its quotes, and one byte.
 */
enum json_kind { KIND_NULL, KIND_FALSE, KIND_TRUE, KIND_INTEGER, KIND_NUMBER, KIND_STRING, KIND_ARRAY, KIND_OBJECT };
struct json_node {
    struct bytes key;  /* of a member of an object */
    struct bytes span; /* as it stands in the text that was read */
    union {
        int64_t integer;
        const char *string;
        ptrdiff_t first; /* of the members, counted from the container */
    } is;
    size_t count; /* bytes of a string, members of a container */
    enum json_kind kind;
};
struct json {
    struct json_node *nodes;
    size_t count, room;
    /* Members of containers that have not ended; their ->is.first counts from the first node. */
    struct json_node *stack;
    size_t stack_room;
    size_t text_room;
    bool canonical;
    char strings[];
};

enum fault { FAULT_NONE, FAULT_FORM, FAULT_TWICE, FAULT_DEEP, FAULT_MEMORY };
struct reading {
    struct bytes text;
    size_t at;
    struct json *to;
    char *strings; /* behind the last one */
    size_t open;   /* members on the stack */
    unsigned depth;
    enum fault fault;
};

static bool fail(struct reading *r, enum fault fault)
{
    if (r->fault == FAULT_NONE)
        r->fault = fault;
    return false;
}

static bool nodes_room(struct reading *r, struct json_node **list, size_t *room, size_t needed)
{
    enum { ROOM_FIRST = 16 };
    if (needed <= *room)
        return true;
    size_t more = *room < ROOM_FIRST ? ROOM_FIRST : *room * 2, bytes;
    more = more < needed ? needed : more;
    struct json_node *grown = __builtin_mul_overflow(more, sizeof *grown, &bytes) ? NULL : realloc(*list, bytes);
    if (grown == NULL)
        return fail(r, FAULT_MEMORY);
    *list = grown;
    *room = more;
    return true;
}

/* The next byte, 0 at the end; a zero byte is nowhere part of JSON. */
static uint8_t peek(const struct reading *r)
{
    return r->at < r->text.n ? r->text.p[r->at] : 0;
}

static bool take(struct reading *r, char c)
{
    if (peek(r) != (uint8_t)c)
        return false;
    r->at++;
    return true;
}

static void skip_space(struct reading *r)
{
    if (peek(r) > ' ') /* most often */
        return;
    for (uint8_t c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r)) {
        r->to->canonical = false;
        r->at++;
    }
}

/* Four hex digits; ${*lower}: none of them is a capital letter. */
static bool take_hex4(struct reading *r, uint32_t *ret, bool *lower)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = peek(r);
        bool capital = c >= 'A' && c <= 'F';
        if (capital)
            *lower = false;
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint32_t)(c - '0');
        else if (capital || (c >= 'a' && c <= 'f'))
            v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
        r->at++;
    }
    *ret = v;
    return true;
}

static void put_character(struct reading *r, uint32_t c)
{
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0x00, 0xc0, 0xe0, 0xf0};
    *r->strings++ = (char)(lead[more] | c >> (6 * more));
    while (more-- > 0)
        *r->strings++ = (char)(0x80 | (c >> (6 * more) & 0x3f));
}

/* Behind "\u".  A surrogate counts only as the first half of a pair; a zero byte would end the text early. */
static bool take_unicode(struct reading *r)
{
    uint32_t c = 0, low = 0;
    bool lower = true;
    if (!take_hex4(r, &c, &lower))
        return false;
    bool is_short = c == '\b' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
    r->to->canonical = r->to->canonical && c < 0x20 && !is_short && lower;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!take(r, '\\') || !take(r, 'u') || !take_hex4(r, &low, &lower) || low < 0xdc00 || low > 0xdfff)
            return false;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c == 0 || (c >= 0xdc00 && c < 0xe000))
        return false;
    put_character(r, c);
    return true;
}

static bool take_escape(struct reading *r)
{
    static const char letter[] = "btnfr\"\\/", means[] = "\b\t\n\f\r\"\\/";
    uint8_t c = peek(r);
    const char *found = c == 0 ? NULL : strchr(letter, c);
    if (found == NULL)
        return take(r, 'u') && take_unicode(r);
    r->at++;
    r->to->canonical = r->to->canonical && c != '/';
    *r->strings++ = means[found - letter];
    return true;
}

/* How many bytes stand for themselves, up to a quote, a backslash or what may not stand there; eight at once, while
 * none of them is such a one.  *ret_ascii: all of them are. */
static size_t plain_bytes(const uint8_t *p, size_t left, bool *ret_ascii)
{
    const uint64_t ones = UINT64_MAX / 0xff, high = ones * 0x80;
    uint64_t all = 0;
    size_t n = 0;
    for (; left - n >= sizeof all; n += sizeof all) {
        uint64_t word;
        memcpy(&word, p + n, sizeof word);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        if ((((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high)
            break;
        all |= word;
    }
    for (; n < left && p[n] >= 0x20 && p[n] != '"' && p[n] != '\\'; n++)
        all |= p[n];
    *ret_ascii = (all & high) == 0;
    return n;
}

static bool take_plain(struct reading *r)
{
    const uint8_t *p = r->text.p + r->at;
    bool ascii;
    size_t n = plain_bytes(p, r->text.n - r->at, &ascii);
    if (!ascii && !unicode_valid(bytes_of(p, n)))
        return false;
    r->strings = mempcpy(r->strings, p, n);
    r->at += n;
    return true;
}

/* ${ret} borrows from the document; a zero byte follows it. */
static bool take_string(struct reading *r, struct bytes *ret)
{
    const char *from = r->strings;
    if (!take(r, '"'))
        return fail(r, FAULT_FORM);
    do {
        if (!take_plain(r))
            return fail(r, FAULT_FORM);
        if (take(r, '"')) {
            *ret = bytes_of((const uint8_t *)from, (size_t)(r->strings - from));
            *r->strings++ = 0;
            return true;
        }
    } while (take(r, '\\') && take_escape(r));
    return fail(r, FAULT_FORM);
}

static size_t take_digits(struct reading *r)
{
    size_t from = r->at;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    return r->at - from;
}

/* Fractions, powers of ten and integers that do not fit are numbers too, but nobody here asks for their value. */
static bool take_number(struct reading *r, struct json_node *ret)
{
    bool negative = take(r, '-');
    size_t from = r->at;
    uint64_t v = 0;
    if (!take(r, '0') && take_digits(r) == 0)
        return fail(r, FAULT_FORM);
    bool fits = decimal_get(bytes_of(r->text.p + from, r->at - from), &v) == 0 && v <= (uint64_t)INT64_MAX + negative;
    if (take(r, '.')) {
        fits = false;
        if (take_digits(r) == 0)
            return fail(r, FAULT_FORM);
    }
    if (take(r, 'e') || take(r, 'E')) {
        fits = false;
        if (!take(r, '+'))
            (void)take(r, '-');
        if (take_digits(r) == 0)
            return fail(r, FAULT_FORM);
    }
    ret->kind = fits ? KIND_INTEGER : KIND_NUMBER;
    if (fits)
        ret->is.integer = negative && v > 0 ? -(int64_t)(v - 1) - 1 : (int64_t)v;
    bool is_ours = fits && v <= (uint64_t)JSON_INTEGER_MAX && !(negative && v == 0);
    r->to->canonical = r->to->canonical && is_ours;
    return true;
}

static bool take_word(struct reading *r, const char *word, enum json_kind kind, struct json_node *ret)
{
    struct cursor c = cursor_of(bytes_of(r->text.p + r->at, r->text.n - r->at));
    if (!cursor_expect(&c, word))
        return fail(r, FAULT_FORM);
    r->at += strlen(word);
    ret->kind = kind;
    return true;
}

/* As strcmp: no key has a zero byte. */
static int key_order(const void *a, const void *b)
{
    const struct json_node *x = a, *y = b;
    size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    int order = memcmp(x->key.p, y->key.p, n);
    return order != 0 ? order : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

/*
 * RFC 8785 sorts keys by UTF-16 units and we by bytes.  The two orders are one as long as no key reaches beyond the
 * Basic Multilingual Plane (lead bytes from 0xf0), so such keys are outside our subset.
 */
static bool is_sortable(struct bytes key)
{
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] >= 0xf0)
            return false;
    return true;
}

static bool keys_sort(struct reading *r, struct json_node *list, size_t count)
{
    bool ascending = true, twice = false;
    for (size_t i = 0; i < count; i++) {
        ascending = ascending && (i == 0 || key_order(&list[i - 1], &list[i]) < 0);
        r->to->canonical = r->to->canonical && is_sortable(list[i].key);
    }
    if (ascending)
        return true;
    r->to->canonical = false;
    qsort(list, count, sizeof *list, key_order);
    for (size_t i = 1; i < count; i++)
        twice = twice || key_order(&list[i - 1], &list[i]) == 0;
    return twice ? fail(r, FAULT_TWICE) : true;
}

/* From the stack to where they stay. */
static bool members_settle(struct reading *r, size_t from, size_t *ret_first)
{
    struct json *j = r->to;
    size_t count = r->open - from;
    if (!nodes_room(r, &j->nodes, &j->room, j->count + count))
        return false;
    *ret_first = j->count;
    for (size_t i = from; i < r->open; i++, j->count++) {
        j->nodes[j->count] = j->stack[i];
        if (j->stack[i].kind >= KIND_ARRAY)
            j->nodes[j->count].is.first -= (ptrdiff_t)j->count;
    }
    r->open = from;
    return true;
}

static bool take_value(struct reading *r, struct json_node *ret);

static bool take_member(struct reading *r, bool named)
{
    struct json_node one = {.kind = KIND_NULL};
    skip_space(r);
    if (named) {
        if (!take_string(r, &one.key))
            return false;
        skip_space(r);
        if (!take(r, ':'))
            return fail(r, FAULT_FORM);
        skip_space(r);
    }
    if (!take_value(r, &one) || !nodes_room(r, &r->to->stack, &r->to->stack_room, r->open + 1))
        return false;
    r->to->stack[r->open++] = one;
    skip_space(r);
    return true;
}

/* Behind its first bracket. */
static bool take_members(struct reading *r, bool named, struct json_node *ret)
{
    size_t from = r->open, first = 0;
    if (r->depth == JSON_DEPTH_MAX)
        return fail(r, FAULT_DEEP);
    r->depth++;
    skip_space(r);
    if (!take(r, named ? '}' : ']')) {
        do
            if (!take_member(r, named))
                return false;
        while (take(r, ','));
        if (!take(r, named ? '}' : ']'))
            return fail(r, FAULT_FORM);
    }
    r->depth--;
    ret->count = r->open - from;
    if (ret->count > 0 && named && !keys_sort(r, r->to->stack + from, ret->count))
        return false;
    if (!members_settle(r, from, &first))
        return false;
    ret->kind = named ? KIND_OBJECT : KIND_ARRAY;
    ret->is.first = (ptrdiff_t)first;
    return true;
}

static bool take_value(struct reading *r, struct json_node *ret)
{
    size_t from = r->at;
    struct bytes string;
    bool taken;
    switch (peek(r)) {
    case '"':
        taken = take_string(r, &string);
        if (taken) {
            ret->kind = KIND_STRING;
            ret->is.string = (const char *)string.p;
            ret->count = string.n;
        }
        break;
    case '{':
    case '[':
        r->at++;
        taken = take_members(r, r->text.p[from] == '{', ret);
        break;
    case 't': taken = take_word(r, "true", KIND_TRUE, ret); break;
    case 'f': taken = take_word(r, "false", KIND_FALSE, ret); break;
    case 'n': taken = take_word(r, "null", KIND_NULL, ret); break;
    default: taken = take_number(r, ret); break;
    }
    ret->span = bytes_of(r->text.p + from, r->at - from);
    return taken;
}

static bool take_document(struct reading *r)
{
    struct json_node root = {.kind = KIND_NULL};
    size_t first;
    skip_space(r);
    if (!take_value(r, &root))
        return false;
    skip_space(r);
    if (r->at < r->text.n)
        return fail(r, FAULT_FORM);
    if (!nodes_room(r, &r->to->stack, &r->to->stack_room, 1))
        return false;
    r->to->stack[r->open++] = root;
    return members_settle(r, 0, &first);
}

static int failed(const struct reading *r, struct err *e)
{
    switch (r->fault) {
    case FAULT_MEMORY:
        return err_memory(e);
    case FAULT_DEEP:
        return err_set(e, ERR_DAMAGED, "this JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    case FAULT_TWICE:
        return err_set(e, ERR_DAMAGED, "this JSON names a key of one object twice, before byte %zu", r->at);
    case FAULT_FORM:
    case FAULT_NONE:
        break;
    }
    return err_set(e, ERR_DAMAGED, "this is not JSON, from byte %zu", r->at);
}

/* Room for the texts of one as long as this; NULL: memory is out. */
static struct json *document_room(struct json **document, size_t n)
{
    if (*document != NULL && (*document)->text_room >= n)
        return *document;
    json_drop(document);
    struct json *made = malloc(sizeof *made + n + 1);
    if (made != NULL)
        *made = (struct json){.text_room = n};
    return *document = made;
}

int json_parse_again(struct bytes text, struct json **document, struct err *e)
{
    struct json *to = document_room(document, text.n);
    if (to == NULL)
        return err_memory(e);
    to->count = 0;
    to->canonical = true;
    struct reading r = {.text = text.n == 0 ? bytes_text("") : text, .to = to, .strings = to->strings};
    return take_document(&r) ? 0 : failed(&r, e);
}

int json_parse(struct bytes text, struct json **ret_document, struct err *e)
{
    OWN(json_drop) struct json *document = NULL;
    int rc = json_parse_again(text, &document, e);
    if (rc != 0)
        return rc;
    free(document->stack); /* it is read into no more */
    document->stack = NULL;
    document->stack_room = 0;
    *ret_document = TAKE(document);
    return 0;
}

void json_free(struct json *document)
{
    if (document == NULL)
        return;
    free(document->stack);
    free(document->nodes);
    free(document);
}

void json_drop(struct json **document)
{
    json_free(*document);
    *document = NULL;
}

const struct json_node *json_root(const struct json *document)
{
    return &document->nodes[document->count - 1];
}

bool json_is_canonical(const struct json *document)
{
    return document->canonical;
}

bool json_is_object(const struct json_node *node)
{
    return node != NULL && node->kind == KIND_OBJECT;
}

bool json_is_array(const struct json_node *node)
{
    return node != NULL && node->kind == KIND_ARRAY;
}

static const struct json_node *members(const struct json_node *node)
{
    return node + node->is.first;
}

const struct json_node *json_get(const struct json_node *object, const char *key)
{
    if (!json_is_object(object) || object->count == 0)
        return NULL;
    const struct json_node wanted = {.key = bytes_text(key)};
    return bsearch(&wanted, members(object), object->count, sizeof wanted, key_order);
}

size_t json_count(const struct json_node *node)
{
    return json_is_object(node) || json_is_array(node) ? node->count : 0;
}

const struct json_node *json_at(const struct json_node *array, size_t index)
{
    return json_is_array(array) && index < array->count ? members(array) + index : NULL;
}

bool json_keys_are(const struct json_node *object, const char *const *keys, size_t count)
{
    if (!json_is_object(object) || object->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        assert(i == 0 || strcmp(keys[i - 1], keys[i]) < 0);
        if (!bytes_equal(members(object)[i].key, bytes_text(keys[i])))
            return false;
    }
    return true;
}

const char *json_text(const struct json_node *node)
{
    return node != NULL && node->kind == KIND_STRING ? node->is.string : NULL;
}

struct bytes json_span(const struct json_node *node)
{
    return node->span;
}

bool json_get_u64(const struct json_node *node, uint64_t *ret)
{
    if (node != NULL && node->kind == KIND_INTEGER) {
        int64_t v = node->is.integer;
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
    if (node != NULL && node->kind == KIND_INTEGER) {
        int64_t v = node->is.integer;
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

static bool write_value(struct json_out *j, const struct json_node *node);

static bool write_members(struct json_out *j, const struct json_node *node)
{
    bool named = node->kind == KIND_OBJECT;
    for (size_t i = 0; i < node->count; i++) {
        const struct json_node *one = members(node) + i;
        if (named && !is_sortable(one->key))
            return false;
        if (named)
            json_key(j, (const char *)one->key.p);
        if (!write_value(j, one))
            return false;
    }
    return true;
}

static bool write_value(struct json_out *j, const struct json_node *node)
{
    bool written;
    switch (node->kind) {
    case KIND_OBJECT:
        json_object_begin(j);
        written = write_members(j, node);
        if (written)
            json_object_end(j);
        return written;
    case KIND_ARRAY:
        json_array_begin(j);
        written = write_members(j, node);
        if (written)
            json_array_end(j);
        return written;
    case KIND_STRING:
        json_string_bytes(j, bytes_of((const uint8_t *)node->is.string, node->count));
        return true;
    case KIND_INTEGER:
        if (node->is.integer < -JSON_INTEGER_MAX || node->is.integer > JSON_INTEGER_MAX)
            return false;
        json_i64(j, node->is.integer);
        return true;
    case KIND_TRUE:
    case KIND_FALSE:
        json_bool(j, node->kind == KIND_TRUE);
        return true;
    case KIND_NULL:
        json_null(j);
        return true;
    case KIND_NUMBER:
        break;
    }
    return false;
}

bool json_write(const struct json_node *node, struct buf *to)
{
    assert(node != NULL);
    size_t before = to->n;
    struct json_out j = {.to = to};
    bool written = write_value(&j, node) && !to->failed;
    if (!written)
        to->n = before;
    return written;
}

bool json_canonical(struct bytes text)
{
    OWN(json_drop) struct json *document = NULL;
    int rc = json_parse(text, &document, NULL);
    if (rc == ERR_IO)
        err_memory_end(); /* "false" would call it damaged */
    return rc == 0 && json_is_canonical(document);
}
