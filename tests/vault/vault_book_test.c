/* Sharing: what is stored once, who is named as its holder, and what forgetting does. */
#include "fixture.h"

#include "vault/vault_internal.h"

static void put_and_forget(struct fixture *f, struct bytes x)
{
    struct err e = {0};
    struct fixture_source s = {.bytes = x};
    struct vault_source source = fixture_source(&s);
    struct vault_digest digest;
    assert_int_equal(vault_put(f->w, &source, &digest, &e), 0);
    vault_forget(f->w);
}

static void commit(struct fixture *f, size_t objects, size_t frames_least, size_t frames_most)
{
    struct vault_flushed x;
    fixture_commit(f, &x);
    assert_int_equal(x.object_count, objects);
    assert_in_range(x.frame_count, frames_least, frames_most);
    vault_flushed_release(&x);
}

/* How many frames of the leaf are its own; every other one must lie in ${holder}, unless that is ANY. */
#define ANY UINT64_MAX
static size_t own_frames(struct fixture *f, uint64_t leaf, uint64_t holder)
{
    struct err e = {0};
    OWN(vault_reader_give) struct reader *r = vault_reader_take(f->v, &e);
    OWN(vault_opened_release) struct opened o = {0};
    struct frame_ref ref;
    size_t own = 0;
    assert_int_equal(vault_opened_init(r, &f->leaves[leaf].key, f->leaves[leaf].record, &o, &e), 0);
    for (uint32_t i = 0; i < o.m.frames; i++) {
        assert_int_equal(vault_opened_frame(r, &o, i, &ref, &e), 0);
        assert_true(!ref.shared || ref.holder < f->leaf_count);
        assert_true(!ref.shared || holder == ANY || ref.holder == holder);
        own += !ref.shared;
    }
    return own;
}

static void the_same_bytes_store_only_a_manifest(void **state)
{
    static const size_t sizes[] = {1, 4000, 65536, 65537, 3 << 20, 9 << 20};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct fixture f;
        fixture_begin(&f, 8, 2);
        OWN(mem_drop) uint8_t *p = fixture_bytes('m', sizes[i], i);
        uint64_t first = fixture_put(&f, bytes_of(p, sizes[i]));
        uint64_t second = fixture_put(&f, bytes_of(p, sizes[i])); /* in the same commit */
        commit(&f, 2, 1, 1000);
        size_t distinct = f.chunk_count;
        uint64_t third = fixture_put(&f, bytes_of(p, sizes[i])); /* in a later one */
        commit(&f, 1, 0, 0);
        assert_int_equal(own_frames(&f, first, ANY) + own_frames(&f, second, ANY), distinct);
        assert_int_equal(own_frames(&f, third, ANY), 0);
        for (uint64_t leaf = 0; leaf < 3; leaf++)
            fixture_same(&f, leaf, bytes_of(p, sizes[i]));
        fixture_end(&f);
    }
}

static void an_edit_stores_little(void **state)
{
    struct fixture f;
    size_t n = 6 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', n, 3);
    fixture_begin(&f, 8, 2);
    (void)fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 40, 400);
    p[n / 3] ^= 1;
    uint64_t edited = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 1, 4);
    fixture_same(&f, edited, bytes_of(p, n));
    memmove(p + n / 2, p + n / 2 + 5, n - n / 2 - 5);
    edited = fixture_put(&f, bytes_of(p, n - 5));
    commit(&f, 1, 1, 4);
    fixture_same(&f, edited, bytes_of(p, n - 5));
    fixture_end(&f);
}

static void an_object_may_repeat_itself(void **state)
{
    struct fixture f;
    size_t n = 5 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('z', n, 3);
    fixture_begin(&f, 8, 2);
    uint64_t leaf = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 1, 2);
    assert_in_range(own_frames(&f, leaf, leaf), 1, 2);
    fixture_same(&f, leaf, bytes_of(p, n));
    fixture_end(&f);
}

/* A forgotten object is nobody's holder, though its frames may be used. */
static void the_forgotten_hold_nothing(void **state)
{
    struct fixture f;
    size_t n = 9 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 3);
    fixture_begin(&f, 8, 2);
    put_and_forget(&f, bytes_of(p, n));
    put_and_forget(&f, bytes_of(p, 1000));
    uint64_t kept = fixture_put(&f, bytes_of(p, n));
    uint64_t again = fixture_put(&f, bytes_of(p, n));
    put_and_forget(&f, bytes_of(p, n));
    commit(&f, 2, 5, 1000);
    assert_int_equal(own_frames(&f, kept, ANY) + own_frames(&f, again, ANY), f.chunk_count);
    fixture_same(&f, kept, bytes_of(p, n));
    fixture_same(&f, again, bytes_of(p, n));
    put_and_forget(&f, bytes_of(p, n)); /* after the commit, with nothing else */
    commit(&f, 0, 0, 0);
    fixture_end(&f);
}

static void flush_part(struct fixture *f, size_t frames)
{
    struct err e = {0};
    struct vault_flushed x = {0};
    assert_int_equal(vault_flush_part(f->w, &x, &e), 0);
    assert_int_equal(x.frame_count, frames);
    fixture_enter(f, &x);
    assert_int_equal(vault_committed(f->w, &x, &e), 0);
    vault_flushed_release(&x);
}

