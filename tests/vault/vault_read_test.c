/* Damage: found by the audit, never given out as an object's bytes, and mended by copy b where there is one. */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void flip(const char *path, uint64_t at, uint8_t mask)
{
    uint8_t byte;
    OWN(fd_drop) int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
}

static void reopen(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

static int audit(struct fixture *f)
{
    struct err e = {0};
    return vault_audit_pack(f->root, f->setup.pack_sectors, &f->packs[0], NULL, &e);
}

/* Every leaf: its bytes, or damage; returns how many are damaged. */
static size_t damaged(struct fixture *f, uint8_t *const *p, const size_t *n)
{
    size_t count = 0;
    for (size_t i = 0; i < f->leaf_count; i++) {
        OWN(buf_drop) struct buf got = {0};
        struct err e = {0};
        int rc = fixture_get(f, i, &got, &e);
        count += rc != 0;
        if (rc == 0) {
            assert_int_equal(got.n, n[i]);
            assert_true(got.n == 0 || memcmp(got.p, p[i], got.n) == 0);
        } else {
            assert_int_equal(rc, ERR_DAMAGED);
            assert_non_null(strstr(e.text, "record "));
        }
    }
    return count;
}

enum { OBJECTS = 4, EVERY = 127 };
static const size_t lengths[OBJECTS] = {0, 3000, 70000, 20000};

static void begin(struct fixture *f, uint8_t **p)
{
    fixture_begin(f, 1, 1);
    for (size_t i = 0; i < OBJECTS; i++) {
        p[i] = fixture_bytes("rt"[i % 2], lengths[i], i);
        (void)fixture_put(f, bytes_of(p[i], lengths[i]));
        if (i == 1)
            fixture_commit(f, NULL);
    }
    fixture_commit(f, NULL);
    assert_int_equal(f->pack_count, 1);
    assert_false(f->packs[0].sealed);
}

static void end(struct fixture *f, uint8_t **p)
{
    fixture_end(f);
    for (size_t i = 0; i < OBJECTS; i++)
        free(p[i]);
}

/* Bits all over the pack, one in every 127th byte. */
static void no_flipped_bit_is_missed(void **state)
{
    struct fixture f;
    uint8_t *p[OBJECTS];
    char a[256];
    char b[256];
    size_t harmful = 0;
    begin(&f, p);
    fixture_pack_path(&f, 0, 'a', a);
    fixture_pack_path(&f, 0, 'b', b);
    uint64_t size = (uint64_t)f.packs[0].sectors * VAULT_SECTOR;
    for (uint64_t at = 0; at < size; at += EVERY) {
        uint8_t mask = (uint8_t)(1 << at % 8);
        flip(a, at, mask);
        assert_int_equal(audit(&f), ERR_DAMAGED);
        if (at % 2 == 0) {
            reopen(&f);
            assert_int_equal(damaged(&f, p, lengths), 0); /* copy b stands in */
            assert_true(vault_second_reads(f.v) != 0);
        }
        flip(b, at, mask);
        if (at % 3 == 0) {
            reopen(&f);
            harmful += damaged(&f, p, lengths) != 0;
        }
        flip(a, at, mask);
        assert_int_equal(audit(&f), ERR_DAMAGED);
        flip(b, at, mask);
    }
    assert_int_equal(audit(&f), 0);
    assert_true(harmful > size / EVERY / 3 - 5);
    reopen(&f);
    assert_int_equal(damaged(&f, p, lengths), 0);
    assert_int_equal(vault_second_reads(f.v), 0);
    end(&f, p);
}

static void a_short_pack_is_damage(void **state)
{
    struct fixture f;
    uint8_t *p[OBJECTS];
    char a[256];
    char b[256];
    begin(&f, p);
    fixture_pack_path(&f, 0, 'a', a);
    fixture_pack_path(&f, 0, 'b', b);
    off_t size = (off_t)f.packs[0].sectors * VAULT_SECTOR;
    for (off_t cut = 1; cut < size; cut += 5003) {
        assert_int_equal(truncate(a, size - cut), 0);
        reopen(&f);
        assert_int_equal(audit(&f), ERR_DAMAGED);
        assert_int_equal(damaged(&f, p, lengths), 0);
    }
    assert_int_equal(unlink(a), 0);
    reopen(&f);
    assert_int_equal(audit(&f), ERR_DAMAGED);
    assert_int_equal(damaged(&f, p, lengths), 0);
    assert_int_equal(unlink(b), 0);
    reopen(&f);
    assert_int_equal(damaged(&f, p, lengths), OBJECTS);
    end(&f, p);
}

static void other_keys_open_nothing(void **state)
{
    struct fixture f;
    uint8_t *p[OBJECTS];
    begin(&f, p);
    uint8_t *places[] = {f.keys.pack.b, f.keys.compartment, f.setup.pin.b};
    for (size_t i = 0; i < COUNT(places); i++) {
        places[i][5] ^= 1;
        reopen(&f);
        assert_int_equal(damaged(&f, p, lengths), OBJECTS);
        struct vault_run run = {.pack = 0, .first_sector = 0, .sectors = f.runs[0].sectors};
        struct err e = {0};
        assert_int_equal(vault_run_read(f.v, &run, &e), ERR_DAMAGED);
        places[i][5] ^= 1;
    }
    f.keys.chunk.b[0] ^= 1; /* only says where to cut */
    reopen(&f);
    assert_int_equal(damaged(&f, p, lengths), 0);
    end(&f, p);
}

/* A sector that lies at another place is as good as a broken one. */
static void sectors_do_not_move(void **state)
{
    struct fixture f;
    uint8_t *p[OBJECTS];
    uint8_t one[VAULT_SECTOR];
    uint8_t two[VAULT_SECTOR];
    begin(&f, p);
    for (char copy = 'a'; copy <= 'b'; copy++) {
        char path[256];
        fixture_pack_path(&f, 0, copy, path);
        OWN(fd_drop) int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, one, sizeof(one), 2 * VAULT_SECTOR), VAULT_SECTOR);
        assert_int_equal(pread(fd, two, sizeof(two), 3 * VAULT_SECTOR), VAULT_SECTOR);
        assert_int_equal(pwrite(fd, one, sizeof(one), 3 * VAULT_SECTOR), VAULT_SECTOR);
        assert_int_equal(pwrite(fd, two, sizeof(two), 2 * VAULT_SECTOR), VAULT_SECTOR);
    }
    reopen(&f);
    assert_int_equal(audit(&f), ERR_DAMAGED);
    assert_true(damaged(&f, p, lengths) != 0);
    end(&f, p);
}

