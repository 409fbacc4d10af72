/* Inside paper/: what is on a sheet, told piece by piece to whoever lays it out. */
#ifndef PAPER_PAPER_INTERNAL_H
#define PAPER_PAPER_INTERNAL_H

#include "paper/paper.h"

enum paper_piece {
    PAPER_TITLE,
    PAPER_FACT,      /* a short line */
    PAPER_PARAGRAPH, /* to be broken into lines */
    PAPER_SECRET,    /* a line of words, as it is */
    PAPER_SQUARE,    /* the text of the square code */
};
struct paper_layout {
    void (*piece)(void *context, enum paper_piece piece, const char *text);
    void *context;
};
int paper_sheet_tell(const struct paper_sheet *sheet, const struct paper_layout *layout, struct err *e);

#endif
