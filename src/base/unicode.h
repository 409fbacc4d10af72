/*
 * Unicode, by ICU: validity, normal form C, and names made fit to be shown.
 */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include "base/bytes.h"

/* Longer text is refused, and is shown by nobody: ICU counts in 32 bits, and the normal form may be three times longer. */
enum { UNICODE_BYTES_MAX = 1 << 28 };

bool unicode_valid(struct bytes utf8);      /* well-formed UTF-8 without zero bytes */
bool unicode_is_nfc(struct bytes utf8);     /* valid and in normal form C */
int unicode_nfc(struct bytes utf8, struct buf *to, struct err *e); /* appends; ERR_DAMAGED when not valid UTF-8 */

/*
 * unicode_display(name, to): ${name} as text that can be shown: NFC; bytes that are not UTF-8, control characters,
 * and bidirectional overrides written as \xNN, a backslash doubled.  Never fails but for memory (see buf_check).
 */
void unicode_display(struct bytes name, struct buf *to);
/* unicode_columns: columns a terminal uses for the text (wide East Asian characters count two). */
size_t unicode_columns(struct bytes utf8);

#endif
