/* Secrets that are destroyed: gone from every file that counts, while all others stay; and what each crash leaves. */
#include "fixture.h"

#include "base/clock.h"

/* By the newest receiving key that is not of a later epoch. */
static struct keyring_reader reader_at(const struct keyring_identity *id, uint64_t epoch)
{
    struct keyring_reader r = {.key = id->member, .reads = true};
    uint8_t receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    keyring_identity_public(id, r.box, receiving);
    memcpy(r.receiving, receiving[epoch >= 2], CRYPT_PUBLIC);
    return r;
}

static void forget(struct fixture *f, const struct statement_range *leaves, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->leaf_count; i++) {
        bool gone = false;
        for (size_t r = 0; r < count; r++)
            gone = gone || (f->leaves[i].leaf >= leaves[r].first && f->leaves[i].leaf <= leaves[r].last);
        if (!gone)
            f->leaves[kept++] = f->leaves[i];
    }
    f->leaf_count = kept;
}

/* Everything but the commit that names it. */
static int prepare(struct fixture *f, const struct statement_range *leaves, size_t count, uint64_t *ret_bytes)
{
    const struct keyring_reader readers[] = {reader_at(&f->id, keyring_epoch(f->keyring) + 1)};
    const struct keyring_erasing what = {.leaves = leaves, .leaf_count = count, .readers = readers, .count = 1,
                                         .before = readers, .before_count = 1, .leaf = f->next_leaf};
    struct err e = {0};
    int rc = keyring_erase(f->keyring, &what, ret_bytes, &e);
    fixture_no_secret_in(f, e.text);
    return rc;
}

static uint64_t erase(struct fixture *f, const struct statement_range *leaves, size_t count)
{
    uint64_t bytes = 0;
    assert_int_equal(prepare(f, leaves, count, &bytes), 0);
    fixture_log(f, bytes_of(NULL, 0));
    assert_int_equal(keyring_committed(f->keyring, bytes_of(NULL, 0), NULL), 0);
    forget(f, leaves, count);
    return bytes;
}

static void gone(struct fixture *f, uint64_t first, uint64_t last)
{
    struct key secret;
    for (uint64_t leaf = first; leaf <= last; leaf++)
        assert_int_equal(keyring_secret(f->keyring, leaf, &secret, NULL), ERR_ABSENT);
}

static void whole(struct fixture *f)
{
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_int_equal(f->lines.n, 0);
    fixture_find_all(f);
}

static bool there(const struct fixture *f, const char *name)
{
    char comp[2 * KEYRING_ID + 1], whole_name[KEYRING_NAME_MAX];
    keyring_comp_text(f->keyring->compartment, comp);
    snprintf(whole_name, sizeof whole_name, "%s/%s", comp, name);
    bool a = fixture_there(f, 'a', whole_name), b = fixture_there(f, 'b', whole_name);
    assert_int_equal(a, b);
    return a;
}

/* One leaf of three segments: the others are not touched, and what is written is small. */
static void one_of_many(void **state)
{
    struct fixture *f = *state;
    struct key index[2];
    for (int i = 0; i < 5; i++)
        fixture_commit(f, 9000, (size_t)i % 2);
    keyring_key(f->keyring, KEYRING_INDEX, &index[0]);
    const struct statement_range leaf[] = {{20000, 20000}};
    uint64_t bytes = erase(f, leaf, 1);
    assert_true(bytes < 2000000 && bytes > 16000 * 64);
    gone(f, 20000, 20000);
    assert_true(there(f, "segment-1") && !there(f, "segment-2") && there(f, "segment-2-1") && there(f, "segment-3"));
    assert_false(there(f, "table-4"));
    keyring_key(f->keyring, KEYRING_INDEX, &index[1]);
    assert_memory_not_equal(index[0].b, index[1].b, CRYPT_KEY);
    assert_int_equal(keyring_epoch(f->keyring), 2);
    for (int again = 0; again < 2; again++) {
        whole(f);
        gone(f, 20000, 20000);
        fixture_commit(f, 10, 3); /* the last segment goes on */
        fixture_reopen(f, UINT64_MAX);
    }
    assert_true(there(f, "segment-3") && !there(f, "segment-4"));
}

/* What is written does not grow with what there is, but for 48 bytes in the table for each 16384 leaves. */
static void one_of_a_million(void **state)
{
    struct fixture *f = *state;
    const struct statement_range leaf[] = {{500000, 500000}};
    for (int i = 0; i < 61; i++)
        fixture_commit(f, KEYRING_SEGMENT_LEAVES, 0);
    fixture_commit(f, 1000000 - 61 * KEYRING_SEGMENT_LEAVES, 0);
    fixture_reopen(f, UINT64_MAX);
    uint64_t before_ms = time_monotonic_ms();
    uint64_t bytes = erase(f, leaf, 1);
    print_message("one of a million: %llu bytes written in both copies, %llu ms\n", (unsigned long long)bytes,
                  (unsigned long long)(time_monotonic_ms() - before_ms));
    assert_true(bytes < 2000000);
    gone(f, 500000, 500000);
    struct key secret;
    assert_int_equal(keyring_secret(f->keyring, 499999, &secret, NULL), 0);
    assert_int_equal(keyring_secret(f->keyring, 500001, &secret, NULL), 0);
    assert_int_equal(keyring_secret(f->keyring, 999999, &secret, NULL), 0);
}

