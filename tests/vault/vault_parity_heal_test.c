/* Damage of every kind that the code covers, brought back bit by bit; and beyond it, what is left is left as it was. */
#include "fixture.h"

#include "vault/vault_internal.h"
#include "../base/thorough.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- a stripe, remembered as it was ---- */

struct remembered {
    struct fixture f;
    struct vault_stripe_of s;
    unsigned members;
    char path[PARITY_MEMBERS_MAX][256];
    uint8_t *bytes[PARITY_MEMBERS_MAX];
    size_t n[PARITY_MEMBERS_MAX];
    uint64_t random;
    struct vault_mended mended[PARITY_MEMBERS_MAX];
    size_t mended_count;
};

static uint8_t *read_whole(const char *path, size_t *ret_n)
{
    OWN(buf_drop) struct buf b = {0};
    struct err e = {0};
    assert_int_equal(file_read_all(path, 1 << 30, &b, &e), 0);
    *ret_n = b.n;
    return TAKE(b.p);
}

static void remember(struct remembered *r, struct vault_parity parity, size_t sealed, size_t stripe)
{
    *r = (struct remembered){.random = 12345};
    fixture_begin_with(&r->f, 1, 2, parity);
    fixture_fill(&r->f, sealed, 1 << 20);
    r->s = fixture_stripe(&r->f, stripe);
    r->members = r->s.logged->packs + parity.files;
    for (unsigned i = 0; i < r->members; i++) {
        fixture_member_path(&r->f, stripe, i, r->path[i]);
        r->bytes[i] = read_whole(r->path[i], &r->n[i]);
    }
}

static void forget(struct remembered *r)
{
    for (unsigned i = 0; i < r->members; i++)
        free(r->bytes[i]);
    fixture_end(&r->f);
}

static void put_back(struct remembered *r)
{
    for (unsigned i = 0; i < r->members; i++) {
        (void)rmdir(r->path[i]);
        (void)unlink(r->path[i]);
        OWN(fd_drop) int fd = open(r->path[i], O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(write(fd, r->bytes[i], r->n[i]), r->n[i]);
    }
}

static bool is_as_it_was(const struct remembered *r, unsigned member)
{
    OWN(buf_drop) struct buf b = {0};
    return file_read_all(r->path[member], 1 << 30, &b, NULL) == 0 && b.n == r->n[member] &&
           memcmp(b.p, r->bytes[member], b.n) == 0;
}

static void told(void *context, const struct vault_mended *m)
{
    struct remembered *r = context;
    r->mended[r->mended_count++] = *m;
}

static int repair(struct remembered *r)
{
    struct err e = {0};
    r->mended_count = 0;
    return vault_repair_stripe(&r->s, told, r, &e);
}

static bool leftovers(const struct remembered *r)
{
    bool any = false;
    for (unsigned i = 0; i < r->members; i++) {
        char path[300];
        (void)snprintf(path, sizeof path, "%s.repaired", r->path[i]);
        any = any || file_exists(path);
    }
    return any;
}

/* Everything is as it was, and a further repair finds nothing to do. */
static void heals(struct remembered *r, size_t damaged)
{
    assert_int_equal(repair(r), 0);
    assert_int_equal(r->mended_count, damaged);
    for (size_t i = 0; i < r->mended_count; i++)
        assert_int_equal(r->mended[i].lost, 0);
    for (unsigned i = 0; i < r->members; i++)
        assert_true(is_as_it_was(r, i));
    assert_int_equal(repair(r), 0);
    assert_int_equal(r->mended_count, 0);
    assert_false(leftovers(r));
}

/* ---- ways to be damaged ---- */

static uint64_t draw(struct remembered *r, uint64_t below)
{
    r->random = r->random * 6364136223846793005u + 1442695040888963407u;
    return (r->random >> 33) % below;
}

static void lose(struct remembered *r, unsigned member, unsigned way)
{
    const char *path = r->path[member];
    OWN(mem_drop) uint8_t *noise = fixture_bytes('r', r->n[member], way + 1);
    if (way % 6 == 0 || way % 6 == 4)
        assert_int_equal(unlink(path), 0);
    if (way % 6 == 1)
        assert_int_equal(truncate(path, (off_t)(r->n[member] / 3)), 0);
    if (way % 6 == 2) {
        OWN(fd_drop) int fd = open(path, O_WRONLY);
        assert_int_equal(pwrite(fd, noise, r->n[member], 0), r->n[member]);
    }
    if (way % 6 == 3)
        assert_int_equal(truncate(path, 0), 0);
    if (way % 6 == 4)
        assert_int_equal(mkdir(path, 0700), 0);
    if (way % 6 == 5)
        assert_int_equal(truncate(path, (off_t)r->n[member] + 5), 0);
}

static void spoil_sector(struct remembered *r, unsigned member, size_t sector)
{
    OWN(fd_drop) int fd = open(r->path[member], O_WRONLY);
    uint8_t noise[VAULT_SECTOR];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)draw(r, 256);
    assert_int_equal(pwrite(fd, noise, sizeof noise, (off_t)(sector * VAULT_SECTOR)), VAULT_SECTOR);
}

