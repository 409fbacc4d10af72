/*
 * Received statements stored as what they say.  Their text is made of these fields and the leaf's secret by rule, and
 * is several times as long: most of it is digests that follow from the rest.
 */
#include "model/statement.h"

#include "base/unicode.h"

#include <assert.h>

/*
 * FORMAT 5.4, codec 1.  u64 deposit, u64 seq, u8 type; then of a further name u64 of; of everything else u16 mode, u64
 * seconds, u32 nanoseconds, and of a file u64 bytes and the digest; then the path, and of a link a zero byte and the
 * target.  Neither has a zero byte, so they end where the padding begins.
 */
enum { TYPE_NAME = 3 };

/* Only a name that is not its own text has bytes in quotes, and a size beyond what JSON keeps exactly; inside of a text
 * every quote has its backslash. */
static bool has_raw_name(struct bytes values)
{
    static const char raw[] = "\"bytes\":\"";
    return memmem(values.p, values.n, raw, sizeof raw - 1) != NULL;
}

/* A later ICU may find another normal form for a character that this one does not know: then it is no text to it. */
static bool names_stay(const struct statement_received *r)
{
    bool link = !r->further_name && r->type == STATEMENT_LINK;
    return unicode_known(r->path) && (!link || unicode_known(r->target));
}

bool statement_compact(const struct statement *s, struct bytes values, struct buf *to)
{
    const struct statement_received *r = &s->received;
    if (s->kind != STATEMENT_RECEIVED || has_raw_name(values) || !names_stay(r))
        return false;
    buf_put_u64(to, r->deposit);
    buf_put_u64(to, r->seq);
    buf_put_u8(to, r->further_name ? TYPE_NAME : (uint8_t)r->type);
    if (r->further_name)
        buf_put_u64(to, r->of);
    else {
        buf_put_u16(to, (uint16_t)r->mode);
        buf_put_u64(to, (uint64_t)r->mtime.s);
        buf_put_u32(to, r->mtime.ns);
    }
    if (!r->further_name && r->type == STATEMENT_FILE) {
        buf_put_u64(to, r->bytes);
        buf_put(to, r->sha256.b, CRYPT_HASH);
    }
    buf_put_bytes(to, r->path);
    if (!r->further_name && r->type == STATEMENT_LINK) {
        buf_put_u8(to, 0);
        buf_put_bytes(to, r->target);
    }
    return true;
}

/* Up to the next zero byte, which is taken too, or to the end. */
static struct bytes take_name(struct cursor *c)
{
    const uint8_t *zero = c->left > 0 ? memchr(c->p, 0, c->left) : NULL;
    struct bytes name = cursor_take(c, zero == NULL ? c->left : (size_t)(zero - c->p));
    if (zero != NULL)
        (void)cursor_u8(c);
    return name;
}

static bool fields_read(struct bytes fields, struct statement_received *r)
{
    struct cursor c = cursor_of(fields);
    r->deposit = cursor_u64(&c);
    r->seq = cursor_u64(&c);
    uint8_t type = cursor_u8(&c);
    r->further_name = type == TYPE_NAME;
    if (r->further_name)
        r->of = cursor_u64(&c);
    else {
        r->type = (enum statement_type)type;
        r->mode = cursor_u16(&c);
        r->mtime.s = (int64_t)cursor_u64(&c);
        r->mtime.ns = cursor_u32(&c);
    }
    if (type == STATEMENT_FILE) {
        r->bytes = cursor_u64(&c);
        struct bytes digest = cursor_take(&c, CRYPT_HASH);
        if (digest.n == CRYPT_HASH)
            memcpy(r->sha256.b, digest.p, CRYPT_HASH);
    }
    if (c.failed || type > TYPE_NAME)
        return false;
    r->path = take_name(&c);
    struct bytes last = r->path;
    if (type == STATEMENT_LINK)
        last = r->target = take_name(&c);
    size_t used = last.p == NULL ? 0 : (size_t)(last.p + last.n - fields.p);
    for (size_t i = used; i < fields.n; i++)
        if (fields.p[i] != 0)
            return false;
    return last.n > 0 && leaf_compact_padded(used) == fields.n;
}

int statement_expand(struct bytes fields, const struct key *secret, struct buf *ret_statement, struct buf *ret_values,
                     struct statement *ret, struct err *e)
{
    struct statement s = {.kind = STATEMENT_RECEIVED};
    if (!fields_read(fields, &s.received))
        return err_set(e, ERR_DAMAGED, "statement: its fields have no known form");
    buf_clear(ret_statement);
    buf_clear(ret_values);
    int rc = statement_make(&s, secret, ret_statement, ret_values, e);
    if (rc == ERR_REFUSED)
        return ERR_DAMAGED; /* its words say which rule is broken */
    if (rc != 0)
        return rc;
    if (has_raw_name(buf_bytes(ret_values)))
        return err_set(e, ERR_DAMAGED, "statement: a name that is not its own text stands among its fields");
    buf_put_u8(ret_statement, '\n'); /* nobody signs it: its cover does */
    rc = buf_check(ret_statement, e);
    if (rc == 0)
        *ret = s;
    return rc;
}
