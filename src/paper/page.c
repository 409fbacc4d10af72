/* A sheet or a checkpoint laid out: as plain text, and as HTML with the square code. */
#include "paper/paper_internal.h"

#include "base/xml.h"

enum { COLUMNS = 76, SQUARE_MM = 58 };

struct page {
    struct buf *to;
    enum paper_piece before;
    bool begun;
    int rc;
    struct err *e;
};

/* ---- plain text ---- */

/* Columns of one character of UTF-8: from Hangul on they are wide. */
static size_t columns_of(uint8_t lead)
{
    return (lead & 0xC0) == 0x80 ? 0 : lead >= 0xE1 ? 2 : 1;
}

static void paragraph_put(const char *text, struct buf *to)
{
    size_t column = 0;
    while (*text != 0) {
        size_t n = strcspn(text, " "), wide = 0;
        for (size_t i = 0; i < n; i++)
            wide += columns_of((uint8_t)text[i]);
        if (column > 0 && column + 1 + wide > COLUMNS) {
            buf_put_u8(to, '\n');
            column = 0;
        } else if (column > 0) {
            buf_put_u8(to, ' ');
            column++;
        }
        buf_put(to, text, n);
        column += wide;
        text += n + (text[n] == ' ');
    }
    buf_put_u8(to, '\n');
}

static void text_piece(void *context, enum paper_piece piece, const char *text)
{
    struct page *p = context;
    bool part = piece == PAPER_TITLE || piece == PAPER_PARAGRAPH || (piece == PAPER_WORDS && text[0] == '1');
    if (piece == PAPER_SQUARE)
        return; /* for cameras alone */
    if (p->begun && (part || piece != p->before))
        buf_put_u8(p->to, '\n');
    p->begun = true;
    p->before = piece == PAPER_TITLE ? PAPER_FACT : piece;
    if (piece == PAPER_PARAGRAPH)
        paragraph_put(text, p->to);
    else {
        buf_put_text(p->to, text);
        buf_put_u8(p->to, '\n');
    }
}

int paper_sheet_text(const struct paper_sheet *sheet, struct buf *to, struct err *e)
{
    struct page p = {.to = to, .e = e};
    const struct paper_layout layout = {text_piece, &p};
    int rc = paper_sheet_tell(sheet, &layout, e);
    return rc != 0 ? rc : buf_check(to, e);
}

int paper_checkpoint_text(const struct paper_checkpoint *c, struct buf *to, struct err *e)
{
    struct page p = {.to = to, .e = e};
    const struct paper_layout layout = {text_piece, &p};
    int rc = paper_checkpoint_tell(c, &layout, e);
    return rc != 0 ? rc : buf_check(to, e);
}

/* ---- HTML ---- */

/* Words and square code side by side, and never parted by the end of a page. */
static void html_words(struct page *p, enum paper_piece piece, const char *text)
{
    if (piece == PAPER_WORDS && p->before != PAPER_WORDS)
        buf_put_text(p->to, "<section><div>\n");
    if (piece == PAPER_WORDS)
        buf_printf(p->to, "<pre%s>%s</pre>\n", text[0] == '1' ? " class=\"first\"" : "", text);
    else {
        buf_put_text(p->to, "</div>\n");
        p->rc = paper_qr(text, SQUARE_MM, p->to, p->e);
        buf_put_text(p->to, "</section>\n");
    }
}

static void html_piece(void *context, enum paper_piece piece, const char *text)
{
    static const char *const tags[] = {[PAPER_TITLE] = "h1", [PAPER_FACT] = "div", [PAPER_PARAGRAPH] = "p"};
    struct page *p = context;
    if (piece == PAPER_WORDS || piece == PAPER_SQUARE)
        html_words(p, piece, text);
    else {
        buf_printf(p->to, "<%s>", tags[piece]);
        xml_put_text(p->to, text);
        buf_printf(p->to, "</%s>\n", tags[piece]);
    }
    p->before = piece;
}

static void html_begin(struct buf *to)
{
    buf_put_text(to, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Groundwork</title><style>\n"
                     "@page{size:A4;margin:14mm}body{font:9.5pt/1.3 sans-serif;max-width:180mm}h1{font-size:13pt;"
                     "margin:3mm 0 1mm}p{margin:1.2mm 0}div{overflow-wrap:anywhere}section{display:flex;gap:8mm;"
                     "margin:4mm 0;break-inside:avoid}pre{font:11pt/1.35 monospace;margin:0}.first{margin-top:3mm}\n"
                     "</style></head><body>\n");
}

static int html_end(struct page *p, int rc)
{
    buf_put_text(p->to, "</body></html>\n");
    if (rc == 0)
        rc = p->rc;
    return rc != 0 ? rc : buf_check(p->to, p->e);
}

void paper_html_begin(struct buf *to)
{
    html_begin(to);
}

void paper_html_line(enum paper_mark mark, const char *text, struct buf *to)
{
    static const char *const tags[] = {
        [PAPER_HEADING] = "h1", [PAPER_STEP] = "h2", [PAPER_TEXT] = "p", [PAPER_COMMAND] = "pre"};
    buf_printf(to, "<%s>", tags[mark]);
    xml_put_text(to, text);
    buf_printf(to, "</%s>\n", tags[mark]);
}

void paper_html_end(struct buf *to)
{
    buf_put_text(to, "</body></html>\n");
}

int paper_sheet_page(const struct paper_sheet *sheet, struct buf *to, struct err *e)
{
    struct page p = {.to = to, .e = e};
    const struct paper_layout layout = {html_piece, &p};
    html_begin(to);
    return html_end(&p, paper_sheet_tell(sheet, &layout, e));
}

int paper_checkpoint_page(const struct paper_checkpoint *c, struct buf *to, struct err *e)
{
    struct page p = {.to = to, .e = e};
    const struct paper_layout layout = {html_piece, &p};
    html_begin(to);
    return html_end(&p, paper_checkpoint_tell(c, &layout, e));
}