/* Between the parts of an intake nobody is asked again, and what was forgotten stays so; behind its end all are. */
static void parts_remember_each_other(void **state)
{
    struct fixture f;
    enum { BYTES = 4000, PARTS = 3 };
    OWN(mem_drop) uint8_t *p = fixture_bytes('t', BYTES, 3);
    OWN(mem_drop) uint8_t *q = fixture_bytes('t', BYTES, 4);
    uint64_t leaf[PARTS];
    (void)state;
    fixture_begin(&f, 8, 2);
    put_and_forget(&f, bytes_of(q, BYTES));
    for (size_t i = 0; i < PARTS; i++) {
        uint64_t before = f.found;
        leaf[i] = fixture_put(&f, bytes_of(p, BYTES));
        flush_part(&f, i == 0 ? 1 : 0);
        assert_int_equal(f.found, before);
    }
    uint64_t other = fixture_put(&f, bytes_of(q, BYTES));
    commit(&f, 1, 1, 1);
    assert_int_equal(own_frames(&f, leaf[0], ANY), 1);
    assert_int_equal(own_frames(&f, leaf[1], leaf[0]) + own_frames(&f, leaf[2], leaf[0]), 0);
    assert_int_equal(own_frames(&f, other, ANY), 1);
    f.leaves[leaf[0]].erased = true;
    uint64_t last = fixture_put(&f, bytes_of(p, BYTES));
    commit(&f, 1, 1, 1);
    assert_int_equal(own_frames(&f, last, ANY), 1);
    fixture_same(&f, last, bytes_of(p, BYTES));
    fixture_same(&f, other, bytes_of(q, BYTES));
    fixture_end(&f);
}

static void the_erased_hold_nothing(void **state)
{
    struct fixture f;
    size_t n = 5 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 3);
    fixture_begin(&f, 8, 2);
    uint64_t first = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 5, 1000);
    f.leaves[first].erased = true;
    uint64_t second = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 5, 1000);
    memset(&f.leaves[first].key, 0, sizeof(f.leaves[first].key));
    assert_true(own_frames(&f, second, second) > 5);
    fixture_same(&f, second, bytes_of(p, n));
    fixture_end(&f);
}

/* What the memory says wrongly costs space, never bytes. */
static void a_wrong_memory_is_not_believed(void **state)
{
    struct fixture f;
    size_t n = 5 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 3);
    OWN(mem_drop) uint8_t *q = fixture_bytes('t', 1000, 3);
    fixture_begin(&f, 8, 2);
    (void)fixture_put(&f, bytes_of(p, n));
    uint64_t other = fixture_put(&f, bytes_of(q, 1000));
    commit(&f, 2, 5, 1000);
    for (size_t i = 0; i < f.chunk_room; i++)
        if (f.chunks[i].size_bytes != 0)
            f.chunks[i].at = (struct vault_known){i % 3 == 0 ? other : 0, (uint32_t)(i * 77 % 5000)};
    uint64_t second = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 5, 1000);
    fixture_same(&f, second, bytes_of(p, n));
    fixture_end(&f);
}

/* What lies in a pack that something happened to is stored anew. */
static void suspect_packs_hold_nothing(void **state)
{
    struct fixture f;
    size_t n = 5 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 3);
    uint64_t *first = calloc(1, sizeof *first);
    (void)state;
    fixture_begin(&f, 8, 2);
    assert_non_null(first);
    (void)fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 5, 1000);
    vault_suspect(f.v, first, 1); /* pack 0, where all of it lies */
    uint64_t second = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 5, 1000);
    assert_true(own_frames(&f, second, second) > 5);
    vault_suspect(f.v, NULL, 0);
    (void)fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 0, 0);
    fixture_end(&f);
}

static void a_damaged_holder_holds_nothing(void **state)
{
    struct fixture f;
    size_t n = 5 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 3);
    fixture_begin(&f, 8, 2);
    uint64_t first = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 5, 1000);
    f.leaves[first].key.b[0] ^= 1; /* as if its manifest were damaged */
    uint64_t second = fixture_put(&f, bytes_of(p, n));
    commit(&f, 1, 5, 1000);
    fixture_same(&f, second, bytes_of(p, n));
    fixture_end(&f);
}

static void many_chunks_are_all_remembered(void **state)
{
    struct fixture f;
    enum { OBJECTS = 12000 };
    fixture_begin(&f, 8, 2);
    for (size_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < OBJECTS; i++) {
            uint8_t x[20] = {0};
            u32_put(x, i);
            (void)fixture_put(&f, bytes_of(x, sizeof(x)));
        }
        commit(&f, OBJECTS, round == 0 ? OBJECTS : 0, round == 0 ? OBJECTS : 0);
    }
    for (uint32_t i = 0; i < OBJECTS; i += 11) {
        uint8_t x[20] = {0};
        u32_put(x, i);
        fixture_same(&f, i, bytes_of(x, sizeof(x)));
        fixture_same(&f, OBJECTS + i, bytes_of(x, sizeof(x)));
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_store_only_a_manifest),
        cmocka_unit_test(an_edit_stores_little),
        cmocka_unit_test(an_object_may_repeat_itself),
        cmocka_unit_test(the_forgotten_hold_nothing),
        cmocka_unit_test(parts_remember_each_other),
        cmocka_unit_test(the_erased_hold_nothing),
        cmocka_unit_test(a_wrong_memory_is_not_believed),
        cmocka_unit_test(suspect_packs_hold_nothing),
        cmocka_unit_test(a_damaged_holder_holds_nothing),
        cmocka_unit_test(many_chunks_are_all_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
