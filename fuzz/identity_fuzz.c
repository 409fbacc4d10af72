/*
 * Hostile records of identities, typed and kept, and keyholders' shares.
 *
 * Held: what is typed and taken is a record, within its limits; a kept record, typed again without its first two lines,
 * is the same record; a share that reads is written as the same bytes.
 */
#include "fuzz.h"
#include "model/identity.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

static void typed(struct bytes text, struct bytes same)
{
    OWN(buf_drop) struct buf to = {0};
    struct identity_record r;
    must(buf_more(&to, 4 * IDENTITY_RECORD_MAX) != NULL);
    buf_clear(&to);
    const uint8_t *at = to.p;
    bool taken = identity_record_typed(text, "P-0001", &to, NULL) == 0;
    must(to.p == at); /* it never left the room that the caller holds */
    must(!taken || (to.n <= IDENTITY_RECORD_MAX && identity_record_read(buf_bytes(&to), &r, NULL) == 0));
    must(same.p == NULL || (taken && bytes_equal(buf_bytes(&to), same)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] = "groundwork/identity/v1\nperson P-0001\n";
    const struct bytes all = {data, size};
    struct identity_record r;
    struct identity_share share;
    typed(all, bytes_of(NULL, 0));
    if (identity_record_read(all, &r, NULL) == 0 && bytes_equal(r.person, bytes_text("P-0001")))
        typed(bytes_of(data + sizeof head - 1, size - (sizeof head - 1)), all);
    if (identity_share_read(all, &share, NULL) == 0) {
        OWN(buf_drop) struct buf again = {0};
        identity_share_put(&share, &again);
        must(bytes_equal(buf_bytes(&again), all));
    }
    return 0;
}
