/* Round trips: whatever is put comes back, whatever its size and however it is read. */
#include "fixture.h"

#include "vault/vault_internal.h"
#include "../base/thorough.h"

static const size_t sizes[] = {
    0,      1,      63,     64,      65,   1000,          16320,   16336,         16337,   65535, 65536,
    65537,  262143, 262144, 262145,  1 << 20, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 9000001,
};

static void every_size_comes_back(void **state)
{
    struct fixture f;
    uint8_t *p[COUNT(sizes) * 4];
    size_t n = 0;
    fixture_begin(&f, 4, 2);
    for (size_t k = 0; k < many(4, 4); k++)
        for (size_t i = 0; i < COUNT(sizes); i++, n++) {
            p[n] = fixture_bytes("rtzm"[k], sizes[i], i);
            assert_int_equal(fixture_put(&f, bytes_of(p[n], sizes[i])), n);
            if (n % 13 == 0)
                fixture_commit(&f, NULL);
        }
    fixture_commit(&f, NULL);
    for (size_t i = 0; i < n; i++)
        fixture_same(&f, i, bytes_of(p[i], sizes[i % COUNT(sizes)]));
    fixture_audit(&f);
    fixture_close(&f);
    fixture_open(&f);
    for (size_t i = 0; i < n; i++) {
        fixture_same(&f, i, bytes_of(p[i], sizes[i % COUNT(sizes)]));
        free(p[i]);
    }
    fixture_end(&f);
}

/* The cuts, and so what is found again, depend on the bytes alone. */
static void reading_in_other_steps_changes_nothing(void **state)
{
    static const size_t steps[] = {0, 777, 4096, 1 << 20, 3000001};
    struct fixture f;
    struct vault_flushed x;
    size_t n = 10 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 1);
    fixture_begin(&f, 16, 2);
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct err e = {0};
        struct fixture_source s = {.bytes = bytes_of(p, n), .step = steps[i]};
        struct vault_source source = fixture_source(&s);
        struct vault_digest digest;
        assert_int_equal(vault_put(f.w, &source, &digest, &e), 0);
        uint64_t leaf = fixture_keep(&f);
        fixture_commit(&f, &x);
        assert_true(i == 0 ? x.frame_count > 10 : x.frame_count == 0);
        vault_flushed_release(&x);
        fixture_same(&f, leaf, bytes_of(p, n));
    }
    fixture_end(&f);
}

/* A large object behind small ones begins in the same piece and moves on. */
static void large_behind_small(void **state)
{
    struct fixture f;
    uint8_t *p[60];
    size_t n[60];
    fixture_begin(&f, 8, 2);
    for (size_t i = 0; i < COUNT(p); i++) {
        n[i] = i % 4 == 3 ? (1 + i / 4) * 500000 : i * 3001;
        p[i] = fixture_bytes("rtm"[i % 3], n[i], i);
        assert_int_equal(fixture_put(&f, bytes_of(p[i], n[i])), i);
    }
    fixture_commit(&f, NULL);
    for (size_t i = 0; i < COUNT(p); i++) {
        fixture_same(&f, i, bytes_of(p[i], n[i]));
        free(p[i]);
    }
    fixture_end(&f);
}

static void failing_source(struct fixture *f, struct bytes x, size_t fail_at)
{
    struct err e = {0};
    struct fixture_source s = {.bytes = x, .step = 100000, .fail_at = fail_at};
    struct vault_source source = fixture_source(&s);
    struct vault_digest digest;
    assert_int_equal(vault_put(f->w, &source, &digest, &e), ERR_IO);
    assert_string_equal(e.text, "the source failed");
}

static void a_failing_source_ends_its_object_only(void **state)
{
    struct fixture f;
    size_t n = 12 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 9);
    fixture_begin(&f, 8, 2);
    for (size_t i = 0; i < 4; i++) {
        failing_source(&f, bytes_of(p, n), 1 + i * (3 << 20));
        uint64_t leaf = fixture_put(&f, bytes_of(p + i, 100000 + i));
        assert_int_equal(leaf, i);
    }
    uint64_t whole = fixture_put(&f, bytes_of(p, n));
    failing_source(&f, bytes_of(p, n), n);
    fixture_commit(&f, NULL);
    for (size_t i = 0; i < 4; i++)
        fixture_same(&f, i, bytes_of(p + i, 100000 + i));
    fixture_same(&f, whole, bytes_of(p, n));
    fixture_end(&f);
}

static void an_object_has_a_longest_length(void **state)
{
    struct fixture f;
    size_t n = 6 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', n, 9);
    fixture_begin(&f, 8, 2);
    f.v->object_bytes_max = n - 1;
    struct err e = {0};
    struct fixture_source s = {.bytes = bytes_of(p, n)};
    struct vault_source source = fixture_source(&s);
    struct vault_digest digest;
    assert_int_equal(vault_put(f.w, &source, &digest, &e), ERR_REFUSED);
    f.v->object_bytes_max = n;
    uint64_t leaf = fixture_put(&f, bytes_of(p, n));
    fixture_commit(&f, NULL);
    fixture_same(&f, leaf, bytes_of(p, n));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_comes_back),
        cmocka_unit_test(reading_in_other_steps_changes_nothing),
        cmocka_unit_test(large_behind_small),
        cmocka_unit_test(a_failing_source_ends_its_object_only),
        cmocka_unit_test(an_object_has_a_longest_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
