/*
 * Hostile runs: the plaintext of a run, from somebody who has the keys, read as the vault reads it.
 *
 * The first byte chooses.  Even: heads, footers and directories by themselves.  Odd: the rest becomes the plaintext of
 * a one- to four-sector run in a pack; what looks like a record or the directory is sealed properly, so that the reader
 * gets past the tags; then every record is asked for, as a frame and as a manifest.
 *
 * Held: no crash, and what comes out has the length that its head says.
 */
#include "fuzz.h"
#include "vault/vault_internal.h"

#include <fcntl.h>
#include <stdio.h>

enum { PACK_SECTORS = 64, RUN_SECTORS_MAX = 4, PACKS = 1000 };

static struct vault *vault;
static struct vault_keys keys;
static char root[] = "/tmp/vault-fuzz-XXXXXX";
static int pack_fd = -1;
static uint64_t pack;
static const struct key frame_key; /* zeros */

static void clean_up(void)
{
    struct file_path path;
    if (vault_pack_path(root, pack, 'a', &path, NULL) == 0)
        (void)remove(path.s);
    for (const char *const *name = (const char *const[]){"vault/000", "vault", "", NULL}; *name != NULL; name++)
        if (file_path(&path, NULL, "%s/%s", root, *name) == 0)
            (void)remove(path.s);
}

