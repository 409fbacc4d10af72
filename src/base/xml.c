#include "base/xml.h"

#include "base/text.h"

#include <expat.h>

struct reading {
    const struct xml_handler *handler;
    XML_Parser parser;
    struct buf text[XML_DEPTH_MAX];
    unsigned depth;
    int rc;
    const char *what; /* why it was stopped here */
    struct err *e;
};

static void stop(struct reading *r, int rc, const char *what)
{
    if (r->rc != 0)
        return;
    r->rc = rc;
    r->what = what;
    (void)XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = context;
    if (r->rc != 0)
        return;
    if (r->depth == XML_DEPTH_MAX) {
        stop(r, ERR_DAMAGED, TEXT("elements are nested too deep"));
        return;
    }
    buf_clear(&r->text[r->depth++]);
    int rc = r->handler->begin == NULL
                 ? 0
                 : r->handler->begin(r->handler->context, name, (const char *const *)attributes, r->e);
    if (rc != 0)
        stop(r, rc, NULL);
}

static void XMLCALL text(void *context, const XML_Char *s, int n)
{
    struct reading *r = context;
    if (r->rc != 0 || r->depth == 0)
        return;
    struct buf *to = &r->text[r->depth - 1];
    if (to->n + (size_t)n > XML_TEXT_MAX)
        stop(r, ERR_DAMAGED, TEXT("a text is longer than 1 MiB"));
    else
        buf_put(to, s, (size_t)n);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void XMLCALL end(void *context, const XML_Char *name)
{
    struct reading *r = context;
    if (r->rc != 0 || r->depth == 0)
        return;
    struct bytes own = buf_bytes(&r->text[--r->depth]);
    while (own.n != 0 && is_blank(own.p[0]))
        own = bytes_of(own.p + 1, own.n - 1);
    while (own.n != 0 && is_blank(own.p[own.n - 1]))
        own.n--;
    int rc = buf_check(&r->text[r->depth], r->e);
    if (rc == 0 && r->handler->end != NULL)
        rc = r->handler->end(r->handler->context, name, own, r->e);
    if (rc != 0)
        stop(r, rc, NULL);
}

static void XMLCALL type(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public, int own)
{
    (void)name;
    (void)system;
    (void)public;
    (void)own;
    stop(context, ERR_DAMAGED, TEXT("it declares a document type"));
}

int xml_read(struct bytes document, const char *name, const struct xml_handler *handler, struct err *e)
{
    OWN(mem_drop) struct reading *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_memory(e);
    r->handler = handler;
    r->e = e;
    r->parser = XML_ParserCreate(NULL);
    if (r->parser == NULL)
        return err_memory(e);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, begin, end);
    XML_SetCharacterDataHandler(r->parser, text);
    XML_SetStartDoctypeDeclHandler(r->parser, type);
    int rc = 0;
    if (document.n > XML_BYTES_MAX) {
        rc = err_set(e, ERR_DAMAGED, "%s is larger than 1 GiB", name);
    } else {
        bool fine = XML_Parse(r->parser, (const char *)document.p, (int)document.n, XML_TRUE) == XML_STATUS_OK;
        unsigned long line = XML_GetCurrentLineNumber(r->parser);
        rc = r->rc;
        if (rc != 0 && r->what != NULL)
            rc = err_set(e, rc, "%s, line %lu: %s", name, line, text_tr(r->what));
        else if (rc == 0 && !fine && XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY)
            rc = err_memory(e);
        else if (rc == 0 && !fine)
            rc = err_set(e, ERR_DAMAGED, "%s, line %lu: not well-formed XML, or cut off", name, line);
    }
    XML_ParserFree(r->parser);
    for (unsigned i = 0; i < XML_DEPTH_MAX; i++)
        buf_drop(&r->text[i]);
    return rc;
}

void xml_put_text(struct buf *to, const char *words)
{
    for (; *words != 0; words++)
        switch (*words) {
        case '&':
            buf_put_text(to, "&amp;");
            break;
        case '<':
            buf_put_text(to, "&lt;");
            break;
        case '>':
            buf_put_text(to, "&gt;");
            break;
        case '"':
            buf_put_text(to, "&quot;");
            break;
        default:
            buf_put_u8(to, (unsigned char)*words < 0x20 ? ' ' : (uint8_t)*words);
            break;
        }
}
