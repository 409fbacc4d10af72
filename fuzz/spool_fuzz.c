/* Spools of accesses as a stranger may have left them: whatever is read moves on, and ends. */
#include "fuzz.h"

#include "store/store_internal.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct key key = {{7}};
    static const struct hash pin = {{8}};
    struct store_spool_of of = {{0}};
    struct bytes file = bytes_of(data, size), frame;
    OWN(buf_wipe) struct buf held = {0};
    struct store_device device;
    uint32_t logged;
    if (size >= STORE_SPOOL_SECTOR)
        memcpy(of.b, data + 16, STORE_SPOOL_OF);
    const struct store_spool_lock lock = {&key, &pin, &of};
    if (store_device_parse(file, &pin, &device)) { /* one spelling */
        OWN(buf_drop) struct buf again = {0};
        store_device_put(&device, &pin, &again);
        must(bytes_equal(buf_bytes(&again), file));
    }
    char name[STORE_SPOOL_NAME];
    struct store_spool_of named;
    store_spool_name(&of, name);
    if (store_waiting_file(name, file, &named, &frame)) /* one frame, and nothing else */
        must(memcmp(named.b, of.b, STORE_SPOOL_OF) == 0 && frame.n == size - STORE_SPOOL_SECTOR);
    if (!store_spool_begin(file, &of, &logged))
        return 0;
    OWN(buf_drop) struct buf head = {0};
    store_spool_head(&of, logged, &head);
    must(memcmp(head.p, data, head.n) == 0);
    size_t at = STORE_SPOOL_SECTOR, before = 0;
    for (enum store_spool_step step; (step = store_spool_next(file, &at, &frame)) != STORE_SPOOL_END;) {
        must(at > before && at <= size);
        before = at;
        must(step != STORE_SPOOL_TORN || at == size);
        struct store_spool_content c;
        if (step != STORE_SPOOL_FRAME || store_spool_open(&lock, frame, &held, &c, NULL) != 0)
            continue;
        must(c.statement.n + c.values.n + CRYPT_KEY + 8 <= frame.n);
    }
    return 0;
}