static void runs_are_read_and_held_to_what_was_told(void **state)
{
    struct fixture f;
    uint8_t *p[OBJECTS];
    struct err e = {0};
    begin(&f, p);
    for (size_t i = 0; i < f.run_count; i++) {
        struct vault_run run = {f.runs[i].pack, f.runs[i].first_sector, f.runs[i].sectors, 77, 77};
        assert_int_equal(vault_run_read(f.v, &run, &e), 0);
        assert_int_equal(run.first_record, f.runs[i].first_record);
        assert_int_equal(run.records, f.runs[i].records);
        run.sectors--;
        assert_int_equal(vault_run_read(f.v, &run, &e), ERR_DAMAGED);
        run.sectors = 65;
        assert_int_equal(vault_run_read(f.v, &run, &e), ERR_DAMAGED);
    }
    f.runs[0].records--; /* a journal that says otherwise than the pack */
    f.runs[1].first_record--;
    reopen(&f);
    assert_int_equal(damaged(&f, p, lengths), OBJECTS);
    end(&f, p);
}

/* ---- runs whose directory is lost ---- */

enum { MANY = 900, MANY_BYTES = 300 }; /* their manifests lie behind the frames, in several sectors */

static void spoil(struct fixture *f, uint32_t sector)
{
    char path[256];
    for (char copy = 'a'; copy <= 'b'; copy++) {
        fixture_pack_path(f, 0, copy, path);
        flip(path, (uint64_t)sector * VAULT_SECTOR + 5000, 0x40);
    }
}

/* Whichever sector of a run is lost, only what lies in it is; and all of it with the salt alone. */
static void a_lost_sector_takes_only_what_lies_in_it(void **state)
{
    struct fixture f;
    uint8_t *p[MANY];
    size_t n[MANY];
    fixture_begin(&f, 1, 1);
    for (size_t i = 0; i < MANY; i++) {
        n[i] = MANY_BYTES;
        p[i] = fixture_bytes('r', n[i], i + 100);
        (void)fixture_put(&f, bytes_of(p[i], n[i]));
    }
    fixture_commit(&f, NULL);
    assert_int_equal(f.run_count, 1);
    assert_int_equal(f.pack_count, 1);
    const struct vault_run run = f.runs[0];
    assert_true(run.sectors > 20 && run.records == 2 * MANY);
    for (uint32_t s = 1; s < run.sectors; s += s + 3 < run.sectors ? 2 : 1) {
        const uint32_t last = run.first_sector + run.sectors - 1;
        struct vault_run asked = {.pack = run.pack, .first_sector = run.first_sector, .sectors = run.sectors};
        struct err e = {0};
        spoil(&f, last);
        if (run.first_sector + s != last)
            spoil(&f, run.first_sector + s);
        reopen(&f);
        size_t lost = damaged(&f, p, n);
        assert_true(lost > 0 && lost <= 160);
        /* How many records there are is known where the heads lead to the directory, and else not guessed. */
        int rc = vault_run_read(f.v, &asked, &e);
        assert_true(rc == 0 || rc == ERR_DAMAGED);
        assert_true(rc != 0 || (asked.first_record == run.first_record && asked.records == run.records));
        spoil(&f, last);
        if (run.first_sector + s != last)
            spoil(&f, run.first_sector + s);
    }
    char path[256];
    for (char copy = 'a'; copy <= 'b'; copy++) {
        fixture_pack_path(&f, 0, copy, path);
        flip(path, (uint64_t)run.first_sector * VAULT_SECTOR, 1);
    }
    reopen(&f);
    assert_int_equal(damaged(&f, p, n), MANY);
    for (size_t i = 0; i < MANY; i++)
        free(p[i]);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_flipped_bit_is_missed),
        cmocka_unit_test(a_short_pack_is_damage),
        cmocka_unit_test(other_keys_open_nothing),
        cmocka_unit_test(sectors_do_not_move),
        cmocka_unit_test(runs_are_read_and_held_to_what_was_told),
        cmocka_unit_test(a_lost_sector_takes_only_what_lies_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
