/*
 * Hostile openings of leaves, as they stand.
 *
 * Held: what parses is these lines and nothing else: written again it is the same bytes; what is read of it as a
 * statement does not depend on who is to have signed an unsigned one.
 */
#include "fuzz.h"
#include "model/opening.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

static void write_again(const struct opening *o, struct buf *to)
{
    buf_put_text(to, "groundwork/opening/v1\nleaf ");
    buf_put_decimal(to, o->leaf);
    buf_put_text(to, "\nsalt ");
    buf_put_hex(to, bytes_of(o->salt, CRYPT_SALT));
    buf_put_u8(to, '\n');
    for (size_t i = 0; i < o->claims; i++) {
        buf_put_text(to, "claim ");
        buf_put_hex(to, bytes_of(o->claim_salt[i], LEAF_CLAIM_SALT));
        buf_put_u8(to, ' ');
        buf_put_bytes(to, o->claim[i]);
        buf_put_u8(to, '\n');
    }
    buf_put_u8(to, '\n');
    buf_put_bytes(to, o->statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct note_key nobody;
    OWN(buf_drop) struct buf again = {0}, values = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct statement s;
    struct opening o;
    uint8_t entry[LEAF_ENTRY];
    if (opening_parse(bytes_of(data, size), &o, NULL) != 0)
        return 0;
    must(o.claims <= OPENING_CLAIMS_MAX);
    write_again(&o, &again);
    must(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
    opening_entry(&o, entry);
    must(entry[0] == LEAF_HIDDEN);
    if (opening_read(&o, NULL, 0, &values, &held, &s, NULL) != 0)
        return 0;
    must(statement_kind_hidden(s.kind));
    must((opening_read(&o, &nobody, 1, &values, &held, &s, NULL) == 0) == (s.kind == STATEMENT_RECEIVED));
    return 0;
}
