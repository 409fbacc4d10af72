/*
 * Hostile journal bytes.  The first byte chooses: 0, the rest is a record; 1, a header; otherwise it is what lies
 * behind the header of copy a, and the ledger is opened, mended and checked over it.
 *
 * Held: a record that parses is made again byte for byte up to its signature; mended copies are equal and whole.
 */
#include "fuzz.h"
#include "ledger/ledger_internal.h"

#include <stdio.h>
#include <sys/stat.h>

static struct file_path root;
static struct key seed;
static struct note_key log_key;

static struct file_path place(const char *name)
{
    struct file_path path;
    must(file_path(&path, NULL, "%s/%s", root.s, name) == 0);
    return path;
}

static void empty_quarantine(void)
{
    OWN(dir_drop) DIR *dir = opendir(place("quarantine").s);
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        (void)unlinkat(dirfd(dir), d->d_name, 0);
}

static void remove_root(void)
{
    const char *const files[] = {"a/journal", "b/journal"}, *const folders[] = {"a", "b", "quarantine", ""};
    empty_quarantine();
    for (size_t i = 0; i < COUNT(files); i++)
        (void)unlink(place(files[i]).s);
    for (size_t i = 0; i < COUNT(folders); i++)
        (void)rmdir(place(folders[i]).s);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    uint8_t public_key[CRYPT_PUBLIC];
    must(crypt_start(NULL) == 0);
    memset(seed.b, 7, sizeof(seed.b)); /* the key that signed the corpus */
    crypt_sign_public(&seed, public_key);
    must(note_key_make("example.org/log", public_key, &log_key, NULL) == 0);
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    must(file_path(&root, NULL, "%s/ledger-fuzz-XXXXXX", where) == 0 && mkdtemp(root.s) != NULL);
    must(ledger_found(root.s, NULL) == 0);
    must(atexit(remove_root) == 0);
    return 0;
}

/* No header is good in both places. */
static void header(struct bytes b)
{
    if (b.n >= LEDGER_HEADER)
        must(ledger_header_check(b.p, 0, NULL) != 0 || ledger_header_check(b.p, 1, NULL) != 0);
}

static void record(struct bytes all)
{
    struct ledger_parsed p;
    if (ledger_record_parse(all, &p, NULL) != 0)
        return;
    struct ledger_built built = {0};
    must(ledger_record_build(&p.record, &p.previous, &seed, &built, NULL) == 0);
    OWN(buf_drop) struct buf again = built.bytes;
    must(again.n == all.n && memcmp(again.p, all.p, all.n - LEDGER_SIGNED_END) == 0);
    struct history_log only = {0, log_key};
    const struct history_logs logs = {&only, 1};
    bool ours = ledger_record_verify(&p, &logs, NULL) == 0;
    must(!ours || memcmp(again.p, all.p, all.n) == 0); /* Ed25519 signatures are deterministic */
}

static void journal(struct bytes behind)
{
    uint8_t header[LEDGER_HEADER];
    ledger_header_make(0, header);
    FILE *out = fopen(place("a/journal").s, "wb");
    must(out != NULL && fwrite(header, 1, sizeof(header), out) == sizeof(header) &&
         fwrite(behind.p, 1, behind.n, out) == behind.n && fclose(out) == 0);
    (void)unlink(place("b/journal").s);

    const struct ledger_setup setup = {.root = root.s, .log_key = log_key, .seed = &seed};
    OWN(ledger_drop) struct ledger *l = NULL;
    OWN(buf_drop) struct buf words = {0};
    struct ledger_opening opening;
    struct ledger_position end;
    struct stat a, b;
    if (ledger_open(&setup, NULL, NULL, &l, &opening, NULL) != 0)
        return;
    ledger_where(l, &end);
    /* A record may lie damaged before the last: then nothing can be made anew from it. */
    if (ledger_mend(l, &words, NULL) != 0)
        return;
    must(stat(place("a/journal").s, &a) == 0 && (uint64_t)a.st_size == end.bytes);
    must(stat(place("b/journal").s, &b) == 0 && b.st_size == a.st_size);
    if (words.n > 0)
        empty_quarantine();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = {data + 1, size - 1};
    if (data[0] == 0)
        record(rest);
    else if (data[0] == 1)
        header(rest);
    else if (data[0] > 1)
        journal(rest);
    return 0;
}
