/*
 * Objects read in step: each is what it is alone, what they share is opened once, and nothing that lies warm hides a
 * fault.
 */
#include "fixture.h"
#include "vault/vault_internal.h"

#include <fcntl.h>
#include <stdio.h>

enum { MIB = 1 << 20, LONG = 4 * MIB };

struct got {
    struct bytes wanted;
    size_t at, fail_at; /* bytes; 0: never */
};
struct steps { /* a reading, and what it is of */
    struct opened opened[STRANDS];
    struct got got[STRANDS];
    struct vault_sink sink[STRANDS];
    struct strand strand[STRANDS];
    uint64_t read_bytes;
};

static int take(void *context, struct bytes piece, struct err *e)
{
    struct got *g = context;
    if (g->fail_at != 0 && g->at + piece.n > g->fail_at)
        return err_set(e, ERR_IO, "the sink is full");
    assert_true(piece.n <= g->wanted.n - g->at);
    assert_memory_equal(piece.p, g->wanted.p + g->at, piece.n);
    g->at += piece.n;
    return 0;
}

static void told(void *context, uint64_t bytes)
{
    ((struct steps *)context)->read_bytes += bytes;
}

/* Before it is read, ${spoil} may change what was opened. */
static void in_step(struct fixture *f, struct vault_seen *seen, const uint64_t *leaves, size_t count,
                    void (*spoil)(struct steps *x), struct steps *x)
{
    struct err e = {0};
    OWN(vault_reader_give) struct reader *r = vault_reader_take(f->v, &e);
    for (size_t i = 0; i < count; i++) {
        const struct fixture_leaf *leaf = &f->leaves[leaves[i]];
        assert_int_equal(vault_opened_load(r, &leaf->key, leaf->record, &x->opened[i], &e), 0);
        x->got[i].at = 0;
        x->sink[i] = (struct vault_sink){take, &x->got[i]};
        x->strand[i] = (struct strand){.o = &x->opened[i], .sink = &x->sink[i]};
    }
    if (spoil != NULL)
        spoil(x);
    x->read_bytes = 0;
    vault_on_read(f->v, told, x);
    const struct vault_reading reading = {r, seen, x->strand, count};
    assert_int_equal(vault_objects_read(&reading, &e), 0);
    vault_on_read(f->v, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        vault_opened_release(&x->opened[i]);
}

static void assert_whole(const struct steps *x, size_t i)
{
    assert_int_equal(x->strand[i].rc, 0);
    assert_int_equal(x->got[i].at, x->got[i].wanted.n);
}

/* ${n} bytes and two versions of them: one with pieces replaced and put in, one shorter. */
static void versions(struct fixture *f, char kind, size_t n, uint8_t *bytes[STRANDS], uint64_t leaves[STRANDS],
                     struct steps *x)
{
    bytes[0] = fixture_bytes(kind, n, 1);
    bytes[1] = fixture_bytes('r', n, 2);
    bytes[2] = fixture_bytes(kind, n, 1);
    size_t put_in = n / 32;
    memcpy(bytes[1], bytes[0], n / 3);
    memcpy(bytes[1] + n / 3 + put_in, bytes[0] + n / 3, n - n / 3 - put_in);
    memset(bytes[1] + n / 2, 77, n / 50);
    const size_t lengths[STRANDS] = {n, n, n - n / 5};
    *x = (struct steps){.read_bytes = 0};
    for (size_t i = 0; i < STRANDS; i++) {
        x->got[i].wanted = bytes_of(bytes[i], lengths[i]);
        leaves[i] = fixture_put(f, x->got[i].wanted);
        fixture_commit(f, NULL);
    }
}

static void versions_end(struct fixture *f, uint8_t *bytes[STRANDS])
{
    for (size_t i = 0; i < STRANDS; i++)
        free(bytes[i]);
    fixture_end(f);
}

static void each_is_what_it_is_alone_and_shared_frames_are_read_once(void **state)
{
    static struct steps x;
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct fixture f;
        uint8_t *bytes[STRANDS];
        uint64_t leaves[STRANDS];
        fixture_begin(&f, 4, threads);
        versions(&f, 'm', LONG, bytes, leaves, &x);
        uint64_t alone = 0;
        for (size_t count = 1; count <= STRANDS; count++) {
            fixture_close(&f); /* so that nothing lies warm */
            fixture_open(&f);
            in_step(&f, NULL, leaves, count, NULL, &x);
            for (size_t i = 0; i < count; i++)
                assert_whole(&x, i);
            alone = count == 1 ? x.read_bytes : alone;
            assert_true(x.read_bytes < alone + alone * 3 / 4); /* what is not shared, and not what is */
        }
        in_step(&f, NULL, leaves, 1, NULL, &x); /* and once more, out of what lies warm */
        assert_whole(&x, 0);
        assert_true(x.read_bytes < alone / 4);
        versions_end(&f, bytes);
    }
}

/* As many threads as make the rings the smallest there are, and frames of the longest kind. */
static void frames_that_fill_the_ring(void **state)
{
    static struct steps x;
    struct fixture f;
    uint8_t *bytes[STRANDS];
    uint64_t leaves[STRANDS];
    (void)state;
    fixture_begin(&f, 16, 8);
    versions(&f, 'r', 6 * MIB, bytes, leaves, &x);
    for (unsigned turn = 0; turn < 2; turn++) {
        in_step(&f, NULL, leaves, STRANDS, NULL, &x);
        for (size_t i = 0; i < STRANDS; i++)
            assert_whole(&x, i);
    }
    versions_end(&f, bytes);
}

