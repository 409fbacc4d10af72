/* The commit: what is durable when, and what a crash at each step leaves for the next writer. */
#include "fixture.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static uint64_t file_bytes(const struct fixture *f, uint64_t pack, char copy)
{
    char path[256];
    struct stat st;
    fixture_pack_path(f, pack, copy, path);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void nothing_put_nothing_flushed(void **state)
{
    struct fixture f;
    struct vault_flushed x;
    fixture_begin(&f, 1, 1);
    for (unsigned i = 0; i < 3; i++) {
        fixture_commit(&f, &x);
        assert_int_equal(x.object_count + x.frame_count + x.run_count + x.pack_count + x.stored_bytes, 0);
        assert_int_equal(x.next_pack, 0);
        assert_int_equal(x.next_record, 0);
        vault_flushed_release(&x);
    }
    fixture_end(&f);
}

static void copy_b_follows_the_open_pack(void **state)
{
    struct fixture f;
    fixture_begin(&f, 1, 1);
    for (unsigned i = 0; i < 30; i++) {
        struct vault_flushed x;
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', 100000, i);
        (void)fixture_put(&f, bytes_of(p, 100000));
        fixture_commit(&f, &x);
        uint64_t bytes = 0;
        for (size_t k = 0; k < x.run_count; k++)
            bytes += (uint64_t)x.runs[k].sectors * VAULT_SECTOR;
        assert_int_equal(bytes, x.stored_bytes);
        vault_flushed_release(&x);
        for (size_t k = 0; k < f.pack_count; k++) {
            uint64_t committed = (uint64_t)f.packs[k].sectors * VAULT_SECTOR;
            assert_int_equal(file_bytes(&f, k, 'a'), committed);
            assert_int_equal(file_bytes(&f, k, 'b'), f.packs[k].sealed ? 0 : committed);
        }
        fixture_audit(&f);
    }
    assert_true(f.pack_count >= 3);
    fixture_end(&f);
}

/* A lost copy b is made whole by the next flush. */
static void copy_b_is_completed(void **state)
{
    struct fixture f;
    char path[256];
    fixture_begin(&f, 1, 1);
    for (unsigned i = 0; i < 4; i++) {
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', 50000, i);
        (void)fixture_put(&f, bytes_of(p, 50000));
        fixture_pack_path(&f, 0, 'b', path);
        if (i != 0)
            assert_int_equal(i == 2 ? truncate(path, 20000) : unlink(path), 0);
        fixture_commit(&f, NULL);
        fixture_audit(&f);
    }
    fixture_end(&f);
}

enum crash { BEFORE_FLUSH, BEFORE_COMMIT, AFTER_COMMIT };

/* A writer that is gone in the middle; the next one finds what was committed and nothing else. */
static void crash_at(enum crash when, size_t bytes)
{
    struct fixture f;
    struct err e = {0};
    struct vault_flushed x = {0};
    uint64_t cut = 0;
    OWN(mem_drop) uint8_t *first = fixture_bytes('r', 300000, 1);
    OWN(mem_drop) uint8_t *second = fixture_bytes('r', bytes, 2);
    fixture_begin(&f, 1, 2);
    (void)fixture_put(&f, bytes_of(first, 300000));
    fixture_commit(&f, NULL);
    (void)fixture_put(&f, bytes_of(second, bytes));
    if (when != BEFORE_FLUSH)
        assert_int_equal(vault_flush(f.w, &x, &e), 0);
    if (when == AFTER_COMMIT)
        fixture_enter(&f, &x); /* the journal has it, but vault_committed was never reached */
    else
        f.leaf_count--;
    vault_flushed_release(&x);
    fixture_close(&f);
    fixture_open(&f);
    assert_int_equal(fixture_write(&f, &cut, &e), 0);
    if (when == BEFORE_COMMIT)
        assert_true(cut >= bytes);
    if (when == AFTER_COMMIT)
        assert_int_equal(cut, 0);
    for (uint64_t pack = 0; pack < f.next_pack + 20; pack++) {
        const struct vault_pack *p = pack < f.pack_count ? &f.packs[pack] : NULL;
        assert_int_equal(file_bytes(&f, pack, 'a'), p == NULL ? 0 : (uint64_t)p->sectors * VAULT_SECTOR);
        if (p == NULL || p->sealed)
            assert_int_equal(file_bytes(&f, pack, 'b'), 0);
    }
    fixture_same(&f, 0, bytes_of(first, 300000));
    uint64_t leaf = when == AFTER_COMMIT ? 1 : fixture_put(&f, bytes_of(second, bytes));
    fixture_commit(&f, NULL);
    fixture_same(&f, leaf, bytes_of(second, bytes));
    fixture_audit(&f);
    fixture_end(&f);
}

static void part(struct fixture *f, uint64_t seed, size_t bytes)
{
    struct err e = {0};
    struct vault_flushed x = {0};
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', bytes, seed);
    (void)fixture_put(f, bytes_of(p, bytes));
    assert_int_equal(vault_flush_part(f->w, &x, &e), 0);
    fixture_enter(f, &x);
    assert_int_equal(vault_committed(f->w, &x, &e), 0);
    assert_int_equal(x.stripe_count, 0);
    vault_flushed_release(&x);
}

/* Parts leave second copies and parity to the last one, or to another writer when there is none. */
static void parts_leave_it_to_the_last(bool closed_between)
{
    struct fixture f;
    uint64_t cut = 0;
    struct err e = {0};
    fixture_begin_with(&f, 1, 2, (struct vault_parity){8, 2});
    part(&f, 1, 300000);
    assert_int_equal(file_bytes(&f, 0, 'b'), 0);
    part(&f, 2, 3000000);
    part(&f, 3, 100000);
    assert_int_equal(f.stripe_count, 0);
    assert_int_equal(fixture_sealed(&f), 3);
    if (closed_between) {
        fixture_close(&f);
        char fresh[256];
        fixture_pack_path(&f, 3, 'b', fresh);
        OWN(fd_drop) int fd = open(strcat(fresh, ".new"), O_WRONLY | O_CREAT, 0600); /* by one that was killed */
        assert_true(fd >= 0);
        fixture_open(&f);
        assert_int_equal(fixture_write(&f, &cut, &e), 0);
        assert_int_equal(cut, 0);
        assert_false(file_exists(fresh));
        fixture_commit(&f, NULL); /* nothing is put, but something is owed */
        assert_int_equal(f.stripes[0].packs, 3);
        assert_int_equal(file_bytes(&f, 3, 'b'), (uint64_t)f.packs[3].sectors * VAULT_SECTOR);
    }
    OWN(mem_drop) uint8_t *last = fixture_bytes('r', 2000000, 4);
    uint64_t leaf = fixture_put(&f, bytes_of(last, 2000000));
    fixture_commit(&f, NULL);
    assert_int_equal(f.stripe_count, 1);
    assert_int_equal(f.stripes[0].packs, 5);
    assert_int_equal(file_bytes(&f, 5, 'b'), (uint64_t)f.packs[5].sectors * VAULT_SECTOR);
    fixture_same(&f, leaf, bytes_of(last, 2000000));
    fixture_audit(&f);
    fixture_end(&f);
}

static void the_last_part_doubles_everything(void **state)
{
    (void)state;
    parts_leave_it_to_the_last(false);
    parts_leave_it_to_the_last(true);
}

/* A stripe that parts fill is summed with the part that fills it. */
static void full_stripes_do_not_wait(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct vault_flushed x = {0};
    (void)state;
    fixture_begin_with(&f, 1, 2, (struct vault_parity){2, 1});
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', 5500000, 9);
    (void)fixture_put(&f, bytes_of(p, 5500000));
    assert_int_equal(vault_flush_part(f.w, &x, &e), 0);
    fixture_enter(&f, &x);
    assert_int_equal(vault_committed(f.w, &x, &e), 0);
    assert_int_equal(fixture_sealed(&f), 5);
    assert_int_equal(x.stripe_count, 2);
    vault_flushed_release(&x);
    fixture_commit(&f, &x);
    assert_int_equal(x.stripe_count, 1);
    assert_int_equal(f.stripes[2].packs, 1);
    vault_flushed_release(&x);
    fixture_audit(&f);
    fixture_end(&f);
}

static int failing_read(void *context, void *to, size_t n, size_t *ret_n, struct err *e)
{
    size_t *left = context;
    if (*left == 0)
        return err_set(e, ERR_REFUSED, "it changed while it was read");
    *ret_n = n < *left ? n : *left;
    uint64_t x = *left;
    for (size_t i = 0; i < *ret_n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)to)[i] = (uint8_t)(x >> 56);
    }
    *left -= *ret_n;
    return 0;
}

