/* Manifests of every form: none, one frame, a list, and a list in parts. */
#include "fixture.h"

#include "vault/vault_internal.h"

enum { BLOCK = 1 << 20 };

/* A long object without its bytes in memory: blocks of text, each its own. */
struct long_source {
    uint64_t blocks, at;
};

static int long_read(void *context, void *to, size_t n, size_t *ret_n, struct err *e)
{
    struct long_source *s = context;
    *ret_n = 0;
    while (s->at < s->blocks && n - *ret_n >= BLOCK) {
        uint8_t *p = (uint8_t *)to + *ret_n;
        static uint8_t *text;
        if (text == NULL)
            text = fixture_bytes('t', BLOCK, 1);
        memcpy(p, text, BLOCK);
        for (size_t i = 0; i < BLOCK; i += 512) /* no two chunks alike */
            u64_put(p + i, s->at * BLOCK + i);
        *ret_n += BLOCK;
        s->at++;
    }
    return 0;
}

static uint32_t parts_of(struct fixture *f, uint64_t leaf, uint32_t *ret_frames)
{
    struct err e = {0};
    OWN(vault_reader_give) struct reader *r = vault_reader_take(f->v, &e);
    OWN(vault_opened_release) struct opened o = {0};
    assert_int_equal(vault_opened_init(r, &f->leaves[leaf].key, f->leaves[leaf].record, &o, &e), 0);
    *ret_frames = o.m.frames;
    return o.m.parts;
}

static void a_long_object_has_parts(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct long_source s = {.blocks = 300};
    struct vault_source source = {long_read, &s};
    struct vault_digest put;
    struct vault_digest got;
    uint32_t frames = 0;
    fixture_begin(&f, 1, 2);
    assert_int_equal(vault_put(f.w, &source, &put, &e), 0);
    assert_int_equal(put.bytes, s.blocks * BLOCK);
    uint64_t leaf = fixture_keep(&f);
    fixture_commit(&f, NULL);
    assert_true(parts_of(&f, leaf, &frames) >= 3);
    assert_true(frames > vault_part_frames(f.setup.pack_sectors));
    assert_int_equal(vault_get(f.v, &f.leaves[leaf].key, f.leaves[leaf].record, NULL, &got, &e), 0);
    assert_memory_equal(&got, &put, sizeof(got));
    /* Again: all of it is found through the parts of the first manifest. */
    struct vault_flushed x;
    s.at = 0;
    assert_int_equal(vault_put(f.w, &source, &put, &e), 0);
    leaf = fixture_keep(&f);
    fixture_commit(&f, &x);
    assert_int_equal(x.frame_count, 0);
    vault_flushed_release(&x);
    assert_int_equal(vault_get(f.v, &f.leaves[leaf].key, f.leaves[leaf].record, NULL, &got, &e), 0);
    assert_memory_equal(&got, &put, sizeof(got));
    fixture_end(&f);
}

static void small_objects_have_one_part(void **state)
{
    static const size_t sizes[] = {0, 1, 65536, 65537, 3 << 20};
    struct fixture f;
    uint32_t frames = 0;
    fixture_begin(&f, 4, 1);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        OWN(mem_drop) uint8_t *p = fixture_bytes('t', sizes[i], i);
        (void)fixture_put(&f, bytes_of(p, sizes[i]));
    }
    fixture_commit(&f, NULL);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(parts_of(&f, i, &frames), 1);
        if (sizes[i] <= OBJECT_ONE_FRAME)
            assert_int_equal(frames, sizes[i] == 0 ? 0 : 1);
        else
            assert_true(frames >= 1);
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_object_has_parts),
        cmocka_unit_test(small_objects_have_one_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
