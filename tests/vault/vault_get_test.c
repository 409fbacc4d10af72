/* Whole objects: by one thread and by two, up to the sink's failure, and never more than what is whole. */
#include "fixture.h"
#include "../base/thorough.h"

#include <fcntl.h>

enum { MIB = 1 << 20 };

static uint64_t put_committed(struct fixture *f, struct bytes x)
{
    uint64_t leaf = fixture_put(f, x);
    fixture_commit(f, NULL);
    return leaf;
}

/* Below, at and above the length from which a second thread helps, and beyond what all batches hold together. */
static void the_same_by_one_thread_and_by_two(void **state)
{
    static const size_t lengths[] = {1, 65536, 65537, 4 * MIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 21 * MIB};
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct fixture f;
        fixture_begin(&f, 16, threads);
        for (size_t i = 0; i < COUNT(lengths); i++)
            for (const char *kind = i < 4 ? "rt" : "m"; *kind != 0; kind++) {
                OWN(mem_drop) uint8_t *p = fixture_bytes(*kind, lengths[i], i + 1);
                fixture_same(&f, put_committed(&f, bytes_of(p, lengths[i])), bytes_of(p, lengths[i]));
            }
        fixture_end(&f);
    }
}

struct counted {
    size_t pieces, fail_at;
    struct buf got;
};

static int counting_write(void *context, struct bytes piece, struct err *e)
{
    struct counted *c = context;
    if (c->pieces++ == c->fail_at)
        return err_set(e, ERR_IO, "the sink is full");
    buf_put_bytes(&c->got, piece);
    return 0;
}

static void a_failing_sink_ends_both_threads(void **state)
{
    struct fixture f;
    size_t n = 30 * MIB;
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', n, 1);
    fixture_begin(&f, 16, 2);
    uint64_t leaf = put_committed(&f, bytes_of(p, n));
    size_t all = SIZE_MAX;
    for (size_t fail_at = 0; fail_at < all; fail_at += every(3, 3)) {
        struct counted c = {.fail_at = fail_at};
        struct vault_sink sink = {counting_write, &c};
        struct err e = {0};
        int rc = vault_get(f.v, &f.leaves[leaf].key, f.leaves[leaf].record, &sink, NULL, &e);
        if (rc == 0)
            all = c.pieces;
        else
            assert_string_equal(e.text, "the sink is full");
        assert_int_equal(c.pieces, rc == 0 ? all : fail_at + 1);
        assert_memory_equal(c.got.p, p, c.got.n);
        buf_drop(&c.got);
    }
    assert_true(all > 6);
    fixture_end(&f);
}

/* One bit of the last pack but one is wrong: what comes before is handed on, and then it is told. */
static void damage_in_the_middle_is_told_after_what_is_whole(void **state)
{
    struct fixture f;
    struct err e = {0};
    char path[256];
    uint8_t byte = 0;
    size_t n = 30 * MIB;
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', n, 1);
    fixture_begin(&f, 4, 2);
    uint64_t leaf = put_committed(&f, bytes_of(p, n));
    fixture_pack_path(&f, 4, 'a', path);
    OWN(fd_drop) int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, MIB), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, MIB), 1);
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct counted c = {.fail_at = SIZE_MAX};
        struct vault_sink sink = {counting_write, &c};
        fixture_close(&f);
        f.setup.threads = threads;
        fixture_open(&f);
        assert_int_equal(vault_get(f.v, &f.leaves[leaf].key, f.leaves[leaf].record, &sink, NULL, &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, "pack 4"));
        assert_true(c.got.n > 4 * MIB && c.got.n < n);
        assert_memory_equal(c.got.p, p, c.got.n);
        buf_drop(&c.got);
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_by_one_thread_and_by_two),
        cmocka_unit_test(a_failing_sink_ends_both_threads),
        cmocka_unit_test(damage_in_the_middle_is_told_after_what_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
