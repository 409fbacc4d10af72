/* Sealing leaf secrets in segments and finding each again, over commits, reopenings and crashes. */
#include "fixture.h"

#include "../base/bad_disk.h"

#include <sys/stat.h>

static void found_and_opened(void **state)
{
    struct fixture *f = *state;
    struct key before[3], after[3];
    struct hash digest, again;
    uint64_t version, reopened;
    for (int i = 0; i < 3; i++)
        keyring_key(f->keyring, (enum keyring_purpose)i, &before[i]);
    keyring_table(f->keyring, &version, &digest);
    assert_int_equal(version, 1);
    fixture_reopen(f, UINT64_MAX);
    for (int i = 0; i < 3; i++) {
        keyring_key(f->keyring, (enum keyring_purpose)i, &after[i]);
        assert_memory_equal(before[i].b, after[i].b, CRYPT_KEY);
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(before[i].b, before[k].b, CRYPT_KEY);
    }
    keyring_table(f->keyring, &reopened, &again);
    assert_int_equal(reopened, version);
    assert_true(hash_equal(&digest, &again));
    assert_memory_equal(keyring_log_seed(f->keyring)->b, f->log_seed.b, CRYPT_KEY);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(f->count, 3); /* wrap, log key, table */
}

/* Files of keys are for their owner alone. */
static void modes(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 5, 0);
    for (size_t i = 0; i < f->count; i++)
        for (int copy = 0; copy < COPIES && !f->expected[i].removed; copy++) {
            struct file_path path;
            struct stat st;
            fixture_path(f, COPY_NAME(copy), f->expected[i].name, &path);
            assert_int_equal(stat(path.s, &st), 0);
            assert_int_equal(st.st_mode & 07777, 0600);
        }
}

static void some_secrets(void **state)
{
    struct fixture *f = *state;
    struct key key;
    struct err e = {0};
    assert_int_equal(keyring_secret(f->keyring, 0, &key, &e), ERR_ABSENT);
    fixture_commit(f, 3, 4); /* leaves 4, 5, 6 */
    fixture_commit(f, 1, 2); /* leaf 9 */
    fixture_find_all(f);
    static const uint64_t absent[] = {0, 3, 7, 8, 10, 1000000, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < COUNT(absent); i++) {
        e.text[0] = 0;
        assert_int_equal(keyring_secret(f->keyring, absent[i], &key, &e), ERR_ABSENT);
        assert_string_not_equal(e.text, "");
    }
    fixture_find_all(f);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_string_equal(buf_text(&f->lines), "");
}

/* Secrets that are sealed and not committed are not to be found, not even by the keyring that sealed them. */
static void committed_only(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf blocks = {0};
    struct key key;
    fixture_seal(f, 2, 0, &blocks);
    assert_int_equal(keyring_secret(f->keyring, 0, &key, NULL), ERR_ABSENT);
    fixture_log(f, buf_bytes(&blocks));
    assert_int_equal(keyring_committed(f->keyring, buf_bytes(&blocks), NULL), 0);
    fixture_find_all(f);
}

static size_t segments_of(const struct fixture *f)
{
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++)
        count += strstr(f->expected[i].name, "/segment-") != NULL;
    return count;
}

/* No segment has more secrets than it may, and no journal block crosses a border. */
static void assert_segments_fit(const struct fixture *f)
{
    struct cursor c = cursor_of(buf_bytes(&f->journal));
    char segment[KEYRING_NAME_MAX] = "";
    uint64_t held = 0;
    while (c.left > 0) {
        struct keyring_block b;
        assert_int_equal(keyring_block_next(&c, &b, NULL), 0);
        if (strcmp(segment, b.segment) != 0) {
            assert_true(held == 0 || held == KEYRING_SEGMENT_LEAVES);
            held = 0;
            strcpy(segment, b.segment);
        }
        held += b.count;
        assert_true(held <= KEYRING_SEGMENT_LEAVES);
    }
}

