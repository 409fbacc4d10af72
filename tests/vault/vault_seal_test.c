/*
 * The pack as the tables describe it: decoded here once more with nothing but crypt/, so that a change of the format
 * that reader and writer make together is seen.
 */
#include "fixture.h"

#include "vault/vault_internal.h"

#include "base/file.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A disk with less room than it says: what is written to packs from this one on is not kept. */
static uint64_t room_for_packs = UINT64_MAX;

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    char link[64], path[256] = "";
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, sizeof path - 1);
    const char *name = got > 0 ? strstr(path, "/vault/000/") : NULL;
    if (name == NULL || strtoull(name + strlen("/vault/000/"), NULL, 10) < room_for_packs)
        return syscall(SYS_pwrite64, fd, p, n, at);
    OWN(mem_drop) uint8_t *zeros = aligned_alloc(PACK_ALIGN, n);
    assert_non_null(zeros);
    memset(zeros, 0, n);
    return syscall(SYS_pwrite64, fd, zeros, n, at);
}

static struct bytes pack_read(const struct fixture *f, uint64_t pack, struct buf *to)
{
    char path[256];
    struct err e = {0};
    fixture_pack_path(f, pack, 'a', path);
    assert_int_equal(file_read_all(path, 1 << 30, to, &e), 0);
    return buf_bytes(to);
}

/* The run's plaintext, by the table of sectors. */
static void run_open(const struct fixture *f, const struct vault_run *run, struct bytes pack, struct buf *to,
                     struct key *ret_key)
{
    const uint8_t *p = pack.p + (size_t)run->first_sector * 16384;
    uint8_t aad[56];
    memcpy(aad, f->setup.pin.b, 32);
    memcpy(aad + 32, f->keys.compartment, 16);
    u64_put(aad + 48, run->pack);
    crypt_derive_salted(&f->keys.pack, p, "groundwork/pack/v1", ret_key);
    for (uint32_t i = 0; i < run->sectors; i++) {
        size_t salt = i == 0 ? 32 : 0;
        size_t n = 16384 - salt;
        uint8_t plain[16384];
        assert_int_equal(crypt_open(ret_key, run->first_sector + i, bytes_of(aad, sizeof(aad)),
                                    bytes_of(p + (size_t)i * 16384 + salt, n), plain), 0);
        buf_put(to, plain, n - 16);
    }
}

/* Open the record at ${offset}; returns the offset behind it. */
static size_t record_open(const struct fixture *f, struct bytes run, size_t offset, const struct key *key,
                          uint64_t nonce, uint8_t type, uint64_t number, struct buf *to)
{
    const uint8_t *head = run.p + offset;
    uint32_t plain = u32_get(head + 4);
    uint32_t stored = u32_get(head + 8);
    uint8_t aad[68];
    assert_int_equal(head[0], type);
    assert_int_equal(u16_get(head + 2), 0);
    assert_int_equal(u64_get(head + 12), number);
    memcpy(aad, head, 20);
    memcpy(aad + 20, f->setup.pin.b, 32);
    memcpy(aad + 52, f->keys.compartment, 16);
    buf_clear(to);
    uint8_t *out = buf_more(to, stored);
    assert_non_null(out);
    assert_int_equal(crypt_open(key, nonce, bytes_of(aad, sizeof(aad)), bytes_of(head + 20, stored), out), 0);
    to->n = stored - 16;
    if (head[1] == 0)
        assert_int_equal(plain, stored - 16);
    return offset + 20 + stored;
}

static void the_tables_open_a_pack(void **state)
{
    struct fixture f;
    struct vault_flushed x;
    OWN(buf_drop) struct buf pack = {0};
    OWN(buf_drop) struct buf run = {0};
    OWN(buf_drop) struct buf out = {0};
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', 3000, 1);
    fixture_begin(&f, 1, 1);
    (void)fixture_put(&f, bytes_of(p, 3000));
    fixture_commit(&f, NULL);
    uint64_t leaf = fixture_put(&f, bytes_of(p, 2000));
    fixture_commit(&f, &x);
    assert_int_equal(x.run_count, 1);
    struct vault_run r = x.runs[0];
    vault_flushed_release(&x);
    assert_int_equal(r.first_sector, 1);
    assert_int_equal(r.sectors, 1);
    assert_int_equal(r.first_record, 2);
    assert_int_equal(r.records, 2);

    struct key run_key;
    struct key directory_key;
    run_open(&f, &r, pack_read(&f, 0, &pack), &run, &run_key);
    assert_int_equal(run.n, 16336);
    const uint8_t *footer = run.p + run.n - 16;
    uint32_t directory = u32_get(footer);
    assert_int_equal(u32_get(footer + 4), 2);
    assert_int_equal(u64_get(footer + 8), 2);
    crypt_derive(&run_key, "groundwork/directory/v1", bytes_of(NULL, 0), &directory_key);
    size_t end = record_open(&f, buf_bytes(&run), directory, &directory_key, 0, 3, 2, &out);
    for (size_t i = end; i < run.n - 16; i++)
        assert_int_equal(run.p[i], 0);
    assert_int_equal(out.n, 8);
    assert_int_equal(u32_get(out.p), 0);
    uint32_t second = u32_get(out.p + 4);
    assert_int_equal(second, 20 + 2000 + 16);

    /* Record 3 is the manifest, and holds the key of the frame, record 2. */
    assert_int_equal(f.leaves[leaf].record, 3);
    assert_int_equal(record_open(&f, buf_bytes(&run), second, &f.leaves[leaf].key, 0, 2, 3, &out), directory);
    assert_int_equal(out.n, 83);
    assert_int_equal(out.p[0], 1);
    assert_int_equal(out.p[1], 1);
    assert_int_equal(u64_get(out.p + 2), 2000);
    struct hash digest;
    crypt_sha256(bytes_of(p, 2000), &digest);
    assert_memory_equal(out.p + 10, digest.b, 32);
    assert_int_equal(out.p[42], 0);
    assert_int_equal(u64_get(out.p + 43), 2);
    struct key frame_key;
    memcpy(frame_key.b, out.p + 51, 32);
    assert_int_equal(record_open(&f, buf_bytes(&run), 0, &frame_key, 0, 1, 2, &out), second);
    assert_memory_equal(out.p, p, 2000);
    fixture_end(&f);
}