static void any_two_files_can_be_lost(void **state)
{
    struct remembered r;
    unsigned way = 0;
    remember(&r, (struct vault_parity){4, 2}, 7, 0);
    assert_int_equal(r.members, 6);
    for (unsigned a = 0; a < r.members; a++)
        for (unsigned b = a + 1; b < r.members; b++) {
            lose(&r, a, way++);
            lose(&r, b, way++);
            heals(&r, 2);
        }
    for (unsigned a = 0; a < r.members; a++) {
        lose(&r, a, way++);
        heals(&r, 1);
    }
    forget(&r);
}

static void any_two_of_eighteen(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){16, 2}, 17, 0);
    assert_int_equal(r.members, 18);
    for (unsigned k = 0; k < many(12, 6); k++) {
        unsigned a = (unsigned)draw(&r, 18);
        unsigned b = (a + 1 + (unsigned)draw(&r, 17)) % 18;
        lose(&r, a, k);
        lose(&r, b, k + 2);
        heals(&r, 2);
    }
    forget(&r);
}

static void an_incomplete_stripe_heals_too(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){16, 4}, 3, 0);
    assert_in_range(r.members, 7, 9);
    for (unsigned k = 0; k < many(6, 4); k++) {
        unsigned first = (unsigned)draw(&r, r.members);
        for (unsigned i = 0; i < 4; i++)
            lose(&r, (first + i) % r.members, k + i);
        heals(&r, 4);
    }
    forget(&r);
}

/* Each row has bad sectors of its own; the trailers have some too. */
static void scattered_sectors(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){16, 4}, 16, 0);
    for (unsigned k = 0; k < many(4, 2); k++) {
        for (size_t row = 0; row < 64; row++) {
            unsigned first = (unsigned)draw(&r, r.members);
            unsigned count = (unsigned)draw(&r, 5);
            for (unsigned i = 0; i < count; i++)
                spoil_sector(&r, (first + i * 7) % r.members, row);
        }
        spoil_sector(&r, 16, 64);
        spoil_sector(&r, 17, 65);
        spoil_sector(&r, 18, 66);
        (void)repair(&r);
        for (unsigned i = 0; i < r.members; i++)
            assert_true(is_as_it_was(&r, i));
        heals(&r, 0);
    }
    forget(&r);
}

static void the_stated_rates(void **state)
{
    static const struct {
        struct vault_parity parity;
        unsigned per_ten_thousand;
    } cases[] = {{{16, 2}, 5}, {{16, 4}, 50}};
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct remembered r;
        remember(&r, cases[c].parity, 16, 0);
        for (unsigned k = 0; k < many(10, 4); k++) { /* in torture as many rows as ten stripes of such packs have */
            size_t damaged = 0;
            for (unsigned i = 0; i < r.members; i++) {
                bool any = false;
                for (size_t sector = 0; sector < r.n[i] / VAULT_SECTOR; sector++)
                    if (draw(&r, 10000) < cases[c].per_ten_thousand) {
                        spoil_sector(&r, i, sector);
                        any = true;
                    }
                damaged += any;
            }
            heals(&r, damaged);
        }
        forget(&r);
    }
}