static void batches(struct fixture *f, size_t total, size_t batch_max, unsigned reopen_each)
{
    for (unsigned i = 0; f->leaf_count < total; i++) {
        size_t count = 1 + chance_below(&f->chance, batch_max);
        fixture_commit(f, count, chance_below(&f->chance, 4));
        if (i % reopen_each == 0)
            fixture_reopen(f, UINT64_MAX);
    }
    assert_segments_fit(f);
    assert_int_equal(segments_of(f), (f->leaf_count + KEYRING_SEGMENT_LEAVES - 1) / KEYRING_SEGMENT_LEAVES);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_string_equal(buf_text(&f->lines), "");
    fixture_find_all(f);
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
}

static void many_small_batches(void **state)
{
    batches(*state, 300, 4, 3);
}

static void batches_over_borders(void **state)
{
    batches(*state, 50000, 4000, 2);
}

static void one_batch_over_three_borders(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 50000, 7);
    batches(f, 50001, 1, 1);
}

/* A segment filled to its last place, and one past it. */
static void border(void **state)
{
    struct fixture *f = *state;
    uint64_t version;
    struct hash digest;
    fixture_commit(f, KEYRING_SEGMENT_LEAVES - 1, 0);
    fixture_commit(f, 1, 0);
    keyring_table(f->keyring, &version, &digest);
    assert_int_equal(version, 2);
    assert_int_equal(segments_of(f), 1);
    fixture_reopen(f, UINT64_MAX);
    fixture_commit(f, 1, 0);
    keyring_table(f->keyring, &version, &digest);
    assert_int_equal(version, 3);
    assert_int_equal(segments_of(f), 2);
    /* The replaced tables are gone, so that what they held alone is gone with them. */
    const char *table = fixture_name(f, "table-");
    assert_non_null(strstr(table, "/table-3"));
    char old[KEYRING_NAME_MAX];
    for (int v = 1; v <= 2; v++) {
        snprintf(old, sizeof old, "%.*s/table-%d", 2 * KEYRING_ID, table, v);
        assert_false(fixture_there(f, 'a', old) || fixture_there(f, 'b', old));
    }
    fixture_find_all(f);
}

/* ---- crashes ---- */

/* Between sealing and the commit: the journal holds nothing, a newer table may lie there. */
static void crash_before_the_commit(void **state)
{
    struct fixture *f = *state;
    uint64_t version;
    struct hash digest;
    fixture_commit(f, KEYRING_SEGMENT_LEAVES - 2, 0);
    keyring_table(f->keyring, &version, &digest);
    uint64_t next = f->next_leaf;
    for (int i = 0; i < 3; i++) {
        OWN(buf_drop) struct buf blocks = {0};
        fixture_seal(f, 10, 0, &blocks); /* begins a segment: a table that no commit names */
        fixture_forget(f, next);
        fixture_reopen(f, version);
        assert_int_equal(fixture_check(f, NULL), 0);
        assert_int_equal(fixture_strays(f), 0);
        assert_non_null(strstr(buf_text(&f->lines), "/table-3 is named by no commit"));
        fixture_find_all(f);
    }
    fixture_commit(f, 10, 0);
    fixture_reopen(f, UINT64_MAX);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(fixture_strays(f), 0);
    assert_string_equal(buf_text(&f->lines), "");
    fixture_find_all(f);
}

/* Between the commit and keyring_committed: any number of blocks has reached any of the copies. */
static void crash_after_the_commit(void **state)
{
    struct fixture *f = *state;
    for (size_t reached = 0; reached < 5; reached++)
        for (int copies = 0; copies <= COPIES; copies++) {
            OWN(buf_drop) struct buf blocks = {0};
            fixture_commit(f, 1 + chance_below(&f->chance, 9), 1);
            fixture_seal(f, KEYRING_SEGMENT_LEAVES + 5, 0, &blocks);
            fixture_log(f, buf_bytes(&blocks));
            struct cursor c = cursor_of(buf_bytes(&blocks));
            for (size_t i = 0; i < reached && c.left > 0; i++) {
                struct keyring_block b;
                OWN(buf_drop) struct buf before = {0};
                assert_int_equal(keyring_block_next(&c, &b, NULL), 0);
                bool was_there = fixture_there(f, 'b', b.segment);
                if (was_there)
                    fixture_get(f, 'b', b.segment, &before);
                assert_int_equal(keyring_block_apply(f->root.s, &b, NULL), 0);
                if (copies < COPIES && i + 1 == reached) { /* the last one reached only the first copy */
                    if (was_there)
                        fixture_put(f, 'b', b.segment, buf_bytes(&before));
                    else
                        fixture_remove(f, 'b', b.segment);
                }
            }
            fixture_reopen(f, UINT64_MAX);
            for (int again = 0; again < 2; again++)
                assert_int_equal(keyring_committed(f->keyring, buf_bytes(&blocks), NULL), 0);
            assert_int_equal(fixture_check(f, NULL), 0);
            fixture_find_all(f);
            assert_int_equal(keyring_sweep(f->root.s, f->expected, f->count, NULL), 0);
            assert_int_equal(fixture_strays(f), 0);
            assert_string_equal(buf_text(&f->lines), "");
        }
}

