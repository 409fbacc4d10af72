/* What of an object cannot be had: by range, never more than the neighbourhood of the damage, and nothing less. */
#include "fixture.h"

#include "vault/vault_internal.h"

#include <fcntl.h>

enum { RANGES = 64 };

struct lost {
    struct vault_range range[RANGES];
    size_t count;
};

static int each(void *context, const struct vault_range *range, struct err *e)
{
    struct lost *l = context;
    assert_true(l->count < RANGES && range->bytes > 0);
    if (l->count > 0) /* in order, and neighbours are one */
        assert_true(range->first > l->range[l->count - 1].first + l->range[l->count - 1].bytes);
    l->range[l->count++] = *range;
    return 0;
}

static int look(struct fixture *f, uint64_t leaf, const uint64_t *packs, size_t pack_count, struct lost *ret)
{
    struct err e = {0};
    struct vault_lacks wish = {packs, pack_count, each, ret};
    ret->count = 0;
    return vault_lacks(f->v, &f->leaves[leaf].key, f->leaves[leaf].record, &wish, &e);
}

static void spoil(const struct fixture *f, uint64_t pack, uint32_t sector)
{
    char path[256];
    static const uint8_t noise[VAULT_SECTOR] = {1};
    fixture_pack_path(f, pack, 'a', path);
    OWN(fd_drop) int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, noise, sizeof noise, (off_t)sector * VAULT_SECTOR), VAULT_SECTOR);
}

static uint64_t sum(const struct lost *l)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < l->count; i++)
        bytes += l->range[i].bytes;
    return bytes;
}

static void ranges_of_a_long_object(void **state)
{
    static const uint64_t packs[] = {1, 2};
    struct fixture f;
    struct lost l;
    size_t n = 5 << 20;
    fixture_begin(&f, 1, 1);
    OWN(mem_drop) uint8_t *x = fixture_bytes('r', n, 5);
    uint64_t leaf = fixture_put(&f, bytes_of(x, n));
    fixture_commit(&f, NULL);
    assert_int_equal(look(&f, leaf, packs, 2, &l), 0);
    assert_int_equal(l.count, 0);
    spoil(&f, 1, 20);
    spoil(&f, 2, 45);
    fixture_close(&f); /* readers remember what they opened */
    fixture_open(&f);
    assert_int_equal(look(&f, leaf, packs, 2, &l), 0);
    assert_int_equal(l.count, 2);
    assert_in_range(sum(&l), 1, 1 << 20);
    assert_int_equal(look(&f, leaf, packs, 1, &l), 0); /* only where it is asked for */
    assert_int_equal(l.count, 1);
    assert_int_equal(look(&f, leaf, packs, 0, &l), 0);
    assert_int_equal(l.count, 0);
    fixture_end(&f);
}

static void a_lost_pack(void **state)
{
    static const uint64_t packs[] = {2};
    struct fixture f;
    struct lost l;
    char path[256];
    size_t n = 5 << 20;
    fixture_begin(&f, 1, 1);
    OWN(mem_drop) uint8_t *x = fixture_bytes('r', n, 5);
    OWN(mem_drop) uint8_t *y = fixture_bytes('r', 3000, 6);
    uint64_t small = fixture_put(&f, bytes_of(y, 3000));
    uint64_t leaf = fixture_put(&f, bytes_of(x, n));
    fixture_commit(&f, NULL);
    fixture_pack_path(&f, 2, 'a', path);
    assert_int_equal(unlink(path), 0);
    fixture_close(&f);
    fixture_open(&f);
    assert_int_equal(look(&f, leaf, packs, 1, &l), 0);
    assert_int_equal(l.count, 1);
    assert_in_range(l.range[0].bytes, 700 << 10, 1300 << 10);
    assert_int_equal(look(&f, small, packs, 1, &l), 0);
    assert_int_equal(l.count, 0);
    fixture_same(&f, small, bytes_of(y, 3000));
    fixture_end(&f);
}

static void a_lost_manifest(void **state)
{
    static const uint64_t packs[] = {0};
    struct fixture f;
    struct lost l;
    fixture_begin(&f, 1, 1);
    OWN(mem_drop) uint8_t *y = fixture_bytes('r', 3000, 6);
    uint64_t leaf = fixture_put(&f, bytes_of(y, 3000));
    fixture_commit(&f, NULL);
    spoil(&f, 0, 0);
    char path[256];
    fixture_pack_path(&f, 0, 'b', path);
    assert_int_equal(unlink(path), 0);
    fixture_close(&f);
    fixture_open(&f);
    assert_int_equal(look(&f, leaf, packs, 1, &l), ERR_DAMAGED);
    assert_int_equal(l.count, 0);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_of_a_long_object),
        cmocka_unit_test(a_lost_pack),
        cmocka_unit_test(a_lost_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
