/* Rows of the index, in the one form that follows from an item. */
#include "verify/verify.h"

#include "base/unicode.h"
#include "model/history.h"

#include <stdio.h>

enum { ENDING_MAX = 8 };

/* The small letters and digits behind the last dot: an ending that every file system knows as the same. */
static size_t safe_ending(struct bytes name, char to[ENDING_MAX + 1])
{
    size_t n = 0;
    while (n < name.n && name.p[name.n - 1 - n] != '.' && name.p[name.n - 1 - n] != '/')
        n++;
    to[0] = 0;
    if (n == 0 || n > ENDING_MAX || n + 1 >= name.n || name.p[name.n - 1 - n] != '.')
        return 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = name.p[name.n - n + i];
        uint8_t small = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        if ((small < '0' || small > '9') && (small < 'a' || small > 'z')) {
            to[0] = 0;
            return 0;
        }
        to[i] = (char)small;
    }
    to[n] = 0;
    return n;
}

void verify_item_file(uint64_t number, struct bytes name, char to[VERIFY_NAME_MAX])
{
    char ending[ENDING_MAX + 1];
    bool any = safe_ending(name, ending) > 0;
    (void)snprintf(to, VERIFY_NAME_MAX, "data/items/%06llu%s%s", (unsigned long long)number, any ? "." : "", ending);
}

static void put_number(struct buf *to, uint64_t v)
{
    buf_put_decimal(to, v);
    buf_put_u8(to, ',');
}

static void put_quoted(struct buf *to, struct bytes text)
{
    buf_put_u8(to, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_put_u8(to, '"');
        buf_put_u8(to, text.p[i]);
    }
    buf_put_u8(to, '"');
}

/* A name as it is in the claim: itself, where it is written as text alone, else as it is shown. */
static void put_shown(struct buf *to, struct bytes name)
{
    OWN(buf_drop) struct buf shown = {0};
    bool plain = true;
    for (size_t i = 0; i < name.n; i++)
        plain = plain && name.p[i] >= 0x20 && name.p[i] <= 0x7e;
    if (!plain)
        unicode_display(name, &shown);
    to->failed = to->failed || shown.failed;
    put_quoted(to, plain ? name : buf_bytes(&shown));
}

void verify_index_row(const struct verify_row *row, struct buf *to)
{
    const struct statement_received *r = row->item;
    bool file = !r->further_name && r->type == STATEMENT_FILE;
    char path[VERIFY_NAME_MAX];
    put_number(to, row->number);
    put_number(to, row->leaf);
    put_number(to, row->receipt);
    buf_put_text(to, r->further_name ? "name" : statement_type_name(r->type));
    buf_put_u8(to, ',');
    if (r->further_name)
        buf_put_decimal(to, r->of);
    buf_put_u8(to, ',');
    if (file) {
        verify_item_file(row->number, r->path, path);
        buf_put_text(to, path);
    }
    buf_put_u8(to, ',');
    if (file)
        buf_put_decimal(to, r->bytes);
    buf_put_u8(to, ',');
    if (file)
        buf_put_hex(to, bytes_of(r->sha256.b, CRYPT_HASH));
    buf_put_u8(to, ',');
    if (r->further_name)
        buf_put_text(to, ",,");
    else
        buf_printf(to, "%lu,%lld,%lu,", (unsigned long)r->mode, (long long)r->mtime.s, (unsigned long)r->mtime.ns);
    if (r->further_name)
        buf_put_u8(to, ',');
    buf_put_base64(to, r->path);
    buf_put_u8(to, ',');
    put_shown(to, r->path);
    buf_put_u8(to, '\n');
}

void verify_policy_text(const struct history *h, struct buf *to)
{
    char key[NOTE_VKEY_MAX];
    if (h->policy != NULL) {
        policy_text(h->policy, to);
        return;
    }
    note_key_text(history_log_now(h), key);
    buf_printf(to, "log %s\nquorum none\n", key);
}
