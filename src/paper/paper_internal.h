/* Inside paper/: what is on a page, told piece by piece to whoever lays it out. */
#ifndef PAPER_PAPER_INTERNAL_H
#define PAPER_PAPER_INTERNAL_H

#include "paper/paper.h"

#include "base/text.h"

enum paper_piece {
    PAPER_TITLE,
    PAPER_FACT,      /* a short line */
    PAPER_PARAGRAPH, /* to be broken into lines */
    PAPER_WORDS,     /* a line of words, as it is */
    PAPER_SQUARE,    /* the text of the square code */
};
struct paper_layout {
    void (*piece)(void *context, enum paper_piece piece, const char *text);
    void *context;
};
/* Whoever tells: paper_say in one language, by a key of the catalogue; paper_say_code: words in both letters, and the
 * square code.  What fails is noted. */
struct paper_telling {
    const struct paper_layout *layout;
    bool failed;
};
__attribute__((format(printf, 4, 5))) void paper_say(struct paper_telling *t, enum paper_piece piece,
                                                     enum text_language language, const char *format, ...);
void paper_say_code(struct paper_telling *t, enum paper_kind kind, const uint8_t code[PAPER_CODE]);

int paper_sheet_tell(const struct paper_sheet *sheet, const struct paper_layout *layout, struct err *e);
int paper_checkpoint_tell(const struct paper_checkpoint *c, const struct paper_layout *layout, struct err *e);

#endif
