/*
 * Paper: what a recovery sheet or a kept checkpoint holds, as words that can be typed, as text for a square code that
 * can be photographed, and the whole as a page of text for any printer and as a page with the code.  FORMAT 2.7, 3.6.
 *
 * A code of 54 bytes is six lines of nine.  A line is 14 syllables of 6 bits: its bytes, and 12 bits of check over its
 * number and its bytes, so that an error is found in the line where it was made.  Syllables are read the same in
 * English and Korean letters; both are printed and both can be typed.
 *
 * Text that is appended for a sheet holds secrets: wipe it.
 */
#ifndef PAPER_PAPER_H
#define PAPER_PAPER_H

#include "base/bytes.h"
#include "base/text.h"
#include "crypt/crypt.h"

enum {
    PAPER_CODE = 54,
    PAPER_LINES = 6,
    PAPER_LINE = PAPER_CODE / PAPER_LINES, /* bytes */
    PAPER_TEXT_MAX = 65536,                /* a file that is to hold a sheet */
};

enum paper_letters { PAPER_LATIN, PAPER_HANGUL };
/* paper_line: the words of one line, from 1; appended. */
void paper_line(unsigned line, const uint8_t bytes[PAPER_LINE], enum paper_letters letters, struct buf *to);
/* paper_line_read: the opposite, in any letters and however parted; ERR_DAMAGED names the line and what is wrong. */
int paper_line_read(unsigned line, struct bytes text, uint8_t ret[PAPER_LINE], struct err *e);

/* paper_code: the text of the square code, in capitals, digits and slashes; appended. */
enum paper_kind { PAPER_SHEET, PAPER_CHECKPOINT };
void paper_code(enum paper_kind kind, const uint8_t code[PAPER_CODE], struct buf *to);
/*
 * paper_find: the code in a text: that of a square code, or six lines of words, each behind its number and a colon,
 * full stop or bracket, or six lines and nothing else.  A byte order mark before it is passed over.  ERR_DAMAGED names
 * the line; ERR_NEWER; ERR_ABSENT: neither is there.
 */
int paper_find(struct bytes text, uint8_t ret[PAPER_CODE], struct err *e);

/* paper_qr: a square code of ${text} as SVG of ${mm} millimetres, appended.  ERR_IO: no memory. */
int paper_qr(const char *text, unsigned mm, struct buf *to, struct err *e);

struct paper_sheet {
    const char *origin, *pin, *set, *made, *root; /* hex and dates as text */
    uint64_t leaves;
    unsigned index, count, needed;
    uint8_t code[PAPER_CODE];
};
/* paper_sheet_text: a page of plain text in English and Korean; paper_sheet_page: one of HTML, with the square code. */
int paper_sheet_text(const struct paper_sheet *sheet, struct buf *to, struct err *e);
int paper_sheet_page(const struct paper_sheet *sheet, struct buf *to, struct err *e);

/* A checkpoint to be kept on paper.  It is no secret. */
enum { PAPER_PIN = 11 }; /* bytes of the pin that stand in a code */
struct paper_checkpoint {
    const char *origin, *made; /* the date as text */
    uint64_t leaves;
    struct hash root, pin;
};
/*
 * paper_checkpoint_code: its 54 bytes.  paper_checkpoint_read: the opposite; of ret->pin the first PAPER_PIN bytes, and
 * no texts.  ERR_DAMAGED: its check does not fit; ERR_REFUSED: it is a recovery sheet; ERR_NEWER.
 * paper_checkpoint_text, paper_checkpoint_page: as of a sheet.
 */
void paper_checkpoint_code(const struct paper_checkpoint *c, uint8_t ret[PAPER_CODE]);
int paper_checkpoint_read(const uint8_t code[PAPER_CODE], struct paper_checkpoint *ret, struct err *e);
int paper_checkpoint_text(const struct paper_checkpoint *c, struct buf *to, struct err *e);
int paper_checkpoint_page(const struct paper_checkpoint *c, struct buf *to, struct err *e);

/* A page of HTML for a printer, line by line; ${text} may hold any characters. */
enum paper_mark { PAPER_HEADING, PAPER_STEP, PAPER_TEXT, PAPER_COMMAND };
void paper_html_begin(struct buf *to);
void paper_html_line(enum paper_mark mark, const char *text, struct buf *to);
void paper_html_end(struct buf *to);

/*
 * A record: one A4 page of HTML, appended to ${to}, in one language: headings, paragraphs and names of facts and
 * columns are English and keys of the catalogue, all else is shown as it is.  No scripts, and nothing from elsewhere.
 * Facts and rows stand between paper_record_table and paper_record_table_end; an empty column name has no words.
 */
struct paper_record {
    struct buf *to;
    enum text_language language;
};
void paper_record_begin(struct paper_record *p, const char *title);
void paper_record_heading(struct paper_record *p, const char *english);
void paper_record_paragraph(struct paper_record *p, const char *english);
void paper_record_words(struct paper_record *p, const char *text); /* lines as they are, each with a newline */
void paper_record_table(struct paper_record *p, const char *const *columns, size_t count);
void paper_record_table_end(struct paper_record *p);
void paper_record_fact(struct paper_record *p, const char *english, const char *text);
void paper_record_row(struct paper_record *p, const char *const *cells, size_t count);
int paper_record_end(struct paper_record *p, struct err *e); /* ERR_IO: no memory */

#endif
