/* leak_strings.c: planted strings, in the forms in which they could slip out. */
#include "leak.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_BYTES = 4, /* a form is looked up by its first bytes */
    SLOT_BITS = 18,
    FORM_BYTES_MAX = 4 * LEAK_STRING_BYTES_MAX,
    BASE64_CHARS_MIN = 8, /* 48 bits, as the six bytes of LEAK_STRING_BYTES_MIN */
};

struct form {
    const char *name;
    const char *string;
    uint8_t *bytes;
    size_t size_bytes;
    uint32_t head;
    size_t next; /* the next form with the same slot, plus one */
};

struct leak_strings {
    char **strings;
    size_t n_strings;
    size_t strings_room;
    struct form *forms;
    size_t n_forms;
    size_t forms_room;
    uint8_t *is_used; /* one bit per slot: small enough to stay close to the processor */
    size_t *slots;    /* a form's place plus one */
    uint64_t n_printed;
};

static size_t slot_of(uint32_t head)
{
    return (size_t)((head * UINT32_C(2654435761)) >> (32 - SLOT_BITS));
}

static uint32_t head_of(const uint8_t *bytes)
{
    uint32_t head;
    memcpy(&head, bytes, sizeof(head));
    return head;
}

static void add_form(struct leak_strings *s, const char *name, const char *string, const void *bytes, size_t count)
{
    if (count < LEAK_STRING_BYTES_MIN)
        return;
    for (size_t i = s->n_forms; i > 0 && s->forms[i - 1].string == string; i--)
        if (s->forms[i - 1].size_bytes == count && memcmp(s->forms[i - 1].bytes, bytes, count) == 0)
            return;
    s->forms = plain_grow(s->forms, s->n_forms, &s->forms_room, sizeof(*s->forms));
    struct form *form = &s->forms[s->n_forms++];
    *form = (struct form){.name = name, .string = string, .size_bytes = count, .head = head_of(bytes)};
    form->bytes = (uint8_t *)plain_copy(bytes, count);
    form->next = s->slots[slot_of(form->head)];
    s->slots[slot_of(form->head)] = s->n_forms;
    s->is_used[slot_of(form->head) / 8] |= (uint8_t)(1U << slot_of(form->head) % 8);
}

/* One code point of UTF-8, moving ${at}; what is no UTF-8 passes as single bytes. */
static uint32_t code_point(const uint8_t *text, size_t count, size_t *at)
{
    uint8_t first = text[(*at)++];
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t value = more == 0 ? first : first & (0x3fU >> more);
    for (; more > 0 && *at < count && (text[*at] & 0xc0) == 0x80; more--)
        value = value << 6 | (text[(*at)++] & 0x3fU);
    return value;
}

static void put_unit(uint8_t *little, uint8_t *big, size_t *n, uint32_t unit)
{
    little[*n] = big[*n + 1] = (uint8_t)unit;
    little[*n + 1] = big[*n] = (uint8_t)(unit >> 8);
    *n += 2;
}

static void add_utf16(struct leak_strings *s, const char *string, const uint8_t *text, size_t count)
{
    uint8_t little[FORM_BYTES_MAX];
    uint8_t big[FORM_BYTES_MAX];
    size_t n = 0;
    for (size_t at = 0; at < count;) {
        uint32_t point = code_point(text, count, &at);
        if (point >= 0x10000) {
            put_unit(little, big, &n, 0xd800 + ((point - 0x10000) >> 10));
            put_unit(little, big, &n, 0xdc00 + ((point - 0x10000) & 0x3ff));
        } else {
            put_unit(little, big, &n, point);
        }
    }
    add_form(s, "UTF-16LE", string, little, n);
    add_form(s, "UTF-16BE", string, big, n);
}

static void add_hex(struct leak_strings *s, const char *string, const uint8_t *text, size_t count, const char *digits)
{
    char hex[FORM_BYTES_MAX];
    for (size_t i = 0; i < count; i++) {
        hex[2 * i] = digits[text[i] >> 4];
        hex[2 * i + 1] = digits[text[i] & 15];
    }
    add_form(s, "hexadecimal", string, hex, 2 * count);
}

