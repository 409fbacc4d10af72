/*
 * Enough of XML to hold a picture to it: tags close in order, and no mark of the text stands unescaped.
 */
#ifndef TESTS_CHART_XML_H
#define TESTS_CHART_XML_H

#include "base/bytes.h"

#include <stdbool.h>
#include <string.h>

static inline bool xml_is_whole(const char *text)
{
    char open[8][32];
    size_t depth = 0;
    for (const char *at = text; *at != 0;) {
        if (*at != '<') {
            if (*at == '&' && strncmp(at, "&amp;", 5) != 0 && strncmp(at, "&lt;", 4) != 0 &&
                strncmp(at, "&gt;", 4) != 0 && strncmp(at, "&quot;", 6) != 0)
                return false;
            at++;
            continue;
        }
        const char *end = strchr(at, '>');
        if (end == NULL)
            return false;
        bool closes = at[1] == '/';
        size_t n = strcspn(at + 1 + closes, " />");
        if (n == 0 || n >= sizeof open[0])
            return false;
        if (closes) {
            if (depth == 0 || strncmp(open[depth - 1], at + 2, n) != 0 || open[depth - 1][n] != 0)
                return false;
            depth--;
        } else if (end[-1] != '/') {
            if (depth == 8)
                return false;
            memcpy(open[depth], at + 1, n);
            open[depth++][n] = 0;
        }
        at = end + 1;
    }
    return depth == 0;
}

static inline size_t xml_count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

#endif
