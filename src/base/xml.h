/*
 * XML, by expat: elements and their text, told as they come.  A document that declares a type or entities is refused:
 * lists have none, and entities are how a small file becomes a large one.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/bytes.h"

enum { XML_BYTES_MAX = 1 << 30, XML_DEPTH_MAX = 32, XML_TEXT_MAX = 1 << 20 };

struct xml_handler {
    void *context;
    /* An element begins; ${attributes}: name, value, ..., NULL.  A negative result ends the reading with it. */
    int (*begin)(void *context, const char *name, const char *const *attributes, struct err *e);
    /* An element ends; ${text}: its own text, without that of the elements in it, blanks at both ends taken off. */
    int (*end)(void *context, const char *name, struct bytes text, struct err *e);
};

/*
 * xml_read(document, name, handler, e):
 * ERR_DAMAGED with ${name} and the line: not well-formed, cut, nested deeper than XML_DEPTH_MAX, a text beyond
 * XML_TEXT_MAX, a declared type; ERR_IO; and what the handler returned.
 */
int xml_read(struct bytes document, const char *name, const struct xml_handler *handler, struct err *e);

/* xml_put_text: words as text or as the value of an attribute; controls, for which XML has no place, as blanks. */
void xml_put_text(struct buf *to, const char *words);

#endif