/* Preceded by ${shift} unknown bytes and followed by others: only the digits that the text alone decides. */
static void add_base64(struct leak_strings *s, const char *string, const uint8_t *text, size_t count, size_t shift,
                       const char *last_two)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char digits[FORM_BYTES_MAX];
    size_t n = 0;
    for (size_t bit = (8 * shift + 5) / 6 * 6; bit + 6 <= 8 * (shift + count); bit += 6) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 6; i++)
            value = value << 1 | ((unsigned)text[i / 8 - shift] >> (7 - i % 8) & 1U);
        digits[n++] = value < 62 ? first[value] : last_two[value - 62];
    }
    if (n >= BASE64_CHARS_MIN)
        add_form(s, "base64", string, digits, n);
}

static void add_string(struct leak_strings *s, const char *line, size_t count)
{
    if (count < LEAK_STRING_BYTES_MIN || count > LEAK_STRING_BYTES_MAX)
        die(PLAIN_USAGE, "\"%.*s\" has %zu bytes; a planted string has %d to %d", (int)count, line, count,
            LEAK_STRING_BYTES_MIN, LEAK_STRING_BYTES_MAX);
    char *string = plain_copy(line, count);
    const uint8_t *text = (const uint8_t *)string;
    uint8_t small[LEAK_STRING_BYTES_MAX];
    s->strings = plain_grow(s->strings, s->n_strings, &s->strings_room, sizeof(*s->strings));
    s->strings[s->n_strings++] = string;
    for (size_t i = 0; i < count; i++)
        small[i] = text[i] < 0x80 ? (uint8_t)tolower(text[i]) : text[i];
    add_form(s, "as it is", string, text, count);
    add_form(s, "small letters", string, small, count);
    add_utf16(s, string, text, count);
    add_hex(s, string, text, count, "0123456789abcdef");
    add_hex(s, string, text, count, "0123456789ABCDEF");
    for (size_t shift = 0; shift < 3; shift++) {
        add_base64(s, string, text, count, shift, "+/");
        add_base64(s, string, text, count, shift, "-_");
    }
}

struct leak_strings *leak_strings_read(const char *path)
{
    struct leak_strings *s = plain_alloc(sizeof(*s));
    s->slots = plain_alloc(((size_t)1 << SLOT_BITS) * sizeof(*s->slots));
    s->is_used = plain_alloc(((size_t)1 << SLOT_BITS) / 8);
    FILE *from = fopen(path, "re");
    if (from == NULL)
        die(PLAIN_ENVIRONMENT, "open %s: %s", path, strerror(errno));
    char *line = NULL;
    size_t line_room = 0;
    for (ssize_t n; (n = getline(&line, &line_room, from)) > 0;) {
        size_t count = line[n - 1] == '\n' ? (size_t)n - 1 : (size_t)n;
        if (count > 0)
            add_string(s, line, count);
    }
    free(line);
    fclose(from);
    return s;
}

void leak_strings_free(struct leak_strings *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n_strings; i++)
        free(s->strings[i]);
    for (size_t i = 0; i < s->n_forms; i++)
        free(s->forms[i].bytes);
    free(s->strings);
    free(s->forms);
    free(s->slots);
    free(s->is_used);
    free(s);
}

size_t leak_strings_count(const struct leak_strings *s)
{
    return s->n_strings;
}

static void print_hit(struct leak_strings *s, const struct text *text, uint64_t offset, const struct form *form)
{
    if (s->n_printed++ < LEAKS_PRINTED_MAX)
        printf("%s%s, byte %llu: the planted string \"%s\" (%s)\n", text->is_name ? "the name of " : "", text->where,
               (unsigned long long)offset, form->string, form->name);
}

uint64_t leak_strings_search(struct leak_strings *s, const struct text *text)
{
    uint64_t n_found = 0;
    for (uint64_t at = 0; at + LEAK_STRING_BYTES_MIN <= text->size_bytes; at++) {
        uint32_t head = head_of(text->bytes + at);
        size_t slot = slot_of(head);
        if ((s->is_used[slot / 8] >> slot % 8 & 1) == 0)
            continue;
        for (size_t i = s->slots[slot]; i != 0; i = s->forms[i - 1].next) {
            const struct form *form = &s->forms[i - 1];
            if (form->head != head || form->size_bytes > text->size_bytes - at ||
                memcmp(form->bytes, text->bytes + at, form->size_bytes) != 0)
                continue;
            n_found++;
            print_hit(s, text, at, form);
        }
    }
    return n_found;
}
