/* What stands on a recovery sheet, in both languages, whatever the language of the person who prints it. */
#include "paper/paper_internal.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

struct telling {
    const struct paper_layout *layout;
    bool failed;
};

/* The formats are keys of the catalogue, each checked against its arguments where it is written. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
__attribute__((format(printf, 4, 5))) static void bilingual(struct telling *t, enum paper_piece piece,
                                                            enum text_language language, const char *format, ...)
{
    OWN(mem_drop) char *text = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&text, text_in(language, format), list) < 0)
        text = NULL;
    va_end(list);
    if (text == NULL)
        t->failed = true;
    else
        t->layout->piece(t->layout->context, piece, text);
}
#pragma GCC diagnostic pop

static void say_facts(struct telling *t, const struct paper_sheet *s, enum text_language l)
{
    bilingual(t, PAPER_TITLE, l, "Groundwork recovery sheet %u of %u", s->index, s->count);
    bilingual(t, PAPER_FACT, l, "Repository: %s", s->origin);
    bilingual(t, PAPER_FACT, l, "Pin: %s", s->pin);
    bilingual(t, PAPER_FACT, l, "Set of sheets: %s, made %s", s->set, s->made);
    bilingual(t, PAPER_FACT, l, "Newest checkpoint then: %llu leaves", (unsigned long long)s->leaves);
    bilingual(t, PAPER_FACT, l, "Its root: %s", s->root);
}

static void say_purpose(struct telling *t, const struct paper_sheet *s, enum text_language l)
{
    if (s->needed == 1)
        bilingual(
            t, PAPER_PARAGRAPH, l,
            "This one sheet is enough: whoever has it and a copy of the repository reads everything in it, and can "
            "take its member's place.");
    else
        bilingual(
            t, PAPER_PARAGRAPH, l,
            "Any %u of the %u sheets of this set, with a copy of the repository, give back everything in it and make a "
            "new member when the key file or its passphrase is lost. Fewer tell nothing.",
            s->needed, s->count);
    bilingual(
        t, PAPER_PARAGRAPH, l,
        "Keep it like a key: dry, and apart from the other sheets and from the repository. Do not photograph, scan or "
        "mail it. The sheets work once. When newer ones are made, and every copy of the repository is as new as they, "
        "destroy this one.");
    bilingual(
        t, PAPER_PARAGRAPH, l,
        "To use it: type the six lines, with their numbers, into a text file, in either kind of letters, or let a "
        "camera read the square code into one; one file for each sheet. Then: groundwork recover COPY NEW-FOLDER "
        "FILE... Without files the lines are asked for one by one.");
    bilingual(
        t, PAPER_PARAGRAPH, l,
        "Without this program: each syllable is 6 bits, counted from 0: b d g h j k m n p r s t, each with a e i o u, "
        "then ya ye yo yu. A line is 9 bytes and 12 bits of check. The six lines are: version, sheets needed, sheets, "
        "number of this sheet, 1 byte each; set, 16 bytes; share, 32 bytes; check, 2 bytes. Shares are Shamir's over "
        "GF(2^8) with the polynomial 11d, at x = number of the sheet. What their secret opens stands in Groundwork's "
        "FORMAT.md, 2.6.");
}

/* The words in both letters, and the square code: on the first page, whatever the printer makes of the rest. */
static void say_secret(struct telling *t, const struct paper_sheet *s)
{
    OWN(buf_wipe) struct buf line = {0};
    for (int letters = PAPER_LATIN; letters <= PAPER_HANGUL; letters++)
        for (unsigned i = 0; i < PAPER_LINES; i++) {
            buf_clear(&line);
            buf_printf(&line, "%u: ", i + 1);
            paper_line(i + 1, s->code + (size_t)i * PAPER_LINE, (enum paper_letters)letters, &line);
            t->layout->piece(t->layout->context, PAPER_SECRET, buf_text(&line));
        }
    buf_clear(&line);
    paper_code(s->code, &line);
    t->layout->piece(t->layout->context, PAPER_SQUARE, buf_text(&line));
    t->failed = t->failed || line.failed;
}

int paper_sheet_tell(const struct paper_sheet *s, const struct paper_layout *layout, struct err *e)
{
    static const enum text_language languages[] = {TEXT_ENGLISH, TEXT_KOREAN};
    struct telling t = {.layout = layout};
    for (size_t i = 0; i < COUNT(languages); i++)
        say_facts(&t, s, languages[i]);
    say_secret(&t, s);
    for (size_t i = 0; i < COUNT(languages); i++)
        say_purpose(&t, s, languages[i]);
    return t.failed ? err_memory(e) : 0;
}
