/* What is written is Reed-Solomon by another hand's arithmetic, however the packs came, and however often. */
#include "fixture.h"

#include "vault/vault_internal.h"
#include "../base/thorough.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTORS = 64, PACK = SECTORS * VAULT_SECTOR };

/* ---- GF(2^8) modulo x^8+x^4+x^3+x^2+1, bit by bit ---- */

static uint8_t slow_times(uint8_t a, uint8_t b)
{
    unsigned sum = 0;
    unsigned shifted = a;
    for (; b != 0; b >>= 1) {
        if ((b & 1) != 0)
            sum ^= shifted;
        shifted = (shifted << 1) ^ ((shifted & 0x80) != 0 ? 0x11d : 0);
    }
    return (uint8_t)sum;
}

static uint8_t slow_inverse(uint8_t a)
{
    for (unsigned b = 1; b < 256; b++)
        if (slow_times(a, (uint8_t)b) == 1)
            return (uint8_t)b;
    return 0;
}

static uint8_t *whole_file(const char *path, size_t n)
{
    struct err e = {0};
    uint64_t bytes = 0;
    OWN(fd_drop) int fd = open(path, O_RDONLY);
    uint8_t *p = malloc(n);
    assert_true(fd >= 0 && p != NULL);
    assert_int_equal(file_size(fd, &bytes, path, &e), 0);
    assert_int_equal(bytes, n);
    assert_int_equal(file_read_at(fd, p, n, 0, path, &e), 0);
    return p;
}

/* Sector by sector, and the trailer by RFC 6962 over what lies there. */
static void stripe_is_right(struct fixture *f, size_t stripe)
{
    char path[256];
    struct vault_stripe_of s = fixture_stripe(f, stripe);
    struct trailer t;
    vault_trailer_shape(SECTORS, s.logged->packs + s.parity.files, &t);
    OWN(mem_drop) struct hash *leaves = calloc((size_t)t.members * SECTORS, sizeof *leaves);
    OWN(mem_drop) uint8_t *sum = malloc(PACK);
    OWN(mem_drop) uint8_t *trailer = malloc((size_t)t.sectors * VAULT_SECTOR);
    for (uint32_t file = 0; file < s.parity.files; file++) {
        memset(sum, 0, PACK);
        for (uint32_t i = 0; i < s.logged->packs; i++) {
            uint8_t c = slow_inverse((uint8_t)((s.parity.packs + file) ^ i));
            uint8_t times[256];
            for (unsigned b = 0; b < 256; b++)
                times[b] = slow_times(c, (uint8_t)b);
            fixture_member_path(f, stripe, i, path);
            OWN(mem_drop) uint8_t *pack = whole_file(path, PACK);
            for (size_t b = 0; b < PACK; b++)
                sum[b] ^= times[pack[b]];
            for (size_t k = 0; k < SECTORS; k++)
                crypt_leaf_hash(bytes_of(pack + k * VAULT_SECTOR, VAULT_SECTOR), &leaves[i * SECTORS + k]);
        }
        for (size_t k = 0; k < SECTORS; k++)
            crypt_leaf_hash(bytes_of(sum + k * VAULT_SECTOR, VAULT_SECTOR),
                            &leaves[(s.logged->packs + file) * SECTORS + k]);
        fixture_member_path(f, stripe, s.logged->packs + file, path);
        OWN(mem_drop) uint8_t *parity = whole_file(path, vault_parity_bytes(&s));
        assert_memory_equal(parity, sum, PACK);
        memcpy(trailer, parity + PACK, (size_t)t.sectors * VAULT_SECTOR);
        assert_int_equal(vault_audit_parity(&s, file, NULL, NULL), 0);
    }
    OWN(mem_drop) uint8_t *expected = malloc((size_t)t.sectors * VAULT_SECTOR);
    vault_trailer_fill(&t, leaves, expected);
    assert_memory_equal(trailer, expected, (size_t)t.sectors * VAULT_SECTOR);
}

static void stripes_are_right(struct fixture *f)
{
    size_t covered = 0;
    for (size_t i = 0; i < f->stripe_count; i++) {
        stripe_is_right(f, i);
        covered += f->stripes[i].packs;
    }
    assert_int_equal(covered, fixture_sealed(f));
}