static void start(void)
{
    struct err e = {0};
    struct file_path path;
    struct vault_setup setup = {.root = root, .pack_sectors = PACK_SECTORS, .keys = &keys};
    if (crypt_start(&e) != 0 || mkdtemp(root) == NULL || atexit(clean_up) != 0 ||
        file_path(&path, &e, "%s/vault/000", root) != 0 || file_make_folders(path.s, &e) != 0 ||
        vault_pack_path(root, 0, 'a', &path, &e) != 0 || vault_open(&setup, &vault, &e) != 0)
        abort();
    pack_fd = open(path.s, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (pack_fd < 0)
        abort();
}

/* ---- tables by themselves ---- */

static void tables(const uint8_t *p, size_t n)
{
    struct record_head head;
    struct run_footer footer;
    uint8_t again[RECORD_HEAD];
    if (n >= RECORD_HEAD && vault_head_get(p, &head, NULL) == 0) {
        vault_head_put(again, &head);
        if (memcmp(again, p, RECORD_HEAD) != 0)
            abort();
    }
    if (n < FOOTER || vault_footer_get(p, (uint64_t)PACK_SECTORS * SECTOR_REST, &footer, NULL) != 0)
        return;
    OWN(mem_drop) uint32_t *offsets = calloc((size_t)footer.records + 1, sizeof(*offsets));
    if (offsets == NULL || vault_directory_get(bytes_of(p + FOOTER, n - FOOTER), &footer, offsets, NULL) != 0)
        return;
    for (uint32_t i = 1; i < footer.records; i++)
        if (offsets[i] <= offsets[i - 1] || offsets[i] >= footer.directory)
            abort();
}

/* ---- a whole run ---- */

/* Seal the payload of the record at ${offset}, if there is room for what its head says. */
static void record_seal(uint8_t *plain, size_t n, uint64_t offset, const struct key *key)
{
    if (offset + RECORD_HEAD > n)
        return;
    uint8_t *head = plain + offset;
    uint32_t stored = u32_get(head + 8);
    if (stored < CRYPT_TAG || stored > n - offset - RECORD_HEAD)
        return;
    uint8_t aad[RECORD_AAD];
    vault_record_aad(vault, head, aad);
    uint8_t *payload = head + RECORD_HEAD;
    crypt_seal(key, 0, bytes_of(aad, sizeof(aad)), bytes_of(payload, stored - CRYPT_TAG), payload);
}

static void run_seal(uint8_t *plain, uint32_t sectors, const struct key *run_key)
{
    OWN(key_drop) struct key directory_key = {{0}};
    size_t n = (size_t)vault_run_room(sectors);
    uint64_t directory = u32_get(plain + n - FOOTER);
    uint32_t records = u32_get(plain + n - FOOTER + 4);
    for (uint32_t i = 0; i < records && i < 64; i++) {
        uint64_t place = directory + RECORD_HEAD + (uint64_t)i * 4;
        if (place + 4 <= n && u32_get(plain + place) < directory)
            record_seal(plain, n - FOOTER, u32_get(plain + place), &frame_key);
    }
    vault_directory_key(run_key, &directory_key);
    record_seal(plain, n - FOOTER, directory, &directory_key);
}

static void pack_renew(void)
{
    struct file_path before;
    struct file_path after;
    if (vault_pack_path(root, pack, 'a', &before, NULL) != 0)
        abort();
    pack = (pack + 1) % PACKS;
    if (vault_pack_path(root, pack, 'a', &after, NULL) != 0 || rename(before.s, after.s) != 0)
        abort();
}

static void run_write(uint8_t *plain, uint32_t sectors)
{
    uint8_t sector[VAULT_SECTOR];
    uint8_t aad[SECTOR_AAD];
    uint8_t salt[CRYPT_SALT] = {1};
    OWN(key_drop) struct key key = {{0}};
    vault_run_key(vault, pack, 0, salt, &key);
    vault_sector_aad(vault, pack, aad);
    run_seal(plain, sectors, &key);
    for (uint32_t i = 0; i < sectors; i++) {
        size_t clear = i == 0 ? CRYPT_SALT : 0;
        memcpy(sector, salt, clear);
        crypt_seal(&key, i, bytes_of(aad, sizeof(aad)),
                   bytes_of(plain + vault_sector_offset(i), vault_sector_room(i)), sector + clear);
        if (pwrite(pack_fd, sector, sizeof(sector), (off_t)i * VAULT_SECTOR) != VAULT_SECTOR)
            abort();
    }
}

static int ignore(void *context, uint32_t frame, const struct hash *digest, uint32_t size_bytes, struct err *e)
{
    (void)context;
    (void)frame;
    (void)digest;
    (void)size_bytes;
    (void)e;
    return 0;
}

static void run_read(uint32_t sectors)
{
    struct vault_run run = {.pack = pack, .first_sector = 0, .sectors = sectors};
    struct vault_digest digest;
    if (vault_run_read(vault, &run, NULL) != 0)
        return;
    vault->run_count = 0;
    if (vault_run_add(vault, &run, NULL) != 0)
        abort();
    struct reader *r = vault_reader_take(vault, NULL);
    for (uint32_t i = 0; i < run.records && i < 64 && r != NULL; i++) {
        struct bytes got;
        if (vault_record_read(r, run.first_record + i, RECORD_FRAME, &frame_key, 0, &got, NULL) == 0 &&
            (got.n == 0 || got.n > VAULT_CHUNK_MAX))
            abort();
    }
    vault_reader_give(&r);
    for (uint32_t i = 0; i < run.records && i < 64; i++) {
        (void)vault_get(vault, &frame_key, run.first_record + i, NULL, &digest, NULL);
        (void)vault_list(vault, &frame_key, run.first_record + i, ignore, NULL, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (vault == NULL)
        start();
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        tables(data + 1, size - 1);
        return 0;
    }
    uint32_t sectors = 1 + data[0] / 2 % RUN_SECTORS_MAX;
    size_t n = (size_t)vault_run_room(sectors);
    OWN(mem_drop) uint8_t *plain = calloc(n, 1);
    if (plain == NULL)
        return 0;
    /* The footer first, then what fits from the beginning. */
    size_t rest = size - 1;
    size_t foot = rest < FOOTER ? rest : FOOTER;
    memcpy(plain + n - FOOTER, data + 1, foot);
    memcpy(plain, data + 1 + foot, rest - foot < n - FOOTER ? rest - foot : n - FOOTER);
    vault_runs_forget(vault);
    pack_renew();
    run_write(plain, sectors);
    run_read(sectors);
    return 0;
}