/* An object that was forgotten has filled packs, and extended a stripe that the log names: a part tells all of it. */
static void what_was_forgotten_is_told_all_the_same(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct vault_flushed x = {0};
    char path[256];
    size_t left = 40 << 20; /* more than the writer has buffers for */
    (void)state;
    fixture_begin_with(&f, 1, 2, (struct vault_parity){4, 1});
    fixture_fill(&f, 1, 900000);
    assert_int_equal(f.stripe_count, 1);
    const struct vault_source source = {failing_read, &left};
    struct vault_digest digest;
    assert_int_equal(vault_put(f.w, &source, &digest, &e), ERR_REFUSED);
    assert_int_equal(vault_flush_part(f.w, &x, &e), 0);
    fixture_enter(&f, &x);
    assert_int_equal(vault_committed(f.w, &x, &e), 0);
    vault_flushed_release(&x);
    assert_true(fixture_sealed(&f) > 4);
    for (size_t i = 0; i < f.stripe_count; i++) {
        fixture_member_path(&f, i, f.stripes[i].packs, path);
        assert_true(file_exists(path));
    }
    fixture_commit(&f, NULL);
    fixture_audit(&f);
    fixture_end(&f);
}

/* A pack that holds something of an earlier intake is not left alone by the part that seals it. */
static void parts_do_not_take_a_second_copy_from_others(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct vault_flushed x = {0};
    uint64_t cut = 0;
    (void)state;
    fixture_begin_with(&f, 1, 2, (struct vault_parity){8, 2});
    OWN(mem_drop) uint8_t *early = fixture_bytes('r', 300000, 1);
    (void)fixture_put(&f, bytes_of(early, 300000));
    fixture_commit(&f, NULL);
    fixture_close(&f);
    fixture_open(&f);
    assert_int_equal(fixture_write(&f, &cut, &e), 0);
    OWN(mem_drop) uint8_t *late = fixture_bytes('r', 200000, 2);
    (void)fixture_put(&f, bytes_of(late, 200000));
    assert_int_equal(vault_flush_part(f.w, &x, &e), 0);
    fixture_enter(&f, &x);
    assert_int_equal(vault_committed(f.w, &x, &e), 0);
    vault_flushed_release(&x);
    assert_true(file_bytes(&f, 0, 'b') >= 300000); /* still open: what was doubled is */
    OWN(mem_drop) uint8_t *more = fixture_bytes('r', 3000000, 3);
    (void)fixture_put(&f, bytes_of(more, 3000000));
    assert_int_equal(vault_flush_part(f.w, &x, &e), 0);
    fixture_enter(&f, &x);
    assert_int_equal(vault_committed(f.w, &x, &e), 0);
    assert_int_equal(x.stripe_count, 1);
    vault_flushed_release(&x);
    assert_int_equal(file_bytes(&f, 0, 'b'), 0);
    assert_true(f.stripes[0].packs >= 1);
    fixture_end(&f);
}

