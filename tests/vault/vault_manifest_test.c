/* Reading objects: whole, only checked, only looked at, listed; and what must not be given out. */
#include "fixture.h"

struct listed {
    size_t count;
    uint64_t bytes;
    uint32_t last;
};

static int each(void *context, uint32_t frame, const struct hash *digest, uint32_t size_bytes, struct err *e)
{
    struct listed *l = context;
    assert_true(l->count == 0 || frame > l->last);
    l->last = frame;
    l->count++;
    l->bytes += size_bytes;
    return l->count == 1000 ? err_set(e, ERR_STOPPED, "enough") : 0;
}

static void looking_and_listing(void **state)
{
    struct fixture f;
    struct err e = {0};
    size_t n = 5 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', n, 1);
    fixture_begin(&f, 4, 1);
    uint64_t first = fixture_put(&f, bytes_of(p, n));
    fixture_commit(&f, NULL);
    uint64_t second = fixture_put(&f, bytes_of(p, n));
    uint64_t small = fixture_put(&f, bytes_of(p, 100));
    uint64_t empty = fixture_put(&f, bytes_of(p, 0));
    fixture_commit(&f, NULL);
    struct vault_digest d;
    struct hash expected;
    crypt_sha256(bytes_of(p, n), &expected);
    assert_int_equal(vault_look(f.v, &f.leaves[second].key, f.leaves[second].record, &d, &e), 0);
    assert_int_equal(d.bytes, n);
    assert_memory_equal(&d.sha256, &expected, sizeof(expected));
    size_t counts[4];
    uint64_t leaves[] = {first, second, small, empty};
    for (size_t i = 0; i < COUNT(leaves); i++) {
        struct listed l = {0};
        const struct fixture_leaf *leaf = &f.leaves[leaves[i]];
        assert_int_equal(vault_list(f.v, &leaf->key, leaf->record, each, &l, &e), 0);
        counts[i] = l.count;
        if (i == 0)
            assert_int_equal(l.bytes, n);
    }
    assert_true(counts[0] > 20);
    assert_int_equal(counts[1], 0); /* all shared */
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[3], 0);
    fixture_end(&f);
}

static void a_wrong_key_or_record_opens_nothing(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct vault_digest d;
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', 300000, 1);
    fixture_begin(&f, 4, 1);
    (void)fixture_put(&f, bytes_of(p, 300000));
    (void)fixture_put(&f, bytes_of(p, 5));
    fixture_commit(&f, NULL);
    struct key wrong = f.leaves[1].key;
    for (uint64_t record = 0; record < f.next_record + 3; record++) {
        if (record == f.leaves[1].record)
            continue;
        assert_int_equal(vault_get(f.v, &wrong, record, NULL, &d, &e), ERR_DAMAGED);
        assert_int_equal(vault_look(f.v, &wrong, record, &d, &e), ERR_DAMAGED);
    }
    assert_int_equal(vault_get(f.v, &wrong, UINT64_MAX, NULL, &d, &e), ERR_DAMAGED);
    wrong.b[31] ^= 1;
    assert_int_equal(vault_get(f.v, &wrong, f.leaves[1].record, NULL, &d, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "pack 0, record "));
    assert_non_null(strstr(e.text, ": sector "));
    fixture_end(&f);
}

static int failing_write(void *context, struct bytes piece, struct err *e)
{
    size_t *left = context;
    return (*left)-- == 0 ? err_set(e, ERR_IO, "the sink is full") : 0;
}

static void a_failing_sink_is_told(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct vault_digest d;
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', 7 << 20, 1);
    fixture_begin(&f, 4, 1);
    (void)fixture_put(&f, bytes_of(p, 7 << 20));
    fixture_commit(&f, NULL);
    for (size_t after = 0; after < 3; after++) {
        size_t left = after;
        struct vault_sink sink = {failing_write, &left};
        assert_int_equal(vault_get(f.v, &f.leaves[0].key, f.leaves[0].record, &sink, &d, &e), ERR_IO);
        assert_string_equal(e.text, "the sink is full");
    }
    fixture_end(&f);
}

struct job {
    struct fixture *f;
    struct bytes x;
    int rc;
};

static void *reading_thread(void *arg)
{
    struct job *j = arg;
    for (uint64_t i = 0; i < j->f->leaf_count && j->rc == 0; i++) {
        OWN(buf_drop) struct buf got = {0};
        struct err e = {0};
        j->rc = fixture_get(j->f, i, &got, &e);
        if (j->rc == 0 && !bytes_equal(buf_bytes(&got), j->x))
            j->rc = 1;
    }
    return NULL;
}

static void several_threads_read(void **state)
{
    struct fixture f;
    size_t n = 700000;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 1);
    pthread_t threads[4];
    struct job jobs[4];
    fixture_begin(&f, 2, 1);
    for (size_t i = 0; i < 6; i++) {
        (void)fixture_put(&f, bytes_of(p, n));
        fixture_commit(&f, NULL);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        jobs[i] = (struct job){&f, bytes_of(p, n), 0};
        assert_int_equal(pthread_create(&threads[i], NULL, reading_thread, &jobs[i]), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(jobs[i].rc, 0);
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_and_listing),
        cmocka_unit_test(a_wrong_key_or_record_opens_nothing),
        cmocka_unit_test(a_failing_sink_is_told),
        cmocka_unit_test(several_threads_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
