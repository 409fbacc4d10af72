/*
 * Hostile state files of the outside, and the table of pack extents in a record.  The first byte chooses: 0, the rest
 * is the file; 1, its lines before the MAC, which is made here; 2, a table of extents; 3, the file of audits' reports;
 * 4, that of packs that were found damaged.
 *
 * Held: a state that is read, with its key or without, is written again to the same lines; so is a table of extents.
 */
#include "fuzz.h"
#include "store/store_internal.h"

#include <stdio.h>

enum { MAC_LINE = 4 + 2 * CRYPT_KEY + 1 };

static struct file_path path;
static const struct key key = {{6}};
static const struct hash pin = {{0xab}};

static void remove_file(void)
{
    (void)unlink(path.s);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    must(file_path(&path, NULL, "%s/store-fuzz-XXXXXX", where) == 0);
    int fd = mkstemp(path.s);
    must(fd >= 0 && close(fd) == 0 && atexit(remove_file) == 0);
    return 0;
}

static void state_file(struct bytes content)
{
    struct store_state read;
    OWN(buf_drop) struct buf again = {0};
    FILE *out = fopen(path.s, "wb");
    must(out != NULL && fwrite(content.p, 1, content.n, out) == content.n && fclose(out) == 0);
    int with_key = store_state_read(path.s, &pin, &key, &read, NULL);
    int rc = store_state_read(path.s, &pin, NULL, &read, NULL);
    must(rc == 0 || with_key != 0);
    must(rc != 0 || read.known);
    if (rc != 0)
        return;
    must(store_state_write(path.s, &pin, &key, &read, NULL) == 0);
    must(file_read_all(path.s, content.n + 1, &again, NULL) == 0 && again.n == content.n && again.n > MAC_LINE);
    must(memcmp(again.p, content.p, with_key == 0 ? again.n : again.n - MAC_LINE) == 0);
}

static void state_lines(struct bytes lines)
{
    OWN(buf_drop) struct buf content = {0};
    struct key mac;
    crypt_derive(&key, "groundwork/state/v1", lines, &mac);
    buf_put_bytes(&content, lines);
    buf_put_text(&content, "mac ");
    buf_put_hex(&content, bytes_of(mac.b, CRYPT_KEY));
    buf_put_text(&content, "\n");
    state_file(buf_bytes(&content));
}

static void extents(struct bytes table)
{
    OWN(buf_drop) struct buf again = {0};
    OWN(mem_drop) struct vault_run *runs = calloc(table.n / 16 + 1, sizeof *runs);
    struct cursor c = cursor_of(table);
    uint32_t left = cursor_u32(&c);
    const uint32_t count = left;
    must(runs != NULL);
    while (left > 0) {
        struct vault_run run;
        if (store_extents_next(&c, &left, &run, NULL) != 0)
            return;
        must(run.sectors > 0);
        runs[count - left - 1] = run;
    }
    if (!cursor_done(&c))
        return;
    store_extents_put(runs, count, &again);
    must(bytes_equal(buf_bytes(&again), table));
}

static void reports(struct bytes text)
{
    static struct store_reports read;
    OWN(buf_drop) struct buf again = {0};
    if (!store_reports_parse(text, &pin, &read))
        return;
    store_reports_put(&read, &pin, &again);
    must(bytes_equal(buf_bytes(&again), text));
}

static void noticed(struct bytes text)
{
    OWN(store_noticed_release) struct store_noticed read = {0};
    OWN(buf_drop) struct buf again = {0};
    if (store_noticed_parse(text, &pin, &read) != 0)
        return;
    store_noticed_put(&read, &pin, &again);
    must(bytes_equal(buf_bytes(&again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    uint8_t what = cursor_u8(&c);
    struct bytes rest = cursor_rest(&c);
    if (size > 0 && what == 0)
        state_file(rest);
    else if (what == 1)
        state_lines(rest);
    else if (what == 2)
        extents(rest);
    else if (what == 3)
        reports(rest);
    else if (what == 4)
        noticed(rest);
    return 0;
}