/* Bytes of a part, some of them spoilt on the disk before the last part. */
static void spoilt_between_parts(struct fixture *f, size_t bytes, uint64_t pack)
{
    struct err e = {0};
    struct vault_flushed x = {0};
    char path[256];
    fixture_begin_with(f, 1, 2, (struct vault_parity){8, 2});
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', 300000, 1);
    (void)fixture_put(f, bytes_of(p, 300000));
    fixture_commit(f, NULL);
    OWN(mem_drop) uint8_t *q = fixture_bytes('r', bytes, 2);
    (void)fixture_put(f, bytes_of(q, bytes));
    assert_int_equal(vault_flush_part(f->w, &x, &e), 0);
    fixture_enter(f, &x);
    assert_int_equal(vault_committed(f->w, &x, &e), 0);
    vault_flushed_release(&x);
    fixture_pack_path(f, pack, 'a', path);
    OWN(fd_drop) int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "spoilt", 6, 20000), 6);
    OWN(mem_drop) uint8_t *r = fixture_bytes('r', 50000, 3);
    (void)fixture_put(f, bytes_of(r, 50000));
}

/* What does not come back as it was written is not copied over an older good copy. */
static void nothing_spoilt_is_carried_on(void **state)
{
    struct fixture f;
    struct err e = {0};
    struct vault_flushed x = {0};
    (void)state;
    spoilt_between_parts(&f, 100000, 0);
    assert_int_equal(vault_flush(f.w, &x, &e), ERR_IO);
    assert_non_null(strstr(e.text, "did not come back as it was written"));
    assert_true(file_bytes(&f, 0, 'b') >= 300000);
    fixture_end(&f);
}