static void agrees_with_slow_arithmetic(void **state)
{
    static const struct vault_parity shapes[] = {{16, 4}, {3, 2}, {1, 1}};
    for (size_t i = 0; i < COUNT(shapes); i += every(1, 1)) {
        struct fixture f;
        fixture_begin_with(&f, 1, 2, shapes[i]);
        fixture_fill(&f, 1, 400 << 10); /* a pack that was open for some commits */
        stripes_are_right(&f);
        fixture_fill(&f, shapes[i].packs == 16 ? 5 : 6, 700 << 10); /* one pack after another, across stripes */
        stripes_are_right(&f);
        fixture_fill(&f, 18, 12 << 20); /* many at once */
        stripes_are_right(&f);
        fixture_end(&f);
    }
}

static void another_writer_goes_on(void **state)
{
    struct fixture f;
    struct err e = {0};
    uint64_t cut = 0;
    char path[256];
    fixture_begin_with(&f, 1, 2, (struct vault_parity){4, 2});
    for (size_t sealed = 1; sealed < 7; sealed++) {
        fixture_fill(&f, sealed, 900 << 10);
        fixture_close(&f);
        fixture_open(&f);
        assert_int_equal(fixture_write(&f, &cut, &e), 0);
    }
    stripes_are_right(&f);
    /* A flush that nobody committed leaves its files, and the old ones: the next writer removes the former. */
    OWN(mem_drop) uint8_t *x = fixture_bytes('r', 3 << 20, 77);
    struct vault_flushed flushed = {0};
    fixture_put(&f, bytes_of(x, 3 << 20));
    f.leaf_count--;
    assert_int_equal(vault_flush(f.w, &flushed, &e), 0);
    assert_true(flushed.stripe_count >= 1);
    struct vault_stripe stray = flushed.stripes[0];
    vault_flushed_release(&flushed);
    char name[VAULT_PARITY_NAME_MAX];
    vault_parity_name(&stray, 0, name);
    (void)snprintf(path, sizeof path, "%s/%s", f.root, name);
    assert_true(file_exists(path));
    stripes_are_right(&f);
    fixture_close(&f);
    fixture_open(&f);
    assert_int_equal(fixture_write(&f, &cut, &e), 0);
    assert_false(file_exists(path));
    stripes_are_right(&f);
    fixture_fill(&f, 12, 2 << 20);
    stripes_are_right(&f);
    fixture_end(&f);
}

