/* Audit without keys, and repair from the other copy. */
#include "fixture.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct findings {
    size_t count;
    char copies[4];
    const char *what[4];
    uint64_t bytes, stop_at;
};

static void finding(void *context, const struct vault_finding *f)
{
    struct findings *x = context;
    assert_true(x->count < 4);
    x->copies[x->count] = f->copy;
    x->what[x->count++] = f->what;
}

static int progress(void *context, uint64_t bytes)
{
    struct findings *x = context;
    assert_true(bytes > x->bytes);
    x->bytes = bytes;
    return x->stop_at != 0 && bytes >= x->stop_at;
}

static int audit(struct fixture *f, size_t pack, struct findings *x)
{
    struct vault_watch watch = {finding, progress, x};
    struct err e = {0};
    *x = (struct findings){.stop_at = x->stop_at};
    return vault_audit_pack(f->root, f->setup.pack_sectors, &f->packs[pack], &watch, &e);
}

static int repair(struct fixture *f, size_t pack, bool *ret_healed)
{
    struct err e = {0};
    return vault_repair_pack(f->root, f->setup.pack_sectors, &f->packs[pack], ret_healed, &e);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte = 0;
    OWN(fd_drop) int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* One sealed pack and an open one. */
static void begin(struct fixture *f)
{
    fixture_begin(f, 1, 1);
    for (unsigned i = 0; i < 8; i++) {
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', 150000, i);
        (void)fixture_put(f, bytes_of(p, 150000));
    }
    fixture_commit(f, NULL);
    assert_int_equal(f->pack_count, 2);
    assert_true(f->packs[0].sealed && !f->packs[1].sealed);
}

static void whole_packs_are_whole(void **state)
{
    struct fixture f;
    struct findings x = {0};
    bool healed = true;
    begin(&f);
    assert_int_equal(audit(&f, 0, &x), 0);
    assert_int_equal(x.bytes, 1 << 20);
    assert_int_equal(audit(&f, 1, &x), 0);
    assert_int_equal(x.bytes, (uint64_t)f.packs[1].sectors * VAULT_SECTOR * 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(repair(&f, i, &healed), 0);
        assert_false(healed);
    }
    x.stop_at = 1;
    assert_int_equal(audit(&f, 0, &x), ERR_STOPPED);
    fixture_end(&f);
}

static void an_open_pack_heals_both_ways(void **state)
{
    struct fixture f;
    struct findings x = {0};
    struct stat st;
    begin(&f);
    off_t committed = (off_t)f.packs[1].sectors * VAULT_SECTOR;
    for (char copy = 'a'; copy <= 'b'; copy++)
        for (unsigned kind = 0; kind < 3; kind++) {
            char path[256];
            bool healed = false;
            fixture_pack_path(&f, 1, copy, path);
            if (kind == 0)
                flip(path, 12345);
            else
                assert_int_equal(kind == 1 ? truncate(path, 4000) : unlink(path), 0);
            static const char *const what[] = {"does not have its logged root", "is shorter than logged",
                                               "is missing"};
            bool behind = copy == 'b' && kind != 0; /* as a part of an intake leaves it: told, and no damage */
            assert_int_equal(audit(&f, 1, &x), behind ? 0 : ERR_DAMAGED);
            assert_int_equal(x.count, 1);
            assert_int_equal(x.copies[0], copy);
            if (behind)
                assert_non_null(strstr(x.what[0], "is not whole"));
            else
                assert_string_equal(x.what[0], what[kind]);
            assert_int_equal(repair(&f, 1, &healed), 0);
            assert_true(healed);
            assert_int_equal(audit(&f, 1, &x), 0);
            assert_int_equal(stat(path, &st), 0);
            assert_int_equal(st.st_size, committed);
        }
    /* Of both copies, the one with a flipped bit and the short one are kept. */
    static const char *const kept[] = {"", "-2", "-3", "-4", "-5"};
    for (size_t i = 0; i < COUNT(kept); i++) {
        char aside[256];
        (void)snprintf(aside, sizeof aside, "%s/quarantine/000001.pack%s", f.root, kept[i]);
        assert_int_equal(file_exists(aside), i < 4);
    }
    /* What lies behind the committed sectors is no damage. */
    char path[256];
    fixture_pack_path(&f, 1, 'a', path);
    assert_int_equal(truncate(path, committed + 999), 0);
    assert_int_equal(audit(&f, 1, &x), 0);
    fixture_end(&f);
}

/* Sectors that a short second copy has heal the first one, and the first one heals the rest of the second. */
static void both_copies_together_are_enough(void **state)
{
    struct fixture f;
    struct findings x = {0};
    char a[256], b[256];
    bool healed = false;
    begin(&f);
    assert_true(f.packs[1].sectors >= 4);
    fixture_pack_path(&f, 1, 'a', a);
    fixture_pack_path(&f, 1, 'b', b);
    assert_int_equal(truncate(b, 2 * VAULT_SECTOR + 100), 0);
    flip(a, VAULT_SECTOR + 77);
    assert_int_equal(repair(&f, 1, &healed), 0);
    assert_true(healed);
    assert_int_equal(audit(&f, 1, &x), 0);
    assert_int_equal(truncate(b, 2 * VAULT_SECTOR + 100), 0);
    flip(a, 2 * VAULT_SECTOR + 77); /* of this sector only a part is there */
    assert_int_equal(repair(&f, 1, &healed), ERR_DAMAGED);
    fixture_end(&f);
}

static void nothing_is_invented(void **state)
{
    struct fixture f;
    struct findings x = {0};
    bool healed = false;
    char path[256];
    begin(&f);
    for (char copy = 'a'; copy <= 'b'; copy++) {
        fixture_pack_path(&f, 1, copy, path);
        flip(path, 5 + (copy == 'b'));
    }
    assert_int_equal(audit(&f, 1, &x), ERR_DAMAGED);
    assert_int_equal(x.count, 2);
    assert_int_equal(repair(&f, 1, &healed), ERR_DAMAGED);
    fixture_pack_path(&f, 0, 'a', path);
    assert_int_equal(truncate(path, (1 << 20) + 1), 0);
    assert_int_equal(audit(&f, 0, &x), ERR_DAMAGED);
    assert_string_equal(x.what[0], "is longer than logged");
    assert_int_equal(truncate(path, 1 << 20), 0);
    assert_int_equal(audit(&f, 0, &x), 0);
    flip(path, 777);
    assert_int_equal(audit(&f, 0, &x), ERR_DAMAGED);
    assert_int_equal(repair(&f, 0, &healed), ERR_DAMAGED);
    assert_int_equal(audit(&f, 0, &x), ERR_DAMAGED);
    fixture_end(&f);
}

/* A sealed pack whose copy b is still there, as after a crash between the commit and its removal. */
static void a_copy_b_left_over_still_heals(void **state)
{
    struct fixture f;
    bool healed = false;
    struct findings x = {0};
    char a[256];
    char b[256];
    struct err e = {0};
    OWN(buf_drop) struct buf bytes = {0};
    begin(&f);
    fixture_pack_path(&f, 0, 'a', a);
    fixture_pack_path(&f, 0, 'b', b);
    assert_int_equal(file_read_all(a, 1 << 20, &bytes, &e), 0);
    assert_int_equal(file_create(b, buf_bytes(&bytes), 0600, &e), 0);
    flip(a, 99999);
    assert_int_equal(repair(&f, 0, &healed), 0);
    assert_true(healed);
    assert_int_equal(audit(&f, 0, &x), 0);
    fixture_end(&f);
}

static void impossible_logs_are_refused(void **state)
{
    struct fixture f;
    struct err e = {0};
    bool healed;
    begin(&f);
    struct vault_pack bad[] = {f.packs[0], f.packs[0], f.packs[1], f.packs[1]};
    bad[0].sectors = 65;
    bad[1].sealed = false;
    bad[2].sectors = 0;
    bad[3].sealed = true;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(vault_audit_pack(f.root, 64, &bad[i], NULL, &e), ERR_DAMAGED);
        assert_int_equal(vault_repair_pack(f.root, 64, &bad[i], &healed, &e), ERR_DAMAGED);
    }
    assert_int_equal(vault_audit_pack(f.root, 63, &f.packs[0], NULL, &e), ERR_REFUSED);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_packs_are_whole),
        cmocka_unit_test(an_open_pack_heals_both_ways),
        cmocka_unit_test(both_copies_together_are_enough),
        cmocka_unit_test(nothing_is_invented),
        cmocka_unit_test(a_copy_b_left_over_still_heals),
        cmocka_unit_test(impossible_logs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