/* The whole journal once more, onto what is there and onto nothing. */
static void blocks_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 6; i++)
        fixture_commit(f, 4000, 1);
    assert_int_equal(keyring_committed(f->keyring, buf_bytes(&f->journal), NULL), 0);
    assert_int_equal(fixture_check(f, NULL), 0);
    for (size_t i = 0; i < f->count; i++)
        if (strstr(f->expected[i].name, "/segment-") != NULL) {
            fixture_remove(f, 'a', f->expected[i].name);
            fixture_remove(f, 'b', f->expected[i].name);
        }
    assert_int_equal(keyring_committed(f->keyring, buf_bytes(&f->journal), NULL), 0);
    assert_int_equal(fixture_check(f, NULL), 0);
    fixture_find_all(f);
}

/* ---- damage ---- */

static void one_copy_is_enough(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 40, 0);
    fixture_commit(f, 40, 3);
    const char *segment = fixture_name(f, "segment-");
    for (int copy = 0; copy < COPIES; copy++) {
        OWN(buf_drop) struct buf content = {0};
        fixture_get(f, COPY_NAME(copy), segment, &content);
        for (size_t i = 0; i < content.n; i += 1 + chance_below(&f->chance, 9)) {
            uint8_t mask = (uint8_t)(1u << chance_below(&f->chance, 8));
            content.p[i] ^= mask;
            fixture_put(f, COPY_NAME(copy), segment, buf_bytes(&content));
            fixture_reopen(f, UINT64_MAX);
            fixture_find_all(f);
            content.p[i] ^= mask;
        }
        fixture_remove(f, COPY_NAME(copy), segment);
        fixture_reopen(f, UINT64_MAX);
        fixture_find_all(f);
        fixture_put(f, COPY_NAME(copy), segment, buf_bytes(&content));
    }
}

/* Good blocks in another order: what lies behind the one that goes back is not asked. */
static void blocks_ascend(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 3, 0);
    fixture_commit(f, 2, 0);
    const char *segment = fixture_name(f, "segment-");
    OWN(buf_drop) struct buf good = {0};
    OWN(buf_drop) struct buf turned = {0};
    fixture_get(f, 'a', segment, &good);
    size_t first = BLOCK_HEAD + 3 * CRYPT_KEY + CRYPT_TAG;
    buf_put(&turned, good.p, HEAD_BYTES);
    buf_put(&turned, good.p + HEAD_BYTES + first, good.n - HEAD_BYTES - first);
    buf_put(&turned, good.p + HEAD_BYTES, first);
    fixture_put(f, 'a', segment, buf_bytes(&turned));
    fixture_put(f, 'b', segment, buf_bytes(&turned));
    fixture_reopen(f, UINT64_MAX);
    for (size_t i = 0; i < f->leaf_count; i++) {
        struct key found;
        struct err e = {0};
        int rc = keyring_secret(f->keyring, f->leaves[i].leaf, &found, &e);
        assert_int_equal(rc, i < 3 ? ERR_DAMAGED : 0);
        assert_true(rc == 0 || strstr(e.text, "its blocks have no known form") != NULL);
    }
    fixture_put(f, 'b', segment, buf_bytes(&good)); /* the other copy answers */
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
}

