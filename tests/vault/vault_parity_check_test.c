/* Audit of parity files without keys, and the glance at their names. */
#include "fixture.h"

#include "vault/vault_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

struct seen {
    size_t count;
    struct vault_finding last;
    uint64_t bytes;
    bool stop;
};

static void finding(void *context, const struct vault_finding *f)
{
    struct seen *x = context;
    x->last = *f;
    x->count++;
}

static int progress(void *context, uint64_t bytes)
{
    struct seen *x = context;
    assert_true(bytes > x->bytes);
    x->bytes = bytes;
    return x->stop;
}

static int audit(const struct fixture *f, unsigned file, struct seen *x)
{
    struct err e = {0};
    struct vault_watch watch = {finding, progress, x};
    struct vault_stripe_of s = fixture_stripe(f, 0);
    *x = (struct seen){.stop = x->stop};
    return vault_audit_parity(&s, file, &watch, &e);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte = 0;
    OWN(fd_drop) int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void every_byte_counts(void **state)
{
    struct fixture f;
    struct seen x = {0};
    char path[256];
    fixture_begin_with(&f, 1, 1, (struct vault_parity){3, 2});
    fixture_fill(&f, 2, 1 << 20);
    struct vault_stripe_of s = fixture_stripe(&f, 0);
    uint64_t bytes = vault_parity_bytes(&s);
    assert_int_equal(audit(&f, 0, &x), 0);
    assert_int_equal(x.bytes, bytes);
    assert_int_equal(x.count, 0);
    fixture_member_path(&f, 0, s.logged->packs + 1, path);
    const off_t places[] = {0, (64 << 14) - 1, 64 << 14, (64 << 14) + 300, (65 << 14), (off_t)bytes - 1};
    for (size_t i = 0; i < COUNT(places); i++) {
        flip(path, places[i]);
        assert_int_equal(audit(&f, 1, &x), ERR_DAMAGED);
        assert_int_equal(audit(&f, 0, &x), 0);
        flip(path, places[i]);
    }
    assert_int_equal(truncate(path, (off_t)bytes + 1), 0);
    assert_int_equal(audit(&f, 1, &x), ERR_DAMAGED);
    assert_string_equal(x.last.what, "is longer than logged");
    assert_int_equal(truncate(path, (off_t)bytes - 1), 0);
    assert_int_equal(audit(&f, 1, &x), ERR_DAMAGED);
    assert_string_equal(x.last.what, "is shorter than logged");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(audit(&f, 1, &x), ERR_DAMAGED);
    assert_string_equal(x.last.what, "is missing");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(audit(&f, 1, &x), ERR_DAMAGED);
    assert_string_equal(x.last.what, "cannot be opened, or is no plain file");
    assert_int_equal(x.last.copy, '1');
    assert_int_equal(x.last.pack, 0);
    x.stop = true;
    assert_int_equal(audit(&f, 0, &x), ERR_STOPPED);
    fixture_end(&f);
}

static void impossible_logs_are_refused(void **state)
{
    struct fixture f;
    struct err e = {0};
    fixture_begin_with(&f, 1, 1, (struct vault_parity){3, 2});
    fixture_fill(&f, 1, 1 << 20);
    struct vault_stripe_of s = fixture_stripe(&f, 0);
    struct vault_stripe bad = *s.logged;
    s.logged = &bad;
    bad.packs = 0;
    assert_int_equal(vault_audit_parity(&s, 0, NULL, &e), ERR_DAMAGED);
    bad.packs = 4;
    assert_int_equal(vault_audit_parity(&s, 0, NULL, &e), ERR_DAMAGED);
    bad.packs = 1;
    s.parity.files = VAULT_PARITY_MAX + 1;
    assert_int_equal(vault_audit_parity(&s, 0, NULL, &e), ERR_NEWER);
    s.parity = (struct vault_parity){0, 0};
    assert_int_equal(vault_audit_parity(&s, 0, NULL, &e), ERR_NEWER);
    s.pack_sectors = 63;
    assert_int_equal(vault_audit_parity(&s, 0, NULL, &e), ERR_REFUSED);
    fixture_end(&f);
}

static void glance(const struct fixture *f, const char *root, uint64_t packs, uint64_t stripes, uint64_t whole)
{
    struct vault_glance c;
    vault_glance(&(struct vault_glanced){.root = root,
                                         .pack_sectors = f->setup.pack_sectors,
                                         .parity = f->setup.parity,
                                         .packs = f->pack_count,
                                         .open = f->pack_count > 0 && !f->packs[f->pack_count - 1].sealed,
                                         .covered = fixture_sealed(f)},
                 &c);
    assert_int_equal(c.packs_here, packs);
    assert_int_equal(c.stripes, stripes);
    assert_int_equal(c.whole, whole);
}

static void suspects_are(const struct fixture *f, const uint64_t *want, size_t count)
{
    struct err e = {0};
    OWN(mem_drop) uint64_t *got = NULL;
    size_t n = 0;
    const struct vault_glanced of = {.root = f->root,
                                     .pack_sectors = f->setup.pack_sectors,
                                     .parity = f->setup.parity,
                                     .packs = f->pack_count,
                                     .open = !f->packs[f->pack_count - 1].sealed,
                                     .covered = fixture_sealed(f)};
    assert_int_equal(vault_suspects(&of, &got, &n, &e), 0);
    assert_int_equal(n, count);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(got[i], want[i]);
}

static void suspects_are_what_something_happened_to(void **state)
{
    struct fixture f;
    char path[256];
    (void)state;
    fixture_begin_with(&f, 1, 1, (struct vault_parity){3, 2});
    fixture_fill(&f, 5, 1 << 20);
    suspects_are(&f, NULL, 0);
    fixture_pack_path(&f, 1, 'a', path);
    assert_int_equal(truncate(path, 100), 0);
    suspects_are(&f, (const uint64_t[]){1}, 1);
    fixture_pack_path(&f, 3, 'a', path);
    assert_int_equal(vault_set_aside(f.root, path, NULL), 0);
    assert_int_equal(vault_set_aside(f.root, path, NULL), 0); /* once more, under another name */
    suspects_are(&f, (const uint64_t[]){1, 3}, 2);
    assert_int_equal(vault_lost_mark(f.root, 0, true, NULL), 0);
    assert_int_equal(vault_lost_mark(f.root, 0, true, NULL), 0);
    assert_int_equal(vault_lost_mark(f.root, 77, true, NULL), 0); /* of no pack that there is */
    suspects_are(&f, (const uint64_t[]){0, 1, 3}, 3);
    assert_int_equal(vault_lost_mark(f.root, 0, false, NULL), 0);
    assert_int_equal(vault_lost_mark(f.root, 0, false, NULL), 0);
    suspects_are(&f, (const uint64_t[]){1, 3}, 2);
    fixture_end(&f);
}

static void a_glance_sees_what_is_missing(void **state)
{
    struct fixture f;
    char path[256];
    fixture_begin_with(&f, 1, 1, (struct vault_parity){3, 2});
    glance(&f, f.root, 0, 0, 0);
    fixture_fill(&f, 7, 1 << 20);
    uint64_t stripes = f.stripe_count, packs = f.pack_count;
    glance(&f, f.root, packs, stripes, stripes);
    fixture_member_path(&f, 1, 1, path);
    assert_int_equal(unlink(path), 0);
    glance(&f, f.root, packs - 1, stripes, stripes - 1);
    fixture_member_path(&f, 0, 4, path);
    assert_int_equal(truncate(path, 100), 0);
    glance(&f, f.root, packs - 1, stripes, stripes - 2);
    f.setup.parity = (struct vault_parity){0, 0};
    glance(&f, f.root, packs - 1, 0, 0);
    f.setup.parity = (struct vault_parity){3, 2};
    glance(&f, "nowhere", 0, stripes, 0);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(impossible_logs_are_refused),
        cmocka_unit_test(suspects_are_what_something_happened_to),
        cmocka_unit_test(a_glance_sees_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
