/* Saying a piece of a page: by a key of the catalogue, or as words. */
#include "paper/paper_internal.h"

#include <stdarg.h>
#include <stdio.h>

/* The formats are keys of the catalogue, each checked against its arguments where it is written. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void paper_say(struct paper_telling *t, enum paper_piece piece, enum text_language language, const char *format, ...)
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

/* On the first page, whatever the printer makes of the rest. */
void paper_say_code(struct paper_telling *t, enum paper_kind kind, const uint8_t code[PAPER_CODE])
{
    OWN(buf_wipe) struct buf line = {0};
    for (int letters = PAPER_LATIN; letters <= PAPER_HANGUL; letters++)
        for (unsigned i = 0; i < PAPER_LINES; i++) {
            buf_clear(&line);
            buf_printf(&line, "%u: ", i + 1);
            paper_line(i + 1, code + (size_t)i * PAPER_LINE, (enum paper_letters)letters, &line);
            t->layout->piece(t->layout->context, PAPER_WORDS, buf_text(&line));
        }
    buf_clear(&line);
    paper_code(kind, code, &line);
    t->layout->piece(t->layout->context, PAPER_SQUARE, buf_text(&line));
    t->failed = t->failed || line.failed;
}