/* In both copies: the secret is refused or right, never wrong. */
static void damaged_in_both(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 10, 0);
    fixture_commit(f, 10, 3);
    const char *segment = fixture_name(f, "segment-");
    OWN(buf_drop) struct buf content = {0};
    fixture_get(f, 'a', segment, &content);
    for (size_t i = 0; i < content.n; i++) {
        content.p[i] ^= 0x10;
        fixture_put(f, 'a', segment, buf_bytes(&content));
        fixture_put(f, 'b', segment, buf_bytes(&content));
        content.p[i] ^= 0x10;
        fixture_reopen(f, UINT64_MAX);
        size_t refused = 0;
        for (size_t k = 0; k < f->leaf_count; k++) {
            struct key found;
            struct err e = {0};
            int rc = keyring_secret(f->keyring, f->leaves[k].leaf, &found, &e);
            if (rc == 0)
                assert_memory_equal(found.b, f->leaves[k].secret.b, CRYPT_KEY);
            else {
                assert_true(rc == ERR_DAMAGED || rc == ERR_NEWER || rc == ERR_ABSENT);
                fixture_no_secret_in(f, e.text);
                refused++;
            }
        }
        assert_true(refused > 0);
    }
    fixture_put(f, 'a', segment, bytes_of(content.p, HEAD_BYTES - 1));
    fixture_put(f, 'b', segment, bytes_of(content.p, content.n - 1));
    fixture_reopen(f, UINT64_MAX);
    struct key found;
    struct err e = {0};
    assert_int_equal(keyring_secret(f->keyring, f->leaves[f->leaf_count - 1].leaf, &found, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "segment 1 of the leaf secrets is bad in both copies"));
}

/* A damaged copy is left as it is, the other one is served. */
static void commit_onto_damage(void **state)
{
    struct fixture *f = *state;
    fixture_commit(f, 10, 0);
    const char *segment = fixture_name(f, "segment-");
    OWN(buf_drop) struct buf good = {0};
    fixture_get(f, 'a', segment, &good);
    static const size_t places[] = {0, 40, HEAD_BYTES, HEAD_BYTES + 9, HEAD_BYTES + 12, HEAD_BYTES + 20};
    for (size_t i = 0; i < COUNT(places); i++) {
        OWN(buf_drop) struct buf content = {0};
        OWN(buf_drop) struct buf blocks = {0};
        OWN(buf_drop) struct buf words = {0};
        struct err e = {0};
        fixture_get(f, 'a', segment, &content);
        content.p[places[i]] ^= 0x20;
        fixture_put(f, 'a', segment, buf_bytes(&content));
        fixture_reopen(f, UINT64_MAX);
        fixture_seal(f, 3, 0, &blocks);
        fixture_log(f, buf_bytes(&blocks));
        /* What is applied again is held to what stands there. */
        int rc = keyring_committed(f->keyring, buf_bytes(&f->journal), &e);
        assert_int_equal(rc, ERR_DAMAGED);
        assert_non_null(strstr(e.text, "run groundwork repair"));
        assert_non_null(strstr(e.text, segment));
        fixture_find_all(f);
        assert_int_equal(fixture_check(f, NULL), ERR_DAMAGED);
        assert_int_equal(keyring_repair(f->root.s, f->expected, f->count, &words, NULL), 0);
        assert_int_equal(fixture_check(f, NULL), 0);
        fixture_reopen(f, UINT64_MAX);
        fixture_find_all(f);
    }
}

/* ---- limits ---- */

