#include "model/opening.h"

#include "base/json.h"

static const char HEAD[] = "groundwork/opening/v1\n";

static void line_claim(const uint8_t salt[LEAF_CLAIM_SALT], struct bytes claim, struct buf *to)
{
    buf_put_text(to, "claim ");
    buf_put_hex(to, bytes_of(salt, LEAF_CLAIM_SALT));
    buf_put_u8(to, ' ');
    buf_put_bytes(to, claim);
    buf_put_u8(to, '\n');
}

static int claims_write(const struct key *secret, struct bytes values, struct buf *to, struct err *e)
{
    OWN(json_drop) struct json *document = NULL;
    int rc = json_parse(values, &document, e);
    if (rc != 0)
        return rc;
    const struct json_node *list = json_root(document);
    size_t count = json_count(list);
    if (!json_is_array(list) || count == 0 || count > OPENING_CLAIMS_MAX)
        return err_set(e, ERR_DAMAGED, "the values are no list of 1 to %d claims", OPENING_CLAIMS_MAX);
    for (size_t i = 0; i < count; i++) {
        OWN(buf_drop) struct buf text = {0};
        uint8_t salt[LEAF_CLAIM_SALT];
        const char *name = json_text(json_at(json_at(list, i), 0));
        if (name == NULL || !json_write(json_at(list, i), &text))
            return err_set(e, ERR_DAMAGED, "the values are no list of 1 to %d claims", OPENING_CLAIMS_MAX);
        leaf_claim_salt(secret, name, salt);
        line_claim(salt, buf_bytes(&text), to);
    }
    return 0;
}

int opening_make(uint64_t leaf, const struct key *secret, struct bytes statement, struct bytes values, struct buf *to,
                 struct err *e)
{
    uint8_t salt[CRYPT_SALT];
    leaf_salt(secret, salt);
    buf_put_text(to, HEAD);
    buf_put_text(to, "leaf ");
    buf_put_decimal(to, leaf);
    buf_put_text(to, "\nsalt ");
    buf_put_hex(to, bytes_of(salt, sizeof salt));
    buf_put_u8(to, '\n');
    int rc = claims_write(secret, values, to, e);
    buf_put_u8(to, '\n');
    buf_put_bytes(to, statement);
    return rc != 0 ? rc : buf_check(to, e);
}

/* "claim <hex 16> <claim>" */
static int claim_parse(struct bytes line, struct opening *o, struct err *e)
{
    enum { HEX = 2 * LEAF_CLAIM_SALT };
    struct cursor c = cursor_of(line);
    if (o->claims == OPENING_CLAIMS_MAX)
        return err_set(e, ERR_DAMAGED, "the opening has more than %d claims", OPENING_CLAIMS_MAX);
    cursor_expect(&c, "claim ");
    struct bytes hex = cursor_take(&c, HEX);
    cursor_expect(&c, " ");
    if (c.failed || c.left == 0 || hex_get(hex, o->claim_salt[o->claims], LEAF_CLAIM_SALT) != 0)
        return err_set(e, ERR_DAMAGED, "line %zu of the opening is no claim", o->claims + 4);
    o->claim[o->claims++] = bytes_of(c.p, c.left);
    return 0;
}

int opening_parse(struct bytes text, struct opening *ret, struct err *e)
{
    struct cursor c = cursor_of(text);
    struct opening o = {.leaf = 0};
    struct bytes word;
    if (text.n > OPENING_BYTES_MAX)
        return err_set(e, ERR_DAMAGED, "the opening has %zu bytes; at most %d are allowed", text.n, OPENING_BYTES_MAX);
    if (!cursor_expect(&c, HEAD))
        return err_set(e, ERR_DAMAGED, "the opening does not begin with groundwork/opening/v1");
    if (!bytes_words(cursor_line(&c), "leaf", &word, 1) || decimal_get(word, &o.leaf) != 0)
        return err_set(e, ERR_DAMAGED, "the second line of the opening is not \"leaf\" and a decimal number");
    if (!bytes_words(cursor_line(&c), "salt", &word, 1) || hex_get(word, o.salt, CRYPT_SALT) != 0)
        return err_set(e, ERR_DAMAGED, "the third line of the opening is not \"salt\" and 64 hex digits");
    for (;;) {
        struct bytes line = cursor_line(&c);
        if (c.failed)
            return err_set(e, ERR_DAMAGED, "the opening has no empty line before its statement");
        if (line.n == 0)
            break;
        int rc = claim_parse(line, &o, e);
        if (rc != 0)
            return rc;
    }
    if (c.left == 0)
        return err_set(e, ERR_DAMAGED, "the opening has no statement");
    o.statement = bytes_of(c.p, c.left);
    *ret = o;
    return 0;
}

void opening_entry(const struct opening *o, uint8_t ret[LEAF_ENTRY])
{
    leaf_entry_opened(o->salt, o->statement, ret);
}

int opening_values(const struct opening *o, struct buf *values, struct statement_salts *ret_salts, struct err *e)
{
    *ret_salts = (struct statement_salts){(const uint8_t (*)[LEAF_CLAIM_SALT])o->claim_salt, o->claims};
    buf_clear(values);
    for (size_t i = 0; i < o->claims; i++) {
        buf_put_u8(values, i == 0 ? '[' : ',');
        buf_put_bytes(values, o->claim[i]);
    }
    buf_put_u8(values, ']');
    return buf_check(values, e);
}

int opening_read(const struct opening *o, const struct note_key *keys, size_t key_count, struct buf *values,
                 struct statement_held **held, struct statement *ret, struct err *e)
{
    struct statement_salts salts;
    int rc = opening_values(o, values, &salts, e);
    if (rc == 0)
        rc = statement_read_opened(o->statement, buf_bytes(values), &salts, keys, key_count, held, ret, e);
    return rc;
}
