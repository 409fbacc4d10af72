/*
 * Hostile answers of time-stamp authorities, hostile chains of certificates, and what is remembered of a request.  The
 * first byte chooses: 0, u16 length of the response, the response, the chain; 1, the file of a request.
 *
 * Held: an answer that is accepted proves the same by the chain that is kept, which then gives itself; a file of a
 * request is written again to the same bytes.
 */
#include "fuzz.h"
#include "store/store_internal.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

static void answer(struct cursor *c)
{
    struct crypt_stamp first, second;
    OWN(buf_drop) struct buf kept = {0}, again = {0};
    struct bytes response = cursor_take(c, cursor_u16(c)), chain = cursor_rest(c);
    if (c->failed || crypt_stamp_read(response, chain, &first, &kept, NULL) != 0)
        return;
    must(kept.n > 0 && strlen(first.policy) < CRYPT_STAMP_POLICY_MAX && strlen(first.name) < CRYPT_STAMP_NAME_MAX);
    must(crypt_stamp_read(response, buf_bytes(&kept), &second, &again, NULL) == 0);
    must(bytes_equal(buf_bytes(&kept), buf_bytes(&again)));
    must(first.at_unix_s == second.at_unix_s && first.until_unix_s == second.until_unix_s);
    must(hash_equal(&first.authority, &second.authority) && hash_equal(&first.root, &second.root));
}

static void request(struct bytes text)
{
    OWN(buf_drop) struct buf name = {0}, again = {0};
    struct bytes checkpoint;
    uint64_t nonce = 0;
    if (!store_asked_parse(text, &nonce, &name, &checkpoint) || memchr(name.p != NULL ? name.p : text.p, 0, name.n))
        return;
    store_asked_put(nonce, buf_text(&name), checkpoint, &again);
    must(bytes_equal(buf_bytes(&again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    switch (cursor_u8(&c)) {
    case 0: answer(&c); break;
    case 1: request(cursor_rest(&c)); break;
    default: break;
    }
    return 0;
}