static void blocks_of_no_known_form(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf blocks = {0};
    struct keyring_block b;
    struct err e = {0};
    fixture_seal(f, 2, 0, &blocks);
    for (size_t n = 0; n < blocks.n; n++) {
        struct cursor c = cursor_of(bytes_of(blocks.p, n));
        assert_int_equal(keyring_block_next(&c, &b, &e), ERR_DAMAGED);
        assert_int_equal(keyring_committed(f->keyring, bytes_of(blocks.p, n), &e), n == 0 ? 0 : ERR_DAMAGED);
    }
    uint8_t *count = blocks.p + BLOCK_PREFIX + 8;
    static const uint32_t counts[] = {0, KEYRING_SEGMENT_LEAVES + 1, UINT32_MAX};
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct cursor c = cursor_of(buf_bytes(&blocks));
        u32_put(count, counts[i]);
        assert_int_equal(keyring_block_next(&c, &b, &e), ERR_DAMAGED);
    }
    u32_put(count, 2);
    count[7] = 1; /* must be zero */
    struct cursor c = cursor_of(buf_bytes(&blocks));
    assert_int_equal(keyring_block_next(&c, &b, &e), ERR_DAMAGED);
    count[7] = 0;
    u64_put(blocks.p + BLOCK_PREFIX, UINT64_MAX - 1);
    c = cursor_of(buf_bytes(&blocks));
    assert_int_equal(keyring_block_next(&c, &b, &e), ERR_DAMAGED);
}

/* As many segments as a table can hold, and one more. */
static void segments_run_out(void **state)
{
    struct fixture *f = *state;
    struct keyring *k = f->keyring;
    struct key secret = {{1}};
    OWN(buf_drop) struct buf blocks = {0};
    struct err e = {0};
    fixture_commit(f, 1, 0);
    struct segment *all = calloc(SEGMENTS_MAX, sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < SEGMENTS_MAX - 1; i++)
        all[i] = (struct segment){i + 1, i * KEYRING_SEGMENT_LEAVES, 0, k->segments[0].key};
    free(k->segments);
    k->segments = all;
    k->segment_count = SEGMENTS_MAX - 1;
    k->segment_room = SEGMENTS_MAX;
    k->in_last = KEYRING_SEGMENT_LEAVES;
    k->in_last_known = true;
    uint64_t leaf = (uint64_t)SEGMENTS_MAX * KEYRING_SEGMENT_LEAVES;
    assert_int_equal(keyring_seal(k, leaf, &secret, 1, &blocks, &e), 0);
    assert_int_equal(keyring_committed(k, buf_bytes(&blocks), &e), 0);
    fixture_reopen(f, UINT64_MAX);
    struct key found;
    assert_int_equal(keyring_secret(f->keyring, leaf, &found, &e), 0);
    assert_memory_equal(found.b, secret.b, CRYPT_KEY);
    f->keyring->in_last = KEYRING_SEGMENT_LEAVES;
    f->keyring->in_last_known = true;
    assert_int_equal(keyring_seal(f->keyring, leaf + 1, &secret, 1, &blocks, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "the compartment is full"));
}

/* A record whose blocks never reached the segments: found in what is held of it, and nothing is written for it. */
static void what_the_segments_lack(void **state)
{
    struct fixture *f = *state;
    struct key key;
    for (int begun = 0; begun < 2; begun++) { /* no segment file yet, and one that is behind */
        OWN(buf_drop) struct buf blocks = {0};
        uint64_t first = f->next_leaf;
        fixture_seal(f, 4, 0, &blocks);
        fixture_reopen(f, UINT64_MAX);
        assert_int_equal(keyring_secret(f->keyring, first, &key, NULL), ERR_ABSENT);
        assert_int_equal(keyring_hold(f->keyring, buf_bytes(&blocks), NULL), 0);
        assert_int_equal(keyring_secret(f->keyring, first + 4, &key, NULL), ERR_ABSENT);
        fixture_find_all(f);
        blocks.p[blocks.n - 1] ^= 1;
        assert_int_equal(keyring_hold(f->keyring, buf_bytes(&blocks), NULL), 0);
        fixture_reopen(f, UINT64_MAX);
        assert_int_equal(keyring_hold(f->keyring, buf_bytes(&blocks), NULL), 0);
        assert_int_equal(keyring_secret(f->keyring, first + 3, &key, NULL), ERR_DAMAGED);
        blocks.p[blocks.n - 1] ^= 1;
        fixture_log(f, buf_bytes(&blocks));
        fixture_reopen(f, UINT64_MAX);
        assert_int_equal(keyring_committed(f->keyring, buf_bytes(&blocks), NULL), 0);
    }
    fixture_find_all(f);
}

/* Blocks of many records, held by who seals them: found at once, and brought to the segments together, over a border
 * of segments too, and where a copy has the first of them already. */
