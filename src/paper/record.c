/* A record for paper: one A4 page of HTML in one language, of facts and tables, with nothing from elsewhere. */
#include "paper/paper.h"

#include "base/xml.h"

static void element(struct paper_record *p, const char *tag, const char *text)
{
    buf_printf(p->to, "<%s>", tag);
    xml_put_text(p->to, text != NULL ? text : "");
    buf_printf(p->to, "</%s>", tag);
}

void paper_record_begin(struct paper_record *p, const char *title)
{
    buf_printf(p->to, "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">",
               p->language == TEXT_KOREAN ? "ko" : "en");
    element(p, "title", title);
    buf_put_text(p->to, "<style>\n@page{size:A4;margin:14mm}body{font:9.5pt/1.35 sans-serif;max-width:180mm}"
                        "h1{font-size:14pt;margin:0 0 3mm}h2{font-size:10.5pt;margin:4mm 0 1mm}p{margin:1.5mm 0}"
                        "table{border-collapse:collapse;width:100%}td,th{border-bottom:.2mm solid #999;text-align:left;"
                        "padding:.7mm 2mm .7mm 0;vertical-align:top;overflow-wrap:anywhere}"
                        "code,pre{font:9pt/1.4 monospace;overflow-wrap:anywhere;margin:0}tr{break-inside:avoid}\n"
                        "</style></head><body>\n");
    element(p, "h1", title);
    buf_put_u8(p->to, '\n');
}

void paper_record_heading(struct paper_record *p, const char *english)
{
    element(p, "h2", text_in(p->language, english));
    buf_put_u8(p->to, '\n');
}

void paper_record_paragraph(struct paper_record *p, const char *english)
{
    element(p, "p", text_in(p->language, english));
    buf_put_u8(p->to, '\n');
}

void paper_record_words(struct paper_record *p, const char *text)
{
    buf_put_text(p->to, "<pre>");
    for (struct cursor c = cursor_of(bytes_text(text)); c.left > 0 && !c.failed;) {
        OWN(buf_drop) struct buf line = {0};
        buf_put_bytes(&line, cursor_line(&c));
        xml_put_text(p->to, buf_text(&line));
        buf_put_u8(p->to, '\n');
    }
    buf_put_text(p->to, "</pre>\n");
}

void paper_record_table(struct paper_record *p, const char *const *columns, size_t count)
{
    buf_put_text(p->to, "<table>");
    if (count > 0)
        buf_put_text(p->to, "<tr>");
    for (size_t i = 0; i < count; i++)
        element(p, "th", columns[i][0] != 0 ? text_in(p->language, columns[i]) : "");
    if (count > 0)
        buf_put_text(p->to, "</tr>");
    buf_put_u8(p->to, '\n');
}

void paper_record_table_end(struct paper_record *p)
{
    buf_put_text(p->to, "</table>\n");
}

void paper_record_fact(struct paper_record *p, const char *english, const char *text)
{
    buf_put_text(p->to, "<tr>");
    element(p, "th", text_in(p->language, english));
    buf_put_text(p->to, "<td>");
    element(p, "code", text);
    buf_put_text(p->to, "</td></tr>\n");
}

void paper_record_row(struct paper_record *p, const char *const *cells, size_t count)
{
    buf_put_text(p->to, "<tr>");
    for (size_t i = 0; i < count; i++)
        element(p, "td", cells[i]);
    buf_put_text(p->to, "</tr>\n");
}

int paper_record_end(struct paper_record *p, struct err *e)
{
    buf_put_text(p->to, "</body></html>\n");
    return buf_check(p->to, e);
}