static void old_files_go_with_the_commit(void **state)
{
    struct fixture f;
    char before[256];
    char now[256];
    fixture_begin_with(&f, 1, 1, (struct vault_parity){4, 2});
    fixture_fill(&f, 1, 1 << 20);
    fixture_member_path(&f, 0, f.stripes[0].packs + 1, before);
    assert_true(file_exists(before));
    fixture_fill(&f, f.stripes[0].packs + 1, 1 << 20);
    fixture_member_path(&f, 0, f.stripes[0].packs + 1, now);
    assert_true(file_exists(now));
    assert_false(file_exists(before));
    fixture_end(&f);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte = 0;
    OWN(fd_drop) int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* Damaged parity is not summed on: the stripe is summed anew; and not from a pack that is damaged. */
static void damage_is_not_carried_on(void **state)
{
    static const off_t places[] = {5000, PACK - 1, PACK + 100};
    struct fixture f;
    struct err e = {0};
    char path[256];
    fixture_begin_with(&f, 1, 2, (struct vault_parity){16, 2});
    fixture_fill(&f, 2, 1 << 20);
    for (size_t i = 0; i < COUNT(places); i++) {
        for (unsigned file = 0; file < 2; file++) {
            fixture_member_path(&f, 0, f.stripes[0].packs + file, path);
            flip(path, places[i]);
        }
        fixture_fill(&f, fixture_sealed(&f) + 1, 1 << 20);
        stripes_are_right(&f);
    }
    fixture_member_path(&f, 0, f.stripes[0].packs, path);
    assert_int_equal(unlink(path), 0);
    fixture_fill(&f, fixture_sealed(&f) + 1, 1 << 20);
    stripes_are_right(&f);
    fixture_member_path(&f, 0, f.stripes[0].packs, path);
    assert_int_equal(unlink(path), 0);
    fixture_pack_path(&f, 1, 'a', path);
    flip(path, 70000);
    OWN(mem_drop) uint8_t *x = fixture_bytes('r', 2 << 20, 3);
    struct vault_flushed flushed = {0};
    uint64_t leaf = fixture_put(&f, bytes_of(x, 2 << 20));
    size_t stripes = f.stripe_count;
    uint32_t packs = f.stripes[0].packs;
    assert_int_equal(vault_flush(f.w, &flushed, &e), 0); /* what comes is kept; parity is owed, and that is told */
    assert_non_null(strstr(flushed.parity_blocked.text, "pack 1 is damaged: run groundwork repair"));
    assert_int_equal(flushed.stripe_count, 0);
    fixture_enter(&f, &flushed);
    assert_int_equal(vault_committed(f.w, &flushed, &e), 0);
    vault_flushed_release(&flushed);
    fixture_same(&f, leaf, bytes_of(x, 2 << 20));
    fixture_commit(&f, NULL);
    assert_int_equal(f.stripe_count, stripes);
    assert_int_equal(f.stripes[0].packs, packs);
    fixture_pack_path(&f, 1, 'a', path);
    flip(path, 70000); /* it is as it was */
    fixture_close(&f);
    fixture_open(&f);
    uint64_t cut;
    assert_int_equal(fixture_write(&f, &cut, &e), 0);
    fixture_commit(&f, NULL); /* nothing was put, and what is owed is made */
    stripes_are_right(&f);
    assert_true(f.stripes[f.stripe_count - 1].packs != packs || f.stripe_count != stripes);
    fixture_end(&f);
}

/* Until the syncer has nothing to do; of the old parity of the stripe, how many rows it has fetched. */
static uint32_t fetched_ahead(struct fixture *f)
{
    struct append *a = &f->w->append;
    for (unsigned i = 0;; i++) {
        (void)pthread_mutex_lock(&a->lock);
        const struct sum *s = vault_sum_of(&a->sums, f->stripes[0].stripe);
        bool done = s != NULL && f->w->parity.bare_count != 0 && !f->w->parity.summing && !vault_parity_waits(f->w);
        uint32_t rows = done ? s->old_rows : 0;
        (void)pthread_mutex_unlock(&a->lock);
        if (done)
            return rows;
        assert_true(i < 60000);
        (void)usleep(1000);
    }
}

/* Old parity that is fetched while packs are being filled is used, also when it was not fetched to its end. */
static void fetched_ahead_is_the_same(void **state)
{
    enum { WHOLE, LOST_AFTER, ONE_DAMAGED, LATE_DAMAGED, TRAILER_AFTER, HURRY, CASES };
    static const uint32_t rows[CASES] = {SECTORS, SECTORS, 0, SECTORS / 2, SECTORS, 0};
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct fixture f;
        char path[2][256];
        fixture_begin_with(&f, 1, 2, (struct vault_parity){16, 2});
        fixture_fill(&f, 2, 1 << 20);
        for (unsigned file = 0; file < 2; file++)
            fixture_member_path(&f, 0, f.stripes[0].packs + file, path[file]);
        if (i == ONE_DAMAGED)
            flip(path[1], 5000);
        if (i == LATE_DAMAGED)
            flip(path[0], PACK - 1);
        atomic_store(&f.w->parity.hurry, i == HURRY);
        OWN(mem_drop) uint8_t *x = fixture_bytes('r', 3 << 20, 3);
        uint64_t leaf = fixture_put(&f, bytes_of(x, 3 << 20));
        if (fetched_ahead(&f) != rows[i])
            fail_msg("case %d", i);
        for (unsigned file = 0; file < 2 && i == LOST_AFTER; file++)
            flip(path[file], 5000);
        for (unsigned file = 0; file < 2 && i == TRAILER_AFTER; file++)
            flip(path[file], PACK + 100);
        fixture_commit(&f, NULL);
        assert_false(atomic_load(&f.w->parity.hurry));
        stripes_are_right(&f);
        fixture_same(&f, leaf, bytes_of(x, 3 << 20));
        fixture_end(&f);
    }
}

