/* The hash of what is streamed is that of all its pieces in their order, whoever makes it, and however it ends. */
#include "fixture.h"

#include "vault/vault_internal.h"

enum { LENGTH_MAX = 5 * PIECE + 77 };

static void streams_have_their_hash(void **state)
{
    static const size_t lengths[] = {PIECE + 1, 2 * PIECE, 3 * PIECE - 1, LENGTH_MAX};
    OWN(mem_drop) uint8_t *x = fixture_bytes('m', LENGTH_MAX, 5);
    (void)state;
    struct fixture f;
    fixture_begin(&f, 4, 2);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct fixture_source from = {.bytes = bytes_of(x, lengths[i]), .step = i == 1 ? 70001 : 0};
        struct vault_source source = fixture_source(&from);
        struct vault_digest got;
        struct hash want;
        struct err e = {0};
        assert_int_equal(vault_put(f.w, &source, &got, &e), 0);
        crypt_sha256(from.bytes, &want);
        assert_memory_equal(got.sha256.b, want.b, sizeof want.b);
        assert_int_equal(got.bytes, lengths[i]);
        assert_int_equal(f.w->digester.count, 0);
        (void)fixture_keep(&f);
    }
    fixture_end(&f);
}

/* Where no thread can be had the caller hashes: the ring stays empty. */
static void without_a_thread(void **state)
{
    struct fixture f;
    struct hash got, want;
    OWN(mem_drop) uint8_t *x = fixture_bytes('r', PIECE, 6);
    (void)state;
    fixture_begin(&f, 4, 1);
    struct piece p = {.data = x, .refs = 1};
    vault_digest_begin(f.w);
    assert_true(f.w->digester.running);
    pthread_t thread = f.w->digester.thread;
    f.w->digester.running = false;
    vault_digest_add(f.w, &p, PIECE);
    assert_int_equal(f.w->digester.count, 0);
    assert_int_equal(p.refs, 1);
    vault_digest_end(f.w, &got);
    crypt_sha256(bytes_of(x, PIECE), &want);
    assert_memory_equal(got.b, want.b, sizeof want.b);
    f.w->digester.running = true;
    f.w->digester.thread = thread;
    fixture_end(&f);
}

/* A source that fails in the middle, and a writer that has failed, leave nobody waiting and no piece held. */
static void what_ends_early(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct vault_digest got;
    OWN(mem_drop) uint8_t *x = fixture_bytes('r', LENGTH_MAX, 7);
    (void)state;
    fixture_begin(&f, 4, 2);
    struct fixture_source broken = {.bytes = bytes_of(x, LENGTH_MAX), .fail_at = 3 * PIECE + 5};
    struct vault_source source = fixture_source(&broken);
    assert_int_equal(vault_put(f.w, &source, &got, &e), ERR_IO);
    struct fixture_source whole = {.bytes = bytes_of(x, LENGTH_MAX)};
    source = fixture_source(&whole);
    assert_int_equal(vault_put(f.w, &source, &got, &e), 0);
    uint64_t leaf = fixture_keep(&f);
    fixture_commit(&f, NULL);
    fixture_same(&f, leaf, whole.bytes);
    struct err why = {0};
    (void)err_set(&why, ERR_IO, "the disk is gone");
    (void)vault_writer_fail(f.w, ERR_IO, &why);
    whole.at = 0;
    source = fixture_source(&whole);
    assert_int_equal(vault_put(f.w, &source, &got, &e), ERR_IO);
    assert_string_equal(e.text, "the disk is gone");
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_have_their_hash),
        cmocka_unit_test(without_a_thread),
        cmocka_unit_test(what_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