static void bursts_in_two_files(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){16, 2}, 16, 0);
    for (unsigned k = 0; k < 18; k++) {
        unsigned two[2] = {k, (k + 1 + (unsigned)draw(&r, 17)) % 18};
        for (unsigned i = 0; i < 2; i++) {
            size_t sectors = r.n[two[i]] / VAULT_SECTOR;
            size_t length = sectors / 20 + 1;
            size_t first = k % 3 == 0 ? sectors - length : draw(&r, sectors - length + 1); /* trailers are at the end */
            for (size_t s = first; s < first + length; s++)
                spoil_sector(&r, two[i], s);
        }
        heals(&r, 2);
    }
    forget(&r);
}

/* The damaged file is kept, whatever lies there already. */
static void the_damaged_is_set_aside(void **state)
{
    struct remembered r;
    char path[300];
    remember(&r, (struct vault_parity){2, 1}, 2, 0);
    for (unsigned k = 1; k <= 3; k++) {
        spoil_sector(&r, 1, 3);
        size_t n = 0;
        OWN(mem_drop) uint8_t *damaged = read_whole(r.path[1], &n);
        heals(&r, 1);
        (void)snprintf(path, sizeof path, k == 1 ? "%s/quarantine/000001.pack" : "%s/quarantine/000001.pack-%u",
                       r.f.root, k);
        size_t kept_n = 0;
        OWN(mem_drop) uint8_t *kept = read_whole(path, &kept_n);
        assert_int_equal(kept_n, n);
        assert_memory_equal(kept, damaged, n);
    }
    forget(&r);
}

/* ---- beyond the code ---- */

static void what_cannot_come_back_is_left(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){4, 2}, 4, 0);
    lose(&r, 0, 0);
    lose(&r, 1, 0);
    lose(&r, 2, 2); /* noise of the right length */
    size_t n = 0;
    OWN(mem_drop) uint8_t *noise = read_whole(r.path[2], &n);
    assert_int_equal(repair(&r), ERR_DAMAGED);
    assert_int_equal(r.mended_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(r.mended[i].healed, 0);
        assert_int_equal(r.mended[i].lost, 64);
    }
    assert_false(file_exists(r.path[0]));
    assert_false(file_exists(r.path[1]));
    size_t after_n = 0;
    OWN(mem_drop) uint8_t *after = read_whole(r.path[2], &after_n);
    assert_int_equal(after_n, n);
    assert_memory_equal(after, noise, n);
    assert_false(leftovers(&r));
    put_back(&r);
    heals(&r, 0);
    forget(&r);
}

/* Three packs with some bad rows in common: the others come back; those keep the bytes that they have. */
static void what_can_come_back_does(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){4, 2}, 4, 0);
    for (size_t row = 0; row < 64; row++)
        for (unsigned i = 0; i < 3; i++)
            if (row % 8 == 0 || row % 3 == i)
                spoil_sector(&r, i, row);
    size_t n = 0;
    OWN(mem_drop) uint8_t *damaged = read_whole(r.path[1], &n);
    assert_int_equal(repair(&r), ERR_DAMAGED);
    assert_int_equal(r.mended_count, 3);
    OWN(mem_drop) uint8_t *after = read_whole(r.path[1], &n);
    for (size_t row = 0; row < 64; row++)
        assert_memory_equal(after + row * VAULT_SECTOR, (row % 8 == 0 ? damaged : r.bytes[1]) + row * VAULT_SECTOR,
                            VAULT_SECTOR);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(r.mended[i].lost, 8);
    assert_int_equal(repair(&r), ERR_DAMAGED); /* nothing more to be had: nothing is exchanged again */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(r.mended[i].healed, 0);
    OWN(fd_drop) int fd = open(r.path[0], O_WRONLY | O_TRUNC); /* one pack is brought from elsewhere */
    assert_int_equal(write(fd, r.bytes[0], r.n[0]), r.n[0]);
    heals(&r, 2);
    forget(&r);
}