struct waking {
    struct append *a;
    atomic_bool stop;
};

static void *wake_all(void *waking)
{
    struct waking *w = waking;
    while (!atomic_load(&w->stop)) {
        (void)pthread_mutex_lock(&w->a->lock);
        (void)pthread_cond_broadcast(&w->a->moved);
        (void)pthread_mutex_unlock(&w->a->lock);
        (void)usleep(50);
    }
    return NULL;
}

/* Whoever waits may be woken at any time and for nothing: while a flush sums, nothing is added to what it sums. */
static void woken_for_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct fixture f;
        pthread_t thread;
        fixture_begin_with(&f, 1, 2, (struct vault_parity){16, 2});
        fixture_fill(&f, 2, 1 << 20);
        struct waking waking = {.a = &f.w->append};
        assert_int_equal(pthread_create(&thread, NULL, wake_all, &waking), 0);
        OWN(mem_drop) uint8_t *x = fixture_bytes('r', 3 << 20, 3);
        for (uint8_t k = 0; k < 3; k++) {
            x[0] = k;
            (void)fixture_put(&f, bytes_of(x, 1500000));
            fixture_commit(&f, NULL);
        }
        atomic_store(&waking.stop, true);
        (void)pthread_join(thread, NULL);
        stripes_are_right(&f);
        fixture_end(&f);
    }
}

static int nothing_found(void *context, const struct hash *digest, uint32_t size_bytes, struct vault_known *ret,
                         struct err *e)
{
    (void)context, (void)digest, (void)size_bytes, (void)ret, (void)e;
    return ERR_ABSENT;
}

static void logs_that_do_not_fit_are_refused(void **state)
{
    struct fixture f;
    struct err e = {0};
    uint64_t cut = 0;
    fixture_begin_with(&f, 1, 1, (struct vault_parity){2, 1});
    fixture_fill(&f, 1, 1 << 20);
    fixture_close(&f);
    fixture_open(&f);
    uint32_t packs = f.stripes[0].packs;
    f.stripes[0].packs = 0;
    assert_int_equal(fixture_write(&f, &cut, &e), ERR_DAMAGED);
    vault_writer_close(f.w);
    f.stripes[0].packs = 3;
    assert_int_equal(fixture_write(&f, &cut, &e), ERR_DAMAGED);
    vault_writer_close(f.w);
    f.stripes[0].packs = packs;
    struct vault_stripe far = f.stripes[0]; /* what is sealed next lies before it */
    far.stripe = 7;
    far.packs = 2;
    const struct vault_pack two[] = {f.packs[0], f.packs[0]};
    const struct vault_parity_end end = {&far, 1, two, 2};
    const struct vault_memory memory = {nothing_found, NULL, NULL};
    assert_int_equal(
        vault_writer_open(f.v, fixture_open_pack(&f), f.next_pack, f.next_record, &memory, &f.w, &cut, &e), 0);
    assert_int_equal(vault_writer_stripes(f.w, &end, &e), 0);
    OWN(mem_drop) uint8_t *x = fixture_bytes('r', 2 << 20, 3);
    struct vault_flushed flushed = {0};
    (void)fixture_put(&f, bytes_of(x, 2 << 20));
    assert_int_equal(vault_flush(f.w, &flushed, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "the parity before it is not on the log"));
    fixture_end(&f);
    f.setup.parity = (struct vault_parity){33, 2};
    assert_int_equal(vault_open(&f.setup, &f.v, &e), ERR_NEWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_slow_arithmetic),
        cmocka_unit_test(another_writer_goes_on),
        cmocka_unit_test(old_files_go_with_the_commit),
        cmocka_unit_test(damage_is_not_carried_on),
        cmocka_unit_test(fetched_ahead_is_the_same),
        cmocka_unit_test(woken_for_nothing),
        cmocka_unit_test(logs_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