/* However many threads there are, what all of them keep warm stays within 128 MiB; and each can hold a batch. */
static void what_lies_warm_has_a_bound(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= VAULT_THREADS_MAX; threads++) {
        struct fixture f;
        struct warm *warm = NULL;
        fixture_begin(&f, 1, threads);
        struct reader *r = vault_reader_take(f.v, NULL);
        assert_int_equal(vault_reader_warm(r, &warm, NULL), 0);
        assert_true(vault_warm_room(warm) * threads <= 128 * MIB);
        assert_true(vault_warm_room(warm) >= (STRANDS + 1) * VAULT_CHUNK_MAX);
        vault_reader_give(&r);
        fixture_end(&f);
    }
}

/* ---- faults ---- */

enum { FRAME = 7 }; /* of those that all versions have, and by then frames lie warm */

static void digest_flip(struct steps *x, size_t i)
{
    assert_int_equal(x->opened[i].m.parts, 1);
    x->opened[i].root.p[MANIFEST_LIST + FRAME * FRAME_REF + FRAME_REF - 1] ^= 1;
}

static void spoil_first(struct steps *x)
{
    digest_flip(x, 0);
}

static void spoil_first_two(struct steps *x)
{
    digest_flip(x, 0);
    digest_flip(x, 1);
}

/* References that are wrong and alike: the second finds warm what the first left, and is no more right for it. */
static void a_wrong_digest_is_found_by_all_who_give_it(void **state)
{
    static struct steps x;
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct fixture f;
        struct err e = {0};
        uint8_t *bytes[STRANDS];
        uint64_t leaves[STRANDS];
        fixture_begin(&f, 4, threads);
        versions(&f, 't', 3 * MIB, bytes, leaves, &x);
        for (unsigned turn = 0; turn < 6; turn++) {
            OWN(vault_seen_drop) struct vault_seen *seen = NULL;
            bool two = turn % 2 != 0;
            assert_int_equal(vault_seen_new(f.v, &seen, &e), 0);
            in_step(&f, turn < 3 ? NULL : seen, leaves, STRANDS, two ? spoil_first_two : spoil_first, &x);
            for (size_t i = 0; i <= two; i++) {
                assert_int_equal(x.strand[i].rc, ERR_DAMAGED);
                assert_non_null(strstr(x.strand[i].why.text, "does not have its digest"));
                assert_true(x.got[i].at < x.got[i].wanted.n);
            }
            for (size_t i = 1 + two; i < STRANDS; i++)
                assert_whole(&x, i);
        }
        versions_end(&f, bytes);
    }
}

/* One bit of a shared frame: each of them says so, with pack and record, as it does alone. */
static void damage_is_told_by_each(void **state)
{
    static struct steps x;
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct fixture f;
        uint8_t *bytes[STRANDS], byte = 0;
        uint64_t leaves[STRANDS];
        char path[256];
        fixture_begin(&f, 4, threads);
        versions(&f, 'r', LONG, bytes, leaves, &x);
        fixture_pack_path(&f, 0, 'a', path);
        OWN(fd_drop) int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, MIB), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, MIB), 1);
        fixture_close(&f);
        fixture_open(&f);
        in_step(&f, NULL, leaves, STRANDS, NULL, &x);
        for (size_t i = 0; i < STRANDS; i++) {
            struct err alone = {0};
            assert_int_equal(x.strand[i].rc, ERR_DAMAGED);
            assert_non_null(strstr(x.strand[i].why.text, "pack 0, record "));
            assert_int_equal(vault_get(f.v, &f.leaves[leaves[i]].key, f.leaves[leaves[i]].record, NULL, NULL, &alone),
                             ERR_DAMAGED);
            assert_string_equal(x.strand[i].why.text, alone.text);
        }
        versions_end(&f, bytes);
    }
}

/* It ends where its sink fails, and what it left unlooked at is not believed; the others go on. */
static void a_failing_sink_is_alone(void **state)
{
    static struct steps x;
    struct fixture f;
    uint8_t *bytes[STRANDS];
    uint64_t leaves[STRANDS];
    (void)state;
    fixture_begin(&f, 4, 2);
    versions(&f, 'm', LONG, bytes, leaves, &x);
    for (size_t fail_at = 1; fail_at < LONG; fail_at += 3 * MIB / 2)
        for (size_t which = 0; which < STRANDS; which++) {
            x.got[which].fail_at = fail_at;
            in_step(&f, NULL, leaves, STRANDS, NULL, &x);
            x.got[which].fail_at = 0;
            for (size_t i = 0; i < STRANDS; i++) {
                if (i != which) {
                    assert_whole(&x, i);
                    continue;
                }
                assert_int_equal(x.strand[i].rc, fail_at < x.got[i].wanted.n ? ERR_IO : 0);
                assert_true(x.strand[i].rc == 0 || x.got[i].at <= fail_at);
            }
        }
    versions_end(&f, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_what_it_is_alone_and_shared_frames_are_read_once),
        cmocka_unit_test(frames_that_fill_the_ring),
        cmocka_unit_test(what_lies_warm_has_a_bound),
        cmocka_unit_test(a_wrong_digest_is_found_by_all_who_give_it),
        cmocka_unit_test(damage_is_told_by_each),
        cmocka_unit_test(a_failing_sink_is_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