/* Of the segment that is being filled: what comes begins another one. */
static void the_last_segment(void **state)
{
    struct fixture *f = *state;
    const struct statement_range first[] = {{3, 3}, {7, 12}}, second[] = {{0, 2}, {14, 14}}, all[] = {{0, 1000}};
    fixture_commit(f, 20, 0);
    erase(f, first, 2);
    gone(f, 7, 12);
    whole(f);
    assert_true(!there(f, "segment-1") && there(f, "segment-1-1"));
    fixture_commit(f, 5, 2);
    assert_true(there(f, "segment-2"));
    whole(f);
    erase(f, second, 2);
    assert_true(!there(f, "segment-1-1") && there(f, "segment-1-2") && there(f, "segment-2"));
    assert_false(there(f, "segment-2-1"));
    whole(f);
    gone(f, 14, 14);
    fixture_reopen(f, UINT64_MAX);
    whole(f);
    assert_int_equal(keyring_epoch(f->keyring), 3);
    erase(f, all, 1); /* everything: files of a head alone */
    gone(f, 0, 30);
    assert_int_equal(f->leaf_count, 0);
    whole(f);
    fixture_commit(f, 3, 0);
    fixture_reopen(f, UINT64_MAX);
    whole(f);
}

/* Leaves that are in no segment: nothing is rewritten, and the epoch ends all the same. */
static void of_nothing(void **state)
{
    struct fixture *f = *state;
    const struct statement_range far[] = {{500, 600}};
    fixture_commit(f, 20, 0);
    erase(f, far, 1);
    assert_true(there(f, "segment-1"));
    assert_int_equal(keyring_epoch(f->keyring), 2);
    whole(f);
    fixture_commit(f, 3, 0);
    whole(f);
}

/* The journal's blocks of what was rewritten bring nothing back. */
static void blocks_are_dead(void **state)
{
    struct fixture *f = *state;
    const struct statement_range leaf[] = {{5, 5}};
    OWN(buf_drop) struct buf before = {0};
    fixture_commit(f, 20, 0);
    buf_put_bytes(&before, buf_bytes(&f->journal));
    erase(f, leaf, 1);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(keyring_committed(f->keyring, buf_bytes(&before), NULL), 0);
        assert_false(there(f, "segment-1"));
        assert_int_equal(keyring_hold(f->keyring, buf_bytes(&before), NULL), 0);
        gone(f, 5, 5);
        whole(f);
        fixture_reopen(f, UINT64_MAX);
    }
}

/* Without a commit that names it nothing has happened, and the next writer clears it away. */
static void not_committed(void **state)
{
    struct fixture *f = *state;
    const struct statement_range leaf[] = {{5, 5}};
    uint64_t version, bytes;
    struct hash digest;
    bool remains = true;
    fixture_commit(f, 20, 0);
    keyring_table(f->keyring, &version, &digest);
    assert_int_equal(prepare(f, leaf, 1, &bytes), 0);
    fixture_reopen(f, version);
    fixture_find_all(f);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_non_null(strstr(buf_text(&f->lines), "ERASE PENDING"));
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    assert_int_equal(keyring_remains(f->root.s, f->expected, f->count, &remains, NULL), 0);
    assert_false(remains);
    fixture_reopen(f, UINT64_MAX);
    whole(f);
    erase(f, leaf, 1);
    gone(f, 5, 5);
    whole(f);
}

/* Committed, and ended before the old was destroyed: it is told, and the next writer does it. */
static void not_destroyed(void **state)
{
    struct fixture *f = *state;
    const struct statement_range leaf[] = {{5, 5}};
    uint64_t bytes;
    bool remains = false;
    fixture_commit(f, 20, 0);
    assert_int_equal(prepare(f, leaf, 1, &bytes), 0);
    fixture_log(f, bytes_of(NULL, 0));
    forget(f, leaf, 1);
    fixture_reopen(f, UINT64_MAX);
    gone(f, 5, 5);
    fixture_find_all(f);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_non_null(strstr(buf_text(&f->lines), "ERASE PENDING"));
    assert_int_equal(keyring_remains(f->root.s, f->expected, f->count, &remains, NULL), 0);
    assert_true(remains);
    assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    assert_int_equal(keyring_remains(f->root.s, f->expected, f->count, &remains, NULL), 0);
    assert_false(remains);
    assert_false(there(f, "segment-1"));
    whole(f);
}

/* The good copy is what is written anew; without one nothing is. */
static void damaged_copies(void **state)
{
    struct fixture *f = *state;
    const struct statement_range leaf[] = {{5, 5}};
    uint64_t bytes;
    fixture_commit(f, 20, 0);
    for (int copy = 0; copy < COPIES; copy++) {
        OWN(buf_drop) struct buf file = {0};
        const char *name = fixture_name(f, "segment-1");
        fixture_get(f, COPY_NAME(copy), name, &file);
        file.p[HEAD_BYTES + 60] ^= 1;
        fixture_put(f, COPY_NAME(copy), name, buf_bytes(&file));
        fixture_reopen(f, UINT64_MAX);
        int rc = prepare(f, leaf, 1, &bytes);
        assert_int_equal(rc, copy == 0 ? 0 : ERR_DAMAGED);
        assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
    }
}

/* What was rewritten is a file like a table: bad in one copy it is healed from the other. */
static void healed(void **state)
{
    struct fixture *f = *state;
    const struct statement_range leaf[] = {{5, 5}};
    OWN(buf_drop) struct buf words = {0};
    fixture_commit(f, 20, 0);
    erase(f, leaf, 1);
    const char *name = fixture_name(f, "segment-1-1");
    fixture_put(f, 'a', name, bytes_text("GWSEGMT\n"));
    assert_int_equal(fixture_check(f, NULL), ERR_DAMAGED);
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    assert_int_equal(keyring_repair(f->root.s, f->expected, f->count, &words, NULL), 0);
    whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_many, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_of_a_million, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_last_segment, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(of_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(blocks_are_dead, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(not_committed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(not_destroyed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_copies, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(healed, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
