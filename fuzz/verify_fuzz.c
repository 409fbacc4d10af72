/*
 * Hostile lines of a package's manifests, gaps and index.
 *
 * Held: a line has one spelling: what is read of it, written again, is the same line; a path has no zero byte.
 */
#include "fuzz.h"
#include "verify/verify_internal.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

static void one_line(struct bytes line)
{
    char path[VERIFY_PATH_MAX];
    struct verify_leaf gap;
    struct verify_row row;
    struct hash hash;
    OWN(buf_drop) struct buf again = {0};
    if (verify_manifest_line(line, &hash, path)) {
        buf_put_hex(&again, bytes_of(hash.b, CRYPT_HASH));
        buf_printf(&again, "  %s", path);
        must(bytes_equal(buf_bytes(&again), line));
    }
    buf_clear(&again);
    if (verify_gap_line(line, &gap)) {
        buf_put_decimal(&again, gap.leaf);
        buf_put_u8(&again, ',');
        buf_put_hex(&again, bytes_of(gap.entry + 1, CRYPT_HASH));
        buf_put_text(&again, ",WITHHELD");
        must(bytes_equal(buf_bytes(&again), line) && gap.entry[0] == LEAF_HIDDEN);
    }
    buf_clear(&again);
    if (verify_row_line(line, &row)) {
        buf_printf(&again, "%llu,%llu,%llu,", (unsigned long long)row.number, (unsigned long long)row.leaf,
                   (unsigned long long)row.receipt);
        must(again.n <= line.n && memcmp(again.p, line.p, again.n) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        one_line(c.failed ? cursor_rest(&c) : line);
        if (c.failed)
            break;
    }
    return 0;
}