static void what_is_held_comes_to_the_segments_together(void **state)
{
    struct fixture *f = *state;
    for (int reached = 0; reached < 3; reached++) {
        OWN(buf_drop) struct buf before = {0}, all = {0};
        fixture_commit(f, 5, 1);
        for (int record = 0; record < 70; record++) { /* more than are written by one group */
            OWN(buf_drop) struct buf blocks = {0};
            fixture_seal(f, record == 40 ? KEYRING_SEGMENT_LEAVES : 3, 1, &blocks);
            fixture_log(f, buf_bytes(&blocks));
            assert_int_equal(keyring_hold(f->keyring, buf_bytes(&blocks), NULL), 0);
            buf_put_bytes(&all, buf_bytes(&blocks));
        }
        fixture_find_all(f);
        struct cursor c = cursor_of(buf_bytes(&all));
        struct keyring_block b;
        assert_int_equal(keyring_block_next(&c, &b, NULL), 0);
        fixture_get(f, 'b', b.segment, &before);
        if (reached > 0)
            assert_int_equal(keyring_block_apply(f->root.s, &b, NULL), 0);
        if (reached > 1)
            fixture_put(f, 'b', b.segment, buf_bytes(&before));
        assert_int_equal(keyring_committed(f->keyring, bytes_of(NULL, 0), NULL), 0);
        assert_int_equal(f->keyring->behind.n, 0);
        assert_int_equal(fixture_check(f, NULL), 0);
        fixture_find_all(f);
        fixture_reopen(f, UINT64_MAX);
        fixture_find_all(f);
    }
}

/* A copy of the segment that the disk does not give is a damaged one: the other takes the secrets. */
static void commit_onto_a_bad_disk(void **state)
{
    static const int numbers[] = {EIO, EACCES, EUCLEAN, ENOMEM, EMFILE, ENFILE};
    struct fixture *f = *state;
    fixture_commit(f, 5, 0);
    const char *segment = fixture_name(f, "segment-");
    for (size_t i = 0; i < COUNT(numbers) * 2 * COPIES; i++) {
        OWN(buf_drop) struct buf blocks = {0};
        OWN(buf_drop) struct buf words = {0};
        struct file_path path;
        struct err e = {0};
        int number = numbers[i / (2 * COPIES)];
        bool scarce = i / (2 * COPIES) >= 3;
        fixture_reopen(f, UINT64_MAX);
        fixture_seal(f, 3, 0, &blocks);
        fixture_log(f, buf_bytes(&blocks));
        fixture_path(f, COPY_NAME(i % COPIES), segment, &path);
        if (i / COPIES % 2 == 0)
            bad_disk_open(path.s, number);
        else
            bad_disk_read(path.s, 0, 512, number);
        assert_int_equal(keyring_committed(f->keyring, buf_bytes(&blocks), &e), scarce ? ERR_IO : ERR_DAMAGED);
        assert_non_null(strstr(e.text, segment));
        assert_int_equal(strstr(e.text, "run groundwork repair") != NULL, !scarce);
        if (scarce) {
            bad_disk_end();
            assert_int_equal(keyring_committed(f->keyring, bytes_of(NULL, 0), &e), 0);
        }
        fixture_find_all(f);
        fixture_reopen(f, UINT64_MAX);
        fixture_find_all(f);
        assert_int_equal(fixture_check(f, NULL), scarce ? 0 : ERR_DAMAGED);
        assert_int_equal(keyring_repair(f->root.s, f->expected, f->count, &words, NULL), 0);
        bad_disk_end();
        assert_int_equal(fixture_check(f, NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(found_and_opened, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(modes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(some_secrets, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(committed_only, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(many_small_batches, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(batches_over_borders, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_batch_over_three_borders, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(border, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(crash_before_the_commit, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(crash_after_the_commit, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(blocks_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_copy_is_enough, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(blocks_ascend, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_in_both, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(commit_onto_damage, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(commit_onto_a_bad_disk, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(blocks_of_no_known_form, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_the_segments_lack, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_held_comes_to_the_segments_together, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(segments_run_out, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