/* The same packs elsewhere, damaged too, but in other rows: each gives what the trailers bear out, and no more. */
static void packs_elsewhere_help(void **state)
{
    struct remembered r;
    char other[160], command[600];
    remember(&r, (struct vault_parity){4, 2}, 4, 0);
    (void)snprintf(other, sizeof other, "%s/other", r.f.root);
    (void)snprintf(command, sizeof command, "mkdir %s && cp -r %s/vault %s/vault", other, r.f.root, other);
    assert_int_equal(system(command), 0);
    r.s.elsewhere = other;
    for (size_t row = 0; row < 64; row++)
        for (unsigned i = 0; i < 4; i++)
            if (row % 8 == 0)
                spoil_sector(&r, i, row); /* twice what the code covers */
    char path[PARITY_MEMBERS_MAX][256];
    memcpy(path, r.path, sizeof path);
    for (unsigned i = 0; i < 4; i++) {
        (void)snprintf(r.path[i], sizeof r.path[i], "%s/vault/000/%06u.pack", other, i);
        spoil_sector(&r, i, 4); /* where it is good here */
        spoil_sector(&r, i, i < 2 ? 16 : 9); /* where it is bad here too, in two of them: the code covers that */
    }
    memcpy(r.path, path, sizeof path);
    heals(&r, 4);
    size_t brought = 0;
    for (unsigned i = 0; i < 4; i++)
        spoil_sector(&r, i, 16);
    assert_int_equal(repair(&r), 0);
    for (size_t i = 0; i < r.mended_count; i++)
        brought += r.mended[i].brought;
    assert_int_equal(brought, 2);
    for (unsigned i = 0; i < 4; i++)
        assert_true(is_as_it_was(&r, i));
    /* A pack that is not here comes from there, but for the row that is bad there and comes from the others. */
    lose(&r, 3, 0);
    lose(&r, 2, 0);
    heals(&r, 2);
    lose(&r, 0, 0); /* row 4 is bad in all of them elsewhere */
    lose(&r, 1, 0);
    lose(&r, 2, 0);
    assert_int_equal(repair(&r), ERR_DAMAGED);
    for (size_t i = 0; i < r.mended_count; i++)
        assert_int_equal(r.mended[i].lost, 1);
    put_back(&r);
    r.s.elsewhere = "nowhere";
    lose(&r, 0, 0);
    heals(&r, 1);
    forget(&r);
}

/* Both trailers have lost what they said of one pack, which is damaged: it is healed as a whole, and proves itself. */
static void trailers_may_be_silent(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){16, 2}, 16, 0);
    for (unsigned file = 0; file < 2; file++)
        for (size_t sector = 64; sector < r.n[16 + file] / VAULT_SECTOR; sector++)
            spoil_sector(&r, 16 + file, sector);
    spoil_sector(&r, 5, 20);
    heals(&r, 3);
    spoil_sector(&r, 16, 64); /* piece roots in one copy, leaves in the other */
    spoil_sector(&r, 17, 65);
    spoil_sector(&r, 0, 1);
    spoil_sector(&r, 15, 1);
    heals(&r, 4);
    forget(&r);
}

static void impossible_logs_are_refused(void **state)
{
    struct remembered r;
    remember(&r, (struct vault_parity){4, 2}, 4, 0);
    struct vault_stripe bad = *r.s.logged;
    const struct vault_stripe *good = r.s.logged;
    r.s.logged = &bad;
    bad.packs = 0;
    assert_int_equal(repair(&r), ERR_DAMAGED);
    bad.packs = 5;
    assert_int_equal(repair(&r), ERR_DAMAGED);
    bad = *good;
    bad.trailer.b[0] ^= 1; /* a log that no packs make: nothing is exchanged */
    assert_int_equal(repair(&r), ERR_DAMAGED);
    for (unsigned i = 0; i < r.members; i++)
        assert_true(is_as_it_was(&r, i));
    assert_false(leftovers(&r));
    forget(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_two_files_can_be_lost),
        cmocka_unit_test(any_two_of_eighteen),
        cmocka_unit_test(an_incomplete_stripe_heals_too),
        cmocka_unit_test(scattered_sectors),
        cmocka_unit_test(the_stated_rates),
        cmocka_unit_test(bursts_in_two_files),
        cmocka_unit_test(the_damaged_is_set_aside),
        cmocka_unit_test(what_cannot_come_back_is_left),
        cmocka_unit_test(what_can_come_back_does),
        cmocka_unit_test(packs_elsewhere_help),
        cmocka_unit_test(trailers_may_be_silent),
        cmocka_unit_test(impossible_logs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