static void count_mended(void *context, const struct vault_mended *m)
{
    uint32_t *healed = context;
    assert_int_equal(m->lost, 0);
    *healed += m->healed;
}

/* Parity is of what was written, not of what the disk made of it: so it brings that back. */
static void what_is_spoilt_before_its_parity_is_healed_by_it(void **state)
{
    struct fixture f;
    struct err e = {0};
    uint32_t healed = 0;
    (void)state;
    spoilt_between_parts(&f, 3000000, 1);
    fixture_commit(&f, NULL);
    struct vault_stripe_of stripe = fixture_stripe(&f, 0);
    assert_true(stripe.logged->packs > 1);
    assert_int_equal(vault_repair_stripe(&stripe, count_mended, &healed, &e), 0);
    assert_int_equal(healed, 1);
    fixture_end(&f);
}

static void a_crash_leaves_what_was_committed(void **state)
{
    static const size_t sizes[] = {10, 200000, 3000000, 12000000};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (enum crash when = BEFORE_FLUSH; when <= AFTER_COMMIT; when++)
            crash_at(when, sizes[i]);
}

static void lists_name_each_thing_once(void **state)
{
    struct fixture f;
    struct vault_flushed x;
    fixture_begin(&f, 4, 2);
    for (unsigned i = 0; i < 3000; i++) {
        OWN(mem_drop) uint8_t *p = fixture_bytes('t', 100 + i % 1500, i % 1500);
        (void)fixture_put(&f, bytes_of(p, 100 + i % 1500));
    }
    fixture_commit(&f, &x);
    assert_int_equal(x.object_count, 3000);
    assert_int_equal(x.frame_count, 1500);
    uint64_t records = 0;
    for (size_t i = 0; i < x.run_count; i++)
        records += x.runs[i].records;
    assert_int_equal(records, 3000 + 1500);
    assert_int_equal(x.next_record, records);
    vault_flushed_release(&x);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_put_nothing_flushed),
        cmocka_unit_test(copy_b_follows_the_open_pack),
        cmocka_unit_test(copy_b_is_completed),
        cmocka_unit_test(a_crash_leaves_what_was_committed),
        cmocka_unit_test(the_last_part_doubles_everything),
        cmocka_unit_test(full_stripes_do_not_wait),
        cmocka_unit_test(what_was_forgotten_is_told_all_the_same),
        cmocka_unit_test(parts_do_not_take_a_second_copy_from_others),
        cmocka_unit_test(nothing_spoilt_is_carried_on),
        cmocka_unit_test(what_is_spoilt_before_its_parity_is_healed_by_it),
        cmocka_unit_test(lists_name_each_thing_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