/* No byte value stands out anywhere in a pack: neither padding nor structure shows. */
static void a_sealed_pack_shows_nothing(void **state)
{
    struct fixture f;
    OWN(buf_drop) struct buf pack = {0};
    fixture_begin(&f, 1, 1);
    for (unsigned i = 0; i < 12; i++) {
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', 150000, i);
        (void)fixture_put(&f, bytes_of(p, 150000));
    }
    fixture_commit(&f, NULL);
    assert_true(f.pack_count >= 2 && f.packs[0].sealed);
    struct bytes all = pack_read(&f, 0, &pack);
    assert_int_equal(all.n, 1 << 20);
    for (size_t s = 0; s < 64; s++) {
        unsigned counts[256] = {0};
        for (size_t i = 0; i < 16384; i++)
            counts[all.p[s * 16384 + i]]++;
        for (size_t v = 0; v < 256; v++)
            assert_in_range(counts[v], 10, 160); /* 64 expected, deviation 8 */
    }
    fixture_end(&f);
}

/* The same objects twice give not one equal sector. */
static void no_sector_is_written_twice(void **state)
{
    struct buf packs[2] = {{0}, {0}};
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', 300000, 1);
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        fixture_begin(&f, 1, 1);
        (void)fixture_put(&f, bytes_of(p, 300000));
        fixture_commit(&f, NULL);
        (void)pack_read(&f, 0, &packs[i]);
        fixture_end(&f);
    }
    for (size_t i = 0; i + 16 <= packs[0].n; i += 16)
        for (size_t k = 0; k + 16384 <= packs[1].n; k += 16384)
            assert_memory_not_equal(packs[0].p + i, packs[1].p + k + i % 16384, 16);
    buf_drop(&packs[0]);
    buf_drop(&packs[1]);
}

/* One object taken in while there is room for so many packs. */
static int taken_in(uint64_t room, struct bytes object, size_t *ret_packs, struct err *e)
{
    struct fixture f;
    struct vault_flushed x = {0};
    struct fixture_source source = {.bytes = object};
    struct vault_source from = fixture_source(&source);
    struct vault_digest digest;
    const struct key key = {{1}};
    fixture_begin_with(&f, 1, 2, (struct vault_parity){16, 2});
    room_for_packs = room;
    int rc = vault_put(f.w, &from, &digest, e);
    if (rc == 0)
        rc = vault_keep(f.w, &key, 0, e);
    if (rc == 0)
        rc = vault_flush(f.w, &x, e);
    room_for_packs = UINT64_MAX;
    *ret_packs = x.pack_count;
    vault_flushed_release(&x);
    fixture_end(&f);
    return rc;
}

static void a_disk_that_keeps_less_than_it_takes_is_met(void **state)
{
    enum { BYTES = 4000000 };
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', BYTES, 1);
    struct err e = {0};
    size_t packs, none;
    (void)state;
    assert_int_equal(taken_in(UINT64_MAX, bytes_of(p, BYTES), &packs, &e), 0);
    assert_true(packs > 3);
    for (uint64_t room = 0; room < packs; room++) { /* the last one is open, and its second copy reads it */
        assert_int_equal(taken_in(room, bytes_of(p, BYTES), &none, &e), ERR_IO);
        assert_non_null(strstr(e.text, "did not come back as it was written"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_keeps_less_than_it_takes_is_met),
        cmocka_unit_test(the_tables_open_a_pack),
        cmocka_unit_test(a_sealed_pack_shows_nothing),
        cmocka_unit_test(no_sector_is_written_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
