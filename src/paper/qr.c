#include "paper/paper.h"

#include <errno.h>
#include <qrencode.h>

enum { QUIET = 4 }; /* modules of white around, as the standard asks (ISO/IEC 18004) */

static void code_drop(QRcode **code)
{
    if (*code == NULL)
        return;
    explicit_bzero((*code)->data, (size_t)(*code)->width * (size_t)(*code)->width);
    QRcode_free(*code);
}

/* Rows of black modules, as runs: of each run "M<x> <y>h<n>v1h-<n>z". */
static void runs_put(const QRcode *code, struct buf *to)
{
    int width = code->width;
    for (int y = 0; y < width; y++)
        for (int x = 0; x < width; x++) {
            int n = 0;
            while (x + n < width && (code->data[y * width + x + n] & 1) != 0)
                n++;
            if (n > 0)
                buf_printf(to, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
            x += n;
        }
}

int paper_qr(const char *text, unsigned mm, struct buf *to, struct err *e)
{
    OWN(code_drop) QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_Q, QR_MODE_8, 1);
    if (code == NULL)
        return errno == ENOMEM ? err_memory(e) : err_os(e, ERR_IO, errno, "cannot make a square code");
    int side = code->width + 2 * QUIET;
    buf_printf(to,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%umm\" height=\"%umm\" viewBox=\"0 0 %d %d\" "
               "shape-rendering=\"crispEdges\"><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path fill=\"#000\" "
               "d=\"",
               mm, mm, side, side, side, side);
    runs_put(code, to);
    buf_put_text(to, "\"/></svg>\n");
    return buf_check(to, e);
}
