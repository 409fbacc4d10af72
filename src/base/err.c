#include "base/err.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A character that vsnprintf cut in two begins behind the last byte a line can hold, so it is never looked at. */
enum { CHARACTER_MAX = 4, SCRATCH_SIZE = ERR_TEXT_MAX + CHARACTER_MAX, ESCAPE_SIZE = 4 };

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* The length of the well-formed UTF-8 character at ${p} (a C string), or 0. RFC 3629 section 4. */
static size_t character_size(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return is_tail(p[1]) ? 2 : 0;
    if ((p[0] & 0xf0) == 0xe0) {
        bool overlong = p[0] == 0xe0 && p[1] < 0xa0;
        bool surrogate = p[0] == 0xed && p[1] > 0x9f;
        return !overlong && !surrogate && is_tail(p[1]) && is_tail(p[2]) ? 3 : 0;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        bool overlong = p[0] == 0xf0 && p[1] < 0x90;
        bool beyond = p[0] == 0xf4 && p[1] > 0x8f;
        return !overlong && !beyond && is_tail(p[1]) && is_tail(p[2]) && is_tail(p[3]) ? 4 : 0;
    }
    return 0;
}

/*
 * Can the well-formed character be shown as it is?  No for C0, DEL and C1 controls, which move the cursor, and for
 * the characters that break a line or turn its direction (U+2028-202E, U+2066-2069), which make it read as another.
 */
static bool is_plain(const unsigned char *p, size_t size)
{
    if (size == 1)
        return p[0] >= 0x20 && p[0] != 0x7f;
    if (size == 2)
        return p[0] != 0xc2 || p[1] >= 0xa0;
    if (size == 3 && p[0] == 0xe2 && p[1] == 0x80)
        return p[2] < 0xa8 || p[2] > 0xae;
    if (size == 3 && p[0] == 0xe2 && p[1] == 0x81)
        return p[2] < 0xa6 || p[2] > 0xa9;
    return true;
}

/* Append ${words} to the line, made fit to be shown, as far as whole characters go; returns the line's new length. */
static size_t put_words(char line[ERR_TEXT_MAX], size_t at, const char *words)
{
    const unsigned char *p = (const unsigned char *)words;
    while (*p != 0) {
        size_t size = character_size(p);
        bool plain = size != 0 && is_plain(p, size);
        size_t shown = plain ? size : ESCAPE_SIZE;
        if (at + shown >= ERR_TEXT_MAX)
            break;
        if (plain)
            memcpy(line + at, p, size);
        else
            (void)snprintf(line + at, ESCAPE_SIZE + 1, "\\x%02x", p[0]);
        at += shown;
        /* What cannot be shown is escaped byte by byte: the tail of such a character is not well-formed alone. */
        p += plain ? size : 1;
    }
    line[at] = 0;
    return at;
}

static void format_words(char to[SCRATCH_SIZE], const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));

static void format_words(char to[SCRATCH_SIZE], const char *format, va_list values)
{
    if (vsnprintf(to, SCRATCH_SIZE, text_tr(format), values) < 0)
        (void)snprintf(to, SCRATCH_SIZE, "%s", format);
}

int err_set(struct err *e, int code, const char *format, ...)
{
    assert(code != ERR_NONE);
    if (e == NULL)
        return code;
    char words[SCRATCH_SIZE];
    va_list values;
    va_start(values, format);
    format_words(words, format, values);
    va_end(values);
    (void)put_words(e->text, 0, words);
    e->code = code;
    e->number = 0;
    return code;
}

int err_add(struct err *e, int rc, const char *format, ...)
{
    assert(rc != ERR_NONE);
    if (e == NULL)
        return rc;
    char words[SCRATCH_SIZE];
    va_list values;
    va_start(values, format);
    format_words(words, format, values);
    va_end(values);

    char before[ERR_TEXT_MAX];
    memcpy(before, e->text, sizeof(before));
    size_t n = put_words(e->text, 0, words);
    if (before[0] != 0) {
        n = put_words(e->text, n, ": ");
        (void)put_words(e->text, n, before);
    }
    e->code = rc;
    return rc;
}

int err_os(struct err *e, int code, int number, const char *format, ...)
{
    assert(code != ERR_NONE);
    if (e == NULL)
        return code;
    char words[SCRATCH_SIZE];
    va_list values;
    va_start(values, format);
    format_words(words, format, values);
    va_end(values);

    /* The untranslated words of the C library are keys of our catalogue, so that a line is in one language. */
    const char *system_words = strerrordesc_np(number);
    char unknown[64];
    if (system_words == NULL)
        (void)snprintf(unknown, sizeof(unknown), text_tr("system error %d"), number);
    size_t n = put_words(e->text, 0, words);
    n = put_words(e->text, n, ": ");
    (void)put_words(e->text, n, system_words == NULL ? unknown : text_tr(system_words));
    e->code = code;
    e->number = number;
    return code;
}

int err_memory(struct err *e)
{
    (void)err_set(e, ERR_IO, "out of memory; close other programs and try again");
    if (e != NULL)
        e->number = ENOMEM;
    return ERR_IO;
}

bool err_is_scarce(const struct err *e)
{
    return e->number == ENOMEM || e->number == EMFILE || e->number == ENFILE;
}

_Noreturn void err_memory_end(void)
{
    enum { EXIT_ENVIRONMENT = 4 };
    struct err e;
    char line[ERR_TEXT_MAX + 16];
    (void)err_memory(&e);
    int n = snprintf(line, sizeof(line), "groundwork: %s\n", e.text);
    (void)!write(STDERR_FILENO, line, n > 0 ? (size_t)n : 0);
    _exit(EXIT_ENVIRONMENT);
}
