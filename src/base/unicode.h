/*
 * Unicode, by ICU: validity, normal form C, and names made fit to be shown.
 */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include "base/bytes.h"

/* Longer text is refused by unicode_nfc: ICU counts in 32 bits, and the normal form may be three times as long. */
enum { UNICODE_BYTES_MAX = 1 << 26 };

bool unicode_valid(struct bytes utf8);  /* well-formed UTF-8 without zero bytes */
bool unicode_is_nfc(struct bytes utf8); /* valid, in normal form C, within UNICODE_BYTES_MAX */
/* unicode_known: every character of the valid ${utf8} is one that this ICU knows, so that its normal form stays. */
bool unicode_known(struct bytes utf8);
/* unicode_plain: valid, and of characters that are shown as they are: no controls, line separators, bidirectional
 * controls. */
bool unicode_plain(struct bytes utf8);
int unicode_nfc(struct bytes utf8, struct buf *to, struct err *e); /* appends; ERR_DAMAGED: not valid, too long */

/*
 * unicode_display(name, to): ${name} as text that can be shown: NFC; bytes that are not UTF-8, control characters,
 * line separators and bidirectional controls written as \xNN, a backslash doubled.  A mark that would join the last
 * digit of such an escape is written so too, and the whole is in NFC again.
 * ${name}: a file name, a short text; beyond UNICODE_BYTES_MAX, and when memory is out, ${to} has failed (buf_check).
 */
void unicode_display(struct bytes name, struct buf *to);
/* unicode_columns: columns a terminal uses for the text (wide East Asian characters count two). */
size_t unicode_columns(struct bytes utf8);

#endif
