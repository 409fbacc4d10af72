/* Opening a writer on what it must not write to, and a disk that fails under it. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void begin(struct fixture *f)
{
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', 100000, 1);
    fixture_begin(f, 1, 2);
    (void)fixture_put(f, bytes_of(p, 100000));
    fixture_commit(f, NULL);
    fixture_close(f);
    fixture_open(f);
}

static int open_writer(struct fixture *f)
{
    struct err e = {0};
    uint64_t cut = 0;
    int rc = fixture_write(f, &cut, &e);
    if (rc != 0)
        assert_non_null(strstr(e.text, "run "));
    vault_writer_drop(&f->w);
    f->w = NULL;
    return rc;
}

static void a_damaged_open_pack_is_not_written_on(void **state)
{
    struct fixture f;
    char path[256];
    uint8_t byte = 0;
    bool healed = false;
    struct err e = {0};
    begin(&f);
    assert_int_equal(open_writer(&f), 0);
    fixture_pack_path(&f, 0, 'a', path);
    {
        OWN(fd_drop) int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, 5000), 1);
        byte ^= 4;
        assert_int_equal(pwrite(fd, &byte, 1, 5000), 1);
    }
    assert_int_equal(open_writer(&f), ERR_DAMAGED);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(open_writer(&f), ERR_DAMAGED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(open_writer(&f), ERR_DAMAGED);
    assert_int_equal(vault_repair_pack(f.root, 64, &f.packs[0], &healed, &e), 0);
    assert_true(healed);
    assert_int_equal(open_writer(&f), 0);
    fixture_end(&f);
}

static void a_journal_that_does_not_fit_is_refused(void **state)
{
    struct fixture f;
    begin(&f);
    f.next_record++;
    assert_int_equal(open_writer(&f), ERR_DAMAGED);
    f.next_record--;
    f.next_pack = 0;
    assert_int_equal(open_writer(&f), ERR_DAMAGED);
    f.next_pack = 1;
    f.packs[0].sectors = 64;
    assert_int_equal(open_writer(&f), ERR_DAMAGED);
    fixture_end(&f);
}

/* No file may grow beyond some length: the writes fail as on a full disk. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void fill_until_failure(struct fixture *f, size_t object_bytes)
{
    struct err first = {0};
    struct err again = {0};
    struct vault_flushed x = {0};
    struct key key = {{1}};
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < 100; i++) {
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', object_bytes, i);
        struct fixture_source s = {.bytes = bytes_of(p, object_bytes)};
        struct vault_source source = fixture_source(&s);
        struct vault_digest digest;
        rc = vault_put(f->w, &source, &digest, &first);
        if (rc == 0)
            rc = vault_keep(f->w, &key, i, &first);
    }
    if (rc == 0)
        rc = vault_flush(f->w, &x, &first);
    assert_int_equal(rc, ERR_IO);
    assert_int_equal(vault_flush(f->w, &x, &again), ERR_IO); /* and stays so */
    assert_string_equal(first.text, again.text);
    assert_non_null(strstr(first.text, ".pack"));
}

static void a_full_disk_stops_the_writer_and_loses_nothing(void **state)
{
    static const size_t sizes[] = {2000, 60000, 1000000, 9000000};
    (void)signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct fixture f;
        struct err e = {0};
        uint64_t cut = 0;
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', 200000, 77);
        fixture_begin(&f, 8, 2);
        uint64_t leaf = fixture_put(&f, bytes_of(p, 200000));
        fixture_commit(&f, NULL);
        limit_files(220000);
        fill_until_failure(&f, sizes[i]);
        limit_files(RLIM_INFINITY);
        fixture_close(&f);
        fixture_open(&f);
        fixture_audit(&f);
        assert_int_equal(fixture_write(&f, &cut, &e), 0);
        fixture_same(&f, leaf, bytes_of(p, 200000));
        uint64_t next = fixture_put(&f, bytes_of(p + 1, 150000));
        fixture_commit(&f, NULL);
        fixture_same(&f, next, bytes_of(p + 1, 150000));
        fixture_end(&f);
    }
}

static void a_writer_may_be_left_at_any_time(void **state)
{
    size_t n = 12 << 20;
    OWN(mem_drop) uint8_t *p = fixture_bytes('m', n, 1);
    for (unsigned i = 0; i < 12; i++) {
        struct fixture f;
        struct err e = {0};
        struct fixture_source s = {.bytes = bytes_of(p, i % 3 == 0 ? n : 5000)};
        struct vault_source source = fixture_source(&s);
        struct vault_digest digest;
        fixture_begin(&f, 4, 1 + i % 4);
        for (unsigned k = 0; k < i; k++)
            (void)fixture_put(&f, bytes_of(p + k, 3000 + 40000 * k));
        if (i % 2 == 0)
            assert_int_equal(vault_put(f.w, &source, &digest, &e), 0); /* neither kept nor forgotten */
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_open_pack_is_not_written_on),
        cmocka_unit_test(a_journal_that_does_not_fit_is_refused),
        cmocka_unit_test(a_full_disk_stops_the_writer_and_loses_nothing),
        cmocka_unit_test(a_writer_may_be_left_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
